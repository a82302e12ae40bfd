/* base/arena.h - memory that another process may look into, for what one writes and the other sends.
 *
 * The whole range of addresses is reserved when the arena is made; pages exist from their first use. One
 * process allocates, others only look: the lists of what is free are the allocating process's own. The
 * range can neither shrink nor grow. */
#ifndef LH_BASE_ARENA_H
#define LH_BASE_ARENA_H

#include "base/error.h"

#include <stddef.h>

struct lh_arena;

/* bytes: of addresses, not of memory. */
int lh_arena_new(size_t bytes, struct lh_arena **out, struct lh_error *err) LH_CHECKED;
void lh_arena_free(struct lh_arena *a);
/* With a descriptor by which another process can look into it; the caller closes it. */
int lh_arena_new_shown(size_t bytes, struct lh_arena **out, int *fd, struct lh_error *err) LH_CHECKED;
/* Room for `bytes`, 64-aligned, with what the `used` first bytes of `old` held, which is given back (NULL:
 * nothing). NULL: the range is full, and old stays. */
void *lh_arena_resize(struct lh_arena *a, void *old, size_t used, size_t bytes);
void lh_arena_release(struct lh_arena *a, void *p);              /* accepts NULL */
size_t lh_arena_offset(const struct lh_arena *a, const void *p);         /* p lies in it */

/* ---- another process's arena, to be read ---- */

struct lh_arena_sight { const char *base; size_t size; };
/* Refused where the owner could take pages away again (they are sealed, or it is none of ours). */
int lh_arena_look(int fd, struct lh_arena_sight *out, struct lh_error *err) LH_CHECKED;
void lh_arena_leave(struct lh_arena_sight *s);
/* [offset, offset + n), or NULL where that does not lie in it. */
const char *lh_arena_at(const struct lh_arena_sight *s, size_t offset, size_t n);

#endif
