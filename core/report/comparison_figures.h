/* report/comparison_figures.h - differences, p-values and ratios as a reader should see them. */
#ifndef LH_REPORT_COMPARISON_FIGURES_H
#define LH_REPORT_COMPARISON_FIGURES_H

#include "report/number.h"

#define LH_DIFFERS 0.05              /* an adjusted p of at most this: "differs"; else "not shown to differ" */

/* "0.041", "< 0.001"; to four places where three would hide on which side of 0.05 it lies. */
struct lh_figure lh_figure_p(double p, const struct lh_report_style *style);
/* "26.0" "[22.9, 29.1]", turns of a sample. */
struct lh_figure lh_figure_turns_each(double v, struct lh_interval ci, const struct lh_report_style *style);
/* "+1.3" "[-0.8, 3.5]", in turns. */
struct lh_figure lh_figure_turns(double v, struct lh_interval ci, const struct lh_report_style *style);
/* "-5.1" "[-6.6, -4.1]", in percentage points. */
struct lh_figure lh_figure_points(double v, struct lh_interval ci, const struct lh_report_style *style);
/* "72 %" "[58, 85]": may lie below 0 and above 100. */
struct lh_figure lh_figure_closed(double v, struct lh_interval ci, const struct lh_report_style *style);
/* "0.55" */
struct lh_figure lh_figure_ratio(double v, const struct lh_report_style *style);

#endif
