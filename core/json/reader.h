/* json/reader.h - strict JSON in (RFC 8259), for documents of moderate size.
 *
 * The whole text must be one value, at most 64 levels deep, valid UTF-8, no duplicate key in an object,
 * no NUL character, no lone surrogate, no number that is not finite or longer than 63 characters. Errors
 * name the line. Nodes are cJSON's, and belong to their document: it lies in one piece of memory.
 * The only room that includes cJSON.h. */
#ifndef LH_JSON_READER_H
#define LH_JSON_READER_H

#include "base/text.h"

#define LH_JSON_DEPTH 64                     /* containers within one another */

struct lh_json;                              /* a document, or a node within one */

enum lh_json_type { LH_JSON_NONE, LH_JSON_NULL, LH_JSON_BOOL, LH_JSON_NUMBER, LH_JSON_STRING, LH_JSON_ARRAY, LH_JSON_OBJECT };

/* `where` names the source in messages ("replies.jsonl"); first_line is the line that text starts on.
 * Errors: LH_E_DATA, LH_E_NOMEM. Free with lh_json_free(root), which takes NULL. */
int lh_json_parse(struct lh_str text, const char *where, int first_line, struct lh_json **out, struct lh_error *err) LH_CHECKED;
void lh_json_free(struct lh_json *root);

/* A missing node (NULL) has type LH_JSON_NONE, and the getters take it. */
enum lh_json_type lh_json_type(const struct lh_json *node);
const struct lh_json *lh_json_get(const struct lh_json *object, const char *key);
struct lh_str lh_json_str(const struct lh_json *node);                  /* empty where not a string */
bool lh_json_bool(const struct lh_json *node);
double lh_json_number(const struct lh_json *node);                      /* NAN where not a number */
/* An exact integer of magnitude below 2^53 (RFC 8259, 6: above it neighbours cannot be told
 * apart); false otherwise. Larger ones travel as strings. */
bool lh_json_int(const struct lh_json *node, int64_t *out);
int lh_json_size(const struct lh_json *node);                           /* of an array or object */
const struct lh_json *lh_json_first(const struct lh_json *node);        /* iteration over array or object */
const struct lh_json *lh_json_next(const struct lh_json *node);
struct lh_str lh_json_key(const struct lh_json *node);                  /* of an object's member */

#endif
