/* Firth's logistic regression: published data, closed forms, an independent maximiser. */
#include "check.h"

#include "base/random.h"
#include "measure/firth.h"

#define COUNT(a) ((int)(sizeof (a) / sizeof *(a)))

/* Heinze, Schemper, Statistics in Medicine 21 (2002), pp. 2409-2419: histology of 79 endometrial
 * cancers by neovasculation NV, pulsatility PI and endometrium height EH; NV separates. As in
 * Agresti, Foundations of Linear and Generalized Linear Models (2015). */
static const double endometrial[79][4] = {
	{ 0, 13, 1.64, 0 }, { 0, 16, 2.26, 0 }, { 0, 8, 3.14, 0 }, { 0, 34, 2.68, 0 }, { 0, 20, 1.28, 0 },
	{ 0, 5, 2.31, 0 }, { 0, 17, 1.8, 0 }, { 0, 10, 1.68, 0 }, { 0, 26, 1.56, 0 }, { 0, 17, 2.31, 0 }, { 0, 8, 2.01, 0 },
	{ 0, 7, 1.89, 0 }, { 0, 20, 3.15, 0 }, { 0, 10, 1.23, 0 }, { 0, 18, 1.27, 0 }, { 0, 16, 1.76, 0 }, { 0, 18, 2, 0 },
	{ 0, 8, 2.64, 1 }, { 0, 29, 0.88, 1 }, { 0, 12, 1.27, 1 }, { 0, 20, 1.37, 1 }, { 1, 38, 0.97, 1 },
	{ 1, 22, 1.14, 1 }, { 1, 7, 0.88, 1 }, { 1, 25, 0.91, 1 }, { 1, 15, 0.58, 1 }, { 0, 7, 0.97, 1 }, { 0, 28, 1.5, 0 },
	{ 0, 11, 1.33, 0 }, { 0, 19, 2.37, 0 }, { 0, 10, 1.82, 0 }, { 0, 10, 3.13, 0 }, { 0, 18, 1.31, 0 },
	{ 0, 14, 1.92, 0 }, { 0, 21, 1.64, 0 }, { 0, 11, 2.01, 0 }, { 0, 17, 1.88, 0 }, { 0, 25, 1.93, 0 },
	{ 0, 16, 2.11, 0 }, { 0, 19, 1.29, 0 }, { 0, 15, 1.72, 0 }, { 0, 33, 0.75, 0 }, { 0, 24, 1.92, 0 },
	{ 0, 48, 1.84, 1 }, { 0, 12, 1.11, 1 }, { 0, 19, 1.61, 1 }, { 0, 2, 1.18, 1 }, { 1, 22, 1.44, 1 },
	{ 1, 40, 1.18, 1 }, { 1, 5, 0.93, 1 }, { 1, 0, 1.17, 1 }, { 0, 21, 1.19, 1 }, { 0, 15, 1.06, 1 },
	{ 0, 29, 2.02, 0 }, { 0, 15, 2.29, 0 }, { 0, 12, 2.33, 0 }, { 0, 3, 2.9, 0 }, { 0, 20, 1.7, 0 }, { 0, 23, 1.41, 0 },
	{ 0, 12, 2.25, 0 }, { 0, 22, 1.54, 0 }, { 0, 42, 1.97, 0 }, { 0, 15, 1.75, 0 }, { 0, 13, 2.16, 0 },
	{ 0, 14, 2.57, 0 }, { 0, 19, 1.37, 0 }, { 0, 12, 3.61, 0 }, { 0, 13, 2.04, 0 }, { 0, 10, 2.17, 0 },
	{ 0, 12, 1.69, 1 }, { 1, 49, 0.27, 1 }, { 0, 6, 1.84, 1 }, { 0, 5, 1.3, 1 }, { 0, 17, 0.96, 1 }, { 1, 11, 1.01, 1 },
	{ 1, 21, 0.98, 1 }, { 0, 5, 0.35, 1 }, { 1, 19, 1.02, 1 }, { 0, 33, 0.85, 1 },
};

/* Urinary tract infection, Foxman and others (1997): `sex2` of R's logistf, the 239 women grouped by
 * age, oc, vic, vicl, vis, dia: trials, events. */
static const struct { double x[6]; int trials, events; } sex2[] = {
	{ { 0, 0, 0, 0, 1, 0 }, 2, 1 }, { { 0, 0, 1, 0, 0, 0 }, 16, 14 }, { { 0, 0, 1, 0, 1, 0 }, 4, 3 },
	{ { 0, 0, 1, 1, 0, 0 }, 18, 10 }, { { 0, 0, 1, 1, 1, 0 }, 30, 12 }, { { 0, 0, 1, 1, 1, 1 }, 1, 1 },
	{ { 0, 1, 0, 0, 0, 0 }, 86, 44 }, { { 0, 1, 0, 0, 0, 1 }, 3, 3 }, { { 0, 1, 1, 0, 0, 0 }, 16, 15 },
	{ { 0, 1, 1, 0, 0, 1 }, 1, 1 }, { { 0, 1, 1, 0, 1, 0 }, 2, 2 }, { { 0, 1, 1, 1, 0, 0 }, 12, 7 },
	{ { 0, 1, 1, 1, 1, 0 }, 9, 3 }, { { 1, 0, 1, 0, 0, 0 }, 2, 2 }, { { 1, 0, 1, 0, 1, 0 }, 1, 1 },
	{ { 1, 0, 1, 0, 1, 1 }, 1, 1 }, { { 1, 0, 1, 1, 0, 0 }, 3, 1 }, { { 1, 0, 1, 1, 1, 1 }, 1, 1 },
	{ { 1, 1, 0, 0, 0, 0 }, 19, 5 }, { { 1, 1, 1, 0, 0, 0 }, 4, 3 }, { { 0, 1, 0, 0, 1, 0 }, 1, 0 },
	{ { 1, 0, 1, 1, 1, 0 }, 4, 0 }, { { 1, 1, 0, 0, 1, 0 }, 1, 0 }, { { 1, 1, 1, 1, 1, 0 }, 2, 0 },
};

static struct lh_firth fit(const struct lh_firth_data *d)
{
	struct lh_firth f;
	struct lh_error err = { 0 };
	if (lh_firth_fit(d, &f, &err)) {
		printf("lh_firth_fit: %s\n", err.text);
		exit(1);
	}
	return f;
}

struct published { double beta, lo, hi; };

static void check_published(const char *what, const struct lh_firth_data *d, const struct published *want)
{
	struct lh_firth f = fit(d);
	CHECK_INT(f.status, LH_FIRTH_ESTIMATED);
	printf("%s: %d iterations, gain left %.1e\n", what, f.iterations, f.gain);
	for (int j = 0; j < f.coefficients; j++) {
		struct lh_interval i = lh_firth_interval(d, &f, j);
		printf("  b%d: logistf %.8f [%.7f, %.7f], ours %.8f [%.7f, %.7f]\n", j, want[j].beta, want[j].lo, want[j].hi, f.beta[j], i.lo, i.hi);
		CHECK_NEAR(f.beta[j], want[j].beta, 2e-6 * (1 + fabs(want[j].beta)));
		CHECK_NEAR(i.lo, want[j].lo, 1e-5 * (1 + fabs(want[j].lo)));
		CHECK_NEAR(i.hi, want[j].hi, 1e-5 * (1 + fabs(want[j].hi)));
	}
}

/* Eight digits of R's logistf, which stops as soon as a step gains less than 1e-5. */
static void test_endometrial(void)
{
	double x[79 * 3];
	int events[79];
	for (int i = 0; i < 79; i++) {
		memcpy(x + 3 * i, endometrial[i], 3 * sizeof *x);
		events[i] = endometrial[i][3] > 0;
	}
	struct lh_firth_data d = { .rows = 79, .covariates = 3, .x = x, .events = events };
	static const struct published want[] = {
		{ 3.77455951, 1.0825371, 7.20928050 }, { 2.92927330, 0.6097244, 7.85463171 },
		{ -0.03475175, -0.1244587, 0.04045547 }, { -2.60416387, -4.3651832, -1.23272106 },
	};
	check_published("endometrial", &d, want);
}

static void test_sex2(void)
{
	double x[COUNT(sex2) * 6];
	int trials[COUNT(sex2)], events[COUNT(sex2)];
	for (int i = 0; i < COUNT(sex2); i++) {
		memcpy(x + 6 * i, sex2[i].x, sizeof sex2[i].x);
		trials[i] = sex2[i].trials;
		events[i] = sex2[i].events;
	}
	struct lh_firth_data d = { .rows = COUNT(sex2), .covariates = 6, .x = x, .trials = trials, .events = events };
	static const struct published want[] = {
		{ 0.12025405, -0.8185591, 1.07315122 }, { -1.10598131, -1.9737884, -0.30742514 }, { -0.06881673, -0.9414363, 0.78920202 },
		{ 2.26887464, 1.2730216, 3.43543273 }, { -2.11140817, -3.2608611, -1.11773495 }, { -0.78831694, -1.6080879, 0.01518468 },
		{ 3.09601166, 0.7745682, 8.03029352 },
	};
	check_published("sex2, grouped", &d, want);
}

/* Two groups: the fit is exact, and the prior amounts to half an event and half a non-event in each
 * (Firth 1993; for one share it is (k + 1/2)/(n + 1)). */
static void test_two_by_two(void)
{
	static const int tables[][4] = { { 10, 30, 20, 15 }, { 0, 25, 12, 30 }, { 0, 40, 40, 0 }, { 1, 400, 200, 7 }, { 5, 5, 6, 6 } };
	for (int i = 0; i < COUNT(tables); i++) {
		const int *t = tables[i];
		double x[] = { 0, 1 };
		int trials[] = { t[0] + t[1], t[2] + t[3] }, events[] = { t[0], t[2] };
		struct lh_firth_data d = { .rows = 2, .covariates = 1, .x = x, .trials = trials, .events = events };
		struct lh_firth f = fit(&d);
		CHECK_INT(f.status, LH_FIRTH_ESTIMATED);
		CHECK_NEAR(f.beta[0], log((t[0] + 0.5) / (t[1] + 0.5)), 1e-7);
		CHECK_NEAR(f.beta[1], log((t[2] + 0.5) / (t[3] + 0.5)) - log((t[0] + 0.5) / (t[1] + 0.5)), 1e-7);
		struct lh_interval ci = lh_firth_interval(&d, &f, 1);
		CHECK(ci.lo < f.beta[1] && f.beta[1] < ci.hi && isfinite(ci.lo) && isfinite(ci.hi));
	}
	int trials = 37, events = 11;
	struct lh_firth_data one = { .rows = 1, .x = (double[]){ 0 }, .trials = &trials, .events = &events };
	struct lh_firth f = fit(&one);
	CHECK_NEAR(f.beta[0], log(11.5 / 26.5), 1e-9);
	CHECK_NEAR(f.error[0], sqrt(1 / (37 * (11.5 / 38) * (26.5 / 38))), 1e-8);
}

/* The definition, written out: sum of log-likelihoods and half the logarithm of a 2 x 2 determinant. */
static double penalised(const struct lh_firth_data *d, double a, double b)
{
	double sum = 0, i0 = 0, i1 = 0, i2 = 0;
	for (int i = 0; i < d->rows; i++) {
		double p = 1 / (1 + exp(-a - b * d->x[i])), w = d->trials[i] * p * (1 - p);
		sum += d->events[i] * log(p) + (d->trials[i] - d->events[i]) * log(1 - p);
		i0 += w;
		i1 += w * d->x[i];
		i2 += w * d->x[i] * d->x[i];
	}
	return sum + log(i0 * i2 - i1 * i1) / 2;
}

/* By golden section over a within golden section over b: knows nothing of scores. */
static double best_over_a(const struct lh_firth_data *d, double b)
{
	double lo = -15, hi = 15, g = 0.6180339887498949;
	for (int i = 0; i < 70; i++) {
		double x = hi - g * (hi - lo), y = lo + g * (hi - lo);
		if (penalised(d, x, b) < penalised(d, y, b))
			lo = x;
		else
			hi = y;
	}
	return penalised(d, (lo + hi) / 2, b);
}

static double best_b(const struct lh_firth_data *d)
{
	double lo = -15, hi = 15, g = 0.6180339887498949;
	for (int i = 0; i < 60; i++) {
		double x = hi - g * (hi - lo), y = lo + g * (hi - lo);
		if (best_over_a(d, x) < best_over_a(d, y))
			lo = x;
		else
			hi = y;
	}
	return (lo + hi) / 2;
}

static void test_against_search(void)
{
	double x[] = { 0, 0.1, 0.25, 0.5, 0.6 };
	int trials[] = { 40, 40, 39, 41, 3 };
	static const int cases[][5] = { { 2, 3, 5, 9, 1 }, { 0, 0, 0, 11, 0 }, { 12, 9, 4, 1, 0 } };
	for (int c = 0; c < 3; c++) {
		struct lh_firth_data d = { .rows = 5, .covariates = 1, .x = x, .trials = trials, .events = cases[c] };
		struct lh_firth f = fit(&d);
		CHECK_INT(f.status, LH_FIRTH_ESTIMATED);
		double b = best_b(&d), top = best_over_a(&d, b);
		CHECK_NEAR(f.beta[1], b, 1e-5);
		CHECK_NEAR(f.log_likelihood, top, 1e-9);
		struct lh_interval ci = lh_firth_interval(&d, &f, 1);
		CHECK_NEAR(best_over_a(&d, ci.lo), top - 3.841458820694124 / 2, 1e-7);
		CHECK_NEAR(best_over_a(&d, ci.hi), top - 3.841458820694124 / 2, 1e-7);
		CHECK_NEAR(lh_firth_profile(&d, &f, 1, 2.5), best_over_a(&d, 2.5), 1e-8);
	}
}

/* Rows one turn each and in another order; other units of x; events for non-events. */
static void test_invariances(void)
{
	enum { ROWS = 300 };
	double x[ROWS * 2], units[ROWS * 2], reversed[ROWS * 2];
	int events[ROWS], others[ROWS], events_reversed[ROWS];
	struct lh_random r = lh_random_stream(4, 0, 0, LH_FOR_CHECK, 0);
	for (int i = 0; i < ROWS; i++) {
		x[2 * i] = (double)(lh_random_below(&r, 11)) / 10;
		x[2 * i + 1] = i % 2;
		events[i] = lh_random_unit(&r) < 0.1 + 0.4 * x[2 * i];
		others[i] = !events[i];
		units[2 * i] = 100 * x[2 * i] + 1000;
		units[2 * i + 1] = x[2 * i + 1];
		int j = ROWS - 1 - i;
		reversed[2 * j] = x[2 * i];
		reversed[2 * j + 1] = x[2 * i + 1];
		events_reversed[j] = events[i];
	}
	struct lh_firth_data d = { .rows = ROWS, .covariates = 2, .x = x, .events = events }, e = d, n = d, o = d;
	e.x = units;
	n.events = others;
	o.x = reversed;
	o.events = events_reversed;
	struct lh_firth f = fit(&d), fe = fit(&e), fn = fit(&n), fo = fit(&o);
	struct lh_interval i = lh_firth_interval(&d, &f, 1), ie = lh_firth_interval(&e, &fe, 1), in = lh_firth_interval(&n, &fn, 1);
	CHECK_NEAR(fe.beta[1], f.beta[1] / 100, 1e-9);
	CHECK_NEAR(ie.hi, i.hi / 100, 1e-8);
	CHECK_NEAR(fn.beta[1], -f.beta[1], 1e-7);
	CHECK_NEAR(in.lo, -i.hi, 1e-6);
	CHECK_NEAR(fo.beta[1], f.beta[1], 1e-9);
	CHECK_NEAR(fo.beta[2], f.beta[2], 1e-9);
}

static void test_not_estimable(void)
{
	double x[] = { 0, 0.2, 0.4 }, flat[] = { 0.3, 0.3, 0.3 }, broken[] = { 0, NAN, 1 };
	int trials[] = { 50, 50, 50 }, few[] = { 1, 2, 1 }, none[] = { 0, 0, 0 }, all[] = { 50, 50, 48 }, enough[] = { 2, 3, 5 };
	struct lh_firth_data d = { .rows = 3, .covariates = 1, .x = x, .trials = trials, .events = few, .samples = 50 };
	struct lh_firth f = fit(&d);
	CHECK(f.status == LH_FIRTH_FEW && f.samples_needed == 125 && !f.at_least && f.events == 4 && f.trials == 150);
	CHECK(isnan(f.beta[1]) && isnan(lh_firth_interval(&d, &f, 1).lo) && isnan(lh_firth_profile(&d, &f, 1, 0)));
	d.events = none;
	f = fit(&d);
	CHECK(f.status == LH_FIRTH_FEW && f.samples_needed == 167 && f.at_least);
	d.events = all;                          /* the rarer outcome counts: two turns went right */
	f = fit(&d);
	CHECK(f.status == LH_FIRTH_FEW && f.samples_needed == 250);
	d.events = enough;
	CHECK_INT(fit(&d).status, LH_FIRTH_ESTIMATED);
	d.x = flat;
	CHECK_INT(fit(&d).status, LH_FIRTH_RANK);
	d.x = broken;
	struct lh_error err = { 0 };
	CHECK_INT(lh_firth_fit(&d, &f, &err), LH_E_USAGE);
	CHECK_HAS(err.text, "row 1 is not a finite number");
	d.x = x;
	d.covariates = 8;
	CHECK_INT(lh_firth_fit(&d, &f, NULL), LH_E_USAGE);
	int more[] = { 51, 0, 0 };
	struct lh_firth_data over = { .rows = 3, .x = x, .trials = trials, .events = more };
	CHECK_INT(lh_firth_fit(&over, &f, NULL), LH_E_USAGE);
}

/* Complete separation by a continuous covariate, its scale chosen to hurt. */
static void test_separation(void)
{
	for (int power = -6; power <= 6; power += 3) {
		double x[40], scale = pow(10, power);
		int events[40];
		for (int i = 0; i < 40; i++) {
			x[i] = scale * (i - 19.5);
			events[i] = i >= 20;
		}
		struct lh_firth_data d = { .rows = 40, .covariates = 1, .x = x, .events = events };
		struct lh_firth f = fit(&d);
		struct lh_interval ci = lh_firth_interval(&d, &f, 1);
		printf("separated, scale 1e%d: %.6f [%.6f, %.6f] in %d iterations\n", power, f.beta[1] * scale, ci.lo * scale, ci.hi * scale, f.iterations);
		CHECK(f.status == LH_FIRTH_ESTIMATED && isfinite(ci.hi));
		CHECK(ci.lo > 0 && f.beta[1] * scale > 0.5 && f.beta[1] * scale < 5);
	}
}

/* Where the truth is known: exposure slope 4 as in the simulated model, events rare, 95 % of the
 * intervals contain it; 400 runs: 366 to 393 (99.9 % of a binomial with 0.95). */
static void test_covers(void)
{
	enum { RUNS = 400, N = 60, CELLS = 5 };
	int covered = 0, estimated = 0;
	for (int run = 0; run < RUNS; run++) {
		double x[CELLS];
		int trials[CELLS], events[CELLS];
		struct lh_random r = lh_random_stream((uint64_t)run, 0, 0, LH_FOR_CHECK, 7);
		for (int c = 0; c < CELLS; c++) {
			x[c] = c * 0.1;
			trials[c] = N;
			events[c] = 0;
			for (int i = 0; i < N; i++)
				events[c] += lh_random_unit(&r) < 1 / (1 + exp(3.2 - 4 * x[c]));
		}
		struct lh_firth_data d = { .rows = CELLS, .covariates = 1, .x = x, .trials = trials, .events = events };
		struct lh_firth f = fit(&d);
		struct lh_interval ci = lh_firth_interval(&d, &f, 1);
		estimated += f.status == LH_FIRTH_ESTIMATED;
		covered += ci.lo <= 4 && 4 <= ci.hi;
	}
	printf("slope 4: %d of %d estimated, %d intervals contain it\n", estimated, RUNS, covered);
	CHECK_INT(estimated, RUNS);
	CHECK(covered >= 366 && covered <= 393);
}

int main(void)
{
	test_endometrial();
	test_sex2();
	test_two_by_two();
	test_against_search();
	test_invariances();
	test_not_estimable();
	test_separation();
	test_covers();
	return check_done();
}
