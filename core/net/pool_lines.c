#include "net/pool_lines.h"

#include "json/writer.h"

#include <string.h>

/* ---- what we say ---- */

static void begin(struct lh_buf *b, const char *method, const int64_t *id)
{
	lh_buf_puts(b, "{\"jsonrpc\":\"2.0\",");
	if (id) {
		lh_buf_puts(b, "\"id\":");
		lh_buf_put_int(b, *id);
		lh_buf_putc(b, ',');
	}
	lh_buf_puts(b, "\"method\":\"");
	lh_buf_puts(b, method);
	lh_buf_puts(b, "\",\"params\":{");
}

static void end(struct lh_buf *b) { lh_buf_puts(b, "}}\n"); }

/* On one line: a line's end within JSON stands between values, where a blank is as good. */
static void put_flat(struct lh_buf *b, struct lh_str json)
{
	size_t from = b->n;
	lh_buf_put_str(b, json);
	for (const char *end = "\n\r"; *end && !b->failed; end++)
		for (char *p = b->p + from; (p = memchr(p, *end, (size_t)(b->p + b->n - p))) != NULL; p++)
			*p = ' ';
}

static void put_session(struct lh_buf *b, const char *session)
{
	lh_buf_puts(b, "\"sessionId\":\"");
	lh_json_escape(b, lh_str_of(session));
	lh_buf_putc(b, '"');
}

void lh_say_initialize(struct lh_buf *b, int64_t id)
{
	begin(b, "initialize", &id);
	lh_buf_printf(b, "\"protocolVersion\":%d,\"clientCapabilities\":{}", LH_PROTOCOL_VERSION);
	end(b);
}

void lh_say_session_new(struct lh_buf *b, int64_t id, struct lh_str open)
{
	begin(b, "session/new", &id);
	put_flat(b, open);
	end(b);
}

void lh_say_prompt(struct lh_buf *b, int64_t id, const char *session, struct lh_str params)
{
	begin(b, "session/prompt", &id);
	if (session)
		put_session(b, session);
	if (session && params.n)
		lh_buf_putc(b, ',');
	put_flat(b, params);
	end(b);
}

void lh_say_cancel(struct lh_buf *b, int64_t id, const char *session)
{
	begin(b, "session/cancel", NULL);
	if (session) {
		put_session(b, session);
	} else {
		lh_buf_puts(b, "\"requestId\":");
		lh_buf_put_int(b, id);
	}
	end(b);
}

static void put_node(struct lh_jw *w, const struct lh_json *node);

void lh_say_no(struct lh_buf *b, const struct lh_json *id, bool permission)
{
	struct lh_jw w;
	lh_jw_init(&w, b, false);
	lh_jw_open(&w, '{');
	lh_jw_key(&w, "jsonrpc");
	lh_jw_text(&w, "2.0");
	lh_jw_key(&w, "id");
	put_node(&w, id);
	lh_jw_key(&w, permission ? "result" : "error");
	if (permission)
		lh_jw_raw(&w, LH_STR("{\"outcome\":{\"outcome\":\"cancelled\"}}"));
	else
		lh_jw_raw(&w, LH_STR("{\"code\":-32601,\"message\":\"not offered here\"}"));
	lh_jw_close(&w);
	lh_buf_putc(b, '\n');
}

/* ---- values copied ---- */

static void put_container(struct lh_jw *w, const struct lh_json *node, bool object)
{
	lh_jw_open(w, object ? '{' : '[');
	for (const struct lh_json *v = lh_json_first(node); v; v = lh_json_next(v)) {
		if (object)
			lh_jw_key_str(w, lh_json_key(v));
		put_node(w, v);
	}
	lh_jw_close(w);
}

/* As deep as the reader lets in, LH_JSON_DEPTH. */
static void put_node(struct lh_jw *w, const struct lh_json *node)
{
	int64_t whole;
	switch (lh_json_type(node)) {
	case LH_JSON_BOOL: lh_jw_bool(w, lh_json_bool(node)); break;
	case LH_JSON_STRING: lh_jw_str(w, lh_json_str(node)); break;
	case LH_JSON_ARRAY: put_container(w, node, false); break;
	case LH_JSON_OBJECT: put_container(w, node, true); break;
	case LH_JSON_NUMBER:
		if (lh_json_int(node, &whole))
			lh_jw_int(w, whole);
		else
			lh_jw_double(w, lh_json_number(node));
		break;
	default: lh_jw_null(w);
	}
}

void lh_put_exchange(struct lh_buf *b, const struct lh_said *answer, struct lh_str text, struct lh_str thoughts)
{
	struct lh_jw w;
	lh_jw_init(&w, b, false);
	lh_jw_open(&w, '{');
	if (answer->error) {
		lh_jw_key(&w, "error");
		put_node(&w, answer->error);
	} else {
		lh_jw_key(&w, "result");
		put_node(&w, answer->result);
		lh_jw_key(&w, "text");
		lh_jw_str(&w, text);
		lh_jw_key(&w, "thoughts");
		lh_jw_str(&w, thoughts);
	}
	lh_jw_close(&w);
}

/* ---- what is said to us ---- */

static void wrong(struct lh_said *s, const char *what)
{
	s->kind = LH_SAID_WRONG;
	s->wrong = what;
}

/* Only texts of the reply and of its thoughts are kept; plans, tool calls and what else there may be are the agent's affair. */
static void read_update(struct lh_said *s, const struct lh_json *params)
{
	const struct lh_json *update = lh_json_get(params, "update"), *content = lh_json_get(update, "content");
	struct lh_str what = lh_json_str(lh_json_get(update, "sessionUpdate"));
	s->thought = lh_str_is(what, "agent_thought_chunk");
	s->kind = LH_SAID_UPDATE;
	s->session = lh_json_str(lh_json_get(params, "sessionId"));
	if ((s->thought || lh_str_is(what, "agent_message_chunk")) && lh_str_is(lh_json_str(lh_json_get(content, "type")), "text"))
		s->text = lh_json_str(lh_json_get(content, "text"));
}

static void read_call(struct lh_said *s, struct lh_str method)
{
	const struct lh_json *id = lh_json_get(s->root, "id");
	enum lh_json_type t = lh_json_type(id);
	if (t == LH_JSON_STRING || t == LH_JSON_NUMBER) {
		s->kind = LH_SAID_REQUEST;
		s->id = id;
		s->permission = lh_str_is(method, "session/request_permission");
	} else if (lh_str_is(method, "session/update")) {
		read_update(s, lh_json_get(s->root, "params"));
	}
}

static void read_answer(struct lh_said *s)
{
	s->result = lh_json_get(s->root, "result");
	s->error = lh_json_get(s->root, "error");
	if (lh_json_type(s->error) == LH_JSON_NULL)
		s->error = NULL;
	if (!s->result == !s->error)
		wrong(s, "an object that is neither a request, nor a result, nor an error");
	else if (!lh_json_int(lh_json_get(s->root, "id"), &s->answers))
		wrong(s, "an answer that names none of our requests");
	else
		s->kind = LH_SAID_ANSWER;
}

int lh_said_read(struct lh_str line, struct lh_said *out, struct lh_error *err)
{
	struct lh_error bad = { 0 };
	*out = (struct lh_said){ .session = LH_STR(""), .text = LH_STR("") };
	int rc = lh_json_parse(line, "line", 1, &out->root, &bad);
	if (rc == LH_E_NOMEM)
		return lh_nomem(err);
	const struct lh_json *method = lh_json_get(out->root, "method");
	if (rc)
		wrong(out, "a line that is not JSON");
	else if (lh_json_type(out->root) != LH_JSON_OBJECT)
		wrong(out, "a line that is no JSON object");
	else if (lh_json_type(method) == LH_JSON_STRING)
		read_call(out, lh_json_str(method));
	else
		read_answer(out);
	return 0;
}

void lh_said_free(struct lh_said *s)
{
	lh_json_free(s->root);
	s->root = NULL;
}
