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

/* What the dictionaries of all samples are drawn from. */
struct fam_source {
	uint32_t keys;                /* entries of a dictionary */
	struct fam_values range;
	struct fam_list words;
};

/* `path` is the word list's, of the parameter `words`; empty: the built-in words. The range is checked,
 * and messages name the parameters `keys`, `min`, `max`, `never_zero`. */
int32_t fam_source_open(const struct lh_host *host, int64_t keys, struct fam_values range, const char *path, struct fam_source *out);
void fam_source_fini(struct fam_source *source);

/* Keys drawn without replacement, with values drawn uniformly. */
int32_t fam_dictionary_make(const struct lh_host *host, const struct fam_source *source, uint64_t seed, struct fam_dictionary *out);
/* The same keys with all values 0, and the stream to draw other values from: for values that are no plain integers. */
int32_t fam_dictionary_keys(const struct lh_host *host, const struct fam_source *source, uint64_t seed, struct lh_draw **draw,
	struct fam_dictionary *out);
void fam_dictionary_fini(struct fam_dictionary *d);

/* The key of a step: uniform, with replacement, from (seed, step) alone. */
uint32_t fam_dictionary_step(const struct lh_host *host, const struct fam_dictionary *d, uint64_t seed, uint64_t step);
/* The key that stands before or behind `key`: what an eye that slips a line finds. Never `key` itself. */
uint32_t fam_dictionary_neighbour(const struct lh_host *host, const struct fam_dictionary *d, struct lh_draw *draw, uint32_t key);

/* {"drive": -45, "alone": 46} */
void fam_dictionary_put(const struct lh_host *host, struct lh_sink *out, const struct fam_dictionary *d);
/* The same with values that the family writes itself. */
typedef void fam_put_value(const struct lh_host *host, struct lh_sink *out, int64_t value);
void fam_dictionary_put_as(const struct lh_host *host, struct lh_sink *out, const struct fam_dictionary *d, fam_put_value *put_value);
/* One entry as it is read, or misread: drive is -45. */
void fam_dictionary_put_read(const struct lh_host *host, struct lh_sink *out, const struct fam_dictionary *d, uint32_t key, int64_t value,
	fam_put_value *put_value);
/* The keys of some steps: drive, alone, drive */
void fam_dictionary_ask(const struct lh_host *host, struct lh_sink *out, const struct fam_dictionary *d, uint64_t seed,
	uint64_t first_step, uint32_t count);

/* The worked example of a family whose steps are keys: a dictionary of four entries with these values, and three messages, of one key, of two
 * and of three. `step` carries the family's state on by a key's value; `put_state` writes it as an answer has it. */
struct fam_keyed_example {
	int64_t value[4];
	fam_put_value *put_value;
	void (*step)(void *state, int64_t value);
	void (*put_state)(const struct lh_host *host, struct lh_sink *out, const void *state);
	/* Writes the call of a tool that gives a key's value, and its result; then the dictionary is not shown. May be NULL. */
	void (*put_call)(const struct lh_host *host, struct lh_sink *out, const char *key, int64_t value);
};
void fam_dictionary_example(const struct lh_host *host, struct lh_sink *out, const struct fam_keyed_example *e, void *state);
/* For states that are integers: writes one. */
void fam_dictionary_put_total(const struct lh_host *host, struct lh_sink *out, const void *total);

#endif
