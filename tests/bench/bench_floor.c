/* The family is linked in, and its host is the least that it can do with. */
#include "bench/bench_floor.h"

#include "base/random.h"
#include "longhaul/task.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

extern const struct lh_plugin longhaul_plugin;

struct lh_sink { char text[1 << 14]; size_t n; };
struct lh_draw { struct lh_random random; };

static struct lh_draw stream;

static void put(struct lh_sink *sink, const char *bytes, size_t size)
{
	if (size > sizeof sink->text - sink->n)
		abort();
	memcpy(sink->text + sink->n, bytes, size);
	sink->n += size;
}

static int64_t random_between(struct lh_draw *draw, int64_t lo, int64_t hi) { return lh_random_between(&draw->random, lo, hi); }

static struct lh_draw *stream_of(void *context, uint64_t seed)
{
	(void)context;
	stream.random = (struct lh_random){ lh_random_mix(seed, LH_FOR_SAMPLE), 0 };
	return &stream;
}

static const struct lh_host host = { .struct_size = sizeof host, .abi_minor = LH_ABI_MINOR, .put = put, .random_between = random_between, .stream = stream_of };

static struct lh_text text_of(const struct lh_sink *s)
{
	return (struct lh_text){ s->text, s->n };
}

static bool same(const struct lh_sink *a, const struct lh_sink *b)
{
	return a->n == b->n && memcmp(a->text, b->text, a->n) == 0;
}

/* The simulated model's P, see core/model/sim.c. */
static double error_probability(int64_t history_tokens, int wrong, int updates)
{
	double logit = log((1 - 0.97) / 0.97) + 0.3 * log2(1 + (double)history_tokens / 1000);
	if (wrong)
		logit += 4.0 * wrong / updates + 0.3 * log2(1 + (double)wrong);
	return 1 / (1 + exp(-logit));
}

static struct lh_text content(const struct lh_sink *reply)
{
	const char *open = memmem(reply->text, reply->n, "<answer>", 8), *close;
	if (!open || !(close = memmem(open, reply->n - (size_t)(open - reply->text), "</answer>", 9)))
		abort();
	return (struct lh_text){ open + 8, (size_t)(close - open) - 8 };
}

struct episode {
	const struct lh_task_v1 *task;
	struct lh_task *sample;
	struct lh_sink prompt, truth, shown, followed, reply, state;
	uint64_t seed, index, history_bytes;
	int wrong, turn;
};

static void reply(struct episode *e, struct lh_draw *luck)
{
	double u[6];
	luck->random = lh_random_stream(e->seed, e->index, (uint64_t)e->turn + 1, LH_FOR_REPLY, 0);
	for (int i = 0; i < 6; i++)
		u[i] = lh_random_unit(&luck->random);
	int64_t tokens = (int64_t)(e->history_bytes + 16 * 2 * (uint64_t)e->turn + 3) / 4;
	e->followed.n = e->reply.n = e->state.n = 0;
	e->task->apply(e->sample, (uint64_t)e->turn, text_of(&e->shown), &e->followed);
	put(&e->reply, "<answer>", 8);
	if (u[3] < error_probability(tokens, e->wrong, e->turn - 1))
		e->task->corrupt(e->sample, (uint64_t)e->turn, text_of(&e->followed), luck, &e->reply);
	else
		put(&e->reply, e->followed.text, e->followed.n);
	put(&e->reply, "</answer>", 9);
}

/* True where the turn is an error. */
static bool turn(struct episode *e)
{
	struct lh_draw luck;
	struct lh_sink before;
	memcpy(before.text, e->truth.text, before.n = e->truth.n);
	e->prompt.n = e->truth.n = 0;
	e->task->ask(e->sample, (uint64_t)e->turn, 1, &e->prompt);
	e->task->apply(e->sample, (uint64_t)e->turn, text_of(&before), &e->truth);
	reply(e, &luck);
	if (e->task->canonical(e->sample, content(&e->reply), &e->state) != LH_TASK_OK)
		abort();
	bool error = !same(&e->state, &e->followed);
	e->wrong += error && e->turn > 0;        /* the first answer has no predecessor in view */
	e->history_bytes += e->prompt.n + e->reply.n;
	memcpy(e->shown.text, e->state.text, e->shown.n = e->state.n);
	return error;
}

static void episode(struct episode *e, const struct lh_task_data *data, int turns, int *errors)
{
	struct lh_random r = lh_random_stream(e->seed, e->index, 0, LH_FOR_SAMPLE, 0);
	e->sample = e->task->open(data, e->index, lh_random_next(&r));
	e->prompt.n = e->truth.n = e->shown.n = 0;
	e->wrong = 0;
	e->history_bytes = 0;
	e->task->instructions(e->sample, 1, &e->prompt);
	e->task->initial(e->sample, &e->truth);
	e->task->initial(e->sample, &e->shown);
	for (e->turn = 0; e->turn < turns; e->turn++)
		errors[e->turn] += turn(e);
	e->task->close(e->sample);
}

void bench_floor(int turns, int samples, uint64_t seed, int *errors)
{
	static struct episode e;
	static const struct lh_value values[] = { { 100, 0, "" }, { -99, 0, "" }, { 99, 0, "" }, { 0, 0, "false" }, { 0, 0, "" }, { 0, 0, "" } };
	e.task = longhaul_plugin.get_interface(&host, LH_TASK_INTERFACE);
	e.seed = seed;
	struct lh_task_data *data = e.task->load(values);
	if (!data)
		abort();
	for (e.index = 0; e.index < (uint64_t)samples; e.index++)
		episode(&e, data, turns, errors);
	e.task->unload(data);
}
