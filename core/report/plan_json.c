/* "longhaul.plan/1": additions are allowed, changes are not. */
#include "report/planned.h"

#include "json/reader.h"
#include "json/writer.h"

#include <math.h>

static const char *const test_name[LH_PLAN_TESTS] = { "length", "errors" };

static void put_text(struct lh_jw *w, const char *key, const char *v)
{
	lh_jw_key(w, key);
	lh_jw_text(w, v);
}

static void put_int(struct lh_jw *w, const char *key, int64_t v)
{
	lh_jw_key(w, key);
	lh_jw_int(w, v);
}

static void put_double(struct lh_jw *w, const char *key, double v)
{
	lh_jw_key(w, key);
	lh_jw_double(w, v);
}

static void put_bool(struct lh_jw *w, const char *key, bool v)
{
	lh_jw_key(w, key);
	lh_jw_bool(w, v);
}

/* An end that is nowhere is null. */
static void put_ci(struct lh_jw *w, struct lh_interval v)
{
	lh_jw_key(w, "ci");
	lh_jw_open_flat(w, '[');
	lh_jw_double(w, v.lo);
	lh_jw_double(w, v.hi);
	lh_jw_close(w);
}

/* Options may come from a run file: only a whole object goes in as it is. */
static void put_options(struct lh_jw *w, const char *key, const char *json)
{
	struct lh_json *root = NULL;
	lh_jw_key(w, key);
	if (!lh_json_parse(lh_str_of(json), key, 1, &root, NULL) && lh_json_type(root) == LH_JSON_OBJECT)
		lh_jw_raw(w, lh_str_trim(lh_str_of(json)));
	else
		lh_jw_text(w, json);
	lh_json_free(root);
}

static void put_horizon(struct lh_jw *w, const struct lh_planned_world *world)
{
	const struct lh_horizon *h = &world->horizon;
	lh_jw_key(w, "horizon");
	if (world->samples < 1) {
		lh_jw_null(w);
		return;
	}
	lh_jw_open_flat(w, '{');
	put_double(w, "s", h->s);
	put_int(w, "turns", h->turns);
	put_bool(w, "censored", h->censored);
	put_ci(w, (struct lh_interval){ h->lo, h->hi });
	lh_jw_close(w);
}

static void put_world(struct lh_jw *w, const struct lh_planned_world *world)
{
	lh_jw_open(w, '{');
	put_text(w, "label", world->label);
	put_bool(w, "oracle", world->oracle);
	put_double(w, "change", world->change);
	put_int(w, "samples", world->samples);
	put_int(w, "censored", world->censored);
	put_horizon(w, world);
	lh_jw_key(w, "turn_error_rate");
	lh_jw_open_flat(w, '{');
	put_double(w, "value", world->turn_error_rate);
	put_ci(w, world->turn_error_rate_ci);
	lh_jw_close(w);
	put_double(w, "tokens", world->tokens);
	put_double(w, "usd", world->usd);
	lh_jw_close(w);
}

static void put_power(struct lh_jw *w, const char *key, const struct lh_planned_power *p)
{
	lh_jw_key(w, key);
	lh_jw_open_flat(w, '{');
	put_int(w, "samples", p->at.n);
	put_double(w, "power", p->at.power);
	put_double(w, "error", p->error);
	put_double(w, "replications_error", p->at.error);
	put_double(w, "pool_error", p->pool_error);
	lh_jw_close(w);
}

static void put_effect(struct lh_jw *w, const struct lh_plan_effect *e)
{
	lh_jw_key(w, "effect");
	if (!e) {
		lh_jw_null(w);
		return;
	}
	lh_jw_open_flat(w, '{');
	put_double(w, "difference", e->difference);
	put_ci(w, e->ci);
	put_bool(w, "shown", e->shown);
	put_double(w, "planned_for", e->shown ? e->nearer : NAN);
	lh_jw_close(w);
}

static void put_test(struct lh_jw *w, const struct lh_planned_group *g, const struct lh_planned_test *t)
{
	lh_jw_open(w, '{');
	put_text(w, "label", g->world[t->world].label);
	put_text(w, "test", test_name[t->test]);
	put_effect(w, t->from_effect ? &t->effect : NULL);
	put_bool(w, "reached", t->needed.reached);
	lh_jw_key(w, "needed");
	if (t->needed.reached)
		lh_jw_int(w, t->needed.there.at.n);
	else
		lh_jw_null(w);
	put_ci(w, t->needed.n);
	put_power(w, "there", &t->needed.there);
	put_double(w, "tokens", t->tokens);
	put_double(w, "usd", t->usd);
	put_power(w, "planned", &t->planned);
	lh_jw_close(w);
}

static void put_smallest(struct lh_jw *w, const struct lh_planned_group *g, const struct lh_planned_smallest *s)
{
	lh_jw_open(w, '{');
	put_text(w, "test", test_name[s->test]);
	put_bool(w, "found", s->found.found);
	put_double(w, "change", s->found.found ? s->found.change : NAN);
	put_ci(w, s->found.ci);
	put_double(w, "turn_error_rate_less", s->found.found ? g->world[0].turn_error_rate * s->found.change : NAN);
	put_power(w, "there", &s->found.there);
	lh_jw_key(w, "world");
	put_world(w, &s->world);
	lh_jw_close(w);
}

static void put_unshown(struct lh_jw *w, const struct lh_planned_unshown *u)
{
	lh_jw_open(w, '{');
	put_text(w, "label", u->label);
	put_text(w, "test", test_name[u->test]);
	put_effect(w, &u->effect);
	lh_jw_close(w);
}

static void put_lists(struct lh_jw *w, const struct lh_planned_group *g)
{
	lh_jw_key(w, "worlds");
	lh_jw_open(w, '[');
	for (int i = 0; i < g->worlds; i++)
		put_world(w, &g->world[i]);
	lh_jw_close(w);
	lh_jw_key(w, "tests");
	lh_jw_open(w, '[');
	for (int i = 0; i < g->test_count; i++)
		put_test(w, g, &g->test[i]);
	lh_jw_close(w);
	lh_jw_key(w, "not_shown");
	lh_jw_open(w, '[');
	for (int i = 0; i < g->unshowns; i++)
		put_unshown(w, &g->unshown[i]);
	lh_jw_close(w);
	lh_jw_key(w, "smallest");
	lh_jw_open(w, '[');
	for (int i = 0; i < g->smallests; i++)
		put_smallest(w, g, &g->smallest[i]);
	lh_jw_close(w);
}

static void put_group(struct lh_jw *w, const struct lh_planned_group *g)
{
	lh_jw_open(w, '{');
	put_text(w, "task", g->task);
	put_options(w, "task_params", g->task_params);
	put_text(w, "model", g->model);
	put_options(w, "model_options", g->model_options);
	put_int(w, "turns", g->turns);
	put_int(w, "steps_per_turn", g->steps_per_turn);
	put_text(w, "baseline", g->world[0].label);
	put_int(w, "samples", g->samples);
	put_int(w, "comparisons", g->comparisons);
	put_int(w, "family", g->tests);
	put_double(w, "level", g->level);
	put_lists(w, g);
	lh_jw_close(w);
}

static void put_source(struct lh_jw *w, const struct lh_planned *p)
{
	lh_jw_key(w, "source");
	lh_jw_open_flat(w, '{');
	put_text(w, "kind", p->from_run ? "run" : "sim");
	if (p->from_run) {
		put_int(w, "run", p->run);
		put_text(w, "status", p->status);
		put_text(w, "cause", p->cause);
	} else {
		put_int(w, "pool", p->pool);
	}
	lh_jw_close(w);
}

void lh_planned_json(const struct lh_planned *p, struct lh_buf *out)
{
	struct lh_jw w;
	lh_jw_init(&w, out, true);
	lh_jw_open(&w, '{');
	put_text(&w, "schema", "longhaul.plan/1");
	put_text(&w, "version", lh_version());
	put_source(&w, p);
	lh_jw_key(&w, "seed");
	lh_jw_uint_text(&w, p->seed);
	put_double(&w, "power", p->power);
	put_int(&w, "replications", p->replications);
	put_int(&w, "most", p->most);
	put_double(&w, "change", p->change);
	put_bool(&w, "change_asked", p->change_asked);
	lh_jw_key(&w, "groups");
	lh_jw_open(&w, '[');
	for (int i = 0; i < p->groups; i++)
		put_group(&w, &p->group[i]);
	lh_jw_close(&w);
	lh_jw_key(&w, "notes");
	lh_jw_open(&w, '[');
	for (int i = 0; i < p->notes; i++)
		lh_jw_text(&w, p->note[i]);
	lh_jw_close(&w);
	lh_jw_close(&w);
	lh_buf_putc(out, '\n');
}
