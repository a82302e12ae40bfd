#include "cli/cli.h"

#include "report/assemble.h"
#include "run/run.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static volatile int stop_signal;

static void on_signal(int n)
{
	stop_signal = n;
}

static void catch_signals(void)
{
	struct sigaction a = { .sa_handler = on_signal, .sa_flags = SA_RESETHAND };   /* a second one ends at once */
	sigemptyset(&a.sa_mask);
	sigaction(SIGINT, &a, NULL);
	sigaction(SIGTERM, &a, NULL);
}

static int columns(void)
{
	struct winsize size;
	const char *env = getenv("COLUMNS");
	if (env && atoi(env) > 0)
		return atoi(env);
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col)
		return size.ws_col;
	return 100;
}

static bool unicode(void)
{
	const char *names[] = { "LC_ALL", "LC_CTYPE", "LANG" };
	for (int i = 0; i < 3; i++) {
		const char *v = getenv(names[i]);
		if (v && *v)
			return strcasestr(v, "utf-8") || strcasestr(v, "utf8");
	}
	return true;
}

int lh_cli_report(const struct lh_results *results, const char *command, const struct lh_outputs *outputs)
{
	struct lh_error err = { 0 };
	struct lh_report *report;
	if (lh_report_of(results, command, &report, &err))
		return lh_cli_fail(&err);
	struct lh_buf b;
	int code = LH_EXIT_DONE;
	lh_buf_init(&b, 1u << 30);
	if (outputs->json) {
		lh_report_json(report, outputs->timing, &b);
		code = lh_cli_write(outputs->json, &b);
		lh_buf_clear(&b);
	}
	if (!outputs->json_to_stdout) {
		bool terminal = isatty(STDOUT_FILENO), plain = getenv("NO_COLOR") && *getenv("NO_COLOR");
		struct lh_report_style style = { .colour = terminal && !plain, .unicode = unicode(), .columns = columns() };
		lh_report_table(report, &style, &b);
		lh_cli_print(&b);
	}
	if (lh_buf_ok(&b, &err))
		code = lh_cli_fail(&err);
	lh_buf_fini(&b);
	lh_report_free(report);
	return code;
}

/* ---- progress ---- */

static void show_progress(void *user, const struct lh_progress *p)
{
	bool terminal = *(bool *)user;
	if (!terminal)
		return;
	double rate = p->elapsed_s > 0 ? (double)p->turns / p->elapsed_s : 0;
	double left = rate > 0 ? (double)(p->turns_most - p->turns) / rate : 0;
	fprintf(stderr, "\r%lld of %lld episodes, %.0f turns/s, %.0f s left \033[K", (long long)p->episodes, (long long)p->episodes_all, rate, left);
	if (p->episodes == p->episodes_all)
		fputs("\r\033[K", stderr);
	fflush(stderr);
}

/* ---- arguments ---- */

struct run_args { struct lh_outputs out; bool quiet; const char *file; int bad; };

/* One argument that belongs to this command alone; true: it did. */
static bool own_option(int argc, char **argv, int *i, struct run_args *a)
{
	if (lh_cli_option(argc, argv, i, "--json", &a->out.json, &a->bad))
		return true;
	if (lh_cli_option(argc, argv, i, "--quiet", NULL, &a->bad))
		return a->quiet = true;
	if (lh_cli_option(argc, argv, i, "--no-timing", NULL, &a->bad)) {
		a->out.timing = false;
		return true;
	}
	return false;
}

static bool is_switch(struct lh_str name)
{
	for (const struct lh_option_info *o = lh_run_options; o->name; o++)
		if (lh_str_is(name, o->name))
			return !o->value;
	return true;                             /* unknown: let it be named in the message */
}

static int set(struct lh_experiment *e, int argc, char **argv, int *i, struct lh_error *err)
{
	const char *arg = argv[*i] + 2, *equals = strchr(arg, '=');
	struct lh_str name = { arg, equals ? (size_t)(equals - arg) : strlen(arg) };
	if (!strcmp(argv[*i], "-o"))
		name = LH_STR("output"), equals = NULL;
	struct lh_str value = lh_str_of(equals ? equals + 1 : "");
	if (!equals && !is_switch(name)) {
		if (*i + 1 >= argc)
			return lh_fail(err, LH_E_USAGE, "%s needs a value", argv[*i]);
		value = lh_str_of(argv[++*i]);
	}
	return lh_experiment_set(e, name, value, LH_FROM_LINE, NULL, err);
}

static int read_args(struct lh_experiment *e, int argc, char **argv, struct run_args *a, struct lh_error *err)
{
	bool chosen = false;
	for (int i = 1; i < argc && !a->bad; i++) {
		int rc = 0;
		if (own_option(argc, argv, &i, a))
			continue;
		if (argv[i][0] == '-' && argv[i][1]) {
			bool what = strncmp(argv[i], "--output", 8) && strncmp(argv[i], "-o", 2) && strncmp(argv[i], "--concurrency", 13) && strncmp(argv[i], "--jobs", 6);
			chosen = chosen || what;
			rc = set(e, argc, argv, &i, err);
		} else if (a->file) {
			rc = lh_fail(err, LH_E_USAGE, "two experiment files: %s and %s", a->file, argv[i]);
		} else {
			a->file = argv[i];
			chosen = true;
			rc = lh_experiment_load(e, a->file, err);
		}
		if (rc)
			return rc;
	}
	e->demonstration = !chosen;
	a->out.json_to_stdout = a->out.json && !strcmp(a->out.json, "-");
	return 0;
}

static void put_command(struct lh_buf *b, int argc, char **argv)
{
	lh_buf_puts(b, "longhaul");
	for (int i = 0; i < argc; i++) {
		bool plain = argv[i][0] && !argv[i][strspn(argv[i], "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.,:=/+")];
		lh_buf_printf(b, plain ? " %s" : " '%s'", argv[i]);
	}
}

static int finish(struct lh_results *r, int argc, char **argv, const struct run_args *a)
{
	struct lh_buf command;
	lh_buf_init(&command, 1 << 16);
	put_command(&command, argc, argv);
	int code = lh_cli_report(r, command.p, &a->out);
	lh_buf_fini(&command);
	return code == LH_EXIT_DONE && stop_signal ? 128 + stop_signal : code;
}

static void say_where(const struct lh_experiment *e, const struct lh_results *r, const struct run_args *a)
{
	const char *path = e->output ? e->output : "longhaul.db";
	if (a->quiet)
		return;
	if (stop_signal)
		fputs("Interrupted: what there is follows.\n", stderr);
	if (strcmp(path, "none"))
		fprintf(stderr, "Run %lld is in %s; longhaul report %s prints this again. %.2f s.\n", (long long)r->run, path, path, r->wall_s);
}

int lh_cmd_run(int argc, char **argv)
{
	struct lh_experiment e;
	struct lh_error err = { 0 };
	struct lh_results *results = NULL;
	struct run_args a = { .out = { .timing = true } };
	lh_experiment_init(&e);
	int rc = read_args(&e, argc, argv, &a, &err), code;
	if (a.bad) {
		lh_experiment_fini(&e);
		return a.bad;
	}
	bool terminal = isatty(STDERR_FILENO) && !a.quiet;
	struct lh_run_hooks hooks = { .progress = show_progress, .user = &terminal, .stop = &stop_signal };
	if (!rc) {
		catch_signals();
		rc = lh_run(&e, &hooks, &results, &err);
	}
	if (rc) {
		code = lh_cli_fail(&err);
	} else {
		say_where(&e, results, &a);
		code = finish(results, argc, argv, &a);
	}
	lh_results_free(results);
	lh_experiment_fini(&e);
	return code;
}
