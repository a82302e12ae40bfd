/* base/arena.h - memory that a process shares with the children it forks, for what one of them
 * writes and another sends.
 *
 * The whole range is reserved when the arena is made, before the fork, so an address means the same in
 * both; pages exist from their first use. One process allocates, the other only reads: the lists of what
 * is free are the allocating process's own. The range can neither shrink nor lose its mapping. */
#ifndef LH_BASE_ARENA_H
#define LH_BASE_ARENA_H

#include "base/error.h"

#include <stddef.h>

struct lh_arena;

/* bytes: of addresses, not of memory. */
int lh_arena_new(size_t bytes, struct lh_arena **out, struct lh_error *err) LH_CHECKED;
void lh_arena_free(struct lh_arena *a);
/* Room for `bytes`, 64-aligned, with what the `used` first bytes of `old` held, which is given back (NULL:
 * nothing). NULL: the range is full, and old stays. */
void *lh_arena_resize(struct lh_arena *a, void *old, size_t used, size_t bytes);
void lh_arena_release(struct lh_arena *a, void *p);              /* accepts NULL */
/* Does [p, p + n) lie in the arena? For addresses that another process names. */
bool lh_arena_holds(const struct lh_arena *a, const void *p, size_t n);

#endif
