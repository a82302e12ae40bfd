#include "inspect/inspect.h"

#include "inspect/log_write.h"
#include "journal/journal.h"
#include "model/model.h"
#include "again/remade.h"
#include "zip/zip.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#define SAMPLE_MAX (1u << 30)
#define SUMMARIES_MAX (1u << 30)
#define SUMMARIES_AT_ONCE 100            /* in one member of the journal */

struct exporting {
	struct lh_inspect_export *x;
	const char *path, *out;
	struct lh_reader *reader;
	struct lh_results *results;
	char *config, *sources, *compiler;
	struct lh_log_run run;
	struct lh_remade *remade; size_t conditions, cap;        /* by condition */
	const struct lh_dialect **dialect; size_t dialect_cap;
	int64_t started_s;
	/* the log that is being written */
	struct lh_zip_out *zip;
	struct lh_log_head head;
	char *model;
	struct lh_buf json, summaries, recent, ids;              /* recent: those that no member holds yet */
	int64_t recently, journals;
};

/* ---- the run ---- */

static int take_run(void *user, const void *row, struct lh_error *err)
{
	struct exporting *x = user;
	const struct lh_run_row *r = row;
	if (r->id != x->results->run)
		return 0;
	x->config = lh_str_dup(r->config);
	x->sources = lh_str_dup(r->sources);
	x->compiler = lh_str_dup(r->compiler);
	return x->config && x->sources && x->compiler ? 0 : lh_nomem(err);
}

static int take_condition(void *user, const void *row, struct lh_error *err)
{
	struct exporting *x = user;
	const struct lh_condition_row *c = row;
	int rc = lh_array_more(&x->remade, &x->cap, x->conditions + 1, sizeof *x->remade, err);
	if (!rc)
		rc = lh_array_more(&x->dialect, &x->dialect_cap, x->conditions + 1, sizeof *x->dialect, err);
	if (rc)
		return rc;
	x->remade[x->conditions] = (struct lh_remade){ 0 };
	x->dialect[x->conditions] = lh_model_dialect(c->model);
	return lh_remade_note(&x->remade[x->conditions++], c, err);
}

/* "2026-01-31T12:00:00Z" */
static int64_t seconds_of(const char *date)
{
	struct tm t = { 0 };
	return strptime(date, "%Y-%m-%dT%H:%M:%S", &t) ? (int64_t)timegm(&t) : 0;
}

/* Which condition a log without a folder is of. */
static int choose(struct exporting *x, struct lh_error *err)
{
	struct lh_buf names;
	const struct lh_results *r = x->results;
	int rc = 0;
	if (x->x->condition >= r->conditions)
		return lh_fail(err, LH_E_USAGE, "%s has no condition %lld: there are %d, counted from 0", x->path, (long long)x->x->condition, r->conditions);
	if (x->x->folder || x->x->condition >= 0 || r->conditions == 1)
		return 0;
	lh_buf_init(&names, 1 << 16);
	for (int i = 0; i < r->conditions && names.n < 600; i++)
		lh_buf_printf(&names, "%s%d: %s", i ? ", " : "", i, r->condition[i].policy_label);
	rc = lh_fail(err, LH_E_USAGE, "%s has %d conditions, and a log is one: name a folder (-o logs), which gets a log of each, or choose by --condition N (%.700s)",
		x->path, r->conditions, names.p ? names.p : "");
	lh_buf_fini(&names);
	return rc;
}

/* ---- a log ---- */

static int put_member(struct exporting *x, const char *name, struct lh_error *err)
{
	int rc = lh_buf_ok(&x->json, err);
	if (!rc)
		rc = lh_zip_put(x->zip, name, lh_buf_str(&x->json), err);
	lh_buf_clear(&x->json);
	return rc;
}

static int open_file(struct exporting *x, struct lh_error *err)
{
	struct lh_buf name;
	lh_buf_init(&name, 1 << 16);
	lh_buf_puts(&name, x->out);
	if (x->x->folder) {
		lh_buf_putc(&name, '/');
		lh_log_put_file_name(&x->head, &name);
	}
	int rc = lh_buf_ok(&name, err);
	if (!rc)
		rc = lh_zip_create(name.p, &x->zip, err);
	lh_buf_fini(&name);
	return rc;
}

/* openai:NAME is openai/NAME there. */
static char *model_name(const char *name)
{
	char *copy = lh_str_dup(lh_str_of(name)), *colon = copy ? strchr(copy, ':') : NULL;
	if (colon)
		*colon = '/';
	return copy;
}

static int begin_log(struct exporting *x, int64_t condition, struct lh_error *err)
{
	const struct lh_condition_results *c = &x->results->condition[condition];
	x->model = model_name(c->model);
	if (!x->model)
		return lh_nomem(err);
	x->head = (struct lh_log_head){ .run = &x->run, .condition = c, .model = x->model, .started_s = x->started_s, .number = condition,
		.planned = (int64_t)c->samples * c->episodes };
	lh_log_name(&x->head);
	x->recently = x->journals = 0;
	lh_buf_clear(&x->summaries);
	lh_buf_clear(&x->recent);
	lh_buf_clear(&x->ids);
	int rc = open_file(x, err);
	if (rc)
		return rc;
	struct lh_jw w;
	lh_jw_init(&w, &x->json, false);
	rc = lh_log_put_start(&x->head, &w, err);
	return rc ? rc : put_member(x, "_journal/start.json", err);
}

static int flush_recent(struct exporting *x, struct lh_error *err)
{
	char name[64];
	if (!x->recently)
		return 0;
	lh_buf_printf(&x->json, "[%.*s]", LH_ARG(lh_buf_str(&x->recent)));
	lh_buf_clear(&x->recent);
	x->recently = 0;
	snprintf(name, sizeof name, "_journal/summaries/%lld.json", (long long)++x->journals);
	return put_member(x, name, err);
}

static int end_log(struct exporting *x, struct lh_error *err)
{
	struct lh_jw w;
	if (!x->zip)
		return 0;
	int rc = flush_recent(x, err);
	lh_buf_putc(&x->json, '[');
	lh_buf_put_str(&x->json, lh_buf_str(&x->summaries));
	lh_buf_putc(&x->json, ']');
	if (!rc)
		rc = put_member(x, "summaries.json", err);
	lh_buf_clear(&x->json);
	lh_jw_init(&w, &x->json, false);
	x->head.ids = lh_buf_str(&x->ids).p;
	if (!rc)
		rc = lh_log_put_header(&x->head, &w, err);
	if (!rc)
		rc = put_member(x, "header.json", err);
	if (!rc) {
		rc = lh_zip_finish(x->zip, err);
		x->zip = NULL;
		x->x->logs += !rc;
	}
	free(x->model);
	x->model = NULL;
	return rc;
}

/* ---- a sample ---- */

static int put_summary(struct exporting *x, const struct lh_log_sample *s, struct lh_error *err)
{
	struct lh_jw w;
	size_t from = x->summaries.n + (x->summaries.n > 0);
	if (x->summaries.n)
		lh_buf_putc(&x->summaries, ',');
	lh_jw_init(&w, &x->summaries, false);
	lh_log_put_summary(s, &w);
	int rc = lh_buf_ok(&x->summaries, err);
	if (rc)
		return rc;
	if (x->recent.n)
		lh_buf_putc(&x->recent, ',');
	lh_buf_put(&x->recent, x->summaries.p + from, x->summaries.n - from);
	return ++x->recently < SUMMARIES_AT_ONCE ? lh_buf_ok(&x->recent, err) : flush_recent(x, err);
}

static int put_sample(struct exporting *x, const struct lh_recall *r, struct lh_error *err)
{
	struct lh_jw w;
	char name[128];
	struct lh_log_sample s = { .recall = r, .results = x->results, .condition = x->head.condition, .model = x->model, .started_s = x->started_s };
	s.numbered = !r->probe;
	if (r->probe)
		snprintf(s.id, sizeof s.id, "%lld-turn-%lld", (long long)r->sample, (long long)r->probe);
	else
		snprintf(s.id, sizeof s.id, "%lld", (long long)r->sample);
	snprintf(s.uuid, sizeof s.uuid, "%.10s.%s", x->head.eval_id, s.id);
	lh_log_prepare(&s);
	lh_jw_init(&w, &x->json, false);
	int rc = lh_log_put_sample(&s, &w, err);
	if (rc == LH_E_LIMIT)
		lh_prefix(err, "sample %s", s.id);
	snprintf(name, sizeof name, "samples/%s_epoch_1.json", s.id);
	if (!rc)
		rc = put_member(x, name, err);
	if (!rc)
		rc = put_summary(x, &s, err);
	lh_buf_printf(&x->ids, s.numbered ? "%s%s" : "%s\"%s\"", x->ids.n ? "," : "", s.id);
	if (!rc)
		rc = lh_buf_ok(&x->ids, err);
	lh_log_add_score(&x->head.means, &s.score);
	struct lh_log_usage *sum = &x->head.usage;
	sum->in += s.usage.in, sum->cached += s.usage.cached, sum->out += s.usage.out, sum->reasoning += s.usage.reasoning, sum->microusd += s.usage.microusd;
	x->head.completed += s.ending.end != LH_LOG_ERROR;
	x->x->samples++;
	return rc;
}

/* A made history that cannot be made again here: its family is not found, or is not what it was. */
static bool is_left_out(const struct lh_episode_row *e, int rc)
{
	return e->probe && (rc == LH_E_USAGE || rc == LH_E_DIFFERS || rc == LH_E_MISSING);
}

static int take_episode(void *user, const void *row, struct lh_error *err)
{
	struct exporting *x = user;
	const struct lh_episode_row *e = row;
	if (lh_str_is(e->status, "superseded") || (x->x->condition >= 0 && e->condition != x->x->condition))
		return 0;
	if (e->condition < 0 || e->condition >= x->results->conditions)
		return lh_fail(err, LH_E_DAMAGED, "episode %lld lies outside the run", (long long)e->id);
	struct lh_recall *r;
	struct lh_error why = { 0 };
	int rc = lh_recall_read(x->reader, &(struct lh_recall_found){ e, &x->remade[e->condition], x->results->seed, x->dialect[e->condition] }, &r, &why);
	if (is_left_out(e, rc)) {
		x->x->left_out++;
		return 0;
	}
	if (rc)
		return lh_fail(err, why.code, "%s", why.text);
	if (x->zip && x->head.number != e->condition)
		rc = end_log(x, err);
	if (!rc && !x->zip)                      /* a log has a sample */
		rc = begin_log(x, e->condition, err);
	if (!rc)
		rc = put_sample(x, r, err);
	lh_recall_free(r);
	return rc;
}

/* ---- the whole ---- */

static int make_folder(const char *path, struct lh_error *err)
{
	if (mkdir(path, 0777) && errno != EEXIST)
		return lh_fail(err, LH_E_USAGE, "the folder %s cannot be made: %s", path, strerror(errno));
	return 0;
}

static int export_run(struct exporting *x, struct lh_error *err)
{
	int rc = lh_reader_open(x->path, &x->reader, err);
	if (!rc)
		rc = lh_reader_runs(x->reader, take_run, x, err);
	if (!rc)
		rc = lh_reader_conditions(x->reader, x->results->run, take_condition, x, err);
	if (!rc && (size_t)x->results->conditions != x->conditions)
		rc = lh_fail(err, LH_E_DAMAGED, "%s: its conditions are not as many as they were", x->path);
	if (!rc)
		rc = choose(x, err);
	if (!rc && x->x->folder)
		rc = make_folder(x->out, err);
	x->run = (struct lh_log_run){ .results = x->results, .config = x->config, .sources = x->sources, .compiler = x->compiler };
	lh_log_run_hash(&x->run);
	x->started_s = seconds_of(x->results->started);
	if (!rc)
		rc = lh_reader_episodes(x->reader, x->results->run, take_episode, x, err);
	if (!rc)
		rc = end_log(x, err);
	if (!rc && !x->x->logs && x->x->left_out)
		rc = lh_fail(err, LH_E_USAGE, "%s: all %lld episodes are left out, and a log without a sample says nothing: their task family is not found here, or makes another history now",
			x->path, (long long)x->x->left_out);
	else if (!rc && !x->x->logs)
		rc = lh_fail(err, LH_E_USAGE, "%s: nothing was asked in this run, so there is nothing to export", x->path);
	return rc;
}

int lh_inspect_export(struct lh_inspect_export *in, const char *path, const char *out, struct lh_error *err)
{
	struct exporting x = { .x = in, .path = path, .out = out };
	in->logs = in->samples = in->left_out = 0;
	lh_buf_init(&x.json, SAMPLE_MAX);
	lh_buf_init(&x.summaries, SUMMARIES_MAX);
	lh_buf_init(&x.recent, SUMMARIES_MAX);
	lh_buf_init(&x.ids, SUMMARIES_MAX);
	int rc = lh_results_load(path, in->run, &x.results, err);
	if (!rc)
		rc = export_run(&x, err);
	lh_zip_abandon(x.zip);
	lh_reader_close(x.reader);
	for (size_t i = 0; i < x.conditions; i++)
		lh_remade_fini(&x.remade[i]);
	free(x.remade);
	free(x.dialect);
	free(x.model);
	free(x.config);
	free(x.sources);
	free(x.compiler);
	lh_buf_fini(&x.json);
	lh_buf_fini(&x.summaries);
	lh_buf_fini(&x.recent);
	lh_buf_fini(&x.ids);
	lh_results_free(x.results);
	return rc;
}
