#include "net/curl_api.h"

#include "base/library.h"

#define OLDEST 0x074000                        /* 7.64.0: CURLOPT_CURLU (7.63) without its first faults */

static int resolve(struct lh_curl *c, void *library, struct lh_error *err)
{
	const char *lacking = NULL;
#define X(name) if (!(c->name = (__typeof__(curl_##name) *)lh_library_symbol(library, "curl_" #name))) lacking = "curl_" #name;
	LH_CURL_FUNCTIONS(X)
#undef X
	return lacking ? lh_fail(err, LH_E_MISSING, "libcurl has no %s: a newer one is needed", lacking) : 0;
}

/* The library is never closed: a thread of its resolver may outlive the transfer that started it, and
 * must find its code. */
int lh_curl_open(struct lh_curl *c, struct lh_error *err)
{
	void *library;
	*c = (struct lh_curl){ 0 };
	int rc = lh_library_open("libcurl.so.4", &library, err);
	if (rc) {
		lh_prefix(err, "requests over HTTP need libcurl (Debian: libcurl4)");
		return rc;
	}
	if ((rc = resolve(c, library, err)))
		return rc;
	if (c->global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return lh_fail(err, LH_E_FAILED, "libcurl cannot be initialised");
	const curl_version_info_data *info = c->version_info(CURLVERSION_NOW);
	c->version = info->version_num;
	if (c->version >= OLDEST)
		return 0;
	lh_fail(err, LH_E_MISSING, "libcurl %s is too old: 7.64.0 or newer is needed", info->version);
	c->global_cleanup();
	return LH_E_MISSING;
}

void lh_curl_close(struct lh_curl *c)
{
	c->global_cleanup();
}
