/* policy/pattern.h - Lua 5.4's patterns with bounded work.
 *
 * Matches what stock Lua matches (reference manual 6.4.1), but every step is counted, so that a
 * hostile pattern ends with a fault and not after the end of the universe. Plain C: no allocation,
 * no lua.h; characters are classed as ASCII whatever the locale. */
#ifndef LH_POLICY_PATTERN_H
#define LH_POLICY_PATTERN_H

#include "base/text.h"

#define LH_PATTERN_CAPTURES 32
#define LH_PATTERN_DEPTH 200              /* nested tries, as in stock Lua */

struct lh_pattern_capture {
	size_t at;
	size_t n;
	enum { LH_CAPTURE_TEXT, LH_CAPTURE_PLACE, LH_CAPTURE_OPEN } kind;   /* `()` captures a place */
};

struct lh_pattern_match {
	size_t from, to;                  /* subject[from, to) */
	int captures;                     /* that the pattern has */
	struct lh_pattern_capture capture[LH_PATTERN_CAPTURES];
};

struct lh_pattern {
	struct lh_str text;               /* without the anchor */
	bool anchored;
	int64_t steps;                    /* left; the caller sets it */
	bool spent;                       /* the fault is that no steps are left */
	const char *fault;                /* what is wrong with the pattern, in Lua's words; or NULL */
	int fault_index;                  /* for a fault with %d: the capture's number */
};

/* anchors: whether a leading ^ ties the match to its start (gmatch takes it as it stands). */
struct lh_pattern lh_pattern_of(struct lh_str text, bool anchors);

/* Whether the pattern matches at `at` (<= subject.n): 1, 0, or LH_E_LIMIT when the steps are
 * spent, LH_E_DATA for a bad pattern (`fault`). */
int lh_pattern_match(struct lh_pattern *p, struct lh_str subject, size_t at, struct lh_pattern_match *m);

/* The first match that begins at `from` or later. */
int lh_pattern_find(struct lh_pattern *p, struct lh_str subject, size_t from, struct lh_pattern_match *m);

/* Whether the text has none of the characters that make a pattern more than a plain text. */
bool lh_pattern_is_plain(struct lh_str text);

#endif
