/* ci/parts.h - what the writers of this room share: names, figures, what became of a rule. */
#ifndef LH_CI_PARTS_H
#define LH_CI_PARTS_H

#include "ci/ci.h"
#include "report/number.h"

#define LH_CI_FIGURES 32

/* UTF-8, as the table has it. */
extern const struct lh_report_style lh_ci_style;

/* One figure of a condition, with its interval or its ≥. */
struct lh_ci_figure {
	char name[32];                   /* "horizon(0.5)" */
	const char *unit;                /* "turns"; "" */
	struct lh_figure figure;
};

/* The main columns of the table, cost last; their number. Conditions of a report with the same horizons have the same names, in
 * the same order. */
int lh_ci_figures(const struct lh_report_condition *c, struct lh_ci_figure out[LH_CI_FIGURES]);

static inline struct lh_str lh_ci_label(struct lh_str label, struct lh_str name) { return label.n ? label : name; }

/* "window:n=5, kv_sum, sim": all that tells conditions apart, hostile as it came. Two conditions of a report never have
 * the same: systems that keep test cases by name keep the first only. */
void lh_ci_condition_name(const struct lh_report *report, int condition, struct lh_buf *out);
/* "RULE: condition", and never twice the same either. */
void lh_ci_gate_name(const struct lh_report *report, int gate, struct lh_buf *out);

/* What a rule comes to, --inconclusive applied. */
enum lh_ci_end { LH_CI_PASSED, LH_CI_FAILED, LH_CI_UNDECIDED, LH_CI_INFRASTRUCTURE, LH_CI_ENDS };
enum lh_ci_end lh_ci_gate_end(const struct lh_ci *ci, const struct lh_report_gate *g);
bool lh_ci_done(const struct lh_report *report);

/* Something was observed under it. */
bool lh_ci_observed(const struct lh_report_condition *c);
/* "3 of 100 samples were cut off by something that is not the model's doing" and the like; nothing where nothing is amiss. */
void lh_ci_censored_sentence(const struct lh_report_condition *c, struct lh_buf *out);
/* Causes, a line each: how often, what, and the command that shows it. */
void lh_ci_causes(const struct lh_report_condition *c, struct lh_buf *out);
/* The first turns that went wrong under a condition, as far as the report has them (report/failures.h): what was asked, shown,
 * true, answered and said, a bounded part of each. Lines, hostile but for control characters. */
void lh_ci_first_errors(const struct lh_report *report, int condition, struct lh_buf *out);

#endif
