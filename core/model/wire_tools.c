/* Tools in requests and replies: what the formats have in common. */
#include "model/wire.h"

#include <stdio.h>

void lh_wire_add_call(const struct lh_reading *g, struct lh_str id, struct lh_str name, struct lh_str arguments)
{
	struct lh_reply *r = g->reply;
	struct lh_jw w;
	char made[48];
	size_t n = r->calls.n;
	if (!id.n) {                             /* some servers give none, and take any back: one that no other reply has */
		snprintf(made, sizeof made, "call_%08x_%zu", (unsigned)g->salt, n);
		id = lh_str_of(made);
	}
	if (n)
		r->calls.p[n - 1] = ',';
	else
		lh_buf_putc(&r->calls, '[');
	lh_jw_init(&w, &r->calls, false);
	lh_calls_put(&w, &(struct lh_tool_call){ id, name, arguments.p ? arguments : LH_STR("") });
	lh_buf_putc(&r->calls, ']');
}

bool lh_wire_calls_count(const struct lh_reading *g)
{
	enum lh_finish f = g->reply->finish;
	return g->asked->tools && f != LH_FINISH_LENGTH && f != LH_FINISH_REFUSAL && f != LH_FINISH_FILTER;
}

void lh_wire_put_tools(const struct lh_live *l, const struct lh_model_request *q, struct lh_buf *b)
{
	int n = 0;
	struct lh_jw w;
	const struct lh_tool *tool = q->transcript ? lh_sample_tools(lh_transcript_sample(q->transcript), &n) : NULL;
	if (!n)
		return;
	lh_buf_puts(b, ",\"tools\":");
	lh_jw_init(&w, b, false);
	lh_jw_open(&w, '[');
	for (int i = 0; i < n; i++)
		l->provider->put_tool(&w, &tool[i]);
	lh_jw_close(&w);
	if (q->options && q->options->no_tools)  /* they are named all the same: earlier calls may stand in the messages */
		lh_buf_puts(b, l->provider->no_tools);
}

void lh_wire_put_function(struct lh_jw *w, const struct lh_tool *tool, const char *schema_key)
{
	lh_jw_key(w, "name");
	lh_jw_text(w, tool->name);
	lh_jw_key(w, "description");
	lh_jw_text(w, tool->description);
	lh_jw_key(w, schema_key);
	lh_jw_raw(w, lh_str_of(tool->parameters));
}
