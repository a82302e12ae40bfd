#include "report/effects_build.h"

#include "measure/grid.h"
#include "measure/wilson.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- reading a condition ---- */

int lh_effects_find_history(const struct lh_report_effects *e, enum lh_history_mode mode)
{
	for (int h = 0; h < e->histories; h++)
		if (e->history[h].made.mode == mode && !e->history[h].made.last)
			return h;
	return -1;
}

/* A run that stops at errors asks a later turn only of samples that had none. */
bool lh_effects_asked(const struct lh_results *r, const struct lh_condition_results *c, int turn)
{
	if (lh_history_made(&c->made))
		return lh_results_probe(c, turn) >= 0;
	return turn <= c->turns && (turn == 1 || !r->stop_at_error);
}

/* What a run file says may be no share. */
double lh_effects_exposure(const struct lh_condition_results *c, int sample, int turn)
{
	int k = lh_results_probe(c, turn);
	double x = k < 0 || sample >= c->samples ? NAN : c->exposure[(size_t)sample * (size_t)c->probes + (size_t)k];
	return x >= 0 && x <= 1 ? x : NAN;
}

void lh_effects_column(const struct lh_condition_results *c, int turn, uint8_t *out)
{
	for (int i = 0; i < c->samples; i++)
		out[i] = c->outcome[(size_t)i * (size_t)c->turns + (size_t)turn - 1];
}

static const uint8_t *column(struct lh_effects_work *w, int history, int turn, int place)
{
	const struct lh_condition_results *c = lh_effects_of(w, history);
	uint8_t *out = w->memory + (size_t)place * (size_t)w->samples;
	if (!lh_effects_asked(w->results, c, turn))
		return NULL;
	memset(out, LH_UNSEEN, (size_t)w->samples);
	lh_effects_column(c, turn, out);
	return out;
}

void lh_effects_look(struct lh_effects_work *w, int turn)
{
	for (int h = 0; h < w->e->histories; h++)
		w->column[h] = column(w, h, turn, h);
}

int lh_effects_spread(int n, int most, int k)
{
	return n <= most ? k : (int)((int64_t)(k + 1) * n / most) - 1;
}

/* ---- cells ---- */

static struct lh_effects_share accuracy(const uint8_t *outcome, int n, enum lh_ta_reading reading, int *observed)
{
	int right = 0;
	*observed = 0;
	for (int i = 0; i < n; i++) {
		uint8_t one;
		lh_read_outcomes(&outcome[i], 1, reading, &one);
		*observed += one != LH_UNSEEN;
		right += one == 1;
	}
	double share = lh_share(right, *observed);
	return (struct lh_effects_share){ share, lh_wilson(share, *observed) };
}

static double mean_exposure(const struct lh_condition_results *c, int turn)
{
	double sum = 0;
	int n = 0;
	for (int i = 0; i < c->samples; i++) {
		double x = lh_effects_exposure(c, i, turn);
		sum += isnan(x) ? 0 : x;
		n += !isnan(x);
	}
	return n ? sum / n : NAN;
}

/* What the episodes of one probe add up to. */
static void add_episodes(struct lh_effects_cell *cell, const struct lh_condition_results *c, int k)
{
	struct lh_totals sum = { 0 };
	double ratio = 0;
	int ratios = 0;
	for (int i = 0; i < c->samples; i++) {
		size_t at = (size_t)i * (size_t)c->episodes + (size_t)k;
		sum.calls += c->totals[at].calls;
		sum.turns += c->totals[at].turns;
		sum.tokens_in += c->totals[at].tokens_in;
		sum.exposure_state += c->totals[at].exposure_state;
		sum.exposure_unusable += c->totals[at].exposure_unusable;
		if (isnan(c->ratio[at]))
			continue;
		ratio += c->ratio[at];
		cell->ratio_least = ratios && cell->ratio_least < c->ratio[at] ? cell->ratio_least : c->ratio[at];
		cell->ratio_most = ratios && cell->ratio_most > c->ratio[at] ? cell->ratio_most : c->ratio[at];
		ratios++;
	}
	double turns = sum.turns ? (double)sum.turns : NAN;
	cell->state = sum.exposure_state / turns;
	cell->unusable = sum.exposure_unusable / turns;
	cell->tokens_in = sum.calls ? (double)sum.tokens_in / (double)sum.calls : NAN;
	cell->ratio = ratios ? ratio / ratios : NAN;
}

static struct lh_effects_cell cell_of(const struct lh_effects_work *w, int history, int turn)
{
	const struct lh_condition_results *c = lh_effects_of(w, history);
	const struct lh_effects_share none = { NAN, { NAN, NAN } };
	struct lh_effects_cell cell = { .paper = none, .strict = none, .update = NAN, .state = NAN, .unusable = NAN,
		.ratio = NAN, .ratio_least = NAN, .ratio_most = NAN, .tokens_in = NAN };
	cell.probed = w->column[history] != NULL;
	if (!cell.probed)
		return cell;
	cell.paper = accuracy(w->column[history], w->samples, LH_TA_PAPER, &cell.observed);
	cell.strict = accuracy(w->column[history], w->samples, LH_TA_STRICT, &cell.observed);
	cell.update = mean_exposure(c, turn);
	if (lh_history_made(&c->made))
		add_episodes(&cell, c, lh_results_probe(c, turn));
	return cell;
}

/* ---- losses ---- */

static const uint8_t *side(const struct lh_effects_work *w, int history)
{
	return history < 0 ? w->turn1 : w->column[history];
}

static void add_loss(struct lh_effects_work *w, enum lh_effects_kind kind, int turn, int first, int second)
{
	struct lh_effects_loss *l = &w->e->loss[w->e->losses++];
	*l = (struct lh_effects_loss){ .kind = kind, .turn = turn, .first = first, .second = second };
	const uint8_t *a = side(w, first), *b = side(w, second);
	l->paper = lh_effect_of(a, b, w->samples, LH_TA_PAPER);
	l->strict = lh_effect_of(a, b, w->samples, LH_TA_STRICT);
	if (!a && first < 0)
		l->why = "turn 1 was not asked: add --history own, or 1 to --probe-turns";
	else if (!a || !b)
		l->why = "the two histories were not asked at the same turn";
	else if (isnan(l->strict.value))
		l->why = "no sample was observed under both";
}

static void add_losses(struct lh_effects_work *w, int turn)
{
	struct lh_report_effects *e = w->e;
	int restated = lh_effects_find_history(e, LH_HISTORY_RESTATED), filler = lh_effects_find_history(e, LH_HISTORY_FILLER);
	int clean = lh_effects_find_history(e, LH_HISTORY_CLEAN);
	if (restated >= 0)
		add_loss(w, LH_EFFECTS_STATE, turn, -1, restated);
	if (restated >= 0 && filler >= 0)
		add_loss(w, LH_EFFECTS_LENGTH, turn, restated, filler);
	if (filler >= 0 && clean >= 0)
		add_loss(w, LH_EFFECTS_PATTERN, turn, filler, clean);
	if (clean >= 0)
		add_loss(w, LH_EFFECTS_LONG_CONTEXT, turn, -1, clean);
	for (int h = 0; h < e->histories && clean >= 0; h++)
		if (e->history[h].made.mode == LH_HISTORY_INJECTED)
			add_loss(w, LH_EFFECTS_SELF_CONDITIONING, turn, clean, h);
}

/* ---- a whole entry ---- */

/* Before turn 1 there is nothing, so every history is the same there; the model's own first. */
static int find_turn1(const struct lh_effects_work *w)
{
	int own = lh_effects_find_history(w->e, LH_HISTORY_OWN);
	if (own >= 0)
		return own;
	for (int h = 0; h < w->e->histories; h++)
		if (lh_effects_asked(w->results, lh_effects_of(w, h), 1))
			return h;
	return -1;
}

static int reserve(struct lh_effects_work *w, struct lh_error *err)
{
	struct lh_report_effects *e = w->e;
	size_t histories = (size_t)e->histories, turns = (size_t)e->turns;
	w->memory = malloc((histories + 1) * (size_t)w->samples + 1);
	w->column = calloc(histories, sizeof *w->column);
	e->cell = calloc(histories * turns, sizeof *e->cell);
	e->loss = calloc((histories + 4) * turns, sizeof *e->loss);
	return w->memory && w->column && e->cell && e->loss ? 0 : lh_nomem(err);
}

static int fill(struct lh_effects_work *w, struct lh_error *err)
{
	struct lh_report_effects *e = w->e;
	int rc = reserve(w, err);
	if (rc)
		return rc;
	e->turn1 = find_turn1(w);
	w->turn1 = e->turn1 < 0 ? NULL : column(w, e->turn1, 1, e->histories);
	for (int k = 0; k < e->turns; k++) {
		lh_effects_look(w, e->turn[k]);
		for (int h = 0; h < e->histories; h++)
			e->cell[h * e->turns + k] = cell_of(w, h, e->turn[k]);
		if (e->turn[k] > 1)
			add_losses(w, e->turn[k]);
	}
	rc = lh_effects_fit_slope(w, err);
	if (!rc)
		rc = lh_effects_attribute(w, err);
	return rc ? rc : lh_effects_policies(w, err);
}

int lh_effects_build(const struct lh_results *r, const struct lh_effects_options *o, struct lh_report_effects **out, int *count, struct lh_error *err)
{
	int rc = lh_effects_groups(r, out, count, err);
	for (int i = 0; i < *count && !rc; i++) {
		struct lh_effects_work w = { .results = r, .e = &(*out)[i], .samples = (*out)[i].samples };
		if (o)
			w.options = *o;
		rc = fill(&w, err);
		free(w.memory);
		free(w.column);
	}
	if (rc) {
		lh_effects_free(*out, *count);
		*out = NULL;
		*count = 0;
	}
	return rc;
}

void lh_effects_free(struct lh_report_effects *list, int count)
{
	for (int i = 0; i < count; i++) {
		free(list[i].history);
		free(list[i].turn);
		free(list[i].cell);
		free(list[i].loss);
		free(list[i].policy);
	}
	free(list);
}
