/* ci/ - a report in the forms that continuous-integration systems read: JUnit, Markdown, GitHub's commands, OpenMetrics.
 *
 * All are written from struct lh_report, as the table is, and with its figures and sentences. What came from outside -
 * names, rules, causes, a server's words - may hold markup, commands or mentions: each writer makes it harmless for its
 * own medium (ci/neutral.h). Nothing here writes to a stream. */
#ifndef LH_CI_CI_H
#define LH_CI_CI_H

#include "report/report.h"
#include "run/experiment.h"

struct lh_ci {
	const struct lh_report *report;
	enum lh_inconclusive inconclusive;       /* what becomes of a rule that is not decided */
	bool timing;                             /* false: leave out what differs between identical runs */
};

/* JUnit XML: a suite a condition, in it a case for the condition and one for each rule upon it; properties with what
 * was run and what came out. */
void lh_ci_junit(const struct lh_ci *ci, struct lh_buf *out);
/* The same where nothing was run, for a reason. */
void lh_ci_junit_skipped(struct lh_str reason, struct lh_buf *out);

/* Markdown for a step's summary or a comment: verdict, rules, the tables, curves as text, folded evidence: of each condition
 * the first errors (where the report has them: report/failures.h), and what ended episodes; less than 1 MiB, what does not fit is said. */
void lh_ci_markdown(const struct lh_ci *ci, struct lh_buf *out);

/* OpenMetrics: horizons, turn error rate with their intervals, tokens, cost, samples by condition; what became of each rule. */
void lh_ci_metrics(const struct lh_ci *ci, struct lh_buf *out);

#endif
