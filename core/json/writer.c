#include "json/writer.h"

#include "json/reader.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void lh_jw_init(struct lh_jw *w, struct lh_buf *out, bool pretty)
{
	*w = (struct lh_jw){ .out = out, .pretty = pretty };
}

static void new_line(struct lh_jw *w, int depth)
{
	lh_buf_putc(w->out, '\n');
	for (int i = 0; i < depth; i++)
		lh_buf_puts(w->out, "  ");
}

/* Writing past the last level fails the buffer, and nothing counts any more; the depth is still
 * kept, so that opens and closes stay paired. */
static int level(const struct lh_jw *w)
{
	return w->depth < LH_JW_DEPTH ? w->depth : LH_JW_DEPTH;
}

/* What stands between the last value and the next one, at the innermost open container. */
static void separate(struct lh_jw *w, bool container)
{
	int d = level(w);
	if (w->after_key) {
		w->after_key = false;
		return;
	}
	assert(!w->object[d]);                           /* a member's value comes after its key */
	if (container && d > 0 && !w->flat[d])
		w->broken[d] = true;
	if (w->some[d])
		lh_buf_putc(w->out, ',');
	if (w->pretty && d > 0 && w->broken[d])
		new_line(w, w->depth);
	else if (w->pretty && w->some[d])
		lh_buf_putc(w->out, ' ');
	w->some[d] = true;
}

static void open_container(struct lh_jw *w, char bracket, bool flat)
{
	assert(bracket == '{' || bracket == '[');
	bool inherited = w->flat[level(w)];
	separate(w, true);
	lh_buf_putc(w->out, bracket);
	if (++w->depth > LH_JW_DEPTH && !w->out->failed)
		w->out->failed = LH_E_LIMIT;
	int d = level(w);
	w->some[d] = w->broken[d] = false;
	w->object[d] = bracket == '{';
	w->flat[d] = flat || inherited;
}

void lh_jw_open(struct lh_jw *w, char bracket) { open_container(w, bracket, false); }
void lh_jw_open_flat(struct lh_jw *w, char bracket) { open_container(w, bracket, true); }

void lh_jw_close(struct lh_jw *w)
{
	assert(w->depth > 0 && !w->after_key);
	int d = level(w);
	bool lines = w->object[d] ? w->some[d] && !w->flat[d] : w->broken[d];
	w->depth--;
	if (w->pretty && lines)
		new_line(w, w->depth);
	lh_buf_putc(w->out, w->object[d] ? '}' : ']');
}

void lh_jw_key(struct lh_jw *w, const char *key) { lh_jw_key_str(w, lh_str_of(key)); }

void lh_jw_key_str(struct lh_jw *w, struct lh_str key)
{
	int d = level(w);
	assert(w->object[d] && !w->after_key);
	if (w->some[d])
		lh_buf_putc(w->out, ',');
	if (w->pretty && !w->flat[d])
		new_line(w, w->depth);
	else if (w->pretty && w->some[d])
		lh_buf_putc(w->out, ' ');
	w->some[d] = true;
	lh_buf_putc(w->out, '"');
	lh_json_escape(w->out, key);
	lh_buf_puts(w->out, w->pretty ? "\": " : "\":");
	w->after_key = true;
}

void lh_jw_str(struct lh_jw *w, struct lh_str s)
{
	separate(w, false);
	lh_buf_putc(w->out, '"');
	lh_json_escape(w->out, s);
	lh_buf_putc(w->out, '"');
}

void lh_jw_text(struct lh_jw *w, const char *text)
{
	if (text)
		lh_jw_str(w, lh_str_of(text));
	else
		lh_jw_null(w);
}

void lh_jw_str_or_null(struct lh_jw *w, bool has, struct lh_str s)
{
	if (has)
		lh_jw_str(w, s);
	else
		lh_jw_null(w);
}

void lh_jw_int(struct lh_jw *w, int64_t v)
{
	separate(w, false);
	lh_buf_put_int(w->out, v);
}

void lh_jw_uint_text(struct lh_jw *w, uint64_t v)
{
	separate(w, false);
	lh_buf_printf(w->out, "\"%llu\"", (unsigned long long)v);
}

/* The fewest digits that read back as v: 15 nearly always do, 17 always. */
static void put_double(struct lh_buf *out, double v)
{
	char text[40];
	for (int digits = 15; digits <= 17; digits++) {
		snprintf(text, sizeof text, "%.*g", digits, v);
		if (strtod(text, NULL) == v)
			break;
	}
	/* A program that embeds the library may have set a locale with another decimal point. */
	size_t point = strspn(text, "+-0123456789e");
	if (text[point])
		text[point] = '.';
	lh_buf_puts(out, text);
}

void lh_jw_double(struct lh_jw *w, double v)
{
	if (!isfinite(v)) {
		lh_jw_null(w);
		return;
	}
	separate(w, false);
	if (fabs(v) < 0x1p53 && v == (double)(int64_t)v && !(v == 0 && signbit(v)))
		lh_buf_put_int(w->out, (int64_t)v);
	else
		put_double(w->out, v);
}

void lh_jw_bool(struct lh_jw *w, bool v) { lh_jw_raw(w, v ? LH_STR("true") : LH_STR("false")); }
void lh_jw_null(struct lh_jw *w) { lh_jw_raw(w, LH_STR("null")); }

void lh_jw_raw(struct lh_jw *w, struct lh_str json)
{
	separate(w, false);
	lh_buf_put_str(w->out, json);
}

static void put_number(struct lh_jw *w, const struct lh_json *node)
{
	int64_t whole;
	if (lh_json_int(node, &whole))
		lh_jw_int(w, whole);
	else
		lh_jw_double(w, lh_json_number(node));
}

void lh_jw_node(struct lh_jw *w, const struct lh_json *node)
{
	enum lh_json_type type = lh_json_type(node);
	switch (type) {
	case LH_JSON_BOOL: lh_jw_bool(w, lh_json_bool(node)); break;
	case LH_JSON_NUMBER: put_number(w, node); break;
	case LH_JSON_STRING: lh_jw_str(w, lh_json_str(node)); break;
	case LH_JSON_ARRAY: case LH_JSON_OBJECT:
		lh_jw_open(w, type == LH_JSON_ARRAY ? '[' : '{');
		for (const struct lh_json *v = lh_json_first(node); v; v = lh_json_next(v)) {
			if (type == LH_JSON_OBJECT)
				lh_jw_key_str(w, lh_json_key(v));
			lh_jw_node(w, v);
		}
		lh_jw_close(w);
		break;
	default: lh_jw_null(w);
	}
}
