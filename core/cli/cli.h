/* cli/cli.h - the commands. Each gets the arguments behind its name and gives the exit code. Only
 * this room and main.c write to stdout and stderr. */
#ifndef LH_CLI_CLI_H
#define LH_CLI_CLI_H

#include "base/text.h"
#include "longhaul/longhaul.h"

#include <stdio.h>

enum { LH_EXIT_DONE = 0, LH_EXIT_USAGE = 2, LH_EXIT_INFRASTRUCTURE = 4, LH_EXIT_INTERNAL = 5, LH_EXIT_SKIPPED = 77 };

struct lh_command {
	const char *name, *usage, *summary;
	const char *details;                     /* options, a line each; may be NULL */
	const char *example;                     /* works as it stands */
	int (*run)(int argc, char **argv);       /* argv[0]: the command's name */
};
extern const struct lh_command lh_commands[];    /* ended by a NULL name */

int lh_cli_main(int argc, char **argv);

/* Shared by the commands. */
int lh_cli_fail(const struct lh_error *err);                      /* prints, gives the exit code */
int lh_cli_usage(const char *command, const char *fmt, ...) LH_PRINTF(2, 3);
/* True for "--name VALUE" or "--name=VALUE" (value NULL: a switch); *i moves over a value. */
bool lh_cli_option(int argc, char **argv, int *i, const char *name, const char **value, int *bad);
void lh_cli_print(const struct lh_buf *b);                        /* to stdout */
int lh_cli_session_fail(const struct lh_session *s);
/* Before anything is run: can a report be written to path, and is path not a run file? Exit code. */
int lh_cli_check_output(const char *path, const char *run_file);
/* Do both paths name one file, which need not be there yet? */
bool lh_cli_same_file(const char *a, const char *b);
int lh_cli_write(const char *path, struct lh_str text);           /* "-": stdout; exit code */
bool lh_cli_help(int argc, char **argv);                          /* -h or --help is among them */

/* Options that a command shares with run. */
struct lh_cli_options {
	const char *command;
	const char *own[16];                     /* its own besides, for suggestions; ended by NULL */
	const char *const *taken;                /* of run's, ended by NULL; NULL: all */
};
/* The option at argv[*i], of the experiment; *bad: the exit code where it is none. */
int lh_cli_set(struct lh_session *s, const struct lh_cli_options *c, int argc, char **argv, int *i, int *bad);

int lh_cmd_run(int argc, char **argv);
int lh_cmd_report(int argc, char **argv);
int lh_cmd_gate(int argc, char **argv);
int lh_cmd_compare(int argc, char **argv);
int lh_cmd_list(int argc, char **argv);
int lh_cmd_show(int argc, char **argv);
int lh_cmd_check(int argc, char **argv);
int lh_cmd_transcript(int argc, char **argv);
int lh_cmd_plan(int argc, char **argv);
int lh_cmd_export(int argc, char **argv);
int lh_cmd_import(int argc, char **argv);
int lh_cmd_merge(int argc, char **argv);
int lh_cmd_rescore(int argc, char **argv);
int lh_cmd_apply(int argc, char **argv);
int lh_cmd_new(int argc, char **argv);
/* A command's options and what else its help says, a line each. */
void lh_cli_put_options(struct lh_buf *b, const struct lh_command *c);
/* longhaul --man: the manual page, for man. */
int lh_cli_man(void);
/* longhaul --cflags: what a compiler needs to find longhaul/task.h, for a shell. */
int lh_cli_cflags(void);
/* ---- outputs.c: run, report and gate write a report in the same ways ---- */
struct lh_outputs {
	const char *json, *html, *junit, *markdown, *metrics;     /* paths; NULL: not asked for */
	bool github, no_timing;
};
extern const char lh_cli_outputs_help[];
/* One of their options at argv[*i]? */
bool lh_cli_output_option(int argc, char **argv, int *i, struct lh_outputs *outputs, int *bad);
/* Before anything is run: can all be written, and is none a run file? Exit code. */
int lh_cli_check_outputs(const struct lh_outputs *outputs, const char *run_file);
/* All that were asked for. Exit code. */
int lh_cli_write_outputs(struct lh_session *s, const struct lh_outputs *outputs);
typedef const char *lh_cli_text(struct lh_session *s, int columns, int colour, int unicode);
/* The same, and where none of them is stdout what `text` makes for this terminal. */
int lh_cli_report(struct lh_session *s, const struct lh_outputs *outputs, lh_cli_text *text);
/* Nothing was run, for want of a key: said where somebody looks. */
int lh_cli_skipped_outputs(const struct lh_session *s, const struct lh_outputs *outputs);
/* Prints what `text` makes for this terminal. */
int lh_cli_show(struct lh_session *s, lh_cli_text *text);
/* The exit code of what was reported: `code` if it is an error, else what the gates came to. */
int lh_cli_verdict(const struct lh_session *s, int code);
/* Text for people. Where a CI system watches for commands in what is printed, it gets none (ci/neutral.h). */
void lh_cli_put(FILE *to, struct lh_str text);
bool lh_cli_is_watched(void);
/* What stdout can show. */
struct lh_screen { int columns; bool colour, unicode; };
struct lh_screen lh_cli_screen(void);

#endif
