/* The supervisor: workers run what may crash, the desk keeps what costs money, and this is what stands between.
 *
 * A worker that dies costs the episode whose foreign code was running, after one more try; all others it held
 * are executed again elsewhere, their replies coming from the run file. */
#include "run/supervisor.h"

#include "base/arena.h"
#include "base/clock.h"
#include "run/desk.h"
#include "run/engine.h"
#include "run/parcel.h"
#include "run/possible.h"
#include "run/pulse.h"
#include "run/worker.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define READ_BYTES (256u << 10)
#define LOOK_US 500000                   /* between looks for stalled workers */
#define STALL_WALL 6                     /* by the clock one entry into foreign code may take so many times its processor time */
#define EPISODE_TRIES 2                  /* of one in whose code a worker died */

struct place {                                   /* of a worker */
	bool alive, planned;
	int fd;
	pid_t pid;
	struct lh_buf in, out;
	size_t taken, sent;
	struct lh_arena_sight arena;
	uint32_t *slot; size_t slots, slot_cap;  /* episodes it holds */
	uint32_t entered;                        /* as last looked at, and what the clocks said then */
	int64_t entered_us, cpu_us;
	bool stalled, armed;                     /* armed: EPOLLOUT is asked for */
};

/* Memory of a dead worker from which requests are still being sent. */
struct remains { struct lh_arena_sight arena; struct remains *next; };

struct supervisor {
	const struct lh_experiment *experiment;
	const struct lh_run_hooks *hooks;
	struct lh_nursery *nursery;
	struct lh_loop *loop;
	struct lh_desk *desk; bool started;      /* started: there is a plan, and the desk knows it */
	struct lh_outline outline;
	struct lh_pulse pulse;
	struct place place[LH_WORKERS_MOST];
	int places;
	struct lh_seat *seat; size_t seats;      /* by slot */
	int *holder, *tries; size_t slots;       /* by slot: which place holds it, how often its code ended a worker */
	struct remains *remains;
	int64_t looked_us;
	int deaths;                              /* of workers that had planned nothing, in a row */
	struct lh_error *fault;                  /* of a ready function */
};

/* ---- slots ---- */

static int know_slot(struct supervisor *s, const struct lh_seat *seat, int place, struct lh_error *err)
{
	size_t had = s->slots, cap = s->slots, more = s->slots, seats = s->slots;
	if (seat->slot >= had) {
		int rc = lh_array_more(&s->holder, &cap, (size_t)seat->slot + 1, sizeof *s->holder, err);
		if (rc || (rc = lh_array_more(&s->tries, &more, cap, sizeof *s->tries, err)) || (rc = lh_array_more(&s->seat, &seats, cap, sizeof *s->seat, err)))
			return rc;
		for (size_t i = had; i < cap; i++)
			s->holder[i] = -1, s->tries[i] = 0;
		s->slots = cap;
	}
	struct place *p = &s->place[place];
	if (lh_array_more(&p->slot, &p->slot_cap, p->slots + 1, sizeof *p->slot, err))
		return LH_E_NOMEM;
	p->slot[p->slots++] = seat->slot;
	s->seat[seat->slot] = *seat;
	s->holder[seat->slot] = place;
	return 0;
}

static void forget_slot(struct supervisor *s, uint32_t slot)
{
	struct place *p = &s->place[s->holder[slot]];
	for (size_t i = 0; i < p->slots; i++)
		if (p->slot[i] == slot) {
			p->slot[i] = p->slot[--p->slots];
			break;
		}
	s->holder[slot] = -1;
	s->tries[slot] = 0;
}

/* ---- to workers ---- */

static void watch(struct supervisor *s, struct place *p, bool out)
{
	if (p->armed != out)
		lh_loop_change(s->loop, p->fd, EPOLLIN | (out ? (uint32_t)EPOLLOUT : 0u));
	p->armed = out;
}

static void flush_place(struct supervisor *s, struct place *p)
{
	while (p->alive && p->out.n > p->sent) {
		ssize_t n = send(p->fd, p->out.p + p->sent, p->out.n - p->sent, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)                      /* full, or dead: the other end will tell */
			break;
		p->sent += (size_t)n;
	}
	bool whole = p->sent == p->out.n;
	if (whole) {
		lh_buf_clear(&p->out);
		p->sent = 0;
	}
	if (p->alive)
		watch(s, p, !whole);
}

static void put(struct lh_parcel *p, int64_t v) { lh_parcel_int(p, &v); }

static int open_in(struct supervisor *s, const struct lh_seat *seat, int place, struct lh_error *err)
{
	struct place *p = &s->place[place];
	struct lh_parcel parcel = { .out = &p->out };
	int rc = know_slot(s, seat, place, err);
	if (rc)
		return rc;
	size_t at = lh_frame_begin(&p->out, LH_FRAME_OPEN);
	put(&parcel, seat->slot), put(&parcel, seat->condition), put(&parcel, seat->probe), put(&parcel, (int64_t)seat->sample), put(&parcel, seat->id);
	put(&parcel, s->tries[seat->slot]);
	lh_frame_end(&p->out, at);
	return lh_buf_ok(&p->out, err);
}

static int answer(void *user, uint32_t slot, uint32_t turn, uint32_t seq, const struct lh_reply *reply, struct lh_error *err)
{
	struct supervisor *s = user;
	int place = slot < s->slots ? s->holder[slot] : -1;
	if (place < 0 || !s->place[place].alive)
		return 0;                        /* its worker has just died: it will be asked again */
	struct place *p = &s->place[place];
	struct lh_parcel parcel = { .out = &p->out };
	struct lh_reply copy = *reply;           /* packing reads only */
	size_t at = lh_frame_begin(&p->out, LH_FRAME_ANSWER);
	put(&parcel, slot), put(&parcel, turn), put(&parcel, seq);
	lh_parcel_reply(&parcel, &copy);
	lh_frame_end(&p->out, at);
	return lh_buf_ok(&p->out, err);
}

static int lightest(const struct supervisor *s)
{
	int best = -1;
	for (int i = 0; i < s->places; i++)
		if (s->place[i].alive && s->place[i].planned && (best < 0 || s->place[i].slots < s->place[best].slots))
			best = i;
	return best;
}

static int open_more(struct supervisor *s, struct lh_error *err)
{
	struct lh_seat seat;
	bool any = true;
	int rc = 0, place = lightest(s);
	while (!rc && any && place >= 0 && lh_desk_open_episodes(s->desk) < s->experiment->concurrency) {
		rc = lh_desk_next(s->desk, &seat, &any, err);
		if (rc || !any)
			break;
		rc = open_in(s, &seat, place, err);
		place = lightest(s);
	}
	return rc;
}

/* ---- from workers ---- */

/* A worker speaks only of episodes that it holds. */
static bool holds(const struct supervisor *s, const struct place *p, int64_t slot)
{
	return slot >= 0 && (size_t)slot < s->slots && s->holder[slot] == (int)(p - s->place);
}

static int take_order(struct supervisor *s, struct place *p, struct lh_parcel *parcel, bool *bad, struct lh_error *err)
{
	struct lh_order o = { 0 };
	int64_t offset = 0;
	lh_parcel_order(parcel, &o, &offset);
	o.body.p = lh_parcel_ok(parcel) ? lh_arena_at(&p->arena, (size_t)offset, o.body.n) : NULL;
	*bad = !o.body.p || !holds(s, p, o.slot) || !lh_possible_order(&o, &s->outline, s->seat[o.slot].condition);
	if (*bad)
		return 0;
	o.row.episode = s->seat[o.slot].id;      /* not as the worker says */
	const struct lh_outlet *desk = lh_desk_outlet(s->desk);
	return desk->order(desk->user, &o, err);
}

static int take_row(struct supervisor *s, struct place *p, enum lh_frame kind, struct lh_parcel *parcel, bool *bad, struct lh_error *err)
{
	const struct lh_outlet *desk = lh_desk_outlet(s->desk);
	struct lh_message_row message = { 0 };
	struct lh_call_row call = { 0 };
	struct lh_episode_row episode = { 0 };
	int64_t slot = -1, how = 0;
	lh_parcel_int(parcel, &slot);
	if (kind == LH_FRAME_MESSAGE)
		lh_parcel_message(parcel, &message);
	else if (kind == LH_FRAME_EPISODE)
		lh_parcel_episode(parcel, &episode);
	else
		lh_parcel_int(parcel, &how), lh_parcel_call(parcel, &call);
	*bad = !lh_parcel_ok(parcel) || !holds(s, p, slot) || (kind == LH_FRAME_MESSAGE && !lh_possible_message(&message)) ||
		(kind == LH_FRAME_CALL && !lh_possible_call(&call, &s->outline, s->seat[slot].condition)) ||
		(kind == LH_FRAME_EPISODE && !lh_possible_episode(&episode));
	if (*bad)
		return 0;
	int64_t id = s->seat[slot].id;           /* not as the worker says */
	message.episode = call.episode = episode.id = id;
	episode.condition = s->seat[slot].condition;
	episode.sample = (int64_t)s->seat[slot].sample;
	episode.probe = s->seat[slot].probe;
	if (kind == LH_FRAME_MESSAGE)
		return desk->message ? desk->message(desk->user, (uint32_t)slot, &message, err) : 0;
	if (kind == LH_FRAME_CALL)
		return desk->call(desk->user, (uint32_t)slot, &call, (unsigned)how, err);
	if (!lh_str_is(episode.status, "running"))
		forget_slot(s, (uint32_t)slot);
	return desk->episode(desk->user, (uint32_t)slot, &episode, err);
}

/* What the worker says went wrong with the run as a whole: bad data, a missing reply. */
static int take_fault(struct lh_parcel *parcel, struct lh_error *err)
{
	int64_t code = 0;
	struct lh_str text = LH_STR("");
	lh_parcel_int(parcel, &code);
	lh_parcel_str(parcel, &text);
	bool known = !parcel->bad && code < 0 && code >= -(int64_t)LH_ERRI_COUNT;
	return lh_fail(err, known ? (int)code : LH_E_INTERNAL, "%.*s", LH_ARG(text));
}

static int take_outline(struct supervisor *s, struct place *p, struct lh_parcel *parcel, bool *bad, struct lh_error *err)
{
	struct lh_outline o = { 0 };
	lh_parcel_outline(parcel, &o);
	*bad = !lh_parcel_ok(parcel) || p->planned || !lh_possible_outline(&o, s->experiment);
	p->planned = !*bad;
	s->deaths = 0;
	if (!*bad && !s->outline.config) {
		s->outline = o;
		return 0;
	}
	bool same = *bad || !strcmp(o.config_sha256, s->outline.config_sha256);
	lh_outline_fini(&o);
	return same ? 0 : lh_fail(err, LH_E_USAGE, "a plugin, a policy or a data file has changed while the run was going on");
}

static int take_frame(struct supervisor *s, struct place *p, enum lh_frame kind, struct lh_parcel *parcel, bool *bad, struct lh_error *err)
{
	switch (kind) {
	case LH_FRAME_OUTLINE: return take_outline(s, p, parcel, bad, err);
	case LH_FRAME_FAULT: return take_fault(parcel, err);
	case LH_FRAME_ORDER: return s->started ? take_order(s, p, parcel, bad, err) : 0;
	case LH_FRAME_MESSAGE: case LH_FRAME_CALL: case LH_FRAME_EPISODE: return s->started ? take_row(s, p, kind, parcel, bad, err) : 0;
	default: *bad = true; return 0;
	}
}

static int take_frames(struct supervisor *s, struct place *p, bool *bad, struct lh_error *err)
{
	enum lh_frame kind;
	struct lh_parcel parcel;
	int rc = 0;
	while (!rc && !*bad && lh_frame_next(lh_buf_str(&p->in), &p->taken, &kind, &parcel, bad))
		rc = take_frame(s, p, kind, &parcel, bad, err);
	if (p->taken == p->in.n) {
		lh_buf_clear(&p->in);
		p->taken = 0;
	} else if (p->taken > READ_BYTES) {
		p->in.n -= p->taken;
		memmove(p->in.p, p->in.p + p->taken, p->in.n);
		p->taken = 0;
	}
	return rc;
}

/* ---- deaths ---- */

/* What a worker's end looked like, put behind what there is. */
static void put_end(const struct supervisor *s, const struct place *p, int status, struct lh_buf *out)
{
	double most = (double)s->experiment->stall_us / 1e6;
	if (p->stalled)
		lh_buf_printf(out, "it did not come back from one call (more than %.3g s of processor time, or %.3g s by the clock; --stall)", most, most * STALL_WALL);
	else if (WIFSIGNALED(status))
		lh_buf_printf(out, "it crashed: signal %d (%s)", WTERMSIG(status), strsignal(WTERMSIG(status)));
	else
		lh_buf_printf(out, "it ended its process with exit code %d", WEXITSTATUS(status));
}

/* "task NAME, apply() at step 3 (from 0), turn 4: "; whose code it was, as far as was noted. The note is a worker's: any of
 * it may be wrong, and none of it is followed. */
static void put_where(const struct supervisor *s, const struct lh_worker_note *n, const struct lh_seat *seat, struct lh_buf *out)
{
	const struct lh_outline_condition *c = &s->outline.condition[seat->condition];
	const char *function = lh_function_name(n->calling.function);
	uint64_t step = n->calling.step;
	if (function)
		lh_buf_printf(out, "task %s, %s()", c->task, function);
	else
		lh_buf_puts(out, "the task family's or policy's code");
	if (function && step != LH_NO_STEP)
		lh_buf_printf(out, " at step %" PRIu64 " (from 0), turn %" PRIu64, step, step / (uint64_t)c->steps_per_turn + 1);
	else if (n->in.turn)
		lh_buf_printf(out, ", turn %" PRIu32, n->in.turn);
	lh_buf_puts(out, ": ");
}

static int begin_place(struct supervisor *s, int i, struct lh_error *err);

/* How a worker ended. */
struct death { struct lh_worker_note note; bool stalled; struct lh_buf how; };

/* The episode whose code was running gets one more try; the others are no worse for it. */
static int take_up(struct supervisor *s, uint32_t slot, const struct death *d, struct lh_error *err)
{
	struct lh_buf cause;
	s->holder[slot] = -1;
	if (slot != d->note.in.slot || ++s->tries[slot] < EPISODE_TRIES)
		return lh_desk_again(s->desk, slot, &s->seat[slot].id, err);
	lh_buf_init(&cause, 4096);
	put_where(s, &d->note, &s->seat[slot], &cause);
	lh_buf_put_str(&cause, lh_buf_str(&d->how));
	s->tries[slot] = 0;
	int rc = lh_desk_give_up(s->desk, slot, cause.p ? cause.p : "", d->stalled, err);
	lh_buf_fini(&cause);
	return rc;
}

static int reopen(struct supervisor *s, const uint32_t *slot, size_t slots, int place, struct lh_error *err)
{
	int rc = 0;
	for (size_t i = 0; i < slots && !rc; i++)
		if (s->holder[slot[i]] < 0 && lh_desk_holds(s->desk, slot[i]))
			rc = open_in(s, &s->seat[slot[i]], place, err);
	return rc;
}

/* Memory of the dead from which nothing is sent any more. */
static void clear_remains(struct supervisor *s)
{
	for (struct remains **at = &s->remains, *r; (r = *at);) {
		if (lh_desk_sends_from(s->desk, r->arena.base, r->arena.size)) {
			at = &r->next;
			continue;
		}
		*at = r->next;
		lh_arena_leave(&r->arena);
		free(r);
	}
}

static int bury(struct supervisor *s, struct place *p, struct lh_error *err)
{
	struct remains *r = calloc(1, sizeof *r);
	if (!r)
		return lh_nomem(err);
	*r = (struct remains){ p->arena, s->remains };
	s->remains = r;
	lh_loop_remove(s->loop, p->fd);
	close(p->fd);
	lh_buf_fini(&p->in);
	lh_buf_fini(&p->out);
	return 0;
}

/* Before a worker has made the plan there is nothing to charge. */
static int died_early(struct supervisor *s, const struct death *d, struct lh_error *err)
{
	const char *function = lh_function_name(d->note.calling.function);
	if (++s->deaths > 2 * s->places)
		return lh_fail(err, LH_E_PLUGIN, "a worker died before it had begun: %s", lh_buf_str(&d->how).p);
	if (s->started)
		return 0;
	if (!function)
		return lh_fail(err, LH_E_PLUGIN, "a task family's or policy's code, while it was opened: %s", lh_buf_str(&d->how).p);
	return lh_fail(err, LH_E_PLUGIN, "task %.*s, %s(), while it was opened: %s; longhaul check FILE.so looks for the smallest case",
		(int)strnlen(d->note.calling.family, sizeof d->note.calling.family), d->note.calling.family, function, lh_buf_str(&d->how).p);
}

/* What the dead held is executed again: by the worker that takes its place. */
static int replace(struct supervisor *s, int i, const struct death *d, struct lh_error *err)
{
	struct place *p = &s->place[i];
	uint32_t *slot = p->slot;
	size_t slots = p->slots;
	int rc = 0;
	*p = (struct place){ .fd = -1 };
	for (size_t k = 0; k < slots && !rc; k++)
		rc = take_up(s, slot[k], d, err);
	if (!rc)
		rc = begin_place(s, i, err);
	if (!rc)
		rc = reopen(s, slot, slots, i, err);
	free(slot);
	return rc;
}

static int died(struct supervisor *s, int i, struct lh_error *err)
{
	struct place *p = &s->place[i];
	struct death d = { .note = *lh_nursery_note(s->nursery, i), .stalled = p->stalled };
	lh_buf_init(&d.how, 1024);
	lh_nursery_kill(s->nursery, i);          /* also one that only closed its line */
	put_end(s, p, lh_nursery_status(s->nursery, i), &d.how);
	int rc = lh_buf_ok(&d.how, err);
	if (!rc)
		rc = bury(s, p, err);
	if (!rc && !p->planned)
		rc = died_early(s, &d, err);
	if (!rc)
		rc = replace(s, i, &d, err);
	lh_buf_fini(&d.how);
	return rc;
}

static int64_t cpu_us(pid_t pid)
{
	clockid_t clock;
	struct timespec t;
	if (clock_getcpuclockid(pid, &clock) || clock_gettime(clock, &t))
		return 0;
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static bool too_long(const struct supervisor *s, const struct place *p, int64_t now)
{
	int64_t most = s->experiment->stall_us;
	return now - p->entered_us > STALL_WALL * most || (p->planned && cpu_us(p->pid) - p->cpu_us > most);
}

/* Foreign code that does not come back: seen by an entry count that stands still. Making the plan is one entry,
 * and may be work: only the clock counts there. */
static void look_for_stalls(struct supervisor *s, int64_t now)
{
	if (now - s->looked_us < LOOK_US)
		return;
	s->looked_us = now;
	for (int i = 0; i < s->places; i++) {
		struct place *p = &s->place[i];
		const struct lh_worker_note *n = lh_nursery_note(s->nursery, i);
		if (!p->alive)
			continue;
		uint32_t entered = n->in.entered;
		if ((p->planned && n->in.slot == LH_NO_SLOT) || entered != p->entered || !p->entered_us) {
			p->entered = entered;
			p->entered_us = now;
			p->cpu_us = cpu_us(p->pid);
		} else if (too_long(s, p, now)) {
			p->stalled = true;
			lh_nursery_kill(s->nursery, i);
		}
	}
}

/* ---- reading ---- */

static void ready(void *user, int fd, uint32_t events)
{
	struct supervisor *s = user;
	for (int i = 0; i < s->places; i++) {
		struct place *p = &s->place[i];
		if (p->fd != fd || !p->alive)
			continue;
		if (events & EPOLLOUT)
			flush_place(s, p);
		char *room = lh_buf_reserve(&p->in, READ_BYTES);
		ssize_t n = room ? recv(fd, room, READ_BYTES, MSG_DONTWAIT) : 0;
		if (n > 0)
			p->in.n += (size_t)n;
		else if (!n || (errno != EAGAIN && errno != EINTR))
			p->alive = false;
	}
}

/* What was read, and what became of who did not speak any more. */
static int take_all(struct supervisor *s, struct lh_error *err)
{
	int rc = 0;
	for (int i = 0; i < s->places && !rc; i++) {
		struct place *p = &s->place[i];
		bool bad = false;
		if (p->fd < 0)
			continue;
		rc = take_frames(s, p, &bad, err);
		if (bad)
			p->alive = false;
		if (!rc && !p->alive)
			rc = died(s, i, err);
	}
	return rc;
}

/* ---- beginning ---- */

static int receive_arena(struct place *p, struct lh_error *err)
{
	char byte, space[CMSG_SPACE(sizeof(int))];
	struct iovec io = { &byte, 1 };
	struct msghdr m = { .msg_iov = &io, .msg_iovlen = 1, .msg_control = space, .msg_controllen = sizeof space };
	struct pollfd wait = { .fd = p->fd, .events = POLLIN };
	int fd = -1;
	while (poll(&wait, 1, 10000) < 0 && errno == EINTR)
		;
	ssize_t n = recvmsg(p->fd, &m, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
	struct cmsghdr *c = n == 1 ? CMSG_FIRSTHDR(&m) : NULL;
	if (c && c->cmsg_type == SCM_RIGHTS)
		memcpy(&fd, CMSG_DATA(c), sizeof fd);
	if (n < 0)
		return lh_fail(err, LH_E_INTERNAL, "a worker did not begin");
	if (fd < 0) {                            /* it has died, or goes on to say why it cannot live: taken as any other's */
		lh_buf_put(&p->in, &byte, (size_t)n);
		return lh_buf_ok(&p->in, err);
	}
	int rc = lh_arena_look(fd, &p->arena, err);
	close(fd);
	return rc;
}

static int begin_place(struct supervisor *s, int i, struct lh_error *err)
{
	struct place *p = &s->place[i];
	*p = (struct place){ .fd = -1 };
	int rc = lh_nursery_fork(s->nursery, i, &p->fd, &p->pid, err);
	if (rc)
		return rc;
	lh_buf_init(&p->in, 2u * LH_FRAME_MAX);
	lh_buf_init(&p->out, 2u * LH_FRAME_MAX);
	rc = receive_arena(p, err);
	if (!rc)
		rc = lh_loop_add(s->loop, p->fd, EPOLLIN, ready, s, err);
	p->alive = !rc;
	return rc;
}

/* The first worker makes the plan, and so tells what there is to run. */
static int plan(struct supervisor *s, struct lh_error *err)
{
	int rc = begin_place(s, 0, err);
	s->places = 1;
	while (!rc && !s->outline.config) {
		if (s->hooks && s->hooks->stop && *s->hooks->stop)
			return lh_fail(err, LH_E_USAGE, "interrupted before anything was run");
		rc = lh_loop_wait(s->loop, lh_clock_mono_us() + 200000, err);
		if (!rc)
			rc = take_all(s, err);
		look_for_stalls(s, lh_clock_mono_us());
	}
	return rc;
}

static int hire(struct supervisor *s, struct lh_error *err)
{
	int rc = 0;
	int64_t most = s->experiment->jobs < LH_WORKERS_MOST ? s->experiment->jobs : LH_WORKERS_MOST;
	while (!rc && s->places < most)
		rc = begin_place(s, s->places++, err);
	return rc;
}

/* ---- running ---- */

static int pass(struct supervisor *s, struct lh_error *err)
{
	int rc = take_all(s, err);
	if (!rc)
		rc = open_more(s, err);
	if (!rc)
		rc = lh_desk_step(s->desk, err);
	if (!rc)
		rc = lh_desk_commit(s->desk, err);
	for (int i = 0; i < s->places; i++)
		flush_place(s, &s->place[i]);
	int64_t now = lh_clock_mono_us(), due = lh_desk_due_us(s->desk);
	lh_pulse_beat(&s->pulse, s->desk, 0);
	if (s->remains && now - s->looked_us >= LOOK_US)
		clear_remains(s);
	look_for_stalls(s, now);
	if (due > now + LOOK_US)
		due = now + LOOK_US;
	return rc || lh_pulse_over(&s->pulse, s->desk) ? rc : lh_loop_wait(s->loop, lh_pulse_cap(&s->pulse, now, due), err);
}

static int carry_out(struct supervisor *s, struct lh_error *err)
{
	int rc = hire(s, err);
	lh_pulse_init(&s->pulse, s->hooks);
	while (!rc && !lh_pulse_over(&s->pulse, s->desk))
		rc = pass(s, err);
	if (!rc)
		lh_pulse_last(&s->pulse, s->desk, 0);
	return rc;
}

static int with_outline(struct supervisor *s, struct lh_results **out, struct lh_error *err)
{
	int rc = lh_desk_start(s->desk, &s->outline, err);
	s->started = !rc;
	if (!rc)
		rc = carry_out(s, err);
	rc = lh_desk_close(s->desk, rc, out, err);
	return rc;
}

static void end(struct supervisor *s)
{
	lh_desk_free(s->desk);                   /* before the memory that requests are sent from */
	lh_nursery_free(s->nursery);
	for (int i = 0; i < s->places; i++) {
		struct place *p = &s->place[i];
		if (p->fd >= 0)
			close(p->fd);
		lh_buf_fini(&p->in);
		lh_buf_fini(&p->out);
		lh_arena_leave(&p->arena);
		free(p->slot);
	}
	for (struct remains *r = s->remains, *next; r; r = next) {
		next = r->next;
		lh_arena_leave(&r->arena);
		free(r);
	}
	lh_loop_free(s->loop);
	lh_outline_fini(&s->outline);
	free(s->seat);
	free(s->holder);
	free(s->tries);
}

int lh_supervise(const struct lh_experiment *e, const struct lh_run_hooks *hooks, struct lh_results **out, struct lh_error *err)
{
	struct supervisor *s = calloc(1, sizeof *s);
	*out = NULL;
	if (!s)
		return lh_nomem(err);
	s->experiment = e;
	s->hooks = hooks;
	int rc = lh_nursery_new(e, &s->nursery, err);        /* before a key is read */
	if (!rc)
		rc = lh_loop_new(&s->loop, err);
	struct lh_desk_setting d = { .experiment = e, .loop = s->loop, .isolated = true, .answer = answer, .user = s };
	if (!rc)
		rc = lh_desk_new(&d, &s->desk, err);         /* keys are taken, before any foreign code runs */
	if (!rc)
		rc = plan(s, err);
	if (!rc)
		rc = with_outline(s, out, err);
	end(s);
	free(s);
	return rc;
}
