/* support/verbs.c - samples, plan and truth; verbs_state.c has the states, verbs_text.c the prompts, verbs_slip.c the slips and the reasoning. */
#include "support/verbs_impl.h"

#include <stdlib.h>
#include <string.h>

/* ---- Set-up ------------------------------------------------------------------------------------ */

void fam_verbs_unload(struct lh_task_data *data)
{
	if (data)
		fam_source_fini(&data->source);
	free(data);
}

struct lh_task_data *fam_verbs_new(const struct lh_host *host)
{
	struct lh_task_data *d = fam_new(host, sizeof *d);
	if (d)
		d->host = host;
	return d;
}

int32_t fam_verbs_add(struct lh_task_data *d, const struct fam_machine *machine, const struct fam_setting *set, uint32_t weight, const char *param,
	const char *ops)
{
	const char *name[FAM_KINDS_MAX];
	struct fam_part *p = &d->part[d->parts];
	for (uint32_t i = 0; i < machine->verbs; i++)
		name[i] = machine->verb[i].name;
	*p = (struct fam_part){ .machine = machine, .set = *set };
	d->deal.weight[d->parts++] = weight;
	d->deal.kinds = d->parts;
	d->deal.total += weight;
	return fam_mix_read(d->host, (struct fam_mix_words){ param, "is no operation", name, machine->verbs }, ops, &p->mix);
}

int32_t fam_verbs_learn(struct lh_task_data *d, int64_t keys, double named)
{
	const struct fam_setting *keyed = NULL;
	for (uint32_t p = d->parts; p-- > 0; ) {
		keyed = d->part[p].set.keyed ? &d->part[p].set : keyed;
		if (d->part[p].set.keyed && fam_verbs_mix_takes(&d->part[p], 'x'))
			d->named = named;                               /* else there is nothing to look up */
	}
	return keyed ? fam_source_open(d->host, keys, (struct fam_values){ keyed->x_low, keyed->x_high, false }, "", &d->source) : LH_TASK_OK;
}

struct lh_task_data *fam_verbs_load(const struct lh_host *host, const struct fam_machine *machine, const struct fam_setting *set, const char *ops,
	int64_t keys, bool lookup)
{
	struct lh_task_data *d = fam_verbs_new(host);
	if (d && fam_verbs_add(d, machine, set, 1, "ops", ops) == LH_TASK_OK && fam_verbs_learn(d, keys, lookup) == LH_TASK_OK)
		return d;
	fam_verbs_unload(d);
	return NULL;
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
	struct lh_task *t = fam_new(data->host, sizeof *t);
	if (!t)
		return NULL;
	*t = (struct lh_task){ .data = data, .seed = seed };
	if (!data->source.keys || fam_dictionary_make(data->host, &data->source, seed, &t->dictionary) == LH_TASK_OK)
		return t;
	fam_verbs_close(t);
	return NULL;
}

/* ---- The operations ---------------------------------------------------------------------------- */

bool fam_verbs_takes(const struct fam_part *p, uint32_t verb, char what)
{
	const char *at = p->machine->verb[verb].form;
	while ((at = strchr(at, '%')) != NULL)
		if (*++at == what)
			return true;
	return false;
}

bool fam_verbs_mix_takes(const struct fam_part *p, char what)
{
	for (uint32_t v = 0; v < p->machine->verbs; v++)
		if (p->mix.weight[v] && fam_verbs_takes(p, v, what))
			return true;
	return false;
}

void fam_verbs_act(const struct lh_task *t, const struct fam_step *s, struct fam_state *state)
{
	const struct fam_part *p = &t->data->part[s->part];
	p->machine->act(&p->set, s, &state->part[s->part]);
}

/* ---- The plan ---------------------------------------------------------------------------------- */

/* To the millionth; where all or no operands are looked up, nothing is drawn. */
static bool draw_named(const struct lh_task *t, struct lh_draw *draw)
{
	double share = t->data->named;
	return share >= 1 || (share > 0 && (double)t->data->host->random_between(draw, 0, 999999) < share * 1000000);
}

/* The key is drawn first, as fam_dictionary_step() draws it; last, whether the message has it, so that the steps are the same
 * whatever the share. */
static struct fam_step draw_step(const struct lh_task *t, struct lh_draw *draw, uint32_t part)
{
	const struct lh_host *host = t->data->host;
	const struct fam_setting *set = &t->data->part[part].set;
	struct fam_step s = { .part = part };
	if (set->keyed) {
		s.key = (uint32_t)host->random_between(draw, 0, (int64_t)t->dictionary.count - 1);
		s.x = t->dictionary.value[s.key];
	} else {
		s.x = host->random_between(draw, set->x_low, set->x_high);
	}
	s.verb = fam_mix_draw(host, &t->data->part[part].mix, draw);
	if (set->places) {
		s.a = (uint32_t)host->random_between(draw, 0, (int64_t)set->places - 1);
		s.b = (s.a + (uint32_t)host->random_between(draw, 1, (int64_t)set->places - 1)) % set->places;
	}
	s.named = set->keyed && draw_named(t, draw);
	return s;
}

struct fam_step fam_verbs_step_in(const struct lh_task *t, uint64_t step, uint32_t part)
{
	return draw_step(t, fam_step_draw(t->data->host, t->seed, step), part);
}

/* Which part it is comes from a stream of its own, so that each part's steps have the keys of kv_sum's. */
struct fam_step fam_verbs_step(const struct lh_task *t, uint64_t step)
{
	const struct lh_host *host = t->data->host;
	uint32_t part = t->data->parts > 1 ? fam_mix_draw(host, &t->data->deal, fam_step_draw(host, ~t->seed, step)) : 0;
	return fam_verbs_step_in(t, step, part);
}

/* ---- The step machine -------------------------------------------------------------------------- */

int32_t fam_verbs_initial(const struct lh_task *t, struct lh_sink *out)
{
	struct fam_state state;
	fam_verbs_start(t, &state);
	return fam_verbs_put(t, out, &state);
}

int32_t fam_verbs_apply(const struct lh_task *t, uint64_t step, struct lh_text text, struct lh_sink *out)
{
	struct fam_state state;
	if (fam_verbs_read(t, text, &state))
		return LH_TASK_FAILED;
	struct fam_step s = fam_verbs_step(t, step);
	fam_verbs_act(t, &s, &state);
	return fam_verbs_put(t, out, &state);
}

int32_t fam_verbs_canonical(const struct lh_task *t, struct lh_text text, struct lh_sink *out)
{
	struct fam_state state;
	return fam_verbs_read_text(t, text, &state) ? fam_verbs_put(t, out, &state) : LH_TASK_NO_STATE;
}
