#include "run/shards.h"

#include <string.h>

int lh_shards_parse(struct lh_str text, int64_t *part, int64_t *of, struct lh_error *err)
{
	const char *slash = memchr(text.p, '/', text.n);
	size_t n = slash ? (size_t)(slash - text.p) : 0;
	if (!slash || !lh_str_to_int((struct lh_str){ text.p, n }, part) || !lh_str_to_int((struct lh_str){ slash + 1, text.n - n - 1 }, of) ||
		*of < 1 || *of > LH_SHARDS_MOST || *part < 1 || *part > *of)
		return lh_fail(err, LH_E_USAGE, "--shard %.*s: I/N is needed, a shard from 1 to N of N, at most %d, such as 2/8", LH_ARG(text), LH_SHARDS_MOST);
	--*part;
	return 0;
}

void lh_shards_one(struct lh_shards *s, int64_t part, int64_t of)
{
	*s = (struct lh_shards){ .of = of > 1 ? (int)of : 0, .count = of > 1 };
	s->part[0] = (uint16_t)part;
}

/* How many of its parts are below `rest`. */
static int below(const struct lh_shards *s, int64_t rest)
{
	int n = 0;
	while (n < s->count && s->part[n] < rest)
		n++;
	return n;
}

int64_t lh_shards_samples(const struct lh_shards *s, int64_t total)
{
	return s->of ? total / s->of * s->count + below(s, total % s->of) : total;
}

int64_t lh_shards_index(const struct lh_shards *s, uint64_t sample)
{
	if (!s->of)
		return (int64_t)sample;
	int64_t round = (int64_t)(sample / (uint64_t)s->of), rest = (int64_t)(sample % (uint64_t)s->of);
	int at = below(s, rest);
	return at < s->count && s->part[at] == rest ? round * s->count + at : -1;
}

uint64_t lh_shards_sample(const struct lh_shards *s, int64_t index)
{
	return s->of ? (uint64_t)(index / s->count) * (uint64_t)s->of + s->part[index % s->count] : (uint64_t)index;
}

bool lh_shards_equal(const struct lh_shards *a, const struct lh_shards *b)
{
	return a->of == b->of && a->count == b->count && !memcmp(a->part, b->part, (size_t)a->count * sizeof *a->part);
}

void lh_shards_add(struct lh_shards *to, const struct lh_shards *more)
{
	struct lh_shards sum = { .of = to->of };
	if (!to->of || !more->of) {
		*to = (struct lh_shards){ 0 };
		return;
	}
	for (int i = 0, k = 0; i < to->count || k < more->count;) {
		int a = i < to->count ? to->part[i] : sum.of, b = k < more->count ? more->part[k] : sum.of, next = a < b ? a : b;
		sum.part[sum.count++] = (uint16_t)next;
		i += a == next;
		k += b == next;
	}
	*to = sum.count == sum.of ? (struct lh_shards){ 0 } : sum;
}

/* ---- in a run's settings ---- */

void lh_shards_write(struct lh_jw *w, const struct lh_shards *s)
{
	if (!s->of)
		return;
	lh_jw_key(w, "shard");
	lh_jw_open(w, '{');
	lh_jw_key(w, "of"), lh_jw_int(w, s->of);
	lh_jw_key(w, "parts");
	lh_jw_open(w, '[');
	for (int i = 0; i < s->count; i++)
		lh_jw_int(w, s->part[i] + 1);
	lh_jw_close(w);
	lh_jw_close(w);
}

static int refuse(struct lh_error *err)
{
	return lh_fail(err, LH_E_DAMAGED, "the run's settings have no usable \"shard\"");
}

int lh_shards_read(const struct lh_json *settings, struct lh_shards *out, struct lh_error *err)
{
	const struct lh_json *shard = lh_json_get(settings, "shard"), *parts = lh_json_get(shard, "parts");
	int64_t of, one, last = 0;
	*out = (struct lh_shards){ 0 };
	if (lh_json_type(shard) == LH_JSON_NONE)
		return 0;
	if (!lh_json_int(lh_json_get(shard, "of"), &of) || of < 2 || of > LH_SHARDS_MOST || lh_json_type(parts) != LH_JSON_ARRAY)
		return refuse(err);
	out->of = (int)of;
	for (const struct lh_json *p = lh_json_first(parts); p; p = lh_json_next(p), last = one) {
		if (!lh_json_int(p, &one) || one <= last || one > of)
			return refuse(err);
		out->part[out->count++] = (uint16_t)(one - 1);
	}
	return out->count && out->count < of ? 0 : refuse(err);
}

/* ---- in words ---- */

static bool has(const struct lh_shards *s, int part)
{
	int at = below(s, part);
	return at < s->count && s->part[at] == part;
}

#define NAMED 12                         /* of many shards only the first are named */

static void put_those(struct lh_buf *out, const struct lh_shards *s, bool held)
{
	int n = held ? s->count : s->of - s->count, named = 0;
	lh_buf_puts(out, n == 1 ? "shard " : "shards ");
	for (int i = 0; i < s->of && named < NAMED; i++)
		if (has(s, i) == held)
			lh_buf_printf(out, "%s%d", named++ ? ", " : "", i + 1);
	if (n > NAMED)
		lh_buf_printf(out, " and %d more", n - NAMED);
	lh_buf_printf(out, " of %d", s->of);
}

void lh_shards_put(struct lh_buf *out, const struct lh_shards *s) { put_those(out, s, true); }
void lh_shards_put_missing(struct lh_buf *out, const struct lh_shards *s) { put_those(out, s, false); }
