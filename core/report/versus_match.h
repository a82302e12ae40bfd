/* report/versus_match.h - which condition of one run is which of another. */
#ifndef LH_REPORT_VERSUS_MATCH_H
#define LH_REPORT_VERSUS_MATCH_H

#include "report/versus.h"

/* Fills match[], with its sides' conditions and what differs, and both lists of both runs. */
int lh_versus_match(struct lh_versus *v, const char *against, struct lh_error *err) LH_CHECKED;

/* Two tasks' parameters: other tasks, the same but for the content of a file, the same. */
enum lh_versus_params { LH_PARAMS_OTHER, LH_PARAMS_OTHER_DATA, LH_PARAMS_SAME };
enum lh_versus_params lh_versus_params(const char *a, const char *b);

#endif
