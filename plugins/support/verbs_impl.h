/* support/verbs_impl.h - what verbs.c, verbs_text.c and verbs_slip.c share. */
#ifndef LH_SUPPORT_VERBS_IMPL_H
#define LH_SUPPORT_VERBS_IMPL_H

#include "support/verbs.h"

struct fam_step fam_verbs_step(const struct lh_task *t, uint64_t step);
void fam_verbs_start(const struct lh_task *t, struct fam_items *out);
int32_t fam_verbs_read(const struct lh_task *t, struct lh_text state, struct fam_items *out);
int32_t fam_verbs_put(const struct lh_task *t, struct lh_sink *out, const struct fam_items *i);
/* Whether the operation's form has %x, %a or %b: `what` is x, a or b. */
bool fam_verbs_takes(const struct lh_task_data *d, uint32_t verb, char what);
/* Whether any operation of the mix does. */
bool fam_verbs_mix_takes(const struct lh_task_data *d, char what);
/* push apple; where keys are not to be named: push 7 */
void fam_verbs_put_step(const struct lh_task *t, struct lh_sink *out, const struct fam_step *s, bool keys);

#endif
