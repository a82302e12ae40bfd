#include "again/apply.h"

#include "json/reader.h"
#include "json/writer.h"
#include "policy/policy.h"
#include "again/apply_write.h"
#include "run/spec.h"
#include "task/spoken.h"

#include <stdlib.h>
#include <string.h>

struct applying {
	const struct lh_apply_options *o;
	const struct lh_conversation *c;
	struct lh_policy *policy;
	struct lh_sample *sample;
	struct lh_transcript *t;
	struct lh_policy_run *run;
	struct lh_policy_step step;
	struct lh_view view;                     /* what is sent */
	int64_t *unit; size_t ids;               /* of a message of the record; -1: none */
	size_t unit_cap, last;                   /* last: the unit that the last turn begins with */
	bool asked;                              /* the last turn is under way */
};

/* ---- which policies can be applied ---- */

static int open_policy(struct applying *a, struct lh_error *err)
{
	struct lh_spec s;
	int rc = lh_spec_parse(a->o->policy, "policy", &s, err);
	if (rc)
		return rc;
	if (s.bare.n)
		rc = lh_fail(err, LH_E_USAGE, "policy %s takes key=value options, not '%.*s'", s.name.p, LH_ARG(s.bare));
	if (!rc)
		rc = lh_policy_open(s.name, s.key, s.value, s.count, NULL, &a->policy, err);
	lh_spec_fini(&s);
	if (!rc && (lh_policy_needs(a->policy) & LH_NEEDS_ORACLE))
		rc = lh_fail(err, LH_E_USAGE, "policy %s is an oracle: it is told what the right answers are, and of a conversation from elsewhere nobody knows them", lh_policy_name(a->policy));
	else if (!rc && !strcmp(lh_policy_name(a->policy), "agent"))
		rc = lh_fail(err, LH_E_USAGE, "policy agent is for agents that keep their own context: they are sent what is new, and choose nothing from a conversation");
	return rc;
}

/* ---- the record ---- */

static int note(struct applying *a, uint32_t id, int64_t unit, struct lh_error *err)
{
	int rc = lh_array_more(&a->unit, &a->unit_cap, (size_t)id + 1, sizeof *a->unit, err);
	if (rc)
		return rc;
	while (a->ids <= id)
		a->unit[a->ids++] = -1;
	a->unit[id] = unit;
	return 0;
}

static int add_reply(struct applying *a, const struct lh_content *said, uint32_t *id, struct lh_error *err)
{
	int rc = lh_transcript_reserve(a->t, 1, id, err);
	return rc ? rc : lh_transcript_fill(a->t, *id, said, err);
}

static int begin_policy(struct applying *a, struct lh_error *err)
{
	uint32_t turns = 0;
	for (size_t i = 0; i < a->c->units; i++)
		turns += a->c->unit[i].role == LH_USER;
	struct lh_policy_setting s = { .transcript = a->t, .turns = turns, .window = a->o->window, .no_initial = !a->o->initial.n };
	lh_policy_run_free(a->run);
	a->run = NULL;
	return lh_policy_begin(a->policy, &s, &a->run, err);
}

/* A turn that is over already: view() runs for what the policy keeps for itself. One that has an answer to restate before
 * there is any begins once more: it is as if it had been taken up after that turn. */
static int rehearse(struct applying *a, struct lh_error *err)
{
	struct lh_error fault = { 0 };
	int rc = lh_policy_rehearse(a->run, &fault);
	if (rc && lh_policy_lacked_initial(a->run))
		return begin_policy(a, err);
	return rc ? lh_fail(err, rc, "%s", fault.text) : 0;
}

/* The view of the next call: by view(), or the ask's own with what has come behind it. */
static int look(struct applying *a, uint32_t id, struct lh_error *err)
{
	const struct lh_view *view;
	if (!a->asked)
		return rehearse(a, err);
	if (!a->step.plain)
		return lh_view_append_tool(&a->view, id, err);
	int rc = lh_policy_look(a->run, &view, err);
	return rc ? rc : lh_view_copy(&a->view, view, err);
}

/* What was said to a request of the policy's own, without the conversation. */
static int hand_in(struct applying *a, struct lh_str text, struct lh_error *err)
{
	uint32_t id;
	if (a->step.calls != 1)
		return lh_fail(err, LH_E_USAGE, "policy %s asks for %d replies at once (%s): they cannot be handed in", lh_policy_name(a->policy), a->step.calls, a->step.options.purpose);
	int rc = add_reply(a, &(struct lh_content){ text, LH_STR(""), LH_STR(""), LH_STR("") }, &id, err);
	if (rc)
		return rc;
	struct lh_call_result said = { .error_text = LH_STR(""), .message = id, .finish = LH_FINISH_STOP };
	return lh_policy_answer(a->run, &said, 1, &a->step, err);
}

static int begin_asking(struct applying *a, struct lh_error *err)
{
	int given = 0;
	a->asked = true;
	int rc = lh_policy_turn(a->run, &a->step, err);
	while (!rc && given < a->o->replies && a->step.kind == LH_STEP_CALLS && a->step.options.purpose[0])
		rc = hand_in(a, a->o->reply[given++], err);
	if (rc)
		return rc;
	if (given < a->o->replies)
		return lh_fail(err, LH_E_USAGE, "policy %s asks %d thing%s of its own here: %d more replies were handed in", lh_policy_name(a->policy), given, given == 1 ? "" : "s", a->o->replies - given);
	if (a->step.kind != LH_STEP_CALLS)
		return lh_fail(err, LH_E_POLICY, "policy %s asks the model nothing", lh_policy_name(a->policy));
	if (a->step.options.purpose[0] && !a->o->own)
		return lh_fail(err, LH_E_USAGE, "policy %s first asks the model something of its own (%s), and makes its view of what comes back; apply asks no model: "
			"--own prints that request, and --reply FILE goes on with what came back", lh_policy_name(a->policy), a->step.options.purpose);
	return lh_view_copy(&a->view, a->step.view, err);
}

/* An assistant that begins, or a turn that was broken off, leaves a gap: a message that nobody is sent. */
static int begin_turn(struct applying *a, int64_t unit, struct lh_str text, struct lh_error *err)
{
	uint32_t id;
	int rc = 0;
	if (lh_transcript_length(a->t) > 1 && lh_transcript_waiting(a->t)) {
		rc = add_reply(a, &(struct lh_content){ LH_STR(""), LH_STR(""), LH_STR(""), LH_STR("") }, &id, err);
		if (!rc)
			rc = lh_transcript_accept(a->t, id, err);
	}
	if (!rc)
		rc = lh_transcript_pass_turn(a->t, err);
	if (!rc)
		rc = lh_transcript_add_made_prompt(a->t, text, err);
	if (!rc)
		rc = note(a, lh_transcript_id(a->t, lh_transcript_length(a->t) - 1), unit, err);
	return rc;
}

static int add_assistant(struct applying *a, int64_t unit, const struct lh_unit *u, struct lh_error *err)
{
	uint32_t id;
	int rc = lh_transcript_length(a->t) > 1 && lh_transcript_waiting(a->t) ? 0 : begin_turn(a, -1, LH_STR(""), err);
	if (!rc)
		rc = add_reply(a, &(struct lh_content){ u->text, u->thoughts, LH_STR(""), u->calls }, &id, err);
	if (!rc)
		rc = note(a, id, unit, err);
	if (rc)
		return rc;
	if (!u->calls.n)
		return lh_transcript_accept(a->t, id, err);
	if (a->asked && !a->step.plain)          /* it enters the record with the reply that is to come */
		return lh_view_append_tool(&a->view, id, err);
	return lh_transcript_enter(a->t, id, err);
}

static int add_result(struct applying *a, int64_t unit, const struct lh_unit *u, bool last, struct lh_error *err)
{
	struct lh_calls calls;
	struct lh_tool_call call;
	uint32_t id = 0;
	int rc = lh_calls_open(&calls, u->calls, err);
	if (!rc && lh_calls_next(&calls, &call))
		rc = lh_transcript_add_result(a->t, &call, u->text, &id, err);
	lh_calls_close(&calls);
	if (!rc)
		rc = note(a, id, unit, err);
	if (!rc && (!a->asked || a->step.plain))
		rc = lh_transcript_enter(a->t, id, err);
	return rc || (!last && (!a->asked || a->step.plain)) ? rc : look(a, id, err);
}

static int add_unit(struct applying *a, size_t i, struct lh_error *err)
{
	const struct lh_unit *u = &a->c->unit[i];
	bool last = i + 1 == a->c->units || a->c->unit[i + 1].role != LH_TOOL;       /* of the results of one round */
	if (u->role == LH_ASSISTANT)
		return add_assistant(a, (int64_t)i, u, err);
	if (u->role == LH_TOOL)
		return add_result(a, (int64_t)i, u, last, err);
	int rc = begin_turn(a, (int64_t)i, u->text, err);
	return rc ? rc : i == a->last ? begin_asking(a, err) : look(a, 0, err);
}

static int carry_out(struct applying *a, struct lh_error *err)
{
	int rc = note(a, 0, 0, err);
	for (size_t i = 1; i < a->c->units; i++)
		if (a->c->unit[i].role == LH_USER)
			a->last = i;
	for (size_t i = 1; i < a->c->units && !rc; i++)
		rc = add_unit(a, i, err);
	return rc;
}

/* ---- all of it ---- */

static int begin(struct applying *a, struct lh_error *err)
{
	const struct lh_unit *first = &a->c->unit[0];
	struct lh_spoken spoken = { .instructions = first->text.n ? first->text : LH_STR("-"), .initial = a->o->initial.n ? a->o->initial : LH_STR("-"),
		.tool = a->c->tool, .tools = (int)a->c->tools };
	int rc = lh_sample_spoken(&spoken, &a->sample, err);
	if (!rc)
		rc = lh_transcript_new(a->sample, 1, &a->t, err);
	return rc ? rc : begin_policy(a, err);
}

static int count(const struct applying *a, struct lh_application *what, struct lh_error *err)
{
	struct lh_view all;
	struct lh_view_size before, after;
	lh_view_init(&all);
	int rc = lh_view_all(&all, a->t, err);
	for (uint32_t id = 0; id < lh_transcript_count(a->t) && !rc; id++)       /* what came in this turn and is not in the record yet */
		if (id < a->ids && a->unit[id] >= 0 && lh_transcript_message(a->t, id)->slot < 0)
			rc = lh_view_append_tool(&all, id, err);
	if (!rc) {
		lh_view_measure(&all, a->t, &before);
		lh_view_measure(&a->view, a->t, &after);
		what->tokens_before = before.tokens;
		what->tokens_after = after.tokens;
	}
	lh_view_fini(&all);
	return rc;
}

static int apply(struct applying *a, struct lh_buf *out, struct lh_application *what, struct lh_error *err)
{
	int rc = open_policy(a, err);
	if (!rc)
		rc = begin(a, err);
	if (!rc)
		rc = carry_out(a, err);
	if (!rc)
		rc = count(a, what, err);
	if (rc)
		return rc;
	what->calls = a->step.calls;
	memcpy(what->purpose, a->step.options.purpose, sizeof what->purpose);
	what->messages = (int)a->c->messages;
	what->fate = calloc(a->c->messages + 1, 1);
	struct lh_written w = { .c = a->c, .t = a->t, .unit = a->unit, .ids = a->ids, .what = what };
	return what->fate ? lh_apply_write(&w, &a->view, out, err) : lh_nomem(err);
}

int lh_apply(const struct lh_apply_options *o, const struct lh_conversation *c, struct lh_buf *out, struct lh_application *what, struct lh_error *err)
{
	struct applying a = { .o = o, .c = c };
	*what = (struct lh_application){ .fate = NULL };
	lh_view_init(&a.view);
	int rc = apply(&a, out, what, err);
	lh_policy_run_free(a.run);
	lh_view_fini(&a.view);
	lh_transcript_free(a.t);
	lh_sample_spoken_free(a.sample);
	lh_policy_free(a.policy);
	free(a.unit);
	if (rc) {
		free(what->fate);
		what->fate = NULL;
	}
	return rc;
}
