/* measure/ladder.h - how many steps in one turn: which number K to try next, and what all tries come to.
 *
 * Accuracy at K is assumed not to rise with K; wanted is the largest K at which it is at least q. Each K tried takes samples
 * of its own until a gate on "the mean is at least q" passes or fails (measure/sequential.h), or a cap is reached. The j-th
 * gate is wrong with probability 0.05/(j (j + 1)) at most, and these sum to 0.05: with 95 % all are right, however many
 * there come to be, and then the wanted K is not below the largest that passed and below the smallest that failed.
 *
 * K is doubled from 1 until one fails; then the gap is bisected (by the geometric mean) until its ends are within a
 * factor of 2. Where Ks in between are undecided the gap has two sides, from the largest that passed up to the first
 * undecided one, and from the last undecided one up to the smallest that failed; each is bisected until its new
 * neighbour is undecided too: that near to q every further try would be. */
#ifndef LH_MEASURE_LADDER_H
#define LH_MEASURE_LADDER_H

#include "measure/sequential.h"

#define LH_LADDER_MOST 4096              /* steps in one turn */
#define LH_RUNGS 64                      /* more than a search can take */

struct lh_rung { int k; enum lh_gate_verdict verdict; int right, samples; };

/* The K to try after those tried, in their order; 0: the search is over. most: the largest K that there is. */
int lh_ladder_next(const struct lh_rung *tried, int n, int most);
/* The error allowed to the j-th gate, from 1. */
double lh_ladder_alpha(int j);

struct lh_ladder {
	int passed;              /* the largest K that passed; 0: none did */
	int failed;              /* the smallest that failed; 0: none did */
	bool crossed;            /* a K failed below one that passed: a verdict is wrong, or accuracy does rise */
	double point;            /* where the isotonic fit through all shares crosses q: a point estimate; NAN: nothing was tried */
	bool clamped;            /* it does not cross it: the first or last K tried */
};

struct lh_ladder lh_ladder_answer(const struct lh_rung *tried, int n, double q);

#endif
