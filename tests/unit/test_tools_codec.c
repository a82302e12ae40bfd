/* Tools in requests and replies of the three formats. */
#include "test_codec_kit.h"

static struct lh_taskset *with_tools;

static void open_tools(void)
{
	const struct lh_family *f;
	struct lh_str keys[] = { LH_STR("keys"), LH_STR("tools") }, values[] = { LH_STR("5"), LH_STR("true") };
	must(lh_registry_new(&registry, &err));
	must(lh_registry_open(registry, LH_BINARY_DIR "/plugins/kv_sum.so", &f, &err));
	must(lh_taskset_open(f, keys, values, 2, NULL, &with_tools, &err));
}

/* ---- requests ---- */

#define CALLS "[{\"id\":\"a\",\"name\":\"get_value\",\"arguments\":\"{\\\"key\\\":\\\"x\\\"}\"},{\"id\":\"b\",\"name\":\"get_value\",\"arguments\":\"oops\"}]"

static uint32_t said(struct talk *k, const char *text, const char *thoughts, const char *calls)
{
	uint32_t id;
	must(lh_transcript_reserve(k->t, 1, &id, &err));
	must(lh_transcript_fill(k->t, id, &(struct lh_content){ lh_str_of(text), lh_str_of(thoughts), LH_STR(""), lh_str_of(calls) }, &err));
	return id;
}

static void result(struct talk *k, const char *id, const char *text)
{
	uint32_t message;
	must(lh_transcript_add_result(k->t, &(struct lh_tool_call){ lh_str_of(id), LH_STR("get_value"), LH_STR("") }, lh_str_of(text), &message, &err));
	must(lh_transcript_enter(k->t, message, &err));
}

/* One finished turn with two calls, and an open one. */
static void talk_tools(struct talk *k, const char *text)
{
	must(lh_sample_open(with_tools, 1, 5, &k->sample, &err));
	must(lh_transcript_new(k->sample, 1, &k->t, &err));
	must(lh_transcript_begin_turn(k->t, &err));
	must(lh_transcript_enter(k->t, said(k, text, "hm", CALLS), &err));
	result(k, "a", "1\n2");
	result(k, "b", "no");
	must(lh_transcript_accept(k->t, said(k, "<answer>3</answer>", "", ""), &err));
	must(lh_transcript_begin_turn(k->t, &err));
}

/* The messages behind the first prompt, up to the second. */
static const struct { const char *spec, *list, *plain, *silent, *cleared; int from; } requests[] = {
	{ "openai:m", "messages",
		"[{\"role\":\"assistant\",\"reasoning_content\":\"hm\",\"content\":\"Wait.\",\"tool_calls\":[{\"id\":\"a\",\"type\":\"function\",\"function\":{\"name\":\"get_value\",\"arguments\":\"{\\\"key\\\":\\\"x\\\"}\"}},"
		"{\"id\":\"b\",\"type\":\"function\",\"function\":{\"name\":\"get_value\",\"arguments\":\"oops\"}}]},"
		"{\"role\":\"tool\",\"tool_call_id\":\"a\",\"content\":\"1\\n2\"},{\"role\":\"tool\",\"tool_call_id\":\"b\",\"content\":\"no\"},{\"role\":\"assistant\",\"content\":\"<answer>3</answer>\"}]",
		"[{\"role\":\"assistant\",\"reasoning_content\":\"hm\",\"content\":null,\"tool_calls\":[{\"id\":\"a\",\"type\":\"function\",\"function\":{\"name\":\"get_value\",\"arguments\":\"{\\\"key\\\":\\\"x\\\"}\"}},"
		"{\"id\":\"b\",\"type\":\"function\",\"function\":{\"name\":\"get_value\",\"arguments\":\"oops\"}}]},"
		"{\"role\":\"tool\",\"tool_call_id\":\"a\",\"content\":\"1\\n2\"},{\"role\":\"tool\",\"tool_call_id\":\"b\",\"content\":\"no\"},{\"role\":\"assistant\",\"content\":\"<answer>3</answer>\"}]",
		"[{\"role\":\"assistant\",\"reasoning_content\":\"hm\",\"content\":\"Wait.\",\"tool_calls\":[{\"id\":\"a\",\"type\":\"function\",\"function\":{\"name\":\"get_value\",\"arguments\":\"{}\"}},"
		"{\"id\":\"b\",\"type\":\"function\",\"function\":{\"name\":\"get_value\",\"arguments\":\"{}\"}}]},"
		"{\"role\":\"tool\",\"tool_call_id\":\"a\",\"content\":\"[2]\"},{\"role\":\"tool\",\"tool_call_id\":\"b\",\"content\":\"[1]\"},{\"role\":\"assistant\",\"content\":\"<answer>3</answer>\"}]", 2 },
	{ "anthropic:m", "messages",
		"[{\"role\":\"assistant\",\"content\":[{\"type\":\"text\",\"text\":\"Wait.\"},{\"type\":\"tool_use\",\"id\":\"a\",\"name\":\"get_value\",\"input\":{\"key\":\"x\"}},"
		"{\"type\":\"tool_use\",\"id\":\"b\",\"name\":\"get_value\",\"input\":{}}]},"
		"{\"role\":\"user\",\"content\":[{\"type\":\"tool_result\",\"tool_use_id\":\"a\",\"content\":\"1\\n2\"},{\"type\":\"tool_result\",\"tool_use_id\":\"b\",\"content\":\"no\"}]},"
		"{\"role\":\"assistant\",\"content\":\"<answer>3</answer>\"}]",
		"[{\"role\":\"assistant\",\"content\":[{\"type\":\"tool_use\",\"id\":\"a\",\"name\":\"get_value\",\"input\":{\"key\":\"x\"}},{\"type\":\"tool_use\",\"id\":\"b\",\"name\":\"get_value\",\"input\":{}}]},"
		"{\"role\":\"user\",\"content\":[{\"type\":\"tool_result\",\"tool_use_id\":\"a\",\"content\":\"1\\n2\"},{\"type\":\"tool_result\",\"tool_use_id\":\"b\",\"content\":\"no\"}]},"
		"{\"role\":\"assistant\",\"content\":\"<answer>3</answer>\"}]",
		"[{\"role\":\"assistant\",\"content\":[{\"type\":\"text\",\"text\":\"Wait.\"},{\"type\":\"tool_use\",\"id\":\"a\",\"name\":\"get_value\",\"input\":{}},"
		"{\"type\":\"tool_use\",\"id\":\"b\",\"name\":\"get_value\",\"input\":{}}]},"
		"{\"role\":\"user\",\"content\":[{\"type\":\"tool_result\",\"tool_use_id\":\"a\",\"content\":\"[2]\"},{\"type\":\"tool_result\",\"tool_use_id\":\"b\",\"content\":\"[1]\"}]},"
		"{\"role\":\"assistant\",\"content\":\"<answer>3</answer>\"}]", 1 },
	{ "openai_responses:m", "input",
		"[{\"role\":\"assistant\",\"content\":\"Wait.\"},{\"type\":\"function_call\",\"call_id\":\"a\",\"name\":\"get_value\",\"arguments\":\"{\\\"key\\\":\\\"x\\\"}\"},"
		"{\"type\":\"function_call\",\"call_id\":\"b\",\"name\":\"get_value\",\"arguments\":\"oops\"},"
		"{\"type\":\"function_call_output\",\"call_id\":\"a\",\"output\":\"1\\n2\"},{\"type\":\"function_call_output\",\"call_id\":\"b\",\"output\":\"no\"},"
		"{\"role\":\"assistant\",\"content\":\"<answer>3</answer>\"}]",
		"[{\"type\":\"function_call\",\"call_id\":\"a\",\"name\":\"get_value\",\"arguments\":\"{\\\"key\\\":\\\"x\\\"}\"},"
		"{\"type\":\"function_call\",\"call_id\":\"b\",\"name\":\"get_value\",\"arguments\":\"oops\"},"
		"{\"type\":\"function_call_output\",\"call_id\":\"a\",\"output\":\"1\\n2\"},{\"type\":\"function_call_output\",\"call_id\":\"b\",\"output\":\"no\"},"
		"{\"role\":\"assistant\",\"content\":\"<answer>3</answer>\"}]",
		"[{\"role\":\"assistant\",\"content\":\"Wait.\"},{\"type\":\"function_call\",\"call_id\":\"a\",\"name\":\"get_value\",\"arguments\":\"{}\"},"
		"{\"type\":\"function_call\",\"call_id\":\"b\",\"name\":\"get_value\",\"arguments\":\"{}\"},"
		"{\"type\":\"function_call_output\",\"call_id\":\"a\",\"output\":\"[2]\"},{\"type\":\"function_call_output\",\"call_id\":\"b\",\"output\":\"[1]\"},"
		"{\"role\":\"assistant\",\"content\":\"<answer>3</answer>\"}]", 1 },
};

static void check_messages(const struct lh_json *request, const char *list, int from, const char *wanted)
{
	struct lh_json *want = parsed(lh_str_of(wanted));
	const struct lh_json *m = lh_json_first(lh_json_get(request, list)), *w = lh_json_first(want);
	for (int i = 0; i < from; i++)
		m = lh_json_next(m);
	for (; w; m = lh_json_next(m), w = lh_json_next(w))
		CHECK(same_json(m, w));
	CHECK(lh_str_is(lh_json_str(lh_json_get(m, "role")), "user"));
	CHECK(!lh_json_next(m));
	lh_json_free(want);
}

static void check_requests(void)
{
	for (size_t i = 0; i < sizeof requests / sizeof *requests; i++) {
		struct lh_model *m = model(requests[i].spec);
		struct talk k;
		talk_tools(&k, "Wait.");
		struct lh_json *j = encoded_all(m, &k, NULL);
		check_messages(j, requests[i].list, requests[i].from, requests[i].plain);
		lh_json_free(j);
		struct lh_view v;
		uint32_t placeholder;
		must(lh_transcript_own(k.t, LH_TOOL, LH_STR("[{lines}]"), &placeholder, &err));
		lh_view_init(&v);
		must(lh_view_all(&v, k.t, &err));
		must(lh_view_clear(&v, lh_transcript_length(k.t), true, placeholder, 0, &err));
		j = encoded(m, &k, &v, NULL);
		check_messages(j, requests[i].list, requests[i].from, requests[i].cleared);
		lh_json_free(j);
		must(lh_view_all(&v, k.t, &err));
		must(lh_view_clear(&v, lh_transcript_length(k.t), true, placeholder, 1, &err));       /* the one tool is spared */
		j = encoded(m, &k, &v, NULL);
		check_messages(j, requests[i].list, requests[i].from, requests[i].plain);
		lh_json_free(j);
		lh_view_fini(&v);
		talk_free(&k);
		talk_tools(&k, "");
		j = encoded_all(m, &k, NULL);
		check_messages(j, requests[i].list, requests[i].from, requests[i].silent);
		lh_json_free(j);
		talk_free(&k);
		lh_model_free(m);
	}
}

static const struct { const char *spec, *name, *schema, *choice; } offers[] = {
	{ "openai:m", "function.name", "function.parameters", "tool_choice" }, { "anthropic:m", "name", "input_schema", "tool_choice.type" },
	{ "openai_responses:m", "name", "parameters", "tool_choice" },
};

static const struct lh_json *within(const struct lh_json *j, const char *path)
{
	char part[64];
	for (const char *dot; j && *path; path = *dot ? dot + 1 : dot) {
		dot = strchr(path, '.') ? strchr(path, '.') : path + strlen(path);
		snprintf(part, sizeof part, "%.*s", (int)(dot - path), path);
		j = lh_json_get(j, part);
	}
	return j;
}

/* A request offers the tools, or forbids them; one of a task without any says nothing of them. */
static void check_offers(void)
{
	for (size_t i = 0; i < sizeof offers / sizeof *offers; i++) {
		struct lh_model *m = model(offers[i].spec);
		struct talk k;
		talk_tools(&k, "");
		for (int forbidden = 0; forbidden < 2; forbidden++) {
			const struct lh_call_options o = { .no_tools = forbidden };
			struct lh_view v;
			struct lh_view_size size;
			struct lh_wire_request w;
			lh_view_init(&v);
			must(lh_view_all(&v, k.t, &err));
			struct lh_model_request q = request(&k, &v, &size);
			q.options = &o;
			must(lh_model_encode(m, &q, &w, &err));
			struct lh_json *j = parsed(w.body);
			const struct lh_json *tool = lh_json_first(lh_json_get(j, "tools"));
			CHECK(lh_str_is(lh_json_str(within(tool, offers[i].name)), "get_value"));
			CHECK(lh_str_is(lh_json_str(within(within(tool, offers[i].schema), "properties.key.type")), "string"));
			CHECK_INT(lh_str_is(lh_json_str(within(j, offers[i].choice)), "none"), forbidden);
			lh_json_free(j);
			lh_view_fini(&v);
		}
		talk_free(&k);
		set = set ? set : with_tools;
		lh_model_free(m);
	}
}

/* ---- replies ---- */

#define CHAT(message) "{\"choices\":[{\"message\":" message ",\"finish_reason\":\"tool_calls\"}]}"
#define CALL(more) "{\"id\":\"a\",\"type\":\"function\"" more ",\"function\":{\"name\":\"f\",\"arguments\":\"{}\"}}"
#define BLOCKS(list, stop) "{\"type\":\"message\",\"role\":\"assistant\",\"content\":[" list "],\"stop_reason\":\"" stop "\",\"usage\":{\"input_tokens\":1,\"output_tokens\":1}}"
#define ITEMS(list) "{\"status\":\"completed\",\"output\":[" list "]}"
#define ONE "[{\"id\":\"a\",\"name\":\"f\",\"arguments\":\"{}\"}]"

static const struct { const char *spec, *body; bool offered; const char *calls, *blob; } replies[] = {
	{ "openai:m", CHAT("{\"content\":null,\"tool_calls\":[" CALL("") "]}"), true, ONE, "" },
	{ "openai:m", CHAT("{\"content\":null,\"tool_calls\":[" CALL("") "]}"), false, "", "" },
	{ "openai:m", CHAT("{\"content\":\"\",\"tool_calls\":[" CALL(",\"index\":0") "]}"), true, ONE, "" },
	{ "openai:m", CHAT("{\"content\":\"\",\"tool_calls\":[]}"), true, "", "" },
	{ "openai:m", CHAT("{\"content\":\"\",\"tool_calls\":null}"), true, "", "" },
	{ "openai:m", "{\"choices\":[{\"message\":{\"content\":null,\"tool_calls\":[" CALL("") "]},\"finish_reason\":\"length\"}]}", true, "", "" },
	{ "openai:m", "{\"choices\":[{\"message\":{\"content\":null,\"tool_calls\":[" CALL("") "]},\"finish_reason\":\"stop\"}]}", true, ONE, "" },
	{ "openai:m", CHAT("{\"content\":null,\"tool_calls\":[{\"function\":{\"name\":\"f\",\"arguments\":{\"k\":1}}},{\"function\":{\"name\":\"g\"}}]}"), true,
		"[{\"id\":\"call_54e3039c_0\",\"name\":\"f\",\"arguments\":\"{\\\"k\\\":1}\"},{\"id\":\"call_54e3039c_61\",\"name\":\"g\",\"arguments\":\"\"}]", "" },
	{ "openai:m", CHAT("{\"content\":null,\"tool_calls\":[" CALL(",\"index\":0,\"extra_content\":{\"google\":{\"thought_signature\":\"s\"}}") "]}"), true, ONE,
		"{\"role\":\"assistant\",\"content\":null,\"tool_calls\":[{\"id\":\"a\",\"type\":\"function\",\"extra_content\":{\"google\":{\"thought_signature\":\"s\"}},\"function\":{\"name\":\"f\",\"arguments\":\"{}\"}}]}" },
	{ "openai:m", CHAT("{\"content\":null,\"reasoning_content\":\"hm\",\"tool_calls\":[" CALL("") "]}"), true, ONE,
		"{\"role\":\"assistant\",\"content\":null,\"reasoning_content\":\"hm\",\"tool_calls\":[" CALL("") "]}" },
	{ "openai:m", CHAT("{\"content\":null,\"reasoning_content\":\"hm\",\"tool_calls\":[" CALL("") "]}"), false, "",
		"{\"role\":\"assistant\",\"content\":\"\",\"reasoning_content\":\"hm\"}" },
	{ "anthropic:m", BLOCKS("{\"type\":\"tool_use\",\"id\":\"a\",\"name\":\"f\",\"input\":{}}", "tool_use"), true, ONE, "" },
	{ "anthropic:m", BLOCKS("{\"type\":\"text\",\"text\":\"So.\"},{\"type\":\"tool_use\",\"id\":\"a\",\"name\":\"f\",\"input\":{}}", "tool_use"), true, ONE, "" },
	{ "anthropic:m", BLOCKS("{\"type\":\"tool_use\",\"id\":\"a\",\"name\":\"f\",\"input\":{}}", "tool_use"), false, "", "" },
	{ "anthropic:m", BLOCKS("{\"type\":\"tool_use\",\"id\":\"a\",\"name\":\"f\",\"input\":{}}", "max_tokens"), true, "", "" },
	{ "anthropic:m", BLOCKS("{\"type\":\"thinking\",\"thinking\":\"hm\",\"signature\":\"s\"},{\"type\":\"tool_use\",\"id\":\"a\",\"name\":\"f\",\"input\":{}}", "tool_use"), true, ONE,
		"{\"role\":\"assistant\",\"content\":[{\"type\":\"thinking\",\"thinking\":\"hm\",\"signature\":\"s\"},{\"type\":\"tool_use\",\"id\":\"a\",\"name\":\"f\",\"input\":{}}]}" },
	{ "anthropic:m", BLOCKS("{\"type\":\"tool_use\",\"id\":\"a\",\"name\":\"f\",\"input\":{}},{\"type\":\"text\",\"text\":\"So.\"}", "tool_use"), true, ONE,
		"{\"role\":\"assistant\",\"content\":[{\"type\":\"tool_use\",\"id\":\"a\",\"name\":\"f\",\"input\":{}},{\"type\":\"text\",\"text\":\"So.\"}]}" },
	{ "openai_responses:m", ITEMS("{\"type\":\"function_call\",\"id\":\"fc\",\"call_id\":\"a\",\"name\":\"f\",\"arguments\":\"{}\"}"), true, ONE, "" },
	{ "openai_responses:m", ITEMS("{\"type\":\"function_call\",\"id\":\"fc\",\"call_id\":\"a\",\"name\":\"f\",\"arguments\":\"{}\"}"), false, "", "" },
	{ "openai_responses:m", ITEMS("{\"type\":\"reasoning\",\"id\":\"r\",\"summary\":[],\"encrypted_content\":\"s\"},{\"type\":\"function_call\",\"id\":\"fc\",\"call_id\":\"a\",\"name\":\"f\",\"arguments\":\"{}\"}"),
		true, ONE, "[{\"type\":\"reasoning\",\"id\":\"r\",\"summary\":[],\"encrypted_content\":\"s\"},{\"type\":\"function_call\",\"id\":\"fc\",\"call_id\":\"a\",\"name\":\"f\",\"arguments\":\"{}\"}]" },
};

static void check_replies(void)
{
	for (size_t i = 0; i < sizeof replies / sizeof *replies; i++) {
		struct lh_model *m = model(replies[i].spec);
		struct lh_reply r;
		int before = check_failures;
		lh_reply_init(&r);
		struct lh_exchange x = { .status = 200, .body = lh_str_of(replies[i].body), .retry_after_us = -1, .should_retry = -1 };
		CHECK_INT(lh_model_decode(m, &x, &(struct lh_asked){ 7, replies[i].offered }, &r), LH_VERDICT_REPLY);
		CHECK_TEXT(r.calls.n ? r.calls.p : "", replies[i].calls);
		check_blob(&r, replies[i].blob);
		if (check_failures > before)
			printf("  %s\n", replies[i].body);
		lh_reply_fini(&r);
		lh_model_free(m);
	}
}

int main(void)
{
	open_tools();
	check_requests();
	check_offers();
	check_replies();
	lh_taskset_free(with_tools);
	lh_registry_free(registry);
	printf("%d checks, %d failed\n", check_count, check_failures);
	return check_failures > 0;
}
