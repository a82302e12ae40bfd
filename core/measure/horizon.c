#include "measure/horizon.h"

#include <math.h>

bool lh_reaches(double share, double s)
{
	return share >= s - 1e-12;
}

enum edge { LOWER, UPPER };

/* Largest n with that end of the band at s or above; 0: none. */
static int invert(const struct lh_interval *band, int turns, enum edge edge, double s)
{
	for (int n = turns; n > 0; n--)
		if (lh_reaches(edge == LOWER ? band[n - 1].lo : band[n - 1].hi, s))
			return n;
	return 0;
}

/* Task accuracy never rises, so the first turn below s ends the search. */
static int last_reached(const struct lh_survival *v, double s)
{
	int n = 0;
	while (n < v->turns && lh_reaches(v->task_accuracy[n], s))
		n++;
	return n;
}

/* Turns up to which PA is known: all, or those before censoring emptied the risk set. */
static int known_turns(const struct lh_survival *v)
{
	int n = v->turns;
	while (n > 0 && isnan(v->task_accuracy[n - 1]))
		n--;
	return n;
}

/* First errors and turns at risk over turns 1..w. */
struct early { int window; int64_t errors, turns; };

static struct early count_early(const struct lh_survival *v)
{
	int w = v->turns / 10 < 5 ? v->turns / 10 : 5;
	struct early e = { w > 1 ? w : 1, 0, 0 };
	for (int t = 0; t < e.window && t < v->turns; t++) {
		e.errors += v->first_errors[t];
		e.turns += v->at_risk[t];
	}
	return e;
}

/* The 1e-9: ln 0.81 / ln 0.9 must be 2, not a hair below it. */
static double whole_turns(double log_s, double log_p)
{
	return floor(log_s / log_p + 1e-9);
}

static void constant_rate(const struct early *e, double s, struct lh_horizon *h)
{
	h->constant_rate_window = e->window;
	h->constant_rate = NAN;
	if (e->turns == 0)
		return;
	h->constant_rate_open = e->errors == 0;
	double log_p = e->errors == 0 ? log(0.05) / (double)e->turns
		: log1p(-(double)e->errors / (double)e->turns);
	h->constant_rate = whole_turns(log(s), log_p);
}

/* Where ln PA, drawn as straight lines between whole turns from PA(0) = 1, meets ln s. */
static double interpolate(const struct lh_survival *v, int n, double s)
{
	double above = n > 0 ? log(v->task_accuracy[n - 1]) : 0;
	double below = log(v->task_accuracy[n]);
	return n + fmax(above - log(s), 0) / (above - below);
}

static double degradation(const struct lh_survival *v, const struct early *e, const struct lh_horizon *h)
{
	if (h->censored || e->errors == 0 || e->errors == e->turns)
		return NAN;
	double log_p = log1p(-(double)e->errors / (double)e->turns);
	return interpolate(v, h->turns, h->s) * log_p / log(h->s);
}

struct lh_horizon lh_horizon_find(const struct lh_survival *v, const struct lh_interval *band, int steps_per_turn, double s)
{
	int known = known_turns(v);
	struct early early = count_early(v);
	struct lh_horizon h = { .s = s, .turns = last_reached(v, s) };
	h.censored = h.turns == known;
	h.first_below = h.censored ? 0 : h.turns + 1;
	h.steps = (int64_t)h.turns * steps_per_turn;
	h.lo = invert(band, known, LOWER, s);
	h.hi = invert(band, known, UPPER, s);
	h.lo_open = h.lo == known;
	h.hi_open = h.hi == known;
	constant_rate(&early, s, &h);
	h.degradation = degradation(v, &early, &h);
	return h;
}
