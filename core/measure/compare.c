#include "measure/compare.h"

#include "measure/betting.h"
#include "measure/bootstrap.h"
#include "measure/common.h"
#include "measure/errortable.h"
#include "measure/jointboot.h"

#include <math.h>
#include <stdlib.h>

static const struct lh_interval none = { NAN, NAN };

/* The number is there, and its interval has no width. */
static bool flat(double value, struct lh_interval ci)
{
	return !isnan(value) && !(ci.lo < ci.hi);
}

/* ---- length ---- */

/* Turns to the first error of both groups, one behind the other. */
struct lengths { struct lh_follow *follow; double *score; int n[2], turns; bool paired; };

static int observed(const struct lh_follow *follow, int n)
{
	int seen = 0;
	for (int i = 0; i < n; i++)
		seen += follow[i].turns > 0;
	return seen;
}

static void count_samples(const struct lengths *l, struct lh_comparison *out)
{
	const struct lh_follow *second = l->follow + l->n[0];
	int both = 0;
	for (int i = 0; i < l->n[0] && l->paired; i++)
		both += l->follow[i].turns > 0 && second[i].turns > 0;
	out->samples[0] = l->paired ? both : observed(l->follow, l->n[0]);
	out->samples[1] = l->paired ? both : observed(second, l->n[1]);
}

static int test_length(const struct lengths *l, uint64_t seed, int permutations, struct lh_permuted *out, struct lh_error *err)
{
	int code;
	if (l->paired) {
		code = lh_logrank_paired(l->follow, l->follow + l->n[0], l->n[0], l->score, err);
		if (!code)
			*out = lh_permute_signs(l->score, l->n[0], seed, permutations);
		return code;
	}
	code = lh_logrank_scores(l->follow, l->n[0] + l->n[1], l->score, err);
	return code ? code : lh_permute_labels(l->score, l->n[0], l->n[1], seed, permutations, out, err);
}

static int compare_follows(const struct lengths *l, const struct lh_compare_options *o, struct lh_comparison *out, struct lh_error *err)
{
	const struct lh_follow *second = l->follow + l->n[0];
	count_samples(l, out);
	int code = l->paired ? lh_rmst_compare(l->follow, second, l->n[0], l->turns, o->seed, o->resamples, &out->error_free, err) :
		lh_rmst_apart(l->follow, l->n[0], second, l->n[1], l->turns, o->seed, o->resamples, &out->error_free, err);
	if (code || o->untested || isnan(out->error_free.difference))
		return code;
	return test_length(l, o->seed, o->permutations, &out->length, err);
}

static int compare_length(const struct lh_grid *first, const struct lh_grid *second, const struct lh_compare_options *o, struct lh_comparison *out, struct lh_error *err)
{
	size_t all = (size_t)first->samples + (size_t)second->samples;
	struct lengths l = { .follow = calloc(all + 1, sizeof *l.follow), .score = calloc(all + 1, sizeof *l.score),
		.n = { first->samples, second->samples }, .turns = first->turns, .paired = out->paired };
	int code = 0;
	if (l.follow && l.score) {
		lh_follow_grid(first, l.follow);
		lh_follow_grid(second, l.follow + first->samples);
		code = compare_follows(&l, o, out, err);
	} else {
		code = lh_nomem(err);
	}
	free(l.follow);
	free(l.score);
	return code;
}

/* ---- errors ---- */

/* Turn errors of several conditions, and each sample's own rates: the same samples in each where they are
 * paired, since all have the same cells. */
struct world {
	struct lh_common common;
	struct lh_error_table table[LH_COMMON_MOST];
	double *own[LH_COMMON_MOST];
	int count, n[LH_COMMON_MOST];    /* samples with an own rate */
	int second_at;                   /* where the second's weights begin; 0: the same samples */
	double *x;                       /* room for a number a sample, of all conditions */
};

static void world_fini(struct world *w)
{
	lh_common_fini(&w->common);
	for (int k = 0; k < LH_COMMON_MOST; k++) {
		lh_error_table_fini(&w->table[k]);
		free(w->own[k]);
	}
	free(w->x);
	*w = (struct world){ .count = 0 };
}

static int fill_world(struct world *w, struct lh_error *err)
{
	size_t all = 1;
	int code = 0;
	for (int k = 0; k < w->count && !code; k++) {
		size_t samples = (size_t)w->common.grid[k].samples;
		all += samples;
		w->own[k] = malloc((samples + 1) * sizeof *w->own[k]);
		code = w->own[k] ? lh_error_table_init(&w->table[k], &w->common.grid[k], 0, false, err) : lh_nomem(err);
		if (!code)
			w->n[k] = lh_error_rate_each(&w->table[k], w->own[k]);
	}
	w->x = malloc(all * sizeof *w->x);
	return code ? code : w->x ? 0 : lh_nomem(err);
}

static int world_init(struct world *w, const struct lh_grid *const *of, int count, bool paired, struct lh_error *err)
{
	*w = (struct world){ .count = count, .second_at = paired ? 0 : of[0]->samples };
	int code = paired ? lh_common_cells(&w->common, of, count, err) : lh_common_turns(&w->common, of, count, err);
	if (!code)
		code = fill_world(w, err);
	if (code)
		world_fini(w);
	return code;
}

enum { FIRST, SECOND, DIFFERENCE, VALUES };

static void both_rates(void *world, const int *weight, double *value)
{
	const struct world *w = world;
	value[FIRST] = lh_error_rate(&w->table[0], weight);
	value[SECOND] = lh_error_rate(&w->table[1], weight + w->second_at);
	value[DIFFERENCE] = value[FIRST] - value[SECOND];
}

static struct lh_interval widen(struct lh_interval i, double value)
{
	return (struct lh_interval){ fmin(i.lo, value), fmax(i.hi, value) };
}

/* Of condition a less condition b. Different samples make pairs as they come, as many as the smaller
 * group has. */
static struct lh_interval bet_difference(const struct world *w, int a, int b, double difference)
{
	int n = w->n[a] < w->n[b] ? w->n[a] : w->n[b];
	for (int i = 0; i < n; i++)
		w->x[i] = 0.5 + (w->own[a][i] - w->own[b][i]) / 2;
	struct lh_interval i = lh_bet_interval(w->x, n);
	return widen((struct lh_interval){ 2 * i.lo - 1, 2 * i.hi - 1 }, difference);
}

static int rates_of(struct world *w, const struct lh_compare_options *o, struct lh_rates *out, struct lh_error *err)
{
	double value[VALUES];
	struct lh_interval ci[VALUES];
	struct lh_joint j = { .samples = w->second_at + w->table[1].samples, .first = w->second_at, .contributing = w->n[0] < w->n[1] ? w->n[0] : w->n[1], .values = VALUES,
		.of = both_rates, .world = w, .seed = o->seed, .resamples = o->resamples };
	int code = lh_bootstrap_joint(&j, value, ci, err);
	if (code)
		return code;
	for (int k = FIRST; k <= SECOND; k++)
		if (flat(value[k], ci[k]))
			ci[k] = widen(lh_bet_interval(w->own[k], w->n[k]), value[k]);
	if (flat(value[DIFFERENCE], ci[DIFFERENCE]))
		ci[DIFFERENCE] = bet_difference(w, FIRST, SECOND, value[DIFFERENCE]);
	*out = (struct lh_rates){ { value[FIRST], value[SECOND] }, value[DIFFERENCE], { ci[FIRST], ci[SECOND] }, ci[DIFFERENCE] };
	return 0;
}

static int test_errors(const struct world *w, bool paired, const struct lh_compare_options *o, struct lh_permuted *out, struct lh_error *err)
{
	for (int i = 0; i < w->n[0]; i++)
		w->x[i] = paired ? w->own[0][i] - w->own[1][i] : w->own[0][i];
	if (paired) {
		*out = lh_permute_signs(w->x, w->n[0], o->seed, o->permutations);
		return 0;
	}
	for (int i = 0; i < w->n[1]; i++)
		w->x[w->n[0] + i] = w->own[1][i];
	return lh_permute_labels(w->x, w->n[0], w->n[1], o->seed, o->permutations, out, err);
}

static int compare_errors(const struct lh_grid *const *of, const struct lh_compare_options *o, struct lh_comparison *out, struct lh_error *err)
{
	struct world w;
	out->stopped = of[0]->turns > 1 && (of[0]->stop_at_error || of[1]->stop_at_error);
	if (out->stopped)
		return 0;
	int code = world_init(&w, of, 2, out->paired, err);
	if (code)
		return code;
	code = rates_of(&w, o, &out->error_rate, err);
	if (!code && !o->untested && !isnan(out->error_rate.difference))
		code = test_errors(&w, out->paired, o, &out->errors, err);
	world_fini(&w);
	return code;
}

/* ---- both ---- */

static struct lh_compare_options complete(const struct lh_compare_options *o)
{
	return (struct lh_compare_options){ o->seed, o->resamples ? o->resamples : LH_RESAMPLES, o->permutations ? o->permutations : LH_PERMUTATIONS, o->untested };
}

static int check_turns(const struct lh_grid *a, const struct lh_grid *b, struct lh_error *err)
{
	return a->turns == b->turns ? 0 : lh_fail(err, LH_E_USAGE, "conditions of %d and of %d turns do not compare", a->turns, b->turns);
}

static int check_samples(const struct lh_grid *a, const struct lh_grid *b, struct lh_error *err)
{
	return a->samples == b->samples ? 0 : lh_fail(err, LH_E_USAGE, "%d and %d samples cannot be the same", a->samples, b->samples);
}

static int compare(const struct lh_grid *first, const struct lh_grid *second, const struct lh_compare_options *options, struct lh_comparison *out, struct lh_error *err)
{
	const struct lh_grid *of[2] = { first, second };
	struct lh_compare_options o = complete(options);
	int code = check_turns(first, second, err);
	if (!code)
		code = compare_length(first, second, &o, out, err);
	return code ? code : compare_errors(of, &o, out, err);
}

static struct lh_comparison blank(bool paired)
{
	return (struct lh_comparison){ .paired = paired, .length.p = NAN, .errors.p = NAN,
		.error_rate = { { NAN, NAN }, NAN, { none, none }, none } };
}

int lh_compare(const struct lh_grid *first, const struct lh_grid *second, const struct lh_compare_options *options, struct lh_comparison *out, struct lh_error *err)
{
	*out = blank(true);
	int code = check_samples(first, second, err);
	return code ? code : compare(first, second, options, out, err);
}

int lh_compare_apart(const struct lh_grid *first, const struct lh_grid *second, const struct lh_compare_options *options, struct lh_comparison *out, struct lh_error *err)
{
	*out = blank(false);
	return compare(first, second, options, out, err);
}

/* ---- the gap to a bound ---- */

enum { POLICY, BASE, BOUND };
enum { GAP, CLOSED, GAP_VALUES };

static void gap_values(void *world, const int *weight, double *value)
{
	const struct world *w = world;
	double base = lh_error_rate(&w->table[BASE], weight);
	value[GAP] = base - lh_error_rate(&w->table[BOUND], weight);
	value[CLOSED] = value[GAP] == 0 ? NAN : (base - lh_error_rate(&w->table[POLICY], weight)) / value[GAP];
}

/* The mean of what each sample's gain falls short of `closed` times its gap is 0: how far off 0 could
 * it be, for the least gap there may be? */
static struct lh_interval bet_closed(const struct world *w, double closed, double least_gap)
{
	double range = 1 + fabs(closed);
	for (int i = 0; i < w->n[BASE]; i++) {
		double gain = w->own[BASE][i] - w->own[POLICY][i], gap = w->own[BASE][i] - w->own[BOUND][i];
		w->x[i] = fmin(fmax(0.5 + (gain - closed * gap) / (2 * range), 0), 1);
	}
	struct lh_interval i = lh_bet_interval(w->x, w->n[BASE]);
	return widen((struct lh_interval){ closed + (2 * i.lo - 1) * range / least_gap, closed + (2 * i.hi - 1) * range / least_gap }, closed);
}

static int gap_of(struct world *w, const struct lh_compare_options *o, struct lh_gap *out, struct lh_error *err)
{
	double value[GAP_VALUES];
	struct lh_interval ci[GAP_VALUES];
	struct lh_joint j = { .samples = w->table[BASE].samples, .contributing = w->n[BASE], .values = GAP_VALUES,
		.of = gap_values, .world = w, .seed = o->seed, .resamples = o->resamples };
	int code = lh_bootstrap_joint(&j, value, ci, err);
	if (code)
		return code;
	out->gap = value[GAP];
	out->gap_ci = flat(value[GAP], ci[GAP]) ? bet_difference(w, BASE, BOUND, value[GAP]) : ci[GAP];
	if (!(out->gap_ci.lo > 0))
		return 0;
	out->closed = value[CLOSED];
	out->closed_ci = flat(value[CLOSED], ci[CLOSED]) ? bet_closed(w, value[CLOSED], out->gap_ci.lo) : ci[CLOSED];
	return 0;
}

int lh_gap_closed(const struct lh_grid *policy, const struct lh_grid *base, const struct lh_grid *bound, const struct lh_compare_options *options,
	struct lh_gap *out, struct lh_error *err)
{
	const struct lh_grid *of[] = { [POLICY] = policy, [BASE] = base, [BOUND] = bound };
	struct lh_compare_options o = complete(options);
	struct world w;
	*out = (struct lh_gap){ NAN, none, NAN, none };
	for (int k = 0; k < 3; k++) {
		int code = check_turns(of[k], base, err);
		if (!code)
			code = check_samples(of[k], base, err);
		if (code)
			return code;
	}
	if (base->turns > 1 && (policy->stop_at_error || base->stop_at_error || bound->stop_at_error))
		return 0;
	int code = world_init(&w, of, 3, true, err);
	if (code)
		return code;
	code = gap_of(&w, &o, out, err);
	world_fini(&w);
	return code;
}
