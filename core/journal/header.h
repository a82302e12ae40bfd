/* journal/header.h - whose file it is, told from its first 100 bytes (private to the room).
 *
 * Nothing is executed and nothing locked, so a file that is not ours is left as it is. The bytes
 * are read through sqlite's own descriptor: closing another one on the file would drop the locks
 * that this process holds on it (sqlite.org/howtocorrupt.html, 2.2). */
#ifndef LH_JOURNAL_HEADER_H
#define LH_JOURNAL_HEADER_H

#include "journal/journal.h"

#include <sqlite3.h>

/* Opens read-only and checks: a regular file, of sqlite, with our application id and version.
 * *empty: it has no bytes at all (then nothing else is checked, and *db is NULL). */
int lh_header_open(const char *path, sqlite3 **db, bool *empty, struct lh_error *err) LH_CHECKED;
/* In WAL mode, and the -wal is gone: a copy made without it, or left so by a reader at the close. */
bool lh_header_lacks_wal(sqlite3 *db);

/* Heap. The path as sqlite takes it for a path: it would read "file:x" as a URI and ":memory:" as none. */
char *lh_plain_path(const char *path);
char *lh_path_with(const char *path, const char *suffix);

#endif
