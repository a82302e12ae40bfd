/* counter - named counters, of which a step changes one or two: what is not named has to be kept as it was.
 *
 * State: all counters in order, as "a=3 b=-1 c=0". Amounts are looked up in a dictionary, or given. Increments alone could be added up
 * side by side; a copy, a reset or a swap between them has to come at its place. A counter stops at `limit` and its negative, so that an
 * answer at step 10,000 is as short as at step 1; where an answer goes beyond, it can be read all the same. */
#include "support/machines.h"

static const struct lh_host *host;

enum { COUNTERS, MAX, LIMIT, KEYS, LOOKUP, OPS, PARAM_COUNT };

static const struct lh_param params[PARAM_COUNT] = {
	[COUNTERS] = { "counters", LH_PARAM_INTEGER, 0, "4", 2, FAM_COUNTERS_MAX, NULL, "how many counters there are" },
	[MAX] = { "max", LH_PARAM_INTEGER, 0, "20", 1, 1000000, NULL, "amounts are from 1 to this" },
	[LIMIT] = { "limit", LH_PARAM_INTEGER, 0, "999", 1, 1000000000, NULL, "counters stop at this and at its negative" },
	[KEYS] = { "keys", LH_PARAM_INTEGER, 0, "100", 2, 10000, NULL, "entries of the dictionary" },
	[LOOKUP] = { "lookup", LH_PARAM_CHOICE, 0, "true", 0, 0, "false|true", "amounts are looked up; false: the same amounts are given" },
	[OPS] = { "ops", LH_PARAM_TEXT, 0, FAM_COUNTERS_OPS, 0, 0, NULL,
		"how often each operation comes: increment, decrement, transfer, copy, reset, swap, with weights" },
};

static struct lh_task_data *load(const struct lh_value *v)
{
	struct fam_setting set = fam_counters_setting((uint32_t)v[COUNTERS].integer, v[MAX].integer, v[LIMIT].integer);
	return fam_verbs_load(host, &fam_counters, &set, v[OPS].text, v[KEYS].integer, v[LOOKUP].integer == 1);
}

static const struct lh_task_v1 task = {
	.struct_size = sizeof task,
	.param_count = PARAM_COUNT,
	.params = params,
	.summary = "increment a counter, or transfer, copy, reset ...; the state is all counters",
	.load = load, FAM_VERBS_TASK,
};

static const struct lh_thoughts_v1 thoughts = { .struct_size = sizeof thoughts, .explain = fam_verbs_explain };

FAM_PLUGIN("counter", "1.0");
