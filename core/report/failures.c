#include "report/failures.h"

#include "report/group.h"
#include "transcript/outcome.h"

#include <stdlib.h>

/* The turn of a sample's first error, from 1; 0: none. */
static int first_error(const struct lh_report_condition *c, int sample)
{
	const uint8_t *row = c->outcome + (size_t)sample * (size_t)c->result->turns;
	for (int t = 0; t < c->result->turns; t++) {
		if (row[t] == LH_UNSEEN || row[t] == LH_OUTCOME_FAILED)
			return 0;
		if (!lh_outcome_turn_ok(row[t]))
			return t + 1;
	}
	return 0;
}

/* Behind a made history each turn asked is an episode of its own. The last has most in view: of those that err it is taken; turn 1 has
 * no history. */
static int last_error(const struct lh_report_condition *c, int sample)
{
	const uint8_t *row = c->outcome + (size_t)sample * (size_t)c->result->turns;
	int found = 0;
	for (int k = 0; k < c->probe_turn_count; k++) {
		int t = c->probe_turns[k];
		if (t > found && t > 1 && t <= c->result->turns && row[t - 1] != LH_UNSEEN && row[t - 1] != LH_OUTCOME_FAILED && !lh_outcome_turn_ok(row[t - 1]))
			found = t;
	}
	return found;
}

static const struct lh_recall_call *call_at(const struct lh_recall *r, int turn)
{
	const struct lh_recall_call *found = NULL;
	for (size_t i = 0; i < r->calls; i++)
		if (r->call[i].turn == turn && (!found || !found->accepted))
			found = &r->call[i];
	return found;
}

/* Where it is read from, and the files that families behind made histories may come from. */
struct source { const char *path; int64_t run; const struct lh_list *plugins; };

static int open_recall(const struct source *from, struct lh_recall_which *which, struct lh_recall **r, struct lh_error *err)
{
	struct lh_buf plugin;
	int rc = lh_recall_open(from->path, which, r, err);
	lh_buf_init(&plugin, 1 << 14);
	for (int i = 0; rc == LH_E_USAGE && i < from->plugins->count; i++) {
		*err = (struct lh_error){ 0 };
		lh_buf_clear(&plugin);
		lh_list_path(from->plugins, i, &plugin);
		rc = lh_buf_ok(&plugin, err);
		which->plugin = plugin.p;
		if (!rc)
			rc = lh_recall_open(from->path, which, r, err);
	}
	lh_buf_fini(&plugin);
	return rc;
}

/* *taken: there was a call. */
static int take(struct lh_report_failure *to, bool made, const struct source *from, bool *taken, struct lh_error *err)
{
	struct lh_recall_which which = { .run = from->run, .condition = to->condition, .sample = to->sample, .probe = made ? to->turn : 0 };
	struct lh_recall *r;
	*taken = false;
	int rc = open_recall(from, &which, &r, err);
	if (rc)
		return rc;
	to->recall = r;
	to->call = call_at(r, (int)to->turn);
	if (to->call)
		rc = lh_recall_parts(r, to->call, &to->part, &to->parts, err);
	*taken = to->call && !rc;
	if (!*taken)
		lh_recall_free(r);
	return rc;
}

/* Those of one condition are put behind the others. *unmade: its histories cannot be made again. */
static int take_condition(struct lh_report *report, struct lh_report_failure *list, int c, const struct lh_results *results, const struct source *from, bool *unmade, struct lh_error *err)
{
	const struct lh_report_condition *condition = &report->condition[c];
	bool made = !lh_group_own(condition);
	int left = made ? LH_FAILURES_MADE : LH_FAILURES_EACH;
	*unmade = false;
	for (int s = 0; s < condition->result->samples && left > 0 && report->failure_count < LH_FAILURES_MOST; s++) {
		struct lh_report_failure *f = &list[report->failure_count];
		bool taken;
		*f = (struct lh_report_failure){ .condition = c, .row = s, .sample = (int64_t)lh_results_sample(results, s), .turn = made ? last_error(condition, s) : first_error(condition, s) };
		if (!f->turn)
			continue;
		int rc = take(f, made, from, &taken, err);
		*unmade = made && (rc == LH_E_USAGE || rc == LH_E_DIFFERS);
		if (rc)
			return rc;
		left -= taken;
		report->failure_count += taken;
	}
	return 0;
}

int lh_report_failures(struct lh_report *report, const struct lh_results *results, const char *path, const struct lh_list *plugins, struct lh_error *err)
{
	const struct source from = { path, report->run.id, plugins };
	struct lh_report_failure *list = calloc(LH_FAILURES_MOST, sizeof *list);
	if (!list)
		return lh_nomem(err);
	report->failure = list;
	for (int made = 0; made < 2; made++)
		for (int c = 0; c < report->count; c++) {
			struct lh_error one = { 0 };
			bool unmade;
			if (!report->condition[c].outcome || lh_group_own(&report->condition[c]) == made)
				continue;
			int rc = take_condition(report, list, c, results, &from, &unmade, &one);
			report->failure_unmade += unmade;
			if (rc && !unmade) {
				*err = one;
				return rc;
			}
		}
	return 0;
}

void lh_report_failures_free(struct lh_report *report)
{
	for (int i = 0; i < report->failure_count; i++) {
		free(report->failure[i].part);
		lh_recall_free(report->failure[i].recall);
	}
	free((void *)report->failure);
	report->failure = NULL;
	report->failure_count = 0;
}
