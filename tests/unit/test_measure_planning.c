/* Plans: the fast sign-flip test against the one it stands for, power against sums over all outcomes, sizes,
 * what a change leaves of a sample, and how often the interval of the samples needed holds the truth. */
#include "unit/test_measure_grid.h"

#include "base/random.h"
#include "measure/permute.h"
#include "measure/planning.h"
#include "measure/rmst.h"
#include "measure/signflip.h"

static struct lh_random luck_of(int what, int k)
{
	return lh_random_stream((uint64_t)what, (uint64_t)k, 0, LH_FOR_CHECK, 40);
}

/* ---- the sign-flip test ---- */

/* Up to 16 differences it decides as the enumeration does, at every level and with ties. */
static void test_same_decision(void)
{
	int rejected = 0;
	for (int k = 0; k < 400; k++) {
		struct lh_random r = luck_of(1, k);
		double d[20] = { 0 }, level = 0.3 * lh_random_unit(&r);
		int n = 1 + k % 20, left = LH_PERMUTE_SIGNS;
		for (int i = 0; i < n; i++)
			if (lh_random_unit(&r) < 0.8 && left-- > 0)
				d[i] = k % 2 ? lh_random_unit(&r) - 0.2 : (double)lh_random_between(&r, -1, 3);
		struct lh_permuted t = lh_permute_signs(d, n, 1, 99);
		CHECK(t.exact);
		CHECK(lh_signflip_rejects(d, n, (uint64_t)k, level) == (t.p <= level));
		CHECK(lh_signflip_rejects(d, n, (uint64_t)k, t.p));          /* p <= p */
		CHECK(!lh_signflip_rejects(d, n, (uint64_t)k, t.p * (1 - 1e-9)));
		rejected += t.p <= level;
	}
	CHECK(rejected > 40 && rejected < 360);
}

/* With more it is another draw of signings: it rejects as often, and mostly the same experiments. */
static void test_as_often(void)
{
	int ours = 0, theirs = 0, apart = 0, null = 0;
	enum { TIMES = 1500, N = 40 };
	for (int k = 0; k < TIMES; k++) {
		struct lh_random r = luck_of(2, k);
		double d[N], shifted[N];
		for (int i = 0; i < N; i++) {
			d[i] = lh_random_unit(&r) + lh_random_unit(&r) - 1;
			shifted[i] = d[i] + 0.2;
		}
		bool a = lh_signflip_rejects(shifted, N, (uint64_t)k, 0.0125), b = lh_permute_signs(shifted, N, (uint64_t)k, LH_PERMUTATIONS).p <= 0.0125;
		ours += a;
		theirs += b;
		apart += a != b;
		null += lh_signflip_rejects(d, N, (uint64_t)k, 0.0125);
	}
	printf("8,192 signings in a group reject %d of %d, 9,999 %d; %d differ; with no effect %d\n", ours, TIMES, theirs, apart, null);
	CHECK(ours > 800 && ours < 1200);
	CHECK(fabs((double)ours - theirs) <= 3 * sqrt(apart));
	CHECK(apart < TIMES / 20);
	CHECK(null >= 6 && null <= 35);          /* 99.9 % of a binomial with 0.0125 */
}

static void test_least(void)
{
	CHECK_INT(lh_signflip_least(0.05), 6);                  /* 2/64 = 0.031 */
	CHECK_INT(lh_signflip_least(0.05 / 6), 8);              /* 2/256 = 0.0078 */
	CHECK_INT(lh_signflip_least(1e-9), LH_PERMUTE_SIGNS);
}

/* ---- pools ---- */

static struct lh_plan_pool pool_of(struct lh_grid grid)
{
	struct lh_plan_pool p;
	struct lh_error err = { 0 };
	if (lh_plan_pool_init(&p, &grid, &err)) {
		printf("%s\n", err.text);
		exit(1);
	}
	free((void *)(uintptr_t)grid.outcome);
	return p;
}

/* One turn: `errors` of `samples` err. */
static struct lh_plan_pool one_turn(int samples, int errors)
{
	uint8_t *cell = malloc((size_t)samples);
	for (int i = 0; i < samples; i++)
		cell[i] = i < errors ? LH_OUTCOME_SLIPS : LH_OUTCOME_CORRECT;
	return pool_of((struct lh_grid){ .samples = samples, .turns = 1, .outcome = cell, .steps_per_turn = 1 });
}

/* Samples that err at each turn with a rate of their own, u^2 at most `worst`; errors are carried on. */
static struct lh_grid random_grid(int what, int samples, int turns, double worst)
{
	uint8_t *cell = malloc((size_t)samples * (size_t)turns);
	for (int i = 0; i < samples; i++) {
		struct lh_random r = luck_of(what, i);
		double u = lh_random_unit(&r);
		bool wrong = false;
		for (int t = 0; t < turns; t++) {
			bool errs = lh_random_unit(&r) < worst * u * u;
			cell[i * turns + t] = errs ? LH_OUTCOME_SLIPS : wrong ? LH_OUTCOME_FOLLOWS : LH_OUTCOME_CORRECT;
			wrong |= errs;
		}
	}
	return (struct lh_grid){ .samples = samples, .turns = turns, .outcome = cell, .steps_per_turn = 1 };
}

static struct lh_planning planning_of(struct lh_plan_world w, int most)
{
	struct lh_planning p;
	struct lh_error err = { 0 };
	if (lh_planning_init(&p, &w, most, &err)) {
		printf("%s\n", err.text);
		exit(1);
	}
	return p;
}

static struct lh_planned_power power_of(struct lh_plan_world w, int n, int replications)
{
	struct lh_planning p = planning_of(w, n);
	struct lh_planned_power out;
	struct lh_error err = { 0 };
	if (lh_planning_power(&p, n, replications, &out, &err))
		exit(1);
	lh_planning_fini(&p);
	return out;
}

/* ---- power in closed form ---- */

static double choose(int n, int k) { return exp(lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1)); }
static double binomial(int n, int k, double p) { return choose(n, k) * pow(p, k) * pow(1 - p, n - k); }

/* Two-sided p of k differences of +-1 of which `plus` are above 0. */
static double sign_p(int k, int plus)
{
	double p = 0;
	for (int j = 0; j <= k; j++)
		if (abs(2 * j - k) >= abs(2 * plus - k))
			p += binomial(k, j, 0.5);
	return p;
}

/* What so many signings decide, each of the others as far out with probability p. */
static double rejection(int k, int plus, double level)
{
	double p = sign_p(k, plus), sum = 0;
	int others = LH_SIGNINGS - 1;
	if (k <= LH_PERMUTE_SIGNS)
		return p <= level + 1e-12;
	if (p >= 1)
		return 0;
	for (int far = 0; (far + 1.0) / (others + 1) <= level; far++)
		sum += binomial(others, far, p);
	return sum;
}

/* n pairs, the first errs with probability a, the second with b: McNemar's table, summed. */
static double exact_power(int n, double a, double b, double level)
{
	double up = a * (1 - b), apart = up + b * (1 - a), sum = 0;
	for (int k = 1; k <= n; k++)
		for (int plus = 0; plus <= k; plus++)
			sum += binomial(n, k, apart) * binomial(k, plus, up / apart) * rejection(k, plus, level);
	return sum;
}

static void test_exact_power(void)
{
	struct lh_plan_pool first = one_turn(200, 120), second = one_turn(300, 60);
	static const struct { int n; double level; } cases[] = { { 10, 0.05 }, { 14, 0.025 }, { 16, 0.0125 }, { 30, 0.0125 }, { 60, 0.05 / 6 } };
	for (int i = 0; i < 5; i++)
		for (int test = 0; test < LH_PLAN_TESTS; test++) {
			/* At one turn a first error is a turn error: both tests count the same, and log-rank scores
			 * differ from 0 and 1 by a constant. */
			struct lh_plan_world w = { &first, &second, NAN, NAN, (enum lh_plan_test)test, cases[i].level, 5, NULL, NULL };
			struct lh_planned_power got = power_of(w, cases[i].n, 2000);
			double want = exact_power(cases[i].n, 0.6, 0.2, cases[i].level);
			printf("%d pairs at %.4f: exact %.4f, simulated %.4f +- %.4f (pool %.4f)\n", cases[i].n, cases[i].level, want, got.at.power, got.at.error, got.pool_error);
			CHECK_NEAR(got.at.power, want, 3 * got.at.error);
			CHECK(got.error >= got.at.error && got.pool_error > 0);
		}
	lh_plan_pool_fini(&first);
	lh_plan_pool_fini(&second);
}

/* A change of 0 is none: rejected at the level; so are two samples of one condition. */
static void test_size(void)
{
	struct lh_grid grid = random_grid(3, 400, 20, 0.4);
	struct lh_plan_pool pool = pool_of(grid);
	for (int test = 0; test < LH_PLAN_TESTS; test++)
		for (int kind = 0; kind < 3; kind++) {
			struct lh_plan_world w = { &pool, kind ? &pool : NULL, kind == 2 ? 0 : NAN, 0, (enum lh_plan_test)test, 0.025, 6, NULL, NULL };
			struct lh_planned_power got = power_of(w, 50, 4000);
			printf("no effect, test %d, world %d: %.4f at level 0.025\n", test, kind, got.at.power);
			CHECK_NEAR(got.at.power, 0.025, 3 * sqrt(0.025 * 0.975 / 4000));
		}
	lh_plan_pool_fini(&pool);
}

static void test_rises(void)
{
	static const int sizes[] = { 8, 20, 50, 120, 300 };
	static const double changes[] = { 0.1, 0.3, 0.5, 0.7, 1 };
	struct lh_plan_pool pool = pool_of(random_grid(4, 300, 20, 0.4));
	for (int test = 0; test < LH_PLAN_TESTS; test++) {
		struct lh_plan_world w = { &pool, NULL, NAN, 0.4, (enum lh_plan_test)test, 0.0125, 7, NULL, NULL };
		double last = -1, over = -1;
		for (int i = 0; i < 5; i++) {
			w.change = 0.4;
			double by_n = power_of(w, sizes[i], 500).at.power;
			w.change = changes[i];
			double by_change = power_of(w, 40, 500).at.power;
			CHECK(by_n >= last && by_change >= over);
			last = by_n;
			over = by_change;
		}
		printf("test %d: %.3f at 300 samples, %.3f with no errors at all\n", test, last, over);
		CHECK(last > 0.5 && over > 0.99);
	}
	lh_plan_pool_fini(&pool);
}

/* ---- what a change leaves ---- */

static void test_samples_by_hand(void)
{
	struct lh_plan_pool p = pool_of(GRID("csffr", "cfccc", "rsccc", "cc!..", "mmmmm", "ccccc"));
	static const struct { struct lh_follow follow, spared; int observed, errors; } want[] = {
		{ { 2, true }, { 5, false }, 5, 2 },     /* the slip, and the return to the truth */
		{ { 2, true }, { 2, true }, 5, 0 },      /* a wrong state that was shown though nobody had answered it stays */
		{ { 2, true }, { 5, false }, 5, 2 },     /* `recovers` is a turn error, but ends no length */
		{ { 2, false }, { 2, false }, 2, 0 },
		{ { 1, true }, { 5, false }, 5, 5 },
		{ { 5, false }, { 5, false }, 5, 0 },
	};
	for (int i = 0; i < 6; i++) {
		const struct lh_plan_sample *s = &p.sample[i];
		CHECK(s->follow.turns == want[i].follow.turns && s->follow.erred == want[i].follow.erred);
		CHECK(s->spared.turns == want[i].spared.turns && s->spared.erred == want[i].spared.erred);
		CHECK(s->observed == want[i].observed && s->errors == want[i].errors);
		CHECK_NEAR(s->rate, (double)want[i].errors / want[i].observed, 1e-15);
	}
	CHECK(p.error[p.sample[0].first + 1].returns && !p.error[p.sample[0].first].returns);
	lh_plan_pool_fini(&p);
}

/* Over many pairs: the mean difference of rates is X times the mean rate; as many go without any error
 * through turn t as lh_plan_horizon() says. */
static void test_change_on_average(void)
{
	struct lh_grid grid = random_grid(5, 100, 12, 0.5);
	struct lh_plan_pool pool = pool_of(grid);
	double rate = 0, drawn = 0;
	enum { PAIRS = 200000 };
	struct lh_planning p = planning_of((struct lh_plan_world){ &pool, NULL, NAN, 0.3, LH_PLAN_ERRORS, 0.05, 8, NULL, NULL }, PAIRS);
	for (int i = 0; i < pool.samples; i++)
		rate += pool.sample[i].rate / pool.samples;
	CHECK_INT(lh_planning_differences(&p, PAIRS, 0, NULL), 0);
	for (int i = 0; i < PAIRS; i++)
		drawn += p.difference[i] / PAIRS;
	printf("a change of 0.3 of %.4f: %.4f on average\n", rate, drawn);
	CHECK_NEAR(drawn, 0.3 * rate, 4 * 0.25 / sqrt(PAIRS));
	p.world.test = LH_PLAN_LENGTH;
	CHECK_INT(lh_planning_differences(&p, PAIRS, 0, NULL), 0);
	for (double s = 0.3; s < 0.95; s += 0.1) {
		struct lh_horizon h;
		CHECK_INT(lh_plan_horizon(&pool, 0.3, 1, s, &h, NULL), 0);
		int through = 0, further = 0;
		for (int i = 0; i < PAIRS; i++) {
			struct lh_follow f = p.follow[PAIRS + i];
			through += !f.erred || f.turns > h.turns;
			further += !f.erred || f.turns > h.turns + 1;
		}
		CHECK(through > (s - 0.004) * PAIRS && (h.censored || further < (s + 0.004) * PAIRS));
		CHECK(h.lo <= h.turns && h.turns <= h.hi);
	}
	lh_planning_fini(&p);
	lh_plan_pool_fini(&pool);
}

/* With no change it is the horizon that is reported, interval and all, censoring or none. */
static void test_horizon_of_no_change(void)
{
	static const double levels[] = { 0.2, 0.5, 0.8, 0.9 };
	for (int censored = 0; censored < 2; censored++) {
		struct lh_grid grid = random_grid(6, 80, 15, 0.5);
		uint8_t *cell = (uint8_t *)(uintptr_t)grid.outcome;
		for (int i = 0; censored && i < 80; i += 3)
			for (int t = 4 + i % 11; t < 15; t++)
				cell[i * 15 + t] = t == 4 + i % 11 ? LH_OUTCOME_FAILED : LH_UNSEEN;
		struct lh_measure_options o = { levels, 4, 100, 1 };
		struct lh_result *r;
		struct lh_plan_pool pool;
		CHECK_INT(lh_measure(&grid, &o, &r, NULL), 0);
		CHECK_INT(lh_plan_pool_init(&pool, &grid, NULL), 0);
		for (int i = 0; i < 4; i++) {
			struct lh_horizon h, *w = &r->horizon[i];
			CHECK_INT(lh_plan_horizon(&pool, 0, 1, levels[i], &h, NULL), 0);
			CHECK(h.turns == w->turns && h.lo == w->lo && h.hi == w->hi && h.censored == w->censored && h.first_below == w->first_below);
		}
		lh_plan_pool_fini(&pool);
		lh_result_free(r);
		free(cell);
	}
}

/* ---- effects that were seen ---- */

static void test_effects(void)
{
	struct lh_grid a = random_grid(9, 150, 20, 0.5), b = random_grid(9, 150, 20, 0.2), c = random_grid(10, 150, 20, 0.5);
	struct lh_plan_effect e;
	struct lh_plan_pool first, second;
	CHECK_INT(lh_plan_pool_init(&first, &a, NULL), 0);
	CHECK_INT(lh_plan_pool_init(&second, &b, NULL), 0);
	for (int test = 0; test < LH_PLAN_TESTS; test++) {
		CHECK_INT(lh_plan_effect(&a, &b, (enum lh_plan_test)test, 1, &e, NULL), 0);
		printf("test %d: %.3f [%.3f, %.3f], %.2f of it\n", test, e.difference, e.ci.lo, e.ci.hi, e.shared);
		CHECK(e.shown && e.ci.lo <= e.difference && e.difference <= e.ci.hi && fabs(e.nearer) < fabs(e.difference));
		CHECK_NEAR(e.shared * e.difference, e.nearer, 1e-12);
		CHECK(e.nearer == (e.difference > 0 ? e.ci.lo : e.ci.hi) && e.shared > 0.3 && e.shared < 1);
		/* So many pairs as they were seen have that effect on average. */
		if (test == LH_PLAN_ERRORS) {
			enum { PAIRS = 200000 };
			double drawn = 0;
			struct lh_planning p = planning_of((struct lh_plan_world){ &first, &second, e.shared, NAN, LH_PLAN_ERRORS, 0.05, 8, NULL, NULL }, PAIRS);
			CHECK_INT(lh_planning_differences(&p, PAIRS, 0, NULL), 0);
			for (int i = 0; i < PAIRS; i++)
				drawn += p.difference[i] / PAIRS;
			CHECK_NEAR(drawn, e.nearer, 4 * 0.3 / sqrt(PAIRS));
			lh_planning_fini(&p);
		}
		CHECK_INT(lh_plan_effect(&a, &c, (enum lh_plan_test)test, 1, &e, NULL), 0);
		CHECK(!e.shown && e.nearer == 0 && e.shared == 0);
		CHECK_INT(lh_plan_effect(&a, &a, (enum lh_plan_test)test, 1, &e, NULL), 0);
		CHECK(!e.shown && e.difference == 0 && e.ci.lo < 0 && e.ci.hi > 0);
	}
	/* All differ alike: no resample shows any spread, and the interval has width all the same. */
	struct lh_grid bad = GRID("ss", "ss", "ss", "ss", "ss", "ss", "ss", "ss", "ss", "ss"), good = GRID("cs", "cs", "cs", "cs", "cs", "cs", "cs", "cs", "cs", "cs");
	CHECK_INT(lh_plan_effect(&bad, &good, LH_PLAN_ERRORS, 1, &e, NULL), 0);
	CHECK(e.difference == 0.5 && e.ci.lo < 0.5 && e.ci.hi > 0.5);
	lh_plan_pool_fini(&first);
	lh_plan_pool_fini(&second);
	const struct lh_grid *all[] = { &a, &b, &c, &bad, &good };
	for (int i = 0; i < 5; i++)
		free((void *)(uintptr_t)all[i]->outcome);
}

/* ---- searches ---- */

static void test_needed_and_smallest(void)
{
	struct lh_plan_pool pool = pool_of(random_grid(11, 500, 20, 0.4));
	struct lh_planning p = planning_of((struct lh_plan_world){ &pool, NULL, NAN, 0.5, LH_PLAN_ERRORS, 0.025, 9, NULL, NULL }, 1000);
	struct lh_plan_needed n, again;
	struct lh_planned_power at;
	struct lh_plan_smallest s, none;
	CHECK_INT(lh_planning_needed(&p, 0.8, 500, &n, NULL), 0);
	CHECK_INT(lh_planning_needed(&p, 0.8, 500, &again, NULL), 0);
	CHECK(n.there.at.n == again.there.at.n && n.there.at.power == again.there.at.power && n.n.lo == again.n.lo && n.n.hi == again.n.hi && n.there.error == again.there.error);
	CHECK(n.reached && n.n.lo < n.there.at.n && n.there.at.n < n.n.hi && n.there.at.power >= 0.8);
	CHECK_INT(lh_planning_power(&p, n.there.at.n / 2, 500, &at, NULL), 0);
	CHECK(at.at.power < 0.8 - 3 * at.at.error);
	/* That many samples detect that change, and nothing much smaller. */
	CHECK_INT(lh_planning_smallest(&p, n.there.at.n, 0.8, 500, &s, NULL), 0);
	printf("needed %d [%g, %g]; smallest change then %g [%g, %g]\n", n.there.at.n, n.n.lo, n.n.hi, s.change, s.ci.lo, s.ci.hi);
	CHECK(s.found && s.there.at.power >= 0.8 && s.change <= 0.5 && s.change > 0.45 && s.ci.lo < s.change && s.change < s.ci.hi);
	CHECK(p.world.change == s.change);
	CHECK_INT(lh_planning_smallest(&p, 6, 0.8, 500, &none, NULL), 0);
	CHECK(!none.found && none.change == 1 && none.there.at.power < 0.8);
	p.world.change = 0.02;
	CHECK_INT(lh_planning_needed(&p, 0.8, 200, &n, NULL), 0);
	CHECK(!n.reached && n.there.at.n == 1000 && n.there.at.power < 0.8);
	lh_planning_fini(&p);
	lh_plan_pool_fini(&pool);
}

/* Plans from pools of 150, against the number that pools of 20,000 say. */
static void test_interval_of_needed(void)
{
	enum { PLANS = 16 };
	for (int kind = 0; kind < 2; kind++) {
		int held = 0;
		struct lh_plan_needed truth, n;
		struct lh_plan_pool one = pool_of(random_grid(20, 20000, 10, 0.6)), two = pool_of(random_grid(21, 20000, 10, 0.3));
		struct lh_plan_world w = { &one, kind ? &two : NULL, NAN, 0.5, kind ? LH_PLAN_LENGTH : LH_PLAN_ERRORS, 0.025, 10, NULL, NULL };
		struct lh_planning p = planning_of(w, 2000);
		CHECK_INT(lh_planning_needed(&p, 0.8, 2000, &truth, NULL), 0);
		lh_planning_fini(&p);
		lh_plan_pool_fini(&one);
		lh_plan_pool_fini(&two);
		for (int k = 0; k < PLANS; k++) {
			one = pool_of(random_grid(1000 + k, 150, 10, 0.6));
			two = pool_of(random_grid(2000 + k, 150, 10, 0.3));
			w.seed = (uint64_t)k;
			p = planning_of(w, 2000);
			CHECK_INT(lh_planning_needed(&p, 0.8, 200, &n, NULL), 0);
			held += n.reached && n.n.lo <= truth.there.at.n && truth.there.at.n <= n.n.hi;
			lh_planning_fini(&p);
			lh_plan_pool_fini(&one);
			lh_plan_pool_fini(&two);
		}
		printf("%d samples needed: %d of %d intervals hold it\n", truth.there.at.n, held, PLANS);
		CHECK(held >= 12);               /* 99.9 % of a binomial with 0.95 */
	}
}

static void test_refused(void)
{
	struct lh_plan_pool one = one_turn(1, 0), few = one_turn(5, 2), two = one_turn(7, 2);
	struct lh_grid stopped = GRID("cs", "cc");
	struct lh_plan_pool stop;
	struct lh_planning p;
	struct lh_error err = { 0 };
	stopped.stop_at_error = true;
	CHECK_INT(lh_plan_pool_init(&stop, &stopped, NULL), 0);
	CHECK(!stop.rated && isnan(stop.sample[0].rate) && few.rated);
	CHECK_INT(lh_planning_init(&p, &(struct lh_plan_world){ &one, NULL, NAN, 0.5, LH_PLAN_ERRORS, 0.05, 1, NULL, NULL }, 10, &err), LH_E_USAGE);
	CHECK_HAS(err.text, "two samples");
	CHECK_INT(lh_planning_init(&p, &(struct lh_plan_world){ &few, &two, 0.5, 0, LH_PLAN_ERRORS, 0.05, 1, NULL, NULL }, 10, NULL), LH_E_USAGE);
	CHECK_INT(lh_planning_init(&p, &(struct lh_plan_world){ &stop, NULL, NAN, 0.5, LH_PLAN_LENGTH, 0.05, 1, NULL, NULL }, 10, NULL), LH_E_USAGE);
	CHECK_INT(lh_planning_init(&p, &(struct lh_plan_world){ &stop, &stop, NAN, 0, LH_PLAN_ERRORS, 0.05, 1, NULL, NULL }, 10, NULL), LH_E_USAGE);
	CHECK_INT(lh_planning_init(&p, &(struct lh_plan_world){ &stop, &stop, NAN, 0, LH_PLAN_LENGTH, 0.05, 1, NULL, NULL }, 10, NULL), 0);
	lh_planning_fini(&p);
	lh_plan_pool_fini(&one);
	lh_plan_pool_fini(&few);
	lh_plan_pool_fini(&two);
	lh_plan_pool_fini(&stop);
	free((void *)(uintptr_t)stopped.outcome);
}

int main(void)
{
	test_same_decision();
	test_as_often();
	test_least();
	test_exact_power();
	test_size();
	test_rises();
	test_samples_by_hand();
	test_change_on_average();
	test_horizon_of_no_change();
	test_effects();
	test_needed_and_smallest();
	test_interval_of_needed();
	test_refused();
	return check_done();
}
