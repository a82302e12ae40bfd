#include "inspect/log_write.h"

#include "json/reader.h"
#include "transcript/transcript.h"

#include <string.h>

bool lh_log_put_arguments(struct lh_jw *w, struct lh_str arguments)
{
	struct lh_json *j = NULL;
	bool object = !lh_json_parse(arguments, "arguments", 1, &j, NULL) && lh_json_type(j) == LH_JSON_OBJECT;
	if (object) {
		lh_jw_node(w, j);
	} else {
		lh_jw_open(w, '{');
		lh_jw_key(w, "arguments"), lh_jw_str(w, arguments);
		lh_jw_close(w);
	}
	lh_json_free(j);
	return object;
}

void lh_log_put_json(struct lh_jw *w, struct lh_str json)
{
	struct lh_json *j = NULL;
	int rc = lh_json_parse(json, "a run file", 1, &j, NULL);
	lh_jw_node(w, rc ? NULL : j);
	lh_json_free(j);
}

static void put_call(struct lh_jw *w, const struct lh_tool_call *call, bool cleared)
{
	lh_jw_open(w, '{');
	lh_jw_key(w, "id"), lh_jw_str(w, call->id);
	lh_jw_key(w, "function"), lh_jw_str(w, call->name);
	lh_jw_key(w, "arguments");
	if (!lh_log_put_arguments(w, cleared ? LH_STR("{}") : call->arguments))
		lh_jw_key(w, "parse_error"), lh_jw_text(w, "these arguments are no JSON object");
	lh_jw_key(w, "type"), lh_jw_text(w, "function");
	lh_jw_close(w);
}

static int put_calls(struct lh_jw *w, const struct lh_recall_message *m, bool cleared, struct lh_error *err)
{
	struct lh_calls calls;
	struct lh_tool_call call;
	int rc = lh_calls_open(&calls, m->calls, err);
	if (rc)
		return rc;
	lh_jw_key(w, "tool_calls");
	lh_jw_open(w, '[');
	while (lh_calls_next(&calls, &call))
		put_call(w, &call, cleared);
	lh_jw_close(w);
	lh_calls_close(&calls);
	return 0;
}

static int put_answered(struct lh_jw *w, const struct lh_recall_message *m, struct lh_error *err)
{
	struct lh_calls calls;
	struct lh_tool_call call;
	int rc = lh_calls_open(&calls, m->calls, err);
	if (rc)
		return rc;
	if (lh_calls_next(&calls, &call)) {
		lh_jw_key(w, "tool_call_id"), lh_jw_str(w, call.id);
		lh_jw_key(w, "function"), lh_jw_str(w, call.name);
	}
	lh_calls_close(&calls);
	return 0;
}

static void put_thinking(struct lh_jw *w, struct lh_str thoughts, struct lh_str text)
{
	lh_jw_open(w, '[');
	lh_jw_open(w, '{');
	lh_jw_key(w, "type"), lh_jw_text(w, "reasoning");
	lh_jw_key(w, "reasoning"), lh_jw_str(w, thoughts);
	lh_jw_key(w, "redacted"), lh_jw_bool(w, false);
	lh_jw_close(w);
	lh_jw_open(w, '{');
	lh_jw_key(w, "type"), lh_jw_text(w, "text");
	lh_jw_key(w, "text"), lh_jw_str(w, text);
	lh_jw_close(w);
	lh_jw_close(w);
}

static void put_content(struct lh_jw *w, const struct lh_recall_message *m, const struct lh_log_form_of *form)
{
	struct lh_buf text;
	lh_buf_init(&text, 1u << 30);
	if (m->role == LH_TOOL && (form->bits & LH_RESULTS_CLEARED))
		lh_put_placeholder(&text, form->placeholder, m->text);
	else
		lh_put_variant(&text, (enum lh_role)m->role, m->text, form->bits);
	lh_jw_key(w, "content");
	if (m->thoughts.n && !(form->bits & (LH_NO_NATIVE_THOUGHTS | LH_ANSWER_ONLY)))
		put_thinking(w, m->thoughts, lh_buf_str(&text));
	else
		lh_jw_str(w, lh_buf_str(&text));
	if (text.failed && !w->out->failed)
		w->out->failed = text.failed;
	lh_buf_fini(&text);
}

/* Of prompts, which turn they ask; of what no model said, who made it. The viewer shows this at every message, so no more of it. */
static void put_metadata(struct lh_jw *w, const struct lh_recall_message *m)
{
	bool task = !strcmp(m->made_by, "task");
	if (!strcmp(m->made_by, "model") || (task && (m->role != LH_USER || m->turn < 1)))
		return;
	lh_jw_key(w, "metadata");
	lh_jw_open(w, '{');
	lh_jw_key(w, "turn"), lh_jw_int(w, m->turn);
	lh_jw_key(w, "made_by"), lh_jw_text(w, m->made_by);
	if (m->note.n)
		lh_jw_key(w, "note"), lh_jw_str(w, m->note);
	lh_jw_close(w);
}

int lh_log_put_message(struct lh_jw *w, const struct lh_recall_message *m, const struct lh_log_form_of *form, struct lh_str id, const char *model, struct lh_error *err)
{
	int rc = 0;
	bool assistant = m->role == LH_ASSISTANT, said = assistant && !strcmp(m->made_by, "model");
	lh_jw_open(w, '{');
	lh_jw_key(w, "id"), lh_jw_str(w, id);
	put_content(w, m, form);
	if (said || !strcmp(m->made_by, "task"))
		lh_jw_key(w, "source"), lh_jw_text(w, said ? "generate" : "input");
	put_metadata(w, m);
	lh_jw_key(w, "role"), lh_jw_text(w, lh_role_name(m->role));
	if (m->role == LH_TOOL)
		rc = put_answered(w, m, err);
	else if (m->calls.n)
		rc = put_calls(w, m, form->bits & LH_INPUTS_CLEARED, err);
	if (said)
		lh_jw_key(w, "model"), lh_jw_text(w, model);
	lh_jw_close(w);
	return rc;
}
