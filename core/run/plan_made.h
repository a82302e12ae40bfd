/* run/plan_made.h - made histories in a plan: which there are, which turns are asked behind them, and what they
 * cannot be combined with. Part of the plan. */
#ifndef LH_RUN_PLAN_MADE_H
#define LH_RUN_PLAN_MADE_H

#include "run/experiment.h"

int lh_plan_histories(const struct lh_experiment *e, struct lh_plan *p, struct lh_error *err) LH_CHECKED;
/* Its policy, model and task allow the condition's history. */
int lh_plan_check_made(const struct lh_condition *c, struct lh_error *err) LH_CHECKED;
/* Once its turns are known. */
int lh_plan_probes(const struct lh_experiment *e, const struct lh_plan *p, struct lh_condition *c, struct lh_error *err) LH_CHECKED;

#endif
