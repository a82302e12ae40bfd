/* A declared default outside the declared range. */
#include "fixture.h"
static const struct lh_param params[] = { { "keys", LH_PARAM_INTEGER, 0, "500", 1, 100, NULL, "too many" } };
#define NAME "bad_default"
#define PARAMS params
#include "fixture_table.h"
