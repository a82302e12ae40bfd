#include "support/keyed.h"

#include <stdlib.h>

void fam_keyed_unload(struct lh_task_data *data)
{
	if (data)
		fam_source_fini(&data->source);
	free(data);
}

struct lh_task_data *fam_keyed_load(const struct lh_host *host, int64_t keys, struct fam_values range, const char *words)
{
	struct lh_task_data *d = fam_new(host, sizeof *d);
	if (d && fam_source_open(host, keys, range, words, &d->source) == LH_TASK_OK)
		return d;
	fam_keyed_unload(d);
	return NULL;
}

void fam_keyed_close(struct lh_task *task)
{
	if (task)
		fam_dictionary_fini(&task->dictionary);
	free(task);
}

struct lh_task *fam_keyed_open(const struct lh_host *host, const struct lh_task_data *data, uint64_t seed)
{
	struct lh_task *t = fam_new(host, sizeof *t);
	if (!t)
		return NULL;
	t->seed = seed;
	if (fam_dictionary_make(host, &data->source, seed, &t->dictionary) == LH_TASK_OK)
		return t;
	fam_keyed_close(t);
	return NULL;
}

uint32_t fam_keyed_key(const struct lh_host *host, const struct lh_task *t, uint64_t step)
{
	return fam_dictionary_step(host, &t->dictionary, t->seed, step);
}

int64_t fam_keyed_value(const struct lh_host *host, const struct lh_task *t, uint64_t step)
{
	return t->dictionary.value[fam_keyed_key(host, t, step)];
}
