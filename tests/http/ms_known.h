/* What is known of a sample: its instructions and prompts, whatever was answered. */
#ifndef MS_KNOWN_H
#define MS_KNOWN_H

#include "transcript/view.h"

struct ms_talk;

struct ms_known {
	uint64_t seed, index;
	uint32_t steps_per_turn;
	struct lh_sample *sample;
	struct lh_buf instructions, words;
	struct lh_span *prompt;          /* [turn], from 1, in words */
	uint32_t *before;                /* [turn]: the latest earlier turn with the same prompt, 0: none */
	size_t cap;
	uint32_t prompts;
	uint32_t *table, table_cap;      /* the latest turn of each text */
	uint32_t blanks;                 /* most blank lines within one prompt */
	struct ms_talk *talks;           /* conversations about it, the latest used first */
	struct ms_known *next;           /* of the same bucket */
	struct ms_known *newer, *older;
};

int ms_known_new(struct lh_taskset *task, uint64_t seed, uint64_t index, uint32_t steps_per_turn, struct ms_known **out, struct lh_error *err) LH_CHECKED;
/* How many steps a first prompt asks: the number whose prompt the text is, or ends with. 0: none up to 4,096. */
int ms_known_steps(struct lh_taskset *task, uint64_t seed, uint64_t index, struct lh_str text, uint32_t *out, struct lh_error *err) LH_CHECKED;
/* The talks are the caller's. */
void ms_known_free(struct ms_known *k);
/* Knows the prompts of turns 1 … turn. */
int ms_known_upto(struct ms_known *k, uint32_t turn, struct lh_error *err) LH_CHECKED;
struct lh_str ms_known_prompt(const struct ms_known *k, uint32_t turn);
/* The latest turn up to `most` that has this prompt, 0: none. */
uint32_t ms_known_turn(const struct ms_known *k, struct lh_str text, uint32_t most);

#endif
