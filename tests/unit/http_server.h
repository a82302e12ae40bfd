/* A server on 127.0.0.1 for tests of HTTP, in a thread: what it answers is named by the path that is asked
 * for. It keeps connections alive and can be trusted with nothing else. */
#ifndef LH_TESTS_HTTP_SERVER_H
#define LH_TESTS_HTTP_SERVER_H

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define SERVER_CONNECTIONS 512
#define SERVER_BIG (1 << 20)

struct server_peer { int fd; char *in; size_t n, cap, need, head; };

struct server {
	int fd, stop[2], port;
	pthread_t thread;
	atomic_int connections, requests;
	struct server_peer peer[SERVER_CONNECTIONS];
	int peers;
	char *big;
};

static inline void server_put(int fd, const char *p, size_t n)
{
	while (n > 0) {
		ssize_t sent = send(fd, p, n, MSG_NOSIGNAL);
		if (sent <= 0)
			return;
		p += sent;
		n -= (size_t)sent;
	}
}

static inline void server_say(int fd, const char *text)
{
	server_put(fd, text, strlen(text));
}

static inline void server_answer(int fd, const char *head, const char *body, size_t n)
{
	size_t room = strlen(head) + 128;
	char *all = malloc(room + n);
	int used = snprintf(all, room, "HTTP/1.1 %s\r\nContent-Length: %zu\r\n\r\n", head, n);
	memcpy(all + used, body, n);
	server_put(fd, all, (size_t)used + n);
	free(all);
}

static inline void server_reset(int fd)
{
	struct linger now = { 1, 0 };
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
}

/* The value of a request's header X-Want, as another header of the answer. */
static inline void server_wanted(const struct server_peer *p)
{
	char head[4096] = "429 Too Many";
	const char *at = memmem(p->in, p->head, "X-Want: ", 8);
	if (at) {
		at += 8;
		const char *end = strchr(at, '\r');
		snprintf(head, sizeof head, "429 Too Many\r\n%.*s", (int)(end - at), at);
		for (char *c = head; (c = strchr(c, '|')); )
			memcpy(c, "\r\n", 2);                          /* "||" stands for a line's end */
	}
	server_answer(p->fd, head, "slow down", 9);
}

/* false: the connection is to be closed. */
static inline bool server_reply(struct server *s, const struct server_peer *p)
{
	int fd = p->fd;
	char path[64] = "";
	sscanf(p->in, "POST /%63[^ ?]", path);
	if (strcmp(path, "ok") == 0)
		server_answer(fd, "200 OK\r\nContent-Type: application/json", "{\"ok\":1}", 8);
	else if (strcmp(path, "echo") == 0)
		server_answer(fd, "200 OK", p->in, p->need);
	else if (strcmp(path, "want") == 0)
		server_wanted(p);
	else if (strcmp(path, "big") == 0)
		server_answer(fd, "200 OK", s->big, SERVER_BIG);
	else if (strcmp(path, "none") == 0)
		server_answer(fd, "204 No Content", "", 0);
	else if (strcmp(path, "chunked") == 0)
		server_say(fd, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n7\r\n, world\r\n0\r\n\r\n");
	else if (strcmp(path, "events") == 0)
		server_answer(fd, "200 OK\r\ncontent-type: Text/Event-Stream; charset=utf-8", "data: 1\n\n", 9);
	else if (strcmp(path, "early") == 0)
		server_say(fd, "HTTP/1.1 103 Early\r\nX-Request-Id: early\r\nRetry-After: 5\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi");
	else if (strcmp(path, "redirect") == 0)
		server_answer(fd, "302 Found\r\nLocation: /ok", "", 0);
	else if (strcmp(path, "hold") == 0)
		;
	else if (strcmp(path, "stall") == 0)
		server_say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\npart");
	else if (strcmp(path, "no-length") == 0)
		return server_say(fd, "HTTP/1.0 200 OK\r\n\r\nto the end"), false;
	else if (strcmp(path, "close") == 0)
		return server_answer(fd, "200 OK\r\nConnection: close", "bye", 3), false;
	else if (strcmp(path, "short") == 0)
		return server_say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\npart"), false;
	else if (strcmp(path, "chunked-short") == 0)
		return server_say(fd, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\npart\r\n"), false;
	else if (strcmp(path, "bad-chunks") == 0)
		return server_say(fd, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\npart\r\n"), false;
	else if (strcmp(path, "garbage") == 0)
		return server_say(fd, "SSH-2.0-OpenSSH_9.2 \033[31m is no HTTP\r\nand so on\r\n"), false;
	else if (strcmp(path, "reset-before") == 0)
		return server_reset(fd), false;
	else if (strcmp(path, "reset-after") == 0)
		return server_say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\npart"), server_reset(fd), false;
	else if (strcmp(path, "empty") == 0)
		return false;
	else
		server_answer(fd, "404 Not Found", "no such path", 12);
	return true;
}

/* A whole request is there? Its head's length and body's length are worked out once. */
static inline bool server_complete(struct server_peer *p)
{
	if (!p->need) {
		char *end = p->n ? memmem(p->in, p->n, "\r\n\r\n", 4) : NULL;
		if (!end)
			return false;
		p->head = (size_t)(end + 4 - p->in);
		const char *length = memmem(p->in, p->head, "Content-Length: ", 16);
		p->need = p->head + (length ? strtoul(length + 16, NULL, 10) : 0);
	}
	return p->n >= p->need;
}

static inline bool server_read(struct server *s, struct server_peer *p)
{
	if (p->cap - p->n < 65536)
		p->in = realloc(p->in, p->cap = p->cap * 2 + 131072);
	ssize_t got = recv(p->fd, p->in + p->n, p->cap - p->n - 1, 0);
	if (got <= 0)
		return false;
	p->n += (size_t)got;
	p->in[p->n] = 0;
	if (!server_complete(p))
		return true;
	atomic_fetch_add(&s->requests, 1);
	bool keep = server_reply(s, p);
	p->n = p->need = p->head = 0;
	return keep;
}

static inline void server_close(struct server *s, int i)
{
	close(s->peer[i].fd);
	free(s->peer[i].in);
	s->peer[i] = s->peer[--s->peers];
}

static inline void server_accept(struct server *s)
{
	int fd = accept4(s->fd, NULL, NULL, SOCK_CLOEXEC), on = 1;
	if (fd < 0)
		return;
	if (s->peers == SERVER_CONNECTIONS) {
		close(fd);
		return;
	}
	atomic_fetch_add(&s->connections, 1);
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	s->peer[s->peers++] = (struct server_peer){ .fd = fd };
}

static inline void *server_main(void *user)
{
	struct server *s = user;
	static struct pollfd want[SERVER_CONNECTIONS + 2];
	for (;;) {
		int peers = s->peers;
		want[0] = (struct pollfd){ .fd = s->stop[0], .events = POLLIN };
		want[1] = (struct pollfd){ .fd = s->fd, .events = POLLIN };
		for (int i = 0; i < peers; i++)
			want[i + 2] = (struct pollfd){ .fd = s->peer[i].fd, .events = POLLIN };
		poll(want, (nfds_t)peers + 2, -1);
		if (want[0].revents)
			break;
		for (int i = peers - 1; i >= 0; i--)                   /* from the end: closing moves the last one down */
			if (want[i + 2].revents && !server_read(s, &s->peer[i]))
				server_close(s, i);
		if (want[1].revents)
			server_accept(s);
	}
	while (s->peers)
		server_close(s, 0);
	return NULL;
}

static inline int server_listen(int backlog, int *port)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t n = sizeof at;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof at) || listen(fd, backlog) || getsockname(fd, (struct sockaddr *)&at, &n)) {
		perror("no server for the test");
		exit(1);
	}
	*port = ntohs(at.sin_port);
	return fd;
}

static inline void server_start(struct server *s)
{
	memset(s, 0, sizeof *s);
	s->fd = server_listen(1024, &s->port);
	s->big = malloc(SERVER_BIG);
	for (size_t i = 0; i < SERVER_BIG; i++)
		s->big[i] = (char)(i * 2654435761u >> 24);
	if (pipe(s->stop) || pthread_create(&s->thread, NULL, server_main, s)) {
		perror("no server for the test");
		exit(1);
	}
}

static inline void server_stop(struct server *s)
{
	close(s->stop[1]);
	pthread_join(s->thread, NULL);
	close(s->stop[0]);
	close(s->fd);
	free(s->big);
}

#endif
