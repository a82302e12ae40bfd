/* fsm - a finite-state machine, given as a table: each step follows one transition. As in "The Illusion of Procedural Reasoning"
 * (arXiv 2511.14777), which tells machines that are wide (many actions, much to search through) from those that are deep (many states).
 *
 * State: the machine's, as "q7". Every transition leads to another state. As a rule each action permutes the states: two runs that are
 * apart stay apart, so that nothing heals an error by itself, and from five states on such a machine can be complete for NC1 (D. Barrington,
 * JCSS 38, 1989). With reversible=false transitions are drawn one by one, and runs that are apart come together again, after about as many steps
 * as there are states. */
#include "support/transitions.h"

#include <stdlib.h>
#include <string.h>

static const struct lh_host *host;

enum { STATES, ACTIONS, REVERSIBLE, PARAM_COUNT };

static const struct lh_param params[PARAM_COUNT] = {
	[STATES] = { "states", LH_PARAM_INTEGER, 0, "8", 2, FAM_STATES_MAX, NULL, "states of the machine: its depth" },
	[ACTIONS] = { "actions", LH_PARAM_INTEGER, 0, "4", 1, 100, NULL, "actions in every state: its width" },
	[REVERSIBLE] = { "reversible", LH_PARAM_CHOICE, 0, "true", 0, 0, "false|true", "an action never leads from two states to the same one" },
};

struct lh_task_data {
	uint32_t states;
	bool reversible;
	struct fam_source source;                 /* of the actions' names */
};

struct lh_task {
	uint64_t seed;
	struct fam_transitions table;
	uint32_t start;
};

/* ---- Set-up ------------------------------------------------------------------------------------ */

static void unload(struct lh_task_data *data)
{
	if (data)
		fam_source_fini(&data->source);
	free(data);
}

static struct lh_task_data *load(const struct lh_value *v)
{
	struct lh_task_data *d = fam_new(host, sizeof *d);
	if (!d)
		return NULL;
	d->states = (uint32_t)v[STATES].integer;
	d->reversible = v[REVERSIBLE].integer == 1;
	if (fam_source_open(host, v[ACTIONS].integer, (struct fam_values){ 0 }, "", &d->source)) {
		unload(d);
		return NULL;
	}
	return d;
}

static void close_task(struct lh_task *t)
{
	if (t)
		fam_transitions_fini(&t->table);
	free(t);
}

static struct lh_task *open_task(const struct lh_task_data *d, uint64_t sample, uint64_t seed)
{
	(void)sample;
	struct lh_draw *draw;
	struct lh_task *t = fam_new(host, sizeof *t);
	if (!t)
		return NULL;
	t->seed = seed;
	if (fam_transitions_draw(host, &d->source, seed, d->states, d->reversible, &draw, &t->table)) {
		close_task(t);
		return NULL;
	}
	t->start = (uint32_t)host->random_between(draw, 0, (int64_t)d->states - 1);
	return t;
}

/* ---- Prompts ----------------------------------------------------------------------------------- */

static void put_knowledge(struct lh_sink *out, const struct fam_transitions *table, uint32_t start)
{
	fam_transitions_put(host, out, table);
	fam_put(host, out, "The state to start from: ");
	fam_transitions_put_state(host, out, start);
	fam_put(host, out, "\n");
}

static void put_example(struct lh_sink *out)
{
	static const int plan[][4] = { { 1, -1 }, { 0, 1, -1 }, { 0, 0, 1, -1 } };
	const char *key[] = { "plum", "fig" };
	int64_t value[2] = { 0 };
	uint32_t next[] = { 2, 1, 0, 2, 1, 0 };
	struct fam_transitions table = { 3, { 2, key, value }, next };
	uint32_t state = 0;
	put_knowledge(out, &table, state);
	for (size_t turn = 0; turn < sizeof plan / sizeof *plan; turn++) {
		fam_put(host, out, "Message: ");
		for (const int *a = plan[turn]; *a >= 0; a++) {
			fam_put(host, out, a == plan[turn] ? "" : ", ");
			fam_put(host, out, key[*a]);
			state = fam_transitions_next(&table, state, (uint32_t)*a);
		}
		fam_put(host, out, "\nReply: <answer>");
		fam_transitions_put_state(host, out, state);
		fam_put(host, out, "</answer>\n");
	}
}

static int32_t instructions(const struct lh_task *t, uint32_t steps_per_turn, struct lh_sink *out)
{
	(void)steps_per_turn;
	fam_put(host, out, "You run a machine that is in one of ");
	fam_put_int(host, out, t->table.states);
	fam_put(host, out, " states, named q0 to ");
	fam_transitions_put_state(host, out, t->table.states - 1);
	fam_put(host, out, ".\n\n"
		"Rules:\n"
		"- Each message names one or more actions, separated by commas. Carry them out one after the other, in order; an action that is "
		"named again is carried out again.\n"
		"- An action takes the machine to another state. The table of transitions has a line for every state: find the line of the state that "
		"the machine is in, and in it the action; behind -> stands the state that the machine is in next.\n"
		"- The state carries over from message to message and is never set back.\n"
		"- End each reply with the state after the last action of the message, as its name inside <answer></answer>.\n\n"
		"Example, with a table of its own:\n");
	put_example(out);
	fam_put(host, out, "\nThe table to use from here on:\n");
	put_knowledge(out, &t->table, t->start);
	return LH_TASK_OK;
}

static int32_t ask(const struct lh_task *t, uint64_t first_step, uint32_t count, struct lh_sink *out)
{
	fam_dictionary_ask(host, out, &t->table.action, t->seed, first_step, count);
	return LH_TASK_OK;
}

/* ---- The step machine -------------------------------------------------------------------------- */

static int32_t need_state(const struct lh_task *t, struct lh_text text, uint32_t *out)
{
	return fam_transitions_read_state(&t->table, text, out) ? LH_TASK_OK : fam_not_a_state(host, text, "a state of the machine");
}

static int32_t initial(const struct lh_task *t, struct lh_sink *out)
{
	fam_transitions_put_state(host, out, t->start);
	return LH_TASK_OK;
}

static int32_t apply(const struct lh_task *t, uint64_t step, struct lh_text state, struct lh_sink *out)
{
	uint32_t q;
	if (need_state(t, state, &q))
		return LH_TASK_FAILED;
	fam_transitions_put_state(host, out, fam_transitions_next(&t->table, q, fam_dictionary_step(host, &t->table.action, t->seed, step)));
	return LH_TASK_OK;
}

static int32_t canonical(const struct lh_task *t, struct lh_text text, struct lh_sink *out)
{
	uint32_t q;
	if (!fam_transitions_read_state(&t->table, text, &q))
		return LH_TASK_NO_STATE;
	fam_transitions_put_state(host, out, q);
	return LH_TASK_OK;
}

/* The number before or behind it, round the end. */
static uint32_t beside(struct lh_draw *draw, uint32_t k, uint32_t n)
{
	return (k + (host->random_between(draw, 0, 1) ? 1 : n - 1)) % n;
}

static uint32_t slip(const struct lh_task *t, uint64_t step, uint32_t right, struct lh_draw *draw)
{
	uint32_t action = fam_dictionary_step(host, &t->table.action, t->seed, step);
	uint32_t before = fam_transitions_before(host, draw, &t->table, action, right);
	switch (host->random_between(draw, 0, 3)) {
	case 0: return before;                                                                          /* the step left out */
	case 1: return fam_transitions_next(&t->table, right, action);                                        /* done twice */
	case 2: return fam_transitions_next(&t->table, beside(draw, before, t->table.states), action);        /* the wrong line of the table */
	default: return fam_transitions_next(&t->table, before, beside(draw, action, t->table.action.count)); /* the wrong action in the line */
	}
}

static int32_t corrupt(const struct lh_task *t, uint64_t step, struct lh_text state, struct lh_draw *draw, struct lh_sink *out)
{
	uint32_t right;
	if (need_state(t, state, &right))
		return LH_TASK_FAILED;
	uint32_t wrong = slip(t, step, right, draw);
	fam_transitions_put_state(host, out, wrong == right ? beside(draw, right, t->table.states) : wrong);
	return LH_TASK_OK;
}

/* In q3 plum leads to q5. Where it leads elsewhere, the table was misread. */
static int32_t explain(const struct lh_task *t, uint64_t step, struct lh_text before, struct lh_text after, struct lh_sink *out)
{
	uint32_t from, to;
	if (need_state(t, before, &from) || need_state(t, after, &to))
		return LH_TASK_FAILED;
	fam_put(host, out, "In ");
	fam_transitions_put_state(host, out, from);
	fam_put(host, out, ", ");
	fam_put(host, out, t->table.action.key[fam_dictionary_step(host, &t->table.action, t->seed, step)]);
	fam_put(host, out, " leads to ");
	fam_transitions_put_state(host, out, to);
	fam_put(host, out, ".");
	return LH_TASK_OK;
}

static const struct lh_task_v1 task = {
	.struct_size = sizeof task,
	.param_count = PARAM_COUNT,
	.params = params,
	.summary = "follow one transition of a machine given as a table; the state is the machine's",
	.load = load, .unload = unload, .samples = fam_any_samples, .open = open_task, .close = close_task,
	.instructions = instructions, .ask = ask, .initial = initial, .apply = apply,
	.canonical = canonical, .corrupt = corrupt, .max_steps = fam_any_steps,
};

static const struct lh_thoughts_v1 thoughts = { .struct_size = sizeof thoughts, .explain = explain };

FAM_PLUGIN("fsm", "1.0");
