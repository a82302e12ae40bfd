/* The kind "process": its parameters, what is sent to an agent, and what its answers mean. */
#include "check.h"
#include "json/reader.h"
#include "model/model.h"

static void must(int rc, const struct lh_error *err)
{
	if (rc) {
		printf("unexpected: %s\n", err->text);
		exit(1);
	}
}

/* options: "key=value;key=value" */
static int open_with(const char *command, const char *options, struct lh_model **m, struct lh_error *err)
{
	struct lh_str keys[16], values[16];
	int n = 0;
	for (const char *at = options; *at; n++) {
		size_t all = strcspn(at, ";"), key = strcspn(at, "=");
		keys[n] = (struct lh_str){ at, key };
		values[n] = (struct lh_str){ at + key + 1, all - key - 1 };
		at += at[all] ? all + 1 : all;
	}
	*err = (struct lh_error){ 0 };
	return lh_model_open(LH_STR("process"), lh_str_of(command), keys, values, n, "/base", m, err);
}

static struct lh_model *model(const char *options)
{
	struct lh_error err;
	struct lh_model *m;
	must(open_with("python3 agent.py", options, &m, &err), &err);
	return m;
}

/* ---- the command line ---- */

static void words(const char *command, const char *want)
{
	struct lh_error err;
	struct lh_model *m;
	struct lh_pool_spec spec;
	const char *const *pass;
	char got[400] = "";
	must(open_with(command, "", &m, &err), &err);
	lh_model_pool(m, &spec, &pass);
	for (int i = 0; spec.argv[i]; i++)
		snprintf(got + strlen(got), sizeof got - strlen(got), "[%s]", spec.argv[i]);
	CHECK_TEXT(got, want);
	lh_model_free(m);
}

static void test_words(void)
{
	words("agent", "[agent]");
	words("  python3\t agent.py  -v ", "[python3][agent.py][-v]");
	words("'a b' \"c d\" e\\ f", "[a b][c d][e f]");
	words("a'b'\"c\"d", "[abcd]");
	words("x '' \"\"", "[x][][]");
	words("echo $HOME *.c ; rm | & > `x` ~", "[echo][$HOME][*.c][;][rm][|][&][>][`x`][~]");
	words("\"it's\" 'say \"x\"'", "[it's][say \"x\"]");
	words("'\\n' \"\\n \\\" \\\\ \\$ \\`\" \\n \\\\ \\' \\\"", "[\\n][\\n \" \\ $ `][n][\\]['][\"]");
}

static void refused(const char *command, const char *options, const char *part)
{
	struct lh_error err;
	struct lh_model *m;
	CHECK_INT(open_with(command, options, &m, &err), LH_E_USAGE);
	CHECK(!m);
	CHECK_HAS(err.text, part);
	CHECK(!strstr(err.text, "sk-test"));
}

static void test_refused(void)
{
	static const struct { const char *command, *options, *part; } cases[] = {
		{ "", "", "needs a command" }, { "  \t ", "", "needs a command" }, { "''", "", "needs a command" },
		{ "a 'b", "", "single quote" }, { "a \"b\\\"", "", "double quote" }, { "a\\", "", "backslash" }, { "a\nb", "", "control characters" },
		{ "a", "processes=0", "outside 1..1024" }, { "a", "processes=2.5", "an integer" }, { "a", "at_once=x", "an integer" }, { "a", "sessions=yes", "true, false" },
		{ "a", "timeout=0", "outside" }, { "a", "window=-1", "outside" }, { "a", "price_in=cheap", "a number" }, { "a", "process=3", "did you mean 'processes'" },
		{ "a", "pass_env=HOME sk-test-key", "word 2 of it" }, { "a", "pass_env='X", "quote" },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		refused(cases[i].command, cases[i].options, cases[i].part);
}

static void test_parameters(void)
{
	struct lh_model *m = model("processes=7;at_once=2;sessions=true;timeout=1.5;idle=0.25;window=8000;folder=sub;pass_env=A_KEY  B;price_in=2.5;price_out=10;max_tokens=99");
	struct lh_pool_spec spec;
	struct lh_carry carry;
	struct lh_prices prices;
	const char *const *pass;
	lh_model_pool(m, &spec, &pass);
	lh_model_carry(m, &carry);
	lh_model_prices(m, &prices);
	CHECK(lh_model_carrier(m) == LH_CARRIER_POOL && lh_model_keeps_context(m) && !lh_model_simulated(m));
	CHECK_TEXT(lh_model_name(m), "process:python3 agent.py");
	CHECK(spec.processes == 7 && spec.at_once == 2 && spec.sessions && spec.log_fd == -1 && spec.reply_most > 0);
	CHECK_TEXT(spec.folder, "/base/sub");
	CHECK(pass && !strcmp(pass[0], "A_KEY") && !strcmp(pass[1], "B") && !pass[2]);
	CHECK(carry.timeout_ms == 1500 && carry.idle_ms == 250);
	CHECK_INT(lh_model_window(m), 8000);
	CHECK(prices.in == 2500000 && prices.cached == -1 && prices.out == 10000000);
	/* Not how often, how long, how dear: the run is the same. */
	CHECK_TEXT(lh_model_options_json(m).p, "{\"command\":\"python3 agent.py\",\"sessions\":true,\"window\":8000,\"max_tokens\":99,\"folder\":\"sub\"}");
	lh_model_free(m);
	m = model("");
	lh_model_pool(m, &spec, &pass);
	lh_model_carry(m, &carry);
	CHECK(!lh_model_keeps_context(m) && spec.processes == 4 && spec.at_once == 1 && !spec.folder && !pass);
	CHECK(carry.timeout_ms == 600000 && carry.idle_ms == 0);
	CHECK_TEXT(lh_model_options_json(m).p, "{\"command\":\"python3 agent.py\",\"sessions\":false}");
	lh_model_free(m);
}

/* ---- requests ---- */

struct stage {
	struct lh_registry *registry;
	struct lh_taskset *set;
	struct lh_sample *sample;
	struct lh_transcript *t;
	struct lh_view view;
	struct lh_view_size size;
	struct lh_call_options options;
};

static void set_up(struct stage *s)
{
	struct lh_error err = { 0 };
	const struct lh_family *f;
	struct lh_str key = LH_STR("keys"), value = LH_STR("5");
	memset(s, 0, sizeof *s);
	must(lh_registry_new(&s->registry, &err), &err);
	must(lh_registry_open(s->registry, LH_BINARY_DIR "/plugins/kv_sum.so", &f, &err), &err);
	must(lh_taskset_open(f, &key, &value, 1, NULL, &s->set, &err), &err);
	must(lh_sample_open(s->set, 1, 5, &s->sample, &err), &err);
	must(lh_transcript_new(s->sample, 1, &s->t, &err), &err);
	must(lh_transcript_begin_turn(s->t, &err), &err);
	lh_view_init(&s->view);
}

static void tear_down(struct stage *s)
{
	lh_view_fini(&s->view);
	lh_transcript_free(s->t);
	lh_sample_close(s->sample);
	lh_taskset_free(s->set);
	lh_registry_free(s->registry);
}

static void reply(struct stage *s, const char *text, const char *thoughts)
{
	struct lh_error err = { 0 };
	uint32_t id;
	must(lh_transcript_add_reply(s->t, lh_str_of(text), lh_str_of(thoughts), &id, &err), &err);
	must(lh_transcript_accept(s->t, id, &err), &err);
	must(lh_transcript_begin_turn(s->t, &err), &err);
}

/* The request of now, as an object; *open too where wanted. */
static struct lh_json *encode(struct lh_model *m, struct stage *s, struct lh_json **open, struct lh_wire_request *wire)
{
	struct lh_error err = { 0 };
	struct lh_json *j;
	lh_view_fini(&s->view);
	lh_view_init(&s->view);
	must(lh_view_all(&s->view, s->t, &err), &err);
	lh_view_measure(&s->view, s->t, &s->size);
	struct lh_model_request q = { .transcript = s->t, .view = &s->view, .options = &s->options, .size = &s->size,
		.seed = UINT64_MAX, .sample = 3, .turn = lh_transcript_turn(s->t), .seq = 8 };
	must(lh_model_encode(m, &q, wire, &err), &err);
	CHECK(!memchr(wire->body.p, '\n', wire->body.n));
	for (int i = 0; i < 2; i++) {
		struct lh_str members = i ? wire->open : wire->body;
		struct lh_buf b;
		if (i && !open)
			break;
		lh_buf_init(&b, 1 << 20);
		lh_buf_putc(&b, '{');
		lh_buf_put_str(&b, members);
		lh_buf_putc(&b, '}');
		must(lh_json_parse(lh_buf_str(&b), "request", 1, i ? open : &j, &err), &err);
		lh_buf_fini(&b);
	}
	return j;
}

static void has_text(const struct lh_json *object, const char *key, struct lh_str want)
{
	struct lh_str got = lh_json_str(lh_json_get(object, key));
	check_count++;
	if (!lh_str_equal(got, want)) {
		check_failures++;
		printf("%s is \"%.*s\", expected \"%.*s\"\n", key, LH_ARG(got), LH_ARG(want));
	}
}

static void has_int(const struct lh_json *object, const char *key, int64_t want)
{
	int64_t got = -1;
	CHECK(lh_json_int(lh_json_get(object, key), &got));
	CHECK_INT(got, want);
}

static struct lh_str said(const struct stage *s, uint32_t index) { return lh_transcript_text(s->t, lh_transcript_id(s->t, index)); }

static void check_messages(const struct lh_json *list, const struct stage *s)
{
	CHECK_INT(lh_json_size(list), lh_transcript_length(s->t));
	uint32_t i = 0;
	for (const struct lh_json *v = lh_json_first(list); v; v = lh_json_next(v), i++) {
		has_text(v, "role", lh_str_of(lh_role_name(lh_transcript_message(s->t, lh_transcript_id(s->t, i))->role)));
		has_text(v, "content", said(s, i));
	}
}

static void check_meta(const struct lh_json *meta, const struct stage *s)
{
	has_int(meta, "sample", 3);
	has_int(meta, "turn", lh_transcript_turn(s->t));
	has_int(meta, "call", 8);
	has_text(meta, "seed", LH_STR("18446744073709551615"));
}

static void test_stateless(void)
{
	struct stage s;
	struct lh_model *m = model("max_tokens=77");
	struct lh_wire_request wire;
	set_up(&s);
	for (int turn = 1; turn <= 4; turn++) {
		struct lh_json *j = encode(m, &s, NULL, &wire);
		CHECK_INT(lh_json_size(j), 2);
		check_messages(lh_json_get(j, "messages"), &s);
		check_meta(lh_json_get(j, "_meta"), &s);
		has_int(lh_json_get(j, "_meta"), "maxTokens", 77);
		CHECK(!wire.open.n && wire.tokens == s.size.tokens + 77);
		lh_json_free(j);
		reply(&s, "line\nand \"quotes\" <answer>5</answer>", turn == 2 ? "hm\\" : "");
	}
	/* What a policy asks for in a call is told to the agent. */
	s.options = (struct lh_call_options){ .model = "small", .purpose = "summary", .temperature = 0.1, .has_temperature = true, .max_tokens = 5, .stop = "###" };
	struct lh_json *j = encode(m, &s, NULL, &wire);
	const struct lh_json *meta = lh_json_get(j, "_meta");
	has_text(meta, "model", LH_STR("small"));
	has_text(meta, "purpose", LH_STR("summary"));
	has_text(meta, "stop", LH_STR("###"));
	has_int(meta, "maxTokens", 5);
	CHECK_NEAR(lh_json_number(lh_json_get(meta, "temperature")), 0.1, 0);
	CHECK_INT(wire.tokens, s.size.tokens + 5);
	lh_json_free(j);
	lh_model_free(m);
	tear_down(&s);
}

/* Only what is new, and the instructions once, in the session's opening. */
static void test_sessions(void)
{
	struct stage s;
	struct lh_model *m = model("sessions=true");
	struct lh_wire_request wire;
	set_up(&s);
	for (int turn = 1; turn <= 3; turn++) {
		struct lh_json *open, *j = encode(m, &s, &open, &wire);
		const struct lh_json *prompt = lh_json_get(j, "prompt");
		CHECK_INT(lh_json_size(j), 2);
		CHECK_INT(lh_json_size(prompt), 1);
		has_text(lh_json_first(prompt), "type", LH_STR("text"));
		has_text(lh_json_first(prompt), "text", said(&s, lh_transcript_length(s.t) - 1));
		check_meta(lh_json_get(j, "_meta"), &s);
		CHECK_INT(lh_json_size(open), 3);
		has_text(open, "system", said(&s, 0));
		has_text(open, "seed", LH_STR("18446744073709551615"));
		has_int(open, "sample", 3);
		lh_json_free(j);
		lh_json_free(open);
		reply(&s, "<answer>5</answer>", "thoughts");
	}
	lh_model_free(m);
	tear_down(&s);
}

/* ---- answers ---- */

static struct lh_model *priced;
static struct lh_reply r;

static enum lh_verdict decode(const char *body)
{
	struct lh_exchange x = { .status = 200, .body = lh_str_of(body), .should_retry = -1, .retry_after_us = -1, .latency_us = 7 };
	return lh_model_decode(priced, &x, &(struct lh_asked){ 1000, false }, &r);
}

static void answers(const char *body, const char *text, const char *thoughts)
{
	CHECK_INT(decode(body), LH_VERDICT_REPLY);
	CHECK_INT(r.error, 0);
	CHECK(lh_str_is(lh_buf_str(&r.text), text));
	CHECK(lh_str_is(lh_buf_str(&r.thoughts), thoughts));
	CHECK(r.latency_us == 7 && r.attempts == 1);
}

static void test_texts(void)
{
	answers("{\"result\":{\"text\":\"a\",\"content\":[{\"type\":\"text\",\"text\":\"b\"}]},\"text\":\"c\",\"thoughts\":\"t\"}", "a", "t");
	answers("{\"result\":{\"content\":[{\"type\":\"text\",\"text\":\"b\"},{\"type\":\"image\",\"text\":\"no\"},7,{\"type\":\"text\",\"text\":\"c\"},{\"type\":\"text\"}]},\"text\":\"d\"}", "bc", "");
	answers("{\"result\":{\"text\":\"\",\"thoughts\":\"own\"},\"text\":\"chunks\",\"thoughts\":\"theirs\"}", "chunks", "own");
	answers("{\"result\":{\"text\":7,\"content\":\"no list\"},\"text\":\"\"}", "", "");
	answers("{\"result\":{}}", "", "");
}

static void test_stop_reasons(void)
{
	static const struct { const char *why; enum lh_finish finish; } cases[] = {
		{ "end_turn", LH_FINISH_STOP }, { "", LH_FINISH_STOP }, { "max_tokens", LH_FINISH_LENGTH }, { "refusal", LH_FINISH_REFUSAL }, { "max_turn_requests", LH_FINISH_OTHER } };
	char body[100];
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		snprintf(body, sizeof body, "{\"result\":{\"stopReason\":\"%s\",\"text\":\"x\"}}", cases[i].why);
		answers(body, "x", "");
		CHECK_INT(r.finish, cases[i].finish);
	}
	answers("{\"result\":{\"text\":\"x\"}}", "x", "");
	CHECK_INT(r.finish, LH_FINISH_STOP);
	CHECK_INT(decode("{\"result\":{\"stopReason\":\"cancelled\",\"text\":\"half\"}}"), LH_VERDICT_REFUSED);
	CHECK_HAS(r.error_text.p, "cancelled");
	CHECK_INT(r.text.n, 0);
}

static void counts(const char *usage, bool counted, int64_t in, int64_t cached, int64_t out, int64_t reasoning)
{
	char body[400];
	snprintf(body, sizeof body, "{\"result\":{\"text\":\"12345678\",\"model\":\"m-1\\u001b\",%s}}", usage);
	answers(body, "12345678", "");
	CHECK(r.counted == counted);
	CHECK(r.tokens_in == in && r.tokens_cached == cached && r.tokens_out == out && r.tokens_reasoning == reasoning);
	CHECK(r.priced && r.cost_microusd == 2 * (in - cached) + cached + 10 * out);
	CHECK_TEXT(r.served_by, "m-1\\x1b");
}

static void test_usage(void)
{
	counts("\"usage\":{\"input_tokens\":100,\"output_tokens\":20}", true, 100, 0, 20, 0);
	counts("\"usage\":{\"inputTokens\":100,\"outputTokens\":20,\"cachedReadTokens\":60,\"thoughtTokens\":5}", true, 100, 60, 20, 5);
	counts("\"usage\":{\"prompt_tokens\":100,\"completion_tokens\":20,\"cached_tokens\":600,\"reasoning_tokens\":50}", true, 100, 100, 20, 20);
	counts("\"_meta\":{\"usage\":{\"input_tokens\":1,\"output_tokens\":2}}", true, 1, 0, 2, 0);
	counts("\"usage\":{\"input_tokens\":100}", false, 1000, 0, 2, 0);
	counts("\"usage\":{\"input_tokens\":-1,\"output_tokens\":1e300}", false, 1000, 0, 2, 0);
	counts("\"usage\":\"much\"", false, 1000, 0, 2, 0);
}

static void test_errors(void)
{
	static const struct { const char *error; enum lh_verdict verdict; const char *part; } cases[] = {
		{ "{\"code\":-32000,\"message\":\"busy\"}", LH_VERDICT_RETRY, "error -32000: busy" },
		{ "{\"code\":-32099,\"message\":\"busy\"}", LH_VERDICT_RETRY, "busy" },
		{ "{\"code\":-32603,\"message\":\"Internal error\"}", LH_VERDICT_RETRY, "Internal" },
		{ "{\"code\":-32603,\"message\":\"429 rate limit: too many tokens per minute\"}", LH_VERDICT_LIMITED, "429" },
		{ "{\"code\":-32100,\"message\":\"no\"}", LH_VERDICT_REFUSED, "no" },
		{ "{\"code\":-31999,\"message\":\"no\"}", LH_VERDICT_REFUSED, "no" },
		{ "{\"code\":-32602,\"message\":\"Invalid params\"}", LH_VERDICT_REFUSED, "Invalid params" },
		{ "{\"code\":1}", LH_VERDICT_REFUSED, "without a message" },
		{ "{\"message\":\"\\u001b[31mred\\nlines\"}", LH_VERDICT_REFUSED, "\\x1b[31mred" },
		{ "\"just words\"", LH_VERDICT_RETRY, "no object" },
	};
	char body[300];
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		snprintf(body, sizeof body, "{\"error\":%s}", cases[i].error);
		CHECK_INT(decode(body), cases[i].verdict);
		CHECK_HAS(r.error_text.p, cases[i].part);
		CHECK(!strpbrk(r.error_text.p, "\x1b\n"));
	}
	static const char *const overflows[] = { "-32603,\"message\":\"This model's maximum context length is 4096 tokens\"", "-32000,\"message\":\"BadRequest\",\"data\":{\"code\":\"context_length_exceeded\"}",
		"400,\"message\":\"Prompt is too long\"", "1,\"message\":\"the request exceeds the available context size\"" };
	for (size_t i = 0; i < sizeof overflows / sizeof *overflows; i++) {
		snprintf(body, sizeof body, "{\"error\":{\"code\":%s}}", overflows[i]);
		CHECK_INT(decode(body), LH_VERDICT_REPLY);
		CHECK_INT(r.error, LH_E_OVERFLOW);
		CHECK(r.error_text.n > 0 && r.priced && r.cost_microusd == 0 && r.tokens_in == 1000);
	}
}

static void test_broken(void)
{
	static const char *const bodies[] = { "", "nonsense", "[]", "{}", "{\"result\":null}", "{\"result\":\"text\"}", "{\"result\":{\"text\":\"\xff\"}}", "{\"result\":{\"text\":\"\\ud800\"}}",
		"{\"result\":{\"text\":\"a\\u0000b\"}}", "{\"result\":{},\"result\":{}}" };
	for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
		CHECK_INT(decode(bodies[i]), LH_VERDICT_RETRY);
		CHECK(r.error_text.n > 0 && r.text.n == 0);
	}
}

static void test_faults(void)
{
	static const struct { enum lh_fault fault; int should_retry; enum lh_verdict verdict; } cases[] = {
		{ LH_FAULT_DIED, -1, LH_VERDICT_RETRY }, { LH_FAULT_DIED, 0, LH_VERDICT_REFUSED }, { LH_FAULT_PROTOCOL, -1, LH_VERDICT_RETRY },
		{ LH_FAULT_IDLE, -1, LH_VERDICT_RETRY }, { LH_FAULT_TOO_LARGE, -1, LH_VERDICT_REFUSED }, { LH_FAULT_CANCELLED, -1, LH_VERDICT_REFUSED }, { LH_FAULT_START, -1, LH_VERDICT_STOP } };
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct lh_exchange x = { .fault = cases[i].fault, .should_retry = cases[i].should_retry, .fault_text = "it ended with exit status 3" };
		CHECK_INT(lh_model_decode(priced, &x, &(struct lh_asked){ 1000, false }, &r), cases[i].verdict);
		CHECK_HAS(r.error_text.p, lh_fault_word(cases[i].fault));
		CHECK_HAS(r.error_text.p, ": it ended with exit status 3");
	}
	struct lh_exchange late = { .fault = LH_FAULT_TIMEOUT, .should_retry = -1 };         /* the experiment's own limit: an answer, cut off */
	CHECK_INT(lh_model_decode(priced, &late, &(struct lh_asked){ 1000, false }, &r), LH_VERDICT_REPLY);
	CHECK_INT(r.finish, LH_FINISH_LENGTH);
	CHECK_INT(r.tokens_in, 1000);
}

static void test_large(void)
{
	size_t n = 17u << 20;
	char *body = malloc(n + 40), head[] = "{\"result\":{\"text\":\"";
	memset(body, 'x', n);
	memcpy(body, head, sizeof head - 1);
	strcpy(body + n, "\"}}");
	CHECK_INT(decode(body), LH_VERDICT_REFUSED);
	CHECK_HAS(r.error_text.p, "too large");
	CHECK_INT(r.text.n, 0);
	free(body);
}

int main(void)
{
	test_words();
	test_refused();
	test_parameters();
	test_stateless();
	test_sessions();
	priced = model("price_in=2;price_cached=1;price_out=10");
	lh_reply_init(&r);
	struct lh_prices p = { 2000000, 1000000, 10000000 }, got;
	lh_model_prices(priced, &got);
	CHECK(!memcmp(&p, &got, sizeof p));
	test_texts();
	test_stop_reasons();
	test_usage();
	test_errors();
	test_broken();
	test_faults();
	test_large();
	lh_reply_fini(&r);
	lh_model_free(priced);
	return check_done();
}
