/* Going on with a run that is in the file. */
#include "journal/header.h"
#include "journal/writing.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int prepare(struct lh_journal *j, const char *sql, sqlite3_stmt **out, struct lh_error *err)
{
	return sqlite3_prepare_v2(j->db, sql, -1, out, NULL) == SQLITE_OK ? 0 : lh_sqlite_fail(j->db, j->path, err);
}

int lh_journal_check_run(struct lh_journal *j, int64_t run, struct lh_error *err)
{
	sqlite3_stmt *s = NULL;
	int rc = lh_sqlite_check_pages(j->db, j->path, err);
	if (!rc)
		rc = prepare(j, "SELECT 1 FROM run WHERE id = ?1", &s, err);
	if (rc)
		return rc;
	sqlite3_bind_int64(s, 1, run);
	int step = sqlite3_step(s);
	if (step == SQLITE_DONE)
		rc = lh_fail(err, LH_E_MISSING, "%s holds no run %lld to go on with; longhaul list runs %s names them", j->path, (long long)run, j->path);
	else if (step != SQLITE_ROW)
		rc = lh_sqlite_fail(j->db, j->path, err);
	sqlite3_finalize(s);
	return rc;
}

/* Changes the one row of this id; the texts are ?2, ?3 … */
static int update(struct lh_journal *j, const char *sql, int64_t id, const struct lh_str *text, int texts, struct lh_error *err)
{
	sqlite3_stmt *s = NULL;
	int rc = lh_journal_begin(j, err);
	if (!rc)
		rc = prepare(j, sql, &s, err);
	if (rc)
		return rc;
	int bound = sqlite3_bind_int64(s, 1, id);
	for (int i = 0; i < texts && bound == SQLITE_OK; i++)
		bound = sqlite3_bind_text(s, 2 + i, text[i].n ? text[i].p : "", (int)text[i].n, SQLITE_STATIC);
	rc = bound == SQLITE_OK ? lh_journal_step(j, s, err) : lh_journal_broke(j, 0, err);
	sqlite3_finalize(s);
	j->pending += !rc;
	if (!rc && sqlite3_changes(j->db) != 1)
		rc = lh_fail(err, LH_E_INTERNAL, "%s holds no row %lld to change", j->path, (long long)id);
	return rc;
}

static int check_settings(const struct lh_journal *j, struct lh_str settings, struct lh_error *err)
{
	if (settings.n <= LH_JOURNAL_TEXT_MAX)
		return 0;
	return lh_fail(err, LH_E_LIMIT, "%s: the settings of a run hold more than %u MiB of text", j->path, LH_JOURNAL_TEXT_MAX >> 20);
}

int lh_journal_resume_run(struct lh_journal *j, int64_t run, struct lh_str settings, struct lh_error *err)
{
	int rc = check_settings(j, settings, err);
	return rc ? rc : update(j, "UPDATE run SET status = 'running', cause = NULL, ended = NULL, settings = ?2 WHERE id = ?1", run, &settings, 1, err);
}

int lh_journal_restate_run(struct lh_journal *j, int64_t run, const struct lh_restated *now, struct lh_error *err)
{
	const struct lh_str text[] = { now->config_sha256, now->sources, now->settings };
	int rc = check_settings(j, now->settings, err);
	return rc ? rc : update(j, "UPDATE run SET config_sha256 = ?2, sources = ?3, settings = ?4 WHERE id = ?1", run, text, 3, err);
}

int lh_journal_supersede(struct lh_journal *j, int64_t episode, struct lh_error *err)
{
	return update(j, "UPDATE episode SET status = 'superseded' WHERE id = ?1", episode, NULL, 0, err);
}

int lh_journal_mend(const char *path, struct lh_error *err)
{
	char *left = lh_path_with(path, "-journal");
	sqlite3 *db = NULL;
	bool empty = false;
	if (!left)
		return lh_nomem(err);
	bool there = access(left, F_OK) == 0;
	free(left);
	if (!there || lh_header_open(path, &db, &empty, NULL) || empty) {
		sqlite3_close(db);
		return 0;
	}
	sqlite3_close(db);
	int rc = 0;
	if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK)
		rc = db ? lh_sqlite_fail(db, path, err) : lh_nomem(err);
	else
		rc = lh_sqlite_exec(db, path, "SELECT count(*) FROM sqlite_schema", err);        /* the first look takes it back */
	sqlite3_close(db);
	return rc;
}
