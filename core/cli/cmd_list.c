#include "cli/cli.h"

#include "base/utf8.h"
#include "journal/journal.h"
#include "model/model.h"
#include "task/task.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void put(const char *text)
{
	struct lh_buf b;
	lh_buf_init(&b, 1 << 20);
	lh_put_shown(&b, lh_str_of(text), false);
	lh_cli_print(&b);
	lh_buf_fini(&b);
}

static void row(const char *name, const char *summary)
{
	put(name);
	printf("%*s ", (int)(strlen(name) < 16 ? 16 - strlen(name) : 0), "");
	put(summary);
	putchar('\n');
}

static void refused(void *user, const char *path, const char *why)
{
	(void)user;
	fprintf(stderr, "longhaul: not opened: ");
	struct lh_buf b;
	lh_buf_init(&b, 1 << 16);
	lh_put_shown(&b, lh_str_of(why), false);
	fprintf(stderr, "%s (%s)\n", lh_buf_str(&b).p, path);
	lh_buf_fini(&b);
}

static int list_tasks(void)
{
	struct lh_error err = { 0 };
	struct lh_registry *r;
	if (lh_registry_new(&r, &err))
		return lh_cli_fail(&err);
	int rc = lh_registry_open_all(r, refused, NULL, &err);
	for (int i = 0; !rc && i < lh_registry_count(r); i++)
		row(lh_family_name(lh_registry_at(r, i)), lh_family_summary(lh_registry_at(r, i)));
	lh_registry_free(r);
	return rc ? lh_cli_fail(&err) : LH_EXIT_DONE;
}

static int list_policies(void)
{
	struct lh_error err = { 0 };
	char **names;
	int n;
	if (lh_policy_list(&names, &n, &err))
		return lh_cli_fail(&err);
	for (int i = 0; i < n; i++) {
		struct lh_policy *p;
		struct lh_error why = { 0 };
		if (lh_policy_open(lh_str_of(names[i]), NULL, NULL, 0, NULL, &p, &why)) {
			refused(NULL, names[i], why.text);
		} else {
			char text[512];
			snprintf(text, sizeof text, "%s%s", lh_policy_needs(p) & LH_NEEDS_ORACLE ? "(oracle) " : "", lh_policy_summary(p));
			row(names[i], text);
			lh_policy_free(p);
		}
		free(names[i]);
	}
	free(names);
	return LH_EXIT_DONE;
}

static int list_models(void)
{
	for (const char *const *n = lh_model_names(); *n; n++)
		row(*n, lh_model_summary(*n));
	return LH_EXIT_DONE;
}

static int print_run(void *user, const void *data, struct lh_error *err)
{
	(void)user, (void)err;
	const struct lh_run_row *r = data;
	struct lh_buf b;
	lh_buf_init(&b, 1 << 16);
	lh_buf_printf(&b, "%lld  ", (long long)r->id);
	lh_put_shown(&b, r->started, false);
	lh_buf_puts(&b, "  ");
	lh_put_shown(&b, r->status, false);
	lh_buf_puts(&b, "  ");
	lh_put_shown(&b, (struct lh_str){ r->config_sha256.p, r->config_sha256.n < 12 ? r->config_sha256.n : 12 }, false);
	lh_buf_puts(&b, "\n");
	lh_cli_print(&b);
	lh_buf_fini(&b);
	return 0;
}

static int list_runs(const char *path)
{
	struct lh_error err = { 0 };
	struct lh_reader *r;
	int rc = lh_reader_open(path, &r, &err);
	if (rc)
		return lh_cli_fail(&err);
	rc = lh_reader_runs(r, print_run, NULL, &err);
	lh_reader_close(r);
	return rc ? lh_cli_fail(&err) : LH_EXIT_DONE;
}

int lh_cmd_list(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";
	int most = strcmp(what, "runs") ? 2 : 3;
	if (argc > most)
		return lh_cli_usage("list", "'%s' is one too many", argv[most]);
	if (!strcmp(what, "tasks"))
		return list_tasks();
	if (!strcmp(what, "policies"))
		return list_policies();
	if (!strcmp(what, "models"))
		return list_models();
	if (!strcmp(what, "runs"))
		return list_runs(argc > 2 ? argv[2] : "longhaul.db");
	return lh_cli_usage("list", "list what? tasks, policies, models or runs%s%s%s", argc > 1 ? ", not '" : "", what, argc > 1 ? "'" : "");
}

/* ---- show ---- */

static void show_option(const char *name, const char *type, const char *initial, const char *range, const char *help)
{
	printf("  %-18s %-8s ", name, type);
	printf("default %-10s ", *initial ? initial : "none");
	if (*range)
		printf("%s; ", range);
	put(help);
	putchar('\n');
}

static void show_param(const struct lh_param *p)
{
	static const char *const types[] = { "", "integer", "number", "text", "choice", "file" };
	char range[256] = "";
	if (p->type == LH_PARAM_CHOICE)
		snprintf(range, sizeof range, "%s", p->choices);
	else if ((p->type == LH_PARAM_INTEGER || p->type == LH_PARAM_NUMBER) && (p->min != 0 || p->max != 0))
		snprintf(range, sizeof range, "%.15g..%.15g", p->min, p->max);
	show_option(p->name, types[p->type], p->initial, range, p->help);
}

static int show_task(const char *name)
{
	struct lh_error err = { 0 };
	struct lh_registry *r;
	const struct lh_family *f;
	if (lh_registry_new(&r, &err))
		return lh_cli_fail(&err);
	int rc = strchr(name, '/') ? lh_registry_open(r, name, &f, &err) : lh_registry_find(r, lh_str_of(name), &f, &err);
	if (!rc) {
		printf("%s %s (%s)\n", lh_family_name(f), lh_family_version(f), lh_family_license(f));
		put(lh_family_summary(f));
		printf("\n%s\n\n", lh_family_path(f));
		for (int i = 0; i < lh_family_param_count(f); i++)
			show_param(lh_family_param(f, i));
	}
	lh_registry_free(r);
	return rc ? lh_cli_fail(&err) : LH_EXIT_DONE;
}

/* The comment that a policy's file begins with: when to use it, what it costs. */
static void show_head(const char *path)
{
	struct lh_buf text;
	lh_buf_init(&text, 1 << 20);
	if (lh_file_read(path, &text, NULL) == 0) {
		char *p = text.p;
		for (size_t n; p && !strncmp(p, "-- ", 3); p += n + (p[n] != 0)) {
			n = strcspn(p, "\n");
			char end = p[n];
			p[n] = 0;
			put(p + 3);
			putchar('\n');
			p[n] = end;
		}
		puts("");
	}
	lh_buf_fini(&text);
}

static int show_policy(const char *name)
{
	struct lh_error err = { 0 };
	struct lh_policy *p;
	if (lh_policy_open(lh_str_of(name), NULL, NULL, 0, NULL, &p, &err))
		return lh_cli_fail(&err);
	unsigned needs = lh_policy_needs(p);
	printf("%s%s%s\n", lh_policy_name(p), needs & LH_NEEDS_ORACLE ? " (oracle: it reads the truth; a bound, not a mitigation)" : "",
		needs & LH_NEEDS_EDIT ? " (edits the record)" : "");
	put(lh_policy_summary(p));
	printf("\n%s\n\n", lh_policy_path(p));
	show_head(lh_policy_path(p));
	for (int i = 0; i < lh_policy_option_count(p); i++) {
		const struct lh_policy_option *o = lh_policy_option_at(p, i);
		show_option(o->name, o->type, o->initial, o->range, o->help);
	}
	lh_policy_free(p);
	return LH_EXIT_DONE;
}

static int show_model(const char *name)
{
	const char *summary = lh_model_summary(name);
	if (!summary) {
		const char *near = lh_nearest(lh_str_of(name), lh_model_names());
		return lh_cli_usage("show", "there is no model '%s'%s%s%s; longhaul list models names them", name,
			near ? ": did you mean '" : "", near ? near : "", near ? "'?" : "");
	}
	int n;
	const struct lh_model_param *p = lh_model_params(name, &n);
	printf("%s\n%s\n\n", name, summary);
	for (int i = 0; i < n; i++)
		show_option(p[i].name, p[i].type, p[i].initial, p[i].range, p[i].help);
	return LH_EXIT_DONE;
}

int lh_cmd_show(int argc, char **argv)
{
	if (argc != 3)
		return lh_cli_usage("show", "show task|policy|model NAME");
	if (!strcmp(argv[1], "task"))
		return show_task(argv[2]);
	if (!strcmp(argv[1], "policy"))
		return show_policy(argv[2]);
	if (!strcmp(argv[1], "model"))
		return show_model(argv[2]);
	return lh_cli_usage("show", "show what? task, policy or model, not '%s'", argv[1]);
}
