/* The JSON room: what is refused and on which line, and that what is written reads back. */
#include "check.h"

#include "base/random.h"
#include "json/reader.h"
#include "json/writer.h"

#include <inttypes.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

static struct lh_str bytes(const char *p, size_t n) { return (struct lh_str){ p, n }; }

/* An exact copy on the heap, so that a read past the end is seen. */
static int parse(struct lh_str text, int line, struct lh_json **out, struct lh_error *err)
{
	char *copy = malloc(text.n ? text.n : 1);
	if (text.n)
		memcpy(copy, text.p, text.n);
	int rc = lh_json_parse(bytes(copy, text.n), "f.json", line, out, err);
	free(copy);
	return rc;
}

static void refused_with(struct lh_str text, const char *why)
{
	struct lh_error err = { 0 };
	struct lh_json *root = (struct lh_json *)&err;
	int before = check_failures;
	CHECK_INT(parse(text, 1, &root, &err), LH_E_DATA);
	CHECK(root == NULL);
	CHECK_HAS(err.text, why);
	if (check_failures > before)
		printf("  of: %.*s\n", (int)(text.n > 60 ? 60 : text.n), text.p);
}

static void test_refused(void)
{
	static const struct { const char *text, *why; } cases[] = {
		{ "", "f.json:1: expected a value, found the end" },
		{ " \n ", "f.json:2: expected a value, found the end" },
		{ "{\"a\":1,\"a\":2}", "f.json:1: the key \"a\" stands twice" },
		{ "{\"a\":1,\n\"b\":{\"a\":1},\n\"c\":[{\"x\":1,\n\"x\":1}]}", "f.json:4: the key \"x\"" },
		{ "{\"a\":1,\n\"\\u0061\":2}", "f.json:2: the key \"a\"" },
		{ "{\"\":1,\"\":2}", "the key \"\" stands twice" },
		{ "{\"\\u001b[2J\":1,\"\\u001b[2J\":2}", "the key \"\\x1b[2J\"" },
		{ "1 2", "expected the end of the text" },
		{ "{} x", "expected the end of the text" },
		{ "[1]]", "found ']'" },
		{ "\"\\u0000\"", "NUL" },
		{ "\"a\\u0000b\"", "NUL" },
		{ "1e999", "too large" },
		{ "-1e999", "too large" },
		{ "[1,\n2,\n1e309]", "f.json:3: a number is too large" },
		{ "\"\xff\"", "not valid UTF-8" },
		{ "\"\xc0\x80\"", "not valid UTF-8" },
		{ "\"\xed\xa0\x80\"", "not valid UTF-8" },
		{ "\n\"\xe2\x82\"", "f.json:2: the text is not valid UTF-8" },
		{ "\xef\xbb\xbf{}", "byte order mark" },
		{ "01", "needless 0" },
		{ "-01", "needless 0" },
		{ "00", "needless 0" },
		{ ".5", "expected a value, found '.'" },
		{ "+1", "expected a value, found '+'" },
		{ "1.", "after the decimal point" },
		{ "1.e1", "after the decimal point" },
		{ "1e", "in the exponent" },
		{ "1e+", "in the exponent" },
		{ "-", "expected a digit" },
		{ "- 1", "expected a digit" },
		{ "0x10", "found 'x'" },
		{ "1_000", "found '_'" },
		{ "1000000000000000000000000000000000000000000000000000000000000000", "more than 63" },
		{ "NaN", "no NaN" },
		{ "[Infinity]", "no NaN and no infinity" },
		{ "-Infinity", "no NaN and no infinity" },
		{ "True", "true, false, null" },
		{ "None", "true, false, null" },
		{ "nul", "expected a value" },
		{ "truex", "found 'x'" },
		{ "{'a': 1}", "double quotes" },
		{ "['a']", "double quotes" },
		{ "{a: 1}", "a key in double quotes" },
		{ "{1: 1}", "a key in double quotes" },
		{ "// no\n1", "no comments" },
		{ "[1, # no\n2]", "no comments" },
		{ "[1 /* no */]", "no comments" },
		{ "[1,]", "a comma too many" },
		{ "[,1]", "a comma too many" },
		{ "[,]", "a comma too many" },
		{ "{\"a\":1,}", "a key in double quotes" },
		{ "{,}", "a key in double quotes" },
		{ "[1 2]", "a comma or ]" },
		{ "{\"a\" 1}", "a colon" },
		{ "{\"a\"}", "a colon" },
		{ "{\"a\":}", "expected a value" },
		{ "{\"a\":1 \"b\":2}", "a comma or }" },
		{ "[1}", "a comma or ]" },
		{ "{\"a\":1]", "a comma or }" },
		{ "[", "the end of the text" },
		{ "[1", "the end of the text" },
		{ "[1,", "the end of the text" },
		{ "{", "the end of the text" },
		{ "{\"a\"", "the end of the text" },
		{ "{\"a\":", "the end of the text" },
		{ "{\"a\":[{}", "the end of the text" },
		{ "]", "expected a value" },
		{ "\"a", "not closed" },
		{ "\"a\\\"", "not closed" },
		{ "\"\\x\"", "no escape of JSON" },
		{ "\"\\", "no escape of JSON" },
		{ "\"\\u12\"", "four hex digits" },
		{ "\"\\u12g4\"", "four hex digits" },
		{ "\"\\ud800\"", "half a surrogate pair" },
		{ "\"\\udc00\"", "half a surrogate pair" },
		{ "\"\\ud800\\u0041\"", "half a surrogate pair" },
		{ "\"\\ud800\\ud800\"", "half a surrogate pair" },
		{ "\"a\tb\"", "control character" },
		{ "\"a\nb\"", "a line ends within a string" },
		{ "\f1", "found byte 0x0c" },
		{ "\xc2\xa0" "1", "found byte 0xc2" },
		{ "1\x7f", "found byte 0x7f" },
	};
	for (size_t i = 0; i < COUNT(cases); i++)
		refused_with(lh_str_of(cases[i].text), cases[i].why);
	refused_with(bytes("1\0", 2), "NUL byte");
	refused_with(bytes("\"a\0b\"", 5), "NUL byte");
	refused_with(bytes("[1,2]", 3), "the end of the text");
	struct lh_error err = { 0 };
	struct lh_json *root;
	CHECK(parse(LH_STR("\n\n{"), 17, &root, &err) != 0);
	CHECK_HAS(err.text, "f.json:19: ");
}

static void test_depth(void)
{
	for (int deep = 63; deep <= 66; deep++) {
		char text[512] = "";
		for (int i = 0; i < deep; i++)
			strcat(text, i % 2 ? "[" : "{\"a\":");
		strcat(text, "1");
		for (int i = deep - 1; i >= 0; i--)
			strcat(text, i % 2 ? "]" : "}");
		struct lh_error err = { 0 };
		struct lh_json *root;
		int rc = parse(lh_str_of(text), 1, &root, &err);
		CHECK_INT(rc, deep <= 64 ? 0 : LH_E_DATA);
		if (rc)
			CHECK_HAS(err.text, "more than 64 deep");
		lh_json_free(root);
	}
	size_t n = 10u << 20;
	char *many = malloc(n);
	memset(many, '[', n);
	refused_with(bytes(many, n), "more than 64 deep");
	free(many);
}

/* 200,000 keys: a quadratic check would take minutes. */
static void test_many_keys(void)
{
	for (int repeat = 0; repeat < 2; repeat++) {
		struct lh_buf b;
		lh_buf_init(&b, 16u << 20);
		for (int i = 0; i < 200000; i++)
			lh_buf_printf(&b, "%s\"k%d\":%d", i ? ",\n" : "{", i, i);
		lh_buf_puts(&b, repeat ? ",\n\"k77\":1}" : "}");
		struct lh_error err = { 0 };
		struct lh_json *root;
		CHECK_INT(parse(lh_buf_str(&b), 1, &root, &err), repeat ? LH_E_DATA : 0);
		CHECK_TEXT(err.text, repeat ? "f.json:200001: the key \"k77\" stands twice in one object" : "");
		CHECK_INT(lh_json_size(root), repeat ? 0 : 200000);
		lh_json_free(root);
		lh_buf_fini(&b);
	}
}

static void test_getters(void)
{
	struct lh_error err = { 0 };
	struct lh_json *root;
	CHECK_INT(parse(LH_STR(" {\"s\": \"\\ud83d\\ude00\\n\\/\", \"S\": true, \"n\": -1.5e2, \"i\": 9007199254740991, "
		"\"big\": 9007199254740993, \"half\": 0.5, \"z\": null, \"f\": false, \"a\": [1, [], {}, \"x\"], \"o\": {}} \r\n"), 1, &root, &err), 0);
	CHECK_INT(lh_json_type(root), LH_JSON_OBJECT);
	CHECK_INT(lh_json_size(root), 10);
	CHECK_TEXT(lh_json_str(lh_json_get(root, "s")).p, "\xf0\x9f\x98\x80\n/");
	CHECK(lh_json_bool(lh_json_get(root, "S")));
	CHECK(!lh_json_bool(lh_json_get(root, "f")));
	CHECK_NEAR(lh_json_number(lh_json_get(root, "n")), -150, 0);
	int64_t v = 7;
	CHECK(lh_json_int(lh_json_get(root, "i"), &v) && v == 9007199254740991);
	CHECK(!lh_json_int(lh_json_get(root, "big"), &v) && !lh_json_int(lh_json_get(root, "half"), &v));
	CHECK(!lh_json_int(lh_json_get(root, "s"), &v) && v == 9007199254740991);
	CHECK_INT(lh_json_type(lh_json_get(root, "z")), LH_JSON_NULL);
	CHECK_INT(lh_json_type(lh_json_get(root, "f")), LH_JSON_BOOL);
	const struct lh_json *a = lh_json_get(root, "a");
	CHECK_INT(lh_json_type(a), LH_JSON_ARRAY);
	CHECK_INT(lh_json_size(a), 4);
	int seen = 0;
	for (const struct lh_json *x = lh_json_first(a); x; x = lh_json_next(x))
		seen++;
	CHECK_INT(seen, 4);
	CHECK_TEXT(lh_json_key(lh_json_next(lh_json_first(root))).p, "S");
	const struct lh_json *none = lh_json_get(root, "N");          /* the case of letters counts */
	CHECK(none == NULL);
	CHECK_INT(lh_json_type(none), LH_JSON_NONE);
	CHECK(isnan(lh_json_number(none)) && lh_json_str(none).n == 0 && !lh_json_bool(none));
	CHECK(lh_json_size(none) == 0 && !lh_json_first(none) && !lh_json_next(none) && lh_json_key(none).n == 0);
	CHECK(!lh_json_get(none, "x") && !lh_json_get(a, "x"));
	lh_json_free(root);
	lh_json_free(NULL);
}

static void escapes_to(struct lh_str in, const char *want)
{
	struct lh_buf b;
	lh_buf_init(&b, 1000);
	lh_json_escape(&b, in);
	CHECK_TEXT(lh_buf_str(&b).p, want);
	lh_buf_fini(&b);
}

static void test_escape(void)
{
	escapes_to(LH_STR(""), "");
	escapes_to(LH_STR("plain text/\x7f"), "plain text/\x7f");
	escapes_to(LH_STR("\"a\\b\""), "\\\"a\\\\b\\\"");
	escapes_to(bytes("\0\b\t\n\f\r\x1b\x1f", 8), "\\u0000\\b\\t\\n\\f\\r\\u001b\\u001f");
	escapes_to(LH_STR("\xe2\x82\xac\xf0\x9f\x98\x80\xe2\x80\xa8"), "\xe2\x82\xac\xf0\x9f\x98\x80\xe2\x80\xa8");
	escapes_to(LH_STR("a\xff" "b\xe2\x82"), "a\xef\xbf\xbd" "b\xef\xbf\xbd\xef\xbf\xbd");
	escapes_to(LH_STR("\xed\xa0\x80"), "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
	escapes_to(LH_STR("\xef\xbf\xbd"), "\xef\xbf\xbd");
}

/* Any bytes, escaped, are a JSON string; those of valid UTF-8 without NUL read back the same. */
static void test_escape_reads_back(void)
{
	struct lh_random r = lh_random_stream(1, 2, 3, LH_FOR_CHECK, 4);
	for (int round = 0; round < 2000; round++) {
		char in[64];
		size_t n = (size_t)lh_random_below(&r, sizeof in);
		bool ascii = round % 2;
		for (size_t i = 0; i < n; i++)
			in[i] = (char)(ascii ? lh_random_between(&r, 1, 127) : lh_random_between(&r, 1, 255));
		struct lh_buf b;
		struct lh_jw w;
		lh_buf_init(&b, 1000);
		lh_jw_init(&w, &b, false);
		lh_jw_str(&w, bytes(in, n));
		struct lh_error err = { 0 };
		struct lh_json *root;
		CHECK_INT(parse(lh_buf_str(&b), 1, &root, &err), 0);
		CHECK(!ascii || lh_str_equal(lh_json_str(root), bytes(in, n)));
		lh_json_free(root);
		lh_buf_fini(&b);
	}
}

static void write_sample(struct lh_jw *w)
{
	lh_jw_open(w, '{');
	lh_jw_key(w, "name");
	lh_jw_text(w, "x");
	lh_jw_key(w, "none");
	lh_jw_text(w, NULL);
	lh_jw_key(w, "empty");
	lh_jw_open(w, '{');
	lh_jw_close(w);
	lh_jw_key(w, "list");
	lh_jw_open(w, '[');
	lh_jw_int(w, INT64_MIN);
	lh_jw_bool(w, true);
	lh_jw_close(w);
	lh_jw_key(w, "rows");
	lh_jw_open(w, '[');
	for (int i = 0; i < 2; i++) {
		lh_jw_open_flat(w, '{');
		lh_jw_key(w, "i");
		lh_jw_int(w, i);
		lh_jw_key(w, "in");
		lh_jw_open(w, '[');
		lh_jw_open(w, '[');
		lh_jw_close(w);
		lh_jw_double(w, 0.1);
		lh_jw_close(w);
		lh_jw_close(w);
	}
	lh_jw_close(w);
	lh_jw_key_str(w, LH_STR("a\"b"));
	lh_jw_uint_text(w, UINT64_MAX);
	lh_jw_key(w, "raw");
	lh_jw_raw(w, LH_STR("[1]"));
	lh_jw_close(w);
}

static void test_layout(void)
{
	static const char *const want[] = {
		"{\"name\":\"x\",\"none\":null,\"empty\":{},\"list\":[-9223372036854775808,true],"
		"\"rows\":[{\"i\":0,\"in\":[[],0.1]},{\"i\":1,\"in\":[[],0.1]}],\"a\\\"b\":\"18446744073709551615\",\"raw\":[1]}",
		"{\n  \"name\": \"x\",\n  \"none\": null,\n  \"empty\": {},\n  \"list\": [-9223372036854775808, true],\n"
		"  \"rows\": [\n    {\"i\": 0, \"in\": [[], 0.1]},\n    {\"i\": 1, \"in\": [[], 0.1]}\n  ],\n"
		"  \"a\\\"b\": \"18446744073709551615\",\n  \"raw\": [1]\n}" };
	for (int pretty = 0; pretty < 2; pretty++) {
		struct lh_buf b;
		struct lh_jw w;
		lh_buf_init(&b, 10000);
		lh_jw_init(&w, &b, pretty);
		write_sample(&w);
		CHECK_TEXT(lh_buf_str(&b).p, want[pretty]);
		lh_buf_fini(&b);
	}
}

static void test_too_deep_to_write(void)
{
	struct lh_buf b;
	struct lh_jw w;
	struct lh_error err = { 0 };
	lh_buf_init(&b, 10000);
	lh_jw_init(&w, &b, true);
	for (int i = 0; i < LH_JW_DEPTH + 10; i++)
		lh_jw_open(&w, '[');
	for (int i = 0; i < LH_JW_DEPTH + 10; i++)
		lh_jw_close(&w);
	CHECK_INT(w.depth, 0);
	CHECK_INT(lh_buf_ok(&b, &err), LH_E_LIMIT);
	lh_buf_fini(&b);
}

static void doubles_as(double v, const char *want)
{
	struct lh_buf b;
	struct lh_jw w;
	lh_buf_init(&b, 100);
	lh_jw_init(&w, &b, false);
	lh_jw_double(&w, v);
	CHECK_TEXT(lh_buf_str(&b).p, want);
	lh_buf_fini(&b);
}

static void test_doubles(void)
{
	doubles_as(0, "0");
	doubles_as(-0.0, "-0");
	doubles_as(0.1, "0.1");
	doubles_as(-3, "-3");
	doubles_as(1e15, "1000000000000000");
	doubles_as(1e300, "1e+300");
	doubles_as(1.0 / 3, "0.3333333333333333");
	doubles_as(0.1 + 0.2, "0.30000000000000004");
	doubles_as(5e-324, "4.94065645841247e-324");
	doubles_as(NAN, "null");
	doubles_as(INFINITY, "null");
	doubles_as(-INFINITY, "null");
}

/* Random bit patterns, through the writer and back by strtod and by the reader, bit for bit. */
static void test_doubles_read_back(void)
{
	struct lh_random r = lh_random_stream(5, 0, 0, LH_FOR_CHECK, 0);
	struct lh_buf b;
	struct lh_jw w;
	lh_buf_init(&b, 16u << 20);
	lh_jw_init(&w, &b, false);
	int wrong = 0, tried = 0;
	for (int i = 0; i < 100000; i++) {
		uint64_t bits = lh_random_next(&r), back_bits;
		double v, back;
		memcpy(&v, &bits, sizeof v);
		if (!isfinite(v))
			continue;
		lh_buf_clear(&b);
		lh_jw_init(&w, &b, false);
		lh_jw_double(&w, v);
		back = strtod(lh_buf_str(&b).p, NULL);
		memcpy(&back_bits, &back, sizeof back);
		wrong += back_bits != bits;
		tried++;
		struct lh_error err = { 0 };
		struct lh_json *root;
		int rc = lh_json_parse(lh_buf_str(&b), "d", 1, &root, &err);
		back = lh_json_number(root);
		memcpy(&back_bits, &back, sizeof back);
		wrong += rc || back_bits != bits;
		lh_json_free(root);
	}
	CHECK(tried > 99000);
	CHECK_INT(wrong, 0);
	lh_buf_fini(&b);
}

static void test_integers(void)
{
	static const int64_t values[] = { 0, 1, -1, INT64_MAX, INT64_MIN, 9007199254740993, 4611686018427387905 };
	for (size_t i = 0; i < COUNT(values); i++) {
		char want[32];
		struct lh_buf b;
		struct lh_jw w;
		lh_buf_init(&b, 100);
		lh_jw_init(&w, &b, false);
		lh_jw_int(&w, values[i]);
		snprintf(want, sizeof want, "%" PRId64, values[i]);
		CHECK_TEXT(lh_buf_str(&b).p, want);
		lh_buf_fini(&b);
	}
}

int main(void)
{
	test_refused();
	test_depth();
	test_many_keys();
	test_getters();
	test_escape();
	test_escape_reads_back();
	test_layout();
	test_too_deep_to_write();
	test_doubles();
	test_doubles_read_back();
	test_integers();
	return check_done();
}
