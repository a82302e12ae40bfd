/* task/conform_rules.c - the properties that every family must have. */
#include "task/conform.h"

#include <inttypes.h>

/* ---- Opening and loading ----------------------------------------------------------------------- */

static int rule_opens(struct lh_conform *c, struct lh_error *err)
{
	lh_conform_note(c, "dlopen", UINT64_MAX, LH_NO_STEP, LH_NOTHING);
	int rc = lh_conform_make_guard(c, err);
	return rc ? rc : lh_registry_open(c->registry, c->path, &c->family, err);
}

static int rule_loads(struct lh_conform *c, struct lh_error *err)
{
	return lh_conform_open_set(c, &c->set, err);
}

static int rule_interfaces(struct lh_conform *c, struct lh_error *err)
{
	const struct lh_plugin *p = c->family->plugin;
	lh_conform_note(c, "get_interface", UINT64_MAX, LH_NO_STEP, LH_NOTHING);
	if (p->get_interface(lh_host_table(), "longhaul.none/9") || p->get_interface(lh_host_table(), ""))
		return lh_fail(err, LH_E_PLUGIN, "get_interface() gave something for the id \"longhaul.none/9\" or \"\"; an unknown id gives NULL");
	if (p->get_interface(lh_host_table(), LH_TASK_INTERFACE) != c->family->task)
		return lh_fail(err, LH_E_PLUGIN, "get_interface(\"" LH_TASK_INTERFACE "\") gave another table than before");
	if (p->get_interface(lh_host_table(), LH_TOOLS_INTERFACE) != c->family->tools)
		return lh_fail(err, LH_E_PLUGIN, "get_interface gives another pointer for \"" LH_TOOLS_INTERFACE "\" when asked again");
	if (p->get_interface(lh_host_table(), LH_THOUGHTS_INTERFACE) != c->family->thoughts)
		return lh_fail(err, LH_E_PLUGIN, "get_interface(\"" LH_THOUGHTS_INTERFACE "\") gave another table than before");
	return 0;
}

static int rule_nulls(struct lh_conform *c, struct lh_error *err)
{
	(void)err;
	lh_host_enter(lh_family_name(c->family));
	lh_conform_note(c, "close", UINT64_MAX, LH_NO_STEP, LH_STR("NULL"));
	c->family->task->close(NULL);
	lh_conform_note(c, "unload", UINT64_MAX, LH_NO_STEP, LH_STR("NULL"));
	c->family->task->unload(NULL);
	return 0;
}

static int rule_reloads(struct lh_conform *c, struct lh_error *err)
{
	int rc = 0;
	for (int i = 0; i < 2 && !rc; i++) {
		struct lh_taskset *again;
		rc = lh_conform_open_set(c, &again, err);
		if (!rc && again->samples != c->set->samples)
			rc = lh_fail(err, LH_E_PLUGIN, "samples() gave %" PRIu64 " and, loaded again, %" PRIu64, c->set->samples, again->samples);
		lh_conform_note(c, "unload", UINT64_MAX, LH_NO_STEP, LH_NOTHING);
		lh_taskset_free(again);
	}
	return rc;
}

static int reopen(struct lh_conform *c, struct lh_sample *s, struct lh_error *err)
{
	struct lh_sample *again = NULL;
	int rc = 0;
	for (int i = 0; i < 2 && !rc; i++) {
		rc = lh_conform_open_sample(c, c->set, s->index, &again, err);
		if (!rc && again->max_steps != s->max_steps)
			rc = lh_conform_broken(s, LH_NO_STEP, err, "max_steps() gave %" PRIu64 " and, opened again, %" PRIu64, s->max_steps, again->max_steps);
		lh_conform_close_sample(c, again);
	}
	return rc;
}

static int rule_reopens(struct lh_conform *c, struct lh_error *err)
{
	return lh_conform_for_samples(c, reopen, err);
}

/* ---- The step machine -------------------------------------------------------------------------- */

static int far_step(struct lh_conform *c, struct lh_sample *s, struct lh_error *err)
{
	struct lh_buf from, to;
	lh_buf_init(&from, LH_STATE_MAX);
	lh_buf_init(&to, LH_STATE_MAX);
	int rc = lh_try_initial(c, s, &from, err);
	if (!rc)
		rc = lh_try_apply(c, s, s->max_steps ? s->max_steps - 1 : UINT64_C(1) << 40, lh_buf_str(&from), &to, err);
	lh_buf_fini(&from);
	lh_buf_fini(&to);
	return rc;
}

static int rule_apply(struct lh_conform *c, struct lh_error *err)
{
	int rc = lh_conform_for_steps(c, NULL, err);
	return rc ? rc : lh_conform_for_samples(c, far_step, err);
}

/* A state is its own canonical form, also with white space around it. */
static int fixed(struct lh_conform *c, struct lh_sample *s, uint64_t step, struct lh_str state, const char *what, struct lh_error *err)
{
	struct lh_buf got, padded;
	lh_buf_init(&got, LH_STATE_MAX);
	lh_buf_init(&padded, LH_STATE_MAX + 8);
	lh_buf_puts(&padded, " \n");
	lh_buf_put_str(&padded, state);
	lh_buf_puts(&padded, "\t\n");
	struct lh_str texts[2] = { state, lh_buf_str(&padded) };
	int rc = 0;
	for (int i = 0; i < 2 && !rc; i++) {
		bool is_state;
		rc = lh_try_canonical(c, s, texts[i], &is_state, &got, err);
		const char *around = i ? ", with white space around it," : "";
		if (!rc && !is_state)
			rc = lh_conform_broken(s, step, err, "canonical() does not accept %s%s", what, around);
		else if (!rc && !lh_str_equal(lh_buf_str(&got), state))
			rc = lh_conform_broken(s, step, err, "canonical() of %s%s is \"%.*s\"", what, around, LH_ARG(lh_buf_str(&got)));
	}
	lh_buf_fini(&got);
	lh_buf_fini(&padded);
	return rc;
}

static int reached_fixed(struct lh_conform *c, struct lh_sample *s, uint64_t step, struct lh_str before, struct lh_str after, struct lh_error *err)
{
	int rc = step ? 0 : fixed(c, s, LH_NO_STEP, before, "the initial state", err);
	return rc ? rc : fixed(c, s, step, after, "a state that apply() gave", err);
}

static int rule_canonical(struct lh_conform *c, struct lh_error *err)
{
	return lh_conform_for_steps(c, reached_fixed, err);
}

static int corrupts(struct lh_conform *c, struct lh_sample *s, uint64_t step, struct lh_str before, struct lh_str after, struct lh_error *err)
{
	(void)before;
	struct lh_buf wrong, again;
	lh_buf_init(&wrong, LH_STATE_MAX);
	lh_buf_init(&again, LH_STATE_MAX);
	int rc = 0;
	for (uint64_t n = 0; n < 4 && !rc; n++) {
		rc = lh_try_corrupt(c, s, step, after, n, &wrong, err);       /* that it differs is checked there */
		if (!rc)
			rc = lh_try_corrupt(c, s, step, after, n, &again, err);
		if (!rc && !lh_str_equal(lh_buf_str(&wrong), lh_buf_str(&again)))
			rc = lh_conform_broken(s, step, err, "corrupt() gave \"%.*s\" and then, with the same random numbers, \"%.*s\"",
				LH_ARG(lh_buf_str(&wrong)), LH_ARG(lh_buf_str(&again)));
		if (!rc)
			rc = fixed(c, s, step, lh_buf_str(&wrong), "a state that corrupt() gave", err);
	}
	lh_buf_fini(&wrong);
	lh_buf_fini(&again);
	return rc;
}

static int rule_corrupt(struct lh_conform *c, struct lh_error *err)
{
	return lh_conform_for_steps(c, corrupts, err);
}

/* Errors carried on: every state is wrong, and has come from a wrong one. */
static int carry(struct lh_conform *c, struct lh_sample *s, struct lh_error *err)
{
	struct lh_buf right, wrong;
	lh_buf_init(&right, LH_STATE_MAX);
	lh_buf_init(&wrong, LH_STATE_MAX);
	int rc = lh_try_initial(c, s, &wrong, err);
	for (uint64_t k = 0; k < lh_conform_step_count(c, s) && !rc; k++) {
		rc = lh_try_apply(c, s, k, lh_buf_str(&wrong), &right, err);
		if (!rc)
			rc = lh_try_corrupt(c, s, k, lh_buf_str(&right), k, &wrong, err);
	}
	lh_buf_fini(&right);
	lh_buf_fini(&wrong);
	return rc;
}

static int rule_carry(struct lh_conform *c, struct lh_error *err)
{
	return lh_conform_for_samples(c, carry, err);
}

/* ---- Any text ---------------------------------------------------------------------------------- */

void lh_conform_make_text(struct lh_random *r, struct lh_str state, struct lh_buf *out)
{
	static const char likely[] = "0123456789-+.,:;= \n\t<>()[]{}\"'aezAEZ|/\\_";
	lh_buf_clear(out);
	uint64_t kind = lh_random_below(r, 4);
	size_t size = (size_t)lh_random_below(r, lh_random_below(r, 100) ? 40 : 60000);     /* long ones cost what many short ones do */
	if (kind >= 2) {
		lh_buf_put_str(out, state);
		for (uint64_t i = lh_random_below(r, 4); i > 0 && out->n; i--)
			out->p[lh_random_below(r, out->n)] = kind == 2 ? likely[lh_random_below(r, sizeof likely - 1)] : (char)lh_random_next(r);
		if (out->n && lh_random_below(r, 3) == 0)
			out->n = (size_t)lh_random_below(r, out->n + 1);
		return;
	}
	for (size_t i = 0; i < size; i++)
		lh_buf_putc(out, kind ? likely[lh_random_below(r, sizeof likely - 1)] : (char)lh_random_next(r));
}

static int any_text(struct lh_conform *c, struct lh_sample *s, uint64_t step, struct lh_str before, struct lh_str after, struct lh_error *err)
{
	(void)before;
	struct lh_buf text, state;
	lh_buf_init(&text, 1 << 16);
	lh_buf_init(&state, LH_STATE_MAX);
	struct lh_random r = lh_random_stream(c->options.seed, s->index, step, LH_FOR_CHECK, 1000);
	int rc = 0;
	for (int i = 0; i < 8 && !rc; i++) {
		bool is_state;
		lh_conform_make_text(&r, after, &text);
		rc = lh_try_canonical(c, s, lh_buf_str(&text), &is_state, &state, err);
		if (!rc && is_state)
			rc = fixed(c, s, step, lh_buf_str(&state), "a state that canonical() gave", err);
	}
	lh_buf_fini(&text);
	lh_buf_fini(&state);
	return rc;
}

static int rule_any_text(struct lh_conform *c, struct lh_error *err)
{
	return lh_conform_for_steps(c, any_text, err);
}

const struct lh_rule lh_conform_rules[] = {
	{ "opens (symbol, versions, interface, declarations)", rule_opens, LH_OF_ALL },
	{ "loads with these parameters", rule_loads, LH_OF_ALL },
	{ "unknown interfaces are NULL", rule_interfaces, LH_OF_ALL },
	{ "close(NULL) and unload(NULL) are accepted", rule_nulls, LH_OF_ALL },
	{ "loads and unloads again", rule_reloads, LH_OF_ALL },
	{ "samples open and close again", rule_reopens, LH_OF_ALL },
	{ "instructions show the answer format and a worked example", lh_rule_examples, LH_OF_ALL },
	{ "instructions are worded alike for every number of steps per turn", lh_rule_same_wording, LH_OF_ALL },
	{ "ask gives text", lh_rule_asks, LH_OF_ALL },
	{ "apply is total on reached states", rule_apply, LH_OF_ALL },
	{ "canonical leaves states as they are", rule_canonical, LH_OF_ALL },
	{ "corrupt gives another state, canonical and repeatable", rule_corrupt, LH_OF_ALL },
	{ "apply is total on corrupted states", rule_carry, LH_OF_ALL },
	{ "canonical takes any text", rule_any_text, LH_OF_ALL },
	{ "the same sample is the same task", lh_rule_same_task, LH_OF_ALL },
	{ "tasks do not disturb each other", lh_rule_interleaved, LH_OF_ALL },
	{ "output that does not fit does no harm", lh_rule_small_sinks, LH_OF_ALL },
	{ "explain gives text that ends in the state it leads to, right or wrong", lh_rule_explains, LH_OF_THOUGHTS },
	{ "explain gives the same text again", lh_rule_explains_again, LH_OF_THOUGHTS },
	{ "tools answer the calls that a step needs, the same again", lh_rule_tools, LH_OF_TOOLS },
	{ "instructions name the tools", lh_rule_tools_named, LH_OF_TOOLS },
	{ "tools take any arguments", lh_rule_any_call, LH_OF_TOOLS },
	{ NULL, NULL, LH_OF_ALL }
};
