/* prefix_sum - the control without retrieval of "The Illusion of Diminishing Returns" (arXiv 2509.09677,
 * appendix F): the integers to add stand in the messages, and a running total is kept.
 *
 * State: the total, as "-17". Step: one integer. The integers are the values that kv_sum's steps find in its
 * dictionary, so that with equal parameters the two families add the same numbers and have the same totals. */
#include "support/keyed.h"

static const struct lh_host *host;

enum { KEYS, MIN, MAX, NEVER_ZERO, PARAM_COUNT };

static const struct lh_param params[PARAM_COUNT] = {
	[KEYS] = { "keys", LH_PARAM_INTEGER, 0, "100", 2, 10000, NULL,
		"values that a sample's integers come from; as many as kv_sum's keys: the integers that it adds" },
	[MIN] = { "min", LH_PARAM_INTEGER, 0, "-99", -1e9, 1e9, NULL, "least integer to add" },
	[MAX] = { "max", LH_PARAM_INTEGER, 0, "99", -1e9, 1e9, NULL, "greatest integer to add" },
	[NEVER_ZERO] = { "never_zero", LH_PARAM_CHOICE, 0, "false", 0, 0, "false|true",
		"0 is never added, so that no step leaves the total as it was" },
};

static struct lh_task_data *load(const struct lh_value *v)
{
	struct fam_values range = { v[MIN].integer, v[MAX].integer, v[NEVER_ZERO].integer == 1 };
	return fam_keyed_load(host, v[KEYS].integer, range, "");
}

static struct lh_task *open_task(const struct lh_task_data *d, uint64_t sample, uint64_t seed)
{
	(void)sample;
	return fam_keyed_open(host, d, seed);
}

/* The totals are worked out by the same rule. */
static void put_example(struct lh_sink *out)
{
	static const int64_t plan[][4] = { { -12 }, { 31, 7 }, { -4, 31, -45 } };
	static const int count[] = { 1, 2, 3 };
	int64_t total = 0;
	for (size_t turn = 0; turn < sizeof plan / sizeof *plan; turn++) {
		fam_put(host, out, "\nMessage: ");
		for (int i = 0; i < count[turn]; i++) {
			fam_put(host, out, i ? ", " : "");
			fam_put_int(host, out, plan[turn][i]);
			total = fam_add(total, plan[turn][i]);
		}
		fam_put(host, out, "\nReply: <answer>");
		fam_put_int(host, out, total);
		fam_put(host, out, "</answer>");
	}
}

static int32_t instructions(const struct lh_task *t, uint32_t steps_per_turn, struct lh_sink *out)
{
	(void)t;
	(void)steps_per_turn;
	fam_put(host, out, "You keep a running total of the integers that you are given.\n\n"
		"Rules:\n"
		"- The running total starts at 0.\n"
		"- Each message gives one or more integers, separated by commas. Add every one of them to the running total, in order; "
		"an integer that is given again counts again.\n"
		"- The total carries over from message to message and is never reset.\n"
		"- End each reply with the running total after the last integer of the message, as an integer inside <answer></answer>.\n\n"
		"Example:");
	put_example(out);
	fam_put(host, out, "\n\nFrom here on, begin with a running total of 0.\n");
	return LH_TASK_OK;
}

static int32_t ask(const struct lh_task *t, uint64_t first_step, uint32_t count, struct lh_sink *out)
{
	for (uint32_t i = 0; i < count; i++) {
		fam_put(host, out, i ? ", " : "");
		fam_put_int(host, out, fam_keyed_value(host, t, first_step + i));
	}
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
	int64_t total;
	if (!fam_state_int(state, &total))
		return fam_not_a_state(host, state, "a running total");
	fam_put_int(host, out, fam_add(total, fam_keyed_value(host, t, step)));
	return LH_TASK_OK;
}

static int32_t canonical(const struct lh_task *t, struct lh_text text, struct lh_sink *out)
{
	(void)t;
	return fam_canonical_int(host, text, out);
}

/* What may be added instead of the right integer is its neighbour in the messages. */
static int32_t corrupt(const struct lh_task *t, uint64_t step, struct lh_text state, struct lh_draw *draw, struct lh_sink *out)
{
	int64_t total;
	if (!fam_state_int(state, &total))
		return fam_not_a_state(host, state, "a running total");
	int64_t neighbour = fam_keyed_value(host, t, step ? step - 1 : step + 1);
	fam_put_int(host, out, fam_slip(host, draw, total, fam_keyed_value(host, t, step), neighbour));
	return LH_TASK_OK;
}

/* Where the total is wrong, the integer was misread so that the sum agrees. */
static int32_t explain(const struct lh_task *t, uint64_t step, struct lh_text before, struct lh_text after, struct lh_sink *out)
{
	struct fam_sum sum;
	if (fam_sum_read(host, before, after, fam_keyed_value(host, t, step), &sum))
		return LH_TASK_FAILED;
	fam_sum_put(host, out, sum);
	return LH_TASK_OK;
}

static const struct lh_task_v1 task = {
	.struct_size = sizeof task,
	.param_count = PARAM_COUNT,
	.params = params,
	.summary = "add the integer given to the running total, nothing to look up; the state is the total",
	.load = load, .unload = fam_keyed_unload, .samples = fam_any_samples, .open = open_task, .close = fam_keyed_close,
	.instructions = instructions, .ask = ask, .initial = initial, .apply = apply,
	.canonical = canonical, .corrupt = corrupt, .max_steps = fam_any_steps,
};

static const struct lh_thoughts_v1 thoughts = { .struct_size = sizeof thoughts, .explain = explain };

FAM_PLUGIN("prefix_sum", "1.0");
