/* The transcript against the naive model of test_transcript_naive.h: random episodes, edits and chains of
 * view operations; everything that the room answers from prefix sums and kept bodies is worked out again
 * message by message. */
#include "test_transcript_naive.h"
#include "json/writer.h"
#include "transcript/body.h"
#include "transcript/judge.h"

/* ---- what a view amounts to ---- */

static void render(const struct naive *e, const struct item *i, struct lh_buf *b)
{
	lh_put_variant(b, (enum lh_role)of(e, i)->role, str(of(e, i)->text), i->own ? 0 : i->variant);
}

static struct lh_str thoughts_of(const struct naive *e, const struct item *i)
{
	bool left_out = i->own || (i->variant & (LH_NO_NATIVE_THOUGHTS | LH_ANSWER_ONLY));
	return left_out ? LH_STR("") : str(of(e, i)->thoughts);
}

static uint64_t bytes_of(const struct naive *e, const struct item *i)
{
	struct lh_buf b;
	if (hidden(e, i))
		return 0;
	lh_buf_init(&b, 1 << 20);
	render(e, i, &b);
	uint64_t n = b.n + thoughts_of(e, i).n;
	lh_buf_fini(&b);
	return n;
}

static void check_size(const struct naive *e, const struct lh_view *v, const struct list *l)
{
	uint64_t bytes = 0, messages = 0, history = 0, history_messages = 0;
	for (int i = 0; i < l->n; i++) {
		const struct item *m = &l->item[i];
		bool fixed = !m->own && (m->rec == 0 || (e->waiting && m->rec == e->length - 1));
		bytes += bytes_of(e, m);
		messages += !hidden(e, m);
		history += fixed ? 0 : bytes_of(e, m);
		history_messages += !fixed && !hidden(e, m);
	}
	struct lh_view_size size;
	lh_view_measure(v, e->t, &size);
	CHECK_INT(size.bytes, bytes);
	CHECK_INT(size.messages, messages);
	CHECK_INT(size.tokens, (bytes + 16 * messages + 3) / 4);
	CHECK_INT(size.history_tokens, (history + 16 * history_messages + 3) / 4);
	CHECK_INT(lh_view_length(v, e->t), messages);
}

static bool restates(const struct naive *e, const struct item *i)
{
	const struct message *m = of(e, i);
	return m->has_state && (i->own || (m->policy && m->role == LH_USER));
}

/* May answer j be held against the usable answer q before it? Every message of the record between them
 * is sent, none of them hides replies, no turn between them lacks its reply, nothing between restates. */
static bool classified(const struct naive *e, const struct list *l, int q, int j)
{
	uint32_t expected = l->item[q].rec + 1, replies = 0, from = of(e, &l->item[q])->turn, to = of(e, &l->item[j])->turn;
	for (int i = q + 1; i < j; i++) {
		const struct item *m = &l->item[i];
		if (restates(e, m))
			return false;
		if (m->own)
			continue;
		if (m->rec != expected++ || (m->variant & LH_NO_ASSISTANT))
			return false;
		replies += of(e, m)->role == LH_ASSISTANT;
	}
	return l->item[j].rec == expected && from < to && replies == to - from - 1;
}

static void check_exposure(const struct naive *e, const struct lh_view *v, const struct list *l)
{
	uint32_t replies = 0, usable = 0, state_wrong = 0, judged = 0, update_wrong = 0;
	int before = -1;
	for (int i = 0; i < l->n; i++) {
		const struct message *m = of(e, &l->item[i]);
		if (m->role != LH_ASSISTANT || hidden(e, &l->item[i]))
			continue;
		replies++;
		usable += m->has_state;
		if (l->item[i].own || !m->has_state)
			continue;
		state_wrong += strcmp(m->state, e->truth[m->turn]) != 0;
		if (before >= 0 && classified(e, l, before, i)) {
			char want[24];
			apply(e, m->turn, of(e, &l->item[before])->state, want);
			judged++;
			update_wrong += strcmp(want, m->state) != 0;
		}
		before = i;
	}
	struct lh_exposure x;
	lh_view_exposure(v, e->t, &x);
	CHECK_INT(x.visible, replies);
	CHECK_INT(x.wrong_updates, update_wrong);
	CHECK_NEAR(x.update, judged ? (double)update_wrong / judged : 0, 1e-12);
	CHECK_NEAR(x.state, usable ? (double)state_wrong / usable : 0, 1e-12);
	CHECK_NEAR(x.unusable, replies ? (double)(replies - usable) / replies : 0, 1e-12);
}

/* Does this item show a state? */
static bool shows(const struct naive *e, const struct item *i)
{
	return restates(e, i) || (of(e, i)->has_state && of(e, i)->role == LH_ASSISTANT && !hidden(e, i));
}

static const char *shown(const struct naive *e, const struct list *l, bool *unshown)
{
	*unshown = false;
	for (int i = l->n; i-- > 0;)
		if (shows(e, &l->item[i]))
			return of(e, &l->item[i])->state;
	for (uint32_t i = 0; i < e->length; i++) {
		struct item one = { .rec = i };
		*unshown = *unshown || shows(e, &one);
	}
	return e->truth[0];
}

static void check_shown(const struct naive *e, const struct lh_view *v, const struct list *l)
{
	struct lh_str h;
	bool unshown, want_unshown;
	const char *want = shown(e, l, &want_unshown), *last = e->truth[0];
	lh_view_shown(v, e->t, &h, &unshown);
	CHECK_INT(unshown, want_unshown);
	CHECK(lh_str_is(h, want));
	for (uint32_t i = 0; i < e->length; i++)
		if (e->message[e->record[i]].has_state)              /* a reply, or what an edit restated */
			last = e->message[e->record[i]].state;
	CHECK(lh_str_is(lh_transcript_state_shown(e->t), last));
}

static bool same_item(const struct naive *e, const struct item *x, const struct item *y, uint32_t touched)
{
	if (x->own || y->own)
		return x->own && y->own && x->id == y->id;
	if (x->rec != y->rec || x->rec >= touched || hidden(e, x) != hidden(e, y))
		return false;
	struct lh_buf a, b;
	lh_buf_init(&a, 1 << 20);
	lh_buf_init(&b, 1 << 20);
	render(e, x, &a);
	render(e, y, &b);
	bool same = hidden(e, x) || (lh_str_equal(lh_buf_str(&a), lh_buf_str(&b)) && lh_str_equal(thoughts_of(e, x), thoughts_of(e, y)));
	lh_buf_fini(&a);
	lh_buf_fini(&b);
	return same;
}

static void check_reusable(const struct naive *e, const struct lh_view *v, const struct list *l, const struct lh_view *old, const struct list *was)
{
	uint64_t bytes = 0, all = 0;
	uint32_t touched = UINT32_MAX;
	for (uint32_t i = old->edits; i < e->edits; i++)
		touched = e->edit_at[i] < touched ? e->edit_at[i] : touched;
	for (int i = 0; i < l->n; i++)
		all += bytes_of(e, &l->item[i]);
	for (int i = 0; i < l->n && i < was->n && same_item(e, &l->item[i], &was->item[i], touched); i++)
		bytes += bytes_of(e, &l->item[i]);
	CHECK_NEAR(lh_view_reusable(v, old, e->t), all ? (double)bytes / (double)all : 0, 1e-12);
	CHECK_NEAR(lh_view_reusable(v, v, e->t), all ? 1 : 0, 0);
	CHECK_NEAR(lh_view_reusable(v, NULL, e->t), 0, 0);
}

/* One way of sending thoughts back an episode, and their name in it. */
static const struct { const struct lh_dialect *dialect; const char *key; } chats[] = {
	{ &lh_dialect_chat, "reasoning_content" }, { &lh_dialect_chat_reasoning, "reasoning" }, { &lh_dialect_chat_bare, NULL } };
static int chat_of(const struct naive *e) { return (int)(e->steps % 3); }

/* The request, written from the list. */
static void naive_body(const struct naive *e, const struct list *l, const char *head, const char *tail, struct lh_buf *out)
{
	int open = -1;
	struct lh_buf text;
	lh_buf_init(&text, 1 << 20);
	lh_buf_puts(out, head);
	for (int i = 0; i < l->n; i++) {
		const struct item *m = &l->item[i];
		int role = of(e, m)->role;
		if (hidden(e, m))
			continue;
		if (role == open) {
			lh_buf_puts(out, "\\n\\n");
		} else {
			lh_buf_printf(out, "%s{\"role\":\"%s\"", open < 0 ? "" : "\"},", role == LH_SYSTEM ? "system" : role == LH_USER ? "user" : "assistant");
			if (role == LH_ASSISTANT && thoughts_of(e, m).n && chats[chat_of(e)].key) {
				lh_buf_printf(out, ",\"%s\":\"", chats[chat_of(e)].key);
				lh_json_escape(out, thoughts_of(e, m));
				lh_buf_puts(out, "\"");
			}
			lh_buf_puts(out, ",\"content\":\"");
		}
		open = role;
		lh_buf_clear(&text);
		render(e, m, &text);
		lh_json_escape(out, lh_buf_str(&text));
	}
	lh_buf_puts(out, open < 0 ? "" : "\"}");
	lh_buf_puts(out, tail);
	lh_buf_fini(&text);
}

static void check_body(struct naive *e, const struct lh_view *v, const struct list *l)
{
	struct lh_buf want;
	struct lh_str got;
	bool given = chance(e, 30);
	lh_buf_init(&want, 1 << 22);
	naive_body(e, l, given ? "{\"model\":\"m\",\"messages\":[" : "{\"messages\":[", given ? "],\"n\":1}" : "]}", &want);
	must(lh_body_request(e->t, v, chats[chat_of(e)].dialect, given ? LH_STR("{\"model\":\"m\",\"messages\":[") : LH_STR(""),
		given ? LH_STR("],\"n\":1}") : LH_STR(""), &got, &err));
	CHECK(lh_str_equal(got, lh_buf_str(&want)));
	if (!lh_str_equal(got, lh_buf_str(&want)))
		printf("  body  %.*s\n  wants %s\n", LH_ARG(got), want.p);
	lh_buf_fini(&want);
}

static const char *number(const char *p, uint32_t *out)
{
	char *end;
	*out = (uint32_t)strtoul(p, &end, 10);
	CHECK(end > p);
	return end;
}

/* What the run file says of the view, read back through the slots. */
static void check_written(const struct naive *e, const struct lh_view *v, const struct list *l)
{
	struct lh_buf b;
	struct list back = { .n = 0 };
	uint32_t existed, a, z, bits;
	lh_buf_init(&b, 1 << 16);
	lh_view_write(v, e->t, e->messages, &b);
	const char *p = number(b.p, &existed);
	CHECK_INT(existed, e->messages);
	while (*p == ':' || *p == ',') {
		if (*++p == 'm') {
			p = number(p + 1, &a);
			list_in(&back, back.n, a);
			continue;
		}
		p = number(number(p, &a) + 1, &z);
		bits = 0;
		if (*p == '~')
			p = number(p + 1, &bits);
		for (uint32_t i = 0; i < e->length; i++)
			if (e->message[e->record[i]].slot >= (int)a && e->message[e->record[i]].slot <= (int)z)
				back.item[back.n++] = (struct item){ .rec = i, .variant = bits };
	}
	CHECK_INT(*p, 0);
	CHECK_INT(back.n, l->n);
	for (int i = 0; i < back.n && i < l->n; i++) {
		const struct item *x = &back.item[i], *y = &l->item[i];
		CHECK(x->own == y->own && (x->own ? x->id == y->id : x->rec == y->rec && x->variant == y->variant));
	}
	lh_buf_fini(&b);
}

static void check_valid(const struct naive *e, const struct lh_view *v, const struct list *l)
{
	int first = -1, last = -1;
	struct lh_error why = { 0 };
	for (int i = 0; i < l->n; i++) {
		int role = of(e, &l->item[i])->role;
		if (hidden(e, &l->item[i]))
			continue;
		if (first < 0 && role != LH_SYSTEM)
			first = role;
		last = role;
	}
	CHECK_INT(lh_view_valid(v, e->t, &why), first == LH_USER && last == LH_USER ? 0 : LH_E_POLICY);
}

/* ---- hashes ---- */

/* A view's pieces with all that lies in them, so that equal hashes must mean equal texts here. */
static void put_signature(const struct naive *e, const struct lh_view *v, struct lh_buf *b)
{
	for (uint32_t i = 0; i < v->n; i++) {
		const struct lh_piece *p = &v->piece[i];
		lh_buf_printf(b, "|%d:", p->own ? -1 : lh_kind(p->variant));
		for (uint32_t k = p->from; k < (p->own ? p->from + 1 : p->to); k++) {
			const struct message *m = &e->message[p->own ? k : e->record[k]];
			lh_buf_printf(b, "%d,%d,%zu,%zu,", p->own ? -1 : (int)k, m->role, m->text.n, m->thoughts.n);
			lh_buf_put_str(b, str(m->text));
			lh_buf_put_str(b, str(m->thoughts));
		}
	}
}

#define SEEN 40
struct seen { uint64_t hash; char *signature; };

static void check_hash(const struct naive *e, const struct lh_view *v, struct seen seen[SEEN], int *count)
{
	struct lh_buf b;
	lh_buf_init(&b, 1 << 20);
	put_signature(e, v, &b);
	uint64_t hash = lh_view_hash(v, e->t);
	for (int i = 0; i < *count; i++)
		CHECK((seen[i].hash == hash) == !strcmp(seen[i].signature, b.p ? b.p : ""));
	if (*count < SEEN)
		seen[(*count)++] = (struct seen){ hash, lh_str_dup(lh_buf_str(&b)) };
	lh_buf_fini(&b);
}

/* ---- the judge ---- */

static int naive_outcome(const struct naive *e, const struct message *m, const struct list *l, int finish)
{
	bool unshown;
	const char *h = shown(e, l, &unshown), *s = e->truth[e->turn];
	char f[24];
	apply(e, e->turn, h, f);
	if (m->has_state && unshown)
		return strcmp(m->state, s) ? LH_OUTCOME_SLIPS : LH_OUTCOME_CORRECT;
	if (m->has_state && !strcmp(m->state, f))
		return strcmp(f, s) ? LH_OUTCOME_FOLLOWS : LH_OUTCOME_CORRECT;
	if (m->has_state)
		return strcmp(m->state, s) ? LH_OUTCOME_SLIPS : LH_OUTCOME_RECOVERS;
	if (finish == LH_FINISH_REFUSAL || finish == LH_FINISH_FILTER)
		return LH_OUTCOME_REFUSED;
	struct lh_answer a;
	lh_answer_find(str(m->text), &a);
	return a.answered ? LH_OUTCOME_MALFORMED : finish == LH_FINISH_LENGTH ? LH_OUTCOME_TRUNCATED : LH_OUTCOME_MISSING;
}

static int outcomes[LH_OUTCOME_COUNT];

static void check_judge(struct naive *e, const struct lh_view *v, const struct list *l, uint32_t reply)
{
	struct lh_turn_states s;
	struct lh_buf b;
	bool unshown;
	enum lh_finish finish = (enum lh_finish)below(e, 5);
	lh_buf_init(&b, 1 << 16);
	must(lh_judge(e->t, v, reply, finish, &b, &s, &err));
	const char *h = shown(e, l, &unshown);
	CHECK_INT(s.outcome, naive_outcome(e, &e->message[reply], l, (int)finish));
	CHECK_INT(s.unshown, unshown);
	CHECK(lh_str_is(s.truth, e->truth[e->turn]));
	CHECK(s.has_shown == !unshown && (unshown || lh_str_is(s.shown, h)));
	CHECK(s.has_answered == e->message[reply].has_state && lh_str_is(s.answered, e->message[reply].state));
	char f[24];
	apply(e, e->turn, h, f);
	CHECK(s.has_followed == !unshown && (unshown || lh_str_is(s.followed, f)));
	outcomes[s.outcome]++;
	lh_buf_fini(&b);
}

/* ---- random episodes ---- */

static int cases;

static void check_view(struct naive *e, const struct lh_view *v, const struct list *l)
{
	cases++;
	check_size(e, v, l);
	check_exposure(e, v, l);
	check_shown(e, v, l);
	check_body(e, v, l);
	check_written(e, v, l);
	check_valid(e, v, l);
}

static void check_record(const struct naive *e)
{
	CHECK_INT(lh_transcript_length(e->t), e->length);
	CHECK_INT(lh_transcript_turn(e->t), e->turn);
	CHECK_INT(lh_transcript_count(e->t), e->messages);
	CHECK_INT(lh_transcript_waiting(e->t), e->waiting);
	uint32_t thinking = 0;
	for (uint32_t i = 0; i < e->length; i++) {
		const struct lh_message *m = lh_transcript_message(e->t, lh_transcript_id(e->t, i));
		CHECK_INT(lh_transcript_sums(e->t, i)->thinking, thinking);
		CHECK_INT(lh_transcript_sums(e->t, i)->bound, 0);
		thinking += m->role == LH_ASSISTANT && e->message[e->record[i]].thoughts.n > 0;
		CHECK_INT(lh_transcript_id(e->t, i), e->record[i]);
		CHECK_INT(m->slot, e->message[e->record[i]].slot);
		CHECK_INT(m->turn, e->message[e->record[i]].turn);
	}
	for (uint32_t turn = 1; turn <= e->turn; turn++) {
		uint32_t at = 0;
		while (at < e->length && e->message[e->record[at]].turn < turn)
			at++;
		CHECK_INT(lh_transcript_turn_at(e->t, turn), at);
		CHECK(lh_str_is(lh_transcript_truth(e->t, turn), e->truth[turn]));
	}
	CHECK_INT(lh_transcript_turn_at(e->t, e->turn + 1), e->length);
}

static void random_episode(uint64_t seed)
{
	static struct naive e;
	struct list l, was = { .n = 0 };
	struct lh_view v, old;
	struct seen seen[SEEN];
	int count = 0, failures = check_failures;
	begin(&e, seed);
	lh_view_init(&v);
	lh_view_init(&old);
	uint32_t turns = 1 + below(&e, 12);
	bool edits = chance(&e, 40);
	while (e.turn < turns) {
		begin_turn(&e);
		while (edits && chance(&e, 40) && e.edits < 64)
			edit(&e);
		check_record(&e);
		for (uint32_t views = 1 + below(&e, 3); views > 0; views--) {
			must(lh_view_all(&v, e.t, &err));
			list_all(&e, &l);
			for (uint32_t n = below(&e, 7); n > 0; n--)
				operate(&e, &v, &l);
			check_view(&e, &v, &l);
			check_reusable(&e, &v, &l, &old, &was);
			check_hash(&e, &v, seen, &count);
			must(lh_view_copy(&old, &v, &err));
			was = l;
		}
		uint32_t reply = add_reply(&e);
		for (int others = chance(&e, 30) ? 2 : 0; others > 0; others--)
			reply = chance(&e, 50) ? (add_reply(&e), reply) : add_reply(&e);
		check_judge(&e, &v, &l, reply);
		accept(&e, reply);
	}
	check_record(&e);
	if (check_failures > failures)
		printf("in the episode of seed %llu\n", (unsigned long long)seed);
	for (int i = 0; i < count; i++)
		free(seen[i].signature);
	lh_view_fini(&v);
	lh_view_fini(&old);
	end(&e);
}

/* ---- tables ---- */

/* Replies to turn 2 after an answer of turn 1; the view shows it, hides it, or restates another. */
static void test_judge(void)
{
	enum { SHOWN, UNSHOWN, RESTATED };
	static const struct { const char *first; int sight; const char *second; enum lh_finish finish; enum lh_outcome want; } table[] = {
		/* %s: the truth; %f: what follows from the wrong first answer 1000; %r: from the restated 500 */
		{ "<answer>%s</answer>", SHOWN, "<answer>%s</answer>", LH_FINISH_STOP, LH_OUTCOME_CORRECT },
		{ "<answer>1000</answer>", SHOWN, "<answer>%f</answer>", LH_FINISH_STOP, LH_OUTCOME_FOLLOWS },
		{ "<answer>1000</answer>", SHOWN, "<answer>%s</answer>", LH_FINISH_STOP, LH_OUTCOME_RECOVERS },
		{ "<answer>1000</answer>", SHOWN, "<answer>77777</answer>", LH_FINISH_STOP, LH_OUTCOME_SLIPS },
		{ "<answer>%s</answer>", SHOWN, "<answer>77777</answer>", LH_FINISH_LENGTH, LH_OUTCOME_SLIPS },
		{ "<answer>%s</answer>", SHOWN, "<answer>%s</answer>", LH_FINISH_LENGTH, LH_OUTCOME_CORRECT },
		{ "<answer>%s</answer>", SHOWN, "<answer>%s</answer>", LH_FINISH_OTHER, LH_OUTCOME_CORRECT },
		{ "nothing", SHOWN, "<answer>%s</answer>", LH_FINISH_STOP, LH_OUTCOME_RECOVERS },
		{ "<answer>%s</answer>", SHOWN, "<answer>many</answer>", LH_FINISH_STOP, LH_OUTCOME_MALFORMED },
		{ "<answer>%s</answer>", SHOWN, "<answer>many</answer>", LH_FINISH_LENGTH, LH_OUTCOME_MALFORMED },
		{ "<answer>%s</answer>", SHOWN, "<answer>5", LH_FINISH_LENGTH, LH_OUTCOME_TRUNCATED },
		{ "<answer>%s</answer>", SHOWN, "", LH_FINISH_LENGTH, LH_OUTCOME_TRUNCATED },
		{ "<answer>%s</answer>", SHOWN, "<think><answer>%s</answer>", LH_FINISH_LENGTH, LH_OUTCOME_TRUNCATED },
		{ "<answer>%s</answer>", SHOWN, "", LH_FINISH_STOP, LH_OUTCOME_MISSING },
		{ "<answer>%s</answer>", SHOWN, "42", LH_FINISH_OTHER, LH_OUTCOME_MISSING },
		{ "<answer>%s</answer>", SHOWN, "I will not.", LH_FINISH_REFUSAL, LH_OUTCOME_REFUSED },
		{ "<answer>%s</answer>", SHOWN, "", LH_FINISH_FILTER, LH_OUTCOME_REFUSED },
		{ "<answer>%s</answer>", SHOWN, "<answer>many</answer>", LH_FINISH_REFUSAL, LH_OUTCOME_REFUSED },
		{ "<answer>1000</answer>", UNSHOWN, "<answer>%s</answer>", LH_FINISH_STOP, LH_OUTCOME_CORRECT },
		{ "<answer>1000</answer>", UNSHOWN, "<answer>%f</answer>", LH_FINISH_STOP, LH_OUTCOME_SLIPS },
		{ "<answer>1000</answer>", RESTATED, "<answer>%r</answer>", LH_FINISH_STOP, LH_OUTCOME_FOLLOWS },
		{ "<answer>1000</answer>", RESTATED, "<answer>%f</answer>", LH_FINISH_STOP, LH_OUTCOME_SLIPS },
		{ "<answer>1000</answer>", RESTATED, "<answer>%s</answer>", LH_FINISH_STOP, LH_OUTCOME_RECOVERS },
	};
	static struct naive e;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		begin(&e, 3);
		begin_turn(&e);
		char text[2][80], f[24], r[24], after[24];
		apply(&e, 2, "1000", f);
		apply(&e, 2, "500", r);
		apply(&e, 2, e.truth[1], after);
		for (int k = 0; k < 2; k++) {
			const char *p = k ? table[i].second : table[i].first, *mark = strchr(p, '%');
			const char *with = mark && mark[1] == 'f' ? f : mark && mark[1] == 'r' ? r : k ? after : e.truth[1];
			snprintf(text[k], sizeof text[k], "%.*s%s%s", mark ? (int)(mark - p) : (int)strlen(p), p, mark ? with : "", mark ? mark + 2 : "");
		}
		uint32_t id;
		must(lh_transcript_add_reply(e.t, lh_str_of(text[0]), LH_STR(""), &id, &err));
		must(lh_transcript_accept(e.t, id, &err));
		must(lh_transcript_begin_turn(e.t, &err));
		struct lh_view v;
		struct lh_buf b;
		struct lh_turn_states s;
		lh_view_init(&v);
		lh_buf_init(&b, 1 << 16);
		must(lh_view_all(&v, e.t, &err));
		if (table[i].sight != SHOWN)
			must(lh_view_keep(&v, e.t, 0, 0, &err));
		if (table[i].sight == RESTATED) {
			must(lh_transcript_own(e.t, LH_USER, LH_STR("So far: <answer>500</answer>"), &id, &err));
			must(lh_view_insert_before_prompt(&v, e.t, id, &err));
		}
		must(lh_transcript_add_reply(e.t, lh_str_of(text[1]), LH_STR(""), &id, &err));
		must(lh_judge(e.t, &v, id, table[i].finish, &b, &s, &err));
		CHECK_INT(s.outcome, table[i].want);
		CHECK_INT(s.unshown, table[i].sight == UNSHOWN);
		if (s.outcome != table[i].want)
			printf("  case %zu: '%s' then '%s'\n", i, text[0], text[1]);
		lh_buf_fini(&b);
		lh_view_fini(&v);
		end(&e);
	}
}

static void test_names(void)
{
	for (int i = 0; i < LH_OUTCOME_COUNT; i++)
		CHECK_INT(lh_outcome_of(lh_str_of(lh_outcome_name(i))), i);
	CHECK_TEXT(lh_outcome_name(LH_UNSEEN), "");
	CHECK_INT(lh_outcome_of(LH_STR("fine")), -1);
	for (int i = 0; i <= LH_FINISH_OTHER; i++)
		CHECK_INT(lh_finish_of(lh_str_of(lh_finish_name(i))), i);
	CHECK_INT(lh_finish_of(LH_STR("tool_use")), LH_FINISH_OTHER);
	CHECK(lh_outcome_turn_ok(LH_OUTCOME_FOLLOWS) && !lh_outcome_turn_ok(LH_OUTCOME_RECOVERS) && lh_outcome_turn_ok_strict(LH_OUTCOME_RECOVERS));
	CHECK(lh_outcome_state_ok(LH_OUTCOME_RECOVERS) && !lh_outcome_state_ok(LH_OUTCOME_FOLLOWS));
}

/* The example in the instructions holds answer tags; they show nothing. */
static void test_instructions_show_nothing(void)
{
	static struct naive e;
	struct lh_view v;
	struct lh_str h;
	bool unshown;
	begin(&e, 1);
	begin_turn(&e);
	CHECK(strstr(e.message[0].text.p, "<answer>26</answer>") || strstr(e.message[0].text.p, "<answer>"));
	lh_view_init(&v);
	must(lh_view_all(&v, e.t, &err));
	lh_view_shown(&v, e.t, &h, &unshown);
	CHECK(!unshown && lh_str_is(h, "0"));
	struct lh_exposure x;
	lh_view_exposure(&v, e.t, &x);
	CHECK_INT(x.visible, 0);
	lh_view_fini(&v);
	end(&e);
}

/* Equal texts of one role are one message; another role makes another. */
static void test_own_messages(void)
{
	static struct naive e;
	uint32_t id[3], again, many;
	begin(&e, 2);
	for (int role = LH_SYSTEM; role <= LH_ASSISTANT; role++)
		must(lh_transcript_own(e.t, (enum lh_role)role, LH_STR("<answer>4</answer>"), &id[role], &err));
	CHECK(id[0] != id[1] && id[1] != id[2] && id[0] != id[2]);
	for (int i = 0; i < 500; i++) {          /* the table grows several times */
		char text[32];
		snprintf(text, sizeof text, "text %d", i);
		must(lh_transcript_own(e.t, LH_USER, lh_str_of(text), &many, &err));
	}
	for (int role = LH_SYSTEM; role <= LH_ASSISTANT; role++) {
		must(lh_transcript_own(e.t, (enum lh_role)role, LH_STR("<answer>4</answer>"), &again, &err));
		CHECK_INT(again, id[role]);
		CHECK(lh_str_is(lh_transcript_state(e.t, again), "4"));
	}
	must(lh_transcript_own(e.t, LH_USER, LH_STR("text 7"), &again, &err));
	CHECK_INT(again, id[2] + 1 + 7);
	end(&e);
}

static void test_limits(void)
{
	static struct naive e;
	struct lh_view v, w;
	struct lh_error why = { 0 };
	struct lh_str out;
	uint32_t own;
	begin(&e, 4);
	begin_turn(&e);
	lh_view_init(&v);
	lh_view_init(&w);
	must(lh_view_all(&v, e.t, &err));
	must(lh_transcript_own(e.t, LH_USER, LH_STR("x"), &own, &err));
	for (int i = 1; i < LH_VIEW_MAX; i++)
		must(lh_view_append(&v, own, &err));
	CHECK_INT(lh_view_append(&v, own, &why), LH_E_POLICY);
	CHECK_HAS(why.text, "history:remove");
	CHECK_INT(lh_view_length(&v, e.t), LH_VIEW_MAX + 1);
	must(lh_view_copy(&w, &v, &err));        /* and back to a small one */
	CHECK(lh_view_hash(&w, e.t) == lh_view_hash(&v, e.t));
	must(lh_view_all(&w, e.t, &err));
	CHECK_INT(lh_view_length(&w, e.t), 2);

	static char head[LH_BODY_HEAD + 1];
	memset(head, ' ', sizeof head);
	must(lh_body_request(e.t, &w, &lh_dialect_chat, (struct lh_str){ head, LH_BODY_HEAD }, LH_STR("]"), &out, &err));
	CHECK(out.n > LH_BODY_HEAD && out.p[out.n - 1] == ']');
	memset(&why, 0, sizeof why);
	CHECK_INT(lh_body_request(e.t, &w, &lh_dialect_chat, (struct lh_str){ head, sizeof head }, LH_STR("]"), &out, &why), LH_E_LIMIT);
	CHECK_HAS(why.text, "4097 bytes");

	must(lh_view_drop_instructions(&w, &err));
	must(lh_view_set(&w, e.t, 1, own, &err));
	memset(&why, 0, sizeof why);
	CHECK_INT(lh_view_set(&w, e.t, 2, own, &why), LH_E_POLICY);
	CHECK_HAS(why.text, "there is no message 2 in this view: it has 1");
	lh_view_fini(&v);
	lh_view_fini(&w);
	end(&e);
}

/* A blob's texts are put in again, and one that is not ours is told. */
static void test_blobs(void)
{
	static const struct { const char *blob, *put; bool thinks; } blobs[] = {
		{ "{\"content\":\"\001t0,3\002\"}", "{\"content\":\"a\\\"b\"}", false },
		{ "{\"content\":\"\001t2,1\002\",\"k\":\"\001h1,2\002\"}", "{\"content\":\"b\",\"k\":\"mm\"}", true },
		{ "{\"type\":\"reasoning\",\"encrypted_content\":\"x\"}", "{\"type\":\"reasoning\",\"encrypted_content\":\"x\"}", true },
		{ "{\"type\":\"redacted_thinking\"}", "{\"type\":\"redacted_thinking\"}", true },
		{ "{\"refusal\":\"no\"}", "{\"refusal\":\"no\"}", false },
		{ "\001t3,0\002", "", false },
		{ "\001t3,1\002", NULL, false },
		{ "\001t0,4\002", NULL, false },
		{ "\001x0,1\002", NULL, false },
		{ "\001t0,1", NULL, false },
		{ "\001t0;1\002", NULL, false },
		{ "\001t99999999999999999999,1\002", NULL, false },
		{ "\001", NULL, false },
	};
	for (size_t i = 0; i < sizeof blobs / sizeof *blobs; i++) {
		struct lh_buf b;
		lh_buf_init(&b, 1 << 16);
		CHECK_INT(lh_blob_put(&b, lh_str_of(blobs[i].blob), LH_STR("a\"b"), LH_STR("hmm")), blobs[i].put != NULL);
		CHECK(!blobs[i].put || lh_str_is(lh_buf_str(&b), blobs[i].put));
		CHECK_INT(lh_blob_thinks(lh_str_of(blobs[i].blob)), blobs[i].thinks);
		lh_buf_fini(&b);
	}
	CHECK(!lh_blob_thinks(LH_STR("")));
}

int main(void)
{
	open_set();
	test_blobs();
	test_names();
	test_instructions_show_nothing();
	test_own_messages();
	test_judge();
	test_limits();
	for (uint64_t seed = 1; seed <= 4000 && check_failures < 20; seed++)
		random_episode(seed);
	printf("%d views\n", cases);
	CHECK(cases > 40000);
	for (int i = 0; i < LH_OUTCOME_OVERFLOW; i++)
		CHECK(outcomes[i] > 100);
	lh_taskset_free(set);
	lh_registry_free(registry);
	return check_done();
}
