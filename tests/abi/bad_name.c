/* A name that cannot be typed. */
#include "fixture.h"
#define NAME "Bad Name"
#include "fixture_table.h"
