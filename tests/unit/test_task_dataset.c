/* The paper's published data set format, sound and broken. */
#include "check.h"
#include "task/task.h"

#include <unistd.h>

static struct lh_registry *registry;
static char path[] = "/tmp/longhaul-dataset-XXXXXX";

static int load(const char *file, struct lh_taskset **out, struct lh_error *err)
{
	const struct lh_family *f;
	CHECK_INT(lh_registry_find(registry, LH_STR("kv_sum"), &f, NULL), 0);
	*err = (struct lh_error){ 0 };
	return lh_taskset_open(f, &LH_STR("dataset"), &(struct lh_str){ file, strlen(file) }, 1, "/tmp", out, err);
}

static int load_text(struct lh_str text, struct lh_taskset **out, struct lh_error *err)
{
	FILE *f = fopen(path, "w");
	CHECK(f && fwrite(text.p, 1, text.n, f) == text.n && fclose(f) == 0);
	return load(path, out, err);
}

#define D "\"dictionary\": {\"ab\": 5, \"cd\": -3}"
#define R "{\"input\": [\"ab\", \"cd\"], \"values\": [5, -3], \"output\": [5, 2]}"

/* A dictionary of a rollout's own, in which ab has another value. */
#define O "\"dictionary\": {\"ef\": 1, \"ab\": 7}"
#define OWN "{" O ", \"input\": [\"ab\", \"ef\", \"ab\"], \"values\": [7, 1, 7], \"output\": [7, 8, 15]}"

static void walk(struct lh_taskset *t, uint64_t sample, uint64_t steps, const char *asked, const char *reached)
{
	struct lh_sample *s;
	struct lh_error err = { 0 };
	struct lh_buf ask, state;
	lh_buf_init(&ask, LH_PROMPT_MAX);
	lh_buf_init(&state, LH_STATE_MAX);
	CHECK_INT(lh_sample_open(t, sample, 1, &s, &err), 0);
	CHECK_INT(lh_sample_max_steps(s), steps);
	CHECK_INT(lh_sample_ask(s, 0, (uint32_t)steps, &ask, &err), 0);
	if (asked)
		CHECK_TEXT(ask.p, asked);
	CHECK_INT(lh_sample_apply(s, 0, (uint32_t)steps, LH_STR("0"), &state, &err), 0);
	CHECK_TEXT(state.p, reached);
	CHECK_TEXT(err.text, "");
	CHECK_INT(lh_sample_apply(s, steps - 1, 2, LH_STR("0"), &state, &err), LH_E_USAGE);
	CHECK_HAS(err.text, "steps");
	lh_buf_fini(&ask);
	lh_buf_fini(&state);
	lh_sample_close(s);
}

static void test_sound(void)
{
	static const char *const texts[] = {
		"{\"dict_sum\": {\"experiment_type\": \"dict_sum\", \"config\": {\"deep\": [[{}], null, true, 1.5, \"x\"]}, " D ", \"ground_truth_data\": [" R "]}}",
		"{" D ", \"ground_truth_data\": [" R "]}",
		"{\"ground_truth_data\": [" R "], " D "}",
		"{\"ground_truth_data\": [{\"output\": [5, 2], \"note\": {}, \"values\": [5, -3], \"input\": [\"ab\", \"c\\u0064\"]}], " D "}",
		"{\"other\": 1, \"dict_sum\": {" D ",\n\"ground_truth_data\": [" R ", {\"output\": [-3], \"values\": [-3], \"input\": [\"cd\"]}]}, \"more\": []}\n",
	};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		struct lh_taskset *t;
		struct lh_error err;
		CHECK_INT(load_text(lh_str_of(texts[i]), &t, &err), 0);
		CHECK_TEXT(err.text, "");
		if (!t)
			continue;
		CHECK_INT(lh_taskset_samples(t), i == 4 ? 2 : 1);
		walk(t, 0, 2, "ab, cd", "2");
		if (i == 4)
			walk(t, 1, 1, "cd", "-3");                      /* of another length */
		struct lh_sample *s;
		CHECK_INT(lh_sample_open(t, 2, 1, &s, &err), LH_E_USAGE);
		CHECK_HAS(err.text, "samples");
		CHECK(strstr(lh_taskset_params_json(t).p, "\"dataset_sha256\":\"") != NULL);
		lh_taskset_free(t);
	}
}

static void test_dictionaries_of_their_own(void)
{
	static const struct { const char *text; int own; } cases[] = {
		{ "{\"ground_truth_data\": [" OWN "]}", 0 },
		{ "{" D ", \"ground_truth_data\": [" R ", " OWN "]}", 1 },
		{ "{\"ground_truth_data\": [" OWN ", " R "], " D "}", 0 },
		{ "{" D ", \"ground_truth_data\": [" OWN ", " R ", " OWN "]}", 2 },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct lh_taskset *t;
		struct lh_error err;
		CHECK_INT(load_text(lh_str_of(cases[i].text), &t, &err), 0);
		CHECK_TEXT(err.text, "");
		if (!t)
			continue;
		walk(t, (uint64_t)cases[i].own, 3, "ab, ef, ab", "15");
		if (i)
			walk(t, cases[i].own == 1 ? 0 : 1, 2, "ab, cd", "2");
		lh_taskset_free(t);
	}
}

static void test_broken(void)
{
	static const struct { const char *text, *says; } cases[] = {
		{ "", "line 1 (byte 0): not valid JSON: parse error: premature EOF" },
		{ "{\"dict_sum\": {" D ",\n\"ground_truth_data\": [{\"input\": [\"ab\"", "line 2 (byte 86): not valid JSON: parse error: premature EOF" },
		{ "{" D ", \"ground_truth_data\": [" R "]} x", "not valid JSON" },
		{ "[]", "the file holds a JSON object, found an array" },
		{ "7", "the file holds a JSON object, found a number" },
		{ "{\"dict_sum\": 3}", "\"dict_sum\" is an object, found a number" },
		{ "{}", "there is no \"dictionary\"" },
		{ "{" D "}", "there is no \"ground_truth_data\"" },
		{ "{\"ground_truth_data\": [" R "]}", "there is no \"dictionary\"" },
		{ "{" D ", \"ground_truth_data\": []}", "\"ground_truth_data\" is empty" },
		{ "{" D ", \"ground_truth_data\": [7]}", "is an array of objects, found a number" },
		{ "{" D ", \"ground_truth_data\": {}}", "\"ground_truth_data\" is an array, found an object" },
		{ "{" D ",\n" D "}", "line 2 (byte 48): the key \"dictionary\" stands there twice" },
		{ "{\"dictionary\": {\"ab\": 5,\n\"ab\": 6}}", "the dictionary has the key 'ab' twice" },
		{ "{\"dictionary\": {\"ab\": 5.5}}", "maps words to integers, found 5.5, which is not an integer" },
		{ "{\"dictionary\": {\"ab\": \"5\"}}", "maps words to integers, found a string" },
		{ "{\"dictionary\": {\"ab\": 99999999999999999999}}", "integer overflow" },
		{ "{\"dictionary\": {\"ab\": 9999999999999}}", "the value 9999999999999 of 'ab' is too large" },
		{ "{\"dictionary\": {\"a,b\": 5}}", "the key 'a,b' holds one of the characters" },
		{ "{\"dictionary\": {\"\": 5}}", "is empty" },
		{ "{\"dictionary\": {\"a\xff\": 5}}", "invalid bytes in UTF8 string" },
		{ "{\"dictionary\": {\"a\\u0000\": 5}}", "is not plain UTF-8 text" },
		{ "{" D ", \"ground_truth_data\": [{\"input\": [\"ab\"], \"values\": [5]}]}", "rollout 0 has no \"output\"" },
		{ "{" D ", \"ground_truth_data\": [{\"input\": [], \"values\": [], \"output\": []}]}", "rollout 0 has no steps" },
		{ "{" D ", \"ground_truth_data\": [" R ", {\"input\": [\"ab\"], \"input\": []}]}", "the key \"input\" stands there twice" },
		{ "{" D ", \"ground_truth_data\": [" R ", {\"input\": [\"ab\"], \"values\": [5], \"output\": [5, 10]}]}",
			"rollout 1: input has 1 steps, output has 2: they must be as many" },
		{ "{" D ", \"ground_truth_data\": [" R ", {\"input\": [\"cd\", \"ef\"], \"values\": [-3, 1], \"output\": [-3, -2]}]}",
			"rollout 1, step 1: the key 'ef' is not in the dictionary" },
		{ "{\"ground_truth_data\": [" R ", {\"input\": [\"cd\", \"ef\"], \"values\": [-3, 1], \"output\": [-3, -2]}], " D "}",
			"rollout 1, step 1: the key 'ef' is not in the dictionary" },
		{ "{" D ", \"ground_truth_data\": [{\"input\": [\"ab\", \"cd\"], \"values\": [5, 3], \"output\": [5, 2]}]}",
			"rollout 0, step 1: values has 3, but the dictionary says 'cd' is -3" },
		{ "{\"ground_truth_data\": [{\"input\": [\"ab\", \"cd\"], \"values\": [5, -3], \"output\": [5, 3]}], " D "}",
			"rollout 0, step 1: output has 3, but the running total is 2" },
		{ "{" D ", \"ground_truth_data\": [{\"input\": [5]}]}", "rollout 0: \"input\" is an array of words, found a number" },
		{ "{" D ", \"ground_truth_data\": [{\"input\": \"ab\"}]}", "\"input\", \"values\" and \"output\" are arrays, found a string" },
		{ "{" D ", \"ground_truth_data\": [{\"values\": [null]}]}", "are arrays of integers, found null" },
		{ "{" D ", \"ground_truth_data\": [{\"output\": [[1]]}]}", "are arrays of integers, found an array" },
		{ "{" D ", \"ground_truth_data\": [{\"output\": [true]}]}", "are arrays of integers, found true" },
		{ "{\"ground_truth_data\": [" OWN ", " R "]}", "there is no \"dictionary\"" },
		{ "{" D ", \"ground_truth_data\": [{" O ", \"input\": [\"cd\"], \"values\": [-3], \"output\": [-3]}]}", "rollout 0, step 0: the key 'cd' is not in the dictionary" },
		{ "{\"ground_truth_data\": [" OWN ", {\"input\": [\"ef\"], \"values\": [1], \"output\": [1]}], " D "}", "rollout 1, step 0: the key 'ef' is not in the dictionary" },
		{ "{\"ground_truth_data\": [{" O ", \"input\": [\"ab\"], \"values\": [5], \"output\": [5]}]}", "rollout 0, step 0: values has 5, but the dictionary says 'ab' is 7" },
		{ "{" D ", \"ground_truth_data\": [{\"input\": [\"ab\"], " O "}]}", "rollout 0: its dictionary stands behind its input" },
		{ "{" D ", \"ground_truth_data\": [{" O ", " O "}]}", "the key \"dictionary\" stands there twice" },
		{ "{\"ground_truth_data\": [{\"dictionary\": {\"ab\": 1, \"ab\": 1}}]}", "the dictionary has the key 'ab' twice" },
		{ "{\"ground_truth_data\": [{\"dictionary\": [1]}]}", "\"dictionary\" is an object, found an array" },
		{ "{\"ground_truth_data\": [{\"dictionary\": {\"ab\": 9999999999999}}]}", "the value 9999999999999 of 'ab' is too large" },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct lh_taskset *t;
		struct lh_error err;
		CHECK_INT(load_text(lh_str_of(cases[i].text), &t, &err), LH_E_PLUGIN);
		CHECK(t == NULL);
		CHECK_HAS(err.text, "task kv_sum: dataset=/tmp/longhaul-dataset-");
		CHECK_HAS(err.text, cases[i].says);
	}
}

/* Every prefix of a sound file is an error, and none a crash. */
static void test_truncated(void)
{
	struct lh_str whole = LH_STR("{\"dict_sum\": {\"config\": {\"x\": [1]}, " D ", \"ground_truth_data\": [" R "]}}");
	for (size_t n = 0; n < whole.n; n++) {
		struct lh_taskset *t;
		struct lh_error err;
		CHECK_INT(load_text((struct lh_str){ whole.p, n }, &t, &err), LH_E_PLUGIN);
		CHECK(t == NULL && err.text[0]);
	}
}

static void test_deep_and_wide(void)
{
	struct lh_buf b;
	struct lh_taskset *t;
	struct lh_error err;
	lh_buf_init(&b, 64 << 20);
	lh_buf_puts(&b, "{\"x\": ");
	for (int i = 0; i < 200000; i++)
		lh_buf_putc(&b, '[');
	CHECK_INT(load_text(lh_buf_str(&b), &t, &err), LH_E_PLUGIN);
	CHECK_HAS(err.text, "nested more than 64 levels deep");
	/* 10 MB and more on one line, a fault at its end. */
	lh_buf_clear(&b);
	lh_buf_puts(&b, "{" D ", \"ground_truth_data\": [{\"input\": [\"ab\"");
	for (int i = 1; i < 600000; i++)
		lh_buf_puts(&b, ", \"ab\"");
	lh_buf_puts(&b, "], \"values\": [5");
	for (int i = 1; i < 600000; i++)
		lh_buf_puts(&b, ", 5");
	lh_buf_puts(&b, "], \"output\": [5");
	for (int i = 1; i < 600000; i++)
		lh_buf_printf(&b, ", %d", i == 599999 ? 1 : 5 * (i + 1));
	lh_buf_puts(&b, "]}]}");
	CHECK(b.n > 10000000);
	CHECK_INT(load_text(lh_buf_str(&b), &t, &err), LH_E_PLUGIN);
	CHECK_HAS(err.text, "rollout 0, step 599999: output has 1, but the running total is 3000000");
	lh_buf_fini(&b);
}

/* Against totals that the data set itself states; relative paths are the experiment file's. */
static void test_relative(void)
{
	struct lh_taskset *t;
	struct lh_error err;
	CHECK_INT(load_text(lh_str_of("{" D ", \"ground_truth_data\": [" R "]}"), &t, &err), 0);
	lh_taskset_free(t);
	CHECK_INT(load(path + strlen("/tmp/"), &t, &err), 0);
	lh_taskset_free(t);
}

int main(void)
{
	close(mkstemp(path));
	CHECK_INT(lh_registry_new(&registry, NULL), 0);
	test_sound();
	test_dictionaries_of_their_own();
	test_broken();
	test_truncated();
	test_deep_and_wide();
	test_relative();
	lh_registry_free(registry);
	unlink(path);
	return check_done();
}
