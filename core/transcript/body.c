#include "transcript/body.h"

#include "json/writer.h"
#include "transcript/store.h"

#include <stdlib.h>
#include <string.h>

#define BODY_MAX (1u << 30)

struct lh_body {
	const struct lh_dialect *dialect;
	int kind;                        /* -1: gathered, holds nothing between requests */
	struct lh_buf buf;
	struct mark { size_t at; int role; } *mark;   /* before record index i: end of buffer, role left open */
	uint32_t n, cap;                 /* record messages held */
};

void lh_body_free(struct lh_body *b)
{
	if (!b)
		return;
	lh_buf_fini(&b->buf);
	free(b->mark);
	free(b);
}

void lh_store_cut_bodies(struct lh_transcript *t, uint32_t index)
{
	for (int i = 0; i < t->body_count; i++)
		if (t->body[i]->n > index)
			t->body[i]->n = index;
}

static void chat_separate(struct lh_buf *b, int before)
{
	if (before != LH_LIST_EMPTY)
		lh_buf_putc(b, ',');
}

/* A message up to its content. key: the thoughts' name; NULL: they are not sent back. */
static void chat_open(struct lh_buf *b, enum lh_role role, const char *key, struct lh_str thoughts, int before)
{
	chat_separate(b, before);
	lh_buf_puts(b, "{\"role\":\"");
	lh_buf_puts(b, lh_role_name(role));
	if (thoughts.n && key) {
		lh_buf_puts(b, "\",\"");
		lh_buf_puts(b, key);
		lh_buf_puts(b, "\":\"");
		lh_json_escape(b, thoughts);
	}
	lh_buf_puts(b, "\",\"content\":");
}

static void chat_message(struct lh_buf *b, enum lh_role role, const char *key, struct lh_str thoughts, int before)
{
	chat_open(b, role, key, thoughts, before);
	lh_buf_putc(b, '"');
}

static void chat_begin(struct lh_buf *b, enum lh_role role, struct lh_str thoughts, int before)
{
	chat_message(b, role, "reasoning_content", thoughts, before);
}

static void chat_begin_reasoning(struct lh_buf *b, enum lh_role role, struct lh_str thoughts, int before)
{
	chat_message(b, role, "reasoning", thoughts, before);
}

static void chat_begin_bare(struct lh_buf *b, enum lh_role role, struct lh_str thoughts, int before)
{
	chat_message(b, role, NULL, thoughts, before);
}

/* {"role":"assistant","content":null,"tool_calls":[…]} */
static void chat_message_calls(struct lh_buf *b, const struct lh_content *said, const char *key, bool bare, int before)
{
	struct lh_jw w;
	struct lh_calls calls;
	struct lh_tool_call call;
	chat_open(b, LH_ASSISTANT, key, said->thoughts, before);
	if (said->text.n) {
		lh_buf_putc(b, '"');
		lh_json_escape(b, said->text);
		lh_buf_putc(b, '"');
	} else {
		lh_buf_puts(b, "null");
	}
	lh_buf_puts(b, ",\"tool_calls\":");
	lh_jw_init(&w, b, false);
	lh_jw_open(&w, '[');
	if (lh_calls_open(&calls, said->calls, NULL))
		b->failed = LH_E_NOMEM;
	while (lh_calls_next(&calls, &call)) {
		lh_jw_open(&w, '{');
		lh_jw_key(&w, "id"), lh_jw_str(&w, call.id);
		lh_jw_key(&w, "type"), lh_jw_text(&w, "function");
		lh_jw_key(&w, "function");
		lh_jw_open(&w, '{');
		lh_jw_key(&w, "name"), lh_jw_str(&w, call.name);
		lh_jw_key(&w, "arguments"), lh_jw_str(&w, bare ? LH_STR("{}") : call.arguments);
		lh_jw_close(&w);
		lh_jw_close(&w);
	}
	lh_calls_close(&calls);
	lh_jw_close(&w);
	lh_buf_putc(b, '}');
}

static void chat_calls(struct lh_buf *b, const struct lh_content *said, bool bare, int before)
{
	chat_message_calls(b, said, "reasoning_content", bare, before);
}

static void chat_calls_reasoning(struct lh_buf *b, const struct lh_content *said, bool bare, int before)
{
	chat_message_calls(b, said, "reasoning", bare, before);
}

static void chat_calls_bare(struct lh_buf *b, const struct lh_content *said, bool bare, int before)
{
	chat_message_calls(b, said, NULL, bare, before);
}

static int chat_result(struct lh_buf *b, struct lh_str text, const struct lh_tool_call *call, int before)
{
	chat_separate(b, before);
	lh_buf_puts(b, "{\"role\":\"tool\",\"tool_call_id\":\"");
	lh_json_escape(b, call->id);
	lh_buf_puts(b, "\",\"content\":\"");
	lh_json_escape(b, text);
	lh_buf_puts(b, "\"}");
	return LH_LIST_CLOSED;
}

static void chat_join(struct lh_buf *b) { lh_buf_puts(b, "\\n\\n"); }
static void chat_end(struct lh_buf *b, enum lh_role role) { (void)role, lh_buf_puts(b, "\"}"); }

#define CHAT(name, begin, calls) { name, begin, calls, chat_result, chat_join, chat_end, chat_separate, "{\"messages\":[", "]}", false, false }
const struct lh_dialect lh_dialect_chat = CHAT("chat", chat_begin, chat_calls);
const struct lh_dialect lh_dialect_chat_reasoning = CHAT("chat with reasoning", chat_begin_reasoning, chat_calls_reasoning);
const struct lh_dialect lh_dialect_chat_bare = CHAT("chat without thoughts", chat_begin_bare, chat_calls_bare);

/* A run of digits; false: none, or too long. */
static bool number(const char **p, const char *end, size_t *out)
{
	const char *start = *p;
	for (*out = 0; *p < end && **p >= '0' && **p <= '9' && *p - start < 12; ++*p)
		*out = *out * 10 + (size_t)(**p - '0');
	return *p > start;
}

bool lh_blob_put(struct lh_buf *b, struct lh_str blob, struct lh_str text, struct lh_str thoughts)
{
	const char *p = blob.p, *end = blob.p + blob.n;
	while (p < end) {
		const char *mark = memchr(p, 1, (size_t)(end - p));
		size_t from, n;
		lh_buf_put(b, p, (size_t)((mark ? mark : end) - p));
		if (!mark)
			return true;
		p = mark + 1;
		if (p == end || (*p != 't' && *p != 'h'))
			return false;
		struct lh_str of = *p++ == 't' ? text : thoughts;
		if (!number(&p, end, &from) || p == end || *p++ != ',' || !number(&p, end, &n) || p == end || *p++ != 2 || from > of.n || n > of.n - from)
			return false;
		lh_json_escape(b, (struct lh_str){ of.p + from, n });
	}
	return true;
}

/* Thoughts stand under a name that begins with "reasoning", or in a part of such a type, whatever the
 * provider; the reply's text, which might say so too, is not in the blob. */
bool lh_blob_thinks(struct lh_str blob)
{
	static const char *const signs[] = { "\001h", "\"reasoning", "thinking\"", "\"thought" };
	for (size_t i = 0; i < sizeof signs / sizeof *signs; i++)
		if (blob.n && memmem(blob.p, blob.n, signs[i], strlen(signs[i])))
			return true;
	return false;
}

void lh_dialect_close(const struct lh_dialect *dialect, struct lh_buf *b, int open)
{
	if (open != LH_LIST_EMPTY && open != LH_LIST_CLOSED)
		dialect->end(b, (enum lh_role)open);
}

/* The provider's own form, whole; false: the message is written in ours. */
static bool put_blob(const struct lh_dialect *dialect, struct lh_buf *b, const struct lh_wire_message *m, int *open)
{
	size_t n = b->n;
	lh_dialect_close(dialect, b, *open);
	dialect->separate(b, *open);
	if (!lh_blob_put(b, m->said.blob, m->said.text, m->said.thoughts)) {
		b->n = n;
		return false;
	}
	*open = LH_LIST_CLOSED;
	return true;
}

/* Where the instructions are no message of the list, one that comes later is the user's. */
static enum lh_role role_in(const struct lh_dialect *dialect, enum lh_role role, int open)
{
	bool late = role == LH_SYSTEM && open != LH_LIST_EMPTY && open != LH_SYSTEM;
	return dialect->system_leads && late ? LH_USER : role;
}

static void put_calls(const struct lh_dialect *dialect, struct lh_buf *b, const struct lh_wire_message *m, unsigned variant, int *open)
{
	bool bare = variant & LH_NO_NATIVE_THOUGHTS;
	struct lh_content said = { m->said.text, bare ? LH_STR("") : m->said.thoughts, LH_STR(""), m->said.calls };
	lh_dialect_close(dialect, b, *open);
	dialect->calls(b, &said, variant & LH_INPUTS_CLEARED, *open);
	*open = LH_LIST_CLOSED;
}

static void put_result(const struct lh_dialect *dialect, struct lh_buf *b, const struct lh_wire_message *m, struct lh_str text, int *open)
{
	struct lh_calls list;
	struct lh_tool_call call = { LH_STR(""), LH_STR(""), LH_STR("") };
	if (lh_calls_open(&list, m->said.calls, NULL))
		b->failed = LH_E_NOMEM;
	else
		lh_calls_next(&list, &call);
	if (*open != LH_TOOL)
		lh_dialect_close(dialect, b, *open);
	*open = dialect->result(b, text, &call, *open);
	lh_calls_close(&list);
}

void lh_dialect_put(const struct lh_dialect *dialect, struct lh_buf *b, const struct lh_wire_message *m, unsigned variant,
	struct lh_str placeholder, struct lh_buf *scratch, int *open)
{
	if (m->role != LH_TOOL)
		variant &= ~(unsigned)LH_RESULTS_CLEARED;
	if (m->role == LH_TOOL || !m->said.calls.n)
		variant &= ~(unsigned)LH_INPUTS_CLEARED;
	if ((m->role == LH_ASSISTANT || m->role == LH_TOOL) && (variant & LH_NO_ASSISTANT))
		return;
	if (m->said.calls.n && (variant & LH_ANSWER_ONLY))
		return;
	if (m->said.blob.n && !variant && dialect->separate && put_blob(dialect, b, m, open))
		return;
	lh_buf_clear(scratch);
	if (variant & LH_RESULTS_CLEARED)
		lh_put_placeholder(scratch, placeholder, m->said.text);
	else
		lh_put_variant(scratch, m->role, m->said.text, variant);
	if (m->role == LH_TOOL) {
		put_result(dialect, b, m, lh_buf_str(scratch), open);
		return;
	}
	if (m->said.calls.n) {
		struct lh_wire_message varied = *m;
		varied.said.text = lh_buf_str(scratch);
		put_calls(dialect, b, &varied, variant, open);
		return;
	}
	if (dialect->no_blanks && !lh_str_trim(lh_buf_str(scratch)).n)
		return;
	enum lh_role role = role_in(dialect, m->role, *open);
	if ((int)role == *open) {
		dialect->join(b);
	} else {
		bool bare = role != LH_ASSISTANT || (variant & (LH_NO_NATIVE_THOUGHTS | LH_ANSWER_ONLY));
		lh_dialect_close(dialect, b, *open);
		dialect->begin(b, role, bare ? LH_STR("") : m->said.thoughts, *open);
	}
	*open = (int)role;
	lh_json_escape(b, lh_buf_str(scratch));
}

static const struct lh_piece whole;      /* nothing is left out */

static void put(struct lh_transcript *t, struct lh_body *b, uint32_t id, const struct lh_piece *p, int *open)
{
	const struct lh_message *m = &t->message[id];
	struct lh_wire_message wire = { (enum lh_role)m->role, { lh_store_at(t, m->text), lh_store_at(t, m->thoughts), lh_store_at(t, m->blob), lh_store_at(t, m->calls) } };
	bool spared = m->calls.n && (p->spared >> m->tool & 1);
	struct lh_str placeholder = p->placeholder ? lh_transcript_text(t, p->placeholder) : LH_STR("");
	lh_dialect_put(b->dialect, &b->buf, &wire, spared ? p->variant & ~(unsigned)LH_CLEARED : p->variant, placeholder, &t->scratch, open);
	if (t->scratch.failed && !b->buf.failed)
		b->buf.failed = t->scratch.failed;
}

static const uint16_t kind_variant[LH_KINDS] = { 0, 1, 2, 3, LH_ANSWER_ONLY, LH_NO_ASSISTANT };

static int new_body(struct lh_transcript *t, const struct lh_dialect *dialect, int kind, struct lh_body **out, struct lh_error *err)
{
	if (t->body_count == LH_BODIES)
		return lh_fail(err, LH_E_LIMIT, "more than %d kinds of request body in one episode", LH_BODIES);
	struct lh_body *b = calloc(1, sizeof *b);
	struct mark *mark = b ? malloc(64 * sizeof *mark) : NULL;
	if (!mark) {
		free(b);
		return lh_nomem(err);
	}
	*b = (struct lh_body){ .dialect = dialect, .kind = kind, .mark = mark, .cap = 64 };
	lh_buf_init(&b->buf, BODY_MAX);
	b->buf.arena = t->arena;
	mark[0] = (struct mark){ LH_BODY_HEAD, LH_LIST_EMPTY };
	t->body[t->body_count++] = *out = b;
	return 0;
}

static int find_body(struct lh_transcript *t, const struct lh_dialect *dialect, int kind, struct lh_body **out, struct lh_error *err)
{
	for (int i = 0; i < t->body_count; i++)
		if (t->body[i]->dialect == dialect && t->body[i]->kind == kind) {
			*out = t->body[i];
			return 0;
		}
	return new_body(t, dialect, kind, out, err);
}

/* Back to holding n record messages; makes the head's room at the first use. */
static void cut_to(struct lh_body *b, uint32_t n)
{
	if (b->n > n)
		b->n = n;
	if (!b->buf.n && lh_buf_reserve(&b->buf, LH_BODY_HEAD))
		memset(b->buf.p, ' ', LH_BODY_HEAD);
	b->buf.n = b->mark[b->n].at;
	b->buf.failed = 0;
}

/* Catches up with the record to index n. */
static int extend(struct lh_transcript *t, struct lh_body *b, uint32_t n, struct lh_error *err)
{
	while (b->n < n) {
		if (b->n + 2 > b->cap) {
			struct mark *p = realloc(b->mark, 2 * b->cap * sizeof *p);
			if (!p)
				return lh_nomem(err);
			b->mark = p;
			b->cap *= 2;
		}
		int open = b->mark[b->n].role;
		put(t, b, t->record[b->n], &(struct lh_piece){ .variant = kind_variant[b->kind] }, &open);
		if (b->buf.failed)               /* what does not fit is not held: the next request tries again */
			return lh_buf_ok(&b->buf, err);
		b->mark[++b->n] = (struct mark){ b->buf.n, open };
	}
	return 0;
}

static void put_piece(struct lh_transcript *t, struct lh_body *b, const struct lh_piece *p, int *open)
{
	if (p->own)
		put(t, b, p->from, &whole, open);
	for (uint32_t i = p->from; !p->own && i < p->to; i++)
		put(t, b, t->record[i], p, open);
}

/* Messages behind the first piece, or UINT32_MAX where the view is no prefix run. */
static uint32_t behind_prefix(const struct lh_view *v)
{
	if (!v->n || v->piece[0].own || v->piece[0].from || (v->piece[0].variant & LH_CLEARED))
		return UINT32_MAX;
	uint32_t n = 0;
	for (uint32_t i = 1; i < v->n; i++)
		n += v->piece[i].own ? 1 : v->piece[i].to - v->piece[i].from;
	return n;
}

int lh_body_request(struct lh_transcript *t, const struct lh_view *v, const struct lh_dialect *dialect,
	struct lh_str head, struct lh_str tail, struct lh_str *out, struct lh_error *err)
{
	bool prefix = behind_prefix(v) <= LH_BODY_TAIL_MESSAGES;
	struct lh_body *b = NULL;
	int rc = find_body(t, dialect, prefix ? lh_kind(v->piece[0].variant) : -1, &b, err);
	if (rc)
		return rc;
	uint32_t run = prefix ? v->piece[0].to : 0;
	cut_to(b, run);
	if (prefix && (rc = extend(t, b, run, err)))
		return rc;
	int open = b->mark[run].role;
	for (uint32_t i = prefix ? 1 : 0; i < v->n; i++)
		put_piece(t, b, &v->piece[i], &open);
	lh_dialect_close(dialect, &b->buf, open);
	lh_buf_put_str(&b->buf, tail.n ? tail : lh_str_of(dialect->tail));
	if (lh_buf_ok(&b->buf, err))
		return err ? err->code : LH_E_LIMIT;
	struct lh_str front = head.n ? head : lh_str_of(dialect->head);
	if (front.n > LH_BODY_HEAD)
		return lh_fail(err, LH_E_LIMIT, "request parameters of %zu bytes: at most %d are possible", front.n, LH_BODY_HEAD);
	memcpy(b->buf.p + LH_BODY_HEAD - front.n, front.p, front.n);
	*out = (struct lh_str){ b->buf.p + LH_BODY_HEAD - front.n, b->buf.n - LH_BODY_HEAD + front.n };
	return 0;
}
