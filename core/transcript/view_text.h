/* transcript/view_text.h - a view as the run file has it (lh_view_write), read again.
 *
 * The text may come from a stranger: whatever it holds, what comes out is in range or LH_E_DAMAGED. */
#ifndef LH_TRANSCRIPT_VIEW_TEXT_H
#define LH_TRANSCRIPT_VIEW_TEXT_H

#include "transcript/view.h"

/* A place in such a text; borrows it. */
struct lh_view_words { const char *p, *end; int64_t existed; };      /* existed: messages that there were when the call was made */

struct lh_view_word {
	bool own;                        /* a message outside the record: `from` is its id */
	int64_t from, to;                /* else slots, inclusive, from ≤ to */
	unsigned variant;
	int64_t placeholder;             /* where results are cleared: a message id */
	struct lh_str spared;            /* and the tools left alone, "/NAME/NAME" */
};

int lh_view_words_open(struct lh_view_words *w, struct lh_str text, struct lh_error *err) LH_CHECKED;
/* *more false: there was none left, and *out is empty. */
int lh_view_words_next(struct lh_view_words *w, struct lh_view_word *out, bool *more, struct lh_error *err) LH_CHECKED;
/* Is this tool among those left alone? */
bool lh_view_spares(struct lh_str spared, struct lh_str name);

/* The view over a record that was built again: the same slots, ids of its own. `id_of` gives the id of a recorded message
 * there, -1: it has none. `v` is initialized and empty. */
int lh_view_read(struct lh_view *v, const struct lh_transcript *t, struct lh_str text, int64_t (*id_of)(const void *user, int64_t recorded),
	const void *user, struct lh_error *err) LH_CHECKED;

/* Record index of the first message whose slot is `slot` or behind it. */
uint32_t lh_view_slot_at(const struct lh_transcript *t, int64_t slot);

#endif
