/* support/verbs_state.c - states: one list as it is, or several, each with its name in front: total 17; stack 3 9 4 */
#include "support/take.h"
#include "support/verbs_impl.h"

/* The stream of the initial state is one of a step that no plan comes to. */
#define START_STEP (UINT64_C(1) << 62)

/* Among several parts a list may be longer by this than what it holds, so that all parts and what is told of them have room. */
#define SPARE 4

void fam_verbs_start(const struct lh_task *t, struct fam_state *out)
{
	const struct lh_host *host = t->data->host;
	struct lh_draw *draw = fam_step_draw(host, t->seed, START_STEP);
	for (uint32_t p = 0; p < t->data->parts; p++)
		t->data->part[p].machine->start(host, draw, &t->data->part[p].set, &out->part[p]);
}

bool fam_verbs_equal(const struct lh_task *t, const struct fam_state *a, const struct fam_state *b)
{
	uint32_t p = 0;
	while (p < t->data->parts && fam_items_equal(&a->part[p], &b->part[p]))
		p++;
	return p == t->data->parts;
}

int32_t fam_verbs_put(const struct lh_task *t, struct lh_sink *out, const struct fam_state *state)
{
	const struct lh_task_data *d = t->data;
	for (uint32_t p = 0; p < d->parts; p++) {
		if (d->parts > 1)
			fam_putf(d->host, out, "%s%s ", p ? "; " : "", d->part[p].machine->noun);
		d->part[p].machine->put(d->host, out, &state->part[p]);
	}
	return LH_TASK_OK;
}

/* ---- Text in ----------------------------------------------------------------------------------- */

/* A part's name with what may stand between it and its list: stack 3, stack: 3, stack=3, "stack": 3. `plain`: the first of these will do. */
static bool take_name(const struct lh_task_data *d, struct lh_text *t, bool plain, uint32_t *part)
{
	struct lh_text rest;
	for (uint32_t p = 0; p < d->parts; p++) {
		rest = *t;
		bool quoted = fam_take_of(&rest, "\"", 1);
		if (!fam_take_text(&rest, d->part[p].machine->noun) || (quoted && !fam_take_of(&rest, "\"", 1)))
			continue;
		bool apart = fam_take_of(&rest, FAM_WHITE, rest.size);
		if (!fam_take_of(&rest, "=:", 1) && !(plain && apart))
			continue;
		fam_take_of(&rest, FAM_WHITE, rest.size);
		*t = rest;
		*part = p;
		return true;
	}
	return false;
}

/* The list that *t begins with, up to the next part's name, which is not taken off. A name stands behind a semicolon, a comma or a line's
 * end; or behind a space, if it cannot be taken for a string of letters. */
static struct lh_text take_list(const struct lh_task_data *d, struct lh_text *t)
{
	struct lh_text list = { t->bytes, 0 };
	bool mark = false, space = false;
	for (; t->size; t->bytes++, t->size--) {
		char c = t->bytes[0];
		struct lh_text ahead = *t;
		uint32_t next;
		if ((mark || space) && take_name(d, &ahead, mark, &next))
			break;
		space = c == ' ' || c == '\t' || c == '\r' || c == '\n';
		mark = c == ';' || c == ',' || c == '\n' || (mark && space);
	}
	list.size = (size_t)(t->bytes - list.bytes);
	list = fam_trim(list);
	list.size -= list.size && (list.bytes[list.size - 1] == ';' || list.bytes[list.size - 1] == ',');
	return list;
}

static bool read_parts(const struct lh_task_data *d, struct lh_text t, struct fam_state *out)
{
	uint32_t seen = 0, part;
	bool braced = fam_take_of(&t, "{", 1);
	if (braced && (t.size == 0 || t.bytes[t.size - 1] != '}'))
		return false;
	t.size -= braced;
	for (t = fam_trim(t); t.size; seen |= 1u << part) {
		if (!take_name(d, &t, true, &part) || (seen >> part & 1))
			return false;
		const struct fam_part *p = &d->part[part];
		if (!p->machine->read(&p->set, take_list(d, &t), &out->part[part]) || out->part[part].n > p->set.state.most + SPARE)
			return false;
	}
	return seen == (1u << d->parts) - 1;
}

bool fam_verbs_read_text(const struct lh_task *t, struct lh_text text, struct fam_state *out)
{
	const struct fam_part *only = &t->data->part[0];
	return t->data->parts == 1 ? only->machine->read(&only->set, text, &out->part[0]) : read_parts(t->data, fam_trim(text), out);
}

int32_t fam_verbs_read(const struct lh_task *t, struct lh_text state, struct fam_state *out)
{
	if (fam_verbs_read_text(t, state, out))
		return LH_TASK_OK;
	return fam_not_a_state(t->data->host, state, t->data->parts == 1 ? t->data->part[0].machine->one : "a list of all parts");
}
