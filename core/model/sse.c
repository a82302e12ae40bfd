#include "model/sse.h"

#include <string.h>

#define JOINED_MAX (64u << 20)

static void skip_mark(struct lh_str *s)
{
	if (s->n >= 3 && !memcmp(s->p, "\xEF\xBB\xBF", 3))
		*s = (struct lh_str){ s->p + 3, s->n - 3 };
}

void lh_sse_init(struct lh_sse *s, struct lh_str text)
{
	skip_mark(&text);
	s->rest = text;
	lh_buf_init(&s->joined, JOINED_MAX);
}

void lh_sse_fini(struct lh_sse *s) { lh_buf_fini(&s->joined); }

static struct lh_str take_line(struct lh_str *rest)
{
	size_t n = 0;
	while (n < rest->n && rest->p[n] != '\n' && rest->p[n] != '\r')
		n++;
	struct lh_str line = { rest->p, n };
	size_t end = n < rest->n ? 1 : 0;
	if (end && rest->p[n] == '\r' && n + 1 < rest->n && rest->p[n + 1] == '\n')
		end = 2;
	*rest = (struct lh_str){ rest->p + n + end, rest->n - n - end };
	return line;
}

/* The value of a field, without the one blank behind its colon; p is NULL where the line is another field. */
static struct lh_str field(struct lh_str line, struct lh_str name)
{
	if (line.n < name.n || memcmp(line.p, name.p, name.n))
		return (struct lh_str){ NULL, 0 };
	struct lh_str v = { line.p + name.n, line.n - name.n };
	if (!v.n)
		return v;
	if (v.p[0] != ':')
		return (struct lh_str){ NULL, 0 };
	size_t skip = v.n > 1 && v.p[1] == ' ' ? 2 : 1;
	return (struct lh_str){ v.p + skip, v.n - skip };
}

/* Most events have one line of data: it stays where it is. */
static void add_data(struct lh_sse *s, struct lh_str value, int line, struct lh_str *data)
{
	if (line == 0) {
		*data = value;
		return;
	}
	if (line == 1) {
		lh_buf_clear(&s->joined);
		lh_buf_put_str(&s->joined, *data);
	}
	lh_buf_putc(&s->joined, '\n');
	lh_buf_put_str(&s->joined, value);
	*data = lh_buf_str(&s->joined);
}

bool lh_sse_next(struct lh_sse *s, struct lh_sse_event *out)
{
	*out = (struct lh_sse_event){ LH_STR(""), LH_STR("") };
	int lines = 0;
	while (s->rest.n) {
		struct lh_str line = take_line(&s->rest);
		if (!line.n) {
			if (out->data.n)
				return true;
			*out = (struct lh_sse_event){ LH_STR(""), LH_STR("") };
			lines = 0;
			continue;
		}
		struct lh_str data = field(line, LH_STR("data")), name = field(line, LH_STR("event"));
		if (data.p)
			add_data(s, data, lines++, &out->data);
		else if (name.p)
			out->name = name;
	}
	return out->data.n > 0;
}

bool lh_sse_is(struct lh_str text)
{
	static const char *const begin[] = { "data:", "event:", "id:", "retry:", ":" };
	skip_mark(&text);
	text = lh_str_trim(text);
	for (size_t i = 0; i < sizeof begin / sizeof *begin; i++)
		if (text.n >= strlen(begin[i]) && !memcmp(text.p, begin[i], strlen(begin[i])))
			return true;
	return false;
}
