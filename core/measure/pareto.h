/* measure/pareto.h - which policies are worth their tokens: nothing else is as good in both.
 *
 * A point leaves the front where another is known to be at least as good in both and better in one. A
 * horizon whose end was not seen may be any length from its value on: what is not known to be longer
 * does not push it off, and it pushes off whatever is no longer than its value. Oracles are bounds: never
 * on the front, and they push nothing off. By point estimates, without regard to intervals. */
#ifndef LH_MEASURE_PARETO_H
#define LH_MEASURE_PARETO_H

#include <stdbool.h>

struct lh_pareto_point {
	double cost, value;      /* NAN in either: not on the front, and pushes nothing off */
	bool open;               /* the value is a lower bound */
	bool oracle;
};

/* Less cost is better; `more`: more value is better, else less. Fills front[n]. */
void lh_pareto(const struct lh_pareto_point *point, int n, bool more, bool *front);

#endif
