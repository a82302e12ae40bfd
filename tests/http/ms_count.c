#include "ms_count.h"

#include "json/writer.h"

#include <stdlib.h>
#include <unistd.h>

#define BODIES_MOST (1u << 20)

void ms_count_fini(struct ms_count *c)
{
	free(c->seen);
	if (c->log >= 0)
		close(c->log);
}

static struct ms_seen *place(struct ms_seen *table, size_t cap, uint64_t hash)
{
	size_t i = (size_t)hash & (cap - 1);
	while (table[i].times && table[i].hash != hash)
		i = (i + 1) & (cap - 1);
	return &table[i];
}

static bool grow(struct ms_count *c)
{
	bool again = c->bodies >= BODIES_MOST;
	size_t cap = again || !c->cap ? 1024 : 2 * c->cap;
	struct ms_seen *table = calloc(cap, sizeof *table);
	if (!table)
		return false;
	for (size_t i = 0; i < c->cap && !again; i++)
		if (c->seen[i].times)
			*place(table, cap, c->seen[i].hash) = c->seen[i];
	free(c->seen);
	c->seen = table;
	c->cap = cap;
	c->bodies = again ? 0 : c->bodies;
	return true;
}

struct ms_seen *ms_count_body(struct ms_count *c, uint64_t hash)
{
	if (2 * c->bodies >= c->cap && !grow(c))
		return NULL;
	struct ms_seen *s = place(c->seen, c->cap, hash);
	c->bodies += !s->times;
	c->repeats += s->times > 0;
	s->hash = hash;
	s->times++;
	return s;
}

void ms_count_log(const struct ms_count *c, struct lh_str method, struct lh_str path, const struct ms_ask *ask, uint32_t nth, const char *what)
{
	if (c->log < 0)
		return;
	struct lh_buf b;
	lh_buf_init(&b, 1024);
	method.n = method.n < 16 ? method.n : 16;
	path.n = path.n < 256 ? path.n : 256;
	lh_buf_printf(&b, "%.*s %.*s", LH_ARG(method), LH_ARG(path));
	if (ask && ask->turn)
		lh_buf_printf(&b, " seed=%llu sample=%llu turn=%u call=%u", (unsigned long long)ask->seed, (unsigned long long)ask->sample, ask->turn, ask->call);
	else
		lh_buf_puts(&b, " seed=- sample=- turn=- call=-");
	lh_buf_printf(&b, " nth=%u %s\n", nth, what);
	if (write(c->log, b.p, b.n) < 0)
		(void)0;                         /* a full disk must not stop the tests' server */
	lh_buf_fini(&b);
}

void ms_count_put(struct lh_buf *b, const struct ms_count *c)
{
	struct lh_jw w;
	lh_jw_init(&w, b, true);
	const struct { const char *name; uint64_t n; } all[] = { { "requests", c->requests }, { "connections", c->connections },
		{ "answers", c->answers }, { "wrong", c->wrong }, { "bodies", c->bodies }, { "repeats", c->repeats } };
	lh_jw_open(&w, '{');
	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		lh_jw_key(&w, all[i].name);
		lh_jw_int(&w, (int64_t)all[i].n);
	}
	lh_jw_key(&w, "faults");
	lh_jw_open(&w, '{');
	for (int i = 1; i < MS_FAULT_COUNT; i++) {
		if (!c->faults[i])
			continue;
		lh_jw_key(&w, ms_fault_word((enum ms_fault)i));
		lh_jw_int(&w, (int64_t)c->faults[i]);
	}
	lh_jw_close(&w);
	lh_jw_close(&w);
	lh_buf_putc(b, '\n');
}
