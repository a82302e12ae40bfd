#include "report/effects_table.h"

#include "report/caption.h"
#include "report/effects_text.h"
#include "report/prose.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { SHOWN = 4 };                          /* turns; the JSON has them all */

struct table {
	const struct lh_group *group;
	const struct lh_report_effects *e;
	const struct lh_report_style *style;
	struct lh_effects_seen *seen;
	struct lh_cells cells;
	int shown[SHOWN], count;             /* numbers of the probed turns shown */
	struct lh_buf *out;
};

/* First and last, and what lies evenly between. */
static void choose_turns(struct table *t)
{
	int n = t->e->turns;
	t->count = n < SHOWN ? n : SHOWN;
	for (int k = 0; k < t->count; k++)
		t->shown[k] = n <= SHOWN ? k : (int)((int64_t)k * (n - 1) / (SHOWN - 1));
}

static const struct lh_effects_cell *cell_at(const struct table *t, int history, int k)
{
	return &t->e->cell[history * t->e->turns + t->shown[k]];
}

/* A sentence of ours with names from outside in it. */
static void say(const struct table *t, struct lh_buf *text, bool marked)
{
	struct lh_buf shown;
	lh_buf_init(&shown, 1 << 20);
	lh_prose_shown_whole(&shown, lh_buf_str(text), t->style);
	if (shown.n) {
		if (marked)
			lh_prose_heading(t->out, lh_buf_str(&shown), t->style);
		else
			lh_prose_wrap(t->out, lh_buf_str(&shown), 0, 0, t->style);
	}
	if (text->failed || shown.failed)
		t->out->failed = text->failed ? text->failed : shown.failed;
	lh_buf_fini(&shown);
	lh_buf_clear(text);
}

/* ---- heading ---- */

static void put_shown_turns(const struct table *t, struct lh_buf *line)
{
	if (t->e->turns == t->count)
		lh_buf_puts(line, t->count == 1 ? "turn" : "turns");
	else
		lh_buf_printf(line, "of %d turns asked these are shown, and all in the JSON:", t->e->turns);
	for (int k = 0; k < t->count; k++)
		lh_buf_printf(line, "%s %d", k == 0 ? "" : k + 1 == t->count ? " and" : ",", t->e->turn[t->shown[k]]);
	if (t->e->turns == t->count)
		lh_buf_puts(line, " asked");
}

static void heading(const struct table *t)
{
	const struct lh_report_condition *c = &t->group->report->condition[t->e->condition];
	struct lh_buf line;
	lh_buf_init(&line, 1 << 16);
	lh_buf_puts(&line, "Behind made histories: ");
	lh_effects_policy_name(c, &line);
	lh_buf_puts(&line, c->oracle ? " (oracle)" : "");
	lh_buf_puts(&line, t->e->thoughts ? ", answers with thoughts" : "");
	say(t, &line, true);
	lh_buf_printf(&line, "%d sample%s; ", t->e->samples, t->e->samples == 1 ? "" : "s");
	put_shown_turns(t, &line);
	lh_buf_puts(&line, t->count == 1 && t->e->turns == 1 ? "" : ", each in an episode of its own");
	say(t, &line, false);
	lh_buf_putc(t->out, '\n');
	lh_buf_fini(&line);
}

/* ---- histories ---- */

typedef struct lh_figure figure_of(const struct table *t, const struct lh_effects_cell *c);

static struct lh_figure accuracy(const struct table *t, const struct lh_effects_cell *c)
{
	return lh_figure_share(c->paper.value, c->paper.ci, t->style);
}

static struct lh_figure accuracy_strict(const struct table *t, const struct lh_effects_cell *c)
{
	return lh_figure_share(c->strict.value, c->strict.ci, t->style);
}

static struct lh_figure update(const struct table *t, const struct lh_effects_cell *c)
{
	return lh_figure_at_least(c->update, false, 2, t->style);
}

static struct lh_figure state(const struct table *t, const struct lh_effects_cell *c)
{
	return lh_figure_at_least(c->state, false, 2, t->style);
}

static struct lh_figure unusable(const struct table *t, const struct lh_effects_cell *c)
{
	return lh_figure_at_least(c->unusable, false, 2, t->style);
}

static struct lh_figure observed(const struct table *t, const struct lh_effects_cell *c)
{
	return c->probed ? lh_figure_count(c->observed) : lh_figure_none(t->style);
}

static struct lh_figure tokens(const struct table *t, const struct lh_effects_cell *c)
{
	return lh_figure_mean(c->tokens_in, t->style);
}

static void fill(struct table *t, int k, enum lh_cells_rank rank, const char *head, const char *behind, figure_of *of)
{
	char unit[32];
	snprintf(unit, sizeof unit, "turn %d%s", t->e->turn[t->shown[k]], behind);
	struct lh_figure *f = lh_cells_add(&t->cells, rank, head, unit);
	for (int h = 0; f && h < t->e->histories; h++) {
		f[h] = of(t, cell_at(t, h, k));
		t->seen->none |= lh_figure_is_none(&f[h]);
	}
}

static bool readings_differ(const struct table *t, int k)
{
	for (int h = 0; h < t->e->histories; h++)
		if (cell_at(t, h, k)->probed && cell_at(t, h, k)->paper.value != cell_at(t, h, k)->strict.value && cell_at(t, h, k)->observed > 0)
			return true;
	return false;
}

static bool some_missing(const struct table *t, int k)
{
	for (int h = 0; h < t->e->histories; h++)
		if (cell_at(t, h, k)->probed && cell_at(t, h, k)->observed < t->e->samples)
			return true;
	return false;
}

/* A filler's replies have no answers, and are meant to have none. */
static bool some_unusable(const struct table *t, int k)
{
	for (int h = 0; h < t->e->histories; h++)
		if (cell_at(t, h, k)->unusable > 0 && t->e->history[h].made.mode != LH_HISTORY_FILLER)
			return true;
	return false;
}

static void history_columns(struct table *t)
{
	for (int k = 0; k < t->count; k++) {
		fill(t, k, LH_CELLS_MAIN, "turn accuracy", "", accuracy);
		if (t->e->turn[t->shown[k]] > 1)
			fill(t, k, LH_CELLS_MAIN, "update exposure", "", update);
		t->seen->exposure |= t->e->turn[t->shown[k]] > 1;
	}
	for (int k = 0; k < t->count; k++) {
		if (readings_differ(t, k))
			fill(t, k, LH_CELLS_MORE, "turn accuracy", ", strict", accuracy_strict);
		if (some_missing(t, k))
			fill(t, k, LH_CELLS_MORE, "observed", "", observed);
		t->seen->strict |= readings_differ(t, k);
	}
	int last = t->count - 1;
	if (t->e->turn[t->shown[last]] > 1)
		fill(t, last, LH_CELLS_MORE, "state exposure", "", state);
	if (some_unusable(t, last))
		fill(t, last, LH_CELLS_MORE, "unusable", "", unusable);
	fill(t, last, LH_CELLS_MORE, "input tokens", ", a call", tokens);
}

/* What befell the made conditions; of history `own` the main table has told. */
static void caveats(const struct table *t)
{
	const struct lh_report_effects *e = t->e;
	struct lh_group g = { .report = t->group->report, .lead = t->group->lead };
	g.samples_least = t->group->count ? 0 : e->samples;
	g.member = calloc((size_t)e->histories, sizeof *g.member);
	if (!g.member) {
		t->out->failed = LH_E_NOMEM;
		return;
	}
	for (int h = 0; h < e->histories; h++)
		if (e->history[h].made.mode != LH_HISTORY_OWN)
			g.member[g.count++] = &g.report->condition[e->history[h].condition];
	g.oracles_from = g.count;
	lh_caption_caveats(&g, &t->cells, t->style, t->out);
	free(g.member);
}

static void histories(struct table *t)
{
	const struct lh_report_effects *e = t->e;
	struct lh_error err = { 0 };
	if (lh_cells_init(&t->cells, e->histories, t->style, &err)) {
		t->out->failed = err.code;
		return;
	}
	t->cells.head = "history";
	t->cells.caption = "Turn accuracy and exposure by history";
	for (int h = 0; h < e->histories; h++) {
		lh_cells_name(&t->cells, h, e->history[h].text, "");
		if (e->history[h].made.mode == LH_HISTORY_OWN)
			t->cells.apart = h;
		t->seen->mode[e->history[h].made.mode] = true;
		t->seen->last |= e->history[h].made.last;
	}
	history_columns(t);
	lh_cells_print(&t->cells, t->out);
	caveats(t);
	lh_cells_fini(&t->cells);
}

/* ---- losses ---- */

/* Turns beyond the first have the same losses, one after another. */
static int rows_of(const struct lh_report_effects *e)
{
	int beyond = e->turns - (e->turn[0] == 1);
	return beyond > 0 ? e->losses / beyond : 0;
}

static const struct lh_effects_loss *losses_at(const struct table *t, int k)
{
	return t->e->loss + (t->shown[k] - (t->e->turn[0] == 1)) * rows_of(t->e);
}

static void loss_column(struct table *t, int k, bool paper)
{
	char head[32];
	snprintf(head, sizeof head, "loss at turn %d", t->e->turn[t->shown[k]]);
	struct lh_figure *f = lh_cells_add(&t->cells, paper ? LH_CELLS_MORE : LH_CELLS_MAIN, head, paper ? "paper reading" : "points");
	for (int row = 0; f && row < rows_of(t->e); row++) {
		const struct lh_effect *x = paper ? &losses_at(t, k)[row].paper : &losses_at(t, k)[row].strict;
		f[row] = lh_effects_points(x->value, x->ci, t->style);
		t->seen->none |= lh_figure_is_none(&f[row]);
	}
}

static bool losses_differ(const struct table *t, int k)
{
	for (int row = 0; row < rows_of(t->e); row++) {
		const struct lh_pairs *p = &losses_at(t, k)[row].paper.pairs, *s = &losses_at(t, k)[row].strict.pairs;
		if (p->both != s->both || p->first != s->first || p->second != s->second)
			return true;
	}
	return false;
}

static void loss_names(struct table *t)
{
	struct lh_buf name;
	lh_buf_init(&name, 1024);
	for (int row = 0; row < rows_of(t->e); row++) {
		lh_buf_clear(&name);
		lh_effects_loss_name(t->e, &t->e->loss[row], &name);
		lh_cells_name(&t->cells, row, lh_buf_str(&name), "");
		t->seen->kind[t->e->loss[row].kind] = true;
	}
	lh_buf_fini(&name);
}

static bool some_why(const struct table *t)
{
	for (int row = 0; row < rows_of(t->e); row++)
		if (losses_at(t, t->count - 1)[row].why)
			return true;
	return false;
}

/* One line for each reason, with what it is the reason of. */
static void say_why(const struct table *t)
{
	const struct lh_effects_loss *l = losses_at(t, t->count - 1);
	struct lh_buf line;
	lh_buf_init(&line, 1 << 16);
	for (int row = 0; row < rows_of(t->e); row++) {
		bool told = !l[row].why;
		for (int i = 0; i < row; i++)
			told |= l[i].why == l[row].why;
		if (told)
			continue;
		for (int i = row; i < rows_of(t->e); i++)
			if (l[i].why == l[row].why) {
				lh_buf_puts(&line, line.n ? ", " : "");
				lh_effects_loss_name(t->e, &l[i], &line);
			}
		lh_buf_printf(&line, ": not estimable: %s.", l[row].why);
		say(t, &line, false);
	}
	lh_buf_fini(&line);
}

static void losses(struct table *t)
{
	struct lh_error err = { 0 };
	if (rows_of(t->e) == 0)
		return;
	lh_buf_putc(t->out, '\n');
	if (lh_cells_init(&t->cells, rows_of(t->e), t->style, &err)) {
		t->out->failed = err.code;
		return;
	}
	t->cells.head = "effect";
	t->cells.caption = "Losses of turn accuracy by effect";
	loss_names(t);
	for (int k = 0; k < t->count; k++)
		if (t->e->turn[t->shown[k]] > 1)
			loss_column(t, k, false);
	for (int k = 0; k < t->count; k++)
		if (t->e->turn[t->shown[k]] > 1 && losses_differ(t, k)) {
			loss_column(t, k, true);
			t->seen->strict = true;
		}
	lh_cells_print(&t->cells, t->out);
	if (t->cells.shortened || some_why(t))
		lh_buf_putc(t->out, '\n');
	if (t->cells.shortened)
		lh_caption_shortened(&t->cells, t->style, t->out);
	lh_cells_fini(&t->cells);
	say_why(t);
}

/* ---- sentences ---- */

static void sentences(const struct table *t)
{
	struct lh_buf text;
	if (t->e->turn[t->e->turns - 1] == 1)
		return;
	lh_buf_init(&text, 1 << 20);
	lh_buf_putc(t->out, '\n');
	lh_effects_put_slope(t->e, &text);
	say(t, &text, false);
	lh_effects_put_filler(t->e, &text);
	say(t, &text, false);
	lh_buf_putc(t->out, '\n');
	lh_effects_put_sentence(t->group->report, t->e, &text);
	say(t, &text, false);
	lh_effects_put_ground(t->e, &text);
	say(t, &text, false);
	lh_buf_fini(&text);
	t->seen->slope |= !t->e->slope.why;
	t->seen->sentence |= lh_effects_has_sentence(t->e);
}

void lh_effects_table(const struct lh_group *group, struct lh_effects_seen *seen, const struct lh_report_style *style, struct lh_buf *out)
{
	const struct lh_report *report = group->report;
	for (int i = 0; i < report->effects_count; i++) {
		struct table t = { .group = group, .e = &report->effects[i], .style = style, .seen = seen, .out = out };
		if (!lh_group_together(group->lead, &report->condition[t.e->condition]))
			continue;
		seen->any = true;
		choose_turns(&t);
		heading(&t);
		histories(&t);
		losses(&t);
		sentences(&t);
		lh_buf_putc(out, '\n');
	}
}
