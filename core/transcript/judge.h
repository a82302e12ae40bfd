/* transcript/judge.h - the outcome of a turn, from the four states. */
#ifndef LH_TRANSCRIPT_JUDGE_H
#define LH_TRANSCRIPT_JUDGE_H

#include "transcript/view.h"

enum lh_finish { LH_FINISH_STOP, LH_FINISH_LENGTH, LH_FINISH_REFUSAL, LH_FINISH_FILTER, LH_FINISH_OTHER };
const char *lh_finish_name(int finish);
int lh_finish_of(struct lh_str name);                  /* LH_FINISH_OTHER for a name we do not know */

/* Judges a reply to the current turn (not yet in the record) that answered a call with this view.
 * Strings in *out live until the next call on the transcript; `followed` is put into `buf`. */
int lh_judge(struct lh_transcript *t, const struct lh_view *view, uint32_t reply, enum lh_finish finish,
	struct lh_buf *buf, struct lh_turn_states *out, struct lh_error *err) LH_CHECKED;

#endif
