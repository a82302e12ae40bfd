/* report/effects_text.h - what made histories say, in words and sentences.
 *
 * UTF-8, names as they came from outside: whoever prints a sentence escapes the whole of it for its medium.
 * Differences of shares are in percentage points. */
#ifndef LH_REPORT_EFFECTS_TEXT_H
#define LH_REPORT_EFFECTS_TEXT_H

#include "report/report.h"

/* "self_conditioning": of the JSON. */
const char *lh_effects_kind_name(enum lh_effects_kind kind);
/* "self-conditioning(0.5, last)": a row of the table. */
void lh_effects_loss_name(const struct lh_report_effects *e, const struct lh_effects_loss *l, struct lh_buf *out);
/* A policy as typed, at most 240 bytes of it. */
void lh_effects_policy_name(const struct lh_report_condition *c, struct lh_buf *out);
/* "4.5" "[1.2, 7.9]"; a dash where there is no value. */
struct lh_figure lh_effects_points(double value, struct lh_interval ci, const struct lh_report_style *style);
/* 0 lies within it. */
bool lh_effects_shows_nothing(struct lh_interval ci);

/* The sentence of measure/README.md, or the plain line that stands in its place. */
void lh_effects_put_sentence(const struct lh_report *report, const struct lh_report_effects *e, struct lh_buf *out);
bool lh_effects_has_sentence(const struct lh_report_effects *e);
/* What the sentence rests on: exposure, samples beyond the curve, the other reading. Empty: no sentence. */
void lh_effects_put_ground(const struct lh_report_effects *e, struct lh_buf *out);
void lh_effects_put_slope(const struct lh_report_effects *e, struct lh_buf *out);
/* Nothing where there was no filler. */
void lh_effects_put_filler(const struct lh_report_effects *e, struct lh_buf *out);

#endif
