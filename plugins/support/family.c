#include "support/family.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void fam_put(const struct lh_host *host, struct lh_sink *out, const char *text)
{
	host->put(out, text, strlen(text));
}

static size_t print_int(char text[24], int64_t v)
{
	char digits[24];
	size_t i = sizeof digits, n = 0;
	uint64_t u = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
	do {
		digits[--i] = (char)('0' + u % 10);
		u /= 10;
	} while (u);
	if (v < 0)
		text[n++] = '-';
	memcpy(text + n, digits + i, sizeof digits - i);
	return n + sizeof digits - i;
}

void fam_put_int(const struct lh_host *host, struct lh_sink *out, int64_t v)
{
	char text[24];
	host->put(out, text, print_int(text, v));
}

/* Bytes of what is printed, cut off where it does not fit. */
static size_t print(char *text, size_t size, const char *fmt, va_list args)
{
	int n = vsnprintf(text, size, fmt, args);
	return n < 0 ? 0 : (size_t)n < size ? (size_t)n : size - 1;
}

void fam_putf(const struct lh_host *host, struct lh_sink *out, const char *fmt, ...)
{
	char text[1024];
	va_list args;
	va_start(args, fmt);
	size_t n = print(text, sizeof text, fmt, args);
	va_end(args);
	host->put(out, text, n);
}

int32_t fam_fail(const struct lh_host *host, const char *fmt, ...)
{
	char text[1024];
	va_list args;
	va_start(args, fmt);
	size_t n = print(text, sizeof text, fmt, args);
	va_end(args);
	return host->fail(host->context, text, n);
}

void *fam_new(const struct lh_host *host, size_t size)
{
	void *p = calloc(1, size);
	if (!p)
		fam_fail(host, "out of memory");
	return p;
}

int32_t fam_not_a_state(const struct lh_host *host, struct lh_text state, const char *what)
{
	return fam_fail(host, "'%.*s' is not %s", (int)(state.size < 40 ? state.size : 40), state.bytes, what);
}

bool fam_equal(struct lh_text a, struct lh_text b)
{
	return a.size == b.size && (a.size == 0 || memcmp(a.bytes, b.bytes, a.size) == 0);
}

bool fam_is_white(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

char fam_small(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool has_nbsp(const char *p)
{
	return (unsigned char)p[0] == 0xC2 && (unsigned char)p[1] == 0xA0;
}

struct lh_text fam_trim(struct lh_text t)
{
	for (;;) {
		if (t.size && fam_is_white(t.bytes[0]))
			t.bytes++, t.size--;
		else if (t.size && fam_is_white(t.bytes[t.size - 1]))
			t.size--;
		else if (t.size >= 2 && has_nbsp(t.bytes))
			t.bytes += 2, t.size -= 2;
		else if (t.size >= 2 && has_nbsp(t.bytes + t.size - 2))
			t.size -= 2;
		else
			return t;
	}
}

/* Bytes of the well-formed character at p, or 0. */
static size_t character(const unsigned char *p, size_t n)
{
	size_t need = p[0] < 0x80 ? 1 : p[0] >= 0xC2 && p[0] < 0xE0 ? 2 : (p[0] & 0xF0) == 0xE0 ? 3 : p[0] >= 0xF0 && p[0] < 0xF5 ? 4 : 0;
	if (need == 0 || need > n)
		return 0;
	for (size_t i = 1; i < need; i++)
		if ((p[i] & 0xC0) != 0x80)
			return 0;
	bool bad = need > 2 && ((p[0] == 0xE0 && p[1] < 0xA0) || (p[0] == 0xED && p[1] > 0x9F)
		|| (p[0] == 0xF0 && p[1] < 0x90) || (p[0] == 0xF4 && p[1] > 0x8F));
	return bad ? 0 : need;
}

bool fam_is_text(struct lh_text t)
{
	const unsigned char *p = (const unsigned char *)t.bytes;
	for (size_t i = 0; i < t.size; ) {
		size_t n = character(p + i, t.size - i);
		bool control = p[i] < 0x20 || p[i] == 0x7F || (n == 2 && p[i] == 0xC2 && p[i + 1] < 0xA0);
		if (n == 0 || control)
			return false;
		i += n;
	}
	return true;
}

/* ---- Integers ---------------------------------------------------------------------------------- */

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Takes the sign off the front; true where it is a minus. */
static bool take_sign(struct lh_text *t)
{
	if (t->size && (t->bytes[0] == '+' || t->bytes[0] == '-')) {
		bool minus = t->bytes[0] == '-';
		t->bytes++, t->size--;
		return minus;
	}
	if (t->size >= 3 && memcmp(t->bytes, "\xE2\x88\x92", 3) == 0) {
		t->bytes += 3, t->size -= 3;
		return true;
	}
	return false;
}

/* Takes ".000" off the end; false where what follows the point is anything else. */
static bool take_zero_fraction(struct lh_text *t)
{
	const char *point = t->size ? memchr(t->bytes, '.', t->size) : NULL;
	if (!point)
		return true;
	size_t whole = (size_t)(point - t->bytes);
	for (size_t i = whole + 1; i < t->size; i++)
		if (t->bytes[i] != '0')
			return false;
	if (t->size == whole + 1)
		return false;
	t->size = whole;
	return true;
}

/* Where commas stand they part groups of three, and the first group does not begin with 0. */
static bool commas_ok(struct lh_text t)
{
	const char *comma = memchr(t.bytes, ',', t.size);
	if (!comma)
		return true;
	if (comma - t.bytes < 1 || comma - t.bytes > 3 || t.bytes[0] == '0')
		return false;
	for (size_t i = 0; i < t.size; i++)
		if ((t.bytes[i] == ',') != ((t.size - i) % 4 == 0))
			return false;
	return true;
}

bool fam_read_int(struct lh_text t, int64_t *out)
{
	t = fam_trim(t);
	if (t.size > 64)                                /* 18 digits, some zeros in front and behind */
		return false;
	bool minus = take_sign(&t);
	if (!take_zero_fraction(&t) || t.size == 0 || !commas_ok(t))
		return false;
	int64_t v = 0;
	for (size_t i = 0; i < t.size; i++) {
		if (t.bytes[i] == ',')
			continue;
		if (!is_digit(t.bytes[i]) || v > FAM_INT_MAX / 10)
			return false;
		v = v * 10 + (t.bytes[i] - '0');
	}
	*out = minus ? -v : v;
	return v <= FAM_INT_MAX;
}

int32_t fam_canonical_int(const struct lh_host *host, struct lh_text text, struct lh_sink *out)
{
	int64_t v;
	if (!fam_read_int(text, &v))
		return LH_TASK_NO_STATE;
	fam_put_int(host, out, v);
	return LH_TASK_OK;
}

bool fam_state_int(struct lh_text t, int64_t *out)
{
	bool minus = t.size && t.bytes[0] == '-';
	size_t i = minus;
	if (t.size - i < 1 || t.size - i > 18 || (t.bytes[i] == '0' && t.size > 1))
		return false;
	int64_t v = 0;
	for (; i < t.size; i++) {
		if (!is_digit(t.bytes[i]))
			return false;
		v = v * 10 + (t.bytes[i] - '0');
	}
	*out = minus ? -v : v;
	return true;
}

int64_t fam_add(int64_t a, int64_t b)
{
	int64_t sum = a + b;
	return sum > FAM_INT_MAX ? FAM_INT_MAX : sum < -FAM_INT_MAX ? -FAM_INT_MAX : sum;
}

int64_t fam_mod(int64_t v, int64_t m)
{
	return (v % m + m) % m;
}

/* ---- Thoughts ---------------------------------------------------------------------------------- */

int32_t fam_sum_read(const struct lh_host *host, struct lh_text before, struct lh_text after, int64_t operand, struct fam_sum *out)
{
	if (!fam_state_int(before, &out->before))
		return fam_not_a_state(host, before, "a running total");
	if (!fam_state_int(after, &out->after))
		return fam_not_a_state(host, after, "a running total");
	out->added = fam_add(out->before, operand) == out->after ? operand : out->after - out->before;
	return LH_TASK_OK;
}

void fam_sum_put(const struct lh_host *host, struct lh_sink *out, struct fam_sum sum)
{
	fam_put_int(host, out, sum.before);
	fam_put(host, out, sum.added < 0 ? " - " : " + ");
	fam_put_int(host, out, sum.added < 0 ? -sum.added : sum.added);
	fam_put(host, out, " = ");
	fam_put_int(host, out, sum.after);
	fam_put(host, out, ".");
}

/* ---- Randomness -------------------------------------------------------------------------------- */

struct lh_draw *fam_step_draw(const struct lh_host *host, uint64_t seed, uint64_t step)
{
	/* An odd multiplier, so that no two steps of a sample share a stream. */
	return host->stream(host->context, seed + (step + 1) * 0x9E3779B97F4A7C15u);
}

struct lh_draw *fam_open_draw(const struct lh_host *host, uint64_t seed)
{
	return host->stream(host->context, seed);
}

uint32_t fam_below(const struct lh_host *host, struct lh_draw *draw, uint32_t n)
{
	return (uint32_t)host->random_between(draw, 0, (int64_t)n - 1);
}

/* Two different digits that stand side by side, swapped: 142 → 124. */
static int64_t swap_digits(int64_t v)
{
	int64_t u = v < 0 ? -v : v;
	for (int64_t scale = 1; scale <= u / 10; scale *= 10) {
		int64_t low = u / scale % 10, high = u / scale / 10 % 10;
		if (low != high) {
			u += (low - high) * 9 * scale;
			return v < 0 ? -u : u;
		}
	}
	return v;
}

int64_t fam_slip(const struct lh_host *host, struct lh_draw *draw, int64_t right, int64_t operand, int64_t other)
{
	int64_t before = fam_add(right, -operand);
	int64_t sign = host->random_between(draw, 0, 1) ? 1 : -1;
	int64_t wrong = right;
	switch (host->random_between(draw, 0, 5)) {
	case 0: wrong = fam_add(right, sign * host->random_between(draw, 1, 9)); break;
	case 1: wrong = fam_add(right, sign * 10); break;
	case 2: wrong = fam_add(before, -operand); break;        /* the operand's sign overlooked */
	case 3: wrong = before; break;                           /* the step left out */
	case 4: wrong = fam_add(before, other); break;           /* the wrong line of the dictionary */
	default: wrong = swap_digits(right); break;
	}
	if (wrong == right)
		wrong = fam_add(right, sign);
	return wrong == right ? fam_add(right, -sign) : wrong;   /* held at a bound: the other way */
}

/* ---- What a family exports ---------------------------------------------------------------------- */

uint64_t fam_any_samples(const struct lh_task_data *data)
{
	(void)data;
	return 0;
}

uint64_t fam_any_steps(const struct lh_task *task)
{
	(void)task;
	return 0;
}
