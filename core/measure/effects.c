#include "measure/effects.h"

#include "measure/grid.h"

#include <math.h>

static uint8_t read_one(uint8_t outcome, enum lh_ta_reading reading)
{
	if (!lh_observed(outcome))
		return LH_UNSEEN;
	return reading == LH_TA_STRICT ? lh_outcome_turn_ok_strict(outcome) : lh_outcome_turn_ok(outcome);
}

void lh_read_outcomes(const uint8_t *outcome, int n, enum lh_ta_reading reading, uint8_t *right)
{
	for (int i = 0; i < n; i++)
		right[i] = read_one(outcome[i], reading);
}

struct lh_effect lh_effect_of(const uint8_t *first, const uint8_t *second, int n, enum lh_ta_reading reading)
{
	struct lh_effect e = { .value = NAN };
	for (int i = 0; i < n && first && second; i++) {
		uint8_t a = read_one(first[i], reading), b = read_one(second[i], reading);
		struct lh_pairs one = lh_pairs_count(&a, &b, 1);
		e.pairs.both += one.both;
		e.pairs.first += one.first;
		e.pairs.second += one.second;
		e.pairs.neither += one.neither;
	}
	e.value = lh_pairs_difference(&e.pairs);
	e.ci = lh_newcombe(&e.pairs);
	return e;
}

int lh_effects_find(const struct lh_probe *p, enum lh_ta_reading reading, struct lh_effects *out, struct lh_error *err)
{
	*out = (struct lh_effects){ 0 };
	if (p->rates < 0 || p->rates > LH_EFFECT_RATES)
		return lh_fail(err, LH_E_LIMIT, "%d rates of injected errors: at most %d can be compared", p->rates, LH_EFFECT_RATES);
	int n = p->samples;
	out->state = lh_effect_of(p->turn1, p->restated, n, reading);
	out->length = lh_effect_of(p->restated, p->filler, n, reading);
	out->pattern = lh_effect_of(p->filler, p->clean, n, reading);
	out->long_context = lh_effect_of(p->turn1, p->clean, n, reading);
	out->rates = p->rates;
	for (int r = 0; r < p->rates; r++)
		out->self_conditioning[r] = lh_effect_of(p->clean, p->injected[r], n, reading);
	return 0;
}
