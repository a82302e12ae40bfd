/* stack - a bounded stack of numbers, to which one operation is done a step: a whole structure is to be kept, not one total.
 *
 * State: the stack from bottom to top, as "3 9 4", or "empty". A number that is pushed is looked up in a dictionary, or given.
 * Sums are taken modulo `modulus`, and what the stack cannot hold falls out at the bottom, so that an answer at step 10,000 is
 * as short as at step 1. An answer with too many numbers, or with one that is too large, can be read all the same, and is carried
 * on by the same rules. */
#include "support/verbs.h"

#include <string.h>

static const struct lh_host *host;

enum { DEPTH, MODULUS, KEYS, LOOKUP, OPS, PARAM_COUNT };

static const struct lh_param params[PARAM_COUNT] = {
	[DEPTH] = { "depth", LH_PARAM_INTEGER, 0, "8", 2, 32, NULL, "numbers that the stack holds" },
	[MODULUS] = { "modulus", LH_PARAM_INTEGER, 0, "100", 2, 1000000, NULL, "numbers are from 0 to one below it" },
	[KEYS] = { "keys", LH_PARAM_INTEGER, 0, "100", 2, 10000, NULL, "entries of the dictionary" },
	[LOOKUP] = { "lookup", LH_PARAM_CHOICE, 0, "true", 0, 0, "false|true",
		"numbers to push are looked up; false: the same numbers are given" },
	[OPS] = { "ops", LH_PARAM_TEXT, 0, "push:4+pop:2+dup+swap+rot+add+sub", 0, 0, NULL,
		"how often each operation comes: push, pop, dup, over, swap, rot, add, sub, with weights" },
};

enum { PUSH, POP, DUP, OVER, SWAP, ROT, ADD, SUB, VERBS };

static const struct fam_verb verbs[VERBS] = {
	[PUSH] = { "push", "push %x", "put X on top." },
	[POP] = { "pop", "pop", "remove the top number. An empty stack stays empty." },
	[DUP] = { "dup", "dup", "put a copy of the top number on top. An empty stack stays empty." },
	[OVER] = { "over", "over", "put a copy of the second number from the top on top. A stack of fewer than two numbers stays as it is." },
	[SWAP] = { "swap", "swap", "exchange the two top numbers. A stack of fewer than two numbers stays as it is." },
	[ROT] = { "rot", "rot", "take the third number from the top out and put it on top. A stack of fewer than three numbers stays as it is." },
	[ADD] = { "add", "add", "remove the two top numbers and put on top their sum modulo %m, a number from 0 to %h. A stack of fewer than two numbers stays "
		"as it is." },
	[SUB] = { "sub", "sub", "remove the two top numbers and put on top the second from the top minus the top, modulo %m, a number from 0 to %h: where the "
		"difference is negative, add %m. A stack of fewer than two numbers stays as it is." },
};

static void push(const struct fam_setting *set, int64_t v, struct fam_items *i)
{
	if (i->n >= set->state.most)
		fam_items_remove(i, 0);
	fam_items_insert(i, i->n, v);
}

static void act(const struct fam_setting *set, const struct fam_step *s, struct fam_items *i)
{
	static const uint32_t needs[VERBS] = { [POP] = 1, [DUP] = 1, [OVER] = 2, [SWAP] = 2, [ROT] = 3, [ADD] = 2, [SUB] = 2 };
	if (i->n < needs[s->verb])
		return;
	int64_t top = i->n ? i->v[i->n - 1] : 0, second = i->n > 1 ? i->v[i->n - 2] : 0;
	switch (s->verb) {
	case PUSH: push(set, s->x, i); break;
	case POP: i->n--; break;
	case DUP: push(set, top, i); break;
	case OVER: push(set, second, i); break;
	case SWAP: fam_items_swap(i, i->n - 1, i->n - 2); break;
	case ROT:
		fam_items_swap(i, i->n - 3, i->n - 2);
		fam_items_swap(i, i->n - 2, i->n - 1);
		break;
	default:
		i->n--;
		i->v[i->n - 1] = fam_mod(s->verb == ADD ? second + top : second - top, set->bound);
	}
}

/* What has been removed might have been any number. */
static void undo(const struct lh_host *h, struct lh_draw *draw, const struct fam_setting *set, const struct fam_step *s, struct fam_items *i)
{
	int64_t any = h->random_between(draw, 0, set->bound - 1);
	if (s->verb == SWAP && i->n > 1) {
		fam_items_swap(i, i->n - 1, i->n - 2);
	} else if (s->verb == ROT && i->n > 2) {
		fam_items_swap(i, i->n - 2, i->n - 1);
		fam_items_swap(i, i->n - 3, i->n - 2);
	} else if (s->verb == PUSH || s->verb == DUP || s->verb == OVER) {
		i->n -= i->n > 0;
	} else if (i->n < set->state.most && s->verb != SWAP && s->verb != ROT) {
		if (i->n && s->verb != POP)
			i->v[i->n - 1] = fam_mod(s->verb == ADD ? i->v[i->n - 1] - any : i->v[i->n - 1] + any, set->bound);
		fam_items_insert(i, i->n, any);
	}
}

/* Half full. */
static void start(const struct lh_host *h, struct lh_draw *draw, const struct fam_setting *set, struct fam_items *out)
{
	out->n = 0;
	while (out->n < set->state.most / 2)
		fam_items_insert(out, out->n, h->random_between(draw, 0, set->bound - 1));
}

static bool read_stack(const struct fam_setting *set, struct lh_text text, struct fam_items *out)
{
	(void)set;
	return fam_items_read(text, out);
}

static const struct fam_machine machine = {
	.noun = "stack", .one = "a stack", .whole = "the whole stack",
	.intro = "You keep a stack of numbers, to which operations are done.",
	.rules = "- The stack is written from bottom to top, the numbers separated by spaces: in 3 9 4 the top is 4. A stack without numbers is "
		"written as the word empty.\n"
		"- The stack holds at most %n numbers. Whenever an operation makes it hold more, remove the number at the bottom.\n",
	.operand = "number",
	.verb = verbs, .verbs = VERBS,
	.act = act, .undo = undo, .start = start, .put = fam_items_put, .read = read_stack, .put_x = fam_put_int,
};

static struct lh_task_data *load(const struct lh_value *v)
{
	int64_t most = v[MODULUS].integer - 1;
	return fam_verbs_load(host, &machine, &(struct fam_setting){
		.state = { 0, (uint32_t)v[DEPTH].integer, 0, most }, .bound = v[MODULUS].integer, .x_high = most,
		.keys = v[KEYS].integer, .lookup = v[LOOKUP].integer == 1 }, v[OPS].text);
}

static const struct lh_task_v1 task = {
	.struct_size = sizeof task,
	.param_count = PARAM_COUNT,
	.params = params,
	.summary = "push a number, or pop, swap, add ...; the state is the stack, bottom to top",
	.load = load, FAM_VERBS_TASK,
};

static const struct lh_thoughts_v1 thoughts = { .struct_size = sizeof thoughts, .explain = fam_verbs_explain };

static const void *get_interface(const struct lh_host *h, const char *id)
{
	host = h;
	if (strcmp(id, LH_THOUGHTS_INTERFACE) == 0)
		return &thoughts;
	return strcmp(id, LH_TASK_INTERFACE) == 0 ? &task : NULL;
}

LH_PLUGIN_EXPORT const struct lh_plugin longhaul_plugin = {
	.magic = LH_ABI_MAGIC, .abi_major = LH_ABI_MAJOR, .abi_minor = LH_ABI_MINOR, .struct_size = sizeof(struct lh_plugin),
	.name = "stack", .version = "1.0", .license = "MIT", .get_interface = get_interface,
};
