/* Slots by id (a table of chains), by deadline (a binary heap), and in lists. Room is made when a slot is,
 * so that nothing here can fail in flight. */
#include "net/http_parts.h"

#include <assert.h>
#include <stdlib.h>

static struct lh_slot **bucket_of(const struct lh_http *h, uint64_t id)
{
	id *= UINT64_C(0x9e3779b97f4a7c15);            /* Fibonacci hashing: ids count up */
	return &h->bucket[(id ^ id >> 32) & (h->buckets - 1)];
}

static int more_buckets(struct lh_http *h, struct lh_error *err)
{
	size_t had = h->buckets;
	struct lh_slot **old = h->bucket;
	h->bucket = calloc(had ? had * 2 : 64, sizeof *h->bucket);
	if (!h->bucket) {
		h->bucket = old;
		return lh_nomem(err);
	}
	h->buckets = had ? had * 2 : 64;
	for (size_t i = 0; i < had; i++)
		for (struct lh_slot *s = old[i], *next; s; s = next) {
			next = s->same;
			lh_table_put(h, s);
		}
	free(old);
	return 0;
}

int lh_table_room(struct lh_http *h, struct lh_error *err)
{
	int rc = h->slots < h->buckets ? 0 : more_buckets(h, err);
	return rc ? rc : lh_array_more(&h->heap, &h->heap_cap, h->slots + 2, sizeof *h->heap, err);
}

struct lh_slot *lh_table_find(const struct lh_http *h, uint64_t id)
{
	struct lh_slot *s = h->buckets ? *bucket_of(h, id) : NULL;
	while (s && s->x.id != id)
		s = s->same;
	return s;
}

void lh_table_put(struct lh_http *h, struct lh_slot *s)
{
	struct lh_slot **at = bucket_of(h, s->x.id);
	s->same = *at;
	*at = s;
}

void lh_table_drop(struct lh_http *h, struct lh_slot *s)
{
	struct lh_slot **at = bucket_of(h, s->x.id);
	while (*at != s)
		at = &(*at)->same;
	*at = s->same;
}

static void heap_set(struct lh_http *h, size_t at, struct lh_slot *s)
{
	h->heap[at] = s;
	s->heap_at = at;
}

static void heap_up(struct lh_http *h, size_t at, struct lh_slot *s)
{
	for (; at > 1 && h->heap[at / 2]->due_us > s->due_us; at /= 2)
		heap_set(h, at, h->heap[at / 2]);
	heap_set(h, at, s);
}

static void heap_down(struct lh_http *h, size_t at, struct lh_slot *s)
{
	for (size_t child; (child = at * 2) <= h->heap_n; at = child) {
		if (child < h->heap_n && h->heap[child + 1]->due_us < h->heap[child]->due_us)
			child++;
		if (h->heap[child]->due_us >= s->due_us)
			break;
		heap_set(h, at, h->heap[child]);
	}
	heap_set(h, at, s);
}

static void heap_settle(struct lh_http *h, size_t at, struct lh_slot *s)
{
	if (at > 1 && h->heap[at / 2]->due_us > s->due_us)
		heap_up(h, at, s);
	else
		heap_down(h, at, s);
}

void lh_heap_put(struct lh_http *h, struct lh_slot *s, int64_t due_us)
{
	s->due_us = due_us;
	if (!s->heap_at) {
		assert(h->heap_n + 1 < h->heap_cap);
		s->heap_at = ++h->heap_n;
	}
	heap_settle(h, s->heap_at, s);
}

void lh_heap_drop(struct lh_http *h, struct lh_slot *s)
{
	size_t at = s->heap_at;
	if (!at)
		return;
	s->heap_at = 0;
	struct lh_slot *last = h->heap[h->heap_n--];
	if (last != s)
		heap_settle(h, at, last);
}

void lh_list_put(struct lh_slot_list *l, struct lh_slot *s)
{
	s->prev = l->last;
	s->next = NULL;
	*(l->last ? &l->last->next : &l->first) = s;
	l->last = s;
}

void lh_list_drop(struct lh_slot_list *l, struct lh_slot *s)
{
	*(s->prev ? &s->prev->next : &l->first) = s->next;
	*(s->next ? &s->next->prev : &l->last) = s->prev;
	s->prev = s->next = NULL;
}
