/* run/dryrun.h - what an experiment would ask, and about what it would cost, with nothing sent. */
#ifndef LH_RUN_DRYRUN_H
#define LH_RUN_DRYRUN_H

#include "run/experiment.h"

/* Runs a few samples of every condition with a simulated model that is always right, and counts what it is sent: the
 * growing history, and what each policy makes of it, are in the numbers. Appends a table. */
int lh_dry_run(const struct lh_experiment *e, struct lh_buf *out, struct lh_error *err) LH_CHECKED;

#endif
