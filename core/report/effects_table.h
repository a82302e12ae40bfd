/* report/effects_table.h - what made histories say, on a terminal: for each entry of the report's effects a table of
 * histories, one of losses, and what follows from them in sentences. */
#ifndef LH_REPORT_EFFECTS_TABLE_H
#define LH_REPORT_EFFECTS_TABLE_H

#include "report/group.h"

/* What was shown, so that only that is explained. */
struct lh_effects_seen {
	bool any, exposure, strict, none, slope, sentence;
	bool mode[LH_HISTORY_MODES], last;
	bool kind[LH_EFFECTS_SELF_CONDITIONING + 1];
};

/* Of the group's task and model; nothing where no history was made. */
void lh_effects_table(const struct lh_group *group, struct lh_effects_seen *seen, const struct lh_report_style *style, struct lh_buf *out);
/* effects_terms.c: the meaning of every word that was shown. */
void lh_effects_terms(const struct lh_effects_seen *seen, const struct lh_report_style *style, struct lh_buf *out);

#endif
