/* measure/grid.h - reading the grid of outcomes. */
#ifndef LH_MEASURE_GRID_H
#define LH_MEASURE_GRID_H

#include "measure/measure.h"

/* One sample's outcomes, `turns` of them. */
static inline const uint8_t *lh_grid_row(const struct lh_grid *grid, int sample)
{
	return grid->outcome + (size_t)sample * (size_t)grid->turns;
}

/* It says something about the condition: tried, and not failed for reasons outside it. */
static inline bool lh_observed(int outcome)
{
	return outcome != LH_UNSEEN && outcome != LH_OUTCOME_FAILED;
}

#endif
