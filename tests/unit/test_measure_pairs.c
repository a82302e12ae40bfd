/* Differences of shares on the same samples, and p-values read together. */
#include "check.h"

#include "base/random.h"
#include "measure/holm.h"
#include "measure/newcombe.h"
#include "measure/wilson.h"

/* Newcombe, Statistics in Medicine 17 (1998), pp. 2635-2650: the contrasts on which the paper compares
 * its ten methods; the figures are its method 10, to four decimals. The last: Fagerland, Lydersen,
 * Laake, Statistical Analysis of Contingency Tables (2017), chapter 8, data of Cavo and others. */
static void test_newcombe_published(void)
{
	static const struct { struct lh_pairs pairs; double lo, hi; } cases[] = {
		{ { 36, 12, 2, 0 }, 0.0569, 0.3404 },
		{ { 18, 12, 2, 18 }, 0.0562, 0.3290 },
		{ { 53, 0, 0, 1 }, -0.0729, 0.0729 },
		{ { 0, 30, 0, 0 }, 0.8395, 1 },
		{ { 59, 6, 16, 80 }, -0.1186, -0.0046 },
	};
	for (int i = 0; i < 5; i++) {
		struct lh_interval got = lh_newcombe(&cases[i].pairs);
		printf("Newcombe: published [%.4f, %.4f], ours [%.4f, %.4f]\n", cases[i].lo, cases[i].hi, got.lo, got.hi);
		CHECK_NEAR(got.lo, cases[i].lo, 5.1e-5);
		CHECK_NEAR(got.hi, cases[i].hi, 5.1e-5);
	}
}

static struct lh_interval mirror(struct lh_interval i)
{
	return (struct lh_interval){ -i.hi, -i.lo };
}

/* All tables of up to 12 pairs: contains the difference, has width, stays within [-1, 1]; the other
 * sample first, or no for yes, mirrors it. */
static void test_newcombe_everywhere(void)
{
	for (int n = 1; n <= 12; n++)
		for (int e = 0; e <= n; e++)
			for (int f = 0; f <= n - e; f++)
				for (int g = 0; g <= n - e - f; g++) {
					struct lh_pairs p = { e, f, g, n - e - f - g }, swapped = { e, g, f, p.neither }, negated = { p.neither, g, f, e };
					struct lh_interval i = lh_newcombe(&p), s = mirror(lh_newcombe(&swapped)), no = mirror(lh_newcombe(&negated));
					double d = lh_pairs_difference(&p);
					CHECK(-1 <= i.lo && i.lo <= d && d <= i.hi && i.hi <= 1 && i.lo < i.hi);
					CHECK(fabs(i.lo - s.lo) < 1e-12 && fabs(i.hi - s.hi) < 1e-12);
					CHECK(fabs(i.lo - no.lo) < 1e-12 && fabs(i.hi - no.hi) < 1e-12);
				}
}

/* P(the interval contains the truth) summed over every table of n pairs, for cell probabilities p. */
static double covered(int n, const double p[4])
{
	double sum = 0, truth = p[1] - p[2];
	for (int e = 0; e <= n; e++)
		for (int f = 0; f <= n - e; f++)
			for (int g = 0; g <= n - e - f; g++) {
				int h = n - e - f - g;
				struct lh_pairs pairs = { e, f, g, h };
				struct lh_interval i = lh_newcombe(&pairs);
				double chance = exp(lgamma(n + 1) - lgamma(e + 1) - lgamma(f + 1) - lgamma(g + 1) - lgamma(h + 1)
					+ e * log(p[0]) + f * log(p[1]) + g * log(p[2]) + h * log(p[3]));
				sum += i.lo <= truth && truth <= i.hi ? chance : 0;
			}
	return sum;
}

/* By enumeration of every table. Near corners (few discordant pairs) it covers more than 95 %. */
static void test_newcombe_covers(void)
{
	static const double worlds[][4] = {
		{ 0.25, 0.25, 0.25, 0.25 }, { 0.6, 0.15, 0.05, 0.2 }, { 0.7, 0.2, 0.02, 0.08 }, { 0.85, 0.05, 0.05, 0.05 }, { 0.45, 0.05, 0.05, 0.45 },
	};
	for (int i = 0; i < 5; i++) {
		double c = covered(40, worlds[i]);
		printf("Newcombe, n = 40, world %d: coverage %.4f\n", i, c);
		CHECK(c > 0.93 && c < 0.985);
	}
}

static void test_pairs_are_counted(void)
{
	uint8_t first[] = { 1, 1, 0, 0, 1, LH_UNSEEN, 0, 1 }, second[] = { 1, 0, 1, 0, LH_UNSEEN, 1, 0, 0 };
	struct lh_pairs p = lh_pairs_count(first, second, 8), none = lh_pairs_count(first, second, 0);
	CHECK(p.both == 1 && p.first == 2 && p.second == 1 && p.neither == 2);
	CHECK_NEAR(lh_pairs_difference(&p), 1 / 6.0, 1e-15);
	CHECK(isnan(lh_pairs_difference(&none)) && isnan(lh_newcombe(&none).lo) && isnan(lh_newcombe(&none).hi));
	struct lh_pairs many = { 1000000000, 3, 5, 1000000000 };
	struct lh_interval i = lh_newcombe(&many);
	CHECK(i.lo < -1e-9 && i.hi > -1e-9 && i.hi - i.lo < 1e-7);
}

/* Benjamini, Hochberg, JRSS-B 57 (1995), section 4: fifteen p-values of Neuhaus and others (1992);
 * step-wise control of the familywise rate refutes the first three at 0.05. */
static void test_holm_published(void)
{
	static const double p[15] = { 0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1 };
	double adjusted[15];
	lh_holm(p, 15, adjusted);
	static const double want[4] = { 0.0015, 0.0056, 0.0247, 0.1140 };
	for (int i = 0; i < 15; i++) {
		CHECK((adjusted[i] <= 0.05) == (i < 3));
		if (i < 4)
			CHECK_NEAR(adjusted[i], want[i], 1e-12);
	}
}

static void test_holm_order_and_gaps(void)
{
	double p[] = { 0.01, NAN, 0.04, 0.03, 0.005, NAN }, adjusted[6];
	lh_holm(p, 6, adjusted);
	CHECK_NEAR(adjusted[0], 0.03, 1e-15);
	CHECK_NEAR(adjusted[2], 0.06, 1e-15);
	CHECK_NEAR(adjusted[3], 0.06, 1e-15);
	CHECK_NEAR(adjusted[4], 0.02, 1e-15);
	CHECK(isnan(adjusted[1]) && isnan(adjusted[5]));
	double same[] = { 0.2, 0.2, 0.01, 0.2 };
	lh_holm(same, 4, adjusted);
	CHECK_NEAR(adjusted[2], 0.04, 1e-15);
	CHECK(adjusted[0] == adjusted[1] && adjusted[1] == adjusted[3]);
	CHECK_NEAR(adjusted[0], 0.6, 1e-15);
	lh_holm(same, 0, adjusted);
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

/* Against the procedure as Holm words it: sorted, stop at the first that is not refuted. */
static void test_holm_is_the_procedure(void)
{
	for (uint64_t round = 0; round < 500; round++) {
		struct lh_random r = lh_random_stream(round, 0, 0, LH_FOR_CHECK, 1);
		double p[9], sorted[9], adjusted[9];
		for (int i = 0; i < 9; i++)
			sorted[i] = p[i] = floor(lh_random_unit(&r) * 40) / 400;
		qsort(sorted, 9, sizeof *sorted, compare);
		int refuted = 0;
		while (refuted < 9 && (9 - refuted) * sorted[refuted] <= 0.05)
			refuted++;
		lh_holm(p, 9, adjusted);
		int got = 0;
		for (int i = 0; i < 9; i++)
			got += adjusted[i] <= 0.05;
		CHECK_INT(got, refuted);
	}
}

int main(void)
{
	test_newcombe_published();
	test_newcombe_everywhere();
	test_newcombe_covers();
	test_pairs_are_counted();
	test_holm_published();
	test_holm_order_and_gaps();
	test_holm_is_the_procedure();
	return check_done();
}
