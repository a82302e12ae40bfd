/* support/machine_string.c - a short string. All its letters count, and where they stand; an edit at a position asks for counting.
 * Insertion and deletion stop at the greatest length and at two thirds of it. */
#include "support/machines.h"

#include <string.h>

enum { INSERT, DELETE, REPLACE, SWAP, REVERSE, ROTATE, VERBS };

static const struct fam_verb verbs[VERBS] = {
	[INSERT] = { "insert", "insert %x at %a", "if the string has %n or more letters, remove its last letter; then put the letter X in front of the letter "
		"at position P. If P is beyond the last letter, put X at the end." },
	[DELETE] = { "delete", "delete %a", "remove the letter at position P. A string of %l or fewer letters stays as it is." },
	[REPLACE] = { "replace", "replace %a with %x", "put the letter X in place of the letter at position P." },
	[SWAP] = { "swap", "swap %a and %b", "exchange the letters at positions P and Q." },
	[REVERSE] = { "reverse", "reverse", "write the whole string backwards." },
	[ROTATE] = { "rotate", "rotate %a", "move the first P letters, in their order, from the beginning of the string to its end. If the string has P or fewer "
		"letters, move only its first letter." },
};

/* ---- The string as text ------------------------------------------------------------------------ */

static void put_letter(const struct lh_host *h, struct lh_sink *out, int64_t letter)
{
	h->put(out, &(char){ (char)('a' + letter) }, 1);
}

static void put_position(const struct lh_host *h, struct lh_sink *out, int64_t place)
{
	fam_put_int(h, out, place + 1);
}

static void put(const struct lh_host *h, struct lh_sink *out, const struct fam_items *i)
{
	for (uint32_t k = 0; k < i->n; k++)
		put_letter(h, out, i->v[k]);
}

/* Takes quotes of the kind `mark` off the ends. */
static struct lh_text unquoted(struct lh_text t, char mark)
{
	bool quoted = t.size >= 2 && t.bytes[0] == mark && t.bytes[t.size - 1] == mark;
	return quoted ? (struct lh_text){ t.bytes + 1, t.size - 2 } : t;
}

/* How many marks stand behind each letter but the last, where the letters stand apart: k b z, k-b-z, k, b, z. */
static size_t gap(struct lh_text t)
{
	if (t.size < 3 || !t.bytes[1] || !strchr(" -,", t.bytes[1]))
		return 0;
	return t.bytes[1] == ',' && t.bytes[2] == ' ' ? 2 : 1;
}

/* Letters in either case, together or apart, in quotes or not. */
static bool read_string(const struct fam_setting *set, struct lh_text text, struct fam_items *out)
{
	(void)set;
	struct lh_text t = unquoted(unquoted(unquoted(fam_trim(text), '"'), '\''), '`');
	size_t marks = gap(t);
	out->n = 0;
	for (size_t k = 0; k < t.size; k++) {
		size_t mark = k % (marks + 1);
		char c = t.bytes[k];
		if (mark) {
			if (c != t.bytes[mark] || k + 1 == t.size)
				return false;
			continue;
		}
		c = fam_small(c);
		if (c < 'a' || c > 'z' || out->n == FAM_ITEMS_MAX)
			return false;
		out->v[out->n++] = c - 'a';
	}
	return out->n > 0;
}

/* ---- Edits ------------------------------------------------------------------------------------- */

static uint32_t within(uint32_t place, const struct fam_items *i)
{
	return place < i->n ? place : i->n - 1;
}

static uint32_t rotated_by(const struct fam_step *s, const struct fam_items *i)
{
	return s->a + 1 < i->n ? s->a + 1 : 1;
}

static void rotate(struct fam_items *i, uint32_t by)
{
	struct fam_items was = *i;
	for (uint32_t k = 0; k < i->n; k++)
		i->v[k] = was.v[(k + by) % i->n];
}

static void act(const struct fam_setting *set, const struct fam_step *s, struct fam_items *i)
{
	switch (s->verb) {
	case INSERT:
		i->n -= i->n >= set->state.most;
		fam_items_insert(i, s->a < i->n ? s->a : i->n, s->x);
		break;
	case DELETE:
		if (i->n > set->state.least)
			fam_items_remove(i, within(s->a, i));
		break;
	case REPLACE: i->v[within(s->a, i)] = s->x; break;
	case SWAP: fam_items_swap(i, within(s->a, i), within(s->b, i)); break;
	case REVERSE:
		for (uint32_t k = 0; k < i->n / 2; k++)
			fam_items_swap(i, k, i->n - 1 - k);
		break;
	default: rotate(i, rotated_by(s, i));
	}
}

static void undo(const struct fam_setting *set, const struct fam_step *s, const struct fam_items *was, struct fam_items *i)
{
	if (s->verb == INSERT && i->n > set->state.least)
		fam_items_remove(i, within(s->a, i));
	else if (s->verb == DELETE && was->n > set->state.least && i->n < set->state.most)
		fam_items_insert(i, s->a < i->n ? s->a : i->n, was->v[within(s->a, was)]);
	else if (s->verb == REPLACE)
		i->v[within(s->a, i)] = was->v[within(s->a, was)];
	else if (s->verb == ROTATE)
		rotate(i, i->n - rotated_by(s, i));
	else if (s->verb == SWAP || s->verb == REVERSE)
		act(set, s, i);
}

static void start(const struct lh_host *h, struct lh_draw *draw, const struct fam_setting *set, struct fam_items *out)
{
	out->n = 0;
	while (out->n < (set->state.least + set->state.most) / 2)
		fam_items_insert(out, out->n, h->random_between(draw, set->x_low, set->x_high));
}

const struct fam_machine fam_string = {
	.noun = "string", .one = "a string of letters", .whole = "the whole string",
	.intro = "You keep a string of letters, to which edits are done.",
	.rules = "- The string is written in small letters, without spaces or quotes.\n"
		"- Positions are counted from 1: in kbz the letter at position 1 is k. Where a message gives a position beyond the last letter, the last letter is "
		"meant; operations for which it is otherwise say so.\n",
	.operand = "letter", .places = "- In place of P and Q a message gives numbers.\n",
	.verb = verbs, .verbs = VERBS,
	.act = act, .undo = undo, .start = start, .put = put, .read = read_string, .put_x = put_letter, .put_place = put_position,
};

struct fam_setting fam_string_setting(uint32_t length, int64_t letters)
{
	return (struct fam_setting){ .state = { (2 * length + 2) / 3, length, 0, letters - 1 }, .places = length, .x_high = letters - 1 };
}
