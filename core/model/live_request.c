/* A request put together: parameters, messages, what stands behind them. It costs what is new in the
 * conversation (transcript/body.h) and the parameters, whatever the turn. */
#include "model/wire.h"

#include <math.h>
#include <string.h>

/* What a call may add to the parameters: its own model and stop, metadata, a seed. */
#define CALL_ROOM 1400
#define OUT_GUESS 1024                   /* tokens of a reply, where no limit is given */

struct lh_str lh_live_model(const struct lh_live *l, const struct lh_model_request *q)
{
	return q->options && q->options->model[0] ? lh_str_of(q->options->model) : lh_str_of(l->model);
}

double lh_live_temperature(const struct lh_live *l, const struct lh_model_request *q)
{
	return q->options && q->options->has_temperature ? q->options->temperature : l->temperature;
}

int64_t lh_live_max_tokens(const struct lh_live *l, const struct lh_model_request *q)
{
	return q->options && q->options->max_tokens > 0 ? q->options->max_tokens : l->max_tokens;
}

struct lh_str lh_live_stop(const struct lh_live *l, const struct lh_model_request *q)
{
	return q->options && q->options->stop[0] ? lh_str_of(q->options->stop) : lh_str_of(l->stop);
}

static void put_number(struct lh_jw *w, const char *key, double v)
{
	if (isnan(v))
		return;
	lh_jw_key(w, key);
	lh_jw_double(w, v);
}

void lh_live_put_common(const struct lh_live *l, const struct lh_model_request *q, struct lh_jw *w)
{
	lh_jw_key(w, "model");
	lh_jw_str(w, lh_live_model(l, q));
	put_number(w, "temperature", lh_live_temperature(l, q));
	put_number(w, "top_p", l->top_p);
	lh_jw_key(w, "stream");
	lh_jw_bool(w, l->stream);
}

static void put_head(const struct lh_live *l, const struct lh_model_request *q, const char *list, struct lh_buf *b)
{
	struct lh_jw w;
	lh_jw_init(&w, b, false);
	lh_jw_open(&w, '{');
	l->provider->put(l, q, &w);
	lh_buf_putc(b, ',');
	if (l->extra.n && !l->extra_behind) {
		lh_buf_put_str(b, l->extra);
		lh_buf_putc(b, ',');
	}
	lh_buf_puts(b, list);
}

static void put_tail(const struct lh_live *l, const struct lh_model_request *q, const char *end, struct lh_buf *b)
{
	lh_buf_puts(b, end);
	lh_wire_put_tools(l, q, b);
	if (l->extra.n && l->extra_behind) {
		lh_buf_putc(b, ',');
		lh_buf_put_str(b, l->extra);
	}
	lh_buf_putc(b, '}');
}

int lh_live_request(const struct lh_live *l, const struct lh_model_request *q, const struct lh_view *v, const struct lh_framing *f,
	struct lh_wire_request *out, struct lh_error *err)
{
	struct lh_buf head, tail;
	lh_buf_init(&head, 2 * LH_BODY_HEAD);
	lh_buf_init(&tail, 1 << 20);
	put_head(l, q, f->list, &head);
	put_tail(l, q, f->end, &tail);
	int rc = lh_buf_ok(&head, err);
	if (!rc)
		rc = lh_buf_ok(&tail, err);
	if (!rc)
		rc = lh_body_request(q->transcript, v, f->dialect, lh_buf_str(&head), lh_buf_str(&tail), &out->body, err);
	int64_t most = lh_live_max_tokens(l, q);
	out->tokens_in = (v == q->view ? q->size->tokens : lh_tokens(out->body.n, 0)) + lh_tokens(tail.n, 0);
	out->tokens = out->tokens_in + (most ? most : OUT_GUESS);
	lh_buf_fini(&head);
	lh_buf_fini(&tail);
	return rc;
}

/* Of the thoughts in blobs [from, to), those that go with the arguments of calls. */
static int cleared_away(const struct lh_piece *p, const struct lh_transcript *t, uint32_t from, uint32_t to)
{
	struct lh_cleared c = { .bound = 0 };
	if (p->variant & LH_INPUTS_CLEARED)
		lh_transcript_cleared(t, p->spared, from, to, &c);
	return (int)c.bound;
}

void lh_live_count_thoughts(const struct lh_model_request *q, const struct lh_view *v, bool blobs_only, struct lh_wire_request *out)
{
	for (uint32_t i = 0; i < v->n; i++) {
		const struct lh_piece *p = &v->piece[i];
		if (p->own || (p->variant & LH_NO_ASSISTANT))
			continue;
		uint32_t prompt = lh_transcript_prompt_at(q->transcript);        /* of what is behind it nothing is dropped */
		uint32_t from = p->from < prompt ? p->from : prompt, to = p->to < prompt ? p->to : prompt;
		const struct lh_sums *a = lh_transcript_sums(q->transcript, from), *b = lh_transcript_sums(q->transcript, to);
		unsigned varied = p->variant & ~(unsigned)LH_CLEARED;
		int thinking = (int)(b->thinking - a->thinking), bound = (int)(b->bound - a->bound);
		int kept = varied & (LH_NO_NATIVE_THOUGHTS | LH_ANSWER_ONLY) ? 0 : !blobs_only ? thinking : varied ? 0 : bound - cleared_away(p, q->transcript, from, to);
		out->thoughts_kept += kept;
		out->thoughts_dropped += thinking - kept;
	}
}

/* A member that a parameter has set already would stand in the body twice. */
static int check_repeated(const struct lh_live *l, struct lh_str set, struct lh_error *err)
{
	struct lh_json *ours, *extra;
	struct lh_str typed = lh_str_trim(lh_str_of(lh_live_text(l, "extra")));
	int rc = lh_json_parse(set, "parameters", 1, &ours, err);
	if (rc)
		return rc;
	rc = lh_json_parse(typed, "extra", 1, &extra, err);
	for (const struct lh_json *v = lh_json_first(extra); v && !rc; v = lh_json_next(v))
		if (lh_json_get(ours, lh_json_key(v).p))
			rc = lh_fail(err, LH_E_USAGE, "model %s: extra holds \"%s\", which another parameter sets already", l->ops->name, lh_json_key(v).p);
	lh_json_free(ours);
	lh_json_free(extra);
	return rc;
}

int lh_live_check_request(struct lh_live *l, struct lh_error *err)
{
	static const struct lh_call_options none;
	const struct lh_model_request q = { .options = &none };
	struct lh_buf b;
	struct lh_jw w;
	lh_buf_init(&b, 1 << 20);
	lh_jw_init(&w, &b, false);
	lh_jw_open(&w, '{');
	l->provider->put(l, &q, &w);
	lh_jw_close(&w);
	int rc = lh_buf_ok(&b, err);
	if (!rc && b.n > LH_BODY_HEAD - CALL_ROOM)
		rc = lh_fail(err, LH_E_USAGE, "model %s: its parameters make %zu bytes of each request; at most %d are possible", l->ops->name, b.n, LH_BODY_HEAD - CALL_ROOM);
	l->extra_behind = b.n + l->extra.n > LH_BODY_HEAD - CALL_ROOM;
	if (!rc && l->extra.n)
		rc = check_repeated(l, lh_buf_str(&b), err);
	lh_buf_fini(&b);
	return rc;
}
