/* mixed: questions answered by hand from the instructions as they are printed, ways to write an answer, slips, thoughts, parameters.
 * tests/cli/test_cli_families_mixed.py follows the instructions of many samples. */
#include "unit/family_rig.h"

/* ---- Answered by hand -------------------------------------------------------------------------- */

#define MIXED "mixed keys=6"
#define SMALL "mixed parts=queue:2+string+total lookup=0 queue=2 max=9 string=3"
#define HALF "mixed parts=stack+queue lookup=0.5 keys=4 stack=3 queue=3"

static const char *const knows_mixed = "The dictionary to use from here on:\n"
	"{\"blame\": 12, \"voter\": 15, \"tiger\": 17, \"final\": 20, \"crest\": 10, \"major\": 13}\n"
	"The state to start from: total 0; stack 0 4; counters a=0 b=0 c=0; string tjzjeeg\n";
static const char *const knows_small = "\n\nFrom here on:\nThe state to start from: total 0; queue 1; string ft\n";
static const char *const knows_half = "The dictionary to use from here on:\n{\"blame\": 5, \"voter\": 11, \"tiger\": 12, \"final\": 15}\n"
	"The state to start from: stack 0; queue 5\n";

/* Sample 0 of run seed 1. A change in the left half changes what recorded runs mean; the right half was worked out on paper. */
static const struct by_hand by_hand[] = {
	{ MIXED, &knows_mixed, 1, { { "counters increment c by major", "total 0; stack 0 4; counters a=0 b=0 c=13; string tjzjeeg" },
		{ "counters decrement b by blame", "total 0; stack 0 4; counters a=0 b=-12 c=13; string tjzjeeg" },
		{ "total subtract voter", "total -15; stack 0 4; counters a=0 b=-12 c=13; string tjzjeeg" },
		{ "counters increment a by tiger", "total -15; stack 0 4; counters a=17 b=-12 c=13; string tjzjeeg" },
		{ "stack push crest", "total -15; stack 0 4 10; counters a=17 b=-12 c=13; string tjzjeeg" },
		{ "stack rot", "total -15; stack 4 10 0; counters a=17 b=-12 c=13; string tjzjeeg" },
		{ "stack push voter", "total -15; stack 4 10 0 15; counters a=17 b=-12 c=13; string tjzjeeg" },
		{ "stack push crest", "total -15; stack 4 10 0 15 10; counters a=17 b=-12 c=13; string tjzjeeg" } } },
	{ MIXED, &knows_mixed, 2, {
		{ "counters increment c by major, counters decrement b by blame", "total 0; stack 0 4; counters a=0 b=-12 c=13; string tjzjeeg" },
		{ "total subtract voter, counters increment a by tiger", "total -15; stack 0 4; counters a=17 b=-12 c=13; string tjzjeeg" },
		{ "stack push crest, stack rot", "total -15; stack 4 10 0; counters a=17 b=-12 c=13; string tjzjeeg" },
		{ "stack push voter, stack push crest", "total -15; stack 4 10 0 15 10; counters a=17 b=-12 c=13; string tjzjeeg" },
		{ "counters increment c by tiger, counters reset c", "total -15; stack 4 10 0 15 10; counters a=17 b=-12 c=0; string tjzjeeg" },
		{ "counters increment a by blame, string insert v at 5", "total -15; stack 4 10 0 15 10; counters a=29 b=-12 c=0; string tjzjveeg" },
		{ "total add major, string replace 1 with l", "total -2; stack 4 10 0 15 10; counters a=29 b=-12 c=0; string ljzjveeg" },
		{ "stack sub, stack swap", "total -2; stack 4 10 5 0; counters a=29 b=-12 c=0; string ljzjveeg" } } },
	{ MIXED, &knows_mixed, 5, {
		{ "counters increment c by major, counters decrement b by blame, total subtract voter, counters increment a by tiger, stack push crest",
			"total -15; stack 0 4 10; counters a=17 b=-12 c=13; string tjzjeeg" },
		{ "stack rot, stack push voter, stack push crest, counters increment c by tiger, counters reset c",
			"total -15; stack 4 10 0 15 10; counters a=17 b=-12 c=0; string tjzjeeg" },
		{ "counters increment a by blame, string insert v at 5, total add major, string replace 1 with l, stack sub",
			"total -2; stack 4 10 0 5; counters a=29 b=-12 c=0; string ljzjveeg" },
		{ "stack swap, string delete 3, total add major, stack dup, string delete 8", "total 11; stack 4 10 5 0 0; counters a=29 b=-12 c=0; string ljjvee" },
		{ "stack add, total subtract crest, total add tiger, total subtract tiger, counters decrement a by blame",
			"total 1; stack 4 10 5 0; counters a=17 b=-12 c=0; string ljjvee" },
		{ "string replace 7 with e, string delete 3, total add voter, stack push voter, total add voter",
			"total 31; stack 4 10 5 0 15; counters a=17 b=-12 c=0; string ljjvee" },
		{ "stack push blame, total add tiger, stack push major, stack pop, counters increment a by major",
			"total 48; stack 5 0 15 12; counters a=30 b=-12 c=0; string ljjvee" },
		{ "counters increment c by major, string replace 8 with s, counters decrement b by crest, counters decrement c by blame, string rotate 8",
			"total 48; stack 5 0 15 12; counters a=30 b=-22 c=1; string jjvesl" } } },
	{ SMALL, &knows_small, 3, { { "queue enqueue 5, queue dequeue, total subtract 8", "total -8; queue 5; string ft" },
		{ "queue enqueue 1, queue enqueue 6, queue rotate", "total -8; queue 6 1; string ft" },
		{ "queue enqueue 8, queue enqueue 3, queue enqueue 2", "total -8; queue 3 2; string ft" },
		{ "queue rotate, queue enqueue 2, string insert v at 2", "total -8; queue 3 2; string fvt" },
		{ "total add 5, string replace 1 with l, queue reverse", "total -3; queue 2 3; string lvt" },
		{ "queue dequeue, string delete 2, total add 9", "total 6; queue 3; string lt" },
		{ "queue dequeue, string delete 3, queue rotate", "total 6; queue empty; string lt" },
		{ "total subtract 1, total add 1, total subtract 5", "total 1; queue empty; string lt" } } },
	{ HALF, &knows_half, 4, { { "queue enqueue 15, queue dequeue, stack dup, queue enqueue voter", "stack 0 0; queue 15 11" },
		{ "stack push 12, stack rot, stack push voter, stack push final", "stack 0 11 15; queue 15 11" },
		{ "queue enqueue 11, queue rotate, queue enqueue blame, queue enqueue 15", "stack 0 11 15; queue 15 5 15" },
		{ "stack pop, queue dequeue, stack sub, stack swap", "stack 10; queue 5 15" },
		{ "queue jump blame, stack push final, stack dup, queue dequeue", "stack 10 15 15; queue 5 15" },
		{ "stack add, stack pop, stack pop, stack swap", "stack empty; queue 5 15" },
		{ "queue dequeue, queue dequeue, queue jump voter, stack pop", "stack empty; queue 11" },
		{ "stack push voter, stack push blame, stack push 5, stack pop", "stack 11 5; queue 11" } } },
};

/* ---- Ways to write an answer ------------------------------------------------------------------- */

#define RIGHT "total 17; stack 3 9; counters a=3 b=-1 c=0; string kbzaqm"

static void test_spellings(void)
{
	static const struct spelling s[] = {
		{ RIGHT, RIGHT }, { "  " RIGHT ";\n", RIGHT }, { "total: 17\nstack: 3 9\ncounters: a=3 b=-1 c=0\nstring: kbzaqm", RIGHT },
		{ "string kbzaqm; counters a=3 b=-1 c=0; stack 3 9; total 17", RIGHT }, { "total=17 stack=[3, 9] counters=a=3,b=-1,c=0 string=kbzaqm", RIGHT },
		{ "Total 17, Stack [3 9], Counters {c: 0, a: 3, b: -1}, String \"KBZAQM\"", RIGHT }, { "total 17;stack 3 9;counters a=3 b=-1 c=0;string k-b-z-a-q-m", RIGHT },
		{ "{\"total\": 17, \"stack\": [3, 9], \"counters\": {\"a\": 3, \"b\": -1, \"c\": 0}, \"string\": \"kbzaqm\"}", RIGHT },
		{ "total 17\nstack 3\n9\ncounters a=3\nb=-1\nc=0\nstring kbzaqm", RIGHT }, { "total +17.0; stack 3,9; counters a=3; b=-1; c=0; string k, b, z, a, q, m", RIGHT },
		{ "total 1,234; stack []; counters a=3 b=-1 c=0; string total", "total 1234; stack empty; counters a=3 b=-1 c=0; string total" },
		{ "string stack; stack empty; total 0; counters a=0 b=0 c=0", "total 0; stack empty; counters a=0 b=0 c=0; string stack" },
		{ "total -5; stack 1 2 3 4 5 6 7 8 9; counters a=5000 b=0 c=0; string kbzaqmkbzaqm",
			"total -5; stack 1 2 3 4 5 6 7 8 9; counters a=5000 b=0 c=0; string kbzaqmkbzaqm" },
		{ "", NULL }, { "total 17", NULL }, { "17; 3 9; a=3 b=-1 c=0; kbzaqm", NULL }, { "total 17; stack 3 9; counters a=3 b=-1 c=0", NULL }, { RIGHT "; total 17", NULL },
		{ RIGHT "; queue 3", NULL }, { "total 17; stack 3 9; counters a=3 b=-1; string kbzaqm", NULL }, { "total 17; stack 3 9; counters a=3 b=-1 c=0 string kbzaqm", NULL },
		{ "total 17.5; stack 3 9; counters a=3 b=-1 c=0; string kbzaqm", NULL }, { "total; stack 3 9; counters a=3 b=-1 c=0; string kbzaqm", NULL },
		{ "total 17; stack; counters a=3 b=-1 c=0; string kbzaqm", NULL }, { "total 17; stack 3 9; counters a=3 b=-1 c=0; string", NULL },
		{ "total 17 18; stack 3 9; counters a=3 b=-1 c=0; string kbzaqm", NULL }, { "the " RIGHT, NULL }, { "{" RIGHT, NULL }, { RIGHT "}", NULL }, { RIGHT ".", NULL },
		{ "total17; stack 3 9; counters a=3 b=-1 c=0; string kbzaqm", NULL }, { "\"total: 17; stack 3 9; counters a=3 b=-1 c=0; string kbzaqm", NULL },
		{ "total 17;; stack 3 9; counters a=3 b=-1 c=0; string kbzaqm", NULL },
		{ "total 17; stack 1 2 3 4 5 6 7 8 9 10; counters a=3 b=-1 c=0; string kbzaqm", NULL },
		{ "total 17; stack 3 9; counters a=3 b=-1 c=0; string kbzaqmkbzaqmk", NULL },
	};
	check_spellings("mixed", s, sizeof s / sizeof *s);
}

/* ---- Slips ------------------------------------------------------------------------------------- */

static void test_slips(void)
{
	#define TINY "mixed parts=total+stack stack=2 max=2 lookup=0 stack_ops=push+pop total_ops=add"
	/* total add 2: done to the stack; the stack copied badly; done twice, left out, 1 read; miscounted by one or ten. */
	check_slips(TINY, 2, "total 5; stack 1", (const char *const[]){ "total 3; stack 1 2", "total 5; stack 0", "total 5; stack 2", "total 5; stack 1 1",
		"total 7; stack 1", "total 3; stack 1", "total 4; stack 1", "total 6; stack 1", "total -5; stack 1", "total 15; stack 1", NULL });
	/* stack push 1: done to the total; the total copied badly; done twice, left out, 2 read; a number lost, doubled, off by one, exchanged. */
	check_slips(TINY, 0, "total 5; stack 0 1", (const char *const[]){ "total 6; stack 0", "total 4; stack 0 1", "total 6; stack 0 1", "total -5; stack 0 1",
		"total 15; stack 0 1", "total 5; stack 1 1", "total 5; stack 0", "total 5; stack 0 2", "total 5; stack 1", "total 5; stack 1 0", "total 5; stack 0 0", NULL });
	/* string reverse: the queue reversed; the queue copied badly; left out; a letter lost, doubled, off by one or ten, exchanged. The string has from
	 * two letters to three. */
	check_slips("mixed parts=queue+string lookup=0 queue=2 max=2 string=3 queue_ops=reverse string_ops=reverse", 0, "queue 1 2; string no", (const char *const[]){
		"queue 2 1; string on", "queue 2 1; string no", "queue 1; string no", "queue 2; string no", "queue 0 2; string no", "queue 2 2; string no", "queue 1 1; string no",
		"queue 1 2; string on", "queue 1 2; string nno", "queue 1 2; string noo", "queue 1 2; string mo", "queue 1 2; string oo", "queue 1 2; string do",
		"queue 1 2; string xo", "queue 1 2; string nn", "queue 1 2; string np", "queue 1 2; string ne", "queue 1 2; string ny", NULL });
	#undef TINY
}

/* Also where the right state is one that no plan reaches. */
static void test_slips_at_the_edges(void)
{
	static const char *const cases[][2] = { { "mixed", "total 999999999999999999; stack empty; counters a=0 b=0 c=0; string a" },
		{ "mixed", "total -999999999999999999; stack 1 2 3 4 5 6 7 8 9; counters a=5000 b=0 c=-5000; string zzzzzzzzzzzz" },
		{ "mixed parts=total+queue queue=2 max=1", "total 0; queue empty" }, { "mixed parts=stack+string stack=2 max=1 string=3", "stack 0 0; string aa" },
		{ "mixed parts=counters+string counters=2 counters_ops=swap string_ops=reverse", "counters a=0 b=0; string aaaaaaaa" } };
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		check_edge(cases[i][0], cases[i][1]);
}

/* ---- Thoughts ---------------------------------------------------------------------------------- */

static void test_explained(void)
{
	#define BEFORE "total 0; stack 0 4; counters a=0 b=0 c=0; string tjzjeeg"
	static const struct explained cases[] = {
		{ MIXED, 0, BEFORE, "total 0; stack 0 4; counters a=0 b=0 c=13; string tjzjeeg", "major is 13. counters increment c by 13: counters a=0 b=0 c=0 becomes a=0 b=0 c=13. "
			"The state: total 0; stack 0 4; counters a=0 b=0 c=13; string tjzjeeg." },
		{ MIXED, 0, BEFORE, "total 0; stack 0 4; counters a=0 b=0 c=10; string tjzjeeg", "major is 10. counters increment c by 10: counters a=0 b=0 c=0 becomes a=0 b=0 c=10. "
			"The state: total 0; stack 0 4; counters a=0 b=0 c=10; string tjzjeeg." },
		/* Done to another part; left out; another part copied badly besides. */
		{ MIXED, 0, BEFORE, "total 0; stack 0 4 13; counters a=0 b=0 c=0; string tjzjeeg", "major is 13. counters increment c by 13: stack 0 4 becomes 0 4 13. "
			"The state: total 0; stack 0 4 13; counters a=0 b=0 c=0; string tjzjeeg." },
		{ MIXED, 0, BEFORE, BEFORE, "major is 13. counters increment c by 13: nothing changes. The state: " BEFORE "." },
		{ MIXED, 5, BEFORE, "total 1; stack 4 0; counters a=0 b=0 c=0; string tjzjeeg", "stack rot: total 0 becomes 1, stack 0 4 becomes 4 0. "
			"The state: total 1; stack 4 0; counters a=0 b=0 c=0; string tjzjeeg." },
		{ HALF, 0, "stack 0; queue 5", "stack 0; queue 5 15", "queue enqueue 15: queue 5 becomes 5 15. The state: stack 0; queue 5 15." },
		{ HALF, 3, "stack 0; queue 5", "stack 0; queue 5 11", "voter is 11. queue enqueue 11: queue 5 becomes 5 11. The state: stack 0; queue 5 11." },
	};
	#undef BEFORE
	check_explained(cases, sizeof cases / sizeof *cases);
}

/* The longest states that there are, and all of one changed, are explained within the host's bound. */
static void test_the_longest_is_explained(void)
{
	#define LONG "mixed parts=total+stack+queue+counters+string stack=16 queue=16 counters=10 string=24"
	char state[2][LH_STATE_MAX];
	for (int k = 0; k < 2; k++) {
		size_t n = (size_t)snprintf(state[k], LH_STATE_MAX, "total -%d99999999999999999; ", k + 1);
		for (int list = 0; list < 2; list++) {
			n += (size_t)snprintf(state[k] + n, LH_STATE_MAX - n, list ? "; queue" : "stack");
			for (int i = 0; i < 20; i++)
				n += (size_t)snprintf(state[k] + n, LH_STATE_MAX - n, " -%d99999999999999999", k + 1);
		}
		n += (size_t)snprintf(state[k] + n, LH_STATE_MAX - n, "; counters");
		for (int i = 0; i < 10; i++)
			n += (size_t)snprintf(state[k] + n, LH_STATE_MAX - n, " %c=-%d99999999999999999", 'a' + i, k + 1);
		snprintf(state[k] + n, LH_STATE_MAX - n, "; string %.28s", k ? "abcdefghijklmnopqrstuvwxyzabcd" : "zzzzzzzzzzzzzzzzzzzzzzzzzzzzzz");
	}
	struct one o = open_one(LONG, 0);
	bool is_state;
	for (int k = 0; k < 2; k++) {
		lh_buf_clear(&o.out);
		CHECK_INT(lh_sample_canonical(o.sample, lh_str_of(state[k]), &is_state, &o.out, NULL), 0);
		CHECK(is_state);
		CHECK_TEXT(o.out.p, state[k]);
	}
	for (uint64_t step = 0; step < 30; step++) {
		apply(&o, step, 1, state[1]);
		CHECK_HAS(explain(&o, step, state[0], state[1]), state[1]);
	}
	close_one(&o);
	#undef LONG
}

/* ---- The same samples -------------------------------------------------------------------------- */

/* What is looked up changes messages, not states; and there is more of it with a greater share. */
static void test_controls_are_paired(void)
{
	static const char *const shares[] = { "mixed keys=7 lookup=0", "mixed keys=7 lookup=0.3", "mixed keys=7 lookup=0.8", "mixed keys=7" };
	struct lh_buf states[4];
	int given[4] = { 0 };
	for (int i = 0; i < 4; i++) {
		struct one o = open_one(shares[i], 2);
		char state[LH_STATE_MAX + 1];
		lh_buf_init(&states[i], 1 << 20);
		CHECK_INT(lh_sample_initial(o.sample, &o.out, NULL), 0);
		snprintf(state, sizeof state, "%s", o.out.p);
		for (uint64_t k = 0; k < 300; k++) {
			const char *said = ask(&o, k, 1);
			bool operand = strstr(said, "total ") || strstr(said, "push ");
			given[i] += operand && strpbrk(said, "0123456789");
			snprintf(state, sizeof state, "%s", apply(&o, k, 1, state));
			lh_buf_puts(&states[i], state);
		}
		CHECK(lh_str_equal(lh_buf_str(&states[i]), lh_buf_str(&states[0])));
		close_one(&o);
	}
	for (int i = 0; i < 4; i++)
		lh_buf_fini(&states[i]);
	CHECK(given[0] > 60 && given[3] == 0);
	CHECK(given[1] < given[0] && given[2] < given[1] && given[2] > 0);
}

static void test_answers_stay_short(void)
{
	struct one o = open_one("mixed parts=total+stack+queue+counters+string", 0);
	CHECK(strlen(apply(&o, 0, 20000, "total 0; stack empty; queue empty; counters a=0 b=0 c=0; string abcdef")) < 100);
	close_one(&o);
}

/* ---- Parameters -------------------------------------------------------------------------------- */

static void test_bad_params(void)
{
	static const char *const cases[][2] = {
		{ "mixed parts=total+stak", "parts=total+stak: 'stak' is no part; write NAME or NAME:WEIGHT, joined by +, with weights from 1 to 1000 and names out of: total, stack, "
			"queue, counters, string" },
		{ "mixed parts=total,stack", "'total,stack' is no part" }, { "mixed parts=stack", "parts=stack: a mixture has two parts or more; add others with +" },
		{ "mixed parts=stack:0+total", "'stack:0' has no weight" }, { "mixed parts=total+total", "stands there twice" },
		{ "mixed stack_ops=enqueue", "stack_ops=enqueue: 'enqueue' is no operation" }, { "mixed queue=1", "out of range" }, { "mixed lookup=2", "out of range" },
		{ "mixed string=25", "out of range: 3 to 24" }, { "mixed ops=push", "there is no parameter 'ops'" },
	};
	check_refused(cases, sizeof cases / sizeof *cases);
}

int main(void)
{
	CHECK_INT(lh_registry_new(&registry, NULL), 0);
	check_by_hand(by_hand, sizeof by_hand / sizeof *by_hand);
	test_spellings();
	test_slips();
	test_slips_at_the_edges();
	test_explained();
	test_the_longest_is_explained();
	test_controls_are_paired();
	test_answers_stay_short();
	test_bad_params();
	lh_registry_free(registry);
	return check_done();
}
