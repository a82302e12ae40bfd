#include "again/rescore.h"

#include "json/reader.h"
#include "again/beside.h"
#include "run/fold.h"
#include "again/judged_by.h"
#include "run/record.h"
#include "again/reread.h"
#include "run/results.h"
#include "again/undecided.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct scored_condition { struct lh_condition_row row; struct lh_remade remade; struct lh_taskset *task; char *label; };

struct rescoring {
	const char *path;
	const struct lh_rescore_options *o;
	int (*each)(void *user, const struct lh_rescored_turn *turn, struct lh_error *err);
	void *user;
	struct lh_rescored *what;
	struct lh_reader *reader;
	struct lh_journal *journal;              /* of the copy; NULL: only look */
	struct lh_registry *registry;
	int64_t *read; size_t reads, read_cap;   /* the runs that were read, by number */
	/* the run that is being read */
	const struct lh_run_row *run;
	struct lh_json *settings;
	bool stop_at_error;
	struct scored_condition *condition; size_t conditions, condition_cap;
};

/* ---- a run's conditions ---- */

static void close_conditions(struct rescoring *r)
{
	for (size_t i = 0; i < r->conditions; i++) {
		lh_taskset_free(r->condition[i].task);
		lh_remade_fini(&r->condition[i].remade);
		free(r->condition[i].label);
	}
	r->conditions = 0;
}

static int take_condition(void *user, const void *row, struct lh_error *err)
{
	struct rescoring *r = user;
	const struct lh_condition_row *c = row;
	if (c->id != (int64_t)r->conditions || c->steps_per_turn < 1 || c->steps_per_turn > 1000000)
		return lh_fail(err, LH_E_DAMAGED, "condition %lld has impossible numbers", (long long)c->id);
	int rc = lh_array_more(&r->condition, &r->condition_cap, r->conditions + 1, sizeof *r->condition, err);
	if (rc)
		return rc;
	struct scored_condition *to = &r->condition[r->conditions++];
	*to = (struct scored_condition){ .row = { .id = c->id, .run = c->run, .turns = c->turns, .steps_per_turn = c->steps_per_turn } };
	const struct lh_json *label = lh_json_first(lh_json_get(r->settings, "policy_labels"));
	for (int64_t i = 0; label && i < c->id; i++)
		label = lh_json_next(label);
	rc = lh_remade_note(&to->remade, c, err);
	if (!rc && !(to->label = lh_str_dup(label ? lh_json_str(label) : c->policy)))
		rc = lh_nomem(err);
	if (!rc)
		rc = lh_remade_task(&to->remade, r->registry, &to->task, err);
	if (rc)
		return rc;
	to->row.task = lh_str_of(to->remade.task);
	to->row.task_params = lh_str_of(to->remade.params);
	to->row.history = lh_str_of(to->remade.history);
	return 0;
}

/* ---- an episode's calls ---- */

struct comparing {
	struct rescoring *r;
	const struct lh_episode_row *episode;
	const struct scored_condition *condition;
	const struct lh_reread *now;
	size_t at;
	bool wrong;                              /* some turn of it is, as it is read now */
	int64_t turns;
};

static bool same_state(bool has_a, struct lh_str a, bool has_b, struct lh_str b)
{
	return has_a == has_b && (!has_a || lh_str_equal(a, b));
}

static bool same_states(const struct lh_call_row *a, const struct lh_call_row *b)
{
	return a->unshown == b->unshown && lh_str_equal(a->truth, b->truth) && same_state(a->has_shown, a->shown, b->has_shown, b->shown) &&
		same_state(a->has_followed, a->followed, b->has_followed, b->followed) && same_state(a->has_answered, a->answered, b->has_answered, b->answered);
}

static bool same_exposure(const struct lh_call_row *a, const struct lh_call_row *b)
{
	return a->exposure_update == b->exposure_update && a->exposure_state == b->exposure_state && a->exposure_unusable == b->exposure_unusable;
}

static int compare_turn(struct comparing *c, const struct lh_call_row *was, const struct lh_call_row *is, bool *differs, struct lh_error *err)
{
	struct lh_rescored *what = c->r->what;
	int before = lh_outcome_of(was->outcome), after = lh_outcome_of(is->outcome);
	bool outcome = before != after;
	what->turns++;
	c->turns++;
	c->wrong = c->wrong || !lh_outcome_state_ok(after);
	*differs = outcome || !same_states(was, is);
	if (!*differs)
		return 0;
	what->outcomes += outcome;
	what->states += !outcome;
	if (outcome && before >= 0)
		what->moved[before][after]++;
	struct lh_rescored_turn turn = { .run = c->r->run->id, .sample = c->episode->sample, .turn = was->turn, .condition = &c->condition->row,
		.label = lh_str_of(c->condition->label), .was = was, .is = is };
	return c->r->each ? c->r->each(c->r->user, &turn, err) : 0;
}

static int compare_call(void *user, const void *row, struct lh_error *err)
{
	struct comparing *c = user;
	const struct lh_call_row *was = row;
	const struct lh_judged *judged = &c->now->call[c->at++];
	struct lh_call_row is = *was;
	bool differs = false;
	is.exposure_update = judged->exposure.update;
	is.exposure_state = judged->exposure.state;
	is.exposure_unusable = judged->exposure.unusable;
	if (was->accepted)
		lh_states_row(&is, &judged->states);
	int rc = was->accepted ? compare_turn(c, was, &is, &differs, err) : 0;
	if (!same_exposure(was, &is)) {
		c->r->what->exposures++;
		differs = true;
	}
	return !rc && differs && c->r->journal ? lh_journal_put_call(c->r->journal, &is, err) : rc;
}

static const char reopened[] = "it stopped at an error that is none as it is read now";

/* It stopped at an error that is none: what it would have said then nobody knows. */
static bool is_reopened(const struct comparing *c)
{
	const struct lh_episode_row *e = c->episode;
	return !c->wrong && c->turns < c->condition->row.turns && lh_str_is(e->status, "done") && !lh_str_is(e->cause, "overflow");
}

/* Read as it was at first, it ends as episode.c ended it. */
static bool is_ended_again(const struct comparing *c)
{
	return c->wrong && lh_str_is(c->episode->status, "censored") && lh_str_is(c->episode->cause, reopened);
}

static int settle_end(struct comparing *c, struct lh_error *err)
{
	struct lh_episode_row now = *c->episode;
	bool open = is_reopened(c), again = is_ended_again(c);
	if (!c->r->stop_at_error || c->episode->probe || (!open && !again))
		return 0;
	c->r->what->reopened += open;
	c->r->what->ended_again += again;
	now.status = lh_str_of(open ? "censored" : "done");
	now.cause = lh_str_of(open ? reopened : "stopped at its first error");
	return c->r->journal ? lh_journal_put_episode(c->r->journal, &now, err) : 0;
}

static int reread_episode(struct rescoring *r, const struct lh_episode_row *e, const struct lh_recall *rows, struct lh_error *err)
{
	const struct scored_condition *s = &r->condition[e->condition];
	struct lh_reread now;
	struct lh_reread_which which = { .condition = &s->remade, .task = s->task, .seed = (uint64_t)r->run->seed, .sample = (uint64_t)e->sample,
		.probe = (uint32_t)e->probe, .history_hash = e->history_hash, .reworded = r->o->reworded };
	int rc = lh_reread(&which, rows, &now, err);
	if (rc)
		return rc;
	struct comparing c = { .r = r, .episode = e, .condition = s, .now = &now };
	rc = lh_reader_calls(r->reader, e->id, compare_call, &c, err);
	lh_reread_fini(&now);
	return rc ? rc : settle_end(&c, err);
}

static int take_episode(void *user, const void *row, struct lh_error *err)
{
	struct rescoring *r = user;
	const struct lh_episode_row *e = row;
	struct lh_recall *rows;
	if (e->condition < 0 || (size_t)e->condition >= r->conditions || e->sample < 0 || e->probe < 0 || e->probe > r->condition[e->condition].row.turns)
		return lh_fail(err, LH_E_DAMAGED, "episode %lld lies outside the run", (long long)e->id);
	if (lh_str_is(e->status, LH_SUPERSEDED))
		return 0;
	int rc = lh_recall_rows(r->reader, e->id, &rows, err);
	if (rc)
		return rc;
	r->what->episodes++;
	rc = rows->calls ? reread_episode(r, e, rows, err) : 0;
	lh_recall_free(rows);
	return rc;
}

/* ---- the file ---- */

/* What a report cannot read is not written again. */
static int check_content(const struct rescoring *r, struct lh_error *err)
{
	struct lh_results *results;
	int rc = lh_results_load(r->path, r->run->id, &results, err);
	if (!rc)
		lh_results_free(results);
	return rc;
}

static int take_run(void *user, const void *row, struct lh_error *err)
{
	struct rescoring *r = user;
	r->run = row;
	if (r->o->run >= 0 && r->o->run != r->run->id)
		return 0;
	int rc = lh_array_more(&r->read, &r->read_cap, r->reads + 1, sizeof *r->read, err);
	if (rc)
		return rc;
	r->read[r->reads++] = r->run->id;
	rc = check_content(r, err);
	if (!rc && lh_json_parse(r->run->settings, "settings", 1, &r->settings, NULL))
		rc = lh_fail(err, LH_E_DAMAGED, "its settings cannot be read");
	r->stop_at_error = lh_json_bool(lh_json_get(r->settings, "stop_at_error"));
	if (!rc)
		rc = lh_judged_by_today(&(struct lh_judged_by){ r->registry, r->run, r->settings, r->journal, r->what }, err);
	if (!rc)
		rc = lh_reader_conditions(r->reader, r->run->id, take_condition, r, err);
	if (!rc)
		rc = lh_reader_episodes(r->reader, r->run->id, take_episode, r, err);
	close_conditions(r);
	lh_json_free(r->settings);
	r->settings = NULL;
	if (rc && err && strstr(err->text, r->path))
		lh_prefix(err, "run %lld", (long long)r->run->id);
	else if (rc)
		lh_prefix(err, "run %lld of %s", (long long)r->run->id, r->path);
	return rc;
}

static int read_file(struct rescoring *r, struct lh_error *err)
{
	int rc = lh_reader_runs(r->reader, take_run, r, err);
	if (!rc && !r->reads)
		rc = r->o->run < 0 ? lh_fail(err, LH_E_MISSING, "%s holds no run", r->path)
			: lh_fail(err, LH_E_USAGE, "%s holds no run %lld; longhaul list runs %s names them", r->path, (long long)r->o->run, r->path);
	return rc;
}

static int open_plugins(struct rescoring *r, struct lh_error *err)
{
	const struct lh_family *f;
	int rc = lh_registry_new(&r->registry, err);
	for (int i = 0; i < r->o->plugins && !rc; i++)
		rc = lh_registry_open(r->registry, r->o->plugin[i], &f, err);
	return rc;
}

/* What was paid for is not written over by what was made of it. */
static int check_out(const struct rescoring *r, struct lh_error *err)
{
	struct stat a, b;
	if (!stat(r->path, &a) && !stat(r->o->out, &b) && a.st_dev == b.st_dev && a.st_ino == b.st_ino)
		return lh_fail(err, LH_E_USAGE, "-o %s is the file that is read: it stays as it is; name another one", r->o->out);
	return lh_beside_check(r->o->out, r->o->replace, err);
}

/* A copy of everything, in which the rows that differ are put in the place of the old ones. */
static int write_copy(struct rescoring *r, const char *made, struct lh_error *err)
{
	int64_t newest;
	int rc = lh_reader_copy(r->reader, made, err);
	if (!rc)
		rc = lh_reader_newest_run(r->reader, &newest, err);
	if (!rc)
		rc = lh_journal_open_run(made, newest, &r->journal, err);
	if (!rc)
		rc = read_file(r, err);
	if (rc)
		lh_journal_discard(r->journal);
	else
		rc = lh_journal_close(r->journal, err);
	for (size_t i = 0; i < r->reads && !rc; i++) {
		bool stopped;
		rc = lh_undecided_stop(made, r->read[i], &stopped, err);
		r->what->undecided += stopped;
	}
	return rc;
}

static int write_beside(struct rescoring *r, struct lh_error *err)
{
	struct lh_buf made;
	int rc = check_out(r, err);
	if (rc)
		return rc;
	lh_buf_init(&made, 1 << 16);
	rc = lh_beside_name(r->o->out, "rescoring", &made, err);
	if (!rc && !(rc = write_copy(r, made.p, err)))
		rc = lh_beside_place(made.p, r->o->out, r->o->replace, err);
	if (rc && made.p)
		lh_beside_remove(made.p);
	lh_buf_fini(&made);
	return rc;
}

int lh_rescore(const char *path, const struct lh_rescore_options *o, int (*each)(void *user, const struct lh_rescored_turn *turn, struct lh_error *err),
	void *user, struct lh_rescored *what, struct lh_error *err)
{
	struct rescoring r = { .path = path, .o = o, .each = each, .user = user, .what = what };
	*what = (struct lh_rescored){ 0 };
	int rc = lh_reader_open(path, &r.reader, err);
	if (!rc)
		rc = lh_reader_check(r.reader, err);
	if (!rc)
		rc = open_plugins(&r, err);
	if (!rc)
		rc = o->out ? write_beside(&r, err) : read_file(&r, err);
	lh_reader_close(r.reader);
	free(r.condition);
	free(r.read);
	lh_registry_free(r.registry);
	return rc;
}
