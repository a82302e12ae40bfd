/* flight_eval: flights evaluated by hand from the instructions as they are printed, ways to write an answer, slips, thoughts,
 * parameters. tests/cli/test_cli_families_dialogue.py follows the instructions of many samples. */
#include "unit/family_rig.h"

/* ---- Answered by hand -------------------------------------------------------------------------- */

#define SIX "flight_eval flights=6 airlines=3 eligible=0.7"

static const char *const knows_rules = "The traveller carries 2 bags and takes a flight only if it meets each of these rules:\n"
	"- It departs from 07:30 to 19:30, both included.\n"
	"- It has at most 1 stop.\n"
	"- Its max bags are 2 or more.\n"
	"- Its rating is 3.6 or better.\n"
	"- At every stop, if it has any, there are at least 50 minutes to change planes.\n"
	"- Its total cost is 540 or less.\n";
static const char *const knows_airlines = "BA: booking fee 4, loyalty discount 20%\n"
	"IB: booking fee 23, loyalty discount 0%\n"
	"OS: booking fee 12, loyalty discount 0%\n";
static const char *const knows_flights = "The flights to use from here on, with no best flight so far:\n"
	"BA471: 09:15-12:05, 0 stops, fare 317, bag fee 50, max bags 0, rating 3.4\n"
	"OS1704: 10:30-16:30, 1 stop (WAW 115 min), fare 260, bag fee 20, max bags 3, rating 4.8\n"
	"BA1145: 12:45-14:10, 0 stops, fare 479, bag fee 35, max bags 3, rating 4.5\n"
	"IB1537: 16:30-00:30+1, 2 stops (MAD 85 min, AMS 140 min), fare 535, bag fee 35, max bags 2, rating 2.7\n"
	"BA1826: 12:45-14:45, 0 stops, fare 294, bag fee 20, max bags 3, rating 4.8\n"
	"OS497: 14:15-18:15, 1 stop (VIE 55 min), fare 454, bag fee 15, max bags 3, rating 3.9\n";

/* Sample 0 of run seed 1, worked out on paper: OS497 454 + 30 + 12 = 496; BA471 and IB1537 break rules; OS1704 260 + 40 + 12 = 312;
 * BA1145 479 - 95 + 70 + 4 = 458; BA1826 294 - 58 + 40 + 4 = 280. */
static const struct by_hand by_hand[] = {
	{ SIX, &knows_rules, 1, { { "OS497", "OS497 496" }, { "BA471", "OS497 501" }, { "OS1704", "OS1704 312" }, { "BA1145", "OS1704 317" },
		{ "BA1826", "BA1826 280" }, { "OS497", "BA1826 285" }, { "OS1704", "BA1826 290" }, { "BA1826", "BA1826 280" } } },
	{ SIX, &knows_airlines, 2, { { "OS497, BA471", "OS497 501" }, { "OS1704, BA1145", "OS1704 317" }, { "BA1826, OS497", "BA1826 285" },
		{ "OS1704, BA1826", "BA1826 280" } } },
	{ SIX, &knows_flights, 5, { { "OS497, BA471, OS1704, BA1145, BA1826", "BA1826 280" }, { "OS497, OS1704, BA1826, BA1145, BA1826", "BA1826 280" },
		{ "BA471, BA1826, OS497, BA1145, OS1704", "BA1826 295" } } },
};

/* On states that no plan leads to: what is dearer than 9999, equal costs, flights that nobody knows. */
static void test_bounds(void)
{
	static const struct { const char *spec; uint64_t step; const char *before, *after; } cases[] = {
		{ SIX, 1, "OS497 9994", "OS497 9999" }, { SIX, 1, "OS497 9995", "OS497 9999" }, { SIX, 1, "OS497 999999999999999999", "OS497 9999" },
		{ SIX, 2, "ZZ9 307", "ZZ9 312" }, { SIX, 2, "ZZ9 308", "OS1704 312" }, { SIX, 2, "OS1704 300", "OS1704 305" }, { SIX, 2, "OS1704 400", "OS1704 312" },
		{ SIX, 1, "ZZ9 0", "ZZ9 5" }, { SIX, 1, "none", "none" }, { SIX, 3, "none", "BA1145 458" },
		{ SIX " hold=0", 2, "ZZ9 312", "ZZ9 312" }, { SIX " hold=0", 2, "ZZ9 313", "OS1704 312" }, { SIX " hold=0", 1, "ZZ9 20000", "ZZ9 20000" },
		{ SIX " hold=100", 2, "ZZ9 212", "ZZ9 312" }, { SIX " hold=100", 2, "ZZ9 213", "OS1704 312" },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct one o = open_one(cases[i].spec, 0);
		CHECK_TEXT(apply(&o, cases[i].step, 1, cases[i].before), cases[i].after);
		close_one(&o);
	}
}

/* The same flights, asked by their records. */
static void test_records_in_messages(void)
{
	struct one o = open_one(SIX " lookup=false", 0);
	CHECK_TEXT(ask(&o, 0, 2), "OS497: 14:15-18:15, 1 stop (VIE 55 min), fare 454, bag fee 15, max bags 3, rating 3.9\n"
		"BA471: 09:15-12:05, 0 stops, fare 317, bag fee 50, max bags 0, rating 3.4");
	CHECK_TEXT(apply(&o, 0, 5, "none"), "BA1826 280");
	lh_buf_clear(&o.out);
	CHECK_INT(lh_sample_instructions(o.sample, 1, &o.out, NULL), 0);
	CHECK_HAS(o.out.p, knows_rules);
	CHECK_HAS(o.out.p, "\nFrom here on, begin with no best flight so far.\n");
	CHECK(strstr(o.out.p, "OS497") == NULL);
	close_one(&o);
}

/* A hundred flights in about ten thousand bytes. */
static void test_instructions_are_short(void)
{
	struct one o = open_one("flight_eval", 0);
	for (uint64_t sample = 0; sample < 20; sample++) {
		struct lh_sample *s;
		CHECK_INT(lh_sample_open(o.set, sample, 1, &s, NULL), 0);
		lh_buf_clear(&o.out);
		CHECK_INT(lh_sample_instructions(s, 1, &o.out, NULL), 0);
		CHECK(o.out.n > 9000 && o.out.n < 11500);
		lh_sample_close(s);
	}
	close_one(&o);
}

/* ---- Ways to write an answer ------------------------------------------------------------------- */

static void test_spellings(void)
{
	static const struct spelling s[] = {
		{ "LH742 318", "LH742 318" }, { " LH742  318\n", "LH742 318" }, { "lh742 318", "LH742 318" }, { "LH 742 318", "LH742 318" },
		{ "LH742, 318", "LH742 318" }, { "LH742: 318", "LH742 318" }, { "LH742,318", "LH742 318" }, { "LH742\n318", "LH742 318" },
		{ "LH742 \xE2\x82\xAC" "318", "LH742 318" }, { "LH742 1,318", "LH742 1318" }, { "LH742 318.00", "LH742 318" }, { "LH742 +318", "LH742 318" },
		{ "LH7 0", "LH7 0" }, { "ZZ9999 999999999999999999", "ZZ9999 999999999999999999" }, { "none", "none" }, { " None\n", "none" }, { "NONE", "none" },
		{ "", NULL }, { "LH742", NULL }, { "318", NULL }, { "LH742 318 LH742 318", NULL }, { "LH742318", NULL }, { "LH742 -318", NULL }, { "LH742 318.5", NULL },
		{ "LH0742 318", NULL }, { "LH 318", NULL }, { "LHX742 318", NULL }, { "L742 318", NULL }, { "742 318", NULL }, { "LH74212 318", NULL },
		{ "none 318", NULL }, { "no", NULL }, { "nonesuch", NULL }, { "LH742 none", NULL }, { "LH742 = 318", NULL }, { "LH742 (318)", NULL },
		{ "LH742 318 euros", NULL }, { "best: LH742 318", NULL }, { "LH742 1000000000000000000", NULL }, { "LH\xFF" "42 318", NULL },
	};
	check_spellings("flight_eval", s, sizeof s / sizeof *s);
	struct one o = open_one("flight_eval", 0);
	bool is_state;
	CHECK_INT(lh_sample_canonical(o.sample, (struct lh_str){ "LH742 318\0", 10 }, &is_state, &o.out, NULL), 0);
	CHECK(!is_state);
	close_one(&o);
}

/* ---- Slips ------------------------------------------------------------------------------------- */

#define NEAR(n, a, b, c, d, e, f, g, h, i, j, k, l, m, o, p, q, r, s) \
	n a, n b, n c, n d, n e, n f, n g, n h, n i, n j, n k, n l, n m, n o, n p, n q, n r, n s

static void test_slips(void)
{
	/* BA471 breaks a rule, and is taken. */
	check_slips(SIX, 1, "none", (const char *const[]){ "BA471 358", NULL });
	/* OS1704, 260 + 40 + 12: some off, a carry off; the bags or the fee left out or subtracted; the next line's discount, 95, and
	 * bags, 70; not taken. */
	check_slips(SIX, 2, "OS1704 312", (const char *const[]){ NEAR("OS1704 ", "303", "304", "305", "306", "307", "308", "309", "310", "311", "313", "314",
		"315", "316", "317", "318", "319", "320", "321"), "OS1704 302", "OS1704 322", "OS1704 232", "OS1704 272", "OS1704 288", "OS1704 300",
		"OS1704 217", "OS1704 342", "OS497 506", NULL });
	/* OS1704 at 312 + 5, BA1145 being dearer: the same with 5, digits swapped; BA1145 taken. */
	check_slips(SIX, 3, "OS1704 317", (const char *const[]){ NEAR("OS1704 ", "308", "309", "310", "311", "312", "313", "314", "315", "316", "318", "319",
		"320", "321", "322", "323", "324", "325", "326"), "OS1704 307", "OS1704 327", "OS1704 371", "BA1145 458", NULL });
}

static void test_slips_at_the_edges(void)
{
	static const char *const cases[][2] = { { "flight_eval", "none" }, { "flight_eval", "ZZ1 0" }, { "flight_eval", "ZZ9999 999999999999999999" },
		{ "flight_eval hold=0", "LH742 3" }, { "flight_eval flights=2 airlines=1 min_fare=1 max_fare=1", "LH742 9999" },
		{ "flight_eval flights=2 eligible=1 hold=0", "none" } };
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		check_edge(cases[i][0], cases[i][1]);
}

/* ---- Thoughts ---------------------------------------------------------------------------------- */

static const struct explained explained[] = {
	{ SIX, 0, "none", "OS497 496", "OS497: it meets every rule. 454 - 0 + 30 + 12 = 496. The best flight so far: OS497 496" },
	/* The fare misread; the departure misread; another flight remembered. */
	{ SIX, 0, "none", "OS497 466", "OS497: it meets every rule. 424 - 0 + 30 + 12 = 466. The best flight so far: OS497 466" },
	{ SIX, 0, "none", "none", "OS497: it departs at 07:25, which breaks a rule. The best flight so far: none" },
	{ SIX, 0, "none", "IB9 7", "OS497: 454 - 0 + 30 + 12 = 496, not lower than 7. The best flight so far: IB9 7" },
	{ SIX, 1, "OS497 496", "OS497 501", "OS497 is held: 496 + 5 = 501. BA471: its max bags are 0, which breaks a rule. The best flight so far: OS497 501" },
	{ SIX, 1, "OS497 496", "OS497 506", "OS497 is held: 496 + 10 = 506. BA471: its max bags are 0, which breaks a rule. The best flight so far: OS497 506" },
	{ SIX, 1, "OS497 496", "none", "BA471: its max bags are 0, which breaks a rule. The best flight so far: none" },
	{ SIX, 1, "OS497 496", "BA471 358", "OS497 is held: 496 + 5 = 501. BA471: it meets every rule. 317 - 63 + 100 + 4 = 358, lower than 501. "
		"The best flight so far: BA471 358" },
	{ SIX, 2, "OS497 501", "OS1704 312", "OS497 is held: 501 + 5 = 506. OS1704: it meets every rule. 260 - 0 + 40 + 12 = 312, lower than 506. "
		"The best flight so far: OS1704 312" },
	{ SIX, 3, "OS1704 312", "OS1704 317", "OS1704 is held: 312 + 5 = 317. BA1145: 479 - 95 + 70 + 4 = 458, not lower than 317. The best flight so far: OS1704 317" },
	{ SIX, 3, "OS1704 312", "BA1145 458", "OS1704 is held: 312 + 5 = 317. BA1145: it meets every rule. 479 - 95 + 70 + 4 = 458. The best flight so far: BA1145 458" },
	{ SIX, 7, "BA1826 290", "BA1826 280", "BA1826 is held: 290 + 5 = 295. BA1826: it meets every rule. 294 - 58 + 40 + 4 = 280, lower than 295. "
		"The best flight so far: BA1826 280" },
	{ SIX, 7, "BA1826 290", "BA1826 295", "BA1826 is held: 290 + 5 = 295. BA1826: it departs at 07:25, which breaks a rule. The best flight so far: BA1826 295" },
	{ SIX " hold=0", 3, "OS1704 312", "OS1704 312", "BA1145: 479 - 95 + 70 + 4 = 458, not lower than 312. The best flight so far: OS1704 312" },
};

/* ---- Parameters -------------------------------------------------------------------------------- */

static void test_bad_params(void)
{
	static const char *const cases[][2] = {
		{ "flight_eval min_fare=300 max_fare=200", "min_fare=300 is greater than max_fare=200" }, { "flight_eval flights=1", "flights=1 is out of range: 2 to 1000" },
		{ "flight_eval eligible=0", "out of range" }, { "flight_eval rules=7", "rules=7 is out of range: 1 to 6" }, { "flight_eval airlines=0", "out of range" },
		{ "flight_eval hold=-1", "out of range" }, { "flight_eval keys=5", "there is no parameter 'keys'" },
	};
	check_refused(cases, sizeof cases / sizeof *cases);
}

int main(void)
{
	CHECK_INT(lh_registry_new(&registry, NULL), 0);
	check_by_hand(by_hand, sizeof by_hand / sizeof *by_hand);
	test_bounds();
	test_records_in_messages();
	test_instructions_are_short();
	test_spellings();
	test_slips();
	test_slips_at_the_edges();
	check_explained(explained, sizeof explained / sizeof *explained);
	test_bad_params();
	lh_registry_free(registry);
	return check_done();
}
