/* journal/columns.h - how the rows of journal.h lie in the tables (private to the room).
 *
 * One description of each table serves writing and reading, so that the two cannot differ. The
 * column names are those of the row's fields. */
#ifndef LH_JOURNAL_COLUMNS_H
#define LH_JOURNAL_COLUMNS_H

#include "journal/journal.h"

#include <sqlite3.h>

enum lh_kind {
	LH_COL_INT,               /* int64_t */
	LH_COL_INT_OR_NULL,       /* int64_t, -1 is NULL */
	LH_COL_REAL,              /* double, NAN is NULL */
	LH_COL_FLAG,              /* bool, 0 or 1 */
	LH_COL_TEXT,              /* struct lh_str */
	LH_COL_TEXT_OR_NULL,      /* struct lh_str, empty is NULL */
	LH_COL_STATE              /* struct lh_str, NULL where the bool at `has` is false: '' is a state */
};

struct lh_column { const char *name; enum lh_kind kind; size_t at, has; };

enum lh_table_id {
	LH_T_RUN, LH_T_CONDITION, LH_T_EPISODE, LH_T_MESSAGE, LH_T_CALL, LH_T_ATTEMPT, LH_T_COUNT,
	LH_T_FIGURES = LH_T_COUNT,           /* of a call, without its texts: read, never written */
	LH_T_WALKS
};

struct lh_table {
	const char *name;
	const struct lh_column *column;
	int count;
};

union lh_any_row {
	struct lh_run_row run;
	struct lh_condition_row condition;
	struct lh_episode_row episode;
	struct lh_message_row message;
	struct lh_call_row call;
	struct lh_attempt_row attempt;
};

extern const struct lh_table lh_tables[LH_T_WALKS];
/* A struct lh_answer_row: first what comes from table call, then from message. */
extern const struct lh_table lh_answer_parts[2];

/* "a, b, c", each with `prefix` in front. */
void lh_columns_list(const struct lh_table *t, const char *prefix, struct lh_buf *out);

/* Binds parameters 1 … count. Texts are not copied: they must live until the statement is reset. */
int lh_columns_bind(const struct lh_table *t, sqlite3_stmt *s, const void *row);
/* The bytes of a row's texts. */
size_t lh_columns_bytes(const struct lh_table *t, const void *row);

/* Adds the row's values to `to`, so that rows which differ anywhere give different bytes. */
void lh_columns_digest(const struct lh_table *t, const void *row, struct lh_sha256 *to);

/* Reads the current row from column `first` on; the texts borrow from sqlite until its next step. False: a column holds a
 * value of the wrong type or range, and *bad is its name. */
bool lh_columns_read(const struct lh_table *t, sqlite3_stmt *s, int first, void *row, const char **bad);

#endif
