#include "run/possible.h"

#include "transcript/judge.h"

#include <math.h>
#include <string.h>

#define MOST ((int64_t)1 << 40)
#define IDS ((int64_t)1 << 31)

static bool within(int64_t v, int64_t lo, int64_t hi) { return v >= lo && v <= hi; }

static bool one_of(struct lh_str s, const char *const *words)
{
	for (; *words; words++)
		if (lh_str_is(s, *words))
			return true;
	return false;
}

bool lh_possible_message(const struct lh_message_row *r)
{
	static const char *const roles[] = { "system", "user", "assistant", "tool", "removed", NULL }, *const makers[] = { "task", "model", "policy", NULL };
	return within(r->id, 0, IDS) && within(r->slot, -1, IDS) && within(r->turn, 0, IDS) && one_of(r->role, roles) && one_of(r->made_by, makers) &&
		r->text.n + r->thoughts.n + r->blob.n + r->calls.n + r->note.n < LH_JOURNAL_TEXT_MAX;
}

static bool share(double v) { return v >= 0 && v <= 1; }

bool lh_possible_call(const struct lh_call_row *r, const struct lh_outline *o, int condition)
{
	const int64_t counts[] = { r->tokens_in, r->tokens_cached, r->tokens_out, r->tokens_reasoning, r->latency_us, r->cost_microusd, r->attempts,
		r->thoughts_kept, r->thoughts_dropped };
	static const char *const errors[] = { "", "overflow", "failed", NULL };
	for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
		if (!within(counts[i], 0, MOST))
			return false;
	return within(r->turn, 1, o->condition[condition].turns) && within(r->seq, 0, IDS) && within(r->reply, -1, IDS) && one_of(r->error, errors) &&
		share(r->exposure_update) && share(r->exposure_state) && share(r->exposure_unusable) && share(r->reusable_prefix) &&
		(!r->accepted || lh_outcome_of(r->outcome) >= 0) && r->view.n + r->options.n + r->error_text.n < LH_JOURNAL_TEXT_MAX;
}

bool lh_possible_episode(const struct lh_episode_row *r)
{
	static const char *const statuses[] = { "running", "done", "censored", "policy_error", NULL };
	bool ratio = isnan(r->history_ratio) || (r->history_ratio >= 0 && r->history_ratio < 1e9);
	return one_of(r->status, statuses) && r->history_hash >= -1 && ratio && r->cause.n + r->extra.n < LH_JOURNAL_TEXT_MAX;
}

bool lh_possible_order(const struct lh_order *order, const struct lh_outline *o, int condition)
{
	const struct lh_outline_condition *c = &o->condition[condition];
	return c->live && order->model == c->model_index && within(order->message, 0, IDS) && within(order->tokens, 0, MOST) &&
		within(order->tokens_in, 0, order->tokens) && lh_possible_call(&order->row, o, condition);
}

bool lh_possible_outline(const struct lh_outline *o, const struct lh_experiment *e)
{
	if (!o->config || !o->sources || !o->notes || o->conditions < 1 || !within((int64_t)o->samples, 1, 100000000) ||
		!within((int64_t)o->first_sample, 0, 100000000) || (uint64_t)e->shard >= o->samples || strlen(o->config_sha256) != 64)
		return false;
	for (int i = 0; i < o->conditions; i++) {
		const struct lh_outline_condition *c = &o->condition[i];
		const char *texts[] = { c->task, c->task_params, c->model, c->model_options, c->policy, c->policy_options, c->history, c->probes, c->task_label,
			c->model_label, c->policy_label };
		for (size_t k = 0; k < sizeof texts / sizeof *texts; k++)
			if (!texts[k])
				return false;
		if (!within(c->model_index, 0, e->models.count ? e->models.count - 1 : 0) || !within(c->turns, 1, 10000000) || !within(c->steps_per_turn, 1, 1000000) ||
			(double)c->turns * (double)o->samples > 4e9)
			return false;
	}
	return true;
}
