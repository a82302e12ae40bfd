/* Which conditions a rule meets, and what it says of them. */
#include "measure/gate.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define CASES_MOST 10000
#define NAMED_MOST 8                     /* names listed in a message */

struct meeting {
	const struct lh_rule *rule;
	const struct lh_gate_condition *c; int conditions;
	struct lh_gate_case *out; size_t count, cap;
	struct lh_error *err;
};

/* ---- the filter ---- */

static bool names(struct lh_str wanted, struct lh_str label, struct lh_str name)
{
	return !wanted.n || lh_str_equal(wanted, label) || lh_str_equal(wanted, name);
}

/* As it is written, by its mode alone, or in another way of writing the same. */
static bool is_history(struct lh_str wanted, const struct lh_gate_condition *c)
{
	struct lh_history typed[LH_HISTORY_RATES];
	int n = 0;
	if (names(wanted, c->history, lh_str_of(lh_history_mode_name(c->made.mode))))
		return true;
	if (lh_history_parse(wanted, typed, &n, NULL))
		return false;
	for (int i = 0; i < n; i++) {
		char text[LH_HISTORY_TEXT];
		lh_history_write(&typed[i], text);
		if (lh_str_is(c->history, text))
			return true;
	}
	return false;
}

enum part { POLICY, TASK, MODEL, HISTORY, STEPS, PARTS };
static const char *const part_names[] = { "policy", "task", "model", "history", "steps_per_turn" };

static bool matches_part(const struct lh_rule *r, const struct lh_gate_condition *c, enum part part)
{
	switch (part) {
	case POLICY: return names(r->policy, c->policy_label, c->policy);
	case TASK: return names(r->task, c->task_label, c->task);
	case MODEL: return names(r->model, c->model_label, c->model);
	case HISTORY: return is_history(r->history, c);
	default: return !r->steps_per_turn || r->steps_per_turn == c->grid.steps_per_turn;
	}
}

static bool matches(const struct lh_rule *r, const struct lh_gate_condition *c)
{
	bool all = true;
	for (int part = 0; part < PARTS; part++)
		all = all && matches_part(r, c, (enum part)part);
	return all;
}

static void put_part(struct lh_buf *b, const struct lh_gate_condition *c, enum part part)
{
	const struct lh_str of[] = { c->policy_label, c->task_label, c->model_label, c->history };
	if (part == STEPS)
		lh_buf_put_int(b, c->grid.steps_per_turn);
	else
		lh_buf_printf(b, "%.*s%s", of[part].n < 60 ? (int)of[part].n : 60, of[part].p, of[part].n < 60 ? "" : "…");
}

/* "full_history, window:n=5": what that part of the conditions is called. */
static void list_part(struct lh_buf *b, const struct meeting *m, enum part part)
{
	int named = 0;
	struct lh_buf one;
	lh_buf_init(&one, 4096);
	for (int i = 0; i < m->conditions && named <= NAMED_MOST; i++) {
		lh_buf_clear(&one);
		put_part(&one, &m->c[i], part);
		bool seen = false;
		for (int k = 0; k < i && !seen; k++) {
			struct lh_buf other;
			lh_buf_init(&other, 4096);
			put_part(&other, &m->c[k], part);
			seen = lh_str_equal(lh_buf_str(&one), lh_buf_str(&other));
			lh_buf_fini(&other);
		}
		if (seen)
			continue;
		lh_buf_puts(b, named ? ", " : "");
		if (named++ < NAMED_MOST)
			lh_buf_put_str(b, lh_buf_str(&one));
		else
			lh_buf_puts(b, "…");
	}
	lh_buf_fini(&one);
}

static int refuse_filter(const struct meeting *m)
{
	struct lh_buf there;
	enum part part = 0;
	for (; part < PARTS; part++) {
		bool any = false;
		for (int i = 0; i < m->conditions && !any; i++)
			any = matches_part(m->rule, &m->c[i], part);
		if (!any)
			break;
	}
	if (part == PARTS)
		return lh_rule_refuse(m->rule, m->err, "no condition of the run has all that its filter asks for");
	lh_buf_init(&there, 4096);
	list_part(&there, m, part);
	lh_rule_refuse(m->rule, m->err, "no condition of the run has that %s; there is %s", part_names[part], there.p ? there.p : "none");
	lh_buf_fini(&there);
	return LH_E_USAGE;
}

/* ---- one case ---- */

static int add(struct meeting *m, struct lh_gate_case k)
{
	if (m->count == CASES_MOST)
		return lh_fail(m->err, LH_E_USAGE, "the rules meet more than %d conditions: filter them, as in [policy=NAME] …", CASES_MOST);
	int rc = lh_array_more(&m->out, &m->cap, m->count + 1, sizeof *m->out, m->err);
	if (!rc)
		m->out[m->count++] = k;
	return rc;
}

static bool probed(const struct lh_grid *g, int turn)
{
	for (int k = 0; g->probe && k < g->probes; k++)
		if (g->probe[k] == turn)
			return true;
	return !g->probe && turn <= g->turns;
}

static bool is_horizon(enum lh_metric m)
{
	return m == LH_METRIC_HORIZON || m == LH_METRIC_HORIZON_STEPS || m == LH_METRIC_FIRST_BELOW;
}

/* The turn through which samples are looked at. In turns h of the horizon, h >= n says PA(n) >= s; h <= n says that
 * PA(n + 1) is below s. In steps h is counted as whole turns. */
static double horizon_turn(const struct lh_rule *r, int steps_per_turn)
{
	double n = r->limit;
	if (r->metric == LH_METRIC_HORIZON_STEPS)
		n /= steps_per_turn;
	if (r->metric == LH_METRIC_FIRST_BELOW)
		n -= 1;
	return r->at_most ? floor(n) + 1 : ceil(n);
}

static int add_horizon(struct meeting *m, int i)
{
	const struct lh_rule *r = m->rule;
	const struct lh_grid *g = &m->c[i].grid;
	if (r->baseline)                 /* how far it must be is not known before the baseline's is */
		return add(m, (struct lh_gate_case){ r, i, -1, 0, 0, r->parameter, r->at_most, -1, -1 });
	double turn = horizon_turn(r, g->steps_per_turn);
	if (turn > g->turns)
		return lh_rule_refuse(r, m->err, "it takes %.0f turns to see that, and there are %d", turn, g->turns);
	return add(m, (struct lh_gate_case){ r, i, -1, (int)turn, 0, r->parameter, r->at_most, -1, -1 });
}

static int refuse_stopped(const struct meeting *m)
{
	return lh_rule_refuse(m->rule, m->err, "behind a sample's first error nothing was run (--stop-at-error), so this is not known; horizon and task_accuracy are");
}

/* A condition with a made history has no task accuracy, and of single turns only those that were asked: it is passed over. */
static int add_plain(struct meeting *m, int i)
{
	const struct lh_rule *r = m->rule;
	const struct lh_grid *g = &m->c[i].grid;
	bool by_turn = lh_metrics[r->metric].takes == LH_TAKES_TURN;
	int turn = by_turn ? (int)r->parameter : 0;
	if (g->probe && (is_horizon(r->metric) || r->metric == LH_METRIC_TASK_ACCURACY))
		return 0;
	if (is_horizon(r->metric))
		return add_horizon(m, i);
	if (turn > g->turns)
		return lh_rule_refuse(r, m->err, "there are %d turns", g->turns);
	if (by_turn && !probed(g, turn))
		return 0;
	bool later = by_turn ? turn > 1 : g->turns > 1;
	if (g->stop_at_error && later && r->metric != LH_METRIC_TASK_ACCURACY && r->metric != LH_METRIC_TOKENS_PER_TURN)
		return refuse_stopped(m);
	return add(m, (struct lh_gate_case){ r, i, -1, turn, 0, r->limit, r->at_most, -1, -1 });
}

/* ---- losses ---- */

/* What a loss is the difference of: first less second. */
static const struct { enum lh_history_mode first, second; } sides[LH_METRICS] = {
	[LH_METRIC_SELF_CONDITIONING_LOSS] = { LH_HISTORY_CLEAN, LH_HISTORY_INJECTED },
	[LH_METRIC_LONG_CONTEXT_LOSS] = { LH_HISTORY_OWN, LH_HISTORY_CLEAN },       /* own: turn 1, before which there is nothing */
	[LH_METRIC_LENGTH_LOSS] = { LH_HISTORY_RESTATED, LH_HISTORY_FILLER },
	[LH_METRIC_STATE_LOSS] = { LH_HISTORY_OWN, LH_HISTORY_RESTATED },
	[LH_METRIC_PATTERN_LOSS] = { LH_HISTORY_FILLER, LH_HISTORY_CLEAN },
};

/* The same but for the history. */
static bool siblings(const struct lh_gate_condition *a, const struct lh_gate_condition *b)
{
	return lh_str_equal(a->task, b->task) && lh_str_equal(a->task_params, b->task_params) && lh_str_equal(a->model, b->model) &&
		lh_str_equal(a->model_options, b->model_options) && lh_str_equal(a->policy, b->policy) && lh_str_equal(a->policy_options, b->policy_options) &&
		a->grid.steps_per_turn == b->grid.steps_per_turn;
}

/* Answers with reasoning belong with answers that have it; what has no answers belongs with both. */
static bool same_thoughts(const struct lh_history *a, const struct lh_history *b)
{
	return a->mode < LH_HISTORY_CLEAN || b->mode < LH_HISTORY_CLEAN || a->thoughts == b->thoughts;
}

static bool before(const struct lh_history *a, const struct lh_history *b)
{
	return a->mode != b->mode ? a->mode < b->mode : a->rate < b->rate;
}

/* The sibling of i with that history at that turn; -1: none. At turn 1 every history is empty: the model's own, else
 * the first in the order of histories. */
static int find_first(const struct meeting *m, int i, enum lh_history_mode mode, int turn)
{
	int found = -1;
	for (int k = 0; k < m->conditions; k++) {
		const struct lh_gate_condition *c = &m->c[k];
		if (!siblings(c, &m->c[i]) || !same_thoughts(&c->made, &m->c[i].made) || !probed(&c->grid, turn))
			continue;
		if (c->made.mode == mode)
			return k;
		if (mode == LH_HISTORY_OWN && (found < 0 || before(&c->made, &m->c[found].made)))
			found = k;
	}
	return found;
}

static bool is_second(const struct lh_rule *r, const struct lh_gate_condition *c)
{
	bool rate = r->metric != LH_METRIC_SELF_CONDITIONING_LOSS || c->made.rate == r->parameter;
	return c->made.mode == sides[r->metric].second && rate;
}

/* At the last turn that was asked. */
static int add_loss(struct meeting *m, int i)
{
	const struct lh_rule *r = m->rule;
	const struct lh_gate_condition *c = &m->c[i];
	if (!is_second(r, c) || !c->grid.probes)
		return 0;
	int turn = c->grid.probe[c->grid.probes - 1];
	bool from_first = sides[r->metric].first == LH_HISTORY_OWN;
	if (turn < 2)
		return lh_rule_refuse(r, m->err, "only turn 1 was asked, which has no history: --probe-turns 1,last asks another");
	int first = find_first(m, i, sides[r->metric].first, from_first ? 1 : turn);
	if (first < 0 && from_first)
		return lh_rule_refuse(r, m->err, "it needs turn 1: add --history own, or 1 to --probe-turns");
	if (first < 0)
		return lh_rule_refuse(r, m->err, "it compares with --history %s, which was not asked", lh_history_mode_name((int)sides[r->metric].first));
	return add(m, (struct lh_gate_case){ r, i, first, turn, from_first ? 1 : turn, (1 + r->limit) / 2, r->at_most, -1, -1 });
}

/* ---- all ---- */

/* The filter found conditions, and the rule can be said of none of them. */
static int refuse_undefined(const struct meeting *m)
{
	const struct lh_rule *r = m->rule;
	const struct lh_metric_info *info = &lh_metrics[r->metric];
	if (info->unit == LH_IN_DIFFERENCE && info->takes == LH_TAKES_RATE)
		return lh_rule_refuse(r, m->err, "it needs --history injected:rate=%g, which was not asked", r->parameter);
	if (info->unit == LH_IN_DIFFERENCE)
		return lh_rule_refuse(r, m->err, "it needs --history %s, which was not asked", lh_history_mode_name((int)sides[r->metric].second));
	if (info->takes == LH_TAKES_TURN && r->metric != LH_METRIC_TASK_ACCURACY)
		return lh_rule_refuse(r, m->err, "turn %g was not asked: --probe-turns names those that are", r->parameter);
	return lh_rule_refuse(r, m->err, "where histories are made, turns are asked one by one, and there is no %s; --history own has it", info->name);
}

static int meet(struct meeting *m)
{
	size_t before = m->count;
	bool any = false;
	int rc = 0;
	for (int i = 0; i < m->conditions && !rc; i++) {
		if (!matches(m->rule, &m->c[i]))
			continue;
		any = true;
		rc = lh_metrics[m->rule->metric].unit == LH_IN_DIFFERENCE ? add_loss(m, i) : add_plain(m, i);
	}
	if (rc || m->count > before)
		return rc;
	return any ? refuse_undefined(m) : refuse_filter(m);
}

int lh_gate_cases(const struct lh_rule *rule, int rules, const struct lh_gate_condition *c, int conditions,
	struct lh_gate_case **out, int *count, struct lh_error *err)
{
	struct meeting m = { .c = c, .conditions = conditions, .err = err };
	int rc = 0;
	*out = NULL;
	*count = 0;
	for (int i = 0; i < rules && !rc; i++) {
		m.rule = &rule[i];
		rc = meet(&m);
	}
	if (rc) {
		free(m.out);
		return rc;
	}
	*out = m.out;
	*count = (int)m.count;
	return 0;
}
