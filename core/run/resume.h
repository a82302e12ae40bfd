/* run/resume.h - may this experiment go into this run file, and does it go on with a run that is there? */
#ifndef LH_RUN_RESUME_H
#define LH_RUN_RESUME_H

#include "run/outline.h"

/* With --resume: *run is the run to go on with, of the same experiment; LH_E_USAGE where there is none, naming
 * the first field that differs. Without: refuses a file whose newest run of this experiment is unfinished, unless
 * --new was given. A file that is not there is neither. */
int lh_resume_check(const char *path, const struct lh_outline *o, const struct lh_experiment *e, int64_t *run, struct lh_error *err) LH_CHECKED;

#endif
