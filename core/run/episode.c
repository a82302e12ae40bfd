#include "run/episode.h"

#include "run/record.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- asks ---- */

#define VIEW_TEXT_MAX (1u << 20)

static int add_ask(struct lh_episode *e, struct lh_ask **out, struct lh_error *err)
{
	if (e->asks == e->ask_cap) {
		int cap = e->ask_cap ? 2 * e->ask_cap : 2;
		struct lh_ask *p = malloc((size_t)cap * sizeof *p);
		if (!p)
			return lh_nomem(err);
		for (int i = 0; i < cap; i++) {      /* views hold pointers into themselves: copy by hand */
			lh_view_init(&p[i].view);
			lh_buf_init(&p[i].text, VIEW_TEXT_MAX);
			if (i >= e->asks)
				continue;
			struct lh_view view = p[i].view;
			p[i] = e->ask[i];
			p[i].view = view;
			p[i].view.piece = p[i].view.few;
			int rc = lh_view_copy(&p[i].view, &e->ask[i].view, err);
			lh_view_fini(&e->ask[i].view);
			if (rc)
				return rc;
		}
		free(e->ask);
		e->ask = p;
		e->ask_cap = cap;
	}
	*out = &e->ask[e->asks++];
	return 0;
}

static int add_calls(struct lh_episode *e, int n, struct lh_error *err)
{
	if (e->calls + n > e->call_cap) {
		int cap = 2 * (e->calls + n);
		struct lh_call *p = realloc(e->call, (size_t)cap * sizeof *p);
		if (!p)
			return lh_nomem(err);
		e->call = p;
		e->call_cap = cap;
	}
	for (int i = 0; i < n; i++)
		e->call[e->calls++] = (struct lh_call){ .ask = e->asks - 1 };
	return 0;
}

static uint64_t hash_options(const struct lh_call_options *o)
{
	uint64_t bits;
	memcpy(&bits, &o->temperature, sizeof bits);
	uint64_t h = lh_random_mix(o->has_temperature ? bits + 1 : 0, (uint64_t)o->max_tokens);
	for (const char *p = o->model; *p; p++)
		h = lh_random_mix(h, (unsigned char)*p);
	for (const char *p = o->stop; *p; p++)
		h = lh_random_mix(h, 256u + (unsigned char)*p);
	return h;
}

static int encode_call(struct lh_episode *e, struct lh_ask *a, uint32_t seq, struct lh_error *err)
{
	struct lh_model_request q;
	lh_episode_request(e, seq, &q);
	return lh_model_encode(e->condition->model, &q, &a->wire, err);
}

/* The calls' bodies one after another; each call keeps where its own begins. */
static int encode_each(struct lh_episode *e, struct lh_ask *a, struct lh_error *err)
{
	int rc = 0;
	lh_buf_clear(&e->copies);
	for (uint32_t i = 0; i < (uint32_t)a->wanted && !rc; i++) {
		struct lh_call *c = &e->call[a->first_seq + i];
		rc = encode_call(e, a, a->first_seq + i, err);
		c->body_at = e->copies.n;
		c->body_n = a->wire.body.n;
		lh_buf_put_str(&e->copies, a->wire.body);
	}
	return rc ? rc : lh_buf_ok(&e->copies, err);
}

/* A live model's request as bytes: once for all calls of the ask, unless they differ in more than their luck. */
static int encode(struct lh_episode *e, struct lh_ask *a, struct lh_error *err)
{
	a->each = a->wanted > 1 && lh_model_per_call(e->condition->model);
	return a->each ? encode_each(e, a, err) : encode_call(e, a, a->first_seq, err);
}

/* The policy wants calls: measures the view and notes it. */
static int begin_ask(struct lh_episode *e, const struct lh_policy_step *step, struct lh_error *err)
{
	struct lh_ask *a = NULL;
	int rc = add_ask(e, &a, err);
	if (!rc)
		rc = lh_view_copy(&a->view, step->view, err);
	if (rc)
		return rc;
	struct lh_transcript *t = e->transcript;
	a->options = step->options;
	a->wire = (struct lh_wire_request){ .thoughts_kept = 0 };
	a->wanted = step->calls;
	a->answered = 0;
	a->first_seq = (uint32_t)e->calls;
	lh_buf_clear(&a->text);
	lh_view_write(&a->view, t, lh_transcript_count(t), &a->text);
	lh_view_measure(&a->view, t, &a->size);
	lh_view_exposure(&a->view, t, &a->exposure);
	a->hash = lh_random_mix(lh_view_hash(&a->view, t), hash_options(&a->options));
	a->reusable = lh_view_reusable(&a->view, e->has_before ? &e->before : NULL, t);
	rc = lh_view_copy(&e->before, &a->view, err);
	e->has_before = true;
	if (!rc)
		rc = add_calls(e, a->wanted, err);
	if (!rc)
		rc = lh_buf_ok(&a->text, err);
	if (!rc)
		rc = lh_record_policy_messages(e, err);
	if (!rc)
		rc = lh_transcript_reserve(t, (uint32_t)a->wanted, &a->first_message, err);
	return rc || !e->live ? rc : encode(e, a, err);
}

const struct lh_ask *lh_episode_asks(const struct lh_episode *e)
{
	return &e->ask[e->asks - 1];
}

/* ---- turns ---- */

static void clear_turn(struct lh_episode *e)
{
	for (int i = 0; i < e->calls; i++) {
		free(e->call[i].error_text);
		free(e->call[i].served_by);
		free(e->call[i].request_id);
	}
	e->calls = 0;
	e->asks = 0;
}

static int end(struct lh_episode *e, const char *status, struct lh_str cause, struct lh_error *err)
{
	e->done = true;
	return lh_record_episode(e, status, cause, err);
}

/* The turn brought no reply: the episode ends here. */
static int end_early(struct lh_episode *e, const char *status, struct lh_str cause, struct lh_error *err)
{
	for (int i = 0; i < e->calls; i++) {
		int rc = lh_record_call(e, (uint32_t)i, NULL, true, err);
		if (rc)
			return rc;
	}
	return end(e, status, cause, err);
}

/* An empty record; one a run, since to clear its whole text at every turn is felt. */
static struct lh_error *fresh_fault(struct lh_episode *e)
{
	struct lh_error *fault = &e->run->fault;
	fault->code = 0;
	fault->text[0] = 0;
	return fault;
}

static int policy_failed(struct lh_episode *e, const struct lh_error *fault, struct lh_error *err)
{
	return end_early(e, "policy_error", lh_str_of(fault->text), err);
}

/* Index of the call that brought this message, or -1. */
static int call_of(const struct lh_episode *e, uint32_t message)
{
	for (int i = e->calls - 1; i >= 0; i--)
		if (!e->call[i].error && e->call[i].message == message)
			return i;
	return -1;
}

static int accept(struct lh_episode *e, uint32_t message, bool *stop, struct lh_error *err)
{
	int i = call_of(e, message);
	if (i < 0)
		return lh_fail(err, LH_E_INTERNAL, "a reply was accepted that no call brought");
	const struct lh_ask *a = &e->ask[e->call[i].ask];
	struct lh_turn_states states;
	int rc = lh_judge(e->transcript, &a->view, message, e->call[i].finish, &e->run->judged, &states, err);
	if (!rc)
		rc = lh_transcript_accept(e->transcript, message, err);
	if (rc)
		return rc;
	uint32_t turn = lh_transcript_turn(e->transcript);
	states.truth = lh_transcript_truth(e->transcript, turn);
	states.answered = lh_transcript_state(e->transcript, message);
	*stop = e->run->experiment->stop_at_error && !e->probe && !lh_outcome_state_ok(states.outcome);
	for (int k = 0; k < e->calls && !rc; k++)
		rc = lh_record_call(e, (uint32_t)k, k == i ? &states : NULL, true, err);
	return rc;
}

static int step_on(struct lh_episode *e, const struct lh_policy_step *step, struct lh_error *err);

/* The turns of a made history, up to the prompt of the one that is asked. *failed: the policy did. */
static int make_history(struct lh_episode *e, bool *failed, struct lh_error *err)
{
	struct lh_error *fault = fresh_fault(e);
	bool asked = false;
	int rc = 0;
	while (!rc && !asked) {
		rc = lh_made_begin_turn(&e->made, e->transcript, &asked, err);
		if (rc || asked || !lh_made_replies(&e->made))
			continue;
		if (!*failed && lh_policy_rehearse(e->policy, fault))
			*failed = true;          /* it is told at the turn that is asked */
		rc = lh_made_reply(&e->made, e->transcript, err);
	}
	return rc;
}

static int next_turn(struct lh_episode *e, struct lh_error *err)
{
	struct lh_policy_step step;
	struct lh_error *fault = &e->run->fault;
	bool failed = false;
	clear_turn(e);
	int rc = e->probe ? make_history(e, &failed, err) : lh_transcript_begin_turn(e->transcript, err);
	if (!rc)
		rc = lh_record_message(e, lh_transcript_count(e->transcript) - 1, err);
	if (failed && !rc)
		return policy_failed(e, fault, err);
	fault = fresh_fault(e);
	if (rc)
		return rc;
	if (lh_policy_turn(e->policy, &step, fault))
		return policy_failed(e, fault, err);
	return step_on(e, &step, err);
}

static int finish(struct lh_episode *e, const char *cause, struct lh_error *err)
{
	struct lh_error *fault = fresh_fault(e);
	lh_buf_clear(&e->run->text);
	if (lh_policy_finish(e->policy, &e->run->text, fault))
		return end(e, "done", lh_str_of(fault->text), err);
	e->extra = lh_buf_str(&e->run->text);
	return end(e, "done", lh_str_of(cause), err);
}

/* Carries a step out; loops over turns without recursion are the scheduler's: each turn has a call. */
static int step_on(struct lh_episode *e, const struct lh_policy_step *step, struct lh_error *err)
{
	bool stop = false;
	if (step->kind == LH_STEP_CALLS)
		return begin_ask(e, step, err);
	if (step->kind == LH_STEP_END)
		return end_early(e, step->outcome == LH_OUTCOME_FAILED ? "censored" : "done",
			step->outcome == LH_OUTCOME_FAILED ? lh_str_of(step->cause) : LH_STR("overflow"), err);
	int rc = accept(e, step->message, &stop, err);
	if (rc)
		return rc;
	if (stop)
		return finish(e, "stopped at its first error", err);
	if (lh_transcript_turn(e->transcript) >= (e->probe ? e->probe : e->condition->turns))
		return finish(e, "", err);
	return next_turn(e, err);
}

/* ---- replies ---- */

static int note_reply(struct lh_episode *e, uint32_t seq, const struct lh_reply *r, struct lh_error *err)
{
	struct lh_call *c = &e->call[seq];
	int ask = c->ask, rc = 0;
	*c = (struct lh_call){ .ask = ask, .finish = r->finish, .error = r->error, .tokens_in = r->tokens_in, .tokens_cached = r->tokens_cached,
		.tokens_out = r->tokens_out, .tokens_reasoning = r->tokens_reasoning, .latency_us = r->latency_us,
		.cost_microusd = r->cost_microusd, .attempts = r->attempts, .counted = r->counted,
		.message = e->ask[ask].first_message + (seq - e->ask[ask].first_seq) };
	if ((r->error && !(c->error_text = lh_str_dup(lh_buf_str(&r->error_text)))) ||
		(r->served_by[0] && !(c->served_by = lh_str_dup(lh_str_of(r->served_by)))) ||
		(r->request_id[0] && !(c->request_id = lh_str_dup(lh_str_of(r->request_id)))))
		return lh_nomem(err);
	if (!r->error)
		rc = lh_transcript_fill(e->transcript, c->message, lh_buf_str(&r->text), lh_buf_str(&r->thoughts), lh_buf_str(&r->blob), err);
	return rc;
}

static int results_for(struct lh_episode *e, const struct lh_ask *a, struct lh_error *err)
{
	if (a->wanted > e->result_cap) {
		struct lh_call_result *p = realloc(e->result, (size_t)a->wanted * sizeof *p);
		if (!p)
			return lh_nomem(err);
		e->result = p;
		e->result_cap = a->wanted;
	}
	for (int i = 0; i < a->wanted; i++) {
		const struct lh_call *c = &e->call[a->first_seq + (uint32_t)i];
		e->result[i] = (struct lh_call_result){ c->error, lh_str_of(c->error_text), c->message, c->finish, c->tokens_in, c->tokens_out };
	}
	return 0;
}

int lh_episode_reply(struct lh_episode *e, uint32_t seq, const struct lh_reply *reply, struct lh_error *err)
{
	struct lh_ask *a = &e->ask[e->call[seq].ask];
	int rc = note_reply(e, seq, reply, err);
	e->call[seq].answered = true;
	if (!rc && a->wanted > 1 && e->live)     /* paid for: written before the others are in */
		rc = lh_record_call(e, seq, NULL, false, err);
	if (rc || ++a->answered < a->wanted)
		return rc;
	rc = results_for(e, a, err);
	if (rc)
		return rc;
	struct lh_policy_step step;
	struct lh_error *fault = fresh_fault(e);
	if (lh_policy_answer(e->policy, e->result, a->wanted, &step, fault))
		return policy_failed(e, fault, err);
	if (step.kind == LH_STEP_CALLS && a->wanted == 1 && e->live) {
		rc = lh_record_call(e, seq, NULL, false, err);
		if (rc)
			return rc;
	}
	return step_on(e, &step, err);
}

bool lh_episode_waits(const struct lh_episode *e, uint32_t turn, uint32_t seq)
{
	return !e->done && lh_transcript_turn(e->transcript) == turn && seq < (uint32_t)e->calls && !e->call[seq].answered;
}

int lh_episode_order(struct lh_episode *e, struct lh_error *err)
{
	const struct lh_ask *a = lh_episode_asks(e);
	struct lh_buf options;
	int rc = 0;
	lh_buf_init(&options, 1024);
	for (uint32_t i = 0; i < (uint32_t)a->wanted && !rc; i++) {
		struct lh_order o = { .slot = e->slot, .model = e->condition->model_index, .message = a->first_message + i, .body = a->wire.body,
			.open = a->wire.open, .tokens = a->wire.tokens, .tokens_in = a->wire.tokens_in };
		const struct lh_call *c = &e->call[a->first_seq + i];
		if (a->each)
			o.body = (struct lh_str){ e->copies.p + c->body_at, c->body_n };
		lh_record_call_row(e, a->first_seq + i, &options, &o.row);
		rc = e->run->outlet->order(e->run->outlet->user, &o, err);
	}
	lh_buf_fini(&options);
	return rc;
}

void lh_episode_request(const struct lh_episode *e, uint32_t seq, struct lh_model_request *out)
{
	const struct lh_ask *a = &e->ask[e->call[seq].ask];
	*out = (struct lh_model_request){ .transcript = e->transcript, .view = &a->view, .options = &a->options, .size = &a->size,
		.exposure = &a->exposure, .view_hash = a->hash, .seed = e->run->experiment->seed, .sample = lh_sample_index(e->task),
		.turn = lh_transcript_turn(e->transcript), .seq = seq, .session = lh_str_of(e->session) };
}

/* ---- opening ---- */

static int open_parts(struct lh_episode *e, struct lh_error *err)
{
	const struct lh_condition *c = e->condition;
	uint64_t sample = e->sample, seed = e->run->experiment->seed;
	int rc = lh_sample_open(c->task, sample, seed, &e->task, err);
	if (!rc)
		rc = lh_transcript_new(e->task, c->steps_per_turn, &e->transcript, err);
	if (rc)
		return rc;
	lh_transcript_use_arena(e->transcript, e->run->arena);
	if (e->live)
		return 0;
	struct lh_model_setting m = { .task = lh_str_of(lh_family_name(lh_taskset_family(c->task))), .task_params = lh_taskset_params_json(c->task),
		.policy = lh_str_of(lh_policy_name(c->policy)), .policy_options = lh_policy_options_json(c->policy), .history = lh_str_of(c->history),
		.steps_per_turn = c->steps_per_turn, .probe = e->probe, .sample = sample, .seed = seed };
	return lh_model_begin(c->model, &m, &e->model, err);
}

static int start(struct lh_episode *e, struct lh_error *err)
{
	struct lh_error *fault = fresh_fault(e);
	int rc = open_parts(e, err);
	if (!rc)
		rc = lh_record_episode(e, "running", LH_STR(""), err);
	if (!rc && !e->probe)                    /* a made history is made again, its instructions with it */
		rc = lh_record_message(e, 0, err);
	if (rc)
		return rc;
	struct lh_policy_setting s = { .transcript = e->transcript, .seed = e->run->experiment->seed, .sample = lh_sample_index(e->task),
		.turns = e->condition->turns, .window = lh_model_window(e->condition->model) };
	if (lh_policy_begin(e->condition->policy, &s, &e->policy, fault)) {
		rc = lh_transcript_begin_turn(e->transcript, err);
		if (!rc && !e->probe)
			rc = lh_record_message(e, 1, err);
		return rc ? rc : policy_failed(e, fault, err);
	}
	return next_turn(e, err);
}

int lh_episode_open(struct lh_run_context *run, const struct lh_seat *seat, struct lh_episode **out, struct lh_error *err)
{
	*out = NULL;
	struct lh_episode *e = calloc(1, sizeof *e);
	if (!e)
		return lh_nomem(err);
	e->run = run;
	e->condition = &run->plan->condition[seat->condition];
	e->condition_index = seat->condition;
	e->sample = seat->sample;
	e->id = seat->id;
	e->slot = seat->slot;
	e->probe = seat->probe;
	if (e->probe)
		lh_made_init(&e->made, &e->condition->made, run->experiment->seed, seat->sample, e->probe);
	e->live = lh_model_carrier(e->condition->model) != LH_CARRIER_NONE;
	lh_conversation_name(run->plan->config_sha256, seat->id, e->session);
	lh_view_init(&e->before);
	lh_buf_init(&e->copies, 1u << 30);
	e->copies.arena = run->arena;
	int rc = start(e, err);
	if (rc) {
		lh_episode_free(e);
		return rc;
	}
	*out = e;
	return 0;
}

void lh_episode_free(struct lh_episode *e)
{
	if (!e)
		return;
	clear_turn(e);
	for (int i = 0; i < e->ask_cap; i++) {
		lh_view_fini(&e->ask[i].view);
		lh_buf_fini(&e->ask[i].text);
	}
	if (e->probe)
		lh_made_fini(&e->made);
	lh_view_fini(&e->before);
	lh_buf_fini(&e->copies);
	free(e->ask);
	free(e->call);
	free(e->result);
	lh_policy_run_free(e->policy);
	lh_model_end(e->model);
	lh_transcript_free(e->transcript);
	lh_sample_close(e->task);
	free(e);
}
