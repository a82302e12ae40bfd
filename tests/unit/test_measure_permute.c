/* Permutation tests: published examples, enumeration, and how often a true null is refuted. */
#include "check.h"

#include "base/random.h"
#include "measure/permute.h"

/* Fisher, The Design of Experiments (1935), section 21: Darwin's fifteen pairs of maize, differences
 * in eighths of an inch. The sum is 314; 863 of the 32,768 signings reach it on the one side (835 go
 * beyond it, 28 equal it), so p = 1,726/32,768 = 0.05267. */
static void test_darwin(void)
{
	static const double maize[15] = { 49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48 };
	struct lh_permuted t = lh_permute_signs(maize, 15, 1, LH_PERMUTATIONS);
	printf("Darwin's maize: sum %g, p %.5f of %lld\n", t.statistic, t.p, (long long)t.count);
	CHECK(t.exact && t.statistic == 314 && t.count == 32768);
	CHECK_NEAR(t.p, 1726 / 32768.0, 1e-15);
	/* Twice the data: too many to enumerate. The normal limit has z = 628 / sqrt(2 * 26,518). */
	double twice[30];
	for (int i = 0; i < 30; i++)
		twice[i] = maize[i % 15];
	t = lh_permute_signs(twice, 30, 1, LH_PERMUTATIONS);
	CHECK(!t.exact && t.count == LH_PERMUTATIONS);
	CHECK_NEAR(t.p, 0.0064, 0.003);
}

static void test_signs_by_hand(void)
{
	static const double one[] = { 3 }, three[] = { 1, 2, 3 }, zeros[] = { 0, 0 }, mixed[] = { 0, -1, 0, -2, 0, -3 };
	CHECK_NEAR(lh_permute_signs(one, 1, 0, 99).p, 1, 0);
	CHECK_NEAR(lh_permute_signs(three, 3, 0, 99).p, 0.25, 0);
	CHECK_NEAR(lh_permute_signs(zeros, 2, 0, 99).p, 1, 0);
	CHECK_NEAR(lh_permute_signs(zeros, 0, 0, 99).p, 1, 0);
	struct lh_permuted t = lh_permute_signs(mixed, 6, 0, 99);
	CHECK(t.p == 0.25 && t.statistic == -6 && t.exact);
	/* 0.1 + 0.2 and 0.3 are one sum: of eight, -0.6, 0, 0, 0.6 and four between; 0 is as far as any. */
	static const double tied[] = { 0.1, 0.2, -0.3 };
	CHECK_NEAR(lh_permute_signs(tied, 3, 0, 99).p, 1, 0);
}

/* Monte Carlo against enumeration: fifteen pairs, and the same with two pairs far below rounding that
 * make them too many to enumerate. */
static void test_drawn_signs_agree(void)
{
	for (uint64_t seed = 0; seed < 5; seed++) {
		struct lh_random r = lh_random_stream(seed, 0, 0, LH_FOR_CHECK, 3);
		double d[17];
		for (int i = 0; i < 17; i++)
			d[i] = i < 15 ? lh_random_unit(&r) - 0.3 : 1e-13;
		struct lh_permuted all = lh_permute_signs(d, 15, seed, 0), some = lh_permute_signs(d, 17, seed, 40000);
		CHECK(all.exact && !some.exact);
		CHECK_NEAR(some.p, all.p, 4 * sqrt(all.p * (1 - all.p) / 40000) + 1e-4);
	}
}

static struct lh_permuted labels(const double *score, int first, int second, uint64_t seed, int m)
{
	struct lh_permuted t;
	if (lh_permute_labels(score, first, second, seed, m, &t, NULL))
		exit(1);
	return t;
}

/* Every assignment by bit patterns. */
static double labels_by_bits(const double *score, int first, int n)
{
	double total = 0, seen = 0;
	for (int i = 0; i < n; i++)
		total += score[i];
	for (int i = 0; i < first; i++)
		seen += score[i];
	int far = 0, all = 0;
	for (int code = 0; code < 1 << n; code++) {
		double sum = 0;
		int members = 0;
		for (int i = 0; i < n; i++)
			if (code >> i & 1) {
				sum += score[i];
				members++;
			}
		if (members != first)
			continue;
		all++;
		far += fabs(sum - total * first / n) >= fabs(seen - total * first / n) - 1e-9;
	}
	return (double)far / all;
}

/* Efron, Tibshirani, An Introduction to the Bootstrap (1993), table 2.1: days that sixteen mice lived,
 * seven treated (mean 86.86), nine not (56.22); all 11,440 ways to draw seven. */
static void test_mice(void)
{
	static const double mice[16] = { 94, 197, 16, 38, 99, 141, 23, 52, 104, 146, 10, 51, 30, 40, 27, 46 };
	struct lh_permuted t = labels(mice, 7, 9, 1, 0);
	printf("mice: exact p %.4f of %lld\n", t.p, (long long)t.count);
	CHECK(t.exact && t.count == 11440);
	CHECK_NEAR(t.statistic * 16 / 63, 86.857142857 - 56.222222222, 1e-8);
	CHECK_NEAR(t.p, labels_by_bits(mice, 7, 16), 1e-12);
}

static void test_labels(void)
{
	for (uint64_t seed = 0; seed < 20; seed++) {
		struct lh_random r = lh_random_stream(seed, 0, 0, LH_FOR_CHECK, 4);
		double score[12];
		int first = 1 + (int)(seed % 11);
		for (int i = 0; i < 12; i++)
			score[i] = (double)lh_random_below(&r, 9) + (i < first ? 2 : 0);
		CHECK_NEAR(labels(score, first, 12 - first, seed, 0).p, labels_by_bits(score, first, 12), 1e-12);
	}
	double many[40], none[3] = { 1, 2, 3 };
	for (int i = 0; i < 40; i++)
		many[i] = i;
	struct lh_permuted t = labels(many, 20, 20, 3, 999);
	CHECK(!t.exact && t.p == 0.001);
	CHECK(labels(none, 0, 3, 1, 99).p == 1 && labels(none, 3, 0, 1, 99).p == 1);
}

static struct lh_permuted blocks(const struct lh_blocks *b, uint64_t seed, int m)
{
	struct lh_permuted t;
	if (lh_permute_blocks(b, seed, m, &t, NULL))
		exit(1);
	return t;
}

/* Three blocks of three cells: all 6^3 rearrangements, written out. */
static double blocks_by_hand(const struct lh_blocks *b)
{
	static const int order[6][3] = { { 0, 1, 2 }, { 0, 2, 1 }, { 1, 0, 2 }, { 1, 2, 0 }, { 2, 0, 1 }, { 2, 1, 0 } };
	double statistic[216], seen = 0, mean = 0;
	for (int code = 0; code < 216; code++) {
		int rest = code;
		statistic[code] = 0;
		for (int k = 0; k < 3; k++, rest /= 6)
			for (int i = 0; i < 3; i++)
				statistic[code] += b->x[3 * k + i] * b->outcome[3 * k + order[rest % 6][i]];
		mean += statistic[code] / 216;
	}
	for (int i = 0; i < 9; i++)
		seen += b->x[i] * b->outcome[i];
	int far = 0;
	for (int code = 0; code < 216; code++)
		far += fabs(statistic[code] - mean) >= fabs(seen - mean) - 1e-9;
	return far / 216.0;
}

static void test_blocks(void)
{
	static const int start[] = { 0, 3, 6, 9 };
	static const double x[] = { 0, 0.1, 0.4, 0, 0.2, 0.5, 0, 0.15, 0.35 };
	static const double outcomes[][9] = { { 0, 0, 1, 0, 1, 1, 0, 0, 1 }, { 1, 0, 0, 0, 1, 1, 0, 0, 1 }, { 1, 0, 0, 1, 0, 0, 1, 0, 0 }, { 0, 1, 0, 1, 1, 0, 1, 1, 1 } };
	for (int i = 0; i < 4; i++) {
		struct lh_blocks b = { 3, start, x, outcomes[i] };
		double want = blocks_by_hand(&b);
		struct lh_permuted t = blocks(&b, 5, 40000);
		CHECK(!t.exact);
		CHECK_NEAR(t.p, want, 4 * sqrt(want * (1 - want) / 40000) + 1e-4);
	}
	/* What is constant within a block changes nothing: residuals of any null model serve as well. */
	double residual[9];
	for (int i = 0; i < 9; i++)
		residual[i] = outcomes[0][i] - 0.1 * (1 + i / 3);
	struct lh_blocks b = { 3, start, x, outcomes[0] }, shifted = { 3, start, x, residual };
	CHECK_NEAR(blocks(&b, 5, 999).p, blocks(&shifted, 5, 999).p, 0);
	CHECK_NEAR(blocks(&b, 5, 999).statistic, blocks(&shifted, 5, 999).statistic, 1e-12);
	static const double same[9] = { 0, 0, 0, 1, 1, 1, 0, 0, 0 };
	struct lh_blocks silent = { 3, start, x, same }, none = { 0, start, x, same };
	CHECK(blocks(&silent, 5, 99).p == 1 && blocks(&none, 5, 99).p == 1);
}

/* Samples differ in difficulty, exposure does nothing: p <= 0.05 in 5 % of 1,000 runs (29 to 72 are
 * 99.9 %). A pooled regression would be no worse here; what it cannot do is the same with hard
 * samples at high exposure, which blocks do not compare. */
static void test_blocks_hold_their_level(void)
{
	enum { N = 60, CELLS = 4 };
	int refuted = 0, start[N + 1];
	for (uint64_t run = 0; run < 1000; run++) {
		struct lh_random r = lh_random_stream(run, 0, 0, LH_FOR_CHECK, 5);
		double x[N * CELLS], y[N * CELLS];
		for (int i = 0; i < N; i++) {
			double hard = lh_random_unit(&r);
			start[i] = i * CELLS;
			for (int c = 0; c < CELLS; c++) {
				x[i * CELLS + c] = 0.2 * c + 0.4 * hard;
				y[i * CELLS + c] = lh_random_unit(&r) < hard * hard;
			}
		}
		start[N] = N * CELLS;
		struct lh_blocks b = { N, start, x, y };
		refuted += blocks(&b, run, 199).p <= 0.05;
	}
	printf("no effect: %d of 1000 refuted at 5 %%\n", refuted);
	CHECK(refuted >= 29 && refuted <= 72);
}

static void test_deterministic(void)
{
	double d[40];
	for (int i = 0; i < 40; i++)
		d[i] = sin(i) + 0.2;
	struct lh_permuted a = lh_permute_signs(d, 40, 7, 999), b = lh_permute_signs(d, 40, 7, 999), c = lh_permute_signs(d, 40, 8, 999);
	CHECK(a.p == b.p && a.p != c.p);
	CHECK_NEAR(a.p, c.p, 0.1);
}

int main(void)
{
	test_darwin();
	test_signs_by_hand();
	test_drawn_signs_agree();
	test_mice();
	test_labels();
	test_blocks();
	test_blocks_hold_their_level();
	test_deterministic();
	return check_done();
}
