/* The search for the most steps in one turn: its order, its end, and how often its interval holds the truth. */
#include "check.h"

#include "base/random.h"
#include "measure/ladder.h"

/* Follows a search in which every K up to `passes` passes, every one from `fails` on fails, and those between stay
 * undecided; writes the Ks tried. */
static int follow(int passes, int fails, int most, struct lh_rung *r, char *text, size_t size)
{
	int n = 0;
	text[0] = 0;
	for (int k; (k = lh_ladder_next(r, n, most)); n++) {
		if (n == LH_RUNGS - 1)
			return n;
		r[n] = (struct lh_rung){ .k = k, .verdict = k <= passes ? LH_GATE_PASS : k >= fails ? LH_GATE_FAIL : LH_GATE_OPEN, .samples = 1 };
		snprintf(text + strlen(text), size - strlen(text), n ? " %d%s" : "%d%s", k, k <= passes ? "+" : k >= fails ? "-" : "?");
	}
	return n;
}

static void test_order(void)
{
	static const struct { int passes, fails, most; const char *tried; int lo, hi; } cases[] = {
		{ 0, 1, 4096, "1-", 0, 1 },
		{ 1, 2, 4096, "1+ 2-", 1, 2 },
		{ 5, 6, 4096, "1+ 2+ 4+ 8-", 4, 8 },             /* within a factor of two: done */
		{ 0, 9, 4096, "1? 2? 4? 8? 16- 11- 9-", 0, 9 },    /* there is nothing below 1; from above, down to the neighbour of 8 */
		{ 5, 12, 4096, "1+ 2+ 4+ 8? 16- 6? 11?", 4, 16 },
		{ 7, 12, 4096, "1+ 2+ 4+ 8? 16- 6+ 7+ 11?", 7, 16 },
		{ 7, 10, 4096, "1+ 2+ 4+ 8? 16- 6+ 7+ 11-", 7, 11 },
		{ 4096, 9999, 4096, "1+ 2+ 4+ 8+ 16+ 32+ 64+ 128+ 256+ 512+ 1024+ 2048+ 4096+", 4096, 0 },
		{ 100, 999, 11, "1+ 2+ 4+ 8+ 11+", 11, 0 },      /* the family has no more */
		{ 100, 999, 1, "1+", 1, 0 },
		{ 6, 999, 11, "1+ 2+ 4+ 8? 11?", 4, 0 },
		{ 9, 11, 11, "1+ 2+ 4+ 8+ 11-", 8, 11 },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct lh_rung r[LH_RUNGS];
		char text[512];
		int n = follow(cases[i].passes, cases[i].fails, cases[i].most, r, text, sizeof text);
		CHECK_TEXT(text, cases[i].tried);
		struct lh_ladder l = lh_ladder_answer(r, n, 0.8);
		CHECK_INT(l.passed, cases[i].lo);
		CHECK_INT(l.failed, cases[i].hi);
		CHECK(!l.crossed);
	}
}

/* Whatever is undecided: it ends, tries no K twice, and stops for one of the reasons there are. */
static void test_ends(void)
{
	for (int most = 1; most <= 4096; most = most * 3 + 1)
		for (int passes = 0; passes <= 300; passes++)
			for (int fails = passes + 1; fails <= passes + 600; fails += 1 + (fails - passes) / 4) {
				struct lh_rung r[LH_RUNGS];
				char text[1024];
				int n = follow(passes, fails, most, r, text, sizeof text);
				CHECK(n < 30);
				for (int i = 0; i < n; i++) {
					CHECK(r[i].k >= 1 && r[i].k <= most);
					for (int j = 0; j < i; j++)
						CHECK(r[i].k != r[j].k);
				}
				struct lh_ladder l = lh_ladder_answer(r, n, 0.5);
				CHECK(l.passed <= passes && (!l.failed || l.failed >= fails) && !l.crossed);
				bool open = false;
				for (int i = 0; i < n; i++)
					open |= r[i].verdict == LH_GATE_OPEN;
				CHECK(!l.failed ? fails > most || l.failed == 0 : open || l.failed <= 2 * l.passed || l.failed == 1);
			}
}

static void test_crossed(void)
{
	struct lh_rung r[] = { { 1, LH_GATE_PASS, 10, 10 }, { 2, LH_GATE_OPEN, 10, 10 }, { 4, LH_GATE_OPEN, 8, 10 }, { 8, LH_GATE_FAIL, 1, 10 }, { 3, LH_GATE_FAIL, 1, 10 }, { 5, LH_GATE_PASS, 9, 10 } };
	CHECK(!lh_ladder_answer(r, 5, 0.8).crossed && lh_ladder_answer(r, 6, 0.8).crossed);
	CHECK_INT(lh_ladder_next(r, 6, 4096), 0);
}

/* Shares 1, 0.9, 0.5 at 1, 2, 4: a straight line from 2 to 4 is at 0.8 where x = 2.5. */
static void test_point(void)
{
	struct lh_rung r[] = { { 1, LH_GATE_PASS, 20, 20 }, { 2, LH_GATE_OPEN, 18, 20 }, { 4, LH_GATE_FAIL, 10, 20 } };
	struct lh_ladder l = lh_ladder_answer(r, 3, 0.8);
	CHECK_NEAR(l.point, 2.5, 1e-12);
	CHECK(!l.clamped);
	l = lh_ladder_answer(r, 2, 0.8);
	CHECK(l.point == 2 && l.clamped);
	CHECK(isnan(lh_ladder_answer(r, 0, 0.8).point));
}

static void test_alpha(void)
{
	double sum = 0;
	for (int j = 1; j <= 100000; j++)
		sum += lh_ladder_alpha(j);
	CHECK(lh_ladder_alpha(1) == 0.025 && sum < 0.05 && sum > 0.04999);
}

enum { SEARCHES = 1000, CAP = 200 };

struct tally { int right, open; double samples, width; };

/* P(K right) = a^K, as of the simulated model: the wanted K is floor(ln q / ln a). */
static void search(double a, double q, uint64_t seed, struct tally *t)
{
	struct lh_rung r[LH_RUNGS];
	int n = 0, wanted = (int)floor(log(q) / log(a) + 1e-9);
	for (int k; (k = lh_ladder_next(r, n, LH_LADDER_MOST)); n++) {
		struct lh_random luck = lh_random_stream(seed, (uint64_t)n, 0, LH_FOR_CHECK, 50);
		struct lh_sequential s;
		CHECK_INT(lh_sequential_init(&s, &(struct lh_gate_rule){ q, false, 1 }, NULL), 0);
		s.threshold = 2 / lh_ladder_alpha(n + 1);
		r[n] = (struct lh_rung){ .k = k };
		while (s.verdict == LH_GATE_OPEN && s.samples < CAP) {
			int right = lh_random_unit(&luck) < pow(a, k);
			r[n].right += right;
			lh_sequential_add(&s, right);
		}
		r[n].verdict = s.verdict;
		r[n].samples = (int)s.samples;
		t->samples += (double)s.samples / SEARCHES;
		t->open += s.verdict == LH_GATE_OPEN;
	}
	struct lh_ladder l = lh_ladder_answer(r, n, q);
	CHECK(l.failed > 0);
	t->right += l.passed <= wanted && wanted < l.failed;
	t->width += log2((double)l.failed / (l.passed ? l.passed : 0.5)) / SEARCHES;
}

/* 928 of 1,000 is the 0.1 % point of a binomial with 0.95. */
static void test_coverage(void)
{
	static const struct { double a, q; } worlds[] = { { 0.97, 0.8 }, { 0.995, 0.8 }, { 0.999, 0.8 }, { 0.8, 0.8 }, { 0.5, 0.8 }, { 0.98, 0.5 }, { 0.99, 0.9 } };
	for (size_t i = 0; i < sizeof worlds / sizeof *worlds; i++) {
		struct tally t = { 0 };
		for (uint64_t s = 0; s < SEARCHES; s++)
			search(worlds[i].a, worlds[i].q, s, &t);
		printf("accuracy %g a step, q %g: the interval held the truth in %d of %d, %.0f samples, %.2f doublings wide, %.2f Ks undecided\n",
			worlds[i].a, worlds[i].q, t.right, SEARCHES, t.samples, t.width, (double)t.open / SEARCHES);
		CHECK(t.right >= 928);
		CHECK(t.width < 4.5);
	}
}

int main(void)
{
	test_order();
	test_ends();
	test_crossed();
	test_point();
	test_alpha();
	test_coverage();
	return check_done();
}
