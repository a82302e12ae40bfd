/* counter - named counters, of which a step changes one or two: what is not named has to be kept as it was.
 *
 * State: all counters in order, as "a=3 b=-1 c=0". Amounts are looked up in a dictionary, or given. Increments alone could be added up
 * side by side; a copy, a reset or a swap between them has to come at its place. A counter stops at `limit` and its negative, so that an
 * answer at step 10,000 is as short as at step 1; where an answer goes beyond, it can be read all the same. */
#include "support/verbs.h"

#include <string.h>

static const struct lh_host *host;

#define COUNTERS_MAX 26

enum { COUNTERS, MAX, LIMIT, KEYS, LOOKUP, OPS, PARAM_COUNT };

static const struct lh_param params[PARAM_COUNT] = {
	[COUNTERS] = { "counters", LH_PARAM_INTEGER, 0, "4", 2, COUNTERS_MAX, NULL, "how many counters there are" },
	[MAX] = { "max", LH_PARAM_INTEGER, 0, "20", 1, 1000000, NULL, "amounts are from 1 to this" },
	[LIMIT] = { "limit", LH_PARAM_INTEGER, 0, "999", 1, 1000000000, NULL, "counters stop at this and at its negative" },
	[KEYS] = { "keys", LH_PARAM_INTEGER, 0, "100", 2, 10000, NULL, "entries of the dictionary" },
	[LOOKUP] = { "lookup", LH_PARAM_CHOICE, 0, "true", 0, 0, "false|true", "amounts are looked up; false: the same amounts are given" },
	[OPS] = { "ops", LH_PARAM_TEXT, 0, "increment:3+decrement:3+transfer:2+copy+reset+swap", 0, 0, NULL,
		"how often each operation comes: increment, decrement, transfer, copy, reset, swap, with weights" },
};

enum { INCREMENT, DECREMENT, TRANSFER, COPY, RESET, SWAP, VERBS };

static const struct fam_verb verbs[VERBS] = {
	[INCREMENT] = { "increment", "increment %a by %x", "add X to counter P." },
	[DECREMENT] = { "decrement", "decrement %a by %x", "subtract X from counter P." },
	[TRANSFER] = { "transfer", "transfer %x from %a to %b", "subtract X from counter P and add X to counter Q." },
	[COPY] = { "copy", "copy %a to %b", "counter Q gets the value of counter P, which stays as it is." },
	[RESET] = { "reset", "reset %a", "counter P becomes 0." },
	[SWAP] = { "swap", "swap %a and %b", "counters P and Q exchange their values." },
};

static const char *const names[COUNTERS_MAX] = { "a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "n", "o", "p", "q", "r", "s", "t",
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

/* What was overwritten might have been as far off as amounts go. */
static void undo(const struct lh_host *h, struct lh_draw *draw, const struct fam_setting *set, const struct fam_step *s, struct fam_items *i)
{
	struct fam_step back = *s;
	back.x = -s->x;
	if (s->verb == COPY || s->verb == RESET)
		add(set, &i->v[s->verb == COPY ? s->b : s->a], h->random_between(draw, -set->x_high, set->x_high));
	else
		act(set, &back, i);
}

static void start(const struct lh_host *h, struct lh_draw *draw, const struct fam_setting *set, struct fam_items *out)
{
	(void)h;
	(void)draw;
	*out = (struct fam_items){ .n = set->state.most };
}

static const struct fam_machine machine = {
	.noun = "counters", .one = "a list of the counters", .whole = "all counters",
	.intro = "You keep %n counters, named a to %z.",
	.rules = "- The counters are written in order, each as its name, = and its value, separated by spaces, as shown below.\n"
		"- No counter goes above %m or below -%m: where an operation would take it further, it stops there, and another counter in the same "
		"operation changes all the same.\n",
	.operand = "number", .places = "- In place of P and Q a message names counters.\n",
	.verb = verbs, .verbs = VERBS,
	.act = act, .undo = undo, .start = start, .put = put, .read = read_counters, .put_x = fam_put_int, .put_place = put_name,
};

static struct lh_task_data *load(const struct lh_value *v)
{
	uint32_t n = (uint32_t)v[COUNTERS].integer;
	return fam_verbs_load(host, &machine, &(struct fam_setting){
		.state = { n, n, -v[LIMIT].integer, v[LIMIT].integer }, .bound = v[LIMIT].integer, .places = n, .x_low = 1, .x_high = v[MAX].integer,
		.keys = v[KEYS].integer, .lookup = v[LOOKUP].integer == 1 }, v[OPS].text);
}

static const struct lh_task_v1 task = {
	.struct_size = sizeof task,
	.param_count = PARAM_COUNT,
	.params = params,
	.summary = "increment a counter, or transfer, copy, reset ...; the state is all counters",
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
	.name = "counter", .version = "1.0", .license = "MIT", .get_interface = get_interface,
};
