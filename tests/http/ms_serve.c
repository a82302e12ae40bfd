#include "ms_serve.h"

#include "base/clock.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define READ_BYTES 16384u
#define KEEP_BYTES (256u << 10)          /* a buffer that grew beyond is given back */
#define FILES 20500
#define EVENTS 512

enum state { READING, WAITING, SENDING, STALLING };

/* Edges only: each connection is added to epoll once. What an edge said is kept until a call says EAGAIN. */
struct conn {
	int fd;
	enum state state;
	bool readable, writable, dead;
	bool hung_up;                    /* the peer sends no more: there is an end to be read */
	struct ms_reading reading;
	struct lh_buf in, chunks;
	size_t in_from;                  /* bytes of `in` that are done with */
	struct lh_buf out;
	size_t out_from;
	enum ms_then then;
	int64_t drip_us, stall_us, due_us;
	size_t heap;                     /* place in the timers, from 1; 0: none */
	struct conn *next_dead;
	struct conn *next, *prev;
};

struct ms_serve {
	int listener, epoll, port;
	struct ms_handler handler;
	struct conn **timer;             /* binary heap by due_us, from 1 */
	size_t timers, timer_cap, conns;
	struct conn *all, *dead;
	struct ms_reply reply;
	bool full;                       /* out of descriptors: the listener waits for one */
};

/* ---- timers ---- */

static void put_timer(struct ms_serve *s, size_t i, struct conn *c)
{
	s->timer[i] = c;
	c->heap = i;
}

static void sift(struct ms_serve *s, size_t i, struct conn *c)
{
	for (; i > 1 && s->timer[i / 2]->due_us > c->due_us; i /= 2)
		put_timer(s, i, s->timer[i / 2]);
	for (size_t k; (k = 2 * i) <= s->timers; i = k) {
		if (k < s->timers && s->timer[k + 1]->due_us < s->timer[k]->due_us)
			k++;
		if (s->timer[k]->due_us >= c->due_us)
			break;
		put_timer(s, i, s->timer[k]);
	}
	put_timer(s, i, c);
}

static void cancel_timer(struct ms_serve *s, struct conn *c)
{
	size_t i = c->heap;
	if (!i)
		return;
	c->heap = 0;
	struct conn *last = s->timer[s->timers--];
	if (last != c)
		sift(s, i, last);
}

/* Room was made when the connection was. */
static void set_timer(struct ms_serve *s, struct conn *c, int64_t in_us)
{
	cancel_timer(s, c);
	c->due_us = lh_clock_mono_us() + in_us;
	s->timers++;
	sift(s, s->timers, c);
}

/* ---- connections ---- */

static void drop(struct ms_serve *s, struct conn *c, bool reset)
{
	struct linger now = { 1, 0 };
	if (c->dead)
		return;
	if (reset)
		setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
	cancel_timer(s, c);
	close(c->fd);
	c->dead = true;                  /* events of this round may still name it */
	c->next_dead = s->dead;
	s->dead = c;
}

static void bury(struct ms_serve *s)
{
	while (s->dead) {
		struct conn *c = s->dead;
		s->dead = c->next_dead;
		*(c->prev ? &c->prev->next : &s->all) = c->next;
		if (c->next)
			c->next->prev = c->prev;
		lh_buf_fini(&c->in);
		lh_buf_fini(&c->chunks);
		lh_buf_fini(&c->out);
		free(c);
		s->conns--;
	}
}

static int add_conn(struct ms_serve *s, int fd)
{
	int one = 1;
	if (lh_array_more(&s->timer, &s->timer_cap, s->conns + 2, sizeof *s->timer, NULL))
		return LH_E_NOMEM;
	struct conn *c = calloc(1, sizeof *c);
	if (!c)
		return LH_E_NOMEM;
	c->fd = fd;
	lh_buf_init(&c->in, MS_BODY_MAX + MS_HEAD_MAX + (4u << 20));
	lh_buf_init(&c->chunks, MS_BODY_MAX);
	lh_buf_init(&c->out, 256u << 20);
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	struct epoll_event e = { .events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data.ptr = c };
	if (epoll_ctl(s->epoll, EPOLL_CTL_ADD, fd, &e)) {
		free(c);
		return LH_E_IO;
	}
	c->next = s->all;
	if (s->all)
		s->all->prev = c;
	s->all = c;
	s->conns++;
	return 0;
}

static void watch_listener(struct ms_serve *s, bool watch)
{
	struct epoll_event e = { .events = watch ? EPOLLIN : 0 };
	epoll_ctl(s->epoll, EPOLL_CTL_MOD, s->listener, &e);
	s->full = !watch;
}

static void accept_some(struct ms_serve *s)
{
	struct linger now = { 1, 0 };
	for (int n = 0; n < 256; n++) {
		int fd = accept4(s->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd < 0) {
			if (errno == EMFILE || errno == ENFILE)
				watch_listener(s, false);
			return;
		}
		if (s->handler.accept(s->handler.user) && !add_conn(s, fd))
			continue;
		setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
		close(fd);
	}
}

/* ---- reading and answering ---- */

/* Another piece of input; false: there is none now, or the connection is gone. */
static bool read_more(struct ms_serve *s, struct conn *c)
{
	if (!c->readable)
		return false;
	size_t want = ms_read_missing(&c->reading, c->in.n - c->in_from);
	want = want > READ_BYTES ? want : READ_BYTES;
	char *to = lh_buf_reserve(&c->in, want);
	ssize_t n = to ? recv(c->fd, to, want, 0) : 0;
	if (n < 0 && errno == EINTR)
		return true;
	if (n < 0 && errno == EAGAIN) {
		c->readable = false;
		return false;
	}
	if (n <= 0) {
		drop(s, c, false);
		return false;
	}
	c->in.n += (size_t)n;
	c->readable = (size_t)n == want || c->hung_up;   /* a short read has emptied the socket, epoll(7) */
	return true;
}

/* What was answered leaves the buffer. */
static void consume(struct conn *c, size_t n)
{
	c->in_from += n;
	c->reading = (struct ms_reading){ 0 };
	lh_buf_clear(&c->chunks);
	if (c->in_from < c->in.n)
		return;
	c->in_from = 0;
	lh_buf_clear(&c->in);
	if (c->in.cap > KEEP_BYTES)
		lh_buf_fini(&c->in);
	if (c->chunks.cap > KEEP_BYTES)
		lh_buf_fini(&c->chunks);
}

/* Pipelined requests: what is left moves to the front before more is read. */
static void compact(struct conn *c)
{
	if (!c->in_from)
		return;
	memmove(c->in.p, c->in.p + c->in_from, c->in.n - c->in_from);
	c->in.n -= c->in_from;
	c->in_from = 0;
}

/* The whole answer is out. */
static void done_sending(struct ms_serve *s, struct conn *c)
{
	lh_buf_clear(&c->out);
	if (c->out.cap > KEEP_BYTES)
		lh_buf_fini(&c->out);
	c->out_from = 0;
	if (c->stall_us) {
		c->state = STALLING;
		set_timer(s, c, c->stall_us);
		c->stall_us = 0;
	} else if (c->then != MS_KEEP) {
		drop(s, c, c->then == MS_RESET);
	} else {
		c->state = READING;
	}
}

/* Sends what it can of p; false: the connection is gone. */
static bool send_some(struct ms_serve *s, struct conn *c, const char *p, size_t n, size_t *sent)
{
	*sent = 0;
	while (*sent < n) {
		ssize_t k = send(c->fd, p + *sent, n - *sent, MSG_NOSIGNAL);
		if (k < 0 && errno == EINTR)
			continue;
		if (k < 0 && errno == EAGAIN) {
			c->writable = false;
			break;
		}
		if (k < 0) {
			drop(s, c, false);
			return false;
		}
		*sent += (size_t)k;
	}
	return true;
}

static void send_on(struct ms_serve *s, struct conn *c)
{
	size_t left = c->out.n - c->out_from, sent, most = c->drip_us && left > 1 ? 1 : left;
	if (!send_some(s, c, c->out.p + c->out_from, most, &sent))
		return;
	c->out_from += sent;
	if (c->out_from == c->out.n) {
		done_sending(s, c);
	} else if (c->drip_us && c->writable) {
		c->state = WAITING;
		set_timer(s, c, c->drip_us);
	}
}

static void begin_reply(struct ms_serve *s, struct conn *c)
{
	struct ms_reply *r = &s->reply;
	size_t n = r->stop_at < r->bytes.n ? r->stop_at : r->bytes.n, sent = 0;
	bool later = r->delay_us > 0 || r->drip_us > 0;
	c->then = r->then;
	c->drip_us = r->drip_us;
	c->stall_us = r->stall_us;
	if (!later && c->writable && !send_some(s, c, r->bytes.p, n, &sent))
		return;
	if (!later && sent == n) {
		done_sending(s, c);
		return;
	}
	lh_buf_put(&c->out, r->bytes.p + sent, n - sent);
	c->state = later ? WAITING : SENDING;
	if (later)
		set_timer(s, c, r->delay_us);
}

static void refuse(struct ms_serve *s, struct conn *c, int status)
{
	struct ms_head h = { .status = status, .type = "text/plain", .close = true };
	ms_reply_clear(&s->reply);
	ms_put_reply(&s->reply, &h, LH_STR("this is no HTTP/1.1 request that the server takes\n"));
	begin_reply(s, c);
}

/* 100 (Continue), once, to who waits for it. */
static void encourage(struct ms_serve *s, struct conn *c)
{
	static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";
	size_t sent;
	if (!c->reading.expects)
		return;
	c->reading.expects = false;
	send_some(s, c, go_on, sizeof go_on - 1, &sent);
}

/* One request answered; false: none is there. */
static bool take_request(struct ms_serve *s, struct conn *c)
{
	struct ms_request q;
	size_t used = 0;
	int status;
	if (c->in_from == c->in.n)
		return false;
	struct lh_str in = { c->in.p + c->in_from, c->in.n - c->in_from };
	enum ms_got got = ms_read_request(&c->reading, in, &c->chunks, &q, &used, &status);
	if (got == MS_BAD) {
		refuse(s, c, status);
		return true;
	}
	if (got == MS_MORE) {
		encourage(s, c);
		return false;
	}
	ms_reply_clear(&s->reply);
	s->handler.answer(s->handler.user, &q, &s->reply);
	if (q.close && s->reply.then == MS_KEEP)
		s->reply.then = MS_CLOSE;
	consume(c, used);
	begin_reply(s, c);
	return true;
}

/* As far as it goes without waiting. */
static void advance(struct ms_serve *s, struct conn *c)
{
	while (!c->dead) {
		if (c->state == WAITING || c->state == STALLING)
			return;
		if (c->state == SENDING) {
			if (!c->writable)
				return;
			send_on(s, c);
			continue;
		}
		if (take_request(s, c) || c->dead)
			continue;
		compact(c);
		if (!read_more(s, c))
			return;
	}
}

/* ---- the loop ---- */

static void fire(struct ms_serve *s)
{
	int64_t now = lh_clock_mono_us();
	while (s->timers && s->timer[1]->due_us <= now) {
		struct conn *c = s->timer[1];
		cancel_timer(s, c);
		if (c->state == STALLING) {
			done_sending(s, c);
			advance(s, c);
			continue;
		}
		c->state = SENDING;
		if (c->out_from < c->out.n)
			advance(s, c);
		else
			done_sending(s, c);
	}
}

static int wait_ms(const struct ms_serve *s)
{
	if (!s->timers)
		return 1000;                     /* a signal may come between the look at *stop and the wait */
	int64_t left = s->timer[1]->due_us - lh_clock_mono_us();
	return left <= 0 ? 0 : left > 1000000 ? 1000 : (int)((left + 999) / 1000);
}

static void on_event(struct ms_serve *s, struct conn *c, uint32_t events)
{
	if (c->dead)
		return;
	if (events & (EPOLLHUP | EPOLLERR)) {
		drop(s, c, false);
		return;
	}
	c->hung_up = c->hung_up || (events & EPOLLRDHUP);
	c->readable = c->readable || (events & (EPOLLIN | EPOLLRDHUP));
	c->writable = c->writable || (events & EPOLLOUT);
	advance(s, c);
}

int ms_serve_run(struct ms_serve *s, const volatile int *stop, struct lh_error *err)
{
	struct epoll_event event[EVENTS];
	while (!*stop) {
		int n = epoll_wait(s->epoll, event, EVENTS, wait_ms(s));
		if (n < 0 && errno != EINTR)
			return lh_fail(err, LH_E_IO, "epoll_wait: %s", strerror(errno));
		for (int i = 0; i < n; i++)
			if (event[i].data.ptr)
				on_event(s, event[i].data.ptr, event[i].events);
			else
				accept_some(s);
		fire(s);
		if (s->dead && s->full)
			watch_listener(s, true);
		bury(s);
	}
	return 0;
}

/* ---- opening ---- */

static void want_files(void)
{
	struct rlimit r;
	if (getrlimit(RLIMIT_NOFILE, &r) || r.rlim_cur >= FILES)
		return;
	r.rlim_cur = r.rlim_max < FILES ? r.rlim_max : FILES;
	setrlimit(RLIMIT_NOFILE, &r);
}

static int listen_at(struct ms_serve *s, int port, struct lh_error *err)
{
	int one = 1;
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof at;
	struct epoll_event e = { .events = EPOLLIN };
	s->listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	s->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (s->listener < 0 || s->epoll < 0)
		return lh_fail(err, LH_E_IO, "no socket: %s", strerror(errno));
	setsockopt(s->listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
	setsockopt(s->listener, IPPROTO_TCP, TCP_CONGESTION, "reno", 4);         /* some defaults pace even the loopback */
	if (bind(s->listener, (struct sockaddr *)&at, size) || listen(s->listener, 20000)
		|| getsockname(s->listener, (struct sockaddr *)&at, &size) || epoll_ctl(s->epoll, EPOLL_CTL_ADD, s->listener, &e))
		return lh_fail(err, LH_E_IO, "cannot listen at port %d: %s", port, strerror(errno));
	s->port = ntohs(at.sin_port);
	return 0;
}

int ms_serve_new(int port, const struct ms_handler *handler, struct ms_serve **out, struct lh_error *err)
{
	*out = NULL;
	struct ms_serve *s = calloc(1, sizeof *s);
	if (!s)
		return lh_nomem(err);
	s->listener = s->epoll = -1;
	s->handler = *handler;
	ms_reply_init(&s->reply);
	want_files();
	int rc = listen_at(s, port, err);
	if (rc) {
		ms_serve_free(s);
		return rc;
	}
	*out = s;
	return 0;
}

int ms_serve_port(const struct ms_serve *s) { return s->port; }

void ms_serve_free(struct ms_serve *s)
{
	if (!s)
		return;
	for (struct conn *c = s->all; c; c = c->next)
		drop(s, c, false);
	bury(s);
	if (s->listener >= 0)
		close(s->listener);
	if (s->epoll >= 0)
		close(s->epoll);
	free(s->timer);
	lh_buf_fini(&s->reply.bytes);
	free(s);
}
