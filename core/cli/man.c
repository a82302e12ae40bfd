/* The manual page: what the help says of every command, as man wants it. */
#include "cli/cli.h"

#include "base/utf8.h"

#include <string.h>

/* Text as it stands: no escape, hyphen, quote or request of roff's is read into it. */
static void put_line(struct lh_buf *b, const char *p, size_t n)
{
	if (n && (*p == '.' || *p == '\''))
		lh_buf_puts(b, "\\&");
	for (size_t taken; n; p += taken, n -= taken)
		if ((taken = 1, (unsigned char)*p >= 0x80))
			lh_buf_printf(b, "\\[u%04X]", (unsigned)lh_utf8_decode((struct lh_str){ p, n }, &taken));
		else if (*p == '\\')
			lh_buf_puts(b, "\\e");
		else if (*p == '-')
			lh_buf_puts(b, "\\-");
		else if (*p == '\'')
			lh_buf_puts(b, "\\(aq");
		else if (*p == '`')
			lh_buf_puts(b, "\\(ga");
		else if (*p == '^')
			lh_buf_puts(b, "\\(ha");
		else if (*p == '~')
			lh_buf_puts(b, "\\(ti");
		else
			lh_buf_putc(b, *p);
	lh_buf_putc(b, '\n');
}

static void put_text(struct lh_buf *b, const char *text)
{
	while (*text) {
		const char *end = strchrnul(text, '\n');
		put_line(b, text, (size_t)(end - text));
		text = *end ? end + 1 : end;
	}
}

static void put_command(struct lh_buf *b, const struct lh_command *c)
{
	struct lh_buf options;
	lh_buf_init(&options, 1 << 20);
	lh_cli_put_options(&options, c);
	lh_buf_puts(b, ".SS ");
	put_text(b, c->usage);
	put_text(b, c->summary);
	lh_buf_puts(b, ".PP\n.nf\n");
	put_text(b, options.n ? options.p : "");
	lh_buf_puts(b, "Example:\n");
	lh_buf_puts(b, "  ");
	put_text(b, c->example);
	lh_buf_puts(b, ".fi\n");
	lh_buf_fini(&options);
}

static const struct { const char *code, *what; } exits[] = {
	{ "0", "done; every gate passed" }, { "1", "a gate failed" }, { "2", "the command, a file, a task family or a policy is at fault: nothing was run" },
	{ "3", "no gate failed, one is not decided" },
	{ "4", "a server or a budget cut off what would decide, or the run in the file is not done" },
	{ "5", "an internal error, or a damaged run file" }, { "77", "left out: a key is not set, and \\-\\-skip\\-without\\-key was given" },
	{ "128+n", "ended by signal n; the run file is whole, and \\-\\-resume goes on" },
};

static const struct { const char *name, *what; } variables[] = {
	{ "OPENAI_API_KEY, ANTHROPIC_API_KEY", "the providers\\(aq keys; key_env=NAME in a model\\(aqs spec names another" },
	{ "LONGHAUL_PLUGIN_PATH, LONGHAUL_POLICY_PATH", "folders in which task families and policies are looked for first" },
	{ "NO_COLOR, COLUMNS", "no colour; the width of tables" },
};

int lh_cli_man(void)
{
	struct lh_buf b;
	lh_buf_init(&b, 4 << 20);
	lh_buf_puts(&b, ".TH LONGHAUL 1 \"\" \"longhaul " LH_VERSION "\" \"User Commands\"\n.SH NAME\n"
		"longhaul \\- how many steps a language model or agent executes before it errs, and which context policy helps\n"
		".SH SYNOPSIS\n.B longhaul\n.I COMMAND\n\\&...\n.SH DESCRIPTION\n"
		"longhaul runs many seeded conversations of a task whose every step can be checked, under several context policies at once, "
		"and says with intervals how far each gets, why it stops, and what it costs. Without a key it runs on a simulated model: try\n"
		".BR \"longhaul run\" .\n.SH COMMANDS\n");
	for (const struct lh_command *c = lh_commands; c->name; c++)
		put_command(&b, c);
	lh_buf_puts(&b, ".SH EXIT STATUS\nThe first that applies of 5, 2, 128+n, 4, 1, 3, 0.\n");
	for (size_t i = 0; i < sizeof exits / sizeof *exits; i++)
		lh_buf_printf(&b, ".TP\n.B %s\n%s\n", exits[i].code, exits[i].what);
	lh_buf_puts(&b, ".SH ENVIRONMENT\n");
	for (size_t i = 0; i < sizeof variables / sizeof *variables; i++)
		lh_buf_printf(&b, ".TP\n.B %s\n%s\n", variables[i].name, variables[i].what);
	lh_buf_puts(&b, ".SH SIGNALS\nINT and TERM end a run early: what there is is kept and reported. USR1 prints a line of progress.\n");
	lh_cli_print(&b);
	lh_buf_fini(&b);
	return LH_EXIT_DONE;
}
