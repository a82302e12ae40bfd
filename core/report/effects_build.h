/* report/effects_build.h - from what a run left to the entries of report/effects_report.h. */
#ifndef LH_REPORT_EFFECTS_BUILD_H
#define LH_REPORT_EFFECTS_BUILD_H

#include "report/effects_report.h"
#include "run/results.h"

struct lh_effects_options { int permutations, resamples; };     /* 0: the default */

/* Texts are borrowed from the results. No group with a made history: *count is 0. */
int lh_effects_build(const struct lh_results *r, const struct lh_effects_options *o, struct lh_report_effects **out, int *count, struct lh_error *err) LH_CHECKED;
void lh_effects_free(struct lh_report_effects *list, int count);

/* ---- between the files that do it ---- */

struct lh_effects_work {
	const struct lh_results *results;
	struct lh_effects_options options;
	struct lh_report_effects *e;
	int samples;
	uint8_t *memory;                 /* of the columns: [(history + 1) * samples], turn 1 last */
	const uint8_t **column;          /* [history] outcomes by sample at the turn looked at; NULL: not asked there */
	const uint8_t *turn1;            /* the same of turn 1, by e->turn1; NULL: not asked */
};

static inline const struct lh_condition_results *lh_effects_of(const struct lh_effects_work *w, int history)
{
	return &w->results->condition[w->e->history[history].condition];
}
/* The first history of a mode, last=true apart; -1: none. */
int lh_effects_find_history(const struct lh_report_effects *e, enum lh_history_mode mode);
/* Was this turn asked of every sample? */
bool lh_effects_asked(const struct lh_results *r, const struct lh_condition_results *c, int turn);
/* Update exposure that sample i had at a turn; NAN: none was recorded. */
double lh_effects_exposure(const struct lh_condition_results *c, int sample, int turn);
void lh_effects_column(const struct lh_condition_results *c, int turn, uint8_t *out);
/* Looks at another turn. */
void lh_effects_look(struct lh_effects_work *w, int turn);
/* Number k of `most` things spread evenly over n, the last included; all of them where they are no more. */
int lh_effects_spread(int n, int most, int k);

/* effects_group.c: condition, histories, turns of every group; the same task, model and steps per turn. */
bool lh_effects_same_world(const struct lh_condition_results *a, const struct lh_condition_results *b);
int lh_effects_groups(const struct lh_results *r, struct lh_report_effects **out, int *count, struct lh_error *err) LH_CHECKED;
/* effects_fit.c */
int lh_effects_fit_slope(struct lh_effects_work *w, struct lh_error *err) LH_CHECKED;
int lh_effects_attribute(struct lh_effects_work *w, struct lh_error *err) LH_CHECKED;
/* effects_policies.c */
int lh_effects_policies(struct lh_effects_work *w, struct lh_error *err) LH_CHECKED;

#endif
