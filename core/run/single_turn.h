/* run/single_turn.h - the most steps executed in one turn: a search whose every try is a run of its own.
 *
 * For each task, model and policy, numbers of steps K are tried in the order of measure/ladder.h. A try is a run of one turn
 * of K steps, on samples that no other try of the search sees, which stops as soon as the gate "turn_accuracy(1) >= q" is
 * decided. What was tried is all that the next try depends on, so the search is carried out again to go on with it: tries
 * that are in the file as done are read from there. The runs of a search are bound together by their settings. */
#ifndef LH_RUN_SINGLE_TURN_H
#define LH_RUN_SINGLE_TURN_H

#include "measure/ladder.h"
#include "run/run.h"

struct lh_try {
	int k;
	enum lh_gate_verdict verdict;            /* INFRASTRUCTURE: undecided, for want of it */
	int samples, observed, right;            /* up to the decision; of them with an outcome; right */
	int64_t decided_at;
	int censored, policy_errors;
	struct lh_totals totals;                 /* over those samples */
	bool done;
};

enum lh_search_end {
	LH_SEARCH_OVER,                          /* nothing is left to try */
	LH_SEARCH_SHORT,                         /* the data hold no samples that were not seen */
	LH_SEARCH_OPEN                           /* not done */
};

/* Of one task, model and policy. */
struct lh_single_turn {
	char *task, *task_params, *task_label, *model, *model_options, *model_label, *policy, *policy_options, *policy_label;
	bool oracle;
	struct lh_try tried[LH_RUNGS]; int tries;
	int most;                                /* the largest K there is */
	bool most_of_data;                       /* it is the task's; else LH_LADDER_MOST */
	enum lh_search_end end;
};

struct lh_searches {
	double q;
	int64_t cap;
	struct lh_single_turn *of; int count;    /* those that were begun */
	struct lh_results *run;                  /* of the whole: when, which program, how it ended; no conditions */
};

int lh_single_turn_run(const struct lh_experiment *e, const struct lh_run_hooks *hooks, struct lh_searches **out, struct lh_error *err) LH_CHECKED;
/* The search that the newest run of a file belongs to; *out NULL: it belongs to none. */
int lh_single_turn_load(const char *path, struct lh_searches **out, struct lh_error *err) LH_CHECKED;
void lh_searches_free(struct lh_searches *s);                    /* accepts NULL */
struct lh_ladder lh_single_turn_answer(const struct lh_searches *s, const struct lh_single_turn *t);
/* What would be tried, as text; nothing is sent. */
int lh_single_turn_dry_run(const struct lh_experiment *e, struct lh_buf *out, struct lh_error *err) LH_CHECKED;

#endif
