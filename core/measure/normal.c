#include "measure/normal.h"

#include "measure/wilson.h"

#include <math.h>

double lh_normal_below(double z)
{
	return 0.5 * erfc(-z * 0.70710678118654752440);
}

/* Bisection: called twice an interval, so plain beats fast; 64 halvings of [-40, 40] end below the
 * spacing of doubles. The upper half is mirrored, where 1 - p has digits that p has lost. */
double lh_normal_quantile(double p)
{
	if (isnan(p) || p < 0 || p > 1)
		return NAN;
	if (p == 0 || p == 1)
		return p == 0 ? -INFINITY : INFINITY;
	if (p > 0.5)
		return -lh_normal_quantile(1 - p);
	double lo = -40, hi = 0;
	for (int i = 0; i < 64; i++) {
		double middle = (lo + hi) / 2;
		if (lh_normal_below(middle) < p)
			lo = middle;
		else
			hi = middle;
	}
	return hi;
}

double lh_student_quantile95(double freedom)
{
	if (freedom == 1)                /* closed forms, where the series is poor */
		return 12.706204736432095;
	if (freedom == 2)
		return 4.302652729911275;
	double z = LH_Z95, z2 = z * z, f = freedom;
	double first = z * (z2 + 1) / 4;
	double second = z * ((5 * z2 + 16) * z2 + 3) / 96;
	double third = z * (((3 * z2 + 19) * z2 + 17) * z2 - 15) / 384;
	return z + first / f + second / (f * f) + third / (f * f * f);
}
