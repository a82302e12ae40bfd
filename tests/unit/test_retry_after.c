/* Retry-After in all its spellings. */
#include "net/retry.h"
#include "check.h"

#define NOW INT64_C(784111777)                 /* Sun, 06 Nov 1994 08:49:37 GMT */
#define S(seconds) ((seconds) * INT64_C(1000000))
#define MOST S(INT64_C(366) * 86400)

static const struct { const char *value; bool ms; int64_t want; } cases[] = {
	{ "0", false, 0 }, { "7", false, S(7) }, { " 120 \t", false, S(120) }, { "1.5", false, 1500000 }, { "0.000001", false, 1 },
	{ "0.0000001", false, 0 }, { "2.", false, S(2) }, { "007", false, S(7) },
	{ "-1", false, -1 }, { "+1", false, -1 }, { "", false, -1 }, { " ", false, -1 }, { "soon", false, -1 }, { "1e3", false, -1 },
	{ "0x10", false, -1 }, { "nan", false, -1 }, { "inf", false, -1 }, { "1,5", false, -1 }, { "1.2.3", false, -1 }, { ".5", false, -1 },
	{ "7 s", false, -1 }, { ".", false, -1 },
	{ "99999999999", false, MOST }, { "9223372036854775807", false, MOST }, { "99999999999999999999999999999999999999", false, MOST },
	{ "9223372036854775807.999999999999999999999999", false, MOST },
	{ "250", true, 250000 }, { "0.5", true, 500 }, { "-5", true, -1 }, { "99999999999999999999", true, MOST },
	{ "Sun, 06 Nov 1994 08:49:37 GMT", true, -1 },
	{ "Sun, 06 Nov 1994 08:49:37 GMT", false, 0 }, { "Sun, 06 Nov 1994 08:49:47 GMT", false, S(10) },
	{ "Sun, 06 Nov 1994 08:49:00 GMT", false, 0 }, { "Mon, 07 Nov 1994 08:49:37 GMT", false, S(86400) },
	{ "Sun, 06 Nov 1994 08:49:60 GMT", false, S(23) },                             /* a leap second */
	{ "Wed, 01 Mar 1995 08:49:37 GMT", false, S(115 * INT64_C(86400)) }, { "Wed, 01 Jan 2025 00:00:00 GMT", false, MOST },
	{ "Fri, 31 Dec 9999 23:59:59 GMT", false, MOST },
	{ "Sunday, 06-Nov-94 08:49:47 GMT", false, S(10) }, { "Sunday, 06-Nov-43 08:49:47 GMT", false, MOST },
	{ "Sunday, 06-Nov-45 08:49:47 GMT", false, 0 },                                /* over 50 years ahead: it is 1945 */
	{ "Sun Nov  6 08:49:47 1994", false, S(10) }, { "Sun Nov 16 08:49:37 1994", false, S(864000) },
	{ "Sun, 06 Nov 1994 08:49:37", false, -1 }, { "Sun, 06 Nov 1994 08:49:37 CET", false, -1 }, { "Sun, 06 Nov 1994 08:49:37 GMT+1", false, -1 },
	{ "Sun, 06 Foo 1994 08:49:37 GMT", false, -1 }, { "Sun, 32 Nov 1994 08:49:37 GMT", false, -1 }, { "Sun, 06 Nov 1994 24:00:00 GMT", false, -1 },
	{ "Sun, 06 Nov 1994 08:60:00 GMT", false, -1 }, { "Sun, 00 Nov 1994 08:49:37 GMT", false, -1 }, { "Sun, 06 Nov 1994", false, -1 },
	{ "Sun, 06 Nov 199999999999999 08:49:37 GMT", false, -1 }, { "Sun, -6 Nov 1994 08:49:37 GMT", false, -1 },
	{ "Sun, 06 Nov 1994 08:49:37 GMT and a good deal of text that goes on", false, -1 },
};

int main(void)
{
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		int64_t got = lh_retry_after_us(lh_str_of(cases[i].value), cases[i].ms, NOW);
		if (got != cases[i].want)
			printf("\"%s\":\n", cases[i].value);
		CHECK_INT(got, cases[i].want);
	}
	CHECK_INT(lh_retry_after_us((struct lh_str){ "7\0" "0", 3 }, false, NOW), -1);
	CHECK_INT(lh_retry_after_us((struct lh_str){ "Sun, 06 Nov 1994 08:49:37 GMT\0", 30 }, false, NOW), -1);
	CHECK_INT(lh_retry_after_us(LH_STR("Thu, 01 Jan 1970 00:00:10 GMT"), false, 0), S(10));
	CHECK_INT(lh_retry_after_us(LH_STR("Sat, 29 Feb 2020 00:00:00 GMT"), false, 1582934399), S(1));
	return check_done();
}
