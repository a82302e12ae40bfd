/* task/conform_thoughts.c - what must hold of explain(), where a family offers it. */
#include "task/conform.h"

#include <inttypes.h>
#include <string.h>

/* ---- Text that leads to `after` ---------------------------------------------------------------- */

/* Part of a word or a number: where one of these stands in front of a state's text, the text is of another. */
static bool joins(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c && strchr("+-.,_", c));
}

static bool ends_in(struct lh_str text, struct lh_str state)
{
	for (int closing = 0; closing <= 2 && text.n >= state.n; closing++) {
		size_t at = text.n - state.n;
		if (memcmp(text.p + at, state.p, state.n) == 0 && (at == 0 || !joins(text.p[at - 1])))
			return true;
		if (!strchr(".!\"')]", text.p[text.n - 1]))
			return false;
		text.n--;
	}
	return false;
}

static int judge_text(struct lh_conform *c, struct lh_sample *s, uint64_t step, struct lh_str before, struct lh_str after, struct lh_error *err)
{
	struct lh_buf text;
	lh_buf_init(&text, LH_THOUGHTS_MAX);
	int rc = lh_try_explain(c, s, step, before, after, &text, err);
	if (!rc && !ends_in(lh_buf_str(&text), after))
		rc = lh_conform_broken(s, step, err, "explain() to \"%.*s\" does not end in that state: \"%.*s\"",
			(int)(after.n < 200 ? after.n : 200), after.p, (int)(text.n < 400 ? text.n : 400), text.p);
	lh_buf_fini(&text);
	return rc;
}

/* ---- Pairs of states --------------------------------------------------------------------------- */

/* Three states for a step that has led from `before` to `after`: two slips, and what canonical() makes of
 * changed text, which may be a state that no plan comes to. */
static int make_states(struct lh_conform *c, struct lh_sample *s, uint64_t step, struct lh_str after, struct lh_buf state[3], struct lh_error *err)
{
	struct lh_buf text;
	struct lh_random r = lh_random_stream(c->options.seed, s->index, step, LH_FOR_CHECK, 2000);
	bool is_state = false;
	lh_buf_init(&text, 1 << 16);
	int rc = lh_try_corrupt(c, s, step, after, 0, &state[0], err);
	if (!rc)
		rc = lh_try_corrupt(c, s, step, after, 1, &state[1], err);
	for (int i = 0; i < 8 && !is_state && !rc; i++) {
		lh_conform_make_text(&r, after, &text);
		rc = lh_try_canonical(c, s, lh_buf_str(&text), &is_state, &state[2], err);
	}
	if (!rc && !is_state)
		rc = lh_try_corrupt(c, s, step, after, 2, &state[2], err);
	lh_buf_fini(&text);
	return rc;
}

/* From the right state, and from others where `froms` is 3, not 1; to the right one and to others. */
static int each_pair(struct lh_conform *c, struct lh_sample *s, uint64_t step, struct lh_str before, struct lh_str after, int froms,
	lh_each_step *visit, struct lh_error *err)
{
	struct lh_buf made[3];
	for (int i = 0; i < 3; i++)
		lh_buf_init(&made[i], LH_STATE_MAX);
	int rc = make_states(c, s, step, after, made, err);
	struct lh_str from[3] = { before, lh_buf_str(&made[0]), lh_buf_str(&made[2]) };
	struct lh_str to[5] = { after, lh_buf_str(&made[0]), lh_buf_str(&made[1]), lh_buf_str(&made[2]), before };
	for (int i = 0; i < froms; i++)
		for (int k = 0; k < 5 && !rc; k++)
			rc = visit(c, s, step, from[i], to[k], err);
	for (int i = 0; i < 3; i++)
		lh_buf_fini(&made[i]);
	return rc;
}

static int explains(struct lh_conform *c, struct lh_sample *s, uint64_t step, struct lh_str before, struct lh_str after, struct lh_error *err)
{
	return each_pair(c, s, step, before, after, 3, judge_text, err);
}

int lh_rule_explains(struct lh_conform *c, struct lh_error *err)
{
	return lh_conform_for_steps(c, explains, err);
}

/* ---- The same text again ----------------------------------------------------------------------- */

/* Asked twice, and of the same sample opened anew in between. */
static int again(struct lh_conform *c, struct lh_sample *s, uint64_t step, struct lh_str before, struct lh_str after, struct lh_error *err)
{
	struct lh_buf first, then;
	lh_buf_init(&first, LH_THOUGHTS_MAX);
	lh_buf_init(&then, LH_THOUGHTS_MAX);
	int rc = lh_try_explain(c, s, step, before, after, &first, err);
	for (int i = 0; i < 2 && !rc; i++) {
		rc = lh_try_explain(c, i ? s : c->anew, step, before, after, &then, err);
		if (!rc && !lh_str_equal(lh_buf_str(&first), lh_buf_str(&then)))
			rc = lh_conform_broken(s, step, err, "explain() gave \"%.*s\" and, asked again, \"%.*s\"",
				(int)(first.n < 400 ? first.n : 400), first.p, (int)(then.n < 400 ? then.n : 400), then.p);
	}
	lh_buf_fini(&first);
	lh_buf_fini(&then);
	return rc;
}

static int repeats(struct lh_conform *c, struct lh_sample *s, uint64_t step, struct lh_str before, struct lh_str after, struct lh_error *err)
{
	return each_pair(c, s, step, before, after, 1, again, err);
}

/* Opened anew once a sample: opening may take far longer than a step. */
static int repeats_in(struct lh_conform *c, struct lh_sample *s, struct lh_error *err)
{
	int rc = lh_conform_open_sample(c, c->set, s->index, &c->anew, err);
	if (!rc)
		rc = lh_conform_walk(c, s, repeats, err);
	lh_conform_close_sample(c, c->anew);
	c->anew = NULL;
	return rc;
}

int lh_rule_explains_again(struct lh_conform *c, struct lh_error *err)
{
	return lh_conform_for_samples(c, repeats_in, err);
}
