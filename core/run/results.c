#include "run/results.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static int add_probe(struct lh_condition_results *c, struct lh_str one, int turns, struct lh_error *err)
{
	int64_t t;
	if (!lh_str_to_int(one, &t) || t > turns || t <= (c->probes ? c->probe[c->probes - 1] : 0))
		return lh_fail(err, LH_E_DAMAGED, "a condition's probed turns cannot be read");
	c->probe[c->probes++] = (int)t;
	return 0;
}

int lh_results_probes(struct lh_condition_results *c, struct lh_str list, int turns, struct lh_error *err)
{
	struct lh_history one[LH_HISTORY_RATES];
	int n, rc = 0;
	size_t most = 1;
	if (lh_history_parse(lh_str_of(c->history), one, &n, NULL) || n != 1)
		return lh_fail(err, LH_E_DAMAGED, "a condition's history cannot be read");
	c->made = one[0];
	for (size_t i = 0; i < list.n; i++)
		most += list.p[i] == ',';
	c->probe = malloc((most + 1) * sizeof *c->probe);
	if (!c->probe)
		return lh_nomem(err);
	for (bool more = list.n > 0; !rc && more;) {
		const char *comma = memchr(list.p, ',', list.n);
		size_t len = comma ? (size_t)(comma - list.p) : list.n;
		rc = add_probe(c, (struct lh_str){ list.p, len }, turns, err);
		more = comma != NULL;
		len += more;
		list = (struct lh_str){ list.p + len, list.n - len };
	}
	if (!rc && lh_history_made(&c->made) && !c->probes)
		rc = lh_fail(err, LH_E_DAMAGED, "a condition with a made history has no probed turns");
	return rc;
}

int lh_results_shape(struct lh_condition_results *c, int samples, int turns, struct lh_error *err)
{
	size_t cells = (size_t)samples * (size_t)turns, probed = (size_t)samples * (size_t)c->probes;
	c->samples = samples;
	c->turns = turns;
	c->episodes = lh_history_made(&c->made) ? c->probes : 1;
	size_t episodes = (size_t)samples * (size_t)c->episodes;
	c->outcome = malloc(cells + 1);
	c->unshown = calloc(cells + 1, 1);
	c->exposure = malloc((probed + 1) * sizeof *c->exposure);
	c->totals = calloc(episodes + 1, sizeof *c->totals);
	c->ratio = malloc((episodes + 1) * sizeof *c->ratio);
	c->cause = calloc(episodes + 1, sizeof *c->cause);
	c->extra = calloc(episodes + 1, sizeof *c->extra);
	if (!c->outcome || !c->unshown || !c->exposure || !c->totals || !c->ratio || !c->cause || !c->extra)
		return lh_nomem(err);
	for (size_t i = 0; i < probed; i++)
		c->exposure[i] = NAN;
	for (size_t i = 0; i < episodes; i++)
		c->ratio[i] = NAN;
	memset(c->outcome, LH_UNSEEN, cells);
	return 0;
}

void lh_results_turn(struct lh_condition_results *c, int sample, int turn, enum lh_outcome outcome, bool unshown)
{
	size_t at = (size_t)sample * (size_t)c->turns + (size_t)turn;
	c->outcome[at] = (uint8_t)outcome;
	c->unshown[at] = unshown;
	bool whole = !lh_history_made(&c->made);
	if (whole && (outcome == LH_OUTCOME_OVERFLOW || outcome == LH_OUTCOME_POLICY_ERROR))
		memset(c->outcome + at, (int)outcome, (size_t)(c->turns - turn));
}

int lh_results_probe(const struct lh_condition_results *c, int64_t turn)
{
	int lo = 0, hi = c->probes;
	while (lo < hi) {
		int mid = lo + (hi - lo) / 2;
		if (c->probe[mid] < turn)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < c->probes && c->probe[lo] == turn ? lo : -1;
}

bool lh_results_place(const struct lh_condition_results *c, int64_t sample, int64_t probe, struct lh_place *out)
{
	int k = lh_history_made(&c->made) ? lh_results_probe(c, probe) : probe ? -1 : 0;
	*out = (struct lh_place){ (int)sample, k };
	return sample >= 0 && sample < c->samples && k >= 0;
}

int64_t lh_results_index(const struct lh_results *r, uint64_t sample)
{
	if (r->shards.of)
		return lh_shards_index(&r->shards, sample);
	return sample >= r->first_sample && sample - r->first_sample < INT32_MAX ? (int64_t)(sample - r->first_sample) : -1;
}

uint64_t lh_results_sample(const struct lh_results *r, int64_t index)
{
	return r->shards.of ? lh_shards_sample(&r->shards, index) : r->first_sample + (uint64_t)index;
}

struct lh_grid lh_results_grid(const struct lh_results *r, const struct lh_condition_results *c)
{
	bool made = lh_history_made(&c->made);
	return (struct lh_grid){ .samples = c->samples, .turns = c->turns, .outcome = c->outcome, .unshown = c->unshown,
		.stop_at_error = r->stop_at_error && !made, .steps_per_turn = c->steps_per_turn,
		.probe = made ? c->probe : NULL, .probes = made ? c->probes : 0 };
}

static int add_text(char ***list, int *n, struct lh_str text, struct lh_error *err)
{
	char **p = realloc(*list, (size_t)(*n + 1) * sizeof *p);
	if (!p)
		return lh_nomem(err);
	*list = p;
	p[*n] = lh_str_dup(text);
	return p[*n] ? (++*n, 0) : lh_nomem(err);
}

static void free_texts(char **list, int n)
{
	for (int i = 0; i < n; i++)
		free(list[i]);
	free(list);
}

int lh_results_gate(struct lh_results *r, struct lh_str rule, struct lh_error *err)
{
	return add_text(&r->gate, &r->gates, rule, err);
}

int lh_results_source(struct lh_results *r, struct lh_str experiment, const int *line, int n, struct lh_error *err)
{
	free(r->experiment);
	free(r->gate_line);
	r->experiment = lh_str_dup(experiment);
	r->gate_line = calloc((size_t)r->gates + 1, sizeof *r->gate_line);
	if (!r->experiment || !r->gate_line)
		return lh_nomem(err);
	for (int i = 0; line && i < n && i < r->gates; i++)
		r->gate_line[i] = line[i];
	return 0;
}

int lh_results_note_lines(struct lh_results *r, struct lh_str rest, struct lh_error *err)
{
	while (rest.n) {
		const char *end = memchr(rest.p, '\n', rest.n);
		size_t n = end ? (size_t)(end - rest.p) : rest.n;
		int rc = add_text(&r->note, &r->notes, (struct lh_str){ rest.p, n }, err);
		if (rc)
			return rc;
		n += end != NULL;
		rest = (struct lh_str){ rest.p + n, rest.n - n };
	}
	return 0;
}

int lh_results_note_shards(struct lh_results *r, int64_t total, struct lh_error *err)
{
	struct lh_buf b;
	if (!r->shards.of)
		return 0;
	lh_buf_init(&b, 4096);
	lh_buf_puts(&b, "Only ");
	lh_shards_put(&b, &r->shards);
	lh_buf_printf(&b, ": %lld of %lld samples. `longhaul merge` puts shards together, and gates are decided then.", (long long)lh_shards_samples(&r->shards, total), (long long)total);
	int rc = lh_buf_ok(&b, err);
	if (!rc)
		rc = add_text(&r->note, &r->notes, lh_buf_str(&b), err);
	lh_buf_fini(&b);
	return rc;
}

/* What episodes from this one on said at their end. */
static void free_ends(struct lh_condition_results *c, size_t from)
{
	size_t episodes = (size_t)c->samples * (size_t)c->episodes;
	for (size_t i = from; c->cause && i < episodes; i++)
		free(c->cause[i]);
	for (size_t i = from; c->extra && i < episodes; i++)
		free(c->extra[i]);
}

void lh_results_cut(struct lh_results *r, int n)
{
	for (int i = 0; i < r->conditions; i++) {
		struct lh_condition_results *c = &r->condition[i];
		if (c->samples <= n)
			continue;
		free_ends(c, (size_t)n * (size_t)c->episodes);
		c->samples = n;
	}
}

static void free_condition(struct lh_condition_results *c)
{
	char *texts[] = { c->task, c->task_params, c->model, c->model_options, c->policy, c->policy_options, c->history,
		c->task_label, c->model_label, c->policy_label };
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		free(texts[i]);
	free_ends(c, 0);
	free(c->cause);
	free(c->extra);
	free(c->probe);
	free(c->exposure);
	free(c->ratio);
	free(c->outcome);
	free(c->unshown);
	free(c->totals);
}

void lh_results_free(struct lh_results *r)
{
	if (!r)
		return;
	for (int i = 0; i < r->conditions; i++)
		free_condition(&r->condition[i]);
	free(r->condition);
	free_texts(r->note, r->notes);
	free_texts(r->gate, r->gates);
	free(r->experiment);
	free(r->gate_line);
	lh_results_free(r->baseline);
	free(r->version);
	free(r->config_sha256);
	free(r->started);
	free(r->ended);
	free(r->status);
	free(r->status_cause);
	free(r);
}
