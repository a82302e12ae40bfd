/* report/assemble.h - from what a run left to the record that reports are written from. */
#ifndef LH_REPORT_ASSEMBLE_H
#define LH_REPORT_ASSEMBLE_H

#include "report/report.h"
#include "run/results.h"

/* Measures every condition. The report borrows from `results`, which must outlive it. */
int lh_report_of(const struct lh_results *results, const char *command, struct lh_report **out, struct lh_error *err) LH_CHECKED;
void lh_report_free(struct lh_report *report);

#endif
