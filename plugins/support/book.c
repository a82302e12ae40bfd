#include "support/book.h"
#include "support/take.h"

#include <string.h>

const char *const fam_person[FAM_PEOPLE_MAX] = { "ann", "bob", "cat", "dan", "eve", "fay", "gus", "hal" };

static const char *const deed_done[] = { [FAM_PAY] = "paid", [FAM_PROMISE] = "promised", [FAM_KEEP] = "kept", [FAM_CANCEL] = "cancelled" };

static const struct fam_promise no_promise = { FAM_NOBODY, 0 };
static const struct fam_change no_change = { FAM_NOTHING, FAM_NOBODY, { FAM_NOBODY, 0 }, { FAM_NOBODY, 0 } };

/* ---- What is done ------------------------------------------------------------------------------ */

struct fam_book fam_book_empty(int people)
{
	struct fam_book b = { .people = people, .last = no_change };
	for (int i = 0; i < FAM_PEOPLE_MAX; i++)
		b.open[i] = no_promise;
	return b;
}

bool fam_promise_equal(struct fam_promise a, struct fam_promise b)
{
	return a.to == b.to && a.coins == b.coins;
}

bool fam_book_equal(const struct fam_book *a, const struct fam_book *b)
{
	bool equal = a->last.deed == b->last.deed && a->last.who == b->last.who && fam_promise_equal(a->last.what, b->last.what)
		&& fam_promise_equal(a->last.was, b->last.was);
	for (int i = 0; i < a->people; i++)
		equal = equal && a->coins[i] == b->coins[i] && fam_promise_equal(a->open[i], b->open[i]);
	return equal;
}

/* False: `from` has not so many. */
static bool move(struct fam_book *b, int from, int to, int64_t coins)
{
	if (b->coins[from] < coins)
		return false;
	b->coins[from] -= coins;
	b->coins[to] = fam_add(b->coins[to], coins);
	return true;
}

static void undo(struct fam_book *b)
{
	struct fam_change c = b->last;
	bool coins_moved = c.deed == FAM_PAY || c.deed == FAM_KEEP;
	if (c.deed == FAM_NOTHING || (coins_moved && !move(b, c.what.to, c.who, c.what.coins)))
		return;
	if (c.deed != FAM_PAY)
		b->open[c.who] = c.deed == FAM_PROMISE ? c.was : c.what;
	b->last = no_change;
}

void fam_book_act(struct fam_book *b, enum fam_deed deed, int who, struct fam_promise what)
{
	struct fam_promise open = b->open[who];
	if (deed == FAM_UNDO)
		undo(b);
	if (deed == FAM_UNDO || deed == FAM_NOTHING)
		return;
	if (deed == FAM_KEEP || deed == FAM_CANCEL)
		what = open;
	if (what.to == FAM_NOBODY || (deed != FAM_PROMISE && deed != FAM_CANCEL && !move(b, who, what.to, what.coins)))
		return;
	if (deed != FAM_PAY)
		b->open[who] = deed == FAM_PROMISE ? what : no_promise;
	b->last = (struct fam_change){ deed, who, what, deed == FAM_PROMISE ? open : no_promise };
}

/* ---- Text out ---------------------------------------------------------------------------------- */

/* ann>bob=5 */
static void put_promise(const struct lh_host *host, struct lh_sink *out, int who, struct fam_promise what)
{
	fam_putf(host, out, "%s>%s=%lld", fam_person[who], fam_person[what.to], (long long)what.coins);
}

/* kept ann>bob=5, or: none */
static void put_change(const struct lh_host *host, struct lh_sink *out, struct fam_change c)
{
	if (c.deed == FAM_NOTHING) {
		fam_put(host, out, "none");
		return;
	}
	fam_putf(host, out, "%s ", deed_done[c.deed]);
	put_promise(host, out, c.who, c.what);
	if (c.was.to != FAM_NOBODY) {
		fam_put(host, out, " was ");
		put_promise(host, out, c.who, c.was);
	}
}

void fam_book_put(const struct lh_host *host, struct lh_sink *out, const struct fam_book *b)
{
	bool any = false;
	for (int i = 0; i < b->people; i++)
		fam_putf(host, out, "%s%s=%lld", i ? " " : "", fam_person[i], (long long)b->coins[i]);
	fam_put(host, out, "; owes");
	for (int i = 0; i < b->people; i++)
		if (b->open[i].to != FAM_NOBODY) {
			fam_put(host, out, " ");
			put_promise(host, out, i, b->open[i]);
			any = true;
		}
	fam_put(host, out, any ? "; last " : " none; last ");
	put_change(host, out, b->last);
}

static void put_promise_change(const struct lh_host *host, struct lh_sink *out, int who, struct fam_promise from, struct fam_promise to)
{
	if (fam_promise_equal(from, to))
		return;
	fam_put(host, out, to.to == FAM_NOBODY ? "No longer open: " : "Now open: ");
	put_promise(host, out, who, to.to == FAM_NOBODY ? from : to);
	fam_put(host, out, ". ");
}

void fam_book_explain(const struct lh_host *host, struct lh_sink *out, const struct fam_book *from, const struct fam_book *to)
{
	struct fam_book unchanged = *to;
	unchanged.last = from->last;
	if (fam_book_equal(from, &unchanged))
		fam_put(host, out, "Nothing happens. ");
	for (int i = 0; i < from->people; i++)
		if (from->coins[i] != to->coins[i]) {
			fam_putf(host, out, "%s: ", fam_person[i]);
			fam_sum_put(host, out, (struct fam_sum){ from->coins[i], to->coins[i] - from->coins[i], to->coins[i] });
			fam_put(host, out, " ");
		}
	for (int i = 0; i < from->people; i++)
		put_promise_change(host, out, i, from->open[i], to->open[i]);
	fam_put(host, out, "The last change: ");
	put_change(host, out, to->last);
	fam_put(host, out, ". The books: ");
	fam_book_put(host, out, to);
}

/* ---- Text in ----------------------------------------------------------------------------------- */

#define BETWEEN FAM_WHITE ",;:."

static void skip(struct lh_text *t, const char *set)
{
	fam_take_of(t, set, t->size);
}

static bool take_person(struct lh_text *t, int people, int *out)
{
	struct lh_text rest = *t;
	char word[4];
	if (!fam_take_word(&rest, word, sizeof word))
		return false;
	for (*out = 0; *out < people && strcmp(fam_person[*out], word) != 0; ++*out)
		;
	if (*out == people)
		return false;
	*t = rest;
	return true;
}

/* = 30 */
static bool take_amount(struct lh_text *t, int64_t *out)
{
	skip(t, FAM_WHITE);
	if (fam_take_of(t, "=:", 1) != 1)
		return false;
	skip(t, FAM_WHITE);
	return fam_take_count(t, out);
}

/* ann>bob=5, of somebody to somebody else */
static bool take_promise(struct lh_text *t, int people, int *who, struct fam_promise *what)
{
	if (!take_person(t, people, who))
		return false;
	skip(t, FAM_WHITE);
	if (!fam_take_text(t, ">") && !fam_take_text(t, "->") && !fam_take_text(t, "\xE2\x86\x92"))
		return false;
	skip(t, FAM_WHITE);
	return take_person(t, people, &what->to) && take_amount(t, &what->coins) && what->coins > 0 && what->to != *who;
}

static bool take_coins(struct lh_text *t, struct fam_book *b)
{
	uint32_t seen = 0;
	for (int i = 0, who; i < b->people; i++, skip(t, BETWEEN)) {
		if (!take_person(t, b->people, &who) || (seen >> who & 1) || !take_amount(t, &b->coins[who]))
			return false;
		seen |= UINT32_C(1) << who;
	}
	return true;
}

static bool take_open(struct lh_text *t, struct fam_book *b)
{
	struct fam_promise what;
	int who, n = 0;
	if (!fam_take_text(t, "owes"))
		return false;
	skip(t, BETWEEN);
	if (fam_take_text(t, "none")) {
		skip(t, BETWEEN);
		return true;
	}
	for (; take_promise(t, b->people, &who, &what); n++, skip(t, BETWEEN)) {
		if (b->open[who].to != FAM_NOBODY)
			return false;
		b->open[who] = what;
	}
	return n > 0;
}

static bool take_change(struct lh_text *t, int people, struct fam_change *c)
{
	int who;
	for (enum fam_deed d = FAM_PAY; d <= FAM_CANCEL && c->deed == FAM_NOTHING; d++)
		if (fam_take_text(t, deed_done[d]))
			c->deed = d;
	if (c->deed == FAM_NOTHING)
		return fam_take_text(t, "none");
	skip(t, BETWEEN);
	if (!take_promise(t, people, &c->who, &c->what))
		return false;
	skip(t, BETWEEN);
	if (c->deed != FAM_PROMISE || !fam_take_text(t, "was"))
		return true;
	skip(t, BETWEEN);
	return take_promise(t, people, &who, &c->was) && who == c->who;
}

bool fam_book_read(struct lh_text t, int people, struct fam_book *out)
{
	*out = fam_book_empty(people);
	t = fam_trim(t);
	if (!take_coins(&t, out) || !take_open(&t, out) || !fam_take_text(&t, "last"))
		return false;
	skip(&t, BETWEEN);
	if (!take_change(&t, people, &out->last))
		return false;
	skip(&t, FAM_WHITE ".");
	return t.size == 0;
}
