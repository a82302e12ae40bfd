/* report/number.h - a number as a reader should see it, together with how sure it is.
 *
 * A figure has two parts, the value and what follows it, so that a column can set the values
 * flush right and the brackets flush left. A share without its interval is not shown at all. */
#ifndef LH_REPORT_NUMBER_H
#define LH_REPORT_NUMBER_H

#include "report/report.h"

struct lh_figure { char value[48], tail[64]; };

/* "–": there is nothing to stand behind. */
struct lh_figure lh_figure_none(const struct lh_report_style *style);
bool lh_figure_is_none(const struct lh_figure *f);
/* "8.1 %" "[7.0, 9.3]", to as many decimals as the interval is worth. */
struct lh_figure lh_figure_share(double v, struct lh_interval ci, const struct lh_report_style *style);
/* "17" "[14, 21]"; "≥ 100" "[83, ≥ 100]"; "≥ 100" "" where its lower limit was not reached either. */
struct lh_figure lh_figure_horizon(const struct lh_horizon *h, const struct lh_report_style *style);
/* "85" "to 89": the steps in which a horizon of whole turns lies. */
struct lh_figure lh_figure_steps(const struct lh_horizon *h, int steps_per_turn, const struct lh_report_style *style);
struct lh_figure lh_figure_at_least(double v, bool open, int decimals, const struct lh_report_style *style);
struct lh_figure lh_figure_count(int64_t n);                 /* 12,345 */
struct lh_figure lh_figure_mean(double v, const struct lh_report_style *style);
struct lh_figure lh_figure_usd(int64_t microusd);

/* In how many turns an outcome was observed: its shares, counted back; -1 where shares are undefined
 * (a run that stopped at first errors). */
int64_t lh_report_outcome_turns(const struct lh_result *r, enum lh_outcome outcome);
int64_t lh_report_observed_turns(const struct lh_result *r);
/* Task accuracy and horizons exist: something was observed, and not with a made history. */
bool lh_report_has_horizon(const struct lh_report_condition *c);

#endif
