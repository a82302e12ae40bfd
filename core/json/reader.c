#include "json/reader.h"

#include "base/utf8.h"
#include "json/scan.h"
#include "json/tree.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A struct lh_json is a cJSON node under another name. */
static const cJSON *node_of(const struct lh_json *json) { return (const cJSON *)json; }
static const struct lh_json *json_of(const cJSON *node) { return (const struct lh_json *)node; }

/* Keys met on the way down, with their place in the text; the keys of one object lie together at
 * the top of the stack while it is checked. */
struct key { const char *text; size_t nth; };
struct keys { struct key *p; size_t n, cap, nth; };

static int by_text(const void *a, const void *b)
{
	const struct key *x = a, *y = b;
	int order = strcmp(x->text, y->text);
	return order ? order : (x->nth > y->nth) - (x->nth < y->nth);
}

static int push_key(struct keys *k, const char *text, struct lh_error *err)
{
	if (k->n == k->cap) {
		size_t cap = k->cap ? 2 * k->cap : 64;
		struct key *p = realloc(k->p, cap * sizeof *p);
		if (!p)
			return lh_nomem(err);
		k->p = p;
		k->cap = cap;
	}
	k->p[k->n++] = (struct key){ text, ++k->nth };
	return 0;
}

#define FEW_KEYS 16

/* Of a few keys each is looked for among those before it, which is cheaper than sorting. */
static struct key repeated_of_few(const struct key *p, size_t n)
{
	for (size_t i = 1; i < n; i++)
		for (size_t j = 0; j < i; j++)
			if (p[i].text[0] == p[j].text[0] && strcmp(p[i].text, p[j].text) == 0)
				return p[i];
	return (struct key){ 0 };
}

/* The first key above `base` that repeats another; nth 0: none. */
static struct key repeated_key(struct keys *k, size_t base)
{
	struct key found = { 0 };
	if (k->n - base <= FEW_KEYS)
		return repeated_of_few(k->p + base, k->n - base);
	qsort(k->p + base, k->n - base, sizeof *k->p, by_text);
	for (size_t i = base + 1; i < k->n; i++)
		if (strcmp(k->p[i - 1].text, k->p[i].text) == 0 && (!found.nth || k->p[i].nth < found.nth))
			found = k->p[i];
	return found;
}

/* Recursion is bounded: the scan has refused more than LH_JSON_DEPTH levels. */
static int find_repeated(const cJSON *node, struct keys *k, struct key *found, struct lh_error *err)
{
	size_t base = k->n;
	for (const cJSON *child = node->child; child; child = child->next) {
		int rc = cJSON_IsObject(node) ? push_key(k, child->string, err) : 0;
		if (!rc && child->child)
			rc = find_repeated(child, k, found, err);
		if (rc || found->nth)
			return rc;
	}
	if (k->n - base > 1)
		*found = repeated_key(k, base);
	k->n = base;
	return 0;
}

/* The key comes from outside: it is shown as a terminal may show it, and cut. */
static int twice(const char *key, const char *where, int line, struct lh_error *err)
{
	struct lh_buf shown;
	lh_buf_init(&shown, 400);
	lh_put_shown(&shown, lh_str_of(key), false);
	int rc = lh_fail(err, LH_E_DATA, "%s:%d: the key \"%.*s%s\" stands twice in one object", where, line,
		LH_ARG(lh_buf_str(&shown)), shown.failed ? "..." : "");
	lh_buf_fini(&shown);
	return rc;
}

static int check_keys(const cJSON *root, struct lh_str text, const char *where, int first_line, struct lh_error *err)
{
	struct keys k = { 0 };
	struct key found = { 0 };
	int rc = find_repeated(root, &k, &found, err);
	if (!rc && found.nth)
		rc = twice(found.text, where, lh_scan_line_of_key(text, first_line, found.nth), err);
	free(k.p);
	return rc;
}

int lh_json_parse(struct lh_str text, const char *where, int first_line, struct lh_json **out, struct lh_error *err)
{
	*out = NULL;
	size_t values;
	int rc = lh_scan_check(text, where, first_line, &values, err);
	if (rc)
		return rc;
	cJSON *root = lh_tree_build(text, values);
	if (!root)
		return lh_nomem(err);
	rc = check_keys(root, text, where, first_line, err);
	if (rc)
		free(root);
	else
		*out = (struct lh_json *)root;
	return rc;
}

void lh_json_free(struct lh_json *root) { free(root); }

enum lh_json_type lh_json_type(const struct lh_json *json)
{
	if (!json)
		return LH_JSON_NONE;
	switch (node_of(json)->type & 0xFF) {
	case cJSON_NULL: return LH_JSON_NULL;
	case cJSON_True:
	case cJSON_False: return LH_JSON_BOOL;
	case cJSON_Number: return LH_JSON_NUMBER;
	case cJSON_String: return LH_JSON_STRING;
	case cJSON_Array: return LH_JSON_ARRAY;
	case cJSON_Object: return LH_JSON_OBJECT;
	default: return LH_JSON_NONE;
	}
}

const struct lh_json *lh_json_get(const struct lh_json *object, const char *key)
{
	if (lh_json_type(object) != LH_JSON_OBJECT)
		return NULL;
	return json_of(cJSON_GetObjectItemCaseSensitive(node_of(object), key));
}

struct lh_str lh_json_str(const struct lh_json *json)
{
	return lh_str_of(lh_json_type(json) == LH_JSON_STRING ? node_of(json)->valuestring : NULL);
}

bool lh_json_bool(const struct lh_json *json)
{
	return json && cJSON_IsTrue(node_of(json));
}

double lh_json_number(const struct lh_json *json)
{
	return lh_json_type(json) == LH_JSON_NUMBER ? node_of(json)->valuedouble : NAN;
}

bool lh_json_int(const struct lh_json *json, int64_t *out)
{
	double v = lh_json_number(json);
	if (!(fabs(v) < 0x1p53) || v != (double)(int64_t)v)
		return false;
	*out = (int64_t)v;
	return true;
}

static const cJSON *first_child(const struct lh_json *json)
{
	enum lh_json_type type = lh_json_type(json);
	return type == LH_JSON_ARRAY || type == LH_JSON_OBJECT ? node_of(json)->child : NULL;
}

int lh_json_size(const struct lh_json *json)
{
	int n = 0;
	for (const cJSON *child = first_child(json); child; child = child->next)
		n++;
	return n;
}

const struct lh_json *lh_json_first(const struct lh_json *json)
{
	return json_of(first_child(json));
}

const struct lh_json *lh_json_next(const struct lh_json *json)
{
	return json ? json_of(node_of(json)->next) : NULL;
}

struct lh_str lh_json_key(const struct lh_json *json)
{
	return lh_str_of(json ? node_of(json)->string : NULL);
}
