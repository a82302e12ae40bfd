/* Searches for the most steps in one turn, in "longhaul.report/1". */
#include "report/single_turn_report.h"

#include "measure/wilson.h"
#include "report/gate_report.h"
#include "report/json_parts.h"

static void put_known(struct lh_jw *w, const char *key, bool known, int64_t v)
{
	lh_jw_key(w, key);
	if (known)
		lh_jw_int(w, v);
	else
		lh_jw_null(w);
}

static void put_try(struct lh_jw *w, const struct lh_try *t)
{
	double share = lh_share(t->right, t->observed);
	lh_jw_open_flat(w, '{');
	put_int(w, "k", t->k);
	lh_jw_key(w, "verdict"), lh_jw_text(w, lh_gate_word(t->verdict));
	put_int(w, "samples", t->observed);
	put_int(w, "correct", t->right);
	put_double(w, "accuracy", share);
	put_ci(w, "ci", lh_wilson(share, t->observed));
	put_known(w, "decided_at", t->decided_at > 0, t->decided_at);
	put_int(w, "censored", t->censored);
	put_int(w, "policy_errors", t->policy_errors);
	put_int(w, "calls", t->totals.calls);
	put_int(w, "attempts", t->totals.attempts);
	put_int(w, "tokens_in", t->totals.tokens_in);
	put_int(w, "tokens_out", t->totals.tokens_out);
	put_double(w, "usd", t->totals.priced ? (double)t->totals.cost_microusd / 1e6 : NAN);
	put_bool(w, "done", t->done);
	lh_jw_close(w);
}

static void put_answer(struct lh_jw *w, const struct lh_searches *s, const struct lh_single_turn *t)
{
	static const char *const ends[] = { [LH_SEARCH_OVER] = "over", [LH_SEARCH_SHORT] = "no more samples", [LH_SEARCH_OPEN] = "not done" };
	struct lh_ladder l = lh_single_turn_answer(s, t);
	struct lh_buf text;
	lh_jw_key(w, "end"), lh_jw_text(w, ends[t->end]);
	put_known(w, "passed", l.passed > 0, l.passed);
	put_known(w, "failed", l.failed > 0, l.failed);
	put_int(w, "most", t->most);
	put_bool(w, "contradictory", l.crossed);
	put_double(w, "point_estimate", l.clamped ? NAN : l.point);
	lh_buf_init(&text, 8192);
	lh_single_turn_sentence(s, t, &text);
	put_str(w, "message", lh_buf_str(&text));
	lh_buf_fini(&text);
}

static void put_search(struct lh_jw *w, const struct lh_searches *s, const struct lh_single_turn *t)
{
	lh_jw_open(w, '{');
	put_str(w, "task", lh_str_of(t->task));
	put_object(w, "task_params", lh_str_of(t->task_params));
	put_str(w, "task_label", lh_str_of(t->task_label));
	put_str(w, "model", lh_str_of(t->model));
	put_object(w, "model_options", lh_str_of(t->model_options));
	put_str(w, "model_label", lh_str_of(t->model_label));
	put_str(w, "policy", lh_str_of(t->policy));
	put_object(w, "policy_options", lh_str_of(t->policy_options));
	put_str(w, "policy_label", lh_str_of(t->policy_label));
	put_bool(w, "oracle", t->oracle);
	put_double(w, "q", s->q);
	put_int(w, "cap", s->cap);
	lh_jw_key(w, "tried");
	lh_jw_open(w, '[');
	for (int i = 0; i < t->tries; i++)
		put_try(w, &t->tried[i]);
	lh_jw_close(w);
	put_answer(w, s, t);
	lh_jw_close(w);
}

void lh_single_turn_json(struct lh_jw *w, const struct lh_report *report)
{
	const struct lh_searches *s = report->single_turn;
	if (!s)
		return;
	lh_jw_key(w, "single_turn");
	lh_jw_open(w, '[');
	for (int i = 0; i < s->count; i++)
		put_search(w, s, &s->of[i]);
	lh_jw_close(w);
}
