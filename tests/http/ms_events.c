/* Replies as server-sent events. Texts come in pieces of odd lengths, cut between characters: JSON can
 * hold no half of one. Where bytes are cut apart, characters or not, is the chunks' affair (ms_reply.c). */
#include "ms_answer.h"

#include "base/random.h"
#include "json/writer.h"

#include <stdio.h>

#define PIECE_MOST 24

/* A text that is given away piece by piece. */
struct pieces { struct lh_str left; struct lh_random luck; size_t most; };

static struct pieces pieces_of(struct lh_str s)
{
	size_t most = s.n / 60 > PIECE_MOST ? s.n / 60 : PIECE_MOST;
	return (struct pieces){ s, lh_random_stream(s.n, 0, 0, LH_FOR_CHECK, 0), most };
}

static bool inside(char c) { return ((unsigned char)c & 0xC0) == 0x80; }

static bool next_piece(struct pieces *p, struct lh_str *out)
{
	if (!p->left.n)
		return false;
	size_t n = 1 + (size_t)lh_random_below(&p->luck, p->most);
	n = n < p->left.n ? n : p->left.n;
	while (n < p->left.n && inside(p->left.p[n]))
		n++;
	*out = (struct lh_str){ p->left.p, n };
	p->left.p += n;
	p->left.n -= n;
	return true;
}

/* name NULL: an event without one. */
static void begin(struct lh_jw *w, struct lh_buf *b, const char *name)
{
	if (name) {
		lh_buf_puts(b, "event: ");
		lh_buf_puts(b, name);
		lh_buf_putc(b, '\n');
	}
	lh_buf_puts(b, "data: ");
	lh_jw_init(w, b, false);
	lh_jw_open(w, '{');
}

static void end(struct lh_jw *w, struct lh_buf *b)
{
	lh_jw_close(w);
	lh_buf_puts(b, "\n\n");
}

static void open_key(struct lh_jw *w, const char *key, char bracket)
{
	lh_jw_key(w, key);
	lh_jw_open(w, bracket);
}

static void put_break(struct lh_buf *b, enum ms_format format)
{
	struct ms_trouble t = { 500, format == MS_ANTHROPIC ? "overloaded_error" : "server_error", "server_error", LH_STR("the server broke off") };
	if (format != MS_CHAT)
		lh_buf_puts(b, "event: error\n");
	lh_buf_puts(b, "data: ");
	if (format == MS_RESPONSES)
		lh_buf_puts(b, "{\"type\":\"error\",\"code\":\"server_error\",\"message\":\"the server broke off\",\"param\":null}");
	else
		ms_put_error(b, format, &t);
	lh_buf_puts(b, "\n\n");
}

/* ---- chat completions ---- */

static void chat_begin(struct lh_jw *w, struct lh_buf *b, const struct ms_content *c)
{
	begin(w, b, NULL);
	ms_key_text(w, "id", c->id);
	ms_key_text(w, "object", "chat.completion.chunk");
	ms_key_int(w, "created", MS_CREATED);
	ms_key_str(w, "model", c->model);
	open_key(w, "choices", '[');
}

/* One choice with one member in its delta, or (key NULL) with the finish reason. */
static void chat_delta(struct lh_buf *b, const struct ms_content *c, const char *key, struct lh_str value)
{
	struct lh_jw w;
	chat_begin(&w, b, c);
	lh_jw_open(&w, '{');
	ms_key_int(&w, "index", 0);
	open_key(&w, "delta", '{');
	if (key)
		ms_key_str(&w, key, value);
	lh_jw_close(&w);
	ms_key_text(&w, "finish_reason", key ? NULL : ms_finish_word(c));
	lh_jw_close(&w);
	lh_jw_close(&w);
	end(&w, b);
}

static void chat_events(struct lh_buf *b, const struct ms_content *c)
{
	struct lh_jw w;
	struct pieces thoughts = pieces_of(c->thoughts), text = pieces_of(c->text);
	struct lh_str piece;
	lh_buf_puts(b, ": a comment, which means nothing\n\n");
	if (!c->twist.empty) {
		chat_delta(b, c, "role", LH_STR("assistant"));
		while (next_piece(&thoughts, &piece))
			chat_delta(b, c, "reasoning_content", piece);
		while (!c->twist.null_content && next_piece(&text, &piece))
			chat_delta(b, c, c->finish == LH_FINISH_REFUSAL ? "refusal" : "content", piece);
	}
	if (c->twist.breaks)
		put_break(b, c->format);
	if (c->twist.breaks || c->twist.no_end)
		return;
	if (!c->twist.empty)
		chat_delta(b, c, NULL, LH_STR(""));
	if (!c->twist.no_usage) {
		chat_begin(&w, b, c);
		lh_jw_close(&w);
		lh_jw_key(&w, "usage");
		ms_put_usage(&w, c);
		end(&w, b);
	}
	lh_buf_puts(b, "data: [DONE]\n\n");
}

/* ---- messages ---- */

static void anthropic_start(struct lh_buf *b, const struct ms_content *c)
{
	struct lh_jw w;
	struct ms_content before = *c;
	before.tokens_out = before.tokens_reasoning = 0;
	begin(&w, b, "message_start");
	ms_key_text(&w, "type", "message_start");
	open_key(&w, "message", '{');
	ms_key_text(&w, "id", c->id);
	ms_key_text(&w, "type", "message");
	ms_key_text(&w, "role", "assistant");
	ms_key_str(&w, "model", c->model);
	open_key(&w, "content", '[');
	lh_jw_close(&w);
	ms_key_text(&w, "stop_reason", NULL);
	ms_key_text(&w, "stop_sequence", NULL);
	if (!c->twist.no_usage) {
		lh_jw_key(&w, "usage");
		ms_put_usage(&w, &before);
	}
	lh_jw_close(&w);
	end(&w, b);
	lh_buf_puts(b, "event: ping\ndata: {\"type\": \"ping\"}\n\n");
}

static void anthropic_delta(struct lh_buf *b, int index, const char *type, const char *key, struct lh_str value)
{
	struct lh_jw w;
	begin(&w, b, "content_block_delta");
	ms_key_text(&w, "type", "content_block_delta");
	ms_key_int(&w, "index", index);
	open_key(&w, "delta", '{');
	ms_key_text(&w, "type", type);
	ms_key_str(&w, key, value);
	lh_jw_close(&w);
	end(&w, b);
}

static void anthropic_block(struct lh_buf *b, int index, bool thinks)
{
	struct lh_jw w;
	begin(&w, b, "content_block_start");
	ms_key_text(&w, "type", "content_block_start");
	ms_key_int(&w, "index", index);
	open_key(&w, "content_block", '{');
	ms_key_text(&w, "type", thinks ? "thinking" : "text");
	ms_key_text(&w, thinks ? "thinking" : "text", "");
	if (thinks)
		ms_key_text(&w, "signature", "");
	lh_jw_close(&w);
	end(&w, b);
}

static void anthropic_stop(struct lh_buf *b, int index)
{
	lh_buf_printf(b, "event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":%d}\n\n", index);
}

static void anthropic_end(struct lh_buf *b, const struct ms_content *c)
{
	struct lh_jw w;
	begin(&w, b, "message_delta");
	ms_key_text(&w, "type", "message_delta");
	open_key(&w, "delta", '{');
	ms_key_text(&w, "stop_reason", ms_finish_word(c));
	ms_key_text(&w, "stop_sequence", NULL);
	lh_jw_close(&w);
	if (!c->twist.no_usage) {
		lh_jw_key(&w, "usage");
		ms_put_usage(&w, c);
	}
	end(&w, b);
	lh_buf_puts(b, "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n");
}

static void anthropic_blocks(struct lh_buf *b, const struct ms_content *c)
{
	struct pieces thoughts = pieces_of(c->thoughts), text = pieces_of(c->text);
	struct lh_str piece;
	char sign[17];
	int index = 0;
	if (c->thoughts.n) {
		anthropic_block(b, index, true);
		while (next_piece(&thoughts, &piece))
			anthropic_delta(b, index, "thinking_delta", "thinking", piece);
		ms_sign(c->thoughts, sign);
		anthropic_delta(b, index, "signature_delta", "signature", lh_str_of(sign));
		anthropic_stop(b, index++);
	}
	anthropic_block(b, index, false);
	while (!c->twist.null_content && next_piece(&text, &piece))
		anthropic_delta(b, index, "text_delta", "text", piece);
	if (!c->twist.breaks)
		anthropic_stop(b, index);
}

static void anthropic_events(struct lh_buf *b, const struct ms_content *c)
{
	anthropic_start(b, c);
	if (!c->twist.empty)
		anthropic_blocks(b, c);
	if (c->twist.breaks)
		put_break(b, c->format);
	else if (!c->twist.no_end)
		anthropic_end(b, c);
}

/* ---- responses ---- */

struct responses { struct lh_buf *b; const struct ms_content *c; int sequence; };

static void respond(struct responses *r, struct lh_jw *w, const char *type)
{
	begin(w, r->b, type);
	ms_key_text(w, "type", type);
	ms_key_int(w, "sequence_number", r->sequence++);
}

static void respond_whole(struct responses *r, const char *type, bool done)
{
	struct lh_jw w;
	respond(r, &w, type);
	lh_jw_key(&w, "response");
	ms_put_response(&w, r->c, done);
	end(&w, r->b);
}

static void respond_item(struct responses *r, int index, bool reasoning, bool done)
{
	struct lh_jw w;
	respond(r, &w, done ? "response.output_item.done" : "response.output_item.added");
	ms_key_int(&w, "output_index", index);
	lh_jw_key(&w, "item");
	(reasoning ? ms_put_reasoning_item : ms_put_message_item)(&w, r->c, done);
	end(&w, r->b);
}

static void respond_text(struct responses *r, int index, const char *type, const char *key, struct lh_str value)
{
	struct lh_jw w;
	bool reasoning = index == 0 && r->c->thoughts.n;         /* the message's item comes behind it */
	respond(r, &w, type);
	ms_key_text(&w, "item_id", reasoning ? "rs_0" : "msg_0");
	ms_key_int(&w, "output_index", index);
	ms_key_int(&w, reasoning ? "summary_index" : "content_index", 0);
	ms_key_str(&w, key, value);
	end(&w, r->b);
}

static void respond_items(struct responses *r)
{
	const struct ms_content *c = r->c;
	struct pieces thoughts = pieces_of(c->thoughts), text = pieces_of(c->text);
	struct lh_str piece;
	bool refused = c->finish == LH_FINISH_REFUSAL;
	int index = 0;
	if (c->thoughts.n) {
		respond_item(r, index, true, false);
		while (next_piece(&thoughts, &piece))
			respond_text(r, index, "response.reasoning_summary_text.delta", "delta", piece);
		respond_text(r, index, "response.reasoning_summary_text.done", "text", c->thoughts);
		respond_item(r, index++, true, true);
	}
	respond_item(r, index, false, false);
	while (!c->twist.null_content && next_piece(&text, &piece))
		respond_text(r, index, refused ? "response.refusal.delta" : "response.output_text.delta", "delta", piece);
	if (c->twist.breaks)
		return;
	if (!c->twist.null_content)
		respond_text(r, index, refused ? "response.refusal.done" : "response.output_text.done", refused ? "refusal" : "text", c->text);
	respond_item(r, index, false, true);
}

static void responses_events(struct lh_buf *b, const struct ms_content *c)
{
	struct responses r = { b, c, 0 };
	char type[40];
	respond_whole(&r, "response.created", false);
	respond_whole(&r, "response.in_progress", false);
	if (!c->twist.empty)
		respond_items(&r);
	if (c->twist.breaks)
		put_break(b, c->format);
	if (c->twist.breaks || c->twist.no_end)
		return;
	snprintf(type, sizeof type, "response.%s", ms_response_end(c));
	respond_whole(&r, type, true);
}

void ms_put_events(struct lh_buf *b, const struct ms_content *c)
{
	if (c->format == MS_CHAT)
		chat_events(b, c);
	else if (c->format == MS_ANTHROPIC)
		anthropic_events(b, c);
	else
		responses_events(b, c);
}
