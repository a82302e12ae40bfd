/* The embedding API: an experiment, its results and their report under one roof. */
#include "longhaul/longhaul.h"

#include "report/assemble.h"
#include "report/session.h"
#include "run/dryrun.h"
#include "run/run.h"

#include <stdlib.h>
#include <string.h>

struct lh_session {
	struct lh_experiment experiment;
	struct lh_results *results;
	struct lh_report *report;
	struct lh_run_hooks hooks;
	struct lh_error error;
	struct lh_buf json, table, command;
	char *opened;                    /* the run file that results were read from */
};

const char *lh_version(void) { return LH_VERSION; }

struct lh_session *lh_session_new(void)
{
	struct lh_session *s = calloc(1, sizeof *s);
	if (!s)
		return NULL;
	lh_experiment_init(&s->experiment);
	lh_buf_init(&s->json, 1u << 30);
	lh_buf_init(&s->table, 1u << 30);
	lh_buf_init(&s->command, 1u << 20);
	return s;
}

static void forget(struct lh_session *s)
{
	lh_report_free(s->report);
	lh_results_free(s->results);
	free(s->opened);
	s->report = NULL;
	s->results = NULL;
	s->opened = NULL;
}

void lh_session_free(struct lh_session *s)
{
	if (!s)
		return;
	forget(s);
	lh_experiment_fini(&s->experiment);
	lh_buf_fini(&s->json);
	lh_buf_fini(&s->table);
	lh_buf_fini(&s->command);
	free(s);
}

/* Each call begins with a clean slate. */
static struct lh_error *fresh(struct lh_session *s)
{
	s->error = (struct lh_error){ 0 };
	return &s->error;
}

struct lh_experiment *lh_session_experiment(struct lh_session *s) { return &s->experiment; }

const char *lh_session_error(const struct lh_session *s) { return s->error.text; }
int lh_session_error_code(const struct lh_session *s) { return s->error.code; }

int lh_session_set(struct lh_session *s, const char *name, const char *value)
{
	struct lh_error *err = fresh(s);
	int rc = lh_experiment_set(&s->experiment, lh_str_of(name), lh_str_of(value), LH_FROM_LINE, NULL, err);
	static const char *const carried_out[] = { "output", "concurrency", "jobs", "dry-run", "resume", "new", NULL };
	bool what = true;                        /* is run, not how */
	for (const char *const *n = carried_out; *n; n++)
		what = what && strcmp(name, *n);
	if (!rc && what)
		s->experiment.demonstration = false;
	return rc;
}

int lh_session_load(struct lh_session *s, const char *path)
{
	s->experiment.demonstration = false;
	return lh_experiment_load(&s->experiment, path, fresh(s));
}

int lh_session_demonstrate(struct lh_session *s)
{
	s->experiment.demonstration = true;
	return 0;
}

void lh_session_on_progress(struct lh_session *s, void (*progress)(void *user, const struct lh_progress *p), void *user)
{
	s->hooks.progress = progress;
	s->hooks.user = user;
}

void lh_session_stop_on(struct lh_session *s, const volatile int *flag)
{
	s->hooks.stop = flag;
}

static int assemble(struct lh_session *s)
{
	return lh_report_of(s->results, s->command.p ? s->command.p : "", &s->report, &s->error);
}

void lh_session_isolate(struct lh_session *s)
{
	lh_experiment_isolate(&s->experiment);
}

int lh_session_run(struct lh_session *s)
{
	struct lh_error *err = fresh(s);
	forget(s);
	int rc = lh_run(&s->experiment, &s->hooks, &s->results, err);
	return rc ? rc : assemble(s);
}

int lh_session_open(struct lh_session *s, const char *path, int64_t run)
{
	struct lh_error *err = fresh(s);
	forget(s);
	s->opened = lh_str_dup(lh_str_of(path));
	if (!s->opened)
		return lh_nomem(err);
	int rc = lh_results_load(path, run, &s->results, err);
	return rc ? rc : assemble(s);
}

int64_t lh_session_run_id(const struct lh_session *s)
{
	return s->results ? s->results->run : 0;
}

const char *lh_session_run_file(const struct lh_session *s)
{
	const char *path = s->experiment.output ? s->experiment.output : LH_RUN_FILE;
	if (s->opened)
		return s->opened;
	return strcmp(path, "none") ? path : NULL;
}

double lh_session_wall_s(const struct lh_session *s)
{
	return s->results ? s->results->wall_s : 0;
}

const char *lh_session_status(const struct lh_session *s)
{
	return s->results ? s->results->status : "";
}

const char *lh_session_status_cause(const struct lh_session *s)
{
	return s->results ? s->results->status_cause : "";
}

int64_t lh_session_turns(const struct lh_session *s)
{
	int64_t n = 0;
	for (int i = 0; s->results && i < s->results->conditions; i++)
		for (int k = 0; k < s->results->condition[i].samples; k++)
			n += s->results->condition[i].totals[k].turns;
	return n;
}

/* The text, or NULL where there is no report or the text could not be made. */
static const char *made(struct lh_session *s, struct lh_buf *b)
{
	if (lh_buf_ok(b, &s->error))
		return NULL;
	return b->p ? b->p : "";
}

static bool has_report(struct lh_session *s)
{
	struct lh_error *err = fresh(s);
	if (!s->report)
		lh_fail(err, LH_E_USAGE, "there is nothing to report: run an experiment or open a run file first");
	return s->report != NULL;
}

const char *lh_session_json(struct lh_session *s, int timing)
{
	if (!has_report(s))
		return NULL;
	lh_buf_clear(&s->json);
	lh_report_json(s->report, timing != 0, &s->json);
	return made(s, &s->json);
}

const char *lh_session_table_for(struct lh_session *s, int columns, int colour, int unicode)
{
	if (!has_report(s))
		return NULL;
	struct lh_report_style style = { .colour = colour != 0, .unicode = unicode != 0, .columns = columns < 60 ? 60 : columns };
	lh_buf_clear(&s->table);
	lh_report_table(s->report, &style, &s->table);
	return made(s, &s->table);
}

const char *lh_session_table(struct lh_session *s, int columns)
{
	return lh_session_table_for(s, columns, 0, 1);
}

const char *lh_session_dry_run(struct lh_session *s)
{
	struct lh_error *err = fresh(s);
	lh_buf_clear(&s->table);
	return lh_dry_run(&s->experiment, &s->table, err) ? NULL : made(s, &s->table);
}
