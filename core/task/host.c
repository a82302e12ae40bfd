/* task/host.c - the services that plugins call. */
#include "task/task_impl.h"

#include "base/hash.h"
#include "base/utf8.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WHY_MAX 1200
#define LOG_MAX (64u << 10)              /* bytes that plugins may log in a process */
#define DRAWS_PER_BLOCK 16

struct draws { struct lh_draw draw[DRAWS_PER_BLOCK]; struct draws *next; };

struct open_file { struct lh_given *given; struct lh_buf bytes; };

/* Mutable and static: see lh_host_table(). */
static struct {
	const char *family;
	char why[WHY_MAX + 1];
	size_t logged;
	struct draws first, *block;
	int used;                        /* of *block */
	struct lh_given *given;
	int given_count;
	struct open_file *open;
	int open_count;
	struct lh_calling *calling, own_calling;
	char running[200];               /* lh_task_running() */
} host;

static void host_log(void *context, const char *bytes, size_t size)
{
	(void)context;
	if (host.logged >= LOG_MAX)
		return;
	struct lh_buf line;
	lh_buf_init(&line, 8192);
	lh_put_shown(&line, (struct lh_str){ bytes, size < 1000 ? size : 1000 }, false);
	host.logged += line.n + 1;
	fprintf(stderr, "%s: %.*s\n", host.family ? host.family : "plugin", LH_ARG(lh_buf_str(&line)));
	lh_buf_fini(&line);
}

static int32_t host_fail(void *context, const char *bytes, size_t size)
{
	(void)context;
	struct lh_buf shown;
	lh_buf_init(&shown, WHY_MAX);
	lh_put_shown(&shown, (struct lh_str){ bytes, size < 4096 ? size : 4096 }, false);
	struct lh_str s = lh_buf_str(&shown);
	memcpy(host.why, s.p, s.n);
	host.why[s.n] = 0;
	lh_buf_fini(&shown);
	return LH_TASK_FAILED;
}

static void host_put(struct lh_sink *sink, const char *bytes, size_t size)
{
	struct lh_buf *out = sink->out;
	if (sink->over || size > sink->max - out->n) {
		sink->over = true;
		return;
	}
	lh_buf_put(out, bytes, size);
}

static uint64_t host_random_bits(struct lh_draw *draw)
{
	return lh_random_next(&draw->r);
}

static int64_t host_random_between(struct lh_draw *draw, int64_t lo, int64_t hi)
{
	return lo < hi ? lh_random_between(&draw->r, lo, hi) : lo;
}

/* Out of memory inside a plugin's call cannot be reported as such: the last stream is handed out
 * again, and what comes of it is still a random stream. */
static struct lh_draw *host_stream(void *context, uint64_t seed)
{
	(void)context;
	if (host.used == DRAWS_PER_BLOCK) {
		if (!host.block->next)
			host.block->next = calloc(1, sizeof *host.block->next);
		if (host.block->next) {
			host.block = host.block->next;
			host.used = 0;
		} else {
			host.used--;
		}
	}
	struct lh_draw *d = &host.block->draw[host.used++];
	d->r = (struct lh_random){ lh_random_mix(seed, LH_FOR_SAMPLE), 0 };
	return d;
}

static int32_t refuse_path(const char *path)
{
	char text[WHY_MAX];
	snprintf(text, sizeof text, "read_file(\"%.300s\"): only a file that a parameter names can be read, and only within load()", path);
	return host_fail(NULL, text, strlen(text));
}

static struct lh_given *given_file(const char *path)
{
	for (int i = 0; i < host.given_count; i++)
		if (host.given[i].path && strcmp(host.given[i].path, path) == 0)
			return &host.given[i];
	return NULL;
}

static int32_t serve(struct open_file *f, struct lh_text *out)
{
	struct lh_str s = lh_buf_str(&f->bytes);
	*out = (struct lh_text){ s.p, s.n };
	return LH_TASK_OK;
}

static int32_t host_read_file(void *context, const char *path, struct lh_text *out)
{
	(void)context;
	*out = (struct lh_text){ "", 0 };
	struct lh_given *given = path ? given_file(path) : NULL;
	if (!given)
		return refuse_path(path ? path : "");
	for (int i = 0; i < host.open_count; i++)
		if (host.open[i].given == given)
			return serve(&host.open[i], out);
	struct open_file *f = &host.open[host.open_count++];
	f->given = given;
	lh_buf_init(&f->bytes, LH_FILE_MAX);
	struct lh_error err = { 0 };
	if (lh_file_read(path, &f->bytes, &err))
		return host_fail(NULL, err.text, strlen(err.text));
	/* Hashed from the bytes that are used, so that the run file names just those. */
	struct lh_sha256 hash;
	lh_sha256_init(&hash);
	lh_sha256_add(&hash, f->bytes.p, f->bytes.n);
	lh_sha256_hex(&hash, given->sha256);
	return serve(f, out);
}

static const struct lh_host table = {
	.struct_size = sizeof(struct lh_host),
	.abi_minor = LH_ABI_MINOR,
	.context = &host,
	.log = host_log,
	.fail = host_fail,
	.put = host_put,
	.random_bits = host_random_bits,
	.random_between = host_random_between,
	.read_file = host_read_file,
	.stream = host_stream,
};

const struct lh_host *lh_host_table(void)
{
	return &table;
}

void lh_host_enter(const char *family)
{
	host.family = family;
	host.why[0] = 0;
	host.block = &host.first;
	host.used = 0;
}

/* ---- what is running ---- */

void lh_task_note_in(struct lh_calling *note)
{
	host.calling = note;
}

const char *lh_function_name(uint32_t function)
{
#define NAME_ITEM(name) #name,
	static const char *const names[] = { NULL, LH_FUNCTIONS(NAME_ITEM) };
	return function < LH_FUNCTION_COUNT ? names[function] : NULL;
}

void lh_host_call(const char *family, enum lh_function function, uint64_t step)
{
	struct lh_calling *c = host.calling ? host.calling : &host.own_calling;
	lh_host_enter(family);
	if (function <= LH_IN_max_steps)
		snprintf(c->family, sizeof c->family, "%s", family);
	c->step = step;
	c->function = function;
}

void lh_host_left(void)
{
	(host.calling ? host.calling : &host.own_calling)->function = LH_IN_NONE;
}

const char *lh_task_running(void)
{
	char *text = host.running;
	size_t size = sizeof host.running;
	const struct lh_calling *c = host.calling ? host.calling : &host.own_calling;
	const char *function = lh_function_name(c->function);
	if (!function)
		return NULL;
	int n = snprintf(text, size, "task %s, %s()", host.family, function);
	if (c->step != LH_NO_STEP && n > 0 && (size_t)n < size)
		snprintf(text + n, size - (size_t)n, " at step %llu (from 0)", (unsigned long long)c->step);
	return text;
}

int lh_host_failure(const char *function, struct lh_error *err)
{
	if (host.why[0])
		return lh_fail(err, LH_E_PLUGIN, "%s", host.why);
	return lh_fail(err, LH_E_PLUGIN, "%s() failed and did not say why (host->fail says it)", function);
}

void lh_host_files_begin(struct lh_given *given, int count)
{
	assert(!host.open);
	host.given = given;
	host.given_count = count;
	host.open_count = 0;
	host.open = count ? calloc((size_t)count, sizeof *host.open) : NULL;
	if (!host.open)
		host.given_count = 0;
}

void lh_host_files_end(void)
{
	for (int i = 0; i < host.open_count; i++)
		lh_buf_fini(&host.open[i].bytes);
	free(host.open);
	host.open = NULL;
	host.given = NULL;
	host.given_count = host.open_count = 0;
}
