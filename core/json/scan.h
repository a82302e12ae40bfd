/* json/scan.h - the grammar of RFC 8259, checked before anything is made of the text (private to the room).
 *
 * Nothing lax is taken: not "01", "+1", "1.", control characters within strings, text after the value,
 * \u0000, or 1e999, which would be infinity. Every text is checked here first, without recursion and without
 * memory; the tree that is then built (json/tree.h) checks nothing. */
#ifndef LH_JSON_SCAN_H
#define LH_JSON_SCAN_H

#include "json/reader.h"

#define LH_SCAN_NUMBER_MAX 63           /* characters of a number */

struct lh_scan {
	struct lh_str text;
	const char *where;
	int first_line;
	size_t at;                          /* the next byte */
	int depth;
	bool object[LH_JSON_DEPTH + 1];     /* what stands open at each depth, from 1 */
	size_t values;                      /* seen: containers and what is in them */
	size_t keys, stop_at;               /* keys seen; the scan stops at this one, where not 0 */
	struct lh_error *err;
};

/* Checks the whole text and counts its values. Messages: "where:line: what is wrong". */
int lh_scan_check(struct lh_str text, const char *where, int first_line, size_t *values, struct lh_error *err) LH_CHECKED;

/* The line of the nth key (from 1, in order of the text) of a text that was found good. */
int lh_scan_line_of_key(struct lh_str text, int first_line, size_t nth);

#endif
