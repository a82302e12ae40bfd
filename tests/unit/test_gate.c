/* Rules upon conditions: which they meet, and what is decided at a fixed number of samples. */
#include "test_gate_kit.h"

#include "measure/gate.h"

/* ---- which conditions ---- */

static void check_meets(const char *text, const struct lh_gate_condition *c, int n, const char *want)
{
	struct lh_rule rule;
	struct lh_gate_case *k;
	struct lh_error err = { 0 };
	char got[64] = "";
	int count = gate_meet(text, c, n, &rule, &k, &err);
	for (int i = 0; i < count; i++)
		snprintf(got + strlen(got), sizeof got - strlen(got), i ? ",%d" : "%d", k[i].condition);
	if (strcmp(got, want))
		printf("%s meets '%s', not '%s' %s\n", text, got, want, err.text);
	CHECK(!strcmp(got, want));
	free(k);
	lh_rule_fini(&rule);
}

static void check_refused(const char *text, const struct lh_gate_condition *c, int n, const char *a, const char *b)
{
	struct lh_rule rule;
	struct lh_gate_case *k;
	struct lh_error err = { 0 };
	CHECK_INT(gate_meet(text, c, n, &rule, &k, &err), LH_E_USAGE);
	CHECK_HAS(err.text, text);
	CHECK_HAS(err.text, a);
	CHECK_HAS(err.text, b);
	CHECK(!k);
	lh_rule_fini(&rule);
}

static void test_filters(void)
{
	struct lh_gate_condition c[] = {
		gate_condition("full_history", "own", GRID("cccc")), gate_condition("window:n=5", "own", GRID("cccc")), gate_condition("window:n=9", "own", GRID("cccc")),
	};
	c[2].grid.steps_per_turn = 5;
	c[2].model_label = LH_STR("sim:accuracy=0.5");
	check_meets("horizon(0.5) >= 2", c, 3, "0,1,2");
	check_meets("[policy=window] horizon(0.5) >= 2", c, 3, "1,2");
	check_meets("[policy=window:n=9] horizon(0.5) >= 2", c, 3, "2");
	check_meets("[policy=window steps_per_turn=1] horizon(0.5) >= 2", c, 3, "1");
	check_meets("[task=kv_sum] horizon(0.5) >= 2", c, 3, "0,1,2");
	check_meets("[task=kv_sum:keys=10] horizon(0.5) >= 2", c, 3, "0,1,2");
	check_meets("[model=sim:accuracy=0.5] horizon(0.5) >= 2", c, 3, "2");
	check_meets("[history=own] horizon(0.5) >= 2", c, 3, "0,1,2");
	check_refused("[policy=windw] horizon(0.5) >= 2", c, 3, "no condition of the run has that policy", "full_history, window:n=5, window:n=9");
	check_refused("[task=kv] horizon(0.5) >= 2", c, 3, "has that task", "there is kv_sum:keys=10");
	check_refused("[history=clean] horizon(0.5) >= 2", c, 3, "has that history", "own");
	check_refused("[steps_per_turn=3] horizon(0.5) >= 2", c, 3, "has that steps_per_turn", "1, 5");
	check_refused("[policy=full_history steps_per_turn=5] horizon(0.5) >= 2", c, 3, "all that its filter asks for", "");
	check_refused("horizon(0.5) >= 5", c, 3, "takes 5 turns to see that, and there are 4", "");
	check_refused("horizon(0.5) <= 4", c, 3, "takes 5 turns", "");
	check_refused("turn_accuracy(5) >= 0.5", c, 3, "there are 4 turns", "");
	gate_free(c, 3);
}

/* The turn through which task accuracy decides on a horizon, its limit in any unit. */
static void test_horizons_turn(void)
{
	static const struct { const char *rule; int turn; } cases[] = {
		{ "horizon(0.5) >= 2", 2 }, { "horizon(0.5) >= 1.5", 2 }, { "horizon(0.5) <= 2", 3 }, { "horizon(0.5) <= 2.5", 3 }, { "horizon(0.5) <= 0", 1 },
		{ "first_below(0.5) >= 3", 2 }, { "first_below(0.5) <= 3", 3 }, { "horizon_steps(0.5) >= 15", 3 }, { "horizon_steps(0.5) >= 11", 3 },
		{ "horizon_steps(0.5) <= 15", 4 }, { "horizon_steps(0.5) <= 14", 3 },
	};
	struct lh_gate_condition c = gate_condition("full_history", "own", GRID("cccccccc"));
	c.grid.steps_per_turn = 5;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct lh_rule rule;
		struct lh_gate_case *k;
		CHECK_INT(gate_meet(cases[i].rule, &c, 1, &rule, &k, NULL), 1);
		CHECK_INT(k->turn, cases[i].turn);
		CHECK(k->m == 0.5 && k->at_most == rule.at_most);
		free(k);
		lh_rule_fini(&rule);
	}
	gate_free(&c, 1);
}

static const int probes[] = { 1, 3 };

static struct lh_gate_condition made(const char *policy, const char *history, struct lh_grid grid)
{
	struct lh_gate_condition c = gate_condition(policy, history, grid);
	c.grid.probe = probes;
	c.grid.probes = 2;
	return c;
}

static void test_losses_find_their_cells(void)
{
	struct lh_gate_condition c[] = {
		made("full_history", "restated", GRID("c.c")), made("full_history", "filler", GRID("c.c")), made("full_history", "clean", GRID("c.c")),
		made("full_history", "injected:rate=0.5", GRID("c.c")), made("full_history", "injected:rate=1", GRID("c.c")),
		made("window:n=5", "clean", GRID("c.c")), made("window:n=5", "injected:rate=0.5", GRID("c.c")), gate_condition("full_history", "own", GRID("ccc")),
		made("full_history", "clean:thoughts=matching", GRID("c.c")), made("full_history", "injected:rate=0.5,thoughts=matching", GRID("c.c")),
	};
	static const struct { const char *rule; int first[4], second[4], turn; } cases[] = {
		{ "[policy=full_history] self_conditioning_loss(0.5) <= 0.1", { 2, 8, -1 }, { 3, 9, -1 }, 3 },
		{ "self_conditioning_loss(0.5) <= 0.1", { 2, 5, 8, -1 }, { 3, 6, 9, -1 }, 3 }, { "self_conditioning_loss(1) <= 0.1", { 2, -1 }, { 4, -1 }, 3 },
		{ "[history=injected:rate=0.50] self_conditioning_loss(0.5) <= 0.1", { 2, 5, -1 }, { 3, 6, -1 }, 3 },
		{ "length_loss <= 0.1", { 0, -1 }, { 1, -1 }, 3 }, { "pattern_loss <= 0.1", { 1, 1, -1 }, { 2, 8, -1 }, 3 },
		{ "state_loss <= 0.1", { 7, -1 }, { 0, -1 }, 1 }, { "long_context_loss <= 0.1", { 7, 5, 7, -1 }, { 2, 5, 8, -1 }, 1 },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct lh_rule rule;
		struct lh_gate_case *k;
		struct lh_error err = { 0 };
		/* filler, restated and own have no answers, and stand beside both kinds: only window:n=5 has neither */
		bool windowless = i == 5;
		int n = gate_meet(cases[i].rule, c, 10, &rule, &k, &err), want = 0;
		while (want < 4 && cases[i].first[want] >= 0)
			want++;
		if (windowless) {
			CHECK_INT(n, LH_E_USAGE);
			CHECK_HAS(err.text, "--history filler");
			lh_rule_fini(&rule);
			continue;
		}
		CHECK_INT(n, want);
		for (int j = 0; j < n; j++) {
			CHECK_INT(k[j].against, cases[i].first[j]);
			CHECK_INT(k[j].condition, cases[i].second[j]);
			CHECK_INT(k[j].turn, 3);
			CHECK_INT(k[j].against_turn, cases[i].turn);
			CHECK_NEAR(k[j].m, 0.55, 1e-15);
		}
		free(k);
		lh_rule_fini(&rule);
	}
	check_refused("self_conditioning_loss(0.25) <= 0.1", c, 10, "injected:rate=0.25", "not asked");
	check_refused("state_loss <= 0.1", c + 1, 6, "--history restated", "not asked");
	check_refused("horizon(0.5) >= 1", c, 7, "no horizon", "--history own");
	check_refused("turn_accuracy(2) >= 0.5", c, 7, "turn 2 was not asked", "--probe-turns");
	check_meets("horizon(0.5) >= 1", c, 8, "7");             /* where it is defined */
	check_meets("turn_accuracy(2) >= 0.5", c, 8, "7");
	check_meets("turn_accuracy(3) >= 0.5", c, 8, "0,1,2,3,4,5,6,7");
	check_meets("malformed <= 0.5", c, 8, "0,1,2,3,4,5,6,7");
	gate_free(c, 10);
}

static void test_stopped_at_errors(void)
{
	struct lh_gate_condition c = gate_condition("full_history", "own", GRID("cs..", "cccc"));
	c.grid.stop_at_error = true;
	check_meets("horizon(0.5) >= 3", &c, 1, "0");
	check_meets("task_accuracy(4) >= 0.5", &c, 1, "0");
	check_meets("turn_accuracy(1) >= 0.5", &c, 1, "0");
	check_meets("tokens_per_turn <= 100", &c, 1, "0");
	static const char *const undefined[] = { "turn_accuracy(2) >= 0.5", "state_accuracy(2) >= 0.5", "turn_error_rate <= 0.5", "malformed <= 0.5" };
	for (int i = 0; i < 4; i++)
		check_refused(undefined[i], &c, 1, "--stop-at-error", "horizon");
	gate_free(&c, 1);
}

/* ---- verdicts ---- */

static struct lh_gate_result decide(const char *text, const struct lh_gate_condition *c, int n)
{
	struct lh_rule rule;
	struct lh_gate_case *k;
	struct lh_gate_result r;
	struct lh_error err = { 0 };
	CHECK_INT(gate_meet(text, c, n, &rule, &k, &err), 1);
	CHECK_INT(lh_gate_decide(k, c, 1, &r, &err), 0);
	CHECK_TEXT(err.text, "");
	free(k);
	lh_rule_fini(&rule);
	return r;
}

static void check_verdict(const char *text, const struct lh_gate_condition *c, int n, enum lh_gate_verdict want)
{
	struct lh_gate_result r = decide(text, c, n);
	if (r.verdict != want)
		printf("%s: verdict %d, not %d; %.4f [%.4f, %.4f]\n", text, (int)r.verdict, (int)want, r.value, r.ci.lo, r.ci.hi);
	CHECK_INT(r.verdict, want);
}

/* R. G. Newcombe, Statistics in Medicine 17 (1998), pp. 857-872, table I: 81 of 263, Wilson's interval 0.2553 to 0.3662;
 * and 15 of 148, 0.0624 to 0.1605. */
static void test_shares(void)
{
	struct lh_gate_condition c = gate_condition("full_history", "own", ROWS({ "c", 81 }, { "s", 182 }));
	struct lh_gate_condition m = gate_condition("full_history", "own", ROWS({ "c", 15 }, { "m", 133 }));
	check_verdict("turn_accuracy(1) >= 0.2552", &c, 1, LH_GATE_PASS);
	check_verdict("turn_accuracy(1) >= 0.2554", &c, 1, LH_GATE_OPEN);
	check_verdict("turn_accuracy(1) >= 0.3661", &c, 1, LH_GATE_OPEN);
	check_verdict("turn_accuracy(1) >= 0.3663", &c, 1, LH_GATE_FAIL);
	check_verdict("turn_accuracy(1) <= 0.3663", &c, 1, LH_GATE_PASS);
	check_verdict("turn_accuracy(1) <= 0.3661", &c, 1, LH_GATE_OPEN);
	check_verdict("turn_accuracy(1) <= 0.2552", &c, 1, LH_GATE_FAIL);
	check_verdict("state_accuracy(1) >= 0.2552", &c, 1, LH_GATE_PASS);
	check_verdict("task_accuracy(1) >= 0.2554", &c, 1, LH_GATE_OPEN);
	check_verdict("horizon(0.2552) >= 1", &c, 1, LH_GATE_PASS);
	check_verdict("horizon(0.2554) >= 1", &c, 1, LH_GATE_OPEN);
	check_verdict("horizon(0.3663) >= 1", &c, 1, LH_GATE_FAIL);
	check_verdict("horizon(0.3663) <= 0", &c, 1, LH_GATE_PASS);
	check_verdict("horizon(0.2552) <= 0", &c, 1, LH_GATE_FAIL);
	check_verdict("turn_accuracy(1) >= 0.0623", &m, 1, LH_GATE_PASS);
	check_verdict("turn_accuracy(1) >= 0.1606", &m, 1, LH_GATE_FAIL);
	struct lh_gate_result r = decide("turn_accuracy(1) >= 0.3", &c, 1);
	CHECK(r.quantity == LH_GATE_IN_SHARE && r.samples == 263 && r.level == 0.95 && !r.sequential && !r.censored && !r.policy_errors);
	CHECK_NEAR(r.value, 81.0 / 263, 1e-15);
	gate_free(&c, 1);
	gate_free(&m, 1);
}

/* 10 samples: 6 never err, 2 err at turn 2, 2 at turn 3. PA = 1, 0.8, 0.6, 0.6. */
static void test_horizons(void)
{
	struct lh_gate_condition c = gate_condition("full_history", "own", ROWS({ "cccc", 6 }, { "cscc", 2 }, { "ccrm", 0 }, { "ccmc", 2 }));
	struct lh_gate_result r = decide("horizon(0.8) >= 1", &c, 1);
	CHECK(r.value == 2 && !r.value_open && r.quantity == LH_GATE_IN_TURNS && r.samples == 10);
	CHECK(r.ci.lo == 0 && r.ci.hi == 4 && r.hi_open);        /* Wilson: 10 of 10 is 0.722 to 1; 6 of 10 0.313 to 0.832 */
	CHECK_INT(r.verdict, LH_GATE_OPEN);
	r = decide("first_below(0.8) >= 2", &c, 1);
	CHECK(r.value == 3 && r.ci.lo == 1 && r.ci.hi == 5);
	check_verdict("horizon(0.7) >= 1", &c, 1, LH_GATE_PASS);
	check_verdict("horizon(0.84) >= 3", &c, 1, LH_GATE_FAIL);
	check_verdict("horizon(0.84) <= 2", &c, 1, LH_GATE_PASS);
	check_verdict("first_below(0.84) <= 3", &c, 1, LH_GATE_PASS);
	c.grid.steps_per_turn = 5;
	r = decide("horizon_steps(0.8) >= 6", &c, 1);
	CHECK(r.value == 10 && r.ci.lo == 0 && r.ci.hi == 20 && r.quantity == LH_GATE_IN_STEPS);
	check_verdict("horizon_steps(0.7) >= 5", &c, 1, LH_GATE_PASS);
	check_verdict("horizon_steps(0.84) >= 11", &c, 1, LH_GATE_FAIL);
	check_verdict("horizon_steps(0.84) <= 10", &c, 1, LH_GATE_PASS);
	gate_free(&c, 1);
}

/* A gate on the horizon says what the table's interval says, whatever the limits: both ways, with and without censoring. */
static void test_agrees_with_the_table(void)
{
	struct lh_gate_condition c = gate_condition("full_history", "own", ROWS({ "cccccccc", 30 }, { "ccsccccc", 9 }, { "ccccscsc", 8 }, { "cccccccs", 13 }, { "sccccccc", 4 }));
	double s[] = { 0.3, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95 };
	struct lh_measure_options o = { .s = s, .s_count = 7, .resamples = 200, .seed = 1 };
	struct lh_result *r;
	CHECK_INT(lh_measure(&c.grid, &o, &r, NULL), 0);
	for (int i = 0; i < 7; i++)
		for (int n = 0; n < 8; n++) {
			const struct lh_horizon *h = &r->horizon[i];
			char text[64];
			snprintf(text, sizeof text, "horizon(%g) >= %d", s[i], n);
			if (n)
				check_verdict(text, &c, 1, h->lo >= n ? LH_GATE_PASS : h->hi < n ? LH_GATE_FAIL : LH_GATE_OPEN);
			snprintf(text, sizeof text, "horizon(%g) <= %d", s[i], n);
			check_verdict(text, &c, 1, h->hi <= n ? LH_GATE_PASS : h->lo > n ? LH_GATE_FAIL : LH_GATE_OPEN);
		}
	struct lh_gate_result g = decide("turn_error_rate <= 0.5", &c, 1);
	o.resamples = 0;
	lh_result_free(r);
	CHECK_INT(lh_measure(&c.grid, &o, &r, NULL), 0);
	CHECK(g.value == r->turn_error_rate && g.ci.lo == r->turn_error_rate_ci.lo && g.ci.hi == r->turn_error_rate_ci.hi);
	lh_result_free(r);
	gate_free(&c, 1);
}

static void test_shares_of_turns(void)
{
	struct lh_gate_condition c = gate_condition("full_history", "own", ROWS({ "cccc", 40 }, { "cmcm", 20 }, { "ccix", 20 }, { "ctoo", 20 }));
	static const struct { const char *metric; double value; } cases[] = { { "malformed", 0.1 }, { "missing", 0.05 }, { "truncated", 0.05 }, { "refused", 0.05 }, { "overflow", 0.1 }, { "turn_error_rate", 0.35 } };
	for (int i = 0; i < 6; i++) {
		char text[64];
		snprintf(text, sizeof text, "%s <= 0.9", cases[i].metric);
		struct lh_gate_result r = decide(text, &c, 1);
		if (i == 5) {
			CHECK_NEAR(r.value, (20 * 2 + 20 * 2 + 20 * 3) / 400.0, 1e-15);
		} else {
			CHECK_NEAR(r.value, cases[i].value, 1e-15);
			CHECK(r.ci.lo < r.value && r.ci.hi > r.value && r.ci.lo > r.value - 0.06 && r.ci.hi < r.value + 0.06);
		}
		CHECK(r.verdict == LH_GATE_PASS && r.samples == 100);
	}
	check_verdict("malformed <= 0.02", &c, 1, LH_GATE_FAIL);
	check_verdict("malformed <= 0.1", &c, 1, LH_GATE_OPEN);
	gate_free(&c, 1);
	/* nothing seen: the betting interval, whose end at 200 samples is 1 - 320^(-1/200) or just above */
	c = gate_condition("full_history", "own", ROWS({ "cccc", 200 }));
	struct lh_gate_result r = decide("malformed <= 0.5", &c, 1);
	CHECK(r.value == 0 && r.ci.lo == 0 && r.ci.hi > 1 - pow(320, -1 / 200.0) - 0.002 && r.ci.hi < 1 - pow(320, -1 / 200.0) + 0.001);
	gate_free(&c, 1);
}

/* Newcombe, Statistics in Medicine 17 (1998), pp. 2635-2650: pairs 36, 12, 2, 0 give 0.2, method 10: 0.0569 to 0.3404. */
static void test_losses(void)
{
	struct lh_gate_condition c[] = {
		made("full_history", "clean", ROWS({ "c.c", 48 }, { "c.s", 2 })),
		made("full_history", "injected:rate=0.5", ROWS({ "c.c", 36 }, { "c.s", 12 }, { "c.c", 2 })),
	};
	struct lh_gate_result r = decide("self_conditioning_loss(0.5) <= 0.2", c, 2);
	CHECK(r.quantity == LH_GATE_IN_DIFFERENCE && r.samples == 50);
	CHECK_NEAR(r.value, 0.2, 1e-15);
	CHECK_NEAR(r.ci.lo, 0.0569, 5e-5);
	CHECK_NEAR(r.ci.hi, 0.3404, 5e-5);
	CHECK_INT(r.verdict, LH_GATE_OPEN);
	check_verdict("self_conditioning_loss(0.5) <= 0.35", c, 2, LH_GATE_PASS);
	check_verdict("self_conditioning_loss(0.5) <= 0.05", c, 2, LH_GATE_FAIL);
	check_verdict("self_conditioning_loss(0.5) >= 0.05", c, 2, LH_GATE_PASS);
	check_verdict("self_conditioning_loss(0.5) >= 0.35", c, 2, LH_GATE_FAIL);
	gate_free(c, 2);
	/* `recovers` is right in the strict reading, which losses are in */
	struct lh_gate_condition d[] = { made("full_history", "clean", ROWS({ "c.c", 50 })), made("full_history", "injected:rate=0.5", ROWS({ "c.r", 50 })) };
	CHECK(decide("self_conditioning_loss(0.5) <= 0.2", d, 2).value == 0);
	gate_free(d, 2);
}

static void test_tokens(void)
{
	struct lh_gate_condition c = gate_condition("full_history", "own", ROWS({ "cccc", 40 }));
	int64_t tokens[40], turns[40];
	for (int i = 0; i < 40; i++)
		tokens[i] = 400 + 4 * (i % 10), turns[i] = 4;
	c.tokens_in = tokens;
	c.turns = turns;
	struct lh_gate_result r = decide("tokens_per_turn <= 104.5", &c, 1);
	CHECK(r.value == 104.5 && r.quantity == LH_GATE_IN_TOKENS && r.samples == 40 && r.verdict == LH_GATE_OPEN);
	CHECK(r.ci.lo > 103 && r.ci.lo < 104.2 && r.ci.hi > 104.8 && r.ci.hi < 106);
	check_verdict("tokens_per_turn <= 106", &c, 1, LH_GATE_PASS);
	check_verdict("tokens_per_turn <= 103", &c, 1, LH_GATE_FAIL);
	c.grid.samples = 1;
	check_verdict("tokens_per_turn <= 1000", &c, 1, LH_GATE_OPEN);
	c.grid.samples = 40;
	gate_free(&c, 1);
}

/* ---- what was cut off ---- */

/* 200 samples, c of them cut off behind turn 1: Wilson's interval of 188 of 200 is 0.8984 to 0.9652, of 190 0.9104 to
 * 0.9726, of 200 0.9812 to 1. */
static void test_censored(void)
{
	struct lh_gate_condition c = gate_condition("full_history", "own", ROWS({ "cc", 188 }, { "c!", 12 }));
	static const char *const rules[] = { "turn_accuracy(2) >= %g", "task_accuracy(2) >= %g", "horizon(%g) >= 2" };
	for (int i = 0; i < 3; i++) {
		static const struct { double limit; enum lh_gate_verdict want; } cases[] = {
			{ 0.89, LH_GATE_PASS }, { 0.9, LH_GATE_INFRASTRUCTURE }, { 0.97, LH_GATE_INFRASTRUCTURE }, { 0.99, LH_GATE_INFRASTRUCTURE } };
		for (int j = 0; j < 4; j++) {
			char text[64];
			snprintf(text, sizeof text, rules[i], cases[j].limit);
			check_verdict(text, &c, 1, cases[j].want);
		}
	}
	CHECK_INT(decide("turn_accuracy(2) >= 0.9", &c, 1).censored, 12);
	check_verdict("turn_accuracy(1) >= 0.97", &c, 1, LH_GATE_PASS);       /* all were seen there */
	gate_free(&c, 1);
	c = gate_condition("full_history", "own", ROWS({ "cc", 100 }, { "cs", 90 }, { "c!", 10 }));
	check_verdict("turn_accuracy(2) >= 0.8", &c, 1, LH_GATE_FAIL);        /* whatever they would have been */
	check_verdict("turn_accuracy(2) >= 0.52", &c, 1, LH_GATE_OPEN);
	check_verdict("turn_error_rate <= 0.5", &c, 1, LH_GATE_PASS);
	check_verdict("turn_error_rate <= 0.26", &c, 1, LH_GATE_INFRASTRUCTURE);      /* 0.225 or 0.25, each some 0.035 wide either way */
	check_verdict("turn_error_rate <= 0.22", &c, 1, LH_GATE_OPEN);
	check_verdict("malformed <= 0.035", &c, 1, LH_GATE_INFRASTRUCTURE);
	check_verdict("malformed <= 0.1", &c, 1, LH_GATE_PASS);
	gate_free(&c, 1);
	/* behind a first error --stop-at-error ran nothing: that is no gap */
	c = gate_condition("full_history", "own", ROWS({ "cc", 190 }, { "s.", 10 }));
	c.grid.stop_at_error = true;
	check_verdict("horizon(0.9) >= 2", &c, 1, LH_GATE_PASS);
	gate_free(&c, 1);
	struct lh_gate_condition d[] = { made("full_history", "clean", ROWS({ "c.c", 90 }, { "c.!", 10 })), made("full_history", "injected:rate=0.5", ROWS({ "c.c", 100 })) };
	check_verdict("self_conditioning_loss(0.5) <= 0.2", d, 2, LH_GATE_PASS);
	check_verdict("self_conditioning_loss(0.5) <= 0.03", d, 2, LH_GATE_INFRASTRUCTURE);
	gate_free(d, 2);
}

static void test_policy_errors(void)
{
	struct lh_gate_condition c = gate_condition("full_history", "own", ROWS({ "cccc", 199 }, { "cppp", 1 }));
	struct lh_gate_result r = decide("turn_accuracy(1) >= 0.5", &c, 1);
	CHECK(r.verdict == LH_GATE_FAIL && r.policy_errors == 1 && r.value == 1);
	gate_free(&c, 1);
	struct lh_gate_condition d[] = { made("full_history", "clean", ROWS({ "c.c", 49 }, { "c.p", 1 })), made("full_history", "injected:rate=0.5", ROWS({ "c.c", 50 })) };
	check_verdict("self_conditioning_loss(0.5) <= 0.9", d, 2, LH_GATE_FAIL);
	gate_free(d, 2);
}

/* ---- how many ---- */

static struct lh_gate_case case_of(const char *text, const struct lh_gate_condition *c, struct lh_rule *rule)
{
	struct lh_gate_case *k, out;
	CHECK_INT(gate_meet(text, c, 1, rule, &k, NULL), 1);
	out = *k;
	free(k);
	return out;
}

/* Wilson of n in n begins at n/(n + 3.8415). */
static void test_least(void)
{
	static const struct { const char *rule; int64_t least; } cases[] = {
		{ "turn_accuracy(1) >= 0.95", 73 }, { "turn_accuracy(1) >= 0.5", 4 }, { "turn_accuracy(1) <= 0.05", 73 }, { "horizon(0.8) >= 2", 16 },
		{ "horizon(0.8) <= 1", 1 }, { "task_accuracy(2) >= 0.99", 381 }, { "malformed <= 0.01", 565 }, { "turn_error_rate <= 0.1", 54 }, { "tokens_per_turn <= 5", 2 },
	};
	struct lh_gate_condition c = gate_condition("full_history", "own", GRID("cccc"));
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct lh_rule rule;
		struct lh_gate_case k = case_of(cases[i].rule, &c, &rule);
		if (lh_gate_least(&k) != cases[i].least)
			printf("%s: %lld, not %lld\n", cases[i].rule, (long long)lh_gate_least(&k), (long long)cases[i].least);
		CHECK(lh_gate_least(&k) == cases[i].least);
		lh_rule_fini(&rule);
	}
	gate_free(&c, 1);
}

/* With so many more of the same kind the verdict is there; with 2 % fewer it is not. */
static void test_more(void)
{
	struct lh_gate_condition c = gate_condition("full_history", "own", ROWS({ "c", 90 }, { "s", 10 }));
	struct lh_gate_result r = decide("turn_accuracy(1) >= 0.88", &c, 1);
	CHECK(r.verdict == LH_GATE_OPEN && r.more > 500 && r.more < 2000);
	int n = (int)r.more / 10 + 11;
	struct lh_gate_condition d = gate_condition("full_history", "own", ROWS({ "c", 9 * n }, { "s", n })), e = gate_condition("full_history", "own", ROWS({ "c", 8 * n }, { "s", 8 * n / 9 }));
	check_verdict("turn_accuracy(1) >= 0.88", &d, 1, LH_GATE_PASS);
	check_verdict("turn_accuracy(1) >= 0.88", &e, 1, LH_GATE_OPEN);
	CHECK_INT(decide("turn_accuracy(1) >= 0.9", &c, 1).more, 0);
	gate_free(&c, 1);
	gate_free(&d, 1);
	gate_free(&e, 1);
	c = gate_condition("full_history", "own", ROWS({ "cccc", 60 }, { "cmcm", 40 }));
	r = decide("turn_error_rate <= 0.23", &c, 1);
	CHECK(r.verdict == LH_GATE_OPEN && r.more > 100 && r.more < 1500);
	gate_free(&c, 1);
}

int main(void)
{
	test_filters();
	test_horizons_turn();
	test_losses_find_their_cells();
	test_stopped_at_errors();
	test_shares();
	test_horizons();
	test_agrees_with_the_table();
	test_shares_of_turns();
	test_losses();
	test_tokens();
	test_censored();
	test_policy_errors();
	test_least();
	test_more();
	return check_done();
}
