#include "ci/neutral.h"

#include "base/utf8.h"

#include <ctype.h>
#include <string.h>

enum { SHOWN_MAX = 1 << 26 };

/* ---- the log of a step ---- */

/* "##", letters, "[" */
static bool is_marked(struct lh_str s, size_t i)
{
	if (s.p[i] != '#' || i + 1 >= s.n || s.p[i + 1] != '#')
		return false;
	for (i += 2; i < s.n && isalpha((unsigned char)s.p[i]);)
		i++;
	return i < s.n && s.p[i] == '[';
}

/* Whatever a reader may trim off a line's front: not only spaces of ASCII. */
static bool is_blank(char c) { return (unsigned char)c <= ' ' || (unsigned char)c >= 0x7F; }

void lh_ci_log_lines(struct lh_buf *out, struct lh_str s)
{
	bool front = true;               /* of a line */
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];
		lh_buf_putc(out, c);
		bool command = front && c == ':' && i + 1 < s.n && s.p[i + 1] == ':';
		if (command || is_marked(s, i))
			lh_buf_putc(out, ' ');
		front = c == '\n' || c == '\r' || (front && is_blank(c));
	}
}

/* ---- Markdown ---- */

/* Harmless wherever they stand. All other punctuation of ASCII is written by number, which is never markup. */
static bool is_plain(char c)
{
	return isalnum((unsigned char)c) || (unsigned char)c >= 0x80 || strchr(" .,()%=+-/;?\"'", c);
}

/* A link or a mention is found in the text that was rendered, numbers and all: what would begin one is broken by a
 * character that has no width. */
static bool begins_link(struct lh_str s, size_t i)
{
	if (s.p[i] == '@' || s.p[i] == '#')
		return true;
	if (s.p[i] == ':' && i + 1 < s.n && s.p[i + 1] == '/')
		return true;
	if (s.p[i] == '-' && i >= 2 && i + 1 < s.n && isdigit((unsigned char)s.p[i + 1]))      /* GH-12 */
		return tolower((unsigned char)s.p[i - 1]) == 'h' && tolower((unsigned char)s.p[i - 2]) == 'g';
	return s.p[i] == '.' && i >= 3 && tolower((unsigned char)s.p[i - 1]) == 'w' && tolower((unsigned char)s.p[i - 2]) == 'w' &&
		tolower((unsigned char)s.p[i - 3]) == 'w';
}

static void escape(struct lh_buf *out, struct lh_str s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (is_plain(s.p[i]))
			lh_buf_putc(out, s.p[i]);
		else
			lh_buf_printf(out, "&#%d;", s.p[i]);
		if (begins_link(s, i))
			lh_buf_puts(out, "&#8203;");
	}
}

void lh_ci_markdown_text(struct lh_buf *out, struct lh_str text)
{
	struct lh_buf shown;
	lh_buf_init(&shown, SHOWN_MAX);
	lh_put_shown(&shown, text, false);
	escape(out, lh_buf_str(&shown));
	if (shown.failed)
		out->failed = shown.failed;
	lh_buf_fini(&shown);
}

void lh_ci_markdown_code(struct lh_buf *out, struct lh_str text)
{
	lh_buf_puts(out, "<code>");
	lh_ci_markdown_text(out, text);
	lh_buf_puts(out, "</code>");
}

static int longest_run(struct lh_str s, char c)
{
	int longest = 0, run = 0;
	for (size_t i = 0; i < s.n; i++) {
		run = s.p[i] == c ? run + 1 : 0;
		longest = run > longest ? run : longest;
	}
	return longest;
}

static void put_fence(struct lh_buf *out, int n)
{
	for (int i = 0; i < n; i++)
		lh_buf_putc(out, '`');
}

void lh_ci_markdown_fence(struct lh_buf *out, struct lh_str text)
{
	struct lh_buf shown, lines;
	lh_buf_init(&shown, SHOWN_MAX);
	lh_buf_init(&lines, SHOWN_MAX);
	lh_put_shown(&shown, text, true);
	lh_ci_log_lines(&lines, lh_buf_str(&shown));     /* the page may be printed into a log as well */
	int run = longest_run(lh_buf_str(&lines), '`'), n = run < 3 ? 3 : run + 1;
	put_fence(out, n);
	lh_buf_puts(out, "text\n");
	lh_buf_put_str(out, lh_buf_str(&lines));
	if (lines.n && lines.p[lines.n - 1] != '\n')
		lh_buf_putc(out, '\n');
	put_fence(out, n);
	lh_buf_putc(out, '\n');
	if (shown.failed || lines.failed)
		out->failed = LH_E_LIMIT;
	lh_buf_fini(&shown);
	lh_buf_fini(&lines);
}
