/* support/pipe_slip.c - operations of a pipeline gone wrong, and explained. */
#include "support/pipe.h"

#include <string.h>

/* ---- Slips ------------------------------------------------------------------------------------- */

/* The column that an addition changes, and what was added to it in a row. */
static int target(const struct fam_op *op)
{
	return op->kind == FAM_ADD ? op->x : op->y;
}

static void take_back(const struct fam_pipe *p, const struct fam_op *op, struct fam_record *row)
{
	int64_t added = op->kind == FAM_ADD ? op->n : row->value[op->x];
	row->value[target(op)] = fam_mod(row->value[target(op)] - added, p->modulus);
}

/* A row not added to, or none; or the other column added to. */
static void slip_added(const struct lh_host *host, const struct fam_pipe *p, const struct fam_op *op, struct lh_draw *draw, struct fam_table *table)
{
	int64_t which = host->random_between(draw, 0, 2);
	int one = (int)host->random_between(draw, 0, table->rows - 1);
	for (int i = 0; i < table->rows; i++)
		if (which > 0 || i == one)
			take_back(p, op, &table->row[i]);
	if (which == 2) {
		struct fam_op other = *op;
		other.x = op->y;
		other.y = op->x;
		fam_op_act(p, &other, table);
	}
}

/* The next line of the catalogue read for the record that came in: its numbers, or all of it where that is not in the table. */
static void slip_looked_up(const struct lh_host *host, const struct fam_pipe *p, const struct fam_op *op, struct lh_draw *draw, struct fam_table *table)
{
	struct fam_record *row = &table->row[op->kind == FAM_REPLACE ? op->row - 1 : table->rows - 1], next;
	uint32_t key = 0;
	while (key < p->catalogue.count && strcmp(p->catalogue.key[key], row->name) != 0)
		key++;
	next = fam_record_of(&p->catalogue, (key + 1) % p->catalogue.count);
	if (host->random_between(draw, 0, 1))
		memcpy(row->value, next.value, sizeof next.value);
	else if (fam_table_find(table, next.name) < 0)
		*row = next;
}

static void slip_sorted(const struct lh_host *host, const struct fam_op *op, struct lh_draw *draw, struct fam_table *table)
{
	int at = (int)host->random_between(draw, 0, table->rows - 2);
	if (host->random_between(draw, 0, 1)) {
		fam_table_sort(table, op->x, !op->flag);
		return;
	}
	struct fam_record r = table->row[at];
	table->row[at] = table->row[at + 1];
	table->row[at + 1] = r;
}

void fam_op_slip(const struct lh_host *host, const struct fam_pipe *p, const struct fam_op *op, struct lh_draw *draw, struct fam_table *table)
{
	struct fam_table right = *table;
	struct fam_op other = *op;
	int64_t aside = host->random_between(draw, 0, 5);
	if (aside > 0 && (op->kind == FAM_ADD || op->kind == FAM_SUM))
		slip_added(host, p, op, draw, table);
	else if (aside > 0 && op->kind == FAM_SORT)
		slip_sorted(host, op, draw, table);
	else if (aside > 0 && op->kind == FAM_AGGREGATE) {
		other.total = (op->total + 1 + (int)host->random_between(draw, 0, 1)) % 3;
		fam_op_act(p, &other, table);
	} else if (aside > 0)
		slip_looked_up(host, p, op, draw, table);
	if (!fam_table_equal(table, &right))
		return;
	bool counts = op->kind == FAM_ADD || op->kind == FAM_SUM || op->kind == FAM_AGGREGATE;
	int column = counts ? target(op) : (int)host->random_between(draw, 0, p->columns - 1);
	int64_t *v = &table->row[host->random_between(draw, 0, table->rows - 1)].value[column];
	*v = fam_mod(*v + (host->random_between(draw, 0, 1) ? 1 : -1), p->modulus);
}

/* ---- Thoughts ---------------------------------------------------------------------------------- */

/* "birch b: 95 + 17 = 112, so 12. " What was added is what leads from one number to the other. */
static void put_number(const struct lh_host *host, struct lh_sink *out, const struct fam_pipe *p, bool is_added, int64_t from, int64_t to)
{
	long long added = (long long)fam_mod(to - from, p->modulus), sum = from + added;
	if (!is_added)
		fam_putf(host, out, "%lld. ", (long long)to);
	else if (sum == to)
		fam_putf(host, out, "%lld + %lld = %lld. ", (long long)from, added, sum);
	else
		fam_putf(host, out, "%lld + %lld = %lld, so %lld. ", (long long)from, added, sum, (long long)to);
}

static void put_row(const struct lh_host *host, struct lh_sink *out, const struct fam_pipe *p, const struct fam_op *op, const struct fam_table *from,
	const struct fam_record *row)
{
	int at = fam_table_find(from, row->name);
	if (at < 0) {
		fam_putf(host, out, "%s comes in with ", row->name);
		fam_record_put_values(host, out, row, p->columns);
		fam_put(host, out, ". ");
	}
	for (int c = 0; at >= 0 && c < p->columns; c++)
		if (from->row[at].value[c] != row->value[c]) {
			fam_putf(host, out, "%s %c: ", row->name, 'a' + c);
			put_number(host, out, p, op->kind == FAM_ADD || op->kind == FAM_SUM, from->row[at].value[c], row->value[c]);
		}
}

void fam_op_explain(const struct lh_host *host, struct lh_sink *out, const struct fam_pipe *p, const struct fam_op *op, const struct fam_table *from,
	const struct fam_table *to)
{
	if (fam_table_equal(from, to))
		fam_put(host, out, "Nothing changes. ");
	for (int i = 0; op->kind == FAM_SORT && i < to->rows; i++)
		fam_putf(host, out, "%s%s %lld%s", i ? ", " : "", to->row[i].name, (long long)to->row[i].value[op->x], i + 1 < to->rows ? "" : ". ");
	for (int i = 0; i < from->rows; i++)
		if (fam_table_find(to, from->row[i].name) < 0)
			fam_putf(host, out, "%s goes. ", from->row[i].name);
	for (int i = 0; i < to->rows; i++)
		put_row(host, out, p, op, from, &to->row[i]);
	fam_put(host, out, "The table: ");
	fam_table_put(host, out, to);
}
