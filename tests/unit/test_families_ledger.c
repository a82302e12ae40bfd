/* ledger: dialogues followed by hand from the instructions as they are printed, ways to write the books, slips, thoughts,
 * parameters. tests/cli/test_cli_families_dialogue.py follows the instructions of many samples. */
#include "unit/family_rig.h"

/* ---- Answered by hand -------------------------------------------------------------------------- */

static const char *const begins = "\nFrom here on, begin with ann=21 bob=40 cat=38 dan=27; owes none; last none\n";
static const char *const begins_poor = "\nFrom here on, begin with ann=4 bob=8 cat=8; owes none; last none\n";

#define POOR "ledger people=3 coins=8 min=3 max=9"
#define BUSY POOR " ops=pay:2+keep:2+cancel+promise:2+undo:2"

/* Sample 0 of run seed 1. A change in the left half changes what recorded runs mean; the right half was worked out on paper. */
static const struct by_hand by_hand[] = {
	{ "ledger", &begins, 2, {
		{ "Ann: Cat never paid me 10 coins.\nAnn: I got 8 coins from Cat.", "ann=29 bob=40 cat=30 dan=27; owes none; last paid cat>ann=8" },
		{ "Cat: Dan says that I will get 12 coins later.\nAnn: Dan, I will pay you 11 coins later.",
			"ann=29 bob=40 cat=30 dan=27; owes ann>dan=11 dan>cat=12; last promised ann>dan=11" },
		{ "Dan: Undo the last change.\nCat: Ann's promise is not off.", "ann=29 bob=40 cat=30 dan=27; owes dan>cat=12; last none" },
		{ "Ann: I lend you 4 coins, Bob.\nAnn: Undo the last change.", "ann=29 bob=40 cat=30 dan=27; owes dan>cat=12; last none" },
		{ "Dan: I promise Cat 2 coins.\nDan: Let us undo the last change.", "ann=29 bob=40 cat=30 dan=27; owes dan>cat=12; last none" },
		{ "Ann: I am giving Bob 11 coins.\nDan: Cat never paid me 6 coins.", "ann=18 bob=51 cat=30 dan=27; owes dan>cat=12; last paid ann>bob=11" },
		{ "Ann: Shall I lend you 7 coins, Dan?\nBob: Ann promises to pay me 10 coins later.",
			"ann=18 bob=51 cat=30 dan=27; owes ann>bob=10 dan>cat=12; last promised ann>bob=10" },
		{ "Dan: Bob owes Cat 1 coin from now on.\nAnn: Dan says that I will get 6 coins later.",
			"ann=18 bob=51 cat=30 dan=27; owes ann>bob=10 bob>cat=1 dan>ann=6; last promised dan>ann=6 was dan>cat=12" } } },
	/* Payments that cannot be made, promises replaced and put back, an undo of nothing. */
	{ POOR, &begins_poor, 5, {
		{ "Ann: Cat never paid me 8 coins.\nAnn: I got 3 coins from Bob.\nBob: Cat says that I will get 5 coins later.\nAnn: Cat, I will pay you 7 coins later.\n"
			"Cat: Undo the last change.", "ann=7 bob=5 cat=8; owes cat>bob=5; last none" },
		{ "Cat: Ann's promise is not off.\nAnn: I lend you 9 coins, Bob.\nAnn: Undo the last change.\nCat: I promise Bob 3 coins.\n"
			"Cat: Let us undo the last change.", "ann=7 bob=5 cat=8; owes cat>bob=5; last none" },
		{ "Ann: I am giving Bob 9 coins.\nCat: Bob never paid me 7 coins.\nAnn: Shall I lend you 9 coins, Cat?\nBob: Ann promises to pay me 4 coins later.\n"
			"Ann: Bob owes Cat 7 coins from now on.", "ann=7 bob=5 cat=8; owes ann>bob=4 bob>cat=7 cat>bob=5; last promised bob>cat=7" },
		{ "Ann: Cat says that I will get 9 coins later.\nBob: I lend you 5 coins, Ann.\nCat: Bob, will you give me 7 coins?\nCat: Ann's promise is off.\n"
			"Cat: Shall I lend you 7 coins, Ann?", "ann=12 bob=0 cat=8; owes bob>cat=7 cat>ann=9; last cancelled ann>bob=4" },
		{ "Bob: We do not undo the last change.\nCat: Ann's promise is off.\nBob: Ann promises to pay me 4 coins later.\nCat: Ann has promised Bob 8 coins.\n"
			"Cat: I got 9 coins from Ann.", "ann=3 bob=0 cat=17; owes ann>bob=8 bob>cat=7 cat>ann=9; last paid ann>cat=9" },
		{ "Ann: I got 8 coins from Cat.\nBob: You will get 9 coins from me some day, Ann.\nAnn: Cat has just paid me 9 coins.\nAnn: I lend you 7 coins, Cat.\n"
			"Bob: I am giving Cat 5 coins.", "ann=13 bob=0 cat=7; owes ann>bob=8 bob>ann=9 cat>ann=9; last paid ann>cat=7" },
		{ "Cat: Ann, I hand you 5 coins.\nCat: Ann promises to pay me 3 coins later.\nBob: It is not true that Ann got 5 coins from Cat.\n"
			"Bob: Ann promises to pay me 9 coins later.\nBob: Ann has not lent Cat 6 coins.",
			"ann=18 bob=0 cat=2; owes ann>bob=9 bob>ann=9 cat>ann=9; last promised ann>bob=9 was ann>cat=3" },
		{ "Ann: It is not true that Bob got 5 coins from Cat.\nCat: The last change is reversed.\nBob: The last change is reversed.\nAnn: I got 4 coins from Cat.\n"
			"Cat: Should we undo the last change?", "ann=18 bob=0 cat=2; owes ann>cat=3 bob>ann=9 cat>ann=9; last none" } } },
	/* Promises kept, taken back, and undone. */
	{ BUSY, &begins_poor, 5, {
		{ "Cat: Undo the last change.\nAnn: I got 3 coins from Bob.\nBob: Cat says that I will get 5 coins later.\nAnn: I am paying what I promised.\n"
			"Cat: I take my promise back.", "ann=7 bob=5 cat=8; owes none; last cancelled cat>bob=5" },
		{ "Ann: Scratch the last change.\nAnn: Bob, I will pay you 9 coins later.\nAnn: Undo the last change.\nCat: I promise Bob 3 coins.\n"
			"Ann: Cat need not keep the promise any more.", "ann=7 bob=5 cat=8; owes none; last cancelled cat>bob=3" },
		{ "Ann: I am giving Bob 9 coins.\nBob: Undo the last change.\nAnn: The last change is reversed.\nCat: Ann keeps the promise.\n"
			"Ann: Bob owes Cat 7 coins from now on.", "ann=7 bob=5 cat=8; owes bob>cat=7 cat>bob=3; last promised bob>cat=7" },
		{ "Ann: Cat says that I will get 9 coins later.\nBob: I lend you 5 coins, Ann.\nBob: Wait, take the last change back.\nCat: Ann keeps the promise.\n"
			"Cat: The last change is reversed.", "ann=7 bob=5 cat=8; owes bob>cat=7 cat>ann=9; last none" },
		{ "Bob: Let us undo the last change.\nCat: Ann's promise is off.\nCat: Ann keeps the promise.\nCat: Ann has promised Bob 8 coins.\n"
			"Cat: I got 9 coins from Ann.", "ann=7 bob=5 cat=8; owes ann>bob=8 bob>cat=7 cat>ann=9; last promised ann>bob=8" },
		{ "Ann: I got 8 coins from Cat.\nBob: You will get 9 coins from me some day, Ann.\nAnn: Cat has just paid me 9 coins.\nAnn: Cat, I will pay you 7 coins later.\n"
			"Bob: I promise Cat 5 coins.", "ann=15 bob=5 cat=0; owes ann>cat=7 bob>cat=5 cat>ann=9; last promised bob>cat=5 was bob>ann=9" },
		{ "Cat: Ann, I hand you 5 coins.\nBob: Ann keeps the promise.\nCat: Wait, take the last change back.\nCat: Ann keeps the promise.\n"
			"Ann: Undo the last change.", "ann=15 bob=5 cat=0; owes ann>cat=7 bob>cat=5 cat>ann=9; last none" },
		{ "Cat: Wait, take the last change back.\nBob: Cat's promise is off.\nCat: Bob's promise is off.\nAnn: I got 4 coins from Cat.\n"
			"Cat: Let us undo the last change.", "ann=15 bob=5 cat=0; owes ann>cat=7 bob>cat=5; last none" } } },
};

/* The undo of step 4, and Ann's paying what she promised, step 3, on states of every kind; also on such as no plan leads to. */
static void test_undo_and_keep(void)
{
	static const struct { const char *spec; uint64_t step; const char *before, *after; } cases[] = {
		{ POOR, 4, "ann=7 bob=5 cat=8; owes none; last paid bob>ann=3", "ann=4 bob=8 cat=8; owes none; last none" },
		{ POOR, 4, "ann=2 bob=5 cat=8; owes none; last paid bob>ann=3", "ann=2 bob=5 cat=8; owes none; last paid bob>ann=3" },
		{ POOR, 4, "ann=3 bob=5 cat=8; owes none; last paid bob>ann=3", "ann=0 bob=8 cat=8; owes none; last none" },
		{ POOR, 4, "ann=7 bob=5 cat=8; owes bob>ann=2; last promised bob>ann=2", "ann=7 bob=5 cat=8; owes none; last none" },
		{ POOR, 4, "ann=7 bob=5 cat=8; owes bob>ann=2; last promised bob>ann=2 was bob>cat=6", "ann=7 bob=5 cat=8; owes bob>cat=6; last none" },
		{ POOR, 4, "ann=7 bob=5 cat=8; owes bob>ann=2; last kept ann>bob=5", "ann=12 bob=0 cat=8; owes ann>bob=5 bob>ann=2; last none" },
		{ POOR, 4, "ann=7 bob=5 cat=8; owes bob>ann=2; last kept ann>bob=6", "ann=7 bob=5 cat=8; owes bob>ann=2; last kept ann>bob=6" },
		{ POOR, 4, "ann=7 bob=5 cat=8; owes ann>cat=1; last cancelled ann>bob=6", "ann=7 bob=5 cat=8; owes ann>bob=6; last none" },
		{ POOR, 4, "ann=7 bob=5 cat=8; owes ann>cat=1; last none", "ann=7 bob=5 cat=8; owes ann>cat=1; last none" },
		{ BUSY, 3, "ann=7 bob=5 cat=8; owes ann>cat=7 cat>ann=7; last none", "ann=0 bob=5 cat=15; owes cat>ann=7; last kept ann>cat=7" },
		{ BUSY, 3, "ann=6 bob=5 cat=8; owes ann>cat=7; last paid cat>bob=1", "ann=6 bob=5 cat=8; owes ann>cat=7; last paid cat>bob=1" },
		{ BUSY, 3, "ann=7 bob=5 cat=999999999999999999; owes ann>cat=7; last none",
			"ann=0 bob=5 cat=999999999999999999; owes none; last kept ann>cat=7" },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct one o = open_one(cases[i].spec, 0);
		CHECK_TEXT(apply(&o, cases[i].step, 1, cases[i].before), cases[i].after);
		close_one(&o);
	}
}

/* However long the dialogue: coins only change hands, and answers stay short. */
static void test_coins_change_hands(void)
{
	struct one o = open_one("ledger people=8", 0);
	char state[LH_STATE_MAX + 1] = "ann=10 bob=10 cat=10 dan=10 eve=10 fay=10 gus=10 hal=10; owes none; last none";
	for (uint64_t k = 0; k < 200; k++) {
		snprintf(state, sizeof state, "%s", apply(&o, 50 * k, 50, state));
		long total = 0;
		for (const char *p = state; *p != ';'; p++)
			total += *p == '=' ? strtol(p + 1, NULL, 10) : 0;
		CHECK_INT(total, 80);
		CHECK(strlen(state) < 220);
	}
	close_one(&o);
}

/* ---- Ways to write the books ------------------------------------------------------------------- */

static void test_spellings(void)
{
#define BOOKS "ann=30 bob=12 cat=8; owes ann>bob=5 cat>ann=2; last kept cat>bob=3"
	static const struct spelling s[] = {
		{ BOOKS, BOOKS }, { "  ann=30  bob=12 cat=8;owes ann>bob=5 cat>ann=2;last kept cat>bob=3.\n", BOOKS },
		{ "ann=30, bob=12, cat=8; owes ann>bob=5, cat>ann=2; last kept cat>bob=3", BOOKS }, { "Ann=30 Bob=12 Cat=8; Owes Ann>Bob=5 Cat>Ann=2; Last kept Cat>Bob=3", BOOKS },
		{ "ann=30 bob=12 cat=8\nowes: ann>bob=5 cat>ann=2\nlast: kept cat>bob=3", BOOKS }, { "bob=12 cat=8 ann=30; owes cat>ann=2 ann>bob=5; last kept cat>bob=3", BOOKS },
		{ "ann: 30, bob: 12, cat: 8; owes ann->bob: 5, cat -> ann: 2; last kept cat->bob: 3", BOOKS },
		{ "ann = 30 bob = 12 cat = 8; owes ann > bob = 5 cat\xE2\x86\x92" "ann=2; last: kept: cat>bob=3", BOOKS },
		{ "ann=030 bob=12 cat=08; owes ann>bob=5 cat>ann=2; last kept cat>bob=3", BOOKS },
		{ "ann=0 bob=0 cat=0; owes none; last none", "ann=0 bob=0 cat=0; owes none; last none" },
		{ "ann=1 bob=2 cat=3; owes: none; last: None.", "ann=1 bob=2 cat=3; owes none; last none" },
		{ "ann=1 bob=2 cat=3; owes ann>bob=5; last promised ann>bob=5, was ann>cat=2", "ann=1 bob=2 cat=3; owes ann>bob=5; last promised ann>bob=5 was ann>cat=2" },
		{ "ann=1 bob=2 cat=3; owes none; last cancelled ann>bob=5", "ann=1 bob=2 cat=3; owes none; last cancelled ann>bob=5" },
		{ "ann=999999999999999999 bob=2 cat=3; owes none; last paid ann>bob=5", "ann=999999999999999999 bob=2 cat=3; owes none; last paid ann>bob=5" },
		{ "", NULL }, { "none", NULL }, { "ann=1 bob=2 cat=3", NULL }, { "ann=1 bob=2 cat=3; owes none", NULL }, { "ann=1 bob=2; owes none; last none", NULL },
		{ "ann=1 bob=2 cat=3 dan=4; owes none; last none", NULL }, { "ann=1 bob=2 cat=3 ann=1; owes none; last none", NULL },
		{ "ann=1 bob=2 bob=3; owes none; last none", NULL }, { "ann=1 bob=2 cat=-3; owes none; last none", NULL }, { "ann=1 bob=2 cat=3.5; owes none; last none", NULL },
		{ "ann 1 bob 2 cat 3; owes none; last none", NULL }, { "ann=1 bob=2 cat=x; owes none; last none", NULL },
		{ "ann=1 bob=2 cat=3; last none; owes none", NULL }, { "ann=1 bob=2 cat=3; owes; last none", NULL }, { "ann=1 bob=2 cat=3; owes none; last", NULL },
		{ "ann=1 bob=2 cat=3; owes ann>ann=2; last none", NULL }, { "ann=1 bob=2 cat=3; owes ann>dan=2; last none", NULL },
		{ "ann=1 bob=2 cat=3; owes ann>bob=0; last none", NULL }, { "ann=1 bob=2 cat=3; owes ann>bob=2 ann>cat=2; last none", NULL },
		{ "ann=1 bob=2 cat=3; owes ann=2; last none", NULL }, { "ann=1 bob=2 cat=3; owes none ann>bob=2; last none", NULL },
		{ "ann=1 bob=2 cat=3; owes none; last paid", NULL }, { "ann=1 bob=2 cat=3; owes none; last ann>bob=5", NULL },
		{ "ann=1 bob=2 cat=3; owes none; last stole ann>bob=5", NULL }, { "ann=1 bob=2 cat=3; owes none; last paid ann>bob=5 was ann>cat=2", NULL },
		{ "ann=1 bob=2 cat=3; owes none; last promised ann>bob=5 was bob>cat=2", NULL }, { "ann=1 bob=2 cat=3; owes none; last promised ann>bob=5 was none", NULL },
		{ "ann=1 bob=2 cat=3; owes none; last none; last none", NULL }, { "ann=1000000000000000000 bob=2 cat=3; owes none; last none", NULL },
		{ "annabel=1 bob=2 cat=3; owes none; last none", NULL }, { "ann=1 bob=2 cat=3; owes none; last none \xff", NULL },
	};
	check_spellings("ledger people=3", s, sizeof s / sizeof *s);
	struct one o = open_one("ledger people=3", 0);
	bool is_state;
	CHECK_INT(lh_sample_canonical(o.sample, (struct lh_str){ "ann=1 bob=2 cat=3; owes none; last none\0", 41 }, &is_state, &o.out, NULL), 0);
	CHECK(!is_state);
	close_one(&o);
}

/* ---- Slips ------------------------------------------------------------------------------------- */

static void test_slips(void)
{
	/* "Cat never paid me 8 coins.": taken for done; or, the last change being none already, somebody miscounted. */
	check_slips(POOR, 0, "ann=4 bob=8 cat=8; owes none; last none", (const char *const[]){ "ann=12 bob=8 cat=0; owes none; last paid cat>ann=8",
		"ann=3 bob=8 cat=8; owes none; last none", "ann=5 bob=8 cat=8; owes none; last none", "ann=4 bob=8 cat=7; owes none; last none",
		"ann=4 bob=8 cat=9; owes none; last none", NULL });
	/* "I got 3 coins from Bob.": not noticed, the wrong way round, another amount, a promise; the last change lost. */
	check_slips(POOR, 1, "ann=7 bob=5 cat=8; owes none; last paid bob>ann=3", (const char *const[]){ "ann=4 bob=8 cat=8; owes none; last none",
		"ann=1 bob=11 cat=8; owes none; last paid ann>bob=3", "ann=6 bob=6 cat=8; owes none; last paid bob>ann=2",
		"ann=8 bob=4 cat=8; owes none; last paid bob>ann=4", "ann=4 bob=8 cat=8; owes bob>ann=3; last promised bob>ann=3",
		"ann=7 bob=5 cat=8; owes none; last none", NULL });
	/* "Cat, I will pay you 7 coins later.": the same, Ann having 7. */
	check_slips(POOR, 3, "ann=7 bob=5 cat=8; owes ann>cat=7 cat>bob=5; last promised ann>cat=7", (const char *const[]){
		"ann=7 bob=5 cat=8; owes cat>bob=5; last none", "ann=7 bob=5 cat=8; owes cat>ann=7; last promised cat>ann=7 was cat>bob=5",
		"ann=7 bob=5 cat=8; owes ann>cat=6 cat>bob=5; last promised ann>cat=6", "ann=7 bob=5 cat=8; owes ann>cat=8 cat>bob=5; last promised ann>cat=8",
		"ann=0 bob=5 cat=15; owes cat>bob=5; last paid ann>cat=7", "ann=7 bob=5 cat=8; owes ann>cat=7 cat>bob=5; last none", NULL });
	/* The undo of that: not noticed, which leaves Ann's promise; or somebody miscounted: Cat, who speaks, or Ann. */
	check_slips(POOR, 4, "ann=7 bob=5 cat=8; owes cat>bob=5; last none", (const char *const[]){
		"ann=7 bob=5 cat=8; owes ann>cat=7 cat>bob=5; last promised ann>cat=7", "ann=7 bob=5 cat=7; owes cat>bob=5; last none",
		"ann=7 bob=5 cat=9; owes cat>bob=5; last none", "ann=6 bob=5 cat=8; owes cat>bob=5; last none", "ann=8 bob=5 cat=8; owes cat>bob=5; last none", NULL });
}

static void test_slips_at_the_edges(void)
{
	static const char *const cases[][2] = { { "ledger people=3", "ann=0 bob=0 cat=0; owes none; last none" },
		{ "ledger people=3", "ann=999999999999999999 bob=999999999999999999 cat=999999999999999999; owes none; last none" },
		{ "ledger people=3 ops=undo", "ann=0 bob=0 cat=0; owes none; last none" },
		{ "ledger people=3 ops=ask+not", "ann=0 bob=0 cat=0; owes none; last kept ann>bob=5" },
		{ "ledger people=3 ops=pay", "ann=0 bob=0 cat=0; owes none; last paid ann>bob=5" },
		{ "ledger people=3 ops=keep+cancel", "ann=9 bob=9 cat=9; owes ann>bob=3 bob>cat=4 cat>ann=5; last promised ann>bob=3 was ann>cat=9" } };
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		check_edge(cases[i][0], cases[i][1]);
}

/* ---- Thoughts ---------------------------------------------------------------------------------- */

#define FIRST "ann=4 bob=8 cat=8; owes none; last none"

static const struct explained explained[] = {
	{ POOR, 0, FIRST, FIRST, "Nothing happens. The last change: none. The books: " FIRST },
	/* Heard without the "never". */
	{ POOR, 0, FIRST, "ann=12 bob=8 cat=0; owes none; last paid cat>ann=8",
		"ann: 4 + 8 = 12. cat: 8 - 8 = 0. The last change: paid cat>ann=8. The books: ann=12 bob=8 cat=0; owes none; last paid cat>ann=8" },
	{ POOR, 1, FIRST, "ann=7 bob=5 cat=8; owes none; last paid bob>ann=3",
		"ann: 4 + 3 = 7. bob: 8 - 3 = 5. The last change: paid bob>ann=3. The books: ann=7 bob=5 cat=8; owes none; last paid bob>ann=3" },
	{ POOR, 1, FIRST, "ann=8 bob=4 cat=8; owes none; last paid bob>ann=4",
		"ann: 4 + 4 = 8. bob: 8 - 4 = 4. The last change: paid bob>ann=4. The books: ann=8 bob=4 cat=8; owes none; last paid bob>ann=4" },
	{ POOR, 3, "ann=7 bob=5 cat=8; owes ann>bob=5; last promised ann>bob=5", "ann=7 bob=5 cat=8; owes ann>cat=7; last promised ann>cat=7 was ann>bob=5",
		"Now open: ann>cat=7. The last change: promised ann>cat=7 was ann>bob=5. The books: "
		"ann=7 bob=5 cat=8; owes ann>cat=7; last promised ann>cat=7 was ann>bob=5" },
	{ POOR, 4, "ann=7 bob=5 cat=8; owes ann>bob=5; last promised ann>bob=5", "ann=7 bob=5 cat=8; owes none; last none",
		"No longer open: ann>bob=5. The last change: none. The books: ann=7 bob=5 cat=8; owes none; last none" },
	{ POOR, 4, "ann=7 bob=5 cat=8; owes none; last kept ann>bob=5", "ann=12 bob=0 cat=8; owes ann>bob=5; last none",
		"ann: 7 + 5 = 12. bob: 5 - 5 = 0. Now open: ann>bob=5. The last change: none. The books: ann=12 bob=0 cat=8; owes ann>bob=5; last none" },
};

/* ---- Parameters -------------------------------------------------------------------------------- */

static void test_bad_params(void)
{
	static const char *const cases[][2] = {
		{ "ledger min=5 max=3", "min=5 is greater than max=3" }, { "ledger people=2", "people=2 is out of range: 3 to 8" }, { "ledger people=9", "out of range" },
		{ "ledger min=0", "out of range" }, { "ledger ops=steal", "'steal' is no operation" }, { "ledger ops=pay+pay:2", "stands there twice" },
		{ "ledger ops=pay:0", "has no weight" }, { "ledger ops=", "is no operation" }, { "ledger keys=5", "there is no parameter 'keys'" },
	};
	check_refused(cases, sizeof cases / sizeof *cases);
}

int main(void)
{
	CHECK_INT(lh_registry_new(&registry, NULL), 0);
	check_by_hand(by_hand, sizeof by_hand / sizeof *by_hand);
	test_undo_and_keep();
	test_coins_change_hands();
	test_spellings();
	test_slips();
	test_slips_at_the_edges();
	check_explained(explained, sizeof explained / sizeof *explained);
	test_bad_params();
	lh_registry_free(registry);
	return check_done();
}
