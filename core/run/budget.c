/* Budgets: reserved before sending; whole blocks (a sample under all conditions) are admitted in the order of samples,
 * so that what is cut off says nothing about the model. */
#include "run/desk_impl.h"

#include "base/clock.h"

#include <stdio.h>
#include <stdlib.h>

static bool limited(const struct lh_experiment *e) { return e->max_calls || e->max_tokens_total || e->max_cost_microusd; }

int lh_budget_init(struct lh_desk *d, struct lh_error *err)
{
	const struct lh_outline *o = d->s.outline;
	d->started_us = lh_clock_mono_us();
	if (!limited(d->s.experiment))
		return 0;
	d->block = calloc(o->samples, sizeof *d->block);
	return d->block ? 0 : lh_nomem(err);
}

void lh_budget_fini(struct lh_desk *d)
{
	free(d->block);
}

int64_t lh_budget_deadline_us(const struct lh_desk *d)
{
	int64_t most = d->s.experiment->max_time_us;
	return most && !d->stop ? d->started_us + most : INT64_MAX;
}

/* What a request may cost: its estimate, at the prices that are known. */
static int64_t price(const struct lh_desk *d, const struct lh_waiting *w)
{
	struct lh_prices p;
	lh_model_prices(d->line[w->model].model, &p);
	int64_t dearest = p.in > p.out ? p.in : p.out;
	return dearest > 0 ? (int64_t)((double)w->tokens * (double)dearest / 1e6) + 1 : 0;
}

static bool over(int64_t most, int64_t spent) { return most && spent > most; }

static bool exceeds(const struct lh_experiment *e, const struct lh_spent *s, char *cause, size_t size)
{
	if (over(e->max_calls, s->calls))
		snprintf(cause, size, "more would exceed --max-calls %lld; a larger one goes on, with --resume", (long long)e->max_calls);
	else if (over(e->max_tokens_total, s->tokens))
		snprintf(cause, size, "more could exceed --max-tokens-total %lld; a larger one goes on, with --resume", (long long)e->max_tokens_total);
	else if (over(e->max_cost_microusd, s->microusd))
		snprintf(cause, size, "more could exceed --max-cost %g; a larger one goes on, with --resume", (double)e->max_cost_microusd / 1e6);
	else
		return false;
	return true;
}

/* What flies may turn out cheaper than what is reserved for it: only where nothing does, the budget is spent. */
bool lh_budget_allows(struct lh_desk *d, const struct lh_waiting *w)
{
	char cause[160];
	struct lh_spent s = { d->spent.calls + d->reserved.calls + 1, d->spent.tokens + d->reserved.tokens + w->tokens,
		d->spent.microusd + d->reserved.microusd + price(d, w) };
	if (!limited(d->s.experiment) || !exceeds(d->s.experiment, &s, cause, sizeof cause))
		return true;
	if (!d->reserved.calls)
		lh_desk_stop(d, LH_STOP_BUDGET, cause);
	return false;
}

void lh_budget_reserve(struct lh_desk *d, const struct lh_waiting *w)
{
	if (!d->block)
		return;
	d->reserved.calls++;
	d->reserved.tokens += w->tokens;
	d->reserved.microusd += price(d, w);
}

void lh_budget_settle(struct lh_desk *d, const struct lh_waiting *w, const struct lh_reply *r)
{
	struct lh_spent s = { 1, r ? r->tokens_in + r->tokens_out : 0, r ? r->cost_microusd : 0 };
	d->spent.calls += s.calls;
	d->spent.tokens += s.tokens;
	d->spent.microusd += s.microusd;
	if (!d->block)
		return;
	d->reserved.calls--;
	d->reserved.tokens -= w->tokens;
	d->reserved.microusd -= price(d, w);
	struct lh_spent *b = &d->block[lh_results_index(d->results, w->sample)].spent;
	b->calls += s.calls;
	b->tokens += s.tokens;
	b->microusd += s.microusd;
}

void lh_budget_block(struct lh_desk *d, uint64_t sample, int change)
{
	if (!d->block)
		return;
	int64_t i = lh_results_index(d->results, sample);
	struct lh_block *b = &d->block[i];
	b->open += change;
	if (b->open || lh_agenda_next(d) / d->episodes <= i)
		return;
	d->done_blocks++;
	d->done_spent.calls += b->spent.calls;
	d->done_spent.tokens += b->spent.tokens;
	d->done_spent.microusd += b->spent.microusd;
}

static int64_t most(int64_t a, int64_t b) { return a > b ? a : b; }

/* What was spent, and what `blocks` more would come to at the mean of those that are done; not less than a block in
 * work has shown already. */
static int64_t projected(const struct lh_desk *d, int64_t before, int64_t done, int64_t spent, int64_t blocks)
{
	return most(before + done + done / d->done_blocks * blocks, spent);
}

/* A block that is not begun. The first one goes alone, and shows what a block costs. */
static bool affordable(struct lh_desk *d)
{
	char cause[160];
	if (!d->done_blocks)
		return d->opened == 0;
	int64_t blocks = d->begun_blocks - d->done_blocks + 1;
	struct lh_spent s = { projected(d, d->before.calls, d->done_spent.calls, d->spent.calls + 1, blocks),
		projected(d, d->before.tokens, d->done_spent.tokens, d->spent.tokens, blocks),
		projected(d, d->before.microusd, d->done_spent.microusd, d->spent.microusd, blocks) };
	if (!exceeds(d->s.experiment, &s, cause, sizeof cause))
		return true;
	if (!d->opened)                          /* nothing is left that could end cheaper than was thought */
		lh_desk_stop(d, LH_STOP_BUDGET, cause);
	return false;
}

bool lh_budget_admits(struct lh_desk *d, uint64_t sample)
{
	if (!d->block || d->admitted == sample + 1)
		return true;
	if (!affordable(d))
		return false;
	d->admitted = sample + 1;
	d->begun_blocks++;
	return true;
}
