#include "run/worker.h"

#include "base/arena.h"
#include "run/engine.h"
#include "run/parcel.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define ARENA_BYTES (64ull << 30)        /* of addresses */
#define MEMORY_BYTES (8ull << 30)        /* of its own */
#define READ_BYTES (64u << 10)
#define SEND_AT (256u << 10)             /* bytes that wait before they are sent in the middle of a pass */

struct worker {
	int fd;
	struct lh_run_context run;
	struct lh_outlet outlet;
	struct lh_plan plan;
	struct lh_engine *engine;
	struct lh_arena *arena;
	struct lh_buf in, out;
	size_t taken;                            /* of in */
	struct lh_reply reply;
	bool *suspect; size_t slots;             /* by slot: this code has ended a worker before */
};

/* ---- out ---- */

/* The supervisor is gone, or does not listen: there is nobody to tell. */
static void send_out(struct worker *w)
{
	for (size_t at = 0; at < w->out.n;) {
		ssize_t n = send(w->fd, w->out.p + at, w->out.n - at, MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			_exit(0);
		at += (size_t)n;
	}
	lh_buf_clear(&w->out);
}

/* What a suspect said before it ends this worker too is to be known, whatever else was done in the meantime. */
static int sent(struct worker *w, uint32_t slot, size_t at, struct lh_error *err)
{
	lh_frame_end(&w->out, at);
	int rc = lh_buf_ok(&w->out, err);
	if (!rc && (w->out.n > SEND_AT || (slot < w->slots && w->suspect[slot])))
		send_out(w);
	return rc;
}

static void put_slot(struct lh_parcel *p, uint32_t slot)
{
	int64_t wide = slot;
	lh_parcel_int(p, &wide);
}

static int send_message(void *user, uint32_t slot, const struct lh_message_row *row, struct lh_error *err)
{
	struct worker *w = user;
	struct lh_parcel p = { .out = &w->out };
	struct lh_message_row r = *row;
	size_t at = lh_frame_begin(&w->out, LH_FRAME_MESSAGE);
	put_slot(&p, slot);
	lh_parcel_message(&p, &r);
	return sent(w, slot, at, err);
}

static int send_call(void *user, uint32_t slot, const struct lh_call_row *row, unsigned how, struct lh_error *err)
{
	struct worker *w = user;
	struct lh_parcel p = { .out = &w->out };
	struct lh_call_row r = *row;
	int64_t bits = how;
	size_t at = lh_frame_begin(&w->out, LH_FRAME_CALL);
	put_slot(&p, slot);
	lh_parcel_int(&p, &bits);
	lh_parcel_call(&p, &r);
	return sent(w, slot, at, err);
}

static int send_episode(void *user, uint32_t slot, const struct lh_episode_row *row, struct lh_error *err)
{
	struct worker *w = user;
	struct lh_parcel p = { .out = &w->out };
	struct lh_episode_row r = *row;
	size_t at = lh_frame_begin(&w->out, LH_FRAME_EPISODE);
	put_slot(&p, slot);
	lh_parcel_episode(&p, &r);
	return sent(w, slot, at, err);
}

static int send_order(void *user, const struct lh_order *order, struct lh_error *err)
{
	struct worker *w = user;
	struct lh_parcel p = { .out = &w->out };
	struct lh_order o = *order;
	int64_t offset = (int64_t)lh_arena_offset(w->arena, o.body.p);
	size_t at = lh_frame_begin(&w->out, LH_FRAME_ORDER);
	lh_parcel_order(&p, &o, &offset);
	return sent(w, o.slot, at, err);
}

/* What ends the run: an error that is nobody's in particular. */
static _Noreturn void give_up(struct worker *w, const struct lh_error *fault)
{
	struct lh_parcel p = { .out = &w->out };
	int64_t code = fault->code;
	struct lh_str text = lh_str_of(fault->text);
	lh_buf_clear(&w->out);
	size_t at = lh_frame_begin(&w->out, LH_FRAME_FAULT);
	lh_parcel_int(&p, &code);
	lh_parcel_str(&p, &text);
	lh_frame_end(&w->out, at);
	send_out(w);
	_exit(0);
}

/* ---- in ---- */

static int open_episode(struct worker *w, struct lh_parcel *p, struct lh_error *err)
{
	int64_t slot, condition, probe, sample, id, tries;
	lh_parcel_int(p, &slot), lh_parcel_int(p, &condition), lh_parcel_int(p, &probe), lh_parcel_int(p, &sample), lh_parcel_int(p, &id), lh_parcel_int(p, &tries);
	struct lh_seat seat = { (uint32_t)slot, (int)condition, (uint32_t)probe, (uint64_t)sample, id };
	int rc = lh_array_more(&w->suspect, &w->slots, (size_t)seat.slot + 1, sizeof *w->suspect, err);
	if (rc)
		return rc;
	w->suspect[seat.slot] = tries > 0;
	return lh_engine_open(w->engine, &seat, err);
}

static int take_answer(struct worker *w, struct lh_parcel *p, struct lh_error *err)
{
	int64_t slot, turn, seq;
	lh_parcel_int(p, &slot), lh_parcel_int(p, &turn), lh_parcel_int(p, &seq);
	lh_parcel_reply(p, &w->reply);
	return lh_engine_answer(w->engine, (uint32_t)slot, (uint32_t)turn, (uint32_t)seq, &w->reply, err);
}

static int take_frame(struct worker *w, enum lh_frame kind, struct lh_parcel *p, struct lh_error *err)
{
	switch (kind) {
	case LH_FRAME_OPEN: return open_episode(w, p, err);
	case LH_FRAME_ANSWER: return take_answer(w, p, err);
	default: return lh_fail(err, LH_E_INTERNAL, "a worker was sent a frame of kind %d", (int)kind);
	}
}

static int take_frames(struct worker *w, struct lh_error *err)
{
	enum lh_frame kind;
	struct lh_parcel p;
	bool bad = false;
	int rc = 0;
	while (!rc && lh_frame_next(lh_buf_str(&w->in), &w->taken, &kind, &p, &bad))
		rc = take_frame(w, kind, &p, err);
	if (w->taken == w->in.n) {
		lh_buf_clear(&w->in);
		w->taken = 0;
	}
	return rc || !bad ? rc : lh_fail(err, LH_E_INTERNAL, "a worker was sent what is no frame");
}

/* Moves what is not taken to the front, and reads on. */
static void read_in(struct worker *w, bool wait)
{
	if (w->taken) {
		w->in.n -= w->taken;
		memmove(w->in.p, w->in.p + w->taken, w->in.n);
		w->taken = 0;
	}
	char *room = lh_buf_reserve(&w->in, READ_BYTES);
	ssize_t n = room ? recv(w->fd, room, READ_BYTES, wait ? 0 : MSG_DONTWAIT) : -1;
	if (!n || (n < 0 && errno != EINTR && errno != EAGAIN))
		_exit(0);
	if (n > 0)
		w->in.n += (size_t)n;
}

/* ---- life ---- */

static void limit_memory(void)
{
#if !defined(__SANITIZE_ADDRESS__)
	struct rlimit most = { MEMORY_BYTES, MEMORY_BYTES };
	setrlimit(RLIMIT_DATA, &most);
#endif
	setrlimit(RLIMIT_CORE, &(struct rlimit){ 0, 0 });
}

static int send_outline(struct worker *w, struct lh_error *err)
{
	struct lh_outline o;
	struct lh_parcel p = { .out = &w->out };
	int rc = lh_outline_of(&w->plan, &o, err);
	if (rc)
		return rc;
	size_t at = lh_frame_begin(&w->out, LH_FRAME_OUTLINE);
	lh_parcel_outline(&p, &o);
	lh_frame_end(&w->out, at);
	lh_outline_fini(&o);
	return lh_buf_ok(&w->out, err);
}

/* The arena's descriptor goes out of band with the first byte. */
static int send_arena(struct worker *w, struct lh_error *err)
{
	int fd, rc = lh_arena_new_shown(ARENA_BYTES, &w->arena, &fd, err);
	if (rc)
		return rc;
	char byte = 0, space[CMSG_SPACE(sizeof(int))] = { 0 };
	struct iovec io = { &byte, 1 };
	struct msghdr m = { .msg_iov = &io, .msg_iovlen = 1, .msg_control = space, .msg_controllen = sizeof space };
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof fd);
	memcpy(CMSG_DATA(c), &fd, sizeof fd);
	if (sendmsg(w->fd, &m, MSG_NOSIGNAL) != 1)
		_exit(0);
	close(fd);
	return 0;
}

static int prepare(struct worker *w, const struct lh_experiment *e, struct lh_worker_note *note, struct lh_error *err)
{
	int rc = send_arena(w, err);
	note->in.slot = LH_NO_SLOT;
	note->calling.function = LH_IN_NONE;     /* a worker before this one may have died in one */
	lh_task_note_in(&note->calling);
	if (!rc)
		rc = lh_plan_make(e, &w->plan, err);
	if (!rc)
		rc = send_outline(w, err);
	w->run = (struct lh_run_context){ .experiment = e, .plan = &w->plan, .outlet = &w->outlet, .arena = w->arena };
	lh_buf_init(&w->run.text, 1u << 20);
	lh_buf_init(&w->run.judged, LH_STATE_MAX);
	if (!rc)
		rc = lh_engine_new(&w->run, (int)e->concurrency, &w->engine, err);
	if (!rc)
		lh_engine_note_in(w->engine, &note->in);
	return rc;
}

static int carry_on(struct worker *w, struct lh_error *err)
{
	int rc = 0;
	while (!rc) {
		bool idle = lh_engine_idle(w->engine) && w->taken == w->in.n;
		if (w->out.n && (idle || w->out.n > SEND_AT))
			send_out(w);
		read_in(w, idle);
		rc = take_frames(w, err);
		for (int i = 0; i < 64 && !rc && !lh_engine_idle(w->engine); i++)
			rc = lh_engine_step(w->engine, err);
	}
	return rc;
}

void lh_worker_live(const struct lh_experiment *e, int fd, struct lh_worker_note *note)
{
	struct worker *w = calloc(1, sizeof *w);
	struct lh_error fault = { 0 };
	if (!w)
		_exit(1);
	limit_memory();
	prctl(PR_SET_NAME, "longhaul-work");
	w->fd = fd;
	w->outlet = (struct lh_outlet){ w, send_message, send_call, send_episode, send_order };
	lh_buf_init(&w->in, 2u * LH_FRAME_MAX);
	lh_buf_init(&w->out, 2u * LH_FRAME_MAX);
	lh_reply_init(&w->reply);
	if (!prepare(w, e, note, &fault)) {
		int rc = carry_on(w, &fault);
		(void)rc;
	}
	give_up(w, &fault);
}
