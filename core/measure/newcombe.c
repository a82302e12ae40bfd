#include "measure/newcombe.h"

#include "measure/wilson.h"

#include <math.h>

struct lh_pairs lh_pairs_count(const uint8_t *first, const uint8_t *second, int n)
{
	struct lh_pairs p = { 0 };
	for (int i = 0; i < n; i++) {
		if (first[i] == LH_UNSEEN || second[i] == LH_UNSEEN)
			continue;
		int64_t *cell = first[i] ? second[i] ? &p.both : &p.first : second[i] ? &p.second : &p.neither;
		++*cell;
	}
	return p;
}

int64_t lh_pairs_total(const struct lh_pairs *p)
{
	return p->both + p->first + p->second + p->neither;
}

double lh_pairs_difference(const struct lh_pairs *p)
{
	return lh_share(p->first - p->second, lh_pairs_total(p));
}

/* In doubles: the product of four margins passes 2^63 from 55,000 pairs on. */
static double correlation(const struct lh_pairs *p)
{
	double e = (double)p->both, f = (double)p->first, g = (double)p->second, h = (double)p->neither;
	double margins = (e + f) * (g + h) * (e + g) * (f + h);
	double above = e * h - f * g;
	if (margins <= 0)
		return 0;
	if (above > 0)
		above = fmax(above - (e + f + g + h) / 2, 0);
	return above / sqrt(margins);
}

/* Length of the difference of two errors of lengths a and b; 0 from below by rounding only. */
static double reach(double a, double b, double phi)
{
	return sqrt(fmax(a * a - 2 * phi * a * b + b * b, 0));
}

struct lh_interval lh_newcombe(const struct lh_pairs *p)
{
	int64_t n = lh_pairs_total(p);
	double one = lh_share(p->both + p->first, n), two = lh_share(p->both + p->second, n);
	struct lh_interval w1 = lh_wilson(one, (double)n), w2 = lh_wilson(two, (double)n);
	double phi = correlation(p), d = lh_pairs_difference(p);
	double below = reach(one - w1.lo, w2.hi - two, phi), above = reach(w1.hi - one, two - w2.lo, phi);
	if (n < 1)
		return (struct lh_interval){ NAN, NAN };
	return (struct lh_interval){ fmax(d - below, -1), fmin(d + above, 1) };
}
