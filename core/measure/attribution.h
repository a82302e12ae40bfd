/* measure/attribution.h - why accuracy fell from turn 1 to turn T.
 *
 *   loss     L = TA(1) - TA(T, own history)
 *   length   A = TA(1) - TA(T, clean history)
 *   errors   B = mean over samples of g(0) - g(x_i)
 *   rest     C = L - A - B: style, malformed turns, hard samples
 *
 * g(x) is turn accuracy at T by update exposure x, measured where exposure was assigned by lot: the
 * `propagated` cells, each at the exposure it achieved, isotonic (falling) among themselves, straight
 * between, g(0) = TA(T, clean). x_i is what sample i had in its own run at T; beyond the highest cell g
 * is held (the share of samples so clamped is told). Own errors are never regressed on own exposure:
 * hard samples have both. g(0) is not pooled with the cells: a curve forced to fall from 0 on would
 * make a loss of noise where there is none; so B may be negative. All means are over the samples
 * observed in all of turn 1, own and clean, each cell of g over those of them it was observed in. The
 * four intervals come from one joint bootstrap over samples (measure/jointboot.h), so in every
 * resample too L = A + B + C. */
#ifndef LH_MEASURE_ATTRIBUTION_H
#define LH_MEASURE_ATTRIBUTION_H

#include "measure/effects.h"
#include "measure/isotonic.h"

/* Arrays by sample; right answers 1 or 0 (one reading, lh_read_outcomes()), LH_UNSEEN: not observed. */
struct lh_attribution_data {
	int samples;
	const uint8_t *turn1, *own, *clean;
	const double *exposure;          /* x_i in [0, 1]; NAN: not known, the sample is left out */
	int rates;                       /* at most LH_EFFECT_RATES; 0: B and C are NAN unless every x_i is 0 */
	const uint8_t *propagated;       /* [rate * samples + i] */
	const double *achieved;          /* same shape: update exposure in [0, 1] that cell's history had */
};

struct lh_part { double value; struct lh_interval ci; };     /* NAN where not estimable */

struct lh_attribution {
	int samples;                     /* observed in all three, with a known exposure */
	struct lh_part loss, length, errors, rest;
	double exposure;                 /* mean x_i */
	double clamped;                  /* share of samples whose x_i lies beyond the curve */
	int points;                      /* the curve: [0] is g(0); x, y, weight and fit are set */
	struct lh_curve_point curve[LH_EFFECT_RATES + 1];
};

/* LH_E_LIMIT: too many rates. resamples 0: the default. An interval that no resample widens is the
 * betting one on the samples' own parts, given g. */
int lh_attribute(const struct lh_attribution_data *d, uint64_t seed, int resamples,
	struct lh_attribution *out, struct lh_error *err) LH_CHECKED;

#endif
