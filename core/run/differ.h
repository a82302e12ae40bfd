/* run/differ.h - in what two JSON objects that tell what a run is are not the same. */
#ifndef LH_RUN_DIFFER_H
#define LH_RUN_DIFFER_H

#include "base/text.h"

/* The first member whose text differs, as "NAME: X in a.db, Y in b.db"; false: none does, or one of them is no JSON.
 * in_a, in_b: "in a.db". names: the members looked at, ended by NULL; NULL: all. */
bool lh_differ(struct lh_str a, const char *in_a, struct lh_str b, const char *in_b, const char *const *names, struct lh_buf *out);

#endif
