/* support/transitions.h - the table of a finite-state machine: drawn, written out, read backwards. States are numbers from 0. */
#ifndef LH_SUPPORT_TRANSITIONS_H
#define LH_SUPPORT_TRANSITIONS_H

#include "support/dictionary.h"

#define FAM_STATES_MAX 200

struct fam_transitions {
	uint32_t states;
	struct fam_dictionary action;     /* the actions' names; its values do not matter */
	uint32_t *next;                   /* [state * actions + action] */
};

/* Each transition leads to another state. reversible: an action never leads from two states to the same one, and every state can be
 * reached from every other. `names` has the actions'. */
int32_t fam_transitions_draw(const struct lh_host *host, const struct fam_source *names, uint64_t seed, uint32_t states, bool reversible,
	struct lh_draw **draw, struct fam_transitions *out);
void fam_transitions_fini(struct fam_transitions *t);

uint32_t fam_transitions_next(const struct fam_transitions *t, uint32_t state, uint32_t action);
/* A state from which the action leads to `next`; where there is none, any. */
uint32_t fam_transitions_before(const struct lh_host *host, struct lh_draw *draw, const struct fam_transitions *t, uint32_t action, uint32_t next);

/* q7 */
void fam_transitions_put_state(const struct lh_host *host, struct lh_sink *out, uint32_t state);
/* The same, also with a capital letter or without the letter. */
bool fam_transitions_read_state(const struct fam_transitions *t, struct lh_text text, uint32_t *out);
/* A line for each state: q0: apple -> q3, brave -> q5 */
void fam_transitions_put(const struct lh_host *host, struct lh_sink *out, const struct fam_transitions *t);

#endif
