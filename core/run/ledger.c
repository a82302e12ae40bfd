/* Rows: folded into the results, written to the run file. */
#include "run/desk_impl.h"

#include "base/clock.h"
#include "run/parcel.h"
#include "run/record.h"
#include "run/repeat.h"
#include "run/resume.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SETTINGS_MAX (64u << 20)
#define CAUSE_MAX (64u << 10)

/* ---- what engines hand out ---- */

static int take_message(void *user, uint32_t slot, const struct lh_message_row *row, struct lh_error *err)
{
	struct lh_desk *d = user;
	(void)slot;
	return lh_journal_put_message(d->journal, row, err);
}

/* A turn's calls come settled, in order; the accepted one is written once more where it was written before. */
static int take_call(void *user, uint32_t slot, const struct lh_call_row *row, unsigned how, struct lh_error *err)
{
	struct lh_desk *d = user;
	struct lh_open *o = lh_agenda_at(d, slot);
	int rc = 0, turns = o->turns;
	lh_kept_settled(d, slot, row->turn, row->seq);
	if (how & LH_ROW_SETTLED) {
		rc = lh_fold_call(&d->results->condition[o->condition], o->at, &o->turns, row, err);
		d->turns += o->turns - turns;
		d->calls++;
	}
	bool written = (how & LH_ROW_AGAIN) && !row->accepted;
	return rc || !d->journal || written ? rc : lh_journal_put_call(d->journal, row, err);
}

int lh_ledger_reply(struct lh_desk *d, const struct lh_waiting *w, const struct lh_reply *r, struct lh_error *err)
{
	struct lh_call_row row = { 0 };
	struct lh_parcel p = { .in = lh_buf_str(&w->row) };
	if (!d->journal)
		return 0;
	lh_parcel_call(&p, &row);
	if (!r) {
		lh_parcel_reply(&p, &d->unpacked);
		r = &d->unpacked;
	}
	lh_reply_row(&row, r, w->message);
	struct lh_message_row message = { .episode = w->episode, .id = w->message, .slot = -1, .turn = w->turn, .role = LH_STR("assistant"),
		.text = lh_buf_str(&r->text), .thoughts = lh_buf_str(&r->thoughts), .blob = lh_buf_str(&r->blob), .calls = lh_buf_str(&r->calls), .made_by = LH_STR("model") };
	int rc = r->error ? 0 : lh_journal_put_message(d->journal, &message, err);
	return rc ? rc : lh_journal_put_call(d->journal, &row, err);
}

int lh_ledger_cost(struct lh_desk *d, const struct lh_waiting *w, const struct lh_reply *reply, struct lh_error *err)
{
	struct lh_call_row row = { 0 };
	struct lh_parcel p = { .in = lh_buf_str(&w->row) };
	lh_parcel_call(&p, &row);
	lh_reply_row(&row, reply, w->message);
	return lh_fold_call(&d->results->condition[w->condition], w->at, NULL, &row, err);
}

/* Did foreign code fail there? */
static bool broke(const struct lh_episode_row *row)
{
	return lh_str_is(row->status, "policy_error") || lh_str_is(row->status, "plugin_crash") || lh_repeat_of_finish(row->cause);
}

/* The cause with the command that shows it. */
static struct lh_str with_command(struct lh_desk *d, const struct lh_open *o, const struct lh_episode_row *row, struct lh_buf *text)
{
	struct lh_repeat again = { .sample = o->sample, .probe = row->probe, .stalled = o->stalled, .file = d->temporary ? NULL : d->path };
	lh_buf_put_str(text, row->cause);
	lh_repeat_put(d->s.experiment, &d->s.outline->condition[o->condition], &again, text);
	return lh_buf_str(text);
}

/* An episode that has ended: in the results, and forgotten. */
static int end_episode(struct lh_desk *d, uint32_t slot, const struct lh_episode_row *row, struct lh_error *err)
{
	struct lh_open *o = lh_agenda_at(d, slot);
	int rc = lh_kept_write_slot(d, slot, err);
	if (rc)
		return rc;
	rc = lh_fold_end(&d->results->condition[o->condition], o->at, o->turns, row, err);
	int sample = o->at.sample;
	lh_orders_forget(d, slot);               /* an engine that ends an episode waits for nothing of it */
	for (int i = 0; i < d->lines; i++)
		if (d->line[i].pool)
			lh_pool_end_session(d->line[i].pool, (uint64_t)o->id);
	lh_agenda_ended(d, slot);
	if (!rc)
		lh_agenda_look(d, sample);
	return rc;
}

static int take_episode(void *user, uint32_t slot, const struct lh_episode_row *row, struct lh_error *err)
{
	struct lh_desk *d = user;
	struct lh_episode_row full = *row;
	struct lh_buf cause;
	lh_buf_init(&cause, CAUSE_MAX);
	full.run = d->results->run;
	if (broke(row))
		full.cause = with_command(d, lh_agenda_at(d, slot), row, &cause);
	int rc = d->journal ? lh_journal_put_episode(d->journal, &full, err) : 0;
	if (!rc && !lh_str_is(row->status, "running"))
		rc = end_episode(d, slot, &full, err);
	lh_buf_fini(&cause);
	return rc;
}

static int take_order(void *user, const struct lh_order *order, struct lh_error *err)
{
	struct lh_desk *d = user;
	struct lh_open *o = lh_agenda_at(d, order->slot);
	bool found = false;
	int rc = o->recorded ? lh_recorded_answer(d, o, order, &found, err) : 0;
	return rc || found ? rc : lh_orders_take(d, order, err);
}

void lh_ledger_outlet(struct lh_desk *d)
{
	d->outlet = (struct lh_outlet){ .user = d, .message = d->journal ? take_message : NULL, .call = take_call, .episode = take_episode, .order = take_order };
}

const struct lh_outlet *lh_desk_outlet(struct lh_desk *d) { return &d->outlet; }

/* ---- the run file ---- */

static int put_conditions(struct lh_desk *d, struct lh_error *err)
{
	int rc = 0;
	for (int i = 0; i < d->s.outline->conditions && !rc; i++) {
		const struct lh_outline_condition *c = &d->s.outline->condition[i];
		struct lh_condition_row row = { .id = i, .run = d->results->run, .task = lh_str_of(c->task), .task_params = lh_str_of(c->task_params),
			.model = lh_str_of(c->model), .model_options = lh_str_of(c->model_options), .policy = lh_str_of(c->policy),
			.policy_options = lh_str_of(c->policy_options), .history = lh_str_of(c->history), .probes = lh_str_of(c->probes), .oracle = c->oracle,
			.steps_per_turn = c->steps_per_turn, .turns = c->turns };
		rc = lh_journal_put_condition(d->journal, &row, err);
	}
	return rc;
}

static int put_run(struct lh_desk *d, struct lh_str settings, struct lh_error *err)
{
	const struct lh_outline *o = d->s.outline;
	struct lh_run_row row = { .version = LH_STR(LH_VERSION), .compiler = LH_STR(__VERSION__), .config = lh_str_of(o->config),
		.config_sha256 = lh_str_of(o->config_sha256), .settings = settings, .sources = lh_str_of(o->sources),
		.seed = (int64_t)d->s.experiment->seed, .started = lh_str_of(d->results->started), .status = LH_STR("running") };
	int rc = lh_journal_put_run(d->journal, &row, err);
	d->results->run = row.id;
	return rc ? rc : put_conditions(d, err);
}

/* Runs in several processes need a file to begin again from, also where none is to be kept. */
static int temporary(struct lh_desk *d, struct lh_error *err)
{
	const char *tmp = getenv("TMPDIR");
	struct lh_buf b;
	lh_buf_init(&b, 4096);
	lh_buf_printf(&b, "%s/longhaul-%ld-%llx.db", tmp && *tmp ? tmp : "/tmp", (long)getpid(), (unsigned long long)lh_clock_mono_us());
	int rc = lh_buf_ok(&b, err);
	if (!rc && (!(d->temporary = lh_str_dup(lh_buf_str(&b))) || !(d->path = lh_str_dup(lh_buf_str(&b)))))
		rc = lh_nomem(err);
	lh_buf_fini(&b);
	return rc;
}

int lh_ledger_path(struct lh_desk *d, struct lh_error *err)
{
	const struct lh_experiment *e = d->s.experiment;
	const char *path = e->output ? e->output : LH_RUN_FILE;
	if (!strcmp(path, "none") && e->resume)
		return lh_fail(err, LH_E_USAGE, "--resume goes on with a run file: name it with -o, none keeps nothing");
	if (!strcmp(path, "none"))
		return lh_experiment_live(e) && e->jobs ? temporary(d, err) : 0;
	d->path = lh_str_dup(lh_str_of(path));
	return d->path ? 0 : lh_nomem(err);
}

int lh_ledger_open(struct lh_desk *d, struct lh_error *err)
{
	struct lh_buf settings;
	int64_t unfinished = 0;
	if (!d->path)
		return 0;
	lh_buf_init(&settings, SETTINGS_MAX);
	lh_outline_settings(d->s.outline, d->s.experiment, &settings);
	int rc = lh_buf_ok(&settings, err);
	if (!rc)
		rc = lh_resume_check(d->path, d->s.outline, d->s.experiment, &unfinished, err);
	if (!rc && d->s.experiment->resume) {
		d->results->run = unfinished;
		rc = lh_journal_open_run(d->path, unfinished, &d->journal, err);
		if (!rc)
			rc = lh_journal_resume_run(d->journal, unfinished, lh_buf_str(&settings), err);
	} else if (!rc) {
		rc = lh_journal_create(d->path, d->s.bulk, &d->journal, err);
		if (!rc)
			rc = put_run(d, lh_buf_str(&settings), err);
	}
	lh_buf_fini(&settings);
	return rc ? rc : lh_journal_commit(d->journal, err);         /* before anything is paid for: to what run it belongs */
}

int lh_desk_commit(struct lh_desk *d, struct lh_error *err)
{
	return d->journal ? lh_journal_commit(d->journal, err) : 0;
}

/* ---- the end ---- */

static int end_results(struct lh_desk *d, struct lh_error *err)
{
	struct lh_results *r = d->results;
	char now[32];
	lh_clock_utc(now);
	r->ended = lh_str_dup(lh_str_of(now));
	r->status = lh_str_dup(d->stop == LH_STOP_FAILED ? LH_STR("failed") : d->stop && d->stop != LH_STOP_DECIDED ? LH_STR("stopped") : LH_STR("done"));
	r->status_cause = lh_str_dup(lh_str_of(d->cause));
	r->wall_s = (double)(lh_clock_mono_us() - d->started_us) / 1e6;
	r->spent = (struct lh_spent){ d->spent.calls + d->reserved.calls, d->spent.tokens + d->reserved.tokens,
		d->spent.microusd + d->reserved.microusd };      /* what is broken off was asked all the same */
	return r->ended && r->status && r->status_cause ? 0 : lh_nomem(err);
}

/* Ends the run's row and closes the file; worthless runs take their file with them. */
static int close_journal(struct lh_desk *d, int rc, struct lh_error *err)
{
	struct lh_journal *j = d->journal;
	struct lh_results *r = d->results;
	d->journal = NULL;
	if (!j)
		return rc;
	bool empty = !rc && d->stop && d->stop != LH_STOP_DECIDED && !d->calls && !d->replies && !d->s.experiment->resume;      /* there is nothing to go on with */
	if (d->temporary || empty) {
		lh_journal_forget(j, r->run, d->first_episode);
		r->run = 0;
		return rc;
	}
	if (rc && d->s.outline->simulated && !d->s.experiment->resume) {
		lh_journal_forget(j, r->run, d->first_episode);
		return rc;
	}
	if (!rc)
		rc = lh_journal_end_run(j, r->run, lh_str_of(r->status), lh_str_of(r->status_cause), lh_str_of(r->ended), err);
	if (rc) {
		int kept = d->s.bulk ? 0 : lh_journal_commit(j, NULL);       /* what came in before the error was paid for */
		(void)kept;
		lh_journal_discard(j);
		return rc;
	}
	return lh_journal_close(j, err);
}

/* Whatever ends the run, what was paid for is written. */
static int write_kept(struct lh_desk *d, int rc, struct lh_error *err)
{
	int kept = d->journal && d->first_kept ? lh_kept_write(d, INT64_MAX, err) : 0;
	if (rc && !kept && d->first_kept)
		kept = lh_desk_commit(d, err);
	return rc ? rc : kept;
}

/* Where an episode was cut off, replies are in the file that it never took up: they were paid for, and the table says
 * the same now as when the file is reported. */
static int as_in_file(struct lh_desk *d, struct lh_error *err)
{
	struct lh_results *file, *r = d->results;
	bool cut = (d->stop && d->stop != LH_STOP_DECIDED) || d->gave_up;
	if (!cut || d->s.outline->simulated || !d->path || d->temporary || !r->run)
		return 0;
	int rc = lh_results_load(d->path, r->run, &file, err);
	if (rc)
		return rc;
	struct lh_condition_results *mine = r->condition;
	r->condition = file->condition;
	file->condition = mine;
	lh_results_free(file);
	return 0;
}

int lh_desk_close(struct lh_desk *d, int rc, struct lh_results **out, struct lh_error *err)
{
	rc = write_kept(d, rc, err);
	if (!rc)
		rc = end_results(d, err);
	rc = close_journal(d, rc, err);
	if (!rc)
		rc = as_in_file(d, err);
	if (!rc && lh_sequence_decided(d->sequence))
		lh_results_cut(d->results, lh_sequence_decided(d->sequence));
	if (!rc) {
		*out = d->results;
		d->results = NULL;
	}
	return rc;
}
