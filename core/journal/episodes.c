/* Whole episodes: from one file into another, or as a digest. */
#include "journal/reading.h"
#include "journal/schema.h"

int lh_reader_check(struct lh_reader *r, struct lh_error *err)
{
	return lh_sqlite_check_pages(r->db, r->path, err);
}

/* ---- a digest ---- */

static int digest_message(void *user, const void *row, struct lh_error *err)
{
	struct lh_message_row m = *(const struct lh_message_row *)row;
	(void)err;
	m.episode = 0;
	lh_columns_digest(&lh_tables[LH_T_MESSAGE], &m, user);
	return 0;
}

static int digest_call(void *user, const void *row, struct lh_error *err)
{
	struct lh_call_row c = *(const struct lh_call_row *)row;
	(void)err;
	c.episode = 0;
	lh_columns_digest(&lh_tables[LH_T_CALL], &c, user);
	return 0;
}

static int digest_attempt(void *user, const void *row, struct lh_error *err)
{
	struct lh_attempt_row a = *(const struct lh_attempt_row *)row;
	(void)err;
	a.episode = 0;
	lh_columns_digest(&lh_tables[LH_T_ATTEMPT], &a, user);
	return 0;
}

int lh_reader_digest(struct lh_reader *r, const struct lh_episode_row *episode, struct lh_sha256 *to, struct lh_error *err)
{
	struct lh_episode_row e = *episode;
	e.id = e.run = 0;
	lh_columns_digest(&lh_tables[LH_T_EPISODE], &e, to);
	int rc = lh_reader_messages(r, episode->id, digest_message, to, err);
	if (!rc)
		rc = lh_reader_calls(r, episode->id, digest_call, to, err);
	return rc ? rc : lh_reader_attempts(r, episode->id, digest_attempt, to, err);
}

/* ---- a copy ---- */

/* sqlite attaches the new file for the time that this takes. */
int lh_reader_copy(struct lh_reader *r, const char *path, struct lh_error *err)
{
	sqlite3_stmt *s = NULL;
	sqlite3_limit(r->db, SQLITE_LIMIT_ATTACHED, 1);
	int rc = sqlite3_prepare_v2(r->db, "VACUUM main INTO ?1", -1, &s, NULL) == SQLITE_OK ? 0 : lh_sqlite_fail(r->db, r->path, err);
	if (!rc && sqlite3_bind_text(s, 1, path, -1, SQLITE_STATIC) != SQLITE_OK)
		rc = lh_nomem(err);
	if (!rc && sqlite3_step(s) != SQLITE_DONE)
		rc = lh_sqlite_fail(r->db, sqlite3_errcode(r->db) == SQLITE_CORRUPT ? r->path : path, err);
	sqlite3_finalize(s);
	sqlite3_limit(r->db, SQLITE_LIMIT_ATTACHED, 0);
	return rc;
}

struct copy { struct lh_journal *to; int64_t id; };

static int copy_message(void *user, const void *row, struct lh_error *err)
{
	struct copy *c = user;
	struct lh_message_row m = *(const struct lh_message_row *)row;
	m.episode = c->id;
	return lh_journal_put_message(c->to, &m, err);
}

static int copy_call(void *user, const void *row, struct lh_error *err)
{
	struct copy *c = user;
	struct lh_call_row k = *(const struct lh_call_row *)row;
	k.episode = c->id;
	return lh_journal_put_call(c->to, &k, err);
}

static int copy_attempt(void *user, const void *row, struct lh_error *err)
{
	struct copy *c = user;
	struct lh_attempt_row a = *(const struct lh_attempt_row *)row;
	a.episode = c->id;
	return lh_journal_put_attempt(c->to, &a, err);
}

int lh_journal_copy_episode(struct lh_journal *j, struct lh_reader *from, const struct lh_episode_row *episode, int64_t run, int64_t id, struct lh_error *err)
{
	struct copy c = { j, id };
	struct lh_episode_row e = *episode;
	e.run = run;
	e.id = id;
	int rc = lh_journal_put_episode(j, &e, err);
	if (!rc)
		rc = lh_reader_messages(from, episode->id, copy_message, &c, err);
	if (!rc)
		rc = lh_reader_calls(from, episode->id, copy_call, &c, err);
	return rc ? rc : lh_reader_attempts(from, episode->id, copy_attempt, &c, err);
}
