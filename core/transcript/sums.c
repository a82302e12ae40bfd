/* Prefix sums over the record: what makes a view cost the number of its ranges, not of its messages. */
#include "transcript/store.h"

#define PER_MESSAGE_BYTES 16             /* role and delimiters, in our estimate */

int64_t lh_tokens(uint64_t bytes, uint64_t messages)
{
	return (int64_t)((bytes + PER_MESSAGE_BYTES * messages + 3) / 4);
}

int lh_kind(unsigned variant)
{
	if (variant & LH_NO_ASSISTANT)
		return 5;
	return variant & LH_ANSWER_ONLY ? 4 : (int)(variant & 3);
}

static void add_bytes(struct lh_transcript *t, const struct lh_message *m, uint64_t bytes[LH_KINDS])
{
	if (m->calls.n) {                        /* left out where only answers, or no replies, are sent */
		for (int k = 0; k < 4; k++)
			bytes[k] += m->text.n + (m->role == LH_ASSISTANT ? m->calls.n : 0) + (k & LH_NO_NATIVE_THOUGHTS ? 0 : m->thoughts.n);
		return;
	}
	if (m->role != LH_ASSISTANT) {
		for (int k = 0; k < LH_KINDS; k++)
			bytes[k] += m->text.n;
		return;
	}
	uint64_t bare = m->text.n;
	if (m->thinks) {
		lh_buf_clear(&t->scratch);
		lh_put_without_thoughts(&t->scratch, lh_store_at(t, m->text));
		bare = t->scratch.n;
	}
	bytes[0] += m->text.n + m->thoughts.n;
	bytes[1] += m->text.n;
	bytes[2] += bare + m->thoughts.n;
	bytes[3] += bare;
	bytes[4] += m->tag.n ? m->tag.n : bare;
}

/* Was the answer the update that the usable answer before it called for? Classified only where every
 * turn in between is in the record too: then that answer is what its author went on from. */
static int classify(struct lh_transcript *t, const struct lh_message *m, const struct lh_sums *before, struct lh_sums *after, struct lh_error *err)
{
	if (!t->usable_count || m->turn == 0)
		return 0;
	uint32_t at = t->usable[t->usable_count - 1];
	if (t->restated_count && t->restated[t->restated_count - 1] > at)
		return 0;                        /* it may go on from what was restated */
	const struct lh_message *p = &t->message[t->record[at]];
	uint32_t between = before->replies - t->sums[at + 1].replies;
	if (p->turn >= m->turn || between != m->turn - p->turn - 1)
		return 0;
	lh_buf_clear(&t->scratch);
	int rc = lh_transcript_apply(t, m->turn, lh_store_at(t, p->state), &t->scratch, err);
	if (rc)
		return rc;
	after->classified++;
	after->update_wrong += !lh_str_equal(lh_buf_str(&t->scratch), lh_store_at(t, m->state));
	return 0;
}

static int note_usable(struct lh_transcript *t, uint32_t index, struct lh_error *err)
{
	int rc = lh_store_more(&t->usable, &t->usable_cap, t->usable_count + 1, sizeof *t->usable, err);
	if (!rc)
		t->usable[t->usable_count++] = index;
	return rc;
}

static int note_restated(struct lh_transcript *t, uint32_t index, struct lh_sums *after, struct lh_error *err)
{
	int rc = lh_store_more(&t->restated, &t->restated_cap, t->restated_count + 1, sizeof *t->restated, err);
	if (rc)
		return rc;
	t->restated[t->restated_count++] = index;
	after->restated++;
	return 0;
}

static int add_reply(struct lh_transcript *t, uint32_t index, const struct lh_message *m, struct lh_sums *after, struct lh_error *err)
{
	struct lh_sums before = t->sums[index];
	after->replies++;
	if (!m->has_state)
		return 0;
	after->usable++;
	after->state_wrong += !lh_str_equal(lh_store_at(t, m->state), lh_store_at(t, t->truth[m->turn]));
	int rc = classify(t, m, &before, after, err);
	return rc ? rc : note_usable(t, index, err);
}

int lh_store_sum(struct lh_transcript *t, uint32_t index, struct lh_error *err)
{
	if (index == 0)
		t->sums[0] = (struct lh_sums){ 0 };
	for (; index < t->length; index++) {
		const struct lh_message *m = &t->message[t->record[index]];
		struct lh_sums *after = &t->sums[index + 1];
		*after = t->sums[index];
		after->hash += lh_random_mix(m->hash, index);
		add_bytes(t, m, after->bytes);
		int rc = 0;
		after->thinking += m->bound || m->thoughts.n > 0;
		after->bound += m->bound;
		after->loop += m->calls.n > 0;
		if (m->calls.n)
			rc = lh_store_traffic(t, index, m, err);
		else if (m->role == LH_ASSISTANT)
			rc = add_reply(t, index, m, after, err);
		else if (m->has_state)
			rc = note_restated(t, index, after, err);
		if (rc)
			return rc;
	}
	return 0;
}
