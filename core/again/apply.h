/* again/apply.h - a policy applied to a conversation from anywhere: the messages that it would send now.
 *
 * view() runs for every turn, as it would have while the conversation went on, so that what a policy keeps for itself is
 * there; a policy that makes the calls itself begins at the last turn, and what comes out is its first request. Where it first
 * asks the model something of its own (a summary, say), that can be what comes out, and its reply be handed in. */
#ifndef LH_AGAIN_APPLY_H
#define LH_AGAIN_APPLY_H

#include "again/conversation.h"

struct lh_apply_options {
	struct lh_str policy;                    /* a spec */
	struct lh_str initial;                   /* how things stand where no reply holds an answer; empty: not said */
	int64_t window;                          /* the model's context in tokens; 0: unknown */
	const struct lh_str *reply; int replies; /* to what it asks first of its own, in order */
	bool own;                                /* what comes out may be such a request; else that is LH_E_USAGE */
};

/* What became of a message. */
enum lh_applied { LH_APPLIED_LEFT_OUT, LH_APPLIED_SENT, LH_APPLIED_CHANGED };

struct lh_application {
	uint8_t *fate;                           /* of each message, enum lh_applied; the caller frees it */
	int messages, sent, changed;             /* sent: of them, changed ones included */
	int written;                             /* by the policy, besides */
	int64_t tokens_before, tokens_after;     /* by our estimate from bytes */
	int calls;                               /* how often it asks for it */
	char purpose[32];                        /* of a request of its own; else empty */
};

/* Appends what would be sent, in the shape that the conversation came in. LH_E_USAGE: no such policy, or one that cannot be
 * applied here; LH_E_POLICY: it failed. */
int lh_apply(const struct lh_apply_options *o, const struct lh_conversation *c, struct lh_buf *out, struct lh_application *what, struct lh_error *err) LH_CHECKED;

#endif
