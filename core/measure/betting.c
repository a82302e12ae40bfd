#include "measure/betting.h"

#include <math.h>

/* The side bet on: the numbers themselves, or their distance from 1. */
struct side { const double *x; int n; bool mirrored; };

static double value(const struct side *s, int i)
{
	return s->mirrored ? 1 - s->x[i] : s->x[i];
}

/* In logarithms: a product of 10^5 factors overflows, and infinity times a lost all-in bet is NAN. */
void lh_bet_add(struct lh_bet *b, double x, double m)
{
	double f = 1;
	for (int j = 0; j < LH_BETS; j++, f /= 2)
		b->log_wealth[j] += log((1 - f) + f * (x / m));
}

double lh_bet_now(const struct lh_bet *b)
{
	double sum = 0;
	for (int j = 0; j < LH_BETS; j++)
		sum += exp(b->log_wealth[j]);
	return sum / LH_BETS;
}

static double wealth(const struct side *s, double m)
{
	struct lh_bet b = { { 0 } };
	for (int i = 0; i < s->n; i++)
		lh_bet_add(&b, value(s, i), m);
	return lh_bet_now(&b);
}

/* The largest refuted m, from outside: the end that is returned is refuted, or 0. */
static double refuted_up_to(const struct side *s, double threshold)
{
	double refuted = 0, open = 1;
	for (int i = 0; i < 60; i++) {
		double m = (refuted + open) / 2;
		if (wealth(s, m) >= threshold)
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
	return lh_bet_interval_at(x, n, LH_BET_THRESHOLD);
}

struct lh_interval lh_bet_interval_at(const double *x, int n, double threshold)
{
	return (struct lh_interval){ refuted_up_to(&(struct side){ x, n, false }, threshold),
		1 - refuted_up_to(&(struct side){ x, n, true }, threshold) };
}
