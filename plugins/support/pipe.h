/* support/pipe.h - the operations of a data pipeline on a table of records: drawn, written, done. */
#ifndef LH_SUPPORT_PIPE_H
#define LH_SUPPORT_PIPE_H

#include "support/mix.h"
#include "support/records.h"

enum fam_op_kind { FAM_ADD, FAM_SUM, FAM_SORT, FAM_FILTER, FAM_TAKE, FAM_REPLACE, FAM_AGGREGATE, FAM_OP_KINDS };

extern const char *const fam_op_name[FAM_OP_KINDS];

struct fam_op {
	enum fam_op_kind kind;
	int x, y;                                 /* two columns */
	int64_t n;                                /* what is added; the bound of a filter */
	int row;                                  /* rows kept, or the row replaced, from 1 on */
	bool flag;                                /* largest first; at least n; the last row */
	int total;                                /* 0 sum, 1 largest, 2 smallest */
	uint32_t key;                             /* of the catalogue */
};

struct fam_pipe {
	int rows, columns;
	int64_t modulus;                          /* numbers are from 0 to one below it */
	bool lookup;                              /* operations name records; false: they give what may be needed of them */
	struct fam_dictionary catalogue;          /* its values are packed records; more than `rows` of them */
};

struct fam_op fam_op_draw(const struct lh_host *host, const struct fam_pipe *p, const struct fam_mix *mix, uint64_t seed, uint64_t step);
void fam_op_put(const struct lh_host *host, struct lh_sink *out, const struct fam_pipe *p, const struct fam_op *op);
/* How a table is written, and what each operation does. */
void fam_pipe_put_rules(const struct lh_host *host, struct lh_sink *out, const struct fam_pipe *p);
/* Total on all tables of p->rows rows, which it leaves with as many. */
void fam_op_act(const struct fam_pipe *p, const struct fam_op *op, struct fam_table *table);
/* Makes a slip of the right table after the operation: a row or the whole of it left out, the wrong column or way round, the
 * catalogue's next line, another total, a number a little off. Never leaves it as it is. */
void fam_op_slip(const struct lh_host *host, const struct fam_pipe *p, const struct fam_op *op, struct lh_draw *draw, struct fam_table *table);
/* What became of the rows, in the terms of the operation; ends in the text of `to`. Where that is not what comes of it, numbers
 * were misread. */
void fam_op_explain(const struct lh_host *host, struct lh_sink *out, const struct fam_pipe *p, const struct fam_op *op, const struct fam_table *from,
	const struct fam_table *to);

#endif
