/* support/words.h - words that serve as keys. */
#ifndef LH_SUPPORT_WORDS_H
#define LH_SUPPORT_WORDS_H

#include "support/family.h"

/* Common English words of five letters, all different. */
extern const char *const fam_words[];
extern const uint32_t fam_word_count;

#define FAM_WORD_MAX 64           /* bytes of a key */

struct fam_list {
	char *bytes;                  /* the words, each NUL-terminated */
	const char **word;
	uint32_t count;
};

/* Whether t can be a key in a prompt: text of at most FAM_WORD_MAX bytes without white space at its
 * ends, and without the characters that the prompt itself uses: , " \ < >. NULL, or what is wrong. */
const char *fam_key_fault(struct lh_text t);

/* At least `count` words: the built-in ones, then pronounceable ones made up in a fixed order. */
int32_t fam_list_builtin(const struct lh_host *host, uint32_t count, struct fam_list *out);
/* The words of a file, one a line; empty lines and a byte order mark are skipped. `name` is the
 * parameter's, for messages. */
int32_t fam_list_file(const struct lh_host *host, const char *name, const char *path, uint32_t count, struct fam_list *out);
void fam_list_fini(struct fam_list *list);

#endif
