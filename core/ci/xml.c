#include "ci/neutral.h"

#include "base/utf8.h"

#include <string.h>

/* Readers of JUnit give up on nodes of some megabytes, and nobody reads them: both ends of a long text say most. */
enum { HEAD = 6144, TAIL = 2048, SHOWN_MAX = 1 << 26 };

static const char *entity(char c)
{
	switch (c) {
	case '&': return "&amp;";
	case '<': return "&lt;";
	case '>': return "&gt;";          /* no ]]> in character data */
	case '"': return "&quot;";
	case '\'': return "&#39;";
	default: return NULL;
	}
}

/* XML knows no U+FFFE and no U+FFFF, not even by number; UTF-8 has them as EF BF BE and EF BF BF. */
static bool is_noncharacter(const char *p, size_t left)
{
	return left >= 3 && (unsigned char)p[0] == 0xEF && (unsigned char)p[1] == 0xBF && (unsigned char)p[2] >= 0xBE;
}

static void escape(struct lh_buf *out, struct lh_str s)
{
	for (size_t i = 0; i < s.n; i++) {
		bool second = s.p[i] == '#' && i > 0 && s.p[i - 1] == '#';       /* of "##[", a command where a log is watched */
		const char *e = second ? "&#35;" : entity(s.p[i]);
		if (e) {
			lh_buf_puts(out, e);
		} else if (is_noncharacter(s.p + i, s.n - i)) {
			lh_buf_puts(out, (unsigned char)s.p[i + 2] == 0xBE ? "\\ufffe" : "\\uffff");
			i += 2;
		} else {
			lh_buf_putc(out, s.p[i]);
		}
	}
}

/* Back to where a character begins. */
static size_t whole(struct lh_str s, size_t at)
{
	while (at > 0 && ((unsigned char)s.p[at] & 0xC0) == 0x80)
		at--;
	return at;
}

static void put(struct lh_buf *out, struct lh_str text, bool lines)
{
	struct lh_buf shown;
	lh_buf_init(&shown, SHOWN_MAX);
	lh_put_shown(&shown, text, lines);
	struct lh_str s = lh_buf_str(&shown);
	if (s.n <= HEAD + TAIL) {
		escape(out, s);
	} else {
		size_t head = whole(s, HEAD), tail = whole(s, s.n - TAIL);
		escape(out, (struct lh_str){ s.p, head });
		lh_buf_printf(out, " … (%zu bytes left out) … ", tail - head);
		escape(out, (struct lh_str){ s.p + tail, s.n - tail });
	}
	if (shown.failed)
		out->failed = shown.failed;
	lh_buf_fini(&shown);
}

void lh_ci_xml(struct lh_buf *out, struct lh_str text) { put(out, text, false); }
void lh_ci_xml_lines(struct lh_buf *out, struct lh_str text) { put(out, text, true); }
