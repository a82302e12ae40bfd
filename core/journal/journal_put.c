/* Rows in. The path of an ordinary turn (message, message, call) allocates nothing here. */
#include "journal/writing.h"

#include <stdlib.h>
#include <string.h>

static int prepare(struct lh_journal *j, const char *sql, sqlite3_stmt **out, struct lh_error *err)
{
	if (sqlite3_prepare_v3(j->db, sql, -1, SQLITE_PREPARE_PERSISTENT, out, NULL) != SQLITE_OK)
		return lh_sqlite_fail(j->db, j->path, err);
	return 0;
}

/* An episode is put once when it starts and again when it ends. The other columns say which episode
 * it is: where they differ nothing is changed, and that is an error. */
static const char episode_again[] = " ON CONFLICT(id) DO UPDATE SET status = excluded.status, cause = excluded.cause,"
	" extra = excluded.extra, history_hash = excluded.history_hash, history_ratio = excluded.history_ratio"
	" WHERE run = excluded.run AND condition = excluded.condition AND sample = excluded.sample AND probe = excluded.probe";

static int prepare_put(struct lh_journal *j, enum lh_table_id id, struct lh_error *err)
{
	const struct lh_table *t = &lh_tables[id];
	struct lh_buf sql;
	lh_buf_init(&sql, 4096);
	/* A live run writes a reply when it comes and once more when it is accepted; one that is resumed
	 * writes again what it goes through again. */
	bool twice = !j->bulk && (id == LH_T_MESSAGE || id == LH_T_CALL || id == LH_T_ATTEMPT);
	lh_buf_printf(&sql, "INSERT %sINTO %s(", twice ? "OR REPLACE " : "", t->name);
	lh_columns_list(t, "", &sql);
	lh_buf_puts(&sql, ") VALUES (?");
	for (int i = 1; i < t->count; i++)
		lh_buf_puts(&sql, ", ?");
	lh_buf_putc(&sql, ')');
	if (id == LH_T_EPISODE)
		lh_buf_puts(&sql, episode_again);
	int rc = lh_buf_ok(&sql, err);
	if (!rc)
		rc = prepare(j, sql.p, &j->put[id], err);
	lh_buf_fini(&sql);
	return rc;
}

int lh_journal_prepare(struct lh_journal *j, struct lh_error *err)
{
	static const char *const fixed[LH_S_COUNT] = {
		[LH_S_BEGIN] = "BEGIN IMMEDIATE",
		[LH_S_COMMIT] = "COMMIT",
		[LH_S_END_RUN] = "UPDATE run SET status = ?2, cause = ?3, ended = ?4 WHERE id = ?1",
		[LH_S_NEXT_EPISODE] = "SELECT max(id) FROM episode",
	};
	int rc = 0;
	for (int i = 0; !rc && i < LH_T_COUNT; i++)
		rc = prepare_put(j, (enum lh_table_id)i, err);
	for (int i = 0; !rc && i < LH_S_COUNT; i++)
		rc = prepare(j, fixed[i], &j->fixed[i], err);
	return rc;
}

int lh_journal_broke(struct lh_journal *j, int system_error, struct lh_error *err)
{
	struct lh_error why = { 0 };
	int rc = system_error ? lh_fail(&why, LH_E_IO, "%s: input or output failed (%s)", j->wal_path, strerror(system_error))
		: lh_sqlite_fail(j->db, j->path, &why);
	if (rc == LH_E_IO)
		rc = LH_E_WRITE;
	j->broken = rc;
	if (rc != LH_E_WRITE)
		return lh_fail(err, rc, "%s", why.text);
	return lh_fail(err, rc, "%s; %s", why.text, j->resumed || j->committed
		? "what was committed is kept: when that is mended, go on with `longhaul run --resume`"
		: "nothing of this run was kept yet: when that is mended, run it again");
}

int lh_journal_step(struct lh_journal *j, sqlite3_stmt *s, struct lh_error *err)
{
	int rc = 0;
	if (sqlite3_step(s) != SQLITE_DONE)
		rc = lh_journal_broke(j, 0, err);
	sqlite3_reset(s);
	return rc;
}

static int put(struct lh_journal *j, enum lh_table_id id, const void *row, struct lh_error *err)
{
	const struct lh_table *t = &lh_tables[id];
	if (lh_columns_bytes(t, row) > LH_JOURNAL_TEXT_MAX)
		return lh_fail(err, LH_E_LIMIT, "%s: a %s row holds more than %u MiB of text", j->path, t->name, LH_JOURNAL_TEXT_MAX >> 20);
	int rc = lh_journal_begin(j, err);
	if (rc)
		return rc;
	if (lh_columns_bind(t, j->put[id], row) != SQLITE_OK)
		return lh_journal_broke(j, 0, err);
	rc = lh_journal_step(j, j->put[id], err);
	j->pending += !rc;
	return rc;
}

int lh_journal_put_condition(struct lh_journal *j, const struct lh_condition_row *row, struct lh_error *err)
{
	return put(j, LH_T_CONDITION, row, err);
}

int lh_journal_put_message(struct lh_journal *j, const struct lh_message_row *row, struct lh_error *err)
{
	return put(j, LH_T_MESSAGE, row, err);
}

int lh_journal_put_attempt(struct lh_journal *j, const struct lh_attempt_row *row, struct lh_error *err)
{
	return put(j, LH_T_ATTEMPT, row, err);
}

int lh_journal_put_episode(struct lh_journal *j, const struct lh_episode_row *row, struct lh_error *err)
{
	int rc = put(j, LH_T_EPISODE, row, err);
	if (!rc && sqlite3_changes(j->db) != 1)
		rc = lh_fail(err, LH_E_INTERNAL, "%s: episode %lld is another one already", j->path, (long long)row->id);
	return rc;
}

/* A call comes after the messages it refers to, so a group that ends here cuts no turn in two. */
int lh_journal_put_call(struct lh_journal *j, const struct lh_call_row *row, struct lh_error *err)
{
	int rc = put(j, LH_T_CALL, row, err);
	return rc || !j->bulk || j->pending < LH_BULK_ROWS ? rc : lh_journal_commit_now(j, err);
}

/* One more than the largest value that `sql` finds, 1 for none. */
static int next_of(struct lh_journal *j, sqlite3_stmt *s, int64_t *id, struct lh_error *err)
{
	int rc = 0;
	*id = 0;
	int64_t max = 0;
	if (sqlite3_step(s) != SQLITE_ROW)
		rc = lh_sqlite_fail(j->db, j->path, err);
	else
		max = sqlite3_column_int64(s, 0);        /* NULL reads as 0 */
	sqlite3_reset(s);
	if (!rc && (max < 0 || max == INT64_MAX))
		rc = lh_fail(err, LH_E_DAMAGED, "%s is damaged: an id in it is out of range", j->path);
	if (!rc)
		*id = max + 1;
	return rc;
}

int lh_journal_next_episode(struct lh_journal *j, int64_t *id, struct lh_error *err)
{
	return next_of(j, j->fixed[LH_S_NEXT_EPISODE], id, err);
}

int lh_journal_put_run(struct lh_journal *j, struct lh_run_row *row, struct lh_error *err)
{
	sqlite3_stmt *s = NULL;
	row->id = 0;
	int rc = lh_journal_begin(j, err);           /* before the number is read */
	if (!rc)
		rc = prepare(j, "SELECT max(id) FROM run", &s, err);
	if (!rc)
		rc = next_of(j, s, &row->id, err);
	sqlite3_finalize(s);
	return rc ? rc : put(j, LH_T_RUN, row, err);
}

static int bind_end(sqlite3_stmt *s, int64_t run, struct lh_str status, struct lh_str cause, struct lh_str ended)
{
	struct lh_str text[] = { status, cause, ended };
	int rc = sqlite3_bind_int64(s, 1, run);
	for (int i = 0; i < 3 && rc == SQLITE_OK; i++)
		rc = text[i].n || i == 0 ? sqlite3_bind_text(s, i + 2, text[i].n ? text[i].p : "", (int)text[i].n, SQLITE_STATIC)
			: sqlite3_bind_null(s, i + 2);
	return rc;
}

int lh_journal_end_run(struct lh_journal *j, int64_t run, struct lh_str status, struct lh_str cause, struct lh_str ended, struct lh_error *err)
{
	sqlite3_stmt *s = j->fixed[LH_S_END_RUN];
	if (status.n > LH_JOURNAL_TEXT_MAX || cause.n > LH_JOURNAL_TEXT_MAX || ended.n > LH_JOURNAL_TEXT_MAX)
		return lh_fail(err, LH_E_LIMIT, "%s: the end of a run holds more than %u MiB of text", j->path, LH_JOURNAL_TEXT_MAX >> 20);
	int rc = lh_journal_begin(j, err);
	if (rc)
		return rc;
	if (bind_end(s, run, status, cause, ended) != SQLITE_OK)
		return lh_journal_broke(j, 0, err);
	rc = lh_journal_step(j, s, err);
	j->pending += !rc;
	if (!rc && sqlite3_changes(j->db) != 1)
		rc = lh_fail(err, LH_E_INTERNAL, "%s holds no run %lld to end", j->path, (long long)run);
	return rc;
}
