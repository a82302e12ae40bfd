#include "run/resume.h"

#include "journal/journal.h"
#include "json/reader.h"
#include "run/differ.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct search { const struct lh_outline *o; int64_t wanted, run, shard, shards; char *config, *sources, *settings, *status; bool same; bool any; };

/* The newest run of the same experiment; else the newest of all, to say how it differs. */
static int look(void *user, const void *row, struct lh_error *err)
{
	struct search *s = user;
	const struct lh_run_row *r = row;
	bool same = lh_str_is(r->config_sha256, s->o->config_sha256);
	if (s->wanted && r->id != s->wanted)
		return 0;
	if (s->same && !same)
		return 0;
	free(s->config);
	free(s->sources);
	free(s->settings);
	free(s->status);
	s->any = true;
	s->same = same;
	s->run = r->id;
	s->config = lh_str_dup(r->config);
	s->sources = lh_str_dup(r->sources);
	s->settings = lh_str_dup(r->settings);
	s->status = lh_str_dup(r->status);
	return s->config && s->sources && s->settings && s->status ? 0 : lh_nomem(err);
}

static int refuse_other(const char *path, const struct search *s, struct lh_error *err)
{
	struct lh_buf b;
	lh_buf_init(&b, 4096);
	if (!lh_differ(lh_str_of(s->config), "in the file", lh_str_of(s->o->config), "now", NULL, &b) &&
		!lh_differ(lh_str_of(s->sources), "in the file", lh_str_of(s->o->sources), "now", NULL, &b))
		lh_buf_puts(&b, "its experiment is another");
	int rc = lh_fail(err, LH_E_USAGE, "--resume: %s holds no run of this experiment; the newest, run %lld, differs in %s", path, (long long)s->run, b.p ? b.p : "");
	lh_buf_fini(&b);
	return rc;
}

/* What other shards would be asked again and for nothing. */
static int refuse_shard(const char *path, int64_t run, const struct lh_shards *in_file, struct lh_error *err)
{
	struct lh_buf b;
	lh_buf_init(&b, 4096);
	if (in_file->of)
		lh_shards_put(&b, in_file);
	else
		lh_buf_puts(&b, "all samples, without --shard");
	if (!lh_buf_ok(&b, err))
		lh_fail(err, LH_E_USAGE, "--resume: run %lld in %s has %.*s: %s", (long long)run, path, LH_ARG(lh_buf_str(&b)),
			in_file->count > 1 ? "go on with the file of each shard, and merge again" : "go on with it as it was begun");
	lh_buf_fini(&b);
	return err->code;
}

/* A run's samples may become more, never fewer: what was answered would belong to nothing. */
static int check_samples(const char *path, const struct search *s, struct lh_error *err)
{
	struct lh_json *j = NULL;
	int64_t first = 0, n = 0;
	if (lh_json_parse(lh_str_of(s->settings), "settings", 1, &j, NULL) || !lh_json_int(lh_json_get(j, "samples"), &n) || n < 1 ||
		!lh_json_int(lh_json_get(j, "first_sample"), &first) || first < 0) {
		lh_json_free(j);
		return lh_fail(err, LH_E_DAMAGED, "%s is damaged: the settings of run %lld cannot be read", path, (long long)s->run);
	}
	struct lh_shards in_file, now;
	int rc = lh_shards_read(j, &in_file, err);
	lh_json_free(j);
	lh_shards_one(&now, s->shard, s->shards);
	if (!rc && !lh_shards_equal(&in_file, &now))
		rc = refuse_shard(path, s->run, &in_file, err);
	if (rc)
		return rc;
	uint64_t had = (uint64_t)first, end = had + (uint64_t)n;
	if (s->o->first_sample <= had && s->o->first_sample + s->o->samples >= end)
		return 0;
	return lh_fail(err, LH_E_USAGE, "--resume: run %lld in %s has samples %llu to %llu (from 0), and may be given more, not fewer: --samples %llu would go on with it",
		(long long)s->run, path, (unsigned long long)had, (unsigned long long)end - 1, (unsigned long long)end);
}

static int decide(const char *path, const struct lh_experiment *e, const struct search *s, int64_t *run, struct lh_error *err)
{
	*run = s->run;
	if (!e->resume) {
		bool open = s->any && s->same && strcmp(s->status, "done");
		return open && !e->fresh ? lh_fail(err, LH_E_USAGE, "%s holds an unfinished run of this experiment (run %lld, %s): go on with it by --resume, or begin "
			"another one in the same file by --new", path, (long long)s->run, s->status) : 0;
	}
	if (!s->any)
		return lh_fail(err, LH_E_USAGE, "--resume: %s holds no run", path);
	return s->same ? check_samples(path, s, err) : refuse_other(path, s, err);
}

int lh_resume_check(const char *path, const struct lh_outline *o, const struct lh_experiment *e, int64_t *run, struct lh_error *err)
{
	struct search s = { .o = o, .wanted = e->resume ? e->resume_run : 0, .shard = e->shard, .shards = e->shards };
	struct lh_reader *reader = NULL;
	struct stat st;
	if (e->resume && e->fresh)
		return lh_fail(err, LH_E_USAGE, "--resume goes on with a run and --new begins one: give one of them");
	if (stat(path, &st) || !st.st_size)
		return e->resume ? lh_fail(err, LH_E_USAGE, "--resume: there is no run file %s; leave --resume out to begin one", path) : 0;
	if (!e->resume && o->simulated)
		return 0;                        /* nothing was paid for; a new one costs nothing */
	struct lh_error why = { 0 };
	int rc = lh_journal_mend(path, &why);
	if (!rc)
		rc = lh_reader_open(path, &reader, &why);
	if (!rc)
		rc = lh_reader_runs(reader, look, &s, &why);
	if (rc && e->resume)
		rc = lh_fail(err, rc, "%s", why.text);
	else
		rc = rc ? 0 : decide(path, e, &s, run, err);      /* what cannot be read, the writer refuses in its own words */
	lh_reader_close(reader);
	free(s.config);
	free(s.sources);
	free(s.settings);
	free(s.status);
	return rc;
}
