#include "report/effects_json.h"

#include "report/effects_text.h"
#include "report/json_parts.h"

#include <math.h>

static void put_text(struct lh_jw *w, const char *key, const char *text)
{
	lh_jw_key(w, key);
	lh_jw_text(w, text);
}

static void put_ints(struct lh_jw *w, const char *key, const int *v, int n)
{
	lh_jw_key(w, key);
	lh_jw_open_flat(w, '[');
	for (int i = 0; i < n; i++)
		lh_jw_int(w, v[i]);
	lh_jw_close(w);
}

/* ---- cells ---- */

static void put_share(struct lh_jw *w, const char *key, const char *interval, const struct lh_effects_share *s)
{
	put_double(w, key, s->value);
	put_ci(w, interval, s->ci);
}

static void put_ratio(struct lh_jw *w, const struct lh_effects_cell *c)
{
	lh_jw_key(w, "filler_ratio");
	if (isnan(c->ratio)) {
		lh_jw_null(w);
		return;
	}
	lh_jw_open_flat(w, '{');
	put_double(w, "mean", c->ratio);
	put_double(w, "least", c->ratio_least);
	put_double(w, "most", c->ratio_most);
	lh_jw_close(w);
}

static void put_cell(struct lh_jw *w, const struct lh_report_effects *e, int history, int k)
{
	const struct lh_effects_cell *c = &e->cell[history * e->turns + k];
	lh_jw_open(w, '{');
	put_str(w, "history", e->history[history].text);
	put_int(w, "turn", e->turn[k]);
	put_int(w, "observed", c->observed);
	put_share(w, "turn_accuracy", "turn_accuracy_ci", &c->paper);
	put_share(w, "turn_accuracy_strict", "turn_accuracy_strict_ci", &c->strict);
	lh_jw_key(w, "exposure");
	lh_jw_open_flat(w, '{');
	put_double(w, "update", c->update);
	put_double(w, "state", c->state);
	put_double(w, "unusable", c->unusable);
	lh_jw_close(w);
	put_ratio(w, c);
	put_double(w, "tokens_in_per_call", c->tokens_in);
	lh_jw_close(w);
}

static void put_cells(struct lh_jw *w, const struct lh_report_effects *e)
{
	lh_jw_key(w, "cells");
	lh_jw_open(w, '[');
	for (int h = 0; h < e->histories; h++)
		for (int k = 0; k < e->turns; k++)
			if (e->cell[h * e->turns + k].probed)
				put_cell(w, e, h, k);
	lh_jw_close(w);
}

/* ---- losses ---- */

static void put_effect(struct lh_jw *w, const char *key, const struct lh_effect *x)
{
	lh_jw_key(w, key);
	lh_jw_open_flat(w, '{');
	put_double(w, "value", x->value);
	put_ci(w, "ci", x->ci);
	lh_jw_key(w, "pairs");
	lh_jw_open_flat(w, '{');
	put_int(w, "both", x->pairs.both);
	put_int(w, "first", x->pairs.first);
	put_int(w, "second", x->pairs.second);
	put_int(w, "neither", x->pairs.neither);
	lh_jw_close(w);
	lh_jw_close(w);
}

static void put_loss(struct lh_jw *w, const struct lh_report_effects *e, const struct lh_effects_loss *l)
{
	bool rated = l->kind == LH_EFFECTS_SELF_CONDITIONING;
	lh_jw_open(w, '{');
	put_text(w, "effect", lh_effects_kind_name(l->kind));
	put_int(w, "turn", l->turn);
	put_double(w, "rate", rated ? e->history[l->second].made.rate : NAN);
	put_bool(w, "last", rated && e->history[l->second].made.last);
	put_effect(w, "paper", &l->paper);
	put_effect(w, "strict", &l->strict);
	put_text(w, "why", l->why);
	lh_jw_close(w);
}

static void put_losses(struct lh_jw *w, const struct lh_report_effects *e)
{
	lh_jw_key(w, "losses");
	lh_jw_open(w, '[');
	for (int i = 0; i < e->losses; i++)
		put_loss(w, e, &e->loss[i]);
	lh_jw_close(w);
}

/* ---- the slope ---- */

/* Ends that are infinite are null, as is the whole where nothing was estimated. */
static void put_slope_reading(struct lh_jw *w, const char *key, const struct lh_slope *s)
{
	static const char *const status[] = { "estimated", "few", "rank", "lost" };
	bool few = s->fit.status == LH_FIRTH_FEW;
	lh_jw_key(w, key);
	lh_jw_open_flat(w, '{');
	put_text(w, "status", status[s->fit.status]);
	put_double(w, "value", s->value);
	put_ci(w, "ci", s->ci);
	put_double(w, "p", few ? NAN : s->test.p);
	put_int(w, "permutations", s->test.count);
	put_int(w, "replies", s->fit.trials);
	put_int(w, "errors", s->fit.events);
	lh_jw_key(w, "samples_needed");
	if (few)
		lh_jw_int(w, s->fit.samples_needed);
	else
		lh_jw_null(w);
	put_bool(w, "at_least", few && s->fit.at_least);
	lh_jw_close(w);
}

static void put_slope(struct lh_jw *w, const struct lh_effects_slope *s)
{
	lh_jw_key(w, "slope");
	lh_jw_open(w, '{');
	put_text(w, "why", s->why);
	put_ints(w, "turns", s->turn, s->turns);
	put_int(w, "turns_asked", s->asked);
	if (!s->why) {
		put_slope_reading(w, "paper", &s->paper);
		put_slope_reading(w, "strict", &s->strict);
	}
	lh_jw_close(w);
}

/* ---- the attribution ---- */

static void put_part(struct lh_jw *w, const char *key, const struct lh_part *p)
{
	lh_jw_key(w, key);
	lh_jw_open_flat(w, '{');
	put_double(w, "value", p->value);
	put_ci(w, "ci", p->ci);
	lh_jw_close(w);
}

static void put_curve(struct lh_jw *w, const struct lh_attribution *a)
{
	lh_jw_key(w, "curve");
	lh_jw_open(w, '[');
	for (int i = 0; i < a->points; i++) {
		lh_jw_open_flat(w, '{');
		put_double(w, "exposure", a->curve[i].x);
		put_double(w, "turn_accuracy", a->curve[i].y);
		put_double(w, "fit", a->curve[i].fit);
		put_double(w, "samples", a->curve[i].weight);
		lh_jw_close(w);
	}
	lh_jw_close(w);
}

static void put_attribution_reading(struct lh_jw *w, const char *key, const struct lh_attribution *a)
{
	lh_jw_key(w, key);
	lh_jw_open(w, '{');
	put_int(w, "samples", a->samples);
	put_part(w, "loss", &a->loss);
	put_part(w, "length", &a->length);
	put_part(w, "errors", &a->errors);
	put_part(w, "rest", &a->rest);
	put_double(w, "exposure", a->exposure);
	put_double(w, "clamped", a->clamped);
	put_curve(w, a);
	lh_jw_close(w);
}

static void put_attribution(struct lh_jw *w, const struct lh_effects_attribution *a)
{
	lh_jw_key(w, "attribution");
	lh_jw_open(w, '{');
	put_text(w, "why", a->why);
	put_int(w, "turn", a->turn);
	if (!a->why) {
		put_attribution_reading(w, "paper", &a->paper);
		put_attribution_reading(w, "strict", &a->strict);
	}
	lh_jw_close(w);
}

/* ---- other policies ---- */

static void put_policies(struct lh_jw *w, const struct lh_report *report, const struct lh_report_effects *e)
{
	lh_jw_key(w, "policies");
	lh_jw_open(w, '[');
	for (int i = 0; i < e->policies; i++) {
		const struct lh_effects_policy *p = &e->policy[i];
		const struct lh_report_condition *c = &report->condition[p->condition];
		lh_jw_open(w, '{');
		put_str(w, "policy", c->policy);
		put_object(w, "policy_options", c->policy_options);
		put_str(w, "policy_label", c->policy_label);
		put_bool(w, "oracle", c->oracle);
		put_int(w, "turn", e->turn[e->turns - 1]);
		put_effect(w, "paper", &p->paper);
		put_effect(w, "strict", &p->strict);
		put_double(w, "tokens_in_ratio", p->tokens);
		lh_jw_close(w);
	}
	lh_jw_close(w);
}

/* ---- an entry ---- */

static void put_identity(struct lh_jw *w, const struct lh_report_condition *c, const struct lh_report_effects *e)
{
	put_str(w, "task", c->task);
	put_object(w, "task_params", c->task_params);
	put_str(w, "task_label", c->task_label);
	put_str(w, "model", c->model);
	put_object(w, "model_options", c->model_options);
	put_str(w, "model_label", c->model_label);
	put_str(w, "policy", c->policy);
	put_object(w, "policy_options", c->policy_options);
	put_str(w, "policy_label", c->policy_label);
	put_bool(w, "oracle", c->oracle);
	put_int(w, "steps_per_turn", c->result->steps_per_turn);
	put_text(w, "thoughts", e->thoughts ? "matching" : "none");
	put_int(w, "samples", e->samples);
	put_ints(w, "probe_turns", e->turn, e->turns);
	lh_jw_key(w, "turn1_history");
	if (e->turn1 < 0)
		lh_jw_null(w);
	else
		lh_jw_str(w, e->history[e->turn1].text);
}

static void put_sentence(struct lh_jw *w, const struct lh_report *report, const struct lh_report_effects *e)
{
	struct lh_buf text;
	lh_buf_init(&text, 1 << 20);
	if (lh_effects_has_sentence(e))
		lh_effects_put_sentence(report, e, &text);
	lh_jw_key(w, "sentence");
	if (text.n)
		lh_jw_str(w, lh_buf_str(&text));
	else
		lh_jw_null(w);
	if (text.failed)
		w->out->failed = text.failed;
	lh_buf_fini(&text);
}

void lh_effects_json(struct lh_jw *w, const struct lh_report *report)
{
	lh_jw_key(w, "effects");
	lh_jw_open(w, '[');
	for (int i = 0; i < report->effects_count; i++) {
		const struct lh_report_effects *e = &report->effects[i];
		lh_jw_open(w, '{');
		put_identity(w, &report->condition[e->condition], e);
		put_cells(w, e);
		put_losses(w, e);
		put_slope(w, &e->slope);
		put_attribution(w, &e->attribution);
		put_policies(w, report, e);
		put_sentence(w, report, e);
		lh_jw_close(w);
	}
	lh_jw_close(w);
}
