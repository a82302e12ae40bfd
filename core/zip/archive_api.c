#include "zip/archive_api.h"

#include "base/library.h"

int lh_archive_open(struct lh_archive *a, struct lh_error *err)
{
	void *library;
	const char *lacking = NULL;
	int rc = lh_library_open("libarchive.so.13", &library, err);
	if (rc) {
		lh_prefix(err, "zip files need libarchive (Debian: libarchive13 or libarchive13t64)");
		return rc;
	}
#define X(name) if (!(a->name = (__typeof__(archive_##name) *)lh_library_symbol(library, "archive_" #name))) lacking = "archive_" #name;
	LH_ARCHIVE_FUNCTIONS(X)
#undef X
	return lacking ? lh_fail(err, LH_E_MISSING, "libarchive has no %s: a newer one is needed", lacking) : 0;
}
