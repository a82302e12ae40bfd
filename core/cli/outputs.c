/* The forms in which a report leaves the program. */
#include "cli/cli.h"

#include "ci/ci.h"
#include "report/session.h"

#include <string.h>

enum { TEXT_MAX = 1 << 28 };

const char lh_cli_outputs_help[] =
	"  --json FILE              the report as JSON (-: to stdout, instead of the table)\n"
	"  --junit FILE             a test case for each condition and each rule upon it, as JUnit XML (-: the same)\n"
	"  --no-timing              leave out of these what differs between identical runs\n";

/* ---- options ---- */

bool lh_cli_output_option(int argc, char **argv, int *i, struct lh_outputs *o, int *bad)
{
	if (lh_cli_option(argc, argv, i, "--no-timing", NULL, bad))
		return o->no_timing = true;
	return lh_cli_option(argc, argv, i, "--json", &o->json, bad) || lh_cli_option(argc, argv, i, "--junit", &o->junit, bad);
}

enum { FILES = 2 };

struct file { const char *option, *path; };

static void files_of(const struct lh_outputs *o, struct file out[FILES])
{
	out[0] = (struct file){ "--json", o->json };
	out[1] = (struct file){ "--junit", o->junit };
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

static int write_json(struct lh_session *s, const struct lh_outputs *o)
{
	const char *text = o->json ? lh_session_json(s, !o->no_timing) : "";
	if (!text)
		return lh_cli_session_fail(s);
	return o->json ? lh_cli_write(o->json, lh_str_of(text)) : LH_EXIT_DONE;
}

int lh_cli_write_outputs(struct lh_session *s, const struct lh_outputs *o)
{
	struct lh_ci ci = { .report = lh_session_report(s), .inconclusive = lh_session_experiment(s)->inconclusive, .timing = !o->no_timing };
	int code = write_json(s, o);
	return code ? code : write_form(&ci, o->junit, lh_ci_junit);
}

int lh_cli_report(struct lh_session *s, const struct lh_outputs *o, lh_cli_text *text)
{
	int code = lh_cli_write_outputs(s, o);
	return code || take_stdout(o) ? code : lh_cli_show(s, text);
}

int lh_cli_skipped_outputs(const struct lh_session *s, const struct lh_outputs *o)
{
	struct lh_buf text;
	if (!o->junit)
		return LH_EXIT_SKIPPED;
	lh_buf_init(&text, 1 << 16);
	lh_ci_junit_skipped(lh_str_of(lh_session_error(s)), &text);
	int code = write_made(o->junit, &text);
	lh_buf_fini(&text);
	return code ? code : LH_EXIT_SKIPPED;
}
