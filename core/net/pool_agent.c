#include "net/pool_parts.h"

#include "base/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define START_MS 30000
#define FAILURES_MOST 3                  /* starts in a row */
#define STOP_US 5000000                  /* to answer what was cancelled */
#define CLOSED_US 1000000                /* for the end of an agent that closed its pipes to become known */
#define OWED_MOST (1 << 20)
#define PIPEFULS 4

/* ---- errands ---- */

static int64_t add_errand(struct lh_agent *a, enum lh_errand_kind kind, struct lh_pool_call *c, int64_t until_us)
{
	a->errand[a->errands++] = (struct lh_errand){ ++a->last_id, kind, c, until_us };
	return a->last_id;
}

static struct lh_errand *errand_of(struct lh_agent *a, const struct lh_pool_call *c)
{
	for (int i = 0; i < a->errands; i++)
		if (a->errand[i].call == c)
			return &a->errand[i];
	return NULL;
}

static void drop_errand(struct lh_agent *a, struct lh_errand *e) { *e = a->errand[--a->errands]; }

/* ---- its beginning and its end ---- */

static void count_failure(struct lh_pool *p, const struct lh_agent *a, const char *text)
{
	if (++p->failures >= FAILURES_MOST || a->child.unborn)
		snprintf(p->broken, sizeof p->broken, "%.160s", text);
}

int lh_agent_start(struct lh_pool *p, struct lh_agent *a, int64_t now_us, struct lh_error *err)
{
	struct lh_error why = { 0 };
	int rc = lh_child_start(&a->child, &p->spec, &why);
	if (rc == LH_E_NOMEM)
		return lh_nomem(err);
	if (rc) {
		count_failure(p, a, why.text);
		p->stirred = true;               /* nobody else will wake those who wait for it */
		return 0;
	}
	int64_t allowed = p->spec.start_ms ? p->spec.start_ms : START_MS;
	a->state = LH_AGENT_STARTING;
	a->errands = 0;
	a->closed_us = 0;
	a->owed = 0;
	lh_say_initialize(&a->child.send, add_errand(a, LH_ERRAND_INITIALIZE, NULL, now_us + allowed * 1000));
	return lh_child_flush(&a->child, err);
}

void lh_agent_lose(struct lh_pool *p, struct lh_agent *a, enum lh_fault fault, const char *text)
{
	if (a->state == LH_AGENT_STARTING)
		count_failure(p, a, text);
	lh_child_kill(&a->child);
	a->state = LH_AGENT_NONE;
	for (int i = 0; i < a->errands; i++)
		if (a->errand[i].call)
			lh_call_fail(p, a->errand[i].call, fault, text);
	a->errands = 0;
	for (size_t i = 0; i < p->sessions; i++)
		if (p->session[i].agent == a)
			lh_session_lose(&p->session[i]);
}

/* ---- asking ---- */

static void open_session(struct lh_agent *a, struct lh_pool_call *c, struct lh_session *s)
{
	s->state = LH_SESSION_OPENING;
	lh_say_session_new(&a->child.send, add_errand(a, LH_ERRAND_SESSION, c, 0), c->ask.open);
}

int lh_agent_ask(struct lh_pool *p, struct lh_agent *a, struct lh_pool_call *c, int64_t now_us, struct lh_error *err)
{
	struct lh_session *s = p->spec.sessions ? lh_session_find(p, c->ask.session) : NULL;
	c->agent = a;
	c->since_us = c->heard_us = now_us;
	lh_call_move(c, &p->flying);
	if (s)
		s->busy = true;
	if (s && s->state == LH_SESSION_NEW)
		open_session(a, c, s);
	else
		lh_say_prompt(&a->child.send, add_errand(a, LH_ERRAND_PROMPT, c, 0), s ? s->name : NULL, c->ask.params);
	return lh_child_flush(&a->child, err);
}

int lh_agent_give_up(struct lh_pool *p, struct lh_pool_call *c, int64_t now_us, struct lh_error *err)
{
	struct lh_agent *a = c->agent;
	struct lh_errand *e = errand_of(a, c);
	struct lh_session *s = p->spec.sessions ? lh_session_find(p, c->ask.session) : NULL;
	if (e->kind == LH_ERRAND_PROMPT && (s || !p->spec.sessions))
		lh_say_cancel(&a->child.send, e->id, s ? s->name : NULL);
	e->call = NULL;
	e->until_us = now_us + STOP_US;
	if (s) {                                 /* what the agent made of half a turn is not known */
		s->busy = false;
		lh_session_lose(s);
	}
	return lh_child_flush(&a->child, err);
}

/* ---- hearing ---- */

static int wrong(struct lh_pool *p, struct lh_agent *a, const char *what)
{
	char text[200];
	snprintf(text, sizeof text, "the agent wrote %s", what);
	lh_agent_lose(p, a, LH_FAULT_PROTOCOL, text);
	return 0;
}

static int initialized(struct lh_pool *p, struct lh_agent *a, const struct lh_said *said)
{
	const struct lh_json *version = lh_json_get(said->result, "protocolVersion");
	int64_t v = LH_PROTOCOL_VERSION;
	if (said->error)
		return wrong(p, a, "an error in answer to initialize");
	if (version && (!lh_json_int(version, &v) || v != LH_PROTOCOL_VERSION))
		return wrong(p, a, "that it speaks another version of the protocol");
	a->state = LH_AGENT_READY;
	p->failures = 0;
	return 0;
}

/* The session stands: now the prompt that it was opened for. */
static int session_opened(struct lh_pool *p, struct lh_agent *a, struct lh_pool_call *c, const struct lh_said *said, struct lh_error *err)
{
	struct lh_session *s = lh_session_find(p, c->ask.session);
	if (!s) {
		lh_call_fail(p, c, LH_FAULT_CANCELLED, "its session was ended");
		return 0;
	}
	if (said->error) {
		lh_session_lose(s);
		return lh_call_answer(p, c, said, err);
	}
	if (!lh_session_name(p, s, lh_json_str(lh_json_get(said->result, "sessionId")))) {
		lh_call_fail(p, c, LH_FAULT_PROTOCOL, "the agent opened a session without a usable sessionId");
		return wrong(p, a, "a session without a usable sessionId");
	}
	lh_say_prompt(&a->child.send, add_errand(a, LH_ERRAND_PROMPT, c, 0), s->name, c->ask.params);
	return 0;
}

static int answered(struct lh_pool *p, struct lh_pool_call *c, const struct lh_said *said, struct lh_error *err)
{
	struct lh_session *s = p->spec.sessions ? lh_session_find(p, c->ask.session) : NULL;
	if (s && said->result)
		s->answered = true;
	return lh_call_answer(p, c, said, err);
}

static int hear_answer(struct lh_pool *p, struct lh_agent *a, const struct lh_said *said, struct lh_error *err)
{
	int i = 0;
	while (i < a->errands && a->errand[i].id != said->answers)
		i++;
	if (i == a->errands)
		return wrong(p, a, "an answer that names none of our requests");
	struct lh_errand e = a->errand[i];
	drop_errand(a, &a->errand[i]);
	if (e.kind == LH_ERRAND_INITIALIZE)
		return initialized(p, a, said);
	if (!e.call)                             /* nobody waits for it any more */
		return 0;
	e.call->heard_us = lh_clock_mono_us();
	return e.kind == LH_ERRAND_SESSION ? session_opened(p, a, e.call, said, err) : answered(p, e.call, said, err);
}

static int hear_update(struct lh_pool *p, struct lh_agent *a, const struct lh_said *said, int64_t now_us, struct lh_error *err)
{
	struct lh_pool_call *c = lh_session_call(p, a, said->session);
	if (!c)
		return 0;
	c->heard_us = now_us;
	int rc = lh_call_hear(c, said);
	if (rc != LH_E_LIMIT)
		return rc ? lh_nomem(err) : 0;
	rc = lh_agent_give_up(p, c, now_us, err);
	lh_call_fail(p, c, LH_FAULT_TOO_LARGE, "the agent's reply is larger than allowed");
	return rc;
}

static int hear_request(struct lh_pool *p, struct lh_agent *a, const struct lh_said *said)
{
	size_t had = a->child.send.n;
	lh_say_no(&a->child.send, said->id, said->permission);
	a->owed += a->child.send.n - had;
	return a->owed > OWED_MOST ? wrong(p, a, "more requests than it reads answers") : 0;
}

static int hear(struct lh_pool *p, struct lh_agent *a, struct lh_str line, int64_t now_us, struct lh_error *err)
{
	struct lh_said said;
	int rc = lh_said_read(line, &said, err);
	if (rc)
		return rc;
	switch (said.kind) {
	case LH_SAID_ANSWER: rc = hear_answer(p, a, &said, err); break;
	case LH_SAID_UPDATE: rc = hear_update(p, a, &said, now_us, err); break;
	case LH_SAID_REQUEST: rc = hear_request(p, a, &said); break;
	case LH_SAID_WRONG: rc = wrong(p, a, said.wrong); break;
	case LH_SAID_NOTHING: break;
	}
	lh_said_free(&said);
	return rc;
}

/* ---- a step ---- */

static int too_long(struct lh_pool *p, struct lh_agent *a)
{
	bool whose = a->errands == 1;            /* of several, none can be said to be it */
	lh_agent_lose(p, a, whose ? LH_FAULT_TOO_LARGE : LH_FAULT_PROTOCOL, "the agent wrote a line longer than a reply may be");
	return 0;
}

static int hear_all(struct lh_pool *p, struct lh_agent *a, int64_t now_us, struct lh_error *err)
{
	struct lh_str line;
	int rc = 0;
	if (a->child.got.failed)
		return lh_nomem(err);
	if (a->child.heard && a->errands == 1 && a->errand[0].call)
		a->errand[0].call->heard_us = now_us;
	a->child.heard = false;
	while (!rc && a->state != LH_AGENT_NONE && lh_child_line(&a->child, &line))
		if (line.n)
			rc = hear(p, a, line, now_us, err);
	if (!rc && a->state != LH_AGENT_NONE && lh_child_line_too_long(&a->child))
		return too_long(p, a);
	return rc;
}

static int see_end(struct lh_pool *p, struct lh_agent *a, int64_t now_us)
{
	struct lh_child *c = &a->child;
	char how[160], text[200];
	if (c->closed && !a->closed_us)
		a->closed_us = now_us;
	if (!c->ended && (!a->closed_us || now_us < a->closed_us + CLOSED_US))
		return 0;
	lh_child_say_end(c, how, sizeof how);
	snprintf(text, sizeof text, a->state == LH_AGENT_STARTING && !c->unborn ? "%s before it answered initialize" : "%s", how);
	lh_agent_lose(p, a, LH_FAULT_DIED, text);
	return 0;
}

static int end_overdue(struct lh_pool *p, struct lh_agent *a, int64_t now_us)
{
	for (int i = 0; i < a->errands; i++) {
		const struct lh_errand *e = &a->errand[i];
		if (e->call || now_us < e->until_us)
			continue;
		lh_agent_lose(p, a, LH_FAULT_DIED, e->kind == LH_ERRAND_INITIALIZE ? "it did not answer initialize in time"
			: "it was ended: it went on with a prompt that had been cancelled");
		return 0;
	}
	return 0;
}

int lh_agent_step(struct lh_pool *p, struct lh_agent *a, int64_t now_us, struct lh_error *err)
{
	int rc = hear_all(p, a, now_us, err);
	/* What it wrote before it ended counts. A pipe's worth: what it left behind may go on writing for ever. */
	for (int i = 0; i < PIPEFULS && !rc && a->state != LH_AGENT_NONE && a->child.ended && lh_child_read(&a->child); i++)
		rc = hear_all(p, a, now_us, err);
	if (!rc && a->state != LH_AGENT_NONE)
		rc = see_end(p, a, now_us);
	if (!rc && a->state != LH_AGENT_NONE)
		rc = end_overdue(p, a, now_us);
	if (!rc && a->state != LH_AGENT_NONE)
		rc = lh_child_flush(&a->child, err);
	if (!a->child.writing)
		a->owed = 0;
	return rc;
}

int64_t lh_agent_due_us(const struct lh_agent *a)
{
	int64_t due = INT64_MAX;
	if (a->state == LH_AGENT_NONE)
		return due;
	if (a->child.ended)
		return 0;
	if (a->child.closed)
		due = a->closed_us ? a->closed_us + CLOSED_US : 0;
	for (int i = 0; i < a->errands; i++)
		if (!a->errand[i].call && a->errand[i].until_us < due)
			due = a->errand[i].until_us;
	return due;
}
