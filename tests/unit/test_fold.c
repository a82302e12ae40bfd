/* Rows folded into results: what each kind of row adds, and what it must not. */
#include "check.h"

#include "run/fold.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { TURNS = 4, SAMPLES = 2 };

static struct lh_error err;

static struct lh_condition_results *fresh_with(struct lh_condition_results *c, const char *history, const char *probes)
{
	memset(c, 0, sizeof *c);
	err = (struct lh_error){ 0 };
	c->history = strdup(history);
	CHECK_INT(lh_results_probes(c, lh_str_of(probes), TURNS, &err), 0);
	CHECK_INT(lh_results_shape(c, SAMPLES, TURNS, &err), 0);
	return c;
}

static struct lh_condition_results *fresh(struct lh_condition_results *c) { return fresh_with(c, "own", ""); }

/* lh_results_free frees conditions with a whole run. */
static void done(struct lh_condition_results *c)
{
	struct lh_results *r = calloc(1, sizeof *r);
	r->condition = malloc(sizeof *c);
	*r->condition = *c;
	r->conditions = 1;
	lh_results_free(r);
}

static struct lh_call_row accepted(int64_t turn, const char *outcome)
{
	return (struct lh_call_row){ .turn = turn, .reply = 1, .tokens_in = 10, .tokens_cached = 4, .tokens_out = 3, .tokens_reasoning = 2, .counted = true,
		.latency_us = 7, .cost_microusd = 5, .attempts = 2, .thoughts_kept = 1, .thoughts_dropped = 6, .exposure_update = 0.1, .exposure_state = 0.2,
		.exposure_unusable = 0.3, .reusable_prefix = 0.5, .accepted = true, .outcome = lh_str_of(outcome), .unshown = turn == 2 };
}

static void check_outcomes(const struct lh_condition_results *c, int sample, const int want[TURNS])
{
	for (int t = 0; t < TURNS; t++)
		CHECK_INT(c->outcome[sample * TURNS + t], want[t]);
}

static void test_calls(void)
{
	struct lh_condition_results c;
	int turns = 0;
	fresh(&c);
	struct lh_call_row row = accepted(1, "correct"), other = accepted(2, "");
	CHECK_INT(lh_fold_call(&c, (struct lh_place){ 1, 0 }, &turns, &row, &err), 0);
	other.accepted = other.counted = false;
	CHECK_INT(lh_fold_call(&c, (struct lh_place){ 1, 0 }, &turns, &other, &err), 0);       /* not accepted, an estimate */
	row = accepted(2, "slips");
	CHECK_INT(lh_fold_call(&c, (struct lh_place){ 1, 0 }, &turns, &row, &err), 0);
	struct lh_call_row failed = { .turn = 3, .reply = -1, .attempts = 9, .error = LH_STR("failed") };
	CHECK_INT(lh_fold_call(&c, (struct lh_place){ 1, 0 }, &turns, &failed, &err), 0);      /* no tokens: no estimate */
	CHECK_INT(turns, 2);
	check_outcomes(&c, 1, (int[]){ LH_OUTCOME_CORRECT, LH_OUTCOME_SLIPS, LH_UNSEEN, LH_UNSEEN });
	check_outcomes(&c, 0, (int[]){ LH_UNSEEN, LH_UNSEEN, LH_UNSEEN, LH_UNSEEN });
	CHECK_INT(c.unshown[TURNS], 0);
	CHECK_INT(c.unshown[TURNS + 1], 1);
	const struct lh_totals *t = &c.totals[1];
	const int64_t got[] = { t->calls, t->attempts, t->tokens_in, t->tokens_cached, t->tokens_out, t->tokens_reasoning, t->latency_us, t->cost_microusd,
		t->turns, t->counted, t->thoughts_kept, t->thoughts_dropped, t->priced };
	const int64_t want[] = { 4, 15, 30, 12, 9, 6, 21, 15, 2, 3, 3, 18, 1 };
	for (size_t i = 0; i < sizeof want / sizeof *want; i++)
		CHECK_INT(got[i], want[i]);
	CHECK(t->exposure_update == 0.1 + 0.1 && t->exposure_state == 0.2 + 0.2 && t->exposure_unusable == 0.3 + 0.3);
	CHECK(t->reusable_prefix == 1.5);
	CHECK_INT(c.totals[0].calls, 0);
	done(&c);
}

static void test_superseded(void)
{
	struct lh_condition_results c;
	fresh(&c);
	for (int64_t turn = 1; turn <= 9; turn++) {                    /* not even turns that there are not */
		struct lh_call_row row = accepted(turn, "nonsense");
		CHECK_INT(lh_fold_call(&c, (struct lh_place){ 0, 0 }, NULL, &row, &err), 0);
	}
	CHECK_INT(c.totals[0].calls, 9);
	CHECK_INT(c.totals[0].tokens_in, 90);
	CHECK_INT(c.totals[0].turns, 0);
	CHECK(c.totals[0].exposure_state == 0);
	check_outcomes(&c, 0, (int[]){ LH_UNSEEN, LH_UNSEEN, LH_UNSEEN, LH_UNSEEN });
	done(&c);
}

static void test_impossible(void)
{
	static const struct { int64_t turn; const char *outcome; int64_t tokens, dropped; } cases[] = {
		{ 2, "correct", 1, 0 }, { 0, "correct", 1, 0 }, { 1, "nonsense", 1, 0 }, { 1, "", 1, 0 }, { 1, "correct", -1, 0 },
		{ 1, "correct", INT64_MAX, 0 }, { 1, "correct", 1, -1 }, { 1, "correct", 1, INT64_MAX },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct lh_condition_results c;
		int turns = 0;
		fresh(&c);
		struct lh_call_row row = accepted(cases[i].turn, cases[i].outcome);
		row.tokens_in = cases[i].tokens;
		row.thoughts_dropped = cases[i].dropped;
		CHECK_INT(lh_fold_call(&c, (struct lh_place){ 0, 0 }, &turns, &row, &err), LH_E_DAMAGED);
		CHECK_INT(turns, 0);
		done(&c);
	}
	struct lh_condition_results c;
	int turns = TURNS;
	struct lh_call_row row = accepted(TURNS + 1, "correct");       /* a turn too many */
	fresh(&c);
	CHECK_INT(lh_fold_call(&c, (struct lh_place){ 0, 0 }, &turns, &row, &err), LH_E_DAMAGED);
	done(&c);
}

static void test_ends(void)
{
	enum { NONE = LH_UNSEEN, FAILED = LH_OUTCOME_FAILED, POLICY = LH_OUTCOME_POLICY_ERROR, OVER = LH_OUTCOME_OVERFLOW };
	static const struct { const char *status, *cause; int want[TURNS]; } cases[] = {
		{ "done", "", { NONE, NONE, NONE, NONE } }, { "running", "", { NONE, NONE, NONE, NONE } },
		{ "censored", "HTTP 500", { NONE, FAILED, NONE, NONE } }, { "plugin_crash", "signal 11", { NONE, FAILED, NONE, NONE } },
		{ "policy_error", "x", { NONE, POLICY, POLICY, POLICY } }, { "done", "overflow", { NONE, OVER, OVER, OVER } },
		{ "done", "stopped at its first error", { NONE, NONE, NONE, NONE } },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct lh_condition_results c;
		fresh(&c);
		struct lh_episode_row end = { .status = lh_str_of(cases[i].status), .cause = lh_str_of(cases[i].cause), .extra = LH_STR("{\"n\":1}") };
		struct lh_episode_row later = { .status = LH_STR("censored"), .cause = LH_STR("later"), .extra = LH_STR("{}") };
		CHECK_INT(lh_fold_end(&c, (struct lh_place){ 0, 0 }, 1, &end, &err), 0);
		CHECK_INT(lh_fold_end(&c, (struct lh_place){ 0, 0 }, TURNS, &later, &err), 0);      /* the first stays */
		check_outcomes(&c, 0, cases[i].want);
		CHECK_TEXT(c.cause[0], *cases[i].cause ? cases[i].cause : "later");
		CHECK_TEXT(c.extra[0], "{\"n\":1}");
		CHECK(!c.cause[1] && !c.extra[1]);
		done(&c);
	}
}

/* Each probed turn is an episode of its own: what one leaves does not touch the others. */
static void test_probes(void)
{
	struct lh_condition_results c;
	fresh_with(&c, "injected:rate=0.5", "2,4");
	CHECK_INT(c.episodes, 2);
	struct lh_place second = { 1, 1 }, first = { 1, 0 }, got;
	CHECK(lh_results_place(&c, 1, 4, &got) && got.sample == 1 && got.k == 1);
	CHECK(!lh_results_place(&c, 1, 3, &got) && !lh_results_place(&c, 1, 0, &got) && !lh_results_place(&c, 2, 4, &got) && !lh_results_place(&c, -1, 4, &got));
	int turns = lh_fold_begin(&c, second);
	CHECK_INT(turns, 3);
	struct lh_call_row row = accepted(4, "slips"), early = accepted(2, "correct"), late = accepted(3, "correct");
	CHECK_INT(lh_fold_call(&c, second, &turns, &row, &err), 0);
	CHECK_INT(turns, 4);
	int again = lh_fold_begin(&c, second);
	CHECK_INT(lh_fold_call(&c, second, &again, &early, &err), LH_E_DAMAGED);
	again = lh_fold_begin(&c, first);
	CHECK_INT(again, 1);
	CHECK_INT(lh_fold_call(&c, first, &again, &late, &err), LH_E_DAMAGED);
	struct lh_episode_row end = { .status = LH_STR("policy_error"), .cause = LH_STR("x"), .history_ratio = 0.5 };
	CHECK_INT(lh_fold_end(&c, first, lh_fold_begin(&c, first), &end, &err), 0);
	check_outcomes(&c, 1, (int[]){ LH_UNSEEN, LH_OUTCOME_POLICY_ERROR, LH_UNSEEN, LH_OUTCOME_SLIPS });
	CHECK(c.exposure[2 * 1 + 1] == 0.1 && isnan(c.exposure[2 * 1]) && isnan(c.exposure[0]));
	CHECK(c.ratio[2] == 0.5 && isnan(c.ratio[3]) && c.cause[2] && !c.cause[3]);
	lh_fold_clear(&c, second);
	check_outcomes(&c, 1, (int[]){ LH_UNSEEN, LH_OUTCOME_POLICY_ERROR, LH_UNSEEN, LH_UNSEEN });
	CHECK(isnan(c.exposure[3]) && c.totals[3].calls == 0 && c.cause[2]);
	done(&c);
	fresh_with(&c, "own", "2,4");                                  /* exposure is kept at those turns */
	turns = 0;
	for (int64_t t = 1; t <= TURNS; t++) {
		row = accepted(t, "correct");
		row.exposure_update = 0.125 * (double)t;
		CHECK_INT(lh_fold_call(&c, (struct lh_place){ 0, 0 }, &turns, &row, &err), 0);
	}
	CHECK(c.exposure[0] == 0.25 && c.exposure[1] == 0.5 && isnan(c.exposure[2]));
	done(&c);
	static const char *const bad[] = { "0", "5", "2,2", "3,2", "1,,2", "x", "1,", NULL };
	for (int i = 0; bad[i]; i++) {
		struct lh_condition_results b = { .history = strdup("clean") };
		CHECK_INT(lh_results_probes(&b, lh_str_of(bad[i]), TURNS, NULL), LH_E_DAMAGED);
		done(&b);
	}
}

int main(void)
{
	test_probes();
	test_calls();
	test_superseded();
	test_impossible();
	test_ends();
	return check_done();
}
