#include "run/single_turn.h"

#include "base/clock.h"
#include "base/hash.h"
#include "journal/journal.h"
#include "run/gating.h"
#include "run/search_file.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAMED_TRIES 20                   /* of these the last must still be able to pass within the cap */

struct searching {
	const struct lh_experiment *e;
	const struct lh_run_hooks *hooks;
	struct lh_searches *s;
	struct lh_search_file file;
	const char *path;                        /* NULL: nothing is kept */
	int64_t id;
	int of;
	char key[65];
	struct lh_spent spent;
	int64_t started_us;
	bool ran;                                /* a run was begun by this invocation */
};

/* ---- what is searched ---- */

static int at_least_one(const struct lh_list *l) { return l->count ? l->count : 1; }

/* Task, model and policy number `index`; an empty list is the experiment's default. */
static struct lh_list one_of(const struct lh_list *l, int i)
{
	return l->count ? (struct lh_list){ l->item + i, l->base_dir + i, 1, l->origin } : *l;
}

static void add_text(struct lh_sha256 *sha, const char *text)
{
	lh_sha256_add(sha, text, strlen(text) + 1);
}

/* What was said, as far as it makes a search another one. */
static void make_key(struct searching *g)
{
	const struct lh_experiment *e = g->e;
	const struct lh_list *lists[] = { &e->tasks, &e->models, &e->policies, &e->plugins };
	struct lh_sha256 sha;
	char text[128];
	lh_sha256_init(&sha);
	for (int k = 0; k < 4; k++) {
		for (int i = 0; i < lists[k]->count; i++)
			add_text(&sha, lists[k]->item[i]);
		add_text(&sha, "");
	}
	snprintf(text, sizeof text, "%.17g %" PRId64 " %" PRIu64, e->single_turn, e->cap, e->seed);
	add_text(&sha, text);
	lh_sha256_hex(&sha, g->key);
}

/* The most that a try may have, and what of it is left for this one. */
static int64_t left(int64_t most, int64_t spent) { return most ? most > spent ? most - spent : -1 : 0; }

static bool may_go_on(const struct searching *g, struct lh_experiment *stage, char *cause, size_t size)
{
	if (g->hooks && g->hooks->stop && *g->hooks->stop) {
		snprintf(cause, size, "interrupted");
		return false;
	}
	const struct lh_experiment *e = g->e;
	int64_t time_us = lh_clock_mono_us() - g->started_us;
	stage->max_calls = left(e->max_calls, g->spent.calls);
	stage->max_tokens_total = left(e->max_tokens_total, g->spent.tokens);
	stage->max_cost_microusd = left(e->max_cost_microusd, g->spent.microusd);
	stage->max_time_us = left(e->max_time_us, time_us);
	const char *over = stage->max_calls < 0 ? "max-calls" : stage->max_tokens_total < 0 ? "max-tokens-total" : stage->max_cost_microusd < 0 ? "max-cost"
		: stage->max_time_us < 0 ? "max-time" : NULL;
	if (over)
		snprintf(cause, size, "--%s is spent; a larger one goes on, with --resume", over);
	return !over;
}

/* What its own earlier invocations spent counts in the stage itself. */
static void spend(struct searching *g, const struct lh_results *r)
{
	g->spent.calls += r->spent.calls;
	g->spent.tokens += r->spent.tokens;
	g->spent.microusd += r->spent.microusd;
}

/* ---- one try ---- */

static void add_totals(struct lh_totals *to, const struct lh_totals *t)
{
	to->calls += t->calls;
	to->attempts += t->attempts;
	to->tokens_in += t->tokens_in;
	to->tokens_out += t->tokens_out;
	to->cost_microusd += t->cost_microusd;
	to->priced |= t->priced;
}

static int read_try(const struct lh_results *r, struct lh_try *to, struct lh_error *err)
{
	struct lh_gating g;
	struct lh_gate_result verdict;
	int rc = lh_gating_open(r, NULL, 0, &g, err);
	if (rc)
		return rc;
	if (g.cases != 1 || r->conditions != 1 || r->condition[0].turns != 1)
		rc = lh_fail(err, LH_E_DAMAGED, "run %lld is no try of a search", (long long)r->run);
	if (!rc)
		rc = lh_gating_decide(&g, 0, &verdict, err);
	lh_gating_close(&g);
	if (rc)
		return rc;
	const struct lh_condition_results *c = &r->condition[0];
	*to = (struct lh_try){ .k = c->steps_per_turn, .verdict = verdict.verdict, .samples = c->samples, .decided_at = verdict.decided_at,
		.censored = verdict.censored, .policy_errors = verdict.policy_errors, .done = !strcmp(r->status, "done") };
	for (int i = 0; i < c->samples; i++) {
		int o = c->outcome[i];
		to->observed += o != LH_UNSEEN && o != LH_OUTCOME_FAILED;
		to->right += o != LH_UNSEEN && lh_outcome_turn_ok(o);
		add_totals(&to->totals, &c->totals[i]);
	}
	return 0;
}

static char *copy(const char *text) { return lh_str_dup(lh_str_of(text)); }

static int name_search(struct lh_single_turn *t, const struct lh_condition_results *c, struct lh_error *err)
{
	if (t->task)
		return 0;
	t->task = copy(c->task), t->task_params = copy(c->task_params), t->task_label = copy(c->task_label);
	t->model = copy(c->model), t->model_options = copy(c->model_options), t->model_label = copy(c->model_label);
	t->policy = copy(c->policy), t->policy_options = copy(c->policy_options), t->policy_label = copy(c->policy_label);
	t->oracle = c->oracle;
	return t->task && t->task_params && t->task_label && t->model && t->model_options && t->model_label && t->policy && t->policy_options && t->policy_label
		? 0 : lh_nomem(err);
}

static void know_most(struct lh_single_turn *t, uint64_t steps)
{
	t->most_of_data = steps && steps < LH_LADDER_MOST;
	t->most = t->most_of_data ? (int)steps : LH_LADDER_MOST;
}

static int put_try(struct lh_single_turn *t, const struct lh_results *r, uint64_t steps, struct lh_error *err)
{
	if (t->tries == LH_RUNGS)
		return lh_fail(err, LH_E_DAMAGED, "a search of more than %d tries", LH_RUNGS);
	int rc = read_try(r, &t->tried[t->tries], err);
	if (!rc)
		rc = name_search(t, &r->condition[0], err);
	if (rc)
		return rc;
	t->tries++;
	know_most(t, steps);
	return 0;
}

/* Undecided for want of infrastructure is undecided. */
static int rungs_of(const struct lh_single_turn *t, struct lh_rung *r)
{
	for (int i = 0; i < t->tries; i++) {
		const struct lh_try *a = &t->tried[i];
		r[i] = (struct lh_rung){ a->k, a->verdict == LH_GATE_INFRASTRUCTURE ? LH_GATE_OPEN : a->verdict, a->right, a->observed };
	}
	return t->tries;
}

static int next_k(const struct lh_single_turn *t)
{
	struct lh_rung r[LH_RUNGS];
	int n = rungs_of(t, r);
	return n && !t->tried[n - 1].done ? t->tried[n - 1].k : lh_ladder_next(r, n, t->tries ? t->most : LH_LADDER_MOST);
}

struct lh_ladder lh_single_turn_answer(const struct lh_searches *s, const struct lh_single_turn *t)
{
	struct lh_rung r[LH_RUNGS];
	int n = rungs_of(t, r);
	return lh_ladder_answer(r, n, s->q);
}

/* Samples that the j-th try needs at least: fewer could show nothing. */
static int64_t least(double q, int j)
{
	return lh_sequential_least_at(&(struct lh_gate_rule){ q, false, 1 }, 2 / lh_ladder_alpha(j));
}

static bool data_run_out(double q, int64_t cap, int j, uint64_t samples_most)
{
	return samples_most && (uint64_t)(j - 1) * (uint64_t)cap + (uint64_t)least(q, j) > samples_most;
}

/* ---- the whole, as a run ---- */

static int replace(char **to, const char *text, struct lh_error *err)
{
	free(*to);
	*to = copy(text);
	return *to ? 0 : lh_nomem(err);
}

/* What is said of the whole is said of its first run, and of how its last one ended. */
static int put_run(struct lh_searches *s, const struct lh_results *r, const char *key, struct lh_error *err)
{
	struct lh_results *w = s->run;
	bool first = !w->version;
	w->run = r->run;
	w->seed = r->seed;
	w->wall_s += r->wall_s;
	int rc = first ? replace(&w->version, r->version, err) : 0;
	if (!rc && first)
		rc = replace(&w->started, r->started, err);
	if (!rc && first)
		rc = replace(&w->config_sha256, key, err);
	for (int i = 0; i < r->notes && !rc && first; i++)
		rc = lh_results_note_lines(w, lh_str_of(r->note[i]), err);
	if (!rc)
		rc = replace(&w->ended, r->ended, err);
	if (!rc)
		rc = replace(&w->status, r->status, err);
	return rc ? rc : replace(&w->status_cause, r->status_cause, err);
}

static int end_run(struct lh_searches *s, const char *status, const char *cause, struct lh_error *err)
{
	int rc = replace(&s->run->status, status, err);
	return rc ? rc : replace(&s->run->status_cause, cause, err);
}

static int new_searches(double q, int64_t cap, int count, struct lh_searches **out, struct lh_error *err)
{
	struct lh_searches *s = calloc(1, sizeof *s);
	*out = s;
	if (!s)
		return lh_nomem(err);
	*s = (struct lh_searches){ .q = q, .cap = cap, .run = calloc(1, sizeof *s->run), .of = calloc((size_t)count + 1, sizeof *s->of) };
	return s->run && s->of ? 0 : lh_nomem(err);
}

void lh_searches_free(struct lh_searches *s)
{
	if (!s)
		return;
	for (int i = 0; i < s->count; i++) {
		struct lh_single_turn *t = &s->of[i];
		char *texts[] = { t->task, t->task_params, t->task_label, t->model, t->model_options, t->model_label, t->policy, t->policy_options, t->policy_label };
		for (size_t k = 0; k < sizeof texts / sizeof *texts; k++)
			free(texts[k]);
	}
	free(s->of);
	lh_results_free(s->run);
	free(s);
}

/* ---- carrying it out ---- */

static struct lh_experiment stage_of(const struct searching *g, int index, int number, int k, char *rule, char **item, char **dir)
{
	const struct lh_experiment *e = g->e;
	int policies = at_least_one(&e->policies), models = at_least_one(&e->models);
	struct lh_experiment stage = *e;
	*item = rule;
	*dir = NULL;
	stage.tasks = one_of(&e->tasks, index / policies / models);
	stage.models = one_of(&e->models, index / policies % models);
	stage.policies = one_of(&e->policies, index % policies);
	stage.gates = (struct lh_list){ item, dir, 1, LH_FROM_LINE };
	stage.sequential = lh_ladder_alpha(number);
	stage.turns = 1;
	stage.turns_from = stage.samples_from = LH_FROM_LINE;
	stage.samples = e->cap;
	stage.first_sample = (number - 1) * e->cap;
	stage.steps_per_turn[0] = k;
	stage.steps_per_turn_count = 1;
	stage.search = e;
	stage.stage = (struct lh_stage){ .search = g->id, .index = index, .of = g->of, .number = number };
	memcpy(stage.stage.key, g->key, sizeof stage.stage.key);
	stage.alone = false;                     /* the next try takes the keys again */
	return stage;
}

/* q in the fewest digits that read back. */
static void write_rule(char *rule, size_t size, double q)
{
	for (int digits = 1; digits <= 17; digits++) {
		char text[32];
		double back;
		snprintf(text, sizeof text, "%.*g", digits, q);
		snprintf(rule, size, "turn_accuracy(1) >= %s", text);
		if (lh_str_to_double(lh_str_of(text), &back) && back == q)
			return;
	}
}

/* A try that is done in the file, or one that is run now. */
static int carry_out(struct searching *g, int index, int number, int k, struct lh_results **out, uint64_t *steps, uint64_t *samples, bool *stopped, struct lh_error *err)
{
	char rule[64], *item, *dir, cause[128];
	write_rule(rule, sizeof rule, g->s->q);
	struct lh_experiment stage = stage_of(g, index, number, k, rule, &item, &dir);
	const struct lh_stage_run *known = lh_search_file_find(&g->file, index, number);
	*stopped = false;
	if (known && known->done) {
		*steps = (uint64_t)known->steps_most;
		*samples = (uint64_t)known->samples_most;
		int rc = lh_results_load(g->path, known->run, out, err);
		if (!rc && lh_experiment_live(&stage))
			spend(g, *out);
		return rc;
	}
	if (!may_go_on(g, &stage, cause, sizeof cause)) {
		*stopped = true;
		return end_run(g->s, "stopped", cause, err);
	}
	stage.resume = known != NULL;
	stage.fresh = !known;
	stage.resume_run = known ? known->run : 0;
	int rc = lh_run(&stage, g->hooks, out, err);
	if (rc)
		return rc;
	g->ran = true;
	if (lh_experiment_live(&stage))
		spend(g, *out);
	*steps = (*out)->steps_most;
	*samples = (*out)->samples_most;
	return 0;
}

static int take_try(struct searching *g, int index, struct lh_single_turn *t, int k, uint64_t *samples, bool *stopped, struct lh_error *err)
{
	struct lh_results *r = NULL;
	uint64_t steps = 0;
	int rc = carry_out(g, index, t->tries + 1, k, &r, &steps, samples, stopped, err);
	if (rc)
		lh_prefix(err, "K = %d", k);
	if (rc || *stopped)
		return rc;
	if (r->conditions == 1 && r->condition[0].steps_per_turn != k)
		rc = lh_fail(err, LH_E_DAMAGED, "run %lld tried %d steps where the search has come to %d", (long long)r->run, r->condition[0].steps_per_turn, k);
	if (!rc)
		rc = put_try(t, r, steps, err);
	if (!rc)
		rc = put_run(g->s, r, g->key, err);
	if (!rc)
		*stopped = !t->tried[t->tries - 1].done;
	lh_results_free(r);
	return rc;
}

static int search_one(struct searching *g, int index, bool *stopped, struct lh_error *err)
{
	struct lh_single_turn *t = &g->s->of[g->s->count++];
	uint64_t samples = 0;
	int rc = 0;
	t->end = LH_SEARCH_OPEN;
	for (int k; !rc && !*stopped && (k = next_k(t));) {
		if (t->tries && data_run_out(g->s->q, g->s->cap, t->tries + 1, samples)) {
			t->end = LH_SEARCH_SHORT;
			return 0;
		}
		rc = take_try(g, index, t, k, &samples, stopped, err);
	}
	if (!rc && !*stopped)
		t->end = LH_SEARCH_OVER;
	if (!t->tries)                           /* stopped before its first try: nothing is known of it */
		g->s->count--;
	return rc;
}

static int search_all(struct searching *g, struct lh_error *err)
{
	bool stopped = false;
	int rc = 0;
	for (int i = 0; i < g->of && !rc && !stopped; i++)
		rc = search_one(g, i, &stopped, err);
	return rc;
}

/* ---- beginning ---- */

/* Keys of models that come late are missed before the first is paid for. */
static int check_keys(const struct lh_experiment *e, struct lh_error *err)
{
	int rc = 0;
	for (int i = 0; i < e->models.count && !rc; i++) {
		struct lh_model *m;
		struct lh_key_source k = { 0 };
		rc = lh_experiment_model(e, i, true, &m, err);
		if (rc || !m)
			continue;
		lh_model_key(m, &k);
		if (k.env && (!getenv(k.env) || !*getenv(k.env)))
			rc = lh_fail(err, e->skip_without_key ? LH_E_SKIPPED : LH_E_USAGE, "model %s needs a key: %s is not set", lh_model_name(m), k.env);
		lh_model_free(m);
	}
	return rc;
}

static int check(const struct lh_experiment *e, struct lh_error *err)
{
	int64_t needed = least(e->single_turn, NAMED_TRIES);
	int rc = lh_experiment_check_search(e, err);
	if (!rc && e->cap < needed)
		rc = lh_fail(err, LH_E_USAGE, "--single-turn q=%g: %lld samples a number of steps could not show that; at least %lld can (--cap)", e->single_turn,
			(long long)e->cap, (long long)needed);
	return rc ? rc : check_keys(e, err);
}

static bool file_over(const struct searching *g)
{
	for (size_t i = 0; i < g->file.stages; i++)
		if (!g->file.stage[i].done)
			return false;
	return true;
}

/* With --resume the newest search of what was said; else a new one, not in the place of one that was paid for and is
 * not over. Whether all its tries are there, only carrying it out can tell: so it is asked for where any is not done. */
static int open_file(struct searching *g, struct lh_error *err)
{
	const struct lh_experiment *e = g->e;
	const char *path = e->output ? e->output : LH_RUN_FILE;
	g->path = strcmp(path, "none") ? path : NULL;
	g->id = 1;
	if (e->resume && e->fresh)
		return lh_fail(err, LH_E_USAGE, "--resume goes on with a search and --new begins one: give one of them");
	if (!g->path)
		return e->resume ? lh_fail(err, LH_E_USAGE, "--resume goes on with a run file: name it with -o, none keeps nothing") : 0;
	struct lh_error why = { 0 };
	int rc = lh_journal_mend(g->path, &why);
	if (!rc)
		rc = lh_search_file_read(g->path, g->key, &g->file, &why);
	if (rc && (e->resume || rc == LH_E_NOMEM))
		return lh_fail(err, rc, "%s", why.text);
	if (rc)                                  /* what cannot be read, the writer refuses in its own words */
		return 0;
	if (e->resume && !g->file.id)
		return lh_fail(err, LH_E_USAGE, "--resume: %s holds no search like this one: with the same tasks, models, policies, q, --cap and --seed", g->path);
	if (!e->resume && !e->fresh && lh_experiment_live(e) && !file_over(g))
		return lh_fail(err, LH_E_USAGE, "%s holds this search, and it is not over (search %lld): go on with it by --resume, or begin another one in the same file by --new",
			g->path, (long long)g->file.id);
	g->id = e->resume ? g->file.id : g->file.newest + 1;
	if (!e->resume) {
		int64_t newest = g->file.newest;
		lh_search_file_fini(&g->file);
		g->file.newest = newest;
	}
	return 0;
}

int lh_single_turn_run(const struct lh_experiment *e, const struct lh_run_hooks *hooks, struct lh_searches **out, struct lh_error *err)
{
	struct searching g = { .e = e, .hooks = hooks, .started_us = lh_clock_mono_us() };
	*out = NULL;
	g.of = at_least_one(&e->tasks) * at_least_one(&e->models) * at_least_one(&e->policies);
	make_key(&g);
	int rc = check(e, err);
	if (!rc)
		rc = open_file(&g, err);
	if (!rc)
		rc = new_searches(e->single_turn, e->cap, g.of, &g.s, err);
	if (!rc)
		rc = search_all(&g, err);
	lh_search_file_fini(&g.file);
	if (!rc && g.ran && g.path) {            /* its sources are one another's */
		rc = lh_search_file_read(g.path, g.key, &g.file, err);
		lh_search_file_fini(&g.file);
	}
	if (rc) {
		lh_searches_free(g.s);
		return rc;
	}
	*out = g.s;
	return 0;
}

/* ---- from a file ---- */

static int load_one(const char *path, const struct lh_search_file *f, int index, struct lh_searches *s, struct lh_error *err)
{
	struct lh_single_turn *t = &s->of[s->count++];
	const struct lh_stage_run *known;
	uint64_t samples = 0;
	int rc = 0;
	t->end = LH_SEARCH_OPEN;
	while (!rc && t->tries < LH_RUNGS && (!t->tries || t->tried[t->tries - 1].done) && (known = lh_search_file_find(f, index, t->tries + 1))) {
		struct lh_results *r;
		samples = (uint64_t)known->samples_most;
		rc = lh_results_load(path, known->run, &r, err);
		if (rc)
			break;
		rc = put_try(t, r, (uint64_t)known->steps_most, err);
		if (!rc)
			rc = put_run(s, r, known->stage.key, err);
		lh_results_free(r);
	}
	if (!rc && t->tries && t->tried[t->tries - 1].done)
		t->end = !next_k(t) ? LH_SEARCH_OVER : data_run_out(s->q, s->cap, t->tries + 1, samples) ? LH_SEARCH_SHORT : LH_SEARCH_OPEN;
	if (!t->tries)
		s->count--;
	return rc;
}

static int load_all(const char *path, const struct lh_search_file *f, struct lh_searches *s, struct lh_error *err)
{
	int of = f->stage[0].stage.of, rc = 0, over = 0;
	for (int i = 0; i < of && !rc; i++)
		rc = lh_search_file_find(f, i, 1) ? load_one(path, f, i, s, err) : 0;
	for (int i = 0; i < s->count; i++)
		over += s->of[i].end != LH_SEARCH_OPEN;
	if (!rc && over < of && s->run->status && !strcmp(s->run->status, "done"))
		rc = end_run(s, "stopped", "it was not brought to its end; --resume goes on with it", err);
	return rc;
}

int lh_single_turn_load(const char *path, struct lh_searches **out, struct lh_error *err)
{
	struct lh_search_file f;
	*out = NULL;
	int rc = lh_search_file_read(path, NULL, &f, err);
	if (rc || !f.id) {
		lh_search_file_fini(&f);
		return rc;
	}
	rc = new_searches(f.stage[0].q, f.stage[0].cap, (int)f.stages, out, err);
	if (!rc)
		rc = load_all(path, &f, *out, err);
	lh_search_file_fini(&f);
	if (rc) {
		lh_searches_free(*out);
		*out = NULL;
	}
	return rc;
}

/* ---- before anything is sent ---- */

int lh_single_turn_dry_run(const struct lh_experiment *e, struct lh_buf *out, struct lh_error *err)
{
	int rc = check(e, err);
	if (rc)
		return rc;
	int of = at_least_one(&e->tasks) * at_least_one(&e->models) * at_least_one(&e->policies);
	lh_buf_printf(out, "A search for the most steps in one turn at an accuracy of %g, for %d combination%s of task, model and policy. Nothing is sent.\n\n"
		"Numbers of steps: 1, 2, 4 and so on until one fails, at most %d or what the data hold; then between. Each takes from\n"
		"%lld samples on and %lld at most, of one turn: which it will be depends on what is answered, and so does the cost.\n"
		"Budgets (--max-calls, --max-tokens-total, --max-cost, --max-time) are those of the search as a whole.\n",
		e->single_turn, of, of == 1 ? "" : "s", LH_LADDER_MOST, (long long)least(e->single_turn, 1), (long long)e->cap);
	return lh_buf_ok(out, err);
}
