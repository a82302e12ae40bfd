/* abi/fixture.h - a small family that does everything right. Each fixture includes this, replaces one
 * thing, and ends with fixture_table.h. State: a sum; step k adds k + 1. */
#ifndef ABI_FIXTURE_H
#define ABI_FIXTURE_H

#include "longhaul/task.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct lh_host *host;

struct lh_task_data { int unused; };
struct lh_task { uint64_t sample, seed; };

static inline struct lh_task_data *good_load(const struct lh_value *v) { (void)v; return calloc(1, sizeof(struct lh_task_data)); }
static inline void good_unload(struct lh_task_data *d) { free(d); }
static inline uint64_t good_samples(const struct lh_task_data *d) { (void)d; return 0; }

static inline struct lh_task *good_open(const struct lh_task_data *d, uint64_t sample, uint64_t seed)
{
	(void)d;
	struct lh_task *t = calloc(1, sizeof *t);
	if (t)
		*t = (struct lh_task){ sample, seed };
	return t;
}

static inline void good_close(struct lh_task *t) { free(t); }

static inline int32_t put(struct lh_sink *out, const char *text)
{
	host->put(out, text, strlen(text));
	return LH_TASK_OK;
}

static inline int32_t put_int(struct lh_sink *out, long long v)
{
	char text[32];
	snprintf(text, sizeof text, "%lld", v);
	return put(out, text);
}

static inline int32_t good_instructions(const struct lh_task *t, uint32_t k, struct lh_sink *out)
{
	(void)t, (void)k;
	return put(out, "Add up the numbers. Answer with <answer>TOTAL</answer>, such as <answer>3</answer> after 1 and 2.");
}

static inline int32_t good_ask(const struct lh_task *t, uint64_t first, uint32_t count, struct lh_sink *out)
{
	(void)t;
	for (uint32_t i = 0; i < count; i++) {
		put(out, i ? " " : "");
		put_int(out, (long long)(first + i + 1));
	}
	return LH_TASK_OK;
}

static inline int32_t good_initial(const struct lh_task *t, struct lh_sink *out) { (void)t; return put(out, "0"); }

/* At most 15 digits, so that no sum is ever longer than what can be read again. */
static inline int good_read(struct lh_text s, long long *out)
{
	char text[20] = { 0 };
	while (s.size && strchr(" \t\n", s.bytes[0]) && s.bytes[0])
		s.bytes++, s.size--;
	while (s.size && strchr(" \t\n", s.bytes[s.size - 1]) && s.bytes[s.size - 1])
		s.size--;
	if (s.size == 0 || s.size > 16)
		return 0;
	memcpy(text, s.bytes, s.size);
	if (strspn(text, "0123456789-") != s.size || strchr(text + 1, '-') || strcmp(text, "-") == 0)
		return 0;
	*out = atoll(text) % 1000000000000000;
	return 1;
}

static inline int32_t good_apply(const struct lh_task *t, uint64_t step, struct lh_text state, struct lh_sink *out)
{
	long long v;
	(void)t;
	if (!good_read(state, &v))
		return host->fail(host->context, "no sum", 6);
	return put_int(out, (v + (long long)(step + 1)) % 1000000000000000);
}

static inline int32_t good_canonical(const struct lh_task *t, struct lh_text text, struct lh_sink *out)
{
	long long v;
	(void)t;
	return good_read(text, &v) ? put_int(out, v) : LH_TASK_NO_STATE;
}

static inline int32_t good_corrupt(const struct lh_task *t, uint64_t step, struct lh_text state, struct lh_draw *draw, struct lh_sink *out)
{
	long long v = 0;
	(void)t, (void)step;
	good_read(state, &v);
	return put_int(out, v > 100 ? v - host->random_between(draw, 1, 9) : v + host->random_between(draw, 1, 9));
}

/* "From 1 to 3." */
static inline int32_t good_explain(const struct lh_task *t, uint64_t step, struct lh_text before, struct lh_text after, struct lh_sink *out)
{
	(void)t, (void)step;
	put(out, "From ");
	host->put(out, before.bytes, before.size);
	put(out, " to ");
	host->put(out, after.bytes, after.size);
	return put(out, ".");
}

static inline uint64_t good_max_steps(const struct lh_task *t) { (void)t; return 0; }

#endif
