/* What was sent at a call, from its view and the messages that there were: as the request's bytes, or message by message. */
#include "again/recall.h"

#include "model/model.h"
#include "transcript/body.h"
#include "transcript/calls.h"
#include "transcript/view_text.h"

#include <stdlib.h>
#include <string.h>

#define WORDS_MAX (1u << 30)

#define MADE ((int64_t)1 << 40)                  /* in a list of message ids: a made one, by slot */

/* ---- walking a view ---- */

/* The record as it was when `existed` messages had been made: slot → message id, -1: none or removed. Goes on from where it was. */
static int record_at(const struct lh_recall *r, int64_t existed, struct lh_recall_walk *w, struct lh_error *err)
{
	if (!w->slot) {
		w->slots = r->mades;
		for (size_t i = 0; i < r->messages; i++)
			if (r->message[i].slot >= (int64_t)w->slots && r->message[i].slot < (int64_t)r->messages)
				w->slots = (size_t)r->message[i].slot + 1;
		w->slot = malloc((w->slots + 1) * sizeof *w->slot);
		w->existed = INT64_MAX;
	}
	if (!w->slot)
		return lh_nomem(err);
	for (size_t i = 0; i < w->slots && existed < w->existed; i++)
		w->slot[i] = i < r->mades ? MADE + (int64_t)i : -1;
	size_t from = existed < w->existed ? 0 : (size_t)w->existed;
	for (size_t i = from; i < r->messages && (int64_t)i < existed; i++)
		if (r->message[i].slot >= 0 && r->message[i].slot < (int64_t)w->slots)
			w->slot[r->message[i].slot] = r->message[i].role == LH_REMOVED ? -1 : (int64_t)i;
	w->existed = existed;
	return 0;
}

/* Messages are written to `out`, or collected. without: what an earlier reply's thoughts were left out with; spared: "/NAME/NAME", tools left alone. */
struct encoding {
	const struct lh_recall *r;
	struct lh_buf *out, scratch;
	int open;
	struct lh_recall_part *part; size_t parts, part_cap;
	unsigned without;
	int64_t turn;
	struct lh_str placeholder, spared;
};

static bool is_spared(const struct encoding *e, const struct lh_recall_message *m)
{
	struct lh_calls calls;
	struct lh_tool_call call = { .name = LH_STR("") };
	if (!e->spared.n || lh_calls_open(&calls, m->calls, NULL))
		return false;
	lh_calls_next(&calls, &call);
	bool spared = lh_view_spares(e->spared, call.name);
	lh_calls_close(&calls);
	return spared;
}

static int collect(struct encoding *e, const struct lh_recall_message *m, unsigned variant, struct lh_error *err)
{
	bool left_out = ((variant & LH_NO_ASSISTANT) && (m->role == LH_ASSISTANT || m->role == LH_TOOL)) || ((variant & LH_ANSWER_ONLY) && m->calls.n);
	int rc = e->parts < e->part_cap ? 0 : lh_array_more(&e->part, &e->part_cap, e->parts + 1, sizeof *e->part, err);
	if (!rc)
		e->part[e->parts++] = (struct lh_recall_part){ m, variant, !left_out, e->placeholder };
	return rc;
}

static int put(struct encoding *e, int64_t id, unsigned variant, struct lh_error *err)
{
	bool made = id >= MADE;
	if (id < 0 || (!made && id >= (int64_t)e->r->messages))
		return lh_fail(err, LH_E_DAMAGED, "a view names message %lld, which is not there", (long long)id);
	const struct lh_recall_message *m = made ? &e->r->made[id - MADE] : &e->r->message[id];
	if ((variant & LH_CLEARED) && is_spared(e, m))
		variant &= ~(unsigned)LH_CLEARED;
	if (m->turn < e->turn)
		variant |= e->without;
	if (!e->out)
		return collect(e, m, variant, err);
	struct lh_wire_message wire = { (enum lh_role)m->role, { m->text, m->thoughts, m->blob, m->calls } };
	lh_dialect_put(e->r->dialect, e->out, &wire, variant, e->placeholder, &e->scratch, &e->open);
	return 0;
}

static int no_view(struct lh_error *err) { return lh_fail(err, LH_E_DAMAGED, "a view cannot be read"); }

static int put_piece(struct encoding *e, const struct lh_view_word *w, const int64_t *slot, size_t slots, struct lh_error *err)
{
	if (w->own)
		return put(e, w->from, 0, err);
	if (w->to >= (int64_t)slots || (w->variant & LH_CLEARED && w->placeholder >= (int64_t)e->r->messages))
		return no_view(err);
	if (w->variant & LH_CLEARED) {
		e->placeholder = e->r->message[w->placeholder].text;
		e->spared = w->spared;
	}
	for (int64_t i = w->from; i <= w->to; i++) {
		int rc = slot[i] < 0 ? 0 : put(e, slot[i], w->variant, err);
		if (rc)
			return rc;
	}
	return 0;
}

/* Reads the whole view of a call; what w holds is the caller's. */
static int walk(struct encoding *e, const struct lh_recall_call *call, struct lh_recall_walk *w, struct lh_error *err)
{
	struct lh_view_words words;
	struct lh_view_word one;
	bool more = false;
	int rc = lh_view_words_open(&words, call->view, err);
	if (!rc && words.p == words.end)
		rc = no_view(err);
	if (!rc)
		rc = record_at(e->r, words.existed, w, err);
	while (!rc && !(rc = lh_view_words_next(&words, &one, &more, err)) && more)
		rc = put_piece(e, &one, w->slot, w->slots, err);
	return rc;
}

static struct encoding encoding_of(const struct lh_recall *r, const struct lh_recall_call *call, struct lh_buf *out)
{
	struct encoding e = { .r = r, .out = out, .open = LH_LIST_EMPTY, .turn = call->turn };
	e.without = call->thoughts_dropped && !call->thoughts_kept ? LH_NO_NATIVE_THOUGHTS : 0;
	lh_buf_init(&e.scratch, WORDS_MAX);
	return e;
}

/* ---- as bytes ---- */

int lh_recall_request(const struct lh_recall *r, const struct lh_recall_call *call, struct lh_buf *out, struct lh_error *err)
{
	struct encoding e = encoding_of(r, call, out);
	struct lh_recall_walk w = { .slot = NULL };
	lh_buf_puts(out, r->dialect->head);
	int rc = walk(&e, call, &w, err);
	lh_dialect_close(r->dialect, out, e.open);
	lh_buf_puts(out, r->dialect->tail);
	lh_buf_fini(&e.scratch);
	lh_recall_walk_fini(&w);
	return rc ? rc : lh_buf_ok(out, err);
}

/* ---- message by message ---- */

static const struct lh_recall_message *in_slot(const struct lh_recall *r, int64_t id)
{
	return id < 0 ? NULL : id >= MADE ? &r->made[id - MADE] : &r->message[id];
}

static int add(struct encoding *e, const struct lh_recall_message *m, unsigned variant, bool sent, struct lh_error *err)
{
	int rc = collect(e, m, variant, err);
	if (!rc)
		e->part[e->parts - 1].sent = sent;
	return rc;
}

/* What was sent, in its order, and between it, where the record has them, the messages that were left out. */
static int merge(struct encoding *to, const struct encoding *sent, const int64_t *slot, size_t slots, struct lh_error *err)
{
	size_t next = 0;
	int rc = 0;
	for (size_t i = 0; i <= sent->parts && !rc; i++) {
		const struct lh_recall_message *m = i < sent->parts ? sent->part[i].message : NULL;
		size_t until = !m ? slots : m->slot < 0 ? next : (size_t)m->slot;
		for (; next < until && next < slots && !rc; next++)
			if (slot[next] >= 0)
				rc = add(to, in_slot(to->r, slot[next]), 0, false, err);
		if (m && m->slot >= 0 && (size_t)m->slot >= next)
			next = (size_t)m->slot + 1;
		if (m && !rc)
			rc = add(to, m, sent->part[i].variant, sent->part[i].sent, err);
	}
	return rc;
}

int lh_recall_parts(const struct lh_recall *r, const struct lh_recall_call *call, struct lh_recall_part **out, size_t *count, struct lh_error *err)
{
	struct encoding sent = encoding_of(r, call, NULL), all = { .r = r };
	struct lh_recall_walk w = { .slot = NULL };
	int rc = walk(&sent, call, &w, err);
	if (!rc)
		rc = merge(&all, &sent, w.slot, w.slots, err);
	*out = rc ? NULL : all.part;
	*count = rc ? 0 : all.parts;
	if (rc)
		free(all.part);
	free(sent.part);
	lh_recall_walk_fini(&w);
	lh_buf_fini(&sent.scratch);
	return rc;
}

int lh_recall_sent(const struct lh_recall *r, const struct lh_recall_call *call, struct lh_recall_walk *w, const struct lh_recall_part **out, size_t *count,
	struct lh_error *err)
{
	struct encoding sent = encoding_of(r, call, NULL);
	size_t n = 0;
	sent.part = w->part;
	sent.part_cap = w->cap;
	int rc = walk(&sent, call, w, err);
	for (size_t i = 0; i < sent.parts; i++)
		if (sent.part[i].sent)
			sent.part[n++] = sent.part[i];
	w->part = sent.part;
	w->cap = sent.part_cap;
	*out = sent.part;
	*count = rc ? 0 : n;
	lh_buf_fini(&sent.scratch);
	return rc;
}

void lh_recall_walk_fini(struct lh_recall_walk *w)
{
	free(w->slot);
	free(w->part);
	*w = (struct lh_recall_walk){ .slot = NULL };
}
