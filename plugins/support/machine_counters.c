/* support/machine_counters.c - named counters. Increments alone could be added up side by side; a copy, a reset or a swap between them
 * has to come at its place. */
#include "support/machines.h"

enum { INCREMENT, DECREMENT, TRANSFER, COPY, RESET, SWAP, VERBS };

static const struct fam_verb verbs[VERBS] = {
	[INCREMENT] = { "increment", "increment %a by %x", "add X to counter P." },
	[DECREMENT] = { "decrement", "decrement %a by %x", "subtract X from counter P." },
	[TRANSFER] = { "transfer", "transfer %x from %a to %b", "subtract X from counter P and add X to counter Q." },
	[COPY] = { "copy", "copy %a to %b", "counter Q gets the value of counter P, which stays as it is." },
	[RESET] = { "reset", "reset %a", "counter P becomes 0." },
	[SWAP] = { "swap", "swap %a and %b", "counters P and Q exchange their values." },
};

static const char *const names[FAM_COUNTERS_MAX] = { "a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "n", "o", "p", "q", "r", "s", "t",
	"u", "v", "w", "x", "y", "z" };

static void put_name(const struct lh_host *h, struct lh_sink *out, int64_t place)
{
	fam_put(h, out, names[place]);
}

static void put(const struct lh_host *h, struct lh_sink *out, const struct fam_items *i)
{
	fam_named_put(h, out, names, i);
}

static bool read_counters(const struct fam_setting *set, struct lh_text text, struct fam_items *out)
{
	return fam_named_read(text, names, set->state.most, out);
}

static void add(const struct fam_setting *set, int64_t *counter, int64_t x)
{
	int64_t sum = *counter + x;
	*counter = sum > set->bound ? set->bound : sum < -set->bound ? -set->bound : sum;
}

static void act(const struct fam_setting *set, const struct fam_step *s, struct fam_items *i)
{
	int64_t *a = &i->v[s->a], *b = &i->v[s->b];
	switch (s->verb) {
	case INCREMENT: add(set, a, s->x); break;
	case DECREMENT: add(set, a, -s->x); break;
	case TRANSFER: add(set, a, -s->x); add(set, b, s->x); break;
	case COPY: *b = *a; break;
	case RESET: *a = 0; break;
	default: fam_items_swap(i, s->a, s->b);
	}
}

static void undo(const struct fam_setting *set, const struct fam_step *s, const struct fam_items *was, struct fam_items *i)
{
	struct fam_step back = *s;
	back.x = -s->x;
	if (s->verb == COPY)
		i->v[s->b] = was->v[s->b];
	else if (s->verb == RESET)
		i->v[s->a] = was->v[s->a];
	else
		act(set, &back, i);
}

static void start(const struct lh_host *h, struct lh_draw *draw, const struct fam_setting *set, struct fam_items *out)
{
	(void)h;
	(void)draw;
	*out = (struct fam_items){ .n = set->state.most };
}

const struct fam_machine fam_counters = {
	.noun = "counters", .one = "a list of the counters", .whole = "all counters",
	.intro = "You keep counters, to which operations are done.",
	.rules = "- There are %n counters, named a to %z. They are written in order, each as its name, = and its value, separated by spaces.\n"
		"- No counter goes above %m or below -%m: where an operation would take it further, it stops there, and the other counter of the same "
		"operation still changes in full.\n",
	.operand = "number", .places = "- In place of P and Q a message names counters.\n",
	.verb = verbs, .verbs = VERBS,
	.act = act, .undo = undo, .start = start, .put = put, .read = read_counters, .put_x = fam_put_int, .put_place = put_name,
};

struct fam_setting fam_counters_setting(uint32_t counters, int64_t max, int64_t limit)
{
	return (struct fam_setting){ .state = { counters, counters, -limit, limit }, .bound = limit, .places = counters, .x_low = 1, .x_high = max,
		.keyed = true };
}
