/* The life of a run file that is written: made or opened, locked, committed, closed into one file. */
#include "journal/header.h"
#include "journal/writing.h"

#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define SYNC_EVERY_US 1000000            /* a power cut loses at most this */
#define LOCK_TRIES 20                    /* of 50 ms: a killed writer's children may hold it a moment */
#define BUSY_MS 5000

/* 4 KiB pages: a live run commits a few pages a pass, and each goes whole into the WAL. The cache
 * holds a bulk transaction; the WAL grows to 16 MiB before it is copied back. */
static const char page_sql[] = "PRAGMA page_size=4096";
static const char wal_sql[] = "PRAGMA journal_mode=WAL";
static const char settings_sql[] = "PRAGMA synchronous=NORMAL; PRAGMA cache_size=-16384; PRAGMA wal_autocheckpoint=4000;"
	"PRAGMA foreign_keys=OFF; PRAGMA cell_size_check=ON; PRAGMA trusted_schema=OFF";

static void journal_free(struct lh_journal *j)
{
	for (int i = 0; i < LH_T_COUNT; i++)
		sqlite3_finalize(j->put[i]);
	for (int i = 0; i < LH_S_COUNT; i++)
		sqlite3_finalize(j->fixed[i]);
	sqlite3_close(j->db);
	if (j->wal_fd >= 0)
		close(j->wal_fd);            /* after sqlite, so that nobody comes in between */
	free(j->path);
	free(j);
}

static struct lh_journal *journal_new(const char *path, bool bulk)
{
	struct lh_journal *j = calloc(1, sizeof *j);
	if (!j)
		return NULL;
	j->wal_fd = -1;
	j->bulk = bulk;
	j->path = lh_plain_path(path);
	if (!j->path) {
		journal_free(j);
		return NULL;
	}
	return j;
}

/* O_EXCL tells whether the file is ours to remove, and errno why it cannot be made. */
static int make_file(struct lh_journal *j, struct lh_error *err)
{
	int fd = open(j->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	if (fd >= 0) {
		close(fd);
		j->made = true;
		return 0;
	}
	if (errno == EEXIST)
		return 0;
	return lh_fail(err, LH_E_IO, "%s cannot be made: %s; name another place with -o", j->path, strerror(errno));
}

static int refuse_foreign(const struct lh_journal *j, struct lh_error *err)
{
	sqlite3 *db;
	bool empty;
	int rc = lh_header_open(j->path, &db, &empty, err);
	sqlite3_close(db);
	return !rc && empty && j->resumed ? lh_fail(err, LH_E_DATA, "%s is empty: there is no run in it to go on with", j->path) : rc;
}

static int open_database(struct lh_journal *j, struct lh_error *err)
{
	int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX;      /* one thread at a time */
	if (sqlite3_open_v2(j->path, &j->db, flags, NULL) != SQLITE_OK)
		return j->db ? lh_sqlite_fail(j->db, j->path, err) : lh_nomem(err);
	if (sqlite3_db_readonly(j->db, "main") == 1)
		return lh_fail(err, LH_E_IO, "%s cannot be written: its permissions do not allow it; `chmod u+w` it, or name another file with -o", j->path);
	j->wal_path = sqlite3_filename_wal(sqlite3_db_filename(j->db, "main"));      /* links followed */
	sqlite3_busy_timeout(j->db, BUSY_MS);
	sqlite3_db_config(j->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	return lh_sqlite_exec(j->db, j->path, settings_sql, err);
}

/* The first value of the only row. */
static int ask_int(struct lh_journal *j, const char *sql, int64_t *out, struct lh_error *err)
{
	sqlite3_stmt *s = NULL;
	int rc = 0;
	if (sqlite3_prepare_v2(j->db, sql, -1, &s, NULL) != SQLITE_OK || sqlite3_step(s) != SQLITE_ROW)
		rc = lh_sqlite_fail(j->db, j->path, err);
	else
		*out = sqlite3_column_int64(s, 0);
	sqlite3_finalize(s);
	return rc;
}

/* The schema goes in before WAL mode, so that the main file says at once whose it is. */
static int prepare_file(struct lh_journal *j, struct lh_error *err)
{
	int64_t pages = 0;
	int rc = ask_int(j, "PRAGMA page_count", &pages, err);
	if (!rc && pages == 0) {
		rc = lh_sqlite_exec(j->db, j->path, page_sql, err);
		if (!rc)
			rc = lh_schema_create(j->db, j->path, err);
	}
	if (!rc)
		rc = lh_schema_check(j->db, j->path, &j->indexed, err);
	return rc ? rc : lh_sqlite_exec(j->db, j->path, wal_sql, err);
}

static bool is_file_at(int fd, const char *path)
{
	struct stat a, b;
	return fstat(fd, &a) == 0 && stat(path, &b) == 0 && a.st_ino == b.st_ino && a.st_dev == b.st_dev;
}

/* Opens the -wal and locks it; -1: recorded in err. */
static int lock_file(const char *path, const char *wal_path, struct lh_error *err)
{
	int fd = open(wal_path, O_RDWR | O_CLOEXEC), rc = 0;
	if (fd < 0) {
		lh_fail(err, LH_E_IO, "%s: %s", wal_path, strerror(errno));
		return -1;
	}
	for (int i = 0; i < LOCK_TRIES && (rc = flock(fd, LOCK_EX | LOCK_NB)) != 0 && errno == EWOULDBLOCK; i++)
		nanosleep(&(struct timespec){ .tv_nsec = 50000000 }, NULL);
	if (rc && errno != EWOULDBLOCK)
		lh_fail(err, LH_E_IO, "%s: cannot be locked: %s", wal_path, strerror(errno));
	else if (rc || !is_file_at(fd, wal_path))
		lh_fail(err, LH_E_IO, "%s is locked: another longhaul is writing to it; wait until that has ended, or name another file with -o", path);
	else
		return fd;
	close(fd);
	return -1;
}

/* One writer for as long as the journal is open, where sqlite's own lock lasts a transaction. The
 * lock is on the -wal, because sqlite locks no bytes of it: closing a descriptor of the database
 * or of the -shm would drop sqlite's locks. flock, as it is not lost when a reader in this process
 * closes the -wal. */
static int lock_writer(struct lh_journal *j, struct lh_error *err)
{
	int64_t ignored;
	int rc = ask_int(j, "SELECT count(*) FROM sqlite_schema", &ignored, err);     /* makes the -wal */
	if (rc)
		return rc;
	j->wal_fd = lock_file(j->path, j->wal_path, err);
	return j->wal_fd < 0 ? LH_E_IO : 0;
}

int lh_journal_lock(const char *path, int *fd, struct lh_error *err)
{
	char *wal = lh_path_with(path, "-wal");
	int rc = wal ? 0 : lh_nomem(err);
	*fd = -1;
	if (!rc && access(wal, F_OK) == 0 && (*fd = lock_file(path, wal, err)) < 0)
		rc = LH_E_IO;
	free(wal);
	return rc;
}

/* A new file of a bulk run gets its indexes when it is closed. */
static int ensure_indexes(struct lh_journal *j, struct lh_error *err)
{
	int64_t rows = 0;
	if (j->indexed)
		return 0;
	int rc = ask_int(j, "SELECT EXISTS(SELECT 1 FROM message) OR EXISTS(SELECT 1 FROM call)", &rows, err);
	if (rc || (j->bulk && !rows))
		return rc;
	rc = lh_schema_create_indexes(j->db, j->path, err);
	j->indexed = !rc;
	return rc;
}

/* run: the one to go on with; 0: none. */
static int start(struct lh_journal *j, int64_t run, struct lh_error *err)
{
	int rc = j->resumed ? 0 : make_file(j, err);
	if (!rc && !j->made)
		rc = refuse_foreign(j, err);
	if (!rc)
		rc = open_database(j, err);
	if (!rc)
		rc = prepare_file(j, err);
	if (!rc)
		rc = lock_writer(j, err);
	if (!rc && j->resumed)
		rc = lh_journal_check_run(j, run, err);
	if (!rc)
		rc = ensure_indexes(j, err);
	return rc ? rc : lh_journal_prepare(j, err);
}

static int open_journal(const char *path, bool bulk, bool resumed, int64_t run, struct lh_journal **out, struct lh_error *err)
{
	*out = NULL;
	struct lh_journal *j = journal_new(path, bulk);
	if (!j)
		return lh_nomem(err);
	j->resumed = resumed;
	int rc = start(j, run, err);
	if (rc) {
		lh_journal_discard(j);
		return rc;
	}
	j->synced_us = lh_clock_mono_us();
	*out = j;
	return 0;
}

int lh_journal_create(const char *path, bool bulk, struct lh_journal **out, struct lh_error *err)
{
	return open_journal(path, bulk, false, 0, out, err);
}

int lh_journal_open_run(const char *path, int64_t run, struct lh_journal **out, struct lh_error *err)
{
	return open_journal(path, false, true, run, out, err);
}

int lh_journal_begin(struct lh_journal *j, struct lh_error *err)
{
	if (j->broken)
		return lh_fail(err, j->broken, "%s: an earlier write failed, nothing more is written", j->path);
	if (j->open)
		return 0;
	int rc = lh_journal_step(j, j->fixed[LH_S_BEGIN], err);
	j->open = !rc;
	if (!rc && j->bulk)
		j->began_us = lh_clock_mono_us();
	return rc;
}

int lh_journal_commit_now(struct lh_journal *j, struct lh_error *err)
{
	if (j->broken)
		return lh_fail(err, j->broken, "%s: an earlier write failed, nothing more is written", j->path);
	if (!j->open)
		return 0;
	int rc = lh_journal_step(j, j->fixed[LH_S_COMMIT], err);
	if (rc)
		return rc;
	j->open = false;
	j->committed += j->pending;
	j->pending = 0;
	j->unsynced = true;
	return 0;
}

/* synchronous=NORMAL leaves a commit in the system's memory, safe from a kill but not from a power cut. */
static int sync_now_and_then(struct lh_journal *j, struct lh_error *err)
{
	if (!j->unsynced)
		return 0;
	int64_t now = lh_clock_mono_us();
	if (now - j->synced_us < SYNC_EVERY_US)
		return 0;
	if (fdatasync(j->wal_fd))
		return lh_journal_broke(j, errno, err);
	j->synced_us = now;
	j->unsynced = false;
	return 0;
}

int lh_journal_commit(struct lh_journal *j, struct lh_error *err)
{
	if (j->bulk && j->open && j->pending < LH_BULK_ROWS && lh_clock_mono_us() - j->began_us < SYNC_EVERY_US)
		return 0;
	int rc = lh_journal_commit_now(j, err);
	return rc || j->bulk ? rc : sync_now_and_then(j, err);
}

/* Everything into the main file, and out of WAL mode: then -wal and -shm are gone. While a reader
 * has the file open the second is impossible and not needed: the next writer does it. */
static int fold(struct lh_journal *j, struct lh_error *err)
{
	int64_t busy = 0;
	int rc = ask_int(j, "PRAGMA wal_checkpoint(TRUNCATE)", &busy, err);
	if (rc)
		return rc;
	if (busy)
		return lh_fail(err, LH_E_IO, "%s is being read by another program, so part of it is still in %s", j->path, j->wal_path);
	sqlite3_busy_timeout(j->db, 0);
	sqlite3_exec(j->db, "PRAGMA journal_mode=DELETE", NULL, NULL, NULL);
	return 0;
}

/* sqlite removes the -wal when the last connection closes; the names are for a close that failed. */
static void remove_files(const char *path)
{
	static const char *const suffix[] = { "", "-wal", "-shm", "-journal" };
	for (size_t i = 0; i < sizeof suffix / sizeof *suffix; i++) {
		char *name = lh_path_with(path, suffix[i]);
		if (name)
			unlink(name);
		free(name);
	}
}

/* Rolls back, closes, and removes the file where `remove`. */
static void end_without(struct lh_journal *j, bool remove)
{
	char *path = remove ? lh_path_with(j->path, "") : NULL;
	if (j->db && !sqlite3_get_autocommit(j->db))
		sqlite3_exec(j->db, "ROLLBACK", NULL, NULL, NULL);
	if (j->wal_fd >= 0 && !path) {
		int rc = fold(j, NULL);
		(void)rc;                    /* what is committed is safe in the -wal too */
	}
	journal_free(j);
	if (path)
		remove_files(path);
	free(path);
}

void lh_journal_discard(struct lh_journal *j)
{
	if (j)
		end_without(j, j->made && !j->committed);
}

/* What is left once every row is committed. A later writer makes up for what fails here. */
static int finish_file(struct lh_journal *j, struct lh_error *err)
{
	struct lh_error why = { 0 };
	int rc = j->indexed ? 0 : lh_schema_create_indexes(j->db, j->path, &why);
	int folded = fold(j, rc ? NULL : &why);
	rc = rc ? rc : folded;
	if (!rc)
		return 0;
	return lh_fail(err, rc == LH_E_IO ? LH_E_WRITE : rc, "%s; nothing is lost, and `longhaul report` shows it: keep %s beside it where there is one",
		why.text, j->wal_path);
}

int lh_journal_close(struct lh_journal *j, struct lh_error *err)
{
	if (!j)
		return 0;
	int rc = lh_journal_commit_now(j, err);
	if (!rc) {
		rc = finish_file(j, err);
		journal_free(j);
		return rc;
	}
	lh_journal_discard(j);
	return rc;
}

/* Takes what was committed of a run out again. Where that fails the run stays, as `running`. */
static void take_out(struct lh_journal *j, int64_t run, int64_t first_episode)
{
	char sql[640];
	if (!sqlite3_get_autocommit(j->db))
		sqlite3_exec(j->db, "ROLLBACK", NULL, NULL, NULL);
	snprintf(sql, sizeof sql, "BEGIN IMMEDIATE;"
		"DELETE FROM attempt WHERE episode >= %lld; DELETE FROM call WHERE episode >= %lld; DELETE FROM message WHERE episode >= %lld;"
		"DELETE FROM episode WHERE run = %lld; DELETE FROM condition WHERE run = %lld; DELETE FROM run WHERE id = %lld; COMMIT",
		(long long)first_episode, (long long)first_episode, (long long)first_episode, (long long)run, (long long)run, (long long)run);
	sqlite3_exec(j->db, sql, NULL, NULL, NULL);
}

void lh_journal_forget(struct lh_journal *j, int64_t run, int64_t first_episode)
{
	if (!j)
		return;
	if (j->broken || j->resumed) {       /* the file, not the run, is to blame; or others' rows are at stake */
		lh_journal_discard(j);
		return;
	}
	if (j->db && !j->made && j->committed && run > 0)
		take_out(j, run, first_episode);
	end_without(j, j->made);
}
