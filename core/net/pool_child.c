#include "net/pool_child.h"

#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#define CHUNK 65536
#define CHUNKS 8                         /* read at once: others want to be heard too */
#define GRACE_US 1000000                 /* after end of input, and after SIGTERM */
#define POLLED_AT_ONCE 64

enum { NEWS_ENDED = 1, NEWS_NO_FOLDER, NEWS_NO_COMMAND };
struct news { int kind, value; };        /* what keeper and agent tell us; written whole */

/* What a process is made from; descriptors are theirs, all above 2. */
struct birth {
	const struct lh_pool_spec *spec;
	pid_t owner;
	int in, out, log, news, leash;
};

/* ---- in the forked processes: only what is safe where threads may have been copied mid-step ---- */

static void tell(int fd, int kind, int value)
{
	struct news n = { kind, value };
	while (write(fd, &n, sizeof n) < 0 && errno == EINTR)
		;
}

/* All descriptors but those, which are sorted, and −1 where there is none. */
static void close_others(const int *kept, int n)
{
	unsigned from = 0;
	for (int i = 0; i <= n; i++) {
		unsigned to = i < n ? (unsigned)kept[i] : ~0u;
		if (i < n && kept[i] < 0)
			continue;
		if (to > from && close_range(from, i < n ? to - 1 : to, 0))
			for (unsigned fd = from; fd < to && fd < 65536; fd++)      /* a kernel before 5.9 */
				close((int)fd);
		from = to + 1;
	}
}

static void sort(int *v, int n)
{
	for (int i = 1; i < n; i++)
		for (int k = i; k > 0 && v[k - 1] > v[k]; k--) {
			int swapped = v[k];
			v[k] = v[k - 1];
			v[k - 1] = swapped;
		}
}

/* Handlers and masks are the owner's; the command gets what a shell would give it. */
static void plain_signals(void)
{
	sigset_t none;
	for (int s = 1; s < NSIG; s++)
		signal(s, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static _Noreturn void become_agent(const struct birth *b, pid_t keeper)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != keeper)
		_exit(127);
	if (dup2(b->in, 0) < 0 || dup2(b->out, 1) < 0 || dup2(b->log, 2) < 0)
		_exit(127);
	plain_signals();
	if (b->spec->folder && chdir(b->spec->folder)) {
		tell(b->news, NEWS_NO_FOLDER, errno);
		_exit(127);
	}
	environ = (char **)b->spec->env;         /* its own PATH finds it */
	execvp(b->spec->argv[0], (char **)b->spec->argv);
	tell(b->news, NEWS_NO_COMMAND, errno);
	_exit(127);
}

/* Until the leash is let go: then nothing of the group lives on, this process included. */
static _Noreturn void keep_watch(const struct birth *b, int signals, pid_t agent)
{
	struct pollfd wait[] = { { .fd = b->leash, .events = POLLIN }, { .fd = signals, .events = POLLIN } };
	while (!wait[0].revents && getppid() == b->owner) {
		struct signalfd_siginfo info;
		int status;
		if (poll(wait, 2, -1) > 0 && wait[1].revents && read(signals, &info, sizeof info) < 0)
			break;
		if (agent && waitpid(agent, &status, WNOHANG) == agent) {
			tell(b->news, NEWS_ENDED, status);
			agent = 0;
		}
	}
	kill(-getpid(), SIGKILL);
	_exit(0);
}

static _Noreturn void be_keeper(const struct birth *b)
{
	sigset_t all, watched;
	setpgid(0, 0);
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);    /* what the group is sent does not end its keeper, but SIGKILL */
	prctl(PR_SET_PDEATHSIG, SIGHUP);
	sigemptyset(&watched);
	sigaddset(&watched, SIGCHLD);
	sigaddset(&watched, SIGHUP);
	signal(SIGCHLD, SIG_DFL);                /* ignored, the agent's end would be lost */
	int signals = signalfd(-1, &watched, SFD_CLOEXEC);
	int kept[] = { b->in, b->out, b->log, b->news, b->leash, signals };
	sort(kept, 6);
	close_others(kept, 6);
	pid_t self = getpid(), agent = signals < 0 || getppid() != b->owner ? -1 : fork();
	if (!agent)
		become_agent(b, self);
	if (agent < 0)
		_exit(127);
	close(b->in);
	close(b->out);
	close(b->log);
	keep_watch(b, signals, agent);
}

/* ---- our side: pipes ---- */

static void shut(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* The descriptors that the agent will have as 0, 1 and 2 are not to be overwritten before they are used. */
static int above_2(int fd)
{
	int moved = fd >= 0 && fd < 3 ? fcntl(fd, F_DUPFD_CLOEXEC, 3) : fd;
	if (moved != fd)
		close(fd);
	return moved;
}

static bool make_pipe(int *from, int *to)
{
	int fd[2];
	if (pipe2(fd, O_CLOEXEC))
		return false;
	*from = above_2(fd[0]);
	*to = above_2(fd[1]);
	return *from >= 0 && *to >= 0;
}

static bool never_wait(int fd) { return fcntl(fd, F_SETFL, O_NONBLOCK) == 0; }

static bool make_pipes(struct lh_child *c, struct birth *b)
{
	int log_fd = b->spec->log_fd;
	b->log = log_fd >= 0 ? fcntl(log_fd, F_DUPFD_CLOEXEC, 3) : above_2(open("/dev/null", O_WRONLY | O_CLOEXEC));
	return b->log >= 0 && make_pipe(&b->in, &c->in) && make_pipe(&c->out, &b->out) && make_pipe(&c->news, &b->news)
		&& make_pipe(&b->leash, &c->leash) && never_wait(c->in) && never_wait(c->out) && never_wait(c->news);
}

/* ---- our side: what comes ---- */

static void hear_news(struct lh_child *c)
{
	struct news n;
	ssize_t got = read(c->news, &n, sizeof n);
	if (got < 0)
		return;
	if (got != (ssize_t)sizeof n) {          /* the keeper is gone, and with it the agent */
		lh_loop_remove(c->loop, c->news);
		if (!c->ended)
			c->how = SIGKILL;
		c->ended = true;
	} else if (n.kind != NEWS_ENDED) {
		c->unborn = c->ended = true;
		c->no_folder = n.kind == NEWS_NO_FOLDER;
		c->how = n.value;
	} else if (!c->ended) {
		c->ended = true;
		c->how = n.value;
	}
}

static void stop_reading(struct lh_child *c)
{
	lh_loop_remove(c->loop, c->out);
	shut(&c->out);
	c->closed = true;
}

/* Closes the gap in front, so that lines are dealt with at the cost of their length. */
static void compact(struct lh_child *c)
{
	if (!c->line)
		return;
	memmove(c->got.p, c->got.p + c->line, c->got.n - c->line);
	c->got.n -= c->line;
	c->scanned -= c->line;
	c->line = 0;
}

bool lh_child_read(struct lh_child *c)
{
	bool any = false;
	compact(c);
	for (int i = 0; i < CHUNKS && c->out >= 0 && c->got.n <= c->line_most; i++) {
		char *at = lh_buf_reserve(&c->got, CHUNK);
		if (!at)
			return any;
		ssize_t n = read(c->out, at, CHUNK);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return any;
		if (n <= 0) {
			stop_reading(c);
			return any;
		}
		c->got.n += (size_t)n;
		c->heard = any = true;
	}
	return any;
}

bool lh_child_line(struct lh_child *c, struct lh_str *line)
{
	char *end = c->got.n > c->scanned ? memchr(c->got.p + c->scanned, '\n', c->got.n - c->scanned) : NULL;
	if (!end) {
		c->scanned = c->got.n;
		return false;
	}
	*line = lh_str_trim((struct lh_str){ c->got.p + c->line, (size_t)(end - c->got.p) - c->line });
	c->line = c->scanned = (size_t)(end - c->got.p) + 1;
	return true;
}

bool lh_child_line_too_long(const struct lh_child *c) { return c->got.n - c->line > c->line_most; }

/* ---- our side: what goes ---- */

/* Writing to a process that has ended raises SIGPIPE, whose disposition is not ours to change. */
static ssize_t write_quietly(int fd, const char *p, size_t n)
{
	const struct timespec at_once = { 0 };
	sigset_t pipe_signal, before;
	sigemptyset(&pipe_signal);
	sigaddset(&pipe_signal, SIGPIPE);
	pthread_sigmask(SIG_BLOCK, &pipe_signal, &before);
	ssize_t done = write(fd, p, n);
	int failed = errno;
	if (done < 0 && failed == EPIPE && !sigismember(&before, SIGPIPE))
		sigtimedwait(&pipe_signal, NULL, &at_once);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	errno = failed;
	return done;
}

static void stop_writing(struct lh_child *c)
{
	if (c->writing)
		lh_loop_remove(c->loop, c->in);
	c->writing = false;
	lh_buf_clear(&c->send);
	c->sent = 0;
}

/* true: all is out, or nobody will read it. */
static bool write_some(struct lh_child *c)
{
	while (c->in >= 0 && c->sent < c->send.n) {
		ssize_t n = write_quietly(c->in, c->send.p + c->sent, c->send.n - c->sent);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return false;
		if (n < 0) {
			c->closed = true;
			break;
		}
		c->sent += (size_t)n;
	}
	return true;
}

static void ready(void *user, int fd, uint32_t events)
{
	struct lh_child *c = user;
	(void)events;
	if (fd == c->news)
		hear_news(c);
	else if (fd == c->out)
		lh_child_read(c);
	else if (fd == c->in && write_some(c))
		stop_writing(c);
}

int lh_child_flush(struct lh_child *c, struct lh_error *err)
{
	int rc = lh_buf_ok(&c->send, err);
	if (rc)
		return rc;
	if (write_some(c)) {
		stop_writing(c);
		return 0;
	}
	if (!c->writing)
		rc = lh_loop_add(c->loop, c->in, EPOLLOUT, ready, c, err);
	c->writing = c->writing || !rc;
	return rc;
}

/* ---- start and end ---- */

void lh_child_init(struct lh_child *c, struct lh_loop *loop, size_t line_most)
{
	*c = (struct lh_child){ .loop = loop, .line_most = line_most, .in = -1, .out = -1, .news = -1, .leash = -1 };
	lh_buf_init(&c->send, SIZE_MAX / 4);     /* ours: as much as we were handed */
	lh_buf_init(&c->got, line_most + (CHUNKS + 1) * CHUNK);
}

static void forget(struct lh_child *c)
{
	shut(&c->in);
	shut(&c->out);
	shut(&c->news);
	shut(&c->leash);
	lh_buf_clear(&c->got);
	c->keeper = 0;
	c->sent = c->line = c->scanned = 0;
	c->heard = c->closed = c->ended = c->unborn = c->no_folder = false;
	c->how = 0;
}

static bool fork_keeper(struct lh_child *c, const struct birth *b)
{
	pid_t keeper = fork();
	if (!keeper)
		be_keeper(b);
	if (keeper < 0)
		return false;
	setpgid(keeper, keeper);                 /* here too: the group exists whoever is first */
	c->keeper = keeper;
	return true;
}

int lh_child_start(struct lh_child *c, const struct lh_pool_spec *spec, struct lh_error *err)
{
	struct birth b = { .spec = spec, .owner = getpid(), .in = -1, .out = -1, .log = -1, .news = -1, .leash = -1 };
	int rc = 0;
	forget(c);
	lh_buf_clear(&c->send);
	if (!make_pipes(c, &b) || !fork_keeper(c, &b))
		rc = lh_fail(err, LH_E_IO, "no process could be made for the agent: %s", strerror(errno));
	shut(&b.in);
	shut(&b.out);
	shut(&b.log);
	shut(&b.news);
	shut(&b.leash);
	if (!rc)
		rc = lh_loop_add(c->loop, c->out, EPOLLIN, ready, c, err);
	if (!rc)
		rc = lh_loop_add(c->loop, c->news, EPOLLIN, ready, c, err);
	if (rc)
		lh_child_kill(c);
	return rc;
}

void lh_child_kill(struct lh_child *c)
{
	stop_writing(c);
	if (c->out >= 0)
		lh_loop_remove(c->loop, c->out);
	if (c->news >= 0)
		lh_loop_remove(c->loop, c->news);
	if (c->keeper) {
		kill(-c->keeper, SIGKILL);
		while (waitpid(c->keeper, NULL, 0) < 0 && errno == EINTR)
			;
	}
	forget(c);
}

void lh_child_fini(struct lh_child *c)
{
	lh_child_kill(c);
	lh_buf_fini(&c->send);
	lh_buf_fini(&c->got);
}

/* ---- the end of all ---- */

/* One that waits for us to read would never come to see that its input has ended. */
static void throw_away(struct lh_child *c)
{
	char scratch[4096];
	ssize_t n;
	do
		n = c->out < 0 ? -1 : read(c->out, scratch, sizeof scratch);
	while (n > 0 || (n < 0 && c->out >= 0 && errno == EINTR));
	if (n == 0)
		stop_reading(c);
}

/* Waits for something of those that still run, at most until then; false: there is none, or it is time. */
static bool await(struct lh_child *const *child, int n, int64_t until_us)
{
	struct pollfd wait[2 * POLLED_AT_ONCE];
	int fds = 0;
	for (int i = 0; i < n && fds < 2 * POLLED_AT_ONCE; i++)
		if (child[i]->keeper && !child[i]->ended) {
			wait[fds++] = (struct pollfd){ .fd = child[i]->news, .events = POLLIN };
			wait[fds++] = (struct pollfd){ .fd = child[i]->out, .events = POLLIN };
		}
	int64_t left = until_us - lh_clock_mono_us();
	if (!fds || left <= 0)
		return false;
	poll(wait, (nfds_t)fds, (int)((left + 999) / 1000));
	for (int i = 0; i < n; i++)
		if (child[i]->keeper && !child[i]->ended) {
			throw_away(child[i]);
			hear_news(child[i]);
		}
	return true;
}

void lh_children_end(struct lh_child *const *child, int n)
{
	for (int i = 0; i < n; i++)
		if (child[i]->keeper) {
			stop_writing(child[i]);
			shut(&child[i]->in);
		}
	int64_t until = lh_clock_mono_us() + GRACE_US;
	while (await(child, n, until))
		;
	for (int i = 0; i < n; i++)
		if (child[i]->keeper && !child[i]->ended)
			kill(-child[i]->keeper, SIGTERM);
	until = lh_clock_mono_us() + GRACE_US;
	while (await(child, n, until))
		;
	for (int i = 0; i < n; i++)
		lh_child_kill(child[i]);
}

void lh_child_say_end(const struct lh_child *c, char *text, size_t size)
{
	if (c->unborn && c->no_folder)
		snprintf(text, size, "its working folder cannot be entered: %s", strerror(c->how));
	else if (c->unborn)
		snprintf(text, size, "it cannot be executed: %s", strerror(c->how));
	else if (!c->ended)
		snprintf(text, size, "it closed its input or output");
	else if (WIFSIGNALED(c->how))
		snprintf(text, size, "it was ended by signal %d (SIG%s)", WTERMSIG(c->how), sigabbrev_np(WTERMSIG(c->how)) ? sigabbrev_np(WTERMSIG(c->how)) : "?");
	else
		snprintf(text, size, "it ended with exit status %d", WEXITSTATUS(c->how));
}
