#include "run/engine.h"

#include <stdlib.h>
#include <string.h>

struct flight {                                  /* a local call that has a place */
	int64_t at_us;                           /* when its reply is due, on the virtual clock */
	uint64_t ticket;                         /* order of issue: breaks ties */
	struct lh_episode *episode;
	uint32_t seq;
	int reply;                               /* index of its lh_reply */
};

struct waiting { struct lh_episode *episode; uint32_t seq; };

struct lh_engine {
	struct lh_run_context *run;
	int places;
	int64_t now_us;
	uint64_t ticket;
	struct flight *heap; int in_flight;
	struct lh_reply *reply; int *free_reply, free_replies;
	struct waiting *queue; size_t head, count, cap;
	struct lh_episode **slot; size_t slots;
	struct lh_engine_note *note, own_note;
};

/* ---- calls in flight: a binary heap by (due, ticket) ---- */

static bool sooner(const struct flight *a, const struct flight *b)
{
	return a->at_us != b->at_us ? a->at_us < b->at_us : a->ticket < b->ticket;
}

static void push(struct lh_engine *en, struct flight f)
{
	int i = en->in_flight++;
	for (; i && sooner(&f, &en->heap[(i - 1) / 2]); i = (i - 1) / 2)
		en->heap[i] = en->heap[(i - 1) / 2];
	en->heap[i] = f;
}

static struct flight pop(struct lh_engine *en)
{
	struct flight top = en->heap[0], last = en->heap[--en->in_flight];
	int i = 0;
	for (int child; (child = 2 * i + 1) < en->in_flight; i = child) {
		if (child + 1 < en->in_flight && sooner(&en->heap[child + 1], &en->heap[child]))
			child++;
		if (!sooner(&en->heap[child], &last))
			break;
		en->heap[i] = en->heap[child];
	}
	en->heap[i] = last;
	return top;
}

/* ---- calls that wait for a place: a ring ---- */

static int enqueue(struct lh_engine *en, struct lh_episode *e, uint32_t seq, struct lh_error *err)
{
	if (en->count == en->cap) {
		size_t cap = en->cap ? 2 * en->cap : 256;
		struct waiting *p = malloc(cap * sizeof *p);
		if (!p)
			return lh_nomem(err);
		for (size_t i = 0; i < en->count; i++)
			p[i] = en->queue[(en->head + i) % en->cap];
		free(en->queue);
		en->queue = p;
		en->head = 0;
		en->cap = cap;
	}
	en->queue[(en->head + en->count++) % en->cap] = (struct waiting){ e, seq };
	return 0;
}

/* ---- episodes ---- */

void lh_engine_drop(struct lh_engine *en, uint32_t slot)
{
	if (slot >= en->slots)
		return;
	lh_episode_free(en->slot[slot]);
	en->slot[slot] = NULL;
}

/* The latest ask's calls get in line, here or outside, or the episode is over. */
static int line_up(struct lh_engine *en, struct lh_episode *e, struct lh_error *err)
{
	if (e->done) {
		lh_engine_drop(en, e->slot);
		return 0;
	}
	if (e->live)
		return lh_episode_order(e, err);
	int n, rc = 0;
	const struct lh_ask *a = lh_episode_asks(e, &n);
	for (int i = 0; i < n; i++)
		for (int k = 0; k < a[i].wanted && !rc; k++)
			rc = enqueue(en, e, a[i].first_seq + (uint32_t)k, err);
	return rc;
}

/* From here to where the note is taken back, foreign code may run. */
static void enter(struct lh_engine *en, uint32_t slot)
{
	const struct lh_episode *e = slot < en->slots ? en->slot[slot] : NULL;
	++en->note->entered;
	en->note->turn = e ? lh_transcript_turn(e->transcript) : 0;
	en->note->slot = slot;
}

static int put_slot(struct lh_engine *en, uint32_t slot, struct lh_error *err)
{
	size_t had = en->slots;
	if (slot < had)
		return en->slot[slot] ? lh_fail(err, LH_E_INTERNAL, "slot %u is taken", slot) : 0;
	int rc = lh_array_more(&en->slot, &en->slots, (size_t)slot + 1, sizeof *en->slot, err);
	if (!rc)
		memset(en->slot + had, 0, (en->slots - had) * sizeof *en->slot);
	return rc;
}

int lh_engine_open(struct lh_engine *en, const struct lh_seat *seat, struct lh_error *err)
{
	struct lh_episode *e = NULL;
	int rc = put_slot(en, seat->slot, err);
	enter(en, seat->slot);
	if (!rc)
		rc = lh_episode_open(en->run, seat, &e, err);
	if (!rc) {
		en->slot[seat->slot] = e;
		rc = line_up(en, e, err);
	}
	en->note->slot = LH_NO_SLOT;
	return rc;
}

/* Hands a reply in; when it moved the episode on, its next calls get in line. */
static int carry_on(struct lh_engine *en, struct lh_episode *e, uint32_t seq, const struct lh_reply *reply, struct lh_error *err)
{
	uint32_t turn = lh_transcript_turn(e->transcript);
	int asks = e->asks;
	enter(en, e->slot);
	int rc = lh_episode_reply(e, seq, reply, err);
	if (!rc && (e->done || lh_transcript_turn(e->transcript) != turn || e->asks != asks))
		rc = line_up(en, e, err);
	en->note->slot = LH_NO_SLOT;
	return rc;
}

int lh_engine_answer(struct lh_engine *en, uint32_t slot, uint32_t turn, uint32_t seq, const struct lh_reply *reply, struct lh_error *err)
{
	struct lh_episode *e = slot < en->slots ? en->slot[slot] : NULL;
	if (!e || !lh_episode_waits(e, turn, seq))
		return lh_fail(err, LH_E_INTERNAL, "a reply came that nobody waits for: slot %u, turn %u, call %u", slot, turn, seq);
	return carry_on(en, e, seq, reply, err);
}

/* ---- local calls ---- */

/* Takes the first call in line to its model. */
static int issue(struct lh_engine *en, struct lh_error *err)
{
	struct waiting w = en->queue[en->head];
	en->head = (en->head + 1) % en->cap;
	en->count--;
	struct lh_model_request q;
	int r = en->free_reply[--en->free_replies];
	lh_episode_request(w.episode, w.seq, &q);
	enter(en, w.episode->slot);              /* sim asks the task family */
	int rc = en->run->watch ? en->run->watch(en->run->watch_user, &q, err) : 0;
	if (!rc)
		rc = lh_model_call(w.episode->condition->model, w.episode->model, &q, &en->reply[r], err);
	en->note->slot = LH_NO_SLOT;
	if (rc)
		return rc;
	push(en, (struct flight){ en->now_us + en->reply[r].latency_us, en->ticket++, w.episode, w.seq, r });
	return 0;
}

int lh_engine_step(struct lh_engine *en, struct lh_error *err)
{
	int rc = 0;
	while (!rc && en->in_flight < en->places && en->count)
		rc = issue(en, err);
	if (rc || !en->in_flight)
		return rc;
	struct flight f = pop(en);
	en->now_us = f.at_us;
	rc = carry_on(en, f.episode, f.seq, &en->reply[f.reply], err);
	en->free_reply[en->free_replies++] = f.reply;
	return rc;
}

bool lh_engine_idle(const struct lh_engine *en) { return !en->in_flight && !en->count; }
bool lh_engine_has_room(const struct lh_engine *en) { return !en->count && en->in_flight < en->places; }
int64_t lh_engine_virtual_us(const struct lh_engine *en) { return en->now_us; }

void lh_engine_note_in(struct lh_engine *en, struct lh_engine_note *note)
{
	en->note = note;
}

/* ---- life ---- */

int lh_engine_new(struct lh_run_context *run, int places, struct lh_engine **out, struct lh_error *err)
{
	*out = NULL;
	struct lh_engine *en = calloc(1, sizeof *en);
	if (!en)
		return lh_nomem(err);
	en->run = run;
	en->note = &en->own_note;
	en->heap = calloc((size_t)places, sizeof *en->heap);
	en->reply = calloc((size_t)places, sizeof *en->reply);
	en->free_reply = calloc((size_t)places, sizeof *en->free_reply);
	if (!en->heap || !en->reply || !en->free_reply) {
		lh_engine_free(en);
		return lh_nomem(err);
	}
	en->places = places;
	for (int i = 0; i < places; i++) {
		lh_reply_init(&en->reply[i]);
		en->free_reply[i] = places - 1 - i;
	}
	en->free_replies = places;
	*out = en;
	return 0;
}

void lh_engine_free(struct lh_engine *en)
{
	if (!en)
		return;
	for (size_t i = 0; i < en->slots; i++)
		lh_episode_free(en->slot[i]);
	for (int i = 0; en->reply && i < en->places; i++)
		lh_reply_fini(&en->reply[i]);
	free(en->slot);
	free(en->reply);
	free(en->free_reply);
	free(en->heap);
	free(en->queue);
	free(en);
}
