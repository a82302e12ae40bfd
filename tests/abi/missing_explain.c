/* It offers to explain, with nothing to call. */
#include "fixture.h"
#define NAME "missing_explain"
#define EXPLAIN NULL
#include "fixture_table.h"
