/* run/engine.h - open episodes, carried on by replies: the half of a run that runs foreign code.
 *
 * Calls to simulated and replayed models are answered here, in the order of their virtual time; those
 * to live ones go out as orders, and their replies are handed in. An engine knows no key, no socket and
 * no file. */
#ifndef LH_RUN_ENGINE_H
#define LH_RUN_ENGINE_H

#include "run/episode.h"

struct lh_engine;

/* The context outlives the engine. places: calls of simulated models at once. */
int lh_engine_new(struct lh_run_context *run, int places, struct lh_engine **out, struct lh_error *err) LH_CHECKED;
void lh_engine_free(struct lh_engine *en);
/* The slot is free; the episode ends by a row whose status is not "running". */
int lh_engine_open(struct lh_engine *en, const struct lh_seat *seat, struct lh_error *err) LH_CHECKED;
/* The reply to an order; one that nobody waits for is LH_E_INTERNAL. */
int lh_engine_answer(struct lh_engine *en, uint32_t slot, uint32_t turn, uint32_t seq, const struct lh_reply *reply, struct lh_error *err) LH_CHECKED;
/* Ends an episode without a row: it is taken up elsewhere. */
void lh_engine_drop(struct lh_engine *en, uint32_t slot);
/* Issues local calls while there are places, and delivers the reply that is due next. */
int lh_engine_step(struct lh_engine *en, struct lh_error *err) LH_CHECKED;
bool lh_engine_idle(const struct lh_engine *en);                 /* no local call is in flight or in line */
bool lh_engine_has_room(const struct lh_engine *en);             /* local calls have places left */
int64_t lh_engine_virtual_us(const struct lh_engine *en);
/* Whose foreign code is running, where another process can see it. */
#define LH_NO_SLOT UINT32_MAX
struct lh_engine_note {
	volatile uint32_t slot;                  /* LH_NO_SLOT: nobody's */
	volatile uint32_t turn;                  /* of its record, when its code was entered; 0: before the first */
	volatile uint32_t entered;               /* counts entries: a stall is one that does not change */
};
void lh_engine_note_in(struct lh_engine *en, struct lh_engine_note *note);

#endif
