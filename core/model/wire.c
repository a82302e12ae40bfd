#include "model/wire.h"

#include "base/hash.h"
#include "model/sse.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define STREAM_MAX (160u << 20)          /* a stream put together: escaped texts may grow */
#define COUNT_MOST 1000000000000         /* tokens; more is no count */

/* ---- a stream ---- */

struct stream {
	const struct lh_wire *wire;
	struct lh_merge *whole;
	bool ended, error, nomem;
	struct lh_error broken;          /* an event that is no JSON */
};

static bool is_done(struct lh_str data)
{
	data = lh_str_trim(data);
	return data.n >= 6 && !memcmp(data.p, "[DONE]", 6);
}

/* false: the stream is read no further. */
static bool take_event(struct stream *s, const struct lh_sse_event *e, struct lh_buf *document)
{
	struct lh_json *j;
	if (is_done(e->data)) {
		s->ended = true;
		return false;
	}
	if (lh_wire_parse(e->data, &j, &s->broken)) {
		if (s->ended)                    /* a reply that is complete stays so, whatever comes behind */
			s->broken.code = 0;
		return false;
	}
	bool error = lh_says_error(j) || lh_str_is(e->name, "error");
	s->error = error && !s->ended;
	if (s->error)
		lh_buf_put_str(document, e->data);
	else if (!error)
		s->nomem = !s->wire->event(s->whole, e->name, j, &s->ended);
	lh_json_free(j);
	return !s->error && !s->nomem;
}

/* The events as one document; an error's own where one came. */
static void gather(struct stream *s, struct lh_str body, struct lh_buf *document)
{
	struct lh_sse sse;
	struct lh_sse_event e;
	lh_sse_init(&sse, body);
	while (lh_sse_next(&sse, &e) && take_event(s, &e, document))
		;
	lh_sse_fini(&sse);
	if (s->error || s->nomem)
		return;
	struct lh_jw w;
	lh_jw_init(&w, document, false);
	lh_merge_write(s->whole, &w);
}

/* ---- counts and cost ---- */

bool lh_wire_count(const struct lh_json *usage, const char *key, int64_t *out)
{
	int64_t v;
	if (!lh_json_int(lh_json_get(usage, key), &v) || v < 0 || v > COUNT_MOST)
		return false;
	*out = v;
	return true;
}

static void estimate(struct lh_reply *r, int64_t tokens_in_guess)
{
	r->tokens_in = tokens_in_guess;
	r->tokens_cached = 0;
	r->tokens_out = lh_tokens(r->text.n + r->thoughts.n + r->calls.n, 0);
	r->tokens_reasoning = lh_tokens(r->thoughts.n, 0);
}

static void price(struct lh_reply *r, const struct lh_prices *p)
{
	if (r->priced || p->in < 0 || p->out < 0)
		return;
	double cached = (double)r->tokens_cached, in = (double)r->tokens_in - cached;
	double micro = in * (double)p->in + cached * (double)(p->cached < 0 ? p->in : p->cached) + (double)r->tokens_out * (double)p->out;
	r->cost_microusd = llround(fmin(micro / 1e6, 1e18));
	r->priced = true;
}

void lh_wire_reckon(struct lh_reply *r, const struct lh_prices *p, int64_t tokens_in_guess)
{
	if (!r->counted)
		estimate(r, tokens_in_guess);
	if (r->tokens_cached > r->tokens_in)
		r->tokens_cached = r->tokens_in;
	if (r->tokens_reasoning > r->tokens_out)
		r->tokens_reasoning = r->tokens_out;
	price(r, p);
}

/* Printable ASCII with nothing to trim. */
static bool is_plain(struct lh_str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < ' ' || s.p[i] >= 0x7F)
			return false;
	return s.n && s.p[0] != ' ' && s.p[s.n - 1] != ' ';
}

/* Cut, and as a terminal may show it; most are so as they come. */
static void put_field(char *field, size_t size, struct lh_str s)
{
	if (s.n < size && is_plain(s)) {
		memcpy(field, s.p, s.n);
		field[s.n] = 0;
		return;
	}
	struct lh_buf b;
	lh_buf_init(&b, 4096);
	lh_put_cut(&b, s, size - 1);
	snprintf(field, size, "%.*s", LH_ARG(lh_buf_str(&b)));
	lh_buf_fini(&b);
}

void lh_wire_served(struct lh_reply *reply, struct lh_str model, struct lh_str build, struct lh_str id)
{
	struct lh_buf b;
	lh_buf_init(&b, 1 << 20);
	lh_buf_put(&b, model.p, model.n < 512 ? model.n : 512);
	if (build.n) {
		lh_buf_putc(&b, ' ');
		lh_buf_put(&b, build.p, build.n < 512 ? build.n : 512);
	}
	put_field(reply->served_by, sizeof reply->served_by, lh_buf_str(&b));
	if (!reply->request_id[0])
		put_field(reply->request_id, sizeof reply->request_id, id);
	lh_buf_fini(&b);
}

/* ---- from bytes to a verdict ---- */

static enum lh_verdict failed(const struct lh_reading *g, struct lh_str body, const struct lh_json *j)
{
	const struct lh_live *l = g->live;
	const char *env = lh_live_text(l, "key_env");
	struct lh_failure f = { .status = g->x->status, .should_retry = g->x->should_retry, .body = body, .json = j, .url = l->url, .model = l->model,
		.key = l->key_file ? l->key_file : *env ? env : l->own_host ? l->provider->key_env : NULL, .tokens_in_guess = g->asked->tokens_in_guess };
	return lh_decide_error(&f, g->reply);
}

enum lh_verdict lh_wire_error(const struct lh_reading *g, const struct lh_json *error)
{
	struct lh_buf body;
	struct lh_blob copy = { 0 };
	lh_buf_init(&body, STREAM_MAX);
	lh_jw_init(&copy.w, &body, false);
	lh_blob_node(&copy, error, false);
	enum lh_verdict v = failed(g, lh_buf_str(&body), error);
	lh_buf_fini(&body);
	return v;
}

static enum lh_verdict refused(const struct lh_reading *g, struct lh_str body)
{
	struct lh_json *j = NULL;
	struct lh_error err = { 0 };
	if (lh_wire_parse(body, &j, &err))
		j = NULL;
	enum lh_verdict v = failed(g, body, j);
	lh_json_free(j);
	return v;
}

/* A text that does not fit is the reply's fault, not ours; it will not fit the next time. */
static enum lh_verdict whole(enum lh_verdict v, struct lh_reply *r)
{
	if (v != LH_VERDICT_REPLY || !(r->text.failed || r->thoughts.failed || r->blob.failed || r->calls.failed))
		return v;
	lh_buf_puts(&r->error_text, "the reply is too large to be kept");
	return LH_VERDICT_REFUSED;
}

static enum lh_verdict read_document(const struct lh_reading *g, const struct lh_wire *wire, struct lh_str text)
{
	struct lh_json *j;
	struct lh_error err = { 0 };
	if (lh_wire_parse(text, &j, &err))
		return lh_decide_broken(g->reply, g->x->status, err.text);
	enum lh_verdict v = lh_says_error(j) ? failed(g, text, j) : whole(wire->read(g, j), g->reply);
	lh_json_free(j);
	return v;
}

static enum lh_verdict read_stream(const struct lh_reading *g, const struct lh_wire *wire, struct lh_str body)
{
	struct stream s = { .wire = wire, .whole = lh_merge_new() };
	struct lh_buf document;
	enum lh_verdict v;
	lh_buf_init(&document, STREAM_MAX);
	if (s.whole)
		gather(&s, body, &document);
	if (!s.whole || s.nomem || document.failed)
		v = lh_decide_broken(g->reply, g->x->status, "the stream could not be put together: too large, or out of memory");
	else if (s.broken.code)
		v = lh_decide_broken(g->reply, g->x->status, s.broken.text);
	else if (!s.error && !s.ended)
		v = lh_decide_broken(g->reply, g->x->status, "the stream ended before the reply did");
	else
		v = read_document(g, wire, lh_buf_str(&document));
	lh_buf_fini(&document);
	lh_merge_free(s.whole);
	return v;
}

static struct lh_str without_mark(struct lh_str s)
{
	bool mark = s.n >= 3 && !memcmp(s.p, "\xEF\xBB\xBF", 3);
	return mark ? (struct lh_str){ s.p + 3, s.n - 3 } : s;
}

/* Half a reply is none. */
static void forget(struct lh_reply *r)
{
	lh_buf_clear(&r->text);
	lh_buf_clear(&r->thoughts);
	lh_buf_clear(&r->blob);
	lh_buf_clear(&r->calls);
	r->counted = r->priced = false;
	r->tokens_in = r->tokens_cached = r->tokens_out = r->tokens_reasoning = r->cost_microusd = 0;
}

enum lh_verdict lh_wire_decode(struct lh_model *m, const struct lh_wire *wire, const struct lh_exchange *x, const struct lh_asked *asked, struct lh_reply *reply)
{
	struct lh_reading g = { m->data, x, asked, reply, asked->tools ? (uint32_t)lh_hash(1, x->body) : 0 };
	struct lh_str body = lh_str_trim(without_mark(x->body));
	enum lh_verdict v;
	if (x->fault != LH_FAULT_NONE)
		return lh_decide_fault(x, asked->tokens_in_guess, reply);
	if (x->status < 100)
		v = lh_decide_broken(reply, x->status, "no status came");
	else if (x->status < 200 || x->status > 299)
		v = refused(&g, body);
	else if (!body.n)
		v = lh_decide_broken(reply, x->status, "an empty reply");
	else if (lh_sse_is(body))                /* the Content-Type is not always right: the first bytes are */
		v = read_stream(&g, wire, body);
	else
		v = read_document(&g, wire, body);
	if (v == LH_VERDICT_REPLY)
		lh_wire_reckon(reply, &m->prices, asked->tokens_in_guess);
	else
		forget(reply);
	return v;
}
