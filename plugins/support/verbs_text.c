/* support/verbs_text.c - the prompts. */
#include "support/verbs_impl.h"

#include <string.h>

/* The worked example is the same for all samples of a set of parameters. */
#define EXAMPLE_SEED 4
#define EXAMPLE_KEYS 4
#define EXAMPLE_STEPS FAM_KINDS_MAX

/* ---- Texts with places to fill in -------------------------------------------------------------- */

static void put_x(const struct lh_task *t, struct lh_sink *out, const struct fam_step *s, bool keys)
{
	if (keys)
		fam_put(t->data->host, out, t->dictionary.key[s->key]);
	else
		t->data->part[s->part].machine->put_x(t->data->host, out, s->x);
}

/* %n, %l, %h, %m, %z as verbs.h has them, and, with a step, %x, %a, %b; without one, these as X, P, Q. */
static void put_form(const struct lh_task *t, struct lh_sink *out, const struct fam_part *p, const char *form, const struct fam_step *s, bool keys)
{
	const struct lh_host *host = t->data->host;
	for (const char *mark; (mark = strchr(form, '%')) != NULL; form = mark + 2) {
		char what = mark[1];
		host->put(out, form, (size_t)(mark - form));
		if (what == 'n')
			fam_put_int(host, out, p->set.state.most);
		else if (what == 'm')
			fam_put_int(host, out, p->set.bound);
		else if (what == 'l')
			fam_put_int(host, out, p->set.state.least);
		else if (what == 'h')
			fam_put_int(host, out, p->set.state.high);
		else if (what == 'z')
			p->machine->put_place(host, out, p->set.places - 1);
		else if (!s)
			host->put(out, what == 'x' ? "X" : what == 'a' ? "P" : "Q", 1);
		else if (what == 'x')
			put_x(t, out, s, keys);
		else
			p->machine->put_place(host, out, what == 'a' ? s->a : s->b);
	}
	fam_put(host, out, form);
}

/* An operation, of a message or of the rules. */
static void put_verb(const struct lh_task *t, struct lh_sink *out, const struct fam_part *p, uint32_t verb, const struct fam_step *s, bool keys)
{
	fam_put(t->data->host, out, t->data->parts > 1 ? p->machine->noun : "");
	fam_put(t->data->host, out, t->data->parts > 1 ? " " : "");
	put_form(t, out, p, p->machine->verb[verb].form, s, keys);
}

void fam_verbs_put_step(const struct lh_task *t, struct lh_sink *out, const struct fam_step *s, bool keys)
{
	put_verb(t, out, &t->data->part[s->part], s->verb, s, keys);
}

int32_t fam_verbs_ask(const struct lh_task *t, uint64_t first_step, uint32_t count, struct lh_sink *out)
{
	for (uint32_t i = 0; i < count; i++) {
		struct fam_step s = fam_verbs_step(t, first_step + i);
		fam_put(t->data->host, out, i ? ", " : "");
		fam_verbs_put_step(t, out, &s, s.named);
	}
	return LH_TASK_OK;
}

/* ---- The worked example ------------------------------------------------------------------------ */

static void put_start(const struct lh_task *t, struct lh_sink *out, const struct fam_state *state)
{
	fam_put(t->data->host, out, "The ");
	fam_put(t->data->host, out, t->data->parts > 1 ? "state" : t->data->part[0].machine->noun);
	fam_put(t->data->host, out, " to start from: ");
	fam_verbs_put(t, out, state);
}

/* The operations shown, six or more: of one part all that its mix has; of several two or three of each, the first of each first. */
static uint32_t choose_example(const struct lh_task *t, struct fam_step step[EXAMPLE_STEPS])
{
	const struct lh_task_data *d = t->data;
	uint32_t verb[FAM_PARTS_MAX][FAM_KINDS_MAX], verbs[FAM_PARTS_MAX] = { 0 };
	for (uint32_t p = 0; p < d->parts; p++)
		for (uint32_t v = 0; v < d->part[p].machine->verbs; v++)
			if (d->part[p].mix.weight[v])
				verb[p][verbs[p]++] = v;
	uint32_t rounds = d->parts > 1 ? 1 + 5 / d->parts : verbs[0] > 6 ? verbs[0] : 6;
	for (uint32_t k = 0; k < rounds * d->parts; k++) {
		uint32_t p = k % d->parts;
		step[k] = fam_verbs_step_in(t, k, p);
		step[k].verb = verb[p][k / d->parts % verbs[p]];
	}
	return rounds * d->parts;
}

static void put_turn(const struct lh_task *t, struct lh_sink *out, const struct fam_step *step, uint32_t count, struct fam_state *state)
{
	const struct lh_host *host = t->data->host;
	fam_put(host, out, "\nMessage: ");
	for (uint32_t k = 0; k < count; k++) {
		fam_put(host, out, k ? ", " : "");
		fam_verbs_put_step(t, out, &step[k], step[k].named);
		fam_verbs_act(t, &step[k], state);
	}
	fam_put(host, out, "\nReply: <answer>");
	fam_verbs_put(t, out, state);
	fam_put(host, out, "</answer>");
}

/* On a small dictionary of its own. */
static void put_example(const struct lh_task *real, struct lh_sink *out)
{
	const struct lh_task_data *d = real->data;
	const char *key[EXAMPLE_KEYS] = { "plum", "fig", "lime", "pear" };
	int64_t value[EXAMPLE_KEYS];
	struct lh_task t = { .data = d, .seed = EXAMPLE_SEED };
	struct lh_draw *draw = fam_open_draw(d->host, EXAMPLE_SEED);
	struct fam_step step[EXAMPLE_STEPS];
	struct fam_state state;
	for (int k = 0; k < EXAMPLE_KEYS; k++)
		value[k] = d->host->random_between(draw, d->source.range.min, d->source.range.max);
	if (d->source.keys)
		t.dictionary = (struct fam_dictionary){ EXAMPLE_KEYS, key, value };
	fam_put(d->host, out, d->named > 0 ? "Example, with a dictionary of its own: " : "Example:");
	if (d->named > 0)
		fam_dictionary_put(d->host, out, &t.dictionary);
	fam_verbs_start(&t, &state);
	fam_put(d->host, out, "\n");
	put_start(&t, out, &state);
	uint32_t count = choose_example(&t, step);
	put_turn(&t, out, step, 1, &state);
	put_turn(&t, out, step + 1, 2, &state);
	put_turn(&t, out, step + 3, count - 3, &state);
}

/* ---- The instructions -------------------------------------------------------------------------- */

/* What X of the operations stands for. */
static void put_operand(const struct lh_task *t, struct lh_sink *out, const struct fam_part *p)
{
	const struct lh_task_data *d = t->data;
	if (p->set.keyed && d->named >= 1) {
		fam_put(d->host, out, "- In place of X a message names a key: look it up in the dictionary, its value is X.\n");
		return;
	}
	fam_put(d->host, out, "- In place of X a message gives a ");
	fam_put(d->host, out, p->machine->operand);
	fam_put(d->host, out, p->set.keyed && d->named > 0 ? ", or names a key: then look the key up in the dictionary, its value is X.\n" : ".\n");
}

static void put_verbs(const struct lh_task *t, struct lh_sink *out, const struct fam_part *p)
{
	if (fam_verbs_mix_takes(p, 'a'))
		put_form(t, out, p, p->machine->places, NULL, false);
	for (uint32_t v = 0; v < p->machine->verbs; v++) {
		if (!p->mix.weight[v])
			continue;
		fam_put(t->data->host, out, "- ");
		put_verb(t, out, p, v, NULL, false);
		fam_put(t->data->host, out, ": ");
		put_form(t, out, p, p->machine->verb[v].rule, NULL, false);
		fam_put(t->data->host, out, "\n");
	}
}

static const char *const messages[2] = {
	"- Each message gives one or more operations, separated by commas. Carry them out one after the other, in order; an operation "
	"that is given again is carried out again.\n",
	"- Each message gives one or more operations, separated by commas. Each of them begins with the name of the part that it is done to, and "
	"leaves the other parts as they are. Carry them out one after the other, in order; an operation that is given again is carried out again.\n",
};
static const char carried[] = "- Nothing is set back between messages: each goes on from where the one before it ended.\n";

/* All in one list, or one on all parts and one on each. */
static void put_rules(const struct lh_task *t, struct lh_sink *out)
{
	const struct lh_host *host = t->data->host;
	const struct fam_part *p = t->data->part;
	put_form(t, out, p, p->machine->intro, NULL, false);
	fam_put(host, out, "\n\nRules:\n");
	put_form(t, out, p, p->machine->rules, NULL, false);
	fam_put(host, out, messages[0]);
	if (fam_verbs_mix_takes(p, 'x'))
		put_operand(t, out, p);
	put_verbs(t, out, p);
	fam_put(host, out, carried);
	fam_put(host, out, "- End each reply with ");
	fam_put(host, out, p->machine->whole);
	fam_put(host, out, " after the last operation of the message, inside <answer></answer>.\n\n");
}

static void put_rules_of_parts(const struct lh_task *t, struct lh_sink *out, const struct fam_state *start)
{
	const struct lh_task_data *d = t->data;
	fam_putf(d->host, out, "You keep a state of %u parts, to which operations are done. It is written as all its parts in this order, each with its name in front, "
		"with semicolons between them:\n", d->parts);
	fam_verbs_put(t, out, start);
	fam_put(d->host, out, "\n\nRules:\n");
	fam_put(d->host, out, messages[1]);
	fam_put(d->host, out, carried);
	fam_put(d->host, out, "- End each reply with the whole state, all its parts, after the last operation of the message, inside <answer></answer>.\n");
	for (uint32_t p = 0; p < d->parts; p++) {
		fam_putf(d->host, out, "\nRules for the part %s:\n", d->part[p].machine->noun);
		put_form(t, out, &d->part[p], d->part[p].machine->rules, NULL, false);
		if (fam_verbs_mix_takes(&d->part[p], 'x'))
			put_operand(t, out, &d->part[p]);
		put_verbs(t, out, &d->part[p]);
	}
	fam_put(d->host, out, "\n");
}

int32_t fam_verbs_instructions(const struct lh_task *t, uint32_t steps_per_turn, struct lh_sink *out)
{
	(void)steps_per_turn;
	const struct lh_task_data *d = t->data;
	struct fam_state start;
	fam_verbs_start(t, &start);
	if (d->parts > 1)
		put_rules_of_parts(t, out, &start);
	else
		put_rules(t, out);
	put_example(t, out);
	fam_put(d->host, out, d->named > 0 ? "\n\nThe dictionary to use from here on:\n" : "\n\nFrom here on:");
	if (d->named > 0)
		fam_dictionary_put(d->host, out, &t->dictionary);
	fam_put(d->host, out, "\n");
	put_start(t, out, &start);
	fam_put(d->host, out, "\n");
	return LH_TASK_OK;
}
