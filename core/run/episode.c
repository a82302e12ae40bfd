#include "run/episode.h"

#include "run/record.h"
#include "run/rounds.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- turns ---- */

static int end(struct lh_episode *e, const char *status, struct lh_str cause, struct lh_error *err)
{
	e->done = true;
	return lh_record_episode(e, status, cause, err);
}

/* The turn brought no reply: the episode ends here. */
static int end_early(struct lh_episode *e, const char *status, struct lh_str cause, struct lh_error *err)
{
	int rc = lh_rounds_record(e, err);
	for (int i = 0; i < e->calls && !rc; i++)
		rc = lh_record_call(e, (uint32_t)i, NULL, true, err);
	if (rc)
		return rc;
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
		rc = lh_rounds_enter(e, i, err);
	if (!rc)
		rc = lh_transcript_accept(e->transcript, message, err);
	if (!rc)
		rc = lh_rounds_record(e, err);
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
	lh_rounds_clear(e);
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
		return lh_rounds_begin(e, step, err);
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
	*c = (struct lh_call){ .ask = ask, .chain = c->chain, .finish = r->finish, .error = r->error, .tokens_in = r->tokens_in, .tokens_cached = r->tokens_cached,
		.tokens_out = r->tokens_out, .tokens_reasoning = r->tokens_reasoning, .latency_us = r->latency_us,
		.cost_microusd = r->cost_microusd, .attempts = r->attempts, .counted = r->counted,
		.message = e->ask[ask].first_message + (seq - e->ask[ask].first_seq) };
	if ((r->error && !(c->error_text = lh_str_dup(lh_buf_str(&r->error_text)))) ||
		(r->served_by[0] && !(c->served_by = lh_str_dup(lh_str_of(r->served_by)))) ||
		(r->request_id[0] && !(c->request_id = lh_str_dup(lh_str_of(r->request_id)))))
		return lh_nomem(err);
	if (!r->error)
		rc = lh_transcript_fill(e->transcript, c->message, &(struct lh_content){ lh_buf_str(&r->text), lh_buf_str(&r->thoughts), lh_buf_str(&r->blob),
			lh_buf_str(&r->calls) }, err);
	return rc;
}

int lh_episode_reply(struct lh_episode *e, uint32_t seq, const struct lh_reply *reply, struct lh_error *err)
{
	struct lh_error *fault = fresh_fault(e);
	bool over;
	int rc = note_reply(e, seq, reply, err);
	e->call[seq].answered = true;
	if (!rc)
		rc = lh_rounds_answer(e, seq, &over, fault, err);
	if (rc)
		return rc;
	if (fault->code)
		return policy_failed(e, fault, err);
	if (!over)
		return 0;
	struct lh_policy_step step;
	if (lh_policy_answer(e->policy, e->result, e->wanted, &step, fault))
		return policy_failed(e, fault, err);
	if (step.kind == LH_STEP_CALLS && e->live) {
		rc = lh_rounds_keep(e, err);
		if (rc)
			return rc;
	}
	return step_on(e, &step, err);
}

bool lh_episode_waits(const struct lh_episode *e, uint32_t turn, uint32_t seq)
{
	return !e->done && lh_transcript_turn(e->transcript) == turn && seq < (uint32_t)e->calls && !e->call[seq].answered;
}

static int order_ask(struct lh_episode *e, const struct lh_ask *a, struct lh_buf *options, struct lh_error *err)
{
	int tools, rc = 0;
	lh_sample_tools(e->task, &tools);
	for (uint32_t i = 0; i < (uint32_t)a->wanted && !rc; i++) {
		struct lh_order o = { .slot = e->slot, .model = e->condition->model_index, .message = a->first_message + i, .body = a->wire.body,
			.open = a->wire.open, .tools = tools > 0 && !a->options.no_tools, .tokens = a->wire.tokens, .tokens_in = a->wire.tokens_in };
		const struct lh_call *c = &e->call[a->first_seq + i];
		if (a->each)
			o.body = (struct lh_str){ e->copies.p + c->body_at, c->body_n };
		lh_record_call_row(e, a->first_seq + i, options, &o.row);
		rc = e->run->outlet->order(e->run->outlet->user, &o, err);
	}
	return rc;
}

int lh_episode_order(struct lh_episode *e, struct lh_error *err)
{
	struct lh_buf options;
	int n, rc = 0;
	const struct lh_ask *a = lh_episode_asks(e, &n);
	lh_buf_init(&options, 1024);
	for (int i = 0; i < n && !rc; i++)
		rc = order_ask(e, &a[i], &options, err);
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
	lh_view_init(&e->base);
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
	lh_rounds_fini(e);
	if (e->probe)
		lh_made_fini(&e->made);
	lh_policy_run_free(e->policy);
	lh_model_end(e->model);
	lh_transcript_free(e->transcript);
	lh_sample_close(e->task);
	free(e);
}
