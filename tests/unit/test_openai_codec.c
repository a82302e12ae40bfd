/* Chat Completions: what is sent for a view, and what comes of every kind of reply. */
#include "test_codec_kit.h"

enum { REPLY = LH_VERDICT_REPLY, RETRY = LH_VERDICT_RETRY };
enum { STOPPED = LH_FINISH_STOP, LENGTH = LH_FINISH_LENGTH, REFUSAL = LH_FINISH_REFUSAL, FILTER = LH_FINISH_FILTER, OTHER = LH_FINISH_OTHER };

#define MESSAGE(m) "{\"id\":\"c-1\",\"model\":\"m-1\",\"choices\":[{\"index\":0,\"finish_reason\":\"stop\",\"message\":" m "}]}"
#define SAYS(m, blob, text, thoughts) { MESSAGE(m), REPLY, STOPPED, text, thoughts, blob }
#define SAME(m, text, thoughts) SAYS(m, m, text, thoughts)
#define CHUNK(d) "data: {\"id\":\"c-1\",\"choices\":[{\"index\":0,\"delta\":" d "}]}\n\n"
#define LAST(reason) "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"" reason "\"}]}\n\n"
#define DONE "data: [DONE]\n\n"

static const struct { const char *body; int verdict, finish; const char *text, *thoughts, *blob; } replies[] = {
	/* nothing but role and content */
	SAYS("{\"role\":\"assistant\",\"content\":\"42 is it\"}", "", "42 is it", ""),
	SAYS("{\"content\":\"42 is it\"}", "", "42 is it", ""),
	SAYS("{\"role\":\"assistant\",\"content\":\"42 is it\",\"refusal\":null,\"tool_calls\":[],\"annotations\":[],\"audio\":null,\"reasoning_content\":null}", "", "42 is it", ""),
	SAYS("{\"role\":\"assistant\",\"content\":\"<think>hm</think>42\"}", "", "<think>hm</think>42", ""),
	SAYS("{\"role\":\"assistant\",\"content\":\"hm</think>42\"}", "", "hm</think>42", ""),
	SAYS("{\"role\":\"assistant\",\"content\":\"\"}", "", "", ""),
	SAYS("{\"role\":\"assistant\",\"content\":null}", "", "", ""),
	SAYS("{\"role\":\"assistant\"}", "", "", ""),
	/* thoughts, under the name they came under */
	SAME("{\"role\":\"assistant\",\"reasoning_content\":\"let me see\",\"content\":\"42 is it\"}", "42 is it", "let me see"),
	SAME("{\"role\":\"assistant\",\"content\":\"42 is it\",\"reasoning\":\"let me\\n\\\"see\\\"\"}", "42 is it", "let me\n\"see\""),
	SAME("{\"role\":\"assistant\",\"content\":\"42\",\"thinking\":\"let me see\"}", "42", "let me see"),
	SAME("{\"role\":\"assistant\",\"content\":\"42\",\"reasoning_content\":\"\"}", "42", ""),
	SAME("{\"role\":\"assistant\",\"content\":null,\"reasoning_content\":\"let me see\"}", "", "let me see"),
	SAME("{\"role\":\"assistant\",\"content\":\"42\",\"reasoning\":\"let me see\",\"reasoning_content\":\"let me see\"}", "42", "let me see"),
	SAME("{\"role\":\"assistant\",\"content\":\"42\",\"reasoning\":\"first\",\"reasoning_content\":\"second one\"}", "42", "second one"),
	SAME("{\"role\":\"assistant\",\"content\":\"42\",\"reasoning\":\"let me see\",\"reasoning_details\":[{\"type\":\"reasoning.text\",\"text\":\"let me see\",\"signature\":\"sig\",\"format\":\"x\",\"index\":0}]}", "42", "let me see"),
	SAME("{\"role\":\"assistant\",\"content\":\"42\",\"reasoning_details\":[{\"type\":\"reasoning.summary\",\"summary\":\"one \"},{\"type\":\"reasoning.text\",\"text\":\"two\"},{\"type\":\"reasoning.encrypted\",\"data\":\"AAA\"}]}", "42", "one two"),
	SAYS("{\"role\":\"assistant\",\"content\":\"42\",\"reasoning\":\"hm\",\"refusal\":null}", "{\"role\":\"assistant\",\"content\":\"42\",\"reasoning\":\"hm\"}", "42", "hm"),
	/* lists of parts */
	SAME("{\"role\":\"assistant\",\"content\":[{\"type\":\"text\",\"text\":\"4\"},{\"type\":\"text\",\"text\":\"2\"}]}", "42", ""),
	SAME("{\"role\":\"assistant\",\"content\":[{\"type\":\"thinking\",\"thinking\":[{\"type\":\"text\",\"text\":\"let \"},{\"type\":\"text\",\"text\":\"me see\"}]},{\"type\":\"text\",\"text\":\"42\"}]}", "42", "let me see"),
	SAME("{\"role\":\"assistant\",\"content\":[{\"type\":\"thinking\",\"thinking\":\"let me see\",\"signature\":\"s\"},{\"type\":\"text\",\"text\":\"42\"}]}", "42", "let me see"),
	SAME("{\"role\":\"assistant\",\"content\":[]}", "", ""),
	SAME("{\"role\":\"assistant\",\"content\":[\"4\",7,null]}", "4", ""),
	/* more that is not ours to know */
	SAME("{\"role\":\"assistant\",\"content\":\"42\",\"extra_content\":{\"google\":{\"thought_signature\":\"x\",\"n\":1.5}}}", "42", ""),
	SAME("{\"role\":\"assistant\",\"content\":\"42\",\"phase\":\"final\"}", "42", ""),
	/* calls of tools that nobody answers do not go back */
	SAYS("{\"role\":\"assistant\",\"content\":\"42\",\"tool_calls\":[{\"id\":\"a\",\"type\":\"function\",\"function\":{\"name\":\"f\",\"arguments\":\"{}\"}}]}", "", "42", ""),
	SAYS("{\"role\":\"assistant\",\"content\":null,\"reasoning_content\":\"let me see\",\"tool_calls\":[{\"id\":\"a\"}]}", "{\"role\":\"assistant\",\"content\":\"\",\"reasoning_content\":\"let me see\"}", "", "let me see"),
	/* refusals */
	{ MESSAGE("{\"role\":\"assistant\",\"content\":null,\"refusal\":\"I will not\"}"), REPLY, REFUSAL, "I will not", "", "{\"role\":\"assistant\",\"content\":null,\"refusal\":\"I will not\"}" },
	{ MESSAGE("{\"role\":\"assistant\",\"content\":[{\"type\":\"refusal\",\"refusal\":\"I will not\"}]}"), REPLY, REFUSAL, "I will not", "", "{\"role\":\"assistant\",\"content\":[{\"type\":\"refusal\",\"refusal\":\"I will not\"}]}" },
	/* how it ended */
	{ "{\"choices\":[{\"message\":{\"content\":\"4\"},\"finish_reason\":\"length\"}]}", REPLY, LENGTH, "4", "", "" },
	{ "{\"choices\":[{\"message\":{\"content\":\"\"},\"finish_reason\":\"length\"}]}", REPLY, LENGTH, "", "", "" },
	{ "{\"choices\":[{\"message\":{\"content\":\"\"},\"finish_reason\":\"content_filter\"}]}", REPLY, FILTER, "", "", "" },
	{ "{\"choices\":[{\"message\":{\"content\":\"4\"},\"finish_reason\":\"tool_calls\"}]}", REPLY, OTHER, "4", "", "" },
	{ "{\"choices\":[{\"message\":{\"content\":\"4\"}}]}", REPLY, STOPPED, "4", "", "" },
	{ "{\"choices\":[{\"message\":{\"content\":\"4\"},\"finish_reason\":null}],\"error\":null}", REPLY, STOPPED, "4", "", "" },
	{ "{\"choices\":[{\"message\":{\"content\":\"4\"},\"finish_reason\":\"insufficient_system_resource\"}]}", RETRY, 0, "", "", "" },
	{ "{\"choices\":[{\"message\":{\"content\":\"4\"},\"finish_reason\":\"error\",\"error\":{\"code\":502,\"message\":\"x\"}}]}", RETRY, 0, "", "", "" },
	/* what strict JSON refuses and servers write */
	{ "\xEF\xBB\xBF{\"choices\":[{\"message\":{\"content\":\"4\"}}]}", REPLY, STOPPED, "4", "", "" },
	{ "\n\n {\"choices\":[{\"message\":{\"content\":\"4\"}}]} \n", REPLY, STOPPED, "4", "", "" },
	{ "{\"choices\":[{\"message\":{\"content\":\"a\\u0000b\\ud83dc\\ud83d\\ude00 \xFF\\\\u0000\"}}]}", REPLY, STOPPED, "a\xEF\xBF\xBD" "b\xEF\xBF\xBD" "c\xF0\x9F\x98\x80 \xEF\xBF\xBD\\u0000", "", "" },
	/* streams */
	{ CHUNK("{\"role\":\"assistant\",\"content\":\"\"}") CHUNK("{\"content\":\"4\"}") CHUNK("{\"content\":\"2\"}") LAST("stop") DONE, REPLY, STOPPED, "42", "", "" },
	{ CHUNK("{\"role\":\"assistant\"}") ": ping\n\n" CHUNK("{\"content\":\"4\"}") LAST("length"), REPLY, LENGTH, "4", "", "" },
	{ CHUNK("{\"content\":\"4\"}") DONE, REPLY, STOPPED, "4", "", "" },
	{ CHUNK("{\"content\":\"4\"}") "data: [DONE]", REPLY, STOPPED, "4", "", "" },
	{ CHUNK("{\"role\":\"assistant\",\"content\":null}") LAST("stop") DONE, REPLY, STOPPED, "", "", "" },
	{ CHUNK("{\"role\":\"assistant\",\"reasoning_content\":\"let \"}") CHUNK("{\"reasoning_content\":\"me see\",\"content\":null}") CHUNK("{\"content\":\"42\"}") LAST("stop") DONE, REPLY, STOPPED, "42", "let me see",
		"{\"role\":\"assistant\",\"reasoning_content\":\"let me see\",\"content\":\"42\"}" },
	{ CHUNK("{\"role\":\"assistant\",\"reasoning\":\"let \",\"reasoning_details\":[{\"type\":\"reasoning.text\",\"text\":\"let \",\"index\":0}]}")
		CHUNK("{\"reasoning\":\"me\",\"reasoning_details\":[{\"type\":\"reasoning.text\",\"text\":\"me\",\"index\":0,\"signature\":\"s\"}]}") CHUNK("{\"content\":\"42\"}") LAST("stop"), REPLY, STOPPED, "42", "let me",
		"{\"role\":\"assistant\",\"reasoning\":\"let me\",\"reasoning_details\":[{\"type\":\"reasoning.text\",\"text\":\"let me\",\"index\":0,\"signature\":\"s\"}],\"content\":\"42\"}" },
	{ CHUNK("{\"refusal\":\"I will \"}") CHUNK("{\"refusal\":\"not\"}") LAST("stop"), REPLY, REFUSAL, "I will not", "", "{\"role\":\"assistant\",\"refusal\":\"I will not\"}" },
	{ CHUNK("{\"content\":\"4\"}"), RETRY, 0, "", "", "" },
	{ CHUNK("{\"content\":\"4\"}") "data: {\"choices\":[{\"del", RETRY, 0, "", "", "" },
	{ CHUNK("{\"content\":\"4\"}") "data: {\"error\":{\"code\":502,\"message\":\"x\"}}\n\n", RETRY, 0, "", "", "" },
	{ CHUNK("{\"content\":\"4\"}") LAST("error"), RETRY, 0, "", "", "" },
	{ DONE, RETRY, 0, "", "", "" },
	{ CHUNK("{\"content\":\"4\"}") LAST("stop") "data: {\"cut", REPLY, STOPPED, "4", "", "" },
	{ "data: {\"choices\":[]}\n\ndata: {\"choices\":[{\"message\":{\"role\":\"assistant\",\"content\":\"4\"},\"finish_reason\":\"stop\"}]}\n\n", REPLY, STOPPED, "4", "", "" },
};

static void test_replies(struct lh_model *m)
{
	for (size_t i = 0; i < sizeof replies / sizeof *replies; i++)
		for (int events = 0; events < 2; events++) {
			struct lh_reply r;
			int before = check_failures;
			lh_reply_init(&r);
			CHECK_INT(decode(m, 200, events, replies[i].body, &r), replies[i].verdict);
			CHECK_INT(r.error, 0);
			CHECK_INT(r.finish, replies[i].finish);
			CHECK_TEXT(text_of(&r.text), replies[i].text);
			CHECK_TEXT(text_of(&r.thoughts), replies[i].thoughts);
			check_blob(&r, replies[i].blob);
			if (check_failures > before)
				printf("  %s\n  %s\n", replies[i].body, text_of(&r.error_text));
			lh_reply_fini(&r);
		}
}

/* ---- counts ---- */

#define USED(u) "{\"choices\":[{\"message\":{\"content\":\"four\"}}],\"usage\":" u "}"

static const struct { const char *body; bool counted; int64_t in, cached, out, reasoning; } usages[] = {
	{ USED("{\"prompt_tokens\":10,\"completion_tokens\":5,\"total_tokens\":15}"), true, 10, 0, 5, 0 },
	{ USED("{\"prompt_tokens\":10,\"completion_tokens\":5,\"prompt_tokens_details\":{\"cached_tokens\":8},\"completion_tokens_details\":{\"reasoning_tokens\":3}}"), true, 10, 8, 5, 3 },
	{ USED("{\"prompt_tokens\":10,\"completion_tokens\":5,\"prompt_cache_hit_tokens\":6,\"prompt_cache_miss_tokens\":4}"), true, 10, 6, 5, 0 },
	{ USED("{\"prompt_tokens\":10,\"completion_tokens\":5,\"total_tokens\":40,\"completion_tokens_details\":{\"reasoning_tokens\":25}}"), true, 10, 0, 30, 25 },
	{ USED("{\"prompt_tokens\":10,\"completion_tokens\":5,\"prompt_tokens_details\":null}"), true, 10, 0, 5, 0 },
	{ USED("{\"prompt_tokens\":10,\"completion_tokens\":5,\"prompt_tokens_details\":{\"cached_tokens\":99}}"), true, 10, 10, 5, 0 },
	{ USED("null"), false, 77, 0, 1, 0 },
	{ USED("{}"), false, 77, 0, 1, 0 },
	{ USED("{\"prompt_tokens\":-1,\"completion_tokens\":5}"), false, 77, 0, 1, 0 },
	{ USED("{\"prompt_tokens\":1e15,\"completion_tokens\":5}"), false, 77, 0, 1, 0 },
	{ USED("{\"prompt_tokens\":\"10\",\"completion_tokens\":5}"), false, 77, 0, 1, 0 },
	{ "{\"choices\":[{\"message\":{\"content\":\"four\"},\"usage\":{\"prompt_tokens\":10,\"completion_tokens\":5,\"cached_tokens\":2}}]}", true, 10, 2, 5, 0 },
	{ CHUNK("{\"content\":\"four\"}") LAST("stop") "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":10,\"completion_tokens\":5}}\n\n" DONE, true, 10, 0, 5, 0 },
};

static void test_usage(struct lh_model *m)
{
	for (size_t i = 0; i < sizeof usages / sizeof *usages; i++) {
		struct lh_reply r;
		lh_reply_init(&r);
		CHECK_INT(decode(m, 200, false, usages[i].body, &r), REPLY);
		CHECK_INT(r.counted, usages[i].counted);
		CHECK_INT(r.tokens_in, usages[i].in);
		CHECK_INT(r.tokens_cached, usages[i].cached);
		CHECK_INT(r.tokens_out, usages[i].out);
		CHECK_INT(r.tokens_reasoning, usages[i].reasoning);
		CHECK(!r.priced);
		lh_reply_fini(&r);
	}
}

static void test_cost(void)
{
	const char *body = USED("{\"prompt_tokens\":1000,\"completion_tokens\":100,\"prompt_tokens_details\":{\"cached_tokens\":600}}");
	struct lh_model *m = model("openai:m,price_in=2.5,price_cached=0.25,price_out=10"), *full = model("openai:m,price_in=2.5,price_out=10"), *none = model("openai:m");
	struct lh_prices p;
	struct lh_reply r;
	lh_reply_init(&r);
	lh_model_prices(m, &p);
	CHECK_INT(p.in, 2500000);
	CHECK_INT(p.cached, 250000);
	CHECK_INT(p.out, 10000000);
	decode(m, 200, false, body, &r);
	CHECK(r.priced);
	CHECK_INT(r.cost_microusd, 400 * 2.5 + 600 * 0.25 + 100 * 10);
	decode(full, 200, false, body, &r);
	CHECK_INT(r.cost_microusd, 1000 * 2.5 + 100 * 10);
	decode(full, 200, false, USED("{\"prompt_tokens\":1000,\"completion_tokens\":100,\"cost\":0.0123}"), &r);
	CHECK_INT(r.cost_microusd, 12300);
	decode(none, 200, false, USED("{\"prompt_tokens\":1000,\"completion_tokens\":100,\"cost\":0.0123}"), &r);
	CHECK(r.priced);
	lh_model_set_prices(none, &(struct lh_prices){ 1000000, -1, 2000000 });
	decode(none, 200, false, body, &r);
	CHECK_INT(r.cost_microusd, 1200);
	decode(none, 400, false, "{\"error\":{\"code\":\"context_length_exceeded\"}}", &r);
	CHECK_INT(r.cost_microusd, 0);
	lh_reply_fini(&r);
	lh_model_free(m);
	lh_model_free(full);
	lh_model_free(none);
}

static void test_served(struct lh_model *m)
{
	struct lh_reply r;
	lh_reply_init(&r);
	decode(m, 200, false, "{\"id\":\"c-1\",\"model\":\"gpt\\u001b-x\",\"system_fingerprint\":\"fp_1\",\"choices\":[{\"message\":{\"content\":\"4\"}}]}", &r);
	CHECK_TEXT(r.served_by, "gpt\\x1b-x fp_1");
	CHECK_TEXT(r.request_id, "c-1");
	decode(m, 200, false, "{\"model\":\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\",\"choices\":[{\"message\":{\"content\":\"4\"}}]}", &r);
	CHECK_INT(strlen(r.served_by), 95);
	lh_reply_fini(&r);
}

/* ---- requests ---- */

static void test_request(void)
{
	struct lh_model *m = model("openai:\"a/b:c\",temperature=0.5,top_p=0.9,max_tokens=100,stop=\"END\",extra=\"{\\\"top_k\\\": 20, \\\"big\\\": 12345678901234567890}\"");
	struct lh_wire_request w;
	struct talk k;
	talk_new(&k);
	talk_on(&k, "<answer>1</answer>", "", LH_STR(""));
	struct lh_json *j = encoded_all(m, &k, &w);
	CHECK_TEXT(lh_model_name(m), "openai:a/b:c");
	CHECK_TEXT(string_at(j, "model"), "a/b:c");
	CHECK_NEAR(lh_json_number(at(j, "temperature")), 0.5, 0);
	CHECK_NEAR(lh_json_number(at(j, "top_p")), 0.9, 0);
	CHECK_NEAR(lh_json_number(at(j, "max_completion_tokens")), 100, 0);
	CHECK(!at(j, "max_tokens") && !at(j, "seed") && !at(j, "metadata") && !at(j, "reasoning_effort"));
	CHECK_TEXT(string_at(j, "stop.0"), "END");
	CHECK(lh_json_bool(at(j, "stream")) && lh_json_bool(at(j, "stream_options.include_usage")));
	CHECK_NEAR(lh_json_number(at(j, "top_k")), 20, 0);
	CHECK(memmem(w.body.p, w.body.n, "12345678901234567890", 20) != NULL);
	CHECK_INT(lh_json_size(at(j, "messages")), 4);
	CHECK_TEXT(string_at(j, "messages.0.role"), "system");
	CHECK_TEXT(string_at(j, "messages.1.role"), "user");
	CHECK_TEXT(string_at(j, "messages.2.role"), "assistant");
	CHECK_TEXT(string_at(j, "messages.2.content"), "<answer>1</answer>");
	CHECK_INT(w.thoughts_kept + w.thoughts_dropped, 0);
	lh_json_free(j);
	talk_free(&k);
	lh_model_free(m);
}

/* The call's own options stand before the spec's. */
static void test_call_options(void)
{
	struct lh_model *m = model("openai:m,base_url=\"http://127.0.0.1:8000/v1/\",temperature=0.5,max_tokens=100,stop=END,stream=false,seed=true,identify=true");
	struct lh_call_options o = { .model = "other", .temperature = 0, .has_temperature = true, .max_tokens = 7, .stop = "\n" };
	struct lh_wire_request w;
	struct lh_view_size size;
	struct lh_view v;
	struct talk k;
	talk_new(&k);
	lh_view_init(&v);
	must(lh_view_all(&v, k.t, &err));
	struct lh_model_request q = request(&k, &v, &size);
	q.options = &o;
	must(lh_model_encode(m, &q, &w, &err));
	struct lh_json *j = parsed(w.body);
	CHECK_TEXT(string_at(j, "model"), "other");
	CHECK_NEAR(lh_json_number(at(j, "temperature")), 0, 0);
	CHECK_NEAR(lh_json_number(at(j, "max_tokens")), 7, 0);
	CHECK_TEXT(string_at(j, "stop.0"), "\n");
	CHECK(at(j, "stream") && !lh_json_bool(at(j, "stream")) && !at(j, "stream_options"));
	CHECK_TEXT(string_at(j, "metadata.seed"), "3");
	CHECK_TEXT(string_at(j, "metadata.sample"), "4");
	CHECK_TEXT(string_at(j, "metadata.turn"), "1");
	CHECK_TEXT(string_at(j, "metadata.call"), "1");
	double seed = lh_json_number(at(j, "seed"));
	CHECK(seed >= 0 && seed < 0x1p31);
	lh_json_free(j);
	q.sample = 5;
	must(lh_model_encode(m, &q, &w, &err));
	j = parsed(w.body);
	CHECK(lh_json_number(at(j, "seed")) != seed);
	lh_json_free(j);
	lh_view_fini(&v);
	talk_free(&k);
	lh_model_free(m);
}

/* Thoughts go back as they came, or under the name that is asked for, or not; variants leave them out. */
static void test_thoughts_back(void)
{
	static const struct { const char *spec, *blob, *key; int kept; } ways[] = {
		{ "openai:m", "{\"role\":\"assistant\",\"reasoning\":\"hm hm hm\",\"content\":\"<answer>1</answer>\"}", "reasoning", 1 },
		{ "openai:m,thoughts_key=reasoning_content", "", "reasoning_content", 1 },
		{ "openai:m,thoughts_key=reasoning", "", "reasoning", 1 },
		{ "openai:m,thoughts_key=none", "", NULL, 0 },
	};
	for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
		struct lh_model *m = model(ways[i].spec);
		struct lh_wire_request w;
		struct lh_reply r;
		struct talk k;
		struct lh_view v;
		talk_new(&k);
		lh_reply_init(&r);
		CHECK_INT(decode(m, 200, false, MESSAGE("{\"role\":\"assistant\",\"reasoning\":\"hm hm hm\",\"content\":\"<answer>1</answer>\"}"), &r), REPLY);
		check_blob(&r, ways[i].blob);
		talk_decoded(&k, &r);
		struct lh_json *j = encoded_all(m, &k, &w);
		CHECK_INT(lh_json_size(at(j, "messages.2")), ways[i].key ? 3 : 2);
		CHECK(!ways[i].key || lh_str_is(lh_json_str(lh_json_get(at(j, "messages.2"), ways[i].key)), "hm hm hm"));
		CHECK_INT(w.thoughts_kept, ways[i].kept);
		CHECK_INT(w.thoughts_dropped, 1 - ways[i].kept);
		lh_json_free(j);
		lh_view_init(&v);
		must(lh_view_all(&v, k.t, &err));
		must(lh_view_vary(&v, k.t, LH_ANSWER_ONLY, 0, &err));
		j = encoded(m, &k, &v, &w);
		CHECK_INT(lh_json_size(at(j, "messages.2")), 2);
		CHECK_INT(w.thoughts_kept, 0);
		CHECK_INT(w.thoughts_dropped, 1);
		lh_json_free(j);
		lh_view_fini(&v);
		lh_reply_fini(&r);
		talk_free(&k);
		lh_model_free(m);
	}
}

/* Windows, own messages in front and behind, all turns without answers: still one valid body. */
static void test_views(void)
{
	struct lh_model *m = model("openai:m");
	struct lh_wire_request w;
	struct lh_view v;
	struct talk k;
	uint32_t own;
	talk_new(&k);
	for (int i = 0; i < 5; i++)
		talk_on(&k, "<answer>1</answer>", "hm", LH_STR("{\"role\":\"assistant\",\"content\":\"\001t0,18\002\",\"reasoning\":\"\001h0,2\002\"}"));
	must(lh_transcript_own(k.t, LH_USER, LH_STR("a note"), &own, &err));
	lh_view_init(&v);
	must(lh_view_all(&v, k.t, &err));
	must(lh_view_keep(&v, k.t, 0, 2, &err));
	must(lh_view_insert_before_prompt(&v, k.t, own, &err));
	struct lh_json *j = encoded(m, &k, &v, &w);
	CHECK_INT(lh_json_size(at(j, "messages")), 6);       /* the note and the prompt are joined */
	CHECK_TEXT(string_at(j, "messages.2.reasoning"), "hm");
	CHECK_HAS(string_at(j, "messages.5.content"), "a note\n\n");
	CHECK_INT(w.thoughts_kept, 2);
	lh_json_free(j);
	must(lh_view_all(&v, k.t, &err));
	must(lh_view_vary(&v, k.t, LH_NO_ASSISTANT, 0, &err));
	j = encoded(m, &k, &v, &w);
	CHECK_INT(lh_json_size(at(j, "messages")), 2);
	CHECK_INT(w.thoughts_kept + w.thoughts_dropped, 0);
	lh_json_free(j);
	lh_view_fini(&v);
	talk_free(&k);
	lh_model_free(m);
}

/* An agent that keeps its own context is sent what is new. */
static void test_delta(void)
{
	struct lh_model *m = model("openai:m,base_url=\"http://localhost:1/v1\",history=delta");
	struct lh_carry carry;
	struct talk k;
	talk_new(&k);
	CHECK(lh_model_keeps_context(m));
	lh_model_carry(m, &carry);
	CHECK(carry.session_header);
	struct lh_json *j = encoded_all(m, &k, NULL);
	CHECK_INT(lh_json_size(at(j, "messages")), 2);
	CHECK_TEXT(string_at(j, "messages.0.role"), "system");
	CHECK_TEXT(string_at(j, "user"), "s-9");
	CHECK_TEXT(string_at(j, "metadata.session_id"), "s-9");
	lh_json_free(j);
	for (int i = 0; i < 3; i++) {
		talk_on(&k, "<answer>1</answer>", "", LH_STR(""));
		j = encoded_all(m, &k, NULL);
		CHECK_INT(lh_json_size(at(j, "messages")), 1);
		CHECK_TEXT(string_at(j, "messages.0.role"), "user");
		lh_json_free(j);
	}
	talk_free(&k);
	lh_model_free(m);
}

/* A turn later only what is new is written: the body lies where it lay, and begins with the same bytes. */
static void test_cost_is_flat(void)
{
	struct lh_model *m = model("openai:m");
	struct lh_wire_request w;
	struct talk k;
	size_t grown = 0, n = 0;
	struct lh_buf before;
	lh_buf_init(&before, 1 << 24);
	talk_new(&k);
	for (int turn = 0; turn < 400; turn++) {
		lh_json_free(encoded_all(m, &k, &w));
		CHECK(w.body.n > before.n && (!before.n || !memcmp(w.body.p, before.p, before.n - 2)));
		if (turn > 0) {
			grown = w.body.n - n > grown ? w.body.n - n : grown;
			CHECK(w.body.n - n < 400);
		}
		n = w.body.n;
		const char *p = w.body.p;
		lh_json_free(encoded_all(m, &k, &w));
		CHECK(w.body.p == p && w.body.n == n);
		lh_buf_clear(&before);
		lh_buf_put_str(&before, w.body);
		talk_on(&k, "<answer>1</answer>", "", LH_STR(""));
	}
	printf("a turn adds at most %zu bytes; 400 turns are %zu\n", grown, n);
	lh_buf_fini(&before);
	talk_free(&k);
	lh_model_free(m);
}

/* ---- how servers are told to think ---- */

static const struct { const char *options, *path, *text; } switches[] = {       /* text: "true", "false", a number, or a string */
	{ "base_url=https://api.openai.com/v1,effort=high", "reasoning_effort", "high" },
	{ "thoughts=off", "reasoning_effort", "none" },
	{ "server=vllm,thoughts=off", "chat_template_kwargs.enable_thinking", "false" },
	{ "server=sglang,thoughts=on", "chat_template_kwargs.thinking", "true" },
	{ "server=ollama,thoughts=off", "reasoning_effort", "none" },
	{ "server=deepseek,thoughts=off", "thinking.type", "disabled" },
	{ "base_url=https://api.deepseek.com,thoughts=on,effort=max", "thinking.type", "enabled" },
	{ "base_url=https://dashscope-intl.aliyuncs.com/compatible-mode/v1,thoughts=on,thought_tokens=500", "thinking_budget", "500" },
	{ "base_url=https://dashscope.aliyuncs.com/compatible-mode/v1,thoughts=off", "enable_thinking", "false" },
	{ "base_url=https://openrouter.ai/api/v1,thoughts=off", "reasoning.enabled", "false" },
	{ "base_url=https://openrouter.ai/api/v1,thought_tokens=500", "reasoning.max_tokens", "500" },
	{ "base_url=https://openrouter.ai/api/v1,effort=low", "reasoning.effort", "low" },
	{ "base_url=https://api.mistral.ai/v1,seed=true", "random_seed", NULL },
	{ "base_url=http://127.0.0.1:9/v1,effort=low", "reasoning_effort", "low" },
};

static void test_switches(void)
{
	for (size_t i = 0; i < sizeof switches / sizeof *switches; i++) {
		char spec[256];
		struct talk k;
		snprintf(spec, sizeof spec, "openai:m,%s", switches[i].options);
		struct lh_model *m = model(spec);
		talk_new(&k);
		struct lh_json *j = encoded_all(m, &k, NULL);
		const struct lh_json *v = at(j, switches[i].path);
		const char *want = switches[i].text;
		CHECK(v != NULL);
		CHECK(!want || (lh_json_type(v) == LH_JSON_STRING ? lh_str_is(lh_json_str(v), want) :
			lh_json_type(v) == LH_JSON_BOOL ? lh_json_bool(v) == !strcmp(want, "true") : lh_json_number(v) == atof(want)));
		lh_json_free(j);
		talk_free(&k);
		lh_model_free(m);
	}
}

/* ---- specs ---- */

static void test_refused(void)
{
	refuses("openai", "openai:NAME");
	refuses("openai:m,temperature=hot", "a number is needed");
	refuses("openai:m,temperature=3", "outside 0..2");
	refuses("openai:m,max_tokens=1.5", "an integer");
	refuses("openai:m,stream=yes", "true|false");
	refuses("openai:m,effort=huge", "one of default|none|minimal");
	refuses("openai:\"a\nb\"", "control characters");
	refuses("openai:m,header=\"X-A: b\r\nX-B: c\"", "control characters");
	refuses("openai:m,tmperature=1", "did you mean 'temperature'");
	refuses("openai:m,base_url=ftp://x", "it does not begin with");
	refuses("openai:m,base_url=https://me:word@x/v1", "password");
	refuses("openai:m,base_url=http://127.example.com/v1,key_env=K", "over http");
	refuses("openai:m,base_url=https://x/v1?key=1", "'?'");
	refuses("openai:m,base_url=http://example.com/v1,key_env=K", "over http");
	refuses("openai:m,key_env=K,key_file=f", "one of them");
	refuses("openai:m,header=\"X-Api-Key: 1\"", "looks like a key");
	refuses("openai:m,header=\"Authorization: Bearer x\"", "looks like a key");
	refuses("openai:m,header=\"nonsense\"", "\"Name: value\"");
	refuses("openai:m,header=\"Host: x\"", "set by longhaul");
	refuses("openai:m,extra=\"[1]\"", "JSON object");
	refuses("openai:m,extra=\"{\"", "extra");
	refuses("openai:m,extra=\"{\\\"model\\\": 1}\"", "\"model\"");
	refuses("openai:m,effort=low,extra=\"{\\\"reasoning_effort\\\": 1}\"", "another parameter");
	refuses("openai:m,thoughts=off,effort=high", "thoughts=off");
	refuses("openai:m,thought_tokens=5", "thought_tokens cannot be said");
	refuses("openai:m,base_url=http://127.0.0.1/v1,thoughts=off", "server=vllm");
	refuses("opnai:m", "did you mean 'openai'");
}

/* Where the key goes, and where it does not. */
static void test_keys(void)
{
	static const struct { const char *spec, *env, *file; bool sent; const char *url; } keys[] = {
		{ "openai:m", "OPENAI_API_KEY", NULL, true, "https://api.openai.com/v1/chat/completions" },
		{ "openai:m,base_url=https://example.com/v1/", NULL, NULL, false, "https://example.com/v1/chat/completions" },
		{ "openai:m,base_url=http://api.openai.com/v1", NULL, NULL, false, "http://api.openai.com/v1/chat/completions" },
		{ "openai:m,base_url=https://api.openai.com.example.com/v1", NULL, NULL, false, "https://api.openai.com.example.com/v1/chat/completions" },
		{ "openai:m,base_url=https://example.com/v1,key_env=K", "K", NULL, true, "https://example.com/v1/chat/completions" },
		{ "openai:m,base_url=http://localhost:8000/v1,key_env=K", "K", NULL, true, "http://localhost:8000/v1/chat/completions" },
		{ "openai:m,base_url=http://127.0.0.1:8000/v1,key_file=/k", NULL, "/k", true, "http://127.0.0.1:8000/v1/chat/completions" },
	};
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
		struct lh_model *m = model(keys[i].spec);
		struct lh_key_source k;
		struct lh_endpoint_spec e;
		lh_model_key(m, &k);
		lh_model_endpoint(m, &e);
		CHECK(keys[i].env ? k.env && !strcmp(k.env, keys[i].env) : !k.env);
		CHECK(keys[i].file ? k.file && !strcmp(k.file, keys[i].file) : !k.file);
		CHECK_INT(e.key_header != NULL, keys[i].sent);
		CHECK_INT(e.key, -1);
		CHECK_TEXT(e.url, keys[i].url);
		lh_model_free(m);
	}
}

/* What changes neither the question nor the answer is no part of a run's identity. */
static void test_identity(void)
{
	struct lh_model *plain = model("openai:m"), *same = model("openai:m,key_env=K,timeout=5,idle=4,stream=false,http2=true,price_in=1,header=\"X-A: b\",size=8,reply_most=5000"),
		*other = model("openai:m,temperature=0.5,stop=x,seed=true,history=delta");
	struct lh_carry carry;
	struct lh_endpoint_spec e;
	CHECK_TEXT(lh_model_options_json(plain).p, "{\"model\":\"m\",\"base_url\":\"https://api.openai.com/v1\"}");
	CHECK_TEXT(lh_model_options_json(same).p, lh_model_options_json(plain).p);
	CHECK_TEXT(lh_model_options_json(other).p, "{\"model\":\"m\",\"base_url\":\"https://api.openai.com/v1\",\"temperature\":0.5,\"stop\":\"x\",\"seed\":true,\"history\":\"delta\"}");
	lh_model_carry(same, &carry);
	CHECK_INT(carry.timeout_ms, 5000);
	CHECK_INT(carry.idle_ms, 4000);
	CHECK_INT(carry.reply_most, 5000);
	CHECK(!carry.stream && !carry.session_header);
	lh_model_endpoint(same, &e);
	CHECK(e.http2);
	CHECK_INT(e.headers, 1);
	CHECK_TEXT(e.header[0], "X-A: b");
	CHECK_NEAR(lh_model_size(same), 8, 0);
	CHECK(isnan(lh_model_size(plain)));
	CHECK_INT(lh_model_carrier(same), LH_CARRIER_HTTP);
	lh_model_free(plain);
	lh_model_free(same);
	lh_model_free(other);
}

/* Long members of `extra` stand behind the messages. */
static void test_long_extra(void)
{
	struct lh_buf spec;
	struct talk k;
	lh_buf_init(&spec, 1 << 16);
	lh_buf_puts(&spec, "openai:m,extra=\"{\\\"guided\\\": \\\"");
	for (int i = 0; i < 9000; i++)
		lh_buf_putc(&spec, 'x');
	lh_buf_puts(&spec, "\\\"}\"");
	struct lh_model *m = model(text_of(&spec));
	talk_new(&k);
	struct lh_json *j = encoded_all(m, &k, NULL);
	CHECK_INT(strlen(string_at(j, "guided")), 9000);
	CHECK_INT(lh_json_size(at(j, "messages")), 2);
	lh_json_free(j);
	talk_free(&k);
	lh_model_free(m);
	lh_buf_fini(&spec);
}

static void test_lists(void)
{
	int n;
	for (const char *const *name = lh_model_names(); *name; name++) {
		CHECK(lh_model_summary(*name) != NULL);
		const struct lh_model_param *p = lh_model_params(*name, &n);
		CHECK(n < 32);
		for (int i = 0; i < n; i++)
			CHECK(p[i].name && p[i].type && p[i].initial && p[i].range && p[i].help);
	}
}

int main(void)
{
	struct lh_model *m = model("openai:m");
	open_set();
	test_replies(m);
	test_usage(m);
	test_cost();
	test_served(m);
	test_request();
	test_call_options();
	test_thoughts_back();
	test_views();
	test_delta();
	test_cost_is_flat();
	test_switches();
	test_refused();
	test_keys();
	test_identity();
	test_long_extra();
	test_lists();
	lh_model_free(m);
	lh_taskset_free(set);
	lh_registry_free(registry);
	return check_done();
}
