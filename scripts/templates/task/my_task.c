/* my_task - a task family: one number below a modulus; a step multiplies it and adds.
 *
 * A family is a step machine over states that are text. The places 1 to 8 are what makes it this family: change them
 * from top to bottom, `make test` in between. What is below them joins them to the program and mostly stays. */
#include <longhaul/task.h>

#include <ctype.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct lh_host *host;       /* the program's functions: the one thing that a family may keep */

/* Writes text, as printf does; at most 4999 bytes at once. */
static int32_t say(struct lh_sink *out, const char *format, ...)
{
	char text[5000];
	va_list values;
	va_start(values, format);
	vsnprintf(text, sizeof text, format, values);
	va_end(values);
	host->put(out, text, strlen(text));
	return LH_TASK_OK;
}

/* 1. What `longhaul show task` tells, and the parameters, as in --task my_task:modulus=31: name, type, 0, default, least, most,
 * choices, help. Their values come checked and in this order; what is made of them here all samples share. */
#define VERSION "1.0"
#define SUMMARY "multiply and add, below a modulus; the state is one number"
static const struct lh_param params[] = {
	{ "modulus", LH_PARAM_INTEGER, 0, "97", 11, 9999, NULL, "numbers run from 0 to one below it" },
};
struct lh_task_data { int64_t modulus; };
static void take(struct lh_task_data *d, const struct lh_value *values) { d->modulus = values[0].integer; }
struct lh_task { struct lh_task_data of; uint64_t seed; };      /* one sample; a function of (of, seed) and nothing else */

/* 2. What is kept from step to step, and what a step is about. */
struct state { int64_t number; };
struct step { int64_t times, plus; };

/* 3. Step k of a sample, drawn from (seed, k) and nothing else: steps are asked for in any order. */
static struct step draw_step(const struct lh_task *t, uint64_t k)
{
	struct lh_draw *draw = host->stream(host->context, t->seed + k * 0x9E3779B97F4A7C15u);
	int64_t times = host->random_between(draw, 2, 9), plus = host->random_between(draw, 1, 9);
	return (struct step){ times, plus };
}

/* 4. A step as the model is told it. */
static void say_step(struct lh_sink *out, struct step s)
{
	say(out, "times %lld, plus %lld", (long long)s.times, (long long)s.plus);
}

/* 5. The truth: how it starts, and what a step does, also to a state that is wrong. */
static struct state first(const struct lh_task *t) { return (void)t, (struct state){ 0 }; }
static struct state do_step(const struct lh_task *t, struct step s, struct state x)
{
	return (struct state){ (x.number * s.times + s.plus) % t->of.modulus };
}

/* 6. A state as text, and text as a state. One state has one text: states are compared byte for byte. Read what a
 * model may write for it (here: zeros in front), and nothing that a careful reader would not take for a state. */
static int32_t say_state(struct lh_sink *out, struct state x) { return say(out, "%lld", (long long)x.number); }
static bool read_state(const struct lh_task *t, const char *text, struct state *x)
{
	char *end;
	x->number = strtoll(text, &end, 10);
	return isdigit((unsigned char)*text) && !*end && x->number < t->of.modulus;
}

/* 7. A wrong state that a model might give instead of x, never x itself: here one too many or too few. */
static struct state slip(const struct lh_task *t, struct state x, struct lh_draw *draw)
{
	return (struct state){ (x.number + (host->random_between(draw, 0, 1) ? 1 : t->of.modulus - 1)) % t->of.modulus };
}

/* 8. The rules. The example that follows them is worked out by the code above. */
static void say_rules(struct lh_sink *out, const struct lh_task *t)
{
	say(out, "Keep one number, from 0 at the start. Each message names one or more operations, separated by\n"
		"semicolons. Carry them out in order; after each one keep the remainder of a division by %lld.\n"
		"End every reply with the number inside <answer></answer>.", (long long)t->of.modulus);
}

/* ---- what joins it to the program ---- */

/* Text as a state; white space around it does not matter. A state has at most 4096 bytes. */
static bool state_of(const struct lh_task *t, struct lh_text s, struct state *x)
{
	char text[4097];
	if (s.size >= sizeof text || memchr(s.bytes, 0, s.size))
		return false;
	memcpy(text, s.bytes, s.size);
	while (s.size && isspace((unsigned char)text[s.size - 1]))
		s.size--;
	text[s.size] = 0;
	return read_state(t, text + strspn(text, " \t\n\v\f\r"), x);
}

static int32_t canonical(const struct lh_task *t, struct lh_text text, struct lh_sink *out)
{
	struct state x;
	return state_of(t, text, &x) ? say_state(out, x) : LH_TASK_NO_STATE;
}

static int32_t apply(const struct lh_task *t, uint64_t step, struct lh_text state, struct lh_sink *out)
{
	struct state x = first(t);
	return state_of(t, state, &x), say_state(out, do_step(t, draw_step(t, step), x));
}

static int32_t corrupt(const struct lh_task *t, uint64_t step, struct lh_text state, struct lh_draw *draw, struct lh_sink *out)
{
	struct state x = first(t);
	return (void)step, state_of(t, state, &x), say_state(out, slip(t, x, draw));
}

static int32_t ask(const struct lh_task *t, uint64_t first_step, uint32_t count, struct lh_sink *out)
{
	for (uint32_t i = 0; i < count; i++)
		say(out, i ? "; " : ""), say_step(out, draw_step(t, first_step + i));
	return LH_TASK_OK;
}

static int32_t instructions(const struct lh_task *t, uint32_t steps_per_turn, struct lh_sink *out)
{
	struct lh_task example = *t;
	(void)steps_per_turn;                    /* the wording must not depend on it */
	example.seed = 1;
	say_rules(out, t);
	say(out, "\n\nExample:\nUser: ");
	ask(&example, 0, 2, out);
	say(out, "\nAssistant: <answer>");
	say_state(out, do_step(t, draw_step(&example, 1), do_step(t, draw_step(&example, 0), first(t))));
	return say(out, "</answer>");
}

static struct lh_task_data *load(const struct lh_value *values)
{
	struct lh_task_data *d = malloc(sizeof *d);
	return d ? take(d, values), d : NULL;
}

static struct lh_task *open_task(const struct lh_task_data *d, uint64_t sample, uint64_t seed)
{
	struct lh_task *t = malloc(sizeof *t);
	return (void)sample, t ? *t = (struct lh_task){ *d, seed }, t : NULL;
}

static int32_t initial(const struct lh_task *t, struct lh_sink *out) { return say_state(out, first(t)); }
static void unload(struct lh_task_data *d) { free(d); }
static void close_task(struct lh_task *t) { free(t); }
static uint64_t samples(const struct lh_task_data *d) { return (void)d, 0; }      /* as many as are asked for */
static uint64_t max_steps(const struct lh_task *t) { return (void)t, 0; }         /* as long as is asked for */

static const struct lh_task_v1 task = { sizeof task, sizeof params / sizeof *params, params, SUMMARY,
	load, unload, samples, open_task, close_task, instructions, ask, initial, apply, canonical, corrupt, max_steps };

static const void *get_interface(const struct lh_host *h, const char *id)
{
	host = h;
	return strcmp(id, LH_TASK_INTERFACE) == 0 ? &task : NULL;
}

LH_PLUGIN_EXPORT extern const struct lh_plugin longhaul_plugin;
const struct lh_plugin longhaul_plugin = { LH_ABI_MAGIC, LH_ABI_MAJOR, LH_ABI_MINOR, sizeof longhaul_plugin, 0,
	"my_task", VERSION, "MIT", get_interface };
