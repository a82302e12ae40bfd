#include "again/conversation.h"

#include "json/reader.h"
#include "transcript/calls.h"

#include <stdlib.h>
#include <string.h>

#define WORDS_MAX (512u << 20)

/* What a message is, before it is part of a unit. */
enum side { OF_NOBODY, OF_USER, OF_ASSISTANT, OF_TOOL };

struct reading { struct lh_conversation *c; const char *where; bool started; };      /* started: behind the instructions */

static int wrong(const struct reading *r, size_t i, const char *what, struct lh_error *err)
{
	return lh_fail(err, LH_E_DATA, "%s: message %zu %s", r->where, i + 1, what);
}

static enum side side_of(struct lh_str role)
{
	if (lh_str_is(role, "user") || lh_str_is(role, "system") || lh_str_is(role, "developer"))
		return OF_USER;
	return lh_str_is(role, "assistant") ? OF_ASSISTANT : lh_str_is(role, "tool") ? OF_TOOL : OF_NOBODY;
}

static bool instructs(struct lh_str role) { return lh_str_is(role, "system") || lh_str_is(role, "developer"); }

/* ---- texts: while reading, they are offsets into the words, which may still move ---- */

static struct lh_str begin_text(const struct reading *r) { return (struct lh_str){ (const char *)(uintptr_t)r->c->words.n, 0 }; }
static void end_text(const struct reading *r, struct lh_str *s) { s->n = r->c->words.n - (size_t)(uintptr_t)s->p; }

static void put_joined(const struct reading *r, const struct lh_str *to, struct lh_str s)
{
	if (s.n && r->c->words.n > (size_t)(uintptr_t)to->p)
		lh_buf_puts(&r->c->words, "\n\n");
	lh_buf_put_str(&r->c->words, s);
}

/* A text, or a list of parts, of which those that are no text count for nothing. */
static int put_content(const struct reading *r, size_t i, const struct lh_str *to, struct lh_error *err)
{
	const struct lh_json *content = lh_json_get(r->c->message[i], "content");
	enum lh_json_type type = lh_json_type(content);
	if (type == LH_JSON_STRING)
		put_joined(r, to, lh_json_str(content));
	else if (type == LH_JSON_ARRAY)
		for (const struct lh_json *part = lh_json_first(content); part; part = lh_json_next(part)) {
			if (lh_json_type(part) != LH_JSON_OBJECT)
				return wrong(r, i, "has a part of its content that is no object", err);
			put_joined(r, to, lh_json_str(lh_json_get(part, "text")));
		}
	else if (type != LH_JSON_NONE && type != LH_JSON_NULL)
		return wrong(r, i, "has content that is neither a text nor a list of parts", err);
	return 0;
}

static void put_thoughts(const struct reading *r, size_t i, const struct lh_str *to)
{
	put_joined(r, to, lh_json_str(lh_json_get(r->c->message[i], "reasoning_content")));
	put_joined(r, to, lh_json_str(lh_json_get(r->c->message[i], "reasoning")));
}

/* ---- calls ---- */

static int note_tool(struct lh_conversation *c, struct lh_str name, struct lh_error *err)
{
	for (size_t i = 0; i < c->tools; i++)
		if (lh_str_equal(c->tool[i], name))
			return 0;
	if (c->tools == LH_TOOLS_MAX)            /* a record numbers no more */
		return 0;
	int rc = lh_array_more(&c->tool, &c->tool_cap, c->tools + 1, sizeof *c->tool, err);
	if (!rc)
		c->tool[c->tools++] = name;      /* in the document, which stays */
	return rc;
}

static int put_calls(const struct reading *r, size_t i, struct lh_jw *w, struct lh_error *err)
{
	const struct lh_json *list = lh_json_get(r->c->message[i], "tool_calls");
	int rc = 0;
	for (const struct lh_json *call = lh_json_first(list); call && !rc; call = lh_json_next(call)) {
		const struct lh_json *f = lh_json_get(call, "function");
		struct lh_tool_call one = { lh_json_str(lh_json_get(call, "id")), lh_json_str(lh_json_get(f, "name")), lh_json_str(lh_json_get(f, "arguments")) };
		if (!one.id.n || !one.name.n)
			return wrong(r, i, "calls a tool without an id, or without a function's name", err);
		lh_calls_put(w, &one);
		rc = note_tool(r->c, one.name, err);
	}
	return rc;
}

/* Does it call tools? LH_E_DATA: what stands there is no list. */
static int look_for_calls(const struct reading *r, size_t i, bool *any, struct lh_error *err)
{
	const struct lh_json *list = lh_json_get(r->c->message[i], "tool_calls");
	if (lh_json_type(list) > LH_JSON_NULL && lh_json_type(list) != LH_JSON_ARRAY)
		return wrong(r, i, "has tool_calls that are no list", err);
	*any = *any || lh_json_size(list) > 0;
	return 0;
}

/* The calls of a unit's messages, as one list; empty: none. */
static int put_all_calls(const struct reading *r, struct lh_unit *u, struct lh_error *err)
{
	struct lh_jw w;
	bool any = false;
	int rc = 0;
	for (int i = 0; i < u->count && !rc; i++)
		rc = look_for_calls(r, (size_t)(u->first + i), &any, err);
	u->calls = begin_text(r);
	if (rc || !any)
		return rc;
	lh_jw_init(&w, &r->c->words, false);
	lh_jw_open(&w, '[');
	for (int i = 0; i < u->count && !rc; i++)
		rc = put_calls(r, (size_t)(u->first + i), &w, err);
	lh_jw_close(&w);
	end_text(r, &u->calls);
	return rc;
}

/* ---- units ---- */

static int add_unit(struct lh_conversation *c, struct lh_unit **out, struct lh_error *err)
{
	int rc = lh_array_more(&c->unit, &c->unit_cap, c->units + 1, sizeof *c->unit, err);
	if (rc)
		return rc;
	*out = &c->unit[c->units++];
	**out = (struct lh_unit){ .count = 0 };
	return 0;
}

/* Where the messages that belong together with message i end. */
static size_t end_of(const struct reading *r, size_t i, enum side side)
{
	const struct lh_conversation *c = r->c;
	size_t end = i + 1;
	for (; end < c->messages && side != OF_TOOL; end++) {
		struct lh_str role = lh_json_str(lh_json_get(c->message[end], "role"));
		if (side_of(role) != side || (!r->started && !instructs(role)))
			break;
	}
	return end;
}

static int fill_unit(const struct reading *r, struct lh_unit *u, struct lh_error *err)
{
	int rc = 0;
	u->text = begin_text(r);
	for (int i = 0; i < u->count && !rc; i++)
		rc = put_content(r, (size_t)(u->first + i), &u->text, err);
	end_text(r, &u->text);
	u->thoughts = begin_text(r);
	for (int i = 0; i < u->count && u->role == LH_ASSISTANT; i++)
		put_thoughts(r, (size_t)(u->first + i), &u->thoughts);
	end_text(r, &u->thoughts);
	return rc || u->role != LH_ASSISTANT ? rc : put_all_calls(r, u, err);
}

/* The call that a result answers is among those of the unit with calls before it; its name with it. */
static int fill_result(const struct reading *r, struct lh_unit *u, struct lh_error *err)
{
	const struct lh_conversation *c = r->c;
	struct lh_str id = lh_json_str(lh_json_get(c->message[u->first], "tool_call_id"));
	const struct lh_unit *caller = u - 1;
	while (caller > c->unit && caller->role == LH_TOOL)
		caller--;
	struct lh_tool_call found = { .name = { NULL, 0 } };
	for (int i = 0; i < caller->count && caller->role == LH_ASSISTANT; i++)
		for (const struct lh_json *call = lh_json_first(lh_json_get(c->message[caller->first + i], "tool_calls")); call; call = lh_json_next(call))
			if (lh_str_equal(lh_json_str(lh_json_get(call, "id")), id))
				found = (struct lh_tool_call){ id, lh_json_str(lh_json_get(lh_json_get(call, "function"), "name")), { NULL, 0 } };
	if (!found.name.n)
		return wrong(r, (size_t)u->first, "is a tool's result, but no call right before it has that tool_call_id", err);
	struct lh_jw w;
	u->calls = begin_text(r);
	lh_jw_init(&w, &r->c->words, false);
	lh_jw_open(&w, '[');
	lh_calls_put(&w, &found);
	lh_jw_close(&w);
	end_text(r, &u->calls);
	return 0;
}

static int read_unit(struct reading *r, size_t *i, struct lh_error *err)
{
	struct lh_conversation *c = r->c;
	struct lh_str role = lh_json_str(lh_json_get(c->message[*i], "role"));
	enum side side = side_of(role);
	struct lh_unit *u;
	if (side == OF_NOBODY)
		return wrong(r, *i, "has a role that is none of system, developer, user, assistant, tool", err);
	int rc = add_unit(c, &u, err);
	if (rc)
		return rc;
	r->started = r->started || !instructs(role);
	u->role = !r->started ? LH_SYSTEM : side == OF_USER ? LH_USER : side == OF_ASSISTANT ? LH_ASSISTANT : LH_TOOL;
	u->first = (int)*i;
	*i = end_of(r, *i, side);
	u->count = (int)*i - u->first;
	rc = fill_unit(r, u, err);
	return rc || u->role != LH_TOOL ? rc : fill_result(r, u, err);
}

/* The record's first message is the instructions: where there are none, a gap. */
static int begin_units(struct reading *r, struct lh_error *err)
{
	struct lh_unit *u;
	if (r->c->messages && instructs(lh_json_str(lh_json_get(r->c->message[0], "role"))))
		return 0;
	r->started = true;
	int rc = add_unit(r->c, &u, err);
	if (!rc)
		u->role = LH_SYSTEM;
	return rc;
}

static int read_units(struct reading *r, struct lh_error *err)
{
	struct lh_conversation *c = r->c;
	int rc = begin_units(r, err);
	for (size_t i = 0; i < c->messages && !rc;)
		rc = read_unit(r, &i, err);
	if (rc)
		return rc;
	if (c->unit[0].text.n > LH_INSTRUCTIONS_MAX)
		return lh_fail(err, LH_E_DATA, "%s: the instructions are longer than the %u MiB allowed here", r->where, LH_INSTRUCTIONS_MAX >> 20);
	bool asked = false;
	for (size_t i = 0; i < c->units; i++)
		asked = asked || c->unit[i].role == LH_USER;
	if (!asked || c->unit[c->units - 1].role == LH_ASSISTANT)
		return lh_fail(err, LH_E_USAGE, "%s %s: nothing is about to be sent. The last message has to be the user's, or a tool's result", r->where,
			asked ? "ends with the assistant" : "holds no message of the user");
	return lh_buf_ok(&c->words, err);
}

static int list_messages(struct reading *r, struct lh_error *err)
{
	struct lh_conversation *c = r->c;
	c->list = lh_json_type(c->document) == LH_JSON_OBJECT ? lh_json_get(c->document, "messages") : c->document;
	if (lh_json_type(c->list) != LH_JSON_ARRAY)
		return lh_fail(err, LH_E_DATA, "%s: a list of messages is needed, or an object that has one under \"messages\"", r->where);
	for (const struct lh_json *m = lh_json_first(c->list); m; m = lh_json_next(m)) {
		if (lh_json_type(m) != LH_JSON_OBJECT)
			return wrong(r, c->messages, "is no object", err);
		int rc = lh_array_more(&c->message, &c->message_cap, c->messages + 1, sizeof *c->message, err);
		if (rc)
			return rc;
		c->message[c->messages++] = m;
	}
	return 0;
}

static void settle(struct lh_conversation *c)
{
	for (size_t i = 0; i < c->units; i++) {
		struct lh_unit *u = &c->unit[i];
		struct lh_str *texts[] = { &u->text, &u->thoughts, &u->calls };
		for (size_t k = 0; k < sizeof texts / sizeof *texts; k++)
			texts[k]->p = lh_buf_str(&c->words).p + (uintptr_t)texts[k]->p;
	}
}

int lh_conversation_read(struct lh_conversation *c, struct lh_str text, const char *where, struct lh_error *err)
{
	struct reading r = { .c = c, .where = where };
	*c = (struct lh_conversation){ .document = NULL };
	lh_buf_init(&c->words, WORDS_MAX);
	int rc = lh_json_parse(text, where, 1, &c->document, err);
	if (!rc)
		rc = list_messages(&r, err);
	if (!rc)
		rc = read_units(&r, err);
	if (rc)
		lh_conversation_fini(c);
	else
		settle(c);
	return rc;
}

void lh_conversation_fini(struct lh_conversation *c)
{
	free(c->message);
	free(c->unit);
	free(c->tool);
	lh_buf_fini(&c->words);
	lh_json_free(c->document);
	*c = (struct lh_conversation){ .document = NULL };
}
