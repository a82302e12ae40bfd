/* fsm and program: questions answered by hand from the instructions as they are printed, the bounds, ways to write an answer, slips,
 * thoughts, parameters, what is drawn. tests/cli/test_cli_families_more.py follows the instructions of many samples. */
#include "unit/family_rig.h"

/* ---- Answered by hand -------------------------------------------------------------------------- */

#define FSM "fsm states=5 actions=2"
#define LOSSY "fsm states=3 actions=2 reversible=false"
#define PROGRAM "program lines=6"
#define WRAPS "program lines=4 registers=2 modulus=10 ops=set+move+mul+sub+add+less:2+goto"
#define WIDE "program lines=8 registers=4"
#define TIMES "program lines=4 registers=2 modulus=10 ops=mul:2+add+sub"

static const char *const knows_fsm = "The table to use from here on:\n"
	"q0: blame -> q3, voter -> q2\n"
	"q1: blame -> q2, voter -> q0\n"
	"q2: blame -> q4, voter -> q1\n"
	"q3: blame -> q0, voter -> q4\n"
	"q4: blame -> q1, voter -> q3\n"
	"The state to start from: q4\n";
static const char *const knows_lossy = "The table to use from here on:\n"
	"q0: blame -> q2, voter -> q2\n"
	"q1: blame -> q2, voter -> q0\n"
	"q2: blame -> q0, voter -> q1\n"
	"The state to start from: q2\n";
static const char *const knows_program = "The program to execute from here on:\n"
	"0: r2 = 90\n"
	"1: r1 = r0 + r1\n"
	"2: r2 = r1 + r2\n"
	"3: if r1 is less than r0 goto 2\n"
	"4: r0 = 4\n"
	"5: if r2 is less than r1 goto 1\n"
	"The state to start from: r0=21 r1=28 r2=46 pc=0\n";
static const char *const knows_wraps = "The program to execute from here on:\n"
	"0: r0 = 3\n"
	"1: r1 = r1 - r0\n"
	"2: if r1 is less than r0 goto 0\n"
	"3: r0 = r1 - r0\n"
	"The state to start from: r0=2 r1=4 pc=0\n";
static const char *const knows_wide = "The program to execute from here on:\n"
	"0: r3 = r2\n"
	"1: r2 = r3 + r1\n"
	"2: if r2 is less than r1 goto 5\n"
	"3: r0 = r0 - r1\n"
	"4: r0 = r2 - r3\n"
	"5: r3 = r0 + r3\n"
	"6: r0 = r0 + r1\n"
	"7: r3 = r3 + r2\n"
	"The state to start from: r0=80 r1=86 r2=64 r3=29 pc=0\n";
static const char *const knows_times = "The program to execute from here on:\n"
	"0: r1 = r1 + r1\n"
	"1: r0 = r1 + r0\n"
	"2: r0 = r0 * r1\n"
	"3: r0 = r0 - r1\n"
	"The state to start from: r0=5 r1=8 pc=0\n";

#define ONE "Execute 1 instruction."
#define TWO "Execute 2 instructions."
#define THREE "Execute 3 instructions."

/* Sample 0 of run seed 1. A change in the left half changes what recorded runs mean; the right half was worked out on paper. */
static const struct by_hand by_hand[] = {
	{ FSM, &knows_fsm, 1, { { "voter", "q3" }, { "blame", "q0" }, { "blame", "q3" }, { "blame", "q0" }, { "voter", "q2" }, { "voter", "q1" }, { "blame", "q2" },
		{ "voter", "q1" } } },
	{ FSM, &knows_fsm, 2, { { "voter, blame", "q0" }, { "blame, blame", "q0" }, { "voter, voter", "q1" }, { "blame, voter", "q1" }, { "blame, voter", "q1" },
		{ "blame, voter", "q1" }, { "voter, blame", "q3" }, { "blame, blame", "q3" } } },
	{ FSM, &knows_fsm, 5, { { "voter, blame, blame, blame, voter", "q2" }, { "voter, blame, voter, blame, voter", "q1" },
		{ "blame, voter, voter, blame, blame", "q0" }, { "blame, blame, voter, voter, voter", "q0" } } },
	{ LOSSY, &knows_lossy, 3, { { "voter, blame, blame", "q0" }, { "blame, voter, voter", "q0" }, { "blame, voter, blame", "q2" },
		{ "voter, blame, voter", "q1" }, { "voter, blame, blame", "q0" }, { "blame, blame, voter", "q2" } } },
	{ PROGRAM, &knows_program, 1, { { ONE, "r0=21 r1=28 r2=90 pc=1" }, { ONE, "r0=21 r1=49 r2=90 pc=2" }, { ONE, "r0=21 r1=49 r2=39 pc=3" },
		{ ONE, "r0=21 r1=49 r2=39 pc=4" }, { ONE, "r0=4 r1=49 r2=39 pc=5" }, { ONE, "r0=4 r1=49 r2=39 pc=1" }, { ONE, "r0=4 r1=53 r2=39 pc=2" },
		{ ONE, "r0=4 r1=53 r2=92 pc=3" } } },
	{ WRAPS, &knows_wraps, 2, { { TWO, "r0=3 r1=1 pc=2" }, { TWO, "r0=3 r1=1 pc=1" }, { TWO, "r0=3 r1=8 pc=3" }, { TWO, "r0=3 r1=8 pc=1" },
		{ TWO, "r0=3 r1=5 pc=3" }, { TWO, "r0=3 r1=5 pc=1" }, { TWO, "r0=3 r1=2 pc=0" }, { TWO, "r0=3 r1=9 pc=2" } } },
	{ WIDE, &knows_wide, 3, { { THREE, "r0=80 r1=86 r2=50 r3=64 pc=5" }, { THREE, "r0=66 r1=86 r2=50 r3=94 pc=0" }, { THREE, "r0=66 r1=86 r2=36 r3=50 pc=5" },
		{ THREE, "r0=52 r1=86 r2=36 r3=52 pc=0" }, { THREE, "r0=52 r1=86 r2=22 r3=36 pc=5" }, { THREE, "r0=38 r1=86 r2=22 r3=10 pc=0" },
		{ THREE, "r0=38 r1=86 r2=8 r3=22 pc=5" }, { THREE, "r0=24 r1=86 r2=8 r3=68 pc=0" } } },
	{ TIMES, &knows_times, 1, { { ONE, "r0=5 r1=6 pc=1" }, { ONE, "r0=1 r1=6 pc=2" }, { ONE, "r0=6 r1=6 pc=3" }, { ONE, "r0=0 r1=6 pc=0" },
		{ ONE, "r0=0 r1=2 pc=1" }, { ONE, "r0=2 r1=2 pc=2" }, { ONE, "r0=4 r1=2 pc=3" }, { ONE, "r0=2 r1=2 pc=0" } } },
};

static void test_answered_by_hand(void)
{
	check_by_hand(by_hand, sizeof by_hand / sizeof *by_hand);
}

/* Instructions on states that no plan leads to. */
static void test_bounds(void)
{
	static const struct { const char *spec, *before, *after; } cases[] = {
		{ PROGRAM, "r0=5 r1=5 r2=1 pc=3", "r0=5 r1=5 r2=1 pc=4" }, { PROGRAM, "r0=6 r1=5 r2=1 pc=3", "r0=6 r1=5 r2=1 pc=2" },
		{ PROGRAM, "r0=1 r1=3 r2=3 pc=5", "r0=1 r1=3 r2=3 pc=0" }, { PROGRAM, "r0=99 r1=99 r2=0 pc=1", "r0=99 r1=98 r2=0 pc=2" },
		{ PROGRAM, "r0=500 r1=-3 r2=7 pc=1", "r0=500 r1=97 r2=7 pc=2" }, { PROGRAM, "r0=500 r1=-3 r2=7 pc=3", "r0=500 r1=-3 r2=7 pc=2" },
		{ PROGRAM, "r0=999999999999999999 r1=999999999999999999 r2=0 pc=1", "r0=999999999999999999 r1=98 r2=0 pc=2" },
		{ WRAPS, "r0=9 r1=0 pc=3", "r0=1 r1=0 pc=0" }, { TIMES, "r0=999999999999999999 r1=999999999999999999 pc=2", "r0=1 r1=999999999999999999 pc=3" },
		{ TIMES, "r0=-3 r1=4 pc=2", "r0=8 r1=4 pc=3" },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct one o = open_one(cases[i].spec, 0);
		CHECK_TEXT(apply(&o, UINT64_C(1) << 40, 1, cases[i].before), cases[i].after);
		close_one(&o);
	}
}

/* ---- Ways to write an answer ------------------------------------------------------------------- */

static void test_spellings(void)
{
	static const struct spelling state[] = {
		{ "q4", "q4" }, { " Q4\n", "q4" }, { "4", "q4" }, { "0", "q0" },
		{ "q5", NULL }, { "5", NULL }, { "q-1", NULL }, { "-1", NULL }, { "q", NULL }, { "", NULL }, { "q04", NULL }, { "q 4", NULL }, { "q4.", NULL }, { "q4.0", NULL },
		{ "qq4", NULL }, { "q4 q3", NULL }, { "s4", NULL }, { "state q4", NULL }, { "blame", NULL }, { "q99999999999999999999", NULL }, { "q4294967296", NULL },
	};
	static const struct spelling registers[] = {
		{ "r0=4 r1=0 r2=9 pc=5", "r0=4 r1=0 r2=9 pc=5" }, { "r0 = 4, r1 = 0, r2 = 9, pc = 5", "r0=4 r1=0 r2=9 pc=5" }, { "PC: 5\nR0: 4\nR1: 0\nR2: 9", "r0=4 r1=0 r2=9 pc=5" },
		{ "{\"r0\": 4, \"r1\": 0, \"r2\": 9, \"pc\": 5}", "r0=4 r1=0 r2=9 pc=5" }, { "r0=104 r1=-1 r2=9 pc=0", "r0=104 r1=-1 r2=9 pc=0" },
		{ "r0=4 r1=0 r2=9 pc=6", NULL }, { "r0=4 r1=0 r2=9 pc=-1", NULL }, { "r0=4 r1=0 r2=9", NULL }, { "r0=4 r1=0 pc=5", NULL }, { "r0=4 r1=0 r2=9 r3=1 pc=5", NULL },
		{ "4 0 9 5", NULL }, { "r0=4 r1=0 r2=9 pc=5 pc=5", NULL }, { "r=4 r1=0 r2=9 pc=5", NULL }, { "r0=4 r1=0 r2=r0 pc=5", NULL }, { "", NULL },
	};
	check_spellings(FSM, state, sizeof state / sizeof *state);
	check_spellings(PROGRAM, registers, sizeof registers / sizeof *registers);
}

/* ---- Slips ------------------------------------------------------------------------------------- */

static void test_slips(void)
{
	/* voter in q4: left out or done twice; the lines of q3 and q0; blame. */
	check_slips(FSM, 0, "q3", (const char *const[]){ "q4", "q2", "q1", NULL });
	/* blame in q0, from q2 or q1: left out; done twice, q0; the lines and the action beside. */
	check_slips(LOSSY, 1, "q2", (const char *const[]){ "q0", "q1", NULL });
	/* After r1 = r1 - r0, which was 4: left out; one instruction more; a line skipped; registers exchanged or miscounted. */
	check_slips(WRAPS, 1, "r0=3 r1=1 pc=2", (const char *const[]){ "r0=3 r1=4 pc=1", "r0=3 r1=1 pc=0", "r0=3 r1=1 pc=3", "r0=1 r1=3 pc=2",
		"r0=2 r1=1 pc=2", "r0=4 r1=1 pc=2", "r0=3 r1=0 pc=2", "r0=3 r1=2 pc=2", NULL });
	/* The same, where the program has not come to that: what r1 was is not known, and pc alone is not carried on. */
	check_slips(WRAPS, 0, "r0=3 r1=1 pc=2", (const char *const[]){ "r0=3 r1=1 pc=1", "r0=3 r1=1 pc=0", "r0=3 r1=1 pc=3", "r0=1 r1=3 pc=2",
		"r0=2 r1=1 pc=2", "r0=4 r1=1 pc=2", "r0=3 r1=0 pc=2", "r0=3 r1=2 pc=2", NULL });
	/* From line 3, or by the jump of line 2: left out; one instruction more, or a line skipped; not jumped; registers. */
	check_slips(WRAPS, 0, "r0=3 r1=1 pc=0", (const char *const[]){ "r0=3 r1=1 pc=3", "r0=3 r1=1 pc=2", "r0=3 r1=1 pc=1", "r0=1 r1=3 pc=0",
		"r0=2 r1=1 pc=0", "r0=4 r1=1 pc=0", "r0=3 r1=0 pc=0", "r0=3 r1=2 pc=0", NULL });
}

/* A program that only compares: 4: if r0 is less than r1 goto 0, and 5: if r0 is less than r1 goto 2, which line 0 is behind. Left out at
 * either; one more, line 0, which does not jump; at line 5 jumped, at line 4 not. */
static void test_slips_at_jumps(void)
{
	check_slips("program lines=6 registers=2 modulus=3 ops=less", 0, "r0=1 r1=0 pc=0", (const char *const[]){ "r0=1 r1=0 pc=4", "r0=1 r1=0 pc=5", "r0=1 r1=0 pc=1",
		"r0=1 r1=0 pc=2", "r0=0 r1=1 pc=0", "r0=0 r1=0 pc=0", "r0=2 r1=0 pc=0", "r0=1 r1=1 pc=0", NULL });
}

/* Also where the right state is one that no plan reaches. */
static void test_slips_at_the_edges(void)
{
	static const char *const cases[][2] = { { "fsm states=2 actions=1", "q0" }, { "fsm states=2 actions=5 reversible=false", "q1" }, { "fsm states=200 actions=1", "q199" },
		{ "fsm states=200 actions=100 reversible=false", "q0" }, { "program lines=4 registers=2 modulus=2", "r0=0 r1=0 pc=3" },
		{ "program lines=4 registers=2 modulus=2 ops=goto", "r0=1 r1=1 pc=0" }, { "program lines=4 registers=2 ops=set", "r0=0 r1=0 pc=0" },
		{ "program registers=8 lines=100", "r0=-999999999999999999 r1=999999999999999999 r2=0 r3=0 r4=0 r5=0 r6=0 r7=0 pc=99" } };
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		check_edge(cases[i][0], cases[i][1]);
}

/* ---- Thoughts ---------------------------------------------------------------------------------- */

static void test_explained(void)
{
	static const struct explained cases[] = {
		{ FSM, 0, "q4", "q3", "In q4, voter leads to q3." }, { FSM, 0, "q4", "q1", "In q4, voter leads to q1." }, { FSM, 1, "q3", "q0", "In q3, blame leads to q0." },
		{ PROGRAM, 0, "r0=21 r1=28 r2=46 pc=0", "r0=21 r1=28 r2=90 pc=1", "Line 0: r2 = 90. r0=21 r1=28 r2=46 pc=0 becomes r0=21 r1=28 r2=90 pc=1." },
		{ PROGRAM, 0, "r0=21 r1=28 r2=46 pc=3", "r0=21 r1=28 r2=46 pc=2",
			"Line 3: if r1 is less than r0 goto 2. r0=21 r1=28 r2=46 pc=3 becomes r0=21 r1=28 r2=46 pc=2." },
	};
	check_explained(cases, sizeof cases / sizeof *cases);
}

/* ---- What is drawn ----------------------------------------------------------------------------- */

/* Every action of a reversible machine leads to all states, and from none to itself; all states are come to. */
static void test_reversible(void)
{
	static const char *const specs[] = { "fsm states=2 actions=1", "fsm states=7 actions=1", "fsm", "fsm states=60 actions=2" };
	static const int states[] = { 2, 7, 8, 60 };
	for (size_t i = 0; i < 4; i++)
		for (uint64_t sample = 0; sample < 5; sample++) {
			struct one o = open_one(specs[i], sample);
			bool come[60] = { false };
			int reached = 0;
			char state[16] = "q0";
			for (uint64_t step = 0; step < 40; step++) {
				bool led[60] = { false };
				for (int q = 0; q < states[i]; q++) {
					char from[16];
					snprintf(from, sizeof from, "q%d", q);
					int to = atoi(apply(&o, step, 1, from) + 1);
					CHECK(to != q && !led[to]);
					led[to] = true;
				}
			}
			for (uint64_t step = 0; step < 3000; step++) {
				snprintf(state, sizeof state, "%s", apply(&o, step, 1, state));
				reached += !come[atoi(state + 1)];
				come[atoi(state + 1)] = true;
			}
			CHECK_INT(reached, states[i]);
			close_one(&o);
		}
}

/* Programs keep going: within 300 instructions there is no short circle, and most lines are executed. */
static void test_programs_keep_going(void)
{
	for (uint64_t sample = 0; sample < 60; sample++) {
		static char state[301][80];
		struct one o = open_one("program", sample);
		bool come[12] = { false };
		int lines = 0, distinct = 0;
		CHECK_INT(lh_sample_initial(o.sample, &o.out, NULL), 0);
		snprintf(state[0], sizeof state[0], "%s", o.out.p);
		for (int k = 0; k < 300; k++) {
			int pc = atoi(strstr(state[k], "pc=") + 3);
			lines += !come[pc];
			come[pc] = true;
			snprintf(state[k + 1], sizeof state[k + 1], "%s", apply(&o, (uint64_t)k, 1, state[k]));
		}
		for (int k = 0; k < 300; k++) {
			bool new = true;
			for (int i = 0; i < k && new; i++)
				new = strcmp(state[i], state[k]) != 0;
			distinct += new;
		}
		CHECK(lines >= 8);
		CHECK(distinct >= 100);
		close_one(&o);
	}
}

/* ---- Parameters -------------------------------------------------------------------------------- */

static void test_bad_params(void)
{
	static const char *const cases[][2] = {
		{ "fsm states=1", "states=1 is out of range: 2 to 200" }, { "fsm actions=0", "out of range: 1 to 100" }, { "fsm reversible=1", "none of false|true" },
		{ "fsm keys=5", "there is no parameter 'keys'" }, { "program lines=3", "out of range: 4 to 100" }, { "program registers=9", "out of range: 2 to 8" },
		{ "program modulus=1", "out of range" }, { "program ops=jump", "'jump' is no operation" }, { "program ops=add:0", "'add:0' has no weight" },
		{ "program ops=div", "names out of: set, move, add, sub, mul, goto, less" },
	};
	check_refused(cases, sizeof cases / sizeof *cases);
}

int main(void)
{
	CHECK_INT(lh_registry_new(&registry, NULL), 0);
	test_answered_by_hand();
	test_bounds();
	test_spellings();
	test_slips();
	test_slips_at_jumps();
	test_slips_at_the_edges();
	test_explained();
	test_reversible();
	test_programs_keep_going();
	test_bad_params();
	lh_registry_free(registry);
	return check_done();
}
