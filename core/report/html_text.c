#include "report/html_text.h"

#include "base/utf8.h"

static const char *reference(char c)
{
	switch (c) {
	case '&': return "&amp;";
	case '<': return "&lt;";
	case '>': return "&gt;";
	case '"': return "&quot;";
	case '\'': return "&#39;";
	default: return NULL;
	}
}

static void put_escaped(struct lh_buf *out, struct lh_str text)
{
	size_t from = 0;
	for (size_t i = 0; i < text.n; i++) {
		const char *as = reference(text.p[i]);
		if (!as)
			continue;
		lh_buf_put(out, text.p + from, i - from);
		lh_buf_puts(out, as);
		from = i + 1;
	}
	if (from < text.n)
		lh_buf_put(out, text.p + from, text.n - from);
}

static void put(struct lh_buf *out, struct lh_str text, bool lines)
{
	struct lh_buf safe;
	lh_buf_init(&safe, out->max);
	lh_put_shown(&safe, text, lines);
	if (safe.failed)
		out->failed = safe.failed;
	else
		put_escaped(out, lh_buf_str(&safe));
	lh_buf_fini(&safe);
}

void lh_html_put(struct lh_buf *out, struct lh_str text) { put(out, text, false); }
static bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

void lh_html_put_name(struct lh_buf *out, struct lh_str text)
{
	size_t from = 0;
	for (size_t i = 1; i < text.n; i++) {
		if (text.p[i - 1] != ',' || !is_letter(text.p[i]))
			continue;
		put(out, (struct lh_str){ text.p + from, i - from }, false);
		lh_buf_puts(out, "<wbr>");
		from = i;
	}
	put(out, (struct lh_str){ text.p + from, text.n - from }, false);
}

void lh_html_put_lines(struct lh_buf *out, struct lh_str text) { put(out, text, true); }

void lh_html_element(struct lh_buf *out, const char *tag, const char *class_name, struct lh_str text)
{
	lh_buf_printf(out, class_name ? "<%s class=\"%s\">" : "<%s>", tag, class_name);
	lh_html_put(out, text);
	lh_buf_printf(out, "</%s>\n", tag);
}
