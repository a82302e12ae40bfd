/* The Responses format, without state at the server. */
#include "test_codec_kit.h"

enum { REPLY = LH_VERDICT_REPLY, RETRY = LH_VERDICT_RETRY, LIMITED = LH_VERDICT_LIMITED };
enum { STOPPED = LH_FINISH_STOP, LENGTH = LH_FINISH_LENGTH, REFUSAL = LH_FINISH_REFUSAL, FILTER = LH_FINISH_FILTER, OTHER = LH_FINISH_OTHER };

#define RESPONSE(output, status, more) "{\"id\":\"resp_1\",\"object\":\"response\",\"model\":\"gpt-x\",\"error\":null,\"status\":\"" status "\",\"output\":" output more \
	",\"usage\":{\"input_tokens\":100,\"input_tokens_details\":{\"cached_tokens\":64},\"output_tokens\":9,\"output_tokens_details\":{\"reasoning_tokens\":4}}}"
#define THOUGHT "{\"type\":\"reasoning\",\"id\":\"rs_1\",\"summary\":[{\"type\":\"summary_text\",\"text\":\"let me see\"}],\"encrypted_content\":\"QUFB\"}"
#define SEALED "{\"type\":\"reasoning\",\"id\":\"rs_2\",\"summary\":[],\"encrypted_content\":\"QkJC\"}"
#define SPOKEN "{\"type\":\"reasoning\",\"id\":\"rs_3\",\"summary\":[{\"type\":\"summary_text\",\"text\":\"short\"}],\"content\":[{\"type\":\"reasoning_text\",\"text\":\"in full\"}]}"
#define SAYS "{\"type\":\"message\",\"id\":\"msg_1\",\"status\":\"completed\",\"role\":\"assistant\",\"content\":[{\"type\":\"output_text\",\"text\":\"<answer>42</answer>\",\"annotations\":[],\"logprobs\":[]}]}"
#define PHASE "{\"type\":\"message\",\"id\":\"msg_2\",\"status\":\"completed\",\"role\":\"assistant\",\"phase\":\"final_answer\",\"content\":[{\"type\":\"output_text\",\"text\":\"<answer>43</answer>\",\"annotations\":[]}]}"
#define NO "{\"type\":\"message\",\"id\":\"msg_3\",\"role\":\"assistant\",\"content\":[{\"type\":\"refusal\",\"refusal\":\"I will not\"}]}"
#define CALL "{\"type\":\"function_call\",\"call_id\":\"c\",\"name\":\"f\",\"arguments\":\"{}\"}"
#define E(name, data) "event: " name "\ndata: {\"type\":\"" name "\"" data "}\n\n"
#define FULL "<answer>42</answer>"

static const struct { const char *body; int verdict, finish; const char *text, *thoughts, *blob; } replies[] = {
	{ RESPONSE("[" SAYS "]", "completed", ""), REPLY, STOPPED, FULL, "", "" },
	{ RESPONSE("[" THOUGHT "," SAYS "]", "completed", ""), REPLY, STOPPED, FULL, "let me see", "[" THOUGHT "," SAYS "]" },
	{ RESPONSE("[" SEALED "," SAYS "]", "completed", ""), REPLY, STOPPED, FULL, "", "[" SEALED "," SAYS "]" },
	{ RESPONSE("[" SPOKEN "," SAYS "]", "completed", ""), REPLY, STOPPED, FULL, "in full", "[" SPOKEN "," SAYS "]" },
	{ RESPONSE("[" THOUGHT "," SEALED "," SPOKEN "," SAYS "]", "completed", ""), REPLY, STOPPED, FULL, "let me see\n\nin full", "[" THOUGHT "," SEALED "," SPOKEN "," SAYS "]" },
	{ RESPONSE("[" PHASE "]", "completed", ""), REPLY, STOPPED, "<answer>43</answer>", "", "[" PHASE "]" },
	{ RESPONSE("[" SAYS "," PHASE "]", "completed", ""), REPLY, STOPPED, FULL "\n\n<answer>43</answer>", "", "[" SAYS "," PHASE "]" },
	{ RESPONSE("[{\"type\":\"reasoning\",\"id\":\"r\",\"summary\":[],\"encrypted_content\":null,\"status\":null}," SAYS "]", "completed", ""), REPLY, STOPPED, FULL, "", "[{\"type\":\"reasoning\",\"id\":\"r\",\"summary\":[]}," SAYS "]" },
	{ RESPONSE("[" NO "]", "completed", ""), REPLY, REFUSAL, "I will not", "", "[" NO "]" },
	{ RESPONSE("[]", "completed", ""), REPLY, STOPPED, "", "", "" },
	{ RESPONSE("[" SAYS "]", "incomplete", ",\"incomplete_details\":{\"reason\":\"max_output_tokens\"}"), REPLY, LENGTH, FULL, "", "" },
	{ RESPONSE("[" THOUGHT "]", "incomplete", ",\"incomplete_details\":{\"reason\":\"max_output_tokens\"}"), REPLY, LENGTH, "", "let me see", "" },
	{ RESPONSE("[" SAYS "]", "incomplete", ",\"incomplete_details\":{\"reason\":\"content_filter\"}"), REPLY, FILTER, FULL, "", "" },
	{ RESPONSE("[" THOUGHT "," CALL "]", "completed", ""), REPLY, STOPPED, "", "let me see", "" },
	{ RESPONSE("[" SAYS "]", "cancelled", ""), RETRY, 0, "", "", "" },
	{ RESPONSE("[]", "in_progress", ""), RETRY, 0, "", "", "" },
	{ "{\"status\":\"failed\",\"error\":{\"code\":\"server_error\",\"message\":\"x\"},\"output\":[]}", RETRY, 0, "", "", "" },
	{ "{\"status\":\"failed\",\"error\":{\"code\":\"rate_limit_exceeded\",\"message\":\"x\"},\"output\":[]}", LIMITED, 0, "", "", "" },
	{ "{}", RETRY, 0, "", "", "" },
	{ "{\"output\":{}}", RETRY, 0, "", "", "" },
	/* streams */
	{ E("response.created", ",\"response\":{\"status\":\"in_progress\",\"output\":[]}") E("response.output_text.delta", ",\"delta\":\"4\"") E("response.completed", ",\"response\":" RESPONSE("[" THOUGHT "," SAYS "]", "completed", "")), REPLY, STOPPED, FULL, "let me see", "[" THOUGHT "," SAYS "]" },
	{ E("response.output_item.done", ",\"output_index\":0,\"item\":" THOUGHT) E("response.output_item.done", ",\"output_index\":1,\"item\":" SAYS) E("response.completed", ",\"response\":" RESPONSE("[]", "completed", "")), REPLY, STOPPED, FULL, "let me see", "[" THOUGHT "," SAYS "]" },
	{ E("response.incomplete", ",\"response\":" RESPONSE("[" SAYS "]", "incomplete", ",\"incomplete_details\":{\"reason\":\"max_output_tokens\"}")), REPLY, LENGTH, FULL, "", "" },
	{ E("response.failed", ",\"response\":{\"status\":\"failed\",\"error\":{\"code\":\"server_error\",\"message\":\"x\"}}"), RETRY, 0, "", "", "" },
	{ E("error", ",\"code\":\"rate_limit_exceeded\",\"message\":\"x\""), LIMITED, 0, "", "", "" },
	{ E("response.output_item.done", ",\"output_index\":0,\"item\":" SAYS), RETRY, 0, "", "", "" },
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
			CHECK_INT(r.tokens_in, 100);
			CHECK_INT(r.tokens_cached, 64);
			CHECK_INT(r.tokens_out, 9);
			CHECK_INT(r.tokens_reasoning, 4);
			CHECK_TEXT(r.served_by, "gpt-x");
		}
		if (check_failures > before)
			printf("  %s\n  %s\n", replies[i].body, text_of(&r.error_text));
		lh_reply_fini(&r);
	}
}

static void test_overflow(struct lh_model *m)
{
	struct lh_reply r;
	lh_reply_init(&r);
	CHECK_INT(decode(m, 200, true, E("response.failed", ",\"response\":{\"status\":\"failed\",\"error\":{\"code\":\"context_length_exceeded\",\"message\":\"Your input exceeds the context window\"}}"), &r), REPLY);
	CHECK_INT(r.error, LH_E_OVERFLOW);
	lh_reply_fini(&r);
}

static void test_request(void)
{
	struct lh_model *m = model("openai_responses:gpt-x,max_tokens=50,effort=low,thoughts=on,identify=true");
	struct lh_wire_request w;
	struct lh_reply r;
	struct talk k;
	struct lh_view v;
	talk_new(&k);
	lh_reply_init(&r);
	CHECK_INT(decode(m, 200, false, RESPONSE("[" THOUGHT "," SAYS "]", "completed", ""), &r), REPLY);
	talk_decoded(&k, &r);
	talk_on(&k, "<answer>1</answer>", "", LH_STR(""));
	struct lh_json *j = encoded_all(m, &k, &w);
	CHECK_TEXT(string_at(j, "model"), "gpt-x");
	CHECK_INT(lh_json_type(at(j, "instructions")), LH_JSON_STRING);
	CHECK(at(j, "store") && !lh_json_bool(at(j, "store")));
	CHECK_TEXT(string_at(j, "truncation"), "disabled");
	CHECK_TEXT(string_at(j, "include.0"), "reasoning.encrypted_content");
	CHECK_TEXT(string_at(j, "reasoning.effort"), "low");
	CHECK_TEXT(string_at(j, "reasoning.summary"), "auto");
	CHECK_NEAR(lh_json_number(at(j, "max_output_tokens")), 50, 0);
	CHECK_TEXT(string_at(j, "metadata.sample"), "4");
	CHECK_INT(lh_json_size(at(j, "input")), 6);
	CHECK_TEXT(string_at(j, "input.0.role"), "user");
	CHECK_TEXT(string_at(j, "input.1.encrypted_content"), "QUFB");
	CHECK_TEXT(string_at(j, "input.1.summary.0.text"), "let me see");
	CHECK_TEXT(string_at(j, "input.2.content.0.text"), FULL);
	CHECK_TEXT(string_at(j, "input.4.content"), "<answer>1</answer>");
	CHECK_INT(w.thoughts_kept, 1);
	CHECK_INT(w.thoughts_dropped, 0);
	lh_json_free(j);
	lh_view_init(&v);
	must(lh_view_all(&v, k.t, &err));
	must(lh_view_vary(&v, k.t, LH_NO_NATIVE_THOUGHTS, 0, &err));
	j = encoded(m, &k, &v, &w);
	CHECK_INT(lh_json_size(at(j, "input")), 5);
	CHECK_INT(w.thoughts_dropped, 1);
	lh_json_free(j);
	lh_view_fini(&v);
	lh_reply_fini(&r);
	talk_free(&k);
	lh_model_free(m);
}

static void test_no_thoughts_carried(void)
{
	struct lh_model *m = model("openai_responses:gpt-x,carry_thoughts=false");
	struct lh_reply r;
	struct talk k;
	lh_reply_init(&r);
	decode(m, 200, false, RESPONSE("[" THOUGHT "," SAYS "]", "completed", ""), &r);
	check_blob(&r, "");
	decode(m, 200, false, RESPONSE("[" THOUGHT "," PHASE "]", "completed", ""), &r);
	check_blob(&r, "[" PHASE "]");
	talk_new(&k);
	struct lh_json *j = encoded_all(m, &k, NULL);
	CHECK(!at(j, "include") && !at(j, "reasoning"));
	lh_json_free(j);
	struct lh_endpoint_spec e;
	lh_model_endpoint(m, &e);
	CHECK_TEXT(e.url, "https://api.openai.com/v1/responses");
	talk_free(&k);
	lh_reply_fini(&r);
	lh_model_free(m);
}

static void test_refused(void)
{
	struct lh_model *m = model("openai_responses:m");
	struct lh_call_options o = { .stop = "x" };
	struct lh_view_size size;
	struct lh_wire_request w;
	struct lh_error why = { 0 };
	struct lh_view v;
	struct talk k;
	refuses("openai_responses:m,thought_tokens=2000", "use effort");
	refuses("openai_responses:m,stop=x", "no parameter 'stop'");
	refuses("openai_responses:m,extra=\"{\\\"previous_response_id\\\":\\\"x\\\"}\"", "previous_response_id");
	talk_new(&k);
	lh_view_init(&v);
	must(lh_view_all(&v, k.t, &err));
	struct lh_model_request q = request(&k, &v, &size);
	q.options = &o;
	CHECK_INT(lh_model_encode(m, &q, &w, &why), LH_E_USAGE);
	CHECK_HAS(why.text, "no stop");
	lh_view_fini(&v);
	talk_free(&k);
	lh_model_free(m);
}

int main(void)
{
	struct lh_model *m = model("openai_responses:m");
	open_set();
	test_replies(m);
	test_overflow(m);
	test_request();
	test_no_thoughts_carried();
	test_refused();
	lh_model_free(m);
	lh_taskset_free(set);
	lh_registry_free(registry);
	return check_done();
}
