/* measure/gate.h - rules upon what was observed: has it passed, has it failed, or is that not known yet?
 *
 * A rule meets every condition that its filter matches; each meeting is a case, and has a verdict of its own. Decided at
 * a fixed number of samples, a case passes where its whole 95 % interval satisfies the rule, fails where all of it
 * violates it, and is open otherwise; the intervals are those of the tables (README.md, "Gates"). Where samples are cut
 * off by what is not the model's doing, it is decided twice, once as if all of them had gone wrong and once right, and
 * both must agree. A condition whose policy failed passes nothing. Deciding sample by sample: measure/gate_watch.h. */
#ifndef LH_MEASURE_GATE_H
#define LH_MEASURE_GATE_H

#include "measure/gate_rule.h"
#include "measure/sequential.h"
#include "transcript/history.h"

/* One condition. All strings may hold hostile text. */
struct lh_gate_condition {
	struct lh_str policy, policy_options, policy_label;
	struct lh_str task, task_params, task_label;
	struct lh_str model, model_options, model_label;
	struct lh_str history;           /* canonical */
	struct lh_history made;
	struct lh_grid grid;
	const int64_t *tokens_in, *turns;        /* by sample: of all its calls; accepted turns. NULL: not known yet */
};

/* A rule upon a condition, as a statement on the mean of one number X a sample. Of a rule on tokens, which is none:
 * m is its limit. */
struct lh_gate_case {
	const struct lh_rule *rule;
	int condition;                   /* of a loss: the one in which accuracy is expected to be lower */
	int against;                     /* of a loss: the other one; else -1 */
	int turn, against_turn;          /* the turn looked at, from 1, or through which; 0: all */
	double m;
	bool at_most;                    /* the mean of X must not be above m; else not below it */
	int base, base_against;          /* of a rule against a baseline: its conditions there; else -1 */
};

/* What all rules come to: *out is the caller's to free. LH_E_USAGE: a rule that meets nothing, or asks for what was not
 * observed there, says which and why. */
int lh_gate_cases(const struct lh_rule *rule, int rules, const struct lh_gate_condition *c, int conditions,
	struct lh_gate_case **out, int *count, struct lh_error *err) LH_CHECKED;

/* Finds for each case of a rule against a baseline the conditions there that are the same: task, policy, history and steps;
 * the same model too, or the only one that there is, for it is often the model that changes. LH_E_USAGE: there is none. */
int lh_gate_match(struct lh_gate_case *k, int cases, const struct lh_gate_condition *c, const struct lh_gate_condition *base, int bases,
	struct lh_error *err) LH_CHECKED;

/* The fewest samples at which it could pass at all, decided at their number; INT64_MAX / 4: none could. */
int64_t lh_gate_least(const struct lh_gate_case *k);

enum lh_gate_quantity {
	LH_GATE_IN_TURNS, LH_GATE_IN_STEPS,      /* horizons, decided at a fixed number of samples */
	LH_GATE_IN_SHARE, LH_GATE_IN_TOKENS, LH_GATE_IN_DIFFERENCE
};

struct lh_gate_result {
	enum lh_gate_verdict verdict;
	enum lh_gate_quantity quantity;
	double value;                    /* NAN: nothing was observed */
	struct lh_interval ci;
	double level;                    /* of the interval: 0.95 */
	bool value_open, lo_open, hi_open;       /* horizons: at least so much */
	int samples;                     /* that the value rests on */
	int64_t more;                    /* OPEN: about so many samples more would decide it; 0: cannot be said */
	int censored, policy_errors;     /* samples cut off; samples in which the policy failed */
	/* Against a baseline: what was found there; value less limit * base, as an interval; infinite where a horizon is open. */
	double base; struct lh_interval base_ci; bool base_open, base_lo_open, base_hi_open;
	double margin;                   /* NAN where one of the two horizons is open */
	 struct lh_interval margin_ci;
	int base_samples;
	bool sequential;
	int64_t decided_at;              /* sequential: the sample, from 1, that decided; 0: none did */
};

/* At the number of samples there is. seed: of the bootstrap, as in struct lh_measure_options. */
int lh_gate_decide(const struct lh_gate_case *k, const struct lh_gate_condition *c, uint64_t seed,
	struct lh_gate_result *out, struct lh_error *err) LH_CHECKED;

/* The same of a rule against a baseline, once lh_gate_match() has found where it looks. Both intervals count: the margin's is made of them as if the runs were of different
 * samples (README.md, "Gates"), which is too wide rather than too narrow where they are not. */
int lh_gate_decide_against(const struct lh_gate_case *k, const struct lh_gate_condition *c, const struct lh_gate_condition *base, uint64_t seed,
	struct lh_gate_result *out, struct lh_error *err) LH_CHECKED;

/* X of a sample in [0, 1]; where it was cut off, what X would lie between. Not of a rule on tokens. */
struct lh_interval lh_gate_x(const struct lh_gate_case *k, const struct lh_gate_condition *c, int sample);
/* Has the policy failed in a sample? */
bool lh_gate_policy_failed(const struct lh_gate_case *k, const struct lh_gate_condition *c, int sample);

/* The outcome that one of the rules on shares of turns counts; -1: it is none. */
int lh_gate_outcome(enum lh_metric metric);

#endif
