/* The Messages format: what is sent, which signed thoughts go back, and what comes of every kind of reply. */
#include "test_codec_kit.h"

enum { REPLY = LH_VERDICT_REPLY, RETRY = LH_VERDICT_RETRY, LIMITED = LH_VERDICT_LIMITED };
enum { STOPPED = LH_FINISH_STOP, LENGTH = LH_FINISH_LENGTH, REFUSAL = LH_FINISH_REFUSAL, OTHER = LH_FINISH_OTHER };

#define MESSAGE(content, reason) "{\"id\":\"msg_1\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"claude-x\",\"content\":" content ",\"stop_reason\":" reason \
	",\"stop_sequence\":null,\"usage\":{\"input_tokens\":10,\"cache_creation_input_tokens\":20,\"cache_read_input_tokens\":300,\"output_tokens\":7}}"
#define THOUGHT "{\"type\":\"thinking\",\"thinking\":\"let me see\",\"signature\":\"c2ln\"}"
#define SEALED "{\"type\":\"redacted_thinking\",\"data\":\"QUFB\"}"
#define TEXT "{\"type\":\"text\",\"text\":\"<answer>42</answer>\"}"
#define CALL "{\"type\":\"tool_use\",\"id\":\"t\",\"name\":\"f\",\"input\":{}}"
#define BACK(content) "{\"role\":\"assistant\",\"content\":" content "}"
#define E(name, data) "event: " name "\ndata: {\"type\":\"" name "\"" data "}\n\n"
#define START E("message_start", ",\"message\":{\"id\":\"msg_1\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"claude-x\",\"content\":[],\"stop_reason\":null,\"usage\":{\"input_tokens\":10,\"cache_creation_input_tokens\":20,\"cache_read_input_tokens\":300,\"output_tokens\":1}}")
#define BLOCK(i, b) E("content_block_start", ",\"index\":" i ",\"content_block\":" b)
#define DELTA(i, d) E("content_block_delta", ",\"index\":" i ",\"delta\":" d)
#define CLOSE(i) E("content_block_stop", ",\"index\":" i)
#define LAST(reason) E("message_delta", ",\"delta\":{\"stop_reason\":\"" reason "\",\"stop_sequence\":null},\"usage\":{\"output_tokens\":7}") E("message_stop", "")

static const struct { const char *body; int verdict, finish; const char *text, *thoughts, *blob; } replies[] = {
	{ MESSAGE("[" TEXT "]", "\"end_turn\""), REPLY, STOPPED, "<answer>42</answer>", "", "" },
	{ MESSAGE("[]", "\"end_turn\""), REPLY, STOPPED, "", "", "" },
	{ MESSAGE("\"42\"", "\"end_turn\""), REPLY, STOPPED, "42", "", "" },
	{ MESSAGE("[" TEXT "]", "null"), REPLY, STOPPED, "<answer>42</answer>", "", "" },
	{ MESSAGE("[" TEXT "]", "\"stop_sequence\""), REPLY, STOPPED, "<answer>42</answer>", "", "" },
	{ MESSAGE("[" TEXT "]", "\"max_tokens\""), REPLY, LENGTH, "<answer>42</answer>", "", "" },
	{ MESSAGE("[" TEXT "]", "\"refusal\""), REPLY, REFUSAL, "<answer>42</answer>", "", "" },
	{ MESSAGE("[" TEXT "]", "\"pause_turn\""), REPLY, OTHER, "<answer>42</answer>", "", "" },
	{ MESSAGE("[" THOUGHT "," TEXT "]", "\"end_turn\""), REPLY, STOPPED, "<answer>42</answer>", "let me see", BACK("[" THOUGHT "," TEXT "]") },
	{ MESSAGE("[" THOUGHT "," SEALED "," THOUGHT "," TEXT "]", "\"end_turn\""), REPLY, STOPPED, "<answer>42</answer>", "let me see\n\nlet me see", BACK("[" THOUGHT "," SEALED "," THOUGHT "," TEXT "]") },
	{ MESSAGE("[{\"type\":\"thinking\",\"thinking\":\"\",\"signature\":\"s\"}," TEXT "]", "\"end_turn\""), REPLY, STOPPED, "<answer>42</answer>", "", BACK("[{\"type\":\"thinking\",\"thinking\":\"\",\"signature\":\"s\"}," TEXT "]") },
	{ MESSAGE("[" SEALED "," TEXT "]", "\"end_turn\""), REPLY, STOPPED, "<answer>42</answer>", "", BACK("[" SEALED "," TEXT "]") },
	{ MESSAGE("[{\"type\":\"text\",\"text\":\"a\",\"citations\":null},{\"type\":\"text\",\"text\":\"\"},{\"type\":\"text\",\"text\":\"b\"}]", "\"end_turn\""), REPLY, STOPPED, "ab", "", BACK("[{\"type\":\"text\",\"text\":\"a\"},{\"type\":\"text\",\"text\":\"b\"}]") },
	/* what may not go back: thoughts without an end, calls that nobody answers */
	{ MESSAGE("[" THOUGHT "]", "\"max_tokens\""), REPLY, LENGTH, "", "let me see", "" },
	{ MESSAGE("[" THOUGHT ",{\"type\":\"text\",\"text\":\" \"}]", "\"end_turn\""), REPLY, STOPPED, " ", "let me see", "" },
	{ MESSAGE("[" TEXT "," CALL "]", "\"tool_use\""), REPLY, OTHER, "<answer>42</answer>", "", "" },
	{ MESSAGE("[" THOUGHT "," TEXT "," CALL "]", "\"tool_use\""), REPLY, OTHER, "<answer>42</answer>", "let me see", BACK("[" THOUGHT "," TEXT "]") },
	/* streams */
	{ START BLOCK("0", "{\"type\":\"text\",\"text\":\"\"}") E("ping", "") DELTA("0", "{\"type\":\"text_delta\",\"text\":\"<answer>4\"}") DELTA("0", "{\"type\":\"text_delta\",\"text\":\"2</answer>\"}") CLOSE("0") LAST("end_turn"), REPLY, STOPPED, "<answer>42</answer>", "", "" },
	{ START BLOCK("0", "{\"type\":\"thinking\",\"thinking\":\"\",\"signature\":\"\"}") DELTA("0", "{\"type\":\"thinking_delta\",\"thinking\":\"let \"}") DELTA("0", "{\"type\":\"thinking_delta\",\"thinking\":\"me see\"}")
		DELTA("0", "{\"type\":\"signature_delta\",\"signature\":\"c2ln\"}") CLOSE("0") BLOCK("1", SEALED) CLOSE("1") BLOCK("2", "{\"type\":\"text\",\"text\":\"\"}")
		DELTA("2", "{\"type\":\"text_delta\",\"text\":\"<answer>42</answer>\"}") CLOSE("2") LAST("end_turn"), REPLY, STOPPED, "<answer>42</answer>", "let me see", BACK("[" THOUGHT "," SEALED "," TEXT "]") },
	{ START BLOCK("0", "{\"type\":\"text\",\"text\":\"4\"}") LAST("max_tokens"), REPLY, LENGTH, "4", "", "" },
	{ START LAST("end_turn"), REPLY, STOPPED, "", "", "" },
	{ START BLOCK("0", "{\"type\":\"text\",\"text\":\"4\"}"), RETRY, 0, "", "", "" },
	{ START E("error", ",\"error\":{\"type\":\"overloaded_error\",\"message\":\"x\"}"), RETRY, 0, "", "", "" },
	{ START E("error", ",\"error\":{\"type\":\"rate_limit_error\",\"message\":\"x\"}"), LIMITED, 0, "", "", "" },
	{ "{}", RETRY, 0, "", "", "" },
	{ "{\"type\":\"message\",\"content\":null}", RETRY, 0, "", "", "" },
	{ START BLOCK("-1", "{}") LAST("end_turn"), RETRY, 0, "", "", "" },
	{ START BLOCK("99999999", "{}") LAST("end_turn"), RETRY, 0, "", "", "" },
};

static void test_replies(struct lh_model *m)
{
	for (size_t i = 0; i < sizeof replies / sizeof *replies; i++) {
		struct lh_reply r;
		int before = check_failures;
		lh_reply_init(&r);
		CHECK_INT(decode(m, 200, true, replies[i].body, &r), replies[i].verdict);
		CHECK_INT(r.finish, replies[i].finish);
		CHECK_TEXT(text_of(&r.text), replies[i].text);
		CHECK_TEXT(text_of(&r.thoughts), replies[i].thoughts);
		check_blob(&r, replies[i].blob);
		if (replies[i].verdict == REPLY) {
			CHECK(r.counted);
			CHECK_INT(r.tokens_in, 330);
			CHECK_INT(r.tokens_cached, 300);
			CHECK_INT(r.tokens_out, 7);
			CHECK_TEXT(r.served_by, "claude-x");
			CHECK_TEXT(r.request_id, "msg_1");
		}
		if (check_failures > before)
			printf("  %s\n  %s\n", replies[i].body, text_of(&r.error_text));
		lh_reply_fini(&r);
	}
}

static void test_full_context(struct lh_model *m)
{
	struct lh_reply r;
	lh_reply_init(&r);
	CHECK_INT(decode(m, 200, false, MESSAGE("[" TEXT "]", "\"model_context_window_exceeded\""), &r), REPLY);
	CHECK_INT(r.error, LH_E_OVERFLOW);
	CHECK_HAS(text_of(&r.error_text), "model_context_window_exceeded");
	CHECK_INT(r.tokens_in, 330);
	lh_reply_fini(&r);
}

static void test_request(void)
{
	struct lh_model *m = model("anthropic:claude-x,temperature=0.5,stop=END,thoughts=on,thought_tokens=2000,effort=high,identify=true,extra=\"{\\\"top_k\\\":5}\"");
	struct lh_endpoint_spec e;
	struct lh_key_source key;
	struct talk k;
	talk_new(&k);
	talk_on(&k, "<answer>1</answer>", "", LH_STR(""));
	struct lh_json *j = encoded_all(m, &k, NULL);
	CHECK_TEXT(string_at(j, "model"), "claude-x");
	CHECK_NEAR(lh_json_number(at(j, "max_tokens")), 4096, 0);
	CHECK_TEXT(string_at(j, "stop_sequences.0"), "END");
	CHECK_TEXT(string_at(j, "thinking.type"), "enabled");
	CHECK_NEAR(lh_json_number(at(j, "thinking.budget_tokens")), 2000, 0);
	CHECK_TEXT(string_at(j, "output_config.effort"), "high");
	CHECK_TEXT(string_at(j, "cache_control.type"), "ephemeral");
	CHECK_TEXT(string_at(j, "metadata.user_id"), "longhaul:3:4:2:1");
	CHECK_NEAR(lh_json_number(at(j, "top_k")), 5, 0);
	CHECK_INT(lh_json_type(at(j, "system")), LH_JSON_STRING);
	CHECK_INT(lh_json_size(at(j, "messages")), 3);
	CHECK_TEXT(string_at(j, "messages.0.role"), "user");
	CHECK_TEXT(string_at(j, "messages.1.role"), "assistant");
	CHECK_TEXT(string_at(j, "messages.1.content"), "<answer>1</answer>");
	lh_json_free(j);
	lh_model_endpoint(m, &e);
	CHECK_TEXT(e.url, "https://api.anthropic.com/v1/messages");
	CHECK_TEXT(e.key_header, "x-api-key");
	CHECK_TEXT(e.key_prefix, "");
	CHECK_INT(e.headers, 1);
	CHECK_TEXT(e.header[0], "anthropic-version: 2023-06-01");
	lh_model_key(m, &key);
	CHECK_TEXT(key.env, "ANTHROPIC_API_KEY");
	talk_free(&k);
	lh_model_free(m);
	m = model("anthropic:x,base_url=https://example.com/anthropic/v1,thoughts=off,cache=false");
	lh_model_endpoint(m, &e);
	CHECK_TEXT(e.url, "https://example.com/anthropic/v1/messages");
	CHECK(!e.key_header);
	lh_model_free(m);
}

/* Instructions in front are no message; a later message of the system is the user's; messages without text, which
 * the format refuses, are left out. */
static void test_roles(void)
{
	struct lh_model *m = model("anthropic:x");
	struct lh_view v;
	struct talk k;
	uint32_t note;
	talk_new(&k);
	talk_on(&k, "", "", LH_STR(""));
	talk_on(&k, "<answer>1</answer>", "", LH_STR(""));
	struct lh_json *j = encoded_all(m, &k, NULL);
	CHECK_INT(lh_json_size(at(j, "messages")), 3);       /* the first two prompts are one message */
	CHECK_TEXT(string_at(j, "messages.1.content"), "<answer>1</answer>");
	lh_json_free(j);
	lh_view_init(&v);
	must(lh_transcript_own(k.t, LH_SYSTEM, LH_STR("mind this"), &note, &err));
	must(lh_view_all(&v, k.t, &err));
	must(lh_view_insert_before_prompt(&v, k.t, note, &err));
	j = encoded(m, &k, &v, NULL);
	CHECK_TEXT(string_at(j, "messages.2.role"), "user");
	CHECK_HAS(string_at(j, "messages.2.content"), "mind this\n\n");
	lh_json_free(j);
	must(lh_view_all(&v, k.t, &err));
	must(lh_view_drop_instructions(&v, &err));
	j = encoded(m, &k, &v, NULL);
	CHECK(!at(j, "system"));
	CHECK_INT(lh_json_size(at(j, "messages")), 3);
	lh_json_free(j);
	lh_view_fini(&v);
	talk_free(&k);
	lh_model_free(m);
}

/* ---- signed thoughts hold for the history they were thought in ---- */

static void thoughtful(struct lh_model *m, struct talk *k, int turns)
{
	struct lh_reply r;
	lh_reply_init(&r);
	talk_new(k);
	for (int i = 0; i < turns; i++) {
		CHECK_INT(decode(m, 200, false, MESSAGE("[" THOUGHT "," TEXT "]", "\"end_turn\""), &r), REPLY);
		talk_decoded(k, &r);
	}
	lh_reply_fini(&r);
}

static void check_kept(struct lh_model *m, struct talk *k, const struct lh_view *v, int kept, int dropped)
{
	struct lh_wire_request w;
	struct lh_json *j = encoded(m, k, v, &w);
	int found = 0;
	for (const struct lh_json *x = lh_json_first(at(j, "messages")); x; x = lh_json_next(x))
		found += lh_str_is(lh_json_str(at(x, "content.0.signature")), "c2ln");
	CHECK_INT(found, kept);
	CHECK_INT(w.thoughts_kept, kept);
	CHECK_INT(w.thoughts_dropped, dropped);
	lh_json_free(j);
}

static void test_binding(struct lh_model *m)
{
	struct talk k;
	struct lh_view v;
	uint32_t id;
	lh_view_init(&v);
	thoughtful(m, &k, 4);
	must(lh_view_all(&v, k.t, &err));
	check_kept(m, &k, &v, 4, 0);
	check_kept(m, &k, &v, 4, 0);
	/* a note in front of the prompt leaves what is before every reply alone, but not for the replies to come */
	must(lh_transcript_own(k.t, LH_USER, LH_STR("a note"), &id, &err));
	must(lh_view_insert_before_prompt(&v, k.t, id, &err));
	check_kept(m, &k, &v, 4, 0);
	must(lh_view_all(&v, k.t, &err));
	check_kept(m, &k, &v, 0, 4);
	talk_free(&k);
	thoughtful(m, &k, 4);                    /* a window */
	must(lh_view_all(&v, k.t, &err));
	must(lh_view_keep(&v, k.t, 0, 2, &err));
	check_kept(m, &k, &v, 0, 2);
	must(lh_view_all(&v, k.t, &err));
	check_kept(m, &k, &v, 0, 4);
	talk_free(&k);
	thoughtful(m, &k, 4);                    /* a variant */
	must(lh_view_all(&v, k.t, &err));
	must(lh_view_vary(&v, k.t, LH_NO_TAG_THOUGHTS, 1, &err));
	check_kept(m, &k, &v, 0, 4);
	talk_free(&k);
	thoughtful(m, &k, 4);                    /* an edit */
	must(lh_transcript_replace(k.t, 4, LH_STR("<answer>7</answer>"), LH_STR(""), &id, &err));
	must(lh_view_all(&v, k.t, &err));
	check_kept(m, &k, &v, 0, 3);
	talk_free(&k);
	thoughtful(m, &k, 4);                    /* without instructions */
	must(lh_view_all(&v, k.t, &err));
	must(lh_view_drop_instructions(&v, &err));
	check_kept(m, &k, &v, 0, 4);
	talk_free(&k);
	lh_view_fini(&v);
}

static void test_refused(void)
{
	refuses("anthropic:m,max_tokens=0", "needs a limit");
	refuses("anthropic:m,thought_tokens=100", "at least 1024");
	refuses("anthropic:m,thought_tokens=4096", "less than max_tokens");
	refuses("anthropic:m,temperature=1.5", "0..1");
	refuses("anthropic:m,effort=minimal", "low is the least");
	refuses("anthropic:m,seed=true", "no parameter 'seed'");
	refuses("anthropic:m,extra=\"{\\\"system\\\":1}\"", "\"system\"");
	refuses("anthropic:m,extra=\"{\\\"cache_control\\\":{}}\"", "another parameter");
}

int main(void)
{
	struct lh_model *m = model("anthropic:m");
	open_set();
	test_replies(m);
	test_full_context(m);
	test_request();
	test_roles();
	test_binding(m);
	test_refused();
	lh_model_free(m);
	lh_taskset_free(set);
	lh_registry_free(registry);
	return check_done();
}
