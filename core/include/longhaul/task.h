/* longhaul/task.h - the task-plugin ABI: the one header that a task family includes.
 *
 * A task family is a *step machine* over canonical text states: initial, apply(step, state) ->
 * state, canonical(text) -> state, corrupt(state). Everything the program needs to know about a
 * task (truth, what a flawless executor would answer given what it was shown, injected errors,
 * single-turn tests, the simulated model) comes from these functions.
 *
 * A family is a shared object that exports one const data symbol, `longhaul_plugin`. The host
 * checks that symbol before it runs any function of the plugin.
 *
 * Rules. Text goes out through `host->put`, never as a pointer that someone must free. A family
 * does no I/O besides `host->read_file`, keeps no borrowed pointer, never blocks, never exits,
 * and has no mutable globals but the host table that `get_interface` hands it. All functions are
 * called from one thread. Only fixed-width integers, double, size_t and pointers cross the line.
 *
 * Compatibility. A published struct or signature is never edited: fields are appended (and
 * LH_ABI_MINOR rises), or a new interface "…/2" is published beside "…/1". An interface is found by its
 * name, so a new one needs no new minor: a host that does not know it never asks for it.
 *
 * A state is 1 to 4096 bytes of UTF-8 that survive inside <answer>…</answer>: no '<', no control
 * characters but newline and tab, no white space at either end. Two states are the same if and only if
 * their bytes are.
 *
 * `sample`, `step` and `first_step` count from 0; turns (in text) count from 1. */
#ifndef LONGHAUL_TASK_H
#define LONGHAUL_TASK_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define LH_ABI_MAGIC 0x4C48415554414B31u      /* "LHAUTAK1" */
#define LH_ABI_MAJOR 1u
#define LH_ABI_MINOR 0u

/* Results of functions that can fail. */
#define LH_TASK_OK 0
#define LH_TASK_NO_STATE 1        /* canonical(): the text is no valid state */
#define LH_TASK_FAILED (-1)       /* host->fail() was told why */

/* Borrowed text, not NUL-terminated, valid during the call. */
struct lh_text {
	const char *bytes;
	size_t size;
};

struct lh_sink;                   /* where text goes; the host's */
struct lh_draw;                   /* a random stream; the host's */

/* Host services. Append-only: look at struct_size before using a field newer than your header. */
struct lh_host {
	uint32_t struct_size;
	uint32_t abi_minor;
	void *context;            /* pass it back */
	/* To the log; bounded. */
	void (*log)(void *context, const char *bytes, size_t size);
	/* Says why the function about to return LH_TASK_FAILED (or NULL) failed. Always returns
	 * LH_TASK_FAILED. Where a file is at fault the text names line or entry. */
	int32_t (*fail)(void *context, const char *bytes, size_t size);
	/* Appends to the sink. Overlong output is cut off by the host and counts as a failure. */
	void (*put)(struct lh_sink *sink, const char *bytes, size_t size);
	/* 64 random bits; a number in [lo, hi]. */
	uint64_t (*random_bits)(struct lh_draw *draw);
	int64_t (*random_between)(struct lh_draw *draw, int64_t lo, int64_t hi);
	/* Reads a file named by a parameter of type LH_PARAM_FILE: `path` is that value's text. Within
	 * load() only; the bytes stay valid until it returns. Failing, it has called fail(). */
	int32_t (*read_file)(void *context, const char *path, struct lh_text *out);
	/* A stream of its own for a seed: for what open() makes from it. The stream lives until
	 * the call into the plugin returns. */
	struct lh_draw *(*stream)(void *context, uint64_t seed);
};

enum lh_param_type {
	LH_PARAM_INTEGER = 1,     /* value.integer */
	LH_PARAM_NUMBER = 2,      /* value.number */
	LH_PARAM_TEXT = 3,        /* value.text */
	LH_PARAM_CHOICE = 4,      /* value.integer: index into `choices`; value.text: the word */
	LH_PARAM_FILE = 5         /* value.text: a path; empty where none was given */
};

/* A declared parameter. The host parses, checks the range, and fills in the default. */
struct lh_param {
	const char *name;
	uint32_t type;            /* enum lh_param_type */
	uint32_t reserved;        /* 0 */
	const char *initial;      /* the default, as one would type it; "" for no file, no text */
	double min, max;          /* integer, number: the closed range; both 0: unbounded */
	const char *choices;      /* choice: the words, separated by '|', e.g. "false|true" */
	const char *help;         /* one line */
};

struct lh_value {
	int64_t integer;
	double number;
	const char *text;         /* NUL-terminated; valid until unload() */
};

struct lh_task_data;              /* the family's: what all samples share */
struct lh_task;                   /* the family's: one sample */

/* Interface "longhaul.task/1". All pointers are required unless said otherwise. */
struct lh_task_v1 {
	uint32_t struct_size;
	uint32_t param_count;
	const struct lh_param *params;      /* NULL where param_count is 0 */
	const char *summary;                /* one line: what a step is, what the state is */

	/* Once a process and set of parameters, before any sample; `values` in the order of
	 * `params`. NULL: failed. */
	struct lh_task_data *(*load)(const struct lh_value *values);
	void (*unload)(struct lh_task_data *data);                     /* accepts NULL */
	/* How many samples there are; 0: unlimited. */
	uint64_t (*samples)(const struct lh_task_data *data);
	/* One sample. Same (params, sample, seed): same task, on every machine. NULL: failed. */
	struct lh_task *(*open)(const struct lh_task_data *data, uint64_t sample, uint64_t seed);
	void (*close)(struct lh_task *task);                           /* accepts NULL */
	/* The system message: rules, knowledge, answer format (an <answer> tag), one worked example
	 * computed by the family. Same wording for every steps_per_turn. */
	int32_t (*instructions)(const struct lh_task *task, uint32_t steps_per_turn, struct lh_sink *out);
	/* The user message for `count` steps from `first_step`. */
	int32_t (*ask)(const struct lh_task *task, uint64_t first_step, uint32_t count, struct lh_sink *out);
	int32_t (*initial)(const struct lh_task *task, struct lh_sink *out);
	/* The truth: total on canonical states, independent of earlier calls. Steps below max_steps. */
	int32_t (*apply)(const struct lh_task *task, uint64_t step, struct lh_text state, struct lh_sink *out);
	/* The content of an answer tag made canonical, or LH_TASK_NO_STATE. Any bytes may come; white
	 * space around a state does not matter. */
	int32_t (*canonical)(const struct lh_task *task, struct lh_text text, struct lh_sink *out);
	/* A plausible wrong state after `step`: canonical, always different from `state`, which is
	 * the right one. */
	int32_t (*corrupt)(const struct lh_task *task, uint64_t step, struct lh_text state, struct lh_draw *draw, struct lh_sink *out);
	/* How many steps the plan has; 0: unlimited. */
	uint64_t (*max_steps)(const struct lh_task *task);
};

#define LH_TASK_INTERFACE "longhaul.task/1"

/* Interface "longhaul.thoughts/1", optional: the worked reasoning of one step, so that an answer that was
 * put into a history, right or wrong, has reasoning that agrees with it. */
struct lh_thoughts_v1 {
	uint32_t struct_size;
	uint32_t reserved;                  /* 0 */
	/* One or a few short sentences that lead from `before` to `after`, as a model would think them: at
	 * most 4096 bytes of UTF-8 without '<', without control characters but newline and tab, and without
	 * white space at an end. They end in the text of `after`; what closes a sentence or a quotation may
	 * follow. Total on canonical states; the same arguments give the same text.
	 * Where `after` is not what apply(step, before) gives, the slip is in the reasoning (an operand
	 * misread, a miscount), all that follows it agrees with it, and nothing tells that anything is wrong. */
	int32_t (*explain)(const struct lh_task *task, uint64_t step, struct lh_text before, struct lh_text after, struct lh_sink *out);
};

#define LH_THOUGHTS_INTERFACE "longhaul.thoughts/1"

/* A tool that a model may call. Texts live as long as the data that list() was given. */
struct lh_tool {
	const char *name;                   /* [a-z][a-z0-9_]*, at most 40 */
	const char *description;            /* what it gives, for the model to read */
	const char *parameters;             /* of its arguments: a JSON Schema of type object */
};

/* call(): what was put out is an error message to the model, about the call. */
#define LH_TASK_REFUSED 2

/* Interface "longhaul.tools/1", optional: tools by which the model reads what its instructions do not say. A tool
 * reads; it changes no state, so that a call may be made at any time, again, or by a policy's second try. */
struct lh_tools_v1 {
	uint32_t struct_size;
	uint32_t reserved;                  /* 0 */
	/* The tools that are offered with these parameters; *count 0: none, and all is as if the interface were not there. */
	const struct lh_tool *(*list)(const struct lh_task_data *data, uint32_t *count);
	/* Answers a call with JSON or text, at most 65536 bytes of UTF-8. Pure, and total: `arguments` is a JSON object
	 * that holds what the tool's schema requires, of the types it says (the host has refused others), without white
	 * space between its parts. LH_TASK_REFUSED: what was put out says what is wrong with the call. */
	int32_t (*call)(const struct lh_task *task, struct lh_text name, struct lh_text arguments, struct lh_sink *out);
	/* The calls without which `step` cannot be carried out, as a JSON list, [] where there are none:
	 * [{"name": "get_flight", "arguments": {"number": "LH742"}}]. The simulated model and made histories make them. */
	int32_t (*needs)(const struct lh_task *task, uint64_t step, struct lh_sink *out);
};

#define LH_TOOLS_INTERFACE "longhaul.tools/1"

struct lh_plugin {
	uint64_t magic;           /* LH_ABI_MAGIC */
	uint32_t abi_major;       /* LH_ABI_MAJOR of the header the plugin was built with */
	uint32_t abi_minor;       /* LH_ABI_MINOR, likewise */
	uint32_t struct_size;     /* sizeof(struct lh_plugin) */
	uint32_t reserved;        /* 0 */
	const char *name;         /* [a-z][a-z0-9_]*, at most 40 */
	const char *version;      /* of the family, e.g. "1.0" */
	const char *license;      /* SPDX identifier */
	/* The host table is valid for the life of the process. Returns NULL for an unknown id. */
	const void *(*get_interface)(const struct lh_host *host, const char *id);
};

#if defined(__GNUC__)
#define LH_PLUGIN_EXPORT __attribute__((visibility("default")))
#else
#define LH_PLUGIN_EXPORT
#endif

#ifdef __cplusplus
}
#endif

#endif
