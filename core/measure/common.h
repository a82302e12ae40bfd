/* measure/common.h - the turns that several conditions have in common.
 *
 * Turn error rates are compared over turns that were observed under both: a condition that was cut short
 * has no late turns, and late turns are the hard ones. Where nothing was cut short, nothing is left out. */
#ifndef LH_MEASURE_COMMON_H
#define LH_MEASURE_COMMON_H

#include "measure/measure.h"

enum { LH_COMMON_MOST = 3 };

/* The grids with the cells that do not count LH_UNSEEN. They borrow from the originals where none is. */
struct lh_common { struct lh_grid grid[LH_COMMON_MOST]; uint8_t *cells; };

/* The same samples in the same order, as many turns: cells that all of them have observed. */
int lh_common_cells(struct lh_common *c, const struct lh_grid *const *of, int count, struct lh_error *err) LH_CHECKED;
/* Different samples, as many turns: turns at which each has observed anybody. */
int lh_common_turns(struct lh_common *c, const struct lh_grid *const *of, int count, struct lh_error *err) LH_CHECKED;
void lh_common_fini(struct lh_common *c);

#endif
