#include "support/dictionary.h"

#include <stdlib.h>
#include <string.h>

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

int32_t fam_dictionary_make(const struct lh_host *host, const struct fam_list *words, uint32_t count,
	struct fam_values range, uint64_t seed, struct fam_dictionary *out)
{
	*out = (struct fam_dictionary){ .count = count };
	const char **pool = malloc(words->count * sizeof *pool);
	out->key = malloc(count * sizeof *out->key);
	out->value = malloc(count * sizeof *out->value);
	if (!pool || !out->key || !out->value) {
		free(pool);
		fam_dictionary_fini(out);
		return fam_fail(host, "out of memory");
	}
	struct lh_draw *draw = fam_open_draw(host, seed);
	draw_keys(host, draw, words, pool, out);
	for (uint32_t i = 0; i < count; i++)
		out->value[i] = draw_value(host, draw, range);
	free(pool);
	return LH_TASK_OK;
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

void fam_dictionary_put(const struct lh_host *host, struct lh_sink *out, const struct fam_dictionary *d)
{
	for (uint32_t i = 0; i < d->count; i++) {
		fam_put(host, out, i ? ", \"" : "{\"");
		fam_put(host, out, d->key[i]);
		fam_put(host, out, "\": ");
		fam_put_int(host, out, d->value[i]);
	}
	fam_put(host, out, "}");
}
