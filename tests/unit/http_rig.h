/* What the tests of HTTP share: a loop with an lh_http on it, one request after the other. */
#ifndef LH_TESTS_HTTP_RIG_H
#define LH_TESTS_HTTP_RIG_H

#include "base/clock.h"
#include "net/http.h"
#include "check.h"
#include "http_server.h"

struct rig { struct lh_loop *loop; struct lh_http *http; };

static inline void rig_open(struct rig *r, const struct lh_secrets *secrets)
{
	struct lh_error e = { 0 };
	static const char *const unset[] = { "http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR" };
	for (size_t i = 0; i < sizeof unset / sizeof unset[0]; i++)
		unsetenv(unset[i]);
	if (lh_loop_new(&r->loop, &e) || lh_http_new(r->loop, secrets, &r->http, &e)) {
		printf("%s\n", e.text);
		exit(1);
	}
}

static inline void rig_close(struct rig *r)
{
	lh_http_free(r->http);
	lh_loop_free(r->loop);
}

static inline struct lh_endpoint *rig_endpoint_of(struct rig *r, const struct lh_endpoint_spec *spec)
{
	struct lh_error e = { 0 };
	struct lh_endpoint *to = NULL;
	CHECK_INT(lh_endpoint_open(r->http, spec, &to, &e), 0);
	CHECK_TEXT(e.text, "");
	if (!to)
		exit(check_done());
	return to;
}

static inline struct lh_endpoint *rig_endpoint(struct rig *r, int port, const char *path)
{
	char url[256];
	snprintf(url, sizeof url, "http://127.0.0.1:%d/%s", port, path);
	return rig_endpoint_of(r, &(struct lh_endpoint_spec){ .url = url, .key = -1 });
}

static inline void rig_pass(struct rig *r)
{
	struct lh_error e = { 0 };
	CHECK_INT(lh_loop_wait(r->loop, lh_http_due_us(r->http), &e), 0);
	CHECK_INT(lh_http_step(r->http, &e), 0);
	CHECK_TEXT(e.text, "");
}

static inline struct lh_exchange rig_take(struct rig *r)
{
	struct lh_exchange x;
	while (!lh_http_take(r->http, &x))
		rig_pass(r);
	return x;
}

static inline void rig_send(struct rig *r, const struct lh_http_request *q)
{
	struct lh_error e = { 0 };
	CHECK_INT(lh_http_send(r->http, q, &e), 0);
	CHECK_TEXT(e.text, "");
}

/* Sends one and waits for what comes of it. To be given back. */
static inline struct lh_exchange rig_ask(struct rig *r, const struct lh_http_request *q)
{
	rig_send(r, q);
	struct lh_exchange x = rig_take(r);
	CHECK_INT(x.id, q->id);
	return x;
}

#endif
