/* net/pool.h - agents as processes: a pool of children that speak JSON-RPC 2.0, one object a line.
 *
 * The command is split into words by the caller; no shell. Each child has a process group of its own
 * that is killed at the end, also when this process is killed (a keeper waits on a pipe). stderr goes
 * to a log file or nowhere. A child that dies is started again; what it was asked ends with LH_FAULT_DIED.
 * Three starts in a row that come to nothing, or a command that cannot be executed, are LH_FAULT_START for
 * all that waits. A session whose process has ended, or that a request was given up in, is lost: LH_FAULT_DIED
 * with should_retry 0 for what is asked in it, unless nothing had been answered in it yet. Times count from
 * when a request is handed to a process. */
#ifndef LH_NET_POOL_H
#define LH_NET_POOL_H

#include "net/exchange.h"
#include "net/loop.h"

/* Texts are the caller's until the pool is freed. */
struct lh_pool_spec {
	const char *const *argv;                 /* NULL-terminated */
	const char *const *env;                  /* whole environment, NULL-terminated */
	const char *folder;                      /* working folder; NULL: this one */
	int processes;                           /* at most; started as needed */
	int at_once;                             /* requests in flight a process; 1 for plain loops */
	bool sessions;                           /* session/new for each conversation */
	int log_fd;                              /* their stderr; -1: /dev/null */
	int64_t start_ms;                        /* allowed for `initialize`; 0: 30 s */
	size_t reply_most;
};

struct lh_pool_request {
	uint64_t id;
	uint64_t session;                        /* with sessions: the conversation, not 0; sticks to one process */
	struct lh_str open;                      /* with sessions: members of session/new's params, JSON without braces */
	struct lh_str params;                    /* members of session/prompt's params, JSON without braces; must not
	                                          * change until the exchange is taken */
	int64_t timeout_ms, idle_ms;
};

struct lh_pool;
int lh_pool_new(struct lh_loop *loop, const struct lh_pool_spec *spec, struct lh_pool **out, struct lh_error *err) LH_CHECKED;
void lh_pool_free(struct lh_pool *p);                            /* EOF, SIGTERM after a second, SIGKILL: groups and all */
int lh_pool_send(struct lh_pool *p, const struct lh_pool_request *r, struct lh_error *err) LH_CHECKED;
void lh_pool_cancel(struct lh_pool *p, uint64_t id);             /* session/cancel; no exchange comes of it */
void lh_pool_end_session(struct lh_pool *p, uint64_t session);
int64_t lh_pool_due_us(const struct lh_pool *p);
int lh_pool_step(struct lh_pool *p, struct lh_error *err) LH_CHECKED;
/* body: one JSON object {"result": {…}, "text": "…", "thoughts": "…"}: the result of session/prompt, and the
 * texts of the session/update notifications before it; or {"error": {…}} as the agent said. */
bool lh_pool_take(struct lh_pool *p, struct lh_exchange *out);
void lh_pool_give_back(struct lh_pool *p, const struct lh_exchange *x);

#endif
