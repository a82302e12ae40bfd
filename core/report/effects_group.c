#include "report/effects_build.h"

#include <stdlib.h>
#include <string.h>

/* ---- which conditions belong together ---- */

static bool same_policy(const struct lh_condition_results *a, const struct lh_condition_results *b)
{
	return !strcmp(a->policy_label, b->policy_label) && !strcmp(a->policy, b->policy) && !strcmp(a->policy_options, b->policy_options);
}

bool lh_effects_same_world(const struct lh_condition_results *a, const struct lh_condition_results *b)
{
	return a->steps_per_turn == b->steps_per_turn && !strcmp(a->task_label, b->task_label) && !strcmp(a->task, b->task) &&
		!strcmp(a->task_params, b->task_params) && !strcmp(a->model_label, b->model_label) && !strcmp(a->model, b->model) &&
		!strcmp(a->model_options, b->model_options);
}

static bool together(const struct lh_condition_results *a, const struct lh_condition_results *b)
{
	return lh_effects_same_world(a, b) && same_policy(a, b);
}

static bool leads(const struct lh_results *r, int at)
{
	for (int i = 0; i < at; i++)
		if (together(&r->condition[i], &r->condition[at]))
			return false;
	return true;
}

/* Answers of the task are in it, which may come with thoughts. */
static bool answers(const struct lh_history *h)
{
	return h->mode >= LH_HISTORY_CLEAN;
}

/* Is there such a group among the conditions that go with this one? Histories without answers make one only where
 * there is none that they could join. */
static bool exists(const struct lh_results *r, int lead, bool thoughts)
{
	bool with = false, without = false, neither = false;
	for (int i = lead; i < r->conditions; i++) {
		const struct lh_history *h = &r->condition[i].made;
		if (!lh_history_made(h) || !together(&r->condition[lead], &r->condition[i]))
			continue;
		with |= answers(h) && h->thoughts;
		without |= answers(h) && !h->thoughts;
		neither |= !answers(h);
	}
	return thoughts ? with : without || (neither && !with);
}

/* ---- its histories ---- */

/* Made ones as they are listed in transcript/history.h, those whose last answer is true behind the others; own last. */
static int order(const void *p, const void *q)
{
	const struct lh_effects_history *a = p, *b = q;
	const struct lh_history *x = &a->made, *y = &b->made;
	int m = x->mode == LH_HISTORY_OWN ? LH_HISTORY_MODES : (int)x->mode, n = y->mode == LH_HISTORY_OWN ? LH_HISTORY_MODES : (int)y->mode;
	if (m != n)
		return m - n;
	if (x->last != y->last)
		return x->last - y->last;
	if (x->rate != y->rate)
		return x->rate < y->rate ? -1 : 1;
	return a->condition - b->condition;
}

static int add_histories(const struct lh_results *r, struct lh_report_effects *e, struct lh_error *err)
{
	e->history = calloc((size_t)r->conditions, sizeof *e->history);
	if (!e->history)
		return lh_nomem(err);
	for (int i = e->condition; i < r->conditions; i++) {
		const struct lh_condition_results *c = &r->condition[i];
		if (!together(&r->condition[e->condition], c) || (answers(&c->made) && c->made.thoughts != e->thoughts))
			continue;
		e->history[e->histories++] = (struct lh_effects_history){ lh_str_of(c->history), c->made, i };
		e->samples = c->samples > e->samples ? c->samples : e->samples;
	}
	qsort(e->history, (size_t)e->histories, sizeof *e->history, order);
	e->condition = e->history[0].condition;
	return 0;
}

/* ---- its turns ---- */

static int by_turn(const void *a, const void *b) { return *(const int *)a - *(const int *)b; }

static int add_turns(const struct lh_results *r, struct lh_report_effects *e, struct lh_error *err)
{
	size_t n = 0;
	for (int h = 0; h < e->histories; h++)
		n += (size_t)r->condition[e->history[h].condition].probes;
	e->turn = malloc((n + 1) * sizeof *e->turn);
	if (!e->turn)
		return lh_nomem(err);
	n = 0;
	for (int h = 0; h < e->histories; h++) {
		const struct lh_condition_results *c = &r->condition[e->history[h].condition];
		for (int k = 0; k < c->probes && lh_history_made(&c->made); k++)
			e->turn[n++] = c->probe[k];
	}
	qsort(e->turn, n, sizeof *e->turn, by_turn);
	for (size_t i = 0; i < n; i++)
		if (!e->turns || e->turn[i] != e->turn[e->turns - 1])
			e->turn[e->turns++] = e->turn[i];
	return 0;
}

int lh_effects_groups(const struct lh_results *r, struct lh_report_effects **out, int *count, struct lh_error *err)
{
	*count = 0;
	*out = calloc(2 * (size_t)r->conditions + 1, sizeof **out);
	if (!*out)
		return lh_nomem(err);
	int rc = 0;
	for (int i = 0; i < r->conditions && !rc; i++)
		for (int thoughts = 0; thoughts < 2 && !rc && leads(r, i); thoughts++) {
			if (!exists(r, i, thoughts))
				continue;
			struct lh_report_effects *e = &(*out)[(*count)++];
			*e = (struct lh_report_effects){ .condition = i, .thoughts = thoughts };
			rc = add_histories(r, e, err);
			if (!rc)
				rc = add_turns(r, e, err);
		}
	return rc;
}
