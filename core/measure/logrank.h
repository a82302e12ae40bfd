/* measure/logrank.h - two policies' turns to the first error, compared.
 *
 * Turns are whole numbers and samples tie. At turn t, n at risk of whom d first err, each at risk
 * expects d/n errors. A sample's log-rank score is its errors (0 or 1) less what it expected at every
 * turn it was at risk (Peto, Peto, JRSS-A 135, 1972, pp. 185-207, with the pooled Nelson-Aalen
 * hazard): scores sum to 0, and over one group to its observed less its expected errors, the
 * log-rank statistic's numerator (Mantel, Cancer Chemother. Rep. 50, 1966, pp. 163-170).
 * Paired samples: both policies' samples are scored in one pool and subtracted sample by sample, then
 * signs are flipped (O'Brien, Fleming, Biometrics 43, 1987, pp. 169-180, with log-rank scores in the
 * place of their Prentice-Wilcoxon ones). Flipping a sample leaves the pool as it was, so that test is
 * exact. */
#ifndef LH_MEASURE_LOGRANK_H
#define LH_MEASURE_LOGRANK_H

#include "measure/measure.h"

/* One sample: at risk at turns 1..turns; erred: first err at the last of them, else lost after it or
 * never seen to err. turns = 0: never observed. */
struct lh_follow { int turns; bool erred; };

/* follow[grid->samples], by the first state error, as measure/survival.h counts. */
void lh_follow_grid(const struct lh_grid *grid, struct lh_follow *follow);

/* Scores of a pool of n; LH_E_USAGE: negative turns, or an error at turn 0. */
int lh_logrank_scores(const struct lh_follow *follow, int n, double *score, struct lh_error *err) LH_CHECKED;

/* difference[n]: first's score less second's, same samples in the same order; above 0: the first
 * errs sooner. Both of a pair are cut at the turn at which either was lost, so that a policy is not
 * judged by turns that its partner did not have. For lh_permute_signs(). */
int lh_logrank_paired(const struct lh_follow *first, const struct lh_follow *second, int n,
	double *difference, struct lh_error *err) LH_CHECKED;

struct lh_logrank {
	double observed[2], expected[2];         /* first errors of each group */
	double variance;                         /* hypergeometric, of observed[0] - expected[0] */
	double chi_square;                       /* one degree of freedom; NAN where the variance is 0 */
	double p;                                /* two-sided, by the normal limit; NAN likewise */
};

/* Different samples. For the p of few samples permute lh_logrank_scores() of both in one pool. */
int lh_logrank_test(const struct lh_follow *first, int first_count, const struct lh_follow *second, int second_count,
	struct lh_logrank *out, struct lh_error *err) LH_CHECKED;

#endif
