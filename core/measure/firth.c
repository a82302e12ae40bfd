#include "measure/firth.h"

#include <math.h>
#include <string.h>

#define P LH_FIRTH_COEFFICIENTS
#define FREE (-1)                        /* no coefficient is held */
#define STEPS 200
#define HALVINGS 30
#define LONGEST 5.0                      /* a step changes no row's log-odds by more: far off, Newton overshoots */
#define GAIN 1e-16                       /* converged: 1e-8 standard errors from the top */
#define HALF_CHI 1.9207294103470619      /* half the 0.95 quantile of chi-square, one degree of freedom */

/* A symmetric positive definite matrix as its Cholesky factor, lower triangle. */
struct factor { int n; double l[P][P]; };

/* 0, or -1 where a pivot is lost to rounding: rank below n. The limit is relative to the diagonal,
 * so the covariates' units do not matter. */
static int cholesky(double a[P][P], int n, struct factor *f)
{
	f->n = n;
	for (int j = 0; j < n; j++) {
		double pivot = a[j][j];
		for (int k = 0; k < j; k++)
			pivot -= f->l[j][k] * f->l[j][k];
		if (!(pivot > 1e-11 * a[j][j]))
			return -1;
		f->l[j][j] = sqrt(pivot);
		for (int i = j + 1; i < n; i++) {
			double sum = a[i][j];
			for (int k = 0; k < j; k++)
				sum -= f->l[i][k] * f->l[j][k];
			f->l[i][j] = sum / f->l[j][j];
		}
	}
	return 0;
}

static void forward(const struct factor *f, double *v)
{
	for (int i = 0; i < f->n; i++) {
		for (int k = 0; k < i; k++)
			v[i] -= f->l[i][k] * v[k];
		v[i] /= f->l[i][i];
	}
}

static void backward(const struct factor *f, double *v)
{
	for (int i = f->n - 1; i >= 0; i--) {
		for (int k = i + 1; k < f->n; k++)
			v[i] -= f->l[k][i] * v[k];
		v[i] /= f->l[i][i];
	}
}

static double log_determinant(const struct factor *f)
{
	double sum = 0;
	for (int i = 0; i < f->n; i++)
		sum += 2 * log(f->l[i][i]);
	return sum;
}

/* One row at one place. */
struct at { int n, k; double x[P], eta, p, q; };

static struct at look(const struct lh_firth_data *d, const double *beta, int row)
{
	struct at a = { .n = d->trials ? d->trials[row] : 1, .k = d->events[row], .x = { 1 }, .eta = beta[0] };
	for (int j = 0; j < d->covariates; j++) {
		a.x[j + 1] = d->x[(size_t)row * (size_t)d->covariates + (size_t)j];
		a.eta += beta[j + 1] * a.x[j + 1];
	}
	double small = exp(-fabs(a.eta)), share = small / (1 + small);
	a.p = a.eta < 0 ? share : 1 - share;
	a.q = a.eta < 0 ? 1 - share : share;
	return a;
}

/* log of the smaller of p and q is -|eta| - log1p(exp(-|eta|)), of the larger the second term alone. */
static double row_likelihood(const struct at *a)
{
	double tail = log1p(exp(-fabs(a->eta))), small = -fabs(a->eta) - tail;
	return a->eta < 0 ? a->k * small - (a->n - a->k) * tail : (a->n - a->k) * small - a->k * tail;
}

static void add_outer(double m[P][P], int n, const double *x, double weight)
{
	for (int i = 0; i < n; i++)
		for (int j = 0; j <= i; j++)
			m[i][j] += weight * x[i] * x[j];
}

/* The penalised log-likelihood at beta and the information's factor; -INFINITY where |I| is 0. */
static double likelihood(const struct lh_firth_data *d, const double *beta, struct factor *f)
{
	double information[P][P] = { { 0 } }, sum = 0;
	for (int i = 0; i < d->rows; i++) {
		struct at a = look(d, beta, i);
		sum += row_likelihood(&a);
		add_outer(information, d->covariates + 1, a.x, a.n * a.p * a.q);
	}
	if (cholesky(information, d->covariates + 1, f))
		return -INFINITY;
	return sum + log_determinant(f) / 2;
}

/* Firth's score, sum of x (k - n p + h (1/2 - p)), and the matrix of the step. h, the row's leverage,
 * is the extra data that the prior amounts to; counted with the weights as well, n + h in the place
 * of n, it makes the step exact for a share and good elsewhere, where I alone overshoots by h/n. */
static void score(const struct lh_firth_data *d, const double *beta, const struct factor *f, double u[P], double m[P][P])
{
	for (int i = 0; i < d->rows; i++) {
		struct at a = look(d, beta, i);
		double z[P], h = 0;
		memcpy(z, a.x, sizeof z);
		forward(f, z);
		for (int j = 0; j < f->n; j++)
			h += a.n * a.p * a.q * z[j] * z[j];
		double r = a.k - a.n * a.p + h * (0.5 - a.p);
		for (int j = 0; j < f->n; j++)
			u[j] += r * a.x[j];
		add_outer(m, f->n, a.x, (a.n + h) * a.p * a.q);
	}
}

/* Takes row and column `held` out, by the last in its place; the order of coefficients is undone by
 * put_back(). */
static int take_out(double u[P], double m[P][P], int n, int held)
{
	if (held == FREE)
		return n;
	int last = n - 1;
	u[held] = u[last];
	for (int j = 0; j < last; j++)
		if (j != held) {
			double shared = m[last][j];
			if (j < held)
				m[held][j] = shared;
			else
				m[j][held] = shared;
		}
	m[held][held] = m[last][last];
	return last;
}

static void put_back(double *step, int n, int held)
{
	if (held == FREE)
		return;
	step[n - 1] = step[held];
	step[held] = 0;
}

/* The step, and half the quadratic form: what it promises to gain; NAN where it cannot be taken. */
static double find_step(const struct lh_firth_data *d, const double *beta, const struct factor *f, int held, double step[P])
{
	double m[P][P] = { { 0 } }, u[P] = { 0 };
	struct factor g;
	score(d, beta, f, u, m);
	int n = take_out(u, m, f->n, held);
	if (cholesky(m, n, &g))
		return NAN;
	forward(&g, u);
	double gain = 0;
	for (int j = 0; j < n; j++)
		gain += u[j] * u[j] / 2;
	backward(&g, u);
	memcpy(step, u, P * sizeof *step);
	put_back(step, f->n, held);
	return gain;
}

/* The largest change of any row's log-odds. */
static double step_length(const struct lh_firth_data *d, const double *step)
{
	double most = 0;
	for (int i = 0; i < d->rows; i++)
		most = fmax(most, fabs(look(d, step, i).eta));
	return most;
}

/* Where the climb is. */
struct place { double beta[P], top; struct factor f; };

/* Along the step, halved until it does not lead down by more than rounding; -1: nowhere. */
static int walk(const struct lh_firth_data *d, struct place *at, const double *step)
{
	double length = step_length(d, step), share = length > LONGEST ? LONGEST / length : 1;
	for (int i = 0; i < HALVINGS; i++, share /= 2) {
		struct place next = *at;
		for (int j = 0; j <= d->covariates; j++)
			next.beta[j] += share * step[j];
		next.top = likelihood(d, next.beta, &next.f);
		if (next.top >= at->top - 1e-13 * (1 + fabs(at->top))) {
			*at = next;
			return 0;
		}
	}
	return -1;
}

/* From at->beta up, with beta[held] left alone. The status. */
static enum lh_firth_status climb(const struct lh_firth_data *d, int held, struct place *at, int *iterations, double *gain)
{
	at->top = likelihood(d, at->beta, &at->f);
	if (!isfinite(at->top))
		return LH_FIRTH_RANK;
	for (*iterations = 0; *iterations < STEPS; ++*iterations) {
		double step[P];
		*gain = find_step(d, at->beta, &at->f, held, step);
		if (*gain < GAIN)
			return LH_FIRTH_ESTIMATED;
		if (isnan(*gain) || walk(d, at, step))
			break;
	}
	return LH_FIRTH_LOST;
}

static int check_row(const struct lh_firth_data *d, int row, struct lh_error *err)
{
	int n = d->trials ? d->trials[row] : 1, k = d->events[row];
	if (n < 0 || k < 0 || k > n)
		return lh_fail(err, LH_E_USAGE, "logistic regression: row %d has %d events in %d trials", row, k, n);
	for (int j = 0; j < d->covariates; j++)
		if (!isfinite(d->x[(size_t)row * (size_t)d->covariates + (size_t)j]))
			return lh_fail(err, LH_E_USAGE, "logistic regression: covariate %d of row %d is not a finite number", j + 1, row);
	return 0;
}

static int check(const struct lh_firth_data *d, struct lh_error *err)
{
	if (d->covariates < 0 || d->covariates >= P || d->rows < 0)
		return lh_fail(err, LH_E_USAGE, "logistic regression: %d rows of %d covariates; at most %d are possible", d->rows, d->covariates, P - 1);
	int code = 0;
	for (int i = 0; i < d->rows && !code; i++)
		code = check_row(d, i, err);
	return code;
}

static void count(const struct lh_firth_data *d, struct lh_firth *out)
{
	for (int i = 0; i < d->rows; i++) {
		out->trials += d->trials ? d->trials[i] : 1;
		out->events += d->events[i];
	}
}

/* With none among n trials, 3/n is the rate's upper limit (0.05^(1/n), the "rule of three"). */
static bool too_few(const struct lh_firth_data *d, struct lh_firth *out)
{
	int64_t rarer = out->events < out->trials - out->events ? out->events : out->trials - out->events;
	if (rarer >= LH_FIRTH_EVENTS)
		return false;
	out->at_least = rarer == 0;
	int64_t seen = rarer ? rarer : 3;
	out->samples_needed = ((int64_t)d->samples * LH_FIRTH_EVENTS + seen - 1) / seen;
	return true;
}

/* Column j of I's inverse holds the variance of beta[j] at place j. */
static void fill_errors(const struct factor *f, struct lh_firth *out)
{
	for (int j = 0; j < f->n; j++) {
		double unit[P] = { 0 };
		unit[j] = 1;
		forward(f, unit);
		backward(f, unit);
		out->error[j] = sqrt(unit[j]);
	}
}

int lh_firth_fit(const struct lh_firth_data *d, struct lh_firth *out, struct lh_error *err)
{
	*out = (struct lh_firth){ .coefficients = d->covariates + 1, .log_likelihood = NAN, .gain = NAN };
	for (int j = 0; j < P; j++)
		out->beta[j] = out->error[j] = NAN;
	int code = check(d, err);
	if (code)
		return code;
	count(d, out);
	out->status = LH_FIRTH_FEW;
	if (too_few(d, out))
		return 0;
	struct place at = { .beta = { 0 } };
	out->status = climb(d, FREE, &at, &out->iterations, &out->gain);
	if (out->status != LH_FIRTH_ESTIMATED)
		return 0;
	memcpy(out->beta, at.beta, (size_t)out->coefficients * sizeof *out->beta);
	out->log_likelihood = at.top;
	fill_errors(&at.f, out);
	return 0;
}

/* The others' best for one value of the held coefficient, kept to start the next search from. */
struct profile { const struct lh_firth_data *d; const struct lh_firth *fit; int which; struct place at; };

/* How far the profile at b lies above the level of the interval's ends; NAN: no convergence. */
static double above(struct profile *p, double b)
{
	int ignored;
	double gain;
	p->at.beta[p->which] = b;
	if (climb(p->d, p->which, &p->at, &ignored, &gain) != LH_FIRTH_ESTIMATED)
		return NAN;
	return p->at.top - (p->fit->log_likelihood - HALF_CHI);
}

static struct profile profile_of(const struct lh_firth_data *d, const struct lh_firth *fit, int which)
{
	struct profile p = { .d = d, .fit = fit, .which = which };
	memcpy(p.at.beta, fit->beta, sizeof p.at.beta);
	return p;
}

/* Regula falsi with the Illinois rule (Dowell, Jarratt, BIT 11, 1971): an end kept twice has its
 * height halved. `in` lies above the level, `out` below it. */
static double crossing(struct profile *p, double in, double high, double out, double low)
{
	int kept = 0;
	for (int i = 0; i < 100 && fabs(out - in) > 1e-9 * (fabs(in) + fabs(out)); i++) {
		double b = in + (out - in) * high / (high - low), h = above(p, b);
		if (isnan(h) || fabs(h) < 1e-11)
			return isnan(h) ? NAN : b;
		if (h > 0) {
			in = b, high = h;
			low /= kept > 0 ? 2 : 1;
		} else {
			out = b, low = h;
			high /= kept < 0 ? 2 : 1;
		}
		kept = h > 0 ? 1 : -1;
	}
	return (in + out) / 2;
}

/* One end: outwards in doubling strides from the estimate, then the crossing between the last two. A
 * stride so long that the information has no digits left is taken again, shorter. */
static double find_end(const struct lh_firth_data *d, const struct lh_firth *fit, int which, int side)
{
	struct profile p = profile_of(d, fit, which);
	double in = fit->beta[which], high = HALF_CHI, stride = fit->error[which];
	for (int i = 0; i < 40; i++, stride *= 2) {
		double out = in + side * stride;
		struct profile before = p;
		double low = above(&p, out);
		if (low <= 0)
			return crossing(&before, in, high, out, low);
		if (isnan(low)) {
			p = before;
			stride /= 4;
		} else {
			in = out;
			high = low;
		}
	}
	return side * (double)INFINITY;
}

struct lh_interval lh_firth_interval(const struct lh_firth_data *d, const struct lh_firth *fit, int which)
{
	if (fit->status != LH_FIRTH_ESTIMATED || which < 0 || which >= fit->coefficients)
		return (struct lh_interval){ NAN, NAN };
	return (struct lh_interval){ find_end(d, fit, which, -1), find_end(d, fit, which, 1) };
}

double lh_firth_profile(const struct lh_firth_data *d, const struct lh_firth *fit, int which, double b)
{
	if (fit->status != LH_FIRTH_ESTIMATED || which < 0 || which >= fit->coefficients)
		return NAN;
	struct profile p = profile_of(d, fit, which);
	return above(&p, b) + fit->log_likelihood - HALF_CHI;
}
