/* measure/effects.h - what length, the task's pattern and errors in view each cost.
 *
 * Turn accuracy at a probed turn T under made histories, each effect a difference of two shares of
 * the same samples:
 *
 *   state loss                TA(1) - TA(T, restated)
 *   length loss               TA(T, restated) - TA(T, filler)
 *   pattern loss              TA(T, filler) - TA(T, clean)
 *   long-context loss         TA(1) - TA(T, clean)
 *   self-conditioning loss    TA(T, clean) - TA(T, injected at rate r)
 *
 * The last two as in arXiv 2509.09677. The first three add up to the fourth where every sample was
 * observed in every cell. Intervals: Newcombe's, paired (measure/newcombe.h). */
#ifndef LH_MEASURE_EFFECTS_H
#define LH_MEASURE_EFFECTS_H

#include "measure/newcombe.h"

#define LH_EFFECT_RATES 16

enum lh_ta_reading {
	LH_TA_PAPER,        /* `recovers` is an error of the model */
	LH_TA_STRICT        /* it is none */
};

/* right[n]: 1 or 0; LH_UNSEEN where the outcome is LH_UNSEEN or `failed`. */
void lh_read_outcomes(const uint8_t *outcome, int n, enum lh_ta_reading reading, uint8_t *right);

struct lh_effect {
	double value;                    /* in [-1, 1], above 0 a loss; NAN: no sample observed in both cells */
	struct lh_interval ci;           /* 95 %; NAN likewise */
	struct lh_pairs pairs;           /* of right answers, first cell and second */
};

/* first[n] less second[n], outcomes of the same samples; NULL: that cell was not probed, so NAN. */
struct lh_effect lh_effect_of(const uint8_t *first, const uint8_t *second, int n, enum lh_ta_reading reading);

/* Outcomes, one a sample, in the same order; NULL: not probed. */
struct lh_probe {
	int samples;
	const uint8_t *turn1;            /* own history, turn 1 */
	const uint8_t *restated, *filler, *clean;        /* at T */
	int rates;                       /* at most LH_EFFECT_RATES */
	const uint8_t *injected[LH_EFFECT_RATES];        /* at T, by rate */
};

struct lh_effects {
	struct lh_effect state, length, pattern, long_context;
	int rates;
	struct lh_effect self_conditioning[LH_EFFECT_RATES];     /* by rate, as probed */
};

/* LH_E_LIMIT: too many rates. */
int lh_effects_find(const struct lh_probe *probe, enum lh_ta_reading reading, struct lh_effects *out, struct lh_error *err) LH_CHECKED;

#endif
