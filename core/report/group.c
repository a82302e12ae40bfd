#include "report/group.h"

#include "report/prose.h"

#include <inttypes.h>
#include <stdlib.h>

static struct lh_str or_else(struct lh_str label, struct lh_str name) { return label.n ? label : name; }

bool lh_group_together(const struct lh_report_condition *a, const struct lh_report_condition *b)
{
	return lh_str_equal(or_else(a->task_label, a->task), or_else(b->task_label, b->task)) &&
		lh_str_equal(a->task_params, b->task_params) &&
		lh_str_equal(or_else(a->model_label, a->model), or_else(b->model_label, b->model)) &&
		lh_str_equal(a->model_options, b->model_options) &&
		a->result->steps_per_turn == b->result->steps_per_turn;
}

static bool leads(const struct lh_report *report, int at)
{
	for (int i = 0; i < at; i++)
		if (lh_group_together(&report->condition[i], &report->condition[at]))
			return false;
	return true;
}

static void widen(int *least, int *most, int v)
{
	*least = v < *least ? v : *least;
	*most = v > *most ? v : *most;
}

bool lh_group_own(const struct lh_report_condition *c)
{
	return c->history.n == 0 || lh_str_is(c->history, "own");
}

static void add(struct lh_group *g, const struct lh_report_condition *c)
{
	const struct lh_result *r = c->result;
	widen(&g->samples_least, &g->samples_most, r->samples);
	widen(&g->turns_least, &g->turns_most, r->turns);
	if (lh_group_own(c))
		g->member[g->count++] = c;
}

bool lh_group_next(const struct lh_report *report, int *at, struct lh_group *group, struct lh_buf *out)
{
	*group = (struct lh_group){ .report = report };
	while (*at < report->count && !leads(report, *at))
		++*at;
	if (*at >= report->count)
		return false;
	const struct lh_result *first = report->condition[*at].result;
	group->lead = &report->condition[*at];
	group->samples_least = group->samples_most = first->samples;
	group->turns_least = group->turns_most = first->turns;
	group->member = calloc((size_t)report->count, sizeof *group->member);
	if (!group->member) {
		out->failed = LH_E_NOMEM;
		return false;
	}
	for (int oracle = 0; oracle < 2; oracle++) {
		group->oracles_from = group->count;
		for (int i = *at; i < report->count; i++)
			if (report->condition[i].oracle == (bool)oracle && lh_group_together(group->lead, &report->condition[i]))
				add(group, &report->condition[i]);
	}
	++*at;
	return true;
}

void lh_group_fini(struct lh_group *group)
{
	free(group->member);
	*group = (struct lh_group){ 0 };
}

static void put_range(struct lh_buf *out, int least, int most, const char *unit)
{
	lh_buf_printf(out, least == most ? "%d" : "%d to ", least);
	if (least != most)
		lh_buf_printf(out, "%d", most);
	lh_buf_printf(out, " %s%s", unit, most == 1 ? "" : "s");
}

void lh_group_heading(const struct lh_group *group, const struct lh_report_style *style, struct lh_buf *out)
{
	const struct lh_report_condition *c = group->lead;
	struct lh_buf line;
	lh_buf_init(&line, 8192);
	lh_prose_shown(&line, or_else(c->task_label, c->task), style);
	lh_buf_puts(&line, " on ");
	lh_prose_shown(&line, or_else(c->model_label, c->model), style);
	lh_prose_heading(out, lh_buf_str(&line), style);
	lh_buf_clear(&line);
	put_range(&line, group->samples_least, group->samples_most, "sample");
	lh_buf_puts(&line, ", ");
	put_range(&line, group->turns_least, group->turns_most, "turn");
	lh_buf_printf(&line, " of %d step%s", c->result->steps_per_turn, c->result->steps_per_turn == 1 ? "" : "s");
	if (group->count > 0)
		lh_buf_puts(&line, ", own history");
	lh_buf_printf(&line, ", seed %" PRIu64, group->report->run.seed);
	lh_prose_wrap(out, lh_buf_str(&line), 0, 2, style);
	lh_buf_fini(&line);
}

void lh_group_name(const struct lh_group *group, int row, struct lh_buf *name)
{
	const struct lh_report_condition *c = group->member[row];
	lh_buf_clear(name);
	lh_buf_put_str(name, or_else(c->policy_label, c->policy));
}

const char *lh_group_suffix(const struct lh_group *group, int row)
{
	return group->member[row]->oracle ? " (oracle)" : "";
}
