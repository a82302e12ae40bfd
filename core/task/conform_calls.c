/* task/conform_calls.c - calls into the plugin under test.
 *
 * What it is given lies just before a page that cannot be touched, is read-only and overwritten after the call: reading past the end,
 * writing to it, or keeping the pointer, all show. */
#include "task/conform.h"

#include <inttypes.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define GUARD_BYTES (1u << 17)
#define NO_TOUCH_BYTES (1u << 16)        /* a page on any machine */
#define POISON 0xDB

/* ---- Calls, noted and guarded ------------------------------------------------------------------ */

void lh_conform_note(struct lh_conform *c, const char *function, uint64_t sample, uint64_t step, struct lh_str text)
{
	struct lh_position *p = c->position;
	p->sample = sample;
	p->step = step;
	p->has_step = step != UINT64_MAX;
	p->text_size = (uint32_t)text.n;
	memcpy(p->text, text.p, text.n < sizeof p->text ? text.n : sizeof p->text);
	strncpy(p->function, function, sizeof p->function - 1);
	p->beat++;
}

/* The same memory twice, so that no call has to change a page's protection: as the plugin sees it, read-only and with a page behind it that
 * cannot be touched, and as we write it. */
int lh_conform_make_guard(struct lh_conform *c, struct lh_error *err)
{
	int fd = memfd_create("longhaul-check", MFD_CLOEXEC);
	if (fd < 0 || ftruncate(fd, GUARD_BYTES))
		return lh_nomem(err);
	c->guard = mmap(NULL, GUARD_BYTES + NO_TOUCH_BYTES, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	c->behind = mmap(NULL, GUARD_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (c->guard == MAP_FAILED || c->behind == MAP_FAILED || mmap(c->guard, GUARD_BYTES, PROT_READ, MAP_SHARED | MAP_FIXED, fd, 0) == MAP_FAILED)
		return lh_nomem(err);
	close(fd);
	memset(c->behind, POISON, GUARD_BYTES);
	return 0;
}

/* A copy of the text in guarded memory, until release(). */
static struct lh_str place(struct lh_conform *c, struct lh_str text)
{
	memcpy(c->behind + GUARD_BYTES - text.n, text.p, text.n);
	return (struct lh_str){ c->guard + GUARD_BYTES - text.n, text.n };
}

static void release(struct lh_conform *c, struct lh_str placed)
{
	memset(c->behind + GUARD_BYTES - placed.n, POISON, placed.n);
}

int lh_try_apply(struct lh_conform *c, struct lh_sample *s, uint64_t step, struct lh_str state, struct lh_buf *out, struct lh_error *err)
{
	lh_conform_note(c, "apply", s->index, step, state);
	lh_buf_clear(out);
	struct lh_str placed = place(c, state);
	int rc = lh_sample_apply(s, step, 1, placed, out, err);
	release(c, placed);
	return rc;
}

int lh_try_canonical(struct lh_conform *c, struct lh_sample *s, struct lh_str text, bool *is_state, struct lh_buf *out, struct lh_error *err)
{
	lh_conform_note(c, "canonical", s->index, LH_NO_STEP, text);
	lh_buf_clear(out);
	struct lh_str placed = place(c, text);
	int rc = lh_sample_canonical(s, placed, is_state, out, err);
	release(c, placed);
	return rc;
}

int lh_try_corrupt(struct lh_conform *c, struct lh_sample *s, uint64_t step, struct lh_str state, uint64_t n, struct lh_buf *out, struct lh_error *err)
{
	struct lh_random r = lh_random_stream(c->options.seed, s->index, step, LH_FOR_CHECK, n);
	lh_conform_note(c, "corrupt", s->index, step, state);
	lh_buf_clear(out);
	struct lh_str placed = place(c, state);
	int rc = lh_sample_corrupt(s, step, placed, &r, out, err);
	release(c, placed);
	return rc;
}

/* Both states in guarded memory, one behind the other: reading past the second is what shows. */
int lh_try_explain(struct lh_conform *c, struct lh_sample *s, uint64_t step, struct lh_str before, struct lh_str after, struct lh_buf *out, struct lh_error *err)
{
	char both[2 * LH_STATE_MAX];
	memcpy(both, before.p, before.n);
	memcpy(both + before.n, after.p, after.n);
	lh_conform_note(c, "explain", s->index, step, after);
	lh_buf_clear(out);
	struct lh_str placed = place(c, (struct lh_str){ both, before.n + after.n });
	int rc = lh_sample_explain(s, step, (struct lh_str){ placed.p, before.n }, (struct lh_str){ placed.p + before.n, after.n }, out, err);
	release(c, placed);
	return rc;
}

int lh_try_ask(struct lh_conform *c, struct lh_sample *s, uint64_t step, uint32_t count, struct lh_buf *out, struct lh_error *err)
{
	lh_conform_note(c, "ask", s->index, step, LH_NOTHING);
	lh_buf_clear(out);
	return lh_sample_ask(s, step, count, out, err);
}

int lh_try_instructions(struct lh_conform *c, struct lh_sample *s, uint32_t k, struct lh_buf *out, struct lh_error *err)
{
	lh_conform_note(c, "instructions", s->index, LH_NO_STEP, LH_NOTHING);
	lh_buf_clear(out);
	return lh_sample_instructions(s, k, out, err);
}

int lh_try_initial(struct lh_conform *c, struct lh_sample *s, struct lh_buf *out, struct lh_error *err)
{
	lh_conform_note(c, "initial", s->index, LH_NO_STEP, LH_NOTHING);
	lh_buf_clear(out);
	return lh_sample_initial(s, out, err);
}

int lh_conform_open_sample(struct lh_conform *c, struct lh_taskset *set, uint64_t i, struct lh_sample **out, struct lh_error *err)
{
	lh_conform_note(c, "open", i, LH_NO_STEP, LH_NOTHING);
	return lh_sample_open(set, i, c->options.seed, out, err);
}

void lh_conform_close_sample(struct lh_conform *c, struct lh_sample *s)
{
	if (s)
		lh_conform_note(c, "close", s->index, LH_NO_STEP, LH_NOTHING);
	lh_sample_close(s);
}

int lh_conform_open_set(struct lh_conform *c, struct lh_taskset **out, struct lh_error *err)
{
	lh_conform_note(c, "load", UINT64_MAX, LH_NO_STEP, LH_NOTHING);
	return lh_taskset_open(c->family, c->keys, c->values, c->count, NULL, out, err);
}

uint64_t lh_conform_sample_count(const struct lh_conform *c)
{
	uint64_t n = (uint64_t)c->options.samples;
	return c->set->samples && c->set->samples < n ? c->set->samples : n;
}

uint64_t lh_conform_step_count(const struct lh_conform *c, const struct lh_sample *s)
{
	uint64_t n = (uint64_t)c->options.steps;
	return s->max_steps && s->max_steps < n ? s->max_steps : n;
}

/* A failure of the property at hand; state and seed are put behind it by the runner. */
int lh_conform_broken(const struct lh_sample *s, uint64_t step, struct lh_error *err, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	lh_vfail(err, LH_E_PLUGIN, fmt, args);
	va_end(args);
	if (step == LH_NO_STEP)
		lh_prefix(err, "sample %" PRIu64, s->index);
	else
		lh_prefix(err, "sample %" PRIu64 ", step %" PRIu64, s->index, step);
	return LH_E_PLUGIN;
}

/* ---- Walks ------------------------------------------------------------------------------------- */

int lh_conform_for_samples(struct lh_conform *c, lh_each_sample *visit, struct lh_error *err)
{
	int rc = 0;
	for (uint64_t i = 0; i < lh_conform_sample_count(c) && !rc; i++) {
		struct lh_sample *s;
		rc = lh_conform_open_sample(c, c->set, i, &s, err);
		if (!rc)
			rc = visit(c, s, err);
		lh_conform_close_sample(c, s);
	}
	return rc;
}

int lh_conform_walk(struct lh_conform *c, struct lh_sample *s, lh_each_step *visit, struct lh_error *err)
{
	struct lh_buf state[2];
	lh_buf_init(&state[0], LH_STATE_MAX);
	lh_buf_init(&state[1], LH_STATE_MAX);
	int rc = lh_try_initial(c, s, &state[0], err);
	for (uint64_t k = 0; k < lh_conform_step_count(c, s) && !rc; k++) {
		struct lh_str before = lh_buf_str(&state[k & 1]);
		rc = lh_try_apply(c, s, k, before, &state[~k & 1], err);
		if (!rc && visit)
			rc = visit(c, s, k, before, lh_buf_str(&state[~k & 1]), err);
	}
	lh_buf_fini(&state[0]);
	lh_buf_fini(&state[1]);
	return rc;
}

int lh_conform_for_steps(struct lh_conform *c, lh_each_step *visit, struct lh_error *err)
{
	int rc = 0;
	for (uint64_t i = 0; i < lh_conform_sample_count(c) && !rc; i++) {
		struct lh_sample *s;
		rc = lh_conform_open_sample(c, c->set, i, &s, err);
		if (!rc)
			rc = lh_conform_walk(c, s, visit, err);
		lh_conform_close_sample(c, s);
	}
	return rc;
}
