#include "report/comparisons.h"

#include "measure/holm.h"
#include "measure/pareto.h"
#include "report/group.h"
#include "report/number.h"
#include "run/against.h"

#include <math.h>
#include <stdlib.h>

/* The conditions of a group that compare: their own history, as many turns as the baseline. */
struct rivals {
	struct lh_report *report;
	const struct lh_results *results;
	int *member;                         /* conditions, in the order of the group's rows */
	unsigned *fronts;
	int count, baseline, heal;           /* conditions; -1: none */
};

static const struct lh_report_condition *condition(const struct rivals *r, int i)
{
	return &r->report->condition[i];
}

static struct lh_grid grid_of(const struct rivals *r, int i)
{
	const struct lh_condition_results *c = &r->results->condition[i];
	return (struct lh_grid){ .samples = c->samples, .turns = c->turns, .outcome = c->outcome, .stop_at_error = r->results->stop_at_error,
		.steps_per_turn = c->steps_per_turn };
}

static struct lh_compare_options options_of(const struct rivals *r, bool untested)
{
	return (struct lh_compare_options){ .seed = r->results->seed, .untested = untested };
}

/* ---- who is compared ---- */

static bool own_history(const struct lh_report_condition *c)
{
	return c->history.n == 0 || lh_str_is(c->history, "own");
}

static int find_wanted(const struct lh_report *report, const struct lh_results *results, const char *against, const char **label, struct lh_error *err)
{
	int n = 0, at;
	*label = NULL;
	if (!against)
		return 0;
	struct lh_candidate *c = calloc((size_t)report->count + 1, sizeof *c);
	if (!c)
		return lh_nomem(err);
	for (int i = 0; i < report->count; i++)
		if (own_history(&report->condition[i]))
			c[n++] = (struct lh_candidate){ results->condition[i].policy_label, results->condition[i].policy };
	int rc = lh_against_find(c, n, against, &at, err);
	*label = rc ? NULL : c[at].label;
	free(c);
	return rc;
}

/* full_history, or the first policy; oracles come last in a group and are never it unasked. */
static int default_baseline(const struct rivals *r)
{
	int first = -1;
	for (int k = 0; k < r->count; k++) {
		const struct lh_report_condition *c = condition(r, r->member[k]);
		if (c->oracle)
			continue;
		if (lh_str_is(c->policy, "full_history"))
			return r->member[k];
		first = first < 0 ? r->member[k] : first;
	}
	return first;
}

static int find_baseline(const struct rivals *r, const char *label)
{
	for (int k = 0; label && k < r->count; k++)
		if (lh_str_is(condition(r, r->member[k])->policy_label, label))
			return r->member[k];
	return default_baseline(r);
}

static int find_heal(const struct rivals *r)
{
	for (int k = 0; k < r->count; k++)
		if (condition(r, r->member[k])->oracle && lh_str_is(condition(r, r->member[k])->policy, "heal"))
			return r->member[k];
	return -1;
}

static void gather(struct rivals *r, const struct lh_group *group, const char *label)
{
	r->count = 0;
	for (int row = 0; row < group->count; row++)
		if (own_history(group->member[row]))
			r->member[r->count++] = (int)(group->member[row] - r->report->condition);
	r->baseline = find_baseline(r, label);
	int kept = 0;
	for (int k = 0; k < r->count && r->baseline >= 0; k++)
		if (condition(r, r->member[k])->result->turns == condition(r, r->baseline)->result->turns)
			r->member[kept++] = r->member[k];
	r->count = kept;
	r->heal = find_heal(r);
}

/* ---- the fronts ---- */

static double tokens_per_turn(const struct lh_report_condition *c)
{
	return c->cost.turns > 0 ? (double)c->cost.tokens_in / (double)c->cost.turns : NAN;
}

static struct lh_pareto_point point_of(const struct lh_report_condition *c, unsigned which)
{
	struct lh_pareto_point p = { .cost = tokens_per_turn(c), .value = c->result->turn_error_rate, .oracle = c->oracle };
	if (which == LH_FRONT_HORIZON) {
		bool known = lh_report_has_horizon(c) && c->result->s_count > 0;
		p.value = known ? c->result->horizon[0].turns : NAN;
		p.open = known && c->result->horizon[0].censored;
	}
	return p;
}

static int find_front(struct rivals *r, unsigned which, struct lh_error *err)
{
	struct lh_pareto_point *point = calloc((size_t)r->count + 1, sizeof *point);
	bool *front = calloc((size_t)r->count + 1, sizeof *front);
	int rc = point && front ? 0 : lh_nomem(err);
	for (int k = 0; k < r->count && !rc; k++)
		point[k] = point_of(condition(r, r->member[k]), which);
	if (!rc)
		lh_pareto(point, r->count, which == LH_FRONT_HORIZON, front);
	for (int k = 0; k < r->count && !rc; k++)
		r->fronts[r->member[k]] |= front[k] ? which : 0;
	free(point);
	free(front);
	return rc;
}

/* ---- one policy ---- */

static int find_gap(const struct rivals *r, struct lh_report_comparison *c, struct lh_error *err)
{
	struct lh_interval none = { NAN, NAN };
	c->gap = (struct lh_gap){ NAN, none, NAN, none };
	c->heal = r->heal;
	if (r->heal < 0 || r->heal == r->baseline || condition(r, c->policy)->oracle)
		return 0;
	struct lh_grid policy = grid_of(r, c->policy), baseline = grid_of(r, r->baseline), heal = grid_of(r, r->heal);
	struct lh_compare_options o = options_of(r, false);
	return lh_gap_closed(&policy, &baseline, &heal, &o, &c->gap, err);
}

static int compare_one(const struct rivals *r, int policy, struct lh_report_comparison *c, struct lh_error *err)
{
	const struct lh_report_condition *p = condition(r, policy), *b = condition(r, r->baseline);
	*c = (struct lh_report_comparison){ .policy = policy, .baseline = r->baseline, .length_adjusted = NAN, .errors_adjusted = NAN,
		.tokens_ratio = tokens_per_turn(p) / tokens_per_turn(b), .fronts = r->fronts[policy], .baseline_fronts = r->fronts[r->baseline] };
	struct lh_grid first = grid_of(r, policy), second = grid_of(r, r->baseline);
	struct lh_compare_options o = options_of(r, p->oracle);
	int rc = lh_compare(&first, &second, &o, &c->of, err);
	return rc ? rc : find_gap(r, c, err);
}

/* Holm over all tests of the group: [length, errors] of each comparison. */
static int adjust(struct lh_report_comparison *c, int n, struct lh_error *err)
{
	double *p = calloc(4 * (size_t)n + 1, sizeof *p), *adjusted = p ? p + 2 * n : NULL;
	int tests = 0;
	if (!p)
		return lh_nomem(err);
	for (int i = 0; i < n; i++) {
		p[2 * i] = c[i].of.length.p;
		p[2 * i + 1] = c[i].of.errors.p;
		tests += !isnan(p[2 * i]) + !isnan(p[2 * i + 1]);
	}
	lh_holm(p, 2 * n, adjusted);
	for (int i = 0; i < n; i++) {
		c[i].length_adjusted = adjusted[2 * i];
		c[i].errors_adjusted = adjusted[2 * i + 1];
		c[i].tests = tests;
	}
	free(p);
	return 0;
}

/* Appends the group's comparisons to list[*n]. */
static int compare_group(struct rivals *r, struct lh_report_comparison *list, int *n, struct lh_error *err)
{
	if (r->baseline < 0 || r->count < 2)
		return 0;
	int rc = find_front(r, LH_FRONT_HORIZON, err), from = *n;
	if (!rc)
		rc = find_front(r, LH_FRONT_ERRORS, err);
	for (int k = 0; k < r->count && !rc; k++)
		if (r->member[k] != r->baseline) {
			rc = compare_one(r, r->member[k], &list[*n], err);
			*n += !rc;
		}
	return rc ? rc : adjust(list + from, *n - from, err);
}

static int compare_all(struct rivals *r, const char *label, struct lh_report_comparison *list, struct lh_error *err)
{
	struct lh_buf failure;
	struct lh_group group;
	int rc = 0;
	lh_buf_init(&failure, 0);
	for (int at = 0; !rc && lh_group_next(r->report, &at, &group, &failure); lh_group_fini(&group)) {
		gather(r, &group, label);
		rc = compare_group(r, list, &r->report->comparison_count, err);
	}
	return rc ? rc : failure.failed ? lh_nomem(err) : 0;
}

int lh_report_compare(struct lh_report *report, const struct lh_results *results, const char *against, struct lh_error *err)
{
	const char *label;
	int rc = find_wanted(report, results, against, &label, err);
	if (rc)
		return rc;
	size_t n = (size_t)report->count + 1;
	struct rivals r = { .report = report, .results = results, .member = calloc(n, sizeof *r.member), .fronts = calloc(n, sizeof *r.fronts) };
	struct lh_report_comparison *list = calloc(n, sizeof *list);
	report->comparison = list;           /* the report's own from here on */
	rc = r.member && r.fronts && list ? compare_all(&r, label, list, err) : lh_nomem(err);
	free(r.member);
	free(r.fronts);
	return rc;
}
