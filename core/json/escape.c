#include "json/writer.h"

#include "base/utf8.h"

enum { PLAIN, ESCAPED, WIDE };       /* WIDE: not ASCII, so the sequence must be checked */

static int kind(unsigned char c)
{
	return c >= 0x80 ? WIDE : c < 0x20 || c == '"' || c == '\\' ? ESCAPED : PLAIN;
}

static void put_escaped(struct lh_buf *out, unsigned char c)
{
	static const char letter[256] = { ['\b'] = 'b', ['\f'] = 'f', ['\n'] = 'n', ['\r'] = 'r', ['\t'] = 't', ['"'] = '"', ['\\'] = '\\' };
	static const char hex[] = "0123456789abcdef";
	if (letter[c])
		lh_buf_put(out, (char[]){ '\\', letter[c] }, 2);
	else
		lh_buf_put(out, (char[]){ '\\', 'u', '0', '0', hex[c >> 4], hex[c & 15] }, 6);
}

/* Runs that stand for themselves are copied whole: texts hold few characters that do not. */
void lh_json_escape(struct lh_buf *out, struct lh_str s)
{
	size_t run = 0, at = 0;
	while (at < s.n) {
		unsigned char c = (unsigned char)s.p[at];
		int k = kind(c);
		size_t n = 1;
		if (k == WIDE)
			lh_utf8_decode((struct lh_str){ s.p + at, s.n - at }, &n);
		if (k == PLAIN || n > 1) {
			at += n;
			continue;
		}
		lh_buf_put(out, s.p + run, at - run);
		if (k == ESCAPED)
			put_escaped(out, c);
		else
			lh_buf_puts(out, "\xEF\xBF\xBD");        /* U+FFFD for each ill-formed byte */
		run = ++at;
	}
	if (at > run)
		lh_buf_put(out, s.p + run, at - run);
}
