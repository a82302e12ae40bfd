/* run/worker.h - a process that opens task families and policies and runs episodes, and nothing else.
 *
 * It is forked from the nursery, a process that holds no key, no socket and no file but its line to the
 * supervisor, so none of these can be found in a worker either. Plan, rows and orders go to the supervisor,
 * episodes to open and replies come from it. */
#ifndef LH_RUN_WORKER_H
#define LH_RUN_WORKER_H

#include "run/engine.h"
#include "run/experiment.h"

#include <sys/types.h>

/* Memory that a worker shows the supervisor, made before it is forked. */
struct lh_worker_note {
	struct lh_engine_note in;                /* whose foreign code runs */
	struct lh_calling calling;               /* and, of a task family, which function of it */
};

/* The worker's life: never returns. fd: its line. */
_Noreturn void lh_worker_live(const struct lh_experiment *e, int fd, struct lh_worker_note *note);

/* ---- the nursery: forks workers for the supervisor ---- */

struct lh_nursery;
#define LH_WORKERS_MOST 64

int lh_nursery_new(const struct lh_experiment *e, struct lh_nursery **out, struct lh_error *err) LH_CHECKED;
void lh_nursery_free(struct lh_nursery *n);                      /* kills what is left */
/* A worker with a line of its own. place: 0 … LH_WORKERS_MOST - 1, whose note it writes; free again once the worker ended. */
int lh_nursery_fork(struct lh_nursery *n, int place, int *fd, pid_t *pid, struct lh_error *err) LH_CHECKED;
struct lh_worker_note *lh_nursery_note(struct lh_nursery *n, int place);
void lh_nursery_kill(struct lh_nursery *n, int place);
/* How a worker ended, once its line has closed; waits for it. As waitpid gives it. */
int lh_nursery_status(struct lh_nursery *n, int place);

#endif
