/* model/wire.h - how a reply is read, whatever its format: the steps that the three kinds share.
 *
 * Bytes → one JSON document (a stream's events are put together first) → the format's own reading →
 * counts and cost. Every way that bytes can be broken ends in a verdict. */
#ifndef LH_MODEL_WIRE_H
#define LH_MODEL_WIRE_H

#include "model/decide.h"
#include "model/live.h"
#include "model/merge.h"

struct lh_reading {                      /* one reply being read */
	const struct lh_live *live;
	const struct lh_exchange *x;
	const struct lh_asked *asked;
	struct lh_reply *reply;
	uint32_t salt;                   /* of ids that are made: another one in each reply */
};

struct lh_wire {
	/* One event of a stream; *ended once nothing more is needed. false: no memory. */
	bool (*event)(struct lh_merge *whole, struct lh_str name, const struct lh_json *data, bool *ended);
	/* The document of a whole reply. May give any verdict; counts and cost are seen to afterwards. */
	enum lh_verdict (*read)(const struct lh_reading *g, const struct lh_json *document);
};
extern const struct lh_wire lh_wire_chat;        /* chat_reply.c */
enum lh_verdict lh_wire_decode(struct lh_model *m, const struct lh_wire *wire, const struct lh_exchange *x, const struct lh_asked *asked, struct lh_reply *reply);

/* A part of a reply is an error object, or holds one. */
enum lh_verdict lh_wire_error(const struct lh_reading *g, const struct lh_json *error);

/* What a server counted: whole, not negative, below 10^12; else *out stays. */
/* Sets a reply's counts right, or estimates them where `counted` is false; and what it cost, where prices are known. */
void lh_wire_reckon(struct lh_reply *r, const struct lh_prices *p, int64_t tokens_in_guess);
bool lh_wire_count(const struct lh_json *usage, const char *key, int64_t *out);
/* served_by and, where the headers gave none, request_id. */
void lh_wire_served(struct lh_reply *reply, struct lh_str model, struct lh_str build, struct lh_str id);

/* ---- wire_tools.c ---- */

/* One more call of the reply. An empty id is given one; arguments as the model wrote them. */
void lh_wire_add_call(const struct lh_reading *g, struct lh_str id, struct lh_str name, struct lh_str arguments);
/* Are calls in this reply to be answered? Not where no tool was offered, nor where the reply was cut off or refused. */
bool lh_wire_calls_count(const struct lh_reading *g);
/* The "name", "description" and schema of a tool, members of the object that is open. */
void lh_wire_put_function(struct lh_jw *w, const struct lh_tool *tool, const char *schema_key);
/* The member "tools" of a request, with a comma in front; nothing where the task offers none. */
void lh_wire_put_tools(const struct lh_live *l, const struct lh_model_request *q, struct lh_buf *b);

/* ---- wire_json.c ---- */

/* As lh_json_parse, after what strict JSON does not allow and servers write in texts is mended: lone
 * surrogates, NUL characters and ill-formed bytes become U+FFFD. */
int lh_wire_parse(struct lh_str text, struct lh_json **out, struct lh_error *err) LH_CHECKED;

/* A blob in the making (transcript/body.h): JSON in which what stands in the reply's text or thoughts is
 * left out. The strings must come in the order in which they were appended there. */
struct lh_blob {
	struct lh_jw w;
	struct lh_str text, thoughts;
	size_t text_at, thoughts_at;
};
void lh_blob_begin(struct lh_blob *b, struct lh_reply *reply);
void lh_blob_text(struct lh_blob *b, struct lh_str s);
void lh_blob_thoughts(struct lh_blob *b, struct lh_str s);
/* A node whole. Strings under the names that parts have for their texts are looked for in the text, or in the thoughts. */
void lh_blob_node(struct lh_blob *b, const struct lh_json *node, bool of_thoughts);
/* Is it empty: null, "", [], {}? */
bool lh_json_void(const struct lh_json *node);

#endif
