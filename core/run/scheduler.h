/* run/scheduler.h - which call goes when. Internal to the room. */
#ifndef LH_RUN_SCHEDULER_H
#define LH_RUN_SCHEDULER_H

#include "run/run.h"

/* Runs every episode of the context's plan; returns early, without error, when hooks->stop is set.
 * *virtual_us: the virtual time at the end. */
int lh_schedule(struct lh_run_context *run, const struct lh_run_hooks *hooks, int64_t *virtual_us, struct lh_error *err) LH_CHECKED;

#endif
