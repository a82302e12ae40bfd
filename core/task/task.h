/* task/task.h - task families opened, checked and driven.
 *
 * A registry holds the opened plugins (they stay open until exit), a taskset a family with its
 * parameters, a sample one seeded task of it. All text goes through buffers of the host's. */
#ifndef LH_TASK_TASK_H
#define LH_TASK_TASK_H

#include "base/random.h"
#include "base/text.h"
#include "longhaul/task.h"

#define LH_NAME_MAX 40                   /* bytes of a family's or parameter's name */
#define LH_STATE_MAX 4096u               /* bytes of a canonical state */
#define LH_THOUGHTS_MAX 4096u            /* bytes of one explanation */
#define LH_PROMPT_MAX (1u << 20)         /* bytes of one ask() */
#define LH_INSTRUCTIONS_MAX (4u << 20)
#define LH_TOOLS_MAX 16                  /* tools of a family */
#define LH_TOOL_RESULT_MAX 65536         /* bytes of what a tool gives */
#define LH_TOOL_ARGUMENTS_MAX 65536      /* bytes of a call's arguments */

struct lh_json;

/* Can it be such a name: [a-z][a-z0-9_]*? */
bool lh_name_ok(const char *name);

struct lh_registry;
struct lh_family;
struct lh_taskset;
struct lh_sample;

/* The registry is process-wide by nature (shared objects are): one for the life of the process. */
int lh_registry_new(struct lh_registry **out, struct lh_error *err) LH_CHECKED;
void lh_registry_free(struct lh_registry *r);            /* frees the records; never dlclose */
/* Opens one file, or gives the family already opened from it (same device and inode). Every refusal
 * has its own message with what to do about it. */
int lh_registry_open(struct lh_registry *r, const char *path, const struct lh_family **out, struct lh_error *err) LH_CHECKED;
/* By name, along the search order: families already opened; LONGHAUL_PLUGIN_PATH (colon-separated); for
 * a program that runs in its build tree, that tree's plugins; else lib…/longhaul/plugins beside the
 * program's folder, then the install's. The file is NAME.so. An unknown name names the nearest one. */
int lh_registry_find(struct lh_registry *r, struct lh_str name, const struct lh_family **out, struct lh_error *err) LH_CHECKED;
/* Opens everything on the search path (the first file of a name hides later ones); families that do not
 * open are passed to `refused` (may be NULL) and skipped. Then count and each, in order of name. */
int lh_registry_open_all(struct lh_registry *r, void (*refused)(void *user, const char *path, const char *why), void *user, struct lh_error *err) LH_CHECKED;
int lh_registry_count(const struct lh_registry *r);
const struct lh_family *lh_registry_at(const struct lh_registry *r, int i);

const char *lh_family_name(const struct lh_family *f);
const char *lh_family_version(const struct lh_family *f);
const char *lh_family_license(const struct lh_family *f);
const char *lh_family_summary(const struct lh_family *f);
const char *lh_family_path(const struct lh_family *f);
const char *lh_family_sha256(const struct lh_family *f);
bool lh_family_explains(const struct lh_family *f);               /* offers LH_THOUGHTS_INTERFACE */
int lh_family_param_count(const struct lh_family *f);
const struct lh_param *lh_family_param(const struct lh_family *f, int i);

/* Opens a family with parameters. keys[i] and values[i] as typed; unknown names, wrong types and
 * out-of-range values are errors that name the nearest valid name or the range. File paths are
 * resolved against base_dir (NULL: the working folder). The taskset outlives its samples. */
int lh_taskset_open(const struct lh_family *f, const struct lh_str *keys, const struct lh_str *values, int count,
	const char *base_dir, struct lh_taskset **out, struct lh_error *err) LH_CHECKED;
void lh_taskset_free(struct lh_taskset *t);
const struct lh_family *lh_taskset_family(const struct lh_taskset *t);
uint64_t lh_taskset_samples(const struct lh_taskset *t);          /* 0: unlimited */
/* All parameters, defaults included, as one canonical JSON object (keys in declared order). A file is
 * named as typed, with its content's SHA-256 beside it under "<name>_sha256". Lives with t. */
struct lh_str lh_taskset_params_json(const struct lh_taskset *t);

/* The tools that are offered with these parameters; *count 0: none. */
const struct lh_tool *lh_taskset_tools(const struct lh_taskset *t, int *count);

/* One sample; seed is the run's, the family gets hash(run seed, sample). */
int lh_sample_open(struct lh_taskset *t, uint64_t sample, uint64_t run_seed, struct lh_sample **out, struct lh_error *err) LH_CHECKED;
void lh_sample_close(struct lh_sample *s);
uint64_t lh_sample_max_steps(const struct lh_sample *s);          /* 0: unlimited */
uint64_t lh_sample_index(const struct lh_sample *s);

/* Text results are appended to `out` (whose own maximum bounds them too); where a call fails, `out` holds
 * what it held. A state is checked: not empty, at most LH_STATE_MAX bytes of UTF-8, no '<' and no control
 * characters but newline and tab (it has to survive inside an answer tag), no white space at either end;
 * a prompt: not empty, UTF-8. Errors name family, sample and step (counted from 0). Steps beyond
 * max_steps are LH_E_USAGE; everything else is LH_E_PLUGIN, or out's limit. `state` may lie in `out`. */
int lh_sample_instructions(struct lh_sample *s, uint32_t steps_per_turn, struct lh_buf *out, struct lh_error *err) LH_CHECKED;
int lh_sample_ask(struct lh_sample *s, uint64_t first_step, uint32_t count, struct lh_buf *out, struct lh_error *err) LH_CHECKED;
int lh_sample_initial(struct lh_sample *s, struct lh_buf *out, struct lh_error *err) LH_CHECKED;
/* `count` steps from first_step applied to a canonical state. */
int lh_sample_apply(struct lh_sample *s, uint64_t first_step, uint32_t count, struct lh_str state, struct lh_buf *out, struct lh_error *err) LH_CHECKED;
/* *is_state false: the text is no valid state (not an error); what would be longer than LH_STATE_MAX is none. */
int lh_sample_canonical(struct lh_sample *s, struct lh_str text, bool *is_state, struct lh_buf *out, struct lh_error *err) LH_CHECKED;
/* A wrong state after `step`, of which `state` is the right one. */
int lh_sample_corrupt(struct lh_sample *s, uint64_t step, struct lh_str state, struct lh_random *random, struct lh_buf *out, struct lh_error *err) LH_CHECKED;
/* The reasoning of one step from `before` to `after`, both canonical; `after` need not be right. Text as a state
 * is checked, at most LH_THOUGHTS_MAX bytes. A family that does not explain is LH_E_USAGE. */
int lh_sample_explain(struct lh_sample *s, uint64_t step, struct lh_str before, struct lh_str after, struct lh_buf *out, struct lh_error *err) LH_CHECKED;

const struct lh_tool *lh_sample_tools(const struct lh_sample *s, int *count);
/* Answers a call of a tool, whatever name and arguments the model wrote: the result, or what is wrong with the call
 * (*refused), is appended to `out`. An error is the family's fault, or memory. The sample has tools. */
int lh_sample_call_tool(struct lh_sample *s, struct lh_str name, struct lh_str arguments, bool *refused, struct lh_buf *out, struct lh_error *err) LH_CHECKED;
/* The calls that a step needs, as a list: [{"name": …, "arguments": {…}}]. Free with lh_json_free. The sample has tools. */
int lh_sample_needs(struct lh_sample *s, uint64_t step, struct lh_json **out, struct lh_error *err) LH_CHECKED;

/* ---- what is running ---- */

/* The functions of a family that are noted while they run. */
#define LH_FUNCTIONS(X) X(load) X(samples) X(open) X(max_steps) X(close) X(instructions) X(ask) X(initial) X(apply) X(canonical) X(corrupt) X(explain) X(list) X(call) X(needs)
#define LH_FUNCTION_ITEM(name) LH_IN_##name,
enum lh_function { LH_IN_NONE, LH_FUNCTIONS(LH_FUNCTION_ITEM) LH_FUNCTION_COUNT };
#define LH_NO_STEP UINT64_MAX

/* Memory in which every call into a family is noted, so that a process which looks on can say what has crashed. */
struct lh_calling {
	volatile uint32_t function;      /* LH_IN_NONE: no family's code runs */
	volatile uint64_t step;          /* LH_NO_STEP: it takes none */
	char family[64];                 /* set by what opens: load, samples, open, max_steps */
};

/* From now on in this memory, which stays. */
void lh_task_note_in(struct lh_calling *note);
const char *lh_function_name(uint32_t function);         /* NULL: it names none */
/* "task NAME, apply() at step 3 (from 0)": what runs in this process; NULL: no family's code does. In memory of its own; may
 * be asked while the process is ending. */
const char *lh_task_running(void);

/* The conformance test (conform.c). Writes one line a property to `out`: "ok …", "FAILED …" with the
 * smallest case, seed included, or "skipped …" where the family does not offer what the property is of;
 * *failed counts the failures. The plugin runs in a child process, so
 * that its crashes and endless loops are findings like others. */
struct lh_check_options {
	uint64_t seed;                   /* the run seed; 0: 1 */
	int samples, steps;              /* 0: 20 and 50, fewer where the family has fewer */
	int call_ms;                     /* longest that a call may take, load() twelve times that; 0: 5000 */
};
int lh_task_check(struct lh_registry *r, const char *path, const struct lh_str *keys, const struct lh_str *values, int count,
	const struct lh_check_options *options, struct lh_buf *out, int *failed, struct lh_error *err) LH_CHECKED;

#endif
