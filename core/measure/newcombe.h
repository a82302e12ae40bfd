/* measure/newcombe.h - the difference of two shares of the same samples.
 *
 * Newcombe's paired score interval (R. G. Newcombe, Statistics in Medicine 17, 1998, pp. 2635-2650,
 * method 10): the two shares' Wilson limits, put together with the correlation phi of the pairs.
 * phi's numerator e h - f g is made smaller by n/2 where it is positive, not below 0, and phi is 0
 * where a margin is empty. Never of zero width. Fagerland, Lydersen, Laake (Statistics in Medicine
 * 33, 2014, pp. 2850-2875) recommend it beside Tango's for any n. */
#ifndef LH_MEASURE_NEWCOMBE_H
#define LH_MEASURE_NEWCOMBE_H

#include "measure/measure.h"

/* n pairs of yes or no. Newcombe's letters: e, f, g, h. */
struct lh_pairs {
	int64_t both;            /* e: yes, yes */
	int64_t first;           /* f: yes, no */
	int64_t second;          /* g: no, yes */
	int64_t neither;         /* h: no, no */
};

/* first[n] and second[n] hold 0, 1 or LH_UNSEEN; a sample that either has not seen is left out. */
struct lh_pairs lh_pairs_count(const uint8_t *first, const uint8_t *second, int n);
int64_t lh_pairs_total(const struct lh_pairs *p);

/* The first share minus the second, (f - g) / n, in [-1, 1]; NAN without pairs. */
double lh_pairs_difference(const struct lh_pairs *p);

/* 95 %, within [-1, 1], contains the difference; NAN ends without pairs. */
struct lh_interval lh_newcombe(const struct lh_pairs *p);

#endif
