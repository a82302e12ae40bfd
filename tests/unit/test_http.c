/* HTTP against a server of our own: what arrives, what is kept, how connections are used. */
#include "http_rig.h"

#include <sys/resource.h>
#include <sys/socket.h>

/* Stands in for the keys: there is one, and texts that hold it are known. */
#define KEY "sk-test-0123456789"

struct lh_str lh_secrets_peek(const struct lh_secrets *s, int index);
void lh_secrets_redact(const struct lh_secrets *s, struct lh_buf *text);
__attribute__((weak)) struct lh_str lh_secrets_peek(const struct lh_secrets *s, int index) { (void)s; return index == 0 ? LH_STR(KEY) : (struct lh_str){ "", 0 }; }
__attribute__((weak)) void lh_secrets_redact(const struct lh_secrets *s, struct lh_buf *text) { (void)s, (void)text; }

#define MOST (8 << 20)

static struct lh_exchange ask_path(struct rig *r, const struct server *s, const char *path)
{
	struct lh_http_request q = { .id = 1, .to = rig_endpoint(r, s->port, path), .body = LH_STR("{}"), .reply_most = MOST, .timeout_ms = 60000 };
	return rig_ask(r, &q);
}

struct path_case { const char *path; enum lh_fault fault; int status; const char *body, *text; };

static void test_answers_and_faults(struct rig *r, struct server *s)
{
	static const struct path_case cases[] = {
		{ "ok", LH_FAULT_NONE, 200, "{\"ok\":1}", "" },
		{ "none", LH_FAULT_NONE, 204, "", "" },
		{ "chunked", LH_FAULT_NONE, 200, "hello, world", "" },
		{ "no-length", LH_FAULT_NONE, 200, "to the end", "" },
		{ "close", LH_FAULT_NONE, 200, "bye", "" },
		{ "redirect", LH_FAULT_NONE, 302, "", "" },
		{ "nowhere", LH_FAULT_NONE, 404, "no such path", "" },
		{ "early", LH_FAULT_NONE, 200, "hi", "" },
		{ "short", LH_FAULT_PARTIAL, 200, "part", ": cut short: " },
		{ "chunked-short", LH_FAULT_PARTIAL, 200, "part", ": cut short: " },
		{ "bad-chunks", LH_FAULT_RESET, 200, "", ": connection broke: " },
		{ "garbage", LH_FAULT_PROTOCOL, 0, "", ": protocol: " },
		{ "reset-before", LH_FAULT_RESET, 0, "", ": connection broke: " },
		{ "reset-after", LH_FAULT_RESET, 200, "part", ": connection broke: " },
		{ "empty", LH_FAULT_EMPTY, 0, "", ": no answer" },
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		const struct path_case *c = &cases[i];
		int failed = check_failures;
		struct lh_exchange x = ask_path(r, s, c->path);
		CHECK_INT(x.fault, c->fault);
		CHECK_INT(x.status, c->status);
		CHECK_INT(x.body.n, strlen(c->body));
		CHECK(lh_str_is(x.body, c->body));
		CHECK_HAS(x.fault_text, c->text);
		CHECK(!x.fault == !x.fault_text[0]);
		CHECK(x.fault == LH_FAULT_NONE || strncmp(x.fault_text, "http://127.0.0.1:", 17) == 0);
		CHECK_INT(x.retry_after_us, -1);
		CHECK_INT(x.should_retry, -1);
		CHECK_TEXT(x.request_id, "");
		CHECK(x.latency_us >= 0);
		CHECK(!x.events);
		lh_http_give_back(r->http, &x);
		if (failed != check_failures)
			printf("path %s: \"%s\"\n", c->path, x.fault_text);
	}
	struct lh_exchange x = ask_path(r, s, "events");
	CHECK(x.events);
	CHECK(lh_str_is(x.body, "data: 1\n\n"));
	lh_http_give_back(r->http, &x);
}

struct want_case { const char *header; int64_t retry_us; int should; const char *id; };

static void test_headers_of_answers(struct rig *r, struct server *s)
{
	static const struct want_case cases[] = {
		{ "X-Want: Retry-After: 7", 7000000, -1, "" },
		{ "X-Want: retry-after:0", 0, -1, "" },
		{ "X-Want: Retry-After: -7", -1, -1, "" },
		{ "X-Want: Retry-After: Sun, 06 Nov 1994 08:49:37 GMT", 0, -1, "" },
		{ "X-Want: retry-after-ms: 250", 250000, -1, "" },
		{ "X-Want: Retry-After: 7||Retry-After-MS: 250", 250000, -1, "" },
		{ "X-Want: Retry-After-Ms: 250||Retry-After: 7", 250000, -1, "" },
		{ "X-Want: retry-after-ms: x||Retry-After: 7", 7000000, -1, "" },
		{ "X-Want: X-Should-Retry: true", -1, 1, "" },
		{ "X-Want: x-should-retry: false", -1, 0, "" },
		{ "X-Want: x-should-retry: maybe", -1, -1, "" },
		{ "X-Want: X-Request-Id:  req_0123 ", -1, -1, "req_0123" },
		{ "X-Want: request-id: req\033_\tx", -1, -1, "req?_?x" },
		{ "X-Want: request-idle: x", -1, -1, "" },
	};
	struct lh_endpoint *to = rig_endpoint(r, s->port, "want");
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		char header[128];
		snprintf(header, sizeof header, "%s", cases[i].header);
		bool odd = strchr(header, '\033') != NULL;
		struct lh_http_request q = { .id = i, .to = to, .body = LH_STR("{}"), .extra_header = header, .reply_most = MOST };
		struct lh_error e = { 0 };
		if (odd) {                             /* not ours to send */
			CHECK_INT(lh_http_send(r->http, &q, &e), LH_E_USAGE);
			continue;
		}
		struct lh_exchange x = rig_ask(r, &q);
		CHECK_INT(x.status, 429);
		CHECK_INT(x.fault, LH_FAULT_NONE);
		CHECK_INT(x.retry_after_us, cases[i].retry_us);
		CHECK_INT(x.should_retry, cases[i].should);
		CHECK_TEXT(x.request_id, cases[i].id);
		lh_http_give_back(r->http, &x);
	}
	char long_id[300] = "X-Want: x-request-id: ";
	memset(long_id + strlen(long_id), 'i', 200);
	struct lh_exchange x = rig_ask(r, &(struct lh_http_request){ .id = 1, .to = to, .body = LH_STR("{}"), .extra_header = long_id, .reply_most = MOST });
	CHECK_INT(strlen(x.request_id), sizeof x.request_id - 1);
	lh_http_give_back(r->http, &x);
}

static int count_of(struct lh_str text, const char *part)
{
	int n = 0;
	for (const char *p = text.p; (p = memmem(p, (size_t)(text.p + text.n - p), part, strlen(part))); p++)
		n++;
	return n;
}

static void check_sent(struct lh_str sent, const char *line, int times)
{
	int n = count_of(sent, line);
	if (n != times)
		printf("%s: %d times, not %d, in\n%.*s\n", line, n, times, LH_ARG(sent));
	CHECK_INT(n, times);
}

static void test_headers_sent(struct rig *r, struct server *s)
{
	char url[64];
	static const char *const own[] = { "X-Org: a b", "user-agent: other/1" };
	snprintf(url, sizeof url, "http://127.0.0.1:%d/echo?a=b", s->port);
	struct lh_endpoint *to = rig_endpoint_of(r, &(struct lh_endpoint_spec){ .url = url, .header = own, .headers = 2, .key_header = "Authorization", .key_prefix = "Bearer ", .key = 0 });
	struct lh_http_request q = { .id = 7, .to = to, .body = LH_STR("{\"a\":[1]}"), .reply_most = MOST, .extra_header = "X-Extra: one" };
	for (int round = 0; round < 3; round++) {
		q.accept_events = round == 1;
		q.extra_header = round == 0 ? "X-Extra: one" : round == 1 ? "X-Extra: two" : NULL;
		struct lh_exchange x = rig_ask(r, &q);
		check_sent(x.body, "POST /echo?a=b HTTP/1.1\r\n", 1);
		check_sent(x.body, "\r\nContent-Type: application/json\r\n", 1);
		check_sent(x.body, "\r\nAuthorization: Bearer " KEY "\r\n", 1);
		check_sent(x.body, "\r\nX-Org: a b\r\n", 1);
		check_sent(x.body, "\r\nuser-agent: other/1\r\n", 1);
		check_sent(x.body, "User-Agent", 0);
		check_sent(x.body, "Expect", 0);
		check_sent(x.body, "\r\nContent-Length: 9\r\n", 1);
		check_sent(x.body, "\r\nX-Extra: one\r\n", round == 0);
		check_sent(x.body, "\r\nX-Extra: two\r\n", round == 1);
		check_sent(x.body, "\r\nAccept: application/json\r\n", round != 1);
		check_sent(x.body, "\r\nAccept: text/event-stream\r\n", round == 1);
		check_sent(x.body, "\r\n\r\n{\"a\":[1]}", 1);
		lh_http_give_back(r->http, &x);
	}
	char host[32];
	snprintf(host, sizeof host, "127.0.0.1:%d", s->port);
	CHECK_TEXT(lh_endpoint_host(to), host);
}

/* A key is in no error text: of an address that refuses, of a server that answers rubbish. */
static void test_keys_are_not_told(struct rig *r, struct server *s)
{
	static const char *const paths[] = { "garbage", "reset-before", "short" };
	for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
		char url[64];
		snprintf(url, sizeof url, "http://127.0.0.1:%d/%s", s->port, paths[i]);
		struct lh_endpoint *to = rig_endpoint_of(r, &(struct lh_endpoint_spec){ .url = url, .key_header = "x-api-key", .key = 0 });
		struct lh_exchange x = rig_ask(r, &(struct lh_http_request){ .id = 1, .to = to, .body = LH_STR("{}"), .reply_most = MOST });
		CHECK(x.fault != LH_FAULT_NONE);
		CHECK(!strstr(x.fault_text, KEY));
		lh_http_give_back(r->http, &x);
	}
	struct lh_error e = { 0 };
	struct lh_endpoint *to;
	CHECK_INT(lh_endpoint_open(r->http, &(struct lh_endpoint_spec){ .url = "http://127.0.0.1/", .key_header = "bad name", .key = 0 }, &to, &e), LH_E_USAGE);
	CHECK(!strstr(e.text, KEY));
	CHECK_INT(lh_endpoint_open(r->http, &(struct lh_endpoint_spec){ .url = "http://127.0.0.1/", .key_header = "x-api-key", .key = 9 }, &to, NULL), LH_E_INTERNAL);
}

static void test_bodies_arrive_whole(struct rig *r, struct server *s)
{
	size_t n = (2 << 20) + 7;                              /* over what makes libcurl wait for "100 Continue" */
	char *body = malloc(n);
	for (size_t i = 0; i < n; i++)
		body[i] = (char)(i * 40503u >> 8);
	struct lh_endpoint *to = rig_endpoint(r, s->port, "echo");
	static const size_t sizes[] = { 0, 1, 4095, 65535, 65536, 65537, 1 << 20, (2 << 20) + 7 };
	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		struct lh_http_request q = { .id = i, .to = to, .body = { body, sizes[i] }, .reply_most = MOST, .timeout_ms = 60000, .idle_ms = 60000 };
		struct lh_exchange x = rig_ask(r, &q);
		CHECK_INT(x.fault, LH_FAULT_NONE);
		CHECK(x.body.n > sizes[i] && memcmp(x.body.p + x.body.n - sizes[i], body, sizes[i]) == 0);
		check_sent((struct lh_str){ x.body.p, x.body.n - sizes[i] }, "Expect", 0);
		lh_http_give_back(r->http, &x);
	}
	free(body);
	struct lh_exchange x = ask_path(r, s, "big");
	CHECK_INT(x.body.n, SERVER_BIG);
	CHECK(memcmp(x.body.p, s->big, SERVER_BIG) == 0);
	lh_http_give_back(r->http, &x);
}

static void test_large_replies_end(struct rig *r, struct server *s)
{
	static const struct { const char *path; size_t most, got; } cases[] = {
		{ "big", 100000, 100000 }, { "big", SERVER_BIG, SERVER_BIG }, { "big", SERVER_BIG - 1, SERVER_BIG - 1 }, { "chunked", 6, 6 }, { "ok", 0, 0 }, { "none", 0, 0 },
		{ "ok", SIZE_MAX, 8 },
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct lh_http_request q = { .id = 3, .to = rig_endpoint(r, s->port, cases[i].path), .body = LH_STR("{}"), .reply_most = cases[i].most };
		struct lh_exchange x = rig_ask(r, &q);
		bool whole = cases[i].got == SERVER_BIG || strcmp(cases[i].path, "none") == 0 || cases[i].most == SIZE_MAX;
		CHECK_INT(x.fault, whole ? LH_FAULT_NONE : LH_FAULT_TOO_LARGE);
		CHECK_INT(x.body.n, cases[i].got);
		if (!whole)
			CHECK_HAS(x.fault_text, ": reply too large: more than ");
		lh_http_give_back(r->http, &x);
	}
}

static void test_connect_faults(struct rig *r)
{
	int port, fd = server_listen(1, &port);
	char host[80];
	close(fd);                                             /* nobody listens there now */
	struct lh_http_request q = { .id = 1, .to = rig_endpoint(r, port, "x"), .body = LH_STR("{}"), .reply_most = MOST, .timeout_ms = 60000 };
	struct lh_exchange x = rig_ask(r, &q);
	CHECK_INT(x.fault, LH_FAULT_REFUSED);
	snprintf(host, sizeof host, "http://127.0.0.1:%d: connection refused", port);
	CHECK_TEXT(x.fault_text, host);
	lh_http_give_back(r->http, &x);
	/* A label of 64 characters is no name, whatever the name servers here. Those behind the first share its fault. */
	q.to = rig_endpoint_of(r, &(struct lh_endpoint_spec){ .url = "http://aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.invalid/", .key = -1 });
	for (q.id = 10; q.id < 20; q.id++)
		rig_send(r, &q);
	for (int i = 0; i < 10; i++) {
		x = rig_take(r);
		CHECK_INT(x.id, 10 + i);
		CHECK_INT(x.fault, LH_FAULT_RESOLVE);
		CHECK_HAS(x.fault_text, ".invalid: no such host");
		lh_http_give_back(r->http, &x);
	}
}

/* A listener whose queue is full: further connections get no answer at all. */
static void test_connect_timeouts(struct rig *r)
{
	int port, fd = server_listen(0, &port), waiting[4];
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons((uint16_t)port) };
	for (int i = 0; i < 4; i++) {
		waiting[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
		(void)!connect(waiting[i], (struct sockaddr *)&at, sizeof at);
	}
	char url[64];
	snprintf(url, sizeof url, "http://127.0.0.1:%d/", port);
	for (int own = 0; own < 2; own++) {                    /* the endpoint's limit, and the request's */
		struct lh_endpoint *to = rig_endpoint_of(r, &(struct lh_endpoint_spec){ .url = url, .key = -1, .connect_ms = own ? 60000 : 30 });
		struct lh_exchange x = rig_ask(r, &(struct lh_http_request){ .id = 1, .to = to, .body = LH_STR("{}"), .reply_most = MOST, .timeout_ms = own ? 30 : 60000, .idle_ms = 10 });
		CHECK_INT(x.fault, LH_FAULT_CONNECT);
		CHECK_HAS(x.fault_text, ": connect timeout");
		CHECK_INT(x.status, 0);
		lh_http_give_back(r->http, &x);
	}
	for (int i = 0; i < 4; i++)
		close(waiting[i]);
	close(fd);
}

static void test_timeouts(struct rig *r, struct server *s)
{
	static const struct { const char *path; int64_t timeout_ms, idle_ms; enum lh_fault fault; int status; const char *body, *text; } cases[] = {
		{ "hold", 20, 0, LH_FAULT_TIMEOUT, 0, "", ": timeout after 20 ms" }, { "hold", 20, 10000, LH_FAULT_TIMEOUT, 0, "", ": timeout" },
		{ "hold", 10000, 20, LH_FAULT_IDLE, 0, "", ": idle timeout: nothing for 20 ms" }, { "hold", 0, 20, LH_FAULT_IDLE, 0, "", ": idle timeout" },
		{ "stall", 50, 0, LH_FAULT_TIMEOUT, 200, "part", ": timeout" }, { "stall", 0, 50, LH_FAULT_IDLE, 200, "part", ": idle timeout" },
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct lh_endpoint *to = rig_endpoint(r, s->port, cases[i].path);
		struct lh_exchange x = rig_ask(r, &(struct lh_http_request){ .id = i, .to = to, .body = LH_STR("{}"), .reply_most = MOST, .timeout_ms = cases[i].timeout_ms, .idle_ms = cases[i].idle_ms });
		CHECK_INT(x.fault, cases[i].fault);
		CHECK_INT(x.status, cases[i].status);
		CHECK(lh_str_is(x.body, cases[i].body));
		CHECK_HAS(x.fault_text, cases[i].text);
		lh_http_give_back(r->http, &x);
	}
}

static void test_cancel(struct rig *r, struct server *s)
{
	struct lh_endpoint *hold = rig_endpoint(r, s->port, "hold"), *ok = rig_endpoint(r, s->port, "ok");
	struct lh_http_request q = { .to = hold, .body = LH_STR("{}"), .reply_most = MOST, .idle_ms = 60000 };
	int asked = atomic_load(&s->requests);
	for (q.id = 0; q.id < 100; q.id++)                     /* more than are connected in a pass, and than a shard has */
		rig_send(r, &q);
	CHECK_INT(lh_http_in_flight(r->http), 100);
	CHECK_INT(lh_http_send(r->http, &(struct lh_http_request){ .id = 50, .to = hold, .reply_most = 1 }, NULL), LH_E_INTERNAL);
	lh_http_cancel(r->http, 99);                           /* waits for its connection still */
	lh_http_cancel(r->http, 0);
	while (atomic_load(&s->requests) < asked + 98)
		rig_pass(r);
	lh_http_cancel(r->http, 12345);
	for (q.id = 1; q.id < 99; q.id++)
		lh_http_cancel(r->http, q.id);
	CHECK_INT(lh_http_in_flight(r->http), 0);
	q.to = ok;
	for (q.id = 1; q.id <= 3; q.id++)
		rig_send(r, &q);
	asked = 0;
	for (struct lh_exchange x = rig_take(r); ; x = rig_take(r)) {
		uint64_t other = x.id == 1 ? 2 : 1;
		CHECK_INT(x.fault, LH_FAULT_NONE);
		lh_http_cancel(r->http, other);                /* finished or not */
		lh_http_cancel(r->http, x.id);                 /* taken: nothing to cancel */
		lh_http_give_back(r->http, &x);
		if (++asked == 2)
			break;
	}
	CHECK_INT(lh_http_in_flight(r->http), 0);
	struct lh_exchange none;
	CHECK(!lh_http_take(r->http, &none));
}

/* While a name is being looked up, by a thread that may outlive all of this. */
static void test_cancel_resolving(void)
{
	struct rig r;
	rig_open(&r, NULL);
	struct lh_endpoint *to = rig_endpoint_of(&r, &(struct lh_endpoint_spec){ .url = "http://nowhere.invalid/", .key = -1 });
	for (uint64_t id = 0; id < 3; id++)
		rig_send(&r, &(struct lh_http_request){ .id = id, .to = to, .body = LH_STR("{}"), .reply_most = MOST });
	CHECK_INT(lh_http_step(r.http, NULL), 0);
	lh_http_cancel(r.http, 0);
	CHECK_INT(lh_http_step(r.http, NULL), 0);
	lh_http_cancel(r.http, 2);
	CHECK_INT(lh_http_step(r.http, NULL), 0);
	rig_close(&r);
}

/* An id is free again as soon as its exchange is taken, and the exchange's body stays until it is given back. */
static void test_ids_and_bodies(struct rig *r, struct server *s)
{
	struct lh_http_request q = { .id = 5, .to = rig_endpoint(r, s->port, "echo"), .body = LH_STR("first"), .reply_most = MOST };
	struct lh_exchange x = rig_ask(r, &q);
	q.body = LH_STR("second");
	struct lh_exchange y = rig_ask(r, &q);
	CHECK(x.body.p != y.body.p);
	CHECK_INT(count_of(x.body, "first"), 1);
	CHECK_INT(count_of(y.body, "second"), 1);
	lh_http_give_back(r->http, &x);
	lh_http_give_back(r->http, &y);
}

/* Connections are as many as requests at once, however many requests there are. */
static void test_connections_are_kept(struct server *s, int at_once, int requests)
{
	struct rig r;
	rig_open(&r, NULL);
	static char body[1000][32];
	struct lh_http_counts counts;
	int before = atomic_load(&s->connections), sent = 0, right = 0;
	struct lh_http_request q = { .to = rig_endpoint(&r, s->port, "echo"), .reply_most = MOST, .timeout_ms = 60000, .idle_ms = 60000 };
	for (int done = 0; done < requests; ) {
		while (sent < requests && sent - done < at_once) {
			q.id = (uint64_t)sent;
			q.body = (struct lh_str){ body[sent], (size_t)snprintf(body[sent], sizeof body[sent], "<body %d>", sent) };
			rig_send(&r, &q);
			sent++;
		}
		rig_pass(&r);
		for (struct lh_exchange x; lh_http_take(r.http, &x); done++) {
			right += !x.fault && count_of(x.body, body[x.id]) == 1;
			lh_http_give_back(r.http, &x);
		}
	}
	CHECK_INT(right, requests);
	CHECK_INT(atomic_load(&s->connections) - before, at_once);
	lh_http_counts(r.http, &counts);
	CHECK_INT(counts.connections, at_once);
	CHECK_INT(counts.requests, requests);
	CHECK(counts.bytes_in > counts.bytes_out && counts.bytes_out > requests * 8);
	rig_close(&r);
}

/* Freed with requests in flight, waiting, finished and taken. */
static void test_free_in_flight(struct server *s)
{
	struct rig r;
	rig_open(&r, NULL);
	struct lh_http_request q = { .to = rig_endpoint(&r, s->port, "hold"), .body = LH_STR("{}"), .reply_most = MOST, .timeout_ms = 60000 };
	for (q.id = 0; q.id < 100; q.id++)
		rig_send(&r, &q);
	rig_pass(&r);
	rig_pass(&r);
	q.to = rig_endpoint(&r, s->port, "ok");
	for (; q.id < 103; q.id++)
		rig_send(&r, &q);
	struct lh_exchange x = rig_take(&r);
	CHECK_INT(x.status, 200);
	rig_close(&r);
	lh_http_free(NULL);
}

/* The server closes while nobody asks: the loop is left in peace, and the next request connects anew. */
static void test_closed_while_idle(void)
{
	struct rig r;
	struct server s;
	rig_open(&r, NULL);
	server_start(&s);
	struct lh_http_request q = { .id = 1, .to = rig_endpoint(&r, s.port, "ok"), .body = LH_STR("{}"), .reply_most = MOST };
	struct lh_exchange x = rig_ask(&r, &q);
	lh_http_give_back(r.http, &x);
	server_stop(&s);
	CHECK_INT(lh_loop_wait(r.loop, lh_clock_mono_us() + 10000000, NULL), 0);        /* its end arrives, once */
	int64_t until = lh_clock_mono_us() + 1000;
	CHECK_INT(lh_loop_wait(r.loop, until, NULL), 0);
	CHECK(lh_clock_mono_us() >= until);
	x = rig_ask(&r, &q);
	CHECK_INT(x.fault, LH_FAULT_REFUSED);
	lh_http_give_back(r.http, &x);
	rig_close(&r);
}

/* Proxies are the environment's; a proxy's password is not told either. */
static void test_proxies(struct server *s)
{
	int dead, fd = server_listen(1, &dead);
	close(fd);
	for (int alive = 0; alive < 2; alive++) {
		struct rig r;
		char proxy[80];
		rig_open(&r, NULL);
		snprintf(proxy, sizeof proxy, "http://user:secret@127.0.0.1:%d", alive ? s->port : dead);
		setenv("http_proxy", proxy, 1);
		struct lh_endpoint *to = rig_endpoint_of(&r, &(struct lh_endpoint_spec){ .url = "http://nowhere.invalid/ok", .key = -1 });
		struct lh_exchange x = rig_ask(&r, &(struct lh_http_request){ .id = 1, .to = to, .body = LH_STR("{}"), .reply_most = MOST });
		unsetenv("http_proxy");
		CHECK_INT(x.fault, alive ? LH_FAULT_NONE : LH_FAULT_REFUSED);
		CHECK_INT(x.status, alive ? 404 : 0);          /* our server does not know whole URLs as paths */
		CHECK(!strstr(x.fault_text, "secret"));
		lh_http_give_back(r.http, &x);
		rig_close(&r);
	}
}

static void test_no_descriptors_left(struct rig *r, struct server *s)
{
	struct rlimit old, none;
	struct lh_endpoint *to = rig_endpoint(r, s->port, "close");
	getrlimit(RLIMIT_NOFILE, &old);
	int next = dup(0);
	close(next);
	none = (struct rlimit){ (rlim_t)next, old.rlim_max };
	setrlimit(RLIMIT_NOFILE, &none);
	struct lh_exchange x = rig_ask(r, &(struct lh_http_request){ .id = 1, .to = to, .body = LH_STR("{}"), .reply_most = MOST });
	setrlimit(RLIMIT_NOFILE, &old);
	CHECK_INT(x.fault, LH_FAULT_OTHER);
	CHECK_HAS(x.fault_text, "cannot open a socket: Too many open files");
	lh_http_give_back(r->http, &x);
}

int main(void)
{
	static struct server s;
	struct rig r;
	rig_open(&r, (const struct lh_secrets *)&s);           /* the stand-ins do not look at it */
	server_start(&s);
	test_answers_and_faults(&r, &s);
	test_headers_of_answers(&r, &s);
	test_headers_sent(&r, &s);
	test_keys_are_not_told(&r, &s);
	test_bodies_arrive_whole(&r, &s);
	test_large_replies_end(&r, &s);
	test_connect_faults(&r);
	test_connect_timeouts(&r);
	test_timeouts(&r, &s);
	test_cancel(&r, &s);
	test_ids_and_bodies(&r, &s);
	test_no_descriptors_left(&r, &s);
	test_proxies(&s);
	test_cancel_resolving();
	test_connections_are_kept(&s, 1, 50);                  /* beside the other: several at a time */
	test_connections_are_kept(&s, 200, 1000);
	rig_close(&r);
	test_free_in_flight(&s);
	server_stop(&s);
	test_closed_while_idle();
	return check_done();
}
