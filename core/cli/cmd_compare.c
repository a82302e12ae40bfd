#include "cli/cli.h"

#include <stdio.h>
#include <string.h>

struct compare_args { const char *file[2], *run, *base_run, *against, *json; int files; };

static int read_args(int argc, char **argv, struct compare_args *a)
{
	int bad = 0;
	for (int i = 1; i < argc && !bad; i++) {
		if (lh_cli_option(argc, argv, &i, "--json", &a->json, &bad) || lh_cli_option(argc, argv, &i, "--run", &a->run, &bad) ||
			lh_cli_option(argc, argv, &i, "--base-run", &a->base_run, &bad) || lh_cli_option(argc, argv, &i, "--against", &a->against, &bad))
			continue;
		if (argv[i][0] == '-')
			bad = lh_cli_usage("compare", "there is no option %s", argv[i]);
		else if (a->files == 2)
			bad = lh_cli_usage("compare", "two run files, BASE.db and NEW.db; %s is one too many", argv[i]);
		else
			a->file[a->files++] = argv[i];
	}
	if (!bad && a->files < 2)
		bad = lh_cli_usage("compare", "which run files? First the one to compare with, then the new one");
	return bad;
}

static int read_id(const char *option, const char *text, int64_t *id)
{
	*id = -1;
	if (!text || (lh_str_to_int(lh_str_of(text), id) && *id >= 0))
		return 0;
	return lh_cli_usage("compare", "%s %s: a run's number is needed", option, text);
}

static int show(struct lh_session *s, const char *json)
{
	if (json) {
		const char *text = lh_session_comparison_json(s);
		int code = text ? lh_cli_write(json, lh_str_of(text)) : lh_cli_session_fail(s);
		if (code || !strcmp(json, "-"))
			return code;
	}
	struct lh_screen screen = lh_cli_screen();
	const char *text = lh_session_comparison_for(s, screen.columns, screen.colour, screen.unicode);
	if (!text)
		return lh_cli_session_fail(s);
	lh_cli_put(stdout, lh_str_of(text));
	return LH_EXIT_DONE;
}

static int compare(struct lh_session *s, const struct compare_args *a, int64_t base_run, int64_t run)
{
	if (a->against && lh_session_set(s, "against", a->against))
		return lh_cli_session_fail(s);
	if (lh_session_compare(s, a->file[0], base_run, a->file[1], run))
		return lh_cli_session_fail(s);
	int code = show(s, a->json);
	return code ? code : lh_session_compared_done(s) ? LH_EXIT_DONE : LH_EXIT_INFRASTRUCTURE;
}

int lh_cmd_compare(int argc, char **argv)
{
	struct compare_args a = { .files = 0 };
	int64_t run, base_run;
	int code = read_args(argc, argv, &a);
	if (!code)
		code = read_id("--run", a.run, &run);
	if (!code)
		code = read_id("--base-run", a.base_run, &base_run);
	for (int i = 0; i < 2 && a.json && !code; i++)
		code = lh_cli_check_output(a.json, a.file[i]);
	if (code)
		return code;
	struct lh_session *s = lh_session_new();
	if (!s)
		return lh_cli_fail(&(struct lh_error){ LH_E_NOMEM, "out of memory" });
	code = compare(s, &a, base_run, run);
	lh_session_free(s);
	return code;
}
