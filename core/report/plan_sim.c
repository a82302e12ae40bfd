/* A plan from simulated samples: the baseline's under the experiment's seed, the policies' under another,
 * so that pairs do not share their luck, as a real model's would not. */
#include "report/planned.h"

#include "base/random.h"
#include "policy/policy.h"
#include "run/run.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct simulating {
	const struct lh_experiment *experiment;
	const struct lh_plan_ask *ask;
	const struct lh_plan *grid;
	int baseline;
	struct lh_plan_policy *policy;
	struct lh_results *base, *others;
};

static int check(const struct lh_experiment *e, struct lh_error *err)
{
	if (lh_experiment_live(e))
		return lh_fail(err, LH_E_USAGE, "a plan sends nothing, and this model is no simulated one: plan from sim, or --from the run file of an earlier run");
	for (int i = 0; i < e->models.count; i++)
		if (!strncmp(e->models.item[i], "replay:", 7))
			return lh_fail(err, LH_E_USAGE, "%s: what was recorded is no model to draw further samples from: plan from sim, or --from a run file", e->models.item[i]);
	for (int i = 0; i < e->histories.count; i++)
		if (strcmp(e->histories.item[i], "own"))
			return lh_fail(err, LH_E_USAGE, "--history %s: a plan compares policies on the model's own history", e->histories.item[i]);
	return 0;
}

/* ---- the policies ---- */

static int name_policies(struct simulating *s, struct lh_error *err)
{
	int n = s->grid->policies;
	s->policy = calloc((size_t)n + 1, sizeof *s->policy);
	if (!s->policy)
		return lh_nomem(err);
	for (int i = 0; i < n; i++) {            /* the policy is the grid's innermost axis */
		const struct lh_condition *c = &s->grid->condition[i];
		s->policy[i] = (struct lh_plan_policy){ c->policy_label, lh_policy_name(c->policy), lh_policy_needs(c->policy) & LH_NEEDS_ORACLE };
	}
	s->baseline = lh_plan_baseline(s->policy, n, s->ask->against, err);
	return s->baseline < 0 ? s->baseline : 0;
}

static bool is_compared(const struct simulating *s, int policy)
{
	return policy != s->baseline && !s->policy[policy].oracle;
}

static int comparisons(const struct simulating *s)
{
	int n = 0;
	for (int i = 0; i < s->grid->policies; i++)
		n += is_compared(s, i);
	return n;
}

/* ---- pools ---- */

static void progress(void *user, const struct lh_progress *p)
{
	const struct lh_plan_ask *ask = user;
	ask->pools(ask->user, p);
}

static int run_pool(const struct lh_experiment *e, const struct lh_plan_ask *ask, struct lh_results **out, struct lh_error *err)
{
	struct lh_run_hooks hooks = { .progress = ask->pools ? progress : NULL, .user = (void *)(uintptr_t)ask };
	int rc = lh_run(e, &hooks, out, err);
	if (!rc && strcmp((*out)->status, "done"))
		rc = lh_fail(err, LH_E_FAILED, "the simulated samples were not all run: %s", (*out)->status_cause);
	return rc;
}

/* The experiment with these policies alone, as many samples as the pool holds, and nothing kept. */
static int pool_of(const struct simulating *s, bool baseline, uint64_t seed, struct lh_results **out, struct lh_error *err)
{
	char none[] = "none";
	const struct lh_list *typed = &s->experiment->policies;
	struct lh_experiment e = *s->experiment;
	size_t n = (size_t)s->grid->policies;
	char **item = calloc(2 * n, sizeof *item);
	if (!item)
		return lh_nomem(err);
	e.policies = (struct lh_list){ .item = item, .base_dir = item + n, .origin = LH_FROM_LINE };
	for (int i = 0; i < s->grid->policies; i++)
		if (baseline ? i == s->baseline : is_compared(s, i)) {
			e.policies.base_dir[e.policies.count] = i < typed->count ? typed->base_dir[i] : NULL;
			e.policies.item[e.policies.count++] = (char *)(uintptr_t)s->policy[i].label;
		}
	if (e.demonstration) {
		e.turns = s->grid->condition[0].turns;
		e.turns_from = LH_FROM_LINE;
	}
	e.demonstration = e.resume = e.fresh = e.dry_run = false;
	e.samples = s->ask->pool;
	e.samples_from = LH_FROM_DEFAULT;        /* cut to the data, where there is less */
	e.only_sample = -1;
	e.seed = seed;
	e.output = none;
	int rc = run_pool(&e, s->ask, out, err);
	free(item);
	return rc;
}

static int run_pools(struct simulating *s, struct lh_error *err)
{
	uint64_t seed = s->experiment->seed;
	int rc = pool_of(s, true, seed, &s->base, err);
	if (!rc && isnan(s->ask->change) && comparisons(s))
		rc = pool_of(s, false, lh_random_mix(seed, LH_FOR_PLAN), &s->others, err);
	return rc;
}

/* ---- the plan ---- */

static int note(const struct simulating *s, struct lh_planned *p, struct lh_error *err)
{
	int rc = 0;
	for (int i = 0; i < s->base->notes && !rc; i++)
		rc = lh_planned_note(p, err, "%s", s->base->note[i]);
	for (int i = 0; i < s->grid->policies && !rc; i++)
		if (i != s->baseline && s->policy[i].oracle)
			rc = lh_planned_note(p, err, "%s is an oracle: no test compares it, so it is left out.", s->policy[i].label);
	return rc;
}

static int plan(struct simulating *s, struct lh_planned *p, struct lh_error *err)
{
	struct lh_plan_source source = { s->base, s->others, false };
	int rc = note(s, p, err);
	for (int i = 0; i < s->base->conditions && !rc; i++)
		rc = lh_planned_add(p, &source, i, comparisons(s), (int)s->grid->samples, s->ask, err);
	return rc;
}

static int simulate(struct simulating *s, struct lh_planned *p, struct lh_error *err)
{
	int rc = name_policies(s, err);
	if (!rc)
		rc = run_pools(s, err);
	if (!rc)
		rc = plan(s, p, err);
	lh_results_free(s->base);
	lh_results_free(s->others);
	free(s->policy);
	return rc;
}

int lh_planned_from_sim(const struct lh_experiment *e, const struct lh_plan_ask *ask, struct lh_planned **out, struct lh_error *err)
{
	struct lh_plan grid;
	struct simulating s = { .experiment = e, .ask = ask, .grid = &grid };
	*out = NULL;
	int rc = check(e, err);
	if (!rc)
		rc = lh_plan_make(e, &grid, err);
	if (rc)
		return rc;
	struct lh_planned *p = lh_planned_new(ask, err);
	if (!p) {
		rc = LH_E_NOMEM;
	} else {
		p->seed = e->seed;
		rc = simulate(&s, p, err);
	}
	lh_plan_fini(&grid);
	if (rc)
		lh_planned_free(p);
	else
		*out = p;
	return rc;
}
