/* support/dataset_reader.h - a data set while it is read: dataset.c follows the JSON, dataset_book.c keeps
 * and checks what it says. */
#ifndef LH_SUPPORT_DATASET_READER_H
#define LH_SUPPORT_DATASET_READER_H

#include "support/dataset.h"

#include <yajl/yajl_parse.h>

enum place { DOCUMENT, OBJECT, DICTIONARY, ROLLOUTS, ROLLOUT, OWN_DICTIONARY, COLUMN, SKIPPED };
enum column { INPUT, VALUES, OUTPUT, COLUMNS };
enum key { NO_KEY, KEY_DICT_SUM, KEY_DICTIONARY, KEY_DATA, KEY_INPUT, KEY_VALUES, KEY_OUTPUT, KEY_WORD, KEY_OTHER };

extern const char *const fam_column_name[COLUMNS];

struct word {
	char *text;
	uint32_t size;
	bool defined, needed;            /* by the shared dictionary; by a rollout that uses it */
	int64_t value;
	uint64_t rollout, step;          /* where it was first needed */
	uint64_t own;                    /* the latest rollout whose own dictionary has it, from 1 */
	int64_t own_value;               /* there; at the end its place in that dictionary */
	uint32_t place;                  /* at the end: in the shared dictionary */
};

struct numbers { int64_t *v; uint64_t n, cap; };

struct claims {                          /* what a rollout says, until it is checked */
	uint32_t *key;
	uint64_t keys, key_cap;
	struct numbers column[COLUMNS];  /* VALUES and OUTPUT */
	bool seen[COLUMNS], has_own;
	uint32_t *own;                   /* words of its own dictionary, with their values */
	struct numbers own_value;
	uint64_t own_cap;
};

struct fam_reader {
	const struct lh_host *host;
	const char *name, *path;
	struct lh_text text;
	yajl_handle yajl;
	bool ended, failed;              /* ended: all of the text has been taken */

	enum place place, resume;        /* resume: where to go on after what is skipped */
	enum key key;
	int depth, skip_depth;
	bool nested;                     /* inside "dict_sum" */
	bool has_dict_sum, has_dictionary, has_data, dictionary_done;
	enum column column;
	uint32_t word_at;                /* the dictionary entry whose value comes next */

	struct word *word;
	uint32_t words, word_cap;
	uint32_t *table, table_size;     /* hash table of word numbers + 1 */
	struct claims *rollout;
	uint64_t rollouts, rollout_cap;
};

/* Reports a fault, with the line where the parser is; the first is the one that counts. Returns 0, which
 * stops yajl. */
int fam_reader_stop(struct fam_reader *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
int fam_reader_no_memory(struct fam_reader *r);
/* Room for one more element; false: no memory. */
bool fam_reader_room(void **p, uint64_t n, uint64_t *cap, size_t size);

/* As yajl has it, 0 is failure in these. The number of a word, new or known: */
int fam_reader_word(struct fam_reader *r, const char *p, size_t n, uint32_t *out);
int fam_reader_begin_rollout(struct fam_reader *r);
int fam_reader_end_rollout(struct fam_reader *r);
/* An entry of the rollout's own dictionary: the word at r->word_at has this value. */
int fam_reader_own_value(struct fam_reader *r, int64_t value);

/* At the end of the file: what can only be known there; then the result leaves the reader. */
bool fam_reader_complete(struct fam_reader *r);
bool fam_reader_hand_over(struct fam_reader *r, struct fam_dataset *set);
void fam_reader_fini(struct fam_reader *r);

#endif
