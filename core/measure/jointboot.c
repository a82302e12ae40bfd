#include "measure/jointboot.h"

#include "base/random.h"
#include "measure/bootstrap.h"

#include <math.h>
#include <stdlib.h>

/* draw and without hold one column a number: [value * rows + row]. */
struct columns { int *weight; double *draw, *without, *one; int resamples, blocks; };

static void keep(double *column, int rows, int row, const double *one, int values)
{
	for (int k = 0; k < values; k++)
		column[(size_t)k * (size_t)rows + (size_t)row] = one[k];
}

/* The second of two groups is drawn from streams of its own: with the same places drawn in both, samples
 * that have nothing to do with each other would be paired. */
static void draw_weights(const struct lh_joint *j, int b, int *weight)
{
	int n = j->first ? j->first : j->samples;
	lh_bootstrap_weights(j->seed, b, weight, n);
	if (n < j->samples)
		lh_bootstrap_weights(lh_random_mix(j->seed, 1), b, weight + n, j->samples - n);
}

/* The first sample of a block. */
static int block_start(const struct lh_joint *j, const struct columns *c, int block)
{
	return (int)((int64_t)block * j->samples / c->blocks);
}

static void weigh(int *weight, int from, int to, int w)
{
	for (int i = from; i < to; i++)
		weight[i] = w;
}

static void run(const struct lh_joint *j, struct columns *c)
{
	for (int b = 0; b < c->resamples; b++) {
		draw_weights(j, b, c->weight);
		j->of(j->world, c->weight, c->one);
		keep(c->draw, c->resamples, b, c->one, j->values);
	}
	weigh(c->weight, 0, j->samples, 1);
	for (int k = 0; k < c->blocks; k++) {
		int from = block_start(j, c, k), to = block_start(j, c, k + 1);
		weigh(c->weight, from, to, 0);
		j->of(j->world, c->weight, c->one);
		keep(c->without, c->blocks, k, c->one, j->values);
		weigh(c->weight, from, to, 1);
	}
}

struct moments { double square, cube; };

/* Of without[0..n-1] about their mean, which is that of their own group. */
static void add_moments(struct moments *m, const double *without, int n)
{
	double mean = 0;
	int known = 0;
	for (int i = 0; i < n; i++)
		if (!isnan(without[i])) {
			mean += without[i];
			known++;
		}
	for (int i = 0; i < n; i++) {
		double d = isnan(without[i]) ? 0 : mean / known - without[i];
		m->square += d * d;
		m->cube += d * d * d;
	}
}

/* A sixth of the skewness of the jackknife values' sum. */
static double acceleration(const struct lh_joint *j, const struct columns *c, const double *without)
{
	struct moments m = { 0, 0 };
	int first = 0;
	while (first < c->blocks && block_start(j, c, first) < j->first)
		first++;
	add_moments(&m, without, first);
	add_moments(&m, without + first, c->blocks - first);
	return m.square > 0 ? m.cube / (6 * m.square * sqrt(m.square)) : 0;
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

static struct lh_interval interval_of(const struct lh_joint *j, const struct columns *c, double estimate, double *draw, const double *without)
{
	struct lh_interval i = { estimate, estimate };
	int n = sort_known(draw, c->resamples);
	if (isnan(estimate) || j->contributing < 2 || n == 0 || draw[0] == draw[n - 1])
		return i;
	struct lh_bca b = { .bias = lh_bca_bias(draw, n, estimate), .acceleration = acceleration(j, c, without), .reach = lh_bca_reach(j->contributing) };
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
	struct columns c = { .resamples = j->resamples ? j->resamples : LH_RESAMPLES, .blocks = j->samples < LH_JACKKNIFE ? j->samples : LH_JACKKNIFE };
	size_t values = (size_t)j->values, blocks = (size_t)c.blocks, rows = (size_t)c.resamples;
	/* One more than needed: calloc(0) may return NULL. */
	c.weight = calloc((size_t)j->samples + 1, sizeof *c.weight);
	c.draw = calloc(rows * values + 1, sizeof *c.draw);
	c.without = calloc(blocks * values + 1, sizeof *c.without);
	c.one = calloc(values + 1, sizeof *c.one);
	int code = 0;
	if (c.weight && c.draw && c.without && c.one) {
		estimate_once(j, c.weight, estimate);
		run(j, &c);
		for (size_t k = 0; k < values; k++)
			interval[k] = interval_of(j, &c, estimate[k], c.draw + k * rows, c.without + k * blocks);
	} else {
		code = lh_nomem(err);
	}
	free(c.weight);
	free(c.draw);
	free(c.without);
	free(c.one);
	return code;
}
