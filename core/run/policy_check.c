#include "run/policy_check.h"

#include "base/hash.h"
#include "run/repeat.h"
#include "run/run.h"
#include "transcript/body.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct state { const char *name, *model, *task; };     /* task NULL: a plain one */

static const struct state states[] = {
	{ "a model that is always right", "sim:accuracy=1", NULL },
	{ "a model that errs", "sim:accuracy=0.7,self_conditioning=1,contagion=0.3", NULL },
	{ "malformed and missing answers", "sim:accuracy=0.9,malformed=0.2,missing=0.2", NULL },
	{ "refusals", "sim:accuracy=0.9,refused=0.2", NULL },
	{ "thoughts in their own field", "sim:accuracy=0.9,thoughts=native,thought_tokens=20", NULL },
	{ "thoughts in <think> tags", "sim:accuracy=0.9,thoughts=tag,thought_tokens=20", NULL },
	{ "replies cut off", "sim:accuracy=0.9,thoughts=tag,thought_tokens=20,max_tokens=10", NULL },
	{ "calls that fail", "sim:accuracy=0.9,failed=0.05", NULL },
	{ "a small context", "sim:accuracy=0.9,window=2000,thoughts=native,thought_tokens=60", NULL },
	{ "tools", "sim:accuracy=0.9,calls_at_once=2", "kv_sum:keys=20,tools=true" },
	{ "replies out of order", "sim:accuracy=0.8,latency_ms=10,latency_spread=1", NULL },
};
#define STATES (int)(sizeof states / sizeof *states)

/* Every request of a run, hashed whole under (sample, turn, seq). */
struct requests {
	struct request { uint64_t sample, hash; uint32_t turn, seq; } *list;
	size_t n, cap;
};

static int by_place(const void *a, const void *b)
{
	const struct request *x = a, *y = b;
	if (x->sample != y->sample)
		return x->sample < y->sample ? -1 : 1;
	if (x->turn != y->turn)
		return x->turn < y->turn ? -1 : 1;
	return x->seq < y->seq ? -1 : x->seq > y->seq;
}

static int note(void *user, const struct lh_model_request *q, struct lh_error *err)
{
	struct requests *r = user;
	struct lh_str body;
	int rc = lh_body_request(q->transcript, q->view, &lh_dialect_chat, LH_STR(""), LH_STR(""), &body, err);
	if (rc)
		return rc;
	if (lh_array_more(&r->list, &r->cap, r->n + 1, sizeof *r->list, err))
		return LH_E_NOMEM;
	r->list[r->n++] = (struct request){ q->sample, lh_hash(q->view_hash, body), q->turn, q->seq };
	return 0;
}

static int run_once(struct lh_str policy, const struct state *s, const char *model, const char *file, int concurrency, struct requests *seen, struct lh_results **out, struct lh_error *err)
{
	struct lh_experiment e;
	char n[16];
	snprintf(n, sizeof n, "%d", concurrency);
	lh_experiment_init(&e);
	struct { const char *name; struct lh_str value; } set[] = {
		{ "task", s->task ? lh_str_of(s->task) : LH_STR("kv_sum:keys=20") }, { "model", lh_str_of(model) }, { "policy", policy }, { "turns", LH_STR("25") },
		{ "samples", LH_STR("6") }, { "output", lh_str_of(file) }, { "concurrency", lh_str_of(n) },
	};
	int rc = 0;
	for (size_t i = 0; i < sizeof set / sizeof *set && !rc; i++)
		rc = lh_experiment_set(&e, lh_str_of(set[i].name), set[i].value, LH_FROM_LINE, NULL, err);
	struct lh_run_hooks hooks = { .watch = note, .user = seen };
	if (!rc)
		rc = lh_run(&e, &hooks, out, err);
	lh_experiment_fini(&e);
	if (seen->n)
		qsort(seen->list, seen->n, sizeof *seen->list, by_place);
	return rc;
}

/* Words the first policy error of a run; false: there is none. */
static bool policy_error(const struct lh_results *r, char *text, size_t size)
{
	const struct lh_condition_results *c = &r->condition[0];
	for (int i = 0; i < c->samples; i++)
		for (int t = 0; t < c->turns; t++)
			if (c->outcome[(size_t)i * (size_t)c->turns + (size_t)t] == LH_OUTCOME_POLICY_ERROR) {
				struct lh_str what, command;     /* its file is gone by then */
				lh_repeat_split(lh_str_of(c->cause[i] ? c->cause[i] : "policy error"), &what, &command);
				snprintf(text, size, "sample %d, turn %d: %.*s", i, t + 1, LH_ARG(what));
				return true;
			}
	return false;
}

/* Where two runs part; false where they agree. */
static bool parted(const struct requests *a, const struct requests *b, char *text, size_t size)
{
	for (size_t i = 0; i < a->n && i < b->n; i++)
		if (by_place(&a->list[i], &b->list[i]) || a->list[i].hash != b->list[i].hash) {
			snprintf(text, size, "sample %llu, turn %u, call %u: the request differs", (unsigned long long)a->list[i].sample, a->list[i].turn, a->list[i].seq);
			return true;
		}
	snprintf(text, size, "%zu requests, then %zu", a->n, b->n);
	return a->n != b->n;
}

struct checking { struct lh_buf *out; int *failed; char replay[96], file[80]; };

static void line(struct checking *c, const char *state, const char *property, const char *why)
{
	lh_buf_printf(c->out, why ? "FAILED %s, %s: %s\n" : "ok     %s, %s\n", state, property, why);
	*c->failed += why != NULL;
}

/* Runs a second time with `model` at another concurrency and compares. */
static int again(struct checking *c, struct lh_str policy, const struct state *s, const char *model, const char *property, const struct requests *first, struct lh_error *err)
{
	struct requests second = { 0 };
	struct lh_results *r = NULL;
	char why[256];
	struct lh_error fault = { 0 };
	int rc = run_once(policy, s, model, "none", 7, &second, &r, &fault);
	if (rc == LH_E_NOMEM)
		lh_nomem(err);
	else if (rc)
		line(c, s->name, property, fault.text);
	else
		line(c, s->name, property, parted(first, &second, why, sizeof why) ? why : NULL);
	free(second.list);
	lh_results_free(r);
	return rc == LH_E_NOMEM ? rc : 0;
}

static int check_state(struct checking *c, struct lh_str policy, const struct state *s, struct lh_error *err)
{
	struct requests first = { 0 };
	struct lh_results *r = NULL;
	unlink(c->file);
	int rc = run_once(policy, s, s->model, c->file, 1, &first, &r, err);
	if (!rc) {
		char text[1600];
		bool why = policy_error(r, text, sizeof text);
		line(c, s->name, "runs", why ? text : NULL);
		if (!why)
			rc = again(c, policy, s, s->model, "asks the same at any concurrency", &first, err);
		if (!why && !rc)
			rc = again(c, policy, s, c->replay, "replays byte for byte", &first, err);
	}
	free(first.list);
	lh_results_free(r);
	return rc;
}

int lh_policy_check(struct lh_str policy, struct lh_buf *out, int *failed, struct lh_error *err)
{
	const char *tmp = getenv("TMPDIR");
	struct checking c = { .out = out, .failed = failed };
	char folder[64];
	*failed = 0;
	snprintf(folder, sizeof folder, "%.40s/longhaul-XXXXXX", tmp && *tmp ? tmp : "/tmp");
	if (!mkdtemp(folder))
		return lh_fail(err, LH_E_IO, "no temporary folder can be made in %s", tmp && *tmp ? tmp : "/tmp");
	snprintf(c.file, sizeof c.file, "%s/run.db", folder);
	snprintf(c.replay, sizeof c.replay, "replay:%s", c.file);
	int rc = 0;
	for (int i = 0; i < STATES && !rc; i++)
		rc = check_state(&c, policy, &states[i], err);
	unlink(c.file);
	rmdir(folder);
	return rc;
}
