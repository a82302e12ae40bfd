/* measure/betting.h - what a gambler can conclude about the mean of a bounded number.
 *
 * X_1 ... X_n in [0, 1], independent, with one mean. A gambler who starts with 1 and stakes a fixed
 * fraction f of the wealth on "the mean is above m" multiplies it by (1 - f) + f X / m each time;
 * where the mean is at most m that is no favourable game, so the wealth reaches 40 with probability
 * at most 1/40 at any time (Ville 1939). Averaged over several f it stays so.
 * Waudby-Smith, Ramdas, JRSS-B 86 (2024), pp. 1-27, with lambda = f / m. */
#ifndef LH_MEASURE_BETTING_H
#define LH_MEASURE_BETTING_H

#include "measure/measure.h"

#define LH_BET_THRESHOLD 40.0            /* 2.5 % a side */
#define LH_BETS 8                        /* halvings of the stake: from all of it to 1/128 */

/* One gambler's purses, one a stake; all 0 at the start: wealth 1. */
struct lh_bet { double log_wealth[LH_BETS]; };

/* The next x in [0, 1], against "mean <= m", m in (0, 1) and the same throughout. */
void lh_bet_add(struct lh_bet *b, double x, double m);
/* The wealth so far, averaged over the stakes. */
double lh_bet_now(const struct lh_bet *b);

/* Wealth against "mean <= m", averaged over f = 1, 1/2, ... 1/128; m in (0, 1). Falls in m. The
 * wealth against "mean >= m" is that of 1 - x at 1 - m. */
double lh_bet_wealth(const double *x, int n, double m);

/* All m that neither side's wealth refutes at the threshold: at least 95 % whenever one stops. Never
 * of zero width; n = 0: [0, 1]. */
struct lh_interval lh_bet_interval(const double *x, int n);
/* At another threshold: 1 - 2/threshold in the place of 95 %. */
struct lh_interval lh_bet_interval_at(const double *x, int n, double threshold);

#endif
