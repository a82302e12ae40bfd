/* Horizon against model size, where models carry one. */
#include "report/html_page.h"

#include "report/html_plot.h"
#include "report/html_text.h"
#include "report/number.h"
#include "json/reader.h"

#include <math.h>
#include <stdlib.h>

enum { POINTS_MOST = 256 };
#define ROOM 1.6                             /* on both sides of the sizes, as a factor: for marks that stand side by side */

struct point { const struct lh_report_condition *c; double size; };

/* One figure: conditions that differ in model and policy alone. */
struct sizes { struct point point[POINTS_MOST]; int n; const struct lh_report_condition *series[LH_HTML_SERIES]; int count; };

static double size_of(const struct lh_report_condition *c)
{
	struct lh_json *root = NULL;
	struct lh_error ignored = { 0 };
	double size = NAN;
	if (c->model_options.n && lh_json_parse(c->model_options, "options", 1, &root, &ignored) == 0 && lh_json_type(root) == LH_JSON_OBJECT)
		size = lh_json_number(lh_json_get(root, "size"));
	lh_json_free(root);
	return size >= 1e-9 && size <= 1e9 && lh_report_has_horizon(c) && c->result->s_count > 0 ? size : NAN;
}

static bool same_policy(const struct lh_report_condition *a, const struct lh_report_condition *b)
{
	return lh_str_equal(a->policy, b->policy) && lh_str_equal(a->policy_options, b->policy_options);
}

static bool same_question(const struct lh_report_condition *a, const struct lh_report_condition *b)
{
	return lh_str_equal(a->task, b->task) && lh_str_equal(a->task_params, b->task_params) && a->result->steps_per_turn == b->result->steps_per_turn &&
		a->result->turns == b->result->turns;
}

static int row_of(struct sizes *s, const struct lh_report_condition *c)
{
	for (int row = 0; row < s->count; row++)
		if (same_policy(s->series[row], c))
			return row;
	if (s->count == LH_HTML_SERIES)
		return -1;
	s->series[s->count] = c;
	return s->count++;
}

static int by_size(const void *a, const void *b)
{
	const struct point *p = a, *q = b;
	return (p->size > q->size) - (p->size < q->size);
}

/* All that belong with condition `lead`, which is the first of them; false: fewer than two sizes. */
static bool gather(const struct lh_report *report, int lead, struct sizes *s)
{
	*s = (struct sizes){ .n = 0 };
	for (int i = 0; i < report->count; i++) {
		const struct lh_report_condition *c = &report->condition[i];
		double size = same_question(c, &report->condition[lead]) ? size_of(c) : NAN;
		if (isnan(size))
			continue;
		if (i < lead)                    /* it led an earlier figure */
			return false;
		if (s->n < POINTS_MOST && row_of(s, c) >= 0)
			s->point[s->n++] = (struct point){ c, size };
	}
	qsort(s->point, (size_t)s->n, sizeof *s->point, by_size);
	return s->n > 1 && s->point[0].size < s->point[s->n - 1].size;
}

static void put_curves(struct lh_plot *p, struct sizes *s)
{
	for (int row = 0; row < s->count; row++) {
		const struct point *before = NULL;
		for (int i = 0; i < s->n; i++) {
			const struct lh_horizon *h = &s->point[i].c->result->horizon[0];
			if (row_of(s, s->point[i].c) != row)
				continue;
			lh_plot_bar(p, s->point[i].size, h->lo, h->hi, row);
			if (before)
				lh_plot_join(p, before->size, before->c->result->horizon[0].turns, s->point[i].size, h->turns, row);
			before = &s->point[i];
		}
	}
}

static void put_names(const struct sizes *s, struct lh_buf *out)
{
	lh_buf_puts(out, "<ul class=\"key\">");
	for (int row = 0; row < s->count; row++) {
		const struct lh_report_condition *c = s->series[row];
		lh_buf_printf(out, "<li>%d ", row + 1);
		lh_html_put_name(out, c->policy_label.n ? c->policy_label : c->policy);
		lh_buf_puts(out, c->oracle ? " (oracle)</li>" : "</li>");
	}
	lh_buf_puts(out, "</ul>\n");
}

static void put_figure(struct sizes *s, struct lh_buf *out)
{
	const struct lh_report_condition *c = s->point[0].c;
	struct lh_plot p = { .out = out, .log_x = true, .x0 = s->point[0].size / ROOM, .x1 = ROOM * s->point[s->n - 1].size, .y1 = 1 };
	for (int i = 0; i < s->n; i++)
		p.y1 = fmax(p.y1, 1.05 * fmax(s->point[i].c->result->horizon[0].turns, s->point[i].c->result->horizon[0].hi));
	lh_buf_puts(out, "<figure><figcaption><b>Horizon by model size</b>: ");
	lh_html_put_name(out, c->task_label.n ? c->task_label : c->task);
	lh_buf_printf(out, ", %d step%s a turn; horizon(%g) in turns (line: 95 %% interval) against billions of parameters (logarithmic), as given with size=. Hollow: oracles. ≥: the end"
		" was not seen.</figcaption>\n", c->result->steps_per_turn, c->result->steps_per_turn == 1 ? "" : "s", c->result->horizon[0].s);
	put_names(s, out);
	lh_plot_open(&p, LH_STR("Horizon in turns against model size, a mark a model and policy; the figures are in the tables above."), "parameters, billions");
	put_curves(&p, s);
	lh_plot_marks(&p);
	lh_plot_x_ticks(&p);
	lh_plot_y_ticks(&p, "");
	for (int i = 0; i < s->n; i++) {
		const struct lh_horizon *h = &s->point[i].c->result->horizon[0];
		lh_plot_dot(&p, s->point[i].size, h->turns, row_of(s, s->point[i].c), s->point[i].c->oracle ? "dot hollow" : "dot", h->censored ? "≥" : "");
	}
	lh_plot_close(&p);
	lh_buf_puts(out, "</figure>\n");
}

bool lh_html_has_sizes(const struct lh_report *report)
{
	struct sizes *s = malloc(sizeof *s);
	bool some = false;
	for (int lead = 0; s && lead < report->count && !some; lead++)
		some = !isnan(size_of(&report->condition[lead])) && gather(report, lead, s);
	free(s);
	return some;
}

void lh_html_sizes(const struct lh_report *report, struct lh_buf *out)
{
	struct sizes *s = malloc(sizeof *s);
	if (!s) {
		out->failed = LH_E_NOMEM;
		return;
	}
	for (int lead = 0; lead < report->count; lead++)
		if (!isnan(size_of(&report->condition[lead])) && gather(report, lead, s))
			put_figure(s, out);
	free(s);
}
