#include "support/listing.h"

#include <string.h>

const char *const fam_instruction_names[FAM_INSTRUCTIONS] = {
	[FAM_SET] = "set", [FAM_MOVE] = "move", [FAM_ADD] = "add", [FAM_SUB] = "sub", [FAM_MUL] = "mul", [FAM_GOTO] = "goto", [FAM_LESS] = "less",
};

/* ---- Execution --------------------------------------------------------------------------------- */

/* Total on registers of any size: a factor is reduced first, so that no product overflows. */
static int64_t result(const struct fam_line *l, const int64_t *r, int64_t m)
{
	switch (l->kind) {
	case FAM_SET: return l->x;
	case FAM_MOVE: return r[l->b];
	case FAM_ADD: return fam_mod(r[l->b] + r[l->c], m);
	case FAM_SUB: return fam_mod(r[l->b] - r[l->c], m);
	default: return fam_mod(fam_mod(r[l->b], m) * fam_mod(r[l->c], m), m);
	}
}

static bool jumps(const struct fam_line *l, const int64_t *r)
{
	return l->kind == FAM_GOTO || (l->kind == FAM_LESS && r[l->a] < r[l->b]);
}

void fam_listing_execute(const struct fam_listing *p, struct fam_items *state)
{
	int64_t *r = state->v, *pc = &state->v[p->shape.registers];
	const struct fam_line *l = &p->line[*pc];
	if (l->kind < FAM_GOTO)
		r[l->a] = result(l, r, p->shape.modulus);
	*pc = jumps(l, r) ? l->target : (*pc + 1) % p->shape.lines;
}

/* ---- Drawing ----------------------------------------------------------------------------------- */

#define TRIES 100
#define TRIAL_STEPS 500

/* Another register than `not`. */
static uint32_t other(const struct lh_host *host, struct lh_draw *draw, uint32_t registers, uint32_t not)
{
	return (not + 1 + fam_below(host, draw, registers - 1)) % registers;
}

/* No register is moved to itself, subtracted from itself or compared with itself; no jump leads to itself or to the next line. */
static struct fam_line draw_line(const struct lh_host *host, struct lh_draw *draw, const struct fam_shape *s, uint32_t at)
{
	struct fam_line l = { .kind = fam_mix_draw(host, &s->mix, draw), .a = fam_below(host, draw, s->registers) };
	l.b = l.kind == FAM_MOVE || l.kind == FAM_LESS ? other(host, draw, s->registers, l.a) : fam_below(host, draw, s->registers);
	l.c = l.kind == FAM_SUB ? other(host, draw, s->registers, l.b) : fam_below(host, draw, s->registers);
	l.x = host->random_between(draw, 0, s->modulus - 1);
	l.target = (at + 2 + fam_below(host, draw, s->lines - 2)) % s->lines;
	return l;
}

/* How good a program is: the lines that it comes to, those where it compares and goes both ways counted three times, multiplied by the steps
 * until a state comes again, as far as it is tried. The search for a state that comes again is R. Brent's (BIT 20, 1980): each is compared
 * with the last one whose number was a power of two. */
static uint32_t trial(const struct fam_listing *p, struct fam_items state)
{
	struct fam_items mark = state;
	bool seen[FAM_LINES_MAX][2] = { { false } };
	uint32_t lines = 0, steps = 0;
	while (steps < TRIAL_STEPS) {
		const int64_t *pc = &state.v[p->shape.registers], from = *pc;
		fam_listing_execute(p, &state);
		bool *way = seen[from], on = *pc == (from + 1) % p->shape.lines;
		lines += way[on] ? 0 : way[!on] ? 2 : 1;
		way[on] = true;
		if (fam_items_equal(&state, &mark))
			break;
		if ((steps & (steps + 1)) == 0)
			mark = state;
		steps++;
	}
	return lines * steps;
}

/* Good enough: it comes to every line and at one goes both ways; or leaves two lines out for each other one where it does. */
void fam_listing_draw(const struct lh_host *host, struct lh_draw *draw, const struct fam_shape *shape, struct fam_listing *out, struct fam_items *start)
{
	uint32_t best = 0, enough = (shape->lines + (shape->mix.weight[FAM_LESS] ? 2 : 0)) * TRIAL_STEPS;
	for (int i = 0; i < TRIES && best < enough; i++) {
		struct fam_listing p = { .shape = *shape };
		struct fam_items s = { .n = shape->registers + 1 };
		for (uint32_t k = 0; k < shape->lines; k++)
			p.line[k] = draw_line(host, draw, shape, k);
		for (uint32_t k = 0; k < shape->registers; k++)
			s.v[k] = host->random_between(draw, 0, shape->modulus - 1);
		uint32_t score = trial(&p, s);
		if (score > best || i == 0) {
			best = score;
			*out = p;
			*start = s;
		}
	}
}

/* ---- Slips ------------------------------------------------------------------------------------- */

/* A line that the machine can have come from to be at `pc`; where there is none, the one before it. */
static uint32_t origin(const struct lh_host *host, struct lh_draw *draw, const struct fam_listing *p, uint32_t pc)
{
	uint32_t lines = p->shape.lines, from = (pc + lines - 1) % lines, found = 0;
	for (uint32_t k = 0; k < lines; k++) {
		uint32_t kind = p->line[k].kind;
		bool leads = (kind != FAM_GOTO && (k + 1) % lines == pc) || (kind >= FAM_GOTO && p->line[k].target == pc);
		if (leads && host->random_between(draw, 0, found++) == 0)         /* each of them alike */
			from = k;
	}
	return from;
}

/* The state before, where `before` is one that leads to this. Otherwise the line is known by its number alone, and what it overwrote is not. */
static void slip(const struct lh_host *host, struct lh_draw *draw, const struct fam_listing *p, const struct fam_items *before, struct fam_items *state)
{
	int64_t *pc = &state->v[p->shape.registers], next = (*pc + 1) % p->shape.lines;
	struct fam_items after = *before;
	fam_listing_execute(p, &after);
	bool known = fam_items_equal(&after, state);
	uint32_t from = known ? (uint32_t)before->v[p->shape.registers] : origin(host, draw, p, (uint32_t)*pc);
	const struct fam_line *l = &p->line[from];
	switch (host->random_between(draw, 0, 3)) {
	case 0:                                                 /* the instruction left out, or only its number not carried on */
		if (known)
			*state = *before;
		else
			*pc = from;
		break;
	case 1: fam_listing_execute(p, state); break;           /* one too many */
	case 2:                                                 /* the other way at a jump; a line skipped */
		*pc = l->kind != FAM_LESS ? next : *pc == l->target ? (from + 1) % p->shape.lines : l->target;
		break;
	default:                                                /* a register misread or miscounted, two taken for one another */
		state->n--;
		fam_items_miscount(host, draw, (struct fam_bounds){ state->n, state->n, 0, p->shape.modulus - 1 }, state);
		state->n++;
	}
}

void fam_listing_slip(const struct lh_host *host, struct lh_draw *draw, const struct fam_listing *p, const struct fam_items *before, struct fam_items *state)
{
	const struct fam_items right = *state;
	int64_t *pc = &state->v[p->shape.registers];
	slip(host, draw, p, before, state);
	if (fam_items_equal(state, &right))
		*pc = (*pc + 1) % p->shape.lines;
}

/* ---- As text ----------------------------------------------------------------------------------- */

/* %a, %b, %c are registers, %x a number, %t a line; in the rules A, B, C, N and L. */
static const char *const forms[FAM_INSTRUCTIONS] = {
	[FAM_SET] = "%a = %x", [FAM_MOVE] = "%a = %b", [FAM_ADD] = "%a = %b + %c", [FAM_SUB] = "%a = %b - %c", [FAM_MUL] = "%a = %b * %c",
	[FAM_GOTO] = "goto %t", [FAM_LESS] = "if %a is less than %b goto %t",
};

static void put_form(const struct lh_host *host, struct lh_sink *out, const char *form, const struct fam_line *l)
{
	for (const char *mark; (mark = strchr(form, '%')) != NULL; form = mark + 2) {
		host->put(out, form, (size_t)(mark - form));
		const char what = mark[1];
		fam_put(host, out, what == 'x' || what == 't' ? "" : "r");
		if (l)
			fam_put_int(host, out, what == 'a' ? l->a : what == 'b' ? l->b : what == 'c' ? l->c : what == 'x' ? l->x : l->target);
		else
			fam_put(host, out, what == 'a' ? "A" : what == 'b' ? "B" : what == 'c' ? "C" : what == 'x' ? "N" : "L");
	}
	fam_put(host, out, form);
}

void fam_listing_put_line(const struct lh_host *host, struct lh_sink *out, const struct fam_line *line)
{
	put_form(host, out, forms[line->kind], line);
}

static const char *const meanings[FAM_INSTRUCTIONS] = {
	[FAM_SET] = "register rA gets the number N.", [FAM_MOVE] = "rA gets the value of rB, which stays as it is.",
	[FAM_ADD] = "rA gets the sum of rB and rC.", [FAM_SUB] = "rA gets rB minus rC.", [FAM_MUL] = "rA gets the product of rB and rC.",
	[FAM_GOTO] = "pc becomes L.", [FAM_LESS] = "if the value of rA is less than that of rB, pc becomes L; otherwise pc becomes the number of the next line.",
};

void fam_listing_put_kinds(const struct lh_host *host, struct lh_sink *out, const struct fam_mix *mix)
{
	for (uint32_t kind = 0; kind < FAM_INSTRUCTIONS; kind++) {
		if (!mix->weight[kind])
			continue;
		fam_put(host, out, "- ");
		put_form(host, out, forms[kind], NULL);
		fam_put(host, out, ": ");
		fam_put(host, out, meanings[kind]);
		fam_put(host, out, "\n");
	}
}

void fam_listing_put(const struct lh_host *host, struct lh_sink *out, const struct fam_listing *p)
{
	for (uint32_t k = 0; k < p->shape.lines; k++) {
		fam_put_int(host, out, k);
		fam_put(host, out, ": ");
		fam_listing_put_line(host, out, &p->line[k]);
		fam_put(host, out, "\n");
	}
}

/* In the order of the state's items. */
static void name_items(const struct fam_listing *p, const char *name[FAM_REGISTERS_MAX + 1])
{
	static const char *const all[FAM_REGISTERS_MAX] = { "r0", "r1", "r2", "r3", "r4", "r5", "r6", "r7" };
	memcpy(name, all, sizeof all);
	name[p->shape.registers] = "pc";
}

void fam_listing_put_state(const struct lh_host *host, struct lh_sink *out, const struct fam_listing *p, const struct fam_items *state)
{
	const char *name[FAM_REGISTERS_MAX + 1];
	name_items(p, name);
	fam_named_put(host, out, name, state);
}

bool fam_listing_read_state(const struct fam_listing *p, struct lh_text text, struct fam_items *out)
{
	const char *name[FAM_REGISTERS_MAX + 1];
	const int64_t *pc = &out->v[p->shape.registers];
	name_items(p, name);
	return fam_named_read(text, name, p->shape.registers + 1, out) && *pc >= 0 && *pc < p->shape.lines;
}
