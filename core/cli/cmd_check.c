#include "cli/cli.h"

#include "base/utf8.h"
#include "run/policy_check.h"
#include "task/task.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define SETTINGS 64

struct check_args {
	const char *what;
	struct lh_str key[SETTINGS], value[SETTINGS];
	int count;
	struct lh_check_options options;
};

static int add_setting(struct check_args *a, const char *text)
{
	const char *equals = strchr(text, '=');
	if (!equals || equals == text || a->count == SETTINGS)
		return lh_cli_usage("check", "--set %s: KEY=VALUE is needed", text);
	a->key[a->count] = (struct lh_str){ text, (size_t)(equals - text) };
	a->value[a->count++] = lh_str_of(equals + 1);
	return 0;
}

static int read_args(int argc, char **argv, struct check_args *a)
{
	int bad = 0;
	const char *samples = NULL, *steps = NULL, *seed = NULL;
	for (int i = 1; i < argc && !bad; i++) {
		const char *setting = NULL;
		if (lh_cli_option(argc, argv, &i, "--samples", &samples, &bad) || lh_cli_option(argc, argv, &i, "--steps", &steps, &bad) ||
			lh_cli_option(argc, argv, &i, "--seed", &seed, &bad))
			continue;
		if (lh_cli_option(argc, argv, &i, "--set", &setting, &bad))
			bad = bad ? bad : add_setting(a, setting);
		else if (argv[i][0] == '-')
			bad = lh_cli_usage("check", "there is no option %s", argv[i]);
		else if (a->what)
			bad = lh_cli_usage("check", "one at a time: %s and %s are given", a->what, argv[i]);
		else
			a->what = argv[i];
	}
	const char *typed[] = { samples, steps, seed }, *name[] = { "--samples", "--steps", "--seed" };
	int64_t v[3] = { 0, 0, 0 };
	for (int i = 0; i < 3 && !bad; i++)
		if (typed[i] && (!lh_str_to_int(lh_str_of(typed[i]), &v[i]) || v[i] < 1 || v[i] > 1000000))
			bad = lh_cli_usage("check", "%s %s: a number from 1 to 1000000 is needed", name[i], typed[i]);
	a->options.samples = (int)v[0];
	a->options.steps = (int)v[1];
	a->options.seed = (uint64_t)v[2];
	return bad ? bad : a->what ? 0 : lh_cli_usage("check", "check what? a plugin (.so), a policy (.lua), or the name of either");
}

/* Every --set names a declared parameter. */
static int known_parameters(const struct lh_family *f, const struct check_args *a, struct lh_error *err)
{
	for (int k = 0; k < a->count; k++) {
		const char *names[SETTINGS + 1] = { NULL };
		bool known = false;
		for (int i = 0; i < lh_family_param_count(f) && i < SETTINGS; i++) {
			names[i] = lh_family_param(f, i)->name;
			known = known || lh_str_is(a->key[k], names[i]);
		}
		const char *near = known ? NULL : lh_nearest(a->key[k], names);
		if (!known)
			return lh_fail(err, LH_E_USAGE, "task %s has no parameter '%.*s'%s%s%s", lh_family_name(f), LH_ARG(a->key[k]),
				near ? ": did you mean '" : "", near ? near : "", near ? "'?" : "");
	}
	return 0;
}

static int check_task(struct lh_registry *r, const char *path, const struct check_args *a, struct lh_buf *out, int *failed, struct lh_error *err)
{
	const struct lh_family *f;
	if (access(path, R_OK))
		return lh_fail(err, LH_E_USAGE, "%s: %s", path, strerror(errno));
	if (a->count && lh_registry_open(r, path, &f, NULL) == 0) {
		int rc = known_parameters(f, a, err);
		if (rc)
			return rc;
	}
	return lh_task_check(r, path, a->key, a->value, a->count, &a->options, out, failed, err);
}

static int check_policy(const struct check_args *a, struct lh_buf *out, int *failed, struct lh_error *err)
{
	struct lh_buf spec;
	lh_buf_init(&spec, 1 << 16);
	lh_buf_puts(&spec, a->what);
	for (int i = 0; i < a->count; i++)
		lh_buf_printf(&spec, "%c%.*s=\"%.*s\"", i ? ',' : ':', LH_ARG(a->key[i]), LH_ARG(a->value[i]));
	int rc = lh_policy_check(lh_buf_str(&spec), out, failed, err);
	lh_buf_fini(&spec);
	return rc;
}

static bool ends(const char *s, const char *end)
{
	size_t n = strlen(s), m = strlen(end);
	return n >= m && !strcmp(s + n - m, end);
}

static int check(struct lh_registry *r, const struct check_args *a, struct lh_buf *out, int *failed, struct lh_error *err)
{
	const struct lh_family *f;
	if (ends(a->what, ".so"))
		return check_task(r, a->what, a, out, failed, err);
	if (!ends(a->what, ".lua") && lh_registry_find(r, lh_str_of(a->what), &f, NULL) == 0)
		return check_task(r, lh_family_path(f), a, out, failed, err);
	return check_policy(a, out, failed, err);
}

int lh_cmd_check(int argc, char **argv)
{
	struct check_args a = { 0 };
	struct lh_error err = { 0 };
	struct lh_registry *r = NULL;
	int bad = read_args(argc, argv, &a), failed = 0;
	if (bad)
		return bad;
	struct lh_buf out, shown;
	lh_buf_init(&out, 16 << 20);
	lh_buf_init(&shown, 64 << 20);
	int rc = lh_registry_new(&r, &err);
	if (!rc)
		rc = check(r, &a, &out, &failed, &err);
	lh_put_shown(&shown, lh_buf_str(&out), true);
	lh_cli_print(&shown);
	if (!rc)
		printf(failed ? "%s: %d properties FAILED\n" : "%s: every property holds\n", a.what, failed);
	lh_buf_fini(&out);
	lh_buf_fini(&shown);
	lh_registry_free(r);
	return rc ? lh_cli_fail(&err) : failed ? 1 : LH_EXIT_DONE;
}
