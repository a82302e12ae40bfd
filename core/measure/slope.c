#include "measure/slope.h"

#include <math.h>
#include <stdlib.h>

/* Cells that were observed, as both methods want them. */
struct arranged {
	int turns, turn[LH_SLOPE_TURNS];         /* the distinct ones, as they come */
	int rows, blocks, samples;
	double *x;                               /* [row * turns]: exposure, then the indicators */
	int *events;
	double *exposure, *outcome;
	int *start;                              /* [blocks + 1] */
};

/* The turn's number, a new one included; -1: too many. */
static int turn_number(struct arranged *a, int turn)
{
	int k = 0;
	while (k < a->turns && a->turn[k] != turn)
		k++;
	if (k == LH_SLOPE_TURNS)
		return -1;
	if (k == a->turns)
		a->turn[a->turns++] = turn;
	return k;
}

static int find_turns(struct arranged *a, const struct lh_slope_cell *cell, int cells, struct lh_error *err)
{
	for (int i = 0; i < cells; i++)
		if (cell[i].right != LH_UNSEEN && turn_number(a, cell[i].turn) < 0)
			return lh_fail(err, LH_E_LIMIT, "more than %d probed turns: a slope over all of them is not estimated", LH_SLOPE_TURNS);
	return 0;
}

/* The row before, by number among the cells; -1 at the start. */
static void add(struct arranged *a, const struct lh_slope_cell *cell, int i, int before)
{
	bool same_sample = before >= 0 && cell[before].sample == cell[i].sample;
	a->samples += !same_sample;
	if (!same_sample || cell[before].turn != cell[i].turn)
		a->start[a->blocks++] = a->rows;
	double *x = a->x + (size_t)a->rows * (size_t)a->turns;
	int turn = turn_number(a, cell[i].turn);
	x[0] = cell[i].exposure;
	for (int k = 1; k < a->turns; k++)
		x[k] = k == turn;
	a->events[a->rows] = !cell[i].right;
	a->exposure[a->rows] = cell[i].exposure;
	a->outcome[a->rows] = !cell[i].right;
	a->start[a->blocks] = ++a->rows;
}

static void arrange(struct arranged *a, const struct lh_slope_cell *cell, int cells)
{
	int before = -1;
	for (int i = 0; i < cells; i++)
		if (cell[i].right != LH_UNSEEN) {
			add(a, cell, i, before);
			before = i;
		}
}

static int estimate(const struct arranged *a, uint64_t seed, int permutations, struct lh_slope *out, struct lh_error *err)
{
	struct lh_firth_data d = { .rows = a->rows, .covariates = a->turns, .x = a->x, .events = a->events, .samples = a->samples };
	struct lh_blocks b = { a->blocks, a->start, a->exposure, a->outcome };
	int code = lh_firth_fit(&d, &out->fit, err);
	if (!code)
		code = lh_permute_blocks(&b, seed, permutations, &out->test, err);
	if (code)
		return code;
	out->value = out->fit.beta[1];
	out->ci = lh_firth_interval(&d, &out->fit, 1);
	return 0;
}

int lh_slope_find(const struct lh_slope_cell *cell, int cells, uint64_t seed, int permutations, struct lh_slope *out, struct lh_error *err)
{
	*out = (struct lh_slope){ .value = NAN, .ci = { NAN, NAN }, .test = { .p = 1 } };
	struct arranged a = { 0 };
	int code = find_turns(&a, cell, cells, err);
	if (code)
		return code;
	size_t n = (size_t)cells + 1;
	a.x = calloc(n * (size_t)(a.turns + 1), sizeof *a.x);
	a.events = calloc(n, sizeof *a.events);
	a.exposure = calloc(2 * n, sizeof *a.exposure);
	a.start = calloc(n, sizeof *a.start);
	if (a.x && a.events && a.exposure && a.start) {
		a.outcome = a.exposure + n;
		arrange(&a, cell, cells);
		code = estimate(&a, seed, permutations, out, err);
	} else {
		code = lh_nomem(err);
	}
	free(a.x);
	free(a.events);
	free(a.exposure);
	free(a.start);
	return code;
}
