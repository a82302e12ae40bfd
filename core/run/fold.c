#include "run/fold.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Counters that no request can have would overflow the sums over all episodes. */
static bool possible(const struct lh_call_row *c)
{
	const int64_t v[] = { c->attempts, c->tokens_in, c->tokens_cached, c->tokens_out, c->tokens_reasoning, c->latency_us, c->cost_microusd,
		c->thoughts_kept, c->thoughts_dropped };
	for (size_t i = 0; i < sizeof v / sizeof *v; i++)
		if (v[i] < 0 || v[i] > (int64_t)1 << 40)
			return false;
	return true;
}

static int fold_cost(struct lh_totals *sum, const struct lh_call_row *c, struct lh_error *err)
{
	bool over = !possible(c);
	sum->calls++;
	over |= __builtin_add_overflow(sum->attempts, c->attempts, &sum->attempts);
	over |= __builtin_add_overflow(sum->tokens_in, c->tokens_in, &sum->tokens_in);
	over |= __builtin_add_overflow(sum->tokens_cached, c->tokens_cached, &sum->tokens_cached);
	over |= __builtin_add_overflow(sum->tokens_out, c->tokens_out, &sum->tokens_out);
	over |= __builtin_add_overflow(sum->tokens_reasoning, c->tokens_reasoning, &sum->tokens_reasoning);
	over |= __builtin_add_overflow(sum->latency_us, c->latency_us, &sum->latency_us);
	over |= __builtin_add_overflow(sum->cost_microusd, c->cost_microusd, &sum->cost_microusd);
	over |= __builtin_add_overflow(sum->thoughts_kept, c->thoughts_kept, &sum->thoughts_kept);
	over |= __builtin_add_overflow(sum->thoughts_dropped, c->thoughts_dropped, &sum->thoughts_dropped);
	if (over)
		return lh_fail(err, LH_E_DAMAGED, "a call of turn %lld has impossible counters", (long long)c->turn);
	sum->reusable_prefix += c->reusable_prefix;
	sum->priced = sum->priced || c->cost_microusd > 0;
	sum->counted += lh_fold_counted(c->counted, c->tokens_in, c->tokens_out);
	return 0;
}

int lh_fold_begin(const struct lh_condition_results *c, struct lh_place at)
{
	return lh_history_made(&c->made) ? c->probe[at.k] - 1 : 0;
}

/* Turns after which the episode is over. */
static int last(const struct lh_condition_results *c, struct lh_place at)
{
	return lh_history_made(&c->made) ? c->probe[at.k] : c->turns;
}

int lh_fold_call(struct lh_condition_results *c, struct lh_place at, int *turns, const struct lh_call_row *row, struct lh_error *err)
{
	struct lh_totals *sum = &c->totals[lh_place_at(c, at)];
	int rc = fold_cost(sum, row, err);
	if (rc || !row->accepted || !turns)
		return rc;
	int outcome = lh_outcome_of(row->outcome), probe = c->probes ? lh_results_probe(c, row->turn) : -1;
	if (outcome < 0 || row->turn != *turns + 1 || row->turn > last(c, at))
		return lh_fail(err, LH_E_DAMAGED, "a call of turn %lld has no place or no known outcome", (long long)row->turn);
	sum->turns++;
	sum->exposure_update += row->exposure_update;
	sum->exposure_state += row->exposure_state;
	sum->exposure_unusable += row->exposure_unusable;
	if (probe >= 0)
		c->exposure[(size_t)at.sample * (size_t)c->probes + (size_t)probe] = row->exposure_update;
	lh_results_turn(c, at.sample, (*turns)++, (enum lh_outcome)outcome, row->unshown);
	return 0;
}

static void fold_last_turn(struct lh_condition_results *c, struct lh_place at, int turns, struct lh_str status, struct lh_str cause)
{
	if (turns >= last(c, at))
		return;
	if (lh_str_is(status, "censored") || lh_str_is(status, "plugin_crash"))
		lh_results_turn(c, at.sample, turns, LH_OUTCOME_FAILED, false);
	else if (lh_str_is(status, "policy_error"))
		lh_results_turn(c, at.sample, turns, LH_OUTCOME_POLICY_ERROR, false);
	else if (lh_str_is(status, "done") && lh_str_is(cause, "overflow"))
		lh_results_turn(c, at.sample, turns, LH_OUTCOME_OVERFLOW, false);
}

int lh_fold_end(struct lh_condition_results *c, struct lh_place at, int turns, const struct lh_episode_row *row, struct lh_error *err)
{
	size_t i = lh_place_at(c, at);
	fold_last_turn(c, at, turns, row->status, row->cause);
	c->ratio[i] = row->history_ratio;
	if (row->cause.n && !c->cause[i] && !(c->cause[i] = lh_str_dup(row->cause)))
		return lh_nomem(err);
	if (row->extra.n && !c->extra[i] && !(c->extra[i] = lh_str_dup(row->extra)))
		return lh_nomem(err);
	return 0;
}

void lh_fold_clear(struct lh_condition_results *c, struct lh_place at)
{
	size_t first = (size_t)at.sample * (size_t)c->turns, i = lh_place_at(c, at), probed = (size_t)at.sample * (size_t)c->probes;
	bool made = lh_history_made(&c->made);
	size_t from = made ? (size_t)c->probe[at.k] - 1 : 0, n = made ? 1 : (size_t)c->turns;
	memset(c->outcome + first + from, LH_UNSEEN, n);
	memset(c->unshown + first + from, 0, n);
	for (int k = made ? at.k : 0; k < (made ? at.k + 1 : c->probes); k++)
		c->exposure[probed + (size_t)k] = NAN;
	c->totals[i] = (struct lh_totals){ 0 };
	c->ratio[i] = NAN;
	free(c->cause[i]);
	free(c->extra[i]);
	c->cause[i] = c->extra[i] = NULL;
}
