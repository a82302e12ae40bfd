#include "inspect/log_write.h"

#include "transcript/transcript.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PLACES_MAX 50000000              /* forms times messages: of a number each */
#define NOWHERE UINT32_MAX

/* ---- the order ---- */

/* An id that no row has, or the mark that a message was taken out. */
static bool is_no_message(const struct lh_recall_message *m)
{
	return m->role == LH_REMOVED;
}

static size_t slots_of(const struct lh_recall *r)
{
	size_t n = r->mades;
	for (size_t i = 0; i < r->messages; i++)
		if (r->message[i].slot >= (int64_t)n && r->message[i].slot < (int64_t)(r->messages + r->mades))
			n = (size_t)r->message[i].slot + 1;
	return n;
}

/* What stood in each slot at the end. */
static const struct lh_recall_message **record_of(const struct lh_recall *r, size_t slots)
{
	const struct lh_recall_message **slot = calloc(slots + 1, sizeof *slot);
	for (size_t i = 0; slot && i < r->mades; i++)
		slot[i] = &r->made[i];
	for (size_t i = 0; slot && i < r->messages; i++)
		if (r->message[i].slot >= 0 && (size_t)r->message[i].slot < slots)
			slot[r->message[i].slot] = &r->message[i];
	return slot;
}

static uint32_t *rank_of(const struct lh_log_pool *p, const struct lh_recall_message *m)
{
	const struct lh_recall *r = p->recall;
	bool made = r->mades && m >= r->made && m < r->made + r->mades;
	return made ? &p->made_rank[m - r->made] : &p->rank[m - r->message];
}

static void append(struct lh_log_pool *p, const struct lh_recall_message *m)
{
	uint32_t *rank = rank_of(p, m);
	if (is_no_message(m) || *rank != NOWHERE)
		return;
	*rank = p->ranks;
	p->at[p->ranks++] = m;
}

static int order(struct lh_log_pool *p, struct lh_error *err)
{
	const struct lh_recall *r = p->recall;
	size_t all = r->messages + r->mades, slots = slots_of(r);
	p->at = calloc(all + 1, sizeof *p->at);
	p->rank = malloc((r->messages + 1) * sizeof *p->rank);
	p->made_rank = malloc((r->mades + 1) * sizeof *p->made_rank);
	const struct lh_recall_message **slot = record_of(r, slots);
	if (!p->at || !p->rank || !p->made_rank || !slot) {
		free(slot);
		return lh_nomem(err);
	}
	memset(p->rank, 0xFF, (r->messages + 1) * sizeof *p->rank);
	memset(p->made_rank, 0xFF, (r->mades + 1) * sizeof *p->made_rank);
	for (size_t i = 0; i < slots; i++)
		if (slot[i])
			append(p, slot[i]);
	p->record = p->ranks;
	for (size_t i = 0; i < r->mades; i++)
		append(p, &r->made[i]);
	for (size_t i = 0; i < r->messages; i++)
		append(p, &r->message[i]);
	free(slot);
	return 0;
}

/* ---- the forms ---- */

/* Thoughts in tags, found as the request has them left out. */
static bool has_tag_thoughts(const struct lh_recall_message *m, struct lh_buf *scratch)
{
	lh_buf_clear(scratch);
	lh_put_variant(scratch, (enum lh_role)m->role, m->text, LH_NO_TAG_THOUGHTS);
	return scratch->n != m->text.n;
}

static unsigned without_effect(const struct lh_log_pool *p)
{
	struct lh_buf scratch;
	unsigned mute = LH_NO_NATIVE_THOUGHTS | LH_NO_TAG_THOUGHTS | LH_CLEARED | LH_NO_ASSISTANT;     /* the last: what it touches is not sent */
	lh_buf_init(&scratch, 1u << 30);
	for (uint32_t i = 0; i < p->ranks; i++) {
		const struct lh_recall_message *m = p->at[i];
		if (m->thoughts.n)
			mute &= ~(unsigned)LH_NO_NATIVE_THOUGHTS;
		if (m->role == LH_TOOL)
			mute &= ~(unsigned)LH_RESULTS_CLEARED;
		else if (m->calls.n)
			mute &= ~(unsigned)LH_INPUTS_CLEARED;
		if (m->role == LH_ASSISTANT && (mute & LH_NO_TAG_THOUGHTS) && has_tag_thoughts(m, &scratch))
			mute &= ~(unsigned)LH_NO_TAG_THOUGHTS;
	}
	lh_buf_fini(&scratch);
	return mute;
}

static unsigned bits_of(const struct lh_log_pool *p, const struct lh_recall_part *part)
{
	unsigned bits = part->variant & ~p->mute;
	return bits & LH_ANSWER_ONLY ? bits & ~(unsigned)(LH_NO_NATIVE_THOUGHTS | LH_NO_TAG_THOUGHTS) : bits;
}

static bool has_form(const struct lh_log_form *f, unsigned bits, struct lh_str placeholder)
{
	return f->bits == bits && (!(bits & LH_RESULTS_CLEARED) || lh_str_equal(f->placeholder, placeholder));
}

/* likely: that of the message before. */
static struct lh_log_form *find_form(const struct lh_log_pool *p, const struct lh_recall_part *part, struct lh_log_form *likely)
{
	unsigned bits = bits_of(p, part);
	if (likely && has_form(likely, bits, part->placeholder))
		return likely;
	for (size_t i = 0; i < p->forms; i++)
		if (has_form(&p->form[i], bits, part->placeholder))
			return &p->form[i];
	return NULL;
}

static int add_form(struct lh_log_pool *p, const struct lh_recall_part *part, struct lh_log_form **out, struct lh_error *err)
{
	if ((p->forms + 1) * ((size_t)p->ranks + 1) > PLACES_MAX)
		return lh_fail(err, LH_E_LIMIT, "%u messages were sent in more than %zu forms, more than a log holds", p->ranks, p->forms);
	int rc = lh_array_more(&p->form, &p->form_cap, p->forms + 1, sizeof *p->form, err);
	if (rc)
		return rc;
	*out = &p->form[p->forms];
	**out = (struct lh_log_form){ bits_of(p, part), part->placeholder, calloc(p->ranks + 1, sizeof(uint32_t)), 0 };
	if (!(*out)->place)
		return lh_nomem(err);
	p->forms++;
	return 0;
}

static int use(struct lh_log_pool *p, const struct lh_recall_call *call, struct lh_error *err)
{
	const struct lh_recall_part *part;
	struct lh_log_form *f = NULL;
	size_t n;
	int rc = lh_recall_sent(p->recall, call, &p->walk, &part, &n, err);
	for (size_t i = 0; i < n && !rc; i++) {
		f = find_form(p, &part[i], f);
		uint32_t rank = *rank_of(p, part[i].message);
		if (rank == NOWHERE)
			rc = lh_fail(err, LH_E_DAMAGED, "a view names a message that is not there");
		else if (!f)
			rc = add_form(p, &part[i], &f, err);
		if (!rc)
			f->place[rank] = 1;
	}
	return rc;
}

/* Marks become places: the forms one behind another, each in the order of ranks. */
static void number(struct lh_log_pool *p)
{
	uint32_t next = 1;
	for (size_t i = 0; i < p->forms; i++)
		for (uint32_t k = 0; k < p->ranks; k++)
			if (p->form[i].place[k])
				p->form[i].place[k] = next++;
}

int lh_log_pool_open(struct lh_log_pool *p, const struct lh_recall *r, const char *prefix, struct lh_error *err)
{
	*p = (struct lh_log_pool){ .recall = r, .prefix = prefix };
	int rc = order(p, err);
	if (rc)
		return rc;
	p->mute = without_effect(p);
	for (size_t i = 0; i < r->calls && !rc; i++)
		rc = use(p, &r->call[i], err);
	if (!rc)
		number(p);
	return rc;
}

void lh_log_pool_fini(struct lh_log_pool *p)
{
	for (size_t i = 0; i < p->forms; i++)
		free(p->form[i].place);
	free(p->form);
	lh_recall_walk_fini(&p->walk);
	free(p->at);
	free(p->rank);
	free(p->made_rank);
}

/* ---- written ---- */

static int put_one(const struct lh_log_pool *p, struct lh_jw *w, const struct lh_log_form *f, uint32_t rank, const char *model, struct lh_error *err)
{
	char id[160];
	if (f->bits)
		snprintf(id, sizeof id, "%s.m%u.%u", p->prefix, rank, (unsigned)(f - p->form));
	else
		snprintf(id, sizeof id, "%s.m%u", p->prefix, rank);
	return lh_log_put_message(w, p->at[rank], &(struct lh_log_form_of){ f->bits, f->placeholder }, lh_str_of(id), model, err);
}

int lh_log_pool_put_message(const struct lh_log_pool *p, struct lh_jw *w, const struct lh_recall_message *m, const char *model, struct lh_error *err)
{
	static const struct lh_log_form whole = { .bits = 0 };
	uint32_t rank = *rank_of(p, m);
	if (rank == NOWHERE)
		return lh_fail(err, LH_E_DAMAGED, "a call's reply is not there");
	return put_one(p, w, &whole, rank, model, err);
}

int lh_log_pool_put(const struct lh_log_pool *p, struct lh_jw *w, const char *model, struct lh_error *err)
{
	int rc = 0;
	lh_jw_open(w, '[');
	for (size_t i = 0; i < p->forms; i++)
		for (uint32_t k = 0; k < p->ranks && !rc; k++)
			if (p->form[i].place[k])
				rc = put_one(p, w, &p->form[i], k, model, err);
	lh_jw_close(w);
	return rc;
}

static void put_range(struct lh_jw *w, uint32_t from, uint32_t to)
{
	if (from == to)
		return;
	lh_jw_open(w, '[');
	lh_jw_int(w, from);
	lh_jw_int(w, to);
	lh_jw_close(w);
}

int lh_log_pool_refs(struct lh_log_pool *p, struct lh_jw *w, const struct lh_recall_call *call, struct lh_error *err)
{
	const struct lh_recall_part *part;
	struct lh_log_form *f = NULL;
	size_t n;
	uint32_t from = 0, to = 0;               /* a range of places, from 0, its end exclusive */
	int rc = lh_recall_sent(p->recall, call, &p->walk, &part, &n, err);
	if (rc)
		return rc;
	lh_jw_open(w, '[');
	for (size_t i = 0; i < n; i++) {
		f = find_form(p, &part[i], f);
		uint32_t place = f->place[*rank_of(p, part[i].message)] - 1;
		if (place != to) {
			put_range(w, from, to);
			from = place;
		}
		to = place + 1;
	}
	put_range(w, from, to);
	lh_jw_close(w);
	return 0;
}
