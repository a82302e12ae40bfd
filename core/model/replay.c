/* replay:FILE - recorded replies, from a replies file (JSON lines) or a run file. No network at all;
 * a reply that is not there is an error that names the sample and the turn.
 *
 * A line says "sample", "turn" and "content". It may say "thoughts"; "finish"; "call", which of a turn's calls it answers, from 0;
 * "tool_calls", as run files have them (transcript/calls.h); "error", why there is no content: the sample is censored there
 * (where it is "overflow", the context was too small; without "call" this goes for every call of the turn that has no line);
 * "model", who said it; and the tokens: "tokens_in", "tokens_cached" among them, "tokens_out", "tokens_reasoning" among them; and
 * "counted": false where they are somebody's estimate. */
#include "model/model_ops.h"

#include "json/reader.h"
#include "json/writer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_MAX (4ull << 30)
#define INDEX_MAX 100000000
#define TOKENS_MAX 1000000000
#define ANY_CALL UINT32_MAX

struct span { size_t at, n; };           /* in `words` */

enum { TOKENS_IN, TOKENS_CACHED, TOKENS_OUT, TOKENS_REASONING, TOKENS };
static const char *const token_names[TOKENS] = { "tokens_in", "tokens_cached", "tokens_out", "tokens_reasoning" };

struct line {                            /* one recorded reply */
	uint32_t sample, turn, call;
	int line;
	struct span text, thoughts, calls, error, model;
	enum lh_finish finish;
	int64_t tokens[TOKENS];          /* -1: not said */
	bool estimated;                  /* they are said to be no count */
};

struct replay {
	char *path;
	void *run;                       /* replay_run.c, or NULL: a replies file */
	struct lh_buf words;
	struct line *line;
	uint32_t count, cap;
	bool by_call;                    /* some turn has more than one */
	uint32_t *table, mask;           /* (sample, turn, call) → index + 1 */
};

static bool is_of(const struct line *l, uint32_t sample, uint32_t turn, uint32_t call)
{
	return l->sample == sample && l->turn == turn && l->call == call;
}

static uint32_t *slot(const struct replay *r, uint32_t sample, uint32_t turn, uint32_t call)
{
	uint32_t i = (uint32_t)lh_random_mix(lh_random_mix(sample, turn), call) & r->mask;
	while (r->table[i] && !is_of(&r->line[r->table[i] - 1], sample, turn, call))
		i = (i + 1) & r->mask;
	return &r->table[i];
}

static int index_field(const struct lh_json *j, const char *name, int64_t least, uint32_t *out, struct lh_error *err)
{
	int64_t v;
	if (!lh_json_int(lh_json_get(j, name), &v) || v < least || v > INDEX_MAX)
		return lh_fail(err, LH_E_DATA, "\"%s\" must be an integer from %d to %d", name, (int)least, INDEX_MAX);
	*out = (uint32_t)v;
	return 0;
}

/* A string, or null or absent where `optional`. */
static int text_field(const struct lh_json *j, const char *name, bool optional, struct lh_buf *words, struct span *out, struct lh_error *err)
{
	const struct lh_json *v = lh_json_get(j, name);
	enum lh_json_type type = lh_json_type(v);
	if (type != LH_JSON_STRING && type != LH_JSON_NULL && !(optional && type == LH_JSON_NONE))
		return lh_fail(err, LH_E_DATA, "\"%s\" must be a string", name);
	*out = (struct span){ words->n, lh_json_str(v).n };
	lh_buf_put_str(words, lh_json_str(v));
	return lh_buf_ok(words, err);
}

static int calls_field(const struct lh_json *j, struct lh_buf *words, struct span *out, struct lh_error *err)
{
	const struct lh_json *list = lh_json_get(j, "tool_calls");
	struct lh_jw w;
	if (lh_json_type(list) == LH_JSON_NONE || lh_json_type(list) == LH_JSON_NULL)
		return 0;
	if (lh_json_type(list) != LH_JSON_ARRAY || !lh_json_size(list))
		return lh_fail(err, LH_E_DATA, "\"tool_calls\" must be a list of calls, and not an empty one");
	out->at = words->n;
	lh_jw_init(&w, words, false);
	lh_jw_open(&w, '[');
	for (const struct lh_json *c = lh_json_first(list); c; c = lh_json_next(c)) {
		const struct lh_json *id = lh_json_get(c, "id"), *name = lh_json_get(c, "name"), *arguments = lh_json_get(c, "arguments");
		if (lh_json_type(id) != LH_JSON_STRING || lh_json_type(name) != LH_JSON_STRING || lh_json_type(arguments) != LH_JSON_STRING)
			return lh_fail(err, LH_E_DATA, "a call in \"tool_calls\" has \"id\", \"name\" and \"arguments\", all strings");
		lh_calls_put(&w, &(struct lh_tool_call){ lh_json_str(id), lh_json_str(name), lh_json_str(arguments) });
	}
	lh_jw_close(&w);
	out->n = words->n - out->at;
	return lh_buf_ok(words, err);
}

/* A part is not more than its whole, where both are said. */
static int check_part(const struct line *l, int part, int whole, struct lh_error *err)
{
	if (l->tokens[whole] < 0 || l->tokens[part] <= l->tokens[whole])
		return 0;
	return lh_fail(err, LH_E_DATA, "\"%s\" is %lld, more than \"%s\", %lld, of which it is a part", token_names[part], (long long)l->tokens[part],
		token_names[whole], (long long)l->tokens[whole]);
}

static int token_fields(const struct lh_json *j, struct line *l, struct lh_error *err)
{
	for (int i = 0; i < TOKENS; i++) {
		const struct lh_json *v = lh_json_get(j, token_names[i]);
		l->tokens[i] = -1;
		if (lh_json_type(v) == LH_JSON_NONE)
			continue;
		if (!lh_json_int(v, &l->tokens[i]) || l->tokens[i] < 0 || l->tokens[i] > TOKENS_MAX)
			return lh_fail(err, LH_E_DATA, "\"%s\" must be an integer from 0 to %d", token_names[i], TOKENS_MAX);
	}
	int rc = check_part(l, TOKENS_CACHED, TOKENS_IN, err);
	return rc ? rc : check_part(l, TOKENS_REASONING, TOKENS_OUT, err);
}

/* "counted" and "finish". */
static int word_fields(const struct lh_json *j, struct line *l, struct lh_error *err)
{
	const struct lh_json *finish = lh_json_get(j, "finish"), *counted = lh_json_get(j, "counted");
	enum lh_json_type type = lh_json_type(finish);
	if (type != LH_JSON_STRING && type != LH_JSON_NULL && type != LH_JSON_NONE)
		return lh_fail(err, LH_E_DATA, "\"finish\" must be a string");
	if (type == LH_JSON_STRING)
		l->finish = (enum lh_finish)lh_finish_of(lh_json_str(finish));
	if (lh_json_type(counted) != LH_JSON_NONE && lh_json_type(counted) != LH_JSON_BOOL)
		return lh_fail(err, LH_E_DATA, "\"counted\" must be true or false");
	l->estimated = lh_json_type(counted) == LH_JSON_BOOL && !lh_json_bool(counted);
	return 0;
}

static int call_field(const struct lh_json *j, struct replay *r, struct line *l, struct lh_error *err)
{
	if (lh_json_type(lh_json_get(j, "call")) == LH_JSON_NONE) {
		l->call = l->error.n ? ANY_CALL : 0;
		return 0;
	}
	int rc = index_field(j, "call", 0, &l->call, err);
	r->by_call = r->by_call || l->call;
	return rc;
}

static int read_fields(struct replay *r, const struct lh_json *j, struct line *l, struct lh_error *err)
{
	if (lh_json_type(j) != LH_JSON_OBJECT)
		return lh_fail(err, LH_E_DATA, "a line must be an object such as {\"sample\": 0, \"turn\": 1, \"content\": \"…\"}");
	int rc = index_field(j, "sample", 0, &l->sample, err);
	if (!rc)
		rc = index_field(j, "turn", 1, &l->turn, err);
	if (!rc)
		rc = text_field(j, "error", true, &r->words, &l->error, err);
	if (!rc)
		rc = call_field(j, r, l, err);
	if (!rc)
		rc = text_field(j, "content", l->error.n > 0, &r->words, &l->text, err);
	if (!rc)
		rc = text_field(j, "thoughts", true, &r->words, &l->thoughts, err);
	if (!rc)
		rc = text_field(j, "model", true, &r->words, &l->model, err);
	if (!rc)
		rc = calls_field(j, &r->words, &l->calls, err);
	if (!rc)
		rc = word_fields(j, l, err);
	return rc ? rc : token_fields(j, l, err);
}

static int add_line(struct replay *r, struct lh_str text, int number, struct lh_error *err)
{
	if (r->count == r->cap) {
		uint32_t cap = r->cap ? 2 * r->cap : 1024;
		struct line *p = realloc(r->line, cap * sizeof *p);
		if (!p)
			return lh_nomem(err);
		r->line = p;
		r->cap = cap;
	}
	struct lh_json *j;
	int rc = lh_json_parse(text, r->path, number, &j, err);
	if (rc)
		return rc;
	struct line *l = &r->line[r->count];
	*l = (struct line){ .line = number };
	rc = read_fields(r, j, l, err);
	lh_json_free(j);
	if (rc)
		lh_prefix(err, "%s:%d", r->path, number);
	else
		r->count++;
	return rc;
}

static int index_lines(struct replay *r, struct lh_error *err)
{
	uint32_t size = 64;
	while (size < 2 * r->count)
		size *= 2;
	r->table = calloc(size, sizeof *r->table);
	if (!r->table)
		return lh_nomem(err);
	r->mask = size - 1;
	for (uint32_t i = 0; i < r->count; i++) {
		struct line *l = &r->line[i];
		uint32_t *at = slot(r, l->sample, l->turn, l->call);
		if (*at)
			return lh_fail(err, LH_E_DATA, "%s:%d: sample %u, turn %u stands on line %d already", r->path, l->line, l->sample, l->turn, r->line[*at - 1].line);
		*at = i + 1;
	}
	return 0;
}

static int read_lines(struct replay *r, struct lh_str all, struct lh_error *err)
{
	int number = 1;
	for (size_t at = 0; at < all.n; number++) {
		const char *end = memchr(all.p + at, '\n', all.n - at);
		size_t n = end ? (size_t)(end - all.p) - at : all.n - at;
		struct lh_str line = { all.p + at, n };
		if (lh_str_trim(line).n) {
			int rc = add_line(r, line, number, err);
			if (rc)
				return rc;
		}
		at += n + 1;
	}
	if (!r->count)
		return lh_fail(err, LH_E_DATA, "%s: no replies in it", r->path);
	return index_lines(r, err);
}

static void measure(struct lh_model *m, const struct replay *r)
{
	bool ends = false;               /* samples end early: no turn is asked of them then, however many there are to be */
	for (uint32_t i = 0; i < r->count; i++) {
		if (r->line[i].sample + 1ull > m->samples)
			m->samples = r->line[i].sample + 1ull;
		if (r->line[i].turn > m->turns)
			m->turns = r->line[i].turn;
		ends = ends || r->line[i].call == ANY_CALL;
	}
	if (ends)
		m->turns = 0;
}

static int open_file(struct lh_model *m, struct replay *r, struct lh_error *err)
{
	if (lh_file_begins(r->path, LH_STR("SQLite format 3")))
		return lh_replay_run_open(r->path, &r->run, &m->samples, &m->turns, err);
	struct lh_buf all;
	lh_buf_init(&all, FILE_MAX);
	int rc = lh_file_read(r->path, &all, err);
	if (!rc)
		rc = read_lines(r, lh_buf_str(&all), err);
	lh_buf_fini(&all);
	if (!rc)
		measure(m, r);
	return rc;
}

static int replay_open(struct lh_model *m, struct lh_str bare, const struct lh_str *typed, const char *base_dir, struct lh_error *err)
{
	(void)typed;
	struct replay *r = calloc(1, sizeof *r);
	if (!r)
		return lh_nomem(err);
	m->data = r;
	lh_buf_init(&r->words, FILE_MAX);
	if (!bare.n)
		return lh_fail(err, LH_E_USAGE, "model replay needs a file: replay:replies.jsonl, or replay:run.db");
	struct lh_buf name;
	lh_buf_init(&name, 8192);
	if (base_dir && bare.p[0] != '/')
		lh_buf_printf(&name, "%s/", base_dir);
	lh_buf_put_str(&name, bare);
	r->path = lh_str_dup(lh_buf_str(&name));
	lh_buf_clear(&name);
	lh_buf_printf(&name, "replay:%.*s", LH_ARG(bare));
	m->name = lh_str_dup(lh_buf_str(&name));
	lh_buf_fini(&name);
	lh_buf_puts(&m->options_json, "{}");
	int rc = r->path && m->name ? open_file(m, r, err) : lh_nomem(err);
	m->own_alone = !r->run;
	return rc;
}

static void replay_free(struct lh_model *m)
{
	struct replay *r = m->data;
	if (!r)
		return;
	lh_replay_run_free(r->run);
	free(r->path);
	free(r->line);
	free(r->table);
	lh_buf_fini(&r->words);
	free(r);
}

static int replay_begin(struct lh_model *m, const struct lh_model_setting *s, void **state, struct lh_error *err)
{
	struct replay *r = m->data;
	return r->run ? lh_replay_run_begin(r->run, r->path, s, state, err) : 0;
}

static void replay_end(void *state)
{
	lh_replay_run_end(state);
}

static void put(struct lh_buf *to, const struct replay *r, struct span s) { lh_buf_put(to, r->words.p + s.at, s.n); }

static int64_t said(const struct line *l, int which, int64_t otherwise) { return l->tokens[which] < 0 ? otherwise : l->tokens[which]; }

static int64_t part_of(int64_t whole, int64_t part) { return part < whole ? part : whole; }

static int give(const struct replay *r, const struct line *l, const struct lh_model_request *q, struct lh_reply *reply, struct lh_error *err)
{
	struct lh_str error = { r->words.p + l->error.at, l->error.n };
	reply->error = !error.n ? 0 : lh_str_is(error, "overflow") ? LH_E_OVERFLOW : LH_E_FAILED;
	put(&reply->error_text, r, l->error);
	put(&reply->text, r, l->text);
	put(&reply->thoughts, r, l->thoughts);
	put(&reply->calls, r, l->calls);
	reply->finish = l->finish;
	reply->counted = !l->estimated;  /* else there is no server whose count it could differ from */
	reply->tokens_in = said(l, TOKENS_IN, q->size->tokens);
	reply->tokens_cached = part_of(reply->tokens_in, said(l, TOKENS_CACHED, 0));
	reply->tokens_out = said(l, TOKENS_OUT, lh_tokens(l->text.n + l->thoughts.n, 0));
	reply->tokens_reasoning = part_of(reply->tokens_out, said(l, TOKENS_REASONING, lh_tokens(l->thoughts.n, 0)));
	snprintf(reply->served_by, sizeof reply->served_by, "%.*s", (int)l->model.n, r->words.p + l->model.at);
	int rc = lh_buf_ok(&reply->text, err);
	if (!rc)
		rc = lh_buf_ok(&reply->calls, err);
	return rc ? rc : lh_buf_ok(&reply->thoughts, err);
}

static const struct line *find(const struct replay *r, const struct lh_model_request *q)
{
	if (q->sample > INDEX_MAX)
		return NULL;
	uint32_t at = *slot(r, (uint32_t)q->sample, q->turn, q->seq);
	if (!at)
		at = *slot(r, (uint32_t)q->sample, q->turn, ANY_CALL);
	return at ? &r->line[at - 1] : NULL;
}

static int replay_call(struct lh_model *m, void *state, const struct lh_model_request *q, struct lh_reply *reply, struct lh_error *err)
{
	struct replay *r = m->data;
	if (r->run)
		return lh_replay_run_call(state, q, reply, err);
	const struct line *l = find(r, q);
	if (l)
		return give(r, l, q, reply, err);
	if (q->seq > 0 && !r->by_call)
		return lh_fail(err, LH_E_USAGE, "%s holds one reply a turn, and the policy asked for call %u of sample %llu, turn %u: replay such a policy from a run file",
			r->path, q->seq + 1, (unsigned long long)q->sample, q->turn);
	if (q->seq)
		return lh_fail(err, LH_E_MISSING, "%s has no reply for sample %llu, turn %u, call %u", r->path, (unsigned long long)q->sample, q->turn, q->seq);
	return lh_fail(err, LH_E_MISSING, "%s has no reply for sample %llu, turn %u", r->path, (unsigned long long)q->sample, q->turn);
}

const struct lh_model_ops lh_model_replay = {
	.name = "replay", .summary = "Recorded replies: replay:FILE, a replies file (JSON lines) or a run file.",
	.params = NULL, .param_count = 0, .simulated = true, .takes_tools = true,
	.open = replay_open, .free = replay_free, .begin = replay_begin, .end = replay_end, .call = replay_call,
};
