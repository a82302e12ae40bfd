/* run/outlet.h - what episodes hand out: rows for the run file, and calls to be answered.
 *
 * On the other side stands the desk, in this process or behind a worker's socket; an episode cannot
 * tell. `slot` names an open episode between the two. Rows and orders are borrowed for the call. */
#ifndef LH_RUN_OUTLET_H
#define LH_RUN_OUTLET_H

#include "journal/journal.h"

/* One call that a live model is to answer. */
struct lh_order {
	uint32_t slot;
	int model;                               /* index in the experiment */
	uint32_t message;                        /* id reserved for the reply */
	struct lh_call_row row;                  /* all that is known before the reply */
	struct lh_str body;                      /* stays as it is until the order is answered */
	struct lh_str open;                      /* of an agent's new conversation */
	bool tools;                              /* the request offers tools: calls of them are part of the reply */
	int64_t tokens, tokens_in;               /* about so many, in and out; in alone */
};

enum lh_row {
	LH_ROW_SETTLED = 1,                      /* its turn is over: it counts. Else it comes so that it is not lost, and again later */
	LH_ROW_AGAIN = 2                         /* it came before, unsettled */
};

/* What an agent that keeps its own context knows a conversation by. */
void lh_conversation_name(const char *config_sha256, int64_t episode, char out[64]);

struct lh_outlet {
	void *user;
	int (*message)(void *user, uint32_t slot, const struct lh_message_row *row, struct lh_error *err);
	/* An answered call. how: bits of enum lh_row. Settled ones come once, in order of (turn, seq). */
	int (*call)(void *user, uint32_t slot, const struct lh_call_row *row, unsigned how, struct lh_error *err);
	int (*episode)(void *user, uint32_t slot, const struct lh_episode_row *row, struct lh_error *err);
	int (*order)(void *user, const struct lh_order *order, struct lh_error *err);
};

#endif
