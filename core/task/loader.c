/* task/loader.c - one file opened as a task family, or refused with a reason of its own.
 *
 * Nothing of the plugin is called before its data symbol has been found good. (What a shared object
 * runs when it is mapped, the dynamic linker decides: opening one is trusting it.) */
#include "task/task_impl.h"

#include "base/hash.h"
#include "base/library.h"

#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <link.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SYMBOL "longhaul_plugin"

/* ---- The file ---------------------------------------------------------------------------------- */

/* Whether the group is the owner's alone, as where every user has a group of the same name and the
 * umask is 002 (Fedora, RHEL). */
static bool private_group(uid_t owner, gid_t group)
{
	char text[4096], more[4096];
	struct passwd user, *u = NULL;
	struct group members, *g = NULL;
	if (getpwuid_r(owner, &user, text, sizeof text, &u) || !u || u->pw_gid != group)
		return false;
	if (getgrgid_r(group, &members, more, sizeof more, &g) || !g || strcmp(g->gr_name, u->pw_name) != 0)
		return false;
	for (char **m = g->gr_mem; *m; m++)
		if (strcmp(*m, u->pw_name) != 0)
			return false;
	return true;
}

static const char *foreign_writers(const struct stat *st)
{
	if (st->st_mode & S_IWOTH)
		return "everybody";
	if ((st->st_mode & S_IWGRP) && !private_group(st->st_uid, st->st_gid))
		return "its group";
	return NULL;
}

static int check_folder(const char *real, const struct stat *file, struct lh_error *err)
{
	char folder[PATH_MAX];
	size_t n = (size_t)(strrchr(real, '/') - real);
	memcpy(folder, real, n);
	folder[n] = 0;
	const char *shown = n ? folder : "/";
	struct stat st;
	if (stat(shown, &st))
		return lh_fail(err, LH_E_PLUGIN, "%s: %s", shown, strerror(errno));
	const char *who = foreign_writers(&st);
	/* In a sticky folder (/tmp) others can add files but not replace ours. */
	bool ours = file->st_uid == geteuid() || file->st_uid == 0;
	if (!who || ((st.st_mode & S_ISVTX) && ours))
		return 0;
	return lh_fail(err, LH_E_PLUGIN, "%s: refused, because its folder can be written by %s, who could put any code there: "
		"chmod go-w '%s', or move the plugin", real, who, shown);
}

/* A file cut off behind its program headers would kill the process in dlopen (SIGBUS on a page that is
 * not there). Anything else that is wrong with it dlopen words itself. */
static int check_whole(const char *real, off_t size, struct lh_error *err)
{
	FILE *f = fopen(real, "rbe");
	ElfW(Ehdr) e;
	ElfW(Phdr) p;
	bool cut = false;
	bool elf = f && fread(&e, sizeof e, 1, f) == 1 && !memcmp(e.e_ident, ELFMAG, SELFMAG) && e.e_phentsize == sizeof p;
	for (unsigned i = 0; elf && !cut && i < e.e_phnum; i++) {
		bool read = fseek(f, (long)(e.e_phoff + i * sizeof p), SEEK_SET) == 0 && fread(&p, sizeof p, 1, f) == 1;
		cut = !read || (p.p_type == PT_LOAD && (p.p_offset > (ElfW(Off))size || p.p_filesz > (ElfW(Off))size - p.p_offset));
	}
	if (f)
		fclose(f);
	return cut ? lh_fail(err, LH_E_PLUGIN, "%s: the file is cut off: copy or build it again", real) : 0;
}

static int check_file(const char *real, struct stat *st, struct lh_error *err)
{
	if (stat(real, st))
		return lh_fail(err, LH_E_PLUGIN, "%s: %s", real, strerror(errno));
	if (!S_ISREG(st->st_mode))
		return lh_fail(err, LH_E_PLUGIN, "%s: not a regular file; name the plugin's .so file", real);
	const char *who = foreign_writers(st);
	if (who)
		return lh_fail(err, LH_E_PLUGIN, "%s: refused, because it can be written by %s, who could put any code there: chmod go-w '%s'",
			real, who, real);
	int rc = check_whole(real, st->st_size, err);
	return rc ? rc : check_folder(real, st, err);
}

int lh_family_identify(const char *path, char **real, dev_t *device, ino_t *inode, struct lh_error *err)
{
	*real = realpath(path, NULL);
	if (!*real)
		return errno == ENOMEM ? lh_nomem(err) : lh_fail(err, LH_E_PLUGIN, "plugin %s: %s", path, strerror(errno));
	struct stat st;
	int rc = check_file(*real, &st, err);
	if (rc) {
		free(*real);
		*real = NULL;
		return rc;
	}
	*device = st.st_dev;
	*inode = st.st_ino;
	return 0;
}

/* ---- The symbol -------------------------------------------------------------------------------- */

bool lh_name_ok(const char *name)
{
	if (!name || name[0] < 'a' || name[0] > 'z')
		return false;
	size_t n = strnlen(name, LH_NAME_MAX + 1);
	return n <= LH_NAME_MAX && strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_") == n;
}

static int check_versions(const struct lh_plugin *p, size_t size, struct lh_error *err)
{
	if (p->magic != LH_ABI_MAGIC)
		return lh_fail(err, LH_E_PLUGIN, "its symbol " SYMBOL " begins with %016llx, not with the magic number %016llx: it is no longhaul "
			"plugin, or built for another byte order; rebuild it against longhaul/task.h",
			(unsigned long long)p->magic, (unsigned long long)LH_ABI_MAGIC);
	if (p->abi_major != LH_ABI_MAJOR)
		return lh_fail(err, LH_E_PLUGIN, "it was built for task ABI %u.%u, and this program has %u.%u: %s",
			p->abi_major, p->abi_minor, LH_ABI_MAJOR, LH_ABI_MINOR, p->abi_major > LH_ABI_MAJOR
			? "update longhaul, or rebuild the plugin against this longhaul's longhaul/task.h"
			: "rebuild the plugin against this longhaul's longhaul/task.h");
	if (p->abi_minor > LH_ABI_MINOR)
		return lh_fail(err, LH_E_PLUGIN, "it was built for task ABI %u.%u, which is newer than this program's %u.%u: update longhaul, "
			"or rebuild the plugin against this longhaul's longhaul/task.h", p->abi_major, p->abi_minor, LH_ABI_MAJOR, LH_ABI_MINOR);
	if (p->struct_size < sizeof *p || size < sizeof *p)
		return lh_fail(err, LH_E_PLUGIN, "its struct lh_plugin has %zu bytes, ABI %u.%u has %zu: set .struct_size = sizeof(struct lh_plugin) "
			"and rebuild it against longhaul/task.h", p->struct_size < size ? (size_t)p->struct_size : size,
			LH_ABI_MAJOR, LH_ABI_MINOR, sizeof *p);
	return 0;
}

/* One line of printable ASCII. */
static bool label_ok(const char *s, size_t max)
{
	size_t n = s ? strnlen(s, max + 1) : 0;
	if (!n || n > max)
		return false;
	for (size_t i = 0; i < n; i++)
		if (s[i] < ' ' || s[i] > '~')
			return false;
	return true;
}

static int check_labels(const struct lh_plugin *p, struct lh_error *err)
{
	if (!lh_name_ok(p->name))
		return lh_fail(err, LH_E_PLUGIN, "its name is not of the form [a-z][a-z0-9_]*, at most %d characters", LH_NAME_MAX);
	if (!label_ok(p->version, 40))
		return lh_fail(err, LH_E_PLUGIN, "family %s declares no version: one line of printable ASCII, at most 40 characters", p->name);
	if (!label_ok(p->license, 80))
		return lh_fail(err, LH_E_PLUGIN, "family %s declares no license: an SPDX identifier such as MIT", p->name);
	if (!p->get_interface)
		return lh_fail(err, LH_E_PLUGIN, "family %s: the required pointer get_interface is NULL", p->name);
	return 0;
}

static int find_symbol(void *handle, const struct lh_plugin **out, struct lh_error *err)
{
	const struct lh_plugin *p = lh_library_symbol(handle, SYMBOL);
	if (!p)
		return lh_fail(err, LH_E_PLUGIN, "it exports no symbol " SYMBOL ": a task family defines "
			"`LH_PLUGIN_EXPORT const struct lh_plugin " SYMBOL " = { … }` (see longhaul/task.h)");
	bool is_data;
	size_t size = lh_library_symbol_size(p, &is_data);
	if (!is_data || size < offsetof(struct lh_plugin, reserved))
		return lh_fail(err, LH_E_PLUGIN, "its symbol " SYMBOL " is not a struct lh_plugin (it must be const data, see longhaul/task.h)");
	int rc = check_versions(p, size, err);
	if (!rc)
		rc = check_labels(p, err);
	if (!rc)
		*out = p;
	return rc;
}

/* ---- The interface ----------------------------------------------------------------------------- */

static const char *missing_function(const struct lh_task_v1 *t)
{
#define NEED(f) if (!t->f) return #f
	NEED(load); NEED(unload); NEED(samples); NEED(open); NEED(close); NEED(instructions); NEED(ask);
	NEED(initial); NEED(apply); NEED(canonical); NEED(corrupt); NEED(max_steps);
#undef NEED
	return NULL;
}

static int check_param(const struct lh_task_v1 *t, uint32_t i, struct lh_error *err)
{
	const struct lh_param *p = &t->params[i];
	if (!lh_name_ok(p->name))
		return lh_fail(err, LH_E_PLUGIN, "parameter %u: its name is not of the form [a-z][a-z0-9_]*", i);
	for (uint32_t k = 0; k < i; k++)
		if (strcmp(t->params[k].name, p->name) == 0)
			return lh_fail(err, LH_E_PLUGIN, "parameter %s is declared twice", p->name);
	if (p->type < LH_PARAM_INTEGER || p->type > LH_PARAM_FILE)
		return lh_fail(err, LH_E_PLUGIN, "parameter %s: type %u is unknown", p->name, p->type);
	if (!p->initial || !p->help || !p->help[0])
		return lh_fail(err, LH_E_PLUGIN, "parameter %s: a default and a line of help are required", p->name);
	if (p->type == LH_PARAM_CHOICE && (!p->choices || !p->choices[0]))
		return lh_fail(err, LH_E_PLUGIN, "parameter %s: a choice declares its words as \"one|other\"", p->name);
	if (!(p->min <= p->max))
		return lh_fail(err, LH_E_PLUGIN, "parameter %s: its range %g..%g is empty", p->name, p->min, p->max);
	struct lh_value v;
	struct lh_error why = { 0 };
	if (lh_param_parse(p, lh_str_of(p->initial), &v, &why))
		return lh_fail(err, LH_E_PLUGIN, "the declared default: %s", why.text);
	return 0;
}

static int check_interface(const struct lh_task_v1 *t, struct lh_error *err)
{
	if (!t)
		return lh_fail(err, LH_E_PLUGIN, "get_interface(\"" LH_TASK_INTERFACE "\") gave NULL: the interface that this program "
			"(task ABI %u.%u) drives is missing", LH_ABI_MAJOR, LH_ABI_MINOR);
	if (t->struct_size < sizeof *t)
		return lh_fail(err, LH_E_PLUGIN, "its struct lh_task_v1 has %u bytes, ABI %u.%u has %zu: set .struct_size = "
			"sizeof(struct lh_task_v1) and rebuild it against longhaul/task.h", t->struct_size, LH_ABI_MAJOR, LH_ABI_MINOR, sizeof *t);
	const char *missing = missing_function(t);
	if (missing)
		return lh_fail(err, LH_E_PLUGIN, "the required function %s is NULL in its " LH_TASK_INTERFACE, missing);
	if (!t->summary || !t->summary[0])
		return lh_fail(err, LH_E_PLUGIN, "its " LH_TASK_INTERFACE " has no summary line");
	if (t->param_count > LH_PARAM_MAX || (t->param_count && !t->params))
		return lh_fail(err, LH_E_PLUGIN, "it declares %u parameters%s; at most %d are allowed", t->param_count,
			t->params ? "" : " at NULL", LH_PARAM_MAX);
	for (uint32_t i = 0; i < t->param_count; i++) {
		int rc = check_param(t, i, err);
		if (rc)
			return rc;
	}
	return 0;
}

static int check_thoughts(const struct lh_thoughts_v1 *t, struct lh_error *err)
{
	if (t->struct_size < sizeof *t)
		return lh_fail(err, LH_E_PLUGIN, "its struct lh_thoughts_v1 says that it has %u bytes, and it has %zu: set .struct_size = "
			"sizeof(struct lh_thoughts_v1), or give NULL for \"" LH_THOUGHTS_INTERFACE "\"", t->struct_size, sizeof *t);
	if (!t->explain)
		return lh_fail(err, LH_E_PLUGIN, "explain is NULL in its " LH_THOUGHTS_INTERFACE ": a family that cannot explain "
			"its steps gives NULL for the whole interface");
	return 0;
}

static int open_plugin(struct lh_family *f, struct lh_error *err)
{
	void *handle;
	struct lh_error why = { 0 };
	if (lh_library_open(f->path, &handle, &why))
		return lh_fail(err, LH_E_PLUGIN, "it cannot be loaded: %s", why.text);
	int rc = find_symbol(handle, &f->plugin, err);
	if (rc)
		return rc;
	lh_host_enter(f->plugin->name);
	f->task = f->plugin->get_interface(lh_host_table(), LH_TASK_INTERFACE);
	rc = check_interface(f->task, err);
	if (!rc) {
		f->thoughts = f->plugin->get_interface(lh_host_table(), LH_THOUGHTS_INTERFACE);
		rc = f->thoughts ? check_thoughts(f->thoughts, err) : 0;
	}
	if (!rc) {
		f->tools = f->plugin->get_interface(lh_host_table(), LH_TOOLS_INTERFACE);
		rc = f->tools ? lh_family_check_tools(f->tools, err) : 0;
	}
	if (rc)
		lh_prefix(err, "family %s", f->plugin->name);
	return rc;
}

int lh_family_open(const char *path, struct lh_family **out, struct lh_error *err)
{
	*out = NULL;
	struct lh_family *f = calloc(1, sizeof *f);
	if (!f)
		return lh_nomem(err);
	int rc = lh_family_identify(path, &f->path, &f->device, &f->inode, err);
	if (!rc)
		rc = lh_sha256_file(f->path, f->sha256, err);
	if (!rc) {
		rc = open_plugin(f, err);
		if (rc)
			lh_prefix(err, "plugin %s", f->path);
	}
	if (rc) {
		lh_family_free(f);
		return rc;
	}
	*out = f;
	return 0;
}

/* The handle stays open: code of the plugin may be in use for as long as the process lives. */
void lh_family_free(struct lh_family *f)
{
	if (!f)
		return;
	free(f->path);
	free(f);
}

const char *lh_family_name(const struct lh_family *f) { return f->plugin->name; }
const char *lh_family_version(const struct lh_family *f) { return f->plugin->version; }
const char *lh_family_license(const struct lh_family *f) { return f->plugin->license; }
const char *lh_family_summary(const struct lh_family *f) { return f->task->summary; }
const char *lh_family_path(const struct lh_family *f) { return f->path; }
const char *lh_family_sha256(const struct lh_family *f) { return f->sha256; }
bool lh_family_explains(const struct lh_family *f) { return f->thoughts != NULL; }
int lh_family_param_count(const struct lh_family *f) { return (int)f->task->param_count; }

const struct lh_param *lh_family_param(const struct lh_family *f, int i)
{
	return i >= 0 && i < lh_family_param_count(f) ? &f->task->params[i] : NULL;
}
