/* transcript/body.h - request bodies that are appended to, not rebuilt.
 *
 * An episode's messages, escaped once for a wire dialect and variant, lie one after another in one
 * append-only buffer: reserved head (parameters, right-aligned) + messages + tail. A view that is a
 * prefix run of one variant plus a few other messages is that buffer with a temporary tail; any
 * other view is gathered. Adjacent messages of one role are joined with a blank line. */
#ifndef LH_TRANSCRIPT_BODY_H
#define LH_TRANSCRIPT_BODY_H

#include "transcript/view.h"

#define LH_BODY_HEAD 4096                /* bytes reserved for the parameters */
#define LH_BODY_TAIL_MESSAGES 8          /* at most this many behind the prefix run */

/* How one wire format writes a list of messages. Texts are JSON-escaped between begin and end. */
struct lh_dialect {
	const char *name;
	/* thoughts: of an assistant message, empty where there are none or they are left out */
	void (*begin)(struct lh_buf *b, enum lh_role role, struct lh_str thoughts, bool first);
	void (*join)(struct lh_buf *b);
	void (*end)(struct lh_buf *b);
	const char *head, *tail;         /* around the list when no parameters are given */
};

/* {"messages":[{"role":…,"content":…},…]}; thoughts under "reasoning_content". */
extern const struct lh_dialect lh_dialect_chat;

/* Appends one message of a list; *open is the role whose message is still open, -1 at the start (and
 * dialect->end() closes the last). Joins it with the message before where the roles agree. */
void lh_dialect_put(const struct lh_dialect *dialect, struct lh_buf *b, enum lh_role role, struct lh_str text, struct lh_str thoughts,
	unsigned variant, struct lh_buf *scratch, int *open);

struct lh_body;
void lh_body_free(struct lh_body *b);

/* The request for a view. `head` (at most LH_BODY_HEAD bytes) goes in front of the messages, `tail`
 * behind; empty: the dialect's own. The result lives until the next call on this transcript. */
int lh_body_request(struct lh_transcript *t, const struct lh_view *v, const struct lh_dialect *dialect,
	struct lh_str head, struct lh_str tail, struct lh_str *out, struct lh_error *err) LH_CHECKED;

#endif
