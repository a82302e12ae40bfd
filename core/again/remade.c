#include "again/remade.h"

#include "json/reader.h"
#include "run/differ.h"
#include "transcript/made.h"

#include <stdlib.h>
#include <string.h>

#define PARAMS_MAX 64

int lh_remade_note(struct lh_remade *m, const struct lh_condition_row *c, struct lh_error *err)
{
	const char *plugin = m->plugin;
	lh_remade_fini(m);
	m->plugin = plugin;
	m->task = lh_str_dup(c->task);
	m->params = lh_str_dup(c->task_params);
	m->history = lh_str_dup(c->history);
	m->steps_per_turn = (uint32_t)c->steps_per_turn;
	return m->task && m->params && m->history ? 0 : lh_nomem(err);
}

void lh_remade_fini(struct lh_remade *m)
{
	free(m->task);
	free(m->params);
	free(m->history);
	*m = (struct lh_remade){ 0 };
}

/* ---- the task, as it was ---- */

struct typed { struct lh_str key[PARAMS_MAX], value[PARAMS_MAX]; int count; struct lh_buf numbers; };

static bool declared(const struct lh_family *f, struct lh_str name)
{
	for (int i = 0; i < lh_family_param_count(f); i++)
		if (lh_str_is(name, lh_family_param(f, i)->name))
			return true;
	return false;
}

/* Parameters as one would type them. What the host notes beside (the hash of a file) is none. */
static int type_params(const struct lh_family *f, const struct lh_json *params, struct typed *t, struct lh_error *err)
{
	size_t at[PARAMS_MAX];
	for (const struct lh_json *v = lh_json_first(params); v; v = lh_json_next(v)) {
		int64_t n;
		if (!declared(f, lh_json_key(v)))
			continue;
		if (t->count == PARAMS_MAX)
			return lh_fail(err, LH_E_DAMAGED, "a task has more than %d parameters", PARAMS_MAX);
		at[t->count] = t->numbers.n;
		t->key[t->count++] = lh_json_key(v);
		if (lh_json_type(v) == LH_JSON_STRING)
			lh_buf_put_str(&t->numbers, lh_json_str(v));
		else if (lh_json_type(v) == LH_JSON_BOOL)
			lh_buf_puts(&t->numbers, lh_json_bool(v) ? "true" : "false");
		else if (lh_json_int(v, &n))
			lh_buf_put_int(&t->numbers, n);
		else
			lh_buf_put_double(&t->numbers, lh_json_number(v));
	}
	for (int i = 0; i < t->count; i++)
		t->value[i] = (struct lh_str){ t->numbers.p + at[i], (i + 1 < t->count ? at[i + 1] : t->numbers.n) - at[i] };
	return lh_buf_ok(&t->numbers, err);
}

/* What was recorded of the parameters is what they are now; there may be others besides. */
static int check_params(const struct lh_remade *m, struct lh_str now, struct lh_error *err)
{
	struct lh_buf b;
	lh_buf_init(&b, 4096);
	int rc = !lh_differ(now, "now", lh_str_of(m->params), "in the file", NULL, &b) ? 0
		: lh_fail(err, LH_E_DIFFERS, "task %s, or a file that it reads, is not what it was: %.*s", m->task, LH_ARG(lh_buf_str(&b)));
	lh_buf_fini(&b);
	return rc;
}

int lh_remade_task(const struct lh_remade *m, struct lh_registry *registry, struct lh_taskset **out, struct lh_error *err)
{
	const struct lh_family *f;
	struct lh_json *params = NULL;
	struct typed t = { .count = 0 };
	*out = NULL;
	lh_buf_init(&t.numbers, 1 << 20);
	int rc = lh_registry_find(registry, lh_str_of(m->task), &f, err);
	if (!rc)
		rc = lh_json_parse(lh_str_of(m->params), "task parameters", 1, &params, err);
	if (!rc)
		rc = type_params(f, params, &t, err);
	if (!rc && (rc = lh_taskset_open(f, t.key, t.value, t.count, NULL, out, err)))
		lh_prefix(err, "task %s is opened again as it was (its files: from the folder that they were named from)", m->task);
	if (!rc && (rc = check_params(m, lh_taskset_params_json(*out), err))) {
		lh_taskset_free(*out);
		*out = NULL;
	}
	lh_json_free(params);
	lh_buf_fini(&t.numbers);
	return rc;
}

/* ---- the history ---- */

static int make(struct lh_made *m, struct lh_transcript *t, struct lh_error *err)
{
	bool asked = false;
	int rc = 0;
	while (!rc && !asked) {
		rc = lh_made_begin_turn(m, t, &asked, err);
		if (!rc && !asked && lh_made_replies(m))
			rc = lh_made_reply(m, t, err);
	}
	return rc;
}

int lh_remade_transcript(const struct lh_remade *m, const struct lh_remade_which *w, struct lh_sample *sample, struct lh_transcript **out, struct lh_error *err)
{
	struct lh_history h[LH_HISTORY_RATES];
	struct lh_made made;
	int n;
	*out = NULL;
	int rc = lh_history_parse(lh_str_of(m->history), h, &n, err);
	if (!rc)
		rc = lh_transcript_new(sample, m->steps_per_turn, out, err);
	if (rc)
		return rc;
	lh_made_init(&made, &h[0], w->seed, w->sample, w->probe);
	rc = make(&made, *out, err);
	if (!rc && lh_made_hash(&made) != w->hash)
		rc = lh_fail(err, LH_E_DIFFERS, "the history of this episode cannot be made again: task family %s is not what it was, and makes another one now", m->task);
	lh_made_fini(&made);
	return rc;
}

int lh_remade_again(const struct lh_remade *m, const struct lh_remade_which *w,
	int (*each)(void *user, const struct lh_message *message, struct lh_str text, struct lh_str calls, struct lh_error *err), void *user, struct lh_error *err)
{
	struct lh_registry *registry = NULL;
	const struct lh_family *f;
	struct lh_taskset *task = NULL;
	struct lh_sample *sample = NULL;
	struct lh_transcript *t = NULL;
	int rc = lh_registry_new(&registry, err);
	if (!rc && m->plugin)
		rc = lh_registry_open(registry, m->plugin, &f, err);
	if (!rc && (rc = lh_remade_task(m, registry, &task, err)))
		lh_prefix(err, "the history of this episode cannot be shown");
	if (!rc)
		rc = lh_sample_open(task, w->sample, w->seed, &sample, err);
	if (!rc)
		rc = lh_remade_transcript(m, w, sample, &t, err);
	for (uint32_t i = 0; !rc && i + 1 < lh_transcript_length(t); i++)        /* the last is the prompt, which is kept */
		rc = each(user, lh_transcript_message(t, lh_transcript_id(t, i)), lh_transcript_text(t, lh_transcript_id(t, i)), lh_transcript_calls(t, lh_transcript_id(t, i)), err);
	lh_transcript_free(t);
	lh_sample_close(sample);
	lh_taskset_free(task);
	lh_registry_free(registry);
	return rc;
}
