#include "measure/common.h"

#include "measure/grid.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static size_t cells_of(const struct lh_grid *g)
{
	return (size_t)g->samples * (size_t)g->turns;
}

static bool shared(const struct lh_grid *const *of, int count, size_t cell)
{
	for (int k = 0; k < count; k++)
		if (!lh_observed(of[k]->outcome[cell]))
			return false;
	return true;
}

/* Some grid has observed a cell that another has not. */
static bool differ(const struct lh_grid *const *of, int count)
{
	for (size_t cell = 0; cell < cells_of(of[0]); cell++)
		for (int k = 1; k < count; k++)
			if (lh_observed(of[k]->outcome[cell]) != lh_observed(of[0]->outcome[cell]))
				return true;
	return false;
}

/* Copies of their own, which the caller blanks. */
static int copy(struct lh_common *c, const struct lh_grid *const *of, int count, struct lh_error *err)
{
	size_t all = 1, at = 0;
	for (int k = 0; k < count; k++)
		all += cells_of(of[k]);
	c->cells = malloc(all);
	if (!c->cells)
		return lh_nomem(err);
	for (int k = 0; k < count; k++) {
		c->grid[k].outcome = c->cells + at;
		if (of[k]->samples > 0)
			memcpy(c->cells + at, of[k]->outcome, cells_of(of[k]));
		at += cells_of(of[k]);
	}
	return 0;
}

static void borrow(struct lh_common *c, const struct lh_grid *const *of, int count)
{
	assert(count > 0 && count <= LH_COMMON_MOST);
	*c = (struct lh_common){ .cells = NULL };
	for (int k = 0; k < count; k++) {
		assert(of[k]->turns == of[0]->turns);
		c->grid[k] = *of[k];
	}
}

int lh_common_cells(struct lh_common *c, const struct lh_grid *const *of, int count, struct lh_error *err)
{
	borrow(c, of, count);
	if (!differ(of, count))
		return 0;
	int code = copy(c, of, count, err);
	size_t cells = cells_of(of[0]);
	for (size_t cell = 0; cell < cells && !code; cell++)
		for (int k = 0; k < count && !shared(of, count, cell); k++)
			c->cells[(size_t)k * cells + cell] = LH_UNSEEN;
	return code;
}

/* The turns at which anybody was observed: nobody comes back. */
static int turns_observed(const struct lh_grid *g)
{
	int most = 0;
	for (int i = 0; i < g->samples; i++) {
		const uint8_t *row = lh_grid_row(g, i);
		while (most < g->turns && lh_observed(row[most]))
			most++;
	}
	return most;
}

int lh_common_turns(struct lh_common *c, const struct lh_grid *const *of, int count, struct lh_error *err)
{
	borrow(c, of, count);
	int least = of[0]->turns, most = 0;
	for (int k = 0; k < count; k++) {
		int turns = turns_observed(of[k]);
		least = turns < least ? turns : least;
		most = turns > most ? turns : most;
	}
	if (least == most)
		return 0;
	int code = copy(c, of, count, err);
	uint8_t *row = c->cells;
	for (int k = 0; k < count && !code; k++)
		for (int i = 0; i < of[k]->samples; i++, row += of[k]->turns)
			memset(row + least, LH_UNSEEN, (size_t)(of[k]->turns - least));
	return code;
}

void lh_common_fini(struct lh_common *c)
{
	free(c->cells);
	*c = (struct lh_common){ .cells = NULL };
}
