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

struct world { const struct lh_follow *first, *second; int n, turns, *scratch; };

enum { FIRST, SECOND, DIFFERENCE, VALUES };

static void both(void *world, const int *weight, double *value)
{
	const struct world *w = world;
	value[FIRST] = lh_error_free_turns(w->first, w->n, weight, w->turns, w->scratch);
	value[SECOND] = lh_error_free_turns(w->second, w->n, weight, w->turns, w->scratch);
	value[DIFFERENCE] = value[FIRST] - value[SECOND];
}

/* A sample's own error-free turns, as far as it was seen. */
static int own(struct lh_follow f, int turns)
{
	int free_of_error = f.erred ? f.turns - 1 : f.turns;
	return free_of_error < turns ? free_of_error : turns;
}

static struct lh_interval bet(const struct world *w, double difference, double *x)
{
	int n = 0;
	for (int i = 0; i < w->n; i++)
		if (w->first[i].turns > 0 && w->second[i].turns > 0)
			x[n++] = 0.5 + (own(w->first[i], w->turns) - own(w->second[i], w->turns)) / (2.0 * w->turns);
	struct lh_interval i = lh_bet_interval(x, n);
	return (struct lh_interval){ fmin((2 * i.lo - 1) * w->turns, difference), fmax((2 * i.hi - 1) * w->turns, difference) };
}

static int contributing(const struct world *w)
{
	int n = 0;
	for (int i = 0; i < w->n; i++)
		n += w->first[i].turns > 0 || w->second[i].turns > 0;
	return n;
}

static int fill(struct world *w, uint64_t seed, int resamples, double *x, struct lh_rmst *out, struct lh_error *err)
{
	double value[VALUES];
	struct lh_interval ci[VALUES];
	struct lh_joint j = { .samples = w->n, .contributing = contributing(w), .values = VALUES, .of = both, .world = w, .seed = seed, .resamples = resamples };
	int code = lh_bootstrap_joint(&j, value, ci, err);
	if (code)
		return code;
	*out = (struct lh_rmst){ w->turns, { value[FIRST], value[SECOND] }, value[DIFFERENCE], ci[DIFFERENCE] };
	if (!isnan(out->difference) && w->turns > 0 && !(out->ci.lo < out->ci.hi))
		out->ci = bet(w, out->difference, x);
	return 0;
}

int lh_rmst_compare(const struct lh_follow *first, const struct lh_follow *second, int n, int turns, uint64_t seed, int resamples, struct lh_rmst *out, struct lh_error *err)
{
	int a = lh_known_turns(first, n, turns), b = lh_known_turns(second, n, turns);
	struct world w = { first, second, n, a < b ? a : b, NULL };
	*out = (struct lh_rmst){ w.turns, { NAN, NAN }, NAN, { NAN, NAN } };
	w.scratch = malloc(2 * ((size_t)turns + 1) * sizeof *w.scratch);
	double *x = malloc(((size_t)n + 1) * sizeof *x);
	int code = w.scratch && x ? fill(&w, seed, resamples, x, out, err) : lh_nomem(err);
	free(w.scratch);
	free(x);
	return code;
}
