/* Going on with a run: what is read of it, what is written again, and which files are refused. */
#include "test_journal_kit.h"

#include "base/hash.h"

#include <signal.h>
#include <sys/wait.h>
#include <time.h>

/* ---- answers ---- */

struct met { int n; char last[400]; int64_t turn, seq; };

static int meet(void *user, const void *row, struct lh_error *e)
{
	(void)e;
	struct met *m = user;
	const struct lh_answer_row *a = row;
	m->n++;
	m->turn = a->turn;
	m->seq = a->seq;
	snprintf(m->last, sizeof m->last, "%.*s|%llx|%lld|%.*s|%.*s|%.*s|%d|%.*s|%.*s|%.*s|%lld %lld %lld %lld|%d|%lld|%lld|%lld|%lld/%lld|%.*s|%.*s|%d",
		LH_ARG(a->view), (unsigned long long)a->view_hash, (long long)a->reply, LH_ARG(a->error), LH_ARG(a->error_text), LH_ARG(a->finish), a->has_text,
		LH_ARG(a->text), LH_ARG(a->thoughts), LH_ARG(a->blob), (long long)a->tokens_in, (long long)a->tokens_cached, (long long)a->tokens_out,
		(long long)a->tokens_reasoning, a->counted, (long long)a->latency_us, (long long)a->cost_microusd, (long long)a->attempts,
		(long long)a->thoughts_kept, (long long)a->thoughts_dropped, LH_ARG(a->served_by), LH_ARG(a->request_id), a->accepted);
	return 0;
}

static int count_answers(struct lh_reader *r, int64_t episode)
{
	struct met m = { 0 };
	OK(lh_reader_answers(r, episode, meet, &m, &err));
	return m.n;
}

static const struct lh_message_row reply_row = { .episode = 1, .id = 2, .slot = -1, .turn = 1, .role = { "assistant", 9 }, .text = { "", 0 },
	.thoughts = { "hm", 2 }, .blob = { "{\x01t0,0\x02}", 8 }, .made_by = { "model", 5 } };
static const struct lh_call_row reply_call = { .episode = 1, .turn = 1, .seq = 3, .view = { "2:0-1", 5 }, .view_hash = UINT64_MAX, .reply = 2,
	.finish = { "stop", 4 }, .tokens_in = 1, .tokens_cached = 2, .tokens_out = 3, .tokens_reasoning = 4, .counted = true, .latency_us = 5,
	.cost_microusd = 6, .attempts = 7, .thoughts_kept = 8, .thoughts_dropped = 9, .served_by = { "m", 1 }, .request_id = { "r", 1 } };
static const struct lh_call_row error_call = { .episode = 1, .turn = 2, .seq = 0, .view = { "3:0-2", 5 }, .view_hash = 1, .reply = -1,
	.error = { "failed", 6 }, .error_text = { "HTTP 500", 8 }, .attempts = 9 };

static void check_answers(struct lh_reader *r)
{
	struct met m = { 0 };
	OK(lh_reader_answers(r, 1, meet, &m, &err));
	CHECK_INT(m.n, 2);
	CHECK_INT(m.turn, 2);
	CHECK_TEXT(m.last, "3:0-2|1|-1|failed|HTTP 500||0||||0 0 0 0|0|0|0|9|0/0|||0");
}

static int stop_at_once(void *user, const void *row, struct lh_error *e)
{
	meet(user, row, e);
	return 77;
}

/* In one process: the reader sees what is committed, while the writer goes on. */
static void test_answers(void)
{
	const char *path = in_dir("answers.db");
	struct lh_journal *j;
	struct lh_reader *r;
	struct met m = { 0 };
	int64_t run, episode;
	OK(lh_journal_create(path, false, &j, &err));
	OK(put_start(j, &run, &episode, &err));
	CHECK_INT(episode, 1);
	OK(lh_journal_commit(j, &err));
	OK(lh_reader_open(path, &r, &err));
	CHECK_INT(count_answers(r, 1), 0);
	OK(lh_journal_put_call(j, &error_call, &err));
	OK(lh_journal_put_message(j, &reply_row, &err));
	OK(lh_journal_put_call(j, &reply_call, &err));
	CHECK_INT(count_answers(r, 1), 0);
	OK(lh_journal_commit(j, &err));
	check_answers(r);
	CHECK_INT(lh_reader_answers(r, 1, stop_at_once, &m, &err), 77);
	CHECK_TEXT(m.last, "2:0-1|ffffffffffffffff|2|||stop|1||hm|{\x01t0,0\x02}|1 2 3 4|1|5|6|7|8/9|m|r|0");
	check_answers(r);                                      /* and again from the start */
	CHECK_INT(count_answers(r, 2), 0);
	lh_reader_close(r);
	OK(lh_journal_close(j, &err));
	OK(lh_reader_open(path, &r, &err));
	check_answers(r);
	lh_reader_close(r);
}

static void test_answers_damaged(void)
{
	static const struct { const char *change, *words; } cases[] = {
		{ "DELETE FROM message WHERE id = 2", "the reply to call 3 of turn 1 is not in it" },
		{ "UPDATE call SET counted = 5", "call.counted" }, { "UPDATE call SET served_by = x'00'", "call.served_by" },
		{ "UPDATE call SET thoughts_kept = 'x'", "call.thoughts_kept" }, { "UPDATE message SET blob = x'00'", "message.blob" },
		{ "UPDATE call SET reply = -3", "call.reply" },
	};
	const char *path = in_dir("answers.db"), *spoilt = in_dir("spoilt.db");
	for (int i = 0; i < COUNT(cases); i++) {
		struct lh_reader *r;
		struct met m = { 0 };
		copy_file(path, spoilt, SIZE_MAX);
		sql(spoilt, cases[i].change);
		OK(lh_reader_open(spoilt, &r, &err));
		fresh_error();
		CHECK_INT(lh_reader_answers(r, 1, meet, &m, &err), LH_E_DAMAGED);
		CHECK_HAS(err.text, cases[i].words);
		CHECK_HAS(err.text, spoilt);
		lh_reader_close(r);
	}
}

/* ---- attempts ---- */

static int meet_attempt(void *user, const void *row, struct lh_error *e)
{
	(void)e;
	const struct lh_attempt_row *a = row;
	char *out = user;
	size_t n = strlen(out);
	snprintf(out + n, 200 - n, "%lld.%lld.%lld %lld %.*s %lld;", (long long)a->turn, (long long)a->seq, (long long)a->attempt,
		(long long)a->status, LH_ARG(a->error), (long long)a->waited_us);
	return 0;
}

static void test_attempts(void)
{
	static const struct lh_attempt_row rows[] = {
		{ .episode = 1, .turn = 2, .seq = 0, .attempt = 1, .status = 500 },
		{ .episode = 1, .turn = 1, .seq = 0, .attempt = 2, .status = 0, .error = { "reset", 5 }, .waited_us = 5 },
		{ .episode = 1, .turn = 1, .seq = 0, .attempt = 1, .status = 429, .waited_us = 1 },
		{ .episode = 1, .turn = 1, .seq = 0, .attempt = 1, .status = 503, .error = { "busy", 4 }, .waited_us = 2 },   /* again: replaced */
		{ .episode = 2, .turn = 1, .seq = 0, .attempt = 1, .status = 400 },
	};
	const char *path = in_dir("attempts.db");
	char out[200] = "";
	struct lh_journal *j;
	struct lh_reader *r;
	int64_t run, episode;
	OK(lh_journal_create(path, false, &j, &err));
	OK(put_start(j, &run, &episode, &err));
	for (int i = 0; i < COUNT(rows); i++)
		OK(lh_journal_put_attempt(j, &rows[i], &err));
	OK(lh_journal_close(j, &err));
	OK(lh_reader_open(path, &r, &err));
	OK(lh_reader_attempts(r, 1, meet_attempt, out, &err));
	CHECK_TEXT(out, "1.0.1 503 busy 2;1.0.2 0 reset 5;2.0.1 500  0;");
	lh_reader_close(r);
}

/* ---- a run taken up again ---- */

static void check_latest(const char *path, int64_t run, bool unfinished)
{
	struct lh_reader *r;
	int64_t got;
	bool open;
	OK(lh_reader_open(path, &r, &err));
	OK(lh_reader_latest(r, &got, &open, &err));
	CHECK_INT(got, run);
	CHECK_INT(open, unfinished);
	lh_reader_close(r);
}

static void test_resume(void)
{
	const char *path = in_dir("resume.db");
	struct lh_journal *j;
	char out[300];
	int64_t run, episode;
	OK(lh_journal_create(path, false, &j, &err));
	OK(lh_journal_close(j, &err));
	check_latest(path, 0, false);
	write_small(path, false, 3);
	check_latest(path, 1, false);
	OK(lh_journal_create(path, false, &j, &err));
	OK(put_start(j, &run, &episode, &err));
	OK(put_turn(j, episode, 1, &err));
	OK(lh_journal_end_run(j, run, LH_STR("stopped"), LH_STR("interrupted"), LH_STR("2026-01-01T00:01:00Z"), &err));
	OK(lh_journal_close(j, &err));
	check_latest(path, 2, true);
	OK(lh_journal_open_run(path, 2, &j, &err));
	OK(lh_journal_resume_run(j, 2, LH_STR("{\"samples\":9}"), &err));
	struct lh_episode_row again = { .id = episode, .run = 2, .status = LH_STR("running") };
	OK(lh_journal_put_episode(j, &again, &err));
	OK(put_turn(j, episode, 1, &err));                     /* gone through again: replaced, not doubled */
	OK(put_turn(j, episode, 2, &err));
	OK(lh_journal_commit(j, &err));
	ask(path, "SELECT status || ' ' || ifnull(cause, '-') || ' ' || ifnull(ended, '-') || ' ' || settings || ' ' || started FROM run WHERE id = 2", out, sizeof out);
	CHECK_TEXT(out, "running - - {\"samples\":9} 2026-01-01T00:00:00Z");
	OK(lh_journal_end_run(j, run, LH_STR("done"), LH_STR(""), LH_STR("2026-01-01T00:02:00Z"), &err));
	OK(lh_journal_close(j, &err));
	check_one_file(path);
	check_latest(path, 2, false);
	ask(path, "SELECT count(*) FROM call UNION ALL SELECT count(*) FROM message UNION ALL SELECT count(*) FROM run UNION ALL SELECT count(*) FROM episode", out, sizeof out);
	CHECK_TEXT(out, "5\n10\n2\n2");
	fresh_error();
	OK(lh_journal_open_run(path, 2, &j, &err));
	CHECK_INT(lh_journal_resume_run(j, 7, LH_STR("{}"), &err), LH_E_INTERNAL);
	lh_journal_discard(j);
	ask(path, "SELECT group_concat(status) FROM run", out, sizeof out);
	CHECK_TEXT(out, "done,done");
}

/* What is committed of a resumed run is never taken out again, whatever its caller thinks of it. */
static void test_forget_resumed(void)
{
	const char *path = in_dir("resume.db");
	struct lh_journal *j;
	struct lh_reader *r;
	OK(lh_journal_open_run(path, 2, &j, &err));
	OK(put_turn(j, 2, 3, &err));
	OK(lh_journal_commit(j, &err));
	OK(put_turn(j, 2, 4, &err));
	lh_journal_forget(j, 2, 2);
	check_one_file(path);
	OK(lh_reader_open(path, &r, &err));
	CHECK_INT(count_calls(r, 2), 3);
	CHECK_INT(count_calls(r, 1), 3);
	lh_reader_close(r);
}

static void test_supersede(void)
{
	const char *path = in_dir("supersede.db");
	struct lh_journal *j;
	char out[200];
	write_small(path, false, 2);
	OK(lh_journal_open_run(path, 1, &j, &err));
	OK(lh_journal_supersede(j, 1, &err));
	int64_t episode;
	OK(lh_journal_next_episode(j, &episode, &err));
	struct lh_episode_row again = { .id = episode, .run = 1, .status = LH_STR("running") };
	OK(lh_journal_put_episode(j, &again, &err));
	OK(put_turn(j, episode, 1, &err));
	fresh_error();
	CHECK_INT(lh_journal_supersede(j, 99, &err), LH_E_INTERNAL);
	CHECK_HAS(err.text, "no row 99");
	OK(lh_journal_close(j, &err));
	ask(path, "SELECT id || ' ' || status FROM episode ORDER BY id", out, sizeof out);
	CHECK_TEXT(out, "1 superseded\n2 running");
	ask(path, "SELECT group_concat(episode) FROM turn", out, sizeof out);   /* the view: what counts */
	CHECK_TEXT(out, "2");
}

/* ---- refused, and left as it is ---- */

static void refused(const char *path, int64_t run, int code, const char *why)
{
	char before[65] = "", after[65] = "";
	struct lh_journal *j;
	if (exists(path, ""))
		OK(lh_sha256_file(path, before, &err));
	fresh_error();
	CHECK_INT(lh_journal_open_run(path, run, &j, &err), code);
	CHECK(j == NULL);
	CHECK_HAS(err.text, why);
	CHECK_HAS(err.text, path);
	if (!*before) {
		CHECK(!exists(path, ""));
		return;
	}
	OK(lh_sha256_file(path, after, &err));
	CHECK_TEXT(after, before);
	check_one_file(path);
}

static void test_refused(void)
{
	const char *path = in_dir("refused.db"), *whole = in_dir("long.db");
	refused(path, 1, LH_E_MISSING, "No such file");
	write_text(path, "", 0);
	refused(path, 1, LH_E_DATA, "is empty: there is no run");
	write_text(path, "dear diary, run 1", 17);
	refused(path, 1, LH_E_DATA, "not a run file");
	write_small(whole, false, 500);
	copy_file(whole, path, 20000);
	refused(path, 1, LH_E_DAMAGED, "damaged");
	remove_run_file(path);
	write_small(path, false, 2);
	struct lh_journal *j;
	fresh_error();
	CHECK_INT(lh_journal_open_run(path, 3, &j, &err), LH_E_MISSING);
	CHECK_HAS(err.text, "holds no run 3 to go on with; longhaul list runs");
	check_one_file(path);
}

/* A page of zeros anywhere in the middle is met before anything is paid for. */
static void test_pages_spoilt(void)
{
	const char *path = in_dir("pages.db"), *whole = in_dir("long.db");
	struct stat st;
	char zeros[4096] = { 0 };
	CHECK(stat(whole, &st) == 0);
	for (long page = 1; page < st.st_size / 4096; page += 3) {
		copy_file(whole, path, SIZE_MAX);
		FILE *f = fopen(path, "r+b");
		CHECK(f && fseek(f, page * 4096, SEEK_SET) == 0 && fwrite(zeros, 1, sizeof zeros, f) == sizeof zeros);
		if (f)
			fclose(f);
		struct lh_journal *j;
		fresh_error();
		CHECK_INT(lh_journal_open_run(path, 1, &j, &err), LH_E_DAMAGED);
		CHECK_HAS(err.text, "damaged");
		if (j)
			lh_journal_discard(j);
	}
}

/* ---- a simulated run that was killed: no indexes yet ---- */

static void write_bulk_until_killed(const char *path)
{
	struct lh_journal *j;
	int64_t run, episode;
	if (lh_journal_create(path, true, &j, &err) || put_start(j, &run, &episode, &err))
		_exit(1);
	for (int64_t t = 1; t < 17000; t++)
		if (put_turn(j, episode, t, &err) || lh_journal_commit(j, &err))
			_exit(1);
	kill(getpid(), SIGKILL);
}

static void test_killed_bulk(void)
{
	const char *path = in_dir("bulk.db");
	char out[200];
	struct lh_journal *j;
	struct lh_reader *r;
	fflush(stdout);
	pid_t pid = fork();
	if (pid == 0)
		write_bulk_until_killed(path);
	waitpid(pid, NULL, 0);
	ask(path, "SELECT count(*) FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL", out, sizeof out);
	CHECK_TEXT(out, "0");
	OK(lh_reader_open(path, &r, &err));
	int calls = count_calls(r, 1);
	CHECK(calls > 1000 && calls < 17000);
	CHECK_INT(count_answers(r, 1), calls);                 /* through the places */
	lh_reader_close(r);
	OK(lh_journal_open_run(path, 1, &j, &err));
	ask(path, "SELECT group_concat(name) FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL", out, sizeof out);
	CHECK_TEXT(out, "message_by_id,call_by_turn");
	for (int t = calls - 2; t <= calls + 2; t++)           /* live: rows may be put again */
		OK(put_turn(j, 1, t, &err));
	OK(lh_journal_commit(j, &err));
	OK(lh_reader_open(path, &r, &err));
	CHECK_INT(count_answers(r, 1), calls + 2);
	lh_reader_close(r);
	OK(lh_journal_close(j, &err));
	check_one_file(path);
}

int main(void)
{
	if (!make_dir())
		return 1;
	test_answers();
	test_answers_damaged();
	test_attempts();
	test_resume();
	test_forget_resumed();
	test_supersede();
	test_refused();
	test_pages_spoilt();
	test_killed_bulk();
	remove_dir();
	return check_done();
}
