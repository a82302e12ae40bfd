#include "support/take.h"

#include <string.h>

static struct lh_text without(struct lh_text t, size_t n)
{
	return (struct lh_text){ t.bytes + n, t.size - n };
}

size_t fam_take_of(struct lh_text *t, const char *set, size_t most)
{
	size_t n = 0;
	while (n < t->size && n < most && t->bytes[n] && strchr(set, t->bytes[n]))
		n++;
	*t = without(*t, n);
	return n;
}

bool fam_take_text(struct lh_text *t, const char *text)
{
	size_t n = 0;
	while (text[n] && n < t->size && fam_small(t->bytes[n]) == text[n])
		n++;
	if (text[n])
		return false;
	*t = without(*t, n);
	return true;
}

bool fam_take_word(struct lh_text *t, char *out, size_t size)
{
	size_t n = 0;
	for (; n < t->size && fam_small(t->bytes[n]) >= 'a' && fam_small(t->bytes[n]) <= 'z'; n++) {
		if (n + 1 == size)
			return false;
		out[n] = fam_small(t->bytes[n]);
	}
	out[n] = 0;
	*t = without(*t, n);
	return n > 0;
}

bool fam_take_count(struct lh_text *t, int64_t *out)
{
	struct lh_text rest = *t;
	size_t n = fam_take_of(&rest, FAM_DIGITS, 19);
	if (n == 0 || n > 18)
		return false;
	*out = 0;
	for (size_t i = 0; i < n; i++)
		*out = *out * 10 + (t->bytes[i] - '0');
	*t = rest;
	return true;
}
