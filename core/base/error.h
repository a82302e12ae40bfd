/* base/error.h - one error record for the whole program.
 *
 * A fallible function returns 0 or a negative code and takes `struct lh_error *err`, which the
 * caller owns. The first message wins: whoever notices the fault words it, callers only put
 * context in front. A message says what is wrong, where, and what to do about it. */
#ifndef LH_BASE_ERROR_H
#define LH_BASE_ERROR_H

#include <stdarg.h>
#include <stdbool.h>

#define LH_ERRORS(X) \
	X(NOMEM,     "out of memory") \
	X(LIMIT,     "a limit was reached") \
	X(USAGE,     "usage") \
	X(IO,        "input or output") \
	X(DATA,      "bad data") \
	X(PLUGIN,    "plugin") \
	X(POLICY,    "policy") \
	X(MISSING,   "missing") \
	X(DIFFERS,   "differs from what was recorded") \
	X(DAMAGED,   "damaged file") \
	X(OVERFLOW,  "context overflow") \
	X(FAILED,    "operational failure") \
	X(INTERNAL,  "internal error") \
	X(SKIPPED,   "skipped") \
	X(WRITE,     "a run file that cannot be written further")

enum lh_error_index {
#define X(name, text) LH_ERRI_##name,
	LH_ERRORS(X)
#undef X
	LH_ERRI_COUNT
};

enum lh_error_code {
	LH_OK = 0,
#define X(name, text) LH_E_##name = -1 - LH_ERRI_##name,
	LH_ERRORS(X)
#undef X
};

struct lh_error {
	int code;          /* 0: none yet */
	char text[1536];
};

#define LH_CHECKED __attribute__((warn_unused_result))
#define LH_PRINTF(f, a) __attribute__((format(printf, f, a)))

/* Records code and message unless err already holds one; returns the code that err now holds.
 * err may be NULL: then only the code is returned. */
int lh_fail(struct lh_error *err, int code, const char *fmt, ...) LH_PRINTF(3, 4);
int lh_vfail(struct lh_error *err, int code, const char *fmt, va_list args);

/* Puts "context: " in front of the message that err holds. */
void lh_prefix(struct lh_error *err, const char *fmt, ...) LH_PRINTF(2, 3);

int lh_nomem(struct lh_error *err);

/* A short phrase for a code, e.g. "plugin". */
const char *lh_error_phrase(int code);

#endif
