/* Grids as text, for the tests of core/measure: one string a sample, one letter a turn. */
#ifndef LH_TESTS_MEASURE_GRID_H
#define LH_TESTS_MEASURE_GRID_H

#include "check.h"
#include "measure/measure.h"

#define GRID_LETTERS "cfrsmitxop!"       /* in the order of enum lh_outcome; '.' is LH_UNSEEN */

static inline uint8_t grid_cell(char letter)
{
	const char *at = strchr(GRID_LETTERS, letter);
	return letter == '.' || !at ? LH_UNSEEN : (uint8_t)(at - GRID_LETTERS);
}

/* Owns its cells: free((void *)grid.outcome). */
static inline struct lh_grid grid_of(const char *const *rows, int samples)
{
	int turns = samples ? (int)strlen(rows[0]) : 1;
	uint8_t *cell = malloc((size_t)samples * (size_t)turns + 1);
	for (int i = 0; i < samples; i++)
		for (int t = 0; t < turns; t++)
			cell[i * turns + t] = grid_cell(rows[i][t]);
	return (struct lh_grid){ .samples = samples, .turns = turns, .outcome = cell, .steps_per_turn = 1 };
}

#define GRID(...) grid_of((const char *const[]){ __VA_ARGS__ }, \
	(int)(sizeof (const char *const[]){ __VA_ARGS__ } / sizeof(char *)))

/* Measures and frees the grid. */
static inline struct lh_result *measure_grid(struct lh_grid grid, double s)
{
	struct lh_measure_options options = { .s = &s, .s_count = 1, .resamples = 200, .seed = 1 };
	struct lh_result *r = NULL;
	struct lh_error err = { 0 };
	if (lh_measure(&grid, &options, &r, &err)) {
		printf("lh_measure: %s\n", err.text);
		exit(1);
	}
	free((void *)(uintptr_t)grid.outcome);
	return r;
}

#endif
