/* run/record.h - an episode's rows, handed out. */
#ifndef LH_RUN_RECORD_H
#define LH_RUN_RECORD_H

#include "run/episode.h"

int lh_record_message(struct lh_episode *e, uint32_t id, struct lh_error *err) LH_CHECKED;
/* What the policy wrote or edited since the last time, so that a call's view can be read back. */
int lh_record_policy_messages(struct lh_episode *e, struct lh_error *err) LH_CHECKED;
/* All that is known of a call before its reply; texts live in `options` and in the episode. */
void lh_record_call_row(struct lh_episode *e, uint32_t seq, struct lh_buf *options, struct lh_call_row *row);
/* Puts a reply into its call's row; texts are the reply's. */
void lh_reply_row(struct lh_call_row *row, const struct lh_reply *r, uint32_t message);
/* Puts what a turn came to into its accepted call's row; texts are the states'. */
void lh_states_row(struct lh_call_row *row, const struct lh_turn_states *s);
/* A call and its reply; states: of the accepted call, NULL for any other. settled: its turn is over; else it is
 * written now only so that it is not lost, and will come again. */
int lh_record_call(struct lh_episode *e, uint32_t seq, const struct lh_turn_states *states, bool settled, struct lh_error *err) LH_CHECKED;
int lh_record_episode(struct lh_episode *e, const char *status, struct lh_str cause, struct lh_error *err) LH_CHECKED;

#endif
