/* Declares no version. */
#include "fixture.h"
#define NAME "no_version"
#define VERSION NULL
#include "fixture_table.h"
