#include "measure/rmst.h"

#include "measure/betting.h"
#include "measure/jointboot.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

double lh_error_free_turns(const struct lh_follow *follow, int n, const int *weight, int turns, int *scratch)
{
	int *ends = scratch, *errors = scratch + turns + 1;
	memset(scratch, 0, 2 * ((size_t)turns + 1) * sizeof *scratch);
	int at_risk = 0;
	for (int i = 0; i < n; i++) {
		int w = weight ? weight[i] : 1, last = follow[i].turns;
		if (w == 0 || last == 0)
			continue;
		at_risk += w;
		if (last <= turns) {
			ends[last] += w;
			errors[last] += follow[i].erred ? w : 0;
		}
	}
	if (at_risk == 0)
		return NAN;
	double pa = 1, sum = 0;
	for (int t = 1; t <= turns; t++) {
		if (at_risk > 0)
			pa *= 1 - (double)errors[t] / at_risk;
		at_risk -= ends[t];
		sum += pa;
	}
	return sum;
}

int lh_known_turns(const struct lh_follow *follow, int n, int turns)
{
	int last = 0, at_last = 0, erred = 0;
	for (int i = 0; i < n; i++)
		if (follow[i].turns > last)
			last = follow[i].turns;
	for (int i = 0; i < n; i++)
		if (last > 0 && follow[i].turns == last) {
			at_last++;
			erred += follow[i].erred;
		}
	if (at_last > 0 && erred == at_last)
		return turns;
	return last < turns ? last : turns;
}

/* Two groups; weights of the second begin at `second_at`: 0 where both are the same samples. */
struct world { const struct lh_follow *group[2]; int n[2], second_at, turns, *scratch; };

enum { FIRST, SECOND, DIFFERENCE, VALUES };

static void both(void *world, const int *weight, double *value)
{
	const struct world *w = world;
	value[FIRST] = lh_error_free_turns(w->group[0], w->n[0], weight, w->turns, w->scratch);
	value[SECOND] = lh_error_free_turns(w->group[1], w->n[1], weight + w->second_at, w->turns, w->scratch);
	value[DIFFERENCE] = value[FIRST] - value[SECOND];
}

/* A sample's own error-free turns as a share of all, as far as it was seen. */
static double own(struct lh_follow f, int turns)
{
	int free_of_error = f.erred ? f.turns - 1 : f.turns;
	return (double)(free_of_error < turns ? free_of_error : turns) / turns;
}

static struct lh_interval bet_value(const struct world *w, int group, double value, double *x)
{
	int n = 0;
	for (int i = 0; i < w->n[group]; i++)
		if (w->group[group][i].turns > 0)
			x[n++] = own(w->group[group][i], w->turns);
	struct lh_interval i = lh_bet_interval(x, n);
	return (struct lh_interval){ fmin(i.lo * w->turns, value), fmax(i.hi * w->turns, value) };
}

/* The next sample from *at on that was observed at all; false: there is none. */
static bool next_observed(const struct world *w, int group, int *at)
{
	while (*at < w->n[group] && w->group[group][*at].turns == 0)
		++*at;
	return *at < w->n[group];
}

static double pair(const struct world *w, int i, int k)
{
	return 0.5 + (own(w->group[0][i], w->turns) - own(w->group[1][k], w->turns)) / 2;
}

static int same_pairs(const struct world *w, double *x)
{
	int n = 0;
	for (int i = 0; i < w->n[0]; i++)
		if (w->group[0][i].turns > 0 && w->group[1][i].turns > 0)
			x[n++] = pair(w, i, i);
	return n;
}

static int pairs_in_order(const struct world *w, double *x)
{
	int n = 0;
	for (int i = 0, k = 0; next_observed(w, 0, &i) && next_observed(w, 1, &k); i++, k++)
		x[n++] = pair(w, i, k);
	return n;
}

static struct lh_interval bet_difference(const struct world *w, double difference, double *x)
{
	struct lh_interval i = lh_bet_interval(x, w->second_at ? pairs_in_order(w, x) : same_pairs(w, x));
	return (struct lh_interval){ fmin((2 * i.lo - 1) * w->turns, difference), fmax((2 * i.hi - 1) * w->turns, difference) };
}

static int observed(const struct world *w, int group)
{
	int n = 0;
	for (int i = 0; i < w->n[group]; i++)
		n += w->group[group][i].turns > 0;
	return n;
}

static int contributing(const struct world *w)
{
	int n = 0, a = observed(w, 0), b = observed(w, 1);
	if (w->second_at)
		return a < b ? a : b;
	for (int i = 0; i < w->n[0]; i++)
		n += w->group[0][i].turns > 0 || w->group[1][i].turns > 0;
	return n;
}

/* The number is there, and its interval has no width. */
static bool flat(double value, struct lh_interval ci)
{
	return !isnan(value) && !(ci.lo < ci.hi);
}

static int fill(struct world *w, uint64_t seed, int resamples, double *x, struct lh_rmst *out, struct lh_error *err)
{
	double value[VALUES];
	struct lh_interval ci[VALUES];
	struct lh_joint j = { .samples = w->second_at + w->n[1], .first = w->second_at, .contributing = contributing(w), .values = VALUES,
		.of = both, .world = w, .seed = seed, .resamples = resamples };
	int code = lh_bootstrap_joint(&j, value, ci, err);
	if (code)
		return code;
	for (int k = FIRST; k <= SECOND && w->turns > 0; k++)
		if (flat(value[k], ci[k]))
			ci[k] = bet_value(w, k, value[k], x);
	if (w->turns > 0 && flat(value[DIFFERENCE], ci[DIFFERENCE]))
		ci[DIFFERENCE] = bet_difference(w, value[DIFFERENCE], x);
	*out = (struct lh_rmst){ w->turns, { value[FIRST], value[SECOND] }, value[DIFFERENCE], ci[DIFFERENCE], { ci[FIRST], ci[SECOND] } };
	return 0;
}

static int compare(struct world *w, int turns, uint64_t seed, int resamples, struct lh_rmst *out, struct lh_error *err)
{
	struct lh_interval none = { NAN, NAN };
	int a = lh_known_turns(w->group[0], w->n[0], turns), b = lh_known_turns(w->group[1], w->n[1], turns);
	w->turns = a < b ? a : b;
	*out = (struct lh_rmst){ w->turns, { NAN, NAN }, NAN, none, { none, none } };
	w->scratch = malloc(2 * ((size_t)turns + 1) * sizeof *w->scratch);
	double *x = malloc(((size_t)w->n[0] + (size_t)w->n[1] + 1) * sizeof *x);
	int code = w->scratch && x ? fill(w, seed, resamples, x, out, err) : lh_nomem(err);
	free(w->scratch);
	free(x);
	return code;
}

int lh_rmst_compare(const struct lh_follow *first, const struct lh_follow *second, int n, int turns, uint64_t seed, int resamples, struct lh_rmst *out, struct lh_error *err)
{
	struct world w = { .group = { first, second }, .n = { n, n } };
	return compare(&w, turns, seed, resamples, out, err);
}

int lh_rmst_apart(const struct lh_follow *first, int first_count, const struct lh_follow *second, int second_count, int turns,
	uint64_t seed, int resamples, struct lh_rmst *out, struct lh_error *err)
{
	struct world w = { .group = { first, second }, .n = { first_count, second_count }, .second_at = first_count };
	return compare(&w, turns, seed, resamples, out, err);
}
