/* Which episode is next, which are open, and which a resumed run has done already. */
#include "run/desk_impl.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- a resumed run ---- */

struct reading { struct lh_desk *d; struct lh_reader *reader; int64_t run; int *turns; struct lh_condition_results *c; struct lh_place at; int condition; };

/* The turn that an episode asks; 0: all. */
static int probe_of(const struct lh_condition_results *c, int k)
{
	return lh_history_made(&c->made) ? c->probe[k] : 0;
}

/* Where an episode stands in the order of all; -1: it is not asked for now. */
static int64_t place_of(const struct lh_desk *d, const struct lh_episode_row *e, struct lh_place *at)
{
	const struct lh_outline *o = d->s.outline;
	if (e->condition < 0 || e->condition >= o->conditions ||
		!lh_results_place(&d->results->condition[e->condition], e->sample < 0 ? -1 : lh_results_index(d->results, (uint64_t)e->sample), e->probe, at))
		return -1;
	int64_t before = 0;
	for (int i = 0; i < e->condition; i++)
		before += d->results->condition[i].episodes;
	return (int64_t)at->sample * d->episodes + before + at->k;
}

static int fold_call(void *user, const void *row, struct lh_error *err)
{
	struct reading *g = user;
	return lh_fold_call(g->c, g->at, g->turns, row, err);
}

/* A budget is the run's, not the invocation's. */
static int count_spent(void *user, const void *row, struct lh_error *err)
{
	struct lh_spent *s = &((struct reading *)user)->d->before;
	const struct lh_call_row *c = row;
	(void)err;
	s->calls += c->attempts;
	s->tokens += c->tokens_in + c->tokens_out;
	s->microusd += c->cost_microusd;
	return 0;
}

/* An episode that ended for good counts as it stands; one that a failure of the network ended is asked again. */
static bool is_final(struct lh_str status)
{
	return lh_str_is(status, "done") || lh_str_is(status, "policy_error") || lh_str_is(status, "plugin_crash");
}

static int take_up(void *user, const void *row, struct lh_error *err)
{
	struct reading *g = user;
	struct lh_desk *d = g->d;
	const struct lh_episode_row *e = row;
	const struct lh_outline *o = d->s.outline;
	int64_t at = place_of(d, e, &g->at);
	if (at < 0)
		return 0;
	bool superseded = lh_str_is(e->status, LH_SUPERSEDED);
	int rc = d->block && o->condition[e->condition].live ? lh_reader_calls(g->reader, e->id, count_spent, g, err) : 0;
	if (!superseded)
		d->known_id[at] = e->id;
	if (rc || (!superseded && !is_final(e->status)))
		return rc;
	g->c = &d->results->condition[e->condition];
	int begun = lh_fold_begin(g->c, g->at), turns = begun;
	g->turns = superseded ? NULL : &turns;
	rc = lh_reader_calls(g->reader, e->id, fold_call, g, err);
	if (rc || superseded)
		return rc;
	d->finished[at] = 1;
	if (o->condition[e->condition].live && turns > begun)
		d->line[o->condition[e->condition].model_index].proven = true;
	d->ended++;
	d->turns += turns - begun;
	rc = lh_fold_end(g->c, g->at, turns, e, err);
	if (!rc)
		lh_agenda_look(d, g->at.sample);
	return rc;
}

static int read_back(struct lh_desk *d, struct lh_error *err)
{
	struct reading g = { .d = d, .run = d->results->run };
	d->known_id = calloc((size_t)d->all + 1, sizeof *d->known_id);
	d->finished = calloc((size_t)d->all + 1, 1);
	if (!d->known_id || !d->finished)
		return lh_nomem(err);
	int rc = lh_reader_open(d->path, &g.reader, err);
	if (!rc)
		rc = lh_reader_episodes(g.reader, d->results->run, take_up, &g, err);
	lh_reader_close(g.reader);
	d->spent = d->before;
	return rc ? rc : lh_journal_next_episode(d->journal, &d->free_id, err);
}

/* ---- slots ---- */

struct lh_open *lh_agenda_at(struct lh_desk *d, uint32_t slot)
{
	return slot < d->slots && d->open[slot].used ? &d->open[slot] : NULL;
}

struct lh_open *lh_agenda_find(struct lh_desk *d, int64_t episode)
{
	for (size_t i = 0; i < d->slots; i++)
		if (d->open[i].used && d->open[i].id == episode)
			return &d->open[i];
	return NULL;
}

static int take_slot(struct lh_desk *d, uint32_t *slot, struct lh_error *err)
{
	if (d->free_slots) {
		*slot = d->free_slot[--d->free_slots];
		return 0;
	}
	size_t had = d->slots, cap = d->slots;
	int rc = lh_array_more(&d->open, &cap, had + 1, sizeof *d->open, err);
	if (rc || lh_array_more(&d->free_slot, &d->free_cap, cap, sizeof *d->free_slot, err))
		return LH_E_NOMEM;
	memset(d->open + had, 0, (cap - had) * sizeof *d->open);
	d->slots = cap;
	for (size_t i = cap; i > had + 1; i--)
		d->free_slot[d->free_slots++] = (uint32_t)i - 1;
	*slot = (uint32_t)had;
	return 0;
}

void lh_agenda_ended(struct lh_desk *d, uint32_t slot)
{
	struct lh_open *o = &d->open[slot];
	lh_budget_block(d, o->sample, -1);
	lh_recorded_free(o->recorded);
	*o = (struct lh_open){ 0 };
	d->free_slot[d->free_slots++] = slot;
	d->opened--;
	d->ended++;
}

/* What the signal of a user has begun to end is not called done. */
void lh_agenda_look(struct lh_desk *d, int sample)
{
	if (!d->sequence)
		return;
	lh_sequence_ended(d->sequence, sample);
	if (lh_sequence_decided(d->sequence) && d->stop != LH_STOP_SIGNAL) {
		d->stop = LH_STOP_DECIDED;
		d->cause[0] = 0;
	}
}

/* ---- the next one ---- */

/* What a conversation cost that is begun again counts all the same. */
static int fold_cost(struct lh_desk *d, const struct lh_open *o, struct lh_error *err)
{
	struct reading g = { .d = d, .c = &d->results->condition[o->condition], .at = o->at };
	int rc = lh_reader_open(d->path, &g.reader, err);
	if (!rc)
		rc = lh_reader_calls(g.reader, o->id, fold_call, &g, err);
	lh_reader_close(g.reader);
	return rc;
}

static int fold_if_superseded(void *user, const void *row, struct lh_error *err)
{
	struct reading *g = user;
	const struct lh_episode_row *e = row;
	struct lh_place at;
	bool it = e->condition == g->condition && lh_str_is(e->status, LH_SUPERSEDED) && place_of(g->d, e, &at) >= 0 &&
		at.sample == g->at.sample && at.k == g->at.k;
	return it ? lh_reader_calls(g->reader, e->id, fold_call, g, err) : 0;
}

/* The same for all that were begun before it, once the sample's sums have been cleared. */
static int fold_costs_before(struct lh_desk *d, const struct lh_open *o, struct lh_error *err)
{
	struct reading g = { .d = d, .c = &d->results->condition[o->condition], .at = o->at, .condition = o->condition };
	int rc = lh_reader_open(d->path, &g.reader, err);
	if (!rc)
		rc = lh_reader_episodes(g.reader, d->results->run, fold_if_superseded, &g, err);
	lh_reader_close(g.reader);
	return rc;
}

static bool keeps_context(const struct lh_desk *d, const struct lh_open *o)
{
	const struct lh_outline_condition *c = &d->s.outline->condition[o->condition];
	return c->live && lh_model_keeps_context(d->line[c->model_index].model);
}

/* What stands in the file of an episode that was begun before: its replies, or, of an agent that keeps its own
 * context, nothing that could be gone on from. */
static int take_over(struct lh_desk *d, struct lh_open *o, struct lh_error *err)
{
	const struct lh_outline_condition *c = &d->s.outline->condition[o->condition];
	if (!c->live)                    /* it is computed again: nothing was paid for */
		return 0;
	if (!keeps_context(d, o)) {
		int loaded = lh_recorded_load(d, o->id, &o->recorded, err);
		d->line[c->model_index].proven |= !loaded && o->recorded != NULL;
		return loaded;
	}
	int rc = lh_journal_supersede(d->journal, o->id, err);
	if (!rc)
		rc = fold_cost(d, o, err);
	o->id = d->free_id++;
	return rc;
}

static int64_t id_of(struct lh_desk *d, int64_t place)
{
	if (!d->known_id)
		return d->first_episode + place;
	return d->known_id[place] ? d->known_id[place] : d->free_id++;
}

int64_t lh_agenda_next(const struct lh_desk *d)
{
	int64_t next = d->next;
	while (d->finished && next < d->all && d->finished[next])
		next++;
	return next;
}

int lh_desk_next(struct lh_desk *d, struct lh_seat *out, bool *any, struct lh_error *err)
{
	*any = false;
	d->next = lh_agenda_next(d);
	if (d->next >= d->all || d->stop)
		return 0;
	const struct lh_which *w = &d->which[d->next % d->episodes];
	int index = (int)(d->next / d->episodes);
	uint64_t sample = lh_results_sample(d->results, index);
	if (!lh_budget_admits(d, sample))
		return 0;
	uint32_t slot;
	int rc = take_slot(d, &slot, err);
	if (rc)
		return rc;
	struct lh_open *o = &d->open[slot];
	bool begun = d->known_id && d->known_id[d->next];
	*o = (struct lh_open){ .used = true, .condition = w->condition, .at = { index, w->k }, .sample = sample, .id = id_of(d, d->next) };
	o->turns = lh_fold_begin(&d->results->condition[w->condition], o->at);
	d->next++;
	d->opened++;
	lh_budget_block(d, sample, 1);
	if (begun && (rc = take_over(d, o, err)))
		return rc;
	*out = (struct lh_seat){ slot, o->condition, (uint32_t)w->probe, sample, o->id };
	*any = true;
	return 0;
}

bool lh_desk_holds(const struct lh_desk *d, uint32_t slot)
{
	return slot < d->slots && d->open[slot].used;
}

int lh_desk_again(struct lh_desk *d, uint32_t slot, int64_t *id, struct lh_error *err)
{
	struct lh_open *o = lh_agenda_at(d, slot);
	const struct lh_outline_condition *c = &d->s.outline->condition[o->condition];
	int rc = lh_kept_write_slot(d, slot, err);
	if (rc)
		return rc;
	lh_orders_forget(d, slot);
	lh_recorded_free(o->recorded);
	o->recorded = NULL;
	struct lh_condition_results *results = &d->results->condition[o->condition];
	lh_fold_clear(results, o->at);
	d->turns -= o->turns - lh_fold_begin(results, o->at);
	o->turns = lh_fold_begin(results, o->at);
	rc = lh_desk_commit(d, err);             /* a reader sees what is committed */
	if (rc || !d->journal || !c->live)
		return rc;
	rc = keeps_context(d, o) ? fold_costs_before(d, o, err) : 0;
	if (!rc)
		rc = take_over(d, o, err);
	*id = o->id;
	return rc;
}

int lh_desk_give_up(struct lh_desk *d, uint32_t slot, const char *cause, bool stalled, struct lh_error *err)
{
	struct lh_open *o = lh_agenda_at(d, slot);
	lh_orders_forget(d, slot);
	d->gave_up = true;
	o->stalled = stalled;
	struct lh_episode_row row = { .id = o->id, .condition = o->condition, .sample = (int64_t)o->sample,
		.probe = probe_of(&d->results->condition[o->condition], o->at.k), .status = LH_STR("plugin_crash"), .cause = lh_str_of(cause), .history_hash = -1, .history_ratio = NAN };
	return d->outlet.episode(d, slot, &row, err);
}

int64_t lh_desk_open_episodes(const struct lh_desk *d) { return d->opened; }

bool lh_desk_exhausted(const struct lh_desk *d)
{
	return lh_agenda_next(d) >= d->all || d->stop;
}

/* What is run of each sample: its conditions in order, and of one with a made history each probed turn. */
static int list_episodes(struct lh_desk *d, struct lh_error *err)
{
	const struct lh_results *r = d->results;
	size_t n = 0;
	for (int i = 0; i < r->conditions; i++)
		n += (size_t)r->condition[i].episodes;
	d->which = calloc(n + 1, sizeof *d->which);
	if (!d->which)
		return lh_nomem(err);
	for (int i = 0; i < r->conditions; i++)
		for (int k = 0; k < r->condition[i].episodes; k++)
			d->which[d->episodes++] = (struct lh_which){ i, k, probe_of(&r->condition[i], k) };
	return 0;
}

int lh_agenda_init(struct lh_desk *d, struct lh_error *err)
{
	int rc = list_episodes(d, err);
	if (rc)
		return rc;
	d->all = (int64_t)d->results->planned * d->episodes;
	if (d->journal && d->s.experiment->resume)
		return read_back(d, err);
	d->first_episode = 1;
	rc = d->journal ? lh_journal_next_episode(d->journal, &d->first_episode, err) : 0;
	d->free_id = d->first_episode + d->all;
	return rc;
}

void lh_agenda_fini(struct lh_desk *d)
{
	for (size_t i = 0; i < d->slots; i++)
		lh_recorded_free(d->open[i].recorded);
	free(d->open);
	free(d->free_slot);
	free(d->which);
	free(d->known_id);
	free(d->finished);
}
