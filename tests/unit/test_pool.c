/* Agents as processes, against agents of every kind. Nothing here sleeps to be in time: a hang is ended by
 * the alarm, and whether processes have gone is read from a pipe that only they hold. */
#include "check.h"
#include "json/reader.h"
#include "net/pool.h"
#include "test_pool_agent.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define HANG_S 240
#define MOST 65536

#define SENT_MOST 200

/* What the pool borrows lives in the rig. */
struct rig {
	struct lh_loop *loop;
	struct lh_pool *pool;
	const char **argv;
	char *params[SENT_MOST];
	uint64_t id;
};

struct setting { const char *mode, *more; int processes, at_once, log_fd; bool sessions; const char *folder; int64_t start_ms; };

static char script[300], folder[] = "/tmp/test_pool_XXXXXX";

static struct rig rig(struct setting s)
{
	static const char *const env[] = { "PATH=/usr/local/bin:/usr/bin:/bin", "ONLY=this", "PYTHONDONTWRITEBYTECODE=1", NULL };
	const char *argv[] = { "python3", "-I", "-S", script, s.mode, s.more, NULL };
	struct lh_error err = { 0 };
	struct rig r = { .argv = malloc(sizeof argv) };
	memcpy(r.argv, argv, sizeof argv);
	struct lh_pool_spec spec = { .argv = r.argv, .env = env, .folder = s.folder, .processes = s.processes ? s.processes : 1, .at_once = s.at_once ? s.at_once : 1,
		.sessions = s.sessions, .log_fd = s.log_fd ? s.log_fd : -1, .start_ms = s.start_ms, .reply_most = MOST };
	if (!s.mode)
		r.argv[0] = "/nowhere/agent";
	CHECK_INT(lh_loop_new(&r.loop, &err), 0);
	CHECK_INT(lh_pool_new(r.loop, &spec, &r.pool, &err), 0);
	return r;
}

static void put_away(struct rig *r)
{
	lh_pool_free(r->pool);
	lh_loop_free(r->loop);
	for (uint64_t i = 0; i < r->id; i++)
		free(r->params[i]);
	free(r->argv);
}

static uint64_t send_in(struct rig *r, uint64_t session, const char *params, int64_t timeout_ms, int64_t idle_ms)
{
	struct lh_error err = { 0 };
	char *kept = r->params[r->id] = strdup(params);
	struct lh_pool_request q = { .id = ++r->id, .session = session, .open = session ? LH_STR("\"system\":\"be brief\"") : LH_STR(""),
		.params = lh_str_of(kept), .timeout_ms = timeout_ms, .idle_ms = idle_ms };
	CHECK_INT(lh_pool_send(r->pool, &q, &err), 0);
	return q.id;
}

static uint64_t send(struct rig *r, const char *params) { return send_in(r, 0, params, 0, 0); }

static void wait_for(struct rig *r, struct lh_exchange *x)
{
	struct lh_error err = { 0 };
	do {
		CHECK_INT(lh_pool_step(r->pool, &err), 0);
		if (lh_pool_take(r->pool, x))
			return;
		CHECK_INT(lh_loop_wait(r->loop, lh_pool_due_us(r->pool), &err), 0);
	} while (!err.code);
	printf("%s\n", err.text);
	exit(1);
}

/* The next exchange, its body read; give it back with done(). */
struct got { struct lh_exchange x; struct lh_json *json; const struct lh_json *result; };

static struct got get(struct rig *r)
{
	struct got g = { 0 };
	struct lh_error err = { 0 };
	wait_for(r, &g.x);
	if (g.x.body.n)
		CHECK_INT(lh_json_parse(g.x.body, "body", 1, &g.json, &err), 0);
	g.result = lh_json_get(g.json, "result");
	return g;
}

static void done(struct rig *r, struct got *g)
{
	lh_json_free(g->json);
	lh_pool_give_back(r->pool, &g->x);
}

static int64_t whole(const struct lh_json *j)
{
	int64_t v = -1;
	return lh_json_int(j, &v) ? v : -1;
}

static int64_t pid_of(struct rig *r)
{
	struct got g = get(r);
	CHECK_INT(g.x.fault, LH_FAULT_NONE);
	int64_t pid = whole(lh_json_get(g.result, "pid"));
	done(r, &g);
	return pid;
}

static void expect_fault(struct rig *r, enum lh_fault fault, const char *part)
{
	struct got g = get(r);
	CHECK_INT(g.x.fault, fault);
	CHECK_HAS(g.x.fault_text, part);
	CHECK(!strstr(g.x.fault_text, "hostile"));
	CHECK_INT(g.x.status, 0);
	done(r, &g);
}

/* ---- what works ---- */

static void test_answers(void)
{
	struct rig r = rig((struct setting){ .mode = "good", .processes = 3 });
	for (int i = 0; i < 3; i++) {
		uint64_t id = send(&r, "\"n\": 1,\r\n\"list\": [\"a\\n\"]");
		struct got g = get(&r);
		const struct lh_json *params = lh_json_get(g.result, "params");
		CHECK(g.x.id == id && g.x.fault == LH_FAULT_NONE && g.x.status == 200 && g.x.latency_us > 0);
		CHECK_INT(g.x.retry_after_us, -1);
		CHECK_INT(g.x.should_retry, -1);
		CHECK_INT(lh_json_size(params), 2);
		CHECK(lh_str_is(lh_json_str(lh_json_first(lh_json_get(params, "list"))), "a\n"));
		CHECK(lh_str_is(lh_json_str(lh_json_get(g.json, "text")), ""));
		done(&r, &g);
	}
	put_away(&r);
}

/* One after another, one process is enough; three at a time that wait for each other need three. */
static void test_started_as_needed(void)
{
	struct rig r = rig((struct setting){ .mode = "good", .processes = 3 });
	int64_t first = (send(&r, ""), pid_of(&r));
	for (int i = 0; i < 4; i++)
		CHECK_INT((send(&r, ""), pid_of(&r)), first);
	put_away(&r);

	char meeting[400], params[500];
	snprintf(meeting, sizeof meeting, "%s/meeting_XXXXXX", folder);
	CHECK(mkdtemp(meeting) != NULL);
	snprintf(params, sizeof params, "\"folder\":\"%s\"", meeting);
	r = rig((struct setting){ .mode = "meets", .processes = 3 });
	for (int i = 0; i < 7; i++)
		send(&r, params);
	int64_t pid[7];
	int different = 0;
	for (int i = 0; i < 7; i++) {
		pid[i] = pid_of(&r);
		bool known = false;
		for (int k = 0; k < i; k++)
			known = known || pid[k] == pid[i];
		different += !known;
	}
	CHECK_INT(different, 3);
	put_away(&r);
}

static void test_several_at_once(void)
{
	struct rig r = rig((struct setting){ .mode = "reversed", .at_once = 3 });
	for (int i = 0; i < 6; i++) {
		char n[20];
		snprintf(n, sizeof n, "\"n\":%d", i);
		send(&r, n);
	}
	static const int order[] = { 2, 1, 0, 5, 4, 3 };
	for (int i = 0; i < 6; i++) {
		struct got g = get(&r);
		CHECK_INT(whole(lh_json_get(g.result, "n")), order[i]);
		CHECK_INT(g.x.id, order[i] + 1);
		done(&r, &g);
	}
	put_away(&r);
}

static void test_chunks(void)
{
	struct rig r = rig((struct setting){ .mode = "chunks" });
	for (int i = 0; i < 2; i++) {
		send(&r, "");
		struct got g = get(&r);
		CHECK(lh_str_is(lh_json_str(lh_json_get(g.json, "text")), "I say \"\u00e9\\\n\""));
		CHECK(lh_str_is(lh_json_str(lh_json_get(g.json, "thoughts")), "hmmm"));
		const struct lh_json *usage = lh_json_get(g.result, "usage");
		CHECK_INT(whole(lh_json_get(usage, "input_tokens")), 12);
		CHECK_NEAR(lh_json_number(lh_json_get(usage, "ratio")), 0.1, 0);
		CHECK(lh_json_type(lh_json_get(usage, "no")) == LH_JSON_NULL && lh_json_bool(lh_json_get(usage, "yes")));
		CHECK_INT(lh_json_size(lh_json_get(usage, "list")), 3);
		done(&r, &g);
	}
	put_away(&r);
}

static void test_its_questions(void)
{
	struct rig r = rig((struct setting){ .mode = "asks" });
	send(&r, "");
	struct got g = get(&r);
	const struct lh_json *first = lh_json_get(g.result, "first"), *second = lh_json_get(g.result, "second");
	CHECK(lh_str_is(lh_json_str(lh_json_get(first, "id")), "p"));
	CHECK(lh_str_is(lh_json_str(lh_json_get(lh_json_get(lh_json_get(first, "result"), "outcome"), "outcome")), "cancelled"));
	CHECK_INT(whole(lh_json_get(second, "id")), 7);
	CHECK_INT(whole(lh_json_get(lh_json_get(second, "error"), "code")), -32601);
	done(&r, &g);
	put_away(&r);
}

static void test_errors_are_handed_on(void)
{
	struct rig r = rig((struct setting){ .mode = "errs" });
	send(&r, "");
	struct got g = get(&r);
	CHECK(g.x.fault == LH_FAULT_NONE && g.x.status == 0 && !g.result);
	CHECK_INT(whole(lh_json_get(lh_json_get(g.json, "error"), "code")), -32602);
	done(&r, &g);
	put_away(&r);
}

/* Its surroundings: our environment and descriptors stay ours, its errors go to the log. */
static void test_surroundings(void)
{
	int log[2];
	char said[64] = "";
	CHECK(pipe(log) == 0);
	signal(SIGUSR1, SIG_IGN);
	struct rig r = rig((struct setting){ .mode = "tells", .more = "two words; $HOME", .log_fd = log[1], .folder = folder });
	send(&r, "");
	struct got g = get(&r);
	const struct lh_json *env = lh_json_get(g.result, "env");
	CHECK(lh_str_is(lh_json_str(lh_json_get(env, "ONLY")), "this"));
	CHECK(!lh_json_get(env, "HOME") && lh_json_size(env) <= 4);          /* python itself may add LC_CTYPE */
	CHECK(lh_str_is(lh_json_str(lh_json_get(g.result, "cwd")), folder));
	CHECK(lh_json_size(lh_json_get(g.result, "fds")) <= 4);              /* 0, 1, 2, and that of the listing */
	CHECK(lh_str_is(lh_json_str(lh_json_first(lh_json_get(g.result, "args"))), "two words; $HOME"));
	CHECK(!lh_json_bool(lh_json_get(g.result, "ignored")));
	done(&r, &g);
	CHECK(read(log[0], said, sizeof said - 1) > 0);
	CHECK_TEXT(said, "to the log\n");
	put_away(&r);
	signal(SIGUSR1, SIG_DFL);
	close(log[0]);
	close(log[1]);
}

/* ---- what goes wrong ---- */

/* Each of them twice: the second meets a process started anew. */
static void fails(const char *mode, const char *params, enum lh_fault fault, const char *part)
{
	struct rig r = rig((struct setting){ .mode = mode });
	for (int i = 0; i < 2; i++) {
		send(&r, params);
		expect_fault(&r, fault, part);
	}
	put_away(&r);
}

static void test_deaths(void)
{
	fails("dies", "", LH_FAULT_DIED, "exit status 3");
	fails("killed", "", LH_FAULT_DIED, "signal 9 (SIGKILL)");
	fails("half_a_line", "", LH_FAULT_DIED, "exit status 0");
	fails("closes", "", LH_FAULT_DIED, "closed its input or output");
}

/* What was written before the end counts, however late it is seen; the next request has a new process. */
static void test_last_words(void)
{
	struct rig r = rig((struct setting){ .mode = "last_words" });
	int64_t last = 0;
	for (int i = 0; i < 5; i++) {
		send(&r, "");
		struct got g = get(&r);
		if (i && g.x.fault == LH_FAULT_DIED) {               /* it was sent before the end was known */
			CHECK_HAS(g.x.fault_text, "exit status 0");
		} else {
			CHECK_INT(g.x.fault, LH_FAULT_NONE);
			CHECK(lh_json_str(lh_json_get(g.result, "text")).n == 60000 && whole(lh_json_get(g.result, "pid")) != last);
			last = whole(lh_json_get(g.result, "pid"));
		}
		done(&r, &g);
	}
	put_away(&r);
}

static void test_garbage(void)
{
	static const struct { const char *hex, *part; } lines[] = {
		{ "68656c6c6f", "not JSON" },                                                   /* hello */
		{ "7b226a736f6e72706322", "not JSON" },                                         /* cut short */
		{ "5b5d", "no JSON object" },                                                   /* [] */
		{ "7b226964223a317d", "neither" },                                              /* {"id":1} */
		{ "7b226964223a6e756c6c2c22726573756c74223a7b7d7d", "names none" },             /* {"id":null,"result":{}} */
		{ "7b226964223a322c22726573756c74223a22ff227d", "not JSON" },                   /* invalid UTF-8 */
		{ "7b226964223a322c22726573756c74223a225c7530303030227d", "not JSON" },         /* \u0000 */
		{ "7b226964223a322c22726573756c74223a312c226572726f72223a7b7d7d", "neither" },  /* both */
	};
	char params[200];
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
		snprintf(params, sizeof params, "\"hex\":\"%s\"", lines[i].hex);
		fails("raw", params, LH_FAULT_PROTOCOL, lines[i].part);
	}
	fails("wrong_id", "", LH_FAULT_PROTOCOL, "names none of our requests");
	fails("asks_for_ever", "", LH_FAULT_PROTOCOL, "more requests than it reads answers");
}

static void test_sizes(void)
{
	struct rig r = rig((struct setting){ .mode = "huge" });
	send(&r, "\"bytes\":60000");
	CHECK(pid_of(&r) > 0);
	send(&r, "\"bytes\":10000000");
	expect_fault(&r, LH_FAULT_TOO_LARGE, "longer than a reply may be");
	send(&r, "\"bytes\":1");
	CHECK(pid_of(&r) > 0);
	put_away(&r);
	r = rig((struct setting){ .mode = "chatters" });
	send(&r, "");
	expect_fault(&r, LH_FAULT_TOO_LARGE, "larger than allowed");
	put_away(&r);
	/* A request larger than a pipe holds, to an agent that is slow to read. */
	r = rig((struct setting){ .mode = "errs" });
	char *large = malloc(4000000);
	memset(large, 'z', 4000000);
	memcpy(large, "\"x\":\"", 5);
	memcpy(large + 4000000 - 2, "\"", 2);
	send(&r, large);
	struct got g = get(&r);
	CHECK_INT(g.x.fault, LH_FAULT_NONE);
	done(&r, &g);
	free(large);
	put_away(&r);
}

/* No process can be made at all, here for want of the log: an answer to that comes too. */
static void test_no_process(void)
{
	struct rig r = rig((struct setting){ .mode = "good", .processes = 2, .log_fd = 999 });
	send(&r, "");
	expect_fault(&r, LH_FAULT_START, "no process could be made");
	put_away(&r);
}

static void test_start_failures(void)
{
	static const struct { const char *mode, *part; } modes[] = {
		{ NULL, "cannot be executed: No such file" }, { "dies_at_start", "exit status 5 before it answered initialize" },
		{ "refuses_initialize", "an error in answer to initialize" }, { "other_version", "another version" } };
	for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
		struct rig r = rig((struct setting){ .mode = modes[i].mode, .processes = 2 });
		for (int k = 0; k < 3; k++) {
			send(&r, "");
			if (k == 1)
				send(&r, "");
			struct got g = get(&r);
			CHECK_INT(g.x.fault, LH_FAULT_START);
			CHECK_HAS(g.x.fault_text, modes[i].part);
			CHECK(!strstr(g.x.fault_text, "hostile"));
			done(&r, &g);
		}
		put_away(&r);
	}
	struct rig r = rig((struct setting){ .mode = "mute_at_start", .start_ms = 20 });
	send(&r, "");
	expect_fault(&r, LH_FAULT_START, "did not answer initialize in time");
	put_away(&r);
	r = rig((struct setting){ .mode = "good", .folder = "/nowhere" });
	send(&r, "");
	expect_fault(&r, LH_FAULT_START, "working folder cannot be entered: No such file");
	put_away(&r);
}

/* Two failed starts are forgiven. */
static void test_third_start(void)
{
	char count[400];
	snprintf(count, sizeof count, "%s/starts", folder);
	struct rig r = rig((struct setting){ .mode = "dies_twice", .more = count });
	send(&r, "");
	CHECK(pid_of(&r) > 0);
	put_away(&r);
}

/* ---- time ---- */

static void test_timeouts(void)
{
	struct rig r = rig((struct setting){ .mode = "holds" });
	send_in(&r, 0, "", 30, 0);
	expect_fault(&r, LH_FAULT_TIMEOUT, "time allowed");
	send_in(&r, 0, "", 0, 30);                           /* the same process: it answered the cancellation */
	expect_fault(&r, LH_FAULT_IDLE, "nothing came");
	send_in(&r, 0, "", 60000, 30);
	expect_fault(&r, LH_FAULT_IDLE, "nothing came");
	put_away(&r);
	/* One that goes on after it was cancelled is replaced. */
	r = rig((struct setting){ .mode = "deaf" });
	send_in(&r, 0, "", 30, 0);
	expect_fault(&r, LH_FAULT_TIMEOUT, "time allowed");
	send_in(&r, 0, "", 30, 0);
	expect_fault(&r, LH_FAULT_TIMEOUT, "time allowed");
	put_away(&r);
}

static void test_cancel(void)
{
	struct rig r = rig((struct setting){ .mode = "holds" });
	struct lh_error err = { 0 };
	uint64_t flying = send(&r, ""), waiting = send(&r, "");
	struct lh_exchange x;
	CHECK_INT(lh_pool_step(r.pool, &err), 0);
	lh_pool_cancel(r.pool, waiting);
	lh_pool_cancel(r.pool, 12345);
	uint64_t last = send_in(&r, 0, "", 30, 0);
	lh_pool_cancel(r.pool, flying);
	wait_for(&r, &x);
	CHECK(x.id == last && x.fault == LH_FAULT_TIMEOUT);  /* nothing came of the others */
	lh_pool_give_back(r.pool, &x);
	/* In flight; and done, but not taken. */
	uint64_t a = send(&r, ""), b = send_in(&r, 0, "", 30, 0);
	for (int i = 0; i < 3; i++) {
		CHECK_INT(lh_pool_step(r.pool, &err), 0);
		CHECK_INT(lh_loop_wait(r.loop, 0, &err), 0);
	}
	lh_pool_cancel(r.pool, a);
	wait_for(&r, &x);
	CHECK(x.id == b);
	lh_pool_give_back(r.pool, &x);
	put_away(&r);
	/* Whatever is on its way when the pool is freed is freed with it. */
	r = rig((struct setting){ .mode = "good" });
	send(&r, "");
	send(&r, "");
	wait_for(&r, &x);
	put_away(&r);
}

/* ---- sessions ---- */

static void prompt(struct rig *r, uint64_t session, int n)
{
	char params[40];
	snprintf(params, sizeof params, "\"n\":%d", n);
	send_in(r, session, params, 0, 0);
}

/* n of the session's prompts have come to one process, in order. Its number. */
static int64_t in_order(struct rig *r, int n)
{
	struct got g = get(r);
	const struct lh_json *seen = lh_json_get(g.result, "seen"), *v = lh_json_first(seen);
	CHECK_INT(g.x.fault, LH_FAULT_NONE);
	CHECK_INT(lh_json_size(seen), n);
	for (int i = 1; i <= n; i++, v = lh_json_next(v))
		CHECK_INT(whole(v), i);
	int64_t pid = whole(lh_json_get(g.result, "pid"));
	done(r, &g);
	return pid;
}

static void test_sessions_stick(void)
{
	struct rig r = rig((struct setting){ .mode = "good", .processes = 3, .sessions = true });
	int64_t pid[6] = { 0 };
	for (int n = 1; n <= 5; n++)
		for (int s = 0; s < 6; s++) {
			prompt(&r, (uint64_t)s + 100, n);
			int64_t p = in_order(&r, n);
			CHECK(n == 1 || p == pid[s]);
			pid[s] = p;
		}
	for (int s = 0; s < 3; s++)                          /* two each */
		CHECK(pid[s] == pid[s + 3] && pid[s] != pid[(s + 1) % 3]);
	/* One that has ended makes room; its number begins anew. */
	lh_pool_end_session(r.pool, 101);
	lh_pool_end_session(r.pool, 999);
	prompt(&r, 101, 1);
	CHECK_INT(in_order(&r, 1), pid[1]);
	put_away(&r);
}

static void test_sessions_together(void)
{
	struct rig r = rig((struct setting){ .mode = "good", .processes = 2, .at_once = 2, .sessions = true });
	enum { SESSIONS = 9, TURNS = 4 };
	int answers = 0;
	for (int s = 1; s <= SESSIONS; s++)
		prompt(&r, (uint64_t)s, 1), prompt(&r, (uint64_t)s, 2);
	for (int i = 0; i < SESSIONS * TURNS; i++) {
		struct got g = get(&r);
		const struct lh_json *list = lh_json_get(g.result, "seen");
		CHECK_INT(g.x.fault, LH_FAULT_NONE);
		answers += lh_json_size(list) > 0;
		done(&r, &g);
		if (i < SESSIONS * (TURNS - 2))
			prompt(&r, (uint64_t)(i % SESSIONS) + 1, 3);
	}
	CHECK_INT(answers, SESSIONS * TURNS);
	put_away(&r);
}

static void test_sessions_lost(void)
{
	struct rig r = rig((struct setting){ .mode = "dies_second", .sessions = true });
	prompt(&r, 1, 1);
	in_order(&r, 1);
	prompt(&r, 1, 2);
	expect_fault(&r, LH_FAULT_DIED, "exit status 3");
	for (int i = 0; i < 2; i++) {
		prompt(&r, 1, 2);
		struct got g = get(&r);
		CHECK_INT(g.x.fault, LH_FAULT_DIED);
		CHECK_INT(g.x.should_retry, 0);
		CHECK_HAS(g.x.fault_text, "its session is lost");
		done(&r, &g);
	}
	prompt(&r, 2, 1);                                    /* others begin in the next process */
	in_order(&r, 1);
	prompt(&r, 3, 1);
	expect_fault(&r, LH_FAULT_DIED, "exit status 3");
	prompt(&r, 3, 1);                                    /* nothing was answered in it yet: it may begin again */
	in_order(&r, 1);
	prompt(&r, 2, 2);
	expect_fault(&r, LH_FAULT_DIED, "its session is lost");
	put_away(&r);
}

static void test_session_troubles(void)
{
	struct rig r = rig((struct setting){ .mode = "refuses_sessions", .sessions = true });
	prompt(&r, 1, 1);
	struct got g = get(&r);
	CHECK_INT(whole(lh_json_get(lh_json_get(g.json, "error"), "code")), -32000);
	done(&r, &g);
	put_away(&r);
	r = rig((struct setting){ .mode = "bad_session", .sessions = true });
	prompt(&r, 1, 1);
	expect_fault(&r, LH_FAULT_PROTOCOL, "without a usable sessionId");
	put_away(&r);
	r = rig((struct setting){ .mode = "same_session", .sessions = true });
	prompt(&r, 1, 1);
	in_order(&r, 1);
	prompt(&r, 2, 1);
	expect_fault(&r, LH_FAULT_PROTOCOL, "without a usable sessionId");
	put_away(&r);
	/* Stopped in the middle of a turn: what the agent remembers of it is not known. */
	r = rig((struct setting){ .mode = "holds", .sessions = true });
	send_in(&r, 1, "", 30, 0);
	expect_fault(&r, LH_FAULT_TIMEOUT, "time allowed");
	send_in(&r, 1, "", 30, 0);
	expect_fault(&r, LH_FAULT_TIMEOUT, "time allowed");
	struct lh_error err = { 0 };
	CHECK(lh_pool_send(r.pool, &(struct lh_pool_request){ .id = 9 }, &err) != 0);
	put_away(&r);
}

/* ---- what is left behind ---- */

/* Reads until nobody holds the other end. */
static void nobody_left(int fd)
{
	char c[256];
	while (read(fd, c, sizeof c) > 0)
		;
	close(fd);
}

static void test_end_is_the_groups(void)
{
	int log[2];
	CHECK(pipe(log) == 0);
	struct rig r = rig((struct setting){ .mode = "stubborn", .processes = 2, .log_fd = log[1] });
	send(&r, "");
	CHECK(pid_of(&r) > 0);
	close(log[1]);
	put_away(&r);
	nobody_left(log[0]);
}

/* The owner, killed outright: neither the agent, which ignores SIGTERM, nor its child lives on. */
static void test_owner_killed(void)
{
	int log[2], told[2], status;
	char c = 0;
	CHECK(pipe(log) == 0 && pipe(told) == 0);
	pid_t owner = fork();
	if (!owner) {
		struct rig r = rig((struct setting){ .mode = "stubborn", .processes = 2, .log_fd = log[1] });
		close(log[0]);
		send(&r, "");
		if (pid_of(&r) > 0 && write(told[1], "y", 1) == 1)
			for (;;)
				pause();
		_exit(1);
	}
	close(log[1]);
	close(told[1]);
	CHECK(read(told[0], &c, 1) == 1 && c == 'y');
	kill(owner, SIGKILL);
	CHECK(waitpid(owner, &status, 0) == owner && WIFSIGNALED(status));
	nobody_left(log[0]);
	close(told[0]);
}

static void test_spec(void)
{
	static const char *const none[] = { NULL }, *const empty[] = { "", NULL }, *const some[] = { "x", NULL };
	struct lh_error err = { 0 };
	struct lh_pool *p;
	CHECK_INT(lh_pool_new(NULL, &(struct lh_pool_spec){ .argv = none, .processes = 1, .at_once = 1, .reply_most = 1 }, &p, &err), LH_E_USAGE);
	err.code = 0;
	CHECK_INT(lh_pool_new(NULL, &(struct lh_pool_spec){ .argv = empty, .processes = 1, .at_once = 1, .reply_most = 1 }, &p, &err), LH_E_USAGE);
	err.code = 0;
	CHECK(lh_pool_new(NULL, &(struct lh_pool_spec){ .argv = some, .processes = 0, .at_once = 1, .reply_most = 1 }, &p, &err) != 0);
	CHECK(!p);
	lh_pool_free(NULL);
}

static void clean_up(void)
{
	pid_t child = fork();
	if (!child) {
		execlp("rm", "rm", "-rf", folder, (char *)NULL);
		_exit(1);
	}
	waitpid(child, NULL, 0);
}

int main(void)
{
	setvbuf(stdout, NULL, _IOLBF, 0);            /* what the alarm cuts off was said all the same */
	alarm(HANG_S);
	CHECK(mkdtemp(folder) != NULL);
	snprintf(script, sizeof script, "%s/agent.py", folder);
	FILE *f = fopen(script, "w");
	CHECK(f && fwrite(pool_agent, 1, sizeof pool_agent - 1, f) == sizeof pool_agent - 1);
	fclose(f);
	test_spec();
	test_answers();
	test_started_as_needed();
	test_several_at_once();
	test_chunks();
	test_its_questions();
	test_errors_are_handed_on();
	test_surroundings();
	test_deaths();
	test_last_words();
	test_garbage();
	test_sizes();
	test_no_process();
	test_start_failures();
	test_third_start();
	test_timeouts();
	test_cancel();
	test_sessions_stick();
	test_sessions_together();
	test_sessions_lost();
	test_session_troubles();
	test_end_is_the_groups();
	test_owner_killed();
	clean_up();
	return check_done();
}
