/* The loop: events reach who asked for them, removed descriptors are silent at once, deadlines end a wait. */
#include "base/clock.h"
#include "net/loop.h"
#include "check.h"

#include <signal.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

struct seen { struct lh_loop *loop; int calls, fd, remove; uint32_t events; };

static void note(void *user, int fd, uint32_t events)
{
	struct seen *s = user;
	s->calls++;
	s->fd = fd;
	s->events = events;
	if (s->remove >= 0)
		lh_loop_remove(s->loop, s->remove);
}

static struct lh_loop *new_loop(void)
{
	struct lh_loop *l = NULL;
	CHECK_INT(lh_loop_new(&l, NULL), 0);
	return l;
}

static void pair(int fd[2])
{
	CHECK_INT(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd), 0);
}

static void test_events_arrive(void)
{
	int fd[2];
	struct lh_loop *l = new_loop();
	struct seen s = { l, 0, -1, -1, 0 };
	pair(fd);
	CHECK_INT(lh_loop_add(l, fd[0], EPOLLIN, note, &s, NULL), 0);
	CHECK_INT(lh_loop_wait(l, 0, NULL), 0);
	CHECK_INT(s.calls, 0);
	CHECK_INT(write(fd[1], "x", 1), 1);
	CHECK_INT(lh_loop_wait(l, INT64_MAX, NULL), 0);
	CHECK_INT(s.calls, 1);
	CHECK_INT(s.fd, fd[0]);
	CHECK_INT(s.events, EPOLLIN);
	CHECK_INT(lh_loop_wait(l, 0, NULL), 0);                        /* level-triggered: it still is */
	CHECK_INT(s.calls, 2);
	lh_loop_change(l, fd[0], EPOLLOUT);
	CHECK_INT(lh_loop_wait(l, INT64_MAX, NULL), 0);
	CHECK_INT(s.events, EPOLLOUT);
	lh_loop_change(l, fd[0], 0);
	close(fd[1]);
	CHECK_INT(lh_loop_wait(l, INT64_MAX, NULL), 0);
	CHECK(s.events & EPOLLHUP);
	lh_loop_remove(l, fd[0]);
	int calls = s.calls;
	CHECK_INT(lh_loop_wait(l, 0, NULL), 0);
	CHECK_INT(s.calls, calls);
	close(fd[0]);
	lh_loop_free(l);
}

/* Both are ready in one pass; whichever is served first removes the other. */
static void test_removed_is_silent(void)
{
	int a[2], b[2];
	struct lh_loop *l = new_loop();
	pair(a);
	pair(b);
	struct seen sa = { l, 0, -1, b[0], 0 }, sb = { l, 0, -1, a[0], 0 };
	CHECK_INT(lh_loop_add(l, a[0], EPOLLIN, note, &sa, NULL), 0);
	CHECK_INT(lh_loop_add(l, b[0], EPOLLIN, note, &sb, NULL), 0);
	CHECK_INT(write(a[1], "x", 1), 1);
	CHECK_INT(write(b[1], "x", 1), 1);
	CHECK_INT(lh_loop_wait(l, INT64_MAX, NULL), 0);
	CHECK_INT(sa.calls + sb.calls, 1);
	for (int i = 0; i < 2; i++) {
		close(a[i]);
		close(b[i]);
	}
	lh_loop_free(l);
}

struct swap { struct lh_loop *loop; struct seen *fresh; int old; int calls; };

/* Removes the other descriptor and watches it anew, as if its number had been given to another. */
static void replace(void *user, int fd, uint32_t events)
{
	struct swap *s = user;
	(void)fd, (void)events;
	s->calls++;
	lh_loop_remove(s->loop, s->old);
	CHECK_INT(lh_loop_add(s->loop, s->old, EPOLLIN, note, s->fresh, NULL), 0);
}

static void test_stale_events_are_dropped(void)
{
	int a[2], b[2];
	struct lh_loop *l = new_loop();
	pair(a);
	pair(b);
	struct seen fresh = { l, 0, -1, -1, 0 };
	struct swap first = { l, &fresh, b[0], 0 }, second = { l, &fresh, a[0], 0 };
	CHECK_INT(lh_loop_add(l, a[0], EPOLLIN, replace, &first, NULL), 0);
	CHECK_INT(lh_loop_add(l, b[0], EPOLLIN, replace, &second, NULL), 0);
	CHECK_INT(write(a[1], "x", 1), 1);
	CHECK_INT(write(b[1], "x", 1), 1);
	CHECK_INT(lh_loop_wait(l, INT64_MAX, NULL), 0);
	CHECK_INT(first.calls + second.calls, 1);
	CHECK_INT(fresh.calls, 0);                                     /* what was fetched was for the old one */
	lh_loop_remove(l, first.calls ? a[0] : b[0]);
	CHECK_INT(lh_loop_wait(l, INT64_MAX, NULL), 0);
	CHECK_INT(fresh.calls, 1);
	for (int i = 0; i < 2; i++) {
		close(a[i]);
		close(b[i]);
	}
	lh_loop_free(l);
}

static void test_refusals(void)
{
	struct lh_error e = { 0 };
	struct lh_loop *l = new_loop();
	struct seen s = { l, 0, -1, -1, 0 };
	int fd[2];
	pair(fd);
	CHECK_INT(lh_loop_add(l, -1, EPOLLIN, note, &s, NULL), LH_E_INTERNAL);
	CHECK_INT(lh_loop_add(l, fd[0], EPOLLIN, note, &s, NULL), 0);
	CHECK_INT(lh_loop_add(l, fd[0], EPOLLIN, note, &s, &e), LH_E_INTERNAL);
	CHECK_HAS(e.text, "already");
	close(fd[1]);
	lh_loop_remove(l, fd[0]);
	lh_loop_remove(l, fd[0]);                                      /* nothing the second time */
	lh_loop_remove(l, 100000);
	lh_loop_change(l, 100000, EPOLLIN);
	close(fd[0]);
	e = (struct lh_error){ 0 };
	CHECK_INT(lh_loop_add(l, fd[0], EPOLLIN, note, &s, &e), LH_E_IO);
	CHECK_HAS(e.text, "Bad file descriptor");
	lh_loop_free(l);
	lh_loop_free(NULL);
}

static void test_deadlines(void)
{
	struct lh_loop *l = new_loop();
	int64_t until = lh_clock_mono_us() + 3000;
	CHECK_INT(lh_loop_wait(l, until, NULL), 0);
	CHECK(lh_clock_mono_us() >= until);
	CHECK_INT(lh_loop_wait(l, 1, NULL), 0);                        /* long gone */
	lh_loop_free(l);
}

static void ignore(int signal_number)
{
	(void)signal_number;
}

static void test_a_signal_ends_the_wait(void)
{
	struct lh_loop *l = new_loop();
	struct sigaction act = { .sa_handler = ignore }, old;
	sigaction(SIGALRM, &act, &old);
	ualarm(2000, 2000);                                            /* again and again: the first may come before the wait */
	CHECK_INT(lh_loop_wait(l, INT64_MAX, NULL), 0);
	ualarm(0, 0);
	sigaction(SIGALRM, &old, NULL);
	lh_loop_free(l);
}

static void test_many(void)
{
	enum { N = 300 };                                              /* more than are fetched at once */
	static int fd[N][2];
	static struct seen s[N];
	struct lh_loop *l = new_loop();
	for (int i = 0; i < N; i++) {
		pair(fd[i]);
		s[i] = (struct seen){ l, 0, -1, -1, 0 };
		CHECK_INT(lh_loop_add(l, fd[i][0], EPOLLIN, note, &s[i], NULL), 0);
		CHECK_INT(write(fd[i][1], "x", 1), 1);
	}
	for (int pass = 0; pass < 4; pass++)
		CHECK_INT(lh_loop_wait(l, 0, NULL), 0);
	int reached = 0;
	for (int i = 0; i < N; i++) {
		reached += s[i].calls > 0 && s[i].fd == fd[i][0];
		close(fd[i][0]);
		close(fd[i][1]);
	}
	CHECK_INT(reached, N);
	lh_loop_free(l);
}

int main(void)
{
	test_events_arrive();
	test_removed_is_silent();
	test_stale_events_are_dropped();
	test_refusals();
	test_deadlines();
	test_a_signal_ends_the_wait();
	test_many();
	return check_done();
}
