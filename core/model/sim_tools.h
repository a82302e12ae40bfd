/* model/sim_tools.h - the simulated model's calls of tools. This room's own. */
#ifndef LH_MODEL_SIM_TOOLS_H
#define LH_MODEL_SIM_TOOLS_H

#include "model/model.h"

/* Fills r->calls with what the turn still needs, at most `at_once` calls (0: all), or leaves it empty: *called. *legible:
 * no result of this turn is hidden from it. */
int lh_sim_call_tools(const struct lh_model_request *q, uint32_t at_once, struct lh_reply *r, bool *called, bool *legible, struct lh_error *err) LH_CHECKED;

#endif
