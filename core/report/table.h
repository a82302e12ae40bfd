/* report/table.h - the parts of the table that a page has too. */
#ifndef LH_REPORT_TABLE_H
#define LH_REPORT_TABLE_H

#include "report/caption.h"

/* Heading, figures and caveats of one group; nothing but the heading where it has made histories only. */
void lh_table_group(const struct lh_group *group, struct lh_seen *seen, const struct lh_report_style *style, struct lh_buf *out);
/* A run that did not end is never shown as if it had: says so, or nothing. */
void lh_table_unfinished(const struct lh_report *report, const struct lh_report_style *style, struct lh_buf *out);

#endif
