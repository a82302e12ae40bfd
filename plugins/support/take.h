/* support/take.h - states of several parts, taken apart from the front.
 *
 * Each function takes what it names off the front of *t; where that does not stand there, it gives false or 0 and
 * leaves *t as it is. */
#ifndef LH_SUPPORT_TAKE_H
#define LH_SUPPORT_TAKE_H

#include "support/family.h"

#define FAM_DIGITS "0123456789"
#define FAM_WHITE " \t\r\n"

/* Characters of `set`, as many as there are, at most `most`; gives how many. */
size_t fam_take_of(struct lh_text *t, const char *set, size_t most);
/* This text, whose letters are small and may be capitals in *t. */
bool fam_take_text(struct lh_text *t, const char *text);
/* A word of ASCII letters, in small letters into `out`; a longer one than fits is none. */
bool fam_take_word(struct lh_text *t, char *out, size_t size);
/* Digits, at most 18: no sign, no commas. */
bool fam_take_count(struct lh_text *t, int64_t *out);

#endif
