#include "journal/header.h"

#include "journal/schema.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* https://sqlite.org/fileformat.html#the_database_header */
enum { HEADER = 100, MAGIC = 16, PAGE_SIZE = 16, WRITE_VERSION = 18, ENCODING = 56, USER_VERSION = 60, APPLICATION_ID = 68 };

static uint32_t big32(const unsigned char *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* A code of sqlite; SQLITE_IOERR_SHORT_READ for a file of fewer bytes, with zeros for the rest. */
static int read_header(sqlite3 *db, unsigned char out[HEADER])
{
	sqlite3_file *f = NULL;
	memset(out, 0, HEADER);
	int rc = sqlite3_file_control(db, "main", SQLITE_FCNTL_FILE_POINTER, &f);
	if (rc != SQLITE_OK || !f || !f->pMethods)
		return SQLITE_IOERR;
	return f->pMethods->xRead(f, out, HEADER, 0);
}

/* Tells with what it can be read. */
static int refuse_older(sqlite3 *db, const unsigned char *h, const char *path, struct lh_error *err)
{
	char maker[LH_MAKER_MAX] = "";
	if (h[WRITE_VERSION] != 2)           /* to read one in WAL mode could leave files beside it */
		lh_schema_maker(db, maker);
	return lh_fail(err, LH_E_DATA, "%s was written by an older longhaul (%s%sfile version %u, this program knows %d): report it with %s, "
		"and keep new runs in another file", path, maker, *maker ? ", " : "", big32(h + USER_VERSION), LH_JOURNAL_VERSION,
		*maker ? "that version" : "the version that made it");
}

static int check(sqlite3 *db, const unsigned char *h, bool cut, const char *path, struct lh_error *err)
{
	if (memcmp(h, "SQLite format 3", MAGIC) != 0)
		return lh_fail(err, LH_E_DATA, "%s is not a run file of longhaul; it is left as it is: name another file", path);
	if (cut)
		return lh_fail(err, LH_E_DAMAGED, "%s is damaged: it is cut off within its first 100 bytes", path);
	uint32_t version = big32(h + USER_VERSION);
	if (big32(h + APPLICATION_ID) != LH_JOURNAL_APP_ID)
		return lh_fail(err, LH_E_DATA, "%s is an SQLite database, but not a run file of longhaul; it is left as it is: name another file", path);
	if (version > LH_JOURNAL_VERSION)
		return lh_fail(err, LH_E_DATA, "%s was written by a newer longhaul (file version %u, this program knows %d): "
			"update the program", path, version, LH_JOURNAL_VERSION);
	if (version > 0 && version < LH_JOURNAL_VERSION)
		return refuse_older(db, h, path, err);
	if (version == 0 || big32(h + ENCODING) != 1)
		return lh_fail(err, LH_E_DAMAGED, "%s is damaged: its header is not one that longhaul writes", path);
	return 0;
}

/* sqlite takes the last page for whole and fills up what is missing with zeros. A -wal or -journal beside
 * the file may hold that page: it was cut off by a full disk, not lost. */
static bool cut_within_page(const unsigned char *h, sqlite3 *db)
{
	struct stat st;
	const char *path = sqlite3_db_filename(db, "main");
	int page = h[PAGE_SIZE] << 8 | h[PAGE_SIZE + 1];
	return page >= 512 && stat(path, &st) == 0 && st.st_size % page && access(sqlite3_filename_wal(path), F_OK) &&
		access(sqlite3_filename_journal(path), F_OK);
}

static int check_kind(const char *path, bool *empty, struct lh_error *err)
{
	struct stat st;
	if (stat(path, &st))
		return lh_fail(err, errno == ENOENT ? LH_E_MISSING : LH_E_IO, "%s: %s", path, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return lh_fail(err, LH_E_IO, "%s is not a regular file", path);
	*empty = st.st_size == 0;
	return 0;
}

static int check_header(sqlite3 *db, const char *path, struct lh_error *err)
{
	unsigned char h[HEADER];
	int rc = read_header(db, h);
	if (rc != SQLITE_OK && rc != SQLITE_IOERR_SHORT_READ)
		return lh_fail(err, LH_E_IO, "%s cannot be read", path);
	rc = check(db, h, rc == SQLITE_IOERR_SHORT_READ, path, err);
	if (!rc && cut_within_page(h, db))
		rc = lh_fail(err, LH_E_DAMAGED, "%s is damaged: it is cut off in the middle of a page; take a copy from before", path);
	return rc;
}

int lh_header_open(const char *path, sqlite3 **db, bool *empty, struct lh_error *err)
{
	*db = NULL;
	int rc = check_kind(path, empty, err);
	if (rc || *empty)
		return rc;
	if (sqlite3_open_v2(path, db, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK)
		rc = *db ? lh_sqlite_fail(*db, path, err) : lh_nomem(err);
	else
		rc = check_header(*db, path, err);
	if (rc) {
		sqlite3_close(*db);
		*db = NULL;
	}
	return rc;
}

char *lh_path_with(const char *path, const char *suffix)
{
	size_t n = strlen(path), m = strlen(suffix);
	char *p = malloc(n + m + 1);
	if (p) {
		memcpy(p, path, n);
		memcpy(p + n, suffix, m + 1);
	}
	return p;
}

char *lh_plain_path(const char *path)
{
	bool special = path[0] == ':' || strncmp(path, "file:", 5) == 0;
	return special ? lh_path_with("./", path) : lh_path_with(path, "");
}

bool lh_header_lacks_wal(sqlite3 *db)
{
	unsigned char h[HEADER];
	const char *wal = sqlite3_filename_wal(sqlite3_db_filename(db, "main"));
	return read_header(db, h) == SQLITE_OK && h[WRITE_VERSION] == 2 && access(wal, F_OK) != 0;
}
