/* support/verbs_impl.h - what verbs.c, verbs_state.c, verbs_text.c and verbs_slip.c share. */
#ifndef LH_SUPPORT_VERBS_IMPL_H
#define LH_SUPPORT_VERBS_IMPL_H

#include "support/verbs.h"

/* A list for each part. */
struct fam_state { struct fam_items part[FAM_PARTS_MAX]; };

/* ---- verbs.c ---- */

struct fam_step fam_verbs_step(const struct lh_task *t, uint64_t step);
/* The same with an operation of that part. */
struct fam_step fam_verbs_step_in(const struct lh_task *t, uint64_t step, uint32_t part);
void fam_verbs_act(const struct lh_task *t, const struct fam_step *s, struct fam_state *state);
/* Whether the operation's form has %x, %a or %b: `what` is x, a or b. */
bool fam_verbs_takes(const struct fam_part *p, uint32_t verb, char what);
/* Whether any operation of the part's mix does. */
bool fam_verbs_mix_takes(const struct fam_part *p, char what);

/* ---- verbs_state.c ---- */

void fam_verbs_start(const struct lh_task *t, struct fam_state *out);
/* canonical()'s reading, and that of a state, where what cannot be read is a failure. */
bool fam_verbs_read_text(const struct lh_task *t, struct lh_text text, struct fam_state *out);
int32_t fam_verbs_read(const struct lh_task *t, struct lh_text state, struct fam_state *out);
int32_t fam_verbs_put(const struct lh_task *t, struct lh_sink *out, const struct fam_state *state);
bool fam_verbs_equal(const struct lh_task *t, const struct fam_state *a, const struct fam_state *b);

/* ---- verbs_text.c ---- */

/* push apple; where keys are not to be named: push 7. Among several parts with the part's name in front. */
void fam_verbs_put_step(const struct lh_task *t, struct lh_sink *out, const struct fam_step *s, bool keys);

#endif
