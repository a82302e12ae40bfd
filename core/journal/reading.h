/* journal/reading.h - the reader's insides, shared by the files of this room only. */
#ifndef LH_JOURNAL_READING_H
#define LH_JOURNAL_READING_H

#include "journal/columns.h"

#define LH_READ_ROW_MAX (65 << 20)       /* bytes: the texts that the writer allows, and their frame */

struct lh_reader {
	sqlite3 *db;
	char *path;
	bool placed;                     /* the file lacks its indexes: rows are found through places */
	bool has_places;
	sqlite3_stmt *walk[LH_T_WALKS], *answers;
};

/* Makes the places where they are needed. */
int lh_reader_place(struct lh_reader *r, struct lh_error *err) LH_CHECKED;

#endif
