/* What a policy asks for, carried out: rounds of calls, and the tools between them.
 *
 * An ask is for one reply or several to the same view. Each comes about in a *chain*: a call; if what comes back calls
 * tools, their results and another call; until a reply calls none. The chains of an ask go on together, round by round,
 * so that the numbers of calls and messages do not depend on which reply came first. What the tools bring enters the
 * record as it comes where the turn is the default one (there is one chain, and its view may be made anew), and with
 * the accepted reply where the policy makes the calls. */
#include "run/rounds.h"

#include "run/record.h"

#include <stdlib.h>
#include <string.h>

/* ---- asks ---- */

#define VIEW_TEXT_MAX (16u << 20)        /* every piece with a placeholder, and the names of all tools but one */

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

/* One call a chain. */
static int add_calls(struct lh_episode *e, const int *chain, int n, struct lh_error *err)
{
	if (e->calls + n > e->call_cap) {
		int cap = 2 * (e->calls + n);
		struct lh_call *p = realloc(e->call, (size_t)cap * sizeof *p);
		if (!p)
			return lh_nomem(err);
		e->call = p;
		e->call_cap = cap;
	}
	for (int i = 0; i < n; i++) {
		struct lh_chain *c = &e->chain[chain[i]];
		c->call = e->calls;
		c->rounds++;
		e->call[e->calls++] = (struct lh_call){ .ask = e->asks - 1, .chain = chain[i] };
	}
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
	return o->no_tools ? lh_random_mix(h, 1) : h;
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
	a->each = true;
	for (uint32_t i = 0; i < (uint32_t)a->wanted && !rc; i++) {
		struct lh_call *c = &e->call[a->first_seq + i];
		rc = encode_call(e, a, a->first_seq + i, err);
		c->body_at = e->copies.n;
		c->body_n = a->wire.body.n;
		lh_buf_put_str(&e->copies, a->wire.body);
	}
	return rc ? rc : lh_buf_ok(&e->copies, err);
}

/* A live model's requests as bytes: one for all calls of the round where they differ in their luck alone. */
static int encode(struct lh_episode *e, struct lh_error *err)
{
	struct lh_ask *a = &e->ask[e->round];
	bool one = e->asks - e->round == 1 && (a->wanted == 1 || !lh_model_per_call(e->condition->model));
	int rc = one ? encode_call(e, a, a->first_seq, err) : 0;
	lh_buf_clear(&e->copies);
	for (int i = e->round; i < e->asks && !one && !rc; i++)
		rc = encode_each(e, &e->ask[i], err);
	return rc;
}

/* What the tools of these chains brought is in the file before a request that holds it is sent. */
static int record_chains(struct lh_episode *e, const int *chain, int n, struct lh_error *err)
{
	int rc = 0;
	for (int i = 0; i < n; i++)
		for (int k = 0; k < e->chain[chain[i]].messages && !rc; k++)
			rc = lh_record_message(e, e->chain[chain[i]].message[k], err);
	return rc;
}

/* The same view for n chains: measures it and notes it. */
static int issue(struct lh_episode *e, const struct lh_view *view, const int *chain, int n, struct lh_error *err)
{
	struct lh_ask *a = NULL;
	int rc = add_ask(e, &a, err);
	if (!rc)
		rc = lh_view_copy(&a->view, view, err);
	if (rc)
		return rc;
	struct lh_transcript *t = e->transcript;
	a->options = e->options;
	a->wire = (struct lh_wire_request){ .thoughts_kept = 0 };
	a->each = false;
	a->wanted = n;
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
		rc = add_calls(e, chain, n, err);
	if (!rc)
		rc = lh_buf_ok(&a->text, err);
	if (!rc)
		rc = lh_record_policy_messages(e, err);
	if (!rc && e->live)
		rc = record_chains(e, chain, n, err);
	e->unanswered += n;
	return rc ? rc : lh_transcript_reserve(t, (uint32_t)n, &a->first_message, err);
}

/* ---- chains ---- */

static int add_chain(struct lh_episode *e, int *index, struct lh_error *err)
{
	size_t cap = (size_t)e->chain_cap;
	int rc = lh_array_more(&e->chain, &cap, (size_t)e->chains + 1, sizeof *e->chain, err);
	if (rc)
		return rc;
	if (cap > (size_t)e->chain_cap)
		memset(e->chain + e->chain_cap, 0, (cap - (size_t)e->chain_cap) * sizeof *e->chain);
	e->chain_cap = (int)cap;
	struct lh_chain *c = &e->chain[e->chains];
	*c = (struct lh_chain){ .message = c->message, .message_cap = c->message_cap };
	*index = e->chains++;
	return 0;
}

/* Which chains the policy's ask is about: new ones, or some of those before, once more. */
static int choose(struct lh_episode *e, const struct lh_policy_step *step, struct lh_error *err)
{
	size_t cap = (size_t)e->which_cap;
	int rc = lh_array_more(&e->which, &cap, (size_t)step->calls, sizeof *e->which, err);
	e->which_cap = (int)cap;
	if (!step->again)
		e->first_chain = e->chains;
	for (int i = 0; i < step->calls && !rc; i++) {
		if (step->again)
			e->which[i] = e->first_chain + step->again[i];
		else
			rc = add_chain(e, &e->which[i], err);
		if (!rc)
			e->chain[e->which[i]].over = false;
	}
	e->wanted = step->calls;
	return rc;
}

static bool all_fresh(const struct lh_episode *e)
{
	for (int i = 0; i < e->wanted; i++)
		if (e->chain[e->which[i]].messages)
			return false;
	return true;
}

/* The policy's view, and behind it what this chain's tools brought. */
static int issue_chain(struct lh_episode *e, int index, struct lh_error *err)
{
	struct lh_view view;
	const struct lh_chain *c = &e->chain[index];
	lh_view_init(&view);
	int rc = lh_view_copy(&view, &e->base, err);
	for (int i = 0; i < c->messages && !rc; i++)
		rc = lh_view_append_tool(&view, c->message[i], err);
	if (!rc)
		rc = issue(e, &view, &index, 1, err);
	lh_view_fini(&view);
	return rc;
}

/* The next call of every chain that is not over. */
static int begin_round(struct lh_episode *e, struct lh_error *err)
{
	int rc = 0;
	e->round = e->asks;
	e->unanswered = 0;
	if (e->plain || all_fresh(e))
		rc = issue(e, &e->base, e->which, e->wanted, err);
	else
		for (int i = 0; i < e->wanted && !rc; i++)
			if (!e->chain[e->which[i]].over)
				rc = issue_chain(e, e->which[i], err);
	return rc || !e->live ? rc : encode(e, err);
}

int lh_rounds_begin(struct lh_episode *e, const struct lh_policy_step *step, struct lh_error *err)
{
	int rc = choose(e, step, err);
	if (!rc)
		rc = lh_view_copy(&e->base, step->view, err);
	e->options = step->options;
	e->plain = step->plain;
	return rc ? rc : begin_round(e, err);
}

const struct lh_ask *lh_episode_asks(const struct lh_episode *e, int *n)
{
	*n = e->asks - e->round;
	return &e->ask[e->round];
}

/* ---- tools ---- */

static int add_message(struct lh_episode *e, struct lh_chain *c, uint32_t id, struct lh_error *err)
{
	size_t cap = (size_t)c->message_cap;
	int rc = lh_array_more(&c->message, &cap, (size_t)c->messages + 1, sizeof *c->message, err);
	if (rc)
		return rc;
	c->message_cap = (int)cap;
	c->message[c->messages++] = id;
	return e->plain ? lh_transcript_enter(e->transcript, id, err) : 0;
}

static int call_tool(struct lh_episode *e, struct lh_chain *c, int n, const struct lh_tool_call *call, struct lh_error *err)
{
	struct lh_buf *out = &e->run->text;
	uint32_t id;
	bool refused;
	int rc = 0;
	lh_buf_clear(out);
	if (n < LH_CALLS_AT_ONCE)
		rc = lh_sample_call_tool(e->task, call->name, call->arguments, &refused, out, err);
	else
		lh_buf_printf(out, "{\"error\":\"more than %d calls in one reply\"}", LH_CALLS_AT_ONCE);
	if (!rc)
		rc = lh_buf_ok(out, err);
	if (!rc)
		rc = lh_transcript_add_result(e->transcript, call, lh_buf_str(out), &id, err);
	return rc ? rc : add_message(e, c, id, err);
}

/* Most calls that a chain may make: what a slow worker needs who reads one thing at a time, and some more. */
static int most_rounds(const struct lh_episode *e)
{
	return 4 * (int)lh_transcript_steps_per_turn(e->transcript) + 8;
}

/* More than a chain may bring: it is part of every request that comes, and of each of their rows. */
static bool too_much(const struct lh_chain *c, struct lh_calls calls)
{
	struct lh_tool_call call;
	int n = c->messages + 1;
	while (n <= LH_VIEW_TOOLS && lh_calls_next(&calls, &call))
		n++;
	return n > LH_VIEW_TOOLS;
}

/* The chain ends here, as if its reply had been cut off: nobody answers the calls in it. */
static int break_off(struct lh_episode *e, struct lh_chain *c, struct lh_error *err)
{
	struct lh_call *k = &e->call[c->call];
	k->finish = LH_FINISH_LENGTH;
	c->over = true;
	return lh_transcript_drop_calls(e->transcript, k->message, err);
}

/* What came back to the chain's latest call: its reply, or calls of tools, which are made. */
static int carry_on(struct lh_episode *e, struct lh_chain *c, struct lh_error *err)
{
	struct lh_call *k = &e->call[c->call];
	struct lh_calls calls;
	struct lh_tool_call call;
	c->tokens_in += k->tokens_in;
	c->tokens_out += k->tokens_out;
	c->over = k->error || !lh_transcript_calls(e->transcript, k->message).n;
	if (c->over)
		return 0;
	if (c->rounds >= most_rounds(e))                 /* it never comes to an end */
		return break_off(e, c, err);
	int n = 0, rc = lh_calls_open(&calls, lh_transcript_calls(e->transcript, k->message), err);
	if (!rc && too_much(c, calls)) {
		lh_calls_close(&calls);
		return break_off(e, c, err);
	}
	if (!rc)
		rc = add_message(e, c, k->message, err);
	while (!rc && lh_calls_next(&calls, &call))
		rc = call_tool(e, c, n++, &call, err);
	lh_calls_close(&calls);
	return rc;
}

static int results(struct lh_episode *e, struct lh_error *err)
{
	size_t cap = (size_t)e->result_cap;
	int rc = lh_array_more(&e->result, &cap, (size_t)e->wanted, sizeof *e->result, err);
	e->result_cap = (int)cap;
	for (int i = 0; i < e->wanted && !rc; i++) {
		const struct lh_chain *c = &e->chain[e->which[i]];
		const struct lh_call *k = &e->call[c->call];
		e->result[i] = (struct lh_call_result){ k->error, lh_str_of(k->error_text), k->message, k->finish, c->tokens_in, c->tokens_out };
	}
	return rc;
}

/* Paid for: written before anything else is asked. */
int lh_rounds_keep(struct lh_episode *e, struct lh_error *err)
{
	int rc = 0;
	for (int k = (int)e->ask[e->round].first_seq; k < e->calls && !rc; k++)
		if (!e->call[k].recorded)
			rc = lh_record_call(e, (uint32_t)k, NULL, false, err);
	return rc;
}

int lh_rounds_answer(struct lh_episode *e, uint32_t seq, bool *over, struct lh_error *fault, struct lh_error *err)
{
	bool more = false;
	int rc = 0;
	*over = false;
	if (e->calls - (int)e->ask[e->round].first_seq > 1 && e->live)           /* before the others are in */
		rc = lh_record_call(e, seq, NULL, false, err);
	if (rc || --e->unanswered)
		return rc;
	for (int i = 0; i < e->wanted && !rc; i++) {
		struct lh_chain *c = &e->chain[e->which[i]];
		if (!c->over)
			rc = carry_on(e, c, err);
		more = more || !c->over;
	}
	*over = !more;
	if (rc || !more)
		return rc ? rc : results(e, err);
	if (e->live)
		rc = lh_rounds_keep(e, err);
	const struct lh_view *view = NULL;
	if (!rc && e->plain && lh_policy_look(e->policy, &view, fault))
		return 0;                        /* fault says why */
	if (!rc && view)
		rc = lh_view_copy(&e->base, view, err);
	return rc ? rc : begin_round(e, err);
}

/* ---- the end of a turn ---- */

int lh_rounds_enter(struct lh_episode *e, int call, struct lh_error *err)
{
	const struct lh_chain *c = &e->chain[e->call[call].chain];
	int rc = 0;
	for (int i = 0; i < c->messages && !rc; i++)
		if (lh_transcript_message(e->transcript, c->message[i])->slot < 0)
			rc = lh_transcript_enter(e->transcript, c->message[i], err);
	return rc;
}

int lh_rounds_record(struct lh_episode *e, struct lh_error *err)
{
	int rc = 0;
	for (int i = 0; i < e->chains && !rc; i++)
		rc = record_chains(e, &i, 1, err);
	return rc;
}

void lh_rounds_clear(struct lh_episode *e)
{
	for (int i = 0; i < e->calls; i++) {
		free(e->call[i].error_text);
		free(e->call[i].served_by);
		free(e->call[i].request_id);
	}
	e->calls = e->asks = e->chains = e->wanted = e->unanswered = e->round = 0;
}

void lh_rounds_fini(struct lh_episode *e)
{
	lh_rounds_clear(e);
	for (int i = 0; i < e->ask_cap; i++) {
		lh_view_fini(&e->ask[i].view);
		lh_buf_fini(&e->ask[i].text);
	}
	for (int i = 0; i < e->chain_cap; i++)
		free(e->chain[i].message);
	lh_view_fini(&e->base);
	lh_view_fini(&e->before);
	lh_buf_fini(&e->copies);
	free(e->ask);
	free(e->call);
	free(e->chain);
	free(e->which);
	free(e->result);
}
