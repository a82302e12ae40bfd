/* sim - a simulated executor with known parameters, so that the estimators can be tested.
 *
 * It reads what a real model would read: the messages sent. From them it takes the state shown, the
 * length of the history, the share x of wrong updates in view and their number w, and answers the
 * followed state, or with probability P a wrong one:
 *
 *   logit(e) = logit(1 - accuracy) + context log2(1 + tokens/1000) + self_conditioning x + contagion log2(1 + w)
 *   P = 1 - (1 - e)^K
 *
 * Of a task with tools it first calls those that the turn needs; a result that the view hides from it is a
 * step that it gets wrong.
 *
 * Each draw is named by (seed, sample, turn, call number) and a fixed place in the stream, so runs
 * under different policies and parameters share their luck. With luck=own the made history is part of
 * the name: its replies are then as independent of those to other histories as a real model's are. */
#include "model/model_ops.h"
#include "model/sim_tools.h"

#include "base/hash.h"
#include "json/writer.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { ACCURACY, CONTEXT, SELF_CONDITIONING, CONTAGION, MALFORMED, MISSING, REFUSED, FAILED, THOUGHTS, THOUGHT_TOKENS,
	LATENCY_MS, LATENCY_SPREAD, WINDOW, MAX_TOKENS, CALLS_AT_ONCE, LUCK, PARAMS };

static const struct lh_model_param params[PARAMS] = {
	{ "accuracy", "number", "0.99", "0..1", "step accuracy at an empty history" },
	{ "context", "number", "0", "-20..20", "added log-odds of an error per doubling of 1 + history tokens / 1000" },
	{ "self_conditioning", "number", "0", "-20..20", "added log-odds at a history in which every update is wrong" },
	{ "contagion", "number", "0", "-20..20", "added log-odds per doubling of 1 + wrong updates in view" },
	{ "malformed", "number", "0", "0..1", "share of replies whose answer tag holds no state" },
	{ "missing", "number", "0", "0..1", "share of replies without an answer tag" },
	{ "refused", "number", "0", "0..1", "share of replies that refuse" },
	{ "failed", "number", "0", "0..1", "share of calls that fail as a network would" },
	{ "thoughts", "choice", "none", "none|native|tag", "think in a field of its own, or in <think> tags" },
	{ "thought_tokens", "integer", "50", "0..100000", "length of the thoughts of a reply" },
	{ "latency_ms", "number", "0", "0..3600000", "mean time to a reply, on a virtual clock" },
	{ "latency_spread", "number", "0.5", "0..1", "uniform spread around the mean, as a share of it" },
	{ "window", "integer", "0", "0..1000000000", "context limit in tokens; 0: none" },
	{ "max_tokens", "integer", "0", "0..1000000000", "output limit in tokens; 0: none" },
	{ "calls_at_once", "integer", "0", "0..1000", "tools called in one reply; 0: all that the turn needs" },
	{ "luck", "choice", "shared", "shared|own", "shared: the same draws behind every made history, so that differences are tight; own: each has its own" },
};

struct sim {
	double v[PARAMS];
	int thoughts;                    /* 0 none, 1 native, 2 tag */
	int luck;                        /* 0 shared, 1 own */
	struct lh_buf state, scratch;
};

static int set_number(struct sim *s, int i, struct lh_str typed, struct lh_error *err)
{
	double lo, hi;
	const char *dots = strstr(params[i].range, "..");
	lo = strtod(params[i].range, NULL);
	hi = strtod(dots + 2, NULL);
	if (!lh_str_to_double(typed, &s->v[i]))
		return lh_fail(err, LH_E_USAGE, "model sim: %s=%.*s: a number is needed", params[i].name, LH_ARG(typed));
	if (s->v[i] < lo || s->v[i] > hi)
		return lh_fail(err, LH_E_USAGE, "model sim: %s=%.*s lies outside %s", params[i].name, LH_ARG(typed), params[i].range);
	if (params[i].type[0] == 'i' && s->v[i] != floor(s->v[i]))
		return lh_fail(err, LH_E_USAGE, "model sim: %s=%.*s: an integer is needed", params[i].name, LH_ARG(typed));
	return 0;
}

static int set_thoughts(struct sim *s, struct lh_str typed, struct lh_error *err)
{
	static const char *const words[] = { "none", "native", "tag" };
	for (s->thoughts = 0; s->thoughts < 3; s->thoughts++)
		if (lh_str_is(typed, words[s->thoughts]))
			return 0;
	return lh_fail(err, LH_E_USAGE, "model sim: thoughts=%.*s: one of none, native, tag is needed", LH_ARG(typed));
}

static int set_luck(struct sim *s, struct lh_str typed, struct lh_error *err)
{
	s->luck = lh_str_is(typed, "own");
	if (s->luck || lh_str_is(typed, "shared"))
		return 0;
	return lh_fail(err, LH_E_USAGE, "model sim: luck=%.*s: one of shared, own is needed", LH_ARG(typed));
}

static int set_param(struct sim *s, int i, struct lh_str typed, struct lh_error *err)
{
	return i == THOUGHTS ? set_thoughts(s, typed, err) : i == LUCK ? set_luck(s, typed, err) : set_number(s, i, typed, err);
}

static void write_options(struct lh_model *m, const struct sim *s, const struct lh_str *typed)
{
	struct lh_jw w;
	lh_jw_init(&w, &m->options_json, false);
	lh_jw_open(&w, '{');
	for (int i = 0; i < PARAMS; i++) {
		lh_jw_key(&w, params[i].name);
		if (i == THOUGHTS || i == LUCK)
			lh_jw_str(&w, typed[i]);
		else
			lh_jw_double(&w, s->v[i]);
	}
	lh_jw_close(&w);
}

static int sim_open(struct lh_model *m, struct lh_str bare, const struct lh_str *typed, const char *base_dir, struct lh_error *err)
{
	(void)base_dir;
	struct sim *s = calloc(1, sizeof *s);
	if (!s)
		return lh_nomem(err);
	m->data = s;
	lh_buf_init(&s->state, LH_STATE_MAX);
	lh_buf_init(&s->scratch, LH_STATE_MAX);
	if (bare.n)
		return lh_fail(err, LH_E_USAGE, "model sim takes no value of its own ('%.*s'): write sim:accuracy=0.97", LH_ARG(bare));
	for (int i = 0; i < PARAMS; i++) {
		int rc = set_param(s, i, typed[i], err);
		if (rc)
			return rc;
	}
	m->window = (int64_t)s->v[WINDOW];
	write_options(m, s, typed);
	m->name = lh_str_dup(LH_STR("sim"));
	return m->name ? lh_buf_ok(&m->options_json, err) : lh_nomem(err);
}

static void sim_free(struct lh_model *m)
{
	struct sim *s = m->data;
	if (!s)
		return;
	lh_buf_fini(&s->state);
	lh_buf_fini(&s->scratch);
	free(s);
}

/* A conversation's own luck: 0 where it is shared, and behind what the model itself said. */
static int sim_begin(struct lh_model *m, const struct lh_model_setting *setting, void **state, struct lh_error *err)
{
	const struct sim *s = m->data;
	uint64_t *luck = calloc(1, sizeof *luck);
	if (!luck)
		return lh_nomem(err);
	if (s->luck && setting->probe)
		*luck = lh_hash(1, setting->history);
	*state = luck;
	return 0;
}

/* P: the probability that this turn's answer is wrong. */
static double error_probability(const struct sim *s, const struct lh_model_request *q)
{
	double accuracy = s->v[ACCURACY];
	if (accuracy >= 1 || accuracy <= 0)
		return accuracy >= 1 ? 0 : 1;
	double logit = log((1 - accuracy) / accuracy);
	if (s->v[CONTEXT] != 0)
		logit += s->v[CONTEXT] * log2(1 + (double)q->size->history_tokens / 1000);
	logit += s->v[SELF_CONDITIONING] * q->exposure->update;
	if (s->v[CONTAGION] != 0 && q->exposure->wrong_updates)
		logit += s->v[CONTAGION] * log2(1 + (double)q->exposure->wrong_updates);
	double e = 1 / (1 + exp(-logit));
	uint32_t k = lh_transcript_steps_per_turn(q->transcript);
	return k == 1 ? e : 1 - pow(1 - e, k);
}

/* The answer in s->state: f, or f corrupted. */
static int answer(struct sim *s, const struct lh_model_request *q, bool wrong, struct lh_random *luck, struct lh_error *err)
{
	struct lh_transcript *t = q->transcript;
	struct lh_str shown;
	bool unshown;
	lh_view_shown(q->view, t, &shown, &unshown);
	if (unshown)                     /* a reader who sees no answer starts from the start */
		shown = lh_transcript_truth(t, 0);
	lh_buf_clear(&s->state);
	int rc = lh_transcript_apply(t, q->turn, shown, &s->state, err);
	if (rc || !wrong)
		return rc;
	lh_buf_clear(&s->scratch);
	lh_buf_put_str(&s->scratch, lh_buf_str(&s->state));
	lh_buf_clear(&s->state);
	uint64_t last_step = (uint64_t)q->turn * lh_transcript_steps_per_turn(t) - 1;
	return lh_sample_corrupt(lh_transcript_sample(t), last_step, lh_buf_str(&s->scratch), luck, &s->state, err);
}

static void put_thoughts(struct lh_buf *b, int64_t tokens)
{
	static const char words[] = "The state so far is clear; the next step follows from it. ";
	for (int64_t left = tokens * 4; left > 0; left -= (int64_t)sizeof words - 1)
		lh_buf_put(b, words, left < (int64_t)sizeof words - 1 ? (size_t)left : sizeof words - 1);
}

static void think(const struct sim *s, struct lh_reply *r)
{
	if (!s->thoughts)
		return;
	struct lh_buf *b = s->thoughts == 1 ? &r->thoughts : &r->text;
	if (s->thoughts == 2)
		lh_buf_puts(b, "<think>");
	r->tokens_reasoning = (int64_t)s->v[THOUGHT_TOKENS];
	put_thoughts(b, r->tokens_reasoning);
	if (s->thoughts == 2)
		lh_buf_puts(b, "</think>\n");
}

static void cut_text(struct lh_buf *b, int64_t tokens)
{
	size_t bytes = tokens > 0 ? (size_t)tokens * 4 : 0;
	if (b->n > bytes) {
		b->n = bytes;
		if (b->p)
			b->p[bytes] = 0;
	}
}

/* Counts the output and cuts it off at the limit. */
static void limit(const struct sim *s, const struct lh_call_options *o, struct lh_reply *r)
{
	int64_t most = o->max_tokens ? o->max_tokens : (int64_t)s->v[MAX_TOKENS];
	r->tokens_out = lh_tokens(r->text.n + r->thoughts.n + r->calls.n, 0);
	if (!most || r->tokens_out <= most)
		return;
	cut_text(&r->thoughts, most);
	cut_text(&r->text, most - lh_tokens(r->thoughts.n, 0));
	r->tokens_out = most;
	if (r->tokens_reasoning > most)
		r->tokens_reasoning = most;
	r->finish = LH_FINISH_LENGTH;
	lh_buf_clear(&r->calls);         /* cut off, they are none */
}

static int failure(struct lh_reply *r, int code, const char *text)
{
	r->error = code;
	lh_buf_puts(&r->error_text, text);
	return 0;
}

static int compose(struct sim *s, const struct lh_model_request *q, struct lh_random *luck, const double u[4], struct lh_reply *r, struct lh_error *err)
{
	bool called, legible;
	int rc = lh_sim_call_tools(q, (uint32_t)s->v[CALLS_AT_ONCE], r, &called, &legible, err);
	if (rc || called)
		return rc;
	if (u[0] < s->v[REFUSED]) {
		r->finish = LH_FINISH_REFUSAL;
		lh_buf_puts(&r->text, "I will not go on with this.");
		return 0;
	}
	think(s, r);
	if (u[1] < s->v[MISSING]) {
		lh_buf_puts(&r->text, "The state has been updated.");
		return 0;
	}
	if (u[2] < s->v[MALFORMED]) {
		lh_buf_puts(&r->text, "<answer></answer>");
		return 0;
	}
	rc = answer(s, q, !legible || u[3] < error_probability(s, q), luck, err);
	lh_buf_puts(&r->text, "<answer>");
	lh_buf_put_str(&r->text, lh_buf_str(&s->state));
	lh_buf_puts(&r->text, "</answer>");
	return rc ? rc : lh_buf_ok(&r->text, err);
}

static int sim_call(struct lh_model *m, void *state, const struct lh_model_request *q, struct lh_reply *r, struct lh_error *err)
{
	struct sim *s = m->data;
	const uint64_t *own = state;
	uint64_t n = *own ? lh_random_mix(*own, q->seq) : q->seq;
	struct lh_random luck = lh_random_stream(q->seed, q->sample, q->turn, LH_FOR_REPLY, n);
	double u[6];
	for (int i = 0; i < 6; i++)
		u[i] = lh_random_unit(&luck);
	r->tokens_in = q->size->tokens;
	r->counted = true;               /* what it says is what it used */
	r->latency_us = (int64_t)(s->v[LATENCY_MS] * 1000 * (1 + s->v[LATENCY_SPREAD] * (2 * u[5] - 1)));
	if (m->window && q->size->tokens > m->window)
		return failure(r, LH_E_OVERFLOW, "the request is longer than the model's context");
	if (u[4] < s->v[FAILED])
		return failure(r, LH_E_FAILED, "simulated network failure");
	int rc = compose(s, q, &luck, u, r, err);
	limit(s, q->options, r);
	return rc;
}

const struct lh_model_ops lh_model_sim = {
	.name = "sim", .summary = "A simulated executor with known parameters; needs no key and no network.",
	.params = params, .param_count = PARAMS, .simulated = true, .takes_tools = true,
	.open = sim_open, .free = sim_free, .begin = sim_begin, .end = free, .call = sim_call,
};
