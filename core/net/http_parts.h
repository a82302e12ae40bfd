/* net/http_parts.h - what the files of http.h's implementation know of each other.
 *
 *     lh_http ── lane, one an endpoint ── shard, a multi handle ── slot, an easy handle; at most 64 a shard
 *
 * A slot stays with its shard for life, and its options but for the body with it. The free slots of a lane
 * are a stack: the one taken next was given back last, and the connection it used is idle in its shard's
 * cache. So connections are as many as requests ever were in flight at once, and 64 slots bound what
 * libcurl walks through for each request. */
#ifndef LH_NET_HTTP_PARTS_H
#define LH_NET_HTTP_PARTS_H

#include "net/curl_api.h"
#include "net/http.h"
#include "net/url.h"

#define LH_SHARD_SLOTS 64
#define LH_FRESH_MOST 32               /* new connections a pass */

enum lh_slot_state {
	LH_SLOT_FREE,                  /* in its lane's stack */
	LH_SLOT_WAITING,               /* for leave to open a connection */
	LH_SLOT_ACTIVE,                /* libcurl has it */
	LH_SLOT_DONE,                  /* its exchange waits to be taken */
	LH_SLOT_TAKEN
};

struct lh_slot {
	CURL *easy;
	struct lh_shard *shard;
	enum lh_slot_state state;
	struct lh_slot *prev, *next;           /* in the list or stack of its state */
	struct lh_slot *same;                  /* the next one of its bucket */
	struct lh_exchange x;
	struct lh_buf reply;
	bool too_large, no_memory, said_ms;    /* said_ms: retry-after-ms came, which is finer than Retry-After */
	int socket_errno;                      /* why no socket could be had */
	int64_t started_us, last_us;           /* handed to libcurl; a byte came or went */
	int64_t timeout_us, idle_us, end_us;   /* end_us: sent + timeout; INT64_MAX: none */
	curl_off_t uploaded;                   /* when last looked */
	int64_t due_us;                        /* key in the heap */
	size_t heap_at;                        /* its place there, from 1; 0: not in it */
	struct lh_buf extra_text;
	struct curl_slist extra;               /* in front of the endpoint's headers */
	const struct curl_slist *headers;      /* those that the easy handle knows */
	char said[CURL_ERROR_SIZE];            /* libcurl's words */
};

struct lh_slot_list { struct lh_slot *first, *last; };

struct lh_shard {
	CURLM *multi;
	struct lh_lane *lane;
	size_t index;                          /* in the lh_http's shards */
	int slots, active, sockets;
	bool dirty;                            /* in the list of those that may have finished transfers */
	struct lh_shard *next_dirty;
	struct lh_slot *slot[LH_SHARD_SLOTS];
};

/* What moves while requests are sent to an endpoint. */
struct lh_lane {
	struct lh_http *http;
	const struct lh_endpoint *to;
	struct lh_lane *next;
	struct lh_slot *free;
	struct lh_slot_list waiting;
	struct lh_shard *last;                 /* the only one that may have room for another slot */
	int active;
	bool found;                            /* its host has an address: a socket was asked for */
};

struct lh_endpoint {
	struct lh_lane *lane;
	CURLU *url;
	char *place, *origin;                  /* "example.com:8080", "http://example.com:8080" */
	bool https, numeric, http2;
	long connect_ms;
	struct curl_slist *node;               /* headers; the first two are Accept for JSON and for events */
	struct curl_slist *plain, *events;     /* where the list begins for either */
	char *text;                            /* what the nodes point to, but for the key's line */
	char *key_line; size_t key_bytes;      /* in pages of its own */
};

struct lh_sock { struct lh_shard *shard; uint32_t asked, wanted; bool ours; };

struct lh_http {
	struct lh_curl curl;
	struct lh_loop *loop;
	const struct lh_secrets *secrets;
	CURLSH *share;                         /* one DNS cache for all shards */
	struct lh_lane *lanes;
	struct lh_shard **shard; size_t shards, shard_cap;
	int64_t *due; size_t due_cap;          /* each shard's next timer */
	struct lh_shard *dirty;
	struct lh_sock *sock; size_t socks;    /* by descriptor */
	struct lh_slot **bucket; size_t buckets, slots;
	struct lh_slot **heap; size_t heap_n, heap_cap;
	struct lh_slot_list done;
	int in_flight, waiting, fresh;         /* fresh: connections begun in this pass */
	int64_t now_us;
	struct lh_error broken;                /* noticed where nobody could be told */
	struct lh_http_counts counts;
};

/* http_shard.c */
int lh_shard_new(struct lh_lane *lane, struct lh_shard **out, struct lh_error *err) LH_CHECKED;
void lh_shard_free(struct lh_shard *s);
void lh_shard_kick(struct lh_shard *s, int fd, int events);      /* fd CURL_SOCKET_TIMEOUT: its timer */
curl_socket_t lh_shard_open_socket(void *slot, curlsocktype purpose, struct curl_sockaddr *address);
int lh_shard_close_socket(void *shard, curl_socket_t fd);

/* http_slot.c */
int lh_slot_get(struct lh_lane *lane, struct lh_slot **out, struct lh_error *err) LH_CHECKED;
int lh_slot_fill(struct lh_slot *s, const struct lh_http_request *r, struct lh_error *err) LH_CHECKED;
void lh_slot_put_back(struct lh_slot *s);
void lh_slot_free(struct lh_slot *s);
bool lh_slot_connected(const struct lh_slot *s);

/* http_fault.c: why a transfer failed, into the slot's exchange. */
void lh_slot_fail(struct lh_slot *s, CURLcode code);
void lh_slot_fail_late(struct lh_slot *s, enum lh_fault fault);

/* http_table.c: slots by id, by deadline, and in lists. */
int lh_table_room(struct lh_http *h, struct lh_error *err) LH_CHECKED;    /* for one slot more */
struct lh_slot *lh_table_find(const struct lh_http *h, uint64_t id);
void lh_table_put(struct lh_http *h, struct lh_slot *s);
void lh_table_drop(struct lh_http *h, struct lh_slot *s);
void lh_heap_put(struct lh_http *h, struct lh_slot *s, int64_t due_us);   /* or moves it */
void lh_heap_drop(struct lh_http *h, struct lh_slot *s);
void lh_list_put(struct lh_slot_list *l, struct lh_slot *s);
void lh_list_drop(struct lh_slot_list *l, struct lh_slot *s);

/* http_header.c */
size_t lh_slot_header(char *p, size_t size, size_t n, void *slot);        /* libcurl's header function */
/* NULL: "Name: value" that may be sent; else what is wrong, without the value. */
const char *lh_header_wrong(struct lh_str line);
bool lh_header_is(struct lh_str line, struct lh_str name);

/* http_endpoint.c */
void lh_endpoint_free(struct lh_http *h, struct lh_endpoint *e);

#endif
