/* model/model.h - a request goes in, a reply comes out.
 *
 * A model is opened once a run from a spec; an episode of it is whatever it keeps for one
 * conversation (nothing for most). sim and replay answer at once; their latency is virtual and only
 * decides the order in which the run sees replies. Models read the messages of the view and nothing
 * else of the transcript.
 *
 * A *live* model is answered by a server or a process. Here it is a pair of pure functions: encode, a
 * request as bytes, and decode, what came back as a reply. Whoever runs it carries the bytes (net/), so
 * that the two may stand in different processes. Neither ever sees a key. */
#ifndef LH_MODEL_MODEL_H
#define LH_MODEL_MODEL_H

#include "net/http.h"
#include "net/pool.h"
#include "policy/policy.h"

struct lh_model;
struct lh_dialect;
struct lh_model_episode;

/* What identifies a conversation. */
struct lh_model_setting {
	struct lh_str task, task_params, policy, policy_options, history;
	uint32_t steps_per_turn, probe;  /* probe: the turn asked behind a made history; 0: all turns */
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
	struct lh_str session;           /* what an agent that keeps its own context knows this conversation by; empty: nothing */
};

struct lh_reply {
	int error;                       /* 0, LH_E_OVERFLOW or LH_E_FAILED */
	struct lh_buf error_text, text, thoughts;
	struct lh_buf blob;              /* what must go back verbatim (transcript/body.h); empty: the rest says it all */
	struct lh_buf calls;             /* the tools that it calls (transcript/calls.h); empty: it is an answer */
	enum lh_finish finish;
	int64_t tokens_in, tokens_cached, tokens_out, tokens_reasoning;   /* in: all of the prompt; out: with the thoughts */
	bool counted;                    /* by the server; else tokens are our estimate from bytes */
	int64_t latency_us, cost_microusd, attempts;
	bool priced;
	char served_by[96];              /* the model, and the build of it, that the server says answered */
	char request_id[80];
};
void lh_reply_init(struct lh_reply *r);
void lh_reply_clear(struct lh_reply *r);
void lh_reply_fini(struct lh_reply *r);

struct lh_model_param { const char *name, *type, *initial, *range, *help; };

/* name: "sim", "openai" …, see lh_model_names; bare: the spec's first value without a key ("" where there is none). */
int lh_model_open(struct lh_str name, struct lh_str bare, const struct lh_str *keys, const struct lh_str *values, int count,
	const char *base_dir, struct lh_model **out, struct lh_error *err) LH_CHECKED;
void lh_model_free(struct lh_model *m);
const char *lh_model_name(const struct lh_model *m);              /* "sim", "replay:replies.jsonl" */
struct lh_str lh_model_options_json(const struct lh_model *m);
int64_t lh_model_window(const struct lh_model *m);                /* tokens; 0: unknown */
double lh_model_size(const struct lh_model *m);                   /* billions of parameters; NAN: unknown */
/* How many samples and turns it can answer; 0: any. explicit_samples… are checked by the caller. */
uint64_t lh_model_samples(const struct lh_model *m);
uint32_t lh_model_turns(const struct lh_model *m);
bool lh_model_simulated(const struct lh_model *m);                /* nothing is paid for: commit in bulk */
bool lh_model_own_alone(const struct lh_model *m);                /* recorded replies, to a history that nobody made */

/* May refuse: a recorded run that has no such conversation. */
int lh_model_begin(struct lh_model *m, const struct lh_model_setting *setting, struct lh_model_episode **out, struct lh_error *err) LH_CHECKED;
void lh_model_end(struct lh_model_episode *e);
/* Fills `reply` (cleared first). An error code means that the run must stop: a reply that is missing
 * from a recording, or a request that differs from the recorded one. */
int lh_model_call(struct lh_model *m, struct lh_model_episode *e, const struct lh_model_request *request, struct lh_reply *reply, struct lh_error *err) LH_CHECKED;

/* ---- live models ---- */

enum lh_carrier { LH_CARRIER_NONE, LH_CARRIER_HTTP, LH_CARRIER_POOL };
bool lh_model_kind_live(struct lh_str name);                      /* "openai"; false for what there is not */
enum lh_carrier lh_model_carrier(const struct lh_model *m);       /* NONE: not live */
/* The agent keeps its own context: it is sent what is new, and no policy chooses what it sees. */
bool lh_model_keeps_context(const struct lh_model *m);

/* Can it be given tools? Not an agent, which brings its own. */
bool lh_model_takes_tools(const struct lh_model *m);
/* Do the calls of one ask, which share a view, differ in what is sent (a seed, a number)? */
bool lh_model_per_call(const struct lh_model *m);

struct lh_wire_request {
	struct lh_str body;              /* lies in the transcript's body buffer; lives until the next encode of this conversation */
	struct lh_str open;              /* an agent's new session: members of session/new's params */
	int64_t tokens;                  /* about so many, in and out: for rate limits and budgets */
	int64_t tokens_in;               /* of these, in: our estimate */
	int thoughts_kept, thoughts_dropped;     /* earlier replies sent with their thoughts; sent without them */
};
/* Needs no network and no key. LH_E_LIMIT: too large to send. */
int lh_model_encode(struct lh_model *m, const struct lh_model_request *request, struct lh_wire_request *out, struct lh_error *err) LH_CHECKED;

/* What an exchange means. */
enum lh_verdict {
	LH_VERDICT_REPLY,                /* reply is filled: an answer, or reply->error = LH_E_OVERFLOW */
	LH_VERDICT_RETRY,                /* error_text says why; the same request may be sent again */
	LH_VERDICT_LIMITED,              /* as RETRY: the server asks for fewer requests (429) */
	LH_VERDICT_REFUSED,              /* this request will never be answered (400 …); error_text */
	LH_VERDICT_STOP                  /* no request will: bad key, unknown model, no money left; error_text */
};
/* What was asked: our estimate of its tokens, for servers that count nothing; whether tools were offered, without which
 * calls of them are not taken for such. */
struct lh_asked { int64_t tokens_in_guess; bool tools; };
/* Clears and fills `reply`: whatever the bytes, however broken. Never an error of the program's. */
enum lh_verdict lh_model_decode(struct lh_model *m, const struct lh_exchange *x, const struct lh_asked *asked, struct lh_reply *reply);

/* Where an HTTP model's requests go; texts live as long as the model. `key` is not set: see lh_model_key. */
void lh_model_endpoint(const struct lh_model *m, struct lh_endpoint_spec *out);
/* Where its key is: a variable's name or a file's; both NULL: it needs none. */
struct lh_key_source { const char *env, *file; };
void lh_model_key(const struct lh_model *m, struct lh_key_source *out);
/* How a request of it is to be carried: waits, sizes, streaming. */
struct lh_carry { int64_t timeout_ms, idle_ms; size_t reply_most; bool stream, session_header; };
void lh_model_carry(const struct lh_model *m, struct lh_carry *out);
/* An agent's command; env and log_fd are not set. pass_env: names of variables it is given, NULL-terminated. */
void lh_model_pool(const struct lh_model *m, struct lh_pool_spec *out, const char *const **pass_env);

/* Prices in microdollars a million tokens; -1: not known. From the spec, or put there from a price file. */
struct lh_prices { int64_t in, cached, out; };
void lh_model_set_prices(struct lh_model *m, const struct lh_prices *p);      /* where the spec gives none */
void lh_model_prices(const struct lh_model *m, struct lh_prices *out);

/* How a model of this name ("anthropic:…") is sent a list of messages. Never NULL. */
const struct lh_dialect *lh_model_dialect(struct lh_str name);

/* For list and show. */
const char *const *lh_model_names(void);                          /* NULL-terminated */
const char *lh_model_summary(const char *name);                   /* NULL: no such model */
const struct lh_model_param *lh_model_params(const char *name, int *count);

#endif
