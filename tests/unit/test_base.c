/* The room everything stands on: buffers, errors, random numbers, hashes, UTF-8. */
#include "base/clock.h"
#include "base/hash.h"
#include "base/random.h"
#include "base/utf8.h"
#include "check.h"

static void test_errors(void)
{
	struct lh_error e = { 0 };
	CHECK_INT(lh_fail(&e, LH_E_DATA, "line %d is bad", 7), LH_E_DATA);
	CHECK_INT(lh_fail(&e, LH_E_IO, "later"), LH_E_DATA);           /* the first message wins */
	lh_prefix(&e, "file %s", "x");
	CHECK_TEXT(e.text, "file x: line 7 is bad");
	CHECK_INT(lh_fail(NULL, LH_E_IO, "nobody listens"), LH_E_IO);
	struct lh_error none = { 0 };
	lh_prefix(&none, "context");
	CHECK_TEXT(none.text, "");
	CHECK_TEXT(lh_error_phrase(LH_E_PLUGIN), "plugin");
	char longest[4000];
	memset(longest, 'x', sizeof longest - 1);
	longest[sizeof longest - 1] = 0;
	struct lh_error cut = { 0 };
	lh_fail(&cut, LH_E_DATA, "%s", longest);
	lh_prefix(&cut, "%s", longest);
	CHECK(strlen(cut.text) < sizeof cut.text);
}

static void test_buffers(void)
{
	struct lh_buf b;
	struct lh_error e = { 0 };
	lh_buf_init(&b, 10);
	CHECK_TEXT(lh_buf_str(&b).p, "");
	lh_buf_puts(&b, "12345");
	lh_buf_put_int(&b, -678);
	CHECK_TEXT(b.p, "12345-678");
	CHECK_INT(lh_buf_ok(&b, NULL), 0);
	lh_buf_puts(&b, "ab");                                         /* one too many: nothing of it goes in */
	CHECK_TEXT(b.p, "12345-678");
	CHECK_INT(lh_buf_ok(&b, &e), LH_E_LIMIT);
	CHECK_HAS(e.text, "10 bytes");
	lh_buf_putc(&b, 'x');                                          /* the failure sticks */
	CHECK_INT(b.n, 9);
	lh_buf_clear(&b);
	lh_buf_printf(&b, "%s%d", "ten: ", 12345);
	CHECK_TEXT(b.p, "ten: 12345");
	CHECK_INT(lh_buf_ok(&b, NULL), 0);
	lh_buf_fini(&b);
	lh_buf_init(&b, 64);
	lh_buf_put_int(&b, INT64_MIN);
	CHECK_TEXT(b.p, "-9223372036854775808");
	lh_buf_fini(&b);
}

static void test_numbers(void)
{
	int64_t i;
	double d;
	CHECK(lh_str_to_int(LH_STR("-12"), &i) && i == -12);
	CHECK(!lh_str_to_int(LH_STR(" 1"), &i) && !lh_str_to_int(LH_STR("1x"), &i) && !lh_str_to_int(LH_STR(""), &i));
	CHECK(!lh_str_to_int(LH_STR("9223372036854775808"), &i));
	CHECK(lh_str_to_double(LH_STR("0.25"), &d) && d == 0.25);
	CHECK(!lh_str_to_double(LH_STR("nan"), &d) && !lh_str_to_double(LH_STR("inf"), &d) && !lh_str_to_double(LH_STR("1e999"), &d) && !lh_str_to_double(LH_STR("0x1p3"), &d));
	CHECK(lh_str_is(lh_str_trim(LH_STR(" \t a b\r\n")), "a b"));
}

static void test_nearest(void)
{
	static const char *const names[] = { "window", "full_history", "reset", NULL };
	CHECK_TEXT(lh_nearest(LH_STR("windwo"), names), "window");
	CHECK_TEXT(lh_nearest(LH_STR("Full_histry"), names), "full_history");
	CHECK(lh_nearest(LH_STR("something"), names) == NULL);
}

/* The draws are part of every run's identity: these values must never change. */
static void test_random_is_pinned(void)
{
	struct lh_random r = lh_random_stream(1, 2, 3, LH_FOR_REPLY, 4);
	uint64_t first = lh_random_next(&r), second = lh_random_next(&r);
	CHECK(first == 5672598759884598578u && second == 10625985730149708591u);
	struct lh_random again = lh_random_stream(1, 2, 3, LH_FOR_REPLY, 4);
	CHECK(lh_random_next(&again) == first);
	struct lh_random other = lh_random_stream(1, 2, 3, LH_FOR_POLICY, 4);
	CHECK(lh_random_next(&other) != first);
}

static void test_random_is_even(void)
{
	struct lh_random r = lh_random_stream(9, 0, 0, LH_FOR_CHECK, 0);
	int seen[7] = { 0 };
	double sum = 0;
	for (int i = 0; i < 70000; i++) {
		seen[lh_random_below(&r, 7)]++;
		sum += lh_random_unit(&r);
	}
	for (int k = 0; k < 7; k++)
		CHECK_NEAR(seen[k], 10000, 400);               /* four standard errors */
	CHECK_NEAR(sum / 70000, 0.5, 0.005);
	for (int i = 0; i < 1000; i++) {
		int64_t v = lh_random_between(&r, -3, 3);
		CHECK(v >= -3 && v <= 3);
	}
	CHECK_INT(lh_random_between(&r, 5, 5), 5);
	lh_random_between(&r, INT64_MIN, INT64_MAX);
}

/* FIPS 180-4 examples, and lengths around a block's end. */
static void test_sha256(void)
{
	static const struct { const char *text, *hex; } known[] = {
		{ "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
		{ "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
		{ "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1" },
	};
	for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
		struct lh_sha256 s;
		char hex[65];
		lh_sha256_init(&s);
		for (const char *p = known[i].text; *p; p++)
			lh_sha256_add(&s, p, 1);
		lh_sha256_hex(&s, hex);
		CHECK_TEXT(hex, known[i].hex);
	}
	struct lh_sha256 s;
	char hex[65], block[1000];
	memset(block, 'a', sizeof block);
	lh_sha256_init(&s);
	for (int i = 0; i < 1000; i++)
		lh_sha256_add(&s, block, sizeof block);
	lh_sha256_hex(&s, hex);
	CHECK_TEXT(hex, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

static void test_hash(void)
{
	CHECK(lh_hash(1, LH_STR("abc")) != lh_hash(2, LH_STR("abc")));
	CHECK(lh_hash(1, LH_STR("abc")) != lh_hash(1, LH_STR("abd")));
	CHECK(lh_hash(1, LH_STR("ab\0")) != lh_hash(1, LH_STR("ab")));
	CHECK(lh_hash(1, LH_STR("12345678")) != lh_hash(1, LH_STR("123456789")));
}

static void test_utf8(void)
{
	static const struct { const char *text; size_t bad; } table[] = {
		{ "plain", 5 }, { "caf\xc3\xa9", 5 }, { "\xf0\x9f\x98\x80", 4 }, { "a\x80", 1 }, { "\xc0\xaf", 0 }, { "\xed\xa0\x80", 0 },
		{ "\xf4\x90\x80\x80", 0 }, { "ok\xe2\x82", 2 },
	};
	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		CHECK_INT(lh_utf8_bad_at(lh_str_of(table[i].text)), table[i].bad);
	struct lh_buf b;
	lh_buf_init(&b, 1000);
	lh_put_shown(&b, LH_STR("a\x1b[31m\nb\t\xe2\x80\xae\xff\x7f\xc2\x9b"), false);
	CHECK_TEXT(b.p, "a\\x1b[31m\\x0ab\\x09\\u202e\\xff\\x7f\\u009b");
	lh_buf_clear(&b);
	lh_put_shown(&b, LH_STR("a\nb\tc\r"), true);
	CHECK_TEXT(b.p, "a\nb\tc\\x0d");
	lh_buf_fini(&b);
	CHECK_INT(lh_utf8_columns(LH_STR("e\xcc\x81t\xc3\xa9")), 3);
}

static void test_arrays(void)
{
	int *list = NULL;
	size_t cap = 0;
	for (size_t n = 0; n < 1000; n++) {
		CHECK_INT(lh_array_more(&list, &cap, n + 1, sizeof *list, NULL), 0);
		list[n] = (int)n;
	}
	CHECK(cap >= 1000 && list[0] == 0 && list[999] == 999);
	free(list);
}

static void test_files(void)
{
	CHECK(lh_file_begins(LH_SOURCE_DIR "/LICENSE", LH_STR("MIT License")));
	CHECK(!lh_file_begins(LH_SOURCE_DIR "/LICENSE", LH_STR("MIT license")));
	CHECK(!lh_file_begins("/nowhere/at/all", LH_STR("x")));
	struct lh_buf b;
	struct lh_error e = { 0 };
	lh_buf_init(&b, 1 << 20);
	CHECK_INT(lh_file_read("/nowhere/at/all", &b, &e), LH_E_IO);
	CHECK_HAS(e.text, "/nowhere/at/all: No such file");
	e = (struct lh_error){ 0 };
	CHECK_INT(lh_file_read("/", &b, &e), LH_E_IO);
	CHECK_HAS(e.text, "not a regular file");
	lh_buf_fini(&b);
	lh_buf_init(&b, 100);
	e = (struct lh_error){ 0 };
	CHECK_INT(lh_file_read(LH_SOURCE_DIR "/LICENSE", &b, &e), LH_E_LIMIT);
	CHECK_HAS(e.text, "larger than the 100 bytes");
	lh_buf_fini(&b);
}

int main(void)
{
	test_errors();
	test_buffers();
	test_numbers();
	test_nearest();
	test_random_is_pinned();
	test_random_is_even();
	test_sha256();
	test_hash();
	test_utf8();
	test_arrays();
	test_files();
	CHECK(lh_clock_mono_us() > 0);
	return check_done();
}
