#include "support/dictionary.h"

#include <stdlib.h>
#include <string.h>

int32_t fam_source_open(const struct lh_host *host, int64_t keys, struct fam_values range, const char *path, struct fam_source *out)
{
	*out = (struct fam_source){ .keys = (uint32_t)keys, .range = range };
	if (range.min > range.max)
		return fam_fail(host, "min=%lld is greater than max=%lld", (long long)range.min, (long long)range.max);
	if (range.never_zero && range.min == 0 && range.max == 0)
		return fam_fail(host, "min=0, max=0 and never_zero=true leave no value to draw");
	if (path[0])
		return fam_list_file(host, "words", path, out->keys, &out->words);
	return fam_list_builtin(host, out->keys, &out->words);
}

void fam_source_fini(struct fam_source *source)
{
	fam_list_fini(&source->words);
}

/* The first `count` of a shuffle (Fisher-Yates) of the list. */
static void draw_keys(const struct lh_host *host, struct lh_draw *draw, const struct fam_list *words, const char **pool, struct fam_dictionary *out)
{
	memcpy(pool, words->word, words->count * sizeof *pool);
	for (uint32_t i = 0; i < out->count; i++) {
		uint32_t k = (uint32_t)host->random_between(draw, i, (int64_t)words->count - 1);
		const char *taken = pool[k];
		pool[k] = pool[i];
		out->key[i] = taken;
	}
}

static int64_t draw_value(const struct lh_host *host, struct lh_draw *draw, struct fam_values range)
{
	bool skip = range.never_zero && range.min <= 0 && range.max >= 0;
	int64_t v = host->random_between(draw, range.min, range.max - skip);
	return skip && v >= 0 ? v + 1 : v;
}

int32_t fam_dictionary_keys(const struct lh_host *host, const struct fam_source *source, uint64_t seed, struct lh_draw **draw,
	struct fam_dictionary *out)
{
	const struct fam_list *words = &source->words;
	*out = (struct fam_dictionary){ .count = source->keys };
	*draw = fam_open_draw(host, seed);
	const char **pool = malloc(words->count * sizeof *pool);
	out->key = malloc(out->count * sizeof *out->key);
	out->value = calloc(out->count, sizeof *out->value);
	if (!pool || !out->key || !out->value) {
		free(pool);
		fam_dictionary_fini(out);
		return fam_fail(host, "out of memory");
	}
	draw_keys(host, *draw, words, pool, out);
	free(pool);
	return LH_TASK_OK;
}

int32_t fam_dictionary_make(const struct lh_host *host, const struct fam_source *source, uint64_t seed, struct fam_dictionary *out)
{
	struct lh_draw *draw;
	int32_t rc = fam_dictionary_keys(host, source, seed, &draw, out);
	for (uint32_t i = 0; !rc && i < out->count; i++)
		out->value[i] = draw_value(host, draw, source->range);
	return rc;
}

void fam_dictionary_fini(struct fam_dictionary *d)
{
	free(d->key);
	free(d->value);
	*d = (struct fam_dictionary){ 0 };
}

uint32_t fam_dictionary_step(const struct lh_host *host, const struct fam_dictionary *d, uint64_t seed, uint64_t step)
{
	return (uint32_t)host->random_between(fam_step_draw(host, seed, step), 0, (int64_t)d->count - 1);
}

uint32_t fam_dictionary_neighbour(const struct lh_host *host, const struct fam_dictionary *d, struct lh_draw *draw, uint32_t key)
{
	bool before = key + 1 == d->count || (key > 0 && host->random_between(draw, 0, 1));
	return before ? key - 1 : key + 1;
}

void fam_dictionary_put_as(const struct lh_host *host, struct lh_sink *out, const struct fam_dictionary *d, fam_put_value *put_value)
{
	for (uint32_t i = 0; i < d->count; i++) {
		fam_put(host, out, i ? ", \"" : "{\"");
		fam_put(host, out, d->key[i]);
		fam_put(host, out, "\": ");
		put_value(host, out, d->value[i]);
	}
	fam_put(host, out, "}");
}

void fam_dictionary_put(const struct lh_host *host, struct lh_sink *out, const struct fam_dictionary *d)
{
	fam_dictionary_put_as(host, out, d, fam_put_int);
}

void fam_dictionary_put_read(const struct lh_host *host, struct lh_sink *out, const struct fam_dictionary *d, uint32_t key, int64_t value,
	fam_put_value *put_value)
{
	fam_put(host, out, d->key[key]);
	fam_put(host, out, " is ");
	put_value(host, out, value);
	fam_put(host, out, ".");
}

void fam_dictionary_ask(const struct lh_host *host, struct lh_sink *out, const struct fam_dictionary *d, uint64_t seed,
	uint64_t first_step, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		fam_put(host, out, i ? ", " : "");
		fam_put(host, out, d->key[fam_dictionary_step(host, d, seed, first_step + i)]);
	}
}

void fam_dictionary_example(const struct lh_host *host, struct lh_sink *out, const struct fam_keyed_example *e, void *state)
{
	static const int plan[][4] = { { 1, -1 }, { 2, 0, -1 }, { 3, 2, 3, -1 } };
	const char *key[] = { "plum", "fig", "lime", "pear" };
	int64_t value[4];
	memcpy(value, e->value, sizeof value);
	if (!e->put_call)
		fam_dictionary_put_as(host, out, &(struct fam_dictionary){ 4, key, value }, e->put_value);
	for (size_t turn = 0; turn < sizeof plan / sizeof *plan; turn++) {
		fam_put(host, out, "\nMessage: ");
		for (const int *k = plan[turn]; *k >= 0; k++) {
			fam_put(host, out, k == plan[turn] ? "" : ", ");
			fam_put(host, out, key[*k]);
			e->step(state, value[*k]);
		}
		for (const int *k = plan[turn]; e->put_call && *k >= 0; k++)
			e->put_call(host, out, key[*k], value[*k]);
		fam_put(host, out, "\nReply: <answer>");
		e->put_state(host, out, state);
		fam_put(host, out, "</answer>");
	}
}

void fam_dictionary_put_total(const struct lh_host *host, struct lh_sink *out, const void *total)
{
	fam_put_int(host, out, *(const int64_t *)total);
}
