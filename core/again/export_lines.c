#include "again/export_impl.h"

#include "json/writer.h"
#include "transcript/calls.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- what both forms of a turn say ---- */

struct field { const char *name; enum { INT, REAL, FLAG, TEXT } kind; size_t at; };
#define F(f, kind) { #f, kind, offsetof(struct lh_call_row, f) }
static const struct field figures[] = { F(turn, INT), F(seq, INT), F(outcome, TEXT), F(unshown, FLAG), F(exposure_update, REAL), F(exposure_state, REAL),
	F(exposure_unusable, REAL), F(reusable_prefix, REAL), F(finish, TEXT), F(tokens_in, INT), F(tokens_cached, INT), F(tokens_out, INT), F(tokens_reasoning, INT),
	F(counted, FLAG), F(latency_us, INT), F(cost_microusd, INT), F(attempts, INT) };
enum { FIGURES = sizeof figures / sizeof *figures };

static const void *at(const struct lh_call_row *c, const struct field *f) { return (const char *)c + f->at; }

static const char *const names[] = { "task", "model", "policy", "history" };

static const char *name_of(const struct lh_export_condition *c, int i)
{
	const char *const of[] = { c->task_label, c->model_label, c->policy_label, c->history };
	return of[i];
}

/* ---- JSON ---- */

static void put_place(struct lh_jw *w, const struct lh_export_record *r)
{
	lh_jw_key(w, "run"), lh_jw_int(w, r->run);
	lh_jw_key(w, "condition"), lh_jw_int(w, r->condition->row.id);
	for (int i = 0; i < 4; i++)
		lh_jw_key(w, names[i]), lh_jw_text(w, name_of(r->condition, i));
	lh_jw_key(w, "oracle"), lh_jw_bool(w, r->condition->row.oracle);
	lh_jw_key(w, "steps_per_turn"), lh_jw_int(w, r->condition->row.steps_per_turn);
	lh_jw_key(w, "sample"), lh_jw_int(w, r->sample);
	lh_jw_key(w, "probe"), lh_jw_int(w, r->probe);
}

static void put_figure(struct lh_jw *w, const struct lh_call_row *c, const struct field *f)
{
	lh_jw_key(w, f->name);
	switch (f->kind) {
	case INT: lh_jw_int(w, *(const int64_t *)at(c, f)); break;
	case REAL: lh_jw_double(w, *(const double *)at(c, f)); break;
	case FLAG: lh_jw_bool(w, *(const bool *)at(c, f)); break;
	case TEXT: lh_jw_str(w, *(const struct lh_str *)at(c, f)); break;
	}
}

static void put_state(struct lh_jw *w, const char *name, bool has, struct lh_str state)
{
	lh_jw_key(w, name);
	lh_jw_str_or_null(w, has, state);
}

static const struct lh_export_message *reply_of(const struct lh_export_record *r, const struct lh_call_row *c)
{
	for (size_t i = 0; i < r->messages; i++)
		if (c->reply >= 0 && r->message[i].id == c->reply)
			return &r->message[i];
	return NULL;
}

/* The task's last message of the turn before the reply, as the view `turn` of the run file has it. */
static const struct lh_export_message *prompt_of(const struct lh_export_record *r, const struct lh_call_row *c)
{
	for (size_t i = r->messages; i-- > 0;) {
		const struct lh_export_message *m = &r->message[i];
		if (m->turn == c->turn && (c->reply < 0 || m->id < c->reply) && !strcmp(m->role, "user") && !strcmp(m->made_by, "task"))
			return m;
	}
	return NULL;
}

int lh_export_json_turn(const struct lh_export_record *r, const struct lh_call_row *c, struct lh_buf *out, struct lh_error *err)
{
	struct lh_jw w;
	const struct lh_export_message *prompt = prompt_of(r, c), *reply = reply_of(r, c);
	lh_jw_init(&w, out, false);
	lh_jw_open(&w, '{');
	put_place(&w, r);
	for (int i = 0; i < FIGURES; i++)
		put_figure(&w, c, &figures[i]);
	lh_jw_key(&w, "prompt"), lh_jw_text(&w, prompt ? prompt->text : NULL);
	lh_jw_key(&w, "reply"), lh_jw_text(&w, reply ? reply->text : NULL);
	lh_jw_key(&w, "thoughts"), lh_jw_text(&w, reply && *reply->thoughts ? reply->thoughts : NULL);
	put_state(&w, "shown", c->has_shown, c->shown);
	put_state(&w, "followed", c->has_followed, c->followed);
	put_state(&w, "answered", c->has_answered, c->answered);
	put_state(&w, "truth", true, c->truth);
	lh_jw_close(&w);
	lh_buf_putc(out, '\n');
	return lh_buf_ok(out, err);
}

/* ---- CSV (RFC 4180) ---- */

static void put_cell(struct lh_buf *out, struct lh_str s)
{
	lh_buf_putc(out, '"');
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '"')
			lh_buf_putc(out, '"');
		lh_buf_putc(out, s.p[i]);
	}
	lh_buf_putc(out, '"');
}

void lh_export_csv_head(struct lh_buf *out)
{
	lh_buf_puts(out, "run,condition,task,model,policy,history,oracle,steps_per_turn,sample,probe");
	for (int i = 0; i < FIGURES; i++)
		lh_buf_printf(out, ",%s", figures[i].name);
	lh_buf_puts(out, "\r\n");
}

static void put_number(struct lh_buf *out, const struct lh_call_row *c, const struct field *f)
{
	double real;
	switch (f->kind) {
	case INT: lh_buf_put_int(out, *(const int64_t *)at(c, f)); break;
	case FLAG: lh_buf_putc(out, *(const bool *)at(c, f) ? '1' : '0'); break;
	case TEXT: put_cell(out, *(const struct lh_str *)at(c, f)); break;
	case REAL:
		real = *(const double *)at(c, f);
		if (isfinite(real))
			lh_buf_put_double(out, real);
	}
}

void lh_export_csv_turn(const struct lh_export_record *r, const struct lh_call_row *c, struct lh_buf *out)
{
	const struct lh_condition_row *row = &r->condition->row;
	lh_buf_printf(out, "%lld,%lld", (long long)r->run, (long long)row->id);
	for (int i = 0; i < 4; i++) {
		lh_buf_putc(out, ',');
		put_cell(out, lh_str_of(name_of(r->condition, i)));
	}
	lh_buf_printf(out, ",%d,%lld,%lld,%lld", row->oracle, (long long)row->steps_per_turn, (long long)r->sample, (long long)r->probe);
	for (int i = 0; i < FIGURES; i++) {
		lh_buf_putc(out, ',');
		put_number(out, c, &figures[i]);
	}
	lh_buf_puts(out, "\r\n");
}

/* ---- messages ---- */

static int put_calls(struct lh_jw *w, const struct lh_export_message *m, struct lh_error *err)
{
	struct lh_calls calls;
	struct lh_tool_call call;
	int rc = lh_calls_open(&calls, lh_str_of(m->calls), err);
	if (rc)
		return rc;
	lh_jw_key(w, "tool_calls");
	lh_jw_open(w, '[');
	while (lh_calls_next(&calls, &call))
		lh_calls_put_chat(w, &call);
	lh_jw_close(w);
	lh_calls_close(&calls);
	return 0;
}

/* Of a tool's result: the call that it answers. */
static int put_answered(struct lh_jw *w, const struct lh_export_message *m, struct lh_error *err)
{
	struct lh_calls calls;
	struct lh_tool_call call;
	int rc = lh_calls_open(&calls, lh_str_of(m->calls), err);
	if (rc)
		return rc;
	if (lh_calls_next(&calls, &call))
		lh_jw_key(w, "tool_call_id"), lh_jw_str(w, call.id);
	lh_calls_close(&calls);
	return 0;
}

static int put_message(struct lh_jw *w, const struct lh_export_message *m, struct lh_error *err)
{
	bool tool = !strcmp(m->role, "tool"), calls = *m->calls && !tool;
	int rc = 0;
	lh_jw_open(w, '{');
	lh_jw_key(w, "role"), lh_jw_text(w, m->role);
	if (tool)
		rc = put_answered(w, m, err);
	lh_jw_key(w, "content"), lh_jw_text(w, calls && !*m->text ? NULL : m->text);
	if (!rc && calls)
		rc = put_calls(w, m, err);
	lh_jw_close(w);
	return rc;
}

/* The record as it stood at the end: of each place the message that was put there last, unless it was taken out. */
static const struct lh_export_message **by_slot(const struct lh_export_record *r, size_t *n, struct lh_error *err)
{
	const struct lh_export_message **slot = calloc(r->messages + 1, sizeof *slot);
	*n = 0;
	if (!slot) {
		lh_nomem(err);
		return NULL;
	}
	for (size_t i = 0; i < r->messages; i++) {
		const struct lh_export_message *m = &r->message[i];
		if (m->slot < 0 || m->slot >= (int64_t)r->messages)
			continue;
		slot[m->slot] = m;
		*n = *n > (size_t)m->slot ? *n : (size_t)m->slot + 1;
	}
	return slot;
}

int lh_export_messages(const struct lh_export_record *r, struct lh_buf *out, struct lh_error *err)
{
	struct lh_jw w;
	size_t n;
	int rc = 0;
	const struct lh_export_message **slot = by_slot(r, &n, err);
	if (!slot)
		return err->code;
	lh_jw_init(&w, out, false);
	lh_jw_open(&w, '{');
	put_place(&w, r);
	lh_jw_key(&w, "status"), lh_jw_text(&w, r->status);
	lh_jw_key(&w, "messages");
	lh_jw_open(&w, '[');
	for (size_t i = 0; i < n && !rc; i++)
		if (slot[i] && strcmp(slot[i]->role, "removed"))
			rc = put_message(&w, slot[i], err);
	lh_jw_close(&w);
	lh_jw_close(&w);
	lh_buf_putc(out, '\n');
	free(slot);
	return rc ? rc : lh_buf_ok(out, err);
}
