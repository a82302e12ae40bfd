/* net/pool_lines.h - JSON-RPC 2.0, one object a line, the subset of the Agent Client Protocol that the pool
 * speaks. Pure: what we say is appended to a buffer, what an agent says is taken apart. The pool's own. */
#ifndef LH_NET_POOL_LINES_H
#define LH_NET_POOL_LINES_H

#include "json/reader.h"

#define LH_PROTOCOL_VERSION 1

void lh_say_initialize(struct lh_buf *b, int64_t id);
/* open, params: members of JSON objects, without braces; may be empty. */
void lh_say_session_new(struct lh_buf *b, int64_t id, struct lh_str open);
void lh_say_prompt(struct lh_buf *b, int64_t id, const char *session, struct lh_str params);      /* session NULL: none */
void lh_say_cancel(struct lh_buf *b, int64_t id, const char *session);
/* To a request of the agent's: nothing that it may ask for is given. */
void lh_say_no(struct lh_buf *b, const struct lh_json *id, bool permission);

enum lh_said_kind { LH_SAID_NOTHING, LH_SAID_UPDATE, LH_SAID_REQUEST, LH_SAID_ANSWER, LH_SAID_WRONG };

struct lh_said {
	enum lh_said_kind kind;
	struct lh_json *root;                    /* holds the rest; see lh_said_free */
	const struct lh_json *id;                /* REQUEST */
	bool permission;                         /* REQUEST: session/request_permission */
	int64_t answers;                         /* ANSWER: our request's id */
	const struct lh_json *result, *error;    /* ANSWER: one of the two */
	struct lh_str session, text;             /* UPDATE; session empty: not said */
	bool thought;
	const char *wrong;                       /* WRONG: in words, none of them the agent's */
};
/* LH_E_NOMEM alone; whatever the line holds has a kind. */
int lh_said_read(struct lh_str line, struct lh_said *out, struct lh_error *err) LH_CHECKED;
void lh_said_free(struct lh_said *s);

/* Appends {"result": …, "text": …, "thoughts": …}, or {"error": …}. */
void lh_put_exchange(struct lh_buf *b, const struct lh_said *answer, struct lh_str text, struct lh_str thoughts);

#endif
