/* openai_responses - OpenAI's Responses API without state at the server: every request holds the whole view,
 * and thoughts go back sealed, as they came. */
#include "model/wire.h"

#include <string.h>

static const struct lh_model_param params[] = {
	LH_PARAMS_WHERE("https://api.openai.com/v1", "OPENAI_API_KEY"),
	LH_PARAMS_SAMPLING("2", "0"),
	LH_PARAMS_THOUGHTS,
	{ "carry_thoughts", "boolean", "true", "true|false", "ask for sealed thoughts and send them back; false for models that do not think" },
	LH_PARAM_IDENTIFY,
	LH_PARAMS_REST,
};
#define PARAMS (int)(sizeof params / sizeof *params)
_Static_assert(sizeof params / sizeof *params <= LH_LIVE_PARAMS, "more parameters than there is room for");

static void put_text(struct lh_jw *w, const char *key, const char *text)
{
	lh_jw_key(w, key);
	lh_jw_text(w, text);
}

static void put_reasoning(const struct lh_thoughts *t, struct lh_jw *w)
{
	bool on = t->mode == LH_THINKING_ON;
	if (t->mode == LH_THINKING_DEFAULT && !t->effort)
		return;
	lh_jw_key(w, "reasoning");
	lh_jw_open(w, '{');
	put_text(w, "effort", t->effort ? t->effort : on ? "medium" : "none");
	if (on)                                  /* else nothing of the thoughts can be read */
		put_text(w, "summary", "auto");
	lh_jw_close(w);
}

static void put_uint(struct lh_jw *w, const char *key, uint64_t v)
{
	lh_jw_key(w, key);
	lh_jw_uint_text(w, v);
}

static void put_identity(const struct lh_model_request *q, struct lh_jw *w)
{
	lh_jw_key(w, "metadata");
	lh_jw_open(w, '{');
	put_uint(w, "seed", q->seed);
	put_uint(w, "sample", q->sample);
	put_uint(w, "turn", q->turn);
	put_uint(w, "call", q->seq);
	lh_jw_close(w);
}

static void put(const struct lh_live *l, const struct lh_model_request *q, struct lh_jw *w)
{
	int64_t most = lh_live_max_tokens(l, q);
	lh_live_put_common(l, q, w);
	lh_jw_key(w, "store");
	lh_jw_bool(w, false);
	put_text(w, "truncation", "disabled");
	if (l->carry_thoughts) {
		lh_jw_key(w, "include");
		lh_jw_open(w, '[');
		lh_jw_text(w, "reasoning.encrypted_content");
		lh_jw_close(w);
	}
	if (most) {
		lh_jw_key(w, "max_output_tokens");
		lh_jw_int(w, most);
	}
	put_reasoning(&l->thoughts, w);
	if (l->identify)
		put_identity(q, w);
}

static void put_tool(struct lh_jw *w, const struct lh_tool *tool)
{
	lh_jw_open(w, '{');
	put_text(w, "type", "function");
	lh_wire_put_function(w, tool, "parameters");
	lh_jw_close(w);
}

static int check(struct lh_live *l, struct lh_error *err)
{
	if (l->thoughts.budget)
		return lh_fail(err, LH_E_USAGE, "model openai_responses: thought_tokens cannot be said in this format: use effort or max_tokens");
	return 0;
}

static const char *const ours[] = { "model", "input", "instructions", "stream", "temperature", "top_p", "max_output_tokens", "store", "truncation",
	"include", "previous_response_id", "conversation", "background", "tools", NULL };

static const struct lh_provider provider = {
	.name = "openai_responses", .base_url = "https://api.openai.com/v1", .host = "api.openai.com", .path = "/responses",
	.key_env = "OPENAI_API_KEY", .key_header = "Authorization", .key_prefix = "Bearer ", .ours = ours, .check = check, .put = put, .put_tool = put_tool, .no_tools = ",\"tool_choice\":\"none\"",
};

static int responses_open(struct lh_model *m, struct lh_str bare, const struct lh_str *values, const char *base_dir, struct lh_error *err)
{
	return lh_live_open(m, &provider, bare, values, base_dir, err);
}

/* ---- requests ---- */

static void separate(struct lh_buf *b, int before)
{
	lh_buf_puts(b, before == LH_LIST_EMPTY ? "\"input\":[" : before == LH_SYSTEM ? ",\"input\":[" : ",");
}

static void begin(struct lh_buf *b, enum lh_role role, struct lh_str thoughts, int before)
{
	(void)thoughts;                          /* they go back as sealed items only */
	if (role == LH_SYSTEM) {
		lh_buf_puts(b, "\"instructions\":\"");
		return;
	}
	separate(b, before);
	lh_buf_puts(b, role == LH_USER ? "{\"role\":\"user\",\"content\":\"" : "{\"role\":\"assistant\",\"content\":\"");
}

static void join(struct lh_buf *b) { lh_buf_puts(b, "\\n\\n"); }
static void end(struct lh_buf *b, enum lh_role role) { lh_buf_puts(b, role == LH_SYSTEM ? "\"" : "\"}"); }

/* Each call is an item, as is each result. */
static void put_calls(struct lh_buf *b, const struct lh_content *said, bool bare, int before)
{
	struct lh_calls calls;
	struct lh_tool_call call;
	if (said->text.n) {
		begin(b, LH_ASSISTANT, LH_STR(""), before);
		lh_json_escape(b, said->text);
		end(b, LH_ASSISTANT);
		before = LH_LIST_CLOSED;
	}
	if (lh_calls_open(&calls, said->calls, NULL))
		b->failed = LH_E_NOMEM;
	for (; lh_calls_next(&calls, &call); before = LH_LIST_CLOSED) {
		struct lh_jw w;
		separate(b, before);
		lh_jw_init(&w, b, false);
		lh_jw_open(&w, '{');
		put_text(&w, "type", "function_call");
		lh_jw_key(&w, "call_id"), lh_jw_str(&w, call.id);
		lh_jw_key(&w, "name"), lh_jw_str(&w, call.name);
		lh_jw_key(&w, "arguments"), lh_jw_str(&w, bare ? LH_STR("{}") : call.arguments);
		lh_jw_close(&w);
	}
	lh_calls_close(&calls);
}

static int put_result(struct lh_buf *b, struct lh_str text, const struct lh_tool_call *call, int before)
{
	struct lh_jw w;
	separate(b, before);
	lh_jw_init(&w, b, false);
	lh_jw_open(&w, '{');
	put_text(&w, "type", "function_call_output");
	lh_jw_key(&w, "call_id"), lh_jw_str(&w, call->id);
	lh_jw_key(&w, "output"), lh_jw_str(&w, text);
	lh_jw_close(&w);
	return LH_LIST_CLOSED;
}

static const struct lh_dialect dialect = { "responses", begin, put_calls, put_result, join, end, separate, "{", "]}", .system_leads = true };

static int responses_encode(struct lh_model *m, const struct lh_model_request *q, struct lh_wire_request *out, struct lh_error *err)
{
	const struct lh_live *l = m->data;
	const struct lh_framing f = { &dialect, "", "]" };
	if (lh_live_stop(l, q).n)
		return lh_fail(err, LH_E_USAGE, "model openai_responses: this format has no stop, and the policy asks for one");
	lh_live_count_thoughts(q, q->view, true, out);
	return lh_live_request(l, q, q->view, &f, out, err);
}

/* ---- replies ---- */

static bool event(struct lh_merge *whole, struct lh_str name, const struct lh_json *data, bool *ended)
{
	struct lh_str type = lh_json_str(lh_json_get(data, "type"));
	const struct lh_json *response = lh_json_get(data, "response");
	int64_t index = 0;
	if (!type.n)
		type = name;
	if (lh_str_is(type, "response.output_item.done")) {
		lh_json_int(lh_json_get(data, "output_index"), &index);
		struct lh_merge *item = lh_merge_at(whole, "items", index);
		return item && lh_merge_copy(item, lh_json_get(data, "item"));
	}
	if (!lh_str_is(type, "response.completed") && !lh_str_is(type, "response.incomplete") && !lh_str_is(type, "response.failed"))
		return true;
	*ended = lh_json_type(response) == LH_JSON_OBJECT;
	return lh_merge_copy(whole, response);
}

/* The items of the reply: of the document, or as they came one by one. */
static const struct lh_json *items_of(const struct lh_json *j)
{
	const struct lh_json *output = lh_json_get(j, "output"), *items = lh_json_get(j, "items");
	return lh_json_first(output) || lh_json_type(items) != LH_JSON_ARRAY ? output : items;
}

static const struct lh_json *elements(const struct lh_json *list) { return lh_json_type(list) == LH_JSON_ARRAY ? lh_json_first(list) : NULL; }
static bool is(const struct lh_json *item, const char *type) { return lh_str_is(lh_json_str(lh_json_get(item, "type")), type); }

/* Parts of one item stand together, items apart. */
static void put_parts(struct lh_buf *b, const struct lh_json *parts, const char *key)
{
	size_t before = b->n;
	for (const struct lh_json *p = elements(parts); p; p = lh_json_next(p)) {
		struct lh_str s = lh_json_str(lh_json_get(p, key));
		if (s.n && before && b->n == before)
			lh_buf_puts(b, "\n\n");
		lh_buf_put_str(b, s);
	}
}

static void read_item(const struct lh_json *item, struct lh_reply *r)
{
	const struct lh_json *content = lh_json_get(item, "content");
	if (is(item, "reasoning")) {
		bool open = elements(content) != NULL;
		put_parts(&r->thoughts, open ? content : lh_json_get(item, "summary"), "text");
		return;
	}
	if (!is(item, "message"))
		return;
	put_parts(&r->text, content, "text");
	for (const struct lh_json *p = elements(content); p; p = lh_json_next(p))
		if (is(p, "refusal"))
			r->finish = LH_FINISH_REFUSAL;
	if (r->finish == LH_FINISH_REFUSAL && !r->text.n)
		put_parts(&r->text, content, "refusal");
}

/* ---- what goes back verbatim ---- */

/* Would {"role", "content"} lose something of this message? */
static bool says_more(const struct lh_json *item)
{
	static const char *const known[] = { "id", "type", "role", "status", "content", NULL };
	const struct lh_json *content = lh_json_get(item, "content");
	for (const struct lh_json *v = lh_json_first(item); v; v = lh_json_next(v)) {
		int i = 0;
		while (known[i] && !lh_str_is(lh_json_key(v), known[i]))
			i++;
		if (!known[i] && !lh_json_void(v))
			return true;
	}
	return lh_json_size(content) > 1 || (lh_json_size(content) == 1 && (!is(lh_json_first(content), "output_text") || !lh_json_void(lh_json_get(lh_json_first(content), "annotations"))));
}

/* The items up to the last message; a thought behind it lacks what it led to, and would be refused. 0: what we
 * write ourselves says all, or the reply calls tools that nobody answers. */
static int items_back(const struct lh_live *l, const struct lh_json *items, bool calls)
{
	int at = 0, back = 0, kept = 0;
	bool more = false;
	for (const struct lh_json *v = elements(items); v; v = lh_json_next(v)) {
		struct lh_str type = lh_json_str(lh_json_get(v, "type"));
		bool call = calls && is(v, "function_call"), message = is(v, "message");
		if (!call && memmem(type.p, type.n, "_call", 5))
			return 0;
		at++;
		if (message || call)
			back = at;
		kept += message;
		more = more || (message ? says_more(v) : !call && (l->carry_thoughts || !is(v, "reasoning")));
	}
	return more || kept > 1 ? back : 0;
}

static void make_blob(const struct lh_live *l, const struct lh_json *items, struct lh_reply *r)
{
	int left = items_back(l, items, r->calls.n > 0);
	struct lh_blob b;
	bool first = true;
	lh_blob_begin(&b, r);
	for (const struct lh_json *v = elements(items); v && left > 0; v = lh_json_next(v), left--) {
		if (is(v, "reasoning") && !l->carry_thoughts)
			continue;
		if (!first)
			lh_buf_putc(&r->blob, ',');
		first = false;
		lh_jw_init(&b.w, &r->blob, false);
		lh_jw_open(&b.w, '{');
		for (const struct lh_json *p = lh_json_first(v); p; p = lh_json_next(p))
			if (lh_json_type(p) != LH_JSON_NULL) {           /* null is a state that requests do not know */
				lh_jw_key_str(&b.w, lh_json_key(p));
				lh_blob_node(&b, p, is(v, "reasoning"));
			}
		lh_jw_close(&b.w);
	}
}

static void read_usage(const struct lh_json *u, struct lh_reply *r)
{
	if (!lh_wire_count(u, "input_tokens", &r->tokens_in) || !lh_wire_count(u, "output_tokens", &r->tokens_out))
		return;
	lh_wire_count(lh_json_get(u, "input_tokens_details"), "cached_tokens", &r->tokens_cached);
	lh_wire_count(lh_json_get(u, "output_tokens_details"), "reasoning_tokens", &r->tokens_reasoning);
	r->counted = true;
}

/* false: it is not done, and never will be. */
static bool read_status(const struct lh_json *j, struct lh_reply *r)
{
	struct lh_str status = lh_json_str(lh_json_get(j, "status")), why = lh_json_str(lh_json_get(lh_json_get(j, "incomplete_details"), "reason"));
	if (r->finish == LH_FINISH_REFUSAL)
		return true;
	if (lh_str_is(status, "incomplete"))
		r->finish = lh_str_is(why, "max_output_tokens") ? LH_FINISH_LENGTH : lh_str_is(why, "content_filter") ? LH_FINISH_FILTER : LH_FINISH_OTHER;
	return !status.n || lh_str_is(status, "completed") || lh_str_is(status, "incomplete");
}

static enum lh_verdict read_reply(const struct lh_reading *g, const struct lh_json *j)
{
	struct lh_reply *r = g->reply;
	const struct lh_json *items = items_of(j);
	if (lh_json_type(items) != LH_JSON_ARRAY)
		return lh_decide_broken(r, g->x->status, "a reply without output");
	for (const struct lh_json *v = lh_json_first(items); v; v = lh_json_next(v))
		read_item(v, r);
	if (!read_status(j, r))
		return lh_decide_broken(r, g->x->status, "the response was not completed");
	for (const struct lh_json *v = lh_wire_calls_count(g) ? lh_json_first(items) : NULL; v; v = lh_json_next(v))
		if (is(v, "function_call"))
			lh_wire_add_call(r, lh_json_str(lh_json_get(v, "call_id")), lh_json_str(lh_json_get(v, "name")), lh_json_str(lh_json_get(v, "arguments")));
	make_blob(g->live, items, r);
	read_usage(lh_json_get(j, "usage"), r);
	lh_wire_served(r, lh_json_str(lh_json_get(j, "model")), LH_STR(""), lh_json_str(lh_json_get(j, "id")));
	return LH_VERDICT_REPLY;
}

static const struct lh_wire wire = { event, read_reply };

static enum lh_verdict responses_decode(struct lh_model *m, const struct lh_exchange *x, const struct lh_asked *asked, struct lh_reply *reply)
{
	return lh_wire_decode(m, &wire, x, asked, reply);
}

const struct lh_model_ops lh_model_openai_responses = {
	.dialect = &dialect,
	.name = "openai_responses", .summary = "OpenAI's Responses API, without state at the server: openai_responses:MODEL", .params = params, .param_count = PARAMS,
	.open = responses_open, .free = lh_live_free, .carrier = LH_CARRIER_HTTP, .takes_tools = true, .encode = responses_encode, .decode = responses_decode,
	.endpoint = lh_live_endpoint, .key = lh_live_key, .carry = lh_live_carry,
};
