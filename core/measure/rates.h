/* measure/rates.h - outcomes counted turn by turn, and the shares they make. */
#ifndef LH_MEASURE_RATES_H
#define LH_MEASURE_RATES_H

#include "measure/measure.h"

/* of[t * LH_OUTCOME_COUNT + o]: samples with outcome o at turn t. */
struct lh_counts { int turns; int *of; };

int lh_counts_init(struct lh_counts *c, int turns, struct lh_error *err) LH_CHECKED;
void lh_counts_fini(struct lh_counts *c);

/* LH_E_DATA where a cell holds neither an outcome nor LH_UNSEEN. */
int lh_counts_add(struct lh_counts *c, const struct lh_grid *grid, struct lh_error *err) LH_CHECKED;

/* Fills tried, observed, turn and state accuracies, shares, their intervals and recovers_differs.
 * After --stop-at-error the later turns hold only the samples that had not erred, so from turn 2 on
 * everything but the counts is NAN. */
void lh_rates_fill(struct lh_result *r, const struct lh_counts *c, bool stop_at_error);

/* Samples whose observation was cut short: a failed turn, or turns never run though they should
 * have been. Not one that --stop-at-error ended after its first error, nor one never tried. */
int lh_count_censored(const struct lh_grid *grid);
/* Samples with a policy_error. */
int lh_count_policy_errors(const struct lh_grid *grid);
/* Share of observed cells where no valid answer was in view; NAN where nothing was observed. */
double lh_unshown_share(const struct lh_grid *grid);

#endif
