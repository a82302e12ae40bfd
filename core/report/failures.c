#include "report/failures.h"

#include "report/number.h"
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

static const struct lh_recall_call *call_at(const struct lh_recall *r, int turn)
{
	const struct lh_recall_call *found = NULL;
	for (size_t i = 0; i < r->calls; i++)
		if (r->call[i].turn == turn && (!found || !found->accepted))
			found = &r->call[i];
	return found;
}

/* *taken: there was a call. */
static int take(struct lh_report_failure *to, int64_t run, const char *path, bool *taken, struct lh_error *err)
{
	const struct lh_recall_which which = { .run = run, .condition = to->condition, .sample = to->sample };
	struct lh_recall *r;
	*taken = false;
	int rc = lh_recall_open(path, &which, &r, err);
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

static bool has_conversations(const struct lh_report_condition *c) { return c->outcome && lh_report_has_horizon(c); }

int lh_report_failures(struct lh_report *report, const struct lh_results *results, const char *path, struct lh_error *err)
{
	struct lh_report_failure *list = calloc(LH_FAILURES_MOST, sizeof *list);
	if (!list)
		return lh_nomem(err);
	report->failure = list;
	for (int c = 0; c < report->count; c++) {
		const struct lh_report_condition *condition = &report->condition[c];
		int found = 0;
		for (int s = 0; has_conversations(condition) && s < condition->result->samples && found < LH_FAILURES_EACH && report->failure_count < LH_FAILURES_MOST; s++) {
			struct lh_report_failure *f = &list[report->failure_count];
			bool taken;
			*f = (struct lh_report_failure){ .condition = c, .row = s, .sample = (int64_t)lh_results_sample(results, s), .turn = first_error(condition, s) };
			if (!f->turn)
				continue;
			int rc = take(f, report->run.id, path, &taken, err);
			if (rc)
				return rc;
			found += taken;
			report->failure_count += taken;
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
