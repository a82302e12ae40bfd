/* What the terminal can show. */
#include "cli/cli.h"

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
