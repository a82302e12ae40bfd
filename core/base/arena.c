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

static char *map_shared(size_t bytes, int *out)
{
	int fd = memfd_create("longhaul", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd < 0)
		return NULL;
	void *p = MAP_FAILED;
	if (!ftruncate(fd, (off_t)bytes) && !fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW))
		p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, fd, 0);
	int saved = errno;
	if (p == MAP_FAILED)
		close(fd);
	else
		*out = fd;
	errno = saved;
	return p == MAP_FAILED ? NULL : p;
}

int lh_arena_new_shown(size_t bytes, struct lh_arena **out, int *fd, struct lh_error *err)
{
	*out = NULL;
	struct lh_arena *a = calloc(1, sizeof *a);
	if (!a)
		return lh_nomem(err);
	for (; bytes >= 1u << 20 && !(a->base = map_shared(bytes, fd)); bytes /= 2)
		;                                /* where addresses are limited, less will do */
	if (!a->base) {
		free(a);
		return lh_fail(err, LH_E_NOMEM, "no memory that processes can share: %s", strerror(errno));
	}
	a->size = bytes;
	*out = a;
	return 0;
}

int lh_arena_new(size_t bytes, struct lh_arena **out, struct lh_error *err)
{
	int fd, rc = lh_arena_new_shown(bytes, out, &fd, err);
	if (!rc)
		close(fd);
	return rc;
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

size_t lh_arena_offset(const struct lh_arena *a, const void *p)
{
	return (size_t)((const char *)p - a->base);
}

int lh_arena_look(int fd, struct lh_arena_sight *out, struct lh_error *err)
{
	int seals = fcntl(fd, F_GET_SEALS);
	off_t size = lseek(fd, 0, SEEK_END);
	*out = (struct lh_arena_sight){ NULL, 0 };
	if (seals < 0 || !(seals & F_SEAL_SHRINK) || size <= 0)
		return lh_fail(err, LH_E_INTERNAL, "another process's memory is not as it should be");
	void *p = mmap(NULL, (size_t)size, PROT_READ, MAP_SHARED | MAP_NORESERVE, fd, 0);
	if (p == MAP_FAILED)
		return lh_fail(err, LH_E_NOMEM, "another process's memory cannot be looked at: %s", strerror(errno));
	*out = (struct lh_arena_sight){ p, (size_t)size };
	return 0;
}

void lh_arena_leave(struct lh_arena_sight *s)
{
	if (s->base)
		munmap((void *)(uintptr_t)s->base, s->size);
	*s = (struct lh_arena_sight){ NULL, 0 };
}

const char *lh_arena_at(const struct lh_arena_sight *s, size_t offset, size_t n)
{
	return offset <= s->size && n <= s->size - offset ? s->base + offset : NULL;
}
