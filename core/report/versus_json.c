/* "longhaul.compare/1": additions are allowed, changes are not. */
#include "report/versus.h"

#include "report/comparison_figures.h"
#include "report/comparison_json.h"
#include "report/json_parts.h"

static const char *const side_key[] = { [LH_NEW] = "new", [LH_BASE] = "base" };

static void put_text(struct lh_jw *w, const char *key, const char *text)
{
	put_str(w, key, lh_str_of(text));
}

static void put_run(struct lh_jw *w, const char *key, const struct lh_versus_run *run)
{
	const struct lh_results *r = run->results;
	lh_jw_key(w, key);
	lh_jw_open(w, '{');
	put_text(w, "file", run->path);
	put_int(w, "id", r->run);
	put_text(w, "version", r->version);
	lh_jw_key(w, "seed");
	lh_jw_uint_text(w, r->seed);
	put_text(w, "status", r->status);
	put_text(w, "cause", r->status_cause);
	put_text(w, "config_sha256", r->config_sha256);
	lh_jw_close(w);
}

static int index_of(const struct lh_versus *v, int side, const struct lh_condition_results *c)
{
	return (int)(c - v->run[side].results->condition);
}

/* What a condition is, without its results. */
static void put_identity(struct lh_jw *w, const struct lh_versus *v, int side, const struct lh_condition_results *c)
{
	put_int(w, "condition", index_of(v, side, c));
	put_text(w, "task", c->task);
	put_object(w, "task_params", lh_str_of(c->task_params));
	put_text(w, "model", c->model);
	put_object(w, "model_options", lh_str_of(c->model_options));
	put_text(w, "model_label", c->model_label);
	put_text(w, "policy", c->policy);
	put_object(w, "policy_options", lh_str_of(c->policy_options));
	put_text(w, "policy_label", c->policy_label);
	put_bool(w, "oracle", c->oracle);
	put_text(w, "history", c->history);
	put_int(w, "turns", c->turns);
	put_int(w, "steps_per_turn", c->steps_per_turn);
}

static void put_side(struct lh_jw *w, const struct lh_versus *v, const struct lh_versus_match *m, int side)
{
	const struct lh_versus_side *s = &m->side[side];
	lh_jw_key(w, side_key[side]);
	lh_jw_open(w, '{');
	put_identity(w, v, side, s->condition);
	put_int(w, "samples", s->result->samples);
	put_int(w, "censored", s->result->censored);
	lh_jw_key(w, "horizon");
	lh_jw_open(w, '[');
	for (int i = 0; i < s->result->s_count; i++)
		lh_report_horizon_json(w, &s->result->horizon[i], !isnan(s->result->task_accuracy[0]));
	lh_jw_close(w);
	put_double(w, "tokens_in_per_turn", s->tokens_per_turn);
	lh_jw_close(w);
}

static const char *verdict(double p)
{
	return isnan(p) ? "not_tested" : p <= LH_DIFFERS ? "differs" : "not_shown_to_differ";
}

static void put_sentence(struct lh_jw *w, const struct lh_versus_match *m)
{
	struct lh_report_style style = { .unicode = true, .columns = 100 };
	struct lh_buf text;
	lh_buf_init(&text, 1 << 16);
	lh_versus_sentence(m, &style, &text);
	put_str(w, "sentence", lh_buf_str(&text));
	lh_buf_fini(&text);
}

static void put_match(struct lh_jw *w, const struct lh_versus *v, const struct lh_versus_match *m)
{
	struct lh_comparison_words words = { side_key[LH_NEW], side_key[LH_BASE], m->length_adjusted, m->errors_adjusted };
	lh_jw_open(w, '{');
	put_text(w, "policy", m->side[LH_NEW].condition->policy_label);
	put_bool(w, "oracle", lh_versus_oracle(m));
	put_bool(w, "model_differs", m->model_differs);
	put_bool(w, "policy_differs", m->policy_differs);
	put_side(w, v, m, LH_BASE);
	put_side(w, v, m, LH_NEW);
	lh_jw_key(w, "unpaired_because");
	lh_jw_text(w, m->unpaired);
	lh_comparison_json_effects(w, &m->of, &words);
	put_text(w, "length", verdict(m->length_adjusted));
	put_text(w, "errors", verdict(m->errors_adjusted));
	put_sentence(w, m);
	lh_jw_close(w);
}

static void put_lists(struct lh_jw *w, const char *key, const struct lh_versus *v, const struct lh_versus_list *list)
{
	lh_jw_key(w, key);
	lh_jw_open(w, '{');
	for (int side = LH_BASE; side >= LH_NEW; side--) {
		lh_jw_key(w, side_key[side]);
		lh_jw_open(w, '[');
		for (int i = 0; i < list[side].count; i++) {
			lh_jw_open(w, '{');
			put_identity(w, v, side, list[side].condition[i]);
			lh_jw_close(w);
		}
		lh_jw_close(w);
	}
	lh_jw_close(w);
}

void lh_versus_json(const struct lh_versus *v, struct lh_buf *out)
{
	struct lh_jw w;
	lh_jw_init(&w, out, true);
	lh_jw_open(&w, '{');
	put_text(&w, "schema", "longhaul.compare/1");
	put_run(&w, "base", &v->run[LH_BASE]);
	put_run(&w, "new", &v->run[LH_NEW]);
	put_bool(&w, "done", v->run[LH_BASE].done && v->run[LH_NEW].done);
	put_int(&w, "tests", v->tests);
	lh_jw_key(&w, "matches");
	lh_jw_open(&w, '[');
	for (int i = 0; i < v->count; i++)
		put_match(&w, v, &v->match[i]);
	lh_jw_close(&w);
	put_lists(&w, "unmatched", v, v->alone);
	put_lists(&w, "made_histories", v, v->made);
	lh_jw_close(&w);
	lh_buf_putc(out, '\n');
}
