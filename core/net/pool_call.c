#include "net/pool_parts.h"

#include "base/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int lh_call_new(struct lh_pool *p, const struct lh_pool_request *r, struct lh_pool_call **out, struct lh_error *err)
{
	struct lh_pool_call *c = calloc(1, sizeof *c);
	*out = c;
	if (!c)
		return lh_nomem(err);
	c->ask = *r;
	lh_buf_init(&c->text, p->spec.reply_most);
	lh_buf_init(&c->thoughts, p->spec.reply_most);
	lh_buf_init(&c->body, SIZE_MAX / 4);     /* made of what was bounded when it came */
	c->list = &p->waiting;
	TAILQ_INSERT_TAIL(&p->waiting, c, next);
	return 0;
}

void lh_call_free(struct lh_pool_call *c)
{
	TAILQ_REMOVE(c->list, c, next);
	lh_buf_fini(&c->text);
	lh_buf_fini(&c->thoughts);
	lh_buf_fini(&c->body);
	free(c);
}

void lh_call_move(struct lh_pool_call *c, struct lh_call_list *to)
{
	TAILQ_REMOVE(c->list, c, next);
	TAILQ_INSERT_TAIL(to, c, next);
	c->list = to;
}

static void finish(struct lh_pool *p, struct lh_pool_call *c, enum lh_fault fault)
{
	struct lh_session *s = c->agent && p->spec.sessions ? lh_session_find(p, c->ask.session) : NULL;
	if (s)
		s->busy = false;
	c->x = (struct lh_exchange){ .id = c->ask.id, .fault = fault, .retry_after_us = -1, .should_retry = -1, .carrier = c };
	c->x.latency_us = c->agent ? lh_clock_mono_us() - c->since_us : 0;
	c->x.body = lh_buf_str(&c->body);
	c->agent = NULL;
	lh_call_move(c, &p->done);
}

void lh_call_fail(struct lh_pool *p, struct lh_pool_call *c, enum lh_fault fault, const char *text)
{
	finish(p, c, fault);
	snprintf(c->x.fault_text, sizeof c->x.fault_text, "%s", text);
}

int lh_call_answer(struct lh_pool *p, struct lh_pool_call *c, const struct lh_said *answer, struct lh_error *err)
{
	lh_put_exchange(&c->body, answer, lh_buf_str(&c->text), lh_buf_str(&c->thoughts));
	int rc = lh_buf_ok(&c->body, err);
	if (rc)
		return rc;
	finish(p, c, LH_FAULT_NONE);
	c->x.status = answer->result ? 200 : 0;
	return 0;
}

int lh_call_hear(struct lh_pool_call *c, const struct lh_said *update)
{
	struct lh_buf *b = update->thought ? &c->thoughts : &c->text;
	lh_buf_put_str(b, update->text);
	return b->failed;
}
