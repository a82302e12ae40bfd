/* report/comparison_table.h - a group's policies against its baseline, on a terminal. */
#ifndef LH_REPORT_COMPARISON_TABLE_H
#define LH_REPORT_COMPARISON_TABLE_H

#include "report/caption.h"

/* Heading, table, caveats; nothing where the group has no comparison. */
void lh_comparison_table(const struct lh_group *group, struct lh_seen *seen, const struct lh_report_style *style, struct lh_buf *out);
/* What their headings mean; nothing where there was none. */
void lh_comparison_terms(const struct lh_report *report, int term_width, const struct lh_report_style *style, struct lh_buf *out);

#endif
