#include "cli/cli.h"

#include <stdio.h>
#include <string.h>

struct gate_args { const char *file, *run; struct lh_outputs out; int64_t id; };

/* The file first, then rules; -1: a rule or option that the session refused. */
static int read_args(struct lh_session *s, int argc, char **argv, struct gate_args *a)
{
	int bad = 0;
	for (int i = 1; i < argc && !bad; i++) {
		const char *value = NULL;
		if (lh_cli_output_option(argc, argv, &i, &a->out, &bad) || lh_cli_option(argc, argv, &i, "--run", &a->run, &bad))
			continue;
		if (lh_cli_option(argc, argv, &i, "--inconclusive", &value, &bad))
			bad = bad ? bad : lh_session_set(s, "inconclusive", value) ? lh_cli_session_fail(s) : 0;
		else if (lh_cli_option(argc, argv, &i, "--baseline", &value, &bad))
			bad = bad ? bad : lh_session_set(s, "baseline", value) ? lh_cli_session_fail(s) : 0;
		else if (argv[i][0] == '-')
			bad = lh_cli_usage("gate", "there is no option %s", argv[i]);
		else if (!a->file)
			a->file = argv[i];
		else if (lh_session_set(s, "gate", argv[i]))
			bad = lh_cli_session_fail(s);
	}
	if (!bad && !a->file)
		bad = lh_cli_usage("gate", "which run file? longhaul run keeps its in longhaul.db");
	if (!bad && a->run && (!lh_str_to_int(lh_str_of(a->run), &a->id) || a->id < 0))
		bad = lh_cli_usage("gate", "--run %s: a run's number is needed", a->run);
	return bad;
}

static int decide(struct lh_session *s, const struct gate_args *a)
{
	int code = lh_cli_check_outputs(&a->out, a->file);
	if (code)
		return code;
	if (lh_session_open(s, a->file, a->id))
		return lh_cli_session_fail(s);
	if (lh_session_gates(s) < 0)
		return lh_cli_usage("gate", "the run has no gates of its own: name a rule, such as 'horizon(0.5) >= 10'");
	code = lh_cli_report(s, &a->out, lh_session_gate_lines);
	return code ? code : lh_session_gates(s);
}

int lh_cmd_gate(int argc, char **argv)
{
	struct gate_args a = { .id = -1 };
	struct lh_session *s = lh_session_new();
	if (!s)
		return lh_cli_fail(&(struct lh_error){ LH_E_NOMEM, "out of memory" });
	int code = read_args(s, argc, argv, &a);
	if (!code)
		code = decide(s, &a);
	lh_session_free(s);
	return code;
}
