#include "run/record.h"

#include "json/writer.h"

int lh_record_message(struct lh_episode *e, uint32_t id, struct lh_error *err)
{
	struct lh_transcript *t = e->transcript;
	const struct lh_message *m = lh_transcript_message(t, id);
	if (!e->run->journal || m->journalled)
		return 0;
	struct lh_message_row row = { .episode = e->id, .id = id, .slot = m->slot, .turn = m->turn, .role = lh_str_of(lh_role_name(m->role)),
		.text = lh_transcript_text(t, id), .thoughts = lh_transcript_thoughts(t, id), .made_by = lh_str_of(lh_maker_name(m->maker)), .note = lh_transcript_note(t, id) };
	lh_transcript_mark_journalled(t, id);
	return lh_journal_put_message(e->run->journal, &row, err);
}

int lh_record_policy_messages(struct lh_episode *e, struct lh_error *err)
{
	uint32_t count = lh_transcript_count(e->transcript);
	for (; e->noted < count; e->noted++)
		if (lh_transcript_message(e->transcript, e->noted)->maker == LH_BY_POLICY) {
			int rc = lh_record_message(e, e->noted, err);
			if (rc)
				return rc;
		}
	return 0;
}

/* The call's own options as JSON; empty where it has none. */
static struct lh_str options_text(struct lh_buf *b, const struct lh_call_options *o)
{
	struct lh_jw w;
	lh_buf_clear(b);
	if (!o->model[0] && !o->has_temperature && !o->max_tokens && !o->stop[0])
		return LH_STR("");
	lh_jw_init(&w, b, false);
	lh_jw_open(&w, '{');
	if (o->model[0])
		lh_jw_key(&w, "model"), lh_jw_text(&w, o->model);
	if (o->has_temperature)
		lh_jw_key(&w, "temperature"), lh_jw_double(&w, o->temperature);
	if (o->max_tokens)
		lh_jw_key(&w, "max_tokens"), lh_jw_int(&w, o->max_tokens);
	if (o->stop[0])
		lh_jw_key(&w, "stop"), lh_jw_text(&w, o->stop);
	lh_jw_close(&w);
	return lh_buf_str(b);
}

static void put_states(struct lh_call_row *row, const struct lh_turn_states *s)
{
	row->accepted = true;
	row->outcome = lh_str_of(lh_outcome_name((int)s->outcome));
	row->unshown = s->unshown;
	row->shown = s->shown;
	row->followed = s->followed;
	row->answered = s->answered;
	row->truth = s->truth;
	row->has_shown = s->has_shown;
	row->has_followed = s->has_followed;
	row->has_answered = s->has_answered;
}

int lh_record_call(struct lh_episode *e, uint32_t seq, const struct lh_turn_states *states, struct lh_error *err)
{
	struct lh_call *c = &e->call[seq];
	struct lh_journal *j = e->run->journal;
	c->journalled = true;
	if (!j)
		return 0;
	int rc = c->error ? 0 : lh_record_message(e, c->message, err);
	if (rc)
		return rc;
	const struct lh_ask *a = &e->ask[c->ask];
	struct lh_buf options;
	lh_buf_init(&options, 1024);
	struct lh_call_row row = { .episode = e->id, .turn = lh_transcript_turn(e->transcript), .seq = seq, .purpose = lh_str_of(a->options.purpose),
		.view = lh_buf_str(&a->text), .view_hash = a->hash, .options = options_text(&options, &a->options),
		.reply = c->error ? -1 : (int64_t)c->message, .finish = c->error ? LH_STR("") : lh_str_of(lh_finish_name((int)c->finish)),
		.tokens_in = c->tokens_in, .tokens_cached = c->tokens_cached, .tokens_out = c->tokens_out, .tokens_reasoning = c->tokens_reasoning,
		.latency_us = c->latency_us, .cost_microusd = c->cost_microusd, .attempts = c->attempts,
		.exposure_update = a->exposure.update, .exposure_state = a->exposure.state, .exposure_unusable = a->exposure.unusable,
		.reusable_prefix = a->reusable };
	if (c->error) {
		row.error = c->error == LH_E_OVERFLOW ? LH_STR("overflow") : LH_STR("failed");
		row.error_text = lh_str_of(c->error_text);
	}
	if (states)
		put_states(&row, states);
	rc = lh_journal_put_call(j, &row, err);
	lh_buf_fini(&options);
	return rc;
}

int lh_record_episode(struct lh_episode *e, const char *status, struct lh_str cause, struct lh_error *err)
{
	if (!e->run->journal)
		return 0;
	struct lh_episode_row row = { .id = e->id, .run = e->run->results->run, .condition = e->condition_index,
		.sample = (int64_t)(e->run->plan->first_sample + (uint64_t)e->sample), .status = lh_str_of(status), .cause = cause, .extra = e->extra };
	return lh_journal_put_episode(e->run->journal, &row, err);
}
