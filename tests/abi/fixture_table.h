/* abi/fixture_table.h - ends a fixture: the interface and the symbol, each part replaceable. */
#ifndef LOAD
#define LOAD good_load
#endif
#ifndef OPEN
#define OPEN good_open
#endif
#ifndef INSTRUCTIONS
#define INSTRUCTIONS good_instructions
#endif
#ifndef ASK
#define ASK good_ask
#endif
#ifndef APPLY
#define APPLY good_apply
#endif
#ifndef CANONICAL
#define CANONICAL good_canonical
#endif
#ifndef CORRUPT
#define CORRUPT good_corrupt
#endif
#ifndef TASK_SIZE
#define TASK_SIZE sizeof(struct lh_task_v1)
#endif
#ifndef INTERFACE
#define INTERFACE LH_TASK_INTERFACE
#endif
#ifndef MAGIC
#define MAGIC LH_ABI_MAGIC
#endif
#ifndef MAJOR
#define MAJOR LH_ABI_MAJOR
#endif
#ifndef MINOR
#define MINOR LH_ABI_MINOR
#endif
#ifndef PLUGIN_SIZE
#define PLUGIN_SIZE sizeof(struct lh_plugin)
#endif
#ifndef VERSION
#define VERSION "1.0"
#endif
#ifdef PARAMS
#define PARAM_COUNT (sizeof(PARAMS) / sizeof *(PARAMS))
#else
#define PARAMS NULL
#define PARAM_COUNT 0
#endif

static const struct lh_task_v1 task = {
	.struct_size = TASK_SIZE, .param_count = PARAM_COUNT, .params = PARAMS, .summary = "adds up",
	.load = LOAD, .unload = good_unload, .samples = good_samples, .open = OPEN, .close = good_close,
	.instructions = INSTRUCTIONS, .ask = ASK, .initial = good_initial, .apply = APPLY,
	.canonical = CANONICAL, .corrupt = CORRUPT, .max_steps = good_max_steps,
};

/* The optional interface, where a fixture defines EXPLAIN. */
#ifdef EXPLAIN
#ifndef THOUGHTS_SIZE
#define THOUGHTS_SIZE sizeof(struct lh_thoughts_v1)
#endif
static const struct lh_thoughts_v1 thoughts = { .struct_size = THOUGHTS_SIZE, .explain = EXPLAIN };
#endif

static const void *get_interface(const struct lh_host *h, const char *id)
{
	host = h;
#ifdef EXPLAIN
	if (strcmp(id, LH_THOUGHTS_INTERFACE) == 0)
		return &thoughts;
#endif
	return strcmp(id, INTERFACE) == 0 ? &task : NULL;
}

LH_PLUGIN_EXPORT const struct lh_plugin longhaul_plugin = {
	.magic = MAGIC, .abi_major = MAJOR, .abi_minor = MINOR, .struct_size = PLUGIN_SIZE,
	.name = NAME, .version = VERSION, .license = "MIT", .get_interface = get_interface,
};
