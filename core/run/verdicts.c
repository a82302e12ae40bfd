/* What came back: an answer, another try, or the end. */
#include "run/desk_impl.h"

#include "base/clock.h"

#include <stdio.h>
#include <string.h>

#define START_TRIES 3                    /* of a server that was never reached */
#define START_WAIT_US 300000
#define DEAD_CALLS 20                    /* given up in a row: the server is gone */
#define REFUSED_FIRST 3                  /* requests refused before any was answered: none will be */

/* The reply goes to its episode, or, where that is gone, only into the file. */
static int hand_over(struct lh_desk *d, uint32_t i, struct lh_reply *reply, struct lh_error *err)
{
	struct lh_waiting *w = &d->order[i];
	reply->attempts = w->attempt;
	bool orphan = w->orphan;
	uint32_t slot = w->slot, turn = w->turn, seq = w->seq;
	int rc = 0;
	if (orphan && d->s.isolated && !reply->error)
		rc = lh_ledger_reply(d, w, reply, err);
	if (!rc && orphan)
		rc = lh_recorded_late(d, w, reply, err);
	if (!rc && orphan && !lh_agenda_find(d, w->episode))
		rc = lh_ledger_cost(d, w, reply, err);
	if (!rc && !orphan && d->s.isolated)
		rc = lh_kept_put(d, w, reply, err);
	lh_orders_free(d, i);
	return rc || orphan ? rc : d->s.answer(d->s.user, slot, turn, seq, reply, err);
}

static int note_attempt(struct lh_desk *d, const struct lh_waiting *w, const struct lh_exchange *x, int64_t wait_us, struct lh_error *err)
{
	struct lh_attempt_row row = { .episode = w->episode, .turn = w->turn, .seq = w->seq, .attempt = w->attempt, .status = x->status,
		.error = x->fault ? lh_str_of(lh_fault_word(x->fault)) : lh_buf_str(&d->reply.error_text), .waited_us = wait_us };
	d->attempts_failed++;
	d->failed_limited += x->status == 429;
	d->failed_network += x->fault && x->status <= 0;
	return d->journal ? lh_journal_put_attempt(d->journal, &row, err) : 0;
}

/* The call failed for good: the policy is told, and by default the episode is censored. */
static int give_up(struct lh_desk *d, uint32_t i, struct lh_error *err)
{
	struct lh_waiting *w = &d->order[i];
	struct lh_line *l = &d->line[w->model];
	char why[300];
	snprintf(why, sizeof why, "%s", d->reply.error_text.p ? d->reply.error_text.p : "no reply");
	lh_reply_clear(&d->reply);
	d->reply.error = LH_E_FAILED;
	if (w->attempt > 1)
		lh_buf_printf(&d->reply.error_text, "%s (after %d attempts)", why, w->attempt);
	else
		lh_buf_puts(&d->reply.error_text, why);
	if (++l->dead >= DEAD_CALLS) {
		char cause[512];
		snprintf(cause, sizeof cause, "%.200s: %d calls in a row came to nothing; the last: %.160s", l->host, l->dead, why);
		lh_desk_stop(d, LH_STOP_FAILED, cause);
	}
	return hand_over(d, i, &d->reply, err);
}

/* May the same be sent again? An agent that keeps its own context may have taken in what it did not answer. */
static bool repeatable(const struct lh_line *l, const struct lh_exchange *x)
{
	if (!lh_model_keeps_context(l->model))
		return true;
	return x->status == 429 || x->fault == LH_FAULT_REFUSED || x->fault == LH_FAULT_RESOLVE || x->fault == LH_FAULT_CONNECT;
}

static bool never_reached(const struct lh_line *l, const struct lh_exchange *x)
{
	return !l->answered && (x->fault == LH_FAULT_REFUSED || x->fault == LH_FAULT_RESOLVE || x->fault == LH_FAULT_CONNECT);
}

static int again(struct lh_desk *d, uint32_t i, const struct lh_exchange *x, struct lh_error *err)
{
	struct lh_waiting *w = &d->order[i];
	struct lh_line *l = &d->line[w->model];
	struct lh_random luck = lh_random_stream(d->s.experiment->seed, w->sample, w->turn, LH_FOR_RETRY, (uint64_t)w->seq << 16 | (uint64_t)w->attempt);
	int64_t wait = lh_retry_wait_us(w->attempt + 1, x->retry_after_us, &luck);
	bool unreached = never_reached(l, x);
	if (unreached) {                         /* the line as a whole: other calls would find the same */
		wait = START_WAIT_US * ++l->unreached;
		l->pause_until_us = lh_clock_mono_us() + wait;
		if (l->unreached >= START_TRIES || w->attempt >= d->s.experiment->retries) {
			char cause[512];
			snprintf(cause, sizeof cause, "%s (tried %d times): is the server running, and base_url right?", x->fault_text, l->unreached);
			lh_desk_stop(d, LH_STOP_FAILED, cause);
		}
	}
	bool more = w->attempt < d->s.experiment->retries && repeatable(l, x) && !w->orphan && !d->stop && (unreached || lh_retry_quota_take(&d->quota));
	int rc = note_attempt(d, w, x, more ? wait : 0, err);
	if (rc)
		return rc;
	if (d->stop && !w->orphan) {             /* the episode stays as it is: it can be resumed */
		lh_orders_free(d, i);
		return 0;
	}
	return more ? lh_orders_rest(d, i, lh_clock_mono_us() + wait, err) : give_up(d, i, err);
}

static int refused(struct lh_desk *d, uint32_t i, const struct lh_exchange *x, bool stop, struct lh_error *err)
{
	struct lh_waiting *w = &d->order[i];
	struct lh_line *l = &d->line[w->model];
	int rc = note_attempt(d, w, x, 0, err);
	if (stop || (!l->answered && !l->proven && ++l->refused >= REFUSED_FIRST)) {
		char cause[512];
		snprintf(cause, sizeof cause, "%s: %s", l->host, d->reply.error_text.p ? d->reply.error_text.p : "every request is refused");
		lh_desk_stop(d, LH_STOP_FAILED, cause);
		lh_orders_free(d, i);
		return rc;
	}
	return rc ? rc : give_up(d, i, err);
}

static int answered(struct lh_desk *d, uint32_t i, struct lh_error *err)
{
	struct lh_waiting *w = &d->order[i];
	struct lh_line *l = &d->line[w->model];
	l->answered++;
	d->replies++;
	l->dead = 0;
	lh_retry_quota_success(&d->quota, w->attempt > 1);
	return hand_over(d, i, &d->reply, err);
}

static enum lh_pace_event event_of(enum lh_verdict v, int attempt)
{
	switch (v) {
	case LH_VERDICT_REPLY: return attempt > 1 ? LH_PACE_OK_RETRIED : LH_PACE_OK;
	case LH_VERDICT_LIMITED: return LH_PACE_LIMITED;
	case LH_VERDICT_RETRY: return LH_PACE_TROUBLE;
	default: return LH_PACE_OTHER;
	}
}

static void redact_field(const struct lh_secrets *secrets, char *field, size_t size)
{
	struct lh_buf b;
	lh_buf_init(&b, size);
	lh_buf_puts(&b, field);
	lh_secrets_redact(secrets, &b);
	snprintf(field, size, "%.*s", LH_ARG(lh_buf_str(&b)));
	lh_buf_fini(&b);
}

/* Keys must not come back in what a server says. */
static void redact(struct lh_desk *d)
{
	if (!d->secrets)
		return;
	lh_secrets_redact(d->secrets, &d->reply.error_text);
	lh_secrets_redact(d->secrets, &d->reply.text);
	lh_secrets_redact(d->secrets, &d->reply.thoughts);
	lh_secrets_redact(d->secrets, &d->reply.blob);
	lh_secrets_redact(d->secrets, &d->reply.calls);
	redact_field(d->secrets, d->reply.served_by, sizeof d->reply.served_by);
	redact_field(d->secrets, d->reply.request_id, sizeof d->reply.request_id);
}

int lh_verdicts_take(struct lh_desk *d, const struct lh_exchange *x, uint32_t i, struct lh_error *err)
{
	struct lh_waiting *w = &d->order[i];
	struct lh_line *l = &d->line[w->model];
	if (d->secrets)                          /* before anything is cut out of it; and once more behind, for what was escaped */
		lh_secrets_mask(d->secrets, x->body);
	enum lh_verdict v = lh_model_decode(l->model, x, &(struct lh_asked){ w->tokens_in, w->tools }, &d->reply);
	redact(d);
	int64_t used = v == LH_VERDICT_REPLY ? d->reply.tokens_in + d->reply.tokens_out : -1;
	lh_pace_done(l->pace, lh_clock_mono_us(), event_of(v, w->attempt), w->tokens, used);
	lh_budget_settle(d, w, v == LH_VERDICT_REPLY ? &d->reply : NULL);
	d->in_flight--;
	switch (v) {
	case LH_VERDICT_REPLY: return answered(d, i, err);
	case LH_VERDICT_RETRY: case LH_VERDICT_LIMITED: return again(d, i, x, err);
	case LH_VERDICT_REFUSED: return refused(d, i, x, false, err);
	case LH_VERDICT_STOP: return refused(d, i, x, true, err);
	}
	return lh_fail(err, LH_E_INTERNAL, "a verdict that does not exist");
}
