#include "report/gate_report.h"

#include "run/gating.h"

#include <stdlib.h>
#include <string.h>

static int copy_rule(struct lh_report_gate *to, const struct lh_rule *rule, struct lh_error *err)
{
	char *text = lh_str_dup(lh_str_of(rule->text));
	to->rule = lh_str_of(text);
	return text ? 0 : lh_nomem(err);
}

static int add(struct lh_report *report, const struct lh_gating *g, bool own, struct lh_report_gate *list, int i, struct lh_error *err)
{
	const struct lh_gate_case *k = &g->kase[i];
	struct lh_report_gate *to = &list[report->gate_count++];
	*to = (struct lh_report_gate){ .metric = k->rule->metric, .parameter = k->rule->parameter, .limit = k->rule->limit, .at_most = k->rule->at_most, .baseline = k->rule->baseline,
		.condition = k->condition, .against = k->against, .turn = k->turn, .against_turn = k->against_turn, .planned = g->results->planned };
	if (own && g->results->gate_line)
		to->line = g->results->gate_line[k->rule - g->rule];
	int rc = copy_rule(to, k->rule, err);
	return rc ? rc : lh_gating_decide(g, i, &to->result, err);
}

int lh_gate_report(struct lh_report *report, const struct lh_results *results, char *const *rules, int n, struct lh_error *err)
{
	struct lh_gating g;
	if (results->shards.of && !rules)        /* its own are the whole run's, and decided upon that */
		return 0;
	int rc = lh_gating_open(results, rules, n, &g, err);
	if (rc)
		return rc;
	rc = lh_gating_check(&g, err);
	struct lh_report_gate *list = rc ? NULL : calloc((size_t)g.cases + 1, sizeof *list);
	report->gate = list;
	if (!rc && !list)
		rc = lh_nomem(err);
	for (int i = 0; i < g.cases && !rc; i++)
		rc = add(report, &g, !rules, list, i, err);
	lh_gating_close(&g);
	return rc;
}

void lh_gate_report_free(struct lh_report *report)
{
	for (int i = 0; i < report->gate_count; i++)
		free((void *)report->gate[i].rule.p);
	free((void *)report->gate);
}

const char *lh_gate_word(enum lh_gate_verdict v)
{
	static const char *const words[] = { [LH_GATE_OPEN] = "inconclusive", [LH_GATE_PASS] = "pass", [LH_GATE_FAIL] = "fail", [LH_GATE_INFRASTRUCTURE] = "infrastructure" };
	return words[v];
}
