/* The nursery forks workers from a clean process: it was forked itself before any key, file or socket was
 * opened. It dies with the supervisor, and its workers with it. */
#include "run/worker.h"

#include "net/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum word { FORK = 1, KILL, STATUS };
struct request { int32_t word, place; };
struct answer { int32_t pid, status; };

struct lh_nursery {
	int line;
	pid_t pid;
	struct lh_worker_note *note;             /* [LH_WORKERS_MOST], shared */
};

/* ---- in the nursery ---- */

static void die_with_parent(pid_t parent)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(0);
}

static int receive_fd(int line, struct request *r)
{
	char space[CMSG_SPACE(sizeof(int))];
	struct iovec io = { r, sizeof *r };
	struct msghdr m = { .msg_iov = &io, .msg_iovlen = 1, .msg_control = space, .msg_controllen = sizeof space };
	ssize_t n;
	while ((n = recvmsg(line, &m, MSG_CMSG_CLOEXEC)) < 0 && errno == EINTR)
		;
	if (n != (ssize_t)sizeof *r)
		_exit(0);                        /* the supervisor is gone */
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);
	int fd = -1;
	if (c && c->cmsg_type == SCM_RIGHTS)
		memcpy(&fd, CMSG_DATA(c), sizeof fd);
	return fd;
}

static pid_t fork_worker(const struct lh_experiment *e, int line, int fd, struct lh_worker_note *note)
{
	pid_t me = getpid(), pid = fork();
	if (pid)
		return pid;
	die_with_parent(me);
	close(line);
	lh_worker_live(e, fd, note);
}

static _Noreturn void nurse(const struct lh_experiment *e, int line, struct lh_worker_note *notes)
{
	pid_t child[LH_WORKERS_MOST] = { 0 };
	for (;;) {
		struct request r;
		struct answer a = { 0, 0 };
		int fd = receive_fd(line, &r);
		pid_t *p = &child[r.place];
		if (r.word == FORK) {
			*p = fork_worker(e, line, fd, &notes[r.place]);
			a.pid = *p;
		} else if (r.word == KILL && *p > 0) {
			kill(*p, SIGKILL);
		} else if (r.word == STATUS && *p > 0) {
			while (waitpid(*p, &a.status, 0) < 0 && errno == EINTR)
				;
			*p = 0;
		}
		if (fd >= 0)
			close(fd);
		if (r.word != KILL && send(line, &a, sizeof a, MSG_NOSIGNAL) != (ssize_t)sizeof a)
			_exit(0);
	}
}

/* Nothing of the supervisor's is left open but the line, and the standard streams. */
static void close_all_but(int keep)
{
	if (keep > 3)
		syscall(SYS_close_range, 3u, (unsigned)keep - 1, 0u);
	syscall(SYS_close_range, (unsigned)keep + 1, ~0u, 0u);
}

static _Noreturn void begin(const struct lh_experiment *e, int line, struct lh_worker_note *notes, pid_t supervisor)
{
	die_with_parent(supervisor);
	close_all_but(line);
	signal(SIGINT, SIG_IGN);                 /* a terminal sends them to everybody; the supervisor decides */
	signal(SIGTERM, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	char **names = lh_experiment_key_names(e);
	lh_secret_scrub((const char *const *)names, NULL);
	prctl(PR_SET_NAME, "longhaul-nurse");
	nurse(e, line, notes);
}

/* ---- in the supervisor ---- */

int lh_nursery_new(const struct lh_experiment *e, struct lh_nursery **out, struct lh_error *err)
{
	*out = NULL;
	int pair[2];
	struct lh_nursery *n = calloc(1, sizeof *n);
	if (!n)
		return lh_nomem(err);
	n->note = mmap(NULL, LH_WORKERS_MOST * sizeof *n->note, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (n->note == MAP_FAILED || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair)) {
		free(n);
		return lh_fail(err, LH_E_NOMEM, "no worker process can be made: %s", strerror(errno));
	}
	pid_t me = getpid();
	fflush(NULL);
	n->pid = fork();
	if (!n->pid)
		begin(e, pair[1], n->note, me);
	close(pair[1]);
	n->line = pair[0];
	*out = n;
	if (n->pid > 0)
		return 0;
	lh_nursery_free(n);
	*out = NULL;
	return lh_fail(err, LH_E_NOMEM, "no worker process can be made: %s", strerror(errno));
}

void lh_nursery_free(struct lh_nursery *n)
{
	if (!n)
		return;
	close(n->line);
	if (n->pid > 0) {
		kill(n->pid, SIGKILL);
		while (waitpid(n->pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
	munmap(n->note, LH_WORKERS_MOST * sizeof *n->note);
	free(n);
}

static int ask(struct lh_nursery *n, enum word word, int place, int fd, struct answer *a)
{
	struct request r = { (int32_t)word, place };
	char space[CMSG_SPACE(sizeof(int))] = { 0 };
	struct iovec io = { &r, sizeof r };
	struct msghdr m = { .msg_iov = &io, .msg_iovlen = 1 };
	if (fd >= 0) {
		m.msg_control = space;
		m.msg_controllen = sizeof space;
		struct cmsghdr *c = CMSG_FIRSTHDR(&m);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof fd);
		memcpy(CMSG_DATA(c), &fd, sizeof fd);
	}
	if (sendmsg(n->line, &m, MSG_NOSIGNAL) != (ssize_t)sizeof r)
		return -1;
	ssize_t got = 0;
	while (a && (got = recv(n->line, a, sizeof *a, 0)) < 0 && errno == EINTR)
		;
	return a && got != (ssize_t)sizeof *a ? -1 : 0;
}

int lh_nursery_fork(struct lh_nursery *n, int place, int *fd, pid_t *pid, struct lh_error *err)
{
	int pair[2];
	struct answer a = { 0, 0 };
	n->note[place].in.slot = UINT32_MAX;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair))
		return lh_fail(err, LH_E_NOMEM, "no worker process can be made: %s", strerror(errno));
	int rc = ask(n, FORK, place, pair[1], &a);
	close(pair[1]);
	if (rc || a.pid <= 0) {
		close(pair[0]);
		return lh_fail(err, LH_E_NOMEM, "no worker process can be made");
	}
	*fd = pair[0];
	*pid = a.pid;
	return 0;
}

struct lh_worker_note *lh_nursery_note(struct lh_nursery *n, int place) { return &n->note[place]; }

void lh_nursery_kill(struct lh_nursery *n, int place)
{
	int rc = ask(n, KILL, place, -1, NULL);
	(void)rc;                                /* gone already: then so is the worker */
}

int lh_nursery_status(struct lh_nursery *n, int place)
{
	struct answer a = { 0, 0 };
	return ask(n, STATUS, place, -1, &a) ? 0 : a.status;
}
