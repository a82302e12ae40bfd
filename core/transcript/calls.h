/* transcript/calls.h - calls of tools as they are kept: a JSON list, one object a call.
 *
 *   [{"id":"call_7","name":"get_flight","arguments":"{\"number\":\"LH742\"}"}]
 *
 * `arguments` is text, as the model wrote it: it may be anything. A message that holds a tool's result has such a list
 * too, of the one call that it answers, without arguments. */
#ifndef LH_TRANSCRIPT_CALLS_H
#define LH_TRANSCRIPT_CALLS_H

#include "json/writer.h"

struct lh_tool_call { struct lh_str id, name, arguments; };

/* One object of a list that is being written; arguments.p NULL: none. */
void lh_calls_put(struct lh_jw *w, const struct lh_tool_call *call);
/* The same as an element of Chat Completions' "tool_calls". */
void lh_calls_put_chat(struct lh_jw *w, const struct lh_tool_call *call);

/* Reading, one after another; texts live until the close. A list that cannot be read holds no calls. */
struct lh_calls { struct lh_json *list; const struct lh_json *at; };
int lh_calls_open(struct lh_calls *c, struct lh_str list, struct lh_error *err) LH_CHECKED;      /* LH_E_NOMEM alone */
bool lh_calls_next(struct lh_calls *c, struct lh_tool_call *out);
void lh_calls_close(struct lh_calls *c);

#endif
