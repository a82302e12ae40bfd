/* support/verbs_slip.c - what goes wrong: slips, and reasoning that agrees with them. */
#include "support/verbs_impl.h"

#include <string.h>

static uint32_t below(const struct lh_task *t, struct lh_draw *draw, uint32_t n)
{
	return fam_below(t->data->host, draw, n);
}

static const struct fam_part *part_of(const struct lh_task *t, const struct fam_step *s)
{
	return &t->data->part[s->part];
}

/* ---- Slips in the part that the operation is done to ------------------------------------------- */

static bool alike(const struct fam_part *p, uint32_t v, uint32_t w)
{
	return fam_verbs_takes(p, v, 'x') == fam_verbs_takes(p, w, 'x') && fam_verbs_takes(p, v, 'a') == fam_verbs_takes(p, w, 'a')
		&& fam_verbs_takes(p, v, 'b') == fam_verbs_takes(p, w, 'b');
}

/* Another operation of the mix that names the same things; the same one where there is none. */
static uint32_t confused(const struct lh_task *t, struct lh_draw *draw, const struct fam_part *p, uint32_t verb)
{
	uint32_t found[FAM_KINDS_MAX], n = 0;
	for (uint32_t v = 0; v < p->machine->verbs; v++)
		if (v != verb && p->mix.weight[v] && alike(p, v, verb))
			found[n++] = v;
	return n ? found[below(t, draw, n)] : verb;
}

/* The wrong line of the dictionary; where there is none, a number misread. */
static void misread(const struct lh_task *t, struct lh_draw *draw, struct fam_step *s)
{
	const struct fam_setting *set = &part_of(t, s)->set;
	if (s->named)
		s->x = t->dictionary.value[fam_dictionary_neighbour(t->data->host, &t->dictionary, draw, s->key)];
	else
		s->x = s->x == set->x_high || (s->x > set->x_low && below(t, draw, 2)) ? s->x - 1 : s->x + 1;
}

/* The counter beside it, the position one on; or two that are taken for one another. */
static void misplace(const struct lh_task *t, struct lh_draw *draw, struct fam_step *s)
{
	const struct fam_part *p = part_of(t, s);
	uint32_t places = p->set.places, a = s->a;
	if (fam_verbs_takes(p, s->verb, 'b') && below(t, draw, 2)) {
		s->a = s->b;
		s->b = a;
		return;
	}
	uint32_t *place = fam_verbs_takes(p, s->verb, 'b') && below(t, draw, 2) ? &s->b : &s->a;
	*place = (*place + (below(t, draw, 2) ? 1 : places - 1)) % places;
}

/* The same step gone wrong: an operand, a place, or the operation taken for another. */
static struct fam_step mistaken(const struct lh_task *t, struct lh_draw *draw, struct fam_step s)
{
	const struct fam_part *p = part_of(t, &s);
	uint32_t kind = below(t, draw, 3);
	if (kind == 0 && fam_verbs_takes(p, s.verb, 'x'))
		misread(t, draw, &s);
	else if (kind <= 1 && fam_verbs_takes(p, s.verb, 'a'))
		misplace(t, draw, &s);
	else
		s.verb = confused(t, draw, p, s.verb);
	return s;
}

/* Steps back that are gone through again to see what was there before a step. Longer ago most of it has been overwritten. */
#define LOOK_BACK 64

/* The state before the step, if nothing has gone wrong so far; after more than LOOK_BACK steps, what of it they have made. */
static void come_to(const struct lh_task *t, uint64_t step, struct fam_state *out)
{
	fam_verbs_start(t, out);
	for (uint64_t k = step > LOOK_BACK ? step - LOOK_BACK : 0; k < step; k++) {
		struct fam_step s = fam_verbs_step(t, k);
		fam_verbs_act(t, &s, out);
	}
}

/* The step undone in the state after it: put back is what was there, where that leads to this state, and else what shows of it. */
static void undo(const struct lh_task *t, uint64_t step, const struct fam_step *s, struct fam_state *state)
{
	const struct fam_part *p = part_of(t, s);
	struct fam_items *i = &state->part[s->part];
	struct fam_state was;
	come_to(t, step, &was);
	struct fam_items after = was.part[s->part];
	p->machine->act(&p->set, s, &after);
	if (fam_items_equal(&after, i))
		*i = was.part[s->part];
	else
		p->machine->undo(&p->set, s, &was.part[s->part], i);
}

static void slip_within(const struct lh_task *t, uint64_t step, struct fam_step s, struct lh_draw *draw, struct fam_state *state)
{
	uint32_t kind = below(t, draw, 6);
	if (kind == 0) {                                        /* done twice */
		fam_verbs_act(t, &s, state);
	} else if (kind < 5) {
		undo(t, step, &s, state);
		if (kind == 1)                                  /* left out */
			return;
		s = mistaken(t, draw, s);
		fam_verbs_act(t, &s, state);
	}
}

/* ---- Slips between parts ----------------------------------------------------------------------- */

/* Operations that one may be taken for another across parts: of the same name, or with a number each. */
static bool akin(const struct lh_task *t, const struct fam_step *s, const struct fam_part *p, uint32_t verb)
{
	const struct fam_part *own = part_of(t, s);
	bool numbers = own->set.keyed && p->set.keyed && fam_verbs_takes(own, s->verb, 'x') && fam_verbs_takes(p, verb, 'x');
	return p != own && p->mix.weight[verb] && (numbers || strcmp(p->machine->verb[verb].name, own->machine->verb[s->verb].name) == 0);
}

/* The operation done to another part, and not to its own. Where no other part has one like it, nothing. */
static void misdirect(const struct lh_task *t, uint64_t step, struct fam_step s, struct lh_draw *draw, struct fam_state *state)
{
	const struct lh_task_data *d = t->data;
	struct fam_step other = s;
	uint32_t found = 0;
	for (uint32_t p = 0; p < d->parts; p++)
		for (uint32_t v = 0; v < d->part[p].machine->verbs; v++)
			if (akin(t, &s, &d->part[p], v) && below(t, draw, ++found) == 0) {         /* each of them alike */
				other.part = p;
				other.verb = v;
			}
	if (!found)
		return;
	uint32_t places = part_of(t, &other)->set.places;
	other.a = places ? below(t, draw, places) : 0;
	other.b = places ? (other.a + 1 + below(t, draw, places - 1)) % places : 0;
	undo(t, step, &s, state);
	fam_verbs_act(t, &other, state);
}

static void miscount(const struct lh_task *t, struct lh_draw *draw, uint32_t part, struct fam_state *state)
{
	fam_items_miscount(t->data->host, draw, t->data->part[part].set.state, &state->part[part]);
}

/* One in three where there are several parts: the operation done to another one, or another one copied badly. */
static void slip(const struct lh_task *t, uint64_t step, struct fam_step s, struct lh_draw *draw, struct fam_state *state)
{
	uint32_t parts = t->data->parts, kind = parts > 1 ? below(t, draw, 6) : 2;
	if (kind == 0)
		misdirect(t, step, s, draw, state);
	else if (kind == 1)
		miscount(t, draw, (s.part + 1 + below(t, draw, parts - 1)) % parts, state);
	else
		slip_within(t, step, s, draw, state);
}

int32_t fam_verbs_corrupt(const struct lh_task *t, uint64_t step, struct lh_text text, struct lh_draw *draw, struct lh_sink *out)
{
	struct fam_state right, wrong;
	if (fam_verbs_read(t, text, &right))
		return LH_TASK_FAILED;
	struct fam_step s = fam_verbs_step(t, step);
	wrong = right;
	slip(t, step, s, draw, &wrong);
	if (fam_verbs_equal(t, &wrong, &right))
		miscount(t, draw, s.part, &wrong);
	return fam_verbs_put(t, out, &wrong);
}

/* ---- Reasoning --------------------------------------------------------------------------------- */

static bool leads(const struct fam_part *p, struct fam_step s, int64_t x, struct fam_items from, const struct fam_items *to)
{
	s.x = x;
	p->machine->act(&p->set, &s, &from);
	return fam_items_equal(&from, to);
}

/* The operand as it was read: the one that leads from one list to the other, which shows as an item or as what an item rose
 * or fell by. Where none does, it was read well. */
static int64_t operand_read(const struct fam_part *p, const struct fam_step *s, const struct fam_items *from, const struct fam_items *to)
{
	if (leads(p, *s, s->x, *from, to))
		return s->x;
	for (uint32_t k = 0; k < to->n; k++) {
		int64_t rise = k < from->n ? to->v[k] - from->v[k] : 0, shown[] = { to->v[k], rise, -rise };
		for (int i = 0; i < 3; i++)
			if (shown[i] >= p->set.x_low && shown[i] <= p->set.x_high && leads(p, *s, shown[i], *from, to))
				return shown[i];
	}
	return s->x;
}

/* 3 9 becomes 3 9 7 */
static void put_change(const struct lh_task *t, struct lh_sink *out, const struct fam_part *p, const struct fam_items *from, const struct fam_items *to)
{
	p->machine->put(t->data->host, out, from);
	fam_put(t->data->host, out, " becomes ");
	p->machine->put(t->data->host, out, to);
}

/* stack 3 9 becomes 3 9 7, total 4 becomes 5. The state: total 5; stack 3 9 7 */
static void put_changes(const struct lh_task *t, struct lh_sink *out, const struct fam_state *from, const struct fam_state *to)
{
	const struct lh_task_data *d = t->data;
	bool any = false;
	for (uint32_t p = 0; p < d->parts; p++) {
		if (fam_items_equal(&from->part[p], &to->part[p]))
			continue;
		fam_putf(d->host, out, "%s%s ", any ? ", " : "", d->part[p].machine->noun);
		put_change(t, out, &d->part[p], &from->part[p], &to->part[p]);
		any = true;
	}
	fam_put(d->host, out, any ? ". The state: " : "nothing changes. The state: ");
	fam_verbs_put(t, out, to);
}

/* apple is 7. push 7: 3 9 becomes 3 9 7. */
int32_t fam_verbs_explain(const struct lh_task *t, uint64_t step, struct lh_text before, struct lh_text after, struct lh_sink *out)
{
	const struct lh_host *host = t->data->host;
	struct fam_state from, to;
	if (fam_verbs_read(t, before, &from) || fam_verbs_read(t, after, &to))
		return LH_TASK_FAILED;
	struct fam_step s = fam_verbs_step(t, step);
	const struct fam_part *p = part_of(t, &s);
	if (fam_verbs_takes(p, s.verb, 'x')) {
		s.x = operand_read(p, &s, &from.part[s.part], &to.part[s.part]);
		if (s.named) {
			fam_dictionary_put_read(host, out, &t->dictionary, s.key, s.x, p->machine->put_x);
			fam_put(host, out, " ");
		}
	}
	fam_verbs_put_step(t, out, &s, false);
	fam_put(host, out, ": ");
	if (t->data->parts > 1)
		put_changes(t, out, &from, &to);
	else
		put_change(t, out, p, &from.part[0], &to.part[0]);
	fam_put(host, out, ".");
	return LH_TASK_OK;
}
