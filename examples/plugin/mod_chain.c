/* mod_chain - a task family from nothing, to copy: one number modulo m, each step multiplies and adds.
 *
 *     cc -shared -fPIC -fvisibility=hidden -o mod_chain.so mod_chain.c     (with -I to longhaul/task.h)
 *     longhaul check ./mod_chain.so
 *     longhaul run --plugin ./mod_chain.so --task mod_chain:modulus=97 --turns 50
 */
#include <longhaul/task.h>

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct lh_host *host;       /* the one thing that a family may keep */

struct lh_task_data { int64_t modulus; };
struct lh_task { int64_t modulus; uint64_t seed; };

static const struct lh_param params[] = {
	{ "modulus", LH_PARAM_INTEGER, 0, "97", 11, 9999, NULL, "numbers run from 0 to one below it" },
};

/* ---- text ---- */

static int32_t put(struct lh_sink *out, const char *text)
{
	host->put(out, text, strlen(text));
	return LH_TASK_OK;
}

static int32_t put_number(struct lh_sink *out, int64_t v)
{
	char text[24];
	return snprintf(text, sizeof text, "%lld", (long long)v), put(out, text);
}

/* Digits alone (and white space around them), below the modulus; -1: anything else. */
static int64_t number(const struct lh_task *t, struct lh_text s)
{
	int64_t v = 0;
	while (s.size && isspace((unsigned char)s.bytes[0]))
		s.bytes++, s.size--;
	while (s.size && isspace((unsigned char)s.bytes[s.size - 1]))
		s.size--;
	if (s.size == 0 || s.size > 9)
		return -1;
	for (size_t i = 0; i < s.size; i++) {
		if (s.bytes[i] < '0' || s.bytes[i] > '9')
			return -1;
		v = v * 10 + (s.bytes[i] - '0');
	}
	return v < t->modulus ? v : -1;
}

/* ---- the step machine ---- */

/* What step k multiplies by and adds: from (seed, k) alone, so that steps come in any order. */
static void operands(const struct lh_task *t, uint64_t step, int64_t *times, int64_t *plus)
{
	struct lh_draw *draw = host->stream(host->context, t->seed + step * 0x9E3779B97F4A7C15u);
	*times = host->random_between(draw, 2, 9);
	*plus = host->random_between(draw, 1, 9);
}

static int64_t next(const struct lh_task *t, uint64_t step, int64_t x)
{
	int64_t times, plus;
	operands(t, step, &times, &plus);
	return (x * times + plus) % t->modulus;
}

static struct lh_task_data *load(const struct lh_value *v)
{
	struct lh_task_data *d = malloc(sizeof *d);
	return d ? (d->modulus = v[0].integer, d) : NULL;
}

static void unload(struct lh_task_data *d) { free(d); }
static uint64_t samples(const struct lh_task_data *d) { (void)d; return 0; }

static struct lh_task *open_task(const struct lh_task_data *d, uint64_t sample, uint64_t seed)
{
	struct lh_task *t = malloc(sizeof *t);
	(void)sample;
	if (t)
		*t = (struct lh_task){ d->modulus, seed };
	return t;
}

static void close_task(struct lh_task *t) { free(t); }

static int32_t ask(const struct lh_task *t, uint64_t first, uint32_t count, struct lh_sink *out)
{
	for (uint32_t i = 0; i < count; i++) {
		int64_t times, plus;
		char text[64];
		operands(t, first + i, &times, &plus);
		snprintf(text, sizeof text, "%stimes %lld, plus %lld", i ? "; " : "", (long long)times, (long long)plus);
		put(out, text);
	}
	return LH_TASK_OK;
}

static int32_t instructions(const struct lh_task *t, uint32_t steps_per_turn, struct lh_sink *out)
{
	struct lh_task example = { t->modulus, 1 };      /* worked by the code that makes the truth */
	(void)steps_per_turn;
	put(out, "Keep one number, from 0 at the start. Each message names one or more operations, separated by\n"
		"semicolons. Carry them out in order; after each one keep the remainder of a division by ");
	put_number(out, t->modulus);
	put(out, ".\nEnd every reply with the number inside <answer></answer>.\n\nExample:\nUser: ");
	ask(&example, 0, 2, out);
	put(out, "\nAssistant: <answer>");
	put_number(out, next(&example, 1, next(&example, 0, 0)));
	return put(out, "</answer>");
}

static int32_t initial(const struct lh_task *t, struct lh_sink *out) { (void)t; return put(out, "0"); }

static int32_t apply(const struct lh_task *t, uint64_t step, struct lh_text state, struct lh_sink *out)
{
	return put_number(out, next(t, step, number(t, state)));
}

static int32_t canonical(const struct lh_task *t, struct lh_text text, struct lh_sink *out)
{
	int64_t v = number(t, text);
	return v < 0 ? LH_TASK_NO_STATE : put_number(out, v);
}

/* The slip of somebody who adds one too many or too few. */
static int32_t corrupt(const struct lh_task *t, uint64_t step, struct lh_text state, struct lh_draw *draw, struct lh_sink *out)
{
	(void)step;
	int64_t off = host->random_between(draw, 0, 1) ? 1 : t->modulus - 1;
	return put_number(out, (number(t, state) + off) % t->modulus);
}

static uint64_t max_steps(const struct lh_task *t) { (void)t; return 0; }

static const struct lh_task_v1 task = { sizeof task, 1, params, "multiply and add, modulo m; the state is one number",
	load, unload, samples, open_task, close_task, instructions, ask, initial, apply, canonical, corrupt, max_steps };

static const void *get_interface(const struct lh_host *h, const char *id)
{
	host = h;
	return strcmp(id, LH_TASK_INTERFACE) == 0 ? &task : NULL;
}

LH_PLUGIN_EXPORT extern const struct lh_plugin longhaul_plugin;
const struct lh_plugin longhaul_plugin = { LH_ABI_MAGIC, LH_ABI_MAJOR, LH_ABI_MINOR, sizeof longhaul_plugin, 0,
	"mod_chain", "1.0", "MIT", get_interface };
