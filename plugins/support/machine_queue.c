/* support/machine_queue.c - a bounded queue of numbers. Unlike a stack's, its operations are at both ends, and a turn round moves
 * everything. */
#include "support/machines.h"

enum { ENQUEUE, JUMP, DEQUEUE, LEAVE, ROTATE, RECALL, REVERSE, VERBS };

static const struct fam_verb verbs[VERBS] = {
	[ENQUEUE] = { "enqueue", "enqueue %x", "put X at the back. If the queue then holds more than %n numbers, remove the one at the front." },
	[JUMP] = { "jump", "jump %x", "put X at the front. If the queue then holds more than %n numbers, remove the one at the back." },
	[DEQUEUE] = { "dequeue", "dequeue", "remove the number at the front. An empty queue stays empty." },
	[LEAVE] = { "leave", "leave", "remove the number at the back. An empty queue stays empty." },
	[ROTATE] = { "rotate", "rotate", "move the number at the front to the back. An empty queue stays empty." },
	[RECALL] = { "recall", "recall", "move the number at the back to the front. An empty queue stays empty." },
	[REVERSE] = { "reverse", "reverse", "turn the queue round: the number at the back comes to the front, and so on. An empty queue stays empty." },
};

static void turn_round(struct fam_items *i)
{
	for (uint32_t k = 0; k < i->n / 2; k++)
		fam_items_swap(i, k, i->n - 1 - k);
}

/* Takes one out at `from` and puts it in at `to`, counted without it. */
static void move(struct fam_items *i, uint32_t from, uint32_t to)
{
	int64_t v = i->v[from];
	fam_items_remove(i, from);
	fam_items_insert(i, to, v);
}

static void act(const struct fam_setting *set, const struct fam_step *s, struct fam_items *i)
{
	bool full = i->n >= set->state.most;
	if (i->n == 0 && s->verb != ENQUEUE && s->verb != JUMP)
		return;
	switch (s->verb) {
	case ENQUEUE:
		if (full)
			fam_items_remove(i, 0);
		fam_items_insert(i, i->n, s->x);
		break;
	case JUMP:
		i->n -= full;
		fam_items_insert(i, 0, s->x);
		break;
	case DEQUEUE: fam_items_remove(i, 0); break;
	case LEAVE: i->n--; break;
	case ROTATE: move(i, 0, i->n - 1); break;
	case RECALL: move(i, i->n - 1, 0); break;
	default: turn_round(i);
	}
}

static void undo(const struct fam_setting *set, const struct fam_step *s, const struct fam_items *was, struct fam_items *i)
{
	bool removed = was->n && i->n < set->state.most;
	if (s->verb == DEQUEUE || s->verb == LEAVE) {
		if (removed)
			fam_items_insert(i, s->verb == DEQUEUE ? 0 : i->n, was->v[s->verb == DEQUEUE ? 0 : was->n - 1]);
	} else if (i->n == 0)
		return;
	else if (s->verb == ENQUEUE)
		i->n--;
	else if (s->verb == JUMP)
		fam_items_remove(i, 0);
	else if (s->verb == ROTATE)
		move(i, i->n - 1, 0);
	else if (s->verb == RECALL)
		move(i, 0, i->n - 1);
	else if (s->verb == REVERSE)
		turn_round(i);
}

/* Half full. */
static void start(const struct lh_host *h, struct lh_draw *draw, const struct fam_setting *set, struct fam_items *out)
{
	out->n = 0;
	while (out->n < set->state.most / 2)
		fam_items_insert(out, out->n, h->random_between(draw, set->x_low, set->x_high));
}

static bool read_queue(const struct fam_setting *set, struct lh_text text, struct fam_items *out)
{
	(void)set;
	return fam_items_read(text, out);
}

const struct fam_machine fam_queue = {
	.noun = "queue", .one = "a queue", .whole = "the whole queue",
	.intro = "You keep a queue of numbers, to which operations are done.",
	.rules = "- The queue is written from front to back, the numbers separated by spaces: in 3 9 4 the front is 3. A queue without numbers is "
		"written as the word empty.\n"
		"- The queue holds at most %n numbers.\n",
	.operand = "number",
	.verb = verbs, .verbs = VERBS,
	.act = act, .undo = undo, .start = start, .put = fam_items_put, .read = read_queue, .put_x = fam_put_int,
};

struct fam_setting fam_queue_setting(uint32_t length, int64_t max)
{
	return (struct fam_setting){ .state = { 0, length, 0, max }, .x_high = max, .keyed = true };
}
