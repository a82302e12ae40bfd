#include "run/experiment.h"

#include "json/reader.h"
#include "measure/gate_rule.h"
#include "run/shards.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum option { TASK, MODEL, POLICY, HISTORY, PROBE_TURNS, TURNS, SAMPLES, STEPS_PER_TURN, STEPS, SEED, HORIZON, AGAINST, STOP_AT_ERROR,
	SAMPLE, SHARD, CONCURRENCY, RPS, TPM, RETRIES, TIMEOUT, MAX_CALLS, MAX_TOKENS_TOTAL, MAX_COST, MAX_TIME, PRICE, GATE, BASELINE, INCONCLUSIVE, SEQUENTIAL, SINGLE_TURN, CAP, DRY_RUN, RESUME, NEW, JOBS, STALL,
	PLUGIN, ALLOW_PROCESS, ALLOW_ENDPOINT, SKIP_WITHOUT_KEY, OUTPUT, OPTIONS };

const struct lh_option_info lh_run_options[] = {
	[TASK] = { "task", "SPEC", "kv_sum", "task family with parameters; repeat for a grid" },
	[MODEL] = { "model", "SPEC", "sim, as in the demonstration", "what is tested; repeat for a grid" },
	[POLICY] = { "policy", "SPEC", "full_history", "context policy with options; repeat for a grid" },
	[HISTORY] = { "history", "MODE", "own", "what is seen of earlier turns: own, or made, such as clean" },
	[PROBE_TURNS] = { "probe-turns", "T[,T]", "1,last", "with a made history: the turns asked; all: every one" },
	[TURNS] = { "turns", "N", "100", "turns of an episode" },
	[SAMPLES] = { "samples", "N", "100", "seeded samples, the same under every condition" },
	[STEPS_PER_TURN] = { "steps-per-turn", "K[,K]", "1", "steps asked in one turn; a list is one more axis of the grid" },
	[STEPS] = { "steps", "N", "", "fixed total: turns = N / steps-per-turn" },
	[SEED] = { "seed", "N", "1", "names every random draw of the run" },
	[HORIZON] = { "horizon", "S[,S]", "0.5,0.8,0.9", "shares for which the horizon is reported" },
	[AGAINST] = { "against", "POLICY", "full_history", "the policy that the others are compared with" },
	[STOP_AT_ERROR] = { "stop-at-error", NULL, "", "end an episode at its first error (horizons need no more)" },
	[SAMPLE] = { "sample", "I", "", "run sample I only (from 0)" },
	[SHARD] = { "shard", "I/N", "", "run shard I of N: every Nth sample, from the Ith on; longhaul merge -h" },
	[CONCURRENCY] = { "concurrency", "N", "64", "calls in flight; results do not depend on it" },
	[RPS] = { "rps", "N", "", "at most N requests a second to each host" },
	[TPM] = { "tpm", "N", "", "at most N tokens a minute, in and out, to each host" },
	[RETRIES] = { "retries", "N", "8", "attempts of a call before its episode is censored" },
	[TIMEOUT] = { "timeout", "S", "600", "seconds allowed to a request" },
	[MAX_CALLS] = { "max-calls", "N", "", "budget of the run, also where it is resumed: requests" },
	[MAX_TOKENS_TOTAL] = { "max-tokens-total", "N", "", "the same: tokens, in and out" },
	[MAX_COST] = { "max-cost", "USD", "", "the same: money; prices must be known" },
	[MAX_TIME] = { "max-time", "TIME", "", "budget: time from here on, such as 90s, 30m, 8h" },
	[PRICE] = { "price", "FILE", "", "JSON: MODEL → input, cached_input, output; $ a million tokens" },
	[GATE] = { "gate", "RULE", "", "what must hold, as in 'horizon(0.8) >= 20'; repeatable; longhaul gate -h" },
	[BASELINE] = { "baseline", "FILE", "", "an earlier run, for rules that name `baseline`; longhaul export -h" },
	[INCONCLUSIVE] = { "inconclusive", "HOW", "neutral", "a gate that is not decided: pass, fail or neutral (exit code 3)" },
	[SEQUENTIAL] = { "sequential", "[=ERROR]", "0.05", "stop sampling once every gate is decided, wrongly in 5 % at most" },
	[SINGLE_TURN] = { "single-turn", "[q=Q]", "q=0.8", "search the most steps in one turn at accuracy Q" },
	[CAP] = { "cap", "N", "200", "with --single-turn: samples for each number of steps, at most" },
	[DRY_RUN] = { "dry-run", NULL, "", "say what would be asked, and about what it costs; send nothing" },
	[RESUME] = { "resume", NULL, "", "go on with the run in the run file; what was answered is not asked again" },
	[NEW] = { "new", NULL, "", "begin a new run in a file that holds an unfinished one" },
	[JOBS] = { "jobs", "N", "1; 0 for sim", "worker processes for plugins and policies; 0: none" },
	[STALL] = { "stall", "S", "10", "processor seconds that a plugin may hang; by the clock 6 times that" },
	[PLUGIN] = { "plugin", "FILE", "", "open a task family from FILE" },
	[ALLOW_PROCESS] = { "allow-process", NULL, "", "let an experiment file start commands (model process:…)" },
	[ALLOW_ENDPOINT] = { "allow-endpoint", "HOST", "", "let an experiment file send requests and its keys to HOST; repeatable" },
	[SKIP_WITHOUT_KEY] = { "skip-without-key", NULL, "", "exit with 77 where a key is needed and not set" },
	[OUTPUT] = { "output", "FILE", "longhaul.db", "run file (-o); none: keep nothing" },
	[OPTIONS] = { NULL, NULL, NULL, NULL },
};

void lh_experiment_init(struct lh_experiment *e)
{
	memset(e, 0, sizeof *e);
	e->turns = 100;
	e->samples = 100;
	e->concurrency = 64;
	e->only_sample = -1;
	e->cap = 200;
	e->retries = 8;
	e->stall_us = 10000000;
	e->seed = 1;
	e->steps_per_turn[0] = 1;
	e->steps_per_turn_count = 1;
	e->horizon[0] = 0.5, e->horizon[1] = 0.8, e->horizon[2] = 0.9;
	e->horizon_count = 3;
}

static void clear(struct lh_list *l)
{
	for (int i = 0; i < l->count; i++) {
		free(l->item[i]);
		free(l->base_dir[i]);
	}
	free(l->item);
	free(l->base_dir);
	*l = (struct lh_list){ 0 };
}

void lh_experiment_fini(struct lh_experiment *e)
{
	clear(&e->tasks);
	clear(&e->models);
	clear(&e->policies);
	clear(&e->histories);
	clear(&e->plugins);
	clear(&e->allowed_hosts);
	clear(&e->gates);
	free(e->output);
	free(e->against);
	free(e->price_file);
	free(e->probe_turns);
	free(e->baseline);
	free(e->file);
	free(e->gate_line);
	e->file = NULL;
	e->gate_line = NULL;
	e->output = e->against = e->price_file = e->probe_turns = e->baseline = NULL;
}

void lh_list_path(const struct lh_list *l, int i, struct lh_buf *out)
{
	if (l->base_dir[i] && l->item[i][0] != '/')
		lh_buf_printf(out, "%s/", l->base_dir[i]);
	lh_buf_puts(out, l->item[i]);
}

static int add(struct lh_list *l, struct lh_str item, enum lh_origin origin, const char *base_dir, struct lh_error *err)
{
	if (l->count && l->origin != origin)
		clear(l);
	l->origin = origin;
	char **items = realloc(l->item, (size_t)(l->count + 1) * sizeof *items);
	if (items)
		l->item = items;
	char **dirs = realloc(l->base_dir, (size_t)(l->count + 1) * sizeof *dirs);
	if (dirs)
		l->base_dir = dirs;
	if (!items || !dirs)
		return lh_nomem(err);
	l->item[l->count] = lh_str_dup(item);
	l->base_dir[l->count] = base_dir ? lh_str_dup(lh_str_of(base_dir)) : NULL;
	return l->item[l->count++] ? 0 : lh_nomem(err);
}

static int integer(struct lh_str name, struct lh_str v, int64_t lo, int64_t hi, int64_t *out, struct lh_error *err)
{
	if (!lh_str_to_int(v, out))
		return lh_fail(err, LH_E_USAGE, "--%.*s %.*s: an integer is needed", LH_ARG(name), LH_ARG(v));
	if (*out < lo || *out > hi)
		return lh_fail(err, LH_E_USAGE, "--%.*s %.*s: it must lie from %lld to %lld", LH_ARG(name), LH_ARG(v), (long long)lo, (long long)hi);
	return 0;
}

/* The next item of a comma-separated list; false at the end. */
static bool item(struct lh_str *rest, struct lh_str *out)
{
	if (!rest->p)
		return false;
	const char *comma = memchr(rest->p, ',', rest->n);
	size_t n = comma ? (size_t)(comma - rest->p) : rest->n;
	*out = lh_str_trim((struct lh_str){ rest->p, n });
	*rest = comma ? (struct lh_str){ comma + 1, rest->n - n - 1 } : (struct lh_str){ NULL, 0 };
	return true;
}

static int set_steps(struct lh_experiment *e, struct lh_str name, struct lh_str v, struct lh_error *err)
{
	e->steps_per_turn_count = 0;
	for (struct lh_str one; item(&v, &one);) {
		int64_t k;
		int rc = integer(name, one, 1, 1000000, &k, err);
		if (rc)
			return rc;
		if (e->steps_per_turn_count == 32)
			return lh_fail(err, LH_E_USAGE, "--%.*s: more than 32 values", LH_ARG(name));
		e->steps_per_turn[e->steps_per_turn_count++] = (int32_t)k;
	}
	return 0;
}

static int set_horizon(struct lh_experiment *e, struct lh_str name, struct lh_str v, struct lh_error *err)
{
	e->horizon_count = 0;
	for (struct lh_str one; item(&v, &one);) {
		double s;
		if (!lh_str_to_double(one, &s) || !(s > 0 && s < 1))
			return lh_fail(err, LH_E_USAGE, "--%.*s %.*s: a share between 0 and 1 is needed, such as 0.5", LH_ARG(name), LH_ARG(one));
		for (int i = 0; i < e->horizon_count; i++)
			if (e->horizon[i] == s)
				return lh_fail(err, LH_E_USAGE, "--%.*s: %.*s stands twice", LH_ARG(name), LH_ARG(one));
		if (e->horizon_count == 16)
			return lh_fail(err, LH_E_USAGE, "--%.*s: more than 16 values", LH_ARG(name));
		e->horizon[e->horizon_count++] = s;
	}
	return 0;
}

static int set_text(char **to, struct lh_str v, struct lh_error *err)
{
	free(*to);
	*to = lh_str_dup(v);
	return *to ? 0 : lh_nomem(err);
}

/* Turns, "last" and "all": how many turns there are is not known yet. */
static int set_probes(struct lh_experiment *e, struct lh_str name, struct lh_str v, struct lh_error *err)
{
	struct lh_str rest = v;
	for (struct lh_str one; item(&rest, &one);) {
		int64_t t;
		if (!lh_str_is(one, "last") && !lh_str_is(one, "all") && (!lh_str_to_int(one, &t) || t < 1 || t > 10000000))
			return lh_fail(err, LH_E_USAGE, "--%.*s %.*s: turns from 1, last or all are needed, such as 1,last", LH_ARG(name), LH_ARG(v));
	}
	return set_text(&e->probe_turns, v, err);
}

static int set_seed(struct lh_experiment *e, struct lh_str v, struct lh_error *err)
{
	char text[32], *end;
	if (v.n == 0 || v.n >= sizeof text || v.p[0] < '0' || v.p[0] > '9')
		return lh_fail(err, LH_E_USAGE, "--seed %.*s: an integer from 0 to 2^64 - 1 is needed", LH_ARG(v));
	memcpy(text, v.p, v.n);
	text[v.n] = 0;
	errno = 0;
	e->seed = strtoull(text, &end, 10);
	return *end || errno ? lh_fail(err, LH_E_USAGE, "--seed %.*s: an integer from 0 to 2^64 - 1 is needed", LH_ARG(v)) : 0;
}

static int set_switch(struct lh_str name, struct lh_str v, bool *out, struct lh_error *err)
{
	if (v.n && !lh_str_is(v, "true") && !lh_str_is(v, "false"))
		return lh_fail(err, LH_E_USAGE, "--%.*s %.*s: it takes no value", LH_ARG(name), LH_ARG(v));
	*out = !lh_str_is(v, "false");
	return 0;
}

static int positive(struct lh_str name, struct lh_str v, double *out, struct lh_error *err)
{
	if (!lh_str_to_double(v, out) || !(*out > 0 && *out < 1e12))
		return lh_fail(err, LH_E_USAGE, "--%.*s %.*s: a number above 0 is needed", LH_ARG(name), LH_ARG(v));
	return 0;
}

/* "90", "90s", "30m", "8h". */
static int set_time(struct lh_str name, struct lh_str v, int64_t *us, struct lh_error *err)
{
	char last = v.n ? v.p[v.n - 1] : 0;
	double unit = last == 'h' ? 3600 : last == 'm' ? 60 : 1, n;
	struct lh_str number = last == 'h' || last == 'm' || last == 's' ? (struct lh_str){ v.p, v.n - 1 } : v;
	if (!lh_str_to_double(number, &n) || !(n > 0 && n * unit < 1e9))
		return lh_fail(err, LH_E_USAGE, "--%.*s %.*s: a time is needed, such as 90s, 30m or 8h", LH_ARG(name), LH_ARG(v));
	*us = (int64_t)(n * unit * 1e6);
	return 0;
}

/* Read now, so that what is wrong with it is said before anything else; what it means depends on the run. */
static int set_gate(struct lh_experiment *e, struct lh_str v, enum lh_origin origin, struct lh_error *err)
{
	struct lh_rule rule;
	int rc = lh_rule_parse(v, &rule, err);
	lh_rule_fini(&rule);
	if (!rc)
		rc = add(&e->gates, v, origin, NULL, err);
	return !rc && e->gates.count > LH_RULES ? lh_fail(err, LH_E_USAGE, "more than %d rules", LH_RULES) : rc;
}

static int set_inconclusive(struct lh_experiment *e, struct lh_str v, struct lh_error *err)
{
	static const char *const words[] = { [LH_INCONCLUSIVE_NEUTRAL] = "neutral", [LH_INCONCLUSIVE_PASSES] = "pass", [LH_INCONCLUSIVE_FAILS] = "fail" };
	for (int i = 0; i < 3; i++) {
		e->inconclusive = (enum lh_inconclusive)i;
		if (lh_str_is(v, words[i]))
			return 0;
	}
	return lh_fail(err, LH_E_USAGE, "--inconclusive %.*s: pass, fail or neutral is needed", LH_ARG(v));
}

static int set_sequential(struct lh_experiment *e, struct lh_str v, struct lh_error *err)
{
	e->sequential = lh_str_is(v, "false") ? 0 : 0.05;
	if (!v.n || lh_str_is(v, "true") || lh_str_is(v, "false"))
		return 0;
	if (lh_str_to_double(v, &e->sequential) && e->sequential >= 1e-6 && e->sequential <= 0.5)
		return 0;
	return lh_fail(err, LH_E_USAGE, "--sequential=%.*s: the share of wrong verdicts allowed, from 0.000001 to 0.5, such as 0.05", LH_ARG(v));
}

/* "q=0.9" or "0.9". */
static int set_single_turn(struct lh_experiment *e, struct lh_str v, struct lh_error *err)
{
	struct lh_str q = v.n > 2 && !memcmp(v.p, "q=", 2) ? (struct lh_str){ v.p + 2, v.n - 2 } : v;
	e->single_turn = lh_str_is(v, "false") ? 0 : 0.8;
	if (!v.n || lh_str_is(v, "true") || lh_str_is(v, "false"))
		return 0;
	if (lh_str_to_double(q, &e->single_turn) && e->single_turn > 0 && e->single_turn < 1)
		return 0;
	return lh_fail(err, LH_E_USAGE, "--single-turn %.*s: the accuracy that is to be kept, between 0 and 1, such as q=0.8", LH_ARG(v));
}

int lh_experiment_check_search(const struct lh_experiment *e, struct lh_error *err)
{
	static const int decided[] = { HISTORY, PROBE_TURNS, TURNS, SAMPLES, STEPS_PER_TURN, STEPS, STOP_AT_ERROR, SAMPLE, SHARD, GATE, BASELINE, SEQUENTIAL };
	for (size_t i = 0; i < sizeof decided / sizeof *decided; i++)
		if (e->origin[decided[i]] != LH_FROM_DEFAULT)
			return lh_fail(err, LH_E_USAGE, "--single-turn searches by itself: one turn, its own history, as many steps and samples as it takes; leave out --%s", lh_run_options[decided[i]].name);
	return 0;
}

/* What opens a door must be said by whoever runs the experiment, not by the experiment. */
static bool opens_a_door(int option)
{
	return option == ALLOW_PROCESS || option == ALLOW_ENDPOINT;
}

static int find(struct lh_str name, struct lh_error *err)
{
	const char *names[OPTIONS + 1] = { NULL };
	for (int i = 0; i < OPTIONS; i++) {
		names[i] = lh_run_options[i].name;
		if (lh_str_is(name, names[i]))
			return i;
	}
	const char *near = lh_nearest(name, names);
	return lh_fail(err, LH_E_USAGE, "there is no option --%.*s%s%s%s; see: longhaul run -h", LH_ARG(name),
		near ? ": did you mean --" : "", near ? near : "", near ? "?" : "");
}

int lh_experiment_set(struct lh_experiment *e, struct lh_str name, struct lh_str v, enum lh_origin origin, const char *base_dir, struct lh_error *err)
{
	int i = find(name, err);
	if (i < 0)
		return i;
	if (lh_run_options[i].value && lh_run_options[i].value[0] != '[' && !v.n)
		return lh_fail(err, LH_E_USAGE, "--%.*s needs a value: %s", LH_ARG(name), lh_run_options[i].value);
	if (origin == LH_FROM_FILE && opens_a_door(i))
		return lh_fail(err, LH_E_USAGE, "an experiment file cannot give itself leave: --%.*s belongs on the command line", LH_ARG(name));
	if (origin == LH_FROM_FILE && e->origin[i] == LH_FROM_LINE)
		return 0;
	double number;
	e->origin[i] = origin;
	switch ((enum option)i) {
	case TASK: return add(&e->tasks, v, origin, base_dir, err);
	case MODEL: return add(&e->models, v, origin, base_dir, err);
	case POLICY: return add(&e->policies, v, origin, base_dir, err);
	case HISTORY: return add(&e->histories, v, origin, base_dir, err);
	case PROBE_TURNS: return set_probes(e, name, v, err);
	case PLUGIN: return add(&e->plugins, v, origin, base_dir, err);
	case TURNS: e->turns_from = origin; return integer(name, v, 1, 10000000, &e->turns, err);
	case SAMPLES: e->samples_from = origin; return integer(name, v, 1, 100000000, &e->samples, err);
	case STEPS: return integer(name, v, 1, 1000000000, &e->steps, err);
	case STEPS_PER_TURN: return set_steps(e, name, v, err);
	case SEED: return set_seed(e, v, err);
	case HORIZON: return set_horizon(e, name, v, err);
	case AGAINST: return set_text(&e->against, v, err);
	case STOP_AT_ERROR: return set_switch(name, v, &e->stop_at_error, err);
	case SAMPLE: return integer(name, v, 0, 100000000, &e->only_sample, err);
	case SHARD: return lh_shards_parse(v, &e->shard, &e->shards, err);
	case CONCURRENCY: return integer(name, v, 1, 100000, &e->concurrency, err);
	case RPS: return positive(name, v, &e->rps, err);
	case TPM: return positive(name, v, &e->tpm, err);
	case RETRIES: return integer(name, v, 1, 100, &e->retries, err);
	case TIMEOUT:
		if (positive(name, v, &number, err))
			return LH_E_USAGE;
		e->timeout_ms = (int64_t)(number * 1000) + 1;
		return 0;
	case MAX_CALLS: return integer(name, v, 1, INT64_MAX / 2, &e->max_calls, err);
	case MAX_TOKENS_TOTAL: return integer(name, v, 1, INT64_MAX / 2, &e->max_tokens_total, err);
	case MAX_COST:
		if (positive(name, v, &number, err))
			return LH_E_USAGE;
		e->max_cost_microusd = (int64_t)(number * 1e6);
		return 0;
	case MAX_TIME: return set_time(name, v, &e->max_time_us, err);
	case PRICE: return set_text(&e->price_file, v, err);
	case GATE: return set_gate(e, v, origin, err);
	case BASELINE: return set_text(&e->baseline, v, err);
	case INCONCLUSIVE: return set_inconclusive(e, v, err);
	case SEQUENTIAL: return set_sequential(e, v, err);
	case SINGLE_TURN: return set_single_turn(e, v, err);
	case CAP: return integer(name, v, 1, 100000, &e->cap, err);
	case DRY_RUN: return set_switch(name, v, &e->dry_run, err);
	case RESUME: return set_switch(name, v, &e->resume, err);
	case NEW: return set_switch(name, v, &e->fresh, err);
	case ALLOW_PROCESS: return set_switch(name, v, &e->allow_process, err);
	case ALLOW_ENDPOINT: return add(&e->allowed_hosts, v, origin, base_dir, err);
	case SKIP_WITHOUT_KEY: return set_switch(name, v, &e->skip_without_key, err);
	case JOBS: return integer(name, v, 0, 1024, &e->jobs, err);
	case STALL:
		if (positive(name, v, &number, err))
			return LH_E_USAGE;
		e->stall_us = (int64_t)(number * 1e6) + 1;
		return 0;
	case OUTPUT: return set_text(&e->output, v, err);
	case OPTIONS: break;
	}
	return 0;
}

void lh_experiment_isolate(struct lh_experiment *e)
{
	if (e->origin[JOBS] == LH_FROM_DEFAULT)
		e->jobs = !lh_experiment_trusted(e);
	e->alone = true;
}

/* ---- experiment files ---- */

/* A file's field as an option's name: "policies" → "policy", "steps_per_turn" → "steps-per-turn". */
static struct lh_str option_name(struct lh_str field, char out[64])
{
	static const char *const plural[][2] = { { "tasks", "task" }, { "models", "model" }, { "policies", "policy" },
		{ "histories", "history" }, { "plugins", "plugin" }, { "gates", "gate" } };
	for (size_t i = 0; i < sizeof plural / sizeof *plural; i++)
		if (lh_str_is(field, plural[i][0]))
			return lh_str_of(plural[i][1]);
	size_t n = field.n < 63 ? field.n : 63;
	for (size_t i = 0; i < n; i++)
		out[i] = field.p[i] == '_' ? '-' : field.p[i];
	return (struct lh_str){ out, n };
}

static int scalar_text(const struct lh_json *v, struct lh_buf *out, struct lh_error *err)
{
	int64_t i;
	switch (lh_json_type(v)) {
	case LH_JSON_STRING: lh_buf_put_str(out, lh_json_str(v)); break;
	case LH_JSON_BOOL: lh_buf_puts(out, lh_json_bool(v) ? "true" : "false"); break;
	case LH_JSON_NUMBER:
		if (lh_json_int(v, &i))
			lh_buf_put_int(out, i);
		else
			lh_buf_put_double(out, lh_json_number(v));
		break;
	default: return lh_fail(err, LH_E_USAGE, "a text, a number or true/false is needed here");
	}
	return 0;
}

static void put_quoted(struct lh_buf *out, struct lh_str s)
{
	if (s.n && !memchr(s.p, ',', s.n) && !memchr(s.p, '"', s.n)) {
		lh_buf_put_str(out, s);
		return;
	}
	lh_buf_putc(out, '"');
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '"' || s.p[i] == '\\')
			lh_buf_putc(out, '\\');
		lh_buf_putc(out, s.p[i]);
	}
	lh_buf_putc(out, '"');
}

/* A value in a spec: a scalar, or a list of them with commas ({ "injected", rate = { 0.25, 0.5 } }). */
static int spec_value(const struct lh_json *v, struct lh_buf *out, struct lh_error *err)
{
	if (lh_json_type(v) != LH_JSON_ARRAY)
		return scalar_text(v, out, err);
	int rc = 0;
	for (const struct lh_json *one = lh_json_first(v); one && !rc; one = lh_json_next(one)) {
		lh_buf_puts(out, out->n ? "," : "");
		rc = scalar_text(one, out, err);
	}
	return rc;
}

/* { "window", n = 5 } as "window:n=5". */
static int spec_text(const struct lh_json *table, struct lh_buf *out, struct lh_error *err)
{
	const struct lh_json *name = lh_json_get(table, "1");
	if (!name)
		name = lh_json_get(table, "name");
	if (lh_json_type(name) != LH_JSON_STRING)
		return lh_fail(err, LH_E_USAGE, "a table here begins with a name, such as { \"window\", n = 5 }");
	lh_buf_put_str(out, lh_json_str(name));
	char separator = memchr(lh_json_str(name).p, ':', lh_json_str(name).n) ? ',' : ':';
	for (const struct lh_json *v = lh_json_first(table); v; v = lh_json_next(v)) {
		struct lh_buf text;
		if (v == name)
			continue;
		lh_buf_init(&text, 1 << 16);
		int rc = spec_value(v, &text, err);
		lh_buf_printf(out, "%c%.*s=", separator, LH_ARG(lh_json_key(v)));
		put_quoted(out, lh_buf_str(&text));
		separator = ',';
		lh_buf_fini(&text);
		if (rc)
			return rc;
	}
	return 0;
}

static int value_text(const struct lh_json *v, struct lh_buf *out, struct lh_error *err)
{
	lh_buf_clear(out);
	int rc = lh_json_type(v) == LH_JSON_OBJECT ? spec_text(v, out, err) : scalar_text(v, out, err);
	return rc ? rc : lh_buf_ok(out, err);
}

/* Options that a file may give a list for. */
static bool takes_list(struct lh_str name)
{
	static const char *const names[] = { "task", "model", "policy", "history", "plugin", "gate", "horizon", "steps-per-turn", "probe-turns" };
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (lh_str_is(name, names[i]))
			return true;
	return false;
}

static bool is_numbers(struct lh_str name)
{
	return lh_str_is(name, "horizon") || lh_str_is(name, "steps-per-turn") || lh_str_is(name, "probe-turns");
}

/* Tasks, models and policies are named by text or table. */
static int check_entry(struct lh_str name, const struct lh_json *v, struct lh_str text, struct lh_error *err)
{
	if (is_numbers(name) || !takes_list(name) || (lh_json_type(v) != LH_JSON_NUMBER && lh_json_type(v) != LH_JSON_BOOL))
		return 0;
	return lh_fail(err, LH_E_USAGE, "%.*s is no %.*s: a text or a table is needed, such as \"window:n=5\"", LH_ARG(text), LH_ARG(name));
}

/* A list of numbers is one value with commas, a list of specs is several. */
static int set_list(struct lh_experiment *e, struct lh_str name, const struct lh_json *list, const char *base_dir, struct lh_error *err)
{
	struct lh_buf text, all;
	lh_buf_init(&text, 1 << 16);
	lh_buf_init(&all, 1 << 16);
	int rc = 0;
	for (const struct lh_json *v = lh_json_first(list); v && !rc; v = lh_json_next(v)) {
		rc = value_text(v, &text, err);
		if (!rc)
			rc = check_entry(name, v, lh_buf_str(&text), err);
		if (!rc && is_numbers(name)) {
			lh_buf_puts(&all, all.n ? "," : "");
			lh_buf_put_str(&all, lh_buf_str(&text));
		} else if (!rc) {
			rc = lh_experiment_set(e, name, lh_buf_str(&text), LH_FROM_FILE, base_dir, err);
		}
	}
	if (!rc && is_numbers(name))
		rc = lh_experiment_set(e, name, lh_buf_str(&all), LH_FROM_FILE, base_dir, err);
	lh_buf_fini(&text);
	lh_buf_fini(&all);
	return rc;
}

static int set_field(struct lh_experiment *e, const struct lh_json *v, const char *base_dir, struct lh_error *err)
{
	char buffer[64];
	struct lh_str name = option_name(lh_json_key(v), buffer);
	if (lh_json_type(v) == LH_JSON_ARRAY && !takes_list(name) && find(name, NULL) >= 0)
		return lh_fail(err, LH_E_USAGE, "one value is needed here, not a list");
	if (lh_json_type(v) == LH_JSON_ARRAY)
		return set_list(e, name, v, base_dir, err);
	struct lh_buf text;
	lh_buf_init(&text, 1 << 16);
	int rc = value_text(v, &text, err);
	if (!rc)
		rc = check_entry(name, v, lh_buf_str(&text), err);
	if (!rc)
		rc = lh_experiment_set(e, name, lh_buf_str(&text), LH_FROM_FILE, base_dir, err);
	lh_buf_fini(&text);
	return rc;
}

/* The line, from 1, on which a rule stands as it was typed; 0: none. */
static int line_of(struct lh_str text, const char *rule)
{
	const char *at = text.n && *rule ? memmem(text.p, text.n, rule, strlen(rule)) : NULL;
	int line = 1;
	for (const char *p = text.p; at && p < at; p++)
		line += *p == '\n';
	return at ? line : 0;
}

/* For whoever shows a gate's verdict beside the gate. */
static int note_lines(struct lh_experiment *e, const char *path, struct lh_error *err)
{
	struct lh_buf text;
	free(e->file);
	free(e->gate_line);
	e->file = lh_str_dup(lh_str_of(path));
	e->gate_line = calloc((size_t)e->gates.count + 1, sizeof *e->gate_line);
	e->gate_lines = e->gates.origin == LH_FROM_FILE ? e->gates.count : 0;
	if (!e->file || !e->gate_line)
		return lh_nomem(err);
	lh_buf_init(&text, 4 << 20);
	int rc = lh_file_read(path, &text, err);
	for (int i = 0; i < e->gate_lines && !rc; i++)
		e->gate_line[i] = line_of(lh_buf_str(&text), e->gates.item[i]);
	lh_buf_fini(&text);
	return rc;
}

int lh_experiment_load(struct lh_experiment *e, const char *path, struct lh_error *err)
{
	struct lh_buf json;
	struct lh_json *root = NULL;
	lh_buf_init(&json, 4 << 20);
	const char *slash = strrchr(path, '/');
	char *base_dir = slash ? lh_str_dup((struct lh_str){ path, (size_t)(slash - path) + (slash == path) }) : NULL;
	int rc = lh_script_json(path, &json, err);
	if (!rc)
		rc = lh_json_parse(lh_buf_str(&json), path, 1, &root, err);
	for (const struct lh_json *v = lh_json_first(root); v && !rc; v = lh_json_next(v)) {
		rc = set_field(e, v, base_dir, err);
		if (rc)
			lh_prefix(err, "%s: %.*s", path, LH_ARG(lh_json_key(v)));
	}
	if (!rc)
		rc = note_lines(e, path, err);
	lh_json_free(root);
	lh_buf_fini(&json);
	free(base_dir);
	return rc;
}
