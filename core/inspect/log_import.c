#include "inspect/log_read.h"

#include "base/hash.h"
#include "base/utf8.h"
#include "zip/zip.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct member { uint64_t name; int64_t at; };   /* a sample's: hash of its name, place in the archive */

struct importing {
	struct lh_inspect_import *x;
	const char *path;
	struct lh_buf text;                      /* the member that is being read */
	struct lh_json *header;
	struct member *member; size_t members, cap;
	struct lh_log_store *store;
	bool ours, in_progress;
};

/* ---- JSON as Python writes it ---- */

static bool word_at(const char *p, size_t left, const char *word)
{
	size_t n = strlen(word);
	return left >= n && !memcmp(p, word, n);
}

/* NaN and Infinity are no JSON: each gives way to an empty string, which no number is. In place. */
static void tame(struct lh_buf *b)
{
	static const char *const words[] = { "NaN", "-Infinity", "Infinity" };
	bool quoted = false;
	for (size_t i = 0; i < b->n; i++) {
		char c = b->p[i];
		if (quoted && c == '\\')
			i++;
		else if (c == '"')
			quoted = !quoted;
		for (size_t k = 0; k < 3 && !quoted && (c == 'N' || c == '-' || c == 'I'); k++)
			if (word_at(b->p + i, b->n - i, words[k])) {
				memset(b->p + i, ' ', strlen(words[k]));
				b->p[i] = b->p[i + 1] = '"';
				i += 1;
				break;
			}
	}
}

static int read_json(struct importing *g, struct lh_zip_in *zip, const char *name, struct lh_json **out, struct lh_error *err)
{
	lh_buf_clear(&g->text);
	int rc = lh_zip_read(zip, &g->text, err);
	if (rc)
		return rc;
	tame(&g->text);
	return lh_json_parse(lh_buf_str(&g->text), name, 1, out, err);
}

/* ---- what there is ---- */

static bool is_sample(const char *name)
{
	size_t n = strlen(name);
	return !strncmp(name, "samples/", 8) && n > 13 && !strcmp(name + n - 5, ".json");
}

static int note_sample(struct importing *g, const char *name, int64_t at, struct lh_error *err)
{
	if (g->members == LH_INSPECT_SAMPLES_MAX)
		return lh_fail(err, LH_E_DATA, "%s has more than %d samples", g->path, LH_INSPECT_SAMPLES_MAX);
	int rc = lh_array_more(&g->member, &g->cap, g->members + 1, sizeof *g->member, err);
	if (!rc)
		g->member[g->members++] = (struct member){ lh_hash(0, lh_str_of(name)), at };
	return rc;
}

static int by_name(const void *a, const void *b)
{
	const struct member *x = a, *y = b;
	return x->name != y->name ? (x->name > y->name) - (x->name < y->name) : (x->at > y->at) - (x->at < y->at);
}

static int by_place(const void *a, const void *b)
{
	const struct member *x = a, *y = b;
	return (x->at > y->at) - (x->at < y->at);
}

/* A sample may have been written again: the last member of a name is it. */
static void keep_last(struct importing *g)
{
	size_t n = 0;
	qsort(g->member, g->members, sizeof *g->member, by_name);
	for (size_t i = 0; i < g->members; i++)
		if (i + 1 == g->members || g->member[i + 1].name != g->member[i].name)
			g->member[n++] = g->member[i];
	g->members = n;
	qsort(g->member, n, sizeof *g->member, by_place);
}

/* The header; of a log that was not brought to its end, what was noted at its start. */
static int read_head(struct importing *g, struct lh_zip_in *zip, const char *name, struct lh_error *err)
{
	bool header = !strcmp(name, "header.json");
	if (!header && (strcmp(name, "_journal/start.json") || (g->header && !g->in_progress)))
		return 0;
	lh_json_free(g->header);
	g->header = NULL;
	g->in_progress = !header;
	int rc = read_json(g, zip, name, &g->header, err);
	if (rc)
		lh_prefix(err, "%s", g->path);
	return rc;
}

static int survey(struct importing *g, struct lh_error *err)
{
	struct lh_zip_in *zip;
	const char *name;
	struct stat st;
	bool regular = !stat(g->path, &st) && S_ISREG(st.st_mode);   /* else lh_zip_open() refuses it; a pipe would not open at all */
	if (regular && lh_file_begins(g->path, LH_STR("{")))
		return lh_fail(err, LH_E_DATA, "%s is JSON, not a zip archive: of a log in that format `inspect log convert --to eval` makes one that is read", g->path);
	int rc = lh_zip_open(g->path, &zip, err);
	for (int64_t at = 0; !rc; at++) {
		rc = lh_zip_next(zip, &name, err);
		if (rc || !name)
			break;
		rc = is_sample(name) ? note_sample(g, name, at, err) : read_head(g, zip, name, err);
	}
	lh_zip_close(zip);
	if (!rc && g->members)
		keep_last(g);
	return rc;
}

/* ---- the header ---- */

static int read_ours(struct importing *g, const struct lh_json *eval, const struct lh_json *own, struct lh_error *err)
{
	struct lh_inspect_import *x = g->x;
	struct lh_str seed = lh_json_str(lh_json_get(own, "seed")), policy = lh_json_str(lh_json_get(own, "policy"));
	int64_t turns;
	char digits[32];
	struct lh_str task = lh_json_str(lh_json_get(eval, "task"));
	if (!lh_str_is(task, "kv_sum"))
		return lh_fail(err, LH_E_DATA, "%s: its task is %.*s, and kv_sum alone is scored from messages", g->path, (int)(task.n < 80 ? task.n : 80), task.p ? task.p : "");
	if (!lh_log_is(own, "history", "own"))
		return lh_fail(err, LH_E_DATA, "%s: its histories were made: the model said nothing before the turn that was asked, and there is nothing to score; export a log of the history own", g->path);
	if (lh_json_int(lh_json_get(own, "turns"), &turns) && turns > 0 && turns <= 1000000)
		x->turns = (uint32_t)turns;
	snprintf(digits, sizeof digits, "%.*s", (int)(seed.n < 31 ? seed.n : 31), seed.p ? seed.p : "");
	if (*digits)
		x->seed = strtoull(digits, NULL, 10);
	if (policy.n && !lh_str_is(policy, "agent") &&      /* which saw what it chose to: nobody else can be it */
		!(x->policy = lh_str_dup(policy)))
		return lh_nomem(err);
	x->stop_at_error = lh_json_bool(lh_json_get(own, "stop_at_error"));
	g->ours = true;
	return 0;
}

static int check_header(struct importing *g, struct lh_error *err)
{
	int64_t version;
	const struct lh_json *eval = lh_json_get(g->header, "eval"), *own = lh_json_get(lh_json_get(eval, "metadata"), "longhaul");
	if (!g->header)
		return lh_fail(err, LH_E_DATA, "%s is no log of Inspect: it has neither header.json nor _journal/start.json", g->path);
	if (!lh_json_int(lh_json_get(g->header, "version"), &version))
		return lh_fail(err, LH_E_DATA, "%s is no log of Inspect: its header names no version", g->path);
	if (version != 2)
		return lh_fail(err, LH_E_DATA, "%s is a log of version %lld, and version 2 is read: `inspect log convert` makes one", g->path, (long long)version);
	if (lh_json_type(eval) != LH_JSON_OBJECT)
		return lh_fail(err, LH_E_DATA, "%s is no log of Inspect: its header has no \"eval\"", g->path);
	if (!g->members)
		return lh_fail(err, LH_E_DATA, "%s holds no samples", g->path);
	struct lh_str model = lh_json_str(lh_json_get(eval, "model"));
	snprintf(g->x->model, sizeof g->x->model, "%.*s", (int)(model.n < 255 ? model.n : 255), model.p ? model.p : "");
	return lh_json_type(own) == LH_JSON_OBJECT ? read_ours(g, eval, own, err) : 0;
}

/* ---- samples ---- */

/* "sample 3 (epoch 1)", as the log has it. */
static void put_name(struct lh_buf *b, const struct lh_json *sample, const char *member)
{
	const struct lh_json *id = lh_json_get(sample, "id");
	int64_t n;
	lh_buf_puts(b, "sample ");
	if (lh_json_type(id) == LH_JSON_STRING)
		lh_put_shown(b, lh_json_str(id), false);
	else if (lh_json_int(id, &n))
		lh_buf_put_int(b, n);
	else
		lh_put_shown(b, lh_str_of(member), false);
	if (lh_json_int(lh_json_get(sample, "epoch"), &n) && n != 1)
		lh_buf_printf(b, ", epoch %lld", (long long)n);
}

static void leave(struct importing *g, const struct lh_json *sample, const char *member, const struct lh_error *why)
{
	struct lh_buf b;
	g->x->left_out++;
	lh_buf_init(&b, 8192);
	put_name(&b, sample, member);
	lh_buf_puts(&b, " is left out: ");
	lh_put_shown(&b, lh_str_of(why->text), false);
	if (g->x->left)
		g->x->left(g->x->user, lh_buf_str(&b));
	lh_buf_fini(&b);
}

static int read_sample(struct importing *g, struct lh_zip_in *zip, const char *name, struct lh_error *err)
{
	struct lh_json *sample = NULL;
	struct lh_log_talk talk;
	struct lh_error why = { 0 };
	lh_log_talk_init(&talk);
	int rc = read_json(g, zip, name, &sample, &why);
	if (!rc)
		rc = lh_log_talk_read(&talk, sample, g->ours, &why);
	if (!rc)
		rc = lh_log_store_add(g->store, &talk, &why);
	if (rc == LH_E_DATA || rc == LH_E_LIMIT) {
		leave(g, sample, name, &why);
		rc = 0;
	} else if (rc) {
		rc = lh_fail(err, rc, "%s", why.text);
	}
	lh_log_talk_fini(&talk);
	lh_json_free(sample);
	return rc;
}

static int read_samples(struct importing *g, struct lh_error *err)
{
	struct lh_zip_in *zip;
	const char *name;
	size_t next = 0;
	int rc = lh_zip_open(g->path, &zip, err);
	for (int64_t at = 0; !rc && next < g->members; at++) {
		rc = lh_zip_next(zip, &name, err);
		if (rc || !name)
			break;
		if (at != g->member[next].at)
			continue;
		next++;
		rc = read_sample(g, zip, name, err);
	}
	lh_zip_close(zip);
	return rc;
}

static int import_log(struct importing *g, struct lh_error *err)
{
	int rc = survey(g, err);
	if (!rc)
		rc = check_header(g, err);
	if (!rc)
		rc = lh_log_store_open(g->x, &g->store, err);
	if (!rc)
		rc = read_samples(g, err);
	if (!rc && !g->x->samples)
		rc = lh_fail(err, LH_E_DATA, "%s: not one of %lld samples is a conversation of kv_sum", g->path, (long long)g->x->left_out);
	struct lh_log_store *store = g->store;
	g->store = NULL;
	if (rc)
		lh_log_store_abandon(store);
	return rc ? rc : lh_log_store_finish(store, err);
}

int lh_inspect_import(struct lh_inspect_import *x, const char *path, struct lh_error *err)
{
	struct importing g = { .x = x, .path = path };
	x->samples = x->left_out = 0;
	x->turns = x->steps_per_turn = 0;
	x->seed = 1;
	x->policy = NULL;
	x->model[0] = 0;
	x->tools = x->stop_at_error = false;
	lh_buf_init(&g.text, LH_INSPECT_MEMBER_MAX);
	int rc = import_log(&g, err);
	if (rc) {
		free(x->policy);
		x->policy = NULL;
	}
	lh_json_free(g.header);
	free(g.member);
	lh_buf_fini(&g.text);
	return rc;
}
