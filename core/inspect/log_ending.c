/* Why a conversation ended before its time, in Inspect's terms: a limit where something was used up or an end was set, an error
 * where something broke. Neither is the model's error but the overflow of its context. */
#include "inspect/log_write.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void limit(struct lh_log_ending *out, const char *type, double most, struct lh_str reason)
{
	out->end = LH_LOG_LIMIT;
	out->type = type;
	out->limit = most;
	snprintf(out->reason, sizeof out->reason, "%.*s", LH_ARG(reason));
}

static void error(struct lh_log_ending *out, const char *lead, struct lh_str reason)
{
	out->end = LH_LOG_ERROR;
	snprintf(out->reason, sizeof out->reason, "%s%.*s", lead, LH_ARG(reason));
}

/* A run-wide budget names its option in the run's cause, and the number behind it. */
static const struct budget { const char *option, *type; } budgets[] = {
	{ "--max-calls", "custom" }, { "--max-tokens-total", "token" }, { "--max-cost", "cost" }, { "--max-time", "time" },
};

/* The run ended while this conversation went on. */
static void cut_off(const struct lh_results *results, struct lh_log_ending *out)
{
	const char *cause = results->status_cause;
	for (size_t i = 0; i < sizeof budgets / sizeof *budgets; i++) {
		const char *at = strstr(cause, budgets[i].option);
		if (at) {
			limit(out, budgets[i].type, strtod(at + strlen(budgets[i].option), NULL), lh_str_of(cause));
			return;
		}
	}
	if (!strcmp(results->status, "failed"))
		error(out, "the run failed: ", lh_str_of(cause));
	else
		limit(out, "operator", 0, *cause ? lh_str_of(cause) : LH_STR("the run has not come to its end"));
}

void lh_log_ending(const struct lh_recall *r, const struct lh_results *results, struct lh_log_ending *out)
{
	*out = (struct lh_log_ending){ .end = LH_LOG_WHOLE };
	const struct lh_recall_call *last = r->calls ? &r->call[r->calls - 1] : NULL;
	if (lh_str_is(r->status, "running"))
		cut_off(results, out);
	else if (lh_str_is(r->status, "policy_error"))
		error(out, "the policy failed: ", r->cause);
	else if (!lh_str_is(r->status, "done"))
		error(out, lh_str_is(r->status, "plugin_crash") ? "the task family failed: " : "", r->cause);
	else if (lh_str_is(r->cause, "overflow"))
		limit(out, "context", last ? (double)last->tokens_in : 0, last && last->error_text.n ? last->error_text : LH_STR("the request did not fit the model's context"));
	else if (r->cause.n)
		limit(out, "custom", last ? (double)last->turn : 0, r->cause);
}
