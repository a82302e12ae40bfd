#include "zip/zip.h"

#include "zip/archive_api.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PARTS_MAX 100                    /* names that are tried */

struct lh_zip_out {
	struct lh_archive api;
	struct archive *archive;
	struct archive_entry *entry;
	char *path, *part;                       /* part: NULL where none was made */
	int fd;                                  /* of part; -1: closed */
	int broken;                              /* errno of the write that failed; 0: none has */
};

static int failed(struct lh_zip_out *z, struct lh_error *err)
{
	const char *why = z->broken ? strerror(z->broken) : z->archive ? z->api.error_string(z->archive) : NULL;
	return lh_fail(err, LH_E_IO, "%s cannot be written: %s", z->path, why ? why : "out of memory");
}

static void release(struct lh_zip_out *z)
{
	if (z->archive)
		z->api.write_free(z->archive);
	if (z->entry)
		z->api.entry_free(z->entry);
	if (z->fd >= 0)
		close(z->fd);
	free(z->path);
	free(z->part);
	free(z);
}

static int no_part(struct lh_zip_out *z, struct lh_error *err)
{
	return lh_fail(err, LH_E_IO, "%s cannot be written: %s", z->path, strerror(errno));
}

/* What is there under the name, or a link of that name, is somebody else's. */
static int make_part(struct lh_zip_out *z, struct lh_error *err)
{
	struct lh_buf name;
	lh_buf_init(&name, 1 << 16);
	errno = ENAMETOOLONG;
	for (int i = 0; i < PARTS_MAX && z->fd < 0; i++) {
		lh_buf_clear(&name);
		lh_buf_puts(&name, z->path);
		if (i)
			lh_buf_printf(&name, ".%d", i);
		lh_buf_puts(&name, ".part");
		if (lh_buf_ok(&name, NULL))
			break;
		z->fd = open(name.p, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
		if (z->fd < 0 && errno != EEXIST)
			break;
	}
	int rc = z->fd < 0 ? no_part(z, err) : (z->part = lh_str_dup(lh_buf_str(&name))) ? 0 : lh_nomem(err);
	if (z->fd >= 0 && !z->part)
		unlink(name.p);
	lh_buf_fini(&name);
	return rc;
}

/* libarchive does not free all it holds once it was told of a failure: that is noted, and asked for behind every call. */
static la_ssize_t put_bytes(struct archive *archive, void *user, const void *bytes, size_t n)
{
	struct lh_zip_out *z = user;
	(void)archive;
	for (size_t at = 0; at < n && !z->broken;) {
		ssize_t w = write(z->fd, (const char *)bytes + at, n - at);
		if (w > 0)
			at += (size_t)w;
		else if (!w || errno != EINTR)
			z->broken = w ? errno : EIO;
	}
	return (la_ssize_t)n;
}

static int begin(struct lh_zip_out *z, struct lh_error *err)
{
	int rc = lh_archive_open(&z->api, err);
	if (!rc)
		rc = make_part(z, err);
	if (rc)
		return rc;
	z->archive = z->api.write_new();
	z->entry = z->api.entry_new();
	if (!z->archive || !z->entry || z->api.write_set_format_zip(z->archive) != ARCHIVE_OK ||
		z->api.write_set_bytes_in_last_block(z->archive, 1) != ARCHIVE_OK || z->api.write_open(z->archive, z, NULL, put_bytes, NULL) != ARCHIVE_OK)
		return failed(z, err);
	return 0;
}

/* A device or a pipe would give way to the archive. */
static int check_place(const char *path, struct lh_error *err)
{
	struct stat st;
	if (stat(path, &st) || S_ISREG(st.st_mode))
		return 0;
	return lh_fail(err, LH_E_USAGE, "%s is no regular file: an archive is put in its place as a whole", path);
}

int lh_zip_create(const char *path, struct lh_zip_out **out, struct lh_error *err)
{
	*out = NULL;
	int rc = check_place(path, err);
	if (rc)
		return rc;
	struct lh_zip_out *z = calloc(1, sizeof *z);
	if (!z)
		return lh_nomem(err);
	z->fd = -1;
	z->path = lh_str_dup(lh_str_of(path));
	rc = z->path ? begin(z, err) : lh_nomem(err);
	if (rc)
		lh_zip_abandon(z);
	else
		*out = z;
	return rc;
}

int lh_zip_put(struct lh_zip_out *z, const char *name, struct lh_str content, struct lh_error *err)
{
	z->api.entry_clear(z->entry);
	z->api.entry_set_pathname(z->entry, name);
	z->api.entry_set_size(z->entry, (la_int64_t)content.n);
	z->api.entry_set_filetype(z->entry, AE_IFREG);
	z->api.entry_set_perm(z->entry, 0644);
	if (z->api.write_header(z->archive, z->entry) != ARCHIVE_OK)
		return failed(z, err);
	for (size_t at = 0; at < content.n;) {
		la_ssize_t n = z->api.write_data(z->archive, content.p + at, content.n - at);
		if (n <= 0)
			return failed(z, err);
		at += (size_t)n;
	}
	return z->broken ? failed(z, err) : 0;
}

int lh_zip_finish(struct lh_zip_out *z, struct lh_error *err)
{
	int rc = z->api.write_close(z->archive) == ARCHIVE_OK && !z->broken ? 0 : failed(z, err);
	if (!rc) {
		int closed = close(z->fd);
		z->fd = -1;
		if (closed || rename(z->part, z->path))
			rc = no_part(z, err);
	}
	if (rc) {
		lh_zip_abandon(z);
		return rc;
	}
	release(z);
	return 0;
}

void lh_zip_abandon(struct lh_zip_out *z)
{
	if (!z)
		return;
	if (z->archive)
		z->api.write_free(z->archive);           /* closes what was begun, before the file goes */
	z->archive = NULL;
	if (z->part)
		unlink(z->part);
	release(z);
}
