/* anthropic - the Messages API. */
#include "model/wire.h"

#include <stdio.h>
#include <string.h>

static const struct lh_model_param params[] = {
	LH_PARAMS_WHERE("https://api.anthropic.com", "ANTHROPIC_API_KEY"),
	LH_PARAMS_SAMPLING("1", "4096"),
	{ "stop", "text", "", "", "a text at which the reply ends" },
	LH_PARAMS_THOUGHTS,
	{ "cache", "boolean", "true", "true|false", "let the provider keep the conversation's head for the next request" },
	LH_PARAM_IDENTIFY,
	LH_PARAMS_REST,
};
#define PARAMS (int)(sizeof params / sizeof *params)
_Static_assert(sizeof params / sizeof *params <= LH_LIVE_PARAMS, "more parameters than there is room for");

#define LEAST_BUDGET 1024

/* {"key":{"inner":"text"}} */
static void put_wrapped(struct lh_jw *w, const char *key, const char *inner, const char *text)
{
	lh_jw_key(w, key);
	lh_jw_open(w, '{');
	lh_jw_key(w, inner);
	lh_jw_text(w, text);
	lh_jw_close(w);
}

static void put_thinking(const struct lh_thoughts *t, struct lh_jw *w)
{
	if (t->budget) {
		lh_jw_key(w, "thinking");
		lh_jw_open(w, '{');
		lh_jw_key(w, "type");
		lh_jw_text(w, "enabled");
		lh_jw_key(w, "budget_tokens");
		lh_jw_int(w, t->budget);
		lh_jw_close(w);
	} else if (t->mode != LH_THINKING_DEFAULT) {
		put_wrapped(w, "thinking", "type", t->mode == LH_THINKING_ON ? "adaptive" : "disabled");
	}
	if (t->effort)
		put_wrapped(w, "output_config", "effort", t->effort);
}

static void put_identity(const struct lh_model_request *q, struct lh_jw *w)
{
	char id[128];
	snprintf(id, sizeof id, "longhaul:%llu:%llu:%u:%u", (unsigned long long)q->seed, (unsigned long long)q->sample, q->turn, q->seq);
	put_wrapped(w, "metadata", "user_id", id);
}

static void put(const struct lh_live *l, const struct lh_model_request *q, struct lh_jw *w)
{
	struct lh_str stop = lh_live_stop(l, q);
	int64_t most = lh_live_max_tokens(l, q);
	lh_live_put_common(l, q, w);
	lh_jw_key(w, "max_tokens");
	lh_jw_int(w, most);
	if (stop.n) {
		lh_jw_key(w, "stop_sequences");
		lh_jw_open(w, '[');
		lh_jw_str(w, stop);
		lh_jw_close(w);
	}
	put_thinking(&l->thoughts, w);
	if (l->cache)
		put_wrapped(w, "cache_control", "type", "ephemeral");
	if (l->identify)
		put_identity(q, w);
}

static void put_tool(struct lh_jw *w, const struct lh_tool *tool)
{
	lh_jw_open(w, '{');
	lh_wire_put_function(w, tool, "input_schema");
	lh_jw_close(w);
}

static int check(struct lh_live *l, struct lh_error *err)
{
	const struct lh_thoughts *t = &l->thoughts;
	if (!l->max_tokens)
		return lh_fail(err, LH_E_USAGE, "model anthropic: max_tokens=0: this format needs a limit");
	if (t->budget && (t->budget < LEAST_BUDGET || t->budget >= l->max_tokens))
		return lh_fail(err, LH_E_USAGE, "model anthropic: thought_tokens=%lld: at least %d, and less than max_tokens (%lld), which counts them too",
			(long long)t->budget, LEAST_BUDGET, (long long)l->max_tokens);
	if (t->effort && (!strcmp(t->effort, "none") || !strcmp(t->effort, "minimal")))
		return lh_fail(err, LH_E_USAGE, "model anthropic: effort=%s: low is the least; thoughts=off turns thoughts off", t->effort);
	return 0;
}

static const char *const ours[] = { "model", "messages", "system", "stream", "temperature", "top_p", "max_tokens", "stop_sequences", "tools", NULL };

static const struct lh_provider provider = {
	.name = "anthropic", .base_url = "https://api.anthropic.com", .host = "api.anthropic.com", .path = "/v1/messages",
	.key_env = "ANTHROPIC_API_KEY", .key_header = "x-api-key", .key_prefix = "", .header = "anthropic-version: 2023-06-01",
	.ours = ours, .check = check, .put = put, .put_tool = put_tool, .no_tools = ",\"tool_choice\":{\"type\":\"none\"}",
};

static int messages_open(struct lh_model *m, struct lh_str bare, const struct lh_str *values, const char *base_dir, struct lh_error *err)
{
	return lh_live_open(m, &provider, bare, values, base_dir, err);
}

/* ---- requests ---- */

static void separate(struct lh_buf *b, int before)
{
	lh_buf_puts(b, before == LH_LIST_EMPTY ? "\"messages\":[" : before == LH_SYSTEM ? ",\"messages\":[" : ",");
}

static void begin(struct lh_buf *b, enum lh_role role, struct lh_str thoughts, int before)
{
	(void)thoughts;                          /* without their signature they are not taken back */
	if (role == LH_SYSTEM) {
		lh_buf_puts(b, "\"system\":\"");
		return;
	}
	separate(b, before);
	lh_buf_puts(b, role == LH_USER ? "{\"role\":\"user\",\"content\":\"" : "{\"role\":\"assistant\",\"content\":\"");
}

static void join(struct lh_buf *b) { lh_buf_puts(b, "\\n\\n"); }
static void end(struct lh_buf *b, enum lh_role role) { lh_buf_puts(b, role == LH_SYSTEM ? "\"" : role == LH_TOOL ? "]}" : "\"}"); }

static void put_pair(struct lh_buf *b, const char *before, struct lh_str text)
{
	lh_buf_puts(b, before);
	lh_json_escape(b, text);
	lh_buf_putc(b, '"');
}

static bool is_object(struct lh_str text)
{
	struct lh_json *j = NULL;
	struct lh_error err = { 0 };
	bool object = !lh_json_parse(text, "arguments", 1, &j, &err) && lh_json_type(j) == LH_JSON_OBJECT;
	lh_json_free(j);
	return object;
}

/* An input is an object: what a model of another format wrote may be none. */
static void put_calls(struct lh_buf *b, const struct lh_content *said, bool bare, int before)
{
	struct lh_calls calls;
	struct lh_tool_call call;
	separate(b, before);
	lh_buf_puts(b, "{\"role\":\"assistant\",\"content\":[");
	bool some = lh_str_trim(said->text).n > 0;
	if (some) {
		put_pair(b, "{\"type\":\"text\",\"text\":\"", said->text);
		lh_buf_putc(b, '}');
	}
	if (lh_calls_open(&calls, said->calls, NULL))
		b->failed = LH_E_NOMEM;
	for (; lh_calls_next(&calls, &call); some = true) {
		put_pair(b, some ? ",{\"type\":\"tool_use\",\"id\":\"" : "{\"type\":\"tool_use\",\"id\":\"", call.id);
		put_pair(b, ",\"name\":\"", call.name);
		lh_buf_puts(b, ",\"input\":");
		lh_buf_put_str(b, bare || !is_object(call.arguments) ? LH_STR("{}") : call.arguments);
		lh_buf_putc(b, '}');
	}
	lh_calls_close(&calls);
	lh_buf_puts(b, "]}");
}

/* All results of one message's calls stand in one message of the user. */
static int put_result(struct lh_buf *b, struct lh_str text, const struct lh_tool_call *call, int before)
{
	if (before != LH_TOOL)
		separate(b, before);
	lh_buf_puts(b, before == LH_TOOL ? "," : "{\"role\":\"user\",\"content\":[");
	put_pair(b, "{\"type\":\"tool_result\",\"tool_use_id\":\"", call->id);
	put_pair(b, ",\"content\":\"", text);
	lh_buf_putc(b, '}');
	return LH_TOOL;
}

static const struct lh_dialect dialect = { "anthropic", begin, put_calls, put_result, join, end, separate, "{", "]}", .system_leads = true, .no_blanks = true };

/* A signed thought holds for the very history it was thought in. It may go back where this request repeats
 * that history: a run of the unedited record from its beginning, unvaried, with nothing else in front of a
 * reply, in a conversation whose earlier requests were the whole record each. */
static bool repeats_history(const struct lh_model_request *q)
{
	const struct lh_transcript *t = q->transcript;
	const struct lh_view *v = q->view;
	if (!v->n || v->piece[0].own || v->piece[0].from || v->piece[0].variant || lh_transcript_edits(t) || lh_transcript_partial(t))
		return false;
	for (uint32_t i = 1; i < v->n; i++) {
		const struct lh_piece *p = &v->piece[i];
		if (!p->own && lh_transcript_sums(t, p->to)->replies != lh_transcript_sums(t, p->from)->replies)
			return false;
	}
	return true;
}

static bool whole_record(const struct lh_model_request *q)
{
	const struct lh_piece *p = &q->view->piece[0];
	return q->view->n == 1 && !p->own && !p->from && !p->variant && p->to == lh_transcript_length(q->transcript) && !lh_transcript_edits(q->transcript);
}

/* Thoughts of earlier turns left out. Those of this turn's calls were thought behind what the view shows now, and must
 * stand where they stood until the turn is answered. */
static int unsigned_view(const struct lh_model_request *q, struct lh_view *to, struct lh_error *err)
{
	int rc = lh_view_copy(to, q->view, err);
	return rc ? rc : lh_view_vary(to, q->transcript, LH_NO_NATIVE_THOUGHTS, 0, err);
}

static int messages_encode(struct lh_model *m, const struct lh_model_request *q, struct lh_wire_request *out, struct lh_error *err)
{
	const struct lh_live *l = m->data;
	const struct lh_framing f = { &dialect, "", "]" };
	struct lh_view bare;
	lh_view_init(&bare);
	bool whole = repeats_history(q);
	int rc = whole ? 0 : unsigned_view(q, &bare, err);
	if (!rc) {
		lh_live_count_thoughts(q, whole ? q->view : &bare, true, out);
		rc = lh_live_request(l, q, whole ? q->view : &bare, &f, out, err);
	}
	if (!whole_record(q))
		lh_transcript_mark_partial(q->transcript);
	lh_view_fini(&bare);
	return rc;
}

/* ---- replies ---- */

/* Texts of a block grow; what other kinds of difference mean nobody needs to know. */
static bool grow(struct lh_merge *block, const struct lh_json *delta)
{
	static const char *const names[] = { "text", "thinking", "signature", "partial_json", NULL };
	for (int i = 0; names[i]; i++) {
		const struct lh_json *more = lh_json_get(delta, names[i]);
		if (lh_json_type(more) == LH_JSON_STRING && !lh_merge_append(block, names[i], lh_json_str(more)))
			return false;
	}
	return true;
}

static bool event(struct lh_merge *whole, struct lh_str name, const struct lh_json *data, bool *ended)
{
	struct lh_str type = lh_json_str(lh_json_get(data, "type"));
	const struct lh_json *delta = lh_json_get(data, "delta");
	int64_t index = 0;
	if (!type.n)
		type = name;
	if (lh_str_is(type, "message_stop"))
		*ended = true;
	if (lh_str_is(type, "message_start"))
		return lh_merge_copy(whole, lh_json_get(data, "message"));
	if (lh_str_is(type, "message_delta")) {
		*ended = *ended || lh_json_str(lh_json_get(delta, "stop_reason")).n;
		struct lh_merge *usage = lh_merge_member(whole, "usage");
		return usage && lh_merge_add(whole, delta) && lh_merge_add(usage, lh_json_get(data, "usage"));
	}
	bool start = lh_str_is(type, "content_block_start");
	if (!start && !lh_str_is(type, "content_block_delta"))
		return true;
	lh_json_int(lh_json_get(data, "index"), &index);
	struct lh_merge *block = lh_merge_at(whole, "content", index);
	if (!block)
		return false;
	return start ? lh_merge_copy(block, lh_json_get(data, "content_block")) : grow(block, delta);
}

static bool is_text(const struct lh_json *block) { return lh_str_is(lh_json_str(lh_json_get(block, "type")), "text"); }

static bool is_call(const struct lh_json *block) { return lh_str_is(lh_json_str(lh_json_get(block, "type")), "tool_use"); }

/* What the tool is given: put together from a stream, or as it stands. */
static void put_input(struct lh_jw *w, const struct lh_json *block)
{
	struct lh_str streamed = lh_str_trim(lh_json_str(lh_json_get(block, "partial_json")));
	const struct lh_json *input = lh_json_get(block, "input");
	if (is_object(streamed))
		lh_jw_raw(w, streamed);
	else if (lh_json_type(input) == LH_JSON_OBJECT)
		lh_jw_node(w, input);
	else
		lh_jw_raw(w, LH_STR("{}"));
}

static void read_calls(const struct lh_reading *g, const struct lh_json *content)
{
	if (!lh_wire_calls_count(g) || lh_json_type(content) != LH_JSON_ARRAY)
		return;
	for (const struct lh_json *v = lh_json_first(content); v; v = lh_json_next(v)) {
		struct lh_buf input;
		struct lh_jw w;
		if (!is_call(v))
			continue;
		lh_buf_init(&input, LH_TOOL_ARGUMENTS_MAX + 1);
		lh_jw_init(&w, &input, false);
		put_input(&w, v);
		lh_wire_add_call(g->reply, lh_json_str(lh_json_get(v, "id")), lh_json_str(lh_json_get(v, "name")), lh_buf_str(&input));
		lh_buf_fini(&input);
	}
}

static void read_content(const struct lh_json *content, struct lh_reply *r)
{
	lh_buf_put_str(&r->text, lh_json_str(content));
	for (const struct lh_json *b = lh_json_type(content) == LH_JSON_ARRAY ? lh_json_first(content) : NULL; b; b = lh_json_next(b)) {
		struct lh_str thought = lh_json_str(lh_json_get(b, "thinking"));
		if (is_text(b))
			lh_buf_put_str(&r->text, lh_json_str(lh_json_get(b, "text")));
		if (thought.n && r->thoughts.n)
			lh_buf_puts(&r->thoughts, "\n\n");
		lh_buf_put_str(&r->thoughts, thought);
	}
}

/* A request may hold no empty text, no call of a tool that nobody answered, nor an answer to one. */
static bool goes_back(const struct lh_json *block, bool calls)
{
	struct lh_str type = lh_json_str(lh_json_get(block, "type"));
	if (is_text(block))
		return lh_str_trim(lh_json_str(lh_json_get(block, "text"))).n > 0;
	return is_call(block) ? calls : type.n && !memmem(type.p, type.n, "tool", 4);
}

static bool plain_text(const struct lh_json *block)
{
	return is_text(block) && lh_json_void(lh_json_get(block, "citations"));
}

static bool needs_blob(const struct lh_json *content, bool calls)
{
	int back = 0, plain = 0, called = 0;
	bool ends_in_text = false;
	for (const struct lh_json *b = lh_json_type(content) == LH_JSON_ARRAY ? lh_json_first(content) : NULL; b; b = lh_json_next(b)) {
		if (!goes_back(b, calls))
			continue;
		back++;
		plain += plain_text(b) && !called;       /* our own form says the text first, then the calls */
		called += is_call(b);
		ends_in_text = !lh_str_is(lh_json_str(lh_json_get(b, "type")), "thinking") && !lh_str_is(lh_json_str(lh_json_get(b, "type")), "redacted_thinking");
	}
	/* A message that ends in a thought is refused: thoughts that were cut off do not go back. */
	return ends_in_text && (plain > 1 || plain + called < back);
}

static void put_block(struct lh_blob *b, const struct lh_json *block)
{
	lh_jw_open(&b->w, '{');
	for (const struct lh_json *v = lh_json_first(block); v; v = lh_json_next(v)) {
		struct lh_str key = lh_json_key(v);
		if (lh_json_type(v) == LH_JSON_NULL || lh_str_is(key, "partial_json"))
			continue;
		lh_jw_key_str(&b->w, key);
		if (is_call(block) && lh_str_is(key, "input"))
			put_input(&b->w, block);
		else
			lh_blob_node(b, v, lh_str_is(key, "thinking"));
	}
	lh_jw_close(&b->w);
}

static void make_blob(const struct lh_json *content, struct lh_reply *r)
{
	struct lh_blob b;
	bool calls = r->calls.n > 0;
	if (!needs_blob(content, calls))
		return;
	lh_blob_begin(&b, r);
	lh_jw_open(&b.w, '{');
	lh_jw_key(&b.w, "role");
	lh_jw_text(&b.w, "assistant");
	lh_jw_key(&b.w, "content");
	lh_jw_open(&b.w, '[');
	for (const struct lh_json *v = lh_json_first(content); v; v = lh_json_next(v))
		if (goes_back(v, calls))
			put_block(&b, v);
		else if (is_text(v))
			b.text_at += lh_json_str(lh_json_get(v, "text")).n;
	lh_jw_close(&b.w);
	lh_jw_close(&b.w);
}

static void read_usage(const struct lh_json *u, struct lh_reply *r)
{
	int64_t fresh, written = 0;
	const struct lh_json *details = lh_json_get(u, "output_tokens_details");
	if (!lh_wire_count(u, "input_tokens", &fresh) || !lh_wire_count(u, "output_tokens", &r->tokens_out))
		return;
	lh_wire_count(u, "cache_creation_input_tokens", &written);
	lh_wire_count(u, "cache_read_input_tokens", &r->tokens_cached);
	r->tokens_in = fresh + written + r->tokens_cached;
	if (!lh_wire_count(details, "thinking_tokens", &r->tokens_reasoning))
		lh_wire_count(details, "reasoning_tokens", &r->tokens_reasoning);
	r->counted = true;
}

static enum lh_verdict finish(struct lh_str reason, struct lh_reply *r)
{
	if (!reason.n || lh_str_is(reason, "end_turn") || lh_str_is(reason, "stop_sequence"))
		r->finish = LH_FINISH_STOP;
	else if (lh_str_is(reason, "max_tokens"))
		r->finish = LH_FINISH_LENGTH;
	else if (lh_str_is(reason, "refusal"))
		r->finish = LH_FINISH_REFUSAL;
	else
		r->finish = LH_FINISH_OTHER;
	if (lh_str_is(reason, "model_context_window_exceeded")) {
		r->error = LH_E_OVERFLOW;
		lh_buf_puts(&r->error_text, "the context was full before the reply ended (model_context_window_exceeded)");
	}
	return LH_VERDICT_REPLY;
}

static enum lh_verdict read_reply(const struct lh_reading *g, const struct lh_json *j)
{
	struct lh_reply *r = g->reply;
	const struct lh_json *content = lh_json_get(j, "content");
	if (lh_json_type(content) != LH_JSON_ARRAY && lh_json_type(content) != LH_JSON_STRING)
		return lh_decide_broken(r, g->x->status, "a reply without content");
	read_content(content, r);
	struct lh_str reason = lh_json_str(lh_json_get(j, "stop_reason"));
	enum lh_verdict v = finish(reason, r);
	if (g->asked->tools && lh_str_is(reason, "tool_use"))
		r->finish = LH_FINISH_STOP;
	read_calls(g, content);
	make_blob(content, r);
	read_usage(lh_json_get(j, "usage"), r);
	lh_wire_served(r, lh_json_str(lh_json_get(j, "model")), LH_STR(""), lh_json_str(lh_json_get(j, "id")));
	return v;
}

static const struct lh_wire wire = { event, read_reply };

static enum lh_verdict messages_decode(struct lh_model *m, const struct lh_exchange *x, const struct lh_asked *asked, struct lh_reply *reply)
{
	return lh_wire_decode(m, &wire, x, asked, reply);
}

const struct lh_model_ops lh_model_anthropic = {
	.dialect = &dialect,
	.name = "anthropic", .summary = "Anthropic's Messages API, and servers that speak it: anthropic:MODEL", .params = params, .param_count = PARAMS,
	.open = messages_open, .free = lh_live_free, .carrier = LH_CARRIER_HTTP, .takes_tools = true, .encode = messages_encode, .decode = messages_decode,
	.endpoint = lh_live_endpoint, .key = lh_live_key, .carry = lh_live_carry,
};
