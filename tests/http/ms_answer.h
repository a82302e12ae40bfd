/* A reply in each of the wire formats, whole or as server-sent events. */
#ifndef MS_ANSWER_H
#define MS_ANSWER_H

#include "model/model.h"
#include "ms_ask.h"

/* What is wrong with a reply, for tests of clients. */
struct ms_twist {
	bool empty;                      /* choices, content or output: [] */
	bool no_usage, null_content;
	bool contradicts;                /* a finish reason that does not fit */
	bool no_end;                     /* a stream that stops before its terminal event */
	bool breaks;                     /* an error object in a stream, after a few pieces */
};

struct ms_content {
	enum ms_format format;
	struct lh_str model, text, thoughts;
	char id[64];
	enum lh_finish finish;
	int64_t tokens_in, tokens_cached, tokens_out, tokens_reasoning;
	struct ms_twist twist;
};

/* The entity, without a head. */
void ms_put_whole(struct lh_buf *b, const struct ms_content *c);
void ms_put_events(struct lh_buf *b, const struct ms_content *c);

struct ms_trouble { int status; const char *type, *code; struct lh_str message; };
void ms_put_error(struct lh_buf *b, enum ms_format format, const struct ms_trouble *t);

/* Shared by ms_answer.c and ms_events.c. */
struct lh_jw;
const char *ms_finish_word(const struct ms_content *c);
void ms_put_usage(struct lh_jw *w, const struct ms_content *c);
/* A response object of the Responses format; `done`: with its output. */
void ms_put_response(struct lh_jw *w, const struct ms_content *c, bool done);
void ms_put_reasoning_item(struct lh_jw *w, const struct ms_content *c, bool done);
void ms_put_message_item(struct lh_jw *w, const struct ms_content *c, bool done);
void ms_key_text(struct lh_jw *w, const char *key, const char *value);
void ms_key_str(struct lh_jw *w, const char *key, struct lh_str value);
void ms_key_int(struct lh_jw *w, const char *key, int64_t value);
const char *ms_response_end(const struct ms_content *c);         /* "completed", "incomplete" */
#define MS_CREATED 1700000000            /* no clock: the same request has the same bytes for an answer */

#endif
