/* kv_sum - the task of "The Illusion of Diminishing Returns" (arXiv 2509.09677, section 3): keys are
 * looked up in a dictionary given in the instructions, and their values are added to a running total.
 *
 * State: the total, as "-17". Step: one key. The plan is uniform over the keys, with replacement, and
 * unlimited; or it is that of a published data set. */
#include "support/dataset.h"

#include <stdlib.h>
#include <string.h>

static const struct lh_host *host;

enum { KEYS, MIN, MAX, NEVER_ZERO, WORDS, DATASET, PARAM_COUNT };

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
};

struct lh_task_data {
	struct fam_source source;
	struct fam_dataset *set;                  /* NULL: generated */
};

struct lh_task {
	uint64_t seed;
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
	struct lh_task_data *d = calloc(1, sizeof *d);
	if (!d) {
		fam_fail(host, "out of memory");
		return NULL;
	}
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
	struct lh_task *t = calloc(1, sizeof *t);
	if (!t) {
		fam_fail(host, "out of memory");
		return NULL;
	}
	t->seed = seed;
	if (d->set) {
		t->dictionary = &d->set->dictionary;
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

static void add(void *total, int64_t value)
{
	*(int64_t *)total = fam_add(*(int64_t *)total, value);
}

static void put_example(struct lh_sink *out)
{
	static const struct fam_keyed_example example = { { 7, -12, 31, -4 }, fam_put_int, add, fam_dictionary_put_total };
	int64_t total = 0;
	fam_dictionary_example(host, out, &example, &total);
	fam_put(host, out, "\n");
}

static int32_t instructions(const struct lh_task *t, uint32_t steps_per_turn, struct lh_sink *out)
{
	(void)steps_per_turn;
	fam_put(host, out, "You keep a running total of values that are looked up in a dictionary.\n\n"
		"Rules:\n"
		"- The running total starts at 0.\n"
		"- Each message names one or more keys, separated by commas. Look up every key in the dictionary and add its value to the "
		"running total, in order; a key that is named again counts again.\n"
		"- The total carries over from message to message and is never reset.\n"
		"- End each reply with the running total after the last key of the message, as an integer inside <answer></answer>.\n\n"
		"Example, with a dictionary of its own: ");
	put_example(out);
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

static const void *get_interface(const struct lh_host *h, const char *id)
{
	host = h;
	if (strcmp(id, LH_THOUGHTS_INTERFACE) == 0)
		return &thoughts;
	return strcmp(id, LH_TASK_INTERFACE) == 0 ? &task : NULL;
}

LH_PLUGIN_EXPORT const struct lh_plugin longhaul_plugin = {
	.magic = LH_ABI_MAGIC, .abi_major = LH_ABI_MAJOR, .abi_minor = LH_ABI_MINOR, .struct_size = sizeof(struct lh_plugin),
	.name = "kv_sum", .version = "1.0", .license = "MIT", .get_interface = get_interface,
};
