/* Conditions made by hand, for the tests of gates. */
#ifndef LH_TESTS_GATE_KIT_H
#define LH_TESTS_GATE_KIT_H

#include "test_measure_grid.h"

#include "measure/gate_watch.h"

static inline struct lh_gate_condition gate_condition(const char *policy, const char *history, struct lh_grid grid)
{
	struct lh_history made[LH_HISTORY_RATES];
	int n;
	if (lh_history_parse(lh_str_of(history), made, &n, NULL))
		exit(1);
	const char *colon = strchr(policy, ':');
	return (struct lh_gate_condition){ .policy = { policy, colon ? (size_t)(colon - policy) : strlen(policy) }, .policy_options = lh_str_of(colon),
		.policy_label = lh_str_of(policy), .task = LH_STR("kv_sum"), .task_label = LH_STR("kv_sum:keys=10"), .model = LH_STR("sim"),
		.model_label = LH_STR("sim:accuracy=0.9"), .history = lh_str_of(history), .made = made[0], .grid = grid };
}

/* `count` samples of this row, `other` ones of that, and so on; rows of equal length; ended by a NULL row. */
struct gate_rows { const char *row; int count; };

static inline struct lh_grid gate_grid(const struct gate_rows *rows)
{
	int samples = 0, turns = (int)strlen(rows->row), i = 0;
	for (const struct gate_rows *r = rows; r->row; r++)
		samples += r->count;
	uint8_t *cell = malloc((size_t)samples * (size_t)turns + 1);
	for (; rows->row; rows++)
		for (int n = 0; n < rows->count; n++, i++)
			for (int t = 0; t < turns; t++)
				cell[i * turns + t] = grid_cell(rows->row[t]);
	return (struct lh_grid){ .samples = samples, .turns = turns, .outcome = cell, .steps_per_turn = 1 };
}

#define ROWS(...) gate_grid((const struct gate_rows[]){ __VA_ARGS__, { NULL, 0 } })

static inline void gate_free(struct lh_gate_condition *c, int n)
{
	for (int i = 0; i < n; i++)
		free((void *)(uintptr_t)c[i].grid.outcome);
}

/* The rule, which must be readable, upon the conditions: number of cases, or a negative code. */
static inline int gate_meet(const char *text, const struct lh_gate_condition *c, int n, struct lh_rule *rule, struct lh_gate_case **k, struct lh_error *err)
{
	int count = 0;
	if (lh_rule_parse(lh_str_of(text), rule, err)) {
		printf("%s: %s\n", text, err ? err->text : "");
		exit(1);
	}
	int rc = lh_gate_cases(rule, 1, c, n, k, &count, err);
	return rc ? rc : count;
}

#endif
