/* cli/progress.h - how a run that goes on is told of, on stderr: one line that is written over and over on a terminal, a plain
 * line now and then elsewhere, and a plain line whenever SIGUSR1 comes. */
#ifndef LH_CLI_PROGRESS_H
#define LH_CLI_PROGRESS_H

#include "longhaul/longhaul.h"

/* quiet: only when asked by the signal. every_s: between plain lines, 0: none. Catches SIGUSR1 from now on. */
void lh_cli_progress(struct lh_session *s, int quiet, double every_s);

#endif
