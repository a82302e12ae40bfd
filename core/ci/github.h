/* ci/github.h - what a step of a GitHub workflow says: its summary, its outputs, its annotations.
 *
 * Facts: a line of a step's output that begins with "::" is a command, and so is one that has "##[" anywhere; a summary of
 * more than 1 MiB is lost as a whole; a step shows ten annotations of a kind. */
#ifndef LH_CI_GITHUB_H
#define LH_CI_GITHUB_H

#include "ci/ci.h"

/* "pass", "fail", "inconclusive", "infrastructure"; "none": the run is done, and there was no rule. */
const char *lh_ci_verdict(const struct lh_ci *ci);
/* Lines NAME=VALUE for $GITHUB_OUTPUT. run_file: NULL: there is none. */
void lh_ci_github_outputs(const struct lh_ci *ci, const char *run_file, struct lh_buf *out);
/* Commands for stdout, at most ten, what matters most first. file: the experiment file as the workflow knows it; NULL: none. */
void lh_ci_github_annotations(const struct lh_ci *ci, const char *file, struct lh_buf *out);
/* The one annotation of a run that was skipped. */
void lh_ci_github_skipped(struct lh_str reason, struct lh_buf *out);

#endif
