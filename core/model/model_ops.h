/* model/model_ops.h - what a kind of model implements. This room's own. */
#ifndef LH_MODEL_MODEL_OPS_H
#define LH_MODEL_MODEL_OPS_H

#include "model/model.h"

struct lh_model_ops {
	const char *name, *summary;
	const struct lh_model_param *params;
	int param_count;
	bool simulated, takes_tools;
	int (*open)(struct lh_model *m, struct lh_str bare, const struct lh_str *values, const char *base_dir, struct lh_error *err);
	void (*free)(struct lh_model *m);
	int (*begin)(struct lh_model *m, const struct lh_model_setting *setting, void **state, struct lh_error *err);   /* may be NULL */
	void (*end)(void *state);
	int (*call)(struct lh_model *m, void *state, const struct lh_model_request *request, struct lh_reply *reply, struct lh_error *err);   /* NULL: live */
	/* Of a live model; see model.h for each. */
	const struct lh_dialect *dialect;        /* NULL: that of Chat Completions */
	enum lh_carrier carrier;
	int (*encode)(struct lh_model *m, const struct lh_model_request *request, struct lh_wire_request *out, struct lh_error *err);
	enum lh_verdict (*decode)(struct lh_model *m, const struct lh_exchange *x, const struct lh_asked *asked, struct lh_reply *reply);
	void (*endpoint)(const struct lh_model *m, struct lh_endpoint_spec *out);        /* HTTP */
	void (*key)(const struct lh_model *m, struct lh_key_source *out);                /* NULL: none is needed */
	void (*carry)(const struct lh_model *m, struct lh_carry *out);
	void (*pool)(const struct lh_model *m, struct lh_pool_spec *out, const char *const **pass_env);      /* POOL */
};

struct lh_model {
	const struct lh_model_ops *ops;
	char *name;
	struct lh_buf options_json;
	int64_t window;
	uint64_t samples;
	uint32_t turns;
	bool keeps_context, per_call, own_alone;
	struct lh_prices prices;         /* -1: not given in the spec */
	double size;                     /* billions of parameters; NAN: not given */
	void *data;                      /* the kind's own */
};

extern const struct lh_model_ops lh_model_sim, lh_model_replay, lh_model_openai, lh_model_anthropic, lh_model_openai_responses, lh_model_process;

/* replay_run.c: the part of replay that answers from a run file. */
int lh_replay_run_open(const char *path, void **out, uint64_t *samples, uint32_t *turns, struct lh_error *err) LH_CHECKED;
void lh_replay_run_free(void *data);
int lh_replay_run_begin(void *data, const char *name, const struct lh_model_setting *s, void **state, struct lh_error *err) LH_CHECKED;
void lh_replay_run_end(void *state);
int lh_replay_run_call(void *state, const struct lh_model_request *q, struct lh_reply *reply, struct lh_error *err) LH_CHECKED;

#endif
