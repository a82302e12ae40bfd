/* The options of an experiment, for every command that takes them. */
#include "cli/cli.h"

#include "run/experiment.h"

#include <stdio.h>
#include <string.h>

static const struct lh_option_info *find(const char *name)
{
	for (const struct lh_option_info *o = lh_run_options; o->name; o++)
		if (!strcmp(name, o->name))
			return o;
	return NULL;
}

static bool takes(const struct lh_cli_options *c, const char *name)
{
	for (const char *const *n = c->taken; n && *n; n++)
		if (!strcmp(name, *n))
			return true;
	return !c->taken;
}

/* Told with the nearest of all options that the command takes. */
static int unknown(const struct lh_cli_options *c, const char *name)
{
	enum { MOST = 80 };
	const char *names[MOST] = { NULL };
	int n = 0;
	for (const char *const *own = c->own; *own && n < MOST - 1; own++)
		names[n++] = *own;
	for (const struct lh_option_info *o = lh_run_options; o->name && n < MOST - 1; o++)
		if (takes(c, o->name))
			names[n++] = o->name;
	const char *near = lh_nearest(lh_str_of(name), names);
	return lh_cli_usage(c->command, "there is no option --%s%s%s%s", name, near ? ": did you mean --" : "", near ? near : "", near ? "?" : "");
}

/* The value of an option that may be left out: of "[q=Q]" it is the next argument where that begins with "q=". */
static const char *beside(const struct lh_option_info *o, int argc, char **argv, int *i)
{
	size_t head = strcspn(o->value + 1, "=") + 1;
	bool there = head > 1 && *i + 1 < argc && !strncmp(argv[*i + 1], o->value + 1, head);
	return there ? argv[++*i] : "";
}

int lh_cli_set(struct lh_session *s, const struct lh_cli_options *c, int argc, char **argv, int *i, int *bad)
{
	bool output = !strcmp(argv[*i], "-o");
	const char *arg = argv[*i] + 2, *equals = output ? NULL : strchr(arg, '=');
	char name[64];
	if (!output && strncmp(argv[*i], "--", 2)) {
		*bad = lh_cli_usage(c->command, "there is no option %s", argv[*i]);
		return 0;
	}
	snprintf(name, sizeof name, "%.*s", output ? 6 : equals ? (int)(equals - arg) : 63, output ? "output" : arg);
	const struct lh_option_info *o = find(name);
	if (!o)
		*bad = unknown(c, name);
	else if (!takes(c, name))
		*bad = lh_cli_usage(c->command, "--%s is an option of run, and has no place here", name);
	bool needs = o && o->value && o->value[0] != '[';        /* "[=0.05]": may be left out */
	if (!*bad && !equals && needs && *i + 1 >= argc)
		*bad = lh_cli_usage(c->command, "%s needs a value", argv[*i]);
	if (*bad)
		return 0;
	if (equals)
		return lh_session_set(s, name, equals + 1);
	return lh_session_set(s, name, needs ? argv[++*i] : o->value ? beside(o, argc, argv, i) : "");
}
