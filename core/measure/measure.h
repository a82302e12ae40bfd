/* measure/measure.h - outcomes in, rates and horizons with their intervals out.
 *
 * Pure: no I/O, no clock, no model, no policy. Every definition is that of
 * core/measure/README.md, terms as in arXiv 2509.09677. Turns count from 1 in the text and from 0
 * in arrays. A share that has no denominator is NAN (null in JSON). */
#ifndef LH_MEASURE_MEASURE_H
#define LH_MEASURE_MEASURE_H

#include "base/error.h"
#include "transcript/outcome.h"

#include <stddef.h>
#include <stdint.h>

struct lh_interval { double lo, hi; };

/* What was observed under one condition: one byte a sample and turn. */
struct lh_grid {
	int samples, turns;
	const uint8_t *outcome;      /* [sample * turns + t], enum lh_outcome; LH_UNSEEN: not observed */
	const uint8_t *unshown;      /* same shape, 1: no valid answer was in view; NULL: none anywhere */
	bool stop_at_error;          /* turns after a sample's first error were not run */
	int steps_per_turn;          /* K */
	/* Made histories: only these turns (from 1, rising) were asked, each by itself. There is no task
	 * accuracy, no hazard and no horizon then: those are NAN and 0. NULL: every turn, in a row. */
	const int *probe;
	int probes;
};

struct lh_measure_options {
	const double *s;             /* the horizons wanted, each in (0, 1) */
	int s_count;
	int resamples;               /* bootstrap; 0: the default, 2000 */
	uint64_t seed;               /* of the bootstrap: one set of indexes for all conditions */
};

struct lh_horizon {
	double s;
	int turns;                   /* largest n with PA(n) >= s; 0: PA(1) < s already */
	int64_t steps;               /* turns * K, the least it can be; at most (turns + 1) K - 1 */
	int first_below;             /* turns + 1, or 0 where censored */
	bool censored;               /* not seen below s: print ">= turns" */
	int lo, hi;                  /* 95 %, by inversion of the pointwise band */
	bool lo_open, hi_open;       /* that end was not reached: print ">=" */
	double constant_rate;        /* floor(ln s / ln p); NAN: no turn at risk */
	bool constant_rate_open;     /* no error in the window: a lower bound from p_L = 0.05^(1/Y) */
	int constant_rate_window;    /* w: turns 1..w it was estimated on */
	double degradation;          /* n* ln p / ln s; 1 = constant rate; NAN where undefined */
};

struct lh_result {
	int samples, turns, steps_per_turn;
	int censored;                /* samples cut short: by a `failed` turn, or never run to the end */
	/* per turn; all arrays have `turns` elements */
	int *observed;               /* samples with an outcome other than failed at t: TA, SA and shares */
	int *tried;                  /* samples tried at t: the denominator of `failed` */
	int *at_risk;                /* no error before t, and turn t observed */
	double *turn_accuracy;       struct lh_interval *turn_accuracy_ci;       /* Wilson */
	double *turn_accuracy_strict;                  /* `recovers` counted right */
	double *state_accuracy;      struct lh_interval *state_accuracy_ci;
	double *task_accuracy;       struct lh_interval *task_accuracy_ci;       /* Kaplan-Meier under censoring */
	struct lh_interval *task_accuracy_bounds;      /* all censored fail there / all survive; equal to PA without censoring */
	double *hazard;              struct lh_interval *hazard_ci;
	double *share[LH_OUTCOME_COUNT];               struct lh_interval *share_ci[LH_OUTCOME_COUNT];
	/* whole run */
	double turn_error_rate, turn_error_rate_strict, turn_error_rate_last10;
	struct lh_interval turn_error_rate_ci, turn_error_rate_strict_ci, turn_error_rate_last10_ci;
	/* Errors sit in so few samples that the intervals of the turn error rate are too narrow: measured
	 * coverage is 88-92 % there instead of 95 %. More samples cure it. */
	bool errors_uneven;
	double unshown;              /* share of observed turns without a valid answer in view */
	bool recovers_differs;       /* the two readings differ anywhere */
	int policy_errors;           /* samples that ended in one: such a condition passes no gate */
	int s_count;
	struct lh_horizon *horizon;
};

int lh_measure(const struct lh_grid *grid, const struct lh_measure_options *options,
	struct lh_result **out, struct lh_error *err) LH_CHECKED;
void lh_result_free(struct lh_result *r);

#endif
