/* measure/planning.h - how many samples show a difference between two policies, by trying.
 *
 * A replication makes up an experiment of n samples from *pools* of samples that were seen under each
 * condition, and tests it as two policies are compared (README.md, "Comparing policies"): signs flipped
 * on paired log-rank scores, or on the samples' turn error rates. The power is the share of
 * replications that reject (measure/power.h). Sample i of replication r is named by (seed, r, i), so
 * all n, and all sizes of change, are tried on the same draws.
 *
 * Three worlds:
 * - two pools, drawn from independently;
 * - two pools of the same samples: with probability `shared` a pair as it was seen, else one sample of
 *   the first condition with another of the first: the mean effect is `shared` times the pools' own;
 * - one pool, and a *change* of it by X: each turn error of the second sample, which is another one than
 *   the first, is left out with probability X. Its turn error rate counts the errors kept; its first
 *   state error is the first that was kept, as an error left out leaves nothing to be carried on
 *   (`recovers` is an error of the turn that ends no length).
 *
 * Nothing inside a replication touches turns: a sample is two numbers and a list of its errors. */
#ifndef LH_MEASURE_PLANNING_H
#define LH_MEASURE_PLANNING_H

#include "base/random.h"
#include "measure/logrank.h"
#include "measure/power.h"

struct lh_plan_error { int turn; bool returns; };        /* a turn error; returns: `recovers`, right in state */

struct lh_plan_sample {
	struct lh_follow follow;         /* to its first state error */
	struct lh_follow spared;         /* the same with all turn errors left out: what else ends it */
	int observed;                    /* turns */
	double rate;                     /* turn errors by observed turns; NAN: none observed, or not known */
	int first, errors;               /* its turn errors: error[first] and those behind it */
};

struct lh_plan_pool {
	int samples, turns;
	struct lh_plan_sample *sample;
	struct lh_plan_error *error;
	bool rated;                      /* false: turns after a first error were not run (stop_at_error) */
};

int lh_plan_pool_init(struct lh_plan_pool *p, const struct lh_grid *grid, struct lh_error *err) LH_CHECKED;
void lh_plan_pool_fini(struct lh_plan_pool *p);

enum lh_plan_test { LH_PLAN_LENGTH, LH_PLAN_ERRORS, LH_PLAN_TESTS };

struct lh_plan_world {
	const struct lh_plan_pool *first, *second;       /* second NULL: a change of the first, by `change` */
	double shared;                   /* NAN: pools of different samples; else in [0, 1] */
	double change;                   /* in [0, 1]; of a pool that is rated */
	enum lh_plan_test test;
	double level;                    /* reject at p <= level */
	uint64_t seed;
	void (*tick)(void *user, int n); /* now and then; may be NULL */
	void *user;
};

struct lh_planning {
	struct lh_plan_world world;
	int most;                        /* largest n */
	struct lh_follow *follow;        /* of one experiment */
	double *difference;
	uint64_t *key;                   /* [n] naming sample i's draws */
	double effect, pool_spread;      /* see below; of the change `spread_of` */
	double spread_of;
};

/* most: the largest n that will be tried. LH_E_USAGE: a pool of fewer than two samples, or a change of
 * one that is not rated. */
int lh_planning_init(struct lh_planning *p, const struct lh_plan_world *world, int most, struct lh_error *err) LH_CHECKED;
void lh_planning_fini(struct lh_planning *p);

/* The samples of pair i of a replication, by their place in the pools. second_of_first: the second is one
 * of the first pool. i < p->most. */
struct lh_plan_pair { int first, second; bool second_of_first; struct lh_random luck; };
struct lh_plan_pair lh_planning_pair(const struct lh_planning *p, int i, uint64_t replication);
/* A replication's differences into p->difference[n], first less second. */
int lh_planning_differences(struct lh_planning *p, int n, uint64_t replication, struct lh_error *err) LH_CHECKED;
/* An lh_trial of measure/power.h; planning: a struct lh_planning. */
int lh_planning_trial(void *planning, int n, uint64_t replication, struct lh_error *err);

/* A pool is a sample itself. With D the mean of a pair's difference over its standard deviation the test's
 * z at n is D sqrt(n): `effect`, from which the search for n starts. pool_spread is the standard error of D from leaving out a twentieth of the pools at
 * a time (a jackknife over groups; Efron, Tibshirani, An Introduction to the Bootstrap, 1993, chapter 11),
 * from one experiment of 400,000 pairs, whose own noise is taken off. The power is off by that times
 * sqrt(n) and the normal density at the power's quantile. With `shared` pairs the mean is what was
 * asked for, and only the deviation is off. */
struct lh_planned_power {
	struct lh_power at;              /* n, power, and the standard error of so many replications */
	double pool_error;               /* standard error that the pools bring in, 0.5 at most */
	double error;                    /* both */
};

int lh_planning_power(struct lh_planning *p, int n, int replications, struct lh_planned_power *out, struct lh_error *err) LH_CHECKED;

struct lh_plan_needed {
	bool reached;                    /* false: not with `most` samples; then there.at.n is `most` */
	struct lh_interval n;            /* 95 %, from the errors above, z growing with the root of n */
	struct lh_planned_power there;   /* at the n needed, to a hundredth of it */
};

int lh_planning_needed(struct lh_planning *p, double target, int replications, struct lh_plan_needed *out, struct lh_error *err) LH_CHECKED;

struct lh_plan_smallest {
	bool found;                      /* false: not even with every error left out; then there is the power at X = 1 */
	double change;                   /* X, a multiple of 1/128 */
	struct lh_interval ci;           /* 95 %, from the errors above, z growing with X */
	struct lh_planned_power there;
};

/* The smallest change that n samples show with the power wanted. Leaves p->world.change at it. */
int lh_planning_smallest(struct lh_planning *p, int n, double target, int replications, struct lh_plan_smallest *out, struct lh_error *err) LH_CHECKED;

/* Task accuracy with a change of X: each sample counts at t as often as all its errors before t are left
 * out. Its horizon(s), band by Wilson with Greenwood's number; no constant rate. */
int lh_plan_horizon(const struct lh_plan_pool *p, double change, int steps_per_turn, double s, struct lh_horizon *out, struct lh_error *err) LH_CHECKED;

/* ---- an effect that was seen, and how much of it to plan for ---- */

struct lh_plan_effect {
	double difference;               /* first less second: turn error rates, or error-free turns */
	struct lh_interval ci;           /* 95 %, bootstrap over samples */
	bool shown;                      /* the interval excludes 0 */
	double nearer;                   /* its limit nearer to 0: a first estimate is too large on average */
	double shared;                   /* nearer / difference, for struct lh_plan_world */
};

/* The same samples in the same order under two conditions. */
int lh_plan_effect(const struct lh_grid *first, const struct lh_grid *second, enum lh_plan_test test, uint64_t seed,
	struct lh_plan_effect *out, struct lh_error *err) LH_CHECKED;

#endif
