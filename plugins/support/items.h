/* support/items.h - short lists of integers, and how they are written: in a row, "3 9 4", or by name, "a=3 b=-1". */
#ifndef LH_SUPPORT_ITEMS_H
#define LH_SUPPORT_ITEMS_H

#include "support/family.h"

#define FAM_ITEMS_MAX 64

struct fam_items {
	uint32_t n;
	int64_t v[FAM_ITEMS_MAX];
};

bool fam_items_equal(const struct fam_items *a, const struct fam_items *b);
/* Item `at` becomes v, those from there on move up by one; a full list stays as it is. at <= n. */
void fam_items_insert(struct fam_items *i, uint32_t at, int64_t v);
/* at < n. */
void fam_items_remove(struct fam_items *i, uint32_t at);
/* Items a and b change places. a, b < n. */
void fam_items_swap(struct fam_items *i, uint32_t a, uint32_t b);

/* 3 9 4, or: empty */
void fam_items_put(const struct lh_host *host, struct lh_sink *out, const struct fam_items *i);
/* A list as models write one: integers as fam_read_int reads them, with white space or commas between them, in one pair
 * of brackets or in none; "empty" or "[]" where there are none. */
bool fam_items_read(struct lh_text t, struct fam_items *out);

/* a=3 b=-1, in the order of the names, of which there are i->n. */
void fam_named_put(const struct lh_host *host, struct lh_sink *out, const char *const *name, const struct fam_items *i);
/* Integers by name as models write them: each of the `count` names once, in any order and case, with = or : behind it, white
 * space, commas or semicolons between them; or as a JSON object. */
bool fam_named_read(struct lh_text t, const char *const *name, uint32_t count, struct fam_items *out);

/* What a miscount makes of a list of items from low to high: one of them a little off, two neighbours exchanged, or one lost or
 * written twice where the length may be from `least` to `most`. Never leaves it as it is. low < high. */
struct fam_bounds { uint32_t least, most; int64_t low, high; };
void fam_items_miscount(const struct lh_host *host, struct lh_draw *draw, struct fam_bounds b, struct fam_items *i);

#endif
