/* support/dictionary.h - keys with integer values, and the plan that names one key a step.
 *
 * For the same parameters, sample and seed, every family that uses this has the same dictionary and
 * the same plan, so a family and its controls (retrieval alone, addition alone) compare in pairs. */
#ifndef LH_SUPPORT_DICTIONARY_H
#define LH_SUPPORT_DICTIONARY_H

#include "support/words.h"

struct fam_dictionary {
	uint32_t count;
	const char **key;             /* the keys' text belongs to whoever owns the word list */
	int64_t *value;
};

struct fam_values { int64_t min, max; bool never_zero; };

/* `count` keys of the list, drawn without replacement, with values drawn uniformly. */
int32_t fam_dictionary_make(const struct lh_host *host, const struct fam_list *words, uint32_t count,
	struct fam_values range, uint64_t seed, struct fam_dictionary *out);
void fam_dictionary_fini(struct fam_dictionary *d);

/* The key of a step: uniform, with replacement, from (seed, step) alone. */
uint32_t fam_dictionary_step(const struct lh_host *host, const struct fam_dictionary *d, uint64_t seed, uint64_t step);

/* {"drive": -45, "alone": 46} */
void fam_dictionary_put(const struct lh_host *host, struct lh_sink *out, const struct fam_dictionary *d);

#endif
