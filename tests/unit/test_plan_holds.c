/* Does a plan keep what it promises? A plan says how many samples have power 0.8; then 200 experiments of
 * so many are run with the simulated model, each compared as two policies of a run are, and the share that
 * finds the difference is held against it. Baseline and policy run under different seeds, as the plan says
 * of its pairs. */
#include "check.h"

#include "measure/grid.h"
#include "measure/permute.h"
#include "report/planned.h"
#include "run/run.h"

enum { EXPERIMENTS = 200, TURNS = 10 };

static void set(struct lh_experiment *e, const char *name, const char *value)
{
	struct lh_error err = { 0 };
	if (lh_experiment_set(e, lh_str_of(name), lh_str_of(value), LH_FROM_LINE, NULL, &err)) {
		printf("%s\n", err.text);
		exit(1);
	}
}

static void set_number(struct lh_experiment *e, const char *name, int value)
{
	char text[32];
	snprintf(text, sizeof text, "%d", value);
	set(e, name, text);
}

/* Histories that are long and wrong harm this model: its full history against none. */
static struct lh_experiment experiment_of(const char *const *policies)
{
	struct lh_experiment e;
	lh_experiment_init(&e);
	set(&e, "task", "kv_sum:keys=20");
	set(&e, "model", "sim:accuracy=0.95,context=12,self_conditioning=2");
	set(&e, "output", "none");
	set_number(&e, "turns", TURNS);
	for (; *policies; policies++)
		set(&e, "policy", *policies);
	return e;
}

static struct lh_planned *plan(int pool)
{
	struct lh_experiment e = experiment_of((const char *const[]){ "full_history", "reset", NULL });
	struct lh_plan_ask ask = { .power = 0.8, .replications = 1000, .most = 2000, .pool = pool, .change = NAN };
	struct lh_planned *p;
	struct lh_error err = { 0 };
	if (lh_planned_from_sim(&e, &ask, &p, &err)) {
		printf("%s\n", err.text);
		exit(1);
	}
	lh_experiment_fini(&e);
	return p;
}

static struct lh_results *run(const char *policy, int samples, int seed)
{
	struct lh_experiment e = experiment_of((const char *const[]){ policy, NULL });
	struct lh_results *r;
	struct lh_error err = { 0 };
	set_number(&e, "samples", samples);
	set_number(&e, "seed", seed);
	if (lh_run(&e, NULL, &r, &err)) {
		printf("%s\n", err.text);
		exit(1);
	}
	lh_experiment_fini(&e);
	return r;
}

/* n samples from `from` on, of a run of many: samples are independent, so that n of them are an experiment. */
static struct lh_grid part(const struct lh_results *r, int from, int n)
{
	const struct lh_condition_results *c = &r->condition[0];
	return (struct lh_grid){ .samples = n, .turns = c->turns, .outcome = c->outcome + (size_t)from * (size_t)c->turns, .steps_per_turn = 1 };
}

static double rate(const struct lh_grid *g, int sample)
{
	int errors = 0;
	for (int t = 0; t < g->turns; t++)
		errors += !lh_outcome_turn_ok(lh_grid_row(g, sample)[t]);
	return (double)errors / g->turns;
}

static bool finds(const struct lh_grid *a, const struct lh_grid *b, enum lh_plan_test test, double level, uint64_t seed)
{
	int n = a->samples;
	double *d = malloc((size_t)n * sizeof *d);
	struct lh_follow *follow = malloc(2 * (size_t)n * sizeof *follow);
	if (!d || !follow)
		exit(1);
	lh_follow_grid(a, follow);
	lh_follow_grid(b, follow + n);
	if (test == LH_PLAN_LENGTH && lh_logrank_paired(follow, follow + n, n, d, NULL))
		exit(1);
	for (int i = 0; i < n && test == LH_PLAN_ERRORS; i++)
		d[i] = rate(a, i) - rate(b, i);
	double p = lh_permute_signs(d, n, seed, LH_PERMUTATIONS).p;
	free(d);
	free(follow);
	return p <= level;
}

static void test_holds(const struct lh_planned_group *g, const struct lh_planned_test *t)
{
	int n = t->needed.there.at.n, found = 0;
	struct lh_results *base = run("full_history", EXPERIMENTS * n, 1001), *other = run("reset", EXPERIMENTS * n, 2002);
	for (int k = 0; k < EXPERIMENTS; k++) {
		struct lh_grid a = part(base, k * n, n), b = part(other, k * n, n);
		found += finds(&a, &b, t->test, g->level, (uint64_t)k);
	}
	double p = t->needed.there.at.power, share = (double)found / EXPERIMENTS, off = sqrt(p * (1 - p) / EXPERIMENTS + t->needed.there.error * t->needed.there.error);
	printf("%s: %d samples, planned %.3f +- %.3f; of %d experiments %.3f found it\n", t->test == LH_PLAN_LENGTH ? "length" : "errors", n, p,
		t->needed.there.error, EXPERIMENTS, share);
	CHECK_NEAR(share, p, 3.29 * off);        /* 99.9 % */
	lh_results_free(base);
	lh_results_free(other);
}

int main(void)
{
	struct lh_planned *p = plan(4000);
	CHECK_INT(p->groups, 1);
	const struct lh_planned_group *g = &p->group[0];
	CHECK_INT(g->test_count, 2);
	CHECK_NEAR(g->level, 0.025, 1e-15);
	for (int i = 0; i < g->test_count; i++) {
		CHECK(g->test[i].needed.reached);
		test_holds(g, &g->test[i]);
	}
	lh_planned_free(p);
	return check_done();
}
