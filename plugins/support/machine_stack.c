/* support/machine_stack.c - a bounded stack of numbers. Sums are taken modulo a number, and what the stack cannot hold falls out at the
 * bottom, so that it is as short at step 10,000 as at step 1. */
#include "support/machines.h"

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

/* With fewer numbers an operation does nothing. */
static const uint32_t needs[VERBS] = { [POP] = 1, [DUP] = 1, [OVER] = 2, [SWAP] = 2, [ROT] = 3, [ADD] = 2, [SUB] = 2 };

static void act(const struct fam_setting *set, const struct fam_step *s, struct fam_items *i)
{
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

static void undo(const struct fam_setting *set, const struct fam_step *s, const struct fam_items *was, struct fam_items *i)
{
	bool removes = s->verb == POP || s->verb == ADD || s->verb == SUB;
	int64_t lost = was->n ? was->v[was->n - 1] : 0;
	if (s->verb == SWAP && i->n > 1) {
		fam_items_swap(i, i->n - 1, i->n - 2);
	} else if (s->verb == ROT && i->n > 2) {
		fam_items_swap(i, i->n - 2, i->n - 1);
		fam_items_swap(i, i->n - 3, i->n - 2);
	} else if (s->verb == PUSH || s->verb == DUP || s->verb == OVER) {
		i->n -= i->n > 0;
	} else if (removes && was->n >= needs[s->verb] && i->n < set->state.most) {
		if (i->n && s->verb != POP)
			i->v[i->n - 1] = fam_mod(s->verb == ADD ? i->v[i->n - 1] - lost : i->v[i->n - 1] + lost, set->bound);
		fam_items_insert(i, i->n, lost);
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

const struct fam_machine fam_stack = {
	.noun = "stack", .one = "a stack", .whole = "the whole stack",
	.intro = "You keep a stack of numbers, to which operations are done.",
	.rules = "- The stack is written from bottom to top, the numbers separated by spaces: in 3 9 4 the top is 4. A stack without numbers is "
		"written as the word empty.\n"
		"- The stack holds at most %n numbers. Whenever an operation makes it hold more, remove the number at the bottom.\n",
	.operand = "number",
	.verb = verbs, .verbs = VERBS,
	.act = act, .undo = undo, .start = start, .put = fam_items_put, .read = read_stack, .put_x = fam_put_int,
};

struct fam_setting fam_stack_setting(uint32_t depth, int64_t modulus)
{
	return (struct fam_setting){ .state = { 0, depth, 0, modulus - 1 }, .bound = modulus, .x_high = modulus - 1, .keyed = true };
}
