/* Task accuracy by turn: a row of bars for each policy, all over the same turns.
 *
 * Two lines a policy: the upper one is 50 to 100 %, the lower one 0 to 50 %, so that the upper
 * line ends where horizon(0.5) does. */
#include "report/group.h"

#include "base/utf8.h"
#include "report/number.h"
#include "report/prose.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { AXIS = 8, MARGIN = 4, LINES = 2, TICK_GAP = 8, TURN_WIDEST = 6, CURVE_WIDEST = 100 };

struct curve {
	const struct lh_group *group;
	const struct lh_report_style *style;
	int names;                           /* columns of the names */
	int turns;                           /* drawn: 1 .. turns */
	int width, each;                     /* columns of the plot; of a turn, 0 where a column holds several */
};

static int last_turn(const struct lh_group *g)
{
	int last = 0;
	for (int row = 0; row < g->count; row++)
		for (int t = 0; lh_report_has_horizon(g->member[row]) && t < g->member[row]->result->turns; t++)
			if (g->member[row]->result->task_accuracy[t] != 0 && t + 1 > last)     /* NAN: nobody knows */
				last = t + 1;
	return last;
}

static void row_name(const struct curve *c, int row, struct lh_buf *raw, struct lh_buf *name)
{
	lh_buf_clear(name);
	lh_group_name(c->group, row, raw);
	lh_prose_shown(name, lh_buf_str(raw), c->style);
	lh_prose_put(name, lh_group_suffix(c->group, row), c->style);
}

/* Turn (from 0) that column x stands for: where it holds several, the middle one. */
static int turn_at(const struct curve *c, int x)
{
	return c->each ? x / c->each : (int)((2 * (int64_t)x + 1) * c->turns / (2 * c->width));
}

/* Upwards, so that the upper line shows at more than 50 % and the lower at more than 0. */
static int level_of(double share, int levels)
{
	int level = (int)ceil(share * levels - 1e-9);
	return level < 0 ? 0 : level > levels ? levels : level;
}

static const char *bar(const struct lh_report_style *style, int level)
{
	static const char *const blocks[] = { " ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█" };
	static const char *const ascii[] = { " ", ".", ":", "#" };
	return style->unicode ? blocks[level] : ascii[level];
}

/* One line of bars; blanks at its end are owed, not written. */
static void put_bars(const struct curve *c, const struct lh_result *r, int line, struct lh_buf *out)
{
	int steps = c->style->unicode ? 8 : 3, owed = 0;
	for (int x = 0; x < c->width; x++) {
		int t = turn_at(c, x);
		double share = t < r->turns ? r->task_accuracy[t] : NAN;
		int level = isnan(share) ? 0 : level_of(share, LINES * steps) - line * steps;
		const char *sign = bar(c->style, level < 0 ? 0 : level > steps ? steps : level);
		if (isnan(share) && line == 0)
			sign = "?";
		if (sign[0] == ' ') {
			owed++;
			continue;
		}
		lh_prose_spaces(out, owed);
		lh_buf_puts(out, sign);
		owed = 0;
	}
}

/* "2.0 % [0.6, 7.0]": the share left at the last turn. */
static void share_left(const struct curve *c, const struct lh_result *r, struct lh_buf *text)
{
	struct lh_figure f = lh_figure_share(r->task_accuracy[r->turns - 1], r->task_accuracy_ci[r->turns - 1], c->style);
	lh_buf_clear(text);
	lh_buf_printf(text, "%s %s", f.value, f.tail);
}

static void put_side(const struct curve *c, struct lh_str text, const char *axis, struct lh_buf *out)
{
	lh_prose_spaces(out, c->names - lh_prose_short(out, text, c->names, c->style));
	lh_prose_tone(out, LH_TONE_DIM, c->style);
	lh_buf_printf(out, "  %5s%s", axis, c->style->unicode ? "│" : "|");
	lh_prose_tone(out, LH_TONE_PLAIN, c->style);
}

static void put_row(const struct curve *c, int row, struct lh_buf *raw, struct lh_buf *name, struct lh_buf *out)
{
	static const int colours[] = { 36, 33, 35, 32, 34, 31 };
	const struct lh_report_condition *m = c->group->member[row];
	if (!lh_report_has_horizon(m))
		return;
	lh_buf_putc(out, '\n');
	row_name(c, row, raw, name);
	for (int line = LINES - 1; line >= 0; line--) {
		put_side(c, lh_buf_str(name), line ? "100 %" : "0 %", out);
		if (c->style->colour)
			lh_buf_printf(out, "\x1b[%dm", m->oracle ? 2 : colours[row % 6]);
		put_bars(c, m->result, line, out);
		lh_prose_tone(out, LH_TONE_PLAIN, c->style);
		lh_buf_putc(out, '\n');
		share_left(c, m->result, name);
	}
}

/* A round number of turns between ticks: 1, 2 or 5 times a power of ten. */
static int tick_step(const struct curve *c)
{
	static const int round[] = { 1, 2, 5 };
	for (int power = 1; power < 1000000000; power *= 10)
		for (int i = 0; i < 3; i++)
			if ((int64_t)round[i] * power * c->width / c->turns >= TICK_GAP)
				return round[i] * power;
	return c->turns;
}

/* Turns begun by the end of column x. */
static int turns_upto(const struct curve *c, int x)
{
	return x < 0 ? 0 : c->each ? x / c->each + 1 : (int)((int64_t)(x + 1) * c->turns / c->width);
}

static bool is_tick(const struct curve *c, int x, int step, int *turn)
{
	int upto = turns_upto(c, x);
	*turn = x == 0 ? 1 : upto / step * step;
	return x == 0 || (x >= TICK_GAP && upto / step > turns_upto(c, x - 1) / step);
}

static void put_axis(const struct curve *c, struct lh_buf *out)
{
	int step = tick_step(c), turn, at = 0;
	lh_prose_tone(out, LH_TONE_DIM, c->style);
	lh_prose_spaces(out, c->names + AXIS - 1);
	lh_buf_puts(out, c->style->unicode ? "└" : "+");
	for (int x = 0; x < c->width; x++) {
		bool tick = is_tick(c, x, step, &turn);
		lh_buf_puts(out, c->style->unicode ? (tick ? "┬" : "─") : (tick ? "|" : "-"));
	}
	lh_buf_putc(out, '\n');
	lh_prose_spaces(out, c->names + AXIS);
	for (int x = 0; x < c->width; x++) {
		char label[24];
		if (!is_tick(c, x, step, &turn) || x < at)
			continue;
		int n = snprintf(label, sizeof label, x == 0 ? "turn %d" : "%d", turn);
		if (x + n > c->width + MARGIN && x > 0)
			break;
		lh_prose_spaces(out, x - at);
		lh_buf_puts(out, label);
		at = x + n;
	}
	lh_prose_tone(out, LH_TONE_PLAIN, c->style);
	lh_buf_putc(out, '\n');
}

/* Names take what they need, up to a third; turns get a whole number of columns, or columns turns. */
static void lay_out(struct curve *c, struct lh_buf *raw, struct lh_buf *name)
{
	int columns = c->style->columns < CURVE_WIDEST ? c->style->columns : CURVE_WIDEST;
	c->names = 0;
	for (int row = 0; row < c->group->count; row++) {
		if (!lh_report_has_horizon(c->group->member[row]))
			continue;
		row_name(c, row, raw, name);
		int n = lh_utf8_columns(lh_buf_str(name));
		c->names = n > c->names ? n : c->names;
		share_left(c, c->group->member[row]->result, name);
		n = lh_utf8_columns(lh_buf_str(name));
		c->names = n > c->names ? n : c->names;
	}
	if (c->names > columns / 3)
		c->names = columns / 3;
	int room = columns - c->names - AXIS - MARGIN;       /* the last tick's label hangs over */
	c->each = room / c->turns < TURN_WIDEST ? room / c->turns : TURN_WIDEST;
	c->width = c->each ? c->each * c->turns : room;
}

static bool has_unknown(const struct curve *c)
{
	for (int row = 0; row < c->group->count; row++) {
		const struct lh_report_condition *m = c->group->member[row];
		if (lh_report_has_horizon(m) && (m->result->turns < c->turns || isnan(m->result->task_accuracy[c->turns - 1])))
			return true;
	}
	return false;
}

static void put_title(const struct curve *c, struct lh_buf *out)
{
	struct lh_buf line;
	int most = c->group->turns_most;
	lh_buf_init(&line, 1024);
	lh_buf_printf(&line, "Task accuracy: samples without an error so far, by turn. Under each name: what is left at turn %d.", most);
	if (c->turns < most)
		lh_buf_printf(&line, " Turns %d to %d are not drawn: none are left there.", c->turns + 1, most);
	if (has_unknown(c))
		lh_buf_puts(&line, " ?: no sample was observed there.");
	lh_buf_putc(out, '\n');
	lh_prose_wrap(out, lh_buf_str(&line), 0, 0, c->style);
	lh_buf_fini(&line);
}

void lh_report_curve_group(const struct lh_group *group, const struct lh_report_style *style, struct lh_buf *out)
{
	struct curve c = { .group = group, .style = style, .turns = last_turn(group) };
	struct lh_buf raw, name;
	if (c.turns == 0)
		return;
	if (c.turns + 1 >= group->turns_most * 4 / 5)
		c.turns = group->turns_most;
	else
		c.turns++;
	lh_buf_init(&raw, 1 << 20);
	lh_buf_init(&name, 1 << 16);
	lay_out(&c, &raw, &name);
	put_title(&c, out);
	for (int row = 0; row < group->count; row++)
		put_row(&c, row, &raw, &name, out);
	put_axis(&c, out);
	if (raw.failed || name.failed)
		out->failed = raw.failed ? raw.failed : name.failed;
	lh_buf_fini(&raw);
	lh_buf_fini(&name);
}

void lh_report_curve(const struct lh_report *report, const struct lh_report_style *style, struct lh_buf *out)
{
	struct lh_group group;
	for (int at = 0; lh_group_next(report, &at, &group, out); lh_group_fini(&group)) {
		if (group.count == 0)                /* made histories have no curve */
			continue;
		lh_group_heading(&group, style, out);
		lh_report_curve_group(&group, style, out);
		lh_buf_putc(out, '\n');
	}
}
