#include "net/pool_parts.h"

#include "base/clock.h"

#include <stdlib.h>
#include <string.h>

#define ENVELOPE 65536                   /* of a line, beyond the reply's own bytes */
#define PARAMS_MOST ((size_t)1 << 30)

/* ---- made and freed ---- */

static int check_spec(const struct lh_pool_spec *s, struct lh_error *err)
{
	if (!s->argv || !s->argv[0] || !s->argv[0][0])
		return lh_fail(err, LH_E_USAGE, "the agent's command is empty");
	if (s->processes < 1 || s->at_once < 1 || s->reply_most < 1)
		return lh_fail(err, LH_E_INTERNAL, "a pool of %d processes, %d requests at once, replies of %zu bytes", s->processes, s->at_once, s->reply_most);
	return 0;
}

static int make_agents(struct lh_pool *p, struct lh_error *err)
{
	p->agent = calloc((size_t)p->spec.processes, sizeof *p->agent);
	for (int i = 0; p->agent && i < p->spec.processes; i++)
		lh_child_init(&p->agent[i].child, p->loop, p->spec.reply_most + ENVELOPE);
	for (int i = 0; p->agent && i < p->spec.processes; i++)
		if (!(p->agent[i].errand = calloc((size_t)p->spec.at_once, sizeof *p->agent[i].errand)))
			return lh_nomem(err);
	return p->agent ? 0 : lh_nomem(err);
}

int lh_pool_new(struct lh_loop *loop, const struct lh_pool_spec *spec, struct lh_pool **out, struct lh_error *err)
{
	*out = NULL;
	int rc = check_spec(spec, err);
	if (rc)
		return rc;
	struct lh_pool *p = calloc(1, sizeof *p);
	if (!p)
		return lh_nomem(err);
	p->loop = loop;
	p->spec = *spec;
	TAILQ_INIT(&p->waiting);
	TAILQ_INIT(&p->flying);
	TAILQ_INIT(&p->done);
	TAILQ_INIT(&p->taken);
	rc = make_agents(p, err);
	if (rc)
		lh_pool_free(p);
	else
		*out = p;
	return rc;
}

static void end_agents(struct lh_pool *p)
{
	struct lh_child **child = calloc((size_t)p->spec.processes, sizeof *child);
	for (int i = 0; child && i < p->spec.processes; i++)
		child[i] = &p->agent[i].child;
	if (child)                               /* else they are killed without being asked */
		lh_children_end(child, p->spec.processes);
	free(child);
	for (int i = 0; i < p->spec.processes; i++) {
		lh_child_fini(&p->agent[i].child);
		free(p->agent[i].errand);
	}
}

void lh_pool_free(struct lh_pool *p)
{
	if (!p)
		return;
	if (p->agent)
		end_agents(p);
	struct lh_call_list *const lists[] = { &p->waiting, &p->flying, &p->done, &p->taken };
	for (int i = 0; i < 4; i++)
		while (!TAILQ_EMPTY(lists[i]))
			lh_call_free(TAILQ_FIRST(lists[i]));
	while (p->sessions)
		lh_session_forget(p, &p->session[0]);
	free(p->session);
	free(p->agent);
	free(p);
}

/* ---- asked ---- */

int lh_pool_send(struct lh_pool *p, const struct lh_pool_request *r, struct lh_error *err)
{
	struct lh_pool_call *c;
	if (p->spec.sessions && !r->session)
		return lh_fail(err, LH_E_INTERNAL, "a request to an agent that keeps sessions names none");
	if (r->params.n > PARAMS_MOST || r->open.n > PARAMS_MOST)
		return lh_fail(err, LH_E_LIMIT, "a request of %zu bytes is too large to send", r->params.n);
	p->stirred = true;
	return lh_call_new(p, r, &c, err);
}

static struct lh_pool_call *find_call(const struct lh_call_list *list, uint64_t id)
{
	struct lh_pool_call *c;
	TAILQ_FOREACH(c, list, next)
		if (c->ask.id == id)
			return c;
	return NULL;
}

void lh_pool_cancel(struct lh_pool *p, uint64_t id)
{
	struct lh_pool_call *c = find_call(&p->waiting, id);
	if (!c)
		c = find_call(&p->done, id);
	if (!c && (c = find_call(&p->flying, id)) && lh_agent_give_up(p, c, lh_clock_mono_us(), NULL))
		p->stirred = true;               /* no memory to say so: the answer is not waited for all the same */
	if (c)
		lh_call_free(c);
}

void lh_pool_end_session(struct lh_pool *p, uint64_t session)
{
	struct lh_session *s = lh_session_find(p, session);
	if (s)
		lh_session_forget(p, s);
}

/* ---- placed ---- */

static bool has_room(const struct lh_pool *p, const struct lh_agent *a) { return a->state == LH_AGENT_READY && a->errands < p->spec.at_once && !a->child.closed; }

/* The least burdened that may take it now; NULL: none. */
static struct lh_agent *free_agent(const struct lh_pool *p)
{
	struct lh_agent *best = NULL;
	for (int i = 0; i < p->spec.processes; i++)
		if (has_room(p, &p->agent[i]) && (!best || p->agent[i].errands < best->errands))
			best = &p->agent[i];
	return best;
}

static int count(const struct lh_pool *p, enum lh_agent_state state)
{
	int n = 0;
	for (int i = 0; i < p->spec.processes; i++)
		n += p->agent[i].state == state;
	return n;
}

static int start_one(struct lh_pool *p, int64_t now_us, struct lh_agent **out, struct lh_error *err)
{
	int rc = 0;
	*out = NULL;
	for (int i = 0; i < p->spec.processes && !*out && !rc && !p->broken[0]; i++)
		if (p->agent[i].state == LH_AGENT_NONE) {
			rc = lh_agent_start(p, &p->agent[i], now_us, err);
			if (p->agent[i].state != LH_AGENT_NONE)
				*out = &p->agent[i];
		}
	return rc;
}

/* For a new conversation: the agent with the fewest, one that runs before one that would have to be started. */
static int choose(struct lh_pool *p, int64_t now_us, struct lh_agent **out, struct lh_error *err)
{
	struct lh_agent *best = NULL;
	int rc = 0;
	for (int i = 0; i < p->spec.processes; i++) {
		struct lh_agent *a = &p->agent[i];
		if (a->state != LH_AGENT_NONE && (!best || a->sessions < best->sessions))
			best = a;
	}
	*out = best;
	if (!best || best->sessions) {
		rc = start_one(p, now_us, out, err);
		if (!*out)
			*out = best;
	}
	return rc;
}

static int place_in_session(struct lh_pool *p, struct lh_pool_call *c, int64_t now_us, struct lh_error *err)
{
	struct lh_session *s;
	struct lh_agent *a = NULL;
	int rc = lh_session_make(p, c->ask.session, &s, err);
	if (rc || s->busy)
		return rc;
	if (s->state == LH_SESSION_LOST) {
		lh_call_fail(p, c, LH_FAULT_DIED, "its session is lost: the agent that kept it has ended, or was stopped in the middle of a turn");
		c->x.should_retry = 0;
		return 0;
	}
	if (!s->agent && !(rc = choose(p, now_us, &a, err)) && a)
		lh_session_bind(s, a);
	return !rc && s->agent && has_room(p, s->agent) ? lh_agent_ask(p, s->agent, c, now_us, err) : rc;
}

/* In order; what is bound to one agent does not hold up what may go to another. */
static int place_all(struct lh_pool *p, int64_t now_us, struct lh_error *err)
{
	struct lh_pool_call *c, *after;
	int rc = 0;
	for (c = TAILQ_FIRST(&p->waiting); c && !rc; c = after) {
		after = TAILQ_NEXT(c, next);
		struct lh_agent *a = p->spec.sessions ? NULL : free_agent(p);
		if (p->spec.sessions)
			rc = place_in_session(p, c, now_us, err);
		else if (a)
			rc = lh_agent_ask(p, a, c, now_us, err);
		else
			break;
	}
	return rc;
}

/* As many as what waits will need. */
static int start_enough(struct lh_pool *p, int64_t now_us, struct lh_error *err)
{
	int64_t coming = (int64_t)count(p, LH_AGENT_STARTING) * p->spec.at_once;
	const struct lh_pool_call *c;
	struct lh_agent *a;
	int rc = 0;
	if (p->spec.sessions)
		return 0;
	TAILQ_FOREACH(c, &p->waiting, next) {
		if (coming-- > 0)
			continue;
		rc = start_one(p, now_us, &a, err);
		if (rc || !a)
			return rc;
		coming = p->spec.at_once - 1;
	}
	return 0;
}

/* Nothing runs and nothing can be started: who waits would wait for ever. */
static void refuse_all(struct lh_pool *p)
{
	if (!p->broken[0] || count(p, LH_AGENT_NONE) < p->spec.processes)
		return;
	while (!TAILQ_EMPTY(&p->waiting))
		lh_call_fail(p, TAILQ_FIRST(&p->waiting), LH_FAULT_START, p->broken);
}

/* ---- stepped ---- */

static int64_t earlier(int64_t a, int64_t b) { return a < b ? a : b; }
static int64_t total_due(const struct lh_pool_call *c) { return c->ask.timeout_ms ? c->since_us + c->ask.timeout_ms * 1000 : INT64_MAX; }
static int64_t idle_due(const struct lh_pool_call *c) { return c->ask.idle_ms ? c->heard_us + c->ask.idle_ms * 1000 : INT64_MAX; }

static int time_out(struct lh_pool *p, int64_t now_us, struct lh_error *err)
{
	struct lh_pool_call *c, *after;
	int rc = 0;
	for (c = TAILQ_FIRST(&p->flying); c && !rc; c = after) {
		after = TAILQ_NEXT(c, next);
		bool total = now_us >= total_due(c);
		if (!total && now_us < idle_due(c))
			continue;
		rc = lh_agent_give_up(p, c, now_us, err);
		lh_call_fail(p, c, total ? LH_FAULT_TIMEOUT : LH_FAULT_IDLE, total ? "the agent did not answer in the time allowed" : "nothing came from the agent for too long");
	}
	return rc;
}

int64_t lh_pool_due_us(const struct lh_pool *p)
{
	const struct lh_pool_call *c;
	int64_t due = p->stirred || !TAILQ_EMPTY(&p->done) ? 0 : INT64_MAX;
	for (int i = 0; i < p->spec.processes; i++)
		due = earlier(due, lh_agent_due_us(&p->agent[i]));
	TAILQ_FOREACH(c, &p->flying, next)
		due = earlier(due, earlier(total_due(c), idle_due(c)));
	return due;
}

int lh_pool_step(struct lh_pool *p, struct lh_error *err)
{
	int64_t now_us = lh_clock_mono_us();
	int rc = 0;
	p->stirred = false;
	for (int i = 0; i < p->spec.processes && !rc; i++)
		if (p->agent[i].state != LH_AGENT_NONE)
			rc = lh_agent_step(p, &p->agent[i], now_us, err);
	if (!rc)
		rc = time_out(p, now_us, err);
	if (!rc)
		rc = place_all(p, now_us, err);
	if (!rc)
		rc = start_enough(p, now_us, err);
	refuse_all(p);
	return rc;
}

bool lh_pool_take(struct lh_pool *p, struct lh_exchange *out)
{
	struct lh_pool_call *c = TAILQ_FIRST(&p->done);
	if (!c)
		return false;
	lh_call_move(c, &p->taken);
	*out = c->x;
	return true;
}

void lh_pool_give_back(struct lh_pool *p, const struct lh_exchange *x)
{
	(void)p;
	lh_call_free(x->carrier);
}
