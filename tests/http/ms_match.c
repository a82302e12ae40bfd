#include "ms_match.h"

#include <stdlib.h>

void ms_match_fini(struct ms_match *m)
{
	free(m->item);
	*m = (struct ms_match){ 0 };
}

static int add(struct ms_match *m, struct ms_item item, struct lh_error *err)
{
	int rc = lh_array_more(&m->item, &m->cap, m->items + 1, sizeof *m->item, err);
	if (!rc)
		m->item[m->items++] = item;
	return rc;
}

static int add_own(struct ms_match *m, enum lh_role role, struct lh_str text, struct lh_error *err)
{
	return add(m, (struct ms_item){ .kind = MS_OWN, .role = role, .text = text }, err);
}

/* Where a blank line begins at or behind `from`, or s.n. */
static size_t blank(struct lh_str s, size_t from)
{
	while (from + 1 < s.n && !(s.p[from] == '\n' && s.p[from + 1] == '\n'))
		from++;
	return from + 1 < s.n ? from : s.n;
}

/* Where a prompt that begins at `from` ends; 0: none does. */
static size_t prompt_end(const struct ms_known *k, struct lh_str s, size_t from, uint32_t most)
{
	size_t end = from;
	for (uint32_t n = 0; n <= k->blanks; n++) {
		end = blank(s, n ? end + 1 : from);
		if (end > from && ms_known_turn(k, (struct lh_str){ s.p + from, end - from }, most))
			return end;
		if (end == s.n)
			break;
	}
	return 0;
}

/* The user's text: prompts (as turns whose number is found later), and what stands between them. */
static int split_user(struct ms_match *m, const struct ms_known *k, struct lh_str s, uint32_t most, struct lh_error *err)
{
	size_t own = 0, at = 0;
	int rc = 0;
	while (at <= s.n && !rc) {
		size_t end = prompt_end(k, s, at, most);
		if (!end) {
			size_t next = blank(s, at);
			at = next == s.n ? s.n + 1 : next + 2;
			continue;
		}
		if (at > own)
			rc = add_own(m, LH_USER, (struct lh_str){ s.p + own, at - 2 - own }, err);
		if (!rc)
			rc = add(m, (struct ms_item){ .kind = MS_TURN, .role = LH_USER, .text = { s.p + at, end - at } }, err);
		own = at = end + 2;
	}
	return !rc && own < s.n ? add_own(m, LH_USER, (struct lh_str){ s.p + own, s.n - own }, err) : rc;
}

static int split_system(struct ms_match *m, const struct ms_known *k, struct lh_str s, struct lh_error *err)
{
	struct lh_str is = lh_buf_str(&k->instructions);
	bool ours = m->items == 0 && s.n >= is.n && lh_str_equal((struct lh_str){ s.p, is.n }, is)
		&& (s.n == is.n || (s.n > is.n + 2 && s.p[is.n] == '\n' && s.p[is.n + 1] == '\n'));
	if (!ours)
		return add_own(m, LH_SYSTEM, s, err);
	int rc = add(m, (struct ms_item){ .kind = MS_INSTRUCTIONS, .role = LH_SYSTEM }, err);
	return rc || s.n == is.n ? rc : add_own(m, LH_SYSTEM, (struct lh_str){ s.p + is.n + 2, s.n - is.n - 2 }, err);
}

/* An assistant's message right behind a prompt is, for now, its reply. */
static int take_reply(struct ms_match *m, const struct ms_part *p, struct lh_error *err)
{
	return add(m, (struct ms_item){ .kind = MS_OWN, .role = LH_ASSISTANT, .text = p->text, .thoughts = p->thoughts }, err);
}

static int split(struct ms_match *m, const struct ms_ask *ask, const struct ms_known *k, struct lh_error *err)
{
	int rc = 0;
	for (size_t i = 0; i < ask->parts && !rc; i++) {
		const struct ms_part *p = &ask->part[i];
		rc = p->role == LH_SYSTEM ? split_system(m, k, p->text, err) : p->role == LH_USER ? split_user(m, k, p->text, ask->turn, err)
			: take_reply(m, p, err);
	}
	return rc;
}

static bool is_prompt(const struct ms_item *i) { return i->kind == MS_TURN; }

static bool is_turn(const struct ms_item *i, const struct ms_known *k, uint32_t turn)
{
	return lh_str_equal(i->text, ms_known_prompt(k, turn));
}

static void make_own(struct ms_item *i) { i->kind = MS_OWN; }

/* Behind which item the current prompt ends; 0: it is not there. */
static size_t behind_current(const struct ms_match *m, const struct ms_known *k, uint32_t turn)
{
	size_t hi = m->items;
	while (hi > 0 && !(is_prompt(&m->item[hi - 1]) && is_turn(&m->item[hi - 1], k, turn)))
		hi--;
	return hi;
}

/* Does a question of the policy's own (for a summary, say) stand in the current prompt's place? Behind turns of this task. */
static bool asks_itself(const struct ms_match *m)
{
	const struct ms_item *last = m->items ? &m->item[m->items - 1] : NULL;
	bool turns = false;
	for (size_t i = 0; i < m->items; i++)
		turns |= is_prompt(&m->item[i]);
	return turns && m->item[0].kind == MS_INSTRUCTIONS && last->kind == MS_OWN && last->role == LH_USER;
}

/* Gives prompts their turns; what fits nowhere is the policy's own. false: the current prompt is not there. */
static bool number_turns(struct ms_match *m, const struct ms_known *k, uint32_t turn)
{
	size_t hi = behind_current(m, k, turn), lo = 0;
	uint32_t next = hi ? turn : turn - 1, first = 1;
	if (!hi && asks_itself(m))
		hi = m->items;
	for (size_t i = hi; i < m->items; i++)
		if (is_prompt(&m->item[i]))
			make_own(&m->item[i]);
	if (!hi)
		return false;
	for (; hi > 0 && (!is_prompt(&m->item[hi - 1]) || (next && is_turn(&m->item[hi - 1], k, next))); hi--)
		if (is_prompt(&m->item[hi - 1]))
			m->item[hi - 1].turn = next--;
	for (; lo < hi && (!is_prompt(&m->item[lo]) || (first <= next && is_turn(&m->item[lo], k, first))); lo++)
		if (is_prompt(&m->item[lo]))
			m->item[lo].turn = first++;
	for (; hi > lo; hi--) {
		struct ms_item *i = &m->item[hi - 1];
		uint32_t found = is_prompt(i) ? ms_known_turn(k, i->text, next) : 0;
		if (found >= first)
			i->turn = found, next = found - 1;
		else if (is_prompt(i))
			make_own(i);
	}
	return true;
}

/* Moves replies into the turns that they stand behind. */
static void take_replies(struct ms_match *m, uint32_t turn)
{
	size_t n = 0;
	for (size_t i = 0; i < m->items; i++) {
		struct ms_item *at = &m->item[i], *before = n ? &m->item[n - 1] : NULL;
		if (at->kind == MS_OWN && at->role == LH_ASSISTANT && before && before->kind == MS_TURN && before->turn < turn && !before->replied) {
			before->replied = true;
			before->text = at->text;
			before->thoughts = at->thoughts;
			continue;
		}
		m->item[n++] = *at;
	}
	m->items = n;
}

int ms_match_request(struct ms_match *m, const struct ms_ask *ask, struct ms_known *k, struct lh_error *err)
{
	m->items = 0;
	int rc = ms_known_upto(k, ask->turn, err);
	if (!rc)
		rc = split(m, ask, k, err);
	if (rc)
		return rc;
	if (!number_turns(m, k, ask->turn))
		return lh_fail(err, LH_E_DATA, "the prompt of turn %u of sample %llu is not in the request: is this server's task the one that is run?",
			ask->turn, (unsigned long long)ask->sample);
	take_replies(m, ask->turn);
	return 0;
}
