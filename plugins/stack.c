/* stack - a bounded stack of numbers, to which one operation is done a step: a whole structure is to be kept, not one total.
 *
 * State: the stack from bottom to top, as "3 9 4", or "empty". A number that is pushed is looked up in a dictionary, or given.
 * Sums are taken modulo `modulus`, and what the stack cannot hold falls out at the bottom, so that an answer at step 10,000 is
 * as short as at step 1. An answer with too many numbers, or with one that is too large, can be read all the same, and is carried
 * on by the same rules. */
#include "support/machines.h"

static const struct lh_host *host;

enum { DEPTH, MODULUS, KEYS, LOOKUP, OPS, PARAM_COUNT };

static const struct lh_param params[PARAM_COUNT] = {
	[DEPTH] = { "depth", LH_PARAM_INTEGER, 0, "8", 2, 32, NULL, "numbers that the stack holds" },
	[MODULUS] = { "modulus", LH_PARAM_INTEGER, 0, "100", 2, 1000000, NULL, "numbers are from 0 to one below it" },
	[KEYS] = { "keys", LH_PARAM_INTEGER, 0, "100", 2, 10000, NULL, "entries of the dictionary" },
	[LOOKUP] = { "lookup", LH_PARAM_CHOICE, 0, "true", 0, 0, "false|true",
		"numbers to push are looked up; false: the same numbers are given" },
	[OPS] = { "ops", LH_PARAM_TEXT, 0, FAM_STACK_OPS, 0, 0, NULL,
		"how often each operation comes: push, pop, dup, over, swap, rot, add, sub, with weights" },
};

static struct lh_task_data *load(const struct lh_value *v)
{
	struct fam_setting set = fam_stack_setting((uint32_t)v[DEPTH].integer, v[MODULUS].integer);
	return fam_verbs_load(host, &fam_stack, &set, v[OPS].text, v[KEYS].integer, v[LOOKUP].integer == 1);
}

static const struct lh_task_v1 task = {
	.struct_size = sizeof task,
	.param_count = PARAM_COUNT,
	.params = params,
	.summary = "push a number, or pop, swap, add ...; the state is the stack, bottom to top",
	.load = load, FAM_VERBS_TASK,
};

static const struct lh_thoughts_v1 thoughts = { .struct_size = sizeof thoughts, .explain = fam_verbs_explain };

FAM_PLUGIN("stack", "1.0");
