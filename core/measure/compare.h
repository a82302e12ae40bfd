/* measure/compare.h - two conditions compared: how far they go, and how often they err.
 *
 * The first is the one in question, the second what it is compared with; every difference is first less
 * second. Two questions, since a horizon ends at the first error and cannot see what errors lead to:
 *
 * length: turns to the first error. Effect: error-free turns within T (measure/rmst.h). Test: log-rank
 *         scores (measure/logrank.h), signs flipped within samples; for different samples, labels permuted.
 * errors: the turn error rate over the turns that both have (measure/common.h). Effect: its difference.
 *         Test: the same rearrangements of the samples' own turn error rates.
 *
 * Intervals: one bootstrap over samples for both conditions where they are the same samples, two
 * independent ones where they are not; never of zero width. */
#ifndef LH_MEASURE_COMPARE_H
#define LH_MEASURE_COMPARE_H

#include "measure/permute.h"
#include "measure/rmst.h"

struct lh_compare_options {
	uint64_t seed;
	int resamples, permutations;     /* 0: LH_RESAMPLES, LH_PERMUTATIONS */
	bool untested;                   /* effects only: every p is NAN */
};

/* A number of both, and their difference. */
struct lh_rates {
	double value[2], difference;
	struct lh_interval value_ci[2], ci;      /* ci: of the difference */
};

struct lh_comparison {
	bool paired;                     /* the same samples */
	int samples[2];                  /* observed; paired: under both, twice the same number */
	struct lh_rmst error_free;
	struct lh_permuted length;       /* p NAN: not tested, as where one of them has nobody at risk */
	bool stopped;                    /* one ended its episodes at their first error: what follows is NAN */
	struct lh_rates error_rate;      /* turn error rate, over the turns that both have */
	struct lh_permuted errors;       /* p NAN: not tested */
};

/* The same samples in the same order. LH_E_USAGE: not as many turns, or samples. */
int lh_compare(const struct lh_grid *first, const struct lh_grid *second, const struct lh_compare_options *options,
	struct lh_comparison *out, struct lh_error *err) LH_CHECKED;

/* Different samples. LH_E_USAGE: not as many turns. */
int lh_compare_apart(const struct lh_grid *first, const struct lh_grid *second, const struct lh_compare_options *options,
	struct lh_comparison *out, struct lh_error *err) LH_CHECKED;

/* How much of the way from the base's turn error rate down to a bound's a policy goes: 0 none, 1 all. */
struct lh_gap {
	double gap;                      /* base less bound */
	struct lh_interval gap_ci;
	double closed;                   /* (base less policy) / (base less bound); NAN unless gap_ci lies above 0 */
	struct lh_interval closed_ci;
};

/* The same samples in the same order under all three, over the turns that all three have; NAN where
 * turn error rates are. Where no resample differs: the betting interval on what is left of the samples'
 * own differences, over the least gap. */
int lh_gap_closed(const struct lh_grid *policy, const struct lh_grid *base, const struct lh_grid *bound, const struct lh_compare_options *options,
	struct lh_gap *out, struct lh_error *err) LH_CHECKED;

#endif
