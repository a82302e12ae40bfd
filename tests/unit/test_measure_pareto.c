/* Which policies are on a front: by hand, and against the definition in worlds of few values, where ties are
 * the rule. */
#include "check.h"

#include "base/random.h"
#include "measure/pareto.h"

enum { MOST = 8 };

#define AT(c, v) { (c), (v), false, false }
#define OPEN(c, v) { (c), (v), true, false }
#define ORACLE(c, v) { (c), (v), false, true }

static void check_front(const char *want, const struct lh_pareto_point *p, int n, bool more)
{
	bool front[MOST];
	char got[MOST + 1] = "";
	lh_pareto(p, n, more, front);
	for (int i = 0; i < n; i++)
		got[i] = front[i] ? '+' : '-';
	CHECK_TEXT(got, want);
}

static void test_by_hand(void)
{
	/* Dear and good, cheap and poor, dearer than the first and no better. */
	static const struct lh_pareto_point three[] = { AT(10, 20), AT(5, 10), AT(11, 20) };
	check_front("++-", three, 3, true);
	check_front("-+-", three, 3, false);
	static const struct lh_pareto_point equal[] = { AT(5, 10), AT(5, 10), AT(5, 11) };
	check_front("--+", equal, 3, true);
	check_front("++-", equal, 3, false);
	check_front("+", equal, 1, true);
}

static void test_open(void)
{
	/* Not seen to end: 80 or more. It pushes off 80 and less at its price or above; nothing pushes it off. */
	static const struct lh_pareto_point open[] = { OPEN(5, 80), AT(10, 80), AT(10, 90), OPEN(10, 80), AT(2, 100) };
	check_front("+-", open, 2, true);
	check_front("+-++", open, 4, true);
	check_front("+--++", open, 5, true);
}

static void test_oracles_and_gaps(void)
{
	static const struct lh_pareto_point p[] = { ORACLE(1, 100), AT(10, 20), AT(NAN, 90), AT(2, NAN), AT(12, 20) };
	check_front("-+---", p, 5, true);
	static const struct lh_pareto_point bounds[] = { ORACLE(1, 1), ORACLE(2, 2) };
	check_front("--", bounds, 2, true);
	lh_pareto(p, 0, true, NULL);
}

/* The value that a point is known to have at least, and could have at most. */
static double best(const struct lh_pareto_point *p) { return p->open ? INFINITY : p->value; }

static bool off(const struct lh_pareto_point *p, int n, int i)
{
	for (int k = 0; k < n; k++) {
		if (p[k].oracle || k == i)
			continue;
		bool as_good = p[k].cost <= p[i].cost && p[k].value >= best(&p[i]);
		if (as_good && (p[k].cost < p[i].cost || p[k].value > best(&p[i])))
			return true;
	}
	return false;
}

static void test_definition(void)
{
	int on = 0, left = 0;
	for (uint64_t seed = 0; seed < 5000; seed++) {
		struct lh_random r = lh_random_stream(seed, 0, 0, LH_FOR_CHECK, 24);
		struct lh_pareto_point p[MOST], turned[MOST];
		bool front[MOST], back[MOST];
		int n = 1 + (int)lh_random_below(&r, MOST);
		bool some = false, all_oracles = true;
		for (int i = 0; i < n; i++) {
			p[i] = (struct lh_pareto_point){ (double)lh_random_below(&r, 4), (double)lh_random_below(&r, 4), lh_random_below(&r, 5) == 0, lh_random_below(&r, 5) == 0 };
			turned[i] = p[i];
			turned[i].value = -p[i].value;
			all_oracles &= p[i].oracle;
		}
		lh_pareto(p, n, true, front);
		lh_pareto(turned, n, false, back);
		for (int i = 0; i < n; i++) {
			CHECK(front[i] == (!p[i].oracle && !off(p, n, i)));
			CHECK(back[i] == front[i]);
			some |= front[i];
			on += front[i];
			left += !front[i] && !p[i].oracle;
		}
		CHECK(some || all_oracles);
	}
	CHECK(on > 5000 && left > 5000);
}

int main(void)
{
	test_by_hand();
	test_open();
	test_oracles_and_gaps();
	test_definition();
	return check_done();
}
