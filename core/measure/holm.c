#include "measure/holm.h"

#include <math.h>

/* How many p-values are at least this one: what it is multiplied by. Equal ones all get the factor
 * of the first of them, which is what "never falling" would give them. */
static int standing(const double *p, int m, double at)
{
	int n = 0;
	for (int i = 0; i < m; i++)
		n += p[i] >= at;
	return n;
}

void lh_holm(const double *p, int m, double *adjusted)
{
	for (int i = 0; i < m; i++)
		adjusted[i] = isnan(p[i]) ? NAN : fmin(standing(p, m, p[i]) * p[i], 1);
	/* The largest so far. One that was raised already holds a maximum over a part of the same
	 * p-values, so the order does not matter. */
	for (int i = 0; i < m; i++)
		for (int j = 0; j < m; j++)
			if (p[j] <= p[i])
				adjusted[i] = fmax(adjusted[i], adjusted[j]);
}
