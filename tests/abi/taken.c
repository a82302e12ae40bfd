/* A name that another family has. */
#include "fixture.h"
#define NAME "kv_sum"
#include "fixture_table.h"
