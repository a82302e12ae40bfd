/* again/unite.h - runs of the same experiment on different samples, put together in one run file.
 *
 * What comes out depends on what the files hold alone, not on their order or on what was put together before: episodes stand
 * in the order of sample, condition and probe; a sample that several files have must be the same in all of them. */
#ifndef LH_AGAIN_UNITE_H
#define LH_AGAIN_UNITE_H

#include "run/shards.h"

struct lh_united {
	struct lh_shards shards;                 /* that are in the file now */
	int64_t samples, samples_all;            /* theirs; of all shards */
	int64_t episodes;                        /* written */
	bool done;                               /* every file's run was */
	char cause[512];                         /* why not */
};

/* Takes the newest run of each of `n` files. `out` is written as a whole or not at all; where it exists, only with
 * `replace`, and only in the place of a run file; it may be one of those that are read.
 * LH_E_USAGE: the runs differ, and in what; the same sample with different content; `out` exists. LH_E_DAMAGED,
 * LH_E_DATA, LH_E_MISSING: of a file that is read. */
int lh_unite(const char *out, bool replace, char *const *path, int n, struct lh_united *what, struct lh_error *err) LH_CHECKED;

#endif
