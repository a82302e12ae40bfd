/* From samples to answers: which worlds a plan is about, and what their replications say. */
#include "report/planned.h"

#include "report/report.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool lh_plan_together(const struct lh_condition_results *a, const struct lh_condition_results *b)
{
	return !strcmp(a->task_label, b->task_label) && !strcmp(a->task_params, b->task_params) && !strcmp(a->model_label, b->model_label) &&
		!strcmp(a->model_options, b->model_options) && a->steps_per_turn == b->steps_per_turn && a->turns == b->turns;
}

/* One group being planned. */
struct making {
	struct lh_planned *p;
	struct lh_planned_group *g;
	const struct lh_plan_source *source;
	const struct lh_plan_ask *ask;
	const struct lh_condition_results *base;
	struct lh_prices price;          /* -1: not known */
	bool changed[LH_PLAN_TESTS];     /* a change is planned for, by this test */
};

/* ---- samples ---- */

/* A condition's samples, or those that two conditions have both tried. */
struct part { struct lh_grid grid; uint8_t *outcome; int *sample; };

static bool tried(const struct lh_condition_results *c, int i)
{
	return c->outcome[(size_t)i * (size_t)c->turns] != LH_UNSEEN;
}

static int take(struct part *part, const struct making *m, const struct lh_condition_results *c, const struct lh_condition_results *partner, struct lh_error *err)
{
	size_t turns = (size_t)c->turns;
	*part = (struct part){ .outcome = malloc((size_t)c->samples * turns + 1), .sample = malloc(((size_t)c->samples + 1) * sizeof(int)) };
	part->grid = (struct lh_grid){ .turns = c->turns, .outcome = part->outcome, .stop_at_error = m->source->base->stop_at_error, .steps_per_turn = c->steps_per_turn };
	if (!part->outcome || !part->sample)
		return lh_nomem(err);
	for (int i = 0; i < c->samples; i++)
		if (tried(c, i) && (!partner || (i < partner->samples && tried(partner, i)))) {
			memcpy(part->outcome + (size_t)part->grid.samples * turns, c->outcome + (size_t)i * turns, turns);
			part->sample[part->grid.samples++] = i;
		}
	return 0;
}

static void leave(struct part *part)
{
	free(part->outcome);
	free(part->sample);
}

/* Too few to say anything about. */
static int check_part(const struct part *part, const char *label, struct lh_error *err)
{
	int seen = 0;
	for (int i = 0; i < part->grid.samples; i++)
		seen += part->outcome[(size_t)i * (size_t)part->grid.turns] != LH_OUTCOME_FAILED;
	if (seen < 2)
		return lh_fail(err, LH_E_USAGE, "%s: %d samples were observed: a plan needs two at the least, and is no better than they are", label, seen);
	return 0;
}

/* ---- worlds ---- */

static double usd_of(const struct making *m, const struct lh_totals *t)
{
	double cached = m->price.cached >= 0 ? (double)m->price.cached : (double)m->price.in;
	if (m->price.in < 0 || m->price.out < 0)
		return (double)t->cost_microusd / 1e6;
	return ((double)(t->tokens_in - t->tokens_cached) * (double)m->price.in + (double)t->tokens_cached * cached + (double)t->tokens_out * (double)m->price.out) / 1e12;
}

static void add_cost(struct lh_planned_world *w, const struct making *m, const struct lh_condition_results *c, const struct part *part)
{
	double tokens = 0, usd = 0, n = part->grid.samples;
	bool priced = m->price.in >= 0;
	for (int i = 0; i < part->grid.samples; i++) {
		const struct lh_totals *t = &c->totals[part->sample[i]];
		tokens += (double)t->tokens_in + (double)t->tokens_out;
		usd += usd_of(m, t);
		priced = priced || t->priced;
	}
	w->tokens = tokens > 0 ? tokens / n : NAN;
	w->usd = priced && tokens > 0 ? usd / n : NAN;
	m->g->priced = m->g->priced || !isnan(w->usd);
}

static int measure(struct lh_planned_world *w, const struct part *part, uint64_t seed, struct lh_error *err)
{
	static const double half = 0.5;
	struct lh_measure_options o = { .s = &half, .s_count = 1, .seed = seed };
	struct lh_result *r;
	int rc = lh_measure(&part->grid, &o, &r, err);
	if (rc)
		return rc;
	w->samples = r->samples;
	w->censored = r->censored;
	w->turn_error_rate = r->turn_error_rate;
	w->turn_error_rate_ci = r->turn_error_rate_ci;
	w->horizon = r->horizon[0];
	lh_result_free(r);
	return 0;
}

/* Its number, or a negative code. */
static int add_world(struct making *m, const char *label, struct lh_error *err)
{
	struct lh_planned_world *more = realloc(m->g->world, ((size_t)m->g->worlds + 1) * sizeof *more);
	char *own = lh_str_dup(lh_str_of(label));
	if (more)
		m->g->world = more;
	if (!more || !own) {
		free(own);
		return lh_nomem(err);
	}
	m->g->world[m->g->worlds] = (struct lh_planned_world){ .label = own, .change = NAN };
	return m->g->worlds++;
}

static int add_seen(struct making *m, const struct lh_condition_results *c, const struct part *part, struct lh_error *err)
{
	int at = add_world(m, c->policy_label, err);
	if (at < 0)
		return at;
	m->g->world[at].oracle = c->oracle;
	add_cost(&m->g->world[at], m, c, part);
	int rc = measure(&m->g->world[at], part, m->p->seed, err);
	return rc ? rc : at;
}

/* What a change makes of the baseline: the same samples, fewer errors, the same cost. */
static int change_world(const struct making *m, const struct lh_plan_pool *pool, double change, struct lh_planned_world *w, struct lh_error *err)
{
	const struct lh_planned_world *base = &m->g->world[0];
	char *label = w->label;
	*w = *base;
	w->label = label;
	w->change = change;
	w->turn_error_rate *= 1 - change;
	w->turn_error_rate_ci.lo *= 1 - change;
	w->turn_error_rate_ci.hi *= 1 - change;
	return lh_plan_horizon(pool, change, m->g->steps_per_turn, 0.5, &w->horizon, err);
}

/* ---- tests ---- */

struct ticking { const struct lh_plan_ask *ask; const char *label; int test; };

static void tick(void *user, int n)
{
	const struct ticking *t = user;
	t->ask->tick(t->ask->user, t->label, t->test, n);
}

static struct lh_plan_world world_of(const struct making *m, enum lh_plan_test test, const struct ticking *t)
{
	return (struct lh_plan_world){ .shared = NAN, .change = NAN, .test = test, .level = m->g->level, .seed = m->p->seed,
		.tick = m->ask->tick ? tick : NULL, .user = (void *)(uintptr_t)t };
}

static struct lh_planned_test *new_test(struct lh_planned_group *g, struct lh_error *err)
{
	struct lh_planned_test *more = realloc(g->test, ((size_t)g->test_count + 1) * sizeof *more);
	if (!more) {
		lh_nomem(err);
		return NULL;
	}
	g->test = more;
	g->test[g->test_count] = (struct lh_planned_test){ .tokens = NAN, .usd = NAN };
	return &g->test[g->test_count++];
}

static int most_of(const struct making *m) { return m->ask->most > m->g->samples ? m->ask->most : m->g->samples; }

/* The search looks no further than --most; the samples planned may be more. */
static int answer(struct lh_planning *planning, const struct making *m, struct lh_planned_test *t, struct lh_error *err)
{
	planning->most = m->ask->most;
	int rc = lh_planning_needed(planning, m->ask->power, m->ask->replications, &t->needed, err);
	planning->most = most_of(m);
	return rc ? rc : lh_planning_power(planning, m->g->samples, m->ask->replications, &t->planned, err);
}

static int plan_test(struct making *m, int world, const struct lh_plan_world *w, const struct lh_plan_effect *effect, struct lh_error *err)
{
	struct lh_planning planning;
	struct lh_planned_test *t = new_test(m->g, err);
	int rc = t ? lh_planning_init(&planning, w, most_of(m), err) : LH_E_NOMEM;
	if (rc)
		return rc;
	t->world = world;
	t->test = w->test;
	t->from_effect = effect != NULL;
	if (effect)
		t->effect = *effect;
	rc = answer(&planning, m, t, err);
	lh_planning_fini(&planning);
	const struct lh_planned_world *first = &m->g->world[0], *second = &m->g->world[world];
	if (t->needed.reached) {
		t->tokens = (first->tokens + second->tokens) * t->needed.there.at.n;
		t->usd = (first->usd + second->usd) * t->needed.there.at.n;
	}
	return rc;
}

/* ---- a policy ---- */

static int add_unshown(struct making *m, const char *label, enum lh_plan_test test, const struct lh_plan_effect *e, struct lh_error *err)
{
	struct lh_planned_group *g = m->g;
	struct lh_planned_unshown *more = realloc(g->unshown, ((size_t)g->unshowns + 1) * sizeof *more);
	char *own = lh_str_dup(lh_str_of(label));
	if (more)
		g->unshown = more;
	if (!more || !own) {
		free(own);
		return lh_nomem(err);
	}
	g->unshown[g->unshowns++] = (struct lh_planned_unshown){ own, test, *e };
	m->changed[test] = true;
	return 0;
}

struct pair { struct part part[2]; struct lh_plan_pool pool[2]; };

static int plan_policy_test(struct making *m, const struct pair *pair, int world, enum lh_plan_test test, struct lh_error *err)
{
	const char *label = m->g->world[world].label;
	struct ticking ticking = { m->ask, label, test };
	struct lh_plan_world w = world_of(m, test, &ticking);
	struct lh_plan_effect effect;
	w.first = &pair->pool[0];
	w.second = &pair->pool[1];
	if (!m->source->paired)
		return plan_test(m, world, &w, NULL, err);
	int rc = lh_plan_effect(&pair->part[0].grid, &pair->part[1].grid, test, m->p->seed, &effect, err);
	if (rc)
		return rc;
	if (!effect.shown)
		return add_unshown(m, label, test, &effect, err);
	w.shared = effect.shared;
	return plan_test(m, world, &w, &effect, err);
}

static int plan_pair(struct making *m, const struct lh_condition_results *c, struct pair *pair, struct lh_error *err)
{
	bool paired = m->source->paired;
	int rc = take(&pair->part[0], m, m->base, paired ? c : NULL, err);
	if (!rc)
		rc = take(&pair->part[1], m, c, paired ? m->base : NULL, err);
	for (int i = 0; i < 2 && !rc; i++) {
		rc = check_part(&pair->part[i], (i ? c : m->base)->policy_label, err);
		if (!rc)
			rc = lh_plan_pool_init(&pair->pool[i], &pair->part[i].grid, err);
	}
	int world = rc ? 0 : add_seen(m, c, &pair->part[1], err);
	if (rc || world < 0)
		return rc ? rc : world;
	for (int test = 0; test < LH_PLAN_TESTS && !rc; test++)
		if (m->g->rated || test == LH_PLAN_LENGTH)
			rc = plan_policy_test(m, pair, world, (enum lh_plan_test)test, err);
	return rc;
}

static int plan_policy(struct making *m, const struct lh_condition_results *c, struct lh_error *err)
{
	struct pair pair = { 0 };
	int rc = plan_pair(m, c, &pair, err);
	for (int i = 0; i < 2; i++) {
		leave(&pair.part[i]);
		lh_plan_pool_fini(&pair.pool[i]);
	}
	return rc;
}

/* ---- a change ---- */

static int plan_change(struct making *m, const struct lh_plan_pool *pool, struct lh_error *err)
{
	char label[64];
	snprintf(label, sizeof label, "a change of %g %%", 100 * m->p->change);
	int world = add_world(m, label, err);
	if (world < 0)
		return world;
	int rc = change_world(m, pool, m->p->change, &m->g->world[world], err);
	for (int test = 0; test < LH_PLAN_TESTS && !rc; test++) {
		struct ticking ticking = { m->ask, label, test };
		struct lh_plan_world w = world_of(m, (enum lh_plan_test)test, &ticking);
		w.first = pool;
		w.change = m->p->change;
		if (m->changed[test])
			rc = plan_test(m, world, &w, NULL, err);
	}
	return rc;
}

static int find_smallest(struct making *m, const struct lh_plan_pool *pool, enum lh_plan_test test, struct lh_error *err)
{
	struct lh_planned_smallest *s = &m->g->smallest[m->g->smallests];
	struct ticking ticking = { m->ask, "the smallest change", test };
	struct lh_plan_world w = world_of(m, test, &ticking);
	struct lh_planning planning;
	w.first = pool;
	w.change = 1;
	int rc = lh_planning_init(&planning, &w, m->g->samples, err);
	if (rc)
		return rc;
	s->test = test;
	rc = lh_planning_smallest(&planning, m->g->samples, m->ask->power, m->ask->replications, &s->found, err);
	lh_planning_fini(&planning);
	if (!rc)
		rc = change_world(m, pool, s->found.change, &s->world, err);
	m->g->smallests += !rc;
	return rc;
}

/* ---- a group ---- */

static bool compared(const struct making *m, const struct lh_condition_results *c)
{
	return c != m->base && !c->oracle && !strcmp(c->history, "own") && lh_plan_together(c, m->base);
}

static int plan_policies(struct making *m, struct lh_error *err)
{
	const struct lh_results *others = m->source->others;
	int rc = 0, planned = 0;
	for (int i = 0; others && !m->p->change_asked && i < others->conditions && !rc; i++)
		if (compared(m, &others->condition[i])) {
			rc = plan_policy(m, &others->condition[i], err);
			planned++;
		}
	for (int test = 0; test < LH_PLAN_TESTS && !planned; test++)
		m->changed[test] = true;
	return rc;
}

static int plan_changes(struct making *m, const struct lh_plan_pool *pool, struct lh_error *err)
{
	bool any = m->changed[LH_PLAN_LENGTH] || m->changed[LH_PLAN_ERRORS];
	int rc = 0;
	if (any && !m->g->rated && !m->g->test_count && !m->g->unshowns)
		return lh_fail(err, LH_E_USAGE, "a change leaves errors out, and what comes after is not known of samples that were stopped at their first: plan without --stop-at-error, or from a run without it");
	if (any && m->g->rated)
		rc = plan_change(m, pool, err);
	for (int test = 0; test < LH_PLAN_TESTS && !rc && m->g->rated; test++)
		rc = find_smallest(m, pool, (enum lh_plan_test)test, err);
	return rc;
}

static int plan_group(struct making *m, struct lh_error *err)
{
	struct part part = { 0 };
	struct lh_plan_pool pool = { 0 };
	int rc = take(&part, m, m->base, NULL, err);
	if (!rc)
		rc = check_part(&part, m->base->policy_label, err);
	if (!rc)
		rc = lh_plan_pool_init(&pool, &part.grid, err);
	if (!rc) {
		int world = add_seen(m, m->base, &part, err);
		rc = world < 0 ? world : plan_policies(m, err);
	}
	if (!rc)
		rc = plan_changes(m, &pool, err);
	lh_plan_pool_fini(&pool);
	leave(&part);
	return rc;
}

static int name_group(struct lh_planned_group *g, const struct lh_condition_results *c, struct lh_error *err)
{
	g->task = lh_str_dup(lh_str_of(c->task_label));
	g->task_params = lh_str_dup(lh_str_of(c->task_params));
	g->model = lh_str_dup(lh_str_of(c->model_label));
	g->model_options = lh_str_dup(lh_str_of(c->model_options));
	g->steps_per_turn = c->steps_per_turn;
	g->turns = c->turns;
	return g->task && g->task_params && g->model && g->model_options ? 0 : lh_nomem(err);
}

static int find_prices(struct making *m, struct lh_error *err)
{
	m->price = (struct lh_prices){ -1, -1, -1 };
	if (!m->ask->prices)
		return 0;
	int rc = lh_prices_read(m->ask->prices, m->base->model_label, &m->price, err);
	if (!rc && m->price.in < 0)
		rc = lh_fail(err, LH_E_USAGE, "%s has no prices of %s", m->ask->prices, m->base->model_label);
	return rc;
}

int lh_planned_add(struct lh_planned *p, const struct lh_plan_source *s, int base, int comparisons, int samples, const struct lh_plan_ask *ask, struct lh_error *err)
{
	struct lh_planned_group *more = realloc(p->group, ((size_t)p->groups + 1) * sizeof *more);
	if (!more)
		return lh_nomem(err);
	p->group = more;
	struct lh_planned_group *g = &p->group[p->groups++];
	const struct lh_condition_results *c = &s->base->condition[base];
	struct making m = { .p = p, .g = g, .source = s, .ask = ask, .base = c };
	*g = (struct lh_planned_group){ .samples = samples, .comparisons = comparisons > 0 ? comparisons : 1, .rated = !s->base->stop_at_error || c->turns == 1 };
	g->tests = g->comparisons * (g->rated ? LH_PLAN_TESTS : 1);
	g->level = 0.05 / g->tests;
	int rc = name_group(g, c, err);
	if (!rc)
		rc = find_prices(&m, err);
	return rc ? rc : plan_group(&m, err);
}
