/* The embedding API, as a program that embeds it would use it. */
#include "check.h"
#include "longhaul/longhaul.h"

#include <unistd.h>

static int calls;
static struct lh_progress last;

static void progress(void *user, const struct lh_progress *p)
{
	(void)user;
	calls++;
	last = *p;
}

static struct lh_session *small(const char *output)
{
	struct lh_session *s = lh_session_new();
	static const char *const options[][2] = { { "task", "kv_sum:keys=10" }, { "policy", "full_history" }, { "policy", "window:n=2" }, { "turns", "8" }, { "samples", "5" } };
	for (size_t i = 0; i < sizeof options / sizeof *options; i++)
		CHECK_INT(lh_session_set(s, options[i][0], options[i][1]), 0);
	CHECK_INT(lh_session_set(s, "output", output), 0);
	return s;
}

static void test_run_and_read_back(void)
{
	char path[] = "/tmp/longhaul-session-XXXXXX";
	int fd = mkstemp(path);
	close(fd);
	unlink(path);
	struct lh_session *s = small(path), *again = lh_session_new();
	lh_session_on_progress(s, progress, NULL);
	CHECK_INT(lh_session_run(s), 0);
	CHECK_TEXT(lh_session_error(s), "");
	CHECK(calls > 0);
	CHECK_INT(last.episodes, 10);
	CHECK_INT(last.episodes_all, 10);
	CHECK_INT(last.turns, 80);
	CHECK_TEXT(lh_session_run_file(s), path);
	CHECK_HAS(lh_session_table(s, 80), "window:n=2");
	CHECK_INT(lh_session_open(again, path, -1), 0);
	CHECK_INT(lh_session_run_id(again), lh_session_run_id(s));
	const char *first = lh_session_json(s, 0), *second = lh_session_json(again, 0);
	CHECK(first && second && !strcmp(first, second));
	CHECK_HAS(lh_session_json(s, 1), "\"started\"");
	lh_session_free(s);
	lh_session_free(again);
	unlink(path);
}

static void test_errors_are_told(void)
{
	struct lh_session *s = lh_session_new();
	CHECK(lh_session_json(s, 0) == NULL);
	CHECK_HAS(lh_session_error(s), "run an experiment");
	CHECK(lh_session_set(s, "turnz", "5") != 0);
	CHECK_HAS(lh_session_error(s), "did you mean --turns?");
	CHECK_INT(lh_session_set(s, "policy", "windw"), 0);            /* opened when it runs */
	CHECK_INT(lh_session_set(s, "output", "none"), 0);
	CHECK(lh_session_run(s) != 0);
	CHECK_HAS(lh_session_error(s), "did you mean 'window'?");
	CHECK(lh_session_table(s, 80) == NULL);
	CHECK(lh_session_open(s, "/nowhere/run.db", -1) != 0);
	CHECK_HAS(lh_session_error(s), "/nowhere/run.db");
	lh_session_free(s);
	lh_session_free(NULL);
}

static void test_stop_before_it_starts(void)
{
	int stop = 1;
	struct lh_session *s = small("none");
	lh_session_stop_on(s, &stop);
	CHECK_INT(lh_session_run(s), 0);
	CHECK_HAS(lh_session_json(s, 0), "stopped");
	lh_session_free(s);
}

static void test_the_demonstration(void)
{
	struct lh_session *s = lh_session_new();
	lh_session_demonstrate(s);
	CHECK_INT(lh_session_set(s, "output", "none"), 0);
	CHECK_INT(lh_session_run(s), 0);
	CHECK_HAS(lh_session_table(s, 100), "heal (oracle)");
	CHECK(lh_session_run_file(s) == NULL);
	lh_session_free(s);
}

int main(void)
{
	setenv("LONGHAUL_PLUGIN_PATH", LH_BINARY_DIR "/plugins", 1);
	setenv("LONGHAUL_POLICY_PATH", LH_SOURCE_DIR "/scripts/policies", 1);
	test_run_and_read_back();
	test_errors_are_told();
	test_stop_before_it_starts();
	test_the_demonstration();
	CHECK(strlen(lh_version()) > 0);
	return check_done();
}
