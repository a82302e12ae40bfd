/* The run file: what is put comes back equal, survives a kill, and nothing else is taken for it. */
#include "check.h"

#include "base/clock.h"
#include "base/hash.h"
#include "base/random.h"
#include "journal/journal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static char dir[64];                     /* of this run of the test */
static struct lh_error err;

static const char *in_dir(const char *name)
{
	static char path[8][200];
	static int turn;
	char *p = path[turn++ % 8];
	snprintf(p, sizeof path[0], "%s/%s", dir, name);
	return p;
}

static void fresh_error(void) { memset(&err, 0, sizeof err); }

#define OK(call) do { \
	fresh_error(); \
	CHECK_INT((call), 0); \
	if (err.code) \
		printf("  %s\n", err.text); \
	} while (0)

static bool exists(const char *path, const char *suffix)
{
	char name[300];
	snprintf(name, sizeof name, "%s%s", path, suffix);
	return access(name, F_OK) == 0;
}

static void remove_run_file(const char *path)
{
	static const char *const suffix[] = { "", "-wal", "-shm", "-journal" };
	for (int i = 0; i < 4; i++) {
		char name[300];
		snprintf(name, sizeof name, "%s%s", path, suffix[i]);
		unlink(name);
	}
}

static void check_one_file(const char *path)
{
	CHECK(exists(path, ""));
	CHECK(!exists(path, "-wal"));
	CHECK(!exists(path, "-shm"));
	CHECK(!exists(path, "-journal"));
}

static void copy_file(const char *from, const char *to, size_t most)
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

static void sql(const char *path, const char *text)
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
static void ask(const char *path, const char *text, char *out, size_t size)
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

/* ---- an ordinary turn ---- */

static int put_turn(struct lh_journal *j, int64_t episode, int64_t turn, struct lh_error *e)
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
		.tokens_in = 12 * turn, .tokens_out = 12, .latency_us = 300000 + turn, .cost_microusd = 40, .attempts = 1,
		.exposure_state = 0.25, .reusable_prefix = 1.0 - 1.0 / (double)turn, .accepted = true, .outcome = LH_STR("correct"),
		.shown = s, .followed = s, .answered = s, .truth = s, .has_shown = true, .has_followed = true, .has_answered = true };
	return rc ? rc : lh_journal_put_call(j, &c, e);
}

static int put_start(struct lh_journal *j, int64_t *run, int64_t *episode, struct lh_error *e)
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

static void write_small(const char *path, bool bulk, int turns)
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

static int count_row(void *user, const void *row, struct lh_error *e)
{
	(void)row, (void)e;
	++*(int *)user;
	return 0;
}

static int count_messages(struct lh_reader *r, int64_t episode)
{
	int n = 0;
	OK(lh_reader_messages(r, episode, count_row, &n, &err));
	return n;
}

static int count_calls(struct lh_reader *r, int64_t episode)
{
	int n = 0;
	OK(lh_reader_calls(r, episode, count_row, &n, &err));
	return n;
}

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
	struct lh_str *texts[] = { &m->role, &m->text, &m->thoughts, &m->blob, &m->made_by };
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
	struct lh_str *texts[] = { &c->purpose, &c->view, &c->options, &c->error, &c->error_text, &c->finish, &c->outcome,
		&c->shown, &c->followed, &c->answered, &c->truth };
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
	same_text(a->made_by, b->made_by);
}

static bool same_double(double a, double b) { return a == b || (isnan(a) && isnan(b)); }

static void same_call(const struct lh_call_row *a, const struct lh_call_row *b)
{
	const int64_t ai[] = { a->episode, a->turn, a->seq, a->reply, a->tokens_in, a->tokens_cached, a->tokens_out, a->tokens_reasoning,
		a->latency_us, a->cost_microusd, a->attempts, a->accepted, a->unshown, a->has_shown, a->has_followed, a->has_answered, (int64_t)a->view_hash };
	const int64_t bi[] = { b->episode, b->turn, b->seq, b->reply, b->tokens_in, b->tokens_cached, b->tokens_out, b->tokens_reasoning,
		b->latency_us, b->cost_microusd, b->attempts, b->accepted, b->unshown, b->has_shown, b->has_followed, b->has_answered, (int64_t)b->view_hash };
	for (size_t i = 0; i < sizeof ai / sizeof *ai; i++)
		CHECK_INT(ai[i], bi[i]);
	CHECK(same_double(a->exposure_update, b->exposure_update) && same_double(a->exposure_state, b->exposure_state));
	CHECK(same_double(a->exposure_unusable, b->exposure_unusable) && same_double(a->reusable_prefix, b->reusable_prefix));
	const struct lh_str at[] = { a->purpose, a->view, a->options, a->error, a->error_text, a->finish, a->outcome, a->shown, a->followed, a->answered, a->truth };
	const struct lh_str bt[] = { b->purpose, b->view, b->options, b->error, b->error_text, b->finish, b->outcome, b->shown, b->followed, b->answered, b->truth };
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
		.tokens_cached = 5, .tokens_out = 6, .tokens_reasoning = 7, .latency_us = 8, .cost_microusd = 9, .attempts = 1,
		.exposure_update = 0.5, .exposure_state = 5e-324, .exposure_unusable = 1, .reusable_prefix = NAN, .accepted = true,
		.outcome = { "slips", 5 }, .unshown = true, .shown = { "", 0 }, .has_shown = true, .followed = { "", 0 }, .has_followed = false,
		.answered = { "7", 1 }, .has_answered = true, .truth = { "8", 1 } },
	{ .episode = 2, .turn = 2, .seq = 0, .view = { "4:m3", 4 }, .reply = 0, .attempts = 1 },
};

#define COUNT(array) ((int)(sizeof(array) / sizeof *(array)))

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
	CHECK_INT(lh_journal_put_message(j, &m, &err), LH_E_INTERNAL);
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

static void write_text(const char *path, const char *text, size_t n)
{
	FILE *f = fopen(path, "wb");
	CHECK(f && fwrite(text, 1, n, f) == n);
	if (f)
		fclose(f);
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
	sql(path, "PRAGMA user_version=2");
	refused(path, LH_E_DATA, "newer longhaul");
	sql(path, "PRAGMA user_version=0");
	refused(path, LH_E_DAMAGED, "header is not one");
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

static int read_all(const char *path)
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

/* ---- places that cannot be written ---- */

/* Runs a check as an ordinary user where we are root, whom permissions do not stop. */
static void as_user(void (*check)(void))
{
	fflush(stdout);
	pid_t pid = fork();
	if (pid == 0) {
		if (geteuid() == 0 && (setgid(65534) || setuid(65534)))
			_exit(1);
		check();
		fflush(stdout);
		_exit(check_failures ? 1 : 0);
	}
	int status;
	waitpid(pid, &status, 0);
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void check_read_only_folder(void)
{
	struct lh_journal *j;
	struct lh_reader *r;
	fresh_error();
	CHECK_INT(lh_journal_create(in_dir("closed/new.db"), false, &j, &err), LH_E_IO);
	CHECK_HAS(err.text, "Permission denied");
	CHECK_HAS(err.text, "closed/new.db");
	fresh_error();
	CHECK_INT(lh_journal_create(in_dir("closed/old.db"), false, &j, &err), LH_E_IO);
	CHECK_HAS(err.text, "closed/old.db");
	fresh_error();
	CHECK_INT(lh_reader_open(in_dir("closed/old.db"), &r, &err), 0);
	CHECK_INT(count_calls(r, 1), 3);
	lh_reader_close(r);
}

static void test_read_only_folder(void)
{
	mkdir(in_dir("closed"), 0755);
	copy_file(in_dir("whole.db"), in_dir("closed/old.db"), SIZE_MAX);
	chmod(in_dir("closed/old.db"), 0444);
	chmod(in_dir("closed"), 0555);
	as_user(check_read_only_folder);
	chmod(in_dir("closed"), 0755);
	remove_run_file(in_dir("closed/old.db"));
	rmdir(in_dir("closed"));
}

static void test_no_such_place(void)
{
	struct lh_journal *j;
	struct lh_reader *r;
	fresh_error();
	CHECK_INT(lh_journal_create(in_dir("none/x.db"), false, &j, &err), LH_E_IO);
	CHECK_HAS(err.text, "No such file");
	fresh_error();
	CHECK_INT(lh_reader_open(in_dir("none.db"), &r, &err), LH_E_MISSING);
	CHECK(!exists(in_dir("none.db"), ""));
	fresh_error();
	CHECK_INT(lh_journal_create(dir, false, &j, &err), LH_E_IO);
	CHECK_HAS(err.text, "not a regular file");
	fresh_error();
	CHECK_INT(lh_reader_open("/dev/null", &r, &err), LH_E_IO);
}

/* A disk that is full from some moment on: sqlite's own file system with another xWrite. Databases
 * and journals have methods of their own there (the latter lock nothing), so each gets its copy. */
static struct { const sqlite3_io_methods *true_one; sqlite3_io_methods copy; } full_methods[8];
static sqlite3_vfs full_vfs, *true_vfs;
static bool disk_full;
static int (*true_write)(sqlite3_file *, const void *, int, sqlite3_int64);

static int full_write(sqlite3_file *f, const void *bytes, int n, sqlite3_int64 at)
{
	return disk_full ? SQLITE_FULL : true_write(f, bytes, n, at);
}

static const sqlite3_io_methods *full_copy(const sqlite3_io_methods *true_one)
{
	int i = 0;
	while (full_methods[i].true_one && full_methods[i].true_one != true_one)
		i++;
	true_write = true_one->xWrite;
	full_methods[i].true_one = true_one;
	full_methods[i].copy = *true_one;
	full_methods[i].copy.xWrite = full_write;
	return &full_methods[i].copy;
}

static int full_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *f, int flags, int *out)
{
	(void)vfs;
	int rc = true_vfs->xOpen(true_vfs, name, f, flags, out);
	if (rc == SQLITE_OK && f->pMethods)
		f->pMethods = full_copy(f->pMethods);
	return rc;
}

static void test_disk_full(void)
{
	const char *path = in_dir("full.db");
	struct lh_journal *j;
	int64_t run, episode;
	true_vfs = sqlite3_vfs_find(NULL);
	full_vfs = *true_vfs;
	full_vfs.zName = "full";
	full_vfs.xOpen = full_open;
	sqlite3_vfs_register(&full_vfs, 1);
	disk_full = true;
	fresh_error();
	CHECK_INT(lh_journal_create(path, false, &j, &err), LH_E_IO);
	CHECK_HAS(err.text, "disk is full");
	CHECK(!exists(path, ""));
	disk_full = false;
	OK(lh_journal_create(path, false, &j, &err));
	OK(put_start(j, &run, &episode, &err));
	OK(put_turn(j, episode, 1, &err));
	OK(lh_journal_commit(j, &err));
	OK(put_turn(j, episode, 2, &err));
	disk_full = true;
	fresh_error();
	CHECK_INT(lh_journal_commit(j, &err), LH_E_IO);
	CHECK_HAS(err.text, "disk is full");
	fresh_error();
	CHECK_INT(put_turn(j, episode, 3, &err), LH_E_IO);
	CHECK_INT(lh_journal_close(j, NULL), LH_E_IO);
	disk_full = false;
	sqlite3_vfs_unregister(&full_vfs);
	struct lh_reader *r;
	OK(lh_reader_open(path, &r, &err));
	CHECK_INT(count_calls(r, episode), 1);
	lh_reader_close(r);
	OK(lh_journal_create(path, false, &j, &err));
	OK(put_turn(j, episode, 2, &err));
	OK(lh_journal_close(j, &err));
	check_one_file(path);
}

/* ---- one writer, many readers ---- */

static void test_one_writer(void)
{
	const char *path = in_dir("one.db");
	struct lh_journal *j, *second;
	struct lh_reader *r;
	int64_t run, episode;
	OK(lh_journal_create(path, false, &j, &err));
	OK(put_start(j, &run, &episode, &err));
	OK(put_turn(j, episode, 1, &err));
	OK(lh_journal_commit(j, &err));
	fresh_error();
	CHECK_INT(lh_journal_create(path, false, &second, &err), LH_E_IO);
	CHECK_HAS(err.text, "locked: another longhaul is writing");
	OK(put_turn(j, episode, 2, &err));                     /* open transaction: not seen yet */
	OK(lh_reader_open(path, &r, &err));
	CHECK_INT(count_calls(r, episode), 1);
	OK(lh_journal_commit(j, &err));
	CHECK_INT(count_calls(r, episode), 2);
	CHECK_INT(count_messages(r, episode), 4);
	lh_reader_close(r);
	OK(put_turn(j, episode, 3, &err));                     /* the reader's end cost no lock */
	fresh_error();
	CHECK_INT(lh_journal_create(path, false, &second, &err), LH_E_IO);
	OK(lh_reader_open(path, &r, &err));
	OK(lh_journal_close(j, &err));                         /* with a reader there */
	CHECK_INT(count_calls(r, episode), 3);
	lh_reader_close(r);
	OK(lh_journal_create(path, false, &j, &err));
	OK(lh_journal_close(j, &err));
	check_one_file(path);
}

/* A bulk file that is being written has no indexes; it reads the same. */
static void test_read_while_bulk(void)
{
	const char *path = in_dir("bulk.db"), *copied = in_dir("copied.db");
	struct lh_journal *j;
	struct lh_reader *r;
	int64_t run, episode;
	OK(lh_journal_create(path, true, &j, &err));
	OK(put_start(j, &run, &episode, &err));
	int turns = 17000;                                     /* three rows each: one commit and a rest */
	for (int t = 1; t <= turns; t++)
		CHECK_INT(put_turn(j, episode + t % 7, t, &err), 0);
	OK(lh_reader_open(path, &r, &err));
	int calls = 0, messages = 0;
	for (int i = 0; i < 7; i++) {
		calls += count_calls(r, episode + i);
		messages += count_messages(r, episode + i);
	}
	CHECK(calls > 16000 && calls < turns);
	CHECK_INT(messages, 2 * calls);
	lh_reader_close(r);
	OK(lh_journal_close(j, &err));
	check_one_file(path);
	char out[200];
	ask(path, "SELECT group_concat(name) FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL", out, sizeof out);
	CHECK_TEXT(out, "message_by_id,call_by_turn");
	/* A copy in WAL mode without its -wal leaves nothing beside it either. */
	copy_file(path, copied, SIZE_MAX);
	FILE *f = fopen(copied, "r+b");
	CHECK(f && fseek(f, 18, SEEK_SET) == 0 && fwrite("\2\2", 1, 2, f) == 2);
	if (f)
		fclose(f);
	OK(lh_reader_open(copied, &r, &err));
	CHECK(count_calls(r, episode) > 2000);
	lh_reader_close(r);
	check_one_file(copied);
}

/* ---- kill ---- */

static void write_until_killed(const char *path, bool bulk, int progress)
{
	struct lh_journal *j;
	int64_t run, episode;
	if (lh_journal_create(path, bulk, &j, &err) || put_start(j, &run, &episode, &err))
		_exit(1);
	for (int64_t t = 1;; t++) {
		if (put_turn(j, episode, t, &err) || lh_journal_commit(j, &err))
			_exit(1);
		if (!bulk && write(progress, &t, sizeof t) != sizeof t)
			_exit(1);
	}
}

/* Turns said to be committed are there, whole and without a gap, and the file goes on from them. */
static void killed_after(const char *path, bool bulk, int ms)
{
	int fds[2];
	remove_run_file(path);
	CHECK(pipe(fds) == 0);
	pid_t pid = fork();
	if (pid == 0)
		write_until_killed(path, bulk, fds[1]);
	close(fds[1]);
	nanosleep(&(struct timespec){ .tv_nsec = ms * 1000000L }, NULL);
	/* The pipe fills before a live writer gets far: what it holds is read after the kill. */
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	int64_t said = 0;
	for (int64_t t; read(fds[0], &t, sizeof t) == sizeof t;)
		said = t;
	close(fds[0]);
	struct lh_reader *r;
	OK(lh_reader_open(path, &r, &err));
	int64_t run = 0;
	int calls = count_calls(r, 1), messages = count_messages(r, 1);
	if (calls)
		OK(lh_reader_newest_run(r, &run, &err));
	CHECK(calls >= said && (bulk || calls <= said + 1));
	CHECK_INT(messages, 2 * calls);
	lh_reader_close(r);
	struct lh_journal *j;
	OK(lh_journal_create(path, bulk, &j, &err));
	OK(put_turn(j, 1, calls + 1, &err));
	OK(lh_journal_close(j, &err));
	check_one_file(path);
	OK(lh_reader_open(path, &r, &err));
	CHECK_INT(count_calls(r, 1), calls + 1);
	lh_reader_close(r);
	printf("killed after %d ms, %s: %d turns kept, %lld said\n", ms, bulk ? "bulk" : "commit each turn", calls, (long long)said);
}

static void test_killed(void)
{
	const char *path = in_dir("killed.db");
	for (int i = 0; i < 4; i++)
		killed_after(path, false, 40 + 60 * i);
	for (int i = 0; i < 3; i++)
		killed_after(path, true, 200 + 350 * i);
}

/* ---- discard ---- */

static void test_discard(void)
{
	const char *path = in_dir("discard.db");
	struct lh_journal *j;
	int64_t run, episode;
	OK(lh_journal_create(path, false, &j, &err));
	OK(put_start(j, &run, &episode, &err));
	lh_journal_discard(j);
	CHECK(!exists(path, "") && !exists(path, "-wal") && !exists(path, "-shm"));
	OK(lh_journal_create(path, false, &j, &err));
	OK(put_start(j, &run, &episode, &err));
	OK(lh_journal_commit(j, &err));
	OK(put_turn(j, episode, 1, &err));
	lh_journal_discard(j);
	check_one_file(path);
	struct lh_reader *r;
	OK(lh_reader_open(path, &r, &err));
	CHECK_INT(count_calls(r, episode), 0);
	OK(lh_reader_newest_run(r, &run, &err));
	lh_reader_close(r);
	/* One that was there stays. */
	OK(lh_journal_create(path, false, &j, &err));
	lh_journal_discard(j);
	check_one_file(path);
	lh_journal_discard(NULL);
	lh_reader_close(NULL);
	CHECK_INT(lh_journal_close(NULL, NULL), 0);
	/* An empty file is nobody's: it becomes a run file. No run in it yet. */
	write_text(in_dir("empty.db"), "", 0);
	OK(lh_journal_create(in_dir("empty.db"), false, &j, &err));
	OK(lh_journal_close(j, &err));
	OK(lh_reader_open(in_dir("empty.db"), &r, &err));
	fresh_error();
	CHECK_INT(lh_reader_newest_run(r, &run, &err), LH_E_MISSING);
	CHECK_HAS(err.text, "holds no run");
	lh_reader_close(r);
}

/* Names that sqlite would take for something else. */
static void test_names(void)
{
	static const char *const names[] = { ":memory:", "file:x?mode=memory", "a%41#b?immutable=1" };
	char before[500];
	CHECK(getcwd(before, sizeof before) && chdir(dir) == 0);
	for (int i = 0; i < COUNT(names); i++) {
		write_small(names[i], false, 2);
		CHECK_INT(read_all(names[i]), 0);
		FILE *f = fopen(names[i], "r+b");                  /* the way of a lost -wal, by URI */
		CHECK(f && fseek(f, 18, SEEK_SET) == 0 && fwrite("\2\2", 1, 2, f) == 2);
		if (f)
			fclose(f);
		CHECK_INT(read_all(names[i]), 0);
		check_one_file(names[i]);
	}
	CHECK(chdir(before) == 0);
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

/* ---- size and speed ---- */

static double cpu_us(void)
{
	struct timespec t;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static long measured(bool bulk, int episodes, int turns)
{
	const char *path = in_dir("size.db");
	struct lh_journal *j;
	struct stat st;
	int64_t run, first;
	int bad = 0;
	remove_run_file(path);
	double start = cpu_us();
	OK(lh_journal_create(path, bulk, &j, &err));
	OK(put_start(j, &run, &first, &err));
	for (int t = 1; t <= turns; t++)
		for (int e = 0; e < episodes; e++) {
			bad += put_turn(j, first + e, t, &err) != 0;
			bad += lh_journal_commit(j, &err) != 0;
		}
	double written = cpu_us();
	OK(lh_journal_close(j, &err));
	double closed = cpu_us(), n = (double)episodes * turns;
	CHECK_INT(bad, 0);
	CHECK(stat(path, &st) == 0);
	printf("%s, %d x %d turns: %.2f us/turn written, %.2f closed, %.0f bytes/turn\n", bulk ? "bulk" : "commit each turn", episodes,
		turns, (written - start) / n, (closed - written) / n, (double)st.st_size / n);
	char out[100];
	ask(path, "SELECT ((SELECT count(*) FROM message) + (SELECT count(*) FROM call)) * 1.0 / (SELECT count(*) FROM call)", out, sizeof out);
	CHECK_TEXT(out, "3.0");
	return (long)((double)st.st_size / n);
}

static void test_size(void)
{
	CHECK(measured(true, 1, 10000) <= 400);
	CHECK(measured(true, 500, 100) <= 400);
	CHECK(measured(false, 1, 10000) <= 400);
	char out[100];
	double start = cpu_us();
	ask(in_dir("size.db"), "SELECT count(*) || ' ' || sum(length(prompt)) FROM turn", out, sizeof out);
	CHECK_TEXT(out, "10000 120000");
	printf("the view over 10000 turns: %.0f ms\n", (cpu_us() - start) / 1e3);
	start = cpu_us();
	CHECK_INT(read_all(in_dir("size.db")), 0);
	printf("read back: %.2f us/turn\n", (cpu_us() - start) / 10000);
}

static void remove_dir(void)
{
	DIR *d = opendir(dir);
	for (struct dirent *e; d && (e = readdir(d));)
		if (e->d_name[0] != '.')
			unlink(in_dir(e->d_name));
	if (d)
		closedir(d);
	CHECK(rmdir(dir) == 0);
}

int main(void)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	strcpy(dir, "/tmp/lh_journal_XXXXXX");
	if (!mkdtemp(dir))
		return 1;
	chmod(dir, 0755);
	test_everything_back();
	test_misuse();
	test_foreign();
	test_changed_schema();
	test_hostile_values();
	test_truncated();
	test_flipped_bytes();
	test_read_only_folder();
	test_no_such_place();
	test_disk_full();
	test_one_writer();
	test_read_while_bulk();
	test_killed();
	test_discard();
	test_names();
	test_walks();
	test_size();
	remove_dir();
	return check_done();
}
