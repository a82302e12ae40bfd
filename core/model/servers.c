/* Who speaks Chat Completions, and how each is told to think. */
#include "model/live.h"

#include <string.h>
#include <strings.h>

static const struct lh_server servers[] = {
	{ "openai", { "api.openai.com", ".openai.azure.com" }, .how = LH_SWITCH_EFFORT, .max_completion_tokens = true },
	{ "vllm", { NULL }, .how = LH_SWITCH_TEMPLATE },
	{ "sglang", { NULL }, .how = LH_SWITCH_TEMPLATE },
	{ "llama.cpp", { NULL }, .how = LH_SWITCH_TEMPLATE },
	{ "ollama", { "ollama.com" }, .how = LH_SWITCH_EFFORT },
	{ "lmstudio", { NULL }, .how = LH_SWITCH_EFFORT },
	{ "openrouter", { "openrouter.ai" }, .how = LH_SWITCH_REASONING },
	{ "deepseek", { "api.deepseek.com" }, .how = LH_SWITCH_TYPE },
	{ "qwen", { ".aliyuncs.com" }, .how = LH_SWITCH_ENABLE },
	{ "mistral", { "api.mistral.ai" }, .how = LH_SWITCH_EFFORT, .no_stream_options = true, .seed = "random_seed" },
	{ "kimi", { "api.moonshot.ai", "api.moonshot.cn" }, .how = LH_SWITCH_TYPE },
	{ "zai", { "api.z.ai", "open.bigmodel.cn" }, .how = LH_SWITCH_TYPE },
	{ "gemini", { "generativelanguage.googleapis.com" }, .how = LH_SWITCH_EFFORT },
	{ "xai", { "api.x.ai" }, .how = LH_SWITCH_EFFORT },
	{ "groq", { "api.groq.com" }, .how = LH_SWITCH_EFFORT, .max_completion_tokens = true },
	{ "generic", { NULL }, .how = LH_SWITCH_UNKNOWN },
};
#define SERVERS (sizeof servers / sizeof *servers)

/* The host itself, or, for a name that begins with a point, one below it. */
static bool at_host(const char *end, struct lh_str host)
{
	size_t n = strlen(end);
	return host.n >= n && (end[0] == '.' || host.n == n) && !strncasecmp(host.p + host.n - n, end, n);
}

const struct lh_server *lh_server_find(const char *name, struct lh_str host)
{
	for (size_t i = 0; i < SERVERS; i++) {
		if (!strcmp(servers[i].name, name))
			return &servers[i];
		for (int h = 0; h < 3 && servers[i].hosts[h] && !strcmp(name, "auto"); h++)
			if (at_host(servers[i].hosts[h], host))
				return &servers[i];
	}
	return &servers[SERVERS - 1];
}

int lh_server_check(const struct lh_server *s, const struct lh_thoughts *t, struct lh_error *err)
{
	if (s->how == LH_SWITCH_UNKNOWN && t->mode != LH_THINKING_DEFAULT)
		return lh_fail(err, LH_E_USAGE, "thoughts=%s is said differently to each server: add server=vllm (or one of %s), or say it with extra",
			t->mode == LH_THINKING_ON ? "on" : "off", LH_SERVER_NAMES);
	if (t->budget && s->how != LH_SWITCH_ENABLE && s->how != LH_SWITCH_REASONING)
		return lh_fail(err, LH_E_USAGE, "thought_tokens cannot be said to the server \"%s\": use effort, max_tokens or extra", s->name);
	if (t->budget && t->effort && s->how == LH_SWITCH_REASONING)
		return lh_fail(err, LH_E_USAGE, "thought_tokens and effort exclude one another with the server \"%s\"", s->name);
	return 0;
}

static void put_effort(struct lh_jw *w, const char *effort)
{
	lh_jw_key(w, "reasoning_effort");
	lh_jw_text(w, effort);
}

static void put_template(struct lh_jw *w, bool on)
{
	lh_jw_key(w, "chat_template_kwargs");
	lh_jw_open(w, '{');
	lh_jw_key(w, "enable_thinking");         /* Qwen and GLM ask for this name, DeepSeek for the other */
	lh_jw_bool(w, on);
	lh_jw_key(w, "thinking");
	lh_jw_bool(w, on);
	lh_jw_close(w);
}

static void put_type(struct lh_jw *w, bool on)
{
	lh_jw_key(w, "thinking");
	lh_jw_open(w, '{');
	lh_jw_key(w, "type");
	lh_jw_text(w, on ? "enabled" : "disabled");
	lh_jw_close(w);
}

static void put_reasoning(struct lh_jw *w, const struct lh_thoughts *t)
{
	lh_jw_key(w, "reasoning");
	lh_jw_open(w, '{');
	lh_jw_key(w, t->effort ? "effort" : t->budget ? "max_tokens" : "enabled");
	if (t->effort)
		lh_jw_text(w, t->effort);
	else if (t->budget)
		lh_jw_int(w, t->budget);
	else
		lh_jw_bool(w, t->mode == LH_THINKING_ON);
	lh_jw_close(w);
}

static void put_enable(struct lh_jw *w, const struct lh_thoughts *t)
{
	lh_jw_key(w, "enable_thinking");
	lh_jw_bool(w, t->mode != LH_THINKING_OFF);
	if (t->budget) {
		lh_jw_key(w, "thinking_budget");
		lh_jw_int(w, t->budget);
	}
}

void lh_server_think(const struct lh_server *s, const struct lh_thoughts *t, struct lh_jw *w)
{
	bool told = t->mode != LH_THINKING_DEFAULT, on = t->mode == LH_THINKING_ON;
	if (!told && !t->budget && !t->effort)
		return;
	if (s->how == LH_SWITCH_REASONING) {
		put_reasoning(w, t);
		return;
	}
	if (s->how == LH_SWITCH_TEMPLATE && told)
		put_template(w, on);
	if (s->how == LH_SWITCH_TYPE && told)
		put_type(w, on);
	if (s->how == LH_SWITCH_ENABLE && (told || t->budget))
		put_enable(w, t);
	if (t->effort)
		put_effort(w, t->effort);
	else if (s->how == LH_SWITCH_EFFORT && told)
		put_effort(w, on ? "medium" : "none");
}
