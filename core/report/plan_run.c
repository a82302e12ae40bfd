/* A plan from an earlier run: its own samples, pair by pair, and as much of each policy's difference as the
 * run is sure of. */
#include "report/planned.h"

#include <stdlib.h>
#include <string.h>

static bool is_own(const struct lh_condition_results *c) { return !strcmp(c->history, "own"); }

/* The first of its group. */
static bool leads(const struct lh_results *r, int at)
{
	for (int i = 0; i < at; i++)
		if (is_own(&r->condition[i]) && lh_plan_together(&r->condition[i], &r->condition[at]))
			return false;
	return is_own(&r->condition[at]);
}

/* ---- a group ---- */

struct members { int *condition; struct lh_plan_policy *policy; int count, compared; };

static int gather(struct members *g, const struct lh_results *r, int at, struct lh_error *err)
{
	*g = (struct members){ .condition = calloc((size_t)r->conditions, sizeof(int)), .policy = calloc((size_t)r->conditions, sizeof *g->policy) };
	if (!g->condition || !g->policy)
		return lh_nomem(err);
	for (int i = at; i < r->conditions; i++) {
		const struct lh_condition_results *c = &r->condition[i];
		if (!is_own(c) || !lh_plan_together(c, &r->condition[at]))
			continue;
		g->condition[g->count] = i;
		g->policy[g->count++] = (struct lh_plan_policy){ c->policy_label, c->policy, c->oracle };
	}
	return 0;
}

static int note_group(struct members *g, const struct lh_results *r, int baseline, struct lh_planned *p, struct lh_error *err)
{
	int rc = 0;
	for (int i = 0; i < g->count && !rc; i++) {
		if (i == baseline)
			continue;
		g->compared += !g->policy[i].oracle;
		if (g->policy[i].oracle)
			rc = lh_planned_note(p, err, "%s is an oracle: no test compares it, so it is left out.", g->policy[i].label);
	}
	if (!rc && r->condition[g->condition[baseline]].samples < 1)
		rc = lh_fail(err, LH_E_USAGE, "the run has no samples");
	return rc;
}

static int add_group(struct lh_planned *p, const struct lh_results *r, int at, const struct lh_plan_ask *ask, struct lh_error *err)
{
	struct members g;
	struct lh_plan_source source = { r, r, true };
	int rc = gather(&g, r, at, err);
	int baseline = rc ? rc : lh_plan_baseline(g.policy, g.count, ask->against, err);
	if (!rc && baseline < 0)
		rc = baseline;
	if (!rc)
		rc = note_group(&g, r, baseline, p, err);
	if (!rc) {
		int base = g.condition[baseline];
		rc = lh_planned_add(p, &source, base, g.compared, ask->samples ? ask->samples : r->condition[base].samples, ask, err);
	}
	free(g.condition);
	free(g.policy);
	return rc;
}

/* ---- the run ---- */

static int describe(struct lh_planned *p, const struct lh_results *r, const char *path, const struct lh_plan_ask *ask, struct lh_error *err)
{
	p->from_run = true;
	p->run = r->run;
	p->seed = ask->seeded ? ask->seed : r->seed;
	p->path = lh_str_dup(lh_str_of(path));
	p->status = lh_str_dup(lh_str_of(r->status));
	p->cause = lh_str_dup(lh_str_of(r->status_cause));
	if (!p->path || !p->status || !p->cause)
		return lh_nomem(err);
	int rc = 0, made = 0;
	for (int i = 0; i < r->notes && !rc; i++)
		rc = lh_planned_note(p, err, "%s", r->note[i]);
	for (int i = 0; i < r->conditions; i++)
		made += !is_own(&r->condition[i]);
	if (!rc && r->conditions && made == r->conditions)
		rc = lh_fail(err, LH_E_USAGE, "run %lld of %s has made histories only: a plan needs conditions with the model's own history", (long long)r->run, path);
	if (!rc && made)
		rc = lh_planned_note(p, err, "The run's made histories are left out: a plan compares policies on the model's own history.");
	return rc;
}

static int plan(struct lh_planned *p, const struct lh_results *r, const struct lh_plan_ask *ask, struct lh_error *err)
{
	int rc = r->conditions ? 0 : lh_fail(err, LH_E_USAGE, "the run has no conditions");
	for (int i = 0; i < r->conditions && !rc; i++)
		if (leads(r, i))
			rc = add_group(p, r, i, ask, err);
	return rc;
}

int lh_planned_from_run(const char *path, int64_t run, const struct lh_plan_ask *ask, struct lh_planned **out, struct lh_error *err)
{
	struct lh_results *r;
	*out = NULL;
	int rc = lh_results_load(path, run, &r, err);
	if (rc)
		return rc;
	struct lh_planned *p = lh_planned_new(ask, err);
	rc = p ? describe(p, r, path, ask, err) : LH_E_NOMEM;
	if (!rc)
		rc = plan(p, r, ask, err);
	lh_results_free(r);
	if (rc)
		lh_planned_free(p);
	else
		*out = p;
	return rc;
}
