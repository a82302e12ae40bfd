/* Orders: in line by (sample, turn), sent as the pace allows, resting between tries. */
#include "run/desk_impl.h"

#include "base/clock.h"
#include "run/parcel.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROW_KEPT 4096                    /* bytes of a row's memory that serve the next order */
#define GATHER_MOST 1024                 /* replies taken before they are committed */
#define LINGER_SHARE 64                  /* of the last reply's latency */
#define LINGER_LEAST_US 500              /* less is nothing: waits are counted in milliseconds */
#define LINGER_MOST_US 4000

static int64_t sooner(int64_t a, int64_t b) { return a < b ? a : b; }

/* ---- heaps of order indexes ---- */

static bool before(const struct lh_desk *d, uint32_t a, uint32_t b, bool by_due)
{
	const struct lh_waiting *x = &d->order[a], *y = &d->order[b];
	if (by_due)
		return x->due_us != y->due_us ? x->due_us < y->due_us : a < b;
	if (x->sample != y->sample)
		return x->sample < y->sample;
	if (x->turn != y->turn)
		return x->turn < y->turn;
	return x->slot != y->slot ? x->slot < y->slot : x->seq < y->seq;
}

static int push(struct lh_desk *d, struct lh_heap *h, uint32_t order, bool by_due, struct lh_error *err)
{
	int rc = lh_array_more(&h->at, &h->cap, h->n + 1, sizeof *h->at, err);
	if (rc)
		return rc;
	size_t i = h->n++;
	for (; i && before(d, order, h->at[(i - 1) / 2], by_due); i = (i - 1) / 2)
		h->at[i] = h->at[(i - 1) / 2];
	h->at[i] = order;
	return 0;
}

static void sink(struct lh_desk *d, struct lh_heap *h, uint32_t last, bool by_due)
{
	size_t i = 0;
	for (size_t child; (child = 2 * i + 1) < h->n; i = child) {
		if (child + 1 < h->n && before(d, h->at[child + 1], h->at[child], by_due))
			child++;
		if (!before(d, h->at[child], last, by_due))
			break;
		h->at[i] = h->at[child];
	}
	h->at[i] = last;
}

static uint32_t pop(struct lh_desk *d, struct lh_heap *h, bool by_due)
{
	uint32_t top = h->at[0], last = h->at[--h->n];
	if (h->n)
		sink(d, h, last, by_due);
	return top;
}

/* Takes every order of a slot out; rare. */
static void sweep(struct lh_desk *d, struct lh_heap *h, uint32_t slot, bool by_due)
{
	size_t n = h->n;
	h->n = 0;
	for (size_t i = 0; i < n; i++)
		if (d->order[h->at[i]].slot != slot) {
			int rc = push(d, h, h->at[i], by_due, NULL);     /* there is room: it was there before */
			(void)rc;
		}
}

/* ---- taking ---- */

static int take_index(struct lh_desk *d, uint32_t *out, struct lh_error *err)
{
	if (d->free_orders) {
		*out = d->free_order[--d->free_orders];
		return 0;
	}
	size_t had = d->orders, cap = had;
	int rc = lh_array_more(&d->order, &cap, had + 1, sizeof *d->order, err);
	if (rc || lh_array_more(&d->free_order, &d->free_order_cap, cap, sizeof *d->free_order, err))
		return LH_E_NOMEM;
	memset(d->order + had, 0, (cap - had) * sizeof *d->order);
	d->orders = cap;
	for (size_t i = cap; i > had + 1; i--)
		d->free_order[d->free_orders++] = (uint32_t)i - 1;
	*out = (uint32_t)had;
	return 0;
}

/* What has to outlive the order as it was handed in. The row only where the episode may die before its reply. */
static int keep(struct lh_desk *d, struct lh_waiting *w, const struct lh_order *o, struct lh_error *err)
{
	w->row.max = 1u << 24;
	lh_buf_clear(&w->row);
	if (o->open.n && !(w->open = lh_str_dup(o->open)))
		return lh_nomem(err);
	if (!d->s.isolated)
		return 0;
	struct lh_parcel p = { .out = &w->row };
	struct lh_call_row row = o->row;
	lh_parcel_call(&p, &row);
	return lh_buf_ok(&w->row, err);
}

/* The flight of an episode that died and now asks for the same again; LH_NO_ORDER: there is none. */
static uint32_t orphan_of(const struct lh_desk *d, const struct lh_order *o, int64_t episode)
{
	for (uint32_t i = 0; d->orphans && i < d->orders; i++) {
		const struct lh_waiting *w = &d->order[i];
		if (w->state == LH_ORDER_FLYING && w->orphan && w->episode == episode && w->view_hash == o->row.view_hash && w->turn == (uint32_t)o->row.turn && w->seq == (uint32_t)o->row.seq)
			return i;
	}
	return LH_NO_ORDER;
}

static void adopt(struct lh_desk *d, uint32_t i, const struct lh_order *o)
{
	struct lh_waiting *w = &d->order[i];
	w->orphan = false;
	w->slot = o->slot;
	w->message = o->message;
	w->body = o->body;               /* for another try: what flies lies where it lay */
	d->orphans--;
	lh_agenda_at(d, o->slot)->orders++;
}

int lh_orders_take(struct lh_desk *d, const struct lh_order *o, struct lh_error *err)
{
	uint32_t i;
	if (o->model < 0 || o->model >= d->lines || !d->line[o->model].model)
		return lh_fail(err, LH_E_INTERNAL, "an order for model %d, which is not live", o->model);
	i = orphan_of(d, o, lh_agenda_at(d, o->slot)->id);
	if (i != LH_NO_ORDER) {
		adopt(d, i, o);
		return 0;
	}
	int rc = take_index(d, &i, err);
	if (rc)
		return rc;
	struct lh_open *e = lh_agenda_at(d, o->slot);
	struct lh_waiting *w = &d->order[i];
	*w = (struct lh_waiting){ .state = LH_ORDER_READY, .generation = w->generation + 1, .slot = o->slot, .message = o->message,
		.episode = e->id, .turn = (uint32_t)o->row.turn, .seq = (uint32_t)o->row.seq, .model = o->model, .sample = e->sample, .body = o->body,
		.tokens = o->tokens, .tokens_in = o->tokens_in, .tools = o->tools, .view_hash = o->row.view_hash, .condition = e->condition, .at = e->at, .row = w->row };
	e->orders++;
	d->waiting++;
	rc = keep(d, w, o, err);
	return rc ? rc : push(d, &d->line[o->model].ready, i, false, err);
}

void lh_orders_free(struct lh_desk *d, uint32_t i)
{
	struct lh_waiting *w = &d->order[i];
	struct lh_open *e = w->orphan ? NULL : lh_agenda_at(d, w->slot);
	if (e)
		e->orders--;
	d->orphans -= w->orphan;
	d->waiting--;
	free(w->open);
	w->open = NULL;
	if (w->row.cap > ROW_KEPT)
		lh_buf_fini(&w->row);
	w->state = LH_ORDER_FREE;
	d->free_order[d->free_orders++] = i;
}

static uint64_t id_of(const struct lh_desk *d, uint32_t i)
{
	return (uint64_t)d->order[i].generation << 32 | i;
}

uint32_t lh_orders_of(const struct lh_desk *d, uint64_t id)
{
	uint32_t i = (uint32_t)id;
	bool ours = i < d->orders && d->order[i].state == LH_ORDER_FLYING && id_of(d, i) == id;
	return ours ? i : LH_NO_ORDER;
}

int lh_orders_rest(struct lh_desk *d, uint32_t i, int64_t due_us, struct lh_error *err)
{
	d->order[i].state = LH_ORDER_RESTING;
	d->order[i].due_us = due_us;
	return push(d, &d->resting, i, true, err);
}

/* ---- sending ---- */

static int send_http(struct lh_desk *d, struct lh_line *l, uint32_t i, struct lh_error *err)
{
	struct lh_waiting *w = &d->order[i];
	char header[160];
	struct lh_http_request r = { .id = id_of(d, i), .to = l->endpoint, .body = w->body, .timeout_ms = l->carry.timeout_ms, .idle_ms = l->carry.idle_ms,
		.reply_most = l->carry.reply_most, .accept_events = l->carry.stream };
	if (l->carry.session_header) {
		char session[64];
		lh_conversation_name(d->s.outline->config_sha256, w->episode, session);
		snprintf(header, sizeof header, "X-Session-Id: %s", session);
		r.extra_header = header;
	}
	return lh_http_send(d->http, &r, err);
}

static int send_pool(struct lh_desk *d, struct lh_line *l, uint32_t i, struct lh_error *err)
{
	struct lh_waiting *w = &d->order[i];
	struct lh_pool_request r = { .id = id_of(d, i), .session = lh_model_keeps_context(l->model) ? (uint64_t)w->episode : 0, .open = lh_str_of(w->open), .params = w->body,
		.timeout_ms = l->carry.timeout_ms, .idle_ms = l->carry.idle_ms };
	return lh_pool_send(l->pool, &r, err);
}

static int send_one(struct lh_desk *d, struct lh_line *l, struct lh_error *err)
{
	uint32_t i = pop(d, &l->ready, false);
	d->order[i].state = LH_ORDER_FLYING;
	d->order[i].flying = d->order[i].body.p;
	d->order[i].attempt++;
	d->in_flight++;
	return l->carrier == LH_CARRIER_POOL ? send_pool(d, l, i, err) : send_http(d, l, i, err);
}

/* As many of a line as its pace and the budget allow. */
static int send_line(struct lh_desk *d, struct lh_line *l, int64_t now, struct lh_error *err)
{
	int rc = 0;
	l->until_us = now < l->pause_until_us ? l->pause_until_us : INT64_MAX;
	while (!rc && l->ready.n && !d->stop && now >= l->pause_until_us) {
		struct lh_waiting *w = &d->order[l->ready.at[0]];
		if (!lh_budget_allows(d, w) || !lh_pace_take(l->pace, now, w->tokens, &l->until_us))
			break;
		lh_budget_reserve(d, w);
		rc = send_one(d, l, err);
	}
	return rc;
}

static int wake(struct lh_desk *d, int64_t now, struct lh_error *err)
{
	int rc = 0;
	while (!rc && d->resting.n && d->order[d->resting.at[0]].due_us <= now) {
		uint32_t i = pop(d, &d->resting, true);
		d->order[i].state = LH_ORDER_READY;
		rc = push(d, &d->line[d->order[i].model].ready, i, false, err);
	}
	return rc;
}

/* ---- taking what came ---- */

static int take_ready(struct lh_desk *d, int *taken, struct lh_error *err)
{
	struct lh_exchange x;
	int rc = lh_http_step(d->http, err);
	while (!rc && lh_http_take(d->http, &x)) {
		uint32_t i = lh_orders_of(d, x.id);
		d->last_latency_us = x.latency_us;
		if (i != LH_NO_ORDER)
			rc = lh_verdicts_take(d, &x, i, err);
		lh_http_give_back(d->http, &x);
		++*taken;
	}
	return rc;
}

/* How long others are waited for that would share a commit: nothing beside what a reply takes. */
static int64_t linger_us(const struct lh_desk *d)
{
	int64_t us = d->last_latency_us / LINGER_SHARE;
	return us < LINGER_LEAST_US ? 0 : sooner(us, LINGER_MOST_US);
}

/* What came, and what comes right behind it: all of it is one transaction, and a transaction costs as much as dozens
 * of replies. Nothing is sent meanwhile, so no request goes out before the reply that it rests on is committed. */
static int take_http(struct lh_desk *d, struct lh_error *err)
{
	int64_t until = 0;
	for (int taken = 0;;) {
		int before = taken, rc = take_ready(d, &taken, err);
		if (rc || !taken || !d->in_flight || taken >= GATHER_MOST)
			return rc;
		int64_t now = lh_clock_mono_us();
		if (!until)
			until = now + linger_us(d);
		if (taken == before && now >= until)
			return 0;
		rc = lh_loop_wait(d->s.loop, sooner(until, lh_http_due_us(d->http)), err);
		if (rc)
			return rc;
	}
}

static int take_pool(struct lh_desk *d, struct lh_pool *p, struct lh_error *err)
{
	struct lh_exchange x;
	int rc = lh_pool_step(p, err);
	while (!rc && lh_pool_take(p, &x)) {
		uint32_t i = lh_orders_of(d, x.id);
		if (i != LH_NO_ORDER)
			rc = lh_verdicts_take(d, &x, i, err);
		lh_pool_give_back(p, &x);
	}
	return rc;
}

int lh_desk_step(struct lh_desk *d, struct lh_error *err)
{
	int rc = d->http ? take_http(d, err) : 0;
	for (int i = 0; i < d->lines && !rc; i++)
		if (d->line[i].pool)
			rc = take_pool(d, d->line[i].pool, err);
	if (!rc)
		rc = lh_recorded_step(d, err);
	int64_t now = lh_clock_mono_us();
	if (!rc)
		rc = lh_kept_write(d, now, err);
	if (!rc && now >= lh_budget_deadline_us(d))
		lh_desk_stop(d, LH_STOP_BUDGET, "the time allowed by --max-time is over");
	if (!rc)
		rc = wake(d, now, err);
	for (int i = 0; i < d->lines && !rc; i++)
		rc = send_line(d, &d->line[i], now, err);
	return rc;
}

int64_t lh_desk_due_us(const struct lh_desk *d)
{
	int64_t due = d->http ? lh_http_due_us(d->http) : INT64_MAX;
	if (d->recorded_n)
		return 0;
	if (d->resting.n && !d->stop)
		due = sooner(due, d->order[d->resting.at[0]].due_us);
	for (int i = 0; i < d->lines; i++) {
		const struct lh_line *l = &d->line[i];
		if (l->pool)
			due = sooner(due, lh_pool_due_us(l->pool));
		if (l->ready.n && !d->stop)
			due = sooner(due, l->until_us);
	}
	due = sooner(due, lh_kept_due_us(d));
	return sooner(due, lh_budget_deadline_us(d));
}

/* What was not sent is forgotten, and will be asked again; what flies is paid for, and goes on without its episode. */
void lh_orders_forget(struct lh_desk *d, uint32_t slot)
{
	struct lh_open *o = lh_agenda_at(d, slot);
	lh_recorded_forget(d, slot);
	if (!o->orders)
		return;
	for (int i = 0; i < d->lines; i++)
		sweep(d, &d->line[i].ready, slot, false);
	sweep(d, &d->resting, slot, true);
	for (uint32_t i = 0; i < d->orders; i++) {
		struct lh_waiting *w = &d->order[i];
		if (w->state == LH_ORDER_FREE || w->orphan || w->slot != slot)
			continue;
		if (w->state != LH_ORDER_FLYING) {
			lh_orders_free(d, i);
			continue;
		}
		w->orphan = true;
		d->orphans++;
	}
	o->orders = 0;
}

bool lh_desk_sends_from(const struct lh_desk *d, const char *from, size_t n)
{
	for (uint32_t i = 0; i < d->orders; i++) {
		const struct lh_waiting *w = &d->order[i];
		if (w->state == LH_ORDER_FLYING && (uintptr_t)w->flying >= (uintptr_t)from && (uintptr_t)w->flying - (uintptr_t)from < n)
			return true;
	}
	return false;
}

void lh_orders_fini(struct lh_desk *d)
{
	for (size_t i = 0; i < d->orders; i++) {
		free(d->order[i].open);
		lh_buf_fini(&d->order[i].row);
	}
	free(d->order);
	free(d->free_order);
	free(d->resting.at);
	free(d->recorded);
}
