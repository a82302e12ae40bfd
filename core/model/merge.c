#include "model/merge.h"

#include <stdlib.h>
#include <string.h>

#define TEXT_MAX (64u << 20)
/* Members of an object and elements of a list are looked for one by one; more than this many are no reply. */
#define CHILDREN_MAX 256

struct lh_merge {
	char *key;
	enum lh_json_type type;
	struct lh_buf text;              /* of a string */
	double number;
	bool truth;
	bool sent_whole;                 /* a string under this key never comes in parts */
	struct lh_merge *first, *last, *next;
	int count;
};

struct lh_merge *lh_merge_new(void)
{
	struct lh_merge *m = calloc(1, sizeof *m);
	if (m) {
		m->type = LH_JSON_OBJECT;
		lh_buf_init(&m->text, TEXT_MAX);
	}
	return m;
}

static void drop_children(struct lh_merge *m)
{
	for (struct lh_merge *c = m->first, *next; c; c = next) {
		next = c->next;
		lh_merge_free(c);
	}
	m->first = m->last = NULL;
	m->count = 0;
}

void lh_merge_free(struct lh_merge *m)
{
	if (!m)
		return;
	drop_children(m);
	lh_buf_fini(&m->text);
	free(m->key);
	free(m);
}

static bool sent_whole(const char *key)
{
	static const char *const names[] = { "id", "type", "role", "name", "object", "model", "format", "phase", "status", "finish_reason",
		"system_fingerprint", "native_finish_reason", "stop_reason", "stop_sequence", NULL };
	for (int i = 0; names[i]; i++)
		if (!strcmp(key, names[i]))
			return true;
	return false;
}

/* A new child without a value yet; key may be empty (in a list). */
static struct lh_merge *add_child(struct lh_merge *m, struct lh_str key)
{
	struct lh_merge *c = lh_merge_new();
	if (!c || !(c->key = lh_str_dup(key))) {
		lh_merge_free(c);
		return NULL;
	}
	c->type = LH_JSON_NONE;
	c->sent_whole = sent_whole(c->key);
	*(m->last ? &m->last->next : &m->first) = c;
	m->last = c;
	m->count++;
	return c;
}

static struct lh_merge *member(const struct lh_merge *m, const char *key)
{
	for (struct lh_merge *c = m->type == LH_JSON_OBJECT ? m->first : NULL; c; c = c->next)
		if (!strcmp(c->key, key))
			return c;
	return NULL;
}

static bool merge_value(struct lh_merge *m, const struct lh_json *v);

static void set_text(struct lh_merge *m, struct lh_str s, bool grow)
{
	if (m->type != LH_JSON_STRING || !grow)
		lh_buf_clear(&m->text);
	drop_children(m);
	m->type = LH_JSON_STRING;
	lh_buf_put_str(&m->text, s);
}

static bool same_text(const struct lh_merge *c, const struct lh_json *v, const char *key)
{
	const struct lh_merge *mine = member(c, key);
	struct lh_str theirs = lh_json_str(lh_json_get(v, key));
	return mine && mine->type == LH_JSON_STRING ? lh_str_equal(lh_buf_str(&mine->text), theirs) : !theirs.n;
}

/* Which element of a list does a difference belong to? NULL: a new one. */
static struct lh_merge *element(struct lh_merge *list, const struct lh_json *v)
{
	int64_t index;
	bool indexed = lh_json_int(lh_json_get(v, "index"), &index), named = lh_json_type(lh_json_get(v, "id")) == LH_JSON_STRING;
	for (struct lh_merge *c = list->first; c && (indexed || named); c = c->next) {
		const struct lh_merge *at = member(c, "index");
		if (indexed ? at && at->type == LH_JSON_NUMBER && at->number == (double)index : same_text(c, v, "id"))
			return c;
	}
	bool last = list->last && list->last->type == LH_JSON_OBJECT && !indexed && !named;
	return last && (!lh_json_get(v, "type") || same_text(list->last, v, "type")) ? list->last : NULL;
}

static bool merge_list(struct lh_merge *m, const struct lh_json *list)
{
	for (const struct lh_json *v = lh_json_first(list); v; v = lh_json_next(v)) {
		struct lh_merge *c = lh_json_type(v) == LH_JSON_OBJECT ? element(m, v) : NULL;
		if (!c && m->count >= CHILDREN_MAX)
			continue;
		if (!c && !(c = add_child(m, LH_STR(""))))
			return false;
		if (!merge_value(c, v))
			return false;
	}
	return true;
}

static bool merge_object(struct lh_merge *m, const struct lh_json *object)
{
	for (const struct lh_json *v = lh_json_first(object); v; v = lh_json_next(v)) {
		struct lh_str key = lh_json_key(v);
		struct lh_merge *c = member(m, key.p);
		if (!c && m->count >= CHILDREN_MAX)
			continue;
		if (!c && !(c = add_child(m, key)))
			return false;
		if (!merge_value(c, v))
			return false;
	}
	return true;
}

/* A list of parts that goes on as a plain string (Mistral: thoughts as parts, then the text): a text part. */
static bool append_part(struct lh_merge *m, struct lh_str s)
{
	struct lh_merge *type = m->last ? member(m->last, "type") : NULL;
	bool text = type && type->type == LH_JSON_STRING && lh_str_is(lh_buf_str(&type->text), "text");
	if (text)
		return lh_merge_append(m->last, "text", s);
	struct lh_merge *c = s.n && m->count < CHILDREN_MAX ? add_child(m, LH_STR("")) : NULL;
	if (!c)
		return !s.n || m->count >= CHILDREN_MAX;
	c->type = LH_JSON_OBJECT;
	return lh_merge_append(c, "type", LH_STR("text")) && lh_merge_append(c, "text", s);
}

/* From a string, null or nothing to a list: a text that came before is its first part. */
static bool become_list(struct lh_merge *m)
{
	if (m->type == LH_JSON_ARRAY)
		return true;
	bool some = m->type == LH_JSON_STRING && m->text.n;
	drop_children(m);
	m->type = LH_JSON_ARRAY;
	bool ok = !some || append_part(m, lh_buf_str(&m->text));
	lh_buf_clear(&m->text);
	return ok;
}

static void set_scalar(struct lh_merge *m, enum lh_json_type type, const struct lh_json *v)
{
	drop_children(m);
	m->type = type;
	m->number = lh_json_number(v);
	m->truth = lh_json_bool(v);
}

/* Recursion is bounded by the depth that the reader allows. */
static bool merge_value(struct lh_merge *m, const struct lh_json *v)
{
	switch (lh_json_type(v)) {
	case LH_JSON_STRING:
		if (m->type == LH_JSON_ARRAY)
			return append_part(m, lh_json_str(v));
		set_text(m, lh_json_str(v), !m->sent_whole);
		return !m->text.failed;
	case LH_JSON_OBJECT:
		if (m->type != LH_JSON_OBJECT)
			drop_children(m);
		m->type = LH_JSON_OBJECT;
		return merge_object(m, v);
	case LH_JSON_ARRAY:
		return become_list(m) && merge_list(m, v);
	case LH_JSON_NUMBER:
	case LH_JSON_BOOL:
		set_scalar(m, lh_json_type(v), v);
		return true;
	default:
		if (m->type == LH_JSON_NONE)
			m->type = LH_JSON_NULL;          /* null says nothing new of what has a value */
		return true;
	}
}

bool lh_merge_add(struct lh_merge *m, const struct lh_json *difference)
{
	return lh_json_type(difference) != LH_JSON_OBJECT || merge_value(m, difference);
}

/* Copies a whole value: elements of a list stay apart. */
static bool copy_value(struct lh_merge *m, const struct lh_json *v)
{
	enum lh_json_type type = lh_json_type(v);
	if (type != LH_JSON_OBJECT && type != LH_JSON_ARRAY) {
		drop_children(m);
		lh_buf_clear(&m->text);
		m->type = LH_JSON_NONE;
		return merge_value(m, v);
	}
	drop_children(m);
	m->type = type;
	for (const struct lh_json *child = lh_json_first(v); child; child = lh_json_next(child)) {
		struct lh_merge *c = add_child(m, lh_json_key(child));
		if (!c || !copy_value(c, child))
			return false;
	}
	return true;
}

bool lh_merge_copy(struct lh_merge *m, const struct lh_json *object)
{
	for (const struct lh_json *v = lh_json_type(object) == LH_JSON_OBJECT ? lh_json_first(object) : NULL; v; v = lh_json_next(v)) {
		struct lh_merge *c = member(m, lh_json_key(v).p);
		if (!c && m->count >= CHILDREN_MAX)
			continue;
		if (!c && !(c = add_child(m, lh_json_key(v))))
			return false;
		if (!copy_value(c, v))
			return false;
	}
	return true;
}

struct lh_merge *lh_merge_member(struct lh_merge *m, const char *key)
{
	struct lh_merge *c = member(m, key);
	if (!c && !(c = add_child(m, lh_str_of(key))))
		return NULL;
	if (c->type != LH_JSON_OBJECT)
		drop_children(c);
	c->type = LH_JSON_OBJECT;
	return c;
}

struct lh_merge *lh_merge_at(struct lh_merge *m, const char *list, int64_t index)
{
	struct lh_merge *l = member(m, list);
	if (!l && !(l = add_child(m, lh_str_of(list))))
		return NULL;
	if (!become_list(l) || index < 0 || index >= CHILDREN_MAX)
		return NULL;
	while (l->count <= index) {
		struct lh_merge *c = add_child(l, LH_STR(""));
		if (!c)
			return NULL;
		c->type = LH_JSON_OBJECT;
	}
	struct lh_merge *c = l->first;
	while (index--)
		c = c->next;
	return c;
}

bool lh_merge_append(struct lh_merge *m, const char *key, struct lh_str text)
{
	struct lh_merge *c = member(m, key);
	if (!c && (m->type != LH_JSON_OBJECT || m->count >= CHILDREN_MAX))
		return true;
	if (!c && !(c = add_child(m, lh_str_of(key))))
		return false;
	set_text(c, text, true);
	return !c->text.failed;
}

void lh_merge_write(const struct lh_merge *m, struct lh_jw *w)
{
	switch (m->type) {
	case LH_JSON_OBJECT:
	case LH_JSON_ARRAY:
		lh_jw_open(w, m->type == LH_JSON_OBJECT ? '{' : '[');
		for (const struct lh_merge *c = m->first; c; c = c->next) {
			if (m->type == LH_JSON_OBJECT)
				lh_jw_key(w, c->key);
			lh_merge_write(c, w);
		}
		lh_jw_close(w);
		break;
	case LH_JSON_STRING: lh_jw_str(w, lh_buf_str(&m->text)); break;
	case LH_JSON_NUMBER: lh_jw_double(w, m->number); break;
	case LH_JSON_BOOL: lh_jw_bool(w, m->truth); break;
	default: lh_jw_null(w);
	}
}
