#include "model/wire.h"

#include "base/utf8.h"

#include <stdio.h>
#include <string.h>

#define WORDS "the reply"
#define INSTEAD "\xEF\xBF\xBD"

/* ---- what servers write that strict JSON does not allow ---- */

static int hex_digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* The code unit of an escape \uXXXX at s; -1: there is none. */
static int unit(struct lh_str s, size_t at)
{
	int v = 0;
	if (at + 6 > s.n || s.p[at] != '\\' || s.p[at + 1] != 'u')
		return -1;
	for (size_t i = at + 2; i < at + 6; i++) {
		int d = hex_digit(s.p[i]);
		if (d < 0)
			return -1;
		v = v * 16 + d;
	}
	return v;
}

/* One escape at s.p[at], copied or replaced; gives the bytes taken. */
static size_t mend_escape(struct lh_buf *b, struct lh_str s, size_t at)
{
	int u = unit(s, at), low = u >= 0xD800 && u < 0xDC00 ? unit(s, at + 6) : -1;
	size_t n = u < 0 ? 2 : low >= 0xDC00 && low < 0xE000 ? 12 : 6;
	if (u == 0 || (u >= 0xD800 && u < 0xE000 && n == 6))
		lh_buf_puts(b, INSTEAD);
	else
		lh_buf_put(b, s.p + at, n = at + n > s.n ? s.n - at : n);
	return n;
}

static void mend(struct lh_buf *b, struct lh_str s)
{
	for (size_t at = 0, n; at < s.n; at += n) {
		const char *p = s.p + at;
		for (n = 0; at + n < s.n && p[n] != '\\' && (unsigned char)p[n] < 0x80; n++)
			;
		lh_buf_put(b, p, n);
		if (n)
			continue;
		if (*p == '\\') {
			n = mend_escape(b, s, at);
			continue;
		}
		lh_utf8_decode((struct lh_str){ p, s.n - at }, &n);
		if (n > 1)
			lh_buf_put(b, p, n);
		else
			lh_buf_puts(b, INSTEAD);
	}
}

int lh_wire_parse(struct lh_str text, struct lh_json **out, struct lh_error *err)
{
	struct lh_error first = { 0 };
	int rc = lh_json_parse(text, WORDS, 1, out, &first);
	if (rc != LH_E_DATA)
		return rc ? lh_fail(err, rc, "%s", first.text) : 0;
	struct lh_buf mended;
	lh_buf_init(&mended, 4 * text.n + 64);
	mend(&mended, text);
	rc = mended.failed ? lh_nomem(err) : lh_json_parse(lh_buf_str(&mended), WORDS, 1, out, err);
	lh_buf_fini(&mended);
	return rc;
}

bool lh_json_void(const struct lh_json *node)
{
	switch (lh_json_type(node)) {
	case LH_JSON_NONE:
	case LH_JSON_NULL: return true;
	case LH_JSON_STRING: return !lh_json_str(node).n;
	case LH_JSON_ARRAY:
	case LH_JSON_OBJECT: return !lh_json_first(node);
	default: return false;
	}
}

/* ---- blobs ---- */

void lh_blob_begin(struct lh_blob *b, struct lh_reply *reply)
{
	*b = (struct lh_blob){ .text = lh_buf_str(&reply->text), .thoughts = lh_buf_str(&reply->thoughts) };
	lh_jw_init(&b->w, &reply->blob, false);
}

/* A string, or where it stands in `whole` from *at; paragraphs put between the parts are stepped over. */
static void put_string(struct lh_blob *b, struct lh_str s, char letter, struct lh_str whole, size_t *at)
{
	size_t from = *at;
	bool here = false;
	for (int skip = 0; s.n && !here && skip <= 2; skip += 2) {
		from = *at + (size_t)skip;
		here = from <= whole.n && s.n <= whole.n - from && !memcmp(whole.p + from, s.p, s.n);
	}
	if (!here) {
		lh_jw_str(&b->w, s);
		return;
	}
	char mark[64];
	int n = snprintf(mark, sizeof mark, "\"\x01%c%zu,%zu\x02\"", letter, from, s.n);
	lh_jw_raw(&b->w, (struct lh_str){ mark, (size_t)n });
	*at = from + s.n;
}

void lh_blob_text(struct lh_blob *b, struct lh_str s) { put_string(b, s, 't', b->text, &b->text_at); }
void lh_blob_thoughts(struct lh_blob *b, struct lh_str s) { put_string(b, s, 'h', b->thoughts, &b->thoughts_at); }

static void put_number(struct lh_jw *w, const struct lh_json *node)
{
	int64_t whole;
	if (lh_json_int(node, &whole))
		lh_jw_int(w, whole);
	else
		lh_jw_double(w, lh_json_number(node));
}

/* Names under which providers put a text in a part. */
static bool text_key(struct lh_str key)
{
	return !key.n || lh_str_is(key, "text") || lh_str_is(key, "thinking") || lh_str_is(key, "summary") || lh_str_is(key, "reasoning") || lh_str_is(key, "refusal");
}

static void put_leaf(struct lh_blob *b, const struct lh_json *node, bool of_thoughts)
{
	switch (lh_json_type(node)) {
	case LH_JSON_STRING:
		if (!text_key(lh_json_key(node)))
			lh_jw_str(&b->w, lh_json_str(node));
		else if (of_thoughts)
			lh_blob_thoughts(b, lh_json_str(node));
		else
			lh_blob_text(b, lh_json_str(node));
		break;
	case LH_JSON_NUMBER: put_number(&b->w, node); break;
	case LH_JSON_BOOL: lh_jw_bool(&b->w, lh_json_bool(node)); break;
	default: lh_jw_null(&b->w);
	}
}

void lh_blob_node(struct lh_blob *b, const struct lh_json *node, bool of_thoughts)
{
	enum lh_json_type type = lh_json_type(node);
	if (type != LH_JSON_OBJECT && type != LH_JSON_ARRAY) {
		put_leaf(b, node, of_thoughts);
		return;
	}
	lh_jw_open(&b->w, type == LH_JSON_OBJECT ? '{' : '[');
	for (const struct lh_json *v = lh_json_first(node); v; v = lh_json_next(v)) {
		if (type == LH_JSON_OBJECT)
			lh_jw_key_str(&b->w, lh_json_key(v));
		lh_blob_node(b, v, of_thoughts);
	}
	lh_jw_close(&b->w);
}
