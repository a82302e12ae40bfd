/* measure/horizon.h - how far: the largest number of turns executed with task accuracy >= s.
 *
 * Definitions: README.md, "Horizon". Constant rate and degradation: Proposition 1 of
 * arXiv 2509.09677 (with a constant accuracy p per turn, H(s) = ln s / ln p). */
#ifndef LH_MEASURE_HORIZON_H
#define LH_MEASURE_HORIZON_H

#include "measure/survival.h"

/* share >= s, as counts would compare. A quotient k/n and a decimal s are both rounded correctly, so
 * equal fractions are equal doubles; a product of Kaplan-Meier's can fall a hair below, hence a
 * tolerance of 1e-12. Fractions that differ, do so by more: 1/(n 10^6) for s of six decimals.
 * NAN: false. */
bool lh_reaches(double share, double s);

/* band: 95 % interval of task accuracy, turn by turn. */
struct lh_horizon lh_horizon_find(const struct lh_survival *survival, const struct lh_interval *band,
	int steps_per_turn, double s);

#endif
