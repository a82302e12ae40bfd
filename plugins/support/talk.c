#include "support/talk.h"

#include <string.h>

const char *const fam_talk_name[FAM_TALKS] = { "pay", "promise", "keep", "cancel", "undo", "not", "ask" };

/* %a does it, to %b; %c is somebody else; %x are the coins. The first letter is the speaker. Their order is part of every
 * sample: append, never reorder. */
struct form { enum fam_deed deed; const char *text; };

#define FORMS 14

static const struct form forms[FAM_TALKS][FORMS] = {
	[FAM_SAY_PAY] = {
		{ FAM_PAY, "aI am giving %b %x." }, { FAM_PAY, "a%b, I hand you %x." }, { FAM_PAY, "aI lend you %x, %b." },
		{ FAM_PAY, "b%a has just paid me %x." }, { FAM_PAY, "bI got %x from %a." }, { FAM_PAY, "b%a lends me %x." },
		{ FAM_PAY, "c%a hands %x over to %b." }, { FAM_PAY, "c%b receives %x from %a." }, { FAM_PAY, "c%a has passed %x on to %b." },
	},
	[FAM_SAY_PROMISE] = {
		{ FAM_PROMISE, "aI promise %b %x." }, { FAM_PROMISE, "a%b, I will pay you %x later." }, { FAM_PROMISE, "aYou will get %x from me some day, %b." },
		{ FAM_PROMISE, "b%a promises to pay me %x later." }, { FAM_PROMISE, "b%a says that I will get %x later." },
		{ FAM_PROMISE, "c%a has promised %b %x." }, { FAM_PROMISE, "c%a owes %b %x from now on." },
	},
	[FAM_SAY_KEEP] = {
		{ FAM_KEEP, "aI keep my promise." }, { FAM_KEEP, "aI am paying what I promised." }, { FAM_KEEP, "c%a keeps the promise." },
		{ FAM_KEEP, "c%a pays what %a promised." }, { FAM_KEEP, "c%a has made good on the promise." },
	},
	[FAM_SAY_CANCEL] = {
		{ FAM_CANCEL, "aI take my promise back." }, { FAM_CANCEL, "aMy promise no longer stands." }, { FAM_CANCEL, "c%a's promise is off." },
		{ FAM_CANCEL, "c%a has withdrawn the promise." }, { FAM_CANCEL, "c%a need not keep the promise any more." },
	},
	[FAM_SAY_UNDO] = {
		{ FAM_UNDO, "aUndo the last change." }, { FAM_UNDO, "aWait, take the last change back." }, { FAM_UNDO, "aThe last change is reversed." },
		{ FAM_UNDO, "aScratch the last change." }, { FAM_UNDO, "aLet us undo the last change." },
	},
	[FAM_SAY_NOT] = {
		{ FAM_PAY, "aI did not give %b %x." }, { FAM_PAY, "b%a never paid me %x." }, { FAM_PAY, "c%a has not lent %b %x." },
		{ FAM_PAY, "cIt is not true that %b got %x from %a." }, { FAM_PROMISE, "aI never promised %b %x." },
		{ FAM_PROMISE, "b%a did not promise me %x." }, { FAM_PROMISE, "cIt is not true that %a owes %b %x." },
		{ FAM_KEEP, "aI have not kept my promise." }, { FAM_KEEP, "c%a is not keeping the promise." },
		{ FAM_CANCEL, "aI do not take my promise back." }, { FAM_CANCEL, "c%a's promise is not off." },
		{ FAM_UNDO, "aWe do not undo the last change." }, { FAM_UNDO, "aThe last change was not reversed." },
	},
	[FAM_SAY_ASK] = {
		{ FAM_NOTHING, "aHow much do you have, %b?" }, { FAM_NOTHING, "cWho owes %a something?" },
		{ FAM_PAY, "b%a, will you give me %x?" }, { FAM_PAY, "cDid %a pay %b %x?" }, { FAM_PAY, "aShall I lend you %x, %b?" },
		{ FAM_PROMISE, "cHas %a promised %b %x?" }, { FAM_PROMISE, "b%a, do you owe me %x?" }, { FAM_KEEP, "cWill %a keep the promise?" },
		{ FAM_CANCEL, "c%a, do you take your promise back?" }, { FAM_UNDO, "aShould we undo the last change?" },
	},
};

static uint32_t form_count(enum fam_talk kind)
{
	uint32_t n = 0;
	while (n < FORMS && forms[kind][n].text)
		n++;
	return n;
}

bool fam_talk_is_done(const struct fam_line *line)
{
	return line->kind < FAM_SAY_NOT;
}

void fam_talk_hear(const struct fam_line *line, struct fam_book *b)
{
	if (fam_talk_is_done(line))
		fam_book_act(b, line->deed, line->who, line->what);
}

struct fam_line fam_talk_line(enum fam_talk kind, uint32_t form, int who, struct fam_promise what, int other)
{
	return (struct fam_line){ kind, form, forms[kind][form].deed, who, other, what };
}

struct fam_line fam_talk_draw(const struct lh_host *host, const struct fam_mix *mix, struct fam_talk_range range, uint64_t seed, uint64_t step)
{
	struct lh_draw *draw = fam_step_draw(host, seed, step);
	enum fam_talk kind = (enum fam_talk)fam_mix_draw(host, mix, draw);
	uint32_t form = (uint32_t)host->random_between(draw, 0, (int64_t)form_count(kind) - 1);
	int who = (int)host->random_between(draw, 0, range.people - 1), to = (int)host->random_between(draw, 0, range.people - 2);
	int other = (int)host->random_between(draw, 0, range.people - 3);
	to += to >= who;
	other += other >= (who < to ? who : to);
	other += other >= (who < to ? to : who);
	return fam_talk_line(kind, form, who, (struct fam_promise){ to, host->random_between(draw, range.min, range.max) }, other);
}

static void put_name(const struct lh_host *host, struct lh_sink *out, int who)
{
	fam_putf(host, out, "%c%s", fam_person[who][0] & ~0x20, fam_person[who] + 1);
}

static int meant(const struct fam_line *line, char letter)
{
	return letter == 'a' ? line->who : letter == 'b' ? line->what.to : line->other;
}

void fam_talk_put(const struct lh_host *host, struct lh_sink *out, const struct fam_line *line)
{
	const char *text = forms[line->kind][line->form].text;
	put_name(host, out, meant(line, text[0]));
	fam_put(host, out, ": ");
	for (text++; *text; ) {
		size_t plain = strcspn(text, "%");
		host->put(out, text, plain);
		text += plain;
		if (!*text)
			break;
		if (text[1] == 'x')
			fam_putf(host, out, "%lld coin%s", (long long)line->what.coins, line->what.coins == 1 ? "" : "s");
		else
			put_name(host, out, meant(line, text[1]));
		text += 2;
	}
}

/* ---- Slips ------------------------------------------------------------------------------------- */

/* The books before the line, as far as those after it tell; of an undo, those with the line before it done once more. */
static void take_back(const struct fam_line *line, const struct fam_line *last, struct fam_book *b)
{
	bool named = line->deed == FAM_PAY || line->deed == FAM_PROMISE;
	bool did_it = b->last.deed == line->deed && b->last.who == line->who && (!named || fam_promise_equal(b->last.what, line->what));
	if (fam_talk_is_done(line) && did_it)
		fam_book_act(b, FAM_UNDO, line->who, line->what);
	else if (line->kind == FAM_SAY_UNDO && b->last.deed == FAM_NOTHING && last)
		fam_talk_hear(last, b);
}

static struct fam_line misheard(const struct lh_host *host, struct fam_line line, struct lh_draw *draw)
{
	static const enum fam_deed mistaken[] = { [FAM_PAY] = FAM_PROMISE, [FAM_PROMISE] = FAM_PAY, [FAM_KEEP] = FAM_CANCEL, [FAM_CANCEL] = FAM_KEEP,
		[FAM_UNDO] = FAM_NOTHING, [FAM_NOTHING] = FAM_NOTHING };
	int64_t which = host->random_between(draw, 0, 3);
	bool done = fam_talk_is_done(&line);
	if (!done || which == 0) {
		line.kind = done ? FAM_SAY_NOT : FAM_SAY_PAY;
	} else if (which == 1) {
		int who = line.who;
		line.who = line.what.to;
		line.what.to = who;
	} else if (which == 2) {
		line.what.coins += line.what.coins == 1 || host->random_between(draw, 0, 1) ? 1 : -1;
	} else {
		line.deed = mistaken[line.deed];
	}
	return line;
}

void fam_talk_slip(const struct lh_host *host, const struct fam_line *line, const struct fam_line *last, struct lh_draw *draw, struct fam_book *b)
{
	struct fam_book right = *b;
	struct fam_line heard = misheard(host, *line, draw);
	if (host->random_between(draw, 0, 5) == 0) {
		b->last = fam_book_empty(b->people).last;
	} else {
		take_back(line, last, b);
		fam_talk_hear(&heard, b);
	}
	if (!fam_book_equal(b, &right))
		return;
	int64_t *coins = &b->coins[host->random_between(draw, 0, 1) ? line->who : line->what.to];
	*coins += *coins == 0 || (*coins < FAM_INT_MAX && host->random_between(draw, 0, 1)) ? 1 : -1;
}
