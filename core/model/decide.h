/* model/decide.h - what an exchange without a reply means: sent again, never, or not at all any more.
 *
 * By the transport's fault, the status, and the words of the server. The words matter most: what does not
 * fit the context is an outcome of the experiment, an empty purse ends the run, and both come under
 * statuses that mean other things too. */
#ifndef LH_MODEL_DECIDE_H
#define LH_MODEL_DECIDE_H

#include "json/reader.h"
#include "model/model.h"

struct lh_failure {
	int status;                      /* 200: an error within a reply that began well */
	int should_retry;                /* as in lh_exchange */
	struct lh_str body;              /* as it came, for its words */
	const struct lh_json *json;      /* the same, or NULL: not JSON */
	const char *key;                 /* where the key comes from: a variable, a file; NULL: none is sent */
	const char *url, *model;
	int64_t tokens_in_guess;
};

/* Fills reply->error_text; an overflow or a provider's filter is a reply. */
enum lh_verdict lh_decide_error(const struct lh_failure *f, struct lh_reply *reply);
/* Nothing complete came. */
enum lh_verdict lh_decide_fault(const struct lh_exchange *x, int64_t tokens_in_guess, struct lh_reply *reply);
/* What came is no reply, in our words: it may be tried again. */
enum lh_verdict lh_decide_broken(struct lh_reply *reply, int status, const char *what);

/* Does a document that came with a good status hold an error instead of a reply? */
bool lh_says_error(const struct lh_json *document);
/* Does the text say that the context is too long; that there were too many requests? An agent hands on what its own
 * model's server said. */
bool lh_says_too_long(struct lh_str s);
bool lh_says_limited(struct lh_str s);
/* One line, printable, at most `most` bytes, cut at a character. */
void lh_put_cut(struct lh_buf *b, struct lh_str s, size_t most);

#endif
