/* What going on with a run reads: which run, and what each of its calls brought. */
#include "journal/reading.h"
#include "journal/schema.h"

#define CALL (&lh_answer_parts[0])
#define MESSAGE (&lh_answer_parts[1])

/* By index, or through the places of a file that lacks its indexes (see schema.h). */
static const char from_indexed[] = " FROM main.call AS c LEFT JOIN main.message AS m ON m.episode = c.episode AND m.id = c.reply"
	" WHERE c.episode = ?1 ORDER BY c.turn, c.seq";
static const char from_placed[] = " FROM temp.call_place AS p CROSS JOIN main.call AS c ON c.rowid = p.place"
	" LEFT JOIN temp.message_place AS q ON q.episode = c.episode AND q.id = c.reply LEFT JOIN main.message AS m ON m.rowid = q.place"
	" WHERE p.episode = ?1 ORDER BY p.turn, p.seq";

static int prepare(struct lh_reader *r, struct lh_error *err)
{
	struct lh_buf sql;
	int rc = r->placed ? lh_reader_place(r, err) : 0;
	if (rc)
		return rc;
	lh_buf_init(&sql, 4096);
	lh_buf_puts(&sql, "SELECT ");
	lh_columns_list(CALL, "c.", &sql);
	lh_buf_puts(&sql, ", ");
	lh_columns_list(MESSAGE, "m.", &sql);
	lh_buf_puts(&sql, r->placed ? from_placed : from_indexed);
	rc = lh_buf_ok(&sql, err);
	if (!rc && sqlite3_prepare_v3(r->db, sql.p, -1, SQLITE_PREPARE_PERSISTENT, &r->answers, NULL) != SQLITE_OK)
		rc = lh_sqlite_fail(r->db, r->path, err);
	lh_buf_fini(&sql);
	return rc;
}

static int damaged(const struct lh_reader *r, const char *table, const char *column, struct lh_error *err)
{
	return lh_fail(err, LH_E_DAMAGED, "%s is damaged: %s.%s holds a value that longhaul does not write", r->path, table, column);
}

static int visit_rows(struct lh_reader *r, lh_visit visit, void *user, struct lh_error *err)
{
	sqlite3_stmt *s = r->answers;
	int64_t turn = 0, seq = 0;
	int step;
	for (bool first = true; (step = sqlite3_step(s)) == SQLITE_ROW; first = false) {
		struct lh_answer_row row;
		const char *bad;
		if (!lh_columns_read(CALL, s, 0, &row, &bad))
			return damaged(r, CALL->name, bad, err);
		if (!lh_columns_read(MESSAGE, s, CALL->count, &row, &bad))
			return damaged(r, MESSAGE->name, bad, err);
		if (row.has_text != (row.reply >= 0))
			return lh_fail(err, LH_E_DAMAGED, "%s is damaged: the reply to call %lld of turn %lld is not in it", r->path,
				(long long)row.seq, (long long)row.turn);
		if (!first && (row.turn < turn || (row.turn == turn && row.seq <= seq)))
			return lh_fail(err, LH_E_DAMAGED, "%s is damaged: table call holds the same row twice", r->path);
		turn = row.turn;
		seq = row.seq;
		int rc = visit(user, &row, err);
		if (rc)
			return rc;
	}
	return step == SQLITE_DONE ? 0 : lh_sqlite_fail(r->db, r->path, err);
}

int lh_reader_answers(struct lh_reader *r, int64_t episode, lh_visit visit, void *user, struct lh_error *err)
{
	int rc = r->answers ? 0 : prepare(r, err);
	if (rc)
		return rc;
	if (sqlite3_stmt_busy(r->answers))
		return lh_fail(err, LH_E_INTERNAL, "%s: a walk over answers within another", r->path);
	sqlite3_bind_int64(r->answers, 1, episode);
	rc = visit_rows(r, visit, user, err);
	sqlite3_reset(r->answers);
	return rc;
}

struct latest { int64_t run; bool unfinished; };

static int keep_latest(void *user, const void *row, struct lh_error *err)
{
	struct latest *l = user;
	const struct lh_run_row *run = row;
	(void)err;
	*l = (struct latest){ run->id, !lh_str_is(run->status, "done") };
	return 0;
}

int lh_reader_latest(struct lh_reader *r, int64_t *run, bool *unfinished, struct lh_error *err)
{
	struct latest l = { 0, false };
	int rc = lh_reader_runs(r, keep_latest, &l, err);
	*run = rc ? 0 : l.run;
	*unfinished = !rc && l.unfinished;
	return rc;
}
