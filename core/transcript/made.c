#include "transcript/made.h"

#include "base/hash.h"
#include "transcript/filler.h"

#include <math.h>

#define TEXT_MAX (8u << 20)

enum draw { WHETHER, HOW, FILLER };      /* n of the streams LH_FOR_HISTORY */

void lh_made_init(struct lh_made *m, const struct lh_history *h, uint64_t seed, uint64_t sample, uint32_t probe)
{
	*m = (struct lh_made){ .history = *h, .seed = seed, .sample = sample, .probe = probe };
	lh_buf_init(&m->shown, LH_STATE_MAX);
	lh_buf_init(&m->state, LH_STATE_MAX);
	lh_buf_init(&m->text, TEXT_MAX);
	lh_buf_init(&m->question, TEXT_MAX);
}

void lh_made_fini(struct lh_made *m)
{
	lh_buf_fini(&m->shown);
	lh_buf_fini(&m->state);
	lh_buf_fini(&m->text);
	lh_buf_fini(&m->question);
}

static struct lh_random stream(const struct lh_made *m, uint32_t turn, enum draw n)
{
	return lh_random_stream(m->seed, m->sample, turn, LH_FOR_HISTORY, n);
}

static void note(struct lh_made *m, struct lh_str text)
{
	m->hash = lh_hash(m->hash, text);
	m->bytes += text.n;
}

/* What the task says, which is not kept either. */
static void note_last(struct lh_made *m, const struct lh_transcript *t)
{
	m->hash = lh_hash(m->hash, lh_transcript_text(t, lh_transcript_id(t, lh_transcript_length(t) - 1)));
}

/* ---- answers ---- */

static bool wrong(const struct lh_made *m, uint32_t turn)
{
	struct lh_random r = stream(m, turn, WHETHER);
	return lh_random_unit(&r) < m->history.rate;
}

/* What a turn's answer would be without a slip: m->state. */
static int right_state(struct lh_made *m, struct lh_transcript *t, uint32_t turn, struct lh_error *err)
{
	lh_buf_clear(&m->state);
	if (m->history.mode == LH_HISTORY_PROPAGATED && turn > 1)
		return lh_transcript_apply(t, turn, lh_buf_str(&m->shown), &m->state, err);
	lh_buf_put_str(&m->state, lh_transcript_truth(t, turn));
	return lh_buf_ok(&m->state, err);
}

static int slip(struct lh_made *m, struct lh_transcript *t, uint32_t turn, struct lh_error *err)
{
	struct lh_random r = stream(m, turn, HOW);
	uint64_t step = (uint64_t)turn * lh_transcript_steps_per_turn(t) - 1;
	lh_buf_clear(&m->question);              /* free at this time */
	lh_buf_put_str(&m->question, lh_buf_str(&m->state));
	lh_buf_clear(&m->state);
	return lh_sample_corrupt(lh_transcript_sample(t), step, lh_buf_str(&m->question), &r, &m->state, err);
}

/* The answer of a turn: m->state. */
static int answer(struct lh_made *m, struct lh_transcript *t, uint32_t turn, struct lh_error *err)
{
	const struct lh_history *h = &m->history;
	bool last = turn + 1 == m->probe;
	if (h->mode < LH_HISTORY_INJECTED || (last && h->last)) {
		lh_buf_clear(&m->state);
		lh_buf_put_str(&m->state, lh_transcript_truth(t, turn));
		return lh_buf_ok(&m->state, err);
	}
	int rc = right_state(m, t, turn, err);
	return rc || !wrong(m, turn) ? rc : slip(m, t, turn, err);
}

/* The reasoning from the answer before to this one, step by step; whatever is wrong is in the last step. */
static int explain(struct lh_made *m, struct lh_transcript *t, uint32_t turn, struct lh_error *err)
{
	uint32_t k = lh_transcript_steps_per_turn(t);
	uint64_t first = (uint64_t)(turn - 1) * k;
	struct lh_sample *s = lh_transcript_sample(t);
	struct lh_buf before, after;
	lh_buf_init(&before, LH_STATE_MAX);
	lh_buf_init(&after, LH_STATE_MAX);
	lh_buf_put_str(&before, turn > 1 ? lh_buf_str(&m->shown) : lh_transcript_truth(t, 0));
	int rc = lh_buf_ok(&before, err);
	for (uint32_t i = 0; i < k && !rc; i++) {
		lh_buf_clear(&after);
		if (i + 1 < k)
			rc = lh_sample_apply(s, first + i, 1, lh_buf_str(&before), &after, err);
		else
			lh_buf_put_str(&after, lh_buf_str(&m->state));
		if (!rc)
			rc = lh_sample_explain(s, first + i, lh_buf_str(&before), lh_buf_str(&after), &m->text, err);
		lh_buf_putc(&m->text, '\n');
		lh_buf_clear(&before);
		lh_buf_put_str(&before, lh_buf_str(&after));
	}
	lh_buf_fini(&before);
	lh_buf_fini(&after);
	return rc;
}

static void put_tag(struct lh_buf *out, struct lh_str state)
{
	lh_buf_puts(out, "<answer>");
	lh_buf_put_str(out, state);
	lh_buf_puts(out, "</answer>");
}

/* Of a task with tools: the calls that lead to the answer, and what they give. */
static int call_tools(struct lh_made *m, struct lh_transcript *t, uint32_t turn, struct lh_error *err)
{
	struct lh_calls calls;
	struct lh_tool_call call;
	uint32_t n;
	bool refused;
	lh_buf_clear(&m->text);
	int rc = lh_transcript_needs(t, turn, 0, 0, &m->text, &n, err);
	if (rc || !n)
		return rc;
	note(m, lh_buf_str(&m->text));
	rc = lh_transcript_add_made_calls(t, lh_buf_str(&m->text), err);
	if (!rc)
		rc = lh_calls_open(&calls, lh_buf_str(&m->text), err);
	if (rc)
		return rc;
	while (!rc && lh_calls_next(&calls, &call)) {
		lh_buf_clear(&m->question);      /* free at this time */
		rc = lh_sample_call_tool(lh_transcript_sample(t), call.name, call.arguments, &refused, &m->question, err);
		if (rc)
			break;
		note(m, lh_buf_str(&m->question));
		rc = lh_transcript_add_made_result(t, &call, lh_buf_str(&m->question), err);
	}
	lh_calls_close(&calls);
	return rc;
}

static int task_reply(struct lh_made *m, struct lh_transcript *t, uint32_t turn, struct lh_error *err)
{
	int tools;
	lh_sample_tools(lh_transcript_sample(t), &tools);
	int rc = tools ? call_tools(m, t, turn, err) : 0;
	if (!rc)
		rc = answer(m, t, turn, err);
	lh_buf_clear(&m->text);
	if (!rc && m->history.thoughts)
		rc = explain(m, t, turn, err);
	put_tag(&m->text, lh_buf_str(&m->state));
	lh_buf_clear(&m->shown);
	lh_buf_put_str(&m->shown, lh_buf_str(&m->state));
	return rc ? rc : lh_buf_ok(&m->text, err);
}

/* ---- filler ---- */

/* Question and answer of a turn, each of the length of what it stands for. */
static int filler_question(struct lh_made *m, struct lh_transcript *t, uint32_t turn, struct lh_error *err)
{
	lh_buf_clear(&m->question);
	int rc = lh_transcript_pass_turn(t, err);
	if (!rc)
		rc = lh_transcript_put_prompt(t, turn, &m->question, err);
	if (rc)
		return rc;
	size_t ask = m->question.n, reply = lh_transcript_truth(t, turn).n + sizeof "<answer></answer>" - 1;
	lh_buf_clear(&m->question);
	lh_buf_clear(&m->text);
	lh_filler_pair(stream(m, turn, FILLER), ask, reply, &m->question, &m->text);
	m->bytes_meant += ask + reply;
	rc = lh_buf_ok(&m->question, err);
	if (rc)
		return rc;
	note(m, lh_buf_str(&m->question));
	return lh_transcript_add_made_prompt(t, lh_buf_str(&m->question), err);
}

/* The last one says where things stand, as a clean history's last answer does. */
static int filler_reply(struct lh_made *m, const struct lh_transcript *t, uint32_t turn, struct lh_error *err)
{
	if (turn + 1 == m->probe) {
		lh_buf_clear(&m->text);
		put_tag(&m->text, lh_transcript_truth(t, turn));
	}
	return lh_buf_ok(&m->text, err);
}

/* ---- turns ---- */

int lh_made_begin_turn(struct lh_made *m, struct lh_transcript *t, bool *asked, struct lh_error *err)
{
	uint32_t turn = lh_transcript_turn(t) + 1;
	*asked = turn == m->probe;
	if (turn == 1)
		note_last(m, t);                 /* the instructions */
	if (m->history.mode == LH_HISTORY_RESTATED)
		return *asked && turn > 1 ? lh_transcript_begin_restated(t, err) : *asked ? lh_transcript_begin_turn(t, err) : lh_transcript_pass_turn(t, err);
	if (!*asked && m->history.mode == LH_HISTORY_FILLER)
		return filler_question(m, t, turn, err);
	int rc = lh_transcript_begin_turn(t, err);
	if (!rc)
		note_last(m, t);
	return rc;
}

int lh_made_reply(struct lh_made *m, struct lh_transcript *t, struct lh_error *err)
{
	uint32_t turn = lh_transcript_turn(t);
	int rc = m->history.mode == LH_HISTORY_FILLER ? filler_reply(m, t, turn, err) : task_reply(m, t, turn, err);
	if (rc)
		return rc;
	note(m, lh_buf_str(&m->text));
	return lh_transcript_add_made(t, lh_buf_str(&m->text), err);
}

double lh_made_ratio(const struct lh_made *m)
{
	if (m->history.mode != LH_HISTORY_FILLER || m->probe < 2)
		return NAN;
	uint64_t messages = 2 * ((uint64_t)m->probe - 1);
	return (double)lh_tokens(m->bytes, messages) / (double)lh_tokens(m->bytes_meant, messages);
}

int64_t lh_made_hash(const struct lh_made *m)
{
	return (int64_t)(m->hash >> 1);
}
