/* Which URLs requests may go to, and which endpoints can be opened. */
#include "net/http.h"
#include "net/url.h"
#include "check.h"

struct lh_str lh_secrets_peek(const struct lh_secrets *s, int index);
void lh_secrets_redact(const struct lh_secrets *s, struct lh_buf *text);
__attribute__((weak)) struct lh_str lh_secrets_peek(const struct lh_secrets *s, int index) { (void)s, (void)index; return (struct lh_str){ "", 0 }; }
__attribute__((weak)) void lh_secrets_redact(const struct lh_secrets *s, struct lh_buf *text) { (void)s, (void)text; }

static const struct { const char *url; bool https; const char *host, *place; bool numeric; } good[] = {
	{ "http://example.com", false, "example.com", "example.com", false },
	{ "https://example.com/", true, "example.com", "example.com", false },
	{ "HTTPS://Example.COM:8443/v1/chat?x=1&y=@", true, "Example.COM", "Example.COM:8443", false },
	{ "http://example.com?q=a@b", false, "example.com", "example.com", false },
	{ "http://127.0.0.1:9/x", false, "127.0.0.1", "127.0.0.1:9", true },
	{ "http://localhost:8000/v1", false, "localhost", "localhost:8000", true },
	{ "http://[::1]:8080/v1", false, "::1", "[::1]:8080", true },
	{ "http://[2001:db8::ffff]", false, "2001:db8::ffff", "[2001:db8::ffff]", true },
	{ "https://a-b_c.xn--bcher-kva.example:65535/%20x", true, "a-b_c.xn--bcher-kva.example", "a-b_c.xn--bcher-kva.example:65535", false },
};

static const struct { const char *url, *why; } bad[] = {
	{ NULL, "none" }, { "", "http://" }, { "example.com", "http://" }, { "/v1", "http://" }, { "ftp://example.com/", "http://" },
	{ "file:///etc/passwd", "http://" }, { "http:/example.com", "http://" }, { "httpx://example.com", "http://" }, { " http://example.com", "blanks" },
	{ "http://", "no host" }, { "http:///path", "no host" }, { "http://:80/", "no host" }, { "http://?x", "no host" },
	{ "http://user:secret@example.com/", "password" }, { "http://user@example.com", "password" }, { "http://@example.com", "password" },
	{ "http://example.com:80@evil.example/", "password" },
	{ "http://exa mple.com/", "blanks" }, { "http://example.com/a b", "blanks" }, { "http://example.com/\r\nHost: x", "control" },
	{ "http://example.com/\t", "control" }, { "http://example.com/\x7f", "control" }, { "http://example.com/\x1b[31m", "control" },
	{ "http://b\xc3\xbc" "cher.example/", "ASCII" }, { "http://example.com/\xff", "ASCII" },
	{ "http://example.com\\@evil.example/", "backslash" }, { "http://example.com/#x", "#" }, { "http://example.com#@evil.example/", "#" },
	{ "http://example.com:0/", "port" }, { "http://example.com:65536/", "port" }, { "http://example.com:/", "port" }, { "http://example.com:-1/", "port" },
	{ "http://example.com:80a/", "port" }, { "http://example.com:+80/", "port" }, { "http://example.com:99999999999999999999/", "port" },
	{ "http://exam%70le.com/", "port" }, { "http://a*b/", "port" }, { "http://[::1", "host" }, { "http://[]/", "host" }, { "http://[::1]x/", "port" },
	{ "http://[1.2.3.4]/", "host" }, { "http://[fe80::1%25eth0]/", "host" }, { "http://::1/", "no host" }, { "http://[12345::]/", "host" },
	{ "http://[gggg::]/", "host" },
};

static void test_good(struct lh_http *h)
{
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
		struct lh_url u;
		struct lh_error e = { 0 };
		struct lh_endpoint *to;
		struct lh_str host;
		bool https;
		int failed = check_failures;
		CHECK(lh_url_read(good[i].url, &u) == NULL);
		CHECK(lh_url_host(good[i].url, &https, &host));
		CHECK_INT(https, good[i].https);
		CHECK_INT(u.https, good[i].https);
		CHECK(lh_str_is(host, good[i].host));
		CHECK(lh_str_is(u.place, good[i].place));
		CHECK_INT(lh_url_numeric(&u), good[i].numeric);
		CHECK_INT(lh_endpoint_open(h, &(struct lh_endpoint_spec){ .url = good[i].url, .key = -1 }, &to, &e), 0);
		CHECK_TEXT(e.text, "");
		CHECK_TEXT(to ? lh_endpoint_host(to) : NULL, good[i].place);
		if (failed != check_failures)
			printf("%s\n", good[i].url);
	}
}

static void test_bad(struct lh_http *h)
{
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		struct lh_url u;
		struct lh_error e = { 0 };
		struct lh_endpoint *to;
		struct lh_str host;
		bool https = true;
		int failed = check_failures;
		CHECK_HAS(lh_url_read(bad[i].url, &u), bad[i].why);
		CHECK(!lh_url_host(bad[i].url, &https, &host));
		CHECK(!https && host.n == 0);
		CHECK_INT(lh_endpoint_open(h, &(struct lh_endpoint_spec){ .url = bad[i].url, .key = -1 }, &to, &e), LH_E_USAGE);
		CHECK_HAS(e.text, bad[i].why);
		CHECK(!strstr(e.text, "secret") && to == NULL);
		if (failed != check_failures)
			printf("%s\n", bad[i].url ? bad[i].url : "NULL");
	}
	char url[5000] = "http://example.com/";
	memset(url + strlen(url), 'a', 4900);
	CHECK_HAS(lh_url_read(url, &(struct lh_url){ 0 }), "longer");
	/* Texts that libcurl would take for another address. */
	static const char *const other[] = { "http://127.1/", "http://2130706433/", "http://0x7f.0.0.1/", "http://0177.0.0.1/" };
	for (size_t i = 0; i < sizeof other / sizeof other[0]; i++) {
		struct lh_error e = { 0 };
		struct lh_endpoint *to;
		CHECK_INT(lh_endpoint_open(h, &(struct lh_endpoint_spec){ .url = other[i], .key = -1 }, &to, &e), LH_E_USAGE);
		CHECK_HAS(e.text, "differently");
	}
}

static void test_headers(struct lh_http *h)
{
	static const struct { const char *line, *why; } cases[] = {
		{ "X-Org: a", NULL }, { "X-Org:a", NULL }, { "anthropic-version: 2023-06-01", NULL }, { "X-Org: caf\xc3\xa9", NULL },
		{ "", "form" }, { "X-Org", "form" }, { ": secret", "form" }, { "X Org: secret", "form" }, { "X-Org;", "form" }, { "X-Org : secret", "form" },
		{ "X-Org:", "no value" }, { "X-Org:  ", "no value" }, { "X-Org: a\r\nX-Other: secret", "control" }, { "X-Org: a\nsecret", "control" }, { "X-Org: \x1b", "control" },
		{ "Content-Length: 5", "settled" }, { "transfer-encoding: chunked", "settled" }, { "Expect: 100-continue", "settled" },
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct lh_error e = { 0 };
		struct lh_endpoint *to;
		struct lh_endpoint_spec spec = { .url = "http://example.com/", .key = -1, .header = &cases[i].line, .headers = 1 };
		CHECK_INT(lh_endpoint_open(h, &spec, &to, &e), cases[i].why ? LH_E_USAGE : 0);
		CHECK_HAS(e.text, cases[i].why ? cases[i].why : "");
		CHECK(!strstr(e.text, "secret"));
	}
	static char long_line[100000] = "X-Org: ";
	memset(long_line + 7, 'a', sizeof long_line - 8);
	const char *line = long_line;
	struct lh_endpoint *to;
	CHECK_INT(lh_endpoint_open(h, &(struct lh_endpoint_spec){ .url = "http://example.com/", .key = -1, .header = &line, .headers = 1 }, &to, NULL), LH_E_LIMIT);
	CHECK_INT(lh_endpoint_open(h, &(struct lh_endpoint_spec){ .url = "http://example.com/", .key = -1, .header = &line, .headers = 1000 }, &to, NULL), LH_E_USAGE);
}

static void test_faults(void)
{
	CHECK_TEXT(lh_fault_word(LH_FAULT_NONE), "");
	CHECK_TEXT(lh_fault_word(LH_FAULT_REFUSED), "connection refused");
	CHECK_TEXT(lh_fault_word(LH_FAULT_OTHER), "transport");
	CHECK(lh_fault_again(LH_FAULT_RESET) && lh_fault_again(LH_FAULT_TIMEOUT));
	CHECK(!lh_fault_again(LH_FAULT_TLS) && !lh_fault_again(LH_FAULT_CANCELLED) && !lh_fault_again(LH_FAULT_TOO_LARGE));
}

int main(void)
{
	struct lh_loop *l = NULL;
	struct lh_http *h = NULL;
	CHECK_INT(lh_loop_new(&l, NULL), 0);
	CHECK_INT(lh_http_new(l, NULL, &h, NULL), 0);
	test_good(h);
	test_bad(h);
	test_headers(h);
	test_faults();
	lh_http_free(h);
	lh_loop_free(l);
	return check_done();
}
