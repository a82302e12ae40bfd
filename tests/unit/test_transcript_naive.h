/* A naive transcript for test_transcript.c: the record as a plain list of messages, a view as a plain list
 * of what it sends. Every edit and every operation on a view is done twice, here and there. */
#ifndef LH_TESTS_TRANSCRIPT_NAIVE_H
#define LH_TESTS_TRANSCRIPT_NAIVE_H

#include "check.h"
#include "base/random.h"
#include "transcript/view.h"

static struct lh_registry *registry;
static struct lh_taskset *set;
static struct lh_error err;

static void must(int rc)
{
	if (rc) {
		printf("unexpected: %s\n", err.text);
		exit(1);
	}
}

static void open_set(void)
{
	const struct lh_family *f;
	struct lh_str key = LH_STR("keys"), value = LH_STR("5");
	must(lh_registry_new(&registry, &err));
	must(lh_registry_open(registry, LH_BINARY_DIR "/plugins/kv_sum.so", &f, &err));
	must(lh_taskset_open(f, &key, &value, 1, NULL, &set, &err));
}

/* ---- the naive model ---- */

struct text { char *p; size_t n; };

struct message {                         /* by id */
	int role;
	struct text text, thoughts;
	uint32_t turn;
	int slot;
	bool policy, has_state;
	char state[24];
};

struct item { bool own; uint32_t rec, id; unsigned variant; };

#define MESSAGES 512
#define RECORD 64
#define ITEMS 96

struct list { struct item item[ITEMS]; int n; };

struct naive {
	struct lh_sample *sample;
	struct lh_transcript *t;
	struct message message[MESSAGES];
	uint32_t messages, record[RECORD], length, turn, steps;
	bool waiting;
	int slots;
	char truth[32][24];
	uint32_t edit_at[64], edits;
	struct lh_random luck;
};

static struct text keep(struct lh_str s)
{
	return (struct text){ lh_str_dup(s), s.n };
}

static struct lh_str str(struct text t) { return (struct lh_str){ t.p, t.n }; }
static uint32_t below(struct naive *e, uint32_t n) { return (uint32_t)lh_random_below(&e->luck, n); }
static bool chance(struct naive *e, int percent) { return (int)below(e, 100) < percent; }

static bool canonical(struct naive *e, struct lh_str content, char out[24])
{
	bool is = false;
	struct lh_buf b;
	lh_buf_init(&b, 1 << 16);
	must(lh_sample_canonical(e->sample, content, &is, &b, &err));
	if (is)
		snprintf(out, 24, "%s", b.p);
	lh_buf_fini(&b);
	return is;
}

static void apply(const struct naive *e, uint32_t turn, const char *state, char out[24])
{
	struct lh_buf b;
	lh_buf_init(&b, 1 << 16);
	must(lh_sample_apply(e->sample, (uint64_t)(turn - 1) * e->steps, e->steps, lh_str_of(state), &b, &err));
	snprintf(out, 24, "%s", b.p);
	lh_buf_fini(&b);
}

/* Notes message `id`, which the transcript has just made. */
static struct message *note(struct naive *e, uint32_t id, int role, struct lh_str text, struct lh_str thoughts, bool policy)
{
	if (id < e->messages)                    /* an own message that was found again */
		return &e->message[id];
	CHECK_INT(id, e->messages);
	struct message *m = &e->message[e->messages++];
	*m = (struct message){ .role = role, .text = keep(text), .thoughts = keep(thoughts), .turn = e->turn, .slot = -1, .policy = policy };
	if (role == LH_ASSISTANT || policy) {
		struct lh_answer a;
		lh_answer_find(text, &a);
		if (a.answered)
			m->has_state = canonical(e, (struct lh_str){ text.p + a.content.at, a.content.n }, m->state);
	}
	return m;
}

static void enter(struct naive *e, uint32_t id)
{
	e->message[id].slot = e->slots++;
	e->record[e->length++] = id;
}

static uint32_t finished(const struct naive *e) { return e->turn - e->waiting; }
static const struct message *of(const struct naive *e, const struct item *i) { return &e->message[i->own ? i->id : e->record[i->rec]]; }

static bool hidden(const struct naive *e, const struct item *i)
{
	return !i->own && (i->variant & LH_NO_ASSISTANT) && of(e, i)->role == LH_ASSISTANT;
}

/* ---- episodes ---- */

static void begin(struct naive *e, uint64_t seed)
{
	memset(e, 0, sizeof *e);
	e->luck = lh_random_stream(seed, 0, 0, LH_FOR_CHECK, 0);
	e->steps = 1 + below(e, 3);
	must(lh_sample_open(set, seed % 7, 5, &e->sample, &err));
	must(lh_transcript_new(e->sample, e->steps, &e->t, &err));
	strcpy(e->truth[0], "0");
	note(e, 0, LH_SYSTEM, lh_transcript_text(e->t, 0), LH_STR(""), false);
	enter(e, 0);
}

static void end(struct naive *e)
{
	for (uint32_t i = 0; i < e->messages; i++) {
		free(e->message[i].text.p);
		free(e->message[i].thoughts.p);
	}
	lh_transcript_free(e->t);
	lh_sample_close(e->sample);
}

static void begin_turn(struct naive *e)
{
	must(lh_transcript_begin_turn(e->t, &err));
	e->turn++;
	apply(e, e->turn, e->truth[e->turn - 1], e->truth[e->turn]);
	uint32_t id = lh_transcript_count(e->t) - 1;
	note(e, id, LH_USER, lh_transcript_text(e->t, id), LH_STR(""), false);
	enter(e, id);
	e->waiting = true;
}

/* A text of a reply: thoughts of one kind or another, and an answer that is right, wrong, odd or not there. */
static void write_reply(struct naive *e, struct lh_buf *b)
{
	static const char *const before[] = { "", "", "So ", "<think>hm \"\\</think>\n", "hm</think>", "<think>a</think> b <think>c</think>", "caf\xc3\xa9\n\t\x01 " };
	static const char *const after[] = { "", "", ".", " <think>more", "<think><answer>7</answer></think>", "</answer>" };
	char content[40];
	lh_buf_puts(b, before[below(e, 7)]);
	switch (below(e, 10)) {
	case 0: return;
	case 1: snprintf(content, sizeof content, "none"); break;
	case 2: content[0] = 0; break;
	case 3: case 4: snprintf(content, sizeof content, "%d", (int)below(e, 50) - 20); break;
	case 5: snprintf(content, sizeof content, " +%s ", e->truth[e->turn]); break;
	case 6: case 7: {                        /* faithful to the last answer */
		struct lh_str last = lh_transcript_state_shown(e->t);
		char state[24];
		snprintf(state, sizeof state, "%.*s", LH_ARG(last));
		apply(e, e->turn, state, content);
		break;
	}
	default: snprintf(content, sizeof content, "%s", e->truth[e->turn]);
	}
	lh_buf_puts(b, "<answer>");
	lh_buf_puts(b, content);
	lh_buf_puts(b, "</answer>");
	lh_buf_puts(b, after[below(e, 6)]);
}

static uint32_t add_reply(struct naive *e)
{
	struct lh_buf b;
	uint32_t id;
	lh_buf_init(&b, 1 << 16);
	if (!chance(e, 8))
		write_reply(e, &b);
	struct lh_str thoughts = chance(e, 30) ? LH_STR("native \"thoughts\"\n") : LH_STR("");
	must(lh_transcript_add_reply(e->t, lh_buf_str(&b), thoughts, &id, &err));
	note(e, id, LH_ASSISTANT, lh_buf_str(&b), thoughts, false);
	lh_buf_fini(&b);
	return id;
}

static void accept(struct naive *e, uint32_t id)
{
	must(lh_transcript_accept(e->t, id, &err));
	enter(e, id);
	e->waiting = false;
}

/* ---- edits ---- */

static const char *const own_texts[] = {
	"Note.", "<answer>5</answer>", "So far: <answer>-3</answer>", "<answer>junk</answer>", "", "<think>x</think> <answer>12</answer>"
};

static void edit(struct naive *e)
{
	uint32_t last = e->length - e->waiting, from = 1 + below(e, last > 1 ? last - 1 : 1);
	if (last < 2)
		return;
	e->edit_at[e->edits++] = from;
	if (chance(e, 60)) {
		struct lh_str text = lh_str_of(own_texts[below(e, 6)]);
		uint32_t id, old = e->record[from];
		must(lh_transcript_replace(e->t, from, text, LH_STR("why"), &id, &err));
		struct message *m = note(e, id, e->message[old].role, text, LH_STR(""), true);
		m->turn = e->message[old].turn;
		m->slot = e->message[old].slot;
		e->record[from] = id;
		return;
	}
	uint32_t to = from + below(e, last - from > 3 ? 4 : last - from + 1);
	must(lh_transcript_remove(e->t, from, to, LH_STR("why"), &err));
	for (uint32_t i = from; i < to; i++) {
		note(e, e->messages, LH_REMOVED, LH_STR(""), LH_STR(""), true);
		e->message[e->messages - 1].slot = e->message[e->record[i]].slot;
	}
	memmove(e->record + from, e->record + to, (e->length - to) * sizeof *e->record);
	e->length -= to - from;
}

/* ---- views: each operation done twice ---- */

static void list_all(const struct naive *e, struct list *l)
{
	l->n = 0;
	for (uint32_t i = 0; i < e->length; i++)
		l->item[l->n++] = (struct item){ .rec = i };
}

static void list_out(struct list *l, int i)
{
	memmove(l->item + i, l->item + i + 1, (size_t)(--l->n - i) * sizeof *l->item);
}

static void list_in(struct list *l, int i, uint32_t own)
{
	memmove(l->item + i + 1, l->item + i, (size_t)(l->n++ - i) * sizeof *l->item);
	l->item[i] = (struct item){ .own = true, .id = own };
}

static bool in_turns(const struct naive *e, const struct item *i, uint32_t from, uint32_t to)
{
	uint32_t turn = i->own ? 0 : of(e, i)->turn;
	return turn >= from && turn <= to && turn >= 1 && turn <= finished(e);
}

static void list_drop(const struct naive *e, struct list *l, uint32_t from, uint32_t to)
{
	for (int i = l->n; i-- > 0;)
		if (in_turns(e, &l->item[i], from, to))
			list_out(l, i);
}

/* Place of the visible message `position` (from 1) in the list; l->n: behind the last. */
static int list_place(const struct naive *e, const struct list *l, uint32_t position)
{
	for (int i = 0; i < l->n; i++)
		if (!hidden(e, &l->item[i]) && --position == 0)
			return i;
	return l->n;
}

static uint32_t list_length(const struct naive *e, const struct list *l)
{
	uint32_t n = 0;
	for (int i = 0; i < l->n; i++)
		n += !hidden(e, &l->item[i]);
	return n;
}

static uint32_t own_of(struct naive *e, int role)
{
	struct lh_str text = lh_str_of(own_texts[below(e, 6)]);
	uint32_t id;
	must(lh_transcript_own(e->t, (enum lh_role)role, text, &id, &err));
	note(e, id, role, text, LH_STR(""), true);
	CHECK_INT(e->message[id].role, role);
	CHECK(lh_str_equal(str(e->message[id].text), text));
	return id;
}

static int any_role(struct naive *e) { return chance(e, 50) ? LH_USER : chance(e, 70) ? LH_ASSISTANT : LH_SYSTEM; }

static void do_replace(struct naive *e, struct lh_view *v, struct list *l)
{
	uint32_t from = below(e, e->turn + 2), to = from + below(e, 4), own = own_of(e, any_role(e)), least = UINT32_MAX;
	struct lh_error why = { 0 };
	for (uint32_t i = 0; i < e->length; i++) {
		struct item one = { .rec = i };
		if (least == UINT32_MAX && in_turns(e, &one, from, to))
			least = i;
	}
	int rc = lh_view_replace(v, e->t, from, to, own, &why);
	CHECK_INT(rc, least == UINT32_MAX ? LH_E_POLICY : 0);
	if (rc)
		return;
	int at = l->n;
	for (int i = l->n; i-- > 0;)
		if (!l->item[i].own && l->item[i].rec >= least)
			at = i;
	list_drop(e, l, from, to);
	list_in(l, at, own);
}

static void do_position(struct naive *e, struct lh_view *v, struct list *l)
{
	struct lh_error why = { 0 };
	uint32_t n = list_length(e, l), position = below(e, n + 3);
	enum lh_role role = LH_REMOVED;
	bool there = position >= 1 && position <= n;
	CHECK_INT(lh_view_role(v, e->t, position, &role, &why), there ? 0 : LH_E_POLICY);
	int at = list_place(e, l, position);
	if (there)
		CHECK_INT(role, of(e, &l->item[at])->role);
	memset(&why, 0, sizeof why);
	if (chance(e, 50)) {
		uint32_t own = own_of(e, any_role(e));
		bool may = there || position == n + 1;
		CHECK_INT(lh_view_insert(v, e->t, position, own, &why), may ? 0 : LH_E_POLICY);
		if (may)
			list_in(l, position == n + 1 ? l->n : at, own);
		return;
	}
	uint32_t own = own_of(e, there ? (int)role : LH_USER);
	CHECK_INT(lh_view_set(v, e->t, position, own, &why), there ? 0 : LH_E_POLICY);
	if (there) {
		list_out(l, at);
		list_in(l, at, own);
	}
}

static void do_vary(struct naive *e, struct lh_view *v, struct list *l)
{
	static const unsigned bits[] = { 1, 2, 3, 4, 8 };
	unsigned variant = bits[below(e, 5)];
	uint32_t keep_last = chance(e, 50) ? 0 : below(e, e->turn + 2);
	must(lh_view_vary(v, e->t, variant, keep_last, &err));
	for (int i = 0; i < l->n && keep_last < finished(e); i++)
		if (!l->item[i].own && of(e, &l->item[i])->turn <= finished(e) - keep_last)
			l->item[i].variant |= variant;
}

static void do_restate(struct naive *e, struct lh_view *v, struct list *l)
{
	uint32_t own = own_of(e, LH_USER);
	must(lh_view_insert_before_prompt(v, e->t, own, &err));
	int at = l->n;
	for (int i = 0; i < l->n; i++)
		if (!l->item[i].own && l->item[i].rec == e->length - 1)
			at = i;
	list_in(l, at, own);
}

static void operate(struct naive *e, struct lh_view *v, struct list *l)
{
	uint32_t a = below(e, e->turn + 2), b = below(e, e->turn + 2);
	switch (below(e, 10)) {
	case 0: case 1:
		must(lh_view_keep(v, e->t, a, b, &err));
		list_drop(e, l, a + 1, finished(e) > b ? finished(e) - b : 0);
		break;
	case 2:
		must(lh_view_drop(v, e->t, a, b, &err));
		list_drop(e, l, a, b);
		break;
	case 3: case 4: do_vary(e, v, l); break;
	case 5:
		must(lh_view_append(v, a = own_of(e, any_role(e)), &err));
		list_in(l, l->n, a);
		break;
	case 6: do_replace(e, v, l); break;
	case 7: do_restate(e, v, l); break;
	case 8: do_position(e, v, l); break;
	default:
		if (!chance(e, 30))
			break;
		must(lh_view_drop_instructions(v, &err));
		for (int i = l->n; i-- > 0;)
			if (!l->item[i].own && l->item[i].rec == 0)
				list_out(l, i);
	}
}

#endif
