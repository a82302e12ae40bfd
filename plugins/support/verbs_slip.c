/* support/verbs_slip.c - what goes wrong: slips, and reasoning that agrees with them. */
#include "support/verbs_impl.h"

static uint32_t below(const struct lh_task *t, struct lh_draw *draw, uint32_t n)
{
	return (uint32_t)t->data->host->random_between(draw, 0, (int64_t)n - 1);
}

/* ---- Slips ------------------------------------------------------------------------------------- */

static bool alike(const struct lh_task *t, uint32_t v, uint32_t w)
{
	return fam_verbs_takes(t->data, v, 'x') == fam_verbs_takes(t->data, w, 'x') && fam_verbs_takes(t->data, v, 'a') == fam_verbs_takes(t->data, w, 'a')
		&& fam_verbs_takes(t->data, v, 'b') == fam_verbs_takes(t->data, w, 'b');
}

/* Another operation of the mix that names the same things; the same one where there is none. */
static uint32_t confused(const struct lh_task *t, struct lh_draw *draw, uint32_t verb)
{
	uint32_t found[FAM_KINDS_MAX], n = 0;
	for (uint32_t v = 0; v < t->data->machine->verbs; v++)
		if (v != verb && t->data->mix.weight[v] && alike(t, v, verb))
			found[n++] = v;
	return n ? found[below(t, draw, n)] : verb;
}

/* The wrong line of the dictionary; where there is none, a number misread. */
static void misread(const struct lh_task *t, struct lh_draw *draw, struct fam_step *s)
{
	const struct fam_setting *set = &t->data->set;
	if (set->lookup)
		s->x = t->dictionary.value[fam_dictionary_neighbour(t->data->host, &t->dictionary, draw, s->key)];
	else
		s->x = s->x == set->x_high || (s->x > set->x_low && below(t, draw, 2)) ? s->x - 1 : s->x + 1;
}

/* The counter beside it, the position one on; or two that are taken for one another. */
static void misplace(const struct lh_task *t, struct lh_draw *draw, struct fam_step *s)
{
	uint32_t places = t->data->set.places, a = s->a;
	if (fam_verbs_takes(t->data, s->verb, 'b') && below(t, draw, 2)) {
		s->a = s->b;
		s->b = a;
		return;
	}
	uint32_t *place = fam_verbs_takes(t->data, s->verb, 'b') && below(t, draw, 2) ? &s->b : &s->a;
	*place = (*place + (below(t, draw, 2) ? 1 : places - 1)) % places;
}

/* The same step gone wrong: an operand, a place, or the operation taken for another. */
static struct fam_step mistaken(const struct lh_task *t, struct lh_draw *draw, struct fam_step s)
{
	uint32_t kind = below(t, draw, 3);
	if (kind == 0 && fam_verbs_takes(t->data, s.verb, 'x'))
		misread(t, draw, &s);
	else if (kind <= 1 && fam_verbs_takes(t->data, s.verb, 'a'))
		misplace(t, draw, &s);
	else
		s.verb = confused(t, draw, s.verb);
	return s;
}

static void slip(const struct lh_task *t, uint64_t step, struct lh_draw *draw, struct fam_items *i)
{
	const struct lh_task_data *d = t->data;
	struct fam_step s = fam_verbs_step(t, step);
	uint32_t kind = below(t, draw, 6);
	if (kind == 0) {                                        /* done twice */
		d->machine->act(&d->set, &s, i);
	} else if (kind < 5) {
		d->machine->undo(d->host, draw, &d->set, &s, i);
		if (kind == 1)                                  /* left out */
			return;
		s = mistaken(t, draw, s);
		d->machine->act(&d->set, &s, i);
	}
}

int32_t fam_verbs_corrupt(const struct lh_task *t, uint64_t step, struct lh_text state, struct lh_draw *draw, struct lh_sink *out)
{
	struct fam_items right, wrong;
	if (fam_verbs_read(t, state, &right))
		return LH_TASK_FAILED;
	wrong = right;
	slip(t, step, draw, &wrong);
	if (fam_items_equal(&wrong, &right))
		fam_items_miscount(t->data->host, draw, t->data->set.state, &wrong);
	return fam_verbs_put(t, out, &wrong);
}

/* ---- Reasoning --------------------------------------------------------------------------------- */

static bool leads(const struct lh_task *t, struct fam_step s, int64_t x, struct fam_items from, const struct fam_items *to)
{
	s.x = x;
	t->data->machine->act(&t->data->set, &s, &from);
	return fam_items_equal(&from, to);
}

/* The operand as it was read: the one that leads from one state to the other, which shows as an item or as what an item rose
 * or fell by. Where none does, it was read well. */
static int64_t operand_read(const struct lh_task *t, const struct fam_step *s, const struct fam_items *from, const struct fam_items *to)
{
	const struct fam_setting *set = &t->data->set;
	if (leads(t, *s, s->x, *from, to))
		return s->x;
	for (uint32_t k = 0; k < to->n; k++) {
		int64_t rise = k < from->n ? to->v[k] - from->v[k] : 0, shown[] = { to->v[k], rise, -rise };
		for (int i = 0; i < 3; i++)
			if (shown[i] >= set->x_low && shown[i] <= set->x_high && leads(t, *s, shown[i], *from, to))
				return shown[i];
	}
	return s->x;
}

/* apple is 7. push 7: 3 9 becomes 3 9 7. */
int32_t fam_verbs_explain(const struct lh_task *t, uint64_t step, struct lh_text before, struct lh_text after, struct lh_sink *out)
{
	const struct lh_task_data *d = t->data;
	struct fam_items from, to;
	if (fam_verbs_read(t, before, &from) || fam_verbs_read(t, after, &to))
		return LH_TASK_FAILED;
	struct fam_step s = fam_verbs_step(t, step);
	if (fam_verbs_takes(t->data, s.verb, 'x')) {
		s.x = operand_read(t, &s, &from, &to);
		if (d->set.lookup) {
			fam_dictionary_put_read(d->host, out, &t->dictionary, s.key, s.x, d->machine->put_x);
			fam_put(d->host, out, " ");
		}
	}
	fam_verbs_put_step(t, out, &s, false);
	fam_put(d->host, out, ": ");
	fam_verbs_put(t, out, &from);
	fam_put(d->host, out, " becomes ");
	fam_verbs_put(t, out, &to);
	fam_put(d->host, out, ".");
	return LH_TASK_OK;
}
