/* Ends the process. */
#include "fixture.h"
static int32_t leave(const struct lh_task *t, uint64_t first, uint32_t count, struct lh_sink *out)
{
	(void)t, (void)first, (void)count, (void)out;
	exit(3);
}
#define NAME "exiting"
#define ASK leave
#include "fixture_table.h"
