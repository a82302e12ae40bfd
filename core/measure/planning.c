#include "measure/planning.h"

#include "measure/signflip.h"

#include <math.h>
#include <stdlib.h>

enum { TICK = 64 };

static int check(const struct lh_plan_world *w, int most, struct lh_error *err)
{
	if (most < 1 || w->first->samples < 2 || (w->second && w->second->samples < 2))
		return lh_fail(err, LH_E_USAGE, "a plan needs at least two samples of each condition to draw from");
	if (w->second && !isnan(w->shared) && w->second->samples != w->first->samples)
		return lh_fail(err, LH_E_USAGE, "a plan of pairs needs the same samples under both conditions");
	if (!w->first->rated && (!w->second || w->test == LH_PLAN_ERRORS))
		return lh_fail(err, LH_E_USAGE, "what errors lead to is not known of samples that were stopped at their first");
	return 0;
}

int lh_planning_init(struct lh_planning *p, const struct lh_plan_world *world, int most, struct lh_error *err)
{
	*p = (struct lh_planning){ .world = *world, .most = most, .spread_of = NAN };
	int rc = check(world, most, err);
	if (rc)
		return rc;
	p->follow = calloc(2 * (size_t)most, sizeof *p->follow);
	p->difference = calloc((size_t)most, sizeof *p->difference);
	p->key = calloc((size_t)most, sizeof *p->key);
	if (!p->follow || !p->difference || !p->key) {
		lh_planning_fini(p);
		return lh_nomem(err);
	}
	for (int i = 0; i < most; i++)
		p->key[i] = lh_random_stream(world->seed, (uint64_t)i, 0, LH_FOR_PLAN, 0).key;
	return 0;
}

void lh_planning_fini(struct lh_planning *p)
{
	free(p->follow);
	free(p->difference);
	free(p->key);
	p->follow = NULL;
	p->difference = NULL;
	p->key = NULL;
}

/* ---- one pair ---- */

static int other(int i, int samples, struct lh_random *luck)
{
	int j = (int)lh_random_below(luck, (uint64_t)samples - 1);
	return j + (j >= i);
}

struct lh_plan_pair lh_planning_pair(const struct lh_planning *p, int i, uint64_t replication)
{
	const struct lh_plan_world *w = &p->world;
	struct lh_plan_pair pair = { .luck = { lh_random_mix(p->key[i], replication), 0 } };
	pair.first = (int)lh_random_below(&pair.luck, (uint64_t)w->first->samples);
	if (w->second && isnan(w->shared)) {
		pair.second = (int)lh_random_below(&pair.luck, (uint64_t)w->second->samples);
	} else if (w->second && lh_random_unit(&pair.luck) < w->shared) {
		pair.second = pair.first;
	} else {
		pair.second = other(pair.first, w->first->samples, &pair.luck);
		pair.second_of_first = true;
	}
	return pair;
}

static const struct lh_plan_sample *second_of(const struct lh_plan_world *w, const struct lh_plan_pair *pair)
{
	return &(pair->second_of_first ? w->first : w->second)->sample[pair->second];
}

/* Error k of the sample is kept where draw k is not below X: what a smaller change leaves out, a larger
 * one does as well. */
static struct lh_follow changed_follow(const struct lh_plan_world *w, const struct lh_plan_sample *s, struct lh_random *luck)
{
	const struct lh_plan_error *e = w->first->error + s->first;
	for (int k = 0; k < s->errors && e[k].turn <= s->spared.turns; k++)
		if (lh_random_unit(luck) >= w->change && !e[k].returns)
			return (struct lh_follow){ e[k].turn, true };
	return s->spared;
}

static double changed_rate(const struct lh_plan_world *w, const struct lh_plan_sample *s, struct lh_random *luck)
{
	int kept = 0;
	for (int k = 0; k < s->errors; k++)
		kept += lh_random_unit(luck) >= w->change;
	return s->observed ? (double)kept / s->observed : NAN;
}

/* ---- one experiment ---- */

static int lengths(struct lh_planning *p, int n, uint64_t r, struct lh_error *err)
{
	const struct lh_plan_world *w = &p->world;
	struct lh_follow *first = p->follow, *second = p->follow + n;
	for (int i = 0; i < n; i++) {
		struct lh_plan_pair pair = lh_planning_pair(p, i, r);
		const struct lh_plan_sample *s = second_of(w, &pair);
		first[i] = w->first->sample[pair.first].follow;
		second[i] = w->second ? s->follow : changed_follow(w, s, &pair.luck);
	}
	return lh_logrank_paired(first, second, n, p->difference, err);
}

static void rates(struct lh_planning *p, int n, uint64_t r)
{
	const struct lh_plan_world *w = &p->world;
	for (int i = 0; i < n; i++) {
		struct lh_plan_pair pair = lh_planning_pair(p, i, r);
		const struct lh_plan_sample *s = second_of(w, &pair);
		double d = w->first->sample[pair.first].rate - (w->second ? s->rate : changed_rate(w, s, &pair.luck));
		p->difference[i] = isnan(d) ? 0 : d;     /* a pair that was not seen says nothing */
	}
}

int lh_planning_differences(struct lh_planning *p, int n, uint64_t replication, struct lh_error *err)
{
	if (n > p->most)
		return lh_fail(err, LH_E_INTERNAL, "a plan for %d samples tries %d", p->most, n);
	if (p->world.test == LH_PLAN_LENGTH)
		return lengths(p, n, replication, err);
	rates(p, n, replication);
	return 0;
}

int lh_planning_trial(void *planning, int n, uint64_t replication, struct lh_error *err)
{
	struct lh_planning *p = planning;
	const struct lh_plan_world *w = &p->world;
	if (w->tick && replication % TICK == 0)
		w->tick(w->user, n);
	int rc = lh_planning_differences(p, n, replication, err);
	return rc ? rc : lh_signflip_rejects(p->difference, n, lh_random_mix(w->seed, replication), w->level);
}
