/* text_edit - a short string, to which one edit is done a step.
 *
 * State: the string, as "kbzaqm". All its letters count, and where they stand; an edit at a position asks for counting. Insertion
 * and deletion stop at `length` and at two thirds of it, so that an answer at step 10,000 is as short as at step 1; one that is
 * longer or shorter can be read all the same, and is carried on by the same rules. */
#include "support/machines.h"

static const struct lh_host *host;

enum { LENGTH, LETTERS, OPS, PARAM_COUNT };

static const struct lh_param params[PARAM_COUNT] = {
	[LENGTH] = { "length", LH_PARAM_INTEGER, 0, "12", 3, 48, NULL, "letters that the string has at most" },
	[LETTERS] = { "letters", LH_PARAM_INTEGER, 0, "26", 2, 26, NULL, "letters of the alphabet that are used, from a on" },
	[OPS] = { "ops", LH_PARAM_TEXT, 0, FAM_STRING_OPS, 0, 0, NULL,
		"how often each operation comes: insert, delete, replace, swap, reverse, rotate, with weights" },
};

static struct lh_task_data *load(const struct lh_value *v)
{
	struct fam_setting set = fam_string_setting((uint32_t)v[LENGTH].integer, v[LETTERS].integer);
	return fam_verbs_load(host, &fam_string, &set, v[OPS].text, 0, false);
}

static const struct lh_task_v1 task = {
	.struct_size = sizeof task,
	.param_count = PARAM_COUNT,
	.params = params,
	.summary = "insert, delete, replace, swap, reverse or rotate letters; the state is the string",
	.load = load, FAM_VERBS_TASK,
};

static const struct lh_thoughts_v1 thoughts = { .struct_size = sizeof thoughts, .explain = fam_verbs_explain };

FAM_PLUGIN("text_edit", "1.0");
