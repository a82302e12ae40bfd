/* Memory that one process fills and another reads. */
#include "base/arena.h"
#include "check.h"

#include <errno.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define MIB ((size_t)1 << 20)

static struct lh_arena *arena(size_t bytes)
{
	struct lh_arena *a;
	struct lh_error err = { 0 };
	CHECK_INT(lh_arena_new(bytes, &a, &err), 0);
	return a;
}

static void fill(void *p, size_t n, unsigned seed)
{
	for (size_t i = 0; i < n; i++)
		((unsigned char *)p)[i] = (unsigned char)(seed + i * 31);
}

static bool filled(const void *p, size_t n, unsigned seed)
{
	for (size_t i = 0; i < n; i++)
		if (((const unsigned char *)p)[i] != (unsigned char)(seed + i * 31))
			return false;
	return true;
}

static void test_blocks(void)
{
	struct lh_arena *a = arena(64 * MIB);
	void *p[40];
	size_t n[40];
	for (unsigned i = 0; i < 40; i++) {
		n[i] = i * 997 + 1;
		p[i] = lh_arena_resize(a, NULL, 0, n[i]);
		CHECK(p[i] && (uintptr_t)p[i] % 64 == 0);
		fill(p[i], n[i], i);
	}
	for (unsigned i = 0; i < 40; i++)
		CHECK(filled(p[i], n[i], i));
	for (unsigned i = 0; i < 40; i += 2)
		lh_arena_release(a, p[i]);
	lh_arena_release(a, NULL);
	for (unsigned i = 1; i < 40; i += 2)
		CHECK(filled(p[i], n[i], i));            /* what was given back was nobody else's */
	lh_arena_free(a);
	lh_arena_free(NULL);
}

static void test_growing(void)
{
	struct lh_arena *a = arena(64 * MIB);
	char *other = lh_arena_resize(a, NULL, 0, 5000), *p = NULL;
	fill(other, 5000, 9);
	size_t used = 0;
	for (size_t n = 1; n <= 8 * MIB; n = 2 * n + 1) {
		p = lh_arena_resize(a, p, used, n);
		CHECK(p && filled(p, used, 3));
		fill(p, n, 3);
		used = n;
	}
	CHECK(filled(other, 5000, 9));
	CHECK(lh_arena_resize(a, p, used, used - 1) == p);       /* it fits: it stays */
	lh_arena_free(a);
}

/* What is released is used again: a run of any length stays as large as what it holds at once. */
static void test_reuse(void)
{
	struct lh_arena *a = arena(4 * MIB);
	for (int i = 0; i < 1000; i++) {
		char *p = lh_arena_resize(a, NULL, 0, MIB - 100);
		CHECK(p != NULL);
		if (!p)
			break;
		fill(p, MIB - 100, (unsigned)i);
		CHECK(filled(p, MIB - 100, (unsigned)i));
		lh_arena_release(a, p);
	}
	lh_arena_free(a);
}

static void test_full(void)
{
	struct lh_arena *a = arena(4 * MIB);
	char *p = lh_arena_resize(a, NULL, 0, MIB);      /* of 2 MiB, with its header */
	fill(p, MIB, 5);
	CHECK(!lh_arena_resize(a, p, MIB, 3 * MIB));
	CHECK(filled(p, MIB, 5));                        /* old stays, and is still ours */
	CHECK(!lh_arena_resize(a, NULL, 0, (size_t)1 << 39) && !lh_arena_resize(a, NULL, 0, (size_t)1 << 45));
	CHECK(lh_arena_resize(a, NULL, 0, 1000) != NULL);
	lh_arena_release(a, p);
	CHECK(lh_arena_resize(a, NULL, 0, MIB) == p);
	lh_arena_free(a);
}

static void test_bounds(void)
{
	const char *base = "0123456789";
	struct lh_arena_sight s = { base, 10 };
	CHECK(lh_arena_at(&s, 0, 10) == base && lh_arena_at(&s, 9, 1) == base + 9 && lh_arena_at(&s, 10, 0) == base + 10);
	CHECK(!lh_arena_at(&s, 0, 11) && !lh_arena_at(&s, 9, 2) && !lh_arena_at(&s, 10, 1) && !lh_arena_at(&s, 11, 0));
	CHECK(!lh_arena_at(&s, SIZE_MAX, 2) && !lh_arena_at(&s, 2, SIZE_MAX) && !lh_arena_at(&s, SIZE_MAX, SIZE_MAX));
}

/* Another process writes, and is gone before it is read: as when a worker dies with a request in flight. */
static void test_another_process(void)
{
	struct lh_arena *a;
	struct lh_arena_sight s;
	struct lh_error err = { 0 };
	int fd, line[2];
	size_t at = 0;
	CHECK_INT(lh_arena_new_shown((size_t)64 << 30, &a, &fd, &err), 0);
	CHECK_INT(pipe(line), 0);
	pid_t child = fork();
	if (!child) {
		char *p = lh_arena_resize(a, NULL, 0, 100000);
		fill(p, 100000, 7);
		size_t offset = lh_arena_offset(a, p);
		_exit(write(line[1], &offset, sizeof offset) != sizeof offset);
	}
	CHECK_INT(read(line[0], &at, sizeof at), sizeof at);
	CHECK(waitpid(child, NULL, 0) == child);
	CHECK_INT(lh_arena_look(fd, &s, &err), 0);
	lh_arena_free(a);
	close(fd);
	const char *p = lh_arena_at(&s, at, 100000);
	CHECK(p && filled(p, 100000, 7));
	CHECK(!lh_arena_at(&s, s.size - 10, 11));
	lh_arena_leave(&s);
	lh_arena_leave(&s);
	CHECK(!s.base && !s.size);
	close(line[0]);
	close(line[1]);
}

/* An owner that could take pages away would end the reader by SIGBUS. */
static void test_refused(void)
{
	struct lh_arena_sight s;
	struct lh_error err = { 0 };
	int plain = memfd_create("plain", MFD_CLOEXEC | MFD_ALLOW_SEALING), line[2];
	CHECK(plain >= 0 && !ftruncate(plain, 4096) && !pipe(line));
	CHECK(lh_arena_look(plain, &s, &err) == LH_E_INTERNAL && !s.base);
	CHECK(lh_arena_look(line[0], &s, NULL) && lh_arena_look(-1, &s, NULL));
	close(plain);
	close(line[0]);
	close(line[1]);

	struct lh_arena *a;
	int fd;
	CHECK_INT(lh_arena_new_shown(MIB, &a, &fd, NULL), 0);
	CHECK(ftruncate(fd, 4096) && errno == EPERM);
	CHECK(ftruncate(fd, (off_t)(2 * MIB)) && errno == EPERM);
	lh_arena_free(a);
	close(fd);
	CHECK(lh_arena_new(1000, &a, &err) && !a);               /* less than is of any use */
}

int main(void)
{
	test_blocks();
	test_growing();
	test_reuse();
	test_full();
	test_bounds();
	test_another_process();
	test_refused();
	return check_done();
}
