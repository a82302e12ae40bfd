/* transcript/answer.h - where the thoughts and the answer of one reply are.
 *
 * Pure text work, no state: each reply is parsed by itself. Thoughts written inline are
 * <think>…</think>, from an opening tag to the next closing one; an unclosed <think> runs to the end (a
 * truncated reply), a </think> that closes none makes everything before it thought (chat templates that
 * open the tag themselves).
 * The answer is the last complete <answer>…</answer> that lies outside thoughts; of nested opening tags
 * the innermost counts. */
#ifndef LH_TRANSCRIPT_ANSWER_H
#define LH_TRANSCRIPT_ANSWER_H

#include "base/text.h"

struct lh_span { uint32_t at, n; };

struct lh_answer {
	bool thinks;               /* the text holds inline thoughts */
	bool answered;             /* a complete answer tag stands outside them */
	struct lh_span tag;        /* "<answer>…</answer>" */
	struct lh_span content;    /* what is between */
};

/* s.n < 2^32. */
void lh_answer_find(struct lh_str s, struct lh_answer *out);

/* Appends s without its inline thoughts and the white space that follows each. */
void lh_put_without_thoughts(struct lh_buf *b, struct lh_str s);

#endif
