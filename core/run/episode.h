/* run/episode.h - one sample under one condition, as a state machine.
 *
 * The scheduler hands it replies; it says which calls it wants next. It never waits, never knows how
 * replies were come by, and reaches the model only through calls that it asks for: (episode, turn,
 * seq) → reply. */
#ifndef LH_RUN_EPISODE_H
#define LH_RUN_EPISODE_H

#include "run/experiment.h"
#include "transcript/made.h"
#include "run/outlet.h"

/* What all episodes of a run share. */
struct lh_run_context {
	const struct lh_experiment *experiment;
	const struct lh_plan *plan;
	const struct lh_outlet *outlet;
	struct lh_arena *arena;                  /* where request bodies lie; NULL: the heap */
	struct lh_buf text, judged;              /* scratch */
	struct lh_error fault;                   /* scratch: what a policy did wrong */
	/* For tests and `check`: sees every request before it is sent; may be NULL. */
	int (*watch)(void *user, const struct lh_model_request *q, struct lh_error *err);
	void *watch_user;
};

struct lh_ask {                                  /* calls with the same view */
	struct lh_view view;
	struct lh_view_size size;
	struct lh_exposure exposure;
	struct lh_call_options options;
	struct lh_buf text;                      /* the view as written in the run file */
	uint64_t hash;
	double reusable;
	uint32_t first_seq, first_message;       /* of `wanted` in a row */
	struct lh_wire_request wire;             /* of a live model */
	bool each;                               /* each call has its own body, in the episode's copies */
	int wanted;
};

struct lh_chain {                                /* how one reply comes about, see rounds.c */
	uint32_t *message; int messages, message_cap;    /* calls of tools and their results, by id */
	int rounds, call;                        /* calls made; the latest, by seq */
	int64_t tokens_in, tokens_out;           /* of all its calls */
	bool over;
};

struct lh_call {                                 /* a call of the present turn */
	int ask, chain;
	uint32_t message;
	enum lh_finish finish;
	int error;
	char *error_text;
	int64_t tokens_in, tokens_cached, tokens_out, tokens_reasoning, latency_us, cost_microusd, attempts;
	char *served_by, *request_id;            /* NULL: not said */
	bool counted, answered, recorded;
	size_t body_at, body_n;                  /* in the episode's copies */
};

struct lh_episode {
	struct lh_run_context *run;
	const struct lh_condition *condition;
	int condition_index;
	uint64_t sample;
	int64_t id;
	uint32_t slot, probe;                    /* probe: the turn asked behind a made history; 0: all turns */
	struct lh_made made;                     /* where there is one */
	bool live;
	char session[64];                        /* what an agent that keeps its own context knows it by */
	struct lh_sample *task;
	struct lh_transcript *transcript;
	struct lh_policy_run *policy;
	struct lh_model_episode *model;
	struct lh_ask *ask; int asks, ask_cap;   /* of the present turn */
	struct lh_call *call; int calls, call_cap;
	struct lh_chain *chain; int chains, chain_cap;
	int *which; int wanted, which_cap, first_chain;  /* the chains that the policy waits for, in order of its results */
	int round, unanswered;                   /* the first ask of the present round; its calls without a reply */
	struct lh_view base; struct lh_call_options options; bool plain;         /* what the policy asked for */
	struct lh_call_result *result; int result_cap;
	struct lh_view before; bool has_before;  /* the latest request's view */
	uint32_t noted;                          /* messages below this id were looked at for the run file */
	struct lh_buf copies;                    /* bodies of the latest ask's calls, where each has its own */
	struct lh_str extra;                     /* what finish() returned, JSON; borrowed */
	bool done;
};

/* Which episode, and its name in the file. probe: the turn to ask behind a made history, else 0. */
struct lh_seat { uint32_t slot; int condition; uint32_t probe; uint64_t sample; int64_t id; };

/* Opens the episode and runs it to its first calls. */
int lh_episode_open(struct lh_run_context *run, const struct lh_seat *seat, struct lh_episode **out, struct lh_error *err) LH_CHECKED;
void lh_episode_free(struct lh_episode *e);
/* Hands the present round's calls out as orders: a live model's. */
int lh_episode_order(struct lh_episode *e, struct lh_error *err) LH_CHECKED;
/* Is call seq of this turn still waited for? For replies that another process hands in. */
bool lh_episode_waits(const struct lh_episode *e, uint32_t turn, uint32_t seq);
/* The request of call number seq of the present turn. */
void lh_episode_request(const struct lh_episode *e, uint32_t seq, struct lh_model_request *out);
/* The reply to call seq. When it was the last that the episode waited for, it goes on to its next
 * calls, or to its end (e->done). */
int lh_episode_reply(struct lh_episode *e, uint32_t seq, const struct lh_reply *reply, struct lh_error *err) LH_CHECKED;
/* The asks of the present round, whose calls are to be made: of each, seq first_seq … first_seq + wanted - 1. */
const struct lh_ask *lh_episode_asks(const struct lh_episode *e, int *n);

#endif
