/* report/session.h - what a session holds, for commands that do more with an experiment than run it. */
#ifndef LH_REPORT_SESSION_H
#define LH_REPORT_SESSION_H

#include "longhaul/longhaul.h"
#include "report/report.h"
#include "run/experiment.h"

/* The session's own, as set so far. */
struct lh_experiment *lh_session_experiment(struct lh_session *s);
/* NULL: nothing was run or opened. */
const struct lh_report *lh_session_report(const struct lh_session *s);
/* Conversations are read back from the run file for the forms that show some: the page and Markdown. Not 0: the session's error
 * says why. */
int lh_session_read_failures(struct lh_session *s) LH_CHECKED;

#endif
