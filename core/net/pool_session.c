#include "net/pool_parts.h"

#include <stdlib.h>
#include <string.h>

#define NAME_MAX 256

struct lh_session *lh_session_find(const struct lh_pool *p, uint64_t id)
{
	for (size_t i = 0; i < p->sessions; i++)
		if (p->session[i].id == id)
			return &p->session[i];
	return NULL;
}

int lh_session_make(struct lh_pool *p, uint64_t id, struct lh_session **out, struct lh_error *err)
{
	*out = lh_session_find(p, id);
	if (*out)
		return 0;
	int rc = lh_array_more(&p->session, &p->session_cap, p->sessions + 1, sizeof *p->session, err);
	if (rc)
		return rc;
	*out = &p->session[p->sessions++];
	**out = (struct lh_session){ .id = id };
	return 0;
}

void lh_session_bind(struct lh_session *s, struct lh_agent *a)
{
	s->agent = a;
	a->sessions++;
}

static void unbind(struct lh_session *s)
{
	if (s->agent)
		s->agent->sessions--;
	s->agent = NULL;
	free(s->name);
	s->name = NULL;
}

void lh_session_lose(struct lh_session *s)
{
	unbind(s);
	s->state = s->answered ? LH_SESSION_LOST : LH_SESSION_NEW;
}

void lh_session_forget(struct lh_pool *p, struct lh_session *s)
{
	unbind(s);
	*s = p->session[--p->sessions];
}

static const struct lh_session *named(const struct lh_pool *p, const struct lh_agent *a, struct lh_str name)
{
	for (size_t i = 0; i < p->sessions; i++)
		if (p->session[i].agent == a && p->session[i].name && lh_str_is(name, p->session[i].name))
			return &p->session[i];
	return NULL;
}

/* A plain loop that does one thing at a time need not say which. */
static struct lh_pool_call *only_prompt(const struct lh_agent *a)
{
	return a->errands == 1 && a->errand[0].kind == LH_ERRAND_PROMPT ? a->errand[0].call : NULL;
}

struct lh_pool_call *lh_session_call(const struct lh_pool *p, const struct lh_agent *a, struct lh_str name)
{
	if (!p->spec.sessions || !name.n)
		return only_prompt(a);
	const struct lh_session *s = named(p, a, name);
	for (int i = 0; s && i < a->errands; i++) {
		struct lh_pool_call *c = a->errand[i].call;
		if (c && c->ask.session == s->id && a->errand[i].kind == LH_ERRAND_PROMPT)
			return c;
	}
	return NULL;
}

bool lh_session_name(const struct lh_pool *p, struct lh_session *s, struct lh_str name)
{
	if (!name.n || name.n > NAME_MAX || named(p, s->agent, name))
		return false;
	for (size_t i = 0; i < name.n; i++)
		if ((unsigned char)name.p[i] < ' ' || name.p[i] == 0x7F)
			return false;
	s->name = lh_str_dup(name);
	s->state = LH_SESSION_OPEN;
	return s->name != NULL;
}
