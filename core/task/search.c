/* task/search.c - the registry: families by file and by name, and the folders they are looked for in. */
#include "task/task_impl.h"

#include "base/place.h"

#include <dirent.h>
#include <errno.h>
#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct names { char **p; int n, cap; };

static int names_add(struct names *l, struct lh_str s, struct lh_error *err)
{
	if (l->n + 1 >= l->cap) {                       /* room for the NULL that ends it, too */
		int cap = l->cap ? 2 * l->cap : 16;
		char **p = realloc(l->p, (size_t)cap * sizeof *p);
		if (!p)
			return lh_nomem(err);
		l->p = p;
		l->cap = cap;
	}
	l->p[l->n] = lh_str_dup(s);
	if (!l->p[l->n])
		return lh_nomem(err);
	l->p[++l->n] = NULL;
	return 0;
}

static bool names_have(const struct names *l, const char *name)
{
	for (int i = 0; i < l->n; i++)
		if (strcmp(l->p[i], name) == 0)
			return true;
	return false;
}

static void names_fini(struct names *l)
{
	for (int i = 0; i < l->n; i++)
		free(l->p[i]);
	free(l->p);
	*l = (struct names){ 0 };
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* ---- The folders ------------------------------------------------------------------------------- */

static int add_folder(struct names *l, struct lh_str folder, struct lh_error *err)
{
	char text[PATH_MAX], real[PATH_MAX];
	if (folder.n == 0 || folder.n >= sizeof text)
		return 0;
	memcpy(text, folder.p, folder.n);
	text[folder.n] = 0;
	if (!realpath(text, real) || names_have(l, real))
		return 0;                               /* absent: nothing to find there */
	return names_add(l, lh_str_of(real), err);
}

static int add_from_environment(struct names *l, struct lh_error *err)
{
	const char *p = getenv("LONGHAUL_PLUGIN_PATH");
	while (p && *p) {
		size_t n = strcspn(p, ":");
		int rc = add_folder(l, (struct lh_str){ p, n }, err);
		if (rc)
			return rc;
		p += n + (p[n] == ':');
	}
	return 0;
}

/* Beside the program, so that an installation can be moved: PREFIX/lib/longhaul/plugins, also lib64
 * and lib/x86_64-linux-gnu. */
static int add_beside(struct names *l, const char *program, struct lh_error *err)
{
	static const char *const patterns[] = { "/../lib*/longhaul/plugins", "/../lib*/*/longhaul/plugins" };
	int rc = 0;
	for (size_t i = 0; i < 2 && !rc; i++) {
		char pattern[PATH_MAX + 64];
		glob_t found = { 0 };
		snprintf(pattern, sizeof pattern, "%s%s", program, patterns[i]);
		if (glob(pattern, GLOB_NOSORT, NULL, &found) == 0)
			for (size_t k = 0; k < found.gl_pathc && !rc; k++)
				rc = add_folder(l, lh_str_of(found.gl_pathv[k]), err);
		globfree(&found);
	}
	return rc;
}

/* A program that runs in its build tree takes the plugins built with it and no installed ones, which
 * may be of another version. */
static int folders(struct names *l, struct lh_error *err)
{
	char program[PATH_MAX];
	lh_program_folder(program);
	int rc = add_from_environment(l, err);
	if (!rc && lh_program_is_built(program))
		return add_folder(l, lh_str_of(LH_BUILD_PLUGINS), err);
	if (!rc && program[0])
		rc = add_beside(l, program, err);
	if (!rc)
		rc = add_folder(l, lh_str_of(LH_INSTALL_PLUGINS), err);
	return rc;
}

/* The NAMEs of folder/NAME.so, sorted. */
static int plugins_in(const char *folder, struct names *l, struct lh_error *err)
{
	DIR *d = opendir(folder);
	if (!d)
		return 0;
	int rc = 0;
	for (struct dirent *e; !rc && (e = readdir(d)) != NULL; ) {
		struct lh_str s = lh_str_of(e->d_name);
		if (s.n > 3 && strcmp(s.p + s.n - 3, ".so") == 0)
			rc = names_add(l, (struct lh_str){ s.p, s.n - 3 }, err);
	}
	closedir(d);
	if (l->n)
		qsort(l->p, (size_t)l->n, sizeof *l->p, by_text);
	return rc;
}

/* ---- The registry ------------------------------------------------------------------------------ */

int lh_registry_new(struct lh_registry **out, struct lh_error *err)
{
	*out = calloc(1, sizeof **out);
	return *out ? 0 : lh_nomem(err);
}

void lh_registry_free(struct lh_registry *r)
{
	if (!r)
		return;
	for (int i = 0; i < r->count; i++)
		lh_family_free(r->families[i]);
	free(r->families);
	free(r);
}

int lh_registry_count(const struct lh_registry *r)
{
	return r->count;
}

const struct lh_family *lh_registry_at(const struct lh_registry *r, int i)
{
	return i >= 0 && i < r->count ? r->families[i] : NULL;
}

static const struct lh_family *by_name(const struct lh_registry *r, struct lh_str name)
{
	for (int i = 0; i < r->count; i++)
		if (lh_str_is(name, lh_family_name(r->families[i])))
			return r->families[i];
	return NULL;
}

static int insert(struct lh_registry *r, struct lh_family *f, struct lh_error *err)
{
	const struct lh_family *other = by_name(r, lh_str_of(lh_family_name(f)));
	if (other)
		return lh_fail(err, LH_E_PLUGIN, "plugin %s: the name %s is taken by %s, opened before: rename one of the two families",
			f->path, lh_family_name(f), other->path);
	if (r->count == r->cap) {
		int cap = r->cap ? 2 * r->cap : 16;
		struct lh_family **p = realloc(r->families, (size_t)cap * sizeof *p);
		if (!p)
			return lh_nomem(err);
		r->families = p;
		r->cap = cap;
	}
	int i = r->count++;
	for (; i > 0 && strcmp(lh_family_name(r->families[i - 1]), lh_family_name(f)) > 0; i--)
		r->families[i] = r->families[i - 1];
	r->families[i] = f;
	return 0;
}

int lh_registry_open(struct lh_registry *r, const char *path, const struct lh_family **out, struct lh_error *err)
{
	*out = NULL;
	char *real;
	dev_t device;
	ino_t inode;
	int rc = lh_family_identify(path, &real, &device, &inode, err);
	if (rc)
		return rc;
	for (int i = 0; i < r->count && !*out; i++)
		if (r->families[i]->device == device && r->families[i]->inode == inode)
			*out = r->families[i];
	struct lh_family *f = NULL;
	if (!*out) {
		rc = lh_family_open(real, &f, err);
		if (!rc)
			rc = insert(r, f, err);
		if (rc)
			lh_family_free(f);
		else
			*out = f;
	}
	free(real);
	return rc;
}

/* Opens the first folder/NAME.so; *out stays NULL where there is none. */
static int open_named(struct lh_registry *r, const struct names *where, struct lh_str name, const struct lh_family **out, struct lh_error *err)
{
	for (int i = 0; i < where->n; i++) {
		char path[PATH_MAX + 64];
		snprintf(path, sizeof path, "%s/%.*s.so", where->p[i], LH_ARG(name));
		if (access(path, F_OK))
			continue;
		const struct lh_family *f;
		int rc = lh_registry_open(r, path, &f, err);
		if (rc)
			return rc;
		if (!lh_str_is(name, lh_family_name(f)))
			return lh_fail(err, LH_E_PLUGIN, "%s holds the family %s: a file on the search path has its family's name, "
				"rename it to %s.so", path, lh_family_name(f), lh_family_name(f));
		*out = f;
		return 0;
	}
	return 0;
}

static int all_names(const struct lh_registry *r, const struct names *where, struct names *all, struct lh_error *err)
{
	int rc = names_add(all, LH_STR("????????"), err);      /* never empty, never near a name */
	for (int i = 0; i < r->count && !rc; i++)
		rc = names_add(all, lh_str_of(lh_family_name(r->families[i])), err);
	for (int i = 0; i < where->n && !rc; i++)
		rc = plugins_in(where->p[i], all, err);
	return rc;
}

static int unknown_name(const struct lh_registry *r, const struct names *where, struct lh_str name, struct lh_error *err)
{
	struct names all = { 0 };
	int rc = all_names(r, where, &all, err);
	if (!rc) {
		const char *near = lh_nearest(name, (const char *const *)all.p);
		if (near)
			rc = lh_fail(err, LH_E_USAGE, "no task family is called '%.*s'; did you mean '%s'?", LH_ARG(name), near);
		else if (memchr(name.p, '/', name.n) || memchr(name.p, '.', name.n))
			rc = lh_fail(err, LH_E_USAGE, "'%.*s' is not the name of a task family; a plugin's file is given with --plugin FILE", LH_ARG(name));
		else
			rc = lh_fail(err, LH_E_USAGE, "no task family is called '%.*s'; `longhaul list tasks` lists them, and LONGHAUL_PLUGIN_PATH adds folders "
				"to the search%s", LH_ARG(name), where->n ? "" : " (no plugin folder was found)");
	}
	names_fini(&all);
	return rc;
}

int lh_registry_find(struct lh_registry *r, struct lh_str name, const struct lh_family **out, struct lh_error *err)
{
	*out = by_name(r, name);
	if (*out)
		return 0;
	struct names where = { 0 };
	int rc = folders(&where, err);
	char text[LH_NAME_MAX + 2];
	bool plausible = name.n && name.n <= LH_NAME_MAX;
	if (plausible) {
		memcpy(text, name.p, name.n);
		text[name.n] = 0;
		plausible = strlen(text) == name.n && lh_name_ok(text);
	}
	if (!rc && plausible)
		rc = open_named(r, &where, name, out, err);
	if (!rc && !*out)
		rc = unknown_name(r, &where, (struct lh_str){ name.p, name.n < 200 ? name.n : 200 }, err);
	names_fini(&where);
	return rc;
}

static int open_folder(struct lh_registry *r, const char *folder, struct names *seen,
	void (*refused)(void *user, const char *path, const char *why), void *user, struct lh_error *err)
{
	struct names here = { 0 };
	int rc = plugins_in(folder, &here, err);
	for (int i = 0; i < here.n && !rc; i++) {
		/* As with PATH, the first folder's file hides those of the same name in later ones. */
		if (names_have(seen, here.p[i]))
			continue;
		char path[2 * PATH_MAX];
		snprintf(path, sizeof path, "%s/%s.so", folder, here.p[i]);
		struct lh_error why = { 0 };
		const struct lh_family *f;
		rc = names_add(seen, lh_str_of(here.p[i]), err);
		if (!rc && lh_registry_open(r, path, &f, &why) && refused)
			refused(user, path, why.text);
	}
	names_fini(&here);
	return rc;
}

int lh_registry_open_all(struct lh_registry *r, void (*refused)(void *user, const char *path, const char *why), void *user, struct lh_error *err)
{
	struct names where = { 0 }, seen = { 0 };
	int rc = folders(&where, err);
	for (int i = 0; i < r->count && !rc; i++)
		rc = names_add(&seen, lh_str_of(lh_family_name(r->families[i])), err);
	for (int i = 0; i < where.n && !rc; i++)
		rc = open_folder(r, where.p[i], &seen, refused, user, err);
	names_fini(&seen);
	names_fini(&where);
	return rc;
}
