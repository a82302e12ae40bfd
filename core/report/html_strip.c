/* Outcomes as pictures: one sees whether errors are lone, spread, or never healed. */
#include "report/html_page.h"

#include "report/html_text.h"
#include "report/number.h"
#include "report/png.h"
#include "report/prose.h"
#include "transcript/outcome.h"

#include <inttypes.h>
#include <stdlib.h>

enum { COLUMNS_MOST = 1000, ROWS_MOST = 200, OPEN_MOST = 6, UNSEEN = LH_OUTCOME_COUNT };   /* OPEN_MOST: pictures of a group that are not folded away */

/* Told apart by how dark they are as much as by hue: right answers pale, new errors dark. */
static const struct lh_png_colour palette[LH_PNG_COLOURS] = {
	[LH_OUTCOME_CORRECT] = { 0xa9, 0xcc, 0xe3, 255 }, [LH_OUTCOME_FOLLOWS] = { 0xf2, 0xc1, 0x4e, 255 },
	[LH_OUTCOME_RECOVERS] = { 0x2a, 0x8c, 0x82, 255 }, [LH_OUTCOME_SLIPS] = { 0x9c, 0x1c, 0x1c, 255 },
	[LH_OUTCOME_MALFORMED] = { 0x6a, 0x2c, 0x8e, 255 }, [LH_OUTCOME_MISSING] = { 0xb7, 0x8b, 0xd0, 255 },
	[LH_OUTCOME_TRUNCATED] = { 0xd9, 0x7a, 0x1a, 255 }, [LH_OUTCOME_REFUSED] = { 0xe7, 0x6f, 0x9b, 255 },
	[LH_OUTCOME_OVERFLOW] = { 0x20, 0x20, 0x20, 255 }, [LH_OUTCOME_POLICY_ERROR] = { 0x6e, 0x6e, 0x6e, 255 },
	[LH_OUTCOME_FAILED] = { 0xb8, 0xb8, 0xb8, 255 }, [UNSEEN] = { 0, 0, 0, 0 },
};

struct strip { int rows, begun, columns, each; };    /* begun: samples up to the last with any turn; each: turns of a cell */

/* Which of two outcomes a cell of several turns shows: what was seen before what was not, what is rarer or worse first. */
static int rank(int outcome)
{
	static const int ranks[] = { [LH_OUTCOME_CORRECT] = 1, [LH_OUTCOME_FOLLOWS] = 2, [LH_OUTCOME_RECOVERS] = 3, [LH_OUTCOME_FAILED] = 4, [LH_OUTCOME_SLIPS] = 5,
		[LH_OUTCOME_MISSING] = 6, [LH_OUTCOME_MALFORMED] = 7, [LH_OUTCOME_TRUNCATED] = 8, [LH_OUTCOME_REFUSED] = 9, [LH_OUTCOME_OVERFLOW] = 10, [LH_OUTCOME_POLICY_ERROR] = 11 };
	return outcome < LH_OUTCOME_COUNT ? ranks[outcome] : 0;
}

static uint8_t cell_of(const uint8_t *row, int from, int end)
{
	uint8_t worst = UNSEEN;
	for (int t = from; t < end; t++) {
		uint8_t o = row[t] < LH_OUTCOME_COUNT ? row[t] : UNSEEN;
		worst = rank(o) > rank(worst) ? o : worst;
	}
	return worst;
}

/* Samples of a run that is not done may not have been begun. */
static int begun(const struct lh_report_condition *c)
{
	size_t n = (size_t)c->result->samples * (size_t)c->result->turns;
	while (n > 0 && c->outcome[n - 1] >= LH_OUTCOME_COUNT)
		n--;
	return n ? (int)((n - 1) / (size_t)c->result->turns) + 1 : 1;
}

static struct strip shape(const struct lh_report_condition *c, size_t budget)
{
	const struct lh_result *r = c->result;
	int rows = begun(c);
	struct strip s = { rows < ROWS_MOST ? rows : ROWS_MOST, rows, 0, 1 };
	for (;; s.each++) {
		s.columns = (r->turns + s.each - 1) / s.each;
		if (s.columns <= 1 || (s.columns <= COLUMNS_MOST && lh_png_size(s.columns, s.rows) <= budget))
			return s;
	}
}

static void put_picture(const struct lh_report_condition *c, const struct strip *s, struct lh_buf *out)
{
	uint8_t *pixel = malloc((size_t)s->rows * (size_t)s->columns);
	if (!pixel) {
		out->failed = LH_E_NOMEM;
		return;
	}
	int turns = c->result->turns;
	for (int y = 0; y < s->rows; y++)
		for (int x = 0; x < s->columns; x++) {
			int from = x * s->each, end = from + s->each < turns ? from + s->each : turns;
			pixel[(size_t)y * (size_t)s->columns + (size_t)x] = cell_of(c->outcome + (size_t)y * (size_t)turns, from, end);
		}
	lh_png_put(out, pixel, s->columns, s->rows, palette);
	free(pixel);
}

/* "20,000 turns observed: correct 18,000, slips 120." */
static void put_counts(const struct lh_report_condition *c, struct lh_buf *out)
{
	int64_t n[LH_OUTCOME_COUNT] = { 0 }, all = 0;
	for (size_t i = 0; i < (size_t)c->result->samples * (size_t)c->result->turns; i++)
		if (c->outcome[i] < LH_OUTCOME_COUNT) {
			n[c->outcome[i]]++;
			all++;
		}
	lh_buf_printf(out, "%s turns: ", lh_figure_count(all).value);
	bool some = false;
	for (int o = 0; o < LH_OUTCOME_COUNT; o++)
		if (n[o]) {
			lh_buf_printf(out, "%s%s %s", some ? ", " : "", lh_outcome_name(o), lh_figure_count(n[o]).value);
			some = true;
		}
	lh_buf_putc(out, '.');
}

static void put_scale(const struct lh_report_condition *c, const struct strip *s, struct lh_buf *out)
{
	if (s->rows < s->begun)
		lh_buf_printf(out, " The first %d of %d samples are drawn.", s->rows, s->begun);
	if (s->begun < c->result->samples)
		lh_buf_printf(out, " %d of %d samples were not begun.", c->result->samples - s->begun, c->result->samples);
	if (s->each > 1)
		lh_buf_printf(out, " A cell is %d turns, coloured by what is worst among them.", s->each);
}

static int height_of(int rows) { return rows * (rows <= 40 ? 8 : rows <= 100 ? 4 : 2); }

static void put_strip(const struct lh_group *g, int row, size_t budget, struct lh_buf *out)
{
	const struct lh_report_condition *c = g->member[row];
	struct lh_buf text;
	struct strip s = shape(c, budget);
	lh_buf_init(&text, 1 << 20);
	lh_group_name(g, row, &text);
	lh_buf_printf(out, "<div class=\"strip\"><p><b>%d ", row + 1);
	lh_html_put_name(out, lh_buf_str(&text));
	lh_buf_printf(out, "%s</b> ", lh_group_suffix(g, row));
	put_counts(c, out);
	put_scale(c, &s, out);
	lh_buf_printf(out, "</p>\n<img style=\"height:%dpx\" alt=\"Outcomes of ", height_of(s.rows));
	lh_html_put(out, lh_buf_str(&text));
	lh_buf_printf(out, "%s, %d samples down, turns 1 to %d across: as counted above.\" src=\"", lh_group_suffix(g, row), s.rows, c->result->turns);
	put_picture(c, &s, out);
	lh_buf_printf(out, "\"><div class=\"ends\" aria-hidden=\"true\"><span>turn 1</span><span>turn %d</span></div></div>\n", c->result->turns);
	lh_buf_fini(&text);
}

static bool drawn(const struct lh_report_condition *c)
{
	return lh_group_own(c) && c->outcome && c->result->samples > 0 && c->result->turns > 0;
}

static int count_drawn(const struct lh_report *report)
{
	int n = 0;
	for (int i = 0; i < report->count; i++)
		n += drawn(&report->condition[i]);
	return n;
}

bool lh_html_has_strips(const struct lh_report *report) { return count_drawn(report) > 0; }

/* What the pictures mean: of the outcomes that there are. */
static void put_key(const struct lh_report *report, struct lh_buf *out)
{
	bool there[LH_OUTCOME_COUNT] = { false };
	for (int k = 0; k < report->count; k++) {
		const struct lh_report_condition *c = &report->condition[k];
		for (size_t i = 0; drawn(c) && i < (size_t)c->result->samples * (size_t)c->result->turns; i++)
			if (c->outcome[i] < LH_OUTCOME_COUNT)
				there[c->outcome[i]] = true;
	}
	lh_buf_puts(out, "<p>A row is a sample, from left to right its turns. follows: an earlier error carried on faithfully;"
		" slips: a new error; recovers: back to the true state in spite of a wrong answer in view. Blank: not run.");
	if (there[LH_OUTCOME_FAILED])
		lh_buf_puts(out, " failed: cut off by something that is not the model's doing; the sample counts up to there.");
	lh_buf_puts(out, "</p>\n<ul class=\"key\">");
	for (int o = 0; o < LH_OUTCOME_COUNT; o++)
		if (there[o])
			lh_buf_printf(out, "<li><i style=\"background:#%02x%02x%02x\"></i>%s</li>", palette[o].r, palette[o].g, palette[o].b, lh_outcome_name(o));
	lh_buf_puts(out, "</ul>\n");
}

/* Many policies: those beyond the first few are folded away. */
static void put_group(const struct lh_group *g, size_t each, struct lh_buf *out)
{
	int shown = 0, all = 0;
	for (int row = 0; row < g->count; row++)
		all += drawn(g->member[row]);
	bool fold = all > OPEN_MOST + 1;
	for (int row = 0; row < g->count; row++) {
		if (!drawn(g->member[row]))
			continue;
		if (fold && shown++ == OPEN_MOST)
			lh_buf_printf(out, "<details><summary>%d more policies</summary>\n", all - OPEN_MOST);
		put_strip(g, row, each, out);
	}
	lh_buf_puts(out, fold ? "</details>\n" : "");
}

void lh_html_strips(const struct lh_report *report, bool several, size_t budget, struct lh_buf *out)
{
	struct lh_group group;
	int n = count_drawn(report);
	if (n == 0)
		return;
	put_key(report, out);
	for (int at = 0, number = 0; lh_group_next(report, &at, &group, out); lh_group_fini(&group)) {
		if (several && group.count)
			lh_html_group_name(&group, number + 1, out);
		number++;
		put_group(&group, budget / (size_t)n, out);
	}
}
