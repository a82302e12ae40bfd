#include "again/unite_impl.h"

#include "again/beside.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct uniting { struct lh_unite_file *file; int files; struct lh_unite_episodes all; struct lh_united *what; };

/* ---- episodes: in order, and each once ---- */

static int three_way(int64_t a, int64_t b) { return (a > b) - (a < b); }

static int by_cell(const struct lh_unite_episode *a, const struct lh_unite_episode *b)
{
	int way = three_way(a->row.sample, b->row.sample);
	way = way ? way : three_way(a->row.condition, b->row.condition);
	return way ? way : three_way(a->row.probe, b->row.probe);
}

/* A conversation that was begun again stands in the file several times, in the order of its numbers. */
static int by_place(const void *x, const void *y)
{
	const struct lh_unite_episode *a = x, *b = y;
	int way = by_cell(a, b);
	way = way ? way : three_way(a->file, b->file);
	return way ? way : three_way(a->row.id, b->row.id);
}

/* From `from` on, how many belong to the same sample, condition and probe, of the same file. */
static size_t run_of(const struct uniting *u, size_t from)
{
	const struct lh_unite_episode *e = u->all.at;
	size_t n = 1;
	while (from + n < u->all.n && e[from + n].file == e[from].file && !by_cell(&e[from + n], &e[from]))
		n++;
	return n;
}

static int digest(const struct uniting *u, size_t from, size_t n, char out[65], struct lh_error *err)
{
	struct lh_sha256 sum;
	int rc = 0;
	lh_sha256_init(&sum);
	for (size_t i = from; i < from + n && !rc; i++)
		rc = lh_reader_digest(u->file[u->all.at[i].file].reader, &u->all.at[i].row, &sum, err);
	lh_sha256_hex(&sum, out);
	return rc;
}

static int refuse_twice(const struct uniting *u, size_t a, size_t b, struct lh_error *err)
{
	const struct lh_unite_episode *x = &u->all.at[a], *y = &u->all.at[b];
	return lh_fail(err, LH_E_USAGE, "sample %lld (condition %lld) is in %s and in %s, and not the same: merge one file of each shard, as it was left last",
		(long long)x->row.sample, (long long)x->row.condition, u->file[x->file].path, u->file[y->file].path);
}

/* Leaves of each cell the first file's episodes, once the others were found to be the same. */
static int only_once(struct uniting *u, struct lh_error *err)
{
	struct lh_unite_episode *e = u->all.at;
	size_t kept = 0, first = 0, first_n = 0;
	char known[65], other[65];
	for (size_t i = 0, n; i < u->all.n; i += n) {
		n = run_of(u, i);
		if (first_n && !by_cell(&e[i], &e[first])) {
			int rc = digest(u, first, first_n, known, err);
			if (!rc)
				rc = digest(u, i, n, other, err);
			if (!rc && strcmp(known, other))
				rc = refuse_twice(u, first, i, err);
			if (rc)
				return rc;
			continue;
		}
		memmove(e + kept, e + i, n * sizeof *e);
		first = kept;
		first_n = n;
		kept += n;
	}
	u->all.n = kept;
	return 0;
}

/* ---- the run's row ---- */

static int compare(struct lh_str a, struct lh_str b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int way = n ? memcmp(a.p, b.p, n) : 0;
	return way ? way : three_way((int64_t)a.n, (int64_t)b.n);
}

static void take_least(struct lh_str *to, struct lh_str s)
{
	if (s.n && (!to->n || compare(s, *to) < 0))
		*to = s;
}

static void take_most(struct lh_str *to, struct lh_str s)
{
	if (compare(s, *to) > 0)
		*to = s;
}

/* A run that is under way, or was killed, did not come to its end either. */
static struct lh_str ending(const struct lh_run_row *r, struct lh_str *cause)
{
	bool open = lh_str_is(r->status, "running");
	*cause = open ? LH_STR("a shard had not come to its end when it was merged") : r->cause;
	return open ? LH_STR("stopped") : r->status;
}

static int rank(struct lh_str status) { return lh_str_is(status, "failed") ? 2 : lh_str_is(status, "done") ? 0 : 1; }

/* The worst end of all, and of the causes of such an end the one that is first in the alphabet: no order of files matters. */
static void take_end(struct lh_run_row *to, const struct lh_run_row *r)
{
	struct lh_str cause, status = ending(r, &cause);
	int now = to->status.n ? rank(to->status) : -1;
	if (rank(status) > now) {
		to->status = status;
		to->cause = cause;
	} else if (rank(status) == now) {
		take_least(&to->cause, cause);
	}
}

/* The settings that all have in common, and what is only of interest, from the one that is first in the alphabet. */
static void put_settings(const struct lh_json *settings, const struct lh_shards *shards, struct lh_buf *out)
{
	struct lh_jw w;
	lh_jw_init(&w, out, false);
	lh_jw_open(&w, '{');
	for (const struct lh_json *v = lh_json_first(settings); v; v = lh_json_next(v)) {
		if (lh_str_is(lh_json_key(v), "shard"))
			continue;
		lh_jw_key_str(&w, lh_json_key(v));
		lh_jw_node(&w, v);
	}
	if (shards)
		lh_shards_write(&w, shards);
	lh_jw_close(&w);
}

static int choose_settings(const struct uniting *u, struct lh_buf *out, struct lh_error *err)
{
	struct lh_buf least, one;
	const struct lh_json *chosen = NULL;
	lh_buf_init(&least, LH_JOURNAL_TEXT_MAX);
	lh_buf_init(&one, LH_JOURNAL_TEXT_MAX);
	for (int i = 0; i < u->files; i++) {
		lh_buf_clear(&one);
		put_settings(u->file[i].settings, NULL, &one);
		if (chosen && compare(lh_buf_str(&one), lh_buf_str(&least)) >= 0)
			continue;
		chosen = u->file[i].settings;
		lh_buf_clear(&least);
		lh_buf_put_str(&least, lh_buf_str(&one));
	}
	put_settings(chosen, &u->what->shards, out);
	lh_buf_fini(&least);
	lh_buf_fini(&one);
	return lh_buf_ok(out, err);
}

static void make_run(const struct uniting *u, struct lh_run_row *row)
{
	*row = u->file[0].run;
	row->started = row->ended = row->compiler = row->status = row->cause = (struct lh_str){ "", 0 };
	for (int i = 0; i < u->files; i++) {
		const struct lh_run_row *r = &u->file[i].run;
		take_least(&row->started, r->started);
		take_least(&row->compiler, r->compiler);
		take_most(&row->ended, r->ended);
		take_end(row, r);
	}
}

/* ---- the file ---- */

static int put_episodes(const struct uniting *u, struct lh_journal *j, int64_t run, struct lh_error *err)
{
	int rc = 0;
	for (size_t i = 0; i < u->all.n && !rc; i++) {
		const struct lh_unite_episode *e = &u->all.at[i];
		rc = lh_journal_copy_episode(j, u->file[e->file].reader, &e->row, run, (int64_t)i + 1, err);
	}
	return rc;
}

static int fill(const struct uniting *u, struct lh_journal *j, struct lh_run_row *row, struct lh_error *err)
{
	int rc = lh_journal_put_run(j, row, err);
	for (size_t i = 0; i < u->file[0].conditions && !rc; i++) {
		struct lh_condition_row c = u->file[0].condition[i];
		c.run = row->id;
		rc = lh_journal_put_condition(j, &c, err);
	}
	return rc ? rc : put_episodes(u, j, row->id, err);
}

static int write_file(const struct uniting *u, const char *path, struct lh_error *err)
{
	struct lh_run_row row;
	struct lh_journal *j;
	struct lh_buf settings;
	make_run(u, &row);
	u->what->done = lh_str_is(row.status, "done");
	snprintf(u->what->cause, sizeof u->what->cause, "%.*s", LH_ARG(row.cause));
	lh_buf_init(&settings, LH_JOURNAL_TEXT_MAX);
	int rc = choose_settings(u, &settings, err);
	row.settings = lh_buf_str(&settings);
	if (!rc)
		rc = lh_journal_create(path, true, &j, err);
	if (!rc) {
		rc = fill(u, j, &row, err);
		if (rc)
			lh_journal_forget(j, row.id, 1);
		else
			rc = lh_journal_close(j, err);
	}
	lh_buf_fini(&settings);
	return rc;
}

/* ---- in the place of the old one ---- */

static int write_beside(struct uniting *u, const char *out, bool replace, struct lh_error *err)
{
	struct lh_buf made;
	lh_buf_init(&made, 1 << 16);
	int rc = lh_beside_name(out, "merging", &made, err);
	if (!rc)
		rc = write_file(u, made.p, err);
	for (int i = 0; i < u->files; i++) {     /* one of them may be what is replaced */
		lh_reader_close(u->file[i].reader);
		u->file[i].reader = NULL;
	}
	if (!rc)
		rc = lh_beside_place(made.p, out, replace, err);
	if (rc && made.p)
		lh_beside_remove(made.p);
	lh_buf_fini(&made);
	return rc;
}

/* The one that others are compared with: one that is divided, where there is any, so that their order does not matter. */
static const struct lh_unite_file *model_of(const struct uniting *u)
{
	for (int i = 0; i < u->files; i++)
		if (u->file[i].shards.of)
			return &u->file[i];
	return &u->file[0];
}

static int read_all(struct uniting *u, char *const *path, int n, struct lh_error *err)
{
	int rc = 0;
	for (; u->files < n && !rc; u->files++) {
		struct lh_unite_file *f = &u->file[u->files];
		rc = lh_unite_open(f, path[u->files], u->files, &u->all, err);
		if (!rc)
			rc = lh_unite_check(model_of(u), f, err);
		if (!rc && u->files)
			lh_shards_add(&u->what->shards, &f->shards);
		else if (!rc)
			u->what->shards = f->shards;
	}
	return rc;
}

int lh_unite(const char *out, bool replace, char *const *path, int n, struct lh_united *what, struct lh_error *err)
{
	struct uniting u = { .file = calloc((size_t)n + 1, sizeof *u.file), .what = what };
	*what = (struct lh_united){ .done = false };
	int rc = u.file ? lh_beside_check(out, replace, err) : lh_nomem(err);
	if (!rc)
		rc = read_all(&u, path, n, err);
	if (!rc && u.all.n)
		qsort(u.all.at, u.all.n, sizeof *u.all.at, by_place);
	if (!rc)
		rc = only_once(&u, err);
	if (!rc) {
		what->samples_all = u.file[0].samples;
		what->samples = lh_shards_samples(&what->shards, what->samples_all);
		what->episodes = (int64_t)u.all.n;
		rc = write_beside(&u, out, replace, err);
	}
	for (int i = 0; i < u.files; i++)
		lh_unite_close(&u.file[i]);
	free(u.file);
	free(u.all.at);
	return rc;
}
