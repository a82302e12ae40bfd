/* measure/jointboot.h - intervals of several numbers from one set of resamples.
 *
 * Numbers that are put into one sentence, such as the parts of a loss, are computed from the same
 * resamples of whole samples, so that their intervals belong together: what adds up in the data adds
 * up in every resample. Intervals as in measure/bootstrap.h: BCa, the acceleration from leaving each
 * sample out, the reach widened for few samples; the same resamples as every other bootstrap of that
 * many samples under that seed. */
#ifndef LH_MEASURE_JOINTBOOT_H
#define LH_MEASURE_JOINTBOOT_H

#include "measure/measure.h"

/* Beyond so many samples, blocks of neighbours are left out in place of single ones. Samples come in no
 * order, so the skewness of a sum over blocks is that of the sum over samples. */
#define LH_JACKKNIFE 1000

/* value[k] with sample i counted weight[i] times, 0 or more; NAN where undefined. `world` is whatever
 * it needs, scratch memory included; it must depend on nothing else. */
typedef void (*lh_statistic)(void *world, const int *weight, double *value);

struct lh_joint {
	int samples;
	int first;               /* two groups of different samples, each resampled by itself: the first has so many; 0: one group */
	int contributing;        /* how many of them the numbers depend on, of two groups the smaller: sets how far intervals reach */
	int values;
	lh_statistic of;
	void *world;
	uint64_t seed;
	int resamples;           /* 0: LH_RESAMPLES */
};

/* Fills estimate[values] and interval[values]. An interval contains its estimate; NAN where that is
 * NAN. Of zero width where all resamples agree or under two samples contribute: the caller knows the
 * range of the number and so what can be said instead. A resample in which a number is NAN is left
 * out of that number's distribution. Takes resamples + at most LH_JACKKNIFE calls of `of`. */
int lh_bootstrap_joint(const struct lh_joint *j, double *estimate, struct lh_interval *interval, struct lh_error *err) LH_CHECKED;

#endif
