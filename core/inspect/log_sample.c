#include "inspect/log_write.h"

#include "transcript/transcript.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* ---- small things ---- */

void lh_log_put_time(struct lh_jw *w, int64_t started_s, int64_t after_us)
{
	char text[64];
	struct tm t;
	time_t at = (time_t)(started_s + after_us / 1000000);
	size_t n = gmtime_r(&at, &t) ? strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &t) : 0;
	snprintf(text + n, sizeof text - n, ".%06d+00:00", (int)(after_us % 1000000));
	lh_jw_text(w, text);
}

/* Inspect counts what came from a cache apart from what was paid in full. */
void lh_log_put_usage(struct lh_jw *w, const struct lh_log_usage *u)
{
	lh_jw_open(w, '{');
	lh_jw_key(w, "input_tokens"), lh_jw_int(w, u->in > u->cached ? u->in - u->cached : 0);
	lh_jw_key(w, "output_tokens"), lh_jw_int(w, u->out);
	lh_jw_key(w, "total_tokens"), lh_jw_int(w, u->in + u->out);
	if (u->cached)
		lh_jw_key(w, "input_tokens_cache_read"), lh_jw_int(w, u->cached);
	if (u->reasoning)
		lh_jw_key(w, "reasoning_tokens"), lh_jw_int(w, u->reasoning);
	if (u->microusd)
		lh_jw_key(w, "total_cost"), lh_jw_double(w, (double)u->microusd / 1e6);
	lh_jw_close(w);
}

void lh_log_put_usage_of(struct lh_jw *w, const char *model, const struct lh_log_usage *u)
{
	lh_jw_open(w, '{');
	if (u->in || u->out)
		lh_jw_key(w, model), lh_log_put_usage(w, u);
	lh_jw_close(w);
}

/* ---- prepared ---- */

void lh_log_prepare(struct lh_log_sample *s)
{
	const struct lh_recall *r = s->recall;
	const struct lh_condition_results *c = s->condition;
	struct lh_place at;
	int64_t index = lh_results_index(s->results, (uint64_t)r->sample);
	bool known = lh_results_place(c, index, r->probe, &at);
	s->from = r->probe ? (int)r->probe - 1 : 0;
	s->to = r->probe ? (int)r->probe : c->turns;
	s->outcome = known ? c->outcome + (size_t)at.sample * (size_t)c->turns : NULL;
	if (s->outcome)
		lh_log_score(s->outcome, s->from, s->to, s->results->stop_at_error, !r->probe, &s->score);
	else
		lh_log_score(NULL, 0, 0, true, false, &s->score);
	for (size_t i = 0; i < r->calls; i++) {
		const struct lh_recall_call *k = &r->call[i];
		s->usage.in += k->tokens_in, s->usage.cached += k->tokens_cached, s->usage.out += k->tokens_out;
		s->usage.reasoning += k->tokens_reasoning, s->usage.microusd += k->cost_microusd;
		s->latency_us += k->latency_us;
		if (k->accepted)
			s->last = k, s->turns++;
	}
	lh_log_ending(r, s->results, &s->ending);
}

/* ---- what sample and summary have in common ---- */

static void put_metadata(const struct lh_log_sample *s, struct lh_jw *w, bool turns)
{
	const struct lh_recall *r = s->recall;
	lh_jw_key(w, "metadata");
	lh_jw_open(w, '{');
	lh_jw_key(w, "sample"), lh_jw_int(w, r->sample);
	if (r->probe)
		lh_jw_key(w, "probe"), lh_jw_int(w, r->probe);
	lh_jw_key(w, "status"), lh_jw_str(w, r->status);
	if (r->cause.n)
		lh_jw_key(w, "cause"), lh_jw_str(w, r->cause);
	if (turns && r->extra.n)
		lh_jw_key(w, "finish"), lh_log_put_json(w, r->extra);
	if (turns) {
		lh_jw_key(w, "outcomes");
		lh_jw_open(w, '[');
		for (int t = s->from; s->outcome && t < s->to; t++)
			lh_jw_text(w, lh_outcome_name(s->outcome[t]));
		lh_jw_close(w);
	}
	lh_jw_close(w);
}

static void put_id(const struct lh_log_sample *s, struct lh_jw *w)
{
	lh_jw_key(w, "id");
	if (s->numbered)
		lh_jw_int(w, s->recall->sample);
	else
		lh_jw_text(w, s->id);
	lh_jw_key(w, "epoch"), lh_jw_int(w, 1);
	lh_jw_key(w, "uuid"), lh_jw_text(w, s->uuid);
}

static void put_figures(const struct lh_log_sample *s, struct lh_jw *w)
{
	struct lh_str answer = s->last && s->last->has_answered ? s->last->answered : LH_STR("");
	int outcome = s->score.first_error ? s->outcome[s->score.first_error - 1] : LH_UNSEEN;
	lh_jw_key(w, "target"), lh_jw_str(w, s->last ? s->last->truth : LH_STR(""));
	lh_jw_key(w, "scores"), lh_log_put_scores(w, &s->score, answer, outcome);
	lh_jw_key(w, "model_usage"), lh_log_put_usage_of(w, s->model, &s->usage);
	lh_jw_key(w, "role_usage"), lh_jw_open(w, '{'), lh_jw_close(w);
	lh_jw_key(w, "started_at"), lh_log_put_time(w, s->started_s, 0);
	lh_jw_key(w, "completed_at"), lh_log_put_time(w, s->started_s, s->latency_us);
	lh_jw_key(w, "total_time"), lh_jw_double(w, (double)s->latency_us / 1e6);
	lh_jw_key(w, "working_time"), lh_jw_double(w, (double)s->latency_us / 1e6);
	lh_jw_key(w, "turn_count"), lh_jw_int(w, s->turns);
}

/* The first thing that is asked: the first message of the user. */
static const struct lh_recall_message *first_prompt(const struct lh_recall *r)
{
	for (size_t i = 0; i < r->mades; i++)
		if (r->made[i].role == LH_USER)
			return &r->made[i];
	for (size_t i = 0; i < r->messages; i++)
		if (r->message[i].role == LH_USER && r->message[i].turn > 0)
			return &r->message[i];
	return NULL;
}

/* ---- the sample ---- */

/* The record as it stood at the end. */
static int put_record(const struct lh_log_sample *s, const struct lh_log_pool *pool, struct lh_jw *w, struct lh_error *err)
{
	int rc = 0;
	lh_jw_open(w, '[');
	for (uint32_t i = 0; i < pool->record && !rc; i++)
		rc = lh_log_pool_put_message(pool, w, pool->at[i], s->model, err);
	lh_jw_close(w);
	return rc;
}

static void put_end(const struct lh_log_sample *s, struct lh_jw *w)
{
	const struct lh_log_ending *e = &s->ending;
	if (e->end == LH_LOG_WHOLE)
		return;
	if (e->end != LH_LOG_LIMIT) {
		lh_log_put_error(w, e->reason);
		return;
	}
	lh_jw_key(w, "limit");
	lh_jw_open(w, '{');
	lh_jw_key(w, "type"), lh_jw_text(w, e->type);
	lh_jw_key(w, "limit"), lh_jw_double(w, e->limit);
	lh_jw_key(w, "reason"), lh_jw_text(w, e->reason);
	lh_jw_close(w);
}

static int put_input(const struct lh_log_sample *s, const struct lh_log_pool *pool, struct lh_jw *w, struct lh_error *err)
{
	int rc = 0;
	lh_jw_key(w, "input");
	lh_jw_open(w, '[');
	for (uint32_t i = 0; i < pool->record && i < 2 && !rc; i++)      /* the instructions and the first prompt */
		if (pool->at[i]->role == LH_SYSTEM || pool->at[i]->role == LH_USER)
			rc = lh_log_pool_put_message(pool, w, pool->at[i], s->model, err);
	lh_jw_close(w);
	return rc;
}

static int put_pool(const struct lh_log_sample *s, const struct lh_log_pool *pool, struct lh_jw *w, struct lh_error *err)
{
	lh_jw_key(w, "events_data");
	lh_jw_open(w, '{');
	lh_jw_key(w, "messages");
	int rc = lh_log_pool_put(pool, w, s->model, err);
	if (rc)
		return rc;
	lh_jw_key(w, "calls"), lh_jw_open(w, '['), lh_jw_close(w);
	lh_jw_close(w);
	return 0;
}

/* What fails leaves an unfinished text, which goes. */
static int put_body(const struct lh_log_sample *s, struct lh_log_pool *pool, struct lh_jw *w, struct lh_error *err)
{
	int rc = put_input(s, pool, w, err);
	if (rc)
		return rc;
	put_figures(s, w);
	put_metadata(s, w, true);
	lh_jw_key(w, "messages");
	if ((rc = put_record(s, pool, w, err)))
		return rc;
	lh_jw_key(w, "output");
	if ((rc = lh_log_put_output(w, s, pool, s->last, err)))
		return rc;
	lh_jw_key(w, "store"), lh_jw_open(w, '{'), lh_jw_close(w);
	lh_jw_key(w, "events");
	if ((rc = lh_log_put_events(s, pool, w, err)))
		return rc;
	lh_jw_key(w, "attachments"), lh_jw_open(w, '{'), lh_jw_close(w);
	if ((rc = put_pool(s, pool, w, err)))
		return rc;
	put_end(s, w);
	return 0;
}

int lh_log_put_sample(struct lh_log_sample *s, struct lh_jw *w, struct lh_error *err)
{
	struct lh_log_pool pool;
	int rc = lh_log_pool_open(&pool, s->recall, s->uuid, err);
	s->messages = pool.record;
	if (!rc) {
		lh_jw_open(w, '{');
		put_id(s, w);
		rc = put_body(s, &pool, w, err);
	}
	if (!rc)
		lh_jw_close(w);
	lh_log_pool_fini(&pool);
	return rc;
}

void lh_log_put_summary(const struct lh_log_sample *s, struct lh_jw *w)
{
	const struct lh_recall_message *asked = first_prompt(s->recall);
	lh_jw_open(w, '{');
	put_id(s, w);
	struct lh_str text = asked ? asked->text : LH_STR("");
	lh_jw_key(w, "input"), lh_jw_str(w, text.n > 1000 ? (struct lh_str){ text.p, 1000 } : text);
	put_figures(s, w);
	put_metadata(s, w, false);
	if (s->ending.end == LH_LOG_LIMIT) {
		lh_jw_key(w, "limit"), lh_jw_text(w, s->ending.type);
		lh_jw_key(w, "limit_reason"), lh_jw_text(w, s->ending.reason);
	} else if (s->ending.end == LH_LOG_ERROR) {
		lh_jw_key(w, "error"), lh_jw_text(w, s->ending.reason);
	}
	lh_jw_key(w, "completed"), lh_jw_bool(w, true);
	lh_jw_key(w, "message_count"), lh_jw_int(w, s->messages);
	lh_jw_close(w);
}
