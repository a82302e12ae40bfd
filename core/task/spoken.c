#include "task/spoken.h"

#include "task/task_impl.h"

#include <stdlib.h>
#include <string.h>

struct lh_task_data {
	char *instructions, *initial;
	struct lh_tool tool[LH_TOOLS_MAX];
};

struct lh_task { const struct lh_task_data *data; };

static void put(struct lh_sink *out, struct lh_str s) { lh_host_table()->put(out, s.p, s.n); }

static void unload(struct lh_task_data *d)
{
	if (!d)
		return;
	for (int i = 0; i < LH_TOOLS_MAX; i++)
		free((char *)d->tool[i].name);
	free(d->instructions);
	free(d->initial);
	free(d);
}

static struct lh_task_data *load(const struct lh_value *values)
{
	(void)values;
	return calloc(1, sizeof(struct lh_task_data));
}

static uint64_t samples(const struct lh_task_data *d) { (void)d; return 0; }
static uint64_t max_steps(const struct lh_task *t) { (void)t; return 0; }
static void close_task(struct lh_task *t) { free(t); }

static struct lh_task *open_task(const struct lh_task_data *d, uint64_t sample, uint64_t seed)
{
	(void)sample, (void)seed;
	struct lh_task *t = calloc(1, sizeof *t);
	if (t)
		t->data = d;
	return t;
}

static int32_t instructions(const struct lh_task *t, uint32_t steps_per_turn, struct lh_sink *out)
{
	(void)steps_per_turn;
	put(out, lh_str_of(t->data->instructions));
	return LH_TASK_OK;
}

static int32_t ask(const struct lh_task *t, uint64_t first_step, uint32_t count, struct lh_sink *out)
{
	(void)t, (void)first_step, (void)count, (void)out;
	static const char why[] = "a conversation from elsewhere has its own prompts";
	return lh_host_table()->fail(lh_host_table()->context, why, sizeof why - 1);
}

static int32_t initial(const struct lh_task *t, struct lh_sink *out)
{
	put(out, lh_str_of(t->data->initial));
	return LH_TASK_OK;
}

static int32_t apply(const struct lh_task *t, uint64_t step, struct lh_text state, struct lh_sink *out)
{
	(void)t, (void)step;
	put(out, (struct lh_str){ state.bytes, state.size });
	return LH_TASK_OK;
}

static int32_t canonical(const struct lh_task *t, struct lh_text text, struct lh_sink *out)
{
	(void)t;
	struct lh_str s = lh_str_trim((struct lh_str){ text.bytes, text.size });
	if (lh_state_fault(s))
		return LH_TASK_NO_STATE;
	put(out, s);
	return LH_TASK_OK;
}

static int32_t corrupt(const struct lh_task *t, uint64_t step, struct lh_text state, struct lh_draw *draw, struct lh_sink *out)
{
	(void)step, (void)state, (void)draw;
	return ask(t, 0, 1, out);
}

static const struct lh_task_v1 task = {
	.struct_size = sizeof task, .summary = "a conversation from elsewhere", .load = load, .unload = unload, .samples = samples,
	.open = open_task, .close = close_task, .instructions = instructions, .ask = ask, .initial = initial, .apply = apply,
	.canonical = canonical, .corrupt = corrupt, .max_steps = max_steps,
};
static const struct lh_plugin plugin = { .magic = LH_ABI_MAGIC, .abi_major = LH_ABI_MAJOR, .abi_minor = LH_ABI_MINOR, .struct_size = sizeof plugin,
	.name = "conversation", .version = LH_VERSION, .license = "MIT" };
static const struct lh_family family = { .plugin = &plugin, .task = &task };

static int fill(struct lh_taskset *set, const struct lh_spoken *what, struct lh_error *err)
{
	struct lh_task_data *d = set->data;
	d->instructions = lh_str_dup(what->instructions);
	d->initial = lh_str_dup(what->initial);
	if (!d->instructions || !d->initial)
		return lh_nomem(err);
	set->schema = calloc(LH_TOOLS_MAX, sizeof *set->schema);         /* of tools that nobody calls: none */
	if (!set->schema)
		return lh_nomem(err);
	set->tool = d->tool;
	for (; set->tools < what->tools && set->tools < LH_TOOLS_MAX; set->tools++) {
		d->tool[set->tools] = (struct lh_tool){ .name = lh_str_dup(what->tool[set->tools]), .description = "", .parameters = "" };
		if (!d->tool[set->tools].name)
			return lh_nomem(err);
	}
	return 0;
}

int lh_sample_spoken(const struct lh_spoken *what, struct lh_sample **out, struct lh_error *err)
{
	struct lh_taskset *set;
	const char *fault = lh_state_fault(what->initial);
	*out = NULL;
	if (fault)
		return lh_fail(err, LH_E_USAGE, "%s cannot stand for how things were at first", fault);
	int rc = lh_taskset_open(&family, NULL, NULL, 0, NULL, &set, err);
	if (rc)
		return rc;
	rc = fill(set, what, err);
	if (!rc)
		rc = lh_sample_open(set, 0, 0, out, err);
	if (rc)
		lh_taskset_free(set);
	return rc;
}

void lh_sample_spoken_free(struct lh_sample *s)
{
	struct lh_taskset *set = s ? s->set : NULL;
	lh_sample_close(s);
	lh_taskset_free(set);
}
