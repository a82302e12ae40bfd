/* transcript/store.h - the transcript's insides, shared by the files of this room only. */
#ifndef LH_TRANSCRIPT_STORE_H
#define LH_TRANSCRIPT_STORE_H

#include "transcript/transcript.h"

#define LH_STORE_MAX (1u << 30)          /* bytes of text an episode may hold */

/* What is summed of the record's messages of some kind: their record indexes, and sums up to and with each. count: of results,
 * the digits of their numbers of lines; of messages with calls, those whose blob holds thoughts. */
struct lh_series { uint32_t *at; struct lh_series_sum { uint64_t bytes, count; } *sum; uint32_t n, cap; };
struct lh_used_tool { struct lh_series results, inputs; };

struct lh_body;                          /* see body.h */
#define LH_BODIES 14

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
	bool partial;                    /* see lh_transcript_mark_partial */
	uint32_t *usable;                /* record indexes of the messages with a valid answer */
	uint32_t usable_count, usable_cap;
	uint32_t *restated;              /* record indexes of the user's messages that an edit gave an answer tag */
	uint32_t restated_count, restated_cap;
	struct lh_used_tool tool[LH_TOOL_NUMBERS];
	uint32_t latest_calls;           /* record index of the last message with calls; 0: none */
	uint32_t *edit;                  /* the record index that each edit began at */
	uint32_t edits, edit_cap;
	uint32_t *turn_first;            /* [turn], turn from 0 */
	struct lh_span *truth;           /* [turn], turn from 0 */
	uint32_t turn_cap;
	uint32_t applied_turn;           /* see lh_transcript_apply; 0: nothing yet */
	struct lh_buf applied_to, applied;
	uint32_t *own;                   /* hash table of policy-written messages: id + 1 */
	uint32_t own_count, own_cap;
	struct lh_body *body[LH_BODIES];
	int body_count;
	struct lh_arena *arena;          /* where bodies lie; NULL: the heap */
};

struct lh_str lh_store_at(const struct lh_transcript *t, struct lh_span span);
/* Room for one more element; arrays double. `array` points to the array's pointer. */
int lh_store_more(void *array, uint32_t *cap, uint32_t need, size_t size, struct lh_error *err) LH_CHECKED;
int lh_store_put(struct lh_transcript *t, struct lh_str s, struct lh_span *out, struct lh_error *err) LH_CHECKED;
/* Fills sums[index + 1] … from the record; `index` and what follows has changed. */
int lh_store_sum(struct lh_transcript *t, uint32_t index, struct lh_error *err) LH_CHECKED;
/* Tools (tooltraffic.c): sums over messages with calls and results. */
int lh_store_traffic(struct lh_transcript *t, uint32_t index, const struct lh_message *m, struct lh_error *err) LH_CHECKED;
void lh_store_cut_traffic(struct lh_transcript *t, uint32_t index);
void lh_store_free_traffic(struct lh_transcript *t);
/* Bodies forget what they hold from record index on. */
void lh_store_cut_bodies(struct lh_transcript *t, uint32_t index);

#endif
