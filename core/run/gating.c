#include "run/gating.h"

#include <stdlib.h>
#include <string.h>

/* ---- the results as gates see them ---- */

static struct lh_gate_condition condition_of(const struct lh_results *r, const struct lh_condition_results *c)
{
	return (struct lh_gate_condition){ .policy = lh_str_of(c->policy), .policy_options = lh_str_of(c->policy_options), .policy_label = lh_str_of(c->policy_label),
		.task = lh_str_of(c->task), .task_params = lh_str_of(c->task_params), .task_label = lh_str_of(c->task_label),
		.model = lh_str_of(c->model), .model_options = lh_str_of(c->model_options), .model_label = lh_str_of(c->model_label),
		.history = lh_str_of(c->history), .made = c->made, .grid = lh_results_grid(r, c) };
}

/* Tokens and turns of each sample, over its episodes. */
static void add_costs(const struct lh_condition_results *c, int64_t *tokens, int64_t *turns, struct lh_gate_condition *to)
{
	for (int i = 0; i < c->samples; i++)
		for (int k = 0; k < c->episodes; k++) {
			const struct lh_totals *t = &c->totals[lh_place_at(c, (struct lh_place){ i, k })];
			tokens[i] += t->tokens_in;
			turns[i] += t->turns;
		}
	to->tokens_in = tokens;
	to->turns = turns;
}

static int add_all_costs(const struct lh_results *r, struct lh_gate_condition *to, int64_t **memory, struct lh_error *err)
{
	size_t samples = 0, at = 0;
	for (int i = 0; i < r->conditions; i++)
		samples += (size_t)r->condition[i].samples;
	*memory = calloc(2 * samples + 1, sizeof **memory);
	if (!*memory)
		return lh_nomem(err);
	for (int i = 0; i < r->conditions; i++) {
		size_t n = (size_t)r->condition[i].samples;
		add_costs(&r->condition[i], *memory + at, *memory + at + n, &to[i]);
		at += 2 * n;
	}
	return 0;
}

static bool counts_tokens(const struct lh_gating *g)
{
	for (int i = 0; i < g->rules; i++)
		if (g->rule[i].metric == LH_METRIC_TOKENS_PER_TURN)
			return true;
	return false;
}

/* ---- rules ---- */

static int read_rules(struct lh_gating *g, char *const *text, int n, struct lh_error *err)
{
	int rc = n <= LH_RULES ? 0 : lh_fail(err, LH_E_USAGE, "%d rules: a gate has at most %d", n, LH_RULES);
	g->rule = calloc((size_t)n + 1, sizeof *g->rule);
	if (!g->rule)
		return lh_nomem(err);
	for (; !rc && g->rules < n; g->rules += !rc)
		rc = lh_rule_parse(lh_str_of(text[g->rules]), &g->rule[g->rules], err);
	return rc;
}

static struct lh_gate_condition *conditions_of(const struct lh_results *r, struct lh_error *err)
{
	struct lh_gate_condition *out = calloc((size_t)r->conditions + 1, sizeof *out);
	if (!out)
		lh_nomem(err);
	for (int i = 0; out && i < r->conditions; i++)
		out[i] = condition_of(r, &r->condition[i]);
	return out;
}

/* What rules against a baseline compare with. */
static int add_baseline(struct lh_gating *g, struct lh_error *err)
{
	const struct lh_rule *against = NULL;
	for (int i = 0; i < g->rules && !against; i++)
		against = g->rule[i].baseline ? &g->rule[i] : NULL;
	if (!against)
		return 0;
	if (!g->results->baseline)
		return lh_rule_refuse(against, err, "it needs a baseline: --baseline FILE names it, a run file or what longhaul export has made of one");
	if (g->results->sequential > 0)
		return lh_rule_refuse(against, err, "such a rule is decided at the planned number of samples: leave --sequential out");
	g->base = conditions_of(g->results->baseline, err);
	int rc = g->base ? lh_gate_match(g->kase, g->cases, g->condition, g->base, g->results->baseline->conditions, err) : err->code;
	return !rc && counts_tokens(g) ? add_all_costs(g->results->baseline, g->base, &g->base_memory, err) : rc;
}

int lh_gating_open(const struct lh_results *r, char *const *rules, int n, struct lh_gating *out, struct lh_error *err)
{
	*out = (struct lh_gating){ .results = r };
	int rc = read_rules(out, rules ? rules : r->gate, rules ? n : r->gates, err);
	if (!rc && !(out->condition = conditions_of(r, err)))
		rc = err->code;
	if (!rc)
		rc = lh_gate_cases(out->rule, out->rules, out->condition, r->conditions, &out->kase, &out->cases, err);
	if (!rc && counts_tokens(out))
		rc = add_all_costs(r, out->condition, &out->memory, err);
	if (!rc)
		rc = add_baseline(out, err);
	if (rc)
		lh_gating_close(out);
	return rc;
}

void lh_gating_close(struct lh_gating *g)
{
	for (int i = 0; i < g->rules; i++)
		lh_rule_fini(&g->rule[i]);
	free(g->rule);
	free(g->condition);
	free(g->kase);
	free(g->memory);
	free(g->base);
	free(g->base_memory);
	*g = (struct lh_gating){ 0 };
}

/* ---- verdicts ---- */

static bool watched(const struct lh_gating *g, const struct lh_gate_case *k)
{
	return g->results->sequential > 0 && lh_gate_watchable(k);
}

static int check(const struct lh_gating *g, const struct lh_gate_case *k, struct lh_error *err)
{
	int64_t least = watched(g, k) ? lh_gate_watch_least(k, g->results->sequential) : lh_gate_least(k);
	if (least <= g->results->whole)
		return 0;
	if (least >= INT64_MAX / 8)
		return lh_rule_refuse(k->rule, err, "no number of samples could show that");
	return lh_rule_refuse(k->rule, err, "whatever %d samples show, they cannot pass it: at least %lld are needed", g->results->whole, (long long)least);
}

int lh_gating_check(const struct lh_gating *g, struct lh_error *err)
{
	int rc = 0;
	for (int i = 0; i < g->cases && !rc; i++)
		rc = check(g, &g->kase[i], err);
	return rc;
}

int lh_gating_decide(const struct lh_gating *g, int i, struct lh_gate_result *out, struct lh_error *err)
{
	const struct lh_results *r = g->results;
	const struct lh_gate_case *k = &g->kase[i];
	int samples = r->condition[k->condition].samples;
	int rc = watched(g, k) ? lh_gate_follow(k, g->condition, samples, r->sequential, g->cases, out, err)
		: k->rule->baseline ? lh_gate_decide_against(k, g->condition, g->base, r->seed, out, err) : lh_gate_decide(k, g->condition, r->seed, out, err);
	if (rc)
		return rc;
	if (!watched(g, k) && samples < r->planned) {    /* the number was chosen by what was seen */
		out->verdict = LH_GATE_OPEN;
		out->more = 0;
	}
	if (strcmp(r->status, "done") || r->shards.of)
		out->verdict = LH_GATE_INFRASTRUCTURE;
	return 0;
}
