#include "zip/zip.h"

#include "zip/archive_api.h"

#include <locale.h>
#include <stdlib.h>
#include <sys/stat.h>

#define READ_AT_ONCE (1 << 16)
#define MEMBERS_MAX 2000000              /* of the list in front, which is in memory as a whole */

struct lh_zip_in {
	struct lh_archive api;
	struct archive *archive;
	char *path;
	const char *name;                    /* of the member that is being read */
	locale_t utf8;                       /* libarchive gives no name that the locale has no letters for */
	int64_t members;
};

static int damaged(struct lh_zip_in *z, struct lh_error *err)
{
	const char *why = z->archive ? z->api.error_string(z->archive) : NULL;
	return lh_fail(err, LH_E_DATA, "%s cannot be read: %s", z->path, why ? why : "it is damaged");
}

/* libarchive reads from folders and devices, too. */
static int check_file(const char *path, struct lh_error *err)
{
	struct stat st;
	if (stat(path, &st))
		return lh_fail(err, LH_E_MISSING, "%s: there is no such file", path);
	return S_ISREG(st.st_mode) ? 0 : lh_fail(err, LH_E_DATA, "%s is no file", path);
}

static int begin(struct lh_zip_in *z, struct lh_error *err)
{
	int rc = check_file(z->path, err);
	if (!rc)
		rc = lh_archive_open(&z->api, err);
	if (rc)
		return rc;
	if (!lh_file_begins(z->path, LH_STR("PK\x03\x04")))
		return lh_fail(err, LH_E_DATA, "%s is no zip archive: it does not begin like one", z->path);
	z->utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
	z->archive = z->api.read_new();
	if (!z->archive)
		return lh_nomem(err);
	if (z->api.read_support_format_zip_seekable(z->archive) != ARCHIVE_OK)
		return damaged(z, err);
	if (z->api.read_open_filename(z->archive, z->path, READ_AT_ONCE) != ARCHIVE_OK)
		return lh_fail(err, LH_E_DATA, "%s is no whole zip archive: it was cut off, or is damaged", z->path);
	return 0;
}

int lh_zip_open(const char *path, struct lh_zip_in **out, struct lh_error *err)
{
	*out = NULL;
	struct lh_zip_in *z = calloc(1, sizeof *z);
	if (!z)
		return lh_nomem(err);
	z->path = lh_str_dup(lh_str_of(path));
	int rc = z->path ? begin(z, err) : lh_nomem(err);
	if (rc)
		lh_zip_close(z);
	else
		*out = z;
	return rc;
}

int lh_zip_next(struct lh_zip_in *z, const char **name, struct lh_error *err)
{
	struct archive_entry *entry;
	*name = z->name = NULL;
	locale_t before = z->utf8 ? uselocale(z->utf8) : (locale_t)0;
	int rc = z->api.read_next_header(z->archive, &entry);
	z->name = rc == ARCHIVE_OK || rc == ARCHIVE_WARN ? z->api.entry_pathname(entry) : NULL;
	if (before)
		uselocale(before);
	if (rc == ARCHIVE_EOF)
		return 0;
	if (rc < ARCHIVE_WARN)
		return damaged(z, err);
	if (++z->members > MEMBERS_MAX)
		return lh_fail(err, LH_E_DATA, "%s has more than %d members", z->path, MEMBERS_MAX);
	if (!z->name)                            /* neither ASCII nor UTF-8 */
		z->name = "";
	*name = z->name;
	return 0;
}

int lh_zip_read(struct lh_zip_in *z, struct lh_buf *out, struct lh_error *err)
{
	for (;;) {
		size_t left = out->max - out->n, most = left < READ_AT_ONCE ? left : READ_AT_ONCE;
		char probe, *to = most ? lh_buf_reserve(out, most) : &probe;
		if (!to)
			return lh_nomem(err);
		la_ssize_t n = z->api.read_data(z->archive, to, most ? most : 1);
		if (n == 0)
			return 0;
		if (n < 0)
			return damaged(z, err);
		if (!most)
			return lh_fail(err, LH_E_DATA, "%s: its member %s is larger than %zu MiB", z->path, z->name, out->max >> 20);
		out->n += (size_t)n;
		out->p[out->n] = 0;
	}
}

void lh_zip_close(struct lh_zip_in *z)
{
	if (!z)
		return;
	if (z->archive)
		z->api.read_free(z->archive);
	if (z->utf8)
		freelocale(z->utf8);
	free(z->path);
	free(z);
}
