/* again/undecided.h - a run that ended when its rules were decided (--sequential), and whose outcomes are others now. */
#ifndef LH_AGAIN_UNDECIDED_H
#define LH_AGAIN_UNDECIDED_H

#include "base/error.h"

#include <stdint.h>

/* Where they do not decide its rules, the run is stopped rather than done, so that run --resume goes on with it. *stopped: so
 * it is. Runs of other kinds are left alone. */
int lh_undecided_stop(const char *path, int64_t run, bool *stopped, struct lh_error *err) LH_CHECKED;

#endif
