/* What the tests of the run file share: a folder of their own, and an ordinary turn. */
#ifndef LH_TESTS_JOURNAL_KIT_H
#define LH_TESTS_JOURNAL_KIT_H

#include "check.h"

#include "journal/journal.h"

#include <dirent.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#define COUNT(array) ((int)(sizeof(array) / sizeof *(array)))

static char dir[64];                     /* of this run of the test */
static struct lh_error err;

static inline const char *in_dir(const char *name)
{
	static char path[8][400];
	static int turn;
	char *p = path[turn++ % 8];
	snprintf(p, sizeof path[0], "%s/%s", dir, name);
	return p;
}

static inline void fresh_error(void) { memset(&err, 0, sizeof err); }

#define OK(call) do { \
	fresh_error(); \
	CHECK_INT((call), 0); \
	if (err.code) \
		printf("  %s\n", err.text); \
	} while (0)

static inline bool exists(const char *path, const char *suffix)
{
	char name[500];
	snprintf(name, sizeof name, "%s%s", path, suffix);
	return access(name, F_OK) == 0;
}

static inline void remove_run_file(const char *path)
{
	static const char *const suffix[] = { "", "-wal", "-shm", "-journal" };
	for (int i = 0; i < 4; i++) {
		char name[500];
		snprintf(name, sizeof name, "%s%s", path, suffix[i]);
		unlink(name);
	}
}

static inline void check_one_file(const char *path)
{
	CHECK(exists(path, ""));
	CHECK(!exists(path, "-wal"));
	CHECK(!exists(path, "-shm"));
	CHECK(!exists(path, "-journal"));
}

static inline void copy_file(const char *from, const char *to, size_t most)
{
	struct lh_buf b;
	lh_buf_init(&b, 256u << 20);
	OK(lh_file_read(from, &b, &err));
	FILE *f = fopen(to, "wb");
	CHECK(f && fwrite(b.p, 1, b.n < most ? b.n : most, f) == (b.n < most ? b.n : most));
	if (f)
		fclose(f);
	lh_buf_fini(&b);
}

static inline void sql(const char *path, const char *text)
{
	sqlite3 *db;
	char *why = NULL;
	CHECK_INT(sqlite3_open(path, &db), SQLITE_OK);
	sqlite3_exec(db, text, NULL, NULL, &why);
	if (why)
		CHECK_TEXT(why, "");
	sqlite3_free(why);
	sqlite3_close(db);
}

/* The first column of all rows, one a line. */
static inline void ask(const char *path, const char *text, char *out, size_t size)
{
	sqlite3 *db;
	sqlite3_stmt *s = NULL;
	out[0] = 0;
	CHECK_INT(sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
	CHECK_INT(sqlite3_prepare_v2(db, text, -1, &s, NULL), SQLITE_OK);
	while (sqlite3_step(s) == SQLITE_ROW) {
		const char *value = (const char *)sqlite3_column_text(s, 0);
		size_t n = strlen(out);
		snprintf(out + n, size - n, "%s%s", n ? "\n" : "", value ? value : "NULL");
	}
	sqlite3_finalize(s);
	sqlite3_close(db);
}

static inline int put_turn(struct lh_journal *j, int64_t episode, int64_t turn, struct lh_error *e)
{
	char prompt[32], reply[64], view[32], state[16];
	snprintf(prompt, sizeof prompt, "apple %06lld", (long long)turn);
	snprintf(reply, sizeof reply, "<answer>%08lld</answer>", (long long)turn);
	snprintf(view, sizeof view, "%lld:0-%lld", (long long)turn * 2, (long long)turn * 2 - 1);
	snprintf(state, sizeof state, "%010lld", (long long)turn * 7);
	struct lh_message_row m = { .episode = episode, .id = 2 * turn - 1, .slot = 2 * turn - 1, .turn = turn,
		.role = LH_STR("user"), .text = lh_str_of(prompt), .made_by = LH_STR("task") };
	int rc = lh_journal_put_message(j, &m, e);
	m.id = m.slot = 2 * turn;
	m.role = LH_STR("assistant");
	m.text = lh_str_of(reply);
	m.made_by = LH_STR("model");
	if (!rc)
		rc = lh_journal_put_message(j, &m, e);
	struct lh_str s = lh_str_of(state);
	struct lh_call_row c = { .episode = episode, .turn = turn, .view = lh_str_of(view),
		.view_hash = 0x9E3779B97F4A7C15u * (uint64_t)turn, .reply = 2 * turn, .finish = LH_STR("stop"),
		.tokens_in = 12 * turn, .tokens_out = 12, .counted = true, .latency_us = 300000 + turn, .cost_microusd = 40, .attempts = 1,
		.exposure_state = 0.25, .reusable_prefix = 1.0 - 1.0 / (double)turn, .accepted = true, .outcome = LH_STR("correct"),
		.shown = s, .followed = s, .answered = s, .truth = s, .has_shown = true, .has_followed = true, .has_answered = true };
	return rc ? rc : lh_journal_put_call(j, &c, e);
}

static inline int put_start(struct lh_journal *j, int64_t *run, int64_t *episode, struct lh_error *e)
{
	struct lh_run_row r = { .version = LH_STR("0.1.0"), .config = LH_STR("{}"), .status = LH_STR("running"), .started = LH_STR("2026-01-01T00:00:00Z") };
	int rc = lh_journal_put_run(j, &r, e);
	*run = r.id;
	struct lh_condition_row c = { .run = r.id, .task = LH_STR("dict_sum"), .task_params = LH_STR("{}"), .model = LH_STR("sim"),
		.model_options = LH_STR("{}"), .policy = LH_STR("full"), .policy_options = LH_STR("{}"), .history = LH_STR("own"), .steps_per_turn = 1, .turns = 100 };
	if (!rc)
		rc = lh_journal_put_condition(j, &c, e);
	if (!rc)
		rc = lh_journal_next_episode(j, episode, e);
	struct lh_episode_row row = { .id = *episode, .run = r.id, .status = LH_STR("running") };
	return rc ? rc : lh_journal_put_episode(j, &row, e);
}

static inline void write_small(const char *path, bool bulk, int turns)
{
	struct lh_journal *j;
	int64_t run, episode;
	remove_run_file(path);
	OK(lh_journal_create(path, bulk, &j, &err));
	OK(put_start(j, &run, &episode, &err));
	for (int t = 1; t <= turns; t++)
		OK(put_turn(j, episode, t, &err));
	OK(lh_journal_end_run(j, run, LH_STR("done"), LH_STR(""), LH_STR("2026-01-01T00:01:00Z"), &err));
	OK(lh_journal_close(j, &err));
	check_one_file(path);
}

static inline int count_row(void *user, const void *row, struct lh_error *e)
{
	(void)row, (void)e;
	++*(int *)user;
	return 0;
}

static inline int count_messages(struct lh_reader *r, int64_t episode)
{
	int n = 0;
	OK(lh_reader_messages(r, episode, count_row, &n, &err));
	return n;
}

static inline int count_calls(struct lh_reader *r, int64_t episode)
{
	int n = 0;
	OK(lh_reader_calls(r, episode, count_row, &n, &err));
	return n;
}

static inline void write_text(const char *path, const char *text, size_t n)
{
	FILE *f = fopen(path, "wb");
	CHECK(f && fwrite(text, 1, n, f) == n);
	if (f)
		fclose(f);
}

static inline int read_all(const char *path)
{
	struct lh_reader *r;
	int n = 0;
	fresh_error();
	int rc = lh_reader_open(path, &r, &err);
	if (rc)
		return rc;
	int64_t run = 0;
	rc = lh_reader_newest_run(r, &run, &err);
	if (!rc)
		rc = lh_reader_conditions(r, run, count_row, &n, &err);
	if (!rc)
		rc = lh_reader_episodes(r, run, count_row, &n, &err);
	if (!rc)
		rc = lh_reader_messages(r, 1, count_row, &n, &err);
	if (!rc)
		rc = lh_reader_calls(r, 1, count_row, &n, &err);
	lh_reader_close(r);
	return rc;
}

static inline void remove_dir(void)
{
	DIR *d = opendir(dir);
	for (struct dirent *e; d && (e = readdir(d));)
		if (e->d_name[0] != '.')
			unlink(in_dir(e->d_name));
	if (d)
		closedir(d);
	CHECK(rmdir(dir) == 0);
}

static inline bool make_dir(void)
{
	setvbuf(stdout, NULL, _IOLBF, 0);        /* the children's lines come in order */
	strcpy(dir, "/tmp/lh_journal_XXXXXX");
	return mkdtemp(dir) && chmod(dir, 0755) == 0;
}

#endif
