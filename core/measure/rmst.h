/* measure/rmst.h - how many turns go well before the first error.
 *
 * Error-free turns within T: the sum of task accuracy PA(t) over t = 1..T, the mean of the samples'
 * turns before the first error where nothing is censored. In survival analysis the restricted mean
 * survival time (Royston, Parmar, BMC Med. Res. Methodol. 13, 2013, article 152): the area under PA
 * from 0 to T + 1 less the certain first unit. In turns, so it says how much a policy is worth. */
#ifndef LH_MEASURE_RMST_H
#define LH_MEASURE_RMST_H

#include "measure/logrank.h"

/* Error-free turns within `turns` with sample i counted weight[i] times (NULL: once each). Past the
 * turn at which censoring empties the risk set PA is held (Gill 1980); see lh_known_turns(). NAN:
 * nobody at risk at turn 1. scratch: 2 (turns + 1) integers. */
double lh_error_free_turns(const struct lh_follow *follow, int n, const int *weight, int turns, int *scratch);

/* The last turn, at most `turns`, at which PA is known: anyone still at risk, or all have erred. */
int lh_known_turns(const struct lh_follow *follow, int n, int turns);

struct lh_rmst {
	int turns;                       /* T, or fewer: as far as PA is known for both */
	double value[2];                 /* error-free turns of each */
	double difference;               /* first less second: above 0, the first goes on longer */
	struct lh_interval ci;           /* 95 %, bootstrap over samples */
	struct lh_interval value_ci[2];  /* from the same resamples */
};

/* The same n samples under two policies, in one order, resampled alike. NAN: a policy with nobody at
 * risk. Where no resample differs the interval is the betting one (measure/betting.h) on the samples'
 * own differences, within [-turns, turns]. */
int lh_rmst_compare(const struct lh_follow *first, const struct lh_follow *second, int n, int turns,
	uint64_t seed, int resamples, struct lh_rmst *out, struct lh_error *err) LH_CHECKED;

/* Different samples, resampled by themselves. Where no resample differs: the betting interval on
 * differences of samples taken in the order they come, as many as the smaller group has. */
int lh_rmst_apart(const struct lh_follow *first, int first_count, const struct lh_follow *second, int second_count, int turns,
	uint64_t seed, int resamples, struct lh_rmst *out, struct lh_error *err) LH_CHECKED;

#endif
