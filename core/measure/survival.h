/* measure/survival.h - task accuracy when some samples were not seen to the end.
 *
 * An "event" is a sample's first state error, "censored" is to go unobserved before it. Estimator:
 * Kaplan, Meier, JASA 53 (1958), pp. 457-481. Variance: Greenwood (1926), written as the effective
 * number N of a binomial share with that variance, N = PA (1 - PA) / var. */
#ifndef LH_MEASURE_SURVIVAL_H
#define LH_MEASURE_SURVIVAL_H

#include "measure/measure.h"

/* All arrays have `turns` elements; one allocation. */
struct lh_survival {
	int turns;
	int *at_risk;            /* no error before t, turn t observed, and every turn before it */
	int *first_errors;       /* of those at risk at t: err at t */
	int *lost;               /* no error before t, and t is the first turn not observed */
	double *task_accuracy;   /* PA(t); NAN where the risk set is empty through censoring */
	double *effective;       /* N for Wilson; the number of samples as long as none is lost */
	void *memory;
};

int lh_survival_init(struct lh_survival *s, int turns, struct lh_error *err) LH_CHECKED;
void lh_survival_fini(struct lh_survival *s);

/* Fills at_risk, first_errors and lost. A sample whose first cell is LH_UNSEEN was never tried and
 * counts nowhere. Nothing is lost after a sample's first error. */
void lh_survival_count(struct lh_survival *s, const struct lh_grid *grid);

/* Fills task_accuracy and effective from at_risk and first_errors. */
void lh_survival_estimate(struct lh_survival *s);

/* bounds[t]: PA had every censored sample erred where it was lost (lo), had none ever erred (hi).
 * Equal to PA(t) as long as none is lost. NAN without samples. */
void lh_survival_bounds(const struct lh_survival *s, struct lh_interval *bounds);

#endif
