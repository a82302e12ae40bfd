#include "cli/cli.h"
#include "cli/progress.h"

#include "base/utf8.h"
#include "run/experiment.h"
#include "task/task.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static volatile int stop_signal;

static void on_signal(int n)
{
	stop_signal = n;
}

static volatile int asked;               /* for a line of progress */

static void on_ask(int n)
{
	(void)n;
	asked = 1;
}

static pid_t running;                    /* 0: not running; workers, which inherit this, are other processes */

/* Only foreign code can end the program here: never let its exit code be taken for a verdict. */
static void on_exit_while_running(void)
{
	char words[300];
	if (running != getpid())
		return;
	const char *where = lh_task_running();
	int n = snprintf(words, sizeof words, "longhaul: %s ended the program while it was running\n", where ? where : "a task family (or a library)");
	ssize_t written = write(STDERR_FILENO, words, (size_t)n);
	(void)written;
	_exit(LH_EXIT_INTERNAL);
}

/* A file at its limit, or a peer that has gone, is an error of that write, not the end of the program:
 * the run file is to be closed whole. */
static void ignore_signals(void)
{
	signal(SIGXFSZ, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
}

static void catch_signals(void)
{
	ignore_signals();
	struct sigaction a = { .sa_handler = on_signal, .sa_flags = SA_RESETHAND };   /* a second one ends at once */
	sigemptyset(&a.sa_mask);
	sigaction(SIGINT, &a, NULL);
	sigaction(SIGTERM, &a, NULL);
	struct sigaction ask = { .sa_handler = on_ask, .sa_flags = SA_RESTART };
	sigemptyset(&ask.sa_mask);
	sigaction(SIGUSR1, &ask, NULL);
	atexit(on_exit_while_running);
}

int lh_cli_show(struct lh_session *s, lh_cli_text *make)
{
	struct lh_screen screen = lh_cli_screen();
	const char *text = make(s, screen.columns, screen.colour, screen.unicode);
	if (!text)
		return lh_cli_session_fail(s);
	lh_cli_put(stdout, lh_str_of(text));
	return LH_EXIT_DONE;
}

int lh_cli_verdict(const struct lh_session *s, int code)
{
	int gates = lh_session_gates(s);
	return code == LH_EXIT_DONE && gates > 0 ? gates : code;
}

/* ---- arguments ---- */

struct run_args { struct lh_outputs out; bool quiet, dry; const char *file, *every; double every_s; int bad; };

/* One argument that belongs to this command alone; true: it did. */
static bool own_option(int argc, char **argv, int *i, struct run_args *a)
{
	if (lh_cli_output_option(argc, argv, i, &a->out, &a->bad))
		return true;
	if (lh_cli_option(argc, argv, i, "--quiet", NULL, &a->bad))
		return a->quiet = true;
	if (lh_cli_option(argc, argv, i, "--progress", &a->every, &a->bad)) {
		if (!a->bad && (!lh_str_to_double(lh_str_of(a->every), &a->every_s) || a->every_s < 0 || a->every_s > 1e6))
			a->bad = lh_cli_usage("run", "--progress %s: a number of seconds is needed, 0 for none", a->every);
		return true;
	}
	a->dry = a->dry || !strcmp(argv[*i], "--dry-run");
	return false;
}

static const struct lh_cli_options options = { "run", { "json", "html", "junit", "markdown", "metrics", "github", "no-timing", "quiet", "progress" }, NULL };

static int read_args(struct lh_session *s, int argc, char **argv, struct run_args *a)
{
	int rc = lh_session_demonstrate(s);
	for (int i = 1; i < argc && !a->bad && !rc; i++) {
		if (own_option(argc, argv, &i, a))
			continue;
		if (argv[i][0] == '-' && argv[i][1]) {
			rc = lh_cli_set(s, &options, argc, argv, &i, &a->bad);
		} else if (a->file) {
			a->bad = lh_cli_usage("run", "two experiment files: %s and %s", a->file, argv[i]);
		} else {
			a->file = argv[i];
			rc = lh_session_load(s, a->file);
		}
	}
	return rc;
}

static bool is_done(struct lh_session *s) { return !strcmp(lh_session_status(s), "done"); }

static void say_where(struct lh_session *s)
{
	const char *path = lh_session_run_id(s) ? lh_session_run_file(s) : NULL;
	struct lh_buf b;
	lh_buf_init(&b, 1 << 16);
	if (path)
		lh_buf_printf(&b, "Run %lld is in %s; longhaul report %s prints this again. %.2f s.\n",
			(long long)lh_session_run_id(s), path, path, lh_session_wall_s(s));
	lh_cli_put(stderr, lh_buf_str(&b));
	lh_buf_fini(&b);
	if (path && !is_done(s))
		fputs("The same command with --resume goes on with it; what was answered is not asked again.\n", stderr);
}

/* Why the run did not come to its end, in a line of its own: the words may be a server's. */
static void say_why(struct lh_session *s)
{
	struct lh_buf b;
	if (stop_signal) {
		fputs("Interrupted: what there is follows.\n", stderr);
		return;
	}
	lh_buf_init(&b, 1 << 16);
	lh_put_shown(&b, lh_str_of(lh_session_status_cause(s)), false);
	fprintf(stderr, "longhaul: the run %s: ", strcmp(lh_session_status(s), "failed") ? "was stopped" : "failed");
	lh_cli_put(stderr, lh_buf_str(&b));
	fputs("\n", stderr);
	lh_buf_fini(&b);
}

/* An interrupted run is never green, nor is one that the network or a budget ended. */
static int code_of(struct lh_session *s, int code)
{
	if (code != LH_EXIT_DONE)
		return code;
	return stop_signal ? 128 + stop_signal : is_done(s) ? lh_cli_verdict(s, LH_EXIT_DONE) : LH_EXIT_INFRASTRUCTURE;
}

static int failed(struct lh_session *s, const struct run_args *a)
{
	int code = lh_cli_session_fail(s);
	if (stop_signal)
		return 128 + stop_signal;
	return code == LH_EXIT_SKIPPED ? lh_cli_skipped_outputs(s, &a->out) : code;
}

static int run(struct lh_session *s, const struct run_args *a)
{
	struct lh_cli_progress progress = { .quiet = a->quiet, .every_s = a->every_s, .asked = &asked };
	lh_cli_progress(s, &progress);
	lh_session_stop_on(s, &stop_signal);
	lh_session_isolate(s);
	catch_signals();
	int code = lh_cli_check_outputs(&a->out, lh_session_run_file(s));
	if (code)
		return code;
	running = getpid();
	int rc = lh_session_run(s);
	running = 0;
	signal(SIGPIPE, SIG_DFL);        /* `longhaul run | head` ends quietly */
	if (rc)
		return failed(s, a);
	if (!is_done(s))
		say_why(s);
	if (!a->quiet)
		say_where(s);
	if (!is_done(s) && !lh_session_turns(s))     /* a table of nothing says nothing */
		return code_of(s, lh_cli_write_outputs(s, &a->out));
	return code_of(s, lh_cli_report(s, &a->out, lh_session_table_for));
}

static int dry_run(struct lh_session *s)
{
	const char *text = lh_session_dry_run(s);
	if (!text)
		return lh_cli_session_fail(s);
	fputs(text, stdout);
	return LH_EXIT_DONE;
}

int lh_cmd_run(int argc, char **argv)
{
	struct run_args a = { .every_s = 30 };
	struct lh_session *s = lh_session_new();
	if (!s)
		return lh_cli_fail(&(struct lh_error){ LH_E_NOMEM, "out of memory" });
	int rc = read_args(s, argc, argv, &a);
	int code = a.bad ? a.bad : rc ? lh_cli_session_fail(s) : a.dry ? dry_run(s) : run(s, &a);
	lh_session_free(s);
	return code;
}
