#include "cli/cli.h"

#include "base/utf8.h"
#include "inspect/inspect.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PATH_BYTES 4096
#define LEFT_SHOWN 20                    /* samples that are left out, each in a line */

struct import_args { const char *file, *out, *policy; struct lh_outputs outputs; bool quiet; };

static int read_args(int argc, char **argv, struct import_args *a)
{
	int bad = 0;
	for (int i = 1; i < argc && !bad; i++) {
		if (lh_cli_option(argc, argv, &i, "-o", &a->out, &bad) || lh_cli_option(argc, argv, &i, "--output", &a->out, &bad) ||
			lh_cli_option(argc, argv, &i, "--policy", &a->policy, &bad) || lh_cli_output_option(argc, argv, &i, &a->outputs, &bad))
			continue;
		if (lh_cli_option(argc, argv, &i, "--quiet", NULL, &bad))
			a->quiet = true;
		else if (argv[i][0] == '-')
			bad = lh_cli_usage("import", "there is no option %s", argv[i]);
		else if (a->file)
			bad = lh_cli_usage("import", "one log at a time: %s and %s are given", a->file, argv[i]);
		else
			a->file = argv[i];
	}
	if (!bad && !a->file)
		bad = lh_cli_usage("import", "which log? A file of Inspect AI, FILE.eval");
	if (!bad && !a->out)
		bad = lh_cli_usage("import", "where to? -o OUT.db names the run file that is made");
	if (!bad && !strcmp(a->out, "-"))
		bad = lh_cli_usage("import", "a run file does not go to stdout: -o OUT.db names it");
	return bad;
}

/* ---- the files beside the run file ---- */

struct files { char dataset[PATH_BYTES], replies[PATH_BYTES]; };

/* They are written into the specs of task and model, which have no way to quote a quote. */
static int name_files(const char *out, struct files *f)
{
	size_t n = strlen(out);
	if (n > 3 && !strcmp(out + n - 3, ".db"))
		n -= 3;
	if (n > PATH_BYTES - 64 || strchr(out, '"'))
		return lh_cli_usage("import", "-o %s: a shorter name is needed, without quotes", out);
	snprintf(f->dataset, sizeof f->dataset, "%.*s.dataset.json", (int)n, out);
	snprintf(f->replies, sizeof f->replies, "%.*s.replies.jsonl", (int)n, out);
	const char *const all[] = { out, f->dataset, f->replies };
	for (int i = 0; i < 3; i++)
		if (!access(all[i], F_OK))
			return lh_cli_usage("import", "%s is there already: nothing is written over; name another file by -o", all[i]);
	return lh_cli_check_output(out, NULL);
}

/* A report goes over none of the files that are read or made here. */
static int check_reports(const struct import_args *a, const struct files *f)
{
	const char *const kept[] = { a->file, f->dataset, f->replies };
	const char *const reports[] = { a->outputs.json, a->outputs.html, a->outputs.junit, a->outputs.markdown, a->outputs.metrics };
	for (size_t i = 0; i < sizeof reports / sizeof *reports; i++)
		for (size_t k = 0; k < sizeof kept / sizeof *kept && reports[i]; k++)
			if (lh_cli_same_file(reports[i], kept[k]))
				return lh_cli_usage("import", "%s is %s: a report over it would destroy it; name another file", reports[i],
					k ? "made beside the run file" : "the log that is read");
	return lh_cli_check_outputs(&a->outputs, a->out);
}

static void remove_files(const struct files *f)
{
	unlink(f->dataset);
	unlink(f->replies);
}

static void say_left(void *user, struct lh_str line)
{
	int *said = user;
	struct lh_buf b;
	if (++*said > LEFT_SHOWN)
		return;
	lh_buf_init(&b, 16384);
	lh_buf_printf(&b, "%.*s\n", LH_ARG(line));
	lh_cli_put(stderr, lh_buf_str(&b));
	lh_buf_fini(&b);
}

/* ---- the run ---- */

static int set_number(struct lh_session *s, const char *name, uint64_t v)
{
	char text[32];
	snprintf(text, sizeof text, "%llu", (unsigned long long)v);
	return lh_session_set(s, name, text);
}

static int set_specs(struct lh_session *s, const struct lh_inspect_import *x)
{
	char spec[PATH_BYTES + 64];
	snprintf(spec, sizeof spec, "kv_sum:dataset=\"%s\"%s", x->dataset, x->tools ? ",tools=true" : "");
	int rc = lh_session_set(s, "task", spec);
	snprintf(spec, sizeof spec, "replay:\"%s\"", x->replies);
	return rc ? rc : lh_session_set(s, "model", spec);
}

static int set_up(struct lh_session *s, const struct import_args *a, const struct lh_inspect_import *x)
{
	int rc = set_specs(s, x);
	if (!rc)
		rc = lh_session_set(s, "policy", a->policy ? a->policy : x->policy ? x->policy : "full_history");
	if (!rc)
		rc = set_number(s, "turns", x->turns);
	if (!rc)
		rc = set_number(s, "samples", (uint64_t)x->samples);
	if (!rc)
		rc = set_number(s, "steps-per-turn", x->steps_per_turn);
	if (!rc)
		rc = set_number(s, "seed", x->seed);
	if (!rc && x->stop_at_error)
		rc = lh_session_set(s, "stop-at-error", "");
	if (!rc)
		rc = lh_session_set(s, "output", a->out);
	return rc;
}

static void say_what(const struct import_args *a, const struct lh_inspect_import *x)
{
	struct lh_buf b;
	lh_buf_init(&b, 1 << 16);
	lh_buf_printf(&b, "%lld samples of %u turns, said by ", (long long)x->samples, x->turns);
	lh_put_shown(&b, lh_str_of(x->model), false);
	lh_buf_printf(&b, ", are in %s; longhaul report %s prints this again. It names %s and %s.\n", a->out, a->out, x->dataset, x->replies);
	lh_cli_put(stderr, lh_buf_str(&b));
	lh_buf_fini(&b);
}

static int score(struct lh_session *s, const struct import_args *a, const struct lh_inspect_import *x)
{
	int rc = set_up(s, a, x);
	if (!rc) {
		lh_session_isolate(s);
		rc = lh_session_run(s);
	}
	if (rc)
		return lh_cli_session_fail(s);
	if (!a->quiet)
		say_what(a, x);
	int code = lh_cli_report(s, &a->outputs, lh_session_table_for);
	return code == LH_EXIT_DONE && strcmp(lh_session_status(s), "done") ? LH_EXIT_INFRASTRUCTURE : code;
}

/* The log is anybody's: its policy is taken by name, never as a file. */
static int check_policy(const struct import_args *a, struct lh_inspect_import *x)
{
	size_t n = x->policy ? strcspn(x->policy, ":") : 0;
	bool file = n >= 4 && !strncmp(x->policy + n - 4, ".lua", 4);
	if (a->policy || !x->policy || (!file && !strpbrk(x->policy, "/\\")))
		return 0;
	return lh_cli_usage("import", "the log's policy is the file '%s', which is not taken from here: name it by --policy", x->policy);
}

int lh_cmd_import(int argc, char **argv)
{
	struct import_args a = { 0 };
	struct files files;
	struct lh_error err = { 0 };
	signal(SIGXFSZ, SIG_IGN);                /* a write that fails says why */
	int left = 0, code = read_args(argc, argv, &a);
	if (code || (code = name_files(a.out, &files)) || (code = check_reports(&a, &files)))
		return code;
	struct lh_inspect_import x = { .dataset = files.dataset, .replies = files.replies, .left = say_left, .user = &left };
	int rc = lh_inspect_import(&x, a.file, &err);
	if (left > LEFT_SHOWN)
		fprintf(stderr, "and %d more.\n", left - LEFT_SHOWN);
	if (rc)
		return lh_cli_fail(&err);
	if (x.left_out)
		fprintf(stderr, "%lld of %lld samples are left out.\n", (long long)x.left_out, (long long)(x.left_out + x.samples));
	struct lh_session *s = lh_session_new();
	code = !s ? lh_cli_fail(&(struct lh_error){ LH_E_NOMEM, "out of memory" }) : (code = check_policy(&a, &x)) ? code : score(s, &a, &x);
	lh_session_free(s);
	free(x.policy);
	if (code != LH_EXIT_DONE && access(a.out, F_OK))
		remove_files(&files);
	return code;
}
