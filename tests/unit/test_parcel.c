/* What crosses between supervisor and worker: it arrives as it was, and whatever arrives, nothing outside is read. The
 * frames that are taken apart end where their memory ends, so that a sanitizer sees a byte too many. */
#include "check.h"
#include "run/parcel.h"

#define PLENTY (1u << 20)

static unsigned luck = 1;

static unsigned next(unsigned n)
{
	luck = luck * 1103515245u + 12345u;
	return (luck >> 8) % n;
}

/* ---- one of each kind, all fields different ---- */

enum kind { MESSAGE, CALL, EPISODE, ORDER, REPLY, OUTLINE, SCALARS, KINDS };

struct any {
	struct lh_message_row message;
	struct lh_call_row call;
	struct lh_episode_row episode;
	struct lh_order order; int64_t offset;
	struct lh_reply reply;
	struct lh_outline outline;
	int64_t i; double r; bool b; struct lh_str s; char *text, *none;
};

static void any_init(struct any *a)
{
	*a = (struct any){ .none = NULL };
	lh_reply_init(&a->reply);
}

static void any_fini(struct any *a)
{
	lh_reply_fini(&a->reply);
	lh_outline_fini(&a->outline);
	free(a->text);
	free(a->none);
}

/* Packs or fills. */
static void cross(struct lh_parcel *p, enum kind k, struct any *a)
{
	switch (k) {
	case MESSAGE: lh_parcel_message(p, &a->message); break;
	case CALL: lh_parcel_call(p, &a->call); break;
	case EPISODE: lh_parcel_episode(p, &a->episode); break;
	case ORDER: lh_parcel_order(p, &a->order, &a->offset); break;
	case REPLY: lh_parcel_reply(p, &a->reply); break;
	case OUTLINE: lh_parcel_outline(p, &a->outline); break;
	case SCALARS:
		lh_parcel_int(p, &a->i), lh_parcel_real(p, &a->r), lh_parcel_bool(p, &a->b), lh_parcel_str(p, &a->s);
		lh_parcel_text(p, &a->text), lh_parcel_text(p, &a->none);
		break;
	case KINDS: break;
	}
}

static struct lh_call_row a_call(void)
{
	return (struct lh_call_row){ .episode = 1, .turn = 2, .seq = 3, .purpose = LH_STR("check"), .view = LH_STR("19:0-18~2,m19"), .view_hash = UINT64_MAX - 4,
		.options = LH_STR("{\"temperature\":0.5}"), .reply = -1, .error = LH_STR("failed"), .error_text = LH_STR("HTTP 500: \0 and more"), .finish = LH_STR("stop"),
		.tokens_in = 11, .tokens_cached = 12, .tokens_out = 13, .tokens_reasoning = 14, .counted = true, .latency_us = INT64_MAX, .cost_microusd = INT64_MIN,
		.attempts = 8, .thoughts_kept = 15, .thoughts_dropped = 16, .served_by = LH_STR("m-2"), .request_id = LH_STR("req"), .exposure_update = 0.1,
		.exposure_state = 0.2, .exposure_unusable = 0.3, .reusable_prefix = 0.4, .accepted = true, .outcome = LH_STR("slips"), .unshown = true,
		.shown = LH_STR("1"), .followed = LH_STR(""), .answered = LH_STR("3"), .truth = LH_STR("4"), .has_shown = true, .has_answered = true };
}

static void a_reply(struct lh_reply *r)
{
	lh_buf_puts(&r->error_text, "not so fast");
	lh_buf_put(&r->text, "a\0b<answer>3</answer>", 21);
	lh_buf_puts(&r->thoughts, "hm");
	lh_buf_puts(&r->blob, "[{}]");
	r->error = LH_E_FAILED;
	r->finish = LH_FINISH_LENGTH;
	r->tokens_in = 1, r->tokens_cached = 2, r->tokens_out = 3, r->tokens_reasoning = 4;
	r->counted = r->priced = true;
	r->latency_us = 5, r->cost_microusd = 6, r->attempts = 7;
	strcpy(r->served_by, "m-2");
	strcpy(r->request_id, "req");
}

static void an_outline(struct lh_outline *o)
{
	char **texts[3] = { &o->config, &o->sources, &o->notes };
	for (int i = 0; i < 3; i++)
		*texts[i] = lh_str_dup(i < 2 ? LH_STR("{\"a\":1}") : LH_STR(""));
	o->samples = 1ull << 63;
	o->first_sample = 7;
	o->cells = 1e9;
	strcpy(o->config_sha256, "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef");
	o->conditions = 2;
	o->condition = calloc(3, sizeof *o->condition);
	for (int i = 0; i < 2; i++) {
		struct lh_outline_condition *c = &o->condition[i];
		char **names[] = { &c->task, &c->task_params, &c->model, &c->model_options, &c->policy, &c->policy_options, &c->history,
			&c->task_label, &c->model_label, &c->policy_label };
		for (int k = 0; k < 10; k++)
			*names[k] = k == 9 - i ? NULL : lh_str_dup(LH_STR("name"));
		c->live = !i, c->oracle = i;
		c->model_index = i, c->steps_per_turn = 2 + i, c->turns = 100 + i;
	}
}

static void any_fill(struct any *a)
{
	any_init(a);
	a->message = (struct lh_message_row){ 1, 2, -1, 4, LH_STR("assistant"), LH_STR("text\0text"), LH_STR("hm"), LH_STR(""), LH_STR("[{}]"), LH_STR("model"), LH_STR("why") };
	a->call = a_call();
	a->episode = (struct lh_episode_row){ 1, 2, 3, INT64_MAX, 6, LH_STR("plugin_crash"), LH_STR("it crashed"), LH_STR("{\"x\":1}"), 7, 0.99 };
	a->order = (struct lh_order){ .slot = UINT32_MAX - 1, .model = 3, .message = 4, .row = a_call(), .body = { "never read", 1u << 30 }, .open = LH_STR("{}"), .tokens = 6 };
	a->offset = (int64_t)1 << 40;
	a_reply(&a->reply);
	an_outline(&a->outline);
	a->i = INT64_MIN, a->r = -0.0, a->b = true, a->s = LH_STR("s"), a->text = lh_str_dup(LH_STR("t"));
}

static void pack(enum kind k, struct any *a, struct lh_buf *out)
{
	struct lh_parcel p = { .out = out };
	lh_buf_clear(out);
	cross(&p, k, a);
	CHECK(lh_parcel_ok(&p));
}

/* ---- there and back ---- */

static void test_round_trips(void)
{
	struct lh_buf once, twice;
	lh_buf_init(&once, PLENTY);
	lh_buf_init(&twice, PLENTY);
	for (enum kind k = 0; k < KINDS; k++) {
		struct any from, to;
		any_fill(&from);
		any_init(&to);
		pack(k, &from, &once);
		struct lh_parcel p = { .in = lh_buf_str(&once) };
		cross(&p, k, &to);
		CHECK(lh_parcel_ok(&p));
		pack(k, &to, &twice);
		CHECK(once.n > 0 && lh_str_equal(lh_buf_str(&once), lh_buf_str(&twice)));
		any_fini(&from);
		any_fini(&to);
	}
	lh_buf_fini(&once);
	lh_buf_fini(&twice);
}

/* Fields one by one, where a mistake in both ways would not be seen above. */
static void test_fields(void)
{
	struct lh_buf b;
	lh_buf_init(&b, PLENTY);
	struct any from, to;
	any_fill(&from);
	any_init(&to);
	pack(CALL, &from, &b);
	struct lh_parcel p = { .in = lh_buf_str(&b) };
	cross(&p, CALL, &to);
	CHECK_INT(to.call.reply, -1);
	CHECK(to.call.view_hash == UINT64_MAX - 4 && to.call.latency_us == INT64_MAX && to.call.cost_microusd == INT64_MIN);
	CHECK(to.call.error_text.n == 20 && !memcmp(to.call.error_text.p, "HTTP 500: \0 and more", 20));
	CHECK(to.call.has_shown && !to.call.has_followed && to.call.has_answered && to.call.exposure_unusable == 0.3);
	CHECK(lh_str_is(to.call.truth, "4") && lh_str_is(to.call.outcome, "slips"));
	pack(ORDER, &from, &b);
	p = (struct lh_parcel){ .in = lh_buf_str(&b) };
	cross(&p, ORDER, &to);
	CHECK(to.order.slot == UINT32_MAX - 1 && !to.order.body.p && to.order.body.n == 1u << 30 && to.offset == (int64_t)1 << 40);
	pack(REPLY, &from, &b);
	p = (struct lh_parcel){ .in = lh_buf_str(&b) };
	cross(&p, REPLY, &to);
	CHECK(to.reply.error == LH_E_FAILED && to.reply.finish == LH_FINISH_LENGTH && to.reply.text.n == 21 && to.reply.priced);
	CHECK_TEXT(to.reply.request_id, "req");
	any_fini(&from);
	any_fini(&to);
	lh_buf_fini(&b);
}

/* ---- what is damaged ---- */

/* Takes n bytes apart that lie in memory of just that size, and reads all that they gave. */
static bool take_apart(enum kind k, const char *bytes, size_t n)
{
	struct any a;
	struct lh_buf again;
	char *exact = malloc(n ? n : 1);
	memcpy(exact, bytes, n);
	any_init(&a);
	lh_buf_init(&again, PLENTY);
	struct lh_parcel p = { .in = { exact, n } };
	cross(&p, k, &a);
	bool ok = lh_parcel_ok(&p);
	CHECK(strlen(a.reply.served_by) < sizeof a.reply.served_by && strlen(a.reply.request_id) < sizeof a.reply.request_id);
	cross(&(struct lh_parcel){ .out = &again }, k, &a);
	lh_buf_fini(&again);
	any_fini(&a);
	free(exact);
	return ok;
}

static void test_truncated(void)
{
	struct lh_buf b;
	lh_buf_init(&b, PLENTY);
	for (enum kind k = 0; k < KINDS; k++) {
		struct any a;
		any_fill(&a);
		pack(k, &a, &b);
		for (size_t n = 0; n < b.n; n++)
			CHECK(!take_apart(k, b.p, n));
		CHECK(take_apart(k, b.p, b.n));
		lh_buf_putc(&b, 'x');
		CHECK(!take_apart(k, b.p, b.n));         /* something behind it */
		any_fini(&a);
	}
	lh_buf_fini(&b);
}

static void test_flipped(void)
{
	struct lh_buf b;
	lh_buf_init(&b, PLENTY);
	for (enum kind k = 0; k < KINDS; k++) {
		struct any a;
		any_fill(&a);
		pack(k, &a, &b);
		for (size_t bit = 0; bit < 8 * b.n; bit++) {
			b.p[bit / 8] ^= (char)(1 << bit % 8);
			take_apart(k, b.p, b.n);
			b.p[bit / 8] ^= (char)(1 << bit % 8);
		}
		for (int i = 0; i < 2000; i++) {         /* several at once, and a length that is none */
			size_t at = next((unsigned)b.n);
			char was = b.p[at];
			b.p[at] = (char)next(256);
			take_apart(k, b.p, 1 + next((unsigned)b.n));
			b.p[at] = i % 3 ? was : b.p[at];
		}
		any_fini(&a);
	}
	lh_buf_fini(&b);
}

/* Names that do not end where they should. */
static void test_endless_names(void)
{
	struct lh_buf b;
	struct any a;
	lh_buf_init(&b, PLENTY);
	any_fill(&a);
	memset(a.reply.served_by, 'x', sizeof a.reply.served_by);
	memset(a.reply.request_id, 'x', sizeof a.reply.request_id);
	pack(REPLY, &a, &b);
	take_apart(REPLY, b.p, b.n);
	any_fini(&a);
	any_fill(&a);
	memset(a.outline.config_sha256, 'x', sizeof a.outline.config_sha256);
	pack(OUTLINE, &a, &b);
	struct any to;
	any_init(&to);
	struct lh_parcel p = { .in = lh_buf_str(&b) };
	cross(&p, OUTLINE, &to);
	CHECK_INT(strlen(to.outline.config_sha256), 64);
	any_fini(&a);
	any_fini(&to);
	lh_buf_fini(&b);
}

static void test_impossible_numbers(void)
{
	static const int64_t slots[] = { -1, (int64_t)UINT32_MAX + 1, INT64_MIN, INT64_MAX };
	struct lh_buf b;
	lh_buf_init(&b, PLENTY);
	struct any a;
	any_fill(&a);
	for (size_t i = 0; i < sizeof slots / sizeof *slots; i++) {
		pack(ORDER, &a, &b);
		memcpy(b.p, &slots[i], 8);
		CHECK(!take_apart(ORDER, b.p, b.n));
	}
	a.offset = -1;
	lh_buf_clear(&b);
	struct lh_parcel p = { .out = &b };
	lh_parcel_order(&p, &a.order, &a.offset);
	CHECK(!take_apart(ORDER, b.p, b.n));
	any_fini(&a);
	lh_buf_fini(&b);
}

/* ---- frames ---- */

static void put_frame(struct lh_buf *b, enum lh_frame kind, struct lh_str text)
{
	struct lh_parcel p = { .out = b };
	size_t at = lh_frame_begin(b, kind);
	lh_parcel_str(&p, &text);
	lh_frame_end(b, at);
}

static void test_frames(void)
{
	struct lh_buf b;
	lh_buf_init(&b, PLENTY);
	put_frame(&b, LH_FRAME_OPEN, LH_STR("one"));
	size_t first = b.n;
	put_frame(&b, LH_FRAME_FAULT, LH_STR(""));
	for (size_t n = 0; n <= b.n; n++) {              /* as much as has come */
		char *exact = malloc(n ? n : 1);
		memcpy(exact, b.p, n);
		enum lh_frame kind = 0;
		struct lh_parcel p;
		struct lh_str s;
		bool bad = false;
		size_t at = 0;
		int got = 0;
		while (lh_frame_next((struct lh_str){ exact, n }, &at, &kind, &p, &bad)) {
			lh_parcel_str(&p, &s);
			CHECK(lh_parcel_ok(&p) && s.n == (got ? 0 : 3));
			CHECK_INT(kind, got ? LH_FRAME_FAULT : LH_FRAME_OPEN);
			got++;
		}
		CHECK(!bad);
		CHECK_INT(got, n == b.n ? 2 : n >= first);
		CHECK_INT(at, n == b.n ? b.n : n >= first ? first : 0);
		free(exact);
	}
	lh_buf_fini(&b);
}

static void test_no_frames(void)
{
	static const struct { uint32_t size, kind; bool bad; } cases[] = {
		{ 4, 0, true }, { 4, LH_FRAME_FAULT + 1, true }, { 4, UINT32_MAX, true }, { LH_FRAME_MAX + 1u, LH_FRAME_OPEN, true }, { UINT32_MAX, LH_FRAME_OPEN, true },
		{ LH_FRAME_MAX, LH_FRAME_OPEN, false }, { 5, LH_FRAME_OPEN, false } };
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		uint32_t words[3] = { cases[i].size, cases[i].kind, 0 };
		enum lh_frame kind;
		struct lh_parcel p;
		bool bad = false;
		size_t at = 0;
		CHECK(!lh_frame_next((struct lh_str){ (const char *)words, sizeof words }, &at, &kind, &p, &bad));
		CHECK_INT(bad, cases[i].bad);
		CHECK_INT(at, 0);
	}
}

int main(void)
{
	test_round_trips();
	test_fields();
	test_truncated();
	test_flipped();
	test_endless_names();
	test_impossible_numbers();
	test_frames();
	test_no_frames();
	return check_done();
}
