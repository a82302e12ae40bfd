/* report/caption.h - the words around a table: what its figures mean, and what to beware of. */
#ifndef LH_REPORT_CAPTION_H
#define LH_REPORT_CAPTION_H

#include "report/cells.h"
#include "report/group.h"

/* What the tables showed, so that only that is explained. */
struct lh_seen {
	bool horizon, open, oracle, none, interval;
	bool last10, strict, steps, constant, open_constant, counts;
	bool outcome[LH_OUTCOME_COUNT];
	bool unshown, usd;
	int constant_window;
};

/* Sentences about single rows of one table: few samples, censoring, a failing policy, unshown turns. */
void lh_caption_caveats(const struct lh_group *group, const struct lh_cells *cells, const struct lh_report_style *style, struct lh_buf *out);
/* What the shortened names of a table stand for. */
void lh_caption_shortened(const struct lh_cells *cells, const struct lh_report_style *style, struct lh_buf *out);
/* The meaning of every heading and sign that was printed. */
void lh_caption_terms(const struct lh_report *report, const struct lh_seen *seen, const struct lh_report_style *style, struct lh_buf *out);
/* The report's own notes, and how the run ended if it is not done. */
void lh_caption_notes(const struct lh_report *report, const struct lh_report_style *style, struct lh_buf *out);

#endif
