/* Slope and attribution: the cells of a group laid out as measure/ wants them. */
#include "report/effects_build.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- the slope ---- */

/* A permutation costs a step for each cell; p is valid with any number of them (Phipson, Smyth 2010). */
enum { PERMUTATION_STEPS = 50000000, PERMUTATIONS_LEAST = 999 };

/* Errors were dealt out by lot, up to the turn before the one that is asked. */
static bool in_slope(const struct lh_history *h)
{
	return h->mode >= LH_HISTORY_CLEAN && !h->last;
}

static int slope_histories(const struct lh_report_effects *e)
{
	int n = 0;
	for (int h = 0; h < e->histories; h++)
		n += in_slope(&e->history[h].made);
	return n;
}

static const char *no_slope(const struct lh_report_effects *e)
{
	bool wrong = false;
	for (int h = 0; h < e->histories; h++)
		wrong |= in_slope(&e->history[h].made) && e->history[h].made.mode != LH_HISTORY_CLEAN;
	if (!wrong)
		return "no errors were put in view: add --history injected:rate=R or propagated:rate=R";
	if (e->turn[e->turns - 1] == 1)
		return "only turn 1 was asked, which has no history";
	return NULL;
}

static void choose_turns(struct lh_report_effects *e)
{
	struct lh_effects_slope *s = &e->slope;
	int first = e->turn[0] == 1;
	s->asked = e->turns - first;
	s->turns = s->asked < LH_SLOPE_TURNS ? s->asked : LH_SLOPE_TURNS;
	for (int k = 0; k < s->turns; k++)
		s->turn[k] = e->turn[first + lh_effects_spread(s->asked, LH_SLOPE_TURNS, k)];
}

/* A reply without a request (the policy failed, or nothing fitted) was exposed to nothing: left out. */
static struct lh_slope_cell slope_cell(const struct lh_condition_results *c, int sample, int turn, enum lh_ta_reading reading)
{
	struct lh_slope_cell cell = { .sample = sample, .turn = turn, .exposure = lh_effects_exposure(c, sample, turn), .right = LH_UNSEEN };
	if (isnan(cell.exposure))
		cell.exposure = 0;
	else
		lh_read_outcomes(&c->outcome[(size_t)sample * (size_t)c->turns + (size_t)turn - 1], 1, reading, &cell.right);
	return cell;
}

static int slope_cells(const struct lh_effects_work *w, enum lh_ta_reading reading, struct lh_slope_cell *out)
{
	const struct lh_report_effects *e = w->e;
	int n = 0;
	for (int i = 0; i < e->samples; i++)
		for (int k = 0; k < e->slope.turns; k++)
			for (int h = 0; h < e->histories; h++)
				if (in_slope(&e->history[h].made))
					out[n++] = slope_cell(lh_effects_of(w, h), i, e->slope.turn[k], reading);
	return n;
}

static int permutations(const struct lh_effects_work *w, int cells)
{
	int most = w->options.permutations ? w->options.permutations : LH_PERMUTATIONS, afford = PERMUTATION_STEPS / (cells + 1);
	int least = most < PERMUTATIONS_LEAST ? most : PERMUTATIONS_LEAST;
	return afford > most ? most : afford > least ? afford : least;
}

int lh_effects_fit_slope(struct lh_effects_work *w, struct lh_error *err)
{
	struct lh_effects_slope *s = &w->e->slope;
	s->why = no_slope(w->e);
	if (s->why)
		return 0;
	choose_turns(w->e);
	size_t most = (size_t)w->samples * (size_t)s->turns * (size_t)slope_histories(w->e);
	struct lh_slope_cell *strict = calloc(most + 1, sizeof *strict), *paper = calloc(most + 1, sizeof *paper);
	int rc = strict && paper ? 0 : lh_nomem(err);
	if (!rc) {
		int n = slope_cells(w, LH_TA_STRICT, strict), m = permutations(w, n);
		slope_cells(w, LH_TA_PAPER, paper);
		rc = lh_slope_find(strict, n, w->results->seed, m, &s->strict, err);
		s->paper = s->strict;
		if (!rc && memcmp(strict, paper, (size_t)n * sizeof *paper))
			rc = lh_slope_find(paper, n, w->results->seed, m, &s->paper, err);
	}
	free(strict);
	free(paper);
	return rc;
}

/* ---- the attribution ---- */

struct plan {
	int own, clean, rate[LH_EFFECT_RATES], rates;    /* numbers of histories */
	uint8_t *right;                  /* [(3 + rates) * samples]: turn 1, own, clean, propagated */
	double *exposure;                /* [(1 + rates) * samples]: own, propagated */
};

static bool in_curve(const struct lh_effects_work *w, int history)
{
	const struct lh_history *h = &w->e->history[history].made;
	return h->mode == LH_HISTORY_PROPAGATED && !h->last && w->column[history];
}

/* Those asked at the turn looked at. */
static void choose_rates(const struct lh_effects_work *w, struct plan *p)
{
	int n = 0, at = 0;
	for (int h = 0; h < w->e->histories; h++)
		n += in_curve(w, h);
	for (int h = 0; h < w->e->histories && p->rates < LH_EFFECT_RATES; h++)
		if (in_curve(w, h) && lh_effects_spread(n, LH_EFFECT_RATES, p->rates) == at++)
			p->rate[p->rates++] = h;
}

static const char *no_attribution(const struct lh_effects_work *w, const struct plan *p)
{
	if (w->e->turn[w->e->turns - 1] == 1)
		return "only turn 1 was asked, before which nothing can go wrong";
	if (p->own >= 0 && !w->column[p->own])
		return "the model's own runs were stopped at their first errors: run it without --stop-at-error";
	if (p->own < 0 || p->clean < 0 || !w->column[p->clean] || !p->rates)
		return "it takes the histories own, clean and propagated:rate=R, all at that turn";
	return NULL;
}

/* Where no exposure was recorded a reply says nothing of the curve. */
static void read_exposure(const struct lh_effects_work *w, int history, int turn, double *x, uint8_t *right)
{
	for (int i = 0; i < w->samples; i++) {
		x[i] = lh_effects_exposure(lh_effects_of(w, history), i, turn);
		if (isnan(x[i]) && right)
			right[i] = LH_UNSEEN;
	}
}

static int attribute(const struct lh_effects_work *w, const struct plan *p, enum lh_ta_reading reading, struct lh_attribution *out, struct lh_error *err)
{
	int n = w->samples, turn = w->e->attribution.turn;
	size_t row = (size_t)n;
	lh_read_outcomes(w->turn1, n, reading, p->right);
	lh_read_outcomes(w->column[p->own], n, reading, p->right + row);
	lh_read_outcomes(w->column[p->clean], n, reading, p->right + 2 * row);
	read_exposure(w, p->own, turn, p->exposure, NULL);
	for (int k = 0; k < p->rates; k++) {
		uint8_t *right = p->right + (3 + (size_t)k) * row;
		lh_read_outcomes(w->column[p->rate[k]], n, reading, right);
		read_exposure(w, p->rate[k], turn, p->exposure + (1 + (size_t)k) * row, right);
	}
	struct lh_attribution_data d = { .samples = n, .turn1 = p->right, .own = p->right + row, .clean = p->right + 2 * row, .exposure = p->exposure,
		.rates = p->rates, .propagated = p->right + 3 * row, .achieved = p->exposure + row };
	return lh_attribute(&d, w->results->seed, w->options.resamples, out, err);
}

/* Does any reply at the turn looked at read differently? */
static bool differs(const struct lh_effects_work *w)
{
	bool found = memchr(w->turn1, LH_OUTCOME_RECOVERS, (size_t)w->samples) != NULL;
	for (int h = 0; h < w->e->histories && !found; h++)
		found = w->column[h] && memchr(w->column[h], LH_OUTCOME_RECOVERS, (size_t)w->samples);
	return found;
}

static int both_readings(struct lh_effects_work *w, struct plan *p, struct lh_error *err)
{
	struct lh_effects_attribution *a = &w->e->attribution;
	p->right = malloc((3 + (size_t)p->rates) * (size_t)w->samples + 1);
	p->exposure = calloc((1 + (size_t)p->rates) * (size_t)w->samples + 1, sizeof *p->exposure);
	int rc = p->right && p->exposure ? attribute(w, p, LH_TA_STRICT, &a->strict, err) : lh_nomem(err);
	a->paper = a->strict;
	if (!rc && differs(w))
		rc = attribute(w, p, LH_TA_PAPER, &a->paper, err);
	if (!rc && a->strict.points)
		a->reach = a->strict.curve[a->strict.points - 1].x;
	free(p->right);
	free(p->exposure);
	return rc;
}

int lh_effects_attribute(struct lh_effects_work *w, struct lh_error *err)
{
	struct lh_effects_attribution *a = &w->e->attribution;
	struct plan p = { .own = lh_effects_find_history(w->e, LH_HISTORY_OWN), .clean = lh_effects_find_history(w->e, LH_HISTORY_CLEAN) };
	a->turn = w->e->turn[w->e->turns - 1];
	lh_effects_look(w, a->turn);
	choose_rates(w, &p);
	a->why = no_attribution(w, &p);
	return a->why ? 0 : both_readings(w, &p, err);
}
