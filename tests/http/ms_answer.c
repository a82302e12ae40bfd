#include "ms_answer.h"

#include "json/writer.h"

void ms_key_text(struct lh_jw *w, const char *key, const char *value)
{
	lh_jw_key(w, key);
	lh_jw_text(w, value);
}

void ms_key_str(struct lh_jw *w, const char *key, struct lh_str value)
{
	lh_jw_key(w, key);
	lh_jw_str(w, value);
}

void ms_key_int(struct lh_jw *w, const char *key, int64_t value)
{
	lh_jw_key(w, key);
	lh_jw_int(w, value);
}

static void open_key(struct lh_jw *w, const char *key, char bracket)
{
	lh_jw_key(w, key);
	lh_jw_open(w, bracket);
}

/* ---- what all three share ---- */

const char *ms_finish_word(const struct ms_content *c)
{
	static const char *const chat[] = { "stop", "length", "stop", "content_filter", "tool_calls" };
	static const char *const anthropic[] = { "end_turn", "max_tokens", "refusal", "refusal", "tool_use" };
	int i = c->twist.contradicts ? LH_FINISH_OTHER : (int)c->finish;
	return c->format == MS_ANTHROPIC ? anthropic[i] : chat[i];
}

const char *ms_response_end(const struct ms_content *c)
{
	bool cut = c->finish == LH_FINISH_LENGTH || c->finish == LH_FINISH_FILTER;
	return cut != c->twist.contradicts ? "incomplete" : "completed";
}

static void chat_usage(struct lh_jw *w, const struct ms_content *c)
{
	ms_key_int(w, "prompt_tokens", c->tokens_in);
	ms_key_int(w, "completion_tokens", c->tokens_out);
	ms_key_int(w, "total_tokens", c->tokens_in + c->tokens_out);
	open_key(w, "prompt_tokens_details", '{');
	ms_key_int(w, "cached_tokens", c->tokens_cached);
	lh_jw_close(w);
	open_key(w, "completion_tokens_details", '{');
	ms_key_int(w, "reasoning_tokens", c->tokens_reasoning);
	lh_jw_close(w);
}

static void responses_usage(struct lh_jw *w, const struct ms_content *c)
{
	ms_key_int(w, "input_tokens", c->tokens_in);
	open_key(w, "input_tokens_details", '{');
	ms_key_int(w, "cached_tokens", c->tokens_cached);
	lh_jw_close(w);
	ms_key_int(w, "output_tokens", c->tokens_out);
	open_key(w, "output_tokens_details", '{');
	ms_key_int(w, "reasoning_tokens", c->tokens_reasoning);
	lh_jw_close(w);
	ms_key_int(w, "total_tokens", c->tokens_in + c->tokens_out);
}

/* input_tokens counts what came from no cache. */
static void anthropic_usage(struct lh_jw *w, const struct ms_content *c)
{
	ms_key_int(w, "input_tokens", c->tokens_in - c->tokens_cached);
	ms_key_int(w, "cache_creation_input_tokens", 0);
	ms_key_int(w, "cache_read_input_tokens", c->tokens_cached);
	ms_key_int(w, "output_tokens", c->tokens_out);
	open_key(w, "output_tokens_details", '{');
	ms_key_int(w, "thinking_tokens", c->tokens_reasoning);
	lh_jw_close(w);
}

void ms_put_usage(struct lh_jw *w, const struct ms_content *c)
{
	lh_jw_open(w, '{');
	if (c->format == MS_CHAT)
		chat_usage(w, c);
	else if (c->format == MS_ANTHROPIC)
		anthropic_usage(w, c);
	else
		responses_usage(w, c);
	lh_jw_close(w);
}

/* ---- chat completions ---- */

static void chat_message(struct lh_jw *w, const struct ms_content *c)
{
	bool refused = c->finish == LH_FINISH_REFUSAL;
	lh_jw_open(w, '{');
	ms_key_text(w, "role", "assistant");
	lh_jw_key(w, "content");
	if (refused || c->twist.null_content)
		lh_jw_null(w);
	else
		lh_jw_str(w, c->text);
	lh_jw_key(w, "refusal");
	if (refused)
		lh_jw_str(w, c->text);
	else
		lh_jw_null(w);
	if (c->thoughts.n)
		ms_key_str(w, "reasoning_content", c->thoughts);
	lh_jw_close(w);
}

static void put_chat(struct lh_jw *w, const struct ms_content *c)
{
	lh_jw_open(w, '{');
	ms_key_text(w, "id", c->id);
	ms_key_text(w, "object", "chat.completion");
	ms_key_int(w, "created", MS_CREATED);
	ms_key_str(w, "model", c->model);
	ms_key_text(w, "system_fingerprint", "longhaul_sim");
	open_key(w, "choices", '[');
	if (!c->twist.empty) {
		lh_jw_open(w, '{');
		ms_key_int(w, "index", 0);
		lh_jw_key(w, "message");
		chat_message(w, c);
		ms_key_text(w, "logprobs", NULL);
		ms_key_text(w, "finish_reason", ms_finish_word(c));
		lh_jw_close(w);
	}
	lh_jw_close(w);
}

/* ---- messages ---- */

static void put_anthropic(struct lh_jw *w, const struct ms_content *c)
{
	char sign[17];
	lh_jw_open(w, '{');
	ms_key_text(w, "id", c->id);
	ms_key_text(w, "type", "message");
	ms_key_text(w, "role", "assistant");
	ms_key_str(w, "model", c->model);
	open_key(w, "content", '[');
	if (c->thoughts.n && !c->twist.empty) {
		ms_sign(c->thoughts, sign);
		lh_jw_open(w, '{');
		ms_key_text(w, "type", "thinking");
		ms_key_str(w, "thinking", c->thoughts);
		ms_key_text(w, "signature", sign);
		lh_jw_close(w);
	}
	if (!c->twist.empty) {
		lh_jw_open(w, '{');
		ms_key_text(w, "type", "text");
		lh_jw_key(w, "text");
		if (c->twist.null_content)
			lh_jw_null(w);
		else
			lh_jw_str(w, c->text);
		lh_jw_close(w);
	}
	lh_jw_close(w);
	ms_key_text(w, "stop_reason", ms_finish_word(c));
	ms_key_text(w, "stop_sequence", NULL);
}

/* ---- responses ---- */

void ms_put_reasoning_item(struct lh_jw *w, const struct ms_content *c, bool done)
{
	struct lh_buf sealed;
	lh_buf_init(&sealed, 2 * c->thoughts.n + 64);
	ms_seal(&sealed, c->thoughts);
	lh_jw_open(w, '{');
	ms_key_text(w, "type", "reasoning");
	ms_key_text(w, "id", "rs_0");
	open_key(w, "summary", '[');
	if (done) {
		lh_jw_open(w, '{');
		ms_key_text(w, "type", "summary_text");
		ms_key_str(w, "text", c->thoughts);
		lh_jw_close(w);
	}
	lh_jw_close(w);
	ms_key_str(w, "encrypted_content", done ? lh_buf_str(&sealed) : LH_STR(""));
	lh_jw_close(w);
	lh_buf_fini(&sealed);
}

void ms_put_message_item(struct lh_jw *w, const struct ms_content *c, bool done)
{
	bool refused = c->finish == LH_FINISH_REFUSAL;
	lh_jw_open(w, '{');
	ms_key_text(w, "type", "message");
	ms_key_text(w, "id", "msg_0");
	ms_key_text(w, "status", done ? "completed" : "in_progress");
	ms_key_text(w, "role", "assistant");
	open_key(w, "content", '[');
	if (done) {
		lh_jw_open(w, '{');
		ms_key_text(w, "type", refused ? "refusal" : "output_text");
		lh_jw_key(w, refused ? "refusal" : "text");
		if (c->twist.null_content)
			lh_jw_null(w);
		else
			lh_jw_str(w, c->text);
		if (!refused) {
			open_key(w, "annotations", '[');
			lh_jw_close(w);
		}
		lh_jw_close(w);
	}
	lh_jw_close(w);
	lh_jw_close(w);
}

static void why_incomplete(struct lh_jw *w, const struct ms_content *c)
{
	lh_jw_key(w, "incomplete_details");
	if (c->finish != LH_FINISH_LENGTH && c->finish != LH_FINISH_FILTER) {
		lh_jw_null(w);
		return;
	}
	lh_jw_open(w, '{');
	ms_key_text(w, "reason", c->finish == LH_FINISH_LENGTH ? "max_output_tokens" : "content_filter");
	lh_jw_close(w);
}

void ms_put_response(struct lh_jw *w, const struct ms_content *c, bool done)
{
	lh_jw_open(w, '{');
	ms_key_text(w, "id", c->id);
	ms_key_text(w, "object", "response");
	ms_key_int(w, "created_at", MS_CREATED);
	ms_key_text(w, "status", done ? ms_response_end(c) : "in_progress");
	ms_key_text(w, "error", NULL);
	if (done)
		why_incomplete(w, c);
	ms_key_str(w, "model", c->model);
	open_key(w, "output", '[');
	if (done && c->thoughts.n && !c->twist.empty)
		ms_put_reasoning_item(w, c, true);
	if (done && !c->twist.empty)
		ms_put_message_item(w, c, true);
	lh_jw_close(w);
	lh_jw_key(w, "usage");
	if (done && !c->twist.no_usage)
		ms_put_usage(w, c);
	else
		lh_jw_null(w);
	lh_jw_close(w);
}

/* ---- whole ---- */

void ms_put_whole(struct lh_buf *b, const struct ms_content *c)
{
	struct lh_jw w;
	lh_jw_init(&w, b, false);
	if (c->format == MS_RESPONSES) {
		ms_put_response(&w, c, true);
		return;
	}
	if (c->format == MS_CHAT)
		put_chat(&w, c);
	else
		put_anthropic(&w, c);
	if (!c->twist.no_usage) {
		lh_jw_key(&w, "usage");
		ms_put_usage(&w, c);
	}
	lh_jw_close(&w);
}

void ms_put_error(struct lh_buf *b, enum ms_format format, const struct ms_trouble *t)
{
	struct lh_jw w;
	lh_jw_init(&w, b, false);
	lh_jw_open(&w, '{');
	if (format == MS_ANTHROPIC)
		ms_key_text(&w, "type", "error");
	open_key(&w, "error", '{');
	ms_key_text(&w, "type", t->type);
	ms_key_str(&w, "message", t->message);
	if (format != MS_ANTHROPIC) {
		ms_key_text(&w, "param", NULL);
		ms_key_text(&w, "code", t->code);
	}
	lh_jw_close(&w);
	if (format == MS_ANTHROPIC)
		ms_key_text(&w, "request_id", "req_longhaul");
	lh_jw_close(&w);
}
