#include "again/apply_write.h"

#include "json/reader.h"
#include "json/writer.h"

#include <stdlib.h>
#include <string.h>

#define TEXT_MAX (512u << 20)

struct writing {
	struct lh_written *w;
	struct lh_jw out;
	struct lh_buf before, text;              /* what the policy wrote in front of the user's next message; scratch */
};

static const struct lh_unit *unit_of(const struct lh_written *w, uint32_t id)
{
	return id < w->ids && w->unit[id] >= 0 ? &w->c->unit[w->unit[id]] : NULL;
}

/* ---- messages that came from outside ---- */

static void mark(struct lh_written *w, const struct lh_unit *u, enum lh_applied fate)
{
	for (int i = 0; i < u->count; i++) {
		w->what->sent += w->what->fate[u->first + i] == LH_APPLIED_LEFT_OUT;
		w->what->changed += fate == LH_APPLIED_CHANGED && w->what->fate[u->first + i] != LH_APPLIED_CHANGED;
		w->what->fate[u->first + i] = (uint8_t)fate;
	}
}

static void put_as_it_came(struct writing *x, const struct lh_unit *u)
{
	for (int i = 0; i < u->count; i++)
		lh_jw_node(&x->out, x->w->c->message[u->first + i]);
	mark(x->w, u, LH_APPLIED_SENT);
}

/* Text in front of a content, which may be a list of parts. */
static void put_behind(struct writing *x, struct lh_str text, const struct lh_json *content)
{
	struct lh_jw *w = &x->out;
	if (lh_json_type(content) != LH_JSON_ARRAY) {
		lh_buf_clear(&x->text);
		lh_buf_put_str(&x->text, text);
		lh_buf_puts(&x->text, lh_json_str(content).n ? "\n\n" : "");
		lh_buf_put_str(&x->text, lh_json_str(content));
		lh_jw_str(w, lh_buf_str(&x->text));
		return;
	}
	lh_jw_open(w, '[');
	lh_jw_open(w, '{');
	lh_jw_key(w, "type"), lh_jw_text(w, "text");
	lh_jw_key(w, "text"), lh_jw_str(w, text);
	lh_jw_close(w);
	for (const struct lh_json *part = lh_json_first(content); part; part = lh_json_next(part))
		lh_jw_node(w, part);
	lh_jw_close(w);
}

/* The first of the unit's messages takes up what the policy wrote. */
static void put_behind_written(struct writing *x, const struct lh_unit *u)
{
	for (int i = 0; i < u->count; i++) {
		const struct lh_json *m = x->w->c->message[u->first + i];
		if (i) {
			lh_jw_node(&x->out, m);
			continue;
		}
		lh_jw_open(&x->out, '{');
		for (const struct lh_json *v = lh_json_first(m); v; v = lh_json_next(v)) {
			lh_jw_key_str(&x->out, lh_json_key(v));
			if (lh_str_is(lh_json_key(v), "content"))
				put_behind(x, lh_buf_str(&x->before), v);
			else
				lh_jw_node(&x->out, v);
		}
		if (!lh_json_get(m, "content"))
			lh_jw_key(&x->out, "content"), lh_jw_str(&x->out, lh_buf_str(&x->before));
		lh_jw_close(&x->out);
	}
	mark(x->w, u, LH_APPLIED_SENT);
	lh_buf_clear(&x->before);
}

/* ---- messages in a shorter form ---- */

static void put_calls(struct lh_jw *w, struct lh_str list, bool bare)
{
	struct lh_calls calls;
	struct lh_tool_call call;
	lh_jw_open(w, '[');
	if (!lh_calls_open(&calls, list, NULL)) {
		while (lh_calls_next(&calls, &call)) {
			if (bare)
				call.arguments = LH_STR("{}");
			lh_calls_put_chat(w, &call);
		}
		lh_calls_close(&calls);
	}
	lh_jw_close(w);
}

static void put_call_id(struct lh_jw *w, struct lh_str list)
{
	struct lh_calls calls;
	struct lh_tool_call call;
	if (lh_calls_open(&calls, list, NULL))
		return;
	if (lh_calls_next(&calls, &call))
		lh_jw_key(w, "tool_call_id"), lh_jw_str(w, call.id);
	lh_calls_close(&calls);
}

struct form { struct lh_str text, thoughts, calls; bool bare; };

/* A message made new; what else stood in it goes, but for the name. */
static void put_form(struct writing *x, enum lh_role role, const struct lh_json *was, const struct form *f)
{
	struct lh_jw *w = &x->out;
	lh_jw_open(w, '{');
	lh_jw_key(w, "role"), lh_jw_text(w, lh_role_name(role));
	if (lh_json_str(lh_json_get(was, "name")).n)
		lh_jw_key(w, "name"), lh_jw_str(w, lh_json_str(lh_json_get(was, "name")));
	if (role == LH_TOOL)
		put_call_id(w, f->calls);
	lh_jw_key(w, "content"), lh_jw_str(w, f->text);
	if (f->thoughts.n)
		lh_jw_key(w, "reasoning_content"), lh_jw_str(w, f->thoughts);
	if (role == LH_ASSISTANT && f->calls.n) {
		lh_jw_key(w, "tool_calls");
		put_calls(w, f->calls, f->bare);
	}
	lh_jw_close(w);
}

/* What the piece makes of a message; false: it leaves it as it is. */
static bool shorten(struct writing *x, const struct lh_piece *p, uint32_t id, struct form *f)
{
	const struct lh_transcript *t = x->w->t;
	const struct lh_message *m = lh_transcript_message(t, id);
	bool spared = p->spared >> m->tool & 1;
	*f = (struct form){ lh_transcript_text(t, id), lh_transcript_thoughts(t, id), lh_transcript_calls(t, id), false };
	lh_buf_clear(&x->text);
	if (m->role == LH_TOOL && (p->variant & LH_RESULTS_CLEARED) && !spared)
		lh_put_placeholder(&x->text, lh_transcript_text(t, p->placeholder), f->text);
	else
		lh_put_variant(&x->text, m->role, f->text, p->variant);
	bool without = f->thoughts.n && (p->variant & (LH_NO_NATIVE_THOUGHTS | LH_ANSWER_ONLY));
	bool changed = without || !lh_str_equal(lh_buf_str(&x->text), f->text);
	f->bare = m->role == LH_ASSISTANT && m->calls.n && (p->variant & LH_INPUTS_CLEARED) && !spared;
	f->text = lh_buf_str(&x->text);
	f->thoughts = without ? LH_STR("") : f->thoughts;
	return changed || f->bare;
}

/* ---- the view ---- */

static void flush_written(struct writing *x)
{
	if (x->before.n)
		put_form(x, LH_USER, NULL, &(struct form){ lh_buf_str(&x->before), LH_STR(""), LH_STR(""), false });
	lh_buf_clear(&x->before);
}

/* What the policy wrote, or put in the place of a message. */
static void put_written(struct writing *x, uint32_t id)
{
	const struct lh_transcript *t = x->w->t;
	const struct lh_message *m = lh_transcript_message(t, id);
	x->w->what->written++;
	if (m->role == LH_USER) {
		lh_buf_puts(&x->before, x->before.n ? "\n\n" : "");
		lh_buf_put_str(&x->before, lh_transcript_text(t, id));
		return;
	}
	flush_written(x);
	put_form(x, m->role, NULL, &(struct form){ lh_transcript_text(t, id), LH_STR(""), lh_transcript_calls(t, id), false });
}

static bool is_left_out(const struct lh_message *m, unsigned variant)
{
	if (m->calls.n)
		return variant & (LH_NO_ASSISTANT | LH_ANSWER_ONLY);
	return m->role == LH_ASSISTANT && (variant & LH_NO_ASSISTANT);
}

/* Of the user's side is also a system's message behind the instructions: the policy's words are none of the system's. */
static bool speaks_as_user(const struct lh_written *w, const struct lh_unit *u)
{
	return u->role == LH_USER && lh_str_is(lh_json_str(lh_json_get(w->c->message[u->first], "role")), "user");
}

static void put_message(struct writing *x, const struct lh_piece *p, uint32_t id)
{
	const struct lh_message *m = lh_transcript_message(x->w->t, id);
	const struct lh_unit *u = unit_of(x->w, id);
	struct form f;
	if (m->maker == LH_BY_POLICY) {
		put_written(x, id);
		return;
	}
	if (!u || !u->count || is_left_out(m, p->variant))
		return;
	if (x->before.n && speaks_as_user(x->w, u)) {
		put_behind_written(x, u);
		return;
	}
	flush_written(x);
	if (!shorten(x, p, id, &f)) {
		put_as_it_came(x, u);
		return;
	}
	put_form(x, m->role, x->w->c->message[u->first], &f);
	mark(x->w, u, LH_APPLIED_CHANGED);
}

static void put_messages(struct writing *x, const struct lh_view *v)
{
	lh_jw_open(&x->out, '[');
	for (uint32_t i = 0; i < v->n; i++) {
		const struct lh_piece *p = &v->piece[i];
		if (p->own)
			put_message(x, p, p->from);
		else
			for (uint32_t k = p->from; k < p->to; k++)
				put_message(x, p, lh_transcript_id(x->w->t, k));
	}
	flush_written(x);
	lh_jw_close(&x->out);
}

/* An object keeps its other members. */
static void put_document(struct writing *x, const struct lh_view *v)
{
	const struct lh_json *d = x->w->c->document;
	if (lh_json_type(d) != LH_JSON_OBJECT) {
		put_messages(x, v);
		return;
	}
	lh_jw_open(&x->out, '{');
	for (const struct lh_json *m = lh_json_first(d); m; m = lh_json_next(m)) {
		lh_jw_key_str(&x->out, lh_json_key(m));
		if (m == x->w->c->list)
			put_messages(x, v);
		else
			lh_jw_node(&x->out, m);
	}
	lh_jw_close(&x->out);
}

int lh_apply_write(struct lh_written *w, const struct lh_view *view, struct lh_buf *out, struct lh_error *err)
{
	struct writing x = { .w = w };
	lh_buf_init(&x.before, TEXT_MAX);
	lh_buf_init(&x.text, TEXT_MAX);
	lh_jw_init(&x.out, out, true);
	put_document(&x, view);
	int rc = lh_buf_ok(&x.before, err);
	if (!rc)
		rc = lh_buf_ok(&x.text, err);
	lh_buf_fini(&x.before);
	lh_buf_fini(&x.text);
	lh_buf_putc(out, '\n');
	return rc ? rc : lh_buf_ok(out, err);
}
