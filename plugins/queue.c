/* queue - a bounded queue of numbers, to which one operation is done a step.
 *
 * State: the queue from front to back, as "3 9 4", or "empty". What is added is looked up in a dictionary, or given. Unlike a
 * stack's, its operations are at both ends, and a turn round moves everything. An answer with too many numbers can be read all the
 * same, and is carried on by the same rules. */
#include "support/machines.h"

static const struct lh_host *host;

enum { LENGTH, MAX, KEYS, LOOKUP, OPS, PARAM_COUNT };

static const struct lh_param params[PARAM_COUNT] = {
	[LENGTH] = { "length", LH_PARAM_INTEGER, 0, "8", 2, 32, NULL, "numbers that the queue holds" },
	[MAX] = { "max", LH_PARAM_INTEGER, 0, "99", 1, 1000000, NULL, "numbers are from 0 to this" },
	[KEYS] = { "keys", LH_PARAM_INTEGER, 0, "100", 2, 10000, NULL, "entries of the dictionary" },
	[LOOKUP] = { "lookup", LH_PARAM_CHOICE, 0, "true", 0, 0, "false|true",
		"numbers to add are looked up; false: the same numbers are given" },
	[OPS] = { "ops", LH_PARAM_TEXT, 0, FAM_QUEUE_OPS, 0, 0, NULL,
		"how often each operation comes: enqueue, jump, dequeue, leave, rotate, recall, reverse, with weights" },
};

static struct lh_task_data *load(const struct lh_value *v)
{
	struct fam_setting set = fam_queue_setting((uint32_t)v[LENGTH].integer, v[MAX].integer);
	return fam_verbs_load(host, &fam_queue, &set, v[OPS].text, v[KEYS].integer, v[LOOKUP].integer == 1);
}

static const struct lh_task_v1 task = {
	.struct_size = sizeof task,
	.param_count = PARAM_COUNT,
	.params = params,
	.summary = "enqueue a number, or dequeue, rotate, reverse ...; the state is the queue, front to back",
	.load = load, FAM_VERBS_TASK,
};

static const struct lh_thoughts_v1 thoughts = { .struct_size = sizeof thoughts, .explain = fam_verbs_explain };

FAM_PLUGIN("queue", "1.0");
