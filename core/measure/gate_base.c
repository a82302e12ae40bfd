/* Rules against a baseline: its conditions found, and both runs' uncertainty counted. */
#include "measure/gate_impl.h"

#include "measure/rates.h"

#include <math.h>

/* ---- which of its conditions ---- */

static bool same_model(const struct lh_gate_condition *a, const struct lh_gate_condition *b)
{
	return lh_str_equal(a->model, b->model) && lh_str_equal(a->model_options, b->model_options);
}

static bool same_otherwise(const struct lh_gate_condition *a, const struct lh_gate_condition *b)
{
	return lh_str_equal(a->task, b->task) && lh_str_equal(a->task_params, b->task_params) && lh_str_equal(a->policy, b->policy) &&
		lh_str_equal(a->policy_options, b->policy_options) && lh_str_equal(a->history, b->history) && a->grid.steps_per_turn == b->grid.steps_per_turn;
}

static int refuse_match(const struct lh_rule *r, const struct lh_gate_condition *c, const char *what, struct lh_error *err)
{
	return lh_rule_refuse(r, err, "%s of task %.*s, policy %.*s, history %.*s, %d steps a turn", what, c->task_label.n < 100 ? (int)c->task_label.n : 100, c->task_label.p,
		c->policy_label.n < 100 ? (int)c->policy_label.n : 100, c->policy_label.p, LH_ARG(c->history), c->grid.steps_per_turn);
}

static int find(const struct lh_rule *r, const struct lh_gate_condition *c, const struct lh_gate_condition *base, int bases, int *out, struct lh_error *err)
{
	int others = 0;
	*out = -1;
	for (int i = 0; i < bases; i++) {
		if (!same_otherwise(c, &base[i]))
			continue;
		*out = i;
		if (same_model(c, &base[i]))
			return 0;
		others++;
	}
	if (!others)
		return refuse_match(r, c, "the baseline has no condition", err);
	return others == 1 ? 0 : refuse_match(r, c, "the baseline has several models, none of which is this run's,", err);
}

static bool is_horizon(enum lh_metric m)
{
	return m == LH_METRIC_HORIZON || m == LH_METRIC_HORIZON_STEPS || m == LH_METRIC_FIRST_BELOW;
}

static bool asked(const struct lh_grid *g, int turn)
{
	for (int i = 0; g->probe && i < g->probes; i++)
		if (g->probe[i] == turn)
			return true;
	return !g->probe && turn <= g->turns;
}

/* What is a mean over turns must be one over the same turns. */
static int check_turns(const struct lh_gate_case *k, const struct lh_gate_condition *c, const struct lh_gate_condition *b, int turn, struct lh_error *err)
{
	bool later = turn ? turn > 1 : b->grid.turns > 1, by_turn = turn > 0;
	enum lh_metric m = k->rule->metric;
	if (is_horizon(m))
		return 0;
	if (by_turn && !asked(&b->grid, turn))
		return lh_rule_refuse(k->rule, err, "turn %d was not asked in the baseline", turn);
	if (!by_turn && (b->grid.turns != c->grid.turns || b->grid.probes != c->grid.probes))
		return lh_rule_refuse(k->rule, err, "it is about all turns, and the baseline has %d where the run has %d", b->grid.turns, c->grid.turns);
	if (b->grid.stop_at_error != c->grid.stop_at_error || (b->grid.stop_at_error && later && m != LH_METRIC_TASK_ACCURACY && m != LH_METRIC_TOKENS_PER_TURN))
		return lh_rule_refuse(k->rule, err, "one of the run and its baseline was ended at first errors (--stop-at-error), so they do not tell the same");
	return 0;
}

static int match(struct lh_gate_case *k, const struct lh_gate_condition *c, const struct lh_gate_condition *base, int bases, struct lh_error *err)
{
	int rc = find(k->rule, &c[k->condition], base, bases, &k->base, err);
	if (!rc && k->against >= 0)
		rc = find(k->rule, &c[k->against], base, bases, &k->base_against, err);
	if (!rc)
		rc = check_turns(k, &c[k->condition], &base[k->base], k->turn, err);
	if (!rc && k->against >= 0)
		rc = check_turns(k, &c[k->against], &base[k->base_against], k->against_turn, err);
	return rc;
}

int lh_gate_match(struct lh_gate_case *k, int cases, const struct lh_gate_condition *c, const struct lh_gate_condition *base, int bases, struct lh_error *err)
{
	int rc = 0;
	for (int i = 0; i < cases && !rc; i++)
		if (k[i].rule->baseline)
			rc = match(&k[i], c, base, bases, err);
	return rc;
}

/* ---- the margin ---- */

static double distance(double a, double b, bool open) { return open ? INFINITY : fabs(a - b); }

/* Value less factor * base. From the intervals of two means the one of their difference: the squares of the distances from
 * means to limits add up, on each side those that pull that way (Zou and Donner, Statistics in Medicine 27, 2008). */
static void put_margin(double factor, const struct lh_gate_result *v, const struct lh_gate_result *b, struct lh_gate_result *out)
{
	double d = v->value - factor * b->value;
	double down = hypot(v->value - v->ci.lo, factor * distance(b->ci.hi, b->value, b->hi_open));
	double up = hypot(distance(v->ci.hi, v->value, v->hi_open), factor * (b->value - b->ci.lo));
	out->margin = v->value_open || b->value_open ? NAN : d;
	out->margin_ci = (struct lh_interval){ d - down, d + up };
	if (isnan(v->ci.lo) || isnan(b->ci.lo) || isnan(v->ci.hi) || isnan(b->ci.hi))
		out->margin_ci = (struct lh_interval){ NAN, NAN };
}

static enum lh_gate_verdict judge(bool at_most, struct lh_interval margin)
{
	const double hair = 1e-9;        /* of rounding: 0.9 times 10 is 9 */
	bool over = margin.lo >= -hair, under = margin.hi <= hair;
	if (isnan(margin.lo) || isnan(margin.hi))
		return LH_GATE_OPEN;
	if (at_most)
		return under ? LH_GATE_PASS : margin.lo > hair ? LH_GATE_FAIL : LH_GATE_OPEN;
	return over ? LH_GATE_PASS : margin.hi < -hair ? LH_GATE_FAIL : LH_GATE_OPEN;
}

struct sides { const struct lh_gate_case *k, *base_k; const struct lh_gate_condition *c, *base; uint64_t seed; };

static int compare(const struct sides *s, enum lh_gate_suppose how, enum lh_gate_suppose base_how, struct lh_gate_result *out, struct lh_error *err)
{
	struct lh_gate_result b = { .level = 0.95 };
	int rc = lh_gate_read(s->k, s->c, how, s->seed, out, err);
	if (!rc)
		rc = lh_gate_read(s->base_k, s->base, base_how, s->seed, &b, err);
	if (rc)
		return rc;
	out->base = b.value;
	out->base_ci = b.ci;
	out->base_open = b.value_open;
	out->base_lo_open = b.lo_open;
	out->base_hi_open = b.hi_open;
	out->base_samples = b.samples;
	put_margin(s->k->rule->limit, out, &b, out);
	out->verdict = judge(s->k->at_most, out->margin_ci);
	return 0;
}

/* Where something was cut off: the run's all wrong and the baseline's all right, and the other way round. */
static int suppose(const struct sides *s, struct lh_gate_result *out, struct lh_error *err)
{
	struct lh_gate_result worst = *out, best = *out;
	int rc = compare(s, LH_IF_WRONG, LH_IF_RIGHT, &worst, err);
	if (!rc)
		rc = compare(s, LH_IF_RIGHT, LH_IF_WRONG, &best, err);
	if (!rc)
		out->verdict = worst.verdict == best.verdict ? worst.verdict : LH_GATE_INFRASTRUCTURE;
	return rc;
}

/* The run's own part of the margin's interval shrinks with the root of its samples, the baseline's stays. */
static int64_t how_many_more(const struct lh_gate_case *k, const struct lh_gate_result *r)
{
	double f = k->rule->limit, own = r->margin > 0 ? r->value - r->ci.lo : r->ci.hi - r->value;
	double theirs = f * (r->margin > 0 ? r->base_ci.hi - r->base : r->base - r->base_ci.lo), room = r->margin * r->margin - theirs * theirs;
	double needed = room > 0 ? r->samples * (own * own / room - 1) : NAN;
	return needed > 0 && needed < 1e9 ? (int64_t)ceil(needed) : 0;
}

static void count(const struct lh_gate_case *k, const struct lh_gate_condition *c, struct lh_gate_result *out)
{
	int of[] = { k->condition, k->against };
	for (int i = 0; i < 2; i++)
		if (of[i] >= 0) {
			out->censored += lh_count_censored(&c[of[i]].grid);
			out->policy_errors += lh_count_policy_errors(&c[of[i]].grid);
		}
}

int lh_gate_decide_against(const struct lh_gate_case *k, const struct lh_gate_condition *c, const struct lh_gate_condition *base, uint64_t seed,
	struct lh_gate_result *out, struct lh_error *err)
{
	struct lh_gate_case there = *k;
	struct lh_gate_result in_base = { .level = 0.95 };
	there.condition = k->base;
	there.against = k->base_against;
	struct sides s = { k, &there, c, base, seed };
	*out = (struct lh_gate_result){ .level = 0.95 };
	count(k, c, out);
	count(&there, base, &in_base);
	int rc = compare(&s, LH_AS_OBSERVED, LH_AS_OBSERVED, out, err);
	if (!rc && (lh_gate_has_gaps(k, c) || lh_gate_has_gaps(&there, base)))
		rc = suppose(&s, out, err);
	out->censored += in_base.censored;
	out->policy_errors += in_base.policy_errors;
	if (out->policy_errors)
		out->verdict = LH_GATE_FAIL;
	if (!rc && out->verdict == LH_GATE_OPEN)
		out->more = how_many_more(k, out);
	return rc;
}
