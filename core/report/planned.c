/* The record of a plan: made, noted in, freed. */
#include "report/planned.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct lh_planned *lh_planned_new(const struct lh_plan_ask *ask, struct lh_error *err)
{
	struct lh_planned *p = calloc(1, sizeof *p);
	if (!p) {
		lh_nomem(err);
		return NULL;
	}
	p->power = ask->power;
	p->replications = ask->replications;
	p->most = ask->most;
	p->pool = ask->pool;
	p->change_asked = !isnan(ask->change);
	p->change = p->change_asked ? ask->change : LH_PLAN_CHANGE;
	return p;
}

int lh_planned_note(struct lh_planned *p, struct lh_error *err, const char *fmt, ...)
{
	char *text = NULL;
	va_list args;
	va_start(args, fmt);
	int n = vasprintf(&text, fmt, args);
	va_end(args);
	char **more = n < 0 ? NULL : realloc(p->note, ((size_t)p->notes + 1) * sizeof *more);
	if (!more) {
		if (n >= 0)
			free(text);
		return lh_nomem(err);
	}
	p->note = more;
	for (int i = 0; i < p->notes; i++)
		if (!strcmp(p->note[i], text)) {         /* once is enough */
			free(text);
			return 0;
		}
	p->note[p->notes++] = text;
	return 0;
}

static void free_group(struct lh_planned_group *g)
{
	char *own[] = { g->task, g->task_params, g->model, g->model_options };
	for (size_t i = 0; i < sizeof own / sizeof *own; i++)
		free(own[i]);
	for (int i = 0; i < g->worlds; i++)
		free(g->world[i].label);
	for (int i = 0; i < g->unshowns; i++)
		free(g->unshown[i].label);
	for (int i = 0; i < g->smallests; i++)
		free(g->smallest[i].world.label);
	free(g->world);
	free(g->test);
	free(g->unshown);
}

void lh_planned_free(struct lh_planned *p)
{
	if (!p)
		return;
	for (int i = 0; i < p->groups; i++)
		free_group(&p->group[i]);
	for (int i = 0; i < p->notes; i++)
		free(p->note[i]);
	free(p->group);
	free(p->note);
	free(p->path);
	free(p->status);
	free(p->cause);
	free(p);
}

/* ---- the baseline ---- */

static int by_label(const struct lh_plan_policy *policy, int count, const char *wanted)
{
	for (int i = 0; i < count; i++)
		if (!strcmp(policy[i].label, wanted))
			return i;
	return -1;
}

static int by_name(const struct lh_plan_policy *policy, int count, const char *wanted, int *found)
{
	int at = -1;
	*found = 0;
	for (int i = count - 1; i >= 0; i--)
		if (!strcmp(policy[i].name, wanted)) {
			at = i;
			++*found;
		}
	return at;
}

static int usual(const struct lh_plan_policy *policy, int count)
{
	int found, at = by_name(policy, count, "full_history", &found);
	for (int i = 0; at < 0 && i < count; i++)
		if (!policy[i].oracle)
			at = i;
	return at < 0 ? 0 : at;
}

int lh_plan_baseline(const struct lh_plan_policy *policy, int count, const char *against, struct lh_error *err)
{
	int found, at = against ? by_label(policy, count, against) : usual(policy, count);
	if (at >= 0)
		return at;
	at = by_name(policy, count, against, &found);
	if (found == 1)
		return at;
	if (found > 1)
		return lh_fail(err, LH_E_USAGE, "--against %s: %d policies are called so; name one with its options, such as %s", against, found, policy[at].label);
	return lh_fail(err, LH_E_USAGE, "--against %s: no policy of the experiment is called so; there is %s%s", against, policy[0].label, count > 1 ? " and others" : "");
}
