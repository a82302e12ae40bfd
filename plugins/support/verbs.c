/* support/verbs.c - samples, plan and truth; verbs_text.c has the prompts, verbs_slip.c the slips and the reasoning. */
#include "support/verbs_impl.h"

#include <stdlib.h>

/* The stream of the initial state is one of a step that no plan comes to. */
#define START_STEP (UINT64_C(1) << 62)

/* ---- Set-up ------------------------------------------------------------------------------------ */

void fam_verbs_unload(struct lh_task_data *data)
{
	if (data)
		fam_source_fini(&data->source);
	free(data);
}

struct lh_task_data *fam_verbs_load(const struct lh_host *host, const struct fam_machine *machine, const struct fam_setting *set, const char *ops)
{
	const char *name[FAM_KINDS_MAX];
	for (uint32_t i = 0; i < machine->verbs; i++)
		name[i] = machine->verb[i].name;
	struct lh_task_data *d = calloc(1, sizeof *d);
	if (!d) {
		fam_fail(host, "out of memory");
		return NULL;
	}
	*d = (struct lh_task_data){ .host = host, .machine = machine, .set = *set };
	int32_t rc = fam_mix_read(host, ops, name, machine->verbs, &d->mix);
	d->set.lookup &= fam_verbs_mix_takes(d, 'x');                   /* else there is nothing to look up */
	if (!rc && set->keys)
		rc = fam_source_open(host, set->keys, (struct fam_values){ set->x_low, set->x_high, false }, "", &d->source);
	if (!rc)
		return d;
	fam_verbs_unload(d);
	return NULL;
}

uint64_t fam_verbs_samples(const struct lh_task_data *data)
{
	(void)data;
	return 0;
}

void fam_verbs_close(struct lh_task *task)
{
	if (task)
		fam_dictionary_fini(&task->dictionary);
	free(task);
}

struct lh_task *fam_verbs_open(const struct lh_task_data *data, uint64_t sample, uint64_t seed)
{
	(void)sample;
	struct lh_task *t = calloc(1, sizeof *t);
	if (!t) {
		fam_fail(data->host, "out of memory");
		return NULL;
	}
	*t = (struct lh_task){ .data = data, .seed = seed };
	if (!data->set.keys || fam_dictionary_make(data->host, &data->source, seed, &t->dictionary) == LH_TASK_OK)
		return t;
	fam_verbs_close(t);
	return NULL;
}

uint64_t fam_verbs_max_steps(const struct lh_task *task)
{
	(void)task;
	return 0;
}

/* ---- The plan ---------------------------------------------------------------------------------- */

/* The key is drawn first, as fam_dictionary_step() draws it. */
struct fam_step fam_verbs_step(const struct lh_task *t, uint64_t step)
{
	const struct lh_host *host = t->data->host;
	const struct fam_setting *set = &t->data->set;
	struct lh_draw *draw = fam_step_draw(host, t->seed, step);
	struct fam_step s = { 0 };
	if (t->dictionary.count) {
		s.key = (uint32_t)host->random_between(draw, 0, (int64_t)t->dictionary.count - 1);
		s.x = t->dictionary.value[s.key];
	} else {
		s.x = host->random_between(draw, set->x_low, set->x_high);
	}
	s.verb = fam_mix_draw(host, &t->data->mix, draw);
	if (set->places) {
		s.a = (uint32_t)host->random_between(draw, 0, (int64_t)set->places - 1);
		s.b = (s.a + (uint32_t)host->random_between(draw, 1, (int64_t)set->places - 1)) % set->places;
	}
	return s;
}

void fam_verbs_start(const struct lh_task *t, struct fam_items *out)
{
	const struct lh_host *host = t->data->host;
	t->data->machine->start(host, fam_step_draw(host, t->seed, START_STEP), &t->data->set, out);
}

/* ---- The step machine -------------------------------------------------------------------------- */

int32_t fam_verbs_read(const struct lh_task *t, struct lh_text state, struct fam_items *out)
{
	if (t->data->machine->read(&t->data->set, state, out))
		return LH_TASK_OK;
	return fam_not_a_state(t->data->host, state, t->data->machine->one);
}

int32_t fam_verbs_put(const struct lh_task *t, struct lh_sink *out, const struct fam_items *i)
{
	t->data->machine->put(t->data->host, out, i);
	return LH_TASK_OK;
}

int32_t fam_verbs_initial(const struct lh_task *t, struct lh_sink *out)
{
	struct fam_items i;
	fam_verbs_start(t, &i);
	return fam_verbs_put(t, out, &i);
}

int32_t fam_verbs_apply(const struct lh_task *t, uint64_t step, struct lh_text state, struct lh_sink *out)
{
	struct fam_items i;
	if (fam_verbs_read(t, state, &i))
		return LH_TASK_FAILED;
	struct fam_step s = fam_verbs_step(t, step);
	t->data->machine->act(&t->data->set, &s, &i);
	return fam_verbs_put(t, out, &i);
}

int32_t fam_verbs_canonical(const struct lh_task *t, struct lh_text text, struct lh_sink *out)
{
	struct fam_items i;
	return t->data->machine->read(&t->data->set, text, &i) ? fam_verbs_put(t, out, &i) : LH_TASK_NO_STATE;
}
