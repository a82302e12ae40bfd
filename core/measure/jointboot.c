#include "measure/jointboot.h"

#include "measure/bootstrap.h"

#include <math.h>
#include <stdlib.h>

/* draw and without hold one column a number: [value * rows + row]. */
struct columns { int *weight; double *draw, *without, *one; int resamples; };

static void keep(double *column, int rows, int row, const double *one, int values)
{
	for (int k = 0; k < values; k++)
		column[(size_t)k * (size_t)rows + (size_t)row] = one[k];
}

static void run(const struct lh_joint *j, struct columns *c)
{
	for (int b = 0; b < c->resamples; b++) {
		lh_bootstrap_weights(j->seed, b, c->weight, j->samples);
		j->of(j->world, c->weight, c->one);
		keep(c->draw, c->resamples, b, c->one, j->values);
	}
	for (int i = 0; i < j->samples; i++)
		c->weight[i] = 1;
	for (int i = 0; i < j->samples; i++) {
		c->weight[i] = 0;
		j->of(j->world, c->weight, c->one);
		keep(c->without, j->samples, i, c->one, j->values);
		c->weight[i] = 1;
	}
}

/* A sixth of the skewness of the jackknife values' sum. */
static double acceleration(const double *without, int n)
{
	double mean = 0, square = 0, cube = 0;
	int known = 0;
	for (int i = 0; i < n; i++)
		if (!isnan(without[i])) {
			mean += without[i];
			known++;
		}
	for (int i = 0; i < n; i++) {
		double d = isnan(without[i]) ? 0 : mean / known - without[i];
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

/* NAN out, the rest sorted; returns how many. */
static int sort_known(double *v, int n)
{
	int known = 0;
	for (int i = 0; i < n; i++)
		if (!isnan(v[i]))
			v[known++] = v[i];
	qsort(v, (size_t)known, sizeof *v, compare);
	return known;
}

static struct lh_interval interval_of(const struct lh_joint *j, double estimate, double *draw, int resamples, const double *without)
{
	struct lh_interval i = { estimate, estimate };
	int n = sort_known(draw, resamples);
	if (isnan(estimate) || j->contributing < 2 || n == 0 || draw[0] == draw[n - 1])
		return i;
	struct lh_bca b = { .bias = lh_bca_bias(draw, n, estimate), .acceleration = acceleration(without, j->samples), .reach = lh_bca_reach(j->contributing) };
	struct lh_interval at = lh_bca_levels(&b);
	return (struct lh_interval){ fmin(lh_quantile(draw, n, at.lo), estimate), fmax(lh_quantile(draw, n, at.hi), estimate) };
}

static void estimate_once(const struct lh_joint *j, int *weight, double *estimate)
{
	for (int i = 0; i < j->samples; i++)
		weight[i] = 1;
	j->of(j->world, weight, estimate);
}

int lh_bootstrap_joint(const struct lh_joint *j, double *estimate, struct lh_interval *interval, struct lh_error *err)
{
	struct columns c = { .resamples = j->resamples ? j->resamples : LH_RESAMPLES };
	size_t values = (size_t)j->values, samples = (size_t)j->samples, rows = (size_t)c.resamples;
	/* One more than needed: calloc(0) may return NULL. */
	c.weight = calloc(samples + 1, sizeof *c.weight);
	c.draw = calloc(rows * values + 1, sizeof *c.draw);
	c.without = calloc(samples * values + 1, sizeof *c.without);
	c.one = calloc(values + 1, sizeof *c.one);
	int code = 0;
	if (c.weight && c.draw && c.without && c.one) {
		estimate_once(j, c.weight, estimate);
		run(j, &c);
		for (size_t k = 0; k < values; k++)
			interval[k] = interval_of(j, estimate[k], c.draw + k * rows, c.resamples, c.without + k * samples);
	} else {
		code = lh_nomem(err);
	}
	free(c.weight);
	free(c.draw);
	free(c.without);
	free(c.one);
	return code;
}
