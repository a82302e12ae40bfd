/* journal/schema.h - the run file's tables, and whether a file has them (private to the room). */
#ifndef LH_JOURNAL_SCHEMA_H
#define LH_JOURNAL_SCHEMA_H

#include "journal/journal.h"

#include <sqlite3.h>

#define LH_MAKER_MAX 40

/* The tables and the view, with application id and version, in one transaction. */
int lh_schema_create(sqlite3 *db, const char *path, struct lh_error *err) LH_CHECKED;
/* The two indexes. A file lacks them only while the bulk run that made it is under way, or after
 * that was killed: built at the end they cost half of what keeping them up to date does. */
int lh_schema_create_indexes(sqlite3 *db, const char *path, struct lh_error *err) LH_CHECKED;
/* Is everything in the file ours, word for word? *indexed: are the indexes there? */
int lh_schema_check(sqlite3 *db, const char *path, bool *indexed, struct lh_error *err) LH_CHECKED;

/* The program version that wrote the newest run of a file whose tables are of another version; empty:
 * not known. */
void lh_schema_maker(sqlite3 *db, char out[LH_MAKER_MAX]);

/* What sqlite reports, as a sentence that says what to do. */
int lh_sqlite_fail(sqlite3 *db, const char *path, struct lh_error *err);
/* Reads every page. */
int lh_sqlite_check_pages(sqlite3 *db, const char *path, struct lh_error *err) LH_CHECKED;
/* Runs statements that return nothing of interest. */
int lh_sqlite_exec(sqlite3 *db, const char *path, const char *sql, struct lh_error *err) LH_CHECKED;

#endif
