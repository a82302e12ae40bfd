/* zip/archive_api.h - the functions of libarchive that are used, found when the first archive is asked for: libarchive and
 * what it needs (libxml2, ICU and others on Debian) take longer to load than most commands run. This room's own. */
#ifndef LH_ZIP_ARCHIVE_API_H
#define LH_ZIP_ARCHIVE_API_H

#include "base/error.h"

#include <archive.h>
#include <archive_entry.h>

#define LH_ARCHIVE_FUNCTIONS(X) \
	X(error_string) X(read_new) X(read_support_format_zip_seekable) X(read_open_filename) X(read_next_header) X(read_data) X(read_free) \
	X(write_new) X(write_set_format_zip) X(write_open) X(write_set_bytes_in_last_block) X(write_header) X(write_data) X(write_close) X(write_free) \
	X(entry_new) X(entry_free) X(entry_clear) X(entry_pathname) \
	X(entry_set_pathname) X(entry_set_size) X(entry_set_filetype) X(entry_set_perm)

struct lh_archive {
#define X(name) __typeof__(archive_##name) *name;
	LH_ARCHIVE_FUNCTIONS(X)
#undef X
};

/* LH_E_MISSING: there is none, or it is too old. It stays open until the program ends. */
int lh_archive_open(struct lh_archive *a, struct lh_error *err) LH_CHECKED;

#endif
