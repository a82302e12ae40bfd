/* run/desk_impl.h - the desk's insides, shared by its files: agenda.c (episodes), ledger.c (rows), orders.c
 * (queues and sending), verdicts.c (what came back), recorded.c (replies of the run file), budget.c. */
#ifndef LH_RUN_DESK_IMPL_H
#define LH_RUN_DESK_IMPL_H

#include "net/pace.h"
#include "net/retry.h"
#include "run/desk.h"
#include "run/fold.h"
#include "run/sequence.h"

#define LH_NO_ORDER UINT32_MAX

/* An episode that is open in some engine. */
struct lh_open {
	bool used;
	int condition, turns;            /* turns: folded so far, those of a made history included */
	struct lh_place at;
	uint64_t sample;
	int64_t id;
	struct lh_recorded *recorded;    /* the run file's replies to its calls; NULL: none are left */
	int64_t orders;                  /* not answered yet */
	bool stalled;                    /* its code did not come back */
	struct lh_kept *kept;            /* replies to it that are not written yet */
};

enum lh_order_state { LH_ORDER_FREE, LH_ORDER_READY, LH_ORDER_RESTING, LH_ORDER_FLYING };

/* An order that waits for its reply. */
struct lh_waiting {
	enum lh_order_state state;
	uint32_t generation, slot, message, turn, seq;
	int model, attempt;
	uint64_t sample;
	int64_t episode;
	bool orphan;                     /* flying, and its episode is gone, or begun again and not here yet */
	struct lh_str body;
	const char *flying;              /* where the body lay when it was sent; `body` is for another try */
	char *open;
	struct lh_buf row;               /* the call's row as a parcel, where episodes may die */
	bool tools;                      /* were offered */
	int64_t tokens, tokens_in;       /* reserved; our estimate of the prompt */
	uint64_t view_hash;
	int condition;
	struct lh_place at;
	int64_t due_us;
};

/* Index heaps over the waiting orders. */
struct lh_heap { uint32_t *at; size_t n, cap; };

/* A live model: its endpoint or pool, and who waits for it. Pace is shared by models of one host. */
struct lh_line {
	struct lh_model *model;          /* the experiment's; NULL: not live */
	enum lh_carrier carrier;
	struct lh_carry carry;
	struct lh_endpoint *endpoint;
	struct lh_pool *pool;
	struct lh_pace *pace;
	bool owns_pace;
	char host[300];
	struct lh_heap ready;            /* by (sample, turn, slot, seq) */
	int64_t until_us;                /* not before; INT64_MAX: when another has ended */
	int64_t answered;                /* ever */
	bool proven;                     /* by a resumed run's file: it has answered before */
	int unreached;                   /* attempts before anything was ever reached; the line rests after each */
	int64_t pause_until_us;
	int refused, dead;               /* in a row: requests refused, calls given up */
	char **env;
};

struct lh_desk {
	struct lh_desk_setting s;
	struct lh_outlet outlet;
	struct lh_results *results;
	struct lh_sequence *sequence;    /* NULL: the run goes to its planned end */
	struct lh_journal *journal;
	char *path;                      /* of the run file; NULL: none kept */
	char *temporary;                 /* it goes at the end */
	/* agenda */
	struct lh_open *open; size_t slots; uint32_t *free_slot; size_t free_slots, free_cap;
	struct lh_which { int condition, k, probe; } *which; int episodes;    /* of one sample, in order */
	int64_t next, all, opened, ended;
	int64_t first_episode;
	int64_t *known_id;               /* of a resumed run: id by (sample, episode of it), 0: none yet; else NULL */
	uint8_t *finished;               /* of a resumed run */
	int64_t free_id;
	struct lh_from_record { uint32_t slot, turn, seq; } *recorded; size_t recorded_n, recorded_cap;
	/* orders */
	struct lh_line *line; int lines;
	struct lh_waiting *order; size_t orders; uint32_t *free_order; size_t free_orders, free_order_cap;
	struct lh_heap resting;          /* by due */
	int64_t waiting; int in_flight, orphans;
	int64_t last_latency_us;         /* of the last reply over HTTP */
	struct lh_kept *first_kept, *last_kept, *spare_kept;
	struct lh_retry_quota quota;
	struct lh_http *http;
	struct lh_secrets *secrets;
	struct lh_reply reply, unpacked; /* scratch */
	/* budget */
	struct lh_spent before, spent, reserved; /* before: by earlier invocations; spent: with these */
	struct lh_block { struct lh_spent spent; int open; } *block;     /* by sample; NULL: no budget */
	int64_t begun_blocks, done_blocks; uint64_t admitted;            /* admitted: one more than the latest sample */
	struct lh_spent done_spent;
	int64_t started_us;
	/* progress */
	int64_t turns, calls, replies, attempts_failed, failed_limited, failed_network;     /* calls: settled; replies: of live models */
	enum lh_stop stop; char cause[512];
	bool gave_up;                    /* an episode, whose code ended a worker */
	int log_fd;
};

/* agenda.c */
int lh_agenda_init(struct lh_desk *d, struct lh_error *err) LH_CHECKED;
void lh_agenda_fini(struct lh_desk *d);
void lh_agenda_ended(struct lh_desk *d, uint32_t slot);
void lh_agenda_look(struct lh_desk *d, int sample);                     /* an episode of it has ended, and its cells are filled */
int64_t lh_agenda_next(const struct lh_desk *d);                         /* the next that is not finished, by (sample, episode of it) */
struct lh_open *lh_agenda_at(struct lh_desk *d, uint32_t slot);          /* NULL: not open */

/* ledger.c */
int lh_ledger_path(struct lh_desk *d, struct lh_error *err) LH_CHECKED;
int lh_ledger_open(struct lh_desk *d, struct lh_error *err) LH_CHECKED;
void lh_ledger_outlet(struct lh_desk *d);
/* A reply that is paid for, written before its episode has taken it up; its row will come again. reply: NULL where it
 * stands packed behind the order's row. */
int lh_ledger_reply(struct lh_desk *d, const struct lh_waiting *w, const struct lh_reply *reply, struct lh_error *err) LH_CHECKED;

/* kept.c: such replies, held back for a moment. */
int lh_kept_put(struct lh_desk *d, struct lh_waiting *w, const struct lh_reply *reply, struct lh_error *err) LH_CHECKED;   /* takes w's row */
void lh_kept_settled(struct lh_desk *d, uint32_t slot, int64_t turn, int64_t seq);      /* the row itself has come */
int lh_kept_write_slot(struct lh_desk *d, uint32_t slot, struct lh_error *err) LH_CHECKED;       /* what is left of an episode's */
int lh_kept_write(struct lh_desk *d, int64_t now_us, struct lh_error *err) LH_CHECKED;          /* those held long enough; INT64_MAX: all */
int64_t lh_kept_due_us(const struct lh_desk *d);
void lh_kept_fini(struct lh_desk *d);

/* orders.c */
void lh_orders_fini(struct lh_desk *d);
int lh_orders_take(struct lh_desk *d, const struct lh_order *o, struct lh_error *err) LH_CHECKED;
int lh_orders_rest(struct lh_desk *d, uint32_t i, int64_t due_us, struct lh_error *err) LH_CHECKED;
void lh_orders_free(struct lh_desk *d, uint32_t i);
void lh_orders_forget(struct lh_desk *d, uint32_t slot);                 /* an episode's, whatever their state */
/* The order of an exchange; LH_NO_ORDER: it was forgotten. */
uint32_t lh_orders_of(const struct lh_desk *d, uint64_t id);

/* lines.c */
int lh_lines_open(struct lh_desk *d, struct lh_error *err) LH_CHECKED;
void lh_lines_close(struct lh_desk *d);

/* verdicts.c */
int lh_verdicts_take(struct lh_desk *d, const struct lh_exchange *x, uint32_t i, struct lh_error *err) LH_CHECKED;

/* A paid call whose episode is over: its cost counts. */
int lh_ledger_cost(struct lh_desk *d, const struct lh_waiting *w, const struct lh_reply *reply, struct lh_error *err) LH_CHECKED;
struct lh_open *lh_agenda_find(struct lh_desk *d, int64_t episode);      /* by its name in the file; NULL: not open */

/* recorded.c */
struct lh_recorded;
int lh_recorded_load(struct lh_desk *d, int64_t episode, struct lh_recorded **out, struct lh_error *err) LH_CHECKED;
void lh_recorded_free(struct lh_recorded *r);
/* Answers the order from the record; *found false: it is to be asked. */
int lh_recorded_answer(struct lh_desk *d, struct lh_open *o, const struct lh_order *order, bool *found, struct lh_error *err) LH_CHECKED;
int lh_recorded_late(struct lh_desk *d, const struct lh_waiting *w, const struct lh_reply *reply, struct lh_error *err) LH_CHECKED;
void lh_recorded_forget(struct lh_desk *d, uint32_t slot);
int lh_recorded_step(struct lh_desk *d, struct lh_error *err) LH_CHECKED;

/* budget.c */
int lh_budget_init(struct lh_desk *d, struct lh_error *err) LH_CHECKED;
void lh_budget_fini(struct lh_desk *d);
bool lh_budget_admits(struct lh_desk *d, uint64_t sample);               /* a block that is not begun */
bool lh_budget_allows(struct lh_desk *d, const struct lh_waiting *w);    /* false: not now; may stop the run */
void lh_budget_reserve(struct lh_desk *d, const struct lh_waiting *w);
void lh_budget_settle(struct lh_desk *d, const struct lh_waiting *w, const struct lh_reply *reply);   /* NULL: nothing came */
void lh_budget_block(struct lh_desk *d, uint64_t sample, int change);    /* +1 an episode of it opened, -1 ended */
int64_t lh_budget_deadline_us(const struct lh_desk *d);

#endif
