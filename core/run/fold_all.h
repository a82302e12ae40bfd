/* run/fold_all.h - the calls of a run file's episodes folded into results, by as many threads as there are processors.
 *
 * Nearly all of a report's time is reading rows. Episodes are folded into places of their own, so the order in which threads
 * come to them changes nothing, and sums within an episode are taken by one thread (run/fold.h). The only threads of the program:
 * each has its own connection and all have ended when lh_fold_all() returns. */
#ifndef LH_RUN_FOLD_ALL_H
#define LH_RUN_FOLD_ALL_H

#include "run/fold.h"

struct lh_fold_episode {
	int64_t id;
	int condition;
	struct lh_place at;
	char status[16];
	char *cause, *extra;                     /* the caller's; extra may be NULL */
	double ratio;
};

/* episode: those of one place one behind another, superseded ones first. reader: open on `path`. Adds to results->spent. Of several
 * errors it is that of the first episode. */
int lh_fold_all(const char *path, struct lh_reader *reader, struct lh_results *results, const struct lh_fold_episode *episode, size_t episodes,
	struct lh_error *err) LH_CHECKED;

#endif
