/* report/comparisons.h - every policy of a report against its group's baseline. */
#ifndef LH_REPORT_COMPARISONS_H
#define LH_REPORT_COMPARISONS_H

#include "report/report.h"
#include "run/results.h"

/* Fills report->comparison, from the results that the report was made of. against: the baseline, as typed
 * or by its name, LH_E_USAGE where no condition has it; NULL: full_history where a group has it, else its
 * first policy that is no oracle. Nothing for a group of one policy. */
int lh_report_compare(struct lh_report *report, const struct lh_results *results, const char *against, struct lh_error *err) LH_CHECKED;

#endif
