/* The answer and the thoughts of a reply, against a scanner that goes byte by byte. */
#include "transcript/answer.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool fact)
{
	if (!fact)
		abort();
}

static bool starts(struct lh_str s, size_t at, const char *what)
{
	size_t n = strlen(what);
	return s.n - at >= n && !memcmp(s.p + at, what, n);
}

/* Marks the bytes that are thought; true where there are any tags. */
static bool mark(struct lh_str s, char *thought)
{
	bool thinks = false;
	for (size_t at = 0; at < s.n;) {
		if (starts(s, at, "</think>")) {
			at += 8;
			memset(thought, 1, at);
			thinks = true;
		} else if (starts(s, at, "<think>")) {
			size_t end = at;
			while (end < s.n && !starts(s, end, "</think>"))
				end++;
			end = end < s.n ? end + 8 : s.n;
			memset(thought + at, 1, end - at);
			at = end;
			thinks = true;
		} else {
			at++;
		}
	}
	return thinks;
}

static bool outside(const char *thought, size_t at, size_t n)
{
	return !memchr(thought + at, 1, n);
}

/* The last answer tag that lies outside thoughts. */
static bool naive_answer(struct lh_str s, const char *thought, size_t *tag, size_t *end)
{
	bool found = false, open = false;
	size_t from = 0;
	for (size_t at = 0; at < s.n; at++) {
		if (thought[at])
			open = false;
		else if (starts(s, at, "<answer>") && outside(thought, at, 8))
			open = true, from = at;
		else if (open && starts(s, at, "</answer>") && outside(thought, at, 9))
			found = true, open = false, *tag = from, *end = at + 9;
	}
	return found;
}

/* Stretches outside thoughts, the white space that follows a thought left out. */
static size_t naive_bare(struct lh_str s, const char *thought, char *out)
{
	size_t n = 0;
	bool skip = false;
	for (size_t at = 0; at < s.n; at++) {
		skip = thought[at] || (skip && s.p[at] && strchr(" \t\r\n", s.p[at]));
		if (!skip)
			out[n++] = s.p[at];
	}
	return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size > 1u << 16)
		return 0;
	struct lh_str s = { size ? (const char *)data : "", size };
	char *thought = calloc(size + 1, 1), *want = malloc(size + 1);
	require(thought && want);
	struct lh_answer a;
	lh_answer_find(s, &a);
	require(a.thinks == mark(s, thought));

	size_t tag = 0, end = 0;
	bool answered = naive_answer(s, thought, &tag, &end);
	require(a.answered == answered);
	if (answered) {
		require(a.tag.at == tag && a.tag.at + a.tag.n == end && end <= s.n);
		require(a.content.at == tag + 8 && a.content.n == a.tag.n - 17);
		require(starts(s, a.tag.at, "<answer>") && starts(s, a.content.at + a.content.n, "</answer>"));
	} else {
		require(!a.tag.at && !a.tag.n && !a.content.at && !a.content.n);
	}

	struct lh_buf bare;
	lh_buf_init(&bare, 1u << 20);
	lh_put_without_thoughts(&bare, s);
	size_t n = naive_bare(s, thought, want);
	require(!bare.failed && bare.n == n && (n == 0 || !memcmp(bare.p, want, n)));
	require(a.thinks || n == s.n);
	lh_buf_fini(&bare);
	free(thought);
	free(want);
	return 0;
}
