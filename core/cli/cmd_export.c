#include "cli/cli.h"

#include "inspect/inspect.h"
#include "run/baseline.h"
#include "again/export.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define EXPORT_MAX (1u << 30)

enum { SAID = 1 };                          /* what went wrong was said already */

struct export_args { const char *file, *format, *out, *run, *condition; int64_t id, number; };

static int read_args(int argc, char **argv, struct export_args *a)
{
	int bad = 0;
	for (int i = 1; i < argc && !bad; i++) {
		if (lh_cli_option(argc, argv, &i, "-o", &a->out, &bad) || lh_cli_option(argc, argv, &i, "--output", &a->out, &bad) ||
			lh_cli_option(argc, argv, &i, "--format", &a->format, &bad) || lh_cli_option(argc, argv, &i, "--run", &a->run, &bad) ||
			lh_cli_option(argc, argv, &i, "--condition", &a->condition, &bad))
			continue;
		if (argv[i][0] == '-')
			bad = lh_cli_usage("export", "there is no option %s", argv[i]);
		else if (a->file)
			bad = lh_cli_usage("export", "one run file at a time: %s and %s are given", a->file, argv[i]);
		else
			a->file = argv[i];
	}
	if (!bad && !a->file)
		bad = lh_cli_usage("export", "which run file? longhaul run keeps its in longhaul.db");
	if (!bad && !a->format)
		bad = lh_cli_usage("export", "--format is needed: baseline, jsonl, csv, messages or inspect");
	if (!bad && !a->out)
		bad = lh_cli_usage("export", "where to? -o FILE (-: stdout)");
	if (!bad && a->run && (!lh_str_to_int(lh_str_of(a->run), &a->id) || a->id < 0))
		bad = lh_cli_usage("export", "--run %s: a run's number is needed", a->run);
	if (!bad && a->condition && (!lh_str_to_int(lh_str_of(a->condition), &a->number) || a->number < 0))
		bad = lh_cli_usage("export", "--condition %s: a condition's number is needed, from 0", a->condition);
	return bad;
}

/* ---- a baseline ---- */

static int export_baseline(const struct export_args *a, struct lh_error *err)
{
	struct lh_results *r;
	struct lh_buf out;
	int rc = lh_results_load(a->file, a->id, &r, err);
	if (rc)
		return rc;
	lh_buf_init(&out, EXPORT_MAX);
	rc = lh_baseline_write(r, &out, err);
	if (rc)
		lh_prefix(err, "%s", a->file);
	else if (lh_cli_write(a->out, lh_buf_str(&out)))
		rc = SAID;
	lh_buf_fini(&out);
	lh_results_free(r);
	return rc;
}

/* ---- line by line ---- */

struct sink { const char *path; FILE *file; };

/* With the first line: what cannot be exported leaves the file that was there. */
static bool is_open(struct sink *s)
{
	if (!s->file)
		s->file = strcmp(s->path, "-") ? fopen(s->path, "wbe") : stdout;
	return s->file;
}

static int put_lines(void *user, struct lh_str lines, struct lh_error *err)
{
	struct sink *s = user;
	if (is_open(s) && fwrite(lines.p, 1, lines.n, s->file) == lines.n)
		return 0;
	return lh_fail(err, LH_E_IO, "%s: %s; what is there now is not whole", s->path, strerror(errno));
}

static void say_left_out(const struct lh_export *e)
{
	if (e->left_out)
		fprintf(stderr, "%lld episodes with a made history are left out: the file does not hold it as messages; longhaul transcript makes it again.\n", (long long)e->left_out);
}

static int export_lines(const struct export_args *a, enum lh_export_format format, struct lh_error *err)
{
	struct sink s = { a->out, NULL };
	struct lh_export e = { .format = format, .run = a->id, .put = put_lines, .user = &s };
	int rc = lh_export(&e, a->file, err);
	if (!rc)                                 /* a run without a turn is a file without a line */
		rc = put_lines(&s, (struct lh_str){ "", 0 }, err);
	if (s.file && s.file != stdout && fclose(s.file) && !rc)
		rc = lh_fail(err, LH_E_IO, "%s: %s; what is there now is not whole", a->out, strerror(errno));
	if (!rc)
		say_left_out(&e);
	return rc;
}

static int export_jsonl(const struct export_args *a, struct lh_error *err) { return export_lines(a, LH_EXPORT_JSONL, err); }
static int export_csv(const struct export_args *a, struct lh_error *err) { return export_lines(a, LH_EXPORT_CSV, err); }
static int export_messages(const struct export_args *a, struct lh_error *err) { return export_lines(a, LH_EXPORT_MESSAGES, err); }

/* ---- logs ---- */

/* A folder, unless the name is a log's. */
static bool names_folder(const char *out)
{
	struct stat st;
	size_t n = strlen(out);
	if (!stat(out, &st))
		return S_ISDIR(st.st_mode);
	return n < 5 || strcmp(out + n - 5, ".eval");
}

static int export_inspect(const struct export_args *a, struct lh_error *err)
{
	struct lh_inspect_export x = { .run = a->id, .condition = a->number, .folder = names_folder(a->out) };
	int rc = lh_inspect_export(&x, a->file, a->out, err);
	if (!rc && x.left_out)
		fprintf(stderr, "%lld episodes with a made history are left out: their task family is not found here, or makes another history now.\n", (long long)x.left_out);
	return rc;
}

/* ---- the formats there are ---- */

static const struct format { const char *name; int (*make)(const struct export_args *a, struct lh_error *err); } formats[] = {
	{ "baseline", export_baseline }, { "jsonl", export_jsonl }, { "csv", export_csv }, { "messages", export_messages },
	{ "inspect", export_inspect },
};
enum { FORMATS = sizeof formats / sizeof *formats };

static const struct format *find(const char *name)
{
	const char *names[FORMATS + 1] = { NULL };
	for (int i = 0; i < FORMATS; i++) {
		if (!strcmp(name, formats[i].name))
			return &formats[i];
		names[i] = formats[i].name;
	}
	const char *near = lh_nearest(lh_str_of(name), names);
	lh_cli_usage("export", "there is no format '%s'%s%s%s baseline, jsonl, csv, messages and inspect", name, near ? ": did you mean " : "", near ? near : "", near ? "? There are" : "; there are");
	return NULL;
}

/* Before anything is read: may it be written there? */
static int check_output(const struct export_args *a, const struct format *f)
{
	bool log = f->make == export_inspect;
	if (!log && a->condition)
		return lh_cli_usage("export", "--condition belongs to --format inspect: the other formats hold every condition");
	if (log && !strcmp(a->out, "-"))
		return lh_cli_usage("export", "a log of Inspect is a file: -o FILE.eval, or a folder for a log of each condition");
	return log && names_folder(a->out) ? LH_EXIT_DONE : lh_cli_check_output(a->out, a->file);
}

int lh_cmd_export(int argc, char **argv)
{
	struct export_args a = { .id = -1, .number = -1 };
	struct lh_error err = { 0 };
	signal(SIGXFSZ, SIG_IGN);                /* a write that fails says why */
	int code = read_args(argc, argv, &a);
	const struct format *f = code ? NULL : find(a.format);
	if (!f)
		return LH_EXIT_USAGE;
	code = check_output(&a, f);
	if (code)
		return code;
	int rc = f->make(&a, &err);
	return rc == SAID ? LH_EXIT_USAGE : rc ? lh_cli_fail(&err) : LH_EXIT_DONE;
}
