/* The families besides kv_sum: questions answered by hand from the instructions as they are printed, ways to
 * write an answer, slips, parameters. tests/cli/test_cli_families.py follows the instructions of many samples. */
#include "unit/family_rig.h"

/* ---- Answered by hand -------------------------------------------------------------------------- */

static const char *const knows_sum = "From here on, begin with a running total of 0.\n";
static const char *const knows_values = "The dictionary to use from here on:\n"
	"{\"blame\": 16, \"voter\": 45, \"tiger\": 67, \"final\": 97, \"crest\": -4, \"major\": 27}\n";
static const char *const knows_matrices = "The dictionary to use from here on, with the matrix 1 0 0 1 to start from:\n"
	"{\"blame\": \"4 5 5 6\", \"voter\": \"6 0 0 5\", \"tiger\": \"4 0 0 6\", \"final\": \"5 5 6 1\", \"crest\": \"5 3 6 0\", \"major\": \"3 5 0 2\"}\n";

/* Sample 0 of run seed 1. A change in the left half changes what recorded runs mean; the right half was worked
 * out on paper. */
static const struct by_hand by_hand[] = {
	{ "prefix_sum", &knows_sum, 1, { { "65", "65" }, { "-84", "-19" }, { "81", "62" }, { "2", "64" } } },
	{ "prefix_sum", &knows_sum, 2, { { "65, -84", "-19" }, { "81, 2", "64" }, { "73, 65", "202" }, { "-18, -28", "156" } } },
	{ "prefix_sum", &knows_sum, 5, { { "65, -84, 81, 2, 73", "137" }, { "65, -18, -28, -57, -78", "21" }, { "-3, 68, 16, 16, 80", "198" } } },
	{ "lookup keys=6", &knows_values, 1, { { "major", "27" }, { "blame", "16" }, { "voter", "45" }, { "tiger", "67" } } },
	{ "lookup keys=6", &knows_values, 2, { { "major, blame", "16" }, { "voter, tiger", "67" }, { "crest, major", "27" }, { "voter, crest", "-4" } } },
	{ "lookup keys=6", &knows_values, 5, { { "major, blame, voter, tiger, crest", "-4" }, { "major, voter, crest, tiger, crest", "-4" },
		{ "blame, crest, major, tiger, voter", "45" } } },
	{ "kv_matmul keys=6", &knows_matrices, 1, { { "major", "3 5 0 2" }, { "blame", "2 3 3 5" }, { "voter", "5 1 4 4" }, { "tiger", "6 6 2 3" } } },
	{ "kv_matmul keys=6", &knows_matrices, 2, { { "major, blame", "2 3 3 5" }, { "voter, tiger", "6 6 2 3" }, { "crest, major", "2 2 0 5" },
		{ "voter, crest", "1 1 3 0" } } },
	{ "kv_matmul keys=6", &knows_matrices, 5, { { "major, blame, voter, tiger, crest", "3 4 0 6" }, { "major, voter, crest, tiger, crest", "0 5 4 1" },
		{ "blame, crest, major, tiger, voter", "1 4 4 6" } } },
};

static void test_answered_by_hand(void)
{
	check_by_hand(by_hand, sizeof by_hand / sizeof *by_hand);
}

/* ---- Ways to write an answer ------------------------------------------------------------------- */

/* As kv_sum, for which test_task.c has more. */
static void test_integers(void)
{
	static const struct spelling s[] = {
		{ "17", "17" }, { " -17\n", "-17" }, { "+17", "17" }, { "\xE2\x88\x92" "17", "-17" }, { "1,234", "1234" }, { "17.0", "17" }, { "-0", "0" },
		{ "007", "7" }, { "1_234", NULL }, { "12,34", NULL }, { "17.5", NULL }, { "1 2", NULL }, { "", NULL }, { "blame", NULL }, { "= 17", NULL },
		{ "[17]", NULL }, { "17, 18", NULL }, { "1e3", NULL },
	};
	check_spellings("prefix_sum", s, sizeof s / sizeof *s);
	check_spellings("lookup", s, sizeof s / sizeof *s);
}

static void test_matrices(void)
{
	static const struct spelling s[] = {
		{ "3 0 6 1", "3 0 6 1" }, { " 3  0\t6 1 \n", "3 0 6 1" }, { "3, 0, 6, 1", "3 0 6 1" }, { "3,0,6,1", "3 0 6 1" }, { "3 0\n6 1", "3 0 6 1" },
		{ "3 0; 6 1", "3 0 6 1" }, { "3, 0; 6, 1", "3 0 6 1" }, { "3, 0\n6, 1", "3 0 6 1" }, { "3 0, 6 1", "3 0 6 1" }, { "[3 0 6 1]", "3 0 6 1" },
		{ "[3, 0, 6, 1]", "3 0 6 1" }, { "(3, 0, 6, 1)", "3 0 6 1" }, { "(3 0 6 1)", "3 0 6 1" }, { "[3 0; 6 1]", "3 0 6 1" },
		{ "[3, 0; 6, 1]", "3 0 6 1" },
		{ "[[3, 0], [6, 1]]", "3 0 6 1" }, { "[[3,0],[6,1]]", "3 0 6 1" }, { "[[3 0]\n [6 1]]", "3 0 6 1" }, { "[3 0]\n[6 1]", "3 0 6 1" },
		{ "[3, 0], [6, 1]", "3 0 6 1" }, { "[3, 0]\n[6, 1]", "3 0 6 1" }, { "((3, 0), (6, 1))", "3 0 6 1" }, { "+3 -0 6.0 01", "3 0 6 1" },
		{ "0 0 0 0", "0 0 0 0" }, { "6 6 6 6", "6 6 6 6" }, { "\xC2\xA0" "3 0 6 1", "3 0 6 1" },
		{ "", NULL }, { "3 0 6", NULL }, { "3 0 6 1 2", NULL }, { "3 0 6 1 2 4 5 5 5", NULL }, { "7 0 0 1", NULL }, { "-1 0 0 1", NULL },
		{ "\xE2\x88\x92" "3 0 6 1", NULL },
		{ "3.5 0 6 1", NULL }, { "3. 0 6 1", NULL }, { "3061", NULL }, { "3,0,6,1,", NULL }, { ",3,0,6,1", NULL }, { "3,,0,6,1", NULL },
		{ "3, 0 6 1", NULL },
		{ "[3 0 6 1", NULL }, { "3 0 6 1]", NULL }, { "[3 0 6 1)", NULL }, { "[[3, 0], [6, 1]", NULL }, { "[[3, 0, 6, 1]]", NULL },
		{ "[[3], [0], [6], [1]]", NULL },
		{ "3; 0; 6; 1", NULL }, { "3 0 | 6 1", NULL }, { "a b c d", NULL }, { "3 0 6 x", NULL }, { "a=3 b=0 c=6 d=1", NULL }, { "3 0 6 1 mod 7", NULL },
		{ "3 0 6 1,000", NULL }, { "1,234 0 6 1", NULL }, { "1e0 0 6 1", NULL }, { "\xff", NULL }, { "3 0 6 \xE2\x88\x92", NULL },
		{ "[[[[[[[[[[[[[[[[[[[[[[[[", NULL }, { "3 0 6 1 ]]]]]]]]]]]]]]]]]]", NULL },
	};
	check_spellings("kv_matmul", s, sizeof s / sizeof *s);
	static const struct spelling big[] = { { "996 0 12 5", "996 0 12 5" }, { "997 0 12 5", NULL } };
	check_spellings("kv_matmul p=997", big, 2);
	struct one o = open_one("kv_matmul", 0);
	bool is_state;
	CHECK_INT(lh_sample_canonical(o.sample, (struct lh_str){ "3 0 6 1\0", 8 }, &is_state, &o.out, NULL), 0);
	CHECK(!is_state);
	close_one(&o);
}

/* ---- Slips ------------------------------------------------------------------------------------- */

static void test_slips(void)
{
	/* 65 - 84: some off, a carry off, the sign overlooked, left out, the neighbour added, digits swapped. */
	static const char *const sum[] = { "-28", "-27", "-26", "-25", "-24", "-23", "-22", "-21", "-20", "-18", "-17", "-16", "-15", "-14", "-13", "-12",
		"-11", "-10", "-29", "-9", "149", "65", "130", "-91", NULL };
	check_slips("prefix_sum", 1, "-19", sum);
	/* blame, 16, the first line: the key before, the line behind, the sign. major, 27, the last line: the key behind. */
	check_slips("lookup keys=6", 1, "16", (const char *const[]){ "27", "45", "-16", NULL });
	check_slips("lookup keys=6", 0, "27", (const char *const[]){ "16", "-4", "-27", NULL });
	check_slips("lookup keys=6", 4, "-4", (const char *const[]){ "67", "97", "27", "4", NULL });
	check_slips("lookup keys=2 min=5 max=5", 0, "5", (const char *const[]){ "-5", "4", NULL });
	check_slips("lookup keys=2 min=0 max=0", 0, "0", (const char *const[]){ "-1", NULL });
	/* 6 6 2 3 times crest: left out, crest on the left, columns for rows, final and major instead, one entry off. */
	static const char *const product[] = { "6 6 2 3", "1 4 1 1", "3 0 4 6", "3 1 0 6", "4 0 6 2", "2 4 0 6", "4 4 0 6", "3 3 0 6", "3 5 0 6", "3 4 1 6",
		"3 4 6 6", "3 4 0 5", "3 4 0 0", NULL };
	check_slips("kv_matmul keys=6", 4, "3 4 0 6", product);
}

static void test_slips_at_the_edges(void)
{
	static const char *const cases[][2] = { { "prefix_sum keys=2 min=0 max=0", "999999999999999999" }, { "prefix_sum", "-999999999999999999" },
		{ "lookup keys=2", "999999999999999999" }, { "lookup", "-999999999999999999" }, { "kv_matmul", "0 0 0 0" }, { "kv_matmul p=2 keys=2", "1 1 1 1" },
		{ "kv_matmul p=2", "1 0 0 1" }, { "kv_matmul p=997", "996 996 996 996" } };
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		check_edge(cases[i][0], cases[i][1]);
}

/* ---- Thoughts ---------------------------------------------------------------------------------- */

/* The samples of by_hand. Of each step first the right answer, then answers with a slip. */
static const struct explained explained[] = {
	{ "kv_sum keys=6", 1, "27", "43", "blame is 16. 27 + 16 = 43." },
	{ "kv_sum keys=6", 1, "27", "44", "blame is 17. 27 + 17 = 44." },
	{ "kv_sum keys=6", 1, "27", "27", "blame is 0. 27 + 0 = 27." },
	{ "kv_sum keys=6", 1, "-30", "-46", "blame is -16. -30 - 16 = -46." },
	{ "kv_sum keys=6", 4, "0", "-4", "crest is -4. 0 - 4 = -4." },
	{ "kv_sum keys=6", 4, "5", "9", "crest is 4. 5 + 4 = 9." },
	/* A total is held within 18 digits, and what was read stays what it was. */
	{ "kv_sum keys=6", 1, "999999999999999999", "999999999999999999", "blame is 16. 999999999999999999 + 16 = 999999999999999999." },
	{ "kv_sum keys=6", 1, "999999999999999999", "-999999999999999999",
		"blame is -1999999999999999998. 999999999999999999 - 1999999999999999998 = -999999999999999999." },
	{ "prefix_sum", 1, "65", "-19", "65 - 84 = -19." },
	{ "prefix_sum", 1, "65", "-20", "65 - 85 = -20." },
	{ "prefix_sum", 1, "65", "149", "65 + 84 = 149." },
	{ "lookup keys=6", 1, "27", "16", "blame is 16." },
	{ "lookup keys=6", 1, "27", "-16", "blame is -16." },
	{ "lookup keys=6", 1, "-3", "45", "blame is 45." },
	/* 3 5 0 2 times blame, modulo 7. */
	{ "kv_matmul keys=6", 1, "3 5 0 2", "2 3 3 5", "blame is 4 5 5 6. 3*4+5*5=37, 3*5+5*6=45, 0*4+2*5=10, 0*5+2*6=12. Modulo 7: 2 3 3 5." },
	/* The next line of the dictionary, 6 0 0 5, taken for it; the step left out. */
	{ "kv_matmul keys=6", 1, "3 5 0 2", "4 4 0 3", "blame is 6 0 0 5. 3*6+5*0=18, 3*0+5*5=25, 0*6+2*0=0, 0*0+2*5=10. Modulo 7: 4 4 0 3." },
	{ "kv_matmul keys=6", 1, "3 5 0 2", "3 5 0 2", "blame is 1 0 0 1. 3*1+5*0=3, 3*0+5*1=5, 0*1+2*0=0, 0*0+2*1=2. Modulo 7: 3 5 0 2." },
	/* From a singular matrix nothing leads to this: the second sum, 45 = 3 modulo 7, is miscounted. */
	{ "kv_matmul keys=6", 1, "3 5 0 0", "2 4 0 0", "blame is 4 5 5 6. 3*4+5*5=37, 3*5+5*6=46, 0*4+0*5=0, 0*5+0*6=0. Modulo 7: 2 4 0 0." },
};

static void test_explained(void)
{
	check_explained(explained, sizeof explained / sizeof *explained);
}

static void test_not_explained(void)
{
	struct one o = open_one("kv_sum", 0);
	struct lh_error err = { 0 };
	CHECK_INT(lh_sample_explain(o.sample, 2, LH_STR("4"), LH_STR("four"), &o.out, &err), LH_E_PLUGIN);
	CHECK_TEXT(err.text, "task kv_sum, sample 0, step 2: 'four' is not a running total");
	CHECK_INT((int)o.out.n, 0);
	close_one(&o);

	const struct lh_family *f;
	struct lh_taskset *set;
	struct lh_sample *s;
	err = (struct lh_error){ 0 };
	CHECK_INT(lh_registry_open(registry, LH_BINARY_DIR "/tests/abi/good.so", &f, &err), 0);
	CHECK(!lh_family_explains(f));
	CHECK_INT(lh_taskset_open(f, NULL, NULL, 0, NULL, &set, &err), 0);
	CHECK_INT(lh_sample_open(set, 0, 1, &s, &err), 0);
	struct lh_buf out;
	lh_buf_init(&out, LH_THOUGHTS_MAX);
	CHECK_INT(lh_sample_explain(s, 0, LH_STR("0"), LH_STR("1"), &out, &err), LH_E_USAGE);
	CHECK_TEXT(err.text, "task good does not explain its steps: the family does not offer longhaul.thoughts/1");
	lh_buf_fini(&out);
	lh_sample_close(s);
	lh_taskset_free(set);
}

/* ---- The same samples -------------------------------------------------------------------------- */

/* prefix_sum adds what kv_sum finds; lookup finds it; kv_matmul names the same keys. */
static void test_controls_are_paired(void)
{
	static const char *const params[] = { "", " keys=7", " keys=900 min=-5 max=3000 never_zero=true" };
	for (size_t i = 0; i < sizeof params / sizeof *params; i++)
		for (uint64_t sample = 0; sample < 3; sample++) {
			static const char *const names[] = { "kv_sum", "prefix_sum", "lookup" };
			struct one o[4];
			char spec[120], total[80] = "0", said[80];
			for (int f = 0; f < 3; f++) {
				snprintf(spec, sizeof spec, "%s%s", names[f], params[i]);
				o[f] = open_one(spec, sample);
			}
			snprintf(spec, sizeof spec, "kv_matmul%.*s", (int)strcspn(params[i] + (params[i][0] != 0), " ") + (params[i][0] != 0), params[i]);
			o[3] = open_one(spec, sample);
			for (uint64_t k = 0; k < 60; k++) {
				snprintf(said, sizeof said, "%s", ask(&o[0], k, 1));
				CHECK_TEXT(ask(&o[2], k, 1), said);
				CHECK_TEXT(ask(&o[3], k, 1), said);
				snprintf(said, sizeof said, "%s", apply(&o[2], k, 1, "0"));
				CHECK_TEXT(ask(&o[1], k, 1), said);
				snprintf(said, sizeof said, "%s", apply(&o[0], k, 1, total));
				CHECK_TEXT(apply(&o[1], k, 1, total), said);
				snprintf(total, sizeof total, "%s", said);
			}
			for (int f = 0; f < 4; f++)
				close_one(&o[f]);
		}
}

static void test_answers_stay_short(void)
{
	static const struct { const char *spec, *first; size_t most; } cases[] = {
		{ "prefix_sum", "0", 6 }, { "lookup", "0", 3 }, { "kv_matmul", "1 0 0 1", 7 }, { "kv_matmul p=997", "1 0 0 1", 15 } };
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
		{ "prefix_sum min=5 max=3", "min=5 is greater than max=3" }, { "prefix_sum min=0 max=0 never_zero=true", "leave no value to draw" },
		{ "prefix_sum words=/tmp/x", "there is no parameter 'words'" }, { "prefix_sum keys=1", "keys=1 is out of range: 2 to 10000" },
		{ "lookup min=5 max=3", "min=5 is greater than max=3" }, { "lookup min=0 max=0 never_zero=true", "leave no value to draw" },
		{ "lookup words=/nowhere/list", "words=/nowhere/list: No such file" }, { "lookup p=7", "there is no parameter 'p'" },
		{ "kv_matmul p=9", "p=9 is not a prime: it is 3 times 3" }, { "kv_matmul p=961", "it is 31 times 31" }, { "kv_matmul p=4", "it is 2 times 2" },
		{ "kv_matmul p=1", "p=1 is out of range: 2 to 997" }, { "kv_matmul p=1009", "out of range" }, { "kv_matmul words=/nowhere/list", "No such file" },
	};
	check_refused(cases, sizeof cases / sizeof *cases);
}

int main(void)
{
	CHECK_INT(lh_registry_new(&registry, NULL), 0);
	test_answered_by_hand();
	test_integers();
	test_matrices();
	test_slips();
	test_slips_at_the_edges();
	test_explained();
	test_not_explained();
	test_controls_are_paired();
	test_answers_stay_short();
	test_bad_params();
	lh_registry_free(registry);
	return check_done();
}
