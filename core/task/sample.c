/* task/sample.c - one seeded task driven: every text that a plugin gives is bounded and checked here. */
#include "task/task_impl.h"

#include "base/utf8.h"

#include <inttypes.h>
#include <stdlib.h>

/* ---- States ------------------------------------------------------------------------------------ */

static bool is_white(unsigned char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

enum fault { SOUND, EMPTY, LONG, TAG, CONTROL, WHITE_END, NO_UTF8 };

/* What keeps s from standing beside or inside an answer tag. */
static enum fault text_fault(struct lh_str s, size_t max)
{
	if (s.n == 0 || s.n > max)
		return s.n ? LONG : EMPTY;
	bool ascii = true;
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];
		if (c == '<')
			return TAG;
		if ((c < ' ' && c != '\n' && c != '\t') || c == 0x7f)
			return CONTROL;
		ascii &= c < 0x80;
	}
	if (is_white((unsigned char)s.p[0]) || is_white((unsigned char)s.p[s.n - 1]))
		return WHITE_END;
	return ascii || lh_utf8_bad_at(s) == s.n ? SOUND : NO_UTF8;
}

const char *lh_state_fault(struct lh_str s)
{
	static const char *const words[] = { [EMPTY] = "an empty state", [LONG] = "a state that is too long",
		[TAG] = "a state with '<' in it, which cannot stand inside an answer tag", [CONTROL] = "a state with a control character in it",
		[WHITE_END] = "a state with white space at an end", [NO_UTF8] = "a state that is not valid UTF-8" };
	return words[text_fault(s, LH_STATE_MAX)];
}

static const char *thoughts_fault(struct lh_str s)
{
	static const char *const words[] = { [EMPTY] = "no text", [LONG] = "text that is too long",
		[TAG] = "text with '<' in it, which could be read as a tag", [CONTROL] = "text with a control character in it",
		[WHITE_END] = "text with white space at an end", [NO_UTF8] = "text that is not valid UTF-8" };
	return words[text_fault(s, LH_THOUGHTS_MAX)];
}

/* Puts family, sample and (unless none) step in front of the error. */
static int at(const struct lh_sample *s, uint64_t step, int rc, struct lh_error *err)
{
	const char *name = lh_family_name(s->set->family);
	if (rc && step == LH_NO_STEP)
		lh_prefix(err, "task %s, sample %" PRIu64, name, s->index);
	else if (rc)
		lh_prefix(err, "task %s, sample %" PRIu64 ", step %" PRIu64, name, s->index, step);
	return rc;
}

static int wrong_text(const char *function, const char *fault, struct lh_str got, struct lh_error *err)
{
	struct lh_buf shown;
	lh_buf_init(&shown, 1024);
	lh_put_shown(&shown, (struct lh_str){ got.p, got.n < 80 ? got.n : 80 }, false);
	int rc = lh_fail(err, LH_E_PLUGIN, "%s() gave %s: \"%.*s\"", function, fault, LH_ARG(lh_buf_str(&shown)));
	lh_buf_fini(&shown);
	return rc;
}

/* What a call that writes a state, or thoughts, came to. */
static int judge_as(const char *what, const char *(*fault_of)(struct lh_str), const char *function, int32_t result,
	const struct lh_sink *sink, struct lh_error *err)
{
	if (result != LH_TASK_OK)
		return lh_host_failure(function, err);
	if (sink->over)
		return lh_fail(err, LH_E_PLUGIN, "%s() gave %s longer than the %zu bytes allowed", function, what, sink->max);
	if (sink->out->failed)
		return lh_buf_ok(sink->out, err);
	struct lh_str s = lh_buf_str(sink->out);
	const char *fault = fault_of(s);
	return fault ? wrong_text(function, fault, s, err) : 0;
}

static int judge(const char *function, int32_t result, const struct lh_sink *sink, struct lh_error *err)
{
	return judge_as("a state", lh_state_fault, function, result, sink, err);
}

static struct lh_sink scratch_sink(struct lh_sample *s, int i, size_t max)
{
	struct lh_buf *b = &s->set->scratch[i];
	lh_buf_clear(b);
	return (struct lh_sink){ .out = b, .max = max };
}

static struct lh_sink state_sink(struct lh_sample *s, int i)
{
	return scratch_sink(s, i, LH_STATE_MAX);
}

static const struct lh_task_v1 *enter(const struct lh_sample *s, enum lh_function function, uint64_t step)
{
	lh_host_call(lh_family_name(s->set->family), function, step);
	return s->set->family->task;
}

static int deliver(struct lh_str state, struct lh_buf *out, struct lh_error *err)
{
	lh_buf_put_str(out, state);
	return lh_buf_ok(out, err);
}

/* ---- Open, close ------------------------------------------------------------------------------- */

int lh_sample_open(struct lh_taskset *t, uint64_t sample, uint64_t run_seed, struct lh_sample **out, struct lh_error *err)
{
	*out = NULL;
	const char *name = lh_family_name(t->family);
	if (t->samples && sample >= t->samples)
		return lh_fail(err, LH_E_USAGE, "task %s has %" PRIu64 " samples (0 to %" PRIu64 "); sample %" PRIu64 " was asked for",
			name, t->samples, t->samples - 1, sample);
	struct lh_sample *s = calloc(1, sizeof *s);
	if (!s)
		return lh_nomem(err);
	struct lh_random r = lh_random_stream(run_seed, sample, 0, LH_FOR_SAMPLE, 0);
	*s = (struct lh_sample){ .set = t, .index = sample, .seed = lh_random_next(&r) };
	s->task = enter(s, LH_IN_open, LH_NO_STEP)->open(t->data, sample, s->seed);
	lh_host_left();
	if (!s->task) {
		int rc = at(s, LH_NO_STEP, lh_host_failure("open", err), err);
		free(s);
		return rc;
	}
	s->max_steps = enter(s, LH_IN_max_steps, LH_NO_STEP)->max_steps(s->task);
	lh_host_left();
	*out = s;
	return 0;
}

void lh_sample_close(struct lh_sample *s)
{
	if (!s)
		return;
	enter(s, LH_IN_close, LH_NO_STEP)->close(s->task);
	lh_host_left();
	free(s);
}

uint64_t lh_sample_max_steps(const struct lh_sample *s) { return s->max_steps; }
uint64_t lh_sample_index(const struct lh_sample *s) { return s->index; }

/* ---- Prompts ----------------------------------------------------------------------------------- */

/* A prompt goes straight to the caller's buffer, and is taken back where it is no good. */
static int prompt(struct lh_sample *s, const char *function, uint64_t step, int32_t result, const struct lh_sink *sink, size_t start, struct lh_error *err)
{
	struct lh_buf *out = sink->out;
	struct lh_str text = { out->n > start ? out->p + start : "", out->n - start };
	int rc = 0;
	if (result != LH_TASK_OK)
		rc = lh_host_failure(function, err);
	else if (out->failed)
		rc = lh_buf_ok(out, err);
	else if (sink->over)
		rc = lh_fail(err, LH_E_PLUGIN, "%s() gave more than the %zu bytes allowed", function, sink->max - start);
	else if (text.n == 0)
		rc = lh_fail(err, LH_E_PLUGIN, "%s() gave no text", function);
	else if (lh_utf8_bad_at(text) != text.n)
		rc = lh_fail(err, LH_E_PLUGIN, "%s() gave text that is not valid UTF-8 (byte %zu)", function, lh_utf8_bad_at(text));
	if (rc && out->n > start) {
		out->n = start;
		out->p[start] = 0;
	}
	return at(s, step, rc, err);
}

/* Steps that the plan does not have are the caller's mistake, and never reach the family. */
static int check_steps(const struct lh_sample *s, uint64_t first, uint64_t count, struct lh_error *err)
{
	if (count == 0)
		return lh_fail(err, LH_E_USAGE, "task %s: no steps were asked for", lh_family_name(s->set->family));
	if (first > UINT64_MAX - count || (s->max_steps && first + count > s->max_steps))
		return lh_fail(err, LH_E_USAGE, "task %s, sample %" PRIu64 " has %" PRIu64 " steps; steps %" PRIu64 " to %" PRIu64 " were asked for "
			"(counted from 0): fewer turns or steps per turn are needed", lh_family_name(s->set->family), s->index,
			s->max_steps, first, first + (count - 1));
	return 0;
}

int lh_sample_instructions(struct lh_sample *s, uint32_t steps_per_turn, struct lh_buf *out, struct lh_error *err)
{
	size_t start = out->n;
	struct lh_sink sink = { .out = out, .max = start + LH_INSTRUCTIONS_MAX };
	int32_t result = enter(s, LH_IN_instructions, LH_NO_STEP)->instructions(s->task, steps_per_turn, &sink);
	lh_host_left();
	return prompt(s, "instructions", LH_NO_STEP, result, &sink, start, err);
}

int lh_sample_ask(struct lh_sample *s, uint64_t first_step, uint32_t count, struct lh_buf *out, struct lh_error *err)
{
	int rc = check_steps(s, first_step, count, err);
	if (rc)
		return rc;
	size_t start = out->n;
	struct lh_sink sink = { .out = out, .max = start + LH_PROMPT_MAX };
	int32_t result = enter(s, LH_IN_ask, first_step)->ask(s->task, first_step, count, &sink);
	lh_host_left();
	return prompt(s, "ask", first_step, result, &sink, start, err);
}

/* ---- The step machine -------------------------------------------------------------------------- */

int lh_sample_initial(struct lh_sample *s, struct lh_buf *out, struct lh_error *err)
{
	struct lh_sink sink = state_sink(s, 0);
	int32_t result = enter(s, LH_IN_initial, LH_NO_STEP)->initial(s->task, &sink);
	lh_host_left();
	int rc = judge("initial", result, &sink, err);
	if (rc)
		return at(s, LH_NO_STEP, rc, err);
	return deliver(lh_buf_str(sink.out), out, err);
}

int lh_sample_apply(struct lh_sample *s, uint64_t first_step, uint32_t count, struct lh_str state, struct lh_buf *out, struct lh_error *err)
{
	int rc = check_steps(s, first_step, count, err);
	if (rc)
		return rc;
	for (uint32_t i = 0; i < count; i++) {
		struct lh_sink sink = state_sink(s, i & 1);
		int32_t result = enter(s, LH_IN_apply, first_step + i)->apply(s->task, first_step + i, (struct lh_text){ state.p, state.n }, &sink);
		lh_host_left();
		rc = judge("apply", result, &sink, err);
		if (rc)
			return at(s, first_step + i, rc, err);
		state = lh_buf_str(sink.out);
	}
	return deliver(state, out, err);
}

int lh_sample_canonical(struct lh_sample *s, struct lh_str text, bool *is_state, struct lh_buf *out, struct lh_error *err)
{
	*is_state = false;
	struct lh_sink sink = state_sink(s, 0);
	int32_t result = enter(s, LH_IN_canonical, LH_NO_STEP)->canonical(s->task, (struct lh_text){ text.p, text.n }, &sink);
	lh_host_left();
	/* No state is as long as what does not fit; and what comes in here is anybody's text. */
	if (result == LH_TASK_NO_STATE || (result == LH_TASK_OK && sink.over))
		return 0;
	int rc = judge("canonical", result, &sink, err);
	if (rc)
		return at(s, LH_NO_STEP, rc, err);
	*is_state = true;
	return deliver(lh_buf_str(sink.out), out, err);
}

int lh_sample_corrupt(struct lh_sample *s, uint64_t step, struct lh_str state, struct lh_random *random, struct lh_buf *out, struct lh_error *err)
{
	int rc = check_steps(s, step, 1, err);
	if (rc)
		return rc;
	struct lh_sink sink = state_sink(s, 0);
	struct lh_draw draw = { *random };
	int32_t result = enter(s, LH_IN_corrupt, step)->corrupt(s->task, step, (struct lh_text){ state.p, state.n }, &draw, &sink);
	lh_host_left();
	*random = draw.r;
	rc = judge("corrupt", result, &sink, err);
	if (!rc && lh_str_equal(lh_buf_str(sink.out), state))
		rc = wrong_text("corrupt", "the right state back, where a wrong one is due", state, err);
	if (rc)
		return at(s, step, rc, err);
	return deliver(lh_buf_str(sink.out), out, err);
}

/* ---- Thoughts ---------------------------------------------------------------------------------- */

int lh_sample_explain(struct lh_sample *s, uint64_t step, struct lh_str before, struct lh_str after, struct lh_buf *out, struct lh_error *err)
{
	const struct lh_thoughts_v1 *thoughts = s->set->family->thoughts;
	if (!thoughts)
		return lh_fail(err, LH_E_USAGE, "task %s does not explain its steps: the family does not offer " LH_THOUGHTS_INTERFACE,
			lh_family_name(s->set->family));
	int rc = check_steps(s, step, 1, err);
	if (rc)
		return rc;
	struct lh_sink sink = scratch_sink(s, 0, LH_THOUGHTS_MAX);
	enter(s, LH_IN_explain, step);
	int32_t result = thoughts->explain(s->task, step, (struct lh_text){ before.p, before.n }, (struct lh_text){ after.p, after.n }, &sink);
	lh_host_left();
	rc = judge_as("text", thoughts_fault, "explain", result, &sink, err);
	if (rc)
		return at(s, step, rc, err);
	return deliver(lh_buf_str(sink.out), out, err);
}
