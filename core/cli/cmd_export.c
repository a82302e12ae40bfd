#include "cli/cli.h"

#include "run/baseline.h"

#include <string.h>

#define EXPORT_MAX (1u << 30)

struct export_args { const char *file, *format, *out, *run; int64_t id; };

static int read_args(int argc, char **argv, struct export_args *a)
{
	int bad = 0;
	for (int i = 1; i < argc && !bad; i++) {
		if (lh_cli_option(argc, argv, &i, "-o", &a->out, &bad) || lh_cli_option(argc, argv, &i, "--output", &a->out, &bad) ||
			lh_cli_option(argc, argv, &i, "--format", &a->format, &bad) || lh_cli_option(argc, argv, &i, "--run", &a->run, &bad))
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
		bad = lh_cli_usage("export", "--format is needed");
	if (!bad && !a->out)
		bad = lh_cli_usage("export", "where to? -o FILE (-: stdout)");
	if (!bad && a->run && (!lh_str_to_int(lh_str_of(a->run), &a->id) || a->id < 0))
		bad = lh_cli_usage("export", "--run %s: a run's number is needed", a->run);
	return bad;
}

static int export_baseline(const struct export_args *a, struct lh_buf *out, struct lh_error *err)
{
	struct lh_results *r;
	int rc = lh_results_load(a->file, a->id, &r, err);
	if (rc)
		return rc;
	rc = lh_baseline_write(r, out, err);
	if (rc)
		lh_prefix(err, "%s", a->file);
	lh_results_free(r);
	return rc;
}

/* The formats there are. */
static const struct format { const char *name; int (*make)(const struct export_args *a, struct lh_buf *out, struct lh_error *err); } formats[] = {
	{ "baseline", export_baseline },
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
	lh_cli_usage("export", "there is no format '%s'%s%s%s", name, near ? ": did you mean " : "", near ? near : "", near ? "?" : "");
	return NULL;
}

int lh_cmd_export(int argc, char **argv)
{
	struct export_args a = { .id = -1 };
	struct lh_error err = { 0 };
	struct lh_buf out;
	int code = read_args(argc, argv, &a);
	const struct format *f = code ? NULL : find(a.format);
	if (code || !f)
		return LH_EXIT_USAGE;
	code = lh_cli_check_output(a.out, a.file);
	if (code)
		return code;
	lh_buf_init(&out, EXPORT_MAX);
	code = f->make(&a, &out, &err) ? lh_cli_fail(&err) : lh_cli_write(a.out, lh_buf_str(&out));
	lh_buf_fini(&out);
	return code;
}
