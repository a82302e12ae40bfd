#include "measure/ladder.h"

#include "measure/isotonic.h"

#include <limits.h>
#include <math.h>

double lh_ladder_alpha(int j) { return 0.05 / ((double)j * (j + 1)); }

static struct lh_ladder ends(const struct lh_rung *r, int n)
{
	struct lh_ladder l = { 0 };
	for (int i = 0; i < n; i++) {
		if (r[i].verdict == LH_GATE_PASS && r[i].k > l.passed)
			l.passed = r[i].k;
		if (r[i].verdict == LH_GATE_FAIL && (!l.failed || r[i].k < l.failed))
			l.failed = r[i].k;
	}
	l.crossed = l.failed && l.failed <= l.passed;
	return l;
}

/* How many of the tries belong to the doubling: up to the first that failed. */
static int doublings(const struct lh_rung *r, int n)
{
	for (int i = 0; i < n; i++)
		if (r[i].verdict == LH_GATE_FAIL)
			return i + 1;
	return n;
}

/* A whole number between a and b, neither of them; 0: there is none. */
static int between(int a, int b)
{
	int m = (int)lround(sqrt((double)(a > 0 ? a : 1) * b));
	if (b - a < 2)
		return 0;
	return m <= a ? a + 1 : m >= b ? b - 1 : m;
}

/* The undecided try nearest above `passed` or nearest below `failed`, its index; -1: none is between. */
static int nearest(const struct lh_rung *r, int n, const struct lh_ladder *l, bool above)
{
	int found = -1;
	for (int i = 0; i < n; i++) {
		bool inside = r[i].k > l->passed && r[i].k < l->failed;
		if (inside && (found < 0 || (above ? r[i].k < r[found].k : r[i].k > r[found].k)))
			found = i;
	}
	return found;
}

int lh_ladder_next(const struct lh_rung *r, int n, int most)
{
	struct lh_ladder l = ends(r, n);
	if (n == LH_RUNGS)
		return 0;
	if (!l.failed) {
		int last = n ? r[n - 1].k : 0;
		return last >= most ? 0 : !last ? 1 : last > most / 2 ? most : 2 * last;
	}
	if (l.crossed || l.failed <= 2 * l.passed)
		return 0;
	int doubled = doublings(r, n), low = nearest(r, n, &l, true), high = nearest(r, n, &l, false);
	if (low < 0)
		return between(l.passed, l.failed);
	int k = low < doubled ? between(l.passed, r[low].k) : 0;
	return k ? k : high < doubled ? between(r[high].k, l.failed) : 0;
}

struct lh_ladder lh_ladder_answer(const struct lh_rung *r, int n, double q)
{
	struct lh_ladder l = ends(r, n);
	struct lh_curve_point p[LH_RUNGS];
	for (int i = 0; i < n; i++)
		p[i] = (struct lh_curve_point){ .x = r[i].k, .y = r[i].samples ? (double)r[i].right / r[i].samples : 0, .weight = r[i].samples };
	n = lh_curve_prepare(p, n);
	lh_isotonic(p, n, LH_FALLING);
	l.point = lh_curve_meets(p, n, LH_FALLING, q, &l.clamped);
	return l;
}
