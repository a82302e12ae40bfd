/* run/supervisor.h - a run whose foreign code lives in worker processes. */
#ifndef LH_RUN_SUPERVISOR_H
#define LH_RUN_SUPERVISOR_H

#include "run/run.h"

/* As lh_run, with experiment->jobs workers. */
int lh_supervise(const struct lh_experiment *e, const struct lh_run_hooks *hooks, struct lh_results **out, struct lh_error *err) LH_CHECKED;

#endif
