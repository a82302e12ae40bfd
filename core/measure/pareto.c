#include "measure/pareto.h"

#include <math.h>

static bool counts(const struct lh_pareto_point *p)
{
	return !p->oracle && !isnan(p->cost) && !isnan(p->value);
}

/* a is known to be at least as good as b in both, and better in one. An open value of a may be better
 * still, which nobody knows: it counts as it stands. */
static bool beats(const struct lh_pareto_point *a, const struct lh_pareto_point *b, bool more)
{
	double gain = more ? a->value - b->value : b->value - a->value;
	return !b->open && a->cost <= b->cost && gain >= 0 && (a->cost < b->cost || gain > 0);
}

void lh_pareto(const struct lh_pareto_point *point, int n, bool more, bool *front)
{
	for (int i = 0; i < n; i++) {
		front[i] = counts(&point[i]);
		for (int k = 0; k < n && front[i]; k++)
			front[i] = !(counts(&point[k]) && beats(&point[k], &point[i], more));
	}
}
