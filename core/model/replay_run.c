/* The part of replay that answers from a run file: the conversation with the same task, policy,
 * history and sample in its newest run, call by call, and only for the very same request. */
#include "model/model_ops.h"

#include "journal/journal.h"

#include <stdlib.h>
#include <string.h>

struct condition { int64_t id; char *task, *params, *policy, *options, *history; uint32_t steps_per_turn; };
struct episode { int64_t id, condition, probe; uint64_t sample; };

struct recorded {
	struct lh_reader *reader;
	struct condition *condition;
	int conditions;
	size_t condition_cap;
	struct episode *episode;
	size_t episodes, episode_cap;
	uint64_t samples;
	uint32_t turns;
};

struct call { uint32_t turn, seq; uint64_t hash; int64_t reply; size_t text, text_n, thoughts, thoughts_n, blob, blob_n, calls, calls_n, view, view_n; struct lh_reply head; };

struct conversation {                    /* one episode's calls, in order */
	struct call *call;
	size_t count, cap, next;
	struct lh_buf words;
	int64_t *message_call;           /* message id → call index + 1 */
	size_t messages;
};

static int add_condition(void *user, const void *row, struct lh_error *err)
{
	struct recorded *r = user;
	const struct lh_condition_row *c = row;
	if (lh_array_more(&r->condition, &r->condition_cap, (size_t)r->conditions + 1, sizeof *r->condition, err))
		return LH_E_NOMEM;
	struct condition *to = &r->condition[r->conditions++];
	*to = (struct condition){ c->id, lh_str_dup(c->task), lh_str_dup(c->task_params), lh_str_dup(c->policy), lh_str_dup(c->policy_options),
		lh_str_dup(c->history), (uint32_t)c->steps_per_turn };
	if (c->turns > r->turns)
		r->turns = (uint32_t)c->turns;
	return to->task && to->params && to->policy && to->options && to->history ? 0 : lh_nomem(err);
}

static int add_episode(void *user, const void *row, struct lh_error *err)
{
	struct recorded *r = user;
	const struct lh_episode_row *e = row;
	if (lh_str_is(e->status, "superseded"))          /* begun again as another one */
		return 0;
	if (lh_array_more(&r->episode, &r->episode_cap, r->episodes + 1, sizeof *r->episode, err))
		return LH_E_NOMEM;
	r->episode[r->episodes++] = (struct episode){ e->id, e->condition, e->probe, (uint64_t)e->sample };
	if ((uint64_t)e->sample + 1 > r->samples)
		r->samples = (uint64_t)e->sample + 1;
	return 0;
}

int lh_replay_run_open(const char *path, void **out, uint64_t *samples, uint32_t *turns, struct lh_error *err)
{
	struct recorded *r = calloc(1, sizeof *r);
	if (!r)
		return lh_nomem(err);
	*out = r;
	int64_t run;
	int rc = lh_reader_open(path, &r->reader, err);
	if (!rc)
		rc = lh_reader_newest_run(r->reader, &run, err);
	if (!rc)
		rc = lh_reader_conditions(r->reader, run, add_condition, r, err);
	if (!rc)
		rc = lh_reader_episodes(r->reader, run, add_episode, r, err);
	*samples = r->samples;
	*turns = r->turns;
	return rc;
}

void lh_replay_run_free(void *data)
{
	struct recorded *r = data;
	if (!r)
		return;
	for (int i = 0; i < r->conditions; i++) {
		free(r->condition[i].task);
		free(r->condition[i].params);
		free(r->condition[i].policy);
		free(r->condition[i].options);
		free(r->condition[i].history);
	}
	free(r->condition);
	free(r->episode);
	lh_reader_close(r->reader);
	free(r);
}

/* ---- one conversation ---- */

static size_t keep(struct conversation *c, struct lh_str s)
{
	size_t at = c->words.n;
	lh_buf_put_str(&c->words, s);
	return at;
}

static void copy_text(char *to, size_t size, struct lh_str s)
{
	size_t n = s.n < size ? s.n : size - 1;
	memcpy(to, s.p, n);
	to[n] = 0;
}

static int add_call(void *user, const void *row, struct lh_error *err)
{
	struct conversation *c = user;
	const struct lh_call_row *k = row;
	if (lh_array_more(&c->call, &c->cap, c->count + 1, sizeof *c->call, err))
		return LH_E_NOMEM;
	struct call *to = &c->call[c->count++];
	memset(to, 0, sizeof *to);
	to->turn = (uint32_t)k->turn;
	to->seq = (uint32_t)k->seq;
	to->hash = k->view_hash;
	to->reply = k->reply;
	to->view = keep(c, k->view);
	to->view_n = k->view.n;
	to->head = (struct lh_reply){ .finish = (enum lh_finish)lh_finish_of(k->finish), .tokens_in = k->tokens_in, .tokens_cached = k->tokens_cached,
		.tokens_out = k->tokens_out, .tokens_reasoning = k->tokens_reasoning, .counted = k->counted, .latency_us = k->latency_us,
		.cost_microusd = k->cost_microusd, .priced = k->cost_microusd > 0, .attempts = k->attempts };
	copy_text(to->head.served_by, sizeof to->head.served_by, k->served_by);
	copy_text(to->head.request_id, sizeof to->head.request_id, k->request_id);
	if (k->reply < 0) {
		to->head.error = lh_str_is(k->error, "overflow") ? LH_E_OVERFLOW : LH_E_FAILED;
		to->text = keep(c, k->error_text);
		to->text_n = k->error_text.n;
	}
	return lh_buf_ok(&c->words, err);
}

/* Which call each reply belongs to. */
static int index_replies(struct conversation *c, struct lh_error *err)
{
	for (size_t i = 0; i < c->count; i++)
		if (c->call[i].reply >= (int64_t)c->messages)
			c->messages = (size_t)c->call[i].reply + 1;
	c->message_call = calloc(c->messages + 1, sizeof *c->message_call);
	if (!c->message_call)
		return lh_nomem(err);
	for (size_t i = 0; i < c->count; i++)
		if (c->call[i].reply >= 0)
			c->message_call[c->call[i].reply] = (int64_t)i + 1;
	return 0;
}

static int add_message(void *user, const void *row, struct lh_error *err)
{
	struct conversation *c = user;
	const struct lh_message_row *m = row;
	int64_t call = m->id >= 0 && (size_t)m->id < c->messages ? c->message_call[m->id] : 0;
	if (!call)
		return 0;
	struct call *to = &c->call[call - 1];
	to->text = keep(c, m->text);
	to->text_n = m->text.n;
	to->thoughts = keep(c, m->thoughts);
	to->thoughts_n = m->thoughts.n;
	to->blob = keep(c, m->blob);
	to->blob_n = m->blob.n;
	to->calls = keep(c, m->calls);
	to->calls_n = m->calls.n;
	return lh_buf_ok(&c->words, err);
}

static const struct condition *match(const struct recorded *r, const struct lh_model_setting *s)
{
	for (int i = 0; i < r->conditions; i++) {
		const struct condition *c = &r->condition[i];
		if (lh_str_is(s->task, c->task) && lh_str_is(s->task_params, c->params) && lh_str_is(s->policy, c->policy) &&
			lh_str_is(s->policy_options, c->options) && lh_str_is(s->history, c->history) && s->steps_per_turn == c->steps_per_turn)
			return c;
	}
	return NULL;
}

static int load(struct recorded *r, int64_t episode, struct conversation *c, struct lh_error *err)
{
	int rc = lh_reader_calls(r->reader, episode, add_call, c, err);
	if (!rc)
		rc = index_replies(c, err);
	return rc ? rc : lh_reader_messages(r->reader, episode, add_message, c, err);
}

int lh_replay_run_begin(void *data, const char *name, const struct lh_model_setting *s, void **state, struct lh_error *err)
{
	struct recorded *r = data;
	const struct condition *c = match(r, s);
	if (!c)
		return lh_fail(err, LH_E_MISSING, "%s has no condition with task %.*s %.*s, policy %.*s %.*s, history %.*s and %u steps a turn", name,
			LH_ARG(s->task), LH_ARG(s->task_params), LH_ARG(s->policy), LH_ARG(s->policy_options), LH_ARG(s->history), s->steps_per_turn);
	for (size_t i = 0; i < r->episodes; i++) {
		if (r->episode[i].condition != c->id || r->episode[i].sample != s->sample || r->episode[i].probe != s->probe)
			continue;
		struct conversation *k = calloc(1, sizeof *k);
		if (!k)
			return lh_nomem(err);
		lh_buf_init(&k->words, 4ull << 30);
		*state = k;
		int rc = load(r, r->episode[i].id, k, err);
		if (rc)
			lh_replay_run_end(k);
		return rc;
	}
	return s->probe ? lh_fail(err, LH_E_MISSING, "%s has no sample %llu asked at turn %u behind history %.*s", name, (unsigned long long)s->sample, s->probe, LH_ARG(s->history))
		: lh_fail(err, LH_E_MISSING, "%s has no sample %llu", name, (unsigned long long)s->sample);
}

void lh_replay_run_end(void *state)
{
	struct conversation *c = state;
	if (!c)
		return;
	free(c->call);
	free(c->message_call);
	lh_buf_fini(&c->words);
	free(c);
}

/* Calls come in order; a sample's replies may be asked in any. */
static const struct call *find(struct conversation *c, uint32_t turn, uint32_t seq)
{
	for (size_t n = 0; n < c->count; n++) {
		size_t i = (c->next + n) % c->count;
		if (c->call[i].turn == turn && c->call[i].seq == seq) {
			c->next = i + 1;
			return &c->call[i];
		}
	}
	return NULL;
}

static int differs(const struct conversation *c, const struct call *k, const struct lh_model_request *q, struct lh_error *err)
{
	struct lh_buf now;
	lh_buf_init(&now, 1 << 16);
	lh_view_write(q->view, q->transcript, lh_transcript_count(q->transcript), &now);
	lh_fail(err, LH_E_DIFFERS, "sample %llu, turn %u, call %u: this request is not the recorded one. Recorded view %.*s, now %.*s: policy, task, seed or options have changed",
		(unsigned long long)q->sample, q->turn, q->seq, (int)k->view_n, c->words.p + k->view, LH_ARG(lh_buf_str(&now)));
	lh_buf_fini(&now);
	return LH_E_DIFFERS;
}

int lh_replay_run_call(void *state, const struct lh_model_request *q, struct lh_reply *reply, struct lh_error *err)
{
	struct conversation *c = state;
	const struct call *k = find(c, q->turn, q->seq);
	if (!k)
		return lh_fail(err, LH_E_MISSING, "the run file has no reply for sample %llu, turn %u, call %u", (unsigned long long)q->sample, q->turn, q->seq);
	if (k->hash != q->view_hash)
		return differs(c, k, q, err);
	struct lh_buf error_text = reply->error_text, text = reply->text, thoughts = reply->thoughts, blob = reply->blob, calls = reply->calls;
	*reply = k->head;
	reply->error_text = error_text;
	reply->text = text;
	reply->thoughts = thoughts;
	reply->blob = blob;
	reply->calls = calls;
	lh_buf_put(k->head.error ? &reply->error_text : &reply->text, c->words.p + k->text, k->text_n);
	lh_buf_put(&reply->thoughts, c->words.p + k->thoughts, k->thoughts_n);
	lh_buf_put(&reply->blob, c->words.p + k->blob, k->blob_n);
	lh_buf_put(&reply->calls, c->words.p + k->calls, k->calls_n);
	return lh_buf_ok(&reply->text, err);
}
