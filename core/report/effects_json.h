/* report/effects_json.h - the "effects" of longhaul.report/1. */
#ifndef LH_REPORT_EFFECTS_JSON_H
#define LH_REPORT_EFFECTS_JSON_H

#include "json/writer.h"
#include "report/report.h"

/* The member and its array. */
void lh_effects_json(struct lh_jw *w, const struct lh_report *report);

#endif
