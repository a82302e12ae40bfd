/* Does what `fault` says in one sample at one step: always, or only while there is no file `marker`. Each time it leaves
 * a byte there. Without a fault it does everything right. */
#include "fixture.h"
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

enum fault { NONE, SEGV, ABORT, EXIT, LOOP, SLEEP, MEMORY };
enum where { APPLY_STEP, ASK_STEP, OPEN_SAMPLE, LOAD_DATA, READ_ANSWER };

static const struct lh_param params[] = {
	{ "fault", LH_PARAM_CHOICE, 0, "none", 0, 0, "none|segv|abort|exit|loop|sleep|memory", "what it does" },
	{ "where", LH_PARAM_CHOICE, 0, "apply", 0, 0, "apply|ask|open|load|read", "in which function" },
	{ "sample", LH_PARAM_INTEGER, 0, "0", 0, 1000000, NULL, "in which sample" },
	{ "step", LH_PARAM_INTEGER, 0, "0", 0, 1000000, NULL, "at which step, from 0" },
	{ "marker", LH_PARAM_TEXT, 0, "", 0, 0, NULL, "a file that grows by a byte each time" },
	{ "times", LH_PARAM_INTEGER, 0, "0", 0, 1000000, NULL, "how often; 0: always" },
};

static struct { enum fault fault; enum where where; uint64_t sample, step; char marker[512]; long times; } set;

static int its_turn(void)
{
	int fd = set.marker[0] ? open(set.marker, O_WRONLY | O_CREAT | O_APPEND, 0666) : -1;
	if (fd < 0)
		return 1;
	int now = !set.times || lseek(fd, 0, SEEK_END) < set.times;
	if (now && write(fd, "x", 1) != 1)
		now = 0;
	close(fd);
	return now;
}

static void maybe(enum where where, uint64_t sample, uint64_t step)
{
	static volatile int for_ever = 1;
	if (set.fault == NONE || where != set.where || sample != set.sample || (where != OPEN_SAMPLE && step != set.step) || !its_turn())
		return;
	switch (set.fault) {
	case SEGV: raise(SIGSEGV); break;
	case ABORT: abort();
	case EXIT: exit(0);
	case LOOP: while (for_ever) ; break;
	case SLEEP: while (for_ever) pause(); break;
	case MEMORY: while (malloc(64u << 20)) ; abort();
	default: break;
	}
}

static struct lh_task_data *load(const struct lh_value *v)
{
	set.fault = (enum fault)v[0].integer;
	set.where = (enum where)v[1].integer;
	set.sample = (uint64_t)v[2].integer;
	set.step = (uint64_t)v[3].integer;
	snprintf(set.marker, sizeof set.marker, "%s", v[4].text);
	set.times = (long)v[5].integer;
	maybe(LOAD_DATA, set.sample, set.step);
	return good_load(v);
}

static struct lh_task *open_one(const struct lh_task_data *d, uint64_t sample, uint64_t seed)
{
	maybe(OPEN_SAMPLE, sample, 0);
	return good_open(d, sample, seed);
}

static int32_t ask(const struct lh_task *t, uint64_t first, uint32_t count, struct lh_sink *out)
{
	maybe(ASK_STEP, t->sample, first);
	return good_ask(t, first, count, out);
}

/* The sum that is right at that step, wherever it is read. */
static int32_t canonical(const struct lh_task *t, struct lh_text text, struct lh_sink *out)
{
	long long v, step = (long long)set.step;
	if (good_read(text, &v) && v == (step + 1) * (step + 2) / 2)
		maybe(READ_ANSWER, t->sample, set.step);
	return good_canonical(t, text, out);
}

static int32_t apply(const struct lh_task *t, uint64_t step, struct lh_text state, struct lh_sink *out)
{
	maybe(APPLY_STEP, t->sample, step);
	return good_apply(t, step, state, out);
}

#define NAME "faulty"
#define PARAMS params
#define LOAD load
#define OPEN open_one
#define ASK ask
#define APPLY apply
#define CANONICAL canonical
#include "fixture_table.h"
