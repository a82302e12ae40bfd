/* Parameters, samples and kv_sum. Data sets are in test_task_dataset.c, broken plugins in test_task_abi.c. */
#include "check.h"
#include "task/task.h"
#include "base/utf8.h"

#include <unistd.h>

static struct lh_registry *registry;

/* Opens NAME with "key=value,key=value"; the message where it does not open. */
static struct lh_taskset *open_set(const char *name, const char *params, char why[1536])
{
	struct lh_str keys[8], values[8];
	struct lh_error err = { 0 };
	const struct lh_family *f;
	struct lh_taskset *t = NULL;
	int n = 0;
	for (const char *p = params; *p && n < 8; n++) {
		size_t key = strcspn(p, "="), value = strcspn(p + key + 1, ",");
		keys[n] = (struct lh_str){ p, key };
		values[n] = (struct lh_str){ p + key + 1, value };
		p += key + 1 + value;
		p += *p == ',';
	}
	int rc = strchr(name, '/') ? lh_registry_open(registry, name, &f, &err) : lh_registry_find(registry, lh_str_of(name), &f, &err);
	if (!rc)
		rc = lh_taskset_open(f, keys, values, n, NULL, &t, &err);
	if (why)
		snprintf(why, 1536, "%s", err.text);
	else
		CHECK_TEXT(err.text, "");
	CHECK((rc == 0) == (t != NULL));
	return t;
}

static struct lh_sample *open_sample(struct lh_taskset *t, uint64_t i, uint64_t seed)
{
	struct lh_sample *s;
	struct lh_error err = { 0 };
	CHECK_INT(lh_sample_open(t, i, seed, &s, &err), 0);
	CHECK_TEXT(err.text, "");
	return s;
}

/* ---- Parameters -------------------------------------------------------------------------------- */

#define GOOD LH_BINARY_DIR "/tests/abi/good.so"

static void test_bad_params(void)
{
	static const struct { const char *family, *params, *says; } cases[] = {
		{ "kv_sum", "key=5", "task kv_sum: there is no parameter 'key'; did you mean 'keys'?" },
		{ "kv_sum", "zzzzzz=5", "`longhaul show task kv_sum` lists them" },
		{ "kv_sum", "keys=1", "keys=1 is out of range: 2 to 10000" },
		{ "kv_sum", "keys=ten", "keys=ten is not an integer" },
		{ "kv_sum", "keys=5.5", "keys=5.5 is not an integer" },
		{ "kv_sum", "keys=", "keys= is not an integer" },
		{ "kv_sum", "keys=99999999999999999999", "is not an integer" },
		{ "kv_sum", "keys=5,keys=6", "keys is given twice" },
		{ "kv_sum", "min=5,max=3", "min=5 is greater than max=3" },
		{ "kv_sum", "min=0,max=0,never_zero=true", "leave no value to draw" },
		{ "kv_sum", "never_zero=flase", "did you mean false? (false|true)" },
		{ "kv_sum", "never_zero=7", "is none of false|true" },
		{ "kv_sum", "words=/nowhere/list", "words=/nowhere/list: No such file" },
		{ "kv_sum", "words=/tmp", "is a folder, not a file" },
		{ GOOD, "rate=1.5", "rate=1.5 is out of range: 0 to 1" },
		{ GOOD, "rate=nan", "rate=nan is not a number" },
		{ GOOD, "title=\xff", "title: not valid UTF-8 text" },
		{ GOOD, "title=peek", "only a file that a parameter names can be read" },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char why[1536];
		struct lh_taskset *t = open_set(cases[i].family, cases[i].params, why);
		CHECK(t == NULL);
		CHECK_HAS(why, cases[i].says);
		lh_taskset_free(t);
	}
}

static void test_params_reach_the_family(void)
{
	char path[] = "/tmp/longhaul-file-XXXXXX", params[200], why[1536];
	int fd = mkstemp(path);
	CHECK(fd >= 0 && write(fd, "contents", 8) == 8);
	close(fd);
	snprintf(params, sizeof params, "mode=fast,title=tell,count=7,rate=0.25,table=%s", path);
	CHECK(open_set(GOOD, params, why) == NULL);
	CHECK_HAS(why, "count=7 rate=0.25 mode=1 file=contents");

	snprintf(params, sizeof params, "table=%s", path);
	struct lh_taskset *t = open_set(GOOD, params, NULL);
	struct lh_str json = lh_taskset_params_json(t);
	char want[400];
	snprintf(want, sizeof want, "{\"count\":3,\"rate\":0.5,\"title\":\"plain\",\"mode\":\"slow\",\"table\":\"%s\",\"table_sha256\":"
		"\"d1b2a59fbea7e20077af9f91b27e95e865061b270be03ff539ab3b73587882e8\"}", path);
	CHECK_TEXT(json.p, want);
	lh_taskset_free(t);
	unlink(path);
	t = open_set("kv_sum", "", NULL);
	json = lh_taskset_params_json(t);
	CHECK_TEXT(json.p, "{\"keys\":100,\"min\":-99,\"max\":99,\"never_zero\":\"false\",\"words\":\"\",\"dataset\":\"\",\"tools\":\"false\"}");
	CHECK_INT(lh_taskset_samples(t), 0);
	CHECK_TEXT(lh_family_version(lh_taskset_family(t)), "1.1");
	CHECK_TEXT(lh_family_license(lh_taskset_family(t)), "MIT");
	lh_taskset_free(t);
}

/* ---- kv_sum ------------------------------------------------------------------------------------ */

/* The value of a key, as the instructions have it. */
static int value_in(const char *instructions, const char *key)
{
	char quoted[80];
	const char *dictionary = strstr(instructions, "dictionary to use");
	snprintf(quoted, sizeof quoted, "\"%s\": ", key);
	const char *at = dictionary ? strstr(dictionary, quoted) : NULL;
	CHECK(at != NULL);
	return at ? atoi(at + strlen(quoted)) : 0;
}

/* The family's truth against a reader who has only the messages. */
static void test_kv_sum_is_what_it_says(void)
{
	struct lh_taskset *t = open_set("kv_sum", "keys=300,never_zero=true,min=-9,max=9", NULL);
	struct lh_sample *s = open_sample(t, 3, 1);
	struct lh_buf told, ask, state, next;
	lh_buf_init(&told, LH_INSTRUCTIONS_MAX);
	lh_buf_init(&ask, LH_PROMPT_MAX);
	lh_buf_init(&state, LH_STATE_MAX);
	lh_buf_init(&next, LH_STATE_MAX);
	CHECK_INT(lh_sample_instructions(s, 1, &told, NULL), 0);
	CHECK_INT(lh_sample_initial(s, &state, NULL), 0);
	CHECK_TEXT(state.p, "0");
	int total = 0;
	for (uint64_t k = 0; k < 200; k++) {
		lh_buf_clear(&ask);
		lh_buf_clear(&next);
		CHECK_INT(lh_sample_ask(s, k, 1, &ask, NULL), 0);
		int v = value_in(told.p, ask.p);
		CHECK(v != 0 && v >= -9 && v <= 9);
		total += v;
		CHECK_INT(lh_sample_apply(s, k, 1, lh_buf_str(&state), &next, NULL), 0);
		CHECK_INT(atoi(next.p), total);
		lh_buf_clear(&state);
		lh_buf_put_str(&state, lh_buf_str(&next));
	}
	/* All at once is the same, and appends; the state may lie in the buffer that it is appended to. */
	lh_buf_clear(&next);
	lh_buf_puts(&next, "0");
	CHECK_INT(lh_sample_apply(s, 0, 200, (struct lh_str){ next.p, 1 }, &next, NULL), 0);
	CHECK_INT(atoi(next.p + 1), total);
	lh_buf_clear(&ask);
	CHECK_INT(lh_sample_ask(s, 5, 3, &ask, NULL), 0);
	int commas = 0;
	for (const char *p = ask.p; *p; p++)
		commas += *p == ',';
	CHECK_INT(commas, 2);
	lh_buf_fini(&told);
	lh_buf_fini(&ask);
	lh_buf_fini(&state);
	lh_buf_fini(&next);
	lh_sample_close(s);
	lh_taskset_free(t);
}

static void instructions_of(struct lh_taskset *t, uint64_t sample, uint64_t seed, struct lh_buf *out)
{
	struct lh_sample *s = open_sample(t, sample, seed);
	lh_buf_init(out, LH_INSTRUCTIONS_MAX);
	CHECK_INT(lh_sample_instructions(s, 2, out, NULL), 0);
	lh_sample_close(s);
}

static void test_kv_sum_samples_differ(void)
{
	struct lh_taskset *t = open_set("kv_sum", "", NULL);
	struct lh_buf a, b, c;
	instructions_of(t, 0, 1, &a);
	instructions_of(t, 1, 1, &b);
	instructions_of(t, 0, 2, &c);
	CHECK(strcmp(a.p, b.p) != 0 && strcmp(a.p, c.p) != 0);
	CHECK_HAS(a.p, "Message: fig\nReply: <answer>-12</answer>\nMessage: lime, plum\nReply: <answer>26</answer>");
	/* Part of every run's identity: a change here changes what recorded runs mean. */
	CHECK_HAS(a.p, "with a running total of 0:\n{\"blame\": 60, \"voter\": 73, \"tiger\": 29, \"final\": -41");
	lh_buf_fini(&a);
	lh_buf_fini(&b);
	lh_buf_fini(&c);
	lh_taskset_free(t);
}

/* 10,000 keys: the built-in words, and made-up ones, all different. */
static void test_kv_sum_many_keys(void)
{
	struct lh_taskset *t = open_set("kv_sum", "keys=10000", NULL);
	struct lh_buf told;
	instructions_of(t, 0, 1, &told);
	const char *at = strstr(told.p, "dictionary to use");
	static char word[10001][16];
	int n = 0;
	for (const char *p = at; p && (p = strchr(p, '"')) != NULL && n < 10001; n++) {
		const char *end = strchr(p + 1, '"');
		snprintf(word[n], sizeof word[n], "%.*s", (int)(end - p - 1), p + 1);
		p = end + 1;
	}
	CHECK_INT(n, 10000);
	qsort(word, (size_t)n, sizeof *word, (int (*)(const void *, const void *))strcmp);
	int same = 0;
	for (int i = 1; i < n; i++)
		same += strcmp(word[i - 1], word[i]) == 0;
	CHECK_INT(same, 0);
	lh_buf_fini(&told);
	lh_taskset_free(t);
}

static void test_kv_sum_canonical(void)
{
	static const struct { const char *text, *state; } cases[] = {
		{ "17", "17" }, { "-17", "-17" }, { "+17", "17" }, { "\xE2\x88\x92" "17", "-17" }, { " 17\n", "17" },
		{ "1,234", "1234" }, { "-1,234,567", "-1234567" }, { "5.0", "5" }, { "-5.000", "-5" }, { "0", "0" }, { "-0", "0" },
		{ "-0.0", "0" }, { "007", "7" }, { "\xC2\xA0" "8", "8" }, { "999999999999999999", "999999999999999999" },
		{ "1,000.0", "1000" },
		{ "", NULL }, { " ", NULL }, { "-", NULL }, { "+", NULL }, { "1_000", NULL }, { "1,23", NULL }, { "1234,567", NULL },
		{ "12,3456", NULL }, { ",123", NULL }, { "1,,234", NULL }, { "1,234,", NULL }, { "0,123", NULL }, { "5.5", NULL }, { "5.", NULL }, { ".0", NULL }, { "5.0.0", NULL },
		{ "--5", NULL }, { "- 5", NULL }, { "1 000", NULL }, { "1e3", NULL }, { "0x10", NULL }, { "f10", NULL }, { "10 apples", NULL },
		{ "1000000000000000000", NULL }, { "99999999999999999999999999", NULL }, { "\xff", NULL }, { "\xE2\x88", NULL }, { "\xE2\x88\x92", NULL },
		{ "\xD9\xA1", NULL }, { "NaN", NULL }, { "**5**", NULL },
	};
	struct lh_taskset *t = open_set("kv_sum", "", NULL);
	struct lh_sample *s = open_sample(t, 0, 1);
	struct lh_buf out;
	lh_buf_init(&out, LH_STATE_MAX);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		bool is_state;
		lh_buf_clear(&out);
		CHECK_INT(lh_sample_canonical(s, lh_str_of(cases[i].text), &is_state, &out, NULL), 0);
		CHECK_TEXT(is_state ? out.p : cases[i].text, cases[i].state ? cases[i].state : cases[i].text);
		CHECK_INT(is_state, cases[i].state != NULL);
		CHECK(is_state || out.n == 0);
	}
	bool is_state;
	CHECK_INT(lh_sample_canonical(s, (struct lh_str){ "5\0", 2 }, &is_state, &out, NULL), 0);
	CHECK(!is_state);
	lh_buf_fini(&out);
	lh_sample_close(s);
	lh_taskset_free(t);
}

/* Never the right state (F3 of the reference: noise that is zero), several kinds of slip, always a state;
 * also at the ends of what a state can be. */
static void test_kv_sum_corrupt(void)
{
	static const char *const states[] = { "0", "1", "-1", "10", "-142", "999999999999999999", "-999999999999999999" };
	struct lh_taskset *t = open_set("kv_sum", "keys=2,min=0,max=0", NULL);       /* every operand is zero */
	struct lh_taskset *usual = open_set("kv_sum", "", NULL);
	struct lh_sample *s[2] = { open_sample(t, 0, 1), open_sample(usual, 0, 1) };
	struct lh_buf out, to;
	lh_buf_init(&out, LH_STATE_MAX);
	lh_buf_init(&to, LH_STATE_MAX);
	for (size_t i = 0; i < sizeof states / sizeof *states; i++)
		for (uint64_t n = 0; n < 400; n++) {
			struct lh_random r = lh_random_stream(1, 2, n, LH_FOR_HISTORY, 0);
			struct lh_error err = { 0 };
			lh_buf_clear(&out);
			lh_buf_clear(&to);
			CHECK_INT(lh_sample_corrupt(s[n & 1], n, lh_str_of(states[i]), &r, &out, &err), 0);
			CHECK(strcmp(out.p, states[i]) != 0);
			bool is_state;
			CHECK_INT(lh_sample_canonical(s[0], lh_buf_str(&out), &is_state, &to, &err), 0);
			CHECK(is_state && strcmp(to.p, out.p) == 0);
			lh_buf_clear(&to);
			CHECK_INT(lh_sample_apply(s[n & 1], n, 1, lh_buf_str(&out), &to, &err), 0);
			CHECK_TEXT(err.text, "");
		}
	lh_buf_fini(&out);
	lh_buf_fini(&to);
	lh_sample_close(s[0]);
	lh_sample_close(s[1]);
	lh_taskset_free(t);
	lh_taskset_free(usual);
}

static void write_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");
	CHECK(f && fputs(text, f) >= 0 && fclose(f) == 0);
}

static void test_kv_sum_words(void)
{
	char path[] = "/tmp/longhaul-words-XXXXXX", params[200], why[1536];
	close(mkstemp(path));
	static const struct { const char *text, *says; } bad[] = {
		{ "one\ntwo\n", "2 words, but the dictionary needs 3 (keys=3)" },
		{ "one\ntwo\none\nfour\n", "the word 'one' stands there twice" },
		{ "one\n\ntwo,three\nfour\n", "line 3: the word holds one of the characters" },
		{ "one\ntw\xc3(o\nthree\n", "line 2: the word is not plain UTF-8 text" },
		{ "one\n two\nthree\n", "line 2: the word has white space at an end" },
		{ "", "0 words" },
	};
	snprintf(params, sizeof params, "keys=3,words=%s", path);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		write_file(path, bad[i].text);
		CHECK(open_set("kv_sum", params, why) == NULL);
		CHECK_HAS(why, bad[i].says);
		CHECK_HAS(why, path);
	}
	write_file(path, "\xEF\xBB\xBF" "\xC3\xA9t\xC3\xA9\r\n\nhiver\r\nprintemps");
	struct lh_taskset *t = open_set("kv_sum", params, NULL);
	struct lh_buf told;
	instructions_of(t, 0, 1, &told);
	CHECK_HAS(told.p, "\"\xC3\xA9t\xC3\xA9\": ");
	CHECK_HAS(told.p, "\"printemps\": ");
	lh_buf_fini(&told);
	lh_taskset_free(t);
	unlink(path);
}

/* ---- What the host guards ---------------------------------------------------------------------- */

static void test_host_guards(void)
{
	struct lh_taskset *t = open_set(LH_BINARY_DIR "/tests/abi/flooding.so", "", NULL);
	struct lh_taskset *noisy = open_set(LH_BINARY_DIR "/tests/abi/noisy.so", "", NULL);
	struct lh_sample *s = open_sample(t, 5, 1), *n = open_sample(noisy, 2, 1);
	struct lh_error err = { 0 };
	struct lh_buf out, tiny;
	lh_buf_init(&out, LH_STATE_MAX);
	lh_buf_init(&tiny, 3);
	lh_buf_puts(&out, "kept");
	CHECK_INT(lh_sample_apply(s, 4, 1, LH_STR("0"), &out, &err), LH_E_PLUGIN);
	CHECK_TEXT(err.text, "task flooding, sample 5, step 4: apply() gave a state longer than the 4096 bytes allowed");
	err = (struct lh_error){ 0 };
	CHECK_INT(lh_sample_apply(n, 0, 3, LH_STR("0"), &out, &err), LH_E_PLUGIN);
	CHECK_HAS(err.text, "task noisy, sample 2, step 2: apply() gave a state that is not valid UTF-8");
	CHECK_TEXT(out.p, "kept");
	err = (struct lh_error){ 0 };
	CHECK_INT(lh_sample_apply(n, 0, 0, LH_STR("0"), &out, &err), LH_E_USAGE);
	CHECK_INT(lh_sample_apply(n, UINT64_MAX, 1, LH_STR("0"), &out, NULL), LH_E_USAGE);
	CHECK_INT(lh_sample_ask(n, 0, 9, &tiny, NULL), LH_E_LIMIT);
	CHECK_INT(tiny.n, 0);
	lh_buf_fini(&out);
	lh_buf_fini(&tiny);
	lh_sample_close(s);
	lh_sample_close(n);
	lh_sample_close(NULL);
	lh_taskset_free(t);
	lh_taskset_free(noisy);
}

int main(void)
{
	CHECK_INT(lh_registry_new(&registry, NULL), 0);
	test_bad_params();
	test_params_reach_the_family();
	test_kv_sum_is_what_it_says();
	test_kv_sum_samples_differ();
	test_kv_sum_many_keys();
	test_kv_sum_canonical();
	test_kv_sum_corrupt();
	test_kv_sum_words();
	test_host_guards();
	lh_registry_free(registry);
	return check_done();
}
