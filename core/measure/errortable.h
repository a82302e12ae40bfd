/* measure/errortable.h - turn errors summed so that a resample costs no pass over the turns.
 *
 * The turn error rate is 1 - mean of TA(t) over the turns at which anyone was observed. Over a
 * stretch of turns in which the same samples are observed, the sum of 1 - TA(t) is (their errors) /
 * (their number): with nothing censored there is one stretch, and the rate is the mean of the
 * samples' own rates. The sums are integers, so equal data give equal rates to the last bit,
 * whatever the order. */
#ifndef LH_MEASURE_ERRORTABLE_H
#define LH_MEASURE_ERRORTABLE_H

#include "measure/measure.h"

struct lh_error_sums { int64_t errors, observed; };

struct lh_error_table {
	int samples, stretches;
	int *turns;              /* [stretch] its length */
	int *errors;             /* [stretch * samples + i] turn errors of sample i within it */
	uint8_t *observed;       /* same shape: 1, sample i was observed throughout it; 0, at no turn */
	struct lh_error_sums *total;    /* [stretch] over all samples */
};

/* Turns from..T-1 (from 0) of the grid; strict: `recovers` is no error. */
int lh_error_table_init(struct lh_error_table *e, const struct lh_grid *grid, int from, bool strict,
	struct lh_error *err) LH_CHECKED;
void lh_error_table_fini(struct lh_error_table *e);

/* The rate with sample i counted weight[i] times; NULL: once each. NAN where nothing was observed. */
double lh_error_rate(const struct lh_error_table *e, const int *weight);
/* The rate without one sample, in O(stretches). */
double lh_error_rate_without(const struct lh_error_table *e, int sample);
/* The samples' own rates over their own observed turns into own[samples]; returns how many there
 * are, samples without an observed turn being left out. */
int lh_error_rate_each(const struct lh_error_table *e, double *own);

#endif
