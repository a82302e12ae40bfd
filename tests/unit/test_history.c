/* Histories as text: what is typed, its canonical form, and what is refused. */
#include "check.h"

#include "base/random.h"
#include "transcript/history.h"

#include <string.h>

/* Every one of a typed text, in canonical form, with a '|' between. */
static void canonical(const char *typed, char *out, size_t size)
{
	struct lh_history h[LH_HISTORY_RATES];
	struct lh_error err = { 0 };
	int n;
	out[0] = 0;
	if (lh_history_parse(lh_str_of(typed), h, &n, &err)) {
		snprintf(out, size, "! %s", err.text);
		return;
	}
	for (int i = 0; i < n; i++) {
		char text[LH_HISTORY_TEXT];
		lh_history_write(&h[i], text);
		size_t at = strlen(out);
		snprintf(out + at, size - at, "%s%s", i ? "|" : "", text);
	}
}

static void test_typed(void)
{
	static const char *const cases[][2] = {
		{ "own", "own" }, { "own:", "own" }, { "restated", "restated" }, { "filler", "filler" }, { "clean", "clean" },
		{ "clean:thoughts=none", "clean" }, { "clean:thoughts=matching", "clean:thoughts=matching" },
		{ "injected:rate=.50", "injected:rate=0.5" }, { "injected:rate=1e-3", "injected:rate=0.001" }, { "injected:rate=-0", "injected:rate=0" },
		{ "injected:rate=0.1", "injected:rate=0.1" }, { "injected:rate=0.30000000000000004", "injected:rate=0.30000000000000004" },
		{ "propagated:last=true,rate=1", "propagated:rate=1,last=true" }, { "propagated:last=false,rate=1", "propagated:rate=1" },
		{ "injected:rate=0,0.25,1", "injected:rate=0|injected:rate=0.25|injected:rate=1" },
		{ "injected:rate=\"0,0.25\",last=true", "injected:rate=0,last=true|injected:rate=0.25,last=true" },
		{ "injected:thoughts=matching,rate=0.5,1,last=true", "injected:rate=0.5,last=true,thoughts=matching|injected:rate=1,last=true,thoughts=matching" },
	};
	char got[2000], again[2000];
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		canonical(cases[i][0], got, sizeof got);
		CHECK_TEXT(got, cases[i][1]);
		if (!strchr(got, '|')) {
			canonical(got, again, sizeof again);
			CHECK_TEXT(again, got);
		}
	}
}

static void test_refused(void)
{
	static const char *const cases[][2] = {
		{ "", "there is no history ''" }, { "Own", "did you mean 'own'" }, { "injected", "how many answers are wrong" }, { "own:rate=1", "own has no rate" },
		{ "injected:rate=2", "a share from 0 to 1" }, { "injected:rate=nan", "a share from 0 to 1" }, { "injected:rate=0x1", "a share from 0 to 1" },
		{ "injected:rate=0.5,", "a share from 0 to 1" }, { "injected:0.5", "key=value" }, { "injected:rate=0.5,last=1", "true or false" },
		{ "restated:thoughts=matching", "restated has no thoughts" }, { "injected:=1", "there is no ''" },
		{ "injected:rate=0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0", "more than 16 rates" },
	};
	char got[2000];
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		canonical(cases[i][0], got, sizeof got);
		CHECK(got[0] == '!' && strstr(got, cases[i][1]));
		if (got[0] != '!' || !strstr(got, cases[i][1]))
			printf("%s: %s\n", cases[i][0], got);
	}
}

/* Whatever is typed: refused with words, or canonical, and then canonical again. */
static void test_anything(void)
{
	static const char *const piece[] = { "injected", "propagated", "clean", ":", ",", "=", "rate", "last", "thoughts", "0.5", "1", "\"", "true", "matching", " ", "\x01", "é" };
	struct lh_random r = lh_random_stream(3, 0, 0, LH_FOR_CHECK, 0);
	int good = 0;
	for (int i = 0; i < 200000; i++) {
		char typed[256] = "", got[2000], again[2000];
		for (uint64_t n = 1 + lh_random_below(&r, 8); n; n--)
			strcat(typed, piece[lh_random_below(&r, sizeof piece / sizeof *piece)]);
		canonical(typed, got, sizeof got);
		CHECK(got[0]);
		if (got[0] == '!' || strchr(got, '|'))
			continue;
		good++;
		canonical(got, again, sizeof again);
		CHECK_TEXT(again, got);
	}
	CHECK(good > 100);
}

int main(void)
{
	test_typed();
	test_refused();
	test_anything();
	return check_done();
}
