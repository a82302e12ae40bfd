/* report/single_turn_report.h - a search for the most steps in one turn: what was tried, and what it comes to. */
#ifndef LH_REPORT_SINGLE_TURN_REPORT_H
#define LH_REPORT_SINGLE_TURN_REPORT_H

#include "report/report.h"
#include "run/single_turn.h"

/* For each task, model and policy a table of its tries, and the answer in a sentence; nothing where there was no search. */
void lh_single_turn_lines(const struct lh_report *report, const struct lh_report_style *style, struct lh_buf *out);
void lh_single_turn_sentence(const struct lh_searches *s, const struct lh_single_turn *t, struct lh_buf *out);

struct lh_jw;
/* "single_turn": [ … ], where there was a search. */
void lh_single_turn_json(struct lh_jw *w, const struct lh_report *report);

#endif
