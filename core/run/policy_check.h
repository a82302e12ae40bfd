/* run/policy_check.h - does a policy keep its promises? It is run on the simulated model in every
 * state that a model can be in (right, wrong, malformed, missing, refused, thinking, failing, out of
 * context), then replayed from the run file, and its requests are compared byte for byte. */
#ifndef LH_RUN_POLICY_CHECK_H
#define LH_RUN_POLICY_CHECK_H

#include "base/text.h"

/* One line a property to `out` ("ok …" or "FAILED …" with the case); *failed counts. */
int lh_policy_check(struct lh_str policy_spec, struct lh_buf *out, int *failed, struct lh_error *err) LH_CHECKED;

#endif
