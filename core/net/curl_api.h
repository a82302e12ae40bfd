/* net/curl_api.h - the functions of libcurl that are used, found when the first network is asked for:
 * libcurl and what it needs (36 shared objects on Debian) take longer to load than most commands run. */
#ifndef LH_NET_CURL_API_H
#define LH_NET_CURL_API_H

#include "base/error.h"

#define CURL_DISABLE_TYPECHECK                 /* its macros want the plain names */
#include <curl/curl.h>

#define LH_CURL_FUNCTIONS(X) \
	X(global_init) X(global_cleanup) X(version_info) \
	X(easy_init) X(easy_cleanup) X(easy_setopt) X(easy_getinfo) X(easy_strerror) \
	X(multi_init) X(multi_cleanup) X(multi_setopt) X(multi_add_handle) X(multi_remove_handle) \
	X(multi_socket_action) X(multi_info_read) X(multi_strerror) \
	X(share_init) X(share_setopt) X(share_cleanup) \
	X(url) X(url_set) X(url_get) X(url_cleanup) X(free)

struct lh_curl {
	unsigned version;                      /* 0x075801: 7.88.1 */
#define X(name) __typeof__(curl_##name) *name;
	LH_CURL_FUNCTIONS(X)
#undef X
};

/* Opens it and initialises it; each success is undone by lh_curl_close. LH_E_MISSING: there is none, or
 * it is too old. */
int lh_curl_open(struct lh_curl *c, struct lh_error *err) LH_CHECKED;
void lh_curl_close(struct lh_curl *c);

#endif
