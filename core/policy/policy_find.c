/* Where policies lie: LONGHAUL_POLICY_PATH, beside the installed program, the install's folder, the
 * build tree's source folder. */
#include "policy/policy.h"

#include "base/place.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int lh_policy_find(struct lh_str name, const char *base_dir, char **path, struct lh_error *err) LH_CHECKED;

#define FOLDERS 16

/* Appends one folder; ignores what does not fit. */
static void add(char *folders[FOLDERS], int *n, struct lh_str folder)
{
	if (folder.n && *n < FOLDERS && (folders[*n] = lh_str_dup(folder)))
		++*n;
}

static int search_path(char *folders[FOLDERS])
{
	int n = 0;
	const char *env = getenv("LONGHAUL_POLICY_PATH");
	for (const char *p = env ? env : ""; *p;) {
		size_t len = strcspn(p, ":");
		add(folders, &n, (struct lh_str){ p, len });
		p += len + (p[len] == ':');
	}
	char program[PATH_MAX], beside[PATH_MAX + 32];
	lh_program_folder(program);
	if (lh_program_is_built(program))
		add(folders, &n, LH_STR(LH_BUILD_POLICIES));
	if (*program) {                  /* a prefix that was moved as a whole */
		snprintf(beside, sizeof beside, "%s/../share/longhaul/policies", program);
		add(folders, &n, lh_str_of(beside));
	}
	add(folders, &n, LH_STR(LH_INSTALL_POLICIES));
	return n;
}

static void drop(char *folders[FOLDERS], int n)
{
	while (n-- > 0)
		free(folders[n]);
}

static char *join(const char *folder, struct lh_str name, const char *ending)
{
	struct lh_buf b;
	lh_buf_init(&b, 8192);
	lh_buf_printf(&b, "%s/%.*s%s", folder, LH_ARG(name), ending);
	char *path = b.failed ? NULL : lh_str_dup(lh_buf_str(&b));
	lh_buf_fini(&b);
	return path;
}

static int missing(struct lh_str name, struct lh_error *err)
{
	char **names = NULL;
	int count = 0;
	if (lh_policy_list(&names, &count, NULL))
		count = 0;
	const char *near = NULL;
	char **all = calloc((size_t)count + 1, sizeof *all);
	if (all && count) {
		memcpy(all, names, (size_t)count * sizeof *all);
		near = lh_nearest(name, (const char *const *)all);
	}
	int rc = lh_fail(err, LH_E_USAGE, "there is no such policy%s%s%s; longhaul list policies names them, a path ending in .lua opens a file",
		near ? ": did you mean '" : "", near ? near : "", near ? "'?" : "");
	for (int i = 0; i < count; i++)
		free(names[i]);
	free(names);
	free(all);
	return rc;
}

int lh_policy_find(struct lh_str name, const char *base_dir, char **path, struct lh_error *err)
{
	bool file = memchr(name.p, '/', name.n) || (name.n > 4 && !memcmp(name.p + name.n - 4, ".lua", 4));
	if (file) {
		*path = name.p[0] == '/' || !base_dir ? lh_str_dup(name) : join(base_dir, name, "");
		return *path ? 0 : lh_nomem(err);
	}
	char *folders[FOLDERS];
	int n = search_path(folders);
	for (int i = 0; i < n && !*path; i++) {
		char *candidate = join(folders[i], name, ".lua");
		if (candidate && access(candidate, R_OK) == 0)
			*path = candidate;
		else
			free(candidate);
	}
	drop(folders, n);
	return *path ? 0 : missing(name, err);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int add_name(char ***names, int *count, const char *file, size_t n)
{
	for (int i = 0; i < *count; i++)
		if (strlen((*names)[i]) == n && !strncmp((*names)[i], file, n))
			return 0;
	char **p = realloc(*names, (size_t)(*count + 1) * sizeof *p);
	if (!p)
		return LH_E_NOMEM;
	*names = p;
	p[*count] = lh_str_dup((struct lh_str){ file, n });
	return p[*count] ? (++*count, 0) : LH_E_NOMEM;
}

int lh_policy_list(char ***names, int *count, struct lh_error *err)
{
	*names = NULL;
	*count = 0;
	char *folders[FOLDERS];
	int n = search_path(folders), rc = 0;
	for (int i = 0; i < n && !rc; i++) {
		DIR *d = opendir(folders[i]);
		for (struct dirent *e; d && !rc && (e = readdir(d));) {
			size_t len = strlen(e->d_name);
			if (len > 4 && !strcmp(e->d_name + len - 4, ".lua"))
				rc = add_name(names, count, e->d_name, len - 4);
		}
		if (d)
			closedir(d);
	}
	drop(folders, n);
	if (rc)
		return lh_nomem(err);
	if (*count)
		qsort(*names, (size_t)*count, sizeof **names, by_name);
	return 0;
}
