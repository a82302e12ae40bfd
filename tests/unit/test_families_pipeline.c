/* pipeline: operations done by hand from the instructions as they are printed, ways to write a table, slips, thoughts,
 * parameters. tests/cli/test_cli_families_dialogue.py follows the instructions of many samples. */
#include "unit/family_rig.h"

/* ---- Answered by hand -------------------------------------------------------------------------- */

#define TWELVE "pipeline keys=12"
#define BITS TWELVE " modulus=2 rows=6 ops=filter+sort:2+add"
#define FIRST "tiger 3 80; final 61 9; crest 1 91; major 80 77"

static const char *const knows = "\nThe catalogue:\n"
	"blame 77 36; voter 94 3; tiger 3 80; final 61 9; crest 1 91; major 80 77; ocean 86 18; royal 0 9; start 89 49; write 80 49; laugh 89 14; plant 6 2\n\n"
	"From here on, begin with " FIRST "\n";
static const char *const knows_bits = "\nThe catalogue:\n"
	"blame 1 0; voter 1 0; tiger 0 1; final 1 0; crest 0 1; major 1 1; ocean 1 0; royal 0 0; start 1 0; write 1 0; laugh 1 0; plant 0 0\n\n"
	"From here on, begin with tiger 0 1; final 1 0; crest 0 1; major 1 1; ocean 1 0; royal 0 0\n";

/* Sample 0 of run seed 1. A change in the left half changes what recorded runs mean; the right half was worked out on paper. */
static const struct by_hand by_hand[] = {
	{ TWELVE, &knows, 5, {
		{ "set b of the last row to the smallest of column a\nadd 53 to column b\nadd column b to column a\nsort by column a, largest first\nreplace row 1 with major",
			"crest 45 44; tiger 36 33; major 34 54; final 23 62" },
		{ "set a of the first row to the smallest of column b\nadd column a to column b\nreplace row 2 with write\nsort by column a, smallest first\n"
			"replace row 4 with plant", "final 23 85; crest 33 77; major 34 88; plant 6 2" },
		{ "add 9 to column a\nreplace row 3 with plant\nset b of the last row to the largest of column a\nsort by column b, smallest first\nadd column b to column a",
			"plant 58 43; crest 19 77; final 17 85; major 31 88" },
		{ "add column b to column a\nadd 35 to column a\nset b of the last row to the sum of column a\nkeep the first 2 rows, refill from write\n"
			"set b of the last row to the largest of column a", "plant 36 43; crest 31 77; write 80 49; laugh 89 89" },
		/* Refilling passes over plant, which is there, and goes on from the beginning. */
		{ "set a of the first row to the smallest of column b\nkeep the first 1 row, refill from laugh\nsort by column a, smallest first\nadd column b to column a\n"
			"add 10 to column b", "plant 86 53; blame 13 46; laugh 3 24; voter 97 13" },
		{ "add 86 to column b\nadd column a to column b\nadd 99 to column a\nadd column a to column b\nadd column a to column b",
			"plant 85 95; blame 12 69; laugh 2 17; voter 96 88" },
		{ "add 68 to column a\nsort by column a, smallest first\nset b of the first row to the smallest of column a\nsort by column a, largest first\n"
			"set b of the first row to the largest of column a", "blame 80 80; laugh 70 17; voter 64 88; plant 53 53" },
		{ "set b of the first row to the largest of column a\nreplace row 2 with plant\nreplace row 1 with write\nadd 83 to column a\n"
			"set a of the last row to the sum of column b", "write 63 49; laugh 53 17; voter 47 88; plant 7 53" } } },
	/* All rows dropped; some that stay are passed over. */
	{ TWELVE " ops=filter+add+sort", &knows, 1, {
		{ "keep rows where a is at least 62, refill from start", "major 80 77; start 89 49; write 80 49; laugh 89 14" },
		{ "add 53 to column b", "major 80 30; start 89 2; write 80 2; laugh 89 67" },
		{ "add 81 to column b", "major 80 11; start 89 83; write 80 83; laugh 89 48" },
		{ "sort by column a, largest first", "start 89 83; laugh 89 48; major 80 11; write 80 83" },
		{ "keep rows where a is below 70, refill from major", "major 80 77; ocean 86 18; royal 0 9; start 89 49" },
		{ "keep rows where b is below 33, refill from major", "ocean 86 18; royal 0 9; major 80 77; start 89 49" },
		{ "add 4 to column a", "ocean 90 18; royal 4 9; major 84 77; start 93 49" },
		{ "keep rows where a is below 30, refill from write", "royal 4 9; write 80 49; laugh 89 14; plant 6 2" } } },
	/* Equal numbers stay in order. */
	{ BITS, &knows_bits, 1, {
		{ "keep rows where a is below 1, refill from write", "tiger 0 1; crest 0 1; royal 0 0; write 1 0; laugh 1 0; plant 0 0" },
		{ "add 1 to column b", "tiger 0 0; crest 0 0; royal 0 1; write 1 1; laugh 1 1; plant 0 1" },
		{ "sort by column b, largest first", "royal 0 1; write 1 1; laugh 1 1; plant 0 1; tiger 0 0; crest 0 0" },
		{ "sort by column a, largest first", "write 1 1; laugh 1 1; royal 0 1; plant 0 1; tiger 0 0; crest 0 0" },
		{ "sort by column a, smallest first", "royal 0 1; plant 0 1; tiger 0 0; crest 0 0; write 1 1; laugh 1 1" },
		{ "keep rows where b is below 1, refill from laugh", "tiger 0 0; crest 0 0; laugh 1 0; plant 0 0; blame 1 0; voter 1 0" },
		{ "sort by column a, smallest first", "tiger 0 0; crest 0 0; plant 0 0; laugh 1 0; blame 1 0; voter 1 0" },
		{ "keep rows where a is below 1, refill from tiger", "tiger 0 0; crest 0 0; plant 0 0; final 1 0; major 1 1; ocean 1 0" } } },
};

/* The same operations with the records that may be needed. */
static void test_records_in_messages(void)
{
	struct one o = open_one(TWELVE " lookup=false", 0);
	CHECK_TEXT(ask(&o, 18, 1), "keep the first 2 rows, refill from write 80 49; laugh 89 14; plant 6 2; blame 77 36");
	CHECK_TEXT(ask(&o, 7, 1), "replace row 2 with write 80 49");
	CHECK_TEXT(apply(&o, 0, 40, FIRST), "write 63 49; laugh 53 17; voter 47 88; plant 7 53");
	lh_buf_clear(&o.out);
	CHECK_INT(lh_sample_instructions(o.sample, 1, &o.out, NULL), 0);
	CHECK(strstr(o.out.p, "catalogue") == NULL);
	CHECK_HAS(o.out.p, "\nFrom here on, begin with " FIRST "\n");
	close_one(&o);
}

/* On states that no plan leads to: numbers beyond the modulus, one name in all rows. */
static void test_absurd_states(void)
{
	static const struct { uint64_t step; const char *before, *after; } cases[] = {
		{ 1, "x 0 999999999999999999; x 0 0; x 0 46; x 0 47", "x 0 52; x 0 53; x 0 99; x 0 0" },
		{ 2, "x 999999999999999999 999999999999999999; x 0 0; x 1 100; x 2 1", "x 98 999999999999999999; x 0 0; x 1 100; x 3 1" },
		{ 17, "x 999999999999999999 0; x 999999999999999999 0; x 1 0; x 2 0", "x 999999999999999999 0; x 999999999999999999 0; x 1 0; x 2 1" },
		{ 18, "plant 1 1; plant 1 1; plant 1 1; plant 1 1", "plant 1 1; plant 1 1; write 80 49; laugh 89 14" },
		{ 7, "a 1 2; b 3 4; c 5 6; write 7 8", "a 1 2; b 3 4; c 5 6; write 7 8" }, { 7, "a 1 2; b 3 4; c 5 6; writer 7 8", "a 1 2; write 80 49; c 5 6; writer 7 8" },
	};
	struct one o = open_one(TWELVE, 0);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		CHECK_TEXT(apply(&o, cases[i].step, 1, cases[i].before), cases[i].after);
	close_one(&o);
}

static void test_answers_stay_short(void)
{
	struct one o = open_one("pipeline", 0), wide = open_one("pipeline rows=8 columns=4 modulus=1000 keys=2000", 0);
	CHECK(strlen(apply(&o, 0, 20000, FIRST)) <= 4 * 11 + 6);
	CHECK(strlen(apply(&wide, 0, 20000, "a 1 1 1 1; b 1 1 1 1; c 1 1 1 1; d 1 1 1 1; e 1 1 1 1; f 1 1 1 1; g 1 1 1 1; h 1 1 1 1")) <= 8 * 23 + 14);
	close_one(&o);
	close_one(&wide);
}

/* ---- Ways to write a table --------------------------------------------------------------------- */

static void test_spellings(void)
{
	static const struct spelling s[] = {
		{ "birch 3 7; maple 5 2", "birch 3 7; maple 5 2" }, { " birch 3  7 ;maple 5 2;\n", "birch 3 7; maple 5 2" }, { "Birch 3 7\nMaple 5 2", "birch 3 7; maple 5 2" },
		{ "birch, 3, 7; maple, 5, 2", "birch 3 7; maple 5 2" }, { "birch: 3, 7; maple: 5, 2", "birch 3 7; maple 5 2" },
		{ "birch (3, 7), maple (5, 2)", "birch 3 7; maple 5 2" }, { "[birch 3 7] [maple 5 2]", "birch 3 7; maple 5 2" },
		{ "| birch | 3 | 7 |\n| maple | 5 | 2 |", "birch 3 7; maple 5 2" }, { "birch a=3 b=7; maple a=5 b=2", "birch 3 7; maple 5 2" },
		{ "birch a: 3, b: 7; maple A = 5, B = 2", "birch 3 7; maple 5 2" }, { "birch 03 7; maple 5 002", "birch 3 7; maple 5 2" },
		{ "a 3 7; b 5 2", "a 3 7; b 5 2" }, { "x 100 999999999999999999; x 0 0", "x 100 999999999999999999; x 0 0" },
		{ "", NULL }, { "birch 3 7", NULL }, { "birch 3 7; maple 5 2; olive 9 1", NULL }, { "birch 3; maple 5", NULL }, { "birch 3 7 1; maple 5 2 1", NULL },
		{ "3 7; 5 2", NULL }, { "birch 3 7; 5 2", NULL }, { "birch -3 7; maple 5 2", NULL }, { "birch 3.5 7; maple 5 2", NULL }, { "birch 3 7; maple 5 x", NULL },
		{ "birch b=3 a=7; maple 5 2", NULL }, { "birch a3 7; maple 5 2", NULL }, { "birch3 7; maple 5 2", NULL }, { "birch 3 7maple 5 2", NULL },
		{ "birch tree 3 7; maple 5 2", NULL }, { "abcdefghijklmnop 3 7; maple 5 2", NULL }, { "birch 1000000000000000000 7; maple 5 2", NULL },
		{ "name a b; birch 3 7; maple 5 2", NULL }, { "birch = 3 7; maple 5 2", NULL }, { "birch 3 7; maple 5 2 \xff", NULL }, { "\xc3\xa9t\xc3\xa9 3 7; maple 5 2", NULL },
	};
	check_spellings("pipeline rows=2", s, sizeof s / sizeof *s);
	struct one o = open_one("pipeline rows=2", 0);
	bool is_state;
	CHECK_INT(lh_sample_canonical(o.sample, (struct lh_str){ "birch 3 7; maple 5 2\0", 21 }, &is_state, &o.out, NULL), 0);
	CHECK(!is_state);
	close_one(&o);
}

/* ---- Slips ------------------------------------------------------------------------------------- */

static void test_slips(void)
{
	/* "set b of the last row to the smallest of column a": the sum, 145, or the largest; a number in b a little off. */
	check_slips(TWELVE, 0, "tiger 3 80; final 61 9; crest 1 91; major 80 1", (const char *const[]){ "tiger 3 80; final 61 9; crest 1 91; major 80 45",
		"tiger 3 80; final 61 9; crest 1 91; major 80 80", "tiger 3 79; final 61 9; crest 1 91; major 80 1", "tiger 3 81; final 61 9; crest 1 91; major 80 1",
		"tiger 3 80; final 61 8; crest 1 91; major 80 1", "tiger 3 80; final 61 10; crest 1 91; major 80 1", "tiger 3 80; final 61 9; crest 1 90; major 80 1",
		"tiger 3 80; final 61 9; crest 1 92; major 80 1", "tiger 3 80; final 61 9; crest 1 91; major 80 0", "tiger 3 80; final 61 9; crest 1 91; major 80 2", NULL });
	/* "add 53 to column b": not in one row, or in none; to column a; a little off. */
	check_slips(TWELVE, 1, "tiger 3 33; final 61 62; crest 1 44; major 80 54", (const char *const[]){ "tiger 3 80; final 61 62; crest 1 44; major 80 54",
		"tiger 3 33; final 61 9; crest 1 44; major 80 54", "tiger 3 33; final 61 62; crest 1 91; major 80 54", "tiger 3 33; final 61 62; crest 1 44; major 80 1",
		"tiger 3 80; final 61 9; crest 1 91; major 80 1", "tiger 56 80; final 14 9; crest 54 91; major 33 1",
		"tiger 3 32; final 61 62; crest 1 44; major 80 54", "tiger 3 34; final 61 62; crest 1 44; major 80 54", "tiger 3 33; final 61 61; crest 1 44; major 80 54",
		"tiger 3 33; final 61 63; crest 1 44; major 80 54", "tiger 3 33; final 61 62; crest 1 43; major 80 54", "tiger 3 33; final 61 62; crest 1 45; major 80 54",
		"tiger 3 33; final 61 62; crest 1 44; major 80 53", "tiger 3 33; final 61 62; crest 1 44; major 80 55", NULL });
	/* "add column b to column a" likewise; the wrong way round: a to b. */
	check_slips(TWELVE " rows=2", 2, "x 7 4; y 1 99", (const char *const[]){ "x 3 4; y 1 99", "x 7 4; y 2 99", "x 3 4; y 2 99", "x 3 7; y 2 1", "x 6 4; y 1 99", "x 8 4; y 1 99",
		"x 7 4; y 0 99", NULL });
	/* "sort by column a, largest first": smallest first; two neighbours exchanged; a little off. */
	check_slips(TWELVE " rows=2", 3, "x 7 4; y 1 99", (const char *const[]){ "y 1 99; x 7 4", "x 7 3; y 1 99", "x 7 5; y 1 99", "x 7 4; y 1 98", "x 7 4; y 1 0",
		"x 6 4; y 1 99", "x 8 4; y 1 99", "x 7 4; y 0 99", "x 7 4; y 2 99", NULL });
	/* "replace row 1 with write", done: the next line, laugh 89 14, or its numbers; a little off. */
	check_slips(TWELVE " rows=2", 7, "write 80 49; x 7 4", (const char *const[]){ "write 89 14; x 7 4", "laugh 89 14; x 7 4", "write 80 49; x 6 4", "write 80 49; x 8 4",
		"write 80 49; x 7 3", "write 80 49; x 7 5", "write 79 49; x 7 4", "write 81 49; x 7 4", "write 80 48; x 7 4", "write 80 50; x 7 4", NULL });
}

static void test_slips_at_the_edges(void)
{
	static const char *const cases[][2] = { { "pipeline rows=2 modulus=2", "x 0 0; x 0 0" }, { "pipeline rows=2 modulus=2", "x 999999999999999999 1; x 1 999999999999999999" },
		{ "pipeline rows=2 modulus=2 ops=sort", "x 1 1; x 1 1" }, { "pipeline rows=2 ops=take+replace+filter keys=10", "x 1 1; y 1 1" },
		{ "pipeline rows=2 ops=aggregate+sum", "x 0 0; y 0 0" } };
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		check_edge(cases[i][0], cases[i][1]);
}

/* ---- Thoughts ---------------------------------------------------------------------------------- */

#define AFTER_0 "tiger 3 80; final 61 9; crest 1 91; major 80 1"

static const struct explained explained[] = {
	{ TWELVE, 0, FIRST, AFTER_0, "major b: 1. The table: " AFTER_0 },
	{ TWELVE, 0, FIRST, FIRST, "Nothing changes. The table: " FIRST },
	{ TWELVE, 1, AFTER_0, "tiger 3 33; final 61 62; crest 1 44; major 80 54", "tiger b: 80 + 53 = 133, so 33. final b: 9 + 53 = 62. crest b: 91 + 53 = 144, so 44. "
		"major b: 1 + 53 = 54. The table: tiger 3 33; final 61 62; crest 1 44; major 80 54" },
	/* 54 added to final; major left out. */
	{ TWELVE, 1, AFTER_0, "tiger 3 33; final 61 63; crest 1 44; major 80 1", "tiger b: 80 + 53 = 133, so 33. final b: 9 + 54 = 63. crest b: 91 + 53 = 144, so 44. "
		"The table: tiger 3 33; final 61 63; crest 1 44; major 80 1" },
	/* Added to the other column. */
	{ TWELVE " rows=2", 2, "x 98 4; y 2 99", "x 98 2; y 2 1", "x b: 4 + 98 = 102, so 2. y b: 99 + 2 = 101, so 1. The table: x 98 2; y 2 1" },
	{ TWELVE " rows=2", 2, "x 98 4; y 2 99", "x 2 4; y 1 99", "x a: 98 + 4 = 102, so 2. y a: 2 + 99 = 101, so 1. The table: x 2 4; y 1 99" },
	{ TWELVE, 3, "tiger 36 33; final 23 62; crest 45 44; major 34 54", "crest 45 44; tiger 36 33; major 34 54; final 23 62",
		"crest 45, tiger 36, major 34, final 23. The table: crest 45 44; tiger 36 33; major 34 54; final 23 62" },
	{ TWELVE, 18, "plant 36 43; crest 31 77; final 37 85; major 54 58", "plant 36 43; crest 31 77; write 80 49; laugh 89 14",
		"final goes. major goes. write comes in with 80 49. laugh comes in with 89 14. The table: plant 36 43; crest 31 77; write 80 49; laugh 89 14" },
};

/* ---- Parameters -------------------------------------------------------------------------------- */

static void test_bad_params(void)
{
	static const char *const cases[][2] = {
		{ "pipeline rows=1", "rows=1 is out of range: 2 to 8" }, { "pipeline columns=1", "columns=1 is out of range: 2 to 4" }, { "pipeline modulus=1", "out of range" },
		{ "pipeline keys=9", "keys=9 is out of range: 10 to 10000" }, { "pipeline ops=join", "'join' is no operation" }, { "pipeline words=x", "there is no parameter 'words'" },
	};
	check_refused(cases, sizeof cases / sizeof *cases);
}

int main(void)
{
	CHECK_INT(lh_registry_new(&registry, NULL), 0);
	check_by_hand(by_hand, sizeof by_hand / sizeof *by_hand);
	test_records_in_messages();
	test_absurd_states();
	test_answers_stay_short();
	test_spellings();
	test_slips();
	test_slips_at_the_edges();
	check_explained(explained, sizeof explained / sizeof *explained);
	test_bad_params();
	lh_registry_free(registry);
	return check_done();
}
