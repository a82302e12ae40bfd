/* Results read back from a run file: the same record that the run itself left. */
#include "run/fold_all.h"

#include "json/reader.h"
#include "measure/gate_rule.h"
#include "run/sequence.h"

#include <stdlib.h>
#include <string.h>

struct loading {
	struct lh_results *results;
	int64_t want, first;                     /* run id; first sample */
	bool found;
	int samples;
	struct lh_reader *reader;
	struct lh_fold_episode *episode;
	size_t episodes, episode_cap;
	struct lh_buf settings;
};

static int read_run(void *user, const void *row, struct lh_error *err)
{
	struct loading *l = user;
	const struct lh_run_row *r = row;
	if (r->id != l->want)
		return 0;
	l->found = true;
	struct lh_results *to = l->results;
	to->run = r->id;
	to->seed = (uint64_t)r->seed;
	to->version = lh_str_dup(r->version);
	to->config_sha256 = lh_str_dup(r->config_sha256);
	to->started = lh_str_dup(r->started);
	to->ended = lh_str_dup(r->ended);
	to->status = lh_str_dup(r->status);
	to->status_cause = lh_str_dup(r->cause);
	lh_buf_put_str(&l->settings, r->settings);
	if (!to->version || !to->config_sha256 || !to->started || !to->ended || !to->status || !to->status_cause)
		return lh_nomem(err);
	return lh_buf_ok(&l->settings, err);
}

/* An integer setting within [lo, hi]. */
static int setting(const struct lh_json *j, const char *name, int64_t lo, int64_t hi, int64_t *out, struct lh_error *err)
{
	if (!lh_json_int(lh_json_get(j, name), out) || *out < lo || *out > hi)
		return lh_fail(err, LH_E_DAMAGED, "the run's settings have no usable \"%s\"", name);
	return 0;
}

/* Files of before there were gates have none. */
static int read_gates(struct lh_results *r, const struct lh_json *j, struct lh_error *err)
{
	const struct lh_json *alpha = lh_json_get(j, "sequential");
	r->sequential = lh_json_type(alpha) == LH_JSON_NUMBER ? lh_json_number(alpha) : 0;
	int rc = r->sequential == 0 || (r->sequential > 0 && r->sequential < 1) ? 0
		: lh_fail(err, LH_E_DAMAGED, "the run's settings have a certainty out of range");
	for (const struct lh_json *g = lh_json_first(lh_json_get(j, "gates")); g && !rc; g = lh_json_next(g)) {
		struct lh_rule rule;
		if (r->gates == LH_RULES || lh_rule_parse(lh_json_str(g), &rule, NULL))
			return lh_fail(err, LH_E_DAMAGED, "the run's settings have a gate that cannot be read");
		lh_rule_fini(&rule);
		rc = lh_results_gate(r, lh_json_str(g), err);
	}
	return rc;
}

/* Where the gates stood. */
static int read_source(struct lh_results *r, const struct lh_json *j, struct lh_error *err)
{
	struct lh_str file = lh_json_str(lh_json_get(j, "experiment"));
	int line[LH_RULES], n = 0;
	for (const struct lh_json *v = lh_json_first(lh_json_get(j, "gate_lines")); v && n < LH_RULES; v = lh_json_next(v)) {
		int64_t at;
		line[n++] = lh_json_int(v, &at) && at > 0 && at < INT32_MAX ? (int)at : 0;
	}
	return file.n ? lh_results_source(r, file, line, n, err) : 0;
}

static int read_settings(struct loading *l, const struct lh_json *j, struct lh_error *err)
{
	int64_t samples;
	int rc = setting(j, "samples", 1, 100000000, &samples, err);
	if (!rc)
		rc = setting(j, "first_sample", 0, 100000000, &l->first, err);
	if (rc)
		return rc;
	rc = lh_shards_read(j, &l->results->shards, err);
	l->samples = (int)lh_shards_samples(&l->results->shards, samples);
	if (!rc && (l->samples < 1 || (l->results->shards.of && l->first)))
		rc = lh_fail(err, LH_E_DAMAGED, "the run's settings have no usable \"shard\"");
	if (rc)
		return rc;
	l->results->first_sample = (uint64_t)l->first;
	l->results->whole = (int)samples;
	l->results->planned = l->samples;
	l->results->stop_at_error = lh_json_bool(lh_json_get(j, "stop_at_error"));
	for (const struct lh_json *s = lh_json_first(lh_json_get(j, "horizon")); s; s = lh_json_next(s)) {
		double v = lh_json_number(s);
		if (!(v > 0 && v < 1) || l->results->horizon_count == 16)
			return lh_fail(err, LH_E_DAMAGED, "the run's settings have a horizon out of range");
		l->results->horizon[l->results->horizon_count++] = v;
	}
	rc = read_gates(l->results, j, err);
	if (!rc)
		rc = read_source(l->results, j, err);
	if (!rc)
		rc = lh_results_note_lines(l->results, lh_json_str(lh_json_get(j, "notes")), err);
	return rc ? rc : lh_results_note_shards(l->results, samples, err);
}

static int read_condition(void *user, const void *row, struct lh_error *err)
{
	struct loading *l = user;
	const struct lh_condition_row *c = row;
	struct lh_results *r = l->results;
	if (c->id != r->conditions || c->turns < 1 || c->turns > 10000000 || c->steps_per_turn < 1 || c->steps_per_turn > 1000000 ||
		(double)c->turns * l->samples > 4e9)
		return lh_fail(err, LH_E_DAMAGED, "condition %lld has impossible numbers", (long long)c->id);
	struct lh_condition_results *p = realloc(r->condition, (size_t)(r->conditions + 1) * sizeof *p);
	if (!p)
		return lh_nomem(err);
	r->condition = p;
	p += r->conditions++;
	*p = (struct lh_condition_results){ .task = lh_str_dup(c->task), .task_params = lh_str_dup(c->task_params), .model = lh_str_dup(c->model),
		.model_options = lh_str_dup(c->model_options), .policy = lh_str_dup(c->policy), .policy_options = lh_str_dup(c->policy_options),
		.history = lh_str_dup(c->history), .oracle = c->oracle, .steps_per_turn = (int)c->steps_per_turn };
	if (!p->task || !p->task_params || !p->model || !p->model_options || !p->policy || !p->policy_options || !p->history)
		return lh_nomem(err);
	int rc = lh_results_probes(p, c->probes, (int)c->turns, err);
	return rc ? rc : lh_results_shape(p, l->samples, (int)c->turns, err);
}

/* Labels as typed; a condition without one is called by its name. */
static int read_labels(struct lh_results *r, const struct lh_json *j, struct lh_error *err)
{
	const struct lh_json *t = lh_json_first(lh_json_get(j, "task_labels"));
	const struct lh_json *m = lh_json_first(lh_json_get(j, "model_labels"));
	const struct lh_json *p = lh_json_first(lh_json_get(j, "policy_labels"));
	for (int i = 0; i < r->conditions; i++, t = t ? lh_json_next(t) : t, m = m ? lh_json_next(m) : m, p = p ? lh_json_next(p) : p) {
		struct lh_condition_results *c = &r->condition[i];
		c->task_label = lh_str_dup(t ? lh_json_str(t) : lh_str_of(c->task));
		c->model_label = lh_str_dup(m ? lh_json_str(m) : lh_str_of(c->model));
		c->policy_label = lh_str_dup(p ? lh_json_str(p) : lh_str_of(c->policy));
		if (!c->task_label || !c->model_label || !c->policy_label)
			return lh_nomem(err);
	}
	return 0;
}

static int read_episode(void *user, const void *row, struct lh_error *err)
{
	struct loading *l = user;
	const struct lh_episode_row *e = row;
	struct lh_place at;
	if (e->condition < 0 || e->condition >= l->results->conditions ||
		!lh_results_place(&l->results->condition[e->condition], e->sample < 0 ? -1 : lh_results_index(l->results, (uint64_t)e->sample), e->probe, &at))
		return lh_fail(err, LH_E_DAMAGED, "episode %lld lies outside the run", (long long)e->id);
	if (lh_array_more(&l->episode, &l->episode_cap, l->episodes + 1, sizeof *l->episode, err))
		return LH_E_NOMEM;
	struct lh_fold_episode *s = &l->episode[l->episodes++];
	*s = (struct lh_fold_episode){ .id = e->id, .condition = (int)e->condition, .at = at, .ratio = e->history_ratio };
	size_t n = e->status.n < sizeof s->status - 1 ? e->status.n : sizeof s->status - 1;
	memcpy(s->status, e->status.p, n);
	s->cause = lh_str_dup(e->cause);
	s->extra = e->extra.n ? lh_str_dup(e->extra) : NULL;
	return s->cause && (s->extra || !e->extra.n) ? 0 : lh_nomem(err);
}

/* What a run that stops early left out, beyond the samples that decided it. */
static int cut(struct loading *l, struct lh_error *err)
{
	struct lh_sequence *s;
	struct lh_error why = { 0 };
	if (!(l->results->sequential > 0) || !l->results->gates)
		return 0;
	int rc = lh_sequence_new(l->results, &s, &why);
	if (rc == LH_E_USAGE)                    /* no run began with such gates */
		return lh_fail(err, LH_E_DAMAGED, "the gates of the run do not belong to it: %s", why.text);
	for (size_t i = 0; !rc && i < l->episodes; i++)
		if (strcmp(l->episode[i].status, "running") && strcmp(l->episode[i].status, LH_SUPERSEDED))
			lh_sequence_ended(s, l->episode[i].at.sample);
	int n = lh_sequence_decided(s);
	lh_sequence_free(s);
	if (n)
		lh_results_cut(l->results, n);
	return rc ? lh_fail(err, rc, "%s", why.text) : 0;
}

static int load(struct loading *l, const char *path, int64_t id, struct lh_error *err)
{
	struct lh_json *j = NULL;
	int rc = lh_reader_open(path, &l->reader, err);
	l->want = id;
	if (!rc && id < 0)
		rc = lh_reader_newest_run(l->reader, &l->want, err);
	if (!rc)
		rc = lh_reader_runs(l->reader, read_run, l, err);
	if (!rc && !l->found)
		rc = lh_fail(err, LH_E_USAGE, "%s holds no run %lld; longhaul list runs %s names them", path, (long long)id, path);
	if (!rc && lh_json_parse(lh_buf_str(&l->settings), "settings", 1, &j, NULL))
		rc = lh_fail(err, LH_E_DAMAGED, "%s is damaged: the settings of run %lld cannot be read", path, (long long)l->want);
	if (!rc)
		rc = read_settings(l, j, err);
	if (!rc)
		rc = lh_reader_conditions(l->reader, l->want, read_condition, l, err);
	if (!rc)
		rc = read_labels(l->results, j, err);
	if (!rc)
		rc = lh_reader_episodes(l->reader, l->want, read_episode, l, err);
	if (!rc && (rc = lh_fold_all(path, l->reader, l->results, l->episode, l->episodes, err)) == LH_E_DAMAGED && err && !strstr(err->text, path))
		lh_prefix(err, "%s is damaged", path);
	if (!rc)
		rc = cut(l, err);
	lh_json_free(j);
	return rc;
}

int lh_results_load(const char *path, int64_t id, struct lh_results **out, struct lh_error *err)
{
	*out = NULL;
	struct loading l = { .results = calloc(1, sizeof *l.results) };
	if (!l.results)
		return lh_nomem(err);
	lh_buf_init(&l.settings, 64u << 20);
	int rc = load(&l, path, id, err);
	lh_reader_close(l.reader);
	for (size_t i = 0; i < l.episodes; i++) {
		free(l.episode[i].cause);
		free(l.episode[i].extra);
	}
	free(l.episode);
	lh_buf_fini(&l.settings);
	if (rc) {
		lh_results_free(l.results);
		return rc;
	}
	*out = l.results;
	return 0;
}
