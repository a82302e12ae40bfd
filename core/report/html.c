/* The page: its frame, and the order of its parts. */
#include "report/html_page.h"

#include "report/comparison_table.h"
#include "report/effects_table.h"
#include "report/html_text.h"
#include "report/prose.h"
#include "report/single_turn_report.h"
#include "report/table.h"

enum { PICTURES = 1000000 };                 /* bytes of all outcome pictures together: the page stays below 2 MB */

struct page {
	const struct lh_report *report;
	struct lh_report_style style;
	struct lh_seen seen;
	struct lh_effects_seen effects;
	int groups, rows_most;
	struct lh_buf *out;
};

/* No script and nothing from elsewhere, whatever a model may have said. */
static const char head[] = "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
	"<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; img-src data:\">\n"
	"<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<meta name=\"referrer\" content=\"no-referrer\">\n<title>";

static struct lh_str or_else(struct lh_str label, struct lh_str name) { return label.n ? label : name; }

static void put_title(const struct page *p)
{
	lh_buf_puts(p->out, "longhaul");
	if (p->report->count == 0)
		return;
	const struct lh_report_condition *c = p->report->condition;
	lh_buf_puts(p->out, ": ");
	lh_html_put(p->out, or_else(c->task_label, c->task));
	lh_buf_puts(p->out, " on ");
	lh_html_put(p->out, or_else(c->model_label, c->model));
	if (p->groups > 1)
		lh_buf_puts(p->out, " and more");
}

/* What the legend's boxes do. */
static void put_toggles(const struct page *p)
{
	for (int row = 0; row < p->rows_most && row < LH_HTML_SERIES; row++)
		lh_buf_printf(p->out, "section:has(.t%d:not(:checked)) .s%d{display:none}\n", row, row);
}

static void put_head(const struct page *p)
{
	lh_buf_puts(p->out, head);
	put_title(p);
	lh_buf_puts(p->out, "</title>\n<link rel=\"icon\" href=\"data:,\">\n<style>\n");
	lh_buf_puts(p->out, lh_html_css);
	put_toggles(p);
	lh_buf_puts(p->out, "</style></head>\n<body>\n<h1>");
	put_title(p);
	lh_buf_puts(p->out, "</h1>\n");
}

static void put_contents(const struct page *p)
{
	lh_buf_puts(p->out, "<nav aria-label=\"Contents\"><a href=\"#verdict\">Verdict</a>");
	for (int i = 0; i < p->groups; i++)
		lh_buf_printf(p->out, p->groups > 1 ? "<a href=\"#g%d\">Results %d</a>" : "<a href=\"#g%d\">Results</a>", i + 1, i + 1);
	if (p->report->failure_count)
		lh_buf_puts(p->out, "<a href=\"#failures\">First failures</a>");
	lh_buf_puts(p->out, "<a href=\"#provenance\">Provenance</a><a href=\"#definitions\">Definitions</a></nav>\n<main>\n");
}

static void begin(const struct page *p, const char *id, const char *title)
{
	lh_buf_printf(p->out, "<section id=\"%s\"><h2>%s</h2>\n", id, title);
}

static void end(const struct page *p) { lh_buf_puts(p->out, "</section>\n"); }

static void put_group(struct page *p, const struct lh_group *g, int number)
{
	lh_buf_printf(p->out, p->groups > 1 ? "<section id=\"g%d\"><h2>Results %d</h2>\n" : "<section id=\"g%d\"><h2>Results</h2>\n", number, number);
	lh_table_group(g, &p->seen, &p->style, p->out);
	lh_comparison_table(g, &p->seen, &p->style, p->out);
	lh_html_legend(g, p->out);
	lh_html_curves(g, &p->style, p->out);
	lh_html_front(g, p->out);
	lh_html_effects(g, &p->style, p->out);
	lh_effects_table(g, &p->effects, &p->style, p->out);
	lh_html_hazard(g, p->out);
	lh_html_strips(g, PICTURES / (size_t)p->groups, p->out);
	end(p);
}

static void put_groups(struct page *p)
{
	struct lh_group group;
	int number = 0;
	for (int at = 0; lh_group_next(p->report, &at, &group, p->out); lh_group_fini(&group))
		put_group(p, &group, ++number);
	if (p->report->single_turn) {
		begin(p, "search", "Most steps in one turn");
		lh_single_turn_lines(p->report, &p->style, p->out);
		end(p);
	}
	if (p->report->count == 0 && !p->report->single_turn)
		lh_buf_puts(p->out, "<p>No conditions: nothing was run.</p>\n");
}

static void count_groups(struct page *p)
{
	struct lh_group group;
	for (int at = 0; lh_group_next(p->report, &at, &group, p->out); lh_group_fini(&group)) {
		p->groups++;
		p->rows_most = group.count > p->rows_most ? group.count : p->rows_most;
	}
}

void lh_report_html(const struct lh_report *report, bool timing, struct lh_buf *out)
{
	struct page p = { .report = report, .style = { .unicode = true, .columns = 0 }, .out = out };
	count_groups(&p);
	put_head(&p);
	put_contents(&p);
	begin(&p, "verdict", "Verdict");
	lh_table_unfinished(report, &p.style, out);
	lh_html_verdict(report, &p.style, out);
	end(&p);
	put_groups(&p);
	lh_html_sizes(report, out);
	if (report->failure_count) {
		begin(&p, "failures", "First failures");
		lh_html_failures(report, p.groups > 1, out);
		end(&p);
	}
	begin(&p, "provenance", "Provenance");
	lh_html_provenance(report, timing, out);
	lh_caption_notes(report, &p.style, out);
	end(&p);
	begin(&p, "definitions", "Definitions");
	lh_caption_terms(report, &p.seen, &p.style, out);
	lh_effects_terms(&p.effects, &p.style, out);
	end(&p);
	lh_buf_puts(out, "</main></body></html>\n");
}
