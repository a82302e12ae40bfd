/* The symbol is a function. */
#include "longhaul/task.h"
LH_PLUGIN_EXPORT int longhaul_plugin(void);
int longhaul_plugin(void) { return 1; }
