/* support/verbs.h - families whose step is one of several operations on a short list of integers: a stack, a queue, counters,
 * the letters of a string, a total; or on one of several such lists. Each of these says what its operations are and what they do
 * (struct fam_machine); prompts, plan, answers, slips and reasoning are made from that here.
 *
 * A step is drawn from (seed, step) alone, whatever the state. Where operands are looked up, they are of a dictionary as
 * support/dictionary.h makes it, over the keys that kv_sum's plan has; where they are given instead, they are the same
 * operands, so that what a look-up costs shows in pairs.
 *
 * A family of one part has that part's text as its state: 3 9 4. One of several parts names each: total 17; stack 3 9 4. */
#ifndef LH_SUPPORT_VERBS_H
#define LH_SUPPORT_VERBS_H

#include "support/dictionary.h"
#include "support/items.h"
#include "support/mix.h"

#define FAM_PARTS_MAX 5

struct fam_step {
	uint32_t part, verb;          /* one of the part's operations */
	uint32_t key;                 /* of the dictionary */
	int64_t x;                    /* the operand: its value */
	bool named;                   /* the message has the key, not the operand */
	uint32_t a, b;                /* two places, different where there is more than one */
};

/* What the family's parameters say of a part. */
struct fam_setting {
	struct fam_bounds state;      /* what a list may be that keeps to the rules; the start is such a one */
	int64_t bound;                /* %m */
	uint32_t places;              /* that an operation may name; 0: none does */
	int64_t x_low, x_high;        /* operands */
	bool keyed;                   /* operands are the dictionary's values; false: they are drawn as they are, and given */
};

/* In `form`, %x is the operand, %a and %b are places: "push %x". In what the instructions say, %n is the most items that a
 * state has, %l the fewest, %h the greatest, %m the bound, %z the last place. */
struct fam_verb {
	const char *name;             /* in the parameter `ops` */
	const char *form;             /* as a message has it; the rules have X, P, Q for operand and places */
	const char *rule;             /* what it does */
};

struct fam_machine {
	const char *noun, *one, *whole;   /* "stack", "a stack", "the whole stack"; the noun is the part's name among several */
	const char *intro;            /* the first line of the instructions of a family of this one part */
	const char *rules;            /* lines of the list of rules: how the state is written, what the bounds do */
	const char *operand;          /* what X of the rules is, where it is not looked up: "number" */
	const char *places;           /* the line of the rules that says what P and Q stand for; NULL: nothing has %a */
	const struct fam_verb *verb;
	uint32_t verbs;
	/* Total on all lists of which read() makes one. */
	void (*act)(const struct fam_setting *set, const struct fam_step *step, struct fam_items *i);
	/* The list before the step, for slips: as far as that shows, and what the step overwrote or removed as it is in `was`, a list that another run
	 * has come to by the same steps. Keeps to set->state. */
	void (*undo)(const struct fam_setting *set, const struct fam_step *step, const struct fam_items *was, struct fam_items *i);
	void (*start)(const struct lh_host *host, struct lh_draw *draw, const struct fam_setting *set, struct fam_items *out);
	void (*put)(const struct lh_host *host, struct lh_sink *out, const struct fam_items *i);
	bool (*read)(const struct fam_setting *set, struct lh_text text, struct fam_items *out);
	fam_put_value *put_x;         /* an operand as messages have it */
	fam_put_value *put_place;     /* a place, from 0 on */
};

struct fam_part {
	const struct fam_machine *machine;
	struct fam_setting set;
	struct fam_mix mix;           /* of its operations */
};

struct lh_task_data {
	const struct lh_host *host;
	uint32_t parts;
	struct fam_part part[FAM_PARTS_MAX];
	struct fam_mix deal;          /* how often a step is each part's */
	double named;                 /* the share of the looked-up operands: 1 all, 0 none; the others are given */
	struct fam_source source;     /* where a part's operands are a dictionary's values */
};

struct lh_task {
	const struct lh_task_data *data;
	uint64_t seed;
	struct fam_dictionary dictionary;
};

/* Set-up: nothing yet, part by part in the order of the state, and at last the dictionary, whose values are the operands of the first part
 * that is keyed. `ops` is the text of the parameter `param`. What failed leaves *d to fam_verbs_unload(). */
struct lh_task_data *fam_verbs_new(const struct lh_host *host);
int32_t fam_verbs_add(struct lh_task_data *d, const struct fam_machine *machine, const struct fam_setting *set, uint32_t weight, const char *param,
	const char *ops);
int32_t fam_verbs_learn(struct lh_task_data *d, int64_t keys, double named);

/* A family of one part, whose parameter is `ops`. NULL: failed. */
struct lh_task_data *fam_verbs_load(const struct lh_host *host, const struct fam_machine *machine, const struct fam_setting *set, const char *ops,
	int64_t keys, bool lookup);

/* These fit the interface as they are. */
void fam_verbs_unload(struct lh_task_data *data);
struct lh_task *fam_verbs_open(const struct lh_task_data *data, uint64_t sample, uint64_t seed);
void fam_verbs_close(struct lh_task *task);
int32_t fam_verbs_instructions(const struct lh_task *t, uint32_t steps_per_turn, struct lh_sink *out);
int32_t fam_verbs_ask(const struct lh_task *t, uint64_t first_step, uint32_t count, struct lh_sink *out);
int32_t fam_verbs_initial(const struct lh_task *t, struct lh_sink *out);
int32_t fam_verbs_apply(const struct lh_task *t, uint64_t step, struct lh_text state, struct lh_sink *out);
int32_t fam_verbs_canonical(const struct lh_task *t, struct lh_text text, struct lh_sink *out);
int32_t fam_verbs_corrupt(const struct lh_task *t, uint64_t step, struct lh_text state, struct lh_draw *draw, struct lh_sink *out);
int32_t fam_verbs_explain(const struct lh_task *t, uint64_t step, struct lh_text before, struct lh_text after, struct lh_sink *out);

#define FAM_VERBS_TASK \
	.unload = fam_verbs_unload, .samples = fam_any_samples, .open = fam_verbs_open, .close = fam_verbs_close, \
	.instructions = fam_verbs_instructions, .ask = fam_verbs_ask, .initial = fam_verbs_initial, .apply = fam_verbs_apply, \
	.canonical = fam_verbs_canonical, .corrupt = fam_verbs_corrupt, .max_steps = fam_any_steps

#endif
