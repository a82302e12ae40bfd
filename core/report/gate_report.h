/* report/gate_report.h - what became of a run's gates: the verdicts of a report, as every writer sees them. */
#ifndef LH_REPORT_GATE_REPORT_H
#define LH_REPORT_GATE_REPORT_H

#include "report/report.h"
#include "run/results.h"

/* Fills report->gate, from the results that the report was made of. rules: as typed, in the place of the run's own; NULL:
 * those. LH_E_USAGE: a rule that says nothing about this run, or that its samples could never pass. */
int lh_gate_report(struct lh_report *report, const struct lh_results *results, char *const *rules, int n, struct lh_error *err) LH_CHECKED;
void lh_gate_report_free(struct lh_report *report);

/* The words of a verdict: "pass", "fail", "inconclusive", "infrastructure". */
const char *lh_gate_word(enum lh_gate_verdict v);
/* One sentence: rule, condition, value with its interval, what was needed, samples; and where that is not enough, what
 * is missing. */
void lh_gate_sentence(const struct lh_report *report, const struct lh_report_gate *g, const struct lh_report_style *style, struct lh_buf *out);

/* The block under the tables; nothing where there are no gates. */
void lh_gate_lines(const struct lh_report *report, const struct lh_report_style *style, struct lh_buf *out);

struct lh_jw;
/* "gates": [ … ] */
void lh_gate_json(struct lh_jw *w, const struct lh_report *report);

#endif
