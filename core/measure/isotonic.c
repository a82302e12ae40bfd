#include "measure/isotonic.h"

#include <math.h>
#include <stddef.h>

static void insert(struct lh_curve_point *p, int n, struct lh_curve_point one)
{
	for (; n > 0 && p[n - 1].x > one.x; n--)
		p[n] = p[n - 1];
	p[n] = one;
}

int lh_curve_prepare(struct lh_curve_point *p, int n)
{
	int sorted = 0, kept = 0;
	for (int i = 0; i < n; i++)
		if (p[i].weight > 0)
			insert(p, sorted++, p[i]);
	for (int i = 0; i < sorted; i++) {
		struct lh_curve_point *last = kept ? &p[kept - 1] : NULL;
		if (last && last->x == p[i].x) {
			last->y = (last->y * last->weight + p[i].y * p[i].weight) / (last->weight + p[i].weight);
			last->weight += p[i].weight;
		} else {
			p[kept++] = p[i];
		}
	}
	return kept;
}

static bool violates(const struct lh_curve_point *before, const struct lh_curve_point *after, enum lh_trend trend)
{
	return trend == LH_FALLING ? before->level.mean < after->level.mean : before->level.mean > after->level.mean;
}

static void pool(struct lh_curve_point *into, const struct lh_curve_point *from)
{
	double weight = into->level.weight + from->level.weight;
	into->level.mean = (into->level.mean * into->level.weight + from->level.mean * from->level.weight) / weight;
	into->level.weight = weight;
	into->level.points += from->level.points;
}

/* The levels found so far are a stack in the first places of p. */
void lh_isotonic(struct lh_curve_point *p, int n, enum lh_trend trend)
{
	int levels = 0;
	for (int i = 0; i < n; i++) {
		p[levels].level.mean = p[i].y;
		p[levels].level.weight = p[i].weight;
		p[levels].level.points = 1;
		levels++;
		for (; levels > 1 && violates(&p[levels - 2], &p[levels - 1], trend); levels--)
			pool(&p[levels - 2], &p[levels - 1]);
	}
	int at = n;
	while (levels-- > 0)
		for (int k = p[levels].level.points; k > 0; k--)
			p[--at].fit = p[levels].level.mean;
}

double lh_curve_at(const struct lh_curve_point *p, int n, double x, bool *clamped)
{
	if (clamped)
		*clamped = n > 0 && (x < p[0].x || x > p[n - 1].x);
	if (n < 1 || isnan(x))
		return NAN;
	if (x <= p[0].x)
		return p[0].fit;
	for (int i = 1; i < n; i++)
		if (x <= p[i].x)
			return p[i - 1].fit + (x - p[i - 1].x) / (p[i].x - p[i - 1].x) * (p[i].fit - p[i - 1].fit);
	return p[n - 1].fit;
}

double lh_curve_meets(const struct lh_curve_point *p, int n, enum lh_trend trend, double level, bool *clamped)
{
	double side = trend == LH_FALLING ? -1 : 1;
	*clamped = n > 0 && (side * (p[0].fit - level) > 0 || side * (p[n - 1].fit - level) < 0);
	if (n < 1)
		return NAN;
	if (side * (p[0].fit - level) >= 0)
		return p[0].x;
	for (int i = 1; i < n; i++)
		if (side * (p[i].fit - level) >= 0)
			return p[i - 1].x + (level - p[i - 1].fit) / (p[i].fit - p[i - 1].fit) * (p[i].x - p[i - 1].x);
	return p[n - 1].x;
}
