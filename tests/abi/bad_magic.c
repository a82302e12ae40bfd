/* The magic number of nothing. */
#include "fixture.h"
#define NAME "bad_magic"
#define MAGIC 0x1122334455667788u
#include "fixture_table.h"
