/* A plan for a terminal: what the conditions are like, what each test needs, what the samples planned can
 * show, and what the words mean. */
#include "report/planned.h"

#include "base/utf8.h"
#include "report/cells.h"
#include "report/prose.h"

#include <math.h>
#include <stdio.h>

enum { TERM = 15, FEW_SAMPLES = 20 };

static const char *const test_name[LH_PLAN_TESTS] = { "length", "errors" };

/* What is being written, and where to. */
struct writing {
	const struct lh_planned *p;
	const struct lh_planned_group *g;
	const struct lh_report_style *style;
	struct lh_buf *out, line;
};

/* The line as a paragraph; mark: "! " for what a reader must know. */
static void paragraph(struct writing *w, const char *mark)
{
	lh_prose_tone(w->out, LH_TONE_BOLD, w->style);
	lh_buf_puts(w->out, mark);
	lh_prose_tone(w->out, LH_TONE_PLAIN, w->style);
	lh_prose_wrap(w->out, lh_buf_str(&w->line), lh_utf8_columns(lh_str_of(mark)), 2, w->style);
	if (w->line.failed)
		w->out->failed = w->line.failed;
	lh_buf_clear(&w->line);
}

static void put_shown(struct writing *w, const char *text) { lh_prose_shown(&w->line, lh_str_of(text), w->style); }
static void put_count(struct writing *w, int64_t n) { lh_buf_puts(&w->line, lh_figure_count(n).value); }

/* ---- figures ---- */

static struct lh_figure power_figure(const struct lh_planned_power *p, const struct lh_report_style *style)
{
	struct lh_figure f = { "", "" };
	if (p->at.rejected == 0 || p->at.rejected == p->at.replications) {       /* no error of its own: what Wilson leaves */
		bool all = p->at.rejected > 0;
		snprintf(f.value, sizeof f.value, "%c %.1f %%", all ? '>' : '<', 100 * (all ? p->at.ci.lo : p->at.ci.hi));
		return f;
	}
	snprintf(f.value, sizeof f.value, "%.1f %%", 100 * p->at.power);
	snprintf(f.tail, sizeof f.tail, "%s %.1f", style->unicode ? "±" : "+-", 100 * p->error);
	return f;
}

static struct lh_figure needed_figure(const struct writing *w, const struct lh_plan_needed *n)
{
	struct lh_figure f = lh_figure_count(n->there.at.n), most = lh_figure_count(w->p->most);
	if (!n->reached) {
		snprintf(f.value, sizeof f.value, "> %.24s", most.value);
		return f;
	}
	if (n->n.hi <= w->p->most)
		snprintf(f.tail, sizeof f.tail, "[%.24s, %.24s]", lh_figure_count((int64_t)n->n.lo).value, lh_figure_count((int64_t)n->n.hi).value);
	else
		snprintf(f.tail, sizeof f.tail, "[%.24s, > %.24s]", lh_figure_count((int64_t)n->n.lo).value, most.value);
	return f;
}

static struct lh_figure horizon_figure(const struct lh_planned_world *world, const struct lh_report_style *style)
{
	return world->samples > 0 ? lh_figure_horizon(&world->horizon, style) : lh_figure_none(style);
}

/* Three figures: n is no surer. */
static struct lh_figure tokens_figure(double tokens, const struct lh_report_style *style)
{
	double unit = tokens > 1000 ? pow(10, floor(log10(tokens)) - 2) : 1;
	return isfinite(tokens) ? lh_figure_mean(round(tokens / unit) * unit, style) : lh_figure_none(style);
}

static struct lh_figure usd_figure(double usd, const struct lh_report_style *style)
{
	return isnan(usd) ? lh_figure_none(style) : lh_figure_usd(llround(usd * 1e6));
}

/* ---- the conditions ---- */

static void name_worlds(struct lh_cells *c, const struct lh_planned_group *g)
{
	for (int i = 0; i < g->worlds; i++)
		lh_cells_name(c, i, lh_str_of(g->world[i].label), i ? "" : g->world[i].oracle ? " (oracle)" : " (baseline)");
}

static int put_worlds(struct writing *w, struct lh_error *err)
{
	const struct lh_planned_group *g = w->g;
	struct lh_cells c;
	int rc = lh_cells_init(&c, g->worlds, w->style, err);
	if (rc)
		return rc;
	name_worlds(&c, g);
	struct lh_figure *horizon = lh_cells_add(&c, LH_CELLS_MUST, "horizon(0.5)", "turns");
	struct lh_figure *rate = lh_cells_add(&c, LH_CELLS_MUST, "turn error rate", "all turns");
	struct lh_figure *tokens = lh_cells_add(&c, LH_CELLS_MUST, "tokens", "a sample");
	struct lh_figure *usd = g->priced ? lh_cells_add(&c, LH_CELLS_MAIN, "cost", "USD a sample") : NULL;
	for (int i = 0; i < g->worlds; i++) {
		horizon[i] = horizon_figure(&g->world[i], w->style);
		rate[i] = lh_figure_share(g->world[i].turn_error_rate, g->world[i].turn_error_rate_ci, w->style);
		tokens[i] = tokens_figure(g->world[i].tokens, w->style);
		if (usd)
			usd[i] = usd_figure(g->world[i].usd, w->style);
	}
	lh_cells_print(&c, w->out);
	lh_cells_fini(&c);
	return 0;
}

/* ---- the tests ---- */

static void name_tests(struct lh_cells *c, const struct lh_planned_group *g)
{
	char suffix[16];
	for (int i = 0; i < g->test_count; i++) {
		snprintf(suffix, sizeof suffix, ", %s", test_name[g->test[i].test]);
		lh_cells_name(c, i, lh_str_of(g->world[g->test[i].world].label), suffix);
	}
}

static int put_tests(struct writing *w, struct lh_error *err)
{
	const struct lh_planned_group *g = w->g;
	char with[32];
	struct lh_cells c;
	if (!g->test_count)
		return 0;
	int rc = lh_cells_init(&c, g->test_count, w->style, err);
	if (rc)
		return rc;
	name_tests(&c, g);
	c.head = "test";
	snprintf(with, sizeof with, "with %.16s", lh_figure_count(g->samples).value);
	struct lh_figure *needed = lh_cells_add(&c, LH_CELLS_MUST, "samples", "needed");
	struct lh_figure *there = lh_cells_add(&c, LH_CELLS_MUST, "power", "there");
	struct lh_figure *tokens = lh_cells_add(&c, LH_CELLS_MUST, "tokens", "of both");
	struct lh_figure *usd = g->priced ? lh_cells_add(&c, LH_CELLS_MAIN, "cost", "USD, both") : NULL;
	struct lh_figure *planned = lh_cells_add(&c, LH_CELLS_MUST, "power", with);
	for (int i = 0; i < g->test_count; i++) {
		const struct lh_planned_test *t = &g->test[i];
		needed[i] = needed_figure(w, &t->needed);
		there[i] = power_figure(&t->needed.there, w->style);
		tokens[i] = tokens_figure(t->tokens, w->style);
		planned[i] = power_figure(&t->planned, w->style);
		if (usd)
			usd[i] = usd_figure(t->usd, w->style);
	}
	lh_cells_print(&c, w->out);
	lh_cells_fini(&c);
	return 0;
}

/* ---- the smallest change ---- */

static struct lh_figure change_figure(const struct lh_plan_smallest *s)
{
	struct lh_figure f = { "", "" };
	snprintf(f.value, sizeof f.value, "%s%.0f %%", s->found ? "" : "> ", 100 * s->change);
	if (s->found)
		snprintf(f.tail, sizeof f.tail, "[%.0f, %.0f]", 100 * s->ci.lo, 100 * s->ci.hi);
	return f;
}

static struct lh_figure points_figure(double rate, struct lh_interval change)
{
	struct lh_figure f = { "", "" };
	snprintf(f.value, sizeof f.value, "%.1f", 100 * rate * change.lo);
	snprintf(f.tail, sizeof f.tail, "to %.1f", 100 * rate * change.hi);
	return f;
}

static int put_smallest(struct writing *w, struct lh_error *err)
{
	const struct lh_planned_group *g = w->g;
	struct lh_cells c;
	if (!g->smallests)
		return 0;
	lh_buf_puts(&w->line, "The smallest change of ");
	put_shown(w, g->world[0].label);
	lh_buf_printf(&w->line, " that %s samples show with power %g %%:", lh_figure_count(g->samples).value, 100 * w->p->power);
	paragraph(w, "");
	int rc = lh_cells_init(&c, g->smallests, w->style, err);
	if (rc)
		return rc;
	c.head = "test";
	for (int i = 0; i < g->smallests; i++)
		lh_cells_name(&c, i, lh_str_of(test_name[g->smallest[i].test]), "");
	struct lh_figure *change = lh_cells_add(&c, LH_CELLS_MUST, "change", "of turn errors");
	struct lh_figure *points = lh_cells_add(&c, LH_CELLS_MUST, "that is", "points");
	struct lh_figure *rate = lh_cells_add(&c, LH_CELLS_MUST, "turn error rate", "then");
	struct lh_figure *horizon = lh_cells_add(&c, LH_CELLS_MUST, "horizon(0.5)", "then");
	struct lh_figure *power = lh_cells_add(&c, LH_CELLS_MAIN, "power", "there");
	for (int i = 0; i < g->smallests; i++) {
		const struct lh_planned_smallest *s = &g->smallest[i];
		bool found = s->found.found;
		change[i] = change_figure(&s->found);
		points[i] = found ? points_figure(g->world[0].turn_error_rate, s->found.ci) : lh_figure_none(w->style);
		rate[i] = found ? lh_figure_share(s->world.turn_error_rate, s->world.turn_error_rate_ci, w->style) : lh_figure_none(w->style);
		horizon[i] = found ? horizon_figure(&s->world, w->style) : lh_figure_none(w->style);
		power[i] = power_figure(&s->found.there, w->style);
	}
	lh_cells_print(&c, w->out);
	lh_cells_fini(&c);
	return 0;
}

/* ---- sentences ---- */

static void heading(struct writing *w)
{
	const struct lh_planned_group *g = w->g;
	put_shown(w, g->task);
	lh_buf_puts(&w->line, " on ");
	put_shown(w, g->model);
	lh_prose_tone(w->out, LH_TONE_BOLD, w->style);
	lh_prose_wrap(w->out, lh_buf_str(&w->line), 0, 2, w->style);
	lh_prose_tone(w->out, LH_TONE_PLAIN, w->style);
	lh_buf_clear(&w->line);
	lh_buf_printf(&w->line, "%d turn%s of %d step%s, own history, seed %llu; from ", g->turns, g->turns == 1 ? "" : "s", g->steps_per_turn,
		g->steps_per_turn == 1 ? "" : "s", (unsigned long long)w->p->seed);
	if (w->p->from_run) {
		lh_buf_printf(&w->line, "run %lld of ", (long long)w->p->run);
		put_shown(w, w->p->path);
		lh_buf_puts(&w->line, ", ");
		put_count(w, g->world[0].samples);
		lh_buf_puts(&w->line, " samples");
	} else {
		put_count(w, g->world[0].samples);
		lh_buf_puts(&w->line, " simulated samples a policy");
	}
	paragraph(w, "");
	lh_buf_puts(&w->line, "Planned: ");
	put_count(w, g->samples);
	lh_buf_puts(&w->line, " samples, each policy against ");
	put_shown(w, g->world[0].label);
	lh_buf_printf(&w->line, "%s; power wanted: %g %%", g->world[0].oracle ? " (oracle)" : "", 100 * w->p->power);
	paragraph(w, "");
	lh_buf_putc(w->out, '\n');
}

/* To two decimals, and no "-0.00". */
static double rounded(double v) { return round(100 * v) / 100 + 0.0; }

/* "2.1 points [1.3, 2.9] fewer turn errors", "1.2 turns [0.3, 2.1] longer"; from the second's point of view. */
static void put_effect(struct writing *w, enum lh_plan_test test, const struct lh_plan_effect *e)
{
	double unit = test == LH_PLAN_ERRORS ? 100 : -1, d = unit * e->difference, a = unit * e->ci.lo, b = unit * e->ci.hi;
	if (isnan(d)) {
		lh_buf_puts(&w->line, "nothing was observed of it");
		return;
	}
	double sign = d < 0 ? -1 : 1;
	lh_buf_printf(&w->line, "%.2f %s [%.2f, %.2f] ", rounded(sign * d), test == LH_PLAN_ERRORS ? "points" : "error-free turns",
		rounded(fmin(sign * a, sign * b)), rounded(fmax(sign * a, sign * b)));
	if (test == LH_PLAN_ERRORS)
		lh_buf_puts(&w->line, d < 0 ? "more of its turns are errors" : "fewer of its turns are errors");
	else
		lh_buf_puts(&w->line, d < 0 ? "fewer" : "more");
}

static void say_effects(struct writing *w)
{
	for (int i = 0; i < w->g->test_count; i++) {
		const struct lh_planned_test *t = &w->g->test[i];
		if (!t->from_effect)
			continue;
		put_shown(w, w->g->world[t->world].label);
		lh_buf_printf(&w->line, ", %s: in the run ", test_name[t->test]);
		put_effect(w, t->test, &t->effect);
		lh_buf_printf(&w->line, ". Planned for %.2f, the limit nearer to no effect: a first estimate is too large on average.",
			fabs(t->effect.nearer) * (t->test == LH_PLAN_ERRORS ? 100 : 1));
		paragraph(w, "");
	}
}

static void say_unshown(struct writing *w)
{
	for (int i = 0; i < w->g->unshowns; i++) {
		const struct lh_planned_unshown *u = &w->g->unshown[i];
		put_shown(w, u->label);
		lh_buf_printf(&w->line, ", %s: the run does not show a change to plan from (", test_name[u->test]);
		put_effect(w, u->test, &u->effect);
		if (w->g->rated)
			lh_buf_printf(&w->line, "). In its place stands a change of %g %% of the baseline; --change X sets another.", 100 * w->p->change);
		else
			lh_buf_puts(&w->line, "), and of samples that were stopped at their first errors no other change can be planned for.");
		paragraph(w, "! ");
	}
}

static void say_worlds(struct writing *w)
{
	const struct lh_planned_group *g = w->g;
	if (g->world[0].samples < FEW_SAMPLES) {
		lh_buf_printf(&w->line, "%d samples are few: the plan is no better than what it is drawn from.", g->world[0].samples);
		paragraph(w, "! ");
	}
	for (int i = 0; i < g->worlds; i++) {
		if (!g->world[i].censored || !isnan(g->world[i].change))
			continue;
		put_shown(w, g->world[i].label);
		lh_buf_printf(&w->line, ": %d of %d samples were cut short, and count as far as they were observed; the plan expects as many to be.",
			g->world[i].censored, g->world[i].samples);
		paragraph(w, "! ");
	}
	if (!g->rated) {
		lh_buf_puts(&w->line, "Samples were stopped at their first errors: there is no turn error rate to plan for, only the test of lengths.");
		paragraph(w, "! ");
	}
}

static void say_level(struct writing *w)
{
	const struct lh_planned_group *g = w->g;
	lh_buf_printf(&w->line, "Each test at level 0.05 / %d = %.3g: what Holm asks of the smallest of its family's %d p-value%s (%d %s against the baseline, %s).",
		g->tests, g->level, g->tests, g->tests == 1 ? "" : "s", g->comparisons, g->comparisons == 1 ? "policy" : "policies", g->rated ? "two tests each" : "one test each");
	paragraph(w, "");
}

static void put_group(struct writing *w, struct lh_error *err)
{
	heading(w);
	int rc = put_worlds(w, err);
	lh_buf_putc(w->out, '\n');
	if (!rc)
		rc = put_tests(w, err);
	lh_buf_puts(w->out, w->g->test_count ? "\n" : "");
	if (!rc)
		rc = put_smallest(w, err);
	lh_buf_puts(w->out, w->g->smallests ? "\n" : "");
	say_effects(w);
	say_unshown(w);
	say_worlds(w);
	say_level(w);
	lh_buf_putc(w->out, '\n');
	if (rc)
		w->out->failed = rc;
}

static void define(const struct writing *w, const char *term, const char *text)
{
	lh_prose_define(w->out, term, text, TERM, w->style);
}

static void put_terms(struct writing *w)
{
	char power[640];
	bool rated = false;
	for (int i = 0; i < w->p->groups; i++)
		rated = rated || w->p->group[i].rated;
	define(w, "length", "turns to the first error: signs flipped on paired log-rank scores.");
	if (rated)
		define(w, "errors", "turn errors, after the first one too: signs flipped on the samples' turn error rates.");
	snprintf(power, sizeof power, "the share of %s experiments, made up of the samples above, in which the test finds the difference; ± its standard"
		" error, that of the samples they are made up of included. A test flips 8,192 times, a comparison of runs 9,999 times; it is valid"
		" however often.", lh_figure_count(w->p->replications).value);
	define(w, "power", power);
	define(w, "samples needed", w->p->from_run ? "pairs are made as the run had them, and as often of two samples of the baseline as the difference planned for asks."
		: "pairs are made of independent samples. A real model's two policies meet the same samples, which can only help.");
	if (rated)
		define(w, "a change of X", "each turn error is left out with probability X, and nothing comes of it: a turn error rate lower by the share X. Its pairs"
			" are of different samples.");
	define(w, "[lo, hi]", "95 % interval; of samples needed and changes, from the errors of the power.");
	define(w, "tokens", w->p->from_run ? "in and out, as the run had them." : "in and out, four bytes to a token; what a real model thinks comes on top.");
}

static void say_unfinished(struct writing *w)
{
	if (!w->p->from_run || lh_str_is(lh_str_of(w->p->status), "done"))
		return;
	lh_buf_printf(&w->line, "Run %lld is NOT DONE (", (long long)w->p->run);
	put_shown(w, *w->p->cause ? w->p->cause : w->p->status);
	lh_buf_puts(&w->line, "): the plan is drawn from the samples and turns that were run.");
	paragraph(w, "! ");
	lh_buf_putc(w->out, '\n');
}

void lh_planned_text(const struct lh_planned *p, const struct lh_report_style *style, struct lh_buf *out)
{
	struct writing w = { .p = p, .style = style, .out = out };
	struct lh_error err = { 0 };
	lh_buf_init(&w.line, 1 << 20);
	say_unfinished(&w);
	for (int i = 0; i < p->groups; i++) {
		w.g = &p->group[i];
		put_group(&w, &err);
	}
	put_terms(&w);
	for (int i = 0; i < p->notes; i++) {
		lh_buf_puts(out, i ? "" : "\n");
		lh_prose_shown_whole(&w.line, lh_str_of(p->note[i]), style);
		paragraph(&w, "");
	}
	lh_buf_fini(&w.line);
}
