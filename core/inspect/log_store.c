#include "inspect/log_read.h"

#include "json/writer.h"
#include "transcript/calls.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LINE_MAX_BYTES (1u << 30)
#define STEPS_MAX 20000000               /* of all samples, with those that fill them up */

struct sample {
	char *dictionary;                        /* JSON */
	char *input, *values, *output; size_t keys;      /* the insides of lists; of the keys asked */
	struct lh_log_entry last;                /* with which the rest is filled up; its key lies in first_key */
	char *first_key;
	int64_t total;
	uint32_t whole;
	char *why;
};

struct lh_log_store {
	struct lh_inspect_import *x;
	FILE *replies;
	struct sample *sample; size_t samples, cap;
	struct lh_buf line;
};

static int broken(const char *path, struct lh_error *err)
{
	return lh_fail(err, LH_E_IO, "%s cannot be written: %s", path, strerror(errno));
}

static int write_line(struct lh_log_store *s, FILE *to, const char *path, struct lh_error *err)
{
	int rc = lh_buf_ok(&s->line, err);
	if (!rc && fwrite(s->line.p, 1, s->line.n, to) != s->line.n)
		rc = broken(path, err);
	lh_buf_clear(&s->line);
	return rc;
}

int lh_log_store_open(struct lh_inspect_import *x, struct lh_log_store **out, struct lh_error *err)
{
	struct lh_log_store *s = *out = calloc(1, sizeof *s);
	if (!s)
		return lh_nomem(err);
	s->x = x;
	lh_buf_init(&s->line, LINE_MAX_BYTES);
	s->replies = fopen(x->replies, "wbe");
	if (s->replies)
		return 0;
	broken(x->replies, err);
	lh_log_store_abandon(s);
	*out = NULL;
	return err->code;
}

/* ---- replies ---- */

/* Arguments are text in a replies file, as a model writes them. */
static void put_calls(struct lh_jw *w, const struct lh_json *calls)
{
	lh_jw_key(w, "tool_calls");
	lh_jw_open(w, '[');
	for (const struct lh_json *c = lh_json_first(calls); c; c = lh_json_next(c)) {
		const struct lh_json *arguments = lh_json_get(c, "arguments"), *raw = lh_json_get(arguments, "arguments");
		struct lh_buf text;
		struct lh_jw inner;
		lh_buf_init(&text, LINE_MAX_BYTES);
		lh_jw_init(&inner, &text, false);
		if (lh_json_type(lh_json_get(c, "parse_error")) == LH_JSON_STRING && raw)
			lh_buf_put_str(&text, lh_json_str(raw));
		else
			lh_jw_node(&inner, arguments);
		lh_calls_put(w, &(struct lh_tool_call){ lh_json_str(lh_json_get(c, "id")), lh_json_str(lh_json_get(c, "function")), lh_buf_str(&text) });
		lh_buf_fini(&text);
	}
	lh_jw_close(w);
}

static void put_tokens(struct lh_jw *w, const struct lh_log_said *r)
{
	if (r->in < 0)
		return;
	lh_jw_key(w, "tokens_in"), lh_jw_int(w, r->in);
	lh_jw_key(w, "tokens_cached"), lh_jw_int(w, r->cached);
	lh_jw_key(w, "tokens_out"), lh_jw_int(w, r->out);
	lh_jw_key(w, "tokens_reasoning"), lh_jw_int(w, r->reasoning);
	if (r->estimated)
		lh_jw_key(w, "counted"), lh_jw_bool(w, false);
}

static struct lh_str span(const struct lh_log_talk *t, struct lh_log_span s)
{
	return (struct lh_str){ lh_buf_str(&t->words).p + s.at, s.n };
}

static void put_reply(struct lh_jw *w, const struct lh_log_talk *t, const struct lh_log_said *r)
{
	bool calls = lh_json_size(r->calls) > 0;
	if (r->error.n) {
		lh_jw_key(w, "error"), lh_jw_str(w, r->error);
	} else {
		lh_jw_key(w, "content"), lh_jw_str(w, span(t, r->text));
		if (r->thoughts.n)
			lh_jw_key(w, "thoughts"), lh_jw_str(w, span(t, r->thoughts));
		lh_jw_key(w, "finish"), lh_jw_text(w, r->finish);
		if (calls)
			put_calls(w, r->calls);
	}
	if (r->model.n)
		lh_jw_key(w, "model"), lh_jw_str(w, r->model);
	put_tokens(w, r);
}

static int write_replies(struct lh_log_store *s, const struct lh_log_talk *t, struct lh_error *err)
{
	int rc = 0;
	for (size_t i = 0; i < t->saids && !rc; i++) {
		struct lh_jw w;
		lh_jw_init(&w, &s->line, false);
		lh_jw_open(&w, '{');
		lh_jw_key(&w, "sample"), lh_jw_int(&w, (int64_t)s->samples);
		lh_jw_key(&w, "turn"), lh_jw_int(&w, t->said[i].turn);
		lh_jw_key(&w, "call"), lh_jw_int(&w, t->said[i].call);
		put_reply(&w, t, &t->said[i]);
		lh_jw_close(&w);
		lh_buf_putc(&s->line, '\n');
		s->x->tools = s->x->tools || lh_json_size(t->said[i].calls) > 0;
		rc = write_line(s, s->replies, s->x->replies, err);
	}
	return rc;
}

/* ---- rollouts ---- */

static void free_sample(struct sample *p)
{
	char *const owned[] = { p->dictionary, p->input, p->values, p->output, p->first_key, p->why };
	for (size_t k = 0; k < sizeof owned / sizeof *owned; k++)
		free(owned[k]);
}

static char *take(struct lh_buf *b)
{
	char *copy = lh_str_dup(lh_buf_str(b));
	lh_buf_clear(b);
	return copy;
}

static char *dictionary_of(struct lh_buf *b, const struct lh_log_map *m)
{
	struct lh_jw w;
	lh_jw_init(&w, b, false);
	lh_jw_open(&w, '{');
	for (size_t i = 0; i < m->count; i++)
		lh_jw_key_str(&w, m->entry[i].key), lh_jw_int(&w, m->entry[i].value);
	lh_jw_close(&w);
	return take(b);
}

static void put_key(struct lh_buf *b, struct lh_str key, bool more)
{
	lh_buf_puts(b, more ? ",\"" : "\"");
	lh_json_escape(b, key);
	lh_buf_putc(b, '"');
}

static void put_number(struct lh_buf *b, int64_t v, bool more)
{
	if (more)
		lh_buf_putc(b, ',');
	lh_buf_put_int(b, v);
}

/* Both are within their bounds: nothing overflows. */
static int64_t plus(int64_t total, int64_t value)
{
	int64_t sum = total + value;
	return sum > LH_LOG_TOTAL_MAX ? LH_LOG_TOTAL_MAX : sum < -LH_LOG_TOTAL_MAX ? -LH_LOG_TOTAL_MAX : sum;
}

static int fill_sample(struct lh_buf *b, const struct lh_log_talk *t, struct sample *to, struct lh_error *err)
{
	const struct lh_log_keys *k = &t->keys;
	to->dictionary = dictionary_of(b, &t->map);
	for (size_t i = 0; i < k->count; i++)
		put_key(b, k->key[i]->key, i);
	to->input = take(b);
	for (size_t i = 0; i < k->count; i++)
		put_number(b, k->key[i]->value, i);
	to->values = take(b);
	for (size_t i = 0; i < k->count; i++)
		put_number(b, to->total = plus(to->total, k->key[i]->value), i);
	to->output = take(b);
	to->keys = k->count;
	to->first_key = lh_str_dup(k->key[0]->key);
	to->last = *k->key[0];
	to->whole = t->whole;
	to->why = lh_str_dup(lh_buf_str(&t->why));
	return to->dictionary && to->input && to->values && to->output && to->first_key && to->why ? 0 : lh_nomem(err);
}

int lh_log_store_add(struct lh_log_store *s, const struct lh_log_talk *t, struct lh_error *err)
{
	struct lh_inspect_import *x = s->x;
	if (s->samples && t->steps_per_turn != x->steps_per_turn)
		return lh_fail(err, LH_E_DATA, "it asks for %u keys a turn, the samples before for %u", t->steps_per_turn, x->steps_per_turn);
	int rc = lh_log_map_check(&t->map, err);
	if (!rc)
		rc = lh_array_more(&s->sample, &s->cap, s->samples + 1, sizeof *s->sample, err);
	if (rc)
		return rc;
	struct sample *to = &s->sample[s->samples];
	*to = (struct sample){ .keys = 0 };
	rc = fill_sample(&s->line, t, to, err);
	if (!rc)
		rc = write_replies(s, t, err);
	if (rc) {
		free_sample(to);
		return rc;
	}
	s->samples++;
	x->steps_per_turn = t->steps_per_turn;
	x->turns = t->turns > x->turns ? t->turns : x->turns;
	x->samples = (int64_t)s->samples;
	return 0;
}

/* ---- the end ---- */

/* A rollout has all the steps of the run: behind those that were asked, its first key again and again, to which nobody answers. */
static void put_rollout(struct lh_buf *b, const struct sample *p, size_t steps)
{
	int64_t total = p->total;
	lh_buf_printf(b, "{\"dictionary\":%s,\"input\":[%s", p->dictionary, p->input);
	for (size_t i = p->keys; i < steps; i++)
		put_key(b, lh_str_of(p->first_key), true);
	lh_buf_printf(b, "],\"values\":[%s", p->values);
	for (size_t i = p->keys; i < steps; i++)
		put_number(b, p->last.value, true);
	lh_buf_printf(b, "],\"output\":[%s", p->output);
	for (size_t i = p->keys; i < steps; i++)
		put_number(b, total = plus(total, p->last.value), true);
	lh_buf_puts(b, "]}");
}

static int write_dataset(struct lh_log_store *s, FILE *to, struct lh_error *err)
{
	size_t steps = (size_t)s->x->turns * s->x->steps_per_turn;
	int rc = 0;
	if (steps * s->samples > STEPS_MAX)
		return lh_fail(err, LH_E_DATA, "%zu samples of %zu steps are more than %d steps together", s->samples, steps, STEPS_MAX);
	lh_buf_puts(&s->line, "{\"dict_sum\":{\"ground_truth_data\":[\n");
	for (size_t i = 0; i < s->samples && !rc; i++) {
		put_rollout(&s->line, &s->sample[i], steps);
		lh_buf_puts(&s->line, i + 1 < s->samples ? ",\n" : "\n]}}\n");
		rc = write_line(s, to, s->x->dataset, err);
	}
	return rc;
}

/* A call that nobody made costs nothing. */
static int write_endings(struct lh_log_store *s, struct lh_error *err)
{
	int rc = 0;
	for (size_t i = 0; i < s->samples && !rc; i++) {
		struct lh_jw w;
		if (s->sample[i].whole >= s->x->turns)
			continue;
		lh_jw_init(&w, &s->line, false);
		lh_jw_open(&w, '{');
		lh_jw_key(&w, "sample"), lh_jw_int(&w, (int64_t)i);
		lh_jw_key(&w, "turn"), lh_jw_int(&w, s->sample[i].whole + 1);
		lh_jw_key(&w, "error"), lh_jw_text(&w, s->sample[i].why);
		lh_jw_key(&w, "tokens_in"), lh_jw_int(&w, 0);
		lh_jw_key(&w, "tokens_out"), lh_jw_int(&w, 0);
		lh_jw_close(&w);
		lh_buf_putc(&s->line, '\n');
		rc = write_line(s, s->replies, s->x->replies, err);
	}
	return rc;
}

static void release(struct lh_log_store *s)
{
	for (size_t i = 0; i < s->samples; i++)
		free_sample(&s->sample[i]);
	free(s->sample);
	lh_buf_fini(&s->line);
	free(s);
}

int lh_log_store_finish(struct lh_log_store *s, struct lh_error *err)
{
	struct lh_inspect_import *x = s->x;
	int rc = write_endings(s, err);
	FILE *dataset = rc ? NULL : fopen(x->dataset, "wbe");
	if (!rc && !dataset)
		rc = broken(x->dataset, err);
	if (!rc)
		rc = write_dataset(s, dataset, err);
	if (dataset && fclose(dataset) && !rc)
		rc = broken(x->dataset, err);
	FILE *replies = s->replies;
	s->replies = NULL;
	if (fclose(replies) && !rc)
		rc = broken(x->replies, err);
	if (!rc)
		release(s);
	else
		lh_log_store_abandon(s);
	return rc;
}

void lh_log_store_abandon(struct lh_log_store *s)
{
	if (!s)
		return;
	if (s->replies)
		fclose(s->replies);
	unlink(s->x->replies);
	unlink(s->x->dataset);
	release(s);
}
