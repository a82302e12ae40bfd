/* report/comparison_json.h - comparisons as members of a JSON report. */
#ifndef LH_REPORT_COMPARISON_JSON_H
#define LH_REPORT_COMPARISON_JSON_H

#include "json/writer.h"
#include "report/report.h"

/* "comparisons": one object a policy and baseline. */
void lh_comparison_json(struct lh_jw *w, const struct lh_report *report);

/* What both are called in it, and the tests' p by Holm. */
struct lh_comparison_words { const char *first, *second; double length_adjusted, errors_adjusted; };
/* Members of an open object: paired, samples, error_free_turns, turn_error_rate, length_test, errors_test. */
void lh_comparison_json_effects(struct lh_jw *w, const struct lh_comparison *c, const struct lh_comparison_words *words);

#endif
