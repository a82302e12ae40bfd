#include "policy/pattern.h"

#include <string.h>

/* A try: the subject from s on against the pattern from p on. Both are offsets; the result is where
 * the match ends, or NOT. After a fault everything is NOT, and `fault` tells it apart. */
struct try {
	struct lh_pattern *pattern;
	struct lh_str text, subject;      /* text: of the pattern */
	struct lh_pattern_match *m;
	int depth;
};

#define NOT ((size_t)-1)

static size_t match_from(struct try *t, size_t s, size_t p);

static size_t bad(struct try *t, const char *fault)
{
	if (!t->pattern->fault && !t->pattern->spent)
		t->pattern->fault = fault;
	return NOT;
}

static size_t bad_capture(struct try *t, int number)
{
	t->pattern->fault_index = number;
	return bad(t, "invalid capture index %%%d");
}

static bool stopped(const struct try *t)
{
	return t->pattern->fault || t->pattern->spent;
}

/* Counts n steps; false when none are left. */
static bool step(struct try *t, size_t n)
{
	t->pattern->steps -= (int64_t)n;
	if (t->pattern->steps < 0)
		t->pattern->spent = true;
	return !stopped(t);
}

/* ---- characters ---- */

static bool between(unsigned char c, char lo, char hi)
{
	return c >= (unsigned char)lo && c <= (unsigned char)hi;
}

static bool is_letter(unsigned char c) { return between(c | 32, 'a', 'z') && c < 128; }
static bool is_digit(unsigned char c) { return between(c, '0', '9'); }
static bool is_alphanumeric(unsigned char c) { return is_letter(c) || is_digit(c); }

static bool in_lower_class(unsigned char c, unsigned char class)
{
	switch (class) {
	case 'a': return is_letter(c);
	case 'c': return c < 32 || c == 127;
	case 'd': return is_digit(c);
	case 'g': return between(c, '!', '~');
	case 'l': return between(c, 'a', 'z');
	case 'p': return between(c, '!', '~') && !is_alphanumeric(c);
	case 's': return c == ' ' || between(c, '\t', '\r');
	case 'u': return between(c, 'A', 'Z');
	case 'w': return is_alphanumeric(c);
	case 'x': return is_digit(c) || between(c | 32, 'a', 'f');
	default: return c == 0;                            /* z, as older Lua had it */
	}
}

/* Whether c is of the class that `%class` names; a sign that names none stands for itself. */
static bool in_class(unsigned char c, unsigned char class)
{
	if (!is_letter(class) || !strchr("acdglpsuwxz", class | 32))
		return c == class;
	return in_lower_class(c, class | 32) == (class >= 'a');
}

/* c against the set whose bracket opens at `open` and closes at `close`. */
static bool in_set(const char *text, unsigned char c, size_t open, size_t close)
{
	size_t i = open + 1;
	bool wanted = text[i] != '^';
	for (i += !wanted; i < close; i++) {
		if (text[i] == '%') {
			i++;
			if (in_class(c, (unsigned char)text[i]))
				return wanted;
		} else if (i + 2 < close && text[i + 1] == '-') {
			i += 2;
			if (between(c, text[i - 2], text[i]))
				return wanted;
		} else if ((unsigned char)text[i] == c)
			return wanted;
	}
	return !wanted;
}

/* ---- items of the pattern that match one character ---- */

/* Where the set that opens at p ends: behind its closing bracket. A bracket that is the first
 * member does not close. */
static size_t set_end(struct try *t, size_t p)
{
	size_t i = p + 1;
	if (i < t->text.n && t->text.p[i] == '^')
		i++;
	do {
		if (i >= t->text.n)
			return bad(t, "malformed pattern (missing ']')");
		i += t->text.p[i] == '%' && i + 1 < t->text.n ? 2 : 1;
	} while (i >= t->text.n || t->text.p[i] != ']');
	return step(t, (i - p) / 4) ? i + 1 : NOT;
}

static size_t item_end(struct try *t, size_t p)
{
	if (t->text.p[p] == '%') {
		if (p + 1 >= t->text.n)
			return bad(t, "malformed pattern (ends with '%%')");
		return p + 2;
	}
	return t->text.p[p] == '[' ? set_end(t, p) : p + 1;
}

static bool item_matches(struct try *t, size_t s, size_t p, size_t end)
{
	if (s >= t->subject.n || !step(t, 1))
		return false;
	unsigned char c = (unsigned char)t->subject.p[s];
	switch (t->text.p[p]) {
	case '.':
		return true;
	case '%':
		return in_class(c, (unsigned char)t->text.p[p + 1]);
	case '[':
		return step(t, (end - p) / 4) && in_set(t->text.p, c, p, end - 1);
	default:
		return c == (unsigned char)t->text.p[p];
	}
}

/* ---- repetition ---- */

/* As many as there are, then ever fewer until the rest matches. */
static size_t most_first(struct try *t, size_t s, size_t p, size_t end, size_t least)
{
	size_t n = 0;
	while (item_matches(t, s + n, p, end))
		n++;
	for (; n >= least && !stopped(t); n--) {
		size_t to = match_from(t, s + n, end + 1);
		if (to != NOT || n == 0)
			return to;
	}
	return NOT;
}

static size_t fewest_first(struct try *t, size_t s, size_t p, size_t end)
{
	for (;; s++) {
		size_t to = match_from(t, s, end + 1);
		if (to != NOT || !item_matches(t, s, p, end))
			return to;
	}
}

/* ---- captures ---- */

static size_t open_capture(struct try *t, size_t s, size_t p)
{
	struct lh_pattern_match *m = t->m;
	if (m->captures >= LH_PATTERN_CAPTURES)
		return bad(t, "too many captures");
	bool place = p + 1 < t->text.n && t->text.p[p + 1] == ')';
	m->capture[m->captures++] = (struct lh_pattern_capture){ .at = s, .kind = place ? LH_CAPTURE_PLACE : LH_CAPTURE_OPEN };
	size_t to = match_from(t, s, p + (place ? 2 : 1));
	if (to == NOT)
		m->captures--;
	return to;
}

static size_t close_capture(struct try *t, size_t s, size_t p)
{
	int i = t->m->captures - 1;
	while (i >= 0 && t->m->capture[i].kind != LH_CAPTURE_OPEN)
		i--;
	if (i < 0)
		return bad(t, "invalid pattern capture");
	struct lh_pattern_capture *c = &t->m->capture[i];
	c->kind = LH_CAPTURE_TEXT;
	c->n = s - c->at;
	size_t to = match_from(t, s, p + 1);
	if (to == NOT)
		c->kind = LH_CAPTURE_OPEN;
	return to;
}

/* Behind the text that capture `digit` holds, where the subject repeats it at s. */
static size_t repeat_capture(struct try *t, size_t s, char digit)
{
	int i = digit - '1';
	if (i < 0 || i >= t->m->captures || t->m->capture[i].kind == LH_CAPTURE_OPEN)
		return bad_capture(t, i + 1);
	const struct lh_pattern_capture *c = &t->m->capture[i];
	if (c->kind == LH_CAPTURE_PLACE || c->n > t->subject.n - s || !step(t, c->n / 16))
		return NOT;
	return memcmp(t->subject.p + c->at, t->subject.p + s, c->n) == 0 ? s + c->n : NOT;
}

/* ---- %b and %f ---- */

/* Behind the text that begins with the sign at p, ends with the next one, and has as many of
 * both. */
static size_t match_balance(struct try *t, size_t s, size_t p)
{
	if (p + 1 >= t->text.n)
		return bad(t, "malformed pattern (missing arguments to '%%b')");
	char begin = t->text.p[p], end = t->text.p[p + 1];
	if (s >= t->subject.n || t->subject.p[s] != begin)
		return NOT;
	size_t open = 1;
	for (s++; s < t->subject.n && step(t, 1); s++) {
		if (t->subject.p[s] == end) {
			if (--open == 0)
				return s + 1;
		} else if (t->subject.p[s] == begin)
			open++;
	}
	return NOT;
}

/* Whether s is where the set at p begins to hold. The ends of the subject count as NUL. */
static bool at_frontier(struct try *t, size_t s, size_t p, size_t end)
{
	unsigned char before = s > 0 ? (unsigned char)t->subject.p[s - 1] : 0;
	unsigned char here = s < t->subject.n ? (unsigned char)t->subject.p[s] : 0;
	return step(t, 1 + (end - p) / 4) && !in_set(t->text.p, before, p, end - 1) && in_set(t->text.p, here, p, end - 1);
}

/* ---- the matcher ---- */

/* %b, %f and %1 at p: moves s and p behind them. False: they do not match. */
static bool pass_special(struct try *t, size_t *s, size_t *p)
{
	char kind = t->text.p[*p + 1];
	if (kind == 'b') {
		*s = match_balance(t, *s, *p + 2);
		*p += 4;
		return *s != NOT;
	}
	if (kind != 'f') {
		*s = repeat_capture(t, *s, kind);
		*p += 2;
		return *s != NOT;
	}
	size_t open = *p + 2;
	if (open >= t->text.n || t->text.p[open] != '[')
		return bad(t, "missing '[' after '%%f' in pattern") != NOT;
	size_t end = set_end(t, open);
	if (end == NOT || !at_frontier(t, *s, open, end))
		return false;
	*p = end;
	return true;
}

static bool is_special(const struct try *t, size_t p)
{
	if (t->text.p[p] != '%' || p + 1 >= t->text.n)
		return false;
	char kind = t->text.p[p + 1];
	return kind == 'b' || kind == 'f' || is_digit((unsigned char)kind);
}

/* What follows the item that ends at `end`: * + - ? or nothing of the kind. */
static char quantifier(const struct try *t, size_t end)
{
	return end < t->text.n && t->text.p[end] && strchr("*+-?", t->text.p[end]) ? t->text.p[end] : 0;
}

/* One item with its quantifier. Where the rest of the pattern is still to match from another
 * place, moves s and p there and returns true; else *to is the result. */
static bool pass_item(struct try *t, size_t *s, size_t *p, size_t *to)
{
	size_t end = item_end(t, *p);
	*to = NOT;
	if (end == NOT)
		return false;
	char q = quantifier(t, end);
	if (q == '*' || q == '+') {
		*to = most_first(t, *s, *p, end, q == '+');
		return false;
	}
	if (q == '-') {
		*to = fewest_first(t, *s, *p, end);
		return false;
	}
	bool matches = item_matches(t, *s, *p, end);
	if (q == '?' && matches && (*to = match_from(t, *s + 1, end + 1)) != NOT)
		return false;
	*s += matches && !q;
	*p = end + (q ? 1 : 0);
	return (matches || q) && !stopped(t);
}

static size_t match_here(struct try *t, size_t s, size_t p)
{
	while (p < t->text.n && step(t, 1)) {
		char c = t->text.p[p];
		size_t to;
		if (c == '(')
			return open_capture(t, s, p);
		if (c == ')')
			return close_capture(t, s, p);
		if (c == '$' && p + 1 == t->text.n)
			return s == t->subject.n ? s : NOT;
		if (is_special(t, p)) {
			if (!pass_special(t, &s, &p))
				return NOT;
		} else if (!pass_item(t, &s, &p, &to))
			return to;
	}
	return stopped(t) ? NOT : s;
}

static size_t match_from(struct try *t, size_t s, size_t p)
{
	if (!step(t, 1))
		return NOT;
	if (t->depth >= LH_PATTERN_DEPTH)
		return bad(t, "pattern too complex");
	t->depth++;
	size_t to = match_here(t, s, p);
	t->depth--;
	return to;
}

/* ---- public ---- */

struct lh_pattern lh_pattern_of(struct lh_str text, bool anchors)
{
	struct lh_pattern p = { .text = text };
	p.anchored = anchors && text.n && text.p[0] == '^';
	if (p.anchored)
		p.text = (struct lh_str){ text.p + 1, text.n - 1 };
	return p;
}

int lh_pattern_match(struct lh_pattern *p, struct lh_str subject, size_t at, struct lh_pattern_match *m)
{
	struct try t = { .pattern = p, .text = p->text, .subject = subject, .m = m };
	m->captures = 0;
	m->from = at;
	m->to = match_from(&t, at, 0);
	if (p->spent)
		return LH_E_LIMIT;
	if (p->fault)
		return LH_E_DATA;
	return m->to != NOT;
}

int lh_pattern_find(struct lh_pattern *p, struct lh_str subject, size_t from, struct lh_pattern_match *m)
{
	for (size_t at = from; at <= subject.n; at++) {
		int found = lh_pattern_match(p, subject, at, m);
		if (found || p->anchored)
			return found;
	}
	return 0;
}

bool lh_pattern_is_plain(struct lh_str text)
{
	for (size_t i = 0; i < text.n; i++)
		if (text.p[i] && strchr("^$*+?.([%-", text.p[i]))
			return false;
	return true;
}
