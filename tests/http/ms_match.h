/* Which parts of the record a request shows.
 *
 * The encoder joined neighbours of one role with a blank line, so a user's text is taken apart at blank
 * lines wherever what stands between is a prompt that is known. Where a prompt occurs in several turns,
 * the turns are told apart by order: a run that ends with the current turn first, then one that begins
 * with turn 1, then the latest that fits. */
#ifndef MS_MATCH_H
#define MS_MATCH_H

#include "ms_ask.h"
#include "ms_known.h"

enum ms_kind { MS_INSTRUCTIONS, MS_TURN, MS_OWN };

struct ms_item {
	enum ms_kind kind;
	enum lh_role role;               /* of the policy's own */
	uint32_t turn;
	bool replied;                    /* the turn's reply is shown */
	unsigned variant;                /* how it is shown, against the reply as it is kept */
	struct lh_str text, thoughts;    /* own: the text; a turn: its reply */
};

struct ms_match { struct ms_item *item; size_t items, cap; };

/* LH_E_DATA where the current turn's prompt is not there, nor a question of the policy's own in its place. Keeps the memory of an earlier use. */
int ms_match_request(struct ms_match *m, const struct ms_ask *ask, struct ms_known *k, struct lh_error *err) LH_CHECKED;
void ms_match_fini(struct ms_match *m);

#endif
