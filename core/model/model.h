/* model/model.h - a request goes in, a reply comes out.
 *
 * A model is opened once a run from a spec; an episode of it is whatever it keeps for one
 * conversation (nothing for most). sim and replay answer at once; their latency is virtual and only
 * decides the order in which the run sees replies. Models read the messages of the view and nothing
 * else of the transcript. */
#ifndef LH_MODEL_MODEL_H
#define LH_MODEL_MODEL_H

#include "policy/policy.h"

struct lh_model;
struct lh_model_episode;

/* What identifies a conversation. */
struct lh_model_setting {
	struct lh_str task, task_params, policy, policy_options, history;
	uint32_t steps_per_turn;
	uint64_t sample, seed;
};

struct lh_model_request {
	struct lh_transcript *transcript;
	const struct lh_view *view;
	const struct lh_call_options *options;
	const struct lh_view_size *size;
	const struct lh_exposure *exposure;
	uint64_t view_hash;              /* of view and options */
	uint64_t seed, sample;
	uint32_t turn, seq;
};

struct lh_reply {
	int error;                       /* 0, LH_E_OVERFLOW or LH_E_FAILED */
	struct lh_buf error_text, text, thoughts;
	enum lh_finish finish;
	int64_t tokens_in, tokens_cached, tokens_out, tokens_reasoning;
	int64_t latency_us, cost_microusd, attempts;
	bool priced;
};
void lh_reply_init(struct lh_reply *r);
void lh_reply_clear(struct lh_reply *r);
void lh_reply_fini(struct lh_reply *r);

struct lh_model_param { const char *name, *type, *initial, *range, *help; };

/* name: "sim", "replay"; bare: the spec's first value without a key ("" where there is none). */
int lh_model_open(struct lh_str name, struct lh_str bare, const struct lh_str *keys, const struct lh_str *values, int count,
	const char *base_dir, struct lh_model **out, struct lh_error *err) LH_CHECKED;
void lh_model_free(struct lh_model *m);
const char *lh_model_name(const struct lh_model *m);              /* "sim", "replay:replies.jsonl" */
struct lh_str lh_model_options_json(const struct lh_model *m);
int64_t lh_model_window(const struct lh_model *m);                /* tokens; 0: unknown */
/* How many samples and turns it can answer; 0: any. explicit_samples… are checked by the caller. */
uint64_t lh_model_samples(const struct lh_model *m);
uint32_t lh_model_turns(const struct lh_model *m);
bool lh_model_simulated(const struct lh_model *m);                /* nothing is paid for: commit in bulk */

/* May refuse: a recorded run that has no such conversation. */
int lh_model_begin(struct lh_model *m, const struct lh_model_setting *setting, struct lh_model_episode **out, struct lh_error *err) LH_CHECKED;
void lh_model_end(struct lh_model_episode *e);
/* Fills `reply` (cleared first). An error code means that the run must stop: a reply that is missing
 * from a recording, or a request that differs from the recorded one. */
int lh_model_call(struct lh_model *m, struct lh_model_episode *e, const struct lh_model_request *request, struct lh_reply *reply, struct lh_error *err) LH_CHECKED;

/* For list and show. */
const char *const *lh_model_names(void);                          /* NULL-terminated */
const char *lh_model_summary(const char *name);                   /* NULL: no such model */
const struct lh_model_param *lh_model_params(const char *name, int *count);

#endif
