#include "journal/schema.h"

#include <stdio.h>
#include <string.h>

/* sqlite keeps these texts as they stand here, and `.schema` shows them: so the comments are for
 * whoever queries a file. A change of a single byte is a change of LH_JOURNAL_VERSION. */

/* As it was in version 1, see lh_schema_maker. */
static const char run_sql[] =
	"CREATE TABLE run(                   -- one invocation\n"
	"  id INTEGER PRIMARY KEY,\n"
	"  version TEXT NOT NULL,            -- of the program\n"
	"  compiler TEXT NOT NULL,\n"
	"  config TEXT NOT NULL,             -- canonical experiment, JSON: what the run is\n"
	"  config_sha256 TEXT NOT NULL,\n"
	"  settings TEXT NOT NULL,           -- JSON: samples, concurrency, gates: how it was carried out\n"
	"  sources TEXT NOT NULL,            -- JSON: SHA-256 of plugins and policies\n"
	"  seed INTEGER NOT NULL,            -- 64 bits, shown signed\n"
	"  started TEXT NOT NULL,            -- UTC\n"
	"  ended TEXT,\n"
	"  status TEXT NOT NULL,             -- running, done, stopped, failed\n"
	"  cause TEXT                        -- of anything but done\n"
	")";

static const char condition_sql[] =
	"CREATE TABLE condition(             -- task x model x policy x history\n"
	"  run INTEGER NOT NULL,\n"
	"  id INTEGER NOT NULL,\n"
	"  task TEXT NOT NULL,\n"
	"  task_params TEXT NOT NULL,        -- JSON\n"
	"  model TEXT NOT NULL,\n"
	"  model_options TEXT NOT NULL,      -- JSON\n"
	"  policy TEXT NOT NULL,\n"
	"  policy_options TEXT NOT NULL,     -- JSON\n"
	"  history TEXT NOT NULL,            -- own: what the model said; else made, and only probed turns are asked\n"
	"  probes TEXT NOT NULL,             -- those turns; of own: where exposure is compared\n"
	"  oracle INTEGER NOT NULL,          -- 1: the policy was told the truth\n"
	"  steps_per_turn INTEGER NOT NULL,\n"
	"  turns INTEGER NOT NULL,\n"
	"  PRIMARY KEY(run, id)\n"
	") WITHOUT ROWID";

static const char episode_sql[] =
	"CREATE TABLE episode(               -- one sample under one condition\n"
	"  id INTEGER PRIMARY KEY,           -- unique in the file\n"
	"  run INTEGER NOT NULL,\n"
	"  condition INTEGER NOT NULL,\n"
	"  sample INTEGER NOT NULL,\n"
	"  probe INTEGER NOT NULL,           -- the one turn that was asked; 0: all of them\n"
	"  status TEXT NOT NULL,             -- running, done, censored, policy_error, plugin_crash,\n"
	"                                    -- superseded: begun again; its cost counts, its outcomes do not\n"
	"  cause TEXT,\n"
	"  extra TEXT,                       -- JSON: what the policy's finish() returned\n"
	"  history_hash INTEGER,             -- of the made history, which is made again rather than kept\n"
	"  history_ratio REAL                -- filler: its tokens to those it stands for\n"
	")";

static const char message_sql[] =
	"CREATE TABLE message(               -- every message once\n"
	"  episode INTEGER NOT NULL,\n"
	"  id INTEGER NOT NULL,              -- from 0 within the episode\n"
	"  slot INTEGER,                     -- its place in the record, NULL: never entered it\n"
	"  turn INTEGER NOT NULL,            -- 0: before the first\n"
	"  role TEXT NOT NULL,               -- system, user, assistant, tool, removed\n"
	"  text TEXT NOT NULL,\n"
	"  thoughts TEXT,\n"
	"  blob TEXT,                        -- the provider's own form\n"
	"  calls TEXT,                       -- JSON: the tools it calls; of a tool's result: the call it answers\n"
	"  made_by TEXT NOT NULL,            -- task, model, policy\n"
	"  note TEXT                         -- why the policy edited the record here\n"
	")";

static const char call_sql[] =
	"CREATE TABLE call(                  -- one model call\n"
	"  episode INTEGER NOT NULL,\n"
	"  turn INTEGER NOT NULL,\n"
	"  seq INTEGER NOT NULL,             -- within the turn, in order of issue\n"
	"  purpose TEXT,                     -- NULL: an ordinary question\n"
	"  view TEXT NOT NULL,               -- what was sent, as ranges over messages\n"
	"  view_hash INTEGER NOT NULL,\n"
	"  options TEXT,                     -- JSON, of this call alone\n"
	"  reply INTEGER,                    -- message id\n"
	"  error TEXT,                       -- where there is no reply\n"
	"  error_text TEXT,\n"
	"  finish TEXT,                      -- stop, length, refusal, ...\n"
	"  tokens_in INTEGER NOT NULL,\n"
	"  tokens_cached INTEGER NOT NULL,\n"
	"  tokens_out INTEGER NOT NULL,\n"
	"  tokens_reasoning INTEGER NOT NULL,\n"
	"  counted INTEGER NOT NULL,         -- 1: tokens are the server's count, 0: our estimate from bytes\n"
	"  latency_us INTEGER NOT NULL,\n"
	"  cost_microusd INTEGER NOT NULL,\n"
	"  attempts INTEGER NOT NULL,\n"
	"  thoughts_kept INTEGER NOT NULL,   -- earlier replies sent with their thoughts\n"
	"  thoughts_dropped INTEGER NOT NULL,-- earlier replies sent without the thoughts they had\n"
	"  served_by TEXT,                   -- the model and build that the server says answered\n"
	"  request_id TEXT,                  -- the server's\n"
	"  exposure_update REAL,             -- shares of 0 to 1\n"
	"  exposure_state REAL,\n"
	"  exposure_unusable REAL,\n"
	"  reusable_prefix REAL,\n"
	"  accepted INTEGER NOT NULL,        -- 1: the turn's accepted call, and what follows holds\n"
	"  outcome TEXT,\n"
	"  unshown INTEGER NOT NULL,         -- 1: the view held no state to go on from\n"
	"  shown TEXT,                       -- states; NULL where undefined\n"
	"  followed TEXT,\n"
	"  answered TEXT,\n"
	"  truth TEXT\n"
	")";

static const char attempt_sql[] =
	"CREATE TABLE attempt(               -- one HTTP attempt that failed or was retried\n"
	"  episode INTEGER NOT NULL,\n"
	"  turn INTEGER NOT NULL,\n"
	"  seq INTEGER NOT NULL,\n"
	"  attempt INTEGER NOT NULL,\n"
	"  status INTEGER NOT NULL,          -- HTTP, 0: none\n"
	"  error TEXT,\n"
	"  waited_us INTEGER NOT NULL,\n"
	"  PRIMARY KEY(episode, turn, seq, attempt)\n"
	") WITHOUT ROWID";

/* The prompt is looked for backwards from the reply: a step or two, however long the episode. */
static const char turn_sql[] =
	"CREATE VIEW turn AS                 -- what became of each turn, in words\n"
	"SELECT e.run, e.condition, e.sample, c.episode, c.turn, c.outcome,\n"
	"  (SELECT p.text FROM message AS p\n"
	"   WHERE p.episode = c.episode AND p.id < ifnull(c.reply, 9223372036854775807)\n"
	"     AND p.turn = c.turn AND p.role = 'user' AND p.made_by = 'task'\n"
	"   ORDER BY p.id DESC LIMIT 1) AS prompt,\n"
	"  r.text AS reply, c.answered, c.followed, c.shown, c.unshown, c.truth,\n"
	"  c.exposure_update, c.exposure_state, c.exposure_unusable, c.reusable_prefix,\n"
	"  c.finish, c.error, c.tokens_in, c.tokens_cached, c.tokens_out, c.tokens_reasoning, c.counted,\n"
	"  c.latency_us, c.cost_microusd, c.served_by, c.view\n"
	"FROM call AS c JOIN episode AS e ON e.id = c.episode\n"
	"LEFT JOIN message AS r ON r.episode = c.episode AND r.id = c.reply\n"
	"WHERE c.accepted AND e.status <> 'superseded'";

static const struct part { const char *type, *name, *sql; } parts[] = {
	{ "table", "run", run_sql },
	{ "table", "condition", condition_sql },
	{ "table", "episode", episode_sql },
	{ "table", "message", message_sql },
	{ "table", "call", call_sql },
	{ "table", "attempt", attempt_sql },
	{ "view", "turn", turn_sql },
	{ "index", "message_by_id", "CREATE UNIQUE INDEX message_by_id ON message(episode, id)" },
	{ "index", "call_by_turn", "CREATE UNIQUE INDEX call_by_turn ON call(episode, turn, seq)" },
};
enum { PARTS = sizeof parts / sizeof *parts, INDEXES = 2, FIRST_INDEX = PARTS - INDEXES };

int lh_sqlite_exec(sqlite3 *db, const char *path, const char *sql, struct lh_error *err)
{
	return sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK ? 0 : lh_sqlite_fail(db, path, err);
}

/* sqlite reads a page when it needs it, so damage further on is met late. */
int lh_sqlite_check_pages(sqlite3 *db, const char *path, struct lh_error *err)
{
	sqlite3_stmt *s = NULL;
	int rc = sqlite3_prepare_v2(db, "PRAGMA quick_check(1)", -1, &s, NULL) == SQLITE_OK ? 0 : lh_sqlite_fail(db, path, err);
	if (!rc && sqlite3_step(s) != SQLITE_ROW)
		rc = lh_sqlite_fail(db, path, err);
	const char *found = rc ? NULL : (const char *)sqlite3_column_text(s, 0);
	if (found && strcmp(found, "ok"))
		rc = lh_fail(err, LH_E_DAMAGED, "%s is damaged (%.200s), and nothing is added to it: take a copy from before; `sqlite3 FILE .recover` may save rows",
			path, found);
	sqlite3_finalize(s);
	return rc;
}

static int create_parts(sqlite3 *db, const char *path, int from, int to, const char *after, struct lh_error *err)
{
	int rc = lh_sqlite_exec(db, path, "BEGIN IMMEDIATE", err);
	for (int i = from; !rc && i < to; i++)
		rc = lh_sqlite_exec(db, path, parts[i].sql, err);
	if (!rc)
		rc = lh_sqlite_exec(db, path, after, err);
	if (!rc)
		rc = lh_sqlite_exec(db, path, "COMMIT", err);
	if (rc && !sqlite3_get_autocommit(db))
		sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
	return rc;
}

int lh_schema_create(sqlite3 *db, const char *path, struct lh_error *err)
{
	char marks[100];
	snprintf(marks, sizeof marks, "PRAGMA application_id=%d; PRAGMA user_version=%d", LH_JOURNAL_APP_ID, LH_JOURNAL_VERSION);
	return create_parts(db, path, 0, FIRST_INDEX, marks, err);
}

int lh_schema_create_indexes(sqlite3 *db, const char *path, struct lh_error *err)
{
	return create_parts(db, path, FIRST_INDEX, PARTS, "", err);
}

static bool column_is(sqlite3_stmt *s, int i, const char *text)
{
	const char *got = (const char *)sqlite3_column_text(s, i);
	return got && (size_t)sqlite3_column_bytes(s, i) == strlen(text) && memcmp(got, text, strlen(text)) == 0;
}

/* The bit of the part that the current row of sqlite_schema is; 0: of none. */
static unsigned part_of(sqlite3_stmt *s)
{
	for (int i = 0; i < PARTS; i++)
		if (column_is(s, 0, parts[i].type) && column_is(s, 1, parts[i].name) && column_is(s, 2, parts[i].sql))
			return 1u << i;
	return 0;
}

static int check_rows(sqlite3 *db, sqlite3_stmt *s, const char *path, unsigned *found, struct lh_error *err)
{
	int rc;
	while ((rc = sqlite3_step(s)) == SQLITE_ROW) {
		unsigned bit = part_of(s);
		if (!bit || (*found & bit))
			return lh_fail(err, LH_E_DAMAGED, "%s: its tables are not those of a run file of this version, or something "
				"was added to them: a file that was changed is not read", path);
		*found |= bit;
	}
	return rc == SQLITE_DONE ? 0 : lh_sqlite_fail(db, path, err);
}

int lh_schema_check(sqlite3 *db, const char *path, bool *indexed, struct lh_error *err)
{
	const unsigned tables = (1u << FIRST_INDEX) - 1, all = (1u << PARTS) - 1;
	sqlite3_stmt *s = NULL;
	unsigned found = 0;
	*indexed = false;
	if (sqlite3_prepare_v2(db, "SELECT type, name, sql FROM sqlite_schema", -1, &s, NULL) != SQLITE_OK)
		return lh_sqlite_fail(db, path, err);
	int rc = check_rows(db, s, path, &found, err);
	sqlite3_finalize(s);
	if (rc)
		return rc;
	if (found != tables && found != all)
		return lh_fail(err, LH_E_DAMAGED, "%s: tables of the run file are missing from it", path);
	*indexed = found == all;
	return 0;
}

/* Only a table that is word for word ours is asked: the file may come from a stranger. */
static const char maker_sql[] = "SELECT version FROM main.run WHERE EXISTS(SELECT 1 FROM main.sqlite_schema"
	" WHERE type = 'table' AND name = 'run' AND sql = ?1) ORDER BY id DESC LIMIT 1";

void lh_schema_maker(sqlite3 *db, char out[LH_MAKER_MAX])
{
	static const char version_letters[] = "0123456789.-+abcdefghijklmnopqrstuvwxyz";
	sqlite3_stmt *s = NULL;
	out[0] = 0;
	sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_db_config(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_VIEW, 0, NULL);
	if (sqlite3_prepare_v2(db, maker_sql, -1, &s, NULL) == SQLITE_OK && sqlite3_bind_text(s, 1, run_sql, -1, SQLITE_STATIC) == SQLITE_OK &&
		sqlite3_step(s) == SQLITE_ROW) {
		const char *text = (const char *)sqlite3_column_text(s, 0);
		size_t n = text ? strlen(text) : 0;
		if (n < LH_MAKER_MAX && strspn(text ? text : "", version_letters) == n)
			memcpy(out, text ? text : "", n + 1);
	}
	sqlite3_finalize(s);
}
