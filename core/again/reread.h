/* again/reread.h - an episode's record built again from its rows, and each of its calls judged again.
 *
 * What was said and sent stays as it is in the file; what it was worth is asked of the answer's reader and the task family
 * of today. Nothing of a policy runs: its views, its texts and its edits are in the rows. The rows may come from a stranger:
 * what no run writes is LH_E_DAMAGED. */
#ifndef LH_AGAIN_REREAD_H
#define LH_AGAIN_REREAD_H

#include "again/recall.h"
#include "again/remade.h"

struct lh_judged {                       /* of a call; texts live until lh_reread_fini() */
	struct lh_turn_states states;    /* of an accepted one */
	struct lh_exposure exposure;
};

struct lh_reread {
	struct lh_judged *call; size_t calls;        /* in the order of the recall's */
	struct lh_transcript *transcript;
	struct lh_sample *sample;
	struct lh_buf words;                     /* while reading, texts hold offsets into it */
};

struct lh_reread_which {
	const struct lh_remade *condition;
	struct lh_taskset *task;                 /* its own, opened again */
	uint64_t seed, sample;
	uint32_t probe;                          /* 0: all turns */
	int64_t history_hash;
	bool reworded;                           /* the family may put its prompts in other words */
};

/* LH_E_DIFFERS: the family asks something else now, or makes another history, so that the answers belong to nothing. */
int lh_reread(const struct lh_reread_which *w, const struct lh_recall *rows, struct lh_reread *out, struct lh_error *err) LH_CHECKED;
void lh_reread_fini(struct lh_reread *r);

#endif
