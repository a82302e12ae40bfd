/* base/text.h - borrowed strings and growing buffers.
 *
 * A lh_str borrows; a lh_buf owns. Every buffer has a mandatory maximum, so nothing whose size
 * comes from outside can take all memory. A failed append sticks: build a whole text, then ask
 * lh_buf_ok() once. The bytes of a buffer are always followed by a NUL that is not counted. */
#ifndef LH_BASE_TEXT_H
#define LH_BASE_TEXT_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

struct lh_str { const char *p; size_t n; };

#define LH_STR(literal) ((struct lh_str){ (literal), sizeof(literal) - 1 })
#define LH_ARG(s) (int)(s).n, (s).p        /* for "%.*s" */

struct lh_str lh_str_of(const char *text);             /* NULL gives an empty string */
bool lh_str_equal(struct lh_str a, struct lh_str b);
bool lh_str_is(struct lh_str a, const char *text);
struct lh_str lh_str_trim(struct lh_str s);            /* ASCII white space off both ends */
/* Whole string as a decimal integer or a finite number; false where it is not. */
bool lh_str_to_int(struct lh_str s, int64_t *out);
bool lh_str_to_double(struct lh_str s, double *out);
char *lh_str_dup(struct lh_str s);                     /* heap, NUL-terminated; NULL: no memory */

struct lh_buf {
	char *p;
	size_t n, cap, max;
	int failed;            /* 0, LH_E_NOMEM or LH_E_LIMIT */
	struct lh_arena *arena;        /* where its bytes lie (base/arena.h); NULL: the heap */
};

struct lh_arena;

/* max: the most bytes it may ever hold. No allocation until the first append. */
void lh_buf_init(struct lh_buf *b, size_t max);
void lh_buf_fini(struct lh_buf *b);
void lh_buf_clear(struct lh_buf *b);                   /* keeps the memory, forgets the failure */
void lh_buf_put(struct lh_buf *b, const void *bytes, size_t n);
void lh_buf_puts(struct lh_buf *b, const char *text);
void lh_buf_put_str(struct lh_buf *b, struct lh_str s);
void lh_buf_putc(struct lh_buf *b, char c);
void lh_buf_put_int(struct lh_buf *b, int64_t v);
void lh_buf_put_double(struct lh_buf *b, double v);    /* finite: the shortest text that reads back as v */
void lh_buf_printf(struct lh_buf *b, const char *fmt, ...) LH_PRINTF(2, 3);
/* Room for n more bytes, to be written at the returned place and then counted by `b->n +=`;
 * NULL when they do not fit. */
char *lh_buf_reserve(struct lh_buf *b, size_t n);
struct lh_str lh_buf_str(const struct lh_buf *b);
int lh_buf_ok(const struct lh_buf *b, struct lh_error *err) LH_CHECKED;

/* Reads a whole file into b (which bounds its size). Directories and devices are refused. */
int lh_file_read(const char *path, struct lh_buf *b, struct lh_error *err) LH_CHECKED;

/* Does the file begin with these bytes? False where it cannot be read. */
bool lh_file_begins(const char *path, struct lh_str head);

/* Room for `need` elements of `size` bytes in the array that *array points to; it doubles. */
int lh_array_more(void *array, size_t *cap, size_t need, size_t size, struct lh_error *err) LH_CHECKED;

/* A word for a shell: in quotes where it needs them. */
void lh_put_shell_word(struct lh_buf *b, struct lh_str word);

/* The candidate nearest to `name` by edit distance, or NULL where none is near enough to be meant.
 * candidates: NULL-terminated. */
const char *lh_nearest(struct lh_str name, const char *const *candidates);

#endif
