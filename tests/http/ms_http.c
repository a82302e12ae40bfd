#include "ms_http.h"

#include "base/random.h"

#include <string.h>
#include <strings.h>

#define CHUNK_MOST 200

/* ---- requests ---- */

static bool named(struct lh_str line, const char *name, struct lh_str *value)
{
	size_t n = strlen(name);
	if (line.n <= n || line.p[n] != ':' || strncasecmp(line.p, name, n))
		return false;
	*value = lh_str_trim((struct lh_str){ line.p + n + 1, line.n - n - 1 });
	return true;
}

static bool is_word(struct lh_str s, const char *word)
{
	return s.n == strlen(word) && !strncasecmp(s.p, word, s.n);
}

static bool read_field(struct ms_reading *r, struct lh_str in, struct lh_str line)
{
	struct lh_str v;
	int64_t n;
	switch (line.n ? line.p[0] | 0x20 : 0) {
	case 'c':
		if (named(line, "content-length", &v)) {
			if (!lh_str_to_int(v, &n) || n < 0)
				return false;
			r->length = (size_t)n;
		} else if (named(line, "connection", &v)) {
			r->close = is_word(v, "close");
		}
		break;
	case 't':
		if (named(line, "transfer-encoding", &v))
			r->chunked = is_word(v, "chunked");
		break;
	case 'e':
		if (named(line, "expect", &v))
			r->expects = is_word(v, "100-continue");
		break;
	case 'x':
		if (named(line, "x-fault", &v))
			r->fault_at = (size_t)(v.p - in.p), r->fault_n = v.n;
		break;
	default:
		break;
	}
	return true;
}

static bool read_head(struct ms_reading *r, struct lh_str in)
{
	const char *p = in.p, *end = in.p + r->head - 2;
	for (bool first = true; p < end; first = false) {
		const char *nl = memchr(p, '\n', (size_t)(end - p));
		size_t n = (size_t)(nl - p);
		struct lh_str line = { p, n && p[n - 1] == '\r' ? n - 1 : n };
		if (!first && !read_field(r, in, line))
			return false;
		p = nl + 1;
	}
	r->chunk = r->head;
	return true;
}

/* Reads the chunks that are there; MS_WHOLE: the last was among them. */
static enum ms_got read_chunks(struct ms_reading *r, struct lh_str in, struct lh_buf *chunks, int *status)
{
	while (r->chunk < in.n) {
		const char *p = in.p + r->chunk, *nl = memchr(p, '\n', in.n - r->chunk);
		size_t size = 0, line = nl ? (size_t)(nl - p) + 1 : 0;
		if (!nl)
			return in.n - r->chunk > 1024 ? MS_BAD : MS_MORE;
		if (r->trailers) {
			r->chunk += line;
			if (line <= 2)
				return MS_WHOLE;
			continue;
		}
		size_t digits = strspn(p, "0123456789abcdefABCDEF");
		if (!digits || digits > 8)
			return MS_BAD;
		for (size_t i = 0; i < digits; i++)
			size = size * 16 + (size_t)(p[i] <= '9' ? p[i] - '0' : (p[i] | 0x20) - 'a' + 10);
		if (size > MS_BODY_MAX || chunks->n + size > MS_BODY_MAX)
			return *status = 413, MS_BAD;
		r->trailers = size == 0;
		if (size && in.n - r->chunk < line + size + 2)
			return MS_MORE;
		lh_buf_put(chunks, p + line, size);
		r->chunk += size ? line + size + 2 : line;
	}
	return MS_MORE;
}

static void split_line(struct lh_str in, struct ms_request *out)
{
	const char *end = memchr(in.p, '\n', in.n), *a = memchr(in.p, ' ', (size_t)(end - in.p));
	const char *b = a ? memchr(a + 1, ' ', (size_t)(end - a - 1)) : NULL;
	out->method = (struct lh_str){ in.p, a ? (size_t)(a - in.p) : 0 };
	out->path = b ? (struct lh_str){ a + 1, (size_t)(b - a - 1) } : LH_STR("");
	out->close = b && end - b >= 9 && !memcmp(b, " HTTP/1.0", 9);
}

enum ms_got ms_read_request(struct ms_reading *r, struct lh_str in, struct lh_buf *chunks, struct ms_request *out, size_t *used, int *status)
{
	*status = 400;
	if (!r->head) {
		size_t from = r->searched > 3 ? r->searched - 3 : 0;
		const char *end = in.n > from ? memmem(in.p + from, in.n - from, "\r\n\r\n", 4) : NULL;
		r->searched = in.n;
		if (!end)
			return in.n > MS_HEAD_MAX ? MS_BAD : MS_MORE;
		r->head = (size_t)(end - in.p) + 4;
		if (!read_head(r, in))
			return MS_BAD;
	}
	if (r->length > MS_BODY_MAX)
		return *status = 413, MS_BAD;
	enum ms_got got = r->chunked ? read_chunks(r, in, chunks, status) : in.n - r->head < r->length ? MS_MORE : MS_WHOLE;
	if (got != MS_WHOLE)
		return got;
	split_line(in, out);
	out->fault = (struct lh_str){ in.p + r->fault_at, r->fault_n };
	out->close = out->close || r->close;
	out->body = r->chunked ? lh_buf_str(chunks) : (struct lh_str){ in.p + r->head, r->length };
	*used = r->chunked ? r->chunk : r->head + r->length;
	return MS_WHOLE;
}

size_t ms_read_missing(const struct ms_reading *r, size_t have)
{
	return r->head && !r->chunked && r->head + r->length > have ? r->head + r->length - have : 0;
}

/* ---- answers ---- */

void ms_reply_init(struct ms_reply *r)
{
	*r = (struct ms_reply){ .stop_at = SIZE_MAX };
	lh_buf_init(&r->bytes, 256u << 20);
}

void ms_reply_clear(struct ms_reply *r)
{
	struct lh_buf bytes = r->bytes;
	*r = (struct ms_reply){ .bytes = bytes, .stop_at = SIZE_MAX };
	lh_buf_clear(&r->bytes);
}

const char *ms_status_phrase(int status)
{
	static const struct { int status; const char *phrase; } known[] = {
		{ 200, "OK" }, { 400, "Bad Request" }, { 401, "Unauthorized" }, { 404, "Not Found" }, { 405, "Method Not Allowed" },
		{ 408, "Request Timeout" }, { 409, "Conflict" }, { 413, "Content Too Large" }, { 429, "Too Many Requests" },
		{ 500, "Internal Server Error" }, { 502, "Bad Gateway" }, { 503, "Service Unavailable" }, { 529, "Overloaded" },
	};
	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (known[i].status == status)
			return known[i].phrase;
	return "Status";
}

static void put_chunks(struct lh_buf *b, struct lh_str s)
{
	struct lh_random luck = lh_random_stream(s.n, 1, 0, LH_FOR_CHECK, 0);
	size_t most = s.n / 64 > CHUNK_MOST ? s.n / 64 : CHUNK_MOST;
	while (s.n) {
		size_t n = 1 + (size_t)lh_random_below(&luck, most);
		n = n < s.n ? n : s.n;
		lh_buf_printf(b, "%zx\r\n", n);
		lh_buf_put(b, s.p, n);
		lh_buf_puts(b, "\r\n");
		s.p += n;
		s.n -= n;
	}
	lh_buf_puts(b, "0\r\n\r\n");
}

void ms_put_reply(struct ms_reply *r, const struct ms_head *h, struct lh_str entity)
{
	struct lh_buf *b = &r->bytes;
	lh_buf_printf(b, "HTTP/1.1 %d %s\r\nContent-Type: %s\r\n", h->status, ms_status_phrase(h->status), h->type);
	if (h->id)
		lh_buf_printf(b, "x-request-id: req-%llu\r\n", (unsigned long long)h->id);
	if (h->more)
		lh_buf_puts(b, h->more);
	if (h->close)
		lh_buf_puts(b, "Connection: close\r\n");
	if (h->chunked)
		lh_buf_puts(b, "Transfer-Encoding: chunked\r\n\r\n");
	else
		lh_buf_printf(b, "Content-Length: %zu\r\n\r\n", entity.n + h->announce);
	r->head = b->n;
	if (h->chunked)
		put_chunks(b, entity);
	else
		lh_buf_put_str(b, entity);
	if (h->close)
		r->then = MS_CLOSE;
}
