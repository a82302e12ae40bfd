#include "support/items.h"
#include "support/take.h"

#include <string.h>

bool fam_items_equal(const struct fam_items *a, const struct fam_items *b)
{
	return a->n == b->n && memcmp(a->v, b->v, a->n * sizeof *a->v) == 0;
}

void fam_items_insert(struct fam_items *i, uint32_t at, int64_t v)
{
	if (i->n == FAM_ITEMS_MAX)
		return;
	memmove(i->v + at + 1, i->v + at, (i->n - at) * sizeof *i->v);
	i->v[at] = v;
	i->n++;
}

void fam_items_remove(struct fam_items *i, uint32_t at)
{
	i->n--;
	memmove(i->v + at, i->v + at + 1, (i->n - at) * sizeof *i->v);
}

void fam_items_swap(struct fam_items *i, uint32_t a, uint32_t b)
{
	int64_t v = i->v[a];
	i->v[a] = i->v[b];
	i->v[b] = v;
}

/* ---- In a row ---------------------------------------------------------------------------------- */

/* Whether t is `word`, which is in small letters, in any case. */
static bool is_word(struct lh_text t, const char *word)
{
	return fam_take_text(&t, word) && t.size == 0;
}

void fam_items_put(const struct lh_host *host, struct lh_sink *out, const struct fam_items *i)
{
	if (i->n == 0)
		fam_put(host, out, "empty");
	for (uint32_t k = 0; k < i->n; k++) {
		fam_put(host, out, k ? " " : "");
		fam_put_int(host, out, i->v[k]);
	}
}

/* Takes `open` and `close` off the ends where they are there. */
static bool take_pair(struct lh_text *t, char open, char close)
{
	if (t->size < 2 || t->bytes[0] != open || t->bytes[t->size - 1] != close)
		return false;
	*t = fam_trim((struct lh_text){ t->bytes + 1, t->size - 2 });
	return true;
}

bool fam_items_read(struct lh_text t, struct fam_items *out)
{
	t = fam_trim(t);
	bool bracketed = take_pair(&t, '[', ']') || take_pair(&t, '(', ')');
	out->n = 0;
	if (is_word(t, "empty") || (bracketed && t.size == 0))
		return true;
	bool commas = t.size && memchr(t.bytes, ',', t.size);
	for (const char *p = t.bytes, *end = p + t.size; ; p++) {
		struct lh_text one = { p, 0 };
		while (p < end && (commas ? *p != ',' : !fam_is_white(*p)))
			p++, one.size++;
		if (out->n == FAM_ITEMS_MAX || !fam_read_int(one, &out->v[out->n++]))
			return false;
		while (!commas && p + 1 < end && fam_is_white(p[1]))
			p++;
		if (p == end)
			return true;
	}
}

/* ---- By name ----------------------------------------------------------------------------------- */

void fam_named_put(const struct lh_host *host, struct lh_sink *out, const char *const *name, const struct fam_items *i)
{
	for (uint32_t k = 0; k < i->n; k++) {
		fam_put(host, out, k ? " " : "");
		fam_put(host, out, name[k]);
		fam_put(host, out, "=");
		fam_put_int(host, out, i->v[k]);
	}
}

static bool is_break(char c)
{
	return fam_is_white(c) || c == ',' || c == ';';
}

static bool is_alnum(char c)
{
	return (c >= '0' && c <= '9') || (fam_small(c) >= 'a' && fam_small(c) <= 'z');
}

static void skip(struct lh_text *t, bool (*over)(char))
{
	while (t->size && over(t->bytes[0]))
		t->bytes++, t->size--;
}

/* Takes `name =` off the front. */
static bool take_name(struct lh_text *t, struct lh_text *name)
{
	bool quoted = fam_take_text(t, "\"");
	*name = (struct lh_text){ t->bytes, 0 };
	skip(t, is_alnum);
	name->size = (size_t)(t->bytes - name->bytes);
	if (quoted && !fam_take_text(t, "\""))
		return false;
	skip(t, fam_is_white);
	return name->size && fam_take_of(t, "=:", 1);
}

static bool take_number(struct lh_text *t, int64_t *out)
{
	skip(t, fam_is_white);
	struct lh_text number = { t->bytes, 0 };
	while (t->size && !is_break(t->bytes[0]))
		t->bytes++, t->size--, number.size++;
	return fam_read_int(number, out);
}

bool fam_named_read(struct lh_text t, const char *const *name, uint32_t count, struct fam_items *out)
{
	uint64_t seen = 0;
	t = fam_trim(t);
	take_pair(&t, '{', '}');
	out->n = count;
	for (skip(&t, is_break); t.size; skip(&t, is_break)) {
		struct lh_text found;
		uint32_t k = 0;
		if (!take_name(&t, &found))
			return false;
		while (k < count && !is_word(found, name[k]))
			k++;
		if (k == count || (seen >> k & 1) || !take_number(&t, &out->v[k]))
			return false;
		seen |= UINT64_C(1) << k;
	}
	return seen == (count < 64 ? (UINT64_C(1) << count) - 1 : UINT64_MAX);
}

/* ---- Slips ------------------------------------------------------------------------------------- */

/* By one, or by ten where the range is that wide; at a bound, the other way. */
static int64_t off(const struct lh_host *host, struct lh_draw *draw, int64_t v, struct fam_bounds b)
{
	int64_t by = b.high - b.low >= 20 && host->random_between(draw, 0, 2) == 0 ? 10 : 1;
	bool up = v + by > b.high ? false : v - by < b.low ? true : host->random_between(draw, 0, 1);
	int64_t wrong = up ? v + by : v - by;
	return wrong < b.low ? b.low : wrong > b.high ? b.high : wrong;      /* v itself was beyond a bound */
}

void fam_items_miscount(const struct lh_host *host, struct lh_draw *draw, struct fam_bounds b, struct fam_items *i)
{
	if (i->n == 0) {
		fam_items_insert(i, 0, host->random_between(draw, b.low, b.high));
		return;
	}
	uint32_t at = (uint32_t)host->random_between(draw, 0, i->n - 1);
	int64_t kind = host->random_between(draw, 0, 3);
	if (kind == 0 && at + 1 < i->n && i->v[at] != i->v[at + 1])
		fam_items_swap(i, at, at + 1);
	else if (kind == 1 && i->n > b.least && i->n > 1)
		fam_items_remove(i, at);
	else if (kind == 2 && i->n < b.most)
		fam_items_insert(i, at, i->v[at]);
	else
		i->v[at] = off(host, draw, i->v[at], b);
}
