/* model/sse.h - the events of a text/event-stream that lies there as a whole (WHATWG HTML, 9.2).
 *
 * Pure. Lines end in LF, CR LF or CR, comments are passed over, several data lines are joined with a
 * newline. Unlike a browser's reader it gives an event that the text ends in without a blank line:
 * servers end their streams so, and one that was cut off is not JSON any more. */
#ifndef LH_MODEL_SSE_H
#define LH_MODEL_SSE_H

#include "base/text.h"

struct lh_sse {
	struct lh_str rest;
	struct lh_buf joined;            /* data of more than one line */
};
struct lh_sse_event { struct lh_str name, data; };       /* name: empty where there is none */

void lh_sse_init(struct lh_sse *s, struct lh_str text);
void lh_sse_fini(struct lh_sse *s);
/* The next event that has data, which lives until the next call; false: no more. */
bool lh_sse_next(struct lh_sse *s, struct lh_sse_event *out);
/* Does the text look like an event stream, whatever its header says? */
bool lh_sse_is(struct lh_str text);

#endif
