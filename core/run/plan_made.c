#include "run/plan_made.h"

#include <stdlib.h>
#include <string.h>

/* ---- histories ---- */

/* A list of rates is as many histories. */
static int add_histories(struct lh_plan *p, struct lh_str typed, struct lh_error *err)
{
	struct lh_history one[LH_HISTORY_RATES];
	int n;
	int rc = lh_history_parse(typed, one, &n, err);
	if (rc)
		return rc;
	struct lh_history *list = realloc(p->history, (size_t)(p->histories + n) * sizeof *list);
	p->history = list ? list : p->history;
	char (*text)[LH_HISTORY_TEXT] = realloc(p->history_text, (size_t)(p->histories + n) * sizeof *text);
	p->history_text = text ? text : p->history_text;
	if (!list || !text)
		return lh_nomem(err);
	for (int i = 0; i < n; i++) {
		p->history[p->histories] = one[i];
		p->probing |= lh_history_made(&one[i]);
		lh_history_write(&one[i], p->history_text[p->histories++]);
	}
	return 0;
}

int lh_plan_histories(const struct lh_experiment *e, struct lh_plan *p, struct lh_error *err)
{
	int rc = e->histories.count ? 0 : add_histories(p, LH_STR("own"), err);
	for (int i = 0; i < e->histories.count && !rc; i++)
		rc = add_histories(p, lh_str_of(e->histories.item[i]), err);
	if (!rc && e->probe_turns && !p->probing)
		rc = lh_fail(err, LH_E_USAGE, "--probe-turns chooses what is asked behind a made history: name one, such as --history clean");
	return rc;
}

/* An agent has tools of its own, and would not be sent ours. */
static int check_tools(const struct lh_condition *c, struct lh_error *err)
{
	int tools;
	lh_taskset_tools(c->task, &tools);
	if (!tools || lh_model_takes_tools(c->model))
		return 0;
	return lh_fail(err, LH_E_USAGE, "%s cannot be given the tools of task %s: an agent has its own. Leave tools=true out, or test a model", c->model_label, c->task_label);
}

/* What a made history cannot be put before. */
int lh_plan_check_made(const struct lh_condition *c, struct lh_error *err)
{
	int rc = check_tools(c, err);
	if (rc || !lh_history_made(&c->made))
		return rc;
	if (lh_policy_needs(c->policy) & LH_NEEDS_OWN)
		return lh_fail(err, LH_E_USAGE, "policy %s depends on what the model really said, so it cannot be put on the made history %s: leave one of them out",
			c->policy_label, c->history);
	if (lh_model_keeps_context(c->model))
		return lh_fail(err, LH_E_USAGE, "%s keeps its own context, so no history can be made for it: use --history own", c->model_label);
	if (lh_model_own_alone(c->model))
		return lh_fail(err, LH_E_USAGE, "%s holds replies to the model's own history: with the made history %s they would be replies to something else",
			c->model_label, c->history);
	if (c->made.thoughts && !lh_family_explains(lh_taskset_family(c->task)))
		return lh_fail(err, LH_E_USAGE, "%s: task %s cannot explain its steps, so thoughts=matching is not to be had for it", c->history, c->task_label);
	return 0;
}

/* ---- probed turns ---- */

static int by_turn(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	return x < y ? -1 : x > y;
}

/* "1,last" as turns of a condition, rising, each once; *n of them. */
static int probe_list(const char *typed, uint32_t turns, uint32_t *out, size_t *n, struct lh_error *err)
{
	*n = 0;
	for (const char *at = typed; at;) {
		const char *comma = strchr(at, ',');
		struct lh_str one = lh_str_trim((struct lh_str){ at, comma ? (size_t)(comma - at) : strlen(at) });
		int64_t t = turns;
		for (uint32_t all = 1; lh_str_is(one, "all") && all < turns; all++)
			out[(*n)++] = all;
		if (lh_str_to_int(one, &t) && t > turns)
			return lh_fail(err, LH_E_USAGE, "--probe-turns %lld: there are %u turns", (long long)t, turns);
		out[(*n)++] = (uint32_t)t;
		at = comma ? comma + 1 : NULL;
	}
	qsort(out, *n, sizeof *out, by_turn);
	size_t kept = 0;
	for (size_t i = 0; i < *n; i++)
		if (!kept || out[i] != out[kept - 1])
			out[kept++] = out[i];
	*n = kept;
	return 0;
}

int lh_plan_probes(const struct lh_experiment *e, const struct lh_plan *p, struct lh_condition *c, struct lh_error *err)
{
	const char *typed = e->probe_turns ? e->probe_turns : "1,last";
	struct lh_buf text;
	size_t n = 0, most = 1;
	for (const char *at = typed; p->probing && *at; at++)
		most += *at == ',' ? 1 : *at == 'a' ? c->turns : 0;      /* "all" may stand in it */
	uint32_t *turn = malloc(most * sizeof *turn);
	if (!turn)
		return lh_nomem(err);
	lh_buf_init(&text, 128u << 20);
	int rc = p->probing ? probe_list(typed, c->turns, turn, &n, err) : 0;
	for (size_t i = 0; i < n; i++)
		lh_buf_printf(&text, i ? ",%u" : "%u", turn[i]);
	c->probe_count = (int)n;
	if (!rc)
		rc = lh_buf_ok(&text, err);
	if (!rc && !(c->probes = lh_str_dup(lh_buf_str(&text))))
		rc = lh_nomem(err);
	free(turn);
	lh_buf_fini(&text);
	return rc;
}

uint32_t lh_plan_probe(const struct lh_condition *c, int k)
{
	const char *at = c->probes;
	if (!lh_history_made(&c->made))
		return 0;
	for (; k; k--)
		at = strchr(at, ',') + 1;
	return (uint32_t)strtoul(at, NULL, 10);
}
