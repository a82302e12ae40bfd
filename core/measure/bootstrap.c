#include "measure/bootstrap.h"

#include "base/random.h"
#include "measure/betting.h"
#include "measure/normal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void lh_bootstrap_weights(uint64_t seed, int b, int *weight, int n)
{
	memset(weight, 0, (size_t)n * sizeof *weight);
	struct lh_random r = lh_random_stream(seed, 0, 0, LH_FOR_BOOTSTRAP, (uint64_t)b);
	for (int i = 0; i < n; i++)
		weight[lh_random_below(&r, (uint64_t)n)]++;
}

double lh_quantile(const double *sorted, int n, double p)
{
	if (n < 1 || !(p >= 0 && p <= 1))
		return NAN;
	double place = p * (n + 1.0) - 1;
	if (place <= 0)
		return sorted[0];
	if (place >= n - 1)
		return sorted[n - 1];
	int below = (int)place;
	return sorted[below] + (place - below) * (sorted[below + 1] - sorted[below]);
}

/* One end's level. Past the pole of the correction (strong skewness, few samples) the level is the
 * limit from before it: the distribution's own end. */
static double level(const struct lh_bca *b, double z)
{
	double shifted = b->bias + z, shrink = 1 - b->acceleration * shifted;
	if (shrink <= 0)
		return z > 0 ? 1 : 0;
	return lh_normal_below(b->bias + shifted / shrink);
}

struct lh_interval lh_bca_levels(const struct lh_bca *b)
{
	return (struct lh_interval){ level(b, -b->reach), level(b, b->reach) };
}

/* Kept off 0 and 1, where z0 is infinite. */
double lh_bca_bias(const double *sorted, int n, double estimate)
{
	double below = 0;
	for (int i = 0; i < n; i++)
		below += sorted[i] < estimate ? 1 : sorted[i] == estimate ? 0.5 : 0;
	double edge = 0.5 / n;
	return lh_normal_quantile(fmin(fmax(below / n, edge), 1 - edge));
}

double lh_bca_reach(int observed)
{
	return lh_student_quantile95(observed - 1) * sqrt(observed / (observed - 1.0));
}

static double acceleration(const struct lh_error_table *e)
{
	double mean = 0, square = 0, cube = 0;
	int n = 0;
	for (int i = 0; i < e->samples; i++) {
		double without = lh_error_rate_without(e, i);
		if (!isnan(without)) {
			mean += without;
			n++;
		}
	}
	for (int i = 0; i < e->samples; i++) {
		double without = lh_error_rate_without(e, i);
		if (isnan(without))
			continue;
		double d = mean / n - without;
		square += d * d;
		cube += d * d * d;
	}
	return square > 0 ? cube / (6 * square * sqrt(square)) : 0;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

/* The rates of all resamples, sorted, into rate[resamples]; returns how many there are: a resample
 * that drew none of the observed samples has no rate. */
static int resample(const struct lh_error_table *e, uint64_t seed, int resamples, int *weight, double *rate)
{
	int n = 0;
	for (int b = 0; b < resamples; b++) {
		lh_bootstrap_weights(seed, b, weight, e->samples);
		double v = lh_error_rate(e, weight);
		if (!isnan(v))
			rate[n++] = v;
	}
	qsort(rate, (size_t)n, sizeof *rate, compare);
	return n;
}

static struct lh_interval bca_interval(const struct lh_error_table *e, double estimate, int observed, const double *rate, int n)
{
	struct lh_bca b = { .bias = lh_bca_bias(rate, n, estimate), .acceleration = acceleration(e), .reach = lh_bca_reach(observed) };
	struct lh_interval at = lh_bca_levels(&b);
	return (struct lh_interval){ lh_quantile(rate, n, at.lo), lh_quantile(rate, n, at.hi) };
}

double lh_bootstrap_skew(const struct lh_error_table *e)
{
	return 6 * acceleration(e);
}

struct scratch { int *weight; double *rate, *own; };

static struct lh_interval interval(const struct lh_error_table *e, double estimate, uint64_t seed, int resamples, const struct scratch *s)
{
	int observed = lh_error_rate_each(e, s->own);
	struct lh_interval i = { estimate, estimate };
	int n = observed > 1 ? resample(e, seed, resamples, s->weight, s->rate) : 0;
	if (n > 0)
		i = bca_interval(e, estimate, observed, s->rate, n);
	if (!(i.lo < i.hi))
		i = lh_bet_interval(s->own, observed);
	return (struct lh_interval){ fmin(i.lo, estimate), fmax(i.hi, estimate) };
}

int lh_bootstrap_error_rate(const struct lh_error_table *e, uint64_t seed, int resamples, struct lh_interval *out, struct lh_error *err)
{
	*out = (struct lh_interval){ NAN, NAN };
	double estimate = lh_error_rate(e, NULL);
	if (isnan(estimate))
		return 0;
	struct scratch s = {
		.weight = calloc((size_t)e->samples, sizeof(int)),
		.rate = calloc((size_t)resamples, sizeof(double)),
		.own = calloc((size_t)e->samples, sizeof(double)),
	};
	int code = 0;
	if (s.weight && s.rate && s.own)
		*out = interval(e, estimate, seed, resamples, &s);
	else
		code = lh_nomem(err);
	free(s.weight);
	free(s.rate);
	free(s.own);
	return code;
}
