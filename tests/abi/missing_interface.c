/* Has only an interface that this program does not know. */
#include "fixture.h"
#define NAME "missing_interface"
#define INTERFACE "longhaul.task/2"
#include "fixture_table.h"
