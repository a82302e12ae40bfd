/* model/merge.h - the pieces of a streamed JSON object put together again.
 *
 * A stream sends an object as a row of differences. Strings grow, objects are merged member by member,
 * elements of lists are found again by "index", then "id", else the last one of their "type" grows;
 * numbers, booleans, and the names that are sent whole ("id", "type", "role" …) are replaced. What the
 * provider may add to its messages is kept so without being known here. */
#ifndef LH_MODEL_MERGE_H
#define LH_MODEL_MERGE_H

#include "json/reader.h"
#include "json/writer.h"

struct lh_merge;                         /* a tree, or a node of it */

struct lh_merge *lh_merge_new(void);     /* an empty object; NULL: no memory */
void lh_merge_free(struct lh_merge *m);
/* Merges one difference (an object) in. false: no memory. */
bool lh_merge_add(struct lh_merge *m, const struct lh_json *difference);
/* The members of an object that is sent whole, in place of those that were there. false: no memory. */
bool lh_merge_copy(struct lh_merge *m, const struct lh_json *object);
/* A member that is an object, made where there is none; NULL: no memory. */
struct lh_merge *lh_merge_member(struct lh_merge *m, const char *key);
/* The element of a member that is a list, made where there is none; NULL: no memory, or no such place. */
struct lh_merge *lh_merge_at(struct lh_merge *m, const char *list, int64_t index);
/* Appends to a string member. */
bool lh_merge_append(struct lh_merge *m, const char *key, struct lh_str text);
void lh_merge_write(const struct lh_merge *m, struct lh_jw *w);

#endif
