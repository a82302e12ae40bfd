/* base/utf8.h - UTF-8 checked, and text from outside made safe to show. */
#ifndef LH_BASE_UTF8_H
#define LH_BASE_UTF8_H

#include "base/text.h"

/* Offset of the first byte that is not well-formed UTF-8 (RFC 3629), or s.n where all is. */
size_t lh_utf8_bad_at(struct lh_str s);
/* Decodes one character at s.p (s.n > 0): its code point, *n the bytes taken; an ill-formed byte
 * gives U+FFFD and *n = 1. */
uint32_t lh_utf8_decode(struct lh_str s, size_t *n);
/* Columns a terminal gives to s, counting one for each character but combining marks. */
int lh_utf8_columns(struct lh_str s);

/* s for a terminal: control characters, escape sequences, bidirectional controls and ill-formed
 * bytes become visible (\x1b, \u202e); newlines and tabs stay only where `lines`. */
void lh_put_shown(struct lh_buf *b, struct lh_str s, bool lines);

#endif
