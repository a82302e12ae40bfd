/* support/family.h - what several families need: text out, integers in, streams named by step.
 *
 * A static library linked into each family. It is no part of the ABI; a family of your own may copy
 * from it or leave it. */
#ifndef LH_SUPPORT_FAMILY_H
#define LH_SUPPORT_FAMILY_H

#include "longhaul/task.h"

#include <stdarg.h>
#include <stdbool.h>
#include <string.h>

/* ---- Text out ---------------------------------------------------------------------------------- */

void fam_put(const struct lh_host *host, struct lh_sink *out, const char *text);
void fam_put_int(const struct lh_host *host, struct lh_sink *out, int64_t v);
/* As printf, for what is sure to be shorter than 1,024 bytes. */
void fam_putf(const struct lh_host *host, struct lh_sink *out, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* Memory that is all 0, for free(); NULL where there is none, and the host has been told. */
void *fam_new(const struct lh_host *host, size_t size);

/* host->fail with a format; returns LH_TASK_FAILED. */
int32_t fam_fail(const struct lh_host *host, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Fails: the state that was given is none. `what` it should be: "a running total". */
int32_t fam_not_a_state(const struct lh_host *host, struct lh_text state, const char *what);

/* ---- Text in ----------------------------------------------------------------------------------- */

/* White space of ASCII; a letter made small, if it is one of ASCII. */
bool fam_is_white(char c);
char fam_small(char c);
/* White space, ASCII and no-break, off both ends. */
struct lh_text fam_trim(struct lh_text t);
bool fam_equal(struct lh_text a, struct lh_text b);
/* Well-formed UTF-8 (RFC 3629) without control characters. */
bool fam_is_text(struct lh_text t);

/* Integers that are states: magnitude at most FAM_INT_MAX, so that no sum of two overflows. */
#define FAM_INT_MAX INT64_C(999999999999999999)

/* An integer as models write one: an optional sign (+, -, U+2212), digits with or without thousands
 * commas, an optional ".0", ".00" …; nothing else but white space around it. Not "1_000", "1,23",
 * "0,123" (a decimal comma), "5.5", "1e3". */
bool fam_read_int(struct lh_text t, int64_t *out);
/* canonical() of a family whose states are integers. */
int32_t fam_canonical_int(const struct lh_host *host, struct lh_text text, struct lh_sink *out);
/* The canonical form only: "-17", "0". Quick, for states. */
bool fam_state_int(struct lh_text t, int64_t *out);
/* a + b, held within FAM_INT_MAX: apply() is total, however absurd the state it is given. */
int64_t fam_add(int64_t a, int64_t b);
/* The remainder of v on division by m > 0 that is not negative. */
int64_t fam_mod(int64_t v, int64_t m);

/* ---- Thoughts ---------------------------------------------------------------------------------- */

/* An addition as it is explained: before + added = after. */
struct fam_sum { int64_t before, added, after; };

/* From the texts of two states. `added` is the operand where that leads from one to the other, and else what it was
 * misread as: the integer that does. */
int32_t fam_sum_read(const struct lh_host *host, struct lh_text before, struct lh_text after, int64_t operand, struct fam_sum *out);
/* 12 + 5 = 17. or 12 - 5 = 7. */
void fam_sum_put(const struct lh_host *host, struct lh_sink *out, struct fam_sum sum);

/* ---- Randomness -------------------------------------------------------------------------------- */

/* The stream of step `step` of a sample: the same however often and in whatever order it is asked for. */
struct lh_draw *fam_step_draw(const struct lh_host *host, uint64_t seed, uint64_t step);
/* The stream of what a sample has besides its steps. */
struct lh_draw *fam_open_draw(const struct lh_host *host, uint64_t seed);
/* A number from 0 to n - 1. n > 0. */
uint32_t fam_below(const struct lh_host *host, struct lh_draw *draw, uint32_t n);

/* A plausible slip of an integer answer: right = the state it should be, operand = what the last step
 * added, other = what it might have added instead (a neighbour's value). Never gives `right`. */
int64_t fam_slip(const struct lh_host *host, struct lh_draw *draw, int64_t right, int64_t operand, int64_t other);

/* ---- What a family exports ---------------------------------------------------------------------- */

/* samples() and max_steps() of a family that makes as many samples as are asked for, without end. */
uint64_t fam_any_samples(const struct lh_task_data *data);
uint64_t fam_any_steps(const struct lh_task *task);

/* The end of a family's file, which has above it `host`, and its two tables as `task` and `thoughts`; with tools, `tools`. */
#define FAM_PLUGIN(NAME, VERSION) FAM_PLUGIN_OF(NAME, VERSION, NULL)
#define FAM_PLUGIN_WITH_TOOLS(NAME, VERSION) FAM_PLUGIN_OF(NAME, VERSION, &tools)
#define FAM_PLUGIN_OF(NAME, VERSION, TOOLS) \
	static const void *get_interface(const struct lh_host *h, const char *id) \
	{ \
		host = h; \
		if (strcmp(id, LH_THOUGHTS_INTERFACE) == 0) \
			return &thoughts; \
		if (strcmp(id, LH_TOOLS_INTERFACE) == 0) \
			return TOOLS; \
		return strcmp(id, LH_TASK_INTERFACE) == 0 ? &task : NULL; \
	} \
	LH_PLUGIN_EXPORT const struct lh_plugin longhaul_plugin = { \
		.magic = LH_ABI_MAGIC, .abi_major = LH_ABI_MAJOR, .abi_minor = LH_ABI_MINOR, .struct_size = sizeof(struct lh_plugin), \
		.name = NAME, .version = VERSION, .license = "MIT", .get_interface = get_interface, \
	}

#endif
