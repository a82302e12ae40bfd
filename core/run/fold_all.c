#include "run/fold_all.h"

#include <pthread.h>
#include <sched.h>
#include <string.h>

#define THREADS 8
#define CALLS_EACH 25000                     /* below, a thread costs more than it saves */

/* What one thread does: some of the episodes, one behind another. */
struct part {
	const char *path;
	struct lh_reader *reader;                /* NULL: opens its own */
	struct lh_results *results;
	const struct lh_fold_episode *episode;
	size_t episodes;
	struct lh_spent spent;
	struct lh_error err;
	int rc;
	pthread_t thread;
	/* the episode being read */
	struct lh_condition_results *condition;
	struct lh_place at;
	int turns;                               /* so far */
	bool superseded;
};

static int fold_call(void *user, const void *row, struct lh_error *err)
{
	struct part *p = user;
	const struct lh_call_row *c = row;
	int rc = lh_fold_call(p->condition, p->at, p->superseded ? NULL : &p->turns, c, err);
	if (rc)
		return rc;
	bool over = __builtin_add_overflow(p->spent.calls, c->attempts, &p->spent.calls);
	over |= __builtin_add_overflow(p->spent.tokens, c->tokens_in + c->tokens_out, &p->spent.tokens);
	over |= __builtin_add_overflow(p->spent.microusd, c->cost_microusd, &p->spent.microusd);
	return over ? lh_fail(err, LH_E_DAMAGED, "the calls' counters are impossible") : 0;
}

static int fold_episode(struct part *p, struct lh_reader *reader, const struct lh_fold_episode *e)
{
	p->condition = &p->results->condition[e->condition];
	p->at = e->at;
	p->turns = lh_fold_begin(p->condition, e->at);
	p->superseded = !strcmp(e->status, LH_SUPERSEDED);
	int rc = lh_reader_figures(reader, e->id, fold_call, p, &p->err);
	struct lh_episode_row end = { .status = lh_str_of(e->status), .cause = lh_str_of(e->cause), .extra = lh_str_of(e->extra), .history_ratio = e->ratio };
	return rc || p->superseded ? rc : lh_fold_end(p->condition, e->at, p->turns, &end, &p->err);
}

static void *fold_part(void *user)
{
	struct part *p = user;
	struct lh_reader *own = NULL;
	if (!p->reader)
		p->rc = lh_reader_open(p->path, &own, &p->err);
	for (size_t i = 0; i < p->episodes && !p->rc; i++)
		p->rc = fold_episode(p, own ? own : p->reader, &p->episode[i]);
	lh_reader_close(own);
	return NULL;
}

static int processors(void)
{
	cpu_set_t allowed;
	return sched_getaffinity(0, sizeof allowed, &allowed) ? 1 : CPU_COUNT(&allowed);
}

/* A file without its indexes is read through tables of its connection's own, which each thread would have to make. */
static int parts_for(const struct lh_reader *reader, const struct lh_results *r, size_t episodes)
{
	double calls = 0;
	for (int c = 0; c < r->conditions; c++)
		calls += (double)r->condition[c].samples * r->condition[c].turns;
	double most = lh_reader_indexed(reader) ? calls / CALLS_EACH : 1;
	int n = processors() < THREADS ? processors() : THREADS;
	n = most < n ? (int)most : n;
	n = (size_t)n > episodes ? (int)episodes : n;
	return n < 1 ? 1 : n;
}

static bool same_place(const struct lh_fold_episode *a, const struct lh_fold_episode *b)
{
	return a->condition == b->condition && a->at.sample == b->at.sample && a->at.k == b->at.k;
}

/* Where part i of n begins: never between two episodes of one place. */
static size_t begins(const struct lh_fold_episode *e, size_t episodes, int i, int n)
{
	size_t at = episodes / (size_t)n * (size_t)i + episodes % (size_t)n * (size_t)i / (size_t)n;
	while (at > 0 && at < episodes && same_place(&e[at - 1], &e[at]))
		at++;
	return i == n ? episodes : at;
}

static int add_spent(struct lh_spent *to, const struct lh_spent *s, struct lh_error *err)
{
	bool over = __builtin_add_overflow(to->calls, s->calls, &to->calls);
	over |= __builtin_add_overflow(to->tokens, s->tokens, &to->tokens);
	over |= __builtin_add_overflow(to->microusd, s->microusd, &to->microusd);
	return over ? lh_fail(err, LH_E_DAMAGED, "the calls' counters are impossible") : 0;
}

int lh_fold_all(const char *path, struct lh_reader *reader, struct lh_results *results, const struct lh_fold_episode *episode, size_t episodes,
	struct lh_error *err)
{
	struct part part[THREADS];
	int n = parts_for(reader, results, episodes), started = 1, rc = 0;
	memset(part, 0, sizeof part);
	for (int i = 0; i < n; i++) {
		size_t from = begins(episode, episodes, i, n);
		part[i].path = path;
		part[i].results = results;
		part[i].episode = episode ? episode + from : NULL;
		part[i].episodes = begins(episode, episodes, i + 1, n) - from;
	}
	part[0].reader = reader;
	while (started < n && !pthread_create(&part[started].thread, NULL, fold_part, &part[started]))
		started++;
	fold_part(&part[0]);
	for (int i = 1; i < n; i++)
		if (i < started) {
			pthread_join(part[i].thread, NULL);
		} else {                             /* no thread was to be had: here, then */
			part[i].reader = reader;
			fold_part(&part[i]);
		}
	for (int i = 0; i < n && !rc; i++)
		rc = part[i].rc ? lh_fail(err, part[i].rc, "%s", part[i].err.text) : add_spent(&results->spent, &part[i].spent, err);
	return rc;
}
