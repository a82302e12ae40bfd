#include "report/prose.h"

#include "base/utf8.h"
#include "report/html_text.h"

enum { WIDEST = 100, NAME_BYTES = 240 };

void lh_prose_tone(struct lh_buf *out, enum lh_tone tone, const struct lh_report_style *style)
{
	static const char *const code[] = { "\x1b[0m", "\x1b[1m", "\x1b[2m" };
	if (style->colour)
		lh_buf_puts(out, code[tone]);
}

/* ASCII spellings of the signs that this room writes. */
static const char *spelling(uint32_t c)
{
	switch (c) {
	case 0x2265: return ">=";
	case 0x2013: return "-";
	case 0x2026: return "..";
	case 0x00D7: return "x";
	case 0x00B1: return "+-";
	default: return NULL;
	}
}

static void put_safe(struct lh_buf *out, struct lh_str safe, const struct lh_report_style *style)
{
	if (style->unicode) {
		lh_buf_put_str(out, safe);
		return;
	}
	for (size_t at = 0, n; at < safe.n; at += n) {
		uint32_t c = lh_utf8_decode((struct lh_str){ safe.p + at, safe.n - at }, &n);
		if (c < 0x80)
			lh_buf_putc(out, (char)c);
		else if (spelling(c))
			lh_buf_puts(out, spelling(c));
		else
			lh_buf_printf(out, "\\u%04x", (unsigned)c);
	}
}

void lh_prose_put(struct lh_buf *out, const char *text, const struct lh_report_style *style)
{
	put_safe(out, lh_str_of(text), style);
}

void lh_prose_shown_whole(struct lh_buf *out, struct lh_str text, const struct lh_report_style *style)
{
	struct lh_buf safe;
	lh_buf_init(&safe, out->max);
	lh_put_shown(&safe, text, false);
	if (safe.failed)
		out->failed = safe.failed;
	else if (safe.n)
		put_safe(out, lh_buf_str(&safe), style);
	lh_buf_fini(&safe);
}

/* Bytes are limited, not columns: combining marks take none. */
void lh_prose_shown(struct lh_buf *out, struct lh_str text, const struct lh_report_style *style)
{
	size_t end = 0, n = 0;
	while (end < text.n && end + n <= NAME_BYTES) {
		lh_utf8_decode((struct lh_str){ text.p + end, text.n - end }, &n);
		end += n;
	}
	lh_prose_shown_whole(out, (struct lh_str){ text.p, end }, style);
	if (end < text.n)
		lh_prose_put(out, "…", style);
}

void lh_prose_spaces(struct lh_buf *out, int n)
{
	while (n-- > 0)
		lh_buf_putc(out, ' ');
}

/* Bytes of the longest head of s that takes no more than `columns`. */
static size_t head_bytes(struct lh_str s, int columns)
{
	size_t at = 0, n;
	while (at < s.n) {
		lh_utf8_decode((struct lh_str){ s.p + at, s.n - at }, &n);
		columns -= lh_utf8_columns((struct lh_str){ s.p + at, n });
		if (columns < 0)
			break;
		at += n;
	}
	return at;
}

/* Columns of a closing " (…)", which says something that must not be cut out. */
static int closing_columns(struct lh_str shown)
{
	size_t at = shown.n;
	if (at == 0 || shown.p[at - 1] != ')')
		return 0;
	while (at > 0 && shown.p[at - 1] != '(')
		at--;
	return at < 2 ? 0 : 2 + lh_utf8_columns((struct lh_str){ shown.p + at, shown.n - at });
}

int lh_prose_short(struct lh_buf *out, struct lh_str shown, int columns, const struct lh_report_style *style)
{
	int all = lh_utf8_columns(shown), sign = style->unicode ? 1 : 2;
	if (all <= columns) {
		lh_buf_put_str(out, shown);
		return all;
	}
	int tail = (columns - sign) / 2, closing = closing_columns(shown);
	if (closing > tail && closing + sign < columns)
		tail = closing;
	int head = columns - sign - tail;
	size_t from = head_bytes(shown, all - tail);
	lh_buf_put(out, shown.p, head_bytes(shown, head));
	lh_prose_put(out, "…", style);
	lh_buf_put(out, shown.p + from, shown.n - from);
	return columns;
}

static struct lh_str next_word(struct lh_str *rest)
{
	*rest = lh_str_trim(*rest);
	size_t n = 0;
	while (n < rest->n && rest->p[n] != ' ')
		n++;
	struct lh_str word = { rest->p, n };
	*rest = (struct lh_str){ rest->p + n, rest->n - n };
	return word;
}

/* "8.1 %", ">= 5" and "p = 0.041" must not be torn apart at the end of a line. */
static bool binds(struct lh_str left, struct lh_str right)
{
	static const char *const signs[] = { "≥", ">=", "=", "<" };
	for (int i = 0; i < 4; i++)
		if (lh_str_is(left, signs[i]) || (i >= 2 && lh_str_is(right, signs[i])))
			return true;
	return right.p[0] == '%';
}

static struct lh_str next_unit(struct lh_str *rest)
{
	struct lh_str unit = next_word(rest), last = unit;
	for (;;) {
		struct lh_str ahead = *rest, next = next_word(&ahead);
		if (next.n == 0 || !binds(last, next))
			return unit;
		*rest = ahead;
		unit.n = (size_t)(next.p + next.n - unit.p);
		last = next;
	}
}

static void put_paragraph(struct lh_buf *out, const char *tag, struct lh_str shown)
{
	lh_buf_puts(out, tag);
	lh_html_put_name(out, shown);
	lh_buf_puts(out, "</p>\n");
}

void lh_prose_wrap(struct lh_buf *out, struct lh_str shown, int at, int hang, const struct lh_report_style *style)
{
	if (lh_style_is_page(style)) {
		put_paragraph(out, "<p>", shown);
		return;
	}
	int width = style->columns < WIDEST ? style->columns : WIDEST;
	bool fresh = true;                       /* nothing on this line yet */
	for (struct lh_str word; (word = next_unit(&shown)).n; ) {
		if (!fresh && at + 1 + lh_utf8_columns(word) > width) {
			lh_buf_putc(out, '\n');
			lh_prose_spaces(out, at = hang);
			fresh = true;
		}
		at += !fresh;
		lh_prose_spaces(out, !fresh);
		for (size_t n; at + lh_utf8_columns(word) > width && width > hang; word.p += n, word.n -= n) {
			n = head_bytes(word, width - at);
			lh_buf_put(out, word.p, n);
			lh_buf_putc(out, '\n');
			lh_prose_spaces(out, at = hang);
		}
		lh_buf_put_str(out, word);
		at += lh_utf8_columns(word);
		fresh = false;
	}
	lh_buf_putc(out, '\n');
}

void lh_prose_heading(struct lh_buf *out, struct lh_str shown, const struct lh_report_style *style)
{
	if (lh_style_is_page(style)) {
		lh_buf_puts(out, "<h3>");
		lh_html_put_name(out, shown);
		lh_buf_puts(out, "</h3>\n");
		return;
	}
	lh_prose_tone(out, LH_TONE_BOLD, style);
	lh_prose_wrap(out, shown, 0, 2, style);
	lh_prose_tone(out, LH_TONE_PLAIN, style);
}

void lh_prose_caveat(struct lh_buf *out, struct lh_buf *line, const struct lh_report_style *style)
{
	if (lh_style_is_page(style)) {
		put_paragraph(out, "<p class=\"caveat\">", lh_buf_str(line));
	} else {
		lh_prose_tone(out, LH_TONE_BOLD, style);
		lh_buf_puts(out, "! ");
		lh_prose_tone(out, LH_TONE_PLAIN, style);
		lh_prose_wrap(out, lh_buf_str(line), 2, 2, style);
	}
	if (line->failed)
		out->failed = line->failed;
	lh_buf_clear(line);
}

void lh_prose_command(struct lh_buf *out, const char *label, struct lh_str command, const struct lh_report_style *style)
{
	if (lh_style_is_page(style)) {
		lh_buf_printf(out, "<p>%s", label);
		lh_html_element(out, "code", NULL, command);
		lh_buf_puts(out, "</p>\n");
		return;
	}
	lh_buf_printf(out, "  %s", label);
	lh_prose_shown_whole(out, command, style);
	lh_buf_putc(out, '\n');
}

static void define_html(struct lh_buf *out, const char *term, const char *text)
{
	lh_buf_puts(out, "<dl>");
	lh_html_element(out, "dt", NULL, lh_str_of(term));
	lh_html_element(out, "dd", NULL, lh_str_of(text));
	lh_buf_puts(out, "</dl>\n");
}

void lh_prose_define(struct lh_buf *out, const char *term, const char *text, int width, const struct lh_report_style *style)
{
	if (lh_style_is_page(style)) {
		define_html(out, term, text);
		return;
	}
	struct lh_buf line;
	lh_buf_init(&line, out->max);
	lh_prose_put(&line, term, style);
	int columns = lh_utf8_columns(lh_buf_str(&line));
	lh_prose_spaces(out, 2);
	lh_prose_tone(out, LH_TONE_BOLD, style);
	lh_buf_put_str(out, lh_buf_str(&line));
	lh_prose_tone(out, LH_TONE_PLAIN, style);
	lh_prose_spaces(out, width + 2 - columns);
	lh_buf_clear(&line);
	lh_prose_put(&line, text, style);
	lh_prose_wrap(out, lh_buf_str(&line), width + 4, width + 4, style);
	if (line.failed)
		out->failed = line.failed;
	lh_buf_fini(&line);
}
