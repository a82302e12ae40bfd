#include "again/beside.h"

#include "journal/journal.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ENDS_READ = 2, ENDS };            /* the first two hold what a reader takes up, a -shm alone does not */
static const char *const ends[ENDS] = { "-wal", "-journal", "-shm" };

int lh_beside_name(const char *out, const char *doing, struct lh_buf *name, struct lh_error *err)
{
	lh_buf_printf(name, "%s.%s-%ld", out, doing, (long)getpid());
	return lh_buf_ok(name, err);
}

static int refuse_exists(const char *out, struct lh_error *err)
{
	return lh_fail(err, LH_E_USAGE, "%s exists: name another file with -o, or write over it with --replace", out);
}

/* Where no file is, what one has left would be taken for the new one's. */
static int refuse_left(const char *out, struct lh_error *err)
{
	struct lh_buf b;
	int rc = 0;
	lh_buf_init(&b, 1 << 16);
	for (int i = 0; i < ENDS_READ && !rc; i++) {
		lh_buf_clear(&b);
		lh_buf_printf(&b, "%s%s", out, ends[i]);
		rc = lh_buf_ok(&b, err);
		if (!rc && access(b.p, F_OK) == 0)
			rc = lh_fail(err, LH_E_USAGE, "%s lies there, left by another file: move it away, or --replace", b.p);
	}
	lh_buf_fini(&b);
	return rc;
}

/* Said before the work, too: lh_beside_place() holds the lock. */
static int refuse_written(const char *out, struct lh_error *err)
{
	int fd, rc = lh_journal_lock(out, &fd, err);
	if (fd >= 0)
		close(fd);
	return rc;
}

int lh_beside_check(const char *out, bool replace, struct lh_error *err)
{
	struct stat st;
	if (lstat(out, &st))
		return replace ? refuse_written(out, err) : refuse_left(out, err);
	if (!replace)
		return refuse_exists(out, err);
	if (!S_ISREG(st.st_mode) || (st.st_size && !lh_file_begins(out, LH_STR("SQLite format 3"))))
		return lh_fail(err, LH_E_USAGE, "%s is no run file, and is not written over: name another file with -o", out);
	return refuse_written(out, err);
}

/* What an old file left beside it would be taken for the new one's. */
static void remove_beside(const char *path)
{
	struct lh_buf b;
	lh_buf_init(&b, 1 << 16);
	for (int i = 0; i < ENDS; i++) {
		lh_buf_clear(&b);
		lh_buf_printf(&b, "%s%s", path, ends[i]);
		if (!b.failed)
			unlink(b.p);
	}
	lh_buf_fini(&b);
}

static int cannot(const char *out, struct lh_error *err) { return lh_fail(err, LH_E_IO, "%s cannot be made: %s", out, strerror(errno)); }

/* What lies beside the old file is part of it until the new one is there. */
static int place_over(const char *made, const char *out, struct lh_error *err)
{
	int fd, rc = lh_journal_lock(out, &fd, err);
	if (rc)
		return rc;
	if (rename(made, out))
		rc = cannot(out, err);
	else
		remove_beside(out);
	if (fd >= 0)
		close(fd);
	return rc;
}

int lh_beside_place(const char *made, const char *out, bool replace, struct lh_error *err)
{
	if (replace)
		return place_over(made, out, err);
	if (link(made, out))
		return errno == EEXIST ? refuse_exists(out, err) : cannot(out, err);
	unlink(made);
	return 0;
}

void lh_beside_remove(const char *made)
{
	unlink(made);
	remove_beside(made);
}
