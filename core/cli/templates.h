/* cli/templates.h - the files that `longhaul new` writes. They are scripts/templates, put into the program when it is
 * built, so that there is nothing to find when it runs. In paths and texts my_KIND stands for the name. */
#ifndef LH_CLI_TEMPLATES_H
#define LH_CLI_TEMPLATES_H

#include <stddef.h>

struct lh_template {
	const char *kind, *path;                 /* "task", "policy" or "experiment"; relative to the folder made */
	const unsigned char *bytes;
	size_t size;
};
extern const struct lh_template lh_templates[];      /* ended by a NULL kind */

#endif
