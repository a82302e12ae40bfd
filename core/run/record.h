/* run/record.h - an episode's rows in the run file. Nothing happens where no file is kept. */
#ifndef LH_RUN_RECORD_H
#define LH_RUN_RECORD_H

#include "run/episode.h"

int lh_record_message(struct lh_episode *e, uint32_t id, struct lh_error *err) LH_CHECKED;
/* What the policy wrote or edited since the last time, so that a call's view can be read back. */
int lh_record_policy_messages(struct lh_episode *e, struct lh_error *err) LH_CHECKED;
/* A call and its reply; states: of the accepted call, NULL for any other. */
int lh_record_call(struct lh_episode *e, uint32_t seq, const struct lh_turn_states *states, struct lh_error *err) LH_CHECKED;
int lh_record_episode(struct lh_episode *e, const char *status, struct lh_str cause, struct lh_error *err) LH_CHECKED;

#endif
