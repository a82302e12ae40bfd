/* run/shards.h - a run's samples, dealt out to several machines.
 *
 * Shard i of n has the samples whose index leaves i - 1 when divided by n, so that shards of one experiment differ in
 * nothing else, and any of them may be given more samples later. A file holds one shard, or several that were merged. */
#ifndef LH_RUN_SHARDS_H
#define LH_RUN_SHARDS_H

#include "json/reader.h"
#include "json/writer.h"

#define LH_SHARDS_MOST 4096

struct lh_shards {
	int of;                                  /* 0: the run is not divided, and has all samples */
	int count;
	uint16_t part[LH_SHARDS_MOST];           /* from 0, rising */
};

/* "2/8". LH_E_USAGE says what is needed. */
int lh_shards_parse(struct lh_str text, int64_t *part, int64_t *of, struct lh_error *err) LH_CHECKED;
/* One shard; of 0: not divided. */
void lh_shards_one(struct lh_shards *s, int64_t part, int64_t of);
/* How many of `total` samples, from 0, it has. */
int64_t lh_shards_samples(const struct lh_shards *s, int64_t total);
/* The place of a sample among those it has, from 0; -1: it is another shard's. */
int64_t lh_shards_index(const struct lh_shards *s, uint64_t sample);
uint64_t lh_shards_sample(const struct lh_shards *s, int64_t index);
bool lh_shards_equal(const struct lh_shards *a, const struct lh_shards *b);
/* `to` has what either has; all parts of all: it is not divided any more. Both are of the same number, or one of them is not
 * divided. */
void lh_shards_add(struct lh_shards *to, const struct lh_shards *more);

/* "shard": { … }, a member of a run's settings; nothing where it is not divided. */
void lh_shards_write(struct lh_jw *w, const struct lh_shards *s);
/* From the settings. LH_E_DAMAGED: no run leaves such a member. */
int lh_shards_read(const struct lh_json *settings, struct lh_shards *out, struct lh_error *err) LH_CHECKED;
/* "shard 2 of 8", "shards 1, 2, 5 of 8". */
void lh_shards_put(struct lh_buf *out, const struct lh_shards *s);
/* The same for those it lacks. */
void lh_shards_put_missing(struct lh_buf *out, const struct lh_shards *s);

#endif
