/* run/against.h - which policy is meant: the one that others are compared with. */
#ifndef LH_RUN_AGAINST_H
#define LH_RUN_AGAINST_H

#include "base/text.h"

struct lh_candidate { const char *label, *name; };       /* as typed, and without its options */

/* The first candidate that `wanted` names: by label, else by a name that stands for one label only.
 * LH_E_USAGE: names those there are; their texts may be hostile. */
int lh_against_find(const struct lh_candidate *c, int n, const char *wanted, int *at, struct lh_error *err) LH_CHECKED;

#endif
