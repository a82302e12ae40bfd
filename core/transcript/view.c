#include "transcript/view.h"

#include <stdlib.h>
#include <string.h>

void lh_view_init(struct lh_view *v)
{
	v->piece = v->few;
	v->n = 0;
	v->cap = LH_VIEW_INLINE;
	v->edits = 0;
}

void lh_view_fini(struct lh_view *v)
{
	if (v->piece != v->few)
		free(v->piece);
	lh_view_init(v);
}

static int room(struct lh_view *v, uint32_t n, struct lh_error *err)
{
	if (n > LH_VIEW_MAX + LH_VIEW_TOOLS)
		return lh_fail(err, LH_E_LIMIT, "a view of more than %d pieces", LH_VIEW_MAX + LH_VIEW_TOOLS);
	if (n <= v->cap)
		return 0;
	uint32_t cap = v->cap * 2 > n ? v->cap * 2 : n;
	struct lh_piece *p = malloc(cap * sizeof *p);
	if (!p)
		return lh_nomem(err);
	memcpy(p, v->piece, v->n * sizeof *p);
	if (v->piece != v->few)
		free(v->piece);
	v->piece = p;
	v->cap = cap;
	return 0;
}

static int put_at(struct lh_view *v, uint32_t i, struct lh_piece piece, struct lh_error *err)
{
	if (v->n >= LH_VIEW_MAX)
		return lh_fail(err, LH_E_POLICY, "a view of more than %d pieces: edit the record (history:remove) instead of dropping turn by turn", LH_VIEW_MAX);
	int rc = room(v, v->n + 1, err);
	if (rc)
		return rc;
	memmove(v->piece + i + 1, v->piece + i, (v->n - i) * sizeof *v->piece);
	v->piece[i] = piece;
	v->n++;
	return 0;
}

static void take_out(struct lh_view *v, uint32_t i, uint32_t j)      /* pieces [i, j) */
{
	memmove(v->piece + i, v->piece + j, (v->n - j) * sizeof *v->piece);
	v->n -= j - i;
}

int lh_view_all(struct lh_view *v, const struct lh_transcript *t, struct lh_error *err)
{
	v->n = 0;
	v->edits = lh_transcript_edits(t);
	return put_at(v, 0, (struct lh_piece){ .from = 0, .to = lh_transcript_length(t) }, err);
}

int lh_view_copy(struct lh_view *to, const struct lh_view *from, struct lh_error *err)
{
	int rc = room(to, from->n, err);
	if (rc)
		return rc;
	memcpy(to->piece, from->piece, from->n * sizeof *from->piece);
	to->n = from->n;
	to->edits = from->edits;
	return 0;
}

/* Makes a piece boundary at record index `at`: no range piece spans it. */
static int cut(struct lh_view *v, uint32_t at, struct lh_error *err)
{
	for (uint32_t i = 0; i < v->n; i++) {
		struct lh_piece *p = &v->piece[i];
		if (p->own || at <= p->from || at >= p->to)
			continue;
		struct lh_piece tail = *p;
		tail.from = at;
		int rc = put_at(v, i + 1, tail, err);
		if (rc)
			return rc;
		v->piece[i].to = at;
	}
	return 0;
}

/* Takes record range [from, to) out of the view; *where: the place it was (or would be). */
static int take_range(struct lh_view *v, uint32_t from, uint32_t to, uint32_t *where, struct lh_error *err)
{
	*where = v->n;
	if (from >= to)
		return 0;
	int rc = cut(v, from, err);
	if (!rc)
		rc = cut(v, to, err);
	if (rc)
		return rc;
	bool found = false;
	for (uint32_t i = 0; i < v->n;) {
		const struct lh_piece *p = &v->piece[i];
		if (!p->own && !found && p->from >= to) {
			*where = i;
			found = true;
		}
		if (p->own || p->from < from || p->to > to) {
			i++;
			continue;
		}
		if (!found)
			*where = i;
		found = true;
		take_out(v, i, i + 1);
	}
	return 0;
}

/* Record range of finished turns [from, to]. */
static void turn_range(const struct lh_transcript *t, uint32_t from, uint32_t to, uint32_t *a, uint32_t *b)
{
	uint32_t finished = lh_transcript_turn(t) - (lh_transcript_waiting(t) ? 1 : 0);
	if (from < 1)
		from = 1;
	if (to > finished)
		to = finished;
	if (from > to) {
		*a = *b = lh_transcript_length(t);
		return;
	}
	*a = lh_transcript_turn_at(t, from);
	*b = lh_transcript_turn_at(t, to + 1);
}

int lh_view_drop(struct lh_view *v, const struct lh_transcript *t, uint32_t from, uint32_t to, struct lh_error *err)
{
	uint32_t a, b, where;
	turn_range(t, from, to, &a, &b);
	return take_range(v, a, b, &where, err);
}

int lh_view_keep(struct lh_view *v, const struct lh_transcript *t, uint32_t first, uint32_t last, struct lh_error *err)
{
	uint32_t finished = lh_transcript_turn(t) - (lh_transcript_waiting(t) ? 1 : 0);
	if (first >= finished || last >= finished - first)
		return 0;
	return lh_view_drop(v, t, first + 1, finished - last, err);
}

int lh_view_drop_instructions(struct lh_view *v, struct lh_error *err)
{
	uint32_t where;
	return take_range(v, 0, 1, &where, err);
}

int lh_view_vary(struct lh_view *v, const struct lh_transcript *t, unsigned variant, uint32_t keep_last, struct lh_error *err)
{
	uint32_t finished = lh_transcript_turn(t) - (lh_transcript_waiting(t) ? 1 : 0);
	if (keep_last >= finished)
		return 0;
	uint32_t end = lh_transcript_turn_at(t, finished - keep_last + 1);
	int rc = cut(v, end, err);
	if (rc)
		return rc;
	for (uint32_t i = 0; i < v->n; i++)
		if (!v->piece[i].own && v->piece[i].to <= end)
			v->piece[i].variant |= (uint16_t)variant;
	return 0;
}

int lh_view_clear(struct lh_view *v, uint32_t before, bool inputs, uint32_t placeholder, uint32_t spared, struct lh_error *err)
{
	int rc = cut(v, before, err);
	if (rc)
		return rc;
	for (uint32_t i = 0; i < v->n; i++) {
		struct lh_piece *p = &v->piece[i];
		if (p->own || p->to > before)
			continue;
		if ((p->variant & LH_CLEARED) && (p->placeholder != placeholder || p->spared != spared))
			return lh_fail(err, LH_E_POLICY, "results of this view are cleared already, with another placeholder or other exceptions: begin with history:view()");
		p->variant |= (uint16_t)(LH_RESULTS_CLEARED | (inputs ? LH_INPUTS_CLEARED : 0));
		p->placeholder = placeholder;
		p->spared = spared;
	}
	return 0;
}

/* ---- positions ---- */

static bool hides(const struct lh_piece *p) { return p->variant & (LH_NO_ASSISTANT | LH_ANSWER_ONLY); }

/* Messages of [from, to) that the piece leaves out. */
static uint32_t hidden_in(const struct lh_piece *p, const struct lh_transcript *t, uint32_t from, uint32_t to)
{
	const struct lh_sums *a = lh_transcript_sums(t, from), *b = lh_transcript_sums(t, to);
	uint32_t loop = hides(p) ? b->loop - a->loop : 0;
	return p->variant & LH_NO_ASSISTANT ? loop + b->replies - a->replies : loop;
}

static uint32_t piece_length(const struct lh_piece *p, const struct lh_transcript *t)
{
	if (p->own)
		return 1;
	return p->to - p->from - hidden_in(p, t, p->from, p->to);
}

uint32_t lh_view_length(const struct lh_view *v, const struct lh_transcript *t)
{
	uint32_t n = 0;
	for (uint32_t i = 0; i < v->n; i++)
		n += piece_length(&v->piece[i], t);
	return n;
}

/* Record index of message number n (from 0) of a range that leaves some out: binary search. */
static uint32_t nth_shown(const struct lh_piece *p, const struct lh_transcript *t, uint32_t n)
{
	uint32_t lo = p->from, hi = p->to;
	while (lo < hi) {                        /* least index with n + 1 shown up to and with it */
		uint32_t mid = lo + (hi - lo) / 2;
		uint32_t shown = mid + 1 - p->from - hidden_in(p, t, p->from, mid + 1);
		if (shown < n + 1)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/* Piece and record index of a position. */
static int locate(const struct lh_view *v, const struct lh_transcript *t, uint32_t position, uint32_t *piece, uint32_t *index, struct lh_error *err)
{
	uint32_t left = position - 1;
	for (uint32_t i = 0; position && i < v->n; i++) {
		uint32_t n = piece_length(&v->piece[i], t);
		if (left < n) {
			*piece = i;
			*index = v->piece[i].own ? 0 : hides(&v->piece[i]) ? nth_shown(&v->piece[i], t, left) : v->piece[i].from + left;
			return 0;
		}
		left -= n;
	}
	return lh_fail(err, LH_E_POLICY, "there is no message %u in this view: it has %u", position, lh_view_length(v, t));
}

int lh_view_role(const struct lh_view *v, const struct lh_transcript *t, uint32_t position, enum lh_role *role, struct lh_error *err)
{
	uint32_t piece, index;
	int rc = locate(v, t, position, &piece, &index, err);
	if (!rc)
		*role = lh_transcript_message(t, v->piece[piece].own ? v->piece[piece].from : lh_transcript_id(t, index))->role;
	return rc;
}

static struct lh_piece own_piece(uint32_t id)
{
	return (struct lh_piece){ .from = id, .own = true };
}

int lh_view_append(struct lh_view *v, uint32_t own, struct lh_error *err)
{
	return put_at(v, v->n, own_piece(own), err);
}

int lh_view_follow(struct lh_view *v, const struct lh_transcript *t, uint32_t from, struct lh_error *err)
{
	struct lh_piece *last = v->n ? &v->piece[v->n - 1] : NULL;
	uint32_t to = lh_transcript_length(t);
	if (from == to)
		return 0;
	if (last && !last->own && !last->variant && last->to == from) {
		last->to = to;
		return 0;
	}
	return put_at(v, v->n, (struct lh_piece){ .from = from, .to = to }, err);
}

int lh_view_add_piece(struct lh_view *v, struct lh_piece piece, struct lh_error *err)
{
	int rc = room(v, v->n + 1, err);
	if (!rc)
		v->piece[v->n++] = piece;
	return rc;
}

int lh_view_append_tool(struct lh_view *v, uint32_t id, struct lh_error *err)
{
	return lh_view_add_piece(v, own_piece(id), err);
}

int lh_view_insert(struct lh_view *v, const struct lh_transcript *t, uint32_t position, uint32_t own, struct lh_error *err)
{
	if (position == lh_view_length(v, t) + 1)
		return lh_view_append(v, own, err);
	uint32_t piece, index;
	int rc = locate(v, t, position, &piece, &index, err);
	if (!rc && !v->piece[piece].own && index > v->piece[piece].from) {
		rc = cut(v, index, err);
		piece++;
	}
	return rc ? rc : put_at(v, piece, own_piece(own), err);
}

int lh_view_set(struct lh_view *v, const struct lh_transcript *t, uint32_t position, uint32_t own, struct lh_error *err)
{
	uint32_t piece, index, where;
	int rc = locate(v, t, position, &piece, &index, err);
	if (rc)
		return rc;
	if (v->piece[piece].own) {
		v->piece[piece] = own_piece(own);
		return 0;
	}
	bool first = index == v->piece[piece].from;
	rc = take_range(v, index, index + 1, &where, err);
	return rc ? rc : put_at(v, first ? piece : piece + 1, own_piece(own), err);
}

int lh_view_replace(struct lh_view *v, const struct lh_transcript *t, uint32_t from, uint32_t to, uint32_t own, struct lh_error *err)
{
	uint32_t a, b, where;
	turn_range(t, from, to, &a, &b);
	if (a == b)
		return lh_fail(err, LH_E_POLICY, "replace(%u, %u): no finished turn lies in that range", from, to);
	int rc = take_range(v, a, b, &where, err);
	return rc ? rc : put_at(v, where, own_piece(own), err);
}

int lh_view_insert_before_prompt(struct lh_view *v, const struct lh_transcript *t, uint32_t own, struct lh_error *err)
{
	uint32_t prompt = lh_transcript_waiting(t) ? lh_transcript_prompt_at(t) : lh_transcript_length(t) - 1;
	int rc = cut(v, prompt, err);
	if (rc)
		return rc;
	for (uint32_t i = 0; i < v->n; i++)
		if (!v->piece[i].own && v->piece[i].from == prompt)
			return put_at(v, i, own_piece(own), err);
	return lh_view_append(v, own, err);
}
