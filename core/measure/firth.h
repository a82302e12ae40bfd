/* measure/firth.h - logistic regression that stays finite when few turns err.
 *
 * logit P(event) = b0 + b1 x1 + ... Maximum likelihood runs off to infinity where a covariate
 * separates events from the rest, and is biased away from 0 where events are few. Firth (Biometrika
 * 80, 1993, pp. 27-38) maximises log L + log|I| / 2, I the Fisher information (Jeffreys' prior):
 * finite for every data set whose covariates have full rank (Ogawa, Tomo, "Existence of Firth's
 * modified estimates", 2023). Interval: profile penalised likelihood, since the Wald interval is
 * poor where separation is near (Heinze, Schemper, Statistics in Medicine 21, 2002, pp. 2409-2419;
 * the values are those of their R package logistf). */
#ifndef LH_MEASURE_FIRTH_H
#define LH_MEASURE_FIRTH_H

#include "measure/measure.h"

#define LH_FIRTH_COEFFICIENTS 8          /* the intercept included */
#define LH_FIRTH_EVENTS 10               /* of the rarer outcome: Peduzzi and others, J. Clin. Epidemiol. 49, 1996, pp. 1373-1379 */

/* Grouped binomial data; one turn a row is trials = 1. */
struct lh_firth_data {
	int rows, covariates;            /* covariates without the intercept: 0 to 7 */
	const double *x;                 /* [row * covariates + j], finite, any units */
	const int *trials;               /* [row] 0 or more; NULL: 1 each */
	const int *events;               /* [row] 0 to trials */
	int samples;                     /* that the rows come from: only for samples_needed; 0: not wanted */
};

enum lh_firth_status {
	LH_FIRTH_ESTIMATED,
	LH_FIRTH_FEW,                    /* under LH_FIRTH_EVENTS events, or so few without: not estimable */
	LH_FIRTH_RANK,                   /* a covariate is constant, or a sum of others: not estimable */
	LH_FIRTH_LOST                    /* no convergence: never seen; not estimable */
};

struct lh_firth {
	enum lh_firth_status status;
	int coefficients;
	int64_t trials, events;
	int64_t samples_needed;          /* FEW: for LH_FIRTH_EVENTS of the rarer outcome, at the rate seen */
	bool at_least;                   /* none was seen: from 3, the 95 % upper limit of their number */
	/* NAN unless estimated */
	double beta[LH_FIRTH_COEFFICIENTS];      /* [0] the intercept; log-odds per unit of x */
	double error[LH_FIRTH_COEFFICIENTS];     /* standard errors, from I alone, as logistf has them */
	double log_likelihood;                   /* penalised */
	/* how it converged */
	int iterations;
	double gain;                             /* log-likelihood that a further step would still gain, about */
};

/* LH_E_USAGE: too many coefficients, a number that is not finite, events above trials. Whatever is
 * not estimable is a status, not an error. Allocates nothing. */
int lh_firth_fit(const struct lh_firth_data *d, struct lh_firth *out, struct lh_error *err) LH_CHECKED;

/* 95 % interval of beta[which]: where the profile lies 3.841/2 below its maximum. An end that the
 * profile does not reach within 2^40 standard errors is infinite; both NAN unless estimated. */
struct lh_interval lh_firth_interval(const struct lh_firth_data *d, const struct lh_firth *fit, int which);

/* The penalised log-likelihood with beta[which] held at b, maximised over the others; NAN where no
 * convergence. For tests and plots. */
double lh_firth_profile(const struct lh_firth_data *d, const struct lh_firth *fit, int which, double b);

#endif
