/* A reply of Chat Completions: its text and thoughts, wherever a server puts them, what of it must go back
 * verbatim, what it cost. */
#include "model/wire.h"

#include <math.h>
#include <string.h>

/* ---- a reply's message ---- */

static const char *const thought_keys[] = { "reasoning_content", "reasoning", "thinking", NULL };

static bool is_thought_key(struct lh_str key)
{
	for (int i = 0; thought_keys[i]; i++)
		if (lh_str_is(key, thought_keys[i]))
			return true;
	return false;
}

/* Strings of parts within parts: {"type":"thinking","thinking":[{"type":"text","text":"…"}]}. */
static void put_texts(struct lh_buf *b, const struct lh_json *node)
{
	if (lh_json_type(node) == LH_JSON_STRING)
		lh_buf_put_str(b, lh_json_str(node));
	for (const struct lh_json *v = lh_json_type(node) == LH_JSON_ARRAY ? lh_json_first(node) : NULL; v; v = lh_json_next(v))
		put_texts(b, lh_json_type(v) == LH_JSON_OBJECT ? lh_json_get(v, "text") : v);
}

static bool thinks(const struct lh_json *part)
{
	struct lh_str type = lh_json_str(lh_json_get(part, "type"));
	return lh_str_is(type, "thinking") || lh_str_is(type, "reasoning") || lh_json_get(part, "thinking");
}

static void read_part(const struct lh_json *part, bool thoughts_known, struct lh_reply *r)
{
	if (thinks(part)) {
		const struct lh_json *t = lh_json_get(part, "thinking");
		if (!thoughts_known)
			put_texts(&r->thoughts, t ? t : lh_json_get(part, "text"));
		return;
	}
	const struct lh_json *refusal = lh_json_get(part, "refusal");
	if (lh_json_type(refusal) == LH_JSON_STRING)
		r->finish = LH_FINISH_REFUSAL;
	put_texts(&r->text, lh_json_type(part) == LH_JSON_STRING ? part : lh_json_type(refusal) == LH_JSON_STRING ? refusal : lh_json_get(part, "text"));
}

static void read_content(const struct lh_json *content, struct lh_reply *r)
{
	bool known = r->thoughts.n > 0;
	if (lh_json_type(content) == LH_JSON_STRING)
		lh_buf_put_str(&r->text, lh_json_str(content));
	for (const struct lh_json *p = lh_json_type(content) == LH_JSON_ARRAY ? lh_json_first(content) : NULL; p; p = lh_json_next(p))
		read_part(p, known, r);
}

static void read_thoughts(const struct lh_json *message, struct lh_reply *r)
{
	for (int i = 0; thought_keys[i] && !r->thoughts.n; i++)
		put_texts(&r->thoughts, lh_json_get(message, thought_keys[i]));
	if (r->thoughts.n)
		return;
	const struct lh_json *details = lh_json_get(message, "reasoning_details");
	for (const struct lh_json *d = lh_json_type(details) == LH_JSON_ARRAY ? lh_json_first(details) : NULL; d; d = lh_json_next(d)) {
		const struct lh_json *text = lh_json_get(d, "text");
		put_texts(&r->thoughts, text ? text : lh_json_get(d, "summary"));
	}
}

static void read_message(const struct lh_json *message, struct lh_reply *r)
{
	const struct lh_json *refusal = lh_json_get(message, "refusal");
	read_thoughts(message, r);
	read_content(lh_json_get(message, "content"), r);
	if (lh_json_str(refusal).n) {
		r->finish = LH_FINISH_REFUSAL;
		if (!r->text.n)
			lh_buf_put_str(&r->text, lh_json_str(refusal));
	}
}

static void read_calls(const struct lh_reading *g, const struct lh_json *message)
{
	const struct lh_json *calls = lh_json_get(message, "tool_calls");
	if (!lh_wire_calls_count(g) || lh_json_type(calls) != LH_JSON_ARRAY)
		return;
	for (const struct lh_json *c = lh_json_first(calls); c; c = lh_json_next(c)) {
		const struct lh_json *f = lh_json_get(c, "function"), *arguments = lh_json_get(f, "arguments");
		struct lh_buf text;
		struct lh_jw w;
		lh_buf_init(&text, LH_TOOL_ARGUMENTS_MAX + 1);
		lh_jw_init(&w, &text, false);
		if (lh_json_type(arguments) == LH_JSON_OBJECT)   /* Ollama gives them as they are, not as text */
			lh_jw_node(&w, arguments);
		lh_wire_add_call(g, lh_json_str(lh_json_get(c, "id")), lh_json_str(lh_json_get(f, "name")), text.n ? lh_buf_str(&text) : lh_json_str(arguments));
		lh_buf_fini(&text);
	}
}

/* ---- what must go back verbatim ---- */

/* What no server wants back: calls of tools that nobody answers, since a request with such a call is refused; what only
 * describes the reply; what says nothing. */
static bool left_out(const struct lh_json *v, bool calls)
{
	static const char *const names[] = { "function_call", "annotations", "audio", "logprobs", "index", NULL };
	struct lh_str key = lh_json_key(v);
	if (lh_str_is(key, "tool_calls"))
		return !calls;
	for (int i = 0; names[i]; i++)
		if (lh_str_is(key, names[i]))
			return true;
	bool empty_text = lh_json_type(v) == LH_JSON_STRING;      /* "" is told from nothing: DeepSeek asks for its empty thoughts */
	return lh_json_void(v) && !empty_text && !lh_str_is(key, "content");
}

/* The name for plain thoughts that the user insists on; NULL: the one they came under. */
static const char *forced_key(const struct lh_live *l)
{
	const char *key = lh_live_text(l, "thoughts_key");
	return strcmp(key, "auto") ? key : NULL;
}

static bool known_member(const struct lh_json *v, const char *const *names)
{
	while (*names && !lh_str_is(lh_json_key(v), *names))
		names++;
	return *names || lh_json_void(v);
}

/* Does a call say more than its name and arguments (Gemini: a signature)? */
static bool call_says_more(const struct lh_json *call)
{
	static const char *const outer[] = { "id", "type", "index", "function", NULL }, *const inner[] = { "name", "arguments", NULL };
	for (const struct lh_json *v = lh_json_first(call); v; v = lh_json_next(v))
		if (!known_member(v, outer))
			return true;
	for (const struct lh_json *v = lh_json_first(lh_json_get(call, "function")); v; v = lh_json_next(v))
		if (!known_member(v, inner))
			return true;
	return false;
}

static bool calls_say_more(const struct lh_json *calls)
{
	for (const struct lh_json *v = lh_json_first(calls); v; v = lh_json_next(v))
		if (call_says_more(v))
			return true;
	return false;
}

/* Would {"role", "content", "tool_calls"} lose this member? */
static bool opaque(const struct lh_json *v, const char *forced, bool calls)
{
	struct lh_str key = lh_json_key(v);
	if (left_out(v, calls) || lh_str_is(key, "role") || (forced && is_thought_key(key)))
		return false;
	if (lh_str_is(key, "content"))
		return lh_json_type(v) == LH_JSON_ARRAY;
	if (lh_str_is(key, "tool_calls"))
		return calls_say_more(v);
	return !lh_str_is(key, "refusal") || lh_json_str(v).n;
}

static bool needs_blob(const struct lh_json *message, const char *forced, bool calls)
{
	for (const struct lh_json *v = lh_json_first(message); v; v = lh_json_next(v))
		if (opaque(v, forced, calls))
			return true;
	return false;
}

static void put_part(struct lh_blob *b, const struct lh_json *part)
{
	lh_blob_node(b, part, lh_json_type(part) == LH_JSON_OBJECT && thinks(part));
}

static void put_content(struct lh_blob *b, const struct lh_json *message, const struct lh_json *content, bool answered)
{
	const struct lh_json *calls = lh_json_get(message, "tool_calls");
	if (lh_json_type(content) == LH_JSON_NULL && !lh_json_void(calls) && !answered) {
		lh_jw_str(&b->w, LH_STR(""));        /* null is allowed beside calls only, and those are left out */
		return;
	}
	if (lh_json_type(content) != LH_JSON_ARRAY) {
		if (lh_json_type(content) == LH_JSON_STRING)
			lh_blob_text(b, lh_json_str(content));
		else
			lh_blob_node(b, content, false);
		return;
	}
	lh_jw_open(&b->w, '[');
	for (const struct lh_json *p = lh_json_first(content); p; p = lh_json_next(p))
		put_part(b, p);
	lh_jw_close(&b->w);
}

/* Verbatim, but for the place in the stream, and under the ids that their results will name. */
static void put_calls(struct lh_blob *b, const struct lh_json *calls, struct lh_str kept)
{
	struct lh_calls list;
	struct lh_tool_call call;
	if (lh_calls_open(&list, kept, NULL))
		b->w.out->failed = LH_E_NOMEM;
	lh_jw_open(&b->w, '[');
	for (const struct lh_json *c = lh_json_first(calls); c && lh_calls_next(&list, &call); c = lh_json_next(c)) {
		lh_jw_open(&b->w, '{');
		lh_jw_key(&b->w, "id");
		lh_jw_str(&b->w, call.id);
		for (const struct lh_json *v = lh_json_first(c); v; v = lh_json_next(v))
			if (!lh_str_is(lh_json_key(v), "index") && !lh_str_is(lh_json_key(v), "id")) {
				lh_jw_key_str(&b->w, lh_json_key(v));
				lh_jw_node(&b->w, v);
			}
		lh_jw_close(&b->w);
	}
	lh_calls_close(&list);
	lh_jw_close(&b->w);
}

static void put_member(struct lh_blob *b, const struct lh_json *message, const struct lh_json *v, struct lh_str calls)
{
	struct lh_str key = lh_json_key(v);
	bool thought = is_thought_key(key) || lh_str_is(key, "reasoning_details");
	lh_jw_key_str(&b->w, key);
	if (thought)
		b->thoughts_at = 0;              /* one text may stand under several names */
	if (lh_str_is(key, "content"))
		put_content(b, message, v, calls.n > 0);
	else if (lh_str_is(key, "tool_calls"))
		put_calls(b, v, calls);
	else if (thought && lh_json_type(v) == LH_JSON_STRING)
		lh_blob_thoughts(b, lh_json_str(v));
	else
		lh_blob_node(b, v, thought);
}

static void make_blob(const struct lh_live *l, const struct lh_json *message, struct lh_reply *r)
{
	const char *forced = forced_key(l);
	struct lh_blob b;
	bool calls = r->calls.n > 0;
	if (!needs_blob(message, forced, calls))
		return;
	lh_blob_begin(&b, r);
	lh_jw_open(&b.w, '{');
	if (!lh_json_get(message, "role")) {
		lh_jw_key(&b.w, "role");
		lh_jw_text(&b.w, "assistant");
	}
	for (const struct lh_json *v = lh_json_first(message); v; v = lh_json_next(v))
		if (!left_out(v, calls) && !(forced && is_thought_key(lh_json_key(v))))
			put_member(&b, message, v, lh_buf_str(&r->calls));
	if (forced && strcmp(forced, "none") && r->thoughts.n) {
		lh_jw_key(&b.w, forced);
		b.thoughts_at = 0;
		lh_blob_thoughts(&b, b.thoughts);
	}
	lh_jw_close(&b.w);
}

/* ---- counts, and how it ended ---- */

static void read_usage(const struct lh_json *u, struct lh_reply *r)
{
	int64_t total;
	if (!lh_wire_count(u, "prompt_tokens", &r->tokens_in) || !lh_wire_count(u, "completion_tokens", &r->tokens_out))
		return;
	r->counted = true;
	if (!lh_wire_count(lh_json_get(u, "prompt_tokens_details"), "cached_tokens", &r->tokens_cached) &&
		!lh_wire_count(u, "prompt_cache_hit_tokens", &r->tokens_cached))         /* DeepSeek */
		lh_wire_count(u, "cached_tokens", &r->tokens_cached);                    /* Moonshot */
	if (!lh_wire_count(lh_json_get(u, "completion_tokens_details"), "reasoning_tokens", &r->tokens_reasoning))
		lh_wire_count(u, "reasoning_tokens", &r->tokens_reasoning);
	/* Some count thoughts in the total only (xAI, Gemini). */
	if (lh_wire_count(u, "total_tokens", &total) && total > r->tokens_in + r->tokens_out)
		r->tokens_out = total - r->tokens_in;
	double dollars = lh_json_number(lh_json_get(u, "cost"));                         /* OpenRouter */
	if (dollars >= 0 && dollars < 1e6) {
		r->cost_microusd = llround(dollars * 1e6);
		r->priced = true;
	}
}

static bool one_of(struct lh_str s, const char *const *names)
{
	for (; *names; names++)
		if (lh_str_is(s, *names))
			return true;
	return false;
}

/* false: it did not end, it broke off. */
static bool read_finish(struct lh_str reason, struct lh_reply *r)
{
	static const char *const stop[] = { "", "stop", "end_turn", "eos", "eos_token", "stop_sequence", "STOP", NULL };
	static const char *const length[] = { "length", "max_tokens", "model_length", "MAX_TOKENS", NULL };
	static const char *const filter[] = { "content_filter", "SAFETY", "safety", "sensitive", NULL };
	static const char *const broke[] = { "error", "abort", "aborted", "cancelled", "insufficient_system_resource", "network_error", NULL };
	if (one_of(reason, broke))
		return false;
	if (r->finish == LH_FINISH_REFUSAL || lh_str_is(reason, "refusal"))
		r->finish = LH_FINISH_REFUSAL;
	else
		r->finish = one_of(reason, stop) ? LH_FINISH_STOP : one_of(reason, length) ? LH_FINISH_LENGTH : one_of(reason, filter) ? LH_FINISH_FILTER : LH_FINISH_OTHER;
	return true;
}

static bool chat_event(struct lh_merge *whole, struct lh_str name, const struct lh_json *data, bool *ended)
{
	(void)name;
	const struct lh_json *choice = lh_json_first(lh_json_get(data, "choices"));
	if (lh_json_str(lh_json_get(choice, "finish_reason")).n)
		*ended = true;
	return lh_merge_add(whole, data);
}

static enum lh_verdict chat_read(const struct lh_reading *g, const struct lh_json *j)
{
	struct lh_reply *r = g->reply;
	const struct lh_json *choice = lh_json_first(lh_json_get(j, "choices"));
	const struct lh_json *message = lh_json_get(choice, "message"), *usage = lh_json_get(j, "usage");
	if (lh_json_type(message) != LH_JSON_OBJECT)
		message = lh_json_get(choice, "delta");
	if (lh_says_error(choice))
		return lh_wire_error(g, choice);
	if (lh_json_type(message) != LH_JSON_OBJECT)
		return lh_decide_broken(r, g->x->status, "a reply without choices");
	read_message(message, r);
	struct lh_str reason = lh_json_str(lh_json_get(choice, "finish_reason"));
	bool whole = read_finish(reason, r);
	if (g->asked->tools && lh_str_is(reason, "tool_calls"))
		r->finish = LH_FINISH_STOP;
	read_calls(g, message);
	make_blob(g->live, message, r);
	read_usage(lh_json_type(usage) == LH_JSON_OBJECT ? usage : lh_json_get(choice, "usage"), r);
	lh_wire_served(r, lh_json_str(lh_json_get(j, "model")), lh_json_str(lh_json_get(j, "system_fingerprint")), lh_json_str(lh_json_get(j, "id")));
	return whole ? LH_VERDICT_REPLY : lh_decide_broken(r, g->x->status, "the server broke the reply off");
}

const struct lh_wire lh_wire_chat = { chat_event, chat_read };
