/* program - a small machine with registers and a program: each step executes one instruction, jumps included.
 *
 * State: the registers and the program counter, as "r0=4 r1=0 r2=9 pc=5". The counter has to be in the answer: which line comes next
 * hangs on what was compared before, so that without it the next state would be no function of step and state, and no one could tell
 * what follows from a wrong answer. The plan is the program's alone; messages only say how many instructions. Programs are drawn so that
 * they neither stop nor run in a short circle. A register that a wrong answer gives a value beyond the modulus can be read, and is
 * carried on by the same rules; a line that is not there cannot. */
#include "support/listing.h"

#include <stdlib.h>
#include <string.h>

static const struct lh_host *host;

enum { REGISTERS, LINES, MODULUS, OPS, PARAM_COUNT };

static const struct lh_param params[PARAM_COUNT] = {
	[REGISTERS] = { "registers", LH_PARAM_INTEGER, 0, "3", 2, FAM_REGISTERS_MAX, NULL, "registers of the machine" },
	[LINES] = { "lines", LH_PARAM_INTEGER, 0, "12", 4, FAM_LINES_MAX, NULL, "lines of the program" },
	[MODULUS] = { "modulus", LH_PARAM_INTEGER, 0, "100", 2, 1000000, NULL, "numbers are from 0 to one below it" },
	[OPS] = { "ops", LH_PARAM_TEXT, 0, "set+move+add:4+sub:3+goto+less:2", 0, 0, NULL,
		"how often each instruction comes: set, move, add, sub, mul, goto, less, with weights" },
};

#define EXAMPLE_SEED 1
#define REMEMBERED 1000                    /* steps that are gone through again for a slip, to see what was there before it */
#define EXAMPLE_LINES 5

struct lh_task_data { struct fam_shape shape; };

struct lh_task {
	struct fam_listing program;
	struct fam_items start;
};

/* ---- Set-up ------------------------------------------------------------------------------------ */

static void unload(struct lh_task_data *data)
{
	free(data);
}

static struct lh_task_data *load(const struct lh_value *v)
{
	struct lh_task_data *d = fam_new(host, sizeof *d);
	if (!d)
		return NULL;
	d->shape = (struct fam_shape){ (uint32_t)v[REGISTERS].integer, (uint32_t)v[LINES].integer, v[MODULUS].integer, { 0 } };
	if (fam_mix_read(host, (struct fam_mix_words){ "ops", "is no operation", fam_instruction_names, FAM_INSTRUCTIONS }, v[OPS].text, &d->shape.mix) == LH_TASK_OK)
		return d;
	unload(d);
	return NULL;
}

static void close_task(struct lh_task *t)
{
	free(t);
}

static struct lh_task *open_task(const struct lh_task_data *d, uint64_t sample, uint64_t seed)
{
	(void)sample;
	struct lh_task *t = fam_new(host, sizeof *t);
	if (t)
		fam_listing_draw(host, fam_open_draw(host, seed), &d->shape, &t->program, &t->start);
	return t;
}

/* ---- Prompts ----------------------------------------------------------------------------------- */

static void put_count(struct lh_sink *out, uint32_t count)
{
	fam_put(host, out, "Execute ");
	fam_put_int(host, out, count);
	fam_put(host, out, count == 1 ? " instruction." : " instructions.");
}

static void put_knowledge(const struct lh_task *t, struct lh_sink *out)
{
	fam_listing_put(host, out, &t->program);
	fam_put(host, out, "The state to start from: ");
	fam_listing_put_state(host, out, &t->program, &t->start);
	fam_put(host, out, "\n");
}

/* A short program drawn as the others are, the same for all samples. */
static void put_example(const struct lh_task *real, struct lh_sink *out)
{
	struct lh_task t;
	struct fam_shape shape = real->program.shape;
	if (shape.lines > EXAMPLE_LINES)
		shape.lines = EXAMPLE_LINES;
	fam_listing_draw(host, fam_open_draw(host, EXAMPLE_SEED), &shape, &t.program, &t.start);
	put_knowledge(&t, out);
	struct fam_items state = t.start;
	for (uint32_t turn = 1; turn <= 3; turn++) {
		fam_put(host, out, "Message: ");
		put_count(out, turn);
		for (uint32_t i = 0; i < turn; i++)
			fam_listing_execute(&t.program, &state);
		fam_put(host, out, "\nReply: <answer>");
		fam_listing_put_state(host, out, &t.program, &state);
		fam_put(host, out, "</answer>\n");
	}
}

static void put_rules(const struct lh_task *t, struct lh_sink *out)
{
	fam_listing_put_kinds(host, out, &t->program.shape.mix);
	fam_put(host, out, "- Results are taken modulo ");
	fam_put_int(host, out, t->program.shape.modulus);
	fam_put(host, out, ": of one that is ");
	fam_put_int(host, out, t->program.shape.modulus);
	fam_put(host, out, " or more only the remainder is kept, and to one that is negative ");
	fam_put_int(host, out, t->program.shape.modulus);
	fam_put(host, out, " is added.\n"
		"- After an instruction that says nothing of pc, pc becomes the number of the next line. The line after the last one is line 0.\n");
}

static int32_t instructions(const struct lh_task *t, uint32_t steps_per_turn, struct lh_sink *out)
{
	(void)steps_per_turn;
	fam_put(host, out, "You execute the program of a small machine, which has registers named r0 to r");
	fam_put_int(host, out, t->program.shape.registers - 1);
	fam_put(host, out, ".\n\n"
		"Rules:\n"
		"- The lines of the program are numbered from 0. pc is the number of the line that is executed next.\n"
		"- Each message says how many instructions to execute. To execute one, take the line with the number pc, do what it says, and set pc "
		"for the next one.\n");
	put_rules(t, out);
	fam_put(host, out, "- Registers and pc carry over from message to message and are never set back.\n"
		"- End each reply with the state after the last instruction: all registers in order and then pc, each as its name, = and its value, "
		"separated by spaces, inside <answer></answer>.\n\n"
		"Example, with a program of its own:\n");
	put_example(t, out);
	fam_put(host, out, "\nThe program to execute from here on:\n");
	put_knowledge(t, out);
	return LH_TASK_OK;
}

static int32_t ask(const struct lh_task *t, uint64_t first_step, uint32_t count, struct lh_sink *out)
{
	(void)t;
	(void)first_step;
	put_count(out, count);
	return LH_TASK_OK;
}

/* ---- The step machine -------------------------------------------------------------------------- */

static int32_t need_state(const struct lh_task *t, struct lh_text text, struct fam_items *out)
{
	return fam_listing_read_state(&t->program, text, out) ? LH_TASK_OK : fam_not_a_state(host, text, "registers and a program counter");
}

static int32_t initial(const struct lh_task *t, struct lh_sink *out)
{
	fam_listing_put_state(host, out, &t->program, &t->start);
	return LH_TASK_OK;
}

static int32_t apply(const struct lh_task *t, uint64_t step, struct lh_text text, struct lh_sink *out)
{
	(void)step;
	struct fam_items state;
	if (need_state(t, text, &state))
		return LH_TASK_FAILED;
	fam_listing_execute(&t->program, &state);
	fam_listing_put_state(host, out, &t->program, &state);
	return LH_TASK_OK;
}

static int32_t canonical(const struct lh_task *t, struct lh_text text, struct lh_sink *out)
{
	struct fam_items state;
	if (!fam_listing_read_state(&t->program, text, &state))
		return LH_TASK_NO_STATE;
	fam_listing_put_state(host, out, &t->program, &state);
	return LH_TASK_OK;
}

static int32_t corrupt(const struct lh_task *t, uint64_t step, struct lh_text text, struct lh_draw *draw, struct lh_sink *out)
{
	struct fam_items state, before = t->start;
	if (need_state(t, text, &state))
		return LH_TASK_FAILED;
	for (uint64_t k = 0; k < step && k < REMEMBERED; k++)
		fam_listing_execute(&t->program, &before);
	fam_listing_slip(host, draw, &t->program, &before, &state);
	fam_listing_put_state(host, out, &t->program, &state);
	return LH_TASK_OK;
}

/* Line 4: r0 = r0 + r2. r0=4 r2=9 pc=4 becomes r0=13 r2=9 pc=5. */
static int32_t explain(const struct lh_task *t, uint64_t step, struct lh_text before, struct lh_text after, struct lh_sink *out)
{
	(void)step;
	struct fam_items from, to;
	if (need_state(t, before, &from) || need_state(t, after, &to))
		return LH_TASK_FAILED;
	fam_put(host, out, "Line ");
	fam_put_int(host, out, from.v[t->program.shape.registers]);
	fam_put(host, out, ": ");
	fam_listing_put_line(host, out, &t->program.line[from.v[t->program.shape.registers]]);
	fam_put(host, out, ". ");
	fam_listing_put_state(host, out, &t->program, &from);
	fam_put(host, out, " becomes ");
	fam_listing_put_state(host, out, &t->program, &to);
	fam_put(host, out, ".");
	return LH_TASK_OK;
}

static const struct lh_task_v1 task = {
	.struct_size = sizeof task,
	.param_count = PARAM_COUNT,
	.params = params,
	.summary = "execute one instruction of a program, jumps included; the state is registers and program counter",
	.load = load, .unload = unload, .samples = fam_any_samples, .open = open_task, .close = close_task,
	.instructions = instructions, .ask = ask, .initial = initial, .apply = apply,
	.canonical = canonical, .corrupt = corrupt, .max_steps = fam_any_steps,
};

static const struct lh_thoughts_v1 thoughts = { .struct_size = sizeof thoughts, .explain = explain };

FAM_PLUGIN("program", "1.0");
