/* report/html_parts.h - what made histories say of each policy of a group, as the page numbers and draws it. */
#ifndef LH_REPORT_HTML_PARTS_H
#define LH_REPORT_HTML_PARTS_H

#include "report/html_page.h"

/* An entry of report->effects is this group's, asked beyond turn 1, with or without thoughts. */
bool lh_html_effects_of(const struct lh_group *group, int entry, bool thoughts);
/* The row of its policy in the legend; policies without a run of their own have rows behind it. */
int lh_html_effects_row(const struct lh_group *group, int entry);
/* The numbers that the legend does not have, with their policies. */
void lh_html_effects_key(const struct lh_group *group, bool thoughts, struct lh_buf *out);
/* One bar a policy: what its loss of turn accuracy is made of. Nothing where no loss was looked into. */
void lh_html_parts(const struct lh_group *group, bool thoughts, const struct lh_report_style *style, struct lh_buf *out);

#endif
