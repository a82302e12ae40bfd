#include "cli/cli.h"

#include "run/results.h"

#include <string.h>

int lh_cmd_report(int argc, char **argv)
{
	const char *file = NULL, *run = NULL;
	struct lh_outputs out = { .timing = true };
	int bad = 0;
	for (int i = 1; i < argc && !bad; i++) {
		if (lh_cli_option(argc, argv, &i, "--json", &out.json, &bad) || lh_cli_option(argc, argv, &i, "--run", &run, &bad))
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
	struct lh_error err = { 0 };
	struct lh_results *results;
	if (lh_results_load(file, id, &results, &err))
		return lh_cli_fail(&err);
	out.json_to_stdout = out.json && !strcmp(out.json, "-");
	int code = lh_cli_report(results, "", &out);
	lh_results_free(results);
	return code;
}
