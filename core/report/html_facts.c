/* Where the figures come from. */
#include "report/html_page.h"

#include "report/html_text.h"

#include <inttypes.h>

static void fact(struct lh_buf *out, const char *term, struct lh_str text)
{
	if (!text.n)
		return;
	lh_buf_printf(out, "<dl><dt>%s</dt><dd>", term);
	lh_html_put(out, text);
	lh_buf_puts(out, "</dd></dl>\n");
}

static void number(struct lh_buf *out, const char *term, uint64_t v)
{
	lh_buf_printf(out, "<dl><dt>%s</dt><dd>%" PRIu64 "</dd></dl>\n", term, v);
}

static void condition(const struct lh_report_condition *c, struct lh_buf *out)
{
	const struct lh_str cell[] = { c->task_label.n ? c->task_label : c->task, c->task_params, c->model_label.n ? c->model_label : c->model, c->model_options,
		c->policy_label.n ? c->policy_label : c->policy, c->policy_options, c->history };
	lh_buf_puts(out, "<tr>");
	for (size_t i = 0; i < sizeof cell / sizeof *cell; i++) {
		lh_buf_puts(out, i ? "<td>" : "<th scope=\"row\">");
		lh_html_put(out, cell[i]);
		lh_buf_puts(out, i ? "</td>" : "</th>");
	}
	lh_buf_printf(out, "<td>%d</td><td>%d</td><td>%d</td></tr>\n", c->result->samples, c->result->turns, c->result->steps_per_turn);
}

void lh_html_provenance(const struct lh_report *report, bool timing, struct lh_buf *out)
{
	const struct lh_report_run *r = &report->run;
	fact(out, "longhaul", r->version);
	fact(out, "status", r->status);
	fact(out, "cause", r->cause);
	number(out, "seed", r->seed);
	fact(out, "configuration", r->config_sha256);
	if (timing) {
		if (r->id > 0)
			number(out, "run", (uint64_t)r->id);
		fact(out, "started", r->started);
		fact(out, "ended", r->ended);
		fact(out, "command", r->command);
	}
	if (report->count == 0)
		return;
	lh_buf_puts(out, "<details><summary>Conditions in full</summary><div class=\"wide\" tabindex=\"0\" role=\"region\" aria-label=\"Conditions in full\"><table><caption>Conditions in full</caption><thead><tr>");
	static const char *const heads[] = { "task", "parameters", "model", "options", "policy", "options", "history", "samples", "turns", "steps per turn" };
	for (size_t i = 0; i < sizeof heads / sizeof *heads; i++)
		lh_buf_printf(out, "<th scope=\"col\">%s</th>", heads[i]);
	lh_buf_puts(out, "</tr></thead>\n");
	for (int i = 0; i < report->count; i++)
		condition(&report->condition[i], out);
	lh_buf_puts(out, "</table></div></details>\n");
}
