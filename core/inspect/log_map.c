#include "inspect/log_read.h"

#include "base/utf8.h"

#include <stdlib.h>
#include <string.h>

#define ENTRIES_MAX 1000000              /* one key may come more than once */
#define KEY_MAX 64                       /* bytes, as kv_sum's data sets have it */

/* ---- entries ---- */

int lh_log_map_add(struct lh_log_map *m, struct lh_str key, int64_t value, struct lh_error *err)
{
	if (m->count == ENTRIES_MAX)
		return lh_fail(err, LH_E_DATA, "a dictionary of more than %d entries", ENTRIES_MAX);
	int rc = lh_array_more(&m->entry, &m->cap, m->count + 1, sizeof *m->entry, err);
	if (!rc)
		m->entry[m->count++] = (struct lh_log_entry){ key, value };
	return rc;
}

static int by_key(const void *a, const void *b)
{
	struct lh_str x = ((const struct lh_log_entry *)a)->key, y = ((const struct lh_log_entry *)b)->key;
	int order = memcmp(x.p, y.p, x.n < y.n ? x.n : y.n);
	return order ? order : (x.n > y.n) - (x.n < y.n);
}

/* The sorted entries without those that repeat one; false: one contradicts another. */
static bool drop_repeated(struct lh_log_map *m)
{
	size_t n = 0;
	for (size_t i = 0; i < m->count; i++) {
		const struct lh_log_entry *e = &m->sorted[i];
		if (n && lh_str_equal(m->sorted[n - 1].key, e->key)) {
			if (m->sorted[n - 1].value != e->value)
				return false;
			continue;
		}
		m->sorted[n++] = *e;
	}
	if (n < m->count)
		memcpy(m->entry, m->sorted, n * sizeof *m->sorted);
	m->count = n;
	return n <= LH_LOG_KEYS_MAX;
}

bool lh_log_map_settle(struct lh_log_map *m)
{
	free(m->sorted);
	m->sorted = malloc((m->count + 1) * sizeof *m->sorted);
	if (!m->sorted)
		return false;
	if (m->count)
		memcpy(m->sorted, m->entry, m->count * sizeof *m->sorted);
	qsort(m->sorted, m->count, sizeof *m->sorted, by_key);
	return drop_repeated(m);
}

/* ---- what kv_sum may hold ---- */

static bool is_plain(struct lh_str s)
{
	size_t n;
	if (lh_utf8_bad_at(s) < s.n)
		return false;
	for (size_t i = 0; i < s.n; i += n) {
		uint32_t c = lh_utf8_decode((struct lh_str){ s.p + i, s.n - i }, &n);
		if (c < 0x20 || (c >= 0x7F && c < 0xA0))
			return false;
	}
	return true;
}

static bool has_blank_end(struct lh_str s)
{
	static const char nbsp[] = "\xC2\xA0";
	return lh_str_trim(s).n != s.n || (s.n >= 2 && (!memcmp(s.p, nbsp, 2) || !memcmp(s.p + s.n - 2, nbsp, 2)));
}

static const char *fault_of(struct lh_str key)
{
	if (!key.n)
		return "is empty";
	if (key.n > KEY_MAX)
		return "is longer than 64 bytes";
	if (!is_plain(key))
		return "is not plain UTF-8 text";
	if (has_blank_end(key))
		return "has white space at an end";
	for (size_t i = 0; i < key.n; i++)
		if (strchr(",\"\\<>", key.p[i]))
			return "holds one of the characters , \" \\ < >";
	return NULL;
}

int lh_log_map_check(const struct lh_log_map *m, struct lh_error *err)
{
	for (size_t i = 0; i < m->count; i++) {
		const struct lh_log_entry *e = &m->entry[i];
		const char *fault = fault_of(e->key);
		int shown = (int)(e->key.n < KEY_MAX ? e->key.n : KEY_MAX);
		if (fault)
			return lh_fail(err, LH_E_DATA, "kv_sum cannot hold its key '%.*s', which %s", shown, e->key.p, fault);
		if (e->value > LH_LOG_VALUE_MAX || e->value < -LH_LOG_VALUE_MAX)
			return lh_fail(err, LH_E_DATA, "kv_sum cannot hold the value %lld of '%.*s': it is too large", (long long)e->value, shown, e->key.p);
	}
	return 0;
}

const struct lh_log_entry *lh_log_map_get(const struct lh_log_map *m, struct lh_str key)
{
	struct lh_log_entry wanted = { key, 0 };
	return m->sorted && key.n ? bsearch(&wanted, m->sorted, m->count, sizeof *m->sorted, by_key) : NULL;
}

void lh_log_map_fini(struct lh_log_map *m)
{
	free(m->entry);
	free(m->sorted);
	*m = (struct lh_log_map){ 0 };
}

/* ---- a map within text, as JSON or Python write it ---- */

static size_t skip(struct lh_str s, size_t i)
{
	while (i < s.n && strchr(" \t\r\n", s.p[i]) && s.p[i])
		i++;
	return i;
}

static bool read_key(struct lh_str s, size_t *i, struct lh_str *key)
{
	char quote = *i < s.n ? s.p[*i] : 0;
	if (quote != '"' && quote != '\'')
		return false;
	size_t from = ++*i;
	while (*i < s.n && s.p[*i] != quote && s.p[*i] != '\\' && s.p[*i] != '\n')
		++*i;
	*key = (struct lh_str){ s.p + from, *i - from };
	return *i < s.n && s.p[(*i)++] == quote && key->n;
}

static bool read_integer(struct lh_str s, size_t *i, int64_t *out)
{
	size_t from = *i;
	if (*i < s.n && s.p[*i] == '-')
		++*i;
	while (*i < s.n && s.p[*i] >= '0' && s.p[*i] <= '9')
		++*i;
	return lh_str_to_int((struct lh_str){ s.p + from, *i - from }, out) && *out <= LH_LOG_VALUE_MAX && *out >= -LH_LOG_VALUE_MAX;
}

/* Behind the opening brace; false: this is no such map. *rc: no memory. */
static bool read_map(struct lh_str s, size_t *i, struct lh_log_map *m, int *rc, struct lh_error *err)
{
	for (;;) {
		struct lh_str key;
		int64_t value;
		*i = skip(s, *i);
		if (m->count && *i < s.n && s.p[*i] == '}')
			return ++*i, true;               /* behind a comma: Python allows it */
		if (!read_key(s, i, &key))
			return false;
		*i = skip(s, *i);
		if (*i == s.n || s.p[(*i)++] != ':')
			return false;
		*i = skip(s, *i);
		if (!read_integer(s, i, &value))
			return false;
		*rc = lh_log_map_add(m, key, value, err);
		*i = skip(s, *i);
		char next = *i < s.n ? s.p[(*i)++] : 0;
		if (*rc || (next != ',' && next != '}'))
			return false;
		if (next == '}')
			return true;
	}
}

int lh_log_map_find(struct lh_str text, size_t from, struct lh_log_map *out, size_t *end, struct lh_error *err)
{
	int rc = 0;
	*end = 0;
	for (size_t at = from; at < text.n && !rc; at++) {
		if (text.p[at] != '{')
			continue;
		size_t i = at + 1;
		*out = (struct lh_log_map){ 0 };
		if (read_map(text, &i, out, &rc, err) && out->count >= 2 && lh_log_map_settle(out)) {
			*end = i;
			return 0;
		}
		lh_log_map_fini(out);
	}
	return rc;
}

/* ---- keys ---- */

static struct lh_str bare(struct lh_str s)
{
	s = lh_str_trim(s);
	if (s.n && s.p[s.n - 1] == '.')
		s.n--;
	for (int i = 0; i < 2; i++)              /* in brackets, then in quotes */
		if (s.n > 1 && ((strchr("'\"`", s.p[0]) && s.p[0] == s.p[s.n - 1]) || (!i && s.p[0] == '[' && s.p[s.n - 1] == ']')))
			s = lh_str_trim((struct lh_str){ s.p + 1, s.n - 2 });
	return s;
}

/* All of a list; leaves `out` as it was where something in it is no key. */
static int read_list(const struct lh_log_map *m, struct lh_str list, struct lh_log_keys *out, size_t *n, struct lh_error *err)
{
	size_t before = out->count;
	*n = 0;
	list = lh_str_trim(list);
	if (list.n > 1 && list.p[0] == '[' && list.p[list.n - 1] == ']')
		list = (struct lh_str){ list.p + 1, list.n - 2 };
	for (bool last = false; !last;) {
		const char *comma = memchr(list.p, ',', list.n);
		size_t w = comma ? (size_t)(comma - list.p) : list.n;
		const struct lh_log_entry *e = lh_log_map_get(m, bare((struct lh_str){ list.p, w }));
		if (!e || out->count - before == LH_LOG_KEYS_MAX) {
			out->count = before;
			return 0;
		}
		int rc = lh_array_more(&out->key, &out->cap, out->count + 1, sizeof *out->key, err);
		if (rc)
			return rc;
		out->key[out->count++] = e;
		last = !comma;
		if (comma)
			list = (struct lh_str){ comma + 1, list.n - w - 1 };
	}
	*n = out->count - before;
	return 0;
}

int lh_log_keys_read(const struct lh_log_map *m, struct lh_str prompt, struct lh_log_keys *out, size_t *n, struct lh_error *err)
{
	struct lh_str s = lh_str_trim(prompt);
	int rc = read_list(m, s, out, n, err);
	if (rc || *n)
		return rc;
	for (size_t i = s.n; i-- > 0;)
		if (s.p[i] == '\n') {
			s = lh_str_trim((struct lh_str){ s.p + i + 1, s.n - i - 1 });
			break;
		}
	rc = read_list(m, s, out, n, err);
	const char *colon = s.n ? memrchr(s.p, ':', s.n) : NULL;
	if (rc || *n || !colon)
		return rc;
	return read_list(m, (struct lh_str){ colon + 1, s.n - (size_t)(colon + 1 - s.p) }, out, n, err);
}
