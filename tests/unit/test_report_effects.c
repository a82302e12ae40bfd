/* What made histories say, as a reader gets it: fixtures filled in by hand, compared with golden files. How the
 * entries come about: test_effects_build.c. */
#include "check.h"
#include "test_report_data.h"
#include "test_report_golden.h"

#include "json/reader.h"
#include "report/effects_text.h"
#include "report/number.h"

enum { MOST = 16, TURNS = 12 };

struct fixture {
	struct lh_report report;
	struct lh_report_condition condition[MOST];
	struct lh_result *result[MOST];
	struct lh_report_effects effects[2];
	struct lh_effects_history history[2][MOST];
	struct lh_effects_cell cell[2][MOST * TURNS];
	struct lh_effects_loss loss[2][MOST * TURNS];
	struct lh_effects_policy policy[2];
	int turn[TURNS];
};

static struct lh_report_condition *add(struct fixture *f, const char *policy, const char *history)
{
	int i = f->report.count++;
	f->result[i] = data_curve(200, 100, 1, 30, 1.1, 0.09);
	f->condition[i] = (struct lh_report_condition){
		.task = LH_STR("kv_sum"), .task_params = LH_STR("{\"keys\":100}"), .task_label = LH_STR("kv_sum:keys=100"),
		.model = LH_STR("sim"), .model_options = LH_STR("{\"accuracy\":0.97}"), .model_label = LH_STR("sim:accuracy=0.97"),
		.policy = lh_str_of(policy), .policy_label = lh_str_of(policy), .policy_options = LH_STR("{}"), .history = lh_str_of(history), .result = f->result[i],
		.cost = { .calls = 400, .attempts = 400, .tokens_in = 400000, .turns = 400, .counted = 400 },
		.exposure = { 0.08, 0.31, 0.01, 0 },
	};
	if (strcmp(history, "own")) {
		f->condition[i].probe_turns = f->turn;
		f->condition[i].probe_turn_count = 2;
	}
	f->report.condition = f->condition;
	return &f->condition[i];
}

static struct fixture *begin(const int *turns, int count)
{
	struct fixture *f = data_array(1, sizeof *f);
	f->report.run = (struct lh_report_run){ .id = 7, .version = LH_STR("0.1.0"), .seed = 1, .status = LH_STR("done") };
	for (int i = 0; i < count; i++)
		f->turn[i] = turns[i];
	return f;
}

static void end(struct fixture *f)
{
	for (int i = 0; i < f->report.count; i++)
		data_free(f->result[i]);
	free(f);
}

static struct lh_effects_share share(double p, int n)
{
	double rounded = round(p * n) / n;
	return (struct lh_effects_share){ rounded, data_wilson(rounded, n) };
}

/* Turn accuracy falls with the turn, and with the rate. */
static struct lh_effects_cell cell(const struct lh_history *h, int turn, int n)
{
	double x = turn == 1 || h->mode < LH_HISTORY_INJECTED ? 0 : h->mode == LH_HISTORY_INJECTED ? 2 * h->rate - h->rate * h->rate : h->rate;
	double accuracy = 0.985 - (h->mode > LH_HISTORY_RESTATED || h->mode == LH_HISTORY_OWN ? 0.0004 * turn : 0) - 0.8 * x;
	bool filler = h->mode == LH_HISTORY_FILLER && turn > 1, own = h->mode == LH_HISTORY_OWN;
	return (struct lh_effects_cell){ .probed = true, .observed = n, .paper = share(own && turn > 1 ? 0.85 : accuracy, n),
		.strict = share((own && turn > 1 ? 0.85 : accuracy) + (x > 0.5 ? 0.02 : 0), n), .update = own && turn > 1 ? 0.09 : x, .state = own ? NAN : x / 2,
		.unusable = own ? NAN : filler ? 0.99 : 0, .ratio = filler ? 1.002 : NAN, .ratio_least = filler ? 0.991 : NAN, .ratio_most = filler ? 1.013 : NAN,
		.tokens_in = own ? NAN : h->mode == LH_HISTORY_RESTATED ? 546 : 540 + 14 * turn };
}

static struct lh_effect effect(double value, int n)
{
	int first = (int)round(fmax(value, 0) * n) + 4, second = (int)round(fmax(-value, 0) * n) + 4;
	struct lh_effect e = { .value = (double)(first - second) / n, .pairs = { n - first - second - 2, first, second, 2 } };
	e.ci = (struct lh_interval){ e.value - 0.031, e.value + 0.034 };
	return e;
}

static void add_history(struct fixture *f, int which, const char *text)
{
	struct lh_report_effects *e = &f->effects[which];
	struct lh_history one[LH_HISTORY_RATES];
	int n;
	CHECK_INT(lh_history_parse(lh_str_of(text), one, &n, NULL), 0);
	e->history = f->history[which];
	e->history[e->histories++] = (struct lh_effects_history){ lh_str_of(text), one[0], f->report.count - 1 };
}

static void add_loss(struct lh_report_effects *e, enum lh_effects_kind kind, int turn, int second, double value)
{
	struct lh_effects_loss *l = &e->loss[e->losses++];
	*l = (struct lh_effects_loss){ .kind = kind, .turn = turn, .first = -1, .second = second, .paper = effect(value, e->samples), .strict = effect(value, e->samples) };
	if (kind == LH_EFFECTS_SELF_CONDITIONING)
		l->strict = effect(value - 0.02, e->samples);
}

static void fill(struct fixture *f, int which, int turns, int samples)
{
	struct lh_report_effects *e = &f->effects[which];
	e->samples = samples;
	e->turn = f->turn, e->turns = turns;
	e->cell = f->cell[which], e->loss = f->loss[which];
	e->condition = e->history[0].condition;
	for (int h = 0; h < e->histories; h++)
		for (int k = 0; k < turns; k++)
			e->cell[h * turns + k] = cell(&e->history[h].made, f->turn[k], samples);
	for (int k = 0; k < turns; k++) {
		int t = f->turn[k];
		if (t == 1)
			continue;
		add_loss(e, LH_EFFECTS_STATE, t, 0, 0.005);
		add_loss(e, LH_EFFECTS_LENGTH, t, 0, 0.0004 * t);
		add_loss(e, LH_EFFECTS_PATTERN, t, 0, -0.01);
		add_loss(e, LH_EFFECTS_LONG_CONTEXT, t, 0, 0.0004 * t);
		for (int h = 0; h < e->histories; h++)
			if (e->history[h].made.mode == LH_HISTORY_INJECTED)
				add_loss(e, LH_EFFECTS_SELF_CONDITIONING, t, h, 0.7 * e->history[h].made.rate);
	}
	f->report.effects = f->effects;
	f->report.effects_count = which + 1;
}

static struct lh_slope slope(double value, double reach, double p)
{
	return (struct lh_slope){ .value = value, .ci = { value - reach, value + reach }, .test = { .p = p, .count = 9999 }, .fit = { .trials = 1200, .events = 300 } };
}

static void set_slope(struct lh_report_effects *e, struct lh_slope strict, struct lh_slope paper)
{
	e->slope.turns = 0, e->slope.asked = 0;
	for (int k = 0; k < e->turns; k++)
		if (e->turn[k] > 1) {
			e->slope.asked++;
			if (e->slope.turns < LH_SLOPE_TURNS)
				e->slope.turn[e->slope.turns++] = e->turn[k];
		}
	e->slope.strict = strict, e->slope.paper = paper;
}

static struct lh_attribution parts(double loss, double length, double errors)
{
	return (struct lh_attribution){ .samples = 200, .exposure = 0.091, .clamped = 0.035, .points = 2, .curve = { { .x = 0, .y = 0.94, .fit = 0.94, .weight = 200 }, { .x = 0.3, .y = 0.6, .fit = 0.6, .weight = 200 } },
		.loss = { loss, { loss - 0.05, loss + 0.055 } }, .length = { length, { length - 0.025, length + 0.035 } },
		.errors = { errors, { errors - 0.025, errors + 0.034 } }, .rest = { loss - length - errors, { loss - length - errors - 0.04, loss - length - errors + 0.045 } } };
}

static void set_attribution(struct lh_report_effects *e, struct lh_attribution strict, struct lh_attribution paper)
{
	e->attribution = (struct lh_effects_attribution){ .turn = e->turn[e->turns - 1], .strict = strict, .paper = paper, .reach = 0.3 };
}

/* ---- fixtures ---- */

static const int one_hundred[] = { 1, 100 };

/* Everything there is: all histories, a sentence, three other policies. */
static struct fixture *full(void)
{
	static const char *const histories[] = { "restated", "filler", "clean", "injected:rate=0.25", "injected:rate=1", "injected:rate=0.25,last=true", "propagated:rate=0.3", "own" };
	struct fixture *f = begin(one_hundred, 2);
	for (int i = 0; i < 8; i++) {
		add(f, "full_history", histories[i]);
		add_history(f, 0, histories[i]);
	}
	fill(f, 0, 2, 200);
	struct lh_report_effects *e = &f->effects[0];
	e->turn1 = 7;
	set_slope(e, slope(4.12, 0.5, 0.0001), slope(4.35, 0.52, 0.0001));
	set_attribution(e, parts(0.14, 0.045, 0.081), parts(0.145, 0.045, 0.083));
	add(f, "window:n=5", "own");
	add(f, "summary:words=50", "own");
	add(f, "heal", "own")->oracle = true;
	f->policy[0] = (struct lh_effects_policy){ 8, effect(0.12, 200), effect(0.1, 200), 0.194 };
	f->policy[1] = (struct lh_effects_policy){ 9, effect(-0.09, 200), effect(-0.09, 200), 1.24 };
	static struct lh_effects_policy all[3];
	all[0] = f->policy[0], all[1] = f->policy[1];
	all[2] = (struct lh_effects_policy){ 10, effect(0.01, 200), effect(0.01, 200), 1.0 };
	e->policy = all, e->policies = 3;
	return f;
}

/* No own run, turn 1 not asked, few samples, nothing estimable; trouble in one condition. */
static struct fixture *alone(void)
{
	static const char *const histories[] = { "clean", "injected:rate=0.5" };
	static const struct lh_report_cause causes[] = { { .cause = LH_STR("rate limit"), .episodes = 2 } };
	static const int ten[] = { 10 };
	struct fixture *f = begin(ten, 1);
	for (int i = 0; i < 2; i++) {
		add(f, "full_history", histories[i]);
		add_history(f, 0, histories[i]);
	}
	fill(f, 0, 1, 12);
	f->result[1]->censored = 2, f->condition[1].causes = causes, f->condition[1].cause_count = 1;
	f->result[0]->policy_errors = 1;
	f->result[0]->errors_uneven = true;          /* of its turn error rate, which is not shown */
	struct lh_report_effects *e = &f->effects[0];
	e->cell[1].observed = 10;
	e->turn1 = -1;
	e->losses = 0;
	const struct lh_effect none = { .value = NAN, .ci = { NAN, NAN } };
	e->loss[e->losses++] = (struct lh_effects_loss){ .kind = LH_EFFECTS_LONG_CONTEXT, .turn = 10, .first = -1, .paper = none, .strict = none,
		.why = "turn 1 was not asked: add --history own, or 1 to --probe-turns" };
	add_loss(e, LH_EFFECTS_SELF_CONDITIONING, 10, 1, 0.5);
	set_slope(e, (struct lh_slope){ .value = NAN, .ci = { NAN, NAN }, .test = { .p = 1 }, .fit = { .status = LH_FIRTH_FEW, .trials = 22, .events = 1, .samples_needed = 110 } },
		(struct lh_slope){ .value = NAN, .ci = { NAN, NAN }, .test = { .p = 1 }, .fit = { .status = LH_FIRTH_FEW } });
	e->attribution = (struct lh_effects_attribution){ .turn = 10, .why = "it takes the histories own, clean and propagated:rate=R, all at that turn" };
	return f;
}

/* Twelve turns; with thoughts and without; no loss, and no self-conditioning. */
static struct fixture *many(void)
{
	static const int turns[] = { 1, 2, 5, 10, 20, 30, 40, 50, 60, 70, 80, 100 };
	static const char *const histories[] = { "clean", "injected:rate=0.5", "propagated:rate=0.2", "own" };
	struct fixture *f = begin(turns, 12);
	for (int which = 0; which < 2; which++) {
		for (int i = 0; i < 4; i++) {
			add(f, "full_history", histories[i]);
			add_history(f, which, histories[i]);
		}
		fill(f, which, 12, 200);
		f->effects[which].thoughts = which;
		f->effects[which].turn1 = 3;
		set_slope(&f->effects[which], slope(which ? -0.4 : 0.3, 0.9, 0.52), slope(which ? -0.4 : 0.3, 0.9, 0.52));
	}
	set_attribution(&f->effects[0], parts(0.02, 0.01, 0.0), parts(0.02, 0.01, 0.0));
	set_attribution(&f->effects[1], parts(-0.12, 0.01, 0.0), parts(-0.12, 0.01, 0.0));
	return f;
}

static char long_name[3000];

static struct fixture *hostile(void)
{
	struct fixture *f = full();
	memset(long_name, 'y', sizeof long_name - 1);
	for (int i = 0; i < f->report.count; i++) {
		f->condition[i].task_label = LH_STR("task\x1b[5m");
		f->condition[i].model_label = LH_STR("model\r\n::error::x");
	}
	for (int i = 0; i < 8; i++)
		f->condition[i].policy = f->condition[i].policy_label = LH_STR("evil\x1b[2J\x1b[H\npolicy");
	f->condition[8].policy_label = LH_STR("\u202eesrever` \x1b]0;title\x07");
	f->condition[9].policy_label = lh_str_of(long_name);
	f->condition[10].policy_label = LH_STR("bad\xff\xfeutf8 ünïcode");
	return f;
}

/* ---- what is printed ---- */

typedef struct fixture *make(void);

static void test_goldens(void)
{
	static const struct { const char *name; make *make; struct lh_report_style style; } cases[] = {
		{ "full_100", full, { false, true, 100 } }, { "full_80", full, { false, true, 80 } }, { "full_60_ascii", full, { false, false, 60 } },
		{ "full_80_colour", full, { true, true, 80 } }, { "alone_80", alone, { false, true, 80 } }, { "many_100", many, { false, true, 100 } },
		{ "hostile_80_ascii", hostile, { false, false, 80 } }, { "hostile_100", hostile, { false, true, 100 } },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct fixture *f = cases[i].make();
		struct lh_buf out;
		struct lh_error err = { 0 };
		lh_buf_init(&out, 1 << 20);
		lh_report_table(&f->report, &cases[i].style, &out);
		CHECK_INT(lh_buf_ok(&out, &err), 0);
		check_lines(&out, &cases[i].style);
		check_golden("effects", cases[i].name, &out);
		lh_buf_fini(&out);
		end(f);
	}
}

static void test_widths(void)
{
	static make *const makes[] = { full, alone, many, hostile };
	for (size_t k = 0; k < sizeof makes / sizeof *makes; k++) {
		struct fixture *f = makes[k]();
		struct lh_buf out;
		lh_buf_init(&out, 1 << 20);
		for (int columns = 60; columns <= 220; columns += 4)
			for (int unicode = 0; unicode < 2; unicode++) {
				struct lh_report_style style = { false, unicode, columns };
				lh_buf_clear(&out);
				lh_report_table(&f->report, &style, &out);
				CHECK_INT(out.failed, 0);
				check_lines(&out, &style);
				CHECK_HAS(out.p, "update exposure");
				CHECK_HAS(out.p, "self-conditioning");
			}
		lh_buf_fini(&out);
		end(f);
	}
}

static void test_small_buffer(void)
{
	struct fixture *f = full();
	struct lh_report_style style = { false, true, 80 };
	for (size_t max = 0; max < 6000; max += 97) {
		struct lh_buf out;
		lh_buf_init(&out, max);
		lh_report_table(&f->report, &style, &out);
		CHECK(out.failed != 0);
		lh_report_json(&f->report, true, &out);
		CHECK(out.failed != 0);
		lh_buf_fini(&out);
	}
	end(f);
}

/* ---- the sentence ---- */

static void check_sentence(struct lh_attribution strict, const char *want)
{
	struct fixture *f = full();
	struct lh_buf out;
	struct lh_report_effects *e = &f->effects[0];
	lh_buf_init(&out, 1 << 16);
	set_attribution(e, strict, strict);
	e->policies = 0;
	lh_effects_put_sentence(&f->report, e, &out);
	CHECK_TEXT(out.p, want);
	lh_buf_fini(&out);
	end(f);
}

/* Each part is shown or not by its own interval; without a loss there is no sentence. */
static void test_sentence(void)
{
	check_sentence(parts(0.30, 0.10, 0.08), "Turn accuracy fell by 30.0 points [25.0, 35.5] from turn 1 to turn 100. Length accounts for 10.0 [7.5, 13.5];"
		" errors like its own, at the rate it made them, for 8.0 [5.5, 11.4]; 12.0 [8.0, 16.5] is unexplained.");
	check_sentence(parts(0.14, 0.02, 0.01), "Turn accuracy fell by 14.0 points [9.0, 19.5] from turn 1 to turn 100. No length loss shown (between -0.5 and 5.5);"
		" no loss to errors in view shown (between -1.5 and 4.4); 11.0 [7.0, 15.5] is unexplained.");
	check_sentence(parts(0.10, 0.025, 0.07), "Turn accuracy fell by 10.0 points [5.0, 15.5] from turn 1 to turn 100. No length loss shown (between 0.0 and 6.0);"
		" errors like its own, at the rate it made them, for 7.0 [4.5, 10.4]; no unexplained loss shown (between -3.5 and 5.0).");
	check_sentence(parts(0.05, 0.04, 0.04), "No loss of turn accuracy is shown from turn 1 to turn 100 (between 0.0 and 10.5 points).");
	check_sentence(parts(-0.2, 0, 0), "Turn accuracy rose by 20.0 points [14.5, 25.0] from turn 1 to turn 100: there is no loss to account for.");
	struct lh_attribution none = { .loss = { NAN, { NAN, NAN } } };
	check_sentence(none, "What was lost from turn 1 to turn 100 is not estimable: no sample was observed at turn 1, and at turn 100 behind its own"
		" history and behind a clean one.");
	struct lh_attribution no_curve = parts(0.30, 0.10, 0.08);
	no_curve.errors = no_curve.rest = (struct lh_part){ NAN, { NAN, NAN } };
	check_sentence(no_curve, "Turn accuracy fell by 30.0 points [25.0, 35.5] from turn 1 to turn 100. Length accounts for 10.0 [7.5, 13.5];"
		" loss to errors in view: not estimable; unexplained loss: not estimable.");
}

static void test_policies_in_the_sentence(void)
{
	struct fixture *f = full();
	struct lh_buf out;
	lh_buf_init(&out, 1 << 16);
	lh_effects_put_sentence(&f->report, &f->effects[0], &out);
	CHECK_HAS(out.p, " `window:n=5` raises turn accuracy at turn 100 by 10.0 [6.9, 13.4] at 0.19× the input tokens.");
	CHECK_HAS(out.p, " `summary:words=50` lowers turn accuracy at turn 100 by 9.0 [5.6, 12.1] at 1.2× the input tokens.");
	CHECK_HAS(out.p, " `heal` (an oracle: a bound): no difference in turn accuracy at turn 100 shown (between -2.1 and 4.4) at 1× the input tokens.");
	lh_buf_fini(&out);
	end(f);
}

static void test_points(void)
{
	struct lh_report_style style = { false, true, 80 };
	static const struct { double value, lo, hi; const char *want, *tail; } cases[] = {
		{ 0.0449, -0.01, 0.1, "4.5", "[-1.0, 10.0]" }, { -0.0004, -0.0004, 0.0004, "0.0", "[0.0, 0.0]" }, { -1, -1, -0.9, "-100.0", "[-100.0, -90.0]" },
		{ NAN, 0, 1, "–", "" }, { 0.5, NAN, 1, "–", "" },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct lh_figure f = lh_effects_points(cases[i].value, (struct lh_interval){ cases[i].lo, cases[i].hi }, &style);
		CHECK_TEXT(f.value, cases[i].want);
		CHECK_TEXT(f.tail, cases[i].tail);
	}
}

static void check_slope(struct lh_slope strict, struct lh_slope paper, const char *want)
{
	struct fixture *f = full();
	struct lh_buf out;
	lh_buf_init(&out, 1 << 16);
	set_slope(&f->effects[0], strict, paper);
	lh_effects_put_slope(&f->effects[0], &out);
	CHECK_TEXT(out.p, want);
	lh_buf_fini(&out);
	end(f);
}

static void test_slope(void)
{
	struct lh_slope s = slope(3, 1, 0.02), wide = s, few = slope(NAN, 0, 1), rank = few;
	wide.ci.hi = INFINITY;
	few.fit = (struct lh_firth){ .status = LH_FIRTH_FEW, .trials = 400, .events = 400, .samples_needed = 334, .at_least = true };
	rank.fit = (struct lh_firth){ .status = LH_FIRTH_RANK, .trials = 400, .events = 100 };
	check_slope(s, s, "Self-conditioning slope: 3.00 [2.00, 4.00], p = 0.02: 0.1 more update exposure makes the odds of an error 1.35 times what they are.");
	check_slope(wide, wide, "Self-conditioning slope: 3.00 [2.00, no limit], p = 0.02: 0.1 more update exposure makes the odds of an error 1.35 times what they are.");
	check_slope(slope(0.5, 1, 0.4), s, "Self-conditioning slope: 0.50 [-0.50, 1.50], p = 0.4: no self-conditioning shown. In the paper's reading 3.00 [2.00, 4.00], p = 0.02.");
	check_slope(few, few, "Self-conditioning slope: not estimable, with 0 right answers in 400 replies: 10 are needed, for which at least 334 samples would do.");
	check_slope(rank, rank, "Self-conditioning slope: not estimable: all histories had the same exposure.");
}

/* ---- JSON ---- */

static const struct lh_json *at(const struct lh_json *array, int i)
{
	const struct lh_json *node = lh_json_first(array);
	while (i-- > 0)
		node = lh_json_next(node);
	return node;
}

static struct lh_json *parsed(const struct lh_report *report)
{
	struct lh_buf out;
	struct lh_error err = { 0 };
	struct lh_json *root = NULL;
	lh_buf_init(&out, 1 << 22);
	lh_report_json(report, false, &out);
	CHECK_INT(lh_buf_ok(&out, &err), 0);
	if (lh_json_parse(lh_buf_str(&out), "report", 1, &root, &err))
		printf("%s\n", err.text);
	CHECK(root != NULL);
	lh_buf_fini(&out);
	return root;
}

static void test_json(void)
{
	struct fixture *f = full();
	struct lh_json *root = parsed(&f->report);
	const struct lh_json *e = at(lh_json_get(root, "effects"), 0), *loss = at(lh_json_get(e, "losses"), 6), *cell0 = at(lh_json_get(e, "cells"), 3);
	CHECK_INT(lh_json_size(lh_json_get(root, "effects")), 1);
	CHECK_INT(lh_json_size(lh_json_get(e, "cells")), 16);
	CHECK_INT(lh_json_size(lh_json_get(e, "losses")), 7);
	CHECK(lh_str_is(lh_json_str(lh_json_get(e, "turn1_history")), "own"));
	CHECK(lh_str_is(lh_json_str(lh_json_get(loss, "effect")), "self_conditioning"));
	CHECK_NEAR(lh_json_number(lh_json_get(loss, "rate")), 0.25, 0);
	CHECK(lh_json_bool(lh_json_get(loss, "last")));
	CHECK_NEAR(lh_json_number(lh_json_get(lh_json_get(loss, "strict"), "value")), f->effects[0].loss[6].strict.value, 0);
	CHECK(lh_str_is(lh_json_str(lh_json_get(cell0, "history")), "filler"));
	CHECK_NEAR(lh_json_number(lh_json_get(lh_json_get(cell0, "filler_ratio"), "most")), 1.013, 0);
	CHECK_INT(lh_json_size(lh_json_get(e, "policies")), 3);
	CHECK_HAS(lh_json_str(lh_json_get(e, "sentence")).p, "Turn accuracy fell by");
	CHECK_INT(lh_json_type(lh_json_get(at(lh_json_get(root, "conditions"), 0), "probe_turns")), LH_JSON_ARRAY);
	CHECK_INT(lh_json_type(lh_json_get(at(lh_json_get(root, "conditions"), 8), "probe_turns")), LH_JSON_NULL);
	lh_json_free(root);
	end(f);
}

static void test_json_of_nothing(void)
{
	struct fixture *f = alone();
	struct lh_json *root = parsed(&f->report);
	const struct lh_json *e = at(lh_json_get(root, "effects"), 0), *loss = at(lh_json_get(e, "losses"), 0), *slope0 = lh_json_get(e, "slope");
	CHECK_INT(lh_json_type(lh_json_get(e, "sentence")), LH_JSON_NULL);
	CHECK_INT(lh_json_type(lh_json_get(e, "turn1_history")), LH_JSON_NULL);
	CHECK_HAS(lh_json_str(lh_json_get(loss, "why")).p, "turn 1 was not asked");
	CHECK_INT(lh_json_type(lh_json_get(lh_json_get(loss, "strict"), "value")), LH_JSON_NULL);
	CHECK(lh_str_is(lh_json_str(lh_json_get(lh_json_get(slope0, "strict"), "status")), "few"));
	CHECK_INT((int)lh_json_number(lh_json_get(lh_json_get(slope0, "strict"), "samples_needed")), 110);
	CHECK_HAS(lh_json_str(lh_json_get(lh_json_get(e, "attribution"), "why")).p, "own, clean and propagated");
	CHECK(lh_json_get(lh_json_get(e, "attribution"), "strict") == NULL);
	lh_json_free(root);
	end(f);
}

static void test_json_is_safe(void)
{
	struct fixture *f = hostile();
	struct lh_buf out;
	lh_buf_init(&out, 1 << 22);
	lh_report_json(&f->report, false, &out);
	for (size_t i = 0; i < out.n; i++)
		CHECK(out.p[i] == '\n' || (unsigned char)out.p[i] >= 0x20);
	CHECK_INT(lh_utf8_bad_at(lh_buf_str(&out)), out.n);
	lh_buf_fini(&out);
	end(f);
}

int main(void)
{
	test_goldens();
	test_widths();
	test_small_buffer();
	test_sentence();
	test_policies_in_the_sentence();
	test_points();
	test_slope();
	test_json();
	test_json_of_nothing();
	test_json_is_safe();
	return check_done();
}
