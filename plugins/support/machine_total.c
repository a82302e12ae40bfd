/* support/machine_total.c - a running total, as kv_sum and prefix_sum keep one. As a number is added as often as subtracted, the total goes as
 * far as the square root of the steps does. */
#include "support/machines.h"

enum { ADD, SUBTRACT, VERBS };

static const struct fam_verb verbs[VERBS] = {
	[ADD] = { "add", "add %x", "add X to the total." },
	[SUBTRACT] = { "subtract", "subtract %x", "subtract X from the total, which may become negative." },
};

static void act(const struct fam_setting *set, const struct fam_step *s, struct fam_items *i)
{
	(void)set;
	i->v[0] = fam_add(i->v[0], s->verb == ADD ? s->x : -s->x);
}

static void undo(const struct fam_setting *set, const struct fam_step *s, const struct fam_items *was, struct fam_items *i)
{
	(void)set;
	(void)was;
	i->v[0] = fam_add(i->v[0], s->verb == ADD ? -s->x : s->x);
}

static void start(const struct lh_host *h, struct lh_draw *draw, const struct fam_setting *set, struct fam_items *out)
{
	(void)h;
	(void)draw;
	(void)set;
	*out = (struct fam_items){ .n = 1 };
}

static bool read_total(const struct fam_setting *set, struct lh_text text, struct fam_items *out)
{
	(void)set;
	out->n = 1;
	return fam_read_int(text, &out->v[0]);
}

const struct fam_machine fam_total = {
	.noun = "total", .one = "a running total", .whole = "the total",
	.intro = "You keep a running total.",
	.rules = "- The total is a whole number.\n",
	.operand = "number",
	.verb = verbs, .verbs = VERBS,
	.act = act, .undo = undo, .start = start, .put = fam_items_put, .read = read_total, .put_x = fam_put_int,
};

struct fam_setting fam_total_setting(int64_t max)
{
	return (struct fam_setting){ .state = { 1, 1, -FAM_INT_MAX, FAM_INT_MAX }, .x_low = 1, .x_high = max, .keyed = true };
}
