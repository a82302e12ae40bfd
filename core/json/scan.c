#include "json/scan.h"

#include "base/utf8.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static int line_at(const struct lh_scan *s, size_t at)
{
	int line = s->first_line;
	const char *p = s->text.p, *end = p + at;
	while (p < end && (p = memchr(p, '\n', (size_t)(end - p)))) {
		line++;
		p++;
	}
	return line;
}

static int bad(struct lh_scan *s, size_t at, const char *what)
{
	return lh_fail(s->err, LH_E_DATA, "%s:%d: %s", s->where, line_at(s, at), what);
}

static int peek(const struct lh_scan *s)
{
	return s->at < s->text.n ? (unsigned char)s->text.p[s->at] : -1;
}

static bool starts(const struct lh_scan *s, const char *word)
{
	size_t n = strlen(word);
	return s->text.n - s->at >= n && memcmp(s->text.p + s->at, word, n) == 0;
}

static void skip_space(struct lh_scan *s)
{
	for (int c; (c = peek(s)) == ' ' || c == '\t' || c == '\n' || c == '\r';)
		s->at++;
}

/* "expected X, found Y", with a hint where what was found is a familiar mistake. */
static int unexpected(struct lh_scan *s, const char *expected)
{
	int line = line_at(s, s->at), c = peek(s);
	const char *hint = c == '\'' ? " (strings stand in double quotes)" :
		c == '/' || c == '#' ? " (JSON has no comments)" :
		c == '+' || c == '.' ? " (a number starts with a digit or -)" :
		c == ',' || c == '}' || c == ']' ? " (is there a comma too many?)" :
		starts(s, "NaN") || starts(s, "nan") || starts(s, "Inf") || starts(s, "inf") ? " (JSON has no NaN and no infinity)" :
		starts(s, "True") || starts(s, "False") || starts(s, "None") ? " (JSON writes true, false, null)" : "";
	if (c < 0)
		return lh_fail(s->err, LH_E_DATA, "%s:%d: expected %s, found the end of the text", s->where, line, expected);
	if (c < 0x20 || c >= 0x7F)
		return lh_fail(s->err, LH_E_DATA, "%s:%d: expected %s, found byte 0x%02x%s", s->where, line, expected, (unsigned)c, hint);
	return lh_fail(s->err, LH_E_DATA, "%s:%d: expected %s, found '%c'%s", s->where, line, expected, c, hint);
}

/* Four hex digits at s->at, or -1. */
static int32_t hex4(struct lh_scan *s)
{
	int32_t v = 0;
	for (int i = 0; i < 4; i++, s->at++) {
		int c = peek(s);
		int digit = c >= '0' && c <= '9' ? c - '0' : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10 : -1;
		if (c < 0 || digit < 0)
			return -1;
		v = v << 4 | digit;
	}
	return v;
}

/* After "\u". */
static int scan_unicode(struct lh_scan *s)
{
	size_t from = s->at;
	int32_t c = hex4(s);
	if (c < 0)
		return bad(s, from, "\\u must be followed by four hex digits");
	if (c == 0)
		return bad(s, from, "a string holds a NUL character (\\u0000), which is not allowed here");
	if (c < 0xD800 || c > 0xDFFF)
		return 0;
	bool pair = c < 0xDC00 && starts(s, "\\u");
	if (pair) {
		s->at += 2;
		c = hex4(s);
	}
	return pair && c >= 0xDC00 && c <= 0xDFFF ? 0 : bad(s, from, "\\u escape of half a surrogate pair");
}

static bool is_plain(unsigned char c) { return c >= 0x20 && c != '"' && c != '\\'; }

static int scan_string(struct lh_scan *s)
{
	size_t from = s->at++;
	for (;;) {
		const char *p = s->text.p + s->at, *end = s->text.p + s->text.n;
		while (p < end && is_plain((unsigned char)*p))
			p++;
		s->at = (size_t)(p - s->text.p);
		int c = peek(s);
		if (c < 0)
			return bad(s, from, "a string is not closed");
		s->at++;
		if (c == '"')
			return 0;
		if (c < 0x20)
			return bad(s, s->at - 1, c == '\n' ? "a line ends within a string (write \\n)" :
				"a control character within a string must be escaped");
		if (c != '\\')
			continue;
		c = peek(s);
		if (c < 0 || !strchr("\"\\/bfnrtu", c))
			return bad(s, s->at, "a backslash is followed by no escape of JSON");
		s->at++;
		if (c == 'u' && scan_unicode(s))
			return LH_E_DATA;
	}
}

static bool scan_digits(struct lh_scan *s)
{
	size_t from = s->at;
	for (int c; (c = peek(s)) >= '0' && c <= '9';)
		s->at++;
	return s->at > from;
}

/* Only an exponent can leave the range of a double: without one there are too few digits. */
static bool is_finite(const struct lh_scan *s, size_t from)
{
	char text[LH_SCAN_NUMBER_MAX + 1];
	size_t n = s->at - from;
	memcpy(text, s->text.p + from, n);
	text[n] = 0;
	return !strpbrk(text, "eE") || isfinite(strtod(text, NULL));
}

static int scan_number(struct lh_scan *s)
{
	size_t from = s->at;
	s->at += peek(s) == '-';
	size_t first = s->at;
	if (!scan_digits(s))
		return unexpected(s, "a digit");
	if (s->text.p[first] == '0' && s->at - first > 1)
		return bad(s, from, "a number starts with a needless 0");
	if (peek(s) == '.') {
		s->at++;
		if (!scan_digits(s))
			return unexpected(s, "a digit after the decimal point");
	}
	if (peek(s) == 'e' || peek(s) == 'E') {
		s->at++;
		s->at += peek(s) == '+' || peek(s) == '-';
		if (!scan_digits(s))
			return unexpected(s, "a digit in the exponent");
	}
	if (s->at - from > LH_SCAN_NUMBER_MAX)
		return bad(s, from, "a number has more than 63 characters");
	return is_finite(s, from) ? 0 : bad(s, from, "a number is too large for a double");
}

static int scan_word(struct lh_scan *s)
{
	static const char *const words[] = { "true", "false", "null" };
	for (size_t i = 0; i < 3; i++)
		if (starts(s, words[i])) {
			s->at += strlen(words[i]);
			return 0;
		}
	return unexpected(s, "a value");
}

static int open_container(struct lh_scan *s)
{
	if (s->depth == LH_JSON_DEPTH)
		return bad(s, s->at, "nested more than 64 deep");
	s->object[++s->depth] = s->text.p[s->at++] == '{';
	return 0;
}

/* A scalar, or the bracket that opens a container. */
static int scan_value(struct lh_scan *s)
{
	int c = peek(s);
	s->values++;
	if (c == '{' || c == '[')
		return open_container(s);
	if (c == '"')
		return scan_string(s);
	if (c == '-' || (c >= '0' && c <= '9'))
		return scan_number(s);
	return scan_word(s);
}

static int scan_key(struct lh_scan *s)
{
	skip_space(s);
	if (peek(s) != '"')
		return unexpected(s, "a key in double quotes");
	if (++s->keys == s->stop_at)
		return LH_E_FAILED;
	if (scan_string(s))
		return LH_E_DATA;
	skip_space(s);
	if (peek(s) != ':')
		return unexpected(s, "a colon");
	s->at++;
	return 0;
}

/* Closes what ends here; then either everything is closed, or a comma must follow. */
static int after_value(struct lh_scan *s)
{
	while (s->depth) {
		bool object = s->object[s->depth];
		skip_space(s);
		if (peek(s) == ',') {
			s->at++;
			return 0;
		}
		if (peek(s) != (object ? '}' : ']'))
			return unexpected(s, object ? "a comma or }" : "a comma or ]");
		s->at++;
		s->depth--;
	}
	return 0;
}

static bool is_open_and_empty(struct lh_scan *s, int depth_before)
{
	if (s->depth == depth_before)
		return false;
	skip_space(s);
	return peek(s) == (s->object[s->depth] ? '}' : ']');
}

static int scan_document(struct lh_scan *s)
{
	do {
		if (s->depth && s->object[s->depth]) {
			int rc = scan_key(s);
			if (rc)
				return rc;
		}
		skip_space(s);
		int before = s->depth;
		if (scan_value(s))
			return LH_E_DATA;
		bool opened = s->depth > before;
		if (opened && !is_open_and_empty(s, before))
			continue;
		if (after_value(s))
			return LH_E_DATA;
	} while (s->depth);
	skip_space(s);
	return s->at == s->text.n ? 0 : unexpected(s, "the end of the text after the value");
}

int lh_scan_check(struct lh_str text, const char *where, int first_line, size_t *values, struct lh_error *err)
{
	struct lh_scan s = { .text = text, .where = where, .first_line = first_line, .err = err };
	const char *nul = text.n ? memchr(text.p, 0, text.n) : NULL;
	if (nul)
		return bad(&s, (size_t)(nul - text.p), "the text holds a NUL byte");
	size_t ill = lh_utf8_bad_at(text);
	if (ill < text.n)
		return bad(&s, ill, "the text is not valid UTF-8");
	if (text.n >= 3 && memcmp(text.p, "\xEF\xBB\xBF", 3) == 0)
		return bad(&s, 0, "the text starts with a byte order mark: save it as plain UTF-8");
	int rc = scan_document(&s);
	*values = s.values;
	return rc;
}

int lh_scan_line_of_key(struct lh_str text, int first_line, size_t nth)
{
	struct lh_scan s = { .text = text, .where = "", .first_line = first_line, .stop_at = nth };
	int rc = scan_document(&s);
	(void)rc;                            /* stops at the key */
	return line_at(&s, s.at);
}
