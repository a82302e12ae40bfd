/* report/policy_columns.h - the numbers that a policy's finish() returned, over the samples of a condition. */
#ifndef LH_REPORT_POLICY_COLUMNS_H
#define LH_REPORT_POLICY_COLUMNS_H

#include "report/report.h"

#define LH_REPORT_COLUMNS 64

/* extra[samples]: JSON objects as the run file has them, or NULL. Numbers and booleans (0, 1) become
 * columns, by name; texts stay in the run file. Free with lh_report_columns_free. */
int lh_report_columns(char *const *extra, int samples, struct lh_report_column **out, int *count, struct lh_error *err) LH_CHECKED;
void lh_report_columns_free(const struct lh_report_column *columns, int count);

#endif
