#include "inspect/log_read.h"

#include "base/utf8.h"

#include <stdlib.h>
#include <string.h>

#define WORDS_MAX LH_INSPECT_MEMBER_MAX
#define PROMPTS_MAX 1000000
#define HEADS_MAX 64                     /* dictionaries that may be the one */
#define LOOKS_MAX 20000000               /* at events, for the one that brought a message */
#define SHOWN 60                         /* bytes of a text that is no prompt */

struct place { struct lh_str text; size_t at; int64_t number; bool user; };      /* where a map begins */

struct reading {
	struct lh_log_talk *t;
	const struct lh_json *sample;
	struct lh_log_prompt *prompt; size_t prompts, cap;
	struct place head[HEADS_MAX]; size_t heads;
	bool ours;
	int64_t looks;
};

void lh_log_talk_init(struct lh_log_talk *t)
{
	*t = (struct lh_log_talk){ .turns = 0 };
	lh_buf_init(&t->words, WORDS_MAX);
	lh_buf_init(&t->why, 4096);
}

void lh_log_talk_fini(struct lh_log_talk *t)
{
	for (size_t i = 0; i < t->owneds; i++)
		free(t->owned[i]);
	free(t->owned);
	free(t->said);
	free(t->keys.key);
	lh_log_map_fini(&t->map);
	lh_buf_fini(&t->words);
	lh_buf_fini(&t->why);
}

/* ---- messages ---- */

/* A message's text, which lives as long as the talk. */
static int text_of(struct reading *r, const struct lh_json *message, struct lh_str *out, struct lh_error *err)
{
	struct lh_log_talk *t = r->t;
	struct lh_buf b;
	lh_buf_init(&b, WORDS_MAX);
	lh_log_put_text(&b, message, r->sample, false);
	int rc = lh_buf_ok(&b, err);
	if (!rc)
		rc = lh_array_more(&t->owned, &t->owned_cap, t->owneds + 1, sizeof *t->owned, err);
	if (!rc && !(t->owned[t->owneds] = lh_str_dup(lh_buf_str(&b))))
		rc = lh_nomem(err);
	if (!rc)
		*out = (struct lh_str){ t->owned[t->owneds++], b.n };
	lh_buf_fini(&b);
	return rc;
}

static int add_prompt(struct reading *r, size_t at, struct lh_log_prompt p, struct lh_error *err)
{
	if (at >= PROMPTS_MAX)
		return lh_fail(err, LH_E_DATA, "more than %d turns", PROMPTS_MAX);
	int rc = lh_array_more(&r->prompt, &r->cap, at + 1, sizeof *r->prompt, err);
	if (rc)
		return rc;
	for (; r->prompts <= at; r->prompts++)
		r->prompt[r->prompts] = (struct lh_log_prompt){ { NULL, 0 }, -1 };
	r->prompt[at] = p;
	return 0;
}

/* All maps in a message: the last that fits is the dictionary, those before it are examples. */
static int note_heads(struct reading *r, struct lh_str text, int64_t number, bool user, struct lh_error *err)
{
	size_t end = 0;
	do {
		struct lh_log_map m;
		size_t from = end;
		int rc = lh_log_map_find(text, from, &m, &end, err);
		if (rc || !end)
			return rc;
		lh_log_map_fini(&m);
		if (r->heads == HEADS_MAX)           /* the latest count */
			memmove(r->head, r->head + 1, --r->heads * sizeof *r->head);
		r->head[r->heads++] = (struct place){ text, from, number, user };
	} while (end < text.n);
	return 0;
}

/* Of a log of our own, prompts say which turn's they are; a policy may have taken them out of the record, not out of what was sent. */
static int our_prompt(struct reading *r, const struct lh_json *m, struct lh_str text, int64_t number, struct lh_error *err)
{
	const struct lh_json *own = lh_json_get(m, "metadata");
	int64_t turn;
	if (!lh_log_is(own, "made_by", "task") || !lh_json_int(lh_json_get(own, "turn"), &turn) || turn < 1 || turn > PROMPTS_MAX)
		return 0;
	bool known = (size_t)turn <= r->prompts && r->prompt[turn - 1].number >= 0;
	return known ? 0 : add_prompt(r, (size_t)turn - 1, (struct lh_log_prompt){ text, number }, err);
}

static int read_messages(struct reading *r, const struct lh_json *list, struct lh_error *err)
{
	int64_t number = 0;
	bool answered = false;
	int rc = 0;
	for (const struct lh_json *m = lh_json_first(list); m && !rc; m = lh_json_next(m), number++) {
		bool user = lh_log_is(m, "role", "user"), system = lh_log_is(m, "role", "system");
		struct lh_str text;
		answered = answered || lh_log_is(m, "role", "assistant");
		if (!user && !system)
			continue;
		rc = text_of(r, m, &text, err);
		if (!rc && !answered)
			rc = note_heads(r, text, number, user, err);
		if (!rc && user)
			rc = r->ours ? our_prompt(r, m, text, number, err) : add_prompt(r, r->prompts, (struct lh_log_prompt){ text, number }, err);
	}
	return rc;
}

/* ---- the dictionary: the one that all prompts fit ---- */

static int no_keys(const struct lh_log_prompt *p, struct lh_error *err)
{
	struct lh_buf b;
	lh_buf_init(&b, 1024);
	lh_put_shown(&b, (struct lh_str){ p->text.p, p->text.n < SHOWN ? p->text.n : SHOWN }, false);
	lh_fail(err, LH_E_DATA, "message %lld: keys of the dictionary were expected, separated by commas; it is '%s%s'", (long long)p->number + 1, b.p ? b.p : "",
		p->text.n > SHOWN ? "…" : "");
	lh_buf_fini(&b);
	return LH_E_DATA;
}

static int take_prompt(struct lh_log_talk *t, const struct lh_log_prompt *p, size_t n, struct lh_error *err)
{
	if (!n)
		return no_keys(p, err);
	if (t->turns && n != t->steps_per_turn)
		return lh_fail(err, LH_E_DATA, "message %lld: %u keys were expected, as in the turns before, and it names %zu", (long long)p->number + 1, t->steps_per_turn, n);
	t->steps_per_turn = (uint32_t)n;
	t->turns++;
	return 0;
}

/* Prompts behind the dictionary's message, and what stands behind the dictionary in it, where that is a user's. */
static int read_prompts(struct reading *r, const struct place *head, size_t end, struct lh_error *err)
{
	struct lh_log_talk *t = r->t;
	int rc = 0;
	t->turns = t->steps_per_turn = 0;
	t->keys.count = 0;
	for (size_t i = 0; i < r->prompts && !rc; i++) {
		struct lh_log_prompt *p = &r->prompt[i];
		bool same = head && head->user && p->number == head->number && !r->ours;
		size_t n;
		if (p->number < 0)
			return lh_fail(err, LH_E_DATA, "turn %zu has no prompt", i + 1);
		if (head && !r->ours && p->number < head->number)
			continue;
		struct lh_str text = same ? (struct lh_str){ head->text.p + end, head->text.n - end } : p->text;
		rc = lh_log_keys_read(&t->map, text, &t->keys, &n, err);
		if (!rc && !(same && !n))                /* instructions without a prompt */
			rc = take_prompt(t, &(struct lh_log_prompt){ text, p->number }, n, err);
	}
	if (!rc && !t->turns)
		rc = lh_fail(err, LH_E_DATA, "no prompt follows the dictionary");
	return rc;
}

static int try_head(struct reading *r, const struct place *head, struct lh_error *err)
{
	size_t end;
	lh_log_map_fini(&r->t->map);
	int rc = lh_log_map_find(head->text, head->at, &r->t->map, &end, err);
	return rc ? rc : read_prompts(r, head, end, err);
}

static int read_dictionary(struct reading *r, struct lh_error *err)
{
	bool looked_up = false;
	struct lh_error first = { 0 };           /* of the last map, which most likely is the dictionary */
	for (size_t i = r->heads; i-- > 0;) {
		struct lh_error why = { 0 };
		int rc = try_head(r, &r->head[i], &why);
		if (!rc)
			return 0;
		if (rc != LH_E_DATA)
			return lh_fail(err, rc, "%s", why.text);
		if (!first.code)
			first = why;
	}
	lh_log_map_fini(&r->t->map);
	int rc = lh_log_read_lookups(&r->t->map, r->sample, r->prompt, r->ours ? r->prompts : 0, &looked_up, err);
	if (!rc && looked_up)
		return read_prompts(r, NULL, 0, err);
	if (!rc && first.code)
		return lh_fail(err, first.code, "%s", first.text);
	return rc ? rc : lh_fail(err, LH_E_DATA, "no dictionary stands before the first reply, such as {\"drive\": -45, \"alone\": 46}");
}

/* ---- replies, as messages ---- */

/* Events come in the order of messages: the search goes on from where the last was found. */
static const struct lh_json *event_of(struct reading *r, struct lh_str id, const struct lh_json **at)
{
	const struct lh_json *all = lh_json_first(lh_json_get(r->sample, "events"));
	for (int round = 0; id.n && round < 2; round++) {
		for (const struct lh_json *e = round ? all : *at; e && ++r->looks < LOOKS_MAX; e = lh_json_next(e))
			if (lh_log_is(e, "event", "model") && lh_str_equal(lh_json_str(lh_json_get(lh_log_event_message(e), "id")), id)) {
				*at = lh_json_next(e);
				return e;
			}
	}
	return NULL;
}

static int take_reply(struct reading *r, const struct lh_json *m, uint32_t turn, const struct lh_json **at, struct lh_error *err)
{
	struct lh_log_talk *t = r->t;
	struct lh_log_said *s = t->saids && t->said[t->saids - 1].turn == turn ? &t->said[t->saids - 1] : NULL;
	int rc = s ? 0 : lh_log_add_said(t, &s, err);
	if (rc)
		return rc;
	const struct lh_json *event = event_of(r, lh_json_str(lh_json_get(m, "id")), at);
	s->turn = turn;
	if (event)
		lh_log_read_event(event, s);
	s->text.at = t->words.n;                 /* of several the last: before it tools were called */
	lh_log_put_text(&t->words, m, r->sample, false);
	s->text.n = t->words.n - s->text.at;
	s->thoughts.at = t->words.n;
	lh_log_put_text(&t->words, m, r->sample, true);
	s->thoughts.n = t->words.n - s->thoughts.at;
	return lh_buf_ok(&t->words, err);
}

static bool asks_tools(const struct lh_json *m)
{
	return lh_json_size(lh_json_get(m, "tool_calls")) > 0;
}

/* Turn by turn; the prompts are the last t->turns of r->prompt. */
static int read_replies(struct reading *r, struct lh_error *err)
{
	struct lh_log_talk *t = r->t;
	const struct lh_log_prompt *p = r->prompt + (r->prompts - t->turns);
	const struct lh_json *at = NULL, *m = lh_json_first(lh_json_get(r->sample, "messages"));
	uint32_t turn = 0;
	bool open = false, calls = false;        /* the turn has no reply yet; its last message asks for tools */
	for (int64_t number = 0; m; m = lh_json_next(m), number++) {
		if (turn < t->turns && p[turn].number == number) {
			if (open)
				return lh_fail(err, LH_E_DATA, "message %lld: a reply was expected before it", (long long)number + 1);
			turn++;
			open = true;
		}
		if (!turn || !lh_log_is(m, "role", "assistant"))
			continue;
		int rc = take_reply(r, m, turn, &at, err);
		if (rc)
			return rc;
		calls = asks_tools(m);
		open = calls;
	}
	t->whole = open ? turn - 1 : turn;
	if (open && t->saids && t->said[t->saids - 1].turn == turn)
		t->saids--;                      /* it was about to ask tools */
	return 0;
}

/* ---- the end ---- */

static void read_ending(struct reading *r)
{
	const struct lh_json *limit = lh_json_get(r->sample, "limit"), *error = lh_json_get(r->sample, "error");
	struct lh_buf *why = &r->t->why;
	struct lh_str type = lh_json_str(lh_json_get(limit, "type")), reason = lh_json_str(lh_json_get(limit, "reason")), message = lh_json_str(lh_json_get(error, "message"));
	if (lh_str_is(type, "context"))
		lh_buf_puts(why, "overflow");
	else if (type.n)
		lh_buf_printf(why, "a limit (%.*s)%s%.*s", (int)(type.n < 40 ? type.n : 40), type.p, reason.n ? ": " : "", (int)(reason.n < 600 ? reason.n : 600), reason.p ? reason.p : "");
	else if (lh_json_type(error) == LH_JSON_OBJECT)
		lh_buf_printf(why, "an error: %.*s", (int)(message.n < 600 ? message.n : 600), message.p ? message.p : "");
	else
		lh_buf_puts(why, "the log ends here");
}

int lh_log_talk_read(struct lh_log_talk *t, const struct lh_json *sample, bool ours, struct lh_error *err)
{
	struct reading r = { .t = t, .sample = sample, .ours = ours };
	int rc = read_messages(&r, lh_json_get(sample, "messages"), err);
	if (!rc && ours)
		rc = read_messages(&r, lh_json_get(lh_json_get(sample, "events_data"), "messages"), err);
	if (!rc)
		rc = read_dictionary(&r, err);
	if (!rc)
		rc = ours ? lh_log_read_calls(t, sample, err) : read_replies(&r, err);
	if (!rc)
		read_ending(&r);
	free(r.prompt);
	return rc;
}
