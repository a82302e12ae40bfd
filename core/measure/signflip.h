/* measure/signflip.h - does the sign-flip test reject? Asked a million times by a plan.
 *
 * The test of lh_permute_signs() (measure/permute.h) with signings that are drawn as a group, so that
 * all their sums come at once. Each difference gets a random label of 13 bits; signing v gives it the
 * sign (-1)^(common bits of v and label). The 8,192 signings, about as many as that test draws, are a
 * group with the identity among them, so p = (signings as far out)/8,192 is valid like that of all
 * signings (Hemerik, Goeman, TEST 27, 2018, pp. 811-825, theorem 1); any two of them are independent, so
 * p spreads as little as that of 8,191 independent draws. Their sums are the Walsh-Hadamard transform of
 * the differences summed by label: n + 13 x 8,192 additions in place of n x 8,192; and 10 x 1,024 where
 * a part of the group has shown already that p is too large. Up to LH_PERMUTE_SIGNS differences that are
 * not 0: all signings, and the same decision as lh_permute_signs(). */
#ifndef LH_MEASURE_SIGNFLIP_H
#define LH_MEASURE_SIGNFLIP_H

#include "measure/permute.h"

#define LH_SIGNINGS 8192

/* Of n finite differences; true: p <= level. */
bool lh_signflip_rejects(const double *difference, int n, uint64_t seed, double level);

/* The fewest pairs that can ever reject: all of one sign, p = 2 / 2^n. LH_PERMUTE_SIGNS at most. */
int lh_signflip_least(double level);

#endif
