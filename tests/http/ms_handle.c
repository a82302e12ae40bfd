#include "ms_handle.h"

#include "base/hash.h"

#include <stdio.h>
#include <string.h>

#define HUGE_BYTES (5u << 20)
#define FIXED_STREAM 3               /* of the fixed answers; those before it are by format */

/* One request on its way. */
struct job {
	struct ms_desk *desk;
	const struct ms_request *q;
	struct ms_ask ask;
	bool asked;                      /* the body could be read */
	enum ms_fault fault;
	uint32_t nth;
	struct ms_reply *reply;
};

/* ---- answers without a model ---- */

static void put_entity(struct job *j, struct ms_head h)
{
	h.id = j->desk->count.requests;
	ms_put_reply(j->reply, &h, lh_buf_str(&j->desk->entity));
}

static void note(struct job *j, int status)
{
	char text[64];
	struct ms_count *c = &j->desk->count;
	if (c->log < 0)
		return;
	snprintf(text, sizeof text, "%d", status);
	ms_count_log(c, j->q->method, j->q->path, j->asked ? &j->ask : NULL, j->nth, j->fault ? ms_fault_word(j->fault) : text);
}

static void trouble(struct job *j, const struct ms_trouble *t, const char *more)
{
	lh_buf_clear(&j->desk->entity);
	ms_put_error(&j->desk->entity, j->ask.format, t);
	note(j, t->status);
	put_entity(j, (struct ms_head){ .status = t->status, .type = "application/json", .more = more });
}

static void refuse(struct job *j, int status, struct lh_str why)
{
	j->desk->count.wrong++;
	trouble(j, &(struct ms_trouble){ status, status == 404 ? "not_found_error" : "invalid_request_error", NULL, why }, NULL);
}

/* ---- faults in place of an answer ---- */

static const char *error_type(int status)
{
	return status == 429 ? "rate_limit_error" : status == 529 ? "overloaded_error" : status == 408 ? "timeout_error"
		: status == 409 ? "conflict_error" : "api_error";
}

static bool fault_status(struct job *j)
{
	static const struct { enum ms_fault fault; int status; const char *more; } all[] = {
		{ MS_FAULT_429, 429, NULL }, { MS_FAULT_429_AFTER, 429, "Retry-After: 0\r\n" },
		{ MS_FAULT_429_DATE, 429, "Retry-After: Fri, 31 Dec 1999 23:59:59 GMT\r\n" },
		{ MS_FAULT_429_GARBAGE, 429, "Retry-After: soon, -1e9\r\nretry-after-ms: NaN\r\n" },
		{ MS_FAULT_500, 500, NULL }, { MS_FAULT_502, 502, NULL }, { MS_FAULT_503, 503, NULL }, { MS_FAULT_529, 529, NULL },
		{ MS_FAULT_408, 408, NULL }, { MS_FAULT_409, 409, NULL },
	};
	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		if (all[i].fault != j->fault)
			continue;
		const char *more = j->fault == MS_FAULT_429_AFTER && j->nth % 2 == 0 ? "Retry-After: 1\r\n" : all[i].more;
		trouble(j, &(struct ms_trouble){ all[i].status, error_type(all[i].status), NULL, LH_STR("a fault that was asked for") }, more);
		return true;
	}
	return false;
}

static bool fault_fatal(struct job *j)
{
	static const struct ms_trouble quota = { 429, "insufficient_quota", "insufficient_quota",
		LH_STR("You exceeded your current quota, please check your plan and billing details.") };
	static const struct ms_trouble context = { 400, "invalid_request_error", "context_length_exceeded",
		LH_STR("This model's maximum context length is 10 tokens. Please reduce the length of the messages.") };
	static const struct ms_trouble key = { 401, "authentication_error", "invalid_api_key", LH_STR("invalid x-api-key") };
	const struct ms_trouble *t = j->fault == MS_FAULT_QUOTA ? &quota : j->fault == MS_FAULT_CONTEXT ? &context : j->fault == MS_FAULT_401 ? &key : NULL;
	if (t)
		trouble(j, t, NULL);
	return t != NULL;
}

static bool fault_silent(struct job *j)
{
	if (j->fault != MS_FAULT_RESET && j->fault != MS_FAULT_CLOSE)
		return false;
	note(j, 0);
	j->reply->then = j->fault == MS_FAULT_RESET ? MS_RESET : MS_CLOSE;
	return true;
}

/* ---- the model's answer ---- */

static struct ms_twist twist_of(const struct job *j)
{
	return (struct ms_twist){ .empty = j->fault == MS_FAULT_EMPTY, .no_usage = j->fault == MS_FAULT_NO_USAGE,
		.null_content = j->fault == MS_FAULT_NULL_CONTENT, .contradicts = j->fault == MS_FAULT_FINISH,
		.no_end = j->fault == MS_FAULT_NO_END, .breaks = j->fault == MS_FAULT_STREAM_ERROR };
}

static void pad(struct ms_desk *d, struct lh_str *text)
{
	lh_buf_clear(&d->text);
	lh_buf_put_str(&d->text, *text);
	while (d->text.n < text->n + HUGE_BYTES)
		lh_buf_puts(&d->text, " And so it goes on, and on, and \xe2\x80\xa6 on.");
	*text = lh_buf_str(&d->text);
}

static void fill(struct job *j, struct ms_content *c)
{
	static const char *const prefix[] = { "chatcmpl", "msg", "resp" };
	const struct lh_reply *r = &j->desk->reply;
	*c = (struct ms_content){ .format = j->ask.format, .model = j->ask.model.n ? j->ask.model : LH_STR("sim"), .text = lh_buf_str(&r->text),
		.thoughts = lh_buf_str(&r->thoughts), .finish = r->finish, .tokens_in = r->tokens_in, .tokens_cached = r->tokens_cached,
		.tokens_out = r->tokens_out, .tokens_reasoning = r->tokens_reasoning, .twist = twist_of(j) };
	snprintf(c->id, sizeof c->id, "%s_%llu_%u_%u", prefix[c->format], (unsigned long long)j->ask.sample, j->ask.turn, j->ask.call);
	if (j->fault == MS_FAULT_HUGE)
		pad(j->desk, &c->text);
}

/* Faults that spoil an entity. */
static void spoil(struct job *j)
{
	struct lh_buf *b = &j->desk->entity;
	if (j->fault == MS_FAULT_TRUNCATED || (j->fault == MS_FAULT_NO_END && !j->ask.stream)) {
		b->n -= b->n / 3;
	} else if (j->fault == MS_FAULT_INVALID) {
		size_t at = b->n / 2;
		memcpy(b->p + at, b->n - at > 8 ? "}\x01\xff{,:]\"" : "", b->n - at > 8 ? 8 : 0);
	} else if (j->fault == MS_FAULT_STREAM_ERROR && !j->ask.stream) {
		lh_buf_clear(b);
		ms_put_error(b, j->ask.format, &(struct ms_trouble){ 200, "server_error", "server_error", LH_STR("the server broke off") });
	}
}

/* Faults in how the bytes are sent. */
static void spoil_sending(struct job *j)
{
	struct ms_reply *r = j->reply;
	const struct ms_options *o = j->desk->options;
	switch (j->fault) {
	case MS_FAULT_RESET_HEAD:
		r->stop_at = r->head / 2;
		r->then = MS_RESET;
		break;
	case MS_FAULT_RESET_BODY:
		r->stop_at = r->head + (r->bytes.n - r->head) / 2;
		r->then = MS_RESET;
		break;
	case MS_FAULT_STALL:
		r->stop_at = r->head + (r->bytes.n - r->head) / 2;
		r->stall_us = o->stall_ms * 1000;
		r->then = MS_CLOSE;
		break;
	case MS_FAULT_LORIS:
		r->drip_us = o->drip_ms * 1000;
		break;
	case MS_FAULT_LENGTH:
		r->then = MS_CLOSE;
		break;
	default:
		break;
	}
}

static void send_content(struct job *j)
{
	struct ms_desk *d = j->desk;
	struct ms_content c;
	bool stream = j->ask.stream;
	fill(j, &c);
	lh_buf_clear(&d->entity);
	(stream ? ms_put_events : ms_put_whole)(&d->entity, &c);
	spoil(j);
	d->count.answers += !j->fault;
	note(j, 200);
	bool length = j->fault == MS_FAULT_LENGTH;
	put_entity(j, (struct ms_head){ .status = 200, .type = stream ? "text/event-stream; charset=utf-8" : "application/json",
		.chunked = (stream || d->options->chunked) && !length, .announce = length ? 1000 : 0 });
	spoil_sending(j);
}

/* What the simulated model says of its own accord that is no reply. */
static void send_error(struct job *j)
{
	const struct lh_reply *r = &j->desk->reply;
	char text[160];
	if (r->error != LH_E_OVERFLOW) {     /* the same would come again: the network is simulated, and so is its failure */
		trouble(j, &(struct ms_trouble){ 500, "api_error", NULL, lh_buf_str(&r->error_text) }, "x-should-retry: false\r\n");
		return;
	}
	snprintf(text, sizeof text, j->ask.format == MS_ANTHROPIC ? "prompt is too long: %lld tokens are more than the maximum"
		: "This model's maximum context length is smaller than the %lld tokens of this request.", (long long)r->tokens_in);
	trouble(j, &(struct ms_trouble){ 400, "invalid_request_error", "context_length_exceeded", lh_str_of(text) }, NULL);
}

static int64_t latency_us(struct ms_desk *d)
{
	const struct ms_options *o = d->options;
	if (o->latency_ms <= 0)
		return 0;
	return (int64_t)(1000 * o->latency_ms * (1 + o->latency_spread * (2 * lh_random_unit(&d->luck) - 1)));
}

static void answer_ask(struct job *j)
{
	struct lh_error err = { 0 };
	struct ms_desk *d = j->desk;
	j->reply->delay_us = latency_us(d);
	if (fault_silent(j) || fault_status(j) || fault_fatal(j))
		return;
	if (!j->asked) {
		refuse(j, 400, LH_STR("the request could not be read"));
		return;
	}
	if (ms_mind_answer(d->mind, &j->ask, &d->reply, &err)) {
		refuse(j, err.code == LH_E_NOMEM || err.code == LH_E_INTERNAL ? 500 : 400, lh_str_of(err.text));
		return;
	}
	j->reply->delay_us += d->reply.latency_us;
	if (d->reply.error)
		send_error(j);
	else
		send_content(j);
}

/* ---- routes ---- */

static bool ends(struct lh_str path, const char *tail)
{
	size_t n = strlen(tail);
	const char *query = memchr(path.p, '?', path.n);
	path.n = query ? (size_t)(query - path.p) : path.n;
	return path.n >= n && !memcmp(path.p + path.n - n, tail, n);
}

static int format_of(struct lh_str path)
{
	return ends(path, "/chat/completions") ? MS_CHAT : ends(path, "/messages") ? MS_ANTHROPIC : ends(path, "/responses") ? MS_RESPONSES : -1;
}

static void choose_fault(struct job *j)
{
	struct ms_desk *d = j->desk;
	const struct ms_fault_plan *plan = &d->options->faults;
	struct ms_seen *seen = ms_count_body(&d->count, lh_hash(0, j->q->body));
	j->nth = seen ? seen->times : 1;
	int asked = j->q->fault.n ? ms_fault_of(j->q->fault) : -1;
	if (asked >= 0)
		j->fault = asked == MS_FAULT_RESET_ACCEPT ? MS_FAULT_RESET : (enum ms_fault)asked;
	else if (seen)
		j->fault = ms_fault_draw(plan, seen->hash, seen->times, seen->row);
	if (seen && asked < 0)
		seen->row = j->fault ? seen->row + 1 : 0;
	d->count.faults[j->fault]++;
}

static void post(struct job *j, int format)
{
	struct lh_error err = { 0 };
	choose_fault(j);
	int rc = ms_ask_parse(&j->ask, (enum ms_format)format, j->q->body, &err);
	j->asked = rc == 0;
	if (rc && !j->fault)
		refuse(j, 400, lh_str_of(err.text));
	else
		answer_ask(j);
	ms_ask_fini(&j->ask);
}

static void get(struct job *j)
{
	struct lh_buf *b = &j->desk->entity;
	lh_buf_clear(b);
	if (ends(j->q->path, "/stats"))
		ms_count_put(b, &j->desk->count);
	else if (ends(j->q->path, "/models"))
		lh_buf_puts(b, "{\"object\":\"list\",\"data\":[{\"id\":\"sim\",\"object\":\"model\",\"created\":1700000000,\"owned_by\":\"longhaul\"}]}\n");
	else {
		refuse(j, 404, LH_STR("there is nothing here: POST …/chat/completions, …/messages, …/responses; GET …/models, /stats"));
		return;
	}
	note(j, 200);
	put_entity(j, (struct ms_head){ .status = 200, .type = "application/json" });
}

/* Chat completions only. The parameters stand in front of the messages. */
static bool streamed(struct lh_str body)
{
	size_t head = body.n < 1024 ? body.n : 1024;
	return head && memmem(body.p, head, "\"stream\":true", 13);
}

void ms_desk_answer(void *desk, const struct ms_request *q, struct ms_reply *reply)
{
	struct ms_desk *d = desk;
	bool posted = lh_str_is(q->method, "POST");
	int format = posted ? format_of(q->path) : -1;
	d->count.requests++;
	if (format >= 0 && !d->mind) {
		const struct lh_buf *b = &d->fixed[format == 0 && streamed(q->body) ? FIXED_STREAM : format].bytes;
		lh_buf_put(&reply->bytes, b->p, b->n);
		reply->delay_us = latency_us(d);
		ms_count_log(&d->count, q->method, q->path, NULL, 1, "fixed");
		return;
	}
	struct job j = { .desk = d, .q = q, .nth = 1, .reply = reply };
	if (format >= 0)
		post(&j, format);
	else if (posted || !lh_str_is(q->method, "GET"))
		refuse(&j, posted ? 404 : 405, LH_STR("POST …/chat/completions, …/messages, …/responses; GET …/models, /stats"));
	else
		get(&j);
}

bool ms_desk_accept(void *desk)
{
	struct ms_desk *d = desk;
	uint64_t n = ++d->count.connections;
	if (!d->options->faults.kinds || !ms_fault_at_accept(&d->options->faults, n))
		return true;
	d->count.faults[MS_FAULT_RESET_ACCEPT]++;
	ms_count_log(&d->count, LH_STR("-"), LH_STR("-"), NULL, 0, "reset_accept");
	return false;
}

/* ---- opening ---- */

#define FIXED_CHUNK(delta, finish, usage) \
	"data: {\"id\":\"chatcmpl-1\",\"object\":\"chat.completion.chunk\",\"created\":1700000000,\"model\":\"sim\"," \
	"\"choices\":[{\"index\":0,\"delta\":{" delta "},\"finish_reason\":" finish "}],\"usage\":" usage "}\n\n"

/* About 415 bytes an answer, head included: what a short reply of a real server is. */
static void make_fixed(struct ms_desk *d)
{
	static const char *const entity[MS_FIXED] = {
		"{\"id\":\"chatcmpl-1\",\"object\":\"chat.completion\",\"created\":1700000000,\"model\":\"sim\","
		"\"system_fingerprint\":\"longhaul_fixed_reply\",\"choices\":[{\"index\":0,\"message\":"
		"{\"role\":\"assistant\",\"content\":\"<answer>0</answer>\",\"refusal\":null},\"logprobs\":null,\"finish_reason\":\"stop\"}],"
		"\"usage\":{\"prompt_tokens\":100,\"completion_tokens\":5,\"total_tokens\":105}}",
		"{\"id\":\"msg_1\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"sim\",\"content\":[{\"type\":\"text\",\"text\":\"<answer>0</answer>\"}],"
		"\"stop_reason\":\"end_turn\",\"stop_sequence\":null,\"usage\":{\"input_tokens\":100,\"cache_creation_input_tokens\":0,"
		"\"cache_read_input_tokens\":0,\"output_tokens\":5}}",
		"{\"id\":\"resp_1\",\"object\":\"response\",\"status\":\"completed\",\"model\":\"sim\",\"output\":[{\"type\":\"message\",\"id\":\"msg_1\","
		"\"role\":\"assistant\",\"content\":[{\"type\":\"output_text\",\"text\":\"<answer>0</answer>\"}]}],"
		"\"usage\":{\"input_tokens\":100,\"output_tokens\":5,\"total_tokens\":105}}",
		FIXED_CHUNK("\"role\":\"assistant\",\"content\":\"\"", "null", "null") FIXED_CHUNK("\"content\":\"<answer>\"", "null", "null")
		FIXED_CHUNK("\"content\":\"0\"", "null", "null") FIXED_CHUNK("\"content\":\"</answer>\"", "null", "null")
		FIXED_CHUNK("", "\"stop\"", "{\"prompt_tokens\":100,\"completion_tokens\":5,\"total_tokens\":105}") "data: [DONE]\n\n",
	};
	for (int i = 0; i < MS_FIXED; i++) {
		ms_reply_init(&d->fixed[i]);
		ms_put_reply(&d->fixed[i], &(struct ms_head){ .status = 200, .type = i == FIXED_STREAM ? "text/event-stream" : "application/json" }, lh_str_of(entity[i]));
	}
}

int ms_desk_init(struct ms_desk *d, const struct ms_options *o, struct lh_error *err)
{
	*d = (struct ms_desk){ .options = o, .count = { .log = -1 }, .luck = lh_random_stream(o->faults.seed, 0, 0, LH_FOR_CHECK, 2) };
	lh_reply_init(&d->reply);
	lh_buf_init(&d->entity, 128u << 20);
	lh_buf_init(&d->text, 64u << 20);
	make_fixed(d);
	return o->fixed ? 0 : ms_mind_new(&o->mind, &d->mind, err);
}

void ms_desk_fini(struct ms_desk *d)
{
	for (int i = 0; i < MS_FIXED; i++)
		lh_buf_fini(&d->fixed[i].bytes);
	lh_reply_fini(&d->reply);
	lh_buf_fini(&d->entity);
	lh_buf_fini(&d->text);
	ms_mind_free(d->mind);
	ms_count_fini(&d->count);
}
