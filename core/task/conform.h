/* task/conform.h - the conformance test's own: calls into a plugin that are noted and guarded, walks over
 * samples and steps, and the properties that are tested. */
#ifndef LH_TASK_CONFORM_H
#define LH_TASK_CONFORM_H

#include "task/task_impl.h"

/* Where the child is, in memory shared with the parent, which tells of it when the child is gone. */
struct lh_position {
	volatile uint64_t beat;          /* calls made: the parent's clock starts anew at each */
	int rule;
	bool done;
	char function[32];
	uint64_t sample, step;
	bool has_step;
	uint32_t text_size;
	char text[96];                   /* the beginning of the state or text that was passed */
};

struct lh_conform {
	struct lh_registry *registry;
	const char *path;
	const struct lh_str *keys, *values;
	int count;
	struct lh_check_options options;
	struct lh_position *position;
	char *guard, *behind;            /* memory for what is passed in, as the plugin sees it and as we write it */
	const struct lh_family *family;
	struct lh_taskset *set;
	struct lh_sample *anew;          /* the sample at hand opened a second time, where a property needs that */
};

/* A property. In order; ends with a NULL name. Without the first LH_RULES_NEEDED nothing else can be
 * tested. Each runs in the child and stops at the first case that fails. */
struct lh_rule {
	const char *name;
	int (*run)(struct lh_conform *c, struct lh_error *err);
	enum { LH_OF_ALL, LH_OF_THOUGHTS, LH_OF_TOOLS } of;      /* skipped where the family does not explain; has no tools */
};
extern const struct lh_rule lh_conform_rules[];
#define LH_RULES_NEEDED 2

int lh_rule_examples(struct lh_conform *c, struct lh_error *err);        /* conform_prompts.c */
int lh_rule_same_wording(struct lh_conform *c, struct lh_error *err);
int lh_rule_asks(struct lh_conform *c, struct lh_error *err);
int lh_rule_same_task(struct lh_conform *c, struct lh_error *err);       /* conform_repeat.c */
int lh_rule_interleaved(struct lh_conform *c, struct lh_error *err);
int lh_rule_small_sinks(struct lh_conform *c, struct lh_error *err);
int lh_rule_explains(struct lh_conform *c, struct lh_error *err);        /* conform_thoughts.c */
int lh_rule_explains_again(struct lh_conform *c, struct lh_error *err);

int lh_rule_tools(struct lh_conform *c, struct lh_error *err);           /* conform_tools.c */
int lh_rule_tools_named(struct lh_conform *c, struct lh_error *err);
int lh_rule_any_call(struct lh_conform *c, struct lh_error *err);

/* Random bytes, printable ones, and `state` with a few bytes changed or cut (conform_rules.c). */
void lh_conform_make_text(struct lh_random *r, struct lh_str state, struct lh_buf *out);

/* ---- conform_calls.c --------------------------------------------------------------------------- */

#define LH_NOTHING ((struct lh_str){ "", 0 })

int lh_conform_make_guard(struct lh_conform *c, struct lh_error *err);
void lh_conform_note(struct lh_conform *c, const char *function, uint64_t sample, uint64_t step, struct lh_str text);
/* As lh_sample_…, noted and guarded; `out` is cleared first. n: which of corrupt()'s random streams. */
int lh_try_instructions(struct lh_conform *c, struct lh_sample *s, uint32_t k, struct lh_buf *out, struct lh_error *err);
int lh_try_ask(struct lh_conform *c, struct lh_sample *s, uint64_t step, uint32_t count, struct lh_buf *out, struct lh_error *err);
int lh_try_initial(struct lh_conform *c, struct lh_sample *s, struct lh_buf *out, struct lh_error *err);
int lh_try_apply(struct lh_conform *c, struct lh_sample *s, uint64_t step, struct lh_str state, struct lh_buf *out, struct lh_error *err);
int lh_try_canonical(struct lh_conform *c, struct lh_sample *s, struct lh_str text, bool *is_state, struct lh_buf *out, struct lh_error *err);
int lh_try_corrupt(struct lh_conform *c, struct lh_sample *s, uint64_t step, struct lh_str state, uint64_t n, struct lh_buf *out, struct lh_error *err);
int lh_try_explain(struct lh_conform *c, struct lh_sample *s, uint64_t step, struct lh_str before, struct lh_str after, struct lh_buf *out, struct lh_error *err);
int lh_conform_open_set(struct lh_conform *c, struct lh_taskset **out, struct lh_error *err);
int lh_conform_open_sample(struct lh_conform *c, struct lh_taskset *set, uint64_t i, struct lh_sample **out, struct lh_error *err);
void lh_conform_close_sample(struct lh_conform *c, struct lh_sample *s);

/* How many are tried. */
uint64_t lh_conform_sample_count(const struct lh_conform *c);
uint64_t lh_conform_step_count(const struct lh_conform *c, const struct lh_sample *s);

/* A failure of the property at hand; the runner puts the last text passed and the seed behind it. */
int lh_conform_broken(const struct lh_sample *s, uint64_t step, struct lh_error *err, const char *fmt, ...) LH_PRINTF(4, 5);

/* Samples, and steps from the initial state on, from 0 up: the first failure is the smallest case. */
typedef int lh_each_sample(struct lh_conform *c, struct lh_sample *s, struct lh_error *err);
typedef int lh_each_step(struct lh_conform *c, struct lh_sample *s, uint64_t step, struct lh_str before, struct lh_str after, struct lh_error *err);
int lh_conform_for_samples(struct lh_conform *c, lh_each_sample *visit, struct lh_error *err);
int lh_conform_walk(struct lh_conform *c, struct lh_sample *s, lh_each_step *visit, struct lh_error *err);
int lh_conform_for_steps(struct lh_conform *c, lh_each_step *visit, struct lh_error *err);

#endif
