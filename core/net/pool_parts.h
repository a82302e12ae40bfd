/* net/pool_parts.h - the insides of a pool, shared by pool*.c.
 *
 * A *call* is a request of the caller's, on exactly one of four lists: waiting, flying, done, taken. An
 * *agent* is a process with its *errands*: what it was asked and has not answered. An errand whose call has
 * been given up keeps its place until the answer comes, and ends the agent if it never does. */
#ifndef LH_NET_POOL_PARTS_H
#define LH_NET_POOL_PARTS_H

#include "net/pool_child.h"
#include "net/pool_lines.h"

#include <sys/queue.h>

enum lh_agent_state { LH_AGENT_NONE, LH_AGENT_STARTING, LH_AGENT_READY };
enum lh_errand_kind { LH_ERRAND_INITIALIZE, LH_ERRAND_SESSION, LH_ERRAND_PROMPT };

struct lh_errand {
	int64_t id;                      /* JSON-RPC's */
	enum lh_errand_kind kind;
	struct lh_pool_call *call;       /* NULL: initialize, or given up */
	int64_t until_us;                /* without a call: then the agent is ended */
};

struct lh_agent {
	struct lh_child child;
	enum lh_agent_state state;
	struct lh_errand *errand;        /* at_once of them, one at least */
	int errands;
	int sessions;                    /* bound to it */
	int64_t last_id, closed_us;      /* closed_us: when a pipe of it was seen closed; 0: none is */
	size_t owed;                     /* bytes of our answers that it has not read */
};

TAILQ_HEAD(lh_call_list, lh_pool_call);

struct lh_pool_call {
	TAILQ_ENTRY(lh_pool_call) next;
	struct lh_call_list *list;       /* that it is on */
	struct lh_pool_request ask;
	struct lh_agent *agent;          /* flying */
	int64_t since_us, heard_us;      /* flying: handed to the agent; last heard of */
	struct lh_buf text, thoughts, body;
	struct lh_exchange x;
};

enum lh_session_state { LH_SESSION_NEW, LH_SESSION_OPENING, LH_SESSION_OPEN, LH_SESSION_LOST };
struct lh_session {
	uint64_t id;                     /* the caller's */
	char *name;                      /* the agent's; NULL: not opened */
	struct lh_agent *agent;          /* NULL: not bound yet, or lost */
	enum lh_session_state state;
	bool busy, answered;             /* a call of it is in flight; one has been answered */
};

struct lh_pool {
	struct lh_loop *loop;
	struct lh_pool_spec spec;
	struct lh_agent *agent;          /* spec.processes of them */
	struct lh_session *session;
	size_t sessions, session_cap;
	struct lh_call_list waiting, flying, done, taken;
	bool stirred;                    /* something was asked since the last step */
	int failures;                    /* starts in a row that came to nothing */
	char broken[200];                /* why no agent can be started; empty: none is known */
};

/* ---- pool_call.c: calls and their ends ---- */

int lh_call_new(struct lh_pool *p, const struct lh_pool_request *r, struct lh_pool_call **out, struct lh_error *err) LH_CHECKED;
void lh_call_free(struct lh_pool_call *c);
void lh_call_move(struct lh_pool_call *c, struct lh_call_list *to);
/* It is done: without an answer, or with one. */
void lh_call_fail(struct lh_pool *p, struct lh_pool_call *c, enum lh_fault fault, const char *text);
int lh_call_answer(struct lh_pool *p, struct lh_pool_call *c, const struct lh_said *answer, struct lh_error *err) LH_CHECKED;
/* A piece of the reply. LH_E_LIMIT: more than may be. */
int lh_call_hear(struct lh_pool_call *c, const struct lh_said *update) LH_CHECKED;

/* ---- pool_session.c: conversations, and who keeps them ---- */

struct lh_session *lh_session_find(const struct lh_pool *p, uint64_t id);                  /* NULL: there is none */
int lh_session_make(struct lh_pool *p, uint64_t id, struct lh_session **out, struct lh_error *err) LH_CHECKED;
void lh_session_bind(struct lh_session *s, struct lh_agent *a);
/* Its agent lost it, or may have: without an answer yet it can begin again, elsewhere. */
void lh_session_lose(struct lh_session *s);
void lh_session_forget(struct lh_pool *p, struct lh_session *s);
/* The call of an agent that its name for a session means; NULL: none. */
struct lh_pool_call *lh_session_call(const struct lh_pool *p, const struct lh_agent *a, struct lh_str name);
/* Takes the agent's name for it; false: it is none, or in use. */
bool lh_session_name(const struct lh_pool *p, struct lh_session *s, struct lh_str name);

/* ---- pool_agent.c: one agent ---- */

int lh_agent_start(struct lh_pool *p, struct lh_agent *a, int64_t now_us, struct lh_error *err) LH_CHECKED;
/* Kills it; what it was asked ends with that fault. */
void lh_agent_lose(struct lh_pool *p, struct lh_agent *a, enum lh_fault fault, const char *text);
/* Sends a waiting call; the agent is ready and has room. */
int lh_agent_ask(struct lh_pool *p, struct lh_agent *a, struct lh_pool_call *c, int64_t now_us, struct lh_error *err) LH_CHECKED;
/* Tells it to stop working at a flying call, which the caller then puts elsewhere. */
int lh_agent_give_up(struct lh_pool *p, struct lh_pool_call *c, int64_t now_us, struct lh_error *err) LH_CHECKED;
/* Deals with what it wrote, and with its end. */
int lh_agent_step(struct lh_pool *p, struct lh_agent *a, int64_t now_us, struct lh_error *err) LH_CHECKED;
int64_t lh_agent_due_us(const struct lh_agent *a);

#endif
