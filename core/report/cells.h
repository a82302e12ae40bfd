/* report/cells.h - a table laid out for the width there is.
 *
 * The first column is the row's name, all others hold figures. Where the columns do not fit beside
 * each other the table continues in a further block below, names repeated: nothing is dropped.
 * First block: every column that must be there, then those main columns that fit. A row that has nothing
 * in a block is left out of it. */
#ifndef LH_REPORT_CELLS_H
#define LH_REPORT_CELLS_H

#include "report/number.h"

enum { LH_CELLS_MAX = 48 };

enum lh_cells_rank { LH_CELLS_MUST, LH_CELLS_MAIN, LH_CELLS_MORE };

struct lh_cells_column {
	char head[2][32];                    /* the quantity, its unit */
	enum lh_cells_rank rank;
	int value, width;                    /* columns of the value part, of all */
	bool tails;                          /* some figure has a second part */
	bool placed;
};

struct lh_cells {
	const struct lh_report_style *style;
	int rows, columns, apart;            /* rows from `apart` on are set apart by a rule */
	const char *head;                    /* over the names: "policy" */
	const char *caption;                 /* of a page: what the table shows, for those who do not see where it stands; NULL: "Figures by " head */
	struct lh_cells_column column[LH_CELLS_MAX];
	struct lh_figure *figure;            /* [column * rows + row] */
	struct lh_buf names;                 /* shown; each row's ends at name_end[row] */
	size_t *name_end;
	int name_width;
	bool shortened;                      /* a name did not fit: set by lh_cells_print */
};

int lh_cells_init(struct lh_cells *c, int rows, const struct lh_report_style *style, struct lh_error *err) LH_CHECKED;
void lh_cells_fini(struct lh_cells *c);
/* Names, from row 0 on: text from outside, then a suffix of ours. */
void lh_cells_name(struct lh_cells *c, int row, struct lh_str name, const char *suffix);
struct lh_str lh_cells_name_of(const struct lh_cells *c, int row);
/* A new column's figures, one a row, empty at first; beyond LH_CELLS_MAX NULL. */
struct lh_figure *lh_cells_add(struct lh_cells *c, enum lh_cells_rank rank, const char *head, const char *unit);
void lh_cells_print(struct lh_cells *c, struct lh_buf *out);

#endif
