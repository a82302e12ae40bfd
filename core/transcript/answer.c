#include "transcript/answer.h"

#include <string.h>

#define THINK "<think>"
#define THINK_END "</think>"
#define ANSWER "<answer>"
#define ANSWER_END "</answer>"

/* Offset of `what` in s at or after `from`, or s.n. */
static size_t seek(struct lh_str s, size_t from, const char *what)
{
	const char *at = from < s.n ? memmem(s.p + from, s.n - from, what, strlen(what)) : NULL;
	return at ? (size_t)(at - s.p) : s.n;
}

/* The next stretch outside thoughts that begins at *at or later; *at moves behind the thoughts that
 * end it. False at the end. */
static bool next_outside(struct lh_str s, size_t *at, struct lh_str *out)
{
	if (*at > s.n)
		return false;
	size_t open = seek(s, *at, THINK);
	*out = (struct lh_str){ s.p + *at, open - *at };
	if (open == s.n) {
		*at = s.n + 1;
		return true;
	}
	size_t close = seek(s, open, THINK_END);
	*at = close == s.n ? s.n + 1 : close + strlen(THINK_END);
	return true;
}

/* Behind the last </think> that closes no <think>, else 0. */
static size_t unopened_end(struct lh_str s)
{
	size_t open = seek(s, 0, THINK), at = 0, end = 0;
	for (size_t close; (close = seek(s, at, THINK_END)) < s.n;) {
		if (open < at)
			open = seek(s, at, THINK);
		at = close + strlen(THINK_END);
		if (close < open)
			end = at;
	}
	return end;
}

static void find_in(struct lh_str whole, struct lh_str part, struct lh_answer *out)
{
	size_t offset = (size_t)(part.p - whole.p), at = 0;
	for (;;) {
		size_t open = seek(part, at, ANSWER);
		size_t close = open < part.n ? seek(part, open, ANSWER_END) : part.n;
		if (close == part.n)
			return;
		/* the innermost opening tag before this closing one */
		for (size_t next; (next = seek(part, open + 1, ANSWER)) < close;)
			open = next;
		size_t content = open + strlen(ANSWER), end = close + strlen(ANSWER_END);
		out->answered = true;
		out->tag = (struct lh_span){ (uint32_t)(offset + open), (uint32_t)(end - open) };
		out->content = (struct lh_span){ (uint32_t)(offset + content), (uint32_t)(close - content) };
		at = end;
	}
}

void lh_answer_find(struct lh_str s, struct lh_answer *out)
{
	memset(out, 0, sizeof *out);
	if (!memchr(s.p, '<', s.n))
		return;
	if (seek(s, 0, "think>") == s.n) {       /* no thoughts, as in most replies */
		find_in(s, s, out);
		return;
	}
	size_t at = unopened_end(s);
	out->thinks = at > 0 || seek(s, 0, THINK) < s.n;
	for (struct lh_str part; next_outside(s, &at, &part);)
		find_in(s, part, out);
}

void lh_put_without_thoughts(struct lh_buf *b, struct lh_str s)
{
	size_t at = unopened_end(s);
	bool after_thought = at > 0;
	for (struct lh_str part; next_outside(s, &at, &part); after_thought = true) {
		while (after_thought && part.n && strchr(" \t\r\n", part.p[0]) && part.p[0])
			part.p++, part.n--;
		lh_buf_put_str(b, part);
	}
}
