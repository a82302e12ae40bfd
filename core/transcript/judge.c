#include "transcript/judge.h"

#include "transcript/store.h"

#include <assert.h>

static const char *const finish_names[] = { "stop", "length", "refusal", "filter", "other" };

const char *lh_finish_name(int finish) { return finish_names[finish]; }

int lh_finish_of(struct lh_str name)
{
	for (int i = 0; i < LH_FINISH_OTHER; i++)
		if (lh_str_is(name, finish_names[i]))
			return i;
	return LH_FINISH_OTHER;
}

static enum lh_outcome of_states(const struct lh_turn_states *s)
{
	bool right = lh_str_equal(s->answered, s->truth);
	if (s->unshown)
		return right ? LH_OUTCOME_CORRECT : LH_OUTCOME_SLIPS;
	bool follows = lh_str_equal(s->answered, s->followed);
	if (follows)
		return right ? LH_OUTCOME_CORRECT : LH_OUTCOME_FOLLOWS;
	return right ? LH_OUTCOME_RECOVERS : LH_OUTCOME_SLIPS;
}

static enum lh_outcome without_state(const struct lh_message *m, enum lh_finish finish)
{
	if (finish == LH_FINISH_REFUSAL || finish == LH_FINISH_FILTER)
		return LH_OUTCOME_REFUSED;
	if (m->tag.n)
		return LH_OUTCOME_MALFORMED;
	return finish == LH_FINISH_LENGTH ? LH_OUTCOME_TRUNCATED : LH_OUTCOME_MISSING;
}

int lh_judge(struct lh_transcript *t, const struct lh_view *view, uint32_t reply, enum lh_finish finish,
	struct lh_buf *buf, struct lh_turn_states *out, struct lh_error *err)
{
	assert(view->edits == lh_transcript_edits(t));
	*out = (struct lh_turn_states){ 0 };
	const struct lh_message *m = lh_transcript_message(t, reply);
	uint32_t turn = lh_transcript_turn(t);
	out->truth = lh_transcript_truth(t, turn);
	lh_view_shown(view, t, &out->shown, &out->unshown);
	out->has_shown = !out->unshown;
	lh_buf_clear(buf);
	if (out->has_shown) {
		int rc = lh_transcript_apply(t, turn, out->shown, buf, err);
		if (rc)
			return rc;
		out->followed = lh_buf_str(buf);
		out->has_followed = true;
	}
	out->has_answered = m->has_state;
	out->answered = lh_transcript_state(t, reply);
	out->outcome = m->has_state ? of_states(out) : without_state(m, finish);
	return 0;
}
