/* Exports nothing of ours. */
#include "longhaul/task.h"
LH_PLUGIN_EXPORT extern const int another_symbol;
const int another_symbol = 1;
