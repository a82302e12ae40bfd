/* run/baseline.h - an earlier run that gates compare with, as a small file of text that can be kept with the source.
 *
 * "longhaul.baseline/1", JSON: of each condition what names it, and of each sample one line: its outcomes as run lengths, a
 * letter each (LH_BASELINE_LETTERS, in the order of transcript/outcome.h; "-": not observed), its input tokens, and its turns. */
#ifndef LH_RUN_BASELINE_H
#define LH_RUN_BASELINE_H

#include "run/results.h"

#define LH_BASELINE_SCHEMA "longhaul.baseline/1"
#define LH_BASELINE_LETTERS "CFRSMNTUOPX"

/* LH_E_USAGE: the run is not done, or is some shards of one only. */
int lh_baseline_write(const struct lh_results *r, struct lh_buf *out, struct lh_error *err) LH_CHECKED;
/* From such a file, or from the newest run of a run file. LH_E_DATA: it is neither. */
int lh_baseline_load(const char *path, struct lh_results **out, struct lh_error *err) LH_CHECKED;

#endif
