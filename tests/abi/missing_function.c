/* One required function is NULL. */
#include "fixture.h"
#define NAME "missing_function"
#define CANONICAL NULL
#include "fixture_table.h"
