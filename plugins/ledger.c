/* ledger - a dialogue of people who lend each other coins, promise to pay later, keep and take back promises, and undo what
 * they did, in many words and over hundreds of turns; some lines tell what did not happen, and some only ask.
 *
 * State: everybody's coins, the open promises, and the last change, as "ann=30 bob=12 cat=8; owes ann>bob=5; last kept
 * cat>bob=2". The last change is part of the state, so that an undo depends on nothing but what was answered before: whoever
 * carries the state needs no older message. Coins only change hands, and nobody has more than one open promise, so that an
 * answer at step 10,000 is as short as at step 1. */
#include "support/talk.h"

#include <stdlib.h>
#include <string.h>

static const struct lh_host *host;

enum { PEOPLE, COINS, MIN, MAX, OPS, PARAM_COUNT };

static const struct lh_param params[PARAM_COUNT] = {
	[PEOPLE] = { "people", LH_PARAM_INTEGER, 0, "4", 3, FAM_PEOPLE_MAX, NULL, "people with coins and promises" },
	[COINS] = { "coins", LH_PARAM_INTEGER, 0, "40", 1, 1000000, NULL, "most coins that somebody has at first; half of it is the least" },
	[MIN] = { "min", LH_PARAM_INTEGER, 0, "1", 1, 1000000, NULL, "fewest coins of a payment or promise" },
	[MAX] = { "max", LH_PARAM_INTEGER, 0, "12", 1, 1000000, NULL, "most coins of a payment or promise" },
	[OPS] = { "ops", LH_PARAM_TEXT, 0, "pay:5+promise:3+keep:2+cancel+undo:2+not:2+ask", 0, 0, NULL,
		"how often each kind of line comes: pay, promise, keep, cancel, undo, not (it did not happen), ask, with weights" },
};

struct lh_task_data {
	struct fam_talk_range range;
	int64_t coins;
	struct fam_mix mix;
};

struct lh_task {
	struct lh_task_data set;
	uint64_t seed;
	struct fam_book first;
};

/* ---- Set-up ------------------------------------------------------------------------------------ */

static void unload(struct lh_task_data *data) { free(data); }
static void close_task(struct lh_task *t) { free(t); }

static int32_t read_params(const struct lh_value *v, struct lh_task_data *d)
{
	d->range = (struct fam_talk_range){ (int)v[PEOPLE].integer, v[MIN].integer, v[MAX].integer };
	d->coins = v[COINS].integer;
	if (d->range.min > d->range.max)
		return fam_fail(host, "min=%lld is greater than max=%lld", (long long)d->range.min, (long long)d->range.max);
	return fam_mix_read(host, (struct fam_mix_words){ "ops", "is no operation", fam_talk_name, FAM_TALKS }, v[OPS].text, &d->mix);
}

static struct lh_task_data *load(const struct lh_value *v)
{
	struct lh_task_data *d = fam_new(host, sizeof *d);
	if (d && read_params(v, d) == LH_TASK_OK)
		return d;
	free(d);
	return NULL;
}

static struct lh_task *open_task(const struct lh_task_data *d, uint64_t sample, uint64_t seed)
{
	(void)sample;
	struct lh_task *t = fam_new(host, sizeof *t);
	if (!t)
		return NULL;
	*t = (struct lh_task){ *d, seed, fam_book_empty(d->range.people) };
	struct lh_draw *draw = fam_open_draw(host, seed);
	for (int i = 0; i < d->range.people; i++)
		t->first.coins[i] = host->random_between(draw, (d->coins + 1) / 2, d->coins);
	return t;
}

static struct fam_line line_of(const struct lh_task *t, uint64_t step)
{
	return fam_talk_draw(host, &t->set.mix, t->set.range, t->seed, step);
}

/* ---- The step machine -------------------------------------------------------------------------- */

static int32_t not_a_book(struct lh_text state)
{
	return fam_not_a_state(host, state, "a list of coins, promises and the last change");
}

static int32_t initial(const struct lh_task *t, struct lh_sink *out)
{
	fam_book_put(host, out, &t->first);
	return LH_TASK_OK;
}

static int32_t apply(const struct lh_task *t, uint64_t step, struct lh_text state, struct lh_sink *out)
{
	struct fam_book b;
	if (!fam_book_read(state, t->set.range.people, &b))
		return not_a_book(state);
	struct fam_line line = line_of(t, step);
	fam_talk_hear(&line, &b);
	fam_book_put(host, out, &b);
	return LH_TASK_OK;
}

static int32_t canonical(const struct lh_task *t, struct lh_text text, struct lh_sink *out)
{
	struct fam_book b;
	if (!fam_book_read(text, t->set.range.people, &b))
		return LH_TASK_NO_STATE;
	fam_book_put(host, out, &b);
	return LH_TASK_OK;
}

/* ---- Prompts ----------------------------------------------------------------------------------- */

static const char rules[] =
	"What the lines mean:\n"
	"- Each line begins with the name of the one who speaks. \"I\", \"me\" and \"my\" are the speaker, \"you\" and \"your\" the one spoken to. "
	"Every line is about something new: nothing is told twice.\n"
	"- Paying: somebody gives, hands, passes, pays or lends coins to somebody, or somebody gets or receives them. The coins move at once. Lending is "
	"the same as giving, and no promise comes with it. If the one who pays has fewer coins than that, nothing happens. The last change is now, for "
	"example, paid ann>bob=5: Ann paid Bob 5 coins.\n"
	"- Promising: somebody promises coins, will pay them later, says that somebody will get them, or owes them from now on. No coins move. This is now that person's open promise. A person "
	"has at most one: if there was another one, to whomever, the new one replaces it. The last change is now promised ann>bob=5; or, where the "
	"promise ann>cat=3 was replaced, promised ann>bob=5 was ann>cat=3.\n"
	"- Keeping a promise: the coins promised move to the one they were promised to, and the promise is no longer open. If that person has no open promise, or "
	"fewer coins than promised, nothing happens. The last change is now kept ann>bob=5.\n"
	"- Taking a promise back: it is taken back or withdrawn, is off, no longer stands, or need not be kept any more. The promise is no longer open, and no coins move. If that "
	"person has no open promise, nothing happens. The last change is now cancelled ann>bob=5.\n"
	"- Undoing, reversing, scratching or taking back the last change: what stands after \"last\" is undone. paid: the coins go back. promised: "
	"the promise is no longer open, and the one after \"was\", if any, is open again. kept: the coins go back, and the promise is open again. cancelled: the "
	"promise is open again. The last change is now none: what was undone cannot be undone again, and nothing before it either. If the last change is none "
	"already, or somebody has too few coins left to give back, nothing happens.\n"
	"- Saying that something did not happen or is not so, and questions: nothing happens, whatever was there before.\n"
	"- Where nothing happens, everything stays as it is, the last change included.\n\n";

/* By these people, with few coins. */
static void put_example(const struct lh_task *t, struct lh_sink *out)
{
	static const struct { enum fam_talk kind; uint32_t form; int who, to; int64_t coins; int other; } plan[] = {
		{ FAM_SAY_PAY, 5, 0, 1, 4, 2 },
		{ FAM_SAY_PROMISE, 2, 2, 0, 3, 1 }, { FAM_SAY_NOT, 0, 1, 2, 2, 0 },
		{ FAM_SAY_KEEP, 2, 2, 1, 1, 1 }, { FAM_SAY_UNDO, 1, 1, 0, 1, 2 }, { FAM_SAY_PROMISE, 5, 2, 1, 6, 0 } };
	static const size_t end[] = { 1, 3, 6 };
	struct fam_book b = fam_book_empty(t->set.range.people);
	for (int i = 0; i < b.people; i++)
		b.coins[i] = 9 - i;
	fam_put(host, out, "Example, beginning with ");
	fam_book_put(host, out, &b);
	for (size_t i = 0, turn = 0; turn < sizeof end / sizeof *end; turn++) {
		fam_put(host, out, "\nMessage: ");
		for (size_t first = i; i < end[turn]; i++) {
			struct fam_line line = fam_talk_line(plan[i].kind, plan[i].form, plan[i].who, (struct fam_promise){ plan[i].to, plan[i].coins }, plan[i].other);
			fam_put(host, out, i == first ? "" : "\n");
			fam_talk_put(host, out, &line);
			fam_talk_hear(&line, &b);
		}
		fam_put(host, out, "\nReply: <answer>");
		fam_book_put(host, out, &b);
		fam_put(host, out, "</answer>");
	}
}

static int32_t instructions(const struct lh_task *t, uint32_t steps_per_turn, struct lh_sink *out)
{
	(void)steps_per_turn;
	fam_put(host, out, "You listen to people who lend each other coins and make promises, and keep the books.\n\n"
		"The books are written like this, in three parts:\n");
	struct fam_book shown = fam_book_empty(t->set.range.people);
	for (int i = 0; i < shown.people; i++)
		shown.coins[i] = 30 - 7 * (i % 4);
	fam_book_act(&shown, FAM_PROMISE, 0, (struct fam_promise){ 1, 5 });
	fam_book_act(&shown, FAM_PROMISE, 2, (struct fam_promise){ 0, 2 });
	fam_book_act(&shown, FAM_PAY, 1, (struct fam_promise){ 2, 3 });
	fam_book_put(host, out, &shown);
	fam_put(host, out, "\n- The coins of everybody, always in this order.\n"
		"- After \"owes\", the open promises, in the order of those who made them: ann>bob=5 says that Ann has promised to pay Bob 5 coins. \"owes none\" if no "
		"promise is open.\n"
		"- After \"last\", the last change, which can be undone; \"last none\" if there is none.\n\n"
		"Each message has one or more lines, which are to be taken in order. ");
	fam_put(host, out, "The books carry over from message to message. End each reply with the books after the last line of the message, inside "
		"<answer></answer>.\n\n");
	fam_put(host, out, rules);
	put_example(t, out);
	fam_put(host, out, "\n\nFrom here on, begin with ");
	fam_book_put(host, out, &t->first);
	fam_put(host, out, "\n");
	return LH_TASK_OK;
}

static int32_t ask(const struct lh_task *t, uint64_t first_step, uint32_t count, struct lh_sink *out)
{
	for (uint32_t i = 0; i < count; i++) {
		struct fam_line line = line_of(t, first_step + i);
		fam_put(host, out, i ? "\n" : "");
		fam_talk_put(host, out, &line);
	}
	return LH_TASK_OK;
}

/* ---- Slips and thoughts ------------------------------------------------------------------------ */

static int32_t corrupt(const struct lh_task *t, uint64_t step, struct lh_text state, struct lh_draw *draw, struct lh_sink *out)
{
	struct fam_book b;
	if (!fam_book_read(state, t->set.range.people, &b))
		return not_a_book(state);
	struct fam_line line = line_of(t, step), last = line_of(t, step ? step - 1 : 0);
	fam_talk_slip(host, &line, step ? &last : NULL, draw, &b);
	fam_book_put(host, out, &b);
	return LH_TASK_OK;
}

static int32_t explain(const struct lh_task *t, uint64_t step, struct lh_text before, struct lh_text after, struct lh_sink *out)
{
	(void)step;
	struct fam_book from, to;
	if (!fam_book_read(before, t->set.range.people, &from))
		return not_a_book(before);
	if (!fam_book_read(after, t->set.range.people, &to))
		return not_a_book(after);
	fam_book_explain(host, out, &from, &to);
	return LH_TASK_OK;
}

static const struct lh_task_v1 task = {
	.struct_size = sizeof task,
	.param_count = PARAM_COUNT,
	.params = params,
	.summary = "one line of a dialogue on coins, promises and undoing; the state is all coins, open promises and the last change",
	.load = load, .unload = unload, .samples = fam_any_samples, .open = open_task, .close = close_task,
	.instructions = instructions, .ask = ask, .initial = initial, .apply = apply,
	.canonical = canonical, .corrupt = corrupt, .max_steps = fam_any_steps,
};

static const struct lh_thoughts_v1 thoughts = { .struct_size = sizeof thoughts, .explain = explain };

FAM_PLUGIN("ledger", "1.0");
