#include "measure/gate_watch.h"

#include "measure/grid.h"
#include "measure/rates.h"

#include <math.h>
#include <stdlib.h>

/* ---- X ---- */

static const struct lh_interval unknown = { 0, 1 };

static struct lh_interval known(double x) { return (struct lh_interval){ x, x }; }

static struct lh_interval error_free(const uint8_t *row, int turn)
{
	for (int t = 0; t < turn; t++) {
		if (!lh_observed(row[t]))
			return unknown;
		if (!lh_outcome_state_ok(row[t]))
			return known(0);
	}
	return known(1);
}

static struct lh_interval right(int outcome, bool (*ok)(int outcome))
{
	return lh_observed(outcome) ? known(ok(outcome)) : unknown;
}

/* Of the turns that were to be asked. metric's outcome; -1: any error. */
static struct lh_interval share_of_turns(const struct lh_grid *g, int sample, int outcome)
{
	const uint8_t *row = lh_grid_row(g, sample);
	int n = g->probe ? g->probes : g->turns, bad = 0, missing = 0;
	for (int k = 0; k < n; k++) {
		int o = row[g->probe ? g->probe[k] - 1 : k];
		if (!lh_observed(o))
			missing++;
		else
			bad += outcome >= 0 ? o == outcome : !lh_outcome_turn_ok(o);
	}
	return (struct lh_interval){ (double)bad / n, (double)(bad + missing) / n };
}

static struct lh_interval loss(const struct lh_gate_case *k, const struct lh_gate_condition *c, int sample)
{
	struct lh_interval first = right(lh_grid_row(&c[k->against].grid, sample)[k->against_turn - 1], lh_outcome_turn_ok_strict);
	struct lh_interval second = right(lh_grid_row(&c[k->condition].grid, sample)[k->turn - 1], lh_outcome_turn_ok_strict);
	return (struct lh_interval){ (1 + first.lo - second.hi) / 2, (1 + first.hi - second.lo) / 2 };
}

struct lh_interval lh_gate_x(const struct lh_gate_case *k, const struct lh_gate_condition *c, int sample)
{
	const struct lh_grid *g = &c[k->condition].grid;
	const uint8_t *row = lh_grid_row(g, sample);
	switch (k->rule->metric) {
	case LH_METRIC_HORIZON: case LH_METRIC_HORIZON_STEPS: case LH_METRIC_FIRST_BELOW: case LH_METRIC_TASK_ACCURACY: return error_free(row, k->turn);
	case LH_METRIC_TURN_ACCURACY: return right(row[k->turn - 1], lh_outcome_turn_ok);
	case LH_METRIC_STATE_ACCURACY: return right(row[k->turn - 1], lh_outcome_state_ok);
	default: return k->against >= 0 ? loss(k, c, sample) : share_of_turns(g, sample, lh_gate_outcome(k->rule->metric));
	}
}

static bool policy_failed_in(const struct lh_grid *g, int sample)
{
	for (int t = 0; t < g->turns; t++)
		if (lh_grid_row(g, sample)[t] == LH_OUTCOME_POLICY_ERROR)
			return true;
	return false;
}

bool lh_gate_policy_failed(const struct lh_gate_case *k, const struct lh_gate_condition *c, int sample)
{
	return policy_failed_in(&c[k->condition].grid, sample) || (k->against >= 0 && policy_failed_in(&c[k->against].grid, sample));
}

/* ---- watching ---- */

int lh_gate_watch_init(struct lh_gate_watch *w, const struct lh_gate_case *k, double alpha, int cases, struct lh_error *err)
{
	struct lh_gate_rule rule = { k->m, k->at_most, cases };
	*w = (struct lh_gate_watch){ 0 };
	int rc = lh_sequential_init(&w->low, &rule, err);
	w->low.threshold = 2 / alpha;
	return rc;
}

/* Where the policy failed nothing more is to be found out: it passes no gate. */
enum lh_gate_verdict lh_gate_watch_add(struct lh_gate_watch *w, const struct lh_gate_case *k, const struct lh_gate_condition *c, int sample)
{
	struct lh_interval x = lh_gate_x(k, c, sample);
	enum lh_gate_verdict low, high, was = w->verdict;
	bool apart = w->apart || x.lo != x.hi;
	if (apart && !w->apart)
		w->high = w->low;
	w->apart = apart;
	low = lh_sequential_add(&w->low, x.lo);
	high = apart ? lh_sequential_add(&w->high, x.hi) : low;
	if (was == LH_GATE_OPEN && low == high)
		w->verdict = low;
	if (lh_gate_policy_failed(k, c, sample))
		w->verdict = LH_GATE_FAIL;
	if (w->verdict != was)
		w->decided_at = w->low.samples;
	return w->verdict;
}

int64_t lh_gate_watch_least(const struct lh_gate_case *k, double alpha)
{
	return lh_sequential_least_at(&(struct lh_gate_rule){ k->m, k->at_most, 1 }, 2 / alpha);
}

/* ---- what is said of it ---- */

/* The mean over the samples that are known; the interval holds whatever the others might have been. */
static int describe(const struct lh_gate_case *k, const struct lh_gate_condition *c, int n, double alpha, struct lh_gate_result *out, struct lh_error *err)
{
	double *low = malloc(2 * (size_t)n * sizeof *low + 1), *high = low + n, sum = 0;
	if (!low)
		return lh_nomem(err);
	for (int i = 0; i < n; i++) {
		struct lh_interval x = lh_gate_x(k, c, i);
		low[i] = x.lo;
		high[i] = x.hi;
		sum += x.lo == x.hi ? x.lo : 0;
		out->samples += x.lo == x.hi;
	}
	out->value = out->samples ? sum / out->samples : NAN;
	out->ci = (struct lh_interval){ lh_bet_interval_at(low, n, 2 / alpha).lo, lh_bet_interval_at(high, n, 2 / alpha).hi };
	out->quantity = k->against >= 0 ? LH_GATE_IN_DIFFERENCE : LH_GATE_IN_SHARE;
	if (k->against >= 0) {
		out->value = 2 * out->value - 1;
		out->ci = (struct lh_interval){ 2 * out->ci.lo - 1, 2 * out->ci.hi - 1 };
	}
	free(low);
	return 0;
}

static int count(int (*of)(const struct lh_grid *grid), const struct lh_gate_case *k, const struct lh_gate_condition *c, int samples)
{
	struct lh_grid g = c[k->condition].grid, other = k->against >= 0 ? c[k->against].grid : (struct lh_grid){ 0 };
	g.samples = samples;
	other.samples = k->against >= 0 ? samples : 0;
	return of(&g) + of(&other);
}

int lh_gate_follow(const struct lh_gate_case *k, const struct lh_gate_condition *c, int samples, double alpha, int cases,
	struct lh_gate_result *out, struct lh_error *err)
{
	struct lh_gate_watch w;
	*out = (struct lh_gate_result){ .level = 1 - alpha, .sequential = true };
	int rc = lh_gate_watch_init(&w, k, alpha, cases, err);
	for (int i = 0; i < samples && !rc; i++)
		lh_gate_watch_add(&w, k, c, i);
	if (!rc)
		rc = describe(k, c, w.decided_at ? (int)w.decided_at : samples, alpha, out, err);
	if (rc)
		return rc;
	out->verdict = w.verdict == LH_GATE_OPEN && w.apart && w.low.verdict != w.high.verdict ? LH_GATE_INFRASTRUCTURE : w.verdict;
	out->decided_at = w.decided_at;
	out->more = out->verdict == LH_GATE_OPEN ? lh_sequential_more(&w.low) : 0;
	out->censored = count(lh_count_censored, k, c, samples);
	out->policy_errors = count(lh_count_policy_errors, k, c, samples);
	return 0;
}
