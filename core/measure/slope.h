/* measure/slope.h - the self-conditioning slope: what errors in view do to the next turn.
 *
 * The change of the log-odds of a turn error per unit of achieved update exposure, over the grid of
 * made histories: Firth's logistic regression (measure/firth.h) on exposure and one indicator for each
 * probed turn but the first, profile interval. p: outcomes permuted within each sample and probed
 * turn (measure/permute.h), so that hard samples are compared with themselves only; it needs no
 * model. The regression compares samples too, and takes cells as independent: with very unequal
 * samples its slope is nearer 0 than any one sample's (Neuhaus, Kalbfleisch, Hauck, Int. Stat. Rev.
 * 59, 1991, pp. 25-35), the p stays exact. */
#ifndef LH_MEASURE_SLOPE_H
#define LH_MEASURE_SLOPE_H

#include "measure/firth.h"
#include "measure/permute.h"

#define LH_SLOPE_TURNS (LH_FIRTH_COEFFICIENTS - 1)       /* probed turns, at most */

/* One cell: a sample's reply at a probed turn under one made history. */
struct lh_slope_cell {
	int sample, turn;
	double exposure;         /* update exposure achieved, in [0, 1] */
	uint8_t right;           /* 1, 0, or LH_UNSEEN: left out (lh_read_outcomes()) */
};

struct lh_slope {
	double value;                    /* log-odds per unit of exposure; NAN: not estimable, see fit.status */
	struct lh_interval ci;           /* 95 %; an end may be infinite, NAN likewise */
	struct lh_permuted test;         /* of slope 0; p = 1 where no block says anything */
	struct lh_firth fit;             /* events are errors; fit.samples_needed where there are too few */
};

/* Cells of one sample must stand together, and of one turn within it. LH_E_LIMIT: more turns. */
int lh_slope_find(const struct lh_slope_cell *cell, int cells, uint64_t seed, int permutations,
	struct lh_slope *out, struct lh_error *err) LH_CHECKED;

#endif
