/* mixed - a state of several parts, to which the operations of several families are done in turn: a total, a stack, a queue, counters, a
 * string. What the step does not name has to be kept as it was, and rules of several kinds have to be kept apart.
 *
 * State: all parts, as "total 17; stack 3 9 4; counters a=3 b=-1; string kbz". The operations are those of kv_sum or prefix_sum, stack, queue, counter
 * and text_edit, by the same code. Operands are looked up in one dictionary, given, or now the one and now the other. Each part is bounded as
 * in its own family; a list that is somewhat too long can be read and is carried on. */
#include "support/machines.h"

static const struct lh_host *host;

enum { PARTS, STACK, QUEUE, COUNTERS, STRING, MAX, KEYS, LOOKUP, TOTAL_OPS, STACK_OPS, QUEUE_OPS, COUNTERS_OPS, STRING_OPS, PARAM_COUNT };

#define LIMIT 999                         /* of the counters */
#define LETTERS 26

static const struct lh_param params[PARAM_COUNT] = {
	[PARTS] = { "parts", LH_PARAM_TEXT, 0, "total+stack+counters+string", 0, 0, NULL,
		"parts of the state, two or more, and how often a step is of each: total, stack, queue, counters, string, with weights" },
	[STACK] = { "stack", LH_PARAM_INTEGER, 0, "5", 2, 16, NULL, "numbers that the stack holds" },
	[QUEUE] = { "queue", LH_PARAM_INTEGER, 0, "5", 2, 16, NULL, "numbers that the queue holds" },
	[COUNTERS] = { "counters", LH_PARAM_INTEGER, 0, "3", 2, 10, NULL, "how many counters there are" },
	[STRING] = { "string", LH_PARAM_INTEGER, 0, "8", 3, 24, NULL, "letters that the string has at most" },
	[MAX] = { "max", LH_PARAM_INTEGER, 0, "20", 1, 9999, NULL, "operands are from 1 to this; numbers of the stack from 0" },
	[KEYS] = { "keys", LH_PARAM_INTEGER, 0, "50", 2, 10000, NULL, "entries of the dictionary" },
	[LOOKUP] = { "lookup", LH_PARAM_NUMBER, 0, "1", 0, 1, NULL, "share of the operands that are looked up; the others are given, and are the same" },
	[TOTAL_OPS] = { "total_ops", LH_PARAM_TEXT, 0, FAM_TOTAL_OPS, 0, 0, NULL, "how often each operation on the total comes: add, subtract, with weights" },
	[STACK_OPS] = { "stack_ops", LH_PARAM_TEXT, 0, FAM_STACK_OPS, 0, 0, NULL, "the same for the stack, as ops of the family stack" },
	[QUEUE_OPS] = { "queue_ops", LH_PARAM_TEXT, 0, FAM_QUEUE_OPS, 0, 0, NULL, "the same for the queue, as ops of the family queue" },
	[COUNTERS_OPS] = { "counters_ops", LH_PARAM_TEXT, 0, FAM_COUNTERS_OPS, 0, 0, NULL, "the same for the counters, as ops of the family counter" },
	[STRING_OPS] = { "string_ops", LH_PARAM_TEXT, 0, FAM_STRING_OPS, 0, 0, NULL, "the same for the string, as ops of the family text_edit" },
};

/* In the order of the state. */
static int32_t add_parts(struct lh_task_data *d, const struct lh_value *v)
{
	static const struct fam_machine *const machine[] = { &fam_total, &fam_stack, &fam_queue, &fam_counters, &fam_string };
	enum { KINDS = sizeof machine / sizeof *machine };
	int64_t max = v[MAX].integer;
	struct fam_setting set[KINDS] = { fam_total_setting(max), fam_stack_setting((uint32_t)v[STACK].integer, max + 1),
		fam_queue_setting((uint32_t)v[QUEUE].integer, max), fam_counters_setting((uint32_t)v[COUNTERS].integer, max, LIMIT),
		fam_string_setting((uint32_t)v[STRING].integer, LETTERS) };
	const char *name[KINDS];
	struct fam_mix deal;
	for (int k = 0; k < KINDS; k++) {
		name[k] = machine[k]->noun;
		set[k].x_low = set[k].keyed ? 1 : set[k].x_low;         /* one dictionary has the operands of all */
	}
	int32_t rc = fam_mix_read(host, (struct fam_mix_words){ "parts", "is no part", name, KINDS }, v[PARTS].text, &deal);
	for (int k = 0; k < KINDS && !rc; k++)
		if (deal.weight[k])
			rc = fam_verbs_add(d, machine[k], &set[k], deal.weight[k], params[TOTAL_OPS + k].name, v[TOTAL_OPS + k].text);
	if (!rc && d->parts < 2)
		rc = fam_fail(host, "parts=%.200s: a mixture has two parts or more; add others with +, out of: total, stack, queue, counters, string", v[PARTS].text);
	return rc;
}

static struct lh_task_data *load(const struct lh_value *v)
{
	struct lh_task_data *d = fam_verbs_new(host);
	if (d && add_parts(d, v) == LH_TASK_OK && fam_verbs_learn(d, v[KEYS].integer, v[LOOKUP].number) == LH_TASK_OK)
		return d;
	fam_verbs_unload(d);
	return NULL;
}

static const struct lh_task_v1 task = {
	.struct_size = sizeof task,
	.param_count = PARAM_COUNT,
	.params = params,
	.summary = "one operation on one of several parts: total, stack, counters, string ...; the state is all parts",
	.load = load, FAM_VERBS_TASK,
};

static const struct lh_thoughts_v1 thoughts = { .struct_size = sizeof thoughts, .explain = fam_verbs_explain };

FAM_PLUGIN("mixed", "1.0");
