/* Headers: which may be sent, and the few of an answer that are read. */
#include "net/http_parts.h"

#include "base/clock.h"
#include "net/retry.h"

#include <string.h>
#include <strings.h>

#define HEADER_MOST (64u << 10)

static bool is_token(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c && strchr("!#$%&'*+-.^_`|~", c));
}

static size_t name_length(struct lh_str line)
{
	size_t n = 0;
	while (n < line.n && is_token(line.p[n]))
		n++;
	return n;
}

bool lh_header_is(struct lh_str line, struct lh_str name)
{
	return name_length(line) == name.n && strncasecmp(line.p, name.p, name.n) == 0;
}

const char *lh_header_wrong(struct lh_str line)
{
	static const struct lh_str set_here[] = { { "Content-Length", 14 }, { "Transfer-Encoding", 17 }, { "Expect", 6 }, { "Connection", 10 } };
	size_t n = name_length(line);
	if (n == 0 || n == line.n || line.p[n] != ':')
		return "it is not of the form \"Name: value\"";
	for (size_t i = n; i < line.n; i++)
		if ((unsigned char)line.p[i] < ' ' || line.p[i] == 0x7f)
			return "it holds control characters";
	if (lh_str_trim((struct lh_str){ line.p + n + 1, line.n - n - 1 }).n == 0)
		return "it has no value";              /* libcurl would take it as a wish to send none of that name */
	for (size_t i = 0; i < sizeof set_here / sizeof set_here[0]; i++)
		if (lh_header_is(line, set_here[i]))
			return "what it says is settled by how requests are sent";
	return NULL;
}

static void read_retry_after(struct lh_slot *s, struct lh_str value)
{
	if (!s->said_ms)
		s->x.retry_after_us = lh_retry_after_us(value, false, lh_clock_utc_s());
}

static void read_retry_after_ms(struct lh_slot *s, struct lh_str value)
{
	int64_t us = lh_retry_after_us(value, true, 0);
	if (us < 0)
		return;
	s->said_ms = true;
	s->x.retry_after_us = us;
}

static void read_should_retry(struct lh_slot *s, struct lh_str value)
{
	s->x.should_retry = lh_str_is(value, "true") ? 1 : lh_str_is(value, "false") ? 0 : -1;
}

static void read_request_id(struct lh_slot *s, struct lh_str value)
{
	struct lh_buf b;
	lh_buf_init(&b, HEADER_MOST);
	lh_buf_put_str(&b, value);
	lh_secrets_redact(s->shard->lane->http->secrets, &b);
	size_t n = b.n < sizeof s->x.request_id ? b.n : sizeof s->x.request_id - 1;
	for (size_t i = 0; i < n; i++)
		s->x.request_id[i] = b.p[i] > ' ' && b.p[i] < 0x7f ? b.p[i] : '?';
	s->x.request_id[n] = 0;
	lh_buf_fini(&b);
}

static void read_content_type(struct lh_slot *s, struct lh_str value)
{
	static const char type[] = "text/event-stream";
	size_t n = sizeof type - 1;
	s->x.events = value.n >= n && strncasecmp(value.p, type, n) == 0 && (value.n == n || strchr("; \t", value.p[n]));
}

/* What is said before the last status line concerns another answer: "100 Continue", "103 Early Hints". */
static void forget(struct lh_slot *s)
{
	s->x.events = s->said_ms = false;
	s->x.retry_after_us = -1;
	s->x.should_retry = -1;
	s->x.request_id[0] = 0;
}

size_t lh_slot_header(char *p, size_t size, size_t n, void *user)
{
	static const struct { struct lh_str name; void (*read)(struct lh_slot *s, struct lh_str value); } known[] = {
		{ { "Retry-After", 11 }, read_retry_after }, { { "retry-after-ms", 14 }, read_retry_after_ms },
		{ { "x-should-retry", 14 }, read_should_retry }, { { "x-request-id", 12 }, read_request_id },
		{ { "request-id", 10 }, read_request_id }, { { "Content-Type", 12 }, read_content_type },
	};
	struct lh_slot *s = user;
	struct lh_http *h = s->shard->lane->http;
	n *= size;
	s->last_us = h->now_us;
	h->counts.bytes_in += (int64_t)n;
	if (n > 5 && memcmp(p, "HTTP/", 5) == 0)
		forget(s);
	const char *colon = memchr(p, ':', n < 16 ? n : 16);
	size_t name = colon ? (size_t)(colon - p) : 0;
	for (size_t i = 0; name && i < sizeof known / sizeof known[0]; i++)
		if (known[i].name.n == name && strncasecmp(known[i].name.p, p, name) == 0)
			known[i].read(s, lh_str_trim((struct lh_str){ colon + 1, n - name - 1 }));
	return n;
}
