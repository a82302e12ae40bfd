#include "run/search_file.h"

#include "journal/journal.h"
#include "json/reader.h"
#include "measure/ladder.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct reading { struct lh_search_file *f; const char *key; bool bad; };      /* bad: the latest run's settings are those of no search */

/* ---- settings ---- */

static bool number(const struct lh_json *j, const char *name, int64_t lo, int64_t hi, int64_t *out)
{
	return lh_json_int(lh_json_get(j, name), out) && *out >= lo && *out <= hi;
}

static bool read_stage(const struct lh_json *j, struct lh_stage_run *to)
{
	int64_t index, of, number_of;
	struct lh_str key = lh_json_str(lh_json_get(j, "key"));
	to->q = lh_json_number(lh_json_get(j, "q"));
	bool good = number(j, "id", 1, INT64_MAX / 2, &to->stage.search) && number(j, "of", 1, 1000000, &of) && number(j, "index", 0, of - 1, &index) &&
		number(j, "stage", 1, LH_RUNGS, &number_of) && number(j, "cap", 1, 100000, &to->cap) && number(j, "steps_most", 0, INT32_MAX, &to->steps_most) &&
		number(j, "samples_most", 0, INT32_MAX, &to->samples_most) && to->q > 0 && to->q < 1 && key.n == 64;
	if (!good)
		return false;
	to->stage.index = (int)index;
	to->stage.of = (int)of;
	to->stage.number = (int)number_of;
	memcpy(to->stage.key, key.p, 64);
	return true;
}

/* ---- runs ---- */

static void forget(struct lh_search_file *f)
{
	for (size_t i = 0; i < f->stages; i++)
		free(f->stage[i].sources);
	f->stages = 0;
	f->id = 0;
}

static int add(struct lh_search_file *f, struct lh_stage_run *s, const struct lh_run_row *r, struct lh_error *err)
{
	size_t n = r->config_sha256.n < 64 ? r->config_sha256.n : 64;
	if (lh_array_more(&f->stage, &f->cap, f->stages + 1, sizeof *f->stage, err))
		return LH_E_NOMEM;
	memcpy(s->config_sha256, r->config_sha256.p, n);
	s->run = r->id;
	s->done = lh_str_is(r->status, "done");
	s->sources = lh_str_dup(r->sources);
	f->id = s->stage.search;
	f->stage[f->stages++] = *s;
	return s->sources ? 0 : lh_nomem(err);
}

/* Runs come by id, and a later search has a higher number. Without a key only the newest run's search counts. */
static int look(void *user, const void *row, struct lh_error *err)
{
	struct reading *g = user;
	const struct lh_run_row *r = row;
	struct lh_stage_run s = { .run = 0 };
	struct lh_json *j = NULL;
	int rc = 0;
	g->f->newest = r->id;
	const struct lh_json *search = lh_json_parse(r->settings, "settings", 1, &j, NULL) ? NULL : lh_json_get(j, "search");
	bool any = lh_json_type(search) != LH_JSON_NONE;
	g->bad = any && !read_stage(search, &s);
	bool wanted = any && !g->bad && (!g->key || !strcmp(g->key, s.stage.key));
	if ((!g->key && !wanted) || (wanted && s.stage.search != g->f->id))
		forget(g->f);
	if (wanted)
		rc = add(g->f, &s, r, err);
	lh_json_free(j);
	return rc;
}

static int check(const struct lh_search_file *f, struct lh_error *err)
{
	const struct lh_stage_run *first = f->stage;
	for (size_t i = 1; i < f->stages; i++) {
		const struct lh_stage_run *s = &f->stage[i];
		if (s->q != first->q || s->cap != first->cap || s->stage.of != first->stage.of)
			return lh_fail(err, LH_E_DAMAGED, "the runs of search %lld do not belong together", (long long)f->id);
		for (size_t k = 0; k < i; k++)
			if (f->stage[k].stage.index == s->stage.index && strcmp(f->stage[k].sources, s->sources))
				return lh_fail(err, LH_E_USAGE, "a plugin, a policy or a data file has changed while search %lld was going on: begin another one by --new", (long long)f->id);
	}
	return 0;
}

int lh_search_file_read(const char *path, const char *key, struct lh_search_file *out, struct lh_error *err)
{
	struct reading g = { out, key, false };
	struct lh_reader *reader = NULL;
	struct stat st;
	*out = (struct lh_search_file){ 0 };
	if (stat(path, &st) || !st.st_size)
		return 0;
	int rc = lh_reader_open(path, &reader, err);
	if (!rc)
		rc = lh_reader_runs(reader, look, &g, err);
	if (!rc && g.bad)
		rc = lh_fail(err, LH_E_DAMAGED, "the settings of run %lld name a search, and not as any does", (long long)out->newest);
	if (!rc)
		rc = check(out, err);
	lh_reader_close(reader);
	if (rc)
		lh_search_file_fini(out);
	return rc;
}

void lh_search_file_fini(struct lh_search_file *f)
{
	forget(f);
	free(f->stage);
	*f = (struct lh_search_file){ 0 };
}

const struct lh_stage_run *lh_search_file_find(const struct lh_search_file *f, int index, int number)
{
	for (size_t i = f->stages; i > 0; i--)
		if (f->stage[i - 1].stage.index == index && f->stage[i - 1].stage.number == number)
			return &f->stage[i - 1];
	return NULL;
}
