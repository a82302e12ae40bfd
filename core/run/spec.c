#include "run/spec.h"

#include <stdlib.h>
#include <string.h>

struct cursor { const char *p, *end; char *to; };

/* One value: quoted, or up to the next comma; copied without quotes. */
static int value(struct cursor *c, struct lh_str *out, struct lh_error *err)
{
	char *start = c->to;
	if (c->p < c->end && *c->p == '"') {
		for (c->p++; c->p < c->end && *c->p != '"'; c->p++) {
			if (*c->p == '\\' && c->p + 1 < c->end && (c->p[1] == '"' || c->p[1] == '\\'))
				c->p++;
			*c->to++ = *c->p;
		}
		if (c->p == c->end)
			return lh_fail(err, LH_E_USAGE, "a quoted value is not closed");
		c->p++;
		if (c->p < c->end && *c->p != ',')
			return lh_fail(err, LH_E_USAGE, "a comma must follow a quoted value");
	} else {
		while (c->p < c->end && *c->p != ',')
			*c->to++ = *c->p++;
	}
	*out = (struct lh_str){ start, (size_t)(c->to - start) };
	*c->to++ = 0;
	return 0;
}

static bool key_char(char ch)
{
	return (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') || (ch >= '0' && ch <= '9') || ch == '_' || ch == '-';
}

/* The key in front of '=', or an empty string where the next value has none. */
static struct lh_str key(struct cursor *c)
{
	const char *p = c->p;
	while (p < c->end && key_char(*p))
		p++;
	if (p == c->end || *p != '=' || p == c->p)
		return LH_STR("");
	struct lh_str k = { c->to, (size_t)(p - c->p) };
	memcpy(c->to, c->p, k.n);
	c->to += k.n;
	*c->to++ = 0;
	c->p = p + 1;
	return k;
}

static int add(struct lh_spec *s, struct lh_str k, struct lh_str v, bool first, struct lh_error *err)
{
	if (!k.n) {
		if (!first)
			return lh_fail(err, LH_E_USAGE, "'%.*s' has no key: write key=value (and \"…\" around a value that holds a comma)", LH_ARG(v));
		s->bare = v;
		return 0;
	}
	for (int i = 0; i < s->count; i++)
		if (lh_str_equal(s->key[i], k))
			return lh_fail(err, LH_E_USAGE, "%.*s is given twice", LH_ARG(k));
	if (s->count == LH_SPEC_KEYS)
		return lh_fail(err, LH_E_USAGE, "more than %d keys", LH_SPEC_KEYS);
	s->key[s->count] = k;
	s->value[s->count++] = v;
	return 0;
}

static int parse(struct lh_str text, struct lh_spec *s, struct lh_error *err)
{
	const char *colon = memchr(text.p, ':', text.n), *end = text.p + text.n;
	struct cursor c = { text.p, end, s->words };
	s->name = (struct lh_str){ c.to, colon ? (size_t)(colon - text.p) : text.n };
	memcpy(c.to, text.p, s->name.n);
	c.to += s->name.n;
	*c.to++ = 0;
	if (!s->name.n)
		return lh_fail(err, LH_E_USAGE, "the name is missing");
	c.p = colon ? colon + 1 : end;
	for (bool first = true; c.p < end; first = false) {
		struct lh_str k = key(&c), v = { "", 0 };
		int rc = value(&c, &v, err);
		if (!rc)
			rc = add(s, k, v, first, err);
		if (rc)
			return rc;
		if (c.p < end)
			c.p++;                   /* the comma */
	}
	return 0;
}

int lh_spec_parse(struct lh_str text, const char *what, struct lh_spec *out, struct lh_error *err)
{
	memset(out, 0, sizeof *out);
	out->text = lh_str_dup(text);
	out->words = malloc(2 * text.n + 16);
	if (!out->text || !out->words) {
		lh_spec_fini(out);
		return lh_nomem(err);
	}
	int rc = memchr(text.p, 0, text.n) ? lh_fail(err, LH_E_USAGE, "a NUL character") : parse(text, out, err);
	if (rc) {
		lh_prefix(err, "%s '%.*s'", what, LH_ARG(text));
		lh_spec_fini(out);
	}
	return rc;
}

void lh_spec_fini(struct lh_spec *s)
{
	free(s->text);
	free(s->words);
	memset(s, 0, sizeof *s);
}
