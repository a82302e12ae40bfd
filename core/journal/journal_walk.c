/* Rows out, checked one by one. */
#include "journal/reading.h"
#include "journal/schema.h"

#include <string.h>

/* What a walk needs beyond the columns: its condition and order, and which columns must rise. */
static const struct walk { const char *where, *order, *place; int key, keys; } walks[LH_T_WALKS] = {
	[LH_T_RUN] = { "?1 = ?1", "r.id", NULL, 0, 1 },
	[LH_T_CONDITION] = { "r.run = ?1", "r.id", NULL, 1, 1 },
	[LH_T_EPISODE] = { "r.run = ?1", "r.condition, r.sample, r.probe, r.id", NULL, 0, 0 },
	[LH_T_MESSAGE] = { "r.episode = ?1", "r.id", "message_place", 1, 1 },
	[LH_T_CALL] = { "r.episode = ?1", "r.turn, r.seq", "call_place", 1, 2 },
	[LH_T_ATTEMPT] = { "r.episode = ?1", "r.turn, r.seq, r.attempt", NULL, 0, 0 },
	[LH_T_FIGURES] = { "r.episode = ?1", "r.turn, r.seq", "call_place", 1, 2 },
};

/* "r.id" becomes "p.id" where rows are found through their places. */
static void put_by_place(struct lh_buf *sql, const char *text)
{
	for (const char *p = text; *p; p++)
		lh_buf_putc(sql, p[0] == 'r' && p[1] == '.' ? 'p' : *p);
}

static int prepare(struct lh_reader *r, enum lh_table_id id, struct lh_error *err)
{
	const struct walk *w = &walks[id];
	const struct lh_table *t = &lh_tables[id];
	bool placed = r->placed && w->place;
	int rc = placed ? lh_reader_place(r, err) : 0;
	if (rc)
		return rc;
	struct lh_buf sql;
	lh_buf_init(&sql, 4096);
	lh_buf_puts(&sql, "SELECT ");
	lh_columns_list(t, "r.", &sql);
	if (placed) {
		lh_buf_printf(&sql, " FROM temp.%s AS p CROSS JOIN main.%s AS r ON r.rowid = p.place WHERE ", w->place, t->name);
		put_by_place(&sql, w->where);
		lh_buf_puts(&sql, " ORDER BY ");
		put_by_place(&sql, w->order);
	} else {
		lh_buf_printf(&sql, " FROM main.%s AS r WHERE %s ORDER BY %s", t->name, w->where, w->order);
	}
	rc = lh_buf_ok(&sql, err);
	if (!rc && sqlite3_prepare_v3(r->db, sql.p, -1, SQLITE_PREPARE_PERSISTENT, &r->walk[id], NULL) != SQLITE_OK)
		rc = lh_sqlite_fail(r->db, r->path, err);
	lh_buf_fini(&sql);
	return rc;
}

/* Keys must rise, so that nothing is met twice; `last` is those of the row before. */
static bool keys_rise(const struct walk *w, sqlite3_stmt *s, int64_t last[2], bool first)
{
	int64_t key[2] = { 0 };
	for (int i = 0; i < w->keys; i++)
		key[i] = sqlite3_column_int64(s, w->key + i);
	bool rise = first || !w->keys || key[0] > last[0] || (key[0] == last[0] && key[1] > last[1]);
	memcpy(last, key, sizeof key);
	return rise;
}

static int visit_rows(struct lh_reader *r, enum lh_table_id id, lh_visit visit, void *user, struct lh_error *err)
{
	const struct lh_table *t = &lh_tables[id];
	sqlite3_stmt *s = r->walk[id];
	int64_t last[2];
	int step;
	union lh_any_row row;
	memset(&row, 0, sizeof row);             /* a walk that reads some of the columns leaves the others so */
	for (bool first = true; (step = sqlite3_step(s)) == SQLITE_ROW; first = false) {
		const char *bad;
		if (!lh_columns_read(t, s, 0, &row, &bad))
			return lh_fail(err, LH_E_DAMAGED, "%s is damaged: %s.%s holds a value that longhaul does not write", r->path, t->name, bad);
		if (!keys_rise(&walks[id], s, last, first))
			return lh_fail(err, LH_E_DAMAGED, "%s is damaged: table %s holds the same row twice", r->path, t->name);
		int rc = visit(user, &row, err);
		if (rc)
			return rc;
	}
	return step == SQLITE_DONE ? 0 : lh_sqlite_fail(r->db, r->path, err);
}

static int walk(struct lh_reader *r, enum lh_table_id id, int64_t of, lh_visit visit, void *user, struct lh_error *err)
{
	int rc = r->walk[id] ? 0 : prepare(r, id, err);
	if (rc)
		return rc;
	if (sqlite3_stmt_busy(r->walk[id]))
		return lh_fail(err, LH_E_INTERNAL, "%s: a walk over table %s within another", r->path, lh_tables[id].name);
	sqlite3_bind_int64(r->walk[id], 1, of);
	rc = visit_rows(r, id, visit, user, err);
	sqlite3_reset(r->walk[id]);
	return rc;
}

int lh_reader_runs(struct lh_reader *r, lh_visit visit, void *user, struct lh_error *err)
{
	return walk(r, LH_T_RUN, 0, visit, user, err);
}

int lh_reader_conditions(struct lh_reader *r, int64_t run, lh_visit visit, void *user, struct lh_error *err)
{
	return walk(r, LH_T_CONDITION, run, visit, user, err);
}

int lh_reader_episodes(struct lh_reader *r, int64_t run, lh_visit visit, void *user, struct lh_error *err)
{
	return walk(r, LH_T_EPISODE, run, visit, user, err);
}

int lh_reader_messages(struct lh_reader *r, int64_t episode, lh_visit visit, void *user, struct lh_error *err)
{
	return walk(r, LH_T_MESSAGE, episode, visit, user, err);
}

int lh_reader_calls(struct lh_reader *r, int64_t episode, lh_visit visit, void *user, struct lh_error *err)
{
	return walk(r, LH_T_CALL, episode, visit, user, err);
}

int lh_reader_figures(struct lh_reader *r, int64_t episode, lh_visit visit, void *user, struct lh_error *err)
{
	return walk(r, LH_T_FIGURES, episode, visit, user, err);
}

int lh_reader_attempts(struct lh_reader *r, int64_t episode, lh_visit visit, void *user, struct lh_error *err)
{
	return walk(r, LH_T_ATTEMPT, episode, visit, user, err);
}

static int keep_id(void *user, const void *row, struct lh_error *err)
{
	(void)err;
	*(int64_t *)user = ((const struct lh_run_row *)row)->id;
	return 0;
}

int lh_reader_newest_run(struct lh_reader *r, int64_t *run, struct lh_error *err)
{
	int64_t newest = 0;
	*run = 0;
	int rc = lh_reader_runs(r, keep_id, &newest, err);
	if (!rc && newest < 1)
		rc = lh_fail(err, LH_E_MISSING, "%s holds no run", r->path);
	if (!rc)
		*run = newest;
	return rc;
}
