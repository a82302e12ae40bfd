/* A run file opened for reading. It may come from a stranger: nothing in it is executed, and
 * nothing but what longhaul writes is accepted. */
#include "journal/header.h"
#include "journal/reading.h"
#include "journal/schema.h"

#include <stdlib.h>
#include <string.h>

#define BUSY_MS 5000

static const char settings_sql[] = "PRAGMA trusted_schema=OFF; PRAGMA cell_size_check=ON; PRAGMA mmap_size=0; PRAGMA cache_size=-16384";

/* Where the indexes are missing (see schema.h), the rows' places, in tables of our own: as of now,
 * while a writer goes on. INTEGER: else a comparison with a column of ours could not use the key. */
static const char places_sql[] =
	"BEGIN;"
	"CREATE TEMP TABLE message_place(episode INTEGER, id INTEGER, place INTEGER, PRIMARY KEY(episode, id, place)) WITHOUT ROWID;"
	"INSERT INTO message_place SELECT episode, id, rowid FROM main.message;"
	"CREATE TEMP TABLE call_place(episode INTEGER, turn INTEGER, seq INTEGER, place INTEGER, PRIMARY KEY(episode, turn, seq, place)) WITHOUT ROWID;"
	"INSERT INTO call_place SELECT episode, turn, seq, rowid FROM main.call;"
	"COMMIT";

static bool needs_escape(char c)
{
	return c == '%' || c == '?' || c == '#';
}

/* A file in WAL mode without its -wal has no writer, and opening it in the ordinary way would leave
 * a -wal and a -shm beside it. */
static int open_immutable(const char *path, sqlite3 **db, struct lh_error *err)
{
	struct lh_buf uri;
	lh_buf_init(&uri, 3 * strlen(path) + 32);
	lh_buf_puts(&uri, "file:");
	if (path[0] == '/')
		lh_buf_puts(&uri, "//");             /* an empty authority: "//a" at the front is no host */
	for (const char *p = path; *p; p++)
		lh_buf_printf(&uri, needs_escape(*p) ? "%%%02x" : "%c", *p);
	lh_buf_puts(&uri, "?immutable=1");
	int rc = lh_buf_ok(&uri, err);
	if (!rc && sqlite3_open_v2(uri.p, db, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_URI, NULL) != SQLITE_OK)
		rc = *db ? lh_sqlite_fail(*db, path, err) : lh_nomem(err);
	lh_buf_fini(&uri);
	return rc;
}

static int open_checked(struct lh_reader *r, struct lh_error *err)
{
	bool empty;
	int rc = lh_header_open(r->path, &r->db, &empty, err);
	if (rc)
		return rc;
	if (empty)
		return lh_fail(err, LH_E_DATA, "%s is empty", r->path);
	if (!lh_header_lacks_wal(r->db))
		return 0;
	sqlite3_close(r->db);
	r->db = NULL;
	return open_immutable(r->path, &r->db, err);
}

static void defend(sqlite3 *db)
{
	sqlite3_busy_timeout(db, BUSY_MS);
	sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_db_config(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
	sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_VIEW, 0, NULL);
	sqlite3_limit(db, SQLITE_LIMIT_ATTACHED, 0);
	sqlite3_limit(db, SQLITE_LIMIT_LENGTH, LH_READ_ROW_MAX);
}

static int check_file(struct lh_reader *r, struct lh_error *err)
{
	bool indexed;
	defend(r->db);
	int rc = lh_sqlite_exec(r->db, r->path, settings_sql, err);
	if (!rc)
		rc = lh_schema_check(r->db, r->path, &indexed, err);
	r->placed = !rc && !indexed;
	return rc;
}

bool lh_reader_indexed(const struct lh_reader *r)
{
	return !r->placed;
}

int lh_reader_place(struct lh_reader *r, struct lh_error *err)
{
	if (!r->placed || r->has_places)
		return 0;
	int rc = lh_sqlite_exec(r->db, r->path, places_sql, err);
	if (rc && !sqlite3_get_autocommit(r->db))
		sqlite3_exec(r->db, "ROLLBACK", NULL, NULL, NULL);
	r->has_places = !rc;
	return rc;
}

int lh_reader_open(const char *path, struct lh_reader **out, struct lh_error *err)
{
	*out = NULL;
	struct lh_reader *r = calloc(1, sizeof *r);
	if (!r || !(r->path = lh_plain_path(path))) {
		free(r);
		return lh_nomem(err);
	}
	int rc = open_checked(r, err);
	if (!rc)
		rc = check_file(r, err);
	if (rc)
		lh_reader_close(r);
	else
		*out = r;
	return rc;
}

void lh_reader_close(struct lh_reader *r)
{
	if (!r)
		return;
	for (int i = 0; i < LH_T_WALKS; i++)
		sqlite3_finalize(r->walk[i]);
	sqlite3_finalize(r->answers);
	sqlite3_close(r->db);
	free(r->path);
	free(r);
}
