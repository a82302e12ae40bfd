/* tests/check.h - the few macros that the unit tests share. A failed check prints where and what,
 * and the program exits 1 at the end, so that one run shows every failure. */
#ifndef LH_TESTS_CHECK_H
#define LH_TESTS_CHECK_H

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int check_failures, check_count;

#define CHECK(condition) do { \
	check_count++; \
	if (!(condition)) { \
		check_failures++; \
		printf("%s:%d: failed: %s\n", __FILE__, __LINE__, #condition); \
	} } while (0)

#define CHECK_INT(got, want) do { \
	long long check_got = (long long)(got), check_want = (long long)(want); \
	check_count++; \
	if (check_got != check_want) { \
		check_failures++; \
		printf("%s:%d: %s is %lld, expected %lld\n", __FILE__, __LINE__, #got, check_got, check_want); \
	} } while (0)

#define CHECK_NEAR(got, want, tolerance) do { \
	double check_got = (got), check_want = (want); \
	check_count++; \
	if (!(fabs(check_got - check_want) <= (tolerance))) { \
		check_failures++; \
		printf("%s:%d: %s is %.17g, expected %.17g\n", __FILE__, __LINE__, #got, check_got, check_want); \
	} } while (0)

#define CHECK_TEXT(got, want) do { \
	const char *check_got = (got), *check_want = (want); \
	check_count++; \
	if (!check_got || strcmp(check_got, check_want) != 0) { \
		check_failures++; \
		printf("%s:%d: %s is\n  %s\nexpected\n  %s\n", __FILE__, __LINE__, #got, check_got ? check_got : "(null)", check_want); \
	} } while (0)

/* The text must contain the part: for error messages. */
#define CHECK_HAS(text, part) do { \
	const char *check_text = (text); \
	check_count++; \
	if (!check_text || !strstr(check_text, (part))) { \
		check_failures++; \
		printf("%s:%d: \"%s\" lacks \"%s\"\n", __FILE__, __LINE__, check_text ? check_text : "(null)", (part)); \
	} } while (0)

static inline int check_done(void)
{
	printf("%d checks, %d failed\n", check_count, check_failures);
	return check_failures ? 1 : 0;
}

#endif
