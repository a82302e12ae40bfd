/* Its struct lh_thoughts_v1 does not say how long it is. */
#include "fixture.h"
#define NAME "short_thoughts"
#define EXPLAIN good_explain
#define THOUGHTS_SIZE 0
#include "fixture_table.h"
