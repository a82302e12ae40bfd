#include "measure/wilson.h"

#include <math.h>

struct lh_interval lh_wilson(double share, double n)
{
	if (!(n > 0) || isnan(share))
		return (struct lh_interval){ NAN, NAN };
	double z2 = LH_Z95 * LH_Z95;
	double middle = share + z2 / (2 * n);
	double reach = LH_Z95 * sqrt(share * (1 - share) / n + z2 / (4 * n * n));
	double scale = 1 + z2 / n;
	/* At 0 and 1 one end is the share itself; cancellation would leave 1e-17 instead. */
	double lo = share > 0 ? (middle - reach) / scale : 0;
	double hi = share < 1 ? (middle + reach) / scale : 1;
	return (struct lh_interval){ fmax(lo, 0), fmin(hi, 1) };
}

double lh_share(int64_t k, int64_t n)
{
	return n > 0 ? (double)k / (double)n : NAN;
}
