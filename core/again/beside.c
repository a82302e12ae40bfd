#include "again/beside.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int lh_beside_name(const char *out, const char *doing, struct lh_buf *name, struct lh_error *err)
{
	lh_buf_printf(name, "%s.%s-%ld", out, doing, (long)getpid());
	return lh_buf_ok(name, err);
}

static int refuse_exists(const char *out, struct lh_error *err)
{
	return lh_fail(err, LH_E_USAGE, "%s exists: name another file with -o, or write over it with --replace", out);
}

int lh_beside_check(const char *out, bool replace, struct lh_error *err)
{
	struct stat st;
	if (lstat(out, &st))
		return 0;
	if (!replace)
		return refuse_exists(out, err);
	if (!S_ISREG(st.st_mode) || (st.st_size && !lh_file_begins(out, LH_STR("SQLite format 3"))))
		return lh_fail(err, LH_E_USAGE, "%s is no run file, and is not written over: name another file with -o", out);
	return 0;
}

/* What an old file left beside it would be taken for the new one's. */
static void remove_beside(const char *path)
{
	static const char *const ends[] = { "-wal", "-shm" };
	struct lh_buf b;
	lh_buf_init(&b, 1 << 16);
	for (int i = 0; i < 2; i++) {
		lh_buf_clear(&b);
		lh_buf_printf(&b, "%s%s", path, ends[i]);
		if (!b.failed)
			unlink(b.p);
	}
	lh_buf_fini(&b);
}

int lh_beside_place(const char *made, const char *out, bool replace, struct lh_error *err)
{
	if (replace)
		remove_beside(out);
	if (replace ? !rename(made, out) : !link(made, out)) {
		if (!replace)
			unlink(made);
		return 0;
	}
	return errno == EEXIST ? refuse_exists(out, err) : lh_fail(err, LH_E_IO, "%s cannot be made: %s", out, strerror(errno));
}

void lh_beside_remove(const char *made)
{
	unlink(made);
	remove_beside(made);
}
