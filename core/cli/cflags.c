/* Where the header of task families lies: beside the program, wherever an installation was moved to. */
#include "cli/cli.h"

#include "base/place.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define HEADER "/longhaul/task.h"

static bool has_header(const char *folder, char real[PATH_MAX])
{
	char path[PATH_MAX + sizeof HEADER];
	snprintf(path, sizeof path, "%.*s%s", PATH_MAX - 1, folder, HEADER);
	return access(path, R_OK) == 0 && realpath(folder, real);
}

static bool find_headers(char real[PATH_MAX])
{
	char program[PATH_MAX], beside[PATH_MAX + 16];
	lh_program_folder(program);
	if (lh_program_is_built(program))
		return has_header(LH_BUILD_INCLUDE, real);
	snprintf(beside, sizeof beside, "%s/../include", program);
	return (*program && has_header(beside, real)) || has_header(LH_INSTALL_INCLUDE, real);
}

int lh_cli_cflags(void)
{
	struct lh_error err = { 0 };
	char real[PATH_MAX];
	if (!find_headers(real)) {
		lh_fail(&err, LH_E_USAGE, "longhaul/task.h is neither beside the program nor in " LH_INSTALL_INCLUDE ": install longhaul with its headers");
		return lh_cli_fail(&err);
	}
	struct lh_buf line;
	lh_buf_init(&line, 8 * PATH_MAX);
	lh_buf_puts(&line, "-I");
	lh_put_shell_word(&line, lh_str_of(real));
	lh_buf_putc(&line, '\n');
	lh_cli_print(&line);
	lh_buf_fini(&line);
	return LH_EXIT_DONE;
}
