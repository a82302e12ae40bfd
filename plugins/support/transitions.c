#include "support/transitions.h"

#include <stdlib.h>

static uint32_t *cell(const struct fam_transitions *t, uint32_t state, uint32_t action)
{
	return &t->next[(size_t)state * t->action.count + action];
}

/* A shuffle (Fisher-Yates), again until no state leads to itself, which happens after e = 2.7 of them. */
static void draw_permutation(const struct lh_host *host, struct lh_draw *draw, const struct fam_transitions *t, uint32_t action)
{
	for (uint32_t fixed = 1; fixed; ) {
		for (uint32_t q = 0; q < t->states; q++) {
			uint32_t k = fam_below(host, draw, q + 1);
			*cell(t, q, action) = *cell(t, k, action);
			*cell(t, k, action) = q;
		}
		fixed = 0;
		for (uint32_t q = 0; q < t->states; q++)
			fixed += *cell(t, q, action) == q;
	}
}

static void draw_function(const struct lh_host *host, struct lh_draw *draw, const struct fam_transitions *t, uint32_t action)
{
	for (uint32_t q = 0; q < t->states; q++)
		*cell(t, q, action) = (q + 1 + fam_below(host, draw, t->states - 1)) % t->states;
}

/* Whether every state can be reached from the first. */
static bool connected(const struct fam_transitions *t)
{
	uint32_t found[FAM_STATES_MAX] = { 0 }, n = 1;
	bool seen[FAM_STATES_MAX] = { true };
	for (uint32_t k = 0; k < n; k++)
		for (uint32_t a = 0; a < t->action.count; a++) {
			uint32_t q = *cell(t, found[k], a);
			if (!seen[q])
				found[n++] = q;
			seen[q] = true;
		}
	return n == t->states;
}

static void draw_all(const struct lh_host *host, struct lh_draw *draw, const struct fam_transitions *t, bool reversible)
{
	do
		for (uint32_t a = 0; a < t->action.count; a++)
			(reversible ? draw_permutation : draw_function)(host, draw, t, a);
	while (reversible && !connected(t));
}

int32_t fam_transitions_draw(const struct lh_host *host, const struct fam_source *names, uint64_t seed, uint32_t states, bool reversible,
	struct lh_draw **draw, struct fam_transitions *out)
{
	*out = (struct fam_transitions){ .states = states, .next = calloc((size_t)states * names->keys, sizeof *out->next) };
	if (!out->next)
		return fam_fail(host, "out of memory");
	if (fam_dictionary_keys(host, names, seed, draw, &out->action)) {
		fam_transitions_fini(out);
		return LH_TASK_FAILED;
	}
	draw_all(host, *draw, out, reversible);
	return LH_TASK_OK;
}

void fam_transitions_fini(struct fam_transitions *t)
{
	fam_dictionary_fini(&t->action);
	free(t->next);
	*t = (struct fam_transitions){ 0 };
}

uint32_t fam_transitions_next(const struct fam_transitions *t, uint32_t state, uint32_t action)
{
	return *cell(t, state, action);
}

uint32_t fam_transitions_before(const struct lh_host *host, struct lh_draw *draw, const struct fam_transitions *t, uint32_t action, uint32_t next)
{
	uint32_t q = fam_below(host, draw, t->states);
	for (uint32_t k = 0; k < t->states && *cell(t, q, action) != next; k++)
		q = (q + 1) % t->states;
	return q;
}

void fam_transitions_put_state(const struct lh_host *host, struct lh_sink *out, uint32_t state)
{
	fam_put(host, out, "q");
	fam_put_int(host, out, state);
}

bool fam_transitions_read_state(const struct fam_transitions *t, struct lh_text text, uint32_t *out)
{
	int64_t number;
	text = fam_trim(text);
	if (text.size && (text.bytes[0] == 'q' || text.bytes[0] == 'Q'))
		text.bytes++, text.size--;
	if (!fam_state_int(text, &number) || number < 0 || number >= t->states)
		return false;
	*out = (uint32_t)number;
	return true;
}

void fam_transitions_put(const struct lh_host *host, struct lh_sink *out, const struct fam_transitions *t)
{
	for (uint32_t q = 0; q < t->states; q++) {
		fam_transitions_put_state(host, out, q);
		for (uint32_t a = 0; a < t->action.count; a++) {
			fam_put(host, out, a ? ", " : ": ");
			fam_put(host, out, t->action.key[a]);
			fam_put(host, out, " -> ");
			fam_transitions_put_state(host, out, *cell(t, q, a));
		}
		fam_put(host, out, "\n");
	}
}
