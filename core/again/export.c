#include "again/export.h"

#include "json/reader.h"
#include "again/export_impl.h"

#include <stdlib.h>
#include <string.h>

#define LINES_MAX (1u << 30)

struct exporting {
	struct lh_export *e;
	struct lh_reader *reader;
	int64_t run;
	bool found;
	struct lh_json *settings;
	struct lh_export_condition *condition; size_t conditions, cap;
	struct lh_export_record record;
	struct lh_buf lines;
};

static int take_run(void *user, const void *row, struct lh_error *err)
{
	struct exporting *x = user;
	const struct lh_run_row *r = row;
	if (r->id != x->run)
		return 0;
	x->found = true;
	return lh_json_parse(r->settings, "settings", 1, &x->settings, NULL) ? lh_fail(err, LH_E_DAMAGED, "the settings of run %lld cannot be read", (long long)r->id) : 0;
}

/* As it was typed; else as the condition calls it. */
static char *label(const struct exporting *x, const char *list, struct lh_str name)
{
	const struct lh_json *l = lh_json_first(lh_json_get(x->settings, list));
	for (size_t i = 1; l && i < x->conditions; i++)
		l = lh_json_next(l);
	return lh_str_dup(l && lh_json_str(l).n ? lh_json_str(l) : name);
}

static int take_condition(void *user, const void *row, struct lh_error *err)
{
	struct exporting *x = user;
	int rc = lh_array_more(&x->condition, &x->cap, x->conditions + 1, sizeof *x->condition, err);
	if (rc)
		return rc;
	struct lh_export_condition *c = &x->condition[x->conditions++];
	*c = (struct lh_export_condition){ .row = *(const struct lh_condition_row *)row };
	c->history = lh_str_dup(c->row.history);
	c->task_label = label(x, "task_labels", c->row.task);
	c->model_label = label(x, "model_labels", c->row.model);
	c->policy_label = label(x, "policy_labels", c->row.policy);
	return c->history && c->task_label && c->model_label && c->policy_label ? 0 : lh_nomem(err);
}

static void forget_messages(struct lh_export_record *r)
{
	for (size_t i = 0; i < r->messages; i++) {
		struct lh_export_message *m = &r->message[i];
		free(m->role);
		free(m->text);
		free(m->thoughts);
		free(m->calls);
		free(m->made_by);
	}
	r->messages = 0;
}

static int take_message(void *user, const void *row, struct lh_error *err)
{
	struct lh_export_record *r = user;
	const struct lh_message_row *m = row;
	int rc = lh_array_more(&r->message, &r->cap, r->messages + 1, sizeof *r->message, err);
	if (rc)
		return rc;
	struct lh_export_message *to = &r->message[r->messages++];
	*to = (struct lh_export_message){ m->id, m->slot, m->turn, lh_str_dup(m->role), lh_str_dup(m->text), lh_str_dup(m->thoughts), lh_str_dup(m->calls), lh_str_dup(m->made_by) };
	return to->role && to->text && to->thoughts && to->calls && to->made_by ? 0 : lh_nomem(err);
}

static int take_call(void *user, const void *row, struct lh_error *err)
{
	struct exporting *x = user;
	const struct lh_call_row *c = row;
	if (!c->accepted)
		return 0;
	if (x->e->format == LH_EXPORT_JSONL)
		return lh_export_json_turn(&x->record, c, &x->lines, err);
	lh_export_csv_turn(&x->record, c, &x->lines);
	return lh_buf_ok(&x->lines, err);
}

static int write_episode(struct exporting *x, int64_t episode, struct lh_error *err)
{
	int rc = x->e->format == LH_EXPORT_CSV ? 0 : lh_reader_messages(x->reader, episode, take_message, &x->record, err);
	if (!rc && x->e->format == LH_EXPORT_MESSAGES)
		rc = lh_export_messages(&x->record, &x->lines, err);
	else if (!rc)
		rc = lh_reader_calls(x->reader, episode, take_call, x, err);
	forget_messages(&x->record);
	if (!rc && x->lines.n)
		rc = x->e->put(x->e->user, lh_buf_str(&x->lines), err);
	lh_buf_clear(&x->lines);
	return rc;
}

static int take_episode(void *user, const void *row, struct lh_error *err)
{
	struct exporting *x = user;
	const struct lh_episode_row *e = row;
	if (lh_str_is(e->status, "superseded"))
		return 0;
	if (e->condition < 0 || (size_t)e->condition >= x->conditions)
		return lh_fail(err, LH_E_DAMAGED, "episode %lld lies outside the run", (long long)e->id);
	const struct lh_export_condition *c = &x->condition[e->condition];
	if (x->e->format == LH_EXPORT_MESSAGES && strcmp(c->history, "own")) {
		x->e->left_out++;
		return 0;
	}
	struct lh_export_record *r = &x->record;
	r->condition = c;
	r->run = x->run;
	r->sample = e->sample;
	r->probe = e->probe;
	size_t n = e->status.n < sizeof r->status ? e->status.n : sizeof r->status - 1;
	memcpy(r->status, e->status.p, n);
	r->status[n] = 0;
	return write_episode(x, e->id, err);
}

static int export_run(struct exporting *x, const char *path, struct lh_error *err)
{
	x->run = x->e->run;
	int rc = x->run < 0 ? lh_reader_newest_run(x->reader, &x->run, err) : 0;
	if (!rc)
		rc = lh_reader_runs(x->reader, take_run, x, err);
	if (!rc && !x->found)
		rc = lh_fail(err, LH_E_USAGE, "%s holds no run %lld; longhaul list runs %s names them", path, (long long)x->run, path);
	if (!rc)
		rc = lh_reader_conditions(x->reader, x->run, take_condition, x, err);
	if (!rc && x->e->format == LH_EXPORT_CSV) {
		lh_export_csv_head(&x->lines);
		rc = lh_buf_ok(&x->lines, err);
	}
	return rc ? rc : lh_reader_episodes(x->reader, x->run, take_episode, x, err);
}

int lh_export(struct lh_export *e, const char *path, struct lh_error *err)
{
	struct exporting x = { .e = e };
	e->left_out = 0;
	lh_buf_init(&x.lines, LINES_MAX);
	int rc = lh_reader_open(path, &x.reader, err);
	if (!rc)
		rc = export_run(&x, path, err);
	if (!rc && x.lines.n)                    /* a head without lines */
		rc = e->put(e->user, lh_buf_str(&x.lines), err);
	lh_reader_close(x.reader);
	for (size_t i = 0; i < x.conditions; i++) {
		free(x.condition[i].history);
		free(x.condition[i].task_label);
		free(x.condition[i].model_label);
		free(x.condition[i].policy_label);
	}
	free(x.condition);
	free(x.record.message);
	lh_json_free(x.settings);
	lh_buf_fini(&x.lines);
	return rc;
}
