/* What the terminal can show, and what must not be shown there. */
#include "cli/cli.h"

#include "ci/neutral.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static int columns(void)
{
	struct winsize size;
	const char *env = getenv("COLUMNS");
	if (env && atoi(env) > 0)
		return atoi(env);
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col)
		return size.ws_col;
	return 100;
}

static bool unicode(void)
{
	const char *names[] = { "LC_ALL", "LC_CTYPE", "LANG" };
	for (int i = 0; i < 3; i++) {
		const char *v = getenv(names[i]);
		if (v && *v)
			return strcasestr(v, "utf-8") || strcasestr(v, "utf8");
	}
	return true;
}

static bool colour(void)
{
	bool plain = getenv("NO_COLOR") && *getenv("NO_COLOR");
	return isatty(STDOUT_FILENO) && !plain;
}

struct lh_screen lh_cli_screen(void)
{
	return (struct lh_screen){ columns(), colour(), unicode() };
}

/* GitHub's runner, Azure's agent and TeamCity's each read what a step prints. */
bool lh_cli_is_watched(void)
{
	const char *const set_by[] = { "GITHUB_ACTIONS", "TF_BUILD", "TEAMCITY_VERSION" };
	for (int i = 0; i < 3; i++)
		if (getenv(set_by[i]) && *getenv(set_by[i]))
			return true;
	return false;
}

void lh_cli_put(FILE *to, struct lh_str text)
{
	struct lh_buf lines;
	if (!lh_cli_is_watched()) {
		fwrite(text.p, 1, text.n, to);
		return;
	}
	lh_buf_init(&lines, 2 * text.n + 1);
	lh_ci_log_lines(&lines, text);
	if (!lines.failed && lines.n)
		fwrite(lines.p, 1, lines.n, to);
	lh_buf_fini(&lines);
}
