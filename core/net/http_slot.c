/* One easy handle: what is settled once, what each request changes, where its reply goes. */
#include "net/http_parts.h"

#include "base/clock.h"

#include <stdlib.h>
#include <string.h>

#define REPLY_KEPT (64 << 10)          /* a reply's memory beyond this is not kept for the next one */
#define EXTRA_MOST 8192
#define RECEIVE_BYTES 4096L            /* most replies fit; the default costs 12 KB more for each in flight */

static size_t on_body(char *p, size_t size, size_t n, void *user)
{
	struct lh_slot *s = user;
	struct lh_http *h = s->shard->lane->http;
	n *= size;
	s->last_us = h->now_us;
	h->counts.bytes_in += (int64_t)n;
	size_t room = s->reply.max - s->reply.n;
	s->too_large = n > room;
	lh_buf_put(&s->reply, p, s->too_large ? room : n);
	s->no_memory = s->reply.failed;
	return s->too_large || s->no_memory ? 0 : n;   /* 0 of n, which is never 0, ends the transfer */
}

#define SET(option, value) do { \
	if (bad == CURLE_OK) \
		bad = c->easy_setopt(s->easy, option, value); } while (0)

static CURLcode set_connection(struct lh_slot *s, const struct lh_curl *c, const struct lh_endpoint *to)
{
	CURLcode bad = CURLE_OK;
	SET(CURLOPT_CURLU, to->url);
	SET(CURLOPT_SHARE, s->shard->lane->http->share);
	SET(CURLOPT_HTTP_VERSION, (long)(to->http2 ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_1_1));
	SET(CURLOPT_PIPEWAIT, to->http2 ? 1L : 0L);
	SET(CURLOPT_CONNECTTIMEOUT_MS, to->connect_ms);
	SET(CURLOPT_TCP_KEEPALIVE, 1L);                /* a model may think for minutes behind a gateway that forgets */
	SET(CURLOPT_NOSIGNAL, 1L);
	SET(CURLOPT_OPENSOCKETFUNCTION, lh_shard_open_socket);
	SET(CURLOPT_OPENSOCKETDATA, s);
	SET(CURLOPT_CLOSESOCKETFUNCTION, lh_shard_close_socket);
	SET(CURLOPT_CLOSESOCKETDATA, s->shard);        /* a connection outlives the slot's transfer */
	return bad;
}

static const char *named(const char *variable)
{
	const char *value = getenv(variable);
	return value && *value ? value : NULL;
}

/* As the curl tool has it: CURL_CA_BUNDLE, else SSL_CERT_FILE, else SSL_CERT_DIR, else what libcurl was
 * built with; but never a folder beside a file. With one, the certificates are read again for each
 * connection: 15 ms and 0.9 MB instead of 0.6 ms and 66 KB. */
static CURLcode set_authorities(struct lh_slot *s, const struct lh_curl *c)
{
	CURLcode bad = CURLE_OK;
	const char *file = named("CURL_CA_BUNDLE");
	if (!file)
		file = named("SSL_CERT_FILE");
	const char *folder = file ? NULL : named("SSL_CERT_DIR");
	SET(CURLOPT_CAPATH, folder);
	c->easy_setopt(s->easy, CURLOPT_PROXY_CAPATH, folder);         /* libcurl may know no TLS proxies */
	if (file) {
		SET(CURLOPT_CAINFO, file);
		c->easy_setopt(s->easy, CURLOPT_PROXY_CAINFO, file);
	}
	return bad;
}

static bool proxy_named(void)
{
	static const char *const names[] = { "http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY" };
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (named(names[i]))
			return true;
	return false;
}

static CURLcode set_trust(struct lh_slot *s, const struct lh_curl *c)
{
	CURLcode bad = set_authorities(s, c);
	SET(CURLOPT_SSL_VERIFYPEER, 1L);
	SET(CURLOPT_SSL_VERIFYHOST, 2L);
	SET(CURLOPT_FOLLOWLOCATION, 0L);
#if LIBCURL_VERSION_NUM >= 0x075500
	if (c->version >= 0x075500)
		SET(CURLOPT_PROTOCOLS_STR, "http,https");
#else
	SET(CURLOPT_PROTOCOLS, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
	SET(CURLOPT_HEADEROPT, (long)CURLHEADER_SEPARATE);     /* no key for a proxy's CONNECT */
	SET(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
	const struct lh_endpoint *to = s->shard->lane->to;
	if (!proxy_named() || (to->key_line && !to->https))    /* a key in clear goes to this machine, not by way of another */
		SET(CURLOPT_NOPROXY, "*");                     /* else five variables are looked up a request */
	return bad;
}

static CURLcode set_replies(struct lh_slot *s, const struct lh_curl *c)
{
	CURLcode bad = CURLE_OK;
	SET(CURLOPT_PRIVATE, s);
	SET(CURLOPT_ERRORBUFFER, s->said);
	SET(CURLOPT_NOPROGRESS, 1L);
	SET(CURLOPT_BUFFERSIZE, RECEIVE_BYTES);
	SET(CURLOPT_WRITEFUNCTION, on_body);
	SET(CURLOPT_WRITEDATA, s);
	SET(CURLOPT_HEADERFUNCTION, lh_slot_header);
	SET(CURLOPT_HEADERDATA, s);
	if (c->version >= 0x080e00)                            /* from here on each transfer has one, of 64 KB */
		SET(CURLOPT_UPLOAD_BUFFERSIZE, 16384L);
#if LIBCURL_VERSION_NUM >= 0x075700
	if (c->version >= 0x075700)                            /* breaking off must not wait for a name server */
		SET(CURLOPT_QUICK_EXIT, 1L);
#endif
	return bad;
}

static int slot_new(struct lh_shard *shard, struct lh_slot **out, struct lh_error *err)
{
	const struct lh_curl *c = &shard->lane->http->curl;
	struct lh_slot *s = calloc(1, sizeof *s);
	if (!s)
		return lh_nomem(err);
	s->shard = shard;
	s->easy = c->easy_init();
	CURLcode bad = s->easy ? set_connection(s, c, shard->lane->to) : CURLE_OUT_OF_MEMORY;
	if (bad == CURLE_OK)
		bad = set_trust(s, c);
	if (bad == CURLE_OK)
		bad = set_replies(s, c);
	if (bad != CURLE_OK) {
		lh_fail(err, bad == CURLE_OUT_OF_MEMORY ? LH_E_NOMEM : LH_E_FAILED, "HTTP: libcurl: %s", c->easy_strerror(bad));
		c->easy_cleanup(s->easy);
		free(s);
		return bad == CURLE_OUT_OF_MEMORY ? LH_E_NOMEM : LH_E_FAILED;
	}
	lh_buf_init(&s->extra_text, EXTRA_MOST);
	*out = s;
	return 0;
}

static int add_slot(struct lh_lane *lane, struct lh_slot **out, struct lh_error *err)
{
	struct lh_http *h = lane->http;
	int rc = lh_table_room(h, err);
	if (!rc && (!lane->last || lane->last->slots == LH_SHARD_SLOTS)) {
		struct lh_shard *shard;
		rc = lh_shard_new(lane, &shard, err);
		if (!rc)
			lane->last = shard;
	}
	if (!rc)
		rc = slot_new(lane->last, out, err);
	if (rc)
		return rc;
	lane->last->slot[lane->last->slots++] = *out;
	h->slots++;
	return 0;
}

int lh_slot_get(struct lh_lane *lane, struct lh_slot **out, struct lh_error *err)
{
	*out = lane->free;
	if (!*out)
		return add_slot(lane, out, err);
	lane->free = (*out)->next;
	(*out)->next = NULL;
	return 0;
}

static int set_headers(struct lh_slot *s, const struct lh_http_request *r, struct lh_error *err)
{
	const struct lh_endpoint *to = s->shard->lane->to;
	struct curl_slist *list = r->accept_events ? to->events : to->plain;
	if (r->extra_header) {
		const char *wrong = lh_header_wrong(lh_str_of(r->extra_header));
		if (wrong)
			return lh_fail(err, LH_E_USAGE, "a request's own header cannot be sent: %s", wrong);
		lh_buf_clear(&s->extra_text);
		lh_buf_puts(&s->extra_text, r->extra_header);
		int rc = lh_buf_ok(&s->extra_text, err);
		if (rc)
			return rc;
		s->extra = (struct curl_slist){ s->extra_text.p, list };
		list = &s->extra;
	}
	if (list == s->headers)
		return 0;
	if (s->shard->lane->http->curl.easy_setopt(s->easy, CURLOPT_HTTPHEADER, list) != CURLE_OK)
		return lh_nomem(err);
	s->headers = list;
	return 0;
}

static int64_t us_of(int64_t ms)
{
	return ms <= 0 ? 0 : ms > INT64_MAX / 4000 ? INT64_MAX / 4 : ms * 1000;
}

static void clear(struct lh_slot *s)
{
	s->x = (struct lh_exchange){ .retry_after_us = -1, .should_retry = -1 };
	s->too_large = s->no_memory = s->said_ms = false;
	s->socket_errno = 0;
	s->uploaded = 0;
	s->said[0] = 0;
	s->started_us = 0;
}

/* POSTFIELDS are sent from where they lie, with the headers in one piece where they are short; a read
 * function would cost half as much again. */
int lh_slot_fill(struct lh_slot *s, const struct lh_http_request *r, struct lh_error *err)
{
	const struct lh_curl *c = &s->shard->lane->http->curl;
	clear(s);
	int rc = set_headers(s, r, err);
	if (rc)
		return rc;
	CURLcode bad = CURLE_OK;
	SET(CURLOPT_POSTFIELDS, r->body.n ? r->body.p : "");
	SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)r->body.n);
	if (bad != CURLE_OK)
		return lh_fail(err, LH_E_FAILED, "HTTP: libcurl: %s", c->easy_strerror(bad));
	s->x.id = r->id;
	s->reply.max = r->reply_most < SIZE_MAX / 4 ? r->reply_most : SIZE_MAX / 4;
	s->timeout_us = us_of(r->timeout_ms);
	s->idle_us = us_of(r->idle_ms);
	s->last_us = lh_clock_mono_us();
	s->end_us = s->timeout_us ? s->last_us + s->timeout_us : INT64_MAX;
	return 0;
}

void lh_slot_put_back(struct lh_slot *s)
{
	struct lh_lane *lane = s->shard->lane;
	if (s->reply.cap > REPLY_KEPT)
		lh_buf_fini(&s->reply);
	else
		lh_buf_clear(&s->reply);
	s->state = LH_SLOT_FREE;
	s->prev = NULL;
	s->next = lane->free;
	lane->free = s;
}

void lh_slot_free(struct lh_slot *s)
{
	const struct lh_curl *c = &s->shard->lane->http->curl;
	if (s->state == LH_SLOT_ACTIVE)
		c->multi_remove_handle(s->shard->multi, s->easy);
	c->easy_cleanup(s->easy);
	lh_buf_fini(&s->reply);
	lh_buf_fini(&s->extra_text);
	free(s);
}

/* Has the request been given to a connection? */
bool lh_slot_connected(const struct lh_slot *s)
{
	curl_off_t us = 0;
	if (s->state == LH_SLOT_ACTIVE)
		s->shard->lane->http->curl.easy_getinfo(s->easy, CURLINFO_PRETRANSFER_TIME_T, &us);
	return us > 0;
}
