#include "journal/schema.h"

#include <errno.h>
#include <string.h>

static int last_errno(sqlite3 *db, int which_file)
{
	sqlite3_file *f = NULL;
	int cause = 0;
	if (sqlite3_file_control(db, "main", which_file, &f) == SQLITE_OK && f && f->pMethods)
		f->pMethods->xFileControl(f, SQLITE_FCNTL_LAST_ERRNO, &cause);
	return cause;
}

/* errno of the call that failed; 0: not known. sqlite does not hand it on from a commit: then its open
 * files are asked, the -wal (or -journal) first. */
static int system_error(sqlite3 *db, int code)
{
	int cause = sqlite3_system_errno(db);
	if (!cause && code == SQLITE_IOERR)
		cause = last_errno(db, SQLITE_FCNTL_JOURNAL_POINTER);
	if (!cause && code == SQLITE_IOERR)
		cause = last_errno(db, SQLITE_FCNTL_FILE_POINTER);
	return cause;
}

/* Only codes that mean something to whoever runs the program have a sentence of their own. */
int lh_sqlite_fail(sqlite3 *db, const char *path, struct lh_error *err)
{
	int rc = sqlite3_extended_errcode(db), cause = system_error(db, rc & 0xFF);
	bool system = cause && ((rc & 0xFF) == SQLITE_CANTOPEN || (rc & 0xFF) == SQLITE_IOERR);
	const char *reason = system ? strerror(cause) : sqlite3_errmsg(db);
	switch (rc & 0xFF) {
	case SQLITE_NOMEM:
		return lh_nomem(err);
	case SQLITE_ERROR:                       /* our statements are good: what they are run on is not */
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return lh_fail(err, LH_E_DAMAGED, "%s is damaged (%s): take a copy from before; `sqlite3 FILE .recover` may save rows",
			path, sqlite3_errmsg(db));
	case SQLITE_TOOBIG:
		return lh_fail(err, LH_E_DAMAGED, "%s: a row is larger than a run file may hold", path);
	case SQLITE_FULL:
		return lh_fail(err, LH_E_IO, "%s: the disk is full: free some space", path);
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return lh_fail(err, LH_E_IO, "%s is locked by another program: wait until that has ended, or name another file with -o", path);
	case SQLITE_READONLY:
		if (rc == SQLITE_READONLY_ROLLBACK)
			return lh_fail(err, LH_E_IO, "%s: its writer was killed while opening or closing it: open it once for writing "
				"(`longhaul run --resume`, or `sqlite3 FILE .tables`)", path);
		/* fall through */
	case SQLITE_CANTOPEN:
	case SQLITE_PERM:
	case SQLITE_AUTH:
		return lh_fail(err, LH_E_IO, "%s cannot be opened (%s): the file and its folder must allow it; or name another file with -o", path, reason);
	case SQLITE_IOERR:
		if (cause == EFBIG || cause == EDQUOT)
			return lh_fail(err, LH_E_IO, "%s may not grow further (%s): raise the limit (`ulimit -f`, or the quota)", path, reason);
		return lh_fail(err, LH_E_IO, "%s: input or output failed (%s)", path, reason);
	case SQLITE_CONSTRAINT:
		return lh_fail(err, LH_E_INTERNAL, "%s: a row is there already (%s)", path, sqlite3_errmsg(db));
	default:
		return lh_fail(err, LH_E_INTERNAL, "%s: sqlite: %s", path, sqlite3_errmsg(db));
	}
}
