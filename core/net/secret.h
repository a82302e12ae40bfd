/* net/secret.h - keys: where they come from, and where they must not get to.
 *
 * Keys lie in pages that a forked child sees as zeros (MADV_WIPEONFORK) and a core dump leaves out.
 * The only copies are made by net/ when a request's headers are put together. */
#ifndef LH_NET_SECRET_H
#define LH_NET_SECRET_H

#include "base/text.h"

struct lh_secrets;

int lh_secrets_new(struct lh_secrets **out, struct lh_error *err) LH_CHECKED;
void lh_secrets_free(struct lh_secrets *s);                      /* wipes */
/* From a variable of the environment, or a file (white space off both ends). *index names it. Refused
 * with a sentence that never holds the key: unset, empty, longer than 4096 bytes, control characters or
 * blanks in it, a file that cannot be read. LH_E_MISSING: the variable is not set. */
int lh_secrets_take_env(struct lh_secrets *s, const char *name, int *index, struct lh_error *err) LH_CHECKED;
int lh_secrets_take_file(struct lh_secrets *s, const char *path, int *index, struct lh_error *err) LH_CHECKED;
int lh_secrets_count(const struct lh_secrets *s);                /* keys taken; 0 for NULL */
struct lh_str lh_secrets_peek(const struct lh_secrets *s, int index);
/* Writes "[key]" over each occurrence of a known key in a text, or in JSON: for what a server or an agent says.
 * One shorter than 8 bytes is left alone: it would take words out of answers. */
void lh_secrets_redact(const struct lh_secrets *s, struct lh_buf *text);
/* Writes '*' over each byte of a known key where it lies, in bytes that may be written to: before anything is cut out. */
void lh_secrets_mask(const struct lh_secrets *s, struct lh_str bytes);

/* Would a variable of this name be a key? (…_KEY, …_TOKEN, …_SECRET, …_PASSWORD, …_CREDENTIALS …) */
bool lh_secret_name(const char *name);
/* Overwrites the values of all such variables, and of those in `also` (NULL-terminated, may be NULL), where
 * they lie in this process's environment, and unsets them. `keep`: NULL-terminated names left alone. */
void lh_secret_scrub(const char *const *also, const char *const *keep);

#endif
