/* Sockets: one thread, one epoll, thousands of connections, and a heap of timers for answers that wait. */
#ifndef MS_SERVE_H
#define MS_SERVE_H

#include "ms_http.h"

struct ms_serve;

struct ms_handler {
	void *user;
	/* Fills *reply, which is clear. */
	void (*answer)(void *user, const struct ms_request *q, struct ms_reply *reply);
	/* A new connection; false: it is reset at once. */
	bool (*accept)(void *user);
};

/* Listens on 127.0.0.1; port 0: any. */
int ms_serve_new(int port, const struct ms_handler *handler, struct ms_serve **out, struct lh_error *err) LH_CHECKED;
int ms_serve_port(const struct ms_serve *s);
/* Until *stop is set (by a signal). */
int ms_serve_run(struct ms_serve *s, const volatile int *stop, struct lh_error *err) LH_CHECKED;
void ms_serve_free(struct ms_serve *s);

#endif
