/* The grid: what the experiment names, opened; the size of it cut to the data where nobody asked for
 * more. Order of conditions: task, model, steps per turn, history, policy. */
#include "run/plan_made.h"

#include "base/hash.h"
#include "json/writer.h"
#include "run/against.h"
#include "run/shards.h"

#include <stdlib.h>
#include <string.h>

#define DEMONSTRATION_SAMPLES 200        /* errors run away in some: fewer give too narrow intervals */
#define DEMONSTRATION_TURNS 80
static const char *const demonstration_policies[] = { "full_history", "window:n=5", "reset", "heal", NULL };


static int open_task(struct lh_plan *p, struct lh_str text, const char *base_dir, struct lh_error *err)
{
	struct lh_spec s;
	const struct lh_family *family;
	int rc = lh_spec_parse(text, "task", &s, err);
	if (rc)
		return rc;
	if (s.bare.n)
		rc = lh_fail(err, LH_E_USAGE, "task %s takes key=value parameters, not '%.*s'", s.name.p, LH_ARG(s.bare));
	if (!rc)
		rc = lh_registry_find(p->registry, s.name, &family, err);
	if (!rc)
		rc = lh_taskset_open(family, s.key, s.value, s.count, base_dir, &p->task[p->tasks], err);
	if (!rc)
		p->tasks++;
	else
		lh_prefix(err, "task '%.*s'", LH_ARG(text));
	lh_spec_fini(&s);
	return rc;
}

static int open_policy(struct lh_plan *p, struct lh_str text, const char *base_dir, struct lh_error *err)
{
	struct lh_spec s;
	int rc = lh_spec_parse(text, "policy", &s, err);
	if (rc)
		return rc;
	if (s.bare.n)
		rc = lh_fail(err, LH_E_USAGE, "policy %s takes key=value options, not '%.*s'", s.name.p, LH_ARG(s.bare));
	if (!rc)
		rc = lh_policy_open(s.name, s.key, s.value, s.count, base_dir, &p->policy[p->policies], err);
	if (!rc)
		p->policies++;
	lh_spec_fini(&s);
	return rc;
}

typedef int (*opener)(struct lh_plan *p, struct lh_str text, const char *base_dir, struct lh_error *err);

static int open_list(struct lh_plan *p, const struct lh_list *l, const char *const *defaults, void *array, size_t size, opener open, struct lh_error *err)
{
	int n = l->count;
	for (const char *const *d = defaults; !l->count && *d; d++)
		n++;
	void *slots = calloc((size_t)n + 1, size);
	if (!slots)
		return lh_nomem(err);
	memcpy(array, &slots, sizeof slots);
	for (int i = 0; i < n; i++) {
		int rc = l->count ? open(p, lh_str_of(l->item[i]), l->base_dir[i], err) : open(p, lh_str_of(defaults[i]), NULL, err);
		if (rc)
			return rc;
	}
	return 0;
}

static int open_models(const struct lh_experiment *e, struct lh_plan *p, struct lh_error *err)
{
	int n = e->models.count ? e->models.count : 1, rc = 0;
	p->model = calloc((size_t)n, sizeof *p->model);
	if (!p->model)
		return lh_nomem(err);
	while (!rc && p->models < n) {
		rc = lh_experiment_model(e, p->models, false, &p->model[p->models], err);
		p->models += !rc;
	}
	return rc;
}

static const char *const one_task[] = { "kv_sum", NULL }, *const one_model[] = { LH_DEMONSTRATION_MODEL, NULL };
static const char *const one_policy[] = { "full_history", NULL }, *const agent_policy[] = { "agent", NULL };

/* Where no policy is named: the whole history, or, where every model keeps its own context, the agent's own. */
static const char *const *policies_of(const struct lh_experiment *e, const struct lh_plan *p)
{
	bool agents = p->models > 0;
	for (int i = 0; i < p->models; i++)
		agents = agents && lh_model_keeps_context(p->model[i]);
	return e->demonstration ? demonstration_policies : agents ? agent_policy : one_policy;
}

static int open_plugin(struct lh_plan *p, const struct lh_list *plugins, int i, struct lh_error *err)
{
	const struct lh_family *family;
	struct lh_buf path;
	lh_buf_init(&path, 1 << 14);
	lh_list_path(plugins, i, &path);
	int rc = lh_buf_ok(&path, err);
	if (!rc)
		rc = lh_registry_open(p->registry, path.p, &family, err);
	lh_buf_fini(&path);
	return rc;
}

static int open_all(const struct lh_experiment *e, struct lh_plan *p, struct lh_error *err)
{
	int rc = lh_registry_new(&p->registry, err);
	for (int i = 0; !rc && i < e->plugins.count; i++)
		rc = open_plugin(p, &e->plugins, i, err);
	if (!rc)
		rc = lh_plan_histories(e, p, err);
	if (!rc)
		rc = open_list(p, &e->tasks, one_task, &p->task, sizeof *p->task, open_task, err);
	if (!rc)
		rc = open_models(e, p, err);
	if (!rc)
		rc = open_list(p, &e->policies, policies_of(e, p), &p->policy, sizeof *p->policy, open_policy, err);
	return rc;
}

static const char *label(const struct lh_list *l, const char *const *defaults, int i)
{
	return l->count ? l->item[i] : defaults[i];
}

/* What a sample's instructions say; left empty where they cannot be had. */
static void put_instructions(struct lh_taskset *task, uint64_t sample, struct lh_buf *out)
{
	struct lh_sample *s = NULL;
	if (lh_sample_open(task, sample, 1, &s, NULL) || lh_sample_instructions(s, 1, out, NULL))
		lh_buf_clear(out);
	lh_sample_close(s);
}

/* Two samples that are told different dictionaries do not share one. */
static bool differ(struct lh_taskset *task)
{
	struct lh_buf one, two;
	if (lh_taskset_samples(task) < 2)
		return false;
	lh_buf_init(&one, LH_PROMPT_MAX);
	lh_buf_init(&two, LH_PROMPT_MAX);
	put_instructions(task, 0, &one);
	put_instructions(task, 1, &two);
	bool differs = one.n && two.n && !lh_str_equal(lh_buf_str(&one), lh_buf_str(&two));
	lh_buf_fini(&one);
	lh_buf_fini(&two);
	return differs;
}

/* A finite set of samples is a data set, and they may share its content; with tools it is not told, so nobody knows here. */
static void note_data_sets(struct lh_plan *p)
{
	for (int i = 0; i < p->tasks; i++) {
		int tools;
		lh_taskset_tools(p->task[i], &tools);
		if (!lh_taskset_samples(p->task[i]) || differ(p->task[i]))
			continue;
		lh_buf_printf(&p->notes, "%s: all samples come from one data set and %s: %sinference is conditional on that dictionary.\n",
			lh_family_name(lh_taskset_family(p->task[i])), tools ? "may share its dictionary" : "share its dictionary", tools ? "if so, " : "");
	}
}

/* ---- size ---- */

#define CELLS_MOST 4e9                   /* of two bytes in memory: turns, and what is kept of an episode */

static uint64_t least(uint64_t a, uint64_t b)      /* 0: no limit */
{
	return !a ? b : !b || a < b ? a : b;
}

/* What a shard cannot be, and what it must not be: without samples. */
static int check_shard(const struct lh_experiment *e, const struct lh_plan *p, struct lh_error *err)
{
	if (!e->shards)
		return 0;
	if (e->sequential > 0)
		return lh_fail(err, LH_E_USAGE, "--shard with --sequential: when to stop depends on all samples in their order, and a shard does not have them; leave one of them out");
	if (e->only_sample >= 0)
		return lh_fail(err, LH_E_USAGE, "--shard with --sample: one sample is not divided; leave one of them out");
	if ((uint64_t)e->shard >= p->samples)
		return lh_fail(err, LH_E_USAGE, "--shard %lld/%lld: of %llu samples none is left for it; take at most %llu shards", (long long)e->shard + 1, (long long)e->shards,
			(unsigned long long)p->samples, (unsigned long long)p->samples);
	return 0;
}

static int count_samples(const struct lh_experiment *e, struct lh_plan *p, struct lh_error *err)
{
	uint64_t most = 0;
	for (int i = 0; i < p->tasks; i++)
		most = least(most, lh_taskset_samples(p->task[i]));
	for (int i = 0; i < p->models; i++)
		most = least(most, lh_model_samples(p->model[i]));
	p->samples = e->demonstration ? DEMONSTRATION_SAMPLES : (uint64_t)e->samples;
	p->samples_most = most;
	if (e->search) {
		p->first_sample = (uint64_t)e->first_sample;
		p->samples = most && most < p->first_sample + p->samples ? most - p->first_sample : p->samples;
		return 0;
	}
	if (e->only_sample >= 0) {
		if (most && (uint64_t)e->only_sample >= most)
			return lh_fail(err, LH_E_USAGE, "--sample %lld: there are %llu samples, counted from 0", (long long)e->only_sample, (unsigned long long)most);
		p->first_sample = (uint64_t)e->only_sample;
		p->samples = 1;
		if (e->gates.count)
			lh_buf_puts(&p->notes, "One sample was asked for (--sample): the gates are left aside.\n");
		return 0;
	}
	if (!most || p->samples <= most)
		return 0;
	if (e->samples_from != LH_FROM_DEFAULT)
		return lh_fail(err, LH_E_USAGE, "--samples %llu: the data hold %llu", (unsigned long long)p->samples, (unsigned long long)most);
	lh_buf_printf(&p->notes, "%llu samples: all that the data hold.\n", (unsigned long long)most);
	p->samples = most;
	return 0;
}

static int samples_of(const struct lh_experiment *e, struct lh_plan *p, struct lh_error *err)
{
	int rc = count_samples(e, p, err);
	return rc ? rc : check_shard(e, p, err);
}

/* The fewest steps that any sample of the set has; 0: no limit. */
static int steps_of(struct lh_taskset *t, uint64_t first, uint64_t samples, uint64_t seed, uint64_t *out, struct lh_error *err)
{
	*out = 0;
	for (uint64_t i = first; i < first + samples; i++) {
		struct lh_sample *s;
		int rc = lh_sample_open(t, i, seed, &s, err);
		if (rc)
			return rc;
		uint64_t steps = lh_sample_max_steps(s);
		lh_sample_close(s);
		*out = least(*out, steps);
		if (!steps)                      /* unlimited: a property of the family */
			return 0;
	}
	return 0;
}

static int turns_of(const struct lh_experiment *e, struct lh_plan *p, struct lh_condition *c, uint64_t steps, struct lh_error *err)
{
	uint64_t turns = e->demonstration ? DEMONSTRATION_TURNS : (uint64_t)e->turns, k = c->steps_per_turn;
	bool asked = e->turns_from != LH_FROM_DEFAULT || e->steps > 0;
	if (e->steps && e->turns_from != LH_FROM_DEFAULT)
		return lh_fail(err, LH_E_USAGE, "--steps fixes the total and --turns the turns: give one of them");
	if (e->steps) {
		if ((uint64_t)e->steps % k)
			return lh_fail(err, LH_E_USAGE, "--steps %lld is no multiple of --steps-per-turn %llu", (long long)e->steps, (unsigned long long)k);
		turns = (uint64_t)e->steps / k;
	}
	uint64_t most = least(steps / k, lh_model_turns(c->model));
	if (steps && steps < k)
		return lh_fail(err, LH_E_USAGE, "%s: the data hold %llu steps a sample, too few for one turn of %llu", c->task_label, (unsigned long long)steps, (unsigned long long)k);
	if (most && turns > most) {
		if (asked)
			return lh_fail(err, LH_E_USAGE, "%llu turns of %llu step%s are asked for: the data hold %llu", (unsigned long long)turns, (unsigned long long)k, k == 1 ? "" : "s", (unsigned long long)most);
		if (!strstr(p->notes.p ? p->notes.p : "", "turns: all"))
			lh_buf_printf(&p->notes, "%llu turns: all that the data hold.\n", (unsigned long long)most);
		turns = most;
	}
	c->turns = (uint32_t)turns;
	return 0;
}

int64_t lh_plan_samples_here(const struct lh_experiment *e, const struct lh_plan *p)
{
	struct lh_shards s;
	lh_shards_one(&s, e->shard, e->shards);
	return lh_shards_samples(&s, (int64_t)p->samples);
}

static int add_cells(const struct lh_experiment *e, struct lh_plan *p, const struct lh_condition *c, double *kept, struct lh_error *err)
{
	bool made = lh_history_made(&c->made);
	p->cells += (double)(made ? (uint32_t)c->probe_count : c->turns) * (double)lh_plan_samples_here(e, p);
	*kept += (double)lh_plan_samples_here(e, p) * ((double)c->turns + 4.0 * c->probe_count + (made ? 50.0 * c->probe_count : 50));
	if (*kept > CELLS_MOST)
		return lh_fail(err, LH_E_USAGE, "%.3g turns in all: more than fit into one run; take fewer samples, turns, probed turns or conditions", p->cells);
	return 0;
}

/* ---- the grid ---- */

/* An agent that keeps its own context decides what it remembers: a policy would measure what was not sent. */
static int check_context(const struct lh_condition *c, struct lh_error *err)
{
	bool agent = !strcmp(lh_policy_name(c->policy), "agent");
	if (agent == lh_model_keeps_context(c->model) || (agent && lh_model_simulated(c->model)))
		return 0;
	return agent ? lh_fail(err, LH_E_USAGE, "policy agent is for agents that keep their own context; %s is sent a history each time: name a policy for it", c->model_label)
		: lh_fail(err, LH_E_USAGE, "%s keeps its own context, so %s cannot apply: use --policy agent, or let it be sent the history each time", c->model_label, c->policy_label);
}

static int fill(const struct lh_experiment *e, struct lh_plan *p, struct lh_error *err)
{
	int histories = p->histories;
	double kept = 0;
	size_t n = (size_t)p->tasks * (size_t)p->models * (size_t)e->steps_per_turn_count * (size_t)histories * (size_t)p->policies;
	if (n > 10000)
		return lh_fail(err, LH_E_USAGE, "the grid has %zu conditions: at most 10000 are possible in one run", n);
	p->condition = calloc(n, sizeof *p->condition);
	if (!p->condition)
		return lh_nomem(err);
	const char *const *policies = policies_of(e, p);
	for (int t = 0; t < p->tasks; t++) {
		uint64_t steps, from = e->search ? 0 : p->first_sample;      /* of a search: in all stages the same */
		int rc = steps_of(p->task[t], from, e->search && p->samples_most ? p->samples_most : p->first_sample + p->samples - from, e->seed, &steps, err);
		p->steps_most = least(p->steps_most, steps);
		for (size_t i = 0; !rc && i < n / (size_t)p->tasks; i++) {
			size_t rest = i;
			struct lh_condition *c = &p->condition[p->conditions];
			int policy = (int)(rest % (size_t)p->policies);
			rest /= (size_t)p->policies;
			int history = (int)(rest % (size_t)histories);
			rest /= (size_t)histories;
			int k = (int)(rest % (size_t)e->steps_per_turn_count);
			int model = (int)(rest / (size_t)e->steps_per_turn_count);
			*c = (struct lh_condition){ .task = p->task[t], .model = p->model[model], .policy = p->policy[policy], .model_index = model,
				.task_label = label(&e->tasks, one_task, t), .model_label = label(&e->models, one_model, model),
				.policy_label = label(&e->policies, policies, policy), .history = p->history_text[history], .made = p->history[history],
				.steps_per_turn = (uint32_t)e->steps_per_turn[k] };
			p->conditions++;
			rc = turns_of(e, p, c, steps, err);
			if (!rc)
				rc = check_context(c, err);
			if (!rc)
				rc = lh_plan_check_made(c, err);
			if (!rc)
				rc = lh_plan_probes(e, p, c, err);
			if (!rc)
				rc = add_cells(e, p, c, &kept, err);
		}
		if (rc)
			return rc;
	}
	return 0;
}

static int refuse_twins(const struct lh_plan *p, struct lh_error *err)
{
	for (int i = 0; i < p->conditions; i++)
		for (int j = 0; j < i; j++) {
			const struct lh_condition *a = &p->condition[i], *b = &p->condition[j];
			if (a->steps_per_turn == b->steps_per_turn && !strcmp(a->history, b->history) &&
				!strcmp(lh_policy_sha256(a->policy), lh_policy_sha256(b->policy)) &&
				lh_str_equal(lh_policy_options_json(a->policy), lh_policy_options_json(b->policy)) &&
				lh_taskset_family(a->task) == lh_taskset_family(b->task) &&
				lh_str_equal(lh_taskset_params_json(a->task), lh_taskset_params_json(b->task)) &&
				!strcmp(lh_model_name(a->model), lh_model_name(b->model)) &&
				lh_str_equal(lh_model_options_json(a->model), lh_model_options_json(b->model)))
				return lh_fail(err, LH_E_USAGE, "the same condition stands twice in the grid: %s, %s, %s, history %s", a->task_label, a->model_label, a->policy_label, a->history);
		}
	return 0;
}

/* Told before anything is run. Made histories are not compared with each other. */
static int check_against(const struct lh_experiment *e, const struct lh_plan *p, struct lh_error *err)
{
	int n = 0, at;
	if (!e->against)
		return 0;
	struct lh_candidate *c = calloc((size_t)p->conditions + 1, sizeof *c);
	if (!c)
		return lh_nomem(err);
	for (int i = 0; i < p->conditions; i++)
		if (!strcmp(p->condition[i].history, "own"))
			c[n++] = (struct lh_candidate){ p->condition[i].policy_label, lh_policy_name(p->condition[i].policy) };
	int rc = lh_against_find(c, n, e->against, &at, err);
	free(c);
	return rc;
}

/* ---- identity ---- */

static void put_named(struct lh_jw *w, const char *name, struct lh_str options)
{
	lh_jw_open(w, '{');
	lh_jw_key(w, "name");
	lh_jw_text(w, name);
	lh_jw_key(w, "options");
	lh_jw_raw(w, options);
	lh_jw_close(w);
}

static void put_config(const struct lh_experiment *e, struct lh_plan *p)
{
	struct lh_jw w;
	lh_jw_init(&w, &p->config, false);
	lh_jw_open(&w, '{');
	lh_jw_key(&w, "tasks");
	lh_jw_open(&w, '[');
	for (int i = 0; i < p->tasks; i++)
		put_named(&w, lh_family_name(lh_taskset_family(p->task[i])), lh_taskset_params_json(p->task[i]));
	lh_jw_close(&w);
	lh_jw_key(&w, "models");
	lh_jw_open(&w, '[');
	for (int i = 0; i < p->models; i++)
		put_named(&w, lh_model_name(p->model[i]), lh_model_options_json(p->model[i]));
	lh_jw_close(&w);
	lh_jw_key(&w, "policies");
	lh_jw_open(&w, '[');
	for (int i = 0; i < p->policies; i++)
		put_named(&w, lh_policy_name(p->policy[i]), lh_policy_options_json(p->policy[i]));
	lh_jw_close(&w);
	lh_jw_key(&w, "histories");
	lh_jw_open(&w, '[');
	for (int i = 0; i < p->histories; i++)
		lh_jw_text(&w, p->history_text[i]);
	lh_jw_close(&w);
	if (p->probing) {
		lh_jw_key(&w, "probe_turns");
		lh_jw_open(&w, '[');
		for (int i = 0; i < p->conditions; i++)
			lh_jw_text(&w, p->condition[i].probes);
		lh_jw_close(&w);
	}
	lh_jw_key(&w, "turns");
	lh_jw_open(&w, '[');
	for (int i = 0; i < p->conditions; i++)
		lh_jw_int(&w, p->condition[i].turns);
	lh_jw_close(&w);
	lh_jw_key(&w, "steps_per_turn");
	lh_jw_open(&w, '[');
	for (int i = 0; i < e->steps_per_turn_count; i++)
		lh_jw_int(&w, e->steps_per_turn[i]);
	lh_jw_close(&w);
	lh_jw_key(&w, "seed");
	lh_jw_uint_text(&w, e->seed);
	lh_jw_key(&w, "stop_at_error");
	lh_jw_bool(&w, e->stop_at_error);
	lh_jw_close(&w);
}

static void put_sources(struct lh_plan *p)
{
	struct lh_jw w;
	lh_jw_init(&w, &p->sources, false);
	lh_jw_open(&w, '{');
	lh_jw_key(&w, "plugins");
	lh_jw_open(&w, '[');
	for (int i = 0; i < p->tasks; i++) {
		const struct lh_family *f = lh_taskset_family(p->task[i]);
		lh_jw_open(&w, '{');
		lh_jw_key(&w, "name"), lh_jw_text(&w, lh_family_name(f));
		lh_jw_key(&w, "version"), lh_jw_text(&w, lh_family_version(f));
		lh_jw_key(&w, "sha256"), lh_jw_text(&w, lh_family_sha256(f));
		lh_jw_close(&w);
	}
	lh_jw_close(&w);
	lh_jw_key(&w, "policies");
	lh_jw_open(&w, '[');
	for (int i = 0; i < p->policies; i++) {
		lh_jw_open(&w, '{');
		lh_jw_key(&w, "name"), lh_jw_text(&w, lh_policy_name(p->policy[i]));
		lh_jw_key(&w, "sha256"), lh_jw_text(&w, lh_policy_sha256(p->policy[i]));
		lh_jw_close(&w);
	}
	lh_jw_close(&w);
	lh_jw_close(&w);
}

static int identify(const struct lh_experiment *e, struct lh_plan *p, struct lh_error *err)
{
	put_config(e, p);
	put_sources(p);
	struct lh_sha256 sha;
	lh_sha256_init(&sha);
	lh_sha256_add(&sha, lh_buf_str(&p->config).p, p->config.n);
	lh_sha256_add(&sha, lh_buf_str(&p->sources).p, p->sources.n);
	lh_sha256_hex(&sha, p->config_sha256);
	int rc = lh_buf_ok(&p->config, err);
	return rc ? rc : lh_buf_ok(&p->sources, err);
}

int lh_plan_make(const struct lh_experiment *e, struct lh_plan *p, struct lh_error *err)
{
	memset(p, 0, sizeof *p);
	lh_buf_init(&p->config, 16 << 20);
	lh_buf_init(&p->sources, 16 << 20);
	lh_buf_init(&p->notes, 1 << 16);
	int rc = open_all(e, p, err);
	if (!rc)
		rc = samples_of(e, p, err);
	if (!rc)
		note_data_sets(p);
	if (!rc)
		rc = fill(e, p, err);
	if (!rc)
		rc = refuse_twins(p, err);
	if (!rc)
		rc = check_against(e, p, err);
	if (!rc)
		rc = identify(e, p, err);
	p->simulated = true;
	for (int i = 0; i < p->models; i++)
		p->simulated = p->simulated && p->model[i] && lh_model_simulated(p->model[i]);
	if (rc)
		lh_plan_fini(p);
	return rc;
}

void lh_plan_fini(struct lh_plan *p)
{
	for (int i = 0; i < p->policies; i++)
		lh_policy_free(p->policy[i]);
	for (int i = 0; i < p->models; i++)
		lh_model_free(p->model[i]);
	for (int i = 0; i < p->tasks; i++)
		lh_taskset_free(p->task[i]);
	for (int i = 0; i < p->conditions; i++)
		free(p->condition[i].probes);
	free(p->history);
	free(p->history_text);
	free(p->policy);
	free(p->model);
	free(p->task);
	free(p->condition);
	lh_registry_free(p->registry);
	lh_buf_fini(&p->config);
	lh_buf_fini(&p->sources);
	lh_buf_fini(&p->notes);
	memset(p, 0, sizeof *p);
}
