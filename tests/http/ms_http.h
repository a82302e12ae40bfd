/* HTTP/1.1 requests as they come in, and answers put together. */
#ifndef MS_HTTP_H
#define MS_HTTP_H

#include "base/text.h"

#define MS_BODY_MAX (64u << 20)
#define MS_HEAD_MAX (64u << 10)

/* How far the request at the head of a buffer has been read; all zero at its beginning. */
struct ms_reading {
	size_t head;                     /* bytes of its head, 0: the end is not here yet */
	size_t searched;
	size_t length;                   /* Content-Length */
	size_t chunk;                    /* where the next chunk's size stands */
	bool chunked, expects, close, trailers;
	size_t fault_at, fault_n;        /* X-Fault */
};

struct ms_request { struct lh_str method, path, body, fault; bool close; };

enum ms_got { MS_MORE, MS_WHOLE, MS_BAD };
/* MS_WHOLE: *out borrows from `in` and `chunks` (where a chunked body is put together), *used bytes of `in`
 * belong to it. MS_BAD: *status says why. */
enum ms_got ms_read_request(struct ms_reading *r, struct lh_str in, struct lh_buf *chunks, struct ms_request *out, size_t *used, int *status);
/* Bytes that are still to come for sure. */
size_t ms_read_missing(const struct ms_reading *r, size_t have);

enum ms_then { MS_KEEP, MS_CLOSE, MS_RESET };

/* What is to be sent, and how. */
struct ms_reply {
	struct lh_buf bytes;
	size_t head;                     /* of bytes */
	size_t stop_at;                  /* only so many bytes are sent; SIZE_MAX: all */
	enum ms_then then;
	int64_t delay_us;                /* before the first byte */
	int64_t drip_us;                 /* one byte at a time, so long apart; 0: all at once */
	int64_t stall_us;                /* after the last byte, before `then` */
};
void ms_reply_init(struct ms_reply *r);
void ms_reply_clear(struct ms_reply *r);

struct ms_head {
	int status;
	const char *type;                /* Content-Type */
	const char *more;                /* further lines, each with its CRLF; may be NULL */
	uint64_t id;                     /* x-request-id; 0: none */
	bool close, chunked;
	size_t announce;                 /* added to the true Content-Length */
};
/* Head and entity; a chunked entity goes out in chunks of odd sizes, which cut characters in two. */
void ms_put_reply(struct ms_reply *r, const struct ms_head *h, struct lh_str entity);
const char *ms_status_phrase(int status);

#endif
