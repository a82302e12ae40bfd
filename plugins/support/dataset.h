/* support/dataset.h - the published data sets of "The Illusion of Diminishing Returns"
 * (arXiv 2509.09677; github.com/long-horizon-execution/measuring-execution), read as they are:
 *
 *   {"dict_sum": {"dictionary": {"drive": -45, …},
 *                 "ground_truth_data": [{"input": ["drive", …], "values": [-45, …], "output": [-45, …]}, …], …}}
 *
 * or the inner object by itself. Keys may come in any order. `values` and `output` (running totals)
 * are checked against the dictionary and not kept. Beyond the published format a rollout may have a "dictionary" of its
 * own, before its input; then that holds for it, and where all have one the shared one may be absent. */
#ifndef LH_SUPPORT_DATASET_H
#define LH_SUPPORT_DATASET_H

#include "support/dictionary.h"

struct fam_rollout {
	uint64_t steps;
	uint32_t *key;                /* index into the dictionary, one a step */
	struct fam_dictionary own;    /* empty: the shared one holds */
};

struct fam_dataset {
	struct fam_dictionary dictionary;
	char **text;                  /* owns the keys of all dictionaries */
	uint32_t texts;
	struct fam_rollout *rollout;
	uint64_t rollouts;
};

int32_t fam_dataset_load(const struct lh_host *host, const char *name, const char *path, struct fam_dataset **out);
void fam_dataset_free(struct fam_dataset *set);
/* That holds for a rollout. */
const struct fam_dictionary *fam_dataset_dictionary(const struct fam_dataset *set, uint64_t rollout);

#endif
