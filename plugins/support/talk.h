/* support/talk.h - what people say of coins and promises: one line a step, in many words.
 *
 * Ann: Bob, I hand you 5 coins. */
#ifndef LH_SUPPORT_TALK_H
#define LH_SUPPORT_TALK_H

#include "support/book.h"
#include "support/mix.h"

/* The kinds of lines: the first five are done; then what did not happen, and questions. */
enum fam_talk { FAM_SAY_PAY, FAM_SAY_PROMISE, FAM_SAY_KEEP, FAM_SAY_CANCEL, FAM_SAY_UNDO, FAM_SAY_NOT, FAM_SAY_ASK, FAM_TALKS };

extern const char *const fam_talk_name[FAM_TALKS];         /* pay, promise, keep, cancel, undo, not, ask */

struct fam_line {
	enum fam_talk kind;
	uint32_t form;                    /* which words */
	enum fam_deed deed;               /* what it speaks of, done or not */
	int who, other;                   /* who does it; somebody else who may speak of it */
	struct fam_promise what;          /* to whom and how much */
};

struct fam_talk_range { int people; int64_t min, max; };   /* people: 3 to FAM_PEOPLE_MAX */

struct fam_line fam_talk_draw(const struct lh_host *host, const struct fam_mix *mix, struct fam_talk_range range, uint64_t seed, uint64_t step);
void fam_talk_put(const struct lh_host *host, struct lh_sink *out, const struct fam_line *line);
/* A line in these words. */
struct fam_line fam_talk_line(enum fam_talk kind, uint32_t form, int who, struct fam_promise what, int other);
bool fam_talk_is_done(const struct fam_line *line);
/* What it does to the books: nothing, unless it is done. */
void fam_talk_hear(const struct fam_line *line, struct fam_book *b);
/* Makes a slip of the right books after the line: what was not done is taken for done; what was done is not noticed, or taken the
 * wrong way round, for another amount or another deed; the last change is lost; somebody's coins are a little off. `last` is the
 * line before it, or NULL. Never leaves the books as they are. */
void fam_talk_slip(const struct lh_host *host, const struct fam_line *line, const struct fam_line *last, struct lh_draw *draw, struct fam_book *b);

#endif
