#include "measure/attribution.h"

#include "measure/betting.h"
#include "measure/jointboot.h"
#include "measure/wilson.h"

#include <math.h>
#include <stdlib.h>

enum { LOSS, LENGTH, ERRORS, REST, PARTS };

/* used[i]: 1, sample i is observed in all three and its exposure is known. */
struct world { const struct lh_attribution_data *d; uint8_t *used; };

struct curve { int points; struct lh_curve_point *p; };

static bool usable(const struct lh_attribution_data *d, int i)
{
	return d->turn1[i] != LH_UNSEEN && d->own[i] != LH_UNSEEN && d->clean[i] != LH_UNSEEN && !isnan(d->exposure[i]);
}

/* One cell as a point. Without weight it will be dropped, as is one that achieved no exposure: its
 * histories were clean ones. */
static struct lh_curve_point cell(const struct world *w, const int *weight, int rate)
{
	size_t from = (size_t)rate * (size_t)w->d->samples;
	const uint8_t *right = w->d->propagated + from;
	const double *achieved = w->d->achieved + from;
	int64_t n = 0, ok = 0;
	double x = 0;
	for (int i = 0; i < w->d->samples; i++)
		if (w->used[i] && weight[i] && right[i] != LH_UNSEEN) {
			n += weight[i];
			ok += weight[i] * right[i];
			x += weight[i] * achieved[i];
		}
	return (struct lh_curve_point){ .x = x / (double)(n ? n : 1), .y = lh_share(ok, n), .weight = x > 0 ? (double)n : 0 };
}

struct sums { int64_t n, turn1, own, clean; };

static struct sums add_up(const struct world *w, const int *weight)
{
	struct sums s = { 0 };
	for (int i = 0; i < w->d->samples; i++) {
		int64_t k = w->used[i] ? weight[i] : 0;
		if (k == 0)
			continue;
		s.n += k;
		s.turn1 += k * w->d->turn1[i];
		s.own += k * w->d->own[i];
		s.clean += k * w->d->clean[i];
	}
	return s;
}

static struct curve draw_curve(const struct world *w, const int *weight, const struct sums *s, struct lh_curve_point *memory)
{
	double clean = lh_share(s->clean, s->n);
	for (int r = 0; r < w->d->rates; r++)
		memory[r + 1] = cell(w, weight, r);
	int n = lh_curve_prepare(memory + 1, w->d->rates);
	lh_isotonic(memory + 1, n, LH_FALLING);
	memory[0] = (struct lh_curve_point){ .x = 0, .y = clean, .weight = (double)s->n, .fit = clean };
	return (struct curve){ n + 1, memory };
}

/* What exposure x costs. Without a cell nothing is known of any x but 0. */
static double cost(const struct curve *c, double x)
{
	if (x > 0 && c->points < 2)
		return NAN;
	return c->p[0].fit - lh_curve_at(c->p, c->points, x, NULL);
}

static void parts(void *world, const int *weight, double *value)
{
	const struct world *w = world;
	struct lh_curve_point memory[LH_EFFECT_RATES + 1];
	struct sums s = add_up(w, weight);
	struct curve c = draw_curve(w, weight, &s, memory);
	double errors = 0;
	for (int i = 0; i < w->d->samples; i++)
		if (w->used[i] && weight[i] && w->d->exposure[i] > 0)
			errors += weight[i] * cost(&c, w->d->exposure[i]);
	value[LOSS] = lh_share(s.turn1 - s.own, s.n);
	value[LENGTH] = lh_share(s.turn1 - s.clean, s.n);
	value[ERRORS] = s.n ? errors / (double)s.n : NAN;
	value[REST] = value[LOSS] - value[LENGTH] - value[ERRORS];
}

/* One sample's own parts, given the curve. Each lies within the reach below on either side of 0. */
static double own_part(const struct world *w, const struct curve *c, int i, int part)
{
	double errors = cost(c, w->d->exposure[i]);
	switch (part) {
	case LOSS:
		return w->d->turn1[i] - w->d->own[i];
	case LENGTH:
		return w->d->turn1[i] - w->d->clean[i];
	case ERRORS:
		return errors;
	default:
		return w->d->clean[i] - w->d->own[i] - errors;
	}
}

static struct lh_interval bet(const struct world *w, const struct curve *c, int part, double value, double *x)
{
	double reach = part == REST ? 2 : 1;
	int n = 0;
	for (int i = 0; i < w->d->samples; i++)
		if (w->used[i])
			x[n++] = 0.5 + own_part(w, c, i, part) / (2 * reach);
	struct lh_interval b = lh_bet_interval(x, n);
	return (struct lh_interval){ fmin((2 * b.lo - 1) * reach, value), fmax((2 * b.hi - 1) * reach, value) };
}

static void describe(const struct world *w, struct lh_attribution *out, struct curve *c, int *weight)
{
	for (int i = 0; i < w->d->samples; i++)
		weight[i] = 1;
	struct sums s = add_up(w, weight);
	*c = draw_curve(w, weight, &s, out->curve);
	out->samples = (int)s.n;
	out->points = s.n ? c->points : 0;
	double sum = 0;
	int64_t beyond = 0;
	for (int i = 0; i < w->d->samples; i++) {
		sum += w->used[i] ? w->d->exposure[i] : 0;
		beyond += w->used[i] && w->d->exposure[i] > c->p[c->points - 1].x;
	}
	out->exposure = s.n ? sum / (double)s.n : NAN;
	out->clamped = lh_share(beyond, s.n);
}

static int fill(struct world *w, uint64_t seed, int resamples, int *weight, double *x, struct lh_attribution *out, struct lh_error *err)
{
	struct curve c;
	double value[PARTS];
	struct lh_interval ci[PARTS];
	describe(w, out, &c, weight);
	struct lh_joint j = { .samples = w->d->samples, .contributing = out->samples, .values = PARTS, .of = parts, .world = w, .seed = seed, .resamples = resamples };
	int code = lh_bootstrap_joint(&j, value, ci, err);
	if (code)
		return code;
	struct lh_part *part[PARTS] = { &out->loss, &out->length, &out->errors, &out->rest };
	for (int k = 0; k < PARTS; k++) {
		if (!isnan(value[k]) && !(ci[k].lo < ci[k].hi))
			ci[k] = bet(w, &c, k, value[k], x);
		*part[k] = (struct lh_part){ value[k], ci[k] };
	}
	return 0;
}

int lh_attribute(const struct lh_attribution_data *d, uint64_t seed, int resamples, struct lh_attribution *out, struct lh_error *err)
{
	*out = (struct lh_attribution){ .exposure = NAN, .clamped = NAN };
	if (d->rates < 0 || d->rates > LH_EFFECT_RATES)
		return lh_fail(err, LH_E_LIMIT, "%d rates of propagated errors: at most %d can be used", d->rates, LH_EFFECT_RATES);
	size_t n = (size_t)d->samples;
	struct world w = { .d = d, .used = calloc(n + 1, 1) };
	int *weight = calloc(n + 1, sizeof *weight);
	double *x = calloc(n + 1, sizeof *x);
	int code = w.used && weight && x ? 0 : lh_nomem(err);
	if (!code) {
		for (int i = 0; i < d->samples; i++)
			w.used[i] = usable(d, i);
		code = fill(&w, seed, resamples, weight, x, out, err);
	}
	free(w.used);
	free(weight);
	free(x);
	return code;
}
