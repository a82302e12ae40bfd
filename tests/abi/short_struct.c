/* Its struct lh_plugin is shorter than the first version's. */
#include "fixture.h"
#define NAME "short_struct"
#define PLUGIN_SIZE (sizeof(struct lh_plugin) - 8)
#include "fixture_table.h"
