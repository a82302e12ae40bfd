/* The other policies, each by its own run, against the one that they are held against. */
#include "report/effects_build.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static bool own_run(const struct lh_condition_results *c, const struct lh_condition_results *world)
{
	return !lh_history_made(&c->made) && lh_effects_same_world(c, world);
}

/* full_history where it was run, else the first that is no oracle; NULL: none has an own run. */
static const struct lh_condition_results *baseline(const struct lh_results *r, const struct lh_condition_results *world)
{
	const struct lh_condition_results *first = NULL;
	for (int i = 0; i < r->conditions; i++) {
		const struct lh_condition_results *c = &r->condition[i];
		if (!own_run(c, world) || c->oracle)
			continue;
		if (!strcmp(c->policy, "full_history"))
			return c;
		first = first ? first : c;
	}
	return first;
}

static double tokens_a_turn(const struct lh_condition_results *c)
{
	int64_t tokens = 0, turns = 0;
	for (size_t i = 0; i < (size_t)c->samples * (size_t)c->episodes; i++) {
		tokens += c->totals[i].tokens_in;
		turns += c->totals[i].turns;
	}
	return turns && tokens ? (double)tokens / (double)turns : NAN;
}

static struct lh_effects_policy compare(const struct lh_effects_work *w, int other, const struct lh_condition_results *base, uint8_t *memory)
{
	const struct lh_condition_results *c = &w->results->condition[other];
	int turn = w->e->turn[w->e->turns - 1], n = w->samples;
	uint8_t *a = memory, *b = memory + n;
	memset(memory, LH_UNSEEN, 2 * (size_t)n);
	lh_effects_column(c, turn, a);
	lh_effects_column(base, turn, b);
	return (struct lh_effects_policy){ other, lh_effect_of(a, b, n, LH_TA_PAPER), lh_effect_of(a, b, n, LH_TA_STRICT),
		tokens_a_turn(c) / tokens_a_turn(base) };
}

int lh_effects_policies(struct lh_effects_work *w, struct lh_error *err)
{
	struct lh_report_effects *e = w->e;
	const struct lh_results *r = w->results;
	int own = lh_effects_find_history(e, LH_HISTORY_OWN), turn = e->turn[e->turns - 1];
	if (own < 0 || turn == 1 || !lh_effects_asked(r, lh_effects_of(w, own), turn) || baseline(r, lh_effects_of(w, own)) != lh_effects_of(w, own))
		return 0;
	const struct lh_condition_results *base = lh_effects_of(w, own);
	e->policy = calloc((size_t)r->conditions, sizeof *e->policy);
	uint8_t *memory = malloc(2 * (size_t)w->samples + 1);
	for (int i = 0; i < r->conditions && e->policy && memory; i++) {
		const struct lh_condition_results *c = &r->condition[i];
		if (c != base && own_run(c, base) && c->samples <= w->samples && turn <= c->turns)
			e->policy[e->policies++] = compare(w, i, base, memory);
	}
	int rc = e->policy && memory ? 0 : lh_nomem(err);
	free(memory);
	return rc;
}
