/* Built for a later, incompatible ABI. */
#include "fixture.h"
#define NAME "other_major"
#define MAJOR (LH_ABI_MAJOR + 1)
#include "fixture_table.h"
