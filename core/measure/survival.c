#include "measure/survival.h"

#include "measure/grid.h"
#include "measure/wilson.h"

#include <math.h>
#include <stdlib.h>

int lh_survival_init(struct lh_survival *s, int turns, struct lh_error *err)
{
	*s = (struct lh_survival){ .turns = turns };
	size_t n = (size_t)turns;
	s->memory = calloc(n, 2 * sizeof(double) + 3 * sizeof(int));
	if (!s->memory)
		return lh_nomem(err);
	s->task_accuracy = s->memory;
	s->effective = s->task_accuracy + n;
	s->at_risk = (int *)(s->effective + n);
	s->first_errors = s->at_risk + n;
	s->lost = s->first_errors + n;
	return 0;
}

void lh_survival_fini(struct lh_survival *s)
{
	free(s->memory);
	*s = (struct lh_survival){ 0 };
}

static void follow(struct lh_survival *s, const uint8_t *outcome)
{
	if (outcome[0] == LH_UNSEEN)
		return;
	for (int t = 0; t < s->turns; t++) {
		if (!lh_observed(outcome[t])) {
			s->lost[t]++;
			return;
		}
		s->at_risk[t]++;
		if (!lh_outcome_state_ok(outcome[t])) {
			s->first_errors[t]++;
			return;
		}
	}
}

void lh_survival_count(struct lh_survival *s, const struct lh_grid *grid)
{
	for (int i = 0; i < grid->samples; i++)
		follow(s, lh_grid_row(grid, i));
}

/* Between two losses the product of (n - d)/n over turns telescopes to one fraction k/n, and
 * Greenwood's sum of d/(n (n - d)) to 1/k - 1/n. So the run is cut into blocks at the losses: PA
 * and N are exact counts in the first block, and rounded once a block after it. */
struct block {
	double before;           /* PA at its start */
	double greenwood;        /* the sum over the blocks before */
	int n;                   /* at risk at its start */
};

/* N = PA (1 - PA) / var with var = PA^2 sum; at PA = 1 and 0 its limits. */
static double effective(const struct block *b, int k)
{
	double share = (double)k / b->n, pa = b->before * share;
	if (pa >= 1)
		return b->n;
	if (k == 0)
		return b->n / b->before;
	double sum = b->greenwood + 1.0 / k - 1.0 / b->n;
	return (1 - pa) / (pa * sum);
}

static void next_block(struct block *b, int k, int n)
{
	if (b->n > 0 && k > 0) {
		b->greenwood += 1.0 / k - 1.0 / b->n;
		b->before *= (double)k / b->n;
	}
	b->n = n;
}

void lh_survival_estimate(struct lh_survival *s)
{
	struct block b = { 1, 0, s->turns ? s->at_risk[0] : 0 };
	bool whole = true;       /* no loss yet: N is the number of samples, not a quotient near it */
	int k = b.n;             /* error-free and observed so far */
	for (int t = 0; t < s->turns; t++) {
		if (s->at_risk[t] != k) {
			next_block(&b, k, s->at_risk[t]);
			whole = false;
		}
		k = s->at_risk[t] - s->first_errors[t];
		s->task_accuracy[t] = b.n > 0 ? b.before * ((double)k / b.n) : NAN;
		s->effective[t] = b.n == 0 ? NAN : whole ? b.n : effective(&b, k);
	}
}

void lh_survival_bounds(const struct lh_survival *s, struct lh_interval *bounds)
{
	int started = s->turns ? s->at_risk[0] + s->lost[0] : 0;
	int erred = 0, lost = 0;
	for (int t = 0; t < s->turns; t++) {
		erred += s->first_errors[t];
		lost += s->lost[t];
		bounds[t].lo = lh_share(started - erred - lost, started);
		bounds[t].hi = lh_share(started - erred, started);
	}
}
