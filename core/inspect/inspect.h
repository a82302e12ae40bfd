/* inspect/inspect.h - logs of Inspect AI (`.eval`, version 2): a run as such logs, and such a log as a run.
 *
 * A log is a zip archive of JSON: _journal/start.json, samples/ID_epoch_N.json, summaries.json, header.json. The format is that
 * of inspect_ai's log/_recorders/eval.py and log/_log.py; what a field must be is told by its _view/inspect-openapi.json. */
#ifndef LH_INSPECT_INSPECT_H
#define LH_INSPECT_INSPECT_H

#include "base/text.h"

/* ---- export ---- */

struct lh_inspect_export {
	int64_t run;                             /* -1: the newest */
	int64_t condition;                       /* its number; -1: every one */
	bool folder;                             /* `out` is one, made where it is not there: a log for each condition, named as Inspect names them */
	int64_t logs, samples;                   /* filled: how many were written */
	int64_t left_out;                        /* filled: episodes whose made history cannot be made again here */
};
/* A sample of Inspect is an episode, a log is a condition: task × policy (Inspect's solver) × model. An episode is in memory, and
 * of each sample its summary. Without `folder` there must be one condition; LH_E_USAGE names them. */
int lh_inspect_export(struct lh_inspect_export *x, const char *path, const char *out, struct lh_error *err) LH_CHECKED;

/* ---- import ---- */

struct lh_inspect_import {
	const char *dataset, *replies;           /* files that are written: for kv_sum:dataset=…, and for replay:… */
	/* A sample that is left out, and why: a line. */
	void (*left)(void *user, struct lh_str line);
	void *user;
	/* Filled. */
	int64_t samples, left_out;
	uint32_t turns, steps_per_turn;
	uint64_t seed;                           /* of a log that longhaul wrote, else 1 */
	char *policy;                            /* likewise, as it was typed, to be freed; else NULL */
	bool tools, stop_at_error;               /* values were looked up with a tool; the run ended samples at their first error */
	char model[256];
};
#define LH_INSPECT_MEMBER_MAX (256u << 20)       /* bytes of a member that is read */
#define LH_INSPECT_SAMPLES_MAX 1000000

/* Reads kv_sum conversations out of a log, whoever wrote it, as far as their messages allow. LH_E_DATA: it is no log of
 * Inspect, or not one sample of it could be read; then no file is left. */
int lh_inspect_import(struct lh_inspect_import *x, const char *path, struct lh_error *err) LH_CHECKED;

#endif
