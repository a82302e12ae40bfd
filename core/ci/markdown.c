/* A report as Markdown. */
#include "ci/ci.h"

#include "ci/github.h"
#include "ci/neutral.h"
#include "ci/parts.h"
#include "report/effects_table.h"
#include "report/gate_report.h"
#include "report/group.h"
#include "report/single_turn_report.h"

#include <inttypes.h>

/* A summary of more than 1 MiB is lost as a whole; this leaves room for the last sentence. */
enum { MOST = (1 << 20) - 4096, TEXT = 1 << 26 };

/* Appends a section, or says that it is left out. */
static void add(struct lh_buf *out, const char *what, struct lh_buf *section)
{
	if (section->failed)
		out->failed = section->failed;
	else if (out->n + section->n <= MOST)
		lh_buf_put_str(out, lh_buf_str(section));
	else if (out->n + 256 <= MOST)
		lh_buf_printf(out, "\n%s: left out here, the page would be too long.\n", what);
	lh_buf_clear(section);
}

/* ---- verdict ---- */

static void put_verdict(const struct lh_ci *ci, struct lh_buf *out)
{
	static const char *const words[LH_CI_ENDS] = { "passed", "failed", "not decided", "not decided, for want of infrastructure" };
	static const enum lh_ci_end order[] = { LH_CI_FAILED, LH_CI_INFRASTRUCTURE, LH_CI_UNDECIDED, LH_CI_PASSED };
	const struct lh_report *report = ci->report;
	bool some = false;
	lh_buf_printf(out, "## longhaul: %s\n\n", lh_ci_verdict(ci));
	if (!lh_ci_done(report)) {
		lh_buf_puts(out, "**This run is not done** (");
		lh_ci_markdown_text(out, report->run.cause.n ? report->run.cause : report->run.status);
		lh_buf_puts(out, "): what follows speaks only of the turns that were run.\n\n");
	}
	for (int v = 0; v < LH_CI_ENDS; v++) {
		int n = 0;
		for (int i = 0; i < report->gate_count; i++)
			n += lh_ci_gate_end(ci, &report->gate[i]) == order[v];
		if (n)
			lh_buf_printf(out, "%s%d %s", some ? ", " : "Rules: ", n, words[order[v]]);
		some |= n > 0;
	}
	lh_buf_puts(out, some ? ".\n\n" : "");
}

static void put_rules(const struct lh_ci *ci, struct lh_buf *section, struct lh_buf *out)
{
	struct lh_buf sentence;
	lh_buf_init(&sentence, 1 << 20);
	lh_buf_puts(section, ci->report->gate_count ? "| verdict | rule |\n|---|---|\n" : "");
	for (int i = 0; i < ci->report->gate_count; i++) {
		const struct lh_report_gate *g = &ci->report->gate[i];
		lh_buf_clear(&sentence);
		lh_gate_sentence(ci->report, g, &lh_ci_style, &sentence);
		lh_buf_printf(section, "| %s | ", lh_gate_word(g->result.verdict));
		lh_ci_markdown_text(section, lh_buf_str(&sentence));
		lh_buf_puts(section, " |\n");
		if (sentence.failed)
			section->failed = sentence.failed;
	}
	lh_buf_fini(&sentence);
	add(out, "The rules", section);
}

/* ---- tables ---- */

static void put_head(const struct lh_ci_figure *f, int n, struct lh_buf *out)
{
	lh_buf_puts(out, "| policy |");
	for (int i = 0; i < n; i++)
		lh_buf_printf(out, " %s%s%s |", f[i].name, *f[i].unit ? ", " : "", f[i].unit);
	lh_buf_puts(out, " samples | censored |\n|---|");
	for (int i = 0; i < n + 2; i++)
		lh_buf_puts(out, "--:|");
	lh_buf_putc(out, '\n');
}

/* So many of the figures are shown: cost, the last of them, where some member has it. */
static int shown(const struct lh_group *g, int figures)
{
	for (int row = 0; row < g->count; row++)
		if (g->member[row]->cost.priced)
			return figures;
	return figures - 1;
}

static void put_row(const struct lh_group *g, const struct lh_report_condition *c, struct lh_buf *out)
{
	struct lh_ci_figure f[LH_CI_FIGURES];
	int n = shown(g, lh_ci_figures(c, f));
	lh_buf_puts(out, "| ");
	lh_ci_markdown_code(out, lh_ci_label(c->policy_label, c->policy));
	lh_buf_puts(out, c->oracle ? " (oracle) |" : " |");
	for (int i = 0; i < n; i++)
		lh_buf_printf(out, " %s%s%s |", f[i].figure.value, *f[i].figure.tail ? " " : "", f[i].figure.tail);
	lh_buf_printf(out, " %d | %d |\n", c->result->samples, c->result->censored);
}

/* title: neutral already. */
static void put_folded(struct lh_buf *out, struct lh_str title, struct lh_str text)
{
	if (!text.n)
		return;
	lh_buf_printf(out, "\n<details><summary>%.*s</summary>\n\n", LH_ARG(title));
	lh_ci_markdown_fence(out, text);
	lh_buf_puts(out, "\n</details>\n");
}

static void put_table(const struct lh_group *g, struct lh_buf *out)
{
	struct lh_ci_figure f[LH_CI_FIGURES];
	lh_buf_puts(out, "\n### ");
	lh_ci_markdown_code(out, lh_ci_label(g->lead->task_label, g->lead->task));
	lh_buf_puts(out, " on ");
	lh_ci_markdown_code(out, lh_ci_label(g->lead->model_label, g->lead->model));
	lh_buf_puts(out, "\n\n");
	if (g->count)
		put_head(f, shown(g, lh_ci_figures(g->member[0], f)), out);
	for (int row = 0; row < g->count; row++)
		put_row(g, g->member[row], out);
}

static void put_group(const struct lh_group *g, struct lh_buf *section, struct lh_buf *out)
{
	struct lh_buf text;
	struct lh_effects_seen seen = { 0 };
	lh_buf_init(&text, TEXT);
	put_table(g, section);
	add(out, "A table", section);
	lh_report_curve_group(g, &lh_ci_style, &text);
	put_folded(section, LH_STR("Task accuracy by turn"), lh_buf_str(&text));
	add(out, "A curve", section);
	lh_buf_clear(&text);
	lh_effects_table(g, &seen, &lh_ci_style, &text);
	lh_effects_terms(&seen, &lh_ci_style, &text);
	put_folded(section, LH_STR("Made histories"), lh_buf_str(&text));
	add(out, "What made histories say", section);
	lh_buf_fini(&text);
}

/* ---- evidence ---- */

static void put_evidence(const struct lh_report *report, struct lh_buf *section, struct lh_buf *out)
{
	struct lh_buf text;
	lh_buf_init(&text, TEXT);
	for (int i = 0; i < report->count; i++) {
		if (!report->condition[i].cause_count)
			continue;
		lh_ci_condition_name(report, i, &text);
		lh_buf_puts(&text, ":\n");
		lh_ci_causes(&report->condition[i], &text);
	}
	put_folded(section, LH_STR("What ended episodes"), lh_buf_str(&text));
	add(out, "What ended episodes", section);
	lh_buf_fini(&text);
}

/* A fold a condition: many conditions' would not fit, and what does not is said once a fold. */
static void put_first_errors(const struct lh_report *report, struct lh_buf *section, struct lh_buf *out)
{
	struct lh_buf text, name, title;
	lh_buf_init(&text, TEXT);
	lh_buf_init(&name, TEXT);
	lh_buf_init(&title, TEXT);
	for (int i = 0; i < report->count; i++) {
		lh_buf_clear(&text), lh_buf_clear(&name), lh_buf_clear(&title);
		lh_ci_first_errors(report, i, &text);
		lh_ci_condition_name(report, i, &name);
		lh_buf_puts(&title, "First errors: ");
		lh_ci_markdown_text(&title, lh_buf_str(&name));
		put_folded(section, lh_buf_str(&title), lh_buf_str(&text));
		add(out, "First errors", section);
	}
	lh_buf_fini(&text);
	lh_buf_fini(&name);
	lh_buf_fini(&title);
}

/* What the table says under itself: that outcomes are new, that shards are missing, ... */
static void put_notes(const struct lh_report *report, struct lh_buf *section, struct lh_buf *out)
{
	for (int i = 0; i < report->note_count; i++) {
		lh_buf_puts(section, "\n");
		lh_ci_markdown_text(section, lh_str_of(report->notes[i]));
		lh_buf_puts(section, "\n");
		add(out, "A note", section);
	}
	if (report->failure_unmade) {
		lh_buf_printf(section, "\nOf %d condition%s with a made history no first errors are shown: the task family is not found here, or has changed.\n",
			report->failure_unmade, report->failure_unmade == 1 ? "" : "s");
		add(out, "A note", section);
	}
}

static void put_meaning(const struct lh_report *report, struct lh_buf *out)
{
	lh_buf_printf(out, "\nhorizon(s): the most turns that a share s of samples got through without one error; turn error rate: the share of turns"
		" answered wrongly, by what the model was shown. In brackets: 95 %% intervals; ≥: not seen to end. Censored: samples cut off by what is not"
		" the model's doing. An oracle is told the truth, and is a bound. Seed %" PRIu64 ", configuration ", report->run.seed);
	lh_ci_markdown_code(out, (struct lh_str){ report->run.config_sha256.p, report->run.config_sha256.n < 12 ? report->run.config_sha256.n : 12 });
	lh_buf_puts(out, ", longhaul ");
	lh_ci_markdown_text(out, report->run.version);
	lh_buf_puts(out, ".\n");
}

static void put_search(const struct lh_report *report, struct lh_buf *section, struct lh_buf *out)
{
	struct lh_buf text;
	lh_buf_init(&text, TEXT);
	lh_single_turn_lines(report, &lh_ci_style, &text);
	lh_ci_markdown_fence(section, lh_buf_str(&text));
	add(out, "The search", section);
	lh_buf_fini(&text);
}

void lh_ci_markdown(const struct lh_ci *ci, struct lh_buf *out)
{
	struct lh_buf section;
	struct lh_group group;
	lh_buf_init(&section, TEXT);
	put_verdict(ci, out);
	put_rules(ci, &section, out);
	for (int at = 0; lh_group_next(ci->report, &at, &group, out); lh_group_fini(&group))
		put_group(&group, &section, out);
	if (ci->report->single_turn)
		put_search(ci->report, &section, out);
	put_notes(ci->report, &section, out);
	put_first_errors(ci->report, &section, out);
	put_evidence(ci->report, &section, out);
	if (ci->report->count)
		put_meaning(ci->report, &section);
	add(out, "The meaning of the terms", &section);
	lh_buf_fini(&section);
}
