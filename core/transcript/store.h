/* transcript/store.h - the transcript's insides, shared by the files of this room only. */
#ifndef LH_TRANSCRIPT_STORE_H
#define LH_TRANSCRIPT_STORE_H

#include "transcript/transcript.h"

#define LH_STORE_MAX (1u << 30)          /* bytes of text an episode may hold */

struct lh_body;                          /* see body.h */
#define LH_BODIES 12

struct lh_transcript {
	struct lh_sample *sample;
	uint32_t steps_per_turn, turn;
	struct lh_buf text;              /* every text, once */
	struct lh_buf scratch;
	struct lh_message *message;
	uint32_t count, cap;
	uint32_t *record;                /* message ids */
	struct lh_sums *sums;            /* length + 1 of them */
	uint32_t length, record_cap;
	int32_t next_slot;
	uint32_t *usable;                /* record indexes of the messages with a valid answer */
	uint32_t usable_count, usable_cap;
	uint32_t *turn_first;            /* [turn], turn from 0 */
	struct lh_span *truth;           /* [turn], turn from 0 */
	uint32_t turn_cap;
	uint32_t *own;                   /* hash table of policy-written messages: id + 1 */
	uint32_t own_count, own_cap;
	struct lh_body *body[LH_BODIES];
	int body_count;
};

struct lh_str lh_store_at(const struct lh_transcript *t, struct lh_span span);
int lh_store_put(struct lh_transcript *t, struct lh_str s, struct lh_span *out, struct lh_error *err) LH_CHECKED;
/* f: the family's steps of `turn` applied to `state`, appended to `out`. */
int lh_store_apply(struct lh_transcript *t, uint32_t turn, struct lh_str state, struct lh_buf *out, struct lh_error *err) LH_CHECKED;
/* Fills sums[index + 1] … from the record; `index` and what follows has changed. */
int lh_store_sum(struct lh_transcript *t, uint32_t index, struct lh_error *err) LH_CHECKED;
/* Bodies forget what they hold from record index on. */
void lh_store_cut_bodies(struct lh_transcript *t, uint32_t index);

#endif
