/* task/conform_tools.c - what must hold of a family's tools, where it offers some. */
#include "task/conform.h"

#include "json/reader.h"
#include "json/writer.h"

#include <string.h>

/* ---- what a step needs ------------------------------------------------------------------------- */

static int try_call(struct lh_conform *c, struct lh_sample *s, uint64_t step, struct lh_str name, struct lh_str arguments, bool *refused,
	struct lh_buf *out, struct lh_error *err)
{
	lh_buf_clear(out);
	lh_conform_note(c, "call", s->index, step, arguments);
	return lh_sample_call_tool(s, name, arguments, refused, out, err);
}

/* The same call of another opening of the same sample, and again of this one. */
static int call_again(struct lh_conform *c, struct lh_sample *s, uint64_t step, struct lh_str name, struct lh_str arguments, struct lh_str first, struct lh_error *err)
{
	struct lh_sample *anew = NULL;
	struct lh_buf then;
	bool refused;
	lh_buf_init(&then, LH_TOOL_RESULT_MAX);
	int rc = lh_conform_open_sample(c, c->set, s->index, &anew, err);
	for (int i = 0; i < 2 && !rc; i++) {
		rc = try_call(c, i ? s : anew, step, name, arguments, &refused, &then, err);
		if (!rc && !lh_str_equal(first, lh_buf_str(&then)))
			rc = lh_conform_broken(s, step, err, "tool %.*s gave \"%.*s\" and, called again, \"%.*s\"", LH_ARG(name),
				(int)(first.n < 300 ? first.n : 300), first.p, (int)(then.n < 300 ? then.n : 300), then.p);
	}
	lh_conform_close_sample(c, anew);
	lh_buf_fini(&then);
	return rc;
}

static int one_need(struct lh_conform *c, struct lh_sample *s, uint64_t step, const struct lh_json *need, struct lh_error *err)
{
	struct lh_str name = lh_json_str(lh_json_get(need, "name"));
	struct lh_buf arguments, out;
	struct lh_jw w;
	bool refused = false;
	lh_buf_init(&arguments, LH_TOOL_ARGUMENTS_MAX);
	lh_buf_init(&out, LH_TOOL_RESULT_MAX);
	lh_jw_init(&w, &arguments, false);
	lh_jw_node(&w, lh_json_get(need, "arguments"));
	int rc = lh_buf_ok(&arguments, err);
	if (!rc)
		rc = try_call(c, s, step, name, lh_buf_str(&arguments), &refused, &out, err);
	if (!rc && refused)
		rc = lh_conform_broken(s, step, err, "needs() names the call %.*s %.*s, which is refused: %.*s", LH_ARG(name),
			(int)(arguments.n < 200 ? arguments.n : 200), arguments.p, (int)(out.n < 300 ? out.n : 300), out.p);
	if (!rc)
		rc = call_again(c, s, step, name, lh_buf_str(&arguments), lh_buf_str(&out), err);
	lh_buf_fini(&arguments);
	lh_buf_fini(&out);
	return rc;
}

static int needs(struct lh_conform *c, struct lh_sample *s, uint64_t step, struct lh_str before, struct lh_str after, struct lh_error *err)
{
	struct lh_json *list;
	(void)before, (void)after;
	lh_conform_note(c, "needs", s->index, step, LH_NOTHING);
	int rc = lh_sample_needs(s, step, &list, err);
	for (const struct lh_json *v = rc ? NULL : lh_json_first(list); v && !rc; v = lh_json_next(v))
		rc = one_need(c, s, step, v, err);
	lh_json_free(list);
	return rc;
}

int lh_rule_tools(struct lh_conform *c, struct lh_error *err)
{
	return lh_conform_for_steps(c, needs, err);
}

/* ---- the instructions -------------------------------------------------------------------------- */

static int named(struct lh_conform *c, struct lh_sample *s, struct lh_error *err)
{
	struct lh_buf text;
	lh_buf_init(&text, LH_INSTRUCTIONS_MAX);
	int rc = lh_try_instructions(c, s, 1, &text, err), n;
	const struct lh_tool *tool = lh_sample_tools(s, &n);
	for (int i = 0; i < n && !rc; i++)
		if (!memmem(text.p, text.n, tool[i].name, strlen(tool[i].name)))
			rc = lh_conform_broken(s, LH_NO_STEP, err, "the instructions do not name the tool %s", tool[i].name);
	lh_buf_fini(&text);
	return rc;
}

int lh_rule_tools_named(struct lh_conform *c, struct lh_error *err)
{
	return lh_conform_for_samples(c, named, err);
}

/* ---- any call ---------------------------------------------------------------------------------- */

/* {"NAME":"text"} for each property of the schema: what reaches the family. */
static void make_arguments(struct lh_random *r, const struct lh_json *schema, struct lh_str seen, struct lh_buf *text, struct lh_buf *out)
{
	struct lh_jw w;
	lh_buf_clear(out);
	lh_jw_init(&w, out, false);
	lh_jw_open(&w, '{');
	for (const struct lh_json *p = lh_json_first(lh_json_get(schema, "properties")); p; p = lh_json_next(p)) {
		lh_jw_key_str(&w, lh_json_key(p));
		lh_conform_make_text(r, seen, text);
		if (lh_str_is(lh_json_str(lh_json_get(p, "type")), "string"))
			lh_jw_str(&w, lh_buf_str(text));
		else
			lh_jw_int(&w, lh_random_between(r, -1000000, 1000000));
	}
	lh_jw_close(&w);
}

static int any_call(struct lh_conform *c, struct lh_sample *s, uint64_t step, struct lh_str before, struct lh_str after, struct lh_error *err)
{
	struct lh_random r = lh_random_stream(c->options.seed, s->index, step, LH_FOR_CHECK, 3000);
	struct lh_buf text, arguments, out;
	bool refused;
	int n, rc = 0;
	const struct lh_tool *tool = lh_sample_tools(s, &n);
	(void)before;
	lh_buf_init(&text, 1 << 16);
	lh_buf_init(&arguments, 1 << 18);
	lh_buf_init(&out, LH_TOOL_RESULT_MAX);
	for (int i = 0; i < 2 * n && !rc; i++) {
		struct lh_str name = lh_str_of(tool[i / 2].name);
		make_arguments(&r, c->set->schema[i / 2], after, &text, &arguments);
		if (i & 1)                               /* and text that is no JSON, which the host answers */
			lh_conform_make_text(&r, lh_buf_str(&arguments), &text);
		rc = try_call(c, s, step, name, i & 1 ? lh_buf_str(&text) : lh_buf_str(&arguments), &refused, &out, err);
	}
	lh_buf_fini(&text);
	lh_buf_fini(&arguments);
	lh_buf_fini(&out);
	return rc;
}

int lh_rule_any_call(struct lh_conform *c, struct lh_error *err)
{
	return lh_conform_for_steps(c, any_call, err);
}
