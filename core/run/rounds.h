/* run/rounds.h - what a policy asks for, carried out: calls of the model, and of tools between them. Of episode.c alone. */
#ifndef LH_RUN_ROUNDS_H
#define LH_RUN_ROUNDS_H

#include "run/episode.h"

#define LH_CALLS_AT_ONCE 1024                    /* calls of tools in one reply that are made; more are answered with an error */

/* The policy wants calls: the first round's are e's latest asks. */
int lh_rounds_begin(struct lh_episode *e, const struct lh_policy_step *step, struct lh_error *err) LH_CHECKED;
/* Call seq has its reply. *over: it was the last that was waited for, and e->result holds what the policy gets. Else, where
 * it was the last of its round, the next round's calls are e's latest asks; where the policy's view of them failed,
 * `fault` has a code. */
int lh_rounds_answer(struct lh_episode *e, uint32_t seq, bool *over, struct lh_error *fault, struct lh_error *err) LH_CHECKED;
/* Rows of the round's calls that were not written yet. */
int lh_rounds_keep(struct lh_episode *e, struct lh_error *err) LH_CHECKED;
/* What led to the reply of this call enters the record, before that reply does. */
int lh_rounds_enter(struct lh_episode *e, int call, struct lh_error *err) LH_CHECKED;
/* Rows of what tools brought in this turn, entered or not. */
int lh_rounds_record(struct lh_episode *e, struct lh_error *err) LH_CHECKED;
/* The turn is over. */
void lh_rounds_clear(struct lh_episode *e);
void lh_rounds_fini(struct lh_episode *e);

#endif
