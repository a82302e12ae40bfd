/* replay:FILE - recorded replies, from a replies file (JSON lines) or a run file. No network at all;
 * a reply that is not there is an error that names the sample and the turn. */
#include "model/model_ops.h"

#include "json/reader.h"
#include "json/writer.h"

#include <stdlib.h>
#include <string.h>

#define FILE_MAX (4ull << 30)
#define INDEX_MAX 100000000

struct line {                            /* one recorded reply */
	uint32_t sample, turn;
	int line;
	size_t text, text_n, thoughts, thoughts_n;   /* in `words` */
	enum lh_finish finish;
};

struct replay {
	char *path;
	void *run;                       /* replay_run.c, or NULL: a replies file */
	struct lh_buf words;
	struct line *line;
	uint32_t count, cap;
	uint32_t *table, mask;           /* (sample, turn) → index + 1 */
};

static uint32_t *slot(const struct replay *r, uint32_t sample, uint32_t turn)
{
	uint32_t i = (uint32_t)lh_random_mix(sample, turn) & r->mask;
	while (r->table[i] && (r->line[r->table[i] - 1].sample != sample || r->line[r->table[i] - 1].turn != turn))
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
static int text_field(const struct lh_json *j, const char *name, bool optional, struct lh_buf *words, size_t *at, size_t *n, struct lh_error *err)
{
	const struct lh_json *v = lh_json_get(j, name);
	enum lh_json_type type = lh_json_type(v);
	if (type != LH_JSON_STRING && type != LH_JSON_NULL && !(optional && type == LH_JSON_NONE))
		return lh_fail(err, LH_E_DATA, "\"%s\" must be a string", name);
	*at = words->n;
	*n = lh_json_str(v).n;
	lh_buf_put_str(words, lh_json_str(v));
	return lh_buf_ok(words, err);
}

static int read_fields(struct replay *r, const struct lh_json *j, struct line *l, struct lh_error *err)
{
	if (lh_json_type(j) != LH_JSON_OBJECT)
		return lh_fail(err, LH_E_DATA, "a line must be an object such as {\"sample\": 0, \"turn\": 1, \"content\": \"…\"}");
	int rc = index_field(j, "sample", 0, &l->sample, err);
	if (!rc)
		rc = index_field(j, "turn", 1, &l->turn, err);
	if (!rc)
		rc = text_field(j, "content", false, &r->words, &l->text, &l->text_n, err);
	if (!rc)
		rc = text_field(j, "thoughts", true, &r->words, &l->thoughts, &l->thoughts_n, err);
	const struct lh_json *finish = lh_json_get(j, "finish");
	if (lh_json_type(finish) == LH_JSON_STRING)
		l->finish = (enum lh_finish)lh_finish_of(lh_json_str(finish));
	return rc;
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
		uint32_t *at = slot(r, l->sample, l->turn);
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
	for (uint32_t i = 0; i < r->count; i++) {
		if (r->line[i].sample + 1ull > m->samples)
			m->samples = r->line[i].sample + 1ull;
		if (r->line[i].turn > m->turns)
			m->turns = r->line[i].turn;
	}
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

static int replay_call(struct lh_model *m, void *state, const struct lh_model_request *q, struct lh_reply *reply, struct lh_error *err)
{
	struct replay *r = m->data;
	if (r->run)
		return lh_replay_run_call(state, q, reply, err);
	if (q->seq > 0)
		return lh_fail(err, LH_E_USAGE, "%s holds one reply a turn, and the policy asked for call %u of sample %llu, turn %u: replay such a policy from a run file",
			r->path, q->seq + 1, (unsigned long long)q->sample, q->turn);
	uint32_t *at = q->sample <= INDEX_MAX ? slot(r, (uint32_t)q->sample, q->turn) : NULL;
	if (!at || !*at)
		return lh_fail(err, LH_E_MISSING, "%s has no reply for sample %llu, turn %u", r->path, (unsigned long long)q->sample, q->turn);
	const struct line *l = &r->line[*at - 1];
	lh_buf_put(&reply->text, r->words.p + l->text, l->text_n);
	lh_buf_put(&reply->thoughts, r->words.p + l->thoughts, l->thoughts_n);
	reply->finish = l->finish;
	reply->tokens_in = q->size->tokens;
	reply->counted = true;           /* there is no server whose count it could differ from */
	reply->tokens_out = lh_tokens(l->text_n + l->thoughts_n, 0);
	reply->tokens_reasoning = lh_tokens(l->thoughts_n, 0);
	int rc = lh_buf_ok(&reply->text, err);
	return rc ? rc : lh_buf_ok(&reply->thoughts, err);
}

const struct lh_model_ops lh_model_replay = {
	.name = "replay", .summary = "Recorded replies: replay:FILE, a replies file (JSON lines) or a run file.",
	.params = NULL, .param_count = 0, .simulated = true, .takes_tools = true,
	.open = replay_open, .free = replay_free, .begin = replay_begin, .end = replay_end, .call = replay_call,
};
