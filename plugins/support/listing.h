/* support/listing.h - programs of a small machine: numbered lines over registers modulo a number, jumps included. Drawn so that they keep
 * going, written out, executed line by line. */
#ifndef LH_SUPPORT_LISTING_H
#define LH_SUPPORT_LISTING_H

#include "support/items.h"
#include "support/mix.h"

#define FAM_REGISTERS_MAX 8
#define FAM_LINES_MAX 100

enum fam_instruction { FAM_SET, FAM_MOVE, FAM_ADD, FAM_SUB, FAM_MUL, FAM_GOTO, FAM_LESS, FAM_INSTRUCTIONS };

struct fam_line {
	uint32_t kind;                /* enum fam_instruction */
	uint32_t a, b, c;             /* registers */
	int64_t x;                    /* a number */
	uint32_t target;              /* a line */
};

/* A machine's shape: what its programs are drawn from. */
struct fam_shape {
	uint32_t registers, lines;
	int64_t modulus;
	struct fam_mix mix;           /* of the kinds of instructions */
};

struct fam_listing {
	struct fam_shape shape;
	struct fam_line line[FAM_LINES_MAX];
};

/* The registers, and behind them the program counter: the number of the line that is executed next. */
void fam_listing_execute(const struct fam_listing *p, struct fam_items *state);
/* A program that, from `start`, which is drawn too, comes to most of its lines and for long to no state twice, as far as programs of this
 * shape do. */
void fam_listing_draw(const struct lh_host *host, struct lh_draw *draw, const struct fam_shape *shape, struct fam_listing *out, struct fam_items *start);

/* A plausible wrong state in place of this one, which an execution has led to, of `before` as far as one knows. */
void fam_listing_slip(const struct lh_host *host, struct lh_draw *draw, const struct fam_listing *p, const struct fam_items *before, struct fam_items *state);

/* r0=4 r1=0 pc=5 */
void fam_listing_put_state(const struct lh_host *host, struct lh_sink *out, const struct fam_listing *p, const struct fam_items *state);
/* As fam_named_read() reads it; pc is a line that there is. */
bool fam_listing_read_state(const struct fam_listing *p, struct lh_text text, struct fam_items *out);

extern const char *const fam_instruction_names[FAM_INSTRUCTIONS];     /* in the parameter `ops` */
/* r0 = r1 + r2 */
void fam_listing_put_line(const struct lh_host *host, struct lh_sink *out, const struct fam_line *line);
/* A rule for each kind of the mix: - rA = rB + rC: rA gets ... */
void fam_listing_put_kinds(const struct lh_host *host, struct lh_sink *out, const struct fam_mix *mix);
/* All lines, numbered from 0. */
void fam_listing_put(const struct lh_host *host, struct lh_sink *out, const struct fam_listing *p);

#endif
