/* The run file as the model: replies that were paid for answer an episode that is executed again. */
#include "run/desk_impl.h"

#include "run/parcel.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WORDS_MAX (1u << 30)

struct entry {
	uint32_t turn, seq;
	uint64_t view_hash;
	int64_t reply;                   /* message id */
	int round;                       /* of the last ask's */
	size_t view, view_n, text, text_n, thoughts, thoughts_n, blob, blob_n, calls, calls_n, error_text, error_n;   /* in words */
	int error;                       /* 0, LH_E_OVERFLOW, LH_E_FAILED */
	enum lh_finish finish;
	int64_t tokens_in, tokens_cached, tokens_out, tokens_reasoning, latency_us, cost_microusd, attempts;
	bool counted;
	char served_by[96], request_id[80];
};

struct lh_recorded {
	struct entry *entry; size_t n, cap;      /* by (turn, seq) */
	struct lh_buf words;
};

void lh_recorded_free(struct lh_recorded *r)
{
	if (!r)
		return;
	free(r->entry);
	lh_buf_fini(&r->words);
	free(r);
}

static void keep(struct lh_recorded *r, struct lh_str s, size_t *at, size_t *n)
{
	*at = r->words.n;
	*n = s.n;
	lh_buf_put_str(&r->words, s);
}

static void cut(char *to, size_t size, struct lh_str s)
{
	size_t n = s.n < size ? s.n : size - 1;
	memcpy(to, s.p, n);
	to[n] = 0;
}

static int add(void *user, const void *row, struct lh_error *err)
{
	struct lh_recorded *r = user;
	const struct lh_answer_row *a = row;
	if (!a->error.n && !a->has_text)
		return 0;
	int rc = lh_array_more(&r->entry, &r->cap, r->n + 1, sizeof *r->entry, err);
	if (rc)
		return rc;
	struct entry *e = &r->entry[r->n++];
	*e = (struct entry){ .turn = (uint32_t)a->turn, .seq = (uint32_t)a->seq, .view_hash = a->view_hash, .reply = a->reply,
		.tokens_in = a->tokens_in, .tokens_cached = a->tokens_cached, .tokens_out = a->tokens_out, .tokens_reasoning = a->tokens_reasoning,
		.latency_us = a->latency_us, .cost_microusd = a->cost_microusd, .attempts = a->attempts, .counted = a->counted };
	e->error = !a->error.n ? 0 : lh_str_is(a->error, "overflow") ? LH_E_OVERFLOW : LH_E_FAILED;
	int finish = lh_finish_of(a->finish);
	e->finish = finish < 0 ? LH_FINISH_STOP : (enum lh_finish)finish;
	keep(r, a->view, &e->view, &e->view_n);
	keep(r, a->text, &e->text, &e->text_n);
	keep(r, a->thoughts, &e->thoughts, &e->thoughts_n);
	keep(r, a->blob, &e->blob, &e->blob_n);
	keep(r, a->calls, &e->calls, &e->calls_n);
	keep(r, a->error_text, &e->error_text, &e->error_n);
	cut(e->served_by, sizeof e->served_by, a->served_by);
	cut(e->request_id, sizeof e->request_id, a->request_id);
	return lh_buf_ok(&r->words, err);
}

static bool follows(const struct entry *a, const struct entry *b)
{
	return a->turn != b->turn ? a->turn > b->turn : a->seq > b->seq;
}

/* Puts the last entry where it belongs. */
static void sort_last(struct lh_recorded *r)
{
	for (size_t i = r->n; i > 1 && follows(&r->entry[i - 2], &r->entry[i - 1]); i--) {
		struct entry e = r->entry[i - 1];
		r->entry[i - 1] = r->entry[i - 2];
		r->entry[i - 2] = e;
	}
}

/* ---- what ended the episode ---- */

static struct lh_str at(const struct lh_recorded *r, size_t from, size_t n)
{
	return (struct lh_str){ lh_buf_str(&r->words).p + from, n };
}

/* The pieces of the view, without the count in front. */
static struct lh_str pieces(const struct lh_recorded *r, const struct entry *e)
{
	struct lh_str view = at(r, e->view, e->view_n);
	const char *colon = memchr(view.p, ':', view.n);
	size_t n = colon ? (size_t)(colon + 1 - view.p) : 0;
	return (struct lh_str){ view.p + n, view.n - n };
}

/* Does b go on from a, in one chain: is its view a's, with a's reply and what tools gave behind it? */
static bool goes_on(const struct lh_recorded *r, const struct entry *a, const struct entry *b)
{
	char reply[32];
	struct lh_str before = pieces(r, a), now = pieces(r, b);
	size_t n = (size_t)snprintf(reply, sizeof reply, ",m%lld,", (long long)a->reply);
	return !a->error && a->turn == b->turn && now.n > before.n + n && !memcmp(now.p, before.p, before.n) && !memcmp(now.p + before.n, reply, n);
}

/* The entry that this one goes on from; itself: none. */
static size_t before(const struct lh_recorded *r, size_t i)
{
	for (size_t k = i; k-- > 0 && r->entry[k].turn == r->entry[i].turn;)
		if (goes_on(r, &r->entry[k], &r->entry[i]))
			return k;
	return i;
}

/* The first call of the last ask, whose first round shares a view. */
static size_t last_ask(const struct lh_recorded *r)
{
	size_t i = r->n - 1;
	for (size_t k; (k = before(r, i)) != i; i = k)
		;
	while (i && r->entry[i - 1].turn == r->entry[i].turn && r->entry[i - 1].view_hash == r->entry[i].view_hash)
		i--;
	return i;
}

/* A failure of the network that the policy went on from is part of the record; what ended the episode is asked again:
 * failures among the calls of the last ask. So are its rounds behind the first that lacks a chain because of one: with all
 * chains in them, their calls are others. */
static void drop_last_failures(struct lh_recorded *r)
{
	size_t from = r->n ? last_ask(r) : 0, to = from;
	int failed = INT_MAX;
	for (size_t i = from; i < r->n; i++) {
		struct entry *e = &r->entry[i];
		size_t k = e->view_hash == r->entry[from].view_hash ? i : before(r, i);
		e->round = k == i ? 0 : r->entry[k].round + 1;
		if (e->error == LH_E_FAILED && e->round < failed)
			failed = e->round;
	}
	for (size_t i = from; i < r->n; i++)
		if (r->entry[i].round < failed || (r->entry[i].round == failed && r->entry[i].error != LH_E_FAILED))
			r->entry[to++] = r->entry[i];
	r->n = to;
}

int lh_recorded_load(struct lh_desk *d, int64_t episode, struct lh_recorded **out, struct lh_error *err)
{
	struct lh_reader *reader;
	struct lh_recorded *r = calloc(1, sizeof *r);
	*out = NULL;
	if (!r)
		return lh_nomem(err);
	lh_buf_init(&r->words, WORDS_MAX);
	int rc = lh_reader_open(d->path, &reader, err);
	if (!rc) {
		rc = lh_reader_answers(reader, episode, add, r, err);
		lh_reader_close(reader);
	}
	drop_last_failures(r);
	if (rc || !r->n) {
		lh_recorded_free(r);
		return rc;
	}
	*out = r;
	return 0;
}

static const struct entry *find(const struct lh_recorded *r, uint32_t turn, uint32_t seq)
{
	size_t lo = 0, hi = r->n;
	while (lo < hi) {
		size_t mid = (lo + hi) / 2;
		const struct entry *e = &r->entry[mid];
		if (e->turn == turn && e->seq == seq)
			return e;
		if (e->turn < turn || (e->turn == turn && e->seq < seq))
			lo = mid + 1;
		else
			hi = mid;
	}
	return NULL;
}

static void fill(struct lh_reply *to, const struct lh_recorded *r, const struct entry *e)
{
	lh_reply_clear(to);
	to->error = e->error;
	lh_buf_put_str(&to->text, at(r, e->text, e->text_n));
	lh_buf_put_str(&to->thoughts, at(r, e->thoughts, e->thoughts_n));
	lh_buf_put_str(&to->blob, at(r, e->blob, e->blob_n));
	lh_buf_put_str(&to->calls, at(r, e->calls, e->calls_n));
	lh_buf_put_str(&to->error_text, at(r, e->error_text, e->error_n));
	to->finish = e->finish;
	to->tokens_in = e->tokens_in;
	to->tokens_cached = e->tokens_cached;
	to->tokens_out = e->tokens_out;
	to->tokens_reasoning = e->tokens_reasoning;
	to->latency_us = e->latency_us;
	to->cost_microusd = e->cost_microusd;
	to->attempts = e->attempts;
	to->counted = e->counted;
	memcpy(to->served_by, e->served_by, sizeof to->served_by);
	memcpy(to->request_id, e->request_id, sizeof to->request_id);
}

int lh_recorded_answer(struct lh_desk *d, struct lh_open *o, const struct lh_order *order, bool *found, struct lh_error *err)
{
	struct lh_recorded *r = o->recorded;
	const struct entry *e = find(r, (uint32_t)order->row.turn, (uint32_t)order->row.seq);
	*found = e != NULL;
	if (!e)
		return 0;
	if (e->view_hash != order->row.view_hash)
		return lh_fail(err, LH_E_DIFFERS, "sample %llu, turn %u, call %u: what would be sent now is not what was sent then (view %.*s now, %.*s in the file, "
			"or their contents differ); the run file and the programs that made it do not agree, so nothing is sent. Start a new run with --new",
			(unsigned long long)o->sample, e->turn, e->seq, LH_ARG(order->row.view), LH_ARG(at(r, e->view, e->view_n)));
	int rc = lh_array_more(&d->recorded, &d->recorded_cap, d->recorded_n + 1, sizeof *d->recorded, err);
	if (!rc)
		d->recorded[d->recorded_n++] = (struct lh_from_record){ order->slot, e->turn, e->seq };
	return rc;
}

/* A reply that came while its episode was being begun again. */
int lh_recorded_late(struct lh_desk *d, const struct lh_waiting *w, const struct lh_reply *reply, struct lh_error *err)
{
	struct lh_open *o = lh_agenda_find(d, w->episode);
	if (!o || reply->error)
		return 0;
	if (!o->recorded) {
		if (!(o->recorded = calloc(1, sizeof *o->recorded)))
			return lh_nomem(err);
		lh_buf_init(&o->recorded->words, WORDS_MAX);
	}
	struct lh_call_row call = { 0 };
	struct lh_parcel p = { .in = lh_buf_str(&w->row) };
	lh_parcel_call(&p, &call);
	struct lh_answer_row row = { .turn = w->turn, .seq = w->seq, .view_hash = call.view_hash, .view = call.view, .has_text = true, .text = lh_buf_str(&reply->text),
		.thoughts = lh_buf_str(&reply->thoughts), .blob = lh_buf_str(&reply->blob), .calls = lh_buf_str(&reply->calls), .finish = lh_str_of(lh_finish_name((int)reply->finish)),
		.tokens_in = reply->tokens_in, .tokens_cached = reply->tokens_cached, .tokens_out = reply->tokens_out, .tokens_reasoning = reply->tokens_reasoning,
		.latency_us = reply->latency_us, .cost_microusd = reply->cost_microusd, .attempts = reply->attempts, .counted = reply->counted,
		.served_by = lh_str_of(reply->served_by), .request_id = lh_str_of(reply->request_id) };
	int rc = add(o->recorded, &row, err);
	sort_last(o->recorded);
	return rc;
}

void lh_recorded_forget(struct lh_desk *d, uint32_t slot)
{
	for (size_t i = 0; i < d->recorded_n; i++)
		if (d->recorded[i].slot == slot)
			d->recorded[i].slot = UINT32_MAX;
}

/* Not at once where the order is taken: the engine is in the middle of something then. */
int lh_recorded_step(struct lh_desk *d, struct lh_error *err)
{
	int rc = 0;
	while (!rc && d->recorded_n) {
		struct lh_from_record f = d->recorded[--d->recorded_n];
		const struct lh_open *o = f.slot == UINT32_MAX ? NULL : lh_agenda_at(d, f.slot);
		const struct entry *e = o && o->recorded ? find(o->recorded, f.turn, f.seq) : NULL;
		if (!e)
			continue;
		fill(&d->reply, o->recorded, e);
		rc = d->s.answer(d->s.user, f.slot, f.turn, f.seq, &d->reply, err);
	}
	return rc;
}
