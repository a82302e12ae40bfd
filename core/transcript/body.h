/* transcript/body.h - request bodies that are appended to, not rebuilt.
 *
 * An episode's messages, escaped once for a wire dialect and variant, lie one after another in one
 * append-only buffer: reserved head (parameters, right-aligned) + messages + tail. A view that is a
 * prefix run of one variant plus a few other messages is that buffer with a temporary tail; any
 * other view is gathered. Adjacent messages of one role are joined with a blank line.
 *
 * A reply may come with its provider's own form, a *blob*: what a wire format needs to have back
 * verbatim. It stands in the request in place of the message, wherever the message is sent unaltered. So
 * that no text is kept twice, a blob is JSON in which the message's text and thoughts are left out:
 * "\x01tFROM,N\x02" (bytes FROM … FROM + N of the text, to be JSON-escaped) and "\x01hFROM,N\x02" (of the
 * thoughts) stand in their place. Raw JSON holds no such bytes. */
#ifndef LH_TRANSCRIPT_BODY_H
#define LH_TRANSCRIPT_BODY_H

#include "transcript/view.h"

#define LH_BODY_HEAD 4096                /* bytes reserved for the parameters */
#define LH_BODY_TAIL_MESSAGES 8          /* at most this many behind the prefix run */

/* What stands at the end of a list that is being written: an open role, or one of these. */
enum { LH_LIST_EMPTY = -1, LH_LIST_CLOSED = 5 };        /* nothing yet; the last message is complete */

/* How one wire format writes a list of messages. Texts are JSON-escaped between begin and end. */
struct lh_dialect {
	const char *name;
	/* `before`: LH_LIST_EMPTY, the role of the message before this one (ended already), or LH_LIST_CLOSED after a blob.
	 * thoughts: of an assistant message, empty where there are none or they are left out */
	void (*begin)(struct lh_buf *b, enum lh_role role, struct lh_str thoughts, int before);
	/* A message with calls, whole; and a result, which gives what stands at the end then: LH_LIST_CLOSED, or LH_TOOL where
	 * more results may be added to it. bare: without the arguments. */
	void (*calls)(struct lh_buf *b, const struct lh_content *said, bool bare, int before);
	int (*result)(struct lh_buf *b, struct lh_str text, const struct lh_tool_call *call, int before);
	void (*join)(struct lh_buf *b);
	void (*end)(struct lh_buf *b, enum lh_role role);
	void (*separate)(struct lh_buf *b, int before);         /* what stands before a blob; NULL: blobs are not sent back */
	const char *head, *tail;         /* around the list when no parameters are given */
	bool system_leads;               /* instructions stand in front of the list: later ones are the user's words */
	bool no_blanks;                  /* the format refuses messages without text: they are left out */
};

/* {"messages":[{"role":…,"content":…},…]}; thoughts under "reasoning_content". A blob is one message object. */
extern const struct lh_dialect lh_dialect_chat;
/* The same with thoughts under "reasoning"; without thoughts that have no blob. */
extern const struct lh_dialect lh_dialect_chat_reasoning, lh_dialect_chat_bare;

struct lh_wire_message { enum lh_role role; struct lh_content said; };

/* Appends one message of a list; *open is what stands at its end. placeholder: for a result that the variant clears. Joins it with the message before where
 * the roles agree. */
void lh_dialect_put(const struct lh_dialect *dialect, struct lh_buf *b, const struct lh_wire_message *m, unsigned variant,
	struct lh_str placeholder, struct lh_buf *scratch, int *open);
/* Closes the last message where it is open. */
void lh_dialect_close(const struct lh_dialect *dialect, struct lh_buf *b, int open);
/* A blob with its texts put in again; false: it is not one of ours, and b ends anywhere. */
bool lh_blob_put(struct lh_buf *b, struct lh_str blob, struct lh_str text, struct lh_str thoughts);

/* Does it hold thoughts: the message's, or sealed ones that only the provider can read? */
bool lh_blob_thinks(struct lh_str blob);

struct lh_body;
void lh_body_free(struct lh_body *b);

/* The request for a view. `head` (at most LH_BODY_HEAD bytes) goes in front of the messages, `tail`
 * behind; empty: the dialect's own. The result lives until the next call on this transcript. */
int lh_body_request(struct lh_transcript *t, const struct lh_view *v, const struct lh_dialect *dialect,
	struct lh_str head, struct lh_str tail, struct lh_str *out, struct lh_error *err) LH_CHECKED;

#endif
