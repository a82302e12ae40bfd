#include "run/scheduler.h"

#include "base/clock.h"

#include <stdlib.h>
#include <string.h>

#define PROGRESS_EVERY 1024              /* replies between looks at the clock */
#define PROGRESS_US 200000

struct flight {                                  /* a call that has a place */
	int64_t at_us;                           /* when its reply is due */
	uint64_t ticket;                         /* order of issue: breaks ties */
	struct lh_episode *episode;
	uint32_t seq;
	int reply;                               /* index of its lh_reply */
};

struct waiting { struct lh_episode *episode; uint32_t seq; };

struct scheduler {
	struct lh_run_context *run;
	const struct lh_run_hooks *hooks;
	int64_t now_us, started_us, shown_us;
	uint64_t ticket;
	int places;
	struct flight *heap; int in_flight;
	struct lh_reply *reply; int *free_reply, free_replies;
	struct waiting *queue; size_t head, count, cap;
	struct lh_episode *first;                /* of those open */
	int64_t next, all, open;                 /* episodes: to open next, in all, open now */
	int64_t done;
	int since_look;
};

/* ---- calls in flight: a binary heap by (due, ticket) ---- */

static bool sooner(const struct flight *a, const struct flight *b)
{
	return a->at_us != b->at_us ? a->at_us < b->at_us : a->ticket < b->ticket;
}

static void push(struct scheduler *s, struct flight f)
{
	int i = s->in_flight++;
	for (; i && sooner(&f, &s->heap[(i - 1) / 2]); i = (i - 1) / 2)
		s->heap[i] = s->heap[(i - 1) / 2];
	s->heap[i] = f;
}

static struct flight pop(struct scheduler *s)
{
	struct flight top = s->heap[0], last = s->heap[--s->in_flight];
	int i = 0;
	for (int child; (child = 2 * i + 1) < s->in_flight; i = child) {
		if (child + 1 < s->in_flight && sooner(&s->heap[child + 1], &s->heap[child]))
			child++;
		if (!sooner(&s->heap[child], &last))
			break;
		s->heap[i] = s->heap[child];
	}
	s->heap[i] = last;
	return top;
}

/* ---- calls that wait for a place: a ring ---- */

static int enqueue(struct scheduler *s, struct lh_episode *e, uint32_t seq, struct lh_error *err)
{
	if (s->count == s->cap) {
		size_t cap = s->cap ? 2 * s->cap : 256;
		struct waiting *p = malloc(cap * sizeof *p);
		if (!p)
			return lh_nomem(err);
		for (size_t i = 0; i < s->count; i++)
			p[i] = s->queue[(s->head + i) % s->cap];
		free(s->queue);
		s->queue = p;
		s->head = 0;
		s->cap = cap;
	}
	s->queue[(s->head + s->count++) % s->cap] = (struct waiting){ e, seq };
	return 0;
}

static void close_episode(struct scheduler *s, struct lh_episode *e)
{
	*(e->previous ? &e->previous->next : &s->first) = e->next;
	if (e->next)
		e->next->previous = e->previous;
	s->open--;
	lh_episode_free(e);
}

/* The latest ask's calls get in line, or the episode is closed. */
static int line_up(struct scheduler *s, struct lh_episode *e, struct lh_error *err)
{
	if (e->done) {
		close_episode(s, e);
		s->done++;
		return 0;
	}
	const struct lh_ask *a = lh_episode_asks(e);
	for (int i = 0; i < a->wanted; i++) {
		int rc = enqueue(s, e, a->first_seq + (uint32_t)i, err);
		if (rc)
			return rc;
	}
	return 0;
}

/* Takes the first call in line to the model. The one way to a reply: (episode, turn, seq). */
static int issue(struct scheduler *s, struct lh_error *err)
{
	struct waiting w = s->queue[s->head];
	s->head = (s->head + 1) % s->cap;
	s->count--;
	struct lh_model_request q;
	int r = s->free_reply[--s->free_replies];
	lh_episode_request(w.episode, w.seq, &q);
	int rc = s->run->watch ? s->run->watch(s->run->watch_user, &q, err) : 0;
	if (!rc)
		rc = lh_model_call(w.episode->condition->model, w.episode->model, &q, &s->reply[r], err);
	if (rc)
		return rc;
	push(s, (struct flight){ s->now_us + s->reply[r].latency_us, s->ticket++, w.episode, w.seq, r });
	return 0;
}

/* Takes the reply that is due next. */
static int deliver(struct scheduler *s, struct lh_error *err)
{
	struct flight f = pop(s);
	s->now_us = f.at_us;
	uint32_t turn = lh_transcript_turn(f.episode->transcript);
	int asks = f.episode->asks;
	int rc = lh_episode_reply(f.episode, f.seq, &s->reply[f.reply], err);
	s->free_reply[s->free_replies++] = f.reply;
	if (rc)
		return rc;
	bool moved = f.episode->done || lh_transcript_turn(f.episode->transcript) != turn || f.episode->asks != asks;
	return moved ? line_up(s, f.episode, err) : 0;
}

static int open_next(struct scheduler *s, struct lh_error *err)
{
	int conditions = s->run->plan->conditions;
	struct lh_episode *e;
	int rc = lh_episode_open(s->run, (int)(s->next % conditions), (int)(s->next / conditions), &e, err);
	if (rc)
		return rc;
	e->next = s->first;
	if (s->first)
		s->first->previous = e;
	s->first = e;
	s->next++;
	s->open++;
	return line_up(s, e, err);
}

static void show(struct scheduler *s, bool last)
{
	if (!s->hooks || !s->hooks->progress || (++s->since_look < PROGRESS_EVERY && !last))
		return;
	s->since_look = 0;
	int64_t now = lh_clock_mono_us();
	if (now - s->shown_us < PROGRESS_US && !last)
		return;
	s->shown_us = now;
	struct lh_progress p = { s->done, s->all, s->run->turns_done, (int64_t)s->run->plan->cells, s->run->calls_done,
		(double)(now - s->started_us) / 1e6, (double)s->now_us / 1e6 };
	s->hooks->progress(s->hooks->user, &p);
}

static bool stopping(const struct scheduler *s)
{
	return s->hooks && s->hooks->stop && *s->hooks->stop;
}

static int pass(struct scheduler *s, struct lh_error *err)
{
	int rc = 0;
	while (!rc && s->in_flight < s->places && s->count)
		rc = issue(s, err);
	while (!rc && s->in_flight < s->places && !s->count && s->next < s->all && s->open < s->places) {
		rc = open_next(s, err);
		while (!rc && s->in_flight < s->places && s->count)
			rc = issue(s, err);
	}
	if (!rc && s->in_flight)
		rc = deliver(s, err);
	return rc;
}

static int make_room(struct scheduler *s, struct lh_error *err)
{
	s->heap = calloc((size_t)s->places, sizeof *s->heap);
	s->reply = calloc((size_t)s->places, sizeof *s->reply);
	s->free_reply = calloc((size_t)s->places, sizeof *s->free_reply);
	if (!s->heap || !s->reply || !s->free_reply)
		return lh_nomem(err);
	for (int i = 0; i < s->places; i++) {
		lh_reply_init(&s->reply[i]);
		s->free_reply[i] = s->places - 1 - i;
	}
	s->free_replies = s->places;
	return 0;
}

int lh_schedule(struct lh_run_context *run, const struct lh_run_hooks *hooks, int64_t *virtual_us, struct lh_error *err)
{
	struct scheduler s = { .run = run, .hooks = hooks, .places = (int)run->experiment->concurrency };
	s.all = (int64_t)run->plan->samples * run->plan->conditions;
	s.started_us = s.shown_us = lh_clock_mono_us();
	int rc = make_room(&s, err);
	while (!rc && (s.in_flight || s.count || s.next < s.all) && !stopping(&s)) {
		rc = pass(&s, err);
		if (!rc && run->journal)         /* live: each pass; in bulk: once a second at the latest */
			rc = lh_journal_commit(run->journal, err);
		show(&s, false);
	}
	if (!rc)
		show(&s, true);
	while (s.first)                  /* an early end, or an error, leaves some open */
		close_episode(&s, s.first);
	for (int i = 0; s.reply && i < s.places; i++)
		lh_reply_fini(&s.reply[i]);
	free(s.reply);
	free(s.free_reply);
	free(s.heap);
	free(s.queue);
	*virtual_us = s.now_us;
	return rc;
}
