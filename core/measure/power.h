/* measure/power.h - how many samples an experiment needs, by doing it many times.
 *
 * The caller simulates one experiment of n samples and says whether it rejected (found the effect,
 * passed the gate). The power at n is the share of replications that do. Replication r must draw
 * sample i from streams named by (r, i) alone (base/random.h), so that a larger n adds samples to the
 * same ones: with such common random numbers the power rises in n with little noise, and a search by
 * halving finds its place (Law, Kelton, Simulation Modeling and Analysis, on variance reduction). */
#ifndef LH_MEASURE_POWER_H
#define LH_MEASURE_POWER_H

#include "measure/measure.h"

/* Replication r with n samples: 1 rejects, 0 does not, a negative code with *err set: stop. */
typedef int (*lh_trial)(void *world, int n, uint64_t r, struct lh_error *err);

struct lh_power {
	int n;
	int replications, rejected;
	double power, error;             /* the share and its standard error, sqrt(p (1 - p) / replications) */
	struct lh_interval ci;           /* of the share, Wilson, 95 % */
};

/* LH_E_USAGE: no replications; else the trial's own code. */
int lh_power_at(lh_trial trial, void *world, int n, int replications, struct lh_power *out, struct lh_error *err) LH_CHECKED;

struct lh_power_search {
	int least, most;                 /* number of samples to look between, 1 <= least <= most */
	double target;                   /* power wanted, in (0, 1) */
	int replications;
};

/* An n with at least the target whose predecessor (from `least` on) has less: out->n, with the power
 * there. If `most` has less, out is that of `most`, whose power is below the target. */
int lh_power_find(lh_trial trial, void *world, const struct lh_power_search *search,
	struct lh_power *out, struct lh_error *err) LH_CHECKED;

#endif
