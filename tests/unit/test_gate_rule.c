/* The grammar of gate rules: what is read, and what is said of anything else. */
#include "check.h"

#include "base/random.h"
#include "measure/gate_rule.h"

struct good { const char *text; enum lh_metric metric; double parameter; bool at_most; double limit; };

static void test_reads(void)
{
	static const struct good cases[] = {
		{ "horizon(0.8) >= 20", LH_METRIC_HORIZON, 0.8, false, 20 },
		{ "  horizon( 0.8 )>=20  ", LH_METRIC_HORIZON, 0.8, false, 20 },
		{ "horizon(.5) <= 0", LH_METRIC_HORIZON, 0.5, true, 0 },
		{ "horizon_steps(0.5) >= 1e2", LH_METRIC_HORIZON_STEPS, 0.5, false, 100 },
		{ "first_below(0.9) >= 2", LH_METRIC_FIRST_BELOW, 0.9, false, 2 },
		{ "turn_accuracy(100) >= 0.95", LH_METRIC_TURN_ACCURACY, 100, false, 0.95 },
		{ "state_accuracy(1)<=0.5", LH_METRIC_STATE_ACCURACY, 1, true, 0.5 },
		{ "task_accuracy(7) >= 0.001", LH_METRIC_TASK_ACCURACY, 7, false, 0.001 },
		{ "turn_error_rate <= 0.1", LH_METRIC_TURN_ERROR_RATE, 0, true, 0.1 },
		{ "malformed<=0.05", LH_METRIC_MALFORMED, 0, true, 0.05 },
		{ "missing <= 0.05", LH_METRIC_MISSING, 0, true, 0.05 },
		{ "truncated <= 0.05", LH_METRIC_TRUNCATED, 0, true, 0.05 },
		{ "refused <= 0.05", LH_METRIC_REFUSED, 0, true, 0.05 },
		{ "overflow <= 0.05", LH_METRIC_OVERFLOW, 0, true, 0.05 },
		{ "tokens_per_turn <= 4000", LH_METRIC_TOKENS_PER_TURN, 0, true, 4000 },
		{ "self_conditioning_loss(0.5) <= 0.05", LH_METRIC_SELF_CONDITIONING_LOSS, 0.5, true, 0.05 },
		{ "self_conditioning_loss(0) <= -0.05", LH_METRIC_SELF_CONDITIONING_LOSS, 0, true, -0.05 },
		{ "long_context_loss <= 0", LH_METRIC_LONG_CONTEXT_LOSS, 0, true, 0 },
		{ "length_loss <= 0.1", LH_METRIC_LENGTH_LOSS, 0, true, 0.1 },
		{ "state_loss <= 0.1", LH_METRIC_STATE_LOSS, 0, true, 0.1 },
		{ "pattern_loss >= -0.1", LH_METRIC_PATTERN_LOSS, 0, false, -0.1 },
	};
	bool seen[LH_METRICS] = { false };
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct lh_rule r;
		struct lh_error err = { 0 };
		CHECK_INT(lh_rule_parse(lh_str_of(cases[i].text), &r, &err), 0);
		CHECK_TEXT(err.text, "");
		CHECK_INT(r.metric, cases[i].metric);
		CHECK(r.parameter == cases[i].parameter && r.limit == cases[i].limit && r.at_most == cases[i].at_most && !r.baseline);
		CHECK(!r.policy.n && !r.task.n && !r.model.n && !r.history.n && !r.steps_per_turn);
		seen[r.metric] = true;
		lh_rule_fini(&r);
	}
	for (int m = 0; m < LH_METRICS; m++)
		CHECK(seen[m]);
}

static void test_filters(void)
{
	struct lh_rule r;
	CHECK_INT(lh_rule_parse(LH_STR("[policy=window:n=5 task=kv_sum model=sim:accuracy=0.9,context=0.3 history=injected:rate=0.5 steps_per_turn=2]"
		" turn_accuracy(3)>=0.5"), &r, NULL), 0);
	CHECK(lh_str_is(r.policy, "window:n=5") && lh_str_is(r.task, "kv_sum") && lh_str_is(r.model, "sim:accuracy=0.9,context=0.3"));
	CHECK(lh_str_is(r.history, "injected:rate=0.5") && r.steps_per_turn == 2);
	lh_rule_fini(&r);
	CHECK_INT(lh_rule_parse(LH_STR("[ policy = \"a ]\\\" b\\\\\" task=kv_sum:dataset=\"c d].json\",keys=3 ]malformed <= 0.5"), &r, NULL), 0);
	CHECK(lh_str_is(r.policy, "a ]\" b\\"));
	CHECK(lh_str_is(r.task, "kv_sum:dataset=\"c d].json\",keys=3"));
	CHECK_TEXT(r.text, "[ policy = \"a ]\\\" b\\\\\" task=kv_sum:dataset=\"c d].json\",keys=3 ]malformed <= 0.5");
	lh_rule_fini(&r);
	CHECK_INT(lh_rule_parse(LH_STR("\thorizon(0.5)\n\t>= 3\n"), &r, NULL), 0);
	CHECK_TEXT(r.text, "horizon(0.5)  >= 3");         /* one line, whatever was typed */
	lh_rule_fini(&r);
	CHECK_INT(lh_rule_parse(LH_STR("horizon(0.5) >= baseline * 0.9"), &r, NULL), 0);
	CHECK(r.baseline && r.limit == 0.9 && !r.at_most);
	lh_rule_fini(&r);
}

static void test_says_what_is_wrong(void)
{
	static const char *const cases[][3] = {
		{ "", "empty rule", "horizon(0.8) >= 20" },
		{ "   ", "empty rule", "" },
		{ "horizn(0.8) >= 20", "character 1", "did you mean horizon?" },
		{ "turn_acuracy(3) >= 0.5", "character 1", "did you mean turn_accuracy?" },
		{ "speed >= 20", "there is no metric 'speed'", "tokens_per_turn" },
		{ ">= 20", "a metric is needed", "horizon(s)" },
		{ "horizon >= 20", "character 9: horizon needs the share", "(0.8)" },
		{ "horizon() >= 20", "character 9", "the share" },
		{ "horizon(x) >= 20", "not 'x'", "the share" },
		{ "horizon(80%) >= 20", "character 9", "0.05, not 5 %" },
		{ "horizon(0) >= 20", "between 0 and 1", "" },
		{ "horizon(1) >= 20", "between 0 and 1", "" },
		{ "horizon(nan) >= 20", "the share", "" },
		{ "horizon(0x1) >= 20", "the share", "" },
		{ "horizon(0.8 >= 20", "character 13", "')' is missing" },
		{ "turn_accuracy(0) >= 0.5", "a turn, from 1", "" },
		{ "turn_accuracy(1.5) >= 0.5", "a turn, from 1", "" },
		{ "turn_accuracy(1e99) >= 0.5", "a turn, from 1", "" },
		{ "self_conditioning_loss(2) <= 0.5", "from 0 to 1", "" },
		{ "malformed(3) <= 0.5", "takes nothing in parentheses", "character 10" },
		{ "malformed = 0.5", "character 11", ">= or <=" },
		{ "malformed < 0.5", "character 11", ">= or <=" },
		{ "malformed == 0.5", "character 11", ">= or <=" },
		{ "malformed", "character 10", ">= or <=" },
		{ "malformed <=", "a number is needed", "" },
		{ "malformed <= five", "not 'five'", "" },
		{ "malformed <= 5 %", "character 14", "0.05, not 5 %" },
		{ "malformed <= 5", "between 0 and 1", "" },
		{ "malformed <= 0", "no number of samples", "" },
		{ "turn_accuracy(1) >= 1", "no number of samples", "" },
		{ "horizon(0.5) >= 0", "at least 1", "turns" },
		{ "horizon_steps(0.5) >= 0", "at least 1", "steps" },
		{ "first_below(0.5) >= 1", "at least 2", "" },
		{ "first_below(0.5) <= 0", "at least 1", "" },
		{ "tokens_per_turn <= 0", "tokens above 0", "" },
		{ "length_loss <= 1", "between -1 and 1", "" },
		{ "malformed <= 0.5 please", "character 18", "ends before this" },
		{ "malformed <= 0.5 malformed <= 0.5", "ends before this", "" },
		{ "[policy=window malformed <= 0.5", "name=value", "" },
		{ "[policy=window", "not closed", "']'" },
		{ "[] malformed <= 0.5", "brackets are empty", "policy, task" },
		{ "[polcy=window] malformed <= 0.5", "did you mean policy?", "character 2" },
		{ "[colour=red] malformed <= 0.5", "told apart by 'colour'", "steps_per_turn" },
		{ "[policy] malformed <= 0.5", "name=value", "" },
		{ "[policy=] malformed <= 0.5", "a value is needed", "" },
		{ "[policy=\"a] malformed <= 0.5", "not closed", "" },
		{ "[task=k:a=\"b] malformed <= 0.5", "not closed", "" },
		{ "[policy=a policy=b] malformed <= 0.5", "policy is given twice", "" },
		{ "[steps_per_turn=0] malformed <= 0.5", "from 1", "" },
		{ "[steps_per_turn=2 steps_per_turn=2] malformed <= 0.5", "twice", "" },
		{ "horizon(0.5) >= baseline", "baseline * 0.9", "" },
		{ "horizon(0.5) >= baseline * 0", "above 0", "" },
		{ "horizon(0.5) >= baseline * x", "not 'x'", "" },
		{ "malformed <= 0.5\x01", "no text", "byte 17" },
		{ "malformed\xff <= 0.5", "no text", "byte 10" },
		{ "[policy=\xc3\xa9\xc3\xa9] x <= 0.5", "character 13", "metric" },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct lh_rule r;
		struct lh_error err = { 0 };
		CHECK_INT(lh_rule_parse(lh_str_of(cases[i][0]), &r, &err), LH_E_USAGE);
		CHECK_HAS(err.text, cases[i][1]);
		CHECK_HAS(err.text, cases[i][2]);
		CHECK(!r.text && !r.words);
	}
}

static void test_is_bounded(void)
{
	char text[LH_RULE_TEXT + 64];
	struct lh_rule r;
	struct lh_error err = { 0 };
	memset(text, ' ', sizeof text);
	int n = snprintf(text, sizeof text, "[policy=");
	memset(text + n, 'x', LH_RULE_TEXT - 64);
	snprintf(text + n + LH_RULE_TEXT - 64, 56, "] malformd <= 0.5");
	CHECK_INT(lh_rule_parse(lh_str_of(text), &r, &err), LH_E_USAGE);
	CHECK_HAS(err.text, "did you mean malformed?");      /* a long rule leaves room for what is wrong with it */
	memset(text, 'x', sizeof text);
	err = (struct lh_error){ 0 };
	CHECK_INT(lh_rule_parse((struct lh_str){ text, sizeof text }, &r, &err), LH_E_USAGE);
	CHECK_HAS(err.text, "at most 1024");
}

/* Whatever is taken out of a rule, put into it or changed in it: read or refused, never more. */
static void test_rubbish(void)
{
	static const char *const seeds[] = { "[policy=\"a b\" steps_per_turn=2] horizon(0.8) >= 20", "self_conditioning_loss(0.5) <= baseline * 0.05" };
	static const char odd[] = "[]()\"\\=<>* \n%.,-+eE0x9\x80\xff";
	struct lh_random luck = lh_random_stream(1, 0, 0, LH_FOR_CHECK, 30);
	int read = 0, refused = 0;
	for (int i = 0; i < 40000; i++) {
		char text[256];
		size_t n = (size_t)snprintf(text, sizeof text, "%s", seeds[i % 2]);
		for (uint64_t k = lh_random_below(&luck, 4) + 1; k; k--) {
			size_t at = lh_random_below(&luck, n);
			switch (lh_random_below(&luck, 3)) {
			case 0: text[at] = odd[lh_random_below(&luck, sizeof odd - 1)]; break;
			case 1: memmove(text + at, text + at + 1, n - at); n--; break;
			default: memmove(text + at + 1, text + at, n - at + 1); text[at] = odd[lh_random_below(&luck, sizeof odd - 1)]; n++; break;
			}
		}
		char *exact = malloc(n);         /* a byte read behind it is seen by the sanitizer */
		memcpy(exact, text, n);
		struct lh_rule r;
		int rc = lh_rule_parse((struct lh_str){ exact, n }, &r, NULL);
		CHECK(rc == 0 || rc == LH_E_USAGE);
		read += rc == 0;
		refused += rc != 0;
		lh_rule_fini(&r);
		free(exact);
	}
	printf("of 40000 damaged rules %d were read all the same, %d refused\n", read, refused);
	CHECK(read > 1000 && refused > 10000);
}

int main(void)
{
	test_reads();
	test_filters();
	test_says_what_is_wrong();
	test_is_bounded();
	test_rubbish();
	return check_done();
}
