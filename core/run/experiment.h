/* run/experiment.h - what to run: options by name, from the command line or a file, and the grid of
 * conditions that they mean.
 *
 * Options are set as text, in the words of the command line ("steps-per-turn", "policy"); a file
 * uses the same names with underscores and plurals. Values from the command line replace those of a
 * file. */
#ifndef LH_RUN_EXPERIMENT_H
#define LH_RUN_EXPERIMENT_H

#include "model/model.h"
#include "run/spec.h"
#include "transcript/history.h"

#define LH_RUN_FILE "longhaul.db"        /* where a run is kept when nothing else is said */
/* The demonstration: both losses show (length and self-conditioning). */
#define LH_DEMONSTRATION_MODEL "sim:accuracy=0.97,context=0.3,self_conditioning=4,contagion=0.3"

enum lh_inconclusive { LH_INCONCLUSIVE_NEUTRAL, LH_INCONCLUSIVE_PASSES, LH_INCONCLUSIVE_FAILS };      /* a gate that is not decided */

enum lh_origin { LH_FROM_DEFAULT, LH_FROM_FILE, LH_FROM_LINE };

struct lh_list { char **item, **base_dir; int count; enum lh_origin origin; };
/* Appends item i as a file's path: what an experiment file names is looked for from that file's folder. */
void lh_list_path(const struct lh_list *l, int i, struct lh_buf *out);

/* A run's place in a search for the most steps in one turn (run/single_turn.h). */
struct lh_stage {
	int64_t search;                          /* its number in the file; 0: the run belongs to none */
	int index, of;                           /* which task, model and policy, of so many */
	int number;                              /* which try, from 1 */
	char key[65];                            /* SHA-256 of what was said: the same for all of its runs */
};

struct lh_experiment {
	struct lh_list tasks, models, policies, histories, plugins, allowed_hosts, gates;
	int64_t turns, samples, steps, concurrency, jobs;
	enum lh_origin turns_from, samples_from; /* LH_FROM_DEFAULT: may be cut to the data */
	int64_t only_sample;                     /* -1: all */
	int64_t shard, shards;                   /* which of how many, from 0; shards 0: the run is not divided */
	uint64_t seed;
	int32_t steps_per_turn[32]; int steps_per_turn_count;
	double horizon[16]; int horizon_count;
	bool stop_at_error, demonstration;
	double sequential;                       /* stop once every gate is decided, at this error; 0: no */
	enum lh_inconclusive inconclusive;
	bool resume, fresh, dry_run, skip_without_key, allow_process;
	bool alone;                              /* this process is there for one run: keys leave its environment once taken */
	double rps, tpm;                         /* 0: no limit */
	int64_t retries, timeout_ms;             /* attempts of a call; 0: the model's own */
	int64_t stall_us;                        /* of processor time, in one call of foreign code */
	int64_t max_calls, max_tokens_total, max_cost_microusd, max_time_us;     /* 0: no limit */
	double single_turn;                      /* search the most steps in one turn at this accuracy; 0: no search */
	int64_t cap;                             /* samples for each number of steps, at most */
	const struct lh_experiment *search;      /* of a stage: the search as it was said; else NULL */
	struct lh_stage stage;
	int64_t first_sample, resume_run;        /* of a stage: where its samples begin; the run to go on with, 0: the newest */
	char *price_file;
	char *baseline;                          /* a file that gates compare with; NULL: none */
	char *probe_turns;                       /* as typed; NULL: 1 and last */
	char *output;                            /* "none": no run file */
	char *file;                              /* the experiment file, as typed; NULL: none */
	int *gate_line; int gate_lines;          /* where its gates stand in it, from 1; 0: not word for word */
	char *against;                           /* of the report: the policy that others are compared with; NULL: by default */
	enum lh_origin origin[64];               /* by option, see experiment.c */
};

struct lh_option_info { const char *name, *value, *initial, *help; };
/* All options of `run`, ended by a NULL name. */
extern const struct lh_option_info lh_run_options[];

void lh_experiment_init(struct lh_experiment *e);
void lh_experiment_fini(struct lh_experiment *e);
/* name without dashes in front; value "" for a switch. */
int lh_experiment_set(struct lh_experiment *e, struct lh_str name, struct lh_str value, enum lh_origin origin, const char *base_dir, struct lh_error *err) LH_CHECKED;
int lh_experiment_load(struct lh_experiment *e, const char *path, struct lh_error *err) LH_CHECKED;
/* Opens model i of the experiment, with its prices. live_only: NULL for one that is not live. LH_E_USAGE also for what
 * an experiment file may not ask for without leave (a command, another host, a key). */
int lh_experiment_model(const struct lh_experiment *e, int i, bool live_only, struct lh_model **out, struct lh_error *err) LH_CHECKED;
/* A price file's entry for a model, by its spec; -1: it has none. */
int lh_prices_read(const char *path, const char *model, struct lh_prices *out, struct lh_error *err) LH_CHECKED;
/* LH_E_USAGE: something was said beside --single-turn that a search decides itself. */
int lh_experiment_check_search(const struct lh_experiment *e, struct lh_error *err) LH_CHECKED;
/* Variables that models' specs name as holding keys: NULL-terminated, heap; NULL: no memory. */
char **lh_experiment_key_names(const struct lh_experiment *e);
bool lh_experiment_live(const struct lh_experiment *e);           /* is any model answered by a server or a process? */
/* May everything run in this process by default? Only what ships with longhaul, on simulated models. */
bool lh_experiment_trusted(const struct lh_experiment *e);
/* For a program of its own. Where --jobs was not given: 0 for what is trusted, else 1. */
void lh_experiment_isolate(struct lh_experiment *e);

/* ---- the grid ---- */

struct lh_condition {
	struct lh_taskset *task;                 /* shared between conditions; the plan owns them */
	struct lh_model *model;
	struct lh_policy *policy;
	const char *task_label, *model_label, *policy_label;     /* as typed */
	const char *history;                     /* canonical */
	struct lh_history made;
	char *probes;                            /* "1,100": see lh_results_probes(); the plan owns it */
	int probe_count;
	int model_index;
	uint32_t steps_per_turn, turns;
};

struct lh_plan {
	struct lh_registry *registry;
	struct lh_taskset **task; int tasks;
	struct lh_model **model; int models;
	struct lh_policy **policy; int policies;
	struct lh_history *history; char (*history_text)[LH_HISTORY_TEXT]; int histories;
	bool probing;                            /* there is a made history among them */
	struct lh_condition *condition; int conditions;
	uint64_t samples, first_sample;          /* first_sample: with --sample or of a stage, else 0 */
	uint64_t steps_most, samples_most;       /* that the data and the models hold; 0: no limit */
	double cells;                            /* turns asked in all episodes */
	bool simulated;                          /* every model is */
	struct lh_buf config;                    /* canonical JSON: the experiment's identity */
	char config_sha256[65];
	struct lh_buf sources;                   /* JSON: SHA-256 of plugins and policies */
	struct lh_buf notes;                     /* lines: what was cut to the size of the data */
};

/* Opens everything that the experiment names. The experiment must outlive the plan. */
int lh_plan_make(const struct lh_experiment *e, struct lh_plan *out, struct lh_error *err) LH_CHECKED;
void lh_plan_fini(struct lh_plan *p);
/* The samples that this invocation runs: all, or its shard's. */
int64_t lh_plan_samples_here(const struct lh_experiment *e, const struct lh_plan *p);
/* Its k-th probed turn; 0 where it is no made history's. */
uint32_t lh_plan_probe(const struct lh_condition *c, int k);

#endif
