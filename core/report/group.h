/* report/group.h - conditions that belong in one table: same task, model and steps per turn. */
#ifndef LH_REPORT_GROUP_H
#define LH_REPORT_GROUP_H

#include "report/report.h"

struct lh_group {
	const struct lh_report *report;
	const struct lh_report_condition *lead;      /* the first of all, which names them */
	/* Those with the model's own history: policies in the report's order, then oracles. What made histories say is in
	 * the report's effects. */
	const struct lh_report_condition **member;
	int count, oracles_from;
	int samples_least, samples_most, turns_least, turns_most;
};

bool lh_group_together(const struct lh_report_condition *a, const struct lh_report_condition *b);
/* With the model's own history: a row of a table. */
bool lh_group_own(const struct lh_report_condition *c);
/* Groups in the order of their first condition: start with *at = 0, until false. */
bool lh_group_next(const struct lh_report *report, int *at, struct lh_group *group, struct lh_buf *out);
void lh_group_fini(struct lh_group *group);

/* What was run, in two lines. */
void lh_group_heading(const struct lh_group *group, const struct lh_report_style *style, struct lh_buf *out);
/* The row's name as it came from outside, and what we add to it. */
void lh_group_name(const struct lh_group *group, int row, struct lh_buf *name);
const char *lh_group_suffix(const struct lh_group *group, int row);

/* Task accuracy by turn for one group; nothing where no member has it. */
void lh_report_curve_group(const struct lh_group *group, const struct lh_report_style *style, struct lh_buf *out);

#endif
