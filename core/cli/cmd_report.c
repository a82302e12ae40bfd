#include "cli/cli.h"

#include <string.h>

int lh_cmd_report(int argc, char **argv)
{
	const char *file = NULL, *run = NULL, *against = NULL;
	struct lh_outputs out = { .timing = true };
	int bad = 0;
	for (int i = 1; i < argc && !bad; i++) {
		if (lh_cli_option(argc, argv, &i, "--json", &out.json, &bad) || lh_cli_option(argc, argv, &i, "--run", &run, &bad) ||
			lh_cli_option(argc, argv, &i, "--against", &against, &bad))
			continue;
		if (lh_cli_option(argc, argv, &i, "--no-timing", NULL, &bad))
			out.timing = false;
		else if (argv[i][0] == '-')
			bad = lh_cli_usage("report", "there is no option %s", argv[i]);
		else if (file)
			bad = lh_cli_usage("report", "one run file at a time: %s and %s are given", file, argv[i]);
		else
			file = argv[i];
	}
	if (bad)
		return bad;
	int64_t id = -1;
	if (!file)
		return lh_cli_usage("report", "which run file? longhaul run keeps its in longhaul.db");
	if (run && (!lh_str_to_int(lh_str_of(run), &id) || id < 0))
		return lh_cli_usage("report", "--run %s: a run's number is needed", run);
	struct lh_session *s = lh_session_new();
	if (!s)
		return lh_cli_fail(&(struct lh_error){ LH_E_NOMEM, "out of memory" });
	int code = out.json ? lh_cli_check_output(out.json, file) : LH_EXIT_DONE;
	if (!code && against && lh_session_set(s, "against", against))
		code = lh_cli_session_fail(s);
	if (!code)
		code = lh_session_open(s, file, id) ? lh_cli_session_fail(s) : lh_cli_report(s, &out);
	lh_session_free(s);
	return code;
}
