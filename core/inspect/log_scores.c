#include "inspect/log_write.h"

#include <math.h>

static const char *const names[LH_LOG_SCORES] = { "error_free_turns", "first_error_turn", "turn_accuracy", "state_accuracy", "task_accuracy" };

/* A share of the turns that were observed; turns after an overflow are errors (measure/README.md). */
static double share(const uint8_t *outcome, int from, int to, bool (*good)(int))
{
	int n = 0, ok = 0;
	for (int t = from; t < to; t++)
		if (outcome[t] != LH_UNSEEN && outcome[t] != LH_OUTCOME_FAILED)
			n++, ok += good(outcome[t]);
	return n ? (double)ok / n : NAN;
}

/* Of a whole episode: how far it went without an error. Censored before any: nobody knows. */
static void score_length(const uint8_t *outcome, int turns, struct lh_log_score *out)
{
	int t = 0;
	while (t < turns && lh_outcome_state_ok(outcome[t]))
		t++;
	bool erred = t < turns && outcome[t] != LH_UNSEEN && outcome[t] != LH_OUTCOME_FAILED;
	if (t < turns && !erred)
		return;
	out->first_error = erred ? t + 1 : 0;
	out->value[LH_LOG_ERROR_FREE] = t;
	out->value[LH_LOG_TASK_ACCURACY] = erred ? 0 : 1;
	if (erred)
		out->value[LH_LOG_FIRST_ERROR] = t + 1;
}

void lh_log_score(const uint8_t *outcome, int from, int to, bool stop_at_error, bool whole, struct lh_log_score *out)
{
	*out = (struct lh_log_score){ .first_error = 0 };
	for (int i = 0; i < LH_LOG_SCORES; i++)
		out->value[i] = NAN;
	if (whole)
		score_length(outcome, to, out);
	if (whole && stop_at_error)              /* turns after the error were not asked, so no share of all turns is known */
		return;
	out->value[LH_LOG_TURN_ACCURACY] = share(outcome, from, to, lh_outcome_turn_ok);
	out->value[LH_LOG_STATE_ACCURACY] = share(outcome, from, to, lh_outcome_state_ok);
}

void lh_log_add_score(struct lh_log_means *m, const struct lh_log_score *s)
{
	for (int i = 0; i < LH_LOG_SCORES; i++) {
		if (isnan(s->value[i])) {
			m->unscored[i]++;
			continue;
		}
		m->scored[i]++;
		m->sum[i] += s->value[i];
		m->squares[i] += s->value[i] * s->value[i];
	}
}

/* Inspect's own way to say that there is no score. */
static void put_value(struct lh_jw *w, double v)
{
	if (isnan(v))
		lh_jw_raw(w, LH_STR("NaN"));
	else
		lh_jw_double(w, v);
}

static void put_explanation(struct lh_jw *w, const struct lh_log_score *s, int outcome)
{
	struct lh_buf b;
	lh_buf_init(&b, 256);
	if (s->first_error)
		lh_buf_printf(&b, "first error at turn %d: %s", s->first_error, lh_outcome_name(outcome));
	else
		lh_buf_puts(&b, isnan(s->value[LH_LOG_ERROR_FREE]) ? "not observed to its end" : "no error");
	lh_jw_str(w, lh_buf_str(&b));
	lh_buf_fini(&b);
}

void lh_log_put_scores(struct lh_jw *w, const struct lh_log_score *s, struct lh_str answer, int outcome)
{
	lh_jw_open(w, '{');
	for (int i = 0; i < LH_LOG_SCORES; i++) {
		lh_jw_key(w, names[i]);
		lh_jw_open(w, '{');
		lh_jw_key(w, "value"), put_value(w, s->value[i]);
		if (answer.n)
			lh_jw_key(w, "answer"), lh_jw_str(w, answer);
		if (i == LH_LOG_ERROR_FREE)
			lh_jw_key(w, "explanation"), put_explanation(w, s, outcome);
		lh_jw_key(w, "history"), lh_jw_open(w, '['), lh_jw_close(w);
		lh_jw_close(w);
	}
	lh_jw_close(w);
}

static void put_metric(struct lh_jw *w, const char *name, double value)
{
	lh_jw_key(w, name);
	lh_jw_open(w, '{');
	lh_jw_key(w, "name"), lh_jw_text(w, name);
	lh_jw_key(w, "value"), lh_jw_double(w, value);
	lh_jw_key(w, "params"), lh_jw_open(w, '{'), lh_jw_close(w);
	lh_jw_close(w);
}

/* The mean, and its standard error as Inspect's own stderr() has it: s / √n. */
static void put_metrics(struct lh_jw *w, const struct lh_log_means *m, int i)
{
	double n = (double)m->scored[i], mean = n > 0 ? m->sum[i] / n : 0;
	lh_jw_key(w, "metrics");
	lh_jw_open(w, '{');
	if (n > 0)
		put_metric(w, "mean", mean);
	if (n > 1)
		put_metric(w, "stderr", sqrt(fmax(0, m->squares[i] - n * mean * mean) / (n - 1) / n));
	lh_jw_close(w);
}

void lh_log_put_results(struct lh_jw *w, const struct lh_log_means *m, int64_t planned, int64_t completed)
{
	lh_jw_open(w, '{');
	lh_jw_key(w, "total_samples"), lh_jw_int(w, planned);
	lh_jw_key(w, "completed_samples"), lh_jw_int(w, completed);
	lh_jw_key(w, "scores");
	lh_jw_open(w, '[');
	for (int i = 0; i < LH_LOG_SCORES; i++) {
		lh_jw_open(w, '{');
		lh_jw_key(w, "name"), lh_jw_text(w, names[i]);
		lh_jw_key(w, "scorer"), lh_jw_text(w, "longhaul");
		lh_jw_key(w, "scored_samples"), lh_jw_int(w, m->scored[i]);
		lh_jw_key(w, "unscored_samples"), lh_jw_int(w, m->unscored[i]);
		lh_jw_key(w, "params"), lh_jw_open(w, '{'), lh_jw_close(w);
		put_metrics(w, m, i);
		lh_jw_close(w);
	}
	lh_jw_close(w);
	lh_jw_close(w);
}
