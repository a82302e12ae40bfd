/* process:CMD - an agent as a process that speaks JSON-RPC over its pipes (net/pool.h).
 *
 * Without sessions an agent is given the whole conversation each time, as a policy chose it:
 *   session/prompt {"messages": [{"role", "content"}, …], "_meta": {"sample", "seed", "turn", "call", …}}
 * With sessions it keeps its own context and is given what is new:
 *   session/new {"system", "sample", "seed"}, then session/prompt {"prompt": [{"type": "text", "text"}], "_meta": …}
 * Policies do not apply then: what the agent sees is its own doing. */
#include "model/process.h"

#include "json/writer.h"
#include "transcript/body.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define REPLY_MOST (16u << 20)
#define OUT_GUESS 1024                   /* tokens of a reply, where no limit is given */

enum { PROCESSES, AT_ONCE, SESSIONS, TIMEOUT, IDLE, WINDOW, MAX_TOKENS, PASS_ENV, FOLDER, PRICE_IN, PRICE_CACHED, PRICE_OUT, PARAMS };

static const struct lh_model_param params[PARAMS] = {
	{ "processes", "integer", "4", "1..1024", "how many of them may run; they are started as needed" },
	{ "at_once", "integer", "1", "1..1024", "requests in flight to one process; 1 for a plain loop" },
	{ "sessions", "boolean", "false", "true|false", "the agent keeps its own context and is sent what is new; no policy chooses what it sees" },
	{ "timeout", "number", "600", "1..86400", "seconds allowed for a reply" },
	{ "idle", "number", "0", "0..86400", "seconds without a sign of life after which a reply is given up; 0: none" },
	{ "window", "integer", "0", "0..1000000000", "context limit in tokens; 0: unknown" },
	{ "max_tokens", "integer", "0", "0..10000000", "output limit in tokens, told to the agent; 0: its own" },
	{ "pass_env", "text", "", "", "names of variables, separated by blanks, that it is given though they look like keys" },
	{ "folder", "folder", "", "", "its working folder; empty: this one" },
	{ "price_in", "number", "", "0..1000000", "dollars a million prompt tokens" },
	{ "price_cached", "number", "", "0..1000000", "dollars a million cached prompt tokens" },
	{ "price_out", "number", "", "0..1000000", "dollars a million output tokens" },
};

struct process {
	char **word;                     /* of the command */
	char **pass_env;                 /* NULL-terminated, one block; NULL: none */
	char *folder;                    /* NULL: this one */
	double v[PARAMS];                /* of numbers; NAN: not given */
	bool sessions;
};

/* ---- parameters ---- */

static int set_number(struct process *s, int i, struct lh_str typed, struct lh_error *err)
{
	double lo = strtod(params[i].range, NULL), hi = strtod(strstr(params[i].range, "..") + 2, NULL);
	bool whole = params[i].type[0] == 'i';
	s->v[i] = NAN;
	if (!typed.n && !params[i].initial[0])
		return 0;
	if (!lh_str_to_double(typed, &s->v[i]) || (whole && s->v[i] != floor(s->v[i])))
		return lh_fail(err, LH_E_USAGE, "model process: %s=%.*s: %s is needed", params[i].name, LH_ARG(typed), whole ? "an integer" : "a number");
	if (s->v[i] < lo || s->v[i] > hi)
		return lh_fail(err, LH_E_USAGE, "model process: %s=%.*s lies outside %s", params[i].name, LH_ARG(typed), params[i].range);
	return 0;
}

static int set_numbers(struct process *s, const struct lh_str *typed, struct lh_error *err)
{
	int rc = 0;
	for (int i = 0; i < PARAMS && !rc; i++)
		if (params[i].type[0] == 'i' || params[i].type[0] == 'n')
			rc = set_number(s, i, typed[i], err);
	s->sessions = lh_str_is(typed[SESSIONS], "true");
	if (!rc && !s->sessions && !lh_str_is(typed[SESSIONS], "false"))
		rc = lh_fail(err, LH_E_USAGE, "model process: sessions=%.*s: one of true, false is needed", LH_ARG(typed[SESSIONS]));
	return rc;
}

static bool variable_name(const char *name)
{
	size_t n = strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789");
	return n && !name[n] && (name[0] < '0' || name[0] > '9');
}

/* A value in the place of a name would be a key on the command line: it is not repeated. */
static int set_pass_env(struct process *s, struct lh_str typed, struct lh_error *err)
{
	if (!lh_str_trim(typed).n)
		return 0;
	int rc = lh_process_words(typed, &s->pass_env, err);
	for (int i = 0; !rc && s->pass_env[i]; i++)
		if (!variable_name(s->pass_env[i]))
			rc = lh_fail(err, LH_E_USAGE, "model process: pass_env holds names of variables, separated by blanks, such as \"OPENAI_API_KEY OPENAI_BASE_URL\"; word %d of it is none", i + 1);
	return rc;
}

static int set_folder(struct process *s, struct lh_str typed, const char *base_dir, struct lh_error *err)
{
	struct lh_buf path;
	if (!typed.n)
		return 0;
	lh_buf_init(&path, 8192);
	if (base_dir && typed.p[0] != '/')
		lh_buf_printf(&path, "%s/", base_dir);
	lh_buf_put_str(&path, typed);
	int rc = lh_buf_ok(&path, err);
	if (!rc && !(s->folder = lh_str_dup(lh_buf_str(&path))))
		rc = lh_nomem(err);
	lh_buf_fini(&path);
	return rc;
}

/* What may change an answer, and nothing else: a run is the same run with more processes, or more patience. */
static void write_options(struct lh_model *m, const struct process *s, struct lh_str command, struct lh_str folder)
{
	static const int numbers[] = { WINDOW, MAX_TOKENS };
	struct lh_jw w;
	lh_jw_init(&w, &m->options_json, false);
	lh_jw_open(&w, '{');
	lh_jw_key(&w, "command");
	lh_jw_str(&w, command);
	lh_jw_key(&w, "sessions");
	lh_jw_bool(&w, s->sessions);
	for (int i = 0; i < 2; i++)
		if (s->v[numbers[i]] > 0) {
			lh_jw_key(&w, params[numbers[i]].name);
			lh_jw_double(&w, s->v[numbers[i]]);
		}
	if (folder.n) {
		lh_jw_key(&w, "folder");
		lh_jw_str(&w, folder);
	}
	lh_jw_close(&w);
}

static int64_t micro(double dollars) { return isnan(dollars) ? -1 : llround(dollars * 1e6); }

static int set_name(struct lh_model *m, struct lh_str command, struct lh_error *err)
{
	struct lh_buf name;
	lh_buf_init(&name, 1 << 16);
	lh_buf_puts(&name, "process:");
	lh_buf_put_str(&name, command);
	int rc = lh_buf_ok(&name, err);
	if (!rc && !(m->name = lh_str_dup(lh_buf_str(&name))))
		rc = lh_nomem(err);
	lh_buf_fini(&name);
	return rc;
}

static int process_open(struct lh_model *m, struct lh_str bare, const struct lh_str *typed, const char *base_dir, struct lh_error *err)
{
	struct process *s = calloc(1, sizeof *s);
	if (!s)
		return lh_nomem(err);
	m->data = s;
	bare = lh_str_trim(bare);
	int rc = lh_process_words(bare, &s->word, err);
	if (!rc)
		rc = set_numbers(s, typed, err);
	if (!rc)
		rc = set_pass_env(s, typed[PASS_ENV], err);
	if (!rc)
		rc = set_folder(s, typed[FOLDER], base_dir, err);
	if (!rc)
		rc = set_name(m, bare, err);
	if (rc)
		return rc;
	m->window = (int64_t)s->v[WINDOW];
	m->keeps_context = s->sessions;
	m->per_call = true;              /* its _meta names the call */
	m->prices = (struct lh_prices){ micro(s->v[PRICE_IN]), micro(s->v[PRICE_CACHED]), micro(s->v[PRICE_OUT]) };
	write_options(m, s, bare, typed[FOLDER]);
	return lh_buf_ok(&m->options_json, err);
}

static void process_free(struct lh_model *m)
{
	struct process *s = m->data;
	if (!s)
		return;
	free(s->word);
	free(s->pass_env);
	free(s->folder);
	free(s);
}

/* ---- a request ---- */

static void prompt_begin(struct lh_buf *b, enum lh_role role, struct lh_str thoughts, int before)
{
	(void)role, (void)thoughts;
	lh_buf_puts(b, before == LH_LIST_EMPTY ? "{\"type\":\"text\",\"text\":\"" : ",{\"type\":\"text\",\"text\":\"");
}

static void prompt_join(struct lh_buf *b) { lh_buf_puts(b, "\\n\\n"); }
static void prompt_end(struct lh_buf *b, enum lh_role role) { (void)role, lh_buf_puts(b, "\"}"); }

static const struct lh_dialect dialect_prompt = { .name = "prompt", .begin = prompt_begin, .join = prompt_join, .end = prompt_end,
	.head = "\"prompt\":[", .tail = "]" };

static int64_t max_tokens(const struct process *s, const struct lh_model_request *q)
{
	return q->options && q->options->max_tokens ? q->options->max_tokens : (int64_t)s->v[MAX_TOKENS];
}

static void put_text(struct lh_jw *w, const char *key, const char *text)
{
	if (!text[0])
		return;
	lh_jw_key(w, key);
	lh_jw_text(w, text);
}

/* What the policy asked for in this call. */
static void put_call_options(struct lh_jw *w, const struct lh_call_options *o)
{
	if (o->has_temperature) {
		lh_jw_key(w, "temperature");
		lh_jw_double(w, o->temperature);
	}
	put_text(w, "model", o->model);
	put_text(w, "purpose", o->purpose);
	put_text(w, "stop", o->stop);
}

static void put_identity(struct lh_jw *w, const struct lh_model_request *q)
{
	lh_jw_key(w, "sample");
	lh_jw_int(w, (int64_t)q->sample);
	lh_jw_key(w, "seed");
	lh_jw_uint_text(w, q->seed);
}

/* What stands behind the messages: an agent may draw its random numbers from it. */
static void put_meta(const struct process *s, const struct lh_model_request *q, struct lh_buf *b)
{
	struct lh_jw w;
	lh_buf_puts(b, "],\"_meta\":");
	lh_jw_init(&w, b, false);
	lh_jw_open(&w, '{');
	put_identity(&w, q);
	lh_jw_key(&w, "turn");
	lh_jw_int(&w, q->turn);
	lh_jw_key(&w, "call");
	lh_jw_int(&w, q->seq);
	if (max_tokens(s, q) > 0) {
		lh_jw_key(&w, "maxTokens");
		lh_jw_int(&w, max_tokens(s, q));
	}
	if (q->options)
		put_call_options(&w, q->options);
	lh_jw_close(&w);
}

/* Of session/new: the instructions, which are not said again. */
static void put_open(const struct lh_model_request *q, struct lh_buf *b)
{
	struct lh_transcript *t = q->transcript;
	struct lh_buf object;
	struct lh_jw w;
	lh_buf_init(&object, b->max);
	lh_jw_init(&w, &object, false);
	lh_jw_open(&w, '{');
	uint32_t first = lh_transcript_id(t, 0);
	if (lh_transcript_message(t, first)->role == LH_SYSTEM) {
		lh_jw_key(&w, "system");
		lh_jw_str(&w, lh_transcript_text(t, first));
	}
	put_identity(&w, q);
	lh_jw_close(&w);
	if (!object.failed)
		lh_buf_put(b, object.p + 1, object.n - 2);
	else
		b->failed = object.failed;
	lh_buf_fini(&object);
}

/* What the agent has not been told: the user's messages at the end of the record. */
static void whats_new(const struct lh_model_request *q, struct lh_view *v)
{
	const struct lh_transcript *t = q->transcript;
	uint32_t to = lh_transcript_length(t), from = to;
	while (from && lh_transcript_message(t, lh_transcript_id(t, from - 1))->role == LH_USER)
		from--;
	lh_view_init(v);
	v->piece[v->n++] = (struct lh_piece){ .from = from, .to = to };
}

/* A new session's opening stands behind the body in the same buffer, so that it lives as long. */
static int encode_new(const struct process *s, const struct lh_model_request *q, struct lh_buf *tail, struct lh_wire_request *out, struct lh_error *err)
{
	struct lh_view v;
	struct lh_str all;
	put_meta(s, q, tail);
	size_t meta = tail->n;
	put_open(q, tail);
	int rc = lh_buf_ok(tail, err);
	if (rc)
		return rc;
	size_t open = tail->n - meta;
	whats_new(q, &v);
	rc = lh_body_request(q->transcript, &v, &dialect_prompt, LH_STR(""), lh_buf_str(tail), &all, err);
	lh_view_fini(&v);
	if (rc)
		return rc;
	out->body = (struct lh_str){ all.p, all.n - open };
	out->open = (struct lh_str){ all.p + all.n - open, open };
	return 0;
}

static int process_encode(struct lh_model *m, const struct lh_model_request *q, struct lh_wire_request *out, struct lh_error *err)
{
	const struct process *s = m->data;
	struct lh_buf tail;
	int rc;
	lh_buf_init(&tail, 1u << 30);
	if (s->sessions) {
		rc = encode_new(s, q, &tail, out, err);
	} else {
		put_meta(s, q, &tail);
		rc = lh_buf_ok(&tail, err);
		if (!rc)
			rc = lh_body_request(q->transcript, q->view, &lh_dialect_chat, LH_STR("\"messages\":["), lh_buf_str(&tail), &out->body, err);
	}
	lh_buf_fini(&tail);
	out->tokens = q->size->tokens + (max_tokens(s, q) ? max_tokens(s, q) : OUT_GUESS);
	return rc;
}

/* ---- how it is carried ---- */

static void process_carry(const struct lh_model *m, struct lh_carry *out)
{
	const struct process *s = m->data;
	out->timeout_ms = llround(s->v[TIMEOUT] * 1000);
	out->idle_ms = llround(s->v[IDLE] * 1000);
	out->reply_most = REPLY_MOST;
}

static void process_pool(const struct lh_model *m, struct lh_pool_spec *out, const char *const **pass_env)
{
	const struct process *s = m->data;
	out->argv = (const char *const *)s->word;
	out->folder = s->folder;
	out->processes = (int)s->v[PROCESSES];
	out->at_once = (int)s->v[AT_ONCE];
	out->sessions = s->sessions;
	out->reply_most = REPLY_MOST;
	*pass_env = (const char *const *)s->pass_env;
}

const struct lh_model_ops lh_model_process = {
	.name = "process", .summary = "An agent or loop of your own, as a process that speaks JSON-RPC over stdin and stdout.",
	.params = params, .param_count = PARAMS, .open = process_open, .free = process_free, .carrier = LH_CARRIER_POOL,
	.encode = process_encode, .decode = lh_process_decode, .carry = process_carry, .pool = process_pool,
};
