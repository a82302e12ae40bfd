/* net/loop.h - one epoll for everything that waits: sockets of HTTP, pipes of agents and workers.
 *
 * `ready` functions copy bytes and note what happened; they start nothing that may call back into
 * the loop's owner. Descriptors are the caller's: the loop never closes one. */
#ifndef LH_NET_LOOP_H
#define LH_NET_LOOP_H

#include "base/error.h"

#include <stdint.h>

struct lh_loop;
typedef void (*lh_loop_ready)(void *user, int fd, uint32_t events);      /* EPOLLIN, EPOLLOUT, EPOLLHUP, … */

int lh_loop_new(struct lh_loop **out, struct lh_error *err) LH_CHECKED;
void lh_loop_free(struct lh_loop *l);
int lh_loop_add(struct lh_loop *l, int fd, uint32_t events, lh_loop_ready ready, void *user, struct lh_error *err) LH_CHECKED;
void lh_loop_change(struct lh_loop *l, int fd, uint32_t events);
/* May be called from a ready function, for any descriptor: events already fetched for it are dropped. */
void lh_loop_remove(struct lh_loop *l, int fd);
/* Waits until something is ready or until_us (monotonic, base/clock.h; 0: does not wait; INT64_MAX: for
 * ever), and calls the ready functions. A signal ends the wait early. */
int lh_loop_wait(struct lh_loop *l, int64_t until_us, struct lh_error *err) LH_CHECKED;

#endif
