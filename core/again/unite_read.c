/* Files that are to be put together: read, checked, compared. */
#include "again/unite_impl.h"

#include "run/differ.h"
#include "run/results.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A copy that lives as long as the file. */
static int keep(struct lh_unite_file *f, struct lh_str *s, struct lh_error *err)
{
	int rc = lh_array_more(&f->words, &f->word_cap, f->word_count + 1, sizeof *f->words, err);
	if (rc || !s->n)
		return rc;
	char *copy = lh_str_dup(*s);
	if (!copy)
		return lh_nomem(err);
	f->words[f->word_count++] = copy;
	s->p = copy;
	return 0;
}

static int keep_all(struct lh_unite_file *f, struct lh_str *const *s, size_t n, struct lh_error *err)
{
	int rc = 0;
	for (size_t i = 0; i < n && !rc; i++)
		rc = keep(f, s[i], err);
	return rc;
}

#define KEEP(f, list, err) keep_all(f, list, sizeof list / sizeof *list, err)

static int take_run(void *user, const void *row, struct lh_error *err)
{
	struct lh_unite_file *f = user;
	if (((const struct lh_run_row *)row)->id != f->run.id)
		return 0;
	f->run = *(const struct lh_run_row *)row;
	struct lh_str *texts[] = { &f->run.version, &f->run.compiler, &f->run.config, &f->run.config_sha256, &f->run.settings, &f->run.sources,
		&f->run.started, &f->run.ended, &f->run.status, &f->run.cause };
	return KEEP(f, texts, err);
}

static int take_condition(void *user, const void *row, struct lh_error *err)
{
	struct lh_unite_file *f = user;
	int rc = lh_array_more(&f->condition, &f->condition_cap, f->conditions + 1, sizeof *f->condition, err);
	if (rc)
		return rc;
	struct lh_condition_row *c = &f->condition[f->conditions++];
	*c = *(const struct lh_condition_row *)row;
	struct lh_str *texts[] = { &c->task, &c->task_params, &c->model, &c->model_options, &c->policy, &c->policy_options, &c->history, &c->probes };
	return KEEP(f, texts, err);
}

struct taking { struct lh_unite_file *f; int index; struct lh_unite_episodes *all; };

static int take_episode(void *user, const void *row, struct lh_error *err)
{
	struct taking *t = user;
	int rc = lh_array_more(&t->all->at, &t->all->cap, t->all->n + 1, sizeof *t->all->at, err);
	if (rc)
		return rc;
	struct lh_unite_episode *e = &t->all->at[t->all->n++];
	*e = (struct lh_unite_episode){ *(const struct lh_episode_row *)row, t->index };
	struct lh_str *texts[] = { &e->row.status, &e->row.cause, &e->row.extra };
	return KEEP(t->f, texts, err);
}

/* The report's own reader must be able to make something of it: else what comes out could not be read. */
static int check_content(struct lh_unite_file *f, struct lh_error *err)
{
	struct lh_results *r;
	int rc = lh_reader_check(f->reader, err);
	if (!rc)
		rc = lh_results_load(f->path, f->run.id, &r, err);
	if (!rc)
		lh_results_free(r);
	return rc;
}

static int read_settings(struct lh_unite_file *f, struct lh_error *err)
{
	if (lh_json_parse(f->run.settings, "settings", 1, &f->settings, NULL) || !lh_json_int(lh_json_get(f->settings, "samples"), &f->samples))
		return lh_fail(err, LH_E_DAMAGED, "the settings of run %lld cannot be read", (long long)f->run.id);
	if (lh_json_type(lh_json_get(f->settings, "search")) != LH_JSON_NONE)
		return lh_fail(err, LH_E_USAGE, "its newest run belongs to a search for the most steps in one turn (--single-turn), which is not divided and not merged");
	if (lh_json_number(lh_json_get(f->settings, "sequential")) > 0)
		return lh_fail(err, LH_E_USAGE, "its newest run stops by itself (--sequential), and when depends on all samples in their order: it is not merged");
	return lh_shards_read(f->settings, &f->shards, err);
}

int lh_unite_open(struct lh_unite_file *f, const char *path, int index, struct lh_unite_episodes *all, struct lh_error *err)
{
	struct taking t = { f, index, all };
	*f = (struct lh_unite_file){ .path = path };
	int rc = lh_reader_open(path, &f->reader, err);
	if (!rc)
		rc = lh_reader_newest_run(f->reader, &f->run.id, err);
	if (!rc)
		rc = lh_reader_runs(f->reader, take_run, f, err);
	if (rc)
		return rc;
	rc = read_settings(f, err);
	if (!rc)
		rc = check_content(f, err);
	if (!rc)
		rc = lh_reader_conditions(f->reader, f->run.id, take_condition, f, err);
	if (!rc)
		rc = lh_reader_episodes(f->reader, f->run.id, take_episode, &t, err);
	if (rc && !strstr(err->text, path))
		lh_prefix(err, "%s", path);
	return rc;
}

void lh_unite_close(struct lh_unite_file *f)
{
	lh_reader_close(f->reader);
	lh_json_free(f->settings);
	for (size_t i = 0; i < f->word_count; i++)
		free(f->words[i]);
	free(f->words);
	free(f->condition);
}

/* ---- are two of one experiment? ---- */

/* What of the settings is part of what a report says. */
static const char *const said[] = { "samples", "first_sample", "stop_at_error", "horizon", "task_labels", "model_labels", "policy_labels", "notes", "gates", "sequential", NULL };

static bool settings_differ(const struct lh_unite_file *a, const char *in_a, const struct lh_unite_file *b, const char *in_b, struct lh_buf *out)
{
	if (a->shards.of && b->shards.of && a->shards.of != b->shards.of) {
		lh_buf_printf(out, "shard: one of %d %s, one of %d %s", a->shards.of, in_a, b->shards.of, in_b);
		return true;
	}
	return lh_differ(a->run.settings, in_a, b->run.settings, in_b, said, out);
}

static bool version_differs(const struct lh_unite_file *a, const char *in_a, const struct lh_unite_file *b, const char *in_b, struct lh_buf *out)
{
	if (lh_str_equal(a->run.version, b->run.version))
		return false;
	lh_buf_printf(out, "version: %.*s %s, %.*s %s", LH_ARG(a->run.version), in_a, LH_ARG(b->run.version), in_b);
	return true;
}

int lh_unite_check(const struct lh_unite_file *a, const struct lh_unite_file *b, struct lh_error *err)
{
	char in_a[1100], in_b[1100];
	struct lh_buf out;
	lh_buf_init(&out, 4096);
	snprintf(in_a, sizeof in_a, "in %.1000s", a->path);
	snprintf(in_b, sizeof in_b, "in %.1000s", b->path);
	bool differ = lh_differ(a->run.config, in_a, b->run.config, in_b, NULL, &out) || lh_differ(a->run.sources, in_a, b->run.sources, in_b, NULL, &out) ||
		settings_differ(a, in_a, b, in_b, &out) || version_differs(a, in_a, b, in_b, &out);
	if (!differ && !lh_str_equal(a->run.config_sha256, b->run.config_sha256)) {
		lh_buf_printf(&out, "config_sha256: %.*s %s, %.*s %s", LH_ARG(a->run.config_sha256), in_a, LH_ARG(b->run.config_sha256), in_b);
		differ = true;
	}
	if (!differ && a->conditions != b->conditions) {
		lh_buf_fini(&out);
		return lh_fail(err, LH_E_DAMAGED, "%s is damaged: the conditions of run %lld are not those of its experiment", b->path, (long long)b->run.id);
	}
	int rc = differ ? lh_fail(err, LH_E_USAGE, "these are not shards of one run, they differ in %.*s%s", LH_ARG(lh_buf_str(&out)),
		a->samples != b->samples ? "; --resume --samples N gives a shard more" : "") : 0;
	lh_buf_fini(&out);
	return rc;
}
