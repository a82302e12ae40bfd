#include "base/text.h"

#include "base/arena.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct lh_str lh_str_of(const char *text)
{
	return (struct lh_str){ text ? text : "", text ? strlen(text) : 0 };
}

bool lh_str_equal(struct lh_str a, struct lh_str b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

bool lh_str_is(struct lh_str a, const char *text)
{
	return lh_str_equal(a, lh_str_of(text));
}

static bool is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

struct lh_str lh_str_trim(struct lh_str s)
{
	while (s.n && is_space(s.p[0]))
		s.p++, s.n--;
	while (s.n && is_space(s.p[s.n - 1]))
		s.n--;
	return s;
}

/* strtoll and strtod need a NUL and forgive leading space; both are dealt with here. */
static bool numeral(struct lh_str s, char *out, size_t size)
{
	if (s.n == 0 || s.n >= size || is_space(s.p[0]) || memchr(s.p, 0, s.n))
		return false;
	memcpy(out, s.p, s.n);
	out[s.n] = 0;
	return true;
}

bool lh_str_to_int(struct lh_str s, int64_t *out)
{
	char text[32], *end;
	if (!numeral(s, text, sizeof text))
		return false;
	errno = 0;
	long long v = strtoll(text, &end, 10);
	if (errno || *end)
		return false;
	*out = v;
	return true;
}

bool lh_str_to_double(struct lh_str s, double *out)
{
	char text[64], *end;
	if (!numeral(s, text, sizeof text) || strpbrk(text, "xXnN"))
		return false;
	errno = 0;
	double v = strtod(text, &end);
	if (*end || !isfinite(v))
		return false;
	*out = v;
	return true;
}

char *lh_str_dup(struct lh_str s)
{
	char *p = malloc(s.n + 1);
	if (!p)
		return NULL;
	if (s.n)
		memcpy(p, s.p, s.n);
	p[s.n] = 0;
	return p;
}

void lh_buf_init(struct lh_buf *b, size_t max)
{
	*b = (struct lh_buf){ .max = max };
}

void lh_buf_fini(struct lh_buf *b)
{
	if (b->arena)
		lh_arena_release(b->arena, b->p);
	else
		free(b->p);
	*b = (struct lh_buf){ .max = b->max };
}

void lh_buf_clear(struct lh_buf *b)
{
	b->n = 0;
	b->failed = 0;
	if (b->p)
		b->p[0] = 0;
}

static bool grow(struct lh_buf *b, size_t need)
{
	size_t cap = b->cap ? b->cap : 64;
	while (cap < need + 1)
		cap *= 2;
	if (cap > b->max + 1)
		cap = b->max + 1;
	char *p = b->arena ? lh_arena_resize(b->arena, b->p, b->n, cap) : realloc(b->p, cap);
	if (!p) {
		b->failed = LH_E_NOMEM;
		return false;
	}
	b->p = p;
	b->cap = cap;
	return true;
}

char *lh_buf_reserve(struct lh_buf *b, size_t n)
{
	if (b->failed)
		return NULL;
	if (n > b->max - b->n) {
		b->failed = LH_E_LIMIT;
		return NULL;
	}
	if (b->n + n + 1 > b->cap && !grow(b, b->n + n))
		return NULL;
	return b->p + b->n;
}

void lh_buf_put(struct lh_buf *b, const void *bytes, size_t n)
{
	char *at = lh_buf_reserve(b, n);
	if (!at)
		return;
	if (n)
		memcpy(at, bytes, n);
	b->n += n;
	b->p[b->n] = 0;
}

void lh_buf_puts(struct lh_buf *b, const char *text) { lh_buf_put(b, text, strlen(text)); }
void lh_buf_put_str(struct lh_buf *b, struct lh_str s) { lh_buf_put(b, s.p, s.n); }
void lh_buf_putc(struct lh_buf *b, char c) { lh_buf_put(b, &c, 1); }

void lh_buf_put_int(struct lh_buf *b, int64_t v)
{
	char digits[24];
	size_t i = sizeof digits;
	uint64_t u = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
	do {
		digits[--i] = (char)('0' + u % 10);
		u /= 10;
	} while (u);
	if (v < 0)
		digits[--i] = '-';
	lh_buf_put(b, digits + i, sizeof digits - i);
}

void lh_buf_put_double(struct lh_buf *b, double v)
{
	char text[40];
	for (int digits = 1; digits <= 17; digits++) {
		snprintf(text, sizeof text, "%.*g", digits, v);
		if (strtod(text, NULL) == v)
			break;
	}
	lh_buf_puts(b, text);
}

void lh_buf_printf(struct lh_buf *b, const char *fmt, ...)
{
	va_list args, again;
	va_start(args, fmt);
	va_copy(again, args);
	int n = vsnprintf(NULL, 0, fmt, args);
	va_end(args);
	char *at = n < 0 ? NULL : lh_buf_reserve(b, (size_t)n);
	if (at) {
		vsnprintf(at, (size_t)n + 1, fmt, again);
		b->n += (size_t)n;
	}
	va_end(again);
}

struct lh_str lh_buf_str(const struct lh_buf *b)
{
	return (struct lh_str){ b->p ? b->p : "", b->n };
}

int lh_buf_ok(const struct lh_buf *b, struct lh_error *err)
{
	if (b->failed == LH_E_NOMEM)
		return lh_nomem(err);
	if (b->failed)
		return lh_fail(err, b->failed, "a text is longer than the %zu bytes allowed here", b->max);
	return 0;
}

static int read_all(int fd, const char *path, struct lh_buf *b, struct lh_error *err)
{
	for (;;) {
		char *at = lh_buf_reserve(b, 1 << 16);
		if (!at && b->failed == LH_E_LIMIT) {
			b->failed = 0;
			at = lh_buf_reserve(b, b->max - b->n);
		}
		if (!at)
			return lh_nomem(err);
		size_t room = b->cap - 1 - b->n;
		char extra;
		ssize_t got = room ? read(fd, at, room) : read(fd, &extra, 1);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return lh_fail(err, LH_E_IO, "%s: %s", path, strerror(errno));
		if (got == 0)
			break;
		if (!room)
			return lh_fail(err, LH_E_LIMIT, "%s: larger than the %zu bytes allowed here", path, b->max);
		b->n += (size_t)got;
	}
	if (b->p)
		b->p[b->n] = 0;
	return 0;
}

int lh_file_read(const char *path, struct lh_buf *b, struct lh_error *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return lh_fail(err, LH_E_IO, "%s: %s", path, strerror(errno));
	struct stat st;
	int rc = fstat(fd, &st) ? lh_fail(err, LH_E_IO, "%s: %s", path, strerror(errno)) : 0;
	if (!rc && !S_ISREG(st.st_mode) && !S_ISFIFO(st.st_mode))
		rc = lh_fail(err, LH_E_IO, "%s: not a regular file", path);
	if (!rc && fcntl(fd, F_SETFL, 0) == 0)
		rc = read_all(fd, path, b, err);
	close(fd);
	return rc;
}

bool lh_file_begins(const char *path, struct lh_str head)
{
	char bytes[64];
	FILE *f = head.n <= sizeof bytes ? fopen(path, "rbe") : NULL;
	size_t n = f ? fread(bytes, 1, head.n, f) : 0;
	if (f)
		fclose(f);
	return n && lh_str_equal((struct lh_str){ bytes, n }, head);
}

int lh_array_more(void *array, size_t *cap, size_t need, size_t size, struct lh_error *err)
{
	if (need <= *cap)
		return 0;
	size_t bigger = *cap ? 2 * *cap : 16;
	if (bigger < need)
		bigger = need;
	void *old, *p;
	memcpy(&old, array, sizeof old);         /* the caller's pointer, of whatever type */
	p = realloc(old, bigger * size);
	if (!p)
		return lh_nomem(err);
	memcpy(array, &p, sizeof p);
	*cap = bigger;
	return 0;
}

/* Levenshtein distance, ASCII case folded; names longer than 63 bytes are never "near". */
static size_t distance(struct lh_str a, struct lh_str b)
{
	size_t row[64];
	if (a.n > 63 || b.n > 63)
		return 1000;
	for (size_t j = 0; j <= b.n; j++)
		row[j] = j;
	for (size_t i = 1; i <= a.n; i++) {
		size_t diagonal = row[0];
		row[0] = i;
		for (size_t j = 1; j <= b.n; j++) {
			size_t cost = ((a.p[i - 1] | 32) == (b.p[j - 1] | 32)) ? 0 : 1;
			size_t best = diagonal + cost;
			if (row[j] + 1 < best)
				best = row[j] + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			diagonal = row[j];
			row[j] = best;
		}
	}
	return row[b.n];
}

const char *lh_nearest(struct lh_str name, const char *const *candidates)
{
	const char *best = NULL;
	size_t least = 1 + name.n / 3;
	for (; *candidates; candidates++) {
		size_t d = distance(name, lh_str_of(*candidates));
		if (d <= least && (!best || d < least)) {
			least = d;
			best = *candidates;
		}
	}
	return best;
}

void lh_put_shell_word(struct lh_buf *b, struct lh_str word)
{
	static const char safe[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.,:=/+%@";
	size_t n = 0;
	while (n < word.n && word.p[n] && strchr(safe, word.p[n]))
		n++;
	if (word.n && n == word.n) {
		lh_buf_put_str(b, word);
		return;
	}
	lh_buf_putc(b, '\'');
	for (size_t i = 0; i < word.n; i++)
		if (word.p[i] == '\'')
			lh_buf_puts(b, "'\\''");
		else
			lh_buf_putc(b, word.p[i]);
	lh_buf_putc(b, '\'');
}
