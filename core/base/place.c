#include "base/place.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void lh_program_folder(char out[PATH_MAX])
{
	ssize_t n = readlink("/proc/self/exe", out, PATH_MAX - 1);
	out[n > 0 ? n : 0] = 0;
	char *slash = strrchr(out, '/');
	if (slash)
		*slash = 0;
}

bool lh_program_is_built(const char *folder)
{
	char build[PATH_MAX];
	if (!realpath(LH_BUILD_DIR, build))
		return false;
	size_t n = strlen(build);
	return strncmp(folder, build, n) == 0 && (folder[n] == '/' || folder[n] == 0);
}
