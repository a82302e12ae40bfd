/* measure/gate_rule.h - what a run must reach, as a rule says it.
 *
 *     [policy=window task=kv_sum] horizon(0.8) >= 20
 *
 *     rule    = [ "[" name "=" value … "]" ] metric ( ">=" | "<=" ) limit
 *     metric  = name [ "(" number ")" ]                see lh_metrics
 *     limit   = number | "baseline" "*" number
 *
 * A value of the filter is a label as it was typed, or the plain name: policy=window:n=5, policy=window. It ends at
 * a space or at "]"; within "…" both may stand in it. White space is free everywhere else. */
#ifndef LH_MEASURE_GATE_RULE_H
#define LH_MEASURE_GATE_RULE_H

#include "base/text.h"

#define LH_RULE_TEXT 1024                /* bytes of a rule, at most */
#define LH_RULES 64                      /* rules of a gate, at most */

enum lh_metric {
	LH_METRIC_HORIZON, LH_METRIC_HORIZON_STEPS, LH_METRIC_FIRST_BELOW,
	LH_METRIC_TURN_ACCURACY, LH_METRIC_STATE_ACCURACY, LH_METRIC_TASK_ACCURACY, LH_METRIC_TURN_ERROR_RATE,
	LH_METRIC_MALFORMED, LH_METRIC_MISSING, LH_METRIC_TRUNCATED, LH_METRIC_REFUSED, LH_METRIC_OVERFLOW,
	LH_METRIC_TOKENS_PER_TURN,
	LH_METRIC_SELF_CONDITIONING_LOSS, LH_METRIC_LONG_CONTEXT_LOSS, LH_METRIC_LENGTH_LOSS, LH_METRIC_STATE_LOSS, LH_METRIC_PATTERN_LOSS,
	LH_METRICS
};

enum lh_metric_parameter {
	LH_TAKES_NOTHING,
	LH_TAKES_SHARE,                  /* s: the share of samples that is still without an error, in (0, 1) */
	LH_TAKES_TURN,                   /* t: a turn, from 1 */
	LH_TAKES_RATE                    /* r: the rate of injected errors, in [0, 1] */
};

enum lh_metric_unit {
	LH_IN_TURNS, LH_IN_STEPS,
	LH_IN_SHARE,                     /* of samples or turns */
	LH_IN_TOKENS,
	LH_IN_DIFFERENCE                 /* of two shares of the same samples */
};

struct lh_metric_info { const char *name; enum lh_metric_parameter takes; enum lh_metric_unit unit; };
extern const struct lh_metric_info lh_metrics[LH_METRICS];

struct lh_rule {
	char *text;                      /* as typed, trimmed */
	char *words;                     /* what the filter points into */
	struct lh_str policy, task, model, history;      /* the filter; empty: any */
	int steps_per_turn;              /* 0: any */
	enum lh_metric metric;
	double parameter;                /* s, t or r; 0 where the metric takes nothing */
	bool at_most;
	double limit;                    /* with a baseline: what its value is multiplied by */
	bool baseline;
};

/* LH_E_USAGE names the place in the rule and what may stand there. */
int lh_rule_parse(struct lh_str text, struct lh_rule *out, struct lh_error *err) LH_CHECKED;
void lh_rule_fini(struct lh_rule *r);
/* "rule '…': …", as every refusal of a rule begins. */
int lh_rule_refuse(const struct lh_rule *r, struct lh_error *err, const char *fmt, ...) LH_PRINTF(3, 4);

#endif
