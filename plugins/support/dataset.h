/* support/dataset.h - the published data sets of "The Illusion of Diminishing Returns"
 * (arXiv 2509.09677; github.com/long-horizon-execution/measuring-execution), read as they are:
 *
 *   {"dict_sum": {"dictionary": {"drive": -45, …},
 *                 "ground_truth_data": [{"input": ["drive", …], "values": [-45, …], "output": [-45, …]}, …], …}}
 *
 * or the inner object by itself. Keys may come in any order. `values` and `output` (running totals)
 * are checked against the dictionary and not kept. */
#ifndef LH_SUPPORT_DATASET_H
#define LH_SUPPORT_DATASET_H

#include "support/dictionary.h"

struct fam_rollout {
	uint64_t steps;
	uint32_t *key;                /* index into the dictionary, one a step */
};

struct fam_dataset {
	struct fam_dictionary dictionary;
	char **text;                  /* owns the keys */
	struct fam_rollout *rollout;
	uint64_t rollouts;
};

int32_t fam_dataset_load(const struct lh_host *host, const char *name, const char *path, struct fam_dataset **out);
void fam_dataset_free(struct fam_dataset *set);

#endif
