/* run/possible.h - what a worker may say. It runs foreign code, so it may lie about its own episodes, but nothing that it
 * says may damage the run file, another episode, or the supervisor. */
#ifndef LH_RUN_POSSIBLE_H
#define LH_RUN_POSSIBLE_H

#include "run/outlet.h"
#include "run/outline.h"

bool lh_possible_message(const struct lh_message_row *r);
bool lh_possible_call(const struct lh_call_row *r, const struct lh_outline *o, int condition);
bool lh_possible_episode(const struct lh_episode_row *r);
bool lh_possible_order(const struct lh_order *order, const struct lh_outline *o, int condition);
bool lh_possible_outline(const struct lh_outline *o, const struct lh_experiment *e);

#endif
