#include "base/arena.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* Blocks are powers of two from 1 KiB, each with a header in front; what is freed goes to the list of
 * its size, and the pages of a large one back to the system. */
#define SMALLEST_BITS 10
#define CLASSES 40
#define GIVE_BACK (256u << 10)

struct block { size_t bits; struct block *next; char pad[48]; };         /* 64 bytes: keeps what follows aligned */

struct lh_arena {
	char *base;
	size_t size, used;
	struct block *free[CLASSES];
};

static char *map_shared(size_t bytes)
{
	int fd = memfd_create("longhaul", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd < 0)
		return NULL;
	void *p = MAP_FAILED;
	if (!ftruncate(fd, (off_t)bytes) && !fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW))
		p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, fd, 0);
	int saved = errno;
	close(fd);
	errno = saved;
	return p == MAP_FAILED ? NULL : p;
}

int lh_arena_new(size_t bytes, struct lh_arena **out, struct lh_error *err)
{
	*out = NULL;
	struct lh_arena *a = calloc(1, sizeof *a);
	if (!a)
		return lh_nomem(err);
	for (; bytes >= 1u << 20 && !(a->base = map_shared(bytes)); bytes /= 2)
		;                                /* where addresses are limited, less will do */
	if (!a->base) {
		free(a);
		return lh_fail(err, LH_E_NOMEM, "no memory that processes can share: %s", strerror(errno));
	}
	a->size = bytes;
	*out = a;
	return 0;
}

void lh_arena_free(struct lh_arena *a)
{
	if (!a)
		return;
	munmap(a->base, a->size);
	free(a);
}

static struct block *of(void *p) { return (struct block *)p - 1; }

static struct block *take(struct lh_arena *a, size_t bits)
{
	struct block *b = a->free[bits];
	if (b) {
		a->free[bits] = b->next;
		return b;
	}
	size_t bytes = (size_t)1 << bits;
	if (bytes > a->size - a->used)
		return NULL;
	b = (struct block *)(void *)(a->base + a->used);
	a->used += bytes;
	b->bits = bits;
	return b;
}

void *lh_arena_resize(struct lh_arena *a, void *old, size_t used, size_t bytes)
{
	size_t bits = SMALLEST_BITS;
	while (bits < CLASSES && (size_t)1 << bits < bytes + sizeof(struct block))
		bits++;
	if (bits == CLASSES)
		return NULL;
	if (old && of(old)->bits == bits)
		return old;
	struct block *b = take(a, bits);
	if (!b)
		return NULL;
	if (old)
		memcpy(b + 1, old, used);
	lh_arena_release(a, old);
	return b + 1;
}

void lh_arena_release(struct lh_arena *a, void *p)
{
	if (!p)
		return;
	struct block *b = of(p);
	size_t bytes = (size_t)1 << b->bits, page = 4096;
	if (bytes >= GIVE_BACK)          /* all pages but the header's own */
		madvise((char *)b + page, bytes - page, MADV_REMOVE);
	b->next = a->free[b->bits];
	a->free[b->bits] = b;
}

bool lh_arena_holds(const struct lh_arena *a, const void *p, size_t n)
{
	uintptr_t at = (uintptr_t)p, base = (uintptr_t)a->base;
	return at >= base && at - base <= a->size && n <= a->size - (at - base);
}
