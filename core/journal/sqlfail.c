#include "journal/schema.h"

#include <string.h>

/* Only codes that mean something to whoever runs the program have a sentence of their own. */
int lh_sqlite_fail(sqlite3 *db, const char *path, struct lh_error *err)
{
	int rc = sqlite3_extended_errcode(db), cause = sqlite3_system_errno(db);
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
		return lh_fail(err, LH_E_IO, "%s: the disk is full: free some space, then resume; what was committed is kept", path);
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return lh_fail(err, LH_E_IO, "%s is locked by another program: wait until that has ended, or use another file", path);
	case SQLITE_READONLY:
		if (rc == SQLITE_READONLY_ROLLBACK)
			return lh_fail(err, LH_E_IO, "%s: its writer was killed while opening or closing it: open it once for writing "
				"(`longhaul run --resume`, or `sqlite3 FILE .tables`)", path);
		/* fall through */
	case SQLITE_CANTOPEN:
	case SQLITE_PERM:
	case SQLITE_AUTH:
		return lh_fail(err, LH_E_IO, "%s cannot be opened (%s): the file and its folder must allow it", path, reason);
	case SQLITE_IOERR:
		return lh_fail(err, LH_E_IO, "%s: input or output failed (%s); what was committed is kept", path, reason);
	case SQLITE_CONSTRAINT:
		return lh_fail(err, LH_E_INTERNAL, "%s: a row is there already (%s)", path, sqlite3_errmsg(db));
	default:
		return lh_fail(err, LH_E_INTERNAL, "%s: sqlite: %s", path, sqlite3_errmsg(db));
	}
}
