#include "report/cells.h"

#include "base/utf8.h"
#include "report/html_text.h"
#include "report/prose.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAMES_LEAST = 12, NAMES_MOST = 26, NAMES_MAX = 1 << 20 };

int lh_cells_init(struct lh_cells *c, int rows, const struct lh_report_style *style, struct lh_error *err)
{
	assert(rows > 0);
	*c = (struct lh_cells){ .style = style, .rows = rows, .apart = rows, .head = "policy" };
	lh_buf_init(&c->names, NAMES_MAX);
	c->figure = calloc((size_t)rows * LH_CELLS_MAX, sizeof *c->figure);
	c->name_end = calloc((size_t)rows, sizeof *c->name_end);
	if (c->figure && c->name_end)
		return 0;
	lh_cells_fini(c);
	return lh_nomem(err);
}

void lh_cells_fini(struct lh_cells *c)
{
	free(c->figure);
	free(c->name_end);
	lh_buf_fini(&c->names);
	*c = (struct lh_cells){ 0 };
}

void lh_cells_name(struct lh_cells *c, int row, struct lh_str name, const char *suffix)
{
	assert(row < c->rows && c->columns == 0);
	lh_prose_shown(&c->names, name, c->style);
	lh_prose_put(&c->names, suffix, c->style);
	c->name_end[row] = c->names.n;
}

struct lh_str lh_cells_name_of(const struct lh_cells *c, int row)
{
	size_t from = row ? c->name_end[row - 1] : 0;
	return (struct lh_str){ c->names.p ? c->names.p + from : "", c->name_end[row] - from };
}

struct lh_figure *lh_cells_add(struct lh_cells *c, enum lh_cells_rank rank, const char *head, const char *unit)
{
	if (c->columns == LH_CELLS_MAX)
		return NULL;
	struct lh_cells_column *column = &c->column[c->columns];
	*column = (struct lh_cells_column){ .rank = rank };
	snprintf(column->head[0], sizeof column->head[0], "%s", head);
	snprintf(column->head[1], sizeof column->head[1], "%s", unit);
	return c->figure + (size_t)c->columns++ * (size_t)c->rows;
}

/* Between columns; the table runs wider than 80 only on a terminal that is. */
static int gap(const struct lh_cells *c) { return c->style->columns < 90 ? 2 : 3; }
static int text_columns(const char *text) { return lh_utf8_columns(lh_str_of(text)); }
static int more(int a, int b) { return a > b ? a : b; }
static int less(int a, int b) { return a < b ? a : b; }

static void measure_column(struct lh_cells *c, int at)
{
	struct lh_cells_column *column = &c->column[at];
	int tail = 0;
	for (int row = 0; row < c->rows; row++) {
		const struct lh_figure *f = c->figure + (size_t)at * (size_t)c->rows + row;
		column->value = more(column->value, text_columns(f->value));
		tail = more(tail, text_columns(f->tail));
	}
	column->tails = tail > 0;
	int head = more(text_columns(column->head[0]), text_columns(column->head[1]));
	column->width = more(head, column->value + (tail ? 1 + tail : 0));
}

/* Names take a third of the line at most, and less where the figures that must stand beside them
 * need it. A figure that would leave them next to nothing goes to the next block instead. */
static void measure_names(struct lh_cells *c)
{
	int room = c->style->columns, longest = 6;
	for (int i = 0; i < c->columns; i++) {
		int width = gap(c) + c->column[i].width;
		if (c->column[i].rank == LH_CELLS_MUST && room - width >= NAMES_LEAST)
			room -= width;
	}
	for (int row = 0; row < c->rows; row++)
		longest = more(longest, lh_utf8_columns(lh_cells_name_of(c, row)));
	int most = less(c->style->columns / 3, room);
	c->name_width = less(longest, most);
	c->shortened = longest > most;
}

/* Chooses the columns of the next block, those of higher rank first; false when all have been
 * shown. Details stay out of the first block, unless all columns fit in it. */
static bool choose(struct lh_cells *c, bool *in)
{
	int room = c->style->columns - c->name_width, left = room, all = 0, chosen = 0;
	bool first = true;
	for (int i = 0; i < c->columns; i++) {
		in[i] = false;
		all += gap(c) + c->column[i].width;
		first &= !c->column[i].placed;
	}
	for (int rank = LH_CELLS_MUST; rank <= LH_CELLS_MORE; rank++)
		for (int i = 0; i < c->columns; i++) {
			struct lh_cells_column *column = &c->column[i];
			if (column->placed || (int)column->rank != rank)
				continue;
			bool fits = gap(c) + column->width <= left && !(first && rank == LH_CELLS_MORE && all > room);
			if (chosen && !fits)
				return true;
			in[i] = column->placed = true;
			left -= gap(c) + column->width;
			chosen++;
		}
	return chosen > 0;
}

/* Spaces are owed rather than written, so that no line ends in them. */
struct line { struct lh_buf *out; int owed; };

static void line_put(struct line *l, const char *text, int width, bool right)
{
	int columns = text_columns(text), room = more(0, width - columns);
	l->owed += right ? room : 0;
	if (columns) {
		lh_prose_spaces(l->out, l->owed);
		lh_buf_puts(l->out, text);
		l->owed = 0;
	}
	l->owed += columns ? (right ? 0 : room) : (right ? 0 : width);
}

static void print_heads(const struct lh_cells *c, const bool *in, int which, struct lh_buf *out)
{
	struct line l = { out, 0 };
	lh_prose_tone(out, LH_TONE_DIM, c->style);
	line_put(&l, which == 0 ? c->head : "", c->name_width, false);
	for (int i = 0; i < c->columns; i++) {
		if (!in[i])
			continue;
		l.owed += gap(c);
		line_put(&l, c->column[i].head[which], c->column[i].width, !c->column[i].tails);
	}
	lh_prose_tone(out, LH_TONE_PLAIN, c->style);
	lh_buf_putc(out, '\n');
}

static void print_rule(const struct lh_cells *c, const bool *in, const char *sign, struct lh_buf *out)
{
	int width = c->name_width;
	for (int i = 0; i < c->columns; i++)
		width += in[i] ? gap(c) + c->column[i].width : 0;
	lh_prose_tone(out, LH_TONE_DIM, c->style);
	while (width-- > 0)
		lh_buf_puts(out, sign);
	lh_prose_tone(out, LH_TONE_PLAIN, c->style);
	lh_buf_putc(out, '\n');
}

static void print_row(const struct lh_cells *c, const bool *in, int row, struct lh_buf *out)
{
	struct line l = { out, 0 };
	l.owed = c->name_width - lh_prose_short(out, lh_cells_name_of(c, row), c->name_width, c->style);
	for (int i = 0; i < c->columns; i++) {
		if (!in[i])
			continue;
		const struct lh_cells_column *column = &c->column[i];
		const struct lh_figure *f = c->figure + (size_t)i * (size_t)c->rows + row;
		l.owed += gap(c);
		if (column->tails) {
			line_put(&l, f->value, column->value, true);
			l.owed++;
			line_put(&l, f->tail, column->width - column->value - 1, false);
		} else {
			line_put(&l, f->value, column->width, true);
		}
	}
	lh_buf_putc(out, '\n');
}

/* Nothing to show in this block. */
static bool is_blank(const struct lh_cells *c, const bool *in, int row)
{
	for (int i = 0; i < c->columns; i++) {
		const struct lh_figure *f = c->figure + (size_t)i * (size_t)c->rows + row;
		if (in[i] && (*f->value || *f->tail))
			return false;
	}
	return true;
}

/* ---- on a page ---- */

static void put_figure_html(const struct lh_figure *f, struct lh_buf *out)
{
	lh_buf_puts(out, "<td>");
	lh_html_put(out, lh_str_of(f->value));
	if (*f->tail) {
		lh_buf_puts(out, " <span>");
		lh_html_put(out, lh_str_of(f->tail));
		lh_buf_puts(out, "</span>");
	}
	lh_buf_puts(out, "</td>");
}

/* Columns that the names get, whatever else the table holds: the longest one's, unless that is very long. */
static int names_html(const struct lh_cells *c)
{
	int longest = 4;
	for (int row = 0; row < c->rows; row++)
		longest = more(longest, lh_utf8_columns(lh_cells_name_of(c, row)));
	return less(longest, NAMES_MOST) + 2;
}

static void put_heads_html(const struct lh_cells *c, struct lh_buf *out)
{
	lh_buf_printf(out, "<thead><tr><th scope=\"col\" style=\"--names:%dch\">%s</th>", names_html(c), c->head);
	for (int i = 0; i < c->columns; i++) {
		lh_buf_puts(out, "<th scope=\"col\">");
		lh_html_put(out, lh_str_of(c->column[i].head[0]));
		lh_buf_puts(out, "<small>");
		lh_html_put(out, lh_str_of(c->column[i].head[1]));
		lh_buf_puts(out, "</small></th>");
	}
	lh_buf_puts(out, "</tr></thead>\n");
}

/* All columns beside each other, in a frame that can be moved sideways, by keys too. */
static void print_html(const struct lh_cells *c, struct lh_buf *out)
{
	char by[64];
	snprintf(by, sizeof by, "Figures by %s", c->head);
	const char *caption = c->caption ? c->caption : by;
	lh_buf_printf(out, "<div class=\"wide\" tabindex=\"0\" role=\"region\" aria-label=\"%s\"><table><caption>%s</caption>\n", caption, caption);
	put_heads_html(c, out);
	for (int row = 0; row < c->rows; row++) {
		lh_buf_puts(out, row == c->apart && row ? "<tr class=\"apart\"><th scope=\"row\">" : "<tr><th scope=\"row\">");
		lh_html_put_name(out, lh_cells_name_of(c, row));
		lh_buf_puts(out, "</th>");
		for (int i = 0; i < c->columns; i++)
			put_figure_html(c->figure + (size_t)i * (size_t)c->rows + row, out);
		lh_buf_puts(out, "</tr>\n");
	}
	lh_buf_puts(out, "</table></div>\n");
}

void lh_cells_print(struct lh_cells *c, struct lh_buf *out)
{
	if (c->names.failed)
		out->failed = c->names.failed;
	if (lh_style_is_page(c->style)) {
		print_html(c, out);
		return;
	}
	bool in[LH_CELLS_MAX];
	for (int i = 0; i < c->columns; i++)
		measure_column(c, i);
	measure_names(c);
	for (int block = 0; choose(c, in); block++) {
		if (block)
			lh_buf_putc(out, '\n');
		print_heads(c, in, 0, out);
		print_heads(c, in, 1, out);
		print_rule(c, in, c->style->unicode ? "─" : "-", out);
		for (int row = 0; row < c->rows; row++) {
			if (row == c->apart && row)
				print_rule(c, in, c->style->unicode ? "╌" : ".", out);
			if (!is_blank(c, in, row))
				print_row(c, in, row, out);
		}
	}
}
