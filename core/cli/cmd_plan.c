#include "cli/cli.h"

#include "base/clock.h"
#include "base/utf8.h"
#include "report/planned.h"
#include "report/session.h"

#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define PATIENCE_US 1000000              /* what is done by then needs no progress */

struct plan_args {
	const char *power, *replications, *change, *against, *most, *pool, *from, *run, *price, *json;
	const char *samples, *seed;      /* of a plan from a run */
	const char *file, *set;          /* an experiment; the first of run's options that was given */
	bool quiet;
	int bad;
};

static const char *const taken[] = { "task", "model", "policy", "turns", "samples", "steps-per-turn", "steps", "seed", "stop-at-error",
	"plugin", "concurrency", "jobs", "stall", NULL };
static const struct lh_cli_options options = { "plan",
	{ "power", "replications", "change", "against", "most", "pool", "from", "run", "price", "json", "quiet" }, taken };

/* ---- arguments ---- */

static bool own_option(int argc, char **argv, int *i, struct plan_args *a)
{
	struct { const char *name; const char **value; } own[] = { { "--power", &a->power }, { "--replications", &a->replications },
		{ "--change", &a->change }, { "--against", &a->against }, { "--most", &a->most }, { "--pool", &a->pool }, { "--from", &a->from },
		{ "--run", &a->run }, { "--price", &a->price }, { "--json", &a->json } };
	for (size_t k = 0; k < sizeof own / sizeof *own; k++)
		if (lh_cli_option(argc, argv, i, own[k].name, own[k].value, &a->bad))
			return true;
	if (lh_cli_option(argc, argv, i, "--quiet", NULL, &a->bad))
		return a->quiet = true;
	return false;
}

/* Of run's options a plan from a run takes two: they are remembered as typed, and set all the same. */
static void remember(int argc, char **argv, int i, struct plan_args *a)
{
	int ignored = 0, at = i;
	if (lh_cli_option(argc, argv, &at, "--samples", &a->samples, &ignored) || lh_cli_option(argc, argv, &at, "--seed", &a->seed, &ignored))
		return;
	if (!a->set)
		a->set = argv[i];
}

static bool given_from(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (!strcmp(argv[i], "--from") || !strncmp(argv[i], "--from=", 7))
			return true;
	return false;
}

static int read_args(struct lh_session *s, int argc, char **argv, struct plan_args *a)
{
	int rc = lh_session_demonstrate(s);
	for (int i = 1; i < argc && !a->bad && !rc; i++) {
		if (own_option(argc, argv, &i, a))
			continue;
		if (argv[i][0] == '-' && argv[i][1]) {
			if (given_from(argc, argv))
				remember(argc, argv, i, a);
			rc = lh_cli_set(s, &options, argc, argv, &i, &a->bad);
		} else if (a->file) {
			a->bad = lh_cli_usage("plan", "two experiment files: %s and %s", a->file, argv[i]);
		} else {
			a->file = argv[i];
			rc = lh_session_load(s, a->file);
		}
	}
	return rc;
}

static int share(const char *name, const char *text, double lo, double hi, double *out)
{
	if (text && (!lh_str_to_double(lh_str_of(text), out) || !(*out >= lo && *out <= hi)))
		return lh_cli_usage("plan", "--%s %s: a number from %g to %g is needed", name, text, lo, hi);
	return 0;
}

static int count(const char *name, const char *text, int64_t lo, int64_t hi, int *out)
{
	int64_t n;
	if (text && (!lh_str_to_int(lh_str_of(text), &n) || n < lo || n > hi))
		return lh_cli_usage("plan", "--%s %s: a whole number from %lld to %lld is needed", name, text, (long long)lo, (long long)hi);
	if (text)
		*out = (int)n;
	return 0;
}

static int fill_ask(const struct plan_args *a, const struct lh_experiment *e, struct lh_plan_ask *ask, int *run)
{
	int bad = share("power", a->power, 0.5, 0.99, &ask->power);
	if (!bad)
		bad = share("change", a->change, 0.001, 1, &ask->change);
	if (!bad)
		bad = count("replications", a->replications, 1000, 1000000, &ask->replications);
	if (!bad)
		bad = count("most", a->most, 20, 1000000, &ask->most);
	if (!bad)
		bad = count("pool", a->pool, 20, 1000000, &ask->pool);
	if (!bad)
		bad = count("run", a->run, 0, INT32_MAX, run);
	if (!bad && e->samples > 1000000)
		bad = lh_cli_usage("plan", "--samples %lld: a plan goes to 1000000", (long long)e->samples);
	ask->against = a->against;
	ask->prices = a->price;
	ask->samples = a->samples ? (int)e->samples : 0;
	ask->seeded = a->seed != NULL;
	ask->seed = e->seed;
	return bad;
}

static int check_source(const struct plan_args *a)
{
	if (!a->from && a->run)
		return lh_cli_usage("plan", "--run %s: of which file? --from FILE.db names it", a->run);
	if (a->from && a->pool)
		return lh_cli_usage("plan", "--pool is for simulated samples: with --from the run's own are used");
	if (a->from && a->file)
		return lh_cli_usage("plan", "%s or --from %s: a plan has one source", a->file, a->from);
	if (a->from && a->set)
		return lh_cli_usage("plan", "%s has no place beside --from: the run has it fixed", a->set);
	return 0;
}

/* ---- progress ---- */

struct showing { int64_t started_us; bool shown; };

static bool patient(struct showing *s)
{
	if (lh_clock_mono_us() - s->started_us < PATIENCE_US)
		return true;
	s->shown = true;
	return false;
}

static void show_pools(void *user, const struct lh_progress *p)
{
	if (patient(user))
		return;
	fprintf(stderr, "\rsimulating: %lld of %lld episodes\033[K", (long long)p->episodes, (long long)p->episodes_all);
	fflush(stderr);
}

static void show_tick(void *user, const char *label, int test, int n)
{
	struct lh_buf b;
	if (patient(user))
		return;
	lh_buf_init(&b, 1 << 16);
	lh_put_shown(&b, lh_str_of(label), false);
	fprintf(stderr, "\rplanning: %.40s, %s, %d samples\033[K", b.p ? b.p : "", test == LH_PLAN_LENGTH ? "length" : "errors", n);
	fflush(stderr);
	lh_buf_fini(&b);
}

/* ---- output ---- */

static int print(const struct lh_planned *p, const struct plan_args *a)
{
	struct lh_screen screen = lh_cli_screen();
	struct lh_report_style style = { .colour = screen.colour, .unicode = screen.unicode, .columns = screen.columns };
	struct lh_error err = { 0 };
	struct lh_buf b;
	int code = LH_EXIT_DONE;
	style.columns = style.columns < 60 ? 60 : style.columns;
	lh_buf_init(&b, 1u << 30);
	if (a->json) {
		lh_planned_json(p, &b);
		code = lh_buf_ok(&b, &err) ? lh_cli_fail(&err) : lh_cli_write(a->json, lh_buf_str(&b));
	}
	if (!code && !(a->json && !strcmp(a->json, "-"))) {
		lh_buf_clear(&b);
		lh_planned_text(p, &style, &b);
		if (lh_buf_ok(&b, &err))
			code = lh_cli_fail(&err);
		else
			lh_cli_print(&b);
	}
	lh_buf_fini(&b);
	return code;
}

static int plan(struct lh_session *s, const struct plan_args *a)
{
	struct showing showing = { lh_clock_mono_us(), false };
	struct lh_plan_ask ask = { .power = 0.8, .replications = 1000, .most = 10000, .pool = 4000, .change = NAN };
	struct lh_planned *p = NULL;
	struct lh_error err = { 0 };
	int run = -1, bad = check_source(a);
	if (!bad)
		bad = fill_ask(a, lh_session_experiment(s), &ask, &run);
	if (!bad && a->json)
		bad = lh_cli_check_output(a->json, a->from);
	if (bad)
		return bad;
	if (isatty(STDERR_FILENO) && !a->quiet) {
		ask.tick = show_tick;
		ask.pools = show_pools;
		ask.user = &showing;
	}
	lh_session_isolate(s);
	int rc = a->from ? lh_planned_from_run(a->from, run, &ask, &p, &err) : lh_planned_from_sim(lh_session_experiment(s), &ask, &p, &err);
	if (showing.shown)
		fputs("\r\033[K", stderr);
	int code = rc ? lh_cli_fail(&err) : print(p, a);
	lh_planned_free(p);
	return code;
}

int lh_cmd_plan(int argc, char **argv)
{
	struct plan_args a = { 0 };
	struct lh_session *s = lh_session_new();
	if (!s)
		return lh_cli_fail(&(struct lh_error){ LH_E_NOMEM, "out of memory" });
	int rc = read_args(s, argc, argv, &a);
	int code = a.bad ? a.bad : rc ? lh_cli_session_fail(s) : plan(s, &a);
	lh_session_free(s);
	return code;
}
