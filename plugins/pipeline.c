/* pipeline - a data pipeline on a small table of records: numbers are added to columns, rows sorted, filtered, replaced, and
 * columns summed up.
 *
 * State: the table, row by row, as "birch 3 7; maple 5 2; olive 9 1". Rows that are dropped are made up for by records of a
 * catalogue, named in the operation and looked up in the instructions, and sums are taken modulo `modulus`: the table has as many
 * rows of as short numbers at step 10,000 as at step 1, and never runs dry. A wrong row is gone when it is dropped, so that errors
 * heal at the rate at which operations drop rows. */
#include "support/pipe.h"

#include <stdlib.h>
#include <string.h>

static const struct lh_host *host;

enum { ROWS, COLUMNS, MODULUS, KEYS, LOOKUP, OPS, PARAM_COUNT };

static const struct lh_param params[PARAM_COUNT] = {
	[ROWS] = { "rows", LH_PARAM_INTEGER, 0, "4", 2, FAM_ROWS_MAX, NULL, "rows of the table" },
	[COLUMNS] = { "columns", LH_PARAM_INTEGER, 0, "2", 2, FAM_COLUMNS_MAX, NULL, "columns of numbers" },
	[MODULUS] = { "modulus", LH_PARAM_INTEGER, 0, "100", 2, 1000, NULL, "numbers are from 0 to one below it" },
	[KEYS] = { "keys", LH_PARAM_INTEGER, 0, "100", 10, 10000, NULL, "records of the catalogue" },
	[LOOKUP] = { "lookup", LH_PARAM_CHOICE, 0, "true", 0, 0, "false|true", "messages name records; false: they give the records that may be needed" },
	[OPS] = { "ops", LH_PARAM_TEXT, 0, "add:3+sum:3+sort:2+aggregate:2+replace:2+filter+take", 0, 0, NULL,
		"how often each operation comes: add (a number), sum (of columns), sort, aggregate, replace, filter, take, with weights" },
};

struct lh_task_data {
	struct fam_pipe pipe;                     /* without a catalogue */
	struct fam_mix mix;
	struct fam_source source;
};

struct lh_task {
	uint64_t seed;
	struct fam_pipe pipe;
	struct fam_mix mix;
	struct fam_table first;
};

/* ---- Set-up ------------------------------------------------------------------------------------ */

static void unload(struct lh_task_data *data)
{
	if (data)
		fam_source_fini(&data->source);
	free(data);
}

static struct lh_task_data *load(const struct lh_value *v)
{
	struct lh_task_data *d = fam_new(host, sizeof *d);
	if (!d)
		return NULL;
	d->pipe = (struct fam_pipe){ (int)v[ROWS].integer, (int)v[COLUMNS].integer, v[MODULUS].integer, v[LOOKUP].integer == 1, { 0 } };
	if (fam_mix_read(host, (struct fam_mix_words){ "ops", "is no operation", fam_op_name, FAM_OP_KINDS }, v[OPS].text, &d->mix)
		|| fam_source_open(host, v[KEYS].integer, (struct fam_values){ 0 }, "", &d->source)) {
		unload(d);
		return NULL;
	}
	return d;
}

static void close_task(struct lh_task *t)
{
	if (t)
		fam_dictionary_fini(&t->pipe.catalogue);
	free(t);
}

static struct lh_task *open_task(const struct lh_task_data *d, uint64_t sample, uint64_t seed)
{
	(void)sample;
	struct lh_draw *draw;
	struct lh_task *t = fam_new(host, sizeof *t);
	if (!t)
		return NULL;
	*t = (struct lh_task){ seed, d->pipe, d->mix, { .columns = d->pipe.columns } };
	struct fam_dictionary *catalogue = &t->pipe.catalogue;
	if (fam_dictionary_keys(host, &d->source, seed, &draw, catalogue)) {
		close_task(t);
		return NULL;
	}
	for (uint32_t i = 0; i < catalogue->count; i++) {
		int64_t value[FAM_COLUMNS_MAX] = { 0 };
		for (int c = 0; c < t->pipe.columns; c++)
			value[c] = host->random_between(draw, 0, t->pipe.modulus - 1);
		catalogue->value[i] = fam_record_pack(value);
	}
	fam_table_refill(&t->first, t->pipe.rows, catalogue, (uint32_t)host->random_between(draw, 0, catalogue->count - 1));
	return t;
}

static struct fam_op op_of(const struct lh_task *t, uint64_t step)
{
	return fam_op_draw(host, &t->pipe, &t->mix, t->seed, step);
}

/* ---- The step machine -------------------------------------------------------------------------- */

static bool read_table(const struct lh_task *t, struct lh_text text, struct fam_table *out)
{
	return fam_table_read(text, t->pipe.rows, t->pipe.columns, out);
}

static int32_t initial(const struct lh_task *t, struct lh_sink *out)
{
	fam_table_put(host, out, &t->first);
	return LH_TASK_OK;
}

static int32_t apply(const struct lh_task *t, uint64_t step, struct lh_text state, struct lh_sink *out)
{
	struct fam_table table;
	if (!read_table(t, state, &table))
		return fam_not_a_state(host, state, "a table");
	struct fam_op op = op_of(t, step);
	fam_op_act(&t->pipe, &op, &table);
	fam_table_put(host, out, &table);
	return LH_TASK_OK;
}

static int32_t canonical(const struct lh_task *t, struct lh_text text, struct lh_sink *out)
{
	struct fam_table table;
	if (!read_table(t, text, &table))
		return LH_TASK_NO_STATE;
	fam_table_put(host, out, &table);
	return LH_TASK_OK;
}

/* ---- Prompts ----------------------------------------------------------------------------------- */

/* With records of this catalogue. */
static void put_example(const struct lh_task *t, struct lh_sink *out)
{
	const struct fam_pipe *p = &t->pipe;
	const struct fam_op plan[] = {
		{ FAM_ADD, 1, 0, (p->modulus + 1) / 2, 1, false, 0, 0 },
		{ FAM_SUM, 1, 0, 1, 1, false, 0, 0 }, { FAM_SORT, 0, 1, 1, 1, true, 0, 0 },
		{ FAM_FILTER, 0, 1, (p->modulus + 1) / 2, 1, false, 0, 1 }, { FAM_REPLACE, 0, 1, 1, 2, false, 0, 0 }, { FAM_AGGREGATE, 0, 1, 1, 1, true, 1, 0 },
	};
	static const size_t end[] = { 1, 3, 6 };
	struct fam_table table = { .columns = p->columns };
	fam_table_refill(&table, p->rows, &p->catalogue, 0);
	fam_put(host, out, "Example, beginning with ");
	fam_table_put(host, out, &table);
	for (size_t i = 0, turn = 0; turn < sizeof end / sizeof *end; turn++) {
		fam_put(host, out, "\nMessage: ");
		for (size_t first = i; i < end[turn]; i++) {
			fam_put(host, out, i == first ? "" : "\n");
			fam_op_put(host, out, p, &plan[i]);
			fam_op_act(p, &plan[i], &table);
		}
		fam_put(host, out, "\nReply: <answer>");
		fam_table_put(host, out, &table);
		fam_put(host, out, "</answer>");
	}
	fam_put(host, out, "\n\n");
}

static void put_catalogue(const struct lh_task *t, struct lh_sink *out)
{
	const struct fam_dictionary *d = &t->pipe.catalogue;
	fam_put(host, out, "The catalogue:\n");
	for (uint32_t i = 0; i < d->count; i++) {
		struct fam_record r = fam_record_of(d, i);
		fam_putf(host, out, "%s%s ", i ? "; " : "", r.name);
		fam_record_put_values(host, out, &r, t->pipe.columns);
	}
	fam_put(host, out, "\n\n");
}

static int32_t instructions(const struct lh_task *t, uint32_t steps_per_turn, struct lh_sink *out)
{
	(void)steps_per_turn;
	fam_put(host, out, "You run a data pipeline on a small table of records, one operation after the other.\n\n");
	fam_pipe_put_rules(host, out, &t->pipe);
	fam_put(host, out, "The table carries over from message to message. End each reply with the table after the last operation of the message, inside "
		"<answer></answer>.\n\n");
	put_example(t, out);
	if (t->pipe.lookup)
		put_catalogue(t, out);
	fam_put(host, out, "From here on, begin with ");
	fam_table_put(host, out, &t->first);
	fam_put(host, out, "\n");
	return LH_TASK_OK;
}

static int32_t ask(const struct lh_task *t, uint64_t first_step, uint32_t count, struct lh_sink *out)
{
	for (uint32_t i = 0; i < count; i++) {
		struct fam_op op = op_of(t, first_step + i);
		fam_put(host, out, i ? "\n" : "");
		fam_op_put(host, out, &t->pipe, &op);
	}
	return LH_TASK_OK;
}

/* ---- Slips and thoughts ------------------------------------------------------------------------ */

static int32_t corrupt(const struct lh_task *t, uint64_t step, struct lh_text state, struct lh_draw *draw, struct lh_sink *out)
{
	struct fam_table table;
	if (!read_table(t, state, &table))
		return fam_not_a_state(host, state, "a table");
	struct fam_op op = op_of(t, step);
	fam_op_slip(host, &t->pipe, &op, draw, &table);
	fam_table_put(host, out, &table);
	return LH_TASK_OK;
}

static int32_t explain(const struct lh_task *t, uint64_t step, struct lh_text before, struct lh_text after, struct lh_sink *out)
{
	struct fam_table from, to;
	if (!read_table(t, before, &from))
		return fam_not_a_state(host, before, "a table");
	if (!read_table(t, after, &to))
		return fam_not_a_state(host, after, "a table");
	struct fam_op op = op_of(t, step);
	fam_op_explain(host, out, &t->pipe, &op, &from, &to);
	return LH_TASK_OK;
}

static const struct lh_task_v1 task = {
	.struct_size = sizeof task,
	.param_count = PARAM_COUNT,
	.params = params,
	.summary = "one operation on a table of records: add, sort, filter, refill, replace, aggregate; the state is the table",
	.load = load, .unload = unload, .samples = fam_any_samples, .open = open_task, .close = close_task,
	.instructions = instructions, .ask = ask, .initial = initial, .apply = apply,
	.canonical = canonical, .corrupt = corrupt, .max_steps = fam_any_steps,
};

static const struct lh_thoughts_v1 thoughts = { .struct_size = sizeof thoughts, .explain = explain };

FAM_PLUGIN("pipeline", "1.0");
