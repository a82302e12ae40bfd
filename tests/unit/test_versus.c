/* Two runs compared: which condition is which, which samples are the same, and what a reader gets to see.
 * LH_UPDATE_GOLDEN=1 rewrites the golden files; whoever does that reads them before committing. */
#include "check.h"
#include "test_report_golden.h"

#include "base/random.h"
#include "json/reader.h"
#include "report/versus_match.h"

#include <math.h>

enum { MOST = 8, TURNS = 20 };

#define TASK "{\"keys\":100}"
#define SIM "{\"accuracy\":0.97}"

/* ---- runs made by hand ---- */

/* Results own their texts; these are never freed. */
static char *lit(const char *text) { return (char *)(uintptr_t)text; }

struct world { struct lh_results results; struct lh_condition_results condition[MOST]; };

static struct world *new_world(uint64_t seed, uint64_t first_sample)
{
	struct world *w = calloc(1, sizeof *w);
	if (!w)
		exit(1);
	w->results = (struct lh_results){ .run = 1, .version = lit("0.1.0"), .config_sha256 = lit("ab12"), .started = lit(""), .ended = lit(""), .status = lit("done"), .status_cause = lit(""),
		.seed = seed, .horizon = { 0.5, 0.8 }, .horizon_count = 2, .first_sample = first_sample, .condition = w->condition };
	return w;
}

static void drop_world(struct world *w)
{
	for (int i = 0; i < w->results.conditions; i++) {
		free(w->condition[i].outcome);
		free(w->condition[i].unshown);
		free(w->condition[i].totals);
		free(w->condition[i].exposure);
		free(w->condition[i].ratio);
		free(w->condition[i].cause);
		free(w->condition[i].extra);
	}
	free(w);
}

/* A sample errs at each turn with probability `rate`, by (seed, number) alone: the same numbers under the same
 * rate give the same outcomes in any run. */
static struct lh_condition_results *add(struct world *w, const char *policy, const char *options, int samples, double rate)
{
	struct lh_condition_results *c = &w->condition[w->results.conditions++];
	*c = (struct lh_condition_results){ .task = lit("kv_sum"), .task_params = lit(TASK), .model = lit("sim"), .model_options = lit(SIM), .policy = lit(policy),
		.policy_options = lit(options), .history = lit("own"), .task_label = lit("kv_sum"), .model_label = lit("sim:accuracy=0.97"),
		.policy_label = lit(policy), .steps_per_turn = 1 };
	if (lh_results_shape(c, samples, TURNS, NULL))
		exit(1);
	for (int i = 0; i < samples; i++) {
		struct lh_random r = lh_random_stream(w->results.seed, w->results.first_sample + (uint64_t)i, 0, LH_FOR_CHECK, 25);
		for (int t = 0; t < TURNS; t++)
			lh_results_turn(c, i, t, lh_random_unit(&r) < rate ? LH_OUTCOME_SLIPS : LH_OUTCOME_CORRECT, false);
		c->totals[i] = (struct lh_totals){ .tokens_in = (int64_t)(1000 + w->results.first_sample + (uint64_t)i) * TURNS, .turns = TURNS };
	}
	return c;
}

static struct lh_versus *versus(const struct world *base, const struct world *fresh, const char *against)
{
	struct lh_versus *v;
	struct lh_error err = { 0 };
	struct lh_versus_run run[2];
	const struct world *w[2] = { [LH_NEW] = fresh, [LH_BASE] = base };
	static const char *const path[2] = { [LH_NEW] = "new.db", [LH_BASE] = "base.db" };
	for (int k = 0; k < 2; k++)
		run[k] = (struct lh_versus_run){ path[k], &w[k]->results, !strcmp(w[k]->results.status, "done") };
	if (lh_versus_of(run, against, &v, &err)) {
		printf("%s\n", err.text);
		exit(1);
	}
	return v;
}

/* ---- parameters ---- */

static void test_params(void)
{
	static const struct { const char *a, *b; enum lh_versus_params want; } cases[] = {
		{ TASK, TASK, LH_PARAMS_SAME },
		{ TASK, "{ \"keys\": 100 }", LH_PARAMS_SAME },
		{ TASK, "{\"keys\":50}", LH_PARAMS_OTHER },
		{ TASK, "{\"keys\":100,\"min\":1}", LH_PARAMS_OTHER },
		{ "{\"a\":1,\"b\":2}", "{\"b\":2,\"a\":1}", LH_PARAMS_SAME },
		{ "{\"d\":\"x.json\",\"d_sha256\":\"1\"}", "{\"d\":\"y.json\",\"d_sha256\":\"1\"}", LH_PARAMS_SAME },
		{ "{\"d\":\"x.json\",\"d_sha256\":\"1\"}", "{\"d\":\"x.json\",\"d_sha256\":\"2\"}", LH_PARAMS_OTHER_DATA },
		{ "{\"d\":\"x.json\",\"d_sha256\":\"1\",\"k\":1}", "{\"d\":\"x.json\",\"d_sha256\":\"2\",\"k\":2}", LH_PARAMS_OTHER },
		{ "{\"d\":\"x.json\"}", "{\"d\":\"y.json\"}", LH_PARAMS_OTHER },
		{ "{\"d_sha256\":\"1\"}", "{\"d_sha256\":\"2\"}", LH_PARAMS_OTHER },
		{ "rubbish", "rubbish", LH_PARAMS_SAME },
		{ "rubbish", TASK, LH_PARAMS_OTHER },
		{ "[1]", "[2]", LH_PARAMS_OTHER },
		{ "1", "2", LH_PARAMS_OTHER },
		{ "{}", "[]", LH_PARAMS_OTHER },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		if (lh_versus_params(cases[i].a, cases[i].b) != cases[i].want)
			printf("case %zu: %s %s\n", i, cases[i].a, cases[i].b);
		CHECK_INT(lh_versus_params(cases[i].a, cases[i].b), cases[i].want);
		CHECK_INT(lh_versus_params(cases[i].b, cases[i].a), cases[i].want);
	}
}

/* ---- which condition is which ---- */

static void check_match(const struct lh_versus *v, int i, const char *fresh, const char *base, bool model_differs)
{
	CHECK(i < v->count);
	if (i >= v->count)
		return;
	CHECK_TEXT(v->match[i].side[LH_NEW].condition->policy_label, fresh);
	CHECK_TEXT(v->match[i].side[LH_BASE].condition->policy_label, base);
	CHECK_INT(v->match[i].model_differs, model_differs);
}

static void test_matching(void)
{
	struct world *base = new_world(1, 0), *fresh = new_world(1, 0);
	add(base, "window", "{\"n\":5}", 10, 0.1);
	add(base, "full_history", "{}", 10, 0.1);
	add(base, "reset", "{}", 10, 0.1)->steps_per_turn = 2;
	add(base, "clean", "{}", 10, 0.1)->history = lit("clean");
	add(fresh, "full_history", "{}", 10, 0.1);
	add(fresh, "window", "{\"n\":1}", 10, 0.1);
	add(fresh, "window", "{\"n\":5}", 10, 0.1);
	add(fresh, "reset", "{}", 10, 0.1);
	add(fresh, "clean", "{}", 10, 0.1)->history = lit("clean");
	struct lh_versus *v = versus(base, fresh, NULL);
	CHECK_INT(v->count, 2);
	check_match(v, 0, "full_history", "full_history", false);
	check_match(v, 1, "window", "window", false);
	CHECK_INT(v->alone[LH_NEW].count, 2);
	CHECK_INT(v->alone[LH_BASE].count, 1);
	CHECK_INT(v->made[LH_NEW].count, 1);
	CHECK_INT(v->made[LH_BASE].count, 1);
	CHECK_TEXT(v->alone[LH_BASE].condition[0]->policy, "reset");
	CHECK_INT(v->tests, 4);
	lh_versus_free(v);
	v = versus(base, fresh, "full_history");
	CHECK_INT(v->count, 4);
	check_match(v, 1, "window", "full_history", false);
	CHECK(v->match[1].policy_differs && !v->match[0].policy_differs);
	CHECK_INT(v->alone[LH_BASE].count, 0);
	lh_versus_free(v);
	drop_world(base);
	drop_world(fresh);
}

static void test_other_model(void)
{
	struct world *base = new_world(1, 0), *fresh = new_world(1, 0);
	add(base, "full_history", "{}", 10, 0.1);
	add(base, "window", "{}", 10, 0.1);
	add(base, "window", "{}", 10, 0.1)->model_options = lit("{\"accuracy\":0.9}");
	add(fresh, "full_history", "{}", 10, 0.1)->model = lit("openai");
	add(fresh, "window", "{}", 10, 0.1)->model = lit("openai");
	struct lh_versus *v = versus(base, fresh, NULL);
	CHECK_INT(v->count, 1);                      /* window could be either of two */
	check_match(v, 0, "full_history", "full_history", true);
	CHECK_INT(v->alone[LH_NEW].count, 1);
	CHECK_INT(v->alone[LH_BASE].count, 2);
	lh_versus_free(v);
	add(fresh, "window", "{}", 10, 0.1);         /* is one of them: the other is what is left */
	v = versus(base, fresh, NULL);
	CHECK_INT(v->count, 3);
	check_match(v, 1, "window", "window", true);
	check_match(v, 2, "window", "window", false);
	CHECK_TEXT(v->match[1].side[LH_BASE].condition->model_options, "{\"accuracy\":0.9}");
	lh_versus_free(v);
	add(fresh, "full_history", "{}", 10, 0.1)->model = lit("anthropic");
	v = versus(base, fresh, NULL);               /* two of NEW for one of BASE */
	CHECK_INT(v->count, 2);
	CHECK_INT(v->alone[LH_NEW].count, 2);
	lh_versus_free(v);
	drop_world(base);
	drop_world(fresh);
}

static void test_unknown_policy(void)
{
	struct world *w = new_world(1, 0);
	struct lh_versus *v;
	struct lh_error err = { 0 };
	add(w, "window", "{\"n\":1}", 4, 0.1)->policy_label = lit("window:n=1");
	add(w, "window", "{\"n\":5}", 4, 0.1)->policy_label = lit("window:n=5");
	struct lh_versus_run run[2] = { { "new.db", &w->results, true }, { "base.db", &w->results, true } };
	CHECK_INT(lh_versus_of(run, "reset", &v, &err), LH_E_USAGE);
	CHECK(v == NULL);
	CHECK_HAS(err.text, "base.db: --against reset: there is no such policy here; there is window:n=1, window:n=5");
	err = (struct lh_error){ 0 };
	CHECK_INT(lh_versus_of(run, "window", &v, &err), LH_E_USAGE);
	CHECK_HAS(err.text, "could be any of these: window:n=1, window:n=5");
	drop_world(w);
}

/* ---- which samples are the same ---- */

static void test_samples(void)
{
	struct world *base = new_world(1, 10), *fresh = new_world(1, 25), *later = new_world(1, 100), *seed = new_world(2, 25);
	add(base, "full_history", "{}", 30, 0.1);    /* 10 .. 39 */
	add(fresh, "full_history", "{}", 40, 0.1);   /* 25 .. 64 */
	add(later, "full_history", "{}", 20, 0.1);
	add(seed, "full_history", "{}", 40, 0.1);
	struct lh_versus *v = versus(base, fresh, NULL);
	const struct lh_versus_match *m = &v->match[0];
	CHECK(!m->unpaired && m->of.paired && m->of.samples[0] == 15);
	CHECK(m->of.error_rate.difference == 0 && m->of.length.p == 1 && m->of.errors.p == 1);   /* the same outcomes, if the rows are the right ones */
	CHECK_NEAR(m->side[LH_NEW].tokens_per_turn, 1032, 1e-9);
	CHECK_NEAR(m->side[LH_BASE].tokens_per_turn, 1032, 1e-9);
	CHECK_INT(m->side[LH_BASE].result->samples, 15);
	lh_versus_free(v);
	v = versus(base, later, NULL);
	CHECK_TEXT(v->match[0].unpaired, "no sample is in both runs");
	CHECK(!v->match[0].of.paired && v->match[0].of.samples[LH_NEW] == 20 && v->match[0].of.samples[LH_BASE] == 30);
	lh_versus_free(v);
	v = versus(base, seed, NULL);
	CHECK_TEXT(v->match[0].unpaired, "the seeds differ");
	CHECK(v->match[0].of.errors.p > 0 && !isnan(v->match[0].length_adjusted));
	lh_versus_free(v);
	base->condition[0].task_params = lit("{\"d\":\"x\",\"d_sha256\":\"1\"}");
	fresh->condition[0].task_params = lit("{\"d\":\"x\",\"d_sha256\":\"2\"}");
	v = versus(base, fresh, NULL);
	CHECK_TEXT(v->match[0].unpaired, "the data differ");
	lh_versus_free(v);
	drop_world(base), drop_world(fresh), drop_world(later), drop_world(seed);
}

/* ---- what is shown ---- */

/* A policy that got better, one that did not change, an oracle, other models, made histories, a run that was
 * stopped, names that would be obeyed. */
static void showcase(struct world **base, struct world **fresh)
{
	*base = new_world(1, 0), *fresh = new_world(1, 0);
	add(*base, "full_history", "{}", 100, 0.16);
	add(*base, "window:n=5", "{}", 100, 0.05);
	add(*base, "heal", "{}", 100, 0.04)->oracle = true;
	add(*base, "only\x1b[2Jhere", "{}", 100, 0.04);
	add(*base, "full_history", "{}", 100, 0.1)->history = lit("clean");
	add(*fresh, "full_history", "{}", 80, 0.06);
	add(*fresh, "window:n=5", "{}", 80, 0.05);
	add(*fresh, "heal", "{}", 80, 0.01)->oracle = true;
	add(*fresh, "summary", "{}", 80, 0.05);
	struct lh_condition_results *c = add(*base, "answers_only", "{}", 100, 0.05);
	c->task_label = lit("kv_sum:keys=50"), c->task_params = lit("{\"keys\":50}");
	c = add(*fresh, "answers_only", "{}", 80, 0.3);
	c->task_label = lit("kv_sum:keys=50"), c->task_params = lit("{\"keys\":50}"), c->model = lit("openai"), c->model_label = lit("openai:gpt-5-mini\n::error::");
	for (int i = 70; i < 80; i++)
		for (int t = 12; t < TURNS; t++)
			c->outcome[i * TURNS + t] = t == 12 ? LH_OUTCOME_FAILED : LH_UNSEEN;
	(*fresh)->results.status = lit("stopped"), (*fresh)->results.status_cause = lit("the budget is spent\x1b[31m");
}

static void test_table(void)
{
	static const struct { const char *name; struct lh_report_style style; } cases[] = {
		{ "60_ascii", { false, false, 60 } }, { "80", { false, true, 80 } }, { "100", { false, true, 100 } }, { "200", { false, true, 200 } } };
	struct world *base, *fresh;
	struct lh_buf out;
	showcase(&base, &fresh);
	struct lh_versus *v = versus(base, fresh, NULL);
	lh_buf_init(&out, 1 << 20);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		lh_buf_clear(&out);
		lh_versus_table(v, &cases[i].style, &out);
		CHECK_INT(out.failed, 0);
		check_lines(&out, &cases[i].style);
		check_golden("versus", cases[i].name, &out);
	}
	for (int columns = 60; columns < 220; columns += 3) {
		struct lh_report_style style = { false, columns % 2, columns };
		lh_buf_clear(&out);
		lh_versus_table(v, &style, &out);
		CHECK_INT(out.failed, 0);
		check_lines(&out, &style);
		CHECK_HAS(out.p, "NOT DONE");
	}
	for (size_t max = 0; max < 3000; max += 97) {
		struct lh_buf small;
		lh_buf_init(&small, max);
		lh_versus_table(v, &cases[1].style, &small);
		CHECK(small.failed != 0);
		lh_buf_fini(&small);
	}
	lh_buf_fini(&out);
	lh_versus_free(v);
	drop_world(base), drop_world(fresh);
}

static const struct lh_json *at(const struct lh_json *array, int i)
{
	const struct lh_json *node = lh_json_first(array);
	while (i-- > 0)
		node = lh_json_next(node);
	return node;
}

static void test_json(void)
{
	static const char *const match_keys[] = { "policy", "oracle", "model_differs", "policy_differs", "base", "new", "unpaired_because", "paired", "samples",
		"error_free_turns", "turn_error_rate", "length_test", "errors_test", "length", "errors", "sentence" };
	struct world *base, *fresh;
	struct lh_buf out;
	struct lh_json *root = NULL;
	struct lh_error err = { 0 };
	showcase(&base, &fresh);
	struct lh_versus *v = versus(base, fresh, NULL);
	lh_buf_init(&out, 1 << 20);
	lh_versus_json(v, &out);
	CHECK_INT(lh_json_parse(lh_buf_str(&out), "comparison", 1, &root, &err), 0);
	const struct lh_json *matches = lh_json_get(root, "matches"), *full = at(matches, 0), *heal = at(matches, 2);
	CHECK(lh_str_is(lh_json_str(lh_json_get(root, "schema")), "longhaul.compare/1"));
	CHECK(!lh_json_bool(lh_json_get(root, "done")) && lh_json_type(lh_json_get(root, "done")) == LH_JSON_BOOL);
	CHECK_INT(lh_json_size(matches), 4);
	for (size_t i = 0; i < sizeof match_keys / sizeof *match_keys; i++)
		CHECK(lh_json_get(full, match_keys[i]) != NULL);
	CHECK(lh_str_is(lh_json_str(lh_json_get(full, "errors")), "differs"));
	CHECK(lh_str_is(lh_json_str(lh_json_get(at(matches, 1), "errors")), "not_shown_to_differ"));
	CHECK(lh_str_is(lh_json_str(lh_json_get(heal, "errors")), "not_tested"));
	CHECK_INT(lh_json_type(lh_json_get(heal, "errors_test")), LH_JSON_NULL);
	const struct lh_json *rate = lh_json_get(full, "turn_error_rate");
	CHECK_NEAR(lh_json_number(lh_json_get(rate, "difference")), lh_json_number(lh_json_get(rate, "new")) - lh_json_number(lh_json_get(rate, "base")), 1e-12);
	CHECK(lh_json_number(lh_json_get(rate, "difference")) < 0);
	CHECK_INT(lh_json_size(lh_json_get(lh_json_get(root, "unmatched"), "base")), 1);
	CHECK_INT(lh_json_size(lh_json_get(lh_json_get(root, "unmatched"), "new")), 1);
	CHECK_INT(lh_json_size(lh_json_get(lh_json_get(root, "made_histories"), "base")), 1);
	CHECK_INT(lh_json_size(lh_json_get(lh_json_get(full, "base"), "horizon")), 2);
	CHECK_NEAR(lh_json_number(lh_json_get(root, "tests")), 6, 0);
	lh_json_free(root);
	lh_buf_fini(&out);
	lh_versus_free(v);
	drop_world(base), drop_world(fresh);
}

/* Everything of one run only. */
static void test_nothing_in_common(void)
{
	struct world *base = new_world(1, 0), *fresh = new_world(1, 0);
	struct lh_report_style style = { false, true, 80 };
	struct lh_buf out;
	add(base, "full_history", "{}", 5, 0.1);
	add(fresh, "window", "{}", 5, 0.1);
	struct lh_versus *v = versus(base, fresh, NULL);
	lh_buf_init(&out, 1 << 16);
	lh_versus_table(v, &style, &out);
	CHECK_HAS(out.p, "nothing is compared");
	CHECK_HAS(out.p, "only in NEW");
	CHECK_HAS(out.p, "only in BASE");
	lh_buf_fini(&out);
	lh_versus_free(v);
	drop_world(base), drop_world(fresh);
}

int main(void)
{
	test_params();
	test_matching();
	test_other_model();
	test_unknown_policy();
	test_samples();
	test_table();
	test_json();
	test_nothing_in_common();
	return check_done();
}
