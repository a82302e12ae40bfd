/* task/conform_repeat.c - the same question again, in another order or among others, and answers that
 * do not fit. */
#include "task/conform.h"

#include <stdlib.h>
#include <string.h>

/* A sample's states in order: state k lies at text.p + at[k], up to at[k + 1]. */
struct trace {
	struct lh_buf text;
	size_t *at;
	uint64_t steps;
};

static struct lh_str state_at(const struct trace *t, uint64_t k)
{
	return (struct lh_str){ t->text.p + t->at[k], t->at[k + 1] - t->at[k] };
}

static void trace_fini(struct trace *t)
{
	lh_buf_fini(&t->text);
	free(t->at);
	*t = (struct trace){ 0 };
}

static int record(struct lh_conform *c, struct lh_sample *s, struct trace *t, struct lh_error *err)
{
	struct lh_buf state;
	*t = (struct trace){ .steps = lh_conform_step_count(c, s) };
	t->at = calloc(t->steps + 2, sizeof *t->at);
	if (!t->at)
		return lh_nomem(err);
	lh_buf_init(&t->text, (t->steps + 1) * LH_STATE_MAX);
	lh_buf_init(&state, LH_STATE_MAX);
	int rc = lh_try_initial(c, s, &state, err);
	for (uint64_t k = 0; !rc; k++) {
		lh_buf_put_str(&t->text, lh_buf_str(&state));
		t->at[k + 1] = t->text.n;
		if (k == t->steps)
			break;
		rc = lh_try_apply(c, s, k, state_at(t, k), &state, err);
	}
	lh_buf_fini(&state);
	return rc ? rc : lh_buf_ok(&t->text, err);
}

static int same(const struct lh_sample *s, uint64_t step, const char *function, struct lh_str first, struct lh_str then, const char *when, struct lh_error *err)
{
	if (lh_str_equal(first, then))
		return 0;
	return lh_conform_broken(s, step, err, "%s() gave \"%.*s\" and, %s, \"%.*s\"", function,
		(int)(first.n < 200 ? first.n : 200), first.p, when, (int)(then.n < 200 ? then.n : 200), then.p);
}

static int apply_again(struct lh_conform *c, struct lh_sample *s, const struct trace *t, uint64_t k, const char *when, struct lh_error *err)
{
	struct lh_buf got;
	lh_buf_init(&got, LH_STATE_MAX);
	int rc = lh_try_apply(c, s, k, state_at(t, k), &got, err);
	if (!rc)
		rc = same(s, k, "apply", state_at(t, k + 1), lh_buf_str(&got), when, err);
	lh_buf_fini(&got);
	return rc;
}

static int prompts_again(struct lh_conform *c, struct lh_sample *s, struct lh_sample *again, struct lh_error *err)
{
	struct lh_buf a, b;
	lh_buf_init(&a, LH_INSTRUCTIONS_MAX);
	lh_buf_init(&b, LH_INSTRUCTIONS_MAX);
	int rc = lh_try_instructions(c, s, 1, &a, err);
	if (!rc)
		rc = lh_try_instructions(c, again, 1, &b, err);
	if (!rc && !lh_str_equal(lh_buf_str(&a), lh_buf_str(&b)))
		rc = lh_conform_broken(s, LH_NO_STEP, err, "instructions() differ when family and sample are opened again");
	for (uint64_t k = lh_conform_step_count(c, s); k-- > 0 && !rc; ) {
		rc = lh_try_ask(c, s, k, 1, &a, err);
		if (!rc)
			rc = lh_try_ask(c, again, k, 1, &b, err);
		if (!rc)
			rc = same(s, k, "ask", lh_buf_str(&a), lh_buf_str(&b), "when family and sample are opened again", err);
	}
	lh_buf_fini(&a);
	lh_buf_fini(&b);
	return rc;
}

/* The steps of `again`, last one first, and then once more. */
static int states_again(struct lh_conform *c, struct lh_sample *s, struct lh_sample *again, struct lh_error *err)
{
	struct trace t;
	int rc = record(c, s, &t, err);
	for (uint64_t k = 0; k < t.steps && !rc; k++)
		rc = apply_again(c, s, &t, k, "asked again", err);
	for (uint64_t k = t.steps; k-- > 0 && !rc; )
		rc = apply_again(c, again, &t, k, "opened again and asked from the last step down", err);
	trace_fini(&t);
	return rc;
}

int lh_rule_same_task(struct lh_conform *c, struct lh_error *err)
{
	struct lh_taskset *set;
	int rc = lh_conform_open_set(c, &set, err);
	for (uint64_t i = 0; i < lh_conform_sample_count(c) && !rc; i++) {
		struct lh_sample *s = NULL, *again = NULL;
		rc = lh_conform_open_sample(c, c->set, i, &s, err);
		if (!rc)
			rc = lh_conform_open_sample(c, set, i, &again, err);
		if (!rc)
			rc = states_again(c, s, again, err);
		if (!rc)
			rc = prompts_again(c, s, again, err);
		lh_conform_close_sample(c, s);
		lh_conform_close_sample(c, again);
	}
	lh_taskset_free(set);
	return rc;
}

/* ---- Many at once ------------------------------------------------------------------------------ */

struct many { uint64_t n; struct lh_sample **sample; struct trace *trace; };

/* Each alone first, and closed; then all open. */
static int open_many(struct lh_conform *c, struct many *m, struct lh_error *err)
{
	int rc = 0;
	for (uint64_t i = 0; i < m->n && !rc; i++) {
		struct lh_sample *s;
		rc = lh_conform_open_sample(c, c->set, i, &s, err);
		if (!rc)
			rc = record(c, s, &m->trace[i], err);
		lh_conform_close_sample(c, s);
	}
	for (uint64_t i = 0; i < m->n && !rc; i++)
		rc = lh_conform_open_sample(c, c->set, i, &m->sample[i], err);
	return rc;
}

int lh_rule_interleaved(struct lh_conform *c, struct lh_error *err)
{
	struct many m = { .n = lh_conform_sample_count(c) };
	m.sample = calloc(m.n, sizeof *m.sample);
	m.trace = calloc(m.n, sizeof *m.trace);
	int rc = m.sample && m.trace ? open_many(c, &m, err) : lh_nomem(err);
	for (uint64_t k = 0; k < (uint64_t)c->options.steps && !rc; k++)
		for (uint64_t i = 0; i < m.n && !rc; i++)
			if (k < m.trace[i].steps)
				rc = apply_again(c, m.sample[i], &m.trace[i], k, "with other samples open", err);
	for (uint64_t i = 0; i < m.n && m.sample && m.trace; i++) {
		lh_conform_close_sample(c, m.sample[i]);
		trace_fini(&m.trace[i]);
	}
	free(m.sample);
	free(m.trace);
	return rc;
}

/* ---- Output that does not fit ------------------------------------------------------------------ */

/* What comes of it is the host's business; the plugin has to come back. */
static void into_small(struct lh_conform *c, struct lh_sample *s, struct lh_str state, struct lh_sink *out)
{
	const struct lh_task_v1 *f = c->family->task;
	struct lh_text text = { state.p, state.n };
	struct lh_draw draw = { lh_random_stream(c->options.seed, s->index, 0, LH_FOR_CHECK, 0) };
#define INTO(function, call) do { \
		lh_conform_note(c, function, s->index, LH_NO_STEP, state); \
		lh_host_enter(c->family->plugin->name); \
		lh_buf_clear(out->out); \
		out->over = false; \
		(void)call; \
	} while (0)
	INTO("instructions", f->instructions(s->task, 1, out));
	INTO("ask", f->ask(s->task, 0, 1, out));
	INTO("initial", f->initial(s->task, out));
	INTO("apply", f->apply(s->task, 0, text, out));
	INTO("canonical", f->canonical(s->task, text, out));
	INTO("corrupt", f->corrupt(s->task, 0, text, &draw, out));
	if (c->family->thoughts)
		INTO("explain", c->family->thoughts->explain(s->task, 0, text, text, out));
	if (c->set->tools) {
		struct lh_text name = { c->set->tool[0].name, strlen(c->set->tool[0].name) }, none = { "{}", 2 };
		INTO("call", c->family->tools->call(s->task, name, none, out));
		INTO("needs", c->family->tools->needs(s->task, 0, out));
	}
#undef INTO
}

static int small_sinks(struct lh_conform *c, struct lh_sample *s, struct lh_error *err)
{
	struct lh_buf state, out;
	lh_buf_init(&state, LH_STATE_MAX);
	lh_buf_init(&out, 8);
	int rc = lh_try_initial(c, s, &state, err);
	for (size_t max = 0; max <= 8 && !rc; max++)
		into_small(c, s, lh_buf_str(&state), &(struct lh_sink){ .out = &out, .max = max });
	lh_buf_fini(&state);
	lh_buf_fini(&out);
	return rc;
}

int lh_rule_small_sinks(struct lh_conform *c, struct lh_error *err)
{
	return lh_conform_for_samples(c, small_sinks, err);
}
