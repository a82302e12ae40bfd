#include "cli/cli.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* One that the session takes as `run` does. */
static bool session_option(struct lh_session *s, int argc, char **argv, int *i, const char *name, int *bad)
{
	const char *value = NULL;
	if (!lh_cli_option(argc, argv, i, name, &value, bad))
		return false;
	if (!*bad && !strcmp(name, "--plugin") && access(value, R_OK))
		*bad = lh_cli_usage("report", "--plugin %s: %s", value, strerror(errno));
	if (!*bad && lh_session_set(s, name + 2, value))
		*bad = lh_cli_session_fail(s);
	return true;
}

int lh_cmd_report(int argc, char **argv)
{
	const char *file = NULL, *run = NULL;
	struct lh_outputs out = { 0 };
	struct lh_session *s = lh_session_new();
	int bad = s ? 0 : lh_cli_fail(&(struct lh_error){ LH_E_NOMEM, "out of memory" });
	for (int i = 1; i < argc && !bad; i++) {
		if (session_option(s, argc, argv, &i, "--gate", &bad) || session_option(s, argc, argv, &i, "--inconclusive", &bad) ||
			session_option(s, argc, argv, &i, "--baseline", &bad) || session_option(s, argc, argv, &i, "--plugin", &bad) ||
			lh_cli_output_option(argc, argv, &i, &out, &bad) || lh_cli_option(argc, argv, &i, "--run", &run, &bad) ||
			session_option(s, argc, argv, &i, "--against", &bad))
			continue;
		if (argv[i][0] == '-')
			bad = lh_cli_usage("report", "there is no option %s", argv[i]);
		else if (file)
			bad = lh_cli_usage("report", "one run file at a time: %s and %s are given", file, argv[i]);
		else
			file = argv[i];
	}
	int64_t id = -1;
	if (!bad && !file)
		bad = lh_cli_usage("report", "which run file? longhaul run keeps its in longhaul.db");
	if (!bad && run && (!lh_str_to_int(lh_str_of(run), &id) || id < 0))
		bad = lh_cli_usage("report", "--run %s: a run's number is needed", run);
	int code = bad ? bad : lh_cli_check_outputs(&out, file);
	if (!code)
		code = lh_session_open(s, file, id) ? lh_cli_session_fail(s) : lh_cli_verdict(s, lh_cli_report(s, &out, lh_session_table_for));
	lh_session_free(s);
	return code;
}
