/* openai - Chat Completions, as OpenAI and nearly every model server speak it (facts of each: servers.c). */
#include "model/wire.h"

#include <string.h>

/* ---- what is asked ---- */

static const struct lh_model_param params[] = {
	LH_PARAMS_WHERE("https://api.openai.com/v1", "OPENAI_API_KEY"),
	LH_PARAMS_SAMPLING("2", "0"),
	{ "max_tokens_key", "choice", "auto", "auto|max_tokens|max_completion_tokens", "the name that the server has for it" },
	{ "stop", "text", "", "", "a text at which the reply ends" },
	LH_PARAMS_THOUGHTS,
	{ "thoughts_key", "choice", "auto", "auto|reasoning_content|reasoning|none", "under which name thoughts go back; auto: the one they came under" },
	{ "server", "choice", "auto", LH_SERVER_NAMES, "whose way of saying thoughts=… is spoken; auto: by base_url" },
	{ "seed", "boolean", "false", "true|false", "send a seed, another for each call, made from the run's" },
	LH_PARAM_IDENTIFY,
	{ "history", "choice", "full", "full|delta", "delta: an agent that keeps its own context is sent what is new" },
	LH_PARAMS_REST,
};
#define PARAMS (int)(sizeof params / sizeof *params)
_Static_assert(sizeof params / sizeof *params <= LH_LIVE_PARAMS, "more parameters than there is room for");

static void put_limit(const struct lh_live *l, const struct lh_model_request *q, struct lh_jw *w)
{
	const char *key = lh_live_text(l, "max_tokens_key");
	int64_t most = lh_live_max_tokens(l, q);
	if (!most)
		return;
	if (!strcmp(key, "auto"))
		key = l->server->max_completion_tokens ? "max_completion_tokens" : "max_tokens";
	lh_jw_key(w, key);
	lh_jw_int(w, most);
}

static void put_stop(const struct lh_live *l, const struct lh_model_request *q, struct lh_jw *w)
{
	struct lh_str stop = lh_live_stop(l, q);
	if (!stop.n)
		return;
	lh_jw_key(w, "stop");
	lh_jw_open(w, '[');
	lh_jw_str(w, stop);
	lh_jw_close(w);
}

/* Samples and calls that differ get seeds that differ; 31 bits, which every server takes. */
static void put_seed(const struct lh_live *l, const struct lh_model_request *q, struct lh_jw *w)
{
	if (!l->seed)
		return;
	struct lh_random luck = lh_random_stream(q->seed, q->sample, q->turn, LH_FOR_REPLY, q->seq);
	lh_jw_key(w, l->server->seed ? l->server->seed : "seed");
	lh_jw_int(w, (int64_t)(lh_random_next(&luck) & 0x7FFFFFFF));
}

static void put_uint(struct lh_jw *w, const char *key, uint64_t v)
{
	lh_jw_key(w, key);
	lh_jw_uint_text(w, v);
}

static void put_metadata(const struct lh_live *l, const struct lh_model_request *q, struct lh_jw *w)
{
	if (l->delta && q->session.n) {
		lh_jw_key(w, "user");
		lh_jw_str(w, q->session);
	}
	if (!l->identify && !(l->delta && q->session.n))
		return;
	lh_jw_key(w, "metadata");
	lh_jw_open(w, '{');
	if (l->delta && q->session.n) {
		lh_jw_key(w, "session_id");
		lh_jw_str(w, q->session);
	}
	if (l->identify) {
		put_uint(w, "seed", q->seed);
		put_uint(w, "sample", q->sample);
		put_uint(w, "turn", q->turn);
		put_uint(w, "call", q->seq);
	}
	lh_jw_close(w);
}

static void put(const struct lh_live *l, const struct lh_model_request *q, struct lh_jw *w)
{
	lh_live_put_common(l, q, w);
	if (l->stream && !l->server->no_stream_options) {
		lh_jw_key(w, "stream_options");
		lh_jw_open(w, '{');
		lh_jw_key(w, "include_usage");
		lh_jw_bool(w, true);
		lh_jw_close(w);
	}
	put_limit(l, q, w);
	put_stop(l, q, w);
	lh_server_think(l->server, &l->thoughts, w);
	put_seed(l, q, w);
	put_metadata(l, q, w);
}

/* {"type":"function","function":{…}} */
static void put_tool(struct lh_jw *w, const struct lh_tool *tool)
{
	lh_jw_open(w, '{');
	lh_jw_key(w, "type");
	lh_jw_text(w, "function");
	lh_jw_key(w, "function");
	lh_jw_open(w, '{');
	lh_wire_put_function(w, tool, "parameters");
	lh_jw_close(w);
	lh_jw_close(w);
}

static int check(struct lh_live *l, struct lh_error *err)
{
	int rc = lh_server_check(l->server, &l->thoughts, err);
	if (rc)
		lh_prefix(err, "model %s", l->ops->name);
	return rc;
}

static const char *const ours[] = { "model", "messages", "stream", "stream_options", "temperature", "top_p", "max_tokens", "max_completion_tokens",
	"stop", "n", "seed", "random_seed", "tools", NULL };

static const struct lh_provider provider = {
	.name = "openai", .base_url = "https://api.openai.com/v1", .host = "api.openai.com", .path = "/chat/completions",
	.key_env = "OPENAI_API_KEY", .key_header = "Authorization", .key_prefix = "Bearer ", .ours = ours, .check = check, .put = put, .put_tool = put_tool, .no_tools = ",\"tool_choice\":\"none\"",
};

static int chat_open(struct lh_model *m, struct lh_str bare, const struct lh_str *values, const char *base_dir, struct lh_error *err)
{
	return lh_live_open(m, &provider, bare, values, base_dir, err);
}

/* ---- requests ---- */

static const struct lh_dialect *dialect(const struct lh_live *l)
{
	const char *key = lh_live_text(l, "thoughts_key");
	return !strcmp(key, "none") ? &lh_dialect_chat_bare : !strcmp(key, "reasoning") ? &lh_dialect_chat_reasoning : &lh_dialect_chat;
}

/* What an agent that keeps its own context has not seen: all that came behind the last accepted reply. */
static int since_reply(const struct lh_transcript *t, struct lh_view *v, struct lh_error *err)
{
	int rc = lh_view_all(v, t, err);
	if (rc)
		return rc;
	uint32_t n = lh_transcript_length(t), from = n;
	while (from > 0 && lh_transcript_message(t, lh_transcript_id(t, from - 1))->role != LH_ASSISTANT)
		from--;
	v->piece[0] = (struct lh_piece){ .from = from, .to = n };
	v->n = 1;
	return 0;
}

static int chat_encode(struct lh_model *m, const struct lh_model_request *q, struct lh_wire_request *out, struct lh_error *err)
{
	const struct lh_live *l = m->data;
	struct lh_framing f = { dialect(l), "\"messages\":[", "]" };
	if (!l->delta) {
		lh_live_count_thoughts(q, q->view, f.dialect == &lh_dialect_chat_bare, out);
		return lh_live_request(l, q, q->view, &f, out, err);
	}
	struct lh_view fresh;
	lh_view_init(&fresh);
	int rc = since_reply(q->transcript, &fresh, err);
	if (!rc)
		rc = lh_live_request(l, q, &fresh, &f, out, err);
	lh_view_fini(&fresh);
	return rc;
}

static enum lh_verdict chat_decode(struct lh_model *m, const struct lh_exchange *x, const struct lh_asked *asked, struct lh_reply *reply)
{
	return lh_wire_decode(m, &lh_wire_chat, x, asked, reply);
}

const struct lh_model_ops lh_model_openai = {
	.dialect = &lh_dialect_chat,
	.name = "openai", .summary = "Any server that speaks Chat Completions: openai:MODEL,base_url=…", .params = params, .param_count = PARAMS,
	.open = chat_open, .free = lh_live_free, .carrier = LH_CARRIER_HTTP, .takes_tools = true, .encode = chat_encode, .decode = chat_decode,
	.endpoint = lh_live_endpoint, .key = lh_live_key, .carry = lh_live_carry,
};
