#include "run/repeat.h"

#include <stdlib.h>
#include <string.h>

#define TO_SEE_IT "; to see it: "
#define STALL_US 10000000                /* --stall where nothing is said */

static void put_option(struct lh_buf *out, const char *name, struct lh_str value)
{
	lh_buf_printf(out, " --%s ", name);
	lh_put_shell_word(out, value);
}

static void put_number(struct lh_buf *out, const char *name, uint64_t n)
{
	lh_buf_printf(out, " --%s %llu", name, (unsigned long long)n);
}

/* ---- the command ---- */

/* The folder that a list's specs are relative to: an experiment file's. NULL: where the program was started. */
static const char *folder_of(const struct lh_list *l)
{
	for (int i = 0; i < l->count; i++)
		if (l->base_dir[i] && *l->base_dir[i])
			return l->base_dir[i];
	return NULL;
}

static const char *folder(const struct lh_experiment *e)
{
	const struct lh_list *lists[] = { &e->policies, &e->tasks, &e->models };
	for (int i = 0; i < 3; i++)
		if (folder_of(lists[i]))
			return folder_of(lists[i]);
	return NULL;
}

/* A file of the working folder, as it is named from another. */
static void put_file(struct lh_buf *out, const char *name, const char *path, bool elsewhere)
{
	char *real = elsewhere ? realpath(path, NULL) : NULL;
	put_option(out, name, lh_str_of(real ? real : path));
	free(real);
}

/* A spec's bare value, quoted where its signs would part it. */
static void put_bare(struct lh_buf *spec, const char *text)
{
	if (!strpbrk(text, ",=\"\\")) {
		lh_buf_puts(spec, text);
		return;
	}
	lh_buf_putc(spec, '"');
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			lh_buf_putc(spec, '\\');
		lh_buf_putc(spec, *text);
	}
	lh_buf_putc(spec, '"');
}

static void put_model(struct lh_buf *out, const struct lh_outline_condition *c, const struct lh_repeat *r, bool elsewhere)
{
	if (!c->live || !r->file) {
		put_option(out, "model", lh_str_of(c->model_label));
		return;
	}
	struct lh_buf spec;
	char *real = elsewhere ? realpath(r->file, NULL) : NULL;
	lh_buf_init(&spec, 8192);
	lh_buf_puts(&spec, "replay:");
	put_bare(&spec, real ? real : r->file);
	put_option(out, "model", lh_buf_str(&spec));
	lh_buf_fini(&spec);
	free(real);
}

static void put_history(struct lh_buf *out, const struct lh_outline_condition *c, const struct lh_repeat *r)
{
	if (!r->probe)
		return;
	put_option(out, "history", lh_str_of(c->history));
	put_number(out, "probe-turns", (uint64_t)r->probe);
}

/* A plugin that hangs would hang the command, too: it is watched as it was. */
static void put_process(struct lh_buf *out, const struct lh_experiment *e, const struct lh_repeat *r)
{
	put_number(out, "jobs", r->stalled);
	if (r->stalled && e->stall_us != STALL_US)
		lh_buf_printf(out, " --stall %.3g", (double)e->stall_us / 1e6);
}

void lh_repeat_put(const struct lh_experiment *e, const struct lh_outline_condition *c, const struct lh_repeat *r, struct lh_buf *out)
{
	const char *dir = folder(e);
	lh_buf_puts(out, TO_SEE_IT);
	if (dir) {
		lh_buf_puts(out, "cd ");
		lh_put_shell_word(out, lh_str_of(dir));
		lh_buf_puts(out, " && ");
	}
	lh_buf_puts(out, "longhaul run");
	for (int i = 0; i < e->plugins.count; i++)
		put_file(out, "plugin", e->plugins.item[i], dir != NULL);
	put_option(out, "task", lh_str_of(c->task_label));
	put_model(out, c, r, dir != NULL);
	put_option(out, "policy", lh_str_of(c->policy_label));
	put_history(out, c, r);
	put_number(out, "turns", (uint64_t)c->turns);
	put_number(out, "steps-per-turn", (uint64_t)c->steps_per_turn);
	put_number(out, "seed", e->seed);
	put_number(out, "sample", r->sample);
	put_process(out, e, r);
	lh_buf_puts(out, " -o none");
}

/* ---- causes ---- */

void lh_repeat_split(struct lh_str cause, struct lh_str *what, struct lh_str *command)
{
	size_t mark = sizeof TO_SEE_IT - 1;
	*what = cause;
	*command = LH_STR("");
	for (size_t i = 0; i + mark <= cause.n; i++)
		if (!memcmp(cause.p + i, TO_SEE_IT, mark)) {
			what->n = i;
			*command = (struct lh_str){ cause.p + i + mark, cause.n - i - mark };
			return;
		}
}

bool lh_repeat_of_finish(struct lh_str cause)
{
	static const char head[] = "finish(): ";
	return cause.n >= sizeof head - 1 && !memcmp(cause.p, head, sizeof head - 1);
}

bool lh_repeat_alike(struct lh_str a, struct lh_str b)
{
	struct lh_str command;
	lh_repeat_split(a, &a, &command);
	lh_repeat_split(b, &b, &command);
	return lh_str_equal(a, b);
}
