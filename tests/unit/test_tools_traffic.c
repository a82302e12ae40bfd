/* Tools in the record: random turns with calls and results under random views, against sums taken message by message. */
#include "check.h"
#include "base/random.h"
#include "transcript/body.h"

static struct lh_error err;
static struct lh_registry *registry;
static struct lh_taskset *set;
static struct lh_random luck;

static void must(int rc)
{
	if (rc) {
		printf("unexpected: %s\n", err.text);
		exit(1);
	}
}

static uint32_t below(uint32_t n) { return (uint32_t)lh_random_between(&luck, 0, n - 1); }

static void open_set(void)
{
	const struct lh_family *f;
	struct lh_str keys[] = { LH_STR("keys"), LH_STR("tools") }, values[] = { LH_STR("5"), LH_STR("true") };
	must(lh_registry_new(&registry, &err));
	must(lh_registry_open(registry, LH_BINARY_DIR "/plugins/kv_sum.so", &f, &err));
	must(lh_taskset_open(f, keys, values, 2, NULL, &set, &err));
}

/* ---- a conversation ---- */

static uint32_t say(struct lh_transcript *t, const char *text, const char *calls)
{
	uint32_t id;
	must(lh_transcript_reserve(t, 1, &id, &err));
	must(lh_transcript_fill(t, id, &(struct lh_content){ lh_str_of(text), below(2) ? LH_STR("hm") : LH_STR(""), LH_STR(""), lh_str_of(calls) }, &err));
	return id;
}

/* Calls of one or two tools, of which get_value is the family's, and results of one to twelve lines. */
static void call_tools(struct lh_transcript *t)
{
	static const char *const names[] = { "get_value", "get_lost" };
	char calls[400], text[200];
	int n = 1 + (int)below(2), at = 0;
	const char *name[2];
	for (int i = 0; i < n; i++) {
		name[i] = names[below(2)];
		at += snprintf(calls + at, sizeof calls - (size_t)at, "%c{\"id\":\"c%d\",\"name\":\"%s\",\"arguments\":\"%s\"}", i ? ',' : '[', i, name[i],
			below(2) ? "{\\\"key\\\":\\\"a\\\"}" : "");
	}
	snprintf(calls + at, sizeof calls - (size_t)at, "]");
	must(lh_transcript_enter(t, say(t, below(2) ? "" : "Let me look.", calls), &err));
	for (int i = 0; i < n; i++) {
		char id[16];
		uint32_t result;
		size_t lines = 1 + below(12), length = 0;
		for (size_t k = 0; k < lines; k++)
			length += (size_t)snprintf(text + length, sizeof text - length, "%s%u", k ? "\n" : "", below(1000));
		snprintf(id, sizeof id, "c%d", i);
		must(lh_transcript_add_result(t, &(struct lh_tool_call){ lh_str_of(id), lh_str_of(name[i]), LH_STR("") }, lh_str_of(text), &result, &err));
		must(lh_transcript_enter(t, result, &err));
	}
}

static void play(struct lh_transcript *t, int turns)
{
	for (int turn = 1; turn <= turns; turn++) {
		must(lh_transcript_begin_turn(t, &err));
		for (uint32_t n = below(3); n; n--)
			call_tools(t);
		if (turn < turns)
			must(lh_transcript_accept(t, say(t, below(4) ? "<think>so</think><answer>5</answer>" : "nothing", ""), &err));
	}
}

/* ---- message by message ---- */

struct shown { uint32_t id; unsigned variant; uint32_t placeholder; bool own; };
struct list { struct shown item[4096]; int n; };

static bool hidden(const struct lh_message *m, unsigned variant)
{
	if (m->calls.n)
		return variant & (LH_NO_ASSISTANT | LH_ANSWER_ONLY);
	return m->role == LH_ASSISTANT && (variant & LH_NO_ASSISTANT);
}

static void expand(const struct lh_view *v, const struct lh_transcript *t, struct list *l)
{
	l->n = 0;
	for (uint32_t i = 0; i < v->n; i++) {
		const struct lh_piece *p = &v->piece[i];
		for (uint32_t k = p->from; p->own ? k == p->from : k < p->to; k++) {
			struct shown s = { p->own ? p->from : lh_transcript_id(t, k), p->own ? 0 : p->variant, p->placeholder, p->own };
			const struct lh_message *m = lh_transcript_message(t, s.id);
			if (m->calls.n && (p->spared >> m->tool & 1))
				s.variant &= ~(unsigned)LH_CLEARED;
			if (m->role != LH_TOOL)
				s.variant &= ~(unsigned)LH_RESULTS_CLEARED;
			if (!m->calls.n || m->role == LH_TOOL)
				s.variant &= ~(unsigned)LH_INPUTS_CLEARED;
			if (!hidden(m, s.variant))
				l->item[l->n++] = s;
		}
	}
}

static uint64_t inputs_of(struct lh_str calls)
{
	struct lh_calls c;
	struct lh_tool_call call;
	uint64_t n = 0;
	must(lh_calls_open(&c, calls, &err));
	while (lh_calls_next(&c, &call))
		n += call.arguments.n > 2 ? call.arguments.n - 2 : 0;
	lh_calls_close(&c);
	return n;
}

static void render(const struct shown *s, const struct lh_transcript *t, struct lh_buf *out)
{
	const struct lh_message *m = lh_transcript_message(t, s->id);
	struct lh_buf b;
	lh_buf_init(&b, 1 << 16);
	if (s->variant & LH_RESULTS_CLEARED)
		lh_put_placeholder(&b, lh_transcript_text(t, s->placeholder), lh_transcript_text(t, s->id));
	else if (m->calls.n)
		lh_buf_put_str(&b, lh_transcript_text(t, s->id));
	else
		lh_put_variant(&b, (enum lh_role)m->role, lh_transcript_text(t, s->id), s->variant);
	if (m->role == LH_ASSISTANT && !(s->variant & (LH_NO_NATIVE_THOUGHTS | LH_ANSWER_ONLY)))
		lh_buf_put_str(&b, lh_transcript_thoughts(t, s->id));
	if (m->role == LH_ASSISTANT && m->calls.n)
		for (uint64_t n = m->calls.n - (s->variant & LH_INPUTS_CLEARED ? inputs_of(lh_transcript_calls(t, s->id)) : 0); n; n--)
			lh_buf_putc(&b, '.');
	lh_buf_put_str(out, lh_buf_str(&b));
	lh_buf_fini(&b);
}

static uint64_t bytes_of(const struct shown *s, const struct lh_transcript *t)
{
	struct lh_buf b;
	lh_buf_init(&b, 1 << 16);
	render(s, t, &b);
	uint64_t n = b.n;
	lh_buf_fini(&b);
	return n;
}

static bool same(const struct shown *a, const struct shown *b, const struct lh_transcript *t)
{
	struct lh_buf x, y;
	lh_buf_init(&x, 1 << 16), lh_buf_init(&y, 1 << 16);
	render(a, t, &x), render(b, t, &y);
	bool equal = a->id == b->id && lh_str_equal(lh_buf_str(&x), lh_buf_str(&y));
	lh_buf_fini(&x), lh_buf_fini(&y);
	return equal;
}

/* ---- views ---- */

static uint32_t own(struct lh_transcript *t, const char *text)
{
	uint32_t id;
	must(lh_transcript_own(t, LH_TOOL, lh_str_of(text), &id, &err));
	return id;
}

static void vary(struct lh_view *v, struct lh_transcript *t)
{
	static const unsigned variants[] = { LH_ANSWER_ONLY, LH_NO_ASSISTANT };
	static const char *const placeholders[] = { "[cleared]", "({lines} lines)" };
	uint32_t n = lh_transcript_turn(t);
	switch (below(4)) {
	case 0: must(lh_view_keep(v, t, below(n), below(n), &err)); break;
	case 1: must(lh_view_drop(v, t, below(n) + 1, below(n) + 1, &err)); break;
	case 2: must(lh_view_vary(v, t, variants[below(2)], below(n), &err)); break;
	default:
		for (uint32_t i = 0; i < v->n; i++)
			if (v->piece[i].variant & LH_CLEARED)
				return;                  /* once a view: what clears otherwise a second time is refused */
		must(lh_view_clear(v, below(lh_transcript_length(t) + 1), below(2), own(t, placeholders[below(2)]), below(2) ? 1u << below(2) : 0, &err));
	}
}

static void check_view(const struct lh_view *v, const struct lh_view *before, const struct lh_transcript *t)
{
	static struct list now, then;
	struct lh_view_size size;
	uint64_t bytes = 0, shared = 0;
	expand(v, t, &now);
	expand(before, t, &then);
	for (int i = 0; i < now.n; i++)
		bytes += bytes_of(&now.item[i], t);
	for (int i = 0; i < now.n && i < then.n && same(&now.item[i], &then.item[i], t); i++)
		shared += bytes_of(&now.item[i], t);
	lh_view_measure(v, t, &size);
	CHECK_INT(size.bytes, bytes);
	CHECK_INT(size.messages, now.n);
	CHECK_INT(lh_view_length(v, t), now.n);
	double reusable = lh_view_reusable(v, before, t) * (double)bytes;
	CHECK(reusable <= (double)shared + 0.5);
	if (shared && !before->n)
		CHECK(reusable == 0);
}

/* Every result stands behind its call, in the messages that are sent. */
static bool whole(const struct list *l, const struct lh_transcript *t)
{
	int open = 0;
	for (int i = 0; i < l->n; i++) {
		const struct lh_message *m = lh_transcript_message(t, l->item[i].id);
		if (m->role == LH_TOOL && open-- <= 0)
			return false;
		if (m->role != LH_TOOL && open > 0)
			return false;
		if (m->role == LH_ASSISTANT && m->calls.n) {
			struct lh_calls c;
			struct lh_tool_call call;
			must(lh_calls_open(&c, lh_transcript_calls(t, l->item[i].id), &err));
			for (open = 0; lh_calls_next(&c, &call); open++)
				;
			lh_calls_close(&c);
		}
	}
	return open <= 0;
}

static void test_views(void)
{
	int refused = 0;
	for (int episode = 0; episode < 300; episode++) {
		struct lh_sample *s;
		struct lh_transcript *t;
		struct lh_view v, before;
		struct lh_error why = { 0 };
		static struct list l;
		luck = lh_random_stream(7, (uint64_t)episode, 0, LH_FOR_CHECK, 0);
		must(lh_sample_open(set, 0, 3, &s, &err));
		must(lh_transcript_new(s, 1, &t, &err));
		play(t, 2 + (int)below(6));
		lh_view_init(&v), lh_view_init(&before);
		must(lh_view_all(&v, t, &err));
		for (int step = 0; step < 5; step++) {
			must(lh_view_copy(&before, &v, &err));
			vary(&v, t);
			check_view(&v, &before, t);
			CHECK_INT(lh_view_valid(&v, t, &why), 0);        /* whole turns alone were chosen */
			expand(&v, t, &l);
			CHECK(whole(&l, t));
		}
		uint32_t at = 1 + below(lh_view_length(&v, t));  /* and now anywhere */
		uint32_t mine;
		must(lh_transcript_own(t, LH_USER, LH_STR("x"), &mine, &err));
		must(lh_view_insert(&v, t, at, mine, &err));
		expand(&v, t, &l);
		if (lh_view_valid(&v, t, &why))
			refused++;
		else
			CHECK(whole(&l, t));
		lh_view_fini(&v), lh_view_fini(&before);
		lh_transcript_free(t);
		lh_sample_close(s);
	}
	CHECK(refused > 20);
}

static void test_counts(void)
{
	struct lh_sample *s;
	struct lh_transcript *t;
	luck = lh_random_stream(9, 0, 0, LH_FOR_CHECK, 0);
	must(lh_sample_open(set, 0, 3, &s, &err));
	must(lh_transcript_new(s, 1, &t, &err));
	play(t, 40);
	uint32_t n = 0, spared = 0;
	for (uint32_t i = 0; i < lh_transcript_length(t); i++) {
		const struct lh_message *m = lh_transcript_message(t, lh_transcript_id(t, i));
		if (m->role != LH_TOOL)
			continue;
		CHECK_INT(lh_transcript_result_at(t, 0, n++), i);
		if (m->tool != 0)
			CHECK_INT(lh_transcript_result_at(t, 1, spared++), i);
	}
	CHECK_INT(lh_transcript_results(t, 0, lh_transcript_length(t)), n);
	CHECK_INT(lh_transcript_results(t, 1, lh_transcript_length(t)), spared);
	CHECK(spared > 5 && n > spared + 5);
	lh_transcript_free(t);
	lh_sample_close(s);
}

static void test_placeholder(void)
{
	static const struct { const char *placeholder, *text, *shown; } cases[] = {
		{ "[cleared]", "a\nb", "[cleared]" }, { "({lines})", "a", "(1)" }, { "({lines})", "a\nb\n", "(2)" }, { "{lines}{lines}", "\n\n\n", "3{lines}" } };
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct lh_buf b;
		lh_buf_init(&b, 1000);
		lh_put_placeholder(&b, lh_str_of(cases[i].placeholder), lh_str_of(cases[i].text));
		CHECK_TEXT(b.p, cases[i].shown);
		lh_buf_fini(&b);
	}
}

int main(void)
{
	open_set();
	test_placeholder();
	test_counts();
	test_views();
	lh_taskset_free(set);
	lh_registry_free(registry);
	printf("%d checks, %d failed\n", check_count, check_failures);
	return check_failures > 0;
}
