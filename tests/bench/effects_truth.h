/* bench/effects_truth.h - do the intervals of what made histories say contain the truth? As bench/calibration.h asks of
 * rates: the whole way of a turn on the simulated model, once for each of the seeds 1, 2, 3 …, then the report's own
 * effects of it.
 *
 * The truth of an accuracy is 1 - P, the simulated model's own P of every request by the formula it documents, averaged
 * over a run of many samples and another seed in the place of its coin flips. Of the slope it is self_conditioning: with
 * contagion 0 and histories of one length the formula is the regression's. Of B, what errors like its own cost, it is
 * the mean over the model's own runs of P at the exposure had less P at none, so that the curve through the
 * `propagated` cells is tested too. luck=own: the replies to different histories are independent, as a real model's are.
 *
 * All in the paper's reading: P is the odds of an answer other than the one that follows. In the strict one a slip that
 * happens to hit the truth is none, some 1 to 2 % of slips; its coverage is printed beside. Newcombe's intervals count
 * whole numbers, so they are held to their coverage by enumeration ("expected"); bootstraps and the slope to 95 %. */
#ifndef LH_TESTS_BENCH_EFFECTS_TRUTH_H
#define LH_TESTS_BENCH_EFFECTS_TRUTH_H

#include "bench/calibration.h"
#include "report/effects_build.h"

struct et_size { int runs, samples, turns, permutations, resamples; };

struct et_case { const char *name; double accuracy, context, self_conditioning; };

static const char *const et_histories[] = { "own", "restated", "filler", "clean", "injected:rate=0.25,0.5", "propagated:rate=0.1,0.2,0.4,0.8" };

/* Means over requests at the last turn, or at the first. */
struct et_sums { const struct et_case *c; uint32_t turn; double error, errors_alone; int64_t n; };

struct et_truth { double first, restated, filler, clean, injected, own, exposed; };      /* P; exposed: B */

static inline double et_error(const struct et_case *c, double history_tokens, double update_exposure)
{
	struct cal_case k = { .steps_per_turn = 1, .accuracy = c->accuracy, .context = c->context, .self_conditioning = c->self_conditioning };
	return cal_error(&k, history_tokens, update_exposure, 0);
}

static inline int et_see(void *user, const struct lh_model_request *q, struct lh_error *err)
{
	struct et_sums *s = user;
	(void)err;
	if (q->turn != s->turn)
		return 0;
	double p = et_error(s->c, (double)q->size->history_tokens, q->exposure->update);
	s->error += p;
	s->errors_alone += p - et_error(s->c, (double)q->size->history_tokens, 0);
	s->n++;
	return 0;
}

static inline struct lh_results *et_run(const struct et_case *c, const char *const *histories, int n, int samples, int turns, uint64_t seed, struct et_sums *sums)
{
	struct lh_experiment e;
	struct lh_error err = { 0 };
	struct lh_results *r;
	char model[200];
	lh_experiment_init(&e);
	snprintf(model, sizeof model, "sim:accuracy=%.17g,context=%.17g,self_conditioning=%.17g,luck=own", c->accuracy, c->context, c->self_conditioning);
	cal_set(&e, "task", "prefix_sum");
	cal_set(&e, "model", model);
	cal_set(&e, "output", "none");
	for (int i = 0; i < n; i++)
		cal_set(&e, "history", histories[i]);
	if (n > 1 || strcmp(histories[0], "own"))
		cal_set(&e, "probe-turns", "last");
	e.samples = samples;
	e.turns = turns;
	e.seed = seed;
	struct lh_run_hooks hooks = { .watch = sums ? et_see : NULL, .user = sums };
	if (lh_run(&e, &hooks, &r, &err))
		cal_die(&err);
	lh_experiment_fini(&e);
	return r;
}

/* ---- the truth ---- */

static inline double et_mean(const struct et_case *c, const char *history, int samples, int turns, uint32_t turn, double *alone)
{
	struct et_sums s = { .c = c, .turn = turn };
	lh_results_free(et_run(c, &history, 1, samples, turns, CAL_REFERENCE_SEED, &s));
	CHECK_INT(s.n, samples);
	if (alone)
		*alone = s.errors_alone / (double)s.n;
	return s.error / (double)s.n;
}

static inline struct et_truth et_reference(const struct et_case *c, struct et_size size)
{
	int many = CAL_REFERENCE * size.samples, few = 10 * size.samples;
	struct et_truth t = { .first = et_error(c, 0, 0) };
	uint32_t last = (uint32_t)size.turns;
	t.restated = et_mean(c, "restated", few, size.turns, last, NULL);
	t.filler = et_mean(c, "filler", few, size.turns, last, NULL);
	t.clean = et_mean(c, "clean", few, size.turns, last, NULL);
	t.injected = et_mean(c, "injected:rate=0.5", few, size.turns, last, NULL);
	t.own = et_mean(c, "own", many, size.turns, last, &t.exposed);
	return t;
}

/* ---- what Newcombe's interval covers ---- */

static inline double et_log_multinomial(const int64_t k[4], const double p[4])
{
	double sum = lgamma((double)(k[0] + k[1] + k[2] + k[3]) + 1);
	for (int i = 0; i < 4; i++)
		sum += (double)k[i] * log(p[i]) - lgamma((double)k[i] + 1);
	return sum;
}

/* Of n pairs, independent, with error odds a and b: over all tables. */
static inline double et_newcombe(int n, double a, double b)
{
	const double p[4] = { (1 - a) * (1 - b), (1 - a) * b, a * (1 - b), a * b };
	double covered = 0;
	for (int64_t f = 0; f <= n; f++)
		for (int64_t g = 0; f + g <= n; g++)
			for (int64_t h = 0; f + g + h <= n; h++) {
				const int64_t k[4] = { n - f - g - h, f, g, h };
				double log_odds = et_log_multinomial(k, p);
				struct lh_pairs pairs = { k[0], f, g, h };
				if (log_odds > -30 && cal_holds(lh_newcombe(&pairs), b - a))
					covered += exp(log_odds);
			}
	return covered;
}

/* ---- counting ---- */

enum { ET_STATE, ET_LENGTH, ET_PATTERN, ET_LONG_CONTEXT, ET_INJECTED, ET_SLOPE, ET_LOSS, ET_PART_LENGTH, ET_PART_ERRORS, ET_PART_REST, ET_QUANTITIES };

static inline void et_expect(const struct et_case *c, const struct et_truth *t, int n, struct cal_count q[ET_QUANTITIES])
{
	const struct { const char *what; double from, to; } losses[] = { { "state loss", t->first, t->restated }, { "length loss", t->restated, t->filler },
		{ "pattern loss", t->filler, t->clean }, { "long-context loss", t->first, t->clean }, { "self-conditioning(0.5)", t->clean, t->injected } };
	for (int i = 0; i < 5; i++)
		q[i] = (struct cal_count){ .what = losses[i].what, .truth = losses[i].to - losses[i].from, .expected = et_newcombe(n, losses[i].from, losses[i].to) };
	const struct { const char *what; double truth; } rest[] = { { "slope", c->self_conditioning }, { "loss L", t->own - t->first },
		{ "of it length A", t->clean - t->first }, { "errors in view B", t->exposed }, { "unexplained C", t->own - t->clean - t->exposed } };
	for (int i = 0; i < 5; i++)
		q[ET_SLOPE + i] = (struct cal_count){ .what = rest[i].what, .truth = rest[i].truth, .expected = 0.95 };
}

struct et_seen {
	int strict[ET_QUANTITIES], estimated, refuted;   /* refuted: p of at most 5 % */
	int no_length, no_errors;                        /* "no … loss shown" */
	double sum[ET_QUANTITIES];
};

static inline struct lh_effect et_loss(const struct lh_report_effects *e, int i, bool strict)
{
	for (int k = 0; k < e->losses; k++) {
		const struct lh_effects_loss *l = &e->loss[k];
		bool it = i < ET_INJECTED ? (int)l->kind == i : l->kind == LH_EFFECTS_SELF_CONDITIONING && e->history[l->second].made.rate == 0.5;
		if (it)
			return strict ? l->strict : l->paper;
	}
	CHECK(!"the report has this loss");
	return (struct lh_effect){ .value = NAN };
}

static inline void et_read(const struct lh_report_effects *e, bool strict, double value[ET_QUANTITIES], struct lh_interval ci[ET_QUANTITIES])
{
	const struct lh_attribution *a = strict ? &e->attribution.strict : &e->attribution.paper;
	const struct lh_slope *s = strict ? &e->slope.strict : &e->slope.paper;
	const struct lh_part *parts[] = { &a->loss, &a->length, &a->errors, &a->rest };
	for (int i = 0; i <= ET_INJECTED; i++) {
		struct lh_effect x = et_loss(e, i, strict);
		value[i] = x.value, ci[i] = x.ci;
	}
	value[ET_SLOPE] = s->value, ci[ET_SLOPE] = s->ci;
	for (int i = 0; i < 4; i++)
		value[ET_LOSS + i] = parts[i]->value, ci[ET_LOSS + i] = parts[i]->ci;
	CHECK_NEAR(a->length.value + a->errors.value + a->rest.value, a->loss.value, 1e-12);
}

static inline void et_add(const struct lh_report_effects *e, struct cal_count q[ET_QUANTITIES], struct et_seen *seen)
{
	double value[ET_QUANTITIES];
	struct lh_interval ci[ET_QUANTITIES];
	et_read(e, true, value, ci);
	for (int i = 0; i < ET_QUANTITIES; i++)
		seen->strict[i] += cal_holds(ci[i], q[i].truth);
	seen->no_length += cal_holds(ci[ET_PART_LENGTH], 0);
	seen->no_errors += cal_holds(ci[ET_SLOPE], 0);
	et_read(e, false, value, ci);
	for (int i = 0; i < ET_QUANTITIES; i++) {
		q[i].covered += cal_holds(ci[i], q[i].truth);
		seen->sum[i] += value[i];
	}
	seen->estimated += e->slope.paper.fit.status == LH_FIRTH_ESTIMATED;
	seen->refuted += e->slope.paper.test.p <= 0.05;
}

static inline void et_one_run(const struct et_case *c, struct et_size size, uint64_t seed, struct cal_count *q, struct et_seen *seen)
{
	struct lh_results *r = et_run(c, et_histories, (int)(sizeof et_histories / sizeof *et_histories), size.samples, size.turns, seed, NULL);
	struct lh_report_effects *list;
	struct lh_error err = { 0 };
	int n;
	if (lh_effects_build(r, &(struct lh_effects_options){ size.permutations, size.resamples }, &list, &n, &err))
		cal_die(&err);
	CHECK_INT(n, 1);
	et_add(&list[0], q, seen);
	lh_effects_free(list, n);
	lh_results_free(r);
}

/* A share of runs that must be 5 %, or (at_most) no more. */
static inline void et_share(const char *what, int count, int runs, double expected)
{
	struct cal_band b = cal_band(runs, expected);
	bool ok = count >= b.lo && count <= b.hi;
	printf("  %-24s %9s %7d  %5.1f %%   %5.1f %%  %5.1f … %-6.1f %s\n", what, "", count, 100.0 * count / runs, 100 * expected,
		100.0 * b.lo / runs, 100.0 * b.hi / runs, ok ? "ok" : "FAILED");
	CHECK(ok);
}

static inline void et_one(const struct et_case *c, struct et_size size)
{
	struct et_truth truth = et_reference(c, size);
	struct cal_count q[ET_QUANTITIES];
	struct et_seen seen = { 0 };
	et_expect(c, &truth, size.samples, q);
	for (int seed = 1; seed <= size.runs; seed++)
		et_one_run(c, size, (uint64_t)seed, q, &seen);
	printf("%s\n", c->name);
	for (int i = 0; i < ET_QUANTITIES; i++) {
		cal_verdict(&q[i], size.runs);
		printf("  %-24s %9.4f          %5.1f %%\n", "  mean; strict reading", seen.sum[i] / size.runs, 100.0 * seen.strict[i] / size.runs);
	}
	CHECK_INT(seen.estimated, size.runs);
	if (c->self_conditioning == 0)
		et_share("slope refuted at 5 %", seen.refuted, size.runs, 0.05);
	else
		CHECK_INT(seen.refuted, size.runs);
	if (c->context == 0)
		et_share("no length loss shown", seen.no_length, size.runs, 0.95);
}

static inline void effects_truth(struct et_size size)
{
	static const struct et_case cases[] = {
		{ "length alone: context = 1, self_conditioning = 0", 0.9, 1, 0 },
		{ "errors in view alone: context = 0, self_conditioning = 3", 0.9, 0, 3 },
		{ "both: context = 1, self_conditioning = 3", 0.9, 1, 3 },
	};
	printf("%d runs (seeds 1 to %d) of %d samples, %d turns\n", size.runs, size.runs, size.samples, size.turns);
	printf("  %-24s %9s %7s  %7s  %8s  %s\n", "95 % interval of", "truth", "covered", "", "expected", "99.9 % band");
	for (int i = 0; i < (int)(sizeof cases / sizeof *cases); i++)
		et_one(&cases[i], size);
}

#endif
