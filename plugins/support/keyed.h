/* support/keyed.h - what a sample is in families that have a dictionary of integers, a plan over it, and
 * nothing else. Here are their `struct lh_task_data` and `struct lh_task`; a family with more than this
 * has its own. Functions without a host fit the interface as they are. */
#ifndef LH_SUPPORT_KEYED_H
#define LH_SUPPORT_KEYED_H

#include "support/dictionary.h"

struct lh_task_data {
	struct fam_source source;
};

struct lh_task {
	uint64_t seed;
	struct fam_dictionary dictionary;
};

/* As fam_source_open; NULL: failed. */
struct lh_task_data *fam_keyed_load(const struct lh_host *host, int64_t keys, struct fam_values range, const char *words);
void fam_keyed_unload(struct lh_task_data *data);
struct lh_task *fam_keyed_open(const struct lh_host *host, const struct lh_task_data *data, uint64_t seed);
void fam_keyed_close(struct lh_task *task);

/* The entry that a step names, and its value. */
uint32_t fam_keyed_key(const struct lh_host *host, const struct lh_task *t, uint64_t step);
int64_t fam_keyed_value(const struct lh_host *host, const struct lh_task *t, uint64_t step);

#endif
