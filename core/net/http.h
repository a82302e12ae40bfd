/* net/http.h - HTTP requests, thousands at once, on libcurl's multi interface.
 *
 * At most 64 connections a multi handle, several handles on one loop; easy handles and connections are
 * used again; the settings are those of curl's own documentation and of measurements: no Expect, no
 * redirects, http and https only, TLS verified, CAPATH off, HTTP/1.1 unless HTTP/2 is asked for. Proxies
 * by the usual environment variables; CAs by CURL_CA_BUNDLE, else SSL_CERT_FILE, else SSL_CERT_DIR (dear:
 * read again for each connection), else libcurl's own. Bodies are said to be application/json unless the
 * endpoint's headers say otherwise. libcurl is opened at the first use (base/library.h), so
 * that what needs no network starts without it. The only room that includes curl.h. */
#ifndef LH_NET_HTTP_H
#define LH_NET_HTTP_H

#include "net/exchange.h"
#include "net/loop.h"
#include "net/secret.h"

/* Where requests go. Texts are copied; so is the key, into memory that is wiped at the end. */
struct lh_endpoint_spec {
	const char *url;                         /* whole: scheme, host, path */
	const char *const *header; int headers;  /* "Name: value"; no keys */
	const char *key_header, *key_prefix;     /* "Authorization", "Bearer "; NULL: no key is sent */
	int key;                                 /* in the secrets; -1: none */
	bool http2;
	int64_t connect_ms;                      /* 0: 10 s */
};

struct lh_http_request {
	uint64_t id;
	const struct lh_endpoint *to;
	struct lh_str body;                      /* must neither move nor change until the exchange is taken */
	const char *extra_header;                /* one more, "Name: value", copied; NULL: none */
	int64_t timeout_ms, idle_ms;             /* 0: none. The first counts from lh_http_send; the second while
	                                          * connected, from the last byte that came or went */
	size_t reply_most;                       /* bytes; more is a fault */
	bool accept_events;                      /* ask for text/event-stream */
};

struct lh_http;
struct lh_endpoint;

/* secrets may be NULL; borrowed, as is the loop. LH_E_MISSING: there is no libcurl here. */
int lh_http_new(struct lh_loop *loop, const struct lh_secrets *secrets, struct lh_http **out, struct lh_error *err) LH_CHECKED;
/* Breaks off what is in flight; bodies of exchanges that were not given back, and endpoints, end with it. */
void lh_http_free(struct lh_http *h);
/* Refuses URLs that are not http or https, that carry a user or password, control characters, anything in
 * which two readers could find two hosts; and headers that are no "Name: value" or concern the connection.
 * No message holds more of either than a host. An endpoint has connections of its own: open one for each
 * (URL, key), not one for each request. It lives until lh_http_free. */
int lh_endpoint_open(struct lh_http *h, const struct lh_endpoint_spec *spec, struct lh_endpoint **out, struct lh_error *err) LH_CHECKED;
const char *lh_endpoint_host(const struct lh_endpoint *e);       /* "api.example.com:8080", for messages */
/* Splits a URL: is it https, and which host (without port)? false: no http(s) URL. */
bool lh_url_host(const char *url, bool *https, struct lh_str *host);

/* Starts it; what comes of it is taken later, errors of the network too. An id is in flight from here until
 * its exchange is taken, and is sent once at a time (else LH_E_INTERNAL). Beyond 32 new connections a pass,
 * and until a host's address is known, requests wait here. */
int lh_http_send(struct lh_http *h, const struct lh_http_request *r, struct lh_error *err) LH_CHECKED;
void lh_http_cancel(struct lh_http *h, uint64_t id);             /* no exchange comes of it; unknown ids: nothing */
int lh_http_in_flight(const struct lh_http *h);
/* When the loop must be left to call lh_http_step again, monotonic; INT64_MAX: only sockets matter. */
int64_t lh_http_due_us(const struct lh_http *h);
/* Carries on after lh_loop_wait: timers, finished transfers. */
int lh_http_step(struct lh_http *h, struct lh_error *err) LH_CHECKED;
/* The next finished exchange, in order of completion; false: none. Its body lives until lh_http_give_back,
 * which is best called before the next request is sent: that one then finds the connection this one used. */
bool lh_http_take(struct lh_http *h, struct lh_exchange *out);
void lh_http_give_back(struct lh_http *h, const struct lh_exchange *x);
/* Sockets opened so far, requests started, bytes of bodies sent, of headers and bodies received: for tests and
 * benchmarks. */
struct lh_http_counts { int64_t connections, requests, bytes_out, bytes_in; };
void lh_http_counts(const struct lh_http *h, struct lh_http_counts *out);

#endif
