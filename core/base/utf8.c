#include "base/utf8.h"

#include <string.h>

uint32_t lh_utf8_decode(struct lh_str s, size_t *n)
{
	const unsigned char *p = (const unsigned char *)s.p;
	static const uint32_t least[5] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t len = p[0] < 0x80 ? 1 : p[0] < 0xC2 ? 0 : p[0] < 0xE0 ? 2 : p[0] < 0xF0 ? 3 : p[0] < 0xF5 ? 4 : 0;
	*n = 1;
	if (len == 1)
		return p[0];
	if (len == 0 || len > s.n)
		return 0xFFFD;
	uint32_t c = p[0] & (0x7Fu >> len);
	for (size_t i = 1; i < len; i++) {
		if ((p[i] & 0xC0) != 0x80)
			return 0xFFFD;
		c = c << 6 | (p[i] & 0x3Fu);
	}
	if (c < least[len] || c > 0x10FFFF || (c >= 0xD800 && c < 0xE000))
		return 0xFFFD;
	*n = len;
	return c;
}

/* ASCII from `at` on, eight bytes at a time. */
static size_t skip_ascii(struct lh_str s, size_t at)
{
	uint64_t eight;
	for (; s.n - at >= sizeof eight; at += sizeof eight) {
		memcpy(&eight, s.p + at, sizeof eight);
		if (eight & 0x8080808080808080u)
			break;
	}
	while (at < s.n && (unsigned char)s.p[at] < 0x80)
		at++;
	return at;
}

size_t lh_utf8_bad_at(struct lh_str s)
{
	size_t at = 0, n;
	while ((at = skip_ascii(s, at)) < s.n) {
		lh_utf8_decode((struct lh_str){ s.p + at, s.n - at }, &n);
		if (n == 1)
			return at;
		at += n;
	}
	return s.n;
}

static bool is_mark(uint32_t c)
{
	return (c >= 0x300 && c < 0x370) || (c >= 0x1AB0 && c < 0x1B00) || (c >= 0x20D0 && c < 0x2100) ||
		(c >= 0xFE00 && c < 0xFE10);
}

int lh_utf8_columns(struct lh_str s)
{
	int columns = 0;
	for (size_t at = 0, n; at < s.n; at += n)
		columns += !is_mark(lh_utf8_decode((struct lh_str){ s.p + at, s.n - at }, &n));
	return columns;
}

static bool is_hidden(uint32_t c)
{
	return c < 0x20 || (c >= 0x7F && c < 0xA0) || c == 0xAD || c == 0x61C || c == 0xFEFF ||
		(c >= 0x200B && c < 0x2010) || (c >= 0x2028 && c < 0x202F) || (c >= 0x2060 && c < 0x2070) ||
		(c >= 0xFFF9 && c < 0xFFFC) || (c >= 0xE0000 && c < 0xE1000);
}

static size_t plain_run(struct lh_str s, size_t at)
{
	size_t n = 0;
	while (at + n < s.n && s.p[at + n] >= 0x20 && s.p[at + n] < 0x7F)
		n++;
	return n;
}

void lh_put_shown(struct lh_buf *b, struct lh_str s, bool lines)
{
	for (size_t at = 0, n; at < s.n; at += n) {
		if ((n = plain_run(s, at))) {
			lh_buf_put(b, s.p + at, n);
			continue;
		}
		uint32_t c = lh_utf8_decode((struct lh_str){ s.p + at, s.n - at }, &n);
		if (c == 0xFFFD && n == 1)
			lh_buf_printf(b, "\\x%02x", (unsigned char)s.p[at]);
		else if (lines && (c == '\n' || c == '\t'))
			lh_buf_putc(b, (char)c);
		else if (is_hidden(c))
			lh_buf_printf(b, c < 0x80 ? "\\x%02x" : "\\u%04x", (unsigned)c);
		else
			lh_buf_put(b, s.p + at, n);
	}
}
