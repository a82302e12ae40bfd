#include "transcript/filler.h"

static void words(struct lh_random *r, size_t bytes, char end, struct lh_buf *out)
{
	static const char *const list[] = { "the", "boat", "is", "green", "and", "a", "river", "runs", "by", "old", "stone", "hill" };
	for (size_t left = bytes; left > 0;) {
		const char *w = list[lh_random_below(r, sizeof list / sizeof *list)];
		size_t n = 0;
		for (; w[n] && left > 1; n++, left--)
			lh_buf_putc(out, w[n]);
		lh_buf_putc(out, left == 1 ? end : ' ');
		left--;
	}
}

void lh_filler_pair(struct lh_random r, size_t question_bytes, size_t answer_bytes, struct lh_buf *question, struct lh_buf *answer)
{
	words(&r, question_bytes, '?', question);
	words(&r, answer_bytes, '.', answer);
}
