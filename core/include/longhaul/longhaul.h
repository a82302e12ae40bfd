/* longhaul/longhaul.h - the embedding API; the command line is its first user.
 *
 *     struct lh_session *s = lh_session_new();
 *     if (!s || lh_session_set(s, "policy", "window:n=5") || lh_session_set(s, "output", "none") ||
 *         lh_session_run(s))
 *             fprintf(stderr, "%s\n", s ? lh_session_error(s) : "out of memory");
 *     else
 *             puts(lh_session_table(s, 80));
 *     lh_session_free(s);
 *
 * A session is used from one thread; several sessions may live in one process, one running at a
 * time. Functions that give int give 0, or a negative code of base/error.h's list; the words are in
 * lh_session_error(). Strings given out belong to the session and live until the next call that
 * makes the same kind of string, or lh_session_free. Nothing here exits, and nothing writes to stdout
 * or stderr. Link with -llonghaul (pkg-config --static longhaul). */
#ifndef LONGHAUL_LONGHAUL_H
#define LONGHAUL_LONGHAUL_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct lh_session;

/* NULL: no memory. */
struct lh_session *lh_session_new(void);
void lh_session_free(struct lh_session *s);                     /* accepts NULL */
const char *lh_version(void);                                   /* "0.3.0" */

/* ---- what to run ---- */

/* An option of `longhaul run`, without dashes: ("turns", "50"). Lists ("task", "model", "policy")
 * grow with each call. A switch takes "". */
int lh_session_set(struct lh_session *s, const char *name, const char *value);
/* An experiment file (Lua). What is set by lh_session_set, before or after, replaces its fields. */
int lh_session_load(struct lh_session *s, const char *path);
/* The demonstration instead of an experiment: four policies, a simulated model. */
int lh_session_demonstrate(struct lh_session *s);

/* ---- running ---- */

struct lh_progress {
	int64_t episodes, episodes_all;  /* ended, and to be run */
	int64_t turns, turns_most;       /* accepted; an upper bound of what will be */
	int64_t calls;                   /* answered */
	double elapsed_s;
	double virtual_s;                /* the simulated models' clock */
	int64_t in_flight;               /* requests on their way */
	int64_t failed_attempts;         /* requests that came to nothing, and were or will be tried again */
	int64_t tokens;                  /* in and out, of live models */
	double cost_usd;                 /* where prices are known */
	int64_t failed_limited, failed_server, failed_network;   /* of failed_attempts: the server asked to wait; refused or broke; was not reached */
	int64_t allowed;                 /* requests that may be on their way at once, by now; 0: no live model */
};

/* Called a few times a second while running, and once at the end. */
void lh_session_on_progress(struct lh_session *s, void (*progress)(void *user, const struct lh_progress *p), void *user);
/* Watched while running: non-zero ends the run early; what there is is kept and reported. May be set
 * from a signal handler. */
void lh_session_stop_on(struct lh_session *s, const volatile int *flag);
/* Where "jobs" was not set: task families and policies run in a process of their own, unless they are longhaul's and
 * the models are simulated. Else, all is run in this one. For a program that runs once: keys are taken out of its
 * environment. */
void lh_session_isolate(struct lh_session *s);
/* Runs to the end. Blocks. */
int lh_session_run(struct lh_session *s);
/* "done"; "stopped" or "failed", and then why. Of the results. */
const char *lh_session_status(const struct lh_session *s);
const char *lh_session_status_cause(const struct lh_session *s);
/* How many turns were observed. */
int64_t lh_session_turns(const struct lh_session *s);
/* What would be asked, and about what it would cost, as a table; nothing is sent. NULL: see the error. */
const char *lh_session_dry_run(struct lh_session *s);
/* In place of a run: the results of a run file; run: its number, -1 for the newest. "gate" set before: these rules in
 * the place of the run's own. */
int lh_session_open(struct lh_session *s, const char *path, int64_t run);

/* ---- results: after lh_session_run or lh_session_open ---- */

int64_t lh_session_run_id(const struct lh_session *s);          /* in the run file; 0: none kept */
const char *lh_session_run_file(const struct lh_session *s);    /* NULL: none kept */
double lh_session_wall_s(const struct lh_session *s);           /* of lh_session_run; 0 for a file's */
/* "longhaul.report/1". timing 0: without what differs between identical runs. NULL: see the error. */
const char *lh_session_json(struct lh_session *s, int timing);
/* The report as one HTML page that needs nothing else; timing as above. */
const char *lh_session_html(struct lh_session *s, int timing);
/* The table as the command line prints it, at least 60 columns wide, in UTF-8, without colour. */
const char *lh_session_table(struct lh_session *s, int columns);
/* For terminals: colour, and ASCII only where unicode is 0. */
const char *lh_session_table_for(struct lh_session *s, int columns, int colour, int unicode);
/* Its last part alone: a line for each rule ("gate") and condition. */
const char *lh_session_gate_lines(struct lh_session *s, int columns, int colour, int unicode);
/* What the gates came to, as an exit code: 0 all passed; 1 one failed; 3 one is not decided ("inconclusive" may make it
 * 0 or 1); 4 what was cut off would decide one, or the run is not done. -1: there are none. */
int lh_session_gates(const struct lh_session *s);

/* ---- two runs ---- */

/* In place of a run: run `run` of the run file `path` (NEW) is compared with run `base_run` of `base_path`
 * (BASE); -1: the newest. Each policy of NEW is compared with its namesake in BASE; with the option
 * "against" set, with that policy of BASE. */
int lh_session_compare(struct lh_session *s, const char *base_path, int64_t base_run, const char *path, int64_t run);
/* Are both runs done? */
int lh_session_compared_done(const struct lh_session *s);
/* "longhaul.compare/1". NULL: see the error. */
const char *lh_session_comparison_json(struct lh_session *s);
/* As lh_session_table_for. */
const char *lh_session_comparison_for(struct lh_session *s, int columns, int colour, int unicode);

/* The words of the latest error; "" when there was none. */
const char *lh_session_error(const struct lh_session *s);
int lh_session_error_code(const struct lh_session *s);

#ifdef __cplusplus
}
#endif

#endif
