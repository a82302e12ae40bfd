/* What an agent's answer means. Whatever it wrote: it is checked, bounded, and made safe to show. */
#include "model/process.h"

#include "base/utf8.h"
#include "json/reader.h"
#include "model/decide.h"
#include "model/wire.h"

#include <stdio.h>
#include <string.h>

#define WORDS_MOST 300                   /* bytes of an agent's words about an error that are kept */
#define COUNT_MOST 1000000000000         /* tokens; more is no count */

/* JSON-RPC 2.0, 5.1 */
#define RPC_INTERNAL (-32603)
#define RPC_SERVER_FIRST (-32099)
#define RPC_SERVER_LAST (-32000)

/* ---- errors ---- */

static enum lh_verdict broken(struct lh_reply *r, const char *what)
{
	lh_buf_printf(&r->error_text, "the agent answered with %s", what);
	return LH_VERDICT_RETRY;
}

static enum lh_verdict by_code(int64_t code, struct lh_str words)
{
	if (lh_says_limited(words))
		return LH_VERDICT_LIMITED;
	if (code == RPC_INTERNAL || (code >= RPC_SERVER_FIRST && code <= RPC_SERVER_LAST))
		return LH_VERDICT_RETRY;
	return LH_VERDICT_REFUSED;
}

static enum lh_verdict read_error(const struct lh_json *error, struct lh_str body, int64_t tokens_in_guess, struct lh_reply *r)
{
	int64_t code = 0;
	if (lh_json_type(error) != LH_JSON_OBJECT)
		return broken(r, "an error that is no object");
	bool numbered = lh_json_int(lh_json_get(error, "code"), &code);
	struct lh_str message = lh_json_str(lh_json_get(error, "message"));
	if (numbered)
		lh_buf_printf(&r->error_text, "the agent's error %lld: ", (long long)code);
	else
		lh_buf_puts(&r->error_text, "the agent's error: ");
	lh_put_cut(&r->error_text, lh_str_trim(message).n ? message : LH_STR("without a message"), WORDS_MOST);
	if (!lh_says_too_long(body))
		return by_code(code, body);
	r->error = LH_E_OVERFLOW;
	r->tokens_in = tokens_in_guess;
	r->priced = true;                        /* what was turned away costs nothing */
	return LH_VERDICT_REPLY;
}

static enum lh_verdict read_fault(const struct lh_exchange *x, int64_t tokens_in_guess, struct lh_reply *r)
{
	if (x->fault == LH_FAULT_TIMEOUT) {      /* the experiment's own limit: the agent was asked, and was not done in time */
		r->finish = LH_FINISH_LENGTH;
		r->tokens_in = tokens_in_guess;
		return LH_VERDICT_REPLY;
	}
	lh_buf_puts(&r->error_text, lh_fault_word(x->fault));
	if (x->fault_text[0]) {
		lh_buf_puts(&r->error_text, ": ");
		lh_put_cut(&r->error_text, lh_str_of(x->fault_text), WORDS_MOST);
	}
	if (x->fault == LH_FAULT_START)
		return LH_VERDICT_STOP;
	return lh_fault_again(x->fault) && x->should_retry != 0 ? LH_VERDICT_RETRY : LH_VERDICT_REFUSED;
}

/* ---- an answer ---- */

/* A list of {"type": "text", "text": …}; other parts are not the reply's words. */
static void put_content(struct lh_buf *b, const struct lh_json *content)
{
	for (const struct lh_json *v = lh_json_type(content) == LH_JSON_ARRAY ? lh_json_first(content) : NULL; v; v = lh_json_next(v))
		if (lh_str_is(lh_json_str(lh_json_get(v, "type")), "text"))
			lh_buf_put_str(b, lh_json_str(lh_json_get(v, "text")));
}

/* A plain loop puts its words in the result; an agent of the protocol sends them before it. */
static void read_texts(const struct lh_json *j, const struct lh_json *result, struct lh_reply *r)
{
	lh_buf_put_str(&r->text, lh_json_str(lh_json_get(result, "text")));
	if (!r->text.n)
		put_content(&r->text, lh_json_get(result, "content"));
	if (!r->text.n)
		lh_buf_put_str(&r->text, lh_json_str(lh_json_get(j, "text")));
	lh_buf_put_str(&r->thoughts, lh_json_str(lh_json_get(result, "thoughts")));
	if (!r->thoughts.n)
		lh_buf_put_str(&r->thoughts, lh_json_str(lh_json_get(j, "thoughts")));
}

/* The first of the names that holds a count. */
static bool count(const struct lh_json *usage, const char *const *names, int64_t *out)
{
	for (; *names; names++) {
		int64_t v;
		if (lh_json_int(lh_json_get(usage, *names), &v) && v >= 0 && v <= COUNT_MOST) {
			*out = v;
			return true;
		}
	}
	return false;
}

static void read_usage(const struct lh_json *result, const struct lh_prices *prices, int64_t tokens_in_guess, struct lh_reply *r)
{
	static const char *const in[] = { "input_tokens", "inputTokens", "prompt_tokens", NULL }, *const out[] = { "output_tokens", "outputTokens", "completion_tokens", NULL };
	static const char *const cached[] = { "cached_tokens", "cachedTokens", "cachedReadTokens", NULL };
	static const char *const thoughts[] = { "reasoning_tokens", "reasoningTokens", "thoughtTokens", NULL };
	const struct lh_json *usage = lh_json_get(result, "usage");
	if (!usage)
		usage = lh_json_get(lh_json_get(result, "_meta"), "usage");
	r->counted = count(usage, in, &r->tokens_in) && count(usage, out, &r->tokens_out);
	count(usage, cached, &r->tokens_cached);
	count(usage, thoughts, &r->tokens_reasoning);
	lh_wire_reckon(r, prices, tokens_in_guess);
}

static void read_served(const struct lh_json *result, struct lh_reply *r)
{
	struct lh_buf b;
	lh_buf_init(&b, 1 << 12);
	lh_put_cut(&b, lh_json_str(lh_json_get(result, "model")), sizeof r->served_by - 1);
	snprintf(r->served_by, sizeof r->served_by, "%.*s", LH_ARG(lh_buf_str(&b)));
	lh_buf_fini(&b);
}

/* false: the agent stopped because it was told to. */
static bool read_stop(const struct lh_json *result, struct lh_reply *r)
{
	static const struct { const char *word; enum lh_finish finish; } reasons[] = {
		{ "end_turn", LH_FINISH_STOP }, { "stop", LH_FINISH_STOP }, { "", LH_FINISH_STOP },
		{ "max_tokens", LH_FINISH_LENGTH }, { "length", LH_FINISH_LENGTH }, { "refusal", LH_FINISH_REFUSAL } };
	struct lh_str why = lh_json_str(lh_json_get(result, "stopReason"));
	r->finish = LH_FINISH_OTHER;
	for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++)
		if (lh_str_is(why, reasons[i].word))
			r->finish = reasons[i].finish;
	return !lh_str_is(why, "cancelled");
}

static enum lh_verdict read_result(const struct lh_model *m, const struct lh_json *j, int64_t tokens_in_guess, struct lh_reply *r)
{
	const struct lh_json *result = lh_json_get(j, "result");
	if (lh_json_type(result) != LH_JSON_OBJECT)
		return broken(r, "a result that is no object");
	if (!read_stop(result, r)) {
		lh_buf_puts(&r->error_text, "the agent cancelled the turn");
		return LH_VERDICT_REFUSED;
	}
	read_texts(j, result, r);
	if (r->text.failed || r->thoughts.failed) {
		lh_buf_puts(&r->error_text, "the reply is too large to be kept");
		return LH_VERDICT_REFUSED;
	}
	read_usage(result, &m->prices, tokens_in_guess, r);
	read_served(result, r);
	return LH_VERDICT_REPLY;
}

enum lh_verdict lh_process_decode(struct lh_model *m, const struct lh_exchange *x, const struct lh_asked *asked, struct lh_reply *r)
{
	struct lh_error err = { 0 };
	struct lh_json *j;
	if (x->fault != LH_FAULT_NONE)
		return read_fault(x, asked->tokens_in_guess, r);
	if (lh_json_parse(x->body, "answer", 1, &j, &err))
		return broken(r, "what is not JSON");
	const struct lh_json *error = lh_json_get(j, "error");
	enum lh_verdict v = error ? read_error(error, x->body, asked->tokens_in_guess, r) : read_result(m, j, asked->tokens_in_guess, r);
	lh_json_free(j);
	if (v != LH_VERDICT_REPLY) {             /* half a reply is none */
		lh_buf_clear(&r->text);
		lh_buf_clear(&r->thoughts);
	}
	return v;
}
