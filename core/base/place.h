/* base/place.h - where the running program lies: what comes with it is found from there, so that an
 * installation can be moved. */
#ifndef LH_BASE_PLACE_H
#define LH_BASE_PLACE_H

#include <limits.h>
#include <stdbool.h>

/* The folder of the running program, without links; empty where it cannot be known. */
void lh_program_folder(char out[PATH_MAX]);
/* Does it lie in the build tree that it was built in? Then it takes what was built with it, and nothing installed. */
bool lh_program_is_built(const char *folder);

#endif
