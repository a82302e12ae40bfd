#include "support/pipe.h"

const char *const fam_op_name[FAM_OP_KINDS] = { "add", "sum", "sort", "filter", "take", "replace", "aggregate" };

static const char *const total_name[] = { "sum", "largest", "smallest" };

/* Everything is drawn, whatever the operation needs, and bounds lie in the middle half of the numbers. */
struct fam_op fam_op_draw(const struct lh_host *host, const struct fam_pipe *p, const struct fam_mix *mix, uint64_t seed, uint64_t step)
{
	struct lh_draw *draw = fam_step_draw(host, seed, step);
	struct fam_op op = { .kind = (enum fam_op_kind)fam_mix_draw(host, mix, draw) };
	op.x = (int)host->random_between(draw, 0, p->columns - 1);
	op.y = (int)host->random_between(draw, 0, p->columns - 2);
	op.y += op.y >= op.x;
	op.n = op.kind == FAM_FILTER ? host->random_between(draw, (p->modulus + 3) / 4, 3 * p->modulus / 4) : host->random_between(draw, 1, p->modulus - 1);
	op.row = (int)host->random_between(draw, 1, op.kind == FAM_TAKE ? p->rows - 1 : p->rows);
	op.flag = host->random_between(draw, 0, 1);
	op.total = (int)host->random_between(draw, 0, 2);
	op.key = (uint32_t)host->random_between(draw, 0, p->catalogue.count - 1);
	return op;
}

/* ---- What is done ------------------------------------------------------------------------------ */

static int64_t total(const struct fam_pipe *p, const struct fam_op *op, const struct fam_table *table)
{
	int64_t sum = 0, largest = table->row[0].value[op->x], smallest = largest;
	for (int i = 0; i < table->rows; i++) {
		int64_t v = table->row[i].value[op->x];
		sum = fam_mod(sum + v, p->modulus);
		largest = v > largest ? v : largest;
		smallest = v < smallest ? v : smallest;
	}
	return op->total == 0 ? sum : op->total == 1 ? largest : smallest;
}

static void filter(const struct fam_op *op, struct fam_table *table)
{
	int kept = 0;
	for (int i = 0; i < table->rows; i++)
		if ((table->row[i].value[op->x] >= op->n) == op->flag)
			table->row[kept++] = table->row[i];
	table->rows = kept;
}

void fam_op_act(const struct fam_pipe *p, const struct fam_op *op, struct fam_table *table)
{
	struct fam_record *row = table->row;
	switch (op->kind) {
	case FAM_ADD:
		for (int i = 0; i < table->rows; i++)
			row[i].value[op->x] = fam_mod(row[i].value[op->x] + op->n, p->modulus);
		break;
	case FAM_SUM:
		for (int i = 0; i < table->rows; i++)
			row[i].value[op->y] = fam_mod(row[i].value[op->y] + row[i].value[op->x], p->modulus);
		break;
	case FAM_SORT: fam_table_sort(table, op->x, op->flag); break;
	case FAM_FILTER: filter(op, table); break;
	case FAM_TAKE: table->rows = op->row; break;
	case FAM_REPLACE:
		if (fam_table_find(table, p->catalogue.key[op->key]) < 0)
			row[op->row - 1] = fam_record_of(&p->catalogue, op->key);
		break;
	case FAM_AGGREGATE: row[op->flag ? table->rows - 1 : 0].value[op->y] = total(p, op, table); break;
	case FAM_OP_KINDS: break;
	}
	fam_table_refill(table, p->rows, &p->catalogue, op->key);
}

/* ---- Text -------------------------------------------------------------------------------------- */

static void put_record(const struct lh_host *host, struct lh_sink *out, const struct fam_pipe *p, uint32_t key)
{
	struct fam_record r = fam_record_of(&p->catalogue, key % p->catalogue.count);
	fam_put(host, out, r.name);
	if (!p->lookup) {
		fam_put(host, out, " ");
		fam_record_put_values(host, out, &r, p->columns);
	}
}

/* As many records as rows: those left out are in the table, and those not left out complete it. */
static void put_refill(const struct lh_host *host, struct lh_sink *out, const struct fam_pipe *p, uint32_t key)
{
	fam_put(host, out, ", refill from ");
	for (uint32_t i = 0; i < (p->lookup ? 1u : (uint32_t)p->rows); i++) {
		fam_put(host, out, i ? "; " : "");
		put_record(host, out, p, key + i);
	}
}

void fam_op_put(const struct lh_host *host, struct lh_sink *out, const struct fam_pipe *p, const struct fam_op *op)
{
	int x = 'a' + op->x, y = 'a' + op->y;
	long long n = op->n;
	switch (op->kind) {
	case FAM_ADD: fam_putf(host, out, "add %lld to column %c", n, x); break;
	case FAM_SUM: fam_putf(host, out, "add column %c to column %c", x, y); break;
	case FAM_SORT: fam_putf(host, out, "sort by column %c, %s first", x, op->flag ? "largest" : "smallest"); break;
	case FAM_FILTER: fam_putf(host, out, "keep rows where %c is %s %lld", x, op->flag ? "at least" : "below", n); break;
	case FAM_TAKE: fam_putf(host, out, "keep the first %d row%s", op->row, op->row == 1 ? "" : "s"); break;
	case FAM_REPLACE:
		fam_putf(host, out, "replace row %d with ", op->row);
		put_record(host, out, p, op->key);
		break;
	case FAM_AGGREGATE:
		fam_putf(host, out, "set %c of the %s row to the %s of column %c", y, op->flag ? "last" : "first", total_name[op->total], x);
		break;
	case FAM_OP_KINDS: break;
	}
	if (op->kind == FAM_FILTER || op->kind == FAM_TAKE)
		put_refill(host, out, p, op->key);
}

static void put_table_rules(const struct lh_host *host, struct lh_sink *out, const struct fam_pipe *p)
{
	fam_put(host, out, "The table:\n");
	fam_putf(host, out, "- It always has %d rows. Each has a name and a number in each of the columns ", p->rows);
	for (int c = 0; c < p->columns; c++)
		fam_putf(host, out, "%s%c", c == 0 ? "" : c + 1 == p->columns ? " and " : ", ", 'a' + c);
	fam_put(host, out, ".\n- It is written row by row from the first to the last, with a semicolon between rows: the name, then the numbers in the order of the "
		"columns.\n");
	fam_putf(host, out, "- Numbers are from 0 to %lld: where something is added or summed up and %lld or more comes out, take the remainder on division by %lld.\n",
		(long long)p->modulus - 1, (long long)p->modulus, (long long)p->modulus);
	if (p->lookup)
		fam_put(host, out, "- Records that are to come into the table stand in the catalogue at the end, with their numbers in the order of the columns.\n\n");
	else
		fam_put(host, out, "- Records that are to come into the table stand in the operation, with their numbers in the order of the columns.\n\n");
}

static void put_operations(const struct lh_host *host, struct lh_sink *out, const struct fam_pipe *p)
{
	fam_put(host, out, "Each message gives one or more operations, one a line, which are to be done in order. X and Y are columns, N is a number:\n"
		"- add N to column X: in every row, add N to the number in X.\n"
		"- add column X to column Y: in every row, add the number in X to the number in Y. X stays as it is.\n"
		"- sort by column X, smallest first (or: largest first): put the rows into that order. Rows with equal numbers in X stay in the order that they are "
		"in.\n"
		"- keep rows where X is below N (or: is at least N), refill from …: drop all other rows, then refill. It may be that all rows stay, or none.\n"
		"- keep the first N rows, refill from …: drop all other rows, then refill.\n");
	if (p->lookup)
		fam_putf(host, out, "- To refill, append records of the catalogue to the end of the table until it has %d rows: first the record named, then those that "
			"follow it in the catalogue, where the first comes after the last. Leave out every record whose name is in the table already.\n", p->rows);
	else
		fam_putf(host, out, "- To refill, append the records that are given, in their order, to the end of the table until it has %d rows. Leave out every record whose name is "
			"in the table already; those that are left over are not needed.\n", p->rows);
	fam_put(host, out, "- replace row N with …: the row at that place, counted from 1, gives way to the record. If a record of that name is in the table already, at any "
		"place, nothing changes.\n"
		"- set Y of the first row (or: last row) to the sum (or: the largest, the smallest) of column X, taken over all rows.\n");
}

void fam_pipe_put_rules(const struct lh_host *host, struct lh_sink *out, const struct fam_pipe *p)
{
	put_table_rules(host, out, p);
	put_operations(host, out, p);
}
