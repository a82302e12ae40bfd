#include "ms_talk.h"

#include "json/reader.h"
#include "run/spec.h"

#include <stdlib.h>
#include <string.h>

#define BUCKETS 4096u
#define TALKS 16                         /* conversations kept of one sample: conditions that run at once */
#define MODELS 64

struct ms_talk {
	struct lh_transcript *transcript;
	bool shows_last;                 /* its requests show the reply before the current prompt */
	struct ms_talk *next;
};

struct mind_model { char *spec; struct lh_model *model; struct lh_model_episode *episode; int64_t max_tokens; };

struct ms_mind {
	struct lh_registry *registry;
	struct lh_taskset *task;
	uint32_t steps_per_turn, keep, count;
	struct mind_model model[MODELS];         /* [0]: of the command line */
	int models;
	struct ms_known *bucket[BUCKETS], *newest, *oldest;
	struct ms_match match;
	struct lh_buf scratch;
};

/* ---- models ---- */

static void close_model(struct mind_model *m)
{
	lh_model_end(m->episode);
	lh_model_free(m->model);
	free(m->spec);
	*m = (struct mind_model){ 0 };
}

static int64_t limit_of(const struct lh_model *m)
{
	struct lh_json *json = NULL;
	int64_t limit = 0;
	if (!lh_json_parse(lh_model_options_json(m), "options", 1, &json, NULL) && !lh_json_int(lh_json_get(json, "max_tokens"), &limit))
		limit = 0;
	lh_json_free(json);
	return limit;
}

static int open_model(struct mind_model *m, struct lh_str text, struct lh_error *err)
{
	struct lh_spec s = { 0 };
	struct lh_model_setting setting = { 0 };
	int rc = lh_spec_parse(text, "model", &s, err);
	if (!rc && !lh_str_is(s.name, "sim"))
		rc = lh_fail(err, LH_E_USAGE, "this server simulates: write sim:accuracy=0.97, not %.*s", LH_ARG(text));
	if (!rc)
		rc = lh_model_open(s.name, s.bare, s.key, s.value, s.count, NULL, &m->model, err);
	if (!rc)
		rc = lh_model_begin(m->model, &setting, &m->episode, err);
	lh_spec_fini(&s);
	if (!rc && !(m->spec = lh_str_dup(text)))
		rc = lh_nomem(err);
	if (rc)
		close_model(m);
	else
		m->max_tokens = limit_of(m->model);
	return rc;
}

/* The model that a request names, where its name is a spec of one. */
static int find_model(struct ms_mind *m, struct lh_str name, struct mind_model **out, struct lh_error *err)
{
	*out = &m->model[0];
	if (name.n < 3 || memcmp(name.p, "sim", 3))
		return 0;
	for (int i = 1; i < m->models; i++)
		if (lh_str_is(name, m->model[i].spec)) {
			*out = &m->model[i];
			return 0;
		}
	if (m->models == MODELS)
		close_model(&m->model[--m->models]);
	int rc = open_model(&m->model[m->models], name, err);
	if (!rc)
		*out = &m->model[m->models++];
	return rc;
}

/* ---- samples ---- */

static void free_talk(struct ms_talk *t)
{
	lh_transcript_free(t->transcript);
	free(t);
}

static struct ms_known **bucket_of(struct ms_mind *m, uint64_t seed, uint64_t sample)
{
	return &m->bucket[lh_random_mix(seed, sample) % BUCKETS];
}

static void unlink_known(struct ms_mind *m, struct ms_known *k)
{
	*(k->newer ? &k->newer->older : &m->newest) = k->older;
	*(k->older ? &k->older->newer : &m->oldest) = k->newer;
}

static void put_first(struct ms_mind *m, struct ms_known *k)
{
	k->newer = NULL;
	k->older = m->newest;
	*(m->newest ? &m->newest->newer : &m->oldest) = k;
	m->newest = k;
}

static void forget(struct ms_mind *m, struct ms_known *k)
{
	struct ms_known **at = bucket_of(m, k->seed, k->index);
	while (*at != k)
		at = &(*at)->next;
	*at = k->next;
	unlink_known(m, k);
	while (k->talks) {
		struct ms_talk *t = k->talks;
		k->talks = t->next;
		free_talk(t);
	}
	ms_known_free(k);
	m->count--;
}

/* As told, or as the request's last prompt says. */
static int find_steps(struct ms_mind *m, const struct ms_ask *ask, uint32_t *out, struct lh_error *err)
{
	struct lh_str last = LH_STR("");
	for (size_t i = 0; i < ask->parts; i++)
		last = ask->part[i].role == LH_USER ? ask->part[i].text : last;
	*out = m->steps_per_turn;
	int rc = *out ? 0 : ms_known_steps(m->task, ask->seed, ask->sample, last, out, err);
	return rc || *out ? rc : lh_fail(err, LH_E_DATA, "the request ends with no first prompt of sample %llu", (unsigned long long)ask->sample);
}

static int find_known(struct ms_mind *m, const struct ms_ask *ask, struct ms_known **out, struct lh_error *err)
{
	struct ms_known **bucket = bucket_of(m, ask->seed, ask->sample), *k = *bucket;
	uint32_t steps;
	int rc = find_steps(m, ask, &steps, err);
	if (rc)
		return rc;
	while (k && (k->seed != ask->seed || k->index != ask->sample))
		k = k->next;
	if (k && k->steps_per_turn != steps) {   /* of another search */
		forget(m, k);
		k = NULL;
	}
	if (k) {
		unlink_known(m, k);
	} else {
		rc = ms_known_new(m->task, ask->seed, ask->sample, steps, &k, err);
		if (rc)
			return rc;
		k->next = *bucket;
		*bucket = k;
		m->count++;
	}
	put_first(m, k);
	if (m->count > m->keep)
		forget(m, m->oldest);
	*out = k;
	return 0;
}

/* ---- conversations ---- */

/* How the record's reply is shown in a request; false: it is not that reply. */
static bool shown_as(struct ms_mind *m, const struct lh_transcript *t, uint32_t id, struct ms_item *item)
{
	static const unsigned ways[] = { 0, LH_NO_NATIVE_THOUGHTS, LH_NO_TAG_THOUGHTS, LH_NO_NATIVE_THOUGHTS | LH_NO_TAG_THOUGHTS, LH_ANSWER_ONLY };
	struct lh_str text = lh_transcript_text(t, id), thoughts = lh_transcript_thoughts(t, id);
	for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
		bool bare = ways[i] & (LH_NO_NATIVE_THOUGHTS | LH_ANSWER_ONLY);
		struct lh_str as = text;
		if (ways[i] & ~(unsigned)LH_NO_NATIVE_THOUGHTS) {
			lh_buf_clear(&m->scratch);
			lh_put_variant(&m->scratch, LH_ASSISTANT, text, ways[i]);
			as = lh_buf_str(&m->scratch);
		}
		if (lh_str_equal(as, item->text) && lh_str_equal(bare ? LH_STR("") : thoughts, item->thoughts)) {
			item->variant = ways[i];
			return true;
		}
	}
	return false;
}

/* Was this conversation, so far as it goes, what the request shows? */
static bool goes_on(struct ms_mind *m, const struct lh_transcript *t)
{
	for (size_t i = m->match.items; i-- > 0;) {
		struct ms_item *item = &m->match.item[i];
		item->variant = 0;
		if (item->kind == MS_TURN && item->replied && item->turn < lh_transcript_turn(t)
			&& !shown_as(m, t, lh_transcript_id(t, 2 * item->turn), item))
			return false;
	}
	return true;
}

static int new_talk(struct ms_known *k, struct ms_talk **out, struct lh_error *err)
{
	struct ms_talk *t = calloc(1, sizeof *t);
	if (!t)
		return lh_nomem(err);
	int rc = lh_transcript_new(k->sample, k->steps_per_turn, &t->transcript, err);
	if (rc) {
		free(t);
		return rc;
	}
	t->next = k->talks;
	k->talks = *out = t;
	struct ms_talk *last = t;
	for (int n = 1; n < TALKS && last->next; n++)
		last = last->next;
	if (last->next) {
		free_talk(last->next);
		last->next = NULL;
	}
	return 0;
}

/* The one that goes furthest; requests that hide the latest reply keep to conversations of their kind,
 * else two policies on one sample would spoil each other's at every turn. */
static int find_talk(struct ms_mind *m, struct ms_known *k, uint32_t turn, bool shows_last, struct ms_talk **out, struct lh_error *err)
{
	struct ms_talk **best = NULL;
	for (struct ms_talk **at = &k->talks; *at; at = &(*at)->next) {
		const struct lh_transcript *t = (*at)->transcript;
		uint32_t turns = lh_transcript_turn(t);
		if (turns > turn || (best && turns <= lh_transcript_turn((*best)->transcript)) || (turns > 1 && (*at)->shows_last != shows_last))
			continue;
		if (goes_on(m, t))
			best = at;
	}
	int rc = best ? 0 : new_talk(k, out, err);
	if (best) {
		*out = *best;
		*best = (*out)->next;
		(*out)->next = k->talks;
		k->talks = *out;
	}
	if (!rc && !goes_on(m, (*out)->transcript))      /* how replies are shown is noted for the chosen one */
		return lh_fail(err, LH_E_INTERNAL, "a conversation was lost");
	return rc;
}

static const struct ms_item *item_of(const struct ms_match *m, uint32_t turn, size_t *from)
{
	for (; *from < m->items; ++*from) {
		const struct ms_item *i = &m->item[*from];
		if (i->kind == MS_TURN && i->turn >= turn)
			return i->turn == turn && i->replied ? i : NULL;
	}
	return NULL;
}

/* Ends turns with the replies that are shown, and begins new ones, up to `turn`. */
static int extend(struct lh_transcript *t, const struct ms_match *m, uint32_t turn, struct lh_error *err)
{
	size_t from = 0;
	int rc = 0;
	for (uint32_t at = lh_transcript_turn(t); at < turn && !rc; at++) {
		const struct ms_item *i = at ? item_of(m, at, &from) : NULL;
		uint32_t id = 0;
		if (at)
			rc = lh_transcript_add_reply(t, i ? i->text : LH_STR(""), i ? i->thoughts : LH_STR(""), &id, err);
		if (at && !rc)
			rc = lh_transcript_accept(t, id, err);
		if (!rc)
			rc = lh_transcript_begin_turn(t, err);
	}
	return rc;
}

/* ---- the view ---- */

static int put_piece(struct lh_view *v, struct lh_piece p, struct lh_error *err)
{
	struct lh_piece *last = v->n ? &v->piece[v->n - 1] : NULL;
	if (last && !last->own && !p.own && last->to == p.from && last->variant == p.variant) {
		last->to = p.to;
		return 0;
	}
	int rc = lh_view_append(v, 0, err);
	if (!rc)
		v->piece[v->n - 1] = p;
	return rc;
}

static int put_item(struct lh_view *v, struct lh_transcript *t, const struct ms_item *i, struct lh_error *err)
{
	uint32_t id = 0, at = 2 * i->turn - 1, to = i->turn == lh_transcript_turn(t) ? at + 1 : at + 2;
	if (i->kind == MS_INSTRUCTIONS)
		return put_piece(v, (struct lh_piece){ .from = 0, .to = 1 }, err);
	if (i->kind == MS_TURN)
		return put_piece(v, (struct lh_piece){ .from = at, .to = to,
			.variant = (uint16_t)(i->replied || to == at + 1 ? i->variant : LH_NO_ASSISTANT) }, err);
	int rc = lh_transcript_own(t, i->role, i->text, &id, err);
	return rc ? rc : put_piece(v, (struct lh_piece){ .from = id, .own = true }, err);
}

static int make_view(struct lh_view *v, struct lh_transcript *t, const struct ms_match *m, struct lh_error *err)
{
	int rc = 0;
	v->edits = lh_transcript_edits(t);
	for (size_t i = 0; i < m->items && !rc; i++)
		rc = put_item(v, t, &m->item[i], err);
	return rc;
}

/* What run/episode.c hands to a model. */
static int call(const struct mind_model *model, struct lh_transcript *t, const struct lh_view *v, const struct ms_ask *ask,
	struct lh_reply *reply, struct lh_error *err)
{
	struct lh_view_size size;
	struct lh_exposure exposure;
	struct lh_call_options options = ask->options;
	if (model->max_tokens && (!options.max_tokens || options.max_tokens > model->max_tokens))
		options.max_tokens = 0;          /* clients must name a limit in some formats: the model's own is the smaller */
	lh_view_measure(v, t, &size);
	lh_view_exposure(v, t, &exposure);
	struct lh_model_request q = { .transcript = t, .view = v, .options = &options, .size = &size, .exposure = &exposure,
		.view_hash = lh_view_hash(v, t), .seed = ask->seed, .sample = ask->sample, .turn = ask->turn, .seq = ask->call };
	return lh_model_call(model->model, model->episode, &q, reply, err);
}

/* Is the reply before the current prompt shown? */
static bool shows_last(const struct ms_match *m, uint32_t turn)
{
	for (size_t i = m->items; i-- > 0;)
		if (m->item[i].kind == MS_TURN && m->item[i].turn < turn)
			return m->item[i].turn == turn - 1 && m->item[i].replied;
	return false;
}

int ms_mind_answer(struct ms_mind *m, const struct ms_ask *ask, struct lh_reply *reply, struct lh_error *err)
{
	struct mind_model *model;
	struct ms_known *k;
	struct ms_talk *talk = NULL;
	int rc = find_model(m, ask->model, &model, err);
	if (!rc)
		rc = find_known(m, ask, &k, err);
	if (!rc)
		rc = ms_match_request(&m->match, ask, k, err);
	if (rc)
		return rc;
	bool shows = shows_last(&m->match, ask->turn);
	rc = find_talk(m, k, ask->turn, shows, &talk, err);
	if (rc)
		return rc;
	struct lh_view view;
	lh_view_init(&view);
	rc = extend(talk->transcript, &m->match, ask->turn, err);
	talk->shows_last = shows;
	if (!rc)
		rc = make_view(&view, talk->transcript, &m->match, err);
	if (!rc)
		rc = call(model, talk->transcript, &view, ask, reply, err);
	lh_view_fini(&view);
	if (rc)                                  /* it may have stopped half way */
		forget(m, k);
	return rc;
}

/* ---- opening ---- */

static int open_task(struct ms_mind *m, const char *text, struct lh_error *err)
{
	struct lh_spec s = { 0 };
	const struct lh_family *family = NULL;
	int rc = lh_registry_new(&m->registry, err);
	if (!rc)
		rc = lh_spec_parse(lh_str_of(text), "task", &s, err);
	if (!rc)
		rc = lh_registry_find(m->registry, s.name, &family, err);
	if (!rc)
		rc = lh_taskset_open(family, s.key, s.value, s.count, NULL, &m->task, err);
	lh_spec_fini(&s);
	return rc;
}

int ms_mind_new(const struct ms_mind_settings *s, struct ms_mind **out, struct lh_error *err)
{
	*out = NULL;
	struct ms_mind *m = calloc(1, sizeof *m);
	if (!m)
		return lh_nomem(err);
	m->steps_per_turn = s->steps_per_turn;
	m->keep = s->keep ? s->keep : 1;
	lh_buf_init(&m->scratch, 64u << 20);
	int rc = open_task(m, s->task, err);
	if (!rc)
		rc = open_model(&m->model[0], lh_str_of(s->sim), err);
	if (rc) {
		ms_mind_free(m);
		return rc;
	}
	m->models = 1;
	*out = m;
	return 0;
}

void ms_mind_free(struct ms_mind *m)
{
	if (!m)
		return;
	while (m->oldest)
		forget(m, m->oldest);
	for (int i = 0; i < m->models; i++)
		close_model(&m->model[i]);
	ms_match_fini(&m->match);
	lh_buf_fini(&m->scratch);
	lh_taskset_free(m->task);
	lh_registry_free(m->registry);
	free(m);
}
