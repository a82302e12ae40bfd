#include "transcript/view_text.h"

#include <string.h>

static int unreadable(struct lh_error *err)
{
	return lh_fail(err, LH_E_DAMAGED, "a view cannot be read");
}

static bool number(struct lh_view_words *w, int64_t *out)
{
	const char *start = w->p;
	for (*out = 0; w->p < w->end && *w->p >= '0' && *w->p <= '9' && w->p - start < 12; ++w->p)
		*out = *out * 10 + (*w->p - '0');
	return w->p > start;
}

static bool skip(struct lh_view_words *w, char c)
{
	if (w->p == w->end || *w->p != c)
		return false;
	w->p++;
	return true;
}

int lh_view_words_open(struct lh_view_words *w, struct lh_str text, struct lh_error *err)
{
	*w = (struct lh_view_words){ .p = text.p, .end = text.p + text.n };
	return number(w, &w->existed) && skip(w, ':') ? 0 : unreadable(err);
}

/* "+ID/NAME…" behind the bits: what stands for results, and the tools left alone. */
static bool read_cleared(struct lh_view_words *w, struct lh_view_word *out)
{
	if (!skip(w, '+') || !number(w, &out->placeholder))
		return false;
	const char *comma = memchr(w->p, ',', (size_t)(w->end - w->p));
	out->spared = (struct lh_str){ w->p, (size_t)((comma ? comma : w->end) - w->p) };
	w->p += out->spared.n;
	return true;
}

/* "FROM-TO" with "~BITS". */
static bool read_range(struct lh_view_words *w, struct lh_view_word *out)
{
	int64_t bits = 0;
	if (!number(w, &out->from) || !skip(w, '-') || !number(w, &out->to) || out->from > out->to)
		return false;
	if (skip(w, '~') && (!number(w, &bits) || bits > (LH_INPUTS_CLEARED << 1) - 1))
		return false;
	out->variant = (unsigned)bits;
	return !(out->variant & LH_CLEARED) || read_cleared(w, out);
}

int lh_view_words_next(struct lh_view_words *w, struct lh_view_word *out, bool *more, struct lh_error *err)
{
	*out = (struct lh_view_word){ .spared = LH_STR("") };
	*more = w->p < w->end;
	if (!*more)
		return 0;
	out->own = skip(w, 'm');
	bool ok = out->own ? number(w, &out->from) : read_range(w, out);
	return ok && (w->p == w->end || skip(w, ',')) ? 0 : unreadable(err);
}

bool lh_view_spares(struct lh_str spared, struct lh_str name)
{
	for (struct lh_str left = spared; left.n;) {
		const char *next = memchr(left.p + 1, '/', left.n - 1);
		size_t n = next ? (size_t)(next - left.p) : left.n;
		if (lh_str_equal((struct lh_str){ left.p + 1, n - 1 }, name))
			return true;
		left = (struct lh_str){ left.p + n, left.n - n };
	}
	return false;
}

/* ---- as a view ---- */

uint32_t lh_view_slot_at(const struct lh_transcript *t, int64_t slot)
{
	uint32_t lo = 0, hi = lh_transcript_length(t);
	while (lo < hi) {                        /* slots rise along the record */
		uint32_t mid = lo + (hi - lo) / 2;
		if (lh_transcript_message(t, lh_transcript_id(t, mid))->slot < slot)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static uint32_t spared_bits(const struct lh_transcript *t, struct lh_str spared)
{
	int n;
	const struct lh_tool *tool = lh_sample_tools(lh_transcript_sample(t), &n);
	uint32_t bits = 0;
	for (int i = 0; i < n; i++)
		if (lh_view_spares(spared, lh_str_of(tool[i].name)))
			bits |= 1u << i;
	return bits;
}

int lh_view_read(struct lh_view *v, const struct lh_transcript *t, struct lh_str text, int64_t (*id_of)(const void *user, int64_t recorded),
	const void *user, struct lh_error *err)
{
	struct lh_view_words w;
	struct lh_view_word one;
	bool more = true;
	int rc = lh_view_words_open(&w, text, err);
	v->edits = lh_transcript_edits(t);
	while (!rc && !(rc = lh_view_words_next(&w, &one, &more, err)) && more) {
		struct lh_piece p = { .own = one.own, .variant = (uint16_t)one.variant };
		int64_t id = one.own ? id_of(user, one.from) : one.variant & LH_CLEARED ? id_of(user, one.placeholder) : 0;
		if (id < 0)
			return lh_fail(err, LH_E_DAMAGED, "a view names message %lld, which is not there", (long long)(one.own ? one.from : one.placeholder));
		if (one.own) {
			p.from = (uint32_t)id;
		} else {
			p.from = lh_view_slot_at(t, one.from);
			p.to = lh_view_slot_at(t, one.to + 1);
			p.placeholder = (uint32_t)id;
			p.spared = one.variant & LH_CLEARED ? spared_bits(t, one.spared) : 0;
		}
		if (p.own || p.from < p.to)
			rc = lh_view_add_piece(v, p, err);
	}
	return rc;
}
