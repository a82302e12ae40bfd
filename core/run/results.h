/* run/results.h - what a run leaves: one byte a turn, sums an episode. The same record comes from a
 * run that has just ended and from a run file, so every report of them is the same.
 *
 * Sums are added up in the order of samples and turns, whatever the order of completion: floating
 * point results do not depend on concurrency. */
#ifndef LH_RUN_RESULTS_H
#define LH_RUN_RESULTS_H

#include "measure/measure.h"
#include "run/shards.h"
#include "transcript/history.h"
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
	/* Probed turns, from 1, rising. With a made history each is an episode of its own, and all other cells
	 * stay LH_UNSEEN; with history `own` they are the turns whose exposure is kept for comparison. */
	struct lh_history made;
	int *probe, probes;
	int episodes;                            /* of a sample: `probes` where the history is made, else 1 */
	uint8_t *outcome, *unshown;              /* [sample * turns + turn] */
	double *exposure;                        /* [sample * probes + k] update exposure at turn probe[k]; NAN: none */
	struct lh_totals *totals;                /* [sample * episodes + k] */
	double *ratio;                           /* likewise: tokens of a filler history to those it stands for; NAN: no filler */
	char **cause;                            /* likewise, NULL: none */
	char **extra;                            /* likewise: what the policy's finish() gave, JSON; NULL: nothing */
};

/* An episode's place in a condition: a sample, from 0, and with a made history which of its probes. */
struct lh_place { int sample, k; };

struct lh_spent { int64_t calls, tokens, microusd; };         /* requests, of which some came to nothing; in and out */

struct lh_results {
	int64_t run;
	char *version, *config_sha256, *started, *ended, *status, *status_cause;
	uint64_t seed;
	bool stop_at_error;
	double wall_s;
	double horizon[16]; int horizon_count;
	uint64_t first_sample;
	struct lh_shards shards;                 /* which samples there are, where they are not all */
	uint64_t steps_most, samples_most;       /* of a run that has just ended: what there is; 0: no limit */
	struct lh_spent spent;                   /* of a run: by live models, by earlier invocations too; of a file: by all its calls */
	int whole;                               /* samples of all shards together; `planned` where the run is not divided */
	int planned;                             /* samples; the conditions have fewer where all gates were decided before */
	char **gate; int gates;                  /* rules, as typed */
	char *experiment;                        /* the file that they stand in, as typed; NULL: none */
	int *gate_line;                          /* [gates] on which line of it, from 1; 0: on none. NULL: on none */
	struct lh_results *baseline;             /* what rules compare with, its own; NULL: none */
	double sequential;                       /* gates are looked at after every sample, at this error; 0: once, at the end */
	struct lh_condition_results *condition;
	int conditions;
	char **note; int notes;
};

/* Reads c->history and a list of turns such as "1,100" (empty: none) into made and probe. LH_E_DAMAGED: not
 * rising, or beyond `turns`, or a made history without any. */
int lh_results_probes(struct lh_condition_results *c, struct lh_str probes, int turns, struct lh_error *err) LH_CHECKED;
/* All cells LH_UNSEEN. The texts of c and its probes are set by the caller. */
int lh_results_shape(struct lh_condition_results *c, int samples, int turns, struct lh_error *err) LH_CHECKED;
void lh_results_free(struct lh_results *r);
/* Only the first n samples. */
void lh_results_cut(struct lh_results *r, int n);
/* A rule more; copied. */
int lh_results_gate(struct lh_results *r, struct lh_str rule, struct lh_error *err) LH_CHECKED;
/* Where the first n gates stand, once all are there; copied. line: NULL: nowhere. */
int lh_results_source(struct lh_results *r, struct lh_str experiment, const int *line, int n, struct lh_error *err) LH_CHECKED;
/* A note for each line of the text. */
int lh_results_note_lines(struct lh_results *r, struct lh_str lines, struct lh_error *err) LH_CHECKED;

/* Turn t (from 0) of a sample ended so; an outcome that ends the episode fills what follows as
 * measure expects it: overflow and policy_error to the last turn, failed only its own. */
void lh_results_turn(struct lh_condition_results *c, int sample, int turn, enum lh_outcome outcome, bool unshown);
/* probe: the turn that an episode asks, 0 for a whole run. False: c has no such episode. */
bool lh_results_place(const struct lh_condition_results *c, int64_t sample, int64_t probe, struct lh_place *out);
static inline size_t lh_place_at(const struct lh_condition_results *c, struct lh_place p) { return (size_t)p.sample * (size_t)c->episodes + (size_t)p.k; }
/* Index of turn (from 1) in c->probe, or -1. */
int lh_results_probe(const struct lh_condition_results *c, int64_t turn);
/* What lh_measure() takes. Borrows. */
struct lh_grid lh_results_grid(const struct lh_results *r, const struct lh_condition_results *c);

/* The place of a sample in the arrays; -1: it is none of the run's. And the other way. */
int64_t lh_results_index(const struct lh_results *r, uint64_t sample);
uint64_t lh_results_sample(const struct lh_results *r, int64_t index);
/* Says in a note which samples there are, where the run is divided. */
int lh_results_note_shards(struct lh_results *r, int64_t total, struct lh_error *err) LH_CHECKED;

/* The newest run of a file, or run `id` (-1: newest). */
int lh_results_load(const char *path, int64_t id, struct lh_results **out, struct lh_error *err) LH_CHECKED;

#endif
