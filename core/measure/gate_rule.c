#include "measure/gate_rule.h"

#include "base/utf8.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct lh_metric_info lh_metrics[LH_METRICS] = {
	[LH_METRIC_HORIZON] = { "horizon", LH_TAKES_SHARE, LH_IN_TURNS },
	[LH_METRIC_HORIZON_STEPS] = { "horizon_steps", LH_TAKES_SHARE, LH_IN_STEPS },
	[LH_METRIC_FIRST_BELOW] = { "first_below", LH_TAKES_SHARE, LH_IN_TURNS },
	[LH_METRIC_TURN_ACCURACY] = { "turn_accuracy", LH_TAKES_TURN, LH_IN_SHARE },
	[LH_METRIC_STATE_ACCURACY] = { "state_accuracy", LH_TAKES_TURN, LH_IN_SHARE },
	[LH_METRIC_TASK_ACCURACY] = { "task_accuracy", LH_TAKES_TURN, LH_IN_SHARE },
	[LH_METRIC_TURN_ERROR_RATE] = { "turn_error_rate", LH_TAKES_NOTHING, LH_IN_SHARE },
	[LH_METRIC_MALFORMED] = { "malformed", LH_TAKES_NOTHING, LH_IN_SHARE },
	[LH_METRIC_MISSING] = { "missing", LH_TAKES_NOTHING, LH_IN_SHARE },
	[LH_METRIC_TRUNCATED] = { "truncated", LH_TAKES_NOTHING, LH_IN_SHARE },
	[LH_METRIC_REFUSED] = { "refused", LH_TAKES_NOTHING, LH_IN_SHARE },
	[LH_METRIC_OVERFLOW] = { "overflow", LH_TAKES_NOTHING, LH_IN_SHARE },
	[LH_METRIC_TOKENS_PER_TURN] = { "tokens_per_turn", LH_TAKES_NOTHING, LH_IN_TOKENS },
	[LH_METRIC_SELF_CONDITIONING_LOSS] = { "self_conditioning_loss", LH_TAKES_RATE, LH_IN_DIFFERENCE },
	[LH_METRIC_LONG_CONTEXT_LOSS] = { "long_context_loss", LH_TAKES_NOTHING, LH_IN_DIFFERENCE },
	[LH_METRIC_LENGTH_LOSS] = { "length_loss", LH_TAKES_NOTHING, LH_IN_DIFFERENCE },
	[LH_METRIC_STATE_LOSS] = { "state_loss", LH_TAKES_NOTHING, LH_IN_DIFFERENCE },
	[LH_METRIC_PATTERN_LOSS] = { "pattern_loss", LH_TAKES_NOTHING, LH_IN_DIFFERENCE },
};

#define ALL_METRICS "horizon(s), horizon_steps(s), first_below(s), turn_accuracy(t), state_accuracy(t), task_accuracy(t), " \
	"turn_error_rate, malformed, missing, truncated, refused, overflow, tokens_per_turn, self_conditioning_loss(r), " \
	"long_context_loss, length_loss, state_loss, pattern_loss"
#define ALL_FILTERS "policy, task, model, history and steps_per_turn"

#define SHOWN 240                        /* bytes of a rule in a message */

struct parser { struct lh_str text; size_t at; struct lh_rule *rule; char *to; struct lh_error *err; };

/* ---- faults ---- */

/* Characters before a byte, from 1. */
static size_t column(struct lh_str text, size_t at)
{
	size_t n = 1, bytes;
	for (size_t i = 0; i < at; i += bytes, n++)
		lh_utf8_decode((struct lh_str){ text.p + i, text.n - i }, &bytes);
	return n;
}

static int bad(const struct parser *p, size_t at, const char *fmt, ...) LH_PRINTF(3, 4);

/* The rule in a message, its end left out where it is long: what is wrong with it must find room too. */
static int shown(struct lh_str text)
{
	size_t n = 0, bytes;
	while (n < text.n && n < SHOWN) {
		lh_utf8_decode((struct lh_str){ text.p + n, text.n - n }, &bytes);
		n += bytes;
	}
	return (int)n;
}

static int bad(const struct parser *p, size_t at, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	lh_vfail(p->err, LH_E_USAGE, fmt, args);
	va_end(args);
	int n = shown(p->text);
	lh_prefix(p->err, "rule '%.*s%s': character %zu", n, p->text.p, (size_t)n < p->text.n ? "…" : "", column(p->text, at));
	return LH_E_USAGE;
}

int lh_rule_refuse(const struct lh_rule *r, struct lh_error *err, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	lh_vfail(err, LH_E_USAGE, fmt, args);
	va_end(args);
	struct lh_str text = lh_str_of(r->text);
	int n = shown(text);
	lh_prefix(err, "rule '%.*s%s'", n, text.p, (size_t)n < text.n ? "…" : "");
	return LH_E_USAGE;
}

/* ---- characters ---- */

static bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
static bool is_name(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_'; }

/* The next character, white space aside; 0 at the end. */
static char peek(struct parser *p)
{
	while (p->at < p->text.n && is_space(p->text.p[p->at]))
		p->at++;
	return p->at < p->text.n ? p->text.p[p->at] : 0;
}

static bool take(struct parser *p, char c)
{
	if (peek(p) != c)
		return false;
	p->at++;
	return true;
}

static struct lh_str name(struct parser *p)
{
	peek(p);
	size_t from = p->at;
	while (p->at < p->text.n && is_name(p->text.p[p->at]))
		p->at++;
	return (struct lh_str){ p->text.p + from, p->at - from };
}

static bool in_number(char c) { return is_name(c) || c == '.' || c == '+' || c == '-'; }

static int number(struct parser *p, const char *what, double *out)
{
	peek(p);
	size_t from = p->at;
	while (p->at < p->text.n && in_number(p->text.p[p->at]))
		p->at++;
	struct lh_str word = { p->text.p + from, p->at - from };
	if (word.n && peek(p) == '%')
		return bad(p, from, "shares are written as parts of 1: 0.05, not 5 %%");
	if (lh_str_to_double(word, out))
		return 0;
	return word.n ? bad(p, from, "%s is needed, not '%.*s'", what, LH_ARG(word)) : bad(p, from, "%s is needed", what);
}

/* ---- the filter ---- */

/* Between quotes; \" and \\ inside. */
static int quoted(struct parser *p)
{
	size_t from = p->at++;
	for (; p->at < p->text.n && p->text.p[p->at] != '"'; p->at++) {
		char next = p->at + 1 < p->text.n ? p->text.p[p->at + 1] : 0;
		p->at += p->text.p[p->at] == '\\' && (next == '"' || next == '\\');
		*p->to++ = p->text.p[p->at];
	}
	if (p->at == p->text.n)
		return bad(p, from, "a quoted value is not closed");
	p->at++;
	return 0;
}

/* As typed: quotes are part of a label, such as kv_sum:dataset="a b.json". */
static int plain(struct parser *p)
{
	bool inside = false;
	size_t from = p->at;
	for (; p->at < p->text.n; p->at++) {
		char c = p->text.p[p->at];
		inside ^= c == '"';
		if (!inside && (is_space(c) || c == ']'))
			break;
		*p->to++ = c;
	}
	return inside ? bad(p, from, "a quote in this value is not closed") : 0;
}

static int value(struct parser *p, struct lh_str *out)
{
	char *start = p->to;
	size_t from = p->at;
	int rc = peek(p) == '"' ? quoted(p) : plain(p);
	*out = (struct lh_str){ start, (size_t)(p->to - start) };
	*p->to++ = 0;
	return rc || out->n ? rc : bad(p, from, "a value is needed behind '='");
}

static int set_steps(struct parser *p, size_t at, struct lh_str v)
{
	int64_t k;
	if (!lh_str_to_int(v, &k) || k < 1 || k > 1000000)
		return bad(p, at, "steps_per_turn is an integer from 1 to 1000000, not '%.*s'", LH_ARG(v));
	if (p->rule->steps_per_turn)
		return bad(p, at, "steps_per_turn is given twice");
	p->rule->steps_per_turn = (int)k;
	return 0;
}

static int set_filter(struct parser *p, size_t at, struct lh_str key, struct lh_str v)
{
	struct lh_rule *r = p->rule;
	static const char *const names[] = { "policy", "task", "model", "history", "steps_per_turn", NULL };
	struct lh_str *to[] = { &r->policy, &r->task, &r->model, &r->history };
	if (lh_str_is(key, "steps_per_turn"))
		return set_steps(p, at, v);
	for (int i = 0; i < 4; i++) {
		if (!lh_str_is(key, names[i]))
			continue;
		if (to[i]->n)
			return bad(p, at, "%s is given twice", names[i]);
		*to[i] = v;
		return 0;
	}
	const char *near = lh_nearest(key, names);
	return bad(p, at, "conditions are not told apart by '%.*s'%s%s%s " ALL_FILTERS, LH_ARG(key),
		near ? ": did you mean " : "", near ? near : "", near ? "? There are" : "; there are");
}

static int filter(struct parser *p)
{
	if (!take(p, '['))
		return 0;
	if (peek(p) == ']')
		return bad(p, p->at, "the brackets are empty: leave them out, or write [policy=NAME]; there are " ALL_FILTERS);
	while (!take(p, ']')) {
		peek(p);
		size_t at = p->at;
		struct lh_str v, key = name(p);
		if (at == p->text.n)
			return bad(p, at, "the filter is not closed: a ']' is missing");
		if (!key.n || !take(p, '='))
			return bad(p, at, "name=value is needed here, such as policy=window; there are " ALL_FILTERS);
		int rc = value(p, &v);
		if (!rc)
			rc = set_filter(p, at, key, v);
		if (rc)
			return rc;
	}
	return 0;
}

/* ---- the metric ---- */

static int find_metric(struct parser *p)
{
	const char *names[LH_METRICS + 1] = { NULL };
	peek(p);
	size_t at = p->at;
	struct lh_str word = name(p);
	for (int m = 0; m < LH_METRICS; m++) {
		names[m] = lh_metrics[m].name;
		p->rule->metric = (enum lh_metric)m;
		if (lh_str_is(word, names[m]))
			return 0;
	}
	const char *near = lh_nearest(word, names);
	if (!word.n)
		return bad(p, at, "a metric is needed here: " ALL_METRICS);
	return bad(p, at, "there is no metric '%.*s'%s%s%s " ALL_METRICS, LH_ARG(word),
		near ? ": did you mean " : "", near ? near : "", near ? "? There are" : "; there are");
}

static const char *const parameter_words[] = {
	[LH_TAKES_SHARE] = "the share of samples that got so far, between 0 and 1, such as (0.8)",
	[LH_TAKES_TURN] = "a turn, from 1, such as (100)",
	[LH_TAKES_RATE] = "the rate of injected errors, from 0 to 1, such as (0.5)",
};

static bool parameter_fits(enum lh_metric_parameter takes, double v)
{
	switch (takes) {
	case LH_TAKES_SHARE: return v > 0 && v < 1;
	case LH_TAKES_TURN: return v >= 1 && v <= 10000000 && v == (double)(int)v;
	case LH_TAKES_RATE: return v >= 0 && v <= 1;
	case LH_TAKES_NOTHING: break;
	}
	return false;
}

static int parameter(struct parser *p)
{
	const struct lh_metric_info *m = &lh_metrics[p->rule->metric];
	peek(p);
	size_t at = p->at;
	if (m->takes == LH_TAKES_NOTHING)
		return peek(p) == '(' ? bad(p, at, "%s takes nothing in parentheses", m->name) : 0;
	const char *what = parameter_words[m->takes];
	if (!take(p, '('))
		return bad(p, at, "%s needs %s", m->name, what);
	int rc = number(p, what, &p->rule->parameter);
	if (rc)
		return rc;
	if (!parameter_fits(m->takes, p->rule->parameter))
		return bad(p, at + 1, "%s needs %s", m->name, what);
	p->rule->parameter += 0.0;               /* no -0 */
	return take(p, ')') ? 0 : bad(p, p->at, "a ')' is missing");
}

/* ---- the limit ---- */

static int operator(struct parser *p)
{
	char c = peek(p);
	size_t at = p->at;
	if (c == '>' || c == '<') {
		p->at++;
		p->rule->at_most = c == '<';
		if (p->at < p->text.n && p->text.p[p->at++] == '=')
			return 0;
	}
	return bad(p, at, ">= or <= is needed here");
}

/* What no run could miss, or none reach, is no rule. */
static int check_limit(struct parser *p, size_t at)
{
	const struct lh_rule *r = p->rule;
	double v = r->limit, least = (r->at_most ? 0 : 1) + (r->metric == LH_METRIC_FIRST_BELOW);
	switch (lh_metrics[r->metric].unit) {
	case LH_IN_TURNS: case LH_IN_STEPS:
		return v >= least && v <= 1e13 ? 0 : bad(p, at, "the limit is a number of %s, here at least %g",
			lh_metrics[r->metric].unit == LH_IN_TURNS ? "turns" : "steps", least);
	case LH_IN_SHARE:
		return v > 0 && v < 1 ? 0 : bad(p, at, "the limit is a share between 0 and 1; no number of samples can show that one is 0 or 1");
	case LH_IN_TOKENS:
		return v > 0 && v <= 1e12 ? 0 : bad(p, at, "the limit is a number of tokens above 0");
	case LH_IN_DIFFERENCE:
		return v > -1 && v < 1 ? 0 : bad(p, at, "the limit is a difference of two shares, between -1 and 1, such as 0.05");
	}
	return 0;
}

static int limit(struct parser *p)
{
	struct lh_rule *r = p->rule;
	peek(p);
	size_t at = p->at;
	struct lh_str word = name(p);
	r->baseline = lh_str_is(word, "baseline");
	if (!r->baseline) {
		p->at = at;
		int rc = number(p, "a number", &r->limit);
		return rc ? rc : check_limit(p, at);
	}
	if (!take(p, '*'))
		return bad(p, p->at, "baseline is multiplied: baseline * 0.9");
	peek(p);
	at = p->at;
	int rc = number(p, "a number", &r->limit);
	return rc || (r->limit > 0 && r->limit <= 1e6) ? rc : bad(p, at, "baseline is multiplied by a number above 0, such as 0.9");
}

/* ---- the whole ---- */

static int parse(struct parser *p)
{
	size_t odd = lh_utf8_bad_at(p->text);
	for (size_t i = 0; i < odd; i++)
		if ((unsigned char)p->text.p[i] < ' ' && !is_space(p->text.p[i]))
			odd = i;
	if (!p->text.n)
		return lh_fail(p->err, LH_E_USAGE, "an empty rule: write one such as horizon(0.8) >= 20");
	if (odd < p->text.n)
		return lh_fail(p->err, LH_E_USAGE, "a rule holds what is no text, at byte %zu", odd + 1);
	int rc = filter(p);
	if (!rc)
		rc = find_metric(p);
	if (!rc)
		rc = parameter(p);
	if (!rc)
		rc = operator(p);
	if (!rc)
		rc = limit(p);
	return rc || !peek(p) ? rc : bad(p, p->at, "the rule ends before this");
}

int lh_rule_parse(struct lh_str text, struct lh_rule *out, struct lh_error *err)
{
	memset(out, 0, sizeof *out);
	text = lh_str_trim(text);
	if (text.n > LH_RULE_TEXT)
		return lh_fail(err, LH_E_USAGE, "a rule of %zu bytes: at most %d are read", text.n, LH_RULE_TEXT);
	out->text = lh_str_dup(text);
	for (char *c = out->text; c && *c; c++)
		*c = is_space(*c) ? ' ' : *c;
	out->words = malloc(2 * text.n + 16);    /* each value, and a NUL */
	struct parser p = { .text = { out->text, text.n }, .rule = out, .to = out->words, .err = err };
	int rc = out->text && out->words ? parse(&p) : lh_nomem(err);
	if (rc)
		lh_rule_fini(out);
	return rc;
}

void lh_rule_fini(struct lh_rule *r)
{
	free(r->text);
	free(r->words);
	memset(r, 0, sizeof *r);
}
