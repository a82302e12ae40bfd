#include "measure/sequential.h"

#include <math.h>

/* Turned so that larger is better: a rule of "at most" is one of "at least" on 1 - X. */
static double bar(const struct lh_gate_rule *r)
{
	return r->at_most ? 1 - r->m : r->m;
}

int lh_sequential_init(struct lh_sequential *s, const struct lh_gate_rule *rule, struct lh_error *err)
{
	*s = (struct lh_sequential){ .rule = *rule, .threshold = LH_BET_THRESHOLD };
	if (!(rule->m > 0 && rule->m < 1))
		return lh_fail(err, LH_E_USAGE, "a gate's limit is %g, but no number of samples can decide on a mean of 0 or 1 or beyond", rule->m);
	if (rule->rules < 1)
		return lh_fail(err, LH_E_USAGE, "a gate of %d rules", rule->rules);
	return 0;
}

double lh_sequential_passing(const struct lh_sequential *s)
{
	return lh_bet_now(&s->passing);
}

double lh_sequential_failing(const struct lh_sequential *s)
{
	return lh_bet_now(&s->failing);
}

enum lh_gate_verdict lh_sequential_add(struct lh_sequential *s, double x)
{
	double good = s->rule.at_most ? 1 - x : x, m = bar(&s->rule);
	lh_bet_add(&s->passing, good, m);
	lh_bet_add(&s->failing, 1 - good, 1 - m);
	s->samples++;
	if (s->verdict != LH_GATE_OPEN)
		return s->verdict;
	if (lh_sequential_passing(s) >= s->threshold)
		s->verdict = LH_GATE_PASS;
	else if (lh_sequential_failing(s) >= s->threshold * s->rule.rules)
		s->verdict = LH_GATE_FAIL;
	s->decided_at = s->verdict != LH_GATE_OPEN ? s->samples : 0;
	return s->verdict;
}

/* Wealth after n perfect samples: each purse is its first factor to the n-th power. */
static double perfect(const struct lh_bet *first, double n)
{
	struct lh_bet b = *first;
	for (int j = 0; j < LH_BETS; j++)
		b.log_wealth[j] *= n;
	return lh_bet_now(&b);
}

int64_t lh_sequential_least(const struct lh_gate_rule *rule)
{
	return lh_sequential_least_at(rule, LH_BET_THRESHOLD);
}

int64_t lh_sequential_least_at(const struct lh_gate_rule *rule, double threshold)
{
	struct lh_bet first = { { 0 } };
	lh_bet_add(&first, 1, bar(rule));
	int64_t lo = 0, hi = 1;
	while (perfect(&first, (double)hi) < threshold && hi < INT64_MAX / 4) {
		lo = hi;
		hi *= 2;
	}
	while (hi - lo > 1) {
		int64_t middle = lo + (hi - lo) / 2;
		if (perfect(&first, (double)middle) < threshold)
			lo = middle;
		else
			hi = middle;
	}
	return hi;
}

/* The best purse grows by so much a sample; alone it has to make up for the seven others. */
static int64_t more(const struct lh_bet *b, int64_t samples, double threshold)
{
	double best = b->log_wealth[0];
	for (int j = 1; j < LH_BETS; j++)
		best = fmax(best, b->log_wealth[j]);
	double needed = log(LH_BETS * threshold) / (best / (double)samples) - (double)samples;
	return best > 0 && needed < 1e12 ? (int64_t)fmax(ceil(needed), 1) : 0;
}

int64_t lh_sequential_more(const struct lh_sequential *s)
{
	if (s->samples < 1 || s->verdict != LH_GATE_OPEN)
		return 0;
	int64_t pass = more(&s->passing, s->samples, s->threshold);
	int64_t fail = more(&s->failing, s->samples, s->threshold * s->rule.rules);
	return !pass || (fail && fail < pass) ? fail : pass;
}
