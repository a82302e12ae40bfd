/* The page: its frame, and the order of its parts. */
#include "report/html_page.h"

#include "report/comparison_table.h"
#include "report/effects_table.h"
#include "report/html_text.h"
#include "report/prose.h"
#include "report/single_turn_report.h"
#include "report/table.h"

enum { PICTURES = 800000 };                  /* bytes of all outcome pictures together: the page stays below 2 MB */

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

/* put: of a page's title text alone, of its heading with places to break. */
static void put_title(const struct page *p, void (*put)(struct lh_buf *out, struct lh_str text))
{
	const struct lh_report *r = p->report;
	struct lh_str task = LH_STR(""), model = LH_STR("");
	if (r->count) {
		task = or_else(r->condition->task_label, r->condition->task);
		model = or_else(r->condition->model_label, r->condition->model);
	} else if (r->single_turn && r->single_turn->count) {
		task = lh_str_of(r->single_turn->of->task_label);
		model = lh_str_of(r->single_turn->of->model_label);
	}
	lh_buf_puts(p->out, "longhaul");
	if (!task.n)
		return;
	lh_buf_puts(p->out, ": ");
	put(p->out, task);
	lh_buf_puts(p->out, " on ");
	put(p->out, model);
	if (p->groups > 1 || (r->single_turn && r->single_turn->count > 1))
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
	put_title(p, lh_html_put);
	lh_buf_puts(p->out, "</title>\n<link rel=\"icon\" href=\"data:,\">\n<style>\n");
	lh_buf_puts(p->out, lh_html_css);
	put_toggles(p);
	lh_buf_puts(p->out, "</style></head>\n<body>\n<h1>");
	put_title(p, lh_html_put_name);
	lh_buf_puts(p->out, "</h1>\n");
}

/* Behind the verdict and the groups, in this order. */
enum part { SEARCH, SIZES, OUTCOMES, FAILURES, PROVENANCE, DEFINITIONS, PARTS };
static const struct { const char *id, *title; } parts[PARTS] = {
	[SEARCH] = { "search", "Most steps in one turn" }, [SIZES] = { "sizes", "Model size" }, [OUTCOMES] = { "outcomes", "Outcomes, sample by sample" },
	[FAILURES] = { "failures", "First failures" }, [PROVENANCE] = { "provenance", "Provenance" }, [DEFINITIONS] = { "definitions", "Definitions" } };

static bool has_part(const struct page *p, enum part part)
{
	const struct lh_report *r = p->report;
	switch (part) {
	case SEARCH: return r->single_turn;
	case SIZES: return lh_html_has_sizes(r);
	case OUTCOMES: return lh_html_has_strips(r);
	case FAILURES: return r->failure_count || r->failure_unmade;
	case DEFINITIONS: return r->count;
	default: return true;
	}
}

static void put_contents(const struct page *p)
{
	lh_buf_puts(p->out, "<nav aria-label=\"Contents\"><a href=\"#verdict\">Verdict</a>");
	for (int i = 0; i < p->groups; i++)
		lh_buf_printf(p->out, p->groups > 1 ? "<a href=\"#g%d\">Results %d</a>" : "<a href=\"#g%d\">Results</a>", i + 1, i + 1);
	for (int i = 0; i < PARTS; i++)
		if (has_part(p, i))
			lh_buf_printf(p->out, "<a href=\"#%s\">%s</a>", parts[i].id, parts[i].title);
	lh_buf_puts(p->out, "</nav>\n<main>\n");
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
	end(p);
}

static void put_groups(struct page *p)
{
	struct lh_group group;
	int number = 0;
	for (int at = 0; lh_group_next(p->report, &at, &group, p->out); lh_group_fini(&group))
		put_group(p, &group, ++number);
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

static void put_part(const struct page *p, enum part part, bool timing)
{
	const struct lh_report *r = p->report;
	switch (part) {
	case SEARCH:
		lh_single_turn_lines(r, &p->style, p->out);
		break;
	case SIZES:
		lh_html_sizes(r, p->out);
		break;
	case OUTCOMES:
		lh_html_strips(r, p->groups > 1, PICTURES, p->out);
		break;
	case FAILURES:
		lh_html_failures(r, p->groups > 1, p->out);
		break;
	case PROVENANCE:
		lh_html_provenance(r, timing, p->out);
		lh_caption_notes(r, &p->style, p->out);
		break;
	default:
		lh_caption_terms(r, &p->seen, &p->style, p->out);
		lh_effects_terms(&p->effects, &p->style, p->out);
	}
}

void lh_html_group_name(const struct lh_group *group, int number, struct lh_buf *out)
{
	const struct lh_report_condition *c = group->lead;
	lh_buf_printf(out, "<h3>Results %d: ", number);
	lh_html_put_name(out, or_else(c->task_label, c->task));
	lh_buf_puts(out, " on ");
	lh_html_put_name(out, or_else(c->model_label, c->model));
	lh_buf_printf(out, ", %d step%s a turn</h3>\n", c->result->steps_per_turn, c->result->steps_per_turn == 1 ? "" : "s");
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
	for (int i = 0; i < PARTS; i++)
		if (has_part(&p, i)) {
			begin(&p, parts[i].id, parts[i].title);
			put_part(&p, i, timing);
			end(&p);
		}
	lh_buf_puts(out, "</main></body></html>\n");
}
