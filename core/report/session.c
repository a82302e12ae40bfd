/* The embedding API: an experiment, its results and their report under one roof. */
#include "longhaul/longhaul.h"

#include "report/assemble.h"
#include "report/comparisons.h"
#include "report/failures.h"
#include "report/gate_report.h"
#include "report/session.h"
#include "report/versus.h"
#include "run/baseline.h"
#include "run/dryrun.h"
#include "run/run.h"
#include "run/single_turn.h"

#include <stdlib.h>
#include <string.h>

struct lh_session {
	struct lh_experiment experiment;
	struct lh_results *results, *base;       /* base: of lh_session_compare */
	struct lh_searches *searches;            /* of --single-turn: then the results have no conditions */
	struct lh_report *report;
	struct lh_versus *versus;
	struct lh_run_hooks hooks;
	struct lh_error error;
	struct lh_buf json, html, table, command;
	char *opened, *base_opened;      /* the run files that results were read from */
};

const char *lh_version(void) { return LH_VERSION; }

struct lh_session *lh_session_new(void)
{
	struct lh_session *s = calloc(1, sizeof *s);
	if (!s)
		return NULL;
	lh_experiment_init(&s->experiment);
	lh_buf_init(&s->json, 1u << 30);
	lh_buf_init(&s->html, 1u << 30);
	lh_buf_init(&s->table, 1u << 30);
	lh_buf_init(&s->command, 1u << 20);
	return s;
}

static void forget(struct lh_session *s)
{
	lh_versus_free(s->versus);
	lh_report_free(s->report);
	lh_results_free(s->results);
	lh_results_free(s->base);
	lh_searches_free(s->searches);
	s->searches = NULL;
	free(s->opened);
	free(s->base_opened);
	s->versus = NULL;
	s->report = NULL;
	s->results = s->base = NULL;
	s->opened = s->base_opened = NULL;
}

void lh_session_free(struct lh_session *s)
{
	if (!s)
		return;
	forget(s);
	lh_experiment_fini(&s->experiment);
	lh_buf_fini(&s->json);
	lh_buf_fini(&s->html);
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
const struct lh_report *lh_session_report(const struct lh_session *s) { return s->report; }

const char *lh_session_error(const struct lh_session *s) { return s->error.text; }
int lh_session_error_code(const struct lh_session *s) { return s->error.code; }

int lh_session_set(struct lh_session *s, const char *name, const char *value)
{
	struct lh_error *err = fresh(s);
	int rc = lh_experiment_set(&s->experiment, lh_str_of(name), lh_str_of(value), LH_FROM_LINE, NULL, err);
	static const char *const carried_out[] = { "output", "concurrency", "jobs", "dry-run", "resume", "new", "against", "gate", "baseline", "inconclusive", "sequential", "shard", NULL };
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

/* rules: in the place of the run's own; NULL: those. */
static int assemble(struct lh_session *s, char *const *rules, int n)
{
	int rc = lh_report_of(s->results, s->command.p ? s->command.p : "", &s->report, &s->error);
	if (!rc && s->searches)
		s->report->single_turn = s->searches;
	if (!rc && s->searches && n)
		rc = lh_fail(&s->error, LH_E_USAGE, "the newest run belongs to a search for the most steps in one turn, which has no gates: --run ID names one of its runs");
	if (!rc && !s->searches)
		rc = lh_report_compare(s->report, s->results, s->experiment.against, &s->error);
	if (!rc && !s->searches)
		rc = lh_gate_report(s->report, s->results, rules, n, &s->error);
	if (rc)
		forget(s);
	return rc;
}

/* What is said of a search as of a run moves to where that of any run lies. */
static int assemble_search(struct lh_session *s, char *const *rules, int n)
{
	s->results = s->searches->run;
	s->searches->run = NULL;
	return assemble(s, rules, n);
}

void lh_session_isolate(struct lh_session *s)
{
	lh_experiment_isolate(&s->experiment);
}

int lh_session_run(struct lh_session *s)
{
	struct lh_error *err = fresh(s);
	forget(s);
	if (s->experiment.single_turn > 0) {
		int rc = lh_single_turn_run(&s->experiment, &s->hooks, &s->searches, err);
		return rc ? rc : assemble_search(s, NULL, 0);
	}
	int rc = lh_run(&s->experiment, &s->hooks, &s->results, err);
	return rc ? rc : assemble(s, NULL, 0);
}

int lh_session_open(struct lh_session *s, const char *path, int64_t run)
{
	struct lh_error *err = fresh(s);
	forget(s);
	s->opened = lh_str_dup(lh_str_of(path));
	if (!s->opened)
		return lh_nomem(err);
	const struct lh_list *rules = &s->experiment.gates;
	int rc = run < 0 ? lh_single_turn_load(path, &s->searches, err) : 0;
	if (!rc && s->searches)
		return assemble_search(s, rules->count ? rules->item : NULL, rules->count);
	if (!rc)
		rc = lh_results_load(path, run, &s->results, err);
	if (!rc && s->experiment.baseline)
		rc = lh_baseline_load(s->experiment.baseline, &s->results->baseline, err);
	return rc ? rc : assemble(s, rules->count ? rules->item : NULL, rules->count);
}

static bool is_done(const struct lh_results *r) { return !strcmp(r->status, "done"); }

static int load_both(struct lh_session *s, int64_t base_run, int64_t run, struct lh_error *err)
{
	int rc = lh_results_load(s->base_opened, base_run, &s->base, err);
	return rc ? rc : lh_results_load(s->opened, run, &s->results, err);
}

int lh_session_compare(struct lh_session *s, const char *base_path, int64_t base_run, const char *path, int64_t run)
{
	struct lh_error *err = fresh(s);
	forget(s);
	s->opened = lh_str_dup(lh_str_of(path));
	s->base_opened = lh_str_dup(lh_str_of(base_path));
	int rc = s->opened && s->base_opened ? load_both(s, base_run, run, err) : lh_nomem(err);
	if (!rc && (s->base->shards.of || s->results->shards.of))
		rc = lh_fail(err, LH_E_USAGE, "%s has some shards of a run only: put all of them together by longhaul merge, and compare then", s->base->shards.of ? base_path : path);
	if (!rc) {
		struct lh_versus_run both[2] = { [LH_NEW] = { s->opened, s->results, is_done(s->results) }, [LH_BASE] = { s->base_opened, s->base, is_done(s->base) } };
		rc = lh_versus_of(both, s->experiment.against, &s->versus, err);
	}
	if (rc)
		forget(s);
	return rc;
}

int lh_session_compared_done(const struct lh_session *s)
{
	return s->versus && s->versus->run[LH_NEW].done && s->versus->run[LH_BASE].done;
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
	for (int i = 0; s->searches && i < s->searches->count; i++)
		for (int k = 0; k < s->searches->of[i].tries; k++)
			n += s->searches->of[i].tried[k].observed;
	for (int i = 0; s->results && i < s->results->conditions; i++)
		for (int k = 0; k < s->results->condition[i].samples * s->results->condition[i].episodes; k++)
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

int lh_session_read_failures(struct lh_session *s)
{
	const char *path = s->results && s->results->run ? lh_session_run_file(s) : NULL;
	if (!path || s->searches || !s->report || s->report->failure)
		return 0;
	return lh_report_failures(s->report, s->results, path, &s->experiment.plugins, &s->error);
}

const char *lh_session_html(struct lh_session *s, int timing)
{
	if (!has_report(s) || lh_session_read_failures(s))
		return NULL;
	lh_buf_clear(&s->html);
	lh_report_html(s->report, timing != 0, &s->html);
	return made(s, &s->html);
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

const char *lh_session_gate_lines(struct lh_session *s, int columns, int colour, int unicode)
{
	if (!has_report(s))
		return NULL;
	struct lh_report_style style = { .colour = colour != 0, .unicode = unicode != 0, .columns = columns < 60 ? 60 : columns };
	lh_buf_clear(&s->table);
	lh_gate_lines(s->report, &style, &s->table);
	return made(s, &s->table);
}

static bool any(const struct lh_report *r, enum lh_gate_verdict v)
{
	for (int i = 0; i < r->gate_count; i++)
		if (r->gate[i].result.verdict == v)
			return true;
	return false;
}

int lh_session_gates(const struct lh_session *s)
{
	enum lh_inconclusive how = s->experiment.inconclusive;
	if (!s->report || !s->report->gate_count)
		return -1;
	if (any(s->report, LH_GATE_INFRASTRUCTURE))
		return 4;
	bool open = any(s->report, LH_GATE_OPEN);
	if (any(s->report, LH_GATE_FAIL) || (open && how == LH_INCONCLUSIVE_FAILS))
		return 1;
	return open && how == LH_INCONCLUSIVE_NEUTRAL ? 3 : 0;
}

const char *lh_session_table(struct lh_session *s, int columns)
{
	return lh_session_table_for(s, columns, 0, 1);
}

static bool has_comparison(struct lh_session *s)
{
	struct lh_error *err = fresh(s);
	if (!s->versus)
		lh_fail(err, LH_E_USAGE, "there is no comparison: compare two run files first");
	return s->versus != NULL;
}

const char *lh_session_comparison_json(struct lh_session *s)
{
	if (!has_comparison(s))
		return NULL;
	lh_buf_clear(&s->json);
	lh_versus_json(s->versus, &s->json);
	return made(s, &s->json);
}

const char *lh_session_comparison_for(struct lh_session *s, int columns, int colour, int unicode)
{
	if (!has_comparison(s))
		return NULL;
	struct lh_report_style style = { .colour = colour != 0, .unicode = unicode != 0, .columns = columns < 60 ? 60 : columns };
	lh_buf_clear(&s->table);
	lh_versus_table(s->versus, &style, &s->table);
	return made(s, &s->table);
}

const char *lh_session_dry_run(struct lh_session *s)
{
	struct lh_error *err = fresh(s);
	lh_buf_clear(&s->table);
	int rc = s->experiment.single_turn > 0 ? lh_single_turn_dry_run(&s->experiment, &s->table, err) : lh_dry_run(&s->experiment, &s->table, err);
	return rc ? NULL : made(s, &s->table);
}
