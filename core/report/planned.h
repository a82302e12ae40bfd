/* report/planned.h - what `longhaul plan` answers: how many samples a comparison of policies needs.
 *
 * Two sources: samples that are simulated for the plan, or those of an earlier run. Both end in one
 * record, struct lh_planned, and text and JSON are written from it alone. The tests are those of a
 * comparison (measure/README.md, "Comparing policies"), each at 0.05 divided by the number of tests of
 * its family: what Holm asks of the smallest p. */
#ifndef LH_REPORT_PLANNED_H
#define LH_REPORT_PLANNED_H

#include "longhaul/longhaul.h"
#include "measure/planning.h"
#include "report/report.h"
#include "run/experiment.h"
#include "run/results.h"

struct lh_plan_ask {
	double power;                    /* wanted */
	int replications;
	int most;                        /* samples looked at */
	int pool;                        /* samples simulated of each policy */
	double change;                   /* NAN: the policies' own differences */
	int samples;                     /* as planned; 0: the experiment's, or as many as the run had */
	const char *against;             /* baseline by label or name; NULL: full_history, else the first */
	const char *prices;              /* file; NULL: none */
	bool seeded; uint64_t seed;      /* of a plan from a run; else the run's own */
	void (*tick)(void *user, const char *label, int test, int n);       /* now and then; may be NULL */
	void (*pools)(void *user, const struct lh_progress *p);             /* while samples are simulated; may be NULL */
	void *user;
};

/* A condition, as it was seen, or as a change makes it. */
struct lh_planned_world {
	char *label;
	bool oracle;
	double change;                   /* NAN: none, these are samples that were seen */
	int samples, censored;
	double turn_error_rate; struct lh_interval turn_error_rate_ci;       /* NAN: not known */
	struct lh_horizon horizon;       /* of s = 0.5 */
	double tokens, usd;              /* a sample's, in and out; NAN: not known */
};

/* One test of one policy, or of a change, against the baseline. */
struct lh_planned_test {
	int world;                       /* index into the group's; the baseline is 0 */
	enum lh_plan_test test;
	bool from_effect;                /* planned for effect.nearer, not for what the pools show */
	struct lh_plan_effect effect;    /* from a run */
	struct lh_plan_needed needed;
	struct lh_planned_power planned; /* with the samples planned */
	double tokens, usd;              /* of needed.there.n samples, both conditions; NAN: not known */
};

/* A policy whose difference the run does not show. */
struct lh_planned_unshown { char *label; enum lh_plan_test test; struct lh_plan_effect effect; };

struct lh_planned_smallest {
	enum lh_plan_test test;
	struct lh_plan_smallest found;
	struct lh_planned_world world;   /* the baseline so changed */
};

struct lh_planned_group {
	char *task, *task_params, *model, *model_options;
	int steps_per_turn, turns;
	int comparisons, tests;          /* policies against the baseline; tests of all of them */
	double level;                    /* of each test */
	int samples;                     /* planned */
	bool priced;
	bool rated;                      /* false: only lengths, samples were stopped at their first errors */
	struct lh_planned_world *world; int worlds;
	struct lh_planned_test *test; int test_count;
	struct lh_planned_unshown *unshown; int unshowns;
	struct lh_planned_smallest smallest[LH_PLAN_TESTS]; int smallests;
};

struct lh_planned {
	bool from_run;
	int64_t run; char *path, *status, *cause;            /* of an earlier run */
	uint64_t seed;
	double power;
	int replications, most, pool;
	bool change_asked;
	double change;                   /* where changes stand for policies */
	struct lh_planned_group *group; int groups;
	char **note; int notes;
};

/* LH_E_USAGE for a model that is not simulated, among other things. The experiment is run as it says,
 * without a run file. */
int lh_planned_from_sim(const struct lh_experiment *e, const struct lh_plan_ask *ask, struct lh_planned **out, struct lh_error *err) LH_CHECKED;
/* run: -1 for the newest. */
int lh_planned_from_run(const char *path, int64_t run, const struct lh_plan_ask *ask, struct lh_planned **out, struct lh_error *err) LH_CHECKED;
void lh_planned_free(struct lh_planned *p);

void lh_planned_text(const struct lh_planned *p, const struct lh_report_style *style, struct lh_buf *out);
/* "longhaul.plan/1" */
void lh_planned_json(const struct lh_planned *p, struct lh_buf *out);

/* ---- shared by the two sources ---- */

/* Conditions that may be compared. In a run both are the same results, and samples pair. */
struct lh_plan_source { const struct lh_results *base, *others; bool paired; };

/* What a change is where none was asked for, and what a run that shows none is planned for. */
#define LH_PLAN_CHANGE 0.25

struct lh_plan_policy { const char *label, *name; bool oracle; };
/* The baseline: `against` by label or by name; NULL: full_history, else the first that is no oracle, else the
 * first. Its number, or LH_E_USAGE. */
int lh_plan_baseline(const struct lh_plan_policy *policy, int count, const char *against, struct lh_error *err) LH_CHECKED;
/* Same task, model, steps and turns. */
bool lh_plan_together(const struct lh_condition_results *a, const struct lh_condition_results *b);
/* Adds the group of condition `base` of s->base. comparisons: how many policies the experiment compares with
 * it; samples: as planned. */
int lh_planned_add(struct lh_planned *p, const struct lh_plan_source *s, int base, int comparisons, int samples,
	const struct lh_plan_ask *ask, struct lh_error *err) LH_CHECKED;
int lh_planned_note(struct lh_planned *p, struct lh_error *err, const char *fmt, ...) LH_PRINTF(3, 4) LH_CHECKED;
struct lh_planned *lh_planned_new(const struct lh_plan_ask *ask, struct lh_error *err);

#endif
