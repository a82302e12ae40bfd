#include "cli/cli.h"

#include "base/utf8.h"
#include "json/writer.h"
#include "again/rescore.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#define LISTED 40                        /* turns that are named where --all is not given */
#define SHOWN 80                         /* bytes of an answer */
#define OUT_MAX (1u << 30)

struct rescore_args { const char *file, *run, *json; bool all; struct lh_rescore_options o; char **plugin; };

static int read_args(int argc, char **argv, struct rescore_args *a)
{
	int bad = 0;
	for (int i = 1; i < argc && !bad; i++) {
		const char *plugin;
		if (lh_cli_option(argc, argv, &i, "-o", &a->o.out, &bad) || lh_cli_option(argc, argv, &i, "--output", &a->o.out, &bad) ||
			lh_cli_option(argc, argv, &i, "--run", &a->run, &bad) || lh_cli_option(argc, argv, &i, "--json", &a->json, &bad))
			continue;
		if (lh_cli_option(argc, argv, &i, "--plugin", &plugin, &bad)) {
			if (!bad)
				a->plugin[a->o.plugins++] = (char *)plugin;
		} else if (lh_cli_option(argc, argv, &i, "--replace", NULL, &bad))
			a->o.replace = true;
		else if (lh_cli_option(argc, argv, &i, "--reworded", NULL, &bad))
			a->o.reworded = true;
		else if (lh_cli_option(argc, argv, &i, "--all", NULL, &bad))
			a->all = true;
		else if (argv[i][0] == '-')
			bad = lh_cli_usage("rescore", "there is no option %s", argv[i]);
		else if (!a->file)
			a->file = argv[i];
		else
			bad = lh_cli_usage("rescore", "'%s' is one too many", argv[i]);
	}
	a->o.run = -1;
	a->o.plugin = a->plugin;
	if (!bad && !a->file)
		bad = lh_cli_usage("rescore", "which run file? longhaul run keeps its in longhaul.db");
	if (!bad && a->run && (!lh_str_to_int(lh_str_of(a->run), &a->o.run) || a->o.run < 0))
		bad = lh_cli_usage("rescore", "--run %s: a number is needed", a->run);
	if (!bad && a->o.replace && !a->o.out)
		bad = lh_cli_usage("rescore", "--replace is of -o OUT.db");
	return bad;
}

/* ---- the turns ---- */

struct listing { const struct rescore_args *a; struct lh_buf text, json; struct lh_jw w; int64_t run, condition, listed; };

/* Cut between characters. */
static size_t shown_of(struct lh_str state)
{
	size_t n = state.n < SHOWN ? state.n : SHOWN;
	while (n && n < state.n && ((unsigned char)state.p[n] & 0xC0) == 0x80)
		n--;
	return n;
}

static void put_answer(struct lh_buf *b, bool has, struct lh_str state)
{
	if (!has) {
		lh_buf_puts(b, "nothing");
		return;
	}
	lh_put_shown(b, (struct lh_str){ state.p, shown_of(state) }, false);
	if (state.n > SHOWN)
		lh_buf_puts(b, "…");
}

/* A change of one of the states, where there is any. */
static void put_change(struct lh_buf *b, const char *name, bool had, struct lh_str was, bool has, struct lh_str is)
{
	if (had == has && (!has || lh_str_equal(was, is)))
		return;
	lh_buf_printf(b, ", %s ", name);
	put_answer(b, had, was);
	lh_buf_puts(b, " → ");
	put_answer(b, has, is);
}

static void put_condition(struct lh_buf *b, const struct lh_rescored_turn *t)
{
	const struct lh_condition_row *c = t->condition;
	lh_buf_printf(b, "run %lld, condition %lld: ", (long long)t->run, (long long)c->id);
	lh_put_shown(b, c->task, false);
	lh_buf_puts(b, ", ");
	lh_put_shown(b, t->label, false);
	lh_buf_puts(b, ", history ");
	lh_put_shown(b, c->history, false);
	lh_buf_printf(b, ", %lld step%s a turn\n", (long long)c->steps_per_turn, c->steps_per_turn == 1 ? "" : "s");
}

static void put_turn(struct listing *l, const struct lh_rescored_turn *t)
{
	const struct lh_call_row *was = t->was, *is = t->is;
	struct lh_buf *b = &l->text;
	if (t->run != l->run || t->condition->id != l->condition)
		put_condition(b, t);
	lh_buf_printf(b, "  sample %lld, turn %lld: ", (long long)t->sample, (long long)t->turn);
	lh_put_shown(b, was->outcome, false);
	if (!lh_str_equal(was->outcome, is->outcome))
		lh_buf_printf(b, " → %.*s", LH_ARG(is->outcome));
	put_change(b, "answered", was->has_answered, was->answered, is->has_answered, is->answered);
	put_change(b, "shown", was->has_shown, was->shown, is->has_shown, is->shown);
	put_change(b, "true", true, was->truth, true, is->truth);
	lh_buf_putc(b, '\n');
}

static void put_json_states(struct lh_jw *w, const char *name, const struct lh_call_row *c)
{
	const struct { const char *name; bool has; struct lh_str state; } states[] = { { "true", true, c->truth }, { "shown", c->has_shown, c->shown },
		{ "followed", c->has_followed, c->followed }, { "answered", c->has_answered, c->answered } };
	lh_jw_key(w, name);
	lh_jw_open_flat(w, '{');
	lh_jw_key(w, "outcome"), lh_jw_str(w, c->outcome);
	for (size_t i = 0; i < sizeof states / sizeof *states; i++) {
		lh_jw_key(w, states[i].name);
		lh_jw_str_or_null(w, states[i].has, states[i].state);
	}
	lh_jw_close(w);
}

static void put_json_turn(struct lh_jw *w, const struct lh_rescored_turn *t)
{
	lh_jw_open(w, '{');
	lh_jw_key(w, "run"), lh_jw_int(w, t->run);
	lh_jw_key(w, "condition"), lh_jw_int(w, t->condition->id);
	lh_jw_key(w, "policy"), lh_jw_str(w, t->label);
	lh_jw_key(w, "sample"), lh_jw_int(w, t->sample);
	lh_jw_key(w, "turn"), lh_jw_int(w, t->turn);
	put_json_states(w, "was", t->was);
	put_json_states(w, "is", t->is);
	lh_jw_close(w);
}

static int each(void *user, const struct lh_rescored_turn *t, struct lh_error *err)
{
	struct listing *l = user;
	if (l->a->all || l->listed < LISTED)
		put_turn(l, t);
	l->listed++;
	l->run = t->run;
	l->condition = t->condition->id;
	if (l->a->json)
		put_json_turn(&l->w, t);
	int rc = lh_buf_ok(&l->text, err);
	return rc ? rc : lh_buf_ok(&l->json, err);
}

/* ---- what it comes to ---- */

static void put_families(struct lh_buf *b, const struct lh_rescored *w)
{
	for (int i = 0; i < w->families; i++) {
		const struct lh_rescored_family *f = &w->family[i];
		lh_buf_puts(b, "task family ");
		lh_put_shown(b, lh_str_of(f->name), false);
		lh_buf_puts(b, " is another than the one that judged then: version ");
		lh_put_shown(b, lh_str_of(f->was_version), false);
		lh_buf_puts(b, " (SHA-256 ");
		lh_put_shown(b, (struct lh_str){ f->was_sha256, strnlen(f->was_sha256, 12) }, false);
		lh_buf_printf(b, "…) then, %s (%.12s…) now\n", f->is_version, f->is_sha256);
	}
}

static const char *s(int64_t n) { return n == 1 ? "" : "s"; }

static void put_counts(struct lh_buf *b, const struct lh_rescored *w)
{
	for (int from = 0; from < LH_OUTCOME_COUNT; from++)
		for (int to = 0; to < LH_OUTCOME_COUNT; to++)
			if (w->moved[from][to])
				lh_buf_printf(b, "  %s → %s: %lld\n", lh_outcome_name(from), lh_outcome_name(to), (long long)w->moved[from][to]);
	if (w->states)
		lh_buf_printf(b, "  the same outcome, from other states: %lld\n", (long long)w->states);
	if (w->exposures)
		lh_buf_printf(b, "  another exposure to errors, of calls: %lld\n", (long long)w->exposures);
	if (w->reopened)
		lh_buf_printf(b, "  episodes that had stopped at an error which is none now, and are cut off there: %lld\n", (long long)w->reopened);
	if (w->ended_again)
		lh_buf_printf(b, "  episodes that were cut off where there was no error, which is one again: %lld\n", (long long)w->ended_again);
}

static bool changes(const struct lh_rescored *w) { return w->outcomes || w->states || w->exposures; }

static void put_end(struct lh_buf *b, const struct rescore_args *a, const struct lh_rescored *w)
{
	if (a->o.out) {
		lh_put_shown(b, lh_str_of(a->o.out), false);
		lh_buf_printf(b, " is a copy%s; ", changes(w) ? " with the new outcomes" : "");
		lh_put_shown(b, lh_str_of(a->file), false);
		lh_buf_puts(b, " is as it was\n");
		if (w->undecided)
			lh_buf_puts(b, "it had stopped when its rules were decided (--sequential), which they are not now: run --resume goes on with the copy\n");
	} else if (changes(w)) {
		lh_buf_puts(b, "nothing is written: -o OUT.db writes a copy with the new outcomes\n");
	}
}

static void put_summary(struct lh_buf *b, const struct listing *l, const struct lh_rescored *w)
{
	if (l->listed > LISTED && !l->a->all)
		lh_buf_printf(b, "  … and %lld more: --all lists them\n", (long long)(l->listed - LISTED));
	put_families(b, w);
	lh_buf_printf(b, "%s%lld turn%s of %lld episode%s read again", changes(w) ? "" : "nothing changes: ", (long long)w->turns, s(w->turns), (long long)w->episodes, s(w->episodes));
	if (changes(w))
		lh_buf_printf(b, ", %lld with another outcome", (long long)w->outcomes);
	lh_buf_putc(b, '\n');
	put_counts(b, w);
	put_end(b, l->a, w);
}

static void put_json_end(struct lh_jw *w, const struct lh_rescored *what)
{
	lh_jw_close(w);
	lh_jw_key(w, "turns"), lh_jw_int(w, what->turns);
	lh_jw_key(w, "outcomes"), lh_jw_int(w, what->outcomes);
	lh_jw_key(w, "states"), lh_jw_int(w, what->states);
	lh_jw_key(w, "exposures"), lh_jw_int(w, what->exposures);
	lh_jw_key(w, "reopened"), lh_jw_int(w, what->reopened);
	lh_jw_key(w, "ended_again"), lh_jw_int(w, what->ended_again);
	lh_jw_key(w, "undecided"), lh_jw_int(w, what->undecided);
	lh_jw_key(w, "families");
	lh_jw_open(w, '[');
	for (int i = 0; i < what->families; i++) {
		const struct lh_rescored_family *f = &what->family[i];
		lh_jw_open(w, '{');
		lh_jw_key(w, "name"), lh_jw_text(w, f->name);
		lh_jw_key(w, "was"), lh_jw_text(w, f->was_sha256);
		lh_jw_key(w, "is"), lh_jw_text(w, f->is_sha256);
		lh_jw_close(w);
	}
	lh_jw_close(w);
	lh_jw_close(w);
	lh_buf_putc(w->out, '\n');
}

static int rescore(struct listing *l)
{
	struct lh_error err = { 0 };
	struct lh_rescored what;
	lh_jw_init(&l->w, &l->json, true);
	lh_jw_open(&l->w, '{');
	lh_jw_key(&l->w, "schema"), lh_jw_text(&l->w, "longhaul.rescore/1");
	lh_jw_key(&l->w, "changed");
	lh_jw_open(&l->w, '[');
	if (lh_rescore(l->a->file, &l->a->o, each, l, &what, &err))
		return lh_cli_fail(&err);
	put_json_end(&l->w, &what);
	put_summary(&l->text, l, &what);
	if (lh_buf_ok(&l->text, &err) || lh_buf_ok(&l->json, &err))
		return lh_cli_fail(&err);
	int code = l->a->json ? lh_cli_write(l->a->json, lh_buf_str(&l->json)) : LH_EXIT_DONE;
	if (!l->a->json || strcmp(l->a->json, "-"))
		lh_cli_print(&l->text);
	return code;
}

/* The JSON goes neither over the file that is read nor over the copy. */
static int check_json(const struct rescore_args *a)
{
	int code = a->json ? lh_cli_check_output(a->json, a->file) : LH_EXIT_DONE;
	return code || !a->json || !a->o.out ? code : lh_cli_check_output(a->json, a->o.out);
}

int lh_cmd_rescore(int argc, char **argv)
{
	struct rescore_args a = { .plugin = calloc((size_t)argc + 1, sizeof *a.plugin) };
	if (!a.plugin)
		return lh_cli_fail(&(struct lh_error){ LH_E_NOMEM, "out of memory" });
	signal(SIGXFSZ, SIG_IGN);                /* a write that fails says why */
	int code = read_args(argc, argv, &a);
	if (!code)
		code = check_json(&a);
	if (!code) {
		struct listing l = { .a = &a, .condition = -1 };
		lh_buf_init(&l.text, OUT_MAX);
		lh_buf_init(&l.json, OUT_MAX);
		code = rescore(&l);
		lh_buf_fini(&l.text);
		lh_buf_fini(&l.json);
	}
	free(a.plugin);
	return code;
}
