#include "inspect/log_write.h"

#include "transcript/transcript.h"

#include <stdio.h>
#include <string.h>

struct events {
	const struct lh_log_sample *s;
	struct lh_log_pool *pool;
	struct lh_jw *w;
	int64_t at_us;                           /* so far in this conversation; calls of one turn are put behind one another */
	int64_t turn;                            /* whose span is open; 0: none is */
	uint32_t count;
};

static void begin(struct events *e, const char *what)
{
	char uuid[160];
	struct lh_jw *w = e->w;
	snprintf(uuid, sizeof uuid, "%s.e%u", e->s->uuid, e->count++);
	lh_jw_open(w, '{');
	lh_jw_key(w, "uuid"), lh_jw_text(w, uuid);
	if (e->turn) {
		snprintf(uuid, sizeof uuid, "turn%lld", (long long)e->turn);
		lh_jw_key(w, "span_id"), lh_jw_text(w, uuid);
	}
	lh_jw_key(w, "timestamp"), lh_log_put_time(w, e->s->started_s, e->at_us);
	lh_jw_key(w, "working_start"), lh_jw_double(w, (double)e->at_us / 1e6);
	lh_jw_key(w, "event"), lh_jw_text(w, what);
}

/* ---- turns are spans: the viewer folds them ---- */

static void put_span(struct events *e, const char *what, bool named)
{
	char text[32];
	begin(e, what);
	snprintf(text, sizeof text, "turn%lld", (long long)e->turn);
	lh_jw_key(e->w, "id"), lh_jw_text(e->w, text);
	snprintf(text, sizeof text, "turn %lld", (long long)e->turn);
	if (named)
		lh_jw_key(e->w, "name"), lh_jw_text(e->w, text);
	lh_jw_close(e->w);
}

static void go_to_turn(struct events *e, int64_t turn)
{
	if (e->turn == turn)
		return;
	if (e->turn)
		put_span(e, "span_end", false);
	e->turn = turn;
	if (turn)
		put_span(e, "span_begin", true);
}

/* ---- a call of the model ---- */

/* Their words for how a reply ended. */
static const char *stop_reason(const struct lh_recall_call *c, const struct lh_recall_message *reply)
{
	if (lh_str_is(c->finish, "length"))
		return "max_tokens";
	if (lh_str_is(c->finish, "refusal") || lh_str_is(c->finish, "filter"))
		return "content_filter";
	if (lh_str_is(c->finish, "other"))
		return "unknown";
	return reply && reply->calls.n ? "tool_calls" : "stop";
}

static const struct lh_recall_message *reply_of(const struct lh_recall *r, const struct lh_recall_call *c)
{
	return c->reply >= 0 && (size_t)c->reply < r->messages ? &r->message[c->reply] : NULL;
}

static int put_choice(struct lh_jw *w, const struct lh_log_pool *pool, const struct lh_recall_call *c, const struct lh_recall_message *reply, const char *model, struct lh_error *err)
{
	lh_jw_open(w, '{');
	lh_jw_key(w, "message");
	int rc = lh_log_pool_put_message(pool, w, reply, model, err);
	if (rc)
		return rc;
	lh_jw_key(w, "stop_reason"), lh_jw_text(w, stop_reason(c, reply));
	lh_jw_close(w);
	return 0;
}

int lh_log_put_output(struct lh_jw *w, const struct lh_log_sample *s, const struct lh_log_pool *pool, const struct lh_recall_call *c, struct lh_error *err)
{
	const struct lh_recall_message *reply = c ? reply_of(s->recall, c) : NULL;
	int rc = 0;
	lh_jw_open(w, '{');
	lh_jw_key(w, "model"), lh_jw_text(w, s->model);
	lh_jw_key(w, "choices");
	lh_jw_open(w, '[');
	if (reply)
		rc = put_choice(w, pool, c, reply, s->model, err);
	if (rc)
		return rc;
	lh_jw_close(w);
	lh_jw_key(w, "completion"), lh_jw_str(w, reply ? reply->text : LH_STR(""));
	if (reply) {
		lh_jw_key(w, "usage");
		lh_log_put_usage(w, &(struct lh_log_usage){ c->tokens_in, c->tokens_cached, c->tokens_out, c->tokens_reasoning, c->cost_microusd });
		lh_jw_key(w, "time"), lh_jw_double(w, (double)c->latency_us / 1e6);
	}
	if (c && c->error.n)
		lh_jw_key(w, "error"), lh_jw_str(w, c->error_text);
	lh_jw_close(w);
	return 0;
}

static void put_own(struct lh_jw *w, const struct lh_recall_call *c)
{
	lh_jw_key(w, "metadata");
	lh_jw_open(w, '{');
	lh_jw_key(w, "turn"), lh_jw_int(w, c->turn);
	lh_jw_key(w, "call"), lh_jw_int(w, c->seq);
	lh_jw_key(w, "accepted"), lh_jw_bool(w, c->accepted);
	if (c->purpose.n)
		lh_jw_key(w, "purpose"), lh_jw_str(w, c->purpose);
	if (c->error.n)
		lh_jw_key(w, "failure"), lh_jw_str(w, c->error);
	lh_jw_key(w, "counted"), lh_jw_bool(w, c->counted);
	if (c->served_by.n)
		lh_jw_key(w, "served_by"), lh_jw_str(w, c->served_by);
	if (c->request_id.n)
		lh_jw_key(w, "request_id"), lh_jw_str(w, c->request_id);
	lh_jw_close(w);
}

static int put_model(struct events *e, const struct lh_recall_call *c, struct lh_error *err)
{
	struct lh_jw *w = e->w;
	begin(e, "model");
	lh_jw_key(w, "model"), lh_jw_text(w, e->s->model);
	lh_jw_key(w, "input"), lh_jw_open(w, '['), lh_jw_close(w);
	lh_jw_key(w, "input_refs");
	int rc = lh_log_pool_refs(e->pool, w, c, err);
	if (rc)
		return rc;
	lh_jw_key(w, "tools"), lh_jw_open(w, '['), lh_jw_close(w);
	lh_jw_key(w, "tool_choice"), lh_jw_text(w, "auto");
	lh_jw_key(w, "config"), lh_jw_open(w, '{'), lh_jw_close(w);
	lh_jw_key(w, "output");
	rc = lh_log_put_output(w, e->s, e->pool, c, err);
	if (rc)
		return rc;
	if (c->error.n)
		lh_jw_key(w, "error"), lh_jw_str(w, c->error_text);
	if (c->attempts > 1)
		lh_jw_key(w, "retries"), lh_jw_int(w, c->attempts - 1);
	put_own(w, c);
	e->at_us += c->latency_us;
	lh_jw_key(w, "completed"), lh_log_put_time(w, e->s->started_s, e->at_us);
	lh_jw_key(w, "working_time"), lh_jw_double(w, (double)c->latency_us / 1e6);
	lh_jw_close(w);
	return 0;
}

/* ---- calls of tools, as the task carried them out ---- */

/* The result behind a reply that answers the call of this id. */
static const struct lh_recall_message *result_of(const struct lh_recall *r, const struct lh_recall_message *reply, struct lh_str id)
{
	for (const struct lh_recall_message *m = reply + 1; m < r->message + r->messages; m++) {
		struct lh_calls calls;
		struct lh_tool_call call = { .id = LH_STR("") };
		if (*m->made_by && m->turn != reply->turn)       /* an id that no row has is of no turn */
			return NULL;
		if (m->role != LH_TOOL || lh_calls_open(&calls, m->calls, NULL))
			continue;
		bool found = lh_calls_next(&calls, &call) && lh_str_equal(call.id, id);
		lh_calls_close(&calls);
		if (found)
			return m;
	}
	return NULL;
}

static void put_tool(struct events *e, const struct lh_tool_call *call, const struct lh_recall_message *result)
{
	struct lh_jw *w = e->w;
	begin(e, "tool");
	lh_jw_key(w, "type"), lh_jw_text(w, "function");
	lh_jw_key(w, "id"), lh_jw_str(w, call->id);
	lh_jw_key(w, "function"), lh_jw_str(w, call->name);
	lh_jw_key(w, "arguments"), lh_log_put_arguments(w, call->arguments);
	lh_jw_key(w, "result"), lh_jw_str(w, result->text);
	lh_jw_key(w, "events"), lh_jw_open(w, '['), lh_jw_close(w);
	lh_jw_close(w);
}

static int put_tools(struct events *e, const struct lh_recall_call *c, struct lh_error *err)
{
	const struct lh_recall_message *reply = reply_of(e->s->recall, c);
	struct lh_calls calls;
	struct lh_tool_call call;
	if (!reply || !reply->calls.n)
		return 0;
	int rc = lh_calls_open(&calls, reply->calls, err);
	if (rc)
		return rc;
	while (lh_calls_next(&calls, &call)) {
		const struct lh_recall_message *result = result_of(e->s->recall, reply, call.id);
		if (result)                      /* else nobody carried it out */
			put_tool(e, &call, result);
	}
	lh_calls_close(&calls);
	return 0;
}

/* ---- what became of the turn ---- */

static void put_state(struct lh_jw *w, const char *name, bool has, struct lh_str state)
{
	lh_jw_key(w, name);
	lh_jw_str_or_null(w, has, state);
}

static void put_outcome(struct events *e, const struct lh_recall_call *c)
{
	struct lh_jw *w = e->w;
	begin(e, "info");
	lh_jw_key(w, "source"), lh_jw_text(w, "longhaul");
	lh_jw_key(w, "data");
	lh_jw_open(w, '{');
	lh_jw_key(w, "turn"), lh_jw_int(w, c->turn);
	lh_jw_key(w, "outcome"), lh_jw_str(w, c->outcome);
	put_state(w, "shown", c->has_shown, c->shown);
	put_state(w, "followed", c->has_followed, c->followed);
	put_state(w, "answered", c->has_answered, c->answered);
	put_state(w, "true", true, c->truth);
	if (c->unshown)
		lh_jw_key(w, "unshown"), lh_jw_bool(w, true);
	lh_jw_close(w);
	lh_jw_close(w);
}

/* ---- the end ---- */

static void put_ending(struct events *e)
{
	const struct lh_log_ending *end = &e->s->ending;
	struct lh_jw *w = e->w;
	if (end->end == LH_LOG_WHOLE)
		return;
	begin(e, end->end == LH_LOG_LIMIT ? "sample_limit" : "error");
	if (end->end == LH_LOG_LIMIT) {
		lh_jw_key(w, "type"), lh_jw_text(w, end->type);
		lh_jw_key(w, "message"), lh_jw_text(w, end->reason);
		lh_jw_key(w, "limit"), lh_jw_double(w, end->limit);
	} else {
		lh_log_put_error(w, end->reason);
	}
	lh_jw_close(w);
}

int lh_log_put_events(const struct lh_log_sample *s, struct lh_log_pool *pool, struct lh_jw *w, struct lh_error *err)
{
	struct events e = { .s = s, .pool = pool, .w = w };
	const struct lh_recall *r = s->recall;
	int rc = 0;
	lh_jw_open(w, '[');
	for (size_t i = 0; i < r->calls && !rc; i++) {
		const struct lh_recall_call *c = &r->call[i];
		go_to_turn(&e, c->turn);
		rc = put_model(&e, c, err);
		if (!rc)
			rc = put_tools(&e, c, err);
		bool last = i + 1 == r->calls || r->call[i + 1].turn != c->turn;
		for (size_t k = i + 1; last && k-- > 0 && r->call[k].turn == c->turn;)
			if (r->call[k].accepted)
				put_outcome(&e, &r->call[k]);
	}
	if (rc)
		return rc;
	go_to_turn(&e, 0);
	put_ending(&e);
	lh_jw_close(w);
	return 0;
}
