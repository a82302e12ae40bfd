/* The run file's rows: what is put comes back equal, and nothing else is taken for a run file. */
#include "test_journal_kit.h"

#include "base/hash.h"
#include "base/random.h"

/* ---- everything back, equal ---- */

#define MAX_ROWS 64

struct kept {                             /* rows met, with their texts copied to one buffer */
	struct lh_buf text;
	int n;
	union { struct lh_run_row run; struct lh_condition_row condition; struct lh_episode_row episode;
		struct lh_message_row message; struct lh_call_row call; } row[MAX_ROWS];
};

static struct lh_str copy(struct kept *k, struct lh_str s)
{
	size_t at = k->text.n;
	CHECK(s.p != NULL);
	lh_buf_put_str(&k->text, s);
	return (struct lh_str){ k->text.p + at, s.n };
}

/* Reserved whole in advance, so that the copies do not move. */
static void kept_init(struct kept *k)
{
	memset(k, 0, sizeof *k);
	lh_buf_init(&k->text, 1u << 20);
	lh_buf_reserve(&k->text, 1u << 20);
}

static int keep_message(void *user, const void *row, struct lh_error *e)
{
	(void)e;
	struct kept *k = user;
	struct lh_message_row *m = &k->row[k->n++].message;
	*m = *(const struct lh_message_row *)row;
	struct lh_str *texts[] = { &m->role, &m->text, &m->thoughts, &m->blob, &m->made_by, &m->note };
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		*texts[i] = copy(k, *texts[i]);
	return 0;
}

static int keep_call(void *user, const void *row, struct lh_error *e)
{
	(void)e;
	struct kept *k = user;
	struct lh_call_row *c = &k->row[k->n++].call;
	*c = *(const struct lh_call_row *)row;
	struct lh_str *texts[] = { &c->purpose, &c->view, &c->options, &c->error, &c->error_text, &c->finish, &c->served_by, &c->request_id,
		&c->outcome, &c->shown, &c->followed, &c->answered, &c->truth };
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		*texts[i] = copy(k, *texts[i]);
	return 0;
}

static void same_text(struct lh_str got, struct lh_str want)
{
	CHECK(lh_str_equal(got, want));
}

static void same_message(const struct lh_message_row *a, const struct lh_message_row *b)
{
	CHECK_INT(a->episode, b->episode);
	CHECK_INT(a->id, b->id);
	CHECK_INT(a->slot, b->slot);
	CHECK_INT(a->turn, b->turn);
	same_text(a->role, b->role);
	same_text(a->text, b->text);
	same_text(a->thoughts, b->thoughts);
	same_text(a->blob, b->blob);
	same_text(a->note, b->note);
	same_text(a->made_by, b->made_by);
}

static bool same_double(double a, double b) { return a == b || (isnan(a) && isnan(b)); }

static void same_call(const struct lh_call_row *a, const struct lh_call_row *b)
{
	const int64_t ai[] = { a->episode, a->turn, a->seq, a->reply, a->tokens_in, a->tokens_cached, a->tokens_out, a->tokens_reasoning,
		a->latency_us, a->cost_microusd, a->attempts, a->accepted, a->unshown, a->has_shown, a->has_followed, a->has_answered, (int64_t)a->view_hash,
		a->counted, a->thoughts_kept, a->thoughts_dropped };
	const int64_t bi[] = { b->episode, b->turn, b->seq, b->reply, b->tokens_in, b->tokens_cached, b->tokens_out, b->tokens_reasoning,
		b->latency_us, b->cost_microusd, b->attempts, b->accepted, b->unshown, b->has_shown, b->has_followed, b->has_answered, (int64_t)b->view_hash,
		b->counted, b->thoughts_kept, b->thoughts_dropped };
	for (size_t i = 0; i < sizeof ai / sizeof *ai; i++)
		CHECK_INT(ai[i], bi[i]);
	CHECK(same_double(a->exposure_update, b->exposure_update) && same_double(a->exposure_state, b->exposure_state));
	CHECK(same_double(a->exposure_unusable, b->exposure_unusable) && same_double(a->reusable_prefix, b->reusable_prefix));
	const struct lh_str at[] = { a->purpose, a->view, a->options, a->error, a->error_text, a->finish, a->outcome, a->shown, a->followed, a->answered, a->truth, a->served_by, a->request_id };
	const struct lh_str bt[] = { b->purpose, b->view, b->options, b->error, b->error_text, b->finish, b->outcome, b->shown, b->followed, b->answered, b->truth, b->served_by, b->request_id };
	for (size_t i = 0; i < sizeof at / sizeof *at; i++)
		same_text(at[i], bt[i]);
}

static int check_run(void *user, const void *row, struct lh_error *e)
{
	(void)e;
	const struct lh_run_row *r = row;
	int n = ++*(int *)user;
	CHECK_INT(r->id, n);
	same_text(r->version, LH_STR("0.1.0"));
	same_text(r->compiler, n == 1 ? LH_STR("gcc 12") : LH_STR(""));
	same_text(r->config, n == 1 ? LH_STR("{\"a\":1}") : LH_STR("{}"));
	same_text(r->config_sha256, n == 1 ? LH_STR("abc") : LH_STR(""));
	same_text(r->settings, n == 1 ? LH_STR("{\"s\":1}") : LH_STR(""));
	same_text(r->sources, n == 1 ? LH_STR("{\"p\":1}") : LH_STR(""));
	CHECK(r->seed == (n == 1 ? (int64_t)UINT64_MAX - 5 : 0));
	same_text(r->status, n == 1 ? LH_STR("stopped") : LH_STR("running"));
	same_text(r->cause, n == 1 ? LH_STR("budget") : LH_STR(""));
	same_text(r->ended, n == 1 ? LH_STR("2026-02-01T00:00:00Z") : LH_STR(""));
	return 0;
}

static int check_condition(void *user, const void *row, struct lh_error *e)
{
	(void)e;
	const struct lh_condition_row *c = row;
	CHECK_INT(c->id, *(int *)user);
	++*(int *)user;
	CHECK_INT(c->run, 1);
	same_text(c->task, LH_STR("dict_sum"));
	same_text(c->task_params, LH_STR("{\"k\":2}"));
	same_text(c->model, LH_STR("openai:gpt"));
	same_text(c->model_options, LH_STR("{\"t\":0}"));
	same_text(c->policy, LH_STR("window"));
	same_text(c->policy_options, LH_STR("{\"w\":4}"));
	same_text(c->history, LH_STR("own"));
	CHECK(c->oracle == (c->id == 1));
	CHECK_INT(c->steps_per_turn, 3);
	CHECK_INT(c->turns, 50);
	return 0;
}

static int check_episode(void *user, const void *row, struct lh_error *e)
{
	(void)e;
	const struct lh_episode_row *r = row;
	static const int64_t order[] = { 4, 2, 9 };          /* by condition, sample */
	CHECK_INT(r->id, order[*(int *)user]);
	++*(int *)user;
	CHECK_INT(r->run, 1);
	same_text(r->status, r->id == 2 ? LH_STR("censored") : LH_STR("running"));
	same_text(r->cause, r->id == 2 ? LH_STR("HTTP 500") : LH_STR(""));
	same_text(r->extra, r->id == 2 ? LH_STR("{\"x\":[1]}") : LH_STR(""));
	return 0;
}

static const struct lh_message_row some_messages[] = {
	{ .episode = 2, .id = 0, .slot = 0, .turn = 0, .role = { "system", 6 }, .text = { "", 0 }, .made_by = { "task", 4 } },
	{ .episode = 2, .id = 1, .slot = 1, .turn = 1, .role = { "user", 4 }, .text = { "add \xe2\x82\xac", 7 }, .made_by = { "task", 4 } },
	{ .episode = 2, .id = 2, .slot = -1, .turn = 1, .role = { "assistant", 9 }, .text = { "a\0b", 3 }, .thoughts = { "hm\n", 3 },
		.blob = { "{\"id\":\"m\"}", 10 }, .made_by = { "model", 5 } },
	{ .episode = 2, .id = 3, .slot = 1, .turn = 2, .role = { "removed", 7 }, .text = { "", 0 }, .made_by = { "policy", 6 } },
};

static const struct lh_call_row some_calls[] = {
	{ .episode = 2, .turn = 1, .seq = 0, .purpose = { "summary", 7 }, .view = { "1:0-0", 5 }, .view_hash = UINT64_MAX, .options = { "{\"n\":1}", 7 },
		.reply = -1, .error = { "overflow", 8 }, .error_text = { "too long", 8 }, .attempts = 3, .exposure_update = 1.0 / 3 },
	{ .episode = 2, .turn = 1, .seq = 1, .view = { "", 0 }, .view_hash = 1, .reply = 2, .finish = { "stop", 4 }, .tokens_in = INT64_MAX,
		.tokens_cached = 5, .tokens_out = 6, .tokens_reasoning = 7, .counted = true, .latency_us = 8, .cost_microusd = 9, .attempts = 1,
		.thoughts_kept = 11, .thoughts_dropped = 12, .served_by = { "gpt-5 fp_1", 10 }, .request_id = { "req_7", 5 },
		.exposure_update = 0.5, .exposure_state = 5e-324, .exposure_unusable = 1, .reusable_prefix = NAN, .accepted = true,
		.outcome = { "slips", 5 }, .unshown = true, .shown = { "", 0 }, .has_shown = true, .followed = { "", 0 }, .has_followed = false,
		.answered = { "7", 1 }, .has_answered = true, .truth = { "8", 1 } },
	{ .episode = 2, .turn = 2, .seq = 0, .view = { "4:m3", 4 }, .reply = 0, .attempts = 1 },
};

static void write_everything(const char *path)
{
	struct lh_journal *j;
	OK(lh_journal_create(path, false, &j, &err));
	struct lh_run_row run = { .id = 99, .version = LH_STR("0.1.0"), .compiler = LH_STR("gcc 12"), .config = LH_STR("{\"a\":1}"),
		.config_sha256 = LH_STR("abc"), .settings = LH_STR("{\"s\":1}"), .sources = LH_STR("{\"p\":1}"), .seed = (int64_t)UINT64_MAX - 5,
		.started = LH_STR("2026-01-01T00:00:00Z"), .status = LH_STR("running") };
	OK(lh_journal_put_run(j, &run, &err));
	CHECK_INT(run.id, 1);
	for (int i = 1; i >= 0; i--) {
		struct lh_condition_row c = { .run = 1, .id = i, .task = LH_STR("dict_sum"), .task_params = LH_STR("{\"k\":2}"),
			.model = LH_STR("openai:gpt"), .model_options = LH_STR("{\"t\":0}"), .policy = LH_STR("window"),
			.policy_options = LH_STR("{\"w\":4}"), .history = LH_STR("own"), .oracle = i == 1, .steps_per_turn = 3, .turns = 50 };
		OK(lh_journal_put_condition(j, &c, &err));
	}
	static const struct lh_episode_row episodes[] = { { .id = 9, .run = 1, .condition = 1, .sample = 0, .status = { "running", 7 } },
		{ .id = 2, .run = 1, .condition = 0, .sample = 7, .status = { "running", 7 } },
		{ .id = 4, .run = 1, .condition = 0, .sample = 3, .status = { "running", 7 } },
		{ .id = 2, .run = 1, .condition = 0, .sample = 7, .status = { "censored", 8 }, .cause = { "HTTP 500", 8 }, .extra = { "{\"x\":[1]}", 9 } } };
	for (int i = 0; i < COUNT(episodes); i++)
		OK(lh_journal_put_episode(j, &episodes[i], &err));
	for (int i = COUNT(some_messages) - 1; i >= 0; i--)
		OK(lh_journal_put_message(j, &some_messages[i], &err));
	for (int i = COUNT(some_calls) - 1; i >= 0; i--)
		OK(lh_journal_put_call(j, &some_calls[i], &err));
	struct lh_attempt_row a = { .episode = 2, .turn = 1, .seq = 0, .attempt = 1, .status = 429, .error = LH_STR("rate"), .waited_us = 77 };
	OK(lh_journal_put_attempt(j, &a, &err));
	OK(lh_journal_end_run(j, 1, LH_STR("stopped"), LH_STR("budget"), LH_STR("2026-02-01T00:00:00Z"), &err));
	OK(lh_journal_commit(j, &err));
	OK(lh_journal_commit(j, &err));
	OK(lh_journal_close(j, &err));
}

static void check_everything(const char *path, int runs)
{
	struct lh_reader *r;
	struct kept *k = malloc(sizeof *k);
	int n = 0;
	OK(lh_reader_open(path, &r, &err));
	OK(lh_reader_runs(r, check_run, &n, &err));
	CHECK_INT(n, runs);
	n = 0;
	OK(lh_reader_conditions(r, 1, check_condition, &n, &err));
	CHECK_INT(n, 2);
	n = 0;
	OK(lh_reader_episodes(r, 1, check_episode, &n, &err));
	CHECK_INT(n, 3);
	kept_init(k);
	OK(lh_reader_messages(r, 2, keep_message, k, &err));
	CHECK_INT(k->n, COUNT(some_messages));
	for (int i = 0; i < k->n; i++)
		same_message(&k->row[i].message, &some_messages[i]);
	k->n = 0;
	OK(lh_reader_calls(r, 2, keep_call, k, &err));
	CHECK_INT(k->n, COUNT(some_calls));
	for (int i = 0; i < k->n; i++)
		same_call(&k->row[i].call, &some_calls[i]);
	CHECK_INT(count_messages(r, 12345), 0);
	int64_t newest;
	OK(lh_reader_newest_run(r, &newest, &err));
	CHECK_INT(newest, runs);
	lh_buf_fini(&k->text);
	free(k);
	lh_reader_close(r);
	check_one_file(path);
}

static void test_everything_back(void)
{
	const char *path = in_dir("all.db");
	char out[200];
	write_everything(path);
	check_one_file(path);
	check_everything(path, 1);
	ask(path, "SELECT status || ' ' || error || ' ' || waited_us FROM attempt", out, sizeof out);
	CHECK_TEXT(out, "429 rate 77");
	ask(path, "PRAGMA integrity_check", out, sizeof out);
	CHECK_TEXT(out, "ok");
	/* A second run in the same file. */
	struct lh_journal *j;
	int64_t run, episode;
	OK(lh_journal_create(path, true, &j, &err));
	OK(put_start(j, &run, &episode, &err));
	CHECK_INT(run, 2);
	CHECK_INT(episode, 10);
	OK(put_turn(j, episode, 1, &err));
	OK(lh_journal_close(j, &err));
	check_everything(path, 2);
	ask(path, "SELECT run || ':' || prompt || ':' || reply || ':' || outcome FROM turn WHERE episode = 10", out, sizeof out);
	CHECK_TEXT(out, "2:apple 000001:<answer>00000001</answer>:correct");
}

/* ---- what the caller gets wrong ---- */

static void test_misuse(void)
{
	const char *path = in_dir("misuse.db");
	struct lh_journal *j;
	int64_t run, episode;
	OK(lh_journal_create(path, false, &j, &err));
	OK(put_start(j, &run, &episode, &err));
	fresh_error();
	CHECK_INT(lh_journal_end_run(j, 7, LH_STR("done"), LH_STR(""), LH_STR(""), &err), LH_E_INTERNAL);
	CHECK_HAS(err.text, "no run 7");
	fresh_error();
	struct lh_episode_row other = { .id = episode, .run = run, .sample = 5, .status = LH_STR("done") };
	CHECK_INT(lh_journal_put_episode(j, &other, &err), LH_E_INTERNAL);
	CHECK_HAS(err.text, "another one already");
	char *big = calloc(1, (64u << 20) + 1);
	struct lh_message_row m = { .episode = episode, .id = 1, .role = LH_STR("user"), .text = { big, (64u << 20) + 1 }, .made_by = LH_STR("task") };
	fresh_error();
	CHECK_INT(lh_journal_put_message(j, &m, &err), LH_E_LIMIT);
	CHECK_HAS(err.text, "64 MiB");
	memset(big, 'x', 64u << 20);
	m.text.n = (64u << 20) - 9;                            /* the largest that goes in comes out again */
	OK(lh_journal_put_message(j, &m, &err));
	free(big);
	OK(lh_journal_commit(j, &err));
	fresh_error();
	m.text = LH_STR("again");
	OK(lh_journal_put_message(j, &m, &err));               /* live: the row is replaced */
	OK(lh_journal_commit(j, &err));
	struct lh_condition_row twin = { .id = 0, .run = run, .task = LH_STR("twin") };
	CHECK_INT(lh_journal_put_condition(j, &twin, &err), LH_E_INTERNAL);
	CHECK_HAS(err.text, "there already");
	fresh_error();
	m.id = 2;
	CHECK(lh_journal_put_message(j, &m, &err) != 0);       /* its transaction may be gone: nothing more */
	CHECK_HAS(err.text, "an earlier write failed");
	fresh_error();
	CHECK(lh_journal_close(j, &err) != 0);
	check_one_file(path);
	struct lh_reader *r;
	OK(lh_reader_open(path, &r, &err));
	CHECK_INT(count_messages(r, episode), 1);
	lh_reader_close(r);
	remove_run_file(path);
}

/* ---- what is refused, and left as it is ---- */

static void hash_of(const char *path, char out[65])
{
	OK(lh_sha256_file(path, out, &err));
}

static void refused(const char *path, int code, const char *why)
{
	char before[65], after[65];
	struct lh_journal *j;
	struct lh_reader *r;
	hash_of(path, before);
	fresh_error();
	CHECK_INT(lh_journal_create(path, false, &j, &err), code);
	CHECK(j == NULL);
	CHECK_HAS(err.text, why);
	CHECK_HAS(err.text, path);
	fresh_error();
	CHECK_INT(lh_reader_open(path, &r, &err), code);
	CHECK(r == NULL);
	CHECK_HAS(err.text, why);
	hash_of(path, after);
	CHECK_TEXT(after, before);
	check_one_file(path);
}

static void test_foreign(void)
{
	const char *path = in_dir("foreign.db");
	write_text(path, "dear diary", 10);
	refused(path, LH_E_DATA, "not a run file");
	char big[9000];
	memset(big, 'S', sizeof big);
	write_text(path, big, sizeof big);
	refused(path, LH_E_DATA, "not a run file");
	unlink(path);
	sql(path, "CREATE TABLE t(x); INSERT INTO t VALUES (1)");
	refused(path, LH_E_DATA, "an SQLite database, but not");
	unlink(path);
	sql(path, "PRAGMA journal_mode=WAL; CREATE TABLE t(x)");
	refused(path, LH_E_DATA, "an SQLite database, but not");
	write_small(path, false, 3);
	sql(path, "PRAGMA user_version=5");
	refused(path, LH_E_DATA, "newer longhaul");
	sql(path, "PRAGMA user_version=0");
	refused(path, LH_E_DAMAGED, "header is not one");
	sql(path, "PRAGMA user_version=3");                    /* the one before names the program that reads it */
	refused(path, LH_E_DATA, "an older longhaul (0.1.0, file version 3, this program knows 4): report it with that version");
	sql(path, "UPDATE run SET version = 'x\x1b[31m'");
	refused(path, LH_E_DATA, "an older longhaul (file version 3, this program knows 4): report it with the version that made it");
	sql(path, "DROP TABLE run; CREATE TABLE run(id, version)");
	refused(path, LH_E_DATA, "an older longhaul (file version 3");
	sql(path, "PRAGMA journal_mode=WAL");
	refused(path, LH_E_DATA, "an older longhaul (file version 3");
}

static void test_changed_schema(void)
{
	static const char *const changes[] = { "CREATE TABLE extra(x)", "CREATE VIEW v AS SELECT 1", "DROP VIEW turn", "DROP INDEX call_by_turn",
		"CREATE TRIGGER t AFTER INSERT ON call BEGIN DELETE FROM run; END", "ALTER TABLE call ADD COLUMN x", "ALTER TABLE run RENAME COLUMN cause TO why",
		"DROP VIEW turn; CREATE VIEW turn AS SELECT 1", "ANALYZE", "DROP TABLE attempt", "CREATE VIRTUAL TABLE f USING fts5(x)",
		"PRAGMA writable_schema=1; UPDATE sqlite_schema SET sql='CREATE TABLE run(id INTEGER PRIMARY KEY)' WHERE name='run'" };
	const char *path = in_dir("changed.db"), *whole = in_dir("whole.db");
	write_small(whole, false, 3);
	for (int i = 0; i < COUNT(changes); i++) {
		copy_file(whole, path, SIZE_MAX);
		sql(path, changes[i]);
		int before = check_failures;
		refused(path, LH_E_DAMAGED, path);
		if (check_failures > before)
			printf("  after: %s\n", changes[i]);
	}
}

/* Values of a type or range that we never write; sqlite itself lets them in. */
static void test_hostile_values(void)
{
	static const char *const changes[] = { "UPDATE call SET tokens_in = 'many'", "UPDATE call SET tokens_in = 1.5", "UPDATE call SET accepted = 2",
		"UPDATE call SET reply = -7", "UPDATE call SET outcome = x'00ff'", "UPDATE call SET exposure_state = 'x'", "UPDATE call SET view = x'41'",
		"UPDATE call SET view_hash = 'zz'", "UPDATE call SET shown = zeroblob(70000000)" };
	const char *path = in_dir("values.db"), *whole = in_dir("whole.db");
	for (int i = 0; i < COUNT(changes); i++) {
		struct lh_reader *r;
		int n = 0;
		copy_file(whole, path, SIZE_MAX);
		sql(path, changes[i]);
		OK(lh_reader_open(path, &r, &err));
		fresh_error();
		CHECK_INT(lh_reader_calls(r, 1, count_row, &n, &err), LH_E_DAMAGED);
		CHECK_HAS(err.text, path);
		CHECK_INT(count_messages(r, 1), 6);
		lh_reader_close(r);
	}
}

static void test_truncated(void)
{
	static const size_t lengths[] = { 1, 15, 16, 50, 99, 100, 101, 511, 512, 4095, 4096, 4097, 10000, 40960, 65536, 81920 };
	const char *path = in_dir("cut.db"), *whole = in_dir("long.db");
	write_small(whole, false, 500);
	CHECK_INT(read_all(whole), 0);
	for (int i = 0; i < COUNT(lengths); i++) {
		copy_file(whole, path, lengths[i]);
		int rc = read_all(path);
		CHECK_INT(rc, lengths[i] < 15 ? LH_E_DATA : LH_E_DAMAGED);
		CHECK_HAS(err.text, path);
		struct lh_journal *j;
		fresh_error();
		rc = lh_journal_create(path, false, &j, &err);
		CHECK(rc == LH_E_DAMAGED || (lengths[i] < 15 && rc == LH_E_DATA));
		CHECK(exists(path, ""));
	}
	write_text(path, "", 0);
	CHECK_INT(read_all(path), LH_E_DATA);
	CHECK_HAS(err.text, "empty");
}

/* Bytes changed at random: an error or not, but never a crash, and never a code but these. */
static void test_flipped_bytes(void)
{
	const char *path = in_dir("flip.db"), *whole = in_dir("long.db");
	struct lh_random r = lh_random_stream(1, 0, 0, LH_FOR_CHECK, 9);
	struct lh_buf b;
	lh_buf_init(&b, 64u << 20);
	OK(lh_file_read(whole, &b, &err));
	for (int round = 0; round < 300; round++) {
		char *bytes = malloc(b.n);
		memcpy(bytes, b.p, b.n);
		int flips = 1 + (int)lh_random_below(&r, 40);
		for (int i = 0; i < flips; i++) {
			uint64_t at = round % 2 ? lh_random_below(&r, b.n) : lh_random_below(&r, b.n / 4096) * 4096 + lh_random_below(&r, 60);
			bytes[at] = (char)lh_random_next(&r);
		}
		write_text(path, bytes, b.n);
		int rc = read_all(path);
		CHECK(rc == 0 || rc == LH_E_DAMAGED || rc == LH_E_DATA || rc == LH_E_MISSING);
		if (rc && rc != LH_E_DAMAGED && rc != LH_E_DATA && rc != LH_E_MISSING)
			printf("  %s\n", err.text);
		free(bytes);
	}
	lh_buf_fini(&b);
}

static int stop_at_two(void *user, const void *row, struct lh_error *e)
{
	(void)row, (void)e;
	return ++*(int *)user == 2 ? 77 : 0;
}

static int nested(void *user, const void *row, struct lh_error *e)
{
	return lh_reader_calls(user, ((const struct lh_call_row *)row)->episode, count_row, &(int){ 0 }, e);
}

static void test_walks(void)
{
	struct lh_reader *r;
	int n = 0;
	OK(lh_reader_open(in_dir("whole.db"), &r, &err));
	OK(lh_reader_calls(r, 1, stop_at_two, &n, &err) == 77 ? 0 : 1);
	CHECK_INT(count_calls(r, 1), 3);                       /* and again from the start */
	fresh_error();
	CHECK_INT(lh_reader_calls(r, 1, nested, r, &err), LH_E_INTERNAL);
	CHECK_INT(count_calls(r, 1), 3);
	lh_reader_close(r);
}

int main(void)
{
	if (!make_dir())
		return 1;
	test_everything_back();
	test_misuse();
	test_foreign();
	test_changed_schema();
	test_hostile_values();
	test_truncated();
	test_flipped_bytes();
	test_walks();
	remove_dir();
	return check_done();
}
