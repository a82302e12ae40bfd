#include "cli/cli.h"

#include "base/utf8.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "run/experiment.h"

const struct lh_command lh_commands[] = {
	{ "run", "run [EXPERIMENT.lua] [options]", "run an experiment, keep it in a run file, print the table",
		NULL, "longhaul run --policy full_history --policy window:n=5 --turns 50 --samples 50 -o none", lh_cmd_run },
	{ "report", "report FILE.db [options]", "the same table again, from a run file",
		"  --run ID                 a run of the file; the newest where it is not given\n"
		"  --against NAME           the policy that the others are compared with [full_history]\n"
		"  --baseline FILE          what rules against a baseline compare with; longhaul export -h\n"
		"  --gate RULE              rules in the place of the run's own (repeatable); longhaul gate -h\n"
		"  --inconclusive HOW       a gate that is not decided: pass, fail or neutral (exit code 3) [neutral]\n"
		"  --plugin FILE            a task family of your own (repeatable): it makes histories again, for the page\n", "longhaul report longhaul.db --json -", lh_cmd_report },
	{ "gate", "gate FILE.db [RULE…] [options]", "decide rules on a run; the exit code says how",
		"Without rules: those of the run. Exit code 0: every rule passed; 1: one failed; 3: none failed,\n"
		"one is not decided; 4: what a server or a budget cut off would decide one, or the run is not done.\n\n"
		"A rule is METRIC >= NUMBER or METRIC <= NUMBER; in front of it may stand [policy=NAME task=NAME\n"
		"model=NAME history=MODE steps_per_turn=K], any of these, names as typed for the run or without\n"
		"options: '[policy=window] horizon(0.8) >= 20'. Metrics:\n"
		"  horizon(s)               turns that a share s of the samples gets through without an error\n"
		"  horizon_steps(s)         the same in steps\n"
		"  first_below(s)           one turn more than the horizon\n"
		"  turn_accuracy(t)         share of right answers at turn t, by what the model was shown\n"
		"  state_accuracy(t)        the same by the truth\n"
		"  task_accuracy(t)         share of samples without an error through turn t\n"
		"  turn_error_rate          share of turns answered wrongly\n"
		"  malformed, missing, truncated, refused, overflow       shares of turns that ended so\n"
		"  tokens_per_turn          input tokens\n"
		"  self_conditioning_loss(r), long_context_loss, length_loss, state_loss, pattern_loss\n"
		"                           accuracy lost, as a part of 1, at the last turn asked (made histories)\n"
		"A rule passes where its whole 95 % interval satisfies it, fails where all of it violates it.\n"
		"In the place of the number may stand `baseline * NUMBER`: what the same condition had in an earlier\n"
		"run, whose own interval counts too.\n\n"
		"  --baseline FILE          that run's file, or the small one that longhaul export makes of it\n"
		"  --run ID                 a run of the file; the newest where it is not given\n"
		"  --inconclusive HOW       a rule that is not decided: pass, fail or neutral (exit code 3) [neutral]\n",
		"longhaul gate longhaul.db 'horizon(0.5) >= 10' 'malformed <= 0.05'", lh_cmd_gate },
	{ "compare", "compare BASE.db NEW.db [options]", "two runs: what went further, what errs less, and how sure that is",
		"  --run ID        a run of NEW.db; the newest where it is not given\n"
		"  --base-run ID   the same of BASE.db\n"
		"  --against NAME  the policy of BASE.db that every one of NEW.db is compared with; else its namesake\n"
		"  --json FILE     the comparison as JSON (-: to stdout, instead of the table)\n"
		"Exit code 4: one of the runs is not done; what there is of it is compared.\n", "longhaul compare longhaul.db longhaul.db", lh_cmd_compare },
	{ "transcript", "transcript FILE.db [SAMPLE] [options]", "one conversation, or exactly what the model was sent",
		"  --policy NAME   the condition, by its policy's label or name\n"
		"  --history MODE  and by its history\n"
		"  --probe N       with a made history: the episode that was asked at turn N; else its last\n"
		"  --condition N   the condition, by number from 0\n"
		"  --plugin FILE   with a made history: the family that makes it again, where it is not on the search path\n"
		"  --turn N        this turn only\n"
		"  --call N        with --as-sent: call N of the turn, from 0\n"
		"  --as-sent       the request of that call, byte for byte\n"
		"  --run ID        a run of the file; the newest where it is not given\n", "longhaul transcript longhaul.db 0 --turn 5 --as-sent", lh_cmd_transcript },
	{ "plan", "plan [EXPERIMENT.lua] [options]", "how many samples show a difference, and what a number of samples can show",
		"  --power P       the power wanted [0.8]\n"
		"  --replications N                 experiments made up for each answer [1000]\n"
		"  --change X      plan for a turn error rate lower by the share X, not for the policies' own differences\n"
		"  --against POLICY                 the baseline, by label or name [full_history, else the first]\n"
		"  --most N        look no further than N samples [10000]\n"
		"  --pool N        samples simulated of each policy [4000]\n"
		"  --from FILE.db  plan from an earlier run, of any model\n"
		"  --run ID        a run of that file; the newest where it is not given\n"
		"  --price FILE    as run's; for a simulated model the entry \"sim\"\n"
		"  --json FILE     the plan as JSON (-: to stdout, instead of the tables)\n"
		"  --quiet         no progress on stderr\n"
		"and of run: --task --model --policy --turns --samples --steps-per-turn --steps --seed --stop-at-error\n"
		"--plugin --concurrency --jobs --stall; with --from only --samples and --seed.\n"
		"With no options at all: a plan of the demonstration.\n", "longhaul plan --model sim:accuracy=0.98 --turns 40 --samples 60 --change 0.5", lh_cmd_plan },
	{ "merge", "merge -o OUT.db SHARD.db… [--replace]", "shards of a run, put together in one run file",
		"Of each file the newest run is taken; `run --shard I/N` has made them, on any machine, in any order.\n"
		"All must be of one experiment. Where files have samples in common these must be the same. What comes\n"
		"out does not depend on the order of the files, and may be merged again.\n\n"
		"  -o OUT.db       the file that is made\n"
		"  --replace       write over it where it exists; it may be one of those that are merged\n"
		"Exit code 0: all shards are there, and each was done. 4: OUT.db is made, but shards are missing from it,\n"
		"or one was not done: go on with that one by run --resume, and merge again.\n", "longhaul merge -o merged.db longhaul.db", lh_cmd_merge },
	{ "export", "export FILE.db --format FORMAT -o FILE [options]", "what of a run other programs, or a later run, can use",
		"  --format FORMAT  baseline: outcomes and tokens of each sample, for gates of later runs; small enough to be\n"
		"                   kept with the source. A run that is not done is none\n"
		"                   jsonl: a turn a line: prompt, reply, outcome, states, tokens\n"
		"                   csv: the same without texts and states\n"
		"                   messages: an episode a line, its record as messages of Chat Completions, with calls of\n"
		"                   tools, without thoughts. Made histories are not in it\n"
		"                   inspect: logs of Inspect AI (.eval): a sample an episode, what was sent at each call,\n"
		"                   scores, limits. A log is one condition: its task, model and, as solver, policy\n"
		"  -o FILE          where to (-: stdout); written over where it exists, unless it is a run file. With\n"
		"                   inspect: FILE.eval for one condition, else a folder, which gets a log of each, for\n"
		"                   `inspect view --log-dir FOLDER`\n"
		"  --condition N    with inspect: this one alone, by number from 0\n"
		"  --run ID         a run of the file; the newest where it is not given\n",
		"longhaul export longhaul.db --format baseline -o baseline.json", lh_cmd_export },
	{ "import", "import FILE.eval -o OUT.db [options]", "score what Inspect AI has logged of kv_sum, whoever ran it",
		"Of each sample the dictionary is looked for in the messages before the first reply, the last that all prompts\n"
		"fit; prompts are user messages that name keys of it, separated by commas; replies are the messages behind\n"
		"them. These are run again with recorded replies, so that report, gate, transcript and the rest go on from\n"
		"OUT.db. A sample that cannot be read is left out, with a line on stderr that says why. Of a log that\n"
		"longhaul has exported every call comes back, under its policy.\n\n"
		"  -o OUT.db         the run file that is made; beside it OUT.dataset.json and OUT.replies.jsonl, which it\n"
		"                    names. None of them may be there already\n"
		"  --policy SPEC     what chose the messages that the model saw [the log's, if longhaul made it; else\n"
		"                    full_history]\n"
		"  --quiet           nothing on stderr but what is wrong\n", "longhaul import log.eval -o log.db", lh_cmd_import },
	{ "rescore", "rescore FILE.db [-o OUT.db]", "every outcome computed again from what was said",
		"Reads every accepted reply again, with this program's reader of answers and the task family as it\n"
		"is now, and names the turns whose outcome is another: where a family's parser was mended, say, what\n"
		"was paid for need not be paid again. What was asked, sent and said stays as it is, and policies do\n"
		"not run. FILE.db is never changed.\n\n"
		"  -o OUT.db       write a copy of the file with the new outcomes; its reports say that they are new\n"
		"  --replace       write over OUT.db where it exists\n"
		"  --plugin FILE   a task family to read with (repeatable); else they are found as run finds them\n"
		"  --reworded      also where a family words its prompts otherwise now, but asks for the same\n"
		"  --run ID        this run alone; else every run of the file\n"
		"  --all           list every turn that changes, not the first 40\n"
		"  --json FILE     turns and counts as JSON (-: to stdout, instead of the list)\n", "longhaul rescore longhaul.db", lh_cmd_rescore },
	{ "apply", "apply POLICY [FILE.json]", "what a policy would send of a conversation from anywhere",
		"Reads messages of Chat Completions (a list, or an object with one under \"messages\"), from FILE.json or\n"
		"standard input, and prints those that the policy would send now, in the same shape; on stderr, what\n"
		"was left out and shortened, and the tokens before and after. The last message is the user's, or a\n"
		"tool's result. A turn begins where the user speaks. What goes out as it came keeps all its members\n"
		"(numbers as doubles). Tools beyond the first 16 cannot be named by a policy.\n\n"
		"  --initial TEXT  how things stand where no reply holds an <answer>…</answer>, for policies that\n"
		"                  restate the last answer: there is no task here that would know\n"
		"  --window N      the model's context in tokens, for policies that ask for it\n"
		"  --quiet         nothing on stderr\n"
		"  --own           where the policy first asks the model something of its own (a summary, say): print that\n"
		"  --reply FILE    what the model said to it: go on from there (repeatable)\n"
		"No model is asked; of a policy that asks several times the first request is printed. Oracles are\n"
		"refused: nobody knows the right answers.\n",
		"echo '[{\"role\":\"user\",\"content\":\"Hello\"}]' | longhaul apply window:n=5", lh_cmd_apply },
	{ "list", "list tasks|policies|models|runs [FILE.db]", "what there is", NULL, "longhaul list policies", lh_cmd_list },
	{ "show", "show task|policy|model NAME", "one of them, with its options, defaults and ranges", NULL, "longhaul show task kv_sum", lh_cmd_show },
	{ "check", "check FILE.so|FILE.lua|NAME", "does a task family or a policy keep its promises?",
		"  --samples N --steps N --seed N   how much of a family is tried\n"
		"  --set KEY=VALUE                  a parameter or option of it (repeatable)\n", "longhaul check window", lh_cmd_check },
	{ "new", "new task|policy|experiment NAME [--into DIR]", "a folder with one of your own that works, to be changed",
		"  --into DIR, -o DIR    where it is put [./NAME]; files that are there already are never written over\n"
		"  NAME                  a small letter, then small letters, digits and _, at most 40\n"
		"It has a README that says what to change, and a test that one command runs. A task family needs a C\n"
		"compiler; `longhaul --cflags` tells it where longhaul/task.h lies.\n", "longhaul new policy my_window", lh_cmd_new },
	{ NULL, NULL, NULL, NULL, NULL, NULL },
};

int lh_cli_fail(const struct lh_error *err)
{
	struct lh_buf b;
	lh_buf_init(&b, 1 << 16);
	lh_put_shown(&b, lh_str_of(err->text), false);       /* one line, whatever was typed or read */
	fputs("longhaul: ", stderr);
	lh_cli_put(stderr, lh_buf_str(&b));
	fputs("\n", stderr);
	lh_buf_fini(&b);
	bool ours = err->code == LH_E_INTERNAL || err->code == LH_E_DAMAGED || err->code == LH_E_NOMEM || err->code == LH_E_WRITE;
	if (err->code == LH_E_SKIPPED)
		return LH_EXIT_SKIPPED;
	return ours ? LH_EXIT_INTERNAL : LH_EXIT_USAGE;
}

int lh_cli_usage(const char *command, const char *fmt, ...)
{
	struct lh_error err = { 0 };
	va_list args;
	va_start(args, fmt);
	lh_vfail(&err, LH_E_USAGE, fmt, args);
	va_end(args);
	lh_cli_fail(&err);
	fprintf(stderr, "see: longhaul %s -h\n", command);
	return LH_EXIT_USAGE;
}

bool lh_cli_option(int argc, char **argv, int *i, const char *name, const char **value, int *bad)
{
	size_t n = strlen(name);
	const char *arg = argv[*i];
	if (strncmp(arg, name, n) || (arg[n] && arg[n] != '='))
		return false;
	if (!value) {
		if (arg[n])
			*bad = lh_cli_usage(argv[0], "%s takes no value", name);
		return true;
	}
	if (arg[n] == '=')
		*value = arg + n + 1;
	else if (*i + 1 < argc)
		*value = argv[++*i];
	else
		*bad = lh_cli_usage(argv[0], "%s needs a value", name);
	return true;
}

void lh_cli_print(const struct lh_buf *b)
{
	if (b->n)
		lh_cli_put(stdout, lh_buf_str(b));
}

int lh_cli_session_fail(const struct lh_session *s)
{
	struct lh_error err = { .code = lh_session_error_code(s) };
	snprintf(err.text, sizeof err.text, "%s", lh_session_error(s));
	return lh_cli_fail(&err);
}

/* Why nothing can be written there, or NULL. Tried for real: what it makes it takes away again. */
static const char *unwritable(const char *path)
{
	struct stat st;
	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		return "it is a folder";
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	bool made = fd >= 0;
	if (!made && errno == EEXIST)
		fd = open(path, O_WRONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return strerror(errno);
	close(fd);
	if (made)
		unlink(path);
	return NULL;
}

bool lh_cli_same_file(const char *a, const char *b)
{
	struct stat st[2];
	if (!stat(a, &st[0]) && !stat(b, &st[1]) && st[0].st_dev == st[1].st_dev && st[0].st_ino == st[1].st_ino)
		return true;                         /* by another name */
	char folder[2][PATH_MAX];
	const char *path[2] = { a, b }, *base[2];
	for (int i = 0; i < 2; i++) {
		const char *slash = strrchr(path[i], '/');
		char parent[PATH_MAX];
		base[i] = slash ? slash + 1 : path[i];
		snprintf(parent, sizeof parent, "%.*s", slash ? (int)(slash - path[i]) + 1 : 1, slash ? path[i] : ".");
		if (!realpath(parent, folder[i]))
			return false;
	}
	return !strcmp(folder[0], folder[1]) && !strcmp(base[0], base[1]);
}

int lh_cli_check_output(const char *path, const char *run_file)
{
	struct lh_error err = { 0 };
	if (!strcmp(path, "-"))
		return LH_EXIT_DONE;
	const char *why = unwritable(path);
	if (why)
		lh_fail(&err, LH_E_USAGE, "%s cannot be written: %s", path, why);
	else if (lh_file_begins(path, LH_STR("SQLite format 3")) || (run_file && lh_cli_same_file(path, run_file)))
		lh_fail(&err, LH_E_USAGE, "%s is a run file: a report over it would destroy it; name another file", path);
	return err.code ? lh_cli_fail(&err) : LH_EXIT_DONE;
}

int lh_cli_write(const char *path, struct lh_str text)
{
	struct lh_error err = { 0 };
	FILE *f = strcmp(path, "-") ? fopen(path, "wbe") : stdout;
	bool ok = f && fwrite(text.p, 1, text.n, f) == text.n;
	if (f == stdout)
		return LH_EXIT_DONE;             /* checked once, at the end */
	int saved = errno;
	if (f && fclose(f))
		ok = false, saved = errno;
	if (ok)
		return LH_EXIT_DONE;
	lh_fail(&err, LH_E_IO, "%s: %s", path, strerror(saved));
	return lh_cli_fail(&err);
}

bool lh_cli_help(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (!strcmp(argv[i], "-h") || !strcmp(argv[i], "--help"))
			return true;
	return false;
}

static void put_run_options(struct lh_buf *b)
{
	for (const struct lh_option_info *o = lh_run_options; o->name; o++) {
		char left[64];
		bool joined = o->value && !strncmp(o->value, "[=", 2);
		snprintf(left, sizeof left, "--%s%s%s", o->name, o->value && !joined ? " " : "", o->value ? o->value : "");
		lh_buf_printf(b, "  %-24s %s", left, o->help);
		if (*o->initial)
			lh_buf_printf(b, " [%s]", o->initial);
		lh_buf_putc(b, '\n');
	}
	lh_buf_puts(b, lh_cli_outputs_help);
	lh_buf_puts(b, "  --quiet                  no progress on stderr; a signal USR1 prints a line all the same\n"
		"  --progress SECONDS       without a terminal: a line of progress every so often (0: never) [30]\n"
		"With no options at all: the demonstration (kv_sum, a simulated model, four policies).\n");
}

void lh_cli_put_options(struct lh_buf *b, const struct lh_command *c)
{
	if (c->run == lh_cmd_run)
		put_run_options(b);
	if (c->details)
		lh_buf_puts(b, c->details);
	if (c->run == lh_cmd_report || c->run == lh_cmd_gate || c->run == lh_cmd_import)
		lh_buf_puts(b, lh_cli_outputs_help);
}

static int help(const struct lh_command *c)
{
	struct lh_buf b;
	lh_buf_init(&b, 1 << 20);
	lh_buf_printf(&b, "usage: longhaul %s\n\n%c%s.\n\n", c->usage, c->summary[0] - ('a' <= c->summary[0] && c->summary[0] <= 'z' ? 32 : 0), c->summary + 1);
	lh_cli_put_options(&b, c);
	lh_buf_printf(&b, "\nexample:\n  %s\n", c->example);
	lh_cli_print(&b);
	lh_buf_fini(&b);
	return LH_EXIT_DONE;
}

static int overview(FILE *to, int code)
{
	fputs("longhaul measures how many steps a language model or agent executes before it errs,\n"
		"and which context policy lets it go further.\n\nusage: longhaul COMMAND …\n\n", to);
	for (const struct lh_command *c = lh_commands; c->name; c++)
		fprintf(to, "  %-12s %s\n", c->name, c->summary);
	fputs("\nlonghaul COMMAND -h explains one, with an example. Start with: longhaul run\n", to);
	return code;
}

static int unknown(const char *name)
{
	const char *names[32] = { NULL };
	for (int i = 0; lh_commands[i].name && i < 31; i++)
		names[i] = lh_commands[i].name;
	const char *near = lh_nearest(lh_str_of(name), names);
	struct lh_error err = { 0 };
	lh_fail(&err, LH_E_USAGE, "there is no command '%s'%s%s%s; longhaul -h names them", name,
		near ? ": did you mean '" : "", near ? near : "", near ? "'?" : "");
	return lh_cli_fail(&err);
}

static int dispatch(int argc, char **argv)
{
	if (argc < 2)
		return overview(stderr, LH_EXIT_USAGE);
	if (!strcmp(argv[1], "-h") || !strcmp(argv[1], "--help") || !strcmp(argv[1], "help"))
		return overview(stdout, LH_EXIT_DONE);
	if (!strcmp(argv[1], "--version") || !strcmp(argv[1], "-V"))
		return printf("longhaul %s\n", LH_VERSION) > 0 ? LH_EXIT_DONE : LH_EXIT_INTERNAL;
	if (!strcmp(argv[1], "--cflags"))
		return lh_cli_cflags();
	if (!strcmp(argv[1], "--man"))
		return lh_cli_man();
	for (const struct lh_command *c = lh_commands; c->name; c++) {
		if (strcmp(argv[1], c->name))
			continue;
		return lh_cli_help(argc - 1, argv + 1) ? help(c) : c->run(argc - 1, argv + 1);
	}
	return unknown(argv[1]);
}

int lh_cli_main(int argc, char **argv)
{
	int code = dispatch(argc, argv);
	if ((fflush(stdout) || ferror(stdout)) && code == LH_EXIT_DONE) {
		fprintf(stderr, "longhaul: the output could not be written: %s\n", strerror(errno));
		code = LH_EXIT_INTERNAL;
	}
	return code;
}
