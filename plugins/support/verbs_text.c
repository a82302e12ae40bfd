/* support/verbs_text.c - the prompts. */
#include "support/verbs_impl.h"

#include <string.h>

/* The worked example is the same for all samples of a set of parameters. */
#define EXAMPLE_SEED 4
#define EXAMPLE_KEYS 4

/* ---- Texts with places to fill in -------------------------------------------------------------- */

bool fam_verbs_takes(const struct lh_task_data *d, uint32_t verb, char what)
{
	const char *at = d->machine->verb[verb].form;
	while ((at = strchr(at, '%')) != NULL)
		if (*++at == what)
			return true;
	return false;
}

static void put_x(const struct lh_task *t, struct lh_sink *out, const struct fam_step *s, bool keys)
{
	if (keys)
		fam_put(t->data->host, out, t->dictionary.key[s->key]);
	else
		t->data->machine->put_x(t->data->host, out, s->x);
}

/* %n, %l, %h, %m, %z as verbs.h has them, and, with a step, %x, %a, %b; without one, these as X, P, Q. */
static void put_form(const struct lh_task *t, struct lh_sink *out, const char *form, const struct fam_step *s, bool keys)
{
	const struct lh_task_data *d = t->data;
	for (const char *mark; (mark = strchr(form, '%')) != NULL; form = mark + 2) {
		char what = mark[1];
		d->host->put(out, form, (size_t)(mark - form));
		if (what == 'n')
			fam_put_int(d->host, out, d->set.state.most);
		else if (what == 'm')
			fam_put_int(d->host, out, d->set.bound);
		else if (what == 'l')
			fam_put_int(d->host, out, d->set.state.least);
		else if (what == 'h')
			fam_put_int(d->host, out, d->set.state.high);
		else if (what == 'z')
			d->machine->put_place(d->host, out, d->set.places - 1);
		else if (!s)
			d->host->put(out, what == 'x' ? "X" : what == 'a' ? "P" : "Q", 1);
		else if (what == 'x')
			put_x(t, out, s, keys);
		else
			d->machine->put_place(d->host, out, what == 'a' ? s->a : s->b);
	}
	fam_put(d->host, out, form);
}

void fam_verbs_put_step(const struct lh_task *t, struct lh_sink *out, const struct fam_step *s, bool keys)
{
	put_form(t, out, t->data->machine->verb[s->verb].form, s, keys);
}

int32_t fam_verbs_ask(const struct lh_task *t, uint64_t first_step, uint32_t count, struct lh_sink *out)
{
	for (uint32_t i = 0; i < count; i++) {
		struct fam_step s = fam_verbs_step(t, first_step + i);
		fam_put(t->data->host, out, i ? ", " : "");
		fam_verbs_put_step(t, out, &s, t->data->set.lookup);
	}
	return LH_TASK_OK;
}

/* ---- The worked example ------------------------------------------------------------------------ */

static void put_start(const struct lh_task *t, struct lh_sink *out, const struct fam_items *i)
{
	fam_put(t->data->host, out, "The ");
	fam_put(t->data->host, out, t->data->machine->noun);
	fam_put(t->data->host, out, " to start from: ");
	fam_verbs_put(t, out, i);
}

/* `count` operations from `first` on: each of the mix in its turn. */
static void put_turn(const struct lh_task *t, struct lh_sink *out, const uint32_t *verb, uint32_t verbs, uint32_t first, uint32_t count, struct fam_items *i)
{
	const struct lh_host *host = t->data->host;
	fam_put(host, out, "\nMessage: ");
	for (uint32_t k = first; k < first + count; k++) {
		struct fam_step s = fam_verbs_step(t, k);
		s.verb = verb[k % verbs];
		fam_put(host, out, k == first ? "" : ", ");
		fam_verbs_put_step(t, out, &s, t->data->set.lookup);
		t->data->machine->act(&t->data->set, &s, i);
	}
	fam_put(host, out, "\nReply: <answer>");
	fam_verbs_put(t, out, i);
	fam_put(host, out, "</answer>");
}

/* On a small dictionary of its own, with every operation of the mix. */
static void put_example(const struct lh_task *real, struct lh_sink *out)
{
	const struct lh_host *host = real->data->host;
	const struct fam_setting *set = &real->data->set;
	const char *key[EXAMPLE_KEYS] = { "plum", "fig", "lime", "pear" };
	int64_t value[EXAMPLE_KEYS];
	struct lh_task t = { .data = real->data, .seed = EXAMPLE_SEED };
	struct lh_draw *draw = fam_open_draw(host, EXAMPLE_SEED);
	struct fam_items i;
	uint32_t verb[FAM_KINDS_MAX], verbs = 0;
	for (uint32_t v = 0; v < real->data->machine->verbs; v++)
		if (real->data->mix.weight[v])
			verb[verbs++] = v;
	for (int k = 0; k < EXAMPLE_KEYS; k++)
		value[k] = host->random_between(draw, set->x_low, set->x_high);
	if (set->keys)
		t.dictionary = (struct fam_dictionary){ EXAMPLE_KEYS, key, value };
	fam_put(host, out, set->lookup ? "Example, with a dictionary of its own: " : "Example:");
	if (set->lookup)
		fam_dictionary_put(host, out, &t.dictionary);
	fam_verbs_start(&t, &i);
	fam_put(host, out, "\n");
	put_start(&t, out, &i);
	put_turn(&t, out, verb, verbs, 0, 1, &i);
	put_turn(&t, out, verb, verbs, 1, 2, &i);
	put_turn(&t, out, verb, verbs, 3, verbs > 6 ? verbs - 3 : 3, &i);
}

/* ---- The instructions -------------------------------------------------------------------------- */

bool fam_verbs_mix_takes(const struct lh_task_data *d, char what)
{
	for (uint32_t v = 0; v < d->machine->verbs; v++)
		if (d->mix.weight[v] && fam_verbs_takes(d, v, what))
			return true;
	return false;
}

/* What X, P and Q of the operations stand for. */
static void put_stands(const struct lh_task *t, struct lh_sink *out)
{
	const struct lh_task_data *d = t->data;
	if (fam_verbs_mix_takes(d, 'x') && d->set.lookup) {
		fam_put(d->host, out, "- In place of X a message names a key: look it up in the dictionary, its value is X.\n");
	} else if (fam_verbs_mix_takes(d, 'x')) {
		fam_put(d->host, out, "- In place of X a message gives a ");
		fam_put(d->host, out, d->machine->operand);
		fam_put(d->host, out, ".\n");
	}
	if (fam_verbs_mix_takes(d, 'a'))
		put_form(t, out, d->machine->places, NULL, false);
}

static void put_verbs(const struct lh_task *t, struct lh_sink *out)
{
	const struct lh_task_data *d = t->data;
	for (uint32_t v = 0; v < d->machine->verbs; v++) {
		if (!d->mix.weight[v])
			continue;
		fam_put(d->host, out, "- ");
		put_form(t, out, d->machine->verb[v].form, NULL, false);
		fam_put(d->host, out, ": ");
		put_form(t, out, d->machine->verb[v].rule, NULL, false);
		fam_put(d->host, out, "\n");
	}
}

int32_t fam_verbs_instructions(const struct lh_task *t, uint32_t steps_per_turn, struct lh_sink *out)
{
	(void)steps_per_turn;
	const struct lh_host *host = t->data->host;
	struct fam_items i;
	put_form(t, out, t->data->machine->intro, NULL, false);
	fam_put(host, out, "\n\nRules:\n");
	put_form(t, out, t->data->machine->rules, NULL, false);
	fam_put(host, out, "- Each message gives one or more operations, separated by commas. Carry them out one after the other, in order; an operation "
		"that is given again is carried out again.\n");
	put_stands(t, out);
	put_verbs(t, out);
	fam_put(host, out, "- Nothing is set back between messages: each goes on from where the one before it ended.\n- End each reply with ");
	fam_put(host, out, t->data->machine->whole);
	fam_put(host, out, " after the last operation of the message, inside <answer></answer>.\n\n");
	put_example(t, out);
	fam_put(host, out, t->data->set.lookup ? "\n\nThe dictionary to use from here on:\n" : "\n\nFrom here on:");
	if (t->data->set.lookup)
		fam_dictionary_put(host, out, &t->dictionary);
	fam_put(host, out, "\n");
	fam_verbs_start(t, &i);
	put_start(t, out, &i);
	fam_put(host, out, "\n");
	return LH_TASK_OK;
}
