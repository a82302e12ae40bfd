/* run/desk.h - the half of a run that holds what costs money: keys, sockets, agents' pipes, rates, budgets,
 * retries, the run file, and which episode is next.
 *
 * An order comes in and is answered, from the run file where that has the reply, else by the model. Rows come
 * in, are folded into the results and written. Nothing foreign runs here: no task family, no policy. */
#ifndef LH_RUN_DESK_H
#define LH_RUN_DESK_H

#include "longhaul/longhaul.h"
#include "net/loop.h"
#include "run/episode.h"
#include "run/outline.h"

struct lh_desk;

struct lh_desk_setting {
	const struct lh_experiment *experiment;
	const struct lh_outline *outline;        /* set by lh_desk_start */
	struct lh_loop *loop;
	bool bulk;                       /* simulated, and rows come once: commit in large groups */
	bool isolated;                   /* engines are other processes, which may die with an order open */
	/* The reply to an order, once for each; the engine's slot waits for it. */
	int (*answer)(void *user, uint32_t slot, uint32_t turn, uint32_t seq, const struct lh_reply *reply, struct lh_error *err);
	void *user;
};

/* Takes the keys, opens live models: before any foreign code runs, and without a key nothing is made. */
int lh_desk_new(const struct lh_desk_setting *s, struct lh_desk **out, struct lh_error *err) LH_CHECKED;
/* Opens or resumes the run file. Errors here mean that nothing was run; lh_desk_close is called all the same. */
int lh_desk_start(struct lh_desk *d, const struct lh_outline *outline, struct lh_error *err) LH_CHECKED;
/* Breaks off what is in flight. */
void lh_desk_free(struct lh_desk *d);

/* ---- episodes ---- */

/* The next episode to open, in a slot of its own; *any: there was one. None now may mean one later (budgets). */
int lh_desk_next(struct lh_desk *d, struct lh_seat *out, bool *any, struct lh_error *err) LH_CHECKED;
bool lh_desk_holds(const struct lh_desk *d, uint32_t slot);      /* is an episode open there? */
/* An open episode is to be executed again from its first turn, with its recorded calls as the model; *id is its
 * name in the file, a new one for an agent that keeps its own context. */
int lh_desk_again(struct lh_desk *d, uint32_t slot, int64_t *id, struct lh_error *err) LH_CHECKED;
/* It ends here, for foreign code has ended its worker. stalled: it did not come back. */
int lh_desk_give_up(struct lh_desk *d, uint32_t slot, const char *cause, bool stalled, struct lh_error *err) LH_CHECKED;
int64_t lh_desk_open_episodes(const struct lh_desk *d);
bool lh_desk_exhausted(const struct lh_desk *d);                 /* every episode was opened, or no more will be */

/* ---- what engines hand out ---- */

const struct lh_outlet *lh_desk_outlet(struct lh_desk *d);

/* ---- the network ---- */

bool lh_desk_live(const struct lh_desk *d);                      /* is there anything to wait for? */
/* Sends what may be sent, takes what has come, hands replies to `answer`. */
int lh_desk_step(struct lh_desk *d, struct lh_error *err) LH_CHECKED;
int64_t lh_desk_due_us(const struct lh_desk *d);                 /* when to step at the latest, monotonic */
/* Is a request on its way whose body lies in [from, from + n)? */
bool lh_desk_sends_from(const struct lh_desk *d, const char *from, size_t n);
int64_t lh_desk_waiting(const struct lh_desk *d);                /* orders not answered yet */
int lh_desk_in_flight(const struct lh_desk *d);
bool lh_desk_budgeted(const struct lh_desk *d);                  /* is what flies reserved from a budget? */
int lh_desk_commit(struct lh_desk *d, struct lh_error *err) LH_CHECKED;

/* ---- the end ---- */

/* Nothing more is sent from now on; the reason that is given first stays. */
enum lh_stop { LH_STOP_NOT, LH_STOP_SIGNAL, LH_STOP_BUDGET, LH_STOP_FAILED, LH_STOP_DECIDED };      /* decided: every gate is, and the run is done */
void lh_desk_stop(struct lh_desk *d, enum lh_stop why, const char *cause);
enum lh_stop lh_desk_stopped(const struct lh_desk *d);
/* Ends the run's row and closes the file. rc: what went wrong, 0 for nothing; results are made only then. */
int lh_desk_close(struct lh_desk *d, int rc, struct lh_results **out, struct lh_error *err) LH_CHECKED;

void lh_desk_progress(const struct lh_desk *d, struct lh_progress *out);

#endif
