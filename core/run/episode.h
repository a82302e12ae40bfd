/* run/episode.h - one sample under one condition, as a state machine.
 *
 * The scheduler hands it replies; it says which calls it wants next. It never waits, never knows how
 * replies were come by, and reaches the model only through calls that it asks for: (episode, turn,
 * seq) → reply. */
#ifndef LH_RUN_EPISODE_H
#define LH_RUN_EPISODE_H

#include "journal/journal.h"
#include "run/experiment.h"
#include "run/results.h"

/* What all episodes of a run share. */
struct lh_run_context {
	const struct lh_experiment *experiment;
	const struct lh_plan *plan;
	struct lh_results *results;
	struct lh_journal *journal;              /* NULL: none kept */
	int64_t first_episode;                   /* id of episode 0 in the file */
	struct lh_buf text, judged;              /* scratch */
	struct lh_error fault;                   /* scratch: what a policy did wrong */
	/* For tests and `check`: sees every request before it is sent; may be NULL. */
	int (*watch)(void *user, const struct lh_model_request *q, struct lh_error *err);
	void *watch_user;
	int64_t turns_done, calls_done;          /* progress */
};

struct lh_ask {                                  /* one step's calls: the same view n times */
	struct lh_view view;
	struct lh_view_size size;
	struct lh_exposure exposure;
	struct lh_call_options options;
	struct lh_buf text;                      /* the view as written in the run file */
	uint64_t hash;
	double reusable;
	uint32_t first_seq;
	int wanted, answered;
};

struct lh_call {                                 /* a call of the present turn */
	int ask;
	uint32_t message;
	enum lh_finish finish;
	int error;
	char *error_text;
	int64_t tokens_in, tokens_cached, tokens_out, tokens_reasoning, latency_us, cost_microusd, attempts;
	bool priced, journalled;
};

struct lh_episode {
	struct lh_run_context *run;
	const struct lh_condition *condition;
	int condition_index, sample;             /* sample: index within the run's range */
	int64_t id;
	struct lh_sample *task;
	struct lh_transcript *transcript;
	struct lh_policy_run *policy;
	struct lh_model_episode *model;
	struct lh_ask *ask; int asks, ask_cap;   /* of the present turn */
	struct lh_call *call; int calls, call_cap;
	struct lh_call_result *result; int result_cap;
	struct lh_view before; bool has_before;  /* the latest request's view */
	uint32_t noted;                          /* messages below this id were looked at for the run file */
	struct lh_str extra;                     /* what finish() returned, JSON; borrowed */
	struct lh_episode *previous, *next;      /* the scheduler's list of open episodes */
	bool done;
};

/* Opens the episode and runs it to its first calls. */
int lh_episode_open(struct lh_run_context *run, int condition, int sample, struct lh_episode **out, struct lh_error *err) LH_CHECKED;
void lh_episode_free(struct lh_episode *e);
/* The request of call number seq of the present turn. */
void lh_episode_request(const struct lh_episode *e, uint32_t seq, struct lh_model_request *out);
/* The reply to call seq. When it was the last that the episode waited for, it goes on to its next
 * calls, or to its end (e->done). */
int lh_episode_reply(struct lh_episode *e, uint32_t seq, const struct lh_reply *reply, struct lh_error *err) LH_CHECKED;
/* The latest ask, whose calls are to be made: seq first_seq … first_seq + wanted - 1. */
const struct lh_ask *lh_episode_asks(const struct lh_episode *e);

#endif
