/* One multi handle on the loop: which sockets it wants watched, and when it wants to be called.
 *
 * libcurl takes a socket off its list whenever a reply is complete, and puts it back with the next request.
 * Following that costs two system calls a request, so a connection stays watched, and is dropped only when
 * something happens on it while nobody is interested (the server closes it), or when it is closed. Its own
 * descriptors (the resolver's) are not announced when they close: those are dropped at once. */
#include "net/http_parts.h"

#include "base/clock.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

static void break_down(struct lh_http *h, CURLMcode code)
{
	if (code != CURLM_OK)
		lh_fail(&h->broken, code == CURLM_OUT_OF_MEMORY ? LH_E_NOMEM : LH_E_FAILED, "HTTP: libcurl: %s", h->curl.multi_strerror(code));
}

static struct lh_sock *sock_of(struct lh_http *h, int fd)
{
	size_t had = h->socks;
	if ((size_t)fd < had)
		return &h->sock[fd];
	if (lh_array_more(&h->sock, &h->socks, (size_t)fd + 1, sizeof *h->sock, &h->broken))
		return NULL;
	memset(h->sock + had, 0, (h->socks - had) * sizeof *h->sock);
	return &h->sock[fd];
}

static void unwatch(struct lh_http *h, int fd)
{
	if (h->sock[fd].asked)
		lh_loop_remove(h->loop, fd);
	h->sock[fd].asked = 0;
}

static void mark_dirty(struct lh_shard *s)
{
	struct lh_http *h = s->lane->http;
	if (s->dirty)
		return;
	s->dirty = true;
	s->next_dirty = h->dirty;
	h->dirty = s;
}

void lh_shard_kick(struct lh_shard *s, int fd, int events)
{
	struct lh_http *h = s->lane->http;
	int running;
	break_down(h, h->curl.multi_socket_action(s->multi, fd, events, &running));
	if (running < s->active)
		mark_dirty(s);
}

static void on_ready(void *user, int fd, uint32_t events)
{
	struct lh_shard *s = user;
	struct lh_http *h = s->lane->http;
	if (!h->sock[fd].wanted) {
		unwatch(h, fd);
		return;
	}
	h->now_us = lh_clock_mono_us();
	/* Nothing but an error or a hang-up: 0, and libcurl looks for itself. */
	lh_shard_kick(s, fd, (events & EPOLLIN ? CURL_CSELECT_IN : 0) | (events & EPOLLOUT ? CURL_CSELECT_OUT : 0));
}

static int watch(struct lh_shard *s, int fd, uint32_t events)
{
	struct lh_http *h = s->lane->http;
	struct lh_sock *k = &h->sock[fd];
	if (k->asked && k->asked != events)
		lh_loop_change(h->loop, fd, events);
	else if (!k->asked && lh_loop_add(h->loop, fd, events, on_ready, s, &h->broken))
		return -1;
	k->asked = events;
	return 0;
}

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *user, void *assigned)
{
	(void)easy, (void)assigned;
	struct lh_shard *s = user;
	struct lh_http *h = s->lane->http;
	struct lh_sock *k = sock_of(h, fd);
	if (!k)
		return -1;
	k->wanted = what == CURL_POLL_REMOVE ? 0 : (what & CURL_POLL_IN ? EPOLLIN : 0) | (what & CURL_POLL_OUT ? EPOLLOUT : 0);
	if (k->wanted)
		return watch(s, fd, k->wanted);
	if (!k->ours)
		unwatch(h, fd);
	return 0;
}

static int on_timer(CURLM *multi, long ms, void *user)
{
	(void)multi;
	struct lh_shard *s = user;
	s->lane->http->due[s->index] = ms < 0 ? INT64_MAX : lh_clock_mono_us() + (int64_t)ms * 1000;
	return 0;
}

curl_socket_t lh_shard_open_socket(void *user, curlsocktype purpose, struct curl_sockaddr *address)
{
	(void)purpose;
	struct lh_slot *slot = user;
	struct lh_http *h = slot->shard->lane->http;
	slot->shard->lane->found = true;
	int fd = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
	if (fd < 0) {
		slot->socket_errno = errno;
		return CURL_SOCKET_BAD;
	}
	struct lh_sock *k = sock_of(h, fd);
	if (!k) {
		slot->socket_errno = ENOMEM;
		close(fd);
		return CURL_SOCKET_BAD;
	}
	unwatch(h, fd);                        /* a number that was one of libcurl's own descriptors before */
	*k = (struct lh_sock){ .ours = true };
	slot->shard->sockets++;
	h->counts.connections++;
	return fd;
}

int lh_shard_close_socket(void *user, curl_socket_t fd)
{
	struct lh_shard *s = user;
	struct lh_http *h = s->lane->http;
	unwatch(h, fd);
	h->sock[fd] = (struct lh_sock){ 0 };
	s->sockets--;
	return close(fd);
}

static int set_multi(struct lh_shard *s)
{
	const struct lh_curl *c = &s->lane->http->curl;
	CURLM *m = s->multi;
	int bad = 0;
	bad |= c->multi_setopt(m, CURLMOPT_SOCKETFUNCTION, on_socket);
	bad |= c->multi_setopt(m, CURLMOPT_SOCKETDATA, s);
	bad |= c->multi_setopt(m, CURLMOPT_TIMERFUNCTION, on_timer);
	bad |= c->multi_setopt(m, CURLMOPT_TIMERDATA, s);
	/* Else it is four times the transfers that run (8.14 and newer), and a batch that ends closes live
	 * connections. */
	bad |= c->multi_setopt(m, CURLMOPT_MAXCONNECTS, (long)LH_SHARD_SLOTS);
	return bad;
}

int lh_shard_new(struct lh_lane *lane, struct lh_shard **out, struct lh_error *err)
{
	struct lh_http *h = lane->http;
	*out = NULL;
	int rc = lh_array_more(&h->shard, &h->shard_cap, h->shards + 1, sizeof *h->shard, err);
	if (!rc)
		rc = lh_array_more(&h->due, &h->due_cap, h->shards + 1, sizeof *h->due, err);
	struct lh_shard *s = rc ? NULL : calloc(1, sizeof *s);
	if (!s)
		return rc ? rc : lh_nomem(err);
	*s = (struct lh_shard){ .lane = lane, .index = h->shards, .multi = h->curl.multi_init() };
	h->due[s->index] = INT64_MAX;
	if (!s->multi || set_multi(s)) {
		h->curl.multi_cleanup(s->multi);
		free(s);
		return lh_nomem(err);
	}
	h->shard[h->shards++] = s;
	*out = s;
	return 0;
}

void lh_shard_free(struct lh_shard *s)
{
	for (int i = 0; i < s->slots; i++)
		lh_slot_free(s->slot[i]);
	s->lane->http->curl.multi_cleanup(s->multi);           /* closes the connections, through us */
	free(s);
}
