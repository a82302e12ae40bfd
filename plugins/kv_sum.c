/* kv_sum - the task of "The Illusion of Diminishing Returns" (arXiv 2509.09677, section 3): keys are
 * looked up in a dictionary given in the instructions, and their values are added to a running total.
 *
 * State: the total, as "-17". Step: one key. The plan is uniform over the keys, with replacement, and
 * unlimited; or it is that of a published data set. With tools the dictionary is not shown: get_value reads it. */
#include "support/arguments.h"
#include "support/dataset.h"

#include <stdlib.h>
#include <string.h>

static const struct lh_host *host;

enum { KEYS, MIN, MAX, NEVER_ZERO, WORDS, DATASET, TOOLS, PARAM_COUNT };

static const struct lh_param params[PARAM_COUNT] = {
	[KEYS] = { "keys", LH_PARAM_INTEGER, 0, "100", 2, 10000, NULL, "entries of the dictionary" },
	[MIN] = { "min", LH_PARAM_INTEGER, 0, "-99", -1e9, 1e9, NULL, "least value" },
	[MAX] = { "max", LH_PARAM_INTEGER, 0, "99", -1e9, 1e9, NULL, "greatest value" },
	[NEVER_ZERO] = { "never_zero", LH_PARAM_CHOICE, 0, "false", 0, 0, "false|true",
		"no value is 0, so that no step leaves the total as it was" },
	[WORDS] = { "words", LH_PARAM_FILE, 0, "", 0, 0, NULL,
		"a word list to draw keys from, UTF-8, one word a line; without it common English words" },
	[DATASET] = { "dataset", LH_PARAM_FILE, 0, "", 0, 0, NULL,
		"a data set in the paper's published format; keys, min, max, never_zero and words then have no effect" },
	[TOOLS] = { "tools", LH_PARAM_CHOICE, 0, "false", 0, 0, "false|true",
		"true: the dictionary is not in the instructions, values are looked up with the tool get_value" },
};

struct lh_task_data {
	struct fam_source source;
	struct fam_dataset *set;                  /* NULL: generated */
	bool tools;
};

struct lh_task {
	uint64_t seed;
	bool tools;
	struct fam_dictionary own;                /* empty where the data set has it */
	const struct fam_dictionary *dictionary;
	const struct fam_rollout *rollout;        /* NULL: generated */
};

/* ---- Set-up ------------------------------------------------------------------------------------ */

static void unload(struct lh_task_data *data)
{
	if (!data)
		return;
	fam_dataset_free(data->set);
	fam_source_fini(&data->source);
	free(data);
}

static struct lh_task_data *load(const struct lh_value *v)
{
	struct lh_task_data *d = fam_new(host, sizeof *d);
	if (!d)
		return NULL;
	d->tools = v[TOOLS].integer == 1;
	struct fam_values range = { v[MIN].integer, v[MAX].integer, v[NEVER_ZERO].integer == 1 };
	int32_t rc = v[DATASET].text[0] ? fam_dataset_load(host, "dataset", v[DATASET].text, &d->set)
		: fam_source_open(host, v[KEYS].integer, range, v[WORDS].text, &d->source);
	if (rc) {
		unload(d);
		return NULL;
	}
	return d;
}

static uint64_t samples(const struct lh_task_data *d)
{
	return d->set ? d->set->rollouts : 0;
}

static void close_task(struct lh_task *t)
{
	if (!t)
		return;
	fam_dictionary_fini(&t->own);
	free(t);
}

static struct lh_task *open_task(const struct lh_task_data *d, uint64_t sample, uint64_t seed)
{
	struct lh_task *t = fam_new(host, sizeof *t);
	if (!t)
		return NULL;
	t->seed = seed;
	t->tools = d->tools;
	if (d->set) {
		t->dictionary = fam_dataset_dictionary(d->set, sample);
		t->rollout = &d->set->rollout[sample];
		return t;
	}
	t->dictionary = &t->own;
	if (fam_dictionary_make(host, &d->source, seed, &t->own)) {
		close_task(t);
		return NULL;
	}
	return t;
}

static uint64_t max_steps(const struct lh_task *t)
{
	return t->rollout ? t->rollout->steps : 0;
}

static uint32_t key_of(const struct lh_task *t, uint64_t step)
{
	return t->rollout ? t->rollout->key[step] : fam_dictionary_step(host, t->dictionary, t->seed, step);
}

/* ---- Prompts ----------------------------------------------------------------------------------- */

static void put_result(struct lh_sink *out, int64_t value)
{
	fam_put(host, out, "{\"value\": ");
	fam_put_int(host, out, value);
	fam_put(host, out, "}");
}

static void put_call(const struct lh_host *h, struct lh_sink *out, const char *key, int64_t value)
{
	fam_put(h, out, "\nCall: get_value {\"key\": ");
	fam_put_json_text(h, out, key);
	fam_put(h, out, "}\nResult: ");
	put_result(out, value);
}

static void add(void *total, int64_t value)
{
	*(int64_t *)total = fam_add(*(int64_t *)total, value);
}

static void put_example(struct lh_sink *out, bool tools)
{
	struct fam_keyed_example example = { { 7, -12, 31, -4 }, fam_put_int, add, fam_dictionary_put_total, tools ? put_call : NULL };
	int64_t total = 0;
	fam_dictionary_example(host, out, &example, &total);
	fam_put(host, out, "\n");
}

static int32_t instructions(const struct lh_task *t, uint32_t steps_per_turn, struct lh_sink *out)
{
	(void)steps_per_turn;
	fam_put(host, out, "You keep a running total of values that are looked up in a dictionary.\n\n"
		"Rules:\n"
		"- The running total starts at 0.\n");
	if (t->tools)
		fam_put(host, out, "- The tool get_value gives the value of a key. Values never change.\n");
	fam_put(host, out, "- Each message names one or more keys, separated by commas. Look up every key in the dictionary and add its value to the "
		"running total, in order; a key that is named again counts again.\n"
		"- The total carries over from message to message and is never reset.\n"
		"- End each reply with the running total after the last key of the message, as an integer inside <answer></answer>.\n\n"
		"Example, with a dictionary of its own");
	fam_put(host, out, t->tools ? " (calls of the tool stand in it as text):" : ": ");
	put_example(out, t->tools);
	if (t->tools) {
		fam_put(host, out, "\nFrom here on the values are those that get_value gives, and the running total is 0.\n");
		return LH_TASK_OK;
	}
	fam_put(host, out, "\nThe dictionary to use from here on, with a running total of 0:\n");
	fam_dictionary_put(host, out, t->dictionary);
	fam_put(host, out, "\n");
	return LH_TASK_OK;
}

static int32_t ask(const struct lh_task *t, uint64_t first_step, uint32_t count, struct lh_sink *out)
{
	for (uint32_t i = 0; i < count; i++) {
		if (i)
			host->put(out, ", ", 2);
		fam_put(host, out, t->dictionary->key[key_of(t, first_step + i)]);
	}
	return LH_TASK_OK;
}

/* ---- The step machine -------------------------------------------------------------------------- */

static int32_t initial(const struct lh_task *t, struct lh_sink *out)
{
	(void)t;
	host->put(out, "0", 1);
	return LH_TASK_OK;
}

static int32_t apply(const struct lh_task *t, uint64_t step, struct lh_text state, struct lh_sink *out)
{
	int64_t total;
	if (!fam_state_int(state, &total))
		return fam_not_a_state(host, state, "a running total");
	fam_put_int(host, out, fam_add(total, t->dictionary->value[key_of(t, step)]));
	return LH_TASK_OK;
}

static int32_t canonical(const struct lh_task *t, struct lh_text text, struct lh_sink *out)
{
	(void)t;
	return fam_canonical_int(host, text, out);
}

static int32_t corrupt(const struct lh_task *t, uint64_t step, struct lh_text state, struct lh_draw *draw, struct lh_sink *out)
{
	int64_t total;
	if (!fam_state_int(state, &total))
		return fam_not_a_state(host, state, "a running total");
	const struct fam_dictionary *d = t->dictionary;
	int64_t other = d->value[host->random_between(draw, 0, (int64_t)d->count - 1)];
	fam_put_int(host, out, fam_slip(host, draw, total, d->value[key_of(t, step)], other));
	return LH_TASK_OK;
}

/* Where the total is wrong, the value was misread so that the sum agrees. */
static int32_t explain(const struct lh_task *t, uint64_t step, struct lh_text before, struct lh_text after, struct lh_sink *out)
{
	uint32_t key = key_of(t, step);
	struct fam_sum sum;
	if (fam_sum_read(host, before, after, t->dictionary->value[key], &sum))
		return LH_TASK_FAILED;
	fam_dictionary_put_read(host, out, t->dictionary, key, sum.added, fam_put_int);
	fam_put(host, out, " ");
	fam_sum_put(host, out, sum);
	return LH_TASK_OK;
}

/* ---- Tools ------------------------------------------------------------------------------------- */

static const struct lh_tool *list_tools(const struct lh_task_data *d, uint32_t *count)
{
	static const struct lh_tool tools[] = { { "get_value", "Gives the value of a key of the dictionary.",
		"{\"type\":\"object\",\"properties\":{\"key\":{\"type\":\"string\",\"description\":\"the key, as the message names it\"}},"
		"\"required\":[\"key\"],\"additionalProperties\":false}" } };
	*count = d->tools ? sizeof tools / sizeof *tools : 0;
	return tools;
}

static int32_t call_tool(const struct lh_task *t, struct lh_text name, struct lh_text arguments, struct lh_sink *out)
{
	char key[256] = "";
	(void)name;                               /* there is one */
	fam_argument_text(arguments, "key", key, sizeof key);
	for (uint32_t i = 0; i < t->dictionary->count; i++)
		if (!strcmp(t->dictionary->key[i], key)) {
			put_result(out, t->dictionary->value[i]);
			return LH_TASK_OK;
		}
	return fam_no_such(host, out, "key", key);
}

static int32_t needs(const struct lh_task *t, uint64_t step, struct lh_sink *out)
{
	return fam_put_need(host, out, "get_value", "key", t->dictionary->key[key_of(t, step)]);
}

static const struct lh_task_v1 task = {
	.struct_size = sizeof task,
	.param_count = PARAM_COUNT,
	.params = params,
	.summary = "look up a key, add its value to the running total; the state is the total",
	.load = load, .unload = unload, .samples = samples, .open = open_task, .close = close_task,
	.instructions = instructions, .ask = ask, .initial = initial, .apply = apply,
	.canonical = canonical, .corrupt = corrupt, .max_steps = max_steps,
};

static const struct lh_thoughts_v1 thoughts = { .struct_size = sizeof thoughts, .explain = explain };

static const struct lh_tools_v1 tools = { .struct_size = sizeof tools, .list = list_tools, .call = call_tool, .needs = needs };

FAM_PLUGIN_WITH_TOOLS("kv_sum", "1.1");
