#include "measure/logrank.h"

#include "measure/grid.h"
#include "measure/normal.h"

#include <math.h>
#include <stdlib.h>

static struct lh_follow follow_row(const uint8_t *outcome, int turns)
{
	struct lh_follow f = { 0, false };
	while (f.turns < turns && !f.erred && lh_observed(outcome[f.turns]))
		f.erred = !lh_outcome_state_ok(outcome[f.turns++]);
	return f;
}

void lh_follow_grid(const struct lh_grid *grid, struct lh_follow *follow)
{
	for (int i = 0; i < grid->samples; i++)
		follow[i] = follow_row(lh_grid_row(grid, i), grid->turns);
}

/* [t]: at risk at turn t, and of those first errors; t from 0, where nobody is. */
struct risks { int turns; int *at_risk, *errors; };

static int check(const struct lh_follow *follow, int n, struct lh_error *err)
{
	for (int i = 0; i < n; i++)
		if (follow[i].turns < 0 || (follow[i].erred && follow[i].turns == 0))
			return lh_fail(err, LH_E_USAGE, "log-rank: sample %d %s after %d turns", i, follow[i].erred ? "erred" : "was lost", follow[i].turns);
	return 0;
}

static int longest(const struct lh_follow *follow, int n)
{
	int most = 0;
	for (int i = 0; i < n; i++)
		most = follow[i].turns > most ? follow[i].turns : most;
	return most;
}

static int risks_init(struct risks *r, int turns, struct lh_error *err)
{
	*r = (struct risks){ .turns = turns, .at_risk = calloc((size_t)turns + 1, 2 * sizeof(int)) };
	if (!r->at_risk)
		return lh_nomem(err);
	r->errors = r->at_risk + turns + 1;
	return 0;
}

static void count(struct risks *r, const struct lh_follow *follow, int n)
{
	for (int i = 0; i < n; i++) {
		r->at_risk[follow[i].turns]++;
		r->errors[follow[i].turns] += follow[i].erred;
	}
	for (int t = r->turns - 1; t >= 0; t--)
		r->at_risk[t] += r->at_risk[t + 1];
}

/* errors[t] of at_risk[t], summed over turns 1..t: what one sample expects by then. */
static void expect(const struct risks *r, double *expected)
{
	expected[0] = 0;
	for (int t = 1; t <= r->turns; t++)
		expected[t] = expected[t - 1] + (double)r->errors[t] / r->at_risk[t];
}

int lh_logrank_scores(const struct lh_follow *follow, int n, double *score, struct lh_error *err)
{
	struct risks r;
	int code = check(follow, n, err);
	if (!code)
		code = risks_init(&r, longest(follow, n), err);
	if (code)
		return code;
	double *expected = malloc(((size_t)r.turns + 1) * sizeof *expected);
	if (expected) {
		count(&r, follow, n);
		expect(&r, expected);
		for (int i = 0; i < n; i++)
			score[i] = (follow[i].erred ? 1 : 0) - expected[follow[i].turns];
	} else {
		code = lh_nomem(err);
	}
	free(expected);
	free(r.at_risk);
	return code;
}

/* Nothing is known of the turns after one of the two was lost. */
static struct lh_follow cut(struct lh_follow f, struct lh_follow partner)
{
	if (!partner.erred && f.turns > partner.turns)
		return (struct lh_follow){ partner.turns, false };
	return f;
}

int lh_logrank_paired(const struct lh_follow *first, const struct lh_follow *second, int n, double *difference, struct lh_error *err)
{
	size_t pairs = (size_t)n;
	struct lh_follow *pool = calloc(2 * pairs + 1, sizeof *pool);
	double *score = calloc(2 * pairs + 1, sizeof *score);
	int code = pool && score ? 0 : lh_nomem(err);
	for (size_t i = 0; i < pairs && !code; i++) {
		pool[i] = cut(first[i], second[i]);
		pool[pairs + i] = cut(second[i], first[i]);
	}
	if (!code)
		code = lh_logrank_scores(pool, 2 * n, score, err);
	for (size_t i = 0; i < pairs && !code; i++)
		difference[i] = score[i] - score[pairs + i];
	free(pool);
	free(score);
	return code;
}

/* At each turn the first group's errors are d drawn without return from n, of whom n1 are its own. */
static void compare(const struct risks *one, const struct risks *two, struct lh_logrank *out)
{
	for (int t = 1; t <= one->turns; t++) {
		double n1 = one->at_risk[t], n = n1 + two->at_risk[t], d = one->errors[t] + two->errors[t];
		out->observed[0] += one->errors[t];
		out->observed[1] += two->errors[t];
		out->expected[0] += d * n1 / n;
		out->expected[1] += d * (n - n1) / n;
		out->variance += n > 1 ? d * (n1 / n) * (1 - n1 / n) * (n - d) / (n - 1) : 0;
	}
	double z = (out->observed[0] - out->expected[0]) / sqrt(out->variance);
	out->chi_square = out->variance > 0 ? z * z : NAN;
	out->p = out->variance > 0 ? 2 * lh_normal_below(-fabs(z)) : NAN;
}

int lh_logrank_test(const struct lh_follow *first, int first_count, const struct lh_follow *second, int second_count, struct lh_logrank *out, struct lh_error *err)
{
	*out = (struct lh_logrank){ .chi_square = NAN, .p = NAN };
	struct risks one = { 0 }, two = { 0 };
	int code = check(first, first_count, err), a = longest(first, first_count), b = longest(second, second_count);
	if (!code)
		code = check(second, second_count, err);
	if (!code)
		code = risks_init(&one, a > b ? a : b, err);
	if (!code)
		code = risks_init(&two, one.turns, err);
	if (!code) {
		count(&one, first, first_count);
		count(&two, second, second_count);
		compare(&one, &two, out);
	}
	free(one.at_risk);
	free(two.at_risk);
	return code;
}
