/* Built for a later, compatible ABI. */
#include "fixture.h"
#define NAME "newer_minor"
#define MINOR (LH_ABI_MINOR + 7)
#include "fixture_table.h"
