#include "report/effects_text.h"

#include "base/utf8.h"
#include "report/number.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

enum { NAME_BYTES = 240 };

const char *lh_effects_kind_name(enum lh_effects_kind kind)
{
	static const char *const names[] = { "state", "length", "pattern", "long_context", "self_conditioning" };
	return names[kind];
}

void lh_effects_loss_name(const struct lh_report_effects *e, const struct lh_effects_loss *l, struct lh_buf *out)
{
	static const char *const names[] = { "state", "length", "pattern", "long-context", "self-conditioning" };
	lh_buf_puts(out, names[l->kind]);
	if (l->kind != LH_EFFECTS_SELF_CONDITIONING)
		return;
	const struct lh_history *h = &e->history[l->second].made;
	lh_buf_printf(out, h->last ? "(%g, last)" : "(%g)", h->rate);
}

void lh_effects_policy_name(const struct lh_report_condition *c, struct lh_buf *out)
{
	struct lh_str name = c->policy_label.n ? c->policy_label : c->policy;
	size_t end = 0, n = 0;
	while (end < name.n && end + n <= NAME_BYTES) {
		lh_utf8_decode((struct lh_str){ name.p + end, name.n - end }, &n);
		end += n;
	}
	lh_buf_put(out, name.p, end);
	lh_buf_puts(out, end < name.n ? "…" : "");
}

/* ---- figures ---- */

/* Percentage points to one decimal; never "-0.0". */
static double points(double share)
{
	double p = round(1000 * share) / 10;
	return p == 0 ? 0 : p;
}

struct lh_figure lh_effects_points(double value, struct lh_interval ci, const struct lh_report_style *style)
{
	if (isnan(value) || isnan(ci.lo) || isnan(ci.hi))
		return lh_figure_none(style);
	struct lh_figure f;
	snprintf(f.value, sizeof f.value, "%.1f", points(value));
	snprintf(f.tail, sizeof f.tail, "[%.1f, %.1f]", points(ci.lo), points(ci.hi));
	return f;
}

bool lh_effects_shows_nothing(struct lh_interval ci)
{
	return ci.lo <= 0 && ci.hi >= 0;
}

static void put_points(struct lh_buf *out, double value, struct lh_interval ci, const char *unit)
{
	lh_buf_printf(out, "%.1f%s [%.1f, %.1f]", points(value), unit, points(ci.lo), points(ci.hi));
}

/* ---- the sentence ---- */

bool lh_effects_has_sentence(const struct lh_report_effects *e)
{
	const struct lh_part *loss = &e->attribution.strict.loss;
	return !e->attribution.why && !isnan(loss->value) && loss->ci.lo > 0;
}

/* "length accounts for 1.5 [0.2, 3.1]", or that none is shown. */
static void put_part(struct lh_buf *out, const struct lh_part *p, const char *before, const char *after, const char *name)
{
	if (isnan(p->value)) {
		lh_buf_printf(out, "%s: not estimable", name);
	} else if (lh_effects_shows_nothing(p->ci)) {
		lh_buf_printf(out, "no %s shown (between %.1f and %.1f)", name, points(p->ci.lo), points(p->ci.hi));
	} else {
		lh_buf_puts(out, before);
		put_points(out, p->value, p->ci, "");
		lh_buf_puts(out, after);
	}
}

static void put_attribution(struct lh_buf *out, const struct lh_effects_attribution *a)
{
	const struct lh_attribution *s = &a->strict;
	lh_buf_puts(out, "Turn accuracy fell by ");
	put_points(out, s->loss.value, s->loss.ci, " points");
	lh_buf_printf(out, " from turn 1 to turn %d. ", a->turn);
	size_t start = out->n;
	put_part(out, &s->length, "Length accounts for ", "", "length loss");
	if (out->n > start && out->p[start] == 'n')
		out->p[start] = 'N';
	lh_buf_puts(out, "; ");
	put_part(out, &s->errors, "errors like its own, at the rate it made them, for ", "", "loss to errors in view");
	lh_buf_puts(out, "; ");
	put_part(out, &s->rest, "", " is unexplained", "unexplained loss");
	lh_buf_puts(out, ".");
}

static void put_policy(struct lh_buf *out, const struct lh_report *report, const struct lh_effects_policy *p, int turn)
{
	const struct lh_report_condition *c = &report->condition[p->condition];
	if (isnan(p->strict.value))
		return;
	lh_buf_puts(out, " `");
	lh_effects_policy_name(c, out);
	lh_buf_puts(out, c->oracle ? "` (an oracle: a bound)" : "`");
	if (lh_effects_shows_nothing(p->strict.ci)) {
		lh_buf_printf(out, ": no difference in turn accuracy at turn %d shown (between %.1f and %.1f)", turn,
			points(p->strict.ci.lo), points(p->strict.ci.hi));
	} else {
		bool up = p->strict.value > 0;
		const struct lh_interval ci = p->strict.ci, turned = { -ci.hi, -ci.lo };
		lh_buf_printf(out, " %s turn accuracy at turn %d by ", up ? "raises" : "lowers", turn);
		put_points(out, fabs(p->strict.value), up ? ci : turned, "");
	}
	if (isfinite(p->tokens))
		lh_buf_printf(out, " at %.2g× the input tokens", p->tokens);
	lh_buf_puts(out, ".");
}

static void put_no_loss(struct lh_buf *out, const struct lh_effects_attribution *a)
{
	const struct lh_part *loss = &a->strict.loss;
	if (isnan(loss->value)) {
		lh_buf_printf(out, "What was lost from turn 1 to turn %d is not estimable: no sample was observed at turn 1, and at turn %d behind its own"
			" history and behind a clean one.", a->turn, a->turn);
	} else if (lh_effects_shows_nothing(loss->ci)) {
		lh_buf_printf(out, "No loss of turn accuracy is shown from turn 1 to turn %d (between %.1f and %.1f points).", a->turn,
			points(loss->ci.lo), points(loss->ci.hi));
	} else {
		lh_buf_puts(out, "Turn accuracy rose by ");
		put_points(out, -loss->value, (struct lh_interval){ -loss->ci.hi, -loss->ci.lo }, " points");
		lh_buf_printf(out, " from turn 1 to turn %d: there is no loss to account for.", a->turn);
	}
}

void lh_effects_put_sentence(const struct lh_report *report, const struct lh_report_effects *e, struct lh_buf *out)
{
	const struct lh_effects_attribution *a = &e->attribution;
	if (a->why) {
		lh_buf_printf(out, "What the natural loss from turn 1 to turn %d is due to was not looked at: %s.", a->turn, a->why);
		return;
	}
	if (!lh_effects_has_sentence(e)) {
		put_no_loss(out, a);
		return;
	}
	put_attribution(out, a);
	for (int i = 0; i < e->policies; i++)
		put_policy(out, report, &e->policy[i], a->turn);
}

/* ---- around it ---- */

static bool same_part(const struct lh_part *a, const struct lh_part *b)
{
	return a->value == b->value && a->ci.lo == b->ci.lo && a->ci.hi == b->ci.hi;
}

static void put_paper(struct lh_buf *out, const struct lh_effects_attribution *a)
{
	const struct lh_attribution *p = &a->paper, *s = &a->strict;
	const struct { const char *name; const struct lh_part *part, *strict; } parts[] = {
		{ "loss", &p->loss, &s->loss }, { "length", &p->length, &s->length }, { "errors in view", &p->errors, &s->errors }, { "unexplained", &p->rest, &s->rest } };
	bool same = true;
	for (int i = 0; i < 4; i++)
		same &= same_part(parts[i].part, parts[i].strict);
	if (same)
		return;
	lh_buf_puts(out, " In the paper's reading:");
	for (int i = 0; i < 4; i++) {
		lh_buf_printf(out, "%s %s ", i ? "," : "", parts[i].name);
		put_points(out, parts[i].part->value, parts[i].part->ci, "");
	}
	lh_buf_puts(out, ".");
}

void lh_effects_put_ground(const struct lh_report_effects *e, struct lh_buf *out)
{
	const struct lh_effects_attribution *a = &e->attribution;
	if (!lh_effects_has_sentence(e))
		return;
	lh_buf_printf(out, "Its own update exposure at turn %d was %.2f on average.", a->turn, a->strict.exposure);
	if (a->strict.clamped > 0)
		lh_buf_printf(out, " In %.1f %% of samples it lay beyond the highest exposure probed (%.2f), whose accuracy stands for them: a higher propagated"
			" rate would tell.",
			100 * a->strict.clamped, a->reach);
	put_paper(out, a);
}

/* ---- the slope ---- */

/* Ends of a profile may be infinite. */
static void put_end(struct lh_buf *out, double v)
{
	if (isinf(v))
		lh_buf_puts(out, "no limit");
	else
		lh_buf_printf(out, "%.2f", v == 0 ? 0 : v);
}

static void put_slope_value(struct lh_buf *out, const struct lh_slope *s)
{
	lh_buf_printf(out, "%.2f [", s->value);
	put_end(out, s->ci.lo);
	lh_buf_puts(out, ", ");
	put_end(out, s->ci.hi);
	lh_buf_printf(out, "], p = %.2g", s->test.p);
}

static void put_slope_few(struct lh_buf *out, const struct lh_firth *f)
{
	bool errors = 2 * f->events <= f->trials;
	int64_t seen = errors ? f->events : f->trials - f->events;
	lh_buf_printf(out, "not estimable, with %" PRId64 " %s in %" PRId64 " replies: 10 are needed", seen,
		errors ? seen == 1 ? "error" : "errors" : seen == 1 ? "right answer" : "right answers", f->trials);
	if (f->samples_needed > 0)
		lh_buf_printf(out, ", for which %s %" PRId64 " samples would do", f->at_least ? "at least" : "about", f->samples_needed);
	lh_buf_puts(out, ".");
}

static void put_not_estimated(struct lh_buf *out, const struct lh_firth *f)
{
	if (f->status == LH_FIRTH_FEW)
		put_slope_few(out, f);
	else if (f->status == LH_FIRTH_RANK)
		lh_buf_puts(out, "not estimable: all histories had the same exposure.");
	else
		lh_buf_puts(out, "not estimable: the regression found no end.");
}

static void put_estimated(struct lh_buf *out, const struct lh_slope *s)
{
	put_slope_value(out, s);
	if (lh_effects_shows_nothing(s->ci))
		lh_buf_puts(out, ": no self-conditioning shown.");
	else
		lh_buf_printf(out, ": 0.1 more update exposure makes the odds of an error %.2f times what they are.", exp(s->value / 10));
}

static void put_turns(struct lh_buf *out, const struct lh_effects_slope *s)
{
	if (s->asked == s->turns)
		return;
	lh_buf_printf(out, " It takes %d of %d probed turns, spread evenly:", s->turns, s->asked);
	for (int k = 0; k < s->turns; k++)
		lh_buf_printf(out, "%s %d", k ? "," : "", s->turn[k]);
	lh_buf_puts(out, ".");
}

void lh_effects_put_slope(const struct lh_report_effects *e, struct lh_buf *out)
{
	const struct lh_effects_slope *s = &e->slope;
	lh_buf_puts(out, "Self-conditioning slope: ");
	if (s->why) {
		lh_buf_printf(out, "not looked for: %s.", s->why);
		return;
	}
	if (s->strict.fit.status == LH_FIRTH_ESTIMATED)
		put_estimated(out, &s->strict);
	else
		put_not_estimated(out, &s->strict.fit);
	if (s->paper.fit.status == LH_FIRTH_ESTIMATED && (s->paper.value != s->strict.value || s->paper.test.p != s->strict.test.p)) {
		lh_buf_puts(out, " In the paper's reading ");
		put_slope_value(out, &s->paper);
		lh_buf_puts(out, ".");
	}
	put_turns(out, s);
}

/* ---- filler ---- */

void lh_effects_put_filler(const struct lh_report_effects *e, struct lh_buf *out)
{
	double sum = 0, least = INFINITY, most = -INFINITY;
	int n = 0;
	for (int i = 0; i < e->histories * e->turns; i++) {
		const struct lh_effects_cell *c = &e->cell[i];
		if (isnan(c->ratio))
			continue;
		sum += c->ratio;
		least = fmin(least, c->ratio_least);
		most = fmax(most, c->ratio_most);
		n++;
	}
	if (n)
		lh_buf_printf(out, "Filler histories are %.3f times as long, by our estimate, as what they stand for (%.3f to %.3f).", sum / n, least, most);
}
