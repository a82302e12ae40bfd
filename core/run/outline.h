/* run/outline.h - a plan as data: what is to be run, without anything opened.
 *
 * All that the side which keeps the journal, the budgets and the keys has to know of an experiment; it
 * never opens a task family or a policy. */
#ifndef LH_RUN_OUTLINE_H
#define LH_RUN_OUTLINE_H

#include "run/experiment.h"
#include "run/results.h"

struct lh_outline_condition {
	char *task, *task_params, *model, *model_options, *policy, *policy_options, *history, *probes;
	char *task_label, *model_label, *policy_label;
	bool oracle, live;
	int model_index, steps_per_turn, turns;
};

struct lh_outline {
	uint64_t samples, first_sample;
	uint64_t steps_most, samples_most;       /* that there are; 0: no limit */
	double cells;
	bool simulated;                          /* every model is: nothing is paid for */
	char *config, *sources, *notes;
	char config_sha256[65];
	struct lh_outline_condition *condition;
	int conditions;
};

int lh_outline_of(const struct lh_plan *p, struct lh_outline *out, struct lh_error *err) LH_CHECKED;
void lh_outline_fini(struct lh_outline *o);
/* Results with every cell unseen. */
int lh_outline_results(const struct lh_outline *o, const struct lh_experiment *e, struct lh_results **out, struct lh_error *err) LH_CHECKED;
/* What is not identity, as JSON for the run's row. */
void lh_outline_settings(const struct lh_outline *o, const struct lh_experiment *e, struct lh_buf *out);

#endif
