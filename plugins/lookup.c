/* lookup - the control without state of "The Illusion of Diminishing Returns" (arXiv 2509.09677, appendix F):
 * keys are looked up in a dictionary given in the instructions, and nothing is kept.
 *
 * State: the value last looked up, as "-17"; 0 before the first. Step: one key, which alone decides the next
 * state. With equal parameters, dictionary and plan are those of kv_sum. */
#include "support/keyed.h"

static const struct lh_host *host;

enum { KEYS, MIN, MAX, NEVER_ZERO, WORDS, PARAM_COUNT };

static const struct lh_param params[PARAM_COUNT] = {
	[KEYS] = { "keys", LH_PARAM_INTEGER, 0, "100", 2, 10000, NULL, "entries of the dictionary" },
	[MIN] = { "min", LH_PARAM_INTEGER, 0, "-99", -1e9, 1e9, NULL, "least value" },
	[MAX] = { "max", LH_PARAM_INTEGER, 0, "99", -1e9, 1e9, NULL, "greatest value" },
	[NEVER_ZERO] = { "never_zero", LH_PARAM_CHOICE, 0, "false", 0, 0, "false|true", "no value is 0, as in kv_sum" },
	[WORDS] = { "words", LH_PARAM_FILE, 0, "", 0, 0, NULL,
		"a word list to draw keys from, UTF-8, one word a line; without it common English words" },
};

static struct lh_task_data *load(const struct lh_value *v)
{
	struct fam_values range = { v[MIN].integer, v[MAX].integer, v[NEVER_ZERO].integer == 1 };
	return fam_keyed_load(host, v[KEYS].integer, range, v[WORDS].text);
}

static struct lh_task *open_task(const struct lh_task_data *d, uint64_t sample, uint64_t seed)
{
	(void)sample;
	return fam_keyed_open(host, d, seed);
}

static void take(void *found, int64_t value)
{
	*(int64_t *)found = value;
}

static void put_example(struct lh_sink *out)
{
	static const struct fam_keyed_example example = { { 7, -12, 31, -4 }, fam_put_int, take, fam_dictionary_put_total, NULL };
	int64_t found = 0;
	fam_dictionary_example(host, out, &example, &found);
}

static int32_t instructions(const struct lh_task *t, uint32_t steps_per_turn, struct lh_sink *out)
{
	(void)steps_per_turn;
	fam_put(host, out, "You look up values in a dictionary.\n\n"
		"Rules:\n"
		"- Each message names one or more keys, separated by commas. Look up every key in the dictionary, in order.\n"
		"- The answer is the value of the last key of the message. Nothing is added up, and nothing carries over: keys that were "
		"named before, in this message or in others, do not change the answer.\n"
		"- End each reply with the answer, as an integer inside <answer></answer>.\n\n"
		"Example, with a dictionary of its own: ");
	put_example(out);
	fam_put(host, out, "\n\nThe dictionary to use from here on:\n");
	fam_dictionary_put(host, out, &t->dictionary);
	fam_put(host, out, "\n");
	return LH_TASK_OK;
}

static int32_t ask(const struct lh_task *t, uint64_t first_step, uint32_t count, struct lh_sink *out)
{
	fam_dictionary_ask(host, out, &t->dictionary, t->seed, first_step, count);
	return LH_TASK_OK;
}

static int32_t initial(const struct lh_task *t, struct lh_sink *out)
{
	(void)t;
	fam_put(host, out, "0");
	return LH_TASK_OK;
}

static int32_t apply(const struct lh_task *t, uint64_t step, struct lh_text state, struct lh_sink *out)
{
	(void)state;
	fam_put_int(host, out, fam_keyed_value(host, t, step));
	return LH_TASK_OK;
}

static int32_t canonical(const struct lh_task *t, struct lh_text text, struct lh_sink *out)
{
	(void)t;
	return fam_canonical_int(host, text, out);
}

/* The line before or behind, mostly; the key before; the sign overlooked. */
static int64_t slip(const struct lh_task *t, uint64_t step, int64_t right, struct lh_draw *draw)
{
	switch (host->random_between(draw, 0, 3)) {
	case 0: return fam_keyed_value(host, t, step ? step - 1 : step + 1);
	case 1: return -right;
	default: return t->dictionary.value[fam_dictionary_neighbour(host, &t->dictionary, draw, fam_keyed_key(host, t, step))];
	}
}

static int32_t corrupt(const struct lh_task *t, uint64_t step, struct lh_text state, struct lh_draw *draw, struct lh_sink *out)
{
	int64_t right;
	if (!fam_state_int(state, &right))
		return fam_not_a_state(host, state, "a value");
	int64_t wrong = slip(t, step, right, draw);
	if (wrong == right)                       /* lines can have equal values */
		wrong = right < 0 ? right + 1 : right - 1;
	fam_put_int(host, out, wrong);
	return LH_TASK_OK;
}

/* What was found, or was misread. */
static int32_t explain(const struct lh_task *t, uint64_t step, struct lh_text before, struct lh_text after, struct lh_sink *out)
{
	(void)before;
	int64_t found;
	if (!fam_state_int(after, &found))
		return fam_not_a_state(host, after, "a value");
	fam_dictionary_put_read(host, out, &t->dictionary, fam_keyed_key(host, t, step), found, fam_put_int);
	return LH_TASK_OK;
}

static const struct lh_task_v1 task = {
	.struct_size = sizeof task,
	.param_count = PARAM_COUNT,
	.params = params,
	.summary = "look up a key, nothing to keep; the state is the value last looked up",
	.load = load, .unload = fam_keyed_unload, .samples = fam_any_samples, .open = open_task, .close = fam_keyed_close,
	.instructions = instructions, .ask = ask, .initial = initial, .apply = apply,
	.canonical = canonical, .corrupt = corrupt, .max_steps = fam_any_steps,
};

static const struct lh_thoughts_v1 thoughts = { .struct_size = sizeof thoughts, .explain = explain };

FAM_PLUGIN("lookup", "1.0");
