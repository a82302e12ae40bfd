#include "transcript/calls.h"

#include "json/reader.h"

void lh_calls_put(struct lh_jw *w, const struct lh_tool_call *call)
{
	lh_jw_open(w, '{');
	lh_jw_key(w, "id");
	lh_jw_str(w, call->id);
	lh_jw_key(w, "name");
	lh_jw_str(w, call->name);
	if (call->arguments.p) {
		lh_jw_key(w, "arguments");
		lh_jw_str(w, call->arguments);
	}
	lh_jw_close(w);
}

void lh_calls_put_chat(struct lh_jw *w, const struct lh_tool_call *call)
{
	lh_jw_open(w, '{');
	lh_jw_key(w, "id"), lh_jw_str(w, call->id);
	lh_jw_key(w, "type"), lh_jw_text(w, "function");
	lh_jw_key(w, "function");
	lh_jw_open(w, '{');
	lh_jw_key(w, "name"), lh_jw_str(w, call->name);
	lh_jw_key(w, "arguments"), lh_jw_str(w, call->arguments);
	lh_jw_close(w);
	lh_jw_close(w);
}

int lh_calls_open(struct lh_calls *c, struct lh_str list, struct lh_error *err)
{
	struct lh_error why = { 0 };
	*c = (struct lh_calls){ NULL, NULL };
	if (!list.n)
		return 0;
	int rc = lh_json_parse(list, "calls", 1, &c->list, &why);
	if (rc == LH_E_NOMEM)
		return lh_nomem(err);
	if (lh_json_type(c->list) == LH_JSON_ARRAY)
		c->at = lh_json_first(c->list);
	return 0;
}

bool lh_calls_next(struct lh_calls *c, struct lh_tool_call *out)
{
	if (!c->at)
		return false;
	*out = (struct lh_tool_call){ lh_json_str(lh_json_get(c->at, "id")), lh_json_str(lh_json_get(c->at, "name")),
		lh_json_str(lh_json_get(c->at, "arguments")) };
	c->at = lh_json_next(c->at);
	return true;
}

void lh_calls_close(struct lh_calls *c)
{
	lh_json_free(c->list);
}
