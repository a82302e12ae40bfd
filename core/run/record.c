#include "run/record.h"

#include "json/writer.h"

#include <math.h>
#include <stdio.h>

void lh_conversation_name(const char *config_sha256, int64_t episode, char out[64])
{
	snprintf(out, 64, "longhaul-%.12s-%lld", config_sha256, (long long)episode);
}

int lh_record_message(struct lh_episode *e, uint32_t id, struct lh_error *err)
{
	struct lh_transcript *t = e->transcript;
	const struct lh_message *m = lh_transcript_message(t, id);
	const struct lh_outlet *o = e->run->outlet;
	if (!o->message || m->journalled)
		return 0;
	struct lh_message_row row = { .episode = e->id, .id = id, .slot = m->slot, .turn = m->turn, .role = lh_str_of(lh_role_name(m->role)),
		.text = lh_transcript_text(t, id), .thoughts = lh_transcript_thoughts(t, id), .blob = lh_transcript_blob(t, id), .calls = lh_transcript_calls(t, id),
		.made_by = lh_str_of(lh_maker_name(m->maker)), .note = lh_transcript_note(t, id) };
	lh_transcript_mark_journalled(t, id);
	return o->message(o->user, e->slot, &row, err);
}

/* Before a probed turn a policy's texts are many, and nearly all were for views that nobody was sent: kept is what it put
 * into the record, and what is sent now. */
static int record_sent(struct lh_episode *e, struct lh_error *err)
{
	const struct lh_view *v = &e->ask[e->asks - 1].view;
	int rc = 0;
	for (uint32_t i = 0; i < v->n && !rc; i++) {
		uint32_t id = v->piece[i].own ? v->piece[i].from : v->piece[i].placeholder;
		if (id && lh_transcript_message(e->transcript, id)->maker == LH_BY_POLICY)
			rc = lh_record_message(e, id, err);
	}
	return rc;
}

int lh_record_policy_messages(struct lh_episode *e, struct lh_error *err)
{
	uint32_t count = lh_transcript_count(e->transcript);
	for (; e->noted < count; e->noted++)
		if (lh_transcript_message(e->transcript, e->noted)->maker == LH_BY_POLICY &&
			(!e->probe || lh_transcript_message(e->transcript, e->noted)->slot >= 0)) {
			int rc = lh_record_message(e, e->noted, err);
			if (rc)
				return rc;
		}
	return e->probe ? record_sent(e, err) : 0;
}

/* The call's own options as JSON; empty where it has none. */
static struct lh_str options_text(struct lh_buf *b, const struct lh_call_options *o)
{
	struct lh_jw w;
	lh_buf_clear(b);
	if (!o->model[0] && !o->has_temperature && !o->max_tokens && !o->stop[0] && !o->no_tools)
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
	if (o->no_tools)
		lh_jw_key(&w, "tools"), lh_jw_bool(&w, false);
	lh_jw_close(&w);
	return lh_buf_str(b);
}

void lh_states_row(struct lh_call_row *row, const struct lh_turn_states *s)
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

static void put_reply(struct lh_call_row *row, const struct lh_call *c)
{
	row->reply = c->error ? -1 : (int64_t)c->message;
	row->finish = c->error ? LH_STR("") : lh_str_of(lh_finish_name((int)c->finish));
	row->tokens_in = c->tokens_in;
	row->tokens_cached = c->tokens_cached;
	row->tokens_out = c->tokens_out;
	row->tokens_reasoning = c->tokens_reasoning;
	row->latency_us = c->latency_us;
	row->cost_microusd = c->cost_microusd;
	row->attempts = c->attempts;
	row->counted = c->counted;
	row->served_by = lh_str_of(c->served_by);
	row->request_id = lh_str_of(c->request_id);
	if (c->error) {
		row->error = c->error == LH_E_OVERFLOW ? LH_STR("overflow") : LH_STR("failed");
		row->error_text = lh_str_of(c->error_text);
	}
}

void lh_reply_row(struct lh_call_row *row, const struct lh_reply *r, uint32_t message)
{
	struct lh_call c = { .message = message, .finish = r->finish, .error = r->error, .error_text = r->error_text.p, .tokens_in = r->tokens_in,
		.tokens_cached = r->tokens_cached, .tokens_out = r->tokens_out, .tokens_reasoning = r->tokens_reasoning, .latency_us = r->latency_us,
		.cost_microusd = r->cost_microusd, .attempts = r->attempts, .counted = r->counted };
	put_reply(row, &c);
	row->served_by = lh_str_of(r->served_by);
	row->request_id = lh_str_of(r->request_id);
}

void lh_record_call_row(struct lh_episode *e, uint32_t seq, struct lh_buf *options, struct lh_call_row *row)
{
	const struct lh_ask *a = &e->ask[e->call[seq].ask];
	*row = (struct lh_call_row){ .episode = e->id, .turn = lh_transcript_turn(e->transcript), .seq = seq, .purpose = lh_str_of(a->options.purpose),
		.view = lh_buf_str(&a->text), .view_hash = a->hash, .options = options_text(options, &a->options), .reply = -1,
		.exposure_update = a->exposure.update, .exposure_state = a->exposure.state, .exposure_unusable = a->exposure.unusable,
		.reusable_prefix = a->reusable, .thoughts_kept = a->wire.thoughts_kept, .thoughts_dropped = a->wire.thoughts_dropped };
}

int lh_record_call(struct lh_episode *e, uint32_t seq, const struct lh_turn_states *states, bool settled, struct lh_error *err)
{
	struct lh_call *c = &e->call[seq];
	const struct lh_outlet *o = e->run->outlet;
	if (!c->answered)                        /* cut off while others were waited for */
		return 0;
	int rc = c->error ? 0 : lh_record_message(e, c->message, err);
	if (rc)
		return rc;
	struct lh_buf options;
	struct lh_call_row row;
	lh_buf_init(&options, 1024);
	lh_record_call_row(e, seq, &options, &row);
	put_reply(&row, c);
	if (states)
		lh_states_row(&row, states);
	rc = o->call(o->user, e->slot, &row, (settled ? LH_ROW_SETTLED : 0u) | (c->recorded ? LH_ROW_AGAIN : 0u), err);
	c->recorded = true;
	lh_buf_fini(&options);
	return rc;
}

int lh_record_episode(struct lh_episode *e, const char *status, struct lh_str cause, struct lh_error *err)
{
	struct lh_episode_row row = { .id = e->id, .condition = e->condition_index, .sample = (int64_t)e->sample, .status = lh_str_of(status),
		.probe = e->probe, .cause = cause, .extra = e->extra, .history_hash = e->probe ? lh_made_hash(&e->made) : -1,
		.history_ratio = e->probe ? lh_made_ratio(&e->made) : NAN };
	return e->run->outlet->episode(e->run->outlet->user, e->slot, &row, err);
}
