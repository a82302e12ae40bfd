/* task/conform_prompts.c - what must hold of instructions() and ask(). */
#include "task/conform.h"

#include <string.h>

static const char *find(const char *from, const char *end, const char *what)
{
	size_t n = strlen(what);
	return from && end - from >= (ptrdiff_t)n ? memmem(from, (size_t)(end - from), what, n) : NULL;
}

/* Numbers become '#': the wording may name K, and nothing else may change with it. */
static void keep_wording(struct lh_buf *b)
{
	size_t n = 0;
	for (size_t i = 0; i < b->n; i++) {
		bool digit = b->p[i] >= '0' && b->p[i] <= '9';
		if (!digit || i == 0 || n == 0 || b->p[n - 1] != '#')
			b->p[n++] = digit ? '#' : b->p[i];
	}
	b->n = n;
}

static int same_wording(struct lh_conform *c, struct lh_sample *s, struct lh_error *err)
{
	static const uint32_t k[] = { 1, 2, 5, 100, 100000 };
	struct lh_buf first, other;
	lh_buf_init(&first, LH_INSTRUCTIONS_MAX);
	lh_buf_init(&other, LH_INSTRUCTIONS_MAX);
	int rc = lh_try_instructions(c, s, 1, &first, err);
	keep_wording(&first);
	for (size_t i = 1; i < sizeof k / sizeof *k && !rc; i++) {
		rc = lh_try_instructions(c, s, k[i], &other, err);
		keep_wording(&other);
		if (!rc && !lh_str_equal(lh_buf_str(&first), lh_buf_str(&other)))
			rc = lh_conform_broken(s, LH_NO_STEP, err, "instructions() are worded differently for 1 and for %u steps per turn", k[i]);
	}
	lh_buf_fini(&first);
	lh_buf_fini(&other);
	return rc;
}

int lh_rule_same_wording(struct lh_conform *c, struct lh_error *err)
{
	return lh_conform_for_samples(c, same_wording, err);
}

/* "…", "TOTAL", "your answer": what no reader takes for an answer. */
static bool is_placeholder(struct lh_str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] >= '0' && s.p[i] <= '9')
			return false;
	return s.n <= 40;
}

static int judge_example(struct lh_conform *c, struct lh_sample *s, struct lh_str content, int *states, struct lh_error *err)
{
	struct lh_buf state;
	bool is_state = false;
	lh_buf_init(&state, LH_STATE_MAX);
	int rc = lh_try_canonical(c, s, content, &is_state, &state, err);
	if (!rc && is_state && !lh_str_equal(lh_buf_str(&state), content))
		rc = lh_conform_broken(s, LH_NO_STEP, err, "an answer tag in the instructions holds \"%.*s\", whose canonical form is \"%.*s\"",
			(int)(content.n < 100 ? content.n : 100), content.p, LH_ARG(lh_buf_str(&state)));
	else if (!rc && !is_state && !is_placeholder(content))
		rc = lh_conform_broken(s, LH_NO_STEP, err, "an answer tag in the instructions holds \"%.*s\", which is neither a state nor a placeholder",
			(int)(content.n < 100 ? content.n : 100), content.p);
	*states += is_state;
	lh_buf_fini(&state);
	return rc;
}

static int examples(struct lh_conform *c, struct lh_sample *s, struct lh_error *err)
{
	struct lh_buf text;
	lh_buf_init(&text, LH_INSTRUCTIONS_MAX);
	int rc = lh_try_instructions(c, s, 1, &text, err), tags = 0, states = 0;
	const char *end = text.p + text.n, *at = text.p;
	while (!rc && (at = find(at, end, "<answer>")) != NULL) {
		at += strlen("<answer>");
		const char *stop = find(at, end, "</answer>");
		if (!stop)
			rc = lh_conform_broken(s, LH_NO_STEP, err, "an <answer> in the instructions is never closed");
		else if (find(at, stop, "<"))
			rc = lh_conform_broken(s, LH_NO_STEP, err, "an <answer> in the instructions holds another tag");
		else
			rc = judge_example(c, s, (struct lh_str){ at, (size_t)(stop - at) }, &states, err);
		tags++;
	}
	if (!rc && !tags)
		rc = lh_conform_broken(s, LH_NO_STEP, err, "the instructions do not show the answer format, <answer>…</answer>");
	else if (!rc && !states)
		rc = lh_conform_broken(s, LH_NO_STEP, err, "no answer tag in the instructions holds a state: a worked example is due");
	lh_buf_fini(&text);
	return rc;
}

int lh_rule_examples(struct lh_conform *c, struct lh_error *err)
{
	return lh_conform_for_samples(c, examples, err);
}

static int asks(struct lh_conform *c, struct lh_sample *s, struct lh_error *err)
{
	struct lh_buf text;
	lh_buf_init(&text, LH_PROMPT_MAX);
	int rc = 0;
	uint64_t steps = lh_conform_step_count(c, s);
	for (uint64_t k = 0; k < steps && !rc; k++)
		for (uint32_t n = 1; n <= 5 && n <= steps - k && !rc; n += 2)
			rc = lh_try_ask(c, s, k, n, &text, err);
	if (!rc && s->max_steps)
		rc = lh_try_ask(c, s, s->max_steps - 1, 1, &text, err);
	else if (!rc)
		rc = lh_try_ask(c, s, UINT64_C(1) << 40, 3, &text, err);
	lh_buf_fini(&text);
	return rc;
}

int lh_rule_asks(struct lh_conform *c, struct lh_error *err)
{
	return lh_conform_for_samples(c, asks, err);
}
