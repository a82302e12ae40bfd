/* json/writer.h - exact JSON out: doubles read back bit for bit (shortest of %.15g to %.17g),
 * 64-bit integers in full, NAN and infinities as null, strings always valid UTF-8 (ill-formed
 * bytes become U+FFFD). Commas and indentation are the writer's business. */
#ifndef LH_JSON_WRITER_H
#define LH_JSON_WRITER_H

#include "base/text.h"

struct lh_json;

#define LH_JW_DEPTH 96        /* containers open at once; more fails the buffer with LH_E_LIMIT */

/* The arrays are indexed by depth: [0] is the text itself, [1] the outermost container. */
struct lh_jw {
	struct lh_buf *out;
	int depth;
	bool pretty;                       /* one member a line; arrays of scalars stay on one line */
	bool some[LH_JW_DEPTH + 1];        /* a value has been written at this depth */
	bool object[LH_JW_DEPTH + 1];
	bool flat[LH_JW_DEPTH + 1];        /* this container goes on one line */
	bool broken[LH_JW_DEPTH + 1];      /* this array holds a container, so it goes over several lines */
	bool after_key;
};

void lh_jw_init(struct lh_jw *w, struct lh_buf *out, bool pretty);
void lh_jw_open(struct lh_jw *w, char bracket);           /* '{' or '[' */
void lh_jw_open_flat(struct lh_jw *w, char bracket);      /* on one line even when pretty */
void lh_jw_close(struct lh_jw *w);
void lh_jw_key(struct lh_jw *w, const char *key);
void lh_jw_key_str(struct lh_jw *w, struct lh_str key);
void lh_jw_str(struct lh_jw *w, struct lh_str s);
void lh_jw_text(struct lh_jw *w, const char *text);       /* NULL: null */
void lh_jw_str_or_null(struct lh_jw *w, bool has, struct lh_str s);
void lh_jw_int(struct lh_jw *w, int64_t v);
void lh_jw_uint_text(struct lh_jw *w, uint64_t v);        /* as a string: ids and seeds */
void lh_jw_double(struct lh_jw *w, double v);
void lh_jw_bool(struct lh_jw *w, bool v);
void lh_jw_null(struct lh_jw *w);
void lh_jw_node(struct lh_jw *w, const struct lh_json *node);   /* as it was read; NULL: null */
void lh_jw_raw(struct lh_jw *w, struct lh_str json);      /* a complete value already written */

/* The characters of s escaped for the inside of a JSON string, without the quotes. */
void lh_json_escape(struct lh_buf *out, struct lh_str s);

#endif
