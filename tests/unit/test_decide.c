/* What an exchange without a reply means. */
#include "test_codec_kit.h"
#include "model/decide.h"

enum { REPLY = LH_VERDICT_REPLY, RETRY = LH_VERDICT_RETRY, LIMITED = LH_VERDICT_LIMITED, REFUSED = LH_VERDICT_REFUSED, STOP = LH_VERDICT_STOP, OVERFLOW = 100, FILTER };

static const struct { int status; const char *body; int verdict; const char *words; } cases[] = {
	/* by status */
	{ 400, "", REFUSED, "HTTP 400: nothing but the status" },
	{ 400, "{}", REFUSED, "an error without a message" },
	{ 400, "{\"error\":{\"message\":\"Unknown parameter: 'x'.\",\"type\":\"invalid_request_error\"}}", REFUSED, "HTTP 400: Unknown parameter: 'x'." },
	{ 401, "{\"error\":{\"message\":\"Incorrect API key provided\"}}", STOP, "OPENAI_API_KEY" },
	{ 402, "{\"error\":{\"message\":\"no\"}}", STOP, "cannot pay" },
	{ 403, "{\"error\":\"forbidden\"}", STOP, "HTTP 403: forbidden" },
	{ 404, "{\"error\":{\"message\":\"The model `m` does not exist\"}}", STOP, "\"m\"" },
	{ 404, "<html><b>nginx</b></html>", STOP, "https://api.openai.com/v1/chat/completions" },
	{ 405, "", STOP, "address" },
	{ 301, "", STOP, "redirects" },
	{ 408, "", RETRY, "408" }, { 409, "", RETRY, "409" }, { 425, "", RETRY, "425" },
	{ 413, "<html>Request Entity Too Large</html>", REFUSED, "Too Large" },
	{ 422, "{\"detail\":[{\"loc\":[\"body\"],\"msg\":\"field required\"}]}", REFUSED, "HTTP 422: field required" },
	{ 429, "{\"error\":{\"message\":\"Rate limit reached for gpt on tokens per min (TPM)\"}}", LIMITED, "Rate limit" },
	{ 429, "", LIMITED, "429" },
	{ 500, "oops", RETRY, "HTTP 500: oops" }, { 502, "", RETRY, "502" }, { 503, "", RETRY, "503" }, { 529, "{\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"Overloaded\"}}", RETRY, "Overloaded" },
	{ 501, "", REFUSED, "501" }, { 505, "", REFUSED, "505" },
	/* where servers put their sentence */
	{ 400, "{\"message\":\"a\"}", REFUSED, "HTTP 400: a" },
	{ 400, "{\"object\":\"error\",\"message\":\"b\",\"code\":40001}", REFUSED, "HTTP 400: b" },
	{ 400, "[{\"error\":{\"code\":400,\"message\":\"c\"}}]", REFUSED, "HTTP 400: c" },
	{ 400, "{\"error\":\"d\"}", REFUSED, "HTTP 400: d" },
	{ 400, "{\"detail\":\"e\"}", REFUSED, "HTTP 400: e" },
	{ 400, "{\"errors\":[\"f\"]}", REFUSED, "HTTP 400: f" },
	{ 400, "{\"error\":{\"message\":\"two\\nlines \\u001b[31mred\"}}", REFUSED, "two" },
	/* does not fit */
	{ 400, "{\"error\":{\"code\":\"context_length_exceeded\",\"message\":\"This model's maximum context length is 8192 tokens.\"}}", OVERFLOW, "8192" },
	{ 400, "{\"error\":{\"type\":\"invalid_request_error\",\"message\":\"prompt is too long: 200001 tokens > 200000 maximum\"}}", OVERFLOW, "prompt is too long" },
	{ 400, "{\"error\":{\"message\":\"the request exceeds the available context size, try increasing it\",\"type\":\"exceed_context_size_error\",\"n_prompt_tokens\":9000,\"n_ctx\":4096}}", OVERFLOW, "available" },
	{ 400, "{\"error\":{\"message\":\"Input is too long for requested model.\"}}", OVERFLOW, "" },
	{ 400, "{\"error\":{\"message\":\"The input token count (1100000) exceeds the maximum number of tokens allowed\"}}", OVERFLOW, "" },
	{ 413, "{\"error\":{\"message\":\"Please reduce the length of the messages or completion.\"}}", OVERFLOW, "" },
	{ 422, "{\"error\":\"Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4096\"}", OVERFLOW, "" },
	{ 400, "{\"error\":{\"message\":\"too many tokens in the prompt\"}}", OVERFLOW, "" },
	{ 500, "{\"error\":{\"message\":\"the request exceeds the available context size\"}}", OVERFLOW, "" },
	/* … and what only sounds so */
	{ 413, "{\"error\":{\"message\":\"Request too large on tokens per minute (TPM): Limit 6000. Please reduce the length of the messages\",\"code\":\"rate_limit_exceeded\"}}", REFUSED, "" },
	{ 429, "{\"error\":{\"message\":\"Too many tokens, please wait before trying again.\"}}", LIMITED, "" },
	{ 400, "{\"error\":{\"message\":\"Too many tokens, please wait before trying again.\"}}", REFUSED, "" },
	{ 404, "{\"error\":{\"message\":\"maximum context length\"}}", STOP, "" },
	/* no money */
	{ 429, "{\"error\":{\"message\":\"You exceeded your current quota, please check your plan\",\"code\":\"insufficient_quota\"}}", STOP, "quota" },
	{ 400, "{\"error\":{\"message\":\"Your credit balance is too low to access the API\"}}", STOP, "no money" },
	{ 429, "{\"error\":{\"type\":\"enforced_spend_limit_reached\",\"message\":\"spend limit\"}}", STOP, "" },
	{ 402, "{\"error\":{\"message\":\"Insufficient Balance\"}}", STOP, "" },
	{ 429, "[{\"error\":{\"message\":\"You exceeded your current quota, please check your plan and billing details.\",\"details\":[{\"retryDelay\":\"20s\"}]}}]", LIMITED, "" },
	/* keys and models under other statuses */
	{ 400, "{\"error\":{\"message\":\"API key not valid. Please pass a valid API key.\"}}", STOP, "OPENAI_API_KEY" },
	{ 400, "{\"error\":{\"message\":\"m is not a valid model ID\"}}", STOP, "\"m\"" },
	/* the provider's filter on the prompt is an outcome */
	{ 400, "{\"error\":{\"message\":\"The response was filtered due to the prompt triggering Azure OpenAI's content management policy\",\"code\":\"content_filter\"}}", FILTER, "" },
	{ 403, "{\"error\":{\"message\":\"Your chosen model requires moderation and your input was flagged\"}}", FILTER, "" },
	/* errors within a good status */
	{ 200, "{\"error\":{\"code\":429,\"message\":\"upstream\"}}", LIMITED, "upstream" },
	{ 200, "{\"error\":{\"code\":\"502\",\"message\":\"upstream\"}}", RETRY, "" },
	{ 200, "{\"error\":{\"type\":\"overloaded_error\",\"message\":\"Overloaded\"}}", RETRY, "" },
	{ 200, "{\"error\":{\"type\":\"server_error\",\"message\":\"x\"}}", RETRY, "" },
	{ 200, "{\"error\":{\"type\":\"authentication_error\",\"message\":\"x\"}}", STOP, "" },
	{ 200, "{\"error\":{\"type\":\"invalid_request_error\",\"message\":\"prompt is too long\"}}", OVERFLOW, "" },
	{ 200, "{\"error\":{\"message\":\"This model's maximum context length is 10\"}}", OVERFLOW, "" },
	{ 200, "data: {\"error\":{\"code\":400,\"message\":\"bad\"}}\n\n", REFUSED, "bad" },
	{ 200, "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"rate_limit_error\",\"message\":\"slow\"}}\n\n", LIMITED, "slow" },
	{ 200, "{\"object\":\"error\",\"message\":\"m\",\"type\":\"BadRequestError\",\"code\":400}", REFUSED, "m" },
	/* no reply at all */
	{ 200, "", RETRY, "empty" }, { 200, " \n", RETRY, "empty" }, { 200, "<html>", RETRY, "reply" }, { 200, "{\"choices\":[", RETRY, "reply" },
	{ 200, "{}", RETRY, "choices" }, { 200, "[]", RETRY, "choices" }, { 200, "null", RETRY, "choices" }, { 200, "{\"choices\":[]}", RETRY, "choices" },
	{ 200, "{\"choices\":[{}]}", RETRY, "choices" }, { 200, "{\"choices\":{}}", RETRY, "choices" }, { 200, "{\"error\":{}}", RETRY, "choices" },
};

static void check_case(struct lh_model *m, size_t i)
{
	struct lh_reply r;
	lh_reply_init(&r);
	int got = (int)decode(m, cases[i].status, false, cases[i].body, &r);
	if (got == REPLY)
		got = r.error == LH_E_OVERFLOW ? OVERFLOW : r.finish == LH_FINISH_FILTER ? FILTER : REPLY;
	CHECK_INT(got, cases[i].verdict);
	CHECK_HAS(text_of(&r.error_text), cases[i].words);
	if (got != cases[i].verdict)
		printf("  HTTP %d %s\n  %s\n", cases[i].status, cases[i].body, text_of(&r.error_text));
	CHECK(!strpbrk(text_of(&r.error_text), "\n\x1b"));
	CHECK_INT(r.tokens_in, got == OVERFLOW || got == FILTER ? 77 : 0);
	CHECK_INT(r.latency_us, 5);
	lh_reply_fini(&r);
}

static void test_should_retry(struct lh_model *m)
{
	static const struct { int status, should, verdict; } said[] = { { 400, 1, RETRY }, { 429, 1, LIMITED }, { 429, 0, REFUSED }, { 500, 0, REFUSED }, { 500, 1, RETRY }, { 401, 0, STOP } };
	for (size_t i = 0; i < sizeof said / sizeof *said; i++) {
		struct lh_exchange x = { .status = said[i].status, .body = LH_STR("{}"), .should_retry = said[i].should, .retry_after_us = -1 };
		struct lh_reply r;
		lh_reply_init(&r);
		CHECK_INT(lh_model_decode(m, &x, &(struct lh_asked){ 1, false }, &r), said[i].verdict);
		lh_reply_fini(&r);
	}
}

static void test_faults(struct lh_model *m)
{
	for (int f = LH_FAULT_NONE + 1; f < LH_FAULT_COUNT; f++) {
		struct lh_exchange x = { .fault = (enum lh_fault)f, .fault_text = "host x: why", .should_retry = -1, .body = LH_STR("{\"choices\":[{\"message\":{\"content\":\"half\"}}]}") };
		struct lh_reply r;
		lh_reply_init(&r);
		bool late = f == LH_FAULT_TIMEOUT;       /* the experiment's own limit: an answer, cut off */
		CHECK_INT(lh_model_decode(m, &x, &(struct lh_asked){ 1, false }, &r), late ? REPLY : f == LH_FAULT_TLS ? STOP : lh_fault_again((enum lh_fault)f) ? RETRY : REFUSED);
		if (late)
			CHECK_INT(r.finish, LH_FINISH_LENGTH);
		else
			CHECK_HAS(text_of(&r.error_text), "host x: why");
		CHECK_INT(r.text.n, 0);
		lh_reply_fini(&r);
	}
}

/* A server's long words are cut at a character; a huge body is looked into to a limit. */
static void test_long_words(struct lh_model *m)
{
	struct lh_buf b;
	struct lh_reply r;
	lh_buf_init(&b, 1 << 22);
	lh_reply_init(&r);
	lh_buf_puts(&b, "{\"error\":{\"message\":\"");
	for (int i = 0; i < 100000; i++)
		lh_buf_puts(&b, "\xC3\xA4");
	lh_buf_puts(&b, "\"}}");
	CHECK_INT(decode(m, 400, false, text_of(&b), &r), REFUSED);
	CHECK(r.error_text.n < 330);
	CHECK_HAS(text_of(&r.error_text), "\xC3\xA4...");
	lh_buf_fini(&b);
	lh_reply_fini(&r);
}

int main(void)
{
	struct lh_model *m = model("openai:m");
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		check_case(m, i);
	test_should_retry(m);
	test_faults(m);
	test_long_words(m);
	lh_model_free(m);
	return check_done();
}
