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

static const char *const ours[] = { "model", "messages", "system", "stream", "temperature", "top_p", "max_tokens", "stop_sequences", NULL };

static const struct lh_provider provider = {
	.name = "anthropic", .base_url = "https://api.anthropic.com", .host = "api.anthropic.com", .path = "/v1/messages",
	.key_env = "ANTHROPIC_API_KEY", .key_header = "x-api-key", .key_prefix = "", .header = "anthropic-version: 2023-06-01",
	.ours = ours, .check = check, .put = put,
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
static void end(struct lh_buf *b, enum lh_role role) { lh_buf_puts(b, role == LH_SYSTEM ? "\"" : "\"}"); }

static const struct lh_dialect dialect = { "anthropic", begin, join, end, separate, "{", "]}", .system_leads = true, .no_blanks = true };

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

static int unsigned_view(const struct lh_view *from, struct lh_view *to, struct lh_error *err)
{
	int rc = lh_view_copy(to, from, err);
	for (uint32_t i = 0; i < to->n && !rc; i++)
		if (!to->piece[i].own)
			to->piece[i].variant |= LH_NO_NATIVE_THOUGHTS;
	return rc;
}

static int messages_encode(struct lh_model *m, const struct lh_model_request *q, struct lh_wire_request *out, struct lh_error *err)
{
	const struct lh_live *l = m->data;
	const struct lh_framing f = { &dialect, "", "]" };
	struct lh_view bare;
	lh_view_init(&bare);
	bool whole = repeats_history(q);
	int rc = whole ? 0 : unsigned_view(q->view, &bare, err);
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
	static const char *const names[] = { "text", "thinking", "signature", NULL };
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
static bool goes_back(const struct lh_json *block)
{
	struct lh_str type = lh_json_str(lh_json_get(block, "type"));
	if (is_text(block))
		return lh_str_trim(lh_json_str(lh_json_get(block, "text"))).n > 0;
	return type.n && !memmem(type.p, type.n, "tool", 4);
}

static bool plain_text(const struct lh_json *block)
{
	return is_text(block) && lh_json_void(lh_json_get(block, "citations"));
}

static bool needs_blob(const struct lh_json *content)
{
	int back = 0, plain = 0;
	bool ends_in_text = false;
	for (const struct lh_json *b = lh_json_type(content) == LH_JSON_ARRAY ? lh_json_first(content) : NULL; b; b = lh_json_next(b)) {
		if (!goes_back(b))
			continue;
		back++;
		plain += plain_text(b);
		ends_in_text = !lh_str_is(lh_json_str(lh_json_get(b, "type")), "thinking") && !lh_str_is(lh_json_str(lh_json_get(b, "type")), "redacted_thinking");
	}
	/* A message that ends in a thought is refused: thoughts that were cut off do not go back. */
	return ends_in_text && (back > 1 || plain < back);
}

static void put_block(struct lh_blob *b, const struct lh_json *block)
{
	lh_jw_open(&b->w, '{');
	for (const struct lh_json *v = lh_json_first(block); v; v = lh_json_next(v)) {
		struct lh_str key = lh_json_key(v);
		if (lh_json_type(v) == LH_JSON_NULL)
			continue;
		lh_jw_key_str(&b->w, key);
		lh_blob_node(b, v, lh_str_is(key, "thinking"));
	}
	lh_jw_close(&b->w);
}

static void make_blob(const struct lh_json *content, struct lh_reply *r)
{
	struct lh_blob b;
	if (!needs_blob(content))
		return;
	lh_blob_begin(&b, r);
	lh_jw_open(&b.w, '{');
	lh_jw_key(&b.w, "role");
	lh_jw_text(&b.w, "assistant");
	lh_jw_key(&b.w, "content");
	lh_jw_open(&b.w, '[');
	for (const struct lh_json *v = lh_json_first(content); v; v = lh_json_next(v))
		if (goes_back(v))
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
	make_blob(content, r);
	read_usage(lh_json_get(j, "usage"), r);
	lh_wire_served(r, lh_json_str(lh_json_get(j, "model")), LH_STR(""), lh_json_str(lh_json_get(j, "id")));
	return finish(lh_json_str(lh_json_get(j, "stop_reason")), r);
}

static const struct lh_wire wire = { event, read_reply };

static enum lh_verdict messages_decode(struct lh_model *m, const struct lh_exchange *x, int64_t tokens_in_guess, struct lh_reply *reply)
{
	return lh_wire_decode(m, &wire, x, tokens_in_guess, reply);
}

const struct lh_model_ops lh_model_anthropic = {
	.dialect = &dialect,
	.name = "anthropic", .summary = "Anthropic's Messages API, and servers that speak it: anthropic:MODEL", .params = params, .param_count = PARAMS,
	.open = messages_open, .free = lh_live_free, .carrier = LH_CARRIER_HTTP, .encode = messages_encode, .decode = messages_decode,
	.endpoint = lh_live_endpoint, .key = lh_live_key, .carry = lh_live_carry,
};
