#include "report/single_turn_report.h"

#include "measure/wilson.h"
#include "report/cells.h"
#include "report/prose.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

/* ---- tries ---- */

static const char *word_of(const struct lh_try *t)
{
	if (!t->done)
		return "not done";
	switch (t->verdict) {
	case LH_GATE_PASS: return "passed";
	case LH_GATE_FAIL: return t->policy_errors ? "failed (policy)" : "failed";
	case LH_GATE_INFRASTRUCTURE: return "undecided (cut off)";
	default: return "undecided";
	}
}

/* Rising K reads better than the order of tries. */
static int ranked(const struct lh_single_turn *t, int rank)
{
	for (int i = 0; i < t->tries; i++) {
		int below = 0;
		for (int k = 0; k < t->tries; k++)
			below += t->tried[k].k < t->tried[i].k || (t->tried[k].k == t->tried[i].k && k < i);
		if (below == rank)
			return i;
	}
	return 0;
}

static void fill_row(struct lh_cells *c, int row, const struct lh_try *t, struct lh_figure **f)
{
	double share = lh_share(t->right, t->observed);
	f[0][row] = lh_figure_count(t->observed);
	f[1][row] = lh_figure_count(t->right);
	f[2][row] = lh_figure_share(share, lh_wilson(share, t->observed), c->style);
	snprintf(f[3][row].value, sizeof f[3][row].value, "%s", word_of(t));
}

static void put_table(const struct lh_single_turn *t, const struct lh_report_style *style, struct lh_buf *out)
{
	struct lh_cells c;
	struct lh_error err = { 0 };
	if (lh_cells_init(&c, t->tries, style, &err)) {
		out->failed = err.code;
		return;
	}
	c.head = "K";
	c.caption = "Accuracy by steps in one turn";
	for (int row = 0; row < t->tries; row++) {
		char name[16];
		int n = snprintf(name, sizeof name, "%d", t->tried[ranked(t, row)].k);
		lh_cells_name(&c, row, (struct lh_str){ name, (size_t)n }, "");
	}
	struct lh_figure *f[] = { lh_cells_add(&c, LH_CELLS_MUST, "samples", "looked at"), lh_cells_add(&c, LH_CELLS_MUST, "right", "of them"),
		lh_cells_add(&c, LH_CELLS_MUST, "accuracy", "of this K"), lh_cells_add(&c, LH_CELLS_MUST, "verdict", "of the search") };
	bool room = true;
	for (int i = 0; i < 4; i++)
		room = room && f[i];
	for (int row = 0; row < t->tries && room; row++)
		fill_row(&c, row, &t->tried[ranked(t, row)], f);
	lh_cells_print(&c, out);
	lh_cells_fini(&c);
}

/* ---- the answer ---- */

/* Nothing failed. */
static void put_open_end(const struct lh_single_turn *t, const struct lh_ladder *l, struct lh_buf *out)
{
	if (!l->passed) {
		lh_buf_puts(out, "Nothing is decided.");
		return;
	}
	lh_buf_printf(out, "At least %d step%s executed in one turn", l->passed, l->passed == 1 ? " is" : "s are");
	if (l->passed < t->most)
		lh_buf_puts(out, ": of more nothing is decided.");
	else if (t->most_of_data)
		lh_buf_puts(out, ": the task has no more.");
	else
		lh_buf_puts(out, ": more are not tried.");
}

static void put_interval(const struct lh_ladder *l, double q, struct lh_buf *out)
{
	if (l->failed == 1) {
		lh_buf_printf(out, "Not even 1 step is executed in one turn with an accuracy of %g %%.", 100 * q);
		return;
	}
	lh_buf_printf(out, "The most steps executed in one turn with an accuracy of at least %g %% are ", 100 * q);
	if (l->passed)
		lh_buf_printf(out, "%d or more, and fewer than %d.", l->passed, l->failed);
	else
		lh_buf_printf(out, "fewer than %d.", l->failed);
}

static void put_point(const struct lh_ladder *l, double q, struct lh_buf *out)
{
	if (!isnan(l->point) && !l->clamped)
		lh_buf_printf(out, " Point estimate, where an isotonic fit through all tries meets %g %%: %.3g.", 100 * q, l->point);
}

static int64_t samples_of(const struct lh_single_turn *t)
{
	int64_t n = 0;
	for (int i = 0; i < t->tries; i++)
		n += t->tried[i].observed;
	return n;
}

void lh_single_turn_sentence(const struct lh_searches *s, const struct lh_single_turn *t, struct lh_buf *out)
{
	struct lh_ladder l = lh_single_turn_answer(s, t);
	if (t->end == LH_SEARCH_OPEN)
		lh_buf_puts(out, "The search is not over. ");
	if (t->end == LH_SEARCH_SHORT)
		lh_buf_puts(out, "The data hold no further samples, so the search ends here. ");
	if (l.crossed)
		lh_buf_printf(out, "No answer: %d steps failed and %d passed. One of these verdicts is wrong, or accuracy does rise with the number of steps.", l.failed, l.passed);
	else if (l.failed)
		put_interval(&l, s->q, out);
	else
		put_open_end(t, &l, out);
	if (!l.crossed && (l.failed || l.passed))
		lh_buf_puts(out, " That is right with a probability of at least 95 %, over the whole search.");
	put_point(&l, s->q, out);
	lh_buf_printf(out, " %" PRId64 " samples.", samples_of(t));
}

/* ---- all ---- */

static void put_heading(const struct lh_searches *s, const struct lh_single_turn *t, uint64_t seed, const struct lh_report_style *style, struct lh_buf *out)
{
	struct lh_buf line;
	lh_buf_init(&line, 8192);
	lh_prose_shown(&line, lh_str_of(t->task_label), style);
	lh_buf_puts(&line, " on ");
	lh_prose_shown(&line, lh_str_of(t->model_label), style);
	lh_prose_heading(out, lh_buf_str(&line), style);
	lh_buf_clear(&line);
	lh_prose_shown(&line, lh_str_of(t->policy_label), style);
	lh_buf_printf(&line, "%s, K steps in one turn, accuracy of at least %g %% wanted, seed %" PRIu64, t->oracle ? " (oracle)" : "", 100 * s->q, seed);
	lh_prose_wrap(out, lh_buf_str(&line), 0, 2, style);
	lh_buf_putc(out, '\n');
	lh_buf_fini(&line);
}

static void put_terms(const struct lh_searches *s, const struct lh_report_style *style, struct lh_buf *out)
{
	char text[512];
	snprintf(text, sizeof text, "\"accuracy is at least %g %%\", looked at after every sample, by a method that allows for that; %lld samples at most. Wrong verdicts in 5 %% of"
		" searches at most, all of a search's tries taken together.", 100 * s->q, (long long)s->cap);
	lh_prose_define(out, "K", "steps asked in one turn; each K has samples of its own. Accuracy is assumed not to rise with K.", 15, style);
	lh_prose_define(out, "verdict", text, 15, style);
	lh_prose_define(out, "[lo, hi]", "95 % interval (Wilson) of this K by itself, as if its number of samples had been fixed beforehand.", 15, style);
}

void lh_single_turn_lines(const struct lh_report *report, const struct lh_report_style *style, struct lh_buf *out)
{
	const struct lh_searches *s = report->single_turn;
	struct lh_buf line;
	if (!s)
		return;
	lh_buf_init(&line, 8192);
	for (int i = 0; i < s->count; i++) {
		put_heading(s, &s->of[i], report->run.seed, style, out);
		put_table(&s->of[i], style, out);
		lh_buf_clear(&line);
		lh_single_turn_sentence(s, &s->of[i], &line);
		lh_buf_putc(out, '\n');
		lh_prose_wrap(out, lh_buf_str(&line), 0, 0, style);
		lh_buf_putc(out, '\n');
	}
	put_terms(s, style, out);
	lh_buf_fini(&line);
}
