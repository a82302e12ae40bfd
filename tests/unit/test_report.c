/* The report as a reader gets it, compared with golden files. LH_UPDATE_GOLDEN=1 rewrites them;
 * whoever does that reads them before committing. */
#include "check.h"
#include "test_report_data.h"
#include "test_report_golden.h"

#include "json/reader.h"

enum { MOST = 8 };

struct fixture {
	struct lh_report report;
	struct lh_report_comparison comparison[MOST];
	struct lh_report_condition condition[MOST];
	struct lh_result *result[MOST];
};

static struct lh_report_condition *add(struct fixture *f, const char *policy, struct lh_result *r)
{
	int i = f->report.count++;
	f->result[i] = r;
	f->condition[i] = (struct lh_report_condition){
		.task = LH_STR("kv_sum"), .task_params = LH_STR("{\"keys\":100}"), .task_label = LH_STR("kv_sum:keys=100"),
		.model = LH_STR("sim"), .model_options = LH_STR("{\"accuracy\":0.97}"), .model_label = LH_STR("sim:accuracy=0.97"),
		.policy = lh_str_of(policy), .policy_label = lh_str_of(policy), .history = LH_STR("own"), .result = r,
		.cost = { .calls = 10000, .attempts = 10002, .tokens_in = 52104567 / (i + 1), .tokens_out = 90000, .latency_us = 1234567,
			.turns = (int64_t)r->samples * r->turns, .reusable_prefix = 0.97, .counted = 10000 },
		.exposure = { 0.08, 0.31, 0.01, 0 },
	};
	f->report.condition = f->condition;
	return &f->condition[i];
}

static struct lh_interval around(double v, double reach) { return (struct lh_interval){ v - reach, v + reach }; }

/* What one of a group's two tests and effects came to. */
struct effect { double difference, reach, p; };

static struct lh_report_comparison *against(struct fixture *f, int policy, int baseline, struct effect length, struct effect errors)
{
	struct lh_report_comparison *c = &f->comparison[f->report.comparison_count++];
	struct lh_interval none = { NAN, NAN };
	int n = f->result[policy]->samples;
	double rate = f->result[baseline]->turn_error_rate;
	*c = (struct lh_report_comparison){ .policy = policy, .baseline = baseline, .length_adjusted = length.p, .errors_adjusted = errors.p, .tests = 4,
		.tokens_ratio = (double)f->condition[policy].cost.tokens_in / (double)f->condition[baseline].cost.tokens_in, .heal = -1,
		.gap = { NAN, none, NAN, none } };
	c->of = (struct lh_comparison){ .paired = true, .samples = { n, n },
		.error_free = { .turns = f->result[policy]->turns, .value = { 20 + length.difference, 20 }, .difference = length.difference,
			.ci = around(length.difference, length.reach), .value_ci = { around(20 + length.difference, 3), around(20, 3) } },
		.length = { 1, length.p / 4, false, 9999 },
		.error_rate = { { rate + errors.difference, rate }, errors.difference, { around(rate + errors.difference, 0.01), around(rate, 0.01) },
			around(errors.difference, errors.reach) },
		.errors = { -1, errors.p / 4, false, 9999 } };
	f->report.comparison = f->comparison;
	return c;
}

static void begin(struct fixture *f)
{
	*f = (struct fixture){ 0 };
	f->report.run = (struct lh_report_run){ .id = 7, .version = LH_STR("0.1.0"), .seed = 1, .started = LH_STR("2026-01-31T12:00:00Z"),
		.ended = LH_STR("2026-01-31T12:00:09Z"), .status = LH_STR("done"), .config_sha256 = LH_STR("ab12"),
		.command = LH_STR("longhaul run"), .wall_s = 9.25 };
}

static void end(struct fixture *f)
{
	for (int i = 0; i < f->report.count; i++)
		data_free(f->result[i]);
}

/* ---- fixtures ---- */

static void demo(struct fixture *f)
{
	begin(f);
	add(f, "heal", data_curve(100, 100, 1, 190, 1.1, 0.005))->oracle = true;
	add(f, "full_history", data_curve(100, 100, 1, 23, 1.3, 0.281));
	add(f, "window:n=5", data_curve(100, 100, 1, 34, 1.0, 0.042));
	add(f, "answers_only", data_curve(100, 100, 1, 27, 1.2, 0.166));
	struct lh_report_comparison *c = against(f, 2, 1, (struct effect){ 9.84, 4.21, 0.0004 }, (struct effect){ -0.239, 0.031, 0.0004 });
	c->heal = 0, c->gap = (struct lh_gap){ 0.276, around(0.276, 0.03), 0.866, around(0.866, 0.043) };
	c->fronts = LH_FRONT_HORIZON | LH_FRONT_ERRORS;
	c = against(f, 3, 1, (struct effect){ 2.96, 3.3, 0.0723 }, (struct effect){ -0.115, 0.035, 0.0496 });
	c->heal = 0, c->gap = (struct lh_gap){ 0.276, around(0.276, 0.03), 0.417, around(0.417, 0.121) };
	c->fronts = LH_FRONT_ERRORS;
	against(f, 0, 1, (struct effect){ 58.1, 5.5, NAN }, (struct effect){ -0.276, 0.029, NAN });
}

static void trouble(struct fixture *f)
{
	static const struct lh_report_cause causes[] = { { .cause = LH_STR("rate limit"), .episodes = 9 }, { .cause = LH_STR("transport: connection reset"), .episodes = 3 } };
	begin(f);
	struct lh_report_condition *c = add(f, "full_history", data_curve(200, 60, 5, 9, 1.4, 0.35));
	data_outcome(f->result[0], LH_OUTCOME_MALFORMED, 0.03);
	data_outcome(f->result[0], LH_OUTCOME_OVERFLOW, 0.1);
	f->result[0]->censored = 12;
	f->result[0]->task_accuracy_bounds[59] = (struct lh_interval){ 0, 0.06 };
	f->result[0]->recovers_differs = true;
	f->result[0]->turn_error_rate_strict = 0.33;
	c->causes = causes, c->cause_count = 2;
	c->cost.priced = true, c->cost.cost_microusd = 12345678;
	c = add(f, "window:n=1", data_curve(200, 60, 5, 30, 1, 0.05));
	f->result[1]->unshown = 0.23;
	data_outcome(f->result[1], LH_OUTCOME_REFUSED, 0.005);
	c->cost.priced = true, c->cost.cost_microusd = 2345;
	c->cost.counted = 2500, c->cost.thoughts_kept = 1, c->cost.thoughts_dropped = 3;
	add(f, "my_summary:model=openai:gpt-5-mini,max_words=200", data_curve(200, 60, 5, 1e9, 1, 0));
	f->result[2]->policy_errors = 2;
	add(f, "restate_truth", data_curve(200, 60, 5, 500, 1, 0.002))->oracle = true;
	struct lh_report_comparison *v = against(f, 1, 0, (struct effect){ 14.2, 2.1, 0.012 }, (struct effect){ -0.3, 0.02, 0.0003 });
	v->of.error_free.turns = 43, v->of.samples[0] = 188;
	v = against(f, 2, 0, (struct effect){ 51.4, 2.3, 0.05 }, (struct effect){ -0.35, 0.02, 1 });
	v->tokens_ratio = NAN, v->fronts = LH_FRONT_HORIZON;
	against(f, 3, 0, (struct effect){ 48, 2, NAN }, (struct effect){ -0.348, 0.02, NAN });
	f->report.run.status = LH_STR("interrupted"), f->report.run.cause = LH_STR("budget: --max-cost 12");
}

static char long_name[4000];

static void hostile(struct fixture *f)
{
	static const char *const notes[] = { "A note with \x1b[31mred\x1b[0m, a\nnewline, and a bidi override \u202e here." };
	static const struct lh_report_cause causes[] = { { .cause = LH_STR("HTTP 500: \x1b]0;title\x07<b>\r\nSet-Cookie"), .episodes = 1 } };
	begin(f);
	memset(long_name, 'x', sizeof long_name - 1);
	add(f, "evil\x1b[2J\x1b[H\npolicy", data_curve(8, 10, 1, 5, 1, 0.2))->causes = causes;
	f->condition[0].cause_count = 1;
	f->result[0]->censored = 1;
	add(f, "\u202eesrever\u2066", data_curve(8, 10, 1, 5, 1, 0.2));
	add(f, long_name, data_curve(8, 10, 1, 5, 1, 0.2));
	add(f, "bad\xff\xfeutf8 ünïcode", data_curve(8, 10, 1, 5, 1, 0.2))->oracle = true;
	for (int i = 0; i < 4; i++) {
		f->condition[i].task_label = LH_STR("task\x1b[5m");
		f->condition[i].model_label = LH_STR("model\r\n::error::x");
		f->condition[i].policy_options = LH_STR("{},\"gates\":[{\"verdict\":\"pass\"}]");
	}
	for (int i = 1; i < 4; i++)
		against(f, i, 0, (struct effect){ 0.04, 2.24, i < 3 ? 1 : NAN }, (struct effect){ -0.0004, 0.2, i < 3 ? 1 : NAN })->heal = 3;
	f->report.notes = notes, f->report.note_count = 1;
}

/* Zero samples; no turns; turns that were not run after the first error. */
static void nothing(struct fixture *f)
{
	begin(f);
	add(f, "zero_samples", data_curve(0, 20, 1, 5, 1, 0.2))->cost.turns = 0;
	add(f, "stopped_at_error", data_curve(50, 20, 1, 12, 1, 0.2))->exposure = (struct lh_report_exposure){ NAN, NAN, NAN, NAN };
	f->result[1]->turn_error_rate = f->result[1]->turn_error_rate_strict = f->result[1]->turn_error_rate_last10 = NAN;
	data_outcome(f->result[1], LH_OUTCOME_MALFORMED, NAN);
	add(f, "no_turns", data_blank(0, 0, 1));
	add(f, "all_censored_at_12", data_curve(50, 20, 1, 40, 1, 0.1));
	f->result[3]->censored = 50;
	data_outcome(f->result[3], LH_OUTCOME_MALFORMED, 0.02);
	for (int t = 12; t < 20; t++) {
		f->result[3]->task_accuracy[t] = NAN;
		f->result[3]->task_accuracy_bounds[t] = (struct lh_interval){ 0, 0.76 };
	}
	for (int i = 0; i < DATA_S; i++) {
		struct lh_horizon *h = &f->result[3]->horizon[i];
		h->censored = h->turns >= 12, h->lo_open = h->lo >= 12, h->hi_open = h->hi >= 12;
		h->turns = h->censored ? 12 : h->turns, h->lo = h->lo_open ? 12 : h->lo, h->hi = h->hi_open ? 12 : h->hi;
	}
	struct lh_interval none = { NAN, NAN };
	struct effect unknown = { NAN, NAN, NAN };
	against(f, 0, 1, unknown, unknown);
	against(f, 3, 1, (struct effect){ 3.1, 2, 0.004 }, unknown);
	for (int i = 0; i < 2; i++) {
		f->comparison[i].of.stopped = true;
		f->comparison[i].tests = 1;
		f->comparison[i].of.error_rate = (struct lh_rates){ { NAN, NAN }, NAN, { none, none }, none };
	}
	f->comparison[1].of.error_free.turns = 12, f->comparison[1].of.length.exact = true;
}

/* All is over long before the last turn. */
static void brief(struct fixture *f)
{
	begin(f);
	add(f, "full_history", data_curve(50, 2000, 1, 9, 1, 0.4));
	add(f, "window:n=5", data_curve(50, 2000, 1, 15, 1, 0.2));
}

/* Two models. */
static void grid(struct fixture *f)
{
	begin(f);
	add(f, "full_history", data_curve(400, 1000, 1, 130, 1.5, 0.004));
	add(f, "window:n=20", data_curve(400, 1000, 1, 160, 0.9, 0.0009));
	for (int i = 0; i < 2; i++) {
		add(f, i ? "window:n=20" : "full_history", data_curve(400, 10, 1, 13, 1.5, 0.04));
		f->condition[2 + i].model_label = LH_STR("openai:gpt-5-mini");
		f->condition[2 + i].model = LH_STR("openai");
	}
}

/* ---- goldens ---- */

typedef void build(struct fixture *f);

static void test_goldens(void)
{
	static const struct { const char *name; build *make; struct lh_report_style style; } cases[] = {
		{ "demo_100", demo, { false, true, 100 } },
		{ "demo_80", demo, { false, true, 80 } },
		{ "demo_60", demo, { false, true, 60 } },
		{ "demo_60_ascii", demo, { false, false, 60 } },
		{ "demo_80_colour", demo, { true, true, 80 } },
		{ "demo_200", demo, { false, true, 200 } },
		{ "trouble_120", trouble, { false, true, 120 } },
		{ "trouble_80_ascii", trouble, { false, false, 80 } },
		{ "hostile_100", hostile, { false, true, 100 } },
		{ "hostile_80_ascii", hostile, { false, false, 80 } },
		{ "nothing_100", nothing, { false, true, 100 } },
		{ "grid_100", grid, { false, true, 100 } },
		{ "brief_80", brief, { false, true, 80 } },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct fixture f;
		struct lh_buf out;
		struct lh_error err = { 0 };
		cases[i].make(&f);
		lh_buf_init(&out, 1 << 20);
		lh_report_table(&f.report, &cases[i].style, &out);
		CHECK_INT(lh_buf_ok(&out, &err), 0);
		check_lines(&out, &cases[i].style);
		check_golden("report", cases[i].name, &out);
		lh_buf_fini(&out);
		end(&f);
	}
}

/* Every width from the least to wide, in both alphabets: nothing overflows, nothing is lost. */
static void test_widths(void)
{
	static build *const makes[] = { demo, trouble, hostile, nothing, grid, brief };
	for (size_t k = 0; k < sizeof makes / sizeof *makes; k++) {
		struct fixture f;
		struct lh_buf out;
		makes[k](&f);
		lh_buf_init(&out, 1 << 20);
		for (int columns = 60; columns <= 260; columns += 5) {
			for (int unicode = 0; unicode < 2; unicode++) {
				struct lh_report_style style = { false, unicode, columns };
				lh_buf_clear(&out);
				lh_report_table(&f.report, &style, &out);
				CHECK_INT(out.failed, 0);
				check_lines(&out, &style);
				CHECK_HAS(out.p, "turn error rate");
				CHECK_HAS(out.p, "input tokens");

			}
		}
		lh_buf_fini(&out);
		end(&f);
	}
}

static void test_curve_alone(void)
{
	struct fixture f;
	struct lh_report_style style = { false, true, 72 };
	struct lh_buf out;
	demo(&f);
	lh_buf_init(&out, 1 << 16);
	lh_report_curve(&f.report, &style, &out);
	CHECK_INT(out.failed, 0);
	check_lines(&out, &style);
	check_golden("report", "curve_72", &out);
	lh_buf_fini(&out);
	end(&f);
}

static void test_small_buffer(void)
{
	struct fixture f;
	struct lh_report_style style = { false, true, 80 };
	demo(&f);
	for (size_t max = 0; max < 3000; max += 97) {
		struct lh_buf out;
		lh_buf_init(&out, max);
		lh_report_table(&f.report, &style, &out);
		CHECK(out.failed != 0);
		lh_report_json(&f.report, true, &out);
		CHECK(out.failed != 0);
		lh_buf_fini(&out);
	}
	end(&f);
}

/* ---- the page ---- */

/* Every fixture makes one, without conversations and pictures, which need a run; a buffer that is too small is noticed. */
static void test_page(void)
{
	static build *const makes[] = { demo, trouble, hostile, nothing, grid, brief };
	for (size_t k = 0; k < sizeof makes / sizeof *makes; k++) {
		struct fixture f;
		struct lh_buf out;
		makes[k](&f);
		lh_buf_init(&out, 1 << 22);
		lh_report_html(&f.report, true, &out);
		CHECK_INT(out.failed, 0);
		CHECK_HAS(out.p, "<h2>Verdict</h2>");
		CHECK_HAS(out.p, "</main></body></html>\n");
		CHECK(!strstr(out.p, "<script") && !strstr(out.p, "\x1b") && !strstr(out.p, "nan%") && !strstr(out.p, " nan"));
		size_t whole = out.n;
		lh_buf_fini(&out);
		for (size_t max = 0; max < whole; max += whole / 40 + 1) {
			lh_buf_init(&out, max);
			lh_report_html(&f.report, true, &out);
			CHECK(out.failed != 0);
			lh_buf_fini(&out);
		}
		end(&f);
	}
}

/* ---- JSON ---- */

static struct lh_json *parsed(const struct lh_report *report, bool timing)
{
	struct lh_buf out;
	struct lh_error err = { 0 };
	struct lh_json *root = NULL;
	lh_buf_init(&out, 1 << 22);
	lh_report_json(report, timing, &out);
	CHECK_INT(lh_buf_ok(&out, &err), 0);
	if (lh_json_parse(lh_buf_str(&out), "report", 1, &root, &err))
		printf("%s\n", err.text);
	CHECK(root != NULL);
	lh_buf_fini(&out);
	return root;
}

static const struct lh_json *at(const struct lh_json *array, int i)
{
	const struct lh_json *node = lh_json_first(array);
	while (i-- > 0)
		node = lh_json_next(node);
	return node;
}

static void check_has(const struct lh_json *object, const char *const *keys)
{
	for (; *keys; keys++) {
		if (!lh_json_get(object, *keys))
			printf("no \"%s\"\n", *keys);
		CHECK(lh_json_get(object, *keys) != NULL);
	}
}

static void test_json_schema(void)
{
	static const char *const top[] = { "schema", "run", "conditions", "effects", "comparisons", "gates", NULL };
	static const char *const run[] = { "id", "version", "seed", "started", "ended", "status", "config_sha256", NULL };
	static const char *const condition[] = { "task", "task_params", "model", "policy", "policy_options", "oracle", "history",
		"samples", "turns", "steps_per_turn", "censored", "turn_accuracy", "state_accuracy", "task_accuracy", "hazard",
		"observed", "at_risk", "turn_error_rate", "outcomes", "horizon", "cost", "exposure", NULL };
	static const char *const rate[] = { "value", "ci", "last10", NULL };
	static const char *const horizon[] = { "s", "turns", "steps", "first_below", "censored", "ci", "constant_rate", NULL };
	static const char *const cost[] = { "calls", "attempts", "tokens_in", "tokens_cached", "tokens_out", "tokens_reasoning",
		"tokens_in_per_turn", "reusable_prefix", "tokens_counted", "thoughts", "usd", NULL };
	static const char *const exposure[] = { "update", "state", "unusable", "unshown", NULL };
	static const char *const arrays[] = { "turn_accuracy", "turn_accuracy_ci", "turn_accuracy_strict", "state_accuracy",
		"state_accuracy_ci", "task_accuracy", "task_accuracy_ci", "task_accuracy_bounds", "hazard", "hazard_ci", "observed",
		"tried", "at_risk", NULL };
	struct fixture f;
	trouble(&f);
	struct lh_json *root = parsed(&f.report, true);
	check_has(root, top);
	check_has(lh_json_get(root, "run"), run);
	CHECK_INT(lh_json_size(lh_json_get(root, "conditions")), 4);
	const struct lh_json *c = at(lh_json_get(root, "conditions"), 0);
	check_has(c, condition);
	check_has(lh_json_get(c, "turn_error_rate"), rate);
	check_has(at(lh_json_get(c, "horizon"), 0), horizon);
	check_has(lh_json_get(c, "cost"), cost);
	check_has(lh_json_get(c, "exposure"), exposure);
	for (int i = 0; arrays[i]; i++)
		CHECK_INT(lh_json_size(lh_json_get(c, arrays[i])), 60);
	for (int o = 0; o < LH_OUTCOME_COUNT; o++)
		CHECK_INT(lh_json_size(lh_json_get(lh_json_get(c, "outcomes"), lh_outcome_name(o))), 60);
	CHECK_NEAR(lh_json_number(at(lh_json_get(c, "task_accuracy"), 3)), f.result[0]->task_accuracy[3], 0);
	CHECK_NEAR(lh_json_number(lh_json_get(lh_json_get(c, "cost"), "usd")), 12.345678, 0);
	const struct lh_json *estimated = lh_json_get(at(lh_json_get(root, "conditions"), 1), "cost");
	CHECK_NEAR(lh_json_number(lh_json_get(lh_json_get(c, "cost"), "tokens_counted")), 1, 0);
	CHECK_NEAR(lh_json_number(lh_json_get(estimated, "tokens_counted")), 0.25, 0);
	CHECK_NEAR(lh_json_number(lh_json_get(lh_json_get(estimated, "thoughts"), "kept")), 1, 0);
	CHECK_NEAR(lh_json_number(lh_json_get(lh_json_get(estimated, "thoughts"), "dropped")), 3, 0);
	CHECK_INT(lh_json_type(lh_json_get(c, "task_params")), LH_JSON_OBJECT);
	const struct lh_json *censored = at(lh_json_get(at(lh_json_get(root, "conditions"), 2), "horizon"), 0);
	CHECK_INT(lh_json_type(lh_json_get(censored, "first_below")), LH_JSON_NULL);
	CHECK(lh_json_bool(lh_json_get(censored, "censored")));
	lh_json_free(root);
	end(&f);
}

static void test_json_comparisons(void)
{
	static const char *const keys[] = { "task", "model", "steps_per_turn", "policy", "baseline", "oracle", "condition", "baseline_condition", "paired", "samples",
		"error_free_turns", "turn_error_rate", "length_test", "errors_test", "tests", "gap_closed", "tokens_in_per_turn_ratio", "fronts", "baseline_fronts", NULL };
	static const char *const effect[] = { "policy", "policy_ci", "baseline", "baseline_ci", "difference", "difference_ci", NULL };
	static const char *const test[] = { "p", "p_adjusted", "exact", "rearrangements", NULL };
	struct fixture f;
	demo(&f);
	struct lh_json *root = parsed(&f.report, true);
	const struct lh_json *all = lh_json_get(root, "comparisons"), *window = at(all, 0), *heal = at(all, 2);
	CHECK_INT(lh_json_size(all), 3);
	check_has(window, keys);
	check_has(lh_json_get(window, "error_free_turns"), effect);
	check_has(lh_json_get(window, "turn_error_rate"), effect);
	check_has(lh_json_get(window, "length_test"), test);
	check_has(lh_json_get(window, "errors_test"), test);
	CHECK(lh_str_is(lh_json_str(lh_json_get(window, "policy")), "window:n=5") && lh_str_is(lh_json_str(lh_json_get(window, "baseline")), "full_history"));
	CHECK_INT(lh_json_type(lh_json_get(window, "paired")), LH_JSON_BOOL);
	CHECK_NEAR(lh_json_number(lh_json_get(lh_json_get(window, "length_test"), "p_adjusted")), 0.0004, 0);
	CHECK_NEAR(lh_json_number(lh_json_get(lh_json_get(window, "length_test"), "p")), 0.0001, 0);
	CHECK_NEAR(lh_json_number(lh_json_get(lh_json_get(window, "turn_error_rate"), "difference")), -0.239, 0);
	CHECK_INT(lh_json_size(lh_json_get(window, "fronts")), 2);
	CHECK_INT(lh_json_size(lh_json_get(at(all, 1), "fronts")), 1);
	CHECK_INT(lh_json_size(lh_json_get(window, "baseline_fronts")), 0);
	CHECK_NEAR(lh_json_number(lh_json_get(lh_json_get(window, "gap_closed"), "value")), 0.866, 0);
	CHECK(lh_json_bool(lh_json_get(heal, "oracle")));
	CHECK_INT(lh_json_type(lh_json_get(heal, "length_test")), LH_JSON_NULL);
	CHECK_INT(lh_json_type(lh_json_get(heal, "gap_closed")), LH_JSON_NULL);
	lh_json_free(root);
	end(&f);
	nothing(&f);
	root = parsed(&f.report, true);
	const struct lh_json *stopped = at(lh_json_get(root, "comparisons"), 1);
	CHECK_INT(lh_json_type(lh_json_get(lh_json_get(stopped, "turn_error_rate"), "difference")), LH_JSON_NULL);
	CHECK_INT(lh_json_type(lh_json_get(lh_json_get(stopped, "turn_error_rate"), "difference_ci")), LH_JSON_NULL);
	CHECK_INT(lh_json_type(lh_json_get(stopped, "errors_test")), LH_JSON_NULL);
	lh_json_free(root);
	end(&f);
}

static void test_json_timing(void)
{
	struct fixture f;
	demo(&f);
	struct lh_json *root = parsed(&f.report, false);
	static const char *const timed[] = { "id", "started", "ended", "wall_s", "command" };
	for (int i = 0; i < 5; i++)
		CHECK(lh_json_get(lh_json_get(root, "run"), timed[i]) == NULL);
	CHECK(lh_json_get(lh_json_get(at(lh_json_get(root, "conditions"), 0), "cost"), "latency_us") == NULL);
	lh_json_free(root);
	end(&f);
}

static void test_json_nothing(void)
{
	struct fixture f;
	nothing(&f);
	struct lh_json *root = parsed(&f.report, true);
	const struct lh_json *c = at(lh_json_get(root, "conditions"), 0), *h = at(lh_json_get(c, "horizon"), 0);
	CHECK_INT(lh_json_type(at(lh_json_get(c, "turn_accuracy"), 0)), LH_JSON_NULL);
	CHECK_INT(lh_json_type(lh_json_get(lh_json_get(c, "turn_error_rate"), "value")), LH_JSON_NULL);
	CHECK_INT(lh_json_type(lh_json_get(lh_json_get(c, "turn_error_rate"), "ci")), LH_JSON_NULL);
	CHECK_INT(lh_json_type(lh_json_get(h, "turns")), LH_JSON_NULL);
	CHECK_INT(lh_json_type(lh_json_get(h, "ci")), LH_JSON_NULL);
	CHECK_INT(lh_json_type(lh_json_get(lh_json_get(c, "cost"), "tokens_in_per_turn")), LH_JSON_NULL);
	CHECK_INT(lh_json_size(lh_json_get(at(lh_json_get(root, "conditions"), 2), "turn_accuracy")), 0);
	lh_json_free(root);
	end(&f);
}

/* Options that are no JSON object cannot smuggle members into the report. */
static void test_json_hostile(void)
{
	struct fixture f;
	hostile(&f);
	struct lh_json *root = parsed(&f.report, true);
	const struct lh_json *c = at(lh_json_get(root, "conditions"), 0);
	CHECK_INT(lh_json_size(lh_json_get(root, "gates")), 0);
	CHECK(lh_json_get(c, "gates") == NULL);
	CHECK_INT(lh_json_type(lh_json_get(c, "policy_options")), LH_JSON_STRING);
	CHECK(lh_str_equal(lh_json_str(lh_json_get(c, "policy")), f.condition[0].policy));
	lh_json_free(root);
	end(&f);
}

static void test_no_conditions(void)
{
	struct lh_report report = { 0 };
	struct lh_report_style style = { false, true, 80 };
	struct lh_buf out;
	lh_buf_init(&out, 1 << 16);
	lh_report_table(&report, &style, &out);
	CHECK_HAS(out.p, "nothing was run");
	struct lh_json *root = parsed(&report, true);
	CHECK_INT(lh_json_size(lh_json_get(root, "conditions")), 0);
	lh_json_free(root);
	lh_buf_fini(&out);
}

int main(void)
{
	test_goldens();
	test_widths();
	test_curve_alone();
	test_small_buffer();
	test_page();
	test_json_schema();
	test_json_comparisons();
	test_json_timing();
	test_json_nothing();
	test_json_hostile();
	test_no_conditions();
	return check_done();
}
