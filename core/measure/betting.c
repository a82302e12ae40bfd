#include "measure/betting.h"

#include <math.h>

#define BETS 8                           /* halvings of the stake: from all of it to 1/128 */

/* The side bet on: the numbers themselves, or their distance from 1. */
struct side { const double *x; int n; bool mirrored; };

static double value(const struct side *s, int i)
{
	return s->mirrored ? 1 - s->x[i] : s->x[i];
}

/* In logarithms: a product of 10^5 factors overflows, and infinity times a lost all-in bet is NAN. */
static double log_wealth(const struct side *s, double m, double f)
{
	double sum = 0;
	for (int i = 0; i < s->n; i++)
		sum += log((1 - f) + f * (value(s, i) / m));
	return sum;
}

static double wealth(const struct side *s, double m)
{
	double sum = 0, f = 1;
	for (int j = 0; j < BETS; j++, f /= 2)
		sum += exp(log_wealth(s, m, f));
	return sum / BETS;
}

/* The largest refuted m, from outside: the end that is returned is refuted, or 0. */
static double refuted_up_to(const struct side *s)
{
	double refuted = 0, open = 1;
	for (int i = 0; i < 60; i++) {
		double m = (refuted + open) / 2;
		if (wealth(s, m) >= LH_BET_THRESHOLD)
			refuted = m;
		else
			open = m;
	}
	return refuted;
}

double lh_bet_wealth(const double *x, int n, double m)
{
	return wealth(&(struct side){ x, n, false }, m);
}

struct lh_interval lh_bet_interval(const double *x, int n)
{
	return (struct lh_interval){ refuted_up_to(&(struct side){ x, n, false }),
		1 - refuted_up_to(&(struct side){ x, n, true }) };
}
