#include "run/results.h"

#include <stdlib.h>
#include <string.h>

int lh_results_shape(struct lh_condition_results *c, int samples, int turns, struct lh_error *err)
{
	size_t cells = (size_t)samples * (size_t)turns;
	c->samples = samples;
	c->turns = turns;
	c->outcome = malloc(cells + 1);
	c->unshown = calloc(cells + 1, 1);
	c->totals = calloc((size_t)samples + 1, sizeof *c->totals);
	c->cause = calloc((size_t)samples + 1, sizeof *c->cause);
	c->extra = calloc((size_t)samples + 1, sizeof *c->extra);
	if (!c->outcome || !c->unshown || !c->totals || !c->cause || !c->extra)
		return lh_nomem(err);
	memset(c->outcome, LH_UNSEEN, cells);
	return 0;
}

void lh_results_turn(struct lh_condition_results *c, int sample, int turn, enum lh_outcome outcome, bool unshown)
{
	size_t at = (size_t)sample * (size_t)c->turns + (size_t)turn;
	c->outcome[at] = (uint8_t)outcome;
	c->unshown[at] = unshown;
	if (outcome == LH_OUTCOME_OVERFLOW || outcome == LH_OUTCOME_POLICY_ERROR)
		memset(c->outcome + at, (int)outcome, (size_t)(c->turns - turn));
}

static int note(struct lh_results *r, struct lh_str text, struct lh_error *err)
{
	char **p = realloc(r->note, (size_t)(r->notes + 1) * sizeof *p);
	if (!p)
		return lh_nomem(err);
	r->note = p;
	p[r->notes] = lh_str_dup(text);
	return p[r->notes] ? (r->notes++, 0) : lh_nomem(err);
}

int lh_results_note_lines(struct lh_results *r, struct lh_str rest, struct lh_error *err)
{
	while (rest.n) {
		const char *end = memchr(rest.p, '\n', rest.n);
		size_t n = end ? (size_t)(end - rest.p) : rest.n;
		int rc = note(r, (struct lh_str){ rest.p, n }, err);
		if (rc)
			return rc;
		n += end != NULL;
		rest = (struct lh_str){ rest.p + n, rest.n - n };
	}
	return 0;
}

static void free_condition(struct lh_condition_results *c)
{
	char *texts[] = { c->task, c->task_params, c->model, c->model_options, c->policy, c->policy_options, c->history,
		c->task_label, c->model_label, c->policy_label };
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		free(texts[i]);
	for (int i = 0; c->cause && i < c->samples; i++)
		free(c->cause[i]);
	free(c->cause);
	for (int i = 0; c->extra && i < c->samples; i++)
		free(c->extra[i]);
	free(c->extra);
	free(c->outcome);
	free(c->unshown);
	free(c->totals);
}

void lh_results_free(struct lh_results *r)
{
	if (!r)
		return;
	for (int i = 0; i < r->conditions; i++)
		free_condition(&r->condition[i]);
	free(r->condition);
	for (int i = 0; i < r->notes; i++)
		free(r->note[i]);
	free(r->note);
	free(r->version);
	free(r->config_sha256);
	free(r->started);
	free(r->ended);
	free(r->status);
	free(r->status_cause);
	free(r);
}
