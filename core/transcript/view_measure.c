/* What a view amounts to: size, exposure, the state shown, hash, reusable prefix. */
#include "transcript/view.h"

#include <assert.h>
#include <string.h>

static const struct lh_sums *sums(const struct lh_transcript *t, uint32_t i) { return lh_transcript_sums(t, i); }
static int kind_of(const struct lh_piece *p) { return lh_kind(p->variant); }
static bool hides(const struct lh_piece *p) { return p->variant & LH_NO_ASSISTANT; }
static bool hides_loop(const struct lh_piece *p) { return p->variant & (LH_NO_ASSISTANT | LH_ANSWER_ONLY); }

/* Bytes of [from, to) when its results are cleared, less those when they are not. */
static int64_t clearing(const struct lh_piece *p, const struct lh_transcript *t, uint32_t from, uint32_t to)
{
	struct lh_cleared c;
	struct lh_str placeholder = lh_transcript_text(t, p->placeholder);
	lh_transcript_cleared(t, p->spared, from, to, &c);
	bool counts = memmem(placeholder.p, placeholder.n, "{lines}", 7);
	uint64_t placeholders = c.results * (placeholder.n - (counts ? 7 : 0)) + (counts ? c.line_digits : 0);
	return (int64_t)placeholders - (int64_t)c.result_bytes - (int64_t)(p->variant & LH_INPUTS_CLEARED ? c.input_bytes : 0);
}

/* Of record [from, to) as the piece shows it. */
static uint64_t bytes_in(const struct lh_piece *p, const struct lh_transcript *t, uint32_t from, uint32_t to)
{
	uint64_t all = sums(t, to)->bytes[kind_of(p)] - sums(t, from)->bytes[kind_of(p)];
	return (p->variant & LH_CLEARED) && !hides_loop(p) ? (uint64_t)((int64_t)all + clearing(p, t, from, to)) : all;
}

static uint64_t bytes_of(const struct lh_piece *p, const struct lh_transcript *t)
{
	if (p->own) {
		const struct lh_message *m = lh_transcript_message(t, p->from);
		return m->text.n + (m->role == LH_ASSISTANT && m->calls.n ? m->calls.n + m->thoughts.n : 0);
	}
	return bytes_in(p, t, p->from, p->to);
}

static uint64_t messages_of(const struct lh_piece *p, const struct lh_transcript *t)
{
	if (p->own)
		return 1;
	uint32_t loop = hides_loop(p) ? sums(t, p->to)->loop - sums(t, p->from)->loop : 0;
	return p->to - p->from - loop - (hides(p) ? sums(t, p->to)->replies - sums(t, p->from)->replies : 0);
}

void lh_view_measure(const struct lh_view *v, const struct lh_transcript *t, struct lh_view_size *out)
{
	*out = (struct lh_view_size){ 0 };
	uint32_t last = lh_transcript_waiting(t) ? lh_transcript_prompt_at(t) : lh_transcript_length(t) - 1;
	uint64_t fixed = 0, fixed_messages = 0;
	for (uint32_t i = 0; i < v->n; i++) {
		const struct lh_piece *p = &v->piece[i];
		out->bytes += bytes_of(p, t);
		out->messages += messages_of(p, t);
		for (int end = 0; !p->own && end < 2; end++) {       /* instructions, current prompt */
			uint32_t at = end ? last : 0;
			if ((end && !lh_transcript_waiting(t)) || at < p->from || at >= p->to || (end && last == 0))
				continue;
			fixed += sums(t, at + 1)->bytes[0] - sums(t, at)->bytes[0];
			fixed_messages++;
		}
	}
	out->tokens = lh_tokens(out->bytes, out->messages);
	out->history_tokens = lh_tokens(out->bytes - fixed, out->messages - fixed_messages);
}

struct tally { uint32_t replies, usable, state_wrong, classified, update_wrong; };

static void tally_range(const struct lh_piece *p, const struct lh_transcript *t, bool joined, struct tally *n)
{
	const struct lh_sums *a = sums(t, p->from), *b = sums(t, p->to);
	n->replies += b->replies - a->replies;
	n->usable += b->usable - a->usable;
	n->state_wrong += b->state_wrong - a->state_wrong;
	n->classified += b->classified - a->classified;
	n->update_wrong += b->update_wrong - a->update_wrong;
	if (joined || b->usable == a->usable)
		return;
	/* The first usable answer's predecessor is not in view: it is not classified. */
	uint32_t first = lh_transcript_usable_at(t, a->usable);
	n->classified -= sums(t, first + 1)->classified - sums(t, first)->classified;
	n->update_wrong -= sums(t, first + 1)->update_wrong - sums(t, first)->update_wrong;
}

static void tally_own(const struct lh_piece *p, const struct lh_transcript *t, struct tally *n)
{
	const struct lh_message *m = lh_transcript_message(t, p->from);
	if (m->role != LH_ASSISTANT || m->calls.n)
		return;
	n->replies++;
	n->usable += m->has_state;
}

void lh_view_exposure(const struct lh_view *v, const struct lh_transcript *t, struct lh_exposure *out)
{
	struct tally n = { 0 };
	uint32_t end = UINT32_MAX;               /* where the last range that shows replies ended */
	bool joined = false;                     /* the unbroken run up to there holds a usable answer */
	for (uint32_t i = 0; i < v->n; i++) {
		const struct lh_piece *p = &v->piece[i];
		if (p->own) {
			tally_own(p, t, &n);
			joined = joined && !lh_transcript_message(t, p->from)->has_state;
			continue;
		}
		if (!hides(p)) {
			joined = joined && p->from == end;
			tally_range(p, t, joined, &n);
			joined = joined || sums(t, p->to)->usable > sums(t, p->from)->usable;
			end = p->to;
		}
	}
	out->visible = n.replies;
	out->wrong_updates = n.update_wrong;
	out->update = n.classified ? (double)n.update_wrong / n.classified : 0;
	out->state = n.usable ? (double)n.state_wrong / n.usable : 0;
	out->unusable = n.replies ? (double)(n.replies - n.usable) / n.replies : 0;
}

/* Record index of the last message of a range that shows a state, or UINT32_MAX. */
static uint32_t last_state(const struct lh_piece *p, const struct lh_transcript *t)
{
	const struct lh_sums *a = sums(t, p->from), *b = sums(t, p->to);
	bool answered = !hides(p) && b->usable > a->usable;
	uint32_t answer = answered ? lh_transcript_usable_at(t, b->usable - 1) : 0;
	if (b->restated > a->restated && lh_transcript_restated_at(t, b->restated - 1) > answer)
		return lh_transcript_restated_at(t, b->restated - 1);
	return answered ? answer : UINT32_MAX;
}

void lh_view_shown(const struct lh_view *v, const struct lh_transcript *t, struct lh_str *shown, bool *unshown)
{
	*unshown = false;
	for (uint32_t i = v->n; i-- > 0;) {
		const struct lh_piece *p = &v->piece[i];
		uint32_t id;
		if (p->own) {
			if (!lh_transcript_message(t, p->from)->has_state)
				continue;
			id = p->from;
		} else {
			uint32_t at = last_state(p, t);
			if (at == UINT32_MAX)
				continue;
			id = lh_transcript_id(t, at);
		}
		*shown = lh_transcript_state(t, id);
		return;
	}
	const struct lh_sums *all = sums(t, lh_transcript_length(t));
	*unshown = all->usable + all->restated > 0;
	*shown = lh_transcript_truth(t, 0);
}

uint64_t lh_view_hash(const struct lh_view *v, const struct lh_transcript *t)
{
	uint64_t h = 0;
	for (uint32_t i = 0; i < v->n; i++) {
		const struct lh_piece *p = &v->piece[i];
		h = lh_random_mix(h, p->own ? lh_transcript_message(t, p->from)->hash : sums(t, p->to)->hash - sums(t, p->from)->hash);
		h = lh_random_mix(h, p->own ? 1 : (uint64_t)kind_of(p) << 1);
		if (p->variant & LH_CLEARED)
			h = lh_random_mix(lh_random_mix(h, p->variant), lh_random_mix(lh_transcript_message(t, p->placeholder)->hash, p->spared));
	}
	return h;
}

/* ---- reusable prefix ---- */

/* One side of the comparison: a place in a view. */
struct place { const struct lh_view *v; uint32_t piece, at; };

static bool at_end(const struct place *p) { return p->piece >= p->v->n; }
static const struct lh_piece *here(const struct place *p) { return &p->v->piece[p->piece]; }

static void start_piece(struct place *p)
{
	if (!at_end(p))
		p->at = here(p)->own ? 0 : here(p)->from;
}

/* What parts two kinds, summed: grows with every message that differs. A reply that is left out differs
 * from one that is there, even from an empty one. */
static uint64_t gap(const struct lh_sums *s, int k, int l)
{
	int out = lh_kind(LH_NO_ASSISTANT), answers = lh_kind(LH_ANSWER_ONLY);
	if (k == out || l == out)
		return s->replies + s->loop;
	return s->bytes[k] - s->bytes[l] + (k == answers || l == answers ? s->loop : 0);
}

/* First record index in [a, b) whose message differs between two kinds, or b. One kind leaves out
 * what the other does and more, so their byte sums part there for good: a binary search finds it. */
static uint32_t first_unlike(const struct lh_transcript *t, uint32_t a, uint32_t b, int k, int l)
{
	if (k == l)
		return b;
	if (k + l == 3 && k && l) {              /* native or inline thoughts gone: compare both with both gone */
		uint32_t i = first_unlike(t, a, b, k, 3), j = first_unlike(t, a, b, l, 3);
		return i < j ? i : j;
	}
	uint64_t base = gap(sums(t, a), k, l);
	uint32_t lo = a, hi = b;
	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;
		if (gap(sums(t, mid + 1), k, l) == base)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/* First record index in [a, b) of a message that one piece clears and the other sends otherwise, or b. */
static uint32_t first_cleared(const struct lh_piece *p, const struct lh_piece *q, const struct lh_transcript *t, uint32_t a, uint32_t b)
{
	bool clears = (p->variant | q->variant) & LH_CLEARED;
	bool same = !((p->variant ^ q->variant) & LH_CLEARED) && p->placeholder == q->placeholder && p->spared == q->spared;
	if (!clears || same)
		return b;
	while (a < b && !lh_transcript_message(t, lh_transcript_id(t, a))->calls.n) {        /* what has no calls is sent alike: jump to the next that has */
		uint32_t lo = a, hi = b;
		while (lo < hi) {
			uint32_t mid = lo + (hi - lo) / 2;
			if (sums(t, mid + 1)->loop == sums(t, a)->loop)
				lo = mid + 1;
			else
				hi = mid;
		}
		a = lo;
	}
	bool reply = a < b && lh_transcript_message(t, lh_transcript_id(t, a))->role == LH_ASSISTANT;
	return reply && !((p->variant ^ q->variant) & LH_INPUTS_CLEARED) ? a + 1 : a;      /* its result is what differs */
}

/* Walks both over what they share from here; false when they part. The record from `touched` on is no
 * longer what y's view saw. */
static bool step(struct place *x, struct place *y, const struct lh_transcript *t, uint32_t touched, uint64_t *bytes)
{
	const struct lh_piece *p = here(x), *q = here(y);
	if (p->own || q->own) {
		if (!p->own || !q->own || p->from != q->from)
			return false;
		*bytes += bytes_of(p, t);
		x->piece++, y->piece++;
		start_piece(x), start_piece(y);
		return true;
	}
	if (x->at != y->at || x->at >= touched)
		return false;
	uint32_t end = p->to < q->to ? p->to : q->to;
	end = end < touched ? end : touched;
	uint32_t clear_end = first_cleared(p, q, t, x->at, end), same = first_unlike(t, x->at, clear_end, kind_of(p), kind_of(q));
	*bytes += bytes_in(p, t, x->at, same);
	x->at = y->at = same;
	if (same < end)
		return false;
	if (same == p->to)
		x->piece++, start_piece(x);
	if (same == q->to)
		y->piece++, start_piece(y);
	return true;
}

double lh_view_reusable(const struct lh_view *v, const struct lh_view *before, const struct lh_transcript *t)
{
	struct lh_view_size size;
	lh_view_measure(v, t, &size);
	if (!before || !size.bytes)
		return 0;
	struct place x = { v, 0, 0 }, y = { before, 0, 0 };
	uint32_t touched = lh_transcript_untouched(t, before->edits);
	uint64_t bytes = 0;
	start_piece(&x), start_piece(&y);
	while (!at_end(&x) && !at_end(&y) && step(&x, &y, t, touched, &bytes))
		;
	return (double)bytes / (double)size.bytes;
}

/* ---- rules and text ---- */

/* Role of the first message of the view besides the instructions, or of the last; -1: none. */
static int edge_role(const struct lh_view *v, const struct lh_transcript *t, bool last)
{
	for (uint32_t k = 0; k < v->n; k++) {
		const struct lh_piece *p = &v->piece[last ? v->n - 1 - k : k];
		if (p->own) {
			int role = lh_transcript_message(t, p->from)->role;
			if (role != LH_SYSTEM || last)
				return role;
			continue;
		}
		for (uint32_t j = 0; j < p->to - p->from; j++) {
			uint32_t index = last ? p->to - 1 - j : p->from + j;
			int role = lh_transcript_message(t, lh_transcript_id(t, index))->role;
			bool hidden = role == LH_TOOL || (role == LH_ASSISTANT && lh_transcript_message(t, lh_transcript_id(t, index))->calls.n) ? hides_loop(p) : role == LH_ASSISTANT && hides(p);
			if ((role != LH_SYSTEM || last) && !hidden)
				return role;
		}
	}
	return -1;
}

/* Calls and their results stand together: no piece begins within such a group, or is followed by anything else, unless
 * the two pieces are one run of the record. Messages outside the record are in groups of their own. */
static int check_groups(const struct lh_view *v, const struct lh_transcript *t, struct lh_error *err)
{
	for (uint32_t i = 0; i < v->n; i++) {
		const struct lh_piece *p = &v->piece[i], *before = i ? p - 1 : NULL;
		if (p->own || p->from == p->to || p->from == 0)
			continue;
		bool within = lh_transcript_message(t, lh_transcript_id(t, p->from))->role == LH_TOOL && !hides_loop(p);
		bool joined = before && !before->own && before->to == p->from && !hides_loop(before);
		if (within && !joined)
			return lh_fail(err, LH_E_POLICY, "in the view a tool's result stands without the call before it: a call and its results leave together");
		bool more = p->to < lh_transcript_length(t) && lh_transcript_message(t, lh_transcript_id(t, p->to))->role == LH_TOOL && !hides_loop(p);
		bool goes_on = i + 1 < v->n && !p[1].own && p[1].from == p->to && !hides_loop(&p[1]);
		if (more && !goes_on)
			return lh_fail(err, LH_E_POLICY, "in the view a call of a tool stands without its results: a call and its results leave together");
	}
	return 0;
}

int lh_view_valid(const struct lh_view *v, const struct lh_transcript *t, struct lh_error *err)
{
	int first = edge_role(v, t, false), last = edge_role(v, t, true);
	if (first < 0)
		return lh_fail(err, LH_E_POLICY, "the view is empty: nothing would be sent");
	if (first != LH_USER)
		return lh_fail(err, LH_E_POLICY, "after the instructions the view begins with a message of the %s: it must begin with the user", lh_role_name(first));
	if (last != LH_USER && last != LH_TOOL)
		return lh_fail(err, LH_E_POLICY, "the view ends with a message of the %s: it must end with the user or a tool's result", lh_role_name(last));
	return check_groups(v, t, err);
}

static void write_cleared(const struct lh_piece *p, const struct lh_transcript *t, struct lh_buf *out)
{
	int n;
	const struct lh_tool *tool = lh_sample_tools(lh_transcript_sample(t), &n);
	lh_buf_putc(out, '+');
	lh_buf_put_int(out, p->placeholder);
	for (int i = 0; i < n; i++)
		if (p->spared >> i & 1) {
			lh_buf_putc(out, '/');
			lh_buf_puts(out, tool[i].name);
		}
}

void lh_view_write(const struct lh_view *v, const struct lh_transcript *t, uint32_t existed, struct lh_buf *out)
{
	assert(v->edits == lh_transcript_edits(t));
	lh_buf_put_int(out, existed);
	for (uint32_t i = 0; i < v->n; i++) {
		const struct lh_piece *p = &v->piece[i];
		lh_buf_putc(out, i ? ',' : ':');
		if (p->own) {
			lh_buf_putc(out, 'm');
			lh_buf_put_int(out, p->from);
			continue;
		}
		lh_buf_put_int(out, lh_transcript_message(t, lh_transcript_id(t, p->from))->slot);
		lh_buf_putc(out, '-');
		lh_buf_put_int(out, lh_transcript_message(t, lh_transcript_id(t, p->to - 1))->slot);
		if (p->variant) {
			lh_buf_putc(out, '~');
			lh_buf_put_int(out, p->variant);
			if (p->variant & LH_CLEARED)
				write_cleared(p, t, out);
		}
	}
}
