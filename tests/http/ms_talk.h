/* A conversation rebuilt from what a request shows of it, and the simulated model's answer.
 *
 * The record is made again turn by turn: prompts from the task, replies from the requests. A turn whose
 * reply no request has shown yet has an empty one, which holds no state. Conversations are kept, so that
 * the next request of one costs the task one turn; the least recently used samples are forgotten. */
#ifndef MS_TALK_H
#define MS_TALK_H

#include "model/model.h"
#include "ms_match.h"

struct ms_mind;

struct ms_mind_settings {
	const char *task, *sim;          /* specs, as `longhaul run` takes them */
	uint32_t steps_per_turn;         /* 0: as the first prompt of a sample says */
	uint32_t keep;                   /* samples remembered */
};

int ms_mind_new(const struct ms_mind_settings *s, struct ms_mind **out, struct lh_error *err) LH_CHECKED;
void ms_mind_free(struct ms_mind *m);
/* Answers as the model does in process. LH_E_DATA, LH_E_USAGE: the request is wrong. reply->error may be
 * LH_E_OVERFLOW or LH_E_FAILED, as simulated. */
int ms_mind_answer(struct ms_mind *m, const struct ms_ask *ask, struct lh_reply *reply, struct lh_error *err) LH_CHECKED;

#endif
