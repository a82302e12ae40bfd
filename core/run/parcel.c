#include "run/parcel.h"

#include <stdlib.h>
#include <string.h>

static void raw(struct lh_parcel *p, void *v, size_t n)
{
	if (p->out) {
		lh_buf_put(p->out, v, n);
		return;
	}
	if (p->bad || p->in.n < n) {
		p->bad = true;
		memset(v, 0, n);
		return;
	}
	memcpy(v, p->in.p, n);
	p->in.p += n;
	p->in.n -= n;
}

void lh_parcel_int(struct lh_parcel *p, int64_t *v) { raw(p, v, sizeof *v); }
void lh_parcel_real(struct lh_parcel *p, double *v) { raw(p, v, sizeof *v); }

void lh_parcel_bool(struct lh_parcel *p, bool *v)
{
	unsigned char byte = *v;
	raw(p, &byte, 1);
	*v = byte != 0;
}

void lh_parcel_str(struct lh_parcel *p, struct lh_str *s)
{
	uint64_t n = s->n;
	raw(p, &n, sizeof n);
	if (p->out) {
		lh_buf_put_str(p->out, *s);
		return;
	}
	if (p->bad || n > p->in.n) {
		p->bad = true;
		*s = LH_STR("");
		return;
	}
	*s = (struct lh_str){ p->in.p, (size_t)n };
	p->in.p += n;
	p->in.n -= (size_t)n;
}

void lh_parcel_text(struct lh_parcel *p, char **text)
{
	bool there = *text != NULL;
	struct lh_str s = p->out ? lh_str_of(*text) : LH_STR("");
	lh_parcel_bool(p, &there);
	if (!there) {
		*text = NULL;
		return;
	}
	lh_parcel_str(p, &s);
	if (!p->out && !(*text = lh_str_dup(s)))
		p->bad = true;
}

/* A text of fixed size; it ends, whatever came. */
static void name(struct lh_parcel *p, char *text, size_t size)
{
	raw(p, text, size);
	if (!p->out)
		text[size - 1] = 0;
}

static void small(struct lh_parcel *p, int *v)
{
	int64_t wide = *v;
	lh_parcel_int(p, &wide);
	if (wide < INT32_MIN || wide > INT32_MAX)
		p->bad = true;
	*v = p->bad ? 0 : (int)wide;
}

static void unsigned32(struct lh_parcel *p, uint32_t *v)
{
	int64_t wide = *v;
	lh_parcel_int(p, &wide);
	if (wide < 0 || wide > UINT32_MAX)
		p->bad = true;
	*v = p->bad ? 0 : (uint32_t)wide;
}

static void unsigned64(struct lh_parcel *p, uint64_t *v) { raw(p, v, sizeof *v); }

void lh_parcel_message(struct lh_parcel *p, struct lh_message_row *r)
{
	lh_parcel_int(p, &r->episode), lh_parcel_int(p, &r->id), lh_parcel_int(p, &r->slot), lh_parcel_int(p, &r->turn);
	lh_parcel_str(p, &r->role), lh_parcel_str(p, &r->text), lh_parcel_str(p, &r->thoughts), lh_parcel_str(p, &r->blob), lh_parcel_str(p, &r->calls);
	lh_parcel_str(p, &r->made_by), lh_parcel_str(p, &r->note);
}

void lh_parcel_call(struct lh_parcel *p, struct lh_call_row *r)
{
	lh_parcel_int(p, &r->episode), lh_parcel_int(p, &r->turn), lh_parcel_int(p, &r->seq);
	lh_parcel_str(p, &r->purpose), lh_parcel_str(p, &r->view);
	unsigned64(p, &r->view_hash);
	lh_parcel_str(p, &r->options);
	lh_parcel_int(p, &r->reply);
	lh_parcel_str(p, &r->error), lh_parcel_str(p, &r->error_text), lh_parcel_str(p, &r->finish);
	lh_parcel_int(p, &r->tokens_in), lh_parcel_int(p, &r->tokens_cached), lh_parcel_int(p, &r->tokens_out), lh_parcel_int(p, &r->tokens_reasoning);
	lh_parcel_int(p, &r->latency_us), lh_parcel_int(p, &r->cost_microusd), lh_parcel_int(p, &r->attempts);
	lh_parcel_bool(p, &r->counted);
	lh_parcel_int(p, &r->thoughts_kept), lh_parcel_int(p, &r->thoughts_dropped);
	lh_parcel_str(p, &r->served_by), lh_parcel_str(p, &r->request_id);
	lh_parcel_real(p, &r->exposure_update), lh_parcel_real(p, &r->exposure_state), lh_parcel_real(p, &r->exposure_unusable);
	lh_parcel_real(p, &r->reusable_prefix);
	lh_parcel_bool(p, &r->accepted);
	lh_parcel_str(p, &r->outcome);
	lh_parcel_bool(p, &r->unshown);
	lh_parcel_str(p, &r->shown), lh_parcel_str(p, &r->followed), lh_parcel_str(p, &r->answered), lh_parcel_str(p, &r->truth);
	lh_parcel_bool(p, &r->has_shown), lh_parcel_bool(p, &r->has_followed), lh_parcel_bool(p, &r->has_answered);
}

void lh_parcel_episode(struct lh_parcel *p, struct lh_episode_row *r)
{
	lh_parcel_int(p, &r->id), lh_parcel_int(p, &r->run), lh_parcel_int(p, &r->condition), lh_parcel_int(p, &r->sample), lh_parcel_int(p, &r->probe);
	lh_parcel_str(p, &r->status), lh_parcel_str(p, &r->cause), lh_parcel_str(p, &r->extra);
	lh_parcel_int(p, &r->history_hash), lh_parcel_real(p, &r->history_ratio);
}

void lh_parcel_order(struct lh_parcel *p, struct lh_order *o, int64_t *offset)
{
	int64_t size = (int64_t)o->body.n;
	unsigned32(p, &o->slot);
	small(p, &o->model);
	unsigned32(p, &o->message);
	lh_parcel_call(p, &o->row);
	lh_parcel_int(p, offset), lh_parcel_int(p, &size);
	lh_parcel_str(p, &o->open);
	lh_parcel_int(p, &o->tokens), lh_parcel_int(p, &o->tokens_in);
	lh_parcel_bool(p, &o->tools);
	if (size < 0 || *offset < 0)
		p->bad = true;
	if (!p->out)
		o->body = (struct lh_str){ NULL, p->bad ? 0 : (size_t)size };
}

static void buffer(struct lh_parcel *p, struct lh_buf *b)
{
	struct lh_str s = p->out ? lh_buf_str(b) : LH_STR("");
	lh_parcel_str(p, &s);
	if (p->out)
		return;
	lh_buf_clear(b);
	lh_buf_put_str(b, s);
	p->bad = p->bad || b->failed;
}

void lh_parcel_reply(struct lh_parcel *p, struct lh_reply *r)
{
	int finish = (int)r->finish;
	small(p, &r->error);
	buffer(p, &r->error_text), buffer(p, &r->text), buffer(p, &r->thoughts), buffer(p, &r->blob), buffer(p, &r->calls);
	small(p, &finish);
	r->finish = (enum lh_finish)finish;
	lh_parcel_int(p, &r->tokens_in), lh_parcel_int(p, &r->tokens_cached), lh_parcel_int(p, &r->tokens_out), lh_parcel_int(p, &r->tokens_reasoning);
	lh_parcel_bool(p, &r->counted);
	lh_parcel_int(p, &r->latency_us), lh_parcel_int(p, &r->cost_microusd), lh_parcel_int(p, &r->attempts);
	lh_parcel_bool(p, &r->priced);
	name(p, r->served_by, sizeof r->served_by);
	name(p, r->request_id, sizeof r->request_id);
}

static void condition(struct lh_parcel *p, struct lh_outline_condition *c)
{
	char **texts[] = { &c->task, &c->task_params, &c->model, &c->model_options, &c->policy, &c->policy_options, &c->history, &c->probes,
		&c->task_label, &c->model_label, &c->policy_label };
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		lh_parcel_text(p, texts[i]);
	lh_parcel_bool(p, &c->oracle), lh_parcel_bool(p, &c->live);
	small(p, &c->model_index), small(p, &c->steps_per_turn), small(p, &c->turns);
}

void lh_parcel_outline(struct lh_parcel *p, struct lh_outline *o)
{
	unsigned64(p, &o->samples), unsigned64(p, &o->first_sample), unsigned64(p, &o->steps_most), unsigned64(p, &o->samples_most);
	lh_parcel_real(p, &o->cells);
	lh_parcel_bool(p, &o->simulated);
	lh_parcel_text(p, &o->config), lh_parcel_text(p, &o->sources), lh_parcel_text(p, &o->notes);
	name(p, o->config_sha256, sizeof o->config_sha256);
	small(p, &o->conditions);
	if (!p->out) {
		if (p->bad || o->conditions < 0 || o->conditions > 10000 || !(o->condition = calloc((size_t)o->conditions + 1, sizeof *o->condition))) {
			p->bad = true;
			o->conditions = 0;
		}
	}
	for (int i = 0; i < o->conditions; i++)
		condition(p, &o->condition[i]);
}

bool lh_parcel_ok(const struct lh_parcel *p) { return !p->bad && (p->out || !p->in.n); }

/* ---- frames ---- */

struct head { uint32_t size; uint32_t kind; };

size_t lh_frame_begin(struct lh_buf *b, enum lh_frame kind)
{
	size_t at = b->n;
	lh_buf_put(b, &(struct head){ 0, (uint32_t)kind }, sizeof(struct head));
	return at;
}

void lh_frame_end(struct lh_buf *b, size_t at)
{
	if (b->failed)
		return;
	uint32_t size = (uint32_t)(b->n - at - sizeof(struct head));
	memcpy(b->p + at, &size, sizeof size);
}

bool lh_frame_next(struct lh_str b, size_t *at, enum lh_frame *kind, struct lh_parcel *out, bool *bad)
{
	struct head h;
	if (b.n - *at < sizeof h)
		return false;
	memcpy(&h, b.p + *at, sizeof h);
	if (h.size > LH_FRAME_MAX || h.kind < LH_FRAME_OPEN || h.kind > LH_FRAME_FAULT) {
		*bad = true;
		return false;
	}
	if (b.n - *at - sizeof h < h.size)
		return false;
	*kind = (enum lh_frame)h.kind;
	*out = (struct lh_parcel){ .in = { b.p + *at + sizeof h, h.size } };
	*at += sizeof h + h.size;
	return true;
}
