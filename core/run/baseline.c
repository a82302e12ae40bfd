#include "run/baseline.h"

#include "json/writer.h"

#include <stdlib.h>
#include <string.h>

#define FILE_MAX (64u << 20)
#define CELLS_MOST 4e8                   /* a few bytes may name millions of turns */

/* Texts of a condition, by the names they have in the file; those of labels are shown only. */
struct text { const char *name; size_t at; bool json; };
#define TEXT(f, j) { #f, offsetof(struct lh_condition_results, f), j }
static const struct text texts[] = { TEXT(task, false), TEXT(task_params, true), TEXT(task_label, false), TEXT(model, false), TEXT(model_options, true),
	TEXT(model_label, false), TEXT(policy, false), TEXT(policy_options, true), TEXT(policy_label, false), TEXT(history, false) };
enum { TEXTS = sizeof texts / sizeof *texts };

static char **text_of(struct lh_condition_results *c, const struct text *t) { return (char **)(void *)((char *)c + t->at); }

/* ---- out ---- */

static void put_outcomes(struct lh_jw *w, const struct lh_condition_results *c, int sample)
{
	const uint8_t *row = c->outcome + (size_t)sample * (size_t)c->turns;
	struct lh_buf b;
	lh_buf_init(&b, FILE_MAX);
	for (int t = 0, n; t < c->turns; t += n) {
		for (n = 1; t + n < c->turns && row[t + n] == row[t]; n++)
			;
		lh_buf_printf(&b, "%d%c", n, row[t] == LH_UNSEEN ? '-' : LH_BASELINE_LETTERS[row[t]]);
	}
	lh_jw_str(w, lh_buf_str(&b));
	if (b.failed)
		w->out->failed = b.failed;
	lh_buf_fini(&b);
}

static void put_sample(struct lh_jw *w, const struct lh_condition_results *c, int sample)
{
	int64_t tokens = 0, turns = 0;
	for (int k = 0; k < c->episodes; k++) {
		const struct lh_totals *t = &c->totals[lh_place_at(c, (struct lh_place){ sample, k })];
		tokens += t->tokens_in;
		turns += t->turns;
	}
	lh_jw_open_flat(w, '[');
	put_outcomes(w, c, sample);
	lh_jw_int(w, tokens);
	lh_jw_int(w, turns);
	lh_jw_close(w);
}

static void put_condition(struct lh_jw *w, struct lh_condition_results *c)
{
	lh_jw_open(w, '{');
	for (int i = 0; i < TEXTS; i++) {
		lh_jw_key(w, texts[i].name);
		lh_jw_text(w, *text_of(c, &texts[i]));
	}
	lh_jw_key(w, "oracle"), lh_jw_bool(w, c->oracle);
	lh_jw_key(w, "steps_per_turn"), lh_jw_int(w, c->steps_per_turn);
	lh_jw_key(w, "turns"), lh_jw_int(w, c->turns);
	lh_jw_key(w, "probes");
	lh_jw_open_flat(w, '[');
	for (int k = 0; k < c->probes; k++)
		lh_jw_int(w, c->probe[k]);
	lh_jw_close(w);
	lh_jw_key(w, "samples");
	lh_jw_open(w, '[');
	for (int i = 0; i < c->samples; i++)
		put_sample(w, c, i);
	lh_jw_close(w);
	lh_jw_close(w);
}

int lh_baseline_write(const struct lh_results *r, struct lh_buf *out, struct lh_error *err)
{
	struct lh_jw w;
	if (strcmp(r->status, "done") || r->shards.of)
		return lh_fail(err, LH_E_USAGE, "the run is not %s: a baseline is made of a whole one", r->shards.of ? "all in the file, which has some shards of it only" : "done");
	lh_jw_init(&w, out, true);
	lh_jw_open(&w, '{');
	lh_jw_key(&w, "schema"), lh_jw_text(&w, LH_BASELINE_SCHEMA);
	lh_jw_key(&w, "version"), lh_jw_text(&w, r->version);
	lh_jw_key(&w, "config_sha256"), lh_jw_text(&w, r->config_sha256);
	lh_jw_key(&w, "seed"), lh_jw_uint_text(&w, r->seed);
	lh_jw_key(&w, "stop_at_error"), lh_jw_bool(&w, r->stop_at_error);
	lh_jw_key(&w, "conditions");
	lh_jw_open(&w, '[');
	for (int i = 0; i < r->conditions; i++)
		put_condition(&w, &r->condition[i]);
	lh_jw_close(&w);
	lh_jw_close(&w);
	lh_buf_putc(out, '\n');
	return lh_buf_ok(out, err);
}

/* ---- in ---- */

static int bad(struct lh_error *err, const char *what)
{
	return lh_fail(err, LH_E_DATA, "no baseline that longhaul export makes: %s", what);
}

/* "40C2S": as many turns as the condition has. */
static bool read_outcomes(struct lh_str s, uint8_t *row, int turns)
{
	int at = 0;
	for (size_t i = 0; i < s.n;) {
		int64_t n = 0;
		for (; i < s.n && s.p[i] >= '0' && s.p[i] <= '9' && n <= turns; i++)
			n = 10 * n + s.p[i] - '0';
		const char *letter = i < s.n && s.p[i] ? strchr(LH_BASELINE_LETTERS, s.p[i]) : NULL;
		if (n < 1 || n > turns - at || i == s.n || (!letter && s.p[i] != '-'))
			return false;
		memset(row + at, letter ? (int)(letter - LH_BASELINE_LETTERS) : LH_UNSEEN, (size_t)n);
		at += (int)n;
		i++;
	}
	return at == turns;
}

static int read_sample(struct lh_condition_results *c, int sample, const struct lh_json *j, struct lh_error *err)
{
	const struct lh_json *outcomes = lh_json_first(j), *tokens = outcomes ? lh_json_next(outcomes) : NULL, *turns = tokens ? lh_json_next(tokens) : NULL;
	struct lh_totals *t = &c->totals[lh_place_at(c, (struct lh_place){ sample, 0 })];
	const int64_t most = (int64_t)1 << 50;
	if (!read_outcomes(lh_json_str(outcomes), c->outcome + (size_t)sample * (size_t)c->turns, c->turns))
		return bad(err, "a sample's outcomes cannot be read");
	if (!lh_json_int(tokens, &t->tokens_in) || !lh_json_int(turns, &t->turns) || t->tokens_in < 0 || t->tokens_in > most || t->turns < 0 || t->turns > most)
		return bad(err, "a sample's tokens or turns cannot be read");
	return 0;
}

/* As lh_results_probes() takes them. */
static int read_probes(struct lh_condition_results *c, const struct lh_json *list, int turns, struct lh_error *err)
{
	struct lh_buf b;
	int64_t turn;
	lh_buf_init(&b, 1 << 20);
	for (const struct lh_json *p = lh_json_first(list); p; p = lh_json_next(p))
		lh_buf_printf(&b, "%s%lld", b.n ? "," : "", lh_json_int(p, &turn) ? (long long)turn : 0);
	int rc = lh_buf_ok(&b, err);
	if (!rc && lh_results_probes(c, lh_buf_str(&b), turns, NULL))
		rc = bad(err, "its history or its probed turns cannot be read");
	lh_buf_fini(&b);
	return rc;
}

static int read_condition(struct lh_condition_results *c, const struct lh_json *j, struct lh_error *err)
{
	int64_t turns, steps;
	const struct lh_json *samples = lh_json_get(j, "samples");
	for (int i = 0; i < TEXTS; i++) {
		const struct lh_json *text = lh_json_get(j, texts[i].name);
		if (lh_json_type(text) != LH_JSON_STRING)
			return bad(err, "a condition lacks a name");
		if (!(*text_of(c, &texts[i]) = lh_str_dup(lh_json_str(text))))
			return lh_nomem(err);
	}
	int n = lh_json_type(samples) == LH_JSON_ARRAY ? lh_json_size(samples) : 0;
	if (!lh_json_int(lh_json_get(j, "turns"), &turns) || !lh_json_int(lh_json_get(j, "steps_per_turn"), &steps) || turns < 1 || turns > 10000000 ||
		steps < 1 || steps > 1000000 || n < 1 || (double)turns * n > CELLS_MOST)
		return bad(err, "a condition has impossible numbers");
	c->oracle = lh_json_bool(lh_json_get(j, "oracle"));
	c->steps_per_turn = (int)steps;
	int rc = read_probes(c, lh_json_get(j, "probes"), (int)turns, err);
	if (!rc)
		rc = lh_results_shape(c, n, (int)turns, err);
	int i = 0;
	for (const struct lh_json *s = lh_json_first(samples); s && !rc; s = lh_json_next(s))
		rc = read_sample(c, i++, s, err);
	return rc;
}

static int read_file(const struct lh_json *j, struct lh_results *r, struct lh_error *err)
{
	const struct lh_json *list = lh_json_get(j, "conditions");
	int rc = 0;
	if (!lh_str_is(lh_json_str(lh_json_get(j, "schema")), LH_BASELINE_SCHEMA))
		return bad(err, "it is not of schema " LH_BASELINE_SCHEMA);
	r->stop_at_error = lh_json_bool(lh_json_get(j, "stop_at_error"));
	r->condition = calloc((size_t)lh_json_size(list) + 1, sizeof *r->condition);
	if (!r->condition)
		return lh_nomem(err);
	for (const struct lh_json *c = lh_json_first(list); c && !rc; c = lh_json_next(c))
		rc = read_condition(&r->condition[r->conditions++], c, err);
	return rc || r->conditions ? rc : bad(err, "it has no conditions");
}

static int load_text(const char *path, struct lh_results *r, struct lh_error *err)
{
	struct lh_buf b;
	struct lh_json *j = NULL;
	lh_buf_init(&b, FILE_MAX);
	int rc = lh_file_read(path, &b, err);
	if (!rc)
		rc = lh_json_parse(lh_buf_str(&b), path, 1, &j, err);
	if (!rc) {
		rc = read_file(j, r, err);
		if (rc)
			lh_prefix(err, "%s", path);
	}
	lh_json_free(j);
	lh_buf_fini(&b);
	return rc;
}

int lh_baseline_load(const char *path, struct lh_results **out, struct lh_error *err)
{
	int rc;
	*out = NULL;
	if (lh_file_begins(path, LH_STR("SQLite format 3"))) {
		rc = lh_results_load(path, -1, out, err);
		if (!rc && (strcmp((*out)->status, "done") || (*out)->shards.of))
			rc = lh_fail(err, LH_E_USAGE, "%s: its newest run is not done, and is no baseline", path);
	} else {
		*out = calloc(1, sizeof **out);
		rc = *out ? load_text(path, *out, err) : lh_nomem(err);
	}
	if (rc) {
		lh_results_free(*out);
		*out = NULL;
	}
	return rc;
}
