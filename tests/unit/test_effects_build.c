/* From what a run left to the entries of the report: which conditions belong together, what is compared with what, and
 * what is said where it cannot be. Runs are made by hand, one letter a reply; the numbers are counted again here. */
#include "check.h"

#include "base/random.h"
#include "measure/wilson.h"
#include "report/effects_build.h"
#include "report/effects_text.h"

enum { MOST = 40 };

struct world { struct lh_results results; struct lh_condition_results condition[MOST]; };

/* Results own their texts; these are never freed. */
static char *lit(const char *text) { return (char *)(uintptr_t)text; }

static struct world *new_world(void)
{
	struct world *w = calloc(1, sizeof *w);
	if (!w)
		exit(1);
	w->results.seed = 3;
	w->results.condition = w->condition;
	return w;
}

static void drop(struct world *w)
{
	for (int i = 0; i < w->results.conditions; i++) {
		struct lh_condition_results *c = &w->condition[i];
		void *all[] = { c->outcome, c->unshown, c->exposure, c->totals, c->ratio, c->cause, c->extra, c->probe };
		for (size_t k = 0; k < sizeof all / sizeof *all; k++)
			free(all[k]);
	}
	free(w);
}

static struct lh_condition_results *add(struct world *w, const char *policy, const char *history, const char *probes, int samples, int turns)
{
	struct lh_condition_results *c = &w->condition[w->results.conditions++];
	*c = (struct lh_condition_results){ .task = lit("kv_sum"), .task_params = lit("{}"), .task_label = lit("kv_sum"), .model = lit("sim"), .model_options = lit("{}"),
		.model_label = lit("sim"), .policy = lit(policy), .policy_options = lit("{}"), .policy_label = lit(policy), .history = lit(history), .steps_per_turn = 1 };
	if (lh_results_probes(c, lh_str_of(probes), turns, NULL) || lh_results_shape(c, samples, turns, NULL))
		exit(1);
	return c;
}

static enum lh_outcome outcome_of(char letter)
{
	static const char letters[] = "cfrsmF";      /* correct, follows, recovers, slips, malformed, Failed */
	static const enum lh_outcome of[] = { LH_OUTCOME_CORRECT, LH_OUTCOME_FOLLOWS, LH_OUTCOME_RECOVERS, LH_OUTCOME_SLIPS, LH_OUTCOME_MALFORMED, LH_OUTCOME_FAILED };
	const char *at = strchr(letters, letter);
	CHECK(at != NULL);
	return of[at ? at - letters : 0];
}

/* One letter a sample, at one turn; update exposure x for those that have any. */
static void say(struct lh_condition_results *c, int turn, const char *letters, double x)
{
	int k = lh_results_probe(c, turn);
	for (int i = 0; letters[i]; i++) {
		enum lh_outcome o = outcome_of(letters[i]);
		c->outcome[i * c->turns + turn - 1] = (uint8_t)o;
		if (o == LH_OUTCOME_FAILED)
			continue;
		if (k >= 0)
			c->exposure[i * c->probes + k] = x;
		struct lh_totals *t = &c->totals[i * c->episodes + (c->episodes > 1 ? k : 0)];
		t->calls++, t->turns++, t->tokens_in += 1000, t->exposure_state += x / 2;
	}
}

static struct lh_report_effects *build(const struct world *w, int *count)
{
	struct lh_report_effects *list;
	struct lh_error err = { 0 };
	if (lh_effects_build(&w->results, &(struct lh_effects_options){ 199, 200 }, &list, count, &err)) {
		printf("%s\n", err.text);
		exit(1);
	}
	return list;
}

static const struct lh_effects_loss *loss(const struct lh_report_effects *e, enum lh_effects_kind kind, int turn, double rate, bool last)
{
	for (int i = 0; i < e->losses; i++) {
		const struct lh_effects_loss *l = &e->loss[i];
		const struct lh_history *h = &e->history[l->second].made;
		if (l->kind == kind && l->turn == turn && (kind != LH_EFFECTS_SELF_CONDITIONING || (h->rate == rate && h->last == last)))
			return l;
	}
	return NULL;
}

/* ---- groups ---- */

static void test_no_made_history_no_entry(void)
{
	struct world *w = new_world();
	int n;
	add(w, "full_history", "own", "", 3, 5);
	struct lh_report_effects *list = build(w, &n);
	CHECK_INT(n, 0);
	lh_effects_free(list, n);
	drop(w);
}

/* Policies apart, models apart; histories in their own order whatever the conditions'. */
static void test_groups(void)
{
	struct world *w = new_world();
	int n;
	add(w, "full_history", "propagated:rate=0.5", "1,5", 3, 5);
	add(w, "full_history", "own", "1,5", 3, 5);
	add(w, "window", "own", "1,5", 3, 5);
	add(w, "full_history", "injected:rate=0.5,last=true", "1,5", 3, 5);
	add(w, "full_history", "injected:rate=1", "1,5", 3, 5);
	add(w, "window", "clean", "1,5", 3, 5);
	add(w, "full_history", "injected:rate=0.25", "1,5", 3, 5);
	add(w, "full_history", "clean", "1,5", 3, 5)->model_options = lit("{\"accuracy\":1}");
	struct lh_report_effects *list = build(w, &n);
	CHECK_INT(n, 3);
	CHECK_INT(list[0].histories, 5);
	static const int order[] = { 6, 4, 3, 0, 1 };
	for (int i = 0; i < 5; i++)
		CHECK_INT(list[0].history[i].condition, order[i]);
	CHECK_INT(list[0].turns, 2);
	CHECK(list[0].turn[0] == 1 && list[0].turn[1] == 5);
	CHECK_INT(list[1].histories, 2);
	CHECK_INT(list[1].history[0].condition, 5);
	CHECK_INT(list[2].histories, 1);
	lh_effects_free(list, n);
	drop(w);
}

static void test_thoughts_are_apart(void)
{
	struct world *w = new_world();
	int n;
	add(w, "full_history", "own", "5", 3, 5);
	add(w, "full_history", "restated", "5", 3, 5);
	add(w, "full_history", "clean:thoughts=matching", "5", 3, 5);
	struct lh_report_effects *list = build(w, &n);
	CHECK_INT(n, 1);                             /* restated alone makes no second one */
	CHECK(list[0].thoughts && list[0].histories == 3);
	lh_effects_free(list, n);
	add(w, "full_history", "clean", "5", 3, 5);
	add(w, "full_history", "injected:rate=1", "5", 3, 5);
	list = build(w, &n);
	CHECK_INT(n, 2);
	CHECK(!list[0].thoughts && list[0].histories == 4 && list[1].thoughts && list[1].histories == 3);
	CHECK_INT(lh_effects_find_history(&list[1], LH_HISTORY_INJECTED), -1);
	lh_effects_free(list, n);
	drop(w);
}

/* ---- cells and losses, counted by hand ---- */

static void test_losses(void)
{
	struct world *w = new_world();
	struct lh_condition_results *own = add(w, "full_history", "own", "1,4", 10, 4), *restated = add(w, "full_history", "restated", "1,4", 10, 4);
	struct lh_condition_results *filler = add(w, "full_history", "filler", "1,4", 10, 4), *clean = add(w, "full_history", "clean", "1,4", 10, 4);
	struct lh_condition_results *wrong = add(w, "full_history", "injected:rate=0.5", "1,4", 10, 4), *last = add(w, "full_history", "injected:rate=0.5,last=true", "1,4", 10, 4);
	say(own, 1, "ccccccccsF", 0);
	say(restated, 4, "cccccccssc", 0);
	say(filler, 4, "ccccccssss", 0);
	say(clean, 4, "cccccccssF", 0);
	say(wrong, 4, "rrffsssssF", 0.8);
	say(last, 4, "ccccccfssF", 0.7);
	for (int i = 0; i < 10; i++)
		filler->ratio[2 * i + 1] = 0.98 + 0.01 * (i % 3);
	int n;
	struct lh_report_effects *list = build(w, &n), *e = &list[0];
	CHECK_INT(e->losses, 6);
	CHECK_INT(e->history[e->turn1].made.mode, LH_HISTORY_OWN);
	const struct { enum lh_effects_kind kind; bool last; int both, first, second, neither; } want[] = {
		{ LH_EFFECTS_STATE, false, 7, 1, 0, 1 }, { LH_EFFECTS_LENGTH, false, 6, 2, 0, 2 }, { LH_EFFECTS_PATTERN, false, 6, 0, 1, 2 },
		{ LH_EFFECTS_LONG_CONTEXT, false, 7, 1, 0, 1 }, { LH_EFFECTS_SELF_CONDITIONING, false, 4, 3, 0, 2 }, { LH_EFFECTS_SELF_CONDITIONING, true, 7, 0, 0, 2 } };
	for (int i = 0; i < 6; i++) {
		const struct lh_effects_loss *l = loss(e, want[i].kind, 4, 0.5, want[i].last);
		CHECK(l && !l->why);
		const struct lh_pairs *p = &l->strict.pairs;
		CHECK(p->both == want[i].both && p->first == want[i].first && p->second == want[i].second && p->neither == want[i].neither);
		CHECK_NEAR(l->strict.value, (double)(want[i].first - want[i].second) / (want[i].both + want[i].first + want[i].second + want[i].neither), 1e-15);
		struct lh_interval ci = lh_newcombe(p);
		CHECK(l->strict.ci.lo == ci.lo && l->strict.ci.hi == ci.hi);
	}
	const struct lh_pairs *paper = &loss(e, LH_EFFECTS_SELF_CONDITIONING, 4, 0.5, false)->paper.pairs;
	CHECK(paper->both == 2 && paper->first == 5);            /* the two that recover are errors there */
	lh_effects_free(list, n);
	drop(w);
}

static void test_cells(void)
{
	struct world *w = new_world();
	struct lh_condition_results *own = add(w, "full_history", "own", "1,4", 4, 4), *filler = add(w, "full_history", "filler", "1,4", 4, 4);
	struct lh_condition_results *wrong = add(w, "full_history", "injected:rate=0.5", "1,4", 4, 4);
	say(own, 4, "ccsF", 0.25);
	say(filler, 4, "cccc", 0);
	say(wrong, 4, "rfsF", 0.8);
	wrong->exposure[1] = 0.5;                    /* the first sample's */
	for (int i = 0; i < 4; i++)
		filler->ratio[2 * i + 1] = 0.98 + 0.01 * i;
	int n;
	struct lh_report_effects *list = build(w, &n), *e = &list[0];
	const struct lh_effects_cell *f = &e->cell[1], *x = &e->cell[3], *o = &e->cell[5];
	CHECK_INT(x->observed, 3);
	CHECK_NEAR(x->paper.value, 1.0 / 3, 1e-15);
	CHECK_NEAR(x->strict.value, 2.0 / 3, 1e-15);
	CHECK_NEAR(x->strict.ci.lo, lh_wilson(2.0 / 3, 3).lo, 0);
	CHECK_NEAR(x->update, (0.5 + 0.8 + 0.8) / 3, 1e-15);
	CHECK_NEAR(x->state, 0.4, 1e-15);
	CHECK_NEAR(x->tokens_in, 1000, 0);
	CHECK(isnan(x->ratio));
	CHECK_NEAR(f->ratio, 0.995, 1e-15);
	CHECK(f->ratio_least == 0.98 && f->ratio_most == 0.98 + 0.01 * 3);
	CHECK_NEAR(o->update, 0.25, 0);
	CHECK(isnan(o->state) && isnan(o->tokens_in));           /* not recorded by turn */
	CHECK_INT(e->cell[0].observed, 0);
	CHECK(isnan(e->cell[0].paper.value));
	lh_effects_free(list, n);
	drop(w);
}

/* ---- turn 1 ---- */

static void test_turn1(void)
{
	struct world *w = new_world();
	struct lh_condition_results *clean = add(w, "full_history", "clean", "1,4", 4, 4);
	say(clean, 1, "cccs", 0);
	say(clean, 4, "ccss", 0);
	int n;
	struct lh_report_effects *list = build(w, &n);
	CHECK_INT(list[0].turn1, 0);                 /* no own run: turn 1 was asked behind a made history, which was none */
	CHECK_NEAR(loss(&list[0], LH_EFFECTS_LONG_CONTEXT, 4, 0, false)->strict.value, 0.25, 0);
	lh_effects_free(list, n);
	drop(w);

	w = new_world();
	clean = add(w, "full_history", "clean", "4", 4, 4);
	say(clean, 4, "ccss", 0);
	list = build(w, &n);
	CHECK_INT(list[0].turn1, -1);
	const struct lh_effects_loss *l = loss(&list[0], LH_EFFECTS_LONG_CONTEXT, 4, 0, false);
	CHECK(l && isnan(l->strict.value));
	CHECK_HAS(l->why, "turn 1 was not asked");
	lh_effects_free(list, n);
	drop(w);
}

static void test_only_turn1(void)
{
	struct world *w = new_world();
	say(add(w, "full_history", "clean", "1", 4, 4), 1, "cccs", 0);
	say(add(w, "full_history", "injected:rate=1", "1", 4, 4), 1, "cccs", 0);
	int n;
	struct lh_report_effects *list = build(w, &n);
	CHECK_INT(list[0].losses, 0);
	CHECK_HAS(list[0].slope.why, "only turn 1");
	CHECK_HAS(list[0].attribution.why, "only turn 1");
	lh_effects_free(list, n);
	drop(w);
}

/* ---- slope and attribution ---- */

/* 60 samples; errors more frequent the more errors are in view. x of the own runs: 0 to 0.3. */
static struct world *rich(const char *probes, int turns)
{
	static const struct { const char *history; double x; } of[] = { { "clean", 0 }, { "propagated:rate=0.1", 0.1 }, { "propagated:rate=0.4", 0.4 }, { "injected:rate=0.5", 0.75 },
		{ "injected:rate=0.5,last=true", 0.75 }, { "own", 0.15 }, { "propagated:rate=0.6,last=true", 0.6 } };
	struct world *w = new_world();
	for (int h = 0; h < 7; h++) {
		struct lh_condition_results *c = add(w, "full_history", of[h].history, probes, 60, turns);
		bool made = lh_history_made(&c->made);
		for (int t = 1; t <= turns; t++) {
			char letters[61] = { 0 };
			if (made && lh_results_probe(c, t) < 0)
				continue;
			struct lh_random r = lh_random_stream(9, (uint64_t)h, (uint64_t)t, LH_FOR_CHECK, 26);
			double x = t == 1 ? 0 : of[h].x;
			for (int i = 0; i < 60; i++)
				letters[i] = lh_random_unit(&r) < 1 / (1 + exp(2.2 - 4 * x)) ? 's' : 'c';
			say(c, t, letters, x);
		}
		for (int i = 0; i < 60 && !made; i++)
			c->exposure[i * c->probes + c->probes - 1] = 0.01 * (i % 31);
	}
	return w;
}

static void test_slope_and_attribution(void)
{
	struct world *w = rich("1,4", 4);
	int n;
	struct lh_report_effects *list = build(w, &n), *e = &list[0];
	CHECK(!e->slope.why && e->slope.turns == 1 && e->slope.turn[0] == 4);
	CHECK_INT(e->slope.strict.fit.trials, 240);              /* own and last=true are no part of it */
	CHECK(e->slope.strict.ci.lo > 0 && e->slope.strict.test.p < 0.05);
	CHECK(!e->attribution.why);
	const struct lh_attribution *a = &e->attribution.strict;
	CHECK_INT(a->samples, 60);
	CHECK_INT(a->points, 3);
	CHECK_NEAR(e->attribution.reach, 0.4, 1e-15);
	CHECK_NEAR(a->length.value + a->errors.value + a->rest.value, a->loss.value, 1e-15);
	int own = lh_effects_find_history(e, LH_HISTORY_OWN), clean = lh_effects_find_history(e, LH_HISTORY_CLEAN);
	CHECK_NEAR(a->loss.value, e->cell[own * 2].strict.value - e->cell[own * 2 + 1].strict.value, 1e-12);
	CHECK_NEAR(a->length.value, e->cell[own * 2].strict.value - e->cell[clean * 2 + 1].strict.value, 1e-12);
	lh_effects_free(list, n);
	drop(w);
}

/* Nine turns beyond the first: seven of them, the last included. */
static void test_many_turns(void)
{
	struct world *w = rich("1,2,3,4,5,6,7,8,9,10", 10);
	int n;
	struct lh_report_effects *list = build(w, &n), *e = &list[0];
	static const int want[] = { 2, 3, 4, 6, 7, 8, 10 };
	CHECK_INT(e->slope.asked, 9);
	CHECK_INT(e->slope.turns, 7);
	for (int k = 0; k < 7; k++)
		CHECK_INT(e->slope.turn[k], want[k]);
	CHECK_INT(e->attribution.turn, 10);
	CHECK_INT(e->losses, 9 * 3);
	lh_effects_free(list, n);
	drop(w);
}

static void test_spread(void)
{
	for (int n = 1; n < 60; n++)
		for (int most = 1; most < 20; most++) {
			int count = n < most ? n : most;
			CHECK_INT(lh_effects_spread(n, most, count - 1), n - 1);
			for (int k = 1; k < count; k++)
				CHECK(lh_effects_spread(n, most, k) > lh_effects_spread(n, most, k - 1));
			CHECK(lh_effects_spread(n, most, 0) >= 0);
		}
}

/* A reply that never was (the policy failed, nothing fitted) has an outcome and no exposure. */
static void test_no_exposure(void)
{
	struct world *w = rich("1,4", 4);
	struct lh_condition_results *c = &w->condition[1], *own = &w->condition[5];
	for (int i = 0; i < 5; i++) {
		c->outcome[i * 4 + 3] = LH_OUTCOME_POLICY_ERROR;
		c->exposure[i * 2 + 1] = NAN;
		own->outcome[(i + 10) * 4 + 3] = LH_OUTCOME_OVERFLOW;
		own->exposure[(i + 10) * 2 + 1] = NAN;
	}
	int n;
	struct lh_report_effects *list = build(w, &n), *e = &list[0];
	CHECK_INT(e->slope.strict.fit.trials, 235);
	CHECK_INT(e->attribution.strict.samples, 55);
	CHECK_NEAR(e->attribution.strict.curve[1].weight, 50, 0);        /* of those 55, and the cell's own 5 are not among them */
	CHECK_INT(e->cell[1 * 2 + 1].observed, 60);
	lh_effects_free(list, n);
	drop(w);
}

/* As a damaged run file may have them. */
static void test_exposure_that_is_no_share(void)
{
	static const double bad[] = { INFINITY, -INFINITY, -0.1, 1.5, 1e300 };
	struct world *w = rich("1,4", 4);
	for (int h = 0; h < 7; h++)
		for (int i = 0; i < 5; i++)
			w->condition[h].exposure[i * 2 + 1] = bad[i];
	int n;
	struct lh_report_effects *list = build(w, &n);
	CHECK_INT(list[0].slope.strict.fit.trials, 4 * 55);
	CHECK_INT(list[0].attribution.strict.samples, 55);
	CHECK(list[0].cell[1 * 2 + 1].update > 0 && list[0].cell[1 * 2 + 1].update < 1);
	lh_effects_free(list, n);
	drop(w);
}

static void test_stopped_at_errors(void)
{
	struct world *w = rich("1,4", 4);
	w->results.stop_at_error = true;
	int n;
	struct lh_report_effects *list = build(w, &n), *e = &list[0];
	int own = lh_effects_find_history(e, LH_HISTORY_OWN);
	CHECK_HAS(e->attribution.why, "--stop-at-error");
	CHECK(!e->cell[own * 2 + 1].probed && e->cell[own * 2].probed);
	CHECK_INT(e->turn1, own);
	CHECK(!e->slope.why && !isnan(loss(e, LH_EFFECTS_LONG_CONTEXT, 4, 0, false)->strict.value));
	lh_effects_free(list, n);
	drop(w);
}

static void test_what_is_missing(void)
{
	struct world *w = new_world();
	int n;
	say(add(w, "full_history", "clean", "1,4", 4, 4), 4, "cccc", 0);
	struct lh_report_effects *list = build(w, &n);
	CHECK_HAS(list[0].slope.why, "injected:rate=R or propagated:rate=R");
	CHECK_HAS(list[0].attribution.why, "own, clean and propagated");
	lh_effects_free(list, n);
	say(add(w, "full_history", "injected:rate=1", "1,4", 4, 4), 4, "cccs", 0.9);
	list = build(w, &n);
	CHECK_INT(list[0].slope.strict.fit.status, LH_FIRTH_FEW);
	CHECK_INT(list[0].slope.strict.fit.samples_needed, 40);
	lh_effects_free(list, n);
	drop(w);
}

/* More rates than the curve takes: sixteen, the highest among them. */
static void test_many_rates(void)
{
	struct world *w = new_world();
	static char names[20][32];
	char letters[31] = "cccccccccccccccccccccccccccsss";
	int n;
	say(add(w, "full_history", "clean", "4", 30, 4), 4, letters, 0);
	for (int i = 0; i < 20; i++) {
		snprintf(names[i], sizeof names[i], "propagated:rate=%.2f", 0.05 * (i + 1));
		say(add(w, "full_history", names[i], "4", 30, 4), 4, letters, 0.05 * (i + 1));
	}
	struct lh_condition_results *own = add(w, "full_history", "own", "4", 30, 4);
	say(own, 1, letters, 0);
	say(own, 4, letters, 0.1);
	struct lh_report_effects *list = build(w, &n);
	CHECK(!list[0].attribution.why);
	CHECK_INT(list[0].attribution.strict.points, 17);
	CHECK_NEAR(list[0].attribution.reach, 1, 1e-12);
	lh_effects_free(list, n);
	drop(w);
}

/* ---- policies ---- */

static void test_policies(void)
{
	struct world *w = new_world();
	static const struct { const char *policy; bool oracle; const char *turn4; int64_t tokens; } of[] = {
		{ "heal", true, "cccccccccc", 1000 }, { "window", false, "ccccccccsF", 200 }, { "full_history", false, "ccccccsssc", 1000 }, { "reset", false, "cccccccsss", 50 } };
	int n;
	for (int i = 0; i < 4; i++) {
		struct lh_condition_results *c = add(w, of[i].policy, "own", "4", 10, 4);
		c->oracle = of[i].oracle;
		say(c, 4, of[i].turn4, 0);
		for (int k = 0; k < 10; k++)
			c->totals[k].tokens_in = of[i].tokens * c->totals[k].turns;
	}
	for (int i = 1; i < 3; i++)
		say(add(w, of[i].policy, "clean", "4", 10, 4), 4, "cccccccccc", 0);
	struct lh_report_effects *list = build(w, &n);
	CHECK_INT(n, 2);
	CHECK_INT(list[0].policies, 0);              /* window's: the others are not held against it */
	CHECK_INT(list[1].policies, 3);
	CHECK_INT(list[1].policy[1].condition, 1);
	CHECK_INT(list[1].policy[1].strict.pairs.first, 2);      /* right with window, wrong with full_history */
	CHECK_NEAR(list[1].policy[1].strict.value, 2.0 / 9, 1e-15);
	CHECK_NEAR(list[1].policy[1].tokens, 0.2, 1e-15);
	CHECK_NEAR(list[1].policy[2].strict.value, 0, 1e-15);
	lh_effects_free(list, n);
	w->condition[2].policy = lit("majority");    /* no full_history: the first that is no oracle */
	w->condition[5].policy = lit("majority");
	list = build(w, &n);
	CHECK_INT(list[0].policies, 3);
	CHECK_INT(list[1].policies, 0);
	lh_effects_free(list, n);
	w->results.stop_at_error = true;
	list = build(w, &n);
	CHECK_INT(list[0].policies, 0);
	lh_effects_free(list, n);
	drop(w);
}

int main(void)
{
	test_no_made_history_no_entry();
	test_groups();
	test_thoughts_are_apart();
	test_losses();
	test_cells();
	test_turn1();
	test_only_turn1();
	test_slope_and_attribution();
	test_many_turns();
	test_spread();
	test_no_exposure();
	test_exposure_that_is_no_share();
	test_stopped_at_errors();
	test_what_is_missing();
	test_many_rates();
	test_policies();
	return check_done();
}
