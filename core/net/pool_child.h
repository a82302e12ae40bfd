/* net/pool_child.h - one agent's process: started, written to, read from, ended. The pool's own.
 *
 * Between us and the agent stands a *keeper*, a forked process that leads the agent's process group and
 * waits on a pipe, the leash, whose other end only we hold. When that closes, however we ended, it kills
 * the group. As long as the keeper is not waited for, the group's number cannot be given to others. */
#ifndef LH_NET_POOL_CHILD_H
#define LH_NET_POOL_CHILD_H

#include "base/text.h"
#include "net/loop.h"
#include "net/pool.h"

#include <sys/types.h>

struct lh_child {
	struct lh_loop *loop;
	pid_t keeper;                    /* and the group's number; 0: there is no process */
	int in, out, news, leash;        /* our ends of its pipes; -1: closed */
	struct lh_buf send; size_t sent; /* what it has not read yet */
	struct lh_buf got;               /* what it wrote: [line, scanned) holds no line's end */
	size_t line, scanned, line_most;
	bool writing;                    /* `in` is watched */
	bool heard;                      /* bytes came; for the owner to take back */
	bool closed;                     /* it closed its end of a pipe: it ends, or should */
	bool ended, unborn;              /* its end is known; it never became the command */
	int how;                         /* ended: its wait status; unborn: errno */
	bool no_folder;                  /* unborn: for the want of its folder */
};

/* To be called once, and lh_child_kill before it is thrown away. */
void lh_child_init(struct lh_child *c, struct lh_loop *loop, size_t line_most);
int lh_child_start(struct lh_child *c, const struct lh_pool_spec *spec, struct lh_error *err) LH_CHECKED;
/* The whole group, at once; forgets what was not read. */
void lh_child_kill(struct lh_child *c);
void lh_child_fini(struct lh_child *c);
/* End of input, SIGTERM after a second, SIGKILL after another: for as many as there are, together. */
void lh_children_end(struct lh_child *const *child, int n);

/* What was put into c->send goes out, as far as it is taken now; the rest when the loop says so. */
int lh_child_flush(struct lh_child *c, struct lh_error *err) LH_CHECKED;
/* Takes what has come, up to about a line of the longest kind; true: something. */
bool lh_child_read(struct lh_child *c);
/* The next complete line, until the next read. */
bool lh_child_line(struct lh_child *c, struct lh_str *line);
bool lh_child_line_too_long(const struct lh_child *c);
/* "exit status 3", "signal 9 (SIGKILL)", "cannot be executed: No such file or directory" */
void lh_child_say_end(const struct lh_child *c, char *text, size_t size);

#endif
