/* report/html_page.h - the parts of the page, in its order. Each writes whole elements, or nothing where it has nothing
 * to show. `style` is a page's.
 *
 * Within a group every policy has a number, from 1, and a series: elements of class sN belong to row N of the group, and
 * are hidden where the legend's box of class tN is not ticked (style sheet only; the page has no script). */
#ifndef LH_REPORT_HTML_PAGE_H
#define LH_REPORT_HTML_PAGE_H

#include "report/group.h"

enum { LH_HTML_SERIES = 64 };        /* rows that the legend can hide; further ones are always shown */

extern const char lh_html_css[];     /* core/report/page.css */

/* A heading within a part that goes through all groups: "Results 2: kv_sum on …". */
void lh_html_group_name(const struct lh_group *group, int number, struct lh_buf *out);
/* What came out, in a few sentences. */
void lh_html_verdict(const struct lh_report *report, const struct lh_report_style *style, struct lh_buf *out);
/* The policies, each with a box that shows or hides it in the pictures of its group. */
void lh_html_legend(const struct lh_group *group, struct lh_buf *out);
/* Task accuracy by turn with its bands. */
void lh_html_curves(const struct lh_group *group, const struct lh_report_style *style, struct lh_buf *out);
/* Horizon against input tokens; nothing for one policy alone. */
void lh_html_front(const struct lh_group *group, struct lh_buf *out);
/* Accuracy against the errors in view, and the parts of each loss; nothing without made histories. */
void lh_html_effects(const struct lh_group *group, const struct lh_report_style *style, struct lh_buf *out);
/* First errors by turn. */
void lh_html_hazard(const struct lh_group *group, struct lh_buf *out);
/* Two models or more carry a size. */
bool lh_html_has_sizes(const struct lh_report *report);
/* Horizon against model size. */
void lh_html_sizes(const struct lh_report *report, struct lh_buf *out);
/* There are outcomes to be drawn. */
bool lh_html_has_strips(const struct lh_report *report);
/* One picture a condition: a row a sample, a cell a turn. budget: bytes that all pictures may take. several: the groups are
 * named. */
void lh_html_strips(const struct lh_report *report, bool several, size_t budget, struct lh_buf *out);
/* Conversations up to a first error. several: their tasks and models are named. */
void lh_html_failures(const struct lh_report *report, bool several, struct lh_buf *out);
/* Where the figures come from. */
void lh_html_provenance(const struct lh_report *report, bool timing, struct lh_buf *out);

#endif
