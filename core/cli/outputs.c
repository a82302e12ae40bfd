/* The forms in which a report leaves the program. */
#include "cli/cli.h"

#include "ci/github.h"
#include "report/session.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_MAX = 1 << 28 };

const char lh_cli_outputs_help[] =
	"  --json FILE              the report as JSON (-: to stdout, instead of the table)\n"
	"  --html FILE              the report as one HTML page that needs nothing else (-: the same)\n"
	"  --junit FILE             a test case for each condition and each rule, as JUnit XML (-: the same)\n"
	"  --markdown FILE          verdict, rules, tables, curves, first errors as Markdown (-: same)\n"
	"  --metrics FILE           horizons, error rates, tokens, verdicts as OpenMetrics (-: the same)\n"
	"  --github                 for a step of a GitHub workflow: the Markdown into $GITHUB_STEP_SUMMARY,\n"
	"                           values into $GITHUB_OUTPUT, at most ten annotations on stdout\n"
	"  --no-timing              leave out of these what differs between identical runs\n";

/* ---- options ---- */

bool lh_cli_output_option(int argc, char **argv, int *i, struct lh_outputs *o, int *bad)
{
	if (lh_cli_option(argc, argv, i, "--no-timing", NULL, bad))
		return o->no_timing = true;
	if (lh_cli_option(argc, argv, i, "--github", NULL, bad))
		return o->github = true;
	return lh_cli_option(argc, argv, i, "--json", &o->json, bad) || lh_cli_option(argc, argv, i, "--html", &o->html, bad) || lh_cli_option(argc, argv, i, "--junit", &o->junit, bad) ||
		lh_cli_option(argc, argv, i, "--markdown", &o->markdown, bad) || lh_cli_option(argc, argv, i, "--metrics", &o->metrics, bad);
}

enum { FILES = 5 };

struct file { const char *option, *path; };

static void files_of(const struct lh_outputs *o, struct file out[FILES])
{
	out[0] = (struct file){ "--json", o->json };
	out[1] = (struct file){ "--junit", o->junit };
	out[2] = (struct file){ "--markdown", o->markdown };
	out[3] = (struct file){ "--metrics", o->metrics };
	out[4] = (struct file){ "--html", o->html };
}

static bool take_stdout(const struct lh_outputs *o)
{
	struct file f[FILES];
	files_of(o, f);
	for (int i = 0; i < FILES; i++)
		if (f[i].path && !strcmp(f[i].path, "-"))
			return true;
	return false;
}

/* The variables that name the files of a step are there; stdout is for the annotations. */
static void check_github(const struct lh_outputs *o, struct lh_error *err)
{
	const char *const names[] = { "GITHUB_STEP_SUMMARY", "GITHUB_OUTPUT" };
	for (int i = 0; i < 2 && !err->code; i++)
		if (!getenv(names[i]) || !*getenv(names[i]))
			lh_fail(err, LH_E_USAGE, "--github is for a step of a GitHub workflow, where %s is set to a file: it is not; elsewhere --markdown FILE writes the summary", names[i]);
	if (!err->code && take_stdout(o))
		lh_fail(err, LH_E_USAGE, "--github prints annotations on stdout, so no other output can go there: name a file in place of -");
}

int lh_cli_check_outputs(const struct lh_outputs *o, const char *run_file)
{
	struct file f[FILES];
	struct lh_error err = { 0 };
	files_of(o, f);
	for (int i = 0; i < FILES; i++) {
		int code = f[i].path ? lh_cli_check_output(f[i].path, run_file) : LH_EXIT_DONE;
		if (code)
			return code;
		for (int k = 0; k < i && f[i].path; k++)
			if (f[k].path && !strcmp(f[i].path, f[k].path))
				lh_fail(&err, LH_E_USAGE, "%s and %s would both go to %s: name two files", f[k].option, f[i].option, strcmp(f[i].path, "-") ? f[i].path : "stdout");
	}
	if (o->github && !err.code)
		check_github(o, &err);
	return err.code ? lh_cli_fail(&err) : LH_EXIT_DONE;
}

/* ---- writing ---- */

static int write_made(const char *path, const struct lh_buf *text)
{
	struct lh_error err = { 0 };
	return lh_buf_ok(text, &err) ? lh_cli_fail(&err) : lh_cli_write(path, lh_buf_str(text));
}

/* path: NULL: not asked for. */
static int write_form(const struct lh_ci *ci, const char *path, void (*form)(const struct lh_ci *ci, struct lh_buf *out))
{
	struct lh_buf text;
	if (!path)
		return LH_EXIT_DONE;
	lh_buf_init(&text, TEXT_MAX);
	form(ci, &text);
	int code = write_made(path, &text);
	lh_buf_fini(&text);
	return code;
}

/* ---- a step of a GitHub workflow ---- */

/* At the end of a file that other steps and commands write to as well. */
static int append(const char *path, const struct lh_buf *text)
{
	struct lh_error err = { 0 };
	if (lh_buf_ok(text, &err))
		return lh_cli_fail(&err);
	FILE *f = fopen(path, "abe");
	bool ok = f && fwrite(text->p ? text->p : "", 1, text->n, f) == text->n;
	int saved = errno;
	if (f && fclose(f))
		ok = false, saved = errno;
	if (ok)
		return LH_EXIT_DONE;
	lh_fail(&err, LH_E_IO, "%s: %s", path, strerror(saved));
	return lh_cli_fail(&err);
}

/* As the workflow knows the file: from the top of the checkout, wherever in it the step was. room: for the answer. */
static const char *from_the_top(const char *path, char room[PATH_MAX])
{
	char top[PATH_MAX];
	const char *named = getenv("GITHUB_WORKSPACE");
	if (!named || !realpath(named, top) || !realpath(path, room))
		return path;
	size_t n = strlen(top);
	return !strncmp(room, top, n) && room[n] == '/' ? room + n + 1 : path;
}

static int annotate(const struct lh_ci *ci)
{
	struct lh_buf text;
	char room[PATH_MAX];
	const char *file = ci->report->run.experiment.n ? from_the_top(ci->report->run.experiment.p, room) : NULL;
	lh_buf_init(&text, TEXT_MAX);
	lh_ci_github_annotations(ci, file, &text);
	fwrite(text.p ? text.p : "", 1, text.n, stdout);
	lh_buf_fini(&text);
	return LH_EXIT_DONE;
}

static int write_github(struct lh_session *s, const struct lh_ci *ci)
{
	struct lh_buf text;
	lh_buf_init(&text, TEXT_MAX);
	lh_ci_markdown(ci, &text);
	int code = append(getenv("GITHUB_STEP_SUMMARY"), &text);
	lh_buf_clear(&text);
	lh_ci_github_outputs(ci, lh_session_run_file(s), &text);
	code = code ? code : append(getenv("GITHUB_OUTPUT"), &text);
	lh_buf_fini(&text);
	return code ? code : annotate(ci);
}

static int skip_github(struct lh_str reason)
{
	struct lh_buf text;
	lh_buf_init(&text, 1 << 16);
	lh_buf_puts(&text, "verdict=skipped\n");
	int code = append(getenv("GITHUB_OUTPUT"), &text);
	lh_buf_clear(&text);
	lh_ci_github_skipped(reason, &text);
	fwrite(text.p ? text.p : "", 1, text.n, stdout);
	lh_buf_fini(&text);
	return code;
}

/* ---- all ---- */

/* The same value, spelled so that no line of it is a command: "##" stands in strings only. */
static int print_json(struct lh_str text)
{
	for (size_t i = 0; i < text.n; i++)
		if (text.p[i] == '#' && i > 0 && text.p[i - 1] == '#')
			fputs("\\u0023", stdout);
		else
			putchar(text.p[i]);
	return LH_EXIT_DONE;
}

static int write_json(struct lh_session *s, const struct lh_outputs *o)
{
	const char *text = o->json ? lh_session_json(s, !o->no_timing) : "";
	if (!text)
		return lh_cli_session_fail(s);
	if (o->json && !strcmp(o->json, "-") && lh_cli_is_watched())
		return print_json(lh_str_of(text));
	return o->json ? lh_cli_write(o->json, lh_str_of(text)) : LH_EXIT_DONE;
}

static int write_html(struct lh_session *s, const struct lh_outputs *o)
{
	const char *text = o->html ? lh_session_html(s, !o->no_timing) : "";
	if (!text)
		return lh_cli_session_fail(s);
	return o->html ? lh_cli_write(o->html, lh_str_of(text)) : LH_EXIT_DONE;
}

int lh_cli_write_outputs(struct lh_session *s, const struct lh_outputs *o)
{
	if ((o->markdown || o->github) && lh_session_read_failures(s))
		return lh_cli_session_fail(s);
	struct lh_ci ci = { .report = lh_session_report(s), .inconclusive = lh_session_experiment(s)->inconclusive, .timing = !o->no_timing };
	int code = write_json(s, o);
	code = code ? code : write_html(s, o);
	code = code ? code : write_form(&ci, o->junit, lh_ci_junit);
	code = code ? code : write_form(&ci, o->markdown, lh_ci_markdown);
	code = code ? code : write_form(&ci, o->metrics, lh_ci_metrics);
	return code || !o->github ? code : write_github(s, &ci);
}

int lh_cli_report(struct lh_session *s, const struct lh_outputs *o, lh_cli_text *text)
{
	int code = lh_cli_write_outputs(s, o);
	return code || take_stdout(o) ? code : lh_cli_show(s, text);
}

int lh_cli_skipped_outputs(const struct lh_session *s, const struct lh_outputs *o)
{
	struct lh_buf text;
	struct lh_str reason = lh_str_of(lh_session_error(s));
	lh_buf_init(&text, 1 << 16);
	lh_ci_junit_skipped(reason, &text);
	int code = o->junit ? write_made(o->junit, &text) : LH_EXIT_DONE;
	lh_buf_fini(&text);
	code = code || !o->github ? code : skip_github(reason);
	return code ? code : LH_EXIT_SKIPPED;
}
