/* support/dataset_book.c - the words and rollouts of a data set, kept and checked.
 *
 * The dictionary may come after the rollouts, so words are numbered as they are met, and what a rollout
 * claims (values, output) is checked as soon as the dictionary is known: at the rollout's end, or at the
 * end of the file. */
#include "support/dataset_reader.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WORDS_MAX (1u << 20)             /* entries of a dictionary */
#define ROLLOUTS_MAX (1u << 24)

const char *const fam_column_name[COLUMNS] = { "input", "values", "output" };

/* ---- Messages ---------------------------------------------------------------------------------- */

static uint64_t line_at(struct lh_text text, size_t offset)
{
	uint64_t line = 1;
	for (size_t i = 0; i < offset && i < text.size; i++)
		line += text.bytes[i] == '\n';
	return line;
}

int fam_reader_stop(struct fam_reader *r, const char *fmt, ...)
{
	char why[512];
	va_list args;
	va_start(args, fmt);
	vsnprintf(why, sizeof why, fmt, args);
	va_end(args);
	size_t offset = r->ended ? r->text.size : r->yajl ? yajl_get_bytes_consumed(r->yajl) : 0;
	if (r->yajl && !r->failed)
		fam_fail(r->host, "%s=%s: line %llu (byte %zu): %s", r->name, r->path,
			(unsigned long long)line_at(r->text, offset), offset, why);
	else if (!r->failed)
		fam_fail(r->host, "%s=%s: %s", r->name, r->path, why);
	r->failed = true;
	return 0;
}

int fam_reader_no_memory(struct fam_reader *r)
{
	return fam_reader_stop(r, "out of memory");
}

bool fam_reader_room(void **p, uint64_t n, uint64_t *cap, size_t size)
{
	if (n < *cap)
		return true;
	uint64_t more = *cap ? 2 * *cap : 64;
	void *q = realloc(*p, more * size);
	if (!q)
		return false;
	*p = q;
	*cap = more;
	return true;
}

/* ---- Words ------------------------------------------------------------------------------------- */

static uint64_t hash_of(const char *p, size_t n)
{
	uint64_t h = 0xCBF29CE484222325u;        /* FNV-1a */
	for (size_t i = 0; i < n; i++)
		h = (h ^ (unsigned char)p[i]) * 0x100000001B3u;
	return h ^ h >> 29;
}

static uint32_t *slot(struct fam_reader *r, const char *p, size_t n)
{
	for (uint64_t i = hash_of(p, n); ; i++) {
		uint32_t *s = &r->table[i & (r->table_size - 1)];
		if (*s == 0 || (r->word[*s - 1].size == n && memcmp(r->word[*s - 1].text, p, n) == 0))
			return s;
	}
}

static bool grow_table(struct fam_reader *r)
{
	uint32_t size = r->table_size ? 2 * r->table_size : 1024;
	uint32_t *table = calloc(size, sizeof *table);
	if (!table)
		return false;
	free(r->table);
	r->table = table;
	r->table_size = size;
	for (uint32_t i = 0; i < r->words; i++)
		*slot(r, r->word[i].text, r->word[i].size) = i + 1;
	return true;
}

static int add_word(struct fam_reader *r, const char *p, size_t n, uint32_t *out)
{
	struct lh_text t = { p, n };
	const char *fault = fam_key_fault(t);
	if (fault)
		return fam_reader_stop(r, "the key '%.*s' %s", (int)(n < 64 && fam_is_text(t) ? n : 0), p, fault);
	if (r->words == WORDS_MAX)
		return fam_reader_stop(r, "more than %u different keys", WORDS_MAX);
	uint64_t cap = r->word_cap;
	char *text = malloc(n + 1);
	if (!text || !fam_reader_room((void **)&r->word, r->words, &cap, sizeof *r->word)) {
		free(text);
		return fam_reader_no_memory(r);
	}
	r->word_cap = (uint32_t)cap;
	memcpy(text, p, n);
	text[n] = 0;
	*out = r->words;
	r->word[r->words++] = (struct word){ .text = text, .size = (uint32_t)n };
	return 1;
}

int fam_reader_word(struct fam_reader *r, const char *p, size_t n, uint32_t *out)
{
	if (r->words >= r->table_size / 2 && !grow_table(r))
		return fam_reader_no_memory(r);
	uint32_t *s = slot(r, p, n);
	if (*s) {
		*out = *s - 1;
		return 1;
	}
	if (!add_word(r, p, n, out))
		return 0;
	*s = *out + 1;
	return 1;
}

/* ---- Checking a rollout ------------------------------------------------------------------------ */

static int check_lengths(struct fam_reader *r, uint64_t i, const struct claims *c)
{
	for (int k = VALUES; k < COLUMNS; k++)
		if (c->column[k].n != c->keys)
			return fam_reader_stop(r, "rollout %llu: input has %llu steps, %s has %llu: they must be as many", (unsigned long long)i,
				(unsigned long long)c->keys, fam_column_name[k], (unsigned long long)c->column[k].n);
	return 1;
}

static int check_rollout(struct fam_reader *r, uint64_t i, struct claims *c)
{
	int64_t total = 0;
	for (uint64_t s = 0; s < c->keys; s++) {
		const struct word *w = &r->word[c->key[s]];
		int64_t value = c->has_own ? w->own_value : w->value;
		if (!c->has_own && !w->defined)
			return fam_reader_stop(r, "rollout %llu, step %llu: the key '%s' is not in the dictionary", (unsigned long long)i, (unsigned long long)s, w->text);
		if (c->column[VALUES].v[s] != value)
			return fam_reader_stop(r, "rollout %llu, step %llu: values has %lld, but the dictionary says '%s' is %lld", (unsigned long long)i,
				(unsigned long long)s, (long long)c->column[VALUES].v[s], w->text, (long long)value);
		total = fam_add(total, value);
		if (c->column[OUTPUT].v[s] != total)
			return fam_reader_stop(r, "rollout %llu, step %llu: output has %lld, but the running total is %lld", (unsigned long long)i,
				(unsigned long long)s, (long long)c->column[OUTPUT].v[s], (long long)total);
	}
	for (int k = VALUES; k < COLUMNS; k++) {
		free(c->column[k].v);
		c->column[k].v = NULL;
	}
	return 1;
}

int fam_reader_end_rollout(struct fam_reader *r)
{
	uint64_t i = r->rollouts - 1;
	struct claims *c = &r->rollout[i];
	for (int k = 0; k < COLUMNS; k++)
		if (!c->seen[k])
			return fam_reader_stop(r, "rollout %llu has no \"%s\"", (unsigned long long)i, fam_column_name[k]);
	if (c->keys == 0)
		return fam_reader_stop(r, "rollout %llu has no steps", (unsigned long long)i);
	if (!check_lengths(r, i, c))
		return 0;
	return (!c->has_own && !r->dictionary_done) || check_rollout(r, i, c);
}

int fam_reader_own_value(struct fam_reader *r, int64_t value)
{
	struct claims *c = &r->rollout[r->rollouts - 1];
	struct numbers *values = &c->own_value;
	if (!fam_reader_room((void **)&c->own, values->n, &c->own_cap, sizeof *c->own) || !fam_reader_room((void **)&values->v, values->n, &values->cap, sizeof *values->v))
		return fam_reader_no_memory(r);
	struct word *w = &r->word[r->word_at];
	w->own = r->rollouts;
	w->own_value = value;
	c->own[values->n] = r->word_at;
	values->v[values->n++] = value;
	return 1;
}

int fam_reader_begin_rollout(struct fam_reader *r)
{
	if (r->rollouts == ROLLOUTS_MAX)
		return fam_reader_stop(r, "more than %u rollouts", ROLLOUTS_MAX);
	if (!fam_reader_room((void **)&r->rollout, r->rollouts, &r->rollout_cap, sizeof *r->rollout))
		return fam_reader_no_memory(r);
	r->rollout[r->rollouts++] = (struct claims){ 0 };
	return 1;
}

/* ---- The end ----------------------------------------------------------------------------------- */

static bool all_have_own(const struct fam_reader *r)
{
	for (uint64_t i = 0; i < r->rollouts; i++)
		if (!r->rollout[i].has_own)
			return false;
	return r->rollouts > 0;
}

bool fam_reader_complete(struct fam_reader *r)
{
	if (!r->has_dictionary && !all_have_own(r))
		return fam_reader_stop(r, "there is no \"dictionary\": is this a dict_sum data set?");
	if (!r->has_data)
		return fam_reader_stop(r, "there is no \"ground_truth_data\": is this a dict_sum data set?");
	if (r->rollouts == 0)
		return fam_reader_stop(r, "\"ground_truth_data\" is empty");
	for (uint32_t i = 0; i < r->words; i++)
		if (r->word[i].needed && !r->word[i].defined)
			return fam_reader_stop(r, "rollout %llu, step %llu: the key '%s' is not in the dictionary", (unsigned long long)r->word[i].rollout,
				(unsigned long long)r->word[i].step, r->word[i].text);
	for (uint64_t i = 0; i < r->rollouts; i++)
		if (r->rollout[i].column[VALUES].v && !check_rollout(r, i, &r->rollout[i]))
			return false;
	return true;
}

/* A dictionary of n entries; what it is filled with comes next. */
static bool make_dictionary(struct fam_dictionary *d, uint64_t n)
{
	d->key = malloc((n + 1u) * sizeof *d->key);
	d->value = malloc((n + 1u) * sizeof *d->value);
	d->count = 0;
	return d->key && d->value;
}

static void add_entry(struct fam_dictionary *d, const char *key, int64_t value)
{
	d->key[d->count] = key;
	d->value[d->count++] = value;
}

/* The texts leave the reader, and the words that the shared dictionary has get their places in it. */
static bool hand_dictionary(struct fam_reader *r, struct fam_dataset *set)
{
	struct fam_dictionary *d = &set->dictionary;
	set->text = malloc((r->words + 1u) * sizeof *set->text);
	if (!set->text || !make_dictionary(d, r->words))
		return fam_reader_no_memory(r);
	for (uint32_t i = 0; i < r->words; i++) {
		struct word *w = &r->word[i];
		set->text[set->texts++] = w->text;
		w->place = d->count;
		if (w->defined)
			add_entry(d, w->text, w->value);
		w->text = NULL;
	}
	return true;
}

static bool hand_own(struct fam_reader *r, const struct claims *c, const struct fam_dataset *set, struct fam_dictionary *own)
{
	if (!make_dictionary(own, c->own_value.n))
		return fam_reader_no_memory(r);
	for (uint64_t k = 0; k < c->own_value.n; k++)
		add_entry(own, set->text[c->own[k]], c->own_value.v[k]);
	return true;
}

/* Steps name words until here; from here on, entries of the dictionary that holds. */
static bool hand_rollout(struct fam_reader *r, struct claims *c, const struct fam_dataset *set, struct fam_rollout *out)
{
	if (c->has_own && !hand_own(r, c, set, &out->own))
		return false;
	for (uint64_t k = 0; c->has_own && k < c->own_value.n; k++)
		r->word[c->own[k]].own_value = (int64_t)k;
	for (uint64_t s = 0; s < c->keys; s++) {
		const struct word *w = &r->word[c->key[s]];
		c->key[s] = c->has_own ? (uint32_t)w->own_value : w->place;
	}
	uint32_t *tight = realloc(c->key, c->keys * sizeof *c->key);
	out->steps = c->keys;
	out->key = tight ? tight : c->key;
	c->key = NULL;
	return true;
}

bool fam_reader_hand_over(struct fam_reader *r, struct fam_dataset *set)
{
	set->rollout = calloc(r->rollouts, sizeof *set->rollout);
	if (!set->rollout)
		return fam_reader_no_memory(r);
	set->rollouts = r->rollouts;
	bool good = hand_dictionary(r, set);
	for (uint64_t i = 0; i < r->rollouts && good; i++)
		good = hand_rollout(r, &r->rollout[i], set, &set->rollout[i]);
	return good;
}

void fam_reader_fini(struct fam_reader *r)
{
	for (uint32_t i = 0; i < r->words; i++)
		free(r->word[i].text);
	for (uint64_t i = 0; i < r->rollouts; i++) {
		free(r->rollout[i].key);
		free(r->rollout[i].own);
		free(r->rollout[i].own_value.v);
		for (int k = 0; k < COLUMNS; k++)
			free(r->rollout[i].column[k].v);
	}
	free(r->word);
	free(r->table);
	free(r->rollout);
}
