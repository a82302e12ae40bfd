#include "net/loop.h"

#include "base/clock.h"
#include "base/text.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#define BATCH 256

/* What is known of a descriptor, found by its number. `turn` counts its registrations: an event carries
 * the turn it was asked for in, so one fetched before a removal is known to be stale, also where the
 * number has been given to another descriptor in between. */
struct watched { lh_loop_ready ready; void *user; uint32_t turn; };

struct lh_loop {
	int epoll;
	bool waiting;
	struct watched *fd;            /* ready NULL: not watched */
	size_t fds;
	struct epoll_event batch[BATCH];
};

int lh_loop_new(struct lh_loop **out, struct lh_error *err)
{
	*out = NULL;
	struct lh_loop *l = calloc(1, sizeof *l);
	if (!l)
		return lh_nomem(err);
	l->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (l->epoll < 0) {
		int rc = lh_fail(err, LH_E_IO, "cannot wait for sockets: epoll: %s", strerror(errno));
		free(l);
		return rc;
	}
	*out = l;
	return 0;
}

void lh_loop_free(struct lh_loop *l)
{
	if (!l)
		return;
	close(l->epoll);
	free(l->fd);
	free(l);
}

static struct epoll_event wish(const struct lh_loop *l, int fd, uint32_t events)
{
	return (struct epoll_event){ .events = events, .data.u64 = (uint64_t)l->fd[fd].turn << 32 | (uint32_t)fd };
}

static struct watched *watched(const struct lh_loop *l, int fd)
{
	return fd >= 0 && (size_t)fd < l->fds && l->fd[fd].ready ? &l->fd[fd] : NULL;
}

static int room_for(struct lh_loop *l, int fd, struct lh_error *err)
{
	size_t had = l->fds;
	if ((size_t)fd < had)
		return 0;
	int rc = lh_array_more(&l->fd, &l->fds, (size_t)fd + 1, sizeof *l->fd, err);
	if (!rc)
		memset(l->fd + had, 0, (l->fds - had) * sizeof *l->fd);
	return rc;
}

int lh_loop_add(struct lh_loop *l, int fd, uint32_t events, lh_loop_ready ready, void *user, struct lh_error *err)
{
	if (fd < 0 || watched(l, fd))
		return lh_fail(err, LH_E_INTERNAL, "descriptor %d is %s", fd, fd < 0 ? "none" : "waited for already");
	int rc = room_for(l, fd, err);
	if (rc)
		return rc;
	struct epoll_event e = wish(l, fd, events);
	if (epoll_ctl(l->epoll, EPOLL_CTL_ADD, fd, &e))
		return lh_fail(err, LH_E_IO, "cannot wait for descriptor %d: %s", fd, strerror(errno));
	l->fd[fd].ready = ready;
	l->fd[fd].user = user;
	return 0;
}

void lh_loop_change(struct lh_loop *l, int fd, uint32_t events)
{
	if (!watched(l, fd))
		return;
	struct epoll_event e = wish(l, fd, events);
	int rc = epoll_ctl(l->epoll, EPOLL_CTL_MOD, fd, &e);
	assert(rc == 0);               /* else the descriptor was closed before it was removed here */
	(void)rc;
}

void lh_loop_remove(struct lh_loop *l, int fd)
{
	struct watched *w = watched(l, fd);
	if (!w)
		return;
	epoll_ctl(l->epoll, EPOLL_CTL_DEL, fd, NULL);
	*w = (struct watched){ .turn = w->turn + 1 };
}

/* Rounded up: waking before the time only to wait again would cost more than the millisecond. */
static int wait_ms(int64_t until_us)
{
	if (until_us == INT64_MAX)
		return -1;
	int64_t left = until_us <= 0 ? 0 : until_us - lh_clock_mono_us();
	if (left <= 0)
		return 0;
	return left > (int64_t)INT_MAX * 1000 ? INT_MAX : (int)((left + 999) / 1000);
}

int lh_loop_wait(struct lh_loop *l, int64_t until_us, struct lh_error *err)
{
	assert(!l->waiting);
	int n = epoll_wait(l->epoll, l->batch, BATCH, wait_ms(until_us));
	if (n < 0)
		return errno == EINTR ? 0 : lh_fail(err, LH_E_IO, "cannot wait for sockets: epoll: %s", strerror(errno));
	l->waiting = true;
	for (int i = 0; i < n; i++) {
		uint64_t data = l->batch[i].data.u64;
		int fd = (int)(uint32_t)data;
		struct watched *w = watched(l, fd);
		if (w && w->turn == (uint32_t)(data >> 32))
			w->ready(w->user, fd, l->batch[i].events);
	}
	l->waiting = false;
	return 0;
}
