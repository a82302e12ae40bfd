/* cli/progress.h - how a run that goes on is told of, on stderr: one line that is written over and over on a terminal, a plain
 * line now and then elsewhere, and a plain line whenever SIGUSR1 comes. */
#ifndef LH_CLI_PROGRESS_H
#define LH_CLI_PROGRESS_H

#include "longhaul/longhaul.h"

#include <stdbool.h>

struct lh_cli_progress {
	bool quiet;                      /* only when asked */
	double every_s;                  /* between plain lines; 0: none */
	volatile int *asked;             /* set by the signal's handler */
	bool terminal; int64_t told_us;  /* its own */
};
/* From now on; p must outlive the session's run. */
void lh_cli_progress(struct lh_session *s, struct lh_cli_progress *p);

#endif
