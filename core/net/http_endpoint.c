/* An endpoint: its URL parsed once, its headers as libcurl wants them, its key's line out of reach. */
#include "net/http_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>

#define HEADERS_MOST 64
#define TEXT_MOST (64 << 10)
#define CONNECT_MS 10000

enum { LINE_PLAIN, LINE_EVENTS, LINES_OURS };

static struct lh_str spec_line(const struct lh_endpoint_spec *spec, int i)
{
	return lh_str_of(spec->header[i]);
}

static bool spec_has(const struct lh_endpoint_spec *spec, struct lh_str name)
{
	for (int i = 0; i < spec->headers; i++)
		if (lh_header_is(spec_line(spec, i), name))
			return true;
	return false;
}

static int check_headers(const struct lh_endpoint_spec *spec, struct lh_error *err)
{
	if (spec->headers > HEADERS_MOST)
		return lh_fail(err, LH_E_USAGE, "an endpoint has at most %d headers of its own", HEADERS_MOST);
	for (int i = 0; i < spec->headers; i++) {
		const char *wrong = lh_header_wrong(spec_line(spec, i));
		if (wrong)                             /* the header itself may hold what nobody should read */
			return lh_fail(err, LH_E_USAGE, "header %d of the endpoint cannot be sent: %s", i + 1, wrong);
	}
	return 0;
}

/* A line of the text, to be pointed to when the text no longer moves: its offset stands in for the address. */
static void put_line(struct lh_endpoint *e, struct lh_buf *text, int *n, const char *line)
{
	e->node[(*n)++].data = (char *)(uintptr_t)text->n;
	lh_buf_put(text, line, strlen(line) + 1);
}

static void put_default(struct lh_endpoint *e, const struct lh_endpoint_spec *spec, struct lh_buf *text, int *n, const char *line)
{
	struct lh_str name = { line, strcspn(line, ":") };
	if (!spec_has(spec, name))
		put_line(e, text, n, line);
}

static int write_text(struct lh_endpoint *e, const struct lh_endpoint_spec *spec, int *n, struct lh_error *err)
{
	struct lh_buf text;
	lh_buf_init(&text, TEXT_MOST);
	put_line(e, &text, n, "Accept: application/json");
	put_line(e, &text, n, "Accept: text/event-stream");
	put_line(e, &text, n, "Expect:");              /* no waiting for "100 Continue" with bodies over 1 MiB */
	put_default(e, spec, &text, n, "Content-Type: application/json");
	put_default(e, spec, &text, n, "User-Agent: longhaul/" LH_VERSION);
	for (int i = 0; i < spec->headers; i++)
		put_line(e, &text, n, spec->header[i]);
	int rc = lh_buf_ok(&text, err);
	if (rc) {
		lh_prefix(err, "the endpoint's headers");
		lh_buf_fini(&text);
		return rc;
	}
	e->text = text.p;
	for (int i = 0; i < *n; i++)
		e->node[i].data = e->text + (uintptr_t)e->node[i].data;
	return 0;
}

/* Pages of its own: a child sees zeros there, a core dump leaves them out. libcurl puts requests
 * together in memory of its own, which is nobody's for as long as a request is being sent. */
static int write_key(struct lh_endpoint *e, const struct lh_endpoint_spec *spec, const struct lh_secrets *secrets, struct lh_error *err)
{
	if (spec->key < 0 || !spec->key_header)
		return 0;
	const char *prefix = spec->key_prefix ? spec->key_prefix : "";
	struct lh_str key = secrets ? lh_secrets_peek(secrets, spec->key) : (struct lh_str){ "", 0 };
	if (key.n == 0)
		return lh_fail(err, LH_E_INTERNAL, "the endpoint's key is not there");
	size_t bytes = strlen(spec->key_header) + 2 + strlen(prefix) + key.n + 1;
	char *line = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (line == MAP_FAILED)
		return lh_nomem(err);
	madvise(line, bytes, MADV_WIPEONFORK);
	madvise(line, bytes, MADV_DONTDUMP);
	snprintf(line, bytes, "%s: %s%.*s", spec->key_header, prefix, LH_ARG(key));
	e->key_line = line;
	e->key_bytes = bytes;
	const char *wrong = lh_header_wrong((struct lh_str){ line, strlen(line) });
	return wrong ? lh_fail(err, LH_E_USAGE, "the endpoint's key cannot be sent in a header: %s", wrong) : 0;
}

/* One list with two beginnings: either Accept, then the rest. Where the caller says what he accepts, neither. */
static void link_lines(struct lh_endpoint *e, int n, bool accepts)
{
	for (int i = LINES_OURS; i + 1 < n; i++)
		e->node[i].next = &e->node[i + 1];
	struct curl_slist *rest = &e->node[LINES_OURS];
	e->node[LINE_PLAIN].next = e->node[LINE_EVENTS].next = rest;
	e->plain = accepts ? rest : &e->node[LINE_PLAIN];
	e->events = accepts ? rest : &e->node[LINE_EVENTS];
}

static int make_headers(struct lh_endpoint *e, const struct lh_endpoint_spec *spec, const struct lh_secrets *secrets, struct lh_error *err)
{
	int n = 0, rc = check_headers(spec, err);
	if (rc)
		return rc;
	e->node = calloc((size_t)spec->headers + 6, sizeof *e->node);
	if (!e->node)
		return lh_nomem(err);
	if ((rc = write_text(e, spec, &n, err)) || (rc = write_key(e, spec, secrets, err)))
		return rc;
	if (e->key_line)
		e->node[n++].data = e->key_line;
	link_lines(e, n, spec_has(spec, LH_STR("Accept")));
	return 0;
}

/* libcurl must find the host that we found: both its name for messages and what was allowed rest on it. */
static int make_curl_url(struct lh_http *h, struct lh_endpoint *e, const char *text, const struct lh_url *u, struct lh_error *err)
{
	char *host = NULL;
	e->url = h->curl.url();
	if (!e->url)
		return lh_nomem(err);
	bool good = h->curl.url_set(e->url, CURLUPART_URL, text, 0) == CURLUE_OK && h->curl.url_get(e->url, CURLUPART_HOST, &host, 0) == CURLUE_OK;
	if (good && !u->ipv6)
		good = strlen(host) == u->host.n && strncasecmp(host, u->host.p, u->host.n) == 0;
	h->curl.free(host);
	return good ? 0 : lh_fail(err, LH_E_USAGE, "the URL for %.*s cannot be used: libcurl reads it differently", LH_ARG(u->place));
}

static int make_url(struct lh_http *h, struct lh_endpoint *e, const char *text, struct lh_error *err)
{
	struct lh_url u;
	const char *wrong = lh_url_read(text, &u);
	if (wrong)
		return lh_fail(err, LH_E_USAGE, "the endpoint's URL cannot be used: %s", wrong);
	e->https = u.https;
	e->numeric = lh_url_numeric(&u);
	e->place = lh_str_dup(u.place);
	if (!e->place || asprintf(&e->origin, "http%s://%s", u.https ? "s" : "", e->place) < 0)
		return lh_nomem(err);
	return make_curl_url(h, e, text, &u, err);
}

static int make_lane(struct lh_http *h, struct lh_endpoint *e, struct lh_error *err)
{
	e->lane = calloc(1, sizeof *e->lane);
	if (!e->lane)
		return lh_nomem(err);
	*e->lane = (struct lh_lane){ .http = h, .to = e, .next = h->lanes };
	h->lanes = e->lane;
	return 0;
}

int lh_endpoint_open(struct lh_http *h, const struct lh_endpoint_spec *spec, struct lh_endpoint **out, struct lh_error *err)
{
	*out = NULL;
	struct lh_endpoint *e = calloc(1, sizeof *e);
	if (!e)
		return lh_nomem(err);
	e->http2 = spec->http2;
	e->connect_ms = spec->connect_ms > 0 ? (long)spec->connect_ms : CONNECT_MS;
	int rc = make_url(h, e, spec->url, err);
	if (!rc)
		rc = make_headers(e, spec, h->secrets, err);
	if (!rc)
		rc = make_lane(h, e, err);
	if (rc)
		lh_endpoint_free(h, e);
	else
		*out = e;
	return rc;
}

void lh_endpoint_free(struct lh_http *h, struct lh_endpoint *e)
{
	if (!e)
		return;
	if (e->key_line) {
		explicit_bzero(e->key_line, e->key_bytes);
		munmap(e->key_line, e->key_bytes);
	}
	h->curl.url_cleanup(e->url);
	free(e->node);
	free(e->text);
	free(e->place);
	free(e->origin);
	free(e->lane);
	free(e);
}

const char *lh_endpoint_host(const struct lh_endpoint *e)
{
	return e->place;
}
