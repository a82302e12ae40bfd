/* measure/isotonic.h - a curve that only falls, or only rises, through weighted points.
 *
 * The weighted least-squares fit under that constraint, by pooling adjacent violators (Ayer, Brunk,
 * Ewing, Reid, Silverman, Ann. Math. Stat. 26, 1955, pp. 641-647; Barlow, Bartholomew, Bremner,
 * Brunk, Statistical Inference under Order Restrictions, 1972); for shares weighted by their counts
 * it is the maximum likelihood fit as well. Between points the curve is drawn straight. */
#ifndef LH_MEASURE_ISOTONIC_H
#define LH_MEASURE_ISOTONIC_H

#include <stdbool.h>

enum lh_trend { LH_FALLING, LH_RISING };         /* not strictly */

struct lh_curve_point {
	double x, y, weight;     /* given; weight in units of observations */
	double fit;              /* found by lh_isotonic() */
	struct { double mean, weight; int points; } level;       /* its working memory */
};

/* Sorts by x, makes one point of those with the same x (weighted mean) and drops those whose weight
 * is not above 0. Returns how many are left. n^2 steps. */
int lh_curve_prepare(struct lh_curve_point *p, int n);

/* Fills fit. p: as prepared. n steps, no memory. */
void lh_isotonic(struct lh_curve_point *p, int n, enum lh_trend trend);

/* The fit at x. Outside the points the nearest end's, and *clamped is set, else cleared (may be
 * NULL). NAN: no points, or x is NAN. */
double lh_curve_at(const struct lh_curve_point *p, int n, double x, bool *clamped);

/* The x at which the fit first meets `level`, coming from the left; where it lies beyond an end,
 * that end and *clamped. NAN: no points. */
double lh_curve_meets(const struct lh_curve_point *p, int n, enum lh_trend trend, double level, bool *clamped);

#endif
