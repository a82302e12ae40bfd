/* model/live.h - what the three kinds of model behind HTTP have in common: their parameters, where their
 * requests go, and what a request says besides its messages. This room's own.
 *
 * A kind is a table (lh_provider) and the functions that write and read its wire format: chat_wire.c
 * and chat_reply.c, anthropic_wire.c, responses_wire.c. Nothing here touches a network, a key or the environment. */
#ifndef LH_MODEL_LIVE_H
#define LH_MODEL_LIVE_H

#include "json/reader.h"
#include "json/writer.h"
#include "model/model_ops.h"
#include "transcript/body.h"

enum lh_thinking { LH_THINKING_DEFAULT, LH_THINKING_ON, LH_THINKING_OFF };
struct lh_thoughts { enum lh_thinking mode; int64_t budget; const char *effort; };       /* budget 0, effort NULL: not given */

/* How a server of the Chat Completions format is told to think, and where it leaves the standard. */
enum lh_switch {
	LH_SWITCH_UNKNOWN,               /* only "reasoning_effort" can be said */
	LH_SWITCH_EFFORT,                /* "reasoning_effort", "none" turns thoughts off */
	LH_SWITCH_TEMPLATE,              /* "chat_template_kwargs": {"enable_thinking": …, "thinking": …} */
	LH_SWITCH_TYPE,                  /* "thinking": {"type": "enabled"} */
	LH_SWITCH_ENABLE,                /* "enable_thinking", "thinking_budget" */
	LH_SWITCH_REASONING              /* "reasoning": {"enabled"|"effort"|"max_tokens": …} */
};
struct lh_server {
	const char *name;
	const char *hosts[3];            /* ends of host names */
	enum lh_switch how;
	bool max_completion_tokens;      /* not "max_tokens" */
	bool no_stream_options;          /* refuses the wish for usage, and sends it anyway */
	const char *seed;                /* the seed's name; NULL: "seed" */
};
#define LH_SERVER_NAMES "auto|openai|vllm|sglang|llama.cpp|ollama|lmstudio|openrouter|deepseek|qwen|mistral|kimi|zai|gemini|xai|groq|generic"
/* By name, or by host where the name is "auto". */
const struct lh_server *lh_server_find(const char *name, struct lh_str host);
/* Can it be told so? LH_E_USAGE, with what can be done. */
int lh_server_check(const struct lh_server *s, const struct lh_thoughts *t, struct lh_error *err) LH_CHECKED;
void lh_server_think(const struct lh_server *s, const struct lh_thoughts *t, struct lh_jw *w);

struct lh_live;
struct lh_provider {
	const char *name, *base_url, *host, *path, *key_env;
	const char *key_header, *key_prefix;
	const char *header;              /* sent always; NULL: none */
	const char *const *ours;         /* members of the body that `extra` may not hold; NULL-terminated */
	int64_t max_tokens;              /* where the spec gives none; 0: not sent */
	int (*check)(struct lh_live *l, struct lh_error *err);           /* what only this kind can judge; may be NULL */
	/* Members of the request before its messages. */
	void (*put)(const struct lh_live *l, const struct lh_model_request *q, struct lh_jw *w);
	void (*put_tool)(struct lh_jw *w, const struct lh_tool *tool);   /* one element of "tools" */
	const char *no_tools;            /* the member that keeps them from being called, a comma in front */
};

#define LH_IDLE_DEFAULT "120"
#define LH_LIVE_PARAMS 31                /* model.c's table of names ends in a NULL */

struct lh_live {
	const struct lh_provider *provider;
	const struct lh_model_ops *ops;
	char *value[LH_LIVE_PARAMS];     /* as typed, in order of the table */
	char *model, *url, *key_file;
	struct lh_str extra;             /* the members of `extra`, without braces */
	bool extra_behind;               /* they stand behind the messages: the head's room is small */
	const char *header[2];
	int headers;
	bool own_host, key_given;
	const struct lh_server *server;
	struct lh_thoughts thoughts;
	double temperature, top_p;       /* NAN: not given */
	int64_t max_tokens;              /* 0: not given */
	const char *stop;                /* NULL: not given */
	bool stream, identify, seed, delta, cache, carry_thoughts;
};

/* "" where the kind has no such parameter. */
const char *lh_live_text(const struct lh_live *l, const char *name);

int lh_live_open(struct lh_model *m, const struct lh_provider *p, struct lh_str bare, const struct lh_str *values, const char *base_dir, struct lh_error *err) LH_CHECKED;
void lh_live_free(struct lh_model *m);
void lh_live_endpoint(const struct lh_model *m, struct lh_endpoint_spec *out);
void lh_live_key(const struct lh_model *m, struct lh_key_source *out);
void lh_live_carry(const struct lh_model *m, struct lh_carry *out);

/* ---- live_request.c ---- */

/* What holds for this call: the call's own options before the spec's. */
struct lh_str lh_live_model(const struct lh_live *l, const struct lh_model_request *q);
double lh_live_temperature(const struct lh_live *l, const struct lh_model_request *q);   /* NAN: not given */
int64_t lh_live_max_tokens(const struct lh_live *l, const struct lh_model_request *q);   /* 0: not given */
struct lh_str lh_live_stop(const struct lh_live *l, const struct lh_model_request *q);   /* empty: none */
/* "model", "temperature", "top_p", "stream". */
void lh_live_put_common(const struct lh_live *l, const struct lh_model_request *q, struct lh_jw *w);
/* The whole request: what provider->put writes, then the member `list` (its key and bracket, or "" where the
 * dialect writes them), the view's messages, and `end`. */
struct lh_framing { const struct lh_dialect *dialect; const char *list, *end; };
int lh_live_request(const struct lh_live *l, const struct lh_model_request *q, const struct lh_view *v, const struct lh_framing *f,
	struct lh_wire_request *out, struct lh_error *err) LH_CHECKED;
/* thoughts_kept and _dropped, in the number of the view's pieces. blobs_only: plain thoughts are not sent back. */
void lh_live_count_thoughts(const struct lh_model_request *q, const struct lh_view *v, bool blobs_only, struct lh_wire_request *out);
/* Refuses `extra` members that we set, and parameters that are too long for a request's head. */
int lh_live_check_request(struct lh_live *l, struct lh_error *err) LH_CHECKED;

/* ---- the table of parameters ---- */

#define LH_PARAMS_WHERE(url, key) \
	{ "base_url", "text", url, "", "where requests go; the format's path is appended" }, \
	{ "key_env", "text", "", "", "the variable that holds the key; " key " where base_url is the provider's own" }, \
	{ "key_file", "file", "", "", "a file that holds the key" }, \
	{ "header", "text", "", "", "one more header, \"Name: value\"; never a key" }
#define LH_PARAMS_SAMPLING(hottest, max) \
	{ "temperature", "number", "", "0.." hottest, "sampling temperature; empty: the server's own" }, \
	{ "top_p", "number", "", "0..1", "nucleus sampling; empty: the server's own" }, \
	{ "max_tokens", "integer", max, "0..10000000", "output limit in tokens, thoughts included; 0: the server's own" }
#define LH_PARAMS_THOUGHTS \
	{ "thoughts", "choice", "default", "default|on|off", "whether the model thinks before it answers" }, \
	{ "thought_tokens", "integer", "0", "0..10000000", "most tokens for thoughts; 0: not said" }, \
	{ "effort", "choice", "default", "default|none|minimal|low|medium|high|xhigh|max", "how hard it thinks" }
#define LH_PARAMS_REST \
	{ "extra", "text", "", "", "more members of the request, a JSON object" }, \
	{ "stream", "boolean", "true", "true|false", "ask for the reply as it is made, so that idle connections live" }, \
	{ "window", "integer", "0", "0..1000000000", "context limit in tokens; 0: unknown" }, \
	{ "timeout", "number", "600", "1..86400", "seconds allowed for a reply" }, \
	{ "idle", "number", LH_IDLE_DEFAULT, "1..86400", "seconds without a byte after which a connection is given up; of a stream, unless it is set" }, \
	{ "reply_most", "integer", "16777216", "1024..268435456", "bytes of a reply; more is a fault" }, \
	{ "http2", "boolean", "false", "true|false", "speak HTTP/2 where the server can" }, \
	{ "price_in", "number", "", "0..1000000", "dollars a million prompt tokens" }, \
	{ "price_cached", "number", "", "0..1000000", "dollars a million cached prompt tokens" }, \
	{ "price_out", "number", "", "0..1000000", "dollars a million output tokens" }, \
	{ "size", "number", "", "0..1000000", "billions of parameters; only recorded" }
#define LH_PARAM_IDENTIFY \
	{ "identify", "boolean", "false", "true|false", "send seed, sample, turn and call as metadata, for servers that tell conversations apart" }

#endif
