/* support/book.h - people with coins and open promises, and the last change, which can be undone.
 *
 * Written as: ann=30 bob=12 cat=8; owes ann>bob=5; last kept cat>bob=2 */
#ifndef LH_SUPPORT_BOOK_H
#define LH_SUPPORT_BOOK_H

#include "support/family.h"

#define FAM_PEOPLE_MAX 8
#define FAM_NOBODY (-1)

extern const char *const fam_person[FAM_PEOPLE_MAX];       /* in small letters, as states have them */

enum fam_deed { FAM_PAY, FAM_PROMISE, FAM_KEEP, FAM_CANCEL, FAM_UNDO, FAM_NOTHING };

struct fam_promise { int to; int64_t coins; };             /* to nobody: there is none */

struct fam_change {
	enum fam_deed deed;               /* FAM_NOTHING: there is nothing to undo */
	int who;
	struct fam_promise what, was;     /* was: the promise that a new one has replaced */
};

struct fam_book {
	int people;
	int64_t coins[FAM_PEOPLE_MAX];
	struct fam_promise open[FAM_PEOPLE_MAX];           /* of each person, one at most */
	struct fam_change last;
};

/* A book of so many people without coins and promises. */
struct fam_book fam_book_empty(int people);
/* What `who` does, to or for `to` where it is a payment or a promise of so many coins. What cannot be done leaves the book as
 * it is: paying more than one has, keeping or cancelling no promise, undoing nothing. Total on all books. */
void fam_book_act(struct fam_book *b, enum fam_deed deed, int who, struct fam_promise what);
bool fam_book_equal(const struct fam_book *a, const struct fam_book *b);
bool fam_promise_equal(struct fam_promise a, struct fam_promise b);

void fam_book_put(const struct lh_host *host, struct lh_sink *out, const struct fam_book *b);
/* What became of the books, whatever that is; ends in the text of `to`. */
void fam_book_explain(const struct lh_host *host, struct lh_sink *out, const struct fam_book *from, const struct fam_book *to);
/* A book as models write one: its three parts in this order, people and promises in any order, with white space, commas,
 * semicolons, colons and full stops between them; -> for >, : for =. Everybody's coins stand there once, of each person one
 * promise at most, and no promise is to oneself or of no coins. */
bool fam_book_read(struct lh_text t, int people, struct fam_book *out);

#endif
