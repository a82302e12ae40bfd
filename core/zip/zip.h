/* zip/zip.h - zip archives, written and read one member after another; never more than a member is in memory.
 *
 * What is read may come from anywhere: a member is read only as far as the caller's buffer may hold, whatever its head says of
 * its size. Stored, deflated and Zstandard members are read, archives of 4 GiB and more too. The only room that includes
 * libarchive's headers. */
#ifndef LH_ZIP_ZIP_H
#define LH_ZIP_ZIP_H

#include "base/text.h"

/* ---- writing ---- */

struct lh_zip_out;
/* What is written is at `path` once it is whole; until then it is beside it, as PATH.part, or
 * PATH.N.part where such a file is there. LH_E_MISSING: no libarchive.
 * LH_E_USAGE: what is there is no regular file. */
int lh_zip_create(const char *path, struct lh_zip_out **out, struct lh_error *err) LH_CHECKED;
/* A member, deflated. The same members give the same bytes: no times are in it. */
int lh_zip_put(struct lh_zip_out *z, const char *name, struct lh_str content, struct lh_error *err) LH_CHECKED;
/* Frees z in any case. */
int lh_zip_finish(struct lh_zip_out *z, struct lh_error *err) LH_CHECKED;
/* Leaves no file behind, and the one that was at `path` as it was; accepts NULL. */
void lh_zip_abandon(struct lh_zip_out *z);

/* ---- reading ---- */

struct lh_zip_in;
/* LH_E_DATA: no zip archive, or one that was cut off. */
int lh_zip_open(const char *path, struct lh_zip_in **out, struct lh_error *err) LH_CHECKED;
/* The next member's name, which lives until the next call; NULL: there is none. Members come in the order they have in the
 * file; one name may come twice. */
int lh_zip_next(struct lh_zip_in *z, const char **name, struct lh_error *err) LH_CHECKED;
/* All of that member, put into an empty buffer. LH_E_DATA: it is damaged, or larger than the buffer may become. */
int lh_zip_read(struct lh_zip_in *z, struct lh_buf *out, struct lh_error *err) LH_CHECKED;
void lh_zip_close(struct lh_zip_in *z);                          /* accepts NULL */

#endif
