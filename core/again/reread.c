#include "again/reread.h"

#include "transcript/judge.h"
#include "transcript/view_text.h"

#include <stdlib.h>
#include <string.h>

#define WORDS_MAX (1u << 30)

struct reading {
	const struct lh_reread_which *which;
	const struct lh_recall *rows;
	struct lh_reread *out;
	struct lh_transcript *t;
	int64_t *id;                     /* of a recorded message, in the record built again; -1: not there yet */
	size_t next;                     /* the first row that is not in it */
	int64_t reply, reply_slot;       /* the turn's accepted one, as built again, -1: none yet; where it belongs */
	struct lh_buf followed;
};

static int damaged(const struct reading *r, const char *what, struct lh_error *err)
{
	return lh_fail(err, LH_E_DAMAGED, "sample %llu, turn %u: %s, which no run writes", (unsigned long long)r->which->sample, lh_transcript_turn(r->t), what);
}

/* ---- messages ---- */

static bool is_by(const struct lh_recall_message *m, const char *maker) { return !strcmp(m->made_by, maker); }

/* An answer is worth something only under the question that it was given to. */
static int check_words(const struct reading *r, const struct lh_recall_message *m, uint32_t id, struct lh_error *err)
{
	if (r->which->reworded || lh_str_equal(m->text, lh_transcript_text(r->t, id)))
		return 0;
	return lh_fail(err, LH_E_DIFFERS, "sample %llu, turn %u: task family %s now words its %s otherwise than they were sent, so what was answered may belong to "
		"another question. If only the words differ and what is asked is the same, --reworded reads it all the same",
		(unsigned long long)r->which->sample, lh_transcript_turn(r->t), r->which->condition->task, m->role == LH_SYSTEM ? "instructions" : "prompts");
}

/* What enters the record is given the place that it had then. */
static int check_slot(const struct reading *r, uint32_t id, int64_t slot, struct lh_error *err)
{
	return lh_transcript_message(r->t, id)->slot == slot ? 0 : damaged(r, "a message has a place in the record that is not its own", err);
}

static int end_turn(struct reading *r, struct lh_error *err)
{
	if (r->reply < 0)
		return 0;
	uint32_t id = (uint32_t)r->reply;
	r->reply = -1;
	if (!lh_transcript_waiting(r->t) || lh_transcript_message(r->t, id)->slot >= 0 || lh_transcript_message(r->t, id)->calls.n)
		return damaged(r, "a reply is accepted out of order", err);
	int rc = lh_transcript_accept(r->t, id, err);
	return rc ? rc : check_slot(r, id, r->reply_slot, err);
}

/* The instructions of a whole run, or the next turn's prompt; of a probed turn both are there already. */
static int take_task(struct reading *r, const struct lh_recall_message *m, int64_t *id, struct lh_error *err)
{
	int rc = end_turn(r, err);
	if (rc)
		return rc;
	if (m->role == LH_USER && !r->which->probe) {
		if (lh_transcript_length(r->t) > 1 && lh_transcript_waiting(r->t))
			return damaged(r, "a turn begins before the one before it has a reply", err);
		rc = lh_transcript_begin_turn(r->t, err);
	}
	if (rc)
		return rc;
	*id = m->role == LH_USER ? lh_transcript_id(r->t, lh_transcript_length(r->t) - 1) : 0;
	rc = check_slot(r, (uint32_t)*id, m->slot, err);
	return rc ? rc : check_words(r, m, (uint32_t)*id, err);
}

/* What the model said. */
static int take_reply(struct reading *r, const struct lh_recall_message *m, int64_t *id, struct lh_error *err)
{
	uint32_t at;
	int rc = lh_transcript_reserve(r->t, 1, &at, err);
	if (!rc)
		rc = lh_transcript_fill(r->t, at, &(struct lh_content){ m->text, m->thoughts, m->blob, m->calls }, err);
	*id = at;
	return rc;
}

static int take_result(struct reading *r, const struct lh_recall_message *m, int64_t *id, struct lh_error *err)
{
	struct lh_calls calls;
	struct lh_tool_call call;
	uint32_t at = 0;
	int rc = lh_calls_open(&calls, m->calls, err);
	if (!rc)
		rc = lh_calls_next(&calls, &call) ? lh_transcript_add_result(r->t, &call, m->text, &at, err) : damaged(r, "a tool's result answers no call", err);
	lh_calls_close(&calls);
	*id = at;
	return rc;
}

static bool has_slot(const struct reading *r, const struct lh_recall_message *m, uint32_t *index)
{
	*index = m->slot > 0 ? lh_view_slot_at(r->t, m->slot) : 0;
	return *index && *index < lh_transcript_length(r->t) && lh_transcript_message(r->t, lh_transcript_id(r->t, *index))->slot == m->slot;
}

/* Rows of messages that were taken out together: [r->next, *end), of the record's [from, *to). */
static void removed_together(const struct reading *r, uint32_t from, size_t *end, uint32_t *to)
{
	const struct lh_recall *rows = r->rows;
	uint32_t index;
	*end = r->next + 1;
	*to = from + 1;
	while (*end < rows->messages && rows->message[*end].role == LH_REMOVED && is_by(&rows->message[*end], "policy") &&
		has_slot(r, &rows->message[*end], &index) && index == *to)
		++*end, ++*to;
}

static int take_edit(struct reading *r, const struct lh_recall_message *m, int64_t *id, struct lh_error *err)
{
	uint32_t index, to, now = 0;
	size_t end;
	if (!has_slot(r, m, &index))
		return damaged(r, "an edit is of a message that is not in the record", err);
	if (m->role != LH_REMOVED) {
		int rc = lh_transcript_replace(r->t, index, m->text, m->note, &now, err);
		*id = now;
		return rc;
	}
	removed_together(r, index, &end, &to);
	if (lh_transcript_waiting(r->t) && to > lh_transcript_prompt_at(r->t))
		return damaged(r, "the prompt is taken out", err);
	int rc = lh_transcript_remove(r->t, index, to, m->note, err);
	r->next = end - 1;
	*id = 0;
	return rc;
}

static int take_own(struct reading *r, const struct lh_recall_message *m, int64_t *id, struct lh_error *err)
{
	uint32_t at;
	if (m->role == LH_REMOVED)               /* of a tool: what stands for results that are cleared */
		return damaged(r, "a policy wrote a message of no role", err);
	int rc = lh_transcript_own(r->t, (enum lh_role)m->role, m->text, &at, err);
	*id = at;
	return rc;
}

static int take(struct reading *r, const struct lh_recall_message *m, int64_t *id, struct lh_error *err)
{
	if (is_by(m, "policy"))
		return m->slot >= 0 ? take_edit(r, m, id, err) : take_own(r, m, id, err);
	if (is_by(m, "task") && m->role != LH_TOOL)
		return take_task(r, m, id, err);
	if (!lh_transcript_turn(r->t) || (m->role != LH_TOOL && m->role != LH_ASSISTANT))
		return damaged(r, "a model says something before the first prompt, or in a role that is none of its own", err);
	int rc = m->role == LH_TOOL ? take_result(r, m, id, err) : take_reply(r, m, id, err);
	bool enters = !rc && m->slot >= 0 && lh_transcript_message(r->t, (uint32_t)*id)->calls.n;
	if (enters && !lh_transcript_waiting(r->t))
		return damaged(r, "a tool is called behind the reply", err);
	if (enters)
		rc = lh_transcript_enter(r->t, (uint32_t)*id, err);
	return enters && !rc ? check_slot(r, (uint32_t)*id, m->slot, err) : rc;
}

/* Every row before `until`. An id that no row has was kept for a reply that did not come. */
static int advance(struct reading *r, int64_t until, struct lh_error *err)
{
	int rc = 0;
	for (; r->next < r->rows->messages && (int64_t)r->next < until && !rc; r->next++) {
		size_t at = r->next;
		const struct lh_recall_message *m = &r->rows->message[at];
		if (*m->made_by && r->id[at] < 0)
			rc = take(r, m, &r->id[at], err);
	}
	return rc;
}

/* ---- calls ---- */

static int64_t id_of(const void *user, int64_t recorded)
{
	const struct reading *r = user;
	return recorded < 0 || recorded >= (int64_t)r->rows->messages ? -1 : r->id[recorded];
}

static struct lh_str keep(struct reading *r, struct lh_str s)
{
	struct lh_str kept = { (const char *)(uintptr_t)r->out->words.n, s.n };
	lh_buf_put_str(&r->out->words, s);
	return kept;
}

static int judge(struct reading *r, const struct lh_view *v, const struct lh_recall_call *c, struct lh_turn_states *s, struct lh_error *err)
{
	if (c->reply < 0 || c->reply >= (int64_t)r->rows->messages || r->id[c->reply] >= 0 || r->reply >= 0 || !is_by(&r->rows->message[c->reply], "model"))
		return damaged(r, "a call is accepted without a reply of its own", err);
	int rc = take_reply(r, &r->rows->message[c->reply], &r->id[c->reply], err);
	r->reply = r->id[c->reply];
	r->reply_slot = r->rows->message[c->reply].slot;
	if (!rc)
		rc = lh_judge(r->t, v, (uint32_t)r->reply, (enum lh_finish)lh_finish_of(c->finish), &r->followed, s, err);
	if (rc)
		return rc;
	struct lh_str *texts[] = { &s->truth, &s->shown, &s->followed, &s->answered };
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		*texts[i] = keep(r, *texts[i]);
	return lh_buf_ok(&r->out->words, err);
}

/* What a view's text says of itself names no place. */
static int of_view(const struct reading *r, const struct lh_recall_call *c, int rc, struct lh_error *err)
{
	if (rc == LH_E_DAMAGED)
		lh_prefix(err, "sample %llu, turn %lld", (unsigned long long)r->which->sample, (long long)c->turn);
	return rc;
}

/* The record is brought to where it was when the call was made. */
static int take_call(struct reading *r, const struct lh_recall_call *c, struct lh_judged *to, struct lh_error *err)
{
	struct lh_view_words w;
	struct lh_view v;
	int rc = of_view(r, c, lh_view_words_open(&w, c->view, err), err);
	if (!rc)
		rc = advance(r, w.existed, err);
	if (rc)
		return rc;
	if (c->turn != lh_transcript_turn(r->t) || !lh_transcript_waiting(r->t))
		return damaged(r, "a call is made in another turn", err);
	lh_view_init(&v);
	rc = of_view(r, c, lh_view_read(&v, r->t, c->view, id_of, r, err), err);
	if (!rc)
		lh_view_exposure(&v, r->t, &to->exposure);
	if (!rc && c->accepted)
		rc = judge(r, &v, c, &to->states, err);
	lh_view_fini(&v);
	return rc;
}

static int read_all(struct reading *r, struct lh_error *err)
{
	int rc = 0;
	for (size_t i = 0; i < r->rows->calls && !rc; i++)
		rc = take_call(r, &r->rows->call[i], &r->out->call[i], err);
	return rc;
}

static void settle(struct lh_reread *out)
{
	for (size_t i = 0; i < out->calls; i++) {
		struct lh_turn_states *s = &out->call[i].states;
		struct lh_str *texts[] = { &s->truth, &s->shown, &s->followed, &s->answered };
		for (size_t k = 0; k < sizeof texts / sizeof *texts; k++)
			texts[k]->p = lh_buf_str(&out->words).p + (uintptr_t)texts[k]->p;
	}
}

static int open_record(const struct lh_reread_which *w, struct lh_reread *out, struct lh_error *err)
{
	int rc = lh_sample_open(w->task, w->sample, w->seed, &out->sample, err);
	if (rc)
		return rc;
	struct lh_remade_which made = { w->seed, w->sample, w->probe, w->history_hash };
	return w->probe ? lh_remade_transcript(w->condition, &made, out->sample, &out->transcript, err)
		: lh_transcript_new(out->sample, w->condition->steps_per_turn, &out->transcript, err);
}

int lh_reread(const struct lh_reread_which *w, const struct lh_recall *rows, struct lh_reread *out, struct lh_error *err)
{
	*out = (struct lh_reread){ .calls = rows->calls, .call = calloc(rows->calls + 1, sizeof *out->call) };
	struct reading r = { .which = w, .rows = rows, .out = out, .reply = -1, .id = malloc((rows->messages + 1) * sizeof *r.id) };
	lh_buf_init(&out->words, WORDS_MAX);
	lh_buf_init(&r.followed, LH_STATE_MAX);
	int rc = out->call && r.id ? open_record(w, out, err) : lh_nomem(err);
	for (size_t i = 0; i < rows->messages && !rc; i++)
		r.id[i] = -1;
	r.t = out->transcript;
	if (!rc)
		rc = read_all(&r, err);
	free(r.id);
	lh_buf_fini(&r.followed);
	if (rc)
		lh_reread_fini(out);
	else
		settle(out);
	return rc;
}

void lh_reread_fini(struct lh_reread *r)
{
	lh_transcript_free(r->transcript);
	lh_sample_close(r->sample);
	free(r->call);
	lh_buf_fini(&r->words);
	*r = (struct lh_reread){ 0 };
}
