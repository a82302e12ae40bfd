/* report/failures.h - the conversations in which policies first erred, read back from the run file. */
#ifndef LH_REPORT_FAILURES_H
#define LH_REPORT_FAILURES_H

#include "report/report.h"
#include "again/recall.h"
#include "run/experiment.h"
#include "run/results.h"

enum { LH_FAILURES_EACH = 3, LH_FAILURES_MADE = 1, LH_FAILURES_MOST = 24 };      /* of a condition with its own history, with a made one; in all */

struct lh_report_failure {
	int condition;                   /* of the report */
	int row;                         /* of its outcomes, from 0 */
	int64_t sample, turn;            /* turn: of the first error; behind a made history: the last turn asked that erred */
	struct lh_recall *recall;
	const struct lh_recall_call *call;       /* the one whose reply was accepted, else the turn's last */
	struct lh_recall_part *part; size_t parts;
};

/* Fills report->failure: of each condition the first samples that err, in order; conditions with their own history first, of those
 * with a made one what there is room for. results: what the report was made of; path: the run file;
 * plugins: files that families may come from, beside where they are found anyway. Samples whose turn has no call (it failed before) are left out.
 * A made history that cannot be made again, as its task family is not found or has changed, is counted in
 * report->failure_unmade. */
int lh_report_failures(struct lh_report *report, const struct lh_results *results, const char *path, const struct lh_list *plugins, struct lh_error *err) LH_CHECKED;
void lh_report_failures_free(struct lh_report *report);

#endif
