/* net/url.h - what a URL that requests may go to is made of. Strict, so that no other reader of the same
 * text (libcurl, a proxy) can find another host in it. */
#ifndef LH_NET_URL_H
#define LH_NET_URL_H

#include "base/text.h"

struct lh_url {
	bool https, ipv6;
	struct lh_str host;            /* without port and brackets */
	struct lh_str place;           /* host and port, as they stand there */
};

/* NULL: it is one; else what is wrong with it, in words that hold nothing of the URL. */
const char *lh_url_read(const char *text, struct lh_url *out);
/* Is the host an address, or localhost, so that nobody has to be asked where it is? */
bool lh_url_numeric(const struct lh_url *u);

#endif
