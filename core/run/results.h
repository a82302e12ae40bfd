/* run/results.h - what a run leaves: one byte a turn, sums an episode. The same record comes from a
 * run that has just ended and from a run file, so every report of them is the same.
 *
 * Sums are added up in the order of samples and turns, whatever the order of completion: floating
 * point results do not depend on concurrency. */
#ifndef LH_RUN_RESULTS_H
#define LH_RUN_RESULTS_H

#include "measure/measure.h"
#include "transcript/judge.h"

struct lh_totals {
	int64_t calls, attempts, tokens_in, tokens_cached, tokens_out, tokens_reasoning, latency_us, cost_microusd;
	int64_t turns;                           /* accepted */
	double exposure_update, exposure_state, exposure_unusable;   /* sums over accepted calls */
	double reusable_prefix;                  /* sum over calls */
	bool priced;
	int64_t counted;                         /* calls whose tokens are no estimate */
	int64_t thoughts_kept, thoughts_dropped; /* earlier replies sent with, without their thoughts; over calls */
};

struct lh_condition_results {
	char *task, *task_params, *model, *model_options, *policy, *policy_options, *history;
	char *task_label, *model_label, *policy_label;
	bool oracle;
	int steps_per_turn, turns, samples;
	uint8_t *outcome, *unshown;              /* [sample * turns + turn] */
	struct lh_totals *totals;                /* [sample] */
	char **cause;                            /* [sample], NULL: none */
	char **extra;                            /* [sample] what the policy's finish() gave, JSON; NULL: nothing */
};

struct lh_results {
	int64_t run;
	char *version, *config_sha256, *started, *ended, *status, *status_cause;
	uint64_t seed;
	bool stop_at_error;
	double wall_s;
	double horizon[16]; int horizon_count;
	uint64_t first_sample;
	struct lh_condition_results *condition;
	int conditions;
	char **note; int notes;
};

/* All cells LH_UNSEEN. The texts of c are set by the caller. */
int lh_results_shape(struct lh_condition_results *c, int samples, int turns, struct lh_error *err) LH_CHECKED;
void lh_results_free(struct lh_results *r);
/* A note for each line of the text. */
int lh_results_note_lines(struct lh_results *r, struct lh_str lines, struct lh_error *err) LH_CHECKED;

/* Turn t (from 0) of a sample ended so; an outcome that ends the episode fills what follows as
 * measure expects it: overflow and policy_error to the last turn, failed only its own. */
void lh_results_turn(struct lh_condition_results *c, int sample, int turn, enum lh_outcome outcome, bool unshown);

/* The newest run of a file, or run `id` (-1: newest). */
int lh_results_load(const char *path, int64_t id, struct lh_results **out, struct lh_error *err) LH_CHECKED;

#endif
