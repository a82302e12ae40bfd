/* run/gating.h - gate rules upon the results of a run. */
#ifndef LH_RUN_GATING_H
#define LH_RUN_GATING_H

#include "measure/gate_watch.h"
#include "run/results.h"

/* Borrows from the results it was made of, whose cells may still fill up. */
struct lh_gating {
	const struct lh_results *results;
	struct lh_rule *rule; int rules;
	struct lh_gate_condition *condition;     /* one for each of the results' */
	struct lh_gate_condition *base;          /* and of the baseline's; NULL: there is none */
	struct lh_gate_case *kase; int cases;
	int64_t *memory, *base_memory;           /* tokens and turns */
};

/* rules: as typed; NULL: those of the run. LH_E_USAGE: one that cannot be read, or says nothing about this run. */
int lh_gating_open(const struct lh_results *r, char *const *rules, int n, struct lh_gating *out, struct lh_error *err) LH_CHECKED;
void lh_gating_close(struct lh_gating *g);
/* Could every case pass with the samples that are planned? LH_E_USAGE: names how many are needed. */
int lh_gating_check(const struct lh_gating *g, struct lh_error *err) LH_CHECKED;
/* The verdict of case i, by the method of the run: at its number of samples, or (`sequential`) sample by sample. */
int lh_gating_decide(const struct lh_gating *g, int i, struct lh_gate_result *out, struct lh_error *err) LH_CHECKED;

#endif
