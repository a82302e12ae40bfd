/* stack, queue, counter, text_edit: questions answered by hand from the instructions as they are printed, the bounds, ways to write an
 * answer, slips, thoughts, parameters. tests/cli/test_cli_families_more.py follows the instructions of many samples. */
#include "unit/family_rig.h"

/* ---- Answered by hand -------------------------------------------------------------------------- */

#define STACK "stack keys=6 depth=4"
#define QUEUE "queue keys=6 length=4"
#define COUNTER "counter keys=6 counters=3"
#define STRING "text_edit length=6"
#define SMALL_STACK "stack lookup=false modulus=10 depth=3 ops=push:3+over+rot:2+add+sub:2+swap+dup+pop:2"
#define SMALL_QUEUE "queue lookup=false length=2 max=9 ops=enqueue:2+jump:2+dequeue+leave+rotate+recall+reverse"
#define SMALL_COUNTER "counter lookup=false counters=2 limit=9 max=9 ops=increment+decrement+transfer+copy+swap"

#define VALUES "The dictionary to use from here on:\n{\"blame\": 58, \"voter\": 72, \"tiger\": 83, \"final\": 98, \"crest\": 48, \"major\": 63}\n"

static const char *const knows_stack = VALUES "The stack to start from: 2 20\n";
static const char *const knows_small_stack = "\n\nFrom here on:\nThe stack to start from: 0\n";
static const char *const knows_queue = VALUES "The queue to start from: 2 20\n";
static const char *const knows_small_queue = "\n\nFrom here on:\nThe queue to start from: 0\n";
static const char *const knows_counters = "The dictionary to use from here on:\n"
	"{\"blame\": 12, \"voter\": 15, \"tiger\": 17, \"final\": 20, \"crest\": 10, \"major\": 13}\nThe counters to start from: a=0 b=0 c=0\n";
static const char *const knows_small_counters = "\n\nFrom here on:\nThe counters to start from: a=0 b=0\n";
static const char *const knows_string = "\n\nFrom here on:\nThe string to start from: aftjz\n";

/* Sample 0 of run seed 1. A change in the left half changes what recorded runs mean; the right half was worked out on paper. */
static const struct by_hand by_hand[] = {
	{ STACK, &knows_stack, 1, { { "push major", "2 20 63" }, { "pop", "2 20" }, { "dup", "2 20 20" }, { "push tiger", "2 20 20 83" },
		{ "push crest", "20 20 83 48" }, { "rot", "20 83 48 20" }, { "push voter", "83 48 20 72" }, { "push crest", "48 20 72 48" } } },
	{ STACK, &knows_stack, 2, { { "push major, pop", "2 20" }, { "dup, push tiger", "2 20 20 83" }, { "push crest, rot", "20 83 48 20" },
		{ "push voter, push crest", "48 20 72 48" }, { "push tiger, add", "20 72 31" }, { "push blame, push crest", "72 31 58 48" },
		{ "pop, dup", "72 31 58 58" }, { "sub, swap", "72 0 31" } } },
	{ STACK, &knows_stack, 5, { { "push major, pop, dup, push tiger, push crest", "20 20 83 48" }, { "rot, push voter, push crest, push tiger, add", "20 72 31" },
		{ "push blame, push crest, pop, dup, sub", "72 31 0" }, { "swap, push blame, push major, dup, pop", "31 58 63" },
		{ "add, pop, pop, swap, pop", "empty" }, { "pop, push tiger, pop, push voter, push voter", "72 72" } } },
	{ SMALL_STACK, &knows_small_stack, 2, { { "push 8, over", "0 8 0" }, { "rot, pop", "8 0" }, { "push 8, add", "8 8" }, { "pop, push 3", "8 3" },
		{ "push 2, add", "8 5" }, { "push 4, push 8", "5 4 8" } } },
	{ QUEUE, &knows_queue, 1, { { "enqueue major", "2 20 63" }, { "dequeue", "20 63" }, { "dequeue", "63" }, { "enqueue tiger", "63 83" },
		{ "enqueue crest", "63 83 48" }, { "rotate", "83 48 63" }, { "enqueue voter", "83 48 63 72" }, { "enqueue crest", "48 63 72 48" } } },
	{ QUEUE, &knows_queue, 2, { { "enqueue major, dequeue", "20 63" }, { "dequeue, enqueue tiger", "63 83" }, { "enqueue crest, rotate", "83 48 63" },
		{ "enqueue voter, enqueue crest", "48 63 72 48" }, { "enqueue tiger, rotate", "72 48 83 63" }, { "enqueue blame, enqueue crest", "83 63 58 48" },
		{ "dequeue, dequeue", "58 48" }, { "reverse, dequeue", "58" } } },
	{ QUEUE, &knows_queue, 5, { { "enqueue major, dequeue, dequeue, enqueue tiger, enqueue crest", "63 83 48" },
		{ "rotate, enqueue voter, enqueue crest, enqueue tiger, rotate", "72 48 83 63" },
		{ "enqueue blame, enqueue crest, dequeue, dequeue, reverse", "48 58" }, { "dequeue, jump blame, enqueue major, dequeue, dequeue", "63" } } },
	{ SMALL_QUEUE, &knows_small_queue, 3, { { "enqueue 8, dequeue, leave", "empty" }, { "jump 5, enqueue 8, recall", "8 5" },
		{ "jump 4, enqueue 3, enqueue 2", "3 2" }, { "recall, enqueue 4, enqueue 8", "4 8" }, { "jump 5, leave, reverse", "5" },
		{ "rotate, jump 0, jump 5", "5 0" }, { "leave, jump 7, recall", "5 7" }, { "dequeue, dequeue, rotate", "empty" } } },
	{ COUNTER, &knows_counters, 1, { { "increment c by major", "a=0 b=0 c=13" }, { "decrement b by blame", "a=0 b=-12 c=13" },
		{ "transfer voter from c to b", "a=0 b=3 c=-2" }, { "increment a by tiger", "a=17 b=3 c=-2" }, { "increment c by crest", "a=17 b=3 c=8" },
		{ "copy a to b", "a=17 b=17 c=8" }, { "increment a by voter", "a=32 b=17 c=8" }, { "increment a by crest", "a=42 b=17 c=8" } } },
	{ COUNTER, &knows_counters, 2, { { "increment c by major, decrement b by blame", "a=0 b=-12 c=13" },
		{ "transfer voter from c to b, increment a by tiger", "a=17 b=3 c=-2" }, { "increment c by crest, copy a to b", "a=17 b=17 c=8" },
		{ "increment a by voter, increment a by crest", "a=42 b=17 c=8" }, { "increment c by tiger, reset c", "a=42 b=17 c=0" },
		{ "increment a by blame, increment b by crest", "a=54 b=27 c=0" }, { "decrement a by major, transfer tiger from a to b", "a=24 b=44 c=0" },
		{ "swap b and a, transfer tiger from c to a", "a=61 b=24 c=-17" } } },
	{ COUNTER, &knows_counters, 5, {
		{ "increment c by major, decrement b by blame, transfer voter from c to b, increment a by tiger, increment c by crest", "a=17 b=3 c=8" },
		{ "copy a to b, increment a by voter, increment a by crest, increment c by tiger, reset c", "a=42 b=17 c=0" },
		{ "increment a by blame, increment b by crest, decrement a by major, transfer tiger from a to b, swap b and a", "a=44 b=24 c=0" },
		{ "transfer tiger from c to a, decrement b by blame, increment b by major, transfer final from a to b, decrement c by major",
			"a=41 b=45 c=-30" },
		{ "reset b, decrement a by crest, decrement a by tiger, transfer tiger from a to b, decrement a by blame", "a=-15 b=17 c=-30" } } },
	{ SMALL_COUNTER, &knows_small_counters, 2, { { "increment b by 8, transfer 1 from b to a", "a=1 b=7" }, { "copy b to a, decrement a by 5", "a=2 b=7" },
		{ "increment b by 8, copy a to b", "a=2 b=2" }, { "decrement a by 4, increment a by 4", "a=2 b=2" }, { "increment b by 2, swap b and a", "a=4 b=2" },
		{ "increment a by 5, increment b by 8", "a=9 b=9" }, { "transfer 6 from a to b, transfer 6 from a to b", "a=-3 b=9" },
		{ "swap a and b, copy b to a", "a=-3 b=-3" } } },
	{ STRING, &knows_string, 1, { { "insert w at 5", "aftjwz" }, { "replace 4 with c", "aftcwz" }, { "replace 5 with i", "aftciz" }, { "delete 1", "ftciz" },
		{ "insert t at 6", "ftcizt" }, { "reverse", "tzictf" }, { "delete 1", "zictf" }, { "insert u at 1", "uzictf" } } },
	{ STRING, &knows_string, 2, { { "insert w at 5, replace 4 with c", "aftcwz" }, { "replace 5 with i, delete 1", "ftciz" },
		{ "insert t at 6, reverse", "tzictf" }, { "delete 1, insert u at 1", "uzictf" }, { "insert l at 5, reverse", "tlcizu" },
		{ "insert b at 1, insert v at 4", "btlvci" }, { "delete 1, replace 1 with l", "llvci" }, { "rotate 3, swap 5 and 6", "cillv" } } },
	{ STRING, &knows_string, 5, { { "insert w at 5, replace 4 with c, replace 5 with i, delete 1, insert t at 6", "ftcizt" },
		{ "reverse, delete 1, insert u at 1, insert l at 5, reverse", "tlcizu" }, { "insert b at 1, insert v at 4, delete 1, replace 1 with l, rotate 3", "cillv" },
		{ "swap 5 and 6, delete 3, delete 3, replace 2 with q, delete 6", "cqlv" } } },
};

static void test_answered_by_hand(void)
{
	check_by_hand(by_hand, sizeof by_hand / sizeof *by_hand);
}

/* One step on states that no plan leads to, as the rules have it; what the step is stands in by_hand. */
static void test_bounds(void)
{
	static const struct { const char *spec; uint64_t step; const char *before, *after; } cases[] = {
		{ STACK, 4, "1 2 3 4 5 6", "2 3 4 5 6 48" }, { STACK, 4, "empty", "48" }, { STACK, 1, "empty", "empty" }, { STACK, 1, "5", "empty" },
		{ STACK, 2, "empty", "empty" }, { STACK, 2, "1 2 3 4", "2 3 4 4" }, { STACK, 5, "7 8", "7 8" }, { STACK, 5, "7 8 9", "8 9 7" },
		{ STACK, 9, "99 1", "0" }, { STACK, 9, "5", "5" }, { STACK, 9, "150 3", "53" }, { STACK, 9, "-7 2", "95" }, { STACK, 14, "3 9", "94" },
		{ STACK, 14, "9", "9" }, { STACK, 14, "empty", "empty" }, { STACK, 15, "5", "5" }, { STACK, 15, "5 6", "6 5" }, { SMALL_STACK, 1, "4", "4" },
		{ STACK, 9, "999999999999999999 999999999999999999", "98" }, { STACK, 14, "-999999999999999999 999999999999999999", "2" },
		{ QUEUE, 4, "1 2 3 4 5 6", "2 3 4 5 6 48" }, { QUEUE, 4, "empty", "48" }, { QUEUE, 1, "empty", "empty" }, { QUEUE, 5, "empty", "empty" },
		{ QUEUE, 5, "9", "9" }, { QUEUE, 14, "1 2 3", "3 2 1" }, { QUEUE, 14, "empty", "empty" }, { QUEUE, 16, "1 2 3 4 5", "58 1 2 3 4" },
		{ QUEUE, 16, "empty", "58" }, { SMALL_QUEUE, 2, "1 2 3", "1 2" }, { SMALL_QUEUE, 5, "1 2 3", "3 1 2" },
		{ COUNTER, 0, "a=1 b=2 c=986", "a=1 b=2 c=999" }, { COUNTER, 0, "a=1 b=2 c=987", "a=1 b=2 c=999" }, { COUNTER, 1, "a=0 b=-990 c=5", "a=0 b=-999 c=5" },
		{ COUNTER, 2, "a=0 b=990 c=-990", "a=0 b=999 c=-999" }, { COUNTER, 2, "a=0 b=990 c=0", "a=0 b=999 c=-15" }, { COUNTER, 9, "a=1 b=2 c=5000", "a=1 b=2 c=0" },
		{ COUNTER, 5, "a=-7 b=2 c=5", "a=-7 b=-7 c=5" },
		{ STRING, 0, "abc", "abcw" }, { STRING, 0, "abcdefgh", "abcdwefg" }, { STRING, 0, "abcdef", "abcdwe" }, { STRING, 1, "ab", "ac" },
		{ STRING, 3, "abcd", "abcd" }, { STRING, 3, "abcde", "bcde" }, { STRING, 3, "z", "z" }, { STRING, 5, "abc", "cba" }, { STRING, 14, "abc", "bca" },
		{ STRING, 14, "abcd", "dabc" }, { STRING, 14, "ab", "ba" }, { STRING, 14, "a", "a" }, { STRING, 15, "abcdef", "abcdfe" }, { STRING, 15, "abc", "abc" },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct one o = open_one(cases[i].spec, 0);
		CHECK_TEXT(apply(&o, cases[i].step, 1, cases[i].before), cases[i].after);
		close_one(&o);
	}
}

/* ---- Ways to write an answer ------------------------------------------------------------------- */

static void test_lists(void)
{
	static const struct spelling s[] = {
		{ "3 9 4", "3 9 4" }, { " 3\t9\n4 ", "3 9 4" }, { "3, 9, 4", "3 9 4" }, { "3,9,4", "3 9 4" }, { "[3, 9, 4]", "3 9 4" }, { "[3 9 4]", "3 9 4" },
		{ "(3, 9, 4)", "3 9 4" }, { "[ 3,9 , 4 ]", "3 9 4" }, { "7", "7" }, { "[7]", "7" }, { "07 +3 4.0", "7 3 4" }, { "\xE2\x88\x92" "3 2", "-3 2" },
		{ "1,234", "1 234" }, { "250 1", "250 1" }, { "empty", "empty" }, { "Empty", "empty" }, { " EMPTY\n", "empty" }, { "[]", "empty" }, { "( )", "empty" },
		{ "[empty]", "empty" }, { "1 2 3 4 5 6 7 8 9", "1 2 3 4 5 6 7 8 9" },
		{ "", NULL }, { "none", NULL }, { "3 9 x", NULL }, { "3, 9,", NULL }, { ",3", NULL }, { "3,,9", NULL }, { "3, 9 4", NULL }, { "3; 9", NULL }, { "3 9.5", NULL },
		{ "[3 9", NULL }, { "3 9]", NULL }, { "[3 9)", NULL }, { "[[3, 9]]", NULL }, { "3 -> 9", NULL }, { "empty 3", NULL }, { "top: 3", NULL }, { "emptyy", NULL },
		{ "1 2 3 4 5 6 7 8 9 1 2 3 4 5 6 7 8 9 1 2 3 4 5 6 7 8 9 1 2 3 4 5 6 7 8 9 1 2 3 4 5 6 7 8 9 1 2 3 4 5 6 7 8 9 1 2 3 4 5 6 7 8 9 1 2", NULL },
	};
	check_spellings("stack", s, sizeof s / sizeof *s);
	check_spellings("queue length=2", s, sizeof s / sizeof *s);
}

static void test_named(void)
{
	static const struct spelling s[] = {
		{ "a=3 b=-1 c=0", "a=3 b=-1 c=0" }, { "a=3, b=-1, c=0", "a=3 b=-1 c=0" }, { "a = 3 b = -1 c = 0", "a=3 b=-1 c=0" }, { "A: 3\nB: -1\nC: 0", "a=3 b=-1 c=0" },
		{ "c=0 a=3 b=-1", "a=3 b=-1 c=0" }, { "{\"a\": 3, \"b\": -1, \"c\": 0}", "a=3 b=-1 c=0" }, { "{a: 3, b: -1, c: 0}", "a=3 b=-1 c=0" },
		{ "a=3; b=\xE2\x88\x92" "1; c=0.0", "a=3 b=-1 c=0" }, { "a=+3,b=-1,c=-0,", "a=3 b=-1 c=0" }, { "a=5000 b=0 c=0", "a=5000 b=0 c=0" },
		{ "", NULL }, { "a=3 b=-1", NULL }, { "a=3 b=-1 c=0 d=4", NULL }, { "a=3 a=3 b=-1 c=0", NULL }, { "a=3 b=-1 c=", NULL }, { "a=3 b=-1 c", NULL }, { "3 -1 0", NULL },
		{ "a3 b-1 c0", NULL }, { "a=3 b=-1 c=x", NULL }, { "a=3 b=-1 c=0.5", NULL }, { "a=1,234 b=0 c=0", NULL }, { "\"a=3 b=-1 c=0", NULL }, { "{a=3 b=-1 c=0", NULL },
		{ "=3 b=-1 c=0", NULL }, { "a==3 b=-1 c=0", NULL }, { "a=3 b=-1 c=0.", NULL }, { "aa=3 b=-1 c=0", NULL },
	};
	check_spellings("counter counters=3", s, sizeof s / sizeof *s);
}

static void test_strings(void)
{
	static const struct spelling s[] = {
		{ "kbz", "kbz" }, { " KBz\n", "kbz" }, { "\"kbz\"", "kbz" }, { "'kbz'", "kbz" }, { "`kbz`", "kbz" }, { "k b z", "kbz" }, { "k-b-z", "kbz" }, { "K,B,Z", "kbz" }, { "k, b, z", "kbz" },
		{ "k", "k" }, { "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijkl", "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijkl" },
		{ "", NULL }, { "\"\"", NULL }, { "k bz", NULL }, { "kb z", NULL }, { "k b-z", NULL }, { "k b ", "kb" }, { "k, b,z", NULL }, { "k, b, ", NULL }, { "k-", NULL }, { "k,", NULL }, { "-k", NULL },
		{ "kbz1", NULL }, { "kb.", NULL }, { "k\xC3\xA9z", NULL }, { "\"kbz", NULL }, { "the string", NULL }, { "k\nb", NULL }, { "k--b", NULL },
		{ "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijklm", NULL },
	};
	check_spellings("text_edit", s, sizeof s / sizeof *s);
	check_spellings("text_edit letters=2 length=3", s, sizeof s / sizeof *s);
	struct one o = open_one("text_edit", 0);
	bool is_state;
	CHECK_INT(lh_sample_canonical(o.sample, (struct lh_str){ "k\0z", 3 }, &is_state, &o.out, NULL), 0);
	CHECK(!is_state);
	close_one(&o);
}

/* ---- Slips ------------------------------------------------------------------------------------- */

static void test_slips(void)
{
	/* 20 20 83, push 48: left out, done twice, final and major in its place; neighbours exchanged, one lost, one a little off. */
	check_slips(STACK, 4, "20 20 83 48", (const char *const[]){ "2 20 20 83", "20 20 83", "20 83 48 48", "20 20 83 98", "20 20 83 63", "20 83 20 48", "20 20 48 83",
		"20 83 48", "20 20 48", "19 20 83 48", "21 20 83 48", "10 20 83 48", "30 20 83 48", "20 19 83 48", "20 21 83 48", "20 10 83 48", "20 30 83 48",
		"20 20 82 48", "20 20 84 48", "20 20 73 48", "20 20 93 48", "20 20 83 47", "20 20 83 49", "20 20 83 38", "20 20 83 58", NULL });
	/* 2 20 63, pop: left out; done twice; dup, swap, rot, add, sub in its place; and miscounts. */
	check_slips(STACK, 1, "2 20", (const char *const[]){ "2 20 63", "2", "2 20 63 63", "2 63 20", "20 63 2", "2 83", "2 57", "20 2", "20", "2 2 20", "2 20 20",
		"1 20", "3 20", "12 20", "2 19", "2 21", "2 10", "2 30", NULL });
	/* pop, where the plan has come to an empty stack: nothing was removed. */
	check_slips("stack depth=2 modulus=2 lookup=false ops=pop", 1, "1", (const char *const[]){ "empty", "0", "1 1", NULL });
	/* 0, pop: still there; or a number out of nowhere. */
	check_slips("stack depth=2 modulus=2 lookup=false ops=pop", 0, "empty", (const char *const[]){ "0", "1", NULL });
	/* 63 83 48, rotate: left out, done twice, dequeue and reverse in its place; one lost, written twice, a little off. */
	check_slips(QUEUE, 5, "83 48 63", (const char *const[]){ "63 83 48", "48 63 83", "83 48", "48 83 63", "83 63 48", "48 63", "83 63", "83 83 48 63",
		"83 48 48 63", "83 48 63 63", "82 48 63", "84 48 63", "73 48 63", "93 48 63", "83 47 63", "83 49 63", "83 38 63", "83 58 63", "83 48 62", "83 48 64",
		"83 48 53", "83 48 73", NULL });
	/* increment c by major: done twice, left out, crest read, another counter, decremented; exchanged, a little off. */
	check_slips(COUNTER, 0, "a=0 b=0 c=13", (const char *const[]){ "a=0 b=0 c=26", "a=0 b=0 c=0", "a=0 b=0 c=10", "a=13 b=0 c=0", "a=0 b=13 c=0",
		"a=0 b=0 c=-13", "a=1 b=0 c=13", "a=-1 b=0 c=13", "a=10 b=0 c=13", "a=-10 b=0 c=13", "a=0 b=1 c=13", "a=0 b=-1 c=13", "a=0 b=10 c=13",
		"a=0 b=-10 c=13", "a=0 b=0 c=12", "a=0 b=0 c=14", "a=0 b=0 c=3", "a=0 b=0 c=23", NULL });
	/* 20 63, dequeue: left out; done twice; rotated, turned round; and miscounts. */
	check_slips(QUEUE, 2, "63", (const char *const[]){ "20 63", "empty", "63 20", "63 63", "62", "64", "53", "73", NULL });
	/* copy a to b: left out, or b copied to a, b having been 0 as at the start; one of them a little off. */
	check_slips("counter counters=2 lookup=false max=1 limit=5 ops=copy", 0, "a=3 b=3", (const char *const[]){ "a=3 b=0", "a=0 b=0", "a=3 b=2", "a=3 b=4",
		"a=2 b=3", "a=4 b=3", NULL });
	/* aftjz, insert w at 5: done twice, left out, a neighbouring letter, a neighbouring position, a replacement; and miscounts. */
	check_slips(STRING, 0, "aftjwz", (const char *const[]){ "aftjww", "aftjz", "aftjvz", "aftjxz", "aftwjz", "aftjzw", "aftjw", "fatjwz", "atfjwz", "afjtwz",
		"ftjwz", "atjwz", "afjwz", "aftwz", "bftjwz", "kftjwz", "aetjwz", "agtjwz", "aptjwz", "afsjwz", "afujwz", "afjjwz", "aftiwz", "aftkwz", "afttwz",
		"aftjmz", "aftjwy", "aftjwp", NULL });
}

/* A step left out leaves the state before it, whatever it removed or overwrote: in a new dialogue always; in a long one where that is made by the
 * last steps. */
static void test_left_out(void)
{
	static const struct { const char *spec; uint64_t first; } cases[] = { { "stack", 0 }, { "queue", 0 }, { "counter", 0 }, { "text_edit", 0 }, { "stack", 500 },
		{ "queue length=4", 500 } };
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct one o = open_one(cases[i].spec, 1);
		char before[LH_STATE_MAX + 1], after[LH_STATE_MAX + 1];
		CHECK_INT(lh_sample_initial(o.sample, &o.out, NULL), 0);
		snprintf(after, sizeof after, "%s", o.out.p);
		if (cases[i].first)
			snprintf(after, sizeof after, "%s", apply(&o, 0, (uint32_t)cases[i].first, after));
		for (uint64_t k = cases[i].first; k < cases[i].first + 40; k++) {
			snprintf(before, sizeof before, "%s", after);
			snprintf(after, sizeof after, "%s", apply(&o, k, 1, before));
			bool left_out = strcmp(before, after) == 0;
			for (uint64_t n = 0; n < 100 && !left_out; n++) {
				struct lh_random r = lh_random_stream(1, 2, n, LH_FOR_HISTORY, 0);
				lh_buf_clear(&o.out);
				CHECK_INT(lh_sample_corrupt(o.sample, k, lh_str_of(after), &r, &o.out, NULL), 0);
				left_out = strcmp(o.out.p, before) == 0;
			}
			if (!left_out)
				printf("%s, step %d: %s, never %s\n", cases[i].spec, (int)k, after, before);
			CHECK(left_out);
		}
		close_one(&o);
	}
}

/* Also where the right state is one that no plan reaches. */
static void test_slips_at_the_edges(void)
{
	static const char *const cases[][2] = { { "stack", "empty" }, { "stack", "1 2 3 4 5 6 7 8 9 10 11 12" }, { "stack depth=2 modulus=2", "0 0" },
		{ "stack", "999999999999999999 -999999999999999999" }, { "stack depth=32", "0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0" },
		{ "stack ops=rot+swap", "5 5" }, { "stack ops=over+pop", "1" }, { "queue", "empty" }, { "queue length=2 max=1", "1 1" }, { "queue length=2 max=1", "0 1 0 1 0 1" },
		{ "queue", "-999999999999999999" }, { "queue ops=leave+recall", "7" }, { "counter", "a=0 b=0 c=0 d=0" },
		{ "counter counters=2 limit=1 max=1", "a=1 b=-1" }, { "counter counters=2 limit=1 max=1", "a=999999999999999999 b=-999999999999999999" },
		{ "counter counters=2 ops=reset", "a=0 b=0" }, { "counter counters=2 ops=swap", "a=4 b=4" }, { "text_edit", "a" }, { "text_edit length=3 letters=2", "aaa" },
		{ "text_edit length=3 letters=2 ops=reverse", "zzz" }, { "text_edit length=48", "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijkl" },
		{ "text_edit ops=rotate+swap", "aaaaaaaaaaaa" } };
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		check_edge(cases[i][0], cases[i][1]);
}

/* ---- Thoughts ---------------------------------------------------------------------------------- */

static void test_explained(void)
{
	static const struct explained cases[] = {
		{ STACK, 0, "2 20", "2 20 63", "major is 63. push 63: 2 20 becomes 2 20 63." },
		{ STACK, 0, "2 20", "2 20 64", "major is 64. push 64: 2 20 becomes 2 20 64." },
		{ STACK, 0, "2 20", "2 20", "major is 63. push 63: 2 20 becomes 2 20." },
		{ STACK, 1, "2 20 63", "2 20", "pop: 2 20 63 becomes 2 20." },
		{ STACK, 1, "2 20 63", "2", "pop: 2 20 63 becomes 2." },
		{ STACK, 1, "7", "empty", "pop: 7 becomes empty." },
		/* No number of a stack is 100 or more: it was read well, and written wrong. */
		{ STACK, 0, "2", "2 630", "major is 63. push 63: 2 becomes 2 630." },
		{ SMALL_STACK, 0, "0", "0 8", "push 8: 0 becomes 0 8." },
		{ SMALL_STACK, 0, "0", "0 9", "push 9: 0 becomes 0 9." },
		{ QUEUE, 5, "63 83 48", "83 48 63", "rotate: 63 83 48 becomes 83 48 63." },
		{ QUEUE, 0, "2 20 1 7", "20 1 7 62", "major is 62. enqueue 62: 2 20 1 7 becomes 20 1 7 62." },
		{ QUEUE, 16, "2", "9 2", "blame is 9. jump 9: 2 becomes 9 2." },
		{ COUNTER, 0, "a=1 b=2 c=3", "a=1 b=2 c=16", "major is 13. increment c by 13: a=1 b=2 c=3 becomes a=1 b=2 c=16." },
		{ COUNTER, 0, "a=1 b=2 c=3", "a=1 b=2 c=13", "major is 10. increment c by 10: a=1 b=2 c=3 becomes a=1 b=2 c=13." },
		{ COUNTER, 0, "a=1 b=2 c=3", "a=14 b=2 c=3", "major is 13. increment c by 13: a=1 b=2 c=3 becomes a=14 b=2 c=3." },
		{ COUNTER, 1, "a=1 b=2 c=3", "a=1 b=-13 c=3", "blame is 15. decrement b by 15: a=1 b=2 c=3 becomes a=1 b=-13 c=3." },
		{ COUNTER, 2, "a=1 b=2 c=3", "a=1 b=6 c=-1", "voter is 4. transfer 4 from c to b: a=1 b=2 c=3 becomes a=1 b=6 c=-1." },
		{ STRING, 0, "aftjz", "aftjwz", "insert w at 5: aftjz becomes aftjwz." },
		{ STRING, 0, "aftjz", "aftjvz", "insert v at 5: aftjz becomes aftjvz." },
		{ STRING, 0, "aftjz", "aftwjz", "insert w at 5: aftjz becomes aftwjz." },
		{ STRING, 3, "aftciz", "atciz", "delete 1: aftciz becomes atciz." },
	};
	check_explained(cases, sizeof cases / sizeof *cases);
	struct one o = open_one("stack", 0);
	struct lh_error err = { 0 };
	CHECK_INT(lh_sample_explain(o.sample, 2, LH_STR("4"), LH_STR("four"), &o.out, &err), LH_E_PLUGIN);
	CHECK_TEXT(err.text, "task stack, sample 0, step 2: 'four' is not a stack");
	close_one(&o);
}

/* ---- The same samples -------------------------------------------------------------------------- */

/* The text of a message in which keys stand, with their values in their place. */
static void with_values(const struct one *told, const char *message, char *out, size_t size)
{
	const char *dictionary = strstr(told->out.p, "The dictionary to use from here on:");
	size_t n = 0;
	CHECK(dictionary != NULL);
	for (const char *p = message; *p && dictionary; ) {
		char quoted[80];
		size_t word = strcspn(p, " "), space = strspn(p + word, " ");
		snprintf(quoted, sizeof quoted, "\"%.*s\": ", (int)(word < 70 ? word : 70), p);
		const char *entry = strstr(dictionary, quoted);
		if (entry)
			n += (size_t)snprintf(out + n, size - n, "%.*s", (int)strcspn(entry + strlen(quoted), ",}"), entry + strlen(quoted));
		else
			n += (size_t)snprintf(out + n, size - n, "%.*s", (int)word, p);
		n += (size_t)snprintf(out + n, size - n, "%.*s", (int)space, p + word);
		p += word + space;
	}
}

/* lookup=false is the same task with the numbers given; keys are those that kv_sum names. */
static void test_controls_are_paired(void)
{
	static const char *const specs[] = { "stack keys=7", "queue keys=7 length=3", "counter keys=7 max=99" };
	for (size_t i = 0; i < 3; i++) {
		char spec[80], state[400], said[200], given[200];
		snprintf(spec, sizeof spec, "%s lookup=false", specs[i]);
		struct one looked = open_one(specs[i], 2), direct = open_one(spec, 2), sum = open_one("kv_sum keys=7", 2), told = open_one(specs[i], 2);
		CHECK_INT(lh_sample_instructions(told.sample, 1, &told.out, NULL), 0);
		CHECK_INT(lh_sample_initial(looked.sample, &looked.out, NULL), 0);
		snprintf(state, sizeof state, "%s", looked.out.p);
		int keys = 0;
		for (uint64_t k = 0; k < 60; k++) {
			snprintf(said, sizeof said, "%s", ask(&looked, k, 1));
			with_values(&told, said, given, sizeof given);
			bool named = strcmp(said, given) != 0;
			CHECK(!named || strstr(said, ask(&sum, k, 1)));
			keys += named;
			CHECK_TEXT(ask(&direct, k, 1), given);
			CHECK_TEXT(apply(&direct, k, 1, state), apply(&looked, k, 1, state));
			snprintf(state, sizeof state, "%s", looked.out.p);
		}
		CHECK(keys > 15 && keys < 60);
		close_one(&looked);
		close_one(&direct);
		close_one(&sum);
		close_one(&told);
	}
}

static void test_answers_stay_short(void)
{
	static const struct { const char *spec, *first; size_t most; } cases[] = { { "stack", "1 2 3 4", 23 }, { "queue", "1 2 3 4", 23 },
		{ "counter", "a=0 b=0 c=0 d=0", 27 }, { "text_edit", "abcdefghij", 12 } };
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct one o = open_one(cases[i].spec, 0);
		CHECK(strlen(apply(&o, 0, 50000, cases[i].first)) <= cases[i].most);
		close_one(&o);
	}
}

/* ---- Parameters -------------------------------------------------------------------------------- */

static void test_bad_params(void)
{
	static const char *const cases[][2] = {
		{ "stack depth=1", "depth=1 is out of range: 2 to 32" }, { "stack modulus=1", "out of range" }, { "stack lookup=maybe", "none of false|true" },
		{ "stack ops=push+po", "ops=push+po: 'po' is no operation; write NAME or NAME:WEIGHT, joined by +, with weights from 1 to 1000 and names out of: push, pop, dup" },
		{ "stack ops=push:0", "'push:0' has no weight that can be used" }, { "stack ops=push:1001", "'push:1001' has no weight" }, { "stack ops=push:", "'push:' has no weight" },
		{ "stack ops=push:x", "'push:x' has no weight" }, { "stack ops=push:-1", "'push:-1' has no weight" }, { "stack ops=pop+push+pop", "'pop' stands there twice" },
		{ "stack ops=push+", "'' is no operation" }, { "stack ops=", "ops=: '' is no operation" }, { "stack ops=enqueue", "'enqueue' is no operation" },
		{ "queue ops=push", "names out of: enqueue, jump, dequeue, leave, rotate, recall, reverse" }, { "queue length=33", "out of range" }, { "queue max=0", "out of range" },
		{ "counter counters=27", "out of range: 2 to 26" }, { "counter ops=add", "names out of: increment, decrement, transfer, copy, reset, swap" },
		{ "counter limit=0", "out of range" }, { "counter min=1", "there is no parameter 'min'" },
		{ "text_edit length=2", "out of range: 3 to 48" }, { "text_edit letters=27", "out of range" }, { "text_edit lookup=true", "there is no parameter 'lookup'" },
		{ "text_edit ops=insert;delete", "'insert;delete' is no operation" },
	};
	check_refused(cases, sizeof cases / sizeof *cases);
}

int main(void)
{
	CHECK_INT(lh_registry_new(&registry, NULL), 0);
	test_answered_by_hand();
	test_bounds();
	test_lists();
	test_named();
	test_strings();
	test_slips();
	test_left_out();
	test_slips_at_the_edges();
	test_explained();
	test_controls_are_paired();
	test_answers_stay_short();
	test_bad_params();
	lh_registry_free(registry);
	return check_done();
}
