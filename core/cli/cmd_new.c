/* longhaul new: a folder with a task family, a policy or an experiment that works, written from the templates. */
#include "cli/cli.h"

#include "base/place.h"
#include "base/utf8.h"
#include "cli/templates.h"
#include "policy/policy.h"
#include "task/task.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What to do with it, for a shell; my_KIND stands for the name. */
static const struct kind { const char *name, *what, *next; } kinds[] = {
	{ "task", "a task family", "  make test                    # builds it, checks it, judges answers worked out by hand\n"
		"  longhaul run --plugin ./my_task.so --task my_task --turns 30 --samples 30 -o none\n" },
	{ "policy", "a context policy", "  sh test.sh                   # checks it, looks at what it sends\n"
		"  longhaul run --policy full_history --policy ./my_policy.lua --turns 40 --samples 50 -o none\n" },
	{ "experiment", "an experiment", "  sh test.sh                   # loads it, runs a little of it\n"
		"  longhaul run my_experiment.lua --dry-run\n"
		"  longhaul run my_experiment.lua\n" },
	{ NULL, NULL, NULL },
};

struct making {
	const struct kind *kind;
	const char *name, *into;
	int made;                                /* files written so far */
	bool folder;                             /* `into` was made, too */
};

/* ---- what was asked for ---- */

static const struct kind *find_kind(const char *name)
{
	for (const struct kind *k = kinds; k->name; k++)
		if (!strcmp(name, k->name))
			return k;
	return NULL;
}

/* As much of a name as can be one: My-Window becomes my_window. */
static void plausible(const char *name, char out[LH_NAME_MAX + 1])
{
	size_t n = 0;
	for (; *name && n < LH_NAME_MAX; name++)
		if (isalnum((unsigned char)*name) || n)
			out[n++] = isalnum((unsigned char)*name) ? (char)tolower((unsigned char)*name) : '_';
	out[n] = 0;
}

static int check_name(const char *name)
{
	char near[LH_NAME_MAX + 1];
	if (lh_name_ok(name))
		return 0;
	plausible(name, near);
	bool ok = lh_name_ok(near);
	return lh_cli_usage("new", "'%s' cannot be its name: a small letter, then small letters, digits and _, at most %d%s%s%s", name, LH_NAME_MAX,
		ok ? "; '" : "", ok ? near : "", ok ? "' can" : "");
}

/* The kind, then the name. */
static int read_word(struct making *m, const char *word)
{
	if (m->name)
		return lh_cli_usage("new", "'%s' is one too many", word);
	if (m->kind)
		m->name = word;
	else if (!(m->kind = find_kind(word)))
		return lh_cli_usage("new", "new task, policy or experiment, not '%s'", word);
	return 0;
}

static int read_args(int argc, char **argv, struct making *m)
{
	int bad = 0;
	for (int i = 1; i < argc && !bad; i++) {
		if (lh_cli_option(argc, argv, &i, "--into", &m->into, &bad) || lh_cli_option(argc, argv, &i, "-o", &m->into, &bad))
			continue;
		bad = argv[i][0] == '-' ? lh_cli_usage("new", "there is no option %s", argv[i]) : read_word(m, argv[i]);
	}
	if (bad)
		return bad;
	if (!m->kind)
		return lh_cli_usage("new", "new what? task, policy or experiment, and its name");
	if (!m->name)
		return lh_cli_usage("new", "a new %s needs a name", m->kind->name);
	if (m->into && !*m->into)
		return lh_cli_usage("new", "--into needs a folder");
	m->into = m->into ? m->into : m->name;
	return check_name(m->name);
}

/* ---- names that are taken ---- */

static int task_taken(const char *name, struct lh_error *err)
{
	struct lh_registry *r;
	const struct lh_family *f = NULL;
	int rc = lh_registry_new(&r, err);
	if (!rc && lh_registry_find(r, lh_str_of(name), &f, NULL) == 0)
		rc = lh_fail(err, LH_E_USAGE, "there is a task family %s already (%s): take another name", name, lh_family_path(f));
	lh_registry_free(r);
	return rc;
}

static int policy_taken(const char *name, struct lh_error *err)
{
	char **names;
	int n, rc = lh_policy_list(&names, &n, err);
	if (rc)
		return rc;
	for (int i = 0; i < n; i++) {
		if (!strcmp(names[i], name))
			rc = lh_fail(err, LH_E_USAGE, "there is a policy %s already (longhaul show policy %s): take another name", name, name);
		free(names[i]);
	}
	free(names);
	return rc;
}

static int check_taken(const struct making *m, struct lh_error *err)
{
	if (!strcmp(m->kind->name, "task"))
		return task_taken(m->name, err);
	return strcmp(m->kind->name, "policy") ? 0 : policy_taken(m->name, err);
}

/* ---- writing ---- */

/* text with the name in the place of every my_KIND. */
static void put_named(struct lh_buf *b, const struct making *m, struct lh_str text)
{
	char mark[32];
	size_t n = (size_t)snprintf(mark, sizeof mark, "my_%s", m->kind->name);
	for (const char *end = text.p + text.n; text.p < end; ) {
		const char *at = memmem(text.p, (size_t)(end - text.p), mark, n);
		lh_buf_put(b, text.p, (size_t)((at ? at : end) - text.p));
		lh_buf_puts(b, at ? m->name : "");
		text.p = at ? at + n : end;
	}
}

static int path_of(const struct making *m, const struct lh_template *t, char out[PATH_MAX], struct lh_error *err)
{
	struct lh_buf b;
	lh_buf_init(&b, PATH_MAX - 1);
	lh_buf_printf(&b, "%s/", m->into);
	put_named(&b, m, lh_str_of(t->path));
	int rc = lh_buf_ok(&b, err);
	if (!rc)
		memcpy(out, b.p, b.n + 1);
	lh_buf_fini(&b);
	return rc;
}

/* The next template of the kind, from t on; NULL: there is none. */
static const struct lh_template *of_kind(const struct making *m, const struct lh_template *t)
{
	while (t->kind && strcmp(t->kind, m->kind->name))
		t++;
	return t->kind ? t : NULL;
}

static int check_free(const struct making *m, struct lh_error *err)
{
	char path[PATH_MAX];
	struct stat st;
	int rc = 0;
	for (const struct lh_template *t = lh_templates; !rc && (t = of_kind(m, t)); t++) {
		rc = path_of(m, t, path, err);
		if (!rc && lstat(path, &st) == 0)
			rc = lh_fail(err, LH_E_USAGE, "%s is there already, and is not written over: name another folder with --into", path);
	}
	return rc;
}

/* The folder of a path below the one that is made. */
static int make_parent(const struct making *m, char *path, struct lh_error *err)
{
	char *slash = strrchr(path + strlen(m->into) + 1, '/');
	if (!slash)
		return 0;
	*slash = 0;
	int rc = mkdir(path, 0755) && errno != EEXIST ? lh_fail(err, LH_E_IO, "%s cannot be made: %s", path, strerror(errno)) : 0;
	*slash = '/';
	return rc;
}

static int write_new(const char *path, struct lh_str text, struct lh_error *err)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	FILE *f = fd >= 0 ? fdopen(fd, "wb") : NULL;
	bool ok = f && fwrite(text.p, 1, text.n, f) == text.n;
	int saved = errno;
	if (f && fclose(f))
		ok = false, saved = errno;
	return ok ? 0 : lh_fail(err, LH_E_IO, "%s cannot be written: %s", path, strerror(saved));
}

static int write_template(struct making *m, const struct lh_template *t, struct lh_error *err)
{
	char path[PATH_MAX];
	struct lh_buf text;
	lh_buf_init(&text, 1 << 20);
	put_named(&text, m, (struct lh_str){ (const char *)t->bytes, t->size });
	int rc = lh_buf_ok(&text, err);
	if (!rc)
		rc = path_of(m, t, path, err);
	if (!rc)
		rc = make_parent(m, path, err);
	if (!rc)
		rc = write_new(path, lh_buf_str(&text), err);
	m->made += !rc;
	lh_buf_fini(&text);
	return rc;
}

/* What was written of a folder that could not be finished goes again. Folders only where they are empty then. */
static void undo(const struct making *m)
{
	char path[PATH_MAX];
	int left = m->made;
	for (const struct lh_template *t = lh_templates; left && (t = of_kind(m, t)); t++, left--) {
		if (path_of(m, t, path, NULL))
			continue;
		unlink(path);
		char *slash = strrchr(path, '/');
		*slash = 0;
		if (strcmp(path, m->into))
			rmdir(path);
	}
	if (m->folder)
		rmdir(m->into);
}

static int make(struct making *m, struct lh_error *err)
{
	struct stat st;
	int rc = check_free(m, err);
	if (rc)
		return rc;
	m->folder = mkdir(m->into, 0755) == 0;
	if (!m->folder && (errno != EEXIST || stat(m->into, &st) || !S_ISDIR(st.st_mode)))
		return lh_fail(err, LH_E_USAGE, "the folder %s cannot be made: %s", m->into, strerror(errno));
	for (const struct lh_template *t = lh_templates; !rc && (t = of_kind(m, t)); t++)
		rc = write_template(m, t, err);
	if (rc)
		undo(m);
	return rc;
}

/* ---- what was made ---- */

static bool on_path(void)
{
	const char *p = getenv("PATH");
	char file[PATH_MAX];
	for (size_t n; p && *p; p += n + (p[n] == ':')) {
		n = strcspn(p, ":");
		snprintf(file, sizeof file, "%.*s/longhaul", n < PATH_MAX ? (int)n : 0, p);
		if (access(file, X_OK) == 0)
			return true;
	}
	return false;
}

/* How to get there, and to the program where it is not found by its name. */
static void put_way(struct lh_buf *b, const struct making *m)
{
	char program[PATH_MAX];
	lh_program_folder(program);
	lh_buf_puts(b, "  cd ");
	lh_put_shell_word(b, lh_str_of(m->into));
	if (*program && !on_path()) {
		lh_buf_puts(b, "\n  export PATH=");
		lh_put_shell_word(b, lh_str_of(program));
		lh_buf_puts(b, ":$PATH      # longhaul is not on it");
	}
	lh_buf_putc(b, '\n');
}

static void tell(const struct making *m)
{
	struct lh_buf text, shown;
	lh_buf_init(&text, 1 << 16);
	lh_buf_init(&shown, 1 << 18);
	lh_buf_printf(&text, "%s, %s that works as it stands, in %s:\n\n ", m->name, m->kind->what, m->into);
	for (const struct lh_template *t = lh_templates; (t = of_kind(m, t)); t++) {
		lh_buf_putc(&text, ' ');
		put_named(&text, m, lh_str_of(t->path));
	}
	lh_buf_puts(&text, "\n\nnext:\n");
	put_way(&text, m);
	put_named(&text, m, lh_str_of(m->kind->next));
	lh_buf_puts(&text, "README.md says what to change and where.\n");
	lh_put_shown(&shown, lh_buf_str(&text), true);
	lh_cli_print(&shown);
	lh_buf_fini(&text);
	lh_buf_fini(&shown);
}

int lh_cmd_new(int argc, char **argv)
{
	struct making m = { 0 };
	struct lh_error err = { 0 };
	int bad = read_args(argc, argv, &m);
	if (bad)
		return bad;
	int rc = check_taken(&m, &err);
	if (!rc)
		rc = make(&m, &err);
	if (rc)
		return lh_cli_fail(&err);
	tell(&m);
	return LH_EXIT_DONE;
}
