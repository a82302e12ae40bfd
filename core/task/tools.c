/* task/tools.c - the tools of a family: listed, checked, called.
 *
 * What a model writes as arguments is hostile: it reaches the family only as a JSON object that fits the tool's
 * schema. Everything else is answered here, with an error that the model can read. */
#include "task/task_impl.h"

#include "base/utf8.h"
#include "json/reader.h"
#include "json/writer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- what is offered --------------------------------------------------------------------------- */

int lh_family_check_tools(const struct lh_tools_v1 *t, struct lh_error *err)
{
	if (t->struct_size < sizeof *t)
		return lh_fail(err, LH_E_PLUGIN, "its struct lh_tools_v1 says that it has %u bytes, and it has %zu: set .struct_size = "
			"sizeof(struct lh_tools_v1), or give NULL for \"" LH_TOOLS_INTERFACE "\"", t->struct_size, sizeof *t);
	const char *missing = !t->list ? "list" : !t->call ? "call" : !t->needs ? "needs" : NULL;
	if (missing)
		return lh_fail(err, LH_E_PLUGIN, "%s is NULL in its " LH_TOOLS_INTERFACE ": all three functions are needed", missing);
	return 0;
}

static int check_tool(const struct lh_tool *tool, int i, struct lh_json **schema, struct lh_error *err)
{
	if (!tool->name || !lh_name_ok(tool->name))
		return lh_fail(err, LH_E_PLUGIN, "tool %d has no proper name: a-z, 0-9 and _, a letter first, at most %d", i + 1, LH_NAME_MAX);
	if (!tool->description || !tool->description[0])
		return lh_fail(err, LH_E_PLUGIN, "tool %s has no description", tool->name);
	char where[80];
	snprintf(where, sizeof where, "the parameters of tool %s", tool->name);
	int rc = lh_json_parse(lh_str_of(tool->parameters), where, 1, schema, err);
	if (rc)
		return rc == LH_E_DATA && err ? (err->code = LH_E_PLUGIN) : rc;
	if (!lh_str_is(lh_json_str(lh_json_get(*schema, "type")), "object"))
		return lh_fail(err, LH_E_PLUGIN, "%s are not a JSON Schema of type object", where);
	return 0;
}

int lh_taskset_list_tools(struct lh_taskset *t, struct lh_error *err)
{
	if (!t->family->tools)
		return 0;
	uint32_t count = 0;
	lh_host_call(lh_family_name(t->family), LH_IN_list, LH_NO_STEP);
	const struct lh_tool *tool = t->family->tools->list(t->data, &count);
	lh_host_left();
	if (!count)
		return 0;
	if (!tool || count > LH_TOOLS_MAX)
		return lh_fail(err, LH_E_PLUGIN, "list() gave %u tools%s; at most %d are possible", count, tool ? "" : " at NULL", LH_TOOLS_MAX);
	t->schema = calloc(count, sizeof *t->schema);
	if (!t->schema)
		return lh_nomem(err);
	t->tool = tool;
	for (; t->tools < (int)count; t->tools++) {
		int rc = check_tool(&tool[t->tools], t->tools, &t->schema[t->tools], err);
		if (rc)
			return rc;
	}
	return 0;
}

void lh_taskset_drop_tools(struct lh_taskset *t)
{
	for (int i = 0; i < t->tools; i++)
		lh_json_free(t->schema[i]);
	free(t->schema);
}

const struct lh_tool *lh_taskset_tools(const struct lh_taskset *t, int *count)
{
	*count = t->tools;
	return t->tool;
}

const struct lh_tool *lh_sample_tools(const struct lh_sample *s, int *count)
{
	return lh_taskset_tools(s->set, count);
}

/* ---- arguments --------------------------------------------------------------------------------- */

/* What the model is told, as JSON. */
static int refuse(struct lh_buf *out, const char *what, struct lh_str about, const char *then, struct lh_error *err)
{
	struct lh_buf text;
	struct lh_jw w;
	lh_buf_init(&text, 4096);
	lh_buf_puts(&text, what);
	lh_buf_put(&text, about.p, about.n < 200 ? about.n : 200);
	lh_buf_puts(&text, then);
	lh_jw_init(&w, out, false);
	lh_jw_open(&w, '{');
	lh_jw_key(&w, "error");
	lh_jw_str(&w, lh_buf_str(&text));
	lh_jw_close(&w);
	lh_buf_fini(&text);
	return lh_buf_ok(out, err);
}

static bool of_type(const struct lh_json *v, struct lh_str type)
{
	static const struct { const char *name; enum lh_json_type type; } types[] = {
		{ "string", LH_JSON_STRING }, { "number", LH_JSON_NUMBER }, { "boolean", LH_JSON_BOOL },
		{ "object", LH_JSON_OBJECT }, { "array", LH_JSON_ARRAY }, { "null", LH_JSON_NULL } };
	int64_t whole;
	if (lh_str_is(type, "integer"))
		return lh_json_type(v) == LH_JSON_NUMBER && lh_json_int(v, &whole);
	for (size_t i = 0; i < sizeof types / sizeof *types; i++)
		if (lh_str_is(type, types[i].name))
			return lh_json_type(v) == types[i].type;
	return true;                             /* no type, or one that this does not know: the family's business */
}

/* The first way in which the arguments do not fit; NULL: they fit. *about: of which of them. */
static const char *misfit(const struct lh_json *schema, const struct lh_json *arguments, struct lh_str *about)
{
	const struct lh_json *properties = lh_json_get(schema, "properties"), *required = lh_json_get(schema, "required");
	for (const struct lh_json *v = lh_json_first(required); v; v = lh_json_next(v)) {
		*about = lh_json_str(v);
		if (!lh_json_get(arguments, about->p))
			return "\" is missing";
	}
	const struct lh_json *more = lh_json_get(schema, "additionalProperties");
	for (const struct lh_json *v = lh_json_first(arguments); v; v = lh_json_next(v)) {
		*about = lh_json_key(v);
		const struct lh_json *p = lh_json_get(properties, about->p);
		if (!p && lh_json_type(more) == LH_JSON_BOOL && !lh_json_bool(more))
			return "\" is not known";
		if (p && !of_type(v, lh_json_str(lh_json_get(p, "type"))))
			return "\" is of the wrong type";
	}
	return NULL;
}

static int find_tool(const struct lh_taskset *t, struct lh_str name)
{
	for (int i = 0; i < t->tools; i++)
		if (lh_str_is(name, t->tool[i].name))
			return i;
	return -1;
}

static int no_such_tool(const struct lh_taskset *t, struct lh_str name, struct lh_buf *out, struct lh_error *err)
{
	struct lh_buf names;
	lh_buf_init(&names, LH_TOOLS_MAX * (LH_NAME_MAX + 2) + 64);
	lh_buf_puts(&names, "\"; there are: ");
	for (int i = 0; i < t->tools; i++) {
		lh_buf_puts(&names, i ? ", " : "");
		lh_buf_puts(&names, t->tool[i].name);
	}
	int rc = lh_buf_ok(&names, err);
	if (!rc)
		rc = refuse(out, "there is no tool \"", name, names.p, err);
	lh_buf_fini(&names);
	return rc;
}

/* ---- calls ------------------------------------------------------------------------------------- */

static int judge_result(struct lh_sample *s, const char *function, int32_t result, const struct lh_sink *sink, size_t start, struct lh_error *err)
{
	struct lh_buf *out = sink->out;
	struct lh_str text = { out->n > start ? out->p + start : "", out->n - start };
	int rc = 0;
	if (result != LH_TASK_OK && result != LH_TASK_REFUSED)
		rc = lh_host_failure(function, err);
	else if (sink->over)
		rc = lh_fail(err, LH_E_PLUGIN, "%s() gave more than the %d bytes allowed", function, LH_TOOL_RESULT_MAX);
	else if (out->failed)
		rc = lh_buf_ok(out, err);
	else if (!text.n)
		rc = lh_fail(err, LH_E_PLUGIN, "%s() gave no text", function);
	else if (lh_utf8_bad_at(text) != text.n)
		rc = lh_fail(err, LH_E_PLUGIN, "%s() gave text that is not valid UTF-8 (byte %zu)", function, lh_utf8_bad_at(text));
	if (rc)
		lh_prefix(err, "task %s, sample %llu", lh_family_name(s->set->family), (unsigned long long)s->index);
	return rc;
}

static int call(struct lh_sample *s, int tool, const struct lh_json *arguments, bool *refused, struct lh_buf *out, struct lh_error *err)
{
	struct lh_buf text;
	struct lh_jw w;
	lh_buf_init(&text, LH_TOOL_RESULT_MAX);
	lh_jw_init(&w, &text, false);
	lh_jw_node(&w, arguments);
	int rc = lh_buf_ok(&text, err);
	size_t start = out->n;
	struct lh_sink sink = { .out = out, .max = start + LH_TOOL_RESULT_MAX };
	const char *name = s->set->tool[tool].name;
	if (!rc) {
		lh_host_call(lh_family_name(s->set->family), LH_IN_call, LH_NO_STEP);
		int32_t result = s->set->family->tools->call(s->task, (struct lh_text){ name, strlen(name) }, (struct lh_text){ text.p, text.n }, &sink);
		lh_host_left();
		*refused = result == LH_TASK_REFUSED;
		rc = judge_result(s, "call", result, &sink, start, err);
	}
	lh_buf_fini(&text);
	return rc;
}

int lh_sample_call_tool(struct lh_sample *s, struct lh_str name, struct lh_str arguments, bool *refused, struct lh_buf *out, struct lh_error *err)
{
	struct lh_json *doc = NULL;
	struct lh_error why = { 0 };
	struct lh_str about = LH_STR("");
	int tool = find_tool(s->set, name), rc;
	*refused = true;
	if (tool < 0)
		return no_such_tool(s->set, name, out, err);
	if (!lh_str_trim(arguments).n)           /* some write nothing where nothing is needed */
		arguments = LH_STR("{}");
	rc = arguments.n > LH_TOOL_ARGUMENTS_MAX ? LH_E_LIMIT : lh_json_parse(arguments, "arguments", 1, &doc, &why);
	if (rc == LH_E_NOMEM)
		return lh_nomem(err);
	if (rc || lh_json_type(doc) != LH_JSON_OBJECT) {
		rc = refuse(out, "the arguments are no JSON object: ", arguments, "", err);
	} else {
		const char *fault = misfit(s->set->schema[tool], doc, &about);
		rc = fault ? refuse(out, "argument \"", about, fault, err) : call(s, tool, doc, refused, out, err);
	}
	lh_json_free(doc);
	return rc;
}

int lh_sample_needs(struct lh_sample *s, uint64_t step, struct lh_json **out, struct lh_error *err)
{
	struct lh_buf text;
	*out = NULL;
	lh_buf_init(&text, LH_TOOL_RESULT_MAX);
	struct lh_sink sink = { .out = &text, .max = LH_TOOL_RESULT_MAX };
	lh_host_call(lh_family_name(s->set->family), LH_IN_needs, step);
	int32_t result = s->set->family->tools->needs(s->task, step, &sink);
	lh_host_left();
	int rc = judge_result(s, "needs", result, &sink, 0, err);
	if (!rc && (rc = lh_json_parse(lh_buf_str(&text), "needs()", 1, out, err)) == LH_E_DATA && err)
		rc = err->code = LH_E_PLUGIN;
	if (!rc && lh_json_type(*out) != LH_JSON_ARRAY) {
		lh_json_free(*out);
		*out = NULL;
		rc = lh_fail(err, LH_E_PLUGIN, "task %s, sample %llu, step %llu: needs() gave no list", lh_family_name(s->set->family),
			(unsigned long long)s->index, (unsigned long long)step);
	}
	lh_buf_fini(&text);
	return rc;
}
