/* Gates looked at after every sample: X, what is decided and when, and how often wrongly. */
#include "test_gate_kit.h"

#include "base/random.h"

static struct lh_gate_case one_case(const char *text, const struct lh_gate_condition *c, int n, struct lh_rule *rule)
{
	struct lh_gate_case *k, out;
	struct lh_error err = { 0 };
	CHECK_INT(gate_meet(text, c, n, rule, &k, &err), 1);
	CHECK_TEXT(err.text, "");
	out = *k;
	free(k);
	return out;
}

/* ---- X ---- */

struct x_case { const char *rule; double lo[6], hi[6], m; };

static const int probes[] = { 1, 4 };

static void test_x(void)
{
	/* right; an early error; errors without an error of state; cut off; cut off behind an error; the context overflows */
	struct lh_gate_condition c = gate_condition("full_history", "own", GRID("cccc", "smcc", "crcf", "cc!.", "sc!.", "cooo"));
	static const struct x_case cases[] = {
		{ "horizon(0.8) >= 2", { 1, 0, 1, 1, 0, 0 }, { 1, 0, 1, 1, 0, 0 }, 0.8 },
		{ "horizon(0.8) >= 3", { 1, 0, 1, 0, 0, 0 }, { 1, 0, 1, 1, 0, 0 }, 0.8 },
		{ "horizon(0.8) <= 3", { 1, 0, 0, 0, 0, 0 }, { 1, 0, 0, 1, 0, 0 }, 0.8 },
		{ "first_below(0.8) >= 4", { 1, 0, 1, 0, 0, 0 }, { 1, 0, 1, 1, 0, 0 }, 0.8 },
		{ "task_accuracy(4) >= 0.6", { 1, 0, 0, 0, 0, 0 }, { 1, 0, 0, 1, 0, 0 }, 0.6 },
		{ "turn_accuracy(2) >= 0.6", { 1, 0, 0, 1, 1, 0 }, { 1, 0, 0, 1, 1, 0 }, 0.6 },
		{ "turn_accuracy(4) >= 0.6", { 1, 1, 1, 0, 0, 0 }, { 1, 1, 1, 1, 1, 0 }, 0.6 },
		{ "state_accuracy(2) >= 0.6", { 1, 0, 1, 1, 1, 0 }, { 1, 0, 1, 1, 1, 0 }, 0.6 },
		{ "state_accuracy(4) >= 0.6", { 1, 1, 0, 0, 0, 0 }, { 1, 1, 0, 1, 1, 0 }, 0.6 },
		{ "turn_error_rate <= 0.1", { 0, 0.5, 0.25, 0, 0.25, 0.75 }, { 0, 0.5, 0.25, 0.5, 0.75, 0.75 }, 0.1 },
		{ "malformed <= 0.1", { 0, 0.25, 0, 0, 0, 0 }, { 0, 0.25, 0, 0.5, 0.5, 0 }, 0.1 },
		{ "overflow <= 0.1", { 0, 0, 0, 0, 0, 0.75 }, { 0, 0, 0, 0.5, 0.5, 0.75 }, 0.1 },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct lh_rule rule;
		struct lh_gate_case k = one_case(cases[i].rule, &c, 1, &rule);
		CHECK(k.m == cases[i].m);
		for (int s = 0; s < 6; s++) {
			struct lh_interval x = lh_gate_x(&k, &c, s);
			if (x.lo != cases[i].lo[s] || x.hi != cases[i].hi[s])
				printf("%s, sample %d: [%g, %g], not [%g, %g]\n", cases[i].rule, s, x.lo, x.hi, cases[i].lo[s], cases[i].hi[s]);
			CHECK(x.lo == cases[i].lo[s] && x.hi == cases[i].hi[s]);
		}
		lh_rule_fini(&rule);
	}
	gate_free(&c, 1);
}

static void test_x_of_losses(void)
{
	struct lh_gate_condition c[] = {
		gate_condition("full_history", "clean", GRID("c..c", "c..c", "c..s", "c..s", "c..c", "c..!", "c..s", "c..!")),
		gate_condition("full_history", "injected:rate=0.5", GRID("c..c", "c..s", "c..c", "c..s", "c..r", "c..c", "c..!", "c..!")),
	};
	static const double lo[] = { 0.5, 1, 0, 0.5, 0.5, 0, 0, 0 }, hi[] = { 0.5, 1, 0, 0.5, 0.5, 0.5, 0.5, 1 };
	struct lh_rule rule;
	for (int i = 0; i < 2; i++)
		c[i].grid.probe = probes, c[i].grid.probes = 2;
	struct lh_gate_case k = one_case("self_conditioning_loss(0.5) <= 0.1", c, 2, &rule);
	CHECK_NEAR(k.m, 0.55, 1e-15);
	for (int s = 0; s < 8; s++) {
		struct lh_interval x = lh_gate_x(&k, c, s);
		CHECK(x.lo == lo[s] && x.hi == hi[s]);
	}
	lh_rule_fini(&rule);
	struct lh_gate_case shares = one_case("[history=clean] turn_error_rate <= 0.1", c, 2, &rule);
	CHECK(lh_gate_x(&shares, c, 2).lo == 0.5 && lh_gate_x(&shares, c, 5).hi == 0.5 && lh_gate_x(&shares, c, 5).lo == 0);        /* of two probed turns */
	lh_rule_fini(&rule);
	gate_free(c, 2);
}

/* ---- what is decided ---- */

static struct lh_gate_result follow(const char *text, const struct lh_gate_condition *c, int n, double alpha, int cases)
{
	struct lh_rule rule;
	struct lh_gate_result r;
	struct lh_error err = { 0 };
	struct lh_gate_case k = one_case(text, c, n, &rule);
	CHECK_INT(lh_gate_follow(&k, c, c->grid.samples, alpha, cases, &r, &err), 0);
	CHECK_TEXT(err.text, "");
	lh_rule_fini(&rule);
	return r;
}

/* Perfect samples against a mean of 0.9: 54 (test_measure_sequential.c), at other certainties by the same sum. */
static void test_decides(void)
{
	struct lh_gate_condition c = gate_condition("full_history", "own", ROWS({ "cc", 200 }));
	struct lh_gate_result r = follow("turn_accuracy(2) >= 0.9", &c, 1, 0.05, 1);
	CHECK(r.verdict == LH_GATE_PASS && r.decided_at == 54 && r.samples == 54 && r.sequential && r.value == 1 && r.level == 0.95);
	CHECK(r.ci.lo >= 0.9 && r.ci.lo < 0.905 && r.ci.hi == 1);        /* the interval says no other than the verdict */
	r = follow("turn_accuracy(2) >= 0.9", &c, 1, 0.5, 1);
	CHECK(r.verdict == LH_GATE_PASS && r.decided_at < 54 && r.level == 0.5 && r.ci.lo >= 0.9);
	r = follow("turn_accuracy(2) >= 0.9", &c, 1, 0.05, 50);
	CHECK(r.verdict == LH_GATE_PASS && r.decided_at == 54);          /* passing needs no correction */
	r = follow("turn_accuracy(2) <= 0.9", &c, 1, 0.05, 1);
	CHECK(r.verdict == LH_GATE_FAIL && r.decided_at == 54);
	int64_t alone = r.decided_at;
	r = follow("turn_accuracy(2) <= 0.9", &c, 1, 0.05, 50);
	CHECK(r.verdict == LH_GATE_FAIL && r.decided_at > alone);        /* failing does */
	r = follow("turn_accuracy(2) >= 0.99", &c, 1, 0.05, 1);
	CHECK(r.verdict == LH_GATE_OPEN && !r.decided_at && r.samples == 200 && r.more > 300 && r.more < 400);        /* 573 in all */
	gate_free(&c, 1);
}

static void test_cut_off(void)
{
	struct lh_gate_condition c = gate_condition("full_history", "own", ROWS({ "cc", 30 }, { "c!", 1 }, { "cc", 169 }));
	struct lh_gate_result r = follow("turn_accuracy(2) >= 0.9", &c, 1, 0.05, 1);
	CHECK(r.verdict == LH_GATE_PASS && r.decided_at > 54 && r.samples == r.decided_at - 1 && r.censored == 1);
	CHECK(r.ci.lo >= 0.9 && r.value == 1);
	gate_free(&c, 1);
	c = gate_condition("full_history", "own", ROWS({ "cc", 120 }, { "c!", 80 }));
	r = follow("turn_accuracy(2) >= 0.95", &c, 1, 0.05, 1);
	CHECK(r.verdict == LH_GATE_PASS);        /* decided before */
	gate_free(&c, 1);
	c = gate_condition("full_history", "own", ROWS({ "c!", 80 }, { "cc", 120 }));
	r = follow("turn_accuracy(2) >= 0.95", &c, 1, 0.05, 1);
	CHECK(r.verdict == LH_GATE_INFRASTRUCTURE && !r.decided_at && r.samples == 120);
	gate_free(&c, 1);
}

/* A condition whose policy failed passes nothing, also where it had passed before. */
static void test_policy_errors(void)
{
	struct lh_gate_condition c = gate_condition("full_history", "own", ROWS({ "cc", 100 }, { "cp", 1 }, { "cc", 5 }));
	struct lh_gate_result r = follow("turn_accuracy(1) >= 0.9", &c, 1, 0.05, 1);
	CHECK(r.verdict == LH_GATE_FAIL && r.decided_at == 101 && r.policy_errors == 1);
	c.grid.samples = 100;
	r = follow("turn_accuracy(1) >= 0.9", &c, 1, 0.05, 1);
	CHECK(r.verdict == LH_GATE_PASS && r.decided_at == 54 && !r.policy_errors);
	gate_free(&c, 1);
}

static void test_losses(void)
{
	struct lh_gate_condition c[] = {
		gate_condition("full_history", "clean", ROWS({ "c..c", 300 })), gate_condition("full_history", "injected:rate=0.5", ROWS({ "c..s", 300 })),
	};
	for (int i = 0; i < 2; i++)
		c[i].grid.probe = probes, c[i].grid.probes = 2;
	struct lh_gate_result r = follow("self_conditioning_loss(0.5) <= 0.1", c, 2, 0.05, 1);
	CHECK(r.verdict == LH_GATE_FAIL && r.quantity == LH_GATE_IN_DIFFERENCE && r.value == 1 && r.ci.lo > 0.1 && r.ci.hi == 1 && r.decided_at < 20);
	gate_free(c, 2);
}

/* ---- how often wrongly ---- */

enum { SEQUENCES = 2000, LONGEST = 2000, HIGHEST = 71 };     /* 71 of 2,000: the 99.9 % point of a binomial with 0.025 */

/* One more sample: its outcomes at the turns there are. */
typedef void (*draw)(struct lh_random *luck, uint8_t *row, uint8_t *other);

struct tally { int passed, failed; };

/* Sequences of samples whose X has exactly the limit as its mean, looked at after every sample. */
static struct tally peek(const char *text, int turns, draw next, uint64_t name)
{
	struct tally t = { 0, 0 };
	uint8_t *cells = calloc(2 * LONGEST, (size_t)turns);
	struct lh_grid g = { .samples = LONGEST, .turns = turns, .outcome = cells, .steps_per_turn = 1 }, other = g;
	other.outcome = cells + LONGEST * turns;
	int probe[] = { 2 };
	struct lh_gate_condition c[] = { gate_condition("full_history", "clean", g), gate_condition("full_history", "injected:rate=0.5", other) };
	bool loss = strstr(text, "loss") != NULL;
	for (int i = 0; i < 2 && loss; i++)
		c[i].grid.probe = probe, c[i].grid.probes = 1;
	if (!loss)
		c[0] = gate_condition("full_history", "own", g);
	struct lh_rule rule;
	struct lh_gate_case k = one_case(text, c, loss ? 2 : 1, &rule);
	for (int s = 0; s < SEQUENCES; s++) {
		struct lh_random luck = lh_random_stream((uint64_t)s, 0, 0, LH_FOR_CHECK, name);
		struct lh_gate_watch w;
		CHECK_INT(lh_gate_watch_init(&w, &k, 0.05, 1, NULL), 0);
		for (int i = 0; i < LONGEST && w.verdict == LH_GATE_OPEN; i++) {
			next(&luck, cells + i * turns, cells + (LONGEST + i) * turns);
			lh_gate_watch_add(&w, &k, c, i);
		}
		t.passed += w.verdict == LH_GATE_PASS;
		t.failed += w.verdict == LH_GATE_FAIL;
	}
	printf("%s at its limit: of %d sequences of %d samples %d passed, %d failed\n", text, SEQUENCES, LONGEST, t.passed, t.failed);
	lh_rule_fini(&rule);
	free(cells);
	return t;
}

static void share_97(struct lh_random *luck, uint8_t *row, uint8_t *other)
{
	(void)other;
	row[0] = lh_random_unit(luck) < 0.97 ? LH_OUTCOME_CORRECT : LH_OUTCOME_SLIPS;
}

/* Every sample has its own rate, uniform from 0 to 0.2, so its ten turns go together: mean 0.1. */
static void turns_10(struct lh_random *luck, uint8_t *row, uint8_t *other)
{
	double rate = 0.2 * lh_random_unit(luck);
	(void)other;
	for (int t = 0; t < 10; t++)
		row[t] = lh_random_unit(luck) < rate ? LH_OUTCOME_MALFORMED : LH_OUTCOME_CORRECT;
}

/* Both cells right with the same luck: 0.9 and 0.8. */
static void pair_10(struct lh_random *luck, uint8_t *row, uint8_t *other)
{
	double u = lh_random_unit(luck);
	row[1] = u < 0.9 ? LH_OUTCOME_CORRECT : LH_OUTCOME_SLIPS;
	other[1] = u < 0.8 ? LH_OUTCOME_CORRECT : LH_OUTCOME_SLIPS;
}

static void test_error_at_the_limit(void)
{
	static const struct { const char *rule; int turns; draw next; } worlds[] = {
		{ "turn_accuracy(1) >= 0.97", 1, share_97 }, { "turn_accuracy(1) <= 0.97", 1, share_97 },
		{ "malformed <= 0.1", 10, turns_10 }, { "self_conditioning_loss(0.5) <= 0.1", 2, pair_10 },
	};
	for (uint64_t i = 0; i < sizeof worlds / sizeof *worlds; i++) {
		struct tally t = peek(worlds[i].rule, worlds[i].turns, worlds[i].next, 40 + i);
		CHECK(t.passed <= HIGHEST && t.failed <= HIGHEST);
	}
}

int main(void)
{
	test_x();
	test_x_of_losses();
	test_decides();
	test_cut_off();
	test_policy_errors();
	test_losses();
	test_error_at_the_limit();
	return check_done();
}
