#include "model/decide.h"

#include "base/utf8.h"

#include <string.h>
#include <strings.h>

#define WORDS_MOST 300                   /* bytes of a server's words that are kept */
#define LOOKED_AT 65536                  /* bytes of a body that are searched */

/* ---- words ---- */

static const char *const overflow_words[] = {
	"context_length_exceeded", "maximum context length", "prompt is too long", "input is too long", "exceeds the available context size",
	"exceed_context_size_error", "too many tokens", "input token count", "model_context_window_exceeded", "reduce the length of the messages",
	/* further servers' wordings: xAI, SGLang, Anthropic, DashScope, LM Studio, TGI, vLLM */
	"maximum prompt length", "longer than the model's context length", "exceed context limit", "range of input length should be",
	"context the overflows", "context length of only", "context length is only", "max_new_tokens` must be <=", "context window exceeds",
	"exceeds the context window", "context window", "context length", NULL };
/* A limit of tokens a minute is worded alike, and is no overflow. */
static const char *const rate_words[] = { "rate limit", "rate_limit", "ratelimit", "per minute", "per min)", "(tpm)", "tokens per min", "requests per",
	"too many requests", "please wait", "throttl", "per day", NULL };
static const char *const quota_words[] = { "insufficient_quota", "exceeded your current quota", "billing_hard_limit", "billing_error", "billing hard limit",
	"credit balance is too low", "insufficient balance", "insufficient credit", "insufficient funds", "insufficient_funds", "spend limit", "spending limit", "spend_limit",
	"out of credits", "credits exhausted", "payment required", "payment_required", "api usage limits", "arrearage", "more credits", NULL };
/* Gemini words its limits a minute as an exceeded quota. */
static const char *const passing_words[] = { "retrydelay", "perminute", "per minute", "please retry in", NULL };
static const char *const filter_words[] = { "content_filter", "responsibleaipolicyviolation", "content management policy", "data_inspection_failed",
	"content_policy_violation", "invalid_prompt", "moderation", NULL };
static const char *const key_words[] = { "invalid_api_key", "incorrect api key", "invalid api key", "api key not valid", "api_key_invalid", "api key not found",
	"authentication_error", NULL };
static const char *const model_words[] = { "model_not_found", "model not found", "invalid model", "is not a valid model", "not_found_error", "no such model", NULL };

static bool holds(struct lh_str s, const char *word)
{
	size_t n = strlen(word);
	int first = word[0], other = first >= 'a' && first <= 'z' ? first - 32 : first;
	for (size_t i = 0; i + n <= s.n; i++)
		if ((s.p[i] == first || s.p[i] == other) && !strncasecmp(s.p + i, word, n))
			return true;
	return false;
}

static bool says(struct lh_str s, const char *const *words)
{
	if (s.n > LOOKED_AT)
		s.n = LOOKED_AT;
	for (int i = 0; words[i]; i++)
		if (holds(s, words[i]))
			return true;
	return false;
}

void lh_put_cut(struct lh_buf *b, struct lh_str s, size_t most)
{
	struct lh_buf shown;
	lh_buf_init(&shown, 1 << 20);
	if (s.n > 4 * most)
		s.n = 4 * most;
	lh_put_shown(&shown, lh_str_trim(s), false);
	size_t n = shown.n;
	if (n > most) {
		n = most > 3 ? most - 3 : most;
		while (n && ((unsigned char)shown.p[n] & 0xC0) == 0x80)
			n--;
	}
	lh_buf_put(b, shown.p, n);
	if (n < shown.n && most > 3)
		lh_buf_puts(b, "...");
	lh_buf_fini(&shown);
}

/* ---- the server's message ---- */

/* The many places where servers put one sentence. */
static struct lh_str message_of(const struct lh_json *j)
{
	static const char *const names[] = { "message", "error", "detail", "msg", "error_msg", "errors", "title", NULL };
	for (int depth = 0; depth < 4 && j; depth++) {
		if (lh_json_type(j) == LH_JSON_STRING)
			return lh_json_str(j);
		const struct lh_json *next = lh_json_type(j) == LH_JSON_ARRAY ? lh_json_first(j) : NULL;
		const struct lh_json *error = lh_json_get(j, "error");
		if (lh_json_type(error) == LH_JSON_OBJECT)
			next = error;
		for (int i = 0; names[i] && !next; i++) {
			const struct lh_json *v = lh_json_get(j, names[i]);
			enum lh_json_type t = lh_json_type(v);
			if (t == LH_JSON_OBJECT || t == LH_JSON_ARRAY || (t == LH_JSON_STRING && lh_json_str(v).n))
				next = v;
		}
		j = next;
	}
	return LH_STR("");
}

static void put_words(struct lh_buf *b, const struct lh_failure *f)
{
	struct lh_str words = message_of(f->json);
	lh_buf_printf(b, "HTTP %d: ", f->status);
	if (!words.n && !f->json)
		words = f->body;
	if (!lh_str_trim(words).n)
		lh_buf_puts(b, f->body.n ? "an error without a message" : "nothing but the status");
	else
		lh_put_cut(b, words, WORDS_MOST);
}

bool lh_says_error(const struct lh_json *j)
{
	const struct lh_json *e = lh_json_get(j, "error");
	switch (lh_json_type(e)) {
	case LH_JSON_OBJECT: return lh_json_size(e) > 0;
	case LH_JSON_STRING: return lh_json_str(e).n > 0;
	default: break;
	}
	return lh_str_is(lh_json_str(lh_json_get(j, "type")), "error") || lh_str_is(lh_json_str(lh_json_get(j, "object")), "error");
}

/* ---- an error within a good status ---- */

static int status_of_type(struct lh_str type)
{
	static const struct { const char *type; int status; } known[] = {
		{ "invalid_request_error", 400 }, { "BadRequestError", 400 }, { "authentication_error", 401 }, { "invalid_api_key", 401 }, { "billing_error", 402 },
		{ "permission_error", 403 }, { "not_found_error", 404 }, { "NotFoundError", 404 }, { "model_not_found", 404 }, { "timeout_error", 504 },
		{ "request_too_large", 413 }, { "rate_limit_error", 429 }, { "rate_limit_exceeded", 429 }, { "insufficient_quota", 429 },
		{ "overloaded_error", 529 }, { "exceed_context_size_error", 400 }, { "context_length_exceeded", 400 }, { "invalid_prompt", 400 } };
	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (lh_str_is(type, known[i].type))
			return known[i].status;
	return 0;
}

/* The status that the error would have had, had it come before the reply began; one we cannot tell is the server's. */
static int real_status(const struct lh_failure *f)
{
	static const char *const names[] = { "code", "status", "type" };
	if (f->status < 200 || f->status > 299)
		return f->status;
	const struct lh_json *e = lh_json_get(f->json, "error");
	if (lh_json_type(e) != LH_JSON_OBJECT)
		e = f->json;
	for (int i = 0; i < 3; i++) {
		const struct lh_json *v = lh_json_get(e, names[i]);
		int64_t code;
		if ((lh_json_int(v, &code) || lh_str_to_int(lh_json_str(v), &code)) && code >= 400 && code < 600)
			return (int)code;
		if (status_of_type(lh_json_str(v)))
			return status_of_type(lh_json_str(v));
	}
	return 500;
}

/* ---- verdicts ---- */

static enum lh_verdict bad_key(const struct lh_failure *f, struct lh_reply *r)
{
	if (f->key)
		lh_buf_printf(&r->error_text, " (the key comes from %s: is it the right one for %s?)", f->key, f->url);
	else
		lh_buf_printf(&r->error_text, " (no key is sent to %s: give key_env or key_file)", f->url);
	return LH_VERDICT_STOP;
}

static enum lh_verdict stop(struct lh_reply *r, const char *advice)
{
	lh_buf_printf(&r->error_text, " (%s)", advice);
	return LH_VERDICT_STOP;
}

/* A request that was turned away costs nothing. */
static enum lh_verdict turned_away(const struct lh_failure *f, struct lh_reply *r)
{
	r->tokens_in = f->tokens_in_guess;
	r->priced = true;
	return LH_VERDICT_REPLY;
}

static enum lh_verdict overflow(const struct lh_failure *f, struct lh_reply *r)
{
	r->error = LH_E_OVERFLOW;
	return turned_away(f, r);
}

/* The provider would not let the prompt through: the turn's outcome, as a filtered reply is. */
static enum lh_verdict filtered(const struct lh_failure *f, struct lh_reply *r)
{
	r->finish = LH_FINISH_FILTER;
	return turned_away(f, r);
}

bool lh_says_limited(struct lh_str s) { return says(s, rate_words); }
bool lh_says_too_long(struct lh_str s) { return says(s, overflow_words) && !says(s, rate_words); }

static bool too_long(const struct lh_failure *f, int status)
{
	bool may = status == 400 || status == 413 || status == 422 || status == 500;
	return may && lh_says_too_long(f->body);
}

static bool no_money(const struct lh_failure *f, int status)
{
	bool may = status == 400 || status == 402 || status == 403 || status == 429 || status == 500;
	return may && says(f->body, quota_words) && !says(f->body, passing_words);
}

static enum lh_verdict by_request(const struct lh_failure *f, int status, struct lh_reply *r)
{
	if (status == 401 || says(f->body, key_words))
		return bad_key(f, r);
	if (status == 403)
		return stop(r, "this key may not do this");
	if (status != 404 && status != 405 && !says(f->body, model_words))
		return LH_VERDICT_REFUSED;
	lh_buf_printf(&r->error_text, " (are the model's name \"%s\" and the address %s right?)", f->model, f->url);
	return LH_VERDICT_STOP;
}

static enum lh_verdict by_status(const struct lh_failure *f, int status, struct lh_reply *r)
{
	if (status == 402)
		return stop(r, "the account behind this key cannot pay");
	if (status < 400)
		return stop(r, "redirects are not followed: is base_url right?");
	bool again = status == 408 || status == 409 || status == 425 || status == 429 || (status >= 500 && status != 501 && status != 505);
	if (f->should_retry == 1)
		again = true;
	if (f->should_retry == 0 && again)
		return LH_VERDICT_REFUSED;
	if (again)
		return status == 429 ? LH_VERDICT_LIMITED : LH_VERDICT_RETRY;
	return status >= 500 ? LH_VERDICT_REFUSED : by_request(f, status, r);
}

enum lh_verdict lh_decide_error(const struct lh_failure *f, struct lh_reply *reply)
{
	int status = real_status(f);
	put_words(&reply->error_text, f);
	if (too_long(f, status))
		return overflow(f, reply);
	if ((status == 400 || status == 403) && says(f->body, filter_words))
		return filtered(f, reply);
	if (no_money(f, status))
		return stop(reply, "no money or quota is left on this account");
	return by_status(f, status, reply);
}

/* The experiment's own limit of time for a reply: the model's matter, as its limit of output is. It was asked, and it was
 * not done in time; to censor it would leave the slow ones out of the statistics. */
static enum lh_verdict out_of_time(int64_t tokens_in_guess, struct lh_reply *reply)
{
	reply->finish = LH_FINISH_LENGTH;
	reply->tokens_in = tokens_in_guess;
	return LH_VERDICT_REPLY;
}

enum lh_verdict lh_decide_fault(const struct lh_exchange *x, int64_t tokens_in_guess, struct lh_reply *reply)
{
	if (x->fault == LH_FAULT_TIMEOUT)
		return out_of_time(tokens_in_guess, reply);
	lh_buf_puts(&reply->error_text, lh_fault_word(x->fault));
	if (x->status)
		lh_buf_printf(&reply->error_text, " after HTTP %d", x->status);
	if (x->fault_text[0]) {
		lh_buf_puts(&reply->error_text, ": ");
		lh_put_cut(&reply->error_text, lh_str_of(x->fault_text), WORDS_MOST);
	}
	if (x->fault == LH_FAULT_TLS)
		return stop(reply, "the server's certificate or the TLS handshake was refused; a CA file of your own is named in CURL_CA_BUNDLE");
	if (lh_fault_again(x->fault))
		return LH_VERDICT_RETRY;
	return LH_VERDICT_REFUSED;
}

enum lh_verdict lh_decide_broken(struct lh_reply *reply, int status, const char *what)
{
	lh_buf_printf(&reply->error_text, "HTTP %d: ", status);
	lh_put_cut(&reply->error_text, lh_str_of(what), WORDS_MOST);
	return LH_VERDICT_RETRY;
}
