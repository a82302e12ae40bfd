/* run/repeat.h - what went wrong in an episode, and the command that runs this episode again, alone and in one process.
 *
 * Both are kept as one text, the episode's cause: "WHAT; to see it: longhaul run …". The command can be pasted into a
 * shell: it names everything that the episode depends on. Where a live model was asked and there is a run file, its
 * replies come from there, so that looking costs nothing. */
#ifndef LH_RUN_REPEAT_H
#define LH_RUN_REPEAT_H

#include "run/experiment.h"
#include "run/outline.h"

struct lh_repeat {
	uint64_t sample;
	int64_t probe;                           /* the one turn asked; 0: all */
	bool stalled;                            /* its code did not come back: it is watched again, in a worker */
	const char *file;                        /* the run file; NULL: none is kept */
};

/* Appends "; to see it: COMMAND" to a cause. */
void lh_repeat_put(const struct lh_experiment *e, const struct lh_outline_condition *c, const struct lh_repeat *r, struct lh_buf *out);
/* A cause taken apart; *command is empty where it has none. Both point into it. */
void lh_repeat_split(struct lh_str cause, struct lh_str *what, struct lh_str *command);
/* Is it of finish(), after which an episode is as good as without? */
bool lh_repeat_of_finish(struct lh_str cause);
/* What happened, of two causes: the same? */
bool lh_repeat_alike(struct lh_str a, struct lh_str b);

#endif
