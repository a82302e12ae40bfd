/* measure/permute.h - permutation tests: exact whatever the numbers' distribution.
 *
 * If the null hypothesis makes certain rearrangements of the data equally likely, the share of them
 * whose statistic is at least as far out as the one seen is a valid p (Fisher 1935). All are
 * enumerated where they are few; else m are drawn and p = (b + 1)/(m + 1), b of them as far out:
 * valid for any m, as the data seen are one of them (Phipson, Smyth, Stat. Appl. Genet. Mol. Biol. 9,
 * 2010, article 39). Two-sided: "far out" is the distance from the mean over all rearrangements.
 * Rearrangement number b depends on (seed, b) alone. */
#ifndef LH_MEASURE_PERMUTE_H
#define LH_MEASURE_PERMUTE_H

#include "measure/measure.h"

#define LH_PERMUTATIONS 9999             /* m, so that p is a multiple of 1/10,000 */
#define LH_PERMUTE_SIGNS 16              /* up to so many non-zero differences are enumerated: 2^16 */
#define LH_PERMUTE_LABELS 65536          /* up to so many ways to draw the first group are enumerated */

struct lh_permuted {
	double statistic;        /* seen: its distance from the mean of all rearrangements, signed */
	double p;
	bool exact;              /* enumerated */
	int64_t count;           /* rearrangements looked at: all of them, or m */
};

/* Paired: difference[n] of the same sample under two conditions, finite. H0: each is as likely with
 * the other sign. Statistic: their sum. Zeros change nothing and are left out; nothing left: p = 1. */
struct lh_permuted lh_permute_signs(const double *difference, int n, uint64_t seed, int permutations);

/* Unpaired: score[first + second], the first group's before the second's. H0: the labels mean
 * nothing. Statistic: the first group's sum less its share of the total. An empty group: p = 1. */
int lh_permute_labels(const double *score, int first, int second, uint64_t seed, int permutations,
	struct lh_permuted *out, struct lh_error *err) LH_CHECKED;

/* Cells in blocks, such as all made histories of one sample and probed turn: block b holds cells
 * start[b] to start[b + 1] - 1; start has blocks + 1 elements, start[0] = 0. H0: within a block any
 * cell's outcome could have been any other's. Statistic: sum of x (outcome - block's mean outcome),
 * the score of x's coefficient in a logistic regression whose other covariates are constant within
 * blocks: what they fit cancels, so that none is fitted here, nor at any rearrangement. A block
 * whose x or whose outcomes are all equal says nothing. */
struct lh_blocks {
	int blocks;
	const int *start;
	const double *x;         /* exposure */
	const double *outcome;   /* 1 an error, 0 none; any finite number will do */
};

int lh_permute_blocks(const struct lh_blocks *b, uint64_t seed, int permutations,
	struct lh_permuted *out, struct lh_error *err) LH_CHECKED;

#endif
