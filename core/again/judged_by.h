/* again/judged_by.h - the task families that a run was judged by, in its row: those of today in the place of those of then. */
#ifndef LH_AGAIN_JUDGED_BY_H
#define LH_AGAIN_JUDGED_BY_H

#include "again/rescore.h"
#include "task/task.h"

struct lh_judged_by {
	struct lh_registry *registry;
	const struct lh_run_row *run;
	const struct lh_json *settings;          /* the run's, read */
	struct lh_journal *journal;              /* of the copy, whose row is changed; NULL: only look */
	struct lh_rescored *what;                /* families that differ are noted in it */
};

/* A note in the settings, which every report shows, says who judged. */
int lh_judged_by_today(const struct lh_judged_by *j, struct lh_error *err) LH_CHECKED;

#endif
