/* lamps - a task family: lamps in a row; pressing one switches it and its neighbours.
 *
 * The finished walk of README.md: what `longhaul new task lamps` makes, with the places 1 to 8 changed. */
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

/* 1. What `longhaul show task` tells, and the parameters, as in --task lamps:lamps=5: name, type, 0, default, least, most,
 * choices, help. Their values come checked and in this order; what is made of them here all samples share. */
#define VERSION "1.0"
#define SUMMARY "press a lamp, which switches it and its neighbours; the state is the row"
static const struct lh_param params[] = {
	{ "lamps", LH_PARAM_INTEGER, 0, "8", 3, 40, NULL, "lamps in the row" },
};
struct lh_task_data { int64_t lamps; };
static void take(struct lh_task_data *d, const struct lh_value *values) { d->lamps = values[0].integer; }
struct lh_task { struct lh_task_data of; uint64_t seed; };      /* one sample; a function of (of, seed) and nothing else */

/* 2. What is kept from step to step, and what a step is about. */
struct state { char lamp[41]; };                          /* '0' off, '1' on, ended by a NUL */
struct step { int64_t pressed; };                         /* counted from 1 */

/* 3. Step k of a sample, drawn from (seed, k) and nothing else: steps are asked for in any order. */
static struct step draw_step(const struct lh_task *t, uint64_t k)
{
	struct lh_draw *draw = host->stream(host->context, t->seed + k * 0x9E3779B97F4A7C15u);
	return (struct step){ host->random_between(draw, 1, t->of.lamps) };
}

/* 4. A step as the model is told it. */
static void say_step(struct lh_sink *out, struct step s)
{
	say(out, "press lamp %lld", (long long)s.pressed);
}

/* 5. The truth: how it starts, and what a step does, also to a state that is wrong. */
static struct state first(const struct lh_task *t)
{
	struct state x = { "" };
	memset(x.lamp, '0', (size_t)t->of.lamps);
	return x;
}

static struct state do_step(const struct lh_task *t, struct step s, struct state x)
{
	for (int64_t i = s.pressed - 2; i <= s.pressed; i++)     /* the lamp pressed has index pressed - 1 */
		if (i >= 0 && i < t->of.lamps)
			x.lamp[i] ^= 1;                          /* '0' is 48, '1' is 49 */
	return x;
}

/* 6. A state as text, and text as a state. One state has one text: states are compared byte for byte. Read what a
 * model may write for it (here: blanks and commas between lamps), and nothing that a careful reader would not take for it. */
static int32_t say_state(struct lh_sink *out, struct state x) { return say(out, "%s", x.lamp); }
static bool read_state(const struct lh_task *t, const char *text, struct state *x)
{
	int64_t n = 0;
	for (; *text; text++) {
		if (*text == ' ' || *text == ',')
			continue;
		if ((*text != '0' && *text != '1') || n == t->of.lamps)
			return false;
		x->lamp[n++] = *text;
	}
	x->lamp[n] = 0;
	return n == t->of.lamps;
}

/* 7. A wrong state that a model might give instead of x, never x itself: here one lamp missed. */
static struct state slip(const struct lh_task *t, struct state x, struct lh_draw *draw)
{
	x.lamp[host->random_between(draw, 0, t->of.lamps - 1)] ^= 1;
	return x;
}

/* 8. The rules. The example that follows them is worked out by the code above. */
static void say_rules(struct lh_sink *out, const struct lh_task *t)
{
	say(out, "There are %lld lamps in a row, all off at first. Pressing a lamp switches it and the lamps next to it, on or off.\n"
		"Each message names one or more lamps to press, separated by semicolons; they are counted from 1 at the left.\n"
		"End every reply with the row inside <answer></answer>: from left to right, 1 for on and 0 for off.", (long long)t->of.lamps);
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
	"lamps", VERSION, "MIT", get_interface };
